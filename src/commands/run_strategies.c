/* Who decides in a run: one strategy, several at once, or a list of orders.
 *
 * Several share the account as a group (core/engine/group.h). Each has a name that parameters,
 * ranks and trades use: the strategy's own, with _2, _3 for further ones of that name. */
#include "commands/run-private.h"
#include "commands/strategy-private.h"
#include "strategies/strategies.h"

#include <string.h>

#define REGIME_BARS_MAX 10000u

static char **split_list(const char *text)
{
    char **words = g_strsplit(text, ",", -1);
    for (char **word = words; *word != NULL; word++)
        g_strstrip(*word);
    return words;
}

/* ---- files first --------------------------------------------------------------------------- */

gboolean run_strategies_load(const run_texts *texts, const market *market, run_plan *plan,
                             GError **error)
{
    if (plan->orders != NULL)
        return TRUE;
    g_auto(GStrv) words = split_list(run_texts_get(texts, "strategy"));
    gboolean checked = FALSE;
    plan->member_count = g_strv_length(words);
    plan->members = g_new0(run_member, plan->member_count);
    for (guint32 i = 0; i < plan->member_count; i++) {
        if (!loader_is_file(words[i]))
            continue;
        if (!checked && texts->files != NULL && !loader_check_files(texts->files, error))
            return FALSE;
        checked = TRUE;
        plan->members[i].loaded = strategy_load(words[i], market->data_dir, error);
        if (plan->members[i].loaded == NULL)
            return FALSE;
        plan->members[i].strategy = plan->members[i].loaded->strategy;
    }
    return TRUE;
}

/* ---- names --------------------------------------------------------------------------------- */

static guint32 find_member(const run_plan *plan, const char *name, gsize length)
{
    for (guint32 i = 0; i < plan->member_count; i++)
        if (strlen(plan->members[i].name) == length &&
            strncmp(plan->members[i].name, name, length) == 0)
            return i;
    return plan->member_count;
}

static char *fresh_name(const run_plan *plan, guint32 member)
{
    const char *own = plan->members[member].strategy->name;
    guint before = 0;
    for (guint32 i = 0; i < member; i++)
        before += plan->members[i].strategy == plan->members[member].strategy ||
                  strcmp(plan->members[i].strategy->name, own) == 0;
    return before == 0 ? g_strdup(own) : g_strdup_printf("%s_%u", own, before + 1);
}

static gboolean name_members(failures *problems, const run_texts *texts, run_plan *plan)
{
    g_auto(GStrv) words = split_list(run_texts_get(texts, "strategy"));
    const guint before = problems->count;
    if (plan->member_count > QB_GROUP_MEMBERS_MAX)
        failures_add(problems, "--strategy: %u strategies (at most %u at once)", plan->member_count,
                     QB_GROUP_MEMBERS_MAX);
    for (guint32 i = 0; i < plan->member_count; i++) {
        run_member *member = &plan->members[i];
        if (member->loaded == NULL)
            member->strategy = strategies_find(words[i]);
        if (member->strategy == NULL)
            run_value_problem_item(problems, texts, "strategy", words[i],
                                   "a name of quantbot strategy list, or a file: ./NAME.c, "
                                   "./NAME.so");
    }
    for (guint32 i = 0; problems->count == before && i < plan->member_count; i++)
        plan->members[i].name = fresh_name(plan, i);
    return problems->count == before;
}

static char *names_text(const run_plan *plan, const char *between)
{
    GString *text = g_string_new(NULL);
    for (guint32 i = 0; i < plan->member_count; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? between : "", plan->members[i].name);
    return g_string_free(text, FALSE);
}

/* ---- parameters ---------------------------------------------------------------------------- */

/* Whose parameter that text is ("NAME.fast=20"; alone it may be "fast=20"), and without NAME. */
static guint32 param_owner(const run_plan *plan, const char *text, const char **out_text)
{
    const gsize name = strcspn(text, "="), dot = strcspn(text, ".");
    *out_text = text;
    if (dot < name) {
        *out_text = text + dot + 1;
        return find_member(plan, text, dot);
    }
    return plan->member_count == 1 ? 0 : plan->member_count;
}

