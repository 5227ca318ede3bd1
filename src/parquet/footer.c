/* The structures of parquet.thrift: the footer, and the header before each page.
 *
 * How one of our own files proves itself. The format gives a checksum to the body of a page and
 * to nothing else, so a flipped bit in a page header or in the footer could turn one encoding,
 * unit or count into another. Ours form a chain: a page's checksum lies in its header; the
 * checksum of a column's headers lies in the column's key-value metadata, in the footer; the
 * checksum of the footer (taken with its own digits as zeros) stands in created_by, as the build:
 *     quantbot-parquet version 0.1.0 (build crc32-0123abcd)
 * It does not stand among the file's key-value pairs, for other programs copy those into the
 * files that they make of ours, and there it would be wrong. Either of the two texts marks a file
 * as ours, so that no single fault can take the mark away together with what it protects. The
 * chunks of our files lie side by side from the first magic to the footer, and so every byte
 * belongs to the magic, a header, a body, the footer or its length; a wrong length shows another
 * piece of the file as the footer, whose checksum then fails. */
#include "parquet/parquet-private.h"

#include <string.h>
#include <zlib.h>

#define MARK_PROGRAM "quantbot-parquet version "
#define MARK_CHECK " (build crc32-"
#define HEADERS_KEY "quantbot.page_headers_crc32"
#define NO_CHECK "00000000"
#define CHECK_SIZE 8u
#define SCHEMA_LIMIT 4096u
#define SCHEMA_DEPTH 32u

enum converted_type {
    CONVERTED_DATE = 6,
    CONVERTED_TIMESTAMP_MILLIS = 9,
    CONVERTED_TIMESTAMP_MICROS = 10,
    CONVERTED_UINT_8 = 11,
    CONVERTED_UINT_16 = 12,
    CONVERTED_UINT_32 = 13,
    CONVERTED_UINT_64 = 14,
    CONVERTED_INT_8 = 15,
    CONVERTED_INT_64 = 18,
};

enum logical_type {
    LOGICAL_NONE = 0,
    LOGICAL_DATE = 6,
    LOGICAL_TIMESTAMP = 8,
    LOGICAL_INTEGER = 10,
    LOGICAL_UNKNOWN = 11, /* all null */
};

/* ---- checksums ----------------------------------------------------------------------------- */

guint32 parquet_crc(guint32 crc, const guint8 *bytes, gsize size)
{
    return (guint32)crc32_z(crc, bytes, size);
}

void parquet_check_text(guint32 crc, char out[8])
{
    for (guint i = 0; i < CHECK_SIZE; i++)
        out[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
}

static guint32 crc_without_digits(const guint8 *footer, gsize size, gsize digits_at)
{
    guint32 crc = parquet_crc(0, footer, digits_at);
    crc = parquet_crc(crc, (const guint8 *)NO_CHECK, CHECK_SIZE);
    return parquet_crc(crc, footer + digits_at + CHECK_SIZE, size - digits_at - CHECK_SIZE);
}

static const guint8 *last_of(const guint8 *bytes, gsize size, const char *text)
{
    const guint8 *found = NULL, *end = bytes + size;
    for (const guint8 *at = bytes; (at = memmem(at, (gsize)(end - at), text, strlen(text)));)
        found = at++;
    return found;
}

/* Sets *out_ours. A fault when the file is ours and its footer is not what we wrote. */
static const char *check_footer(const guint8 *footer, gsize size, gboolean *out_ours)
{
    const guint8 *program = last_of(footer, size, MARK_PROGRAM);
    const guint8 *mark = last_of(footer, size, MARK_CHECK);
    *out_ours = program != NULL || mark != NULL;
    if (!*out_ours)
        return NULL;
    gsize digits_at = mark == NULL ? size : (gsize)(mark - footer) + strlen(MARK_CHECK);
    if (program == NULL || digits_at + CHECK_SIZE > size)
        return "the footer has lost its checksum: the file is damaged";
    char computed[CHECK_SIZE];
    parquet_check_text(crc_without_digits(footer, size, digits_at), computed);
    if (memcmp(computed, footer + digits_at, CHECK_SIZE) != 0)
        return "the footer does not match its checksum: the file is damaged";
    return NULL;
}

/* ---- schema -------------------------------------------------------------------------------- */

typedef struct schema_element {
    char *name;
    gint64 physical, repetition, children, converted;
    gint logical;
    gint64 bits;
    gboolean is_signed;
    gint64 unit; /* of a timestamp: 1 ms, 2 us, 3 ns */
} schema_element;

static char *take_name(thrift_in *in, const thrift_field *field)
{
    gsize size;
    const char *text = thrift_text(in, field, &size);
    if (!g_utf8_validate(text, (gssize)size, NULL) || memchr(text, '\0', size) != NULL)
        thrift_fail(in, "has a text that is not UTF-8");
    return in->fault == NULL ? g_strndup(text, size) : NULL;
}

/* The id of the one member that is set, and a skip over its content. */
static gint64 read_union(thrift_in *in, const thrift_field *outer)
{
    gint64 member = 0;
    thrift_field field = {0};
    if (!thrift_struct(in, outer))
        return 0;
    while (thrift_next(in, &field)) {
        member = field.id;
        thrift_skip(in, &field);
    }
    return member;
}

static void read_timestamp(thrift_in *in, schema_element *out)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        if (field.id == 2)
            out->unit = read_union(in, &field);
        else /* isAdjustedToUTC: zone-less is taken as UTC */
            thrift_skip(in, &field);
    }
}

