#include "commands/orders-private.h"

#include "csv/csv.h"

#include <string.h>

typedef enum field {
    FIELD_TIME,
    FIELD_SYMBOL,
    FIELD_SIDE,
    FIELD_TYPE,
    FIELD_QUANTITY,
    FIELD_PRICE,
    FIELD_LIMIT,
    FIELD_STOP,
    FIELD_TRAIL,
    FIELD_TIF,
    FIELD_UNTIL,
    FIELD_GROUP,
    FIELD_REDUCE_ONLY,
    FIELD_TAKE_PROFIT,
    FIELD_STOP_LOSS,
    FIELD_TRAILING_STOP,
    FIELD_TIME_STOP,
    FIELD_ID,
    FIELD_CANCEL,
    FIELD_COUNT,
} field;

/* Headings, in lower case, with _ for blanks and hyphens; the first is ours. */
static const char *const headings[FIELD_COUNT][6] = {
    [FIELD_TIME] = {"time", "date", "datetime", "timestamp", "ts", NULL},
    [FIELD_SYMBOL] = {"symbol", "instrument", "ticker", NULL},
    [FIELD_SIDE] = {"side", "action", NULL},
    [FIELD_TYPE] = {"type", "order_type", NULL},
    [FIELD_QUANTITY] = {"quantity", "qty", "size", "units", "shares", NULL},
    [FIELD_PRICE] = {"price", NULL},
    [FIELD_LIMIT] = {"limit", "limit_price", NULL},
    [FIELD_STOP] = {"stop", "stop_price", NULL},
    [FIELD_TRAIL] = {"trail", NULL},
    [FIELD_TIF] = {"tif", "time_in_force", NULL},
    [FIELD_UNTIL] = {"until", "good_until", "expires", NULL},
    [FIELD_GROUP] = {"group", "oco", NULL},
    [FIELD_REDUCE_ONLY] = {"reduce_only", "reduceonly", NULL},
    [FIELD_TAKE_PROFIT] = {"take_profit", "tp", NULL},
    [FIELD_STOP_LOSS] = {"stop_loss", "sl", NULL},
    [FIELD_TRAILING_STOP] = {"trailing_stop", NULL},
    [FIELD_TIME_STOP] = {"time_stop", NULL},
    [FIELD_ID] = {"id", "order_id", NULL},
    [FIELD_CANCEL] = {"cancel", "cancels", NULL},
};

static const struct {
    const char *text;
    qb_order_type type;
} short_types[] = {
    {"mkt", QB_MARKET},          {"lmt", QB_LIMIT},          {"stp", QB_STOP},
    {"stp-lmt", QB_STOP_LIMIT},  {"moo", QB_MARKET_ON_OPEN}, {"moc", QB_MARKET_ON_CLOSE},
    {"trail", QB_TRAILING_STOP},
};

typedef struct reader {
    const csv_table *table;
    char *path;               /* as it stands in messages */
    int columns[FIELD_COUNT]; /* -1: absent */
    GStringChunk *words;
    GArray *rows;    /* of order_row */
    GHashTable *ids; /* id to its row's index + 1 */
    failures problems;
    gsize row;                /* of the table */
    char *cells[FIELD_COUNT]; /* of that row, stripped, never NULL */
} reader;

/* ---- problems ------------------------------------------------------------------------------ */

static void complain(reader *self, field field, const char *expected)
{
    g_autofree char *quoted = failure_quote(self->cells[field], -1);
    failures_add(&self->problems, "%s:%" G_GSIZE_FORMAT ": %s: %s (expected %s)", self->path,
                 csv_table_line(self->table, self->row),
                 self->columns[field] >= 0 ? csv_table_heading(self->table, self->columns[field])
                                           : headings[field][0],
                 quoted, expected);
}

static gboolean is_given(const reader *self, field field)
{
    return self->cells[field][0] != '\0';
}

/* ---- columns ------------------------------------------------------------------------------- */

static int field_of(const char *heading)
{
    g_autofree char *name = g_strdelimit(g_strstrip(g_ascii_strdown(heading, -1)), " -", '_');
    for (int field = 0; field < FIELD_COUNT; field++)
        if (g_strv_contains(headings[field], name))
            return field;
    return -1;
}

static gboolean is_note(const char *heading)
{
    return *heading == '\0' || g_ascii_strncasecmp(heading, "note", 4) == 0 ||
           g_ascii_strncasecmp(heading, "comment", 7) == 0;
}