static const char *param_place(const run_texts *texts, const char *text)
{
    g_autofree char *name = g_strndup(text, strcspn(text, "="));
    const char *place = g_hash_table_lookup(texts->places, name);
    return place != NULL ? place : "--param";
}

static void check_owners(failures *problems, const run_texts *texts, const run_plan *plan)
{
    for (guint i = 0; i < texts->params->len; i++) {
        const char *text = g_ptr_array_index(texts->params, i), *rest;
        if (param_owner(plan, text, &rest) < plan->member_count)
            continue;
        g_autofree char *quoted = failure_quote(text, -1);
        g_autofree char *names = names_text(plan, ", ");
        failures_add(problems,
                     "%s: %s: whose parameter it is is not clear (expected "
                     "STRATEGY.NAME=VALUE, strategies: %s)",
                     param_place(texts, text), quoted, names);
    }
}

static void read_params(failures *problems, const run_texts *texts, run_plan *plan, guint32 index)
{
    run_member *member = &plan->members[index];
    g_autoptr(GPtrArray) own = g_ptr_array_new(), written = g_ptr_array_new();
    for (guint i = 0; i < texts->params->len; i++) {
        const char *text = g_ptr_array_index(texts->params, i), *rest;
        if (param_owner(plan, text, &rest) == index) {
            g_ptr_array_add(own, (gpointer)rest);
            g_ptr_array_add(written, (gpointer)text);
        }
    }
    const char *why = NULL;
    gsize bad = 0;
    member->params = g_new0(double, member->strategy->param_count + 1);
    if (qb_params_from_text(member->strategy, (const char *const *)own->pdata, own->len,
                            member->params, &bad, &why) == QB_OK)
        return;
    if (bad >= own->len) {
        failures_add(problems, "%s: %s", member->name, why);
        return;
    }
    const char *text = g_ptr_array_index(written, bad);
    g_autofree char *quoted = failure_quote(text, -1);
    failures_add(problems, "%s: %s: %s (quantbot strategy show %s lists its parameters)",
                 param_place(texts, text), quoted, why, member->strategy->name);
}

/* ---- a group ------------------------------------------------------------------------------- */

static void read_shares(failures *problems, const run_texts *texts, run_plan *plan)
{
    const char *text = run_texts_get(texts, "allocation");
    for (guint32 i = 0; i < plan->member_count; i++)
        plan->seats[i].share = 1.0 / plan->member_count;
    if (text == NULL)
        return;
    g_auto(GStrv) words = split_list(text);
    if (g_strv_length(words) != plan->member_count) {
        run_value_problem(problems, texts, "allocation", "one share for each strategy: 0.6,0.4");
        return;
    }
    for (guint32 i = 0; i < plan->member_count; i++) {
        const gsize length = strlen(words[i]);
        const gboolean percent = length > 0 && words[i][length - 1] == '%';
        int64_t raw = 0;
        if (qb_raw_from_text(words[i], length - (percent ? 1 : 0), &raw) != QB_OK || raw <= 0 ||
            raw > (percent ? 100 : 1) * QB_ONE)
            run_value_problem_item(problems, texts, "allocation", words[i],
                                   "a share above 0, at most 1 or 100%");
        plan->seats[i].share = qb_raw_to_double(raw) / (percent ? 100.0 : 1.0);
    }
}

