/* The words of costs on the command line, in run files, in instruments.ini and in stored runs. */
#include "program.h"

#include <string.h>

static program *program_with_sample(void)
{
    program *self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
    return self;
}

/* What a run was given: config of its params. */
static json_t *stored(program *self)
{
    program_expect(self, 0, "runs", "show", "last", "--json");
    json_t *root = program_json(self);
    json_t *params = json_object_get(root, "params");
    g_assert_nonnull(json_object_get(params, "config"));
    json_incref(params);
    json_decref(root);
    return params;
}

static void expect_config(json_t *params, const char *key, const char *want)
{
    const char *got = json_string_value(json_object_get(json_object_get(params, "config"), key));
    if (g_strcmp0(got, want) != 0)
        g_error("%s is %s, want %s", key, got, want);
}

static void backtest(program *self, const char *const *flags)
{
    const char *words[32] = {"backtest", "--symbols", "AAPL", "--beside", "none"};
    for (gsize i = 0; flags[i] != NULL; i++)
        words[5 + i] = flags[i];
    if (program_run_vector(self, words) != 0)
        g_error("exit %d: %s", self->exit_code, self->err);
}

/* ---- one clear line for each bad value ------------------------------------------------------- */

static const struct {
    const char *flag, *value, *says;
} bad[] = {
    {"--fee-preset", "nobody", "expected a name of quantbot fees list"},
    {"--fee-bps", "-1", "basis points from 0 to 10000"},
    {"--fee-maker-bps", "0.00001", "at most 4 decimals"},
    {"--fee-maker-bps", "11", "at most what a taker pays"},
    {"--fee-cap", "0", "expected 1%, 0.01 or off"},
    {"--fee-cap", "101%", "expected 1%, 0.01 or off"},
    {"--fee-cap", "2", "expected 1%, 0.01 or off"},
    {"--sell-fee-bps", "many", "basis points from 0 to 10000"},
    {"--sell-fee-per-unit", "1000001", "an amount from 0 to 1000000"},
    {"--slippage-bps", "10000", "below 10000"},
    {"--impact", "sqrt", "none, sqrt:C or quadratic:C"},
    {"--impact", "sqrt:0", "C above 0, at most 10"},
    {"--impact", "quadratic:11", "C above 0, at most 10"},
    {"--impact", "cubic:1", "none, sqrt:C or quadratic:C"},
    {"--volume-cap", "5", "expected 5%, 0.05 or off"},
    {"--volume-cap", "0%", "expected 5%, 0.05 or off"},
    {"--borrow", "3", "3% or 0.03"}, /* not 300 % */
    {"--borrow", "-1%", "3% or 0.03"},
    {"--margin-interest", "1001%", "at most 1000%"},
    {"--margin-interest", "0.123456789", "3% or 0.03"},
    {"--margin-interest", "0.1234567%", "3% or 0.03"}, /* below 1e-8 */
    {"--maintenance", "0", "25%, 0.25, standard or off"},
    {"--maintenance", "on", "25%, 0.25, standard or off"},
    {"--fill-model", "hopeful", "neutral, pessimistic or optimistic"},
    {"--deposit", "1000", "expected DATE=AMOUNT"},
    {"--deposit", "2014-13-01=1000", "expected DATE=AMOUNT"},
    {"--deposit", "2014-01-01=", "expected DATE=AMOUNT"},
    {"--deposit", "2014-01-01=0", "expected DATE=AMOUNT"},
    {"--deposit", "2014-01-01=1e3", "expected DATE=AMOUNT"},
    {"--deposit", "2014-01-01=1000,", "\"\" is not valid"},
    {"--deposit", "2014-01-01=2000000000", "expected DATE=AMOUNT"},
    {"--hold", "AAPL", "expected SYMBOL=UNITS@PRICE"},
    {"--hold", "AAPL=10", "expected SYMBOL=UNITS@PRICE"},
    {"--hold", "AAPL=0@10", "expected SYMBOL=UNITS@PRICE"},
    {"--hold", "AAPL=10@0", "expected SYMBOL=UNITS@PRICE"},
    {"--hold", "AAPL@10=10", "expected SYMBOL=UNITS@PRICE"},
    {"--hold", "MSFT=10@10", "expected a symbol among --symbols"},
    {"--hold", "AAPL=1.5@10", "expected whole lots"},
    {"--hold", "AAPL=1@10,aapl=2@10", "expected each symbol once"},
    {"--hold", "AAPL=-1001@100", "an equity above 0"},
    {"--hold", "AAPL=90000000000@90000000000", "an equity above 0"},
};

