/* The form that goes along with a run: its decisions are kept up to a horizon, and its beginning is
 * made again, whole, two thirds of it and a third. All of what came of each bar is compared, for
 * these are the same run up to there. */
#include "core/honesty/honesty.h"

#include <math.h>

#define PREFIXES 3
#define BLOCK_RECORDS 256u

/* Bars of one instrument with the same outcome, as in qb_decision. */
typedef struct record {
    struct record *next; /* of the same instrument */
    qb_decision decision;
} record;

typedef struct records {
    qb_arena arena;
    record **first, **last; /* [count] */
    record *block;
    uint32_t left;
    int64_t horizon_us; /* later ones are not kept */
} records;

struct qb_short_check {
    const qb_engine_config *config;
    const qb_series *series;
    records run;
    qb_arena arena; /* of this struct itself */
    bool too_wide;
};

/* ---- records -------------------------------------------------------------------------------- */

static qb_status records_init(records *records, uint32_t instrument_count, int64_t horizon_us)
{
    *records = (struct records){.horizon_us = horizon_us};
    records->first = qb_arena_alloc(&records->arena, instrument_count, sizeof *records->first);
    records->last = qb_arena_alloc(&records->arena, instrument_count, sizeof *records->last);
    return records->first != NULL && records->last != NULL ? QB_OK : QB_NO_MEMORY;
}

static qb_status records_add(records *records, const qb_decision *decision)
{
    if (decision->first_us > records->horizon_us)
        return QB_OK;
    if (records->left == 0) {
        records->block = qb_arena_alloc(&records->arena, BLOCK_RECORDS, sizeof *records->block);
        if (records->block == NULL)
            return QB_NO_MEMORY;
        records->left = BLOCK_RECORDS;
    }
    record *mine = records->block++;
    records->left--;
    *mine = (record){.decision = *decision};
    uint32_t i = decision->instrument;
    if (records->last[i] != NULL)
        records->last[i]->next = mine;
    else
        records->first[i] = mine;
    records->last[i] = mine;
    return QB_OK;
}

