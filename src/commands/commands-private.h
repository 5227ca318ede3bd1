/* What the subcommands share: options, settings, failing. */
#ifndef COMMANDS_PRIVATE_H
#define COMMANDS_PRIVATE_H

#include "commands/commands.h"
#include "config/config.h"
#include "platform/failure.h"

/* Prints each line of the error as "quantbot: error: ..." (redacted) and returns its exit code. */
int command_fail(GError *error);
/* A usage error of this command: message, a pointer to --help; returns 2. */
int command_usage(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);
void command_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Parses entries out of argv with --help; the rest stays. `about` is the text under the usage
 * line, with examples. FALSE: *out_exit is what to return (0 after --help). */
gboolean command_options(int *argc, char ***argv, const char *arguments, const char *about,
                         const GOptionEntry *entries, int *out_exit);

/* Levenshtein's: letters to put in, take out or change. For "did you mean". */
guint command_distance(const char *a, const char *b);

/* Words of the text on standard output, broken at that width; lines after the first are indented by as
 * much as the lead is long. */
void command_print_wrapped(const char *lead, const char *text, int width);

/* Settings from .env and the environment; warnings are printed. NULL: *out_exit. */
settings *command_settings(int *out_exit);

/* "2020-01-31" or a full time to microseconds; FAILURE_USAGE naming the flag. */
gboolean command_time(const char *flag, const char *text, gint64 *out_us, GError **error);

/* The symbols of "a,b,c" or "@file" (one a line, # comments); NULL-terminated, no duplicates. */
char **command_symbols(const char *text, GError **error);

/* The commands. */
int command_env_check(int argc, char **argv);
int command_env_example(int argc, char **argv);
int command_data_crypto(int argc, char **argv);
int command_data_equities(int argc, char **argv);
int command_data_macro(int argc, char **argv);
int command_data_plan(int argc, char **argv);
int command_data_update(int argc, char **argv);
int command_data_import(int argc, char **argv);
int command_data_list(int argc, char **argv);
int command_data_show(int argc, char **argv);
int command_data_actions(int argc, char **argv);
int command_data_verify(int argc, char **argv);
int command_data_coverage(int argc, char **argv);
int command_data_gaps(int argc, char **argv);
int command_data_du(int argc, char **argv);
int command_data_gc(int argc, char **argv);
int command_data_parse(int argc, char **argv);
int command_data_compare(int argc, char **argv);
int command_data_price(int argc, char **argv);
int command_data_search(int argc, char **argv);
int command_data_key(int argc, char **argv);
int command_data_resample(int argc, char **argv);
int command_data_export(int argc, char **argv);

int command_instruments_list(int argc, char **argv);
int command_instruments_show(int argc, char **argv);
int command_instruments_check(int argc, char **argv);
int command_fees_list(int argc, char **argv);
int command_calendar_list(int argc, char **argv);
int command_calendar_show(int argc, char **argv);

int command_db_init(int argc, char **argv);
int command_db_migrate(int argc, char **argv);
int command_db_backup(int argc, char **argv);
int command_db_restore(int argc, char **argv);
int command_db_prune(int argc, char **argv);
int command_db_sync(int argc, char **argv);
int command_db_status(int argc, char **argv);
int command_db_purge_sim(int argc, char **argv);
int command_db_dump_kpis(int argc, char **argv);

int command_paper_status(int argc, char **argv);
int command_paper_halt(int argc, char **argv);
int command_paper_resume(int argc, char **argv);
int command_paper_stop(int argc, char **argv);
int command_paper_checkpoint(int argc, char **argv);
int command_paper_note(int argc, char **argv);
int command_paper_commands(int argc, char **argv);

int command_strategy_list(int argc, char **argv);
int command_strategy_check(int argc, char **argv);
int command_strategy_new(int argc, char **argv);
int command_strategy_show(int argc, char **argv);
int command_risk_list(int argc, char **argv);
int command_backtest(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_runs_list(int argc, char **argv);
int command_runs_show(int argc, char **argv);
int command_runs_compare(int argc, char **argv);
int command_runs_export(int argc, char **argv);
int command_runs_reproduce(int argc, char **argv);
int command_kpi_compute(int argc, char **argv);
int command_kpi_explain(int argc, char **argv);
int command_indicators_list(int argc, char **argv);
int command_indicators_compute(int argc, char **argv);

#endif
