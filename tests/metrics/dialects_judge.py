"""What the tools themselves say of the curves in a folder: figures.json beside curves.json.

The tools that this Python lacks are left out of the answer. Figures bear the keys of
qb_dialect_kpi; nan and infinities are texts.
"""

import importlib
import json
import math
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
np.seterr(all="ignore")


class Curve:
    def __init__(self, raw):
        self.index = pd.to_datetime(raw["day"], unit="D")
        self.equity = pd.Series(raw["equity"], self.index)
        self.price = pd.Series(raw["price"], self.index)
        self.r = self.equity.pct_change().dropna()
        self.b = self.price.pct_change().dropna()
        self.risk_free = raw["risk_free"]
        self.trades = pd.DataFrame(
            raw["trades"], columns=["entry", "exit", "profit", "fraction"]
        )


def quantstats(curve):
    """By way of a frame, as its report does: a series without drawdown has no Calmar ratio."""
    stats = importlib.import_module("quantstats.stats")
    r, rf, frame = curve.r, curve.risk_free, curve.r.to_frame("returns")
    pick = lambda name, *given: getattr(stats, name)(frame, *given)["returns"]
    greeks = stats.greeks(r, curve.b)
    return {
        "total_return": pick("comp"),
        "cagr": pick("cagr"),
        "volatility": pick("volatility"),
        "max_drawdown": stats.max_drawdown(r),
        "sharpe": pick("sharpe", rf),
        "sortino": pick("sortino", rf),
        "calmar": pick("calmar"),
        "alpha": greeks["alpha"],
        "beta": greeks["beta"],
        "win_rate": pick("win_rate"),
        "profit_factor": stats.profit_factor(r),
        "exposure": pick("exposure"),
        "psr": stats.probabilistic_sharpe_ratio(r, rf),
        "skew": pick("skew"),
        "kurtosis": pick("kurtosis"),
        "omega": stats.omega(r, rf),
        "gain_pain": pick("gain_to_pain_ratio"),
        "payoff": pick("payoff_ratio"),
        "kelly": pick("kelly_criterion"),
        "value_at_risk": -abs(stats.value_at_risk(r)),
        "expected_shortfall": -abs(stats.conditional_value_at_risk(r)),
        "tail_ratio": pick("tail_ratio"),
        "ulcer": stats.ulcer_index(r),
    }


def empyrical(curve):
    e = importlib.import_module("empyrical")
    r, b, rate = curve.r, curve.b, curve.risk_free / 252
    return {
        "total_return": e.cum_returns_final(r),
        "cagr": e.annual_return(r),
        "volatility": e.annual_volatility(r),
        "max_drawdown": e.max_drawdown(r),
        "sharpe": e.sharpe_ratio(r, rate),
        "sortino": e.sortino_ratio(r),
        "calmar": e.calmar_ratio(r),
        "alpha": e.alpha(r, b, rate),
        "beta": e.beta(r, b, rate),
        "downside_risk": e.downside_risk(r),
        "omega": e.omega_ratio(r, rate),
        "stability": e.stability_of_timeseries(r),
        "tail_ratio": e.tail_ratio(r),
        "value_at_risk": e.value_at_risk(r),
        "expected_shortfall": e.conditional_value_at_risk(r),
    }


def backtesting(curve):
    compute = importlib.import_module("backtesting._stats").compute_stats
    place = {day: at for at, day in enumerate(curve.index)}
    days = lambda name: pd.to_datetime(curve.trades[name], unit="D")
    trades = pd.DataFrame(
        {
            "EntryBar": [place[day] for day in days("entry")],
            "ExitBar": [place[day] for day in days("exit")],
            "PnL": curve.trades["profit"],
            "ReturnPct": curve.trades["fraction"],
            "Duration": days("exit") - days("entry"),
        }
    )
    bars = pd.DataFrame({"Close": curve.price})
    s = compute(trades, curve.equity.values, bars, None, curve.risk_free)
    # Where the last bar alone lies below the peak, it gives a depth for a duration.
    span = lambda name: (
        s[name] / pd.Timedelta(days=1) if isinstance(s[name], pd.Timedelta) else math.nan
    )
    return {
        "exposure": s["Exposure Time [%]"] / 100,
        "end_equity": s["Equity Final [$]"],
        "peak_equity": s["Equity Peak [$]"],
        "total_return": s["Return [%]"] / 100,
        "benchmark_return": s["Buy & Hold Return [%]"] / 100,
        "cagr_count": s["Return (Ann.) [%]"] / 100,
        "volatility": s["Volatility (Ann.) [%]"] / 100,
        "cagr": s["CAGR [%]"] / 100,
        "sharpe": s["Sharpe Ratio"],
        "sortino": s["Sortino Ratio"],
        "calmar": s["Calmar Ratio"],
        "alpha": s["Alpha [%]"] / 100,
        "beta": s["Beta"],
        "max_drawdown": s["Max. Drawdown [%]"] / 100,
        "average_drawdown": s["Avg. Drawdown [%]"] / 100,
        "longest_drawdown": span("Max. Drawdown Duration"),
        "average_drawdown_days": span("Avg. Drawdown Duration"),
        "trades": s["# Trades"],
        "win_rate": s["Win Rate [%]"] / 100,
        "best_trade": s["Best Trade [%]"] / 100,
        "worst_trade": s["Worst Trade [%]"] / 100,
        "average_trade": s["Avg. Trade [%]"] / 100,
        "longest_trade": span("Max. Trade Duration"),
        "average_trade_days": span("Avg. Trade Duration"),
        "profit_factor": s["Profit Factor"],
        "expectancy_fraction": s["Expectancy [%]"] / 100,
        "sqn": s["SQN"],
        "kelly": s["Kelly Criterion"],
    }


