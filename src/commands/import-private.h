/* What the files of data import share: one file on its way, and what is said about it. */
#ifndef COMMANDS_IMPORT_PRIVATE_H
#define COMMANDS_IMPORT_PRIVATE_H

#include "commands/data-private.h"
#include "csv/csv.h"

typedef struct import_options {
    char *asset, *symbol, *interval, *calendar, *map, *zone, *date_order, *adjustment, *provider;
    char *date, *stamp;
    double scale; /* 0: none given */
    gboolean skip_bad, extended, no_header, dry_run, json;
} import_options;

/* One file on its way. */
typedef struct import_file {
    const char *path;
    const market *market;
    cache_key key;
    gboolean symbol_guessed;
    csv_bars_options bars;
    cache_adjustment adjustment;
    char *adjustment_note; /* why, and what was not used; or NULL */
    char *source_hash;
    qb_series series;
    csv_bars_report report;
    cache_change change;
} import_file;

/* import_symbol.c: --symbol, or what the name of the file tells. FAILURE_USAGE. */
gboolean import_find_symbol(const import_options *flags, import_file *self, GError **error);

/* import_adjustment.c: --adjustment, or what the columns tell, once the file is read; prices that
 * contain their dividends and splits lose the columns of both. FAILURE_USAGE. */
gboolean import_settle_adjustment(const import_options *flags, import_file *self, GError **error);

/* data_import_report.c: prints what became of each import_file, as text or JSON. */
void import_print(const GArray *imports, const import_options *flags);

/* data_import.c: a name that the cache takes for a provider. */
gboolean import_is_provider(const char *text);

/* data_import_macro.c: the command line asks for --asset macro, whose options are others. */
gboolean import_is_macro(int argc, char **argv);
int import_macro(int argc, char **argv);

#endif
