/* gaps.json: what was said about bars that are missing. Text that people read and diff, with a hash
 * of its content, since a date with a flipped digit is a date too; quantbot data gaps is its
 * editor. */
#include "cache/fields-private.h"
#include "cache/ledger-private.h"

#include <string.h>

#define WORDS_SCHEMA 1
#define WORDS_FILE_LIMIT (64u * 1024u * 1024u)

/* ---- states --------------------------------------------------------------------------------- */

static const char *const states[CACHE_GAP_STATES] = {"unknown", "confirmed-empty", "market-closed",
                                                     "to-retry"};

const char *cache_gap_state_text(cache_gap_state state)
{
    return states[(unsigned)state < CACHE_GAP_STATES ? state : CACHE_GAP_UNKNOWN];
}

gboolean cache_gap_state_from_text(const char *text, cache_gap_state *out)
{
    for (int i = 0; i < CACHE_GAP_STATES; i++) {
        if (g_ascii_strcasecmp(text, states[i]) == 0) {
            *out = (cache_gap_state)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- words in memory ------------------------------------------------------------------------ */

static GArray *words_new(void)
{
    return g_array_new(FALSE, TRUE, sizeof(cache_gap));
}

gboolean gap_words_same(const cache_gap *a, const cache_gap *b)
{
    return a->state == b->state && a->said_us == b->said_us && strcmp(a->who, b->who) == 0 &&
           strcmp(a->why, b->why) == 0;
}

/* Appends [from, to) of a word, to the one before where that touches it and says the same. */
static void append_part(GArray *words, const cache_gap *word, gint64 from_us, gint64 to_us)
{
    cache_gap part = *word;
    cache_gap *before = words->len > 0 ? &g_array_index(words, cache_gap, words->len - 1) : NULL;
    if (from_us >= to_us)
        return;
    if (before != NULL && before->to_us == from_us && gap_words_same(before, word)) {
        before->to_us = to_us;
        return;
    }
    part.from_us = from_us;
    part.to_us = to_us;
    g_array_append_val(words, part);
}

GArray *gap_words_put(const GArray *words, const cache_gap *word)
{
    GArray *merged = words_new();
    gboolean put = word->state == CACHE_GAP_UNKNOWN;
    for (guint i = 0; i < words->len; i++) {
        const cache_gap *old = &g_array_index(words, cache_gap, i);
        append_part(merged, old, old->from_us, MIN(old->to_us, word->from_us));
        if (!put && old->to_us > word->from_us) {
            append_part(merged, word, word->from_us, word->to_us);
            put = TRUE;
        }
        append_part(merged, old, MAX(old->from_us, word->to_us), old->to_us);
    }
    if (!put)
        append_part(merged, word, word->from_us, word->to_us);
    return merged;
}

gboolean cache_is_plain(const char *text, gsize size)
{
    const gsize length = strnlen(text, size);
    if (length == size || !g_utf8_validate(text, (gssize)length, NULL))
        return FALSE;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        if (!g_unichar_isprint(g_utf8_get_char(at)))
            return FALSE;
    return TRUE;
}

gboolean gap_word_check(const cache_gap *word, GError **error)
{
    if (!cache_is_plain(word->who, sizeof word->who) || *word->who == '\0') {
        g_set_error(error, FAILURE, FAILURE_USAGE, "who: expected 1 to 31 bytes of plain text");
        return FALSE;
    }
    if (!cache_is_plain(word->why, sizeof word->why)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "why: expected at most 127 bytes of plain text");
        return FALSE;
    }
    return TRUE;
}

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *time_json(gint64 instant_us)
{
    char text[QB_TIME_TEXT];
    return json_string(qb_time_to_text(instant_us, text));
}

static json_t *word_json(const cache_gap *word)
{
    json_t *object = json_object();
    json_object_set_new(object, "from", time_json(word->from_us));
    json_object_set_new(object, "to", time_json(word->to_us));
    json_object_set_new(object, "state", json_string(cache_gap_state_text(word->state)));
    json_object_set_new(object, "who", json_string(word->who));
    json_object_set_new(object, "said_at", time_json(word->said_us));
    json_object_set_new(object, "why", json_string(word->why));
    return object;
}

/* Of everything in the file but the hash itself, however it is laid out. */
static void hash_of(const json_t *root, char out[CACHE_SHA256_SIZE])
{
    json_auto_t *rest = json_copy((json_t *)root);
    json_object_del(rest, "sha256");
    char *text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256,
                                                          text != NULL ? text : "", -1);
    g_strlcpy(out, hash, CACHE_SHA256_SIZE);
    free(text);
}

char *gap_words_text(const GArray *words, const cache_key *key)
{
    char hash[CACHE_SHA256_SIZE];
    json_auto_t *root = json_object();
    json_t *array = json_array();
    for (guint i = 0; i < words->len; i++)
        json_array_append_new(array, word_json(&g_array_index(words, cache_gap, i)));
    json_object_set_new(root, "schema", json_integer(WORDS_SCHEMA));
    json_object_set_new(root, "asset", json_string(qb_asset_text(key->asset)));
    json_object_set_new(root, "symbol", json_string(key->symbol));
    json_object_set_new(root, "interval", json_string(qb_interval_text(key->interval)));
    json_object_set_new(root, "words", array);
    hash_of(root, hash);
    json_object_set_new(root, "sha256", json_string(hash));
    char *text = json_dumps(root, JSON_INDENT(2));
    g_assert(text != NULL); /* all of it is UTF-8 that was checked */
    char *copy = g_strconcat(text, "\n", NULL);
    free(text);
    return copy;
}

gboolean gap_words_save(const GArray *words, const char *folder, const cache_key *key,
                        GError **error)
{
    g_autofree char *path = g_build_filename(folder, GAP_WORDS_NAME, NULL);
    if (words->len == 0)
        return files_remove(path, error);
    if (words->len > GAP_WORDS_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: more than %u words about gaps", path,
                    GAP_WORDS_LIMIT);
        return FALSE;
    }
    g_autofree char *text = gap_words_text(words, key);
    return files_replace(path, text, strlen(text), error);
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean read_state(const fields_place *at, const json_t *object, cache_gap_state *out,
                           GError **error)
{
    char text[16];
    if (!fields_text(at, object, "state", text, sizeof text, error))
        return FALSE;
    if (!cache_gap_state_from_text(text, out) || *out == CACHE_GAP_UNKNOWN)
        return fields_fail(at, "state", json_object_get(object, "state"),
                           "confirmed-empty, market-closed or to-retry", error);
    return TRUE;
}

/* The range: not empty, of the cache's years, after the word before. */
static gboolean check_range(const fields_place *at, const json_t *object, const cache_gap *word,
                            const GArray *before, GError **error)
{
    const gint64 free_us = before->len > 0 ? g_array_index(before, cache_gap, before->len - 1).to_us
                                           : CACHE_FIRST_US;
    if (word->from_us < free_us)
        return fields_fail(at, "from", json_object_get(object, "from"),
                           "the years 1000 to 9999, and not before the end of the word above",
                           error);
    if (word->to_us <= word->from_us || word->to_us > CACHE_END_US)
        return fields_fail(at, "to", json_object_get(object, "to"), "a time after from", error);
    return TRUE;
}

static gboolean read_word(const char *path, gsize index, const json_t *object, GArray *into,
                          GError **error)
{
    g_autofree char *entry = g_strdup_printf("%" G_GSIZE_FORMAT, index);
    const fields_place at = {path, "words", entry};
    cache_gap word = {0};
    if (!fields_time(&at, object, "from", &word.from_us, error) ||
        !fields_time(&at, object, "to", &word.to_us, error) ||
        !read_state(&at, object, &word.state, error) ||
        !fields_text(&at, object, "who", word.who, sizeof word.who, error) ||
        !fields_time(&at, object, "said_at", &word.said_us, error) ||
        !fields_text(&at, object, "why", word.why, sizeof word.why, error) ||
        !check_range(&at, object, &word, into, error))
        return FALSE;
    if (!gap_word_check(&word, NULL))
        return fields_fail(&at, "who, why", object, "plain text, and a name", error);
    g_array_append_val(into, word);
    return TRUE;
}

static gboolean check_hash(const fields_place *at, const json_t *root, GError **error)
{
    char stored[CACHE_SHA256_SIZE], own[CACHE_SHA256_SIZE];
    if (!fields_sha256(at, root, "sha256", stored, error))
        return FALSE;
    hash_of(root, own);
    if (strcmp(stored, own) != 0)
        return fields_fail(at, "sha256", json_object_get(root, "sha256"),
                           "the hash of what the file says: it was damaged, or changed by hand",
                           error);
    return TRUE;
}

static gboolean read_head(const fields_place *at, const json_t *root, const cache_key *key,
                          GError **error)
{
    gint64 schema = 0;
    if (!fields_count(at, root, "schema", &schema, error))
        return FALSE;
    if (schema != WORDS_SCHEMA)
        return fields_fail(at, "schema", json_object_get(root, "schema"),
                           "1; a newer program wrote it", error);
    return fields_key(at, root, key, error) && check_hash(at, root, error);
}

GArray *gap_words_parse(const char *path, const cache_key *key, const char *text, gsize length,
                        GError **error)
{
    json_error_t where;
    const fields_place at = {path, NULL, NULL};
    json_auto_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        g_autofree char *reason = failure_quote(where.text, -1);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s:%d:%d: is not JSON: %s", path, where.line,
                    where.column, reason);
        return NULL;
    }
    if (!read_head(&at, root, key, error))
        return NULL;
    const json_t *array = json_object_get(root, "words");
    if (!json_is_array(array) || json_array_size(array) > GAP_WORDS_LIMIT) {
        fields_fail(&at, "words", json_is_array(array) ? NULL : array, "a list of at most 100000",
                    error);
        return NULL;
    }
    g_autoptr(GArray) words = words_new();
    for (gsize i = 0; i < json_array_size(array); i++)
        if (!read_word(path, i, json_array_get(array, i), words, error))
            return NULL;
    return g_steal_pointer(&words);
}

GArray *gap_words_load(const cache *self, const char *folder, const cache_key *key, GError **error)
{
    g_autofree char *path = g_build_filename(folder, GAP_WORDS_NAME, NULL);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GBytes) bytes = NULL;
    if (!layout_check_links(self, path, error))
        return NULL;
    bytes = files_read(path, WORDS_FILE_LIMIT, &reason);
    if (bytes == NULL && g_error_matches(reason, FAILURE, FAILURE_MISSING))
        return words_new();
    if (bytes == NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    return gap_words_parse(path, key, text != NULL ? text : "", length, error);
}
