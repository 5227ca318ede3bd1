#include "platform/clock.h"

gint64 clock_now_us(void)
{
    gint64 fixed = 0;
    const char *text = g_getenv("QUANTBOT_CLOCK_US");
    if (text != NULL && g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &fixed, NULL))
        return fixed;
    return g_get_real_time();
}

gint64 clock_monotonic_us(void)
{
    return g_get_monotonic_time();
}

void clock_sleep_us(gint64 duration_us)
{
    if (duration_us > 0)
        g_usleep((gulong)duration_us);
}
