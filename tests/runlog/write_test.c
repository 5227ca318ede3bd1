/* What a run becomes: ids, rows, stamps, and the hash of its state. The hash is recomputed here
 * from the stored rows alone, after the layout that hash.c describes: so the rows hold everything
 * that the hash covers, and the layout is what it says. */
#include "homes.h"

#include "platform/failure.h"

#include <math.h>
#include <string.h>

/* ---- ids ------------------------------------------------------------------------------------ */

static void test_uuid(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    g_autofree char *before = NULL;
    for (int i = 0; i < 50; i++) {
        const runlog_run run = {.mode = "backtest", .universe = "", .params = "{}"};
        g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
        g_assert_no_error(error);
        const char *id = runlog_writer_id(writer);
        /* RFC 9562: version 7 in the 13th digit, variant 10 in the 17th. */
        g_assert_true(g_regex_match_simple(
            "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id, 0, 0));
        g_assert_cmpstr(before, !=, id);
        g_free(before);
        before = g_strdup(id);
    }
}

static void test_uuid_time(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    const runlog_run run = {.mode = "backtest", .universe = "", .params = "{}"};
    /* The example of RFC 9562, appendix A.6: 2022-02-22 19:22:22 UTC is 017f22e279b0. */
    g_setenv("QUANTBOT_CLOCK_US", "1645557742000000", TRUE);
    g_autoptr(runlog_writer) first = runlog_writer_new(log, &run, &error);
    g_setenv("QUANTBOT_CLOCK_US", "1645557742000999", TRUE);
    g_autoptr(runlog_writer) second = runlog_writer_new(log, &run, &error);
    g_unsetenv("QUANTBOT_CLOCK_US");
    g_assert_true(g_str_has_prefix(runlog_writer_id(first), "017f22e2-79b0-7000-"));
    g_assert_true(g_str_has_prefix(runlog_writer_id(second), "017f22e2-79b0-7"));
    g_assert_cmpstr(runlog_writer_id(first), <, runlog_writer_id(second));
}

static void test_given_ids(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    g_autofree char *long_id = g_strnfill(RUNLOG_ID_LIMIT + 1, 'x');
    const char *const bad[] = {"", long_id};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        const runlog_run run = {.id = bad[i], .mode = "backtest", .universe = "", .params = "{}"};
        g_assert_null(runlog_writer_new(log, &run, &error));
        g_assert_error(error, FAILURE, FAILURE_USAGE);
        g_clear_error(&error);
    }
    g_autofree char *longest = g_strnfill(RUNLOG_ID_LIMIT, 'x');
    sample_log(log, longest, "backtest", SAMPLE_START_US, 20, 2);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM fills AS f JOIN orders AS o"
                                     " ON o.id = f.order_id"),
                    ==, 9);
    g_assert_null(sample_log_run(log, longest, "backtest", SAMPLE_START_US, 20, 2, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE); /* the id is taken; nothing was stored */
    g_clear_error(&error);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 20);
}

