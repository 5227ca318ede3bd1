/* Strict reading of the JSON files that stand beside bars. */
#include "cache/fields-private.h"

#include <string.h>

gboolean fields_fail(const fields_place *at, const char *field, const json_t *value,
                     const char *expected, GError **error)
{
    const gboolean inside = at->entry != NULL;
    g_autofree char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)
                                          : NULL;
    g_autofree char *quoted = text != NULL ? failure_quote(text, -1) : NULL;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: %s%s%s%s%s: %s (expected %s)", at->path,
                inside ? at->group : "", inside ? "." : "", inside ? at->entry : "",
                inside ? "." : "", field, quoted != NULL ? quoted : "is missing", expected);
    return FALSE;
}

gboolean fields_count(const fields_place *at, const json_t *object, const char *field, gint64 *out,
                      GError **error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > G_GINT64_CONSTANT(1) << 48)
        return fields_fail(at, field, value, "a whole number, not negative", error);
    *out = json_integer_value(value);
    return TRUE;
}

gboolean fields_text(const fields_place *at, const json_t *object, const char *field, char *out,
                     gsize size, GError **error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_string(value) || json_string_length(value) >= size ||
        strlen(json_string_value(value)) != json_string_length(value))
        return fields_fail(at, field, value, "a short text", error);
    g_strlcpy(out, json_string_value(value), size);
    return TRUE;
}

gboolean fields_time(const fields_place *at, const json_t *object, const char *field, gint64 *out,
                     GError **error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_string(value) ||
        qb_time_from_text(json_string_value(value), json_string_length(value), out) != QB_OK)
        return fields_fail(at, field, value, "a time such as 2020-01-31T14:30:00Z", error);
    return TRUE;
}

gboolean fields_sha256(const fields_place *at, const json_t *object, const char *field, char *out,
                       GError **error)
{
    const json_t *value = json_object_get(object, field);
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strlen(text) != CACHE_SHA256_SIZE - 1 || strspn(text, "0123456789abcdef") != strlen(text))
        return fields_fail(at, field, value, "64 hex digits", error);
    g_strlcpy(out, text, CACHE_SHA256_SIZE);
    return TRUE;
}

/* A folder that was copied or renamed by hand must not pass for another instrument's. */
gboolean fields_key(const fields_place *at, const json_t *root, const cache_key *key,
                    GError **error)
{
    char asset[16], symbol[QB_SYMBOL_SIZE], interval[8];
    if (!fields_text(at, root, "asset", asset, sizeof asset, error) ||
        !fields_text(at, root, "symbol", symbol, sizeof symbol, error) ||
        !fields_text(at, root, "interval", interval, sizeof interval, error))
        return FALSE;
    if (strcmp(asset, qb_asset_text(key->asset)) != 0)
        return fields_fail(at, "asset", json_object_get(root, "asset"), qb_asset_text(key->asset),
                           error);
    if (strcmp(symbol, key->symbol) != 0)
        return fields_fail(at, "symbol", json_object_get(root, "symbol"), key->symbol, error);
    if (strcmp(interval, qb_interval_text(key->interval)) != 0)
        return fields_fail(at, "interval", json_object_get(root, "interval"),
                           qb_interval_text(key->interval), error);
    return TRUE;
}
