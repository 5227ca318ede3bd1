/* instruments.ini: what it may say, what is refused, and what follows from it. */
#include "instruments/instruments.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- reading from memory -------------------------------------------------------------------- */

/* Hong Kong's sessions about the lunar new year of 2024, as exchange_calendars has them. */
static const char hong_kong[] =
    "session,open,close,break_start,break_end\n"
    "2024-02-07,2024-02-07T01:30:00Z,2024-02-07T08:00:00Z,2024-02-07T04:00:00Z,"
    "2024-02-07T05:00:00Z\n"
    "2024-02-08,2024-02-08T01:30:00Z,2024-02-08T08:00:00Z,2024-02-08T04:00:00Z,"
    "2024-02-08T05:00:00Z\n"
    "2024-02-09,2024-02-09T01:30:00Z,2024-02-09T04:00:00Z,,\n"
    "2024-02-14,2024-02-14T01:30:00Z,2024-02-14T08:00:00Z,2024-02-14T04:00:00Z,"
    "2024-02-14T05:00:00Z\n"
    "2024-02-15,2024-02-15T01:30:00Z,2024-02-15T08:00:00Z,2024-02-15T04:00:00Z,"
    "2024-02-15T05:00:00Z\n";

/* Gives the text that data is, for the path that these tests name. */
static GBytes *give(gpointer data, const char *path, GError **error)
{
    if (data != NULL && g_str_has_suffix(path, "lists/hk.csv"))
        return g_bytes_new_static(data, strlen(data));
    g_set_error(error, FAILURE, FAILURE_MISSING, "%s: no such file", path);
    return NULL;
}

static instruments *parse(const char *text, const char *csv, GError **error)
{
    return instruments_parse("conf/instruments.ini", text, strlen(text), give, (gpointer)csv,
                             error);
}

static instruments *parse_well(const char *text)
{
    GError *error = NULL;
    instruments *self = parse(text, hong_kong, &error);
    g_assert_no_error(error);
    return self;
}

static qb_instrument get(const instruments *self, const char *symbol, qb_asset asset)
{
    qb_instrument instrument;
    GError *error = NULL;
    g_assert_true(instruments_get(self, symbol, asset, QB_1D, &instrument, &error));
    g_assert_no_error(error);
    return instrument;
}

static int32_t date_of(const char *text)
{
    int64_t us = 0;
    g_assert_cmpint(qb_time_from_text(text, strlen(text), &us), ==, QB_OK);
    return qb_date_from_us(us);
}

/* ---- values --------------------------------------------------------------------------------- */

static void test_defaults(void)
{
    g_autoptr(instruments) self = parse_well("");
    const qb_instrument equity = get(self, "SPY", QB_EQUITY),
                        coin = get(self, "BTC-USD", QB_CRYPTO);
    g_assert_cmpstr(equity.currency, ==, "USD");
    g_assert_cmpint(equity.lot.raw, ==, QB_ONE);
    g_assert_cmpint(equity.tick.raw, ==, 0);
    g_assert_cmpint(equity.price_decimals, ==, 8);
    g_assert_cmpint(equity.multiplier.raw, ==, QB_ONE);
    g_assert_cmpint(equity.since, ==, INT32_MIN);
    g_assert_true(equity.calendar == qb_calendar_find("XNYS"));
    g_assert_cmpint(coin.lot.raw, ==, 1);
    g_assert_true(coin.calendar == qb_calendar_find("24/7"));
    g_assert_true(get(self, "EUR-USD", QB_FX).calendar == qb_calendar_find("weekdays"));
    g_assert_cmpstr(get(self, "ETH-BTC", QB_CRYPTO).currency, ==, "BTC");
    g_assert_cmpint((int)instruments_calendars(self)->count, ==, 0);
}

