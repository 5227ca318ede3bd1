/* The tables' columns, once: rows are written, copied and compared by them, whatever the database.
 * What a column is beyond its kind (keys, NOT NULL) stands where the tables are made. */
#include "runlog/backend.h"
#include "runlog/runlog-private.h"

#include <string.h>

#define COLUMNS(columns) columns, G_N_ELEMENTS(columns)

static const runlog_column runs_columns[] = {
    {"id", RUNLOG_TEXT},           {"started_at", RUNLOG_STAMP},  {"ended_at", RUNLOG_STAMP},
    {"mode", RUNLOG_TEXT},         {"universe", RUNLOG_TEXT},     {"params", RUNLOG_TEXT},
    {"kpis", RUNLOG_TEXT},         {"version", RUNLOG_TEXT},      {"state_hash", RUNLOG_TEXT},
    {"cash_e8", RUNLOG_AMOUNT},    {"order_count", RUNLOG_COUNT}, {"fill_count", RUNLOG_COUNT},
    {"trade_count", RUNLOG_COUNT}, {"point_count", RUNLOG_COUNT}, {"result", RUNLOG_TEXT, 3},
};
static const runlog_column orders_columns[] = {
    {"run_id", RUNLOG_TEXT},        {"id", RUNLOG_TEXT},           {"ts", RUNLOG_STAMP},
    {"symbol", RUNLOG_TEXT},        {"side", RUNLOG_TEXT},         {"qty", RUNLOG_REAL},
    {"price", RUNLOG_REAL},         {"status", RUNLOG_TEXT},       {"qty_e8", RUNLOG_AMOUNT},
    {"price_e8", RUNLOG_AMOUNT},    {"filled_e8", RUNLOG_AMOUNT},  {"reason", RUNLOG_TEXT},
    {"final_ts", RUNLOG_STAMP},     {"reduce_only", RUNLOG_COUNT}, {"size_kind", RUNLOG_TEXT},
    {"size_amount", RUNLOG_REAL},   {"risk_rule", RUNLOG_TEXT, 2}, {"risk_limit", RUNLOG_REAL, 2},
    {"risk_value", RUNLOG_REAL, 2}, {"type", RUNLOG_TEXT, 4},      {"tif", RUNLOG_TEXT, 4},
    {"stop_e8", RUNLOG_AMOUNT, 4},  {"purpose", RUNLOG_TEXT, 4},   {"parent", RUNLOG_TEXT, 4},
    {"strategy", RUNLOG_TEXT, 4},
};
static const runlog_column fills_columns[] = {
    {"run_id", RUNLOG_TEXT},          {"id", RUNLOG_TEXT},
    {"order_id", RUNLOG_TEXT},        {"ts", RUNLOG_STAMP},
    {"symbol", RUNLOG_TEXT},          {"qty", RUNLOG_REAL},
    {"price", RUNLOG_REAL},           {"commission", RUNLOG_REAL},
    {"qty_e8", RUNLOG_AMOUNT},        {"price_e8", RUNLOG_AMOUNT},
    {"commission_e8", RUNLOG_AMOUNT}, {"reference_e8", RUNLOG_AMOUNT},
    {"bar_ts", RUNLOG_STAMP},
};
static const runlog_column trades_columns[] = {
    {"run_id", RUNLOG_TEXT},
    {"id", RUNLOG_TEXT},
    {"symbol", RUNLOG_TEXT},
    {"side", RUNLOG_TEXT},
    {"entry_ts", RUNLOG_STAMP},
    {"exit_ts", RUNLOG_STAMP},
    {"qty", RUNLOG_REAL},
    {"entry_price", RUNLOG_REAL},
    {"exit_price", RUNLOG_REAL},
    {"profit", RUNLOG_REAL},
    {"fees", RUNLOG_REAL},
    {"return_fraction", RUNLOG_REAL},
    {"bars", RUNLOG_COUNT},
    {"qty_e8", RUNLOG_AMOUNT},
    {"entry_price_e8", RUNLOG_AMOUNT},
    {"exit_price_e8", RUNLOG_AMOUNT},
    {"profit_e8", RUNLOG_AMOUNT},
    {"fees_e8", RUNLOG_AMOUNT},
    {"strategy", RUNLOG_TEXT, 3},
    {"entry_reason", RUNLOG_TEXT, 3},
    {"exit_reason", RUNLOG_TEXT, 3},
    {"exit_date", RUNLOG_TEXT, 3},
    {"adverse", RUNLOG_REAL, 3},
    {"favourable", RUNLOG_REAL, 3},
    {"touched", RUNLOG_COUNT, 3},
};
static const runlog_column points_columns[] = {
    {"run_id", RUNLOG_TEXT}, {"id", RUNLOG_TEXT},          {"ts", RUNLOG_STAMP},
    {"equity", RUNLOG_REAL}, {"equity_e8", RUNLOG_AMOUNT},
};
static const runlog_column decisions_columns[] = {
    {"run_id", RUNLOG_TEXT},    {"number", RUNLOG_COUNT},   {"symbol", RUNLOG_TEXT},
    {"first_ts", RUNLOG_STAMP}, {"last_ts", RUNLOG_STAMP},  {"bars", RUNLOG_COUNT},
    {"signal", RUNLOG_REAL},    {"stage", RUNLOG_TEXT},     {"reason", RUNLOG_TEXT},
    {"order_id", RUNLOG_TEXT},  {"filter", RUNLOG_TEXT, 4},
};
static const runlog_column risk_columns[] = {
    {"run_id", RUNLOG_TEXT},     {"number", RUNLOG_COUNT},      {"ts", RUNLOG_STAMP},
    {"symbol", RUNLOG_TEXT},     {"order_id", RUNLOG_TEXT},     {"rule", RUNLOG_TEXT},
    {"action", RUNLOG_TEXT},     {"limit_value", RUNLOG_REAL},  {"found_value", RUNLOG_REAL},
    {"asked_e8", RUNLOG_AMOUNT}, {"allowed_e8", RUNLOG_AMOUNT}, {"until_ts", RUNLOG_STAMP},
    {"flatten", RUNLOG_COUNT},   {"what", RUNLOG_TEXT},
};
static const runlog_column positions_columns[] = {
    {"run_id", RUNLOG_TEXT},   {"number", RUNLOG_COUNT},   {"symbol", RUNLOG_TEXT},
    {"qty", RUNLOG_REAL},      {"cost", RUNLOG_REAL},      {"mark", RUNLOG_REAL},
    {"qty_e8", RUNLOG_AMOUNT}, {"cost_e8", RUNLOG_AMOUNT}, {"mark_e8", RUNLOG_AMOUNT},
};
static const runlog_column metrics_columns[] = {
    {"run_id", RUNLOG_TEXT}, {"id", RUNLOG_TEXT},    {"ts", RUNLOG_STAMP},
    {"name", RUNLOG_TEXT},   {"value", RUNLOG_REAL},
};
static const runlog_column logs_columns[] = {
    {"run_id", RUNLOG_TEXT}, {"id", RUNLOG_TEXT},      {"ts", RUNLOG_STAMP},
    {"level", RUNLOG_TEXT},  {"message", RUNLOG_TEXT}, {"meta", RUNLOG_TEXT},
};

