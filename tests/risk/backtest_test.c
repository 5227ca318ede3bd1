/* Every rule trips in a backtest of the program on real bars, and what it did is recorded: a row of
 * risk_events with rule, limit and value, and the order that it refused. Bars: the bundled Apple,
 * and Bitcoin of the shared data set. */
#include "program.h"

#include <math.h>
#include <sqlite3.h>
#include <string.h>

#define WORDS_MAX 24

typedef struct trip {
    const char *name;
    const char *rule, *verdict;
    double limit;                 /* NaN: not told */
    const char *reason;           /* of the order that the event names; NULL: it names none */
    const char *words[WORDS_MAX]; /* after backtest */
} trip;

#define APPLE "--symbols", "AAPL", "--beside", "none", "--strategy"
#define BOTH "--symbols", "AAPL,MSFT", "--beside", "none", "--strategy"
#define BITCOIN "--symbols", "BTC-USD", "--beside", "none", "--strategy"
#define CROSS "sma_cross", "--param", "fast=10", "--param", "slow=30"

static const trip trips[] = {
    /* Sizers: an order is cut to what the rule leaves. */
    {"per-trade",
     "per-trade",
     "reduced",
     0.01,
     NULL,
     {APPLE, "buy_and_hold", "--risk", "per-trade=1%"}},
    {"atr-size", "atr-size", "reduced", 0.01, NULL, {APPLE, CROSS, "--risk", "atr-size=1%"}},
    {"volatility", "volatility", "reduced", 0.12, NULL, {APPLE, CROSS, "--risk", "volatility=12%"}},
    {"kelly",
     "kelly",
     "refused",
     0,
     "risk", /* a strategy that loses has no bet to make */
     {APPLE, "sma_cross", "--param", "fast=2", "--param", "slow=5", "--fee-bps", "100", "--risk",
      "kelly=0.25"}},
    /* Limits: an order is refused. */
    {"gross", "gross", "refused", 0.5, "risk", {APPLE, "buy_and_hold", "--risk", "gross=0.5"}},
    {"single-name",
     "single-name",
     "refused",
     0.1,
     "risk",
     {APPLE, "buy_and_hold", "--risk", "single-name=10%"}},
    {"sector",
     "sector",
     "refused",
     0.3,
     "risk",
     {BOTH, "buy_and_hold", "--size", "20%", "--risk", "sector=30%"}},
    {"crypto", "crypto", "refused", 0.5, "risk", {BITCOIN, "buy_and_hold", "--risk", "crypto=50%"}},
    {"adv",
     "adv",
     "refused",
     0.00001,
     "risk",
     {APPLE, CROSS, "--cash", "1000000", "--risk", "adv=0.001%"}},
    {"minimum-value",
     "minimum-value",
     "refused",
     500,
     "risk",
     {APPLE, "buy_and_hold", "--size", "400cash", "--risk", "minimum-value=500"}},
    /* Stops of the account. */
    {"drawdown",
     "drawdown",
     "halted",
     0.2,
     NULL,
     {APPLE, "buy_and_hold", "--risk", "drawdown=20%"}},
    {"after the kill switch",
     "drawdown",
     "refused",
     0.1,
     "halted",
     {APPLE, CROSS, "--risk", "drawdown=10%"}},
    {"day-stop",
     "day-stop",
     "suspended",
     0.06,
     NULL,
     {APPLE, "buy_and_hold", "--risk", "day-stop=6%"}},
    {"week-stop",
     "week-stop",
     "suspended",
     0.1,
     NULL,
     {APPLE, "buy_and_hold", "--risk", "week-stop=10%"}},
    /* Throttles. */
    {"blackout",
     "blackout",
     "refused",
     0,
     "risk",
     {APPLE, "buy_and_hold", "--blackouts", "blackouts.csv"}},
    {"day-trades",
     "day-trades",
     "refused",
     3,
     "risk",
     {APPLE, "sma_cross", "--param", "fast=2", "--param", "slow=3", "--cash", "10000", "--risk",
      "day-trades=3", "--risk", "day-trades-days=250", "--risk", "stop-loss=0.05"}},
    {"cool-down",
     "cool-down",
     "refused",
     1,
     "risk",
     {APPLE, "sma_cross", "--param", "fast=2", "--param", "slow=5", "--risk", "cool-down=1",
      "--risk", "cool-down-hours=500"}},
    {"order-rate",
     "order-rate",
     "refused",
     1,
     "risk",
     {BOTH, "buy_and_hold", "--risk", "order-rate=1"}},
    /* Exits: an entry is refused while their ATR has no history. */
    {"trailing",
     "trailing",
     "refused",
     NAN,
     "risk",
     {APPLE, "buy_and_hold", "--risk", "trailing=3"}},
    {"take-profit",
     "take-profit",
     "refused",
     NAN,
     "risk",
     {APPLE, "buy_and_hold", "--risk", "take-profit=on"}},
    {"stop-loss",
     "stop-loss",
     "refused",
     NAN,
     "risk",
     {APPLE, "buy_and_hold", "--risk", "stop-loss=on"}},
};

/* ---- a place with bars --------------------------------------------------------------------- */

static program *place;

