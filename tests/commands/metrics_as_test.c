/* --metrics-as and kpi explain as a user runs them. Figures are those of semantics.md ("Test
 * vectors"); those of a run have to be the same from the backtest and from its log. */
#include "program.h"

#include "../metrics/vectors.h"

#include <string.h>

#define TOOLS "quantstats", "empyrical", "backtesting.py", "freqtrade", "lean", "vectorbt"

static const char *const tools[] = {TOOLS};

/* The vectors as equity.csv, benchmark.csv and trades.csv. */
static program *with_curve(void)
{
    program *self = program_new();
    static vectors v;
    vectors_fill(&v);
    g_autoptr(GString) equity = g_string_new("ts,equity\n");
    g_autoptr(GString) price = g_string_new("ts,close\n");
    g_autoptr(GString) trades = g_string_new("entry_ts,exit_ts,pnl,return\n");
    char day[QB_TIME_TEXT], other[QB_TIME_TEXT];
    for (int i = 0; i < VECTOR_POINTS; i++) {
        qb_time_to_text(v.ts_us[i], day);
        g_string_append_printf(equity, "%s,%.17g\n", day, v.equity[i]);
        g_string_append_printf(price, "%s,%.17g\n", day, v.price[i]);
    }
    for (int i = 0; i < VECTOR_TRADES; i++)
        g_string_append_printf(trades, "%s,%s,%.17g,%.17g\n",
                               qb_time_to_text(v.trades[i].entry_us, day),
                               qb_time_to_text(v.trades[i].exit_us, other), v.trades[i].profit,
                               v.trades[i].return_fraction);
    program_write(self, "equity.csv", equity->str);
    program_write(self, "benchmark.csv", price->str);
    program_write(self, "trades.csv", trades->str);
    return self;
}

/* A year of a stock that rises and falls, and a run on it, logged. */
static program *with_run(void)
{
    program *self = program_new();
    g_autoptr(GString) bars = g_string_new("date,open,high,low,close,volume\n");
    char day[QB_TIME_TEXT];
    uint32_t state = 11;
    double close = 100;
    int32_t date = qb_date_from_civil((qb_civil){2023, 1, 3});
    for (int i = 0; i < 250; date++) {
        static const char *const holidays[] = {
            "2023-01-16", "2023-02-20", "2023-04-07", "2023-05-29", "2023-06-19", "2023-07-04",
            "2023-09-04", "2023-11-23", "2023-12-25", "2024-01-01", NULL};
        qb_date_to_text(date, day);
        if (qb_weekday(date) >= 5 || g_strv_contains(holidays, day))
            continue;
        const double open = close;
        close *= 1 + 0.0005 + 0.02 * vectors_normal(&state);
        g_string_append_printf(bars, "%s,%.2f,%.2f,%.2f,%.2f,1000000\n", day, open,
                               fmax(open, close) + 1, fmin(open, close) - 1, close);
        i++;
    }
    program_write(self, "ACME.csv", bars->str);
    program_expect(self, 0, "data", "import", "ACME.csv", "--symbol", "ACME", "--interval", "1d");
    program_expect(self, 0, "backtest", "--symbols", "ACME", "--param", "fast=3", "--param",
                   "slow=8", "--beside", "none");
    return self;
}

static json_t *figures_of(const program *self)
{
    json_t *all = program_json(self);
    json_t *as = json_object_get(all, "metrics_as");
    g_assert_true(json_is_object(as));
    json_incref(as);
    json_decref(all);
    return as;
}

static const json_t *figure(const json_t *as, const char *key)
{
    const json_t *figure = json_object_get(json_object_get(as, "figures"), key);
    g_assert_nonnull(figure);
    return figure;
}

