/* W3 of the performance page: a portfolio of 500 instruments over 5,040 days, each 21 days the
 * 50 with the best momentum at 0.99/50 of the equity valued at the next open, sales first;
 * through the engine's public interface with every decision recorded.
 *
 * Prints milliseconds for the simulation (median and least of several runs), twice: by a
 * strategy that says which columns it reads and that it acts once an instant, over the feed as
 * it is; and by a plain one, instant by instant. Both must make the golden number of fills and
 * agree with each other to the last unit. Then nanoseconds a bar of universes of 10 and of 5,000
 * of which 10 are held. Exits 1 when an equality fails; time alone never fails. */
#include "core/engine/engine.h"
#include "walk64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 9, DAYS = 5040, GOLDEN_FILLS = 14703, EVERY = 21, LONG = 252, SHORT = 21 };

/* ---- the strategy ------------------------------------------------------------------------- */

static uint32_t chosen_count; /* how many it holds */
static double *momentum;
static bool *chosen;
static uint32_t *best;

static size_t warmup(const double *params)
{
    return LONG + 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    *out_state = NULL;
    return QB_OK;
}

/* Into its place among the best so far, descending; ties by the lower number. */
static void keep_best(uint32_t which)
{
    uint32_t held = which < chosen_count ? which : chosen_count, place = held;
    while (place > 0 && momentum[which] > momentum[best[place - 1]])
        place--;
    if (place == chosen_count)
        return;
    uint32_t moved = (held < chosen_count ? held : chosen_count - 1) - place;
    memmove(&best[place + 1], &best[place], moved * sizeof *best);
    best[place] = which;
}

/* The first in descending order of momentum. */
static void choose(const qb_context *context)
{
    uint32_t count = context->instrument_count;
    for (uint32_t i = 0; i < count; i++) {
        const qb_history *history = &context->history[i];
        const double *close = history->close + history->count - 1;
        momentum[i] = close[-SHORT] / close[-LONG] - 1.0;
        chosen[i] = false;
    }
    for (uint32_t i = 0; i < count; i++)
        keep_best(i);
    for (uint32_t place = 0; place < chosen_count; place++)
        chosen[best[place]] = true;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    uint64_t day = context->history[0].total - 1;
    if (instrument != context->last_closed || day % EVERY != EVERY - 1 || day < LONG)
        return;
    choose(context);
    for (uint32_t i = 0; i < context->instrument_count; i++)
        if (chosen[i] || context->host->position(context, i) != 0.0)
            context->host->target(
                context, i, QB_BUY,
                (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, chosen[i] ? 0.99 / chosen_count : 0.0});
}

static const qb_strategy plain = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "rotation",
    .summary = "The best of the last year, anew each month",
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
};

/* ---- runs --------------------------------------------------------------------------------- */

