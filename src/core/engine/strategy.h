/* The C ABI of a strategy: one const struct of functions.
 *
 * In: a read-only history that ends at the bar just closed, holdings, parameters. Out: signals
 * and orders, through the host's functions. The future is not in the strategy's memory: the
 * engine copies each bar into the history only when it has become known. No I/O, no clock, no
 * mutable globals. New members go at the end; struct_size says how many a caller knows. */
#ifndef QB_STRATEGY_H
#define QB_STRATEGY_H

#include "core/base/param.h"
#include "core/indicators/indicators.h"
#include "core/trading/trading.h"

#define QB_STRATEGY_ABI 1u

/* Bars of one instrument, oldest first, newest at [count - 1]. Borrowed: the pointers to prices
 * and volumes are good for the whole run, ts_us and count only until the call returns (instruments
 * whose bars come together may share their stamps). At least `warmup + 1` bars stay visible once
 * they exist; older ones go. Prices are forward-factored: splits of the past are in them (and, the
 * other way, in the volumes), nothing of the future is, and the past is never rewritten. */
typedef struct qb_history {
    const int64_t *ts_us;
    const double *open, *high, *low, *close;
    const double *volume; /* NaN: unknown */
    size_t count;         /* rows visible here */
    uint64_t total;       /* bars since the start of the run, these included */
} qb_history;

typedef struct qb_context qb_context;

/* An exit that an order brings along. Prices are in the units of the history. */
typedef enum qb_exit_kind {
    QB_EXIT_NONE,
    QB_EXIT_PRICE,    /* amount is the price */
    QB_EXIT_DISTANCE, /* amount away from the average price of the order's fills */
    QB_EXIT_FRACTION, /* that fraction of it away */
} qb_exit_kind;
typedef struct qb_exit {
    qb_exit_kind kind;
    double amount; /* > 0 */
} qb_exit;

/* An order of any type; start from {.struct_size = sizeof(qb_order_request)} and fill in what it
 * needs: zero means none. docs/FILLS.md says when it fills. */
typedef struct qb_order_request {
    uint32_t struct_size;
    uint32_t instrument;
    qb_side side;
    qb_order_type type;
    qb_time_in_force time_in_force;
    bool reduce_only;
    bool raw_prices; /* prices below are money of the day, not of the history */
    qb_size size;
    double limit, stop;
    qb_exit trail; /* QB_TRAILING_STOP: a distance or fraction of the best price */
    int64_t good_until_us;
    uint64_t group; /* OCO: orders of one instrument with the same number; 0: none */
    qb_exit take_profit, stop_loss,
        trailing_stop;       /* the bracket; trailing by distance or fraction */
    uint32_t time_stop_bars; /* 0: none */
} qb_order_request;

/* What a strategy may do. Every call is about the instant `now_us`. */
typedef struct qb_host {
    uint32_t struct_size;
    /* Wish to hold `strength` (-1 .. 1) times the run's size. An unchanged wish does nothing, so
     * it may be repeated on every bar; after an order of it has expired it counts as new. A wish
     * refused for want of cash stays refused until it changes. Crossing zero closes first, then
     * opens. A strength or size that is none (NaN, out of range) disables the strategy. */
    void (*signal)(const qb_context *context, uint32_t instrument, double strength);
    /* Wish to hold exactly this much (side gives the sign); cancels the open remainder of the
     * previous target. A weight or an amount of cash pays the fees of the change out of itself.
     * Returns the id of the first order made, 0 when none was. */
    uint64_t (*target)(const qb_context *context, uint32_t instrument, qb_side side, qb_size size);
    /* Buy or sell that much at market, on top of what is held. Returns the order's id; a refused
     * order has an id too, and its reason is in the run log. */
    uint64_t (*order)(const qb_context *context, uint32_t instrument, qb_side side, qb_size size);
    double (*position)(const qb_context *context, uint32_t instrument); /* units, signed */
    double (*equity)(const qb_context *context); /* at the last known prices */
    double (*cash)(const qb_context *context);
    double (*random)(const qb_context *context); /* [0, 1), from the run's seed */
    /* Returns the order's id; a refused order has an id too, and its reason is in the run log. 0
     * for an instrument that does not exist and before the warm-up is over. */
    uint64_t (*submit)(const qb_context *context, const qb_order_request *request);
    /* Cancels an open order and its children that have not begun to live. False: none such. */
    bool (*cancel)(const qb_context *context, uint64_t order);
    /* A signal of that strength was there, and this filter (a static text such as "rsi") stood in
     * the way: for `explain`. Changes nothing. */
    void (*filtered)(const qb_context *context, uint32_t instrument, double strength,
                     const char *filter);
    /* The value of a macro series of the run (its place in --macro) as known now; NaN: none. */
    double (*macro)(const qb_context *context, uint32_t series);
    /* Orders from here on are this strategy's of several; for the one that joins them (group.h). */
    void (*owner)(const qb_context *context, uint32_t owner);
    /* What the position is worth at the last known price, signed; in money. */
    double (*value)(const qb_context *context, uint32_t instrument);
    /* Its average cost per unit, in the units of the history; 0 when flat. */
    double (*entry)(const qb_context *context, uint32_t instrument);
    /* The product of its splits so far (fresh per old; 1 at the start): a price of the day is one of
     * the history divided by it. */
    double (*factor)(const qb_context *context, uint32_t instrument);
} qb_host;

