/* The header before each page. */
#include "parquet/parquet-private.h"

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
