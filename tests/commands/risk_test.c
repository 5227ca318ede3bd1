/* Risk as a person asks for it: the list, words on the command line and in a run file, and files of
 * blackouts, good and bad. */
#include "program.h"

#include <string.h>

static void expect_says(const program *self, const char *text)
{
    if (strstr(self->out, text) == NULL && strstr(self->err, text) == NULL)
        g_error("\"%s\" is not in:\n%s%s", text, self->out, self->err);
}

static program *program_with_bars(void)
{
    program *self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
    return self;
}

#define BACKTEST "backtest", "--symbols", "AAPL", "--strategy", "buy_and_hold", "--beside", "none"

/* The member `key` of the last run's parameters, as JSON. Caller owns. */
static json_t *stored(program *self, const char *key)
{
    program_expect(self, 0, "runs", "show", "last", "--json");
    json_auto_t *run = program_json(self);
    return json_incref(json_object_get(json_object_get(run, "params"), key));
}

static void expect_stored(program *self, const char *want)
{
    json_auto_t *risk = stored(self, "risk");
    g_autofree char *text = risk != NULL ? json_dumps(risk, JSON_COMPACT | JSON_SORT_KEYS)
                                         : g_strdup("null");
    g_assert_cmpstr(text, ==, want);
}

/* ---- the list ------------------------------------------------------------------------------ */

/* The values that the earlier bot had. */
static void test_list(void)
{
    static const struct {
        const char *name;
        double standard;
    } rows[] = {{"per-trade", 0.01}, {"kelly", 0.25},   {"volatility", 0.12}, {"gross", 2},
                {"single-name", .1}, {"sector", 0.3},   {"crypto", 0.5},      {"adv", 0.05},
                {"drawdown", 0.2},   {"day-stop", .06}, {"week-stop", 0.1},   {"take-profit", 1.75},
                {"stop-loss", 1},    {"time-stop", 5},  {"blackout", 0}};
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "risk", "list", "--json");
    json_auto_t *list = program_json(self);
    gsize in_standard = 0, index;
    json_t *item;
    json_array_foreach(list, index, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        if (!json_is_true(json_object_get(item, "in_standard")))
            continue;
        in_standard++;
        gsize at = 0;
        while (at < G_N_ELEMENTS(rows) && strcmp(rows[at].name, name) != 0)
            at++;
        g_assert_cmpuint(at, <, G_N_ELEMENTS(rows));
        g_assert_cmpfloat(json_number_value(json_object_get(item, "standard")), ==,
                          rows[at].standard);
    }
    g_assert_cmpuint(in_standard, ==, G_N_ELEMENTS(rows));
    program_expect(self, 0, "risk", "list");
    expect_says(self, "  drawdown=20%  (0.1% to 100%)");
    expect_says(self, "  day-trades=3  (0 to 10000)");
    program_expect(self, 2, "risk", "list", "all");
}

/* ---- words --------------------------------------------------------------------------------- */

static void test_bad_words(void)
{
    static const struct {
        const char *word, *says;
    } cases[] = {
        {"drawdowns=5%", "--risk: \"drawdowns=5%\": no rule of that name"},
        {"drawdown", "not of the form name=value"},
        {"drawdown=15", "percents are written 20% or 0.2"},
        {"drawdown=x", "not a number of at most 8 decimals, on or off"},
        {"time-stop=1.5", "not a whole number"},
        {"gross=1000", "outside its range"},
        {"drawdown=0.00000001%", "a percentage of more than 6 decimals"},
        {"atr-bars=off", "belongs to a rule"},
        {"triple-barrier=5", "takes on or off"},
    };
    g_autoptr(program) self = program_with_bars();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        program_expect(self, 3, BACKTEST, "--risk", cases[i].word);
        expect_says(self, cases[i].says);
    }
    program_expect(self, 3, BACKTEST, "--risk", "nothing=1", "--risk", "gross=0", "--cash", "x");
    expect_says(self, "nothing=1"); /* all at once */
    expect_says(self, "gross=0");
    expect_says(self, "--cash");
}

static void test_words(void)
{
    g_autoptr(program) self = program_with_bars();
    program_expect(self, 0, BACKTEST);
    expect_stored(self, "null");
    program_expect(self, 0, BACKTEST, "--risk", "drawdown=15%", "--risk", "gross=on");
    expect_stored(self, "{\"drawdown\":\"0.15\",\"gross\":\"2\"}");
    program_expect(self, 0, BACKTEST, "--risk", "drawdown=15%", "--risk", "drawdown=25%");
    expect_stored(self, "{\"drawdown\":\"0.25\"}");
    program_expect(self, 0, BACKTEST, "--risk", "kelly-days=90", "--risk", "kelly=on");
    expect_stored(self, "{\"kelly\":\"0.25\",\"kelly-days\":\"90\"}");
    /* "standard" lies under single values, wherever it stands. */
    program_expect(self, 0, BACKTEST, "--risk", "drawdown=off", "--risk", "sector=off", "--risk",
                   "standard", "--risk", "kelly=off", "--risk", "triple-barrier=off", "--risk",
                   "adv=off", "--risk", "volatility=off", "--risk", "blackout=off");
    expect_stored(self, "{\"crypto\":\"0.5\",\"day-stop\":\"0.06\",\"gross\":\"2\","
                        "\"per-trade\":\"0.01\",\"single-name\":\"0.1\",\"week-stop\":\"0.1\"}");
}

