"""What the built-in strategies have to trade on WALK64, by an independent program.

Rules are written anew from the strategies' headers, in plain loops; hrp uses scipy's single
linkage, market_neutral statsmodels' Engle-Granger test. Prints one file per strategy into the
folder named on the command line: "bar instrument position" for each fill, in whole units, or for
portfolios "bar instrument weight" for each order.

    python3 expected.py expected/
"""
import math
import sys
import warnings

import numpy as np
import scipy.cluster.hierarchy as hierarchy
from statsmodels.tsa.stattools import adfuller

warnings.filterwarnings("ignore")
MASK = (1 << 64) - 1


def walk64(seed, count):
    state, price, rows = seed, 640000, []
    def draw():
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)
    for i in range(count):
        r1, r2 = draw(), draw()
        d = (r1 & 0xFFFF) + ((r1 >> 16) & 0xFFFF) + ((r1 >> 32) & 0xFFFF) + (r1 >> 48) - 131070
        open_ = price if i == 0 else price + r2 % 13 - 6
        move = (open_ * d + (1 << 20)) >> 21
        close = open_ + move
        if close < 64000 or close > 6400000:
            close = open_ - move
        high = max(open_, close) + ((r2 >> 8) & 63)
        low = min(open_, close) - ((r2 >> 16) & 63)
        rows.append((open_ / 64, high / 64, low / 64, close / 64))
        price = close
    return rows


# ---- indicators, whole columns; None where not defined ------------------------------------------

def sma(values, n):
    return [None if t + 1 < n else math.fsum(values[t + 1 - n:t + 1]) / n for t in range(len(values))]


def smooth(values, n, alpha):
    """values may begin with None; seeded by the mean of the first n."""
    out, seen, last = [], [], None
    for v in values:
        if v is None:
            out.append(None)
            continue
        if last is None:
            seen.append(v)
            last = math.fsum(seen) / n if len(seen) == n else None
        else:
            last = last + alpha * (v - last)
        out.append(last)
    return out


def ema(values, n):
    return smooth(values, n, 2 / (n + 1))


def rsi(closes, n):
    ups = [None] + [max(b - a, 0) for a, b in zip(closes, closes[1:])]
    downs = [None] + [max(a - b, 0) for a, b in zip(closes, closes[1:])]
    up, down = smooth(ups, n, 1 / n), smooth(downs, n, 1 / n)
    return [None if u is None else 50.0 if u + d == 0 else 100 * u / (u + d) for u, d in zip(up, down)]


def atr(rows, n):
    ranges = [None]
    for (_, _, _, before), (_, high, low, _) in zip(rows, rows[1:]):
        ranges.append(max(high, before) - min(low, before))
    return smooth(ranges, n, 1 / n)


def deviation(values, n, ddof):
    return [None if t + 1 < n else float(np.std(values[t + 1 - n:t + 1], ddof=ddof))
            for t in range(len(values))]


def highest(values, n):
    """Of the n bars before."""
    return [None if t < n else max(values[t - n:t]) for t in range(len(values))]


def lowest(values, n):
    return [None if t < n else min(values[t - n:t]) for t in range(len(values))]


# ---- one instrument at a time: signals at closes, fills at opens, stops within bars ------------

def simulate(rows, warmup, decide, stop=None, hold=0):
    """decide(t, position) -> wanted position, or None for no wish. stop(t): distance of the stop of
    an entry decided at t. Returns [(bar, position)]."""
    fills, position, wanted, distance, level, entered = [], 0, None, None, None, None
    for t, (open_, high, low, _) in enumerate(rows):
        if wanted is not None and wanted != position:
            # Crossing zero closes first, then opens: two fills.
            if position * wanted < 0:
                fills.append((t, 0))
            position = wanted
            fills.append((t, position))
            level = open_ - position * distance if position and distance else None
            entered = t if position else None
        wanted = None
        if level is not None and (low <= level if position > 0 else high >= level):
            position, level, entered = 0, None, None
            fills.append((t, 0))
        if hold and position and t - entered + 1 == hold:
            wanted = 0
        if t + 1 < warmup or t + 1 == len(rows):
            continue
        wish = decide(t, position)
        if wish is not None:
            wanted = wish
            distance = stop(t) if stop and wish else None
    return fills


