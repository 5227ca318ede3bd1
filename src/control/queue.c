/* Commands from the press to the effect: queued, claimed, done; or refused, or expired. */
#include "control/control-private.h"

#include <string.h>

#define COLUMNS                                                                         \
    "number, id, actor, created_us, recorded_us, action, run, args, state, claimed_by," \
    " claimed_us, ended_us, effect"
/* How far ahead of this clock a sender's may be. */
#define AHEAD_US CONTROL_EXPIRY_US
#define NOBODY_TOOK_IT "nobody took it in time"

void control_command_free(control_command *self)
{
    if (self == NULL)
        return;
    g_free(self->id);
    g_free(self->actor);
    g_free(self->run);
    g_free(self->args);
    g_free(self->claimed_by);
    g_free(self->effect);
    g_free(self);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static char *text_at(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

/* Of a query for COLUMNS. */
static control_command *command_of(control *self, sqlite3_stmt *statement, GError **error)
{
    const char *action = (const char *)sqlite3_column_text(statement, 5);
    const char *state = (const char *)sqlite3_column_text(statement, 8);
    g_autoptr(control_command) command = g_new0(control_command, 1);
    if (action == NULL || !control_action_from_text(action, &command->action) ||
        !control_state_from_text(state, &command->state)) {
        store_damaged(&self->store, "commands", "an unknown action or state", error);
        return NULL;
    }
    command->number = sqlite3_column_int64(statement, 0);
    command->id = text_at(statement, 1);
    command->actor = text_at(statement, 2);
    command->created_us = sqlite3_column_int64(statement, 3);
    command->recorded_us = sqlite3_column_int64(statement, 4);
    command->run = text_at(statement, 6);
    command->args = text_at(statement, 7);
    command->claimed_by = text_at(statement, 9);
    command->claimed_us = sqlite3_column_int64(statement, 10);
    command->ended_us = sqlite3_column_int64(statement, 11);
    command->effect = text_at(statement, 12);
    return g_steal_pointer(&command);
}

/* The one row of a query with one parameter; *out NULL: there is none. */
static gboolean find_one(control *self, const char *sql, const char *key, control_command **out,
                         GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = store_prepare(&self->store, sql, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    if (!store_step(&self->store, statement, "commands", &row, error))
        return FALSE;
    control_command *command = row ? command_of(self, statement, error) : NULL;
    if (row && command == NULL)
        return FALSE;
    *out = command;
    return TRUE;
}

static gboolean find_by_id(control *self, const char *id, control_command **out, GError **error)
{
    return find_one(self, "SELECT " COLUMNS " FROM commands WHERE id = ?1", id, out, error);
}

control_command *control_find(control *self, const char *id, GError **error)
{
    control_command *command = NULL;
    if (find_by_id(self, id, &command, error) && command == NULL) {
        g_autofree char *quoted = failure_quote(id, -1);
        g_set_error(error, FAILURE, FAILURE_MISSING, "no command %s", quoted);
    }
    return command;
}

static GPtrArray *collect(control *self, sqlite3_stmt *statement, GError **error)
{
    g_autoptr(GPtrArray)
        commands = g_ptr_array_new_with_free_func((GDestroyNotify)control_command_free);
    for (;;) {
        gboolean more = FALSE;
        if (!store_step(&self->store, statement, "commands", &more, error))
            return NULL;
        if (!more)
            return g_steal_pointer(&commands);
        control_command *command = command_of(self, statement, error);
        if (command == NULL)
            return NULL;
        g_ptr_array_add(commands, command);
    }
}

/* Bits of control_filter's states, by what a claim at ?3 + CONTROL_EXPIRY_US would leave. */
#define STATE_BIT                                                                      \
    "CASE WHEN state = 'queued' THEN CASE WHEN created_us <= ?3 THEN 16 ELSE 1 END"    \
    " WHEN state = 'claimed' THEN 2 WHEN state = 'done' THEN 4 WHEN state = 'refused'" \
    " THEN 8 ELSE 16 END"
_Static_assert(1 << CONTROL_QUEUED == 1 && 1 << CONTROL_CLAIMED == 2 && 1 << CONTROL_DONE == 4 &&
                   1 << CONTROL_REFUSED == 8 && 1 << CONTROL_EXPIRED == 16,
               "STATE_BIT");

static sqlite3_stmt *prepare_list(control *self, const control_filter *filter, gint64 now_us,
                                  GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->store,
                      "SELECT " COLUMNS " FROM commands"
                      " WHERE (?1 IS NULL OR run IS NULL OR run = ?1)"
                      " AND (?2 = 0 OR (?2 & " STATE_BIT ") <> 0) AND (?4 = 0 OR number < ?4)"
                      " ORDER BY number DESC LIMIT ?5",
                      error);
    if (statement == NULL)
        return NULL;
    int bad = sqlite3_bind_text(statement, 1, filter->run, -1, SQLITE_STATIC);
    bad |= sqlite3_bind_int64(statement, 2, filter->states);
    bad |= sqlite3_bind_int64(statement, 3, now_us - CONTROL_EXPIRY_US);
    bad |= sqlite3_bind_int64(statement, 4, filter->before);
    bad |= sqlite3_bind_int64(statement, 5, filter->limit > 0 ? (gint64)filter->limit : -1);
    if (bad == SQLITE_OK)
        return g_steal_pointer(&statement);
    store_fail(&self->store, "commands", error);
    return NULL;
}

GPtrArray *control_list(control *self, const control_filter *filter, gint64 now_us, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = prepare_list(self, filter, now_us, error);
    GPtrArray *commands = statement != NULL ? collect(self, statement, error) : NULL;
    for (guint i = 0; commands != NULL && i < commands->len; i++) {
        control_command *command = commands->pdata[i];
        if (command->state != CONTROL_QUEUED || command->created_us > now_us - CONTROL_EXPIRY_US)
            continue;
        command->state = CONTROL_EXPIRED;
        command->effect = g_strdup(NOBODY_TOOK_IT);
    }
    return commands;
}

GPtrArray *control_unfinished(control *self, const char *run, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = store_prepare(
        &self->store,
        "SELECT " COLUMNS " FROM commands WHERE run = ?1 AND state = 'claimed' ORDER BY number",
        error);
    if (statement == NULL)
        return NULL;
    sqlite3_bind_text(statement, 1, run, -1, SQLITE_STATIC);
    return collect(self, statement, error);
}

/* ---- sending -------------------------------------------------------------------------------- */

/* An id of the client's, or a random one of SQLite's. */
gboolean queue_insert(control *self, const control_request *request, gint64 now_us,
                      gint64 *out_number, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->store,
                      "INSERT INTO commands (id, actor, created_us, recorded_us, action, run, args,"
                      " state) VALUES (coalesce(?1, 'auto:' || lower(hex(randomblob(16)))), ?2, ?3,"
                      " ?4, ?5, ?6, ?7, 'queued')",
                      error);
    if (statement == NULL)
        return FALSE;
    const char *args = request->args != NULL ? request->args : "{}";
    int bad = sqlite3_bind_text(statement, 1, request->id, -1, SQLITE_STATIC);
    bad |= sqlite3_bind_text(statement, 2, request->actor, -1, SQLITE_STATIC);
    bad |= sqlite3_bind_int64(statement, 3, request->created_us);
    bad |= sqlite3_bind_int64(statement, 4, now_us);
    bad |= sqlite3_bind_text(statement, 5, control_action_text(request->action), -1, SQLITE_STATIC);
    bad |= sqlite3_bind_text(statement, 6, request->run, -1, SQLITE_STATIC);
    bad |= sqlite3_bind_text(statement, 7, args, -1, SQLITE_STATIC);
    if (bad != SQLITE_OK)
        return store_fail(&self->store, "commands", error);
    if (!store_do(&self->store, statement, "commands", error))
        return FALSE;
    *out_number = sqlite3_last_insert_rowid(self->store.db);
    return TRUE;
}

gboolean queue_end(control *self, gint64 number, control_state state, const char *effect,
                   gint64 now_us, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = store_prepare(
        &self->store,
        "UPDATE commands SET state = ?2, effect = ?3, ended_us = ?4 WHERE number = ?1", error);
    if (statement == NULL)
        return FALSE;
    int bad = sqlite3_bind_int64(statement, 1, number);
    bad |= sqlite3_bind_text(statement, 2, control_state_text(state), -1, SQLITE_STATIC);
    bad |= sqlite3_bind_text(statement, 3, effect, -1, SQLITE_STATIC);
    bad |= sqlite3_bind_int64(statement, 4, now_us);
    return bad != SQLITE_OK ? store_fail(&self->store, "commands", error)
                            : store_do(&self->store, statement, "commands", error);
}

/* NULL: it may be done now. */
static const char *objection(const control_request *request, gint64 now_us,
                             control_state *out_state)
{
    const action_row *action = &action_rows[request->action];
    *out_state = CONTROL_REFUSED;
    if ((request->rights & action->right) == 0)
        return "not allowed";
    if (action->expires && request->created_us > now_us + AHEAD_US)
        return "made in the future: the sender's clock is wrong";
    *out_state = CONTROL_EXPIRED;
    if (action->expires && request->created_us + CONTROL_EXPIRY_US <= now_us)
        return "came too late";
    return NULL;
}

static gboolean move_latch(control *self, const control_request *request, const char *reason,
                           gint64 number, gint64 now_us, GError **error)
{
    gboolean moved = FALSE;
    g_autofree char *effect = NULL;
    const latch_move move = {request->action, request->run != NULL ? request->run : "",
                             request->actor,  reason,
                             now_us,          number};
    return latch_apply(self, &move, &effect, &moved, error) &&
           queue_end(self, number, CONTROL_DONE, effect, now_us, error);
}

/* The row and, of what moves the latch, the move. */
static gboolean record(control *self, const control_request *request, const char *reason,
                       gint64 now_us, gint64 *out_number, GError **error)
{
    control_state state = CONTROL_QUEUED;
    if (!queue_insert(self, request, now_us, out_number, error))
        return FALSE;
    const char *against = objection(request, now_us, &state);
    if (against != NULL)
        return queue_end(self, *out_number, state, against, now_us, error);
    return !action_rows[request->action].latch ||
           move_latch(self, request, reason, *out_number, now_us, error);
}

/* An id that comes again must mean the same. */
static gboolean is_same(const control_command *stored, const control_request *request)
{
    return stored->action == request->action && g_strcmp0(stored->run, request->run) == 0 &&
           g_strcmp0(stored->actor, request->actor) == 0 &&
           g_strcmp0(stored->args, request->args != NULL ? request->args : "{}") == 0;
}

static gboolean send(control *self, const control_request *request, const char *reason,
                     gint64 now_us, control_command **out, GError **error)
{
    gint64 number = 0;
    g_autoptr(control_command) stored = NULL;
    if (request->id != NULL && !find_by_id(self, request->id, &stored, error))
        return FALSE;
    if (stored != NULL && !is_same(stored, request)) {
        g_autofree char *quoted = failure_quote(request->id, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "command: id: %s is that of another command (%s by %s)", quoted,
                    control_action_text(stored->action), stored->actor);
        return FALSE;
    }
    if (stored != NULL) {
        stored->repeated = TRUE;
    } else {
        g_autofree char *key = NULL;
        if (!record(self, request, reason, now_us, &number, error))
            return FALSE;
        key = g_strdup_printf("%" G_GINT64_FORMAT, number);
        if (!find_one(self, "SELECT " COLUMNS " FROM commands WHERE number = CAST(?1 AS INTEGER)",
                      key, &stored, error))
            return FALSE;
    }
    *out = g_steal_pointer(&stored);
    return TRUE;
}

gboolean control_request_check(const control_request *request, GError **error)
{
    g_autofree char *reason = NULL;
    return action_check(request, &reason, error);
}

control_command *control_send(control *self, const control_request *request, gint64 now_us,
                              GError **error)
{
    g_autofree char *reason = NULL;
    g_autoptr(control_command) command = NULL;
    control_request sent = *request;
    if (!action_check(request, &reason, error))
        return NULL;
    if (sent.created_us == 0)
        sent.created_us = now_us;
    if (!store_begin(&self->store, error))
        return NULL;
    const gboolean ok = send(self, &sent, reason, now_us, &command, error);
    self->known = FALSE; /* also when the commit failed: what stands there is not known then */
    if (!store_end(&self->store, ok, error))
        return NULL;
    return g_steal_pointer(&command);
}

/* ---- claiming ------------------------------------------------------------------------------- */

static gboolean anything_queued(control *self, const char *run, gboolean *out, GError **error)
{
    if (self->queued == NULL)
        self->queued = store_prepare(
            &self->store, "SELECT 1 FROM commands WHERE run = ?1 AND state = 'queued' LIMIT 1",
            error);
    if (self->queued == NULL)
        return FALSE;
    sqlite3_bind_text(self->queued, 1, run, -1, SQLITE_TRANSIENT);
    const gboolean ok = store_step(&self->store, self->queued, "commands", out, error);
    sqlite3_reset(self->queued);
    return ok;
}

static gboolean expire(control *self, gint64 now_us, GError **error)
{
    g_autoptr(sqlite3_stmt)
        statement = store_prepare(&self->store,
                                  "UPDATE commands SET state = 'expired', ended_us = ?1,"
                                  " effect = '" NOBODY_TOOK_IT "'"
                                  " WHERE state = 'queued' AND created_us <= ?2",
                                  error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, now_us);
    sqlite3_bind_int64(statement, 2, now_us - CONTROL_EXPIRY_US);
    return store_do(&self->store, statement, "commands", error);
}

static gboolean claim(control *self, const char *run, const char *holder, gint64 now_us,
                      control_command **out, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(control_command) claimed = NULL;
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->store,
                      "UPDATE commands SET state = 'claimed', claimed_by = ?2, claimed_us = ?3"
                      " WHERE number = (SELECT min(number) FROM commands"
                      " WHERE run = ?1 AND state = 'queued') RETURNING " COLUMNS,
                      error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, run, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, holder, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, now_us);
    if (!store_step(&self->store, statement, "commands", &row, error))
        return FALSE;
    if (row && (claimed = command_of(self, statement, error)) == NULL)
        return FALSE;
    *out = g_steal_pointer(&claimed);
    return TRUE;
}

