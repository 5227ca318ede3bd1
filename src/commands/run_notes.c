/* What a reader must know before believing the figures: of the universe, its bars, the run. */
#include "commands/market-private.h"
#include "commands/run-private.h"

#define SURVIVORS 5u
#define FEW_DIGITS 1e-4
#define YEAR_US (365 * QB_DAY_US)
#define WEEK_US (7 * QB_DAY_US)
#define SPLITS_SHOWN 3u     /* of each instrument */
#define SPLIT_LINES_MAX 10u /* of all */

static void G_GNUC_PRINTF(2, 3) say(GPtrArray *lines, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(lines, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* kind: static, stable. */
static void G_GNUC_PRINTF(3, 4) warn(run_notes *self, const char *kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(self->warnings, g_strdup_vprintf(format, arguments));
    g_ptr_array_add(self->kinds, (gpointer)kind);
    va_end(arguments);
}

/* ---- the universe ---------------------------------------------------------------------------- */

/* A universe of today's companies leaves out those that did not live: it flatters everybody. */
static void note_survivors(const run_plan *plan, const run_bars *bars, run_notes *self)
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
        warn(self, "survivors",
             "all %u equities live to the end of the run: the universe was chosen with today's "
             "knowledge",
             equities);
}

static void note_reuse(const run_plan *plan, const run_bars *bars, run_notes *self)
{
    for (guint32 i = 0; i < plan->count; i++) {
        const qb_series *series = &bars->series[i];
        char *reuse = market_reuse_note(&plan->instruments[i], series->ts_us, series->count);
        if (reuse != NULL) {
            g_ptr_array_add(self->warnings, reuse);
            g_ptr_array_add(self->kinds, (gpointer) "reused-ticker");
        }
    }
}

/* ---- its bars -------------------------------------------------------------------------------- */

static gboolean may_split(const run_plan *plan, const run_bars *bars, guint32 index)
{
    const cache_adjustment adjustment = bars->entries[index].adjustment;
    return plan->instruments[index].asset == QB_EQUITY && adjustment != CACHE_SPLIT &&
           adjustment != CACHE_FULL;
}

static void note_split(const qb_split_suspect *suspect, const char *symbol, run_notes *self)
{
    char date[QB_TIME_TEXT];
    warn(self, "undeclared-split",
         "%s opens on %s at %.4g times the close before, as after a %d:%d split that is not "
         "declared: import the split, or the result is wrong",
         symbol, qb_date_to_text(qb_date_from_us(suspect->ts_us), date), suspect->ratio,
         suspect->new_shares, suspect->old_shares);
}

static void note_undeclared(const run_plan *plan, const run_bars *bars, run_notes *self)
{
    gsize left_out = 0, lines = 0;
    for (guint32 i = 0; i < plan->count; i++) {
        if (!may_split(plan, bars, i))
            continue;
        qb_split_suspect suspects[SPLITS_SHOWN];
        const gsize count = qb_splits_undeclared(&bars->series[i], suspects, SPLITS_SHOWN);
        gsize shown = 0;
        for (; shown < MIN(count, SPLITS_SHOWN) && lines < SPLIT_LINES_MAX; shown++, lines++)
            note_split(&suspects[shown], plan->symbols[i], self);
        left_out += count - shown;
    }
    if (left_out > 0)
        warn(self, "undeclared-split",
             "%" G_GSIZE_FORMAT " more such splits (quantbot data actions lists them)", left_out);
}

static void note_adjustment(const run_bars *bars, run_notes *self)
{
    gsize split = 0, full = 0;
    for (guint32 i = 0; i < bars->count; i++) {
        split += bars->entries[i].adjustment == CACHE_SPLIT;
        full += bars->entries[i].adjustment == CACHE_FULL;
    }
    if (split > 0)
        warn(self, "adjusted", "prices are split-adjusted: dividends are missing");
    if (full > 0)
        warn(self, "adjusted",
             "prices are fully adjusted: they use knowledge of later splits and dividends");
}

static void note_samples(const run_plan *plan, const run_bars *bars, run_notes *self)
{
    for (guint32 i = 0; i < plan->count; i++) {
        const qb_series *series = &bars->series[i];
        gsize samples = 0;
        for (gsize k = 0; series->flags != NULL && k < series->count; k++)
            samples += (series->flags[k] & QB_BAR_SAMPLED) != 0;
        if (samples > 0)
            warn(self, "sampled",
                 "%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
                 " bars are samples of the price: orders fill at the sample, volume is unknown",
                 plan->symbols[i], samples, series->count);
    }
}

static void note_small_prices(const run_plan *plan, const run_bars *bars, run_notes *self)
{
    for (guint32 i = 0; i < plan->count; i++) {
        const qb_series *series = &bars->series[i];
        gsize small = 0;
        for (gsize k = 0; plan->instruments[i].asset == QB_CRYPTO && k < series->count; k++)
            small += series->close[k] < FEW_DIGITS;
        if (small > 0)
            warn(self, "few-digits",
                 "%s: prices below 0.0001 leave its fills few digits (%d decimals are kept)",
                 plan->symbols[i], plan->instruments[i].price_decimals);
    }
}

static void note_volume(const run_plan *plan, const run_bars *bars, GPtrArray *notes)
{
    for (guint32 i = 0; i < bars->count && plan->costs.volume_cap.raw > 0; i++) {
        const qb_series *series = &bars->series[i];
        gsize unknown = 0;
        for (gsize k = 0; k < series->count; k++)
            unknown += series->volume == NULL || !(series->volume[k] > 0);
        if (unknown > 0)
            say(notes, "%s: no volume on %" G_GSIZE_FORMAT " bars, where the volume cap is off",
                plan->symbols[i], unknown);
    }
}

/* ---- the run --------------------------------------------------------------------------------- */

static gboolean charges(const qb_costs *costs)
{
    return costs->fee_rate.raw != 0 || costs->fee_per_unit.raw != 0 ||
           costs->fee_minimum.raw != 0 || costs->sell_rate.raw != 0 ||
           costs->sell_per_unit.raw != 0;
}

/* Fees alone: a preset has no others. */
static gboolean same_fees(const qb_costs *a, const qb_costs *b)
{
    return a->fee_rate.raw == b->fee_rate.raw && a->maker_discount.raw == b->maker_discount.raw &&
           a->fee_per_unit.raw == b->fee_per_unit.raw && a->fee_minimum.raw == b->fee_minimum.raw &&
           a->fee_cap.raw == b->fee_cap.raw && a->sell_rate.raw == b->sell_rate.raw &&
           a->sell_per_unit.raw == b->sell_per_unit.raw;
}

static void note_fees(const run_plan *plan, GPtrArray *notes)
{
    guint own = 0;
    if (plan->preset != NULL)
        say(notes, "fees are those of %s as of %s%s", plan->preset->name, plan->preset->since,
            same_fees(&plan->costs, &plan->preset->costs) ? "" : ", where no flag goes over them");
    for (guint32 i = 0; plan->instrument_costs != NULL && i < plan->count; i++)
        own += !same_fees(&plan->instrument_costs[i], &plan->costs);
    if (own > 0)
        say(notes,
            "%u of %u instruments have fees of their own (fee_preset in instruments.ini, under the "
            "flags given)",
            own, plan->count);
    if (own == 0 && !charges(&plan->costs))
        say(notes, "no fee is charged");
}

static void note_orders(const run_plan *plan, run_notes *self)
{
    const GPtrArray *lines = plan->orders != NULL ? run_orders_notes(plan->orders) : NULL;
    for (guint i = 0; lines != NULL && i < lines->len; i++)
        warn(self, "orders", "%s", (const char *)g_ptr_array_index(lines, i));
}

static void note_terms(const run_plan *plan, GPtrArray *notes)
{
    if (plan->fill_at == QB_FILL_CLOSE)
        say(notes, "fills at the close that decided: nobody can trade so");
    note_fees(plan, notes);
}

/* The sector rule sees no instrument without a sector. */
static void note_sectors(const run_plan *plan, run_notes *self)
{
    guint without = 0;
    for (guint32 i = 0; i < plan->count; i++)
        without += plan->instruments[i].sector[0] == '\0';
    if (run_risk_limits(&plan->risk, QB_RISK_SECTOR) && without > 0)
        warn(
            self, "no-sector",
            "%u of %u instruments have no sector in instruments.ini: the risk rule sector does not "
            "see them",
            without, plan->count);
}

static void note_detail(const run_plan *plan, const run_result *result, GPtrArray *notes)
{
    if (result->coarse_bars > 0)
        say(notes,
            "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " bars were walked whole: their bars of %s are missing, or do not reach the same high "
            "and low",
            result->coarse_bars, result->totals.bars, qb_interval_text(plan->detail));
}

static void note_left_out(const run_result *result, GPtrArray *notes)
{
    if (result->skipped_bars > 0)
        say(notes, "%" G_GUINT64_FORMAT " bars stand in no session and were not seen",
            result->skipped_bars);
    if (result->unpriced_bars > 0)
        say(notes, "%" G_GUINT64_FORMAT " bars have a price that is none and were not seen",
            result->unpriced_bars);
}

static void note_flows(const run_result *result, GPtrArray *notes)
{
    char amount[QB_RAW_TEXT];
    if (result->flows->len > 0)
        say(notes,
            "%s were paid in (withdrawals taken off): returns, drawdowns and curves are "
            "time-weighted",
            qb_raw_to_text(result->totals.deposits.raw, amount));
}

static void note_rules(const run_result *result, GPtrArray *notes)
{
    guint64 orders = 0;
    int most = QB_RISK_NONE;
    for (int rule = QB_RISK_NONE + 1; rule < QB_RISK_RULE_COUNT; rule++) {
        orders += result->ruled[rule];
        if (result->ruled[rule] > result->ruled[most])
            most = rule;
    }
    if (orders > 0)
        say(notes,
            "risk rules refused or cut orders %" G_GUINT64_FORMAT
            " times, most often %s (quantbot runs show last --risk)",
            orders, qb_risk_rule_text((qb_risk_rule)most));
}

static void note_course(const run_result *result, GPtrArray *notes)
{
    const qb_engine_totals *totals = &result->totals;
    if (totals->rejected + totals->expired > 0)
        say(notes,
            "%" G_GUINT64_FORMAT " orders rejected, %" G_GUINT64_FORMAT
            " expired (quantbot runs show says why)",
            totals->rejected, totals->expired);
    if (totals->disabled)
        say(notes, "the strategy gave a size that is none: it was asked no more from there on");
    if (totals->bankrupt)
        say(notes, "the account went bankrupt: the run ended there");
}

run_notes run_notes_of(const run_plan *plan, const run_bars *bars, const run_result *result)
{
    run_notes self = {
        .warnings = g_ptr_array_new_with_free_func(g_free),
        .kinds = g_ptr_array_new(),
        .notes = g_ptr_array_new_with_free_func(g_free),
    };
    note_undeclared(plan, bars, &self);
    note_adjustment(bars, &self);
    note_reuse(plan, bars, &self);
    note_survivors(plan, bars, &self);
    note_samples(plan, bars, &self);
    note_small_prices(plan, bars, &self);
    note_sectors(plan, &self);
    note_orders(plan, &self);
    note_volume(plan, bars, self.notes);
    note_terms(plan, self.notes);
    run_macros_notes(plan, bars, self.notes);
    note_flows(result, self.notes);
    note_detail(plan, result, self.notes);
    note_left_out(result, self.notes);
    note_rules(result, self.notes);
    note_course(result, self.notes);
    return self;
}

void run_notes_clear(run_notes *self)
{
    g_clear_pointer(&self->warnings, g_ptr_array_unref);
    g_clear_pointer(&self->kinds, g_ptr_array_unref);
    g_clear_pointer(&self->notes, g_ptr_array_unref);
}
