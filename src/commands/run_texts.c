#include "commands/run-private.h"

#include <string.h>

const run_key run_keys[] = {
    {"symbols", "run", NULL, "A,B|@FILE", "What to trade: symbols in the cache, or a file of them"},
    {"asset", "run", NULL, "CLASS", "equity, index, crypto or fx, where a symbol is in several"},
    {"interval", "run", NULL, "INTERVAL", "1m .. 1w, where a symbol has several"},
    {"start", "run", NULL, "DATE", "First day (default: first bar)"},
    {"end", "run", NULL, "DATE", "Last day, included (default: last bar)"},
    {"calendar", "run", NULL, "NAME",
     "XNYS, 24/7, weekdays or one of instruments.ini (default: as imported)"},
    {"strategy", "run", "sma_cross", "NAME|FILE[,..]",
     "See quantbot strategy list; or ./NAME.c, ./NAME.so; several at once: a,b"},
    {"orders", "run", NULL, "FILE", "A CSV of orders in place of a strategy (docs/ORDERS.md)"},
    {"macro", "run", NULL, "NAME,..",
     "Macro series that strategies may ask for, as known on the day"},
    {"benchmark", "run", NULL, "SYMBOL",
     "For alpha and beta (default: a single instrument itself)"},
    {"cash", "run", "100000", "AMOUNT", "Cash at the start"},
    {"risk-free", "run", "0", "RATE", "Risk-free rate a year, 0.02 is 2 %"},
    {"seed", "run", "1", "N", "Seed of the run's random numbers"},
    {"allocation", "strategies", NULL, "SHARE,..",
     "Of the size, for each strategy: 0.6,0.4 (default: equal)"},
    {"conflict", "strategies", "sum", "RULE",
     "sum, veto or priority: strategies that disagree on an instrument"},
    {"regime", "strategies", NULL, "SYMBOL:BARS",
     "Bull while its close is above its average of so many bars: SPY:200"},
    {"bull", "strategies", NULL, "NAME,..", "Who opens then, first goes first (default: all)"},
    {"bear", "strategies", NULL, "NAME,..", "Who opens else, first goes first (default: all)"},
    {"size", "execution", NULL, "SIZE", "Of a full signal: 95%, 10u, 5000cash (default: 100% / n)"},
    {"size-at", "execution", "decision", "WHEN", "decision or fill: when a size becomes units"},
    {"fill-at", "execution", "next-open", "WHEN", "next-open, next-close or close"},
    {"detail", "execution", NULL, "INTERVAL",
     "Finer bars of the cache, walked within the bars: 1m"},
    {"patience", "execution", "5", "BARS", "Missed bars after which an order expires"},
    {"fill-model", "execution", "neutral", "MODEL",
     "neutral, pessimistic or optimistic: how bars are read (docs/FILLS.md)"},
    {"fee-preset", "costs", NULL, "NAME", "A broker's or venue's fees: see quantbot fees list"},
    {"fee-bps", "costs", "10", "BPS", "Fee of the traded value, each side"},
    {"fee-maker-bps", "costs", NULL, "BPS", "The same for what a maker fills (default: fee-bps)"},
    {"fee-per-unit", "costs", "0", "AMOUNT", "Fee per share or coin, on top"},
    {"fee-minimum", "costs", "0", "AMOUNT", "Least fee of an order"},
    {"fee-cap", "costs", "off", "SHARE|off", "Most that an order pays, of its value: 1%"},
    {"sell-fee-bps", "costs", "0", "BPS", "Of the value of sales, beside all that"},
    {"sell-fee-per-unit", "costs", "0", "AMOUNT", "Per share or coin sold, beside all that"},
    {"slippage-bps", "costs", "5", "BPS", "Adverse move of the fill price"},
    {"impact", "costs", "none", "MODEL",
     "Further by volume share s: sqrt:C (C sqrt(s)) or quadratic:C (C s^2)"},
    {"volume-cap", "costs", "5%", "SHARE|off", "Share of a bar's volume that can be had"},
    {"borrow", "costs", "0", "SHARE", "Yearly cost of a short position: 3%"},
    {"margin-interest", "costs", "0", "SHARE", "Yearly interest on debit: 7%"},
    {"deposit", "account", NULL, "DATE=AMOUNT", "Money in (below 0: out); may be repeated",
     RUN_LIST},
    {"hold", "account", NULL, "SYMBOL=UNITS@PRICE", "A position at the start; may be repeated",
     RUN_LIST},
    {"lot", "instrument", NULL, "UNITS", "Smallest tradable quantity (default: by asset class)"},
    {"fractional", "instrument", "no", NULL, "Fractional shares: the lot is 0.00000001",
     RUN_SWITCH},
    {"tick", "instrument", NULL, "PRICE", "Price increment (default: none)"},
    {"leverage", "risk", "1", "L", "Sum of positions over equity, at most"},
    {"blackouts", "risk", NULL, "FILE", "CSV of windows without entries: from,to,symbol,what"},
    {"maintenance", "risk", "standard", "SHARE|off",
     "Least equity over positions (standard: 25 % of longs, 30 % of shorts)"},
    {NULL},
};

