/* Levels: what two series are apart around each bar, and the stretches on which that is much.
 *
 * A level is the median of the eleven bars around, so five bad ones do not move it and a step of
 * the basis stays one: on either side of it six of eleven bars are of that side. */
#include "core/market/compare-private.h"

#include <math.h>

#define WINDOW 11
#define NORMAL 1.4826  /* a median distance as a standard deviation */
#define SHARP 0.6      /* of the way from one piece to the next that a true step goes at once */
#define DRIFT_PIECES 4 /* fewer prove no drift */

static double median_of(const double *values, size_t count)
{
    double sorted[WINDOW] = {0};
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = values[i];
    }
    return sorted[count / 2];
}

void qb_levels(const double *values, size_t count, double *out_levels)
{
    const size_t width = count < WINDOW ? count : WINDOW;
    for (size_t i = 0; i < count; i++) {
        size_t from = i < width / 2 ? 0 : i - width / 2;
        if (from + width > count)
            from = count - width;
        out_levels[i] = median_of(values + from, width);
    }
}

double qb_usual_distance(const double *values, const double *levels, size_t count, double tolerance,
                         double *spare)
{
    size_t further = 0;
    for (size_t i = 0; i < count; i++) {
        const double distance = fabs(levels != NULL ? values[i] - levels[i] : values[i]);
        if (distance > tolerance)
            spare[further++] = distance;
    }
    if (count < QB_STRETCH_ROWS || (double)further < QB_NOISY_SHARE * (double)count)
        return 0;
    return NORMAL * qb_median(spare, further);
}

/* ---- stretches ------------------------------------------------------------------------------ */

static size_t piece_end(const double *levels, size_t from, size_t end, double step)
{
    size_t to = from + 1;
    while (to < end && fabs(levels[to] - levels[from]) <= step)
        to++;
    return to;
}

/* Rates of exchange creep from one piece to the next; a split or a dividend is there at once. */
static bool creeps(const double *levels, size_t from, size_t end, double step)
{
    size_t pieces = 1, sharp = 0;
    for (size_t at = piece_end(levels, from, end, step), before = from; at < end; pieces++) {
        const size_t next = piece_end(levels, at, end, step);
        const double way = fabs(levels[(at + next) / 2] - levels[(before + at) / 2]);
        sharp += fabs(levels[at] - levels[at - 1]) >= SHARP * way;
        before = at;
        at = next;
    }
    return pieces >= DRIFT_PIECES && 2 * sharp < pieces - 1;
}

/* In noise, where pieces prove nothing, the two halves differ. */
static bool halves_differ(const double *levels, size_t from, size_t end, double step)
{
    const size_t quarter = (end - from) / 4;
    return fabs(levels[end - 1 - quarter] - levels[from + quarter]) > step / 3;
}

bool qb_next_stretch(const double *levels, size_t count, double far, double step, bool noisy,
                     qb_stretch *stretch)
{
    size_t from = stretch->to;
    while (from < count) {
        size_t end = from;
        while (end < count && fabs(levels[end]) > far)
            end++;
        if (end == from) {
            from++;
            continue;
        }
        /* What a cut left behind is the rest of a stretch that does not drift. */
        const bool drifts = creeps(levels, from, end, step) ||
                            (noisy && halves_differ(levels, from, end, step));
        const size_t to = drifts ? end : piece_end(levels, from, end, step);
        if (to - from >= QB_STRETCH_ROWS) {
            *stretch = (qb_stretch){from, to, drifts};
            return true;
        }
        from = to;
    }
    stretch->to = count;
    return false;
}