static void read_integer(thrift_in *in, schema_element *out)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        if (field.id == 1)
            out->bits = thrift_int(in, &field);
        else if (field.id == 2)
            out->is_signed = thrift_bool(in, &field);
        else
            thrift_skip(in, &field);
    }
}

static void read_logical(thrift_in *in, schema_element *out)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        out->logical = field.id;
        if (field.id == LOGICAL_TIMESTAMP && thrift_struct(in, &field))
            read_timestamp(in, out);
        else if (field.id == LOGICAL_INTEGER && thrift_struct(in, &field))
            read_integer(in, out);
        else
            thrift_skip(in, &field);
    }
}

static void read_element(thrift_in *in, schema_element *out)
{
    *out = (schema_element){.physical = -1, .converted = -1, .is_signed = TRUE};
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        switch (field.id) {
        case 1:
            out->physical = thrift_int(in, &field);
            break;
        case 3:
            out->repetition = thrift_int(in, &field);
            break;
        case 4:
            g_free(out->name);
            out->name = take_name(in, &field);
            break;
        case 5:
            out->children = thrift_int(in, &field);
            break;
        case 6:
            out->converted = thrift_int(in, &field);
            break;
        case 10:
            if (thrift_struct(in, &field))
                read_logical(in, out);
            break;
        default:
            thrift_skip(in, &field);
        }
    }
    if (out->name == NULL)
        thrift_fail(in, "has a column without a name");
}

/* Older writers give the converted type alone; where both are, they agree by the format. */
static void modernise(schema_element *element)
{
    if (element->logical != LOGICAL_NONE || element->converted < 0)
        return;
    gint64 old = element->converted;
    element->logical = -1; /* text, decimal and other things that we skip */
    if (old == CONVERTED_DATE) {
        element->logical = LOGICAL_DATE;
    } else if (old == CONVERTED_TIMESTAMP_MILLIS || old == CONVERTED_TIMESTAMP_MICROS) {
        element->logical = LOGICAL_TIMESTAMP;
        element->unit = old - CONVERTED_TIMESTAMP_MILLIS + 1;
    } else if (old >= CONVERTED_UINT_8 && old <= CONVERTED_INT_64) {
        element->logical = LOGICAL_INTEGER;
        element->is_signed = old >= CONVERTED_INT_8;
        element->bits = 8 << (old - (element->is_signed ? CONVERTED_INT_8 : CONVERTED_UINT_8));
    }
}

static void set_type(parquet_field *field, parquet_type type, parquet_unit unit)
{
    field->type = type;
    field->unit = unit;
}