static void test_bad_values(void)
{
    g_autoptr(program) self = program_with_sample();
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        program_expect(self, 3, "backtest", "--symbols", "AAPL", bad[i].flag, bad[i].value);
        g_auto(GStrv) lines = g_strsplit(g_strstrip(self->err), "\n", -1);
        if (g_strv_length(lines) != 1 || strstr(lines[0], bad[i].says) == NULL ||
            strstr(lines[0], bad[i].flag) == NULL)
            g_error("%s %s: want one line with \"%s\", got:\n%s", bad[i].flag, bad[i].value,
                    bad[i].says, self->err);
    }
    program_expect(self, 3, "backtest", "--symbols", "AAPL", "--fractional", "--lot", "2");
    g_assert_nonnull(strstr(self->err, "--fractional"));
    program_expect(self, 3, "backtest", "--symbols", "AAPL", "--end", "2015-01-01", "--deposit",
                   "2015-01-02=1");
    g_assert_nonnull(strstr(self->err, "before --end"));
}

/* ---- what is stored -------------------------------------------------------------------------- */

static void test_preset(void)
{
    g_autoptr(program) self = program_with_sample();
    const char *const plain[] = {"--fee-preset", "ibkr-fixed", NULL};
    backtest(self, plain);
    g_assert_nonnull(strstr(self->out, "0.005 a unit"));
    json_t *params = stored(self);
    expect_config(params, "fee-preset", "ibkr-fixed");
    expect_config(params, "fee-bps", "0");
    expect_config(params, "fee-per-unit", "0.005");
    expect_config(params, "fee-minimum", "1");
    expect_config(params, "fee-cap", "1%");
    expect_config(params, "sell-fee-bps", "0.206");
    expect_config(params, "sell-fee-per-unit", "0.000195");
    json_decref(params);

    /* A rate that is said is both makers' and takers'. */
    const char *const over[] = {"--fee-preset", "kraken-pro", "--fee-bps", "10", NULL};
    backtest(self, over);
    g_assert_nonnull(strstr(self->out, "kraken-pro"));
    params = stored(self);
    expect_config(params, "fee-bps", "10");
    expect_config(params, "fee-maker-bps", "10");
    json_decref(params);

    const char *const maker[] = {"--fee-preset", "kraken-pro", "--fee-maker-bps", "0", NULL};
    backtest(self, maker);
    params = stored(self);
    expect_config(params, "fee-bps", "40");
    expect_config(params, "fee-maker-bps", "0");
    json_decref(params);
    program_expect(self, 3, "backtest", "--symbols", "AAPL", "--fee-preset", "binance",
                   "--fee-maker-bps", "11");
}

static void test_run_file(void)
{
    g_autoptr(program) self = program_with_sample();
    program_write(self, "run.ini",
                  "[run]\nsymbols = AAPL\n"
                  "[execution]\nfill_model = pessimistic\n"
                  "[costs]\nfee_preset = binance\nimpact = quadratic:0.1\nborrow = 3%\n"
                  "[account]\ndeposit = 2014-02-03=500, 2015-02-03=-250\nhold = AAPL=10.5@60\n"
                  "[instrument]\nfractional = yes\n"
                  "[risk]\nmaintenance = off\n");
    program_expect(self, 0, "backtest", "--config", "run.ini", "--beside", "none", "--borrow",
                   "0.04");
    json_t *params = stored(self);
    expect_config(params, "fee-bps", "10");
    expect_config(params, "impact", "quadratic:0.1");
    expect_config(params, "borrow", "0.04");
    expect_config(params, "fill-model", "pessimistic");
    expect_config(params, "deposit", "2014-02-03=500, 2015-02-03=-250");
    expect_config(params, "hold", "AAPL=10.5@60");
    expect_config(params, "fractional", "yes");
    expect_config(params, "maintenance", "off");
    json_decref(params);
    program_expect(self, 0, "runs", "reproduce", "last");

    program_write(self, "run.ini", "[run]\nsymbols = AAPL\n[instrument]\nfractional = maybe\n");
    program_expect(self, 3, "backtest", "--config", "run.ini");
    g_assert_nonnull(strstr(self->err, "run.ini:4"));
    g_assert_nonnull(strstr(self->err, "expected yes or no"));
}

