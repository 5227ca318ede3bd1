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


def first_exit(bars, first, order):
    """The first bar from `first` on that reaches the stop or the target of a bracket, or the last."""
    low, high = sorted((order["stop_loss"], order["take_profit"]))
    while first < len(bars) - 1 and bars[first]["low"] > low and bars[first]["high"] < high:
        first += 1
    return first


def holds_both(bar, order):
    low, high = sorted((order["stop_loss"], order["take_profit"]))
    return bar["low"] <= low and bar["high"] >= high


def opens_beyond(bar, order):
    """The bar opens beyond the target and then reaches the stop. backtesting.py and backtrader take
    the stop, which comes first in their lists, though at the open the target was there."""
    target = order["take_profit"]
    beyond = bar["open"] >= target if order["side"] == "buy" else bar["open"] <= target
    return beyond and holds_both(bar, order)


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
    """equity: one value a bar; kept at each step-th bar and at the last. Tools that fill at the close
    that decided book it a bar later, and the fee with it: there bars with an order are left out."""
    late = options.get("fill_at") == "close" and tool != "vectorbt"
    busy = {order.get("bar") for order in orders} if late else set()
    kept = [
        [i, e]
        for i, e in enumerate(equity)
        if (i % step == step - 1 or i == len(equity) - 1) and i not in busy
    ]
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
    """PEERS_SEED, when set, makes other orders: for comparing more than what is recorded."""
    return random.Random(text + os.environ.get("PEERS_SEED", ""))
