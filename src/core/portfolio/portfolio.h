/* Cash and positions, exact. In: fills, marks, corporate actions. Out: cash, cost, realised and
 * unrealised profit, closed trades. The identity
 *     cash + value = start + deposits + realised + unrealised - fees - borrow - interest
 *                    + dividends + in_lieu
 * holds with == after every call; unrealised is value - cost, so it holds at any mark. */
#ifndef QB_PORTFOLIO_H
#define QB_PORTFOLIO_H

#include "core/trading/trading.h"

/* A closed round trip of one instrument: flat to flat. */
typedef struct qb_trade {
    uint32_t instrument;
    qb_side side; /* of the entry */
    int64_t entry_us, exit_us;
    qb_quantity quantity; /* all units entered, > 0; after a split in fresh units */
    qb_price entry_price; /* average over all units entered */
    qb_price exit_price;  /* average over all units left */
    qb_money profit;      /* after fees of both sides, with dividends and cash in lieu */
    qb_money fees;
    double return_fraction; /* profit / entry notional */
    uint64_t bars;          /* held */
    qb_purpose entry, exit; /* of the order that opened it, and of the one that closed it */
    uint32_t owner;         /* of the order that opened it */
    /* The worst and the best that it stood at on a bar's low or high while held, and at its fills,
     * before fees, as amounts >= 0 of loss and of profit (Sweeney, Maximum Adverse Excursion, 1997). */
    double adverse, favourable;
} qb_trade;

typedef struct qb_position {
    qb_rate multiplier;   /* QB_ONE after init; another one may be set before the first fill */
    qb_quantity quantity; /* short < 0 */
    qb_price mark;        /* last known price; 0 before the first */
    qb_money value;       /* quantity x multiplier at the mark */
    qb_money cost;        /* average cost of what is held; short < 0 */
    /* of the trade under way */
    int64_t entry_us;
    qb_quantity entered, left;
    qb_money entry_notional, exit_notional;
    qb_money trade_fees, trade_realised;
    qb_money trade_income; /* dividends and cash in lieu */
    uint64_t bars;
    qb_purpose entry;
    uint32_t owner;
    double lowest, highest;     /* prices seen since its last change; none: +-infinity */
    double adverse, favourable; /* of the trade until that change */
} qb_position;

typedef struct qb_portfolio {
    qb_money start, cash, realised, fees, dividends, in_lieu;
    qb_money deposits;         /* less withdrawals */
    qb_money borrow, interest; /* paid so far */
    qb_money traded;           /* notional of all fills, both sides */
    qb_money cost;             /* of all positions */
    qb_money value;            /* of all positions at their marks */
    qb_money exposure;         /* sum of |value| */
    uint64_t bars_closed;      /* held, of closed trades */
    qb_position *positions;    /* [count], from the run's arena */
    uint32_t count;
} qb_portfolio;

/* QB_NO_MEMORY; QB_OUT_OF_RANGE unless cash > 0 and count > 0. */
QB_CHECKED qb_status qb_portfolio_init(qb_portfolio *portfolio, qb_arena *arena, uint32_t count,
                                       qb_money cash);

/* What is held of one instrument (one of the portfolio's positions) gets a new price and value.
 * QB_OVERFLOW (QB_OUT_OF_RANGE: a price too small for the multiplier) leaves all untouched. The
 * sum of values lies within +-exposure, so one check of
 * overflow does for both. */
QB_CHECKED static inline qb_status qb_portfolio_mark(qb_portfolio *portfolio, qb_position *position,
                                                     qb_price price)
{
    if (position->quantity.raw == 0) {
        position->mark = price;
        return QB_OK;
    }
    qb_price unit;
    qb_money value;
    int64_t exposure;
    qb_status status = qb_unit_value(position->multiplier, price, &unit);
    if (status == QB_OK)
        status = qb_notional(unit, position->quantity, &value);
    if (status != QB_OK)
        return status;
    /* Both values have the sign of the quantity, so their difference cannot overflow. */
    int64_t change = value.raw - position->value.raw;
    status = qb_add(portfolio->exposure.raw, position->quantity.raw < 0 ? -change : change,
                    &exposure);
    if (status != QB_OK)
        return status;
    portfolio->exposure.raw = exposure;
    portfolio->value.raw += change;
    position->mark = price;
    position->value = value;
    return QB_OK;
}

