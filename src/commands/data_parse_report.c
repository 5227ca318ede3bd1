/* data parse: what came of a saved answer, as tables or JSON. Texts in it are the vendor's, so that
 * each goes through the redactor. */
#include "commands/parse-private.h"
#include "platform/log.h"

#include <math.h>
#include <string.h>

/* Valid UTF-8 without known secrets. Caller frees. */
static char *clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return log_redact(valid);
}

static const provider_kind *kind_of(const parsed *of)
{
    return &of->job.provider->kinds[of->kind];
}

static const char *price_kind_text(provider_price_kind kind)
{
    static const char *const texts[] = {
        [PROVIDER_PRICE_TRADE] = "last trade",
        [PROVIDER_PRICE_REFERENCE] = "reference",
        [PROVIDER_PRICE_MID] = "middle of bid and ask",
        [PROVIDER_PRICE_CLOSE] = "close of the last session",
    };
    return texts[kind];
}

/* A period's end that is not known is the end of time. */
static gint64 told_us(gint64 us)
{
    return us != 0 ? us : G_MAXINT64;
}

/* ---- tables --------------------------------------------------------------------------------- */

static void say(const report_style *style, report_tone tone, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void say(const report_style *style, report_tone tone, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *shown = clean(text);
    report_text_print(shown, 0, tone, style, stdout);
}

static void say_left_out(const report_style *style, gsize shown, gsize all)
{
    if (shown < all)
        say(style, REPORT_DIM,
            "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
            " rows; --start and --end narrow them, --json has all",
            shown, all);
}

static void print_bars(const parsed *of, const report_style *style)
{
    const qb_series *bars = &of->page.bars;
    const gsize shown = MIN(bars->count, SHOW_ROWS);
    g_autofree char *title = g_strdup_printf("%s %s %s", qb_asset_text(of->job.asset),
                                             of->job.symbol, qb_interval_text(of->page.interval));
    if (bars->count == 0)
        return;
    show_bars_table(title, of->page.interval, bars, bars->count - shown, shown);
    say_left_out(style, shown, bars->count);
}

static void print_values(const parsed *of, const report_style *style)
{
    const GArray *values = of->page.values;
    const guint shown = MIN(values->len, SHOW_ROWS);
    g_autofree char *title = g_strdup_printf("macro %s", of->job.symbol);
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, "period", REPORT_LEFT, 0);
    report_table_column(table, "value", REPORT_RIGHT, 0);
    report_table_column(table, "known from", REPORT_LEFT, 0);
    report_table_column(table, "until", REPORT_LEFT, 1);
    for (guint i = values->len - shown; i < values->len; i++) {
        const provider_value *value = &g_array_index(values, provider_value, i);
        g_autofree char *period = show_time(value->ts_us, FALSE);
        g_autofree char *number = show_number(value->value);
        g_autofree char *from = show_time(value->known_from_us, FALSE);
        g_autofree char *to = value->known_to_us == G_MAXINT64
                                  ? g_strdup("now")
                                  : show_time(value->known_to_us, FALSE);
        const char *const cells[] = {period, number, from, to};
        report_table_row(table, cells);
    }
    if (shown > 0)
        report_table_print(table, style, stdout);
    say_left_out(style, shown, values->len);
}

static void print_actions(const parsed *of, const report_style *style)
{
    const GArray *actions = of->page.actions;
    const guint shown = MIN(actions->len, SHOW_ROWS);
    g_autoptr(report_table) table = report_table_new("dividends and splits");
    report_table_column(table, "ex-date", REPORT_LEFT, 0);
    report_table_column(table, "dividend", REPORT_RIGHT, 0);
    report_table_column(table, "split", REPORT_RIGHT, 0);
    for (guint i = actions->len - shown; i < actions->len; i++) {
        const provider_action *action = &g_array_index(actions, provider_action, i);
        g_autofree char *date = show_time(action->ts_us, FALSE);
        g_autofree char *dividend = show_number(action->dividend);
        g_autofree char *split = show_number(action->split_factor);
        const char *const cells[] = {date, dividend, split};
        report_table_row(table, cells);
    }
    if (shown > 0)
        report_table_print(table, style, stdout);
    say_left_out(style, shown, actions->len);
}

