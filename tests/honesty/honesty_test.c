/* The proofs in core: built-in strategies pass them, and each kind of dishonesty trips its own. */
#include "lab.h"
#include "walk64.h"

#include "core/honesty/honesty.h"

#define WALKS 4
#define BARS 1500

/* ---- a market ------------------------------------------------------------------------------ */

typedef struct market {
    qb_instrument instruments[WALKS];
    qb_series series[WALKS];
} market;

/* Walks of the same calendar; the strategy sees days around the clock. */
static market market_new(void)
{
    market self = {0};
    for (uint32_t i = 0; i < WALKS; i++) {
        self.instruments[i] = lab_coin(QB_1D);
        self.instruments[i].lot.raw = 1;
        snprintf(self.instruments[i].symbol, sizeof self.instruments[i].symbol, "W%u-USD", i);
        if (walk64_append(&self.series[i], WALK64_SEED + i, BARS, WALK64_DAYS, QB_DAY_US) != QB_OK)
            abort();
    }
    return self;
}

static void market_clear(market *self)
{
    for (uint32_t i = 0; i < WALKS; i++)
        qb_series_clear(&self->series[i]);
}

static qb_engine_config config_of(const market *market, const qb_strategy *strategy,
                                  const double *params)
{
    return (qb_engine_config){
        .instruments = market->instruments,
        .instrument_count = WALKS,
        .strategy = strategy,
        .params = params,
        .cash = {100000 * QB_ONE},
        .costs = {.fee_rate = {QB_ONE / 1000}, .slippage = {QB_ONE / 2000}},
        .size = {.kind = QB_SIZE_WEIGHT, .amount = 0.25},
        .leverage = {QB_ONE},
        .patience = 5,
        .seed = 1,
    };
}

static void print_finding(const char *name, const qb_finding *finding)
{
    char time[QB_TIME_TEXT];
    printf("# %-20s %-8s %-9s %3u runs %s", name, qb_check_text(finding->check),
           qb_verdict_text(finding->verdict), finding->runs, finding->why ? finding->why : "");
    if (finding->located)
        printf(" [%u %s %g %g]", finding->instrument, qb_time_to_text(finding->at_us, time),
               finding->wanted, finding->got);
    printf("\n");
}

/* ---- built in ------------------------------------------------------------------------------ */

static void built_in(void)
{
    market market = market_new();
    for (size_t k = 0; strategies_builtin[k] != NULL; k++) {
        const qb_strategy *strategy = strategies_builtin[k];
        double params[64];
        for (size_t i = 0; i < strategy->param_count; i++)
            params[i] = strategy->params[i].standard;
        const qb_engine_config config = config_of(&market, strategy, params);
        const qb_honesty_limits limits = {.cuts = 40, .futures = 8, .starts = 8};
        qb_finding findings[QB_CHECK_COUNT];
        CHECK_OK(qb_honesty_check(&config, market.series, &limits, findings));
        for (int i = 0; i < QB_CHECK_COUNT; i++) {
            if (findings[i].verdict != QB_VERDICT_PASSED || findings[i].why != NULL)
                print_finding(strategy->name, &findings[i]);
            CHECK(findings[i].verdict != QB_VERDICT_FAILED);
        }
    }
    market_clear(&market);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    static const tap_case cases[] = {
        {"/honesty/built-in", built_in},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
