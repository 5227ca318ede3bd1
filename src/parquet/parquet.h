/* Flat Parquet tables: numbers in columns, nothing nested; texts on writing only.
 *
 * In: the bytes of one file. Out: its columns, or an error that names what is wrong; every length
 * is checked before it is believed, page checksums are verified, and a flipped bit in a file that
 * this room wrote is an error and never another number. Files of pyarrow, polars and DuckDB are
 * read too (zstd, snappy, gzip or none; PLAIN, dictionary, DELTA_BINARY_PACKED,
 * BYTE_STREAM_SPLIT; pages v1 and v2). No file is opened here: bytes come from and go to
 * platform/files.h. Format: the Apache Parquet specification, parquet-format 2.10. */
#ifndef PARQUET_PARQUET_H
#define PARQUET_PARQUET_H

#include "platform/failure.h"

#define PARQUET_ROWS_LIMIT 20000000u
#define PARQUET_COLUMNS_LIMIT 256u
/* What one read may decode, in bytes: the columns it allocates and the pages it unpacks. Regular
 * stamps and constant columns shrink a thousandfold, so a ratio alone cannot tell a bomb from
 * data. */
#define PARQUET_DECODED_LIMIT(file_size) ((G_GUINT64_CONSTANT(64) << 20) + 512u * (file_size))

typedef enum parquet_type {
    PARQUET_TIMESTAMP_US, /* int64; on reading ms, us, ns (rounded down), zone-less stamps and
                             dates become UTC us */
    PARQUET_INT64,
    PARQUET_INT32,
    PARQUET_DOUBLE, /* on reading also from FLOAT; from integers see below */
    PARQUET_TEXT,   /* on writing only: UTF-8 */
    PARQUET_OTHER,  /* on reading: a column that this room skips (text, nested, ...) */
} parquet_type;

typedef struct parquet_column {
    char *name;
    parquet_type type;
    gboolean optional;
    /* [rows]; int64_t, int32_t or double by type, or char *, each owned by the column and NULL for
     * an empty one; NULL for PARQUET_OTHER and for columns that
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

/* rows <= PARQUET_ROWS_LIMIT. */
parquet_table *parquet_table_new(gsize rows);
/* Adds a column and returns it with zeroed values for the caller to fill; borrowed. An optional
 * one has valid, zeroed too: all null. */
parquet_column *parquet_table_add(parquet_table *table, const char *name, parquet_type type,
                                  gboolean optional);
/* The first of that name, or NULL; borrowed. */
parquet_column *parquet_table_find(const parquet_table *table, const char *name);
void parquet_table_free(parquet_table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(parquet_table, parquet_table_free)

/* One row group, zstd level 1, byte-stream-split doubles, delta stamps and integers, checksummed
 * pages, statistics for stamps. The same table gives the same bytes. FAILURE_USAGE for a table
 * that has no file: a column without a name of its own, or of PARQUET_OTHER, text that is not
 * UTF-8, or one beyond a limit above. */
GBytes *parquet_write(const parquet_table *table, GError **error);

/* names: the columns wanted (NULL-terminated), or NULL for all; one that the file lacks is absent
 * from the table, the others are there without values. name stands in messages.
 * FAILURE_BAD_DATA with byte offset. */
parquet_table *parquet_read(GBytes *bytes, const char *name, const char *const *names,
                            GError **error);
/* The same without any values: rows, columns and metadata from the footer alone. */
gboolean parquet_read_footer(GBytes *bytes, const char *name, parquet_table **out_table,
                             GError **error);

/* Many files into one series: columns go straight into the caller's memory as the type that the
 * caller names, and the reader keeps its own memory from file to file (fresh pages cost more than
 * the decoding). One thread at a time. */
typedef struct parquet_target {
    const char *name;
    /* Integers and FLOAT become PARQUET_DOUBLE, integers the other integer type if they fit; a
     * column that cannot become this type is FAILURE_BAD_DATA. */
    parquet_type type;
    void *values;   /* [capacity] of the type */
    guint8 *valid;  /* [capacity], or NULL when not wanted */
    gboolean found; /* set by the reader; FALSE: no such column, memory untouched */
    gsize nulls;    /* set by the reader */
} parquet_target;

typedef struct parquet_reader parquet_reader;
parquet_reader *parquet_reader_new(void);
void parquet_reader_free(parquet_reader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(parquet_reader, parquet_reader_free)
/* FAILURE_BAD_DATA also when the file has more than capacity rows. On failure the memory of the
 * targets holds anything, out_rows is untouched. */
gboolean parquet_reader_read(parquet_reader *reader, GBytes *bytes, const char *name,
                             parquet_target *targets, guint count, gsize capacity, gsize *out_rows,
                             GError **error);

#endif
