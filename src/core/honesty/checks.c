/* Each check: how the bars are changed, and what must not change, or must follow. */
#include "core/honesty/honesty-private.h"

#include <stdlib.h>
#include <string.h>

#define YEARS_28_US (10227 * QB_DAY_US) /* whole weeks, and the calendar's own period until 2100 */
#define YEAR_2003_US INT64_C(1041379200000000)
#define MIRROR_MIN 1e-6
#define MIRROR_MAX 1e9

static const struct {
    const char *name, *meaning;
} texts[QB_CHECK_COUNT] = {
    [QB_CHECK_REPEAT] = {"repeat", "the same bars once more made the same decisions"},
    [QB_CHECK_PREFIXES] = {"prefixes", "the first bars alone made the first decisions"},
    [QB_CHECK_FUTURE] = {"future", "another future changed no decision before it"},
    [QB_CHECK_DELAYED] = {"delayed", "bars that came one bar later were decided one bar later"},
    [QB_CHECK_DATES] = {"dates", "the same bars 28 years away made the same decisions"},
    [QB_CHECK_LEVELS] = {"levels", "twice all prices and money made the same decisions"},
    [QB_CHECK_WARMUP] = {"warmup", "1, 2 and 4 times the warm-up made the same decisions"},
};

const char *qb_check_text(qb_check check)
{
    return (unsigned)check < QB_CHECK_COUNT ? texts[check].name : "unknown";
}

const char *qb_check_meaning(qb_check check)
{
    return (unsigned)check < QB_CHECK_COUNT ? texts[check].meaning : "";
}

const char *qb_verdict_text(qb_verdict verdict)
{
    return verdict == QB_VERDICT_PASSED   ? "passed"
           : verdict == QB_VERDICT_FAILED ? "failed"
                                          : "undecided";
}

/* ---- findings ------------------------------------------------------------------------------- */

void finding_fail(const base *base, const difference *difference, const char *why, qb_finding *out)
{
    size_t bars = base_known(base, difference->instrument, difference->at_us);
    out->verdict = QB_VERDICT_FAILED;
    out->why = why;
    out->located = true;
    out->instrument = difference->instrument;
    out->at_us = difference->at_us;
    out->bar_ts_us = bars > 0 ? base->ts[difference->instrument][bars - 1] : difference->at_us;
    out->wanted = difference->wanted;
    out->got = difference->got;
}

void finding_undecided(const char *why, qb_finding *out)
{
    out->verdict = QB_VERDICT_UNDECIDED;
    out->why = why;
}

/* Runs a change and compares with the unchanged run. Only memory is a failure of ours: a changed
 * run that cannot be made leaves the check undecided. */
static qb_status run_and_compare(const base *base, const bend *bend, int64_t until_us, bool exact,
                                 qb_finding *out, bool *out_equal, difference *out_difference)
{
    notes notes;
    qb_status status = bent_run(base, bend, &notes);
    out->runs++;
    *out_equal = true;
    if (status == QB_OK)
        *out_equal = notes_equal(&base->notes, &notes, until_us, bend->scale, exact,
                                 out_difference);
    else if (status != QB_NO_MEMORY)
        finding_undecided("the changed bars cannot be run", out);
    notes_clear(&notes);
    return status == QB_NO_MEMORY ? status : QB_OK;
}

static qb_status check_repeat(const base *base, qb_finding *out)
{
    difference difference;
    bool equal;
    qb_status status = run_and_compare(base, &bend_none, INT64_MAX, true, out, &equal, &difference);
    if (status == QB_OK && !equal)
        finding_fail(base, &difference,
                     "it remembers an earlier run, or asks a clock or dice of its own", out);
    return status;
}

/* ---- where to cut --------------------------------------------------------------------------- */

typedef struct cuts {
    int64_t *at_us; /* descending: what an earlier, longer run left behind would show */
    size_t count;
} cuts;

static int descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

static size_t drop_equal(int64_t *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || values[kept - 1] != values[i])
            values[kept++] = values[i];
    return kept;
}

/* Evenly spread ones of them. */
static size_t thin(int64_t *values, size_t count, size_t limit)
{
    if (count <= limit)
        return count;
    for (size_t i = 0; i < limit; i++)
        values[i] = values[i * count / limit];
    return limit;
}

/* At each change of mind; where those are few, in between too. limit 0: at all changes. */
static qb_status choose_cuts(const base *base, uint32_t limit, qb_arena *arena, cuts *out)
{
    size_t extra = limit;
    int64_t *at = qb_arena_alloc(arena, base->notes.calls + extra, sizeof *at);
    if (at == NULL)
        return QB_NO_MEMORY;
    size_t count = 0;
    for (uint32_t i = 0; i < base->notes.count; i++)
        for (const call *call = base->notes.first[i]; call != NULL; call = call->next)
            at[count++] = call->at_us;
    qsort(at, count, sizeof *at, descending);
    count = drop_equal(at, count);
    if (limit > 0)
        count = thin(at, count, limit);
    for (size_t i = count, all = base->instant_count; i < limit; i++)
        at[count++] = base->instants[(i + 1) * all / (limit + 1)];
    qsort(at, count, sizeof *at, descending);
    *out = (cuts){at, drop_equal(at, count)};
    return QB_OK;
}

