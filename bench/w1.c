/* W1 of the performance page: one instrument, SMA(10) over SMA(30), one unit, next-open fills,
 * through the engine's public interface with every decision recorded.
 *
 * Prints nanoseconds per bar (median and least of several runs) for two lengths, beside a plain
 * loop in doubles over the same bars in the same process, and checks both against the golden
 * values. Exits 1 when an equality fails; time alone never fails. */
#include "core/engine/engine.h"
#include "strategies/strategies.h"
#include "walk64.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define RUNS 15
#define CASH 10000000.0
#define FEE 0.001
#define SLIPPAGE 0.0005
#define PERIODS 525600.0

/* vectorbt and backtrader agree on fills and equity. */
static const struct golden {
    size_t bars;
    uint64_t fills;
    double equity, drawdown, sharpe, fees;
} goldens[] = {
    {100000, 3841, 9938055.36539300, 0.006203429672, -82.232333004, 42510.955912},
    {1000000, 38941, 9294505.3375801574, 0.070551924054, -85.200526256, 469917.453482},
};

typedef struct result {
    uint64_t fills;
    double equity, drawdown, sharpe, fees;
} result;

/* ---- measures, the same for both ---------------------------------------------------------- */

/* Equity point by point, in whatever unit: mean and deviation of the returns (r_0 = 0), and the
 * drawdown from the lowest point since each peak. */
typedef struct curve {
    double last, peak, lowest, drawdown, sum, squares;
    uint64_t count;
} curve;

static void curve_fold(curve *curve)
{
    double depth = (curve->peak - curve->lowest) / curve->peak;
    curve->drawdown = depth > curve->drawdown ? depth : curve->drawdown;
}

static inline void curve_add(curve *curve, double equity)
{
    double r = curve->count == 0 ? 0.0 : equity / curve->last - 1.0;
    curve->last = equity;
    curve->sum += r;
    curve->squares += r * r;
    curve->count++;
    curve->lowest = equity < curve->lowest ? equity : curve->lowest;
    if (equity > curve->peak) {
        curve_fold(curve);
        curve->peak = curve->lowest = equity;
    }
}

static double curve_sharpe(const curve *curve)
{
    double n = (double)curve->count, mean = curve->sum / n;
    double variance = (curve->squares - n * mean * mean) / (n - 1.0);
    return mean / sqrt(variance) * sqrt(PERIODS);
}

/* ---- the plain loop ----------------------------------------------------------------------- */

static double mean_before(const double *sums, size_t end, size_t period)
{
    return (sums[end] - sums[end - period]) / (double)period;
}

static result run_plain(const qb_series *series, double *sums)
{
    curve curve = {.peak = CASH, .lowest = CASH};
    result result = {0};
    double cash = CASH, held = 0.0, wanted = 0.0;
    sums[0] = 0.0;
    for (size_t i = 0; i < series->count; i++) {
        if (wanted != held) {
            double side = wanted - held;
            double price = series->open[i] * (1.0 + side * SLIPPAGE);
            double fee = price * FEE;
            cash -= side * price + fee;
            result.fees += fee;
            result.fills++;
            held = wanted;
        }
        double close = series->close[i];
        sums[i + 1] = sums[i] + close;
        if (i >= 29)
            wanted = mean_before(sums, i + 1, 10) > mean_before(sums, i + 1, 30) ? 1.0 : 0.0;
        curve_add(&curve, cash + held * close);
    }
    curve_fold(&curve);
    result.equity = curve.last;
    result.drawdown = curve.drawdown;
    result.sharpe = curve_sharpe(&curve);
    return result;
}

/* ---- the engine --------------------------------------------------------------------------- */

typedef struct listener {
    curve curve;
    qb_decision *decisions;
    size_t decision_count, decision_capacity;
    uint64_t bars_decided;
} listener;

static qb_status take_equity(void *self, int64_t at_us, qb_money equity)
{
    listener *listener = self;
    curve_add(&listener->curve, (double)equity.raw);
    return QB_OK;
}

static qb_status take_decision(void *self, const qb_decision *decision)
{
    listener *listener = self;
    if (listener->decision_count == listener->decision_capacity)
        return QB_NO_MEMORY;
    listener->decisions[listener->decision_count++] = *decision;
    listener->bars_decided += decision->bars;
    return QB_OK;
}

static void require(qb_status status, const char *what)
{
    if (status == QB_OK)
        return;
    fprintf(stderr, "bench_w1: %s: %s\n", what, qb_status_text(status));
    exit(1);
}

