"""The judge of macro_test.c: pandas, polars and DuckDB on files of macro series.

    macro_judge.py read FOLDER     the files of FOLDER hold the rows of test_interop
    macro_judge.py write FOLDER    PANDAS, POLARS and DUCKDB each write a series below FOLDER
"""

import os
import sys
from datetime import datetime, timezone

import duckdb
import pandas
import polars


def day(year, month, date):
    return datetime(year, month, date, tzinfo=timezone.utc)


WANT = [
    (day(2020, 1, 1), 10.0, day(2020, 4, 30), day(2020, 7, 30)),
    (day(2020, 1, 1), 11.25, day(2020, 7, 30), None),
    (day(2020, 4, 1), 20.0, day(2020, 7, 30), day(2020, 8, 30)),
    (day(2020, 4, 1), None, day(2020, 8, 30), None),
]
NAMES = ["ts", "value", "known_from", "known_to"]


def check(reader, rows):
    if rows != WANT:
        sys.exit(f"{reader}: {rows}")


def plain(value):
    if pandas.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pandas.Timestamp) else value


def read(folder):
    frame = pandas.concat(
        pandas.read_parquet(os.path.join(folder, "2020", f"2020-{month}.parquet"))
        for month in ("01", "04")
    )
    assert list(frame.columns) == NAMES, frame.columns
    check("pandas", [tuple(plain(v) for v in row) for row in frame.itertuples(index=False)])

    frame = polars.read_parquet(os.path.join(folder, "**", "*.parquet")).sort("ts", "known_from")
    assert frame.schema["ts"] == polars.Datetime("us", "UTC"), frame.schema
    check("polars", frame.rows())

    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    glob = os.path.join(folder, "**", "*.parquet")
    rows = connection.sql(f"select * from read_parquet('{glob}') order by ts, known_from").pl()
    check("duckdb", rows.rows())
    # The question of a backtest: what was known on 1 August 2020?
    known = connection.sql(
        f"""select value from read_parquet('{glob}')
            where known_from <= timestamptz '2020-08-01'
              and coalesce(known_to > timestamptz '2020-08-01', true) order by ts"""
    ).fetchall()
    assert known == [(11.25,), (20.0,)], known


def write(folder):
    def path(name):
        place = os.path.join(folder, name, "1mo", "2021")
        os.makedirs(place)
        return os.path.join(place, "2021-03.parquet")

    rows = {
        "ts": [day(2021, 3, 1)] * 2,
        "value": [1.5, 1.75],
        "known_from": [day(2021, 4, 10), day(2021, 5, 10)],
        "known_to": [day(2021, 5, 10), None],
    }
    pandas.DataFrame(rows).to_parquet(path("PANDAS"))
    polars.DataFrame(rows).write_parquet(path("POLARS"))
    frame = polars.DataFrame(rows)  # noqa: F841, DuckDB finds it by its name
    duckdb.sql(f"copy (select * from frame) to '{path('DUCKDB')}' (format parquet)")


{"read": read, "write": write}[sys.argv[1]](sys.argv[2])
