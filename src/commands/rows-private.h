/* Rows of a run log's view as CSV, JSON or Parquet, in a file that is whole or absent. Text formats
 * go out as they come; Parquet is kept until the end. */
#ifndef ROWS_PRIVATE_H
#define ROWS_PRIVATE_H

#include "runlog/runlog.h"

typedef enum rows_format { ROWS_CSV, ROWS_JSON, ROWS_PARQUET, ROWS_FORMATS } rows_format;
/* "csv", "json", "parquet"; static. Also what the file's name ends with. */
const char *rows_format_text(rows_format format);
gboolean rows_format_from_text(const char *text, rows_format *out);

typedef struct rows_file {
    char *path, *sha256;
    gsize rows, bytes;
} rows_file;
void rows_file_clear(rows_file *self);

/* Every column under its name in the table. Stamps are ISO texts (in Parquet UTC microseconds), exact
 * amounts integers of 1e-8 (NAME_e8), what is not known nothing (null in JSON and Parquet). A file
 * that is there stays unless overwrite is set: FAILURE_USAGE. */
gboolean rows_export(runlog *log, const runlog_view *view, const char *run_id, rows_format format,
                     const char *path, gboolean overwrite, rows_file *out, GError **error);

#endif
