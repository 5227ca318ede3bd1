"""Makes tests/parquet/fixtures: one table, written by other programs in many ways.

Every file holds the same 300 rows (or some of their columns); read_test.c computes what they are
from the same formulas, so no file of expected values is needed. Run by hand, rarely:

    python make_fixtures.py fixtures

The committed files were made by pyarrow 26.0.1, polars 2.1.0 and DuckDB 2.0.0; those named
hyparquet-* by `node judge.mjs MODULES fixtures fixtures`.
"""

import datetime
import decimal
import os
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = int(os.environ.get("ROWS", 300))  # fewer make seeds for the fuzzer
FIRST_US = 1580511600000000  # 2020-01-31 23:00 UTC


def stamp(i):
    return FIRST_US + 60_000_000 * i + 3_600_000_000 * (i // 100)


def columns():
    every = range(ROWS)
    return {
        "ts": [stamp(i) for i in every],
        "price": [100 + i * 7919 % 4001 / 64 for i in every],
        "cents": [i * i % 10007 / 100 for i in every],
        "ratio": [i % 50 * 0.25 for i in every],
        "count": [i * i * i - 1000 * i for i in every],
        "flags": [None if i % 3 == 0 else i % 5 - 2 for i in every],
        "volume": [None if i % 7 == 3 else i * 10.5 for i in every],
        "empty": [None for i in every],
        "steady": [1.0 for i in every],
        "patchy": [None if i // 50 % 2 else float(i) for i in every],
    }


def table(unit="us", zone="UTC", required=False, extra=False):
    data = columns()
    divide = {"ms": lambda v: v // 1000, "us": lambda v: v, "ns": lambda v: v * 1000}[unit]
    data["ts"] = [divide(v) for v in data["ts"]]
    kinds = {
        "ts": pa.timestamp(unit, zone),
        "ratio": pa.float32(),
        "count": pa.int64(),
        "flags": pa.int32(),
    }
    fields, arrays = [], []
    for name, values in data.items():
        kind = kinds.get(name, pa.float64())
        nullable = not (required and None not in values)
        fields.append(pa.field(name, kind, nullable=nullable))
        arrays.append(pa.array(values, kind))
    if extra:
        every = range(ROWS)
        more = {
            "text": pa.array([f"row {i}" for i in every]),
            "truth": pa.array([i % 2 == 0 for i in every]),
            "list": pa.array([[i, i + 1] if i % 4 else None for i in every], pa.list_(pa.int64())),
            "pair": pa.array([{"a": i, "b": {"c": 1.5}} for i in every]),
            "money": pa.array([decimal.Decimal(i) / 100 for i in every], pa.decimal128(12, 2)),
            "clock": pa.array([datetime.time(i % 24) for i in every]),
            "half": pa.array([float(i) for i in every], pa.float64()).cast(pa.float16()),
            "nothing": pa.nulls(ROWS),
            "day": pa.array([datetime.date(2020, 1, 1) + datetime.timedelta(i) for i in every]),
            "unsigned64": pa.array([i * 1_000_000_007 for i in every], pa.uint64()),
            "unsigned32": pa.array([4_000_000_000 + i for i in every], pa.uint32()),
            "signed16": pa.array([i - 150 for i in every], pa.int16()),
            "unsigned8": pa.array([i % 256 for i in every], pa.uint8()),
        }
        for name, values in more.items():
            # In the middle, so that what is skipped would move what is not.
            fields.insert(3, pa.field(name, values.type))
            arrays.insert(3, values)
    return pa.table(arrays, schema=pa.schema(fields))


def by_pyarrow(folder):
    def write(name, what, **options):
        pq.write_table(what, os.path.join(folder, f"pyarrow-{name}.parquet"), **options)

    write("default", table())
    for codec in ["none", "snappy", "gzip", "zstd"]:
        for version in ["1.0", "2.0"]:
            write(
                f"{codec}-v{version[0]}-plain",
                table(required=version == "1.0"),
                compression=codec,
                data_page_version=version,
                use_dictionary=False,
                write_page_checksum=codec != "gzip",
            )
    for version in ["1.0", "2.0"]:
        write(
            f"zstd-v{version[0]}-dictionary",
            table(),
            compression="zstd",
            data_page_version=version,
            data_page_size=500,
            write_batch_size=50,
            row_group_size=97,
        )
        write(
            f"zstd-v{version[0]}-delta-split",
            table(),
            compression="zstd",
            data_page_version=version,
            use_dictionary=False,
            column_encoding={
                "ts": "DELTA_BINARY_PACKED",
                "count": "DELTA_BINARY_PACKED",
                "flags": "DELTA_BINARY_PACKED",
                "price": "BYTE_STREAM_SPLIT",
                "cents": "BYTE_STREAM_SPLIT",
                "ratio": "BYTE_STREAM_SPLIT",
                "volume": "BYTE_STREAM_SPLIT",
                "empty": "BYTE_STREAM_SPLIT",
                "patchy": "BYTE_STREAM_SPLIT",
            },
            row_group_size=128,
        )
    write(
        "none-split-integers",
        table(),
        compression="none",
        use_dictionary=False,
        column_encoding={"ts": "BYTE_STREAM_SPLIT", "count": "BYTE_STREAM_SPLIT",
                         "flags": "BYTE_STREAM_SPLIT"},
    )
    write("format-1.0", table(), version="1.0", compression="snappy")
    write("milliseconds", table("ms"))
    write("nanoseconds", table("ns"), version="2.6")
    write("zoneless", table("us", None), store_schema=False)
    write("zoneless-nanoseconds", table("ns", None), compression="zstd", version="2.6")
    write("int96", table(), use_deprecated_int96_timestamps=True)
    write("others", table(extra=True), compression="zstd", store_schema=False)
    write("statistics-and-index", table(), write_page_index=True, write_page_checksum=True)


def by_polars(folder):
    frame = polars.from_arrow(table())
    for codec in ["uncompressed", "snappy", "gzip", "zstd"]:
        frame.write_parquet(
            os.path.join(folder, f"polars-{codec}.parquet"),
            compression=codec,
            row_group_size=None if codec == "snappy" else 110,
            data_page_size=None if codec == "gzip" else 700,
        )
    polars.from_arrow(table("ms", None)).write_parquet(
        os.path.join(folder, "polars-zoneless-milliseconds.parquet"), statistics="full"
    )
    polars.from_arrow(table("ns")).write_parquet(
        os.path.join(folder, "polars-nanoseconds.parquet"), statistics=False
    )


def by_duckdb(folder):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.register("made", table())
    connection.register("zoneless", table("us", None))
    for codec in ["uncompressed", "snappy", "gzip", "zstd"]:
        for version in ["v1", "v2"]:
            path = os.path.join(folder, f"duckdb-{codec}-{version}.parquet")
            connection.execute(
                f"copy made to '{path}' (format parquet, codec '{codec}', "
                f"parquet_version '{version}')"
            )
    path = os.path.join(folder, "duckdb-zoneless.parquet")
    connection.execute(f"copy zoneless to '{path}' (format parquet, codec 'zstd')")


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    by_pyarrow(sys.argv[1])
    by_polars(sys.argv[1])
    by_duckdb(sys.argv[1])