static const runlog_column blocks_columns[] = {
    {"run_id", RUNLOG_TEXT},    {"size", RUNLOG_COUNT},    {"number", RUNLOG_COUNT},
    {"first_ts", RUNLOG_STAMP}, {"last_ts", RUNLOG_STAMP}, {"low_ts", RUNLOG_STAMP},
    {"low_e8", RUNLOG_AMOUNT},  {"high_ts", RUNLOG_STAMP}, {"high_e8", RUNLOG_AMOUNT},
};

/* In the order in which a run's rows are stored: what others refer to comes first. */
const runlog_table runlog_tables[RUNLOG_TABLE_COUNT] = {
    [RUNLOG_RUNS] = {"runs", COLUMNS(runs_columns), TRUE, "id", 0},
    [RUNLOG_ORDERS] = {"orders", COLUMNS(orders_columns), FALSE, "id", 'o'},
    [RUNLOG_FILLS] = {"fills", COLUMNS(fills_columns), FALSE, "id", 'f'},
    [RUNLOG_TRADES] = {"trades", COLUMNS(trades_columns), FALSE, "id", 't'},
    [RUNLOG_EQUITY_POINTS] = {"equity_points", COLUMNS(points_columns), FALSE, "run_id, ts", 'e'},
    [RUNLOG_DECISIONS] = {"decisions", COLUMNS(decisions_columns), FALSE, "run_id, number", 0},
    [RUNLOG_RISK_EVENTS] = {"risk_events", COLUMNS(risk_columns), FALSE, "run_id, number", 0},
    [RUNLOG_POSITIONS] = {"positions", COLUMNS(positions_columns), FALSE, "run_id, number", 0},
    [RUNLOG_METRICS] = {"metrics", COLUMNS(metrics_columns), FALSE, "id", 'm'},
    [RUNLOG_ERROR_LOGS] = {"error_logs", COLUMNS(logs_columns), TRUE, "id", 'l'},
    [RUNLOG_EQUITY_BLOCKS] = {"equity_blocks", COLUMNS(blocks_columns), FALSE,
                              "run_id, size, number", 0},
};

