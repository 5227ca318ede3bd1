"""TA-Lib's side of w6.c: its time per value, and how far its values are from ours.

Arguments: file of columns, bars, first settled bar, tolerance. Exit 1 when they differ."""
import sys
import time

try:
    import numpy as np
    import talib
except ImportError as error:
    print(f"W6 TA-Lib: not asked ({error})")
    sys.exit(0)

path, bars, settled, tolerance = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
columns = np.fromfile(path).reshape(-1, bars)
high, low, close = columns[:3]


def bands(values):
    upper, middle, lower = talib.BBANDS(values, 20, 2, 2)
    return middle, upper, lower


works = [
    ("SMA30", lambda: (talib.SMA(close, 30),), close),
    ("EMA30", lambda: (talib.EMA(close, 30),), close),
    ("RSI14", lambda: (talib.RSI(close, 14),), 100.0),
    ("ATR14", lambda: (talib.ATR(high, low, close, 14),), close),
    ("MACD12_26_9", lambda: talib.MACD(close, 12, 26, 9), close),
    ("BBANDS20_2", lambda: bands(close), close),
]
at, failures = 3, 0
for name, work, scale in works:
    times = []
    for _ in range(21):
        start = time.perf_counter_ns()
        outputs = work()
        times.append((time.perf_counter_ns() - start) / bars)
    apart = 0.0
    for output in outputs:
        away = (np.abs(columns[at] - output) / scale)[settled:]
        apart = max(apart, float(np.max(away)) if not np.isnan(away).any() else float("inf"))
        at += 1
    fine = apart <= tolerance
    failures += not fine
    print(f"W6 {name:<11} TA-Lib {sorted(times)[10]:.2f} ns/value (least {min(times):.2f}); "
          f"apart {apart:.1e}, {'equal' if fine else 'NOT EQUAL'}")
sys.exit(failures > 0)
