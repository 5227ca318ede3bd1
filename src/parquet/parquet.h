/* Flat Parquet tables: numbers in columns, nothing nested.
 *
 * In: the bytes of one file. Out: its columns, or an error that names what is wrong; every length
 * is checked before it is believed, page checksums are verified, and a flipped bit is an error
 * and never another number. Files of pyarrow, polars and DuckDB are read too (zstd, snappy,
 * gzip or none; PLAIN, dictionary, DELTA_BINARY_PACKED, BYTE_STREAM_SPLIT; pages v1 and v2).
 * No file is opened here: bytes come from and go to platform/files.h.
 * Format: the Apache Parquet specification, parquet-format 2.10. */
#ifndef PARQUET_PARQUET_H
#define PARQUET_PARQUET_H

#include "platform/failure.h"

#define PARQUET_ROWS_LIMIT 20000000u
#define PARQUET_COLUMNS_LIMIT 256u

typedef enum parquet_type {
    PARQUET_TIMESTAMP_US, /* int64; on reading ms, us, ns and zone-less stamps become UTC us */
    PARQUET_INT64,
    PARQUET_INT32,
    PARQUET_DOUBLE, /* on reading also from FLOAT, INT32 and INT64 */
    PARQUET_OTHER,  /* on reading: a column that this room skips (text, nested, ...) */
} parquet_type;

typedef struct parquet_column {
    char *name;
    parquet_type type;
    gboolean optional;
    /* [rows]; int64_t, int32_t or double by type; NULL for PARQUET_OTHER and for columns that
     * were not asked for. A null double is NaN, a null integer 0. */
    void *values;
    /* [rows] 1 where there is a value; NULL: all are there. */
    guint8 *valid;
} parquet_column;

typedef struct parquet_table {
    gsize rows;
    GPtrArray *columns;   /* of parquet_column, in file order */
    GHashTable *metadata; /* key-value pairs, text to text */
    char *created_by;
} parquet_table;

parquet_table *parquet_table_new(gsize rows);
/* Adds a column and returns it with zeroed values for the caller to fill; borrowed. */
parquet_column *parquet_table_add(parquet_table *table, const char *name, parquet_type type,
                                  gboolean optional);
parquet_column *parquet_table_find(const parquet_table *table, const char *name);
void parquet_table_free(parquet_table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(parquet_table, parquet_table_free)

/* One row group, zstd level 1, byte-stream-split doubles, delta stamps, checksummed pages,
 * statistics for stamps. The same table gives the same bytes. */
GBytes *parquet_write(const parquet_table *table, GError **error);
/* names: the columns wanted (NULL-terminated), or NULL for all. FAILURE_BAD_DATA with byte
 * offset. name stands in messages. */
parquet_table *parquet_read(GBytes *bytes, const char *name, const char *const *names,
                            GError **error);
/* As parquet_read for a table whose int64/double values go straight into the caller's memory:
 * rows from the footer alone. */
gboolean parquet_read_footer(GBytes *bytes, const char *name, parquet_table **out_table,
                             GError **error);

#endif
