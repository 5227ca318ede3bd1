/* The gap ledger: holes of a series, computed from its stamps, joined with the words of gaps.json.
 *
 * Holes are never stored, so they cannot be wrong. A month that misses no bar by its manifest is
 * not opened; of the others only the stamps are read. */
#include "cache/ledger-private.h"

#include <string.h>

#define LOCK_WAIT_MS 10000

/* ---- expected stamps ------------------------------------------------------------------------ */

typedef struct grid {
    const qb_calendar *calendar;
    qb_interval interval;
} grid;

static gsize expected(const grid *grid, gint64 from_us, gint64 to_us)
{
    return qb_expected_bars(grid->calendar, grid->interval, from_us, to_us);
}

static gboolean is_expected(const grid *grid, gint64 ts_us)
{
    qb_bar_time times;
    return qb_bar_times(grid->calendar, grid->interval, ts_us, &times);
}

/* The first expected stamp of [from, to), which has one. Mostly it is an interval after the bar
 * before from; else the range is halved until one is left. */
static gint64 first_expected(const grid *grid, gint64 from_us, gint64 to_us)
{
    const gint64 next_us = from_us - 1 + qb_interval_us(grid->interval);
    if (is_expected(grid, from_us))
        return from_us;
    if (next_us < to_us && is_expected(grid, next_us) && expected(grid, from_us, next_us) == 0)
        return next_us;
    gint64 step_us = qb_interval_us(grid->interval), end_us = MIN(from_us + step_us, to_us);
    while (expected(grid, from_us, end_us) == 0 && end_us < to_us) {
        from_us = end_us;
        step_us *= 2;
        end_us = MIN(from_us + step_us, to_us);
    }
    /* One is in [from, end): it is in [from, middle), or the first of [middle, end). */
    while (end_us - from_us > 1) {
        const gint64 middle_us = from_us + (end_us - from_us) / 2;
        if (expected(grid, from_us, middle_us) > 0)
            end_us = middle_us;
        else
            from_us = middle_us;
    }
    return from_us;
}

/* The last one, likewise. */
static gint64 last_expected(const grid *grid, gint64 from_us, gint64 to_us)
{
    gint64 step_us = qb_interval_us(grid->interval), start_us = to_us - step_us;
    if (start_us >= from_us && is_expected(grid, start_us) &&
        expected(grid, start_us + 1, to_us) == 0)
        return start_us;
    start_us = MAX(start_us, from_us);
    while (expected(grid, start_us, to_us) == 0 && start_us > from_us) {
        to_us = start_us;
        step_us *= 2;
        start_us = MAX(to_us - step_us, from_us);
    }
    while (to_us - start_us > 1) {
        const gint64 middle_us = start_us + (to_us - start_us) / 2;
        if (expected(grid, middle_us, to_us) > 0)
            start_us = middle_us;
        else
            to_us = middle_us;
    }
    return start_us;
}

/* ---- holes ---------------------------------------------------------------------------------- */

/* A walk through a range: it is told, in order, where expected bars are stored. */
typedef struct walk {
    grid grid;
    GArray *holes;  /* of cache_gap */
    gint64 next_us; /* everything before it has been told */
    cache_gap hole; /* the one that grows; bars 0: none */
} walk;

/* Nothing is stored up to here. */
static void walk_empty(walk *self, gint64 to_us)
{
    if (to_us <= self->next_us)
        return;
    const gsize bars = expected(&self->grid, self->next_us, to_us);
    if (bars > 0) {
        if (self->hole.bars == 0)
            self->hole.from_us = first_expected(&self->grid, self->next_us, to_us);
        self->hole.last_us = bars == 1 && self->hole.bars == 0
                                 ? self->hole.from_us
                                 : last_expected(&self->grid, self->next_us, to_us);
        self->hole.bars += bars;
    }
    self->next_us = to_us;
}