static char *history_text(gint64 us)
{
    return us != 0 ? show_time(us, FALSE) : g_strdup("");
}

static void print_matches(const parsed *of, const report_style *style)
{
    const GArray *matches = of->page.matches;
    const guint shown = MIN(matches->len, SHOW_ROWS);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "name", REPORT_LEFT, 0);
    report_table_column(table, "kind", REPORT_LEFT, 1);
    report_table_column(table, "currency", REPORT_LEFT, 3);
    report_table_column(table, "from", REPORT_LEFT, 2);
    report_table_column(table, "to", REPORT_LEFT, 2);
    for (guint i = 0; i < shown; i++) {
        const provider_match *match = &g_array_index(matches, provider_match, i);
        g_autofree char *symbol = clean(match->vendor_symbol);
        g_autofree char *name = clean(match->name);
        g_autofree char *kind = clean(match->kind);
        g_autofree char *currency = clean(match->currency);
        g_autofree char *first = history_text(match->first_us);
        g_autofree char *last = history_text(match->last_us);
        const char *const cells[] = {symbol, name, kind, currency, first, last};
        report_table_row(table, cells);
    }
    if (shown > 0)
        report_table_print(table, style, stdout);
    if (shown < matches->len)
        say(style, REPORT_DIM, "%u of %u rows; --json has all", shown, matches->len);
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* "3 unfinished, 1 duplicate", or NULL. Caller frees. */
static char *refused_text(const provider_page *page)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < PROVIDER_REFUSAL_COUNT; i++)
        if (page->refused[i] > 0)
            g_string_append_printf(text, "%s%" G_GSIZE_FORMAT " %s", text->len > 0 ? ", " : "",
                                   page->refused[i], provider_refusal_text((provider_refusal)i));
    return g_string_free(text, text->len == 0);
}

static void print_account(const parsed *of, const report_style *style)
{
    const provider_page *page = &of->page;
    g_autofree char *refused = refused_text(page);
    g_autoptr(GString) holds = g_string_new(NULL);
    const struct {
        gsize count;
        const char *what;
    } parts[] = {{page->bars.count, "bars"},
                 {page->values->len, "values"},
                 {page->actions->len, "dividends and splits"},
                 {page->matches->len, "matches"}};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i].count > 0)
            g_string_append_printf(holds, "%s%" G_GSIZE_FORMAT " %s", holds->len > 0 ? ", " : "",
                                   parts[i].count, parts[i].what);
    if (!isnan(page->price))
        g_string_append_printf(holds, "%sa price", holds->len > 0 ? ", " : "");
    say(style, REPORT_PLAIN, "%" G_GSIZE_FORMAT " row%s in the answer: %s", page->rows,
        page->rows == 1 ? "" : "s", holds->len > 0 ? holds->str : "none kept");
    if (refused != NULL)
        say(style, REPORT_PLAIN, "Refused: %s", refused);
}

static void print_price(const provider_page *page, const report_style *style)
{
    if (isnan(page->price))
        return;
    g_autofree char *price = show_number(page->price);
    g_autofree char *at = page->price_us != 0 ? show_time(page->price_us, TRUE) : NULL;
    say(style, REPORT_STRONG, "Price: %s (%s), %s%s", price, price_kind_text(page->price_kind),
        at != NULL ? at : "at a time that is not told", at != NULL ? " UTC" : "");
}

static void print_settled(const parsed *of, const report_style *style)
{
    const provider_page *page = &of->page;
    if (!of->ranged || page->settled_from_us >= page->settled_to_us)
        return;
    g_autofree char *from = show_time(page->settled_from_us, FALSE);
    g_autofree char *to = show_time(page->settled_to_us, FALSE);
    say(style, REPORT_PLAIN, "Settled: from %s until %s", from, to);
}

/* The kind that a download would ask for next, or NULL. */
static const char *next_kind(const parsed *of)
{
    const provider_kind *next = &of->job.provider->kinds[of->step.kind];
    return !of->step.over && next->request != NULL ? next->name : NULL;
}

