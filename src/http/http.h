/* HTTP to the few hosts that this program may talk to, over one libsoup session.
 *
 * In: a request of a service, and how that service's answers are judged. Out: the bytes of a good
 * answer, or a FAILURE_PROVIDER error that says what the service said. Between them: budgets that
 * outlive the process, deadlines, retries with full jitter, a circuit breaker. Never: a redirect
 * followed, a host outside the table, a body beyond its limit, a wait without a bound, a secret in
 * a message or a log line. All calls belong to one thread and its default main context. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "platform/failure.h"

#include <gio/gio.h>

#define HTTP_BODY_LIMIT (32u * 1024u * 1024u) /* bytes, after decompression */
#define HTTP_RATIO_LIMIT 100u                 /* decompressed to received, beyond 1 MiB */
#define HTTP_ATTEMPTS 5u

/* ---- answers -------------------------------------------------------------------------------- */

typedef struct http_answer {
    guint status;          /* 100..599 */
    GBytes *body;          /* decompressed */
    char *content_type;    /* without parameters, lower case; "" when absent */
    gint64 retry_after_us; /* from now; -1: the header is absent or unreadable */
} http_answer;
void http_answer_free(http_answer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(http_answer, http_answer_free)

/* What an answer means. Only the last three are worth another attempt. */
typedef enum http_class {
    HTTP_FINE,        /* also: nothing there, in the service's own way */
    HTTP_AUTH,        /* key missing, wrong or expired */
    HTTP_PLAN,        /* the key's plan does not include it, or the service has closed it */
    HTTP_NOT_FOUND,   /* no such symbol */
    HTTP_BAD_REQUEST, /* it understood us and refuses: our fault */
    HTTP_RATE_LIMIT,
    HTTP_SERVER,  /* its fault: 5xx, maintenance pages, bodies that are no answer */
    HTTP_NETWORK, /* no answer at all */
    HTTP_CLASS_COUNT,
} http_class;
/* "fine", "auth", "plan", "not-found", "bad-request", "rate-limit", "server", "network". */
const char *http_class_text(http_class class);

#define HTTP_WORDS 200
typedef struct http_verdict {
    http_class class;
    gint64 wait_us; /* HTTP_RATE_LIMIT: what the service's own words mean; -1: they do not say */
    char words[HTTP_WORDS]; /* the service's message, cut, redacted and escaped; may be "" */
} http_verdict;
/* Sets class and words (by printf). */
void http_verdict_set(http_verdict *verdict, http_class class, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* Copies a text of the service into words. length -1: to the NUL. */
void http_verdict_quote(http_verdict *verdict, http_class class, const char *text, gssize length);
/* By status alone: 2xx fine, 401 auth, 402 403 451 plan, 404 410 not found, 408 423 429 rate
 * limit (408 server), other 4xx bad request, 3xx bad request naming the status, 5xx server. */
void http_judge_status(const http_answer *answer, http_verdict *out);

/* ---- services ------------------------------------------------------------------------------- */

/* No window of that length ever holds more than count requests (or credits). A count of 0 ends a
 * table of them. Windows up to a day slide; longer ones are calendar months of UTC. */
typedef struct http_limit {
    const char *unit; /* "second", "minute", "hour", "day", "month" */
    guint count;
    gboolean credits; /* counts the requests' credits instead */
} http_limit;

typedef struct http_service {
    const char *name;         /* "tiingo": messages, state file */
    const char *const *hosts; /* "api.tiingo.com", NULL-terminated; loopback is always allowed */
    const http_limit *limits; /* may be NULL */
    gint64 default_wait_us;   /* after a rate limit that does not say how long; 0: a minute */
} http_service;

/* ---- the client ----------------------------------------------------------------------------- */

typedef struct http http;

typedef struct http_options {
    const char *state_folder; /* budgets, one file per service; NULL: in memory only */
    const char *user_agent;
    const char *ca_file;  /* PEM, absolute: instead of the system's authorities; NULL */
    const char *proxy;    /* "http://host:port"; NULL: none */
    const char *no_proxy; /* comma separated hosts and suffixes; NULL */
    /* 0: the default. Connecting with TLS 10 s; each read 20 s; one exchange 60 s; waiting for a
     * budget, a Retry-After or a breaker 15 minutes, beyond which a request fails and says when it
     * could go on; first back-off 1 s, doubling up to 60 s. */
    gint64 connect_us, read_us, exchange_us, wait_us, backoff_us;
    guint64 seed; /* of the jitter */
} http_options;

/* Called when a request has to wait: until_us is an instant. May be NULL. */
typedef void (*http_waiting)(const char *service, gint64 until_us, const char *why, gpointer data);

http *http_new(const http_options *options, GError **error);
/* Requests under way are cancelled; their callbacks have run when it returns. */
void http_free(http *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(http, http_free)
/* Before the first request of it; the table is borrowed. Budgets used by earlier processes are
 * read. FAILURE_IO when the state cannot be read; a state file that makes no sense counts as used
 * up now, never as fresh. */
gboolean http_add_service(http *self, const http_service *service, GError **error);
void http_on_waiting(http *self, http_waiting function, gpointer data);

/* ---- requests ------------------------------------------------------------------------------- */

typedef struct http_field {
    const char *name, *value;
    gboolean secret; /* never shown, in any form: the redactor of platform/log.h is told of it */
} http_field;

typedef struct http_request {
    const char *service;
    const char *base; /* "https://api.tiingo.com"; http only for loopback or where it is allowed */
    const char *path; /* "/tiingo/daily/BRK-B/prices", encoded: see http_path_segment */
    const http_field *query;   /* ends with a NULL name; encoded here. May be NULL */
    const http_field *headers; /* likewise */
    guint credits;             /* 0 counts as 1 */
    gsize body_limit;          /* 0: HTTP_BODY_LIMIT */
    gboolean plain; /* http:// to another host than loopback: the user gave that base himself */
    /* NULL: http_judge_status. Called for every answer, with data. */
    void (*judge)(const http_answer *answer, gpointer data, http_verdict *out);
    gpointer data;
} http_request;

/* GET, with everything that this room promises. The request and what it points to is copied, but
 * for judge's data, which must live until the callback. */
void http_get_async(http *self, const http_request *request, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer data);
/* A fine answer; out_verdict (may be NULL) is set in either case. FAILURE_PROVIDER naming service,
 * class and the service's words, FAILURE_INTERRUPTED when cancelled, FAILURE_USAGE for a host that
 * may not be contacted, FAILURE_IO when the budget cannot be written. */
http_answer *http_get_finish(http *self, GAsyncResult *result, http_verdict *out_verdict,
                             GError **error);

/* How much of its budget a service has left: per limit used and count, and the instant from which
 * one more request fits (0: now). Array of http_budget_use. */
typedef struct http_budget_use {
    const http_limit *limit;
    guint used;
    gint64 free_us;
} http_budget_use;
GArray *http_budget(http *self, const char *service, GError **error);

/* ---- texts ---------------------------------------------------------------------------------- */

/* One segment of a path, percent-encoded ("BRK.B", "X%3ABTCUSD"). Caller frees. */
char *http_path_segment(const char *text);
/* "2031-03-03" etc.: a whole URL for people, without secret fields. Caller frees. */
char *http_request_text(const http_request *request);

#endif
