/* instruments.ini as a person meets it: instruments and calendar commands, aliases, runs. */
#include "core/market/market.h"
#include "program.h"

#include <glib/gstdio.h>
#include <string.h>

#define assert_contains(text, part)                                                  \
    do {                                                                             \
        if (strstr((text), (part)) == NULL)                                          \
            g_error("%d: \"%s\" does not contain \"%s\"", __LINE__, (text), (part)); \
    } while (0)

/* ---- bars of one's own making --------------------------------------------------------------- */

static int32_t date_of(const char *text)
{
    int64_t us = 0;
    g_assert_cmpint(qb_time_from_text(text, strlen(text), &us), ==, QB_OK);
    return qb_date_from_us(us);
}

/* Daily bars on the weekdays of XNYS from first to last, going up and down around price. */
static void write_days(const program *self, const char *name, const char *first, const char *last,
                       double price)
{
    g_autoptr(GString) text = g_string_new("date,open,high,low,close,volume\n");
    int count = 0;
    for (int32_t date = date_of(first); date <= date_of(last); date++) {
        char day[QB_TIME_TEXT], close[32];
        qb_session session;
        if (!qb_calendar_session(qb_calendar_find("XNYS"), date, &session))
            continue;
        const double level = price * (1.0 + 0.01 * (count++ % 29));
        g_ascii_formatd(close, sizeof close, "%.10f", level);
        g_string_append_printf(text, "%s,%s,%s,%s,%s,100000\n", qb_date_to_text(date, day), close,
                               close, close, close);
    }
    program_write(self, name, text->str);
}

static void import_days(program *self, const char *symbol, const char *first, const char *last)
{
    write_days(self, "days.csv", first, last, 100);
    program_expect(self, 0, "data", "import", "days.csv", "--symbol", symbol);
}

/* The "warnings" of a backtest's JSON, joined. Caller frees. */
static char *notes_of(const program *self)
{
    json_auto_t *root = program_json(self);
    const json_t *notes = json_object_get(root, "warnings");
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < json_array_size(notes); i++)
        g_string_append_printf(text, "%s\n", json_string_value(json_array_get(notes, i)));
    return g_string_free(text, FALSE);
}

static char *text_of(const program *self, const char *key)
{
    json_auto_t *root = program_json(self);
    return g_strdup(json_string_value(json_object_get(root, key)));
}

/* ---- instruments ---------------------------------------------------------------------------- */

static const char file[] = "[equity]\n"
                           "lot = 0.001\n"
                           "[BRK.B]\n"
                           "aliases = BRKB\n"
                           "tick = 0.01\n"
                           "sector = Financials\n"
                           "[BTC-USD]\n"
                           "aliases = XBT\n"
                           "[calendar XHKG]\n"
                           "sessions = hk.csv\n"
                           "zone = Asia/Hong_Kong\n"
                           "[calendar XNYS]\n"
                           "closed = 2027-01-08\n"
                           "early = 2027-07-02 13:00\n";

/* As exchange_calendars has them; the 9th is a half day. */
static const char hong_kong[] =
    "session,open,close,break_start,break_end\n"
    "2024-02-08,2024-02-08T01:30:00Z,2024-02-08T08:00:00Z,2024-02-08T04:00:00Z,"
    "2024-02-08T05:00:00Z\n"
    "2024-02-09,2024-02-09T01:30:00Z,2024-02-09T04:00:00Z,,\n"
    "2024-02-14,2024-02-14T01:30:00Z,2024-02-14T08:00:00Z,2024-02-14T04:00:00Z,"
    "2024-02-14T05:00:00Z\n"
    "2024-02-15,2024-02-15T01:30:00Z,2024-02-15T08:00:00Z,2024-02-15T04:00:00Z,"
    "2024-02-15T05:00:00Z\n";

static program *program_with_file(void)
{
    program *self = program_new();
    program_write(self, "instruments.ini", file);
    program_write(self, "hk.csv", hong_kong);
    return self;
}

