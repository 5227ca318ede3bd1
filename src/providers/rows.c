#include "providers/providers-private.h"

#include <math.h>

void provider_rows_begin(provider_rows *self, const provider_job *job, qb_interval interval,
                         provider_page *page)
{
    *self = (provider_rows){.job = job, .page = page, .interval = interval};
    page->interval = interval;
}

void provider_rows_refuse(provider_rows *self, provider_refusal why)
{
    self->page->rows++;
    self->page->refused[why]++;
}

/* ---- reading one ---------------------------------------------------------------------------- */

const provider_row provider_no_row = {
    .bar = {.open = NAN, .high = NAN, .low = NAN, .close = NAN, .volume = NAN, .split_factor = 1}};

static gboolean read_stamp(scan *at, const provider_members *members, provider_row *out)
{
    scan_text text;
    gint64 count;
    if (members->stamp == PROVIDER_STAMP_TEXT) {
        out->stamped = scan_string(at, &text) && provider_time(&text, &out->bar.ts_us);
        return at->fault == NULL;
    }
    const gint64 unit_us = members->stamp == PROVIDER_STAMP_MS ? 1000 : QB_SECOND_US;
    if (!scan_int64(at, &count))
        return FALSE;
    out->stamped = count > -PROVIDER_FAR_US / unit_us && count < PROVIDER_FAR_US / unit_us;
    out->bar.ts_us = out->stamped ? count * unit_us : 0;
    return TRUE;
}

static gboolean is_named(const scan_text *key, const char *name)
{
    return name != NULL && scan_text_is(key, name);
}

static gboolean read_member(scan *at, const scan_text *key, const provider_members *members,
                            provider_row *out)
{
    const struct {
        const char *name;
        double *into;
    } numbers[] = {
        {members->open, &out->bar.open},
        {members->high, &out->bar.high},
        {members->low, &out->bar.low},
        {members->close, &out->bar.close},
        {members->volume, &out->bar.volume},
        {members->dividend, &out->bar.dividend},
        {members->split, &out->bar.split_factor},
    };
    if (is_named(key, members->ts))
        return read_stamp(at, members, out);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (is_named(key, numbers[i].name))
            return scan_loose_double(at, numbers[i].into);
    return scan_skip(at);
}

gboolean provider_row_read(scan *at, const provider_members *members, provider_row *out)
{
    scan_text key;
    *out = provider_no_row;
    if (!scan_enter_object(at))
        return FALSE;
    while (scan_member(at, &key))
        if (!read_member(at, &key, members, out))
            return FALSE;
    return at->fault == NULL;
}

/* ---- judging one ---------------------------------------------------------------------------- */

static gboolean has_prices(const qb_bar *bar)
{
    return isfinite(bar->open) && isfinite(bar->high) && isfinite(bar->low) && isfinite(bar->close);
}

static gboolean is_possible(const qb_bar *bar)
{
    return bar->low > 0 && bar->low <= bar->open && bar->low <= bar->close &&
           bar->high >= bar->open && bar->high >= bar->close && !(bar->volume < 0) &&
           !isinf(bar->volume) && bar->split_factor > 0 && isfinite(bar->split_factor) &&
           bar->dividend >= 0 && isfinite(bar->dividend);
}

/* When a bar is complete where the calendar does not say: a daily bar on a day without a session is
 * kept, since a vendor may know a session that the calendar does not. */
static gint64 known_without_session_us(const provider_rows *self, gint64 ts_us)
{
    return ts_us + qb_interval_us(self->interval);
}

/* PROVIDER_REFUSAL_COUNT: it stands well. */
static provider_refusal check_stamp(provider_rows *self, gint64 ts_us)
{
    const provider_job *job = self->job;
    qb_bar_time times;
    gint64 known_us = known_without_session_us(self, ts_us);
    if (qb_bar_times_next(job->calendar, self->interval, ts_us, &self->cursor, &times)) {
        known_us = times.known_us;
    } else {
        const qb_stamp_fit fit = qb_stamp_check(job->calendar, self->interval, ts_us);
        if (fit == QB_STAMP_OFF_GRID)
            return PROVIDER_OFF_GRID;
        if (self->interval < QB_1D && !job->extended)
            return PROVIDER_OFF_SESSION;
    }
    if (ts_us > job->now_us)
        return PROVIDER_FUTURE;
    if (known_us > job->now_us)
        return PROVIDER_UNFINISHED;
    /* Rows from which coarser bars are made may begin before the range: their bar counts. */
    if (job->ask == PROVIDER_BARS && self->interval == job->interval &&
        (ts_us < job->from_us || ts_us >= job->to_us))
        return PROVIDER_OUTSIDE;
    return PROVIDER_REFUSAL_COUNT;
}

static provider_refusal check(provider_rows *self, const qb_bar *bar)
{
    const provider_refusal stamp = check_stamp(self, bar->ts_us);
    if (stamp != PROVIDER_REFUSAL_COUNT)
        return stamp;
    if (!has_prices(bar))
        return PROVIDER_NOT_FINITE;
    return is_possible(bar) ? PROVIDER_REFUSAL_COUNT : PROVIDER_IMPOSSIBLE;
}

void provider_rows_add(provider_rows *self, const qb_bar *bar)
{
    const provider_refusal why = check(self, bar);
    if (why != PROVIDER_REFUSAL_COUNT) {
        provider_rows_refuse(self, why);
        return;
    }
    self->page->rows++;
    if (qb_series_append(&self->page->bars, bar) != QB_OK)
        self->failed = TRUE;
}

gboolean provider_rows_finish(provider_rows *self, GError **error)
{
    size_t moved, dropped;
    if (self->failed || qb_series_sort(&self->page->bars, &moved, &dropped) != QB_OK)
        return failure_from_status(error, QB_NO_MEMORY, "bars of an answer");
    self->page->refused[PROVIDER_DUPLICATE] += dropped;
    return TRUE;
}

csv_table *provider_csv(GBytes *body, const char *title, GError **error)
{
    g_autoptr(GError) reason = NULL;
    csv_table *table = csv_table_parse(body, title, &reason);
    if (table == NULL)
        g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s", reason->message);
    return table;
}

void provider_csv_number(const csv_table *table, gsize row, int column, double *into)
{
    gsize length;
    if (column < 0)
        return;
    const char *cell = csv_table_cell(table, row, column, &length);
    if (!csv_number_scan(cell, length, into))
        *into = NAN;
}
