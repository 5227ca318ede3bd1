#include "csv/csv-private.h"

#include <string.h>
#include <zlib.h>

#define PIECE (256u * 1024u)

static gboolean is_gzip(const guchar *data, gsize length)
{
    return length >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

static gboolean refuse(const char *name, GError **error, const char *why)
{
    g_autofree char *file = failure_path(name);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: %s", file, why);
    return FALSE;
}

/* One piece of output. Z_STREAM_END at the end of a member. */
static int inflate_piece(z_stream *stream, GByteArray *out)
{
    guint used = out->len;
    g_byte_array_set_size(out, used + PIECE);
    stream->next_out = out->data + used;
    stream->avail_out = PIECE;
    int status = inflate(stream, Z_NO_FLUSH);
    g_byte_array_set_size(out, used + PIECE - stream->avail_out);
    return status;
}

/* gzip files may be joined end to end; what follows the last one may only be zeros. */
static gboolean next_member(z_stream *stream, gboolean *out_more)
{
    while (stream->avail_in > 0 && *stream->next_in == 0) {
        stream->next_in++;
        stream->avail_in--;
    }
    *out_more = stream->avail_in > 0;
    return !*out_more ||
           (is_gzip(stream->next_in, stream->avail_in) && inflateReset(stream) == Z_OK);
}

static gboolean inflate_all(z_stream *stream, GByteArray *out, const char *name, gsize limit,
                            GError **error)
{
    for (;;) {
        int status = inflate_piece(stream, out);
        if (out->len > limit) {
            g_autofree char *file = failure_path(name);
            g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                        "%s: more than %" G_GSIZE_FORMAT " bytes after decompression", file, limit);
            return FALSE;
        }
        if (status == Z_STREAM_END) {
            gboolean more;
            if (!next_member(stream, &more))
                return refuse(name, error, "something that is no gzip follows the gzip data");
            if (!more)
                return TRUE;
        } else if (status == Z_BUF_ERROR ||
                   (status == Z_OK && stream->avail_in == 0 && stream->avail_out > 0)) {
            return refuse(name, error, "the gzip data ends early (is the download complete?)");
        } else if (status != Z_OK) {
            return refuse(name, error, "the gzip data is damaged");
        }
    }
}

GBytes *csv_inflate_limited(GBytes *bytes, const char *name, gsize limit, GError **error)
{
    gsize length;
    const guchar *data = g_bytes_get_data(bytes, &length);
    if (length > limit || length > G_MAXUINT32 / 2) {
        g_autofree char *file = failure_path(name);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: more than %" G_GSIZE_FORMAT " bytes",
                    file, limit);
        return NULL;
    }
    if (!is_gzip(data, length))
        return g_bytes_ref(bytes);

    z_stream stream = {.next_in = (guchar *)data, .avail_in = (uInt)length};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
        refuse(name, error, "zlib has no memory");
        return NULL;
    }
    g_autoptr(GByteArray) out = g_byte_array_new();
    gboolean done = inflate_all(&stream, out, name, limit, error);
    inflateEnd(&stream);
    return done ? g_byte_array_free_to_bytes(g_steal_pointer(&out)) : NULL;
}

GBytes *csv_inflate(GBytes *bytes, const char *name, GError **error)
{
    return csv_inflate_limited(bytes, name, CSV_FILE_LIMIT, error);
}

static gboolean starts_with(const char *text, gsize length, const char *word)
{
    gsize size = strlen(word);
    return length >= size && g_ascii_strncasecmp(text, word, size) == 0;
}

/* What lands under a .csv name although it is none. */
static const char *strange_kind(const char *text, gsize length)
{
    if (length == 0)
        return "empty"; /* and text may be NULL */
    if (starts_with(text, length, "PK\003\004"))
        return "a ZIP archive or a spreadsheet (unpack it, or save it as CSV)";
    if (starts_with(text, length, "\xff\xfe") || starts_with(text, length, "\xfe\xff"))
        return "UTF-16 text (save it as UTF-8)";
    if (memchr(text, '\0', MIN(length, 4096)) != NULL)
        return "binary data";
    while (length > 0 && g_ascii_isspace(*text)) {
        text++;
        length--;
    }
    if (length == 0)
        return "empty";
    if (*text == '{' || *text == '[')
        return "JSON, perhaps the error message of a web service";
    if (starts_with(text, length, "<!doctype") || starts_with(text, length, "<html") ||
        starts_with(text, length, "<?xml"))
        return "a web page";
    return NULL;
}

gboolean csv_text_check(const char *text, gsize length, const char *name, GError **error)
{
    const char *kind = strange_kind(text, length);
    if (kind == NULL)
        return TRUE;
    g_autofree char *file = failure_path(name);
    if (length == 0) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: the file is empty", file);
        return FALSE;
    }
    g_autofree char *value = failure_quote(text, (gssize)MIN(length, 200));
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s:1: the file is no CSV but %s; it starts with %s", file, kind, value);
    return FALSE;
}
