/* Files of dividends and splits: each action goes to the bar of its ex-date. */
#include "commands/import-private.h"
#include "platform/files.h"

#include <math.h>

/* ---- on the bars ---------------------------------------------------------------------------- */

static gboolean add_column(qb_series *series, double **column, double standard, GError **error)
{
    if (*column != NULL)
        return TRUE;
    *column = qb_realloc(NULL, series->capacity * sizeof(double));
    if (*column == NULL)
        return failure_from_status(error, QB_NO_MEMORY, "dividends and splits");
    for (gsize i = 0; i < series->count; i++)
        (*column)[i] = standard;
    return TRUE;
}

gboolean import_set_action(qb_series *series, gsize row, double dividend, double split_factor,
                           GError **error)
{
    if ((dividend != 0 && !add_column(series, &series->dividend, 0, error)) ||
        (split_factor != 1 && !add_column(series, &series->split_factor, 1, error)))
        return FALSE;
    if (series->dividend != NULL)
        series->dividend[row] = dividend;
    if (series->split_factor != NULL)
        series->split_factor[row] = split_factor;
    return TRUE;
}

void import_add_action(import_file *self, gint64 ts_us, import_action_kind kind,
                       import_action_state state, double value, double other)
{
    const import_action action = {ts_us, kind, state, value, other};
    if (self->actions == NULL)
        self->actions = g_array_new(FALSE, FALSE, sizeof(import_action));
    g_array_append_val(self->actions, action);
}

static int by_time(gconstpointer a, gconstpointer b)
{
    const import_action *left = a, *right = b;
    return left->ts_us < right->ts_us ? -1 : left->ts_us > right->ts_us;
}

void import_sort_actions(import_file *self)
{
    if (self->actions != NULL)
        g_array_sort(self->actions, by_time);
}

gboolean import_check_actions(const import_file *self, const char *flag, GError **error)
{
    g_autofree char *file = failure_path(self->path);
    if (self->key.asset != QB_EQUITY) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: only equities have dividends and splits, not asset %s", flag,
                    qb_asset_text(self->key.asset));
        return FALSE;
    }
    if (self->key.interval > QB_1D) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: a bar of %s does not tell the ex-date (expected --interval 1d or less)",
                    flag, qb_interval_text(self->key.interval));
        return FALSE;
    }
    if (self->adjustment == CACHE_RAW)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: %s: prices with adjustment %s contain their dividends or splits already%s%s%s "
                "(expected raw prices)",
                flag, file, cache_adjustment_text(self->adjustment),
                self->adjustment_note != NULL ? " (" : "",
                self->adjustment_note != NULL ? self->adjustment_note : "",
                self->adjustment_note != NULL ? ")" : "");
    return FALSE;
}

/* ---- one file of actions -------------------------------------------------------------------- */

typedef struct joining {
    const import_options *flags;
    import_file *into;
    csv_actions actions;
    csv_split_as split_as;
    char *file; /* as in messages */
    failures problems;
} joining;

static void note(const joining *self, char *text)
{
    g_ptr_array_add(self->into->report.notes, text);
}

/* The first bar of that date that the engine will see: a bar before the open, or on a holiday,
 * would carry its action to nobody. FALSE when there is none. */
static gboolean find_bar(const import_file *into, gint32 date, gsize *out_row)
{
    const qb_series *series = &into->series;
    const qb_calendar *calendar = into->bars.calendar;
    gint64 from_us = date * QB_DAY_US;
    qb_bar_time time;
    if (into->key.interval < QB_1D)
        from_us -= qb_calendar_offset_us(calendar, from_us + QB_DAY_US / 2);
    gsize row = qb_series_lower_bound(series, from_us);
    for (; row < series->count && series->ts_us[row] < from_us + QB_DAY_US; row++)
        if (qb_bar_times(calendar, into->key.interval, series->ts_us[row], &time)) {
            *out_row = row;
            return TRUE;
        }
    return FALSE;
}

static gint32 date_of(const import_file *into, gsize row)
{
    gint64 ts_us = into->series.ts_us[row];
    return into->key.interval < QB_1D ? qb_calendar_date(into->bars.calendar, ts_us)
                                      : qb_date_from_us(ts_us);
}

/* ---- factor or ratio ------------------------------------------------------------------------ */

#define SURE 0.25 /* of the split's logarithm: how far the open may be from what a reading says */

