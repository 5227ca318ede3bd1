/* Any bytes are a manifest, or an error with a message. What was read is written and read again the
 * same. A hash in the file would stop everything that is made up, so the bytes are tried a second
 * time without it, as manifests were before they had one. */
#include "cache/cache-private.h"

#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void check_state(month_id id, const file_state *state)
{
    g_assert_cmpuint(state->rows, >, 0);
    g_assert_cmpuint(state->rows, <=, PARQUET_ROWS_LIMIT);
    g_assert_cmpuint(state->present, <=, state->rows);
    g_assert_cmpint(state->bytes, >=, 0);
    g_assert_cmpint(state->first_us, >=, month_start_us(id));
    g_assert_cmpint(state->last_us, <, month_end_us(id));
    g_assert_cmpint(state->first_us, <=, state->last_us);
    g_assert_cmpuint(strlen(state->sha256), ==, CACHE_SHA256_SIZE - 1);
    g_assert_cmpuint(strlen(state->provider), <, sizeof state->provider);
}

static void check_manifest(const manifest *listed)
{
    for (guint i = 0; i < listed->entries->len; i++) {
        const manifest_entry *entry = &g_array_index(listed->entries, manifest_entry, i);
        if (i > 0)
            g_assert_cmpint(month_compare((entry - 1)->id, entry->id), <, 0);
        check_state(entry->id, &entry->now);
        if (entry->had_before)
            check_state(entry->id, &entry->before);
        g_assert_true(entry->changing || !entry->had_before);
        g_assert_true(manifest_find(listed, entry->id) == entry);
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
    g_autoptr(manifest) listed = manifest_parse("manifest.json", key, text, length, &error);
    if (listed == NULL) {
        check_error(error);
        return;
    }
    check_manifest(listed);
    g_autofree char *written = manifest_text(listed, key);
    g_autoptr(manifest)
        again = manifest_parse("manifest.json", key, written, strlen(written), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(again->entries->len, ==, listed->entries->len);
    g_autofree char *twice = manifest_text(again, key);
    g_assert_cmpstr(written, ==, twice);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    static const cache_key keys[] = {{.asset = QB_EQUITY, .symbol = "SPY", .interval = QB_1D},
                                     {.asset = QB_MACRO, .symbol = "GDP", .interval = QB_1Q}};
    if (size > 65536)
        return 0;
    json_auto_t *root = json_loadb((const char *)data, size, 0, NULL);
    if (json_is_object(root))
        json_object_del(root, "sha256");
    char *unsealed = json_is_object(root) ? json_dumps(root, 0) : NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        try_text(&keys[i], (const char *)data, size);
        if (unsealed != NULL)
            try_text(&keys[i], unsealed, strlen(unsealed));
    }
    free(unsealed);
    return 0;
}