def freqtrade(curve):
    m = importlib.import_module("freqtrade.data.metrics")
    trades = pd.DataFrame(
        {
            "profit_abs": curve.trades["profit"],
            "close_date": pd.to_datetime(curve.trades["exit"], unit="D"),
        }
    )
    first, last = (day.to_pydatetime() for day in (curve.index[0], curve.index[-1]))
    start, end = curve.equity.iloc[0], curve.equity.iloc[-1]
    days = (last - first).days or 1
    try:
        fall = m.calculate_max_drawdown(trades, starting_balance=start)
        under = m.calculate_max_drawdown(trades, starting_balance=start, relative=True)
        falls = [
            fall.relative_account_drawdown,
            fall.drawdown_abs,
            under.relative_account_drawdown,
        ]
    except ValueError:
        falls = [0, 0, 0]
    expectancy, ratio = m.calculate_expectancy(trades)
    return {
        "cagr": m.calculate_cagr(days, start, end),
        "sharpe": m.calculate_sharpe(trades, first, last, start),
        "sortino": m.calculate_sortino(trades, first, last, start),
        "calmar": m.calculate_calmar(trades, first, last, start),
        "expectancy": expectancy,
        "expectancy_ratio": ratio,
        "max_drawdown": falls[0],
        "drawdown_money": falls[1],
        "underwater": falls[2],
    }


def vectorbt(curve):
    importlib.import_module("vectorbt")
    accessor = curve.r.vbt.returns(
        benchmark_rets=curve.b,
        freq="1D",
        defaults={"risk_free": curve.risk_free / 365},
    )
    s = accessor.stats()
    return {
        "total_return": s["Total Return [%]"] / 100,
        "benchmark_return": s["Benchmark Return [%]"] / 100,
        "cagr": s["Annualized Return [%]"] / 100,
        "volatility": s["Annualized Volatility [%]"] / 100,
        "max_drawdown": s["Max Drawdown [%]"] / 100,
        "sharpe": s["Sharpe Ratio"],
        "sortino": s["Sortino Ratio"],
        "calmar": s["Calmar Ratio"],
        "omega": s["Omega Ratio"],
        "skew": s["Skew"],
        "kurtosis": s["Kurtosis"],
        "tail_ratio": s["Tail Ratio"],
        "common_sense": s["Common Sense Ratio"],
        "value_at_risk": s["Value at Risk"],
        "alpha": s["Alpha"],
        "beta": s["Beta"],
    }


TOOLS = {
    "quantstats": (quantstats, "quantstats.stats"),
    "empyrical": (empyrical, "empyrical"),
    "backtesting.py": (backtesting, "backtesting._stats"),
    "freqtrade": (freqtrade, "freqtrade.data.metrics"),
    "vectorbt": (vectorbt, "vectorbt"),
}


def plain(value):
    value = float(value)
    return value if math.isfinite(value) else str(value)


def main(folder):
    with open(f"{folder}/curves.json") as file:
        curves = [Curve(raw) for raw in json.load(file)]
    answer = {}
    for name, (figures, module) in TOOLS.items():
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        answer[name] = [
            {key: plain(value) for key, value in figures(curve).items()} for curve in curves
        ]
    with open(f"{folder}/figures.json", "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main(sys.argv[1])
