/* What a user reads of a result: trades, breakdowns, months, drawdowns, the doctor, two runs beside
 * each other, and files for other programs.
 *
 * The bars are made up, flat but for what is said, and the trades come from lists of orders, so that
 * each amount follows by hand. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

static void expect_says(const program *self, const char *text)
{
    if (strstr(self->out, text) == NULL && strstr(self->err, text) == NULL)
        g_error("\"%s\" is not in:\n%s%s", text, self->out, self->err);
}

/* Days from Monday 2024-01-01 on, every day of the week: open and close alike but for a given day;
 * volume as told. */
#define DAYS 120
typedef struct day {
    double open, high, low, close, volume;
    int flags;
} day;

static void fill_days(day days[DAYS], double price, double volume)
{
    for (int i = 0; i < DAYS; i++)
        days[i] = (day){price, price, price, price, volume, 0};
}

static void date_of(int index, char out[11])
{
    g_autoptr(GDateTime) first = g_date_time_new_utc(2024, 1, 1, 0, 0, 0);
    g_autoptr(GDateTime) then = g_date_time_add_days(first, index);
    g_autofree char *text = g_date_time_format(then, "%Y-%m-%d");
    g_strlcpy(out, text, 11);
}

/* skip: a day without a bar; -1: none. */
static void import_days(program *self, const char *symbol, const day days[DAYS], int skip)
{
    g_autoptr(GString) text = g_string_new("date,open,high,low,close,volume,flags\n");
    g_autofree char *name = g_strdup_printf("%s.csv", symbol);
    for (int i = 0; i < DAYS; i++) {
        char date[11];
        date_of(i, date);
        if (i != skip)
            g_string_append_printf(text, "%s,%g,%g,%g,%g,%g,%d\n", date, days[i].open, days[i].high,
                                   days[i].low, days[i].close, days[i].volume, days[i].flags);
    }
    program_write(self, name, text->str);
    program_expect(self, 0, "data", "import", name, "--symbol", symbol, "--asset", "crypto",
                   "--interval", "1d");
}

#define RUN                                                                                    \
    "backtest", "--orders", "orders.csv", "--beside", "none", "--cash", "10000", "--no-check", \
        "--slippage-bps", "0", "--volume-cap", "off"

static const json_t *symptom(const json_t *run, const char *kind)
{
    const json_t *doctor = json_object_get(run, "doctor");
    for (size_t i = 0; i < json_array_size(doctor); i++) {
        const json_t *item = json_array_get(doctor, i);
        if (strcmp(json_string_value(json_object_get(item, "kind")), kind) == 0)
            return item;
    }
    return NULL;
}