/* The hole, if there is one, ends before the stamp. */
static void walk_close(walk *self, gint64 ts_us)
{
    if (self->hole.bars == 0)
        return;
    self->hole.to_us = ts_us;
    g_array_append_val(self->holes, self->hole);
    self->hole = (cache_gap){0};
}

/* Every bar that is expected up to here is stored. */
static void walk_full(walk *self, gint64 to_us)
{
    if (self->hole.bars > 0 && expected(&self->grid, self->next_us, to_us) > 0)
        walk_close(self, first_expected(&self->grid, self->next_us, to_us));
    self->next_us = to_us;
}

/* These rows are stored; bars that stand where none is expected do not count. Within an hour and
 * less, nothing is expected between stamps one interval apart. */
static void walk_rows(walk *self, const gint64 *ts_us, gsize count, gint64 to_us)
{
    qb_session_cursor cursor = {0};
    const grid *grid = &self->grid;
    const gint64 step_us = grid->interval <= QB_1H ? qb_interval_us(grid->interval) : 0;
    for (gsize i = 0; i < count && ts_us[i] < to_us; i++) {
        qb_bar_time times;
        if (ts_us[i] < self->next_us ||
            !qb_bar_times_next(grid->calendar, grid->interval, ts_us[i], &cursor, &times))
            continue;
        if (self->hole.bars > 0 || ts_us[i] != self->next_us - 1 + step_us)
            walk_empty(self, ts_us[i]);
        walk_close(self, ts_us[i]);
        self->next_us = ts_us[i] + 1;
    }
}

/* ---- the ledger of a series ----------------------------------------------------------------- */

typedef struct ledger {
    series_files files;
    gboolean stored;   /* FALSE: no bars, and whole and months say nothing */
    cache_entry whole; /* first_us .. last_us */
    GArray *months;    /* of month_state */
    GArray *words;     /* of cache_gap */
    grid grid;
} ledger;

static void ledger_clear(ledger *self)
{
    g_clear_pointer(&self->months, g_array_unref);
    g_clear_pointer(&self->words, g_array_unref);
    series_files_clear(&self->files);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ledger, ledger_clear)

static gboolean sum_up(ledger *self, const qb_calendar *calendar, GError **error)
{
    g_autoptr(GError) reason = NULL;
    self->stored = series_files_stat(&self->files, self->months, &self->whole, &reason);
    if (self->stored)
        calendar = qb_calendars_find(self->files.cache->calendars, self->whole.calendar);
    else if (!g_error_matches(reason, FAILURE, FAILURE_MISSING)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    self->grid.calendar = calendar != NULL
                              ? calendar
                              : cache_default_calendar(self->files.cache, self->files.key.asset);
    return TRUE;
}

static gboolean ledger_open(const cache *owner, const cache_key *key, const qb_calendar *calendar,
                            ledger *out, GError **error)
{
    if ((unsigned)key->asset >= QB_ASSET_COUNT || (unsigned)key->interval >= QB_INTERVAL_COUNT) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: gaps are known of series of bars only",
                    qb_asset_text(key->asset));
        return FALSE;
    }
    if (!series_files_open(owner, key, NULL, &out->files, error))
        return FALSE;
    out->months = g_array_new(FALSE, FALSE, sizeof(month_state));
    out->grid.interval = key->interval;
    out->words = gap_words_load(owner, out->files.folder, key, error);
    return out->words != NULL && sum_up(out, calendar, error);
}

/* Where the series counts within a month. */
static gsize expected_of(const ledger *self, month_id id)
{
    return expected(&self->grid, MAX(month_start_us(id), self->whole.first_us),
                    MIN(month_end_us(id), self->whole.last_us + 1));
}

static gboolean is_complete(const ledger *self, const month_state *month)
{
    return month->state.present == expected_of(self, month->id);
}

