/* What the manifest says of a series, and the words in its gap ledger. */
#ifndef CACHE_LEDGER_PRIVATE_H
#define CACHE_LEDGER_PRIVATE_H

#include "cache/cache-private.h"

/* ---- what is stored ------------------------------------------------------------------------- */

typedef struct month_state {
    month_id id;
    file_state state;
} month_state;

/* A series summed up. out_months (may be NULL): month_state of each month that has rows, in order;
 * appended. FAILURE_MISSING when none has. */
gboolean series_files_stat(series_files *files, GArray *out_months, cache_entry *out,
                           GError **error);

/* ---- words ---------------------------------------------------------------------------------- */

/* gaps.json: an array of cache_gap of which from_us, to_us, state, who, said_us and why count;
 * ascending, none overlaps another, none is unknown. Absent: no words. */
#define GAP_WORDS_NAME "gaps.json"
#define GAP_WORDS_LIMIT 100000u
GArray *gap_words_load(const cache *self, const char *folder, const cache_key *key, GError **error);
/* Under the series' lock. Without words the file is removed. */
gboolean gap_words_save(const GArray *words, const char *folder, const cache_key *key,
                        GError **error);
/* From and to text, for tests and fuzzing. Caller frees. */
GArray *gap_words_parse(const char *path, const cache_key *key, const char *text, gsize length,
                        GError **error);
char *gap_words_text(const GArray *words, const cache_key *key);

/* Words with one more, which takes the place of what was said of its range; unknown: takes it
 * back. Neighbours that say the same are joined. A new array. */
GArray *gap_words_put(const GArray *words, const cache_gap *word);
gboolean gap_words_same(const cache_gap *a, const cache_gap *b);
/* FAILURE_USAGE: a who or why that is empty where it must not be, too long, or no plain text. */
gboolean gap_word_check(const cache_gap *word, GError **error);

#endif
