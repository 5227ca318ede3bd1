/* Macro series in a backtest: a strategy sees what was published by the day, and nothing else. */
#include "program.h"

#include <sqlite3.h>
#include <string.h>

/* Ten units for each point of the first series. */
static const char strategy[] =
    "#include \"core/engine/strategy.h\"\n"
    "static size_t warmup(const double *params) { (void)params; return 1; }\n"
    "static qb_status init(const qb_setup *setup, void **out)\n"
    "{ *out = NULL; return setup->macro_count == 1 ? QB_OK : QB_OUT_OF_RANGE; }\n"
    "static void on_bar(void *state, const qb_context *context, uint32_t instrument)\n"
    "{\n"
    "    (void)state;\n"
    "    double value = context->host->macro(context, 0);\n"
    "    double beyond = context->host->macro(context, 1);\n"
    "    double units = value == value && beyond != beyond ? 10.0 * value : 0.0;\n"
    "    if (units != context->host->position(context, instrument))\n"
    "        context->host->target(context, instrument, QB_BUY, qb_size_units(units));\n"
    "}\n"
    "const qb_strategy quantbot_strategy = {\n"
    "    .abi_version = QB_STRATEGY_ABI, .struct_size = sizeof(qb_strategy), .name = \"growth\",\n"
    "    .summary = \"Ten units a point\", .warmup = warmup, .init = init, .on_bar = on_bar};\n";

/* Periods by their first days; the second quarter is withdrawn on 15 August. */
static const char vintages[] = "date,vintage_date,GROWTH\n"
                               "2013-01-01,2013-05-21,2.5\n"
                               "2013-01-01,2013-05-30,2.4\n"
                               "2013-01-01,2013-06-26,1.8\n"
                               "2013-01-01,2013-09-03,1.1\n" /* an old period, revised late */
                               "2013-04-01,2013-07-31,1.7\n"
                               "2013-04-01,2013-08-15,\n"
                               "2013-07-01,2013-10-31,2.0\n"
                               "2013-04-01,2013-11-01,9.9\n"; /* no news: a later one is known */

static program *program_with_data(void)
{
    program *self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
    program_write(self, "growth.csv", vintages);
    program_expect(self, 0, "data", "import", "growth.csv", "--asset", "macro", "--interval", "1q");
    program_write(self, "growth.c", strategy);
    return self;
}

static void expect_fills(const program *self, const char *want)
{
    g_autofree char *path = g_build_filename(self->folder, "data", "runtime", "quantbot.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db,
                                       "SELECT substr(ts, 1, 10) || ' ' || CAST(qty AS INTEGER) "
                                       "FROM fills WHERE run_id = (SELECT id FROM runs ORDER BY "
                                       "started_at DESC LIMIT 1) ORDER BY id",
                                       -1, &statement, NULL),
                    ==, SQLITE_OK);
    g_autoptr(GString) got = g_string_new(NULL);
    while (sqlite3_step(statement) == SQLITE_ROW)
        g_string_append_printf(got, "%s\n", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    g_assert_cmpstr(got->str, ==, want);
}

#define BACKTEST                                                                              \
    "backtest", "--symbols", "AAPL", "--strategy", "./growth.c", "--beside", "none", "--end", \
        "2014-01-31"

/* A value known at 00:00 UTC of a day is seen at that day's close, and filled at the next open. */
static void test_vintages(void)
{
    g_autoptr(program) self = program_with_data();
    program_expect(self, 0, BACKTEST, "--macro", "growth");
    expect_fills(self, "2013-05-22 25\n"
                       "2013-05-31 -1\n"
                       "2013-06-27 -6\n"
                       "2013-08-01 -1\n"
                       "2013-08-16 1\n"  /* the first quarter again, at 1.8 */
                       "2013-09-04 -7\n" /* now 1.1 */
                       "2013-11-01 9\n");
    program_expect(self, 0, "runs", "reproduce", "last");
    program_write(self, "growth.csv", "date,vintage_date,GROWTH\n2013-01-01,2013-06-01,2.2\n");
    program_expect(self, 0, "data", "import", "growth.csv", "--asset", "macro", "--interval", "1q");
    program_expect(self, 5, "runs", "reproduce", "last");
    g_assert_nonnull(strstr(self->err, "macro/GROWTH/1q"));
}

static void test_words(void)
{
    g_autoptr(program) self = program_with_data();
    program_expect(self, 5, BACKTEST, "--macro", "nothing");
    g_assert_nonnull(strstr(self->err, "--macro: "));
    program_expect(self, 4, BACKTEST); /* it asks for one */
    program_write(self, "m.csv", "date,M\n2013-01-01,1\n2013-02-01,2\n");
    program_expect(self, 0, "data", "import", "m.csv", "--asset", "macro", "--interval", "1mo",
                   "--lag", "20d");
    program_expect(self, 0, BACKTEST, "--macro", "M");
    g_assert_nonnull(strstr(self->out, "M: when its values became known is assumed"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/macro-run/vintages", test_vintages);
    g_test_add_func("/macro-run/words", test_words);
    return g_test_run();
}
