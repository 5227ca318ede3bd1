/* Live, with the tools themselves: QUANTBOT_PYTHON names a Python that has pandas and at least one
 * of quantstats, empyrical-reloaded, backtesting, freqtrade and vectorbt. Random curves go through
 * dialects_judge.py and through ours; LEAN is no Python library. QUANTBOT_DIALECT_CURVES: how
 * many, by default 50. */
#include "core/metrics/dialects.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#define POINTS_LIMIT 700
#define TRADES_LIMIT 60

typedef struct sample {
    int64_t ts_us[POINTS_LIMIT];
    double equity[POINTS_LIMIT], price[POINTS_LIMIT];
    qb_trade_result trades[TRADES_LIMIT];
    size_t points, trade_count;
    double risk_free;
} sample;

static double normal(GRand *random)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += g_rand_double(random);
    return sum - 6;
}

/* Business days or all days; the first curves are short, some never fall, some rarely move. */
static void fill_curve(GRand *random, int number, sample *out)
{
    const gboolean weekends = g_rand_boolean(random);
    const gboolean rising = number % 10 == 7, lazy = number % 10 == 8;
    const double swing = 0.002 + 0.03 * g_rand_double(random);
    int32_t date = 18262 + g_rand_int_range(random, 0, 1000);
    out->points = number < 6 ? (size_t)number + 3 : (size_t)g_rand_int_range(random, 12, 600);
    for (size_t i = 0; i < out->points; i++) {
        double b = 0.0003 + swing * normal(random);
        double r = 0.0002 + 0.5 * b + 0.6 * swing * normal(random);
        if (rising)
            r = fabs(r) + 1e-4;
        if (lazy && g_rand_double(random) < 0.9)
            r = 0;
        while (!weekends && i > 0 && qb_weekday(date) >= 5)
            date++;
        out->ts_us[i] = date++ * QB_DAY_US;
        out->equity[i] = i == 0 ? 10000 : out->equity[i - 1] * (1 + fmax(r, -0.5));
        out->price[i] = i == 0 ? 50 : out->price[i - 1] * (1 + fmax(b, -0.5));
    }
}

/* One after the other along the curve, with gaps; a curve in five has only winners. */
static void fill_trades(GRand *random, int number, sample *out)
{
    size_t at = 0;
    out->trade_count = 0;
    while (out->trade_count < TRADES_LIMIT) {
        const size_t entry = at + (size_t)g_rand_int_range(random, 0, 6);
        const size_t exit = entry + (size_t)g_rand_int_range(random, 1, 15);
        if (exit >= out->points)
            return;
        double profit = out->equity[exit] - out->equity[entry];
        if (number % 5 == 2)
            profit = fabs(profit) + 1;
        out->trades[out->trade_count++] = (qb_trade_result){out->ts_us[entry], out->ts_us[exit],
                                                            profit, profit / out->equity[entry]};
        at = exit + 1;
    }
}

static json_t *to_json(const sample *sample)
{
    json_t *day = json_array(), *equity = json_array(), *price = json_array();
    json_t *trades = json_array();
    for (size_t i = 0; i < sample->points; i++) {
        json_array_append_new(day, json_integer(sample->ts_us[i] / QB_DAY_US));
        json_array_append_new(equity, json_real(sample->equity[i]));
        json_array_append_new(price, json_real(sample->price[i]));
    }
    for (size_t i = 0; i < sample->trade_count; i++)
        json_array_append_new(
            trades, json_pack("[I,I,f,f]", (json_int_t)(sample->trades[i].entry_us / QB_DAY_US),
                              (json_int_t)(sample->trades[i].exit_us / QB_DAY_US),
                              sample->trades[i].profit, sample->trades[i].return_fraction));
    return json_pack("{s:o,s:o,s:o,s:o,s:f}", "day", day, "equity", equity, "price", price,
                     "trades", trades, "risk_free", sample->risk_free);
}

static double number_of(const json_t *value)
{
    const char *text = json_string_value(value);
    return text == NULL ? json_number_value(value) : g_ascii_strtod(text, NULL);
}

