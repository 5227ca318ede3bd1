/* What the files of this room share, from the wire up: thrift.c knows the compact protocol,
 * footer.c the structures written in it, codecs.c and encodings.c the bytes of pages; read.c and
 * write.c join them. Everything that parses answers with a fault, a static English phrase, and
 * read.c alone turns faults into errors with file, byte and column. */
#ifndef PARQUET_PRIVATE_H
#define PARQUET_PRIVATE_H

#include "parquet/parquet.h"

_Static_assert(G_BYTE_ORDER == G_LITTLE_ENDIAN, "values are moved as they lie in the file");

#define PARQUET_MAGIC "PAR1"
#define PARQUET_MAGIC_SIZE 4u
#define PARQUET_FOOTER_LIMIT (4u << 20)
#define PARQUET_CHUNKS_LIMIT 65536u /* row groups x columns */
#define PARQUET_PAGE_LIMIT (64u << 20)

/* ---- thrift.c: the compact protocol -------------------------------------------------------- */

enum thrift_type {
    THRIFT_TRUE = 1,
    THRIFT_FALSE = 2,
    THRIFT_BYTE = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_TEXT = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
    THRIFT_UUID = 13,
};

/* The first fault sticks: from then on every read gives zero and every loop ends, so a structure
 * is read straight through and asked once at its end. */
typedef struct thrift_in {
    const guint8 *bytes;
    gsize size, at;
    const char *fault;
} thrift_in;

typedef struct thrift_field {
    gint id;
    guint type;
} thrift_field;

/* The next field of the struct being read; begin with {0}. FALSE at its end and on a fault. */
gboolean thrift_next(thrift_in *in, thrift_field *field);
/* The value of the field just found, each after a check of its type. */
gint64 thrift_int(thrift_in *in, const thrift_field *field);
gboolean thrift_bool(thrift_in *in, const thrift_field *field);
/* Borrowed from the input, not terminated. */
const char *thrift_text(thrift_in *in, const thrift_field *field, gsize *out_size);
/* TRUE when a struct follows. */
gboolean thrift_struct(thrift_in *in, const thrift_field *field);
/* The number of elements that follow, all of element_type; 0 on a fault. */
gsize thrift_list(thrift_in *in, const thrift_field *field, guint element_type);
void thrift_skip(thrift_in *in, const thrift_field *field);
guint64 thrift_varint(thrift_in *in);
gint64 thrift_zigzag(guint64 coded);
void thrift_fail(thrift_in *in, const char *fault);

typedef struct thrift_out {
    GByteArray *bytes;
    gint last[8]; /* id of the last field, per depth */
    guint depth;
} thrift_out;

void thrift_put_varint(GByteArray *bytes, guint64 value);
guint64 thrift_to_zigzag(gint64 value);
void thrift_put_int(thrift_out *out, gint id, guint type, gint64 value);
void thrift_put_bool(thrift_out *out, gint id, gboolean value);
void thrift_put_text(thrift_out *out, gint id, gconstpointer text, gsize size);
void thrift_put_list(thrift_out *out, gint id, guint element_type, gsize count);
/* id 0: an element of a list, which has no header. */
void thrift_begin(thrift_out *out, gint id);
void thrift_end(thrift_out *out);

/* ---- schema.c, footer.c, footer_write.c, page_header.c: the structures -------------------- */

enum parquet_physical {
    PHYSICAL_BOOLEAN = 0,
    PHYSICAL_INT32 = 1,
    PHYSICAL_INT64 = 2,
    PHYSICAL_INT96 = 3,
    PHYSICAL_FLOAT = 4,
    PHYSICAL_DOUBLE = 5,
    PHYSICAL_BYTES = 6,
    PHYSICAL_FIXED = 7,
};

enum parquet_encoding {
    ENCODING_PLAIN = 0,
    ENCODING_PLAIN_DICTIONARY = 2,
    ENCODING_RLE = 3,
    ENCODING_DELTA = 5,
    ENCODING_DICTIONARY = 8,
    ENCODING_SPLIT = 9,
};

enum parquet_codec { CODEC_NONE = 0, CODEC_SNAPPY = 1, CODEC_GZIP = 2, CODEC_ZSTD = 6 };

