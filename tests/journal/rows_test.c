/* The rows of a run do not depend on the way they took: the same events, told to a writer of the
 * run log and to a journal whose outbox carries them, give equal rows in every table. Excepted by
 * construction: equity_blocks, which only a writer makes; and the ids of equity points from one on
 * that overtook another of its instant, for a journal counts both. */
#include "core/metrics/doctor.h"
#include "journal/listener.h"
#include "lab.h"

#include <math.h>

#define INSTRUMENTS 3

static const char *const symbols[INSTRUMENTS] = {"SPY", "BTC-USD", "EUR\"USD"};
static const char *const strategies[] = {"trend", "mean"};

static runlog_run run_of(void)
{
    return (runlog_run){.id = LAB_RUN,
                        .mode = "paper",
                        .universe = "SPY,BTC-USD",
                        .params = "{\"note\":\"\xc3\xa4\"}",
                        .symbols = symbols,
                        .instrument_count = INSTRUMENTS,
                        .started_us = LAB_NOW_US,
                        .strategies = strategies,
                        .strategy_count = G_N_ELEMENTS(strategies),
                        .calendar = qb_calendar_find("XNYS")};
}

static const qb_portfolio *holdings(void)
{
    static qb_position positions[INSTRUMENTS] = {
        {.quantity = {-7}, .cost = {-12345678901}, .mark = {150 * QB_ONE}},
        {.mark = {1}},
        {.quantity = {QB_ONE}, .cost = {QB_ONE / 3}, .mark = {QB_ONE / 7}},
    };
    static const qb_portfolio portfolio = {
        .cash = {-5}, .positions = positions, .count = INSTRUMENTS};
    return &portfolio;
}

/* Either of the two who listen. */
typedef struct teller {
    qb_sink sink;
    runlog_writer *writer;
    journal_listener *listener;
} teller;

static void touch(const teller *self, guint32 touched)
{
    if (self->writer != NULL)
        runlog_writer_touch(self->writer, touched);
    else
        journal_listener_touch(self->listener, touched);
}

static void tell_metric(const teller *self, gint64 at_us, const char *name, double value)
{
    GError *error = NULL;
    if (self->writer != NULL)
        runlog_writer_metric(self->writer, at_us, name, value, &error);
    else
        journal_listener_metric(self->listener, at_us, name, value, &error);
    g_assert_no_error(error);
}

static void tell_note(const teller *self, gint64 at_us, const char *message, const char *meta)
{
    GError *error = NULL;
    if (self->writer != NULL)
        runlog_writer_log(self->writer, at_us, "WARNING", message, meta);
    else
        journal_listener_note(self->listener, at_us, "WARNING", message, meta, &error);
    g_assert_no_error(error);
}

/* ---- the events ----------------------------------------------------------------------------- */

static gint64 at_of(guint64 n)
{
    return LAB_NOW_US + (gint64)n * QB_DAY_US / 3 + 1;
}

static void tell_order(const qb_sink *sink, guint64 n)
{
    const gboolean refused = n % 5 == 0, bracket = n % 3 == 0;
    qb_order order = {.id = n,
                      .instrument = (guint32)(n % INSTRUMENTS),
                      .side = n % 2 == 0 ? QB_SELL : QB_BUY,
                      .reduce_only = n % 2 == 0,
                      .size = {(qb_size_kind)(n % 3), QB_SIZE_AT_DECISION, 0.1 * (double)n},
                      .quantity = {(gint64)n * 123456789},
                      .submitted_us = at_of(n),
                      .type = (qb_order_type)(n % QB_ORDER_TYPE_COUNT),
                      .time_in_force = (qb_time_in_force)(n % QB_TIME_IN_FORCE_COUNT),
                      .purpose = (qb_purpose)(n % QB_PURPOSE_COUNT),
                      .owner = (guint32)(n % 3), /* the third has no name */
                      .limit = {n % 2 == 0 ? (gint64)n * 7 : 0},
                      .stop = {bracket ? 100 * QB_ONE + 1 : 0},
                      .parent = bracket && n > 1 ? n - 1 : 0};
    if (!refused)
        g_assert_cmpint(sink->order(sink->self, &order), ==, QB_OK);
    order.status = refused ? QB_ORDER_REJECTED : QB_ORDER_FILLED;
    order.reason = refused ? QB_REASON_CASH : QB_REASON_NONE;
    order.risk_rule = refused ? QB_RISK_GROSS : QB_RISK_NONE;
    order.risk_limit = 1.5;
    order.risk_value = 1.0 / 3;
    order.filled.raw = refused ? 0 : order.quantity.raw;
    order.final_us = at_of(n) + 1;
    g_assert_cmpint(sink->order(sink->self, &order), ==, QB_OK);
}

