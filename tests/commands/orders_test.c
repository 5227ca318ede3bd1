/* A list of orders through the program: every type on bars that anyone can look up, files that are
 * wrong, and the same run made again.
 *
 * The bars are those of samples/AAPL-2013-2018.csv; each fill below follows from docs/FILLS.md, by
 * hand. */
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

#define BACKTEST(file)                                                                         \
    "backtest", "--orders", file, "--beside", "none", "--fee-bps", "0", "--slippage-bps", "0", \
        "--no-check"

/* The rows that the query gives of the last run, columns parted by blanks. Caller frees. */
static char *rows_of(const program *self, const char *sql)
{
    g_autofree char *path = g_build_filename(self->folder, "data", "runtime", "quantbot.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    GString *text = g_string_new(NULL);
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            g_string_append_printf(text, "%s%s", (const char *)sqlite3_column_text(statement, i),
                                   i + 1 < sqlite3_column_count(statement) ? " " : "\n");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return g_string_free(text, FALSE);
}

#define LAST "(SELECT id FROM runs ORDER BY started_at DESC, id DESC LIMIT 1)"
static const char fills_sql[] = "SELECT substr(ts, 1, 16), CAST(qty AS INTEGER), "
                                "printf('%.6f', price) FROM fills WHERE run_id = " LAST
                                " ORDER BY id";
static const char ends_sql[] =
    "SELECT substr(ts, 1, 10), status, reason FROM orders WHERE run_id = " LAST
    " AND status <> 'filled' ORDER BY id";

static void expect_rows(const program *self, const char *sql, const char *want)
{
    g_autofree char *got = rows_of(self, sql);
    if (strcmp(got, want) != 0)
        g_error("got\n%swant\n%s", got, want);
}

/* ---- every type ---------------------------------------------------------------------------- */

static void test_every_type(void)
{
    g_autoptr(program) self = program_with_bars();
    g_autofree char *example = program_source("examples/orders.csv");
    program_expect(self, 0, BACKTEST(example));
    /* An opening is at 13:30 UTC, what happened on a path is known at 20:00. */
    expect_rows(self, fills_sql,
                "2013-05-15 13:30 100 62.737144\n" /* market: the open */
                "2013-05-16 20:00 50 60.000000\n"  /* low 59.84, open 60.46: the limit */
                "2013-05-20 20:00 20 63.000000\n"  /* high 63.69; the 17th came to 62.87 only */
                "2013-05-21 20:00 10 63.500000\n"  /* low first, then 63.5 on the way to 63.64 */
                "2013-05-22 20:00 -30 64.000000\n" /* high 64.05 */
                "2013-05-28 20:00 -40 63.444283\n" /* high 64.444283 first, then 1 lower */
                "2013-05-29 13:30 10 62.857143\n"  /* on open */
                "2013-05-30 20:00 -60 64.511429\n" /* on close */
                "2013-05-31 13:30 25 64.642860\n"  /* the bracket's entry, */
                "2013-05-31 20:00 -25 65.200000\n" /* its target: 64.21, then 65.30 */
                "2013-06-03 20:00 -20 63.500000\n" /* low 63.21; the limit at 66 goes */
                "2013-06-07 13:30 10 62.357143\n"  /* FOK */
                "2013-06-10 13:30 -50 63.532856\n" /* 100+50+20+10-30-40+10-60-20+10 */
                "2013-06-11 13:30 -10 62.248573\n" /* short, for the bars of the 11th and 12th */
                "2013-06-13 13:30 10 61.785713\n"
                "2013-06-14 13:30 10 62.200001\n"
                "2013-06-14 20:00 -10 61.327145\n" /* high 62.327145 first, then 1 lower */
                "2013-06-17 13:30 81 61.634285\n"  /* 5000 / 61.435715, the close before */
                "2013-06-18 13:30 -81 61.651428\n"
                "2013-06-19 13:30 1 61.628571\n");
    expect_rows(self, ends_sql,
                "2013-05-30 cancelled oco\n"   /* the bracket's stop */
                "2013-05-31 cancelled oco\n"   /* the limit at 66 */
                "2013-06-03 expired time\n"    /* until the 5th */
                "2013-06-03 cancelled asked\n" /* the limit at 50 */
                "2013-06-05 cancelled not-filled\n" /* IOC */);
    program_expect(self, 0, "runs", "reproduce", "last");
    expect_says(self, "Reproduced");
}

/* ---- when an order is submitted ------------------------------------------------------------ */

static void test_times(void)
{
    g_autoptr(program) self = program_with_bars();
    program_write(self, "o.csv",
                  "Date,Ticker,Action,Qty\n"
                  "2018-05-11T13:30:01Z,AAPL,sell,1\n" /* after the last opening */
                  "2013-05-13,AAPL,buy,2\n"            /* there is no close before the first bar */
                  "2013-05-25,aapl,Buy,3u\n"           /* a Saturday, and Monday was a holiday */
                  "1369834200,AAPL,B,4\n");            /* 2013-05-29T13:30:00Z in seconds */
    program_expect(self, 0, BACKTEST("o.csv"));
    expect_rows(self, fills_sql,
                "2013-05-14 13:30 2 64.835716\n"
                "2013-05-28 13:30 3 64.271431\n"
                "2013-05-29 13:30 4 62.857143\n");
    expect_says(self, "o.csv:2: no bar opens at or after its time");
    expect_says(self, "o.csv:3: there is no bar before its time");

    program_write(self, "c.csv",
                  "time,symbol,side,quantity,type,price\n"
                  "2013-05-15,AAPL,buy,1,,\n"
                  "2013-05-16,AAPL,buy,1,limit,60\n");
    program_expect(self, 0, BACKTEST("c.csv"), "--fill-at", "close");
    expect_rows(self, fills_sql,
                "2013-05-15 20:00 1 61.264286\n" /* not at the close before its time */
                "2013-05-16 20:00 1 60.000000\n");
    program_expect(self, 0, BACKTEST("c.csv"), "--fill-at", "next-close");
    expect_rows(self, fills_sql,
                "2013-05-15 20:00 1 61.264286\n"
                "2013-05-16 20:00 1 60.000000\n");
}

/* ---- files that are wrong ------------------------------------------------------------------ */

#define HEAD "time,symbol,side,type,quantity,limit,stop,trail,tif,until,id,cancel,take_profit\n"

static const struct {
    const char *text, *says;
} bad[] = {
    {"time,symbol,side\n2013-05-15,AAPL,buy\n", "b.csv: there is no column quantity"},
    {"time,symbol,side,quantity,lmt\n2013-05-15,AAPL,buy,1,2\n", "column \"lmt\" is not known"},
    {"time,symbol,side,quantity,qty\n2013-05-15,AAPL,buy,1,1\n", "column \"qty\": there is one"},
    {HEAD "2013-13-15,AAPL,buy,,1,,,,,,,,\n", "b.csv:2: time: \"2013-13-15\""},
    {HEAD ",AAPL,buy,,1,,,,,,,,\n", "b.csv:2: time: \"\""},
    {HEAD "2013-05-15,,buy,,1,,,,,,,,\n", "b.csv:2: symbol: \"\""},
    {HEAD "2013-05-15,AAPL,hold,,1,,,,,,,,\n", "b.csv:2: side: \"hold\" (expected buy or sell)"},
    {HEAD "2013-05-15,AAPL,buy,iceberg,1,,,,,,,,\n", "b.csv:2: type: \"iceberg\""},
    {HEAD "2013-05-15,AAPL,buy,,0,,,,,,,,\n", "b.csv:2: quantity: \"0\""},
    {HEAD "2013-05-15,AAPL,buy,,ten,,,,,,,,\n", "b.csv:2: quantity: \"ten\""},
    {HEAD "2013-05-15,AAPL,buy,limit,1,,,,,,,,\n", "b.csv:2: limit: \"\" (expected a price"},
    {HEAD "2013-05-15,AAPL,buy,limit,1,-3,,,,,,,\n", "b.csv:2: limit: \"-3\""},
    {HEAD "2013-05-15,AAPL,buy,market,1,60,,,,,,,\n", "b.csv:2: limit: \"60\" (expected none"},
    {HEAD "2013-05-15,AAPL,buy,stop,1,,1e,,,,,,\n", "b.csv:2: stop: \"1e\""},
    {HEAD "2013-05-15,AAPL,sell,trail,1,,,,,,,,\n", "b.csv:2: trail: \"\""},
    {HEAD "2013-05-15,AAPL,sell,trail,1,,,x%,,,,,\n", "b.csv:2: trail: \"x%\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,GTX,,,,\n", "b.csv:2: tif: \"GTX\""},
    {HEAD "2013-05-15,AAPL,buy,stop,1,,9,,FOK,,,,\n", "b.csv:2: tif: \"FOK\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,GTD,,,,\n", "b.csv:2: until: \"\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,,2013-05-14,,,\n", "b.csv:2: until: \"2013-05-14\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,DAY,2013-05-16,,,\n", "b.csv:2: until: \"2013-05-16\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,,,,,0\n", "b.csv:2: take_profit: \"0\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,,,a,,\n2013-05-15,AAPL,buy,,1,,,,,,a,,\n",
     "b.csv:3: id: \"a\""},
    {HEAD "2013-05-15,,,,,,,,,,,a,\n", "b.csv:2: cancel: \"a\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,,,a,,\n2013-05-14,,,,,,,,,,,a,\n", "b.csv:3: cancel: \"a\""},
    {HEAD "2013-05-15,AAPL,buy,,1,,,,,,a,,\n2013-05-15,,sell,,,,,,,,,a,\n", "b.csv:3: side"},
    {HEAD, "b.csv: "},
};

static void test_bad_files(void)
{
    g_autoptr(program) self = program_with_bars();
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        program_write(self, "b.csv", bad[i].text);
        program_expect(self, 4, BACKTEST("b.csv"));
        g_auto(GStrv) lines = g_strsplit(g_strstrip(self->err), "\n", -1);
        if (g_strv_length(lines) != 1 || strstr(lines[0], bad[i].says) == NULL)
            g_error("want one line with \"%s\", got:\n%s", bad[i].says, self->err);
    }
    /* All at once, and the file that is not there. */
    program_write(self, "b.csv", HEAD "x,AAPL,buy,,1,,,,,,,,\n2013-05-15,AAPL,no,,none,,,,,,,,\n");
    program_expect(self, 4, BACKTEST("b.csv"));
    expect_says(self, "b.csv:2: time");
    expect_says(self, "b.csv:3: side");
    expect_says(self, "b.csv:3: quantity");
    program_expect(self, 5, BACKTEST("gone.csv"));
    program_write(self, "b.csv", "time,symbol,side,quantity\n2013-05-15,AAPL,buy,1\n");
    program_expect(self, 3, BACKTEST("b.csv"), "--strategy", "sma_cross");
    expect_says(self, "in place of a strategy");
    program_expect(self, 3, BACKTEST("b.csv"), "--param", "fast=3");
    program_write(self, "b.csv", "time,symbol,side,quantity\n2013-05-15,MSFT,buy,1\n");
    program_expect(self, 4, BACKTEST("b.csv"), "--symbols", "AAPL");
    expect_says(self, "b.csv:2: symbol: \"MSFT\" (expected one of --symbols)");
}

