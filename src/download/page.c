/* What one answer brought, on its way into the cache:
 *
 *     page ─> bars of the interval ─> only those that were asked for ─> with their dividends and
 *     splits ─> validated ─> merged ─> what the answer settled and does not hold is confirmed empty
 *
 * Bars before words: after a kill between the two some bars are asked for again; the other way
 * round they would be missing for ever. */
#include "download/download-private.h"

#include "platform/clock.h"

#include <math.h>

/* A bar that a source has not got so soon after its end may yet come: late prints, slow vendors. */
#define YET_TO_COME_US (2 * QB_DAY_US)

/* ---- of the interval ------------------------------------------------------------------------ */

static gboolean append_all(qb_series *to, const qb_series *from, gint64 from_us, GError **error)
{
    for (gsize i = qb_series_lower_bound(from, from_us); i < from->count; i++) {
        const qb_bar bar = qb_series_bar(from, i);
        if (qb_series_append(to, &bar) != QB_OK)
            return failure_from_status(error, QB_NO_MEMORY, "bars of an answer");
    }
    return TRUE;
}

/* Leaves the rows that may still become part of a bar. */
static gboolean keep_rest(series *self, GError **error)
{
    qb_series rest = {0};
    if (!append_all(&rest, &self->fine, self->finished_us, error)) {
        qb_series_clear(&rest);
        return FALSE;
    }
    qb_series_clear(&self->fine);
    self->fine = rest;
    return TRUE;
}

/* Pages of finer bars ascend. A bar whose finer ones stand on two pages is made when both are
 * there: finer rows wait until their bar is over by what the source has settled. */
static gboolean resample(series *self, const provider_page *page, gint64 known_us, qb_series *out,
                         GError **error)
{
    const provider_job *job = &self->job;
    size_t moved, dropped;
    qb_resampled report;
    if (!append_all(&self->fine, &page->bars, self->finished_us, error))
        return FALSE;
    qb_status status = qb_series_sort(&self->fine, &moved, &dropped);
    if (status == QB_OK)
        status = qb_resample(&self->fine, page->interval, job->interval, job->calendar, known_us,
                             out, &report);
    if (status != QB_OK)
        return failure_from_status(error, status, "bars made from finer ones");
    if (out->count > 0)
        self->finished_us = out->ts_us[out->count - 1] + qb_interval_us(job->interval);
    return keep_rest(self, error);
}

/* ---- dividends and splits ------------------------------------------------------------------- */

typedef struct reader {
    series *series;
    qb_series stored; /* of the stretch; empty where nothing overlaps */
    guint wanted_at;
    gsize left; /* rows that nobody asked for */
} reader;

static gboolean bears_action(const qb_bar *bar)
{
    return bar->dividend != 0 || bar->split_factor != 1;
}

static gboolean session_bears_action(const series *self, const qb_session *session)
{
    qb_series stored = {0};
    gboolean any = FALSE;
    const gint64 from_us = session->open_us - qb_interval_us(self->job.interval);
    if (!cache_read(self->owner->options.cache, &self->item.wish.key, from_us, session->close_us,
                    CACHE_OHLC | CACHE_ACTIONS, &stored, NULL, NULL))
        return FALSE;
    for (gsize i = 0; i < stored.count && !any; i++) {
        const qb_bar bar = qb_series_bar(&stored, i);
        any = bears_action(&bar);
    }
    qb_series_clear(&stored);
    return any;
}

/* Within a day the first bar of the ex-date bears the action: the bar of the opening, or where
 * there is none, the first that there is, if the opening was asked for at all. */
static gboolean is_of_bar(const series *self, const found_action *found, const qb_bar *bar)
{
    const qb_calendar *calendar = self->job.calendar;
    qb_session session;
    if (self->job.interval >= QB_1D)
        return found->action.ts_us == bar->ts_us;
    const int32_t date = qb_calendar_date(calendar, bar->ts_us);
    if (found->used || date != qb_date_from_us(found->action.ts_us) ||
        !qb_calendar_session(calendar, date, &session) ||
        bar->ts_us + qb_interval_us(self->job.interval) <= session.open_us)
        return FALSE;
    const gboolean opening = bar->ts_us <= session.open_us;
    return (opening || self->job.from_us <= session.open_us) &&
           !session_bears_action(self, &session);
}

static void put_actions(reader *self, qb_bar *bar)
{
    GArray *actions = self->series->actions;
    for (guint i = 0; i < actions->len; i++) {
        found_action *found = &g_array_index(actions, found_action, i);
        if (!is_of_bar(self->series, found, bar))
            continue;
        bar->dividend += found->action.dividend;
        bar->split_factor *= found->action.split_factor;
        found->used = TRUE;
    }
}

/* A source that knows of no dividends takes none away. */
static void keep_stored_actions(const reader *self, qb_bar *bar)
{
    const qb_series *stored = &self->stored;
    const gsize row = qb_series_lower_bound(stored, bar->ts_us);
    if (row == stored->count || stored->ts_us[row] != bar->ts_us || bears_action(bar))
        return;
    const qb_bar before = qb_series_bar(stored, row);
    bar->dividend = before.dividend;
    bar->split_factor = before.split_factor;
}