static void expect_symptom(const json_t *run, const char *kind, const char *words)
{
    const json_t *found = symptom(run, kind);
    g_assert_nonnull(found);
    const char *text = json_string_value(json_object_get(found, "text"));
    if (strstr(text, words) == NULL)
        g_error("%s: \"%s\" is not in: %s", kind, words, text);
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* ---- trades by hand ------------------------------------------------------------------------- */

/* A buys 10 on day 5 at 100 and sells on day 8 at 110, having stood at 95 and 120; shorts 10 on day
 * 10 at 110, back on day 12 at 115. Fees are 10 basis points. */
static program *program_with_two_trades(void)
{
    program *self = program_new();
    day days[DAYS];
    fill_days(days, 100, 1000);
    days[6].low = 95;
    days[7].high = 120;
    for (int i = 8; i < DAYS; i++)
        days[i] = (day){110, 110, 110, 110, 1000, 0};
    for (int i = 12; i < DAYS; i++)
        days[i] = (day){115, 115, 115, 115, 1000, 0};
    import_days(self, "AAA-USD", days, -1);
    program_write(self, "orders.csv",
                  "time,symbol,side,quantity\n"
                  "2024-01-06,AAA-USD,buy,10\n2024-01-09,AAA-USD,sell,10\n"
                  "2024-01-11,AAA-USD,sell,10\n2024-01-13,AAA-USD,buy,10\n");
    return self;
}

static void test_trades(void)
{
    g_autoptr(program) self = program_with_two_trades();
    program_expect(self, 0, RUN, "--fee-bps", "10", "--json");
    json_auto_t *run = program_json(self);
    const json_t *list = json_object_get(run, "trade_list");
    g_assert_cmpuint(json_array_size(list), ==, 2);
    const json_t *first = json_array_get(list, 0), *second = json_array_get(list, 1);
    g_assert_cmpstr(json_string_value(json_object_get(first, "side")), ==, "long");
    g_assert_cmpstr(json_string_value(json_object_get(first, "exit_reason")), ==, "order");
    g_assert_cmpfloat_with_epsilon(number(first, "fees"), 1 + 1.1, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(first, "profit"), 100 - 2.1, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(first, "return"), 0.0979, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(first, "mae"), 50, 1e-9);
    g_assert_cmpfloat_with_epsilon(number(first, "mfe"), 200, 1e-9);
    g_assert_cmpfloat(number(first, "bars"), ==, 3);
    g_assert_cmpstr(json_string_value(json_object_get(first, "exit_date")), ==, "2024-01-09");
    g_assert_cmpstr(json_string_value(json_object_get(second, "side")), ==, "short");
    g_assert_cmpfloat_with_epsilon(number(second, "profit"), -50 - 1.1 - 1.15, 1e-12);

    /* 10000 + 97.9 - 52.25; four fills of 1000, 1100, 1100 and 1150. */
    const json_t *money = json_object_get(run, "money");
    g_assert_cmpfloat_with_epsilon(number(money, "end"), 10045.65, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(money, "fees"), 4.35, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(money, "earned_before_costs"), 50, 1e-9);
    const json_t *january = json_array_get(json_object_get(run, "months"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(january, "month")), ==, "2024-01");
    g_assert_cmpfloat_with_epsilon(number(january, "return"), 0.004565, 1e-12);
    g_assert_cmpuint(json_array_size(json_object_get(run, "months")), ==, 4);
    g_assert_cmpfloat_with_epsilon(
        number(json_array_get(json_object_get(run, "years"), 0), "return"), 0.004565, 1e-12);
    const json_t *breakdown = json_object_get(run, "breakdown");
    const json_t *side = json_array_get(json_object_get(breakdown, "side"), 1);
    g_assert_cmpstr(json_string_value(json_object_get(side, "key")), ==, "short");
    g_assert_cmpfloat_with_epsilon(number(side, "share"), -52.25 / 45.65, 1e-12);
    const json_t *weekday = json_array_get(json_object_get(breakdown, "weekday"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(weekday, "key")), ==, "Tuesday");

    expect_symptom(run, "few-trades", "2 closed trades are few");
    expect_symptom(run, "one-trade", "trade 1 (AAA-USD, 2024-01-06 to 2024-01-09) made 214 %");
    expect_symptom(run, "one-month", "2024-01 made 100 % of the growth");
    g_assert_null(symptom(run, "costs"));
    g_assert_null(symptom(run, "large-fills"));
}

/* What backtest printed, runs show prints. */
static void test_shown_again(void)
{
    static const char *const members[] = {"money",  "months",    "years",      "drawdowns",
                                          "doctor", "warnings",  "notes",      "intervals",
                                          "kpis",   "breakdown", "trade_list", "trade_summary"};
    g_autoptr(program) self = program_with_two_trades();
    program_expect(self, 0, RUN, "--json");
    json_auto_t *run = program_json(self);
    program_expect(self, 0, "runs", "show", "last", "--json");
    json_auto_t *shown = program_json(self);
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        g_assert_nonnull(json_object_get(run, members[i]));
        if (!json_equal(json_object_get(run, members[i]), json_object_get(shown, members[i])))
            g_error("%s differs", members[i]);
    }
    program_expect(self, 0, "runs", "show", "last", "--json", "--limit", "1");
    json_auto_t *one = program_json(self);
    const json_t *list = json_object_get(one, "trade_list");
    g_assert_cmpuint(json_array_size(list), ==, 1);
    g_assert_cmpfloat(number(json_array_get(list, 0), "number"), ==, 2);
}

static void test_tables(void)
{
    static const char *const widths[] = {"60", "80", "120"};
    static const char *const says[] = {"Trades by exit",      "Trades by weekday of their exit",
                                       "Returns by month, %", "Deepest drawdowns",
                                       "Money     10,000.00", "Trades    2 closed, 1 won, 1 lost",
                                       "Doctor    2 closed"};
    g_autoptr(program) self = program_with_two_trades();
    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
        g_setenv("PROGRAM_COLUMNS", widths[i], TRUE);
        program_expect(self, 0, RUN, "--trades", "--by", "exit,weekday", "--by", "side",
                       "--monthly", "--drawdowns", "3");
        for (gsize k = 0; k < G_N_ELEMENTS(says); k++)
            expect_says(self, says[k]);
        g_auto(GStrv) lines = g_strsplit(self->out, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            if (g_utf8_strlen(*line, -1) > atoi(widths[i]) && strchr(*line, '/') == NULL)
                g_error("wider than %s: %s", widths[i], *line);
    }
    g_unsetenv("PROGRAM_COLUMNS");
    program_expect(self, 2, RUN, "--by", "hour");
    expect_says(self, "--by: \"hour\" (expected instrument");
    program_expect(self, 2, RUN, "--drawdowns=0");
    program_expect(self, 2, RUN, "--limit", "x");
    program_expect(self, 2, RUN, "--by", "exit,year,exit");
}