/* What the prices around a split say it is. */
static csv_split_as read_off(const import_file *into, gsize row, double split)
{
    if (row == 0)
        return CSV_SPLIT_UNKNOWN;
    double step = log(into->series.open[row] / into->series.close[row - 1]);
    double size = log(split), limit = SURE * fabs(size);
    if (fabs(step + size) < limit)
        return CSV_SPLIT_FACTOR;
    return fabs(step - size) < limit ? CSV_SPLIT_RATIO : CSV_SPLIT_UNKNOWN;
}

static gboolean open_split(const joining *self, const char *why, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: %s: a split may be new shares per old or new price per old, and %s (expected "
                "--split-as factor, where 7 is seven new shares for one, or --split-as ratio, "
                "where 0.142857 is)",
                self->file, self->actions.split_column, why);
    return FALSE;
}

static void note_split_as(const joining *self, gsize row)
{
    char date[QB_TIME_TEXT];
    const qb_series *series = &self->into->series;
    note(self, g_strdup_printf(
                   "%s: %s read as new %s per old: prices went from %.10g to %.10g on %s",
                   self->file, self->actions.split_column,
                   self->split_as == CSV_SPLIT_FACTOR ? "shares" : "price", series->close[row - 1],
                   series->open[row], qb_date_to_text(date_of(self->into, row), date)));
}

/* By the bars, when all that speak say the same. */
static gboolean detect_split_as(joining *self, GError **error)
{
    gsize votes[CSV_SPLIT_RATIO + 1] = {0}, splits = 0, last = 0;
    for (guint i = 0; i < self->actions.items->len; i++) {
        const csv_action *action = &g_array_index(self->actions.items, csv_action, i);
        gsize row;
        if (action->split == 0 || action->is_factor)
            continue;
        splits++;
        if (!find_bar(self->into, action->date, &row))
            continue;
        csv_split_as vote = read_off(self->into, row, action->split);
        votes[vote]++;
        last = vote != CSV_SPLIT_UNKNOWN ? row : last;
    }
    if (splits == 0)
        return TRUE;
    if (votes[CSV_SPLIT_FACTOR] > 0 && votes[CSV_SPLIT_RATIO] > 0)
        return open_split(self, "the bars fit now the one and now the other", error);
    if (votes[CSV_SPLIT_FACTOR] + votes[CSV_SPLIT_RATIO] == 0)
        return open_split(self, "no bar shows which", error);
    self->split_as = votes[CSV_SPLIT_FACTOR] > 0 ? CSV_SPLIT_FACTOR : CSV_SPLIT_RATIO;
    note_split_as(self, last);
    return TRUE;
}

static gboolean choose_split_as(joining *self, GError **error)
{
    const char *told = self->flags->split_as;
    self->split_as = self->actions.split_as;
    if (told != NULL)
        self->split_as = g_ascii_strcasecmp(told, "factor") == 0 ? CSV_SPLIT_FACTOR
                                                                 : CSV_SPLIT_RATIO;
    return self->split_as != CSV_SPLIT_UNKNOWN || detect_split_as(self, error);
}

static double factor_of(const joining *self, const csv_action *action)
{
    if (action->split == 0)
        return 1;
    return action->is_factor || self->split_as == CSV_SPLIT_FACTOR ? action->split
                                                                   : 1 / action->split;
}

/* ---- joining -------------------------------------------------------------------------------- */

/* One of a day's two values: TRUE when the bar's becomes the action's. */
static gboolean settle(joining *self, gint64 ts_us, import_action_kind kind, double standard,
                       double stored, double value)
{
    if (value == standard)
        return FALSE;
    if (fabs(value / stored - 1) < 1e-9) {
        self->into->actions_agreed++;
        return FALSE;
    }
    import_add_action(self->into, ts_us, kind, stored == standard ? IMPORT_STORED : IMPORT_REPLACES,
                      value, stored);
    return TRUE;
}

static gboolean put_on_bar(joining *self, gsize row, const csv_action *action, GError **error)
{
    qb_series *series = &self->into->series;
    qb_bar bar = qb_series_bar(series, row);
    double factor = factor_of(self, action);
    if (settle(self, bar.ts_us, IMPORT_SPLIT, 1, bar.split_factor, factor))
        bar.split_factor = factor;
    if (settle(self, bar.ts_us, IMPORT_DIVIDEND, 0, bar.dividend, action->dividend))
        bar.dividend = action->dividend;
    return import_set_action(series, row, bar.dividend, bar.split_factor, error);
}

