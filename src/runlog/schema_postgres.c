/* The tables in PostgreSQL: the same names, columns and indices as in SQLite (schema.c), stamps as
 * timestamptz, numbers as double precision, exact integers as bigint, JSON as json, which keeps
 * the text as it was given.
 *
 * Tables are made, adopted and brought up to date in one transaction each, under a lock that only
 * ends with it, so of two processes one does it and the other finds it done. Behind a pooler this
 * goes over the direct host, where a transaction of that kind has a session to itself. There is no
 * copy before: the server undoes the whole of it. Ids compare by bytes (COLLATE "C"): fast, and
 * with their prefixes together. The tables that grow with the bars are not bound to their run by a
 * foreign key: checking it would cost more than storing the row, and who deletes a run deletes its
 * rows by name. */
#include "runlog/postgres.h"
#include "runlog/queries.h"

#include <string.h>

#define ID "text COLLATE \"C\" NOT NULL"
#define OF_RUN " run_id " ID " REFERENCES runs(id) ON DELETE CASCADE,"

/* What the earlier bot's tables have; ours are added behind, as they are to adopted ones. */
static const char create_six[] =
    "CREATE TABLE runs (id " ID " PRIMARY KEY, started_at timestamptz NOT NULL,"
    " ended_at timestamptz, mode text NOT NULL, universe text NOT NULL, params json NOT NULL,"
    " kpis json);"
    "CREATE TABLE orders (id " ID " PRIMARY KEY, run_id " ID ","
    " ts timestamptz NOT NULL, symbol text NOT NULL, side text NOT NULL,"
    " qty double precision NOT NULL, price double precision, status text NOT NULL);"
    "CREATE TABLE fills (id " ID " PRIMARY KEY, run_id " ID ","
    " order_id text NOT NULL, ts timestamptz NOT NULL, symbol text NOT NULL,"
    " qty double precision NOT NULL, price double precision NOT NULL,"
    " commission double precision NOT NULL);"
    "CREATE TABLE equity_points (id text NOT NULL, run_id " ID ", ts timestamptz NOT NULL,"
    " equity double precision NOT NULL, PRIMARY KEY (run_id, ts));"
    "CREATE TABLE metrics (id " ID " PRIMARY KEY," OF_RUN
    " ts timestamptz NOT NULL, name text NOT NULL, value double precision NOT NULL);"
    "CREATE TABLE error_logs (id " ID " PRIMARY KEY,"
    " run_id text COLLATE \"C\" REFERENCES runs(id) ON DELETE CASCADE, ts timestamptz NOT NULL,"
    " level text NOT NULL, message text NOT NULL, meta json)";

#define BLOCKS                                                                                   \
    "CREATE INDEX trades_period ON trades (run_id, exit_date, profit_e8, fees_e8);"              \
    "CREATE TABLE equity_blocks (run_id " ID ", size bigint NOT NULL, number bigint NOT NULL,"   \
    " first_ts timestamptz NOT NULL, last_ts timestamptz NOT NULL, low_ts timestamptz NOT NULL," \
    " low_e8 bigint NOT NULL, high_ts timestamptz NOT NULL, high_e8 bigint NOT NULL,"            \
    " PRIMARY KEY (run_id, size, number));"

