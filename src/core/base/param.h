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

/* Rows of a table. */
#define QB_INTEGER(row_name, row_standard, row_minimum, row_maximum, row_step, row_help)   \
    {                                                                                      \
        .name = row_name, .type = QB_PARAM_INTEGER, .standard = row_standard,              \
        .minimum = row_minimum, .maximum = row_maximum, .step = row_step, .help = row_help \
    }
#define QB_NUMBER(row_name, row_standard, row_minimum, row_maximum, row_step, row_help)    \
    {                                                                                      \
        .name = row_name, .type = QB_PARAM_NUMBER, .standard = row_standard,               \
        .minimum = row_minimum, .maximum = row_maximum, .step = row_step, .help = row_help \
    }
/* row_choices: an array whose last entry is NULL. */
#define QB_CHOICE(row_name, row_standard, row_choices, row_help)             \
    {                                                                        \
        .name = row_name, .type = QB_PARAM_CHOICE, .standard = row_standard, \
        .maximum = sizeof(row_choices) / sizeof *(row_choices)-2, .step = 1, \
        .choices = row_choices, .help = row_help                             \
    }

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