const runlog_table *runlog_table_find(const char *name)
{
    for (gsize i = 0; i < RUNLOG_TABLE_COUNT; i++)
        if (strcmp(runlog_tables[i].name, name) == 0)
            return &runlog_tables[i];
    return NULL;
}

/* ---- views ---------------------------------------------------------------------------------- */

static const runlog_view views[] = {
    {"equity", COLUMNS(points_columns)},       {"trades", COLUMNS(trades_columns)},
    {"fills", COLUMNS(fills_columns)},         {"orders", COLUMNS(orders_columns)},
    {"decisions", COLUMNS(decisions_columns)},
};

const runlog_view *runlog_view_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        if (strcmp(views[i].name, name) == 0)
            return &views[i];
    return NULL;
}

const runlog_view *runlog_view_at(guint index)
{
    return index < G_N_ELEMENTS(views) ? &views[index] : NULL;
}

/* ---- rows of anybody's ---------------------------------------------------------------------- */

gboolean runlog_batch_begin(runlog *self, GError **error)
{
    return backend_begin(self, error);
}

gboolean runlog_batch_end(runlog *self, gboolean ok, GError **error)
{
    return backend_end(self, ok, error);
}

static void put_cell(rows *out, runlog_kind kind, const runlog_cell *cell)
{
    if (cell->none) {
        rows_none(out);
        return;
    }
    switch (kind) {
    case RUNLOG_TEXT:
        rows_text(out, cell->text);
        break;
    case RUNLOG_STAMP:
        rows_stamp(out, cell->integer);
        break;
    case RUNLOG_REAL:
        rows_number(out, cell->number);
        break;
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        rows_integer(out, cell->integer);
        break;
    }
}

void rows_cells(rows *self, const runlog_cell *cells)
{
    for (guint i = 0; i < self->table->count; i++)
        put_cell(self, self->table->columns[i].kind, &cells[i]);
}

gboolean runlog_rows_put(runlog *self, const runlog_table *table, const runlog_cell *cells,
                         gsize count, GError **error)
{
    rows *out = rows_begin(self, table, ROWS_MISSING, error);
    gboolean ok = out != NULL;
    for (gsize i = 0; ok && i < count; i++) {
        rows_cells(out, cells + i * table->count);
        ok = rows_next(out, error);
    }
    return out != NULL && rows_end(out, ok, error);
}

/* What stands in the row's key columns, as a text that no other key has. */
static char *key_of(const runlog_table *table, const runlog_cell *cells)
{
    GString *text = g_string_new(NULL);
    g_auto(GStrv) names = g_strsplit(table->key, ", ", -1);
    for (guint i = 0; i < table->count; i++)
        if (g_strv_contains((const char *const *)names, table->columns[i].name)) {
            const gboolean is_text = table->columns[i].kind == RUNLOG_TEXT;
            const char *key = is_text && cells[i].text != NULL ? cells[i].text : "";
            g_string_append_printf(text, "%" G_GSIZE_FORMAT ":%s/%" G_GINT64_FORMAT ";",
                                   strlen(key), key, is_text ? 0 : cells[i].integer);
        }
    return g_string_free(text, FALSE);
}

/* For each key the number of its last row, plus one: PostgreSQL does not change a row twice in one
 * statement. */
static GHashTable *last_rows(const runlog_table *table, const runlog_cell *cells, gsize count)
{
    GHashTable *last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < count; i++)
        g_hash_table_replace(last, key_of(table, cells + i * table->count),
                             GSIZE_TO_POINTER(i + 1));
    return last;
}

gboolean runlog_rows_replace(runlog *self, const runlog_table *table, const runlog_cell *cells,
                             gsize count, GError **error)
{
    rows *out = rows_begin(self, table, ROWS_LATEST, error);
    if (out == NULL)
        return FALSE;
    gboolean ok = TRUE;
    g_autoptr(GHashTable) last = last_rows(table, cells, count);
    for (gsize i = 0; ok && i < count; i++) {
        const runlog_cell *row = cells + i * table->count;
        g_autofree char *key = key_of(table, row);
        if (GPOINTER_TO_SIZE(g_hash_table_lookup(last, key)) != i + 1)
            continue;
        rows_cells(out, row);
        ok = rows_next(out, error);
    }
    return rows_end(out, ok, error);
}