/* ---- the doctor ----------------------------------------------------------------------------- */

static void test_large_and_idle_fills(void)
{
    g_autoptr(program) self = program_new();
    day days[DAYS];
    fill_days(days, 100, 1000);
    days[5].volume = 100;
    days[8].volume = 0;
    import_days(self, "AAA-USD", days, -1);
    program_write(self, "orders.csv",
                  "time,symbol,side,quantity\n"
                  "2024-01-06,AAA-USD,buy,10\n2024-01-09,AAA-USD,sell,10\n");
    program_expect(self, 0, RUN, "--json");
    json_auto_t *run = program_json(self);
    expect_symptom(run, "large-fills",
                   "1 of 2 fills took more than 2.5 % of their bar's volume, "
                   "AAA-USD at most 10.0 %");
    expect_symptom(run, "large-fills", "trade 1 (AAA-USD, 2024-01-06 to 2024-01-09)");
    expect_symptom(run, "idle-fills",
                   "1 of 2 fills stand on bars in which nothing traded: trade 1");
    g_assert_null(symptom(run, "late-fills"));
    g_assert_null(symptom(run, "flagged-bars"));
}

/* The bar of the order's own day is missing: it is filled a day later. Another bar within the trade
 * was repaired. */
static void test_late_fills_and_flags(void)
{
    g_autoptr(program) self = program_new();
    day days[DAYS];
    fill_days(days, 100, 1000);
    days[7].flags = 1;
    import_days(self, "AAA-USD", days, 5);
    program_write(self, "orders.csv",
                  "time,symbol,side,quantity\n"
                  "2024-01-06,AAA-USD,buy,1\n2024-01-10,AAA-USD,sell,1\n");
    program_expect(self, 0, RUN, "--json");
    json_auto_t *run = program_json(self);
    expect_symptom(run, "late-fills", "1 of 2 fills came after expected bars were missing");
    expect_symptom(run, "late-fills", "trade 1 (AAA-USD");
    expect_symptom(run, "flagged-bars",
                   "1 trade was held over repaired or synthetic bars: trade 1");
}

/* 10 x (101 - 100) is earned, and 40 basis points of 1000 and 1010 are paid: 8.04 of 10. */
static void test_costs(void)
{
    g_autoptr(program) self = program_new();
    day days[DAYS];
    fill_days(days, 100, 1000);
    for (int i = 8; i < DAYS; i++)
        days[i] = (day){101, 101, 101, 101, 1000, 0};
    import_days(self, "AAA-USD", days, -1);
    program_write(self, "orders.csv",
                  "time,symbol,side,quantity\n"
                  "2024-01-06,AAA-USD,buy,10\n2024-01-09,AAA-USD,sell,10\n");
    program_expect(self, 0, RUN, "--fee-bps", "40", "--json");
    json_auto_t *run = program_json(self);
    expect_symptom(run, "costs",
                   "costs took 8.04 of the 10.00 earned before them: costs 1.2 times "
                   "as high would leave nothing");
    program_expect(self, 0, RUN, "--fee-bps", "60", "--json");
    json_auto_t *dear = program_json(self);
    expect_symptom(dear, "costs",
                   "the edge is below its cost: 10.00 were earned before costs of "
                   "12.06");
    g_assert_cmpstr(json_string_value(json_object_get(symptom(dear, "costs"), "severity")), ==,
                    "serious");
    program_expect(self, 0, RUN, "--fee-bps", "20", "--json");
    json_auto_t *cheap = program_json(self);
    g_assert_null(symptom(cheap, "costs"));
}

