/* One run, from words to results: what backtest and reproduce share.
 *
 * A run is described by texts alone (run_texts): defaults, then the run file, then flags. The
 * resolved texts are stored with the run, so the same run can be made again from its row. */
#ifndef RUN_PRIVATE_H
#define RUN_PRIVATE_H

#include "commands/market-private.h"
#include "commands/metrics-private.h"
#include "commands/sheet-private.h"
#include "config/config.h"
#include "core/engine/group.h"
#include "core/honesty/honesty.h"
#include "core/metrics/metrics.h"
#include "loader/loader.h"
#include "runlog/runlog.h"

#include <jansson.h>

/* ---- words --------------------------------------------------------------------------------- */

typedef enum run_key_kind {
    RUN_TEXT,
    RUN_LIST,   /* the flag may be repeated; one text, parted by commas */
    RUN_SWITCH, /* the flag has no value; its text is "yes" or "no" */
} run_key_kind;

typedef struct run_key {
    const char *name;  /* "fee-bps": the flag; in a run file "fee_bps" */
    const char *group; /* of the run file */
    const char *standard;
    const char *argument, *help;
    run_key_kind kind;
} run_key;
extern const run_key run_keys[]; /* ends with a NULL name */

typedef struct run_texts {
    GHashTable *values; /* run_key name to text; absent: default */
    GPtrArray *params;  /* "fast=20" */
    GPtrArray *risks;   /* "standard", "off", "drawdown=15%" */
    json_t *blackouts;  /* of a stored run: its windows; NULL: read the file */
    GHashTable *places; /* run_key name or parameter name to where its text was, for messages */
    json_t *orders;     /* of a stored run: its list of orders; NULL: read the file */
    json_t *facts;      /* of a stored run: what its instruments were; NULL: ask instruments.ini */
    GPtrArray *files;   /* of a stored run: "SHA256 PATH" of its strategy's files; NULL: any */
} run_texts;

/* Where GLib puts the flag of a key. */
typedef struct run_slot {
    char *text;
    char **list;
    gboolean on;
} run_slot;

/* One option for each key, in order: count of them, into slots. */
gsize run_keys_count(void);
void run_slots_entries(run_slot *slots, GOptionEntry *out_entries);
void run_slots_clear(run_slot *slots);

run_texts *run_texts_new(void);
void run_texts_free(run_texts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_texts, run_texts_free)
const char *run_texts_get(const run_texts *self, const char *name);
void run_texts_set(run_texts *self, const char *name, const char *value, const char *place);
/* Sets what flags have given. */
void run_texts_set_slots(run_texts *self, const run_slot *slots);
/* Sets name=value, replacing an earlier value of the same parameter. */
void run_texts_set_param(run_texts *self, const char *text, const char *place);
/* One text of risk, replacing an earlier one of the same name; and those of a run file's group
 * [risk] that no flag has set. */
void run_texts_set_risk(run_texts *self, const char *text, const char *place);
void run_texts_read_risk(run_texts *self, run_file *file);
/* Those of a stored run; those of another one. */
void run_texts_risk_from_json(run_texts *self, json_t *root);
void run_texts_copy_risk(run_texts *self, const run_texts *from);
/* Fills in what flags have not set. FAILURE_CONFIG, FAILURE_MISSING. */
gboolean run_texts_read_file(run_texts *self, const char *path, GError **error);

/* ---- plan ---------------------------------------------------------------------------------- */

/* The rules of a run, and the memory that they borrow. */
typedef struct run_risk {
    gboolean on;
    qb_risk_config config;
    GArray *windows;     /* of qb_blackout, ascending */
    GStringChunk *words; /* what they are called */
} run_risk;

/* A list of orders in place of a strategy. */
typedef struct run_orders run_orders;

/* One of the run's strategies. */
typedef struct run_member {
    char *name; /* in parameters, ranks and trades: the strategy's; of two alike the second's is
                 * NAME_2 */
    const qb_strategy *strategy;
    loaded_strategy *loaded; /* NULL: it is built in */
    double *params;          /* [strategy->param_count] */
} run_member;

