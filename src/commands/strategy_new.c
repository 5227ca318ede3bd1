/* strategy new: a strategy to begin with, as a file of the user's. */
#include "commands/commands-private.h"
#include "loader/loader.h"
#include "platform/files.h"

#include <stdio.h>
#include <string.h>

static const char about[] =
    "Writes NAME.c into this folder: a small strategy that runs, with every part explained. "
    "Change\n"
    "it, and run it with --strategy ./NAME.c; it is compiled when its text has changed.\n"
    "\n"
    "Examples:\n"
    "  quantbot strategy new my_idea\n"
    "  quantbot backtest --symbols AAPL --strategy ./my_idea.c\n"
    "  quantbot strategy check ./my_idea.c --symbols AAPL\n";

static gboolean write_strategy(const char *name, gboolean force, GError **error)
{
    g_autofree char *path = g_strconcat(name, ".c", NULL);
    g_autofree char *text = loader_template(name);
    g_autoptr(files_stream) stream = NULL;
    if (!force && files_exists(path)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: is there already (--force replaces it)",
                    path);
        return FALSE;
    }
    stream = files_stream_new(path, error);
    if (stream == NULL || !files_stream_write(stream, text, strlen(text), error) ||
        !files_stream_finish(stream, force, error))
        return FALSE;
    printf("%s is written. It runs as it is:\n"
           "  quantbot backtest --symbols AAPL --strategy ./%s\n",
           path, path);
    return TRUE;
}

int command_strategy_new(int argc, char **argv)
{
    gboolean force = FALSE;
    const GOptionEntry entries[] = {
        {"force", 0, 0, G_OPTION_ARG_NONE, &force, "Replace a file that is there", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, "NAME", about, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage(argv[0], "give one name");
    if (!loader_is_name(argv[1])) {
        g_autofree char *quoted = failure_quote(argv[1], -1);
        return command_usage(argv[0],
                             "%s is no name (expected a letter, then letters, digits or _, all in "
                             "lower case, at most 64)",
                             quoted);
    }
    GError *error = NULL;
    if (!write_strategy(argv[1], force, &error))
        return command_fail(error);
    return 0;
}
