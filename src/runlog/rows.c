/* The rows of a run as tables for other programs: one view for each kind of row, with the columns
 * that they are given under. */
#include "runlog/queries.h"
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

static const runlog_view views[] = {
    {"equity", COLUMNS(equity_columns)},      {"trades", COLUMNS(trade_columns)},
    {"fills", COLUMNS(fill_columns)},         {"orders", COLUMNS(order_columns)},
    {"decisions", COLUMNS(decision_columns)},
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

runlog_cell cell_of(const cursor *row, int column, runlog_kind kind)
{
    runlog_cell cell = {.none = cursor_is_none(row, column), .number = NAN};
    if (cell.none)
        return cell;
    switch (kind) {
    case RUNLOG_TEXT:
        cell.text = cursor_text(row, column);
        break;
    case RUNLOG_STAMP:
        cell.integer = cursor_stamp(row, column);
        break;
    case RUNLOG_REAL:
        cell.number = cursor_number(row, column);
        break;
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        cell.integer = cursor_integer(row, column);
        break;
    }
    return cell;
}

static const question *question_of(const runlog_view *view, gint64 version)
{
    for (gsize i = 0; i < G_N_ELEMENTS(queries.views); i++)
        if (strcmp(queries.views[i].name, view->name) == 0)
            return version < QUERIES_TRADES_LATER_SINCE && queries.views[i].early.what != NULL
                       ? &queries.views[i].early
                       : &queries.views[i].rows;
    g_assert_not_reached();
}

gboolean runlog_view_read(runlog *self, const runlog_view *view, const char *run_id,
                          runlog_row_func each, gpointer data, GError **error)
{
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    gboolean row = FALSE;
    gint64 version = 0;
    const value run = value_text(run_id);
    if (!schema_version_get(self, &version, error))
        return FALSE;
    g_autoptr(cursor) answer = cursor_open(self, question_of(view, version), &run, 1, error);
    if (answer == NULL)
        return FALSE;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return TRUE;
        for (guint i = 0; i < view->count; i++)
            cells[i] = cell_of(answer, (int)i, view->columns[i].kind);
        if (!each(cells, data, error))
            return FALSE;
    }
    return FALSE;
}
