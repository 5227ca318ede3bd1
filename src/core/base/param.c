/* What a parameter table declares, checked before it is believed, and values as text. */
#include "core/base/param.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHOICE_LIMIT 64
#define NAME_LIMIT 64
#define VALUE_LIMIT 64

/* ---- the table ---------------------------------------------------------------------------- */

bool qb_param_is_name(const char *text)
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
        if (!qb_param_is_name(param->choices[i]))
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
    if (!qb_param_is_name(param->name))
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

const char *qb_params_problem(const qb_param *params, size_t count)
{
    if (count > QB_PARAM_LIMIT)
        return "more than 64 parameters";
    if (count > 0 && params == NULL)
        return "the parameter table is missing";
    for (size_t i = 0; i < count; i++) {
        const char *problem = param_problem(&params[i]);
        if (problem != NULL)
            return problem;
        for (size_t k = 0; k < i; k++)
            if (strcmp(params[k].name, params[i].name) == 0)
                return "two parameters have the same name";
    }
    return NULL;
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

static size_t find_param(const qb_param *params, size_t count, const char *name, size_t length)
{
    size_t i = 0;
    for (; i < count; i++)
        if (strncmp(params[i].name, name, length) == 0 && params[i].name[length] == '\0')
            break;
    return i;
}

const char *qb_params_parse(const qb_param *params, size_t count, const char *const *texts,
                            size_t text_count, double *out, size_t *out_bad)
{
    double values[QB_PARAM_LIMIT];
    bool given[QB_PARAM_LIMIT] = {false};
    for (size_t i = 0; i < count; i++)
        values[i] = params[i].standard;

    for (size_t i = 0; i < text_count; i++) {
        const char *equals = strchr(texts[i], '=');
        const char *problem = NULL;
        size_t which = count;
        if (equals == NULL)
            problem = "not of the form name=value";
        else if ((which = find_param(params, count, texts[i], (size_t)(equals - texts[i]))) ==
                 count)
            problem = "not one of its parameters";
        else if (given[which])
            problem = "given twice";
        else
            problem = value_from_text(&params[which], equals + 1, &values[which]);
        if (problem != NULL) {
            *out_bad = i;
            return problem;
        }
        given[which] = true;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = values[i];
    return NULL;
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