/* ---- flags --------------------------------------------------------------------------------- */

gsize run_keys_count(void)
{
    return G_N_ELEMENTS(run_keys) - 1;
}

void run_slots_entries(run_slot *slots, GOptionEntry *out_entries)
{
    for (gsize i = 0; i < run_keys_count(); i++) {
        const run_key *key = &run_keys[i];
        GOptionEntry *entry = &out_entries[i];
        *entry = (GOptionEntry){key->name,    0, 0, G_OPTION_ARG_STRING, &slots[i].text, key->help,
                                key->argument};
        if (key->kind == RUN_LIST) {
            entry->arg = G_OPTION_ARG_STRING_ARRAY;
            entry->arg_data = &slots[i].list;
        } else if (key->kind == RUN_SWITCH) {
            entry->arg = G_OPTION_ARG_NONE;
            entry->arg_data = &slots[i].on;
        }
    }
}

void run_slots_clear(run_slot *slots)
{
    for (gsize i = 0; i < run_keys_count(); i++) {
        g_clear_pointer(&slots[i].text, g_free);
        g_clear_pointer(&slots[i].list, g_strfreev);
    }
}

void run_texts_set_slots(run_texts *self, const run_slot *slots)
{
    for (gsize i = 0; i < run_keys_count(); i++) {
        const run_slot *slot = &slots[i];
        g_autofree char *place = g_strdup_printf("--%s", run_keys[i].name);
        g_autofree char *list = slot->list != NULL ? g_strjoinv(",", slot->list) : NULL;
        const char *text = slot->on ? "yes" : slot->list != NULL ? list : slot->text;
        if (text != NULL)
            run_texts_set(self, run_keys[i].name, text, place);
    }
}

/* ---- texts --------------------------------------------------------------------------------- */

run_texts *run_texts_new(void)
{
    run_texts *self = g_new0(run_texts, 1);
    self->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->params = g_ptr_array_new_with_free_func(g_free);
    self->risks = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void run_texts_free(run_texts *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->values);
    g_hash_table_unref(self->places);
    g_ptr_array_unref(self->params);
    g_ptr_array_unref(self->risks);
    json_decref(self->facts);
    json_decref(self->orders);
    json_decref(self->blackouts);
    g_clear_pointer(&self->files, g_ptr_array_unref);
    g_free(self);
}

const char *run_texts_get(const run_texts *self, const char *name)
{
    const char *value = g_hash_table_lookup(self->values, name);
    if (value != NULL)
        return value;
    for (const run_key *key = run_keys; key->name != NULL; key++)
        if (strcmp(key->name, name) == 0)
            return key->standard;
    g_assert_not_reached();
}

void run_texts_set(run_texts *self, const char *name, const char *value, const char *place)
{
    g_hash_table_insert(self->values, g_strdup(name), g_strdup(value));
    g_hash_table_insert(self->places, g_strdup(name), g_strdup(place));
}

static gboolean same_param(const char *a, const char *b)
{
    const gsize length = strcspn(a, "=");
    return strncmp(a, b, length) == 0 && b[length] == '=';
}

void run_texts_set_param(run_texts *self, const char *text, const char *place)
{
    for (guint i = 0; i < self->params->len; i++)
        if (same_param(text, g_ptr_array_index(self->params, i))) {
            g_ptr_array_remove_index(self->params, i);
            break;
        }
    g_ptr_array_add(self->params, g_strdup(text));
    g_hash_table_insert(self->places, g_strndup(text, strcspn(text, "=")), g_strdup(place));
}

/* A run file gives what no flag has given. */
static void read_params(run_texts *self, run_file *file)
{
    g_auto(GStrv) names = run_file_keys(file, "params");
    for (char **name = names; name != NULL && *name != NULL; name++) {
        g_autofree char *text = g_strdup_printf("%s=%s", *name,
                                                run_file_get(file, "params", *name));
        g_autofree char *place = run_file_place(file, "params", *name);
        gboolean given = FALSE;
        for (guint i = 0; i < self->params->len; i++)
            given |= same_param(text, g_ptr_array_index(self->params, i));
        if (!given)
            run_texts_set_param(self, text, place);
    }
}