static void find_columns(reader *self)
{
    static const field needed[] = {FIELD_TIME, FIELD_SYMBOL, FIELD_SIDE, FIELD_QUANTITY};
    for (int field = 0; field < FIELD_COUNT; field++)
        self->columns[field] = -1;
    const char *heading;
    for (int column = 0; (heading = csv_table_heading(self->table, column)) != NULL; column++) {
        const int field = field_of(heading);
        g_autofree char *quoted = failure_quote(heading, -1);
        if (field < 0 && !is_note(heading))
            failures_add(&self->problems,
                         "%s: column %s is not known (docs/ORDERS.md lists them; note... is left "
                         "out)",
                         self->path, quoted);
        else if (field >= 0 && self->columns[field] >= 0)
            failures_add(&self->problems, "%s: column %s: there is one for %s before it",
                         self->path, quoted, headings[field][0]);
        else if (field >= 0)
            self->columns[field] = column;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (self->columns[needed[i]] < 0)
            failures_add(&self->problems,
                         "%s: there is no column %s (expected time, symbol, side, quantity)",
                         self->path, headings[needed[i]][0]);
}

static void read_cells(reader *self)
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        gsize length = 0;
        const char *text = self->columns[field] >= 0 ? csv_table_cell(self->table, self->row,
                                                                      self->columns[field], &length)
                                                     : "";
        g_free(self->cells[field]);
        self->cells[field] = g_strstrip(g_strndup(text, length));
    }
}

/* ---- cells --------------------------------------------------------------------------------- */

/* 20240131 is a date, 1706659200 counts seconds. */
static gboolean is_date(const char *text)
{
    const gsize digits = strspn(text, "0123456789");
    return strchr(text, ':') == NULL && !(text[digits] == '\0' && digits > strlen("20240131"));
}

static gboolean read_moment(reader *self, field field, order_moment *out)
{
    if (!is_given(self, field)) {
        complain(self, field, "2024-01-31 or 2024-01-31T14:30:00Z");
        return FALSE;
    }
    out->is_date = is_date(self->cells[field]);
    return csv_table_time(self->table, self->row, self->columns[field], &self->problems,
                          &out->at_us);
}

static void read_side(reader *self, order_row *row)
{
    const char *text = self->cells[FIELD_SIDE];
    if (g_ascii_strcasecmp(text, "buy") == 0 || g_ascii_strcasecmp(text, "b") == 0)
        row->request.side = QB_BUY;
    else if (g_ascii_strcasecmp(text, "sell") == 0 || g_ascii_strcasecmp(text, "s") == 0)
        row->request.side = QB_SELL;
    else
        complain(self, FIELD_SIDE, "buy or sell");
}

/* Without one it is a market order. */
static gboolean read_type(reader *self, order_row *row)
{
    g_autofree char *text = g_strdelimit(g_ascii_strdown(self->cells[FIELD_TYPE], -1), " _", '-');
    if (!is_given(self, FIELD_TYPE) || qb_order_type_from_text(text, &row->request.type) == QB_OK)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(short_types); i++)
        if (strcmp(text, short_types[i].text) == 0) {
            row->request.type = short_types[i].type;
            return TRUE;
        }
    complain(self, FIELD_TYPE,
             "market, limit, stop, stop-limit, trailing-stop, market-on-open or market-on-close");
    return FALSE;
}

static void read_quantity(reader *self, order_row *row)
{
    if (qb_size_from_text(self->cells[FIELD_QUANTITY], QB_SIZE_AT_DECISION, &row->request.size) !=
        QB_OK)
        complain(self, FIELD_QUANTITY, "10, 10u, 5000cash, 50% or 0.5w");
}

static gboolean number_of(const char *text, gsize length, double *out)
{
    return csv_number_scan(text, length, out) && *out > 0;
}

static void read_price(reader *self, field field, double *out)
{
    if (is_given(self, field) && !number_of(self->cells[field], strlen(self->cells[field]), out))
        complain(self, field, "a price above 0");
}

/* "105" is a price (for what trails: a distance), "2.5d" a distance, "5%" a fraction. */
static void read_exit(reader *self, field field, gboolean trails, qb_exit *out)
{
    const char *text = self->cells[field];
    gsize length = strlen(text);
    double amount = 0;
    if (length == 0)
        return;
    out->kind = trails ? QB_EXIT_DISTANCE : QB_EXIT_PRICE;
    if (text[length - 1] == '%')
        out->kind = QB_EXIT_FRACTION;
    else if (text[length - 1] == 'd')
        out->kind = QB_EXIT_DISTANCE;
    length -= text[length - 1] == '%' || text[length - 1] == 'd';
    if (!number_of(text, length, &amount))
        complain(self, field,
                 trails ? "a distance above 0 (2.5) or a fraction (5%)"
                        : "a price above 0 (105), a distance (2.5d) or a fraction (5%)");
    out->amount = out->kind == QB_EXIT_FRACTION ? amount / 100.0 : amount;
}

