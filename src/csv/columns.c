/* Which column holds what: by the map that the user gave, else by the names that vendors use. */
#include "csv/csv-private.h"

#include <string.h>

#define NAME_LIMIT 48

static const char *const kind_names[CSV_KIND_COUNT] = {
    "ts",       "time",  "open", "high", "low",   "close",  "volume",
    "dividend", "split", "bid",  "ask",  "flags", "symbol", "adjclose",
};

const char *csv_kind_name(csv_kind kind)
{
    return kind_names[kind];
}

/* In normal form (see normal_name); the first that the file has is taken. Epoch numbers come
 * before clocks, since they need no zone. */
static const char *const aliases[CSV_KIND_COUNT][16] = {
    [CSV_TS] = {"ts", "timestamp", "unix", "unix_timestamp", "unix_time", "unixtime", "epoch",
                "datetime", "date_time", "open_time", "opentime", "gmt_time", "t", "date",
                "dtyyyymmdd", NULL},
    [CSV_TIME] = {"time", NULL},
    [CSV_OPEN] = {"open", "o", "open_price", NULL},
    [CSV_HIGH] = {"high", "h", "high_price", NULL},
    [CSV_LOW] = {"low", "l", "low_price", NULL},
    [CSV_CLOSE] = {"close", "c", "close_last", "close_price", "last", "price", NULL},
    [CSV_VOLUME] = {"volume", "vol", "v", "volumefrom", NULL},
    [CSV_DIVIDEND] = {"dividend", "dividends", "dividend_amount", "divcash", NULL},
    [CSV_SPLIT] = {"split", "splits", "split_factor", "splitfactor", "split_coefficient",
                   "stock_splits", NULL},
    [CSV_BID] = {"bid", NULL},
    [CSV_ASK] = {"ask", NULL},
    [CSV_FLAGS] = {"flags", NULL},
    [CSV_SYMBOL] = {"symbol", "ticker", "sym", "name", NULL},
    [CSV_ADJUSTED] = {"adj_close", "adjclose", "adjusted_close", "close_adj", "close_adjusted",
                      NULL},
};

typedef struct header {
    const csv_rows *rows;
    char *file; /* as in messages */
    guint count;
    char (*normal)[NAME_LIMIT];
} header;

/* "<DTYYYYMMDD>" is "dtyyyymmdd", "Adj Close*" is "adj_close", "Close/Last" is "close_last". */
static void normal_name(const csv_field *field, char out[NAME_LIMIT])
{
    gsize used = 0;
    for (guint32 i = 0; i < field->length && used + 2 < NAME_LIMIT; i++) {
        char c = g_ascii_tolower(field->text[i]);
        if (g_ascii_isalnum(c))
            out[used++] = c;
        else if (used > 0 && out[used - 1] != '_')
            out[used++] = '_';
    }
    while (used > 0 && out[used - 1] == '_')
        used--;
    out[used] = '\0';
}

static char *field_copy(const csv_field *field)
{
    return g_strndup(field->text, field->length);
}

/* The first fields of the row, for a message. */
static char *row_preview(const csv_rows *rows)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < rows->count && text->len < 100; i++) {
        if (i > 0)
            g_string_append_c(text, rows->separator);
        g_string_append_len(text, rows->fields[i].text, rows->fields[i].length);
    }
    return failure_quote(text->str, (gssize)text->len);
}

/* ---- header or not -------------------------------------------------------------------------- */

static gboolean is_known_name(const char *name)
{
    for (int kind = 0; kind < CSV_KIND_COUNT; kind++)
        for (const char *const *alias = aliases[kind]; *alias != NULL; alias++)
            if (strcmp(*alias, name) == 0)
                return TRUE;
    return FALSE;
}

gboolean csv_columns_named(const csv_rows *rows)
{
    char normal[NAME_LIMIT];
    guint known = 0;
    for (guint i = 0; i < rows->count; i++) {
        normal_name(&rows->fields[i], normal);
        known += is_known_name(normal);
    }
    return known >= 3;
}

static gboolean is_value(const csv_field *field)
{
    double number;
    csv_stamp stamp;
    return csv_number_scan(field->text, field->length, &number) ||
           csv_stamp_scan(field->text, field->length, CSV_ORDER_DMY, &stamp) == CSV_STAMP_OK ||
           csv_stamp_scan(field->text, field->length, CSV_ORDER_MDY, &stamp) == CSV_STAMP_OK;
}