/* The sample is adjusted for splits; its intervals depend on the run's seed alone. */
static void test_adjusted_and_intervals(void)
{
    g_autoptr(program) self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--beside", "none", "--json");
    json_auto_t *run = program_json(self);
    expect_symptom(run, "adjusted", "dividends are missing");
    expect_symptom(run, "no-edge", "resampled 1,000 times in blocks of");
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--beside", "none", "--json");
    json_auto_t *again = program_json(self);
    const json_t *intervals = json_object_get(run, "intervals");
    g_assert_true(json_equal(intervals, json_object_get(again, "intervals")));
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--beside", "none", "--json", "--seed",
                   "2");
    json_auto_t *other = program_json(self);
    g_assert_false(json_equal(intervals, json_object_get(other, "intervals")));
    /* As far apart as resampling leaves it. */
    const json_t *mine = json_object_get(intervals, "sharpe");
    const json_t *theirs = json_object_get(json_object_get(other, "intervals"), "sharpe");
    for (size_t i = 0; i < 2; i++)
        g_assert_cmpfloat_with_epsilon(json_number_value(json_array_get(mine, i)),
                                       json_number_value(json_array_get(theirs, i)), 0.2);
}

/* ---- two runs ------------------------------------------------------------------------------- */

static char *last_id(program *self)
{
    program_expect(self, 0, "runs", "show", "last", "--json");
    json_auto_t *shown = program_json(self);
    return g_strdup(json_string_value(json_object_get(shown, "id")));
}

static void test_compare(void)
{
    g_autoptr(program) self = program_with_two_trades();
    program_expect(self, 0, RUN, "--fee-bps", "10");
    g_autofree char *first = last_id(self);
    program_expect(self, 0, RUN, "--fee-bps", "10");
    program_expect(self, 0, "runs", "compare", first, "last");
    expect_says(self, "The same: fills, trades, equity and ratios are equal.");
    program_expect(self, 0, RUN, "--fee-bps", "20");
    program_expect(self, 1, "runs", "compare", first, "last", "--json");
    json_auto_t *fees = program_json(self);
    g_assert_true(json_is_false(json_object_get(fees, "same")));
    const json_t *param = json_array_get(json_object_get(fees, "parameters"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(param, "name")), ==, "config.fee-bps");
    g_assert_cmpstr(json_string_value(json_object_get(param, "b")), ==, "20");
    const json_t *differ = json_object_get(json_object_get(fees, "trades"), "differ");
    g_assert_cmpuint(json_array_size(differ), ==, 2);
    const json_t *in = json_object_get(json_array_get(differ, 0), "in");
    g_assert_cmpuint(json_array_size(in), ==, 1);
    g_assert_cmpstr(json_string_value(json_array_get(in, 0)), ==, "profit");
    const json_t *fill = json_object_get(fees, "first_fill");
    g_assert_cmpfloat(number(fill, "number"), ==, 1);
    g_assert_cmpfloat(number(json_object_get(fill, "a"), "commission"), ==, 1);
    g_assert_cmpfloat(number(json_object_get(fill, "b"), "commission"), ==, 2);
    const json_t *equity = json_object_get(fees, "first_equity");
    g_assert_cmpfloat(number(json_object_get(equity, "a"), "equity"), ==, 9999);
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(equity, "a"), "ts")), ==,
                    "2024-01-07T00:00:00Z");

    /* The short sale a day later, and nothing after it. */
    program_write(self, "orders.csv",
                  "time,symbol,side,quantity\n"
                  "2024-01-06,AAA-USD,buy,10\n2024-01-09,AAA-USD,sell,10\n"
                  "2024-01-12,AAA-USD,sell,10\n2024-01-13,AAA-USD,buy,10\n");
    program_expect(self, 0, RUN, "--fee-bps", "10");
    program_expect(self, 1, "runs", "compare", first, "last", "--json");
    json_auto_t *later = program_json(self);
    const json_t *trades = json_object_get(later, "trades");
    g_assert_cmpfloat(number(trades, "same"), ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(trades, "only_a")), ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(trades, "only_b")), ==, 1);
    g_assert_cmpfloat(number(json_object_get(later, "first_fill"), "number"), ==, 3);
    program_expect(self, 1, "runs", "compare", first, "last");
    expect_says(self, "Trades that only A has: 1");
    expect_says(self, "Trades the same in both: 1");
    expect_says(self, "First fill that differs");
    program_expect(self, 2, "runs", "compare", first);
    program_expect(self, 5, "runs", "compare", first, "ffffffff");
}

/* ---- files ---------------------------------------------------------------------------------- */

