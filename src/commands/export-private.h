/* How data export writes rows. In: columns of one series, a stretch at a time. Out: CSV, JSON lines
 * or Parquet, in a file that is whole or absent, or on standard output. */
#ifndef COMMANDS_EXPORT_PRIVATE_H
#define COMMANDS_EXPORT_PRIVATE_H

#include "cache/cache.h"
#include "platform/failure.h"

typedef enum export_format {
    EXPORT_CSV,
    EXPORT_JSONL,
    EXPORT_PARQUET,
    EXPORT_FORMATS
} export_format;
/* "csv", "jsonl", "parquet"; static. */
const char *export_format_text(export_format format);
gboolean export_format_from_text(const char *text, export_format *out);

typedef enum export_type {
    EXPORT_TEXT,   /* the symbol */
    EXPORT_STAMP,  /* INT64_MAX: none */
    EXPORT_NUMBER, /* NaN: none */
    EXPORT_FLAGS,
} export_type;

typedef struct export_column {
    const char *name;
    export_type type;
    gboolean optional; /* may hold none */
    double standard;   /* of every row where a series has no such column */
    gsize offset;      /* of the pointer in qb_series or macro_series */
} export_column;

/* The columns of bars, or of values with vintages, after the symbol, which stands first. */
#define EXPORT_COLUMNS_MAX 12
const export_column *export_columns_of(gboolean macro, guint *out_count);

/* Some rows of one series. Borrowed. */
typedef struct export_rows {
    const char *symbol;
    const void *series; /* qb_series or macro_series */
    gsize count;
} export_rows;

/* FALSE with FAILURE_USAGE: a file is there that may not be replaced. */
gboolean export_may_write(const char *path, gboolean overwrite, GError **error);

/* What a file looks like. */
typedef struct export_layout {
    export_format format;
    const export_column *columns[EXPORT_COLUMNS_MAX];
    guint count;
    gboolean chosen; /* by name: Parquet then has them also where the series has none */
} export_layout;

/* One file, or standard output, while it is written. */
typedef struct export_target export_target;
/* path NULL: standard output. layout is borrowed. A file that is there and may not be replaced is
 * FAILURE_USAGE. */
export_target *export_target_new(const char *path, gboolean overwrite, const export_layout *layout,
                                 GError **error);
/* Parquet holds one stretch of rows, which must be the first and only. */
gboolean export_target_add(export_target *self, const export_rows *rows, GError **error);
/* Parquet only, before add: what the file says of its rows. */
void export_target_say(export_target *self, const char *name, const char *text);
gsize export_target_rows(const export_target *self);
/* Rows and bytes written, SHA-256 in hex (borrowed). After it the file is there. */
gboolean export_target_finish(export_target *self, gsize *out_rows, gsize *out_bytes,
                              const char **out_sha256, GError **error);
/* Before finish: no file is left. */
void export_target_free(export_target *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(export_target, export_target_free)

#endif
