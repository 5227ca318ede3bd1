/* Ratios, after semantics.md: what is divided by what, and when it is undefined.
 *
 * In: an equity curve, closed trades, a benchmark. Out: numbers, or the reason why there is
 * none. A price is never mistaken for a return: every argument says which it is. */
#ifndef QB_METRICS_H
#define QB_METRICS_H

#include "core/base/base.h"

/* value is NaN exactly when undefined is not NULL; undefined is a static phrase. */
typedef struct qb_ratio {
    double value;
    const char *undefined;
} qb_ratio;

typedef struct qb_curve {
    const int64_t *ts_us; /* ascending */
    const double *value;  /* equity, or price of the benchmark */
    size_t count;
} qb_curve;

/* A closed trade, in the account's currency. */
typedef struct qb_trade_result {
    int64_t entry_us, exit_us;
    double profit;          /* after fees */
    double return_fraction; /* profit / entry notional */
} qb_trade_result;

typedef struct qb_kpi_input {
    /* One point per period (session close or UTC midnight); the first is E_0. */
    qb_curve periods;
    /* Full resolution, start included, for drawdowns; count 0: periods are used. */
    qb_curve full;
    /* Benchmark prices at the same stamps as periods; count 0: none. */
    qb_curve benchmark;
    const qb_trade_result *trades; /* NULL with 0 */
    size_t trade_count;
    double periods_per_year; /* 252 or 365 */
    double risk_free;        /* per year, 0.02 is 2 % */
    double bars_held, bars;  /* for exposure; bars 0: undefined */
    double traded;           /* both sides' notional, for turnover; NaN: undefined */
    /* Where periods and full are time-weighted: the equity in money at the stamps of periods, for
     * turnover, start and end; count 0: it is periods itself. */
    qb_curve money;
} qb_kpi_input;

typedef struct qb_drawdown {
    double depth; /* (peak - trough) / peak, >= 0; above 1 where the curve fell below 0 */
    int64_t peak_us, trough_us; /* both the curve's start when it never falls */
    int64_t recovery_us;        /* 0: not recovered */
    int64_t longest_us; /* longest time under water, peak to recovery or end, in any drawdown */
} qb_drawdown;

/* Largest drawdown (the first of equals) of a curve of count >= 1 finite values, the first > 0. */
qb_drawdown qb_max_drawdown(const qb_curve *curve);

typedef struct qb_kpis {
    qb_ratio total_return, cagr, cagr_count, sharpe, sortino, max_drawdown, calmar, volatility;
    qb_ratio alpha, beta; /* of period returns; the risk-free rate plays no part in them */
    qb_ratio win_rate, profit_factor, expectancy, expectancy_fraction;
    qb_ratio average_trade; /* geometric mean of return_fraction */
    qb_ratio sqn;
    qb_ratio exposure, turnover;        /* turnover: times the mean equity, per calendar year */
    qb_ratio psr, minimum_track_record; /* against SR 0, 95 %; periods */
    qb_ratio skew, kurtosis;            /* population; kurtosis raw (normal: 3) */
    qb_drawdown drawdown;               /* zeros where max_drawdown is undefined */
    size_t periods;                     /* returns: one less than the points */
    size_t trades;
    int64_t start_us, end_us; /* of periods; 0 without points */
    double start, end;        /* equity there, in money; NaN without points */
    double periods_per_year, risk_free;
} qb_kpis;

/* Two passes over the curves, no allocation. Everything that cannot be computed is undefined with
 * a reason; deviations below what rounding leaves of equal returns count as none. A curve that
 * falls to 0 or below has a total return and a drawdown, but no ratio of returns. QB_OK always. */
QB_CHECKED qb_status qb_kpis_compute(const qb_kpi_input *input, qb_kpis *out);

