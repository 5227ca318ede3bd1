/* What other programs made of random orders on real bars, and what we make of them: every fill by bar,
 * units, price and fee, and the equity along the way.
 *
 * tests/golden/scripts made the files in tests/golden/data/peers, with the tools and versions that
 * they name; the bars are those of the shared data set. The options of ours that speak each tool's
 * rules stand in its file, and in docs/PEERS.md with what cannot be said. */
#include "run.h"

#define ORDERS_MAX 512

/* ---- a list of orders as a strategy --------------------------------------------------------- */

typedef struct listed_order {
    size_t bar;    /* made at its close, by number from 0 */
    size_t cancel; /* cancelled at this one's close; SIZE_MAX: never */
    long after; /* made only at the close of the bar in which that order has filled; -1: at `bar` */
    qb_order_request request;
    uint64_t id; /* once made */
    bool filled;
} listed_order;

static struct {
    listed_order orders[ORDERS_MAX];
    size_t count;
} script;

static size_t one_bar(const double *params)
{
    (void)params;
    return 1;
}

static qb_status nothing_to_set_up(const qb_setup *setup, void **out_state)
{
    (void)setup;
    *out_state = NULL;
    return QB_OK;
}

static bool is_due(const listed_order *order, size_t bar)
{
    if (order->id != 0)
        return false;
    return order->after >= 0 ? script.orders[order->after].filled : order->bar == bar;
}

static void follow_script(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    const size_t bar = (size_t)context->history[instrument].total - 1;
    for (size_t i = 0; i < script.count; i++) {
        listed_order *order = &script.orders[i];
        if (is_due(order, bar))
            order->id = context->host->submit(context, &order->request);
        else if (order->id != 0 && order->cancel == bar)
            context->host->cancel(context, order->id);
    }
}

static void note_fill(void *state, const qb_context *context, const qb_fill *fill)
{
    (void)state;
    (void)context;
    for (size_t i = 0; i < script.count; i++)
        script.orders[i].filled |= script.orders[i].id == fill->order_id;
}

static const qb_strategy scripted = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "scripted",
    .summary = "Orders from a list",
    .warmup = one_bar,
    .init = nothing_to_set_up,
    .on_bar = follow_script,
    .on_fill = note_fill,
};

/* ---- reading -------------------------------------------------------------------------------- */

static double number_or(const json_t *object, const char *key, double standard)
{
    const json_t *value = json_object_get(object, key);
    return value != NULL ? json_number_value(value) : standard;
}

static qb_exit exit_of(const json_t *object, const char *price, const char *share)
{
    if (json_object_get(object, price) != NULL)
        return (qb_exit){QB_EXIT_PRICE, golden_number(object, price)};
    if (json_object_get(object, share) != NULL)
        return (qb_exit){QB_EXIT_FRACTION, golden_number(object, share)};
    return (qb_exit){QB_EXIT_NONE, 0.0};
}

static qb_exit trail_of(const json_t *object)
{
    if (json_object_get(object, "trail") != NULL)
        return (qb_exit){QB_EXIT_DISTANCE, golden_number(object, "trail")};
    return exit_of(object, "", "trail_share");
}

static listed_order order_of(const json_t *object, const qb_series *series)
{
    qb_order_type type = QB_MARKET;
    CHECK_OK(qb_order_type_from_text(golden_text(object, "type"), &type));
    listed_order order = {
        .bar = (size_t)number_or(object, "bar", 0),
        .cancel = (size_t)number_or(object, "cancel", (double)(UINT32_MAX)),
        .after = (long)number_or(object, "after", -1),
        .request = {.struct_size = sizeof order.request,
                    .side = strcmp(golden_text(object, "side"), "buy") == 0 ? QB_BUY : QB_SELL,
                    .type = type,
                    .reduce_only = json_is_true(json_object_get(object, "reduce_only")),
                    .size = qb_size_units(golden_number(object, "units")),
                    .limit = number_or(object, "limit", 0.0),
                    .stop = number_or(object, "stop", 0.0),
                    .trail = trail_of(object),
                    .group = (uint64_t)number_or(object, "group", 0.0),
                    .take_profit = exit_of(object, "take_profit", "take_profit_share"),
                    .stop_loss = exit_of(object, "stop_loss", "stop_loss_share")},
    };
    const double until = number_or(object, "until", -1.0); /* the last bar that may fill it */
    if (until >= 0.0) {
        order.request.time_in_force = QB_GTD;
        order.request.good_until_us = series->ts_us[(size_t)until] + QB_DAY_US;
    }
    return order;
}

static void read_script(const json_t *root, const qb_series *series)
{
    size_t i;
    const json_t *row;
    script.count = 0;
    json_array_foreach(json_object_get(root, "orders"), i, row)
    {
        CHECK(script.count < ORDERS_MAX);
        script.orders[script.count++] = order_of(row, series);
    }
}

