/* The honesty of data: what is wrong with a series, and what only looks wrong.
 *
 * In: columns of bars as somebody stored or sent them, and the calendar they should follow. Out: a
 * list of defects, each with its row, what speaks for it and what to do. Never fills, repairs or
 * drops a bar. Included by market.h. */
#ifndef QB_QUALITY_H
#define QB_QUALITY_H

typedef enum qb_defect_kind {
    /* Row by row, by qb_validate. */
    QB_DEFECT_OUT_OF_ORDER,    /* stamp before the row above */
    QB_DEFECT_DUPLICATE,       /* stamp equal to an earlier row: the last one counts */
    QB_DEFECT_NOT_FINITE,      /* NaN or infinity in open, high, low or close */
    QB_DEFECT_NOT_POSITIVE,    /* price <= 0, or volume < 0 */
    QB_DEFECT_HIGH_LOW,        /* high below, or low above, another price of the bar */
    QB_DEFECT_MISALIGNED,      /* stamp off the interval's grid */
    QB_DEFECT_NON_SESSION,     /* on a day without a session */
    QB_DEFECT_OUTSIDE_SESSION, /* on a session day, outside its regular hours */
    QB_DEFECT_FORWARD_FILL,    /* a run of rows that repeat the row above: see below */
    /* From the series as a whole, by qb_suspect: none of them is certain. */
    QB_DEFECT_ZERO_VOLUME,      /* nothing traded, in a series that has volumes */
    QB_DEFECT_STALE,            /* many bars in a row with one and the same price */
    QB_DEFECT_SPIKE,            /* a price that leaves its neighbours and comes back */
    QB_DEFECT_OUTLIER,          /* a move far beyond the others, which stays */
    QB_DEFECT_UNDECLARED_SPLIT, /* a move by the ratio of a split that is not declared */
    QB_DEFECT_VOLUME,      /* volume far from its neighbours, or in other units from a row on */
    QB_DEFECT_ZONE_SHIFT,  /* a stretch whose stamps are whole hours off the session */
    QB_DEFECT_MIXED_BASIS, /* pieces of another adjustment: a level that jumps and returns */
    QB_DEFECT_KIND_COUNT,
} qb_defect_kind;

typedef enum qb_severity {
    QB_SEVERITY_NOTE,    /* a fact to know */
    QB_SEVERITY_WARNING, /* results may be wrong: look at it */
    QB_SEVERITY_ERROR,   /* the bars are unfit */
} qb_severity;

typedef struct qb_defect {
    qb_defect_kind kind;
    size_t row;        /* 0-based index into the series */
    size_t rows;       /* how many rows it spans from there on; 1 mostly */
    int64_t ts_us;     /* of that row */
    double value;      /* the offending number or ratio, NaN where there is none */
    const char *field; /* "open" .. "volume", "ts"; static */
} qb_defect;

/* Defects are stored up to capacity, and of one kind at most per_kind; the counts go on counting.
 * Start from {0}, or from {.items, .capacity, .per_kind}. */
typedef struct qb_defects {
    qb_defect *items; /* caller's array of capacity entries, may be NULL with 0 */
    size_t capacity;
    size_t per_kind; /* 0: no limit but capacity */
    size_t stored, count;
    size_t by_kind[QB_DEFECT_KIND_COUNT];
    size_t rows_of_kind[QB_DEFECT_KIND_COUNT]; /* the sum of the defects' rows */
} qb_defects;

/* "duplicate", "high-low" ...; static. */
const char *qb_defect_text(qb_defect_kind kind);
/* True for the kinds that make a file unfit (not finite, not positive, high-low, misaligned). */
bool qb_defect_is_fatal(qb_defect_kind kind);
/* Errors: the fatal kinds. Warnings: what may well be wrong (out of order, duplicate, forward
 * fill, stale, spike, undeclared split, volume, zone shift, mixed basis). Notes: what is often
 * quite right (non-session, outside session, zero volume, outlier). */
qb_severity qb_defect_severity(qb_defect_kind kind);
/* What a person can do about it, one static sentence without a final point. */
const char *qb_defect_suggestion(qb_defect_kind kind);
/* "note", "warning", "error"; static. */
const char *qb_severity_text(qb_severity severity);

/* Every row-by-row rule over every row, in row order; the series may be unsorted here. defects'
 * counts start at zero again; its array is the caller's. QB_NO_MEMORY only for an unsorted series,
 * whose duplicates take a sorted copy of the stamps to find; defects is untouched then.
 *
 * A stamp has at most one of misaligned, non-session and outside-session, in that order. Each
 * bad number of a row is a defect of its own; an infinite volume counts as not finite.
 * A forward-fill leak is a row whose open, high, low and close all equal the close of the row
 * above, with volume 0 or unknown, while the row is not flagged synthetic or sampled, in a
 * series that otherwise has moving bars (one at least with high above low) and volumes (one at
 * least above 0: a quiet minute of quotes or of an index repeats the last one quite rightly): each
 * such row is one defect. */
QB_CHECKED qb_status qb_validate(const qb_series *series, const qb_calendar *calendar,
                                 qb_interval interval, qb_defects *defects);

/* The rules that look at the series as a whole, added to what defects holds already, kind by kind
 * in row order. The series must be ascending; rows that qb_validate finds unfit are left out of
 * the statistics. adjusted: the prices are adjusted for splits, or are of something that has none
 * (no undeclared ones to look for, and declared ones are in the prices). Each rule's threshold and
 * reason stand in suspect_*.c, and for readers in docs/QUALITY.md. O(n), 33 bytes a row. An
 * outlier's, split's or piece's value is the ratio of prices, a shift's its hours, else the
 * offending number. QB_NO_MEMORY leaves defects as it was. */
QB_CHECKED qb_status qb_suspect(const qb_series *series, const qb_calendar *calendar,
                                qb_interval interval, bool adjusted, qb_defects *defects);

#endif
