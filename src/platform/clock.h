/* The only place that reads a clock or sleeps. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include <glib.h>

/* Microseconds since 1970 UTC. The environment variable QUANTBOT_CLOCK_US (tests) fixes it. */
gint64 clock_now_us(void);
/* Monotonic microseconds, for durations. */
gint64 clock_monotonic_us(void);
/* Sleeps at least that long; a signal does not shorten it. */
void clock_sleep_us(gint64 duration_us);

#endif