typedef struct run_plan {
    guint32 count;               /* instruments */
    cache_key *keys;             /* [count] */
    qb_instrument *instruments;  /* [count] */
    char **symbols;              /* [count + 1], NULL-terminated */
    gint64 start_us, end_us;     /* bars with start <= ts < end */
    char *name;                  /* "sma_cross", "sma_cross,rsi_reversion", "orders" */
    const qb_strategy *strategy; /* what the engine runs: the member, the group or the list */
    const double *params;        /* [strategy->param_count], NULL: none */
    run_member *members;         /* [member_count]; none with a list of orders */
    guint32 member_count;
    qb_group *group;        /* NULL: not several */
    qb_group_member *seats; /* [member_count] of the group */
    run_orders *orders;     /* NULL: strategies decide */
    qb_money cash;
    qb_costs costs;
    qb_size size;
    qb_fill_at fill_at;
    qb_fill_model fill_model;
    const qb_fee_preset *preset; /* of all instruments; NULL: none */
    qb_costs *instrument_costs;  /* [count] in place of costs; NULL: costs hold for all */
    qb_rate borrow, interest, maintenance;
    gboolean maintenance_off;
    qb_deposit *deposits; /* [deposit_count], ascending */
    gsize deposit_count;
    qb_holding *holdings; /* [holding_count] */
    gsize holding_count;
    qb_rate leverage;
    guint32 patience;
    guint64 seed;
    run_risk risk;
    double risk_free;
    gboolean has_benchmark;
    cache_key benchmark;
    gboolean detailed;
    qb_interval detail; /* of the finer bars, if detailed */
    cache_key *macros;  /* [macro_count] */
    guint32 macro_count;
    gboolean check;    /* the short proof of honesty goes along */
    gint64 started_us; /* as the log has it; 0: when it is executed */
    run_texts *texts;  /* resolved: what a reproduction needs */
} run_plan;

/* A strategy in a file loaded, every text checked, symbols found in the cache. All problems of the
 * texts at once. */
run_plan *run_plan_new(const run_texts *texts, const market *market, GError **error);
/* The same account, universe and costs with another strategy at its defaults. */
run_plan *run_plan_beside(const run_plan *plan, const qb_strategy *strategy);
/* For the engine; borrows from both. */
struct run_bars;
qb_engine_config run_plan_config(const run_plan *plan, const struct run_bars *bars);
void run_plan_free(run_plan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_plan, run_plan_free)

run_texts *run_texts_from_json(const char *params, GPtrArray **out_hashes, GError **error);

/* ---- who decides --------------------------------------------------------------------------- */

/* Strategies in files. Errors as loader_load. */
gboolean run_strategies_load(const run_texts *texts, const market *market, run_plan *plan,
                             GError **error);
/* Names and parameters; then, once the instruments are known, what joins several. */
void run_strategies_read(failures *problems, const run_texts *texts, run_plan *plan);
void run_strategies_join(failures *problems, const run_texts *texts, run_plan *plan);
/* What --strategy would have to be, with whole paths; and the files with hashes, a new reference. */
char *run_strategies_text(const run_plan *plan);
json_t *run_strategies_files(const run_plan *plan);
/* One strategy at its defaults in place of what a copy of a plan had. */
void run_strategies_set(run_plan *plan, const qb_strategy *strategy);
void run_strategies_clear(run_plan *plan);
/* Each parameter of each strategy as it is stored and shown: "fast", of several "sma_cross.fast". */
typedef void (*run_param_func)(const char *name, const qb_param *param, const char *value,
                               gpointer data);
void run_plan_each_param(const run_plan *plan, run_param_func each, gpointer data);
/* The name of the strategy whose number orders, fills and trades bear. */
const char *run_plan_owner(const run_plan *plan, guint32 owner);

/* The file of --orders, where there is one; sets "strategy", and "symbols" where there are none.
 * FAILURE_BAD_DATA naming file, line, field and value; FAILURE_MISSING (also: it has changed since a
 * stored run), FAILURE_IO. */
gboolean run_orders_load(run_texts *texts, run_orders **out, GError **error);
/* Once the instruments are known. FAILURE_BAD_DATA. */
gboolean run_orders_join(run_plan *plan, const market *market, GError **error);
/* Once the bars are: when each is submitted. What the plan points to changes, the plan does not. */
gboolean run_orders_place(const run_plan *plan, const struct run_bars *bars, GError **error);
/* Of char *: what was placed otherwise than written. */
const GPtrArray *run_orders_notes(const run_orders *self);
json_t *run_orders_to_json(const run_orders *self); /* a new reference */
void run_orders_free(run_orders *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_orders, run_orders_free)