/* A row that bears a known name, or holds no value at all, names columns. */
static gboolean is_header(const header *head)
{
    gboolean values = FALSE;
    for (guint i = 0; i < head->count; i++) {
        gboolean value = is_value(&head->rows->fields[i]);
        if (!value && is_known_name(head->normal[i]))
            return TRUE;
        values |= value;
    }
    return !values;
}

/* ---- the user's map ------------------------------------------------------------------------- */

static gboolean map_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean map_error(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, FAILURE, FAILURE_USAGE, "--map: %s", text);
    return FALSE;
}

static int kind_by_name(const char *name)
{
    for (int kind = 0; kind < CSV_KIND_COUNT; kind++)
        if (g_ascii_strcasecmp(name, kind_names[kind]) == 0)
            return kind;
    return -1;
}

static int column_by_number(const header *head, const char *text)
{
    guint64 number;
    return g_ascii_string_to_unsigned(text, 10, 1, head->count, &number, NULL) ? (int)number - 1
                                                                               : -1;
}

static int column_by_name(const header *head, const char *text)
{
    char normal[NAME_LIMIT];
    csv_field field = {.text = text, .length = (guint32)strlen(text)};
    for (guint i = 0; i < head->count; i++)
        if (csv_text_is(head->rows->fields[i].text, head->rows->fields[i].length, text))
            return (int)i;
    normal_name(&field, normal);
    for (guint i = 0; i < head->count && *normal != '\0'; i++)
        if (strcmp(head->normal[i], normal) == 0)
            return (int)i;
    return -1;
}

static gboolean no_such_column(const header *head, const csv_columns *columns, const char *entry,
                               GError **error)
{
    g_autofree char *value = failure_quote(entry, -1);
    g_autofree char *row = row_preview(head->rows);
    if (columns->header)
        return map_error(error,
                         "%s names no column of %s (its header is %s; expected one of those "
                         "names or a number from 1 to %u)",
                         value, head->file, row, head->count);
    return map_error(error,
                     "%s names no column of %s, which has no header (its first row is %s; "
                     "expected a number from 1 to %u)",
                     value, head->file, row, head->count);
}

/* given[kind]: the map speaks of it, be it with "none". */
static gboolean read_map_entry(const header *head, const char *entry, csv_columns *columns,
                               gboolean given[CSV_KIND_COUNT], GError **error)
{
    const char *equals = strchr(entry, '=');
    g_autofree char *value = failure_quote(entry, -1);
    if (equals == NULL)
        return map_error(error, "%s is not KEY=COLUMN (expected for example close=Last)", value);
    g_autofree char *key = g_strstrip(g_strndup(entry, (gsize)(equals - entry)));
    g_autofree char *text = g_strstrip(g_strdup(equals + 1));
    int kind = kind_by_name(key);
    if (kind < 0)
        return map_error(error,
                         "%s has an unknown key (expected ts, time, open, high, low, close, "
                         "volume, dividend, split, bid, ask, flags, symbol or adjclose)",
                         value);
    if (given[kind])
        return map_error(error, "%s is given twice", kind_names[kind]);
    given[kind] = TRUE;
    if (g_ascii_strcasecmp(text, "none") == 0 || *text == '\0')
        return TRUE;
    int column = columns->header ? column_by_name(head, text) : -1;
    if (column < 0)
        column = column_by_number(head, text);
    if (column < 0)
        return no_such_column(head, columns, entry, error);
    columns->at[kind] = column;
    return TRUE;
}

static gboolean read_map(const header *head, const char *map, csv_columns *columns,
                         gboolean given[CSV_KIND_COUNT], GError **error)
{
    g_auto(GStrv) entries = g_strsplit(map, ",", CSV_KIND_COUNT + 2);
    for (char **entry = entries; *entry != NULL; entry++)
        if (!read_map_entry(head, *entry, columns, given, error))
            return FALSE;
    return TRUE;
}

/* ---- detection ------------------------------------------------------------------------------ */

static gboolean twice(const header *head, int first, guint second, GError **error)
{
    g_autofree char *name = field_copy(&head->rows->fields[first]);
    g_autofree char *value = failure_quote(name, -1);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s:%" G_GSIZE_FORMAT
                ": columns %d and %u are both called %s (expected one; choose "
                "with --map and the number)",
                head->file, head->rows->line, first + 1, second + 1, value);
    return FALSE;
}

