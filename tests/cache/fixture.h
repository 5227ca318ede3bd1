/* What the tests of the cache share: a folder of their own, bars by rule, files to damage. */
#ifndef CACHE_FIXTURE_H
#define CACHE_FIXTURE_H

#include "cache/cache.h"

typedef struct fixture {
    char *folder; /* the data folder, removed at the end */
    cache *cache;
} fixture;

void fixture_set_up(fixture *self, gconstpointer unused);
void fixture_tear_down(fixture *self, gconstpointer unused);
#define ADD(path, function) \
    g_test_add(path, fixture, NULL, fixture_set_up, function, fixture_tear_down)

/* "2020-03-02" or a full time. */
gint64 at(const char *time);
cache_key key_of(qb_asset asset, const char *symbol, qb_interval interval);
/* A sound bar: open price, close price + 1. */
void add_bar(qb_series *bars, gint64 ts_us, double price, double volume);
/* Bars at from, from + step, ... before to; price first, first + 1, ... */
qb_series bars_between(gint64 from_us, gint64 to_us, gint64 step_us, double first);
cache_provenance provenance_of(const char *calendar);

/* Merges or fails the test. Clears the bars. */
cache_change merge_bars(fixture *self, const cache_key *key, qb_series bars);
/* Merges and expects this failure; clears the bars. Returns the message, caller frees. */
char *merge_fails(fixture *self, const cache_key *key, qb_series bars,
                  const cache_provenance *provenance, int code);
/* All rows and columns, or fails the test. */
qb_series read_all(fixture *self, const cache_key *key);
char *read_fails(fixture *self, const cache_key *key, int code);
/* All that data verify --deep says; or fails the test. Caller frees. */
cache_findings *verify_deep(fixture *self, const cache_key *key);
/* Its errors, one a line; "" when there is none. Warnings and notes likewise when wanted. */
char *verify_text(fixture *self, const cache_key *key, char **out_notes);

/* DATA/cache/NAME; caller frees. */
char *file_path(const fixture *self, const char *name);
void file_flip(const char *path, gsize offset);
void file_copy(const char *from, const char *to);
/* A file beside this test's source; caller frees. */
char *fixture_path(const char *name);
void remove_tree(const char *path);

#define assert_contains(text, part)                                                               \
    do {                                                                                          \
        if (strstr((text), (part)) == NULL)                                                       \
            g_error("%s:%d: \"%s\" does not contain \"%s\"", __FILE__, __LINE__, (text), (part)); \
    } while (0)

#endif