/* ---- risk ---------------------------------------------------------------------------------- */

/* Into an empty one; what is wrong with the texts is added to problems. */
void run_risk_read(failures *problems, const run_texts *texts, run_risk *risk);
/* Once the instruments are known: the windows, of the file or of the stored run. FAILURE_BAD_DATA
 * naming file, line, field and value; FAILURE_MISSING, FAILURE_IO. */
gboolean run_risk_blackouts(const run_texts *texts, run_plan *plan, GError **error);
/* Whether that rule is on. */
gboolean run_risk_limits(const run_risk *self, qb_risk_rule rule);
void run_risk_clear(run_risk *self);
/* A copy of a plan, made to be compared with, has no rules. */
void run_risk_forget(run_plan *plan);
/* {"drawdown":"0.2"}: what is on, and settings that are not as the table has them. */
json_t *run_risk_to_json(const run_plan *plan);
gboolean run_blackouts_read(const char *path, const run_plan *plan, run_risk *risk, GError **error);
json_t *run_blackouts_to_json(const run_plan *plan);
gboolean run_blackouts_from_json(const json_t *all, const run_plan *plan, run_risk *risk,
                                 GError **error);

/* ---- one text's value ----------------------------------------------------------------------- */

/* "PLACE: "VALUE" is not valid (expected ...)" among the problems. item: of a list; NULL: the whole
 * text. */
void run_value_problem(failures *problems, const run_texts *texts, const char *name,
                       const char *expected);
void run_value_problem_item(failures *problems, const run_texts *texts, const char *name,
                            const char *item, const char *expected);
/* A decimal within minimum..maximum, in 1e-8. What is wrong is a problem and some value, here and
 * below. */
gint64 run_value_raw(failures *problems, const run_texts *texts, const char *name, gint64 minimum,
                     gint64 maximum, const char *expected);
/* Basis points, exact: at most four decimals. */
qb_rate run_value_bps(failures *problems, const run_texts *texts, const char *name);
/* "5%" or "0.05", exact, within minimum..maximum; a number without % only below 1 (or up to it,
 * where that is the maximum): 5 is no 500 %. */
qb_rate run_value_share(failures *problems, const run_texts *texts, const char *name,
                        gint64 minimum, gint64 maximum, const char *expected);
/* As that, where "off" (in any case) is 0. */
qb_rate run_value_share_or_off(failures *problems, const run_texts *texts, const char *name,
                               gint64 maximum, const char *expected);
/* A date or an instant; an end that is a date includes it. standard: where there is no text. */
gint64 run_value_day(failures *problems, const run_texts *texts, const char *name,
                     gboolean inclusive_end, gint64 standard);
gboolean run_value_switch(failures *problems, const run_texts *texts, const char *name);

/* ---- what it costs -------------------------------------------------------------------------- */

/* Fees, slippage, carrying costs, deposits. A preset's amounts become texts, so that a
 * reproduction needs no preset. */
void run_costs_read(failures *problems, run_texts *texts, run_plan *plan);
/* Once the instruments are known: fees of each (instruments.ini, or what a stored run had), and
 * what the run begins with. */
void run_costs_of_instruments(failures *problems, const run_texts *texts, const market *market,
                              run_plan *plan);
/* The fees among the costs as JSON (a new reference), and back; FALSE: they are none. */
json_t *run_costs_to_json(const qb_costs *costs);
gboolean run_costs_from_json(const json_t *fees, qb_costs *costs);

/* ---- bars ---------------------------------------------------------------------------------- */

/* A macro series by the moments at which its values became known. */
typedef struct run_macro run_macro;

typedef struct run_bars {
    guint32 count;
    qb_series *series;          /* [count] */
    cache_entry *entries;       /* [count] */
    qb_series *finer;           /* [count], of --detail; NULL: none */
    gboolean *has_volume;       /* [count]: some bar has one above 0 */
    qb_series benchmark;        /* count 0: none */
    run_macro *macros;          /* [macro_count] */
    qb_macro_feed *macro_feeds; /* [macro_count] */
    guint32 macro_count;
    GPtrArray *hashes; /* "FILE SHA256" */
    gsize rows;
} run_bars;

