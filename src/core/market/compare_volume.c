/* Volumes in other units: by a constant factor (lots, thousands, shares before or after splits), or
 * in money. Volumes that differ otherwise are two counts of other trades, and nothing is said. */
#include "core/market/compare-private.h"

#include <math.h>

#define SAME 0.05 /* of logarithms: volumes this close are of the same unit */
#define FAR 6.0   /* usual distances */
#define NOISY 0.2 /* beyond that no unit can be told */
#define MONEY_ROWS 20

/* The places whose volumes both series know, and what they are apart. */
typedef struct volumes {
    size_t *places;
    double *apart, *levels;
    size_t count;
} volumes;

static double volume_of(const qb_series *series, size_t row)
{
    return series->volume == NULL ? (double)NAN : series->volume[row];
}

static void collect(const qb_match *self, volumes *out)
{
    for (size_t place = 0; place < self->count; place++) {
        const double first = volume_of(self->first, self->first_rows[place]);
        const double second = volume_of(self->second, self->second_rows[place]);
        if (!(first > 0 && second > 0) || !isfinite(first) || !isfinite(second))
            continue;
        out->places[out->count] = place;
        out->apart[out->count++] = log(second / first);
    }
}

static void add(qb_match *self, const volumes *volumes, size_t from, size_t to, qb_which which,
                double factor)
{
    const size_t place = volumes->places[from];
    const qb_difference item = {
        .cause = QB_CAUSE_VOLUME_UNITS,
        .which = which,
        .from_us = qb_match_stamp(self, place),
        .to_us = qb_match_stamp(self, volumes->places[to - 1]),
        .rows = to - from,
        .field = "volume",
        .first = self->first->volume[self->first_rows[place]],
        .second = self->second->volume[self->second_rows[place]],
        .factor = factor,
        .last_factor = factor,
    };
    qb_match_add(self, &item);
}

static double median_apart(const qb_match *self, const volumes *volumes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        self->spare[i - from] = volumes->apart[i];
    return qb_median(self->spare, to - from);
}

/* Whether the volumes of one side are those of the other times its price. */
static bool is_money(const qb_match *self, const volumes *volumes, qb_which which)
{
    const qb_series *series = which == QB_FIRST ? self->first : self->second;
    const size_t *rows = which == QB_FIRST ? self->first_rows : self->second_rows;
    const double sign = which == QB_FIRST ? -1 : 1;
    for (size_t i = 0; i < volumes->count; i++)
        self->spare[i] =
            fabs(sign * volumes->apart[i] - log(series->close[rows[volumes->places[i]]]));
    return qb_median(self->spare, volumes->count) <= 2 * SAME;
}

/* Shares adjusted for the same splits as the prices are a matter of the adjustment. */
static bool goes_with_prices(const qb_match *self, size_t place, double apart)
{
    return fabs(apart + self->level[place]) <= 2 * SAME;
}

static void find_units(qb_match *self, const volumes *volumes)
{
    const double usual = qb_usual_distance(volumes->apart, volumes->levels, volumes->count, SAME,
                                           self->spare);
    const double far = FAR * usual > SAME ? FAR * usual : SAME;
    qb_stretch stretch = {0};
    if (usual > NOISY)
        return;
    while (qb_next_stretch(volumes->levels, volumes->count, far, far, usual > 0, &stretch)) {
        const double apart = median_apart(self, volumes, stretch.from, stretch.to);
        const size_t middle = volumes->places[(stretch.from + stretch.to) / 2];
        if (!stretch.drifts && !goes_with_prices(self, middle, apart))
            add(self, volumes, stretch.from, stretch.to, QB_NEITHER, exp(apart));
    }
}

void qb_match_volume(qb_match *self, double *out_ratio)
{
    volumes volumes = {
        .places = qb_realloc(NULL, (self->count + 1) * sizeof *volumes.places),
        .apart = qb_realloc(NULL, (self->count + 1) * sizeof *volumes.apart),
        .levels = qb_realloc(NULL, (self->count + 1) * sizeof *volumes.levels),
    };
    if (volumes.places == NULL || volumes.apart == NULL || volumes.levels == NULL)
        self->no_memory = true;
    else
        collect(self, &volumes);
    if (volumes.count >= QB_STRETCH_ROWS) {
        const double apart = median_apart(self, &volumes, 0, volumes.count);
        *out_ratio = exp(apart);
        qb_levels(volumes.apart, volumes.count, volumes.levels);
        qb_which which = QB_NEITHER;
        if (volumes.count >= MONEY_ROWS && fabs(apart) > 1)
            which = is_money(self, &volumes, QB_SECOND)  ? QB_SECOND
                    : is_money(self, &volumes, QB_FIRST) ? QB_FIRST
                                                         : QB_NEITHER;
        if (which != QB_NEITHER)
            add(self, &volumes, 0, volumes.count, which, exp(apart));
        else
            find_units(self, &volumes);
    }
    qb_realloc(volumes.places, 0);
    qb_realloc(volumes.apart, 0);
    qb_realloc(volumes.levels, 0);
}
