/* Money, time, memory and random numbers.
 *
 * In: plain numbers. Out: plain numbers, or a status that says why not. Nothing here reads a
 * clock, a file or the environment, and nothing rounds in silence: every conversion between the
 * measured world (double) and the ledger (integer) names its rounding. */
#ifndef QB_BASE_H
#define QB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QB_CHECKED __attribute__((warn_unused_result))

/* ---- status ------------------------------------------------------------------------------- */

typedef enum qb_status {
    QB_OK = 0,
    QB_NO_MEMORY,    /* an allocation failed; nothing changed */
    QB_OVERFLOW,     /* a ledger amount left +-92 billion */
    QB_NOT_FINITE,   /* NaN or infinity where a number must be */
    QB_OUT_OF_RANGE, /* an argument outside its documented range */
    QB_BAD_FORMAT,   /* text that does not parse */
    QB_OUT_OF_ORDER, /* time ran backwards */
    QB_NOT_FOUND,
    QB_BAD_STRATEGY, /* a strategy broke its contract: ABI, size or parameters */
    QB_BROKEN,       /* a ledger identity does not hold: a bug, stop at once */
    QB_SINK_FAILED,  /* the listener could not take an event: stop, nothing is visible */
} qb_status;

/* A short English phrase, static, never NULL. */
const char *qb_status_text(qb_status status);

/* ---- money -------------------------------------------------------------------------------- */

#define QB_ONE INT64_C(100000000) /* 1.0 in every ledger unit below */

typedef struct qb_money {
    int64_t raw; /* 1e-8 of the currency */
} qb_money;

typedef struct qb_price {
    int64_t raw; /* 1e-8 of the currency per share or coin */
} qb_price;

typedef struct qb_quantity {
    int64_t raw; /* 1e-8 shares or coins; short < 0 */
} qb_quantity;

typedef struct qb_rate {
    int64_t raw; /* 1e-8: 0.001 (10 basis points) is 100000 */
} qb_rate;

/* INT64_MIN stands for no amount: every function below answers QB_OVERFLOW rather than produce
 * it, so that an amount can always be negated. Outputs stay untouched on failure. */

/* The one door from double to the ledger: value * 1e8, rounded half-even from the exact binary
 * value. QB_NOT_FINITE for NaN and infinity, QB_OVERFLOW beyond +-92 billion. */
QB_CHECKED static inline qb_status qb_raw_from_double(double value, int64_t *out_raw);
QB_CHECKED static inline qb_status qb_price_from_double(double value, qb_price *out)
{
    return qb_raw_from_double(value, &out->raw);
}
QB_CHECKED static inline qb_status qb_money_from_double(double value, qb_money *out)
{
    return qb_raw_from_double(value, &out->raw);
}
QB_CHECKED static inline qb_status qb_quantity_from_double(double value, qb_quantity *out)
{
    return qb_raw_from_double(value, &out->raw);
}
QB_CHECKED static inline qb_status qb_rate_from_double(double value, qb_rate *out)
{
    return qb_raw_from_double(value, &out->raw);
}

/* Exact decimal text to 1e-8 units: "-12.5"; digits on both sides of a point, no exponent, no
 * plus, no blanks, and only zeros after the eighth decimal. QB_BAD_FORMAT, QB_OVERFLOW. */
QB_CHECKED qb_status qb_raw_from_text(const char *text, size_t length, int64_t *out_raw);
/* The shortest exact decimal text, "12.5" or "-0.00000001"; buffer of QB_RAW_TEXT bytes.
 * Returns buffer. */
#define QB_RAW_TEXT 24
char *qb_raw_to_text(int64_t raw, char buffer[QB_RAW_TEXT]);

/* For statistics and print-outs only: never back into the ledger. */
static inline double qb_raw_to_double(int64_t raw)
{
    return (double)raw / (double)QB_ONE;
}

/* What qb_notional's short way leaves: a fraction of a unit. */
QB_CHECKED qb_status qb_notional_of_fraction(qb_price price, qb_quantity quantity, qb_money *out);
/* price x quantity, rounded once, half-even. The sign follows the quantity. The value of whole units
 * needs no rounding; all others take 128 bits. */
QB_CHECKED static inline qb_status qb_notional(qb_price price, qb_quantity quantity, qb_money *out)
{
    int64_t whole = quantity.raw / QB_ONE, value;
    if (whole * QB_ONE != quantity.raw)
        return qb_notional_of_fraction(price, quantity, out);
    if (__builtin_mul_overflow(price.raw, whole, &value) || value == INT64_MIN)
        return QB_OVERFLOW;
    out->raw = value;
    return QB_OK;
}
/* price x quantity x rate, in 128 bits, rounded once, half-even. The sign follows the product.
 * (A product beyond 128 bits is beyond the result's range as well: QB_OVERFLOW.) */
QB_CHECKED qb_status qb_notional_at_rate(qb_price price, qb_quantity quantity, qb_rate rate,
                                         qb_money *out);
