/* manifest.json: what each month file of a series folder should be. It is text that people read
 * and diff: sorted keys, indented, stamps as dates. A digit that flips in it would be believed, so
 * "sha256" is the hash of the whole text with zeros in the place of the hash. Manifests from before
 * that are read without it. */
#include "cache/cache-private.h"
#include "cache/fields-private.h"

#include "platform/files.h"

#include <jansson.h>
#include <string.h>

#define MANIFEST_SCHEMA 1
#define MANIFEST_LIMIT (64u * 1024u * 1024u)

/* ---- entries -------------------------------------------------------------------------------- */

static manifest *manifest_new(void)
{
    manifest *self = g_new0(manifest, 1);
    self->adjustment = CACHE_UNKNOWN;
    self->entries = g_array_new(FALSE, TRUE, sizeof(manifest_entry));
    return self;
}

manifest *manifest_copy(const manifest *self)
{
    manifest *copy = g_memdup2(self, sizeof *self);
    copy->entries = g_array_copy(self->entries);
    return copy;
}

void manifest_free(manifest *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->entries);
    g_free(self);
}

/* Index of the first entry that is not before id. */
static guint lower_bound(const manifest *self, month_id id)
{
    guint low = 0, high = self->entries->len;
    while (low < high) {
        const guint middle = low + (high - low) / 2;
        if (month_compare(g_array_index(self->entries, manifest_entry, middle).id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

manifest_entry *manifest_find(const manifest *self, month_id id)
{
    const guint at = lower_bound(self, id);
    if (at == self->entries->len)
        return NULL;
    manifest_entry *entry = &g_array_index(self->entries, manifest_entry, at);
    return month_compare(entry->id, id) == 0 ? entry : NULL;
}

manifest_entry *manifest_add(manifest *self, month_id id)
{
    manifest_entry *found = manifest_find(self, id);
    if (found != NULL)
        return found;
    const guint at = lower_bound(self, id);
    const manifest_entry entry = {.id = id};
    g_array_insert_val(self->entries, at, entry);
    return &g_array_index(self->entries, manifest_entry, at);
}

void manifest_remove(manifest *self, month_id id)
{
    manifest_entry *found = manifest_find(self, id);
    if (found != NULL)
        g_array_remove_index(self->entries,
                             (guint)(found - (manifest_entry *)(void *)self->entries->data));
}

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *time_json(gint64 instant_us)
{
    char text[QB_TIME_TEXT];
    return json_string(qb_time_to_text(instant_us, text));
}

static json_t *state_json(const file_state *state)
{
    json_t *object = json_object();
    json_object_set_new(object, "bytes", json_integer(state->bytes));
    json_object_set_new(object, "sha256", json_string(state->sha256));
    json_object_set_new(object, "rows", json_integer((json_int_t)state->rows));
    json_object_set_new(object, "present", json_integer((json_int_t)state->present));
    if (state->expected > 0)
        json_object_set_new(object, "expected", json_integer((json_int_t)state->expected));
    json_object_set_new(object, "first", time_json(state->first_us));
    json_object_set_new(object, "last", time_json(state->last_us));
    json_object_set_new(object, "fetched_at", time_json(state->fetched_us));
    json_object_set_new(object, "provider", json_string(state->provider));
    if (*state->provider_symbol != '\0')
        json_object_set_new(object, "provider_symbol", json_string(state->provider_symbol));
    json_object_set_new(object, "source_sha256", json_string(state->source_sha256));
    return object;
}

static json_t *entry_json(const manifest_entry *entry)
{
    json_t *object = state_json(&entry->now);
    if (entry->changing)
        json_object_set_new(object, "before",
                            entry->had_before ? state_json(&entry->before) : json_null());
    return object;
}

static const char no_hash[CACHE_SHA256_SIZE] =
    "0000000000000000000000000000000000000000000000000000000000000000";

/* The 64 digits of the text's own hash, or NULL. Keys are sorted, so that "files" and all that they
 * hold, hashes too, stand before it, and "symbol" alone after it. */
static const char *find_hash(const char *text, gsize length)
{
    static const char key[] = "\"sha256\": \"";
    const char *at = g_strrstr_len(text, (gssize)length, key);
    const gsize before = at != NULL ? (gsize)(at - text) + sizeof key - 1 : length;
    return length - before >= CACHE_SHA256_SIZE ? text + before : NULL;
}

/* Of the text with zeros at the digits, which find_hash gave. */
static void hash_text(const char *text, gsize length, const char *digits, char *out)
{
    const gsize before = (gsize)(digits - text), size = CACHE_SHA256_SIZE - 1;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)text, (gssize)before);
    g_checksum_update(sum, (const guchar *)no_hash, (gssize)size);
    g_checksum_update(sum, (const guchar *)digits + size, (gssize)(length - before - size));
    memcpy(out, g_checksum_get_string(sum), size);
}

char *manifest_text(const manifest *self, const cache_key *key)
{
    json_auto_t *root = json_object();
    json_t *files = json_object();
    for (guint i = 0; i < self->entries->len; i++) {
        const manifest_entry *entry = &g_array_index(self->entries, manifest_entry, i);
        g_autofree char *name = month_name(entry->id);
        json_object_set_new(files, name, entry_json(entry));
    }
    json_object_set_new(root, "schema", json_integer(MANIFEST_SCHEMA));
    json_object_set_new(root, "asset", json_string(qb_asset_text(key->asset)));
    json_object_set_new(root, "symbol", json_string(key->symbol));
    json_object_set_new(root, "interval", json_string(qb_interval_text(key->interval)));
    if (key->asset != QB_MACRO) {
        json_object_set_new(root, "adjustment",
                            json_string(cache_adjustment_text(self->adjustment)));
        json_object_set_new(root, "calendar", json_string(self->calendar));
    }
    json_object_set_new(root, "files", files);
    json_object_set_new(root, "sha256", json_string(no_hash));
    /* jansson's memory is not GLib's: hand out one kind only. */
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    g_assert(text != NULL); /* all of it is UTF-8 that we made */
    char *copy = g_strconcat(text, "\n", NULL);
    free(text);
    const gsize length = strlen(copy);
    const char *digits = find_hash(copy, length);
    hash_text(copy, length, digits, copy + (digits - copy));
    return copy;
}

gboolean manifest_save(const manifest *self, const char *folder, const cache_key *key,
                       GError **error)
{
    g_autofree char *text = manifest_text(self, key);
    g_autofree char *path = g_build_filename(folder, "manifest.json", NULL);
    return files_replace(path, text, strlen(text), error);
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean read_state(const fields_place *at, const json_t *object, file_state *out,
                           GError **error)
{
    gint64 rows = 0, present = 0, expected = 0;
    if (!fields_count(at, object, "bytes", &out->bytes, error) ||
        !fields_count(at, object, "rows", &rows, error) ||
        !fields_count(at, object, "present", &present, error) ||
        !fields_sha256(at, object, "sha256", out->sha256, error) ||
        !fields_time(at, object, "first", &out->first_us, error) ||
        !fields_time(at, object, "last", &out->last_us, error) ||
        !fields_time(at, object, "fetched_at", &out->fetched_us, error) ||
        !fields_text(at, object, "provider", out->provider, sizeof out->provider, error) ||
        !fields_text(at, object, "source_sha256", out->source_sha256, sizeof out->source_sha256,
                     error))
        return FALSE;
    if (json_object_get(object, "provider_symbol") != NULL &&
        !fields_text(at, object, "provider_symbol", out->provider_symbol,
                     sizeof out->provider_symbol, error))
        return FALSE;
    if (json_object_get(object, "expected") != NULL &&
        !fields_count(at, object, "expected", &expected, error))
        return FALSE;
    if (rows == 0 || rows > PARQUET_ROWS_LIMIT)
        return fields_fail(at, "rows", json_object_get(object, "rows"), "1 to 20000000", error);
    if (present > rows)
        return fields_fail(at, "present", json_object_get(object, "present"), "at most rows",
                           error);
    out->rows = (gsize)rows;
    out->present = (gsize)present;
    out->expected = (gsize)expected;
    return TRUE;
}

static gboolean check_span(const fields_place *at, month_id id, const file_state *state,
                           GError **error)
{
    if (state->first_us < month_start_us(id) || state->last_us >= month_end_us(id) ||
        state->first_us > state->last_us) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: files.%s: first and last do not lie in that month, in order", at->path,
                    at->entry);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_entry(manifest *self, const char *path, const char *name, const json_t *object,
                           GError **error)
{
    const fields_place at = {path, "files", name};
    month_id id;
    if (!month_from_name(name, &id))
        return fields_fail(&(fields_place){path, NULL, NULL}, "files",
                           json_object_get(object, "bytes"), "names such as 2020/2020-03.parquet",
                           error);
    manifest_entry entry = {.id = id};
    if (!read_state(&at, object, &entry.now, error) || !check_span(&at, id, &entry.now, error))
        return FALSE;
    const json_t *before = json_object_get(object, "before");
    entry.changing = before != NULL;
    entry.had_before = before != NULL && !json_is_null(before);
    if (entry.had_before && (!read_state(&at, before, &entry.before, error) ||
                             !check_span(&at, id, &entry.before, error)))
        return FALSE;
    *manifest_add(self, id) = entry;
    return TRUE;
}

/* Values have neither. */
static gboolean read_price_facts(manifest *self, const fields_place *at, const json_t *root,
                                 GError **error)
{
    char adjustment[16];
    if (!fields_text(at, root, "adjustment", adjustment, sizeof adjustment, error) ||
        !fields_text(at, root, "calendar", self->calendar, sizeof self->calendar, error))
        return FALSE;
    if (!cache_adjustment_from_text(adjustment, &self->adjustment))
        return fields_fail(at, "adjustment", json_object_get(root, "adjustment"),
                           "raw, split or full", error);
    if (*self->calendar == '\0')
        return fields_fail(at, "calendar", json_object_get(root, "calendar"),
                           "the name of a calendar", error);
    return TRUE;
}

static gboolean read_facts(manifest *self, const fields_place *at, const cache_key *key,
                           const json_t *root, GError **error)
{
    gint64 schema = 0;
    if (!fields_count(at, root, "schema", &schema, error))
        return FALSE;
    if (schema != MANIFEST_SCHEMA)
        return fields_fail(at, "schema", json_object_get(root, "schema"),
                           "1; a newer program wrote it", error);
    return key->asset == QB_MACRO || read_price_facts(self, at, root, error);
}

static gboolean check_hash(const fields_place *at, const json_t *root, const char *text,
                           gsize length, GError **error)
{
    char stored[CACHE_SHA256_SIZE], own[CACHE_SHA256_SIZE] = "";
    if (json_object_get(root, "sha256") == NULL)
        return TRUE;
    if (!fields_sha256(at, root, "sha256", stored, error))
        return FALSE;
    const char *digits = find_hash(text, length);
    if (digits != NULL)
        hash_text(text, length, digits, own);
    if (strcmp(stored, own) == 0)
        return TRUE;
    return fields_fail(at, "sha256", json_object_get(root, "sha256"),
                       "the hash of the rest: it was damaged, or changed by hand", error);
}

manifest *manifest_parse(const char *path, const cache_key *key, const char *text, gsize length,
                         GError **error)
{
    json_error_t where;
    json_auto_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        g_autofree char *reason = failure_quote(where.text, -1);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s:%d:%d: is not JSON: %s", path, where.line,
                    where.column, reason);
        return NULL;
    }
    const fields_place at = {path, NULL, NULL};
    g_autoptr(manifest) self = manifest_new();
    self->exists = TRUE;
    if (!read_facts(self, &at, key, root, error) || !fields_key(&at, root, key, error))
        return NULL;
    json_t *files = json_object_get(root, "files"), *value;
    const char *name;
    if (!json_is_object(files)) {
        fields_fail(&at, "files", files, "an object", error);
        return NULL;
    }
    json_object_foreach(files, name, value)
    {
        if (!read_entry(self, path, name, value, error))
            return NULL;
    }
    /* Last, so that a wrong field is named. */
    if (!check_hash(&at, root, text, length, error))
        return NULL;
    return g_steal_pointer(&self);
}

manifest *manifest_load(const char *folder, const cache_key *key, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "manifest.json", NULL);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GBytes) bytes = files_read(path, MANIFEST_LIMIT, &reason);
    if (bytes == NULL && g_error_matches(reason, FAILURE, FAILURE_MISSING))
        return manifest_new();
    if (bytes == NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    return manifest_parse(path, key, text != NULL ? text : "", length, error);
}

void sha256_text(GBytes *bytes, char out[CACHE_SHA256_SIZE])
{
    g_autofree char *text = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    g_strlcpy(out, text, CACHE_SHA256_SIZE);
}
