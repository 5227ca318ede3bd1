/* Market-data vendors: what to ask them, and what their answers mean.
 *
 * In: a job (one symbol, one interval, one range) and the bytes of answers. Out: requests, and bars
 * in our conventions: stamped with their start in UTC or their session date, ascending, raw where
 * the vendor has raw, unknown where it has nothing; what is not sound is refused row by row and
 * counted. Each vendor is one file and one row of providers_table. Nothing here sends, waits or
 * stores: `download` does, over http, so that every parser is a pure function of bytes. */
#ifndef PROVIDERS_PROVIDERS_H
#define PROVIDERS_PROVIDERS_H

#include "core/market/market.h"
#include "http/http.h"

/* ---- what is asked -------------------------------------------------------------------------- */

typedef enum provider_ask {
    PROVIDER_BARS,   /* of job.interval in [from, to) */
    PROVIDER_VALUES, /* of a macro series: observations in [from, to), with all their vintages */
    PROVIDER_LATEST, /* the newest price and how old it is */
    PROVIDER_SEARCH, /* symbols like job.vendor_symbol */
    PROVIDER_KEY,    /* is the key good? the cheapest question there is */
    PROVIDER_ASK_COUNT,
} provider_ask;
/* "bars", "values", "latest", "search", "key"; static. */
const char *provider_ask_text(provider_ask ask);

typedef struct provider provider;

#define PROVIDER_SYMBOL_SIZE 64

typedef struct provider_job {
    const provider *provider;
    provider_ask ask;
    qb_asset asset;                           /* QB_MACRO for values */
    char symbol[QB_SYMBOL_SIZE];              /* stored form */
    char vendor_symbol[PROVIDER_SYMBOL_SIZE]; /* see provider.name_symbol; or the user's own word */
    qb_interval interval;
    const qb_calendar *calendar; /* NULL for values */
    gint64 from_us, to_us;
    gint64 now_us;     /* what is known later is unfinished and left out */
    gboolean extended; /* keep bars outside the regular session */
    const char *key;   /* NULL: none */
    gboolean paid;     /* the key's plan is not the free one */
    const char *base;  /* the vendor's address, or the user's */
} provider_job;

/* Where a job stands between two requests. Set by provider.start; the provider alone writes it. A
 * cursor text that does not fit is a server error. */
#define PROVIDER_TOKEN_SIZE 1024
typedef struct provider_step {
    guint kind; /* of the next request: index into provider.kinds */
    guint page; /* requests so far */
    gint64 at_us;
    char token[PROVIDER_TOKEN_SIZE];
    gboolean over;
} provider_step;
#define PROVIDER_PAGES_LIMIT 20000u /* of one job; beyond, the vendor's paging is broken */

/* What to send: filled by provider_kind.request from {0}; the texts are the request's, freed by
 * provider_request_clear. The range is what this request is to answer (0, 0 where it is about no
 * range). */