run_bars *run_bars_load(const run_plan *plan, cache *cache, GError **error);
void run_bars_free(run_bars *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_bars, run_bars_free)

/* The series of --macro: found for the plan (FAILURE_MISSING, FAILURE_USAGE), loaded with the bars. */
gboolean run_macros_find(const run_texts *texts, const market *market, run_plan *plan,
                         GError **error);
gboolean run_macros_load(const run_plan *plan, cache *cache, run_bars *bars, GError **error);
void run_macros_notes(const run_plan *plan, const run_bars *bars, GPtrArray *notes);
void run_macros_free(run_bars *bars);

/* The texts, version, instruments and data hashes as the JSON of runs.params; back by
 * run_texts_from_json. Caller owns. */
json_t *run_plan_to_json(const run_plan *plan, const run_bars *bars);

/* ---- what the instruments of a run were ----------------------------------------------------- */

/* Currency, tick, lot ... of each instrument, its calendar's name and a hash of the sessions that
 * the bars can meet. A new reference. */
json_t *run_facts_to_json(const run_plan *plan, const run_bars *bars);
/* One of them. FAILURE_CONFIG when its calendar is unknown, FAILURE_BAD_DATA. */
gboolean run_facts_get(const json_t *all, const qb_calendars *calendars, const cache_key *key,
                       qb_instrument *out, GError **error);
/* Its fees, laid over costs; FALSE: none of its own are stored. */
gboolean run_facts_fees(const json_t *all, const qb_instrument *instrument, qb_costs *costs);
/* FAILURE_MISSING when a calendar has other sessions now. all: NULL is fine. */
gboolean run_facts_check(const json_t *all, const run_plan *plan, const run_bars *bars,
                         GError **error);

/* ---- result -------------------------------------------------------------------------------- */

typedef struct run_result {
    qb_engine_totals totals;
    qb_kpis kpis;
    GArray *equity_us;     /* gint64: full resolution, the start first */
    GArray *equity;        /* double */
    GArray *period_us;     /* gint64: period ends, E_0 first */
    GArray *periods;       /* double: equity there; where money came or went time-weighted */
    GArray *flows;         /* qb_curve_flow: deposits and withdrawals that were booked */
    GArray *growth;        /* double: equity at equity_us, time-weighted; NULL: no flows */
    GArray *period_money;  /* double: equity in money at period_us; NULL: no flows */
    GArray *trades;        /* qb_trade_result: the closed ones */
    GArray *benchmark;     /* double, at period_us; NULL: none */
    guint64 skipped_bars;  /* in no session */
    guint64 unpriced_bars; /* with a price that is none */
    guint64 coarse_bars;   /* with --detail: walked whole, for want of finer ones */
    guint64 idle_fills;    /* on bars without volume, in a series that has volumes */
    guint64 ruled[QB_RISK_RULE_COUNT]; /* orders that each risk rule refused or cut */
    guint64 late_fills;                /* orders filled after expected bars were missing */
    guint64 large_fills;               /* above QB_DOCTOR_VOLUME_SHARE of their bar's volume */
    double largest_share;              /* of those */
    guint32 largest_instrument;
    double slippage;        /* fills against their reference prices, in money; < 0: better */
    GArray *closed;         /* runlog_trade: the closed trades as the log will have them */
    GPtrArray *names;       /* of the closed trades, as sheet_trades numbers them */
    qb_bootstrap intervals; /* of the period returns, by the run's seed */
    gboolean checked;       /* honesty is set */
    qb_finding honesty;     /* of the short form */
    char *id;               /* of the logged run; NULL: not logged */
    char *state_hash;
    char *kpis_json;
    char *rest_json; /* what is stored beside the ratios: sheet-private.h */
} run_result;

/* Runs the plan over the bars. log may be NULL: nothing is stored, the hash is still made. When
 * it returns a logged result, the run is durable. */
run_result *run_execute(const run_plan *plan, const run_bars *bars, runlog *log, GError **error);
void run_result_free(run_result *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_result, run_result_free)

