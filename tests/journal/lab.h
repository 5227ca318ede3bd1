/* A folder of journals and a script that fills them: order, fill and equity point in turn, the same
 * every time. */
#ifndef JOURNAL_LAB_H
#define JOURNAL_LAB_H

#include "journal/outbox.h"

#define LAB_RUN "0190a0b0-0000-7000-8000-000000000001"
#define LAB_NOW_US (INT64_C(1700000000) * 1000000) /* 2023-11-14 22:13:20 UTC */
#define LAB_SECOND_US INT64_C(1000000)

/* First in main: files in memory where there is such a place. A kill loses no page of the kernel's,
 * so nothing is proven less, and hundreds of points are tried in seconds. */
void lab_in_memory(void);

typedef struct lab {
    char *folder;  /* a data directory; removed at the end, with all in it */
    char *paper;   /* of the journals */
    char *journal; /* the file of LAB_RUN */
    char *control; /* the file */
    char *log;     /* the run log's file */
} lab;
void lab_open(lab *self, gconstpointer unused);
void lab_close(lab *self, gconstpointer unused);

/* The run's row, as it begins. */
gboolean lab_start(journal *journal, GError **error);
/* Step n = 1, 2, ...: an order submitted, its fill, its end, and an equity point, at one
 * instant. */
#define LAB_STEP_EVENTS 4
gboolean lab_step(journal *journal, guint64 n, GError **error);
/* The run's row, as it ended. */
gboolean lab_end(journal *journal, GError **error);
/* SHA-256 of what `steps` steps mean in the run log, from the script's own numbers. Caller
 * frees. */
char *lab_expected(guint64 steps);
/* The same from a run log's rows. Caller frees. */
char *lab_found(const char *log);

/* Opens; a failure fails the test. */
journal *lab_journal(const lab *self, control *control);
control *lab_control(const lab *self);
runlog *lab_log(const lab *self);
/* All of the journal, to the run log, with a target that works. */
void lab_carry(const lab *self);

/* What the program said, run in the lab's folder. */
typedef struct lab_answer {
    char *out, *errors;
    int code; /* -1: killed by a signal */
} lab_answer;
/* words are NULL-terminated, without the program's name; url is its DATABASE_URL. */
lab_answer lab_program(const lab *self, const char *url, const char *const *words);
void lab_answer_clear(lab_answer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(lab_answer, lab_answer_clear)

/* With a connection of its own. */
void lab_sql(const char *path, const char *sql);
char *lab_ask(const char *path, const char *sql);
gint64 lab_count(const char *path, const char *sql);

#endif
