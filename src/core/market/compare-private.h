/* What the rules that compare two series share: the bars of both, side by side. */
#ifndef QB_COMPARE_PRIVATE_H
#define QB_COMPARE_PRIVATE_H

#include "core/market/suspect-private.h"

enum { QB_OPEN, QB_HIGH, QB_LOW, QB_CLOSE, QB_PRICES };

#define QB_STRETCH_ROWS 5  /* fewer bars on another level are single bars */
#define QB_NOISY_SHARE 0.2 /* where more bars differ, differing is usual */

/* Numbers by place: the n-th bar that both have. About 120 bytes a bar. */
typedef struct qb_match {
    const qb_series *first, *second;
    const qb_compare_how *how;
    size_t *first_rows, *second_rows;
    size_t count;
    double *apart[QB_PRICES]; /* log of second over first, less the level */
    double *level;            /* what the closes of the bars around are apart */
    double *ratio;            /* log of second over first, of closes */
    double *moves;            /* log of the first's close over its close before; [0] is 0 */
    double *spare;
    uint8_t *marks;          /* qb_cause + 1 of a place in a stretch; 0: none */
    double usual[QB_PRICES]; /* how far prices usually are apart; 0 where they usually are not */
    qb_difference *items;
    size_t item_count, item_room;
    bool no_memory; /* an item could not be kept */
} qb_match;

extern const char *const qb_price_names[QB_PRICES];
/* Of one series. */
const double *qb_match_column(const qb_series *series, int price);
int64_t qb_match_stamp(const qb_match *self, size_t place);
/* Adds a copy; on no memory notes that. */
void qb_match_add(qb_match *self, const qb_difference *difference);
/* The item for places from..to (included) of one price, with values and factor of the first. */
qb_difference qb_match_item(const qb_match *self, qb_cause cause, int price, size_t from,
                            size_t to);

/* compare_levels.c: medians over the eleven places around each; exact where one level follows
 * another. */
void qb_levels(const double *values, size_t count, double *out_levels);
/* The median distance of those that are further than `tolerance` from their level, as a standard
 * deviation; 0 where fewer than QB_NOISY_SHARE are. spare: count numbers. */
double qb_usual_distance(const double *values, const double *levels, size_t count, double tolerance,
                         double *spare);
/* Each stretch of at least QB_STRETCH_ROWS places whose level is further from 0 than `far`, cut
 * where the level steps by more than `step`. drifts: levels wander instead of stepping, and it was
 * not cut. */
typedef struct qb_stretch {
    size_t from, to; /* places, to excluded */
    bool drifts;
} qb_stretch;
bool qb_next_stretch(const double *levels, size_t count, double far, double step, bool noisy,
                     qb_stretch *stretch);

/* compare_prices.c: stretches, then what is usual, then single bars. */
void qb_match_stretches(qb_match *self);
void qb_match_usual(qb_match *self);
void qb_match_single(qb_match *self);
/* compare_volume.c */
void qb_match_volume(qb_match *self, double *out_ratio);
/* compare_absent.c: counts too. */
void qb_match_absent(qb_match *self, size_t *out_only_first, size_t *out_only_second);

#endif
