/* Where ticks stand on an axis and how they are written. Pure: no drawing. */
#ifndef REPORTS_AXIS_PRIVATE_H
#define REPORTS_AXIS_PRIVATE_H

#include <glib.h>

#define AXIS_TICKS_LIMIT 64

typedef struct axis_tick {
    double at;     /* in the axis's unit: a value, or microseconds */
    gboolean main; /* time: the start of a larger unit, written stronger */
    char label[24];
} axis_tick;

/* Round values (1, 2, 2.5 or 5 times a power of ten) inside minimum..maximum, about `wanted` of
 * them. Returns how many. minimum < maximum, both finite. */
int axis_value_ticks(double minimum, double maximum, int wanted, axis_tick *out);
/* The same for a logarithmic axis; 0 < minimum < maximum. */
int axis_log_ticks(double minimum, double maximum, int wanted, axis_tick *out);
/* Starts of years, quarters, months, weeks, days, hours or minutes (UTC), at most `wanted`. */
int axis_time_ticks(gint64 first_us, gint64 last_us, int wanted, axis_tick *out);
/* "125 k", "1.2 M", "0.85": as few digits as `step` needs to tell neighbours apart. */
void axis_value_label(double value, double step, char *buffer, gsize size);

#endif
