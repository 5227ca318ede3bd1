"""TA-Lib beside `quantbot indicators compute` on the same file, from the first defined bar on.

Arguments: the program, a CSV file of bars. Exit 0: equal; 1: not, said on standard output; 77: no
TA-Lib here."""
import csv
import subprocess
import sys

try:
    import numpy as np
    import talib
except ImportError as error:
    print(error)
    sys.exit(77)

program, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
names = {name.lower(): name for name in rows[0]}
bars = [np.array([float(row[names[key]]) for row in rows])
        for key in ("open", "high", "low", "close", "volume")]
o, h, l, c, v = bars


def ours(name, *params):
    words = [program, "indicators", "compute", name, "--input", path]
    for param in params:
        words += ["--param", param]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    table = list(csv.DictReader(text.splitlines()))
    return {key: np.array([float(row[key]) if row[key] else np.nan for row in table])
            for key in table[0] if key != "ts"}


def bands(ma):
    upper, middle, lower = talib.BBANDS(c, 20, 2, 2)
    return {"upper": upper, "middle": middle, "lower": lower}[ma]


# Ours, its parameters, output, TA-Lib's values, and the bars that a different start needs to decay.
SHORT = ("period=14", "seed=short", "adxr_lag=less_one")
cases = [
    ("sma", ["period=20"], "sma", talib.SMA(c, 20), 0),
    ("ema", ["period=20"], "ema", talib.EMA(c, 20), 0),
    ("wma", ["period=20"], "wma", talib.WMA(c, 20), 0),
    ("dema", ["period=10"], "dema", talib.DEMA(c, 10), 0),
    ("tema", ["period=10"], "tema", talib.TEMA(c, 10), 0),
    ("trix", ["period=10"], "trix", talib.TRIX(c, 10), 0),
    ("kama", ["period=10"], "kama", talib.KAMA(c, 10), 0),
    ("rsi", ["period=14"], "rsi", talib.RSI(c, 14), 0),
    ("macd", [], "line", talib.MACD(c, 12, 26, 9)[0], 700),
    ("macd", [], "signal", talib.MACD(c, 12, 26, 9)[1], 700),
    ("macd", [], "histogram", talib.MACD(c, 12, 26, 9)[2], 700),
    ("true_range", [], "true_range", talib.TRANGE(h, l, c), 0),
    ("atr", ["period=14"], "atr", talib.ATR(h, l, c, 14), 0),
    ("atr", ["period=14"], "percent", talib.NATR(h, l, c, 14), 0),
    ("adx", SHORT, "plus_di", talib.PLUS_DI(h, l, c, 14), 0),
    ("adx", SHORT, "minus_di", talib.MINUS_DI(h, l, c, 14), 0),
    ("adx", SHORT, "dx", talib.DX(h, l, c, 14), 0),
    ("adx", SHORT, "adx", talib.ADX(h, l, c, 14), 0),
    ("adx", SHORT, "adxr", talib.ADXR(h, l, c, 14), 0),
    ("bollinger", [], "upper", bands("upper"), 0),
    ("bollinger", [], "middle", bands("middle"), 0),
    ("bollinger", [], "lower", bands("lower"), 0),
    ("stochastic", ["smooth=1"], "k", talib.STOCHF(h, l, c, 14, 3, 0)[0], 0),
    ("stochastic", ["smooth=1"], "d", talib.STOCHF(h, l, c, 14, 3, 0)[1], 0),
    ("stochastic", [], "k", talib.STOCH(h, l, c, 14, 3, 0, 3, 0)[0], 0),
    ("stochastic", [], "d", talib.STOCH(h, l, c, 14, 3, 0, 3, 0)[1], 0),
    ("williams_r", [], "williams_r", talib.WILLR(h, l, c, 14), 0),
    ("cci", ["period=20"], "cci", talib.CCI(h, l, c, 20), 0),
    ("roc", ["period=14"], "percent", talib.ROC(c, 14), 0),
    ("roc", ["period=14"], "change", talib.MOM(c, 14), 0),
    ("aroon", ["period=25"], "up", talib.AROON(h, l, 25)[1], 0),
    ("aroon", ["period=25"], "down", talib.AROON(h, l, 25)[0], 0),
    ("ultimate", [], "ultimate", talib.ULTOSC(h, l, c, 7, 14, 28), 0),
    ("obv", ["start=volume"], "obv", talib.OBV(c, v), 0),
    ("accumulation", [], "accumulation", talib.AD(h, l, c, v), 0),
    ("mfi", ["period=14"], "mfi", talib.MFI(h, l, c, v, 14), 0),
    ("deviation", ["period=20"], "deviation", talib.STDDEV(c, 20, 1), 0),
    ("deviation", ["period=20"], "variance", talib.VAR(c, 20, 1), 0),
    ("slope", ["period=14"], "slope", talib.LINEARREG_SLOPE(c, 14), 0),
    ("slope", ["period=14"], "line", talib.LINEARREG(c, 14), 0),
    ("extremes", ["period=20"], "highest", talib.MAX(c, 20), 0),
    ("extremes", ["period=20"], "lowest", talib.MIN(c, 20), 0),
]
failures = 0
for name, params, output, want, settle in cases:
    got = ours(name, *params)[output]
    defined = ~np.isnan(want)
    defined[:settle] = False
    away = np.abs(got - want)[defined] / np.maximum(1.0, np.abs(want[defined]))
    worst = np.inf if np.isnan(away).any() or len(away) == 0 else away.max()
    if worst > 1e-9:
        failures += 1
        at = np.flatnonzero(defined)[np.argmax(np.nan_to_num(away, nan=np.inf))]
        print(f"{name} {' '.join(params)} {output}: {got[at]!r} at row {at}, TA-Lib {want[at]!r}")
print(f"{len(cases)} compared with TA-Lib {talib.__version__}, {failures} differ")
sys.exit(failures > 0)