static void test_row_ids(home *self, gconstpointer unused)
{
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 20, 2);
    static const char *const rows[][2] = {
        {"SELECT min(id) FROM orders", "run-1:o:00000001"},
        {"SELECT max(id) FROM orders", "run-1:o:00000011"},
        {"SELECT max(id) FROM fills", "run-1:f:00000009"},
        {"SELECT max(order_id) FROM fills", "run-1:o:00000010"},
        {"SELECT max(id) FROM equity_points", "run-1:e:00000020"},
        {"SELECT max(id) FROM trades", "run-1:t:00000005"},
        {"SELECT max(order_id) FROM decisions", "run-1:o:00000010"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = home_ask(self, rows[i][0]);
        g_assert_cmpstr(got, ==, rows[i][1]);
    }
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void test_values(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    const runlog_run run = {.id = "run-1",
                            .mode = "backtest",
                            .universe = "AAPL,BTC-USD",
                            .params = "{\"fast\":10}",
                            .symbols = sample_symbols,
                            .instrument_count = SAMPLE_INSTRUMENTS,
                            .started_us = SAMPLE_START_US};
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
    const qb_sink sink = runlog_writer_sink(writer);
    const qb_order order = {.id = 1,
                            .instrument = 1,
                            .side = QB_SELL,
                            .size = {QB_SIZE_WEIGHT, QB_SIZE_AT_DECISION, 0.5},
                            .quantity = {123456789},
                            .status = QB_ORDER_EXPIRED,
                            .reason = QB_REASON_NO_DATA,
                            .submitted_us = SAMPLE_START_US + 1,
                            .final_us = SAMPLE_START_US + 2};
    const qb_fill fill = {.id = 1,
                          .order_id = 1,
                          .instrument = 1,
                          .ts_us = SAMPLE_START_US + 3,
                          .quantity = {-123456789},
                          .price = {INT64_C(4200000000001)},
                          .reference = {INT64_C(4200000000000)},
                          .fee = {7},
                          .bar_ts_us = SAMPLE_START_US};
    const qb_decision decision = {.signal = NAN,
                                  .stage = QB_STAGE_WARMUP,
                                  .reason = QB_REASON_WARMUP,
                                  .first_us = SAMPLE_START_US,
                                  .last_us = SAMPLE_START_US + 5,
                                  .bars = 29};
    g_assert_cmpint(sink.order(sink.self, &order), ==, QB_OK);
    g_assert_cmpint(sink.fill(sink.self, &fill), ==, QB_OK);
    g_assert_cmpint(sink.decision(sink.self, &decision), ==, QB_OK);
    g_assert_true(runlog_writer_metric(writer, SAMPLE_START_US, "loss", 0.25, &error));
    g_assert_false(runlog_writer_metric(writer, SAMPLE_START_US, "loss", NAN, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    g_clear_error(&error);
    runlog_writer_log(writer, SAMPLE_START_US, "WARNING", "it's \"quoted\"", NULL);
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, SAMPLE_START_US + QB_DAY_US, &error));
    static const char *const rows[][2] = {
        {"SELECT stamp(started_at), stamp(ended_at), mode, universe, params, version, kpis FROM "
         "runs",
         "2020-01-01 00:00:00.000000|2020-01-02 00:00:00.000000|backtest|AAPL,BTC-USD|"
         "{\"fast\":10}|" QUANTBOT_VERSION "|-"},
        {"SELECT stamp(ts), symbol, side, qty, price, status, qty_e8, filled_e8, reason,"
         " stamp(final_ts), size_kind, size_amount FROM orders",
         "2020-01-01 00:00:00.000001|BTC-USD|sell|1.23456789|-|expired|123456789|0|no-data|"
         "2020-01-01 00:00:00.000002|weight|0.5"},
        {"SELECT stamp(ts), symbol, qty, qty_e8, price_e8, commission_e8, reference_e8,"
         " stamp(bar_ts) FROM fills",
         "2020-01-01 00:00:00.000003|BTC-USD|-1.23456789|-123456789|4200000000001|7|4200000000000|"
         "2020-01-01 00:00:00.000000"},
        {"SELECT stamp(first_ts), stamp(last_ts), bars, signal, stage, reason, order_id"
         " FROM decisions",
         "2020-01-01 00:00:00.000000|2020-01-01 00:00:00.000005|29|-|warmup|warmup|-"},
        {"SELECT name, value FROM metrics", "loss|0.25"},
        {"SELECT level, message, meta FROM error_logs", "WARNING|it's \"quoted\"|-"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = home_ask(self, rows[i][0]);
        g_assert_cmpstr(got, ==, rows[i][1]);
    }
}

/* Against GLib's calendar, around midnights, leap days and before 1970. */
static void test_stamps(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    qb_random random = {7};
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    gint64 at_us = INT64_C(-2208988800) * 1000000; /* 1900-01-01 */
    for (int i = 0; i < 3000; i++) {
        const guint64 step = qb_random_next(&random) % (i % 3 == 0 ? 3 * (guint64)QB_DAY_US * 30
                                                                   : 7200 * (guint64)QB_SECOND_US);
        at_us += (gint64)step + 1;
        if (i % 50 == 0)
            at_us += QB_DAY_US - (at_us % QB_DAY_US + QB_DAY_US) % QB_DAY_US; /* midnight */
        g_array_append_val(times, at_us);
    }
    const runlog_run run = {.id = "run-1", .mode = "backtest", .universe = "", .params = "{}"};
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
    const qb_sink sink = runlog_writer_sink(writer);
    for (guint i = 0; i < times->len; i++)
        g_assert_cmpint(
            sink.equity(sink.self, g_array_index(times, gint64, i), (qb_money){(gint64)i}), ==,
            QB_OK);
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, 0, &error));

    g_autofree char *got = home_ask(self, "SELECT stamp(ts) FROM equity_points ORDER BY equity_e8");
    g_auto(GStrv) lines = g_strsplit(got, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, times->len);
    for (guint i = 0; i < times->len; i++) {
        const gint64 us = g_array_index(times, gint64, i);
        const gint64 fraction = (us % QB_SECOND_US + QB_SECOND_US) % QB_SECOND_US;
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc((us - fraction) / QB_SECOND_US);
        g_autofree char *seconds = g_date_time_format(time, "%Y-%m-%d %H:%M:%S");
        g_autofree char *want = g_strdup_printf("%s.%06d", seconds, (int)fraction);
        g_assert_cmpstr(lines[i], ==, want);
    }
    g_autoptr(GArray) points = runlog_equity(log, "run-1", &error);
    for (guint i = 0; i < points->len; i++)
        g_assert_cmpint(g_array_index(points, runlog_point, i).ts_us, ==,
                        g_array_index(times, gint64, i));
}