/* A price range that what is held stood at (a bar's low and high). Of a flat position it means
 * nothing and does no harm. */
static inline void qb_position_seen(qb_position *position, double low, double high)
{
    position->lowest = low < position->lowest ? low : position->lowest;
    position->highest = high > position->highest ? high : position->highest;
}

/* Average cost. A fill must not cross zero (QB_OUT_OF_RANGE): the engine splits it. The position
 * is valued at its mark, or at the fill's price before the first. When the fill closes a trade,
 * *out_closed is true and *out_trade filled (NULL: nobody asks). QB_OVERFLOW leaves all
 * untouched. */
QB_CHECKED qb_status qb_portfolio_apply_fill(qb_portfolio *portfolio, const qb_fill *fill,
                                             bool *out_closed, qb_trade *out_trade);

/* On the ex-date, before the open: units are split; what is then below the lot is paid in cash
 * at `open` (its share of the cost is realised, the cash is in_lieu). Then the dividend in cash
 * per fresh unit; a short position pays. The mark becomes `open`. A position of which nothing is
 * left closes its trade as a fill would. QB_OVERFLOW leaves all untouched. */
typedef struct qb_actions {
    uint32_t instrument;
    qb_split split;    /* {1, 1}: none */
    qb_price dividend; /* per fresh unit of the underlying; 0: none */
    qb_price open;     /* > 0 */
    qb_quantity lot;   /* > 0 */
    int64_t at_us;
} qb_actions;
QB_CHECKED qb_status qb_portfolio_apply_actions(qb_portfolio *portfolio, const qb_actions *actions,
                                                bool *out_closed, qb_trade *out_trade);

/* ---- money from outside, and what it costs ------------------------------------------------- */

/* Deposits (> 0) and withdrawals (< 0). QB_OUT_OF_RANGE for a withdrawal of all the equity or more.
 * Here and below QB_OVERFLOW, and every other failure, leaves all untouched. */
QB_CHECKED qb_status qb_portfolio_deposit(qb_portfolio *portfolio, qb_money amount);
/* A position that the run begins with: start grows by its cost (a short's is negative), cash does
 * not change. Before the first fill. `price` is its average cost and first mark. QB_OUT_OF_RANGE
 * for one that is held already, no units or no price. */
QB_CHECKED qb_status qb_portfolio_open(qb_portfolio *portfolio, uint32_t instrument,
                                       qb_quantity quantity, qb_price price, int64_t at_us);
/* For `days` calendar days at yearly rates of 365 days, at the present marks: borrow on the value of
 * each short position, interest on the debit (what longs cost beyond equity: max(0, longs - equity)).
 * Each product is rounded once, half-even. QB_OUT_OF_RANGE for a negative rate. */
QB_CHECKED qb_status qb_portfolio_charge(qb_portfolio *portfolio, uint32_t days, qb_rate borrow,
                                         qb_rate interest);

/* Cash plus the value of all positions. */
QB_CHECKED static inline qb_status qb_portfolio_equity(const qb_portfolio *portfolio, qb_money *out)
{
    return qb_add(portfolio->cash.raw, portfolio->value.raw, &out->raw);
}

/* The ledger identity on the sums that are kept: what the engine asks after each event. */
bool qb_portfolio_balances(const qb_portfolio *portfolio);
/* The same, with every sum taken anew over all positions. QB_BROKEN when it does not hold. */
QB_CHECKED qb_status qb_portfolio_check(const qb_portfolio *portfolio);

#endif
