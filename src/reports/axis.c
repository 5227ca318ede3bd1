#include "reports/axis-private.h"

#include "core/base/base.h"

#include <math.h>
#include <stdio.h>

void axis_value_label(double value, double step, char *buffer, gsize size)
{
    static const struct {
        double unit;
        const char *suffix;
    } scales[] = {{1e9, " bn"}, {1e6, " M"}, {1e3, " k"}, {1.0, ""}};
    const double magnitude = fabs(value);
    gsize scale = G_N_ELEMENTS(scales) - 1;
    for (gsize i = 0; i < G_N_ELEMENTS(scales) - 1; i++)
        if (magnitude >= 10.0 * scales[i].unit ||
            (magnitude >= scales[i].unit && scales[i].unit > 1e3)) {
            scale = i;
            break;
        }
    const double unit = scales[scale].unit;
    int decimals = 0;
    /* 1e-9: a step of 0.1 is not exactly a tenth. */
    while (decimals < 8 && fabs(step / unit * pow(10, decimals) -
                                round(step / unit * pow(10, decimals))) > 1e-9 * pow(10, decimals))
        decimals++;
    g_snprintf(buffer, (gulong)size, "%.*f%s", decimals, value / unit + 0.0, scales[scale].suffix);
}

static double round_step(double span, int wanted)
{
    const double rough = span / MAX(wanted, 1);
    const double power = pow(10, floor(log10(rough)));
    static const double factors[] = {1, 2, 2.5, 5, 10};
    for (gsize i = 0; i < G_N_ELEMENTS(factors); i++)
        if (factors[i] * power >= rough * 0.999)
            return factors[i] * power;
    return 10 * power;
}

int axis_value_ticks(double minimum, double maximum, int wanted, axis_tick *out)
{
    const double step = round_step(maximum - minimum, wanted);
    int count = 0;
    for (double k = ceil(minimum / step - 1e-9); k * step <= maximum + 1e-9 * step; k++) {
        if (count == AXIS_TICKS_LIMIT)
            break;
        out[count].at = k * step;
        out[count].main = FALSE;
        axis_value_label(k * step, step, out[count].label, sizeof out[count].label);
        count++;
    }
    return count;
}

int axis_log_ticks(double minimum, double maximum, int wanted, axis_tick *out)
{
    /* Sparser sets of mantissas until the ticks are few enough. */
    static const double sets[][5] = {{1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}};
    int count = 0;
    for (gsize set = 0; set < G_N_ELEMENTS(sets); set++) {
        count = 0;
        for (double power = pow(10, floor(log10(minimum))); power <= maximum; power *= 10)
            for (int i = 0; i < 5 && sets[set][i] > 0; i++) {
                const double value = sets[set][i] * power;
                if (value < minimum || value > maximum || count == AXIS_TICKS_LIMIT)
                    continue;
                out[count].at = value;
                out[count].main = FALSE;
                axis_value_label(value, power, out[count].label, sizeof out[count].label);
                count++;
            }
        if (count <= wanted)
            break;
    }
    /* Less than a decade can hold no round mantissa: a linear scale's ticks do then. */
    return count >= 3 ? count : axis_value_ticks(minimum, maximum, wanted, out);
}

/* ---- time ---------------------------------------------------------------------------------- */

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void add_tick(axis_tick *out, int *count, gint64 at_us, gboolean main_tick,
                     const char *label)
{
    if (*count == AXIS_TICKS_LIMIT)
        return;
    out[*count].at = (double)at_us;
    out[*count].main = main_tick;
    g_strlcpy(out[*count].label, label, sizeof out[*count].label);
    (*count)++;
}

static int month_ticks(gint64 first_us, gint64 last_us, int step, axis_tick *out)
{
    int count = 0;
    const qb_civil start = qb_civil_from_date(qb_date_from_us(first_us));
    int month = start.year * 12 + (start.month - 1);
    month -= month % step;
    for (;; month += step) {
        const qb_civil civil = {.year = month / 12, .month = month % 12 + 1, .day = 1};
        const gint64 at_us = qb_date_from_civil(civil) * QB_DAY_US;
        if (at_us > last_us || count == AXIS_TICKS_LIMIT)
            return count;
        if (at_us < first_us)
            continue;
        char label[24];
        if (civil.month == 1)
            g_snprintf(label, sizeof label, "%d", civil.year);
        else
            g_snprintf(label, sizeof label, "%s", month_names[civil.month - 1]);
        add_tick(out, &count, at_us, civil.month == 1 && step < 12, label);
    }
}

static int day_ticks(gint64 first_us, gint64 last_us, int step, axis_tick *out)
{
    int count = 0;
    /* Weeks start on Monday: 1970-01-05 was one. */
    gint64 day = first_us / QB_DAY_US;
    day -= step == 7 ? (day - 4) % 7 : day % step;
    for (; day * QB_DAY_US <= last_us && count < AXIS_TICKS_LIMIT; day += step) {
        if (day * QB_DAY_US < first_us)
            continue;
        const qb_civil civil = qb_civil_from_date((int32_t)day);
        char label[24];
        g_snprintf(label, sizeof label, "%d %s", civil.day, month_names[civil.month - 1]);
        add_tick(out, &count, day * QB_DAY_US, civil.day <= step && step > 1, label);
    }
    return count;
}

static int clock_ticks(gint64 first_us, gint64 last_us, gint64 step_us, axis_tick *out)
{
    int count = 0;
    for (gint64 at_us = first_us - first_us % step_us; at_us <= last_us && count < AXIS_TICKS_LIMIT;
         at_us += step_us) {
        if (at_us < first_us)
            continue;
        const gint64 minute = at_us % QB_DAY_US / QB_MINUTE_US;
        const qb_civil civil = qb_civil_from_date(qb_date_from_us(at_us));
        char label[24];
        if (minute == 0)
            g_snprintf(label, sizeof label, "%d %s", civil.day, month_names[civil.month - 1]);
        else
            g_snprintf(label, sizeof label, "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
        add_tick(out, &count, at_us, minute == 0, label);
    }
    return count;
}

int axis_time_ticks(gint64 first_us, gint64 last_us, int wanted, axis_tick *out)
{
    static const struct {
        enum { CLOCK, DAYS, MONTHS } unit;
        int step; /* minutes, days or months */
    } steps[] = {{CLOCK, 1},  {CLOCK, 5},   {CLOCK, 15},  {CLOCK, 60},  {CLOCK, 180}, {CLOCK, 360},
                 {DAYS, 1},   {DAYS, 2},    {DAYS, 7},    {MONTHS, 1},  {MONTHS, 2},  {MONTHS, 3},
                 {MONTHS, 6}, {MONTHS, 12}, {MONTHS, 24}, {MONTHS, 60}, {MONTHS, 120}};
    static const gint64 unit_us[] = {QB_MINUTE_US, QB_DAY_US, 30 * QB_DAY_US};
    gsize choice = 0;
    while (choice < G_N_ELEMENTS(steps) - 1 &&
           (last_us - first_us) / (unit_us[steps[choice].unit] * steps[choice].step) > wanted)
        choice++;
    switch (steps[choice].unit) {
    case CLOCK:
        return clock_ticks(first_us, last_us, steps[choice].step * QB_MINUTE_US, out);
    case DAYS:
        return day_ticks(first_us, last_us, steps[choice].step, out);
    default:
        return month_ticks(first_us, last_us, steps[choice].step, out);
    }
}
