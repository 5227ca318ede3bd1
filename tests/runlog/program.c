#include "program.h"

#include <string.h>
#include <sys/wait.h>

void answer_clear(answer *self)
{
    g_free(self->out);
    g_free(self->errors);
}

answer program_run(const home *self, const char *url, const char *words)
{
    answer got = {0};
    GError *error = NULL;
    int status = 0;
    g_autofree char *line = g_strdup_printf("%s %s", g_getenv("QUANTBOT_BINARY"), words);
    g_auto(GStrv) arguments = g_strsplit(line, " ", -1);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "DATABASE_URL", url, TRUE);
    g_spawn_sync(self->folder.folder, arguments, environment, G_SPAWN_DEFAULT, NULL, NULL, &got.out,
                 &got.errors, &status, &error);
    g_assert_no_error(error);
    got.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return got;
}

answer program_do(const home *self, const char *words)
{
    g_autofree char *url = home_url(self);
    return program_run(self, url, words);
}

void program_fails(const home *self, const char *words, int code, const char *const *says)
{
    g_auto(answer) got = program_do(self, words);
    if (got.code != code)
        g_error("%s: %d: %s", words, got.code, got.errors);
    for (const char *const *text = says; *text != NULL; text++)
        if (strstr(got.errors, *text) == NULL)
            g_error("%s: \"%s\" does not say \"%s\"", words, got.errors, *text);
    g_assert_null(strstr(got.errors, "pencil77"));
}

void program_import(const home *self)
{
    g_autofree char *words =
        g_strdup_printf("data import %s/samples/AAPL-2013-2018.csv --symbol AAPL --asset equity"
                        " --interval 1d",
                        g_getenv("QUANTBOT_SOURCE"));
    g_auto(answer) done = program_run(self, "", words);
    g_assert_cmpint(done.code, ==, 0);
}
