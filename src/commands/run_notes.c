/* What the plan and its bars alone tell a reader, before anything ran. */
#include "commands/market-private.h"
#include "commands/run-private.h"

#define SURVIVORS 5u
#define FEW_DIGITS 1e-4
#define YEAR_US (365 * QB_DAY_US)
#define WEEK_US (7 * QB_DAY_US)

static void note_small_prices(const qb_instrument *instrument, const qb_series *series,
                              GPtrArray *notes)
{
    gsize small = 0;
    for (gsize i = 0; instrument->asset == QB_CRYPTO && i < series->count; i++)
        small += series->close[i] < FEW_DIGITS;
    if (small > 0)
        g_ptr_array_add(notes, g_strdup_printf("%s: prices below 0.0001 leave its fills few digits "
                                               "(%d decimals are kept)",
                                               instrument->symbol, instrument->price_decimals));
}

/* A universe of today's companies leaves out those that did not live: it flatters every strategy. */
static void note_survivors(const run_plan *plan, const run_bars *bars, GPtrArray *notes)
{
    gint64 first_us = INT64_MAX, last_us = INT64_MIN;
    guint equities = 0, alive = 0;
    for (guint32 i = 0; i < plan->count; i++) {
        first_us = MIN(first_us, bars->series[i].ts_us[0]);
        last_us = MAX(last_us, bars->series[i].ts_us[bars->series[i].count - 1]);
    }
    for (guint32 i = 0; i < plan->count; i++) {
        if (plan->instruments[i].asset != QB_EQUITY)
            continue;
        equities++;
        alive += bars->series[i].ts_us[bars->series[i].count - 1] >= last_us - WEEK_US;
    }
    if (equities >= SURVIVORS && alive == equities && last_us - first_us >= YEAR_US)
        g_ptr_array_add(notes,
                        g_strdup_printf("all %u equities live to the end of the run: the universe "
                                        "was chosen with today's knowledge",
                                        equities));
}

void run_notes_add(run_plan *plan, const run_bars *bars)
{
    for (guint32 i = 0; i < plan->count; i++) {
        const qb_series *series = &bars->series[i];
        char *reuse = market_reuse_note(&plan->instruments[i], series->ts_us, series->count);
        if (reuse != NULL)
            g_ptr_array_add(plan->notes, reuse);
        note_small_prices(&plan->instruments[i], series, plan->notes);
    }
    note_survivors(plan, bars, plan->notes);
}