/* "a,b": a goes first, then b; who is not named opens nothing in that regime. */
static void read_ranks(failures *problems, const run_texts *texts, run_plan *plan, const char *key)
{
    const char *text = run_texts_get(texts, key);
    const gboolean bull = strcmp(key, "bull") == 0;
    for (guint32 i = 0; i < plan->member_count; i++)
        *(bull ? &plan->seats[i].bull_rank
               : &plan->seats[i].bear_rank) = text == NULL ? i : QB_GROUP_NO_RANK;
    if (text == NULL)
        return;
    g_auto(GStrv) words = split_list(text);
    for (guint32 rank = 0; words[rank] != NULL; rank++) {
        const guint32 member = find_member(plan, words[rank], strlen(words[rank]));
        guint32 *place = member == plan->member_count ? NULL
                         : bull                       ? &plan->seats[member].bull_rank
                                                      : &plan->seats[member].bear_rank;
        if (place == NULL || *place != QB_GROUP_NO_RANK) {
            g_autofree char *names = names_text(plan, ", ");
            g_autofree char *expected = g_strdup_printf("each once, of %s", names);
            run_value_problem_item(problems, texts, key, words[rank], expected);
        } else {
            *place = rank;
        }
    }
}

static void read_regime(failures *problems, const run_texts *texts, run_plan *plan)
{
    const char *text = run_texts_get(texts, "regime");
    if (text == NULL) {
        for (guint i = 0; i < 2; i++) {
            const char *key = i == 0 ? "bull" : "bear";
            if (run_texts_get(texts, key) != NULL)
                run_value_problem(problems, texts, key, "--regime SYMBOL:BARS beside it");
        }
        return;
    }
    const char *colon = strrchr(text, ':');
    guint64 period = 0;
    g_autofree char *symbol = g_strndup(text, colon != NULL ? (gsize)(colon - text) : strlen(text));
    const gboolean sound = colon != NULL && g_ascii_string_to_unsigned(
                                                colon + 1, 10, 2, REGIME_BARS_MAX, &period, NULL);
    guint32 instrument = plan->count;
    for (guint32 i = 0; i < plan->count; i++) {
        char normal[QB_SYMBOL_SIZE];
        if (qb_symbol_normalise(symbol, plan->instruments[i].asset, normal) == QB_OK &&
            strcmp(normal, plan->symbols[i]) == 0)
            instrument = i;
    }
    if (!sound || instrument == plan->count)
        run_value_problem(problems, texts, "regime",
                          "SYMBOL:BARS, one of --symbols and 2 to 10000 bars: SPY:200");
    plan->group->has_regime = TRUE;
    plan->group->regime_instrument = instrument;
    plan->group->regime_period = (gsize)period;
}

static void refuse_alone(failures *problems, const run_texts *texts)
{
    static const char *const keys[] = {"allocation", "regime", "bull", "bear"};
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        if (run_texts_get(texts, keys[i]) != NULL)
            run_value_problem(problems, texts, keys[i],
                              "several strategies beside it: --strategy a,b");
}

void run_strategies_read(failures *problems, const run_texts *texts, run_plan *plan)
{
    if (plan->orders != NULL) {
        refuse_alone(problems, texts);
        for (guint i = 0; i < texts->params->len; i++)
            failures_add(problems, "--param: a list of orders has no parameters");
        return;
    }
    if (!name_members(problems, texts, plan))
        return;
    check_owners(problems, texts, plan);
    for (guint32 i = 0; i < plan->member_count; i++)
        read_params(problems, texts, plan, i);
    if (plan->member_count == 1) {
        refuse_alone(problems, texts);
        plan->strategy = plan->members[0].strategy;
        plan->params = plan->members[0].params;
    }
    plan->name = names_text(plan, ",");
}

void run_strategies_join(failures *problems, const run_texts *texts, run_plan *plan)
{
    if (plan->member_count < 2 || plan->name == NULL)
        return;
    const guint before = problems->count;
    plan->group = g_new0(qb_group, 1);
    plan->seats = g_new0(qb_group_member, plan->member_count);
    for (guint32 i = 0; i < plan->member_count; i++) {
        plan->seats[i].strategy = plan->members[i].strategy;
        plan->seats[i].params = plan->members[i].params;
    }
    plan->group->members = plan->seats;
    plan->group->count = plan->member_count;
    if (qb_conflict_from_text(run_texts_get(texts, "conflict"), &plan->group->conflict) != QB_OK)
        run_value_problem(problems, texts, "conflict", "sum, veto or priority");
    read_shares(problems, texts, plan);
    read_ranks(problems, texts, plan, "bull");
    read_ranks(problems, texts, plan, "bear");
    read_regime(problems, texts, plan);
    const char *why = "they cannot be run together";
    if (problems->count == before && qb_group_init(plan->group, &why) != QB_OK)
        failures_add(problems, "--strategy: %s", why);
    plan->strategy = &plan->group->strategy;
    plan->params = plan->group->params;
}