static void print_good(const parsed *of, const report_style *style)
{
    const provider_page *page = &of->page;
    print_bars(of, style);
    print_values(of, style);
    print_actions(of, style);
    print_matches(of, style);
    print_price(page, style);
    print_account(of, style);
    print_settled(of, style);
    if (next_kind(of) != NULL)
        say(style, REPORT_PLAIN, "A download would ask on: %s", next_kind(of));
    for (guint i = 0; i < page->notes->len; i++)
        say(style, REPORT_PLAIN, "Note: %s", (const char *)g_ptr_array_index(page->notes, i));
}

static const char *meaning_of(http_class class)
{
    static const char *const texts[HTTP_CLASS_COUNT] = {
        [HTTP_AUTH] = "the key is missing, wrong or expired",
        [HTTP_PLAN] = "the key's plan does not include it",
        [HTTP_NOT_FOUND] = "the provider does not know the symbol",
        [HTTP_BAD_REQUEST] = "the provider refuses the request as it is",
        [HTTP_RATE_LIMIT] = "too many requests: it works again later",
        [HTTP_SERVER] = "a fault of the provider: it may work again later",
    };
    return texts[class] != NULL ? texts[class] : "";
}

static void print_bad(const parsed *of, const report_style *style)
{
    const http_verdict *verdict = &of->verdict;
    say(style, REPORT_BAD, "%s: %s", http_class_text(verdict->class), meaning_of(verdict->class));
    say(style, REPORT_PLAIN, "%s said: %s", of->job.provider->title, verdict->words);
    if (verdict->wait_us > 0)
        say(style, REPORT_PLAIN, "To wait: %" G_GINT64_FORMAT " seconds",
            verdict->wait_us / QB_SECOND_US);
}

void parse_report_text(const parsed *of)
{
    const report_style style = report_style_of(1);
    const gboolean about_one = of->job.ask != PROVIDER_SEARCH && of->job.ask != PROVIDER_KEY;
    if (about_one)
        say(&style, REPORT_STRONG, "%s, %s, read as %s %s %s%s", of->job.provider->title,
            kind_of(of)->name, qb_asset_text(of->job.asset), of->job.symbol,
            qb_interval_text(of->job.interval),
            of->assumed ? " (no --symbol was given: one to stand in for it)" : "");
    else
        say(&style, REPORT_STRONG, "%s, %s", of->job.provider->title, kind_of(of)->name);
    if (of->verdict.class == HTTP_FINE)
        print_good(of, &style);
    else
        print_bad(of, &style);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *text_json(const char *text)
{
    g_autofree char *shown = clean(text);
    return json_string(shown);
}

static json_t *read_as_json(const provider_job *job)
{
    json_t *object = json_pack("{s:s, s:s}", "asset", qb_asset_text(job->asset), "interval",
                               qb_interval_text(job->interval));
    json_object_set_new(object, "symbol", text_json(job->symbol));
    json_object_set_new(object, "vendor_symbol", text_json(job->vendor_symbol));
    json_object_set_new(object, "for", json_string(provider_ask_text(job->ask)));
    json_object_set_new(object, "start", data_time_json(job->from_us));
    json_object_set_new(object, "end", data_time_json(job->to_us));
    json_object_set_new(object, "now", data_time_json(job->now_us));
    return object;
}

static json_t *refused_json(const provider_page *page)
{
    json_t *object = json_object();
    for (int i = 0; i < PROVIDER_REFUSAL_COUNT; i++)
        if (page->refused[i] > 0)
            json_object_set_new(object, provider_refusal_text((provider_refusal)i),
                                json_integer((json_int_t)page->refused[i]));
    return object;
}

static json_t *notes_json(const GPtrArray *notes)
{
    json_t *array = json_array();
    for (guint i = 0; i < notes->len; i++)
        json_array_append_new(array, text_json(g_ptr_array_index(notes, i)));
    return array;
}

static json_t *settled_json(const provider_page *page)
{
    if (page->settled_from_us >= page->settled_to_us)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "start", data_time_json(page->settled_from_us));
    json_object_set_new(object, "end", data_time_json(page->settled_to_us));
    return object;
}

static json_t *price_json(const provider_page *page)
{
    if (isnan(page->price))
        return json_null();
    json_t *object = json_pack("{s:f, s:s}", "price", page->price, "kind",
                               price_kind_text(page->price_kind));
    json_object_set_new(object, "ts",
                        page->price_us != 0 ? data_time_json(page->price_us) : json_null());
    return object;
}