/* A column `price` is the limit or the stop, whichever the type has; nothing if both or none. */
static void read_plain_price(reader *self, order_row *row)
{
    const qb_order_type type = row->request.type;
    const field field = type == QB_LIMIT ? FIELD_LIMIT : FIELD_STOP;
    double *place = type == QB_LIMIT ? &row->request.limit : &row->request.stop;
    if (!is_given(self, FIELD_PRICE))
        return;
    if (type == QB_STOP_LIMIT)
        complain(self, FIELD_PRICE, "limit and stop each in its column");
    else if (type != QB_LIMIT && type != QB_STOP)
        complain(self, FIELD_PRICE, "none for an order of this type");
    else if (is_given(self, field))
        complain(self, FIELD_PRICE, "none beside the order's limit or stop");
    else
        read_price(self, FIELD_PRICE, place);
}

static void expect_price(reader *self, field field, gboolean wanted, double value)
{
    if (wanted && !is_given(self, field) && value == 0.0)
        complain(self, field, "a price above 0: an order of this type has one");
    else if (!wanted && is_given(self, field))
        complain(self, field, "none for an order of this type");
}

static void read_prices(reader *self, order_row *row)
{
    qb_order_request *request = &row->request;
    const qb_order_type type = request->type;
    read_price(self, FIELD_LIMIT, &request->limit);
    read_price(self, FIELD_STOP, &request->stop);
    read_exit(self, FIELD_TRAIL, TRUE, &request->trail);
    const gboolean plain = is_given(self, FIELD_PRICE);
    read_plain_price(self, row);
    expect_price(self, FIELD_LIMIT, type == QB_LIMIT || type == QB_STOP_LIMIT,
                 plain && type == QB_LIMIT ? 1.0 : request->limit);
    expect_price(self, FIELD_STOP, type == QB_STOP || type == QB_STOP_LIMIT,
                 plain && type == QB_STOP ? 1.0 : request->stop);
    if (type == QB_TRAILING_STOP && !is_given(self, FIELD_TRAIL))
        complain(self, FIELD_TRAIL, "a distance (2.5) or a fraction (5%)");
    else if (type != QB_TRAILING_STOP && is_given(self, FIELD_TRAIL))
        complain(self, FIELD_TRAIL, "none for an order of this type");
}

static void read_life(reader *self, order_row *row)
{
    qb_time_in_force *tif = &row->request.time_in_force;
    *tif = is_given(self, FIELD_UNTIL) ? QB_GTD : QB_GTC;
    if (is_given(self, FIELD_TIF) &&
        qb_time_in_force_from_text(self->cells[FIELD_TIF], tif) != QB_OK) {
        complain(self, FIELD_TIF, "GTC, DAY, GTD, IOC or FOK");
        return;
    }
    if ((*tif == QB_IOC || *tif == QB_FOK) && row->request.type != QB_MARKET &&
        row->request.type != QB_LIMIT)
        complain(self, FIELD_TIF, "GTC, DAY or GTD: it is for market and limit orders");
    row->has_until = *tif == QB_GTD;
    if (row->has_until && read_moment(self, FIELD_UNTIL, &row->until) &&
        row->until.at_us + (row->until.is_date ? QB_DAY_US - 1 : 0) < row->time.at_us)
        complain(self, FIELD_UNTIL, "not before the order's time");
    else if (!row->has_until && is_given(self, FIELD_UNTIL))
        complain(self, FIELD_UNTIL, "none without GTD");
}

static void read_bracket(reader *self, order_row *row)
{
    qb_order_request *request = &row->request;
    guint64 bars = 0;
    read_exit(self, FIELD_TAKE_PROFIT, FALSE, &request->take_profit);
    read_exit(self, FIELD_STOP_LOSS, FALSE, &request->stop_loss);
    read_exit(self, FIELD_TRAILING_STOP, TRUE, &request->trailing_stop);
    if (is_given(self, FIELD_TIME_STOP) &&
        !g_ascii_string_to_unsigned(self->cells[FIELD_TIME_STOP], 10, 1, 1000000, &bars, NULL))
        complain(self, FIELD_TIME_STOP, "a whole number of bars from 1 to 1000000");
    request->time_stop_bars = (uint32_t)bars;
}

