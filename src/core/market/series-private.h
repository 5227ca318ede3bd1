/* Sorting by stamp, which series and validation share. */
#ifndef QB_SERIES_PRIVATE_H
#define QB_SERIES_PRIVATE_H

#include "core/market/market.h"

typedef struct qb_keyed_row {
    int64_t ts_us;
    size_t row;
} qb_keyed_row;

/* The series' rows by stamp, equal stamps in row order. rows has room for twice series->count;
 * returns the half that holds the result, the other is free for use. */
qb_keyed_row *qb_rows_by_stamp(const qb_series *series, qb_keyed_row *rows);

#endif
