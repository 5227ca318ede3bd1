#include "desk.h"
#include "scratch.h"

#include <sqlite3.h>

void desk_open(desk *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    self->folder = g_dir_make_tmp("quantbot-control-XXXXXX", &error);
    g_assert_no_error(error);
    self->path = g_build_filename(self->folder, "runtime", "control.db", NULL);
    self->control = control_open(self->path, &error);
    g_assert_no_error(error);
}

void desk_close(desk *self, gconstpointer unused)
{
    g_clear_pointer(&self->control, control_free);
    scratch_remove(self->folder);
    g_free(self->folder);
    g_free(self->path);
}

void desk_reopen(desk *self)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&self->control, control_free);
    self->control = control_open(self->path, &error);
    g_assert_no_error(error);
}

control_command *desk_send(control *control, const char *id, control_action action, const char *run)
{
    g_autoptr(GError) error = NULL;
    const control_request request = {.id = id,
                                     .actor = "user:ann",
                                     .rights = CONTROL_MAY_HALT | CONTROL_MAY_CHANGE,
                                     .action = action,
                                     .run = run,
                                     .args = action == CONTROL_NOTE ? "{\"text\":\"hm\"}" : NULL};
    control_command *command = control_send(control, &request, DESK_NOW_US, &error);
    g_assert_no_error(error);
    return command;
}

void desk_assert_send(control *control, const char *id, control_action action, const char *run,
                      control_state state, const char *effect)
{
    g_autoptr(control_command) command = desk_send(control, id, action, run);
    g_assert_cmpstr(command->effect, ==, effect);
    g_assert_cmpint(command->state, ==, state);
}

/* ---- SQL ------------------------------------------------------------------------------------ */

static sqlite3 *open_sql(const char *path)
{
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

void desk_sql(const char *path, const char *sql)
{
    char *message = NULL;
    sqlite3 *db = open_sql(path);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        g_error("%s: %s", sql, message);
    sqlite3_close(db);
}

char *desk_ask(const char *path, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = open_sql(path);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    char *text = NULL;
    if (sqlite3_step(statement) == SQLITE_ROW)
        text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

gint64 desk_count(const char *path, const char *sql)
{
    g_autofree char *text = desk_ask(path, sql);
    return text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;
}
