/* data plan: what a download would ask for, and what it would cost. Nothing is spent. */
#include "commands/fetch-private.h"

static const char about[] =
    "Shows what a download with the same options would do: bars that are stored already, bars "
    "that\n"
    "are missing, requests, the time that the provider's limits make it take, and what its free "
    "tier\n"
    "cannot give. Nothing is asked of anybody.\n"
    "\n"
    "Examples:\n"
    "  quantbot data plan crypto --symbols btc,eth --interval 1h --start 2026-01-01\n"
    "  quantbot data plan equities --symbols @sp500.txt --start 2015-01-01 --json\n";

int command_data_plan(int argc, char **argv)
{
    g_auto(fetch) fetch = {0};
    GError *error = NULL;
    int exit_code = 0;
    if (!fetch_read(argc, argv, NULL, about, &fetch, &exit_code))
        return exit_code;
    if (!(fetch.json ? fetch_print_json(&fetch, FALSE, &error) : fetch_print_plan(&fetch, &error)))
        return command_fail(error);
    fetch_print_errors(&fetch);
    return download_exit_code(fetch.download);
}
