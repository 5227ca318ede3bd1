/* Parameters of strategies and indicators, as JSON and as words. In: a row of a parameter table. */
#ifndef COMMANDS_PARAM_PRIVATE_H
#define COMMANDS_PARAM_PRIVATE_H

#include "core/base/param.h"

#include <glib.h>
#include <jansson.h>

/* 14, 2.5 or "sma". Caller owns. */
json_t *param_value_json(const qb_param *param, double value);
/* Name, type, help, default, range or choices. Caller owns. */
json_t *param_json(const qb_param *param);
/* "1 to 10000", or the choices. Caller frees. */
char *param_range_text(const qb_param *param);

#endif
