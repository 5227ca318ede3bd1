/* From the bytes of a file to columns: pages are checked, unpacked, decoded into the caller's
 * memory and spread over the nulls. The only place of this room that reports errors of input. */
#include "parquet/parquet-private.h"

#include <math.h>
#include <string.h>
#include <zstd.h>

/* Grown to the largest page seen and kept. */
struct parquet_reader {
    ZSTD_DCtx *zstd;
    GByteArray *page, *numbers, *entries, *levels;
};

/* One file being read. */
typedef struct file_read {
    parquet_reader *reader;
    const char *name;
    const guint8 *bytes;
    const parquet_footer *footer;
    guint64 budget; /* bytes that may still be decoded */
    GError **error;
} file_read;

/* One column of it. */
typedef struct column_read {
    file_read *file;
    const parquet_field *field;
    parquet_target *target;
    gint64 codec;
    gsize done; /* rows in the target */
    gboolean has_entries;
    gsize entry_count; /* of the dictionary, in reader->entries */
    gsize page_at;     /* for messages */
} column_read;

parquet_reader *parquet_reader_new(void)
{
    parquet_reader *reader = g_new0(parquet_reader, 1);
    reader->zstd = ZSTD_createDCtx();
    reader->page = g_byte_array_new();
    reader->numbers = g_byte_array_new();
    reader->entries = g_byte_array_new();
    reader->levels = g_byte_array_new();
    return reader;
}

void parquet_reader_free(parquet_reader *reader)
{
    if (reader == NULL)
        return;
    ZSTD_freeDCtx(reader->zstd);
    g_byte_array_unref(reader->page);
    g_byte_array_unref(reader->numbers);
    g_byte_array_unref(reader->entries);
    g_byte_array_unref(reader->levels);
    g_free(reader);
}

static gboolean bad(const column_read *self, const char *fault)
{
    g_autofree char *quoted = failure_quote(self->field->name, -1);
    g_set_error(self->file->error, FAILURE, FAILURE_BAD_DATA, "%s:%zu: column %s: %s",
                self->file->name, self->page_at, quoted, fault);
    return FALSE;
}

static gboolean bad_page(const column_read *self, const char *fault)
{
    g_autofree char *text = g_strdup_printf("its page %s", fault);
    return bad(self, text);
}

/* Charged to the file: what it decodes is bounded by what it is. */
static gboolean charge(const column_read *self, guint64 size)
{
    if (size > self->file->budget)
        return bad(self, "unpacks to more than a file of this size may hold");
    self->file->budget -= size;
    return TRUE;
}

/* One byte more than asked, so that there is always an address. */
static guint8 *room(GByteArray *buffer, gsize size)
{
    if (buffer->len < size + 1)
        g_byte_array_set_size(buffer, (guint)size + 1);
    return buffer->data;
}

/* ---- from stored numbers to the wanted type ------------------------------------------------ */

static gboolean can_become(parquet_type from, parquet_type to)
{
    if (from == to)
        return from != PARQUET_OTHER;
    gboolean integer = from == PARQUET_INT32 || from == PARQUET_INT64;
    return integer && (to == PARQUET_INT32 || to == PARQUET_INT64 || to == PARQUET_DOUBLE);
}

static guint width_of(guint physical)
{
    return physical == PHYSICAL_INT32 || physical == PHYSICAL_FLOAT ? 4 : 8;
}

static guint target_width(parquet_type type)
{
    return type == PARQUET_INT32 ? 4 : 8;
}

/* Bytes in the file are the bytes wanted. */
static gboolean is_same(const parquet_field *field, parquet_type type)
{
    return field->type == type && field->physical != PHYSICAL_FLOAT &&
           width_of(field->physical) == target_width(type) &&
           (field->unit == UNIT_NUMBER || field->unit == UNIT_MICROS);
}

static gint64 integer_at(const parquet_field *field, const void *numbers, gsize i)
{
    if (field->physical == PHYSICAL_INT64)
        return ((const gint64 *)numbers)[i];
    if (field->unit == UNIT_UNSIGNED)
        return ((const guint32 *)numbers)[i];
    return ((const gint32 *)numbers)[i];
}

