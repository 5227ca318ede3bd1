/* --metrics-as: the same run or curve as another tool would print it. Nothing that is stored
 * changes by it. */
#ifndef COMMANDS_METRICS_PRIVATE_H
#define COMMANDS_METRICS_PRIVATE_H

#include "commands/commands-private.h"
#include "core/metrics/dialects.h"
#include "reports/reports.h"
#include "runlog/runlog.h"

#define METRICS_AS_ENTRY(slot)                                                                   \
    {                                                                                            \
        "metrics-as", 0, 0, G_OPTION_ARG_STRING, (slot), "The figures as that tool prints them", \
            "TOOL"                                                                               \
    }

/* FAILURE_USAGE naming the tools there are. */
gboolean metrics_as_parse(const char *text, qb_dialect *out, GError **error);

/* A tool's figures, and how the curve was sampled for it. */
typedef struct metrics_as {
    qb_dialect_sheet sheet;
    const char *note; /* static; NULL: as it came */
} metrics_as;
/* Each point of the curve is one period. years 0: the tool's own N. */
gboolean metrics_as_of_curve(qb_dialect dialect, const qb_kpi_input *input, double years,
                             metrics_as *out, GError **error);
/* A run of ours, sampled as the tool would have sampled it: backtesting.py begins with the first
 * bar, LEAN takes midnights. input is one of run_result_input: full begins with E_0.
 * at_close: fills are at closes, not at opens. */
gboolean metrics_as_of_run(qb_dialect dialect, const qb_kpi_input *input, gboolean at_close,
                           metrics_as *out, GError **error);

/* The same from the run log, which has no benchmark. FAILURE_MISSING for a run without equity or
 * ratios; FAILURE_DATABASE. */
gboolean metrics_as_of_log(qb_dialect dialect, runlog *log, const runlog_summary *run,
                           metrics_as *out, GError **error);

/* The table; or ,"metrics_as":{...} to be put before the last brace of an object. */
void metrics_as_print(const metrics_as *self, const qb_kpis *ours, const report_style *style);
char *metrics_as_json(const metrics_as *self, const qb_kpis *ours);

#endif