#define PROVIDER_FIELDS 16
typedef struct provider_request {
    char *path; /* below job.base, encoded */
    http_field query[PROVIDER_FIELDS + 1], headers[4];
    guint query_count, header_count;
    guint credits;
    gint64 from_us, to_us;
} provider_request;
void provider_request_path(provider_request *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
void provider_request_query(provider_request *self, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* A secret: in the query where the vendor takes it nowhere else. */
void provider_request_key_query(provider_request *self, const char *name, const char *key);
void provider_request_key_header(provider_request *self, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void provider_request_clear(provider_request *self);

/* ---- what comes back ------------------------------------------------------------------------ */

/* Why a row of an answer was not taken. */
typedef enum provider_refusal {
    PROVIDER_UNFINISHED,   /* the bar is still running */
    PROVIDER_FUTURE,       /* it has not begun */
    PROVIDER_OUTSIDE,      /* outside the range asked for */
    PROVIDER_OFF_SESSION,  /* outside the regular session, or on no session */
    PROVIDER_DUPLICATE,    /* the last row of a stamp counts */
    PROVIDER_NOT_FINITE,   /* a price that is no number, null or blank */
    PROVIDER_IMPOSSIBLE,   /* a price <= 0, high below low, negative volume */
    PROVIDER_OFF_GRID,     /* a stamp between the bars of the interval */
    PROVIDER_OTHER_SYMBOL, /* not what was asked for */
    PROVIDER_EMPTY_ROW,    /* zeros before a listing, "." in a series */
    PROVIDER_REFUSAL_COUNT,
} provider_refusal;
const char *provider_refusal_text(provider_refusal refusal);

typedef struct provider_action {
    gint64 ts_us; /* the ex-date's stamp */
    double dividend, split_factor;
} provider_action;

/* A value of a macro series and when it was the known one, by dates of UTC midnight; until:
 * exclusive, INT64_MAX: still. NaN: published as missing. */
typedef struct provider_value {
    gint64 ts_us, known_from_us, known_to_us;
    double value;
} provider_value;

typedef enum provider_price_kind {
    PROVIDER_PRICE_TRADE,     /* the last trade */
    PROVIDER_PRICE_REFERENCE, /* the vendor's own reference or index price */
    PROVIDER_PRICE_MID,
    PROVIDER_PRICE_CLOSE, /* of the last session: stale by nature */
} provider_price_kind;

typedef struct provider_match {
    char vendor_symbol[PROVIDER_SYMBOL_SIZE], name[96], kind[32], currency[16];
    gint64 first_us, last_us; /* of its history; 0: not told */
} provider_match;

/* One answer, understood. Start with provider_page_init. */
typedef struct provider_page {
    qb_series bars;       /* ascending, sound, finished; ts may repeat what an earlier page gave */
    qb_interval interval; /* of bars: finer than the job's where it must be resampled from */
    GArray *actions;      /* of provider_action: belong to the job's bars, of this page or not */
    GArray *values;       /* of provider_value */
    GArray *matches;      /* of provider_match */
    double price;         /* PROVIDER_LATEST; NaN: none */
    gint64 price_us;      /* 0: the vendor does not say */
    provider_price_kind price_kind;
    /* The range that this answer settles: a bar that the calendar expects there and that is not in
     * it does not exist at this source. Equal: it settles nothing. */
    gint64 settled_from_us, settled_to_us;
    gsize rows; /* in the answer */
    gsize refused[PROVIDER_REFUSAL_COUNT];
    GPtrArray *notes; /* of char *: what a user should know, one line each */
} provider_page;
void provider_page_init(provider_page *self);
void provider_page_clear(provider_page *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(provider_page, provider_page_clear)

/* ---- a vendor ------------------------------------------------------------------------------- */

/* One kind of answer that a vendor gives. */
typedef struct provider_kind {
    const char *name;  /* "daily": data parse --request */
    const char *about; /* "daily bars, JSON or CSV" */
    /* The request that step stands at; NULL for a kind that is only read, from files. */
    void (*request)(const provider_job *job, const provider_step *step, provider_request *out);
    /* Reads a fine answer into page and moves step on. FAILURE_PROVIDER, with the byte's place, for
     * bytes that are no such answer; step is as before then, page has anything. */
    gboolean (*parse)(const provider_job *job, provider_step *step, GBytes *body,
                      provider_page *page, GError **error);
    provider_ask ask; /* what its answers are mostly for: data parse, when nobody says */
    qb_asset asset;   /* likewise; where the vendor has none of those, its first */
} provider_kind;

struct provider {
    const char *name;                       /* "tiingo": flags, cache, gap ledger */
    const char *title;                      /* "Tiingo" */
    const char *key_setting;                /* "TIINGO_API_KEY" */
    const char *base_setting;               /* "QUANTBOT_TIINGO_BASE_URL" */
    const char *register_at;                /* where keys are had: a URL for people */
    gboolean key_needed;                    /* nothing works without */
    unsigned assets;                        /* bit 1 << qb_asset */
    unsigned intervals;                     /* bit 1 << qb_interval, of bars or values */
    unsigned asks;                          /* bit 1 << provider_ask */
    gboolean full_adjusted, split_adjusted; /* of its bars: neither is raw */
    http_service service;
    const char *free_tier; /* one line for people, with its date: "50 requests an hour (2026)" */

    /* The vendor's name of a stored symbol ("BRK.B" is "BRK-B"). FALSE when it has none; *out_why
     * may say so, or list what the user has to choose from (the caller frees it). */
    gboolean (*name_symbol)(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why);
    /* Before anything is spent: what this key and plan cannot give. FALSE with FAILURE_PROVIDER, or
     * FAILURE_CONFIG for a missing key, in plain words with what works instead. It may narrow the
     * job's range; then it adds a note. NULL: all is possible. */
    gboolean (*check)(provider_job *job, GPtrArray *notes, GError **error);
    /* How many requests (and credits) the job will take, as far as can be told. */
    guint (*estimate)(const provider_job *job);
    /* The first request of a job, which has passed check: sets step. */
    void (*start)(const provider_job *job, provider_step *step);
    const provider_kind *kinds; /* ends with a NULL name */
    /* Judges any answer to any of them, errors with HTTP 200 included. data: the job. */
    void (*judge)(const http_answer *answer, gpointer data, http_verdict *out);
};

extern const provider *const providers_table[]; /* ends with NULL */
/* By name, any case; NULL. */
const provider *providers_find(const char *name);

#endif
