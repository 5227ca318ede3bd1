"""The judge of interop_test.c: pyarrow, polars and DuckDB against our files, both ways.

    judge.py read FOLDER           our files NAME.parquet beside their values
    judge.py write FOLDER COUNT    COUNT files of theirs beside their values

The values of column C of NAME.parquet are NAME.C.TYPE.bin, raw little-endian numbers of TYPE (ts,
i64, i32, f64), where its nulls are zero and stand as zero bytes in NAME.C.TYPE.valid.
"""

import glob
import os
import random
import sys

import duckdb
import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq

KINDS = {"ts": np.int64, "i64": np.int64, "i32": np.int32, "f64": np.float64}


def bits(values):
    """NaNs and the sign of zero count too."""
    return values.view(np.int64) if values.dtype == np.float64 else values


def same(name, reader, column, got, got_valid, want, valid):
    if not np.array_equal(got_valid, valid):
        sys.exit(f"{name}: {reader}: {column}: nulls differ")
    if not np.array_equal(bits(got)[valid], bits(want)[valid]):
        sys.exit(f"{name}: {reader}: {column}: values differ")


def from_arrow(column, kind):
    valid = np.asarray(column.is_valid())
    if kind == "ts":
        assert column.type == pa.timestamp("us", "UTC"), column.type
        column = column.cast(pa.int64())
    zero = pa.scalar(0, column.type)
    return np.asarray(column.fill_null(zero)).astype(KINDS[kind], copy=False), valid


def by_pyarrow(path):
    return pq.read_table(path, page_checksum_verification=True)


def by_polars(path):
    return polars.read_parquet(path).to_arrow()


def by_duckdb(path):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection.sql(f"select * from read_parquet('{path}')").to_arrow_table()


def expected(path):
    stem = path.removesuffix(".parquet")
    for values in sorted(glob.glob(stem + ".*.bin")):
        column, kind, _ = values.removeprefix(stem + ".").rsplit(".", 2)
        valid = np.fromfile(values.removesuffix("bin") + "valid", np.uint8) != 0
        yield column, kind, np.fromfile(values, KINDS[kind]), valid


def read(folder):
    paths = sorted(glob.glob(os.path.join(folder, "*.parquet")))
    for path in paths:
        name = os.path.basename(path)
        for reader in [by_pyarrow, by_polars, by_duckdb]:
            table = reader(path)
            columns = list(expected(path))
            assert table.num_columns == len(columns), (name, reader.__name__)
            for column, kind, want, valid in columns:
                got, got_valid = from_arrow(table[column].combine_chunks(), kind)
                same(name, reader.__name__, column, got, got_valid, want, valid)
        frame = pandas.read_parquet(path)
        assert len(frame) == table.num_rows and str(frame["ts"].dtype).endswith("us, UTC]"), name
        assert pq.read_metadata(path).metadata[b"provider"] == b"interop", name
        check_range(path, frame)
    print(f"{len(paths)} files, each read by pyarrow, polars, DuckDB and pandas")


def check_range(path, frame):
    """The statistics of the stamps are what a reader skips row groups by."""
    metadata = pq.read_metadata(path)
    if metadata.num_row_groups == 0:
        return
    statistics = metadata.row_group(0).column(0).statistics
    assert statistics.min == frame["ts"].min() and statistics.max == frame["ts"].max(), path


# ---- their files ----------------------------------------------------------------------------


def numbers(kind, rows, generator):
    shape = generator.integers(0, 5)
    if kind == "ts":
        step = int(generator.choice([60_000_000, 86_400_000_000, 1_000]))
        jitter = generator.integers(0, 3, rows) * step if shape == 1 else 0
        # Whole milliseconds, so that every unit can hold them.
        return np.arange(rows, dtype=np.int64) * step + 1_500_000_000_000_000 + jitter
    if kind == "f64":
        walk = 100 + np.cumsum(generator.integers(-50, 51, rows)) / 100
        noise = generator.integers(-(2**63), 2**63 - 1, rows, np.int64).view(np.float64)
        return [walk, noise, np.full(rows, 1.0), np.round(walk), walk * 1e-9][shape]
    limits = np.iinfo(KINDS[kind])
    low, high = [(limits.min, limits.max), (0, 2), (-1000, 1000), (7, 8), (0, 70_000)][shape]
    return generator.integers(low, high, rows, KINDS[kind], endpoint=shape == 0)


def holes(rows, generator):
    shape = generator.integers(0, 5)
    if shape == 0:
        return np.zeros(rows, bool)
    if shape == 1:
        return np.arange(rows) // int(generator.integers(1, 60)) % 2 == 0
    return generator.random(rows) < [0, 0, 0.01, 0.5, 0.99][shape]


