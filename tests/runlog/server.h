/* A real PostgreSQL for tests: a throw-away cluster on a private socket, run by an unprivileged
 * user, stopped and removed at the end; and PgBouncer in transaction mode before it. */
#ifndef SERVER_H
#define SERVER_H

#include "runlog/runlog.h"

typedef struct server server;
/* NULL where the binaries are absent, with a reason in *out_why (static). */
server *server_start(const char **out_why);
/* PgBouncer before it; FALSE where it is absent. Its clients use a host with -pooler in its
 * name. */
gboolean server_start_pooler(server *self);
void server_free(server *self);
/* pg_ctl stop: "fast", or "immediate", which is a crash. */
void server_stop(server *self, const char *mode);
void server_go_on(server *self);
/* Stops the process that takes connections, as an overloaded host does: sessions go on, and new ones
 * wait. FALSE: lets it go on. */
void server_freeze(server *self, gboolean frozen);
/* Starts it anew with TLS on a free port of loopback, with a certificate of its own for the name
 * pgtest.example. FALSE where openssl is absent. */
gboolean server_use_tls(server *self, guint16 *out_port, char **out_certificate);
const char *server_folder(const server *self); /* of the socket */
/* The file of a table or index of the schema (of the default tablespace). Caller frees. */
char *server_file_of(server *self, const char *schema, const char *name);
/* Makes the file or folder the server's user's. */
void server_owns(const server *self, const char *path);

/* A schema of its own for one test. Caller frees. */
char *server_new_schema(server *self);
/* The parameters that lead there, in arrays that live as long as the server; messages call it
 * SERVER_NAME. */
#define SERVER_NAME "test-server/postgres"
const runlog_server *server_place(server *self, const char *schema);
/* The same over a socket in another folder (of a relay; NULL: its own), with more of libpq's
 * "options" (NULL: none). */
const runlog_server *server_place_via(server *self, const char *schema, const char *folder,
                                      const char *options);
/* DATABASE_URL of it, with a password, pencil77, that nobody asks for. Caller frees. */
char *server_url(server *self, const char *schema);
const runlog_server *server_pooled_place(server *self, const char *database);

/* By a connection of their own; schema NULL: the default. First column of the first row, NULL for
 * none; caller frees. */
char *server_ask(server *self, const char *schema, const char *sql);
void server_sql(server *self, const char *schema, const char *sql);
/* A session that has said this and stays; it ends, unfinished, with server_release. */
gpointer server_hold(server *self, const char *schema, const char *sql);
void server_release(gpointer session);
/* Every row: a line each, "|" between cells, "-" for none. Caller frees. */
char *server_lines(server *self, const char *schema, const char *sql);

#endif