gboolean run_texts_read_file(run_texts *self, const char *path, GError **error)
{
    g_autoptr(run_file) file = run_file_load(path, error);
    if (file == NULL)
        return FALSE;
    for (const run_key *key = run_keys; key->name != NULL; key++) {
        g_autofree char *name = g_strdelimit(g_strdup(key->name), "-", '_');
        const char *value = run_file_get(file, key->group, name);
        if (value == NULL || g_hash_table_contains(self->values, key->name))
            continue;
        g_autofree char *place = run_file_place(file, key->group, name);
        run_texts_set(self, key->name, value, place);
    }
    read_params(self, file);
    run_texts_read_risk(self, file);
    return run_file_finish(file, error);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_param(const char *name, const qb_param *param, const char *value, gpointer params)
{
    json_object_set_new(params, name, json_string(value));
}

static GPtrArray *files_from_json(const json_t *files)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < json_array_size(files); i++)
        if (json_is_string(json_array_get(files, i)))
            g_ptr_array_add(entries, g_strdup(json_string_value(json_array_get(files, i))));
    return entries;
}

json_t *run_plan_to_json(const run_plan *plan, const run_bars *bars)
{
    json_t *config = json_object(), *params = json_object(), *data = json_object();
    for (const run_key *key = run_keys; key->name != NULL; key++) {
        const char *value = run_texts_get(plan->texts, key->name);
        if (value != NULL)
            json_object_set_new(config, key->name, json_string(value));
    }
    run_plan_each_param(plan, add_param, params);
    for (guint i = 0; i < bars->hashes->len; i++) {
        g_auto(GStrv) words = g_strsplit(g_ptr_array_index(bars->hashes, i), " ", 2);
        json_object_set_new(data, words[0], json_string(words[1]));
    }
    json_t *root = json_pack("{s:s, s:o, s:o, s:o, s:o}", "version", QUANTBOT_VERSION, "config",
                             config, "params", params, "instruments", run_facts_to_json(plan, bars),
                             "data", data);
    json_t *files = run_strategies_files(plan);
    if (json_array_size(files) > 0) {
        json_object_set_new(root, "strategy", json_string(plan->name));
        json_object_set(root, "strategy_files", files);
    }
    json_decref(files);
    if (plan->orders != NULL)
        json_object_set_new(root, "orders", run_orders_to_json(plan->orders));
    if (plan->risk.on)
        json_object_set_new(root, "risk", run_risk_to_json(plan));
    if (plan->risk.on && plan->risk.windows->len > 0)
        json_object_set_new(root, "blackouts", run_blackouts_to_json(plan));
    return root;
}

run_texts *run_texts_from_json(const char *text, GPtrArray **out_hashes, GError **error)
{
    json_error_t problem;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    json_t *config = json_object_get(root, "config"), *params = json_object_get(root, "params"),
           *data = json_object_get(root, "data");
    if (!json_is_object(config) || !json_is_object(params) || !json_is_object(data)) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "the run's stored configuration cannot be read (it was not made by backtest)");
        json_decref(root);
        return NULL;
    }
    run_texts *texts = run_texts_new();
    const char *name;
    json_t *value;
    /* Runs of before there was maintenance were called by nobody. */
    run_texts_set(texts, "maintenance", "off", "runs.params");
    for (const run_key *key = run_keys; key->name != NULL; key++)
        if (json_is_string(json_object_get(config, key->name)))
            run_texts_set(texts, key->name, json_string_value(json_object_get(config, key->name)),
                          "runs.params");
    json_object_foreach(params, name, value)
    {
        g_autofree char *pair = g_strdup_printf("%s=%s", name, json_string_value(value));
        run_texts_set_param(texts, pair, "runs.params");
    }
    run_texts_risk_from_json(texts, root);
    /* Runs of before instruments had a file have none, and the defaults hold. */
    if (json_is_array(json_object_get(root, "instruments")))
        texts->facts = json_incref(json_object_get(root, "instruments"));
    if (json_is_object(json_object_get(root, "orders")))
        texts->orders = json_incref(json_object_get(root, "orders"));
    if (json_is_array(json_object_get(root, "strategy_files")))
        texts->files = files_from_json(json_object_get(root, "strategy_files"));
    *out_hashes = g_ptr_array_new_with_free_func(g_free);
    json_object_foreach(data, name, value)
        g_ptr_array_add(*out_hashes, g_strdup_printf("%s %s", name, json_string_value(value)));
    json_decref(root);
    return texts;
}
