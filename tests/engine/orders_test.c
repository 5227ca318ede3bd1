/* Every order type, time in force and fill model, on a handful of bars: prices worked by hand from
 * docs/FILLS.md. Bar 0 decides; what is asked for is on the book when bar 1 opens. */
#include "lab.h"

enum { BARS = 6, ORDERS = 4, FILLS = 6 };

typedef struct ohlcv {
    double open, high, low, close, volume; /* volume 0: unknown */
} ohlcv;

typedef struct want_fill {
    int day; /* 0: no more */
    double units, price;
    bool maker;
} want_fill;

typedef struct want_end {
    qb_order_status status;
    qb_reason reason;
} want_end;

typedef struct order_case {
    const char *name;
    qb_fill_model model;
    qb_fill_at fill_at;
    double slippage, cap, tick;
    ohlcv bars[BARS];
    qb_order_request asked[ORDERS]; /* side 0: no more */
    want_fill fills[FILLS];
    want_end ends[ORDERS + 3]; /* of all orders, by id */
} order_case;

static const order_case *playing;

static void ask_at_first(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) != 0)
        return;
    for (int i = 0; i < ORDERS && playing->asked[i].side != 0; i++) {
        qb_order_request request = playing->asked[i];
        request.struct_size = sizeof request;
        if (request.size.amount == 0.0)
            request.size = lab_units(1);
        context->host->submit(context, &request);
    }
}

static void check_case(const order_case *play, const lab *lab)
{
    size_t fills = 0, ends = 0;
    for (; fills < FILLS && play->fills[fills].day != 0; fills++) {
        const want_fill *want = &play->fills[fills];
        lab_check_fill(lab, fills, want->day, want->units, want->price);
        if (fills < lab->fill_count)
            CHECK_INT(lab->fills[fills].maker, want->maker);
    }
    CHECK_INT(lab->fill_count, fills);
    for (; ends < ORDERS + 3 && play->ends[ends].status != QB_ORDER_OPEN; ends++)
        lab_check_order(lab, ends, play->ends[ends].status, play->ends[ends].reason);
    CHECK_INT(lab->order_count, ends);
}

static void play(const order_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int failed = tap_failed;
        playing = &cases[i];
        lab_use(ask_at_first);
        qb_instrument coin = lab_coin(QB_1D);
        coin.tick.raw = LAB_RAW(playing->tick);
        qb_engine_config config = lab_config(&coin, 1);
        config.fill_model = playing->model;
        config.fill_at = playing->fill_at;
        config.costs.slippage.raw = LAB_RAW(playing->slippage);
        config.costs.volume_cap.raw = LAB_RAW(playing->cap);
        qb_series series = {0};
        for (int day = 0; day < BARS && playing->bars[day].open != 0.0; day++) {
            const ohlcv *bar = &playing->bars[day];
            lab_bar_day(&series, day, bar->open, bar->high, bar->low, bar->close,
                        bar->volume == 0.0 ? NAN : bar->volume);
        }
        lab lab = lab_run(&config, &series);
        CHECK_OK(lab.status);
        check_case(playing, &lab);
        if (tap_failed != failed)
            printf("# in the case: %s\n", playing->name);
        lab_clear(&lab);
        qb_series_clear(&series);
    }
}

#define PLAY(cases) play(cases, sizeof(cases) / sizeof *(cases))
#define FLAT_100              \
    {                         \
        100, 100, 100, 100, 0 \
    }
#define FILLED                          \
    {                                   \
        QB_ORDER_FILLED, QB_REASON_NONE \
    }
#define CANCELLED(why)                      \
    {                                       \
        QB_ORDER_CANCELLED, QB_REASON_##why \
    }
#define EXPIRED(why)                      \
    {                                     \
        QB_ORDER_EXPIRED, QB_REASON_##why \
    }
#define REJECTED(why)                      \
    {                                      \
        QB_ORDER_REJECTED, QB_REASON_##why \
    }
#define PRICE(value)                           \
    {                                          \
        .kind = QB_EXIT_PRICE, .amount = value \
    }
#define DISTANCE(value)                           \
    {                                             \
        .kind = QB_EXIT_DISTANCE, .amount = value \
    }