static qb_series read_bars(const json_t *root, const char *folder)
{
    const json_t *bars = json_object_get(root, "bars");
    qb_series all = golden_series(folder, golden_text(bars, "path"), golden_text(bars, "stamp"));
    const size_t first = (size_t)golden_number(bars, "first");
    const size_t count = (size_t)golden_number(bars, "count");
    qb_series part = {0};
    CHECK(first + count <= all.count);
    for (size_t i = first; i < first + count && i < all.count; i++) {
        const qb_bar bar = qb_series_bar(&all, i);
        CHECK_OK(qb_series_append(&part, &bar));
    }
    qb_series_clear(&all);
    return part;
}

static const char *text_or(const json_t *object, const char *key, const char *standard)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : standard;
}

static golden_spec spec_of(const json_t *options)
{
    golden_spec spec = {
        .calendar = text_or(options, "calendar", "weekdays"),
        .own = &scripted,
        .interval = QB_1D,
        .size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 1.0},
        .cash = golden_text(options, "cash"),
        .fee_rate = text_or(options, "fee_rate", "0"),
        .fee_per_unit = text_or(options, "fee_per_unit", "0"),
        .fee_minimum = text_or(options, "fee_minimum", "0"),
        .quadratic_impact = json_string_value(json_object_get(options, "quadratic_impact")),
        .slippage = text_or(options, "slippage", "0"),
        .volume_cap = text_or(options, "volume_cap", "0"),
        .lot = text_or(options, "lot", "1"),
    };
    CHECK_OK(qb_fill_at_from_text(text_or(options, "fill_at", "next-open"), &spec.fill_at));
    CHECK_OK(qb_fill_model_from_text(text_or(options, "model", "neutral"), &spec.fill_model));
    return spec;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* A product that lies between two prices of eight decimals goes to the even one here and to either in
 * doubles; other prices are equal. A fee is rounded once for each of the pieces at one price. */
#define PRICE_TOLERANCE 1.0000001e-8
#define FEE_TOLERANCE 2.5e-8

/* All that was traded at one price of one bar. */
typedef struct dealt {
    size_t bar;
    double units, price, fee;
} dealt;

static int by_bar_and_price(const void *a, const void *b)
{
    const dealt *left = a, *right = b;
    if (left->bar != right->bar)
        return left->bar < right->bar ? -1 : 1;
    return (left->price > right->price) - (left->price < right->price);
}

/* Equal ones become one; returns how many are left. */
static size_t sum_equal(dealt *rows, size_t count)
{
    size_t left = 0;
    qsort(rows, count, sizeof *rows, by_bar_and_price);
    for (size_t i = 0; i < count; i++) {
        if (left > 0 && by_bar_and_price(&rows[left - 1], &rows[i]) == 0) {
            rows[left - 1].units += rows[i].units;
            rows[left - 1].fee += rows[i].fee;
        } else {
            rows[left++] = rows[i];
        }
    }
    return left;
}

static size_t our_fills(const golden_run *run, const qb_series *series, dealt *out)
{
    for (size_t i = 0; i < run->fill_count; i++)
        out[i] = (dealt){
            .bar = qb_series_lower_bound(series, run->fills[i].bar_ts_us),
            .units = qb_raw_to_double(run->fills[i].quantity.raw),
            .price = qb_raw_to_double(run->fills[i].price.raw),
            .fee = qb_raw_to_double(run->fills[i].fee.raw),
        };
    return sum_equal(out, run->fill_count);
}

/* Their prices are rounded to our eight decimals first: a double's last place is no difference. */
static size_t their_fills(const json_t *root, dealt *out)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(root, "fills"), i, row)
    {
        int64_t price = 0;
        CHECK_OK(qb_raw_from_double(json_number_value(json_array_get(row, 2)), &price));
        out[i] = (dealt){
            .bar = (size_t)json_integer_value(json_array_get(row, 0)),
            .units = json_number_value(json_array_get(row, 1)),
            .price = qb_raw_to_double(price),
            .fee = json_number_value(json_array_get(row, 3)),
        };
    }
    return sum_equal(out, i);
}