struct qb_context {
    uint32_t abi_version, struct_size;
    const qb_host *host;
    const qb_history *history; /* [instrument_count] */
    uint32_t instrument_count;
    int64_t now_us;
    uint32_t last_closed; /* the highest instrument whose bar closed at now_us */
};

/* What init is given; borrowed until it returns, but for memory from alloc. */
typedef struct qb_setup qb_setup;
struct qb_setup {
    uint32_t abi_version, struct_size;
    const double *params; /* [param_count], in the order of the table, already validated */
    uint32_t instrument_count;
    const qb_instrument *instruments; /* [instrument_count], good for the whole run */
    /* Zeroed memory from the run's arena, freed with it; NULL when there is none. */
    void *(*alloc)(const qb_setup *setup, size_t count, size_t size);
    qb_size size;         /* of a signal of strength 1 */
    uint32_t macro_count; /* series that host->macro knows */
    /* The struct whose init is called, for one that stands before another and has to find it. */
    const struct qb_strategy *strategy;
};

typedef struct qb_strategy {
    uint32_t abi_version, struct_size;
    const char *name;    /* [a-z0-9_]+ */
    const char *summary; /* one line */
    const qb_param *params;
    size_t param_count;
    /* NULL, or a static sentence that says what is wrong with this combination. Optional. */
    const char *(*check)(const double *params);
    /* Bars of an instrument before its first decision, the deciding one included; >= 1. Earlier
     * signals and orders are refused. */
    size_t (*warmup)(const double *params);
    qb_status (*init)(const qb_setup *setup, void **out_state);
    /* One bar of one instrument has closed. Called for each bar from the first on, after all
     * bars of the same instant are in the histories; instruments in ascending order. */
    void (*on_bar)(void *state, const qb_context *context, uint32_t instrument);
    /* One of its orders was filled, wholly or in part. Optional. */
    void (*on_fill)(void *state, const qb_context *context, const qb_fill *fill);
    /* Optional; memory from alloc is freed by the engine. */
    void (*clear)(void *state);
    /* What a strategy over many instruments may leave out, to save their time. Zero: nothing. */
    uint32_t
        columns; /* QB_READ_..., all columns of the history that it reads; others may be NULL */
    /* Its on_bar does nothing but for the instrument context->last_closed, and need not be called
     * for others. */
    bool once_per_instant;
} qb_strategy;

/* Stamps, count and total are always there. */
enum {
    QB_READ_OPEN = 1,
    QB_READ_HIGH = 2,
    QB_READ_LOW = 4,
    QB_READ_CLOSE = 8,
    QB_READ_VOLUME = 16,
    QB_READ_ALL = 31,
};

/* ---- short words for strategies ------------------------------------------------------------ */

/* The newest bar's close; a bar of the instrument must have closed. */
static inline double qb_close_now(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    return history->close[history->count - 1];
}

/* A share of equity, an amount of currency, or units; resolved when decided. */
static inline qb_size qb_size_weight(double weight)
{
    return (qb_size){.kind = QB_SIZE_WEIGHT, .amount = weight};
}
static inline qb_size qb_size_cash(double cash)
{
    return (qb_size){.kind = QB_SIZE_CASH, .amount = cash};
}
static inline qb_size qb_size_units(double units)
{
    return (qb_size){.kind = QB_SIZE_UNITS, .amount = units};
}
/* The run's size times a strength of 0 .. 1, as a signal would have it. */
static inline qb_size qb_size_scaled(qb_size size, double strength)
{
    size.amount *= strength;
    return size;
}

/* The name under which a shared object exports its strategy. */
#define QB_STRATEGY_EXPORT quantbot_strategy

/* ABI version, struct size, names, ranges and mandatory functions; QB_BAD_STRATEGY and a static
 * sentence in *out_why. */
QB_CHECKED qb_status qb_strategy_check(const qb_strategy *strategy, const char **out_why);

/* Parameter values from "name=value" texts over the defaults. On failure *out_bad is the index
 * of the text (or text_count for `check`) and *out_why a static sentence; out_params untouched.
 * out_params has param_count entries. */
QB_CHECKED qb_status qb_params_from_text(const qb_strategy *strategy, const char *const *texts,
                                         size_t text_count, double *out_params, size_t *out_bad,
                                         const char **out_why);

#endif
