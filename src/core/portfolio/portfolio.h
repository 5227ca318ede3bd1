/* Cash and positions, exact. In: fills, marks, corporate actions. Out: cash, cost, realised and
 * unrealised profit, closed trades. The identity
 *     cash + value = start + realised + unrealised - fees + dividends + in_lieu
 * holds with == after every call; unrealised is value - cost, so it holds at any mark. */
#ifndef QB_PORTFOLIO_H
#define QB_PORTFOLIO_H

#include "core/trading/trading.h"

/* A closed round trip of one instrument: flat to flat. */
typedef struct qb_trade {
    uint32_t instrument;
    qb_side side; /* of the entry */
    int64_t entry_us, exit_us;
    qb_quantity quantity; /* all units entered, > 0 */
    qb_price entry_price; /* average over all units entered */
    qb_price exit_price;  /* average over all units left */
    qb_money profit;      /* after fees of both sides, with dividends */
    qb_money fees;
    double return_fraction; /* profit / entry notional */
    uint64_t bars;          /* held */
} qb_trade;

typedef struct qb_position {
    qb_quantity quantity; /* short < 0 */
    qb_money cost;        /* average cost of what is held; short < 0 */
    qb_price mark;        /* last known price; 0 before the first */
    /* of the trade under way */
    int64_t entry_us;
    qb_quantity entered, left;
    qb_money entry_notional, exit_notional, trade_fees, trade_realised, trade_dividends;
    uint64_t bars;
} qb_position;

typedef struct qb_portfolio {
    qb_money start, cash, realised, fees, dividends, in_lieu, traded;
    qb_position *positions; /* [count], from the run's arena */
    uint32_t count;
} qb_portfolio;

QB_CHECKED qb_status qb_portfolio_init(qb_portfolio *portfolio, qb_arena *arena, uint32_t count,
                                       qb_money cash);
/* Average cost. A fill must not cross zero: the engine splits it. When it closes a trade,
 * *out_closed is true and *out_trade filled. QB_OVERFLOW leaves the portfolio untouched. */
QB_CHECKED qb_status qb_portfolio_apply_fill(qb_portfolio *portfolio, const qb_fill *fill,
                                             bool *out_closed, qb_trade *out_trade);
/* On the ex-date, before the open: units x factor (snapped to p/q, q <= 32, within 1e-5); what
 * is below the lot is paid in cash at `open`. Then the dividend, per new unit. */
QB_CHECKED qb_status qb_portfolio_apply_actions(qb_portfolio *portfolio, uint32_t instrument,
                                                qb_quantity lot, double split_factor,
                                                double dividend, qb_price open);
/* Value of one position at its mark. */
QB_CHECKED qb_status qb_position_value(const qb_position *position, qb_money *out);
/* Cash plus the value of all positions. */
QB_CHECKED qb_status qb_portfolio_equity(const qb_portfolio *portfolio, qb_money *out);
/* QB_BROKEN when the ledger identity does not hold. */
QB_CHECKED qb_status qb_portfolio_check(const qb_portfolio *portfolio);

#endif
