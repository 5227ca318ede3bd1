/* The schema: a tree, written as the list of its nodes from the root down. Fields of the first
 * level are columns; what lies deeper is counted, so that the columns after it are found, and
 * skipped. */
#include "parquet/parquet-private.h"

#define SCHEMA_LIMIT 4096u
#define SCHEMA_DEPTH 32u

enum converted_type {
    CONVERTED_DATE = 6,
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
    LOGICAL_INTEGER = 10,
    LOGICAL_UNKNOWN = 11, /* all null */
};

typedef struct schema_element {
    char *name;
    gint64 physical, repetition, children, converted;
    gint logical;
    gint64 bits;
    gboolean is_signed;
    gint64 unit; /* of a timestamp: 1 ms, 2 us, 3 ns */
} schema_element;

char *parquet_take_text(thrift_in *in, const thrift_field *field)
{
    gsize size;
    const char *text = thrift_text(in, field, &size);
    if (!g_utf8_validate_len(text, size, NULL))
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
            out->name = parquet_take_text(in, &field);
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

void parquet_schema_read(thrift_in *in, const thrift_field *list, parquet_footer *footer)
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