/* The three fill models around a neutral run (borrowed): its figures as intervals, and the trades that
 * exist, win or lose in one and not in another. FAILURE_CONFIG where the run is not neutral. */
typedef struct run_band run_band;
run_band *run_band_new(const run_plan *plan, const run_bars *bars, const run_result *result,
                       GError **error);
void run_band_print(const run_band *self);
/* ,"fill_band":{...} */
void run_band_put_json(GString *text, const run_band *self);
void run_band_free(run_band *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_band, run_band_free)

/* Intervals, months, drawdowns, the doctor and the notes into intervals and rest_json. */
gboolean run_result_describe(const run_plan *plan, const run_bars *bars, run_result *result,
                             GError **error);
/* Fees, slippage, borrow and interest; what was earned before them. */
double run_result_costs(const run_result *result);
double run_result_earned(const run_result *result);

/* The curve that its returns make, at full resolution: growth where there is one. Borrows. */
qb_curve run_result_curve(const run_result *result);
/* What its ratios are made of; borrows from the result. */
qb_kpi_input run_result_input(const run_plan *plan, const run_result *result);

/* That of days around the clock as soon as one instrument has it; else New York's, else the first
 * exchange's before mere weekdays. */
const qb_calendar *run_plan_calendar(const run_plan *plan);
/* The ends of the periods of a run whose equity is known from first_us to last_us, of gint64; E_0
 * is stamped *out_start_us, the close before the first bar, and not among them. A last period that
 * is under way ends with last_us. */
GArray *run_period_ends(const qb_calendar *calendar, gint64 first_us, gint64 last_us,
                        gint64 *out_start_us);

/* ---- what to know of a result --------------------------------------------------------------- */

/* One line each, of char *. Warnings say why the figures may be wrong: splits that nobody declared,
 * adjusted prices, samples, tickers that were another company's, a universe of survivors. Notes say
 * what they rest on. Neither changes anything. */
typedef struct run_notes {
    GPtrArray *warnings, *notes;
    GPtrArray *kinds; /* of each warning: "adjusted" ...; static texts */
} run_notes;
run_notes run_notes_of(const run_plan *plan, const run_bars *bars, const run_result *result);
void run_notes_clear(run_notes *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(run_notes, run_notes_clear)

/* A symptom in one sentence without a final point, its trades named; the intervals in one. Caller
 * frees. */
char *run_doctor_text(const run_plan *plan, const run_result *result, const qb_symptom *symptom);
char *run_doctor_interval(const run_result *result);

/* ---- its honesty ----------------------------------------------------------------------------- */

/* What the short proof came to, in one line; caller frees. */
char *run_check_text(const run_plan *plan, const qb_finding *finding);
/* One check as JSON; names the instrument. A new reference. */
json_t *run_check_json(const run_plan *plan, const qb_finding *finding);
/* A row of metrics, and where it failed one of error_logs; at end_us where nothing is located.
 * FAILURE_DATABASE. */
gboolean run_check_store(const run_plan *plan, const qb_finding *finding, gint64 end_us,
                         runlog_writer *writer, GError **error);
/* "AAPL, bar 2020-01-31 00:00: 1 and 0", or NULL where nothing is located. Caller frees. */
char *run_check_place(const run_plan *plan, const qb_finding *finding);

/* ---- showing a result ---------------------------------------------------------------------- */

/* On standard output, fitted to the window, with the tables that are wished for. beside may be NULL;
 * log is the run log's path. as (may be NULL): another tool's figures in place of ours. */
void run_report_print(const run_plan *plan, const run_bars *bars, const run_result *result,
                      const run_plan *beside_plan, const run_result *beside, const metrics_as *as,
                      const run_band *band, const sheet_wish *wish, const char *log);
/* One JSON object on standard output; amounts are exact decimals. as (may be NULL) is added. */
void run_report_json(const run_plan *plan, const run_bars *bars, const run_result *result,
                     const run_plan *beside_plan, const run_result *beside, const metrics_as *as,
                     const run_band *band, const sheet_wish *wish);
/* Equity and drawdown as PNG in path. */
gboolean run_report_chart(const run_plan *plan, const run_result *result,
                          const run_plan *beside_plan, const run_result *beside, const char *path,
                          GError **error);

#endif