static const char *to_stamps(const parquet_field *field, const void *numbers, gsize count,
                             gint64 *out)
{
    gint64 scale = field->unit == UNIT_DAYS     ? QB_DAY_US
                   : field->unit == UNIT_MILLIS ? G_GINT64_CONSTANT(1000)
                                                : 1;
    for (gsize i = 0; i < count; i++) {
        gint64 value = integer_at(field, numbers, i);
        if (field->unit == UNIT_NANOS)
            out[i] = value / 1000 - (value % 1000 < 0);
        else if (__builtin_mul_overflow(value, scale, &out[i]))
            return "has a stamp beyond 64 bits of microseconds";
    }
    return NULL;
}

static void to_doubles(const parquet_field *field, const void *numbers, gsize count, double *out)
{
    for (gsize i = 0; i < count; i++) {
        if (field->physical == PHYSICAL_FLOAT)
            out[i] = (double)((const float *)numbers)[i];
        else if (field->unit == UNIT_UNSIGNED)
            out[i] = (double)(guint64)integer_at(field, numbers, i);
        else
            out[i] = (double)integer_at(field, numbers, i);
    }
}

static const char *to_integers(const parquet_field *field, const void *numbers, gsize count,
                               parquet_type type, void *out)
{
    for (gsize i = 0; i < count; i++) {
        gint64 value = integer_at(field, numbers, i);
        if (field->unit == UNIT_UNSIGNED && value < 0)
            return "has a number beyond 63 bits";
        if (type == PARQUET_INT32 && (value < G_MININT32 || value > G_MAXINT32))
            return "has a number beyond 32 bits";
        if (type == PARQUET_INT32)
            ((gint32 *)out)[i] = (gint32)value;
        else
            ((gint64 *)out)[i] = value;
    }
    return NULL;
}

static const char *convert(const parquet_field *field, const void *numbers, gsize count,
                           parquet_type type, void *out)
{
    if (type == PARQUET_TIMESTAMP_US)
        return to_stamps(field, numbers, count, out);
    if (type != PARQUET_DOUBLE)
        return to_integers(field, numbers, count, type, out);
    to_doubles(field, numbers, count, out);
    return NULL;
}

/* The first `present` of count places hold the values; moves each to its row, from the end. */
static void spread(parquet_type type, void *values, const guint8 *levels, gsize count,
                   gsize present)
{
    for (gsize i = count; i-- > 0 && present < i + 1;) {
        gboolean here = levels[i] != 0;
        if (here)
            present--;
        if (type == PARQUET_DOUBLE)
            ((double *)values)[i] = here ? ((double *)values)[present] : NAN;
        else if (type == PARQUET_INT32)
            ((gint32 *)values)[i] = here ? ((gint32 *)values)[present] : 0;
        else
            ((gint64 *)values)[i] = here ? ((gint64 *)values)[present] : 0;
    }
}

/* ---- pages --------------------------------------------------------------------------------- */

static const char *decode(const column_read *self, gint64 encoding, const guint8 *in, gsize size,
                          gsize count, void *out)
{
    guint width = width_of(self->field->physical);
    gboolean integer = self->field->physical == PHYSICAL_INT32 ||
                       self->field->physical == PHYSICAL_INT64;
    if (encoding == ENCODING_PLAIN)
        return plain_decode(in, size, count, width, out);
    if (encoding == ENCODING_SPLIT)
        return split_decode(in, size, count, width, out);
    if (encoding == ENCODING_DELTA && integer)
        return delta_decode(in, size, count, width, out);
    if (encoding != ENCODING_DICTIONARY && encoding != ENCODING_PLAIN_DICTIONARY)
        return "has an encoding that this program does not read (it reads plain, dictionary, "
               "delta and byte stream split)";
    if (!self->has_entries)
        return "has no dictionary before it";
    return dictionary_decode(in, size, count, width, self->file->reader->entries->data,
                             self->entry_count, out);
}

