/* data import with dividends and splits: derived, from a file of their own, for stored bars. Bars
 * and actions are made by hand; what must come out follows from how they were made. */
#include "core/market/market.h"
#include "program.h"

#include <string.h>

static void contains(const char *text, const char *want)
{
    if (strstr(text, want) == NULL)
        g_error("no \"%s\" in:\n%s", want, text);
}

static void lacks(const char *text, const char *what)
{
    if (strstr(text, what) != NULL)
        g_error("\"%s\" in:\n%s", what, text);
}

/* ---- a made history ------------------------------------------------------------------------- */

/* Sixty sessions from 2021-01-04 at about 100, a dividend of 0.50 on the 20th bar, and 4:1 on the
 * 40th: raw prices, and adjusted closes by CRSP's rule to six decimals. stated: with the columns of
 * what happened. */
enum { BARS = 60, DIVIDEND_BAR = 20, SPLIT_BAR = 40 };

static const char *date_of_bar(int bar, char text[QB_TIME_TEXT])
{
    qb_session session;
    gint32 date = qb_date_from_civil((qb_civil){2021, 1, 3});
    for (int left = bar + 1; left > 0;)
        left -= qb_calendar_session(qb_calendar_find("XNYS"), ++date, &session);
    return qb_date_to_text(date, text);
}

static double close_of_bar(int bar)
{
    double close = 100 + 0.25 * (bar * 7 % 11);
    return bar < SPLIT_BAR ? close : close / 4;
}

static double factor_of_bar(int bar)
{
    double factor = bar < SPLIT_BAR ? 0.25 : 1;
    return bar < DIVIDEND_BAR ? factor * (1 - 0.5 / close_of_bar(DIVIDEND_BAR - 1)) : factor;
}

