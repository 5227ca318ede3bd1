#include "providers/scan.h"

#include "csv/csv.h"

#include <math.h>
#include <string.h>

/* ---- texts ---------------------------------------------------------------------------------- */

gboolean scan_text_is(const scan_text *text, const char *word)
{
    return !text->escaped && strlen(word) == text->length &&
           memcmp(text->text, word, text->length) == 0;
}

static int hex_value(const char *digits)
{
    int value = 0;
    for (int i = 0; i < 4; i++)
        value = value * 16 + g_ascii_xdigit_value(digits[i]);
    return value;
}

/* Past "\uXXXX" at *at, and past its second half where there is one. What is no character becomes
 * the replacement character. */
static gunichar read_escape(const char **at, const char *end)
{
    gunichar character = (gunichar)hex_value(*at + 2);
    *at += 6;
    const gboolean high = character >= 0xd800 && character < 0xdc00;
    if (high && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        const gunichar low = (gunichar)hex_value(*at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            *at += 6;
            return 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return character == 0 || (character >= 0xd800 && character < 0xe000) ? 0xfffd : character;
}

char *scan_text_copy(const scan_text *text)
{
    if (!text->escaped)
        return g_strndup(text->text, text->length);
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    GString *copy = g_string_sized_new(text->length);
    const char *end = text->text + text->length;
    for (const char *at = text->text; at < end;) {
        if (*at != '\\') {
            g_string_append_c(copy, *at++);
        } else if (at[1] == 'u') {
            g_string_append_unichar(copy, read_escape(&at, end));
        } else {
            const char *letter = strchr(letters, at[1]);
            g_string_append_c(copy, letter != NULL ? meant[letter - letters] : at[1]);
            at += 2;
        }
    }
    return g_string_free(copy, FALSE);
}

/* ---- the walk ------------------------------------------------------------------------------- */

void scan_init(scan *self, const char *text, gsize length)
{
    *self = (scan){.start = text, .at = text, .end = text + length};
}

void scan_init_bytes(scan *self, GBytes *bytes)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    scan_init(self, text != NULL ? text : "", length);
}

/* The first fault is the one that counts; nothing is read behind it. */
static gboolean fault(scan *self, const char *expected)
{
    if (self->fault == NULL)
        self->fault = expected;
    return FALSE;
}

static void skip_blanks(scan *self)
{
    while (self->at < self->end &&
           (*self->at == ' ' || *self->at == '\n' || *self->at == '\r' || *self->at == '\t'))
        self->at++;
}

scan_kind scan_peek(scan *self)
{
    skip_blanks(self);
    if (self->fault != NULL || self->at == self->end)
        return SCAN_NOTHING;
    switch (*self->at) {
    case '{':
        return SCAN_OBJECT;
    case '[':
        return SCAN_ARRAY;
    case '"':
        return SCAN_STRING;
    case 't':
        return SCAN_TRUE;
    case 'f':
        return SCAN_FALSE;
    case 'n':
        return SCAN_NULL;
    default:
        return *self->at == '-' || g_ascii_isdigit(*self->at) ? SCAN_NUMBER : SCAN_NOTHING;
    }
}

static gboolean enter(scan *self, scan_kind kind, const char *expected)
{
    if (scan_peek(self) != kind)
        return fault(self, expected);
    if (self->depth == SCAN_DEPTH)
        return fault(self, "no deeper nesting");
    self->at++;
    self->first[++self->depth] = TRUE;
    return TRUE;
}

gboolean scan_enter_object(scan *self)
{
    return enter(self, SCAN_OBJECT, "an object");
}

gboolean scan_enter_array(scan *self)
{
    return enter(self, SCAN_ARRAY, "an array");
}

/* TRUE before the next item; FALSE past the closing bracket, or at a fault. */
static gboolean next_item(scan *self, char closing, const char *expected)
{
    skip_blanks(self);
    if (self->fault != NULL)
        return FALSE;
    /* Whoever asks on behind the last bracket has lost count: better a fault than the memory. */
    if (self->depth == 0)
        return fault(self, "no more items");
    if (self->at == self->end)
        return fault(self, "more than the end of the text");
    if (*self->at == closing) {
        self->at++;
        self->depth--;
        return FALSE;
    }
    if (!self->first[self->depth]) {
        if (*self->at != ',')
            return fault(self, expected);
        self->at++;
    }
    self->first[self->depth] = FALSE;
    return TRUE;
}

gboolean scan_element(scan *self)
{
    return next_item(self, ']', "a comma or ]");
}

gboolean scan_member(scan *self, scan_text *out_key)
{
    if (!next_item(self, '}', "a comma or }") || !scan_string(self, out_key))
        return FALSE;
    skip_blanks(self);
    if (self->at == self->end || *self->at != ':')
        return fault(self, "a colon");
    self->at++;
    return TRUE;
}

void scan_members(scan *self, scan_member_reader read, gpointer data)
{
    scan_text key;
    if (!scan_enter_object(self))
        return;
    while (scan_member(self, &key))
        read(self, &key, data);
}

/* ---- values --------------------------------------------------------------------------------- */

static gboolean is_escape(const char *at, const char *end)
{
    if (end - at < 2)
        return FALSE;
    if (at[1] != 'u')
        return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL;
    if (end - at < 6)
        return FALSE;
    for (int i = 2; i < 6; i++)
        if (!g_ascii_isxdigit(at[i]))
            return FALSE;
    return TRUE;
}

gboolean scan_string(scan *self, scan_text *out)
{
    if (scan_peek(self) != SCAN_STRING)
        return fault(self, "a string");
    const char *at = self->at + 1;
    gboolean escaped = FALSE;
    while (at < self->end && *at != '"') {
        if ((guchar)*at < 0x20)
            return fault(self, "no control character in a string");
        if (*at != '\\') {
            at++;
            continue;
        }
        if (!is_escape(at, self->end))
            return fault(self, "an escape of JSON");
        escaped = TRUE;
        at += 2;
    }
    if (at == self->end)
        return fault(self, "the end of a string");
    *out = (scan_text){self->at + 1, (gsize)(at - self->at - 1), escaped};
    self->at = at + 1;
    return TRUE;
}

static const char *digits_end(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* Past a number by the grammar of JSON, which knows no "+1", "01", ".5" or "5."; NULL. */
static const char *number_end(const char *at, const char *end, gboolean *out_whole)
{
    at += at < end && *at == '-';
    const char *digits = at;
    at = digits_end(at, end);
    if (at == digits || (*digits == '0' && at > digits + 1))
        return NULL;
    *out_whole = TRUE;
    if (at < end && *at == '.') {
        digits = ++at;
        *out_whole = FALSE;
        if ((at = digits_end(at, end)) == digits)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        digits = at;
        *out_whole = FALSE;
        if ((at = digits_end(at, end)) == digits)
            return NULL;
    }
    return at;
}

static gboolean number(scan *self, scan_text *out, gboolean *out_whole)
{
    const char *end = scan_peek(self) == SCAN_NUMBER ? number_end(self->at, self->end, out_whole)
                                                     : NULL;
    if (end == NULL)
        return fault(self, "a number");
    *out = (scan_text){self->at, (gsize)(end - self->at), FALSE};
    return TRUE;
}

gboolean scan_double(scan *self, double *out)
{
    scan_text text;
    gboolean whole;
    if (!number(self, &text, &whole))
        return FALSE;
    if (!csv_number_scan(text.text, text.length, out))
        return fault(self, "a number that a double can hold");
    self->at += text.length;
    return TRUE;
}

gboolean scan_int64(scan *self, gint64 *out)
{
    scan_text text;
    gboolean whole;
    if (!number(self, &text, &whole))
        return FALSE;
    if (!whole)
        return fault(self, "a whole number");
    const gboolean negative = *text.text == '-';
    gint64 value = 0;
    for (gsize i = negative; i < text.length; i++)
        if (__builtin_mul_overflow(value, (gint64)10, &value) ||
            __builtin_add_overflow(
                value, (gint64)(negative ? '0' - text.text[i] : text.text[i] - '0'), &value))
            return fault(self, "a whole number of 64 bits");
    *out = value;
    self->at += text.length;
    return TRUE;
}

static gboolean literal(scan *self, const char *word)
{
    const gsize length = strlen(word);
    if ((gsize)(self->end - self->at) < length || memcmp(self->at, word, length) != 0)
        return fault(self, "true, false or null");
    self->at += length;
    return TRUE;
}

static gboolean is_blank_number(const scan_text *text)
{
    return text->length == 0 || scan_text_is(text, ".") || scan_text_is(text, "-");
}

gboolean scan_loose_double(scan *self, double *out)
{
    const char *before = self->at;
    scan_text text;
    switch (scan_peek(self)) {
    case SCAN_NUMBER:
        return scan_double(self, out);
    case SCAN_NULL:
        *out = NAN;
        return literal(self, "null");
    case SCAN_STRING:
        if (!scan_string(self, &text))
            return FALSE;
        if (is_blank_number(&text)) {
            *out = NAN;
            return TRUE;
        }
        if (!text.escaped && csv_number_scan(text.text, text.length, out))
            return TRUE;
        self->at = before;
        return fault(self, "a number in a string");
    default:
        return fault(self, "a number");
    }
}

void scan_text_into(scan *self, char *into, gsize size)
{
    scan_text text;
    if (scan_peek(self) != SCAN_STRING) {
        scan_skip(self);
        return;
    }
    if (!scan_string(self, &text))
        return;
    g_autofree char *plain = scan_text_copy(&text);
    g_strlcpy(into, plain, size);
}

/* Into what opens, past what is plain. */
static gboolean skip_one(scan *self, scan_kind kind)
{
    scan_text text;
    gboolean whole;
    switch (kind) {
    case SCAN_OBJECT:
        return scan_enter_object(self);
    case SCAN_ARRAY:
        return scan_enter_array(self);
    case SCAN_STRING:
        return scan_string(self, &text);
    case SCAN_NUMBER:
        if (!number(self, &text, &whole))
            return FALSE;
        self->at += text.length;
        return TRUE;
    case SCAN_TRUE:
        return literal(self, "true");
    case SCAN_FALSE:
        return literal(self, "false");
    case SCAN_NULL:
        return literal(self, "null");
    default:
        return fault(self, "a value");
    }
}

gboolean scan_skip(scan *self)
{
    scan_text key;
    guint8 kinds[SCAN_DEPTH + 1];
    guint open = 0;
    const guint outside = self->depth;
    do {
        const scan_kind kind = scan_peek(self);
        if (!skip_one(self, kind))
            return FALSE;
        if (self->depth > outside + open)
            kinds[open++] = (guint8)kind;
        /* Past what closes here, up to the next value. */
        while (open > 0 &&
               !(kinds[open - 1] == SCAN_OBJECT ? scan_member(self, &key) : scan_element(self))) {
            if (self->fault != NULL)
                return FALSE;
            open--;
        }
    } while (open > 0);
    return TRUE;
}

/* ---- the end -------------------------------------------------------------------------------- */

gboolean scan_finish(scan *self)
{
    skip_blanks(self);
    if (self->fault == NULL && self->at != self->end)
        fault(self, "nothing more");
    return self->fault == NULL;
}

gboolean scan_failed(const scan *self, const char *name, GError **error)
{
    if (self->fault == NULL)
        return FALSE;
    g_autofree char *quoted = failure_quote(self->at,
                                            (gssize)MIN((gsize)(self->end - self->at), 40));
    g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s: byte %" G_GSIZE_FORMAT ": %s (expected %s)",
                name, (gsize)(self->at - self->start), quoted, self->fault);
    return TRUE;
}