/* What is stored where bars are asked for again. */
static gboolean read_stored(reader *self, const qb_series *bars, GError **error)
{
    g_autoptr(GError) reason = NULL;
    const series *series = self->series;
    if (series->item.wish.again == 0 || bars->count == 0 ||
        cache_read(series->owner->options.cache, &series->item.wish.key, bars->ts_us[0],
                   bars->ts_us[bars->count - 1] + 1, CACHE_OHLC | CACHE_ACTIONS, &self->stored,
                   NULL, &reason) ||
        g_error_matches(reason, FAILURE, FAILURE_MISSING))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

/* ---- asked for ------------------------------------------------------------------------------ */

static gboolean choose(reader *self, const qb_series *bars, qb_series *out, GError **error)
{
    const GArray *wanted = self->series->item.wanted;
    for (gsize i = 0; i < bars->count; i++) {
        qb_bar bar = qb_series_bar(bars, i);
        if (!ranges_hold(wanted, &self->wanted_at, bar.ts_us)) {
            self->left++;
            continue;
        }
        put_actions(self, &bar);
        keep_stored_actions(self, &bar);
        if (qb_series_append(out, &bar) != QB_OK)
            return failure_from_status(error, QB_NO_MEMORY, "bars of an answer");
    }
    return TRUE;
}

static gboolean choose_bars(series *self, const qb_series *bars, qb_series *out, GError **error)
{
    reader reader = {.series = self};
    const gboolean good = read_stored(&reader, bars, error) && choose(&reader, bars, out, error);
    self->item.left_stored += reader.left;
    qb_series_clear(&reader.stored);
    return good;
}

/* ---- stored --------------------------------------------------------------------------------- */

static gboolean validate(series *self, const qb_series *bars, GError **error)
{
    qb_defect first[1];
    qb_defects defects = {.items = first, .capacity = 1};
    const qb_status status = qb_validate(bars, self->job.calendar, self->job.interval, &defects);
    if (status != QB_OK)
        return failure_from_status(error, status, "bars of an answer");
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++) {
        self->item.defects[kind] += defects.by_kind[kind];
        if (defects.by_kind[kind] > 0 && qb_defect_is_fatal(kind)) {
            g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s: %" G_GSIZE_FORMAT " bars are %s",
                        self->job.provider->title, defects.by_kind[kind], qb_defect_text(kind));
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean merge(series *self, const qb_series *bars, const char *hash, GError **error)
{
    const provider *provider = self->job.provider;
    cache_change change = {0}, *sum = &self->item.change;
    const cache_provenance provenance = {
        .provider = provider->name,
        .provider_symbol = self->job.vendor_symbol,
        .adjustment = provider->full_adjusted    ? CACHE_FULL
                      : provider->split_adjusted ? CACHE_SPLIT
                                                 : CACHE_RAW,
        .calendar = qb_calendar_name(self->job.calendar),
        .source_hash = hash,
        .fetched_us = clock_now_us(),
    };
    if (bars->count == 0)
        return TRUE;
    if (!cache_merge(self->owner->options.cache, &self->item.wish.key, bars, &provenance, &change,
                     error))
        return FALSE;
    sum->added += change.added;
    sum->changed += change.changed;
    sum->unchanged += change.unchanged;
    sum->files_written += change.files_written;
    sum->moved_aside += change.moved_aside;
    return TRUE;
}

/* One word for a whole run, so that those of neighbouring pages become one. */
static gboolean say_empty(series *self, const provider_page *page, GError **error)
{
    const provider_job *job = &self->job;
    gsize bars = 0;
    cache_gap word = {
        .from_us = MAX(page->settled_from_us, job->from_us),
        .to_us = MIN(MIN(page->settled_to_us, job->to_us), job->now_us - YET_TO_COME_US),
        .state = CACHE_GAP_EMPTY,
        .said_us = job->now_us,
        .why = "no sound bar in its answer",
    };
    if (word.from_us >= word.to_us)
        return TRUE;
    g_strlcpy(word.who, job->provider->name, sizeof word.who);
    if (!cache_gap_say(self->owner->options.cache, &self->item.wish.key, job->calendar, &word,
                       &bars, error))
        return FALSE;
    self->item.empty += bars;
    return TRUE;
}

static gboolean store(series *self, provider_page *page, const qb_series *bars, const char *hash,
                      GError **error)
{
    qb_series chosen = {0};
    const gboolean good = choose_bars(self, bars, &chosen, error) &&
                          validate(self, &chosen, error) && merge(self, &chosen, hash, error) &&
                          say_empty(self, page, error);
    qb_series_clear(&chosen);
    return good;
}

/* Dividends whose day has no bar are told: they are nowhere else. */
static void note_unused(series *self)
{
    for (guint i = 0; i < self->actions->len; i++) {
        const found_action *found = &g_array_index(self->actions, found_action, i);
        char date[QB_TIME_TEXT];
        guint at = 0;
        if (found->used || self->job.interval < QB_1D ||
            !ranges_hold(self->item.wanted, &at, found->action.ts_us))
            continue;
        qb_date_to_text(qb_date_from_us(found->action.ts_us), date);
        g_autofree char *text = g_strdup_printf(
            "%s %g of %s has no bar", found->action.split_factor != 1 ? "split" : "dividend",
            found->action.split_factor != 1 ? found->action.split_factor : found->action.dividend,
            date);
        series_note(self, text);
    }
}

gboolean page_store(series *self, provider_page *page, const char *hash, gboolean over,
                    GError **error)
{
    qb_series made = {0};
    const gboolean finer = page->interval != self->job.interval &&
                           page->bars.count + self->fine.count > 0;
    /* What is settled is complete; an answer that settles nothing is to its last row. */
    const gint64 known_us = page->settled_from_us < page->settled_to_us ? page->settled_to_us
                            : page->bars.count > 0 ? page->bars.ts_us[page->bars.count - 1]
                                                   : self->finished_us;
    gboolean good = !finer || resample(self, page, known_us, &made, error);
    good = good && store(self, page, finer ? &made : &page->bars, hash, error);
    qb_series_clear(&made);
    if (good && over)
        note_unused(self);
    return good;
}
