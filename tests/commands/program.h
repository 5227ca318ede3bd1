/* Runs the program as a user would: in a folder of its own, with a clean environment. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <glib.h>
#include <jansson.h>

typedef struct program {
    char *folder; /* the working directory; removed at the end */
    char *out, *err;
    int exit_code; /* -1: killed by a signal */
    char **more;   /* NAME=value over the clean environment */
} program;

program *program_new(void);
void program_free(program *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(program, program_free)

/* For all runs from here on; value NULL: unset. */
void program_setenv(program *self, const char *name, const char *value);
/* quantbot with these words (NULL-terminated list); returns the exit code. Output stays until
 * the next call. Its window is as wide as PROGRAM_COLUMNS in the test's own environment says. */
int program_run(program *self, ...) G_GNUC_NULL_TERMINATED;
int program_run_vector(program *self, const char *const *words);
/* The process id of a quantbot that was started and not waited for; output is thrown away. */
GPid program_start(program *self, const char *const *words);
/* Standard output as JSON; a test failure when it is not. Caller owns. */
json_t *program_json(const program *self);
/* A file below the folder. */
void program_write(const program *self, const char *name, const char *text);
/* A path of the source tree: "samples/AAPL-2013-2018.csv". Caller frees. */
char *program_source(const char *path);

/* Fails with both outputs shown when the exit code is another. */
#define program_expect(self, want, ...)                                                       \
    do {                                                                                      \
        int program_got = program_run((self), __VA_ARGS__, NULL);                             \
        if (program_got != (want))                                                            \
            g_error("exit %d, want %d\n%s%s", program_got, (want), (self)->out, (self)->err); \
    } while (0)

#endif
