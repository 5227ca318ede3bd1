/* What the tests of macro series share: rows by hand, and a look at what is stored. */
#ifndef CACHE_MACRO_ROWS_H
#define CACHE_MACRO_ROWS_H

#include "fixture.h"

#define STILL G_MAXINT64

/* macro GDPC1 1q. */
cache_key gdp_key(void);
cache_provenance macro_provenance(void);
/* Appends a row that holds still; the columns are the caller's to clear. */
void add_row(macro_series *rows, gint64 ts_us, double value, gint64 known_from_us);
void add(macro_series *rows, const char *ts, double value, const char *known_from);
macro_series one(const char *ts, double value, const char *known_from);
/* "2020-01-01=1.5@2020-04-30..2020-07-01 ..."; caller frees. */
char *text_of(const macro_series *rows);

/* Merges, or reads all with hashes, or fails the test. */
cache_change merge_rows(fixture *self, const cache_key *key, const macro_series *rows);
macro_series read_rows(fixture *self, const cache_key *key);
/* Merges and expects this failure, whose message has that part; clears the rows. */
void assert_merge_fails(fixture *self, const cache_key *key, macro_series rows, int code,
                        const char *part);

#define assert_rows(self, key, want)                        \
    do {                                                    \
        macro_series assert_got = read_rows((self), (key)); \
        char *assert_text = text_of(&assert_got);           \
        g_assert_cmpstr(assert_text, ==, (want));           \
        g_free(assert_text);                                \
        macro_series_clear(&assert_got);                    \
    } while (0)

#endif