/* levels: [count] or NULL when all rows have a value. */
static gboolean place(column_read *self, gint64 encoding, const guint8 *in, gsize size,
                      const guint8 *levels, gsize count, gsize present)
{
    parquet_target *target = self->target;
    guint8 *out = (guint8 *)target->values + self->done * target_width(target->type);
    const char *fault;
    if (is_same(self->field, target->type)) {
        fault = decode(self, encoding, in, size, present, out);
    } else {
        guint8 *numbers = room(self->file->reader->numbers,
                               present * width_of(self->field->physical));
        fault = decode(self, encoding, in, size, present, numbers);
        if (fault == NULL)
            fault = convert(self->field, numbers, present, target->type, out);
    }
    if (fault != NULL)
        return bad_page(self, fault);
    if (present < count)
        spread(target->type, out, levels, count, present);
    if (target->valid != NULL && levels != NULL)
        memcpy(target->valid + self->done, levels, count);
    else if (target->valid != NULL)
        memset(target->valid + self->done, 1, count);
    target->nulls += count - present;
    self->done += count;
    return TRUE;
}

/* The body as it was before compression, in the file or in the reader's memory. */
static const guint8 *unpack_body(column_read *self, const guint8 *in, gsize size, gsize out_size)
{
    if (self->codec == CODEC_NONE) {
        if (size == out_size)
            return in;
        bad_page(self, "is not compressed, yet has two sizes");
        return NULL;
    }
    if (!charge(self, out_size))
        return NULL;
    guint8 *out = room(self->file->reader->page, out_size);
    const char *fault = out_size == 0 && size == 0
                            ? NULL
                            : codec_unpack(self->file->reader->zstd, self->codec, in, size, out,
                                           out_size);
    if (fault == NULL)
        return out;
    bad_page(self, fault);
    return NULL;
}

static gboolean read_dictionary(column_read *self, const parquet_page_header *header,
                                const guint8 *body)
{
    const guint8 *in = unpack_body(self, body, (gsize)header->packed_size, (gsize)header->size);
    if (in == NULL)
        return FALSE;
    if (header->encoding != ENCODING_PLAIN && header->encoding != ENCODING_PLAIN_DICTIONARY)
        return bad_page(self, "is a dictionary that is not plain");
    guint width = width_of(self->field->physical);
    if ((gsize)header->size / width < (gsize)header->values)
        return bad_page(self, "is a dictionary with fewer bytes than its values need");
    self->has_entries = TRUE;
    self->entry_count = (gsize)header->values;
    gsize size = self->entry_count * width;
    memcpy(room(self->file->reader->entries, size), in, size);
    return TRUE;
}

static gboolean read_levels(column_read *self, const guint8 *in, gsize size, gsize count,
                            const guint8 **out_levels, gsize *out_present)
{
    guint8 *levels = room(self->file->reader->levels, count);
    const char *fault = levels_decode(in, size, count, levels, out_present);
    *out_levels = levels;
    return fault == NULL || bad_page(self, fault);
}

/* Version 1: levels with their length before them, and values, compressed as one. */
static gboolean read_data(column_read *self, const parquet_page_header *header, const guint8 *body)
{
    gsize count = (gsize)header->values, present = count, size = (gsize)header->size;
    const guint8 *levels = NULL;
    const guint8 *in = unpack_body(self, body, (gsize)header->packed_size, size);
    if (in == NULL)
        return FALSE;
    if (self->field->optional) {
        guint32 length = 0;
        if (header->level_encoding != ENCODING_RLE)
            return bad_page(self, "has levels that are not run-length encoded");
        if (size >= sizeof length)
            memcpy(&length, in, sizeof length);
        if (size < sizeof length || length > size - sizeof length)
            return bad_page(self, "has levels that are longer than it");
        in += sizeof length;
        if (!read_levels(self, in, length, count, &levels, &present))
            return FALSE;
        in += length;
        size -= sizeof length + length;
    }
    return place(self, header->encoding, in, size, levels, count, present);
}

/* Version 2: levels before the values and never compressed. */
static gboolean read_data_v2(column_read *self, const parquet_page_header *header,
                             const guint8 *body)
{
    gsize count = (gsize)header->values, present = count;
    const guint8 *levels = NULL;
    if (header->repetition_size != 0)
        return bad_page(self, "has repetition levels");
    if (header->level_size < 0 || header->level_size > header->packed_size ||
        header->level_size > header->size)
        return bad_page(self, "has levels that are longer than it");
    gsize level_size = (gsize)header->level_size;
    gsize packed_size = (gsize)header->packed_size - level_size;
    gsize size = (gsize)header->size - level_size;
    if (self->field->optional && !read_levels(self, body, level_size, count, &levels, &present))
        return FALSE;
    const guint8 *in = body + level_size;
    if (header->packed)
        in = unpack_body(self, in, packed_size, size);
    else if (packed_size != size)
        return bad_page(self, "is not compressed, yet has two sizes");
    return in != NULL && place(self, header->encoding, in, size, levels, count, present);
}

