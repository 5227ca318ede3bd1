/* The words of money: fees and their presets, slippage, carrying costs, deposits, holdings. What
 * each means stands in docs/COSTS.md. */
#include "commands/run-private.h"

#include <string.h>

#define AMOUNT_MAX (1000000 * QB_ONE)
#define MONEY_MAX (INT64_C(1000000000) * QB_ONE)
#define YEARLY_MAX (10 * QB_ONE)
#define DEPOSITS_LIMIT 10000u

/* ---- fees ----------------------------------------------------------------------------------- */

/* The seven words of fees: what each says, and whether it was said. */
typedef struct fee_words {
    qb_costs said;
    qb_rate maker; /* the rate itself */
    gboolean rate, maker_rate, per_unit, minimum, cap, sell_rate, sell_per_unit;
} fee_words;

static gboolean is_said(const run_texts *texts, const char *name)
{
    return g_hash_table_contains(texts->values, name);
}

static fee_words read_fees(failures *problems, const run_texts *texts)
{
    const char *amount = "an amount from 0 to 1000000";
    fee_words words = {
        .rate = is_said(texts, "fee-bps"),
        .maker_rate = is_said(texts, "fee-maker-bps"),
        .per_unit = is_said(texts, "fee-per-unit"),
        .minimum = is_said(texts, "fee-minimum"),
        .cap = is_said(texts, "fee-cap"),
        .sell_rate = is_said(texts, "sell-fee-bps"),
        .sell_per_unit = is_said(texts, "sell-fee-per-unit"),
    };
    qb_costs *said = &words.said;
    said->fee_rate = run_value_bps(problems, texts, "fee-bps");
    if (words.maker_rate)
        words.maker = run_value_bps(problems, texts, "fee-maker-bps");
    said->fee_per_unit.raw = run_value_raw(problems, texts, "fee-per-unit", 0, AMOUNT_MAX, amount);
    said->fee_minimum.raw = run_value_raw(problems, texts, "fee-minimum", 0, AMOUNT_MAX, amount);
    said->fee_cap = run_value_share_or_off(problems, texts, "fee-cap", QB_ONE, "1%, 0.01 or off");
    said->sell_rate = run_value_bps(problems, texts, "sell-fee-bps");
    said->sell_per_unit.raw = run_value_raw(problems, texts, "sell-fee-per-unit", 0, AMOUNT_MAX,
                                            amount);
    return words;
}

/* What was said goes over a preset's fees (NULL: over the defaults, which are among the words). A
 * fee-bps alone is both sides' of the book. FALSE: makers would pay more than takers. */
static gboolean lay_over(const fee_words *words, const qb_fee_preset *preset, qb_costs *costs)
{
    const qb_costs *base = preset != NULL ? &preset->costs : &words->said;
    const gboolean rate = words->rate || preset == NULL;
    const qb_rate taker = rate ? words->said.fee_rate : base->fee_rate;
    qb_rate maker = {rate ? taker.raw : base->fee_rate.raw - base->maker_discount.raw};
    if (words->maker_rate)
        maker = words->maker;
    costs->fee_rate = taker;
    costs->maker_discount.raw = MAX(taker.raw - maker.raw, 0);
    costs->fee_per_unit = words->per_unit ? words->said.fee_per_unit : base->fee_per_unit;
    costs->fee_minimum = words->minimum ? words->said.fee_minimum : base->fee_minimum;
    costs->fee_cap = words->cap ? words->said.fee_cap : base->fee_cap;
    costs->sell_rate = words->sell_rate ? words->said.sell_rate : base->sell_rate;
    costs->sell_per_unit = words->sell_per_unit ? words->said.sell_per_unit : base->sell_per_unit;
    return maker.raw <= taker.raw;
}

static const qb_fee_preset *read_preset(failures *problems, const run_texts *texts)
{
    const char *name = run_texts_get(texts, "fee-preset");
    const qb_fee_preset *preset = name != NULL ? qb_fee_preset_find(name) : NULL;
    /* A stored run has every amount in its texts: the name tells only where they were from. */
    if (name != NULL && preset == NULL && texts->facts == NULL)
        run_value_problem(problems, texts, "fee-preset", "a name of quantbot fees list");
    return preset;
}

