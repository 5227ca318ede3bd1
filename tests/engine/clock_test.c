/* A run that begins with sheets and goes on with instants in which not all instruments have bars:
 * as long as they come together they have one column of stamps, and then each has its own again.
 * The strategy hashes all that it can see, and has to see the same as one that never had sheets. */
#include "lab.h"

#include "walk64.h"

enum { COUNT = 3, TOGETHER = 600, APART = 700, WARMUP = 150 };

static uint64_t seen;

static void mix(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        seen = (seen ^ at[i]) * UINT64_C(0x100000001b3);
}

/* Looks at everything, and now and then wants another share. An order that nothing fills rests while
 * the histories slide: WARMUP + 1 bars are kept in room for twice as many. */
static void look(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    const qb_order_request far = {
        .struct_size = sizeof far,
        .instrument = instrument,
        .side = QB_BUY,
        .type = QB_LIMIT,
        .size = qb_size_weight(0.01),
        .limit = qb_close_now(context, instrument) / 2.0,
        .good_until_us = context->now_us + 3 * QB_DAY_US,
    };
    mix(history->ts_us, history->count * sizeof *history->ts_us);
    mix(history->close, history->count * sizeof *history->close);
    if (history->total % (WARMUP + 1) == 0)
        context->host->submit(context, &far);
    else if (history->total % 11 == instrument)
        context->host->target(context, instrument, QB_BUY,
                              qb_size_weight(0.05 * (double)(history->total % 4)));
}

static qb_status take_fill(void *self, const qb_fill *fill)
{
    mix(&fill->instrument, sizeof fill->instrument);
    mix(&fill->quantity, sizeof fill->quantity);
    mix(&fill->price, sizeof fill->price);
    return QB_OK;
}

static qb_status take_equity(void *self, int64_t at_us, qb_money equity)
{
    mix(&at_us, sizeof at_us);
    mix(&equity, sizeof equity);
    return QB_OK;
}

static void run_part(qb_engine *engine, const qb_instrument *coins, const qb_series *series,
                     bool stepwise)
{
    qb_series_feed *feed = NULL;
    CHECK_OK(qb_series_feed_new(coins, series, COUNT, &feed));
    qb_feed source = qb_series_feed_as_feed(feed);
    CHECK((source.sheet != NULL) == (series[0].count == TOGETHER));
    if (stepwise)
        source.sheet = NULL;
    CHECK_OK(qb_engine_run(engine, &source));
    qb_series_feed_free(feed);
}

static uint64_t run(const qb_engine_config *config, const qb_series *together,
                    const qb_series *apart, bool stepwise)
{
    const qb_sink sink = {.fill = take_fill, .equity = take_equity};
    qb_engine *engine = NULL;
    qb_engine_totals totals = {0};
    seen = 0;
    CHECK_OK(qb_engine_new(config, &sink, &engine));
    run_part(engine, config->instruments, together, stepwise);
    run_part(engine, config->instruments, apart, stepwise);
    CHECK_OK(qb_engine_finish(engine));
    qb_engine_totals_get(engine, &totals);
    CHECK(totals.fills > 100);
    mix(&totals.cash, sizeof totals.cash);
    qb_engine_free(engine);
    return seen;
}

static void part_again(void)
{
    qb_strategy deaf = lab_strategy;
    deaf.on_fill = NULL;
    lab_use(look);
    lab_warmup = WARMUP;
    for (int columns = 0; columns <= QB_READ_CLOSE; columns += QB_READ_CLOSE) {
        qb_instrument coins[COUNT];
        qb_series together[COUNT] = {0}, apart[COUNT] = {0};
        deaf.columns = (uint32_t)columns;
        for (uint32_t i = 0; i < COUNT; i++) {
            qb_series walk = {0};
            coins[i] = lab_coin(QB_1D);
            coins[i].lot.raw = 1;
            CHECK_OK(walk64_append(&walk, 7 + i, TOGETHER + APART + 1, WALK64_DAYS, QB_DAY_US));
            for (size_t row = 0; row < walk.count; row++) {
                const qb_bar bar = qb_series_bar(&walk, row);
                if (row < TOGETHER)
                    CHECK_OK(qb_series_append(&together[i], &bar));
                else if (row > TOGETHER && row % (3 + i) != 0) /* each misses days of its own */
                    CHECK_OK(qb_series_append(&apart[i], &bar));
            }
            qb_series_clear(&walk);
        }
        qb_engine_config config = lab_config(coins, COUNT);
        config.strategy = &deaf;
        CHECK(run(&config, together, apart, false) == run(&config, together, apart, true));
        for (uint32_t i = 0; i < COUNT; i++) {
            qb_series_clear(&together[i]);
            qb_series_clear(&apart[i]);
        }
    }
}

static const tap_case cases[] = {
    {"/engine/clock/part-again", part_again},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