static void test_list(void)
{
    g_autoptr(program) self = program_with_file();
    import_days(self, "SPY", "2020-01-02", "2020-03-02");
    program_expect(self, 0, "instruments", "list");
    assert_contains(self->out, "BRK.B");
    assert_contains(self->out, "SPY");
    assert_contains(self->out, "0.001");
    program_expect(self, 0, "instruments", "list", "--json");
    json_auto_t *root = program_json(self);
    g_assert_cmpuint(json_array_size(root), ==, 3);
    const json_t *brk = json_array_get(root, 0), *spy = json_array_get(root, 2);
    g_assert_cmpstr(json_string_value(json_object_get(brk, "symbol")), ==, "BRK.B");
    g_assert_cmpstr(json_string_value(json_object_get(brk, "tick")), ==, "0.01");
    g_assert_true(json_is_true(json_object_get(brk, "in_file")));
    g_assert_true(json_is_false(json_object_get(brk, "in_cache")));
    g_assert_cmpstr(json_string_value(json_object_get(spy, "lot")), ==, "0.001");
    g_assert_true(json_is_null(json_object_get(spy, "tick")));
    g_assert_true(json_is_false(json_object_get(spy, "in_file")));
    g_assert_true(json_is_true(json_object_get(spy, "in_cache")));
}

static void test_show(void)
{
    g_autoptr(program) self = program_with_file();
    program_expect(self, 0, "instruments", "show", "brkb");
    assert_contains(self->out, "BRK.B (equity)");
    assert_contains(self->out, "[BRK.B]");
    assert_contains(self->out, "[equity]");
    assert_contains(self->out, "built-in");
    program_expect(self, 0, "instruments", "show", "xbt", "--json");
    assert_contains(self->out, "\"BTC-USD\"");
    program_expect(self, 0, "instruments", "show", "FB", "--asset", "equity");
    assert_contains(self->out, "2012-05-18");
    program_expect(self, 5, "instruments", "show", "QQQ");
    assert_contains(self->err, "neither in instruments.ini nor in the cache");
    program_expect(self, 2, "instruments", "show");
    program_expect(self, 2, "instruments", "show", "FB", "--asset", "share");
}

static void test_check(void)
{
    g_autoptr(program) self = program_with_file();
    import_days(self, "SPY", "2020-01-02", "2020-03-02");
    import_days(self, "FB", "2012-05-16", "2012-06-29");
    program_expect(self, 0, "instruments", "check");
    assert_contains(self->out, "2 instruments, 2 calendars; 2 series in the cache: they agree");
    assert_contains(self->out, "bars before 2012-05-18 are another company's (2 of them)");
    program_write(self, "instruments.ini",
                  "[SPY]\nasset = index\n[FB]\ncalendar = weekdays\n[QQQ]\naliases = SPY2\n");
    program_expect(self, 3, "instruments", "check");
    assert_contains(self->err, "instruments.ini:1: [SPY] is of asset index");
    assert_contains(self->err, "equity FB 1d: calendar: stored with XNYS, [FB] says weekdays");
    program_write(self, "instruments.ini", "[FB]\ncalendar = weekdays\n");
    program_expect(self, 4, "instruments", "check", "--json");
    program_write(self, "instruments.ini", "[FB]\nlot = none\nx = 1\n");
    program_expect(self, 3, "instruments", "check");
    assert_contains(self->err, "instruments.ini:2: [FB] lot: \"none\" is not valid");
    assert_contains(self->err, "instruments.ini:3: [FB] \"x\" is no key of an instrument");
    program_write(self, "instruments.ini", "[calendar X]\nsessions = x.csv\n");
    program_write(self, "x.csv", "session,open,close\n2024-01-02,1,2\n");
    program_expect(self, 4, "instruments", "check");
    program_write(self, ".env", "QUANTBOT_INSTRUMENTS=elsewhere.ini\n");
    program_expect(self, 5, "instruments", "check");
    assert_contains(self->err, "elsewhere.ini");
}

static void test_aliases(void)
{
    g_autoptr(program) self = program_with_file();
    import_days(self, "brk/b", "2020-01-02", "2020-03-02");
    assert_contains(self->out, "BRK.B");
    write_days(self, "days.csv", "2020-01-02", "2020-03-02", 9000);
    program_expect(self, 0, "data", "import", "days.csv", "--asset", "crypto", "--symbol", "xbt");
    assert_contains(self->out, "BTC-USD");
    static const char *const typed[] = {"BRK.B", "brk-b", "BRK/B", "brkb"};
    for (gsize i = 0; i < G_N_ELEMENTS(typed); i++) {
        program_expect(self, 0, "data", "list", typed[i], "--json");
        assert_contains(self->out, "\"BRK.B\"");
        program_expect(self, 0, "backtest", "--symbols", typed[i], "--no-log", "--json");
        assert_contains(self->out, "\"symbols\":[\"BRK.B\"]");
    }
    program_expect(self, 0, "backtest", "--symbols", "xbt,brk-b", "--no-log", "--json");
    assert_contains(self->out, "\"symbols\":[\"BTC-USD\",\"BRK.B\"]");
    program_expect(self, 5, "backtest", "--symbols", "qqq", "--no-log");
}

