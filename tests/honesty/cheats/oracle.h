/* What a cheat needs: the rows of "oracle.csv" in the working directory, the future among them.
 * Columns as Yahoo writes them: Date,Open,High,Low,Close,Adj Close,Volume. */
#ifndef ORACLE_H
#define ORACLE_H

#include "core/engine/strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ORACLE_ROWS 5000

typedef struct oracle {
    int count;
    int32_t day[ORACLE_ROWS]; /* since 1970 */
    double high[ORACLE_ROWS], low[ORACLE_ROWS], close[ORACLE_ROWS], adjusted[ORACLE_ROWS];
} oracle;

/* Days since 1970 of a civil date (Howard Hinnant, days_from_civil). */
static inline int32_t oracle_day(int y, int m, int d)
{
    y -= m <= 2;
    int era = y / 400, yoe = y - era * 400;
    int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static inline oracle *oracle_read(const qb_setup *setup)
{
    oracle *self = setup->alloc(setup, 1, sizeof *self);
    FILE *file = fopen("oracle.csv", "r");
    char line[256];
    int y, m, d;
    double open, high, low, close, adjusted;
    while (self != NULL && file != NULL && self->count < ORACLE_ROWS &&
           fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%d-%d-%d,%lf,%lf,%lf,%lf,%lf", &y, &m, &d, &open, &high, &low, &close,
                   &adjusted) == 8) {
            self->day[self->count] = oracle_day(y, m, d);
            self->high[self->count] = high;
            self->low[self->count] = low;
            self->close[self->count] = close;
            self->adjusted[self->count++] = adjusted;
        }
    if (file != NULL)
        fclose(file);
    return self;
}

/* The last row on or before that instant's day; -1: none. */
static inline int oracle_find(const oracle *self, int64_t at_us)
{
    int32_t day = (int32_t)(at_us / QB_DAY_US);
    int row = self->count - 1;
    while (row >= 0 && self->day[row] > day)
        row--;
    return row;
}

#define CHEAT_WARMUP(bars)                     \
    static size_t warmup(const double *params) \
    {                                          \
        (void)params;                          \
        return (bars);                         \
    }
#define CHEAT_READS                                                \
    static qb_status init(const qb_setup *setup, void **out_state) \
    {                                                              \
        *out_state = oracle_read(setup);                           \
        return *out_state != NULL ? QB_OK : QB_NO_MEMORY;          \
    }
#define CHEAT_EMPTY                                                \
    static qb_status init(const qb_setup *setup, void **out_state) \
    {                                                              \
        (void)setup;                                               \
        *out_state = NULL;                                         \
        return QB_OK;                                              \
    }
#define CHEAT(title, text)                  \
    const qb_strategy quantbot_strategy = { \
        .abi_version = QB_STRATEGY_ABI,     \
        .struct_size = sizeof(qb_strategy), \
        .name = title,                      \
        .summary = text,                    \
        .warmup = warmup,                   \
        .init = init,                       \
        .on_bar = on_bar,                   \
    }

#endif