static void tell_fill_and_trade(const teller *self, guint64 n, guint64 fill_id)
{
    const qb_sink *sink = &self->sink;
    const qb_fill fill = {.id = fill_id,
                          .order_id = n,
                          .instrument = (guint32)(n % INSTRUMENTS),
                          .ts_us = at_of(n) + 1,
                          .quantity = {n % 2 == 0 ? -123456789 : 1},
                          .price = {INT64_C(18723000001)},
                          .reference = {INT64_C(18722999999)},
                          .fee = {33},
                          .bar_ts_us = at_of(n)};
    g_assert_cmpint(sink->fill(sink->self, &fill), ==, QB_OK);
    const qb_trade trade = {.instrument = (guint32)(n % INSTRUMENTS),
                            .side = n % 2 == 0 ? QB_SELL : QB_BUY,
                            .entry_us = at_of(n - 1),
                            .exit_us = at_of(n) + 1,
                            .quantity = {5},
                            .entry_price = {(gint64)n},
                            .exit_price = {(gint64)n + 1},
                            .profit = {-17},
                            .fees = {66},
                            .return_fraction = n % 4 == 0 ? (double)NAN : -1.0 / 7,
                            .bars = n,
                            .entry = QB_FOR_SIGNAL,
                            .exit = QB_FOR_STOP_LOSS,
                            .owner = (guint32)(n % 3),
                            .adverse = 2.0 / 3,
                            .favourable = 0};
    if (n % 2 != 0)
        return;
    g_assert_cmpint(sink->trade(sink->self, &trade), ==, QB_OK);
    touch(self, QB_TOUCH_LARGE);
    touch(self, n % 4 == 0 ? QB_TOUCH_FLAGGED : 0);
}

static void tell_decision_and_risk(const qb_sink *sink, guint64 n)
{
    const gboolean filtered = n % 4 == 0;
    const qb_decision decision = {.instrument = (guint32)(n % INSTRUMENTS),
                                  .first_us = at_of(n) - 5,
                                  .last_us = at_of(n),
                                  .bars = n,
                                  .signal = filtered ? (double)NAN : 0.25,
                                  .stage = filtered ? QB_STAGE_FILTERED : QB_STAGE_ORDERED,
                                  .order_id = filtered ? 0 : n,
                                  .filter = filtered ? "quiet \"hours\"" : NULL};
    const qb_risk_event risk = {.at_us = at_of(n),
                                .instrument = filtered ? UINT32_MAX : 1,
                                .order_id = filtered ? 0 : n,
                                .rule = QB_RISK_GROSS,
                                .action = filtered ? QB_RISK_HALT : QB_RISK_REDUCED,
                                .limit = filtered ? (double)NAN : 1.25,
                                .value = filtered ? (double)NAN : 1.5,
                                .asked = {9},
                                .allowed = {3},
                                .until_us = filtered ? at_of(n + 9) : 0,
                                .flatten = filtered,
                                .what = filtered ? "no history" : NULL};
    g_assert_cmpint(sink->decision(sink->self, &decision), ==, QB_OK);
    g_assert_cmpint(sink->risk(sink->self, &risk), ==, QB_OK);
}

#define STEPS 12

/* Steps [from, to), each an instant. */
static void tell(const teller *self, guint64 from, guint64 to)
{
    const qb_sink *sink = &self->sink;
    for (guint64 n = from; n < to; n++) {
        const qb_money equity = {INT64_C(10000000000000) + (gint64)(n * n)};
        tell_order(sink, n);
        if (n % 5 != 0)
            tell_fill_and_trade(self, n, n - n / 5);
        tell_decision_and_risk(sink, n);
        g_assert_cmpint(sink->equity(sink->self, at_of(n), equity), ==, QB_OK);
        tell_metric(self, at_of(n), "exposure", 1.0 / (double)n);
        tell_note(self, at_of(n), n == 1 ? "" : "a feed was late: \xe2\x82\xac",
                  n % 2 == 0 ? "{\"s\":1}" : NULL);
    }
}

