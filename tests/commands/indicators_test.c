/* indicators list and compute as a user runs them: figures by hand, and what is wrong in one line. */
#include "program.h"

#include <string.h>

static const char bars[] = "Date,Open,High,Low,Close,Volume\n"
                           "2024-01-02,10,12,9,11,100\n"
                           "2024-01-03,11,13,10,12,\n"
                           "2024-01-04,12,14,11,16,300\n"
                           "2024-01-05,16,17,15,17,200\n";

static program *with_bars(void)
{
    program *self = program_new();
    program_write(self, "bars.csv", bars);
    return self;
}

static void test_csv(void)
{
    g_autoptr(program) p = with_bars();
    program_expect(p, 0, "indicators", "compute", "sma", "--param", "period=3", "--input",
                   "bars.csv");
    g_assert_cmpstr(p->out, ==, "ts,sma\n2024-01-02,\n2024-01-03,\n2024-01-04,13\n2024-01-05,15\n");
    /* alpha 1/2 from the first: 11, 11.5, 13.75, 15.375 */
    program_expect(p, 0, "indicators", "compute", "ema", "--param", "period=3", "--param",
                   "seed=first", "--input", "bars.csv");
    g_assert_cmpstr(
        p->out, ==,
        "ts,ema\n2024-01-02,11\n2024-01-03,11.5\n2024-01-04,13.75\n2024-01-05,15.375\n");
    /* a blank volume is unknown and counts as none */
    program_expect(p, 0, "indicators", "compute", "obv", "--input", "bars.csv");
    g_assert_cmpstr(p->out, ==,
                    "ts,obv\n2024-01-02,0\n2024-01-03,0\n2024-01-04,300\n2024-01-05,500\n");
}

static void test_price_and_columns(void)
{
    g_autoptr(program) p = with_bars();
    program_expect(p, 0, "indicators", "compute", "sma", "--param", "period=2", "--price", "median",
                   "--input", "bars.csv");
    g_assert_cmpstr(p->out, ==,
                    "ts,sma\n2024-01-02,\n2024-01-03,11\n2024-01-04,12\n2024-01-05,14.25\n");
    program_expect(p, 0, "indicators", "compute", "sma", "--param", "period=1", "--columns",
                   "close=High", "--input", "bars.csv");
    g_assert_cmpstr(p->out, ==,
                    "ts,sma\n2024-01-02,12\n2024-01-03,13\n2024-01-04,14\n2024-01-05,17\n");
}

static void test_json(void)
{
    g_autoptr(program) p = with_bars();
    program_expect(p, 0, "indicators", "compute", "roc", "--param", "period=2", "--input",
                   "bars.csv", "--json");
    json_t *root = program_json(p);
    json_t *change = json_object_get(json_object_get(root, "outputs"), "change");
    g_assert_cmpstr(json_string_value(json_object_get(root, "indicator")), ==, "roc");
    g_assert_cmpint(json_integer_value(json_object_get(root, "warmup")), ==, 3);
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(root, "params"), "period")),
                    ==, 2);
    g_assert_true(json_is_null(json_array_get(change, 1)));
    g_assert_cmpfloat(json_number_value(json_array_get(change, 2)), ==, 5);
    g_assert_cmpfloat(json_number_value(json_array_get(change, 3)), ==, 5);
    json_decref(root);
}

static void test_second_series(void)
{
    g_autoptr(program) p = with_bars();
    program_write(p, "other.csv",
                  "date,close\n2024-01-02,22\n2024-01-03,24\n2024-01-04,32\n2024-01-05,34\n");
    program_expect(p, 0, "indicators", "compute", "beta", "--param", "period=4", "--param",
                   "of=prices", "--input", "bars.csv", "--second", "other.csv");
    g_assert_nonnull(strstr(p->out, "2024-01-05,0.5,0\n")); /* half of the other, at each bar */
    program_write(p, "late.csv",
                  "date,close\n2024-01-02,22\n2024-01-04,24\n2024-01-05,32\n2024-01-08,34\n");
    program_expect(p, 4, "indicators", "compute", "beta", "--input", "bars.csv", "--second",
                   "late.csv");
    g_assert_nonnull(strstr(p->err, "late.csv: row 2: 2024-01-04 stands where bars.csv has "
                                    "2024-01-03"));
}

