/* Proofs of honesty: does a strategy decide by what it could know, and by nothing else?
 *
 * In: a configuration and the bars of a run. Out: a verdict per check, and where one failed the first
 * bar, instrument and value. Each check runs the strategy again on bars that were changed in a way
 * that an honest strategy must not notice, or must follow, and compares what it asked for. All goes
 * through the engine's public side; whose strategy it is makes no difference.
 *
 * What is compared is what the strategy asks (signals, targets, orders, cancellations), not what the
 * account made of it. The risk rules and deposits of the run are left out. What each check can
 * prove, and what none can: docs/STRATEGIES.md. */
#ifndef QB_HONESTY_H
#define QB_HONESTY_H

#include "core/engine/engine.h"

typedef enum qb_check {
    QB_CHECK_REPEAT,   /* the same bars once more decide the same */
    QB_CHECK_PREFIXES, /* the first n bars make the first n decisions */
    QB_CHECK_FUTURE,   /* another future, every rise a fall, changes nothing before it */
    QB_CHECK_DELAYED,  /* bars that come one bar later are followed one bar later */
    QB_CHECK_DATES,    /* the same bars on the same days of 28 years away decide the same */
    QB_CHECK_LEVELS,   /* twice the price of everything, and the account, decides the same */
    QB_CHECK_WARMUP,   /* 1, 2 and 4 times the warm-up before it decide the same after it */
    QB_CHECK_COUNT,
} qb_check;
/* "repeat" ...; static, stable. */
const char *qb_check_text(qb_check check);
/* What it means that it passed, a static sentence without a final point. */
const char *qb_check_meaning(qb_check check);

typedef enum qb_verdict {
    QB_VERDICT_PASSED,
    QB_VERDICT_FAILED,
    QB_VERDICT_UNDECIDED, /* there was not enough to judge by; why says what */
} qb_verdict;
const char *qb_verdict_text(qb_verdict verdict);

typedef struct qb_finding {
    qb_check check;
    qb_verdict verdict;
    const char *why; /* static; NULL: nothing to add */
    bool located;    /* what follows is set: where two runs first differ */
    uint32_t instrument;
    int64_t at_us;      /* when the bar that was decided by was known */
    int64_t bar_ts_us;  /* that bar's stamp */
    double wanted, got; /* strength or signed amount with the run's bars, and with the changed
                           ones; NaN: nothing asked */
    uint32_t runs;      /* runs that the check took */
} qb_finding;

typedef struct qb_honesty_limits {
    uint32_t cuts;    /* prefixes; 0: as many as there are changes of mind */
    uint32_t futures; /* other futures */
    uint32_t starts;  /* places at which the warm-up is tried */
} qb_honesty_limits;
#define QB_HONESTY_LIMITS ((qb_honesty_limits){.cuts = 100, .futures = 8, .starts = 8})

/* All checks, out in the order of the enum. QB_NO_MEMORY; what qb_engine_new and the run itself
 * answer for the bars as they are. A changed run that fails makes its check undecided. */
QB_CHECKED qb_status qb_honesty_check(const qb_engine_config *config, const qb_series *series,
                                      const qb_honesty_limits *limits,
                                      qb_finding out[QB_CHECK_COUNT]);

/* ---- the short form ------------------------------------------------------------------------ */

/* Listens to a run that takes place anyway: its decisions up to a horizon of so many bars. Then
 * the run's beginning is made three times more, each shorter than the one before. It takes at most
 * QB_SHORT_BARS bars in all, and looks at universes of at most QB_SHORT_INSTRUMENTS. */
#define QB_SHORT_BARS 24000u
#define QB_SHORT_INSTRUMENTS 200u
typedef struct qb_short_check qb_short_check;

/* Borrows both until it is freed. */
QB_CHECKED qb_status qb_short_check_new(const qb_engine_config *config, const qb_series *series,
                                        qb_short_check **out);
/* For the sink of the run: each decision as it is told. */
QB_CHECKED qb_status qb_short_check_hear(qb_short_check *check, const qb_decision *decision);
/* After the run. The finding's check is QB_CHECK_PREFIXES. */
QB_CHECKED qb_status qb_short_check_finish(qb_short_check *check, qb_finding *out);
void qb_short_check_free(qb_short_check *check);

#endif