static void store_bps(run_texts *texts, const char *name, qb_rate rate)
{
    char text[QB_RAW_TEXT];
    run_texts_set(texts, name, qb_raw_to_text(rate.raw * 10000, text), "--fee-preset");
}

static void store_amount(run_texts *texts, const char *name, qb_money amount)
{
    char text[QB_RAW_TEXT];
    run_texts_set(texts, name, qb_raw_to_text(amount.raw, text), "--fee-preset");
}

static void store_fees(run_texts *texts, const qb_costs *costs)
{
    char text[QB_RAW_TEXT];
    g_autofree char *cap = costs->fee_cap.raw == 0
                               ? g_strdup("off")
                               : g_strdup_printf("%s%%",
                                                 qb_raw_to_text(costs->fee_cap.raw * 100, text));
    store_bps(texts, "fee-bps", costs->fee_rate);
    store_bps(texts, "fee-maker-bps", (qb_rate){costs->fee_rate.raw - costs->maker_discount.raw});
    store_amount(texts, "fee-per-unit", costs->fee_per_unit);
    store_amount(texts, "fee-minimum", costs->fee_minimum);
    run_texts_set(texts, "fee-cap", cap, "--fee-preset");
    store_bps(texts, "sell-fee-bps", costs->sell_rate);
    store_amount(texts, "sell-fee-per-unit", costs->sell_per_unit);
}

/* ---- slippage ------------------------------------------------------------------------------- */

static void read_impact(failures *problems, const run_texts *texts, qb_costs *costs)
{
    static const struct {
        const char *prefix;
        qb_impact impact;
    } models[] = {{"sqrt:", QB_IMPACT_SQUARE_ROOT}, {"quadratic:", QB_IMPACT_QUADRATIC}};
    const char *text = run_texts_get(texts, "impact");
    if (g_ascii_strcasecmp(text, "none") == 0)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(models); i++) {
        const gsize length = strlen(models[i].prefix);
        int64_t raw;
        if (g_ascii_strncasecmp(text, models[i].prefix, length) != 0 ||
            qb_raw_from_text(text + length, strlen(text + length), &raw) != QB_OK || raw <= 0 ||
            raw > 10 * QB_ONE)
            continue;
        costs->impact = models[i].impact;
        costs->impact_rate.raw = raw;
        return;
    }
    run_value_problem(problems, texts, "impact",
                      "none, sqrt:C or quadratic:C with C above 0, at most 10");
}

/* ---- carrying costs and deposits ------------------------------------------------------------ */

static void read_carry(failures *problems, const run_texts *texts, run_plan *plan)
{
    const char *yearly = "a yearly rate such as 3% or 0.03, at most 1000%";
    const char *maintenance = run_texts_get(texts, "maintenance");
    plan->borrow = run_value_share(problems, texts, "borrow", 0, YEARLY_MAX, yearly);
    plan->interest = run_value_share(problems, texts, "margin-interest", 0, YEARLY_MAX, yearly);
    plan->maintenance_off = g_ascii_strcasecmp(maintenance, "off") == 0;
    if (!plan->maintenance_off && g_ascii_strcasecmp(maintenance, "standard") != 0)
        plan->maintenance = run_value_share(problems, texts, "maintenance", 1, QB_ONE,
                                            "25%, 0.25, standard or off");
}

static gboolean read_deposit(const char *item, qb_deposit *out)
{
    const char *equals = strchr(item, '=');
    int64_t amount;
    if (equals == NULL || qb_time_from_text(item, (gsize)(equals - item), &out->at_us) != QB_OK ||
        qb_raw_from_text(equals + 1, strlen(equals + 1), &amount) != QB_OK || amount == 0 ||
        amount > MONEY_MAX || amount < -MONEY_MAX)
        return FALSE;
    out->amount.raw = amount;
    return TRUE;
}

static int compare_deposits(const void *a, const void *b)
{
    const qb_deposit *left = a, *right = b;
    return (left->at_us > right->at_us) - (left->at_us < right->at_us);
}

static char **list_items(const run_texts *texts, const char *name)
{
    const char *text = run_texts_get(texts, name);
    char **items = g_strsplit(text != NULL ? text : "", ",", -1);
    for (char **item = items; *item != NULL; item++)
        g_strstrip(*item);
    return items;
}

