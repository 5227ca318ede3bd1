/* What an answer means when nobody knows better, and how long to wait before the next one. */
#include "http/http-private.h"
#include "platform/log.h"

#include <string.h>

#define RETRY_AFTER_LONGEST_US QB_DAY_US
#define BACKOFF_LONGEST_US (60 * QB_SECOND_US)

const char *http_class_text(http_class class)
{
    static const char *const texts[HTTP_CLASS_COUNT] = {
        [HTTP_FINE] = "fine",
        [HTTP_AUTH] = "auth",
        [HTTP_PLAN] = "plan",
        [HTTP_NOT_FOUND] = "not-found",
        [HTTP_BAD_REQUEST] = "bad-request",
        [HTTP_RATE_LIMIT] = "rate-limit",
        [HTTP_SERVER] = "server",
        [HTTP_NETWORK] = "network",
    };
    return texts[class];
}

gboolean verdict_is_worth_another(http_class class)
{
    return class >= HTTP_RATE_LIMIT;
}

/* ---- making one ----------------------------------------------------------------------------- */

void http_verdict_set(http_verdict *verdict, http_class class, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* Before it is cut: a part of a secret is no known secret. */
    g_autofree char *clean = log_redact(text);
    g_strlcpy(verdict->words, clean, sizeof verdict->words);
    verdict->class = class;
}

void http_verdict_quote(http_verdict *verdict, http_class class, const char *text, gssize length)
{
    g_autofree char *quoted = failure_quote(text, length);
    http_verdict_set(verdict, class, "%s", quoted);
}

static http_class class_of(guint status)
{
    if (status >= 200 && status < 300)
        return HTTP_FINE;
    if (status >= 500 || status == 408)
        return HTTP_SERVER;
    switch (status) {
    case 401:
        return HTTP_AUTH;
    case 402:
    case 403:
    case 451:
        return HTTP_PLAN;
    case 404:
    case 410:
        return HTTP_NOT_FOUND;
    case 423:
    case 429:
        return HTTP_RATE_LIMIT;
    default:
        return HTTP_BAD_REQUEST;
    }
}

void http_judge_status(const http_answer *answer, http_verdict *out)
{
    *out = (http_verdict){.wait_us = -1};
    const http_class class = class_of(answer->status);
    if (class == HTTP_FINE)
        http_verdict_set(out, class, "%s", "");
    else if (answer->status >= 300 && answer->status < 400)
        http_verdict_set(out, class, "HTTP %u: a redirect, which is not followed", answer->status);
    else
        http_verdict_set(out, class, "HTTP %u", answer->status);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static gboolean is_digits(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

gint64 verdict_retry_after(const char *text, gint64 now_us)
{
    if (text == NULL)
        return -1;
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    if (is_digits(trimmed)) {
        const guint64 seconds = g_ascii_strtoull(trimmed, NULL, 10);
        return (gint64)MIN(seconds, (guint64)(RETRY_AFTER_LONGEST_US / QB_SECOND_US)) *
               QB_SECOND_US;
    }
    g_autoptr(GDateTime) date = soup_date_time_new_from_http_string(trimmed);
    if (date == NULL)
        return -1;
    const gint64 wait_us = g_date_time_to_unix(date) * QB_SECOND_US - now_us;
    return CLAMP(wait_us, 0, RETRY_AFTER_LONGEST_US);
}

gint64 verdict_backoff_us(guint attempt, gint64 first_us, qb_random *random)
{
    const gint64 longest_us = attempt < 16 ? MIN(first_us << attempt, BACKOFF_LONGEST_US)
                                           : BACKOFF_LONGEST_US;
    return (gint64)(qb_random_unit(random) * (double)longest_us);
}
