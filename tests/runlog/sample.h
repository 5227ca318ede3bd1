/* Runs to log: the same events for the same seed, in the order an engine would give them. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "platform/failure.h"
#include "runlog/runlog.h"

#include <sqlite3.h>
#include <string.h>

#define SAMPLE_INSTRUMENTS 2
extern const char *const sample_symbols[SAMPLE_INSTRUMENTS];
#define SAMPLE_START_US (INT64_C(1577836800) * 1000000) /* 2020-01-01 00:00 UTC */
#define SAMPLE_STEP_US (60 * INT64_C(1000000))

/* `steps` equity points, a minute apart; an order with its fill, trade and decision every
 * `every` steps (0: none). Every seventh order is rejected, the last one stays open. */
void sample_feed(const qb_sink *sink, guint steps, guint every, guint64 seed);
/* Holdings to go with it; borrowed, static. */
const qb_portfolio *sample_portfolio(void);
#define SAMPLE_KPIS "{\"sharpe\":0.98}"

/* Opens a writer, feeds it and commits. The run's id, or NULL. */
char *sample_log_run(runlog *log, const char *id, const char *mode, gint64 started_us, guint steps,
                     guint every, GError **error);

/* The same, where nothing may go wrong. */
void sample_log(runlog *log, const char *id, const char *mode, gint64 started_us, guint steps,
                guint every);

/* The error is one of ours with that code, and says that; it is cleared. */
#define ASSERT_FAILS(error, code_, part)                                   \
    do {                                                                   \
        g_assert_error(error, FAILURE, code_);                             \
        if (strstr((error)->message, part) == NULL)                        \
            g_error("\"%s\" does not say \"%s\"", (error)->message, part); \
        g_clear_error(&(error));                                           \
    } while (0)

/* ---- folders and files ---------------------------------------------------------------------- */

typedef struct sample_folder {
    char *folder, *path; /* path: of the database in it */
} sample_folder;
void sample_folder_make(sample_folder *self, gconstpointer unused);
void sample_folder_remove(sample_folder *self, gconstpointer unused);
/* Names in the folder, sorted, joined by a space. Caller frees. */
char *sample_names(const sample_folder *self);

/* Runs SQL on the file with a connection of its own. */
void sample_sql(const char *path, const char *sql);
/* First column of the first row; NULL when there is none. Caller frees. */
char *sample_ask(const char *path, const char *sql);
gint64 sample_count(const char *path, const char *sql);

#endif
