/* What risk rules did, stored and read again. */
#include "homes.h"

#include <math.h>
#include <string.h>

static runlog_writer *new_writer(runlog *log)
{
    GError *error = NULL;
    const runlog_run run = {.id = "run-1",
                            .mode = "backtest",
                            .universe = "AAPL,BTC-USD",
                            .params = "{}",
                            .symbols = sample_symbols,
                            .instrument_count = SAMPLE_INSTRUMENTS,
                            .started_us = SAMPLE_START_US};
    runlog_writer *writer = runlog_writer_new(log, &run, &error);
    g_assert_no_error(error);
    return writer;
}

static void send_events(const qb_sink *sink)
{
    const qb_order order = {.id = 1,
                            .instrument = 1,
                            .side = QB_BUY,
                            .quantity = {2 * QB_ONE},
                            .status = QB_ORDER_REJECTED,
                            .reason = QB_REASON_RISK,
                            .submitted_us = SAMPLE_START_US,
                            .final_us = SAMPLE_START_US,
                            .risk_rule = QB_RISK_CRYPTO,
                            .risk_limit = 0.5,
                            .risk_value = 0.625};
    const qb_risk_event refused = {.at_us = SAMPLE_START_US,
                                   .instrument = 1,
                                   .order_id = 1,
                                   .rule = QB_RISK_CRYPTO,
                                   .action = QB_RISK_REFUSED,
                                   .limit = 0.5,
                                   .value = 0.625,
                                   .asked = {2 * QB_ONE}};
    const qb_risk_event stopped = {.at_us = SAMPLE_START_US + 1,
                                   .instrument = UINT32_MAX,
                                   .rule = QB_RISK_DAY_STOP,
                                   .action = QB_RISK_SUSPENDED,
                                   .limit = 0.06,
                                   .value = NAN,
                                   .until_us = SAMPLE_START_US + QB_DAY_US,
                                   .flatten = true,
                                   .what = "because"};
    g_assert_cmpint(sink->order(sink->self, &order), ==, QB_OK);
    g_assert_cmpint(sink->risk(sink->self, &refused), ==, QB_OK);
    g_assert_cmpint(sink->risk(sink->self, &stopped), ==, QB_OK);
    g_assert_cmpint(sink->equity(sink->self, SAMPLE_START_US, (qb_money){QB_ONE}), ==, QB_OK);
}

static void test_stored(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    g_assert_no_error(error);
    g_autoptr(runlog_writer) writer = new_writer(log);
    const qb_sink sink = runlog_writer_sink(writer);
    send_events(&sink);
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, SAMPLE_START_US, &error));
    g_autofree char *order =
        home_ask(self, "SELECT reason, risk_rule, risk_limit, risk_value FROM orders");
    g_assert_cmpstr(order, ==, "risk|crypto|0.5|0.625");

    g_autoptr(GArray) risks = runlog_risks(log, "run-1", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(risks->len, ==, 2);
    const runlog_risk *first = &g_array_index(risks, runlog_risk, 0), *second = first + 1;
    g_assert_cmpstr(first->symbol, ==, "BTC-USD");
    g_assert_cmpstr(first->order_id, ==, "run-1:o:00000001");
    g_assert_cmpstr(first->rule, ==, "crypto");
    g_assert_cmpstr(first->action, ==, "refused");
    g_assert_cmpfloat(first->limit, ==, 0.5);
    g_assert_cmpfloat(first->value, ==, 0.625);
    g_assert_cmpint(first->asked_e8, ==, 2 * QB_ONE);
    g_assert_cmpint(first->allowed_e8, ==, 0);
    g_assert_cmpint(first->until_us, ==, 0);
    g_assert_false(first->flatten);
    g_assert_null(first->what);
    g_assert_cmpstr(second->symbol, ==, "");
    g_assert_null(second->order_id);
    g_assert_true(isnan(second->value));
    g_assert_cmpint(second->until_us, ==, SAMPLE_START_US + QB_DAY_US);
    g_assert_true(second->flatten);
    g_assert_cmpstr(second->what, ==, "because");
    g_autoptr(GArray) one = runlog_risks(log, "run-1", 1, &error);
    g_assert_cmpuint(one->len, ==, 1);
}

static void test_purged(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    g_autoptr(runlog_writer) writer = new_writer(log);
    const qb_sink sink = runlog_writer_sink(writer);
    send_events(&sink);
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, SAMPLE_START_US, &error));
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM risk_events"), ==, 2);
    /* SQLite binds rows to their run only where it is told to */
    if (self->store == RUNLOG_SQLITE)
        home_sql(self, "PRAGMA foreign_keys = ON; DELETE FROM runs");
    else
        home_sql(self, "DELETE FROM runs");
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM risk_events"), ==, 0);
}

static void test_stranger(home *self, gconstpointer unused)
{
    g_autoptr(runlog) log = home_open(self);
    g_autoptr(runlog_writer) writer = new_writer(log);
    const qb_sink sink = runlog_writer_sink(writer);
    const qb_risk_event event = {.instrument = SAMPLE_INSTRUMENTS};
    g_assert_cmpint(sink.risk(sink.self, &event), ==, QB_SINK_FAILED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add("risk/stored", test_stored, NULL);
    homes_add("risk/purged", test_purged, NULL);
    homes_add("risk/stranger", test_stranger, NULL);
    return homes_run();
}