static void test_reproduce(void)
{
    static const char *const runs[][12] = {
        {"--fee-preset", "ibkr-tiered", "--fee-minimum", "2"},
        {"--fee-bps", "20", "--fee-maker-bps", "5", "--fee-cap", "0.5%", "--sell-fee-bps", "1"},
        {"--impact", "sqrt:0.02", "--fill-model", "optimistic", "--fractional"},
        {"--deposit", "2014-02-03=5000", "--deposit", "2014-01-06=-2500.5", "--hold",
         "AAPL=20@64.5"},
        {"--borrow", "2%", "--margin-interest", "7.5%", "--maintenance", "30%", "--leverage", "2",
         "--param", "side=both"},
    };
    g_autoptr(program) self = program_with_sample();
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        backtest(self, runs[i]);
        program_expect(self, 0, "runs", "reproduce", "last");
    }
}

/* A log of equity alone cannot tell other tools' figures where money came and went. */
static void test_logged_deposits(void)
{
    g_autoptr(program) self = program_with_sample();
    const char *const flags[] = {"--deposit", "2014-02-03=5000", NULL};
    backtest(self, flags);
    program_expect(self, 5, "runs", "show", "last", "--metrics-as", "quantstats");
    g_assert_nonnull(strstr(self->err, "had deposits"));
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--deposit", "2014-02-03=5000",
                   "--metrics-as", "quantstats");
}

/* Fees of an instrument, of its class, and what goes over them. */
static void test_instruments(void)
{
    g_autoptr(program) self = program_with_sample();
    program_write(self, "instruments.ini",
                  "[equity]\nfee_preset = us-zero\n[AAPL]\nfee_preset = ibkr-fixed\n");
    const char *const none[] = {NULL};
    backtest(self, none);
    json_t *params = stored(self);
    expect_config(params, "fee-bps", "10");
    json_t *fees = json_object_get(json_array_get(json_object_get(params, "instruments"), 0),
                                   "fees");
    g_assert_cmpstr(json_string_value(json_object_get(fees, "per_unit")), ==, "0.005");
    g_assert_cmpstr(json_string_value(json_object_get(fees, "rate")), ==, "0");
    g_assert_cmpstr(json_string_value(json_object_get(fees, "sell_rate")), ==, "0.0000206");
    json_decref(params);
    program_expect(self, 0, "instruments", "show", "AAPL", "--json");
    json_t *root = program_json(self);
    json_t *preset = json_object_get(root, "fee_preset");
    g_assert_cmpstr(json_string_value(json_object_get(preset, "value")), ==, "ibkr-fixed");
    g_assert_cmpstr(json_string_value(json_object_get(preset, "from")), ==, "AAPL");
    json_decref(root);

    /* The stored run needs the file no more. */
    program_write(self, "instruments.ini", "[AAPL]\nfee_preset = binance\n");
    program_expect(self, 0, "runs", "reproduce", "last");

    /* A run's preset and a single fee go over the file's. */
    const char *const run[] = {"--fee-preset", "us-zero", NULL};
    backtest(self, run);
    params = stored(self);
    fees = json_object_get(json_array_get(json_object_get(params, "instruments"), 0), "fees");
    g_assert_null(fees);
    json_decref(params);
    const char *const one[] = {"--fee-minimum", "3", NULL};
    backtest(self, one);
    params = stored(self);
    fees = json_object_get(json_array_get(json_object_get(params, "instruments"), 0), "fees");
    g_assert_cmpstr(json_string_value(json_object_get(fees, "rate")), ==, "0.001");
    g_assert_cmpstr(json_string_value(json_object_get(fees, "minimum")), ==, "3");
    json_decref(params);

    program_write(self, "instruments.ini", "[AAPL]\nfee_preset = nobody\n");
    program_expect(self, 3, "backtest", "--symbols", "AAPL");
    g_assert_nonnull(strstr(self->err, "instruments.ini:2: [AAPL] fee_preset: \"nobody\""));
}

/* ---- what they come to ----------------------------------------------------------------------- */

