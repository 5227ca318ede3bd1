/* What the files of macro series share: one series on its way from a file into the cache. */
#ifndef COMMANDS_MACRO_PRIVATE_H
#define COMMANDS_MACRO_PRIVATE_H

#include "commands/data-private.h"
#include "csv/csv.h"

typedef struct macro_options {
    char *asset, *interval, *symbol, *map, *where, *column, *date_order, *stamp;
    char *known_from, *lag, *known_time, *provider;
    gboolean dry_run, json;
} macro_options;

/* The options as they are meant. */
typedef struct macro_plan {
    csv_values_options values;
    guint basis; /* MACRO_STATED, _ASSUMED or _IMPORTED, for tables without vintages */
    gint64 known_from_us, lag_us, now_us;
} macro_plan;

typedef struct macro_import {
    const char *path;
    cache_key key;
    csv_values values;
    macro_series rows; /* of the file, with the times from which they are known */
    char *source_hash;
    gsize known; /* rows that said nothing new */
    cache_change change;
} macro_import;

/* data_import_macro_report.c: prints what became of each macro_import, as text or JSON. */
void macro_import_print(const GArray *imports, const macro_plan *plan, const macro_options *flags);

#endif