#define FRACTION(value)                           \
    {                                             \
        .kind = QB_EXIT_FRACTION, .amount = value \
    }
#define UNITS(value)    \
    {                   \
        .amount = value \
    }

/* ---- limits ------------------------------------------------------------------------------- */

static const order_case limit_cases[] = {
    {.name = "a buy limit on the way, without slippage, as a maker",
     .slippage = 0.01,
     .bars = {FLAT_100, {100, 105, 94, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95}},
     .fills = {{1, 1, 95, true}},
     .ends = {FILLED}},
    {.name = "a buy limit at an opening below it",
     .slippage = 0.01,
     .bars = {FLAT_100, {90, 105, 89, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95}},
     .fills = {{1, 1, 90, false}},
     .ends = {FILLED}},
    {.name = "a sell limit on the way",
     .bars = {FLAT_100, {100, 106, 99, 101, 0}},
     .asked = {{.side = QB_SELL, .type = QB_LIMIT, .limit = 105}},
     .fills = {{1, -1, 105, true}},
     .ends = {FILLED}},
    {.name = "touched is enough",
     .tick = 0.01,
     .bars = {FLAT_100, {100, 101, 95, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95}},
     .fills = {{1, 1, 95, true}},
     .ends = {FILLED}},
    {.name = "touched is not enough for a pessimist",
     .model = QB_PESSIMISTIC,
     .tick = 0.01,
     .bars = {FLAT_100, {100, 101, 95, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95}},
     .ends = {EXPIRED(END_OF_DATA)}},
    {.name = "a tick further is",
     .model = QB_PESSIMISTIC,
     .tick = 0.01,
     .bars = {FLAT_100, {100, 101, 94.99, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95}},
     .fills = {{1, 1, 95, true}},
     .ends = {FILLED}},
    {.name = "a limit is exact, whatever the tick",
     .tick = 0.5,
     .bars = {FLAT_100, {100, 101, 94, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95.3}},
     .fills = {{1, 1, 95.3, true}},
     .ends = {FILLED}},
    {.name = "two limits: the nearer first, whichever came first",
     .bars = {FLAT_100, {100, 101, 90, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 92},
               {.side = QB_BUY, .type = QB_LIMIT, .limit = 97}},
     .fills = {{1, 1, 97, true}, {1, 1, 92, true}},
     .ends = {FILLED, FILLED}},
};

static void limits(void)
{
    PLAY(limit_cases);
}

/* ---- stops -------------------------------------------------------------------------------- */

