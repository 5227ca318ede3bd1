/* The rows of a run as tables for other programs: one view for each kind of row, with the columns
 * that they are given under. */
#include "runlog/runlog-private.h"

#include <math.h>
#include <string.h>

#define COLUMNS(columns) columns, G_N_ELEMENTS(columns)

static const runlog_column equity_columns[] = {
    {"ts", RUNLOG_STAMP},
    {"equity", RUNLOG_AMOUNT},
};
static const runlog_column trade_columns[] = {
    {"id", RUNLOG_TEXT},         {"symbol", RUNLOG_TEXT},        {"strategy", RUNLOG_TEXT},
    {"side", RUNLOG_TEXT},       {"entry_ts", RUNLOG_STAMP},     {"exit_ts", RUNLOG_STAMP},
    {"exit_date", RUNLOG_TEXT},  {"entry_reason", RUNLOG_TEXT},  {"exit_reason", RUNLOG_TEXT},
    {"quantity", RUNLOG_AMOUNT}, {"entry_price", RUNLOG_AMOUNT}, {"exit_price", RUNLOG_AMOUNT},
    {"profit", RUNLOG_AMOUNT},   {"fees", RUNLOG_AMOUNT},        {"return_fraction", RUNLOG_REAL},
    {"adverse", RUNLOG_REAL},    {"favourable", RUNLOG_REAL},    {"bars", RUNLOG_COUNT},
};
static const runlog_column fill_columns[] = {
    {"id", RUNLOG_TEXT},           {"order_id", RUNLOG_TEXT},    {"ts", RUNLOG_STAMP},
    {"symbol", RUNLOG_TEXT},       {"quantity", RUNLOG_AMOUNT},  {"price", RUNLOG_AMOUNT},
    {"commission", RUNLOG_AMOUNT}, {"reference", RUNLOG_AMOUNT}, {"bar_ts", RUNLOG_STAMP},
};
static const runlog_column order_columns[] = {
    {"id", RUNLOG_TEXT},          {"ts", RUNLOG_STAMP},          {"symbol", RUNLOG_TEXT},
    {"side", RUNLOG_TEXT},        {"quantity", RUNLOG_AMOUNT},   {"filled", RUNLOG_AMOUNT},
    {"price", RUNLOG_REAL},       {"status", RUNLOG_TEXT},       {"reason", RUNLOG_TEXT},
    {"final_ts", RUNLOG_STAMP},   {"reduce_only", RUNLOG_COUNT}, {"size_kind", RUNLOG_TEXT},
    {"size_amount", RUNLOG_REAL},
};
static const runlog_column decision_columns[] = {
    {"number", RUNLOG_COUNT},  {"symbol", RUNLOG_TEXT}, {"first_ts", RUNLOG_STAMP},
    {"last_ts", RUNLOG_STAMP}, {"bars", RUNLOG_COUNT},  {"signal", RUNLOG_REAL},
    {"stage", RUNLOG_TEXT},    {"reason", RUNLOG_TEXT}, {"order_id", RUNLOG_TEXT},
};

#define EXACT(exact, number) "coalesce(" exact ", CAST(round(" number " * 1e8) AS INTEGER))"
#define TRADES(strategy, date, entry, exit, adverse, favourable)                             \
    "SELECT id, symbol, " strategy ", side, entry_ts, exit_ts, " date ", " entry ", " exit   \
    ", qty_e8, entry_price_e8, exit_price_e8, profit_e8, fees_e8, return_fraction, " adverse \
    ", " favourable ", bars FROM trades WHERE run_id = ?1 ORDER BY id"

/* sql gives one value a column, `before` the same of logs older than version 3. */
static const struct {
    runlog_view view;
    const char *sql, *before;
} views[] = {
    {{"equity", COLUMNS(equity_columns)},
     "SELECT ts, " EXACT("equity_e8", "equity") " FROM equity_points WHERE run_id = ?1 ORDER BY ts",
     NULL},
    {{"trades", COLUMNS(trade_columns)},
     TRADES("strategy", "exit_date", "entry_reason", "exit_reason", "adverse", "favourable"),
     TRADES("NULL", "NULL", "NULL", "NULL", "NULL", "NULL")},
    {{"fills", COLUMNS(fill_columns)},
     "SELECT id, order_id, ts, symbol, " EXACT("qty_e8", "qty") ", " EXACT(
         "price_e8",
         "price") ", " EXACT("commission_e8",
                             "commission") ", reference_e8, bar_ts FROM fills WHERE run_id = ?1"
                                           " ORDER BY id",
     NULL},
    {{"orders", COLUMNS(order_columns)},
     "SELECT id, ts, symbol, side, " EXACT("qty_e8",
                                           "qty") ", filled_e8, price, status, reason,"
                                                  " final_ts, reduce_only, size_kind, size_amount "
                                                  "FROM orders WHERE run_id = ?1 ORDER BY id",
     NULL},
    {{"decisions", COLUMNS(decision_columns)},
     "SELECT number, symbol, first_ts, last_ts, bars, signal, stage, reason, order_id"
     " FROM decisions WHERE run_id = ?1 ORDER BY number",
     NULL},
};

const runlog_view *runlog_view_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        if (strcmp(views[i].view.name, name) == 0)
            return &views[i].view;
    return NULL;
}

const runlog_view *runlog_view_at(guint index)
{
    return index < G_N_ELEMENTS(views) ? &views[index].view : NULL;
}

static runlog_cell cell_of(sqlite3_stmt *row, int column, runlog_kind kind)
{
    runlog_cell cell = {.none = sqlite3_column_type(row, column) == SQLITE_NULL, .number = NAN};
    if (cell.none)
        return cell;
    switch (kind) {
    case RUNLOG_TEXT:
        cell.text = (const char *)sqlite3_column_text(row, column);
        break;
    case RUNLOG_STAMP:
        cell.integer = stamp_read((const char *)sqlite3_column_text(row, column));
        break;
    case RUNLOG_REAL:
        cell.number = sqlite3_column_double(row, column);
        break;
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        cell.integer = sqlite3_column_int64(row, column);
        break;
    }
    return cell;
}

static sqlite3_stmt *prepare_view(runlog *self, const runlog_view *view, GError **error)
{
    gint64 version = 0;
    if (!schema_version_get(self, &version, error))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        if (&views[i].view == view)
            return database_prepare(
                self, version < 3 && views[i].before != NULL ? views[i].before : views[i].sql,
                error);
    g_assert_not_reached();
}

gboolean runlog_view_read(runlog *self, const runlog_view *view, const char *run_id,
                          runlog_row_func each, gpointer data, GError **error)
{
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = prepare_view(self, view, error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, run_id, -1, SQLITE_STATIC) != SQLITE_OK)
        return database_fail(self, view->name, error);
    while (database_step(self, statement, view->name, &row, error)) {
        if (!row)
            return TRUE;
        for (guint i = 0; i < view->count; i++)
            cells[i] = cell_of(statement, (int)i, view->columns[i].kind);
        if (!each(cells, data, error))
            return FALSE;
    }
    return FALSE;
}
