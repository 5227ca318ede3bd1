/* Names of runs. */
#include "runlog/writer.h"

#include <errno.h>
#include <sys/random.h>

/* Random bytes of the kernel; getrandom gives up to 256 whole, but for a signal. */
static void fill_random(guint8 *bytes, gsize count)
{
    ssize_t got;
    do
        got = getrandom(bytes, count, 0);
    while (got < 0 && errno == EINTR);
    g_assert(got == (ssize_t)count);
}

/* RFC 9562, version 7: 48 bits of milliseconds, 12 bits of the fraction of a millisecond (method 3
 * of section 6.2, so that ids of one process ascend), 62 random bits. */
char *run_id_new(gint64 now_us)
{
    guint8 b[16];
    const guint64 ms = (guint64)(now_us / 1000);
    const guint fraction = (guint)(now_us % 1000) * 4096 / 1000;
    fill_random(b, sizeof b);
    for (int i = 0; i < 6; i++)
        b[i] = (guint8)(ms >> (40 - 8 * i));
    b[6] = (guint8)(0x70 | fraction >> 8);
    b[7] = (guint8)fraction;
    b[8] = (guint8)(0x80 | (b[8] & 0x3f));
    return g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                           b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                           b[12], b[13], b[14], b[15]);
}
