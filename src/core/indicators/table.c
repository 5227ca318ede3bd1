/* The families of the table as one. */
#include "core/indicators/table-private.h"

#include <math.h>
#include <string.h>

static const qb_indicator_family *const families[] = {&qb_averages, &qb_ranges,  &qb_oscillators,
                                                      &qb_mores,    &qb_spreads, &qb_volumes};

size_t qb_indicator_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(families); i++)
        count += families[i]->count;
    return count;
}

const qb_indicator *qb_indicator_at(size_t index)
{
    size_t family = 0;
    for (; index >= families[family]->count; family++)
        index -= families[family]->count;
    return &families[family]->rows[index];
}

const qb_indicator *qb_indicator_find(const char *name)
{
    const size_t count = qb_indicator_count();
    for (size_t i = 0; i < count; i++)
        if (strcmp(qb_indicator_at(i)->name, name) == 0)
            return qb_indicator_at(i);
    return NULL;
}

size_t qb_indicator_outputs(const qb_indicator *indicator)
{
    size_t count = 0;
    while (indicator->outputs[count] != NULL)
        count++;
    return count;
}

void qb_indicator_compute(const qb_indicator *indicator, const qb_columns *in, const double *params,
                          double *room, double *const *out)
{
    const size_t outputs = qb_indicator_outputs(indicator);
    for (size_t k = 0; k < outputs; k++)
        for (size_t i = 0; i < in->count; i++)
            out[k][i] = NAN;
    indicator->compute(in, params, room, out);
}