static const order_case stop_cases[] = {
    {.name = "a buy stop, slipped",
     .slippage = 0.01,
     .bars = {FLAT_100, {100, 106, 99, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105}},
     .fills = {{1, 1, 106.05, false}},
     .ends = {FILLED}},
    {.name = "slipped twice",
     .model = QB_PESSIMISTIC,
     .slippage = 0.01,
     .bars = {FLAT_100, {100, 106, 99, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105}},
     .fills = {{1, 1, 107.1, false}},
     .ends = {FILLED}},
    {.name = "not slipped",
     .model = QB_OPTIMISTIC,
     .slippage = 0.01,
     .bars = {FLAT_100, {100, 106, 99, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105}},
     .fills = {{1, 1, 105, false}},
     .ends = {FILLED}},
    {.name = "an opening beyond it",
     .slippage = 0.01,
     .bars = {FLAT_100, {110, 112, 109, 111, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105}},
     .fills = {{1, 1, 111.1, false}},
     .ends = {FILLED}},
    {.name = "a sell stop at an opening below it",
     .slippage = 0.01,
     .bars = {FLAT_100, {90, 92, 89, 91, 0}},
     .asked = {{.side = QB_SELL, .type = QB_STOP, .stop = 95}},
     .fills = {{1, -1, 89.1, false}},
     .ends = {FILLED}},
    {.name = "what the volume leaves of a stop is a market order",
     .cap = 0.05,
     .bars = {FLAT_100, {100, 106, 99, 101, 100}, {98, 99, 97, 98, 100}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105, .size = UNITS(8)}},
     .fills = {{1, 5, 105, false}, {2, 3, 98, false}},
     .ends = {FILLED}},
    /* 100, 99, 106, 101: triggered at 105 on the way up, 104 comes on the way down. */
    {.name = "a stop-limit on a path that comes back",
     .bars = {FLAT_100, {100, 106, 99, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP_LIMIT, .stop = 105, .limit = 104}},
     .fills = {{1, 1, 104, true}},
     .ends = {FILLED}},
    {.name = "a stop-limit with the limit beyond",
     .bars = {FLAT_100, {100, 106, 99, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP_LIMIT, .stop = 105, .limit = 105.5}},
     .fills = {{1, 1, 105, false}},
     .ends = {FILLED}},
    {.name = "a pessimist's limit waits for the next bar",
     .model = QB_PESSIMISTIC,
     .bars = {FLAT_100, {100, 106, 99, 101, 0}, {103, 103, 100, 101, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP_LIMIT, .stop = 105, .limit = 104}},
     .fills = {{2, 1, 103, false}},
     .ends = {FILLED}},
    {.name = "an optimist's may use the whole bar",
     .model = QB_OPTIMISTIC,
     .bars = {FLAT_100, {100, 106, 99, 105.5, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP_LIMIT, .stop = 105, .limit = 104}},
     .fills = {{1, 1, 104, true}},
     .ends = {FILLED}},
    {.name = "a path that does not come back",
     .bars = {FLAT_100, {100, 106, 99, 105.5, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP_LIMIT, .stop = 105, .limit = 104}},
     .ends = {EXPIRED(END_OF_DATA)}},
    {.name = "triggered by an opening, filled by it",
     .bars = {FLAT_100, {106, 107, 105, 106, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP_LIMIT, .stop = 105, .limit = 106.5}},
     .fills = {{1, 1, 106, false}},
     .ends = {FILLED}},
};

static void stops(void)
{
    PLAY(stop_cases);
}

/* ---- trailing stops ----------------------------------------------------------------------- */

/* Bought at 100; bar 1 goes 100, 99, 110, 108: the best is 110. */
#define TRAILED              \
    {                        \
        100, 110, 99, 108, 0 \
    }
static const order_case trailing_cases[] = {
    {.name = "by a distance: 110 - 5",
     .bars = {FLAT_100, TRAILED, {107, 107, 104, 104, 0}},
     .asked = {{.side = QB_BUY, .trailing_stop = DISTANCE(5)}},
     .fills = {{1, 1, 100, false}, {2, -1, 105, false}},
     .ends = {FILLED, FILLED}},
    {.name = "by a fraction: 110 x 0.95",
     .bars = {FLAT_100, TRAILED, {107, 107, 104, 104, 0}},
     .asked = {{.side = QB_BUY, .trailing_stop = FRACTION(0.05)}},
     .fills = {{1, 1, 100, false}, {2, -1, 104.5, false}},
     .ends = {FILLED, FILLED}},
    {.name = "for a pessimist closes alone move it: 108 - 5",
     .model = QB_PESSIMISTIC,
     .bars = {FLAT_100, TRAILED, {107, 107, 104, 104, 0}, {104, 104, 102, 102, 0}},
     .asked = {{.side = QB_BUY, .trailing_stop = DISTANCE(5)}},
     .fills = {{1, 1, 100, false}, {3, -1, 103, false}},
     .ends = {FILLED, FILLED}},
    /* 100, 110, 99: the way down meets 105, the level that the way up has left. */
    {.name = "within one bar, from one leg to the next",
     .bars = {FLAT_100, {100, 110, 88, 90, 0}},
     .asked = {{.side = QB_BUY, .trailing_stop = DISTANCE(5)}},
     .fills = {{1, 1, 100, false}, {1, -1, 105, false}},
     .ends = {FILLED, FILLED}},
    {.name = "an opening beyond its level",
     .bars = {FLAT_100, TRAILED, {101, 103, 100, 102, 0}},
     .asked = {{.side = QB_BUY, .trailing_stop = DISTANCE(5)}},
     .fills = {{1, 1, 100, false}, {2, -1, 101, false}},
     .ends = {FILLED, FILLED}},
    /* From the close of bar 0: a buyer's stop 5 above the lowest: 94 + 5. */
    {.name = "an entry that follows a fall",
     .bars = {FLAT_100, {98, 98, 94, 95, 0}, {96, 101, 95, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_TRAILING_STOP, .trail = DISTANCE(5)}},
     .fills = {{2, 1, 99, false}},
     .ends = {FILLED}},
};

