/* The program as a whole, on the sample that the repository ships. */
#include "program.h"

#include "core/base/base.h"

#include <math.h>
#include <string.h>

static program *program_with_sample(void)
{
    program *self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
    return self;
}

/* ---- help and usage ------------------------------------------------------------------------ */

static void test_help(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "help");
    g_autofree char *help = g_strdup(self->out);
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
    int commands = 0;
    for (char **line = lines; *line != NULL; line++) {
        g_assert_cmpint(g_utf8_strlen(*line, -1), <=, 80);
        char name[16], verb[16];
        if (!g_str_has_prefix(*line, "  ") ||
            sscanf(*line, "  %15[a-z] %15[-a-z] ", name, verb) != 2)
            continue;
        /* One with a verb has it right behind; the others have two spaces there. */
        const gboolean has_verb = (*line)[2 + strlen(name) + 1] != ' ';
        program_expect(self, 0, name, has_verb ? verb : "--help", has_verb ? "--help" : NULL);
        g_assert_nonnull(strstr(self->out, "quantbot"));
        commands++;
    }
    g_assert_cmpint(commands, >=, 15);
}

static void test_usage(void)
{
    static const struct {
        const char *words[6];
        int exit_code;
        const char *says;
    } cases[] = {
        {{NULL}, 2, "Usage: quantbot COMMAND"},
        {{"bactest"}, 2, "no command \"bactest\""},
        {{"\033[2Jtest"}, 2, "no command \"\\"},
        {{"backtest", "--\033[2J"}, 2, "[2J"},
        {{"data"}, 2, "quantbot data import"},
        {{"data", "nothing"}, 2, "data needs one of"},
        {{"backtest", "--nothing"}, 2, "nothing"},
        {{"backtest", "extra"}, 2, "unexpected \"extra\""},
        {{"backtest"}, 3, "--symbols: nothing to trade"},
        {{"backtest", "--symbols", "NONE"}, 5, "NONE"},
        {{"runs", "reproduce"}, 2, "give one run"},
        {{"runs", "list"}, 5, "db init"},
        {{"data", "import", "none.csv", "--symbol", "X"}, 5, "none.csv"},
        {{"kpi", "compute", "--equity", "none.csv"}, 5, "none.csv"},
    };
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *words[8] = {NULL};
        memcpy(words, cases[i].words, sizeof cases[i].words);
        program_run_vector(self, words);
        if (self->exit_code != cases[i].exit_code || strstr(self->err, cases[i].says) == NULL)
            g_error("case %" G_GSIZE_FORMAT ": exit %d, want %d and \"%s\" in:\n%s", i,
                    self->exit_code, cases[i].exit_code, cases[i].says, self->err);
        g_assert_null(strchr(self->err, '\033'));
        g_assert_cmpstr(self->out, ==, "");
    }
}

/* ---- the main job -------------------------------------------------------------------------- */

static double number_of(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (!json_is_number(value))
        g_error("%s is no number", name);
    return json_number_value(value);
}

/* By hand from the sample's rows, with fee 10 bps and slippage 5 bps on the default 100,000:
 * decided at the first close, 64.96286: floor(100000 / (64.96286 x 1.001)) = 1537 shares;
 * filled at the next open, 64.835716 x 1.0005 = 64.86813386: 99702.32174282, fee 99.70232174;
 * cash 197.97593544; marked at the last close, 188.589996: 290060.79978744. */
static void test_buy_and_hold_by_hand(void)
{
    g_autoptr(program) self = program_with_sample();
    program_expect(self, 0, "backtest", "--symbols", "aapl", "--strategy", "buy_and_hold",
                   "--volume-cap", "off", "--json");
    json_t *root = program_json(self);
    g_assert_cmpfloat(number_of(root, "fills"), ==, 1);
    g_assert_cmpfloat(number_of(root, "bars"), ==, 1260);
    g_assert_cmpfloat_with_epsilon(number_of(root, "cash"), 197.97593544, 1e-9);
    g_assert_cmpfloat_with_epsilon(number_of(root, "fees"), 99.70232174, 1e-9);
    g_assert_cmpfloat_with_epsilon(number_of(root, "equity"), 290060.79978744, 1e-8);
    json_t *kpis = json_object_get(root, "kpis");
    g_assert_cmpfloat_with_epsilon(number_of(kpis, "total_return"), 1.9006079978744, 1e-12);
    json_decref(root);
}

