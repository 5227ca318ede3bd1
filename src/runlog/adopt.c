/* A database of the earlier bot: six tables, no version.
 *
 * What the contract promises is checked against what is there (every column, every value's kind),
 * then a copy is made, then, in one transaction, the check is repeated, our columns, tables and
 * indices are added, and one run of each mode is written on trial and rolled back. The trial meets
 * what no list of checks would foresee: CHECK constraints, mandatory columns of their own,
 * triggers. Old rows are kept as they are; their *_e8 columns stay NULL, for the exact value is
 * not known. */
#include "runlog/runlog-private.h"

#include <string.h>

/* ---- the contract --------------------------------------------------------------------------- */

typedef struct contract {
    const char *table, *column;
    const char *wrong;    /* literal query: the first value of another kind, as text */
    const char *expected; /* of a value */
    gboolean number;
} contract;

#define QUERY(table, column, wrong) \
    "SELECT substr(quote(" #column "), 1, 80) FROM " #table " WHERE " wrong " LIMIT 1"
#define ID(table, column)                                                                     \
    {                                                                                         \
#table, #column, QUERY(table, column, "typeof(" #column ") <> 'text'"), "text", FALSE \
    }
#define TEXT(table, column)                                                                   \
    {                                                                                         \
#table, #column, QUERY(table, column, "typeof(" #column ") NOT IN ('text', 'null')"), \
            "text", FALSE                                                                     \
    }
