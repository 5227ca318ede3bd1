/* Random order sets over random and real bars, each from one number.
 *
 * In: a seed. Out: a configuration, bars, and a script of what is asked for; then, from the bars
 * that are left of it, the instants of a run. A case is plain data, so that a failing one can be
 * cut down and printed. */
#ifndef FILLS_CASES_H
#define FILLS_CASES_H

#include "reference.h"

#include <stdio.h>

enum { FILLS_BARS = 48, FILLS_DETAILS = 4, FILLS_ACTIONS = 60, FILLS_INSTANTS = 400 };

typedef struct fills_bar {
    qb_bar bar;
    double bid, ask;             /* at the open */
    double close_bid, close_ask; /* at the close */
    qb_bar details[FILLS_DETAILS];
    size_t detail_count;
    uint32_t missed;
    int64_t open_us, known_us;
} fills_bar;

typedef struct fills_case {
    uint64_t seed;
    const char *family; /* "random", "sample", "daily", "minutes" */
    qb_engine_config config;
    qb_instrument instruments[REF_INSTRUMENTS];
    qb_costs costs[REF_INSTRUMENTS];
    qb_deposit deposits[4];
    qb_holding holdings[REF_INSTRUMENTS];
    fills_bar bars[REF_INSTRUMENTS][FILLS_BARS];
    size_t bar_count[REF_INSTRUMENTS];
    ref_action actions[FILLS_ACTIONS];
    size_t action_count;
} fills_case;

/* What a case may hold; the test asks for all of it, a search for a fault for less. */
enum {
    FILLS_SIZES = 1,          /* cash and weights, at the decision and at the fill */
    FILLS_TARGETS = 2,        /* targets and signals */
    FILLS_RESTING = 4,        /* limits, stops, stop-limits, trailing stops */
    FILLS_TIMES = 8,          /* DAY, GTD, IOC, FOK, on-open, on-close, cancel */
    FILLS_BRACKETS = 16,      /* take-profit, stop-loss, trailing stop */
    FILLS_MODELS = 32,        /* pessimistic, optimistic */
    FILLS_FLOWS = 64,         /* deposits, holdings, borrow, interest */
    FILLS_MARGIN = 128,       /* maintenance */
    FILLS_EVENTS = 256,       /* splits and dividends */
    FILLS_QUOTES = 512,       /* bid and ask */
    FILLS_GAPS = 1024,        /* missing and flagged bars */
    FILLS_COSTS = 2048,       /* the whole of a schedule, impact, cap */
    FILLS_REDUCE = 4096,      /* reduce-only orders */
    FILLS_FILL_AT = 8192,     /* close, next-close */
    FILLS_OWN_COSTS = 16384,  /* costs by instrument */
    FILLS_TIME_STOPS = 32768, /* of orders that fill at once */
    FILLS_FINER = 65536,      /* finer bars */
    FILLS_GROUPS = 131072,    /* OCO */
    FILLS_MIXED = 262144,     /* intervals and calendars side by side */
    FILLS_HISTORY = 524288,   /* prices in the units of the history */
    FILLS_PARTED = 1048576,   /* time stops of orders that fill in parts */
    FILLS_ON_FILL = 2097152,  /* a strategy that answers fills */
    FILLS_ALL = 4194303,
};

/* Families after the seed's last digit: 0-6 random, 7 the sample, 8 shared days, 9 shared minutes;
 * where the shared data is absent, the sample for these. */
void fills_case_make(uint64_t seed, unsigned repertoire, fills_case *out);

/* The instants of the bars that are left. `play` points into `self` and into static tables that
 * hold until the next call. */
void fills_case_play(fills_case *self, ref_case *out);

/* The case as a script that a person can follow by hand. */
void fills_case_print(const fills_case *self, FILE *out);

#endif
