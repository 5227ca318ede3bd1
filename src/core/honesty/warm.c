/* Has everything settled once the warm-up is over? The strategy begins at the same bar T with 1, 2
 * and 4 times its warm-up before it; what it asks before T does not reach the engine, so that all
 * three enter T with an empty account, and differ in nothing but what they have seen.
 *
 * A rule that holds on to something (long since it broke out, until it breaks down) may honestly
 * be in another state at T when it has seen more. So a difference alone proves nothing; it does
 *   - where twice the warm-up agrees with four times at every place tried, and once does not: what
 *     the rule needs lies in the bars that it says it can do without;
 *   - where two runs have changed their mind alike, at the same bar, and still part again: from
 *     there on they hold on to the same thing, and yet the past beyond the warm-up decides;
 *   - where two runs change their mind again and again and never alike, at more places than one. */
#include "core/honesty/honesty-private.h"

#define WINDOW_MIN 500u /* bars compared after T */
#define BARS_AFTER 10u
#define SAMPLES 3

typedef struct warm {
    const base *base;
    uint32_t clock; /* the instrument with the most bars, by which places are chosen */
    size_t window;
    uint32_t once, twice; /* places at which that much differs from four times */
    bool parted;
    uint32_t adrift;                              /* places at which one never meets four times */
    difference first, first_parted, first_adrift; /* four times, and what differs from it */
} warm;

static uint32_t longest(const base *base)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < base->config->instrument_count; i++)
        if (base->bar_counts[i] > base->bar_counts[best])
            best = i;
    return best;
}

/* Each instrument from `before` bars ahead of T on. One with too few of them begins where it does
 * begin, in all samples alike. */
static qb_series *slice(const base *base, int64_t at_us, int64_t until_us, size_t before,
                        qb_arena *arena)
{
    uint32_t count = base->config->instrument_count;
    qb_series *series = qb_arena_alloc(arena, count, sizeof *series);
    for (uint32_t i = 0; series != NULL && i < count; i++) {
        size_t bars = base_known(base, i, at_us);
        size_t from = bars >= 4 * base->warmup ? base_row(base, i, bars - before) : 0;
        size_t to = base_row(base, i, base_known(base, i, until_us));
        const qb_series *whole = &base->series[i];
        series[i] = *whole;
        series[i].ts_us += from;
        series[i].open += from;
        series[i].high += from;
        series[i].low += from;
        series[i].close += from;
        double **const columns[] = {&series[i].volume, &series[i].dividend, &series[i].split_factor,
                                    &series[i].bid, &series[i].ask};
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
            if (*columns[k] != NULL)
                *columns[k] += from;
        if (series[i].flags != NULL)
            series[i].flags += from;
        series[i].count = to - from;
    }
    return series;
}

static qb_status run_sample(const warm *warm, int64_t at_us, int64_t until_us, size_t before,
                            notes *out)
{
    qb_arena arena = {0};
    bend bend = bend_none;
    bend.quiet_until_us = at_us;
    bend.series = slice(warm->base, at_us, until_us, before, &arena);
    qb_status status = bend.series != NULL ? bent_run(warm->base, &bend, out) : QB_NO_MEMORY;
    qb_arena_clear(&arena);
    return status;
}

static void keep_earlier(bool first, difference *kept, const difference *found)
{
    if (first || found->at_us < kept->at_us)
        *kept = *found;
}

static void judge_place(warm *warm, const notes samples[SAMPLES], int64_t at_us, int64_t until_us)
{
    steps once, twice;
    notes_steps(&samples[2], &samples[0], at_us, until_us, &once);
    notes_steps(&samples[2], &samples[1], at_us, until_us, &twice);
    if (once.differ) {
        keep_earlier(warm->once == 0, &warm->first, &once.first);
        warm->once++;
    }
    warm->twice += twice.differ;
    if (once.adrift || twice.adrift) {
        keep_earlier(warm->adrift == 0, &warm->first_adrift,
                     once.adrift ? &once.first_adrift : &twice.first_adrift);
        warm->adrift++;
    }
    if (once.differ_in_step) {
        keep_earlier(!warm->parted, &warm->first_parted, &once.first_in_step);
        warm->parted = true;
    }
    if (twice.differ_in_step) {
        keep_earlier(!warm->parted, &warm->first_parted, &twice.first_in_step);
        warm->parted = true;
    }
}

static qb_status try_place(warm *warm, size_t bar, qb_finding *out)
{
    static const size_t times[SAMPLES] = {1, 2, 4};
    const base *base = warm->base;
    size_t count = base->bar_counts[warm->clock];
    size_t last = bar + warm->window < count ? bar + warm->window : count - 1;
    int64_t at_us = base->known[warm->clock][bar], until_us = base->known[warm->clock][last];
    notes samples[SAMPLES] = {0};
    qb_status status = QB_OK;
    for (int i = 0; i < SAMPLES && status == QB_OK; i++)
        status = run_sample(warm, at_us, until_us, times[i] * base->warmup, &samples[i]);
    out->runs += SAMPLES;
    if (status == QB_OK)
        judge_place(warm, samples, at_us, until_us);
    for (int i = 0; i < SAMPLES; i++)
        notes_clear(&samples[i]);
    return status;
}

static void judge(const warm *warm, qb_finding *out)
{
    if (warm->once > 1 && warm->twice == 0)
        finding_fail(warm->base, &warm->first,
                     "an indicator had not settled when the warm-up was over: with twice as many "
                     "bars it decides otherwise",
                     out);
    else if (warm->parted)
        finding_fail(warm->base, &warm->first_parted,
                     "bars beyond the warm-up decide: an indicator that never settles, or the "
                     "number of the bar",
                     out);
    else if (warm->adrift > 1)
        finding_fail(warm->base, &warm->first_adrift,
                     "it decides by where its bars begin: by the number of the bar, or by a table "
                     "of them",
                     out);
    else if (warm->once > 0 || warm->twice > 0)
        out->why = "it holds on to what it did before: after another beginning it is out of step "
                   "until it has once decided alike";
}

qb_status check_warmup(const base *base, uint32_t starts, qb_finding *out)
{
    warm warm = {.base = base, .clock = longest(base), .window = 4 * base->warmup};
    size_t least = 4 * base->warmup, count = base->bar_counts[warm.clock];
    if (warm.window < WINDOW_MIN)
        warm.window = WINDOW_MIN;
    if (count < least + BARS_AFTER) {
        finding_undecided("there are not four times as many bars as the warm-up takes", out);
        return QB_OK;
    }
    qb_status status = QB_OK;
    for (uint32_t i = 0; i < starts && status == QB_OK; i++)
        status = try_place(&warm, least - 1 + (count - least) * i / (starts + 1), out);
    if (status == QB_OK) {
        judge(&warm, out);
    } else if (status != QB_NO_MEMORY) {
        finding_undecided("the changed bars cannot be run", out);
        status = QB_OK;
    }
    return status;
}
