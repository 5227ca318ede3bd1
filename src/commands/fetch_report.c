/* Plans and accounts for people. */
#include "commands/fetch-private.h"
#include "platform/log.h"

#include <stdio.h>

static const download_item *item_at(const fetch *self, guint i)
{
    return g_ptr_array_index(download_items(self->download), i);
}

static guint item_count(const fetch *self)
{
    return download_items(self->download)->len;
}

static char *count_text(gsize count)
{
    return g_strdup_printf("%" G_GSIZE_FORMAT, count);
}

char *fetch_duration_text(gint64 duration_us)
{
    const gint64 seconds = (duration_us + QB_SECOND_US - 1) / QB_SECOND_US;
    if (seconds < 120)
        return g_strdup_printf("%d s", (int)seconds);
    if (seconds < 2 * 3600)
        return g_strdup_printf("%d min", (int)((seconds + 59) / 60));
    if (seconds < 48 * 3600)
        return g_strdup_printf("%d h", (int)((seconds + 3599) / 3600));
    return g_strdup_printf("%d days", (int)((seconds + 86399) / 86400));
}

/* ---- what it costs -------------------------------------------------------------------------- */

/* "Tiingo: 14 requests (3 of 50 used in an hour, 3 of 1000 in a day), up to 7 s" */
static char *forecast_text(const download_forecast *forecast)
{
    GString *text = g_string_new(forecast->provider->title);
    g_string_append_printf(text, ": %u request%s", forecast->requests,
                           forecast->requests == 1 ? "" : "s");
    for (guint i = 0; i < forecast->budget->len; i++) {
        const http_budget_use *use = &g_array_index(forecast->budget, http_budget_use, i);
        g_string_append_printf(text, "%s%u of %u%s used in %s %s", i == 0 ? " (" : ", ", use->used,
                               use->limit->count, use->limit->credits ? " credits" : "",
                               *use->limit->unit == 'h' ? "an" : "a", use->limit->unit);
    }
    g_autofree char *duration = fetch_duration_text(forecast->duration_us);
    g_string_append_printf(text, "%s, up to %s", forecast->budget->len > 0 ? ")" : "", duration);
    return g_string_free(text, FALSE);
}

static gboolean print_forecasts(fetch *self, FILE *stream, GError **error)
{
    g_autoptr(GArray) all = download_forecasts(self->download, error);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        g_autofree char *text = forecast_text(&g_array_index(all, download_forecast, i));
        fprintf(stream, "%s\n", text);
    }
    return all != NULL;
}

gboolean fetch_print_forecast(fetch *self, GError **error)
{
    return print_forecasts(self, stderr, error);
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* A note that many series share is told once. */
static void print_notes(const fetch *self, const report_style *style)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < item_count(self); i++) {
        const GPtrArray *notes = item_at(self, i)->notes;
        for (guint k = 0; k < notes->len; k++)
            if (g_hash_table_add(told, g_ptr_array_index(notes, k))) {
                g_autofree char *line = g_strconcat("- ", (char *)g_ptr_array_index(notes, k),
                                                    NULL);
                report_text_print(line, 0, REPORT_PLAIN, style, stdout);
            }
    }
}

void fetch_print_errors(const fetch *self)
{
    for (guint i = 0; i < item_count(self); i++) {
        const download_item *item = item_at(self, i);
        if (item->error == NULL)
            continue;
        g_autofree char *name = data_key_text(&item->wish.key, FALSE);
        command_fail(g_error_new(FAILURE, item->error->code, "%s: %s", name, item->error->message));
    }
}

/* ---- the plan ------------------------------------------------------------------------------- */

static void add_plan(report_table *table, const download_item *item)
{
    const gboolean macro = item->wish.key.asset == QB_MACRO;
    const gboolean refused = item->state == DOWNLOAD_REFUSED;
    g_autofree char *from = data_stamp_text(item->from_us, QB_1D);
    g_autofree char *to = data_stamp_text(item->to_us - 1, QB_1D);
    g_autofree char *stored = macro ? g_strdup("-") : count_text(item->stored);
    g_autofree char *known = macro ? g_strdup("-") : count_text(item->known);
    g_autofree char *missing = macro ? g_strdup("-") : count_text(item->missing);
    g_autofree char *requests = refused ? g_strdup("refused") : count_text(item->requests);
    const char *const cells[] = {item->wish.key.symbol,
                                 qb_interval_text(item->wish.key.interval),
                                 item->wish.provider->name,
                                 from,
                                 to,
                                 stored,
                                 known,
                                 missing,
                                 requests};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    report_table_tone(table, 8, refused ? REPORT_BAD : REPORT_PLAIN);
}

