/* Reads that must stay fast at any size: that indices serve them, shown by the plans of both
 * databases, and that what they give is right. */
#include "homes.h"
#include "runlog/queries.h"

#include <string.h>

typedef struct planned {
    const char *name;
    const question *question;
} planned;

static const planned asked[] = {
    {"runs-with-prefix", &queries.runs_with_prefix},
    {"equity", &queries.equity},
    {"equity-window", &queries.equity_window},
    {"equity-blocks", &queries.equity_blocks},
    {"equity-ends", &queries.equity_ends},
    {"trades", &queries.trades},
    {"profits", &queries.profits},
    {"positions", &queries.positions},
    {"risks", &queries.risks},
    {"orders-at", &queries.orders_at},
    {"decisions-at", &queries.decisions_at},
    {"fills-of-order", &queries.fills_of_order},
};

/* "SCAN x" is a walk through all of x; "SEARCH x USING INDEX" is not. */
static void test_sqlite(home *self, gconstpointer unused)
{
    runlog_free(home_open(self));
    for (gsize i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autofree char *sql = g_strconcat("EXPLAIN QUERY PLAN ", asked[i].question->sqlite, NULL);
        g_autofree char *plan = home_ask(self, sql);

        g_assert_nonnull(strstr(plan, "SEARCH"));
        /* what is left of a subquery or a constant may be walked through */
        g_auto(GStrv) lines = g_strsplit(plan, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            if (strstr(*line, "SCAN ") != NULL && strstr(*line, "SCAN newest") == NULL &&
                strstr(*line, "SCAN CONSTANT") == NULL)
                g_error("%s: %s", asked[i].name, plan);
    }
}

/* $n as literals: the plan of what the program sends. */
static char *with_values(const char *text)
{
    static const char *const values[] = {"'run'", "'2020-01-01'", "'2021-01-01'", "7"};
    static const char *const numbers[] = {"'run'", "'run:t:'", "'run:t;'", "7"};
    GString *out = g_string_new(text);
    const gboolean stamped = strstr(text, "ts ") != NULL;
    for (int i = 0; i < 4; i++) {
        const char name[] = {'$', (char)('1' + i), '\0'};
        g_autofree char *before = g_strdup_printf("LIMIT %s", name);
        g_string_replace(out, before, "LIMIT 7", 0);
        g_string_replace(out, name, stamped ? values[i] : numbers[i], 0);
    }
    return g_string_free(out, FALSE);
}

static void test_postgres(home *self, gconstpointer unused)
{
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run", "backtest", SAMPLE_START_US, 2000, 10);
    for (gsize i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autofree char *text = with_values(asked[i].question->postgres);
        /* Small tables are read whole for good reason; the question is what large ones would be. */
        g_autofree char *sql = g_strconcat(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN (FORMAT JSON) ", text,
            NULL);
        g_autofree char *plan = home_ask(self, sql);

        g_assert_nonnull(strstr(plan, "Index"));
        if (strstr(plan, "Seq Scan") != NULL)
            g_error("%s: %s", asked[i].name, plan);
    }
    /* The last trades come backwards from the primary key, before there are statistics and after. */
    for (int known = 0; known < 2; known++) {
        g_autofree char *text = with_values(queries.trades.postgres);
        g_autofree char *sql = g_strconcat("SET enable_seqscan = off; ", known ? "ANALYZE; " : "",
                                           "EXPLAIN (FORMAT JSON) ", text, NULL);
        g_autofree char *plan = home_ask(self, sql);

        g_assert_nonnull(strstr(plan, "Backward"));
        g_assert_null(strstr(plan, "Bitmap"));
    }
}

/* ---- what they give ------------------------------------------------------------------------- */

#define POINTS 100000

static void assert_picture(runlog *log, const GArray *all, guint width, gint64 from_us,
                           gint64 until_us)
{
    GError *error = NULL;
    g_autoptr(GArray) thin = runlog_equity_thinned(log, "run", from_us, until_us, width, &error);
    g_assert_no_error(error);
    gint64 low = G_MAXINT64, high = G_MININT64, thin_low = low, thin_high = high;
    guint within = 0, at = 0;
    for (guint i = 0; i < all->len; i++) {
        const runlog_point *point = &g_array_index(all, runlog_point, i);
        if (point->ts_us < from_us || (until_us != 0 && point->ts_us > until_us))
            continue;
        within++;
        low = MIN(low, point->equity_e8);
        high = MAX(high, point->equity_e8);
        if (at < thin->len && g_array_index(thin, runlog_point, at).ts_us == point->ts_us) {
            const gint64 equity = g_array_index(thin, runlog_point, at).equity_e8;
            g_assert_cmpint(equity, ==, point->equity_e8);
            thin_low = MIN(thin_low, equity);
            thin_high = MAX(thin_high, equity);
            at++;
        }
    }
    g_assert_cmpuint(at, ==, thin->len); /* each is one of the points, in order */
    g_assert_cmpuint(thin->len, <=, 2 * width);
    g_assert_cmpuint(thin->len, >=, MIN(width, within) / 2);
    g_assert_cmpint(thin_low, ==, low);
    g_assert_cmpint(thin_high, ==, high);
}

static void assert_pictures(runlog *log)
{
    static const guint widths[] = {1, 7, 50, 97, 1200};
    const gint64 end_us = SAMPLE_START_US + POINTS * SAMPLE_STEP_US;
    GError *error = NULL;
    g_autoptr(GArray) all = runlog_equity(log, "run", &error);
    g_assert_cmpuint(all->len, ==, POINTS);
    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
        assert_picture(log, all, widths[i], 0, 0);
        assert_picture(log, all, widths[i], SAMPLE_START_US + 777 * SAMPLE_STEP_US + 1, 0);
        assert_picture(log, all, widths[i], SAMPLE_START_US + 3 * SAMPLE_STEP_US,
                       end_us - QB_DAY_US);
        assert_picture(log, all, widths[i], end_us - 300 * SAMPLE_STEP_US, end_us);
    }
}

