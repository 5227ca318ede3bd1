/* Indicators of backtrader's own tests on the bars of the EURO STOXX 50 in 2006: three bars each,
 * to their six decimals, and the first bar on which each is defined. */
#include "core/indicators/table.h"
#include "csv/csv.h"
#include "platform/files.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* How their line comes out of our output. */
typedef enum shape {
    ITSELF,
    FROM_CLOSE, /* close - ours: their oscillators */
    ENVELOPE,   /* ours times 1 + scale */
    SCALED,     /* ours times scale */
} shape;

typedef struct line {
    const char *output;
    shape shape;
    double scale;
} line;

static const struct mapping {
    const char *theirs, *ours;
    const char *params[5];
    line lines[5];
} mappings[] = {
    {"AO", "awesome", {NULL}, {{"awesome"}}},
    {"AccelerationDecelerationOscillator", "awesome", {NULL}, {{"acceleration"}}},
    {"DV2", "dv2", {NULL}, {{"dv2"}}},
    /* the fifth, the lagging span, is a later close */
    {"Ichimoku", "ichimoku", {NULL}, {{"conversion"}, {"base"}, {"span_a"}, {"span_b"}}},
    {"PGO", "pgo", {NULL}, {{"pgo"}}},
    {"PPOShort", "ppo", {"of=fast"}, {{"line"}, {"signal"}, {"histogram"}}},
    {"RMI", "rmi", {NULL}, {{"rmi"}}},
    {"UltimateOscillator", "ultimate", {NULL}, {{"ultimate"}}},
    {"Vortex", "vortex", {NULL}, {{"plus"}, {"minus"}}},
    {"WilliamsAD", "williams_ad", {NULL}, {{"williams_ad"}}},
    {"AroonUpDown", "aroon", {"period=14"}, {{"up"}, {"down"}}},
    {"BBands", "bollinger", {NULL}, {{"middle"}, {"upper"}, {"lower"}}},
    {"DEMA", "dema", {NULL}, {{"dema"}}},
    {"DEMAOsc", "dema", {NULL}, {{"dema", FROM_CLOSE}}},
    {"DM", "adx", {NULL}, {{"adx"}, {"adxr"}, {"plus_di"}, {"minus_di"}}},
    {"EMA", "ema", {"period=30"}, {{"ema"}}},
    {"EMAOsc", "ema", {"period=30"}, {{"ema", FROM_CLOSE}}},
    {"HeikinAshi", "heikin_ashi", {NULL}, {{"open"}, {"high"}, {"low"}, {"close"}}},
    {"Highest", "extremes", {"period=14"}, {{"highest"}}},
    {"Lowest", "extremes", {"period=14"}, {{"lowest"}}},
    {"SMAEnvelope",
     "sma",
     {"period=30"},
     {{"sma"}, {"sma", ENVELOPE, 0.025}, {"sma", ENVELOPE, -0.025}}},
    {"KAMAOsc", "kama", {"period=30", "seed=sma"}, {{"kama", FROM_CLOSE}}},
    {"MACDHisto", "macd", {NULL}, {{"line"}, {"signal"}, {"histogram"}}},
    {"Momentum", "roc", {"period=12"}, {{"change"}}},
    {"Oscillator", "sma", {"period=30"}, {{"sma", FROM_CLOSE}}},
    {"PercentRank", "percentile", {NULL}, {{"percentile"}}},
    {"ROC", "roc", {"period=12"}, {{"percent", SCALED, 0.01}}},
    {"RSI_Safe", "rsi", {NULL}, {{"rsi"}}},
    {"SMAOsc", "sma", {"period=30"}, {{"sma", FROM_CLOSE}}},
    {"SMMAEnvelope",
     "wilder",
     {"period=30"},
     {{"wilder"}, {"wilder", ENVELOPE, 0.025}, {"wilder", ENVELOPE, -0.025}}},
    {"Stochastic", "stochastic", {NULL}, {{"k"}, {"d"}}},
    {"StochasticFull", "stochastic", {NULL}, {{"raw"}, {"k"}, {"d"}}},
    {"TEMA", "tema", {NULL}, {{"tema"}}},
    {"TEMAOsc", "tema", {NULL}, {{"tema", FROM_CLOSE}}},
    {"Trix", "trix", {NULL}, {{"trix"}}},
    {"WMA", "wma", {"period=30"}, {{"wma"}}},
    {"WMAOsc", "wma", {"period=30"}, {{"wma", FROM_CLOSE}}},
    {"ZLEMA", "zlema", {NULL}, {{"zlema"}}},
};

/* What we do not offer, by their names; docs/INDICATORS.md says why. */
static const char *const absent[] = {"DownMove"};

/* ---- bars ---------------------------------------------------------------------------------- */

typedef struct bars {
    double *columns[4]; /* open high low close */
    qb_columns in;
} bars;

static GBytes *shared_bytes(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_getenv("QUANTBOT_SHARED"), "data", name, NULL);
    GBytes *bytes = files_read(path, CSV_FILE_LIMIT, &error);
    g_assert_no_error(error);
    return bytes;
}

