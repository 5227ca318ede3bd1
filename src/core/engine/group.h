/* Several strategies at once, as one that the engine runs like any other.
 *
 * In: strategies with their parameters, a share of the run's size each, a rule for conflicts, and
 * which of them go first in which regime. Out: orders, each bearing its member's number (owner), so
 * that fills and trades are attributed exactly.
 *
 * Every member keeps its own book: what it is told as its position is what its own orders have
 * filled, not what the others hold. A wish is carried out as the difference to that; opposite
 * positions of two members offset each other in the account. Exits that an order brings along are
 * reduce-only for the account as a whole: between members that take opposite sides they may find less
 * to close, so such members belong under QB_CONFLICT_VETO or QB_CONFLICT_PRIORITY.
 *
 *   QB_CONFLICT_SUM       each for itself
 *   QB_CONFLICT_VETO      nobody opens against a position of another member
 *   QB_CONFLICT_PRIORITY  an instrument belongs to the first member, in order of rank, that holds it;
 *                         who comes later opens nothing there, and closes when one before opens
 *
 * A regime is bull while the close of one instrument is above its simple average, else bear (bull
 * before the average exists). A member has a rank in each (0 goes first); one without a rank opens
 * nothing in that regime and keeps what it has until its own exit. */
#ifndef QB_GROUP_H
#define QB_GROUP_H

#include "core/engine/strategy.h"

#define QB_GROUP_MEMBERS_MAX 16

typedef enum qb_conflict { QB_CONFLICT_SUM, QB_CONFLICT_VETO, QB_CONFLICT_PRIORITY } qb_conflict;
const char *qb_conflict_text(qb_conflict conflict); /* "sum", "veto", "priority" */
QB_CHECKED qb_status qb_conflict_from_text(const char *text, qb_conflict *out);

#define QB_GROUP_NO_RANK UINT32_MAX

typedef struct qb_group_member {
    const qb_strategy *strategy;
    const double *params;          /* [strategy->param_count] */
    double share;                  /* of the run's size: above 0, at most 1 */
    uint32_t bull_rank, bear_rank; /* QB_GROUP_NO_RANK: opens nothing then */
} qb_group_member;

/* Everything in it is borrowed for the runs; it is read only, and may serve several at once. */
typedef struct qb_group {
    qb_strategy strategy; /* to be given to the engine, with these; filled in by qb_group_init */
    double params[1];
    const qb_group_member *members; /* [count] */
    uint32_t count;
    qb_conflict conflict;
    bool has_regime;
    uint32_t regime_instrument;
    size_t regime_period;
} qb_group;

/* Fills in group->strategy from the rest. QB_OUT_OF_RANGE: no member or too many, a share or period
 * that is none; QB_BAD_STRATEGY: a member fails qb_strategy_check (its sentence in *out_why). */
QB_CHECKED qb_status qb_group_init(qb_group *group, const char **out_why);

#endif