static gboolean find_alias(const header *head, const char *name, int *out, GError **error)
{
    *out = -1;
    for (guint i = 0; i < head->count; i++) {
        if (strcmp(head->normal[i], name) != 0)
            continue;
        if (*out >= 0)
            return twice(head, *out, i, error);
        *out = (int)i;
    }
    return TRUE;
}

static gboolean find_kind(const header *head, csv_kind kind, int *out, GError **error)
{
    *out = -1;
    for (const char *const *alias = aliases[kind]; *alias != NULL && *out < 0; alias++)
        if (!find_alias(head, *alias, out, error))
            return FALSE;
    return TRUE;
}

/* A date and a time of day may stand apart; "time" alone is a whole stamp, and so may be a first
 * column without a name, as pandas writes its index. */
static gboolean find_stamp(const header *head, csv_columns *columns,
                           const gboolean given[CSV_KIND_COUNT], GError **error)
{
    int ts = columns->at[CSV_TS], time;
    if (!given[CSV_TS] && !find_kind(head, CSV_TS, &ts, error))
        return FALSE;
    if (!find_kind(head, CSV_TIME, &time, error))
        return FALSE;
    if (!given[CSV_TS] && ts < 0) {
        columns->at[CSV_TS] = time >= 0 ? time : head->normal[0][0] == '\0' ? 0 : -1;
        return TRUE;
    }
    columns->at[CSV_TS] = ts;
    gboolean date_alone = ts >= 0 && (strcmp(head->normal[ts], "date") == 0 ||
                                      strcmp(head->normal[ts], "dtyyyymmdd") == 0);
    if (!given[CSV_TIME] && !given[CSV_TS] && date_alone)
        columns->at[CSV_TIME] = time;
    return TRUE;
}

/* Crypto files count volume in both coins, "Volume BTC" and "Volume USDT": bars hold the base. */
static gboolean find_volume(const header *head, const char *symbol, csv_columns *columns,
                            GError **error)
{
    g_autofree char *lower = symbol != NULL ? g_ascii_strdown(symbol, -1) : g_strdup("");
    char *hyphen = strchr(lower, '-');
    if (hyphen != NULL)
        *hyphen = '\0';
    int plain, other = -1;
    if (!find_kind(head, CSV_VOLUME, &plain, error))
        return FALSE;
    for (guint i = 0; i < head->count; i++) {
        if (!g_str_has_prefix(head->normal[i], "volume_"))
            continue;
        other = (int)i;
        if (hyphen != NULL && strcmp(head->normal[i] + strlen("volume_"), lower) == 0) {
            columns->at[CSV_VOLUME] = other;
            return TRUE;
        }
    }
    columns->at[CSV_VOLUME] = plain;
    if (plain < 0 && other >= 0) {
        g_autofree char *name = field_copy(&head->rows->fields[other]);
        g_autofree char *value = failure_quote(name, -1);
        columns->left_out = g_strdup_printf("%s: volume: %s is not known to count the base, so "
                                            "volume is unknown (--map volume=%d takes it)",
                                            head->file, value, other + 1);
    }
    return TRUE;
}

/* Two columns of one name are no mistake as long as nobody reads them: the first is named then. */
static gboolean find_adjusted(const header *head, gboolean wanted, csv_columns *columns,
                              GError **error)
{
    g_autoptr(GError) problem = NULL;
    if (find_kind(head, CSV_ADJUSTED, &columns->at[CSV_ADJUSTED], &problem))
        return TRUE;
    if (wanted) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    return TRUE;
}

/* yfinance: Price,Close,High,... then Ticker,AAPL,AAPL,... then Date,,,... */
static gboolean is_yahoo_head(const header *head, const csv_columns *columns)
{
    return head->count > 1 && strcmp(head->normal[0], "price") == 0 && columns->at[CSV_TS] < 0 &&
           columns->at[CSV_CLOSE] > 0;
}

static gboolean detect(const header *head, const csv_bars_options *options, csv_columns *columns,
                       const gboolean given[CSV_KIND_COUNT], GError **error)
{
    for (int kind = CSV_OPEN; kind < CSV_KIND_COUNT; kind++) {
        if (given[kind] || kind == CSV_VOLUME || kind == CSV_ADJUSTED)
            continue;
        if (!find_kind(head, kind, &columns->at[kind], error))
            return FALSE;
    }
    if (!given[CSV_VOLUME] && !find_volume(head, options->symbol, columns, error))
        return FALSE;
    if (!given[CSV_ADJUSTED] && !find_adjusted(head, options->adjusted, columns, error))
        return FALSE;
    if (!find_stamp(head, columns, given, error))
        return FALSE;
    if (is_yahoo_head(head, columns)) {
        columns->yahoo_heads = TRUE;
        columns->at[CSV_TS] = 0;
    }
    return TRUE;
}