/* ---- words --------------------------------------------------------------------------------- */

/* Each parameter as it is stored and shown: "fast", of several strategies "NAME.fast". */
static char *param_name(const run_plan *plan, const run_member *member, const qb_param *param)
{
    return plan->member_count == 1 ? g_strdup(param->name)
                                   : g_strdup_printf("%s.%s", member->name, param->name);
}

void run_plan_each_param(const run_plan *plan, run_param_func each, gpointer data)
{
    for (guint32 i = 0; i < plan->member_count; i++) {
        const run_member *member = &plan->members[i];
        for (gsize k = 0; k < member->strategy->param_count; k++) {
            const qb_param *param = &member->strategy->params[k];
            g_autofree char *name = param_name(plan, member, param);
            char value[64];
            qb_param_to_text(param, member->params[k], value, sizeof value);
            each(name, param, value, data);
        }
    }
}

const char *run_plan_owner(const run_plan *plan, guint32 owner)
{
    return owner < plan->member_count ? plan->members[owner].name : plan->name;
}

/* Paths of files are stored whole. */
char *run_strategies_text(const run_plan *plan)
{
    GString *text = g_string_new(NULL);
    for (guint32 i = 0; i < plan->member_count; i++) {
        const run_member *member = &plan->members[i];
        g_string_append_printf(text, "%s%s", i > 0 ? "," : "",
                               member->loaded != NULL ? member->loaded->path
                                                      : member->strategy->name);
    }
    return g_string_free(text, FALSE);
}

json_t *run_strategies_files(const run_plan *plan)
{
    json_t *files = json_array();
    for (guint32 i = 0; i < plan->member_count; i++) {
        const loaded_strategy *loaded = plan->members[i].loaded;
        for (guint k = 0; loaded != NULL && k < loaded->files->len; k++)
            json_array_append_new(files, json_string(g_ptr_array_index(loaded->files, k)));
    }
    return files;
}

/* ---- memory -------------------------------------------------------------------------------- */

/* One at its defaults, in place of what a copied plan had; its texts are already its own. */
void run_strategies_set(run_plan *plan, const qb_strategy *strategy)
{
    static const char *const others[] = {"orders", "allocation", "conflict",
                                         "regime", "bull",       "bear"};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        g_hash_table_remove(plan->texts->values, others[i]);
    g_ptr_array_set_size(plan->texts->params, 0);
    run_texts_set(plan->texts, "strategy", strategy->name, "--beside");
    plan->orders = NULL;
    plan->group = NULL;
    plan->seats = NULL;
    plan->members = g_new0(run_member, 1);
    plan->member_count = 1;
    plan->members[0] = (run_member){
        .name = g_strdup(strategy->name),
        .strategy = strategy,
        .params = g_new0(double, strategy->param_count + 1),
    };
    for (gsize i = 0; i < strategy->param_count; i++)
        plan->members[0].params[i] = strategy->params[i].standard;
    plan->strategy = strategy;
    plan->params = plan->members[0].params;
    plan->name = g_strdup(strategy->name);
}

void run_strategies_clear(run_plan *plan)
{
    for (guint32 i = 0; i < plan->member_count && plan->members != NULL; i++) {
        g_free(plan->members[i].name);
        g_free(plan->members[i].params);
        loaded_strategy_free(plan->members[i].loaded);
    }
    g_free(plan->members);
    g_free(plan->group);
    g_free(plan->seats);
    g_free(plan->name);
    run_orders_free(plan->orders);
}
