/* What data import says about dividends and splits: every one that it stored, left out or could not
 * explain. */
#include "commands/import-private.h"

#include <math.h>

#define TERM_MAX 32
#define SNAP 1e-5 /* as the engine does, semantics.md */

/* "7:1", "1:20", or the number where it is no such ratio. */
static char *split_text(double factor)
{
    for (int less = 1; less <= TERM_MAX; less++) {
        double more = round(factor * less);
        if (more >= 1 && fabs(more / (factor * less) - 1) < SNAP)
            return g_strdup_printf("%.0f:%d", more, less);
    }
    return g_strdup_printf("%.10g", factor);
}

static char *value_text(const import_action *action, double value)
{
    if (action->kind == IMPORT_SPLIT)
        return split_text(value);
    return g_strdup_printf("%.10g", value);
}

static char *step_text(const import_action *action, const char *column)
{
    g_autofree char *cash = isnan(action->other)
                                ? g_strdup("")
                                : g_strdup_printf(", as by a dividend of %.6g", action->other);
    return g_strdup_printf("unexplained: %s/close steps by %.6g%s; nothing stored", column,
                           action->value, cash);
}

static char *action_text(const import_file *self, const import_action *action)
{
    g_autofree char *column =
        failure_path(self->report.adjusted_close != NULL ? self->report.adjusted_close : "");
    if (action->kind == IMPORT_STEP)
        return step_text(action, column);
    g_autofree char *value = value_text(action, action->value);
    g_autofree char *other = value_text(action, action->other);
    switch (action->state) {
    case IMPORT_REPLACES:
        return g_strdup_printf("%s in place of %s", value, other);
    case IMPORT_DIFFERS:
        return g_strdup_printf("%s as stated; %s says %s", value, column, other);
    case IMPORT_ONLY_STATED:
        return g_strdup_printf("%s as stated; %s does not step", value, column);
    case IMPORT_ONLY_DERIVED:
        return g_strdup_printf("%s by %s, not stated: not stored", value, column);
    case IMPORT_OUTSIDE:
        return g_strdup_printf("%s: outside the bars, not stored", value);
    case IMPORT_STORED:
    case IMPORT_UNEXPLAINED:
        break;
    }
    return g_steal_pointer(&value);
}

static gsize count_of(const import_file *self, import_action_kind kind, import_action_state state)
{
    gsize count = 0;
    for (guint i = 0; self->actions != NULL && i < self->actions->len; i++) {
        const import_action *action = &g_array_index(self->actions, import_action, i);
        count += action->kind == kind && action->state == state;
    }
    return count;
}

static const char *const kind_names[] = {
    [IMPORT_DIVIDEND] = "dividend", [IMPORT_SPLIT] = "split", [IMPORT_STEP] = "step"};

static void add_part(GString *line, gsize count, const char *one, const char *many)
{
    if (count > 0)
        g_string_append_printf(line, "%s%" G_GSIZE_FORMAT " %s", line->len > 0 ? ", " : "", count,
                               count == 1 ? one : many);
}

/* "10 dividends, 2 splits, by splits.csv", "39 stated and confirmed, 1 to look at, by adj_close" */
static char *summary_text(const import_file *self)
{
    GString *line = g_string_new(NULL);
    gsize dividends = count_of(self, IMPORT_DIVIDEND, IMPORT_STORED);
    gsize splits = count_of(self, IMPORT_SPLIT, IMPORT_STORED);
    gsize listed = self->actions != NULL ? self->actions->len : 0;
    const char *agreed = self->derived ? "stated and confirmed" : "known already";
    add_part(line, dividends, "dividend", "dividends");
    add_part(line, splits, "split", "splits");
    add_part(line, self->actions_agreed, agreed, agreed);
    add_part(line, listed - dividends - splits, "to look at", "to look at");
    g_string_append_printf(line, "%s, by %s", line->len > 0 ? "" : "none", self->actions_from);
    return g_string_free(line, FALSE);
}

void import_print_actions(const import_file *self)
{
    if (self->actions_from == NULL)
        return;
    g_autofree char *summary = summary_text(self);
    printf("  actions     %s\n", summary);
    for (guint i = 0; self->actions != NULL && i < self->actions->len; i++) {
        const import_action *action = &g_array_index(self->actions, import_action, i);
        g_autofree char *stamp = import_stamp_text(
            action->state == IMPORT_OUTSIDE ? QB_1D : self->key.interval, action->ts_us);
        g_autofree char *text = action_text(self, action);
        printf("              %s  %-8s  %s\n", stamp, kind_names[action->kind], text);
    }
}

static json_t *number_json(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *action_json(const import_action *action)
{
    static const char *const states[] = {[IMPORT_STORED] = "stored",
                                         [IMPORT_REPLACES] = "replaces",
                                         [IMPORT_DIFFERS] = "differs",
                                         [IMPORT_ONLY_STATED] = "only-stated",
                                         [IMPORT_ONLY_DERIVED] = "only-derived",
                                         [IMPORT_UNEXPLAINED] = "unexplained",
                                         [IMPORT_OUTSIDE] = "outside"};
    char stamp[QB_TIME_TEXT];
    json_t *object = json_object();
    json_object_set_new(object, "ts", json_string(qb_time_to_text(action->ts_us, stamp)));
    json_object_set_new(object, "kind", json_string(kind_names[action->kind]));
    json_object_set_new(object, "state", json_string(states[action->state]));
    json_object_set_new(object, "value", number_json(action->value));
    json_object_set_new(object, "other", number_json(action->other));
    return object;
}

/* null where nobody asked for any. */
json_t *import_actions_json(const import_file *self)
{
    if (self->actions_from == NULL)
        return json_null();
    json_t *object = json_object(), *list = json_array();
    for (guint i = 0; self->actions != NULL && i < self->actions->len; i++)
        json_array_append_new(list, action_json(&g_array_index(self->actions, import_action, i)));
    json_object_set_new(object, "from", json_string(self->actions_from));
    json_object_set_new(object, "agreed", json_integer((json_int_t)self->actions_agreed));
    json_object_set_new(object, "list", list);
    return object;
}