/* Against sums of the trades themselves. */
static void assert_profits(runlog *log)
{
    GError *error = NULL;
    static const runlog_period periods[] = {RUNLOG_BY_DAY, RUNLOG_BY_MONTH, RUNLOG_BY_YEAR};
    g_autoptr(GArray) trades = runlog_trades(log, "run", 0, &error);
    gint64 profit_e8 = 0;
    for (guint i = 0; i < trades->len; i++)
        profit_e8 += g_array_index(trades, runlog_trade, i).profit_e8;
    for (gsize i = 0; i < G_N_ELEMENTS(periods); i++) {
        g_autoptr(GArray) profits = runlog_profits(log, "run", periods[i], &error);
        gint64 sum_e8 = 0, count = 0;
        for (guint k = 0; k < profits->len; k++) {
            const runlog_profit *one = &g_array_index(profits, runlog_profit, k);
            g_assert_cmpuint(strlen(one->period), ==, periods[i]);
            sum_e8 += one->profit_e8;
            count += one->trades;
        }
        g_assert_cmpint(sum_e8, ==, profit_e8);
        g_assert_cmpint(count, ==, trades->len);
        /* 100,000 minutes from new year: 70 days, three months, one year */
        g_assert_cmpuint(profits->len, ==,
                         periods[i] == RUNLOG_BY_DAY     ? 70
                         : periods[i] == RUNLOG_BY_MONTH ? 3
                                                         : 1);
    }
}

static void test_reads(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run", "backtest", SAMPLE_START_US, POINTS, 100);
    assert_pictures(log);
    assert_profits(log);
    /* runs without blocks, as those of older logs and of paper trading */
    home_sql(self, "DELETE FROM equity_blocks");
    assert_pictures(log);
    g_autoptr(GArray) none = runlog_equity_thinned(log, "absent", 0, 0, 10, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(none->len, ==, 0);
}

/* 100,000 minutes from new year: 70 days, so 70 points stay, and the first. */
static void test_thinned(home *self, gconstpointer unused)
{
    GError *error = NULL;
    gint64 counted = 0, deleted = 0;
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run", "backtest", SAMPLE_START_US, POINTS, 100);
    sample_log(log, "young", "backtest", SAMPLE_START_US + QB_DAY_US, 100, 10);
    g_assert_true(
        runlog_prune(log, RUNLOG_EQUITY_OLD, SAMPLE_START_US + 2, TRUE, &counted, &error));
    g_assert_true(
        runlog_prune(log, RUNLOG_EQUITY_OLD, SAMPLE_START_US + 2, FALSE, &deleted, &error));
    g_assert_no_error(error);
    g_assert_cmpint(counted, ==, POINTS - 71);
    g_assert_cmpint(deleted, ==, POINTS - 71);
    g_autoptr(GArray) points = runlog_equity(log, "run", &error);
    g_assert_cmpuint(points->len, ==, 71);
    g_assert_cmpint(g_array_index(points, runlog_point, 0).ts_us, ==, SAMPLE_START_US);
    g_assert_cmpint(g_array_index(points, runlog_point, 1).ts_us, ==,
                    SAMPLE_START_US + 1439 * SAMPLE_STEP_US);
    g_assert_cmpint(g_array_index(points, runlog_point, 70).ts_us, ==,
                    SAMPLE_START_US + (POINTS - 1) * SAMPLE_STEP_US);
    g_assert_true(
        runlog_prune(log, RUNLOG_DECISIONS_OLD, SAMPLE_START_US + 2, FALSE, &deleted, &error));
    g_assert_cmpint(deleted, ==, POINTS / 100);
    g_autoptr(GArray) young = runlog_equity(log, "young", &error);
    g_assert_cmpuint(young->len, ==, 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add_to(RUNLOG_SQLITE, "plans", test_sqlite, NULL);
    homes_add_to(RUNLOG_POSTGRES, "plans", test_postgres, NULL);
    homes_add("plans/reads", test_reads, NULL);
    homes_add("plans/thinned", test_thinned, NULL);
    return homes_run();
}
