/* Fields of manifest.json and gaps.json: each is there, of its type and within its limit, or
 * FAILURE_BAD_DATA names it. */
#ifndef CACHE_FIELDS_PRIVATE_H
#define CACHE_FIELDS_PRIVATE_H

#include "cache/cache-private.h"

#include <jansson.h>

/* Where a value stands, for messages: "PATH: files.2020/2020-03.parquet.rows". */
typedef struct fields_place {
    const char *path;
    const char *group, *entry; /* "files", "2020/2020-03.parquet"; entry NULL: at the top */
} fields_place;

/* "PATH: files.ENTRY.field: VALUE (expected ...)"; value NULL: it is missing. Always FALSE. */
gboolean fields_fail(const fields_place *at, const char *field, const json_t *value,
                     const char *expected, GError **error);
gboolean fields_count(const fields_place *at, const json_t *object, const char *field, gint64 *out,
                      GError **error);
/* Shorter than size bytes, without a NUL inside. */
gboolean fields_text(const fields_place *at, const json_t *object, const char *field, char *out,
                     gsize size, GError **error);
gboolean fields_time(const fields_place *at, const json_t *object, const char *field, gint64 *out,
                     GError **error);
/* 64 hex digits into out[CACHE_SHA256_SIZE]. */
gboolean fields_sha256(const fields_place *at, const json_t *object, const char *field, char *out,
                       GError **error);
/* Asset, symbol and interval are those of key. */
gboolean fields_key(const fields_place *at, const json_t *root, const cache_key *key,
                    GError **error);

#endif
