/* What the families of the table share: rows' words, and the rows of each. */
#ifndef QB_INDICATOR_TABLE_PRIVATE_H
#define QB_INDICATOR_TABLE_PRIVATE_H

#include "core/indicators/indicators.h"
#include "core/indicators/table.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PERIOD_LIMIT 100000

#define PERIOD_NAMED(name, standard, minimum, help)                            \
    {                                                                          \
        name, QB_PARAM_INTEGER, standard, minimum, PERIOD_LIMIT, 1, NULL, help \
    }
#define PERIOD(standard) PERIOD_NAMED("period", standard, 1, "bars in the window")
#define CHOICE(name, standard, choices, help)                                       \
    {                                                                               \
        name, QB_PARAM_CHOICE, standard, 0, COUNT_OF(choices) - 2, 1, choices, help \
    }
#define PARAMS(table) .params = table, .param_count = COUNT_OF(table)
#define OUTPUTS(...)                 \
    .outputs = (const char *const[]) \
    {                                \
        __VA_ARGS__, NULL            \
    }

typedef struct qb_indicator_family {
    const qb_indicator *rows;
    size_t count;
} qb_indicator_family;

extern const qb_indicator_family qb_averages, qb_ranges, qb_oscillators, qb_mores, qb_spreads,
    qb_volumes;

static inline size_t period_of(double param)
{
    return (size_t)param;
}

/* Warm-ups and rooms that many rows have. */
static inline size_t warmup_one(const double *params)
{
    return 1;
}

static inline size_t warmup_period(const double *params)
{
    return period_of(params[0]);
}

static inline size_t warmup_after_period(const double *params)
{
    return period_of(params[0]) + 1;
}

static inline size_t room_period(const double *params)
{
    return period_of(params[0]);
}

static inline size_t room_two_periods(const double *params)
{
    return 2 * period_of(params[0]);
}

#endif
