/* data actions: which dividends and splits are stored, and which splits seem to be missing? In: the
 * chosen series. Out: a table or JSON, by date. */
#include "commands/data-private.h"
#include "core/trading/trading.h"

#include <math.h>
#include <string.h>

#define SUSPECTS_MAX 64u /* listed of each series */

static const char about[] =
    "Lists the dividends and splits that are stored with the bars, by ex-date, and the steps of\n"
    "raw prices that look like a split nobody declared: those make every result across them\n"
    "wrong. Splits are new shares for old ones; a yield is the dividend over the close before.\n"
    "docs/ACTIONS.md says how to import what is missing.\n"
    "\n"
    "Examples:\n"
    "  quantbot data actions aapl\n"
    "  quantbot data actions --asset equity --json\n";

typedef enum action_kind { ACTION_DIVIDEND, ACTION_SPLIT, ACTION_UNDECLARED } action_kind;
static const char *const kind_words[] = {"dividend", "split", "undeclared"};

typedef struct action {
    action_kind kind;
    gint64 ts_us;
    double dividend, factor; /* factor: new shares per old one */
    double before;           /* the close before; NaN on the first bar */
    double opening;          /* of an undeclared one: the opening over that close */
} action;

typedef struct findings {
    GArray *actions; /* of action, by date; a split before the dividend of its day */
    gsize counts[G_N_ELEMENTS(kind_words)];
    gsize not_listed;  /* undeclared ones beyond SUSPECTS_MAX */
    gboolean adjusted; /* undeclared ones are not looked for */
} findings;

/* ---- finding -------------------------------------------------------------------------------- */

static void add(findings *self, action action)
{
    g_array_append_val(self->actions, action);
    self->counts[action.kind]++;
}

static void add_row(findings *self, const qb_series *series, gsize row,
                    const qb_split_suspect *suspect)
{
    const action at = {
        .ts_us = series->ts_us[row],
        .factor = series->split_factor != NULL ? series->split_factor[row] : 1.0,
        .dividend = series->dividend != NULL ? series->dividend[row] : 0.0,
        .before = row > 0 ? series->close[row - 1] : NAN,
    };
    action one = at;
    if (suspect != NULL) {
        one.kind = ACTION_UNDECLARED;
        one.factor = (double)suspect->new_shares / suspect->old_shares;
        one.opening = suspect->ratio;
        add(self, one);
    } else if (at.factor != 1.0) {
        one.kind = ACTION_SPLIT;
        add(self, one);
    }
    if (at.dividend != 0.0) {
        one = at;
        one.kind = ACTION_DIVIDEND;
        add(self, one);
    }
}

static findings find(const qb_series *series, gboolean adjusted)
{
    findings self = {.actions = g_array_new(FALSE, FALSE, sizeof(action)), .adjusted = adjusted};
    qb_split_suspect suspects[SUSPECTS_MAX];
    const gsize count = adjusted ? 0 : qb_splits_undeclared(series, suspects, SUSPECTS_MAX);
    const gsize listed = MIN(count, SUSPECTS_MAX);
    self.not_listed = count - listed;
    for (gsize row = 0, next = 0; row < series->count; row++) {
        const gboolean suspect = next < listed && suspects[next].row == row;
        add_row(&self, series, row, suspect ? &suspects[next] : NULL);
        next += suspect;
    }
    return self;
}

static gboolean is_adjusted(cache_adjustment adjustment)
{
    return adjustment == CACHE_SPLIT || adjustment == CACHE_FULL;
}

/* Of a class without shares nothing is suspected. */
static gboolean read_findings(cache *cache, const cache_key *key, findings *out, GError **error)
{
    cache_entry entry;
    qb_series series = {0};
    if (!cache_stat(cache, key, &entry, error) ||
        !cache_read(cache, key, INT64_MIN, INT64_MAX, CACHE_OHLC | CACHE_VOLUME | CACHE_ACTIONS,
                    &series, NULL, error))
        return FALSE;
    *out = find(&series, key->asset != QB_EQUITY || is_adjusted(entry.adjustment));
    qb_series_clear(&series);
    return TRUE;
}