static double value(const json_t *as, const char *key)
{
    return json_number_value(json_object_get(figure(as, key), "value"));
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- kpi compute --------------------------------------------------------------------------- */

static void test_curve(void)
{
    g_autoptr(program) self = with_curve();
    static const struct {
        const char *tool, *years, *key;
        double want;
    } cases[] = {
        {"quantstats", NULL, "alpha", .198722},      {"empyrical", NULL, "calmar", 1.210627},
        {"backtesting.py", NULL, "sharpe", .840098}, {"freqtrade", NULL, "calmar", 10.941705},
        {"LEAN", NULL, "sortino", 1.700178},         {"vectorbt", NULL, "sharpe", 1.181273},
        {"vectorbt", "252", "sharpe", .981531},      {"freqtrade", "252", "sharpe", .282072},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *words[16] = {"kpi",         "compute",       "--equity",   "equity.csv",
                                 "--benchmark", "benchmark.csv", "--trades",   "trades.csv",
                                 "--json",      "--metrics-as",  cases[i].tool};
        if (cases[i].years != NULL) {
            words[11] = "--periods-per-year";
            words[12] = cases[i].years;
        }
        g_assert_cmpint(program_run_vector(self, words), ==, 0);
        json_t *as = figures_of(self);
        g_assert_cmpfloat_with_epsilon(value(as, cases[i].key), cases[i].want, 5.1e-7);
        json_decref(as);
    }
}

/* Ours stand beside, and are what they are without it. */
static void test_ours_beside(void)
{
    g_autoptr(program) self = with_curve();
    program_expect(self, 0, "kpi", "compute", "--equity", "equity.csv", "--json");
    json_t *plain = program_json(self);
    program_expect(self, 0, "kpi", "compute", "--equity", "equity.csv", "--json", "--metrics-as",
                   "quantstats");
    json_t *both = program_json(self), *as = figures_of(self);
    g_assert_cmpstr(text(as, "tool"), ==, "quantstats");
    g_assert_cmpfloat(json_number_value(json_object_get(figure(as, "cagr"), "ours")), ==,
                      json_number_value(json_object_get(plain, "cagr")));
    g_assert_cmpstr(text(figure(as, "alpha"), "missing"), ==, "no benchmark");
    g_assert_true(json_is_null(json_object_get(figure(as, "alpha"), "value")));
    g_assert_cmpstr(text(figure(as, "cagr"), "text"), ==, "14.91 %");
    json_object_del(both, "metrics_as");
    g_assert_true(json_equal(plain, both));
    json_decref(plain);
    json_decref(both);
    json_decref(as);
}

static void assert_fits(const program *self, int width)
{
    g_auto(GStrv) lines = g_strsplit(self->out, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (g_utf8_strlen(*line, -1) > width)
            g_error("wider than %d: %s", width, *line);
}

static void test_table(void)
{
    g_autoptr(program) self = with_curve();
    for (gsize i = 0; i < G_N_ELEMENTS(tools); i++) {
        program_expect(self, 0, "kpi", "compute", "--equity", "equity.csv", "--trades",
                       "trades.csv", "--metrics-as", tools[i]);
        g_autofree char *title = g_strdup_printf("As %s ", tools[i]);
        g_assert_true(g_str_has_prefix(self->out, title));
        g_assert_nonnull(strstr(self->out, " would print them\n"));
        g_assert_nonnull(strstr(self->out, "It takes N"));
        assert_fits(self, 80);
    }
}

static void test_flat(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "up.csv", "ts,equity\n2023-01-02,100\n2023-01-03,200\n2023-01-04,400\n");
    program_expect(self, 0, "kpi", "compute", "--equity", "up.csv", "--metrics-as", "empyrical",
                   "--json");
    json_t *as = figures_of(self);
    g_assert_cmpstr(text(figure(as, "sharpe"), "text"), ==, "inf");
    g_assert_true(json_is_null(json_object_get(figure(as, "sharpe"), "value")));
    g_assert_cmpstr(text(figure(as, "calmar"), "text"), ==, "nan");
    json_decref(as);
}

static void test_wrong_tool(void)
{
    g_autoptr(program) self = with_curve();
    program_expect(self, 2, "kpi", "compute", "--equity", "equity.csv", "--metrics-as", "pyfolio");
    g_assert_nonnull(strstr(self->err, "--metrics-as: \"pyfolio\" is no tool (expected quantstats, "
                                       "empyrical, backtesting.py, freqtrade, lean or vectorbt)"));
    g_assert_cmpstr(self->out, ==, "");
    program_expect(self, 2, "backtest", "--symbols", "X", "--metrics-as", "pyfolio");
    program_expect(self, 0, "db", "init");
    program_expect(self, 2, "runs", "show", "last", "--metrics-as", "pyfolio");
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* What needs the benchmark is missing in the log; everything else is equal to the last bit. */
static void compare(const json_t *made, const json_t *logged)
{
    const char *key;
    json_t *want;
    g_assert_cmpint(json_object_size(json_object_get(made, "figures")), >, 10);
    json_object_foreach(json_object_get(made, "figures"), key, want)
    {
        const json_t *got = figure(logged, key);
        const char *missing = text(got, "missing");
        if (missing != NULL)
            g_assert_cmpstr(missing, ==, "no benchmark");
        else if (!json_equal(got, want))
            g_error("%s %s: %s from the backtest, %s from its log", text(made, "tool"), key,
                    text(want, "text"), text(got, "text"));
    }
    g_assert_cmpstr(text(made, "note"), ==, text(logged, "note"));
}

static void test_log_equals_backtest(void)
{
    g_autoptr(program) self = with_run();
    for (gsize i = 0; i < G_N_ELEMENTS(tools); i++) {
        program_expect(self, 0, "backtest", "--symbols", "ACME", "--param", "fast=3", "--param",
                       "slow=8", "--beside", "none", "--no-log", "--json", "--metrics-as",
                       tools[i]);
        json_t *made = figures_of(self);
        program_expect(self, 0, "runs", "show", "last", "--json", "--metrics-as", tools[i]);
        json_t *logged = figures_of(self);
        compare(made, logged);
        json_decref(made);
        json_decref(logged);
    }
}

static void test_stored_stays(void)
{
    g_autoptr(program) self = with_run();
    program_expect(self, 0, "runs", "show", "last", "--json");
    json_t *before = program_json(self);
    program_expect(self, 0, "backtest", "--symbols", "ACME", "--param", "fast=3", "--param",
                   "slow=8", "--beside", "none", "--metrics-as", "freqtrade");
    g_assert_nonnull(strstr(self->out, "As freqtrade "));
    program_expect(self, 0, "runs", "show", "last", "--json");
    json_t *after = program_json(self);
    g_assert_true(json_equal(json_object_get(before, "kpis"), json_object_get(after, "kpis")));
    g_assert_cmpstr(text(before, "state_hash"), ==, text(after, "state_hash"));
    json_decref(before);
    json_decref(after);
    program_expect(self, 0, "runs", "reproduce", "last");
}

/* backtesting.py begins with the first bar, LEAN takes every midnight but the first. */
static void test_sampling(void)
{
    g_autoptr(program) self = with_run();
    static const char *const notes[][2] = {
        {"backtesting.py", "from the first bar's close on"},
        {"lean", "at every midnight, weekends too, without the first day"},
        {"quantstats", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(notes); i++) {
        program_expect(self, 0, "runs", "show", "last", "--json", "--metrics-as", notes[i][0]);
        json_t *as = figures_of(self);
        if (notes[i][1] != NULL)
            g_assert_nonnull(strstr(text(as, "note"), notes[i][1]));
        else
            g_assert_null(text(as, "note"));
        json_decref(as);
    }
    program_expect(self, 0, "runs", "show", "last", "--metrics-as", "lean");
    g_assert_nonnull(strstr(self->out, "As lean "));
    assert_fits(self, 90); /* the state hash */
}

/* ---- kpi explain --------------------------------------------------------------------------- */

static void test_explain_list(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "kpi", "explain");
    g_assert_nonnull(strstr(self->out, "\nsharpe "));
    assert_fits(self, 80);
    program_expect(self, 0, "kpi", "explain", "--json");
    json_t *list = program_json(self);
    g_assert_cmpint(json_array_size(list), ==, 22);
    json_decref(list);
}

static void test_explain_ratio(void)
{
    g_autoptr(program) self = program_new();
    static const char *const names[] = {"sharpe", "SHARPE", "Sharpe ratio", "sharpe-ratio"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        program_expect(self, 0, "kpi", "explain", names[i]);
        g_assert_nonnull(strstr(self->out, "(m - rf / N) x sqrt(N) / s"));
        /* the row "Sharpe" of semantics.md */
        g_assert_nonnull(strstr(self->out, "0.8401"));
        g_assert_nonnull(strstr(self->out, "0.2821"));
        g_assert_nonnull(strstr(self->out, "1.0590"));
        g_assert_nonnull(strstr(self->out, "1.1813"));
        assert_fits(self, 80);
    }
}

static void test_explain_every_ratio(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "kpi", "explain", "--json");
    json_t *list = program_json(self);
    size_t index;
    json_t *ratio;
    json_array_foreach(list, index, ratio)
    {
        program_expect(self, 0, "kpi", "explain", text(ratio, "name"), "--json");
        json_t *one = program_json(self);
        g_assert_true(json_equal(one, ratio));
        g_assert_nonnull(text(one, "formula"));
        g_assert_cmpint(json_object_size(json_object_get(one, "tools")), ==, 6);
        json_decref(one);
        program_expect(self, 0, "kpi", "explain", text(ratio, "name"));
        assert_fits(self, 80);
    }
    json_decref(list);
}

static void test_explain_own_curve(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "mine.csv", "ts,equity\n2023-01-02,100\n2023-01-03,90\n2023-01-04,99\n");
    program_expect(self, 0, "kpi", "explain", "max_drawdown", "--equity", "mine.csv", "--json");
    json_t *one = program_json(self);
    g_assert_cmpfloat_with_epsilon(json_number_value(json_object_get(one, "value")), 0.1, 1e-15);
    const json_t *tool = json_object_get(json_object_get(one, "tools"), "empyrical");
    g_assert_cmpfloat_with_epsilon(json_number_value(json_object_get(tool, "value")), -0.1, 1e-15);
    tool = json_object_get(json_object_get(one, "tools"), "freqtrade");
    g_assert_cmpstr(text(tool, "missing"), ==, "no trades given");
    json_decref(one);
    program_expect(self, 0, "kpi", "explain", "max_drawdown", "--equity", "mine.csv");
    g_assert_nonnull(strstr(self->out, "Values of mine.csv"));
}