/* amount x numerator / denominator in 128 bits, half-even. QB_OUT_OF_RANGE unless
 * denominator > 0. */
QB_CHECKED qb_status qb_muldiv(int64_t amount, int64_t numerator, int64_t denominator,
                               int64_t *out);
QB_CHECKED static inline qb_status qb_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum) || sum == INT64_MIN)
        return QB_OVERFLOW;
    *out = sum;
    return QB_OK;
}

/* The cases that qb_raw_from_double's fast path leaves: large, tied, not finite. */
QB_CHECKED qb_status qb_raw_from_double_exactly(double value, int64_t *out_raw);

/* Below 2^51 the rounded product p and the exact one differ by less than half the spacing of
 * doubles there, and that spacing divides 1/2. So only where p itself lies half way can the exact
 * product round elsewhere than p does. */
QB_CHECKED static inline qb_status qb_raw_from_double(double value, int64_t *out_raw)
{
    double product = value * (double)QB_ONE;
    if (__builtin_expect(!(__builtin_fabs(product) < 0x1p51), 0))
        return qb_raw_from_double_exactly(value, out_raw);
    int64_t nearest = __builtin_llrint(product);
    if (__builtin_expect(__builtin_fabs(product - (double)nearest) == 0.5, 0))
        return qb_raw_from_double_exactly(value, out_raw);
    *out_raw = nearest;
    return QB_OK;
}

/* ---- time --------------------------------------------------------------------------------- */

/* Instants are int64 microseconds since 1970-01-01 UTC, named _us. Dates are int32 days since
 * then, named _date, in the proleptic Gregorian calendar. */
#define QB_SECOND_US INT64_C(1000000)
#define QB_MINUTE_US (60 * QB_SECOND_US)
#define QB_HOUR_US (60 * QB_MINUTE_US)
#define QB_DAY_US (24 * QB_HOUR_US)

typedef struct qb_civil {
    int32_t year;
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
} qb_civil;

/* The date of a day that exists; years -5,000,000 to 5,000,000. Back from any date. */
int32_t qb_date_from_civil(qb_civil civil);
qb_civil qb_civil_from_date(int32_t date);
/* 28..31; month 1..12. */
int32_t qb_days_in_month(int32_t year, int32_t month);
/* 0 Monday .. 6 Sunday. */
int32_t qb_weekday(int32_t date);
/* Floor, so that instants before 1970 fall on the right day. */
int32_t qb_date_from_us(int64_t instant_us);

#define QB_TIME_TEXT 32
/* "2020-01-31" */
char *qb_date_to_text(int32_t date, char buffer[QB_TIME_TEXT]);
/* "2020-01-31T14:30:00Z", with ".ffffff" before Z only where it is not zero. Both write any
 * date (a year has at least four digits, and a minus before year 0) and return buffer. */
char *qb_time_to_text(int64_t instant_us, char buffer[QB_TIME_TEXT]);
/* A bare date is 00:00 UTC; "2020-01-31T14:30[:00[.ffffff]]" with T or space, then Z, +hh:mm,
 * -hh:mm, or nothing (UTC). The fraction has one to six digits, and beyond those only zeros.
 * QB_BAD_FORMAT else; years 1000..9999; hour 24 and second 60 are refused. */
QB_CHECKED qb_status qb_time_from_text(const char *text, size_t length, int64_t *out_us);

/* ---- memory ------------------------------------------------------------------------------- */

/* One arena per run: chunks of memory that are freed together. Embedded; start from {0}. */
typedef struct qb_arena {
    struct qb_arena_chunk *chunks;
    size_t used;     /* bytes in the newest chunk */
    size_t reserved; /* bytes in all chunks */
} qb_arena;

/* Zeroed, 64-byte aligned memory of count * size bytes, valid until qb_arena_clear.
 * NULL when the system has none or the product overflows; the arena is as before then. A size
 * of 0 gives a valid pointer of its own. */
void *qb_arena_alloc(qb_arena *arena, size_t count, size_t size);
/* The same, but nothing is known of what stands in it: for tables of which a run writes only what it
 * needs, before it reads it. */
void *qb_arena_reserve(qb_arena *arena, size_t count, size_t size);
/* Frees all of it; the arena is empty and may be used again. */
void qb_arena_clear(qb_arena *arena);

/* Every allocation of core goes through this pointer, so that tests can make the k-th one fail.
 * Same meaning as realloc; size 0 frees. */
extern void *(*qb_realloc)(void *memory, size_t size);

/* ---- random numbers ----------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): one
 * word of state, so a checkpoint stores it as a number. */
typedef struct qb_random {
    uint64_t state;
} qb_random;

static inline uint64_t qb_random_next(qb_random *random)
{
    uint64_t mixed = random->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}
/* Uniform in [0, 1) with 53 bits. */
double qb_random_unit(qb_random *random);

#endif
