"""What the scripts beside this one share: bars of the shared data set, random orders, and the form in
which a tool's answer is kept for tests/golden/golden_peers.c.

    QUANTBOT_SHARED=... python tests/golden/scripts/peers_TOOL.py OUTPUT_FOLDER

A case is one JSON file: the tool and its version, the bars (file, column of the stamp, first row and
count), the orders by the number of the bar at whose close they are made, and what the tool made of
them: fills, summed by bar and price, and the equity at the close of some bars. Nothing of ours takes
part in making it.
"""
import csv
import gzip
import json
import os
import random
import sys


def read_bars(path, first, count):
    name = os.path.join(os.environ["QUANTBOT_SHARED"], "data", path)
    if not os.path.exists(name):
        name += ".gz"
    opener = gzip.open if name.endswith(".gz") else open
    with opener(name, "rt") as file:
        rows = list(csv.DictReader(file))
    stamp = "ts" if "ts" in rows[0] else "date"
    rows.sort(key=lambda row: row[stamp])
    return stamp, [
        {
            "stamp": row[stamp],
            **{key: float(row[key]) for key in ("open", "high", "low", "close", "volume")},
        }
        for row in rows[first : first + count]
    ]


def away(rng, close, side, least, most, places=4):
    """A price off the close: above it for side 1, below for -1."""
    return round(close * (1 + side * rng.uniform(least, most)), places)


class Fills:
    """Sums by bar and price, for tools differ in how they cut one trade into records."""

    def __init__(self):
        self.by = {}

    def add(self, bar, units, price, fee):
        entry = self.by.setdefault((bar, price), [0.0, 0.0])
        entry[0] += units
        entry[1] += fee

    def rows(self):
        return [[bar, units, price, fee] for (bar, price), (units, fee) in sorted(self.by.items())]


def write_case(name, tool, version, bars, options, orders, fills, equity, step=50):
    """equity: one value a bar; kept at each step-th bar and at the last."""
    kept = [[i, e] for i, e in enumerate(equity) if i % step == step - 1 or i == len(equity) - 1]
    path, stamp, first, count = bars
    case = {
        "tool": tool,
        "version": version,
        "bars": {"path": path, "stamp": stamp, "first": first, "count": count},
        "options": options,
        "orders": orders,
        "fills": fills.rows(),
        "equity": kept,
    }
    lines = []
    for key, value in case.items():
        if isinstance(value, list):
            rows = ",\n  ".join(json.dumps(row) for row in value)
            lines.append(f' {json.dumps(key)}: [\n  {rows}\n ]')
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    with open(os.path.join(sys.argv[1], name + ".json"), "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    print(name, len(orders), "orders", len(fills.rows()), "fills", "end", equity[-1])


def seeded(text):
    return random.Random(text)
