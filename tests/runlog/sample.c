#include "sample.h"
#include "scratch.h"

#include <string.h>

const char *const sample_symbols[SAMPLE_INSTRUMENTS] = {"AAPL", "BTC-USD"};

static void feed_order(const qb_sink *sink, guint64 number, gint64 at_us, qb_random *random)
{
    const uint32_t instrument = (uint32_t)(qb_random_next(random) % SAMPLE_INSTRUMENTS);
    const gboolean rejected = number % 7 == 0;
    const gboolean sell = number % 2 == 0;
    qb_order order = {.id = number,
                      .instrument = instrument,
                      .side = sell ? QB_SELL : QB_BUY,
                      .reduce_only = sell,
                      .size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 1.5},
                      .quantity = {QB_ONE + QB_ONE / 2},
                      .submitted_us = at_us};
    g_assert_cmpint(sink->order(sink->self, &order), ==, QB_OK);
    order.status = rejected ? QB_ORDER_REJECTED : QB_ORDER_FILLED;
    order.reason = rejected ? QB_REASON_CASH : QB_REASON_NONE;
    order.final_us = at_us + SAMPLE_STEP_US;
    order.filled.raw = rejected ? 0 : order.quantity.raw;
    const gint64 price = (gint64)(qb_random_next(random) % (1000 * (guint64)QB_ONE)) + 1;
    const qb_fill fill = {.id = number - number / 7,
                          .order_id = number,
                          .instrument = instrument,
                          .ts_us = order.final_us,
                          .quantity = {sell ? -order.quantity.raw : order.quantity.raw},
                          .price = {price},
                          .reference = {price - 1},
                          .fee = {price / 1000},
                          .bar_ts_us = order.final_us};
    if (!rejected)
        g_assert_cmpint(sink->fill(sink->self, &fill), ==, QB_OK);
    g_assert_cmpint(sink->order(sink->self, &order), ==, QB_OK);
    const qb_trade trade = {.instrument = instrument,
                            .side = QB_BUY,
                            .entry_us = at_us,
                            .exit_us = order.final_us,
                            .quantity = order.quantity,
                            .entry_price = {price},
                            .exit_price = {price + 7},
                            .profit = {-price / 500},
                            .fees = {price / 500},
                            .return_fraction = -0.002,
                            .bars = number};
    if (sell && !rejected)
        g_assert_cmpint(sink->trade(sink->self, &trade), ==, QB_OK);
    const qb_decision decision = {.instrument = instrument,
                                  .first_us = at_us,
                                  .last_us = at_us,
                                  .bars = 1,
                                  .signal = sell ? 0 : 1,
                                  .stage = rejected ? QB_STAGE_REFUSED : QB_STAGE_ORDERED,
                                  .reason = order.reason,
                                  .order_id = number};
    if (sink->decision != NULL)
        g_assert_cmpint(sink->decision(sink->self, &decision), ==, QB_OK);
}

void sample_feed(const qb_sink *sink, guint steps, guint every, guint64 seed)
{
    qb_random random = {seed};
    guint64 number = 0;
    for (guint i = 0; i < steps; i++) {
        const gint64 at_us = SAMPLE_START_US + i * SAMPLE_STEP_US;
        const qb_money equity = {1000000 * QB_ONE + (gint64)(qb_random_next(&random) % QB_ONE)};
        g_assert_cmpint(sink->equity(sink->self, at_us, equity), ==, QB_OK);
        if (every != 0 && i % every == 0)
            feed_order(sink, ++number, at_us, &random);
    }
    const qb_order open = {
        .id = number + 1, .side = QB_BUY, .quantity = {QB_ONE}, .submitted_us = SAMPLE_START_US};
    if (every != 0)
        g_assert_cmpint(sink->order(sink->self, &open), ==, QB_OK);
}

const qb_portfolio *sample_portfolio(void)
{
    static qb_position positions[SAMPLE_INSTRUMENTS] = {
        {.quantity = {-2 * QB_ONE}, .cost = {-300 * QB_ONE - 1}, .mark = {149 * QB_ONE}},
        {.mark = {7000 * QB_ONE}},
    };
    static const qb_portfolio portfolio = {
        .cash = {1000298 * QB_ONE + 5}, .positions = positions, .count = SAMPLE_INSTRUMENTS};
    return &portfolio;
}

char *sample_log_run(runlog *log, const char *id, const char *mode, gint64 started_us, guint steps,
                     guint every, GError **error)
{
    const runlog_run run = {.id = id,
                            .mode = mode,
                            .universe = "AAPL,BTC-USD",
                            .params = "{\"strategy\":\"sma_cross\"}",
                            .symbols = sample_symbols,
                            .instrument_count = SAMPLE_INSTRUMENTS,
                            .started_us = started_us};
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, error);
    if (writer == NULL)
        return NULL;
    const qb_sink sink = runlog_writer_sink(writer);
    sample_feed(&sink, steps, every, 42);
    g_autofree char *hash = runlog_writer_state_hash(writer, sample_portfolio(), SAMPLE_KPIS);
    char *written = g_strdup(runlog_writer_id(writer));
    if (!runlog_writer_commit(writer, SAMPLE_KPIS, hash, started_us + 1, error))
        g_clear_pointer(&written, g_free);
    return written;
}

void sample_log(runlog *log, const char *id, const char *mode, gint64 started_us, guint steps,
                guint every)
{
    GError *error = NULL;
    g_free(sample_log_run(log, id, mode, started_us, steps, every, &error));
    g_assert_no_error(error);
}

/* ---- folders and files ---------------------------------------------------------------------- */

void sample_folder_make(sample_folder *self, gconstpointer unused)
{
    self->folder = g_dir_make_tmp("runlog-XXXXXX", NULL);
    g_assert_nonnull(self->folder);
    self->path = g_build_filename(self->folder, "quantbot.db", NULL);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **list_names(const char *folder)
{
    GPtrArray *names = g_ptr_array_new();
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    g_clear_pointer(&dir, g_dir_close);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

void sample_folder_remove(sample_folder *self, gconstpointer unused)
{
    scratch_remove(self->folder);
    g_free(self->folder);
    g_free(self->path);
}

char *sample_names(const sample_folder *self)
{
    g_auto(GStrv) names = list_names(self->folder);
    return g_strjoinv(" ", names);
}

static sqlite3 *open_database(const char *path)
{
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    return db;
}

void sample_sql(const char *path, const char *sql)
{
    char *why = NULL;
    sqlite3 *db = open_database(path);
    sqlite3_exec(db, sql, NULL, NULL, &why);
    g_assert_cmpstr(why, ==, NULL);
    sqlite3_close(db);
}

char *sample_ask(const char *path, const char *sql)
{
    sqlite3 *db = open_database(path);
    sqlite3_stmt *statement = NULL;
    char *answer = NULL;
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        answer = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

gint64 sample_count(const char *path, const char *sql)
{
    g_autofree char *answer = sample_ask(path, sql);
    return answer != NULL ? g_ascii_strtoll(answer, NULL, 10) : -1;
}
