"""vectorbt: orders at given prices with fees and slippage, and signals with stop and target.

It sees one order a bar and column, at a price that the caller gives. With the close it is the close that
decides, with the next bar's open it is ours by default.
"""
import numpy as np
import vectorbt as vbt

from peers_common import Fills, read_bars, seeded, write_case

CASH, RATE, SLIPPAGE = 10_000_000, 0.001, 0.0005
STOP, TARGET, TRAIL = 0.025, 0.03, 0.05


def fills_of(portfolio):
    fills = Fills()
    for row in portfolio.orders.records.itertuples():
        units = row.size if row.side == 0 else -row.size
        fills.add(int(row.idx), units, row.price, row.fees)
    return fills


def column(bars, key):
    return np.array([bar[key] for bar in bars])


def keep(name, bars, options, orders, portfolio):
    write_case(
        name,
        "vectorbt",
        vbt.__version__,
        bars,
        {"cash": str(CASH), "fee_rate": str(RATE), "slippage": str(SLIPPAGE), **options},
        orders,
        fills_of(portfolio),
        [float(v) for v in np.asarray(portfolio.value()).ravel()],
    )


def sized(name, path, first, count, at):
    """Fractional sizes of both sides, at the next open or at the close that decides."""
    stamp, bars = read_bars(path, first, count)
    rng = seeded(name)
    size, orders = np.zeros(count), []
    delay = 1 if at == "next-open" else 0
    for bar in range(0, count - 1):
        if rng.random() > 0.15:
            continue
        units = round(rng.uniform(0.01, 5.0), 6)
        side = rng.choice((1, -1))
        size[bar + delay] = side * units
        orders.append(
            {"bar": bar, "side": "buy" if side > 0 else "sell", "units": units, "type": "market"}
        )
    portfolio = vbt.Portfolio.from_orders(
        column(bars, "close"),
        size=size,
        price=column(bars, "open" if delay else "close"),
        fees=RATE,
        slippage=SLIPPAGE,
        init_cash=CASH,
        direction="both",
    )
    options = {"fill_at": at, "lot": "0.00000001", "calendar": "24/7"}
    keep(name, (path, stamp, first, count), options, orders, portfolio)


def bracketed(entry_bars, exits):
    """Each entry with a stop and a target; its own exits are sales of what is left, at the close."""
    for bar in entry_bars:
        order = {"bar": bar, "side": "buy", "units": 10, "type": "market"}
        yield order | {"stop_loss_share": STOP, "take_profit_share": TARGET}
    for bar in np.flatnonzero(exits):
        yield {
            "bar": int(bar), "side": "sell", "units": 10, "type": "market", "reduce_only": True
        }


def moved_stops(entry_bars, exit_bars, bars):
    """vectorbt's trail follows the highs, each bar's from its end on. None of our trailing stops does
    that (they follow the path, or the closes), so the stop is a plain one that is replaced at each
    close: 1 - TRAIL of the highest high since the entry's close."""
    for entry, last in zip(entry_bars, exit_bars + [len(bars)]):
        yield {"bar": entry, "side": "buy", "units": 10, "type": "market"}
        best = bars[entry]["close"]
        for bar in range(entry, min(last, len(bars) - 1)):
            if bar > entry:
                best = max(best, bars[bar]["high"])
            yield {
                "bar": bar,
                "side": "sell",
                "units": 10,
                "type": "stop",
                "stop": round(best * (1 - TRAIL), 8),
                "cancel": bar + 1,
            }


def with_stops(name, path, first, count, trailing):
    """Entries at the close; a stop, and a target or a trail, from the next bar on."""
    stamp, bars = read_bars(path, first, count)
    rng = seeded(name)
    entries, exits = np.zeros(count, bool), np.zeros(count, bool)
    for bar in range(0, count - 1):
        entries[bar] = rng.random() < 0.25
        exits[bar] = not trailing and not entries[bar] and rng.random() < 0.04
    words = {"sl_stop": TRAIL if trailing else STOP, "sl_trail": trailing}
    if not trailing:
        words["tp_stop"] = TARGET
    portfolio = vbt.Portfolio.from_signals(
        column(bars, "close"),
        entries=entries,
        exits=exits,
        size=10.0,
        open=column(bars, "open"),
        high=column(bars, "high"),
        low=column(bars, "low"),
        fees=RATE,
        slippage=0.0,
        init_cash=CASH,
        **words,
    )
    records = portfolio.orders.records
    entry_bars = [int(row.idx) for row in records.itertuples() if row.side == 0]
    exit_bars = [int(row.idx) for row in records.itertuples() if row.side == 1]
    if trailing:
        orders = list(moved_stops(entry_bars, exit_bars, bars))
    else:
        orders = list(bracketed(entry_bars, exits))
    orders.sort(key=lambda order: order["bar"])
    options = {"fill_at": "close", "model": "pessimistic", "slippage": "0"}
    keep(name, (path, stamp, first, count), options, orders, portfolio)


COIN, ORCL = "crypto/daily/BTCUSD_bitstamp.csv", "equities/daily_yahoo/ORCL.csv"
sized("vectorbt_next_open", COIN, 300, 500, "next-open")
sized("vectorbt_on_close", COIN, 900, 500, "close")
with_stops("vectorbt_stops", ORCL, 1000, 400, trailing=False)
with_stops("vectorbt_trailing", ORCL, 1700, 200, trailing=True)
