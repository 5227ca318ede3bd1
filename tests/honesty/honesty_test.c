/* The proofs in core: built-in strategies pass them, and each kind of dishonesty trips its own. */
#include "lab.h"
#include "walk64.h"

#include "core/honesty/honesty.h"

#define WALKS 4
#define BARS 1500

/* ---- markets ------------------------------------------------------------------------------- */

typedef struct market {
    const char *name;
    bool is_mixed; /* bars of several lengths */
    qb_instrument instruments[WALKS];
    qb_series series[WALKS];
} market;

typedef struct stamps {
    const char *calendar;
    qb_interval interval;
} stamps;

/* Four kinds of bars; holes in some of them. */
static const struct {
    const char *name;
    stamps of[WALKS];
    uint64_t hole; /* every so many rows one is left out; 0: none */
} kinds[] = {
    {"days around the clock",
     {{"24/7", QB_1D}, {"24/7", QB_1D}, {"24/7", QB_1D}, {"24/7", QB_1D}},
     0},
    {"days of an exchange",
     {{"XNYS", QB_1D}, {"XNYS", QB_1D}, {"XNYS", QB_1D}, {"XNYS", QB_1D}},
     0},
    {"days with holes", {{"XNYS", QB_1D}, {"XNYS", QB_1D}, {"XNYS", QB_1D}, {"XNYS", QB_1D}}, 29},
    {"hours of an exchange",
     {{"XNYS", QB_1H}, {"XNYS", QB_1H}, {"XNYS", QB_1H}, {"XNYS", QB_1H}},
     0},
    {"all kinds", {{"24/7", QB_1D}, {"XNYS", QB_1D}, {"24/7", QB_4H}, {"weekdays", QB_1W}}, 31},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* A walk whose rows stand where the calendar expects bars, from 2010 on. */
static qb_series walk_on(const qb_instrument *about, uint64_t seed, uint64_t hole)
{
    qb_series walk = {0}, series = {0};
    if (walk64_append(&walk, seed, BARS, WALK64_DAYS, QB_DAY_US) != QB_OK)
        abort();
    int64_t ts_us = INT64_C(1262304000) * QB_SECOND_US - 3 * QB_DAY_US; /* 2009-12-29 */
    if (about->interval == QB_1W)
        ts_us -= QB_DAY_US; /* a Monday */
    for (size_t row = 0; row < walk.count; ts_us += qb_interval_us(about->interval)) {
        qb_bar_time when;
        if (!qb_bar_times(about->calendar, about->interval, ts_us, &when))
            continue;
        qb_bar bar = qb_series_bar(&walk, row++);
        bar.ts_us = ts_us;
        if ((hole == 0 || (row + seed) % hole != 0) && qb_series_append(&series, &bar) != QB_OK)
            abort();
    }
    qb_series_clear(&walk);
    return series;
}

static market market_new(size_t kind)
{
    market self = {.name = kinds[kind].name};
    self.is_mixed = kinds[kind].of[0].interval != kinds[kind].of[2].interval;
    for (uint32_t i = 0; i < WALKS; i++) {
        qb_instrument *about = &self.instruments[i];
        *about = lab_coin(kinds[kind].of[i].interval);
        about->calendar = qb_calendar_find(kinds[kind].of[i].calendar);
        about->lot.raw = 1;
        snprintf(about->symbol, sizeof about->symbol, "W%u-USD", i);
        self.series[i] = walk_on(about, WALK64_SEED + i, kinds[kind].hole);
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

static void print_finding(const char *market, const char *name, const qb_finding *finding)
{
    char time[QB_TIME_TEXT];
    printf("# %s: %-20s %-8s %-9s %3u runs %s", market, name, qb_check_text(finding->check),
           qb_verdict_text(finding->verdict), finding->runs, finding->why ? finding->why : "");
    if (finding->located)
        printf(" [%u %s %g %g]", finding->instrument, qb_time_to_text(finding->at_us, time),
               finding->wanted, finding->got);
    printf("\n");
}

/* ---- what does not cheat ------------------------------------------------------------------- */

static void standard_params(const qb_strategy *strategy, double params[64])
{
    for (size_t i = 0; i < strategy->param_count; i++)
        params[i] = strategy->params[i].standard;
}

static void check_built_in(const market *market, const qb_strategy *strategy)
{
    double params[64];
    standard_params(strategy, params);
    const qb_engine_config config = config_of(market, strategy, params);
    const qb_honesty_limits limits = {.cuts = 25, .futures = 5, .starts = 8};
    qb_finding findings[QB_CHECK_COUNT];
    CHECK_OK(qb_honesty_check(&config, market->series, &limits, findings));
    for (int i = 0; i < QB_CHECK_COUNT; i++) {
        /* Rules that line instruments up by time have their warm-up in bars of one length. */
        bool may_fail = market->is_mixed && i == QB_CHECK_WARMUP;
        if (findings[i].verdict == QB_VERDICT_FAILED)
            print_finding(market->name, strategy->name, &findings[i]);
        CHECK(findings[i].verdict != QB_VERDICT_FAILED || may_fail);
        CHECK_INT(findings[i].check, i);
    }
}

static void built_in(void)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        market market = market_new(kind);
        for (size_t k = 0; strategies_builtin[k] != NULL; k++)
            check_built_in(&market, strategies_builtin[k]);
        market_clear(&market);
    }
}

/* ---- the short form ------------------------------------------------------------------------ */

typedef struct listener {
    qb_short_check *check;
    uint64_t heard, forge; /* the how manieth decision is told otherwise; 0: none */
    int64_t forged_us;
    uint32_t forged;
} listener;

static qb_status listen(void *self, const qb_decision *decision)
{
    listener *listener = self;
    qb_decision told = *decision;
    if (++listener->heard == listener->forge) {
        told.signal = 0.123;
        listener->forged_us = told.first_us;
        listener->forged = told.instrument;
    }
    return qb_short_check_hear(listener->check, &told);
}

static qb_finding run_short(const qb_engine_config *config, const qb_series *series, uint64_t forge,
                            listener *listener)
{
    qb_finding finding = {0};
    qb_engine *engine = NULL;
    qb_series_feed *feed = NULL;
    *listener = (struct listener){.forge = forge};
    CHECK_OK(qb_short_check_new(config, series, &listener->check));
    const qb_sink sink = {.self = listener, .decision = listen};
    CHECK_OK(qb_series_feed_new(config->instruments, series, config->instrument_count, &feed));
    CHECK_OK(qb_engine_new(config, &sink, &engine));
    const qb_feed source = qb_series_feed_as_feed(feed);
    CHECK_OK(qb_engine_run(engine, &source));
    CHECK_OK(qb_engine_finish(engine));
    CHECK_OK(qb_short_check_finish(listener->check, &finding));
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    qb_short_check_free(listener->check);
    return finding;
}

/* Whatever the bars, a run's beginning is the same run. */
static void short_passes(void)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        market market = market_new(kind);
        for (size_t k = 0; strategies_builtin[k] != NULL; k++) {
            double params[64];
            listener listener;
            standard_params(strategies_builtin[k], params);
            const qb_engine_config config = config_of(&market, strategies_builtin[k], params);
            qb_finding finding = run_short(&config, market.series, 0, &listener);
            if (finding.verdict != QB_VERDICT_PASSED)
                print_finding(market.name, strategies_builtin[k]->name, &finding);
            CHECK_INT(finding.verdict, QB_VERDICT_PASSED);
            CHECK_INT(finding.runs, 3);
        }
        market_clear(&market);
    }
}