static void read_bars(bars *out)
{
    static const char *const names[] = {"open", "high", "low", "close"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = shared_bytes("index/EUROSTOXX50_daily_2006.csv");
    g_autoptr(csv_table) table = csv_table_parse(bytes, "bars", &error);
    g_assert_no_error(error);
    failures problems;
    failures_init(&problems);
    out->in.count = csv_table_rows(table);
    for (gsize k = 0; k < 4; k++) {
        const int column = csv_table_column(table, names[k]);
        out->columns[k] = g_new0(double, out->in.count);
        for (gsize i = 0; i < out->in.count; i++)
            csv_table_number(table, i, column, &problems, &out->columns[k][i]);
    }
    g_assert_true(failures_finish(&problems, FAILURE_BAD_DATA, &error));
    out->in.open = out->columns[0];
    out->in.high = out->columns[1];
    out->in.low = out->columns[2];
    out->in.close = out->columns[3];
}

/* ---- one indicator ------------------------------------------------------------------------- */

static double shaped(const line *line, const double *values, const double *close, gsize i)
{
    switch (line->shape) {
    case ITSELF:
        return values[i];
    case FROM_CLOSE:
        return close[i] - values[i];
    case ENVELOPE:
        return values[i] * (1.0 + line->scale);
    case SCALED:
        return values[i] * line->scale;
    }
    g_assert_not_reached();
}

static gsize output_index(const qb_indicator *indicator, const char *name)
{
    for (gsize k = 0; indicator->outputs[k] != NULL; k++)
        if (g_str_equal(indicator->outputs[k], name))
            return k;
    g_error("%s has no output %s", indicator->name, name);
}

static void check_line(const struct mapping *mapping, const line *line, const double *values,
                       const bars *bars, const json_t *theirs, const json_t *checks)
{
    for (gsize c = 0; c < json_array_size(theirs); c++) {
        const gsize at =
            (gsize)json_integer_value(json_object_get(json_array_get(checks, c), "index"));
        const double want = g_ascii_strtod(json_string_value(json_array_get(theirs, c)), NULL);
        const double got = shaped(line, values, bars->in.close, at);
        if (fabs(got - want) <= 5e-7 + 1e-9 * fabs(want))
            continue;
        g_test_message("%s %s bar %" G_GSIZE_FORMAT ": %.9f, want %.6f", mapping->theirs,
                       line->output, at, got, want);
        g_test_fail();
    }
}

static void check(const struct mapping *mapping, const bars *bars, const json_t *theirs)
{
    const qb_indicator *indicator = qb_indicator_find(mapping->ours);
    double params[QB_PARAM_LIMIT];
    gsize texts = 0, bad = 0;
    while (mapping->params[texts] != NULL)
        texts++;
    g_assert_cmpstr(qb_params_parse(indicator->params, indicator->param_count, mapping->params,
                                    texts, params, &bad),
                    ==, NULL);
    g_autofree double *room = g_new(double, indicator->room != NULL ? indicator->room(params) : 1);
    double *out[QB_OUTPUT_LIMIT];
    for (gsize k = 0; k < QB_OUTPUT_LIMIT; k++)
        out[k] = g_new(double, bars->in.count);
    qb_indicator_compute(indicator, &bars->in, params, room, out);
    const json_t *lines = json_object_get(theirs, "expected_by_line");
    for (gsize k = 0; k < json_array_size(lines) && mapping->lines[k].output != NULL; k++)
        check_line(mapping, &mapping->lines[k],
                   out[output_index(indicator, mapping->lines[k].output)], bars,
                   json_array_get(lines, k), json_object_get(theirs, "check_bars"));
    for (gsize k = 0; k < QB_OUTPUT_LIMIT; k++)
        g_free(out[k]);
}

static const struct mapping *find_mapping(const char *theirs)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mappings); i++)
        if (g_str_equal(mappings[i].theirs, theirs))
            return &mappings[i];
    return NULL;
}

static gboolean is_absent(const char *theirs)
{
    for (gsize i = 0; i < G_N_ELEMENTS(absent); i++)
        if (g_str_equal(absent[i], theirs))
            return TRUE;
    return FALSE;
}

static void test_backtrader(void)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    if (shared == NULL || !g_file_test(shared, G_FILE_TEST_IS_DIR)) {
        g_test_skip("QUANTBOT_SHARED names no data folder");
        return;
    }
    g_autoptr(GBytes) bytes = shared_bytes("expected/indicators_eurostoxx50_2006.json");
    gsize size = 0, compared = 0;
    const char *text = g_bytes_get_data(bytes, &size);
    json_t *root = json_loadb(text, size, 0, NULL);
    json_t *list = json_object_get(root, "indicators");
    bars bars = {.in = {0}};
    read_bars(&bars);
    for (gsize i = 0; i < json_array_size(list); i++) {
        const json_t *theirs = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(theirs, "indicator"));
        const struct mapping *mapping = find_mapping(name);
        g_assert_true(mapping != NULL || is_absent(name));
        if (mapping != NULL)
            check(mapping, &bars, theirs);
        compared += mapping != NULL;
    }
    g_assert_cmpuint(compared, >=, G_N_ELEMENTS(mappings));
    for (gsize k = 0; k < 4; k++)
        g_free(bars.columns[k]);
    json_decref(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/indicators/backtrader", test_backtrader);
    return g_test_run();
}
