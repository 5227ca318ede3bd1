#include "core/metrics/trades.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const key_texts[QB_TRADE_KEY_COUNT] = {
    "instrument", "strategy", "entry", "exit", "weekday", "month", "year", "side",
};

const char *qb_trade_key_text(qb_trade_key key)
{
    return key_texts[key];
}

qb_status qb_trade_key_from_text(const char *text, qb_trade_key *out)
{
    for (int i = 0; i < QB_TRADE_KEY_COUNT; i++) {
        if (strcmp(text, key_texts[i]) != 0)
            continue;
        *out = (qb_trade_key)i;
        return QB_OK;
    }
    return QB_BAD_FORMAT;
}

int64_t qb_trade_key_of(const qb_closed_trade *trade, qb_trade_key key)
{
    const qb_civil exit = qb_civil_from_date(trade->exit_date);
    switch (key) {
    case QB_BY_INSTRUMENT:
        return trade->instrument;
    case QB_BY_STRATEGY:
        return trade->strategy;
    case QB_BY_ENTRY:
        return trade->entry;
    case QB_BY_EXIT:
        return trade->exit;
    case QB_BY_WEEKDAY:
        return qb_weekday(trade->exit_date);
    case QB_BY_MONTH:
        return INT64_C(12) * exit.year + exit.month - 1;
    case QB_BY_YEAR:
        return exit.year;
    case QB_BY_SIDE:
        return trade->is_short;
    case QB_TRADE_KEY_COUNT:
        break;
    }
    return 0;
}

/* ---- groups --------------------------------------------------------------------------------- */

static qb_ratio quotient(double above, double below, const char *otherwise)
{
    return below != 0.0 ? (qb_ratio){above / below, NULL} : (qb_ratio){NAN, otherwise};
}

static void group_add(qb_trade_group *self, const qb_closed_trade *trade)
{
    const double profit = trade->profit;
    if (self->count == 0)
        self->best = self->worst = profit;
    self->count++;
    self->wins += profit > 0;
    self->losses += profit < 0;
    self->gained += profit > 0 ? profit : 0;
    self->lost += profit < 0 ? -profit : 0;
    self->profit += profit;
    self->fees += trade->fees;
    self->bars += trade->bars;
    self->best = fmax(self->best, profit);
    self->worst = fmin(self->worst, profit);
    /* A sum until the group is whole. */
    self->expectancy_fraction.value += trade->return_fraction;
}

static void group_finish(qb_trade_group *self, double total)
{
    const double n = (double)self->count;
    self->win_rate = quotient((double)self->wins, n, "no closed trade");
    self->expectancy = quotient(self->profit, n, "no closed trade");
    self->expectancy_fraction = quotient(self->expectancy_fraction.value, n, "no closed trade");
    self->profit_factor = quotient(self->gained, self->lost,
                                   self->count == 0 ? "no closed trade" : "no losing trade");
    self->share = quotient(self->profit, total, "the trades together earned nothing");
}

qb_trade_group qb_trades_together(const qb_closed_trade *trades, size_t count)
{
    qb_trade_group all = {0};
    for (size_t i = 0; i < count; i++)
        group_add(&all, &trades[i]);
    group_finish(&all, all.profit);
    return all;
}

typedef struct keyed {
    int64_t key;
    size_t index;
} keyed;

/* Within a group the trades stay in their order, so that sums do not depend on the sort. */
static int compare_keyed(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void fill_groups(const qb_closed_trade *trades, const keyed *order, size_t count,
                        qb_trade_group *groups, size_t group_count)
{
    const double total = qb_trades_together(trades, count).profit;
    qb_trade_group *group = groups;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && order[i].key != order[i - 1].key)
            group++;
        group->key = order[i].key;
        group_add(group, &trades[order[i].index]);
    }
    for (size_t i = 0; i < group_count; i++)
        group_finish(&groups[i], total);
}

qb_status qb_trades_by(const qb_closed_trade *trades, size_t count, qb_trade_key key,
                       qb_trade_group **out_groups, size_t *out_count)
{
    size_t group_count = 1;
    if (count == 0) {
        *out_groups = NULL;
        *out_count = 0;
        return QB_OK;
    }
    keyed *order = qb_realloc(NULL, count * sizeof *order);
    if (order == NULL)
        return QB_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        order[i] = (keyed){qb_trade_key_of(&trades[i], key), i};
    qsort(order, count, sizeof *order, compare_keyed);
    for (size_t i = 1; i < count; i++)
        group_count += order[i].key != order[i - 1].key;
    qb_trade_group *groups = qb_realloc(NULL, group_count * sizeof *groups);
    if (groups != NULL) {
        memset(groups, 0, group_count * sizeof *groups);
        fill_groups(trades, order, count, groups, group_count);
        *out_groups = groups;
        *out_count = group_count;
    }
    qb_realloc(order, 0);
    return groups != NULL ? QB_OK : QB_NO_MEMORY;
}