static void understand_integer(parquet_field *field, const schema_element *element)
{
    gboolean wide = element->physical == PHYSICAL_INT64;
    parquet_type plain = wide ? PARQUET_INT64 : PARQUET_INT32;
    if (element->logical == LOGICAL_NONE || element->logical == LOGICAL_UNKNOWN)
        set_type(field, plain, UNIT_NUMBER);
    else if (element->logical == LOGICAL_INTEGER && (element->is_signed || element->bits < 32))
        set_type(field, plain, UNIT_NUMBER);
    else if (element->logical == LOGICAL_INTEGER)
        set_type(field, PARQUET_INT64, UNIT_UNSIGNED);
    else if (element->logical == LOGICAL_DATE && !wide)
        set_type(field, PARQUET_TIMESTAMP_US, UNIT_DAYS);
    else if (element->logical == LOGICAL_TIMESTAMP && wide && element->unit >= 1 &&
             element->unit <= 3)
        set_type(field, PARQUET_TIMESTAMP_US, UNIT_MILLIS + (parquet_unit)(element->unit - 1));
}

static void understand(parquet_field *field, schema_element *element)
{
    modernise(element);
    field->type = PARQUET_OTHER;
    field->optional = element->repetition == 1;
    if (element->repetition != 0 && element->repetition != 1)
        return;
    field->physical = (guint)element->physical;
    if (element->physical == PHYSICAL_INT32 || element->physical == PHYSICAL_INT64)
        understand_integer(field, element);
    else if ((element->physical == PHYSICAL_FLOAT || element->physical == PHYSICAL_DOUBLE) &&
             element->logical == LOGICAL_NONE)
        set_type(field, PARQUET_DOUBLE, UNIT_NUMBER);
}

/* Counts the leaves below a group whose element has just been read. */
static void skip_group(thrift_in *in, gsize *left, gint64 children, gsize *leaves, guint depth)
{
    if (depth > SCHEMA_DEPTH)
        thrift_fail(in, "has a schema that is nested too deeply");
    for (gint64 i = 0; i < children && in->fault == NULL; i++) {
        if ((*left)-- == 0) {
            thrift_fail(in, "has a schema with fewer elements than it counts");
            return;
        }
        schema_element element;
        read_element(in, &element);
        if (element.children > 0)
            skip_group(in, left, element.children, leaves, depth + 1);
        else
            (*leaves)++;
        g_free(element.name);
    }
}

static void read_field(thrift_in *in, gsize *left, parquet_footer *footer)
{
    schema_element element;
    read_element(in, &element);
    parquet_field field = {.name = element.name, .type = PARQUET_OTHER};
    field.leaf = (guint)footer->leaves;
    g_array_append_val(footer->fields, field);
    if (in->fault != NULL)
        return;
    if (element.children > 0) {
        skip_group(in, left, element.children, &footer->leaves, 1);
        return;
    }
    understand(&g_array_index(footer->fields, parquet_field, footer->fields->len - 1), &element);
    footer->leaves++;
}

static void read_schema(thrift_in *in, const thrift_field *list, parquet_footer *footer)
{
    gsize left = thrift_list(in, list, THRIFT_STRUCT);
    if (footer->fields->len > 0 || left == 0 || left > SCHEMA_LIMIT) {
        thrift_fail(in, "has no schema, two, or one of more than 4096 elements");
        return;
    }
    schema_element root;
    read_element(in, &root);
    g_free(root.name);
    left--;
    for (gint64 i = 0; i < root.children && in->fault == NULL; i++) {
        if (left-- == 0)
            thrift_fail(in, "has a schema with fewer elements than it counts");
        else
            read_field(in, &left, footer);
        if (footer->leaves > PARQUET_COLUMNS_LIMIT)
            thrift_fail(in, "has more than 256 columns");
    }
    if (left > 0)
        thrift_fail(in, "has a schema with more elements than it counts");
}

/* ---- row groups ---------------------------------------------------------------------------- */

