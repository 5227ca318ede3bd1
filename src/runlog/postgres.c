/* A connection to PostgreSQL.
 *
 * Every wait has an end: connecting takes at most POSTGRES_CONNECT_MS, and a server that has said and
 * taken nothing for RUNLOG_ANSWER_MS is taken for lost (the kernel tells us earlier where it can).
 * What is set for a session is set within each transaction, for behind a pooler in transaction mode
 * there is no session; for the same reason nothing is prepared by name. TLS: where the server is
 * not on this machine its certificate and its name are verified, unless told otherwise. */
#include "runlog/postgres.h"

#include "platform/clock.h"
#include "platform/files.h"
#include "platform/log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"

/* ---- failing -------------------------------------------------------------------------------- */

/* The first line of what libpq says, secrets masked. Caller frees. */
static char *first_line(const char *message)
{
    g_autofree char *line = g_strndup(message, strcspn(message, "\n"));
    g_strstrip(line);
    return log_redact(*line != '\0' ? line : "the connection was lost");
}

/* By SQLSTATE: classes and codes of the appendix "PostgreSQL Error Codes". */
static runlog_reach reach_of(const char *state)
{
    static const char *const away[] = {"08", "53300", "57P0", NULL};
    if (state == NULL)
        return RUNLOG_AWAY;
    for (const char *const *prefix = away; *prefix != NULL; prefix++)
        if (g_str_has_prefix(state, *prefix))
            return RUNLOG_AWAY;
    return RUNLOG_REFUSED;
}

static const char *advice_of(const char *state)
{
    static const struct {
        const char *state, *advice;
    } known[] = {
        {"53100", "the server's disk is full, nothing was stored; make room there and try again"},
        {"25006", "this server takes no writes (a standby?); name the primary in DATABASE_URL"},
        {"42501", "this user may not do that; grant it, or use another user"},
        {"40P01", "two writers waited for each other; try again"},
        {"55P03", "locked by another writer; try again when it has ended"},
        {"58030", "the server cannot read or write its disk; see its log"},
        {"XX001", "the server's data are damaged: restore a backup of it"},
        {"XX002", "an index on the server is damaged: REINDEX it, or restore a backup"},
    };
    for (gsize i = 0; state != NULL && i < G_N_ELEMENTS(known); i++)
        if (strcmp(known[i].state, state) == 0)
            return known[i].advice;
    return NULL;
}

static gboolean is_locked(const char *state)
{
    return state != NULL && (strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0);
}