static void read_reduce_only(reader *self, order_row *row)
{
    static const char *const yes[] = {"yes", "true", "1", "y", NULL};
    static const char *const no[] = {"", "no", "false", "0", "n", NULL};
    g_autofree char *text = g_ascii_strdown(self->cells[FIELD_REDUCE_ONLY], -1);
    row->request.reduce_only = g_strv_contains(yes, text);
    if (!row->request.reduce_only && !g_strv_contains(no, text))
        complain(self, FIELD_REDUCE_ONLY, "yes or no");
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* A comma would part it in two, and @ begins the name of a file. */
static void read_symbol(reader *self, order_row *row)
{
    const char *text = self->cells[FIELD_SYMBOL];
    if (*text == '\0' || *text == '@' || strpbrk(text, ", ") != NULL)
        complain(self, FIELD_SYMBOL, "a symbol");
    row->symbol = g_string_chunk_insert_const(self->words, text);
}

static void read_cancel(reader *self, order_row *row)
{
    const gsize found = GPOINTER_TO_SIZE(g_hash_table_lookup(self->ids, self->cells[FIELD_CANCEL]));
    for (int field = FIELD_SIDE; field < FIELD_ID; field++)
        if (is_given(self, (enum field)field))
            complain(self, (enum field)field, "nothing in a row that cancels");
    if (found == 0) {
        complain(self, FIELD_CANCEL, "the id of an earlier row");
        return;
    }
    const order_row *cancelled = &g_array_index(self->rows, order_row, found - 1);
    row->cancels = (guint32)(found - 1);
    row->symbol = cancelled->symbol;
    if (cancelled->cancels != QB_LISTED_NONE)
        complain(self, FIELD_CANCEL, "the id of an order");
    if (cancelled->time.at_us > row->time.at_us)
        complain(self, FIELD_CANCEL, "an order that is not of a later time");
    if (is_given(self, FIELD_SYMBOL) &&
        g_ascii_strcasecmp(self->cells[FIELD_SYMBOL], cancelled->symbol) != 0)
        complain(self, FIELD_SYMBOL, "that of the order, or nothing");
}

static void read_id(reader *self)
{
    if (!is_given(self, FIELD_ID))
        return;
    if (g_hash_table_contains(self->ids, self->cells[FIELD_ID]))
        complain(self, FIELD_ID, "another one for each row");
    g_hash_table_insert(self->ids, g_strdup(self->cells[FIELD_ID]),
                        GSIZE_TO_POINTER(self->rows->len + 1));
}

static void read_order(reader *self, order_row *row)
{
    read_symbol(self, row);
    read_side(self, row);
    read_quantity(self, row);
    if (read_type(self, row)) {
        read_prices(self, row);
        read_life(self, row);
    }
    read_bracket(self, row);
    read_reduce_only(self, row);
    if (is_given(self, FIELD_GROUP))
        row->group = g_string_chunk_insert_const(self->words, self->cells[FIELD_GROUP]);
}

static void read_row(reader *self)
{
    order_row row = {
        .line = csv_table_line(self->table, self->row),
        .request = {.struct_size = sizeof(qb_order_request), .raw_prices = true},
        .cancels = QB_LISTED_NONE,
        .symbol = "",
    };
    read_moment(self, FIELD_TIME, &row.time);
    if (is_given(self, FIELD_CANCEL))
        read_cancel(self, &row);
    else
        read_order(self, &row);
    read_id(self);
    g_array_append_val(self->rows, row);
}

static void read_rows(reader *self)
{
    const gsize count = csv_table_rows(self->table);
    if (count == 0)
        failures_add(&self->problems, "%s: there are no orders in it", self->path);
    if (count > ORDERS_LIMIT)
        failures_add(&self->problems, "%s: %" G_GSIZE_FORMAT " rows (at most %u)", self->path,
                     count, ORDERS_LIMIT);
    for (self->row = 0; count <= ORDERS_LIMIT && self->row < count; self->row++) {
        read_cells(self);
        read_row(self);
    }
}

GArray *orders_read(GBytes *text, const char *path, GStringChunk *words, GError **error)
{
    g_autoptr(csv_table) table = csv_table_parse(text, path, error);
    if (table == NULL)
        return NULL;
    reader self = {
        .table = table,
        .path = failure_path(path),
        .words = words,
        .rows = g_array_new(FALSE, TRUE, sizeof(order_row)),
        .ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    failures_init(&self.problems);
    find_columns(&self);
    if (self.problems.count == 0)
        read_rows(&self);
    for (int field = 0; field < FIELD_COUNT; field++)
        g_free(self.cells[field]);
    g_hash_table_unref(self.ids);
    g_free(self.path);
    if (!failures_finish(&self.problems, FAILURE_BAD_DATA, error))
        g_clear_pointer(&self.rows, g_array_unref);
    return self.rows;
}
