/* A strict JSON reader that walks over the text once, for answers of many megabytes.
 *
 * In: bytes. Out: members, elements, numbers and strings as they come; nothing is built. Every
 * function returns FALSE at an end or at a fault, and after a fault for ever: check scan_failed
 * once, after the walk. Grammar: RFC 8259; depth at most SCAN_DEPTH. */
#ifndef PROVIDERS_SCAN_H
#define PROVIDERS_SCAN_H

#include "platform/failure.h"

#define SCAN_DEPTH 64

typedef struct scan_text {
    const char *text; /* into the bytes, between the quotes; not zero-terminated */
    gsize length;
    gboolean escaped; /* holds backslashes: see scan_text_copy */
} scan_text;
gboolean scan_text_is(const scan_text *text, const char *word);
/* Plain and zero-terminated, escapes resolved; caller frees. */
char *scan_text_copy(const scan_text *text);

typedef enum scan_kind {
    SCAN_OBJECT,
    SCAN_ARRAY,
    SCAN_STRING,
    SCAN_NUMBER,
    SCAN_TRUE,
    SCAN_FALSE,
    SCAN_NULL,
    SCAN_NOTHING, /* the end, or what no value starts with */
} scan_kind;

typedef struct scan {
    const char *start, *at, *end;
    const char *fault; /* static, what was expected; NULL: none */
    guint depth;
    gboolean first[SCAN_DEPTH + 1]; /* nothing read yet in the object or array of that depth */
} scan;

void scan_init(scan *self, const char *text, gsize length);
void scan_init_bytes(scan *self, GBytes *bytes);
/* What comes next; reads nothing. */
scan_kind scan_peek(scan *self);
/* Into an object or array; FALSE (a fault) when something else stands there. */
gboolean scan_enter_object(scan *self);
gboolean scan_enter_array(scan *self);
/* The next member's key, or FALSE at the closing brace, which is read too. Its value must be read
 * or skipped before the next call. */
gboolean scan_member(scan *self, scan_text *out_key);
/* The same for a whole object: each member goes to a function, which reads or skips its value. */
typedef void (*scan_member_reader)(scan *self, const scan_text *key, gpointer data);
void scan_members(scan *self, scan_member_reader read, gpointer data);
/* TRUE when another element stands there, FALSE at the closing bracket, which is read too. */
gboolean scan_element(scan *self);
/* The nearest double of a number of at most 64 characters. */
gboolean scan_double(scan *self, double *out);
/* A number without point and exponent that fits; nanoseconds do. */
gboolean scan_int64(scan *self, gint64 *out);
gboolean scan_string(scan *self, scan_text *out);
/* A number, or null as NaN, or a string that holds one ("12.5", "1.0E+3"); blank, "." and "-" are
 * NaN too. FALSE for anything else. */
gboolean scan_loose_double(scan *self, double *out);
/* A string, plain, cut to size; anything else is skipped and leaves `into` as it was. */
void scan_text_into(scan *self, char *into, gsize size);
/* Reads any value and forgets it; of numbers the grammar alone. */
gboolean scan_skip(scan *self);
/* Nothing but blanks follows. */
gboolean scan_finish(scan *self);
/* FAILURE_PROVIDER "NAME: byte 123: ..." when there was a fault. */
gboolean scan_failed(const scan *self, const char *name, GError **error);

#endif