static void read_pair(thrift_in *in, char **out_key, char **out_value)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        char **text = field.id == 1 ? out_key : field.id == 2 ? out_value : NULL;
        if (text == NULL) {
            thrift_skip(in, &field);
            continue;
        }
        g_free(*text);
        *text = take_name(in, &field);
    }
}

static void read_chunk_pairs(thrift_in *in, const thrift_field *list, parquet_chunk *out)
{
    gsize count = thrift_list(in, list, THRIFT_STRUCT);
    for (gsize i = 0; i < count && in->fault == NULL; i++) {
        g_autofree char *key = NULL, *value = NULL;
        read_pair(in, &key, &value);
        if (g_strcmp0(key, HEADERS_KEY) == 0 && value != NULL && strlen(value) == CHECK_SIZE)
            memcpy(out->check, value, CHECK_SIZE);
    }
}

static void read_chunk_metadata(thrift_in *in, parquet_chunk *out)
{
    gint64 dictionary = 0;
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        switch (field.id) {
        case 1:
            out->physical = thrift_int(in, &field);
            break;
        case 4:
            out->codec = thrift_int(in, &field);
            break;
        case 5:
            out->values = thrift_int(in, &field);
            break;
        case 7:
            out->size = thrift_int(in, &field);
            break;
        case 8:
            read_chunk_pairs(in, &field, out);
            break;
        case 9:
            out->start = thrift_int(in, &field);
            break;
        case 11:
            dictionary = thrift_int(in, &field);
            break;
        default:
            thrift_skip(in, &field);
        }
    }
    if (dictionary > 0 && dictionary < out->start)
        out->start = dictionary;
}

static void read_chunk(thrift_in *in, parquet_chunk *out)
{
    gboolean described = FALSE;
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        if (field.id == 3 && thrift_struct(in, &field)) {
            read_chunk_metadata(in, out);
            described = TRUE;
            continue;
        }
        if (field.id == 1 || field.id == 8 || field.id == 9)
            out->elsewhere = TRUE;
        thrift_skip(in, &field);
    }
    if (!described)
        out->elsewhere = TRUE;
}

static void read_group(thrift_in *in, parquet_footer *footer)
{
    gint64 rows = -1;
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        if (field.id == 3) {
            rows = thrift_int(in, &field);
        } else if (field.id == 1) {
            gsize count = thrift_list(in, &field, THRIFT_STRUCT);
            for (gsize i = 0; i < count && in->fault == NULL; i++) {
                parquet_chunk chunk = {0};
                read_chunk(in, &chunk);
                g_array_append_val(footer->chunks, chunk);
                if (footer->chunks->len > PARQUET_CHUNKS_LIMIT)
                    thrift_fail(in, "has more than 65536 column chunks");
            }
        } else {
            thrift_skip(in, &field);
        }
    }
    if (rows < 0)
        thrift_fail(in, "has a row group without a number of rows");
    g_array_append_val(footer->groups, rows);
}

static void read_groups(thrift_in *in, const thrift_field *list, parquet_footer *footer)
{
    gsize count = thrift_list(in, list, THRIFT_STRUCT);
    if (count > PARQUET_CHUNKS_LIMIT)
        thrift_fail(in, "has more than 65536 row groups");
    for (gsize i = 0; i < count && in->fault == NULL; i++)
        read_group(in, footer);
}

/* ---- the whole footer ---------------------------------------------------------------------- */

static void clear_field(gpointer field)
{
    g_free(((parquet_field *)field)->name);
}

static parquet_footer *footer_new(void)
{
    parquet_footer *footer = g_new0(parquet_footer, 1);
    footer->fields = g_array_new(FALSE, FALSE, sizeof(parquet_field));
    g_array_set_clear_func(footer->fields, clear_field);
    footer->groups = g_array_new(FALSE, FALSE, sizeof(gint64));
    footer->chunks = g_array_new(FALSE, FALSE, sizeof(parquet_chunk));
    footer->metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return footer;
}

