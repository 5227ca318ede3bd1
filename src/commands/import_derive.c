/* Dividends and splits out of adjusted closes: stored where the file states none, and held against
 * those that it states. */
#include "commands/import-private.h"

#include <math.h>

/* Stated amounts are often rounded to tenths of a cent, and some sources adjust by rounded
 * factors. */
#define DIVIDEND_TOLERANCE 1e-3
#define DIVIDEND_ROUNDING 5e-4
#define SPLIT_TOLERANCE 1e-5 /* 7.000007 is seven for one, as in semantics.md */
#define STEP_TOLERANCE 2e-3

static gboolean states_any(const qb_series *series)
{
    for (gsize i = 0; i < series->count; i++)
        if ((series->dividend != NULL && series->dividend[i] != 0) ||
            (series->split_factor != NULL && series->split_factor[i] != 1))
            return TRUE;
    return FALSE;
}

/* ---- nothing stated ------------------------------------------------------------------------- */

static void add_both(import_file *self, const qb_action *action, import_action_state state)
{
    if (action->split_factor != 1)
        import_add_action(self, action->ts_us, IMPORT_SPLIT, state, action->split_factor, NAN);
    if (action->dividend != 0)
        import_add_action(self, action->ts_us, IMPORT_DIVIDEND, state, action->dividend, NAN);
}

static gboolean store_action(import_file *self, const qb_action *action, GError **error)
{
    add_both(self, action, IMPORT_STORED);
    return import_set_action(&self->series, action->row, action->dividend, action->split_factor,
                             error);
}

static void add_step(import_file *self, const qb_unexplained *step)
{
    import_add_action(self, step->ts_us, IMPORT_STEP, IMPORT_UNEXPLAINED, step->ratio, step->cash);
}

/* ---- held against what is stated ------------------------------------------------------------ */

/* One of a day's two values. */
static void compare(import_file *self, gint64 ts_us, import_action_kind kind, double standard,
                    double stated, double derived, double tolerance)
{
    if (stated == standard && derived == standard)
        return;
    if (stated == standard)
        import_add_action(self, ts_us, kind, IMPORT_ONLY_DERIVED, derived, NAN);
    else if (derived == standard)
        import_add_action(self, ts_us, kind, IMPORT_ONLY_STATED, stated, NAN);
    else if (fabs(stated - derived) <= tolerance)
        self->actions_agreed++;
    else
        import_add_action(self, ts_us, kind, IMPORT_DIFFERS, stated, derived);
}

/* Whether a step that is no plain split or dividend is what the file states of that day: both at
 * once, or a ratio like 1.589. */
static gboolean explains(const import_file *self, const qb_unexplained *step)
{
    const qb_series *series = &self->series;
    qb_bar bar = qb_series_bar(series, step->row);
    double before = series->close[step->row - 1] / bar.split_factor;
    double by_previous = bar.split_factor / (1 - bar.dividend / before);
    double by_ex = bar.split_factor * (bar.close + bar.dividend) / bar.close;
    return fabs(step->ratio / by_previous - 1) < STEP_TOLERANCE ||
           fabs(step->ratio / by_ex - 1) < STEP_TOLERANCE;
}

/* The file's own of one row against what was derived there, if anything was. */
static void compare_row(import_file *self, gsize row, const qb_action *derived,
                        const qb_unexplained *step)
{
    qb_bar bar = qb_series_bar(&self->series, row);
    if (step != NULL && explains(self, step)) {
        self->actions_agreed += (bar.split_factor != 1) + (bar.dividend != 0);
        return;
    }
    double split = derived != NULL ? derived->split_factor : 1;
    double dividend = derived != NULL ? derived->dividend : 0;
    double open = derived != NULL ? derived->error : 0;
    compare(self, bar.ts_us, IMPORT_SPLIT, 1, bar.split_factor, split,
            SPLIT_TOLERANCE * bar.split_factor);
    compare(self, bar.ts_us, IMPORT_DIVIDEND, 0, bar.dividend, dividend,
            open + MAX(DIVIDEND_ROUNDING, DIVIDEND_TOLERANCE * bar.dividend));
    if (step != NULL)
        add_step(self, step);
}

static void compare_all(import_file *self, const qb_derived *derived)
{
    gsize action = 0, step = 0;
    for (gsize row = 0; row < self->series.count; row++) {
        gboolean acts = action < derived->action_count && derived->actions[action].row == row;
        gboolean steps = step < derived->unexplained_count && derived->unexplained[step].row == row;
        compare_row(self, row, acts ? &derived->actions[action] : NULL,
                    steps ? &derived->unexplained[step] : NULL);
        action += acts;
        step += steps;
    }
}

/* ---- entry ---------------------------------------------------------------------------------- */

static gboolean store_all(import_file *self, const qb_derived *derived, GError **error)
{
    for (gsize i = 0; i < derived->action_count; i++)
        if (!store_action(self, &derived->actions[i], error))
            return FALSE;
    for (gsize i = 0; i < derived->unexplained_count; i++)
        add_step(self, &derived->unexplained[i]);
    return TRUE;
}

static void note_coarse(import_file *self, const qb_derived *derived)
{
    if (derived->coarse_rows == 0)
        return;
    g_autofree char *file = failure_path(self->path);
    g_ptr_array_add(self->report.notes,
                    g_strdup_printf("%s: on %" G_GSIZE_FORMAT " days the printed digits of %s hide "
                                    "what is below 0.1 %% of the price",
                                    file, derived->coarse_rows, self->report.adjusted_close));
}

gboolean import_derive_actions(import_file *self, GError **error)
{
    if (!import_check_actions(self, "--derive-actions", error))
        return FALSE;
    const gsize count = self->series.count;
    g_autofree qb_action *actions = g_new(qb_action, count);
    g_autofree qb_unexplained *unexplained = g_new(qb_unexplained, count);
    qb_derived derived = {.actions = actions, .unexplained = unexplained, .capacity = count};
    qb_status status = qb_actions_derive(&self->series, self->report.adjusted,
                                         self->report.adjusted_step, &derived);
    if (status != QB_OK)
        return failure_from_status(error, status, self->path);
    note_coarse(self, &derived);
    g_autofree char *column = failure_path(self->report.adjusted_close);
    g_autofree char *before = self->actions_from;
    self->actions_from = before != NULL ? g_strdup_printf("%s, %s", before, column)
                                        : g_strdup(column);
    self->derived = TRUE;
    if (states_any(&self->series))
        compare_all(self, &derived);
    else if (!store_all(self, &derived, error))
        return FALSE;
    import_sort_actions(self);
    return TRUE;
}
