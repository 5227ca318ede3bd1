/* Dividends and splits out of raw and adjusted closes.
 *
 * The factor adjusted/close is constant between ex-dates and steps on them. Two rules of stepping
 * are in use, for a dividend d and a split s on the row t:
 *
 *     previous close   f[t-1]/f[t] = (1 - d s/close[t-1]) / s     CRSP, Yahoo, LEAN
 *     ex-date close    f[t-1]/f[t] = close[t] / (close[t] + d) / s     Alpha Vantage
 *
 * (d per new share). Only one of them gives back round amounts, which tells them apart.
 *
 * Printed digits blur the step: an adjusted close of 0.60 is known to one part in 120. So every
 * step carries a bound of its error, what stays below it is no step, and what could be explained
 * in two ways because of it is not explained at all. */
#include "core/market/actions-private.h"

#include <math.h>

/* Beside printed digits: the noise of a few roundings in double, or in single precision. */
#define NOISE_DOUBLE 1e-9
#define NOISE_SINGLE 1e-6
/* How far a source's ratio may be from p/q: 7.000007 is seven for one. Unusual ratios are many,
 * and so must fit better. */
#define USUAL_TOLERANCE 1e-5
#define UNUSUAL_TOLERANCE 2e-6
#define TERM_MAX 32
#define DIVIDEND_MAX 0.1 /* of the price; beyond, it is more often a spin-off */
#define COARSE 1e-3      /* steps of this size are hidden where the bound is above it */
#define CENT 0.01

/* ---- usual ratios ------------------------------------------------------------------------- */

static const qb_ratio usual[] = {
    {5, 4}, {4, 3}, {3, 2}, {2, 1},  {5, 2},  {3, 1},  {4, 1},  {5, 1},
    {6, 1}, {7, 1}, {8, 1}, {10, 1}, {15, 1}, {20, 1}, {25, 1}, {50, 1},
};
_Static_assert(QB_RATIOS == 2 * sizeof usual / sizeof usual[0], "each ratio and its reverse");

qb_ratio qb_ratio_usual(size_t index)
{
    qb_ratio ratio = usual[index / 2];
    return index % 2 == 1 ? ratio : (qb_ratio){ratio.old, ratio.fresh};
}

/* ---- a step ------------------------------------------------------------------------------- */

typedef struct step {
    size_t row;
    double close, next_close; /* of the row above, and of this one */
    double gain;              /* f[t] / f[t-1]: what one old share became */
    double error;             /* of the gain, relative */
    bool gap;                 /* rows without an adjusted close lie between: the day is not known */
} step;

typedef struct reading {
    const qb_series *series;
    const double *adjusted;
    double adjusted_unit; /* half a unit of the last printed digit */
    double close_unit;    /* the same, 0 where the adjusted closes were made of these closes */
    double noise;         /* relative */
    qb_adjust_rule rule;
} reading;

static bool is_price(double price)
{
    return price > 0.0 && isfinite(price);
}

static bool row_is_known(const reading *self, size_t row)
{
    return is_price(self->series->close[row]) && is_price(self->adjusted[row]);
}

/* By how much the gain may be off, relative; infinity where nothing is known of it. */
static double error_between(const reading *self, size_t from, size_t row)
{
    const double *close = self->series->close, *adjusted = self->adjusted;
    double more = self->adjusted_unit / adjusted[from] + self->close_unit / close[row];
    double less = self->adjusted_unit / adjusted[row] + self->close_unit / close[from];
    return less < 1.0 ? (1.0 + more) / (1.0 - less) - 1.0 + self->noise : (double)INFINITY;
}

/* The next known row after *last, which it becomes; false at the end. */
static bool next_step(const reading *self, size_t *last, step *out)
{
    size_t from = *last, row = from + 1;
    while (row < self->series->count && !row_is_known(self, row))
        row++;
    if (row >= self->series->count)
        return false;
    const double *close = self->series->close, *adjusted = self->adjusted;
    *out = (step){
        .row = row,
        .close = close[from],
        .next_close = close[row],
        .gain = (adjusted[row] / close[row]) / (adjusted[from] / close[from]),
        .error = error_between(self, from, row),
        .gap = row != from + 1,
    };
    *last = row;
    return true;
}

static bool first_row(const reading *self, size_t *out)
{
    size_t row = 0;
    while (row < self->series->count && !row_is_known(self, row))
        row++;
    *out = row;
    return row < self->series->count;
}

static bool is_step(const step *step)
{
    return fabs(step->gain - 1.0) > step->error;
}

/* ---- dividends ---------------------------------------------------------------------------- */

/* The dividend that would make the gain; an unknown rule is taken for the more common one. */
static double cash_of(const step *step, qb_adjust_rule rule)
{
    if (rule == QB_ADJUST_EX_CLOSE)
        return step->next_close * (step->gain - 1.0);
    return step->close * (1.0 - 1.0 / step->gain);
}

