#include "homes.h"

#include "core/base/base.h"

#include <string.h>

static struct {
    server *server;
    gboolean asked;
    const char *why; /* there is none */
} homes;

/* ---- registering ---------------------------------------------------------------------------- */

typedef struct registered {
    runlog_store store;
    home_test test;
    gconstpointer data;
} registered;

/* PostgreSQL's own calendar does for its stamps what functions of ours do in SQLite. */
static const char server_tools[] =
    "CREATE SCHEMA tools;"
    "CREATE FUNCTION tools.stamp(timestamptz) RETURNS text LANGUAGE sql AS"
    " $$ SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') $$;"
    "CREATE FUNCTION tools.micros(timestamptz) RETURNS bigint LANGUAGE sql AS"
    " $$ SELECT CAST(extract(epoch FROM $1) * 1000000 AS bigint) $$";

server *homes_server(void)
{
    if (!homes.asked) {
        homes.asked = TRUE;
        homes.server = server_start(&homes.why);
        if (homes.server != NULL)
            server_sql(homes.server, NULL, server_tools);
    }
    return homes.server;
}

static void run_registered(gconstpointer data)
{
    const registered *self = data;
    home place = {.store = self->store};
    if (self->store == RUNLOG_POSTGRES && homes_server() == NULL) {
        g_test_skip(homes.why);
        return;
    }
    sample_folder_make(&place.folder, NULL);
    if (self->store == RUNLOG_POSTGRES)
        place.schema = server_new_schema(homes.server);
    self->test(&place, self->data);
    sample_folder_remove(&place.folder, NULL);
    g_free(place.schema);
}

void homes_add_to(runlog_store store, const char *name, home_test test, gconstpointer data)
{
    g_autofree char *path = g_strdup_printf("/runlog/%s/%s",
                                            store == RUNLOG_SQLITE ? "sqlite" : "postgres", name);
    registered *self = g_new(registered, 1);
    *self = (registered){store, test, data};
    g_test_add_data_func_full(path, self, run_registered, g_free);
}

void homes_add(const char *name, home_test test, gconstpointer data)
{
    homes_add_to(RUNLOG_SQLITE, name, test, data);
    homes_add_to(RUNLOG_POSTGRES, name, test, data);
}

int homes_run(void)
{
    const int status = g_test_run();
    server_free(homes.server);
    return status;
}

/* ---- opening -------------------------------------------------------------------------------- */

const runlog_server *home_place(const home *self)
{
    return server_place(homes.server, self->schema);
}

runlog *home_try(const home *self, gboolean writing, GError **error)
{
    if (self->store == RUNLOG_POSTGRES)
        return runlog_open_server(home_place(self), writing, NULL, error);
    return writing ? runlog_open(self->folder.path, error)
                   : runlog_open_readonly(self->folder.path, error);
}

runlog *home_open(const home *self)
{
    GError *error = NULL;
    runlog *log = home_try(self, TRUE, &error);
    g_assert_no_error(error);
    return log;
}

const char *home_name(const home *self)
{
    return self->store == RUNLOG_POSTGRES ? SERVER_NAME : self->folder.path;
}

const char *home_address(const home *self)
{
    return self->store == RUNLOG_POSTGRES ? server_folder(homes.server) : self->folder.path;
}

char *home_url(const home *self)
{
    return self->store == RUNLOG_POSTGRES ? server_url(homes.server, self->schema)
                                          : g_strconcat("sqlite:///", self->folder.path, NULL);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* The text is what it says already. */
static void tell_stamp(sqlite3_context *context, int count, sqlite3_value **values)
{
    sqlite3_result_value(context, values[0]);
}

/* GLib's calendar for the seconds; "YYYY-MM-DD HH:MM:SS" has 19 letters, then ".ffffff". */
static void tell_micros(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *seconds = g_strndup(text != NULL ? text : "", 19);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(seconds, utc);
    if (time != NULL && strlen(text) == 26)
        sqlite3_result_int64(context, g_date_time_to_unix(time) * QB_SECOND_US +
                                          g_ascii_strtoll(text + 20, NULL, 10));
}

static char *ask_file(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    GString *lines = g_string_new(NULL);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    sqlite3_create_function(db, "stamp", 1, SQLITE_UTF8, NULL, tell_stamp, NULL, NULL);
    sqlite3_create_function(db, "micros", 1, SQLITE_UTF8, NULL, tell_micros, NULL, NULL);
    if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    for (int row = 0; sqlite3_step(rows) == SQLITE_ROW; row++) {
        g_string_append(lines, row > 0 ? "\n" : "");
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const char *text = (const char *)sqlite3_column_text(rows, i);
            g_string_append_printf(lines, "%s%s", i > 0 ? "|" : "", text != NULL ? text : "-");
        }
    }
    if (sqlite3_finalize(rows) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
    return g_string_free(lines, FALSE);
}

/* Where a home's names are looked for: its own tables, then the tools. */
static char *search_path(const home *self)
{
    return g_strconcat(self->schema, ",tools", NULL);
}

char *home_ask(const home *self, const char *sql)
{
    if (self->store == RUNLOG_SQLITE)
        return ask_file(self->folder.path, sql);
    g_autofree char *path = search_path(self);
    return server_lines(homes.server, path, sql);
}

gint64 home_count(const home *self, const char *sql)
{
    g_autofree char *answer = home_ask(self, sql);
    char *end = NULL;
    const gint64 count = g_ascii_strtoll(answer, &end, 10);
    if (end == answer || *end != '\0')
        g_error("%s: \"%s\"", sql, answer);
    return count;
}

void home_sql(const home *self, const char *sql)
{
    if (self->store == RUNLOG_SQLITE)
        sample_sql(self->folder.path, sql);
    else
        server_sql(homes.server, self->schema, sql);
}

#define COUNTED(table) "(SELECT count(*) FROM " table " WHERE run_id = runs.id)"

gint64 home_expect_runs(const home *self, gint64 least, gint64 most, gint64 points,
                        const char *where)
{
    g_autofree char *sound = home_ask(self, self->store == RUNLOG_SQLITE ? "PRAGMA integrity_check"
                                                                         : "SELECT 'ok'");
    const gint64 runs = home_count(self, "SELECT count(*) FROM runs");
    const gint64 all = home_count(self, "SELECT count(*) FROM equity_points");
    const gint64 whole = home_count(
        self,
        "SELECT count(*) FROM runs WHERE state_hash IS NOT NULL"
        " AND kpis IS NOT NULL AND order_count = " COUNTED("orders") " AND fill_count = " COUNTED(
            "fills") " AND trade_count = " COUNTED("trades") " AND point_count = " COUNTED("equity_"
                                                                                           "point"
                                                                                           "s"));
    if (strcmp(sound, "ok") != 0 || runs != whole || all != runs * points || runs < least ||
        runs > most)
        g_error("%s: integrity %s, runs %d of %d..%d, whole %d, points %d", where, sound, (int)runs,
                (int)least, (int)most, (int)whole, (int)all);
    return runs;
}
