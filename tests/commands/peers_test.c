/* Other tools' published runs, made by the program from files as a user has them. docs/PEERS.md. */
#include "program.h"

#include <math.h>
#include <string.h>

/* The options that speak LEAN: the close that decides, per-share fees, no slippage. */
#define AS_LEAN                                                                                  \
    "--interval", "1m", "--start", "2013-10-07", "--end", "2013-10-11", "--cash", "100000",      \
        "--fill-at", "close", "--fee-bps", "0", "--fee-per-unit", "0.005", "--fee-minimum", "1", \
        "--slippage-bps", "0", "--volume-cap", "off", "--json"

static const char *shared_file(char **out, const char *path)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    *out = g_build_filename(shared != NULL ? shared : "", "data", path, NULL);
    return shared != NULL && g_file_test(*out, G_FILE_TEST_IS_REGULAR) ? *out : NULL;
}

/* Quotes first, with asks as prices, then trades: bars take the trades' prices and keep bid and ask.
 * LEAN's bars are adjusted by the factor of that time, as its factor file has it. */
static gboolean import_spy(program *self)
{
    g_autofree char *quotes = NULL, *trades = NULL;
    if (shared_file(&quotes, "equities/minute_raw/SPY_2013-10_quote.csv.gz") == NULL ||
        shared_file(&trades, "equities/minute_raw/SPY_2013-10_trade.csv.gz") == NULL) {
        g_test_skip("QUANTBOT_SHARED is absent");
        return FALSE;
    }
    program_expect(self, 0, "data", "import", quotes, "--symbol", "SPY", "--asset", "equity",
                   "--interval", "1m", "--scale", "0.8646266", "--adjustment", "full", "--map",
                   "open=ask_open,high=ask_high,low=ask_low,close=ask_close,"
                   "bid=bid_close,ask=ask_close");
    program_expect(self, 0, "data", "import", trades, "--symbol", "SPY", "--asset", "equity",
                   "--interval", "1m", "--scale", "0.8646266", "--adjustment", "full");
    return TRUE;
}

static double number(const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);
    g_assert_true(json_is_number(value));
    return json_number_value(value);
}

static const json_t *published(json_t **out_root)
{
    g_autofree char *path = NULL;
    json_error_t problem;
    g_assert_nonnull(shared_file(&path, "expected/published_lean_statistics.json"));
    *out_root = json_load_file(path, 0, &problem);
    g_assert_nonnull(*out_root);
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(*out_root, "cases"), i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        if (g_strcmp0(name, "BasicTemplateAlgorithm") == 0)
            return json_object_get(item, "statistics");
    }
    g_assert_not_reached();
}

/* 688 shares at the ask of the first minute, 167.45 before the factor, and 3.44. */
static void expect_account(const json_t *root)
{
    const double paid = 688 * 167.45 * 0.8646266, end = 688 * 170.30 * 0.8646266;
    g_assert_cmpfloat(fabs(number(root, "cash") - (100000 - paid - 3.44)), <, 5e-6);
    g_assert_cmpfloat(fabs(number(root, "equity") - (100000 - paid - 3.44 + end)), <, 5e-6);
    g_assert_cmpfloat(fabs(number(root, "equity") - 101691.92), <, 5e-3);
    g_assert_cmpfloat(number(root, "fees"), ==, 3.44);
    g_assert_cmpint(json_integer_value(json_object_get(root, "fills")), ==, 1);
    g_assert_cmpint(json_integer_value(json_object_get(root, "bars")), ==, 5 * 390);
}

/* Each figure under its own name, to the printed digits. What keeps three of them away is in
 * docs/PEERS.md: growth counts from midnight in New York; recovery and information ratio depend on
 * the points of that tool's charts. */
static void expect_figures(const json_t *root)
{
    static const char *const elsewhere[] = {"Compounding Annual Return", "Drawdown Recovery",
                                            "Information Ratio", NULL};
    json_t *file, *figure;
    const json_t *want = published(&file);
    const char *key;
    int compared = 0;
    json_t *figures = json_object_get(json_object_get(root, "metrics_as"), "figures");
    json_object_foreach(figures, key, figure)
    {
        const char *title = json_string_value(json_object_get(figure, "title"));
        const char *text = json_string_value(json_object_get(want, title));
        g_assert_nonnull(text);
        if (g_strv_contains(elsewhere, title))
            continue;
        const double scale = strchr(text, '%') != NULL ? 0.01 : 1.0;
        const double off = number(figure, "value") - scale * g_ascii_strtod(text, NULL);
        const double half = g_str_has_prefix(title, "End") ? 5.001e-3 : 5.001e-4 * scale;
        if (fabs(off) > half)
            g_error("%s is %.9f, want %s", title, number(figure, "value"), text);
        compared++;
    }
    g_assert_cmpint(compared, ==, 19);
    json_decref(file);
}

static void test_lean_minutes(void)
{
    g_autoptr(program) self = program_new();
    if (!import_spy(self))
        return;
    program_expect(self, 0, "backtest", "--symbols", "SPY", "--strategy", "buy_and_hold", "--size",
                   "99.75%", "--risk-free", "0.0075", "--metrics-as", "lean", AS_LEAN);
    json_t *root = program_json(self);
    expect_account(root);
    expect_figures(root);
    json_decref(root);
    program_expect(self, 0, "runs", "reproduce", "last");
}

/* The same as a list of one order: the close at or after its time is that of the first minute. */
static void test_lean_minutes_as_orders(void)
{
    g_autoptr(program) self = program_new();
    if (!import_spy(self))
        return;
    program_write(self, "orders.csv",
                  "time,symbol,side,quantity\n2013-10-07T13:30:00Z,SPY,buy,99.75%\n");
    program_expect(self, 0, "backtest", "--orders", "orders.csv", AS_LEAN);
    json_t *root = program_json(self);
    expect_account(root);
    json_decref(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peers/lean/minutes", test_lean_minutes);
    g_test_add_func("/peers/lean/minutes-as-orders", test_lean_minutes_as_orders);
    return g_test_run();
}