static void read_deposits(failures *problems, const run_texts *texts, run_plan *plan)
{
    const char *expected = "DATE=AMOUNT such as 2020-01-31=1000, or 2020-06-30=-250 to take out";
    g_auto(GStrv) items = list_items(texts, "deposit");
    g_autoptr(GArray) deposits = g_array_new(FALSE, FALSE, sizeof(qb_deposit));
    if (g_strv_length(items) > DEPOSITS_LIMIT) {
        failures_add(problems, "--deposit: more than %u", DEPOSITS_LIMIT);
        return;
    }
    for (char **item = items; *item != NULL; item++) {
        qb_deposit deposit;
        if (!read_deposit(*item, &deposit))
            run_value_problem_item(problems, texts, "deposit", *item, expected);
        else if (deposit.at_us >= plan->end_us)
            run_value_problem_item(problems, texts, "deposit", *item, "a date before --end");
        else
            g_array_append_val(deposits, deposit);
    }
    g_array_sort(deposits, compare_deposits); /* stable, as GLib promises */
    plan->deposit_count = deposits->len;
    plan->deposits = (qb_deposit *)g_array_free(g_steal_pointer(&deposits), FALSE);
}

void run_costs_read(failures *problems, run_texts *texts, run_plan *plan)
{
    const fee_words words = read_fees(problems, texts);
    plan->preset = read_preset(problems, texts);
    if (!lay_over(&words, plan->preset, &plan->costs))
        run_value_problem(problems, texts, "fee-maker-bps", "at most what a taker pays");
    plan->costs.slippage = run_value_bps(problems, texts, "slippage-bps");
    if (plan->costs.slippage.raw >= QB_ONE)
        run_value_problem(problems, texts, "slippage-bps", "below 10000");
    plan->costs.volume_cap = run_value_share_or_off(problems, texts, "volume-cap", QB_ONE,
                                                    "5%, 0.05 or off");
    read_impact(problems, texts, &plan->costs);
    read_carry(problems, texts, plan);
    read_deposits(problems, texts, plan);
}

/* ---- fees of each instrument ---------------------------------------------------------------- */

/* Over what instruments.ini names; what a stored run had is taken as it is. */
static gboolean own_fees(failures *problems, const run_texts *texts, const market *market,
                         const qb_instrument *instrument, const fee_words *words, qb_costs *costs)
{
    if (texts->facts != NULL)
        return run_facts_fees(texts->facts, instrument, costs);
    const qb_fee_preset *preset = instruments_fees(market->instruments, instrument->symbol,
                                                   instrument->asset);
    if (preset == NULL || is_said(texts, "fee-preset"))
        return FALSE;
    if (!lay_over(words, preset, costs))
        failures_add(problems, "--fee-maker-bps: above what a taker pays by %s (fee_preset of %s)",
                     preset->name, instrument->symbol);
    return TRUE;
}

static void read_instrument_costs(failures *problems, const run_texts *texts, const market *market,
                                  run_plan *plan)
{
    failures told; /* read_fees has told its problems before */
    failures_init(&told);
    const fee_words words = read_fees(&told, texts);
    failures_finish(&told, FAILURE_CONFIG, NULL);
    g_autofree qb_costs *costs = g_new(qb_costs, plan->count);
    gboolean any = FALSE;
    for (guint32 i = 0; i < plan->count; i++) {
        costs[i] = plan->costs;
        any |= own_fees(problems, texts, market, &plan->instruments[i], &words, &costs[i]);
    }
    if (any)
        plan->instrument_costs = g_steal_pointer(&costs);
}

/* Of qb_costs, what a preset may set. */
static const struct {
    const char *name;
    gsize offset;
} fee_fields[] = {
    {"rate", offsetof(qb_costs, fee_rate)},
    {"maker_discount", offsetof(qb_costs, maker_discount)},
    {"per_unit", offsetof(qb_costs, fee_per_unit)},
    {"minimum", offsetof(qb_costs, fee_minimum)},
    {"cap", offsetof(qb_costs, fee_cap)},
    {"sell_rate", offsetof(qb_costs, sell_rate)},
    {"sell_per_unit", offsetof(qb_costs, sell_per_unit)},
};

json_t *run_costs_to_json(const qb_costs *costs)
{
    json_t *fees = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(fee_fields); i++) {
        const int64_t *raw = (const int64_t *)((const char *)costs + fee_fields[i].offset);
        char text[QB_RAW_TEXT];
        json_object_set_new(fees, fee_fields[i].name, json_string(qb_raw_to_text(*raw, text)));
    }
    return fees;
}

