/* kpi compute as a user runs it: the curve of semantics.md through CSV files, and files that are
 * wrong in one place. */
#include "program.h"

#include "../metrics/vectors.h"

#include <string.h>
#include <zlib.h>

/* The vectors as equity.csv, benchmark.csv and trades.csv. */
static program *with_files(void)
{
    program *self = program_new();
    static vectors v;
    vectors_fill(&v);
    g_autoptr(GString) equity = g_string_new("ts,equity\n");
    g_autoptr(GString) price = g_string_new("ts,close\n1999-12-31,50\n");
    g_autoptr(GString) trades = g_string_new("entry_ts,exit_ts,pnl,return\n");
    char day[QB_TIME_TEXT], other[QB_TIME_TEXT];
    for (int i = 0; i < VECTOR_POINTS; i++) {
        qb_date_to_text(qb_date_from_us(v.ts_us[i]), day);
        g_string_append_printf(equity, "%s,%.17g\n", day, v.equity[i]);
        g_string_append_printf(price, "%sT00:00:00Z,%.17g\n", day, v.price[i]);
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

static double number(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);
    if (!json_is_number(value))
        g_error("%s is not a number", key);
    return json_number_value(value);
}

static void test_vectors(void)
{
    g_autoptr(program) p = with_files();
    program_expect(p, 0, "kpi", "compute", "--equity", "equity.csv", "--benchmark", "benchmark.csv",
                   "--trades", "trades.csv", "--json");
    /* column "ours" of the vectors; the trade figures of freqtrade and backtesting.py, whose
     * definitions are the same */
    static const struct {
        const char *key;
        double want, tolerance;
    } cases[] = {
        {"sharpe", 0.981531, 5e-7},        {"sortino", 1.438545, 5e-7},
        {"cagr", .154996, 5e-7},           {"cagr_count", .149064, 5e-7},
        {"calmar", 1.258801, 5e-7},        {"alpha", .219747, 5e-7},
        {"beta", .577614, 5e-7},           {"max_drawdown", .12312968, 5e-9},
        {"volatility", .153598, 5e-7},     {"win_rate", .56, 1e-12},
        {"profit_factor", 1.641642, 5e-7}, {"expectancy", 649.36, 5e-3},
        {"sqn", 1.453103, 5e-7},           {"psr", .916138, 5e-7},
        {"skew", -.104763, 5e-7},          {"kurtosis", 3.013098, 5e-7},
        {"periods_per_year", 252, 0},      {"periods", 503, 0},
    };
    json_t *root = program_json(p);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpfloat_with_epsilon(number(root, cases[i].key), cases[i].want,
                                       cases[i].tolerance * 1.0001 + 1e-300);
    json_decref(root);
}

static void test_without_benchmark(void)
{
    g_autoptr(program) p = with_files();
    program_expect(p, 0, "kpi", "compute", "--equity", "equity.csv", "--json");
    json_t *root = program_json(p);
    static const char *const keys[] = {"alpha", "beta"};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_assert_true(json_is_null(json_object_get(root, keys[i])));
        g_assert_cmpstr(
            json_string_value(json_object_get(json_object_get(root, "undefined"), keys[i])), ==,
            "no benchmark");
    }
    json_decref(root);
}

static void test_periods(void)
{
    g_autoptr(program) p = program_new();
    /* 2024-01-06 was a Saturday */
    program_write(p, "seven.csv", "ts,equity\n2024-01-05,100\n2024-01-06,101\n2024-01-07,100\n");
    program_write(p, "five.csv", "date,equity\n2024-01-04,100\n2024-01-05,101\n2024-01-08,100\n");
    static const struct {
        const char *file, *flag;
        double want;
    } cases[] = {{"seven.csv", NULL, 365},
                 {"five.csv", NULL, 252},
                 {"five.csv", "--periods-per-year=12", 12}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        program_expect(p, 0, "kpi", "compute", "--equity", cases[i].file, "--json", cases[i].flag);
        json_t *root = program_json(p);
        g_assert_cmpfloat(number(root, "periods_per_year"), ==, cases[i].want);
        json_decref(root);
    }
}

static void test_risk_free(void)
{
    g_autoptr(program) p = with_files();
    program_expect(p, 0, "kpi", "compute", "--equity", "equity.csv", "--risk-free", "0.02",
                   "--json");
    json_t *root = program_json(p);
    /* (m - rf/N) sqrt(N) / s, with m and s of the vectors */
    const double want = (.00059825841 - 0.02 / 252) * sqrt(252) / .00967575549;
    g_assert_cmpfloat_with_epsilon(number(root, "sharpe"), want, 1e-7);
    json_decref(root);
}

static void test_gzip(void)
{
    g_autoptr(program) p = with_files();
    g_autofree char *plain = g_build_filename(p->folder, "equity.csv", NULL);
    g_autofree char *packed = g_build_filename(p->folder, "equity.csv.gz", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(plain, &text, NULL, NULL));
    gzFile file = gzopen(packed, "wb");
    g_assert_cmpint(gzwrite(file, text, (unsigned)strlen(text)), ==, strlen(text));
    gzclose(file);
    program_expect(p, 0, "kpi", "compute", "--equity", "equity.csv", "--json");
    g_autofree char *first = g_strdup(p->out);
    program_expect(p, 0, "kpi", "compute", "--equity", "equity.csv.gz", "--json");
    g_assert_cmpstr(p->out, ==, first);
}

