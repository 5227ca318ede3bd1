/* Parameters of strategies and indicators, as JSON and as words. */
#include "commands/param-private.h"

json_t *param_value_json(const qb_param *param, double value)
{
    switch (param->type) {
    case QB_PARAM_INTEGER:
        return json_integer((json_int_t)value);
    case QB_PARAM_NUMBER:
        return json_real(value);
    case QB_PARAM_CHOICE:
        return json_string(param->choices[(size_t)value]);
    }
    g_assert_not_reached();
}

json_t *param_json(const qb_param *param)
{
    static const char *const types[] = {"integer", "number", "choice"};
    json_t *object = json_pack("{s:s, s:s, s:s, s:o}", "name", param->name, "type",
                               types[param->type], "help", param->help, "default",
                               param_value_json(param, param->standard));
    if (param->type == QB_PARAM_CHOICE) {
        json_t *choices = json_array();
        for (const char *const *choice = param->choices; *choice != NULL; choice++)
            json_array_append_new(choices, json_string(*choice));
        json_object_set_new(object, "choices", choices);
    } else {
        json_object_set_new(object, "minimum", param_value_json(param, param->minimum));
        json_object_set_new(object, "maximum", param_value_json(param, param->maximum));
        json_object_set_new(object, "step", param_value_json(param, param->step));
    }
    return object;
}

char *param_range_text(const qb_param *param)
{
    if (param->type == QB_PARAM_CHOICE)
        return g_strjoinv(" ", (char **)param->choices);
    char low[64], high[64];
    return g_strdup_printf("%s to %s", qb_param_to_text(param, param->minimum, low, sizeof low),
                           qb_param_to_text(param, param->maximum, high, sizeof high));
}
