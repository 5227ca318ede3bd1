/* A fault or a death at the k-th system call that changes something on disk. */
#ifndef CACHE_INJECTION_H
#define CACHE_INJECTION_H

#include <glib.h>

typedef struct injection_plan {
    int countdown;           /* the call at which it happens, from 1 */
    gboolean kill, forever;  /* SIGKILL there; the fault at every call from there on */
    int fault;               /* errno, or FILES_SHORT_WRITE */
    void (*instead)(void *); /* or this is done before the call, which goes on */
    void *data;
    gboolean happened;
} injection_plan;
extern injection_plan injection;

/* From here on, or (countdown 0) no more. */
void injection_begin(injection_plan plan);
void injection_end(void);

/* Runs work in a child that dies at its call number at_call. TRUE when it died there; else it
 * returned 0, or the test fails. */
gboolean injection_die(int at_call, int (*work)(void *), void *data);

#endif