static json_t *wait_json(const parsed *of)
{
    const gint64 wait_us = of->verdict.wait_us;
    return wait_us >= 0 ? json_integer(wait_us / QB_SECOND_US) : json_null();
}

static json_t *head_json(const parsed *of)
{
    const gboolean fine = of->verdict.class == HTTP_FINE && of->error == NULL;
    json_t *head = json_pack("{s:s, s:s, s:i}", "provider", of->job.provider->name, "request",
                             kind_of(of)->name, "status", (int)of->status);
    json_object_set_new(head, "read_as", read_as_json(&of->job));
    json_object_set_new(head, "class",
                        of->error != NULL ? json_null()
                                          : json_string(http_class_text(of->verdict.class)));
    json_object_set_new(head, "words", text_json(of->verdict.words));
    json_object_set_new(head, "wait_seconds", wait_json(of));
    json_object_set_new(head, "error",
                        of->error != NULL ? text_json(of->error->message) : json_null());
    if (!fine)
        return head;
    json_object_set_new(head, "count", json_integer((json_int_t)of->page.rows));
    json_object_set_new(head, "refused", refused_json(&of->page));
    json_object_set_new(head, "notes", notes_json(of->page.notes));
    json_object_set_new(head, "interval", json_string(qb_interval_text(of->page.interval)));
    json_object_set_new(head, "settled", settled_json(&of->page));
    json_object_set_new(head, "latest", price_json(&of->page));
    json_object_set_new(head, "next",
                        next_kind(of) != NULL ? json_string(next_kind(of)) : json_null());
    return head;
}

static void add_text(GString *row, const char *name, const char *text)
{
    json_auto_t *value = text_json(text);
    char *quoted = json_dumps(value, JSON_ENCODE_ANY);
    g_string_append_printf(row, "%s\"%s\": %s", row->len > 0 ? ", " : "", name,
                           quoted != NULL ? quoted : "null");
    free(quoted);
}

static char *action_row(gconstpointer item)
{
    const provider_action *action = item;
    GString *row = g_string_new(NULL);
    show_add_time(row, "ts", action->ts_us);
    show_add_number(row, "dividend", action->dividend);
    show_add_number(row, "split", action->split_factor);
    return g_string_free(row, FALSE);
}

static char *value_row(gconstpointer item)
{
    const provider_value *value = item;
    GString *row = g_string_new(NULL);
    show_add_time(row, "ts", value->ts_us);
    show_add_number(row, "value", value->value);
    show_add_time(row, "known_from", value->known_from_us);
    show_add_time(row, "known_to", value->known_to_us);
    return g_string_free(row, FALSE);
}

static char *match_row(gconstpointer item)
{
    const provider_match *match = item;
    GString *row = g_string_new(NULL);
    add_text(row, "symbol", match->vendor_symbol);
    add_text(row, "name", match->name);
    add_text(row, "kind", match->kind);
    add_text(row, "currency", match->currency);
    show_add_time(row, "first", told_us(match->first_us));
    show_add_time(row, "last", told_us(match->last_us));
    return g_string_free(row, FALSE);
}

static void print_rows(const char *name, const GArray *items, gsize size,
                       char *(*row_json)(gconstpointer item))
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < items->len; i++)
        g_ptr_array_add(rows, row_json(items->data + i * size));
    show_print_rows(name, rows);
    printf(",\n");
}

static void print_bar_rows(const qb_series *bars)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < bars->count; i++)
        g_ptr_array_add(rows, show_bar_json(bars, i));
    show_print_rows("bars", rows);
    printf("\n");
}

void parse_report_json(const parsed *of)
{
    static const provider_page nothing;
    const gboolean fine = of->verdict.class == HTTP_FINE && of->error == NULL;
    json_auto_t *head = head_json(of);
    printf("{\n");
    show_print_members(head);
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, 1);
    print_rows("actions", fine ? of->page.actions : none, sizeof(provider_action), action_row);
    print_rows("values", fine ? of->page.values : none, sizeof(provider_value), value_row);
    print_rows("matches", fine ? of->page.matches : none, sizeof(provider_match), match_row);
    print_bar_rows(fine ? &of->page.bars : &nothing.bars);
    printf("}\n");
}