#define NUMBER(table, column)                                                               \
    {                                                                                       \
#table, #column,                                                                    \
            QUERY(table, column, "typeof(" #column ") NOT IN ('real', 'integer', 'null')"), \
            "a number", TRUE                                                                \
    }
#define SECONDS "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
/* SQLite's own CURRENT_TIMESTAMP has no fraction. */
#define STAMP(table, column)                                                                 \
    {                                                                                        \
#table, #column,                                                                     \
            QUERY(table, column,                                                             \
                  #column " IS NOT NULL AND (typeof(" #column ") <> 'text' OR NOT (" #column \
                          " GLOB '" SECONDS ".[0-9][0-9][0-9][0-9][0-9][0-9]' OR " #column   \
                          " GLOB '" SECONDS "'))"),                                          \
            "YYYY-MM-DD HH:MM:SS.ffffff", FALSE                                              \
    }
#define JSON(table, column)                                               \
    {                                                                     \
#table, #column,                                                  \
            QUERY(table, column,                                          \
                  #column " IS NOT NULL AND (typeof(" #column             \
                          ") <> 'text' OR NOT json_valid(" #column "))"), \
            "JSON", FALSE                                                 \
    }

static const contract contracts[] = {
    ID(runs, id),
    STAMP(runs, started_at),
    STAMP(runs, ended_at),
    TEXT(runs, mode),
    TEXT(runs, universe),
    JSON(runs, params),
    JSON(runs, kpis),
    ID(orders, id),
    TEXT(orders, run_id),
    STAMP(orders, ts),
    TEXT(orders, symbol),
    TEXT(orders, side),
    NUMBER(orders, qty),
    NUMBER(orders, price),
    TEXT(orders, status),
    ID(fills, id),
    TEXT(fills, run_id),
    TEXT(fills, order_id),
    STAMP(fills, ts),
    TEXT(fills, symbol),
    NUMBER(fills, qty),
    NUMBER(fills, price),
    NUMBER(fills, commission),
    ID(equity_points, id),
    TEXT(equity_points, run_id),
    STAMP(equity_points, ts),
    NUMBER(equity_points, equity),
    ID(metrics, id),
    TEXT(metrics, run_id),
    STAMP(metrics, ts),
    TEXT(metrics, name),
    NUMBER(metrics, value),
    ID(error_logs, id),
    TEXT(error_logs, run_id),
    STAMP(error_logs, ts),
    TEXT(error_logs, level),
    TEXT(error_logs, message),
    JSON(error_logs, meta),
};

/* ---- checks --------------------------------------------------------------------------------- */

/* The declared type of a column, "" where none is declared; NULL in *out when there is no such
 * column. */
static gboolean column_type(runlog *self, const char *table, const char *column, char **out,
                            GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = store_prepare(
        &self->file, "SELECT upper(type) FROM pragma_table_xinfo(?1) WHERE name = ?2", error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(statement, 2, column, -1, SQLITE_STATIC) != SQLITE_OK)
        return store_fail(&self->file, table, error);
    if (!store_step(&self->file, statement, table, &row, error))
        return FALSE;
    const char *type = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    *out = row ? g_strdup(type != NULL ? type : "") : NULL;
    return TRUE;
}

/* By SQLite's rules of affinity such a column turns every number into text. */
static gboolean turns_into_text(const char *type)
{
    return strstr(type, "INT") == NULL &&
           (strstr(type, "CHAR") != NULL || strstr(type, "CLOB") != NULL ||
            strstr(type, "TEXT") != NULL);
}

static gboolean check_values(runlog *self, const contract *want, failures *problems, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = store_prepare(&self->file, want->wrong, error);
    if (statement == NULL || !store_step(&self->file, statement, want->table, &row, error))
        return FALSE;
    if (row) {
        const char *value = (const char *)sqlite3_column_text(statement, 0);
        g_autofree char *name = failure_path(self->path);
        g_autofree char *quoted = failure_quote(value != NULL ? value : "", -1);
        failures_add(problems, "%s: %s.%s: %s (expected %s)", name, want->table, want->column,
                     quoted, want->expected);
    }
    return TRUE;
}

static gboolean check_column(runlog *self, const contract *want, failures *problems, GError **error)
{
    g_autofree char *type = NULL;
    g_autofree char *name = failure_path(self->path);
    if (!column_type(self, want->table, want->column, &type, error))
        return FALSE;
    if (type == NULL) {
        failures_add(problems, "%s: %s.%s: no such column", name, want->table, want->column);
        return TRUE;
    }
    if (want->number && turns_into_text(type)) {
        g_autofree char *quoted = failure_quote(type, -1);
        failures_add(problems, "%s: %s.%s: declared %s (expected a numeric type)", name,
                     want->table, want->column, quoted);
        return TRUE;
    }
    return check_values(self, want, problems, error);
}

/* Names that we need and that the file uses for something else. */
static gboolean check_free_names(runlog *self, failures *problems, GError **error)
{
    g_autofree char *name = failure_path(self->path);
    for (const char *const *table = schema_our_tables; *table != NULL; table++) {
        gboolean present = FALSE;
        if (!schema_has_table(self, *table, &present, error))
            return FALSE;
        if (present)
            failures_add(problems, "%s: %s: a table of that name is there already", name, *table);
    }
    for (gsize i = 0; i < schema_our_columns_count; i++) {
        const schema_column *column = &schema_our_columns[i];
        g_autofree char *type = NULL;
        if (!column_type(self, column->table, column->name, &type, error))
            return FALSE;
        if (type != NULL)
            failures_add(problems, "%s: %s.%s: a column of that name is there already", name,
                         column->table, column->name);
    }
    return TRUE;
}

/* Everything that does not fit, in one message. */
static gboolean check_tables(runlog *self, GError **error)
{
    failures problems;
    failures_init(&problems);
    g_autofree char *name = failure_path(self->path);
    gboolean ok = TRUE;
    const char *absent = NULL;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(contracts); i++) {
        const contract *want = &contracts[i];
        gboolean present = FALSE;
        if (absent != NULL && strcmp(absent, want->table) == 0)
            continue;
        ok = schema_has_table(self, want->table, &present, error);
        if (ok && !present) {
            absent = want->table;
            failures_add(&problems, "%s: %s: no such table (expected all six, or none)", name,
                         absent);
        } else if (ok) {
            ok = check_column(self, want, &problems, error);
        }
    }
    ok = ok && check_free_names(self, &problems, error);
    GError *found = NULL;
    const gboolean none = failures_finish(&problems, FAILURE_DATABASE, &found);
    if (ok && !none)
        g_propagate_error(error, found);
    else
        g_clear_error(&found);
    return ok && none;
}

/* ---- changes -------------------------------------------------------------------------------- */

static gboolean add_columns(runlog *self, GError **error)
{
    for (gsize i = 0; i < schema_our_columns_count; i++)
        if (!store_run(&self->file, schema_our_columns[i].add_sqlite, error))
            return FALSE;
    return TRUE;
}

static gboolean has_index(runlog *self, const schema_index *want, gboolean *out, GError **error)
{
    g_autoptr(sqlite3_stmt)
        statement = store_prepare(&self->file,
                                  "SELECT 1 FROM pragma_index_list(?1) AS list,"
                                  " pragma_index_info(list.name) AS part"
                                  " WHERE part.seqno = 0 AND part.name = ?2 AND NOT list.partial",
                                  error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, want->table, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(statement, 2, want->column, -1, SQLITE_STATIC) != SQLITE_OK)
        return store_fail(&self->file, want->table, error);
    return store_step(&self->file, statement, want->table, out, error);
}

static gboolean add_indices(runlog *self, GError **error)
{
    /* Our equity_points is ordered by run; theirs needs it said. */
    static const schema_index points = {
        "equity_points", "run_id",
        "CREATE INDEX equity_points_run_id ON equity_points (run_id, ts)"};
    for (gsize i = 0; i <= schema_indices_count; i++) {
        const schema_index *want = i < schema_indices_count ? &schema_indices[i] : &points;
        gboolean present = FALSE;
        if (!has_index(self, want, &present, error) ||
            (!present && !store_run(&self->file, want->create, error)))
            return FALSE;
    }
    return TRUE;
}

/* ---- trial ---------------------------------------------------------------------------------- */

/* One of everything that a run may write. */
static gboolean write_trial(runlog *self, const char *mode, GError **error)
{
    const char *const symbols[] = {"TRIAL"};
    const runlog_run run = {.id = "adoption-trial",
                            .mode = mode,
                            .universe = "TRIAL",
                            .params = "{}",
                            .symbols = symbols,
                            .instrument_count = 1};
    g_autoptr(runlog_writer) writer = runlog_writer_new(self, &run, error);
    if (writer == NULL)
        return FALSE;
    const qb_sink sink = runlog_writer_sink(writer);
    for (int status = QB_ORDER_OPEN; status <= QB_ORDER_EXPIRED; status++) {
        const qb_order order = {.id = (uint64_t)status + 1,
                                .side = status % 2 == 0 ? QB_BUY : QB_SELL,
                                .quantity = {QB_ONE},
                                .status = (qb_order_status)status};
        if (sink.order(sink.self, &order) != QB_OK)
            return backend_refuse(self, error, "trial: %s", "an order was not taken");
    }
    const qb_fill fill = {.id = 1, .order_id = 1, .quantity = {QB_ONE}, .price = {QB_ONE}};
    if (sink.fill(sink.self, &fill) != QB_OK ||
        sink.equity(sink.self, 0, (qb_money){QB_ONE}) != QB_OK)
        return backend_refuse(self, error, "trial: %s", "a row was not taken");
    if (!runlog_writer_metric(writer, 0, "trial", 1.5, error))
        return FALSE;
    runlog_writer_log(writer, 0, "WARNING", "trial", "{}");
    return writer_store(writer, "{}", "00", 0, error);
}

gboolean adopt_try_rows(runlog *self, GError **error)
{
    static const char *const modes[] = {"backtest", "replay", "paper"};
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (!self->backend->run(self, "SAVEPOINT trial", error))
            return FALSE;
        if (!write_trial(self, modes[i], error)) {
            g_prefix_error(error, "a trial %s run does not fit: ", modes[i]);
            return FALSE;
        }
        if (!self->backend->run(self, "ROLLBACK TO trial; RELEASE trial", error))
            return FALSE;
    }
    return TRUE;
}