static char *history(gboolean adjusted, const char *stated_split)
{
    GString *text = g_string_new("date,open,high,low,close,volume");
    g_string_append_printf(text, "%s%s\n", adjusted ? ",adj_close" : "",
                           stated_split != NULL ? ",dividend,split" : "");
    for (int bar = 0; bar < BARS; bar++) {
        char date[QB_TIME_TEXT];
        double close = close_of_bar(bar);
        g_string_append_printf(text, "%s,%.4f,%.4f,%.4f,%.4f,%d", date_of_bar(bar, date), close,
                               close * 1.01, close * 0.99, close,
                               10000 * (bar < SPLIT_BAR ? 1 : 4));
        if (adjusted)
            g_string_append_printf(text, ",%.6f", close * factor_of_bar(bar));
        if (stated_split != NULL)
            g_string_append_printf(text, ",%s,%s", bar == DIVIDEND_BAR ? "0.5" : "0",
                                   bar == SPLIT_BAR ? stated_split : "1");
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static void write_history(const program *self, const char *name, gboolean adjusted,
                          const char *stated_split)
{
    g_autofree char *text = history(adjusted, stated_split);
    program_write(self, name, text);
}

/* "2021-02-02  dividend  0.5" */
static char *line_of(int bar, const char *what)
{
    char date[QB_TIME_TEXT];
    return g_strdup_printf("%s  %s", date_of_bar(bar, date), what);
}

static void tells(const program *self, int bar, const char *what)
{
    g_autofree char *line = line_of(bar, what);
    contains(self->out, line);
}

/* ---- --derive-actions ----------------------------------------------------------------------- */

static void test_derived(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", TRUE, NULL);
    program_expect(self, 0, "data", "import", "X.csv", "--dry-run");
    lacks(self->out, "  actions  ");
    contains(self->out, "undeclared-split");
    contains(self->out, "adj_close is not used");

    program_expect(self, 0, "data", "import", "X.csv", "--derive-actions");
    contains(self->out, "actions     1 dividend, 1 split, by adj_close\n");
    tells(self, DIVIDEND_BAR, "dividend  0.5\n");
    tells(self, SPLIT_BAR, "split     4:1\n");
    lacks(self->out, "undeclared-split");

    /* They are in the cache: the same bars with the same actions stated change nothing. */
    write_history(self, "X.csv", FALSE, "4");
    program_expect(self, 0, "data", "import", "X.csv");
    contains(self->out, "stored      0 new, 0 changed, 60 as before");
}

static void test_compared(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", TRUE, "4");
    program_expect(self, 0, "data", "import", "X.csv", "--derive-actions", "--dry-run");
    contains(self->out, "actions     2 stated and confirmed, by adj_close\n");

    write_history(self, "X.csv", TRUE, "5");
    program_expect(self, 0, "data", "import", "X.csv", "--derive-actions", "--dry-run");
    contains(self->out, "actions     1 stated and confirmed, 1 to look at, by adj_close\n");
    tells(self, SPLIT_BAR, "split     5:1 as stated; adj_close says 4:1\n");

    write_history(self, "X.csv", TRUE, "1");
    program_expect(self, 0, "data", "import", "X.csv", "--derive-actions", "--json");
    contains(self->out, "\"state\": \"only-derived\"");
    contains(self->out, "\"agreed\": 1");
    /* What is not stated is not stored. */
    program_expect(self, 0, "data", "import", "X.csv", "--derive-actions", "--dry-run");
    tells(self, SPLIT_BAR, "split     4:1 by adj_close, not stated: not stored\n");
    contains(self->out, "undeclared-split");
}

/* A spin-off: the adjusted closes step by a fifth, the prices too, and no split has that ratio. */
static void test_unexplained(void)
{
    g_autoptr(program) self = program_new();
    g_autoptr(GString) text = g_string_new("date,open,high,low,close,adj_close\n");
    for (int bar = 0; bar < BARS; bar++) {
        char date[QB_TIME_TEXT];
        double close = bar < SPLIT_BAR ? 100 : 81.3;
        g_string_append_printf(text, "%s,%g,%g,%g,%g,81.3\n", date_of_bar(bar, date), close, close,
                               close, close);
    }
    program_write(self, "X.csv", text->str);
    program_expect(self, 0, "data", "import", "X.csv", "--derive-actions", "--dry-run");
    contains(self->out, "actions     1 to look at, by adj_close\n");
    tells(self, SPLIT_BAR, "step      unexplained: adj_close/close steps by 1.23001");
}

static void test_not_derived(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", FALSE, NULL);
    program_expect(self, 4, "data", "import", "X.csv", "--derive-actions");
    contains(self->err, "X.csv:1: no column of adjusted closes in \"date,open,high");
    contains(self->err, "--map adjclose=COLUMN");
    program_write(self, "Y.csv", "Date,Open,High,Low,Close,Adj Close\n2021-05-27,2,3,1,2,1\n");
    program_expect(self, 2, "data", "import", "Y.csv", "--derive-actions");
    contains(self->err, "--derive-actions: Y.csv: prices with adjustment split contain their");
    program_write(self, "Z.csv", "date,open,high,low,close,adj_close\n2021-05-24,2,3,1,2,1\n");
    program_expect(self, 2, "data", "import", "Z.csv", "--derive-actions", "--interval", "1w");
    contains(self->err, "a bar of 1w does not tell the ex-date");
    program_expect(self, 2, "data", "import", "Z.csv", "--derive-actions", "--asset", "index");
    contains(self->err, "only equities have dividends and splits, not asset index");
    program_expect(self, 0, "data", "import", "Z.csv", "--derive-actions", "--adjustment", "raw");
    contains(self->out, "actions     none, by adj_close");
}

/* ---- --actions ------------------------------------------------------------------------------ */

static void write_actions(const program *self, const char *name, const char *header, int bar,
                          const char *value)
{
    char date[QB_TIME_TEXT];
    g_autofree char *text = g_strdup_printf("%s\n%s,%s\n", header, date_of_bar(bar, date), value);
    program_write(self, name, text);
}

static void test_files(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", FALSE, NULL);
    write_actions(self, "splits.csv", "ex_date,symbol,ratio", SPLIT_BAR, "X,0.25");
    write_actions(self, "dividends.csv", "ex_date,amount", DIVIDEND_BAR, "0.5");
    program_expect(self, 0, "data", "import", "X.csv", "--actions", "splits.csv", "--actions",
                   "dividends.csv");
    contains(self->out, "actions     1 dividend, 1 split, by splits.csv, dividends.csv\n");
    tells(self, DIVIDEND_BAR, "dividend  0.5\n");
    tells(self, SPLIT_BAR, "split     4:1\n");
    contains(self->out, "splits.csv: ratio read as new price per old: prices went from ");

    /* A file without such columns knows of none, and takes none away. */
    program_expect(self, 0, "data", "import", "X.csv");
    contains(self->out, "0 new, 0 changed, 60 as before");
    contains(self->out, "X.csv: 2 stored dividends and splits stay");
    /* One with them does. */
    write_history(self, "X.csv", FALSE, "1");
    program_expect(self, 0, "data", "import", "X.csv");
    contains(self->out, "0 new, 1 changed, 59 as before");
}

static void test_factor_or_ratio(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", FALSE, NULL);
    write_actions(self, "a.csv", "date,split", SPLIT_BAR, "4");
    program_expect(self, 0, "data", "import", "X.csv", "--dry-run", "--actions", "a.csv");
    contains(self->out, "a.csv: split read as new shares per old");
    /* Nothing happened to the prices of that day. */
    write_actions(self, "a.csv", "date,split", DIVIDEND_BAR, "4");
    program_expect(self, 2, "data", "import", "X.csv", "--dry-run", "--actions", "a.csv");
    contains(self->err, "a.csv: split: a split may be new shares per old or new price per old, and "
                        "no bar shows which (expected --split-as factor");
    program_expect(self, 0, "data", "import", "X.csv", "--dry-run", "--actions", "a.csv",
                   "--split-as", "ratio");
    tells(self, DIVIDEND_BAR, "split     1:4\n");
    /* Names and pairs that say it themselves. */
    write_actions(self, "a.csv", "date,split_factor", DIVIDEND_BAR, "4");
    program_expect(self, 0, "data", "import", "X.csv", "--dry-run", "--actions", "a.csv");
    tells(self, DIVIDEND_BAR, "split     4:1\n");
    write_actions(self, "a.csv", "date,ratio", DIVIDEND_BAR, "3:2");
    program_expect(self, 0, "data", "import", "X.csv", "--dry-run", "--actions", "a.csv");
    tells(self, DIVIDEND_BAR, "split     3:2\n");
    program_expect(self, 2, "data", "import", "X.csv", "--actions", "a.csv", "--split-as", "x");
    contains(self->err, "--split-as: \"x\" is unknown (expected factor or ratio)");
}

static void test_dates(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", FALSE, NULL);
    /* Saturday, between the bars; before the first; after the last. */
    program_write(self, "a.csv",
                  "date,dividend\n2021-01-16,1\n2020-12-01,2\n2021-12-01,3\n2021-01-15,4\n");
    program_expect(self, 4, "data", "import", "X.csv", "--actions", "a.csv");
    contains(self->err, "a.csv:2: date: 2021-01-16 has no bar of X in a session (expected an");
    contains(self->err, "nothing was stored");
    program_expect(self, 0, "data", "import", "X.csv", "--actions", "a.csv", "--skip-bad");
    contains(self->out, "actions     1 dividend, 2 to look at, by a.csv\n");
    contains(self->out, "2020-12-01  dividend  2: outside the bars, not stored\n");
    contains(self->out, "2021-01-15  dividend  4\n");
    contains(self->out, "a.csv:2: date: 2021-01-16 has no bar of X in a session: left");
}

/* The first bar of the date on the exchange's clock: 2021-03-12 in winter, 15 in summer time. */
static void test_intraday(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "X.csv",
                  "ts,open,high,low,close\n2021-03-12T20:00Z,8,8,8,8\n2021-03-15T13:00Z,2,2,2,2\n"
                  "2021-03-15T14:00Z,2,2,2,2\n");
    program_write(self, "a.csv", "date,split,dividend\n2021-03-15,4:1,0.25\n");
    program_expect(self, 0, "data", "import", "X.csv", "--interval", "1h", "--actions", "a.csv");
    contains(self->out, "2021-03-15 13:00  split     4:1\n");
    contains(self->out, "2021-03-15 13:00  dividend  0.25\n");
    /* Nobody sees a bar before the open, so the first one of the session has it. */
    program_write(self, "X.csv",
                  "ts,open,high,low,close\n2021-03-12T20:00Z,8,8,8,8\n2021-03-15T08:00Z,2,2,2,2\n"
                  "2021-03-15T14:00Z,2,2,2,2\n");
    program_expect(self, 0, "data", "import", "X.csv", "--interval", "1h", "--actions", "a.csv",
                   "--extended", "--dry-run");
    contains(self->out, "2021-03-15 14:00  split     4:1\n");
}

static void test_symbols(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", FALSE, NULL);
    write_history(self, "Y.csv", FALSE, NULL);
    write_actions(self, "a.csv", "date,dividend", DIVIDEND_BAR, "0.5");
    program_expect(self, 2, "data", "import", "X.csv", "Y.csv", "--actions", "a.csv");
    contains(self->err, "--actions: a.csv has no column symbol, and 2 files of bars are named");
    write_actions(self, "a.csv", "date,symbol,dividend", DIVIDEND_BAR, "X,0.5");
    program_expect(self, 0, "data", "import", "X.csv", "Y.csv", "--actions", "a.csv");
    contains(self->out, "actions     1 dividend, by a.csv\n");
    contains(self->out, "actions     none, by a.csv\n");
    program_expect(self, 4, "data", "import", "Y.csv", "--actions", "a.csv");
    contains(self->err, "a.csv: none of 1 rows is of Y (expected --symbol as in the file)");
    program_expect(self, 2, "data", "import", "Y.csv", "--split-as", "ratio");
    contains(self->err, "--split-as: is for --actions FILE");
}

/* ---- stored bars ---------------------------------------------------------------------------- */

static void test_stored(void)
{
    g_autoptr(program) self = program_new();
    write_history(self, "X.csv", FALSE, NULL);
    write_actions(self, "a.csv", "date,split", SPLIT_BAR, "4");
    program_expect(self, 2, "data", "import", "--actions", "a.csv");
    contains(self->err,
             "no file of bars is named, so the stored bars are meant (expected --symbol");
    program_expect(self, 5, "data", "import", "--actions", "a.csv", "--symbol", "X");
    program_expect(self, 0, "data", "import", "X.csv", "--provider", "stooq");
    program_expect(self, 0, "data", "import", "--actions", "a.csv", "--symbol", "x", "--dry-run");
    contains(self->out, "nothing (--dry-run)");
    program_expect(self, 0, "data", "import", "--actions", "a.csv", "--symbol", "x");
    contains(self->out, "X equity 1d, stored\n");
    tells(self, SPLIT_BAR, "split     4:1\n");
    contains(self->out, "0 new, 1 changed, 0 as before, in 1 files");
    program_expect(self, 0, "data", "import", "--actions", "a.csv", "--symbol", "x");
    contains(self->out, "actions     1 known already, by a.csv");
    program_expect(self, 0, "data", "list", "--json");
    contains(self->out, "\"provider\": \"stooq\"");
    program_expect(self, 2, "data", "import", "--actions", "a.csv", "--symbol", "x",
                   "--derive-actions");
    contains(self->err, "--derive-actions: is for files of bars, and none is named");

    write_history(self, "Y.csv", FALSE, NULL);
    program_expect(self, 0, "data", "import", "Y.csv", "--adjustment", "split");
    program_expect(self, 2, "data", "import", "--actions", "a.csv", "--symbol", "Y");
    contains(self->err, "--actions: a.csv: prices with adjustment split contain their");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/import/actions/derived", test_derived);
    g_test_add_func("/commands/import/actions/compared", test_compared);
    g_test_add_func("/commands/import/actions/unexplained", test_unexplained);
    g_test_add_func("/commands/import/actions/not-derived", test_not_derived);
    g_test_add_func("/commands/import/actions/files", test_files);
    g_test_add_func("/commands/import/actions/factor-or-ratio", test_factor_or_ratio);
    g_test_add_func("/commands/import/actions/dates", test_dates);
    g_test_add_func("/commands/import/actions/intraday", test_intraday);
    g_test_add_func("/commands/import/actions/symbols", test_symbols);
    g_test_add_func("/commands/import/actions/stored", test_stored);
    return g_test_run();
}