static void test_bad_events(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    for (int i = 0; i < 5; i++) {
        const runlog_run run = {.mode = "backtest",
                                .universe = "AAPL",
                                .params = "{}",
                                .symbols = sample_symbols,
                                .instrument_count = 1};
        g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
        const qb_sink sink = runlog_writer_sink(writer);
        const qb_order jump = {.id = 2}, unknown = {.id = 1, .instrument = 1};
        const qb_order done = {.id = 1, .status = QB_ORDER_FILLED};
        const qb_fill fill = {.id = 1, .order_id = 1, .instrument = 9};
        qb_status status = QB_OK;
        if (i == 0)
            status = sink.order(sink.self, &jump);
        if (i == 1)
            status = sink.order(sink.self, &unknown);
        if (i == 2)
            status = sink.fill(sink.self, &fill);
        if (i == 3 && sink.order(sink.self, &done) == QB_OK)
            status = sink.order(sink.self, &done);
        if (i == 4 && sink.equity(sink.self, 5, (qb_money){0}) == QB_OK)
            status = sink.equity(sink.self, 4, (qb_money){0});
        g_assert_cmpint(status, ==, QB_SINK_FAILED);
        g_assert_nonnull(runlog_writer_error(writer));
        g_assert_false(runlog_writer_commit(writer, NULL, NULL, 0, &error));
        g_assert_error(error, FAILURE, FAILURE_INTERNAL);
        g_clear_error(&error);
    }
    /* A time that the contract cannot write. */
    const runlog_run run = {.mode = "backtest", .universe = "", .params = "{}"};
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
    const qb_sink sink = runlog_writer_sink(writer);
    g_assert_cmpint(sink.equity(sink.self, INT64_MAX, (qb_money){0}), ==, QB_OK);
    g_assert_false(runlog_writer_commit(writer, NULL, NULL, 0, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_clear_error(&error);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs"), ==, 0);
}

/* ---- hash ----------------------------------------------------------------------------------- */

static char *hash_sample(guint steps, guint every, const qb_portfolio *portfolio, const char *kpis)
{
    g_autoptr(runlog_hasher) hasher = runlog_hasher_new();
    const qb_sink sink = runlog_hasher_sink(hasher);
    sample_feed(&sink, steps, every, 42);
    return runlog_hasher_finish(hasher, portfolio, kpis);
}

/* An integer cell as 8 bytes, little-endian; one that begins with "=" is a text: its bytes and a
 * zero. Returns how many rows there are. */
static gint64 sum_rows(const home *self, const char *sql, guint8 digest[32])
{
    gsize size = 32;
    g_autofree char *answer = home_ask(self, sql);
    g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, "|", -1);
        for (char **cell = cells; *cell != NULL; cell++) {
            const gint64 little = GINT64_TO_LE(g_ascii_strtoll(*cell, NULL, 10));
            if (**cell == '=')
                g_checksum_update(sum, (const guchar *)*cell + 1, (gssize)strlen(*cell));
            else
                g_checksum_update(sum, (const guchar *)&little, sizeof little);
        }
    }
    g_checksum_get_digest(sum, digest, &size);
    return g_strv_length(lines);
}

