/* A run log in PostgreSQL. */
#include "runlog/postgres.h"

static gboolean database_size(runlog *self, gint64 *out_bytes, GError **error)
{
    static const question size = {
        "size", NULL,
        "SELECT CAST(coalesce(sum(pg_total_relation_size(to_regclass(name))), 0) AS bigint)"
        " FROM unnest(ARRAY['runs', 'orders', 'fills', 'equity_points', 'metrics', 'error_logs',"
        " 'trades', 'decisions', 'positions', 'risk_events', 'equity_blocks', 'schema_version']) "
        "AS name"};
    return cursor_ask(self, &size, NULL, 0, out_bytes, error);
}

/* The server's own housekeeping does it. */
static void shrink(runlog *self)
{
}

static void close_server(runlog *self)
{
    postgres_free(self->server);
}

const backend backend_postgres = {
    .store = RUNLOG_POSTGRES,
    .close = close_server,
    .size = database_size,
    .shrink = shrink,
    .run = postgres_run,
    .open = postgres_open_cursor,
    .next = postgres_next,
    .is_none = postgres_is_none,
    .integer = postgres_integer,
    .number = postgres_number,
    .stamp = postgres_stamp,
    .text = postgres_text,
    .release = postgres_release,
    .rows_begin = postgres_rows_begin,
    .put_text = postgres_put_text,
    .put_integer = postgres_put_integer,
    .put_number = postgres_put_number,
    .put_stamp = postgres_put_stamp,
    .put_none = postgres_put_none,
    .rows_next = postgres_rows_next,
    .rows_end = postgres_rows_end,
    .begin = postgres_begin,
    .look = postgres_look,
    .end = postgres_end,
    .change = postgres_change,
    .has_table = postgres_has_table,
};

static runlog *connect_to(const runlog_server *server, runlog_reach *out_reach, GError **error)
{
    postgres *connection = postgres_connect(server, out_reach, error);
    if (connection == NULL)
        return NULL;
    runlog *self = g_new0(runlog, 1);
    self->backend = &backend_postgres;
    self->server = connection;
    self->path = g_strdup(server->name);
    self->wait_ms = RUNLOG_WAIT_MS;
    return self;
}

runlog *postgres_open(const runlog_server *server, GError **error)
{
    runlog_reach reach = RUNLOG_REACHED;
    return connect_to(server, &reach, error);
}

runlog *runlog_open_server(const runlog_server *server, gboolean writing, runlog_reach *out_reach,
                           GError **error)
{
    runlog_reach reach = RUNLOG_REFUSED;
    g_autoptr(runlog) self = connect_to(server, &reach, error);
    if (self != NULL && !postgres_prepare(self, writing, server, error)) {
        reach = self->server->reach;
        g_clear_pointer(&self, runlog_free);
    }
    if (self != NULL)
        self->server->reading = !writing;
    if (out_reach != NULL)
        *out_reach = reach;
    return g_steal_pointer(&self);
}

void runlog_set_refuge(runlog *self, const char *path)
{
    g_free(self->refuge);
    self->refuge = g_strdup(path);
}

const char *runlog_refuge_reason(const runlog *self)
{
    return self->refuge_reason;
}

runlog_reach runlog_reach_of(const runlog *self)
{
    return self->server != NULL ? self->server->reach : RUNLOG_REACHED;
}

void runlog_set_answer_ms(runlog *self, guint answer_ms)
{
    if (self->server != NULL)
        self->server->answer_ms = answer_ms;
}