static result run_engine(const qb_series *series, const qb_instrument *instrument,
                         listener *listener)
{
    const double start = CASH * (double)QB_ONE;
    listener->curve = (curve){.peak = start, .lowest = start};
    listener->decision_count = 0;
    listener->bars_decided = 0;
    const qb_sink sink = {.self = listener, .equity = take_equity, .decision = take_decision};
    const double params[] = {10, 30, 0, 0};
    const qb_engine_config config = {
        .instruments = instrument,
        .instrument_count = 1,
        .strategy = strategies_find("sma_cross"),
        .params = params,
        .cash = {10000000 * QB_ONE},
        .costs = {.fee_rate = {100000}, .slippage = {50000}},
        .size = {.kind = QB_SIZE_UNITS, .amount = 1.0},
        .leverage = {QB_ONE},
        .patience = 5,
        .seed = 1,
    };
    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    require(qb_series_feed_new(instrument, series, 1, &feed), "feed");
    require(qb_engine_new(&config, &sink, &engine), "engine");
    const qb_feed source = qb_series_feed_as_feed(feed);
    require(qb_engine_run(engine, &source), "run");
    require(qb_engine_finish(engine), "finish");
    qb_engine_totals totals;
    qb_engine_totals_get(engine, &totals);
    curve_fold(&listener->curve);
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    return (result){
        .fills = totals.fills,
        .equity = qb_raw_to_double(totals.equity.raw),
        .drawdown = listener->curve.drawdown,
        .sharpe = curve_sharpe(&listener->curve),
        .fees = qb_raw_to_double(totals.fees.raw),
    };
}

/* ---- equality ----------------------------------------------------------------------------- */

static int differs(const char *who, const char *what, double got, double want, double tolerance)
{
    if (fabs(got - want) <= tolerance)
        return 0;
    printf("W1 %s: %s is %.12f, want %.12f within %g\n", who, what, got, want, tolerance);
    return 1;
}

/* A path in doubles is compared relatively, the ledger by what its rounding may have cost. The
 * printed golden values carry 6 to 12 decimals: half a unit of the last is allowed on top. */
static int check(const char *who, const result *got, const struct golden *want, double money,
                 double drawdown)
{
    int failures = got->fills != want->fills;
    if (failures)
        printf("W1 %s: fills is %llu, want %llu\n", who, (unsigned long long)got->fills,
               (unsigned long long)want->fills);
    failures += differs(who, "equity", got->equity, want->equity, money);
    failures += differs(who, "fees", got->fees, want->fees, money + 5e-7);
    failures += differs(who, "drawdown", got->drawdown, want->drawdown, drawdown + 5e-13);
    failures += differs(who, "Sharpe", got->sharpe, want->sharpe,
                        1e-9 * fabs(want->sharpe) + 5e-10);
    return failures;
}

/* ---- time --------------------------------------------------------------------------------- */

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}

static int measure(const struct golden *golden)
{
    qb_series series = {0};
    qb_instrument instrument;
    require(walk64_append(&series, WALK64_SEED, golden->bars, WALK64_MINUTES, QB_MINUTE_US),
            "bars");
    require(qb_instrument_default("WALK64-USD", QB_CRYPTO, QB_1M, &instrument), "instrument");
    listener listener = {.decision_capacity = golden->bars / 8};
    listener.decisions = malloc(listener.decision_capacity * sizeof *listener.decisions);
    double bars = (double)golden->bars, engine_ns[RUNS], plain_ns[RUNS];
    int failures = listener.decisions == NULL;

    for (int run = 0; run < RUNS && failures == 0; run++) {
        double start = now_ns();
        result result = run_engine(&series, &instrument, &listener);
        engine_ns[run] = (now_ns() - start) / bars;
        failures += check("engine", &result, golden, 1e-8 * (double)golden->fills, 1e-10);
        failures += listener.bars_decided != golden->bars;
    }
    double engine_mb = peak_mb();
    double *sums = malloc((golden->bars + 1) * sizeof *sums);
    failures += sums == NULL;
    for (int run = 0; run < RUNS && failures == 0; run++) {
        double start = now_ns();
        result result = run_plain(&series, sums);
        plain_ns[run] = (now_ns() - start) / bars;
        /* The golden equity's own digits allow no more than about 1e-8 here. */
        failures += check("plain", &result, golden, 1e-12 * golden->equity, 1e-12);
    }
    free(sums);
    free(listener.decisions);
    qb_series_clear(&series);
    if (failures > 0) {
        printf("W1 %zu bars: NOT EQUAL to the golden values\n", golden->bars);
        return 1;
    }
    double first = engine_ns[0];
    qsort(engine_ns, RUNS, sizeof *engine_ns, ascending);
    qsort(plain_ns, RUNS, sizeof *plain_ns, ascending);
    printf("W1 %7zu bars: engine %.1f ns/bar (least %.1f, first run %.1f; must 20, aim 12), plain "
           "loop %.1f, ratio %.2f; peak %.0f MB (must %.0f); %zu decisions; equal\n",
           golden->bars, engine_ns[RUNS / 2], engine_ns[0], first, plain_ns[RUNS / 2],
           engine_ns[RUNS / 2] / plain_ns[RUNS / 2], engine_mb, bars * 64.0 / 1048576.0 + 20.0,
           listener.decision_count);
    return 0;
}

int main(void)
{
    int failures = 0;
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++)
        failures += measure(&goldens[i]);
    return failures != 0;
}