#define INSTRUMENT "CASE symbol WHEN 'BTC-USD' THEN 1 ELSE 0 END"
#define NUMBER(column) "CAST(substr(" column ", length(" column ") - 7) AS INTEGER)"

static void append_integers(const home *self, const char *sql, GByteArray *state)
{
    g_autofree char *answer = home_ask(self, sql);
    g_auto(GStrv) cells = g_strsplit_set(answer, "|\n", -1);
    for (char **cell = cells; *cell != NULL; cell++) {
        const gint64 little = GINT64_TO_LE(g_ascii_strtoll(*cell, NULL, 10));
        g_byte_array_append(state, (const guint8 *)&little, sizeof little);
    }
}

static char *hash_from_rows(const home *self)
{
    static const char *const streams[] = {
        "SELECT " NUMBER(
            "id") ", " INSTRUMENT ", CASE side WHEN 'buy' THEN 1 ELSE -1 END,"
                  " reduce_only, qty_e8, filled_e8, micros(ts), coalesce(micros(final_ts), 0),"
                  " '=' || status, '=' || reason FROM orders ORDER BY id",
        "SELECT " NUMBER("id") ", " NUMBER("order_id") ", " INSTRUMENT ", micros(ts), qty_e8,"
                                                       " price_e8, reference_e8, commission_e8, "
                                                       "micros(bar_ts) FROM fills ORDER BY id",
        "SELECT " INSTRUMENT ", CASE side WHEN 'long' THEN 1 ELSE -1 END, micros(entry_ts),"
        " micros(exit_ts), qty_e8, entry_price_e8, exit_price_e8, profit_e8, fees_e8, bars"
        " FROM trades ORDER BY id",
        "SELECT micros(ts), equity_e8 FROM equity_points ORDER BY ts",
    };
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_byte_array_append(state, (const guint8 *)"quantbot state 1", 16);
    for (gsize i = 0; i < G_N_ELEMENTS(streams); i++) {
        guint8 digest[32];
        const gint64 count = GINT64_TO_LE(sum_rows(self, streams[i], digest));
        g_byte_array_append(state, (const guint8 *)&count, sizeof count);
        g_byte_array_append(state, digest, sizeof digest);
    }
    append_integers(self, "SELECT cash_e8, (SELECT count(*) FROM positions) FROM runs", state);
    append_integers(self, "SELECT qty_e8, cost_e8, mark_e8 FROM positions ORDER BY number", state);
    g_autofree char *kpis = home_ask(self, "SELECT kpis FROM runs");
    const gint64 size = GINT64_TO_LE((gint64)strlen(kpis));
    g_byte_array_append(state, (const guint8 *)&size, sizeof size);
    g_byte_array_append(state, (const guint8 *)kpis, (guint)strlen(kpis));
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, state->data, state->len);
}

static void test_hash_from_rows(home *self, gconstpointer unused)
{
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, NULL, "backtest", SAMPLE_START_US, 2000, 3);
    g_autofree char *stored = home_ask(self, "SELECT state_hash FROM runs");
    g_autofree char *recomputed = hash_from_rows(self);
    g_autofree char *unlogged = hash_sample(2000, 3, sample_portfolio(), SAMPLE_KPIS);
    g_assert_cmpstr(stored, ==, recomputed);
    g_assert_cmpstr(stored, ==, unlogged);
}

