/* A test harness for pure C: checks, and a TAP report on standard output. No GLib, since core
 * is built and tested without it. A test is a function; a failed check prints its line and marks
 * the test, the function goes on. */
#ifndef TAP_H
#define TAP_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tap_case {
    const char *name; /* "/room/what/case" */
    void (*run)(void);
} tap_case;

extern int tap_failed;          /* checks failed in the test under way */
extern const char *tap_skipped; /* why it was skipped, or NULL */

#define CHECK(condition) tap_check((condition) != 0, __FILE__, __LINE__, #condition)
#define CHECK_INT(got, want) \
    tap_check_int((long long)(got), (long long)(want), __FILE__, __LINE__, #got)
#define CHECK_TEXT(got, want) tap_check_text((got), (want), __FILE__, __LINE__, #got)
/* |got - want| <= tolerance; NaN equals only NaN. */
#define CHECK_NEAR(got, want, tolerance) \
    tap_check_near((got), (want), (tolerance), __FILE__, __LINE__, #got)
#define CHECK_OK(call) CHECK_INT((call), 0)
#define SKIP(why)            \
    do {                     \
        tap_skipped = (why); \
        return;              \
    } while (0)

void tap_check(int ok, const char *file, int line, const char *text);
void tap_check_int(long long got, long long want, const char *file, int line, const char *text);
void tap_check_text(const char *got, const char *want, const char *file, int line,
                    const char *text);
void tap_check_near(double got, double want, double tolerance, const char *file, int line,
                    const char *text);

/* Runs the table in order; returns main's exit code. */
int tap_run(const tap_case *cases, size_t count);

/* The folder of shared test data (QUANTBOT_SHARED, set by the build), or NULL when absent. */
const char *tap_shared(void);

#endif
