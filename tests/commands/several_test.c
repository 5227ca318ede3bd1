/* Several strategies in one run through the program. What each does in the group, where nobody stands
 * in another's way, is what it does alone. */
#include "program.h"

#include <sqlite3.h>
#include <string.h>

static program *program_with_bars(void)
{
    program *self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
    return self;
}

static void expect_says(const program *self, const char *text)
{
    if (strstr(self->out, text) == NULL && strstr(self->err, text) == NULL)
        g_error("\"%s\" is not in:\n%s%s", text, self->out, self->err);
}

#define BACKTEST "backtest", "--symbols", "AAPL", "--beside", "none", "--no-check"

/* Texts of one column of the last run, in the order of the query. */
static GPtrArray *column_of(const program *self, const char *sql)
{
    g_autofree char *path = g_build_filename(self->folder, "data", "runtime", "quantbot.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    while (sqlite3_step(statement) == SQLITE_ROW)
        g_ptr_array_add(texts, g_strdup((const char *)sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return texts;
}

#define LAST "(SELECT id FROM runs ORDER BY started_at DESC, id DESC LIMIT 1)"

static GPtrArray *fills_of(const program *self)
{
    return column_of(self, "SELECT ts || ' ' || qty_e8 || ' ' || price_e8 || ' ' || commission_e8 "
                           "FROM fills WHERE run_id = " LAST);
}

static int compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The fills of a and b alone, with their shares of 100 units, are those of both together. Their
 * warm-ups are equal: a group begins when the last of them is over. */
static void test_sum(void)
{
    g_autoptr(program) self = program_with_bars();
    program_expect(self, 0, BACKTEST, "--strategy", "sma_cross", "-p", "fast=10", "-p", "slow=90",
                   "--size", "60u");
    g_autoptr(GPtrArray) first = fills_of(self);
    program_expect(self, 0, BACKTEST, "--strategy", "rsi_reversion", "-p", "period=5", "-p",
                   "trend=90", "--size", "40u");
    g_autoptr(GPtrArray) second = fills_of(self);
    program_expect(self, 0, BACKTEST, "--strategy", "sma_cross,rsi_reversion", "-p",
                   "sma_cross.fast=10", "-p", "sma_cross.slow=90", "-p", "rsi_reversion.period=5",
                   "-p", "rsi_reversion.trend=90", "--size", "100u", "--allocation", "60%,0.4");
    expect_says(self, "sma_cross.fast=10");
    g_autoptr(GPtrArray) both = fills_of(self);
    g_assert_cmpuint(first->len, >, 10);
    g_assert_cmpuint(second->len, >, 10);
    g_assert_cmpuint(both->len, ==, first->len + second->len);
    g_autoptr(GPtrArray) apart = g_ptr_array_new();
    g_ptr_array_extend(apart, first, NULL, NULL);
    g_ptr_array_extend(apart, second, NULL, NULL);
    g_ptr_array_sort(apart, compare);
    g_ptr_array_sort(both, compare);
    for (guint i = 0; i < both->len; i++)
        g_assert_cmpstr(g_ptr_array_index(both, i), ==, g_ptr_array_index(apart, i));
    program_expect(self, 0, "runs", "reproduce", "last");
}

/* A trade, flat to flat in the account, bears the name of who opened it. */
static void test_names(void)
{
    g_autoptr(program) self = program_with_bars();
    program_expect(self, 0, BACKTEST, "--strategy", "sma_cross,rsi_reversion", "-p",
                   "rsi_reversion.period=5");
    g_autoptr(GPtrArray) names = column_of(
        self, "SELECT DISTINCT strategy FROM trades WHERE run_id = " LAST " ORDER BY strategy");
    g_assert_cmpuint(names->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(names, 0), ==, "rsi_reversion");
    g_assert_cmpstr(g_ptr_array_index(names, 1), ==, "sma_cross");
}

/* Who holds from the first bar on leaves nothing to those of a lower rank; two of one strategy are
 * told apart. */
static void test_ranks(void)
{
    g_autoptr(program) self = program_with_bars();
    program_expect(self, 0, BACKTEST, "--strategy", "buy_and_hold,sma_cross", "--conflict",
                   "priority", "--size", "100u");
    g_autoptr(GPtrArray) one = fills_of(self);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(one, 0), " 5000000000 ")); /* half of 100 units */

    program_write(self, "run.ini",
                  "[run]\nsymbols = AAPL\nstrategy = sma_cross,sma_cross,buy_and_hold\n"
                  "[params]\nsma_cross.fast = 5\nsma_cross_2.fast = 20\n"
                  "[strategies]\nregime = AAPL:200\nbull = sma_cross_2,sma_cross\n"
                  "bear = buy_and_hold\nconflict = veto\nallocation = 0.5,0.25,0.25\n");
    program_expect(self, 0, "backtest", "--config", "run.ini");
    program_expect(self, 0, "runs", "reproduce", "last"); /* buy-and-hold beside it */
    program_expect(self, 0, "backtest", "--config", "run.ini", "--beside", "none", "--json");
    json_auto_t *root = program_json(self);
    json_t *params = json_object_get(root, "params");
    g_assert_cmpint(json_integer_value(json_object_get(params, "sma_cross_2.fast")), ==, 20);
    g_assert_cmpint(json_integer_value(json_object_get(params, "sma_cross.fast")), ==, 5);
    g_assert_cmpstr(json_string_value(json_object_get(root, "strategy")), ==,
                    "sma_cross,sma_cross_2,buy_and_hold");
    program_expect(self, 0, "runs", "reproduce", "last");
}

static const struct {
    const char *flag, *value, *says;
} bad[] = {
    {"--param", "fast=10", "--param: \"fast=10\": whose parameter it is is not clear"},
    {"--param", "macd.fast=10", "strategies: sma_cross, rsi_reversion"},
    {"--param", "sma_cross.fats=10", "--param: \"sma_cross.fats=10\""},
    {"--allocation", "1", "--allocation: \"1\" is not valid (expected one share"},
    {"--allocation", "0.5,1.5", "--allocation: \"1.5\""},
    {"--allocation", "0.5,0", "--allocation: \"0\""},
    {"--conflict", "fight", "sum, veto or priority"},
    {"--regime", "AAPL", "SYMBOL:BARS"},
    {"--regime", "MSFT:200", "SYMBOL:BARS"},
    {"--regime", "AAPL:1", "SYMBOL:BARS"},
    {"--bull", "sma_cross", "--regime SYMBOL:BARS beside it"},
};

static void test_bad_words(void)
{
    g_autoptr(program) self = program_with_bars();
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        program_expect(self, 3, BACKTEST, "--strategy", "sma_cross,rsi_reversion", bad[i].flag,
                       bad[i].value);
        g_auto(GStrv) lines = g_strsplit(g_strstrip(self->err), "\n", -1);
        if (g_strv_length(lines) != 1 || strstr(lines[0], bad[i].says) == NULL)
            g_error("want one line with \"%s\", got:\n%s", bad[i].says, self->err);
    }
    program_expect(self, 3, BACKTEST, "--strategy", "sma_cross,nobody");
    expect_says(self, "--strategy: \"nobody\"");
    program_expect(self, 3, BACKTEST, "--strategy", "sma_cross,macd", "--regime", "AAPL:9",
                   "--bear", "macd,macd");
    expect_says(self, "--bear: \"macd\" is not valid (expected each once, of sma_cross, macd)");
    program_expect(self, 3, BACKTEST, "--strategy", "sma_cross", "--allocation", "1");
    expect_says(self, "several strategies beside it");
    program_expect(self, 0, BACKTEST, "--strategy", "sma_cross", "-p", "sma_cross.fast=10");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/several/sum", test_sum);
    g_test_add_func("/several/names", test_names);
    g_test_add_func("/several/ranks", test_ranks);
    g_test_add_func("/several/bad-words", test_bad_words);
    return g_test_run();
}