/* ---- result --------------------------------------------------------------------------------- */

static gboolean check_adjusted(const header *head, const csv_bars_options *options,
                               const csv_columns *columns, GError **error)
{
    if (!options->adjusted || columns->at[CSV_ADJUSTED] >= 0)
        return TRUE;
    g_autofree char *row = row_preview(head->rows);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s:%" G_GSIZE_FORMAT ": no column of adjusted closes in %s (expected Adj Close or "
                "the like, or --map adjclose=COLUMN)",
                head->file, head->rows->line, row);
    return FALSE;
}

static gboolean check_complete(const header *head, const csv_bars_options *options,
                               const csv_columns *columns, GError **error)
{
    static const csv_kind required[] = {CSV_TS, CSV_OPEN, CSV_HIGH, CSV_LOW, CSV_CLOSE};
    g_autoptr(GString) missing = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(required); i++)
        if (columns->at[required[i]] < 0)
            g_string_append_printf(missing, "%s%s", missing->len > 0 ? ", " : "",
                                   kind_names[required[i]]);
    if (missing->len == 0)
        return check_adjusted(head, options, columns, error);
    g_autofree char *row = row_preview(head->rows);
    if (columns->header)
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s:%" G_GSIZE_FORMAT
                    ": no column for %s in the header %s (expected such names, "
                    "or --map %s=COLUMN with a name or number)",
                    head->file, head->rows->line, missing->str, row,
                    kind_names[columns->at[CSV_TS] < 0 ? CSV_TS : CSV_CLOSE]);
    else
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s:%" G_GSIZE_FORMAT ": there is no header: the first row is %s (expected "
                    "names, or --map with numbers for %s, such as --map "
                    "ts=1,open=2,high=3,low=4,close=5,volume=6)",
                    head->file, head->rows->line, row, missing->str);
    return FALSE;
}

static void add_labels(const header *head, gboolean adjusted, csv_columns *columns)
{
    int beside = columns->at[CSV_ADJUSTED];
    if (beside >= 0)
        columns->adjusted_close = columns->header ? field_copy(&head->rows->fields[beside])
                                                  : g_strdup_printf("column %d", beside + 1);
    if (!adjusted)
        columns->at[CSV_ADJUSTED] = -1;
    for (int kind = 0; kind < CSV_KIND_COUNT; kind++) {
        int at = columns->at[kind];
        if (at < 0)
            continue;
        columns->needed = MAX(columns->needed, (guint)at + 1);
        g_autofree char *name = columns->header ? field_copy(&head->rows->fields[at]) : NULL;
        columns->label[kind] = name != NULL && *name != '\0' ? failure_path(name)
                                                             : g_strdup_printf("column %d", at + 1);
    }
}

static gboolean find_columns(const header *head, const csv_bars_options *options,
                             csv_columns *columns, GError **error)
{
    gboolean given[CSV_KIND_COUNT] = {FALSE};
    columns->header = !options->no_header && is_header(head);
    if (options->map != NULL && !read_map(head, options->map, columns, given, error))
        return FALSE;
    if (columns->header && !detect(head, options, columns, given, error))
        return FALSE;
    if (!check_complete(head, options, columns, error))
        return FALSE;
    add_labels(head, options->adjusted, columns);
    return TRUE;
}

gboolean csv_columns_find(const csv_rows *rows, const csv_bars_options *options, csv_columns *out,
                          GError **error)
{
    header head = {.rows = rows, .file = g_strdup(rows->name), .count = rows->count};
    head.normal = g_malloc_n(rows->count, sizeof *head.normal);
    for (guint i = 0; i < rows->count; i++)
        normal_name(&rows->fields[i], head.normal[i]);
    *out = (csv_columns){0};
    for (int kind = 0; kind < CSV_KIND_COUNT; kind++)
        out->at[kind] = -1;
    gboolean found = find_columns(&head, options, out, error);
    if (!found)
        csv_columns_clear(out);
    g_free(head.normal);
    g_free(head.file);
    return found;
}

void csv_columns_clear(csv_columns *columns)
{
    for (int kind = 0; kind < CSV_KIND_COUNT; kind++)
        g_free(columns->label[kind]);
    g_free(columns->adjusted_close);
    g_free(columns->left_out);
    *columns = (csv_columns){0};
}
