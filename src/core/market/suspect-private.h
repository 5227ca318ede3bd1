/* What the rules over a whole series share: the rows that count, how far each close moved, and how
 * far closes usually move around it. */
#ifndef QB_SUSPECT_PRIVATE_H
#define QB_SUSPECT_PRIVATE_H

#include "core/market/quality-private.h"

/* What a row was found to be, so that one event is told once. */
typedef enum qb_suspect_mark {
    QB_MARK_NONE,
    QB_MARK_SPIKE_OPEN,
    QB_MARK_SPIKE_HIGH,
    QB_MARK_SPIKE_LOW,
    QB_MARK_SPIKE_CLOSE,
    QB_MARK_OUTLIER,
    QB_MARK_SPLIT,
    QB_MARK_MIXED,     /* the first row of a piece on another basis */
    QB_MARK_DIGITS,    /* the same, told by the digits of its prices */
    QB_MARK_EXPLAINED, /* belongs to a row marked before */
} qb_suspect_mark;

#define QB_SUSPECT_BLOCK 64 /* rows whose usual move is taken together */

/* Places are indices into rows: the n-th row that counts. About 33 bytes a row. */
typedef struct qb_suspicion {
    const qb_series *series;
    const qb_calendar *calendar;
    qb_interval interval;
    bool adjusted;
    qb_defects *defects;

    size_t *rows; /* rows of the series that are sound by themselves */
    size_t count;
    double *moves;  /* log of the close, with split and dividend, over the close before; [0] is 0 */
    double *usual;  /* by block: what stands for one standard deviation of moves a bar apart */
    double *spare;  /* count numbers for whoever needs them */
    uint8_t *marks; /* qb_suspect_mark */
    size_t *spans;  /* of a marked place: how many places it spans */
    qb_split_suspect *splits;
    size_t split_count;
} qb_suspicion;

/* The value that would stand at nth if values were sorted; reorders them. nth < count. */
double qb_select(double *values, size_t count, size_t nth);
/* The median of count >= 1 values; reorders them. */
double qb_median(double *values, size_t count);

/* The log of what a share of the close before became at `price` of that place; 0 at the first. */
double qb_suspect_move(const qb_suspicion *self, size_t place, double price);
/* How many usual moves the log distance at that place is; a distance to the close before (gap) may
 * grow with the root of the time since. */
double qb_suspect_size(const qb_suspicion *self, size_t place, double distance, bool gap);
void qb_suspect_report(qb_suspicion *self, qb_defect_kind kind, size_t place, size_t places,
                       double value, const char *field);

/* suspect_price.c: fills moves and usual; then marks, in this order; then reports. */
void qb_suspect_moves(qb_suspicion *self);
void qb_suspect_mark_pieces(qb_suspicion *self);
void qb_suspect_mark_splits(qb_suspicion *self);
void qb_suspect_mark_spikes(qb_suspicion *self);
void qb_suspect_mark_outliers(qb_suspicion *self);
/* suspect_digits.c */
void qb_suspect_mark_digits(qb_suspicion *self);
/* suspect_volume.c */
void qb_suspect_zero_volume(qb_suspicion *self);
void qb_suspect_stale(qb_suspicion *self);
void qb_suspect_volume(qb_suspicion *self);
/* suspect_zone.c */
void qb_suspect_zone(qb_suspicion *self);

#endif
