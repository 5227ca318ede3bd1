/* A table of parameters: what a strategy or an indicator can be told, and what it takes.
 *
 * In: the table, and "name=value" texts from outside. Out: numbers, or a static sentence that says
 * what is wrong. */
#ifndef QB_PARAM_H
#define QB_PARAM_H

#include <stdbool.h>
#include <stddef.h>

#define QB_PARAM_LIMIT 64 /* of one table */

typedef enum qb_param_type {
    QB_PARAM_INTEGER,
    QB_PARAM_NUMBER,
    QB_PARAM_CHOICE, /* the value is the index into choices */
} qb_param_type;

typedef struct qb_param {
    const char *name;
    qb_param_type type;
    double standard;               /* the default */
    double minimum, maximum, step; /* step: what a sweep walks by */
    const char *const *choices;    /* NULL-terminated, QB_PARAM_CHOICE only */
    const char *help;
} qb_param;

/* [a-z0-9_], 1 to 64 of them. */
bool qb_param_is_name(const char *text);
/* What is wrong with a table (names, ranges, defaults, choices), or NULL. */
const char *qb_params_problem(const qb_param *params, size_t count);
/* Values from "name=value" texts over the defaults of a sound table. NULL when all are good; else
 * what is wrong with texts[*out_bad], and out, which has `count` entries, is untouched. */
const char *qb_params_parse(const qb_param *params, size_t count, const char *const *texts,
                            size_t text_count, double *out, size_t *out_bad);
/* The text of one value as it would be typed: "10", "0.5", "cross". Returns buffer. */
char *qb_param_to_text(const qb_param *param, double value, char *buffer, size_t size);

#endif
