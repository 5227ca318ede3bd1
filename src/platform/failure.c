#include "platform/failure.h"
#include "platform/log.h"
#include "platform/platform-private.h"

#include <string.h>

#define QUOTE_CHARACTERS 80
#define LINE_CHARACTERS 300

GQuark failure_quark(void)
{
    return g_quark_from_static_string("quantbot-failure");
}

gboolean failure_from_status(GError **error, qb_status status, const char *what)
{
    failure_code code = FAILURE_BAD_DATA;
    if (status == QB_NO_MEMORY || status == QB_SINK_FAILED || status == QB_BROKEN)
        code = FAILURE_INTERNAL;
    g_set_error(error, FAILURE, code, "%s: %s", what, qb_status_text(status));
    return FALSE;
}

/* ---- many problems in one error ------------------------------------------------------------- */

void failures_init(failures *self)
{
    self->lines = g_string_new(NULL);
    self->count = 0;
}

void failures_add(failures *self, const char *format, ...)
{
    if (self->count++ >= FAILURE_LINES)
        return;
    if (self->lines->len > 0)
        g_string_append_c(self->lines, '\n');
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(self->lines, format, arguments);
    va_end(arguments);
}

gboolean failures_finish(failures *self, failure_code code, GError **error)
{
    gboolean none = self->count == 0;
    if (self->count > FAILURE_LINES)
        g_string_append_printf(self->lines, "\n... and %u more", self->count - FAILURE_LINES);
    if (!none)
        g_set_error_literal(error, FAILURE, code, self->lines->str);
    g_string_free(g_steal_pointer(&self->lines), TRUE);
    self->count = 0;
    return none;
}

/* ---- values in messages --------------------------------------------------------------------- */

static gboolean steers_the_line(gunichar c)
{
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
        return TRUE;
    /* Line and paragraph separators, the bidi marks, embeddings, overrides and isolates
     * (Unicode Standard Annex 9), and the byte order mark, which nobody sees. */
    return c == 0x2028 || c == 0x2029 || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Writes one escaped character into piece and returns how many bytes of text it stands for. */
static gsize escape_one(const char *text, gsize length, escape_style style, char piece[16])
{
    gunichar c = g_utf8_get_char_validated(text, (gssize)length);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        g_snprintf(piece, 16, "\\x%02x", (guchar)text[0]);
        return 1;
    }
    gsize size = (gsize)g_unichar_to_utf8(c, piece);
    piece[size] = '\0';
    if (c == '\n')
        strcpy(piece, "\\n");
    else if (c == '\r')
        strcpy(piece, "\\r");
    else if (c == '\t')
        strcpy(piece, "\\t");
    else if (steers_the_line(c))
        g_snprintf(piece, 16, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
    else if (style == ESCAPE_QUOTED && (c == '"' || c == '\\'))
        g_snprintf(piece, 16, "\\%c", (char)c);
    return size;
}

gsize platform_escape(GString *out, const char *text, gsize length, gsize max_characters,
                      escape_style style)
{
    gsize used = 0, at = 0;
    while (at < length) {
        char piece[16];
        gsize size = escape_one(text + at, length - at, style, piece);
        gsize characters = (gsize)g_utf8_strlen(piece, -1);
        if (used + characters > max_characters)
            break;
        g_string_append(out, piece);
        used += characters;
        at += size;
    }
    return at;
}

char *failure_quote(const char *text, gssize length)
{
    /* Masked before it is cut: the first 80 characters of a secret are no known secret. A value
     * with a NUL inside is shown from its plain bytes. */
    g_autofree char *masked = NULL;
    gsize size = length < 0 ? strlen(text) : (gsize)length;
    if (memchr(text, '\0', size) == NULL) {
        g_autofree char *copy = g_strndup(text, size);
        masked = log_redact(copy);
        text = masked;
        size = strlen(masked);
    }
    GString *out = g_string_new("\"");
    gsize shown = platform_escape(out, text, size, QUOTE_CHARACTERS, ESCAPE_QUOTED);
    if (shown < size) {
        g_string_truncate(out, 1);
        platform_escape(out, text, size, QUOTE_CHARACTERS - 3, ESCAPE_QUOTED);
        g_string_append(out, "...");
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

char *failure_line(const char *text)
{
    g_autofree char *masked = log_redact(text);
    GString *out = g_string_new(NULL);
    gsize size = strlen(masked);
    if (platform_escape(out, masked, size, LINE_CHARACTERS, ESCAPE_LINE) < size)
        g_string_append(out, "...");
    return g_string_free(out, FALSE);
}

char *failure_path(const char *path)
{
    return failure_line(path);
}
