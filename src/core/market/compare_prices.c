/* Prices: stretches on another level, differences that are usual, and single bars far off. */
#include "core/market/compare-private.h"

#include <math.h>

#define FAR 12.0    /* usual distances: in noise, less is no other level */
#define STEP 6.0    /* usual distances that levels of one piece may differ by */
#define SINGLE 8.0  /* usual distances: a bar beyond is one by itself */
#define TICK 1.0    /* usual moves of the price: less is no bad tick */
#define TICK_ROWS 2 /* more bars in a row are no tick */
#define AWAY 1.5    /* how much further than the other's the bad price is from its neighbours */
#define NORMAL 1.4826
#define HOURS_ROWS 60 /* fewer days tell no hour */
/* A close some hours later holds that share of the next day's move, so it goes along with it: by
 * the root of the share. Exchanges' differences go along with no move. */
#define ALONG_MIN 0.3
#define WHOLE_DAY 0.8

/* ---- stretches ------------------------------------------------------------------------------ */

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double median_ratio(const qb_match *self, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        self->spare[i - from] = self->ratio[i];
    return qb_median(self->spare, to - from);
}

static void add_stretch(qb_match *self, const qb_stretch *stretch)
{
    const qb_cause cause = stretch->drifts ? QB_CAUSE_CURRENCY : QB_CAUSE_ADJUSTMENT;
    qb_difference item = qb_match_item(self, cause, QB_CLOSE, stretch->from, stretch->to - 1);
    item.factor = item.last_factor = exp(median_ratio(self, stretch->from, stretch->to));
    if (stretch->drifts) {
        item.factor = exp(self->level[stretch->from]);
        item.last_factor = exp(self->level[stretch->to - 1]);
    }
    qb_match_add(self, &item);
    for (size_t place = stretch->from; place < stretch->to; place++)
        self->marks[place] = (uint8_t)(cause + 1);
}

/* The places of stretches, and of those that drift. */
static void count_stretches(const qb_match *self, double far, double step, bool noisy,
                            size_t *out_places, size_t *out_drifting)
{
    qb_stretch stretch = {0};
    *out_places = *out_drifting = 0;
    while (qb_next_stretch(self->level, self->count, far, step, noisy, &stretch)) {
        *out_places += stretch.to - stretch.from;
        *out_drifting += stretch.drifts ? stretch.to - stretch.from : 0;
    }
}

void qb_match_stretches(qb_match *self)
{
    const double tolerance = self->how->tolerance;
    const double usual = qb_usual_distance(self->ratio, self->level, self->count, tolerance,
                                           self->spare);
    const double far = larger(tolerance, FAR * usual), step = larger(tolerance, STEP * usual);
    size_t places, drifting;
    count_stretches(self, far, step, usual > 0, &places, &drifting);
    if (2 * drifting > places) { /* also where the rate passes parity */
        add_stretch(self, &(qb_stretch){0, self->count, true});
        return;
    }
    qb_stretch stretch = {0};
    while (qb_next_stretch(self->level, self->count, far, step, usual > 0, &stretch))
        add_stretch(self, &stretch);
}

/* ---- what is usual -------------------------------------------------------------------------- */

typedef struct along {
    double with_next, share_next; /* correlation and slope against the move after the bar */
    double with_same, share_same; /* against the bar's own */
} along;

static double clipped(double value, double limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

/* Places between whose stamps days are missing are as good as others: moves then are longer. */
static along measure_along(const qb_match *self, double centre)
{
    const double limit = 5 * self->usual[QB_CLOSE];
    double next_xy = 0, next_yy = 0, next_xx = 0, same_xy = 0, same_yy = 0, same_xx = 0;
    for (size_t i = 1; i + 1 < self->count; i++) {
        if (self->marks[i] != 0)
            continue;
        const double x = clipped(self->ratio[i] - centre, limit);
        next_xy += x * self->moves[i + 1];
        next_yy += self->moves[i + 1] * self->moves[i + 1];
        next_xx += x * x;
        same_xy += x * self->moves[i];
        same_yy += self->moves[i] * self->moves[i];
        same_xx += x * x;
    }
    return (along){
        .with_next = next_xy / sqrt(next_xx * next_yy + 1e-300),
        .share_next = next_xy / (next_yy + 1e-300),
        .with_same = same_xy / sqrt(same_xx * same_yy + 1e-300),
        .share_same = same_xy / (same_yy + 1e-300),
    };
}

/* How many hours later than the first's the second's days end; 0: they end together. */
static double find_hours(const qb_match *self, size_t unmarked, double centre)
{
    if (self->how->interval != QB_1D || unmarked < HOURS_ROWS)
        return 0;
    const along along = measure_along(self, centre);
    double share = 0;
    if (along.with_next >= ALONG_MIN && along.with_next >= -along.with_same)
        share = along.share_next;
    else if (along.with_same <= -ALONG_MIN)
        share = along.share_same;
    if (fabs(share) >= WHOLE_DAY)
        return share > 0 ? 24 : -24;
    return 24 * share;
}

/* Whether opens agree, but for one in twenty: with the centre of the closes, since closes that are
 * noisy make a noisy level. */
static bool opens_agree(const qb_match *self, size_t unmarked, double centre)
{
    size_t beyond = 0;
    for (size_t i = 0; i < self->count; i++) {
        const double apart = self->apart[QB_OPEN][i] + self->level[i] - centre;
        beyond += self->marks[i] == 0 && fabs(apart) > self->how->tolerance;
    }
    return 20 * beyond < unmarked;
}

static void level_out(qb_match *self, double centre)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->marks[i] != 0)
            continue;
        for (int price = 0; price < QB_PRICES; price++)
            self->apart[price][i] += self->level[i] - centre;
        self->level[i] = centre;
    }
}