/* Only what was known at that time. */
static qb_series *prefix_of(const base *base, int64_t at_us, qb_arena *arena)
{
    uint32_t count = base->config->instrument_count;
    qb_series *series = qb_arena_alloc(arena, count, sizeof *series);
    for (uint32_t i = 0; series != NULL && i < count; i++) {
        series[i] = base->series[i];
        series[i].count = base_row(base, i, base_known(base, i, at_us));
    }
    return series;
}

/* ---- another future ------------------------------------------------------------------------- */

static double mirror(double price, double about)
{
    double mirrored = about * about / price;
    return mirrored < MIRROR_MIN ? MIRROR_MIN : mirrored > MIRROR_MAX ? MIRROR_MAX : mirrored;
}

static double *copy_column(const double *column, size_t count, qb_arena *arena)
{
    double *copy = column != NULL ? qb_arena_alloc(arena, count, sizeof *copy) : NULL;
    if (copy != NULL)
        memcpy(copy, column, count * sizeof *copy);
    return copy;
}

static bool copy_prices(const qb_series *from, qb_series *to, qb_arena *arena)
{
    *to = *from;
    to->open = copy_column(from->open, from->count, arena);
    to->high = copy_column(from->high, from->count, arena);
    to->low = copy_column(from->low, from->count, arena);
    to->close = copy_column(from->close, from->count, arena);
    to->bid = copy_column(from->bid, from->count, arena);
    to->ask = copy_column(from->ask, from->count, arena);
    to->dividend = copy_column(from->dividend, from->count, arena);
    return to->open != NULL && to->high != NULL && to->low != NULL && to->close != NULL &&
           (to->bid != NULL) == (from->bid != NULL) && (to->ask != NULL) == (from->ask != NULL) &&
           (to->dividend != NULL) == (from->dividend != NULL);
}

/* From that row on every rise is a fall of the same size and the other way round, so that who
 * knows the real future is wrong as often as he was right. */
static void mirror_rows(const qb_series *from, size_t row, qb_series *to)
{
    double about = from->close[row - 1];
    for (; row < from->count; row++) {
        to->open[row] = mirror(from->open[row], about);
        to->high[row] = mirror(from->low[row], about);
        to->low[row] = mirror(from->high[row], about);
        to->close[row] = mirror(from->close[row], about);
        if (to->bid != NULL && to->ask != NULL && from->bid[row] > 0.0 && from->ask[row] > 0.0) {
            to->bid[row] = mirror(from->ask[row], about);
            to->ask[row] = mirror(from->bid[row], about);
        }
    }
}

static qb_series *other_future_of(const base *base, int64_t at_us, qb_arena *arena)
{
    uint32_t count = base->config->instrument_count;
    qb_series *series = qb_arena_alloc(arena, count, sizeof *series);
    for (uint32_t i = 0; series != NULL && i < count; i++) {
        size_t row = base_row(base, i, base_known(base, i, at_us));
        if (!copy_prices(&base->series[i], &series[i], arena))
            return NULL;
        if (row > 0)
            mirror_rows(&base->series[i], row, &series[i]);
    }
    return series;
}

typedef qb_series *(*cut_series)(const base *base, int64_t at_us, qb_arena *arena);

/* The earliest difference over all cuts. */
static qb_status check_cuts(const base *base, const cuts *cuts, size_t stride, cut_series make,
                            const char *why, qb_finding *out)
{
    bool failed = false;
    difference first = {0};
    qb_status status = QB_OK;
    for (size_t i = 0; i < cuts->count && status == QB_OK; i += stride) {
        qb_arena arena = {0};
        bend bend = bend_none;
        difference difference;
        bool equal = true;
        bend.series = make(base, cuts->at_us[i], &arena);
        status = bend.series == NULL
                     ? QB_NO_MEMORY
                     : run_and_compare(base, &bend, cuts->at_us[i], true, out, &equal, &difference);
        if (status == QB_OK && !equal && (!failed || difference.at_us < first.at_us)) {
            failed = true;
            first = difference;
        }
        qb_arena_clear(&arena);
    }
    if (failed)
        finding_fail(base, &first, why, out);
    return status;
}