/* Theirs are sums in another order, and percentages on the way. */
static gboolean is_same(double got, double want)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (isinf(want) || isinf(got))
        return got == want;
    return fabs(got - want) <= 1e-8 * fmax(1, fabs(want));
}

static guint compare(const char *tool, int number, const sample *sample, const json_t *figures)
{
    qb_dialect dialect;
    qb_dialect_sheet sheet;
    guint wrong = 0;
    g_assert_cmpint(qb_dialect_from_text(tool, &dialect), ==, QB_OK);
    const qb_kpi_input input = {.periods = {sample->ts_us, sample->equity, sample->points},
                                .benchmark = {sample->ts_us, sample->price, sample->points},
                                .trades = sample->trades,
                                .trade_count = sample->trade_count,
                                .periods_per_year = 252,
                                .risk_free = sample->risk_free};
    g_assert_cmpint(qb_dialect_compute(dialect, &input, 0, &sheet), ==, QB_OK);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)figures, key, value)
    {
        const qb_dialect_kpi *kpi = qb_dialect_find(&sheet, key);
        const double want = number_of(value);
        g_assert_nonnull(kpi);
        if (is_same(kpi->ratio.value, want))
            continue;
        g_test_message("curve %d (%zu points, %zu trades): %s %s is %.12g, %s says %.12g", number,
                       sample->points, sample->trade_count, tool, key, kpi->ratio.value, tool,
                       want);
        wrong++;
    }
    return wrong;
}

static json_t *ask(const char *python, const json_t *curves)
{
    g_autofree char *folder = g_dir_make_tmp("dialects-XXXXXX", NULL);
    g_autofree char *given = g_build_filename(folder, "curves.json", NULL);
    g_autofree char *answer = g_build_filename(folder, "figures.json", NULL);
    g_autofree char *script = g_test_build_filename(G_TEST_DIST, "metrics", "dialects_judge.py",
                                                    NULL);
    const char *arguments[] = {python, script, folder, NULL};
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    g_assert_cmpint(json_dump_file(curves, given, JSON_COMPACT), ==, 0);
    g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors,
                 &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("dialects_judge.py: %s%s", output, errors);
    json_t *figures = json_load_file(answer, 0, NULL);
    g_remove(given);
    g_remove(answer);
    g_rmdir(folder);
    g_assert_nonnull(figures);
    return figures;
}

static void test_live(void)
{
    const char *python = g_getenv("QUANTBOT_PYTHON"), *wanted = g_getenv("QUANTBOT_DIALECT_CURVES");
    if (python == NULL || *python == '\0') {
        g_test_skip("QUANTBOT_PYTHON is not set to a Python with quantstats and the like");
        return;
    }
    const int count = wanted != NULL ? CLAMP(atoi(wanted), 1, 10000) : 50;
    g_autoptr(GRand) random = g_rand_new_with_seed(20240229);
    g_autofree sample *samples = g_new0(sample, (gsize)count);
    json_t *curves = json_array();
    for (int i = 0; i < count; i++) {
        fill_curve(random, i, &samples[i]);
        fill_trades(random, i, &samples[i]);
        samples[i].risk_free = i % 3 == 0 ? 0.02 : 0;
        json_array_append_new(curves, to_json(&samples[i]));
    }
    json_t *figures = ask(python, curves);
    json_decref(curves);
    if (json_object_size(figures) == 0)
        g_test_skip("that Python has none of the tools");
    guint wrong = 0;
    const char *tool;
    json_t *answers;
    json_object_foreach(figures, tool, answers)
    {
        g_assert_cmpint(json_array_size(answers), ==, count);
        g_test_message("%s: %d curves, %zu figures each", tool, count,
                       json_object_size(json_array_get(answers, 0)));
        for (int i = 0; i < count; i++)
            wrong += compare(tool, i, &samples[i], json_array_get(answers, (gsize)i));
    }
    json_decref(figures);
    g_assert_cmpuint(wrong, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/dialects/live", test_live);
    return g_test_run();
}
