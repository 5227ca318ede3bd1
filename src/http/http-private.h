/* What the files of this room share: budgets, the breaker, one exchange, hosts. */
#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H

#include "core/base/base.h"
#include "http/http.h"

#include <libsoup/soup.h>

/* ---- budget (budget.c) ---------------------------------------------------------------------- */

#define BUDGET_LIMITS 8u
/* Windows up to a day remember each use, so that no window anywhere holds too many; with more than
 * this many uses they are cut into this many slots instead, which only errs towards waiting. */
#define BUDGET_SLOTS 512u

typedef struct budget_slot {
    gint64 at_us;
    guint used;
} budget_slot;

typedef struct budget {
    const http_limit *limits;
    guint count;
    GArray *uses[BUDGET_LIMITS]; /* of budget_slot, ascending */
    gint64 blocked_until_us;     /* the service said so */
} budget;

void budget_init(budget *self, const http_limit *limits);
void budget_clear(budget *self);
/* The first instant at or after now at which a request of so many credits fits into every limit;
 * out_limit: the one that decides, NULL when the service's own word does or nothing is in the way.
 * A request dearer than a whole limit fits when the window is empty. */
gint64 budget_free_us(const budget *self, gint64 now_us, guint credits,
                      const http_limit **out_limit);
void budget_use(budget *self, gint64 now_us, guint credits);
guint budget_used(const budget *self, guint limit, gint64 now_us);
/* As JSON, and back. A text that makes no sense is FALSE and leaves the budget used up at now. */
char *budget_text(const budget *self, const char *service);
gboolean budget_parse(budget *self, const char *text, gsize length, gint64 now_us);

/* ---- breaker (breaker.c) -------------------------------------------------------------------- */

/* Closed: requests pass. After BREAKER_FAILURES failures in a row it opens: one request a minute
 * at most is let through as a trial, later one in two, four ... up to BREAKER_LONGEST_US, and the
 * first that succeeds closes it. So a storm of errors costs a service little. */
#define BREAKER_FAILURES 5u
#define BREAKER_FIRST_US (60 * QB_SECOND_US)
#define BREAKER_LONGEST_US (15 * 60 * QB_SECOND_US)

typedef struct breaker {
    guint failures;       /* in a row */
    gint64 open_until_us; /* 0: closed */
    gint64 pause_us;
    gboolean trial; /* one is under way */
} breaker;

/* The instant from which a request may try: now when it may at once. While a trial is under way:
 * a second from now. */
gint64 breaker_free_us(const breaker *self, gint64 now_us);
void breaker_begin(breaker *self);
void breaker_end(breaker *self, gboolean good, gint64 now_us);

/* ---- hosts and proxy (hosts.c) -------------------------------------------------------------- */

/* FAILURE_USAGE when base is no URL of a host that the service may contact, or http:// without
 * leave. out_host: as in messages. */
gboolean hosts_check(const char *base, const char *const *hosts, gboolean plain, char **out_host,
                     GError **error);
gboolean hosts_is_loopback(const char *host);
/* NULL without a proxy, and where no_proxy is "*". Loopback never goes through it. FAILURE_USAGE for
 * one that is no URL. */
GProxyResolver *hosts_proxy(const char *proxy, const char *no_proxy, GError **error);

/* ---- one exchange (exchange.c) -------------------------------------------------------------- */

typedef struct exchange_limits {
    gint64 connect_us, total_us;
    gsize body_limit;
} exchange_limits;

/* Where exchanges take place. */
typedef struct exchange_room {
    SoupSession *session;
    GHashTable *sockets; /* set of GSocket, those that are there */
    guint under_way;     /* also those that were cancelled and that libsoup still holds */
} exchange_room;

/* Takes over the session. */
void exchange_room_init(exchange_room *self, SoupSession *session);
/* Ends what is under way, in the default main context, and waits for it. No-op on {0}. */
void exchange_room_clear(exchange_room *self);

/* Sends one GET and reads its answer: no retry, no redirect. Errors: G_IO_ERROR and the like of
 * the network, FAILURE_PROVIDER for a body beyond its limits. Cancelled, or past a deadline, the
 * callback comes at once, however long libsoup takes to notice. */
void exchange_async(exchange_room *room, const http_request *request, const exchange_limits *limits,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
http_answer *exchange_finish(GAsyncResult *result, GError **error);
/* Base, path and encoded query. secrets: with the values of secret fields, or with **** for them.
 * Caller frees. */
char *exchange_url(const http_request *request, gboolean secrets);

/* ---- judging (verdict.c) -------------------------------------------------------------------- */

/* Seconds or an HTTP date; -1 for anything else. At most a day. */
gint64 verdict_retry_after(const char *text, gint64 now_us);
gboolean verdict_is_worth_another(http_class class);
/* Full jitter: uniform in [0, min(60 s, first * 2^attempt)). Source: M. Brooker, Exponential
 * Backoff and Jitter (2015). */
gint64 verdict_backoff_us(guint attempt, gint64 first_us, qb_random *random);

/* ---- a request on its way (request.c) ------------------------------------------------------- */

/* Copies of all that a request points to, but for judge's data. */
http_request *request_copy(const http_request *request);
void request_free(http_request *request);

/* ---- client (client.c) ---------------------------------------------------------------------- */

typedef struct service {
    const http_service *about;
    budget budget;
    breaker breaker;
} service;

struct http {
    exchange_room room;
    http_options options; /* texts copied */
    GHashTable *services; /* name to service */
    GHashTable *pending;  /* set of GCancellable: one per request */
    qb_random random;
    http_waiting waiting;
    gpointer waiting_data;
};

service *client_service(const http *self, const char *name, GError **error);
/* Reads what processes before and beside this one have used. */
gboolean service_refresh(http *self, service *service, gint64 now_us, GError **error);
/* Reserves one request, under the lock of the state file that other processes share. *out_at: 0
 * when it is reserved, else when to ask again. FAILURE_IO, FAILURE_LOCKED. */
gboolean service_reserve(http *self, service *service, guint credits, gint64 now_us,
                         gint64 *out_at_us, const char **out_why, GError **error);
/* The service refused until then. */
gboolean service_block(http *self, service *service, gint64 until_us, GError **error);

#endif