static void trailing(void)
{
    PLAY(trailing_cases);
}

/* ---- time in force ------------------------------------------------------------------------ */

#define DAY_END(days) (LAB_START + (days)*QB_DAY_US)
static const order_case time_cases[] = {
    {.name = "good for the day: the next bar, not the one after",
     .bars = {FLAT_100, {100, 101, 96, 100, 0}, {100, 101, 90, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95, .time_in_force = QB_DAY}},
     .ends = {EXPIRED(TIME)}},
    {.name = "good till a date: the bar that closes at it counts",
     .bars = {FLAT_100, {100, 101, 96, 100, 0}, {100, 101, 90, 100, 0}},
     .asked = {{.side = QB_BUY,
                .type = QB_LIMIT,
                .limit = 95,
                .time_in_force = QB_GTD,
                .good_until_us = DAY_END(3)}},
     .fills = {{2, 1, 95, true}},
     .ends = {FILLED}},
    {.name = "a bar that closes after it does not",
     .bars = {FLAT_100, {100, 101, 96, 100, 0}, {100, 101, 90, 100, 0}},
     .asked = {{.side = QB_BUY,
                .type = QB_LIMIT,
                .limit = 95,
                .time_in_force = QB_GTD,
                .good_until_us = DAY_END(3) - 1}},
     .ends = {EXPIRED(TIME)}},
    {.name = "an opening at its end comes too late",
     .bars = {FLAT_100, {100, 101, 96, 100, 0}, {90, 101, 90, 100, 0}},
     .asked = {{.side = QB_BUY,
                .type = QB_LIMIT,
                .limit = 95,
                .time_in_force = QB_GTD,
                .good_until_us = DAY_END(2)}},
     .ends = {EXPIRED(TIME)}},
    {.name = "what can be had at once: 5 % of 100",
     .cap = 0.05,
     .bars = {FLAT_100, {100, 101, 99, 100, 100}},
     .asked = {{.side = QB_BUY, .time_in_force = QB_IOC, .size = UNITS(8)}},
     .fills = {{1, 5, 100, false}},
     .ends = {CANCELLED(NOT_FILLED)}},
    {.name = "all at once or nothing",
     .cap = 0.05,
     .bars = {FLAT_100, {100, 101, 99, 100, 100}},
     .asked = {{.side = QB_BUY, .time_in_force = QB_FOK, .size = UNITS(8)},
               {.side = QB_BUY, .time_in_force = QB_FOK, .size = UNITS(5)}},
     .fills = {{1, 5, 100, false}},
     .ends = {CANCELLED(NOT_FILLED), FILLED}},
    {.name = "a limit that is judged at the opening alone",
     .bars = {FLAT_100, {100, 101, 90, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95, .time_in_force = QB_IOC},
               {.side = QB_BUY, .type = QB_LIMIT, .limit = 105, .time_in_force = QB_FOK}},
     .fills = {{1, 1, 100, false}},
     .ends = {CANCELLED(NOT_FILLED), FILLED}},
    /* 200 units cost 20,000, of 10,000: all of it is more than the gate lets through. */
    {.name = "the gate counts",
     .bars = {{40, 40, 40, 40, 0}, {100, 101, 99, 100, 0}},
     .asked = {{.side = QB_BUY, .time_in_force = QB_FOK, .size = UNITS(200)}},
     .ends = {REJECTED(CASH)}},
    {.name = "on open and on close of a day",
     .bars = {FLAT_100, {101, 104, 99, 103, 0}, FLAT_100},
     .asked = {{.side = QB_BUY, .type = QB_MARKET_ON_OPEN},
               {.side = QB_BUY, .type = QB_MARKET_ON_CLOSE}},
     .fills = {{1, 1, 101, false}, {1, 1, 103, false}},
     .ends = {FILLED, FILLED}},
};

