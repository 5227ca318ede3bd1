#include "commands/commands-private.h"
#include "commands/run-private.h"

#include <math.h>
#include <string.h>

#define SEED_LIMIT 9007199254740991.0 /* what JSON readers keep exact */

/* ---- the account and its orders -------------------------------------------------------------- */

static void read_account(failures *problems, const run_texts *texts, run_plan *plan)
{
    plan->cash.raw = run_value_raw(problems, texts, "cash", 1, INT64_C(1000000000) * QB_ONE,
                                   "an amount above 0, at most 1000000000");
    plan->leverage.raw = run_value_raw(problems, texts, "leverage", QB_ONE / 100, 100 * QB_ONE,
                                       "0.01 to 100");
    plan->patience = (guint32)(run_value_raw(problems, texts, "patience", QB_ONE, 10000 * QB_ONE,
                                             "a whole number from 1 to 10000") /
                               QB_ONE);
    plan->risk_free = qb_raw_to_double(
        run_value_raw(problems, texts, "risk-free", -QB_ONE, QB_ONE, "a rate from -1 to 1"));
    const char *seed = run_texts_get(texts, "seed");
    char *end = NULL;
    plan->seed = g_ascii_strtoull(seed, &end, 10);
    if (end == seed || *end != '\0' || seed[0] == '-' || (double)plan->seed > SEED_LIMIT)
        run_value_problem(problems, texts, "seed", "a whole number from 0 to 9007199254740991");
}

/* Finer than every instrument's own. */
static void read_detail(failures *problems, const run_texts *texts, run_plan *plan)
{
    const char *text = run_texts_get(texts, "detail");
    if (text == NULL)
        return;
    plan->detailed = TRUE;
    gboolean finer = qb_interval_from_text(text, &plan->detail) == QB_OK;
    for (guint32 i = 0; finer && i < plan->count; i++)
        finer = plan->detail < plan->keys[i].interval;
    if (!finer)
        run_value_problem(problems, texts, "detail", "an interval finer than the bars': 1m 5m ...");
}

static void read_execution(failures *problems, run_texts *texts, guint32 count, run_plan *plan)
{
    const char *when = run_texts_get(texts, "size-at");
    const gboolean at_fill = strcmp(when, "fill") == 0;
    if (!at_fill && strcmp(when, "decision") != 0)
        run_value_problem(problems, texts, "size-at", "decision or fill");
    if (run_texts_get(texts, "size") == NULL) {
        /* An equal share each; stored, so that a reproduction needs no rule. */
        char share[QB_RAW_TEXT];
        g_autofree char *text =
            g_strdup_printf("%s%%", qb_raw_to_text(100 * QB_ONE / MAX(count, 1), share));
        run_texts_set(texts, "size", text, "--size");
    }
    if (qb_size_from_text(run_texts_get(texts, "size"),
                          at_fill ? QB_SIZE_AT_FILL : QB_SIZE_AT_DECISION, &plan->size) != QB_OK)
        run_value_problem(problems, texts, "size", "95%, 0.5w, 10u or 5000cash");
    if (qb_fill_at_from_text(run_texts_get(texts, "fill-at"), &plan->fill_at) != QB_OK)
        run_value_problem(problems, texts, "fill-at", "next-open, next-close or close");
    if (qb_fill_model_from_text(run_texts_get(texts, "fill-model"), &plan->fill_model) != QB_OK)
        run_value_problem(problems, texts, "fill-model", "neutral, pessimistic or optimistic");
}

/* ---- instruments --------------------------------------------------------------------------- */

static gboolean read_classes(const run_texts *texts, int *out_asset, int *out_interval,
                             failures *problems)
{
    const char *asset_text = run_texts_get(texts, "asset");
    const char *interval_text = run_texts_get(texts, "interval");
    qb_asset asset = 0;
    qb_interval interval = 0;
    gboolean ok = TRUE;
    if (asset_text != NULL && qb_asset_from_text(asset_text, &asset) != QB_OK) {
        run_value_problem(problems, texts, "asset", "equity, index, crypto or fx");
        ok = FALSE;
    }
    if (interval_text != NULL && qb_interval_from_text(interval_text, &interval) != QB_OK) {
        run_value_problem(problems, texts, "interval", "1m 5m 15m 30m 1h 4h 1d or 1w");
        ok = FALSE;
    }
    *out_asset = asset_text != NULL ? (int)asset : -1;
    *out_interval = interval_text != NULL ? (int)interval : -1;
    return ok;
}

/* --calendar, else what instruments.ini says, else what the bars were imported with. */
static const qb_calendar *read_calendar(failures *problems, const run_texts *texts,
                                        const market *market, const cache_entry *entry,
                                        const qb_instrument *instrument)
{
    const qb_calendars *calendars = instruments_calendars(market->instruments);
    const char *text = run_texts_get(texts, "calendar");
    const char *source = instruments_source(market->instruments, instrument->symbol,
                                            instrument->asset, "calendar");
    if (text == NULL && strcmp(source, "built-in") != 0)
        return instrument->calendar;
    const qb_calendar *calendar = qb_calendars_find(calendars,
                                                    text != NULL ? text : entry->calendar);
    if (calendar == NULL)
        run_value_problem(problems, texts, "calendar",
                          "XNYS, 24/7, weekdays or a section [calendar NAME] of instruments.ini");
    return calendar != NULL ? calendar : instrument->calendar;
}

