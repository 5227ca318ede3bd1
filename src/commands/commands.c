#include "commands/commands-private.h"

#include <stddef.h>

const command commands_table[] = {
    {"env", "check", "what the settings amount to, masked", command_env_check},
    {"env", "example", "a .env with every setting, for a start", command_env_example},
    {"db", "init", "make the run log, or adopt an earlier bot's", command_db_init},
    {"db", "status", "where the run log is, and what is in it", command_db_status},
    {"db", "purge-sim", "delete logged simulations", command_db_purge_sim},
    {"db", "dump-kpis", "the stored ratios, as table, JSON or CSV", command_db_dump_kpis},
    {"data", "import", "store the bars of CSV files", command_data_import},
    {"data", "list", "what the cache holds", command_data_list},
    {"data", "show", "rows of a series; of statistics, as known on a day", command_data_show},
    {"data", "verify", "is what the cache holds sound?", command_data_verify},
    {"data", "coverage", "which months miss bars", command_data_coverage},
    {"data", "resample", "coarser bars from finer ones", command_data_resample},
    {"data", "export", "bars as CSV, JSON lines or Parquet", command_data_export},
    {"instruments", "list", "what is known of each instrument", command_instruments_list},
    {"instruments", "show", "one instrument, and where each value comes from",
     command_instruments_show},
    {"instruments", "check", "do instruments.ini and the cache agree?", command_instruments_check},
    {"calendar", "list", "the calendars there are, and what they cover", command_calendar_list},
    {"calendar", "show", "when an exchange trades", command_calendar_show},
    {"strategy", "list", "the strategies that are built in", command_strategy_list},
    {"strategy", "show", "one strategy's parameters", command_strategy_show},
    {"backtest", NULL, "run a strategy over bars of the cache", command_backtest},
    {"runs", "list", "the logged runs, newest first", command_runs_list},
    {"runs", "show", "one logged run", command_runs_show},
    {"runs", "reproduce", "make a logged run again and compare", command_runs_reproduce},
    {"kpi", "compute", "ratios of an equity curve from a file", command_kpi_compute},
    {NULL, NULL, NULL, NULL},
};
