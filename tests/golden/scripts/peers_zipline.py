"""zipline: its slippage by volume share, its volume limit and its commission per share, on orders large
enough for all three.

Its own models are asked, day by day, as its blotter asks them (orders of one close meet the next one);
the rest of zipline, which wants a bundle of data, takes no part.
"""
import datetime

import pandas as pd
import zipline
from zipline.assets import Equity, ExchangeInfo
from zipline.finance.commission import PerShare
from zipline.finance.order import Order
from zipline.finance.slippage import VolumeShareSlippage

from peers_common import Fills, read_bars, seeded, write_case

CASH = 100_000_000


class Bar:
    """What a slippage model asks of zipline's data."""

    def __init__(self, bar):
        self.bar = bar
        self.current_dt = datetime.datetime.fromisoformat(bar["stamp"][:10])

    def current(self, _, field):
        return self.bar[field]


def some_asset():
    start, end = pd.Timestamp("2000-01-01"), pd.Timestamp("2030-01-01")
    return Equity(1, ExchangeInfo("any", "any", "US"), symbol="ANY", start_date=start, end_date=end)


def run(name, path, first, count):
    stamp, bars = read_bars(path, first, count)
    rng = seeded(name)
    asset = some_asset()
    slippage = VolumeShareSlippage(volume_limit=0.025, price_impact=0.1)
    commission = PerShare(cost=0.0075, min_trade_cost=1.0)
    fills, values, orders = Fills(), [], []
    cash, held, waiting = float(CASH), 0, []
    for number, bar in enumerate(bars):
        data = Bar(bar)
        for order, deal in slippage.simulate(data, asset, waiting):
            fee = commission.calculate(order, deal)
            order.filled += deal.amount
            order.commission += fee
            cash -= deal.amount * deal.price + fee
            held += deal.amount
            fills.add(number, deal.amount, deal.price, fee)
        waiting = [order for order in waiting if order.open_amount != 0]
        values.append(cash + held * bar["close"])
        # One at a time: of several, zipline counts the shares of all in the impact, we each its own.
        if number < count - 1 and not waiting:
            units = max(1, int(bar["volume"] * rng.choice((0.0005, 0.01, 0.04)) * rng.random()))
            side = rng.choice((1, -1))
            waiting = [Order(data.current_dt, asset, side * units)]
            orders.append(
                {
                    "bar": number,
                    "side": "buy" if side > 0 else "sell",
                    "units": units,
                    "type": "market",
                }
            )
    options = {
        "cash": str(CASH),
        "fill_at": "next-close",
        "fee_per_unit": "0.0075",
        "fee_minimum": "1",
        "quadratic_impact": "0.1",
        "volume_cap": "0.025",
        "calendar": "24/7",
    }
    version = zipline.__version__
    write_case(name, "zipline", version, (path, stamp, first, count), options, orders, fills, values)


run("zipline_volume_share", "crypto/daily/BTCUSD_bitstamp.csv", 300, 150)