/* ---- made again ---------------------------------------------------------------------------- */

/* A short list is in the run's row, whatever becomes of the file; of a long one the hash is. */
static void test_reproduction(void)
{
    g_autoptr(program) self = program_with_bars();
    const char *line = "2013-05-15,AAPL,buy,1\n";
    g_autofree char *shorter = g_strconcat("time,symbol,side,quantity\n", line, NULL);
    program_write(self, "o.csv", shorter);
    program_expect(self, 0, BACKTEST("o.csv"));
    program_write(self, "o.csv", "nothing of use");
    program_expect(self, 0, "runs", "reproduce", "last");

    GString *longer = g_string_new(shorter);
    for (guint i = 0; i < 3000; i++) {
        const gsize from = longer->len;
        g_string_append(longer, "2013-05-15,AAPL,buy,1");
        while (longer->len < from + 400)
            g_string_append_c(longer, ' ');
        g_string_append_c(longer, '\n');
    }
    program_write(self, "o.csv", longer->str);
    program_expect(self, 0, BACKTEST("o.csv"));
    program_expect(self, 0, "runs", "reproduce", "last");
    program_write(self, "o.csv", shorter);
    program_expect(self, 5, "runs", "reproduce", "last");
    expect_says(self, "o.csv: has changed since the run");
    g_string_free(longer, TRUE);
}

/* The list may stand in a run file, and orders meet the rules of risk like any other's. */
static void test_run_file_and_risk(void)
{
    g_autoptr(program) self = program_with_bars();
    program_write(self, "o.csv", "time,symbol,side,quantity\n2013-05-15,AAPL,buy,500\n");
    program_write(self, "run.ini", "[run]\norders = o.csv\n[risk]\nsingle_name = 10%\n");
    program_expect(self, 0, "backtest", "--config", "run.ini", "--beside", "none", "--fee-bps",
                   "0");
    g_autofree char *got = rows_of(self,
                                   "SELECT rule, action FROM risk_events WHERE run_id = " LAST);
    if (!g_str_has_prefix(got, "single-name "))
        g_error("got \"%s\"", got);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/orders/every-type", test_every_type);
    g_test_add_func("/orders/times", test_times);
    g_test_add_func("/orders/bad-files", test_bad_files);
    g_test_add_func("/orders/reproduction", test_reproduction);
    g_test_add_func("/orders/run-file-and-risk", test_run_file_and_risk);
    return g_test_run();
}
