"""The judge of reading_test.c.

    judge_reading.py snippet PAGE HEADING   runs the Python of docs/READING.md below that heading, as
                                            it stands there, and compares with expected.json
    judge_reading.py cache FOLDER           the cache's files NAME.parquet by pyarrow, polars and
                                            DuckDB, beside NAME.csv of data export

Exit code 77: a package is not there.
"""

import csv
import datetime
import glob
import json
import math
import re
import sqlite3
import sys


def snippet(page, heading):
    text = open(page, encoding="utf-8").read()
    section = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    blocks = re.findall(r"^```python\n(.*?)^```$", section.group(1), re.M | re.S)
    assert len(blocks) == 1, (heading, len(blocks))
    return blocks[0]


def rows(frame):
    """Rows as dictionaries, of whatever frame it is."""
    if hasattr(frame, "iter_rows"):
        return list(frame.iter_rows(named=True))
    return frame.reset_index().to_dict("records")


def instant(value):
    """ISO text in UTC, whatever the type."""
    value = value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
    if value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc)
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def check_bars(bars, want):
    first = bars[0]["ts"]
    assert first.tzinfo is not None and first.utcoffset() == datetime.timedelta(0), first
    assert len(bars) == want["rows"], len(bars)
    assert instant(first) == want["first"], first
    by_stamp = {instant(row["ts"]): row for row in bars}
    assert by_stamp[want["day"]]["close"] == want["close"]
    assert math.isnan(by_stamp[want["day"]].get("bid") or math.nan)


def check_closes(closes, want):
    assert len(closes) == want["rows"], len(closes)
    by_stamp = {instant(row["ts"]): row for row in closes}
    day = by_stamp[want["day"]]
    assert (day["AAPL"], day["SPY"]) == (want["close"], want["close_spy"]), day
    here = [row["SPY"] for row in closes if row["SPY"] is not None and row["SPY"] == row["SPY"]]
    assert len(here) == want["rows_spy"], len(here)


def equity_after_fills():
    """Without SQL's help: the first point at or after each fill."""
    log = sqlite3.connect("file:data/runtime/quantbot.db?mode=ro", uri=True)
    points = {}
    for run, ts, equity in log.execute("SELECT run_id, ts, equity FROM equity_points ORDER BY ts"):
        points.setdefault(run, []).append((ts, equity))
    fills = log.execute("SELECT f.run_id, f.ts FROM fills f JOIN runs r ON r.id = f.run_id "
                        "ORDER BY r.started_at, r.id, f.ts, f.id")
    return [next(equity for at, equity in points[run] if at >= ts) for run, ts in fills]


def check_fills(fills, want):
    assert len(fills) == want["fills"], len(fills)
    assert len({row["run"] for row in fills}) == 2
    assert fills[0]["ts"].tzinfo is None or fills[0]["ts"].utcoffset() == datetime.timedelta(0)
    first = [row for row in fills if row["run"] == want["run"]][0]
    assert instant(first["ts"]) == want["first_fill"], first
    fees = sum(row["commission"] for row in fills if row["run"] == want["run"])
    assert abs(fees - want["fees"]) < 1e-6, fees
    assert [row["equity"] for row in fills] == equity_after_fills()


def check_known(known, want):
    assert len(known) == want["known"], len(known)
    assert known.iloc[-1] == want["known_last"], known.tail()


def run_snippet(page, heading):
    want = json.load(open("expected.json"))
    made = {}
    exec(compile(snippet(page, heading), f"{page}: {heading}", "exec"), made)
    if "known" in made:
        check_known(made["known"], want)
        print(f"{heading}: {len(made['known'])} values known")
        return
    bars, closes, fills = rows(made["bars"]), rows(made["closes"]), rows(made["fills"])
    check_bars(bars, want)
    check_closes(closes, want)
    check_fills(fills, want)
    print(f"{heading}: {len(bars)} bars, {len(closes)} closes, {len(fills)} fills")


# ---- the cache's files ------------------------------------------------------------------------


def readers():
    import duckdb
    import polars
    import pyarrow.parquet

    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    yield "pyarrow", lambda path: pyarrow.parquet.read_table(path, page_checksum_verification=True)
    yield "polars", lambda path: polars.read_parquet(path).to_arrow()
    yield "DuckDB", lambda path: db.sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()


def cell(text):
    if text == "":
        return None
    if "T" not in text:
        return float(text)
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def check_cache(folder):
    paths, cells = sorted(glob.glob(f"{folder}/*.parquet")), 0
    for name, read in readers():
        for path in paths:
            table = read(path).to_pydict()
            with open(path.removesuffix("parquet") + "csv", newline="") as file:
                want = list(csv.DictReader(file))
            for column, values in table.items():
                assert len(values) == len(want), (name, path, len(values), len(want))
                for row, value in enumerate(values):
                    assert value == cell(want[row][column]), (name, path, column, row, value)
                    cells += 1
    print(f"{len(paths)} files, {cells} values by pyarrow, polars and DuckDB")


if __name__ == "__main__":
    try:
        {"snippet": run_snippet, "cache": check_cache}[sys.argv[1]](*sys.argv[2:])
    except ModuleNotFoundError as missing:
        print(missing)
        sys.exit(77)