static qb_status records_hear(void *self, const qb_decision *decision)
{
    return records_add(self, decision);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool same_double(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* What was decided when told of a fill at the very end knows an open that the prefix has not. */
static const record *skip_last(const record *record, int64_t until_us)
{
    while (record != NULL &&
           (record->decision.first_us > until_us ||
            (record->decision.first_us == until_us && record->decision.bars == 0)))
        record = record->next;
    return record;
}

/* The first time at which two records that begin together stop being the same; INT64_MAX: never.
 * A run of bars ends where the next record begins, or at the end of both. */
static int64_t part(const qb_decision *a, const qb_decision *b, int64_t until_us)
{
    if (a->first_us != b->first_us || a->stage != b->stage || a->reason != b->reason ||
        a->order_id != b->order_id || !same_double(a->signal, b->signal) ||
        (a->bars == 0) != (b->bars == 0))
        return a->first_us < b->first_us ? a->first_us : b->first_us;
    int64_t a_us = a->last_us < until_us ? a->last_us : until_us;
    int64_t b_us = b->last_us < until_us ? b->last_us : until_us;
    if (a_us == b_us)
        return INT64_MAX;
    return (a_us < b_us ? a_us : b_us) + 1;
}

static double signal_of(const record *record)
{
    return record != NULL ? record->decision.signal : NAN;
}

/* False: *out is where they part, if that is earlier than what it holds. */
static void compare_instrument(const record *a, const record *b, uint32_t instrument,
                               int64_t until_us, qb_finding *out)
{
    const record *before_a = NULL, *before_b = NULL;
    a = skip_last(a, until_us);
    b = skip_last(b, until_us);
    int64_t parted_us = INT64_MAX;
    while (a != NULL && b != NULL &&
           (parted_us = part(&a->decision, &b->decision, until_us)) == INT64_MAX) {
        before_a = a;
        before_b = b;
        a = skip_last(a->next, until_us);
        b = skip_last(b->next, until_us);
    }
    if (a == NULL && b == NULL)
        return;
    if (parted_us == INT64_MAX)
        parted_us = a != NULL ? a->decision.first_us : b->decision.first_us;
    if (out->verdict == QB_VERDICT_FAILED && out->at_us <= parted_us)
        return;
    /* Where one ended first, it is the next one of it that differs. */
    const record *of_a = a != NULL && a->decision.last_us < parted_us ? a->next : a;
    const record *of_b = b != NULL && b->decision.last_us < parted_us ? b->next : b;
    if (of_a != NULL && of_a->decision.first_us >= parted_us)
        parted_us = of_a->decision.first_us;
    else if (of_b != NULL && of_b->decision.first_us >= parted_us)
        parted_us = of_b->decision.first_us;
    out->verdict = QB_VERDICT_FAILED;
    out->why = "made again with fewer bars, it decides otherwise";
    out->located = true;
    out->instrument = instrument;
    out->at_us = parted_us;
    out->wanted = signal_of(of_a != NULL ? of_a : before_a);
    out->got = signal_of(of_b != NULL ? of_b : before_b);
}

/* ---- running -------------------------------------------------------------------------------- */

static qb_status run_prefix(const qb_short_check *check, const qb_series *series, records *out)
{
    const qb_sink sink = {.self = out, .decision = records_hear};
    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    qb_status status = qb_series_feed_new(check->config->instruments, series,
                                          check->config->instrument_count, &feed);
    if (status == QB_OK)
        status = qb_engine_new(check->config, &sink, &engine);
    if (status == QB_OK) {
        const qb_feed source = qb_series_feed_as_feed(feed);
        status = qb_engine_run(engine, &source);
    }
    if (status == QB_OK)
        status = qb_engine_finish(engine);
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    return status;
}

/* The last moment up to which a prefix knows all that the run knew: before any bar that it lacks
 * is known. */
static int64_t end_of(const qb_short_check *check, const size_t *rows)
{
    int64_t end_us = INT64_MAX;
    for (uint32_t i = 0; i < check->config->instrument_count; i++) {
        const qb_series *series = &check->series[i];
        const qb_instrument *about = &check->config->instruments[i];
        qb_session_cursor cursor = {0};
        qb_bar_time when;
        for (size_t row = rows[i]; row < series->count; row++)
            if (qb_bar_times_next(about->calendar, about->interval, series->ts_us[row], &cursor,
                                  &when)) {
                /* Its open may fill an order, and whoever is told decides then. */
                int64_t last_us = when.open_us - 1;
                end_us = last_us < end_us ? last_us : end_us;
                break;
            }
    }
    return end_us;
}

/* When the last bar of a prefix up to then became known: a run of equal decisions is cut there. */
static int64_t last_known(const qb_short_check *check, uint32_t instrument, size_t rows,
                          int64_t until_us)
{
    const qb_instrument *about = &check->config->instruments[instrument];
    qb_bar_time when;
    while (rows-- > 0)
        if (qb_bar_times(about->calendar, about->interval, check->series[instrument].ts_us[rows],
                         &when) &&
            when.known_us <= until_us)
            return when.known_us;
    return INT64_MIN;
}

/* Rows before a stamp, so that all instruments end together. */
static void rows_before(const qb_short_check *check, int64_t stamp_us, size_t *rows)
{
    for (uint32_t i = 0; i < check->config->instrument_count; i++)
        rows[i] = qb_series_lower_bound(&check->series[i], stamp_us);
}

/* The stamp of the row that far into the longest series. */
static int64_t stamp_at(const qb_short_check *check, double share)
{
    const qb_series *longest = &check->series[0];
    for (uint32_t i = 1; i < check->config->instrument_count; i++)
        if (check->series[i].count > longest->count)
            longest = &check->series[i];
    size_t row = (size_t)((double)longest->count * share);
    return row < longest->count ? longest->ts_us[row] : INT64_MAX;
}

static double horizon_share(const qb_short_check *check)
{
    size_t bars = 0;
    for (uint32_t i = 0; i < check->config->instrument_count; i++)
        bars += check->series[i].count;
    double share = (double)(QB_SHORT_BARS / 2) / (double)(bars > 0 ? bars : 1); /* 1 + 2/3 + 1/3 */
    return share < 1.0 ? share : 1.0;
}

static qb_status compare_prefix(const qb_short_check *check, double share, qb_finding *out)
{
    qb_arena arena = {0};
    uint32_t count = check->config->instrument_count;
    size_t *rows = qb_arena_alloc(&arena, count, sizeof *rows);
    qb_series *series = qb_arena_alloc(&arena, count, sizeof *series);
    qb_status status = rows != NULL && series != NULL ? QB_OK : QB_NO_MEMORY;
    if (status == QB_OK) {
        rows_before(check, stamp_at(check, share), rows);
        for (uint32_t i = 0; i < count; i++) {
            series[i] = check->series[i];
            series[i].count = rows[i];
        }
        int64_t until_us = end_of(check, rows);
        records prefix;
        status = records_init(&prefix, count, until_us);
        if (status == QB_OK)
            status = run_prefix(check, series, &prefix);
        for (uint32_t i = 0; status == QB_OK && i < count; i++)
            compare_instrument(check->run.first[i], prefix.first[i], i,
                               last_known(check, i, rows[i], until_us), out);
        qb_arena_clear(&prefix.arena);
    }
    out->runs++;
    qb_arena_clear(&arena);
    return status;
}

/* ---- the public side ------------------------------------------------------------------------ */

qb_status qb_short_check_new(const qb_engine_config *config, const qb_series *series,
                             qb_short_check **out)
{
    qb_arena arena = {0};
    qb_short_check *check = qb_arena_alloc(&arena, 1, sizeof *check);
    if (check == NULL)
        return QB_NO_MEMORY;
    *check = (qb_short_check){.config = config, .series = series};
    check->too_wide = config->instrument_count > QB_SHORT_INSTRUMENTS;
    int64_t horizon_us = INT64_MIN;
    qb_status status = QB_OK;
    if (!check->too_wide) {
        size_t *rows = qb_arena_alloc(&arena, config->instrument_count, sizeof *rows);
        if (rows != NULL) {
            rows_before(check, stamp_at(check, horizon_share(check)), rows);
            horizon_us = end_of(check, rows);
        } else {
            status = QB_NO_MEMORY;
        }
    }
    if (status == QB_OK)
        status = records_init(&check->run, config->instrument_count, horizon_us);
    if (status != QB_OK) {
        qb_arena_clear(&check->run.arena);
        qb_arena_clear(&arena);
        return status;
    }
    check->arena = arena;
    *out = check;
    return QB_OK;
}

qb_status qb_short_check_hear(qb_short_check *check, const qb_decision *decision)
{
    return records_add(&check->run, decision);
}

qb_status qb_short_check_finish(qb_short_check *check, qb_finding *out)
{
    qb_finding finding = {.check = QB_CHECK_PREFIXES};
    double share = horizon_share(check);
    qb_status status = QB_OK;
    if (check->too_wide) {
        finding.verdict = QB_VERDICT_UNDECIDED;
        finding.why = "too many instruments for the short form";
    }
    /* The longest first: what it leaves behind in a strategy's globals, the shorter ones show. */
    for (int i = PREFIXES; i > 0 && !check->too_wide && status == QB_OK; i--)
        status = compare_prefix(check, share * i / PREFIXES, &finding);
    if (status == QB_OK)
        *out = finding;
    return status;
}

void qb_short_check_free(qb_short_check *check)
{
    if (check == NULL)
        return;
    qb_arena_clear(&check->run.arena);
    qb_arena arena = check->arena;
    qb_arena_clear(&arena);
}
