#include "commands/fetch-private.h"

const fetch_class fetch_crypto = {
    "crypto", QB_CRYPTO,
    "Downloads bars of coins. Without --provider and keys CoinGecko is asked, whose free prices "
    "are\n"
    "samples of the last 365 days; Tiingo has bars with a free key.\n"
    "\n"
    "Examples:\n"
    "  quantbot data crypto --symbols btc,eth --interval 1h --start 2026-01-01\n"
    "  quantbot data crypto --symbols BTC-USD --provider tiingo --interval 1m --start 2026-03-01\n"
    "  quantbot data crypto --symbols PEPE-USD=pepe --start 2026-01-01\n"};

int command_data_crypto(int argc, char **argv)
{
    return fetch_command(argc, argv, &fetch_crypto);
}
