/* Any bytes are a gap ledger, or an error with a message. What was read is written and read again
 * the same. The hash in the file would stop everything that is made up, so the bytes are tried a
 * second time with one that fits. */
#include "cache/ledger-private.h"

#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void check_words(const GArray *words)
{
    gint64 end_us = G_MININT64;
    g_assert_cmpuint(words->len, <=, GAP_WORDS_LIMIT);
    for (guint i = 0; i < words->len; i++) {
        const cache_gap *word = &g_array_index(words, cache_gap, i);
        g_assert_cmpint(word->from_us, >=, end_us);
        g_assert_cmpint(word->to_us, >, word->from_us);
        g_assert_true(word->state > CACHE_GAP_UNKNOWN && word->state < CACHE_GAP_STATES);
        g_assert_true(gap_word_check(word, NULL));
        end_us = word->to_us;
    }
}

static void check_error(const GError *error)
{
    g_assert_true(g_error_matches(error, FAILURE, FAILURE_BAD_DATA));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    for (const char *at = error->message; *at != '\0'; at++)
        g_assert_true((guchar)*at >= 0x20);
}

static void try_text(const cache_key *key, const char *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) words = gap_words_parse("gaps.json", key, text, length, &error);
    if (words == NULL) {
        check_error(error);
        return;
    }
    check_words(words);
    g_autofree char *written = gap_words_text(words, key);
    g_autoptr(GArray) again = gap_words_parse("gaps.json", key, written, strlen(written), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(again->len, ==, words->len);
    for (guint i = 0; i < words->len; i++) {
        const cache_gap *a = &g_array_index(words, cache_gap, i);
        const cache_gap *b = &g_array_index(again, cache_gap, i);
        g_assert_true(gap_words_same(a, b) && a->from_us == b->from_us && a->to_us == b->to_us);
    }
}

static char *with_fitting_hash(const char *text, gsize length)
{
    json_auto_t *root = json_loadb(text, length, 0, NULL);
    if (!json_is_object(root))
        return NULL;
    json_object_del(root, "sha256");
    char *content = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    if (content == NULL)
        return NULL;
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
    free(content);
    json_object_set_new(root, "sha256", json_string(hash));
    return json_dumps(root, 0);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    const cache_key key = {.asset = QB_EQUITY, .symbol = "SPY", .interval = QB_1D};
    if (size > 65536)
        return 0;
    try_text(&key, (const char *)data, size);
    char *sealed = with_fitting_hash((const char *)data, size);
    if (sealed != NULL)
        try_text(&key, sealed, strlen(sealed));
    free(sealed);
    return 0;
}