/* ---- spreads -------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double qb_quantile_of_sorted(const double *values, size_t count, double p)
{
    const double at = p * (double)(count - 1);
    const size_t below = (size_t)at;
    if (below + 1 >= count)
        return values[count - 1];
    return values[below] + (at - (double)below) * (values[below + 1] - values[below]);
}

qb_spread qb_spread_of(double *values, size_t count)
{
    double sum = 0;
    if (count == 0)
        return (qb_spread){NAN, NAN, NAN, NAN, NAN, NAN};
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    qsort(values, count, sizeof *values, compare_numbers);
    return (qb_spread){
        .least = values[0],
        .quarter = qb_quantile_of_sorted(values, count, 0.25),
        .median = qb_quantile_of_sorted(values, count, 0.5),
        .three_quarters = qb_quantile_of_sorted(values, count, 0.75),
        .most = values[count - 1],
        .mean = sum / (double)count,
    };
}

/* ---- summary -------------------------------------------------------------------------------- */

static void find_streaks(const qb_closed_trade *trades, size_t count, qb_trade_summary *out)
{
    size_t wins = 0, losses = 0;
    for (size_t i = 0; i < count; i++) {
        wins = trades[i].profit > 0 ? wins + 1 : 0;
        losses = trades[i].profit < 0 ? losses + 1 : 0;
        out->longest_wins = wins > out->longest_wins ? wins : out->longest_wins;
        out->longest_losses = losses > out->longest_losses ? losses : out->longest_losses;
        if (trades[i].profit > trades[out->best].profit)
            out->best = i;
        if (trades[i].profit < trades[out->worst].profit)
            out->worst = i;
    }
}

static void find_averages(const qb_closed_trade *trades, size_t count, qb_trade_summary *out)
{
    const qb_trade_group all = qb_trades_together(trades, count);
    double before_fees = 0, favourable = 0;
    for (size_t i = 0; i < count; i++) {
        if (trades[i].profit <= 0)
            continue;
        before_fees += trades[i].profit + trades[i].fees;
        favourable += trades[i].favourable;
    }
    out->average_win = quotient(all.gained, (double)all.wins, "no winning trade");
    out->average_loss = quotient(all.lost, (double)all.losses, "no losing trade");
    out->payoff = all.wins == 0     ? out->average_win
                  : all.losses == 0 ? out->average_loss
                                    : quotient(out->average_win.value, out->average_loss.value, "");
    out->captured = quotient(before_fees, favourable,
                             all.wins == 0 ? "no winning trade" : "no favourable excursion");
}

static void find_spreads(const qb_closed_trade *trades, size_t count, double *scratch,
                         qb_trade_summary *out)
{
    size_t wins = 0;
    for (size_t i = 0; i < count; i++)
        scratch[i] = trades[i].adverse;
    out->adverse = qb_spread_of(scratch, count);
    for (size_t i = 0; i < count; i++)
        scratch[i] = trades[i].favourable;
    out->favourable = qb_spread_of(scratch, count);
    for (size_t i = 0; i < count; i++)
        if (trades[i].profit > 0)
            scratch[wins++] = trades[i].adverse;
    out->winners_adverse = qb_spread_of(scratch, wins);
    for (size_t i = 0; i < count; i++)
        scratch[i] = (double)(trades[i].exit_us - trades[i].entry_us) / (double)QB_DAY_US;
    out->held_days = qb_spread_of(scratch, count);
    for (size_t i = 0; i < count; i++)
        scratch[i] = (double)trades[i].bars;
    out->held_bars = qb_spread_of(scratch, count);
}

qb_status qb_trades_summarise(const qb_closed_trade *trades, size_t count, qb_trade_summary *out)
{
    double *scratch = qb_realloc(NULL, (count > 0 ? count : 1) * sizeof *scratch);
    if (scratch == NULL)
        return QB_NO_MEMORY;
    *out = (qb_trade_summary){0};
    find_streaks(trades, count, out);
    find_averages(trades, count, out);
    find_spreads(trades, count, scratch, out);
    qb_realloc(scratch, 0);
    return QB_OK;
}