static double cash_error(const step *step)
{
    return step->error * fmax(step->close, step->next_close) + 1e-9;
}

/* Whether an amount is a whole number of units; only an error well below the unit can tell. */
static bool can_tell(double error, double unit)
{
    return error <= 0.1 * unit;
}

static double whole_room(double error, double unit)
{
    return fmax(error / unit, 1e-3);
}

static bool is_whole(double amount, double error, double unit)
{
    double units = amount / unit;
    return fabs(units - nearbyint(units)) <= whole_room(error, unit);
}

/* The amount with the fewest decimals that the digits allow: 0.23, not 0.2300000004. */
static double declared_amount(double amount, double error)
{
    double unit = CENT;
    for (int decimals = 2; decimals <= 6; decimals++, unit /= 10.0) {
        double rounded = nearbyint(amount / unit) * unit;
        if (rounded > 0.0 && fabs(rounded - amount) <= error) {
            double scale = nearbyint(1.0 / unit);
            return nearbyint(amount * scale) / scale;
        }
    }
    return amount;
}

/* The dividend and what is open about it: digits, rounding, and the rule where it is unknown. */
static void declare(const step *step, qb_adjust_rule rule, qb_action *out)
{
    double cash = cash_of(step, rule), error = cash_error(step);
    out->dividend = declared_amount(cash, error);
    out->error = error + fabs(out->dividend - cash);
    if (rule == QB_ADJUST_UNKNOWN)
        out->error += fabs(cash_of(step, QB_ADJUST_EX_CLOSE) - cash);
}

static bool is_dividend_size(double gain)
{
    return gain > 1.0 && 1.0 - 1.0 / gain <= DIVIDEND_MAX;
}

/* A gain of 1.054 that is no round amount of cash is the value of a spin-off, written as a ratio
 * of three decimals. */
static bool is_written_ratio(const step *step, double cash)
{
    double error = step->error;
    return error <= 1e-7 && is_whole(step->gain, error, 1e-3) &&
           fabs(step->gain * 1e3 - nearbyint(step->gain * 1e3)) <= 1e-4 &&
           can_tell(cash_error(step), 1e-4) && !is_whole(cash, cash_error(step), 1e-4);
}

/* ---- splits ------------------------------------------------------------------------------- */

static bool fits(const step *step, qb_ratio ratio, double tolerance)
{
    return fabs(step->gain / qb_ratio_factor(ratio) - 1.0) <= fmax(tolerance, step->error);
}

/* The ratio that the gain may be: a usual one, else that of the smallest terms. */
static bool ratio_of(const step *step, qb_ratio *out)
{
    for (size_t i = 0; i < QB_RATIOS; i++) {
        *out = qb_ratio_usual(i);
        if (fits(step, *out, USUAL_TOLERANCE))
            return true;
    }
    for (int32_t old = 1; old <= TERM_MAX; old++) {
        double fresh = nearbyint(step->gain * old);
        if (!(fresh >= 1.0 && fresh <= TERM_MAX))
            continue;
        *out = (qb_ratio){(int32_t)fresh, old};
        if (out->fresh != out->old && fits(step, *out, UNUSUAL_TOLERANCE))
            return true;
    }
    return false;
}

/* The close has to step the other way, at least half as far: else the split is dated wrongly, or
 * is none. Small ratios drown in a day's move, so there only a contradiction counts. */
static bool price_follows(const step *step, double split)
{
    double off = fabs(log(step->next_close / step->close * split));
    return off <= fmax(0.5 * fabs(log(split)), 0.15);
}

static bool is_usual(qb_ratio ratio)
{
    for (size_t i = 0; i < QB_RATIOS; i++)
        if (qb_ratio_usual(i).fresh == ratio.fresh && qb_ratio_usual(i).old == ratio.old)
            return true;
    return false;
}

/* Unusual ratios lie close together, and small ones among dividends: only exact digits tell. */
static bool can_tell_split(const step *step, qb_ratio ratio)
{
    return step->error <= UNUSUAL_TOLERANCE ||
           (is_usual(ratio) && fabs(log(step->gain)) > log(1.2));
}

/* ---- what a step was ---------------------------------------------------------------------- */

static bool explain(const step *step, qb_adjust_rule rule, qb_action *out)
{
    qb_ratio ratio;
    out->dividend = 0.0;
    out->split_factor = 1.0;
    out->error = 0.0;
    if (step->gap)
        return false;
    bool like_split = ratio_of(step, &ratio);
    if (like_split && can_tell_split(step, ratio) && price_follows(step, qb_ratio_factor(ratio))) {
        out->split_factor = qb_ratio_factor(ratio);
        return true;
    }
    if (like_split || !is_dividend_size(step->gain) || is_written_ratio(step, cash_of(step, rule)))
        return false;
    declare(step, rule, out);
    return true;
}