static void test_list(void)
{
    g_autoptr(program) p = program_new();
    program_expect(p, 0, "indicators", "list");
    g_assert_nonnull(strstr(p->out, "bollinger"));
    program_expect(p, 0, "indicators", "list", "rsi");
    g_assert_nonnull(strstr(p->out, "period=14  (1 to 100000)"));
    program_expect(p, 0, "indicators", "list", "--json");
    json_t *root = program_json(p);
    g_assert_cmpuint(json_array_size(root), >=, 40);
    for (gsize i = 0; i < json_array_size(root); i++) {
        const json_t *row = json_array_get(root, i);
        g_assert_true(json_is_string(json_object_get(row, "name")));
        g_assert_cmpuint(json_array_size(json_object_get(row, "outputs")), >=, 1);
        g_assert_cmpuint(json_array_size(json_object_get(row, "inputs")), >=, 1);
        g_assert_true(json_is_array(json_object_get(row, "params")));
    }
    json_decref(root);
}

/* One line each, that names what is wrong and what was expected. */
static const struct wrong {
    int exit_code;
    const char *words[10];
    const char *says;
} wrongs[] = {
    {2, {"indicators", "compute", "--input", "bars.csv"}, "give one indicator"},
    {2, {"indicators", "compute", "rsi"}, "--input FILE.csv is missing"},
    {2, {"indicators", "compute", "bolinger", "--input", "bars.csv"}, "did you mean bollinger?"},
    {2,
     {"indicators", "compute", "rsi", "--param", "period=0", "--input", "bars.csv"},
     "\"period=0\": outside its range (expected 1 to 100000)"},
    {2,
     {"indicators", "compute", "rsi", "--param", "period=x", "--input", "bars.csv"},
     "\"period=x\": not a number"},
    {2,
     {"indicators", "compute", "rsi", "--param", "seed=mean", "--input", "bars.csv"},
     "not one of the choices (expected sma first)"},
    {2,
     {"indicators", "compute", "rsi", "--param", "length=3", "--input", "bars.csv"},
     "not one of its parameters (quantbot indicators list rsi shows them)"},
    {2,
     {"indicators", "compute", "roc", "--param", "skip=14", "--input", "bars.csv"},
     "--param: skip must be below period"},
    {2,
     {"indicators", "compute", "rsi", "--price", "mid", "--input", "bars.csv"},
     "--price: \"mid\" is none (expected close, open"},
    {2,
     {"indicators", "compute", "atr", "--price", "open", "--input", "bars.csv"},
     "atr does not read one series"},
    {2,
     {"indicators", "compute", "rsi", "--columns", "shut=Close", "--input", "bars.csv"},
     "--columns: \"shut=Close\" is not of the form"},
    {2, {"indicators", "compute", "beta", "--input", "bars.csv"}, "beta reads a second series"},
    {2,
     {"indicators", "compute", "rsi", "--second", "bars.csv", "--input", "bars.csv"},
     "rsi reads one series only"},
    {4,
     {"indicators", "compute", "rsi", "--columns", "close=Last", "--input", "bars.csv"},
     "bars.csv: there is no column \"Last\""},
    {4, {"indicators", "compute", "rsi", "--input", "bad.csv"}, "bad.csv:3: close: "},
    {2, {"indicators", "list", "rsii"}, "did you mean rsi?"},
};

static void test_wrong(void)
{
    g_autoptr(program) p = with_bars();
    program_write(p, "bad.csv", "date,close\n2024-01-02,10\n2024-01-03,ten\n");
    for (gsize i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        const int code = program_run_vector(p, wrongs[i].words);
        if (code != wrongs[i].exit_code || strstr(p->err, wrongs[i].says) == NULL)
            g_error("case %" G_GSIZE_FORMAT ": exit %d\n%s", i, code, p->err);
        g_assert_cmpstr(p->out, ==, "");
    }
    g_assert_cmpint(program_run(p, "indicators", "compute", "rsi", "--input", "none.csv", NULL), !=,
                    0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/indicators/csv", test_csv);
    g_test_add_func("/commands/indicators/price-and-columns", test_price_and_columns);
    g_test_add_func("/commands/indicators/json", test_json);
    g_test_add_func("/commands/indicators/second-series", test_second_series);
    g_test_add_func("/commands/indicators/list", test_list);
    g_test_add_func("/commands/indicators/wrong", test_wrong);
    return g_test_run();
}