static gboolean walk_month(ledger *self, walk *walk, const month_state *month, gint64 to_us,
                           GError **error)
{
    if (is_complete(self, month)) {
        walk_full(walk, to_us);
        return TRUE;
    }
    bars_builder stamps = {0};
    month_file file = {0};
    const gboolean ok = series_files_read(&self->files, month->id, FALSE, &stamps, &file, error);
    if (ok)
        walk_rows(walk, stamps.series.ts_us, stamps.series.count, to_us);
    month_file_clear(&file);
    bars_builder_clear(&stamps);
    if (ok)
        walk_empty(walk, to_us);
    return ok;
}

/* Holes from the first stored bar to the last. */
static gboolean find_inside(ledger *self, gint64 from_us, gint64 to_us, GArray *holes,
                            GError **error)
{
    from_us = MAX(from_us, self->whole.first_us);
    to_us = MIN(to_us, self->whole.last_us + 1);
    walk walk = {.grid = self->grid, .holes = holes, .next_us = from_us};
    for (guint i = 0; i < self->months->len; i++) {
        const month_state *month = &g_array_index(self->months, month_state, i);
        const gint64 start_us = month_start_us(month->id), end_us = month_end_us(month->id);
        if (end_us <= from_us)
            continue;
        if (start_us >= to_us)
            break;
        walk_empty(&walk, start_us); /* months without a file */
        if (!walk_month(self, &walk, month, MIN(end_us, to_us), error))
            return FALSE;
    }
    walk_empty(&walk, to_us);
    walk_close(&walk, to_us);
    return TRUE;
}

/* Where nothing is stored. */
static void find_outside(const ledger *self, gint64 from_us, gint64 to_us, GArray *holes)
{
    walk walk = {.grid = self->grid, .holes = holes, .next_us = from_us, .hole.outside = TRUE};
    walk_empty(&walk, to_us);
    walk_close(&walk, to_us);
}

static gboolean find_holes(ledger *self, gint64 from_us, gint64 to_us, GArray *holes,
                           GError **error)
{
    if (!self->stored) {
        find_outside(self, from_us, to_us, holes);
        return TRUE;
    }
    find_outside(self, from_us, MIN(to_us, self->whole.first_us), holes);
    if (!find_inside(self, from_us, to_us, holes, error))
        return FALSE;
    find_outside(self, MAX(from_us, self->whole.last_us + 1), to_us, holes);
    return TRUE;
}

/* ---- holes and words ------------------------------------------------------------------------ */

/* Appends what a word (NULL: none) says of [from, to) of a hole. */
static void append_part(const ledger *self, const cache_gap *hole, const cache_gap *word,
                        gint64 from_us, gint64 to_us, GArray *gaps)
{
    cache_gap part = word != NULL ? *word : (cache_gap){0};
    cache_gap *before = gaps->len > 0 ? &g_array_index(gaps, cache_gap, gaps->len - 1) : NULL;
    part.bars = from_us == hole->from_us && to_us == hole->to_us
                    ? hole->bars
                    : expected(&self->grid, from_us, to_us);
    if (part.bars == 0)
        return;
    part.outside = hole->outside;
    part.from_us = from_us == hole->from_us ? from_us : first_expected(&self->grid, from_us, to_us);
    part.last_us = to_us > hole->last_us ? hole->last_us
                                         : last_expected(&self->grid, from_us, to_us);
    part.to_us = to_us > hole->last_us ? hole->to_us
                                       : first_expected(&self->grid, to_us, hole->to_us);
    if (before != NULL && before->to_us == part.from_us && before->outside == part.outside &&
        gap_words_same(before, &part)) {
        before->to_us = part.to_us;
        before->last_us = part.last_us;
        before->bars += part.bars;
        return;
    }
    g_array_append_val(gaps, part);
}

