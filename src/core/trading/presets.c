/* Fee schedules of brokers and venues, of their entry tier. docs/COSTS.md says what each source
 * states, how far it could be confirmed, and what of it is not modelled. */
#include "core/trading/trading.h"

#include <string.h>

/* Amounts in 1e-8. */
enum { BPS = 10000, MILLS = 100000, CENTS = 1000000, PERCENT = 1000000 };

/* What sales in US stocks pay: SEC section 31, USD 20.60 a million; FINRA's trading activity fee,
 * USD 0.000195 a share. */
#define US_SALES .sell_rate = {2060}, .sell_per_unit = {19500}

const qb_fee_preset qb_fee_presets[] = {
    {
        .name = "us-zero",
        .what = "US stocks without commission: SEC and FINRA fees on sales",
        .since = "2026-04-04",
        .source = "SEC fee rate advisory 2 for 2026; FINRA SR-FINRA-2024-019",
        .costs = {US_SALES},
    },
    {
        .name = "alpaca",
        .what = "Alpaca, US stocks: no commission; SEC, FINRA and CAT fees",
        .since = "2026-07-01",
        .source = "Alpaca Securities brokerage fee schedule",
        .costs = {.fee_per_unit = {300}, US_SALES},
    },
    {
        .name = "schwab",
        .what = "Charles Schwab online, US stocks: no commission; fees on sales",
        .since = "2026-04-04",
        .source = "Charles Schwab pricing guide for individual investors",
        .costs = {US_SALES},
    },
    {
        .name = "fidelity",
        .what = "Fidelity online, US stocks: no commission; assessment on sales",
        .since = "2026-04-04",
        .source = "Fidelity brokerage commission and fee schedule",
        .costs = {.sell_rate = {2060}},
    },
    {
        .name = "ibkr-lite",
        .what = "Interactive Brokers Lite, US stocks: no commission; fees on sales",
        .since = "2026-04-04",
        .source = "Interactive Brokers, IBKR Lite commissions",
        .costs = {US_SALES},
    },
    {
        .name = "ibkr-fixed",
        .what = "Interactive Brokers Pro, US stocks, fixed: USD 0.005 a share",
        .since = "2025-05-14",
        .source = "interactivebrokers.co.uk, commissions for stocks",
        .costs = {.fee_per_unit = {5 * MILLS},
                  .fee_minimum = {100 * CENTS},
                  .fee_cap = {1 * PERCENT},
                  US_SALES},
    },
    {
        .name = "ibkr-tiered",
        .what = "Interactive Brokers Pro, US stocks, first tier: USD 0.0035 a share",
        .since = "2025-05-14",
        .source = "interactivebrokers.co.uk, commissions for stocks",
        .costs = {.fee_per_unit = {7 * MILLS / 2},
                  .fee_minimum = {35 * CENTS},
                  .fee_cap = {1 * PERCENT},
                  US_SALES},
    },
    {
        .name = "binance",
        .what = "Binance spot, regular user: 10 bps",
        .since = "2025-11-14",
        .source = "Binance Square, spot fees in detail",
        .costs = {.fee_rate = {10 * BPS}},
    },
    {
        .name = "coinbase-advanced",
        .what = "Coinbase Advanced below USD 1,000 a month: taker 120, maker 60 bps",
        .since = "2026-05-04",
        .source = "api-evangelist, Coinbase plans and pricing (second hand)",
        .costs = {.fee_rate = {120 * BPS}, .maker_discount = {60 * BPS}},
    },
    {
        .name = "coinbase-exchange",
        .what = "Coinbase Exchange below USD 10,000 a month: taker 60, maker 40 bps",
        .since = "2022-03-01",
        .source = "Coinbase Exchange help, trading fees",
        .costs = {.fee_rate = {60 * BPS}, .maker_discount = {20 * BPS}},
    },
    {
        .name = "kraken-pro",
        .what = "Kraken Pro spot, entry tier: taker 40, maker 25 bps",
        .since = "2026-05-30",
        .source = "api-evangelist, Kraken plans and pricing (second hand)",
        .costs = {.fee_rate = {40 * BPS}, .maker_discount = {15 * BPS}},
    },
    {
        .name = "bitstamp",
        .what = "Bitstamp below USD 10,000 a month: taker 40, maker 30 bps",
        .since = "2026-11-24",
        .source = "api-evangelist, Bitstamp fee tiers (second hand)",
        .costs = {.fee_rate = {40 * BPS}, .maker_discount = {10 * BPS}},
    },
    {0},
};

const qb_fee_preset *qb_fee_preset_find(const char *name)
{
    for (const qb_fee_preset *preset = qb_fee_presets; preset->name != NULL; preset++)
        if (strcmp(preset->name, name) == 0)
            return preset;
    return NULL;
}