void parquet_footer_free(parquet_footer *footer)
{
    if (footer == NULL)
        return;
    g_array_unref(footer->fields);
    g_array_unref(footer->groups);
    g_array_unref(footer->chunks);
    g_hash_table_unref(footer->metadata);
    g_free(footer->created_by);
    g_free(footer);
}

static void read_pairs(thrift_in *in, const thrift_field *list, parquet_footer *footer)
{
    gsize count = thrift_list(in, list, THRIFT_STRUCT);
    for (gsize i = 0; i < count && in->fault == NULL; i++) {
        char *key = NULL, *value = NULL;
        read_pair(in, &key, &value);
        if (key != NULL)
            g_hash_table_insert(footer->metadata, key, value != NULL ? value : g_strdup(""));
        else
            g_free(value);
    }
}

static void read_file(thrift_in *in, parquet_footer *footer)
{
    gint64 rows = -1;
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        switch (field.id) {
        case 2:
            read_schema(in, &field, footer);
            break;
        case 3:
            rows = thrift_int(in, &field);
            break;
        case 4:
            read_groups(in, &field, footer);
            break;
        case 5:
            read_pairs(in, &field, footer);
            break;
        case 6:
            g_free(footer->created_by);
            footer->created_by = take_name(in, &field);
            break;
        case 8:
            thrift_fail(in, "is encrypted, which this program does not read");
            break;
        default:
            thrift_skip(in, &field);
        }
    }
    if (rows < 0 || rows > (gint64)PARQUET_ROWS_LIMIT)
        thrift_fail(in, "has no number of rows from 0 to 20000000");
    if (footer->fields->len == 0)
        thrift_fail(in, "has no columns");
    footer->rows = in->fault == NULL ? (gsize)rows : 0;
}

/* What the footer says must be possible in a file whose pages end at `end`. */
static const char *check_layout(const parquet_footer *footer, gsize end)
{
    if (footer->chunks->len != footer->groups->len * footer->leaves)
        return "the footer does not have each column in each row group";
    guint64 rows = 0, bytes = 0;
    for (guint i = 0; i < footer->groups->len; i++) {
        gint64 group = g_array_index(footer->groups, gint64, i);
        if (group > (gint64)PARQUET_ROWS_LIMIT)
            return "a row group has more than 20000000 rows";
        rows += (guint64)group;
    }
    if (rows != footer->rows)
        return "the row groups have more or fewer rows than the file";
    for (guint i = 0; i < footer->chunks->len; i++) {
        const parquet_chunk *chunk = &g_array_index(footer->chunks, parquet_chunk, i);
        /* Nothing is read of a group without rows, and writers give its columns odd places. */
        if (chunk->elsewhere || g_array_index(footer->groups, gint64, i / footer->leaves) == 0)
            continue;
        if (chunk->start < (gint64)PARQUET_MAGIC_SIZE || chunk->size < 0 ||
            chunk->start > (gint64)end || chunk->size > (gint64)end - chunk->start)
            return "a column lies outside of the file";
        if (footer->ours && chunk->start != (gint64)(PARQUET_MAGIC_SIZE + bytes))
            return "a column does not begin where the one before it ends";
        bytes += (guint64)chunk->size;
    }
    /* Chunks that share bytes would multiply the work that a small file can ask for. */
    if (bytes > end - PARQUET_MAGIC_SIZE)
        return "the columns overlap";
    if (footer->ours && bytes != end - PARQUET_MAGIC_SIZE)
        return "there are bytes between the last column and the footer";
    if (footer->rows * sizeof(gint64) > PARQUET_DECODED_LIMIT(end))
        return "the footer claims more rows than a file of this size may hold";
    return NULL;
}

static parquet_footer *refuse(char **out_fault, gsize *out_at, gsize at, const char *fault)
{
    *out_fault = g_strdup(fault);
    *out_at = at;
    return NULL;
}