/* *at: the first word that ends after the holes before; words and holes ascend alike. */
static void join_hole(const ledger *self, const cache_gap *hole, guint *at, GArray *gaps)
{
    const GArray *words = self->words;
    while (*at < words->len && g_array_index(words, cache_gap, *at).to_us <= hole->from_us)
        (*at)++;
    gint64 from_us = hole->from_us;
    for (guint i = *at; i < words->len && from_us < hole->to_us; i++) {
        const cache_gap *word = &g_array_index(words, cache_gap, i);
        if (word->from_us >= hole->to_us)
            break;
        if (word->from_us > from_us)
            append_part(self, hole, NULL, from_us, word->from_us, gaps);
        from_us = MAX(from_us, word->from_us);
        append_part(self, hole, word, from_us, MIN(word->to_us, hole->to_us), gaps);
        from_us = MIN(word->to_us, hole->to_us);
    }
    if (from_us < hole->to_us)
        append_part(self, hole, NULL, from_us, hole->to_us, gaps);
}

static GArray *gaps_between(ledger *self, gint64 from_us, gint64 to_us, GError **error)
{
    g_autoptr(GArray) holes = g_array_new(FALSE, TRUE, sizeof(cache_gap));
    if (!find_holes(self, from_us, to_us, holes, error))
        return NULL;
    GArray *gaps = g_array_new(FALSE, TRUE, sizeof(cache_gap));
    guint at = 0;
    for (guint i = 0; i < holes->len; i++)
        join_hole(self, &g_array_index(holes, cache_gap, i), &at, gaps);
    return gaps;
}

/* Those of which keep is true; the array is consumed. */
static GArray *filter(GArray *gaps, gboolean (*keep)(const cache_gap *))
{
    guint kept = 0;
    for (guint i = 0; gaps != NULL && i < gaps->len; i++) {
        const cache_gap gap = g_array_index(gaps, cache_gap, i);
        if (keep(&gap))
            g_array_index(gaps, cache_gap, kept++) = gap;
    }
    return gaps != NULL ? g_array_set_size(gaps, kept) : NULL;
}

static gboolean is_of_series(const cache_gap *gap)
{
    return !gap->outside || gap->state != CACHE_GAP_UNKNOWN;
}

static gboolean is_to_ask(const cache_gap *gap)
{
    return gap->state == CACHE_GAP_UNKNOWN || gap->state == CACHE_GAP_RETRY;
}

GArray *cache_gaps(cache *self, const cache_key *key, GError **error)
{
    g_auto(ledger) ledger = {0};
    if (!ledger_open(self, key, NULL, &ledger, error))
        return NULL;
    if (!ledger.stored) {
        cache_fail_missing(key, error);
        return NULL;
    }
    gint64 from_us = ledger.whole.first_us, to_us = ledger.whole.last_us + 1;
    const GArray *words = ledger.words;
    if (words->len > 0) {
        from_us = MIN(from_us, g_array_index(words, cache_gap, 0).from_us);
        to_us = MAX(to_us, g_array_index(words, cache_gap, words->len - 1).to_us);
    }
    return filter(gaps_between(&ledger, from_us, to_us, error), is_of_series);
}

gboolean cache_gap_counts(cache *self, const cache_entry *whole, gsize out_bars[CACHE_GAP_STATES],
                          GError **error)
{
    gsize bars[CACHE_GAP_STATES] = {0};
    g_autofree char *folder = layout_folder(self, &whole->key, error);
    g_autofree char *path = folder != NULL ? g_build_filename(folder, GAP_WORDS_NAME, NULL) : NULL;
    g_autoptr(GArray) gaps = NULL;
    if (folder == NULL)
        return FALSE;
    if (whole->present == whole->expected || !files_exists(path)) {
        bars[CACHE_GAP_UNKNOWN] = whole->expected - whole->present;
    } else {
        gaps = cache_gaps(self, &whole->key, error);
        if (gaps == NULL)
            return FALSE;
    }
    for (guint i = 0; gaps != NULL && i < gaps->len; i++) {
        const cache_gap *gap = &g_array_index(gaps, cache_gap, i);
        bars[gap->state] += gap->outside ? 0 : gap->bars;
    }
    memcpy(out_bars, bars, sizeof bars);
    return TRUE;
}