/* ---- words ---------------------------------------------------------------------------------- */

/* "7:1"; "1.589" where the factor is no ratio of small numbers. */
static char *split_text(double factor)
{
    qb_split split;
    if (qb_split_from_factor(factor, &split) != QB_OK || split.old == QB_ONE)
        return g_strdup_printf("%.6g", factor);
    return g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, split.fresh, split.old);
}

/* Of the price of one new share. */
static double yield_of(const action *action)
{
    return action->dividend * action->factor / action->before;
}

/* At least two decimals, and no more than it has. */
static char *amount_text(double amount)
{
    char *text = g_strdup_printf("%.6f", amount);
    for (gsize end = strlen(text); end > 0 && text[end - 1] == '0' && text[end - 3] != '.'; end--)
        text[end - 1] = '\0';
    return text;
}

/* ---- table ---------------------------------------------------------------------------------- */

/* Columns that not every list needs. */
typedef struct shape {
    gboolean yields, openings;
} shape;

static void table_row(report_table *table, shape shape, const char *series, const action *action,
                      qb_interval interval)
{
    g_autofree char *date = data_stamp_text(action->ts_us, interval);
    const gboolean cash = action->kind == ACTION_DIVIDEND;
    g_autofree char *value = cash ? amount_text(action->dividend) : split_text(action->factor);
    g_autofree char *yield = cash && isfinite(yield_of(action))
                                 ? g_strdup_printf("%.2f %%", 100.0 * yield_of(action))
                                 : NULL;
    g_autofree char *before = isfinite(action->before) ? report_money_text(action->before) : NULL;
    g_autofree char *opening = action->kind == ACTION_UNDECLARED
                                   ? g_strdup_printf("%.4g x", action->opening)
                                   : NULL;
    const char *const cells[] = {series, date,   kind_words[action->kind], value, yield,
                                 before, opening};
    report_table_row(table, cells);
    report_table_tone(table, 2,
                      action->kind == ACTION_UNDECLARED ? REPORT_BAD
                      : action->kind == ACTION_SPLIT    ? REPORT_STRONG
                                                        : REPORT_PLAIN);
}

static report_table *table_new(shape shape)
{
    report_table *table = report_table_new(NULL);
    report_table_column(table, "series", REPORT_LEFT, 0);
    report_table_column(table, "ex-date", REPORT_LEFT, 0);
    report_table_column(table, "what", REPORT_LEFT, 0);
    report_table_column(table, "value", REPORT_RIGHT, 0);
    if (shape.yields)
        report_table_column(table, "yield", REPORT_RIGHT, 1);
    report_table_column(table, "close before", REPORT_RIGHT, 2);
    if (shape.openings)
        report_table_column(table, "opens at", REPORT_RIGHT, 3);
    return table;
}

static void print_sum(const char *series, const findings *found, const report_style *style)
{
    const gsize dividends = found->counts[ACTION_DIVIDEND], splits = found->counts[ACTION_SPLIT];
    const gsize undeclared = found->counts[ACTION_UNDECLARED] + found->not_listed;
    g_autoptr(GString) text = g_string_new(series);
    g_string_append_printf(text, ": %" G_GSIZE_FORMAT " dividend%s, %" G_GSIZE_FORMAT " split%s",
                           dividends, dividends == 1 ? "" : "s", splits, splits == 1 ? "" : "s");
    if (undeclared > 0)
        g_string_append_printf(text,
                               "; %" G_GSIZE_FORMAT
                               " more that nobody declared (data import --actions takes %s)",
                               undeclared, undeclared == 1 ? "it" : "them");
    report_text_print(text->str, 0, REPORT_PLAIN, style, stdout);
}

