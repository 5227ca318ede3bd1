#include "server.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER "quantbot"
#define PORT "5432"

struct server {
    char *binaries, *folder, *data;
    gboolean as_root;
    GPid pooler, guard;
    int guard_input;
    guint schemas;
    GPtrArray *places; /* of place */
    GMutex adding;     /* to them */
    char *more;        /* options; NULL: none */
};

typedef struct place {
    runlog_server server;
    const char *keywords[8], *values[8];
    char *options;
} place;

/* ---- programs ------------------------------------------------------------------------------- */

/* The newest version of Debian's layout, or what is on the path. Caller frees. */
static char *find_binaries(void)
{
    char *best = NULL;
    gint64 newest = 0;
    g_autoptr(GDir) versions = g_dir_open("/usr/lib/postgresql", 0, NULL);
    for (const char *name; versions != NULL && (name = g_dir_read_name(versions)) != NULL;) {
        g_autofree char *folder = g_build_filename("/usr/lib/postgresql", name, "bin", NULL);
        g_autofree char *program = g_build_filename(folder, "postgres", NULL);
        const gint64 version = g_ascii_strtoll(name, NULL, 10);
        if (version <= newest || !g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
            continue;
        newest = version;
        g_free(best);
        best = g_steal_pointer(&folder);
    }
    if (best == NULL) {
        g_autofree char *program = g_find_program_in_path("initdb");
        best = program != NULL ? g_path_get_dirname(program) : NULL;
    }
    return best;
}

static void add_user(const server *self, GPtrArray *words)
{
    static const char *const drop[] = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                       "--init-groups"};
    for (gsize i = 0; self->as_root && i < G_N_ELEMENTS(drop); i++)
        g_ptr_array_add(words, g_strdup(drop[i]));
}

static gboolean run(const server *self, const char *program, ...)
{
    va_list rest;
    int status = 0;
    g_autofree char *out = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    add_user(self, words);
    g_ptr_array_add(words, g_build_filename(self->binaries, program, NULL));
    va_start(rest, program);
    for (const char *word; (word = va_arg(rest, const char *)) != NULL;)
        g_ptr_array_add(words, g_strdup(word));
    va_end(rest);
    g_ptr_array_add(words, NULL);
    if (!g_spawn_sync(self->folder, (char **)words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                      &out, &errors, &status, &error) ||
        status != 0) {
        g_test_message("%s: %s%s", program, error != NULL ? error->message : "", errors);
        return FALSE;
    }
    return TRUE;
}

/* ---- life ----------------------------------------------------------------------------------- */

static gboolean start(server *self)
{
    g_autofree char *log = g_build_filename(self->folder, "log", NULL);
    g_autofree char *options =
        g_strdup_printf("-c listen_addresses='' -c unix_socket_directories=%s,%s/x -c fsync=off"
                        " -c max_connections=40 -c shared_buffers=64MB -c max_wal_size=4GB"
                        " -c log_min_messages=fatal %s",
                        self->folder, self->folder, self->more != NULL ? self->more : "");
    return run(self, "pg_ctl", "-w", "-D", self->data, "-l", log, "-o", options, "start", NULL);
}

/* A shell that outlives us, if only until its input closes: then it stops the server and removes
 * the folder, so that a test that dies leaves nothing behind. */
static void start_guard(server *self)
{
    static const char script[] =
        "cat >/dev/null; [ ! -e pooler.pid ] || kill -9 $(cat pooler.pid) 2>/dev/null;"
        " $1 \"$2/pg_ctl\" -D data -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf \"$3\"";
    const char *drop = self->as_root ? "setpriv --reuid=postgres --regid=postgres --init-groups"
                                     : "";
    const char *const words[] = {"setsid", "sh",           "-c",         script, "guard",
                                 drop,     self->binaries, self->folder, NULL};
    g_assert_true(g_spawn_async_with_pipes(
        self->folder, (char **)words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
        NULL, &self->guard, &self->guard_input, NULL, NULL, NULL));
}

server *server_start(const char **out_why)
{
    const struct passwd *user = getpwnam("postgres");
    server *self = g_new0(server, 1);
    self->binaries = find_binaries();
    self->as_root = geteuid() == 0;
    self->places = g_ptr_array_new();
    *out_why = self->binaries == NULL ? "no PostgreSQL server is installed (postgresql)"
               : self->as_root && user == NULL
                   ? "no user postgres to run the server as (root may not)"
                   : NULL;
    if (*out_why != NULL) {
        server_free(self);
        return NULL;
    }
    self->folder = g_dir_make_tmp("qbpg-XXXXXX", NULL);
    g_assert_nonnull(self->folder);
    self->data = g_build_filename(self->folder, "data", NULL);
    g_autofree char *direct = g_build_filename(self->folder, "x", NULL);
    g_mkdir(direct, 0755);
    server_owns(self, self->folder);
    server_owns(self, direct);
    g_assert_true(run(self, "initdb", "-D", self->data, "-U", USER, "--auth=trust", "--no-sync",
                      "--data-checksums", "-E", "UTF8", "--locale=C.UTF-8", NULL));
    start_guard(self);
    g_assert_true(start(self));
    return self;
}