/* share: of a price, that its rounding may come to. */
static void check_fills(const json_t *root, const golden_run *run, const qb_series *series,
                        double share)
{
    const size_t published = json_array_size(json_object_get(root, "fills"));
    dealt *ours = calloc(run->fill_count + 1, sizeof *ours);
    dealt *theirs = calloc(published + 1, sizeof *theirs);
    const size_t our_count = our_fills(run, series, ours);
    const size_t their_count = their_fills(root, theirs);
    CHECK_INT(our_count, their_count);
    for (size_t i = 0; i < our_count && i < their_count; i++) {
        const int before = tap_failed;
        CHECK_INT(ours[i].bar, theirs[i].bar);
        CHECK_NEAR(ours[i].units, theirs[i].units, 1e-8);
        CHECK_NEAR(ours[i].price, theirs[i].price, PRICE_TOLERANCE + share * theirs[i].price);
        CHECK_NEAR(ours[i].fee, theirs[i].fee, FEE_TOLERANCE + 1e-9 * theirs[i].fee);
        if (tap_failed != before) {
            printf("# fill %zu: ours bar %zu %+.8f at %.8f, theirs bar %zu %+.8f at %.8f\n", i,
                   ours[i].bar, ours[i].units, ours[i].price, theirs[i].bar, theirs[i].units,
                   theirs[i].price);
            break; /* all that follows is moved by one */
        }
    }
    free(ours);
    free(theirs);
}

/* Each fill of ours is rounded to 1e-8 once, and so is its fee: 1e-12 of the equity for 500 fills. */
static void check_equity(const json_t *root, const golden_run *run, double share)
{
    size_t i;
    const json_t *row;
    const double ledger = 2e-8 * (double)(run->fill_count + 1) +
                          share * qb_raw_to_double(run->totals.traded.raw);
    json_array_foreach(json_object_get(root, "equity"), i, row)
    {
        const size_t bar = (size_t)json_integer_value(json_array_get(row, 0));
        CHECK(bar < run->equity_count);
        if (bar < run->equity_count)
            CHECK_NEAR(run->equity[bar], json_number_value(json_array_get(row, 1)), ledger);
    }
    CHECK(i > 0);
}

static void check_case(const char *name)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    char path[128];
    snprintf(path, sizeof path, "peers/%s.json", name);
    json_t *root = golden_json(golden_own(), path);
    qb_series series = read_bars(root, folder);
    const golden_spec spec = spec_of(json_object_get(root, "options"));
    read_script(root, &series);
    golden_run run = golden_run_series(&spec, &series);
    printf("# %s: %s %s, %zu orders, %zu fills\n", name, golden_text(root, "tool"),
           golden_text(root, "version"), script.count, run.fill_count);
    CHECK_INT(run.skipped, 0);
    /* Our rates have eight decimals, those of impact too: half of the last is seen in the price. */
    const double share = spec.quadratic_impact != NULL ? 5e-9 : 0.0;
    check_fills(root, &run, &series, share);
    check_equity(root, &run, share);
    golden_run_clear(&run);
    qb_series_clear(&series);
    json_decref(root);
}

/* ---- the cases ------------------------------------------------------------------------------ */

#define CASE(tool, name)             \
    static void tool##_##name(void)  \
    {                                \
        check_case(#tool "_" #name); \
    }

CASE(backtesting, resting)
CASE(backtesting, brackets)
CASE(backtesting, stop_first)
CASE(backtesting, stop_limits)
CASE(backtesting, on_close)
CASE(backtrader, resting)
CASE(backtrader, stop_limits)
CASE(backtrader, brackets)
CASE(backtrader, on_close)
CASE(backtrader, next_close)
CASE(backtrader, slippage)
CASE(backtrader, volume)
CASE(vectorbt, next_open)
CASE(vectorbt, on_close)
CASE(vectorbt, stops)
CASE(vectorbt, trailing)
CASE(zipline, volume_share)

static const tap_case cases[] = {
    {"/golden/peers/backtesting/resting", backtesting_resting},
    {"/golden/peers/backtesting/brackets", backtesting_brackets},
    {"/golden/peers/backtesting/stop-first", backtesting_stop_first},
    {"/golden/peers/backtesting/stop-limits", backtesting_stop_limits},
    {"/golden/peers/backtesting/on-close", backtesting_on_close},
    {"/golden/peers/backtrader/resting", backtrader_resting},
    {"/golden/peers/backtrader/stop-limits", backtrader_stop_limits},
    {"/golden/peers/backtrader/brackets", backtrader_brackets},
    {"/golden/peers/backtrader/on-close", backtrader_on_close},
    {"/golden/peers/backtrader/next-close", backtrader_next_close},
    {"/golden/peers/backtrader/slippage", backtrader_slippage},
    {"/golden/peers/backtrader/volume", backtrader_volume},
    {"/golden/peers/vectorbt/next-open", vectorbt_next_open},
    {"/golden/peers/vectorbt/on-close", vectorbt_on_close},
    {"/golden/peers/vectorbt/stops", vectorbt_stops},
    {"/golden/peers/vectorbt/trailing", vectorbt_trailing},
    {"/golden/peers/zipline/volume-share", zipline_volume_share},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
