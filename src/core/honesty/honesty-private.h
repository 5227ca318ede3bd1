/* The parts of the proofs.
 *
 *   tap.c       stands between engine and strategy, and writes down what is asked
 *   bent.c      a run on bars that were changed: slices, other times, other prices
 *   compare.c   where two notes of runs first differ
 *   checks.c    each check: what is changed, what must follow
 *   warm.c      the same for the warm-up, which needs more than one comparison
 *   short.c     the form that goes along with a run */
#ifndef QB_HONESTY_PRIVATE_H
#define QB_HONESTY_PRIVATE_H

#include "core/honesty/honesty.h"

#include <math.h>

/* ---- what was asked ----------------------------------------------------------------------- */

typedef enum call_kind { CALL_SIGNAL, CALL_TARGET, CALL_ORDER, CALL_SUBMIT, CALL_CANCEL } call_kind;

/* One thing that a strategy asked for. A signal that repeats the one before asks for nothing. */
typedef struct call {
    struct call *next; /* of the same instrument, in time */
    int64_t at_us;     /* on the clock of the unchanged run */
    double value;      /* strength, or the amount with the side's sign */
    double prices[3];  /* of a submitted order: limit, stop, and what its exits add up to */
    double fractions;  /* what its exits that are fractions add up to */
    uint8_t kind;      /* call_kind */
    uint8_t size_kind; /* qb_size_kind */
    uint8_t type;      /* qb_order_type */
    bool after_fill;   /* asked when told of a fill: the next bar's open was known */
} call;

#define NOTES_MAX (UINT32_C(1) << 22)

/* Everything that one run asked. */
typedef struct notes {
    qb_arena arena;
    call **first, **last; /* [count] */
    double *wish;         /* [count]: the last signal; NaN: none */
    uint32_t count;       /* instruments */
    uint32_t calls, left; /* noted; free in the newest block */
    call *block;
    int64_t full_us; /* from here on nothing was noted for want of room; INT64_MAX */
} notes;

QB_CHECKED qb_status notes_init(notes *notes, uint32_t instrument_count);
void notes_clear(notes *notes);

/* ---- the bars as they are ------------------------------------------------------------------ */

/* When things happen in the unchanged run. */
typedef struct base {
    qb_arena arena;
    const qb_engine_config *config;
    const qb_series *series;
    int64_t *instants; /* [instant_count], ascending */
    size_t instant_count;
    bool *closes;       /* [instant_count]: bars close there */
    int64_t **known;    /* [instrument][bar_count]: when each delivered bar became known */
    int64_t **ts;       /* [instrument][bar_count]: its stamp */
    size_t *bar_counts; /* [instrument] */
    size_t warmup;      /* of the strategy with these parameters */
    uint32_t lag;       /* instants from a bar to the next one */
    notes notes;        /* of the unchanged run */
} base;

QB_CHECKED qb_status base_init(base *base, const qb_engine_config *config, const qb_series *series);
void base_clear(base *base);
/* How many of the instrument's bars were known at that time. */
size_t base_known(const base *base, uint32_t instrument, int64_t at_us);
/* The series' row of that delivered bar; the series' length for one past the last. */
size_t base_row(const base *base, uint32_t instrument, size_t bar);

/* ---- a changed run ------------------------------------------------------------------------- */

typedef struct bend {
    const qb_series *series; /* [instrument_count]; NULL: the base's */
    uint32_t lag;            /* each instant comes that many instants later */
    int64_t shift_us;        /* all times move by that */
    double scale;            /* of prices and money: 1 or 2 */
    int64_t quiet_until_us;  /* what is asked before is noted, but kept from the engine */
} bend;
static const bend bend_none = {.scale = 1.0, .quiet_until_us = INT64_MIN};

/* Runs and notes what is asked. The notes are the caller's to clear, also on failure. */
QB_CHECKED qb_status bent_run(const base *base, const bend *bend, notes *out);

/* ---- tap.c ---------------------------------------------------------------------------------- */

typedef struct tap {
    qb_strategy shown; /* what the engine gets; first */
    const qb_strategy *inner;
    void *state;
    qb_context context; /* what the strategy gets */
    const qb_context *real;
    notes *notes;
    const base *base; /* its clock, when `lag` is set */
    bend bend;
    uint32_t instrument; /* whose bar or fill is being handled */
    bool telling;
} tap;
void tap_init(tap *tap, const qb_strategy *inner, notes *notes, const base *base, const bend *bend);
/* An instant of a bent run on the clock of the unchanged one. */
int64_t bend_unbend(const bend *bend, const base *base, int64_t at_us);

/* ---- compare.c ------------------------------------------------------------------------------ */

typedef struct difference {
    uint32_t instrument;
    int64_t at_us;
    double wanted, got;
} difference;

/* True when the two ask for the same up to until_us, that included but for what was asked there
 * upon fills. scale: of the other's prices. exact: amounts too, not only their sign. */
bool notes_equal(const notes *base, const notes *other, int64_t until_us, double scale, bool exact,
                 difference *out);

/* What two runs that began at different times make of the same bars. */
typedef struct steps {
    bool differ;         /* at some instant they wish different things */
    bool differ_in_step; /* even after both had changed their mind alike, at the same instant */
    bool adrift;         /* both change their mind often, and never come into step */
    difference first, first_in_step, first_adrift;
} steps;
void notes_steps(const notes *base, const notes *other, int64_t from_us, int64_t until_us,
                 steps *out);

/* ---- checks --------------------------------------------------------------------------------- */

void finding_fail(const base *base, const difference *difference, const char *why, qb_finding *out);
void finding_undecided(const char *why, qb_finding *out);
QB_CHECKED qb_status check_warmup(const base *base, uint32_t starts, qb_finding *out);

#endif