static void tell_ruin(const teller *self)
{
    const qb_sink *sink = &self->sink;
    g_assert_cmpint(sink->equity(sink->self, at_of(STEPS - 1), (qb_money){-1}), ==, QB_OK);
}

#define KPIS "{\"sharpe\":0.98}"
#define HASH "00ff"
#define RESULT "{\"more\":[1,2]}"
#define ENDED_US (at_of(STEPS) + 7)

/* ---- both ways ------------------------------------------------------------------------------ */

static char *write_directly(const lab *lab, gboolean ruined)
{
    GError *error = NULL;
    const runlog_run run = run_of();
    char *path = g_build_filename(lab->folder, "runtime", "direct.db", NULL);
    g_autoptr(runlog) log = runlog_open(path, &error);
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
    g_assert_no_error(error);
    const teller teller = {runlog_writer_sink(writer), writer, NULL};
    tell(&teller, 1, STEPS);
    if (ruined)
        tell_ruin(&teller);
    g_free(runlog_writer_state_hash(writer, holdings(), KPIS));
    runlog_writer_result(writer, RESULT);
    runlog_writer_commit(writer, KPIS, HASH, ENDED_US, &error);
    g_assert_no_error(error);
    return path;
}

static void commit(journal *journal, journal_listener *listener)
{
    GError *error = NULL;
    journal_listener_flush(listener, &error);
    g_assert_no_error(error);
    journal_commit(journal, LAB_NOW_US, &error);
    g_assert_no_error(error);
}

/* With a restart in between. */
static void write_through_journal(const lab *lab, gboolean ruined)
{
    GError *error = NULL;
    const runlog_run run = run_of();
    const runlog_outcome outcome = {
        .kpis = KPIS, .state_hash = HASH, .result = RESULT, .ended_us = ENDED_US};
    for (int half = 0; half < 2; half++) {
        g_autoptr(journal) journal = lab_journal(lab, NULL);
        g_autoptr(journal_listener) listener = journal_listener_new(journal, &run);
        const teller teller = {journal_listener_sink(listener), NULL, listener};
        if (half == 0)
            journal_listener_start(listener, &error);
        g_assert_no_error(error);
        tell(&teller, half == 0 ? 1 : STEPS / 2, half == 0 ? STEPS / 2 : STEPS);
        commit(journal, listener);
        if (half == 1 && ruined)
            tell_ruin(&teller);
        if (half == 1)
            journal_listener_end(listener, holdings(), &outcome, &error);
        g_assert_no_error(error);
        commit(journal, listener);
        lab_carry(lab);
    }
}

/* ---- rows ----------------------------------------------------------------------------------- */

static gboolean is_excepted(const runlog_table *table, const char *column, gboolean ruined)
{
    return ruined && table == &runlog_tables[RUNLOG_EQUITY_POINTS] && g_str_equal(column, "id");
}

/* Each value as SQLite quotes it: kind, every bit of a double, every byte of a text. */
static char *all_rows(const char *path, const runlog_table *table, gboolean ruined)
{
    g_autoptr(GString) sql = g_string_new("SELECT group_concat(line, char(10)) FROM (SELECT ''");
    for (guint i = 0; i < table->count; i++)
        if (!is_excepted(table, table->columns[i].name, ruined))
            g_string_append_printf(sql, " || '|' || quote(%s)", table->columns[i].name);
    g_string_append_printf(sql, " AS line FROM %s ORDER BY 1)", table->name);
    return lab_ask(path, sql->str);
}

/* A column without a single value would prove nothing. */
static void assert_all_columns(const char *path, const runlog_table *table)
{
    for (guint i = 0; i < table->count; i++) {
        g_autofree char *sql = g_strdup_printf("SELECT count(%s) FROM %s", table->columns[i].name,
                                               table->name);
        if (lab_count(path, sql) == 0)
            g_error("%s.%s: no event has it", table->name, table->columns[i].name);
    }
}

