/* Masks known secrets in text, in the forms in which libraries and services echo them. Which
 * bytes of a text belong to any form is marked first and masked then, so that a short secret
 * inside or across a long one never leaves the rest of it standing. */
#include "platform/log.h"
#include "platform/platform-private.h"

#include <string.h>

#define MASK "****"
#define MASK_SHOWN 4
#define MASK_SHOWN_FROM 16

typedef struct form {
    char *text;
    gsize length;
} form;

static GMutex forms_mutex;
static GArray *forms; /* of form, longest first; NULL: none */
static gboolean first_bytes[256];

static int longer_first(gconstpointer a, gconstpointer b)
{
    gsize x = ((const form *)a)->length, y = ((const form *)b)->length;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Takes text. */
static void add_form(char *text)
{
    gsize length = strlen(text);
    if (length < LOG_SECRET_MINIMUM) {
        g_free(text);
        return;
    }
    for (guint i = 0; i < forms->len; i++)
        if (strcmp(g_array_index(forms, form, i).text, text) == 0) {
            g_free(text);
            return;
        }
    g_array_append_vals(forms, &(form){text, length}, 1);
    first_bytes[(guchar)text[0]] = TRUE;
}

/* ---- forms of a secret ---------------------------------------------------------------------- */

static void add_hex(const char *secret)
{
    GString *lower = g_string_new(NULL), *upper = g_string_new(NULL);
    for (const guchar *c = (const guchar *)secret; *c != '\0'; c++) {
        g_string_append_printf(lower, "%02x", *c);
        g_string_append_printf(upper, "%02X", *c);
    }
    add_form(g_string_free(lower, FALSE));
    add_form(g_string_free(upper, FALSE));
}

/* Percent-encoding; keep: what stays bare besides letters and digits; space as + for forms. */
static void add_percent(const char *secret, const char *keep, gboolean plus, const char *format)
{
    GString *out = g_string_new(NULL);
    for (const guchar *c = (const guchar *)secret; *c != '\0'; c++) {
        if (g_ascii_isalnum(*c) || strchr(keep, *c) != NULL)
            g_string_append_c(out, (char)*c);
        else if (plus && *c == ' ')
            g_string_append_c(out, '+');
        else
            g_string_append_printf(out, format, *c);
    }
    add_form(g_string_free(out, FALSE));
}

static void add_urls(const char *secret)
{
    /* Encoders differ in what they leave bare: RFC 3986's unreserved, the same and the slash,
     * JavaScript's encodeURIComponent and encodeURI, HTML forms, and a path's sub-delims. */
    static const char *const bare[] = {"-_.~", "-_.~/", "-_.!~*'()",       "-_.!~*'();,/?:@&=+$#",
                                       "-_.*", "-_.",   "-_.~!$&'()*+,;=:"};
    for (gsize i = 0; i < G_N_ELEMENTS(bare); i++)
        for (int plus = 0; plus < 2; plus++) {
            add_percent(secret, bare[i], plus, "%%%02X");
            add_percent(secret, bare[i], plus, "%%%02x");
        }
}

/* What base64 of any text that contains the secret is bound to contain: the secret begins at
 * byte 0, 1 or 2 of a group of three, and only characters made of its bits alone are fixed. */
static void add_base64(const char *secret)
{
    gsize length = strlen(secret);
    for (gsize offset = 0; offset < 3; offset++) {
        g_autofree guchar *shifted = g_malloc0(length + offset);
        memcpy(shifted + offset, secret, length);
        g_autofree char *whole = g_base64_encode(shifted, length + offset);
        gsize from = (8 * offset + 5) / 6, to = 8 * (offset + length) / 6;
        char *fixed = g_strndup(whole + from, to - from);
        char *url = g_strdup(fixed);
        g_strdelimit(g_strdelimit(url, "+", '-'), "/", '_');
        add_form(fixed);
        add_form(url);
        explicit_bzero(shifted, length + offset);
        explicit_bzero(whole, strlen(whole));
    }
}

/* As our own messages and JSON writers escape it. */
static void add_escaped(const char *secret)
{
    GString *quoted = g_string_new(NULL), *line = g_string_new(NULL), *json = g_string_new(NULL);
    gsize length = strlen(secret);
    platform_escape(quoted, secret, length, G_MAXSIZE, ESCAPE_QUOTED);
    platform_escape(line, secret, length, G_MAXSIZE, ESCAPE_LINE);
    for (const char *c = secret; *c != '\0'; c++) {
        if (*c == '/')
            g_string_append_c(json, '\\');
        platform_escape(json, c, 1, G_MAXSIZE, ESCAPE_QUOTED);
    }
    add_form(g_string_free(quoted, FALSE));
    add_form(g_string_free(line, FALSE));
    add_form(g_string_free(json, FALSE));
}

void log_register_secret(const char *secret)
{
    if (secret == NULL || strlen(secret) < LOG_SECRET_MINIMUM)
        return;
    g_mutex_lock(&forms_mutex);
    if (forms == NULL)
        forms = g_array_new(FALSE, FALSE, sizeof(form));
    add_form(g_strdup(secret));
    add_urls(secret);
    add_base64(secret);
    add_hex(secret);
    add_escaped(secret);
    g_array_sort(forms, longer_first);
    g_mutex_unlock(&forms_mutex);
}

void log_forget_secrets(void)
{
    g_mutex_lock(&forms_mutex);
    for (guint i = 0; forms != NULL && i < forms->len; i++) {
        form *known = &g_array_index(forms, form, i);
        explicit_bzero(known->text, known->length);
        g_free(known->text);
    }
    g_clear_pointer(&forms, g_array_unref);
    memset(first_bytes, 0, sizeof first_bytes);
    g_mutex_unlock(&forms_mutex);
}

/* ---- masking -------------------------------------------------------------------------------- */

/* Length of the longest form that begins here, else 0. */
static gsize form_at(const char *text, gsize left)
{
    if (!first_bytes[(guchar)text[0]])
        return 0;
    for (guint i = 0; i < forms->len; i++) {
        const form *known = &g_array_index(forms, form, i);
        if (known->length <= left && memcmp(text, known->text, known->length) == 0)
            return known->length;
    }
    return 0;
}

char *log_redact(const char *text)
{
    g_mutex_lock(&forms_mutex);
    if (forms == NULL) {
        g_mutex_unlock(&forms_mutex);
        return g_strdup(text);
    }
    gsize length = strlen(text), masked_to = 0;
    GString *out = g_string_sized_new(length);
    for (gsize at = 0; at < length; at++) {
        gsize end = at + form_at(text + at, length - at);
        if (end > at && at >= masked_to)
            g_string_append(out, MASK);
        masked_to = MAX(masked_to, end);
        if (at >= masked_to)
            g_string_append_c(out, text[at]);
    }
    g_mutex_unlock(&forms_mutex);
    return g_string_free(out, FALSE);
}

char *log_mask(const char *secret)
{
    gsize length = strlen(secret);
    if (length < MASK_SHOWN_FROM)
        return g_strdup(MASK);
    GString *out = g_string_new(MASK);
    /* Bytes, not characters: a character cut in half is escaped, and keys are ASCII. */
    platform_escape(out, secret + length - MASK_SHOWN, MASK_SHOWN, G_MAXSIZE, ESCAPE_LINE);
    return g_string_free(out, FALSE);
}

char *log_mask_url(const char *url)
{
    const char *colon = strstr(url, "://");
    if (colon == NULL || colon == url)
        return g_strdup(MASK);
    for (const char *c = url; c < colon; c++)
        if (!g_ascii_isalnum(*c) && strchr("+-.", *c) == NULL)
            return g_strdup(MASK);
    const char *authority = colon + 3;
    const char *end = authority + strcspn(authority, "/?#\\");
    /* The last @ ends the user part; a password may hold one that was not encoded. If one stands
     * beyond the end, a password with a slash was not encoded either: then nothing is certain. */
    const char *host = authority;
    for (const char *c = authority; c < end; c++)
        if (*c == '@')
            host = c + 1;
    if (strchr(end, '@') != NULL && host == authority)
        return g_strdup_printf("%.*s://" MASK, (int)(colon - url), url);
    GString *out = g_string_new_len(url, authority - url);
    platform_escape(out, host, (gsize)(end - host), 255, ESCAPE_LINE);
    if (*end != '\0' && end[1] != '\0')
        g_string_append(out, "/" MASK);
    return g_string_free(out, FALSE);
}