static void require(qb_status status, const char *what)
{
    if (status == QB_OK)
        return;
    fprintf(stderr, "bench_w3: %s: %s\n", what, qb_status_text(status));
    exit(1);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

typedef struct universe {
    uint32_t count;
    qb_instrument *instruments;
    qb_series *series;
} universe;

static universe universe_new(uint32_t count)
{
    universe universe = {
        .count = count,
        .instruments = calloc(count, sizeof *universe.instruments),
        .series = calloc(count, sizeof *universe.series),
    };
    if (universe.instruments == NULL || universe.series == NULL)
        require(QB_NO_MEMORY, "universe");
    for (uint32_t i = 0; i < count; i++) {
        require(qb_instrument_default("WALK64-USD", QB_CRYPTO, QB_1D, &universe.instruments[i]),
                "instrument");
        universe.instruments[i].lot.raw = 1;
        require(walk64_append(&universe.series[i], 1000 + i, DAYS, WALK64_DAYS, QB_DAY_US), "bars");
    }
    return universe;
}

static void universe_free(universe *universe)
{
    for (uint32_t i = 0; i < universe->count; i++)
        qb_series_clear(&universe->series[i]);
    free(universe->instruments);
    free(universe->series);
}

typedef struct result {
    qb_engine_totals totals;
    uint64_t bars_decided;
    double feed_ms, run_ms;
} result;

static qb_status count_decision(void *self, const qb_decision *decision)
{
    *(uint64_t *)self += decision->bars;
    return QB_OK;
}

static qb_status take_equity(void *self, int64_t at_us, qb_money equity)
{
    return QB_OK;
}

static result run(const universe *universe, const qb_strategy *strategy, bool stepwise)
{
    result result = {0};
    const qb_sink sink = {
        .self = &result.bars_decided, .decision = count_decision, .equity = take_equity};
    const qb_engine_config config = {
        .instruments = universe->instruments,
        .instrument_count = universe->count,
        .strategy = strategy,
        .cash = {1000000 * QB_ONE},
        .costs = {.fee_rate = {100000}},
        .size = {.kind = QB_SIZE_UNITS, .amount = 1.0},
        .leverage = {QB_ONE},
        .patience = 5,
        .seed = 1,
    };
    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    double start = now_ms();
    require(qb_series_feed_new(universe->instruments, universe->series, universe->count, &feed),
            "feed");
    double fed = now_ms();
    require(qb_engine_new(&config, &sink, &engine), "engine");
    qb_feed source = qb_series_feed_as_feed(feed);
    if (stepwise)
        source.sheet = NULL;
    require(qb_engine_run(engine, &source), "run");
    require(qb_engine_finish(engine), "finish");
    result.run_ms = now_ms() - fed;
    result.feed_ms = fed - start;
    qb_engine_totals_get(engine, &result.totals);
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    return result;
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void choose_among(uint32_t count, uint32_t held)
{
    free(momentum);
    free(chosen);
    free(best);
    chosen_count = held;
    best = calloc(held, sizeof *best);
    momentum = calloc(count, sizeof *momentum);
    chosen = calloc(count, sizeof *chosen);
    if (momentum == NULL || chosen == NULL || best == NULL)
        require(QB_NO_MEMORY, "strategy");
}

/* ---- the workload ------------------------------------------------------------------------- */

static int golden(const qb_strategy *quick)
{
    universe universe = universe_new(500);
    choose_among(500, 50);
    double ms[2][RUNS], feed_ms = 0.0;
    result results[2];
    int failures = 0;
    for (int i = 0; i < RUNS; i++)
        for (int way = 0; way < 2; way++) {
            results[way] = run(&universe, way == 0 ? quick : &plain, way == 1);
            ms[way][i] = results[way].run_ms;
            feed_ms = way == 0 ? results[way].feed_ms : feed_ms;
        }
    const qb_engine_totals *a = &results[0].totals, *b = &results[1].totals;
    failures += a->fills != GOLDEN_FILLS || a->rejected != 0;
    failures += a->fills != b->fills || a->orders != b->orders || a->cash.raw != b->cash.raw ||
                a->equity.raw != b->equity.raw || a->fees.raw != b->fees.raw ||
                a->bars_held != b->bars_held || a->bars != b->bars;
    failures += results[0].bars_decided != a->bars || results[1].bars_decided != b->bars;
    if (failures > 0)
        printf("W3: NOT EQUAL: %llu and %llu fills, want %d\n", (unsigned long long)a->fills,
               (unsigned long long)b->fills, GOLDEN_FILLS);
    for (int way = 0; way < 2; way++)
        qsort(ms[way], RUNS, sizeof(double), ascending);
    printf("W3 500 x 5,040: simulation %.1f ms (least %.1f; must 20, aim 5), feed looked over in "
           "%.1f ms; instant by instant %.1f ms; %llu fills; %s\n",
           ms[0][RUNS / 2], ms[0][0], feed_ms, ms[1][RUNS / 2], (unsigned long long)a->fills,
           failures > 0 ? "NOT EQUAL" : "equal");
    universe_free(&universe);
    return failures;
}

static double ns_per_bar(uint32_t count, const qb_strategy *quick)
{
    universe universe = universe_new(count);
    choose_among(count, 10);
    double least = 1e300;
    for (int i = 0; i < 3; i++) {
        result result = run(&universe, quick, false);
        double ns = result.run_ms * 1e6 / ((double)count * DAYS);
        least = ns < least ? ns : least;
    }
    universe_free(&universe);
    return least;
}

int main(void)
{
    qb_strategy quick = plain;
    quick.columns = QB_READ_CLOSE;
    quick.once_per_instant = true;
    int failures = golden(&quick);
    double few = ns_per_bar(10, &quick), many = ns_per_bar(5000, &quick);
    printf("W3 10 held of 10: %.1f ns/bar; of 5,000: %.1f ns/bar, ratio %.2f (must 2)\n", few, many,
           many / few);
    free(momentum);
    free(chosen);
    free(best);
    return failures != 0;
}
