/* Where a test's run log lives: a SQLite file in a folder of its own, or a schema of its own in a
 * real PostgreSQL. A test is written once and run in each; what stands in the tables is asked of
 * SQLite and libpq directly. */
#ifndef HOMES_H
#define HOMES_H

#include "sample.h"
#include "server.h"

typedef struct home {
    runlog_store store;
    sample_folder folder; /* its path is the SQLite file's; else the folder is empty */
    char *schema;         /* PostgreSQL's */
} home;
typedef void (*home_test)(home *self, gconstpointer data);

/* Registers "/runlog/sqlite/NAME" and "/runlog/postgres/NAME". The server is started by the first
 * test that wants it; where none is installed those are skipped with a line. data is borrowed. */
void homes_add(const char *name, home_test test, gconstpointer data);
/* One of them. */
void homes_add_to(runlog_store store, const char *name, home_test test, gconstpointer data);
/* g_test_run; stops the server. */
int homes_run(void);
/* The server of this program; NULL where there is none. */
server *homes_server(void);

/* Opened for writing; the tables are made where they are absent. */
runlog *home_open(const home *self);
/* NULL on failure. */
runlog *home_try(const home *self, gboolean writing, GError **error);
const runlog_server *home_place(const home *self); /* PostgreSQL's; lives as long as the server */
/* What messages call it, here and in the program, which has it from DATABASE_URL. */
const char *home_name(const home *self);
const char *home_address(const home *self);
/* DATABASE_URL of it. Caller frees. */
char *home_url(const home *self);

/* The whole answer: a line a row, "|" between cells, "-" for none. Of either SQL there are
 * functions stamp(ts), "2020-01-01 00:00:00.000000" UTC, and micros(ts), microseconds since 1970.
 * Caller frees. */
char *home_ask(const home *self, const char *sql);
gint64 home_count(const home *self, const char *sql);
void home_sql(const home *self, const char *sql);
/* Whole runs only, from `least` to `most` of them, each with its rows and so many equity points,
 * and a sound file; `where` tells which case fails. Returns how many. */
gint64 home_expect_runs(const home *self, gint64 least, gint64 most, gint64 points,
                        const char *where);

#endif