gboolean postgres_fail(runlog *self, const PGresult *result, const char *what, GError **error)
{
    postgres *server = self->server;
    const libpq *pq = server->pq;
    const char *state = result != NULL ? pq->PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const gboolean lost = pq->PQstatus(server->connection) == CONNECTION_BAD;
    const char *message = result != NULL ? pq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
                                         : NULL;
    g_autofree char *why =
        server->unheard
            ? g_strdup_printf("no answer within %.3g s", server->answer_ms / 1000.0)
            : first_line(message != NULL ? message : pq->PQerrorMessage(server->connection));
    const gboolean asked_for = server->reading && g_strcmp0(state, "25006") == 0;
    const char *advice = asked_for ? "it was opened for reading only" : advice_of(state);
    server->reach = lost ? RUNLOG_AWAY : reach_of(state != NULL ? state : "XX000");
    g_set_error(
        error, FAILURE, is_locked(state) ? FAILURE_LOCKED : FAILURE_DATABASE, "%s: %s: %s%s%s%s",
        self->path, what, why, advice != NULL ? ": " : "", advice != NULL ? advice : "",
        !lost                ? ""
        : server->committing ? " (the link was lost before the answer, so it may be stored;"
                               " quantbot runs list tells)"
                             : " (the link to the server is lost, nothing was stored; try again)");
    return FALSE;
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* FALSE at the end of the time, or when the connection is broken. */
static gboolean wait_for(int descriptor, short events, gint64 until_us)
{
    for (;;) {
        const gint64 left_us = until_us - clock_monotonic_us();
        struct pollfd one = {.fd = descriptor, .events = events};
        if (left_us <= 0 || descriptor < 0)
            return FALSE;
        const int ready = poll(&one, 1, (int)(left_us / 1000 + 1));
        if (ready > 0)
            return TRUE;
        if (ready < 0 && errno != EINTR)
            return FALSE;
    }
}

/* Sends what is held and takes what comes, once. FALSE when the link is lost; one that is silent
 * for too long is cut, so that it is lost for libpq too. */
static gboolean exchange(postgres *self, gboolean flushed)
{
    const libpq *pq = self->pq;
    const int descriptor = pq->PQsocket(self->connection);
    const gint64 until_us = clock_monotonic_us() + self->answer_ms * INT64_C(1000);
    if (!wait_for(descriptor, flushed ? POLLIN : POLLIN | POLLOUT, until_us)) {
        self->unheard = descriptor >= 0;
        shutdown(descriptor, SHUT_RDWR);
    }
    return pq->PQconsumeInput(self->connection);
}

gboolean postgres_flush(runlog *self)
{
    postgres *server = self->server;
    int held;
    while ((held = server->pq->PQflush(server->connection)) > 0)
        if (!exchange(server, FALSE))
            return FALSE;
    return held == 0;
}

static PGresult *next_result(postgres *self, gboolean *out_ok)
{
    const libpq *pq = self->pq;
    *out_ok = TRUE;
    for (;;) {
        const int held = pq->PQflush(self->connection);
        if (held == 0 && !pq->PQisBusy(self->connection))
            break;
        if (held < 0 || !exchange(self, held == 0)) {
            *out_ok = FALSE;
            break; /* what libpq makes of it comes as a result */
        }
    }
    if (!*out_ok && pq->PQisBusy(self->connection))
        return NULL;
    return pq->PQgetResult(self->connection);
}

PGresult *postgres_result(runlog *self, gboolean *out_ok)
{
    return next_result(self->server, out_ok);
}

gboolean postgres_drain(runlog *self, const char *what, GError **error)
{
    const libpq *pq = self->server->pq;
    gboolean ok = TRUE, heard = TRUE;
    PGresult *result;
    while ((result = postgres_result(self, &heard)) != NULL) {
        const ExecStatusType status = pq->PQresultStatus(result);
        if (ok && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
            status != PGRES_SINGLE_TUPLE)
            ok = postgres_fail(self, result, what, error);
        pq->PQclear(result);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
            return postgres_fail(self, NULL, what, ok ? error : NULL);
    }
    if (ok && !heard)
        ok = postgres_fail(self, NULL, what, error);
    return ok;
}

gboolean postgres_run(runlog *self, const char *sql, GError **error)
{
    postgres *server = self->server;
    if (!server->pq->PQsendQuery(server->connection, sql))
        return postgres_fail(self, NULL, "statement", error);
    return postgres_drain(self, "statement", error);
}

/* ---- sending -------------------------------------------------------------------------------- */

char *postgres_clean(const char *text, gsize size)
{
    if (memchr(text, '\0', size) == NULL && g_utf8_validate_len(text, size, NULL))
        return NULL;
    char *copy = g_utf8_make_valid(text, (gssize)size);
    return copy;
}

#define PARAMETERS_MAX 8

gboolean postgres_send(runlog *self, const char *what, const char *sql, const value *values,
                       guint count, GError **error)
{
    static const Oid types[] = {[VALUE_TEXT] = POSTGRES_TEXT,
                                [VALUE_INTEGER] = POSTGRES_INT8,
                                [VALUE_STAMP] = POSTGRES_TIMESTAMPTZ};
    postgres *server = self->server;
    Oid oids[PARAMETERS_MAX];
    const char *data[PARAMETERS_MAX];
    int sizes[PARAMETERS_MAX] = {0}, formats[PARAMETERS_MAX];
    gint64 big[PARAMETERS_MAX];
    g_assert(count <= PARAMETERS_MAX);
    for (guint i = 0; i < count; i++) {
        const gboolean text = values[i].kind == VALUE_TEXT;
        const gint64 epoch_us = values[i].kind == VALUE_STAMP ? POSTGRES_EPOCH_US : 0;
        oids[i] = types[values[i].kind];
        big[i] = GINT64_TO_BE(values[i].integer - epoch_us);
        data[i] = values[i].none ? NULL : text ? values[i].text : (const char *)&big[i];
        sizes[i] = text ? 0 : (int)sizeof big[i];
        formats[i] = !text;
    }
    if (!server->pq->PQsendQueryParams(server->connection, sql, (int)count, oids, data, sizes,
                                       formats, 1))
        return postgres_fail(self, NULL, what, error);
    return TRUE;
}

/* ---- transactions --------------------------------------------------------------------------- */

static gboolean begin(runlog *self, const char *sql, GError **error)
{
    if (!postgres_revive(self, error) || !postgres_run(self, sql, error))
        return FALSE;
    self->server->inside = TRUE;
    return TRUE;
}

gboolean postgres_begin(runlog *self, GError **error)
{
    const value wait = value_integer(self->wait_ms);
    if (!begin(self,
               self->server->reading
                   ? "BEGIN TRANSACTION READ ONLY"
                   : "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '120s';"
                     " SET LOCAL synchronous_commit = on",
               error))
        return FALSE;
    if (postgres_send(self, "begin",
                      "SELECT set_config('lock_timeout', greatest($1, 1)::text, true)", &wait, 1,
                      error) &&
        postgres_drain(self, "begin", error))
        return TRUE;
    return postgres_end(self, FALSE, NULL);
}

gboolean postgres_look(runlog *self, GError **error)
{
    return begin(self, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", error);
}

/* A transaction that has failed inside answers COMMIT with ROLLBACK and no error. */
static gboolean commit(runlog *self, GError **error)
{
    postgres *server = self->server;
    const libpq *pq = server->pq;
    gboolean heard = TRUE, done = FALSE, refused = FALSE;
    PGresult *result;
    if (!pq->PQsendQuery(server->connection, "COMMIT"))
        return postgres_fail(self, NULL, "commit", error);
    server->committing = TRUE;
    while ((result = postgres_result(self, &heard)) != NULL) {
        const gboolean ended = pq->PQresultStatus(result) == PGRES_COMMAND_OK;
        done = ended && strcmp(pq->PQcmdStatus(result), "COMMIT") == 0;
        if (!ended && !refused)
            refused = !postgres_fail(self, result, "commit", error);
        pq->PQclear(result);
    }
    if (done)
        return TRUE;
    return refused ? FALSE : postgres_fail(self, NULL, "commit", error);
}

gboolean postgres_end(runlog *self, gboolean ok, GError **error)
{
    postgres *server = self->server;
    const gboolean done = ok && commit(self, error);
    server->committing = FALSE;
    server->inside = FALSE;
    if (!done && server->pq->PQstatus(server->connection) == CONNECTION_OK &&
        server->pq->PQtransactionStatus(server->connection) != PQTRANS_IDLE)
        postgres_run(self, "ROLLBACK", NULL);
    return done;
}

/* ---- connecting ----------------------------------------------------------------------------- */

static const char *given(const runlog_server *server, const char *keyword)
{
    for (gsize i = 0; server->keywords[i] != NULL; i++)
        if (strcmp(server->keywords[i], keyword) == 0)
            return server->values[i];
    return NULL;
}

static void put(GPtrArray *keywords, GPtrArray *values, const char *keyword, const char *value)
{
    g_ptr_array_add(keywords, g_strdup(keyword));
    g_ptr_array_add(values, g_strdup(value));
}

/* Ours first, then the user's: of two the later counts. TLS comes last. */
static void compose(postgres *self, const runlog_server *server)
{
    GPtrArray *keywords = g_ptr_array_new(), *values = g_ptr_array_new();
    const char *mode = given(server, "sslmode"), *root = given(server, "sslrootcert");
    static const char *const ours[][2] = {
        {"fallback_application_name", "quantbot"},
        {"keepalives", "1"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "20000"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++)
        put(keywords, values, ours[i][0], ours[i][1]);
    for (gsize i = 0; server->keywords[i] != NULL; i++)
        if (strcmp(server->keywords[i], "sslmode") != 0 &&
            strcmp(server->keywords[i], "sslrootcert") != 0)
            put(keywords, values, server->keywords[i], server->values[i]);
    put(keywords, values, "client_encoding", "UTF8");
    self->raised = !server->local && !server->tls_as_given && g_strcmp0(mode, "verify-full") != 0;
    if (self->raised)
        mode = "verify-full";
    if (mode != NULL)
        put(keywords, values, "sslmode", mode);
    /* libpq 16 and newer know "system"; the file serves older ones too. */
    const gboolean verified = mode != NULL && g_str_has_prefix(mode, "verify");
    if (verified && (root == NULL || strcmp(root, "system") == 0) && files_exists(CA_FILE))
        root = CA_FILE;
    if (root != NULL)
        put(keywords, values, "sslrootcert", root);
    g_ptr_array_add(keywords, NULL);
    g_ptr_array_add(values, NULL);
    self->keywords = (char **)g_ptr_array_free(keywords, FALSE);
    self->values = (char **)g_ptr_array_free(values, FALSE);
}

/* ": FATAL:  28P01: why", as PQERRORS_VERBOSE has it. NULL where no server said it. */
static char *state_in(const char *message)
{
    g_autoptr(GRegex) form = g_regex_new("[A-Z]+:  ([0-9A-Z]{5}): ", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    return g_regex_match(form, message, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

static gboolean is_about_tls(const char *message)
{
    return strstr(message, "SSL") != NULL || strstr(message, "certificate") != NULL;
}

static void ignore_notice(void *unused, const char *message)
{
}

#define TLS_ADVICE                                                                              \
    " (the server's certificate and name are verified; sslrootcert=FILE in DATABASE_URL names " \
    "another authority, QUANTBOT_DATABASE_TLS=as-given takes sslmode as it is written)"

static gboolean fail_to_connect(postgres *self, gboolean in_time, GError **error)
{
    const char *message = self->pq->PQerrorMessage(self->connection);
    g_autofree char *state = state_in(message);
    g_autofree char *why = in_time ? first_line(message)
                                   : g_strdup_printf("no answer within %d s",
                                                     POSTGRES_CONNECT_MS / 1000);
    const gboolean tls = in_time && is_about_tls(message);
    self->reach = state != NULL ? reach_of(state) : tls ? RUNLOG_REFUSED : RUNLOG_AWAY;
    g_set_error(error, FAILURE, FAILURE_DATABASE, "%s: %s%s", self->name, why,
                tls && self->raised ? TLS_ADVICE : "");
    return FALSE;
}

/* Nothing that is sent may wait for ever, so libpq does not wait. Compiling our short questions
 * takes ten times as long as answering them; behind a pooler the session is not ours to set. */
static gboolean calm(postgres *self)
{
    gboolean heard = TRUE;
    PGresult *result;
    const guint answer_ms = self->answer_ms;
    self->pq->PQsetnonblocking(self->connection, 1);
    if (self->pooled || !self->pq->PQsendQuery(self->connection, "SET jit = off"))
        return TRUE;
    self->answer_ms = MIN(answer_ms, POSTGRES_CONNECT_MS);
    while ((result = next_result(self, &heard)) != NULL)
        self->pq->PQclear(result);
    self->answer_ms = answer_ms;
    return heard;
}

/* As PQconnectdb does it, but with an end that counts all addresses and phases together. */
static gboolean dial(postgres *self, GError **error)
{
    const libpq *pq = self->pq;
    const gint64 until_us = clock_monotonic_us() + POSTGRES_CONNECT_MS * INT64_C(1000);
    PostgresPollingStatusType phase = PGRES_POLLING_WRITING;
    gboolean in_time = TRUE;
    g_clear_pointer(&self->connection, pq->PQfinish);
    self->unheard = FALSE;
    self->connection = pq->PQconnectStartParams((const char *const *)self->keywords,
                                                (const char *const *)self->values, 0);
    g_assert(self->connection != NULL);
    pq->PQsetNoticeProcessor(self->connection, ignore_notice, NULL);
    pq->PQsetErrorVerbosity(self->connection, PQERRORS_VERBOSE);
    if (pq->PQstatus(self->connection) == CONNECTION_BAD)
        return fail_to_connect(self, TRUE, error);
    while (in_time && phase != PGRES_POLLING_OK && phase != PGRES_POLLING_FAILED) {
        in_time = wait_for(pq->PQsocket(self->connection),
                           phase == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_us);
        if (in_time)
            phase = pq->PQconnectPoll(self->connection);
    }
    if (phase != PGRES_POLLING_OK)
        return fail_to_connect(self, in_time, error);
    self->reach = RUNLOG_REACHED;
    return calm(self) || fail_to_connect(self, FALSE, error);
}

postgres *postgres_connect(const runlog_server *server, runlog_reach *out_reach, GError **error)
{
    const libpq *pq = libpq_load(error);
    *out_reach = RUNLOG_REFUSED;
    if (pq == NULL)
        return NULL;
    g_autoptr(postgres) self = g_new0(postgres, 1);
    self->pq = pq;
    self->name = g_strdup(server->name);
    self->pooled = server->pooled;
    self->answer_ms = POSTGRES_CONNECT_MS; /* until it is known to answer: postgres_prepare */
    compose(self, server);
    const gboolean ok = dial(self, error);
    *out_reach = self->reach;
    return ok ? g_steal_pointer(&self) : NULL;
}

gboolean postgres_revive(runlog *self, GError **error)
{
    postgres *server = self->server;
    if (server->pq->PQstatus(server->connection) == CONNECTION_OK)
        return TRUE;
    g_assert(!server->inside);
    return dial(server, error);
}

void postgres_free(postgres *self)
{
    if (self == NULL)
        return;
    if (self->connection != NULL)
        self->pq->PQfinish(self->connection);
    for (char **value = self->values; value != NULL && *value != NULL; value++)
        explicit_bzero(*value, strlen(*value));
    g_strfreev(self->keywords);
    g_strfreev(self->values);
    g_free(self->name);
    g_free(self);
}