static void times(void)
{
    PLAY(time_cases);
}

/* ---- volume ------------------------------------------------------------------------------- */

static const order_case volume_cases[] = {
    {.name = "the rest stays open",
     .cap = 0.05,
     .bars =
         {FLAT_100, {100, 101, 99, 100, 100}, {101, 102, 100, 101, 100}, {102, 103, 101, 102, 100}},
     .asked = {{.side = QB_BUY, .size = UNITS(12)}},
     .fills = {{1, 5, 100, false}, {2, 5, 101, false}, {3, 2, 102, false}},
     .ends = {FILLED}},
    {.name = "all orders share it",
     .cap = 0.05,
     .bars = {FLAT_100, {100, 101, 99, 100, 100}, {101, 102, 100, 101, 100}},
     .asked = {{.side = QB_BUY, .size = UNITS(4)}, {.side = QB_BUY, .size = UNITS(4)}},
     .fills = {{1, 4, 100, false}, {1, 1, 100, false}, {2, 3, 101, false}},
     .ends = {FILLED, FILLED}},
    {.name = "opening, path and close together",
     .cap = 0.05,
     .bars = {FLAT_100, {100, 101, 94, 100, 100}, {101, 102, 94, 100, 100}},
     .asked = {{.side = QB_BUY, .size = UNITS(3)},
               {.side = QB_BUY, .type = QB_LIMIT, .limit = 95, .size = UNITS(3)},
               {.side = QB_BUY, .type = QB_MARKET_ON_CLOSE, .size = UNITS(1)}},
     .fills = {{1, 3, 100, false}, {1, 2, 95, true}, {2, 1, 95, true}, {2, 1, 100, false}},
     .ends = {FILLED, FILLED, FILLED}},
    {.name = "halved",
     .model = QB_PESSIMISTIC,
     .cap = 0.05,
     .bars = {FLAT_100, {100, 101, 99, 100, 100}, {101, 102, 100, 101, 100}},
     .asked = {{.side = QB_BUY, .size = UNITS(3)}},
     .fills = {{1, 2, 100, false}, {2, 1, 101, false}},
     .ends = {FILLED}},
    {.name = "lifted",
     .model = QB_OPTIMISTIC,
     .cap = 0.05,
     .bars = {FLAT_100, {100, 101, 99, 100, 100}},
     .asked = {{.side = QB_BUY, .size = UNITS(50)}},
     .fills = {{1, 50, 100, false}},
     .ends = {FILLED}},
};

static void volumes(void)
{
    PLAY(volume_cases);
}

/* ---- brackets ----------------------------------------------------------------------------- */