static void test_layers(void)
{
    g_autoptr(instruments) self = parse_well("\xef\xbb\xbf# about\r\n"
                                             "[equity]\r\n"
                                             "lot = 0.001\r\n"
                                             "tick=0.01\r\n"
                                             "\r\n"
                                             "; and one\r\n"
                                             "[BRK.B]\r\n"
                                             "tick = none\r\n"
                                             "price_decimals = 2\r\n"
                                             "sector = Financials\r\n"
                                             "since = 1996-05-09\r\n"
                                             "multiplier = 50\r\n"
                                             "currency = EUR");
    const qb_instrument spy = get(self, "SPY", QB_EQUITY), brk = get(self, "BRK.B", QB_EQUITY);
    g_assert_cmpint(spy.lot.raw, ==, QB_ONE / 1000);
    g_assert_cmpint(spy.tick.raw, ==, QB_ONE / 100);
    g_assert_cmpint(brk.lot.raw, ==, QB_ONE / 1000);
    g_assert_cmpint(brk.tick.raw, ==, 0);
    g_assert_cmpint(brk.price_decimals, ==, 2);
    g_assert_cmpint(brk.multiplier.raw, ==, 50 * QB_ONE);
    g_assert_cmpint(brk.since, ==, date_of("1996-05-09"));
    g_assert_cmpstr(brk.sector, ==, "Financials");
    g_assert_cmpstr(brk.currency, ==, "EUR");
    g_assert_cmpint(get(self, "^GSPC", QB_INDEX).lot.raw, ==, QB_ONE);
    g_assert_cmpstr(instruments_source(self, "BRK.B", QB_EQUITY, "tick"), ==, "BRK.B");
    g_assert_cmpstr(instruments_source(self, "BRK.B", QB_EQUITY, "lot"), ==, "equity");
    g_assert_cmpstr(instruments_source(self, "BRK.B", QB_EQUITY, "calendar"), ==, "built-in");
    g_assert_cmpstr(instruments_source(self, "SPY", QB_EQUITY, "tick"), ==, "equity");
    g_assert_cmpstr(instruments_source(self, "SPY", QB_INDEX, "tick"), ==, "built-in");
    g_assert_cmpuint(instruments_symbols(self)->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(instruments_symbols(self), 0), ==, "BRK.B");
    g_assert_cmpstr(instruments_file(self), ==, "conf/instruments.ini");
}

/* Tickers that were another company's: the dates of the shared data's README. */
static void test_reused(void)
{
    static const char *const tickers[][2] = {{"FB", "2012-05-18"},
                                             {"WM", "2009-08-05"},
                                             {"USO", "2006-04-10"},
                                             {"BNO", "2010-06-02"},
                                             {"EEM", "2003-04-11"}};
    g_autoptr(instruments) none = parse_well("");
    g_autoptr(instruments) told = parse_well("[FB]\nsince = 1990-01-01\n");
    for (gsize i = 0; i < G_N_ELEMENTS(tickers); i++)
        g_assert_cmpint(get(none, tickers[i][0], QB_EQUITY).since, ==, date_of(tickers[i][1]));
    g_assert_cmpint(get(none, "FB-USD", QB_CRYPTO).since, ==, INT32_MIN);
    g_assert_cmpint(get(told, "FB", QB_EQUITY).since, ==, date_of("1990-01-01"));
}

/* ---- symbols -------------------------------------------------------------------------------- */