static void make_place(void)
{
    g_autofree char *apple = program_source("samples/AAPL-2013-2018.csv");
    const char *shared = g_getenv("QUANTBOT_SHARED");
    place = program_new();
    program_write(place, "instruments.ini",
                  "[AAPL]\nsector = Technology\n"
                  "[MSFT]\nsector = Technology\n");
    /* The first bar is known on 13 May 2013, and would be bought on the 14th. */
    program_write(place, "blackouts.csv", "from,to,symbol,what\n2013-05-13,2013-05-20,,FOMC\n");
    program_expect(place, 0, "data", "import", apple, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
    program_expect(place, 0, "data", "import", apple, "--symbol", "MSFT", "--asset", "equity",
                   "--interval", "1d");
    g_autofree char *bitcoin = g_build_filename(shared != NULL ? shared : "", "data", "crypto",
                                                "daily", "BTCUSD_bitstamp.csv", NULL);
    if (g_file_test(bitcoin, G_FILE_TEST_EXISTS))
        program_expect(place, 0, "data", "import", bitcoin, "--symbol", "BTC-USD", "--asset",
                       "crypto", "--interval", "1d");
}

static gboolean has_bars_of(const trip *trip)
{
    g_autofree char *folder = g_build_filename(place->folder, "data", "cache", "crypto", "BTC-USD",
                                               NULL);
    return strcmp(trip->words[1], "BTC-USD") != 0 || g_file_test(folder, G_FILE_TEST_IS_DIR);
}

/* ---- what was recorded --------------------------------------------------------------------- */

static json_t *find_event(json_t *run, const trip *trip)
{
    gsize index;
    json_t *event;
    json_array_foreach(
        json_object_get(run, "risk_events"), index,
        event) if (strcmp(json_string_value(json_object_get(event, "rule")), trip->rule) == 0 &&
                   strcmp(json_string_value(json_object_get(event, "verdict")), trip->verdict) ==
                       0) return event;
    g_error("no event %s %s in\n%s", trip->rule, trip->verdict, place->out);
}

static double number_of(json_t *event, const char *key)
{
    json_t *value = json_object_get(event, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* "reason rule limit" of an order, from its row. Caller frees. */
static char *order_row(const char *id)
{
    g_autofree char *path = g_build_filename(place->folder, "data", "runtime", "quantbot.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db,
                                       "SELECT reason || ' ' || risk_rule || ' ' ||"
                                       " coalesce(risk_limit, 'none') FROM orders WHERE id = ?1",
                                       -1, &statement, NULL),
                    ==, SQLITE_OK);
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    char *text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

static void check_event(const trip *trip, json_t *event)
{
    const double limit = number_of(event, "limit"), value = number_of(event, "value");
    if (isnan(trip->limit))
        g_assert_true(isnan(limit));
    else
        g_assert_cmpfloat(limit, ==, trip->limit);
    /* Exits have no figures; all others found more than they allow, the least order less. */
    if (!isnan(limit) && strcmp(trip->rule, "minimum-value") == 0)
        g_assert_cmpfloat(value, <, limit);
    else if (!isnan(limit))
        g_assert_cmpfloat(value, >=, limit);
    const char *order = json_string_value(json_object_get(event, "order"));
    if (trip->reason == NULL)
        return;
    g_autofree char *row = order_row(order);
    g_autofree char *head = g_strdup_printf("%s %s ", trip->reason, trip->rule);
    if (!g_str_has_prefix(row, head))
        g_error("the order's row says \"%s\", not \"%s\"", row, head);
}

static void test_trip(gconstpointer data)
{
    const trip *trip = data;
    if (!has_bars_of(trip)) {
        g_test_skip("QUANTBOT_SHARED names no data set with Bitcoin");
        return;
    }
    const char *words[WORDS_MAX + 2] = {"backtest"};
    memcpy(words + 1, trip->words, sizeof trip->words);
    if (program_run_vector(place, words) != 0)
        g_error("backtest:\n%s", place->err);
    program_expect(place, 0, "runs", "show", "last", "--risk", "--json");
    json_auto_t *run = program_json(place);
    check_event(trip, find_event(run, trip));
    program_expect(place, 0, "runs", "show", "last", "--risk");
    g_assert_nonnull(strstr(place->out, trip->rule)); /* for people too */
    program_expect(place, 0, "runs", "reproduce", "last");
}

/* A time stop refuses nothing: it ends trades. */
static void test_time_stop(void)
{
    program_expect(place, 0, "backtest", "--symbols", "AAPL", "--beside", "none", "--strategy",
                   "sma_cross", "--param", "fast=10", "--param", "slow=30", "--risk",
                   "time-stop=5");
    program_expect(place, 0, "runs", "show", "last", "--trades", "1000", "--json");
    json_auto_t *run = program_json(place);
    gsize index, at_five = 0;
    json_t *trade;
    json_array_foreach(json_object_get(run, "trade_list"), index, trade)
    {
        const json_int_t bars = json_integer_value(json_object_get(trade, "bars"));
        g_assert_cmpint(bars, <=, 5);
        at_five += bars == 5;
    }
    g_assert_cmpuint(at_five, >, 10);
    program_expect(place, 0, "runs", "reproduce", "last");
}

/* ---- all at once ---------------------------------------------------------------------------- */

/* What was bought under the standard stays within it, as the run's own row of orders shows. */
static void test_standard(void)
{
    program_expect(place, 0, "backtest", "--symbols", "AAPL", "--beside", "none", "--strategy",
                   "sma_cross", "--size", "9%", "--risk", "standard");
    program_expect(place, 0, "runs", "show", "last", "--json", "--risk");
    json_auto_t *run = program_json(place);
    g_assert_cmpint(json_integer_value(json_object_get(run, "fills")), >, 0);
    program_expect(place, 0, "runs", "reproduce", "last");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    make_place();
    for (gsize i = 0; i < G_N_ELEMENTS(trips); i++) {
        g_autofree char *path = g_strdup_printf("/risk/backtest/%s", trips[i].name);
        g_test_add_data_func(path, &trips[i], test_trip);
    }
    g_test_add_func("/risk/backtest/time-stop", test_time_stop);
    g_test_add_func("/risk/backtest/standard", test_standard);
    const int result = g_test_run();
    program_free(place);
    return result;
}
