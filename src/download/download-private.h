/* What the files of this room share. */
#ifndef DOWNLOAD_PRIVATE_H
#define DOWNLOAD_PRIVATE_H

#include "download/download.h"

/* ---- providers as this user has them (vendors.c) --------------------------------------------- */

typedef struct vendor {
    const provider *provider;
    const char *key; /* borrowed from the settings; NULL: none */
    char *base;
    gboolean plain;   /* the user gave an address without TLS */
    GPtrArray *hosts; /* of char *, NULL-terminated: the provider's, then the base's */
    http_service service;
    gboolean added;  /* to the client */
    GError *stopped; /* the key was refused: nothing more is asked */
} vendor;

/* Made at its first use; owned by self. */
vendor *vendor_of(download *self, const provider *provider);
void vendor_free(gpointer vendor);
/* The client, which knows that service. */
http *vendor_client(download *self, vendor *vendor, GError **error);

/* Sends the request that step stands at, to be judged by the provider. job must live until the
 * callback; the rest as http_get_async. */
void vendor_send(http *client, const vendor *vendor, const provider_job *job,
                 const provider_step *step, GCancellable *cancellable, GAsyncReadyCallback callback,
                 gpointer data);

/* ---- one series on its way ------------------------------------------------------------------ */

typedef struct found_action {
    provider_action action;
    gboolean used;
} found_action;

typedef struct series {
    download_item item; /* first, so that the one is the other */
    download *owner;
    vendor *vendor;
    provider_job job; /* of the range at hand */
    guint range;      /* index into item.ranges */
    provider_step step;
    GCancellable *stop;
    guint faults; /* answers in a row that could not be read */
    /* Within a range. */
    GArray *actions;     /* of found_action */
    qb_series fine;      /* finer bars that do not fill a bar yet */
    gint64 finished_us;  /* bars before it have been made of finer ones */
    download_range seen; /* stamps and settled stretches so far; equal: none */
    char *last_hash;     /* of the answer before, */
    gsize last_rows;     /* its rows, */
    guint last_kind;     /* and what it answered */
    guint stuck;         /* answers in a row that brought nothing new */
} series;

void series_note(series *self, const char *text);

struct download {
    download_options options;
    http_options http_options;
    http *client;
    GHashTable *vendors; /* provider to vendor */
    GPtrArray *items;    /* of series */
    /* Of a run. */
    const download_observer *observer;
    GMainLoop *loop;
    guint next, active; /* the next item to begin; how many are under way */
    gboolean cancelled;
};

/* ---- ranges (ranges.c) ---------------------------------------------------------------------- */

/* The first instant that may be the stamp of a bar which is not over at now: all bars before it
 * are. */
gint64 ranges_closed_us(const qb_calendar *calendar, qb_interval interval, gint64 now_us);
/* Ascending ranges with those joined that touch or overlap. Sorts in place. */
void ranges_unite(GArray *ranges);
/* What is asked for: wanted ranges, joined where one request then does for two. */
GArray *ranges_join(const GArray *wanted, const provider_job *job);
gboolean ranges_hold(const GArray *ranges, guint *at, gint64 ts_us);

/* ---- pages (page.c, values.c) --------------------------------------------------------------- */

/* Stores what an answer brought, and what it settled. hash: SHA-256 of its bytes. After the last
 * page of a range over is TRUE. */
gboolean page_store(series *self, provider_page *page, const char *hash, gboolean over,
                    GError **error);
gboolean values_store(series *self, const provider_page *page, const char *hash, GError **error);

#endif
