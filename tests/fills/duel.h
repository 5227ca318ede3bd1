/* The engine and the reference on one case, and where they part. */
#ifndef FILLS_DUEL_H
#define FILLS_DUEL_H

#include "cases.h"

/* The result of a duel: the first difference in words, empty when there is none. */
typedef struct duel {
    char why[400];
    size_t orders, fills, makers;
    bool series; /* it was also run as a series */
    unsigned states[QB_ORDER_EXPIRED + 1], reasons[QB_REASON_COUNT];
} duel;

/* Runs both. True: they agree, and whatever must always hold has held. */
bool duel_run(fills_case *play, duel *out);
/* Cuts a failing case down to as little as still fails. */
void duel_shrink(fills_case *play);
/* Both sides' orders and fills, to compare by eye. */
void duel_print(fills_case *play, FILE *out);

#endif