static void print_text(const GArray *keys, const findings *found)
{
    gsize rows = 0;
    shape shape = {FALSE, FALSE};
    for (guint i = 0; i < keys->len; i++) {
        rows += found[i].actions->len;
        shape.yields |= found[i].counts[ACTION_DIVIDEND] > 0;
        shape.openings |= found[i].counts[ACTION_UNDECLARED] > 0;
    }
    g_autoptr(report_table) table = table_new(shape);
    for (guint i = 0; i < keys->len; i++) {
        const cache_key *key = &g_array_index(keys, cache_key, i);
        g_autofree char *series = data_key_text(key, FALSE);
        for (guint k = 0; k < found[i].actions->len; k++)
            table_row(table, shape, series, &g_array_index(found[i].actions, action, k),
                      key->interval);
    }
    const report_style style = report_style_of(1);
    if (rows > 0) {
        report_table_print(table, &style, stdout);
        putchar('\n');
    }
    for (guint i = 0; i < keys->len; i++) {
        g_autofree char *series = data_key_text(&g_array_index(keys, cache_key, i), FALSE);
        if (!(keys->len > 1 && found[i].actions->len == 0))
            print_sum(series, &found[i], &style);
    }
    if (rows == 0 && keys->len > 1)
        printf("No dividends or splits.\n");
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *action_json(const action *action)
{
    json_t *object = json_pack("{s:s, s:o}", "kind", kind_words[action->kind], "ex_date",
                               data_time_json(action->ts_us));
    if (action->kind == ACTION_DIVIDEND) {
        json_object_set_new(object, "dividend", json_real(action->dividend));
        json_object_set_new(object, "yield",
                            isfinite(yield_of(action)) ? json_real(yield_of(action)) : json_null());
    } else {
        g_autofree char *split = split_text(action->factor);
        json_object_set_new(object, "split_factor", json_real(action->factor));
        json_object_set_new(object, "split", json_string(split));
    }
    if (action->kind == ACTION_UNDECLARED)
        json_object_set_new(object, "opening_ratio", json_real(action->opening));
    json_object_set_new(object, "close_before",
                        isfinite(action->before) ? json_real(action->before) : json_null());
    return object;
}

static void print_json(const GArray *keys, const findings *found)
{
    json_auto_t *root = json_array();
    for (guint i = 0; i < keys->len; i++) {
        json_t *object = data_key_json(&g_array_index(keys, cache_key, i)), *list = json_array();
        for (guint k = 0; k < found[i].actions->len; k++)
            json_array_append_new(list, action_json(&g_array_index(found[i].actions, action, k)));
        json_object_set_new(object, "dividends",
                            json_integer((json_int_t)found[i].counts[ACTION_DIVIDEND]));
        json_object_set_new(object, "splits",
                            json_integer((json_int_t)found[i].counts[ACTION_SPLIT]));
        /* null: adjusted prices and classes without shares are not looked at. */
        json_object_set_new(object, "undeclared",
                            found[i].adjusted
                                ? json_null()
                                : json_integer((json_int_t)(found[i].counts[ACTION_UNDECLARED] +
                                                            found[i].not_listed)));
        json_object_set_new(object, "actions", list);
        json_array_append_new(root, object);
    }
    data_print_json(root);
}

/* ---- the command ---------------------------------------------------------------------------- */

int command_data_actions(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    int exit_code = 0;
    if (!data_query_read(argc, argv, about, &query, &exit_code) ||
        !data_query_bars_only(&query, &exit_code))
        return exit_code;
    g_autofree findings *found = g_new0(findings, query.keys->len + 1);
    GError *error = NULL;
    for (guint i = 0; i < query.keys->len && error == NULL; i++)
        if (!read_findings(query.cache, &g_array_index(query.keys, cache_key, i), &found[i],
                           &error))
            break;
    if (error != NULL)
        exit_code = command_fail(error);
    else if (query.json)
        print_json(query.keys, found);
    else
        print_text(query.keys, found);
    for (guint i = 0; i < query.keys->len; i++)
        g_clear_pointer(&found[i].actions, g_array_unref);
    return exit_code;
}