/* A decision that was made otherwise in the run is found, at its own place. */
static void short_finds(void)
{
    market market = market_new(1);
    double params[64];
    standard_params(strategies_find("ema_cross"), params);
    const qb_engine_config config = config_of(&market, strategies_find("ema_cross"), params);
    int found = 0;
    for (uint64_t forge = 1; forge <= 60; forge++) {
        listener listener;
        qb_finding finding = run_short(&config, market.series, forge, &listener);
        if (finding.verdict == QB_VERDICT_PASSED)
            continue; /* beyond what is made again */
        found++;
        CHECK_INT(finding.instrument, listener.forged);
        CHECK_INT(finding.at_us, listener.forged_us);
        CHECK_NEAR(finding.wanted, 0.123, 0.0);
        CHECK(!(finding.got == 0.123));
    }
    CHECK(found >= 50);
    market_clear(&market);
}

/* ---- what the checks say ------------------------------------------------------------------- */

static market one; /* the strategies below look at it: that is how they cheat */

static qb_finding *check_lab(lab_on_bar bar, size_t warmup, qb_finding findings[QB_CHECK_COUNT])
{
    qb_engine_config config = config_of(&one, &lab_strategy, NULL);
    config.instrument_count = 1;
    lab_use(bar);
    lab_warmup = warmup;
    CHECK_OK(qb_honesty_check(&config, one.series, &QB_HONESTY_LIMITS, findings));
    return findings;
}

static void only(const qb_finding *findings, unsigned failed)
{
    for (int i = 0; i < QB_CHECK_COUNT; i++)
        if ((findings[i].verdict == QB_VERDICT_FAILED) != ((failed >> i & 1) != 0)) {
            print_finding("lab", qb_check_text(i), &findings[i]);
            CHECK(false);
        }
}

static void peek_by_stamp(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    size_t row = qb_series_lower_bound(one.series, history->ts_us[history->count - 1]);
    bool rises = row + 1 < one.series->count && one.series->close[row + 1] > one.series->close[row];
    context->host->signal(context, instrument, rises);
}