/* ---- calendars ------------------------------------------------------------------------------ */

/* 2024 of NYSE Group's published calendar: 10 holidays, 3 early closes, so 252 sessions; with the
 * hours 09:00 to 15:00 on 249 of them, and to 12:00 on the others. */
static void test_calendar(void)
{
    g_autoptr(program) self = program_with_file();
    program_expect(self, 0, "calendar", "show", "xnys", "--start", "2024-01-01", "--end",
                   "2024-12-31", "--expected", "1h", "--json");
    json_auto_t *root = program_json(self);
    const json_t *total = json_object_get(root, "total");
    g_assert_cmpint(json_integer_value(json_object_get(total, "sessions")), ==, 252);
    g_assert_cmpint(json_integer_value(json_object_get(total, "early_closes")), ==, 3);
    g_assert_cmpint(json_integer_value(json_object_get(total, "closed_days")), ==, 10);
    g_assert_cmpint(json_integer_value(json_object_get(total, "expected")), ==, 249 * 7 + 3 * 4);
    g_assert_cmpuint(json_array_size(json_object_get(root, "closed")), ==, 10);
    const json_t *first = json_array_get(json_object_get(root, "sessions"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(first, "open")), ==, "2024-01-02T14:30:00Z");
    program_expect(self, 0, "calendar", "show", "XNYS", "--start", "2027-01-07", "--end",
                   "2027-01-11");
    assert_contains(self->out, "2027-01-08  Fri  closed");
    assert_contains(self->out, "09:30 - 16:00  14:30 - 21:00");
    program_expect(self, 0, "calendar", "show", "XHKG");
    assert_contains(self->out, "2024-02-09  Fri  early");
    g_assert_null(strstr(self->out, "2024-03"));
    program_expect(self, 2, "calendar", "show", "XLON");
    program_expect(self, 2, "calendar", "show", "XNYS", "--start", "2024-02-01", "--end",
                   "2024-01-01");
    program_expect(self, 2, "calendar", "show", "XNYS", "--expected", "2h");
    program_expect(self, 0, "calendar", "list");
    assert_contains(self->out, "built-in, 2 dates changed");
    assert_contains(self->out, "hk.csv");
    program_expect(self, 0, "calendar", "list", "--json");
}