static void read_instrument(failures *problems, const run_texts *texts, const market *market,
                            const cache_entry *entry, qb_instrument *out)
{
    const cache_key *key = &entry->key;
    GError *problem = NULL;
    const gboolean good = texts->facts != NULL
                              ? run_facts_get(texts->facts,
                                              instruments_calendars(market->instruments), key, out,
                                              &problem)
                              : instruments_get(market->instruments, key->symbol, key->asset,
                                                key->interval, out, &problem);
    if (!good) {
        failures_add(problems, "%s", problem->message);
        g_error_free(problem);
        return;
    }
    if (texts->facts != NULL)
        return; /* flags are in them */
    out->calendar = read_calendar(problems, texts, market, entry, out);
    const gboolean fractional = run_value_switch(problems, texts, "fractional");
    if (fractional && (out->asset == QB_EQUITY || out->asset == QB_INDEX))
        out->lot.raw = 1;
    if (fractional && run_texts_get(texts, "lot") != NULL)
        run_value_problem(problems, texts, "lot", "no --lot beside --fractional");
    else if (run_texts_get(texts, "lot") != NULL)
        out->lot.raw = run_value_raw(problems, texts, "lot", 1, 1000000 * QB_ONE,
                                     "a quantity above 0, at most 8 decimals");
    if (run_texts_get(texts, "tick") != NULL)
        out->tick.raw = run_value_raw(problems, texts, "tick", 1, 1000000 * QB_ONE,
                                      "a price increment above 0");
}

/* One account has one currency: the first instrument's. One that could not be read has none. */
static void check_currencies(failures *problems, const run_plan *plan)
{
    const char *first = plan->count > 0 ? plan->instruments[0].currency : "";
    for (guint32 i = 1; i < plan->count; i++) {
        const char *other = plan->instruments[i].currency;
        if (*first != '\0' && *other != '\0' && strcmp(other, first) != 0)
            failures_add(problems, "--symbols: %s is in %s, %s in %s (one account, one currency)",
                         plan->symbols[i], other, plan->symbols[0], first);
    }
}

static gboolean find_instruments(failures *problems, const run_texts *texts, const market *market,
                                 run_plan *plan, GError **error)
{
    int asset, interval;
    const char *list = run_texts_get(texts, "symbols");
    if (!read_classes(texts, &asset, &interval, problems))
        return TRUE;
    if (list == NULL) {
        failures_add(problems, "--symbols: nothing to trade (quantbot data list shows the cache)");
        return TRUE;
    }
    g_auto(GStrv) typed = command_symbols(list, error);
    if (typed == NULL)
        return FALSE;
    const guint count = g_strv_length(typed);
    plan->keys = g_new0(cache_key, count);
    plan->instruments = g_new0(qb_instrument, count);
    plan->symbols = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++) {
        cache_entry entry;
        cache_key key;
        if (!market_find(market, typed[i], asset, interval, &key, error) ||
            !cache_stat(market->cache, &key, &entry, error))
            return FALSE;
        gboolean repeated = FALSE;
        for (guint32 k = 0; k < plan->count; k++)
            repeated |= strcmp(plan->symbols[k], key.symbol) == 0;
        if (repeated)
            continue; /* "spy,SPY" is one instrument */
        read_instrument(problems, texts, market, &entry, &plan->instruments[plan->count]);
        plan->keys[plan->count] = key;
        plan->symbols[plan->count++] = g_strdup(key.symbol);
    }
    check_currencies(problems, plan);
    return TRUE;
}

static gboolean find_benchmark(const run_texts *texts, const market *market, run_plan *plan,
                               GError **error)
{
    const char *symbol = run_texts_get(texts, "benchmark");
    plan->has_benchmark = TRUE;
    if (symbol != NULL && g_ascii_strcasecmp(symbol, "none") != 0)
        return market_find(market, symbol, -1, plan->count > 0 ? (int)plan->keys[0].interval : -1,
                           &plan->benchmark, error);
    if (symbol == NULL && plan->count == 1)
        plan->benchmark = plan->keys[0];
    else
        plan->has_benchmark = FALSE;
    return TRUE;
}

/* ---- the plan ------------------------------------------------------------------------------ */

static run_texts *copy_texts(const run_texts *texts)
{
    run_texts *copy = run_texts_new();
    for (const run_key *key = run_keys; key->name != NULL; key++)
        if (g_hash_table_contains(texts->values, key->name))
            run_texts_set(copy, key->name, g_hash_table_lookup(texts->values, key->name),
                          g_hash_table_lookup(texts->places, key->name));
    for (guint i = 0; i < texts->params->len; i++) {
        const char *text = g_ptr_array_index(texts->params, i);
        g_autofree char *name = g_strndup(text, strcspn(text, "="));
        run_texts_set_param(copy, text, g_hash_table_lookup(texts->places, name));
    }
    run_texts_copy_risk(copy, texts);
    copy->facts = json_incref(texts->facts);
    copy->orders = json_incref(texts->orders);
    copy->files = texts->files != NULL ? g_ptr_array_ref(texts->files) : NULL;
    return copy;
}

