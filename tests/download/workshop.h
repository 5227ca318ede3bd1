/* A download in this process: a service that answers by script, a cache in a folder of its own. */
#ifndef TESTS_DOWNLOAD_WORKSHOP_H
#define TESTS_DOWNLOAD_WORKSHOP_H

#include "download/download.h"
#include "fake.h"
#include "front.h"

#define WORKSHOP_KEY "k3y-that-nobody-may-see"

typedef enum workshop_transport {
    WORKSHOP_PLAIN,
    WORKSHOP_TLS,
    WORKSHOP_HTTP2, /* over TLS, as the vendors' own front ends speak it: nghttpx before the fake */
} workshop_transport;

typedef struct workshop {
    char *folder;
    fake *fake;
    front *front;     /* HTTP2 only */
    char *authority;  /* whom the client believes; NULL: plain */
    const char *base; /* of the fake, or of what stands before it */
    settings *settings;
    cache *cache;
    download *download; /* of the newest workshop_plan */
    GCancellable *cancellable;
    gint64 now_us;      /* 0: the clock's */
    gint64 exchange_us; /* of one request; 0: the client's own */
    guint parallel;
    gboolean paid; /* no budgets */
} workshop;

workshop *workshop_new(void);
/* NULL where there is no nghttpx. */
workshop *workshop_new_over(workshop_transport transport);
/* Another one at the same address: nothing stored, asked for or scripted. */
void workshop_renew(workshop *self);
/* Fails when a file in the folder holds the key. */
void workshop_free(workshop *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(workshop, workshop_free)

/* As if no key had been set. */
void workshop_lose_keys(workshop *self);

/* A wish for bars from first to last day, both included. */
download_wish workshop_wish(const char *provider, qb_asset asset, const char *symbol,
                            qb_interval interval, const char *first, const char *last);
/* A new download of those wishes, planned; the first item. Borrowed until the next. */
const download_item *workshop_plan(workshop *self, const download_wish *wishes, guint count);
/* The same, carried out. No message holds the key. */
const download_item *workshop_run(workshop *self, const download_wish *wishes, guint count);
/* All stored bars; none when there is no such series. Caller clears. */
qb_series workshop_stored(workshop *self, const download_wish *wish);
gint64 workshop_us(const char *time);

#endif
