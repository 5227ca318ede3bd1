/* Dispatch, and what the dialects share. Their returns are few numbers read seldom, so they are
 * kept, unlike those of kpis.c. */
#include "core/metrics/dialects-private.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const dialect_table *const tables[QB_DIALECT_COUNT] = {
    [QB_DIALECT_QUANTSTATS] = &dialect_quantstats,
    [QB_DIALECT_EMPYRICAL] = &dialect_empyrical,
    [QB_DIALECT_BACKTESTING] = &dialect_backtesting,
    [QB_DIALECT_FREQTRADE] = &dialect_freqtrade,
    [QB_DIALECT_LEAN] = &dialect_lean,
    [QB_DIALECT_VECTORBT] = &dialect_vectorbt,
};

const char *qb_dialect_text(qb_dialect dialect)
{
    return tables[dialect]->name;
}

const char *qb_dialect_version(qb_dialect dialect)
{
    return tables[dialect]->version;
}

const char *qb_dialect_manner(qb_dialect dialect)
{
    return tables[dialect]->manner;
}

qb_status qb_dialect_from_text(const char *text, qb_dialect *out)
{
    for (int i = 0; i < QB_DIALECT_COUNT; i++)
        if (strcasecmp(text, tables[i]->name) == 0) {
            *out = (qb_dialect)i;
            return QB_OK;
        }
    return QB_BAD_FORMAT;
}

/* ---- sums over returns --------------------------------------------------------------------- */

/* Relative to the first value, so that equal values have exactly that mean. */
double dialect_mean(const double *x, size_t count)
{
    if (count == 0)
        return NAN;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i] - x[0];
    return x[0] + sum / (double)count;
}

double dialect_moment(const double *x, size_t count, double mean, int power)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = x[i] - mean, square = d * d;
        sum += power == 2 ? square : power == 3 ? square * d : square * square;
    }
    return sum / (double)count;
}

/* Below this, equal returns differ by the rounding of the curve alone; as in kpis.c. */
static bool is_noise(double deviation, double mean)
{
    return deviation <= 4 * DBL_EPSILON * (1 + fabs(mean));
}

double dialect_deviation(const double *x, size_t count)
{
    if (count < 2)
        return NAN;
    const double mean = dialect_mean(x, count), n = (double)count;
    const double deviation = sqrt(dialect_moment(x, count, mean, 2) * n / (n - 1));
    return is_noise(deviation, mean) ? 0 : deviation;
}

double dialect_downside(const double *x, size_t count, double threshold)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        if (x[i] < threshold)
            sum += (x[i] - threshold) * (x[i] - threshold);
    return sqrt(sum / (double)count);
}

void dialect_sides(const double *x, size_t count, double threshold, double *out_gain,
                   double *out_loss)
{
    double gain = 0, loss = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = x[i] - threshold;
        if (d > 0)
            gain += d;
        else
            loss -= d;
    }
    *out_gain = gain;
    *out_loss = loss;
}

double dialect_skew(const dialect_facts *facts)
{
    if (!(facts->deviation > 0))
        return NAN;
    const double variance = dialect_moment(facts->r, facts->count, facts->mean, 2);
    return dialect_moment(facts->r, facts->count, facts->mean, 3) / (variance * sqrt(variance));
}

double dialect_kurtosis(const dialect_facts *facts)
{
    if (!(facts->deviation > 0))
        return NAN;
    const double variance = dialect_moment(facts->r, facts->count, facts->mean, 2);
    return dialect_moment(facts->r, facts->count, facts->mean, 4) / (variance * variance) - 3;
}

double dialect_sample_skew(const dialect_facts *facts)
{
    const double n = (double)facts->count;
    return n < 3 ? NAN : dialect_skew(facts) * sqrt(n * (n - 1)) / (n - 2);
}

double dialect_sample_kurtosis(const dialect_facts *facts)
{
    const double n = (double)facts->count;
    return n < 4 ? NAN : ((n + 1) * dialect_kurtosis(facts) + 6) * (n - 1) / ((n - 2) * (n - 3));
}

