/* What shows whether a row is still what was written. */
#include "store/store.h"

gint64 store_digest(gint64 seed, const store_value *values, gsize count)
{
    guint8 bytes[32];
    gsize size = sizeof bytes;
    guint64 out = 0;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guint8 *)&seed, sizeof seed);
    for (gsize i = 0; i < count; i++) {
        const gint64 length = values[i].bytes != NULL ? (gint64)values[i].size : -1;
        g_checksum_update(sum, (const guint8 *)&length, sizeof length);
        if (length > 0)
            g_checksum_update(sum, values[i].bytes, (gssize)length);
    }
    g_checksum_get_digest(sum, bytes, &size);
    g_checksum_free(sum);
    for (int i = 0; i < 8; i++)
        out = out << 8 | bytes[i];
    return (gint64)out;
}