gboolean fetch_print_plan(fetch *self, GError **error)
{
    const report_style style = report_style_of(1);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "bar", REPORT_LEFT, 0);
    report_table_column(table, "provider", REPORT_LEFT, 3);
    report_table_column(table, "from", REPORT_LEFT, 1);
    report_table_column(table, "to", REPORT_LEFT, 1);
    report_table_column(table, "stored", REPORT_RIGHT, 0);
    report_table_column(table, "none there", REPORT_RIGHT, 2);
    report_table_column(table, "missing", REPORT_RIGHT, 0);
    report_table_column(table, "requests", REPORT_RIGHT, 0);
    for (guint i = 0; i < item_count(self); i++)
        add_plan(table, item_at(self, i));
    report_table_print(table, &style, stdout);
    print_notes(self, &style);
    return print_forecasts(self, stdout, error);
}

/* ---- the account ---------------------------------------------------------------------------- */

static gsize refused_rows(const download_item *item)
{
    gsize rows = 0;
    for (int i = 0; i < PROVIDER_REFUSAL_COUNT; i++)
        rows += item->refused[i];
    return rows;
}

static void add_account(report_table *table, const fetch *self, const download_item *item)
{
    cache_entry entry = {0};
    const gboolean stored = cache_stat(self->market->cache, &item->wish.key, &entry, NULL);
    g_autofree char *answers = count_text(item->answers);
    g_autofree char *added = count_text(item->change.added);
    g_autofree char *changed = count_text(item->change.changed);
    g_autofree char *same = count_text(item->change.unchanged);
    g_autofree char *refused = count_text(refused_rows(item));
    g_autofree char *empty = count_text(item->empty);
    g_autofree char *last = stored ? data_stamp_text(entry.last_us, item->wish.key.interval)
                                   : g_strdup("-");
    g_autofree char *coverage = data_coverage_text(entry.present, entry.expected);
    const char *const cells[] = {item->wish.key.symbol,
                                 qb_interval_text(item->wish.key.interval),
                                 download_state_text(item->state),
                                 answers,
                                 added,
                                 changed,
                                 same,
                                 refused,
                                 empty,
                                 last,
                                 coverage};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    report_table_tone(table, 2, item->error != NULL ? REPORT_BAD : REPORT_GOOD);
    report_table_tone(table, 10, data_coverage_tone(entry.present, entry.expected));
}

/* "2 duplicate, 1 unfinished": of all series. */
static void print_refused(const fetch *self)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int why = 0; why < PROVIDER_REFUSAL_COUNT; why++) {
        gsize rows = 0;
        for (guint i = 0; i < item_count(self); i++)
            rows += item_at(self, i)->refused[why];
        if (rows > 0)
            g_string_append_printf(text, "%s%" G_GSIZE_FORMAT " %s", text->len > 0 ? ", " : "",
                                   rows, provider_refusal_text((provider_refusal)why));
    }
    if (text->len > 0)
        printf("Rows refused: %s.\n", text->str);
}

static void print_defects(const fetch *self)
{
    for (guint i = 0; i < item_count(self); i++) {
        const download_item *item = item_at(self, i);
        for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++)
            if (item->defects[kind] > 0)
                printf("%s: %" G_GSIZE_FORMAT " %s (%s)\n", item->wish.key.symbol,
                       item->defects[kind], qb_defect_text((qb_defect_kind)kind),
                       qb_defect_suggestion((qb_defect_kind)kind));
    }
}

void fetch_print_account(fetch *self)
{
    const report_style style = report_style_of(1);
    g_autoptr(report_table) table = report_table_new(NULL);
    if (item_count(self) == 0) {
        printf("Nothing in the cache comes from a provider.\n");
        return;
    }
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "bar", REPORT_LEFT, 0);
    report_table_column(table, "state", REPORT_LEFT, 0);
    report_table_column(table, "answers", REPORT_RIGHT, 2);
    report_table_column(table, "new", REPORT_RIGHT, 0);
    report_table_column(table, "changed", REPORT_RIGHT, 1);
    report_table_column(table, "same", REPORT_RIGHT, 4);
    report_table_column(table, "refused", REPORT_RIGHT, 1);
    report_table_column(table, "none there", REPORT_RIGHT, 3);
    report_table_column(table, "last", REPORT_LEFT, 2);
    report_table_column(table, "coverage", REPORT_RIGHT, 0);
    for (guint i = 0; i < item_count(self); i++)
        add_account(table, self, item_at(self, i));
    report_table_print(table, &style, stdout);
    print_notes(self, &style);
    print_refused(self);
    print_defects(self);
}