/* Four sessions at closes of 100, 105, 105 and 110.25. */
static program *program_with_steps(void)
{
    program *self = program_new();
    program_write(self, "steps.csv",
                  "Date,Open,High,Low,Close,Volume\n"
                  "2024-01-08,100,100,100,100,1000000\n"
                  "2024-01-09,105,105,105,105,1000000\n"
                  "2024-01-10,105,105,105,105,1000000\n"
                  "2024-01-11,110.25,110.25,110.25,110.25,1000000\n");
    program_expect(self, 0, "data", "import", "steps.csv", "--symbol", "STEP", "--asset", "equity",
                   "--interval", "1d", "--adjustment", "raw");
    return self;
}

/* A run of a strategy that never gets warm, so that nothing is traded. */
static json_t *idle(program *self, const char *const *flags)
{
    const char *words[32] = {"backtest", "--symbols", "STEP",     "--beside", "none",
                             "--param",  "slow=200",  "--no-log", "--json"};
    for (gsize i = 0; flags[i] != NULL; i++)
        words[9 + i] = flags[i];
    if (program_run_vector(self, words) != 0)
        g_error("exit %d: %s", self->exit_code, self->err);
    return program_json(self);
}

static void expect_number(json_t *root, const char *key, double want)
{
    g_assert_cmpfloat_with_epsilon(json_number_value(json_object_get(root, key)), want, 1e-9);
}

/* By hand: 1,000 in cash and 100 shares at 100 are 11,000. Before the third session they are 11,500;
 * 500 come in; at the end they are 12,525. 11,500 / 11,000 x 12,525 / 12,000 - 1 = 9.11931818 %,
 * where the money has grown by 13.86 %. */
static void test_time_weighted(void)
{
    g_autoptr(program) self = program_with_steps();
    const char *const flags[] = {"--cash",    "1000",           "--hold", "STEP=100@100",
                                 "--deposit", "2024-01-10=500", NULL};
    json_t *root = idle(self, flags);
    expect_number(root, "equity", 12525);
    expect_number(root, "deposits", 500);
    json_t *kpis = json_object_get(root, "kpis");
    const double got = json_real_value(json_object_get(kpis, "total_return"));
    g_assert_cmpfloat_with_epsilon(got, 11500.0 / 11000.0 * 12525.0 / 12000.0 - 1.0, 1e-12);
    json_decref(root);

    /* Out again at once: no gain, no loss, no drawdown. */
    const char *const out[] = {"--cash", "1000", "--deposit", "2024-01-09=-400", NULL};
    root = idle(self, out);
    kpis = json_object_get(root, "kpis");
    g_assert_cmpfloat(json_number_value(json_object_get(kpis, "total_return")), ==, 0.0);
    g_assert_cmpfloat(json_number_value(json_object_get(kpis, "max_drawdown")), ==, 0.0);
    json_decref(root);
}

/* By hand: 10 short shares are marked at 100, 105 and 105 at the three midnights; 36.5 % a year is
 * 0.1 % a day: 1.00 + 1.05 + 1.05. 2,000 in cash - 3.10 - 1,102.50. */
static void test_borrow(void)
{
    g_autoptr(program) self = program_with_steps();
    const char *const flags[] = {"--cash",   "2000",  "--hold", "STEP=-10@100",
                                 "--borrow", "36.5%", NULL};
    json_t *root = idle(self, flags);
    expect_number(root, "equity", 894.4);
    expect_number(root, "borrow", 3.1);
    json_decref(root);
}

/* By hand: 190 shares at 105 (200 would be more than twice the equity) are 19,950 of 10,000: 9,950
 * are lent. 0.1 % a day at two midnights: 9.95 and 9.95995. */
static void test_interest(void)
{
    g_autoptr(program) self = program_with_steps();
    program_expect(self, 0, "backtest", "--symbols", "STEP", "--strategy", "buy_and_hold",
                   "--beside", "none", "--no-log", "--json", "--cash", "10000", "--size", "200%",
                   "--leverage", "2", "--fee-bps", "0", "--slippage-bps", "0", "--volume-cap",
                   "off", "--margin-interest", "36.5%");
    json_t *root = program_json(self);
    expect_number(root, "interest", 19.90995);
    expect_number(root, "equity", 190 * 110.25 - 9950 - 19.90995);
    json_decref(root);
}

