/* The texts. Written so that one text mostly serves both databases: CAST and coalesce for what
 * they type differently, ids compared as ranges so that an index serves every prefix. */
#include "runlog/queries.h"

/* ---- runs ----------------------------------------------------------------------------------- */

#define RUN_COLUMNS                                                                       \
    "SELECT id, mode, universe, params, kpis, state_hash, started_at, ended_at,"          \
    " coalesce(order_count, (SELECT count(*) FROM orders WHERE run_id = runs.id)),"       \
    " coalesce(fill_count, (SELECT count(*) FROM fills WHERE run_id = runs.id)),"         \
    " coalesce(trade_count, (SELECT count(*) FROM trades WHERE run_id = runs.id)),"       \
    " coalesce(point_count, (SELECT count(*) FROM equity_points WHERE run_id = runs.id))" \
    " FROM runs"

/* ---- rows of a run -------------------------------------------------------------------------- */

/* Ids hold the run and the number, and the primary key has them in order. The last ones are what
 * stands before the run's end in it, whoever's they are, and then those of the run: a beginning
 * besides would let PostgreSQL take a run of which it has no statistics for a few rows, and sort
 * all of them. */
#define TRADE_COLUMNS(later)                                                             \
    "symbol, side, entry_ts, exit_ts, qty_e8, entry_price_e8, exit_price_e8, profit_e8," \
    " fees_e8, return_fraction, bars, " later
#define TRADES(later)                                   \
    "SELECT * FROM (SELECT " TRADE_COLUMNS(             \
        later) ", id, run_id FROM trades WHERE id < $3" \
               " ORDER BY id DESC LIMIT $4) AS newest WHERE id >= $2 AND run_id = $1 ORDER BY id"
/* "|| ''" keeps both planners from taking another index and sorting. */
#define ALL_TRADES(later)                                                              \
    "SELECT " TRADE_COLUMNS(later) " FROM trades WHERE run_id || '' = $1 AND id >= $2" \
                                   " AND id < $3 ORDER BY id"
#define TRADES_NOW "strategy, entry_reason, exit_reason, exit_date, adverse, favourable, touched"
#define TRADES_EARLY "NULL, NULL, NULL, NULL, NULL, NULL, NULL"

/* ---- one moment ----------------------------------------------------------------------------- */

#define DECISIONS_AT(filter)                                                                     \
    "SELECT number, first_ts, last_ts, bars, signal, stage, reason, order_id, " filter           \
    " FROM decisions WHERE run_id = $1 AND symbol = $2 AND first_ts <= $3 ORDER BY number DESC " \
    "LIMIT $4"
#define ORDERS_AT(later)                                                                       \
    "SELECT id, ts, final_ts, side, qty_e8, filled_e8, price_e8, status, reason, reduce_only," \
    " size_kind, size_amount, risk_rule, risk_limit, risk_value, " later                       \
    " FROM orders WHERE run_id = $1 AND symbol = $2 AND ts = $3 ORDER BY id LIMIT $4"

/* ---- purging -------------------------------------------------------------------------------- */

#define CHOSEN                                                   \
    " (SELECT id FROM runs WHERE mode IN ('backtest', 'replay')" \
    " AND ($1 IS NULL OR mode = $1) AND ($2 IS NULL OR started_at < $2))"
/* A parameter that is only compared with NULL has no type for PostgreSQL. */
#define CHOSEN_POSTGRES                                          \
    " (SELECT id FROM runs WHERE mode IN ('backtest', 'replay')" \
    " AND ($1::text IS NULL OR mode = $1) AND ($2::timestamptz IS NULL OR started_at < $2))"
#define PURGE(table, key)                                                               \
    {                                                                                   \
#table, {#table, "SELECT count(*) FROM " #table " WHERE " #key " IN" CHOSEN,    \
                 "SELECT count(*) FROM " #table " WHERE " #key " IN" CHOSEN_POSTGRES }, \
        {                                                                               \
#table, "DELETE FROM " #table " WHERE " #key " IN" CHOSEN,                  \
                "DELETE FROM " #table " WHERE " #key " IN" CHOSEN_POSTGRES              \
        }                                                                               \
    }
/* The next midnight as a text behind every stamp of the day, and as an instant. */
#define ENDED " run_id IN (SELECT id FROM runs WHERE ended_at < $1)"
#define THINNED(midnight)                                                                       \
    ENDED " AND ts > (SELECT min(ts) FROM equity_points AS f WHERE f.run_id ="                  \
          " equity_points.run_id) AND EXISTS (SELECT 1 FROM equity_points AS later WHERE"       \
          " later.run_id = equity_points.run_id AND later.ts > equity_points.ts AND later.ts <" \
          " " midnight ")"
#define THINNED_SQLITE THINNED("substr(equity_points.ts, 1, 10) || ' 99'")
#define THINNED_POSTGRES THINNED("date_trunc('day', equity_points.ts, 'UTC') + interval '1 day'")

#define COUNT(table) QUESTION(#table, "SELECT count(*) FROM " #table)

