/* Quandl, now Nasdaq Data Link. What is left for a free key is tables; of stock prices the table
 * WIKI/PRICES, raw with dividends and splits, which ended on 2018-03-27. The older datasets are
 * closed (their calls are refused since 2024) and are read from files only. Wire facts: the
 * provider's documentation as of 2026, answers recorded between 2014 and 2023.
 *
 * A table's rows come before the names of its columns, so an answer is walked over twice. */
#include "platform/clock.h"
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

enum { TABLE, DATASET, EXPORT };

#define LAST_DATE 17617 /* 2018-03-27 */
#define PAGE_ROWS 10000
#define COLUMNS 64

/* ---- asking --------------------------------------------------------------------------------- */

static gboolean name_symbol(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why)
{
    g_strlcpy(out, symbol, PROVIDER_SYMBOL_SIZE);
    g_strdelimit(out, ".-", '_');
    return TRUE;
}

static gboolean check(provider_job *job, GPtrArray *notes, GError **error)
{
    const gint64 end_us = (gint64)(LAST_DATE + 1) * QB_DAY_US;
    if (!provider_check_basics(job, error))
        return FALSE;
    if (job->ask != PROVIDER_BARS || job->to_us <= end_us)
        return TRUE;
    if (job->from_us >= end_us) {
        g_set_error(
            error, FAILURE, FAILURE_PROVIDER,
            "Quandl's free stock prices (WIKI/PRICES) ended on 2018-03-27 (Tiingo's go on)");
        return FALSE;
    }
    g_ptr_array_add(notes,
                    g_strdup("Quandl's free stock prices (WIKI/PRICES) ended on 2018-03-27"));
    job->to_us = end_us;
    return TRUE;
}

static guint estimate(const provider_job *job)
{
    return job->ask == PROVIDER_BARS
               ? (guint)((job->to_us - job->from_us) / QB_DAY_US / PAGE_ROWS + 1)
               : 1;
}

static void start(const provider_job *job, provider_step *step)
{
    *step = (provider_step){.kind = TABLE, .at_us = job->from_us};
}

static void request_table(const provider_job *job, const provider_step *step, provider_request *out)
{
    char text[QB_TIME_TEXT];
    out->from_us = job->from_us;
    out->to_us = job->to_us;
    provider_request_path(out, "/datatables/WIKI/PRICES.json");
    provider_request_query(out, "ticker", "%s",
                           *job->vendor_symbol != '\0' ? job->vendor_symbol : "AAPL");
    if (job->ask == PROVIDER_KEY) {
        provider_request_query(out, "date", "2018-03-27");
    } else {
        provider_request_query(out, "date.gte", "%s",
                               qb_date_to_text(qb_date_from_us(job->from_us), text));
        provider_request_query(out, "date.lte", "%s",
                               qb_date_to_text(qb_date_from_us(job->to_us - 1), text));
        provider_request_query(out, "qopts.per_page", "%d", PAGE_ROWS);
    }
    if (step->token[0] != '\0')
        provider_request_query(out, "qopts.cursor_id", "%s", step->token);
    if (job->key != NULL)
        provider_request_key_header(out, "x-api-token", "%s", job->key);
}

/* ---- judging -------------------------------------------------------------------------------- */