static void note(const reading *self, const step *step, qb_derived *out)
{
    int64_t ts_us = self->series->ts_us[step->row];
    qb_action action = {.row = step->row, .ts_us = ts_us};
    if (explain(step, self->rule, &action)) {
        if (out->action_count < out->capacity)
            out->actions[out->action_count] = action;
        out->action_count++;
        return;
    }
    if (out->unexplained_count < out->capacity)
        out->unexplained[out->unexplained_count] = (qb_unexplained){
            .row = step->row,
            .ts_us = ts_us,
            .ratio = step->gain,
            .cash = step->gain > 1.0 ? cash_of(step, self->rule) : (double)NAN,
        };
    out->unexplained_count++;
}

/* ---- what the columns are ----------------------------------------------------------------- */

/* Half a unit of the last decimal that the closes were printed with. */
static double printed_half_unit(const double *values, size_t count)
{
    double unit = 1.0;
    for (int decimals = 0; decimals < 8; decimals++, unit /= 10.0) {
        size_t i = 0;
        while (i < count && fabs(values[i] / unit - nearbyint(values[i] / unit)) <=
                                1e-9 * fmax(1.0, values[i] / unit))
            i++;
        if (i == count)
            break;
    }
    return 0.5 * unit;
}

/* True when many steps lie just beyond their error, within that much noise or that unit of the
 * closes: more than a monthly payer has dividends, so the error must be larger by that. Closes
 * rounded like the adjusted ones leave a twelfth of the steps there, rounded more coarsely more. */
static bool is_blurred(const reading *self, size_t first, double noise, double unit)
{
    size_t beyond = 0, last = first;
    step step;
    while (next_step(self, &last, &step)) {
        double off = fabs(step.gain - 1.0) - step.error;
        beyond += off > 0.0 && off <= noise + unit * (1.0 / step.close + 1.0 / step.next_close);
    }
    return beyond > 3 + self->series->count / 16;
}

/* Adjusted closes are mostly made of the closes as printed, and in double precision. Not all are:
 * Yahoo's of old are floats, made of split-adjusted closes with more digits. */
static void find_error(reading *self, size_t first)
{
    double unit = printed_half_unit(self->series->close, self->series->count);
    if (is_blurred(self, first, 0.0, unit))
        self->close_unit = unit;
    if (is_blurred(self, first, NOISE_SINGLE, 0.0))
        self->noise = NOISE_SINGLE;
}

/* What speaks for a rule: the logarithm of how much likelier its dividends are if declared amounts
 * are round nine times in ten, than if they were any amounts. Each is judged at the finest unit,
 * from cents down to their hundredths, that the digits can tell. */
static double roundness(const step *step, qb_adjust_rule rule)
{
    double error = cash_error(step), unit = CENT;
    while (unit > 2e-4 && can_tell(error, unit / 10.0))
        unit /= 10.0;
    if (!can_tell(error, unit))
        return 0.0;
    double by_chance = 2.0 * whole_room(error, unit);
    return is_whole(cash_of(step, rule), error, unit) ? log((0.9 + 0.1 * by_chance) / by_chance)
                                                      : log(0.1);
}

static qb_adjust_rule find_rule(const reading *self, size_t first)
{
    double previous = 0.0, ex = 0.0;
    size_t last = first;
    step step;
    while (next_step(self, &last, &step)) {
        if (!is_step(&step) || !is_dividend_size(step.gain))
            continue;
        previous += roundness(&step, QB_ADJUST_PREVIOUS_CLOSE);
        ex += roundness(&step, QB_ADJUST_EX_CLOSE);
    }
    /* Twenty to one against chance, and against the other rule. */
    const double evidence = log(20.0);
    if (ex > evidence && ex - previous > evidence)
        return QB_ADJUST_EX_CLOSE;
    if (previous > evidence && previous - ex > evidence)
        return QB_ADJUST_PREVIOUS_CLOSE;
    return QB_ADJUST_UNKNOWN;
}

qb_status qb_actions_derive(const qb_series *series, const double *adjusted_close,
                            double adjusted_step, qb_derived *out)
{
    if (!(adjusted_step >= 0.0 && isfinite(adjusted_step)) ||
        (unsigned)out->rule > QB_ADJUST_EX_CLOSE)
        return QB_OUT_OF_RANGE;
    reading self = {
        .series = series,
        .adjusted = adjusted_close,
        .adjusted_unit = 0.5 * adjusted_step,
        .noise = NOISE_DOUBLE,
        .rule = out->rule,
    };
    out->action_count = out->unexplained_count = out->coarse_rows = 0;
    size_t first;
    if (!first_row(&self, &first))
        return QB_OK;
    find_error(&self, first);
    if (self.rule == QB_ADJUST_UNKNOWN)
        self.rule = find_rule(&self, first);
    out->rule = self.rule;

    size_t last = first;
    step step;
    while (next_step(&self, &last, &step)) {
        out->coarse_rows += step.error > COARSE;
        if (is_step(&step))
            note(&self, &step, out);
    }
    return QB_OK;
}
