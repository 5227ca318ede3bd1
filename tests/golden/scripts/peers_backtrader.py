"""backtrader: resting and trailing orders, brackets, orders at the close, slippage and volume.

Its sizes and prices are floats and so is its cash; each order here is made at a bar's close by its
number and looked up again when it has executed.
"""
import backtrader as bt
import pandas as pd

from peers_common import Fills, away, first_exit, opens_beyond, read_bars, seeded, write_case

CASH, RATE = 10_000_000, 0.001
TYPES = {
    "market": bt.Order.Market,
    "limit": bt.Order.Limit,
    "stop": bt.Order.Stop,
    "stop-limit": bt.Order.StopLimit,
    "trailing-stop": bt.Order.StopTrail,
    "market-on-close": bt.Order.Close,
}


class Scripted(bt.Strategy):
    params = (("by_bar", None), ("fills", None), ("values", None), ("on_close", False))

    def __init__(self):
        self.known, self.cancels = {}, {}

    def arguments(self, order):
        words = {"size": order["units"], "exectype": TYPES[order["type"]]}
        if "limit" in order:
            words["price"] = order["limit"]
        if "stop" in order:
            words["price"] = order["stop"]
        if order["type"] == "stop-limit":
            words["plimit"] = order["limit"]
        if "trail" in order:
            words["trailamount"] = order["trail"]
        if "trail_share" in order:
            words["trailpercent"] = order["trail_share"]
        if "until" in order:
            words["valid"] = pd.Timestamp(self.p.stamps[order["until"]]).to_pydatetime()
        return words

    def send(self, number, order):
        buys = order["side"] == "buy"
        if "stop_loss" in order:  # the parent at market; children work from the next bar on
            bracket = self.buy_bracket if buys else self.sell_bracket
            bracket(
                size=order["units"],
                exectype=bt.Order.Market,
                stopprice=order["stop_loss"],
                limitprice=order["take_profit"],
            )
            return
        made = (self.buy if buys else self.sell)(**self.arguments(order))
        if "cancel" in order:
            self.cancels.setdefault(order["cancel"], []).append(made)

    def next(self):
        bar = len(self) - 1
        self.p.values.append(self.broker.getvalue())
        for made in self.cancels.get(bar, []):
            self.cancel(made)
        for number, order in self.p.by_bar.get(bar, []):
            self.send(number, order)

    def notify_order(self, order):
        for bit in order.executed.iterpending():
            bar = len(self) - 1 - (1 if self.p.on_close else 0)
            self.p.fills.add(bar, bit.size, bit.price, abs(bit.size) * bit.price * RATE)


def run(name, path, first, count, orders, options, broker=None, on_close=False, kept=list):
    stamp, bars = read_bars(path, first, count)
    stamps = [b["stamp"] for b in bars]
    frame = pd.DataFrame(bars, index=pd.to_datetime(stamps)).drop(columns="stamp")
    made = list(orders(bars))
    by_bar = {}
    for number, order in enumerate(made):
        by_bar.setdefault(order["bar"], []).append((number, order))
    fills, values = Fills(), []
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, openinterest=None))
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=RATE)
    for call, words in (broker or {}).items():
        getattr(cerebro.broker, call)(**words)
    cerebro.addstrategy(
        type("Now", (Scripted,), {"params": (("stamps", stamps),)}),
        by_bar=by_bar,
        fills=fills,
        values=values,
        on_close=on_close,
    )
    cerebro.run()
    write_case(
        name,
        "backtrader",
        bt.__version__,
        (path, stamp, first, count),
        {"cash": str(CASH), "fee_rate": str(RATE), **options},
        list(kept(made)),
        fills,
        values,
    )


def resting(bars):
    """Market, limit, stop and trailing orders of both sides, some with an end, some cancelled."""
    rng = seeded("backtrader resting")
    for bar in range(0, len(bars) - 1):
        if rng.random() > 0.15:
            continue
        close, side = bars[bar]["close"], rng.choice((1, -1))
        order = {"bar": bar, "side": "buy" if side > 0 else "sell", "units": rng.randint(1, 40)}
        order["type"] = rng.choice(("market", "limit", "limit", "stop", "stop", "trailing-stop"))
        if order["type"] == "limit":
            order["limit"] = away(rng, close, -side, -0.01, 0.06)
        if order["type"] == "stop":
            order["stop"] = away(rng, close, side, 0.002, 0.06)
        if order["type"] == "trailing-stop":
            if rng.random() < 0.5:
                order["trail"] = round(close * rng.uniform(0.02, 0.08), 4)
            else:
                order["trail_share"] = round(rng.uniform(0.02, 0.08), 3)
        if order["type"] != "market" and rng.random() < 0.3:
            order["until"] = min(bar + rng.randint(1, 6), len(bars) - 1)
        elif order["type"] != "market" and rng.random() < 0.3:
            order["cancel"] = bar + rng.randint(1, 6)
        yield order


