"""The judge of resample_test.c: pandas makes the same bars from the cache's one-minute files.

    judge_resample.py make FOLDER     BTC-USD.csv and SPY.csv: minutes with holes
    judge_resample.py judge FOLDER    FOLDER/data/cache, every interval against pandas

Bars start on the exchange's wall clock: New York's for SPY, UTC for BTC-USD. What pandas cannot
know, it is told: which minutes are trading hours (make writes no others), and that the last bucket
counts only when its end has been reached.
"""

import glob
import sys

import numpy as np
import pandas

ZONES = {"BTC-USD": "UTC", "SPY": "America/New_York"}
ASSETS = {"BTC-USD": "crypto", "SPY": "equity"}


def make(folder):
    generator = np.random.default_rng(11)
    for symbol, zone in ZONES.items():
        # Both changes of New York's clocks of 2014, over three weeks each.
        parts = []
        for first in ["2014-03-03", "2014-10-27"]:
            minutes = pandas.date_range(first, periods=21 * 1440, freq="min", tz="UTC")
            local = minutes.tz_convert(zone)
            clock = local.hour * 60 + local.minute
            trading = (local.day_of_week < 5) & (clock >= 570) & (clock < 960)
            parts.append(minutes[trading] if symbol == "SPY" else minutes)
        stamps = parts[0].append(parts[1])
        keep = generator.random(len(stamps)) < 0.8
        keep[[0, -1]] = True
        stamps = stamps[keep]
        close = 100 + np.cumsum(generator.integers(-5, 6, len(stamps))) / 100
        start = np.round(close + generator.integers(-3, 4, len(stamps)) / 100, 2)
        frame = pandas.DataFrame({
            "ts": stamps.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "open": start,
            "high": np.round(np.maximum(start, close) + 0.02, 2),
            "low": np.round(np.minimum(start, close) - 0.02, 2),
            "close": np.round(close, 2),
            "volume": generator.integers(1, 1000, len(stamps)),
        })
        frame.to_csv(f"{folder}/{symbol}.csv", index=False)


def expected(minutes, interval, zone):
    """Open, high, low, close and volume by pandas, stamped in UTC."""
    local = minutes.tz_convert(zone)
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    if interval == "1w":
        made = local.resample("W-MON", closed="left", label="left").agg(how)
    else:
        # From each day's own midnight, so that the clocks' change does not move the grid.
        days = local.index.normalize()
        into = (local.index.tz_localize(None) - days.tz_localize(None))
        step = pandas.Timedelta(interval.replace("m", "min").replace("1d", "24h"))
        naive = days.tz_localize(None) + into.floor(step)
        made = local.groupby(naive).agg(how)
        made.index = made.index.tz_localize(zone, ambiguous=True)
    made = made.dropna(subset=["open"])
    if interval in ("1d", "1w"):  # the session's date, as a label
        made.index = made.index.tz_localize(None).tz_localize("UTC")
    return made.tz_convert("UTC")


def stored(folder):
    files = sorted(glob.glob(f"{folder}/*/*.parquet"))
    return pandas.concat(map(pandas.read_parquet, files)).set_index("ts")


def judge(folder):
    compared = 0
    for symbol, zone in ZONES.items():
        root = f"{folder}/data/cache/{ASSETS[symbol]}/{symbol}"
        minutes = stored(f"{root}/1m")
        for interval in ["5m", "15m", "30m", "1h", "4h", "1d", "1w"]:
            ours = stored(f"{root}/{interval}")
            want = expected(minutes, interval, zone)
            assert list(ours.index) == list(want.index), (symbol, interval, len(ours), len(want))
            for column in ["open", "high", "low", "close", "volume"]:
                assert (ours[column] == want[column]).all(), (symbol, interval, column)
            compared += len(ours)
    print(f"{compared} bars of seven intervals equal pandas'")


if __name__ == "__main__":
    {"make": make, "judge": judge}[sys.argv[1]](sys.argv[2])