static const order_case bracket_cases[] = {
    /* 111 is 11 away, 94 is 6: the low comes first. */
    {.name = "both in reach: the nearer extreme",
     .bars = {FLAT_100, {100, 111, 94, 100, 0}},
     .asked = {{.side = QB_BUY, .take_profit = PRICE(110), .stop_loss = PRICE(95)}},
     .fills = {{1, 1, 100, false}, {1, -1, 95, false}},
     .ends = {FILLED, CANCELLED(OCO), FILLED}},
    {.name = "both in reach: the target is nearer",
     .bars = {FLAT_100, {100, 104, 94, 100, 0}},
     .asked = {{.side = QB_BUY, .take_profit = DISTANCE(3), .stop_loss = DISTANCE(5)}},
     .fills = {{1, 1, 100, false}, {1, -1, 103, true}},
     .ends = {FILLED, FILLED, CANCELLED(OCO)}},
    {.name = "a tie: against the trader",
     .bars = {FLAT_100, {100, 106, 94, 100, 0}},
     .asked = {{.side = QB_BUY, .take_profit = FRACTION(0.05), .stop_loss = FRACTION(0.05)}},
     .fills = {{1, 1, 100, false}, {1, -1, 95, false}},
     .ends = {FILLED, CANCELLED(OCO), FILLED}},
    {.name = "an optimist's target",
     .model = QB_OPTIMISTIC,
     .bars = {FLAT_100, {100, 111, 94, 100, 0}},
     .asked = {{.side = QB_BUY, .take_profit = PRICE(110), .stop_loss = PRICE(95)}},
     .fills = {{1, 1, 100, false}, {1, -1, 110, true}},
     .ends = {FILLED, FILLED, CANCELLED(OCO)}},
    {.name = "a pessimist's target waits, though the stop is far",
     .model = QB_PESSIMISTIC,
     .bars = {FLAT_100, {100, 111, 99, 100, 0}, {105, 111, 104, 105, 0}},
     .asked = {{.side = QB_BUY, .take_profit = PRICE(110), .stop_loss = PRICE(95)}},
     .fills = {{1, 1, 100, false}, {2, -1, 110, true}},
     .ends = {FILLED, FILLED, CANCELLED(OCO)}},
    /* 100, 101, 89, 98: entered at 95 on the way down, stopped at 90 on the same leg. */
    {.name = "children live from the entry on",
     .bars = {FLAT_100, {100, 101, 89, 98, 0}},
     .asked = {{.side = QB_BUY,
                .type = QB_LIMIT,
                .limit = 95,
                .take_profit = PRICE(97),
                .stop_loss = PRICE(90)}},
     .fills = {{1, 1, 95, true}, {1, -1, 90, false}},
     .ends = {FILLED, CANCELLED(OCO), FILLED}},
    /* 100, 99, 104: not before: 99 was on the way to the entry at 103. */
    {.name = "what lies before the entry does not count",
     .bars = {FLAT_100, {100, 104, 99, 103.5, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 103, .stop_loss = PRICE(99.5)}},
     .fills = {{1, 1, 103, false}},
     .ends = {FILLED, EXPIRED(END_OF_DATA)}},
    {.name = "a short's bracket",
     .bars = {FLAT_100, {100, 102, 89, 95, 0}},
     .asked = {{.side = QB_SELL, .take_profit = DISTANCE(10), .stop_loss = DISTANCE(5)}},
     .fills = {{1, -1, 100, false}, {1, 1, 90, true}},
     .ends = {FILLED, FILLED, CANCELLED(OCO)}},
    {.name = "a parent that never fills takes them along",
     .bars = {FLAT_100, {100, 101, 99, 100, 0}, FLAT_100},
     .asked = {{.side = QB_BUY,
                .type = QB_LIMIT,
                .limit = 95,
                .time_in_force = QB_DAY,
                .take_profit = PRICE(97),
                .stop_loss = PRICE(90)}},
     .ends = {EXPIRED(TIME), CANCELLED(PARENT), CANCELLED(PARENT)}},
    /* 5 at 100 and 5 at 104: the average is 102, the stop 10 below. */
    {.name = "children grow with their parent",
     .cap = 0.05,
     .bars =
         {FLAT_100, {100, 101, 99, 100, 100}, {104, 105, 103, 104, 100}, {103, 103, 91, 93, 1000}},
     .asked = {{.side = QB_BUY, .size = UNITS(10), .stop_loss = DISTANCE(10)}},
     .fills = {{1, 5, 100, false}, {2, 5, 104, false}, {3, -10, 92, false}},
     .ends = {FILLED, FILLED}},
    {.name = "two bars after the one that holds the fill",
     .bars = {FLAT_100, FLAT_100, FLAT_100, {101, 101, 101, 101, 0}, {102, 102, 102, 102, 0}},
     .asked = {{.side = QB_BUY, .time_stop_bars = 2}},
     .fills = {{1, 1, 100, false}, {3, -1, 101, false}},
     .ends = {FILLED, FILLED}},
    {.name = "a time stop after the stop is none",
     .bars = {FLAT_100, {100, 100, 90, 100, 0}, FLAT_100, FLAT_100},
     .asked = {{.side = QB_BUY, .stop_loss = PRICE(95), .time_stop_bars = 2}},
     .fills = {{1, 1, 100, false}, {1, -1, 95, false}},
     .ends = {FILLED, FILLED}},
};

static void brackets(void)
{
    PLAY(bracket_cases);
}

/* ---- groups and reduce-only --------------------------------------------------------------- */

