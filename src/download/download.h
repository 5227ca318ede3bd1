/* From a wish to bars in the cache: what is missing is asked of a provider, page by page, and what
 * comes is checked and stored before the next page is asked for.
 *
 * In: wishes (one series and a range each). Out: bars or values in the cache, words in its gap
 * ledger, and an account of each. A plan comes first and spends nothing. Never asked: a bar that is
 * stored, that its source was found not to have, or that is not over. Never stored: a bar that is
 * not sound. A kill loses at most the answer in flight, since everything that is known about
 * progress is in the cache. Nothing is printed here: an observer is told. All calls belong to one
 * thread and its default main context. */
#ifndef DOWNLOAD_DOWNLOAD_H
#define DOWNLOAD_DOWNLOAD_H

#include "cache/cache.h"
#include "config/config.h"
#include "providers/providers.h"

typedef struct download download;

typedef struct download_options {
    cache *cache;             /* borrowed */
    const settings *settings; /* keys and base addresses; borrowed */
    const http_options *http; /* copied; state_folder is where budgets are kept */
    gint64 now_us;            /* bars known later are not over */
    gboolean paid;            /* the keys' plans are paid ones: free tiers' limits do not hold */
    guint parallel;           /* series at once; 0: DOWNLOAD_PARALLEL */
} download_options;
#define DOWNLOAD_PARALLEL 4u
#define DOWNLOAD_SERIES_LIMIT 10000u

/* FAILURE_USAGE and the like of http_new. */
download *download_new(const download_options *options, GError **error);
void download_free(download *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(download, download_free)

/* ---- wishes --------------------------------------------------------------------------------- */

typedef struct download_wish {
    const provider *provider;
    cache_key key;                            /* asset QB_MACRO: values, else bars */
    char vendor_symbol[PROVIDER_SYMBOL_SIZE]; /* the user's own word; "": as it is stored, else as
                                                 the provider names it, which a plan fills in */
    const qb_calendar *calendar;              /* of the instrument; borrowed; NULL of values */
    gint64 from_us, to_us;
    gboolean extended; /* keep bars outside the regular session */
    /* So many stored bars before each missing stretch are asked for again, so that corrections are
     * taken over and another basis is noticed. At least DOWNLOAD_AGAIN of adjusted prices. */
    guint again;
} download_wish;
#define DOWNLOAD_AGAIN 5u

typedef struct download_range {
    gint64 from_us, to_us;
} download_range;

typedef enum download_state {
    DOWNLOAD_READY, /* planned, and something is to be asked for */
    DOWNLOAD_RUNNING,
    DOWNLOAD_DONE,    /* also: nothing was missing */
    DOWNLOAD_REFUSED, /* error: before anything was spent */
    DOWNLOAD_FAILED,  /* error: on the way; what came before is stored */
} download_state;
/* "ready", "running", "done", "refused", "failed"; static. */
const char *download_state_text(download_state state);

/* A wish, its plan, and what became of it. Read only. */
typedef struct download_item {
    download_wish wish;
    download_state state;
    GError *error;         /* REFUSED and FAILED */
    http_class class;      /* of the error; HTTP_FINE where it is none of an answer */
    GPtrArray *notes;      /* of char *: what a user should know, one line each, no two alike */
    gint64 from_us, to_us; /* what can be asked for: the wish, narrowed */
    /* The plan. Bars that the calendar expects there, and of those: stored, known not to exist, to
     * be asked for. 0 of values. */
    gsize expected, stored, known, missing;
    GArray *wanted;          /* of download_range: what is missing, with what is asked again */
    GArray *ranges;          /* of download_range: what is asked for, wanted ones joined */
    guint requests, credits; /* as far as can be told */
    /* The account. */
    guint answers; /* fine ones: requests without their repetitions */
    gsize rows;    /* in them */
    gsize refused[PROVIDER_REFUSAL_COUNT];
    gsize defects[QB_DEFECT_KIND_COUNT]; /* of bars that were stored all the same */
    cache_change change;                 /* summed over the pages */
    gsize left_stored;                   /* rows that nobody had asked for: stored ones stay */
    gsize empty;                         /* bars that the source turned out not to have */
    gint64 waiting_us;                   /* RUNNING: until that instant; 0: not */
} download_item;

/* Plans a wish: finds what is missing, lets the provider check it, and refuses what the cache would
 * refuse, and what would mix two of the provider's symbols under one of ours. What the provider cannot give stands in the item's error (FAILURE_CONFIG for a missing
 * key, FAILURE_PROVIDER), and so does a cache that cannot be read: one series does not stop the
 * others. FALSE only beyond DOWNLOAD_SERIES_LIMIT (FAILURE_USAGE). */
gboolean download_add(download *self, const download_wish *wish, GError **error);
/* In the order of the wishes: of download_item. Borrowed. */
const GPtrArray *download_items(const download *self);

/* What the plan asks of each provider in it, and what is left of that provider's budget. */
typedef struct download_forecast {
    const provider *provider;
    guint series, requests, credits;
    GArray *budget;     /* of http_budget_use, see http_budget */
    gint64 duration_us; /* at most, with all the waiting that the limits demand */
} download_forecast;
/* Array of download_forecast, which frees the budgets. Reads the budgets' files only. */
GArray *download_forecasts(download *self, GError **error);

/* ---- running -------------------------------------------------------------------------------- */

typedef struct download_observer {
    /* After every answer, at each wait, and when a series begins or ends. */
    void (*changed)(const download *self, const download_item *item, gpointer data);
    gpointer data;
} download_observer;

/* Carries the plan out, several series at once; returns when all have ended. cancellable (may be
 * NULL) ends them all: what came is stored. A key that is refused ends all series of that provider;
 * a wait beyond http_options.wait_us ends one series, whose error says when it could go on. */
void download_run(download *self, const download_observer *observer, GCancellable *cancellable);

/* 0; FAILURE_INTERRUPTED when it was cancelled; the code that all series that failed share; else
 * FAILURE_PROVIDER. */
int download_exit_code(const download *self);

/* ---- questions ------------------------------------------------------------------------------ */

/* What stores nothing: PROVIDER_LATEST of a stored symbol, PROVIDER_SEARCH for words, PROVIDER_KEY. */
typedef struct download_asked {
    const provider *provider;
    provider_ask ask;
    qb_asset asset;
    const char *text; /* the symbol or the words; "" of a key */
} download_asked;
/* One request and its answer, in page (which is the caller's to init and clear). FAILURE_PROVIDER,
 * with its class in *out_class, FAILURE_CONFIG for a missing key. */
gboolean download_question(download *self, const download_asked *asked, provider_page *page,
                           http_class *out_class, GError **error);

#endif
