"""What the vendors' real clients read from a server: PORT OUT.json.

Clients that this Python lacks are left out. A client's answer is a list of rows: microseconds of
the bar's start (of daily bars, the session date at 00:00 UTC), open, high, low, close, volume, with
null for what this client is not told. Each client is used as its own documentation shows, but for
the address.
"""

import datetime
import importlib
import importlib.metadata
import json
import os
import sys
import warnings
import zoneinfo

warnings.filterwarnings("ignore")
KEY = "no-secret"
UTC = datetime.timezone.utc
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
FIRST, LAST = "2022-01-03", "2024-12-31"  # of daily bars
HOURS_FIRST, HOURS_LAST = "2024-01-01", "2024-01-31"
HOUR = 3600


def seconds(day):
    return int(datetime.datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def stamp(text):
    """Of a date or an ISO time, which is UTC."""
    when = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return int(when.replace(tzinfo=when.tzinfo or UTC).timestamp()) * 1000000


def between(rows, first=FIRST, last=LAST):
    return [r for r in rows if stamp(first) <= r[0] < stamp(last) + 86400 * 1000000]


def polygon(base):
    client = importlib.import_module("polygon").RESTClient(KEY, base=base)

    def rows(ticker, span, first, last, stamp_of):
        found = client.list_aggs(ticker, 1, span, first, last, adjusted=False)
        return [[stamp_of(a), a.open, a.high, a.low, a.close, a.volume] for a in found]

    session = lambda a: stamp(datetime.datetime.fromtimestamp(a.timestamp / 1000, NEW_YORK).date())
    yield "daily", rows("SPY", "day", FIRST, LAST, session)
    yield "hours", rows("X:BTCUSD", "hour", HOURS_FIRST, HOURS_LAST, lambda a: a.timestamp * 1000)


def tiingo(base):
    client = importlib.import_module("tiingo").TiingoClient({"api_key": KEY})
    client._base_url = base
    names = ("open", "high", "low", "close", "volume")
    rows = lambda found: [[stamp(r["date"])] + [r[name] for name in names] for r in found]
    yield "daily", rows(client.get_ticker_price("SPY", startDate=FIRST, endDate=LAST))
    pair = client.get_crypto_price_history(
        ["btcusd"], startDate=HOURS_FIRST, endDate=HOURS_LAST, resampleFreq="1hour"
    )
    yield "hours", rows(pair[0]["priceData"])


def alpha_vantage(base):
    module = importlib.import_module("alpha_vantage.timeseries")
    module.TimeSeries._ALPHA_VANTAGE_API_URL = base + "/query?"
    importlib.import_module("alpha_vantage.alphavantage").AlphaVantage._ALPHA_VANTAGE_API_URL = (
        base + "/query?"
    )
    client = module.TimeSeries(KEY, output_format="pandas")
    plain, _ = client.get_daily("SPY", outputsize="full")
    adjusted, _ = client.get_daily_adjusted("SPY", outputsize="full")
    names = ("1. open", "2. high", "3. low", "4. close")
    rows = lambda frame, volume: between(
        [stamp(day.date())] + [float(row[name]) for name in names + (volume,)]
        for day, row in frame.sort_index().iterrows()
    )
    yield "daily", rows(plain, "5. volume")
    yield "adjusted", rows(adjusted, "6. volume")


def fredapi(base):
    module = importlib.import_module("fredapi")
    module.Fred.root_url = base
    client = module.Fred(api_key=KEY)
    latest = client.get_series("GDP")
    yield "values", [[stamp(d.date()), None, None, None, v, None] for d, v in latest.items()]
    releases = client.get_series_all_releases("GDP")
    yield "vintages", [
        [stamp(r["date"].date()), None, None, None, r["value"], stamp(r["realtime_start"].date())]
        for _, r in releases.iterrows()
    ]


def table(module, base):
    module.ApiConfig.api_base = base
    module.ApiConfig.api_key = KEY
    frame = module.get_table(
        "WIKI/PRICES", ticker="SPY", date={"gte": FIRST, "lte": LAST}, paginate=True
    )
    names = ("open", "high", "low", "close", "volume")
    return [[stamp(r["date"].date())] + [r[name] for name in names] for _, r in frame.iterrows()]


def nasdaqdatalink(base):
    yield "daily", table(importlib.import_module("nasdaqdatalink"), base)


def quandl(base):
    yield "daily", table(importlib.import_module("quandl"), base)


def pycoingecko(base):
    client = importlib.import_module("pycoingecko").CoinGeckoAPI()
    client.api_base_url = base + "/"
    first, last = seconds(HOURS_FIRST), seconds(HOURS_LAST) + 24 * HOUR
    samples = client.get_coin_market_chart_range_by_id("btcusd", "usd", first, last)
    hour = HOUR * 1000
    yield "samples", [
        [ms // hour * hour * 1000, None, None, None, price, None] for ms, price in samples["prices"]
    ]
    bars = client.get_coin_ohlc_by_id_range("btcusd", "usd", first, last, "hourly")
    yield "hours", [[(ms - hour) * 1000, o, h, l, c, None] for ms, o, h, l, c in bars]


def cryptocompare(base):
    os.environ["CRYPTOCOMPARE_API_KEY"] = KEY
    module = importlib.import_module("cryptocompare.cryptocompare")
    module._URL_HIST_PRICE_HOUR = module._URL_HIST_PRICE_HOUR.replace(
        "https://min-api.cryptocompare.com", base
    )
    last = seconds(HOURS_LAST) + 23 * HOUR
    found = module.get_historical_price_hour(
        "BTC", "USD", limit=(last - seconds(HOURS_FIRST)) // HOUR, toTs=last
    )
    names = ("open", "high", "low", "close", "volumefrom")
    yield "hours", [[r["time"] * 1000000] + [r[name] for name in names] for r in found]


# By the names under which they are installed.
CLIENTS = {
    "polygon-api-client": polygon,
    "tiingo": tiingo,
    "alpha_vantage": alpha_vantage,
    "fredapi": fredapi,
    "Nasdaq-Data-Link": nasdaqdatalink,
    "Quandl": quandl,
    "pycoingecko": pycoingecko,
    "cryptocompare": cryptocompare,
}


def main(port, out):
    answers = {}
    for package, ask in CLIENTS.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        base = f"http://127.0.0.1:{port}"
        for what, rows in ask(base):
            answers[f"{package} {version}: {what}"] = rows
    with open(out, "w", encoding="utf-8") as file:
        json.dump(answers, file)


main(int(sys.argv[1]), sys.argv[2])
