/* What happened to one instrument at one moment of a logged run, stage by stage. */
#ifndef COMMANDS_EXPLAIN_PRIVATE_H
#define COMMANDS_EXPLAIN_PRIVATE_H

#include "runlog/runlog.h"

/* In this order: each is reached only when the ones before have said yes. */
typedef enum explain_stage {
    EXPLAIN_WARMUP,
    EXPLAIN_SIGNAL,
    EXPLAIN_FILTER,
    EXPLAIN_SIZING,
    EXPLAIN_GATE,
    EXPLAIN_RISK,
    EXPLAIN_ORDER,
    EXPLAIN_FILL,
    EXPLAIN_STAGES,
} explain_stage;
/* "warm-up", "signal" ...; static. */
const char *explain_stage_text(explain_stage stage);

typedef enum explain_verdict {
    EXPLAIN_YES,
    EXPLAIN_NO,
    EXPLAIN_NOT_REACHED,
} explain_verdict;
const char *explain_verdict_text(explain_verdict verdict);

/* An order of that moment. */
typedef struct explain_order {
    const runlog_order *order; /* borrowed */
    GArray *fills;             /* of runlog_fill */
} explain_order;

typedef struct explanation {
    char *run, *symbol, *strategy;
    gint64 at_us;      /* when the bar was known */
    GArray *decisions; /* of runlog_decision, what the bar came to last */
    GArray *order_rows;
    GArray *orders; /* of explain_order; the decision's own first */
    GArray *risks;  /* of runlog_risk, all of the run */
    struct {
        explain_verdict verdict;
        char *text; /* NULL: nothing to add */
    } stages[EXPLAIN_STAGES];
    explain_stage first_no; /* EXPLAIN_STAGES: nobody */
    char *sentence;
} explanation;

/* Of a run's rows alone. at_us: the last bar known by then counts. FAILURE_USAGE for a symbol that
 * is not the run's, FAILURE_MISSING where nothing was decided by then. NULL then; free with
 * explanation_free. */
explanation *explain(runlog *log, const runlog_summary *run, const char *symbol, gint64 at_us,
                     GError **error);
void explanation_free(explanation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(explanation, explanation_free)

/* Whether a risk event belongs to this moment: to one of its orders, or to its instant. */
gboolean explain_concerns(const explanation *self, const runlog_risk *risk);

#endif
