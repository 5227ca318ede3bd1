"""Foreign files for tests/cache: the cache's layout as other programs write it.

Run once with pandas, pyarrow, polars and duckdb; the files are kept in fixtures/. Each holds the
XNYS sessions of a month, close = 100 + i, open = close - 1, high = close + 1, low = close - 2.
"""
import datetime
import sys

import duckdb
import pandas
import polars

OUT = sys.argv[1]


def frame(dates):
    close = [100.0 + i for i in range(len(dates))]
    return pandas.DataFrame(
        {
            "ts": pandas.to_datetime(dates),
            "open": [c - 1 for c in close],
            "high": [c + 1 for c in close],
            "low": [c - 2 for c in close],
            "close": close,
            "volume": [1000 + i for i in range(len(dates))],
        }
    )


def weekdays(year, month, holidays=()):
    day = datetime.date(year, month, 1)
    out = []
    while day.month == month:
        if day.weekday() < 5 and day.day not in holidays:
            out.append(day)
        day += datetime.timedelta(days=1)
    return out


january, february, march = (weekdays(2020, 1, (1, 20)), weekdays(2020, 2, (17,)), weekdays(2020, 3))
# pandas: nanosecond stamps without a zone, integer volume, a text column, snappy.
table = frame(january)
table["source"] = "example"
table.to_parquet(f"{OUT}/pandas-2020-01.parquet", index=False)
# polars: microseconds in UTC, an unknown volume, no dividends, zstd.
table = polars.from_pandas(frame(february)).with_columns(
    polars.col("ts").dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
    polars.when(polars.col("volume") == 1003).then(None).otherwise(polars.col("volume")).alias("volume"),
)
table.write_parquet(f"{OUT}/polars-2020-02.parquet")
# DuckDB: TIMESTAMP, FLOAT prices.
bars = frame(march)
duckdb.sql(
    f"COPY (SELECT ts::TIMESTAMP AS ts, open::FLOAT AS open, high::FLOAT AS high, low::FLOAT AS low,"
    f" close::FLOAT AS close FROM bars) TO '{OUT}/duckdb-2020-03.parquet' (FORMAT parquet)"
)
# What is wrong: no close; a null price; rows out of order; impossible prices.
frame(january).drop(columns="close").to_parquet(f"{OUT}/no-close.parquet", index=False)
table = frame(january)
table.loc[4, "low"] = None
table.to_parquet(f"{OUT}/null-low.parquet", index=False)
frame(january).iloc[::-1].to_parquet(f"{OUT}/unsorted.parquet", index=False)
table = frame(january)
table.loc[2, "high"] = 50.0
table.to_parquet(f"{OUT}/high-low.parquet", index=False)
