/* What a strategy declares, checked before it is believed. */
#include "core/engine/strategy.h"

static const char *defaults_problem(const qb_strategy *strategy)
{
    double defaults[QB_PARAM_LIMIT] = {0};
    for (size_t i = 0; i < strategy->param_count; i++)
        defaults[i] = strategy->params[i].standard;
    if (strategy->check != NULL && strategy->check(defaults) != NULL)
        return "its default parameters do not pass its own check";
    return NULL;
}

static const char *strategy_problem(const qb_strategy *strategy)
{
    if (strategy == NULL)
        return "there is no strategy";
    if (strategy->abi_version != QB_STRATEGY_ABI)
        return "it was built for another version of the strategy interface";
    if (strategy->struct_size < sizeof(qb_strategy))
        return "its struct is smaller than this version of the interface";
    if (!qb_param_is_name(strategy->name))
        return "its name is not of [a-z0-9_]";
    if (strategy->summary == NULL)
        return "it has no summary";
    if ((strategy->columns & ~(uint32_t)QB_READ_ALL) != 0)
        return "it reads columns that do not exist";
    if (strategy->warmup == NULL || strategy->init == NULL || strategy->on_bar == NULL)
        return "warmup, init and on_bar are mandatory";
    const char *problem = qb_params_problem(strategy->params, strategy->param_count);
    return problem != NULL ? problem : defaults_problem(strategy);
}

qb_status qb_strategy_check(const qb_strategy *strategy, const char **out_why)
{
    const char *problem = strategy_problem(strategy);
    if (problem == NULL)
        return QB_OK;
    *out_why = problem;
    return QB_BAD_STRATEGY;
}

qb_status qb_params_from_text(const qb_strategy *strategy, const char *const *texts,
                              size_t text_count, double *out_params, size_t *out_bad,
                              const char **out_why)
{
    double values[QB_PARAM_LIMIT];
    size_t bad = text_count;
    const char *problem = qb_params_parse(strategy->params, strategy->param_count, texts,
                                          text_count, values, &bad);
    if (problem == NULL && strategy->check != NULL)
        problem = strategy->check(values);
    if (problem != NULL) {
        *out_bad = bad;
        *out_why = problem;
        return QB_BAD_STRATEGY;
    }
    for (size_t i = 0; i < strategy->param_count; i++)
        out_params[i] = values[i];
    return QB_OK;
}