static void test_backtest(void)
{
    g_autoptr(program) self = program_with_sample();
    program_expect(self, 0, "data", "verify");
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "sma_cross", "--param",
                   "fast=20", "--param", "slow=100", "--chart", "chart.png");
    g_assert_nonnull(strstr(self->out, "buy_and_hold"));
    g_assert_nonnull(strstr(self->out, "dividends are missing"));
    g_assert_nonnull(strstr(self->out, "Simulated results, no advice."));
    g_autofree char *chart = g_build_filename(self->folder, "chart.png", NULL);
    g_autofree char *png = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(chart, &png, &size, NULL));
    g_assert_cmpint(memcmp(png, "\x89PNG", 4), ==, 0);
    program_expect(self, 0, "runs", "list", "--json");
    program_expect(self, 0, "runs", "reproduce", "last");
    g_assert_nonnull(strstr(self->out, "Reproduced"));
}

/* The account's arithmetic, from outside: cash + shares x last close. */
static void test_ledger_from_outside(void)
{
    g_autoptr(program) self = program_with_sample();
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--param", "fast=5", "--param",
                   "slow=20", "--json", "--beside", "none");
    json_t *root = program_json(self);
    const double profit = number_of(root, "realised") + number_of(root, "unrealised");
    g_assert_cmpfloat_with_epsilon(number_of(root, "equity"),
                                   100000 + profit - number_of(root, "fees"), 1e-7);
    g_assert_cmpfloat(number_of(root, "fills"), >, 10);
    g_assert_null(json_object_get(root, "beside"));
    json_decref(root);
}

/* The opening that ruins the account comes at the instant of the close before it: one point of
 * equity, and a run that can be told and made again. By hand: 5 x 99,9xx of exposure loses 60 %. */
static void test_bankrupt(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "gap.csv",
                  "date,open,high,low,close,volume\n2020-01-01,100,101,99,100,1000000\n"
                  "2020-01-02,100,101,99,100,1000000\n2020-01-03,100,101,99,100,1000000\n"
                  "2020-01-04,40,41,39,40,1000000\n2020-01-05,40,41,39,40,1000000\n");
    program_expect(self, 0, "data", "import", "gap.csv", "--symbol", "GAP-USD", "--asset",
                   "crypto");
    program_expect(self, 0, "backtest", "--symbols", "GAP-USD", "--strategy", "buy_and_hold",
                   "--leverage", "10", "--size", "500%", "--json");
    json_t *root = program_json(self);
    g_assert_true(json_is_true(json_object_get(root, "bankrupt")));
    g_assert_cmpfloat(number_of(root, "equity"), <, -190000);
    g_assert_cmpfloat(number_of(root, "bars"), ==, 3);
    json_t *kpis = json_object_get(root, "kpis");
    g_assert_true(json_is_null(json_object_get(kpis, "sharpe")));
    json_decref(root);
    program_expect(self, 0, "runs", "reproduce", "last");
}

/* ---- run files ----------------------------------------------------------------------------- */

static void test_run_file(void)
{
    g_autoptr(program) self = program_with_sample();
    program_write(self, "run.ini",
                  "[run]\nsymbols = AAPL\nstrategy = sma_cross\ncash = 5000\nstart = 2014-01-01\n"
                  "[params]\nfast = 3\nslow = 9\n[costs]\nfee_bps = 0\n");
    program_expect(self, 0, "backtest", "--config", "run.ini", "--param", "slow=30", "--json");
    json_t *root = program_json(self);
    json_t *params = json_object_get(root, "params");
    g_assert_cmpfloat(number_of(params, "fast"), ==, 3);
    g_assert_cmpfloat(number_of(params, "slow"), ==, 30);
    g_assert_cmpfloat(number_of(root, "fees"), ==, 0);
    g_assert_cmpstr(json_string_value(json_object_get(root, "first")), >, "2014-01-01");
    json_decref(root);
}