/* ---- adoption ------------------------------------------------------------------------------- */

static gboolean change(runlog *self, gboolean *out_adopted, GError **error)
{
    gboolean present = FALSE;
    if (!schema_has_table(self, "schema_version", &present, error))
        return FALSE;
    *out_adopted = !present;
    return present || (check_tables(self, error) && add_columns(self, error) &&
                       schema_create_ours(self, error) && add_indices(self, error) &&
                       adopt_try_rows(self, error));
}

/* Looked at without changing anything: what is refused needs no backup, nor what another process
 * has adopted meanwhile. */
static gboolean look(runlog *self, gboolean *out_adopted, GError **error)
{
    if (!store_look(&self->file, error))
        return FALSE;
    const gboolean ok = schema_has_table(self, "schema_version", out_adopted, error) &&
                        (*out_adopted || check_tables(self, error));
    return store_end(&self->file, ok, error);
}

gboolean adopt_six_tables(runlog *self, GError **error)
{
    gboolean adopted = FALSE;
    if (!look(self, &adopted, error))
        return FALSE;
    if (adopted)
        return schema_check(self, error);
    if (!schema_change_safely(self, "adoption", change, &adopted, error))
        return FALSE;
    if (adopted)
        self->origin = RUNLOG_ADOPTED;
    return schema_check(self, error);
}
