/* A coin's days: one bar to decide on (100 all over), then up to three. Fills are (bar, units,
 * price). */
#include "examples.h"

#include "duel.h"

#include <math.h>

typedef struct example {
    const char *name;
    qb_order_request request; /* units, unless it says otherwise */
    qb_fill_model model;
    double slippage, tick, lot, cap, held; /* lot 0: 1 */
    struct {
        double open, high, low, close, volume;
    } bars[5];
    size_t bar_count;
    struct {
        size_t bar; /* 1: the first after the decision */
        double units, price;
    } fills[5];
    size_t fill_count;
    qb_order_status status; /* of the order itself */
    qb_reason reason;
} example;

#define UNITS(n)                              \
    {                                         \
        .kind = QB_SIZE_UNITS, .amount = (n), \
    }
#define AT(p)                                 \
    {                                         \
        .kind = QB_EXIT_PRICE, .amount = (p), \
    }

static const example examples[] = {
    {"limit, reached on the way down",
     {.side = QB_BUY, .type = QB_LIMIT, .size = UNITS(10), .limit = 95},
     .bars = {{100, 102, 94, 101, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 95}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    {"limit, the open is better",
     {.side = QB_BUY, .type = QB_LIMIT, .size = UNITS(10), .limit = 95},
     .bars = {{93, 102, 92, 101, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 93}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    /* pessimistic: the low has to be a step (the tick) below the limit */
    {"limit, touched by a pessimist",
     {.side = QB_BUY, .type = QB_LIMIT, .size = UNITS(10), .limit = 95},
     .model = QB_PESSIMISTIC,
     .tick = 0.5,
     .bars = {{100, 102, 95, 101, NAN}},
     .bar_count = 1,
     .status = QB_ORDER_EXPIRED,
     .reason = QB_REASON_END_OF_DATA},
    {"limit, passed by a tick",
     {.side = QB_BUY, .type = QB_LIMIT, .size = UNITS(10), .limit = 95},
     .model = QB_PESSIMISTIC,
     .tick = 0.5,
     .bars = {{100, 102, 94.5, 101, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 95}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    /* 105 x 1.01 = 106.05; x 1.02 = 107.10 */
    {"stop, slipped",
     {.side = QB_BUY, .type = QB_STOP, .size = UNITS(10), .stop = 105},
     .slippage = 0.01,
     .bars = {{100, 106, 99, 104, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 106.05}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    {"stop, slipped twice",
     {.side = QB_BUY, .type = QB_STOP, .size = UNITS(10), .stop = 105},
     .model = QB_PESSIMISTIC,
     .slippage = 0.01,
     .bars = {{100, 106, 99, 104, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 107.10}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    {"stop, not slipped",
     {.side = QB_BUY, .type = QB_STOP, .size = UNITS(10), .stop = 105},
     .model = QB_OPTIMISTIC,
     .slippage = 0.01,
     .bars = {{100, 106, 99, 104, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 105}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    {"stop, the open is beyond",
     {.side = QB_BUY, .type = QB_STOP, .size = UNITS(10), .stop = 105},
     .bars = {{108, 109, 107, 108, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 108}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    /* 6 up, 6 down: the low first, for a long */
    {"stop and target at a tie",
     {.side = QB_BUY, .size = UNITS(10), .take_profit = AT(105), .stop_loss = AT(95)},
     .bars = {{100, 106, 94, 100, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 100}, {1, -10, 95}},
     .fill_count = 2,
     .status = QB_ORDER_FILLED},
    {"stop and target, the high is nearer",
     {.side = QB_BUY, .size = UNITS(10), .take_profit = AT(105), .stop_loss = AT(95)},
     .bars = {{100, 105.5, 94, 100, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 100}, {1, -10, 105}},
     .fill_count = 2,
     .status = QB_ORDER_FILLED},
    {"stop and target, optimistic",
     {.side = QB_BUY, .size = UNITS(10), .take_profit = AT(105), .stop_loss = AT(95)},
     .model = QB_OPTIMISTIC,
     .bars = {{100, 106, 94, 100, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 100}, {1, -10, 105}},
     .fill_count = 2,
     .status = QB_ORDER_FILLED},
    /* targets from the next bar on: 107 is the second open */
    {"target, pessimistic, in the entry bar",
     {.side = QB_BUY, .size = UNITS(10), .take_profit = AT(105)},
     .model = QB_PESSIMISTIC,
     .bars = {{100, 106, 99, 104, NAN}, {107, 108, 106, 107, NAN}},
     .bar_count = 2,
     .fills = {{1, 10, 100}, {2, -10, 107}},
     .fill_count = 2,
     .status = QB_ORDER_FILLED},
    /* 100 - 99 - 106 - 103: triggered at 105 on the way up, 104 on the way back */
    {"stop-limit, on the path",
     {.side = QB_BUY, .type = QB_STOP_LIMIT, .size = UNITS(10), .stop = 105, .limit = 104},
     .bars = {{100, 106, 99, 103, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 104}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    {"stop-limit, from the next bar on",
     {.side = QB_BUY, .type = QB_STOP_LIMIT, .size = UNITS(10), .stop = 105, .limit = 104},
     .model = QB_PESSIMISTIC,
     .bars = {{100, 106, 99, 103, NAN}, {103, 104, 102, 103, NAN}},
     .bar_count = 2,
     .fills = {{2, 10, 103}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    /* best 100, 101 at the open; 101 - 100 - 106 (best 106, level 103) - 102 */
    {"trailing stop",
     {.side = QB_SELL,
      .type = QB_TRAILING_STOP,
      .size = UNITS(10),
      .reduce_only = true,
      .trail = {QB_EXIT_DISTANCE, 3}},
     .held = 10,
     .bars = {{101, 106, 100, 102, NAN}},
     .bar_count = 1,
     .fills = {{1, -10, 103}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    /* 5 % of 100 */
    {"cap, in parts",
     {.side = QB_BUY, .size = UNITS(8)},
     .cap = 0.05,
     .bars = {{100, 101, 99, 100, 100}, {102, 103, 101, 102, 100}},
     .bar_count = 2,
     .fills = {{1, 5, 100}, {2, 3, 102}},
     .fill_count = 2,
     .status = QB_ORDER_FILLED},
    {"cap, immediate or cancel",
     {.side = QB_BUY, .size = UNITS(8), .time_in_force = QB_IOC},
     .cap = 0.05,
     .bars = {{100, 101, 99, 100, 100}},
     .bar_count = 1,
     .fills = {{1, 5, 100}},
     .fill_count = 1,
     .status = QB_ORDER_CANCELLED,
     .reason = QB_REASON_NOT_FILLED},
    {"cap, fill or kill",
     {.side = QB_BUY, .size = UNITS(8), .time_in_force = QB_FOK},
     .cap = 0.05,
     .bars = {{100, 101, 99, 100, 100}},
     .bar_count = 1,
     .status = QB_ORDER_CANCELLED,
     .reason = QB_REASON_NOT_FILLED},
    /* 100.10 up to the next quarter */
    {"market, tick against the trader",
     {.side = QB_BUY, .size = UNITS(10)},
     .slippage = 0.001,
     .tick = 0.25,
     .bars = {{100, 101, 99, 100, NAN}},
     .bar_count = 1,
     .fills = {{1, 10, 100.25}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    {"limit for the day",
     {.side = QB_BUY, .type = QB_LIMIT, .size = UNITS(10), .limit = 95, .time_in_force = QB_DAY},
     .bars = {{100, 101, 99, 100, NAN}, {94, 95, 93, 94, NAN}},
     .bar_count = 2,
     .status = QB_ORDER_EXPIRED,
     .reason = QB_REASON_TIME},
    /* 10,000 of cash: 101 units at 100 do not fit */
    {"more than there is",
     {.side = QB_BUY, .size = UNITS(101)},
     .bars = {{100, 101, 99, 100, NAN}},
     .bar_count = 1,
     .status = QB_ORDER_REJECTED,
     .reason = QB_REASON_CASH},
    {"all of it, at the fill",
     {.side = QB_BUY, .size = {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0}},
     .bars = {{110, 111, 109, 110, NAN}},
     .bar_count = 1,
     .fills = {{1, 90, 110}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED}, /* 10,000 / 110 */
    /* A short of 99 at 100 leaves 100 of equity: nothing more opens at 101. 396 units were asked. */
    {"across zero, the opening part does not fit",
     {.side = QB_BUY, .size = {QB_SIZE_CASH, QB_SIZE_AT_DECISION, 40000}},
     .slippage = 0.01,
     .held = -99,
     .bars = {{100, 100, 100, 100, NAN}},
     .bar_count = 1,
     .fills = {{1, 99, 101}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
    /* Ten of each bar. The stop sells all on day 2, the parent buys again on day 3, whose close is the
     * third since the first fill. */
    {"time stop, a bar with nothing left counts",
     {.side = QB_BUY, .size = UNITS(40), .stop_loss = AT(95), .time_stop_bars = 3},
     .cap = 0.05,
     .bars = {{100, 101, 99, 100, 200},
              {94, 97, 93, 97, 200},
              {97, 98, 96, 97, 200},
              {98, 99, 97, 98, 200}},
     .bar_count = 4,
     .fills = {{1, 10, 100}, {2, -10, 94}, {3, 10, 97}, {4, -10, 98}},
     .fill_count = 4,
     .status = QB_ORDER_EXPIRED,
     .reason = QB_REASON_END_OF_DATA},
    /* Due on day 2, when nothing is left: as soon as there is something. */
    {"time stop, due with nothing left",
     {.side = QB_BUY, .size = UNITS(40), .stop_loss = AT(95), .time_stop_bars = 2},
     .cap = 0.05,
     .bars = {{100, 101, 99, 100, 200},
              {94, 97, 93, 97, 200},
              {97, 98, 96, 97, 200},
              {98, 99, 97, 98, 200}},
     .bar_count = 4,
     .fills = {{1, 10, 100}, {2, -10, 94}, {3, 10, 97}, {4, -10, 98}},
     .fill_count = 4,
     .status = QB_ORDER_EXPIRED,
     .reason = QB_REASON_END_OF_DATA},
    /* 1,000 / 0.412 = 2,427.184466019, but two more of 1e-8 come to 1,000.00000000436, which the ledger
     * rounds to 1,000; with a third, 1,000.00000000848, it is 1e-8 more. */
    {"the last unit that a budget pays for",
     {.side = QB_BUY, .size = {QB_SIZE_CASH, QB_SIZE_AT_FILL, 1000}},
     .lot = 1e-8,
     .bars = {{0.412, 0.412, 0.412, 0.412, NAN}},
     .bar_count = 1,
     .fills = {{1, 2427.18446603, 0.412}},
     .fill_count = 1,
     .status = QB_ORDER_FILLED},
};

static int64_t raw(double amount)
{
    return (int64_t)llround(amount * 1e8);
}

static fills_bar day(int number, double open, double high, double low, double close, double volume)
{
    int64_t ts_us = (18262 + number) * QB_DAY_US; /* from 2020-01-01 on */
    return (fills_bar){
        .bar = {ts_us, open, high, low, close, volume, 0.0, 1.0, 0},
        .open_us = ts_us,
        .known_us = ts_us + QB_DAY_US,
    };
}

static void make(const example *from, fills_case *out)
{
    *out = (fills_case){.family = from->name, .action_count = 1};
    out->instruments[0] = (qb_instrument){
        .symbol = "A",
        .asset = QB_CRYPTO,
        .currency = "USD",
        .calendar = qb_calendar_find("24/7"),
        .interval = QB_1D,
        .tick = {raw(from->tick)},
        .lot = {from->lot > 0 ? raw(from->lot) : QB_ONE},
        .price_decimals = 8,
        .multiplier = {QB_ONE},
    };
    out->config = (qb_engine_config){
        .instruments = out->instruments,
        .instrument_count = 1,
        .cash = {10000 * QB_ONE},
        .costs = {.slippage = {raw(from->slippage)}, .volume_cap = {raw(from->cap)}},
        .size = {.kind = QB_SIZE_UNITS, .amount = 1.0},
        .leverage = {QB_ONE},
        .patience = 5,
        .fill_model = from->model,
        .maintenance_off = true,
    };
    if (from->held != 0.0) {
        out->holdings[0] = (qb_holding){0, {raw(from->held)}, {100 * QB_ONE}};
        out->config.holdings = out->holdings;
        out->config.holding_count = 1;
    }
    out->bars[0][0] = day(0, 100, 100, 100, 100, NAN);
    for (size_t i = 0; i < from->bar_count; i++)
        out->bars[0][i + 1] = day((int)i + 1, from->bars[i].open, from->bars[i].high,
                                  from->bars[i].low, from->bars[i].close, from->bars[i].volume);
    out->bar_count[0] = from->bar_count + 1;
    out->actions[0] = (ref_action){.at_us = out->bars[0][0].known_us, .request = from->request};
    out->actions[0].request.struct_size = sizeof(qb_order_request);
    out->actions[0].request.raw_prices = true;
}

static bool as_by_hand(const example *want, const ref_result *got)
{
    bool same = got->fill_count == want->fill_count && got->order_count > 0 &&
                got->orders[0].status == want->status && got->orders[0].reason == want->reason;
    for (size_t i = 0; i < want->fill_count && same; i++)
        same = got->fills[i].bar_ts_us == (18262 + (int64_t)want->fills[i].bar) * QB_DAY_US &&
               got->fills[i].quantity == raw(want->fills[i].units) &&
               got->fills[i].price == raw(want->fills[i].price);
    return same;
}

size_t fills_examples_wrong(size_t *out_count)
{
    static fills_case play;
    static ref_result result;
    size_t wrong = 0;
    *out_count = sizeof examples / sizeof *examples;
    for (size_t i = 0; i < *out_count; i++) {
        ref_case script;
        ref_point points[FILLS_INSTANTS];
        duel one;
        make(&examples[i], &play);
        fills_case_play(&play, &script);
        ref_run(&script, points, &result);
        bool right = as_by_hand(&examples[i], &result), agree = duel_run(&play, &one);
        if (right && agree)
            continue;
        wrong++;
        printf("# example \"%s\": %s\n", examples[i].name,
               right ? "the engine is wrong" : "the reference is wrong");
        fills_case_print(&play, stdout);
        duel_print(&play, stdout);
    }
    return wrong;
}