/* ---- columns ------------------------------------------------------------------------------- */

static gboolean check_body(const column_read *self, const parquet_page_header *header,
                           const guint8 *body)
{
    if (!header->has_crc)
        return !self->file->footer->ours || bad_page(self, "has lost its checksum");
    guint32 crc = parquet_crc(0, body, (gsize)header->packed_size);
    return crc == header->crc || bad_page(self, "does not match its checksum: the file is damaged");
}

static gboolean read_page(column_read *self, const parquet_page_header *header, const guint8 *body,
                          gsize rows_left)
{
    if (!check_body(self, header, body))
        return FALSE;
    if (header->type == PAGE_DICTIONARY)
        return read_dictionary(self, header, body);
    if (header->type != PAGE_DATA && header->type != PAGE_DATA_V2)
        return TRUE;
    if ((guint64)header->values > rows_left)
        return bad_page(self, "has more values than its row group has rows");
    return header->type == PAGE_DATA ? read_data(self, header, body)
                                     : read_data_v2(self, header, body);
}

static gboolean read_chunk(column_read *self, const parquet_chunk *chunk, gsize rows)
{
    self->page_at = (gsize)chunk->start;
    self->codec = chunk->codec;
    self->has_entries = FALSE;
    if (chunk->elsewhere)
        return bad(self, "is encrypted or in another file");
    if (chunk->physical != (gint64)self->field->physical)
        return bad(self, "has two types");
    if (chunk->values != (gint64)rows)
        return bad(self, "has more or fewer values than its row group has rows");
    thrift_in in = {.bytes = self->file->bytes,
                    .size = (gsize)(chunk->start + chunk->size),
                    .at = (gsize)chunk->start};
    gsize end = self->done + rows;
    guint32 headers_crc = 0;
    while (self->done < end) {
        parquet_page_header header;
        self->page_at = in.at;
        if (!parquet_page_header_read(&in, &header)) {
            g_autofree char *text = g_strdup_printf("header %s", in.fault);
            return bad_page(self, text);
        }
        headers_crc = parquet_crc(headers_crc, in.bytes + self->page_at, in.at - self->page_at);
        if (!read_page(self, &header, in.bytes + in.at, end - self->done))
            return FALSE;
        in.at += (gsize)header.packed_size;
    }
    char check[sizeof chunk->check];
    parquet_check_text(headers_crc, check);
    if (self->file->footer->ours &&
        (in.at != in.size || memcmp(check, chunk->check, sizeof check) != 0))
        return bad(self, "its page headers do not match their checksum: the file is damaged");
    return TRUE;
}

static gboolean read_column(file_read *file, const parquet_field *field, parquet_target *target)
{
    const parquet_footer *footer = file->footer;
    column_read self = {.file = file, .field = field, .target = target};
    target->found = TRUE;
    target->nulls = 0;
    if (!can_become(field->type, target->type))
        return bad(&self, target->type == PARQUET_TIMESTAMP_US
                              ? "is not a column of timestamps or dates"
                              : "is not a column of numbers that fit the wanted type");
    for (guint i = 0; i < footer->groups->len; i++) {
        const parquet_chunk *chunk = &g_array_index(footer->chunks, parquet_chunk,
                                                    i * footer->leaves + field->leaf);
        if (!read_chunk(&self, chunk, (gsize)g_array_index(footer->groups, gint64, i)))
            return FALSE;
    }
    return TRUE;
}

/* ---- files --------------------------------------------------------------------------------- */

static parquet_footer *open_footer(GBytes *bytes, const char *name, GError **error)
{
    gsize size, at = 0;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    g_autofree char *fault = NULL;
    parquet_footer *footer = parquet_footer_read(data, size, &fault, &at);
    if (footer == NULL)
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s:%zu: %s", name, at, fault);
    return footer;
}