gboolean run_costs_from_json(const json_t *fees, qb_costs *costs)
{
    qb_costs read = *costs;
    for (gsize i = 0; i < G_N_ELEMENTS(fee_fields); i++) {
        const char *text = json_string_value(json_object_get(fees, fee_fields[i].name));
        int64_t raw;
        if (text == NULL || qb_raw_from_text(text, strlen(text), &raw) != QB_OK || raw < 0)
            return FALSE;
        *(int64_t *)((char *)&read + fee_fields[i].offset) = raw;
    }
    *costs = read;
    return TRUE;
}

/* ---- what the run begins with --------------------------------------------------------------- */

static gboolean find_held(const market *market, const run_plan *plan, const char *symbol,
                          guint32 *out)
{
    for (guint32 i = 0; i < plan->count; i++)
        if (strcmp(plan->symbols[i], symbol) == 0 || market_means(market, symbol, &plan->keys[i])) {
            *out = i;
            return TRUE;
        }
    return FALSE;
}

/* SYMBOL=UNITS@PRICE; what is wrong with it, or NULL. */
static const char *read_holding(const market *market, const run_plan *plan, const char *item,
                                qb_holding *out)
{
    const char *equals = strrchr(item, '='), *at = strrchr(item, '@');
    if (equals == NULL || at == NULL || at < equals ||
        qb_raw_from_text(equals + 1, (gsize)(at - equals - 1), &out->quantity.raw) != QB_OK ||
        qb_raw_from_text(at + 1, strlen(at + 1), &out->price.raw) != QB_OK ||
        out->quantity.raw == 0 || out->price.raw <= 0)
        return "SYMBOL=UNITS@PRICE such as AAPL=10@150.25, or AAPL=-10@150.25 for a short one";
    g_autofree char *symbol = g_strndup(item, (gsize)(equals - item));
    if (!find_held(market, plan, symbol, &out->instrument))
        return "a symbol among --symbols";
    if (out->quantity.raw % plan->instruments[out->instrument].lot.raw != 0)
        return "whole lots (--fractional, or lot in instruments.ini)";
    return NULL;
}

/* An account must begin with something, and each instrument once. */
static void check_holdings(failures *problems, const run_plan *plan, const run_texts *texts)
{
    int64_t equity = plan->cash.raw;
    qb_status status = QB_OK;
    for (gsize i = 0; i < plan->holding_count; i++) {
        const qb_holding *holding = &plan->holdings[i];
        qb_money value = {0};
        for (gsize k = 0; k < i; k++)
            if (plan->holdings[k].instrument == holding->instrument)
                run_value_problem_item(problems, texts, "hold", plan->symbols[holding->instrument],
                                       "each symbol once");
        if (status == QB_OK)
            status = qb_notional_at_rate(holding->price, holding->quantity,
                                         plan->instruments[holding->instrument].multiplier, &value);
        if (status == QB_OK)
            status = qb_add(equity, value.raw, &equity);
    }
    if (status != QB_OK || equity <= 0)
        run_value_problem(problems, texts, "hold", "an equity above 0 together with --cash");
}

static void read_holdings(failures *problems, const run_texts *texts, const market *market,
                          run_plan *plan)
{
    g_auto(GStrv) items = list_items(texts, "hold");
    const guint before = problems->count;
    plan->holdings = g_new0(qb_holding, g_strv_length(items) + 1);
    for (char **item = items; *item != NULL; item++) {
        qb_holding holding = {0};
        const char *expected = read_holding(market, plan, *item, &holding);
        if (expected != NULL)
            run_value_problem_item(problems, texts, "hold", *item, expected);
        else
            plan->holdings[plan->holding_count++] = holding;
    }
    if (problems->count == before && plan->holding_count > 0)
        check_holdings(problems, plan, texts);
}

void run_costs_of_instruments(failures *problems, const run_texts *texts, const market *market,
                              run_plan *plan)
{
    const guint before = problems->count;
    if (plan->count == 0)
        return;
    read_instrument_costs(problems, texts, market, plan);
    read_holdings(problems, texts, market, plan);
    /* A stored run tells amounts, so that it can be made again when the preset has others. */
    if (problems->count == before && plan->preset != NULL)
        store_fees(plan->texts, &plan->costs);
}