static void measure_usual(qb_match *self)
{
    for (int price = 0; price < QB_PRICES; price++)
        self->usual[price] = qb_usual_distance(self->apart[price], NULL, self->count,
                                               self->how->tolerance, self->spare);
}

static bool beyond_anywhere(const qb_match *self, size_t place)
{
    for (int price = 0; price < QB_PRICES; price++)
        if (fabs(self->apart[price][place]) > self->how->tolerance)
            return true;
    return false;
}

/* One item for all bars that differ as is usual for them. */
static void add_usual(qb_match *self, qb_cause cause, int price, double factor, double hours)
{
    size_t from = self->count, to = 0, rows = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (self->marks[i] != 0 || !beyond_anywhere(self, i))
            continue;
        from = i < from ? i : from;
        to = i;
        rows++;
    }
    if (rows == 0)
        return;
    qb_difference item = qb_match_item(self, cause, price, from, to);
    item.rows = rows;
    item.factor = item.last_factor = factor;
    item.hours = hours;
    qb_match_add(self, &item);
}

static int noisiest_price(const qb_match *self)
{
    int price = QB_CLOSE;
    for (int i = 0; i < QB_PRICES; i++)
        if (self->usual[i] > self->usual[price])
            price = i;
    return price;
}

void qb_match_usual(qb_match *self)
{
    size_t unmarked = 0;
    for (size_t i = 0; i < self->count; i++)
        if (self->marks[i] == 0)
            self->spare[unmarked++] = self->ratio[i];
    const double centre = unmarked > 0 ? qb_median(self->spare, unmarked) : 0;
    measure_usual(self);
    const bool only_close = self->usual[QB_CLOSE] > 0 && unmarked > 0 &&
                            opens_agree(self, unmarked, centre);
    if (only_close) {
        level_out(self, centre);
        measure_usual(self);
    }
    const int price = noisiest_price(self);
    if (self->usual[price] <= 0 || unmarked == 0)
        return;
    const double hours = self->usual[QB_CLOSE] > 0 && !only_close
                             ? find_hours(self, unmarked, centre)
                             : 0;
    qb_cause cause = QB_CAUSE_OTHER_MARKET;
    if (only_close)
        cause = QB_CAUSE_OTHER_CLOSE;
    else if (hours != 0)
        cause = QB_CAUSE_OTHER_HOUR;
    add_usual(self, cause, cause == QB_CAUSE_OTHER_MARKET ? price : QB_CLOSE, exp(centre), hours);
}

/* ---- single bars ---------------------------------------------------------------------------- */

static double single_limit(const qb_match *self, int price)
{
    return larger(self->how->tolerance, SINGLE * self->usual[price]);
}

/* The price of a place that is furthest beyond its limit; -1: none is. */
static int price_beyond(const qb_match *self, size_t place)
{
    int found = -1;
    double most = 1;
    for (int price = QB_PRICES; price-- > 0;) {
        const double size = fabs(self->apart[price][place]) / single_limit(self, price);
        if (size > most) {
            most = size;
            found = price;
        }
    }
    return found;
}

/* How far a series' price is from its own closes before and after. */
static double distance_from_neighbours(const qb_series *series, const size_t *rows, size_t count,
                                       size_t place, int price)
{
    const double value = log(qb_match_column(series, price)[rows[place]]);
    const double before = log(series->close[rows[place > 0 ? place - 1 : place + 1]]);
    const double after = log(series->close[rows[place + 1 < count ? place + 1 : place - 1]]);
    return fabs(value - (before + after) / 2);
}

static qb_which side_that_is_off(const qb_match *self, size_t place, int price)
{
    if (self->count < 2)
        return QB_NEITHER;
    const double first = distance_from_neighbours(self->first, self->first_rows, self->count, place,
                                                  price);
    const double second = distance_from_neighbours(self->second, self->second_rows, self->count,
                                                   place, price);
    if (first > AWAY * second)
        return QB_FIRST;
    return second > AWAY * first ? QB_SECOND : QB_NEITHER;
}

static double usual_move(qb_match *self)
{
    size_t count = 0;
    for (size_t i = 1; i < self->count; i++)
        self->spare[count++] = fabs(self->moves[i]);
    return count > 0 ? NORMAL * qb_median(self->spare, count) : 0;
}

/* Places from..to differ in the same price, and their neighbours do not. */
static void add_single(qb_match *self, int price, size_t from, size_t to, double move)
{
    const bool brief = to - from + 1 <= TICK_ROWS;
    const bool large = fabs(self->apart[price][from]) >= TICK * move;
    qb_difference item = qb_match_item(self, QB_CAUSE_UNEXPLAINED, price, from, to);
    item.which = side_that_is_off(self, from, price);
    if (brief && large && item.which != QB_NEITHER)
        item.cause = QB_CAUSE_BAD_TICK;
    else
        item.which = QB_NEITHER;
    qb_match_add(self, &item);
}

void qb_match_single(qb_match *self)
{
    const double move = usual_move(self);
    for (size_t from = 0; from < self->count;) {
        const int price = price_beyond(self, from);
        size_t to = from + 1;
        while (price >= 0 && to < self->count && price_beyond(self, to) == price)
            to++;
        if (price >= 0)
            add_single(self, price, from, to - 1, move);
        from = to;
    }
}
