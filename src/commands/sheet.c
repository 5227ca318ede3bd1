#include "commands/sheet-private.h"

#include "commands/commands-private.h"

#include <math.h>
#include <string.h>

result_sheet result_sheet_of(const GArray *trades, const char *rest, gboolean daily)
{
    json_t *json = rest != NULL ? json_loads(rest, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json_is_object(json))
        g_clear_pointer(&json, json_decref);
    return (result_sheet){.trades = trades, .rest = json, .daily = daily};
}

void result_sheet_clear(result_sheet *self)
{
    g_clear_pointer(&self->rest, json_decref);
}

/* ---- what is asked for ---------------------------------------------------------------------- */

/* GLib hands a callback no data of one option only: the group's is that of all. */
static sheet_wish *asked;

static gboolean read_count(const char *name, const char *text, int *out, GError **error)
{
    char *end = NULL;
    const gint64 value = g_ascii_strtoll(text, &end, 10);
    if (*text != '\0' && *end == '\0' && value >= 1 && value <= SHEET_ROWS_MAXIMUM) {
        *out = (int)value;
        return TRUE;
    }
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: %s (expected 1 to %d)", name,
                quoted, SHEET_ROWS_MAXIMUM);
    return FALSE;
}

static gboolean read_trades(const char *name, const char *text, void *unused, GError **error)
{
    asked->trades = TRUE;
    return text == NULL || read_count(name, text, &asked->limit, error);
}

static gboolean read_limit(const char *name, const char *text, void *unused, GError **error)
{
    return read_count(name, text, &asked->limit, error);
}

static gboolean read_drawdowns(const char *name, const char *text, void *unused, GError **error)
{
    asked->drawdowns = SHEET_DRAWDOWNS_STANDARD;
    return text == NULL || read_count(name, text, &asked->drawdowns, error);
}

void sheet_wish_entries(sheet_wish *wish, GOptionEntry *out_entries)
{
    const GOptionEntry entries[SHEET_ENTRIES] = {
        {"trades", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, read_trades,
         "List the closed trades, the last N (default: 20)", "N"},
        {"limit", 0, 0, G_OPTION_ARG_CALLBACK, read_limit, "How many trades are listed", "N"},
        {"by", 0, 0, G_OPTION_ARG_STRING_ARRAY, &wish->by,
         "Trades by instrument, strategy, entry, exit, weekday, month, year or side", "KEY"},
        {"monthly", 0, 0, G_OPTION_ARG_NONE, &wish->monthly, "Returns of months and years", NULL},
        {"drawdowns", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, read_drawdowns,
         "The N deepest drawdowns (default: 5)", "N"},
    };
    memcpy(out_entries, entries, sizeof entries);
    asked = wish;
}

static gboolean check_key(sheet_wish *wish, const char *text)
{
    qb_trade_key key = QB_BY_INSTRUMENT;
    if (qb_trade_key_from_text(text, &key) != QB_OK)
        return FALSE;
    for (guint i = 0; i < wish->key_count; i++)
        if (wish->keys[i] == key)
            return FALSE;
    wish->keys[wish->key_count++] = key;
    return TRUE;
}

gboolean sheet_wish_check(sheet_wish *wish, const char *command, int *out_exit)
{
    wish->keys = g_new(qb_trade_key, QB_TRADE_KEY_COUNT);
    for (char **by = wish->by; by != NULL && *by != NULL; by++) {
        g_auto(GStrv) keys = g_strsplit(*by, ",", -1);
        for (char **key = keys; *key != NULL; key++) {
            if (check_key(wish, g_strstrip(*key)))
                continue;
            g_autofree char *quoted = failure_quote(*key, -1);
            *out_exit = command_usage(command,
                                      "--by: %s (expected instrument, strategy, entry, exit, "
                                      "weekday, month, year or side, each once)",
                                      quoted);
            return FALSE;
        }
    }
    wish->trades |= wish->limit > 0;
    return TRUE;
}

void sheet_wish_clear(sheet_wish *wish)
{
    g_clear_pointer(&wish->by, g_strfreev);
    g_clear_pointer(&wish->keys, g_free);
}

/* ---- trades as numbers ---------------------------------------------------------------------- */

static guint32 number_of(GHashTable *numbers, GPtrArray *names, const char *name)
{
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(numbers, name, NULL, &known))
        return GPOINTER_TO_UINT(known);
    g_ptr_array_add(names, (gpointer)name);
    g_hash_table_insert(numbers, (gpointer)name, GUINT_TO_POINTER(names->len - 1));
    return names->len - 1;
}

sheet_trades sheet_trades_of(const GArray *trades)
{
    g_autoptr(GHashTable) numbers = g_hash_table_new(g_str_hash, g_str_equal);
    sheet_trades self = {.items = g_new0(qb_closed_trade, trades->len + 1),
                         .count = trades->len,
                         .names = g_ptr_array_new()};
    for (guint i = 0; i < trades->len; i++) {
        const runlog_trade *trade = &g_array_index(trades, runlog_trade, i);
        self.items[i] = (qb_closed_trade){
            .instrument = number_of(numbers, self.names, trade->symbol),
            .strategy = number_of(numbers, self.names, trade->strategy),
            .entry = number_of(numbers, self.names, trade->entry_reason),
            .exit = number_of(numbers, self.names, trade->exit_reason),
            .is_short = trade->is_short,
            .exit_date = trade->exit_date != INT32_MIN ? trade->exit_date
                                                       : qb_date_from_us(trade->exit_us),
            .entry_us = trade->entry_us,
            .exit_us = trade->exit_us,
            .profit = qb_raw_to_double(trade->profit_e8),
            .fees = qb_raw_to_double(trade->fees_e8),
            .return_fraction = trade->return_fraction,
            .adverse = trade->adverse,
            .favourable = trade->favourable,
            .bars = (guint64)trade->bars,
            .touched = trade->touched,
        };
    }
    return self;
}

void sheet_trades_clear(sheet_trades *self)
{
    g_clear_pointer(&self->items, g_free);
    g_clear_pointer(&self->names, g_ptr_array_unref);
}

char *sheet_key_text(const sheet_trades *trades, qb_trade_key key, int64_t value)
{
    static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                           "Friday", "Saturday", "Sunday"};
    switch (key) {
    case QB_BY_WEEKDAY:
        return g_strdup(weekdays[value]);
    case QB_BY_MONTH:
        return g_strdup_printf("%04d-%02d", (int)(value / 12), (int)(value % 12) + 1);
    case QB_BY_YEAR:
        return g_strdup_printf("%d", (int)value);
    case QB_BY_SIDE:
        return g_strdup(value != 0 ? "short" : "long");
    case QB_BY_INSTRUMENT:
    case QB_BY_STRATEGY:
    case QB_BY_ENTRY:
    case QB_BY_EXIT:
    case QB_TRADE_KEY_COUNT:
        break;
    }
    const char *name = g_ptr_array_index(trades->names, value);
    return g_strdup(*name != '\0' ? name : "-");
}

char *sheet_percent_text(double fraction)
{
    if (!isfinite(fraction))
        return g_strdup("-");
    /* No minus before what rounds to nothing. */
    const double percent = round(fraction * 1e4) / 100;
    return g_strdup_printf("%.2f %%", percent == 0 ? 0 : percent);
}