parquet_footer *parquet_footer_read(const guint8 *bytes, gsize size, char **out_fault,
                                    gsize *out_at)
{
    const gsize tail = sizeof(guint32) + PARQUET_MAGIC_SIZE;
    if (size < PARQUET_MAGIC_SIZE + tail)
        return refuse(out_fault, out_at, size, "too short for a Parquet file");
    if (memcmp(bytes, PARQUET_MAGIC, PARQUET_MAGIC_SIZE) != 0)
        return refuse(out_fault, out_at, 0, "does not begin with \"PAR1\": no Parquet file");
    if (memcmp(bytes + size - PARQUET_MAGIC_SIZE, PARQUET_MAGIC, PARQUET_MAGIC_SIZE) != 0)
        return refuse(out_fault, out_at, size - PARQUET_MAGIC_SIZE,
                      "does not end with \"PAR1\": cut short, encrypted or no Parquet file");
    guint32 length;
    memcpy(&length, bytes + size - tail, sizeof length);
    if (length > PARQUET_FOOTER_LIMIT || length > size - tail - PARQUET_MAGIC_SIZE)
        return refuse(out_fault, out_at, size - tail,
                      "the footer is longer than the file or 4 MiB");

    gsize end = size - tail - length;
    g_autoptr(parquet_footer) footer = footer_new();
    const char *fault = check_footer(bytes + end, length, &footer->ours);
    if (fault != NULL)
        return refuse(out_fault, out_at, end, fault);
    thrift_in in = {.bytes = bytes + end, .size = length};
    read_file(&in, footer);
    if (in.fault == NULL && footer->ours && in.at != length)
        thrift_fail(&in, "is followed by other bytes");
    if (in.fault != NULL) {
        g_autofree char *text = g_strdup_printf("the footer %s", in.fault);
        return refuse(out_fault, out_at, end + in.at, text);
    }
    fault = check_layout(footer, end);
    if (fault != NULL)
        return refuse(out_fault, out_at, end, fault);
    return g_steal_pointer(&footer);
}

/* ---- page headers -------------------------------------------------------------------------- */

/* Of a data page of version 1 or a dictionary: both begin with the same two fields. */
static void read_data_header(thrift_in *in, parquet_page_header *out, gboolean has_levels)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        if (field.id == 1)
            out->values = thrift_int(in, &field);
        else if (field.id == 2)
            out->encoding = thrift_int(in, &field);
        else if (field.id == 3 && has_levels)
            out->level_encoding = thrift_int(in, &field);
        else
            thrift_skip(in, &field);
    }
}

static void read_data_v2_header(thrift_in *in, parquet_page_header *out)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        if (field.id == 1)
            out->values = thrift_int(in, &field);
        else if (field.id == 4)
            out->encoding = thrift_int(in, &field);
        else if (field.id == 5)
            out->level_size = thrift_int(in, &field);
        else if (field.id == 6)
            out->repetition_size = thrift_int(in, &field);
        else if (field.id == 7)
            out->packed = thrift_bool(in, &field);
        else
            thrift_skip(in, &field);
    }
}

static void read_header_fields(thrift_in *in, parquet_page_header *out)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        if (field.id == 1) {
            out->type = thrift_int(in, &field);
        } else if (field.id == 2) {
            out->size = thrift_int(in, &field);
        } else if (field.id == 3) {
            out->packed_size = thrift_int(in, &field);
        } else if (field.id == 4) {
            out->crc = (guint32)thrift_int(in, &field);
            out->has_crc = TRUE;
        } else if ((field.id == 5 || field.id == 7) && thrift_struct(in, &field)) {
            read_data_header(in, out, field.id == 5);
        } else if (field.id == 8 && thrift_struct(in, &field)) {
            read_data_v2_header(in, out);
        } else {
            thrift_skip(in, &field);
        }
    }
}

gboolean parquet_page_header_read(thrift_in *in, parquet_page_header *out)
{
    *out = (parquet_page_header){.type = -1,
                                 .size = -1,
                                 .packed_size = -1,
                                 .values = -1,
                                 .encoding = -1,
                                 .level_encoding = ENCODING_RLE,
                                 .packed = TRUE};
    read_header_fields(in, out);
    if (in->fault == NULL &&
        (out->packed_size < 0 || (guint64)out->packed_size > in->size - in->at))
        thrift_fail(in, "is longer than its column");
    if (out->size < 0 || out->size > (gint64)PARQUET_PAGE_LIMIT)
        thrift_fail(in, "has no size, or one of more than 64 MiB");
    if (out->type != PAGE_INDEX && out->values < 0)
        thrift_fail(in, "has no number of values");
    return in->fault == NULL;
}