control_command *control_claim(control *self, const char *run, const char *holder, gint64 now_us,
                               GError **error)
{
    gboolean any = FALSE;
    g_autoptr(control_command) command = NULL;
    if (!anything_queued(self, run, &any, error) || !any)
        return NULL;
    if (!store_begin(&self->store, error))
        return NULL;
    const gboolean ok = expire(self, now_us, error) &&
                        claim(self, run, holder, now_us, &command, error);
    if (!store_end(&self->store, ok, error))
        return NULL;
    return g_steal_pointer(&command);
}

static gboolean refuse_end(const control_command *command, GError **error)
{
    g_autofree char *quoted = failure_quote(command->id, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "command %s is %s (expected claimed)", quoted,
                control_state_text(command->state));
    return FALSE;
}

static gboolean finish(control *self, const char *id, control_state state, const char *effect,
                       gint64 now_us, GError **error)
{
    g_autoptr(control_command) command = control_find(self, id, error);
    if (command == NULL)
        return FALSE;
    if (command->state == state && g_strcmp0(command->effect, effect) == 0)
        return TRUE;
    if (command->state != CONTROL_CLAIMED)
        return refuse_end(command, error);
    return queue_end(self, command->number, state, effect, now_us, error);
}

gboolean control_finish(control *self, const char *id, control_state state, const char *effect,
                        gint64 now_us, GError **error)
{
    g_assert(state == CONTROL_DONE || state == CONTROL_REFUSED);
    return store_begin(&self->store, error) &&
           store_end(&self->store, finish(self, id, state, effect, now_us, error), error);
}

