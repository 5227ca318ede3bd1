"""The judge of results_test.c: FOLDER holds NAME.json and NAME.parquet of the same rows, written by
runs export. pyarrow reads the second; every cell must be the first one's.

Exit code 77: a package is not there.
"""

import datetime
import decimal
import glob
import json
import sys

try:
    import pyarrow.parquet
except ImportError as error:
    print(error)
    sys.exit(77)


def same(value, want):
    if isinstance(value, datetime.datetime):
        return value == datetime.datetime.fromisoformat(want.replace("Z", "+00:00"))
    if isinstance(value, float):
        return value == float(want)
    return value == want


def check(path):
    rows = json.load(open(path.replace(".parquet", ".json"), encoding="utf-8"),
                     parse_float=decimal.Decimal)
    table = pyarrow.parquet.read_table(path)
    got = table.to_pylist()
    assert len(got) == len(rows), (path, len(got), len(rows))
    for row, want in zip(got, rows):
        for name, value in want.items():
            assert same(row[name], value), (path, name, row[name], value)
            exact = name + "_e8"
            if exact in row and value is not None:
                assert row[exact] == int(decimal.Decimal(value) * 10**8), (path, exact)
    return len(rows)


counts = {path: check(path) for path in sorted(glob.glob(sys.argv[1] + "/*.parquet"))}
assert len(counts) == 5, counts
print(counts)