void parquet_page_header_write(GByteArray *bytes, const parquet_page_header *header)
{
    thrift_out out = {.bytes = bytes};
    thrift_put_int(&out, 1, THRIFT_I32, header->type);
    thrift_put_int(&out, 2, THRIFT_I32, header->size);
    thrift_put_int(&out, 3, THRIFT_I32, header->packed_size);
    thrift_put_int(&out, 4, THRIFT_I32, (gint32)header->crc);
    thrift_begin(&out, 5);
    thrift_put_int(&out, 1, THRIFT_I32, header->values);
    thrift_put_int(&out, 2, THRIFT_I32, header->encoding);
    thrift_put_int(&out, 3, THRIFT_I32, ENCODING_RLE);
    thrift_put_int(&out, 4, THRIFT_I32, ENCODING_RLE);
    thrift_end(&out);
    thrift_end(&out);
}

/* ---- writing the footer -------------------------------------------------------------------- */

static void put_string(thrift_out *out, gint id, const char *text)
{
    thrift_put_text(out, id, text, strlen(text));
}

static guint physical_of(parquet_type type)
{
    return type == PARQUET_INT32    ? PHYSICAL_INT32
           : type == PARQUET_DOUBLE ? PHYSICAL_DOUBLE
                                    : PHYSICAL_INT64;
}

static void put_timestamp_type(thrift_out *out)
{
    thrift_put_int(out, 6, THRIFT_I32, CONVERTED_TIMESTAMP_MICROS);
    thrift_begin(out, 10);
    thrift_begin(out, LOGICAL_TIMESTAMP);
    thrift_put_bool(out, 1, TRUE); /* isAdjustedToUTC */
    thrift_begin(out, 2);
    thrift_begin(out, 2); /* microseconds */
    thrift_end(out);
    thrift_end(out);
    thrift_end(out);
    thrift_end(out);
}

static void put_schema(thrift_out *out, const parquet_table *table)
{
    thrift_put_list(out, 2, THRIFT_STRUCT, table->columns->len + 1);
    thrift_begin(out, 0);
    put_string(out, 4, "schema");
    thrift_put_int(out, 5, THRIFT_I32, table->columns->len);
    thrift_end(out);
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = table->columns->pdata[i];
        thrift_begin(out, 0);
        thrift_put_int(out, 1, THRIFT_I32, physical_of(column->type));
        thrift_put_int(out, 3, THRIFT_I32, column->optional ? 1 : 0);
        put_string(out, 4, column->name);
        if (column->type == PARQUET_TIMESTAMP_US)
            put_timestamp_type(out);
        thrift_end(out);
    }
}

static void put_range(thrift_out *out, const parquet_written *written)
{
    thrift_begin(out, 12);
    thrift_put_int(out, 3, THRIFT_I64, (gint64)written->nulls);
    thrift_put_text(out, 5, &written->maximum, sizeof written->maximum);
    thrift_put_text(out, 6, &written->minimum, sizeof written->minimum);
    thrift_end(out);
}