/* What was found in the cache is stored by name, so that later imports change nothing. */
static void store_resolved(run_plan *plan)
{
    g_autofree char *symbols = g_strjoinv(",", plan->symbols);
    run_texts_set(plan->texts, "symbols", symbols, "--symbols");
    if (plan->orders == NULL) {
        g_autofree char *strategies = run_strategies_text(plan);
        run_texts_set(plan->texts, "strategy", strategies, "--strategy");
    }
    if (plan->count == 0)
        return;
    gboolean one_class = TRUE, one_interval = TRUE;
    for (guint32 i = 1; i < plan->count; i++) {
        one_class &= plan->keys[i].asset == plan->keys[0].asset;
        one_interval &= plan->keys[i].interval == plan->keys[0].interval;
    }
    if (one_class)
        run_texts_set(plan->texts, "asset", qb_asset_text(plan->keys[0].asset), "--asset");
    if (one_interval)
        run_texts_set(plan->texts, "interval", qb_interval_text(plan->keys[0].interval),
                      "--interval");
    run_texts_set(plan->texts, "benchmark", plan->has_benchmark ? plan->benchmark.symbol : "none",
                  "--benchmark");
}

run_plan *run_plan_new(const run_texts *texts, const market *market, GError **error)
{
    g_autoptr(run_plan) plan = g_new0(run_plan, 1);
    failures problems;
    failures_init(&problems);
    plan->texts = copy_texts(texts);
    if (!run_orders_load(plan->texts, &plan->orders, error) ||
        !run_strategies_load(plan->texts, market, plan, error)) {
        failures_finish(&problems, FAILURE_CONFIG, NULL);
        return NULL;
    }
    plan->start_us = run_value_day(&problems, texts, "start", FALSE, INT64_MIN);
    plan->end_us = run_value_day(&problems, texts, "end", TRUE, INT64_MAX);
    if (plan->start_us >= plan->end_us)
        failures_add(&problems, "--start: %s is after --end %s", run_texts_get(texts, "start"),
                     run_texts_get(texts, "end"));
    read_account(&problems, texts, plan);
    run_costs_read(&problems, plan->texts, plan);
    run_risk_read(&problems, plan->texts, &plan->risk);
    run_strategies_read(&problems, plan->texts, plan);
    GError *missing = NULL;
    if (!find_instruments(&problems, plan->texts, market, plan, &missing)) {
        /* Problems of the texts come first: they may be why nothing was found. */
        if (problems.count > 0) {
            failures_add(&problems, "%s", missing->message);
            g_error_free(missing);
            failures_finish(&problems, FAILURE_CONFIG, error);
        } else {
            failures_finish(&problems, FAILURE_CONFIG, NULL);
            g_propagate_error(error, missing);
        }
        return NULL;
    }
    read_execution(&problems, plan->texts, plan->count, plan);
    run_costs_of_instruments(&problems, plan->texts, market, plan);
    run_strategies_join(&problems, plan->texts, plan);
    read_detail(&problems, plan->texts, plan);
    if (!failures_finish(&problems, FAILURE_CONFIG, error) ||
        !run_orders_join(plan, market, error) || !find_benchmark(texts, market, plan, error) ||
        !run_macros_find(plan->texts, market, plan, error) ||
        !run_risk_blackouts(plan->texts, plan, error))
        return NULL;
    store_resolved(plan);
    return g_steal_pointer(&plan);
}

run_plan *run_plan_beside(const run_plan *plan, const qb_strategy *strategy)
{
    run_plan *beside = g_new0(run_plan, 1);
    *beside = *plan;
    beside->keys = g_memdup2(plan->keys, sizeof *plan->keys * plan->count);
    beside->instruments = g_memdup2(plan->instruments, sizeof *plan->instruments * plan->count);
    beside->symbols = g_strdupv(plan->symbols);
    beside->instrument_costs = g_memdup2(plan->instrument_costs,
                                         sizeof *plan->instrument_costs * plan->count);
    beside->macros = g_memdup2(plan->macros, sizeof *plan->macros * plan->macro_count);
    beside->deposits = g_memdup2(plan->deposits, sizeof *plan->deposits * plan->deposit_count);
    beside->holdings = g_memdup2(plan->holdings, sizeof *plan->holdings * plan->holding_count);
    beside->check = FALSE;
    beside->texts = copy_texts(plan->texts);
    run_strategies_set(beside, strategy);
    run_risk_forget(beside);
    return beside;
}

void run_plan_free(run_plan *self)
{
    if (self == NULL)
        return;
    g_free(self->keys);
    g_free(self->instruments);
    g_strfreev(self->symbols);
    g_free(self->instrument_costs);
    g_free(self->deposits);
    g_free(self->holdings);
    g_free(self->macros);
    run_strategies_clear(self);
    run_texts_free(self->texts);
    run_risk_clear(&self->risk);
    g_free(self);
}