def random_table(generator):
    rows = int(generator.choice([0, 1, 7, 100, 1000, 5000, 30000]))
    fields = []
    for i in range(int(generator.integers(1, 9))):
        kind = "ts" if i == 0 else str(generator.choice(["ts", "i64", "i32", "f64"]))
        optional = i > 0 and generator.random() < 0.6
        valid = holes(rows, generator) if optional else np.ones(rows, bool)
        values = numbers(kind, rows, generator)
        fields.append((f"{kind}_{i}" if i else "ts", kind, values, valid, optional))
    return fields


def to_arrow(fields, generator, unit="us", zone="UTC"):
    arrays, schema = [], []
    for name, kind, values, valid, optional in fields:
        arrow = {"i64": pa.int64(), "i32": pa.int32(), "f64": pa.float64()}.get(kind)
        if kind == "ts":
            arrow = pa.timestamp(unit, zone)
            values = values // 1000 if unit == "ms" else values * 1000 if unit == "ns" else values
        arrays.append(pa.array(values, arrow, mask=~valid))
        schema.append(pa.field(name, arrow, nullable=bool(optional or generator.random() < 0.5)))
    return pa.table(arrays, schema=pa.schema(schema))


def store(stem, fields):
    for name, kind, values, valid, _ in fields:
        np.where(valid, values, 0).astype(KINDS[kind]).tofile(f"{stem}.{name}.{kind}.bin")
        valid.astype(np.uint8).tofile(f"{stem}.{name}.{kind}.valid")


def write_pyarrow(path, fields, pick, generator):
    table = to_arrow(fields, generator, pick(["ms", "us", "ns"]), pick([None, "UTC", "Asia/Tokyo"]))
    encodings = {}
    for name, kind, *_ in fields:
        own = ["PLAIN", "BYTE_STREAM_SPLIT"] + (["DELTA_BINARY_PACKED"] if kind != "f64" else [])
        encodings[name] = pick(own)
    dictionary = pick([True, False])
    pq.write_table(
        table,
        path,
        compression=pick(["none", "snappy", "gzip", "zstd"]),
        use_dictionary=dictionary,
        column_encoding=None if dictionary else encodings,
        data_page_version=pick(["1.0", "2.0"]),
        data_page_size=pick([300, 5000, 1 << 20]),
        write_batch_size=pick([37, 1024]),
        dictionary_pagesize_limit=pick([500, 1 << 20]),
        row_group_size=pick([333, 4096, 1 << 20]),
        write_statistics=pick([True, False]),
        write_page_checksum=pick([True, False]),
        write_page_index=pick([True, False]),
    )


def write_polars(path, fields, pick, generator):
    table = to_arrow(fields, generator, pick(["ms", "us", "ns"]), pick([None, "UTC"]))
    polars.from_arrow(table).write_parquet(
        path,
        compression=pick(["uncompressed", "snappy", "gzip", "zstd"]),
        row_group_size=pick([None, 500, 10_000]),
        data_page_size=pick([None, 700, 20_000]),
        statistics=pick([True, False, "full"]),
    )


def write_duckdb(path, fields, pick, generator):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.register("made", to_arrow(fields, generator, "us", pick([None, "UTC"])))
    connection.execute(
        f"copy made to '{path}' (format parquet, codec '{pick(['uncompressed', 'snappy', 'gzip', 'zstd'])}',"
        f" parquet_version '{pick(['v1', 'v2'])}', row_group_size {pick([2048, 122880])})"
    )


CODECS = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"}
ENCODINGS = {"PLAIN", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"}


def pairs(folder):
    """Which codec met which encoding in the files made here."""
    for path in glob.glob(os.path.join(folder, "*.parquet")):
        metadata = pq.read_metadata(path)
        for group in range(metadata.num_row_groups):
            for column in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(column)
                for encoding in chunk.encodings:
                    yield chunk.compression, encoding


def check_claims(folder, count):
    missing = {(c, e) for c in CODECS for e in ENCODINGS} - set(pairs(folder))
    if count >= 100 and missing:
        sys.exit(f"never written: {sorted(missing)}")


def write(folder, count):
    generator = np.random.default_rng(20240229)
    chooser = random.Random(20240229)
    for i in range(count):
        fields = random_table(generator)
        stem = os.path.join(folder, f"{i:03}")
        writer = [write_pyarrow, write_polars, write_duckdb][i % 3]
        writer(stem + ".parquet", fields, chooser.choice, generator)
        store(stem, fields)
    check_claims(folder, count)
    print(f"{count} files of pyarrow, polars and DuckDB")


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(sys.argv[2])
    else:
        write(sys.argv[2], int(sys.argv[3]))