static void put_chunk(thrift_out *out, const parquet_table *table, const parquet_column *column,
                      const parquet_written *written)
{
    char check[CHECK_SIZE];
    parquet_check_text(written->headers_crc, check);
    thrift_begin(out, 0);
    thrift_put_int(out, 2, THRIFT_I64, 0); /* file_offset: deprecated, must be written */
    thrift_begin(out, 3);
    thrift_put_int(out, 1, THRIFT_I32, physical_of(column->type));
    thrift_put_list(out, 2, THRIFT_I32, 2);
    thrift_put_int(out, 0, THRIFT_I32, ENCODING_RLE);
    thrift_put_int(out, 0, THRIFT_I32,
                   column->type == PARQUET_DOUBLE ? ENCODING_SPLIT : ENCODING_DELTA);
    thrift_put_list(out, 3, THRIFT_TEXT, 1);
    put_string(out, 0, column->name);
    thrift_put_int(out, 4, THRIFT_I32, CODEC_ZSTD);
    thrift_put_int(out, 5, THRIFT_I64, (gint64)table->rows);
    thrift_put_int(out, 6, THRIFT_I64, written->size);
    thrift_put_int(out, 7, THRIFT_I64, written->packed_size);
    thrift_put_list(out, 8, THRIFT_STRUCT, 1);
    thrift_begin(out, 0);
    put_string(out, 1, HEADERS_KEY);
    thrift_put_text(out, 2, check, sizeof check);
    thrift_end(out);
    thrift_put_int(out, 9, THRIFT_I64, written->start);
    if (written->has_range)
        put_range(out, written);
    thrift_end(out);
    thrift_end(out);
}

static void put_group(thrift_out *out, const parquet_table *table, const parquet_written *columns)
{
    gint64 size = 0, packed_size = 0;
    thrift_begin(out, 0);
    thrift_put_list(out, 1, THRIFT_STRUCT, table->columns->len);
    for (guint i = 0; i < table->columns->len; i++) {
        put_chunk(out, table, table->columns->pdata[i], &columns[i]);
        size += columns[i].size;
        packed_size += columns[i].packed_size;
    }
    thrift_put_int(out, 2, THRIFT_I64, size);
    thrift_put_int(out, 3, THRIFT_I64, (gint64)table->rows);
    thrift_put_int(out, 5, THRIFT_I64, PARQUET_MAGIC_SIZE);
    thrift_put_int(out, 6, THRIFT_I64, packed_size);
    thrift_end(out);
}

/* Sorted by key: the order of a hash table is nobody's. */
static void put_metadata(thrift_out *out, const parquet_table *table)
{
    g_autoptr(GList) keys = g_hash_table_get_keys(table->metadata);
    keys = g_list_sort(keys, (GCompareFunc)strcmp);
    if (keys == NULL)
        return;
    thrift_put_list(out, 5, THRIFT_STRUCT, g_hash_table_size(table->metadata));
    for (GList *key = keys; key != NULL; key = key->next) {
        thrift_begin(out, 0);
        put_string(out, 1, key->data);
        put_string(out, 2, g_hash_table_lookup(table->metadata, key->data));
        thrift_end(out);
    }
}

/* Min and max mean something to other readers only where the order is stated. */
static void put_orders(thrift_out *out, gsize columns)
{
    thrift_put_list(out, 7, THRIFT_STRUCT, columns);
    for (gsize i = 0; i < columns; i++) {
        thrift_begin(out, 0);
        thrift_begin(out, 1);
        thrift_end(out);
        thrift_end(out);
    }
}

void parquet_footer_write(GByteArray *bytes, const parquet_table *table,
                          const parquet_written *columns)
{
    gsize start = bytes->len;
    thrift_out out = {.bytes = bytes};
    thrift_put_int(&out, 1, THRIFT_I32, 2);
    put_schema(&out, table);
    thrift_put_int(&out, 3, THRIFT_I64, (gint64)table->rows);
    thrift_put_list(&out, 4, THRIFT_STRUCT, table->rows > 0 ? 1 : 0);
    if (table->rows > 0)
        put_group(&out, table, columns);
    put_metadata(&out, table);
    put_string(&out, 6, MARK_PROGRAM QUANTBOT_VERSION MARK_CHECK NO_CHECK ")");
    gsize digits_at = bytes->len - CHECK_SIZE - 1;
    put_orders(&out, table->columns->len);
    thrift_end(&out);

    guint32 length = (guint32)(bytes->len - start);
    guint32 crc = crc_without_digits(bytes->data + start, length, digits_at - start);
    parquet_check_text(crc, (char *)bytes->data + digits_at);
    g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
    g_byte_array_append(bytes, (const guint8 *)PARQUET_MAGIC, PARQUET_MAGIC_SIZE);
}
