/* Reads the shared CSV files for tests: plain or gzip, a header line, no quotes. A whole file is
 * text; a column is found by name. Anything odd ends the test program: the files are known. */
#ifndef METRICS_COLUMNS_H
#define METRICS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct columns columns;

/* path is below the shared folder, and may lack ".gz". */
columns *columns_read(const char *folder, const char *path);
size_t columns_rows(const columns *self);
bool columns_has(const columns *self, const char *name);
/* Numbers of the column, NaN where blank. Caller frees. */
double *columns_numbers(const columns *self, const char *name);
/* Instants of the column. Caller frees. */
int64_t *columns_times(const columns *self, const char *name);
void columns_free(columns *self);

#endif
