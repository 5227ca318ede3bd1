#include "commands/fetch-private.h"

const fetch_class fetch_macro = {
    "macro", QB_MACRO,
    "Downloads statistics with all their vintages, so that a backtest sees what was known on a "
    "day.\n"
    "They are asked for whole each time: any value may have been revised.\n"
    "\n"
    "Examples:\n"
    "  quantbot data macro --symbols GDPC1 --interval 1q\n"
    "  quantbot data macro --symbols DGS10,DFF --interval 1d --start 2000-01-01\n"};

int command_data_macro(int argc, char **argv)
{
    return fetch_command(argc, argv, &fetch_macro);
}