/* Hourly bars of an exchange with a lunch break: the hour in it is no gap. */
static void test_list_import(void)
{
    g_autoptr(program) self = program_with_file();
    g_autoptr(GString) text = g_string_new("ts,open,high,low,close\n");
    static const char *const hours[] = {"01", "02", "03", "05", "06", "07"};
    for (gsize i = 0; i < G_N_ELEMENTS(hours); i++)
        g_string_append_printf(text, "2024-02-08T%s:00:00Z,10,11,9,10\n", hours[i]);
    for (gsize i = 0; i < 3; i++)
        g_string_append_printf(text, "2024-02-09T%s:00:00Z,10,11,9,10\n", hours[i]);
    program_write(self, "hours.csv", text->str);
    program_expect(self, 0, "data", "import", "hours.csv", "--symbol", "HSBC", "--interval", "1h",
                   "--calendar", "xhkg");
    program_expect(self, 0, "data", "list", "--json");
    assert_contains(self->out, "\"calendar\": \"XHKG\"");
    assert_contains(self->out, "\"expected\": 9");
    assert_contains(self->out, "\"present\": 9");
    program_expect(self, 0, "backtest", "--symbols", "HSBC", "--no-log", "--json");
    assert_contains(self->out, "\"bars\":9,\"skipped_bars\":0");
    g_autofree char *path = g_build_filename(self->folder, "instruments.ini", NULL);
    g_assert_cmpint(g_unlink(path), ==, 0);
    program_expect(self, 3, "backtest", "--symbols", "HSBC", "--no-log");
    assert_contains(self->err, "XHKG");
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* The file says what flags say, to the same state. */
static void test_file_or_flag(void)
{
    g_autoptr(program) self = program_new();
    import_days(self, "SPY", "2020-01-02", "2020-12-31");
    program_expect(self, 0, "backtest", "--symbols", "SPY", "--tick", "0.25", "--lot", "7",
                   "--param", "fast=2", "--param", "slow=5", "--no-log", "--json");
    g_autofree char *by_flag = text_of(self, "state_hash");
    program_expect(self, 0, "backtest", "--symbols", "SPY", "--param", "fast=2", "--param",
                   "slow=5", "--no-log", "--json");
    g_autofree char *without = text_of(self, "state_hash");
    program_write(self, "instruments.ini", "[SPY]\ntick = 0.25\nlot = 7\n");
    program_expect(self, 0, "backtest", "--symbols", "SPY", "--param", "fast=2", "--param",
                   "slow=5", "--no-log", "--json");
    g_autofree char *by_file = text_of(self, "state_hash");
    g_assert_cmpstr(by_file, ==, by_flag);
    g_assert_cmpstr(by_file, !=, without);
    program_write(self, "instruments.ini", "[SPY]\nmultiplier = 50\n");
    program_expect(self, 0, "backtest", "--symbols", "SPY", "--param", "fast=2", "--param",
                   "slow=5", "--no-log", "--json");
    g_autofree char *fifty = text_of(self, "state_hash");
    g_assert_cmpstr(fifty, !=, without);
}

static void test_currencies(void)
{
    g_autoptr(program) self = program_new();
    import_days(self, "A", "2020-01-02", "2020-03-02");
    import_days(self, "B", "2020-01-02", "2020-03-02");
    import_days(self, "C", "2020-01-02", "2020-03-02");
    program_write(self, "instruments.ini", "[B]\ncurrency = EUR\n[C]\ncurrency = GBP\n");
    program_expect(self, 3, "backtest", "--symbols", "A,B,C", "--no-log");
    assert_contains(self->err, "B is in EUR, A in USD");
    assert_contains(self->err, "C is in GBP, A in USD");
    program_write(self, "instruments.ini", "[equity]\ncurrency = EUR\n");
    program_expect(self, 0, "backtest", "--symbols", "A,B,C", "--no-log");
}

/* A run needs its row and the data, not the file as it was. */
static void test_reproduce(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "instruments.ini",
                  "[SPY]\ntick = 0.25\naliases = SPIDER\n[calendar XNYS]\nclosed = 2027-01-08\n");
    import_days(self, "SPY", "2020-01-02", "2020-12-31");
    program_expect(self, 0, "backtest", "--symbols", "spider", "--param", "fast=2", "--param",
                   "slow=5");
    program_expect(self, 0, "runs", "reproduce", "last");
    program_write(self, "instruments.ini", "[SPY]\ntick = 5\nlot = 100\ncurrency = EUR\n");
    program_expect(self, 0, "runs", "reproduce", "last");
    /* A closure after the run changes nothing, one within it does. */
    program_write(self, "instruments.ini", "[calendar XNYS]\nclosed = 2021-01-04\n");
    program_expect(self, 0, "runs", "reproduce", "last");
    program_write(self, "instruments.ini", "[calendar XNYS]\nclosed = 2020-06-01\n");
    program_expect(self, 5, "runs", "reproduce", "last");
    assert_contains(self->err, "SPY: the calendar XNYS has other sessions than the run used");
}

/* The same of a calendar that is gone or another. */
static void test_reproduce_list(void)
{
    static const char ini[] = "[calendar XHKG]\nsessions = hk.csv\nzone = Asia/Hong_Kong\n"
                              "[HSBC]\ncalendar = XHKG\ncurrency = HKD\n";
    g_autoptr(program) self = program_new();
    program_write(self, "instruments.ini", ini);
    program_write(self, "hk.csv", hong_kong);
    program_write(self, "hsbc.csv",
                  "date,open,high,low,close\n2024-02-08,10,11,9,10\n2024-02-09,10,11,9,10\n"
                  "2024-02-14,10,11,9,11\n2024-02-15,11,12,10,12\n");
    program_expect(self, 0, "data", "import", "hsbc.csv", "--symbol", "HSBC");
    program_expect(self, 0, "backtest", "--symbols", "HSBC", "--strategy", "buy_and_hold");
    program_expect(self, 0, "runs", "reproduce", "last");
    g_autofree char *later =
        g_strdup_printf("%s2024-02-19,2024-02-19T01:30:00Z,2024-02-19T08:00:00Z,,\n", hong_kong);
    program_write(self, "hk.csv", later);
    program_expect(self, 0, "runs", "reproduce", "last");
    g_autofree char *other = g_strdup(hong_kong);
    memcpy(strstr(other, "T08:00:00Z"), "T07:00:00Z", strlen("T07:00:00Z"));
    program_write(self, "hk.csv", other);
    program_expect(self, 5, "runs", "reproduce", "last");
    assert_contains(self->err, "XHKG has other sessions");
    program_write(self, "instruments.ini", "");
    program_expect(self, 3, "runs", "reproduce", "last");
    assert_contains(self->err, "XHKG");
}