static void test_symbols(void)
{
    g_autoptr(instruments) self = parse_well("[BTC-USD]\naliases = xbt, bitcoin,XBT-USD\n"
                                             "[BRK.A]\naliases = BRKA\n"
                                             "[^GSPC]\naliases = SPX\n"
                                             "[EUR-USD]\n"
                                             "[X-Y]\nasset = equity\n");
    static const struct {
        const char *typed;
        int asset;
        const char *symbol; /* NULL: none */
        int out_asset;
    } cases[] = {
        {"xbt", -1, "BTC-USD", QB_CRYPTO},
        {"Bitcoin", -1, "BTC-USD", QB_CRYPTO},
        {"xbt", QB_CRYPTO, "BTC-USD", QB_CRYPTO},
        {"xbt", QB_EQUITY, "XBT", QB_EQUITY},
        {"xbt/usd", QB_CRYPTO, "BTC-USD", QB_CRYPTO},
        {"btc", QB_CRYPTO, "BTC-USD", QB_CRYPTO},
        {"BTC/USD", QB_CRYPTO, "BTC-USD", QB_CRYPTO},
        {"btcusd", QB_CRYPTO, "BTC-USD", QB_CRYPTO},
        {"btcusd", -1, "BTCUSD", -1},
        {"brk-b", QB_EQUITY, "BRK.B", QB_EQUITY},
        {"BRK/B", QB_EQUITY, "BRK.B", QB_EQUITY},
        {"brk.b", QB_EQUITY, "BRK.B", QB_EQUITY},
        {"brk.b", -1, "BRK.B", -1},
        {"brka", -1, "BRK.A", QB_EQUITY},
        {"spx", -1, "^GSPC", QB_INDEX},
        {"eurusd", QB_FX, "EUR-USD", QB_FX},
        {"", -1, NULL, 0},
        {"a b", -1, NULL, 0},
        {"../x", QB_EQUITY, NULL, 0},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", -1, NULL, 0},
        {"EURUS", QB_FX, NULL, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        char symbol[QB_SYMBOL_SIZE] = "";
        int asset = -2;
        const gboolean found = instruments_symbol(self, cases[i].typed, cases[i].asset, symbol,
                                                  &asset);
        g_test_message("%s %d", cases[i].typed, cases[i].asset);
        g_assert_cmpint(found, ==, cases[i].symbol != NULL);
        if (!found)
            continue;
        g_assert_cmpstr(symbol, ==, cases[i].symbol);
        g_assert_cmpint(asset, ==, cases[i].out_asset);
    }
    g_assert_cmpstr(instruments_aliases(self, "BTC-USD"), ==, "XBT, BITCOIN, XBT-USD");
    g_assert_null(instruments_aliases(self, "EUR-USD"));
    g_assert_cmpint(instruments_asset(self, "^GSPC"), ==, QB_INDEX);
    g_assert_cmpint(instruments_asset(self, "EUR-USD"), ==, QB_FX);
    g_assert_cmpint(instruments_asset(self, "BTC-USD"), ==, QB_CRYPTO);
    g_assert_cmpint(instruments_asset(self, "X-Y"), ==, QB_EQUITY);
}

static void test_another_class(void)
{
    g_autoptr(instruments) self = parse_well("\n[SPX]\nasset = index\n");
    qb_instrument instrument;
    GError *error = NULL;
    g_assert_true(instruments_get(self, "SPX", QB_INDEX, QB_1D, &instrument, NULL));
    g_assert_false(instruments_get(self, "SPX", QB_EQUITY, QB_1D, &instrument, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_assert_nonnull(strstr(error->message, "conf/instruments.ini:2: [SPX] is of asset index"));
    g_clear_error(&error);
    g_assert_false(instruments_get(self, "a b", QB_EQUITY, QB_1D, &instrument, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_clear_error(&error);
}

/* ---- calendars ------------------------------------------------------------------------------ */

static void test_list(void)
{
    g_autoptr(instruments) self = parse_well("[HSBC]\ncalendar = xhkg\ncurrency = HKD\n"
                                             "[calendar XHKG]\n"
                                             "sessions = lists/hk.csv\n"
                                             "zone = Asia/Hong_Kong\n"
                                             "periods = 247\n");
    const qb_calendars *calendars = instruments_calendars(self);
    const qb_calendar *calendar = qb_calendars_find(calendars, "XHKG");
    qb_session session;
    g_assert_nonnull(calendar);
    g_assert_true(get(self, "HSBC", QB_EQUITY).calendar == calendar);
    g_assert_cmpint(qb_calendar_periods(calendar), ==, 247);
    g_assert_cmpint(qb_calendar_offset_us(calendar, date_of("2024-02-08") * QB_DAY_US), ==,
                    8 * QB_HOUR_US);
    g_assert_true(qb_calendar_session(calendar, date_of("2024-02-08"), &session));
    g_assert_false(session.early_close);
    g_assert_cmpint(session.break_end_us - session.break_start_us, ==, QB_HOUR_US);
    g_assert_true(qb_calendar_session(calendar, date_of("2024-02-09"), &session));
    g_assert_true(session.early_close);
    g_assert_false(qb_calendar_session(calendar, date_of("2024-02-12"), &session));
    /* By hand: four days of 330 minutes, and 150 on the half day. */
    g_assert_cmpuint(qb_expected_bars(calendar, QB_1M, INT64_MIN, INT64_MAX), ==, 4 * 330 + 150);
    g_assert_cmpstr(instruments_calendar_origin(self, "xhkg"), ==, "lists/hk.csv");
    g_assert_cmpstr(instruments_calendar_origin(self, "XNYS"), ==, "built-in");
    g_assert_null(instruments_calendar_origin(self, "XLON"));
}

static void test_changes(void)
{
    g_autoptr(instruments) self = parse_well("[calendar XNYS]\n"
                                             "closed = 2028-03-03, 2027-01-09,2027-01-08\n"
                                             "early = 2027-07-02 13:00\n"
                                             "[calendar XHKG]\n"
                                             "sessions = lists/hk.csv\n"
                                             "zone = Asia/Hong_Kong\n"
                                             "early = 2024-02-08 15:00\n");
    const qb_calendar *calendar = get(self, "SPY", QB_EQUITY).calendar;
    const qb_calendar *list = qb_calendars_find(instruments_calendars(self), "XHKG");
    qb_session session;
    g_assert_true(calendar != qb_calendar_find("XNYS"));
    g_assert_cmpstr(qb_calendar_name(calendar), ==, "XNYS");
    g_assert_true(calendar == qb_calendars_find(instruments_calendars(self), "XNYS"));
    g_assert_false(qb_calendar_session(calendar, date_of("2027-01-08"), &session));
    g_assert_true(qb_calendar_session(calendar, date_of("2027-07-02"), &session));
    g_assert_cmpint(session.close_us - session.open_us, ==, 7 * 30 * QB_MINUTE_US);
    g_assert_true(qb_calendar_session(list, date_of("2024-02-08"), &session));
    g_assert_cmpint(session.close_us, ==, date_of("2024-02-08") * QB_DAY_US + 7 * QB_HOUR_US);
    g_assert_true(session.early_close);
    g_assert_cmpstr(instruments_calendar_origin(self, "XNYS"), ==, "built-in, 4 dates changed");
    g_assert_cmpstr(instruments_calendar_origin(self, "XHKG"), ==, "lists/hk.csv, 1 date changed");
}

/* ---- the shared lists, through files -------------------------------------------------------- */

/* Early closes of the lists: what their exchanges call half days. XLON closes at 12:30 on 65 days,
 * XHKG at noon on 59, CMES at noon on 280 (counted in the files by their closing time alone); XNYS
 * as its rules say. */
static void test_shared(void)
{
    static const struct {
        const char *name, *zone;
        gsize sessions, early;
    } lists[] = {{"XLON", "Europe/London", 8515, 65},
                 {"XHKG", "Asia/Hong_Kong", 8803, 59},
                 {"CMES", "America/Chicago", 9682, 280},
                 {"XNYS", "America/New_York", 8324, 69},
                 {"24-7", "UTC", 366, 0}};
    const char *shared = g_getenv("QUANTBOT_SHARED");
    GError *error = NULL;
    if (shared == NULL || !g_file_test(shared, G_FILE_TEST_IS_DIR)) {
        g_test_skip("no shared data: QUANTBOT_SHARED");
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_string_append_printf(text,
                               "[calendar %s]\nsessions = %s/data/calendars/%s_sessions.csv.gz\n"
                               "zone = %s\n",
                               lists[i].name, shared, lists[i].name, lists[i].zone);
    g_autofree char *folder = g_dir_make_tmp("quantbot-test-XXXXXX", &error);
    g_autofree char *path = g_build_filename(folder, "instruments.ini", NULL);
    g_file_set_contents(path, text->str, -1, &error);
    g_autoptr(instruments) self = instruments_load(path, TRUE, &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        const qb_calendar *calendar = qb_calendars_find(instruments_calendars(self), lists[i].name);
        gsize sessions = 0, early = 0, differ = 0;
        for (int32_t date = date_of("1990-01-01"); date < date_of("2028-01-01"); date++) {
            qb_session session, rule;
            if (!qb_calendar_session(calendar, date, &session))
                continue;
            sessions++;
            early += session.early_close;
            differ += strcmp(lists[i].name, "XNYS") == 0 &&
                      (!qb_calendar_session(qb_calendar_find("XNYS"), date, &rule) ||
                       rule.early_close != session.early_close ||
                       rule.close_us != session.close_us);
        }
        g_test_message("%s", lists[i].name);
        g_assert_cmpuint(sessions, ==, lists[i].sessions);
        g_assert_cmpuint(early, ==, lists[i].early);
        g_assert_cmpuint(differ, ==, 0);
    }
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_files(void)
{
    GError *error = NULL;
    g_autoptr(instruments) none = instruments_load("/nonexistent/instruments.ini", FALSE, &error);
    g_assert_no_error(error);
    g_assert_nonnull(none);
    g_assert_null(instruments_file(none));
    g_assert_null(instruments_load("/nonexistent/instruments.ini", TRUE, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_clear_error(&error);
    instruments_free(NULL);
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void test_refused(void)
{
    static const struct {
        const char *text, *problem; /* a part of the message, after "conf/instruments.ini:" */
    } cases[] = {
        {"lot = 1\n", "1: \"lot\" stands before the first [section]"},
        {"[A\n", "1: \"[A\" is not a section"},
        {"[]\n", "1: \"\" is not a section's name"},
        {"[A] x\n", "1: \"[A] x\" is not a section"},
        {"[A]\nlot\n", "2: \"lot\" is no line of this file"},
        {"[A]\n[A]\n", "2: [A] stands a second time (first in line 1)"},
        {"[A]\nlot=1\n\nlot=2\n", "4: \"lot\" is set a second time (first in line 2)"},
        {"[A]\nlots=1\n", "2: [A] \"lots\" is no key of an instrument (expected asset"},
        {"[equity]\nsince=2000-01-01\n", "2: [equity] \"since\" is no key of a class (expected"},
        {"[crypto]\ncurrency=USD\n", "2: [crypto] currency: \"USD\" is not valid (expected no"},
        {"[aapl]\n", "1: [aapl] is not how it is stored (expected [AAPL])"},
        {"[BTC/USD]\nasset=crypto\n", "1: [BTC/USD] is not how it is stored (expected [BTC-USD])"},
        {"[a b]\n", "1: [a b] is no symbol of asset equity (expected a symbol, equity"},
        {"[A-B]\n", "1: [A-B] does not tell its class (expected asset = equity"},
        {"[A]\nasset=share\n", "2: [A] asset: \"share\" is not valid (expected equity, index"},
        {"[BTC-USD]\ncurrency=EUR\n",
         "2: [BTC-USD] currency: \"EUR\" is not valid (expected USD, in which it is quoted)"},
        {"[A]\ncurrency=usd\n", "2: [A] currency: \"usd\" is not valid (expected 3 to 7 capital"},
        {"[A]\ntick=0\n", "2: [A] tick: \"0\" is not valid"},
        {"[A]\ntick=1e-2\n", "2: [A] tick: \"1e-2\" is not valid"},
        {"[A]\nlot=-1\n", "2: [A] lot: \"-1\" is not valid (expected a quantity from"},
        {"[A]\nprice_decimals=9\n", "2: [A] price_decimals: \"9\" is not valid (expected 0 to 8)"},
        {"[A]\nmultiplier=0\n", "2: [A] multiplier: \"0\" is not valid"},
        {"[A]\nsector=\n", "2: [A] sector: \"\" is not valid (expected a text of at most 39"},
        {"[A]\nsince=2000-02-30\n", "2: [A] since: \"2000-02-30\" is not valid (expected a date"},
        {"[A]\nsince=2000-02-01T10:00\n", "2: [A] since: "},
        {"[A]\naliases=,\n", "2: [A] aliases: \",\" is not valid (expected names parted"},
        {"[A]\naliases=x y\n", "2: [A] aliases: \"x y\" is not valid"},
        {"[A]\naliases=B\n[B]\n", "1: [A] aliases: B means [B] already (line 3)"},
        {"[A]\naliases=C\n[B]\naliases=c\n", "3: [B] aliases: C means [A] already (line 1)"},
        {"[A]\ncalendar=XPAR\n", "2: [A] calendar: \"XPAR\" is not valid (expected XNYS, 24/7"},
        {"[calendar ]\n", "1: [calendar] is no"},
        {"[calendar a b]\n", "1: [calendar a b] names no calendar"},
        {"[calendar ABCDEFGHIJKLMNOP]\n", "1: [calendar ABCDEFGHIJKLMNOP] names no calendar"},
        {"[calendar X]\n", "1: [calendar X] is no built-in calendar, and has no sessions"},
        {"[calendar XNYS]\n", "1: [calendar XNYS] changes nothing (expected closed = DATE"},
        {"[calendar XNYS]\nzone=UTC\n", "2: [calendar XNYS] zone: belongs to a list"},
        {"[calendar XNYS]\nholidays=x\n",
         "2: [calendar XNYS] \"holidays\" is no key of a calendar"},
        {"[calendar XNYS]\nclosed=2027-1-9\n", "2: [calendar XNYS] closed: \"2027-1-9\""},
        {"[calendar XNYS]\nearly=2027-07-02\n", "2: [calendar XNYS] early: \"2027-07-02\""},
        {"[calendar XNYS]\nearly=2027-07-02 09:30\n",
         "2: [calendar XNYS] early: 2027-07-02 09:30 is not within that session"},
        {"[calendar XNYS]\nclosed=2027-07-02\nearly=2027-07-02 13:00\n",
         "3: [calendar XNYS] early: 2027-07-02 is changed twice"},
        {"[calendar XHKG]\nsessions=lists/hk.csv\nzone=Asia/Nowhere\n",
         "3: [calendar XHKG] zone: \"Asia/Nowhere\" is not valid (expected a time zone"},
        {"[calendar XHKG]\nsessions=lists/hk.csv\nzone=../../etc/passwd\n",
         "3: [calendar XHKG] zone"},
        {"[calendar XHKG]\nsessions=lists/hk.csv\nperiods=0\n",
         "3: [calendar XHKG] periods: \"0\" is not valid (expected sessions a year"},
        {"[calendar xnys]\nclosed=2027-01-08\n[calendar XNYS]\nclosed=2027-01-08\n",
         "3: [calendar XNYS] stands a second time"},
        {"[A]\n\xff\n", "2: the line is not UTF-8 text"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        instruments *self = parse(cases[i].text, hong_kong, &error);
        g_autofree char *want = g_strdup_printf("conf/instruments.ini:%s", cases[i].problem);
        g_assert_null(self);
        g_assert_error(error, FAILURE, FAILURE_CONFIG);
        if (strstr(error->message, want) == NULL)
            g_error("got \"%s\", want \"%s\"", error->message, want);
        g_clear_error(&error);
    }
}

/* All at once, and a bad calendar is not told twice. */
static void test_all_problems(void)
{
    GError *error = NULL;
    g_assert_null(parse("[calendar XHKG]\nsessions=lists/hk.csv\nperiods=x\n"
                        "[A]\ncalendar=XHKG\nlot=0\ntick=x\n[b]\n",
                        hong_kong, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_clear_error(&error);
}

static void test_bad_lists(void)
{
    static const char ini[] = "[calendar XHKG]\nsessions = lists/hk.csv\n";
    static const struct {
        const char *csv, *problem; /* after "conf/lists/hk.csv" */
    } cases[] = {
        {"", ": "},
        {"date,open,close\n2024-01-02,x,y\n", ": the columns are not those of sessions"},
        {"session,open,close\n", ": 0 sessions (expected 1 to 200000)"},
        {"session,open,close\n2024-01-02,x,2024-01-02T08:00\n", ":2: open: \"x\" is no"},
        {"session,open,close\n2024-01-02T05:00,2024-01-02T01:00,2024-01-02T08:00\n",
         ":2: session: \"2024-01-02T05:00\" is not a date"},
        {"session,open,close\n2024-01-02,2024-01-02T08:00,2024-01-02T01:00\n",
         ":2: session: \"2024-01-02\" closes before it opens"},
        {"session,open,close\n2024-03-02,2024-01-02T01:00,2024-01-02T08:00\n",
         ":2: session: \"2024-03-02\" is far from its times"},
        {"session,open,close\n2024-01-03,2024-01-03T01:00,2024-01-03T08:00\n"
         "2024-01-02,2024-01-02T01:00,2024-01-02T08:00\n",
         ":3: session: \"2024-01-02\" does not follow the date above"},
        {"session,open,close\n2024-01-02,2024-01-02T01:00,2024-01-03T02:00\n"
         "2024-01-03,2024-01-03T01:00,2024-01-03T08:00\n",
         ":3: session: \"2024-01-03\" opens before the one above closes"},
        {"session,open,close,break_start,break_end\n"
         "2024-01-02,2024-01-02T01:00,2024-01-02T08:00,2024-01-02T04:00,\n",
         ":2: session: \"2024-01-02\" has half a break"},
        {"session,open,close,break_start,break_end\n"
         "2024-01-02,2024-01-02T01:00,2024-01-02T08:00,2024-01-02T04:00,2024-01-02T09:00\n",
         ":2: session: \"2024-01-02\" has its break outside"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        g_autofree char *want = g_strdup_printf("conf/lists/hk.csv%s", cases[i].problem);
        g_assert_null(parse(ini, cases[i].csv, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        if (strstr(error->message, want) == NULL)
            g_error("got \"%s\", want \"%s\"", error->message, want);
        g_clear_error(&error);
    }
    GError *error = NULL;
    g_assert_null(parse(ini, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_clear_error(&error);
    /* The ini's own problems come first. */
    g_assert_null(parse("[calendar XHKG]\nsessions = lists/hk.csv\n[A]\nlot=x\n", NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_clear_error(&error);
}

static void test_limits(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GError *error = NULL;
    for (guint i = 0; i < INSTRUMENTS_LIMIT; i++)
        g_string_append_printf(text, "[A%u]\nlot=2\naliases=B%u\n", i, i);
    g_autoptr(instruments) most = parse(text->str, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(instruments_symbols(most)->len, ==, INSTRUMENTS_LIMIT);
    g_string_append(text, "[LAST]\n");
    g_assert_null(parse(text->str, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_clear_error(&error);
    g_autofree char *large = g_strnfill(INSTRUMENTS_FILE_LIMIT + 1, '#');
    g_assert_null(parse(large, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_clear_error(&error);
}

/* The file that the documentation shows is a sound one. */
static void test_example(void)
{
    const char *source = g_getenv("QUANTBOT_SOURCE");
    GError *error = NULL;
    if (source == NULL) {
        g_test_skip("no source tree: QUANTBOT_SOURCE");
        return;
    }
    g_autofree char *path = g_build_filename(source, "examples", "instruments.ini", NULL);
    g_autoptr(instruments) self = instruments_load(path, TRUE, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(instruments_symbols(self)->len, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/instruments/defaults", test_defaults);
    g_test_add_func("/instruments/layers", test_layers);
    g_test_add_func("/instruments/reused", test_reused);
    g_test_add_func("/instruments/symbols", test_symbols);
    g_test_add_func("/instruments/another-class", test_another_class);
    g_test_add_func("/instruments/calendars/list", test_list);
    g_test_add_func("/instruments/calendars/changes", test_changes);
    g_test_add_func("/instruments/calendars/shared", test_shared);
    g_test_add_func("/instruments/files", test_files);
    g_test_add_func("/instruments/refused/lines", test_refused);
    g_test_add_func("/instruments/refused/all-at-once", test_all_problems);
    g_test_add_func("/instruments/refused/lists", test_bad_lists);
    g_test_add_func("/instruments/limits", test_limits);
    g_test_add_func("/instruments/example", test_example);
    return g_test_run();
}