static void test_run_file(void)
{
    g_autoptr(program) self = program_with_bars();
    program_write(self, "run.ini",
                  "[run]\nsymbols = AAPL\nstrategy = buy_and_hold\n"
                  "[risk]\nleverage = 2\nsingle_name = 50%\nday_stop = on\n");
    program_expect(self, 0, "backtest", "--config", "run.ini", "--beside", "none");
    expect_stored(self, "{\"day-stop\":\"0.06\",\"single-name\":\"0.5\"}");
    program_expect(self, 0, "backtest", "--config", "run.ini", "--beside", "none", "--risk",
                   "single-name=20%");
    expect_stored(self, "{\"day-stop\":\"0.06\",\"single-name\":\"0.2\"}");
    program_expect(self, 0, "backtest", "--config", "run.ini", "--beside", "none", "--risk", "off");
    expect_stored(self, "null");
    program_write(self, "bad.ini",
                  "[run]\nsymbols = AAPL\nstrategy = buy_and_hold\n"
                  "[risk]\nsingle_names = 50%\n");
    program_expect(self, 3, "backtest", "--config", "bad.ini");
    expect_says(self, "bad.ini:5: \"single-names=50%\": no rule of that name");
    program_write(self, "standard.ini",
                  "[run]\nsymbols = AAPL\nstrategy = buy_and_hold\n"
                  "[risk]\nrules = standard\ncrypto = off\n");
    program_expect(self, 0, "backtest", "--config", "standard.ini", "--beside", "none");
    json_auto_t *risk = stored(self, "risk");
    g_assert_nonnull(json_object_get(risk, "drawdown"));
    g_assert_null(json_object_get(risk, "crypto"));
}

/* ---- blackouts ----------------------------------------------------------------------------- */

static void expect_blackouts(program *self, const char *want)
{
    json_auto_t *all = stored(self, "blackouts");
    g_autofree char *text = all != NULL ? json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS)
                                        : g_strdup("null");
    g_assert_cmpstr(text, ==, want);
}

static void test_blackouts(void)
{
    g_autoptr(program) self = program_with_bars();
    program_write(self, "b.csv",
                  "from,to,symbol,what\n"
                  "2014-07-01,2014-07-02,,\"summer, early\"\n"
                  "2014-01-02,,aapl,winter\n" /* New York: five hours, not four */
                  "2014-03-03T15:00:00Z,2014-03-03T16:30:00+01:00,,times\n"
                  "2014-01-05,,MSFT,other\n");
    program_expect(self, 0, BACKTEST, "--blackouts", "b.csv");
    expect_stored(self, "{\"blackout\":\"0\"}");
    expect_blackouts(self,
                     "[{\"from\":\"2014-01-02T05:00:00Z\",\"symbol\":\"AAPL\",\"to\":"
                     "\"2014-01-03T05:00:00Z\",\"what\":\"winter\"},"
                     "{\"from\":\"2014-03-03T15:00:00Z\",\"to\":\"2014-03-03T15:30:00Z\",\"what\":"
                     "\"times\"},"
                     "{\"from\":\"2014-07-01T04:00:00Z\",\"to\":\"2014-07-03T04:00:00Z\",\"what\":"
                     "\"summer, early\"}]");
    program_write(self, "b.csv", "nothing\n"); /* the run knows them by itself */
    program_expect(self, 0, "runs", "reproduce", "last");
}

static void test_fomc(void)
{
    g_autoptr(program) self = program_with_bars();
    g_autofree char *file = program_source("examples/blackouts_fomc.csv");
    program_expect(self, 0, BACKTEST, "--blackouts", file);
    json_auto_t *all = stored(self, "blackouts");
    g_assert_cmpuint(json_array_size(all), ==, 16); /* eight meetings a year */
}

static void test_bad_blackouts(void)
{
    static const struct {
        const char *text, *says;
        int exit_code;
    } cases[] = {
        {"from,symbol\n2014-01-01,AAPL\n", "b.csv: there is no column to", 4},
        {"from,to\n2014-13-01,\n", "b.csv:2: from", 4},
        {"from,to\n2014-01-01,\n2014-01-03,2014-01-02\n", "b.csv:3: to: \"2014-01-02\"", 4},
        {"from,to\n2014-01-03T15:00Z,\n", "a date or a time: from has a time", 4},
        {"from,to\nx,\ny,\n", "b.csv:3: from", 4}, /* every one of them */
    };
    g_autoptr(program) self = program_with_bars();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        program_write(self, "b.csv", cases[i].text);
        program_expect(self, cases[i].exit_code, BACKTEST, "--blackouts", "b.csv");
        expect_says(self, cases[i].says);
    }
    program_expect(self, 5, BACKTEST, "--blackouts", "absent.csv");
    expect_says(self, "absent.csv");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/risk/list", test_list);
    g_test_add_func("/commands/risk/bad words", test_bad_words);
    g_test_add_func("/commands/risk/words", test_words);
    g_test_add_func("/commands/risk/run file", test_run_file);
    g_test_add_func("/commands/risk/blackouts", test_blackouts);
    g_test_add_func("/commands/risk/FOMC", test_fomc);
    g_test_add_func("/commands/risk/bad blackouts", test_bad_blackouts);
    return g_test_run();
}