static const char create_ours[] =
    "CREATE TABLE trades (id " ID " PRIMARY KEY, run_id " ID ","
    " symbol text NOT NULL, side text NOT NULL, entry_ts timestamptz NOT NULL,"
    " exit_ts timestamptz NOT NULL, qty double precision NOT NULL,"
    " entry_price double precision NOT NULL, exit_price double precision NOT NULL,"
    " profit double precision NOT NULL, fees double precision NOT NULL,"
    " return_fraction double precision, bars bigint NOT NULL, qty_e8 bigint NOT NULL,"
    " entry_price_e8 bigint NOT NULL, exit_price_e8 bigint NOT NULL, profit_e8 bigint NOT NULL,"
    " fees_e8 bigint NOT NULL, strategy text, entry_reason text, exit_reason text, exit_date text,"
    " adverse double precision, favourable double precision, touched bigint);" BLOCKS
    "CREATE INDEX trades_symbol ON trades (symbol);"
    "CREATE TABLE decisions (run_id " ID ", number bigint NOT NULL, symbol text NOT NULL,"
    " first_ts timestamptz NOT NULL, last_ts timestamptz NOT NULL, bars bigint NOT NULL,"
    " signal double precision, stage text NOT NULL, reason text NOT NULL, order_id text,"
    " filter text,"
    " PRIMARY KEY (run_id, number));"
    "CREATE TABLE positions (" OF_RUN
    " number bigint NOT NULL, symbol text NOT NULL, qty double precision NOT NULL,"
    " cost double precision NOT NULL, mark double precision NOT NULL, qty_e8 bigint NOT NULL,"
    " cost_e8 bigint NOT NULL, mark_e8 bigint NOT NULL, PRIMARY KEY (run_id, number));"
    "CREATE TABLE risk_events (" OF_RUN
    " number bigint NOT NULL, ts timestamptz NOT NULL, symbol text, order_id text,"
    " rule text NOT NULL, action text NOT NULL, limit_value double precision,"
    " found_value double precision, asked_e8 bigint NOT NULL, allowed_e8 bigint NOT NULL,"
    " until_ts timestamptz, flatten bigint NOT NULL, what text, PRIMARY KEY (run_id, number));"
    "CREATE TABLE schema_version (version bigint NOT NULL PRIMARY KEY,"
    " applied_at timestamptz NOT NULL, program text NOT NULL);"
    /* For questions by time alone: a few bytes for each 128 pages, whatever the order of runs. */
    "CREATE INDEX orders_ts ON orders USING brin (ts);"
    "CREATE INDEX fills_ts ON fills USING brin (ts);"
    "CREATE INDEX equity_points_ts ON equity_points USING brin (ts);"
    "CREATE INDEX metrics_ts ON metrics USING brin (ts);"
    "CREATE INDEX error_logs_ts ON error_logs USING brin (ts)";

static const struct {
    gint64 version; /* that the step leads to */
    const char *sql;
} steps[] = {{5, "DROP INDEX trades_run_id;" BLOCKS}};

/* Each step is its version's; PostgreSQL knows none older than the first that had it. */
#define FIRST_VERSION 4

/* From the catalogue itself: to_regclass may remember that there was none before the lock. */
static const question has_table = {
    NULL, NULL,
    "SELECT count(*) FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace"
    " WHERE relname = $1 AND relkind IN ('r', 'p', 'v', 'f')"
    " AND nspname = ANY (current_schemas(false))"};
static const question column_type_of = {
    NULL, NULL,
    "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = to_regclass($1) AND attname = $2 AND attnum > 0 AND NOT attisdropped"};
static const question has_index = {
    NULL, NULL,
    "SELECT count(*) FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
    " WHERE indrelid = to_regclass($1) AND attname = $2 AND indpred IS NULL AND indisvalid"};
static const question count_keys = {
    "equity_points", NULL,
    "SELECT count(*) FROM pg_index WHERE indrelid = to_regclass('equity_points') AND indisunique"
    " AND indpred IS NULL AND indisvalid AND array(SELECT attname::text FROM pg_attribute"
    " WHERE attrelid = indrelid AND attnum = ANY (indkey) ORDER BY attname) = ARRAY['run_id', "
    "'ts']"};
static const question write_version = {
    "schema_version", NULL,
    "INSERT INTO schema_version (version, applied_at, program) VALUES ($1, now(), $2)"};

/* ---- what is there -------------------------------------------------------------------------- */

gboolean postgres_has_table(runlog *self, const char *name, gboolean *out, GError **error)
{
    gint64 present = 0;
    const question about = {name, NULL, has_table.postgres};
    const value table = value_text(name);
    if (!cursor_ask(self, &about, &table, 1, &present, error))
        return FALSE;
    *out = present != 0;
    return TRUE;
}

const char *postgres_key_of(runlog *self, const runlog_table *table, GError **error)
{
    postgres *server = self->server;
    gint64 count = 0;
    if (table != &runlog_tables[RUNLOG_EQUITY_POINTS])
        return table->key;
    if (!server->asked_keys && !cursor_ask(self, &count_keys, NULL, 0, &count, error))
        return NULL;
    if (!server->asked_keys)
        server->keyed = count > 0;
    server->asked_keys = TRUE;
    return server->keyed ? table->key : "id";
}

static gboolean any_table(runlog *self, const char *const *names, const char **out, GError **error)
{
    *out = NULL;
    for (const char *const *name = names; *name != NULL && *out == NULL; name++) {
        gboolean present = FALSE;
        if (!postgres_has_table(self, *name, &present, error))
            return FALSE;
        if (present)
            *out = *name;
    }
    return TRUE;
}