static void test_table(void)
{
    g_autoptr(program) p = with_files();
    program_expect(p, 0, "kpi", "compute", "--equity", "equity.csv", "--benchmark",
                   "benchmark.csv");
    g_assert_nonnull(strstr(p->out, "131,962.06"));
    /* the benchmark from the same start value */
    static vectors v;
    vectors_fill(&v);
    const double end = v.price[VECTOR_POINTS - 1] * 1000;
    g_autofree char *money = g_strdup_printf("%d,%06.2f", (int)end / 1000, fmod(end, 1000));
    g_assert_nonnull(strstr(p->out, money));
    g_assert_null(strchr(p->out, '\033'));
    g_assert_cmpstr(p->err, ==, "");
}

static void test_intraday_warns(void)
{
    g_autoptr(program) p = program_new();
    program_write(p, "hours.csv",
                  "ts,equity\n2024-01-05T10:00:00Z,100\n2024-01-05T11:00:00Z,101\n"
                  "2024-01-05T12:00:00Z,100\n");
    program_expect(p, 0, "kpi", "compute", "--equity", "hours.csv", "--json");
    g_assert_nonnull(strstr(p->err, "closer than a day"));
    program_expect(p, 0, "kpi", "compute", "--equity", "hours.csv", "--json", "--periods-per-year",
                   "1638");
    g_assert_cmpstr(p->err, ==, "");
}

static void test_missing_stamp(void)
{
    g_autoptr(program) p = program_new();
    program_write(p, "e.csv", "ts,equity\n2024-01-04,1\n2024-01-05,2\n2024-01-08,3\n");
    program_write(p, "b.csv", "ts,close\n2024-01-04,1\n2024-01-08,3\n");
    program_expect(p, 4, "kpi", "compute", "--equity", "e.csv", "--benchmark", "b.csv", "--json");
    g_assert_cmpstr(p->out, ==, "");
    g_assert_cmpstr(p->err, ==,
                    "quantbot: error: b.csv: ts: there is no close at "
                    "2024-01-05T00:00:00Z (e.csv:3 needs it)\n");
}

static void test_bad_files(void)
{
    static const struct {
        const char *flag, *text, *want;
    } cases[] = {
        {"--equity", "ts,equity\n2024-01-04,1\n2024-01-05,abc\n", "f.csv:3: equity: \"abc\""},
        {"--equity", "ts,equity\n2024-01-04,1\nyesterday,2\n", "f.csv:3: ts: \"yesterday\""},
        {"--equity", "ts,equity\n2024-01-05,1\n2024-01-04,2\n",
         "f.csv:3: ts: 2024-01-04T00:00:00Z is not after line 2"},
        {"--equity", "ts,equity\n2024-01-05,1\n2024-01-05,2\n", "is not after line 2"},
        {"--equity", "when,worth\n2024-01-05,1\n",
         "f.csv: there is no column ts or date or timestamp"},
        {"--equity", "when,worth\n2024-01-05,1\n", "f.csv: there is no column equity"},
        {"--benchmark", "ts,close\n2024-01-04,0\n", "f.csv:2: close: 0 is not a price"},
        {"--trades", "entry_ts,exit_ts,pnl\n", "f.csv: there is no column return"},
        {"--trades", "entry_ts,exit_ts,pnl,return\n2024-01-05,2024-01-04,1,0.1\n",
         "f.csv:2: exit_ts: lies before entry_ts"},
        {"--trades", "entry_ts,exit_ts,pnl,return\n2024-01-05,2024-01-06,,0.1\n", "f.csv:2: pnl:"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(program) p = program_new();
        program_write(p, "good.csv", "ts,equity\n2024-01-04,1\n2024-01-05,2\n");
        program_write(p, "f.csv", cases[i].text);
        const gboolean equity = strcmp(cases[i].flag, "--equity") == 0;
        program_expect(p, 4, "kpi", "compute", "--json", "--equity", equity ? "f.csv" : "good.csv",
                       equity ? NULL : cases[i].flag, "f.csv");
        g_assert_cmpstr(p->out, ==, "");
        if (strstr(p->err, cases[i].want) == NULL)
            g_error("%s is not in: %s", cases[i].want, p->err);
    }
}

static void test_usage(void)
{
    g_autoptr(program) p = with_files();
    program_expect(p, 2, "kpi", "compute");
    program_expect(p, 2, "kpi", "compute", "--equity", "equity.csv", "more");
    program_expect(p, 2, "kpi", "compute", "--equity", "equity.csv", "--periods-per-year", "0");
    program_expect(p, 2, "kpi", "compute", "--equity", "equity.csv", "--periods-per-year", "nan");
    program_expect(p, 2, "kpi", "compute", "--equity", "equity.csv", "--risk-free", "2");
    program_expect(p, 2, "kpi", "compute", "--nonsense");
    program_expect(p, 5, "kpi", "compute", "--equity", "absent.csv");
    program_expect(p, 0, "kpi", "compute", "--help");
    g_assert_nonnull(strstr(p->out, "Examples:"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/kpi-compute/vectors", test_vectors);
    g_test_add_func("/commands/kpi-compute/without-benchmark", test_without_benchmark);
    g_test_add_func("/commands/kpi-compute/periods", test_periods);
    g_test_add_func("/commands/kpi-compute/risk-free", test_risk_free);
    g_test_add_func("/commands/kpi-compute/gzip", test_gzip);
    g_test_add_func("/commands/kpi-compute/table", test_table);
    g_test_add_func("/commands/kpi-compute/intraday", test_intraday_warns);
    g_test_add_func("/commands/kpi-compute/missing-stamp", test_missing_stamp);
    g_test_add_func("/commands/kpi-compute/bad-files", test_bad_files);
    g_test_add_func("/commands/kpi-compute/usage", test_usage);
    return g_test_run();
}
