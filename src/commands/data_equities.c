#include "commands/fetch-private.h"

const fetch_class fetch_equities = {
    "equities", QB_EQUITY,
    "Downloads bars of stocks and funds, raw, with dividends and splits where the provider has "
    "them.\n"
    "Without --provider the first of Polygon, Tiingo and Alpha Vantage that has a key is asked.\n"
    "\n"
    "Examples:\n"
    "  quantbot data equities --symbols SPY,AAPL --start 2015-01-01\n"
    "  quantbot data equities --symbols @sp500.txt --provider tiingo --wait 1h\n"
    "  quantbot data equities --symbols AAPL --interval 5m --start 2026-03-01\n"};

int command_data_equities(int argc, char **argv)
{
    return fetch_command(argc, argv, &fetch_equities);
}