def ema_cross(rows, fast=12, slow=26, below=-1):
    closes = [r[3] for r in rows]
    a, b = ema(closes, fast), ema(closes, slow)
    return simulate(rows, 8 * slow, lambda t, p: 1 if a[t] > b[t] else below if a[t] < b[t] else 0)


def macd(rows, fast=12, slow=26, signal=9):
    closes = [r[3] for r in rows]
    line = [None if a is None or b is None else a - b for a, b in zip(ema(closes, fast), ema(closes, slow))]
    mark = ema(line, signal)
    return simulate(rows, 8 * (slow + signal), lambda t, p: 1 if line[t] > mark[t] else 0)


def rsi_reversion(rows, period=14, buy=30, leave=50, trend=0):
    closes = [r[3] for r in rows]
    index, average = rsi(closes, period), sma(closes, trend or 1)

    def decide(t, p):
        if index[t] <= leave if p > 0 else index[t] < buy and (not trend or closes[t] > average[t]):
            return 1
        if (100 - index[t] <= leave if p < 0 else
                100 - index[t] < buy and (not trend or closes[t] < average[t])):
            return -1
        return 0
    return simulate(rows, max(16 * period + 1, trend), decide)


def bollinger(rows, mode, period=20, width=2):
    closes = [r[3] for r in rows]
    middle, spread = sma(closes, period), deviation(closes, period, 0)
    toward = 1 if mode == "breakout" else -1

    def decide(t, p):
        away = (closes[t] - middle[t]) * toward
        if away > 0 if p > 0 else away > width * spread[t]:
            return 1
        if away < 0 if p < 0 else away < -width * spread[t]:
            return -1
        return 0
    return simulate(rows, period, decide)