/* *out_version 0: no schema of ours. */
static gboolean find_version(runlog *self, gint64 *out_version, GError **error)
{
    gboolean present = FALSE;
    *out_version = 0;
    if (!postgres_has_table(self, "schema_version", &present, error))
        return FALSE;
    if (!present)
        return TRUE;
    if (!cursor_ask(self, &queries.schema_version, NULL, 0, out_version, error))
        return FALSE;
    if (*out_version > SCHEMA_VERSION)
        return backend_refuse(self, error, STORE_NEWER, *out_version, SCHEMA_VERSION);
    return *out_version >= FIRST_VERSION ||
           backend_refuse(self, error, "schema version %" G_GINT64_FORMAT " (expected %d to %d)",
                          *out_version, FIRST_VERSION, SCHEMA_VERSION);
}

/* ---- adoption ------------------------------------------------------------------------------- */

static gboolean column_type(runlog *self, const char *table, const char *column, char **out,
                            GError **error)
{
    gboolean row = FALSE;
    const question about = {table, NULL, column_type_of.postgres};
    const value values[] = {value_text(table), value_text(column)};
    g_autoptr(cursor) answer = cursor_open(self, &about, values, 2, error);
    if (answer == NULL || !cursor_next(answer, &row, error))
        return FALSE;
    *out = row ? g_strdup(cursor_text(answer, 0)) : NULL;
    return TRUE;
}