const query_set queries = {
    .schema_version = QUESTION("schema_version", "SELECT max(version) FROM schema_version"),
    .runs = {"runs",
             RUN_COLUMNS
             " WHERE $1 IS NULL OR mode = $1 ORDER BY started_at DESC, id DESC LIMIT $2",
             RUN_COLUMNS " WHERE $1::text IS NULL OR mode = $1"
                         " ORDER BY started_at DESC, id DESC LIMIT $2"},
    .runs_with_prefix = QUESTION("runs",
                                 RUN_COLUMNS " WHERE id >= $1 AND id <= $2"
                                             " ORDER BY (id = $1) DESC, started_at DESC LIMIT $3"),
    .run_count = QUESTION("runs", "SELECT count(*) FROM runs WHERE id = $1"),
    .run_result = QUESTION("runs", "SELECT result FROM runs WHERE id = $1"),
    .equity = QUESTION("equity_points", "SELECT ts, equity_e8, equity FROM equity_points"
                                        " WHERE run_id = $1 ORDER BY ts"),
    .trades = QUESTION("trades", TRADES(TRADES_NOW)),
    .trades_early = QUESTION("trades", TRADES(TRADES_EARLY)),
    .all_trades = QUESTION("trades", ALL_TRADES(TRADES_NOW)),
    .all_trades_early = QUESTION("trades", ALL_TRADES(TRADES_EARLY)),
    .equity_window = QUESTION("equity_points",
                              "SELECT ts, equity_e8, equity FROM equity_points"
                              " WHERE run_id = $1 AND ts >= $2 AND ts <= $3 ORDER BY ts"),
    .equity_blocks = QUESTION(
        "equity_blocks", "SELECT first_ts, last_ts, low_ts, low_e8, high_ts, high_e8"
                         " FROM equity_blocks WHERE run_id = $1 AND size = $4 AND first_ts >= $2"
                         " AND last_ts <= $3 ORDER BY number"),
    .equity_ends = QUESTION("equity_points",
                            "SELECT (SELECT min(ts) FROM equity_points WHERE run_id = $1),"
                            " (SELECT max(ts) FROM equity_points WHERE run_id = $1)"),
    .profits = QUESTION("trades", "SELECT exit_date, count(*), CAST(sum(profit_e8) AS BIGINT),"
                                  " CAST(sum(fees_e8) AS BIGINT) FROM trades WHERE run_id = $1"
                                  " AND exit_date IS NOT NULL GROUP BY exit_date"
                                  " ORDER BY exit_date"),
    .positions = QUESTION("positions", "SELECT symbol, qty_e8, cost_e8, mark_e8 FROM positions"
                                       " WHERE run_id = $1 AND qty_e8 <> 0 ORDER BY number"),
    .risks = QUESTION("risk_events",
                      "SELECT ts, symbol, order_id, rule, action, limit_value, found_value,"
                      " asked_e8, allowed_e8, until_ts, flatten, what FROM risk_events"
                      " WHERE run_id = $1 ORDER BY number LIMIT $2"),
    .decisions_at = QUESTION("decisions", DECISIONS_AT("filter")),
    .decisions_at_early = QUESTION("decisions", DECISIONS_AT("NULL")),
    .orders_at = QUESTION("orders", ORDERS_AT("type, tif, stop_e8, purpose, parent, strategy")),
    .orders_at_early = QUESTION("orders", ORDERS_AT("NULL, NULL, NULL, NULL, NULL, NULL")),
    .last_point = QUESTION("equity_points",
                           "SELECT max(ts) FROM equity_points WHERE run_id = $1 AND ts <= $2"),
    .fills_of_order = QUESTION("fills",
                               "SELECT ts, qty_e8, price_e8, commission_e8, reference_e8 FROM fills"
                               " WHERE run_id = $1 AND order_id = $2 ORDER BY id LIMIT $3"),
    .count =
        {
            [RUNLOG_RUNS] = COUNT(runs),
            [RUNLOG_ORDERS] = COUNT(orders),
            [RUNLOG_FILLS] = COUNT(fills),
            [RUNLOG_TRADES] = COUNT(trades),
            [RUNLOG_EQUITY_POINTS] = COUNT(equity_points),
            [RUNLOG_DECISIONS] = COUNT(decisions),
            [RUNLOG_RISK_EVENTS] = COUNT(risk_events),
            [RUNLOG_POSITIONS] = COUNT(positions),
            [RUNLOG_METRICS] = COUNT(metrics),
            [RUNLOG_ERROR_LOGS] = COUNT(error_logs),
            [RUNLOG_EQUITY_BLOCKS] = COUNT(equity_blocks),
        },
    /* runs last: the others are chosen through it. Adopted tables may not cascade. */
    .purge =
        {
            PURGE(orders, run_id),
            PURGE(fills, run_id),
            PURGE(equity_points, run_id),
            PURGE(metrics, run_id),
            PURGE(error_logs, run_id),
            PURGE(trades, run_id),
            PURGE(decisions, run_id),
            PURGE(positions, run_id),
            PURGE(risk_events, run_id),
            PURGE(equity_blocks, run_id),
            PURGE(runs, id),
        },
    .prune =
        {
            [RUNLOG_DECISIONS_OLD] = {"decisions",
                                      QUESTION("decisions",
                                               "SELECT count(*) FROM decisions WHERE" ENDED),
                                      QUESTION("decisions", "DELETE FROM decisions WHERE" ENDED)},
            [RUNLOG_EQUITY_OLD] = {"equity_points",
                                   {"equity_points",
                                    "SELECT count(*) FROM equity_points WHERE" THINNED_SQLITE,
                                    "SELECT count(*) FROM equity_points WHERE" THINNED_POSTGRES},
                                   {"equity_points",
                                    "DELETE FROM equity_points WHERE" THINNED_SQLITE,
                                    "DELETE FROM equity_points WHERE" THINNED_POSTGRES}},
        },
};