/* Codes are families by their third letter, with exceptions, so some count whole. */
static http_class class_of_code(const char *code, http_class otherwise)
{
    static const struct {
        const char *start;
        http_class class;
    } codes[] = {
        {"QEAx06", HTTP_RATE_LIMIT},  {"QEAx07", HTTP_RATE_LIMIT},  {"QELx06", HTTP_BAD_REQUEST},
        {"QELx07", HTTP_BAD_REQUEST}, {"QELx08", HTTP_BAD_REQUEST}, {"QECx01", HTTP_BAD_REQUEST},
        {"QECx05", HTTP_BAD_REQUEST}, {"QEPx01", HTTP_AUTH},        {"QEL", HTTP_RATE_LIMIT},
        {"QEA", HTTP_AUTH},           {"QEP", HTTP_PLAN},           {"QES", HTTP_BAD_REQUEST},
        {"QEC", HTTP_NOT_FOUND},      {"QEM", HTTP_SERVER},         {"QEX", HTTP_SERVER},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (g_str_has_prefix(code, codes[i].start))
            return codes[i].class;
    return otherwise;
}

static gint64 wait_of(const char *code, gint64 now_us)
{
    if (strcmp(code, "QEAx07") == 0)
        return 30 * QB_SECOND_US;
    if (strcmp(code, "QELx03") == 0 || strcmp(code, "QEAx06") == 0)
        return provider_until_midnight_utc_us(now_us);
    return 10 * QB_MINUTE_US;
}

static void judge(const http_answer *answer, gpointer data, http_verdict *out)
{
    http_judge_status(answer, out);
    g_autofree char *code = provider_body_text(answer->body, "quandl_error/code");
    g_autofree char *message = provider_body_text(answer->body, "quandl_error/message");
    if (code != NULL) {
        g_autofree char *words = g_strdup_printf("%s %s", code, message != NULL ? message : "");
        http_verdict_quote(out, class_of_code(code, out->class), words, -1);
        if (out->class == HTTP_RATE_LIMIT)
            out->wait_us = wait_of(code, clock_now_us());
        return;
    }
    if (answer->status == 410)
        http_verdict_set(out, HTTP_PLAN, "HTTP 410: the provider has closed this");
    else if (out->class == HTTP_FINE && provider_body_first(answer->body) == '<')
        http_verdict_set(out, HTTP_SERVER, "a page instead of data");
}

/* ---- columns -------------------------------------------------------------------------------- */

typedef enum column {
    COLUMN_OTHER,
    COLUMN_TICKER,
    COLUMN_DATE,
    COLUMN_OPEN,
    COLUMN_HIGH,
    COLUMN_LOW,
    COLUMN_CLOSE,
    COLUMN_VOLUME,
    COLUMN_DIVIDEND,
    COLUMN_SPLIT,
} column;

static column column_of(const char *name)
{
    static const struct {
        const char *name;
        column is;
    } names[] = {
        {"ticker", COLUMN_TICKER},
        {"date", COLUMN_DATE},
        {"open", COLUMN_OPEN},
        {"high", COLUMN_HIGH},
        {"low", COLUMN_LOW},
        {"close", COLUMN_CLOSE},
        {"last", COLUMN_CLOSE},
        {"volume", COLUMN_VOLUME},
        {"ex-dividend", COLUMN_DIVIDEND},
        {"split_ratio", COLUMN_SPLIT},
        {"split ratio", COLUMN_SPLIT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(names[i].name, name) == 0)
            return names[i].is;
    return COLUMN_OTHER;
}

typedef struct table {
    const provider_job *job;
    provider_page *page;
    provider_rows rows;
    column columns[COLUMNS];
    guint column_count;
    gboolean values;        /* no bars: the date and one number */
    gboolean reading_names; /* the first walk */
    gboolean transformed;   /* differences and the like are no prices */
    scan_text cursor;
    gboolean has_cursor;
} table;

static void add_column(table *into, const char *name)
{
    if (into->column_count < COLUMNS)
        into->columns[into->column_count++] = column_of(name);
}

static gboolean has_column(const table *of, column wanted)
{
    for (guint i = 0; i < of->column_count; i++)
        if (of->columns[i] == wanted)
            return TRUE;
    return FALSE;
}

/* In datasets the first column is the date, whatever its name. */
static void decide(table *self, gboolean dataset)
{
    if (dataset && self->column_count > 0)
        self->columns[0] = COLUMN_DATE;
    /* Where there is no open, the prices before the close tell it no better than the close. */
    self->values = self->transformed || !has_column(self, COLUMN_CLOSE) ||
                   !has_column(self, COLUMN_HIGH) || !has_column(self, COLUMN_LOW);
}

static double *cell_of(qb_bar *bar, column is)
{
    switch (is) {
    case COLUMN_OPEN:
        return &bar->open;
    case COLUMN_HIGH:
        return &bar->high;
    case COLUMN_LOW:
        return &bar->low;
    case COLUMN_CLOSE:
        return &bar->close;
    case COLUMN_VOLUME:
        return &bar->volume;
    case COLUMN_DIVIDEND:
        return &bar->dividend;
    case COLUMN_SPLIT:
        return &bar->split_factor;
    default:
        return NULL;
    }
}

typedef struct row {
    provider_row bar;
    double first; /* number after the date */
    gboolean other, has_first;
} row;

static void take_row(table *into, row *one)
{
    if (one->other) {
        provider_rows_refuse(&into->rows, PROVIDER_OTHER_SYMBOL);
    } else if (!one->bar.stamped) {
        provider_rows_refuse(&into->rows, PROVIDER_OFF_GRID);
    } else if (into->values) {
        const provider_value value = {one->bar.bar.ts_us, into->job->now_us, G_MAXINT64,
                                      one->first};
        into->page->rows++;
        if (isnan(value.value))
            into->page->refused[PROVIDER_EMPTY_ROW]++;
        else
            g_array_append_val(into->page->values, value);
    } else {
        provider_rows_add(&into->rows, &one->bar.bar);
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void read_cell(scan *at, table *into, guint index, row *one)
{
    const column is = index < into->column_count ? into->columns[index] : COLUMN_OTHER;
    scan_text text;
    double number = NAN;
    if (is == COLUMN_TICKER) {
        if (scan_string(at, &text))
            one->other = !scan_text_is(&text, into->job->vendor_symbol);
        return;
    }
    if (is == COLUMN_DATE) {
        one->bar.stamped = scan_string(at, &text) && provider_date(&text, &one->bar.bar.ts_us);
        return;
    }
    const scan_kind kind = scan_peek(at);
    if (kind != SCAN_NUMBER && kind != SCAN_NULL) {
        scan_skip(at);
        return;
    }
    scan_loose_double(at, &number);
    double *cell = cell_of(&one->bar.bar, is);
    if (cell != NULL)
        *cell = number;
    if (!one->has_first) {
        one->first = number;
        one->has_first = TRUE;
    }
}

static void read_rows(scan *at, table *into)
{
    if (!scan_enter_array(at))
        return;
    while (scan_element(at) && scan_enter_array(at)) {
        row one = {.bar = provider_no_row, .first = NAN};
        for (guint i = 0; scan_element(at); i++)
            read_cell(at, into, i, &one);
        if (at->fault == NULL)
            take_row(into, &one);
    }
}

static void read_column_name(scan *at, const scan_text *key, gpointer data)
{
    char name[64] = "";
    if (!scan_text_is(key, "name")) {
        scan_skip(at);
        return;
    }
    scan_text_into(at, name, sizeof name);
    add_column(data, name);
}

/* [{"name": ...}, ...] of tables, ["Date", ...] of datasets. */
static void read_names(scan *at, table *into)
{
    if (!scan_enter_array(at))
        return;
    while (scan_element(at)) {
        char name[64] = "";
        if (scan_peek(at) == SCAN_OBJECT) {
            scan_members(at, read_column_name, into);
        } else {
            scan_text_into(at, name, sizeof name);
            add_column(into, name);
        }
    }
}

static void read_member(scan *at, const scan_text *key, gpointer data)
{
    table *into = data;
    const scan_kind kind = scan_peek(at);
    const gboolean envelope = scan_text_is(key, "datatable") || scan_text_is(key, "dataset") ||
                              scan_text_is(key, "dataset_data") || scan_text_is(key, "meta");
    const gboolean names = scan_text_is(key, "columns") || scan_text_is(key, "column_names");
    if (envelope && kind == SCAN_OBJECT)
        scan_members(at, read_member, into);
    else if (names && kind == SCAN_ARRAY && into->reading_names)
        read_names(at, into);
    else if (scan_text_is(key, "data") && kind == SCAN_ARRAY && !into->reading_names)
        read_rows(at, into);
    else if (scan_text_is(key, "transform") && kind == SCAN_STRING)
        into->transformed = scan_skip(at);
    else if (scan_text_is(key, "next_cursor_id") && kind == SCAN_STRING)
        into->has_cursor = scan_string(at, &into->cursor);
    else
        scan_skip(at);
}

static gboolean walk(GBytes *body, table *into, gboolean names, GError **error)
{
    scan at;
    into->reading_names = names;
    scan_init_bytes(&at, body);
    scan_members(&at, read_member, into);
    scan_finish(&at);
    return !scan_failed(&at, "Quandl", error);
}

/* ---- CSV ------------------------------------------------------------------------------------ */

static void read_csv_cell(const csv_table *from, gsize line, guint index, table *into, row *one)
{
    scan_text text = {0};
    double number = NAN;
    text.text = csv_table_cell(from, line, (int)index, &text.length);
    switch (into->columns[index]) {
    case COLUMN_TICKER:
        one->other = !scan_text_is(&text, into->job->vendor_symbol);
        return;
    case COLUMN_DATE:
        one->bar.stamped = provider_date(&text, &one->bar.bar.ts_us);
        return;
    default:
        provider_csv_number(from, line, (int)index, &number);
        break;
    }
    double *cell = cell_of(&one->bar.bar, into->columns[index]);
    if (cell != NULL)
        *cell = number;
    if (!one->has_first) {
        one->first = number;
        one->has_first = TRUE;
    }
}

static void find_csv_columns(const csv_table *from, table *into)
{
    const char *name;
    for (int i = 0; (name = csv_table_heading(from, i)) != NULL; i++)
        add_column(into, name);
}

static gboolean read_csv(GBytes *body, table *into, gboolean dataset, GError **error)
{
    g_autoptr(csv_table) from = provider_csv(body, "Quandl", error);
    if (from == NULL)
        return FALSE;
    find_csv_columns(from, into);
    decide(into, dataset);
    for (gsize line = 0; line < csv_table_rows(from); line++) {
        row one = {.bar = provider_no_row, .first = NAN};
        for (guint i = 0; i < into->column_count; i++)
            read_csv_cell(from, line, i, into, &one);
        take_row(into, &one);
    }
    return TRUE;
}

/* ---- pages ---------------------------------------------------------------------------------- */

static gboolean read_body(const provider_job *job, GBytes *body, gboolean dataset, table *into,
                          provider_page *page, GError **error)
{
    *into = (table){.job = job, .page = page};
    provider_rows_begin(&into->rows, job, job->interval, page);
    if (provider_body_first(body) != '{')
        return read_csv(body, into, dataset, error) && provider_rows_finish(&into->rows, error);
    if (!walk(body, into, TRUE, error))
        return FALSE;
    decide(into, dataset);
    return walk(body, into, FALSE, error) && provider_rows_finish(&into->rows, error);
}

static gboolean advance(const table *from, provider_step *step, GError **error)
{
    step->page++;
    step->over = !from->has_cursor;
    if (step->over)
        return TRUE;
    g_autofree char *cursor = scan_text_copy(&from->cursor);
    if (strlen(cursor) >= PROVIDER_TOKEN_SIZE || strcmp(cursor, step->token) == 0) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "Quandl: a cursor that leads back to the same page");
        return FALSE;
    }
    g_strlcpy(step->token, cursor, sizeof step->token);
    return TRUE;
}

/* Rows have no promised order, so nothing is settled before the last page. */
static gboolean parse_table(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    table into;
    provider_step next = *step;
    if (!read_body(job, body, FALSE, &into, page, error) ||
        !provider_expect(has_column(&into, COLUMN_DATE), "Quandl", "date", error) ||
        !advance(&into, &next, error))
        return FALSE;
    *step = next;
    if (step->over && job->ask == PROVIDER_BARS) {
        page->settled_from_us = job->from_us;
        page->settled_to_us = job->to_us;
    }
    return TRUE;
}

static gboolean parse_dataset(const provider_job *job, provider_step *step, GBytes *body,
                              provider_page *page, GError **error)
{
    table into;
    if (!read_body(job, body, TRUE, &into, page, error))
        return FALSE;
    return provider_end(step);
}

static gboolean parse_export(const provider_job *job, provider_step *step, GBytes *body,
                             provider_page *page, GError **error)
{
    g_autoptr(csv_table) from = provider_csv(body, "Quandl", error);
    gsize length;
    if (from == NULL)
        return FALSE;
    const int status = csv_table_column(from, "file.status");
    if (status >= 0 && csv_table_rows(from) > 0) {
        const char *cell = csv_table_cell(from, 0, status, &length);
        g_autofree char *quoted = failure_quote(cell, (gssize)MIN(length, 40));
        provider_note(page, "the export is %s", quoted);
    }
    return provider_end(step);
}

/* ---- the vendor ----------------------------------------------------------------------------- */

static const provider_kind kinds[] = {
    [TABLE] = {"table", "rows of WIKI/PRICES, JSON or CSV", request_table, parse_table},
    [DATASET] = {"dataset", "an older dataset, JSON or CSV", NULL, parse_dataset},
    [EXPORT] = {"export", "how far an export is", NULL, parse_export, PROVIDER_KEY},
    {NULL},
};

static const char *const hosts[] = {"data.nasdaq.com", NULL};
static const http_limit limits[] = {{"second", 20}, {"minute", 200}, {"day", 50000}, {NULL, 0}};

const provider provider_quandl = {
    .name = "quandl",
    .title = "Quandl",
    .key_setting = "QUANDL_API_KEY",
    .base_setting = "QUANTBOT_QUANDL_BASE_URL",
    .register_at = "https://data.nasdaq.com/account/profile",
    .key_needed = TRUE,
    .assets = 1u << QB_EQUITY,
    .intervals = 1u << QB_1D,
    .asks = 1u << PROVIDER_BARS | 1u << PROVIDER_KEY,
    .service = {"quandl", hosts, limits, 10 * QB_MINUTE_US},
    .free_tier = "2,000 requests in ten minutes; stock prices up to 2018-03-27 (2026)",
    .name_symbol = name_symbol,
    .check = check,
    .estimate = estimate,
    .start = start,
    .kinds = kinds,
    .judge = judge,
};
