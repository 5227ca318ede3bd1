#include "commands/commands-private.h"

#include <stddef.h>

const command commands_table[] = {
    {"env", "check", "what the settings amount to, masked", command_env_check},
    {"env", "example", "a .env with every setting, for a start", command_env_example},
    {"backtest", NULL, "run a strategy over bars of the cache", command_backtest},
    {"runs", "reproduce", "make a logged run again and compare", command_runs_reproduce},
    {"kpi", "compute", "ratios of an equity curve from a file", command_kpi_compute},
    {NULL, NULL, NULL, NULL},
};
