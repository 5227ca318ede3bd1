/* The market as a command meets it: the user's instruments and calendars, and the cache that knows
 * those calendars, opened together so that neither is forgotten. */
#ifndef COMMANDS_MARKET_PRIVATE_H
#define COMMANDS_MARKET_PRIVATE_H

#include "cache/cache.h"
#include "config/config.h"
#include "instruments/instruments.h"

typedef struct market {
    instruments *instruments;
    cache *cache;
    char *data_dir;
} market;
/* Reads QUANTBOT_INSTRUMENTS, which must exist unless it is the default. FAILURE_CONFIG,
 * FAILURE_MISSING, FAILURE_BAD_DATA as instruments_load. */
market *market_open(const settings *settings, GError **error);
void market_free(market *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(market, market_free)

/* The stored series that a person means ("spy", "brk/b", an alias); as cache_find. */
gboolean market_find(const market *self, const char *typed, int asset, int interval, cache_key *out,
                     GError **error);
/* Whether the person who typed that may mean this series. */
gboolean market_means(const market *self, const char *typed, const cache_key *key);
/* --calendar: of the file or built in; NULL with FAILURE_USAGE, naming what there is. */
const qb_calendar *market_calendar(const market *self, const char *flag, const char *name,
                                   GError **error);

/* "FB: bars before 2012-05-18 are another company's (N of them)", or NULL. ts_us: stamps of the
 * instrument's bars, ascending. Caller frees. */
char *market_reuse_note(const qb_instrument *instrument, const int64_t *ts_us, gsize count);
/* The same for a stored series, whose bars are read only if they begin before that date. NULL also
 * where they cannot be read: whoever reads them next says so. */
char *market_stored_reuse_note(const market *self, const cache_key *key);

#endif
