/* The halt latch: rows of `latch`, one per scope, '' for all runs; a run is halted when either is
 * closed. A closing only ever adds (freeze and flatten stay until a resume), and a resume opens the
 * scope that it names, for whoever opens all runs has not looked at the one that closed by itself.
 *
 * Reading is cheap because PRAGMA data_version says whether anybody else has committed since; own
 * commits are remembered by self->known. It is safe because every doubt is a closed latch: a failed
 * reading, a digest that does not fit, another file at the path, a closing that could not be
 * written. Such doubts wait in self->pending and are written as soon as they can be. */
#include "control/control-private.h"

#include "platform/clock.h"

#include <jansson.h>
#include <string.h>

typedef struct latch_row {
    const char *run; /* "": all */
    gint64 closed, frozen, flatten;
    const char *actor, *reason;
    gint64 since_us, command, digest;
} latch_row;

static gint64 digest_of(const latch_row *row)
{
    const store_value values[] = {STORE_TEXT(row->run),         STORE_INTEGER(row->closed),
                                  STORE_INTEGER(row->frozen),   STORE_INTEGER(row->flatten),
                                  STORE_TEXT(row->actor),       STORE_TEXT(row->reason),
                                  STORE_INTEGER(row->since_us), STORE_INTEGER(row->command)};
    return store_digest(0, values, G_N_ELEMENTS(values));
}

static guint bits_of(const latch_row *row)
{
    if (row->closed == 0)
        return 0;
    return CONTROL_CLOSED | (row->frozen != 0 ? CONTROL_FROZEN : 0) |
           (row->flatten != 0 ? CONTROL_TO_FLAT : 0);
}

/* Of a query for run, closed, frozen, flatten, actor, reason, since_us, command, digest; texts are
 * borrowed from the statement. */
static latch_row row_of(sqlite3_stmt *statement)
{
    const char *run = (const char *)sqlite3_column_text(statement, 0);
    const char *actor = (const char *)sqlite3_column_text(statement, 4);
    return (latch_row){.run = run != NULL ? run : "",
                       .closed = sqlite3_column_int64(statement, 1),
                       .frozen = sqlite3_column_int64(statement, 2),
                       .flatten = sqlite3_column_int64(statement, 3),
                       .actor = actor != NULL ? actor : "",
                       .reason = (const char *)sqlite3_column_text(statement, 5),
                       .since_us = sqlite3_column_int64(statement, 6),
                       .command = sqlite3_column_int64(statement, 7),
                       .digest = sqlite3_column_int64(statement, 8)};
}

static gboolean check_row(control *self, const latch_row *row, GError **error)
{
    return row->digest == digest_of(row) ||
           store_damaged(&self->store, "latch", "a digest does not fit", error);
}

gboolean latch_prepare(control *self, GError **error)
{
    self->closed = g_array_new(FALSE, FALSE, sizeof(latch_bits));
    self->pending = g_array_new(FALSE, FALSE, sizeof(latch_pending));
    self->version = store_prepare(&self->store, "PRAGMA data_version", error);
    if (self->version == NULL)
        return FALSE;
    self->latches = store_prepare(&self->store,
                                  "SELECT run, closed, frozen, flatten, actor, reason, since_us,"
                                  " command, digest FROM latch ORDER BY run",
                                  error);
    return self->latches != NULL;
}