static qb_status check_future(const base *base, const qb_honesty_limits *limits, qb_finding *prefix,
                              qb_finding *future)
{
    qb_arena arena = {0};
    cuts cuts = {0};
    qb_status status = choose_cuts(base, limits->cuts, &arena, &cuts);
    if (status == QB_OK)
        status = check_cuts(base, &cuts, 1, prefix_of,
                            "with the bars up to here alone it decides otherwise", prefix);
    size_t stride = limits->futures > 0 ? cuts.count / limits->futures : 0;
    if (status == QB_OK)
        status = check_cuts(base, &cuts, stride > 0 ? stride : 1, other_future_of,
                            "with another future it decides otherwise before it", future);
    qb_arena_clear(&arena);
    return status;
}

/* ---- other times ---------------------------------------------------------------------------- */

/* The last instants are not delivered any more: what was decided there cannot follow. */
static int64_t delivered_until(const base *base)
{
    size_t count = base->instant_count;
    return count > base->lag ? base->instants[count - 1 - base->lag] : INT64_MIN;
}

/* Who knows the real dates, from a table or by heart, is found out by the other dates. Who only
 * asks what day it is, is not, and may decide otherwise on bars that come on another day. */
static qb_status check_times(const base *base, qb_finding *delayed, qb_finding *dates)
{
    bend late = bend_none, away = bend_none;
    difference late_difference, away_difference;
    bool late_equal, away_equal;
    late.lag = base->lag;
    away.shift_us = base->instants[base->instant_count - 1] < YEAR_2003_US ? YEARS_28_US
                                                                           : -YEARS_28_US;
    qb_status status = run_and_compare(base, &late, delivered_until(base), false, delayed,
                                       &late_equal, &late_difference);
    if (status == QB_OK)
        status = run_and_compare(base, &away, INT64_MAX, false, dates, &away_equal,
                                 &away_difference);
    if (status != QB_OK)
        return status;
    if (!away_equal)
        finding_fail(base, &away_difference, "it knows what happened on these dates", dates);
    if (!late_equal && !away_equal)
        finding_fail(base, &late_difference,
                     "it does not follow the bars it is given, but knows what comes", delayed);
    else if (!late_equal)
        delayed->why = "it asks what day it is, which other dates show to be harmless";
    return QB_OK;
}

/* ---- other prices --------------------------------------------------------------------------- */

static qb_status check_levels(const base *base, qb_finding *out)
{
    uint32_t count = base->config->instrument_count;
    qb_arena arena = {0};
    bend bend = {.scale = 2.0, .quiet_until_us = INT64_MIN};
    qb_series *series = qb_arena_alloc(&arena, count, sizeof *series);
    qb_status status = series != NULL ? QB_OK : QB_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == QB_OK; i++) {
        if (!copy_prices(&base->series[i], &series[i], &arena)) {
            status = QB_NO_MEMORY;
            break;
        }
        double *const columns[] = {series[i].open,    series[i].high, series[i].low,
                                   series[i].close,   series[i].bid,  series[i].ask,
                                   series[i].dividend};
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
            for (size_t row = 0; columns[k] != NULL && row < series[i].count; row++)
                columns[k][row] *= bend.scale;
    }
    bend.series = series;
    difference difference;
    bool equal = true;
    if (status == QB_OK)
        status = run_and_compare(base, &bend, INT64_MAX, false, out, &equal, &difference);
    if (status == QB_OK && !equal)
        finding_fail(base, &difference,
                     "it decides by the level of prices: a table of known ones, figures taken from "
                     "the whole sample, or a rule in money",
                     out);
    qb_arena_clear(&arena);
    return status;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static qb_status run_checks(const base *base, const qb_honesty_limits *limits,
                            qb_finding out[QB_CHECK_COUNT])
{
    qb_status status = check_repeat(base, &out[QB_CHECK_REPEAT]);
    if (status == QB_OK)
        status = check_future(base, limits, &out[QB_CHECK_PREFIXES], &out[QB_CHECK_FUTURE]);
    if (status == QB_OK)
        status = check_times(base, &out[QB_CHECK_DELAYED], &out[QB_CHECK_DATES]);
    if (status == QB_OK)
        status = check_levels(base, &out[QB_CHECK_LEVELS]);
    if (status == QB_OK)
        status = check_warmup(base, limits->starts, &out[QB_CHECK_WARMUP]);
    return status;
}

qb_status qb_honesty_check(const qb_engine_config *config, const qb_series *series,
                           const qb_honesty_limits *limits, qb_finding out[QB_CHECK_COUNT])
{
    qb_finding findings[QB_CHECK_COUNT];
    base base;
    for (int i = 0; i < QB_CHECK_COUNT; i++) {
        findings[i] = (qb_finding){.check = (qb_check)i};
    }
    qb_status status = base_init(&base, config, series);
    if (status == QB_OK && base.notes.calls == 0) {
        for (int i = 0; i < QB_CHECK_COUNT; i++)
            finding_undecided("it asked for nothing on these bars", &findings[i]);
    } else if (status == QB_OK) {
        status = run_checks(&base, limits, findings);
    }
    base_clear(&base);
    if (status == QB_OK)
        memcpy(out, findings, sizeof findings);
    return status;
}