static void compare(lab *lab, gboolean ruined)
{
    g_autofree char *direct = write_directly(lab, ruined);
    write_through_journal(lab, ruined);
    for (gsize i = 0; i < RUNLOG_TABLE_COUNT; i++) {
        const runlog_table *table = &runlog_tables[i];
        if (i == RUNLOG_EQUITY_BLOCKS)
            continue;
        g_autofree char *want = all_rows(direct, table, ruined);
        g_autofree char *got = all_rows(lab->log, table, ruined);
        g_assert_nonnull(want);
        g_assert_cmpstr(got, ==, want);
        assert_all_columns(direct, table);
    }
}

static void test_same(lab *lab, gconstpointer unused)
{
    compare(lab, FALSE);
}

static void test_ruined(lab *lab, gconstpointer unused)
{
    compare(lab, TRUE);
    /* the last point stands once, with its second value */
    g_assert_cmpint(lab_count(lab->log, "SELECT count(*) FROM equity_points"), ==, STEPS - 1);
    g_assert_cmpint(lab_count(lab->log, "SELECT point_count FROM runs"), ==, STEPS - 1);
    g_assert_cmpint(
        lab_count(lab->log, "SELECT equity_e8 FROM equity_points ORDER BY ts DESC LIMIT 1"), ==,
        -1);
}

/* Exact by hand: what a known event must be, whichever way. */
static void test_by_hand(lab *lab, gconstpointer unused)
{
    write_through_journal(lab, FALSE);
    static const struct {
        const char *sql, *want;
    } known[] = {
        /* 3 is a bracket's child of the third instrument's remainder 0: SPY; 3 x 1.23456789 */
        {"SELECT symbol || ' ' || side || ' ' || qty || ' ' || qty_e8 || ' ' || parent FROM orders"
         " WHERE id LIKE '%:o:00000003'",
         "SPY buy 3.70370367 370370367 " LAB_RUN ":o:00000002"},
        {"SELECT status || ' ' || reason || ' ' || risk_rule || ' ' || filled_e8 FROM orders"
         " WHERE id LIKE '%:o:00000005'",
         "rejected cash gross 0"},
        /* fill 3 is order 3's, for 5 is the first without one */
        {"SELECT order_id || ' ' || price || ' ' || reference_e8 FROM fills"
         " WHERE id LIKE '%:f:00000003'",
         LAB_RUN ":o:00000003 187.23000001 18722999999"},
        /* the second trade is of order 4, whose exit is 4 x 8 h after 2023-11-14 22:13:20 UTC:
         * 2023-11-16 06:13:20, in New York still the 16th, 01:13 */
        {"SELECT exit_date || ' ' || side || ' ' || touched || ' ' || exit_reason FROM trades"
         " WHERE id LIKE '%:t:00000002'",
         "2023-11-16 short 9 stop-loss"},
        {"SELECT rule || ' ' || action || ' ' || flatten || ' ' || what FROM risk_events"
         " WHERE number = 4",
         "gross halted 1 no history"},
        {"SELECT count(*) || ' ' || order_count || ' ' || fill_count || ' ' || cash_e8 FROM runs",
         "1 11 9 -5"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        g_autofree char *got = lab_ask(lab->log, known[i].sql);
        g_assert_cmpstr(got, ==, known[i].want);
    }
}

static void test_rejected(lab *lab, gconstpointer unused)
{
    const runlog_run run = run_of();
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_autoptr(journal_listener) listener = journal_listener_new(journal, &run);
    const qb_sink sink = journal_listener_sink(listener);
    const qb_fill fill = {.id = 1, .order_id = 1, .instrument = INSTRUMENTS};

    g_assert_cmpint(sink.fill(sink.self, &fill), ==, QB_SINK_FAILED);
    g_assert_nonnull(journal_listener_error(listener));
    g_assert_cmpint(sink.equity(sink.self, 1, (qb_money){0}), ==, QB_SINK_FAILED);
    g_assert_cmpuint(journal_number(journal, JOURNAL_EQUITY), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    lab_in_memory();
#define ADD(name, function) \
    g_test_add("/journal/rows/" name, lab, NULL, lab_open, function, lab_close)
    ADD("same", test_same);
    ADD("ruined", test_ruined);
    ADD("by-hand", test_by_hand);
    ADD("rejected", test_rejected);
    return g_test_run();
}