static void peek_by_clock(const qb_context *context, uint32_t instrument)
{
    /* Known at midnight: the bar of the day that begins now is the next one. */
    size_t row = qb_series_lower_bound(one.series, context->now_us);
    bool rises = row < one.series->count && one.series->close[row] > one.series->open[row];
    context->host->signal(context, instrument, rises);
}

static void peek_by_price(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    double close = history->close[history->count - 1];
    for (size_t row = 0; row + 1 < one.series->count; row++)
        if (one.series->close[row] == close &&
            one.series->open[row] == history->open[history->count - 1]) {
            context->host->signal(context, instrument, one.series->close[row + 1] > close);
            return;
        }
    context->host->signal(context, instrument, 0.0);
}

static void peek_by_number(const qb_context *context, uint32_t instrument)
{
    size_t row = context->history[instrument].total - 1;
    bool rises = row + 1 < one.series->count && one.series->close[row + 1] > one.series->close[row];
    context->host->signal(context, instrument, rises);
}

static int changes;
static void remember(const qb_context *context, uint32_t instrument)
{
    context->host->signal(context, instrument, ++changes % 7 == 0);
}

/* Rules that are honest, and of which a check might think otherwise. */
static void by_the_month(const qb_context *context, uint32_t instrument)
{
    qb_civil now = qb_civil_from_date(qb_date_from_us(context->now_us));
    context->host->signal(context, instrument, now.month % 2 == 0);
}

static void by_the_weekday(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    int32_t day = qb_weekday(qb_date_from_us(history->ts_us[history->count - 1]));
    if (day == 0)
        context->host->order(context, instrument, QB_BUY, qb_size_cash(100.0));
    if (day == 4)
        context->host->target(context, instrument, QB_BUY, qb_size_weight(0.0));
}

static void in_money(const qb_context *context, uint32_t instrument)
{
    context->host->signal(context, instrument, qb_close_now(context, instrument) < 10000.0);
}

static void by_luck(const qb_context *context, uint32_t instrument)
{
    context->host->signal(context, instrument, context->host->random(context) < 0.5);
}

static void never(const qb_context *context, uint32_t instrument)
{
}

#define BIT(check) (1u << QB_CHECK_##check)

static void cheats(void)
{
    qb_finding findings[QB_CHECK_COUNT];
    one = market_new(0);
    only(check_lab(peek_by_stamp, 1, findings), BIT(DATES));
    only(check_lab(peek_by_clock, 1, findings), BIT(DELAYED) | BIT(DATES));
    only(check_lab(peek_by_price, 1, findings), BIT(LEVELS));
    only(check_lab(peek_by_number, 20, findings), BIT(WARMUP));
    changes = 0;
    check_lab(remember, 1, findings);
    CHECK_INT(findings[QB_CHECK_REPEAT].verdict, QB_VERDICT_FAILED);
    CHECK_INT(findings[QB_CHECK_PREFIXES].verdict, QB_VERDICT_FAILED);
    market_clear(&one);
}

static void honest(void)
{
    qb_finding findings[QB_CHECK_COUNT];
    one = market_new(0);
    only(check_lab(by_the_month, 1, findings), 0);
    only(check_lab(by_the_weekday, 1, findings), 0);
    only(check_lab(by_luck, 20, findings), BIT(WARMUP)); /* as many bars, as many throws */
    only(check_lab(in_money, 1, findings), BIT(LEVELS));
    check_lab(never, 1, findings);
    for (int i = 0; i < QB_CHECK_COUNT; i++)
        CHECK_INT(findings[i].verdict, QB_VERDICT_UNDECIDED);
    check_lab(by_the_month, 1000, findings);
    CHECK_INT(findings[QB_CHECK_WARMUP].verdict, QB_VERDICT_UNDECIDED);
    market_clear(&one);
}

/* The first bar that rises: its own number is the first place, in the run 1, on other dates none. */
static void place(void)
{
    qb_finding findings[QB_CHECK_COUNT];
    one = market_new(0);
    size_t row = 0;
    while (one.series->close[row + 1] <= one.series->close[row])
        row++;
    const qb_finding *dates = &check_lab(peek_by_stamp, 1, findings)[QB_CHECK_DATES];
    CHECK(dates->located);
    CHECK_INT(dates->bar_ts_us, one.series->ts_us[row]);
    CHECK_INT(dates->at_us, one.series->ts_us[row] + QB_DAY_US);
    CHECK_NEAR(dates->wanted, 1.0, 0.0);
    market_clear(&one);
}

int main(void)
{
    static const tap_case cases[] = {
        {"/honesty/built-in", built_in},
        {"/honesty/cheats", cheats},
        {"/honesty/honest", honest},
        {"/honesty/place", place},
        {"/honesty/short/passes", short_passes},
        {"/honesty/short/finds", short_finds},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