void server_stop(server *self, const char *mode)
{
    run(self, "pg_ctl", "-w", "-D", self->data, "-m", mode, "stop", NULL);
}

void server_go_on(server *self)
{
    g_assert_true(start(self));
}

void server_freeze(server *self, gboolean frozen)
{
    g_autofree char *path = g_build_filename(self->data, "postmaster.pid", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    const pid_t pid = (pid_t)g_ascii_strtoll(text, NULL, 10); /* its first line */
    g_assert_cmpint(pid, >, 1);
    g_assert_cmpint(kill(pid, frozen ? SIGSTOP : SIGCONT), ==, 0);
}

static void free_place(gpointer object)
{
    place *self = object;
    g_free(self->options);
    g_free(self);
}

void server_free(server *self)
{
    if (self == NULL)
        return;
    if (self->guard != 0) {
        close(self->guard_input);
        waitpid(self->guard, NULL, 0);
    }
    if (self->pooler != 0)
        waitpid(self->pooler, NULL, 0);
    g_ptr_array_set_free_func(self->places, free_place);
    g_ptr_array_unref(self->places);
    g_free(self->binaries);
    g_free(self->folder);
    g_free(self->data);
    g_free(self->more);
    g_free(self);
}

const char *server_folder(const server *self)
{
    return self->folder;
}

void server_owns(const server *self, const char *path)
{
    const struct passwd *user = getpwnam("postgres");
    if (self->as_root)
        g_assert_cmpint(chown(path, user->pw_uid, user->pw_gid), ==, 0);
}

/* ---- TLS ------------------------------------------------------------------------------------ */

static guint16 free_port(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    const guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_socket_listener_close(listener);
    return port;
}

static gboolean make_certificate(const server *self, const char *certificate, const char *key)
{
    int status = 0;
    const char *const words[] = {"openssl",
                                 "req",
                                 "-new",
                                 "-x509",
                                 "-nodes",
                                 "-days",
                                 "2",
                                 "-subj",
                                 "/CN=pgtest.example",
                                 "-addext",
                                 "subjectAltName=DNS:pgtest.example",
                                 "-out",
                                 certificate,
                                 "-keyout",
                                 key,
                                 NULL};
    return g_spawn_sync(self->folder, (char **)words, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                            G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL) &&
           status == 0;
}

gboolean server_use_tls(server *self, guint16 *out_port, char **out_certificate)
{
    g_autofree char *certificate = g_build_filename(self->folder, "server.crt", NULL);
    g_autofree char *key = g_build_filename(self->folder, "server.key", NULL);
    if (!make_certificate(self, certificate, key))
        return FALSE;
    g_chmod(key, 0600);
    server_owns(self, key);
    server_owns(self, certificate);
    *out_port = free_port();
    self->more = g_strdup_printf("-c ssl=on -c ssl_cert_file=%s -c ssl_key_file=%s"
                                 " -c listen_addresses=127.0.0.1 -c port=%u",
                                 certificate, key, *out_port);
    server_stop(self, "fast");
    server_go_on(self);
    *out_certificate = g_steal_pointer(&certificate);
    return TRUE;
}

/* ---- pooler --------------------------------------------------------------------------------- */

static char *write_pooler_file(const server *self)
{
    g_autofree char *users = g_build_filename(self->folder, "users", NULL);
    char *path = g_build_filename(self->folder, "pooler.ini", NULL);
    g_autofree char *text = g_strdup_printf("[databases]\n* = host=%s port=" PORT "\n"
                                            "[pgbouncer]\nlisten_addr =\nlisten_port = " PORT
                                            "\nunix_socket_dir = %s/x-pooler\nauth_type = trust\n"
                                            "auth_file = %s\npool_mode = transaction\n"
                                            "default_pool_size = 4\nlogfile = %s/pooler.log\n"
                                            "pidfile = %s/pooler.pid\n",
                                            self->folder, self->folder, users, self->folder,
                                            self->folder);
    g_assert_true(g_file_set_contents(users, "\"" USER "\" \"\"\n", -1, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static gboolean pooler_answers(const server *self)
{
    g_autofree char *socket = g_strdup_printf("%s/x-pooler/.s.PGSQL." PORT, self->folder);
    return g_file_test(socket, G_FILE_TEST_EXISTS);
}

gboolean server_start_pooler(server *self)
{
    g_autofree char *program = g_find_program_in_path("pgbouncer");
    if (program == NULL && g_file_test("/usr/sbin/pgbouncer", G_FILE_TEST_IS_EXECUTABLE))
        program = g_strdup("/usr/sbin/pgbouncer");
    if (program == NULL)
        return FALSE;
    g_autofree char *file = write_pooler_file(self);
    g_autofree char *sockets = g_build_filename(self->folder, "x-pooler", NULL);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_mkdir(sockets, 0755);
    server_owns(self, sockets);
    g_chmod(file, 0644);
    add_user(self, words);
    g_ptr_array_add(words, g_strdup(program));
    g_ptr_array_add(words, g_strdup("-q"));
    g_ptr_array_add(words, g_strdup(file));
    g_ptr_array_add(words, NULL);
    g_assert_true(g_spawn_async(self->folder, (char **)words->pdata, NULL,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                    G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                                NULL, NULL, &self->pooler, NULL));
    for (int i = 0; i < 500 && !pooler_answers(self); i++)
        g_usleep(10000);
    return pooler_answers(self);
}

/* ---- places --------------------------------------------------------------------------------- */

static place *add_place(server *self, const char *host, const char *port)
{
    place *made = g_new0(place, 1);
    const char *const pairs[][2] = {
        {"host", host}, {"port", port}, {"user", USER}, {"dbname", "postgres"}};
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        made->keywords[i] = pairs[i][0];
        made->values[i] = pairs[i][1];
    }
    made->server = (runlog_server){
        .keywords = made->keywords, .values = made->values, .name = SERVER_NAME, .local = TRUE};
    g_mutex_lock(&self->adding);
    g_ptr_array_add(self->places, made);
    g_mutex_unlock(&self->adding);
    return made;
}

char *server_new_schema(server *self)
{
    char *schema = g_strdup_printf("test_%u", ++self->schemas);
    g_autofree char *sql = g_strdup_printf("CREATE SCHEMA %s", schema);
    server_sql(self, NULL, sql);
    return schema;
}

const runlog_server *server_place_via(server *self, const char *schema, const char *folder,
                                      const char *options)
{
    place *made = add_place(self, folder != NULL ? folder : self->folder, PORT);
    made->options = g_strdup_printf("-c search_path=%s %s", schema != NULL ? schema : "public",
                                    options != NULL ? options : "");
    made->keywords[4] = "options";
    made->values[4] = made->options;
    return &made->server;
}

const runlog_server *server_place(server *self, const char *schema)
{
    return server_place_via(self, schema, NULL, NULL);
}

char *server_url(server *self, const char *schema)
{
    return g_strdup_printf("postgresql+psycopg2://" USER ":pencil77@/postgres?host=%s"
                           "&options=-c%%20search_path%%3D%s",
                           self->folder, schema);
}

const runlog_server *server_pooled_place(server *self, const char *database)
{
    place *made = add_place(self, NULL, PORT);
    made->options = g_build_filename(self->folder, "x-pooler", NULL);
    made->values[0] = made->options;
    made->values[3] = database;
    made->server.pooled = TRUE;
    return &made->server;
}

/* ---- asking --------------------------------------------------------------------------------- */

static PGconn *connect_as(server *self, const char *schema)
{
    g_autofree char *options = g_strdup_printf("-c search_path=%s",
                                               schema != NULL ? schema : "public");
    const char *const keywords[] = {"host", "port", "user", "dbname", "options", NULL};
    const char *const values[] = {self->folder, PORT, USER, "postgres", options, NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 0);
    g_assert_cmpint(PQstatus(connection), ==, CONNECTION_OK);
    PQsetErrorVerbosity(connection, PQERRORS_TERSE);
    return connection;
}

static void ignore(void *unused, const char *message)
{
}

static PGresult *answer_of(PGconn *connection, const char *sql)
{
    PQsetNoticeProcessor(connection, ignore, NULL);
    PGresult *result = PQexec(connection, sql);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        g_error("%s: %s", sql, PQresultErrorMessage(result));
    return result;
}

char *server_ask(server *self, const char *schema, const char *sql)
{
    PGconn *connection = connect_as(self, schema);
    PGresult *result = answer_of(connection, sql);
    char *answer = PQntuples(result) > 0 && !PQgetisnull(result, 0, 0)
                       ? g_strdup(PQgetvalue(result, 0, 0))
                       : NULL;
    PQclear(result);
    PQfinish(connection);
    return answer;
}

char *server_lines(server *self, const char *schema, const char *sql)
{
    GString *lines = g_string_new(NULL);
    PGconn *connection = connect_as(self, schema);
    PGresult *result = answer_of(connection, sql);
    for (int row = 0; row < PQntuples(result); row++) {
        g_string_append(lines, row > 0 ? "\n" : "");
        for (int i = 0; i < PQnfields(result); i++)
            g_string_append_printf(lines, "%s%s", i > 0 ? "|" : "",
                                   PQgetisnull(result, row, i) ? "-" : PQgetvalue(result, row, i));
    }
    PQclear(result);
    PQfinish(connection);
    return g_string_free(lines, FALSE);
}

void server_sql(server *self, const char *schema, const char *sql)
{
    g_free(server_ask(self, schema, sql));
}

gpointer server_hold(server *self, const char *schema, const char *sql)
{
    PGconn *connection = connect_as(self, schema);
    PQclear(answer_of(connection, sql));
    return connection;
}

void server_release(gpointer session)
{
    PQfinish(session);
}

char *server_file_of(server *self, const char *schema, const char *name)
{
    g_autofree char *sql = g_strdup_printf("SELECT pg_relation_filepath('%s')", name);
    g_autofree char *path = server_ask(self, schema, sql);
    return g_build_filename(self->data, path, NULL);
}