/* Neither id, nor mode, nor clock are in it. */
static void test_hash_of_the_state_only(home *self, gconstpointer unused)
{
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "a", "backtest", 1, 50, 3);
    sample_log(log, "bb", "replay", SAMPLE_START_US, 50, 3);
    g_assert_cmpint(home_count(self, "SELECT count(DISTINCT state_hash) FROM runs"), ==, 1);
}

/* One unit anywhere makes another hash; taking it does not end the run. */
static void test_hash_tells_apart(void)
{
    qb_position positions[] = {{.quantity = {1}, .cost = {2}, .mark = {3}}};
    qb_portfolio portfolio = {.cash = {4}, .positions = positions, .count = 1};
    gint64 *const units[] = {&positions[0].quantity.raw, &positions[0].cost.raw,
                             &positions[0].mark.raw, &portfolio.cash.raw};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint made = 0;
    g_hash_table_add(seen, hash_sample(50, 3, &portfolio, "{}")), made++;
    g_hash_table_add(seen, hash_sample(50, 4, &portfolio, "{}")), made++;
    g_hash_table_add(seen, hash_sample(51, 3, &portfolio, "{}")), made++;
    g_hash_table_add(seen, hash_sample(50, 3, &portfolio, "{} ")), made++;
    g_hash_table_add(seen, hash_sample(50, 3, &portfolio, NULL)), made++;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        (*units[i])++;
        g_hash_table_add(seen, hash_sample(50, 3, &portfolio, "{}")), made++;
        (*units[i])--;
    }
    g_assert_cmpint(g_hash_table_size(seen), ==, made);
    g_assert_false(g_hash_table_add(seen, hash_sample(50, 3, &portfolio, "{}")));
}

static void put_order(const qb_sink *sink, guint64 id, qb_order_status status)
{
    const qb_order order = {.id = id, .status = status, .submitted_us = (int64_t)id};
    g_assert_cmpint(sink->order(sink->self, &order), ==, QB_OK);
}

/* In which order the orders ended does not matter, how they ended does. */
static void test_hash_orders(void)
{
    g_autofree char *forward = NULL, *backward = NULL, *open = NULL, *late = NULL;
    for (int variant = 0; variant < 4; variant++) {
        g_autoptr(runlog_hasher) hasher = runlog_hasher_new();
        const qb_sink sink = runlog_hasher_sink(hasher);
        for (guint64 id = 1; id <= 100; id++)
            put_order(&sink, id, QB_ORDER_OPEN);
        for (guint64 i = 1; i <= 100; i++) {
            const guint64 id = variant == 1 ? 101 - i : i;
            if (variant == 2 && id == 1)
                continue;
            if (variant == 3 && i == 50) { /* taken in between, then on */
                g_autofree char *half = runlog_hasher_finish(hasher, sample_portfolio(), NULL);
                g_assert_nonnull(half);
            }
            put_order(&sink, id, QB_ORDER_FILLED);
        }
        char **const out[] = {&forward, &backward, &open, &late};
        *out[variant] = runlog_hasher_finish(hasher, sample_portfolio(), NULL);
    }
    g_assert_cmpstr(forward, ==, backward);
    g_assert_cmpstr(forward, ==, late);
    g_assert_cmpstr(forward, !=, open);
}

/* ---- main ----------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add("id/uuid", test_uuid, NULL);
    homes_add("id/uuid-time", test_uuid_time, NULL);
    homes_add("id/given", test_given_ids, NULL);
    homes_add("id/rows", test_row_ids, NULL);
    homes_add("write/values", test_values, NULL);
    homes_add("write/stamps", test_stamps, NULL);
    homes_add("write/bad-events", test_bad_events, NULL);
    homes_add("hash/from-rows", test_hash_from_rows, NULL);
    homes_add("hash/state-only", test_hash_of_the_state_only, NULL);
    g_test_add_func("/runlog/hash/tells-apart", test_hash_tells_apart);
    g_test_add_func("/runlog/hash/orders", test_hash_orders);
    return homes_run();
}
