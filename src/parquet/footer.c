/* The footer: what is in the file and where, read and checked before any page is.
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

/* ---- checksums ----------------------------------------------------------------------------- */

guint32 parquet_crc(guint32 crc, const guint8 *bytes, gsize size)
{
    return (guint32)crc32_z(crc, bytes, size);
}

void parquet_check_text(guint32 crc, char out[8])
{
    for (guint i = 0; i < PARQUET_CHECK_SIZE; i++)
        out[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
}

guint32 parquet_footer_crc(const guint8 *footer, gsize size, gsize digits_at)
{
    guint32 crc = parquet_crc(0, footer, digits_at);
    crc = parquet_crc(crc, (const guint8 *)PARQUET_NO_CHECK, PARQUET_CHECK_SIZE);
    return parquet_crc(crc, footer + digits_at + PARQUET_CHECK_SIZE,
                       size - digits_at - PARQUET_CHECK_SIZE);
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
    const guint8 *program = last_of(footer, size, PARQUET_MARK_PROGRAM);
    const guint8 *mark = last_of(footer, size, PARQUET_MARK_CHECK);
    *out_ours = program != NULL || mark != NULL;
    if (!*out_ours)
        return NULL;
    gsize digits_at = mark == NULL ? size : (gsize)(mark - footer) + strlen(PARQUET_MARK_CHECK);
    if (program == NULL || digits_at + PARQUET_CHECK_SIZE > size)
        return "the footer has lost its checksum: the file is damaged";
    char computed[PARQUET_CHECK_SIZE];
    parquet_check_text(parquet_footer_crc(footer, size, digits_at), computed);
    if (memcmp(computed, footer + digits_at, PARQUET_CHECK_SIZE) != 0)
        return "the footer does not match its checksum: the file is damaged";
    return NULL;
}

/* ---- row groups ---------------------------------------------------------------------------- */

/* A key or a value that is no text stays NULL: other programs may keep there what they like. */
static void read_pair(thrift_in *in, char **out_key, char **out_value)
{
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        char **text = field.id == 1 ? out_key : field.id == 2 ? out_value : NULL;
        if (text == NULL) {
            thrift_skip(in, &field);
            continue;
        }
        gsize size;
        const char *bytes = thrift_text(in, &field, &size);
        g_clear_pointer(text, g_free);
        if (g_utf8_validate_len(bytes, size, NULL))
            *text = g_strndup(bytes, size);
    }
}

static void read_chunk_pairs(thrift_in *in, const thrift_field *list, parquet_chunk *out)
{
    gsize count = thrift_list(in, list, THRIFT_STRUCT);
    for (gsize i = 0; i < count && in->fault == NULL; i++) {
        g_autofree char *key = NULL, *value = NULL;
        read_pair(in, &key, &value);
        if (g_strcmp0(key, PARQUET_HEADERS_KEY) == 0 && value != NULL &&
            strlen(value) == PARQUET_CHECK_SIZE)
            memcpy(out->check, value, PARQUET_CHECK_SIZE);
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
        g_autofree char *key = NULL, *value = NULL;
        read_pair(in, &key, &value);
        if (key != NULL && value != NULL)
            g_hash_table_insert(footer->metadata, g_steal_pointer(&key), g_steal_pointer(&value));
    }
}

static void read_file(thrift_in *in, parquet_footer *footer)
{
    gint64 rows = -1;
    thrift_field field = {0};
    while (thrift_next(in, &field)) {
        switch (field.id) {
        case 2:
            parquet_schema_read(in, &field, footer);
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
            footer->created_by = parquet_take_text(in, &field);
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