/* One round trip of 1,000 shares: bought at 120, sold at 100. */
static json_t *round_trip(program *self, const char *const *flags)
{
    const char *words[40] = {"backtest",       "--symbols", "TRIP",         "--beside", "none",
                             "--no-log",       "--json",    "--cash",       "200000",   "--size",
                             "1000u",          "--param",   "fast=1",       "--param",  "slow=2",
                             "--slippage-bps", "0",         "--volume-cap", "off"};
    for (gsize i = 0; flags[i] != NULL; i++)
        words[19 + i] = flags[i];
    if (program_run_vector(self, words) != 0)
        g_error("exit %d: %s", self->exit_code, self->err);
    json_t *root = program_json(self);
    expect_number(root, "fills", 2);
    return root;
}

static void test_round_trip(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "trip.csv",
                  "Date,Open,High,Low,Close,Volume\n"
                  "2024-01-08,100,100,100,100,1000000\n"
                  "2024-01-09,110,110,110,110,1000000\n"
                  "2024-01-10,120,120,90,90,1000000\n"
                  "2024-01-11,100,100,100,100,1000000\n");
    program_expect(self, 0, "data", "import", "trip.csv", "--symbol", "TRIP", "--asset", "equity",
                   "--interval", "1d", "--adjustment", "raw");

    /* 5.00, then 5.00 + 100,000 x 20.60 a million + 1,000 x 0.000195 = 7.255 */
    const char *const preset[] = {"--fee-preset", "ibkr-fixed", NULL};
    json_t *root = round_trip(self, preset);
    expect_number(root, "fees", 12.255);
    expect_number(root, "equity", 180000 - 12.255);
    json_decref(root);

    /* The same from the instrument's file, and with its cap below what is owed: 1.20 + 1.00 */
    const char *const none[] = {NULL}, *const cap[] = {"--fee-cap", "0.001%", NULL};
    program_write(self, "instruments.ini", "[TRIP]\nfee_preset = ibkr-fixed\n");
    root = round_trip(self, none);
    expect_number(root, "fees", 12.255);
    json_decref(root);
    root = round_trip(self, cap);
    expect_number(root, "fees", 1.2 + 1.0 + 2.06 + 0.195);
    json_decref(root);

    /* 0.02 x sqrt(1,000 / 1,000,000) = 0.00063246, rounded to 1e-8, on both sides */
    const char *const impact[] = {"--fee-preset",
                                  "us-zero",
                                  "--sell-fee-bps",
                                  "0",
                                  "--impact",
                                  "sqrt:0.02",
                                  "--sell-fee-per-unit",
                                  "0",
                                  NULL};
    root = round_trip(self, impact);
    expect_number(root, "equity", 200000 - 120075.8952 + 99936.754);
    json_decref(root);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void test_list(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "fees", "list");
    g_assert_nonnull(strstr(self->out, "ibkr-fixed"));
    program_expect(self, 0, "fees", "list", "--json");
    json_t *list = program_json(self);
    g_assert_cmpint(json_array_size(list), >=, 10);
    for (gsize i = 0; i < json_array_size(list); i++) {
        json_t *preset = json_array_get(list, i);
        static const char *const keys[] = {"name", "what", "since", "source"};
        for (gsize k = 0; k < G_N_ELEMENTS(keys); k++)
            g_assert_true(json_is_string(json_object_get(preset, keys[k])));
        g_assert_cmpint(json_object_size(json_object_get(preset, "fees")), ==, 7);
    }
    json_decref(list);
    program_expect(self, 2, "fees", "list", "all");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/costs/bad-values", test_bad_values);
    g_test_add_func("/commands/costs/preset", test_preset);
    g_test_add_func("/commands/costs/run-file", test_run_file);
    g_test_add_func("/commands/costs/reproduce", test_reproduce);
    g_test_add_func("/commands/costs/logged-deposits", test_logged_deposits);
    g_test_add_func("/commands/costs/instruments", test_instruments);
    g_test_add_func("/commands/costs/time-weighted", test_time_weighted);
    g_test_add_func("/commands/costs/borrow", test_borrow);
    g_test_add_func("/commands/costs/interest", test_interest);
    g_test_add_func("/commands/costs/round-trip", test_round_trip);
    g_test_add_func("/commands/costs/list", test_list);
    return g_test_run();
}