double dialect_quantile(const dialect_facts *facts, double share)
{
    if (facts->count == 0)
        return NAN;
    const double place = (double)(facts->count - 1) * share;
    const size_t below = (size_t)place;
    const size_t above = below + 1 < facts->count ? below + 1 : below;
    const double low = facts->order[below], high = facts->order[above];
    return low + (high - low) * (place - (double)below);
}

double dialect_beta(const dialect_facts *facts, double variance_limit)
{
    const size_t n = facts->count;
    if (n < 2)
        return NAN;
    const double mean = dialect_mean(facts->b, n);
    const double variance = dialect_moment(facts->b, n, mean, 2);
    double covariance = 0;
    for (size_t i = 0; i < n; i++)
        covariance += (facts->b[i] - mean) * (facts->r[i] - facts->mean);
    if (variance < variance_limit || is_noise(sqrt(variance), mean))
        return NAN;
    return covariance / (double)n / variance;
}

/* ---- of the curve -------------------------------------------------------------------------- */

double dialect_growth(const dialect_facts *facts)
{
    const qb_curve *curve = &facts->in->periods;
    return facts->count == 0 ? NAN : curve->value[curve->count - 1] / curve->value[0];
}

double dialect_growth_by_count(const dialect_facts *facts)
{
    return pow(dialect_growth(facts), facts->years / (double)facts->count) - 1;
}

double dialect_calendar_days(const qb_curve *curve)
{
    return (double)(curve->ts_us[curve->count - 1] - curve->ts_us[0]) / (double)QB_DAY_US;
}

double dialect_drawdown(const dialect_facts *facts, size_t first)
{
    const qb_curve *curve = &facts->in->periods;
    if (curve->count <= first)
        return NAN;
    double peak = curve->value[first], deepest = 0;
    for (size_t i = first; i < curve->count; i++) {
        peak = fmax(peak, curve->value[i]);
        deepest = fmax(deepest, (peak - curve->value[i]) / peak);
    }
    return deepest;
}

double dialect_safe_ratio(double above, double below)
{
    return below == 0 ? NAN : above / below;
}

/* ---- of trades ----------------------------------------------------------------------------- */

dialect_trades dialect_trades_of(const dialect_facts *facts)
{
    dialect_trades s = {.count = (double)facts->in->trade_count};
    for (size_t i = 0; i < facts->in->trade_count; i++) {
        const double profit = facts->trades[i].profit;
        s.profit += profit;
        s.gain += fmax(profit, 0);
        s.loss += fmax(-profit, 0);
        s.winners += profit > 0;
        s.losers += profit < 0;
    }
    return s;
}

/* ---- preparing ----------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare_trades(const void *a, const void *b)
{
    const qb_trade_result *const *x = a, *const *y = b;
    if ((*x)->exit_us != (*y)->exit_us)
        return (*x)->exit_us < (*y)->exit_us ? -1 : 1;
    return (*x > *y) - (*x < *y);
}

static const char *curve_flaw(const qb_curve *curve)
{
    if (curve->count == 0)
        return "no equity points";
    for (size_t i = 0; i < curve->count; i++)
        if (!isfinite(curve->value[i]))
            return "the equity is not a number somewhere";
    return curve->value[0] > 0 ? NULL : "the equity starts at 0 or below";
}

static const char *benchmark_flaw(const qb_kpi_input *in)
{
    if (in->benchmark.count == 0)
        return "no benchmark";
    if (in->benchmark.count != in->periods.count)
        return "the benchmark has other points than the equity";
    for (size_t i = 0; i < in->periods.count; i++) {
        if (in->benchmark.ts_us[i] != in->periods.ts_us[i])
            return "the benchmark has other points than the equity";
        if (!(in->benchmark.value[i] > 0 && isfinite(in->benchmark.value[i])))
            return "the benchmark has a price that is not above 0";
    }
    return NULL;
}

static double *returns_of(qb_arena *arena, const qb_curve *curve)
{
    double *r = qb_arena_alloc(arena, curve->count, sizeof *r);
    for (size_t i = 1; r != NULL && i < curve->count; i++)
        r[i - 1] = (curve->value[i] - curve->value[i - 1]) / curve->value[i - 1];
    return r;
}

static qb_trade_result *trades_by_exit(qb_arena *arena, const qb_trade_result *trades, size_t count)
{
    const qb_trade_result **order = qb_arena_alloc(arena, count, sizeof *order);
    qb_trade_result *sorted = qb_arena_alloc(arena, count, sizeof *sorted);
    if (order == NULL || sorted == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        order[i] = &trades[i];
    qsort(order, count, sizeof *order, compare_trades);
    for (size_t i = 0; i < count; i++)
        sorted[i] = *order[i];
    return sorted;
}

/* A curve with a flaw has no returns. */
static qb_status prepare(qb_arena *arena, const qb_kpi_input *in, bool sound, bool benchmark,
                         dialect_facts *out)
{
    const size_t count = sound ? in->periods.count - 1 : 0;
    double *r = returns_of(arena, sound ? &in->periods : &(qb_curve){0});
    double *b = returns_of(arena, benchmark ? &in->benchmark : &(qb_curve){0});
    double *order = qb_arena_alloc(arena, count, sizeof *order);
    qb_trade_result *trades = trades_by_exit(arena, in->trades, in->trade_count);
    if (r == NULL || b == NULL || order == NULL || trades == NULL)
        return QB_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        order[i] = r[i];
    qsort(order, count, sizeof *order, compare_numbers);
    *out = (dialect_facts){
        .in = in,
        .bars = in->full.count > 0 ? in->full : in->periods,
        .count = count,
        .r = r,
        .b = benchmark ? b : NULL,
        .order = order,
        .trades = trades,
        .risk_free = in->risk_free,
        .mean = dialect_mean(r, count),
        .deviation = dialect_deviation(r, count),
    };
    return QB_OK;
}