static char *contents(const program *self, const char *name)
{
    g_autofree char *path = g_build_filename(self->folder, name, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void test_export(void)
{
    g_autoptr(program) self = program_with_two_trades();
    program_expect(self, 0, RUN, "--fee-bps", "10");
    g_autofree char *id = last_id(self);
    program_expect(self, 0, "runs", "export", "last", "--output", "out", "--what", "trades,equity");
    g_autofree char *equity = contents(self, "out/equity.csv");
    g_autofree char *first = g_strdup_printf("run_id,id,ts,equity,equity_e8\n%s,%s:e:00000001,2024-"
                                             "01-02T00:00:00Z,10000,1000000000000\n",
                                             id, id);
    g_assert_true(g_str_has_prefix(equity, first));
    g_autofree char *trades = contents(self, "out/trades.csv");
    g_autofree char *want = g_strdup_printf(
        "%s,%s:t:00000001,AAA-USD,long,2024-01-06T00:00:00Z,2024-01-09T00:00:00Z,10,100,110,97.9,"
        "2.1,0.0979,3,1000000000,10000000000,11000000000,9790000000,210000000,orders,order,order,"
        "2024-01-09,50,200,0\n",
        id, id);
    if (strstr(trades, want) == NULL)
        g_error("not\n%s in\n%s", want, trades);
    program_write(self, "out/trades.csv", "mine");
    program_expect(self, 2, "runs", "export", "last", "--output", "out");
    expect_says(self, "--force");
    g_autofree char *kept = contents(self, "out/trades.csv");
    g_assert_cmpstr(kept, ==, "mine");
    g_autofree char *fills = g_build_filename(self->folder, "out", "fills.csv", NULL);
    g_assert_false(g_file_test(fills, G_FILE_TEST_EXISTS));
    program_expect(self, 0, "runs", "export", "last", "--output", "out", "--force", "--json");
    json_auto_t *told = program_json(self);
    g_assert_cmpuint(json_array_size(json_object_get(told, "files")), ==, 5);
    program_expect(self, 0, "runs", "export", "last", "--output", "out", "--format", "json");
    g_autofree char *text = contents(self, "out/fills.json");
    json_auto_t *rows = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    g_assert_cmpuint(json_array_size(rows), ==, 4);
    g_assert_cmpfloat(number(json_array_get(rows, 1), "qty"), ==, -10);
    g_assert_cmpfloat(number(json_array_get(rows, 1), "qty_e8"), ==, -10e8);
    program_expect(self, 2, "runs", "export", "last", "--output", "out", "--format", "xml");
    program_expect(self, 2, "runs", "export", "last", "--output", "out", "--what", "runs");
    program_expect(self, 2, "runs", "export", "last");
}

/* Read back by Python's csv and json and by pyarrow: the rows of the SQLite tables, each column. */
static void test_export_judged(void)
{
    const char *python = g_getenv("QUANTBOT_PYTHON");
    if (python == NULL || *python == '\0') {
        g_test_skip("QUANTBOT_PYTHON is not set to a Python with pyarrow");
        return;
    }
    g_autoptr(program) self = program_with_two_trades();
    program_expect(self, 0, RUN, "--fee-bps", "10");
    program_expect(self, 0, "runs", "export", "last", "--output", "out", "--format", "csv");
    program_expect(self, 0, "runs", "export", "last", "--output", "out", "--format", "json");
    program_expect(self, 0, "runs", "export", "last", "--output", "out", "--format", "parquet");
    g_autofree char *id = last_id(self);
    g_autofree char *script = program_source("tests/commands/judge_rows.py");
    const char *words[] = {python, script, "out", "data/runtime/quantbot.db", id, NULL};
    g_autofree char *output = NULL, *errors = NULL;
    int status = 0;
    g_autoptr(GError) error = NULL;
    g_spawn_sync(self->folder, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                 &errors, &status, &error);
    g_assert_no_error(error);
    if (g_spawn_check_wait_status(status, &error))
        g_test_message("%s", g_strstrip(output));
    else if (g_error_matches(error, G_SPAWN_EXIT_ERROR, 77))
        g_test_skip(g_strstrip(output));
    else
        g_error("%s%s", output, errors);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/results/trades", test_trades);
    g_test_add_func("/commands/results/shown-again", test_shown_again);
    g_test_add_func("/commands/results/tables", test_tables);
    g_test_add_func("/commands/results/large-and-idle-fills", test_large_and_idle_fills);
    g_test_add_func("/commands/results/late-fills-and-flags", test_late_fills_and_flags);
    g_test_add_func("/commands/results/costs", test_costs);
    g_test_add_func("/commands/results/adjusted-and-intervals", test_adjusted_and_intervals);
    g_test_add_func("/commands/results/compare", test_compare);
    g_test_add_func("/commands/results/export", test_export);
    g_test_add_func("/commands/results/export-judged", test_export_judged);
    return g_test_run();
}