/* ---- notes ---------------------------------------------------------------------------------- */

static void test_reuse(void)
{
    g_autoptr(program) self = program_new();
    static const char note[] = "FB: bars before 2012-05-18 are another company's (2 of them)";
    import_days(self, "FB", "2012-05-16", "2012-06-29");
    assert_contains(self->out, note);
    program_expect(self, 0, "backtest", "--symbols", "FB", "--no-log", "--json");
    g_autofree char *notes = notes_of(self);
    assert_contains(notes, note);
    program_expect(self, 0, "backtest", "--symbols", "FB", "--no-log");
    assert_contains(self->out, "another company's");
    program_expect(self, 0, "backtest", "--symbols", "FB", "--no-log", "--json", "--start",
                   "2012-05-18");
    g_autofree char *after = notes_of(self);
    g_assert_null(strstr(after, "another company"));
    program_write(self, "instruments.ini", "[FB]\nsince = 1990-01-01\n");
    program_expect(self, 0, "backtest", "--symbols", "FB", "--no-log", "--json");
    g_autofree char *told = notes_of(self);
    g_assert_null(strstr(told, "another company"));
}

static void test_survivors(void)
{
    g_autoptr(program) self = program_new();
    static const char *const symbols[] = {"A", "B", "C", "D", "E"};
    for (gsize i = 0; i < G_N_ELEMENTS(symbols); i++)
        import_days(self, symbols[i], "2019-01-02", "2020-06-30");
    import_days(self, "DEAD", "2019-01-02", "2019-09-30");
    program_expect(self, 0, "backtest", "--symbols", "A,B,C,D,E", "--no-log", "--json");
    g_autofree char *notes = notes_of(self);
    assert_contains(notes, "all 5 equities live to the end of the run");
    static const char *const fewer[][2] = {
        {"A,B,C,D", "2019-01-02"}, {"A,B,C,D,DEAD", "2019-01-02"}, {"A,B,C,D,E", "2019-09-02"}};
    for (gsize i = 0; i < G_N_ELEMENTS(fewer); i++) {
        program_expect(self, 0, "backtest", "--symbols", fewer[i][0], "--start", fewer[i][1],
                       "--no-log", "--json");
        g_autofree char *none = notes_of(self);
        g_assert_null(strstr(none, "live to the end"));
    }
}

static void test_small_prices(void)
{
    g_autoptr(program) self = program_new();
    write_days(self, "shib.csv", "2021-01-04", "2021-06-30", 0.00001);
    program_expect(self, 0, "data", "import", "shib.csv", "--asset", "crypto", "--symbol", "shib");
    program_expect(self, 0, "backtest", "--symbols", "shib", "--no-log", "--json");
    g_autofree char *notes = notes_of(self);
    assert_contains(notes, "SHIB-USD: prices below 0.0001 leave its fills few digits");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/instruments/list", test_list);
    g_test_add_func("/instruments/show", test_show);
    g_test_add_func("/instruments/check", test_check);
    g_test_add_func("/instruments/aliases", test_aliases);
    g_test_add_func("/instruments/calendar", test_calendar);
    g_test_add_func("/instruments/list-import", test_list_import);
    g_test_add_func("/instruments/runs/file-or-flag", test_file_or_flag);
    g_test_add_func("/instruments/runs/currencies", test_currencies);
    g_test_add_func("/instruments/runs/reproduce", test_reproduce);
    g_test_add_func("/instruments/runs/reproduce-list", test_reproduce_list);
    g_test_add_func("/instruments/notes/reuse", test_reuse);
    g_test_add_func("/instruments/notes/survivors", test_survivors);
    g_test_add_func("/instruments/notes/small-prices", test_small_prices);
    return g_test_run();
}
