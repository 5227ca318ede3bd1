/* Looking into bodies that may be errors. */
#include "providers/providers-private.h"

#include <string.h>

#define ERROR_BODY_LIMIT (64u * 1024u)

static const char *body_text(GBytes *body, gsize *out_length)
{
    const char *text = g_bytes_get_data(body, out_length);
    return text != NULL ? text : "";
}

gboolean provider_body_is_short(GBytes *body)
{
    return g_bytes_get_size(body) <= ERROR_BODY_LIMIT;
}

char provider_body_first(GBytes *body)
{
    gsize length;
    const char *text = body_text(body, &length);
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isspace(text[i]))
            return text[i];
    return '\0';
}

char *provider_body_plain(GBytes *body)
{
    gsize length;
    const char *text = body_text(body, &length);
    return g_strndup(text, MIN(length, ERROR_BODY_LIMIT));
}

gboolean provider_body_contains(GBytes *body, const char *words)
{
    g_autofree char *plain = provider_body_plain(body);
    g_autofree char *lower = g_ascii_strdown(plain, -1);
    g_autofree char *wanted = g_ascii_strdown(words, -1);
    return strstr(lower, wanted) != NULL;
}

/* The value that stands next, as text: a string, or a number's digits. */
static char *value_text(scan *at)
{
    scan_text text;
    if (scan_peek(at) == SCAN_STRING)
        return scan_string(at, &text) ? scan_text_copy(&text) : NULL;
    if (scan_peek(at) != SCAN_NUMBER)
        return NULL;
    const char *start = at->at;
    double ignored;
    return scan_double(at, &ignored) ? g_strndup(start, (gsize)(at->at - start)) : NULL;
}

/* Into the member of that name; FALSE when the object has none. */
static gboolean find_member(scan *at, const char *name, gsize length)
{
    scan_text key;
    if (scan_peek(at) != SCAN_OBJECT || !scan_enter_object(at))
        return FALSE;
    while (scan_member(at, &key)) {
        if (!key.escaped && key.length == length && memcmp(key.text, name, length) == 0)
            return TRUE;
        if (!scan_skip(at))
            return FALSE;
    }
    return FALSE;
}

char *provider_body_text(GBytes *body, const char *path)
{
    gsize length;
    const char *text = body_text(body, &length);
    scan at;
    if (length > ERROR_BODY_LIMIT)
        return NULL;
    scan_init(&at, text, length);
    while (*path != '\0') {
        const gsize step = strcspn(path, "/");
        if (!find_member(&at, path, step))
            return NULL;
        path += step + (path[step] == '/');
    }
    return value_text(&at);
}

/* ---- when a budget begins anew -------------------------------------------------------------- */

static gint64 until_multiple(gint64 now_us, gint64 length_us)
{
    return length_us - now_us % length_us;
}

gint64 provider_until_hour_us(gint64 now_us)
{
    return until_multiple(now_us, QB_HOUR_US);
}

gint64 provider_until_midnight_utc_us(gint64 now_us)
{
    return until_multiple(now_us, QB_DAY_US);
}

gint64 provider_until_midnight_new_york_us(gint64 now_us)
{
    const gint64 offset_us = qb_calendar_offset_us(qb_calendar_find("XNYS"), now_us);
    return until_multiple(now_us + offset_us, QB_DAY_US);
}
