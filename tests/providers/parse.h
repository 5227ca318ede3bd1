/* One saved answer through a vendor's judge and parser, as the downloader would do it. */
#ifndef TESTS_PROVIDERS_PARSE_H
#define TESTS_PROVIDERS_PARSE_H

#include "providers/providers.h"

typedef struct parse_case {
    const char *file; /* below fixtures/ */
    const char *kind;
    guint status;     /* 0: 200 */
    const char *type; /* NULL: application/json */
    provider_ask ask;
    qb_asset asset;
    const char *symbol; /* stored; NULL: AAPL, BTC-USD or EUR-USD */
    qb_interval interval;
    const char *from, *to, *now; /* NULL: everything, 2100 */
    /* What must come out. */
    http_class class;
    guint bars;
    const char *first, *last;              /* stamps of the first and last bar */
    double open, high, low, close, volume; /* of the last; NaN: unknown; ignored without bars */
    const char *refused;                   /* "3 unfinished, 1 duplicate" or NULL: none */
} parse_case;

/* Fails the test, naming the file, when anything is not as the case says. */
void parse_check(const provider *about, const parse_case *expected);
/* The page of a case, for further looks; the caller clears it. */
void parse_page(const provider *about, const parse_case *of, provider_page *out);
/* Skips the test and returns FALSE where the shared data set is absent. */
gboolean parse_has_fixtures(void);

#endif