def donchian(rows, entry=20, leave=10, stop=2, period=20):
    closes, highs, lows = [r[3] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
    top, bottom, out_low, out_high = (highest(highs, entry), lowest(lows, entry), lowest(lows, leave),
                                      highest(highs, leave))
    range_ = atr(rows, period)

    def decide(t, p):
        if p == 0:
            return 1 if closes[t] > top[t] else -1 if closes[t] < bottom[t] else None
        return 0 if (closes[t] < out_low[t] if p > 0 else closes[t] > out_high[t]) else None
    return simulate(rows, 16 * period + 1, decide, lambda t: stop * range_[t])


def scalper_sigma(rows, period=20, enter=2, leave=0.5, stop=1.5, atr_period=14, hold=20):
    closes = [r[3] for r in rows]
    middle, spread, range_ = sma(closes, period), deviation(closes, period, 0), atr(rows, atr_period)

    def decide(t, p):
        z = (closes[t] - middle[t]) / spread[t]
        if p == 0:
            return 1 if z < -enter else -1 if z > enter else None
        return 0 if (z > -leave if p > 0 else z < leave) else None
    return simulate(rows, 16 * atr_period + 1, decide, lambda t: stop * range_[t], hold)


def gamma_reversal(rows, horizon=3, threshold=1.5, period=60, hold=3, stop=2):
    closes = [r[3] for r in rows]
    returns = [0.0] + [math.log(b / a) for a, b in zip(closes, closes[1:])]
    range_ = atr(rows, 14)

    def decide(t, p):
        if p:
            return None
        width = float(np.std(returns[t + 1 - period:t + 1], ddof=1)) * math.sqrt(horizon)
        move = math.log(closes[t] / closes[t - horizon]) / width
        return 1 if move < -threshold else -1 if move > threshold else None
    return simulate(rows, 16 * 14 + 1, decide, lambda t: stop * range_[t], hold)


def bull_mode(rows, regime=200, trend=50, target=0.12, days=20, periods=252, band=0.1):
    closes = [r[3] for r in rows]
    returns = [0.0] + [math.log(b / a) for a, b in zip(closes, closes[1:])]
    slow, own = sma(closes, regime), sma(closes, trend)
    last = [0.0]

    def decide(t, p):
        strength = 0.0
        if closes[t] > slow[t] and closes[t] > own[t]:
            volatility = float(np.std(returns[t + 1 - days:t + 1], ddof=1)) * math.sqrt(periods)
            strength = min(1.0, target / volatility)
            if p and abs(strength - last[0]) <= band:
                strength = last[0]
        last[0] = strength
        return math.floor(strength * 1e8) / 1e8
    return simulate(rows, regime, decide)


def trend_breakout(universe, entry=55, leave=20, trend=100, momentum=126, rank=0.5, rsi_max=80, stop=2):
    moves = [[None if t < momentum else rows[t][3] / rows[t - momentum][3] - 1 for t in range(len(rows))]
             for rows in universe]
    out = []
    for i, rows in enumerate(universe):
        closes, highs, lows = [r[3] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
        top, bottom, average = highest(highs, entry), lowest(lows, leave), sma(closes, trend)
        index, range_ = rsi(closes, 14), atr(rows, 20)

        def decide(t, p):
            if p > 0:
                return 0 if closes[t] < bottom[t] else None
            if not closes[t] > top[t] or not closes[t] > average[t]:
                return None
            mine = moves[i][t]
            weaker = sum(m[t] < mine for m in moves) + 0.5 * (sum(m[t] == mine for m in moves) - 1)
            if weaker / (len(universe) - 1) < rank or index[t] > rsi_max:
                return None
            return 1
        fills = simulate(rows, 16 * 20 + 1, decide, lambda t: stop * range_[t])
        out += [(bar, i, position) for bar, position in fills]
    return sorted(out, key=lambda row: row[:2])


# ---- portfolios: weights of orders -------------------------------------------------------------

START = 18262  # 2020-01-01 in days of 1970


def month(day):
    return str(np.datetime64(START + day, "D"))[:7]


def hrp_weights(returns):
    """Lopez de Prado (2016): correlation, distance, single linkage, order, bisection."""
    cov, corr = np.cov(returns), np.corrcoef(returns)
    distance = np.sqrt(np.clip((1 - corr) / 2, 0, None))
    link = hierarchy.linkage(distance, "single")
    order = hierarchy.leaves_list(link).tolist()

    def variance(items):
        part = cov[np.ix_(items, items)]
        w = 1 / np.diag(part)
        w /= w.sum()
        return float(w @ part @ w)
    weights = np.ones(len(order))
    todo = [order]
    while todo:
        items = todo.pop()
        if len(items) < 2:
            continue
        left, right = items[:len(items) // 2], items[len(items) // 2:]
        share = 1 - variance(left) / (variance(left) + variance(right))
        weights[left] *= share
        weights[right] *= 1 - share
        todo += [left, right]
    return weights


def hrp(universe, lookback=100, invest=0.99):
    closes = np.array([[r[3] for r in rows] for rows in universe])
    out = []
    for t in range(lookback, closes.shape[1] - 1):
        if t > lookback and month(t) == month(t - 1):
            continue
        window = closes[:, t - lookback:t + 1]
        for i, weight in enumerate(hrp_weights(window[:, 1:] / window[:, :-1] - 1)):
            out.append((t + 1, i, invest * weight))
    return out


def momentum_rotation(universe, lookback=100, skip=21, top=3, invest=0.99):
    out, held = [], set()
    for t in range(lookback, len(universe[0]) - 1):
        if month(t) == month(t - 1):
            continue
        moves = [rows[t - skip][3] / rows[t - lookback][3] - 1 for rows in universe]
        best = set(sorted(range(len(moves)), key=lambda i: (-moves[i], i))[:top])
        out += [(t + 1, i, invest / top if i in best else 0.0) for i in sorted(best | held)]
        held = best
    return out


# ---- pairs -------------------------------------------------------------------------------------

def quarter(day):
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(int)) // 3


def cointegrated(seed, count):
    """b walks; log a hangs on it by a spread that comes back."""
    b = walk64(seed, count)
    noise = walk64(seed + 500, count)
    spread, a = 0.0, []
    for t in range(count):
        shock = noise[t][3] / noise[t][0] - 1
        spread = 0.9 * spread + shock
        close = round(math.exp(1 + 0.8 * math.log(b[t][3]) + spread) * 64) / 64
        a.append((close, close, close, close))
    return a, [(c, c, c, c) for _, _, _, c in b]


def market_neutral(universe, formation=120, pairs=2, enter=2.0, leave=0.5, stop=4.0):
    closes = np.log(np.array([[r[3] for r in rows] for rows in universe]))
    critical = -3.33613 - 6.1101 / formation - 6.823 / formation**2
    chosen, out, position = [], [], {}
    warmup = formation + 66
    wishes = {}
    for t in range(closes.shape[1]):
        for i, wish in wishes.items():
            if np.sign(wish) != np.sign(position.get(i, 0.0)):
                if position.get(i, 0.0) != 0.0 and wish != 0.0:
                    out.append((t, i, 0))
                out.append((t, i, int(np.sign(wish))))
                position[i] = wish
        wishes = {}
        if t + 1 == closes.shape[1]:
            break
        if t > 0 and quarter(START + t) != quarter(START + t - 1):
            chosen = choose(closes, t, formation, pairs, critical, chosen, position)
        for pair in chosen:
            a, b, alpha, beta, width, _ = pair["fit"]
            z = (closes[a, t] - alpha - beta * closes[b, t]) / width
            held = position.get(a, 0.0) != 0.0 or position.get(b, 0.0) != 0.0
            if abs(z) > stop:
                pair["given_up"] = True
            if pair["given_up"] or (held and abs(z) < leave):
                wishes[a] = wishes[b] = 0.0
            elif not held and abs(z) > enter and t + 1 >= warmup:
                side = -1.0 if z > 0 else 1.0
                wishes[a], wishes[b] = side, -side
    return sorted(out, key=lambda row: row[:2])


def choose(closes, t, formation, pairs, critical, chosen, position):
    kept = [p for p in chosen if position.get(p["fit"][0], 0.0) or position.get(p["fit"][1], 0.0)]
    taken = {i for p in kept for i in p["fit"][:2]}
    fits = []
    for i in range(len(closes)):
        for k in range(i + 1, len(closes)):
            if i in taken or k in taken or t + 1 < formation:
                continue
            best = None
            for a, b in ((i, k), (k, i)):
                y, x = closes[a, t + 1 - formation:t + 1], closes[b, t + 1 - formation:t + 1]
                beta, alpha = np.polyfit(x, y, 1)
                e = y - alpha - beta * x
                tau = adfuller(e, maxlag=1, autolag=None, regression="n")[0]
                width = math.sqrt(float(e @ e) / (formation - 2))
                if best is None or tau < best[5]:
                    best = (a, b, alpha, beta, width, tau)
            if best[5] < critical and best[3] > 0:
                fits.append(best)
    for fit in sorted(fits, key=lambda f: f[5]):
        if len(kept) < pairs and not taken & set(fit[:2]):
            kept.append({"fit": fit, "given_up": False})
            taken |= set(fit[:2])
    return kept


def write(folder, name, lines):
    with open(f"{folder}/{name}.txt", "w", encoding="ascii") as out:
        for line in lines:
            out.write(" ".join(f"{v:.12g}" if isinstance(v, float) else str(v) for v in line) + "\n")
    print(name, len(lines))


def main(folder):
    rows = walk64(42, 2000)
    single = {
        "ema_cross": ema_cross(rows), "macd": macd(rows), "rsi_reversion": rsi_reversion(rows),
        "rsi_reversion_trend": rsi_reversion(rows, period=2, buy=10, leave=65, trend=200),
        "bollinger_reversion": bollinger(rows, "reversion"),
        "bollinger_breakout": bollinger(rows, "breakout"), "donchian": donchian(rows),
        "scalper_sigma": scalper_sigma(rows), "gamma_reversal": gamma_reversal(rows),
        "bull_mode": bull_mode(rows),
    }
    for name, fills in single.items():
        write(folder, name, [(bar, 0, position) for bar, position in fills])
    universe = [walk64(1000 + k, 800) for k in range(6)]
    write(folder, "trend_breakout", trend_breakout([walk64(1000 + k, 1500) for k in range(4)]))
    write(folder, "hrp", hrp(universe))
    write(folder, "momentum_rotation", momentum_rotation(universe))
    pairs = [*cointegrated(2000, 900), *cointegrated(2001, 900), walk64(2002, 900)]
    pairs[4] = [(c, c, c, c) for _, _, _, c in pairs[4]]
    write(folder, "market_neutral", market_neutral(pairs))


if __name__ == "__main__":
    main(sys.argv[1])