static const order_case group_cases[] = {
    {.name = "one cancels the other",
     .bars = {FLAT_100, {100, 106, 94, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105, .group = 7},
               {.side = QB_SELL, .type = QB_STOP, .stop = 95, .group = 7}},
     /* A tie, flat, and the older buys: the high first. */
     .fills = {{1, 1, 105, false}},
     .ends = {FILLED, CANCELLED(OCO)}},
    {.name = "so many units off the other",
     .cap = 0.05,
     .bars = {FLAT_100, {100, 101, 94, 100, 60}, {100, 106, 99, 105.5, 1000}},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT, .limit = 95, .size = UNITS(10), .group = 7},
               {.side = QB_BUY, .type = QB_STOP, .stop = 105, .size = UNITS(10), .group = 7}},
     .fills = {{1, 3, 95, true}, {2, 7, 105, false}},
     .ends = {CANCELLED(OCO), FILLED}},
    {.name = "another number is another group",
     .bars = {FLAT_100, {100, 106, 94, 100, 0}},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105, .group = 7},
               {.side = QB_SELL, .type = QB_STOP, .stop = 95, .group = 8}},
     .fills = {{1, 1, 105, false}, {1, -1, 95, false}},
     .ends = {FILLED, FILLED}},
    {.name = "nothing to reduce",
     .bars = {FLAT_100, FLAT_100},
     .asked = {{.side = QB_SELL, .reduce_only = true}},
     .ends = {REJECTED(REDUCE_ONLY)}},
};

static void groups(void)
{
    PLAY(group_cases);
}

/* ---- orders that are none ----------------------------------------------------------------- */

static const order_case bad_cases[] = {
    {.name = "parts that do not go together",
     .bars = {FLAT_100, FLAT_100},
     .asked = {{.side = QB_BUY, .type = QB_STOP, .stop = 105, .time_in_force = QB_IOC},
               {.side = QB_BUY, .type = QB_TRAILING_STOP},
               {.side = QB_BUY, .type = QB_LIMIT, .limit = 95, .trail = DISTANCE(1)},
               {.side = QB_BUY, .trailing_stop = PRICE(90)}},
     .ends = {REJECTED(BAD_ORDER), REJECTED(BAD_ORDER), REJECTED(BAD_ORDER), REJECTED(BAD_ORDER)}},
    {.name = "types that do not exist",
     .bars = {FLAT_100, FLAT_100},
     .asked = {{.side = QB_BUY, .type = (qb_order_type)99},
               {.side = QB_BUY, .time_in_force = (qb_time_in_force)99},
               {.side = QB_BUY, .stop_loss = {.kind = (qb_exit_kind)9, .amount = 1}},
               {.side = QB_BUY, .reduce_only = true, .stop_loss = PRICE(9)}},
     .ends = {REJECTED(BAD_ORDER), REJECTED(BAD_ORDER), REJECTED(BAD_ORDER), REJECTED(BAD_ORDER)}},
    {.name = "prices that are none",
     .bars = {FLAT_100, FLAT_100},
     .asked = {{.side = QB_BUY, .type = QB_LIMIT},
               {.side = QB_BUY, .type = QB_STOP, .stop = -1},
               {.side = QB_BUY, .stop_loss = DISTANCE(0)},
               {.side = QB_SELL, .type = QB_TRAILING_STOP, .trail = DISTANCE(100)}},
     .ends = {REJECTED(BAD_PRICE), REJECTED(BAD_PRICE), REJECTED(BAD_PRICE), REJECTED(BAD_PRICE)}},
    {.name = "a child whose price comes to nothing",
     .bars = {FLAT_100, FLAT_100},
     .asked = {{.side = QB_BUY, .stop_loss = DISTANCE(100)}},
     .fills = {{1, 1, 100, false}},
     .ends = {FILLED, REJECTED(BAD_PRICE)}},
};

static void bad_orders(void)
{
    PLAY(bad_cases);
}

static const tap_case cases[] = {
    {"/engine/orders/limits", limits},     {"/engine/orders/stops", stops},
    {"/engine/orders/trailing", trailing}, {"/engine/orders/time-in-force", times},
    {"/engine/orders/volume", volumes},    {"/engine/orders/brackets", brackets},
    {"/engine/orders/groups", groups},     {"/engine/orders/bad", bad_orders},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