GArray *cache_missing(cache *self, const cache_key *key, const qb_calendar *calendar,
                      gint64 from_us, gint64 to_us, GError **error)
{
    g_auto(ledger) ledger = {0};
    if (!ledger_open(self, key, calendar, &ledger, error))
        return NULL;
    return filter(
        gaps_between(&ledger, MAX(from_us, CACHE_FIRST_US), MIN(to_us, CACHE_END_US), error),
        is_to_ask);
}

/* ---- saying something ----------------------------------------------------------------------- */

static gboolean check_word(const cache_gap *word, GError **error)
{
    char said[QB_TIME_TEXT];
    if (!gap_word_check(word, error))
        return FALSE;
    if ((unsigned)word->state >= CACHE_GAP_STATES) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "state: expected one of the four");
        return FALSE;
    }
    if (word->from_us >= word->to_us || word->from_us < CACHE_FIRST_US ||
        word->to_us > CACHE_END_US) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "to: expected a time after from, both in the years 1000 to 9999");
        return FALSE;
    }
    /* What has not happened cannot be missing; a day on which nobody will trade can be known. */
    const gboolean about_past = word->state == CACHE_GAP_EMPTY || word->state == CACHE_GAP_RETRY;
    if (about_past && word->to_us > word->said_us) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "to: %s can be said of the past only (expected at most %s)",
                    cache_gap_state_text(word->state), qb_time_to_text(word->said_us, said));
        return FALSE;
    }
    return TRUE;
}

/* All the bars that a word is about are stored, as far as manifests tell. */
static gboolean is_spent(const ledger *self, const cache_gap *word)
{
    gint64 next_us = word->from_us;
    if (!self->stored)
        return FALSE;
    for (guint i = 0; i < self->months->len; i++) {
        const month_state *month = &g_array_index(self->months, month_state, i);
        const gint64 start_us = MAX(month_start_us(month->id), self->whole.first_us);
        const gint64 end_us = MIN(month_end_us(month->id), self->whole.last_us + 1);
        if (end_us <= next_us || !is_complete(self, month))
            continue;
        if (start_us >= word->to_us)
            break;
        if (start_us > next_us && expected(&self->grid, next_us, start_us) > 0)
            return FALSE;
        next_us = end_us;
    }
    return next_us >= word->to_us || expected(&self->grid, next_us, word->to_us) == 0;
}

static GArray *unspent(const ledger *self, GArray *words)
{
    guint kept = 0;
    for (guint i = 0; i < words->len; i++) {
        const cache_gap word = g_array_index(words, cache_gap, i);
        if (!is_spent(self, &word))
            g_array_index(words, cache_gap, kept++) = word;
    }
    return g_array_set_size(words, kept);
}

static gboolean say(ledger *self, const cache_gap *word, gsize *out_bars, GError **error)
{
    g_autoptr(GArray) holes = g_array_new(FALSE, TRUE, sizeof(cache_gap));
    gsize bars = 0;
    if (!find_holes(self, word->from_us, word->to_us, holes, error))
        return FALSE;
    for (guint i = 0; i < holes->len; i++)
        bars += g_array_index(holes, cache_gap, i).bars;
    if (bars > 0) {
        g_autoptr(GArray) words = unspent(self, gap_words_put(self->words, word));
        if (!gap_words_save(words, self->files.folder, &self->files.key, error))
            return FALSE;
    }
    *out_bars = bars;
    return TRUE;
}

gboolean cache_gap_say(cache *self, const cache_key *key, const qb_calendar *calendar,
                       const cache_gap *word, gsize *out_bars, GError **error)
{
    g_auto(ledger) ledger = {0};
    g_autofree char *folder = layout_folder(self, key, error);
    if (folder == NULL || !check_word(word, error) || !layout_check_links(self, folder, error))
        return FALSE;
    g_autofree char *lock_path = g_build_filename(folder, ".lock", NULL);
    g_autoptr(files_lock) lock = files_lock_take(lock_path, LOCK_WAIT_MS, error);
    return lock != NULL && ledger_open(self, key, calendar, &ledger, error) &&
           say(&ledger, word, out_bars, error);
}
