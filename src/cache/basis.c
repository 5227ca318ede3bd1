/* Whether new bars are on the basis of the stored ones. Back-adjusted prices differ from raw ones,
 * and from those of another day, by factors that are constant between two dividends or splits; a
 * correction touches single rows. Prices are rounded to cents, so factors are compared to 0.1 %,
 * and what is less than 0.2 % from 1 is no other basis. */
#include "cache/cache-private.h"

#include <math.h>

#define APART 0.002
#define ALIKE 0.001
#define RUN_ROWS 5
/* Rows that differ must be in long runs, nearly all of them. */
#define SHARE_IN_RUNS 0.9

static gboolean differs(double factor)
{
    return fabs(factor - 1) > APART;
}

static void end_run(basis_check *self)
{
    if (differs(self->run.factor) && self->run.rows >= RUN_ROWS) {
        self->in_runs += self->run.rows;
        if (self->first.rows == 0)
            self->first = self->run;
    }
}

static void add_row(basis_check *self, gint64 ts_us, double stored, double given)
{
    const double factor = given / stored;
    self->overlap++;
    self->differing += differs(factor) ? 1 : 0;
    if (self->run.rows > 0 && fabs(factor / self->run.factor - 1) <= ALIKE) {
        self->run.rows++;
        return;
    }
    end_run(self);
    self->run = (basis_run){.factor = factor, .first_us = ts_us, .rows = 1};
}

void basis_compare(basis_check *self, const qb_series *stored, const qb_series *bars)
{
    for (gsize a = 0, b = 0; a < stored->count && b < bars->count;) {
        if (stored->ts_us[a] < bars->ts_us[b]) {
            a++;
        } else if (stored->ts_us[a] > bars->ts_us[b]) {
            b++;
        } else {
            add_row(self, bars->ts_us[b], stored->close[a], bars->close[b]);
            a++;
            b++;
        }
    }
}

/* p:1 and 3:2, or the reverse. */
static gboolean is_split(double factor)
{
    const double ratio = factor < 1 ? 1 / factor : factor;
    const double nearest = ratio < 1.75 ? 1.5 : round(ratio);
    return fabs(ratio / nearest - 1) <= 2 * ALIKE && ratio < 50.5;
}

/* So short an overlap must be alike throughout. */
static gboolean is_short_run(const basis_check *self)
{
    return self->overlap < RUN_ROWS && self->run.rows == self->overlap && self->overlap > 0 &&
           differs(self->run.factor) && (self->overlap > 1 || is_split(self->run.factor));
}

basis_run basis_finish(basis_check *self)
{
    if (is_short_run(self))
        return self->run;
    end_run(self);
    if (self->first.rows > 0 && (double)self->in_runs >= SHARE_IN_RUNS * (double)self->differing)
        return self->first;
    return (basis_run){0};
}
