/* What the instruments commands share: the instruments that the file or the cache knows. */
#ifndef COMMANDS_INSTRUMENTS_PRIVATE_H
#define COMMANDS_INSTRUMENTS_PRIVATE_H

#include "commands/data-private.h"

typedef struct known_instrument {
    char symbol[QB_SYMBOL_SIZE];
    qb_asset asset;
    gboolean in_file, in_cache;
    char intervals[64]; /* "1h 1d", of the cache */
} known_instrument;

/* Those of the file in its order, then what only the cache holds. Array of known_instrument. */
GArray *instruments_known(const market *market, GError **error);

/* Settings, then the market of a command without other needs. NULL: *out_exit. */
market *instruments_market(int *out_exit);

/* "0.01" or, for a tick of 0, "none". Caller frees. */
char *instruments_tick_text(qb_price tick);

#endif
