"""backtesting.py: market, limit, stop, stop-limit and bracket orders, long and short."""
import warnings

import pandas as pd
from backtesting import Backtest, Strategy, __version__, backtesting

from peers_common import (
    Fills,
    away,
    first_exit,
    holds_both,
    opens_beyond,
    read_bars,
    seeded,
    write_case,
)

warnings.simplefilter("ignore")
CASH, RATE = 10_000_000, 0.001
fills = None


def spy_on_broker():
    """Its trades are first in, first out; what is compared are the fills behind them."""
    broker = backtesting._Broker
    open_trade, close_trade = broker._open_trade, broker._close_trade

    def opened(self, price, size, sl, tp, time_index, tag):
        fills.add(time_index, size, price, abs(size) * price * RATE)
        return open_trade(self, price, size, sl, tp, time_index, tag)

    def closed(self, trade, price, time_index):
        fills.add(time_index, -trade.size, price, abs(trade.size) * price * RATE)
        return close_trade(self, trade, price, time_index)

    broker._open_trade, broker._close_trade = opened, closed


def run(name, path, first, count, orders, options, when_flat=False, kept=list, **settings):
    global fills
    fills = Fills()
    stamp, bars = read_bars(path, first, count)
    frame = pd.DataFrame(
        {k.capitalize(): [b[k] for b in bars] for k in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime([b["stamp"] for b in bars]),
    )
    by_bar, made = {}, []
    for order in orders(bars):
        by_bar.setdefault(order["bar"], []).append(order)

    class Scripted(Strategy):
        def init(self):
            pass

        def next(self):
            for order in by_bar.get(len(self.data) - 1, []):
                if when_flat and (self.position or self.orders):
                    continue
                send = self.buy if order["side"] == "buy" else self.sell
                send(
                    size=order["units"],
                    limit=order.get("limit"),
                    stop=order.get("stop"),
                    sl=order.get("stop_loss"),
                    tp=order.get("take_profit"),
                )
                made.append(order)

    test = Backtest(frame, Scripted, cash=CASH, commission=RATE, **settings)
    result = test.run()
    # next() is not called on the first bar, and an order of the last is not filled.
    made = [o for o in made if o["bar"] < count - 1]
    equity = list(result["_equity_curve"]["Equity"])
    write_case(
        name,
        "backtesting.py",
        __version__,
        (path, stamp, first, count),
        {"cash": str(CASH), "fee_rate": str(RATE), **options},
        list(kept(made)),
        fills,
        equity,
    )


def resting(bars):
    """Market, limit and stop orders of both sides, independent of each other."""
    rng = seeded("resting")
    for bar in range(1, len(bars) - 1):
        if rng.random() > 0.12:
            continue
        close, side = bars[bar]["close"], rng.choice((1, -1))
        order = {"bar": bar, "side": "buy" if side > 0 else "sell", "units": rng.randint(1, 40)}
        order["type"] = rng.choice(("market", "limit", "limit", "stop", "stop"))
        if order["type"] == "limit":
            order["limit"] = away(rng, close, -side, -0.01, 0.06)
        if order["type"] == "stop":
            order["stop"] = away(rng, close, side, 0.002, 0.06)
        yield order


def brackets(least, most, unsaid):
    """One position at a time, with a stop and a target so far from the close; none whose exit is in a
    bar that is `unsaid` by our options."""

    def orders(bars):
        rng = seeded(f"brackets {least}")
        for bar in range(1, len(bars) - 1):
            if rng.random() > 0.3:
                continue
            close, side = bars[bar]["close"], rng.choice((1, -1))
            order = {
                "bar": bar,
                "side": "buy" if side > 0 else "sell",
                "units": rng.randint(1, 40),
                "type": "market",
                "stop_loss": away(rng, close, -side, least, most),
                "take_profit": away(rng, close, side, least, most),
            }
            if not unsaid(bars[first_exit(bars, bar + 1, order)], order):
                yield order

    return orders


def as_groups(made):
    """Each bracket as three orders: the entry, and a stop and a limit of one OCO group."""
    for number, order in enumerate(made, 1):
        entry = {k: order[k] for k in ("bar", "side", "units", "type")}
        back = {**entry, "side": "sell" if order["side"] == "buy" else "buy", "group": number}
        yield entry
        yield {**back, "type": "stop", "stop": order["stop_loss"]}
        yield {**back, "type": "limit", "limit": order["take_profit"]}


def stop_limits(bars):
    """A limit on the near side of the stop: reached only after the price has come back."""
    rng = seeded("stop-limits")
    for bar in range(1, len(bars) - 1):
        if rng.random() > 0.1:
            continue
        close, side = bars[bar]["close"], rng.choice((1, -1))
        stop = away(rng, close, side, 0.005, 0.04)
        yield {
            "bar": bar,
            "side": "buy" if side > 0 else "sell",
            "units": rng.randint(1, 40),
            "type": "stop-limit",
            "stop": stop,
            "limit": round(stop * (1 - side * rng.uniform(0.001, 0.02)), 4),
        }


def markets(bars):
    rng = seeded("markets")
    for bar in range(1, len(bars) - 1):
        if rng.random() < 0.15:
            yield {
                "bar": bar,
                "side": rng.choice(("buy", "sell")),
                "units": rng.randint(1, 40),
                "type": "market",
            }


ORCL, NVDA = "equities/daily_yahoo/ORCL.csv", "equities/daily_yahoo/NVDA.csv"
spy_on_broker()
run("backtesting_resting", ORCL, 1000, 700, resting, {"model": "neutral"})
run(
    "backtesting_brackets",
    ORCL,
    1200,
    700,
    brackets(0.06, 0.12, holds_both),
    {"model": "neutral"},
    when_flat=True,
)
run(
    "backtesting_stop_first",
    NVDA,
    500,
    250,
    brackets(0.02, 0.035, opens_beyond),
    {"model": "pessimistic"},
    when_flat=True,
    kept=as_groups,
)
run("backtesting_stop_limits", ORCL, 1800, 700, stop_limits, {"model": "pessimistic"})
run("backtesting_on_close", ORCL, 2600, 500, markets, {"fill_at": "close"}, trade_on_close=True)
