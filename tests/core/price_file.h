/* Shared CSV files of daily or finer bars as series, for tests of core. */
#ifndef PRICE_FILE_H
#define PRICE_FILE_H

#include "core/market/market.h"

enum { PRICE_FILE_VOLUME = 1, PRICE_FILE_ACTIONS = 2, PRICE_FILE_ADJUSTED = 4 };

typedef struct price_file {
    qb_series series; /* with the wanted columns; dividend and split_factor are the file's */
    double *dividend, *split, *adjusted; /* [series.count] where wanted, not in the series */
} price_file;

/* path is below the shared folder, `time` its column of stamps or dates. The file's columns of
 * actions and adjusted closes are dividend, split, adj_close. Ends the test program when something
 * is missing. */
price_file price_file_read(const char *folder, const char *path, const char *time, int wanted);
void price_file_clear(price_file *self);

#endif
