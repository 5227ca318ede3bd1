/* instruments check: do the file, its calendars and the cache agree? In: instruments.ini and the
 * manifests. Out: every problem; notes about what is stored and not said. */
#include "commands/instruments-private.h"

#include <string.h>

static const char about[] =
    "Reads instruments.ini and its calendars, and compares them with what the cache holds: series\n"
    "of another class or calendar than the file says, bars beyond a list of sessions, tickers "
    "that\n"
    "were another company's, aliases that hide a stored symbol. Exit 0: they agree (notes may be\n"
    "printed). 3: the file is wrong. 4: a list of sessions is wrong, or stored bars do not fit.\n"
    "\n"
    "Examples:\n"
    "  quantbot instruments check\n"
    "  quantbot instruments check --json\n";

typedef struct findings {
    GPtrArray *problems, *notes; /* of char * */
    int exit_code;
    guint series;
} findings;

static void add_problem(findings *self, int code, char *text)
{
    g_ptr_array_add(self->problems, text);
    if (self->exit_code == 0 || code == FAILURE_CONFIG)
        self->exit_code = code;
}

static void add_error(findings *self, GError *error)
{
    add_problem(self, error->code, g_strdup(error->message));
    g_error_free(error);
}

/* ---- one stored series ---------------------------------------------------------------------- */

static char *key_text(const cache_key *key)
{
    return g_strdup_printf("%s %s %s", qb_asset_text(key->asset), key->symbol,
                           qb_interval_text(key->interval));
}

/* Bars that its calendar does not vouch for. */
static void check_cover(findings *self, const qb_calendar *calendar, const cache_entry *entry)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    const int32_t from = qb_date_from_us(entry->first_us), to = qb_date_from_us(entry->last_us);
    if (qb_calendar_covers(calendar, from) && qb_calendar_covers(calendar, to))
        return;
    g_autofree char *name = key_text(&entry->key);
    g_ptr_array_add(self->notes,
                    g_strdup_printf("%s: bars from %s to %s are not all within what %s covers "
                                    "(quantbot calendar list)",
                                    name, qb_date_to_text(from, first), qb_date_to_text(to, last),
                                    qb_calendar_name(calendar)));
}

static void check_calendar(findings *self, const market *market, const cache_entry *entry,
                           const qb_instrument *instrument)
{
    const char *source = instruments_source(market->instruments, entry->key.symbol,
                                            entry->key.asset, "calendar");
    if (strcmp(source, "built-in") == 0 ||
        g_ascii_strcasecmp(entry->calendar, qb_calendar_name(instrument->calendar)) == 0)
        return;
    g_autofree char *name = key_text(&entry->key);
    add_problem(self, FAILURE_BAD_DATA,
                g_strdup_printf("%s: calendar: stored with %s, [%s] says %s (import it again, or "
                                "change the file)",
                                name, entry->calendar, source,
                                qb_calendar_name(instrument->calendar)));
}

/* Sessions of another exchange in dollars by default are likely not in dollars. */
static void check_currency(findings *self, const market *market, const cache_entry *entry)
{
    const qb_asset asset = entry->key.asset;
    const char *source = instruments_source(market->instruments, entry->key.symbol, asset,
                                            "currency");
    if ((asset != QB_EQUITY && asset != QB_INDEX) || strcmp(source, "built-in") != 0 ||
        qb_calendar_find(entry->calendar) != NULL)
        return;
    g_autofree char *name = key_text(&entry->key);
    g_ptr_array_add(self->notes,
                    g_strdup_printf("%s: currency: USD by default, with sessions of %s (expected a "
                                    "section [%s] that says it)",
                                    name, entry->calendar, entry->key.symbol));
}

static void check_series(findings *self, const market *market, const cache_key *key)
{
    GError *error = NULL;
    cache_entry entry;
    qb_instrument instrument;
    if (!cache_stat(market->cache, key, &entry, &error)) {
        if (g_error_matches(error, FAILURE, FAILURE_MISSING))
            g_clear_error(&error); /* a first import ended before its first file */
        else
            add_error(self, error);
        return;
    }
    self->series++;
    if (!instruments_get(market->instruments, key->symbol, key->asset, key->interval, &instrument,
                         &error)) {
        add_error(self, error);
        return;
    }
    check_calendar(self, market, &entry, &instrument);
    check_currency(self, market, &entry);
    check_cover(self, qb_calendars_find(instruments_calendars(market->instruments), entry.calendar),
                &entry);
    char *reuse = market_stored_reuse_note(market, key);
    if (reuse != NULL)
        g_ptr_array_add(self->notes, reuse);
}

/* A stored symbol that its own name does not find any more. */
static void check_hidden(findings *self, const market *market, const cache_key *key)
{
    char symbol[QB_SYMBOL_SIZE];
    int asset;
    if (!instruments_symbol(market->instruments, key->symbol, -1, symbol, &asset) || asset < 0)
        return;
    g_autofree char *name = key_text(key);
    g_ptr_array_add(self->notes, g_strdup_printf("%s: the alias %s means %s, which hides it", name,
                                                 key->symbol, symbol));
}

static gboolean check_cache(findings *self, const market *market, GError **error)
{
    g_autoptr(GArray) keys = cache_keys(market->cache, error);
    if (keys == NULL)
        return FALSE;
    for (guint i = 0; i < keys->len; i++) {
        const cache_key *key = &g_array_index(keys, cache_key, i);
        if (key->asset >= QB_ASSET_COUNT)
            continue;
        check_series(self, market, key);
        check_hidden(self, market, key);
    }
    return TRUE;
}

/* ---- telling -------------------------------------------------------------------------------- */

static void print_json(const findings *self, const market *market)
{
    const char *file = instruments_file(market->instruments);
    json_auto_t *root = json_pack("{s:s?, s:i, s:i, s:i, s:o, s:o}", "file", file, "instruments",
                                  (int)instruments_symbols(market->instruments)->len, "calendars",
                                  (int)instruments_calendars(market->instruments)->count, "series",
                                  (int)self->series, "problems", data_lines_json(self->problems),
                                  "notes", data_lines_json(self->notes));
    data_print_json(root);
}

static void print_lines(const findings *self, const market *market)
{
    const report_style style = report_style_of(1);
    const char *file = instruments_file(market->instruments);
    for (guint i = 0; i < self->notes->len; i++) {
        g_autofree char *line = g_strdup_printf("note: %s",
                                                (char *)g_ptr_array_index(self->notes, i));
        report_text_print(line, 0, REPORT_PLAIN, &style, stdout);
    }
    for (guint i = 0; i < self->problems->len; i++) {
        GError *error = g_error_new_literal(FAILURE, self->exit_code,
                                            g_ptr_array_index(self->problems, i));
        command_fail(error);
    }
    g_autofree char *sum = g_strdup_printf(
        "%s: %u instruments, %u calendars; %u series in the cache: %s",
        file != NULL ? file : "No file", instruments_symbols(market->instruments)->len,
        (guint)instruments_calendars(market->instruments)->count, self->series,
        self->problems->len > 0 ? "they do not agree" : "they agree");
    report_text_print(sum, 0, REPORT_PLAIN, &style, stdout);
}

int command_instruments_check(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("instruments check", "unexpected \"%s\"", argv[1]);
    g_autoptr(market) market = instruments_market(&exit_code);
    if (market == NULL)
        return exit_code;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    findings findings = {.problems = problems, .notes = notes};
    GError *error = NULL;
    if (!check_cache(&findings, market, &error))
        return command_fail(error);
    if (json)
        print_json(&findings, market);
    else
        print_lines(&findings, market);
    return findings.exit_code;
}
