"""The judge of results_test.c: FOLDER holds NAME.csv, NAME.json and NAME.parquet, written by runs
export of RUN; DATABASE is the run log. Each has every column of the table, and in it what SQLite
itself gives: exact integers, every bit of a double, stamps to the microsecond.

Exit code 77: a package is not there.
"""

import csv
import datetime
import json
import sqlite3
import sys

try:
    import pyarrow.parquet
except ImportError as error:
    print(error)
    sys.exit(77)

FOLDER, DATABASE, RUN = sys.argv[1:4]
TABLES = {"equity": "equity_points", "trades": "trades", "fills": "fills", "orders": "orders",
          "decisions": "decisions"}


def instant(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def expected(table):
    base = sqlite3.connect(DATABASE)
    base.row_factory = sqlite3.Row
    order = "ts" if table == "equity_points" else "number" if table == "decisions" else "id"
    rows = base.execute(f"SELECT * FROM {table} WHERE run_id = ? ORDER BY {order}", (RUN,))
    return [dict(row) for row in rows]


def is_stamp(name):
    return name == "ts" or name.endswith("_ts")


def same(got, want, name):
    if want is None:
        return got is None
    if is_stamp(name):
        got = got if isinstance(got, datetime.datetime) else instant(got)
        return got == instant(want)
    return got == want and type(got) is type(want)


def same_json(got, want, name):
    """JSON has one kind of number: 10 is as good as 10.0."""
    whole = isinstance(want, float) and isinstance(got, int)
    return same(float(got) if whole else got, want, name)


def same_text(got, want, name):
    if want is None:
        return got == ""
    if is_stamp(name):
        return instant(got) == instant(want)
    return type(want)(got) == want


def check(name, rows, form, equal):
    want = expected(TABLES[name])
    assert len(rows) == len(want), (name, form, len(rows), len(want))
    for row, other in zip(rows, want):
        assert set(row) == set(other), (name, form, set(row) ^ set(other))
        for column in row:
            assert equal(row[column], other[column], column), (name, form, column, row[column],
                                                               other[column])
    return len(rows)


counts = {}
for name in TABLES:
    path = f"{FOLDER}/{name}."
    with open(path + "csv", encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    table = pyarrow.parquet.read_table(path + "parquet")
    with open(path + "json", encoding="utf-8") as stream:
        objects = json.load(stream)
    check(name, [dict(zip(lines[0], line)) for line in lines[1:]], "csv", same_text)
    check(name, objects, "json", same_json)
    counts[name] = check(name, table.to_pylist(), "parquet", same)
    assert table.column_names == lines[0], (table.column_names, lines[0])
    assert not objects or list(objects[0]) == lines[0], (list(objects[0]), lines[0])
assert counts["equity"] > 0 and counts["trades"] > 0 and counts["decisions"] > 0, counts
print(counts)
