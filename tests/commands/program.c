#include "program.h"
#include "scratch.h"

#include <string.h>
#include <sys/wait.h>

#define WORDS_LIMIT 64

program *program_new(void)
{
    program *self = g_new0(program, 1);
    GError *error = NULL;
    self->folder = g_dir_make_tmp("quantbot-test-XXXXXX", &error);
    g_assert_no_error(error);
    return self;
}

void program_free(program *self)
{
    scratch_remove(self->folder);
    g_free(self->folder);
    g_free(self->out);
    g_free(self->err);
    g_strfreev(self->more);
    g_free(self);
}

void program_setenv(program *self, const char *name, const char *value)
{
    self->more = value != NULL ? g_environ_setenv(self->more, name, value, TRUE)
                               : g_environ_unsetenv(self->more, name);
}

static char **environment(const program *self)
{
    static const char *const kept[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
                                       "LD_LIBRARY_PATH", "CC"};
    char **env = NULL;
    env = g_environ_setenv(env, "PATH", "/usr/bin:/bin", TRUE);
    env = g_environ_setenv(env, "LC_ALL", "C.UTF-8", TRUE);
    env = g_environ_setenv(env, "HOME", "/nonexistent", TRUE);
    /* What libraries would say then may hold keys: none of it is ever seen. */
    env = g_environ_setenv(env, "G_MESSAGES_DEBUG", "all", TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
        if (g_getenv(kept[i]) != NULL)
            env = g_environ_setenv(env, kept[i], g_getenv(kept[i]), TRUE);
    for (char **entry = self->more; entry != NULL && *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        g_autofree char *name = g_strndup(*entry, (gsize)(equals - *entry));
        env = g_environ_setenv(env, name, equals + 1, TRUE);
    }
    if (g_getenv("PROGRAM_COLUMNS") != NULL)
        env = g_environ_setenv(env, "COLUMNS", g_getenv("PROGRAM_COLUMNS"), TRUE);
    return env;
}

static char **command_line(const char *const *words)
{
    GPtrArray *line = g_ptr_array_new();
    g_assert_nonnull(g_getenv("QUANTBOT_BINARY"));
    g_ptr_array_add(line, g_strdup(g_getenv("QUANTBOT_BINARY")));
    for (; *words != NULL; words++)
        g_ptr_array_add(line, g_strdup(*words));
    g_ptr_array_add(line, NULL);
    return (char **)g_ptr_array_free(line, FALSE);
}

int program_run_vector(program *self, const char *const *words)
{
    g_auto(GStrv) line = command_line(words);
    g_auto(GStrv) env = environment(self);
    GError *error = NULL;
    int status = 0;
    g_clear_pointer(&self->out, g_free);
    g_clear_pointer(&self->err, g_free);
    g_spawn_sync(self->folder, line, env, G_SPAWN_DEFAULT, NULL, NULL, &self->out, &self->err,
                 &status, &error);
    g_assert_no_error(error);
    self->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return self->exit_code;
}

int program_run(program *self, ...)
{
    const char *words[WORDS_LIMIT];
    gsize count = 0;
    va_list arguments;
    va_start(arguments, self);
    do {
        g_assert_cmpuint(count, <, WORDS_LIMIT);
        words[count] = va_arg(arguments, const char *);
    } while (words[count++] != NULL);
    va_end(arguments);
    return program_run_vector(self, words);
}

GPid program_start(program *self, const char *const *words)
{
    g_auto(GStrv) line = command_line(words);
    g_auto(GStrv) env = environment(self);
    GError *error = NULL;
    GPid pid = 0;
    g_spawn_async(self->folder, line, env,
                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                      G_SPAWN_STDERR_TO_DEV_NULL,
                  NULL, NULL, &pid, &error);
    g_assert_no_error(error);
    return pid;
}

json_t *program_json(const program *self)
{
    json_error_t problem;
    json_t *root = json_loads(self->out, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        g_error("not JSON (line %d: %s):\n%s%s", problem.line, problem.text, self->out, self->err);
    return root;
}

void program_write(const program *self, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(self->folder, name, NULL);
    GError *error = NULL;
    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
}

char *program_source(const char *path)
{
    return g_build_filename(g_getenv("QUANTBOT_SOURCE"), path, NULL);
}
