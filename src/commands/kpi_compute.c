/* Ratios of an equity curve that comes from elsewhere, ours or another tool's. */
#include "commands/kpi-private.h"
#include "commands/metrics-private.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static gboolean compute(const qb_kpi_input *input, qb_kpis *out, GError **error)
{
    const qb_status status = qb_kpis_compute(input, out);
    return status == QB_OK || failure_from_status(error, status, "ratios");
}

/* The benchmark from the equity's start value on, as holding it would have gone. */
static void scale_to(const kpi_points *benchmark, double start)
{
    double *value = (double *)(void *)benchmark->value->data;
    const double factor = start / value[0];
    for (guint i = 0; start > 0 && i < benchmark->value->len; i++)
        value[i] *= factor;
}

static gboolean print_table(const kpi_curves *curves, const qb_kpis *kpis, GError **error)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    const qb_kpi_input *input = &curves->input;
    const gboolean two = input->benchmark.count > 0;
    const qb_kpi_input held = {.periods = input->benchmark,
                               .periods_per_year = input->periods_per_year,
                               .risk_free = input->risk_free,
                               .traded = NAN};
    qb_kpis beside;
    if (two)
        scale_to(&curves->benchmark, kpis->start);
    if (two && !compute(&held, &beside, error))
        return FALSE;
    const report_run runs[] = {
        {"equity", kpis, input->periods},
        {"benchmark", &beside, input->benchmark},
    };
    report_kpis_print(runs, two ? 2 : 1, &style, stdout);
    return TRUE;
}

/* as may be NULL: ours. */
static gboolean print(const kpi_flags *flags, const kpi_curves *curves, const qb_kpis *kpis,
                      const metrics_as *as, GError **error)
{
    if (!flags->json && as == NULL)
        return print_table(curves, kpis, error);
    if (!flags->json) {
        const report_style style = report_style_of(STDOUT_FILENO);
        metrics_as_print(as, kpis, &style);
        return TRUE;
    }
    g_autofree char *json = report_kpis_json(kpis);
    g_autofree char *more = as != NULL ? metrics_as_json(as, kpis) : NULL;
    json[strlen(json) - 1] = '\0';
    printf("%s%s}\n", json, more != NULL ? more : "");
    return TRUE;
}

static gboolean run(const kpi_flags *flags, GError **error)
{
    g_auto(kpi_curves) curves = {0};
    metrics_as as;
    qb_dialect dialect = QB_DIALECT_COUNT;
    qb_kpis kpis;
    kpi_curves_init(&curves);
    if (flags->metrics_as != NULL && !metrics_as_parse(flags->metrics_as, &dialect, error))
        return FALSE;
    if (!kpi_curves_read(flags, &curves, error) || !compute(&curves.input, &kpis, error))
        return FALSE;
    if (flags->metrics_as == NULL)
        return print(flags, &curves, &kpis, NULL, error);
    return metrics_as_of_curve(dialect, &curves.input, flags->periods_per_year, &as, error) &&
           print(flags, &curves, &kpis, &as, error);
}

/* ---- command ------------------------------------------------------------------------------- */

static const char about[] =
    "Ratios of an equity curve that comes from elsewhere, by quantbot's definitions.\n"
    "Files are CSV, plain or gzip, with a header line:\n"
    "  equity     ts,equity                     ascending; the first point is the start\n"
    "  benchmark  ts,close                      must have every stamp of the equity\n"
    "  trades     entry_ts,exit_ts,pnl,return   closed trades; return 0.01 is 1 %\n"
    "Each point is one period. N, the periods in a year, is 365 if any stamp falls on\n"
    "a weekend, else 252. --metrics-as prints what quantstats, empyrical, backtesting.py,\n"
    "freqtrade, lean or vectorbt would print of the same curve, ours beside it, and why\n"
    "they differ; they take their own N unless it is given.\n"
    "\n"
    "Examples:\n"
    "  quantbot kpi compute --equity curve.csv\n"
    "  quantbot kpi compute --equity curve.csv --benchmark SPY.csv.gz --json\n"
    "  quantbot kpi compute --equity months.csv --periods-per-year 12 --risk-free 0.02\n"
    "  quantbot kpi compute --equity curve.csv --metrics-as quantstats\n";

int command_kpi_compute(int argc, char **argv)
{
    g_auto(kpi_flags) flags = {0};
    const GOptionEntry entries[] = {
        KPI_FLAG_ENTRIES(&flags),
        METRICS_AS_ENTRY(&flags.metrics_as),
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    GError *error = NULL;
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("kpi compute", "unexpected \"%s\"", argv[1]);
    if (flags.equity == NULL)
        return command_usage("kpi compute", "--equity FILE.csv is missing");
    exit_code = kpi_flags_check(&flags, "kpi compute");
    if (exit_code == 0 && !run(&flags, &error))
        exit_code = command_fail(error);
    return exit_code;
}
