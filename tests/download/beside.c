#include "beside.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int read_port(int descriptor)
{
    char text[16] = "";
    gsize length = 0;
    while (length + 1 < sizeof text && read(descriptor, text + length, 1) == 1 &&
           text[length] != '\n')
        length++;
    close(descriptor);
    return (int)g_ascii_strtoll(text, NULL, 10);
}

int beside_start(const char *log, const char *most, GPid *out_process)
{
    char *line[] = {(char *)g_getenv("QUANTBOT_VENDORS"), (char *)log, (char *)most, NULL};
    g_autoptr(GError) error = NULL;
    int out;
    g_assert_nonnull(line[0]);
    g_spawn_async_with_pipes(NULL, line, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, out_process,
                             NULL, &out, NULL, &error);
    g_assert_no_error(error);
    return read_port(out);
}

char *beside_settings(int port)
{
    static const char *const names[][2] = {
        {"TIINGO", "TIINGO"},       {"POLYGON", "POLYGON"},
        {"FRED", "FRED"},           {"ALPHA_VANTAGE", "ALPHAVANTAGE"},
        {"COINGECKO", "COINGECKO"}, {"CRYPTOCOMPARE", "CRYPTOCOMPARE"},
        {"QUANDL", "QUANDL"},
    };
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(text,
                               "%s_API_KEY=k3y-that-nobody-may-see\n"
                               "QUANTBOT_%s_BASE_URL=http://127.0.0.1:%d\n",
                               names[i][0], names[i][1], port);
    return g_string_free(text, FALSE);
}

void beside_stop(GPid process)
{
    kill(process, SIGKILL);
    g_assert_cmpint(waitpid(process, NULL, 0), ==, process);
}