enum parquet_page { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

/* What the stored integers count. */
typedef enum parquet_unit {
    UNIT_NUMBER,
    UNIT_UNSIGNED,
    UNIT_DAYS,
    UNIT_MILLIS,
    UNIT_MICROS,
    UNIT_NANOS,
} parquet_unit;

enum {
    CONVERTED_UTF8 = 0,
    CONVERTED_TIMESTAMP_MILLIS = 9,
    CONVERTED_TIMESTAMP_MICROS = 10,
    LOGICAL_STRING = 1,
    LOGICAL_TIMESTAMP = 8,
};

/* A field of the schema's first level. */
typedef struct parquet_field {
    char *name;
    parquet_type type; /* as this room gives it; PARQUET_OTHER is never decoded */
    guint physical;
    parquet_unit unit;
    gboolean optional;
    guint leaf; /* its column in the row groups */
} parquet_field;

/* One column of one row group. */
typedef struct parquet_chunk {
    gint64 start, size, values;
    gint64 codec;
    gint64 physical;
    gboolean elsewhere; /* encrypted, or in another file */
    char check[8];      /* ours: the checksum of its page headers; else zero */
} parquet_chunk;

typedef struct parquet_footer {
    gboolean ours; /* written by this room: every checksum is obligatory */
    gsize rows;
    gsize leaves;
    GArray *fields; /* parquet_field */
    GArray *groups; /* gint64 rows */
    GArray *chunks; /* parquet_chunk; groups x leaves */
    GHashTable *metadata;
    char *created_by;
} parquet_footer;

/* The text of a field, valid UTF-8; NULL on a fault. Caller frees. */
char *parquet_take_text(thrift_in *in, const thrift_field *field);
/* Fills fields and leaves. */
void parquet_schema_read(thrift_in *in, const thrift_field *list, parquet_footer *footer);

void parquet_footer_free(parquet_footer *footer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(parquet_footer, parquet_footer_free)
/* The footer of a whole file, checked as far as it can be without reading a page. NULL with
 * *out_fault (free) and the byte it was found at. */
parquet_footer *parquet_footer_read(const guint8 *bytes, gsize size, char **out_fault,
                                    gsize *out_at);

typedef struct parquet_page_header {
    gint64 type, size, packed_size; /* of the body: in memory, in the file */
    gint64 values;
    gint64 encoding, level_encoding;
    gint64 level_size, repetition_size; /* v2 only */
    gboolean packed;                    /* v2: the values are compressed */
    gboolean has_crc;
    guint32 crc;
} parquet_page_header;

/* Reads one header at in->at; FALSE with in->fault. */
gboolean parquet_page_header_read(thrift_in *in, parquet_page_header *out);
void parquet_page_header_write(GByteArray *bytes, const parquet_page_header *header);

/* What the writer knows of a column when its pages are out. */
typedef struct parquet_written {
    gint64 start, packed_size, size; /* sizes with the page headers */
    guint32 headers_crc;
    gboolean has_range;
    gint64 minimum, maximum; /* of stamps */
    gsize nulls;
} parquet_written;

/* The encoding that this room writes a type in. */
gint64 parquet_encoding_of(parquet_type type);
/* Appends footer, its length and the closing magic. */
void parquet_footer_write(GByteArray *bytes, const parquet_table *table,
                          const parquet_written *columns);

/* What marks a file as ours, and where its checksums stand: see footer.c. */
#define PARQUET_MARK_PROGRAM "quantbot-parquet version "
#define PARQUET_MARK_CHECK " (build crc32-"
#define PARQUET_NO_CHECK "00000000"
#define PARQUET_HEADERS_KEY "quantbot.page_headers_crc32"
#define PARQUET_CHECK_SIZE 8u

guint32 parquet_crc(guint32 crc, const guint8 *bytes, gsize size);
/* Of a footer, with PARQUET_NO_CHECK in place of its own digits. */
guint32 parquet_footer_crc(const guint8 *footer, gsize size, gsize digits_at);
/* Eight hexadecimal digits, not terminated. */
void parquet_check_text(guint32 crc, char out[PARQUET_CHECK_SIZE]);

/* ---- codecs.c ------------------------------------------------------------------------------ */

typedef struct ZSTD_DCtx_s ZSTD_DCtx;
typedef struct ZSTD_CCtx_s ZSTD_CCtx;

/* Exactly out_size bytes, or a fault. */
const char *codec_unpack(ZSTD_DCtx *zstd, gint64 codec, const guint8 *in, gsize size, guint8 *out,
                         gsize out_size);
/* Appends one zstd frame to bytes. The parts are compressed each for itself: see codecs.c. */
const char *codec_pack(ZSTD_CCtx *zstd, const guint8 *in, const gsize *parts, guint count,
                       GByteArray *bytes);

/* ---- encodings.c --------------------------------------------------------------------------- */

/* Definition levels 0 and 1, count of them; *out_valid gets the number of ones. */
const char *levels_decode(const guint8 *in, gsize size, gsize count, guint8 *out, gsize *out_valid);
void levels_encode(const guint8 *levels, gsize count, GByteArray *out);
/* count values of width 4 or 8 bytes. */
const char *plain_decode(const guint8 *in, gsize size, gsize count, guint width, void *out);
const char *split_decode(const guint8 *in, gsize size, gsize count, guint width, void *out);
const char *delta_decode(const guint8 *in, gsize size, gsize count, guint width, void *out);
const char *dictionary_decode(const guint8 *in, gsize size, gsize count, guint width,
                              const void *entries, gsize entry_count, void *out);
void split_encode(const double *values, gsize count, GByteArray *out);
void delta_encode(const void *values, gsize count, guint width, GByteArray *out);

#endif
