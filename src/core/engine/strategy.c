/* What a strategy declares, checked before it is believed, and its parameters as text. */
#include "core/engine/strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAM_LIMIT 64
#define CHOICE_LIMIT 64
#define NAME_LIMIT 64
#define VALUE_LIMIT 64

/* ---- the table ---------------------------------------------------------------------------- */

static bool is_name(const char *text)
{
    size_t length = 0;
    if (text == NULL)
        return false;
    for (; length <= NAME_LIMIT && text[length] != '\0'; length++) {
        char c = text[length];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return length > 0 && length <= NAME_LIMIT;
}

static size_t choice_count(const qb_param *param)
{
    size_t count = 0;
    while (count <= CHOICE_LIMIT && param->choices[count] != NULL)
        count++;
    return count;
}

static const char *choices_problem(const qb_param *param)
{
    if (param->choices == NULL)
        return "a choice parameter has no choices";
    size_t count = choice_count(param);
    if (count == 0 || count > CHOICE_LIMIT)
        return "a choice parameter needs 1 to 64 choices";
    for (size_t i = 0; i < count; i++)
        if (!is_name(param->choices[i]))
            return "a choice is not a name of [a-z0-9_]";
    if (param->minimum != 0.0 || param->maximum != (double)(count - 1))
        return "a choice parameter must range from 0 to its last choice";
    return NULL;
}

static bool is_whole(double value)
{
    return value == nearbyint(value) && fabs(value) <= 0x1p53;
}

static const char *param_problem(const qb_param *param)
{
    if (!is_name(param->name))
        return "a parameter's name is not of [a-z0-9_]";
    if ((unsigned)param->type > QB_PARAM_CHOICE)
        return "a parameter's type is unknown";
    if (!isfinite(param->minimum) || !isfinite(param->maximum) ||
        !(param->standard >= param->minimum && param->standard <= param->maximum))
        return "a parameter's default lies outside its range";
    if (!(param->step >= 0.0) || !isfinite(param->step))
        return "a parameter's step is not a number >= 0";
    if (param->type != QB_PARAM_NUMBER &&
        !(is_whole(param->standard) && is_whole(param->minimum) && is_whole(param->maximum)))
        return "an integer parameter has a broken default or range";
    if (param->help == NULL)
        return "a parameter has no help";
    return param->type == QB_PARAM_CHOICE ? choices_problem(param) : NULL;
}

static const char *params_problem(const qb_strategy *strategy)
{
    if (strategy->param_count > PARAM_LIMIT)
        return "more than 64 parameters";
    if (strategy->param_count > 0 && strategy->params == NULL)
        return "the parameter table is missing";
    for (size_t i = 0; i < strategy->param_count; i++) {
        const char *problem = param_problem(&strategy->params[i]);
        if (problem != NULL)
            return problem;
        for (size_t k = 0; k < i; k++)
            if (strcmp(strategy->params[k].name, strategy->params[i].name) == 0)
                return "two parameters have the same name";
    }
    return NULL;
}

static const char *defaults_problem(const qb_strategy *strategy)
{
    double defaults[PARAM_LIMIT] = {0};
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
    if (!is_name(strategy->name))
        return "its name is not of [a-z0-9_]";
    if (strategy->summary == NULL)
        return "it has no summary";
    if (strategy->warmup == NULL || strategy->init == NULL || strategy->on_bar == NULL)
        return "warmup, init and on_bar are mandatory";
    const char *problem = params_problem(strategy);
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

/* ---- values ------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *text)
{
    while (is_digit(*text))
        text++;
    return text;
}

/* [-]digits[.digits][e[+-]digits]: strtod would take hexadecimals, blanks and "inf" as well. */
static bool is_number(const char *text)
{
    const char *from = text + (*text == '-');
    const char *at = skip_digits(from);
    if (at == from)
        return false;
    if (*at == '.') {
        from = at + 1;
        at = skip_digits(from);
        if (at == from)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        from = at + 1;
        from += *from == '+' || *from == '-';
        at = skip_digits(from);
        if (at == from)
            return false;
    }
    return *at == '\0' && at - text <= VALUE_LIMIT;
}

static const char *choice_from_text(const qb_param *param, const char *text, double *out)
{
    for (size_t i = 0; param->choices[i] != NULL; i++) {
        if (strcmp(param->choices[i], text) == 0) {
            *out = (double)i;
            return NULL;
        }
    }
    return "not one of the choices";
}

static const char *value_from_text(const qb_param *param, const char *text, double *out)
{
    if (param->type == QB_PARAM_CHOICE)
        return choice_from_text(param, text, out);
    if (!is_number(text))
        return "not a number";
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return "not a finite number";
    if (param->type == QB_PARAM_INTEGER && !is_whole(value))
        return "not a whole number";
    if (value < param->minimum || value > param->maximum)
        return "outside its range";
    *out = value;
    return NULL;
}

static size_t find_param(const qb_strategy *strategy, const char *name, size_t length)
{
    size_t i = 0;
    for (; i < strategy->param_count; i++)
        if (strncmp(strategy->params[i].name, name, length) == 0 &&
            strategy->params[i].name[length] == '\0')
            break;
    return i;
}

qb_status qb_params_from_text(const qb_strategy *strategy, const char *const *texts,
                              size_t text_count, double *out_params, size_t *out_bad,
                              const char **out_why)
{
    double values[PARAM_LIMIT];
    bool given[PARAM_LIMIT] = {false};
    for (size_t i = 0; i < strategy->param_count; i++)
        values[i] = strategy->params[i].standard;

    for (size_t i = 0; i < text_count; i++) {
        const char *equals = strchr(texts[i], '=');
        const char *problem = NULL;
        size_t which = strategy->param_count;
        if (equals == NULL)
            problem = "not of the form name=value";
        else if ((which = find_param(strategy, texts[i], (size_t)(equals - texts[i]))) ==
                 strategy->param_count)
            problem = "not a parameter of this strategy";
        else if (given[which])
            problem = "given twice";
        else
            problem = value_from_text(&strategy->params[which], equals + 1, &values[which]);
        if (problem != NULL) {
            *out_bad = i;
            *out_why = problem;
            return QB_BAD_STRATEGY;
        }
        given[which] = true;
    }
    const char *problem = strategy->check != NULL ? strategy->check(values) : NULL;
    if (problem != NULL) {
        *out_bad = text_count;
        *out_why = problem;
        return QB_BAD_STRATEGY;
    }
    for (size_t i = 0; i < strategy->param_count; i++)
        out_params[i] = values[i];
    return QB_OK;
}

char *qb_param_to_text(const qb_param *param, double value, char *buffer, size_t size)
{
    if (param->type == QB_PARAM_CHOICE && value >= 0.0 && value <= param->maximum) {
        snprintf(buffer, size, "%s", param->choices[(size_t)value]);
        return buffer;
    }
    for (int digits = 15; digits <= 17; digits++) {
        int length = snprintf(buffer, size, "%.*g", digits, value);
        if (length < 0 || (size_t)length >= size || strtod(buffer, NULL) == value)
            break;
    }
    return buffer;
}