static void leave_out(joining *self, const csv_action *action)
{
    gint64 ts_us = action->date * QB_DAY_US;
    if (action->split > 0)
        import_add_action(self->into, ts_us, IMPORT_SPLIT, IMPORT_OUTSIDE, factor_of(self, action),
                          NAN);
    if (action->dividend > 0)
        import_add_action(self->into, ts_us, IMPORT_DIVIDEND, IMPORT_OUTSIDE, action->dividend,
                          NAN);
}

static void complain(joining *self, const csv_action *action)
{
    char date[QB_TIME_TEXT];
    qb_date_to_text(action->date, date);
    if (!self->flags->skip_bad)
        failures_add(&self->problems,
                     "%s:%u: date: %s has no bar of %s in a session (expected an ex-date with one; "
                     "--skip-bad leaves it out)",
                     self->file, action->line, date, self->into->key.symbol);
    else
        note(self, g_strdup_printf("%s:%u: date: %s has no bar of %s in a session: left out",
                                   self->file, action->line, date, self->into->key.symbol));
}

static gboolean join(joining *self, GError **error)
{
    const qb_series *series = &self->into->series;
    const gint32 first = date_of(self->into, 0), last = date_of(self->into, series->count - 1);
    for (guint i = 0; i < self->actions.items->len; i++) {
        const csv_action *action = &g_array_index(self->actions.items, csv_action, i);
        gsize row;
        if (action->date < first || action->date > last)
            leave_out(self, action);
        else if (!find_bar(self->into, action->date, &row))
            complain(self, action);
        else if (!put_on_bar(self, row, action, error))
            return FALSE;
    }
    return TRUE;
}

static void note_counts(const joining *self)
{
    if (self->actions.other_symbols > 0)
        note(self, g_strdup_printf("%s: %" G_GSIZE_FORMAT " rows of other symbols left out",
                                   self->file, self->actions.other_symbols));
    if (self->actions.summed > 0)
        note(self, g_strdup_printf("%s: %" G_GSIZE_FORMAT
                                   " dividends added to another one of the same date",
                                   self->file, self->actions.summed));
}

/* Whose actions they are. Among several files of bars some may have none. */
static gboolean check_symbols(const joining *self, GError **error)
{
    const csv_actions *actions = &self->actions;
    gboolean many = self->flags->file_count > 1;
    if (many && !actions->has_symbols)
        g_set_error(
            error, FAILURE, FAILURE_USAGE,
            "--actions: %s has no column symbol, and %d files of bars are named (expected one "
            "file, or that column)",
            self->file, self->flags->file_count);
    else if (!many && actions->rows == 0 && actions->other_symbols > 0)
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: none of %" G_GSIZE_FORMAT
                    " rows is of %s (expected --symbol as in the file)",
                    self->file, actions->other_symbols, self->into->key.symbol);
    else
        return TRUE;
    return FALSE;
}

static gboolean read_actions(joining *self, const char *path, GError **error)
{
    const csv_actions_options options = {.calendar = self->into->bars.calendar,
                                         .asset = self->into->key.asset,
                                         .symbol = self->into->key.symbol,
                                         .date_order = self->flags->date_order};
    g_autoptr(GBytes) bytes = files_read(path, CSV_FILE_LIMIT, error);
    g_autoptr(GBytes) text = bytes != NULL ? csv_inflate(bytes, path, error) : NULL;
    return text != NULL && csv_read_actions(text, path, &options, &self->actions, error) &&
           check_symbols(self, error) && choose_split_as(self, error);
}

static gboolean apply_file(const import_options *flags, import_file *into, const char *path,
                           GError **error)
{
    joining self = {.flags = flags, .into = into, .file = failure_path(path)};
    failures_init(&self.problems);
    gboolean good = read_actions(&self, path, error) && join(&self, error);
    if (good)
        note_counts(&self);
    if (good)
        good = failures_finish(&self.problems, FAILURE_BAD_DATA, error);
    else
        g_string_free(self.problems.lines, TRUE);
    csv_actions_clear(&self.actions);
    g_free(self.file);
    return good;
}

gboolean import_apply_actions(const import_options *flags, import_file *self, GError **error)
{
    if (!import_check_actions(self, "--actions", error))
        return FALSE;
    g_autoptr(GString) names = g_string_new(NULL);
    for (char **path = flags->actions; *path != NULL; path++) {
        g_autofree char *base = g_path_get_basename(*path);
        g_autofree char *name = failure_path(base);
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", name);
        if (!apply_file(flags, self, *path, error))
            return FALSE;
    }
    import_sort_actions(self);
    self->actions_from = g_strdup(names->str);
    return TRUE;
}