static void test_run_file_errors(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"[run]\nsymbols = AAPL\ncsah = 5\n", "run.ini:3"},
        {"[run]\nsymbols = AAPL\ncash = much\n", "run.ini:3: \"much\""},
        {"[run]\nsymbols = AAPL\nstrategy = magic\n", "run.ini:3: \"magic\""},
        {"[run]\nsymbols = AAPL\n[params]\nfast = 0\n", "run.ini:4: \"fast=0\""},
        {"[run]\nsymbols = AAPL\n[costs]\nfee_bps = 0.00001\n", "run.ini:4"},
        {"[run]\nsymbols = AAPL\nstart = 2018-01-02\nend = 2018-01-01\n", "is after"},
        {"[run\n", "run.ini"},
    };
    g_autoptr(program) self = program_with_sample();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        program_write(self, "run.ini", cases[i].text);
        program_run(self, "backtest", "--config", "run.ini", NULL);
        if (self->exit_code != 3 || strstr(self->err, cases[i].says) == NULL)
            g_error("case %" G_GSIZE_FORMAT ": exit %d, want 3 and \"%s\" in:\n%s", i,
                    self->exit_code, cases[i].says, self->err);
    }
    program_expect(self, 5, "runs", "list"); /* nothing was run, nothing was stored */
}

/* All problems of one read together. */
static void test_problems_come_together(void)
{
    g_autoptr(program) self = program_with_sample();
    program_expect(self, 3, "backtest", "--symbols", "AAPL", "--cash", "x", "--fee-bps", "-1",
                   "--fill-at", "yesterday", "--param", "fast=50", "--param", "slow=10");
    static const char *const says[] = {"--cash", "--fee-bps", "--fill-at", "fast"};
    for (gsize i = 0; i < G_N_ELEMENTS(says); i++)
        g_assert_nonnull(strstr(self->err, says[i]));
}

/* ---- reproduction -------------------------------------------------------------------------- */

/* Every kind of run that flags can make ends in the same state again. */
static void test_reproduce(void)
{
    static const char *const runs[][10] = {
        {"--start", "2014-01-01", "--end", "2016-12-31"},
        {"--param", "side=both", "--param", "trigger=sign", "--size", "50%", "--size-at", "fill"},
        {"--fill-at", "close", "--volume-cap", "off", "--benchmark", "none", "--lot", "0.001"},
        {"--fee-per-unit", "0.005", "--fee-minimum", "1", "--tick", "0.01", "--leverage", "1.5"},
        {"--strategy", "buy_and_hold", "--size", "1000cash", "--risk-free", "0.02"},
    };
    g_autoptr(program) self = program_with_sample();
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        const char *words[16] = {"backtest", "--symbols", "AAPL", "--beside", "none"};
        memcpy(words + 5, runs[i], sizeof runs[i]);
        g_assert_cmpint(program_run_vector(self, words), ==, 0);
        program_expect(self, 0, "runs", "reproduce", "last", "--json");
        json_t *root = program_json(self);
        g_assert_true(json_is_true(json_object_get(root, "equal")));
        json_decref(root);
    }
}

static void test_other_data_is_refused(void)
{
    g_autoptr(program) self = program_with_sample();
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--beside", "none");
    program_write(self, "late.csv",
                  "Date,Open,High,Low,Close,Volume\n2018-05-11,189.49,190.06,187.45,188.00,1\n");
    program_expect(self, 0, "data", "import", "late.csv", "--symbol", "AAPL", "--adjustment",
                   "split");
    program_expect(self, 5, "runs", "reproduce", "last");
    g_assert_nonnull(strstr(self->err, "2018-05.parquet"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/help", test_help);
    g_test_add_func("/commands/usage", test_usage);
    g_test_add_func("/commands/backtest/buy-and-hold-by-hand", test_buy_and_hold_by_hand);
    g_test_add_func("/commands/backtest/report", test_backtest);
    g_test_add_func("/commands/backtest/ledger-from-outside", test_ledger_from_outside);
    g_test_add_func("/commands/backtest/bankrupt", test_bankrupt);
    g_test_add_func("/commands/run-file/over-defaults", test_run_file);
    g_test_add_func("/commands/run-file/errors", test_run_file_errors);
    g_test_add_func("/commands/run-file/problems-come-together", test_problems_come_together);
    g_test_add_func("/commands/reproduce/every-kind", test_reproduce);
    g_test_add_func("/commands/reproduce/other-data", test_other_data_is_refused);
    return g_test_run();
}