def stop_limits(bars):
    """The limit on the far side of the stop."""
    rng = seeded("backtrader stop-limits")
    for bar in range(0, len(bars) - 1):
        if rng.random() > 0.12:
            continue
        close, side = bars[bar]["close"], rng.choice((1, -1))
        stop = away(rng, close, side, 0.005, 0.04)
        yield {
            "bar": bar,
            "side": "buy" if side > 0 else "sell",
            "units": rng.randint(1, 40),
            "type": "stop-limit",
            "stop": stop,
            "limit": round(stop * (1 + side * rng.uniform(0.001, 0.02)), 4),
        }


def markets(most, apart=1, kind="market"):
    """At most so many units, and so many bars apart: its filler gives each order the whole share of a
    bar's volume, ours gives it to all orders together, so there is one at a time."""

    def orders(bars):
        rng = seeded(f"backtrader markets {most}")
        for bar in range(0, len(bars) - 1, apart):
            if apart > 1 or rng.random() < 0.15:
                yield {
                    "bar": bar,
                    "side": rng.choice(("buy", "sell")),
                    "units": rng.randint(1, most),
                    "type": kind,
                }

    return orders


def slipped(bars):
    """What is slipped: market orders and stops."""
    rng = seeded("backtrader slipped")
    for bar in range(0, len(bars) - 1):
        if rng.random() > 0.15:
            continue
        close, side = bars[bar]["close"], rng.choice((1, -1))
        order = {"bar": bar, "side": "buy" if side > 0 else "sell", "units": rng.randint(1, 40)}
        order["type"] = rng.choice(("market", "stop"))
        if order["type"] == "stop":
            order["stop"] = away(rng, close, side, 0.002, 0.04)
        yield order


def brackets(bars):
    """One at a time: the next is made once an exit of the one before has been reached."""
    rng = seeded("backtrader brackets")
    bar = 0
    while bar < len(bars) - 40:
        close, side = bars[bar]["close"], rng.choice((1, -1))
        order = {
            "bar": bar,
            "side": "buy" if side > 0 else "sell",
            "units": rng.randint(1, 40),
            "type": "market",
            "stop_loss": away(rng, close, -side, 0.02, 0.05),
            "take_profit": away(rng, close, side, 0.02, 0.05),
        }
        bar = first_exit(bars, bar + 2, order)
        if not opens_beyond(bars[bar], order):
            yield order
        bar += rng.randint(1, 3)


def after_entry(made):
    """The exits as orders of their own, made at the close of the bar that the entry was filled in."""
    place = 0
    for number, order in enumerate(made, 1):
        entry = {k: order[k] for k in ("bar", "side", "units", "type")}
        back = {
            "after": place,
            "side": "sell" if order["side"] == "buy" else "buy",
            "units": order["units"],
            "group": number,
        }
        yield entry
        yield {**back, "type": "stop", "stop": order["stop_loss"]}
        yield {**back, "type": "limit", "limit": order["take_profit"]}
        place += 3


ORCL, NVDA = "equities/daily_yahoo/ORCL.csv", "equities/daily_yahoo/NVDA.csv"
run("backtrader_resting", ORCL, 1000, 700, resting, {"model": "pessimistic"})
run("backtrader_stop_limits", ORCL, 1800, 600, stop_limits, {"model": "neutral"})
run("backtrader_brackets", NVDA, 500, 400, brackets, {"model": "pessimistic"}, kept=after_entry)
run(
    "backtrader_on_close",
    ORCL,
    2600,
    400,
    markets(40),
    {"fill_at": "close"},
    broker={"set_coc": {"coc": True}},
    on_close=True,
)
run("backtrader_next_close", ORCL, 600, 200, markets(30, 3, "market-on-close"), {})
run(
    "backtrader_slippage",
    ORCL,
    3000,
    500,
    slipped,
    {"slippage": "0.0005"},
    broker={"set_slippage_perc": {"perc": 0.0005, "slip_open": True, "slip_out": True}},
)
run(
    "backtrader_volume",
    NVDA,
    2000,
    300,
    markets(2500, 10),
    {"volume_cap": "0.0001"},
    broker={"set_filler": {"filler": bt.broker.fillers.FixedBarPerc(perc=0.01)}},
)
