/* Curves from elsewhere: what kpi compute and kpi explain read. */
#ifndef COMMANDS_KPI_PRIVATE_H
#define COMMANDS_KPI_PRIVATE_H

#include "commands/commands-private.h"
#include "core/metrics/dialects.h"

typedef struct kpi_flags {
    char *equity, *benchmark, *trades;   /* paths; NULL: not given */
    char *periods_text, *risk_free_text; /* as given */
    char *metrics_as;
    double periods_per_year; /* 0 unless given */
    double risk_free;
    gboolean json;
} kpi_flags;
#define KPI_FLAG(name, kind, slot, help, argument)            \
    {                                                         \
        name, 0, 0, G_OPTION_ARG_##kind, slot, help, argument \
    }
/* Their options, for a GOptionEntry array. */
#define KPI_FLAG_ENTRIES(flags)                                                                 \
    KPI_FLAG("equity", FILENAME, &(flags)->equity, "The equity curve", "FILE.csv"),             \
        KPI_FLAG("benchmark", FILENAME, &(flags)->benchmark,                                    \
                 "Prices to compare with: alpha, beta", "FILE.csv"),                            \
        KPI_FLAG("trades", FILENAME, &(flags)->trades,                                          \
                 "Closed trades: win rate, expectancy, SQN ...", "FILE.csv"),                   \
        KPI_FLAG("periods-per-year", STRING, &(flags)->periods_text, "Periods in a year", "N"), \
        KPI_FLAG("risk-free", STRING, &(flags)->risk_free_text,                                 \
                 "Risk-free rate per year (default 0)", "R")
/* Numbers out of their texts, and an equity where others need it. 0, or the exit code of a usage
 * error that was printed. */
int kpi_flags_check(kpi_flags *flags, const char *command);
void kpi_flags_clear(kpi_flags *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(kpi_flags, kpi_flags_clear)

/* Stamps and values of one file, in ascending order, each with its line. */
typedef struct kpi_points {
    GArray *ts_us; /* of gint64 */
    GArray *value; /* of double */
    GArray *line;  /* of gsize */
} kpi_points;

typedef struct kpi_curves {
    kpi_points equity;
    kpi_points benchmark; /* at the equity's stamps; none: empty */
    GArray *trades;       /* of qb_trade_result */
    qb_kpi_input input;   /* borrows from those; its trades are NULL when no file was given */
} kpi_curves;
void kpi_curves_init(kpi_curves *self);
/* Reads what the flags name, flags->equity at least. N is as given, else 365 where a stamp falls
 * on a weekend and 252 where none does; closer points than days get a warning.
 * FAILURE_BAD_DATA with every problem of a file, FAILURE_MISSING. */
gboolean kpi_curves_read(const kpi_flags *flags, kpi_curves *out, GError **error);
void kpi_curves_clear(kpi_curves *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(kpi_curves, kpi_curves_clear)

#endif