static gboolean begin(file_read *self, GBytes *bytes)
{
    gsize size;
    self->bytes = g_bytes_get_data(bytes, &size);
    self->budget = PARQUET_DECODED_LIMIT(size);
    if (self->reader->zstd != NULL)
        return TRUE;
    g_set_error_literal(self->error, FAILURE, FAILURE_INTERNAL, "zstd: no memory");
    return FALSE;
}

static const parquet_field *find_field(const parquet_footer *footer, const char *name)
{
    for (guint i = 0; i < footer->fields->len; i++) {
        const parquet_field *field = &g_array_index(footer->fields, parquet_field, i);
        if (g_str_equal(field->name, name))
            return field;
    }
    return NULL;
}

gboolean parquet_reader_read(parquet_reader *reader, GBytes *bytes, const char *name,
                             parquet_target *targets, guint count, gsize capacity, gsize *out_rows,
                             GError **error)
{
    g_autoptr(parquet_footer) footer = open_footer(bytes, name, error);
    if (footer == NULL)
        return FALSE;
    if (footer->rows > capacity) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: has %zu rows, expected at most %zu",
                    name, footer->rows, capacity);
        return FALSE;
    }
    file_read file = {.reader = reader, .name = name, .footer = footer, .error = error};
    if (!begin(&file, bytes))
        return FALSE;
    for (guint i = 0; i < count; i++) {
        const parquet_field *field = find_field(footer, targets[i].name);
        targets[i].found = FALSE;
        if (field != NULL && !read_column(&file, field, &targets[i]))
            return FALSE;
    }
    *out_rows = footer->rows;
    return TRUE;
}

/* All columns without values, from the footer alone. */
static parquet_table *describe(const parquet_footer *footer)
{
    parquet_table *table = parquet_table_new(footer->rows);
    for (guint i = 0; i < footer->fields->len; i++) {
        const parquet_field *field = &g_array_index(footer->fields, parquet_field, i);
        parquet_column *column = parquet_table_add(table, field->name, PARQUET_OTHER, FALSE);
        column->type = field->type;
        column->optional = field->optional;
    }
    g_hash_table_unref(table->metadata);
    table->metadata = g_hash_table_ref(footer->metadata);
    table->created_by = g_strdup(footer->created_by);
    return table;
}

static gboolean fill(file_read *file, parquet_column *column, const parquet_field *field)
{
    gsize rows = file->footer->rows;
    guint64 needed = (guint64)rows * (target_width(column->type) + (column->optional ? 1 : 0));
    column_read self = {.file = file, .field = field};
    if (!charge(&self, needed))
        return FALSE;
    column->values = g_malloc(MAX(rows, 1) * target_width(column->type));
    column->valid = column->optional ? g_malloc(MAX(rows, 1)) : NULL;
    parquet_target target = {.name = column->name,
                             .type = column->type,
                             .values = column->values,
                             .valid = column->valid};
    if (!read_column(file, field, &target))
        return FALSE;
    if (target.nulls == 0)
        g_clear_pointer(&column->valid, g_free);
    return TRUE;
}

parquet_table *parquet_read(GBytes *bytes, const char *name, const char *const *names,
                            GError **error)
{
    g_autoptr(parquet_footer) footer = open_footer(bytes, name, error);
    if (footer == NULL)
        return NULL;
    g_autoptr(parquet_reader) reader = parquet_reader_new();
    file_read file = {.reader = reader, .name = name, .footer = footer, .error = error};
    if (!begin(&file, bytes))
        return NULL;
    g_autoptr(parquet_table) table = describe(footer);
    for (guint i = 0; i < table->columns->len; i++) {
        parquet_column *column = table->columns->pdata[i];
        gboolean wanted = names == NULL || g_strv_contains(names, column->name);
        if (wanted && column->type != PARQUET_OTHER &&
            !fill(&file, column, &g_array_index(footer->fields, parquet_field, i)))
            return NULL;
    }
    return g_steal_pointer(&table);
}

gboolean parquet_read_footer(GBytes *bytes, const char *name, parquet_table **out_table,
                             GError **error)
{
    g_autoptr(parquet_footer) footer = open_footer(bytes, name, error);
    if (footer == NULL)
        return FALSE;
    *out_table = describe(footer);
    return TRUE;
}
