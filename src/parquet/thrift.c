/* The compact protocol of Apache Thrift, as far as Parquet uses it. Source: "Thrift Compact
 * protocol encoding", thrift/doc/specs. Integers are zigzag varints of 7 bits; a field header is
 * (id delta << 4 | type) or, for a far id, type and a zigzag id; a struct ends with a zero. */
#include "parquet/parquet-private.h"

#include <string.h>

#define SKIP_DEPTH 32u

/* ---- reading ------------------------------------------------------------------------------- */

void thrift_fail(thrift_in *in, const char *fault)
{
    if (in->fault == NULL)
        in->fault = fault;
}

static guint8 next_byte(thrift_in *in)
{
    if (in->fault != NULL || in->at >= in->size) {
        thrift_fail(in, "ends in the middle of a structure");
        return 0;
    }
    return in->bytes[in->at++];
}

guint64 thrift_varint(thrift_in *in)
{
    guint64 value = 0;
    for (guint shift = 0; shift < 64; shift += 7) {
        guint8 byte = next_byte(in);
        if (shift == 63 && byte > 1)
            break;
        value |= (guint64)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    thrift_fail(in, "has an integer of more than 64 bits");
    return 0;
}

gint64 thrift_zigzag(guint64 coded)
{
    return (gint64)(coded >> 1) ^ -(gint64)(coded & 1);
}

gboolean thrift_next(thrift_in *in, thrift_field *field)
{
    guint8 head = next_byte(in);
    if (in->fault != NULL || head == 0)
        return FALSE;
    field->type = head & 15;
    gint64 id = field->id + (head >> 4);
    if (head >> 4 == 0)
        id = thrift_zigzag(thrift_varint(in));
    if (id < G_MININT16 || id > G_MAXINT16 || field->type < THRIFT_TRUE ||
        field->type > THRIFT_UUID)
        thrift_fail(in, "has an impossible field header");
    field->id = (gint)id;
    return in->fault == NULL;
}

static gboolean expect(thrift_in *in, gboolean fits)
{
    if (!fits)
        thrift_fail(in, "has a field of the wrong type");
    return in->fault == NULL;
}

gint64 thrift_int(thrift_in *in, const thrift_field *field)
{
    if (!expect(in, field->type >= THRIFT_BYTE && field->type <= THRIFT_I64))
        return 0;
    if (field->type == THRIFT_BYTE)
        return (gint8)next_byte(in);
    gint64 value = thrift_zigzag(thrift_varint(in));
    if (field->type != THRIFT_I64 && (value < G_MININT32 || value > G_MAXINT32))
        thrift_fail(in, "has an integer of more than 32 bits");
    return value;
}

gboolean thrift_bool(thrift_in *in, const thrift_field *field)
{
    expect(in, field->type == THRIFT_TRUE || field->type == THRIFT_FALSE);
    return field->type == THRIFT_TRUE;
}

static const char *take_text(thrift_in *in, gsize *out_size)
{
    guint64 size = thrift_varint(in);
    if (in->fault == NULL && size > in->size - in->at)
        thrift_fail(in, "has a text that is longer than the rest");
    if (in->fault != NULL) {
        *out_size = 0;
        return "";
    }
    *out_size = (gsize)size;
    in->at += (gsize)size;
    return (const char *)in->bytes + in->at - size;
}

const char *thrift_text(thrift_in *in, const thrift_field *field, gsize *out_size)
{
    expect(in, field->type == THRIFT_TEXT);
    return take_text(in, out_size);
}

gboolean thrift_struct(thrift_in *in, const thrift_field *field)
{
    return expect(in, field->type == THRIFT_STRUCT);
}

/* Every element takes a byte at least, so a count beyond the rest is a lie. */
static gsize take_count(thrift_in *in, guint64 count)
{
    if (in->fault == NULL && count > in->size - in->at)
        thrift_fail(in, "has a list that is longer than the rest");
    return in->fault == NULL ? (gsize)count : 0;
}

static gsize take_list(thrift_in *in, guint *out_type)
{
    guint8 head = next_byte(in);
    *out_type = head & 15;
    return take_count(in, head >> 4 == 15 ? thrift_varint(in) : head >> 4);
}

gsize thrift_list(thrift_in *in, const thrift_field *field, guint element_type)
{
    if (!expect(in, field->type == THRIFT_LIST))
        return 0;
    guint type;
    gsize count = take_list(in, &type);
    return expect(in, count == 0 || type == element_type) ? count : 0;
}

static void skip(thrift_in *in, guint type, gboolean element, guint depth);

static void skip_map(thrift_in *in, guint depth)
{
    gsize count = take_count(in, thrift_varint(in));
    guint8 types = count > 0 ? next_byte(in) : 0;
    for (gsize i = 0; i < count && in->fault == NULL; i++) {
        skip(in, types >> 4, TRUE, depth + 1);
        skip(in, types & 15, TRUE, depth + 1);
    }
}

static void skip_bytes(thrift_in *in, gsize count)
{
    for (gsize i = 0; i < count; i++)
        next_byte(in);
}

/* A boolean lies in its field's header, but takes a byte as an element. */
static void skip(thrift_in *in, guint type, gboolean element, guint depth)
{
    if (depth > SKIP_DEPTH)
        thrift_fail(in, "is nested too deeply");
    if (in->fault != NULL)
        return;
    gsize size;
    guint element_type;
    thrift_field field = {0};
    switch (type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        skip_bytes(in, element ? 1 : 0);
        break;
    case THRIFT_BYTE:
        skip_bytes(in, 1);
        break;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        thrift_varint(in);
        break;
    case THRIFT_DOUBLE:
        skip_bytes(in, 8);
        break;
    case THRIFT_TEXT:
        take_text(in, &size);
        break;
    case THRIFT_LIST:
    case THRIFT_SET:
        size = take_list(in, &element_type);
        for (gsize i = 0; i < size && in->fault == NULL; i++)
            skip(in, element_type, TRUE, depth + 1);
        break;
    case THRIFT_MAP:
        skip_map(in, depth);
        break;
    case THRIFT_STRUCT:
        while (thrift_next(in, &field))
            skip(in, field.type, FALSE, depth + 1);
        break;
    case THRIFT_UUID:
        skip_bytes(in, 16);
        break;
    default:
        thrift_fail(in, "has a value of unknown type");
    }
}

void thrift_skip(thrift_in *in, const thrift_field *field)
{
    skip(in, field->type, FALSE, 0);
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_byte(GByteArray *bytes, guint8 byte)
{
    g_byte_array_append(bytes, &byte, 1);
}

void thrift_put_varint(GByteArray *bytes, guint64 value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(bytes, (guint8)(value | 0x80));
    put_byte(bytes, (guint8)value);
}

guint64 thrift_to_zigzag(gint64 value)
{
    return ((guint64)value << 1) ^ (guint64)(value >> 63);
}

/* Our ids rise by less than 16 within each struct, so the short header always does. */
static void put_field(thrift_out *out, gint id, guint type)
{
    gint delta = id - out->last[out->depth];
    g_assert(delta >= 1 && delta <= 15);
    put_byte(out->bytes, (guint8)(delta << 4 | (gint)type));
    out->last[out->depth] = id;
}

void thrift_put_int(thrift_out *out, gint id, guint type, gint64 value)
{
    if (id > 0)
        put_field(out, id, type);
    if (type == THRIFT_BYTE)
        put_byte(out->bytes, (guint8)value);
    else
        thrift_put_varint(out->bytes, thrift_to_zigzag(value));
}

void thrift_put_bool(thrift_out *out, gint id, gboolean value)
{
    put_field(out, id, value ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_put_text(thrift_out *out, gint id, gconstpointer text, gsize size)
{
    if (id > 0)
        put_field(out, id, THRIFT_TEXT);
    thrift_put_varint(out->bytes, size);
    g_byte_array_append(out->bytes, text, (guint)size);
}

void thrift_put_list(thrift_out *out, gint id, guint element_type, gsize count)
{
    put_field(out, id, THRIFT_LIST);
    put_byte(out->bytes, (guint8)(MIN(count, 15) << 4 | element_type));
    if (count >= 15)
        thrift_put_varint(out->bytes, count);
}

void thrift_begin(thrift_out *out, gint id)
{
    if (id > 0)
        put_field(out, id, THRIFT_STRUCT);
    g_assert(out->depth + 1 < G_N_ELEMENTS(out->last));
    out->last[++out->depth] = 0;
}

void thrift_end(thrift_out *out)
{
    put_byte(out->bytes, 0);
    out->depth--;
}