/* ---- pruning -------------------------------------------------------------------------------- */

#define OLD                                                                              \
    " FROM commands WHERE recorded_us < ?1 AND (state IN ('done', 'refused', 'expired')" \
    " OR (state = 'queued' AND created_us <= ?2))"                                       \
    " AND number NOT IN (SELECT command FROM latch)"

static sqlite3_stmt *prepare_prune(control *self, const char *sql, gint64 age_us, gint64 now_us,
                                   GError **error)
{
    sqlite3_stmt *statement = store_prepare(&self->store, sql, error);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, now_us - age_us);
        sqlite3_bind_int64(statement, 2, now_us - CONTROL_EXPIRY_US);
    }
    return statement;
}

static gboolean count_old(control *self, gint64 age_us, gint64 now_us, gint64 *out_count,
                          GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt)
        statement = prepare_prune(self, "SELECT count(*)" OLD, age_us, now_us, error);
    if (statement == NULL || !store_step(&self->store, statement, "commands", &row, error))
        return FALSE;
    *out_count = sqlite3_column_int64(statement, 0);
    return TRUE;
}

static gboolean delete_old(control *self, gint64 age_us, gint64 now_us, gint64 *out_count,
                           GError **error)
{
    g_autoptr(sqlite3_stmt) statement = prepare_prune(self, "DELETE" OLD, age_us, now_us, error);
    if (statement == NULL || !store_do(&self->store, statement, "commands", error))
        return FALSE;
    *out_count = sqlite3_changes64(self->store.db);
    return TRUE;
}

gboolean control_prune(control *self, gint64 age_us, gint64 now_us, gboolean dry_run,
                       gint64 *out_count, GError **error)
{
    gint64 count = 0;
    if (age_us < CONTROL_PRUNE_MIN_US) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "prune: an age below 30 days");
        return FALSE;
    }
    if (dry_run)
        return count_old(self, age_us, now_us, out_count, error);
    /* An open command cannot be deleted; those that are too old are no longer open. */
    if (!store_begin(&self->store, error) ||
        !store_end(&self->store,
                   expire(self, now_us, error) && delete_old(self, age_us, now_us, &count, error),
                   error))
        return FALSE;
    *out_count = count;
    return TRUE;
}