static gboolean is_ours(const runlog_table *table, const char *column)
{
    for (gsize i = 0; i < schema_our_columns_count; i++)
        if (strcmp(schema_our_columns[i].table, table->name) == 0 &&
            strcmp(schema_our_columns[i].name, column) == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_text(const char *type)
{
    return strcmp(type, "text") == 0 || g_str_has_prefix(type, "character varying");
}

/* NULL: the type fits. Rows are sent in binary, so there is one for each kind. */
static const char *expected_type(const runlog_column *column, const char *type)
{
    if (column_is_json(column->name))
        return g_str_has_prefix(type, "json") || is_text(type) ? NULL : "json";
    switch (column->kind) {
    case RUNLOG_TEXT:
        return is_text(type) ? NULL : "text";
    case RUNLOG_STAMP:
        return strcmp(type, "timestamp with time zone") == 0 ? NULL : "timestamp with time zone";
    case RUNLOG_REAL:
        return strcmp(type, "double precision") == 0 ? NULL : "double precision";
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        break;
    }
    return strcmp(type, "bigint") == 0 ? NULL : "bigint";
}

static gboolean check_column(runlog *self, const runlog_table *table, const runlog_column *column,
                             failures *problems, GError **error)
{
    g_autofree char *type = NULL;
    const gboolean ours = is_ours(table, column->name);
    if (!column_type(self, table->name, column->name, &type, error))
        return FALSE;
    if (ours && type != NULL)
        failures_add(problems, "%s: %s.%s: a column of that name is there already", self->path,
                     table->name, column->name);
    else if (!ours && type == NULL)
        failures_add(problems, "%s: %s.%s: no such column", self->path, table->name, column->name);
    else if (!ours && expected_type(column, type) != NULL) {
        g_autofree char *quoted = failure_quote(type, -1);
        failures_add(problems, "%s: %s.%s: declared %s (expected %s)", self->path, table->name,
                     column->name, quoted, expected_type(column, type));
    }
    return TRUE;
}

static gboolean check_table(runlog *self, const char *name, failures *problems, GError **error)
{
    const runlog_table *table = runlog_table_find(name);
    gboolean present = FALSE;
    if (!postgres_has_table(self, name, &present, error))
        return FALSE;
    if (!present) {
        failures_add(problems, "%s: %s: no such table (expected all six, or none)", self->path,
                     name);
        return TRUE;
    }
    for (guint i = 0; i < table->count; i++)
        if (!check_column(self, table, &table->columns[i], problems, error))
            return FALSE;
    return TRUE;
}

static gboolean check_six(runlog *self, GError **error)
{
    failures problems;
    GError *found = NULL;
    gboolean ok = TRUE;
    failures_init(&problems);
    for (const char *const *name = schema_six_tables; ok && *name != NULL; name++)
        ok = check_table(self, *name, &problems, error);
    const gboolean none = failures_finish(&problems, FAILURE_DATABASE, &found);
    if (ok && !none)
        g_propagate_error(error, found);
    else
        g_clear_error(&found);
    return ok && none;
}

/* ---- changing ------------------------------------------------------------------------------- */

static gboolean add_columns(runlog *self, GError **error)
{
    for (gsize i = 0; i < schema_our_columns_count; i++)
        if (!postgres_run(self, schema_our_columns[i].add_postgres, error))
            return FALSE;
    return TRUE;
}

static gboolean add_index(runlog *self, const schema_index *index, GError **error)
{
    gint64 count = 0;
    const question about = {index->table, NULL, has_index.postgres};
    const value values[] = {value_text(index->table), value_text(index->column)};
    return cursor_ask(self, &about, values, 2, &count, error) &&
           (count > 0 || postgres_run(self, index->create, error));
}

static gboolean add_indices(runlog *self, GError **error)
{
    const schema_index points = {"equity_points", "run_id",
                                 "CREATE INDEX equity_points_run_id ON equity_points (run_id, ts)"};
    for (gsize i = 0; i < schema_indices_count; i++)
        if (!add_index(self, &schema_indices[i], error))
            return FALSE;
    return add_index(self, &points, error);
}

static gboolean stamp_version(runlog *self, GError **error)
{
    const value values[] = {value_integer(SCHEMA_VERSION), value_text(QUANTBOT_VERSION)};
    return backend_change(self, &write_version, values, 2, NULL, error);
}

static gboolean make(runlog *self, gboolean six, GError **error)
{
    return (six ? check_six(self, error) : postgres_run(self, create_six, error)) &&
           add_columns(self, error) && postgres_run(self, create_ours, error) &&
           add_indices(self, error) && stamp_version(self, error) &&
           (!six || adopt_try_rows(self, error));
}

static gboolean take_steps(runlog *self, gint64 version, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (steps[i].version > version && !postgres_run(self, steps[i].sql, error))
            return FALSE;
    return TRUE;
}

/* Under the lock: what has another process made of it since we looked? */
static gboolean change(runlog *self, runlog_origin *out_origin, GError **error)
{
    gint64 version = 0;
    const char *six = NULL, *ours = NULL;
    *out_origin = RUNLOG_FOUND;
    if (!postgres_run(self, "SELECT pg_advisory_xact_lock(1363299399)", error) /* "QBLG" */ ||
        !find_version(self, &version, error))
        return FALSE;
    if (version == SCHEMA_VERSION)
        return TRUE;
    if (version != 0)
        return take_steps(self, version, error) && stamp_version(self, error);
    if (!any_table(self, schema_six_tables, &six, error) ||
        !any_table(self, schema_our_tables, &ours, error))
        return FALSE;
    if (ours != NULL)
        return backend_refuse(self, error, "%s: a table of that name is there already", ours);
    *out_origin = six != NULL ? RUNLOG_ADOPTED : RUNLOG_MADE;
    return make(self, six != NULL, error);
}

static gboolean change_here(runlog *self, runlog_origin *out_origin, GError **error)
{
    return postgres_begin(self, error) &&
           postgres_end(self, change(self, out_origin, error), error);
}

/* The same server without the pooler in its name. */
static gboolean change_directly(runlog *self, const runlog_server *server, GError **error)
{
    runlog_server direct = *server;
    g_auto(GStrv) values = g_strdupv((char **)server->values);
    for (gsize i = 0; server->keywords[i] != NULL; i++) {
        if (strcmp(server->keywords[i], "host") != 0)
            continue;
        char **parts = g_strsplit(values[i], "-pooler", 2);
        g_free(values[i]);
        values[i] = g_strjoinv("", parts);
        g_strfreev(parts);
    }
    direct.values = (const char *const *)values;
    direct.pooled = FALSE;
    g_autoptr(runlog) other = postgres_open(&direct, error);
    if (other == NULL) {
        g_prefix_error(error, "the tables must be changed over the direct host: ");
        return FALSE;
    }
    runlog_set_answer_ms(other, RUNLOG_ANSWER_MS);
    return change_here(other, &self->origin, error);
}

static gboolean refuse_unmade(runlog *self, GError **error)
{
    const char *six = NULL;
    if (!any_table(self, schema_six_tables, &six, error))
        return FALSE;
    return backend_refuse(self, error, "%s",
                          six != NULL ? "tables of an earlier bot without a version (quantbot db "
                                        "init adopts them)"
                                      : "empty (quantbot db init makes the run log)");
}

gboolean postgres_prepare(runlog *self, gboolean writing, const runlog_server *server,
                          GError **error)
{
    gint64 version = 0;
    if (!find_version(self, &version, error))
        return FALSE;
    runlog_set_answer_ms(self, RUNLOG_ANSWER_MS);
    if (version == SCHEMA_VERSION || (version != 0 && !writing))
        return TRUE;
    if (!writing)
        return refuse_unmade(self, error);
    return server->pooled ? change_directly(self, server, error)
                          : change_here(self, &self->origin, error);
}
