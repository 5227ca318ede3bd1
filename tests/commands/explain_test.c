/* Why there was an order or none: one case for each stage, on bars that anyone can look up. */
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

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* What says no first at that time ("" for nobody), and a part of the sentence; stages before it say
 * yes, later ones are not reached. Caller owns. */
static json_t *expect(program *self, const char *time, const char *first_no, const char *says)
{
    program_expect(self, 0, "explain", "--symbol", "aapl", "--time", time, "--json");
    json_t *root = program_json(self);
    if (strcmp(text_of(root, "first_no"), first_no) != 0 ||
        strstr(text_of(root, "sentence"), says) == NULL)
        g_error("%s: want %s, \"%s\" in:\n%s", time, first_no, says, self->out);
    const char *want = "yes";
    gsize i;
    json_t *stage;
    json_array_foreach(json_object_get(root, "stages"), i, stage)
    {
        if (strcmp(text_of(stage, "stage"), first_no) == 0) {
            g_assert_cmpstr(text_of(stage, "verdict"), ==, "no");
            want = "not reached";
        } else {
            g_assert_cmpstr(text_of(stage, "verdict"), ==, want);
        }
    }
    /* And so for people. */
    program_expect(self, 0, "explain", "--run", "last", "--symbol", "AAPL", "--time", time);
    g_assert_nonnull(strstr(self->out, first_no[0] == '\0' ? "Nothing said no" : "no  "));
    return root;
}

#define PLAIN "--beside", "none", "--fee-bps", "0", "--slippage-bps", "0", "--no-check"

/* The first moment at which the last run has a decision of that stage. Caller frees. */
static char *first_of(const program *self, const char *stage)
{
    g_autofree char *path = g_build_filename(self->folder, "data", "runtime", "quantbot.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db,
                                       "SELECT replace(substr(min(first_ts), 1, 19), ' ', 'T') || "
                                       "'Z' FROM decisions WHERE stage = ?1 AND run_id = (SELECT "
                                       "id FROM runs ORDER BY started_at DESC LIMIT 1)",
                                       -1, &statement, NULL),
                    ==, SQLITE_OK);
    sqlite3_bind_text(statement, 1, stage, -1, SQLITE_STATIC);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    char *text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    g_assert_nonnull(text);
    return text;
}

/* ---- strategies ---------------------------------------------------------------------------- */

static void test_strategies(void)
{
    g_autoptr(program) self = program_with_bars();
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "buy_and_hold", PLAIN);
    json_decref(expect(self, "2013-05-13", "", "Nothing said no"));
    json_t *root = expect(self, "2013-06-30", "signal", "as before"); /* a Sunday */
    g_assert_cmpstr(text_of(root, "known"), ==, "2013-06-28T20:00:00Z");
    g_assert_cmpint(json_integer_value(json_object_get(
                        json_array_get(json_object_get(root, "decisions"), 0), "bars")),
                    ==, 1259);
    json_decref(root);

    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "sma_cross", PLAIN);
    json_decref(expect(self, "2013-05-20", "warm-up", "had not settled"));

    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "trend_breakout", PLAIN);
    g_autofree char *none = first_of(self, "no-signal"), *filtered = first_of(self, "filtered");
    json_decref(expect(self, none, "signal", "wished nothing"));
    root = expect(self, filtered, "filter", "the filter ");
    g_assert_cmpstr(text_of(json_array_get(json_object_get(root, "decisions"), 0), "filter"), !=,
                    "");
    json_decref(root);
}

/* ---- a list of orders ---------------------------------------------------------------------- */

static const char orders[] =
    "time,symbol,side,quantity,type,limit,until,take_profit\n"
    "2013-05-15,AAPL,buy,500,,,,\n"                 /* more than a tenth of equity */
    "2013-05-16,AAPL,buy,100000,,,,\n"              /* more than equity */
    "2013-05-17,AAPL,buy,10cash,,,,\n"              /* less than a share */
    "2013-05-20,AAPL,buy,10,limit,50,2013-05-22,\n" /* the price never came */
    "2013-05-21,AAPL,buy,10,,,,64\n";               /* 62.592857 at the open, 64 on the 22nd */

static void test_orders(void)
{
    g_autoptr(program) self = program_with_bars();
    program_write(self, "o.csv", orders);
    program_expect(self, 0, "backtest", "--orders", "o.csv", "--risk", "single-name=10%", PLAIN);
    json_decref(expect(self, "2013-05-13", "signal", "wished nothing"));
    json_t *root = expect(self, "2013-05-14", "risk", "the rule single-name refused it: 0.317");
    const json_t *event = json_array_get(json_object_get(root, "risk_events"), 0);
    g_assert_cmpstr(text_of(event, "rule"), ==, "single-name");
    g_assert_cmpfloat(json_number_value(json_object_get(event, "limit")), ==, 0.1);
    json_decref(root);
    json_decref(expect(self, "2013-05-15", "gate", "not enough equity"));
    json_decref(expect(self, "2013-05-16", "sizing", "rounds down to nothing"));
    json_decref(expect(self, "2013-05-17", "fill", "expired 2013-05-23 13:30 with 0 of 10 units"));

    root = expect(self, "2013-05-20T20:00:00Z", "", "10 units in 1 fill, the first at 62.592857");
    const json_t *all = json_object_get(root, "orders");
    const json_t *entry = json_array_get(all, 0), *target = json_array_get(all, 1);
    g_assert_cmpuint(json_array_size(all), ==, 2);
    g_assert_cmpstr(text_of(target, "for"), ==, "take-profit");
    g_assert_cmpstr(text_of(target, "parent"), ==, text_of(entry, "id"));
    g_assert_cmpstr(text_of(target, "type"), ==, "limit");
    g_assert_cmpfloat(json_number_value(json_object_get(target, "limit")), ==, 64);
    const json_t *fill = json_array_get(json_object_get(target, "fills"), 0);
    g_assert_cmpstr(text_of(fill, "time"), ==, "2013-05-22T20:00:00Z");
    g_assert_cmpfloat(json_number_value(json_object_get(fill, "units")), ==, -10);
    json_decref(root);
}

static void test_words(void)
{
    g_autoptr(program) self = program_with_bars();
    program_expect(self, 5, "explain", "--symbol", "AAPL", "--time", "2013-05-14"); /* no log */
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "buy_and_hold", PLAIN);
    program_expect(self, 2, "explain", "--symbol", "AAPL");
    program_expect(self, 2, "explain", "--symbol", "MSFT", "--time", "2013-05-14");
    program_expect(self, 2, "explain", "--symbol", "AAPL", "--time", "yesterday");
    program_expect(self, 5, "explain", "--symbol", "AAPL", "--time", "2013-05-12");
    program_expect(self, 5, "explain", "--run", "ffffffff", "--symbol", "AAPL", "--time",
                   "2013-05-14");
    program_expect(self, 2, "explain", "AAPL", "--symbol", "AAPL", "--time", "2013-05-14");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/explain/strategies", test_strategies);
    g_test_add_func("/explain/orders", test_orders);
    g_test_add_func("/explain/words", test_words);
    return g_test_run();
}