/* ---- a sheet ------------------------------------------------------------------------------- */

static qb_ratio as_ratio(double value)
{
    return (qb_ratio){value, isnan(value) ? "the tool gives nan" : NULL};
}

static void fill_sheet(const dialect_table *table, const dialect_facts *facts, const char *flaw,
                       const char *benchmark, qb_dialect_sheet *out)
{
    const char *const why[] = {
        [NEEDS_CURVE] = flaw,
        [NEEDS_BENCHMARK] = flaw != NULL ? flaw : benchmark,
        [NEEDS_TRADES] = flaw != NULL                ? flaw
                         : facts->in->trades == NULL ? "no trades given"
                                                     : NULL,
    };
    out->periods_per_year = facts->years;
    out->count = table->count;
    for (size_t i = 0; i < table->count; i++) {
        const dialect_row *row = &table->rows[i];
        const char *missing = why[row->need];
        out->kpis[i] = (qb_dialect_kpi){
            .key = row->key,
            .title = row->title,
            .differs = row->differs,
            .unit = row->unit,
            .percent = row->percent,
            .missing = missing != NULL,
            .ratio = missing != NULL ? (qb_ratio){NAN, missing} : as_ratio(row->value(facts)),
        };
    }
}

static double years_for(const dialect_table *table, const dialect_facts *facts, double told)
{
    if (table->find_years != NULL && facts->count > 0)
        return table->find_years(facts);
    return told > 0 && !table->fixed_years ? told : table->standard_years;
}

qb_status qb_dialect_compute(qb_dialect dialect, const qb_kpi_input *input, double periods_per_year,
                             qb_dialect_sheet *out)
{
    const dialect_table *table = tables[dialect];
    const char *flaw = curve_flaw(&input->periods), *benchmark = benchmark_flaw(input);
    if (flaw == NULL && input->full.count > 0)
        flaw = curve_flaw(&input->full);
    qb_arena arena = {0};
    dialect_facts facts;
    const qb_status status = prepare(&arena, input, flaw == NULL, flaw == NULL && benchmark == NULL,
                                     &facts);
    if (status == QB_OK) {
        facts.years = years_for(table, &facts, periods_per_year);
        out->dialect = dialect;
        fill_sheet(table, &facts, flaw, benchmark, out);
    }
    qb_arena_clear(&arena);
    return status;
}

const qb_dialect_kpi *qb_dialect_find(const qb_dialect_sheet *sheet, const char *key)
{
    for (size_t i = 0; i < sheet->count; i++)
        if (strcmp(sheet->kpis[i].key, key) == 0)
            return &sheet->kpis[i];
    return NULL;
}