/* Name, place and meaning of each ratio, so that tables, JSON and the run log agree. */
typedef enum qb_kpi_unit {
    QB_KPI_FRACTION,
    QB_KPI_NUMBER,
    QB_KPI_MONEY,
    QB_KPI_PERIODS,
    QB_KPI_COUNT, /* the last two in the dialects only */
    QB_KPI_DAYS
} qb_kpi_unit;
/* The order of the groups is the order of the table. */
typedef enum qb_kpi_group {
    QB_KPI_RETURN,
    QB_KPI_RISK,
    QB_KPI_BENCHMARK,
    QB_KPI_TRADES,
    QB_KPI_EVIDENCE
} qb_kpi_group;
typedef struct qb_kpi_info {
    const char *key;     /* "sharpe": JSON and run log */
    const char *title;   /* "Sharpe ratio" */
    const char *meaning; /* what is divided by what, in one short line */
    qb_kpi_unit unit;
    qb_kpi_group group;
    bool more_is_better; /* a sign that can be coloured: gains good, losses bad */
    size_t offset;       /* of the qb_ratio in qb_kpis */
} qb_kpi_info;
extern const qb_kpi_info qb_kpi_table[];
extern const size_t qb_kpi_table_count;
/* The ratio of this row. */
static inline const qb_ratio *qb_kpi_of(const qb_kpis *kpis, const qb_kpi_info *info)
{
    return (const qb_ratio *)(const void *)((const char *)kpis + info->offset);
}

/* Samples a full-resolution curve at period ends: for each of `ends` (ascending) the last value
 * known at or before it; the result's first value is E_0 = start, stamped start_us.
 * out arrays have end_count + 1 entries. Ends before the first point carry the start value. */
void qb_curve_sample(const qb_curve *curve, double start, int64_t start_us, const int64_t *ends,
                     size_t end_count, int64_t *out_ts_us, double *out_value);

/* Money that came or went, with the equity just before and after it. */
typedef struct qb_curve_flow {
    int64_t at_us;
    double before, after; /* after - before is the flow */
} qb_curve_flow;

/* The curve as its returns alone would have made it of its first value: each flow scales what comes
 * at its stamp or later by before / after, so that a period over a flow returns
 * E_before / E_start x E_end / E_after - 1 (time-weighted, as GIPS has it where a portfolio is valued
 * at each flow). Flows ascend (QB_OUT_OF_ORDER); QB_OUT_OF_RANGE for an equity around one that is
 * not above 0. out_value[count] may be the curve's own. Without flows it is the same to the bit. */
QB_CHECKED qb_status qb_curve_time_weighted(const qb_curve *curve, const qb_curve_flow *flows,
                                            size_t flow_count, double *out_value);

/* Probabilistic and deflated Sharpe ratio, Bailey and Lopez de Prado (2012, 2014). All per
 * period: sr, threshold; count periods; skew population, kurtosis raw. NaN when undefined.
 * The deflated one is qb_psr against qb_expected_max_sr of the trials that were made. */
double qb_psr(double sr, double threshold, double count, double skew, double kurtosis);
/* Variance of the trials' ratios, per period; trials >= 1, and one trial expects 0. */
double qb_expected_max_sr(double trial_variance, double trials);
/* Periods needed before sr > threshold stands at this confidence, 0.95 say; not rounded up. */
double qb_minimum_track_record(double sr, double threshold, double confidence, double skew,
                               double kurtosis);
/* Full relative precision in the lower tail; NaN for NaN. */
double qb_normal_cdf(double x);
/* Inverse of the above for 0 < p < 1, about 1e-15 relative; NaN else. Wichura, Algorithm AS 241:
 * The Percentage Points of the Normal Distribution, Applied Statistics 37 (1988). */
double qb_normal_quantile(double p);

/* Probability of backtest overfitting by CSCV (Bailey, Borwein, Lopez de Prado, Zhu 2015).
 * returns is row-major [rows][columns]; columns >= 2; blocks even, 2 to QB_PBO_BLOCKS_LIMIT, and
 * rows a multiple of them with at least 2 rows in a half. The metric is mean / sample deviation,
 * the first maximum wins, equal ranks are averaged; of a column without variation it is 0 or
 * infinite with the mean's sign. out_lambda (may be NULL) has one entry per combination, in
 * lexical order of the blocks in sample; out_chosen (may be NULL) counts per column how often it
 * won. QB_OUT_OF_RANGE for shapes that do not fit, QB_NOT_FINITE, QB_NO_MEMORY. */
#define QB_PBO_BLOCKS_LIMIT 24
/* blocks over blocks/2: entries of out_lambda. 0 where blocks is out of range. */
size_t qb_pbo_combinations(size_t blocks);
QB_CHECKED qb_status qb_pbo(const double *returns, size_t rows, size_t columns, size_t blocks,
                            double *out_pbo, double *out_lambda, size_t *out_chosen);

#endif