static void test_explain_foreign(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "kpi", "explain", "kelly");
    g_assert_nonnull(strstr(self->out, "none of quantbot's ratios"));
    g_assert_nonnull(strstr(self->out, "0.2189")); /* backtesting.py, semantics.md */
    program_expect(self, 0, "kpi", "explain", "Kelly Criterion", "--json");
    json_t *one = program_json(self);
    g_assert_cmpstr(text(one, "name"), ==, "kelly");
    g_assert_true(json_is_null(json_object_get(json_object_get(one, "tools"), "lean")));
    json_decref(one);
}

static void test_explain_typo(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 2, "kpi", "explain", "sharp");
    g_assert_nonnull(strstr(self->err, "\"sharp\" is no ratio (did you mean sharpe?)"));
    program_expect(self, 2, "kpi", "explain", "qwertyuiop");
    g_assert_nonnull(strstr(self->err, "quantbot kpi explain lists them"));
    program_expect(self, 2, "kpi", "explain", "");
    program_expect(self, 2, "kpi", "explain", "sharpe", "sortino");
    program_expect(self, 2, "kpi", "explain", "sharpe", "--trades", "trades.csv");
    program_expect(self, 5, "kpi", "explain", "sharpe", "--equity", "absent.csv");
    g_autofree char *longest = g_strnfill(100000, 'x');
    program_expect(self, 2, "kpi", "explain", longest);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/metrics-as/curve", test_curve);
    g_test_add_func("/commands/metrics-as/ours-beside", test_ours_beside);
    g_test_add_func("/commands/metrics-as/table", test_table);
    g_test_add_func("/commands/metrics-as/flat", test_flat);
    g_test_add_func("/commands/metrics-as/wrong-tool", test_wrong_tool);
    g_test_add_func("/commands/metrics-as/log-equals-backtest", test_log_equals_backtest);
    g_test_add_func("/commands/metrics-as/stored-stays", test_stored_stays);
    g_test_add_func("/commands/metrics-as/sampling", test_sampling);
    g_test_add_func("/commands/kpi-explain/list", test_explain_list);
    g_test_add_func("/commands/kpi-explain/ratio", test_explain_ratio);
    g_test_add_func("/commands/kpi-explain/every-ratio", test_explain_every_ratio);
    g_test_add_func("/commands/kpi-explain/own-curve", test_explain_own_curve);
    g_test_add_func("/commands/kpi-explain/foreign", test_explain_foreign);
    g_test_add_func("/commands/kpi-explain/typo", test_explain_typo);
    return g_test_run();
}
