/* What the commands on the run log share: finding it, words for a run, ratios out of its JSON. */
#ifndef LOG_PRIVATE_H
#define LOG_PRIVATE_H

#include "commands/commands-private.h"
#include "platform/files.h"
#include "reports/reports.h"
#include "runlog/runlog.h"

#include <jansson.h>

/* The run log of the settings, for reading. NULL: *out_exit, the reason is printed. */
runlog *log_open_readonly(int *out_exit);
/* The run log of the settings: PostgreSQL where DATABASE_URL names it, else the file. */
runlog *log_open(const settings *settings, gboolean writing, GError **error);
runlog *log_open_server(const settings *settings, gboolean writing, runlog_reach *out_reach,
                        GError **error);
/* For writing what must not be lost: the file, with a warning, where the server does not answer. Its
 * refuge is the file too, should the server be lost later. */
runlog *log_open_or_refuge(const settings *settings, GError **error);
/* Every run (id NULL), or one, from one run log to another; counts what was carried and what was
 * there already, also of those before a failure. */
gboolean log_carry_all(runlog *from, runlog *to, const char *id, guint *out_carried,
                       guint *out_known, GError **error);
/* Warns if DATABASE_URL names a pooler. */
void log_warn_of_pooler(const settings *settings);
/* Warns if a run went to the refuge. */
void log_warn_of_refuge(const runlog *log);
const char *log_kind(const runlog *log);      /* "sqlite" "postgresql"; static */
const char *log_kind_text(const runlog *log); /* "SQLite" "PostgreSQL"; static */

/* "2024-01-31 14:30", "-" for 0. Caller frees. */
char *log_time_text(gint64 instant_us);
char *log_second_text(gint64 instant_us); /* "2024-01-31 14:30:00" */
/* "AAPL", "AAPL, MSFT", "AAPL +499". Caller frees. */
char *log_universe_text(const runlog_summary *run);
/* The strategy's name out of the parameters, "-" when they name none. Caller frees. */
char *log_strategy_text(const runlog_summary *run);
/* Characters of an id that tell each of the runs (of runlog_summary *) apart; at least 13, which
 * in our ids is the millisecond. */
int log_id_width(const GPtrArray *runs);
/* The column of those ids. They are never cut: half an id names nothing. */
void log_id_column(report_table *table, int id_width);
char *log_count_text(gint64 count); /* "12,345"; caller frees */

/* The stored KPIs as ratios: undefined with its stored reason, or "not stored". The reasons are
 * borrowed from json. */
void log_kpis_read(const json_t *json, qb_kpis *out);
/* A ratio of the table; a key that is not in it is a bug. */
const qb_kpi_info *log_kpi_named(const char *key);
/* NULL when the text is NULL or not an object. Caller owns. */
json_t *log_json_object(const char *text);

/* ,"key": and a JSON string (null for NULL); stored JSON as it stands, null where it is none. */
void log_put_text(GString *out, const char *key, const char *text);
void log_put_time(GString *out, const char *key, gint64 instant_us);
void log_put_count(GString *out, const char *key, gint64 count);
void log_put_flag(GString *out, const char *key, gboolean value);
void log_put_json(GString *out, const char *key, const char *text);
void log_put_amount(GString *out, const char *key, gint64 raw);
/* The members of a run: id, mode, times, universe, counts, kpis, state hash. */
void log_put_run(GString *out, const runlog_summary *run);

/* What risk rules did (of runlog_risk): a table, or the member ,"risk_events":[...]. */
void log_risks_print(const GArray *risks, const report_style *style);
void log_risks_put(GString *out, const GArray *risks);

#endif