void latch_clear(control *self)
{
    sqlite3_finalize(self->version);
    sqlite3_finalize(self->latches);
    g_clear_pointer(&self->closed, g_array_unref);
    for (guint i = 0; self->pending != NULL && i < self->pending->len; i++)
        g_free(g_array_index(self->pending, latch_pending, i).detail);
    g_clear_pointer(&self->pending, g_array_unref);
    g_clear_error(&self->unread);
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean read_version(control *self, gint64 *out, GError **error)
{
    gboolean row = FALSE;
    if (!store_step(&self->store, self->version, "latch", &row, error))
        return FALSE;
    *out = sqlite3_column_int64(self->version, 0);
    sqlite3_reset(self->version);
    return TRUE;
}

static gboolean read_rows(control *self, GError **error)
{
    for (;;) {
        gboolean more = FALSE;
        if (!store_step(&self->store, self->latches, "latch", &more, error))
            return FALSE;
        if (!more)
            return TRUE;
        const latch_row row = row_of(self->latches);
        latch_bits bits = {.bits = bits_of(&row)};
        /* Whoever wrote a name that long did not go through here. */
        const gboolean fits = g_strlcpy(bits.run, row.run, sizeof bits.run) < sizeof bits.run;
        if (!check_row(self, &row, error) ||
            (!fits && !store_damaged(&self->store, "latch", "a run's name is too long", error))) {
            sqlite3_reset(self->latches);
            return FALSE;
        }
        if (bits.bits != 0)
            g_array_append_val(self->closed, bits);
    }
}

/* Version and rows of one moment. */
static gboolean reload(control *self, GError **error)
{
    self->known = FALSE;
    g_array_set_size(self->closed, 0);
    if (!store_run(&self->store, "BEGIN", error))
        return FALSE;
    const gboolean ok = read_version(self, &self->seen, error) && read_rows(self, error);
    self->known = store_end(&self->store, ok, error);
    return self->known;
}

static gboolean refresh(control *self, GError **error)
{
    gint64 version = 0;
    if (!store_in_place(&self->store))
        return store_refuse(&self->store, error, "was moved away or replaced: %s",
                            self->store.kind->remedy);
    if (!read_version(self, &version, error))
        return FALSE;
    return (self->known && version == self->seen) || reload(self, error);
}

/* ---- closings that could not be written ----------------------------------------------------- */

static void remember(control *self, const char *run, control_cause cause, const char *detail,
                     gint64 now_us)
{
    latch_pending item = {.cause = cause, .since_us = now_us};
    g_strlcpy(item.run, run, sizeof item.run);
    for (guint i = 0; i < self->pending->len; i++) {
        const latch_pending *known = &g_array_index(self->pending, latch_pending, i);
        if (g_str_equal(known->run, item.run) && known->cause == cause)
            return;
    }
    item.detail = g_strdup(detail);
    g_array_append_val(self->pending, item);
}

static gboolean write_close(control *self, const char *run, control_cause cause, const char *detail,
                            gint64 now_us, GError **error);

/* Without waiting: the caller is about to send an order. */
static void settle(control *self)
{
    const guint wait_ms = self->store.wait_ms;
    store_set_wait_ms(&self->store, 0);
    while (self->pending->len > 0) {
        latch_pending *item = &g_array_index(self->pending, latch_pending, 0);
        if (!write_close(self, item->run, item->cause, item->detail, item->since_us, NULL))
            break;
        g_free(item->detail);
        g_array_remove_index(self->pending, 0);
    }
    store_set_wait_ms(&self->store, wait_ms);
}

static gboolean concerns(const char *scope, const char *run)
{
    return scope[0] == '\0' || g_strcmp0(scope, run) == 0;
}

guint control_latch(control *self, const char *run)
{
    guint bits = 0;
    g_clear_error(&self->unread);
    if (!refresh(self, &self->unread)) {
        remember(self, "", CONTROL_CAUSE_CONTROL, self->unread->message, clock_now_us());
        return CONTROL_CLOSED | CONTROL_UNREADABLE;
    }
    for (guint i = 0; i < self->closed->len; i++) {
        const latch_bits *latch = &g_array_index(self->closed, latch_bits, i);
        if (concerns(latch->run, run))
            bits |= latch->bits;
    }
    for (guint i = 0; i < self->pending->len; i++)
        if (concerns(g_array_index(self->pending, latch_pending, i).run, run))
            bits |= CONTROL_CLOSED;
    if (self->pending->len > 0)
        settle(self);
    return bits;
}

const GError *control_latch_error(const control *self)
{
    return self->unread;
}

/* ---- moving it ------------------------------------------------------------------------------ */

/* The row of a scope, its texts copied; open and by nobody when there is none. */
typedef struct latch_held {
    latch_row row;
    char *actor, *reason;
    gboolean sound;
} latch_held;

static void held_clear(latch_held *self)
{
    g_free(self->actor);
    g_free(self->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(latch_held, held_clear)

static gboolean find_row(control *self, const char *run, latch_held *out, GError **error)
{
    gboolean found = FALSE;
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->store,
                      "SELECT run, closed, frozen, flatten, actor, reason, since_us, command,"
                      " digest FROM latch WHERE run = ?1",
                      error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, run, -1, SQLITE_STATIC);
    if (!store_step(&self->store, statement, "latch", &found, error))
        return FALSE;
    *out = (latch_held){.row = {.run = run, .actor = ""}, .sound = TRUE};
    if (found) {
        out->row = row_of(statement);
        out->sound = out->row.digest == digest_of(&out->row);
        out->row.run = run;
        out->row.actor = out->actor = g_strdup(out->row.actor);
        out->row.reason = out->reason = g_strdup(out->row.reason);
    }
    return TRUE;
}

static gboolean write_row(control *self, latch_row *row, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->store,
                      "INSERT INTO latch (run, closed, frozen, flatten, actor, reason, since_us,"
                      " command, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                      " ON CONFLICT (run) DO UPDATE SET closed = ?2, frozen = ?3, flatten = ?4,"
                      " actor = ?5, reason = ?6, since_us = ?7, command = ?8, digest = ?9",
                      error);
    if (statement == NULL)
        return FALSE;
    row->digest = digest_of(row);
    const gint64 integers[] = {row->closed, row->frozen, row->flatten};
    int bad = sqlite3_bind_text(statement, 1, row->run, -1, SQLITE_STATIC);
    for (int i = 0; i < 3; i++)
        bad |= sqlite3_bind_int64(statement, 2 + i, integers[i]);
    bad |= sqlite3_bind_text(statement, 5, row->actor, -1, SQLITE_STATIC);
    bad |= sqlite3_bind_text(statement, 6, row->reason, -1, SQLITE_STATIC);
    bad |= sqlite3_bind_int64(statement, 7, row->since_us);
    bad |= sqlite3_bind_int64(statement, 8, row->command);
    bad |= sqlite3_bind_int64(statement, 9, row->digest);
    self->known = FALSE;
    return bad != SQLITE_OK ? store_fail(&self->store, "latch", error)
                            : store_do(&self->store, statement, "latch", error);
}

static void name_scope(GString *text, const char *run)
{
    if (run[0] == '\0')
        g_string_append(text, "all runs");
    else
        g_string_append_printf(text, "run %s", run);
}

static gboolean close_latch(control *self, const latch_move *move, const latch_held *held,
                            GString *effect, gboolean *out_moved, GError **error)
{
    const gboolean was = held->sound && held->row.closed != 0;
    latch_row row = {.run = move->run,
                     .closed = 1,
                     .frozen = (was && held->row.frozen != 0) || move->action == CONTROL_FREEZE,
                     .flatten = (was && held->row.flatten != 0) || move->action == CONTROL_FLATTEN,
                     .actor = move->actor,
                     .reason = move->reason,
                     .since_us = move->now_us,
                     .command = move->command};
    *out_moved = !was || row.frozen != held->row.frozen || row.flatten != held->row.flatten;
    g_string_append(effect, was ? "was closed for " : "closed for ");
    name_scope(effect, move->run);
    if (was)
        g_string_append_printf(effect, " by %s", held->row.actor);
    if (row.frozen != 0)
        g_string_append(effect, "; protective exits stopped");
    if (row.flatten != 0)
        g_string_append(effect, "; positions to be closed");
    return !*out_moved || write_row(self, &row, error);
}

static gboolean open_latch(control *self, const latch_move *move, const latch_held *held,
                           GString *effect, gboolean *out_moved, GError **error)
{
    g_auto(latch_held) all = {0};
    if (!held->sound)
        return store_damaged(&self->store, "latch", "a digest does not fit", error);
    *out_moved = held->row.closed != 0;
    g_string_append(effect, *out_moved ? "opened for " : "was open for ");
    name_scope(effect, move->run);
    latch_row row = {.run = move->run,
                     .actor = move->actor,
                     .reason = move->reason,
                     .since_us = move->now_us,
                     .command = move->command};
    if (*out_moved && !write_row(self, &row, error))
        return FALSE;
    if (move->run[0] == '\0')
        return TRUE;
    if (!find_row(self, "", &all, error))
        return FALSE;
    if (!all.sound || all.row.closed != 0)
        g_string_append_printf(effect, "; all runs are still halted by %s", all.row.actor);
    return TRUE;
}

gboolean latch_apply(control *self, const latch_move *move, char **out_effect, gboolean *out_moved,
                     GError **error)
{
    g_auto(latch_held) held = {0};
    g_autoptr(GString) effect = g_string_new(NULL);
    if (!find_row(self, move->run, &held, error))
        return FALSE;
    const gboolean ok = move->action == CONTROL_RESUME
                            ? open_latch(self, move, &held, effect, out_moved, error)
                            : close_latch(self, move, &held, effect, out_moved, error);
    if (ok)
        *out_effect = g_string_free(g_steal_pointer(&effect), FALSE);
    return ok;
}

/* ---- closing by itself ---------------------------------------------------------------------- */

static const char *cause_text(control_cause cause)
{
    static const char *const texts[] = {
        [CONTROL_CAUSE_JOURNAL] = "journal error",
        [CONTROL_CAUSE_LEDGER] = "broken ledger identity",
        [CONTROL_CAUSE_STATE] = "unreadable state",
        [CONTROL_CAUSE_RISK] = "a risk rule that cannot be evaluated",
        [CONTROL_CAUSE_DRAWDOWN] = "drawdown kill switch",
        [CONTROL_CAUSE_CONTROL] = "unreadable control",
    };
    return texts[cause];
}

/* Whether it is closed already; a row that does not fit is not. */
static gboolean is_closed(control *self, const char *run, gboolean *out, GError **error)
{
    g_auto(latch_held) held = {0};
    if (!find_row(self, run, &held, error))
        return FALSE;
    *out = held.sound && held.row.closed != 0;
    return TRUE;
}

static gboolean insert_close(control *self, const char *run, const char *reason, gint64 now_us,
                             GError **error)
{
    gint64 number = 0;
    gboolean moved = FALSE;
    g_autofree char *effect = NULL;
    /* The latch forgets why when it is opened; the row does not. */
    json_t *told = json_pack("{s:s}", "reason", reason);
    char *args = told != NULL ? json_dumps(told, JSON_COMPACT) : NULL;
    const control_request request = {.actor = "quantbot",
                                     .created_us = now_us,
                                     .action = CONTROL_HALT,
                                     .run = run[0] != '\0' ? run : NULL,
                                     .args = args};
    const gboolean inserted = queue_insert(self, &request, now_us, &number, error);
    free(args);
    json_decref(told);
    if (!inserted)
        return FALSE;
    const latch_move move = {CONTROL_HALT, run, "quantbot", reason, now_us, number};
    return latch_apply(self, &move, &effect, &moved, error) &&
           queue_end(self, number, CONTROL_DONE, effect, now_us, error);
}

static gboolean write_close(control *self, const char *run, control_cause cause, const char *detail,
                            gint64 now_us, GError **error)
{
    gboolean closed = FALSE;
    g_autofree char *valid = g_utf8_make_valid(detail, -1);
    g_autofree char *line = g_utf8_substring(valid, 0,
                                             MIN(g_utf8_strlen(valid, -1), CONTROL_TEXT_LIMIT));
    g_autofree char *reason = g_strdup_printf("%s: %s", cause_text(cause), line);
    if (!store_begin(&self->store, error))
        return FALSE;
    const gboolean ok = is_closed(self, run, &closed, error) &&
                        (closed || insert_close(self, run, reason, now_us, error));
    self->known = FALSE;
    return store_end(&self->store, ok, error);
}

gboolean control_close(control *self, const char *run, control_cause cause, const char *detail,
                       gint64 now_us, GError **error)
{
    const char *scope = run != NULL ? run : "";
    g_assert(run == NULL || control_run_valid(run));
    if (write_close(self, scope, cause, detail, now_us, error))
        return TRUE;
    remember(self, scope, cause, detail, now_us);
    return FALSE;
}

/* ---- for those who show it ------------------------------------------------------------------ */

void control_halt_free(control_halt *self)
{
    if (self == NULL)
        return;
    g_free(self->run);
    g_free(self->actor);
    g_free(self->reason);
    g_free(self->command);
    g_free(self);
}

static control_halt *halt_of(sqlite3_stmt *statement, const latch_row *row)
{
    control_halt *halt = g_new0(control_halt, 1);
    halt->run = row->run[0] != '\0' ? g_strdup(row->run) : NULL;
    halt->closed = row->closed != 0;
    halt->frozen = row->frozen != 0;
    halt->flatten = row->flatten != 0;
    halt->actor = g_strdup(row->actor);
    halt->reason = g_strdup(row->reason);
    halt->since_us = row->since_us;
    halt->command = g_strdup((const char *)sqlite3_column_text(statement, 9));
    return halt;
}

GPtrArray *control_halts(control *self, GError **error)
{
    g_autoptr(GPtrArray) halts = g_ptr_array_new_with_free_func((GDestroyNotify)control_halt_free);
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->store,
                      "SELECT l.run, closed, frozen, flatten, l.actor, reason, since_us, command,"
                      " digest, c.id FROM latch l JOIN commands c ON c.number = l.command"
                      " ORDER BY l.run",
                      error);
    if (statement == NULL)
        return NULL;
    for (;;) {
        gboolean more = FALSE;
        if (!store_step(&self->store, statement, "latch", &more, error))
            return NULL;
        if (!more)
            return g_steal_pointer(&halts);
        const latch_row row = row_of(statement);
        if (!check_row(self, &row, error))
            return NULL;
        g_ptr_array_add(halts, halt_of(statement, &row));
    }
}
