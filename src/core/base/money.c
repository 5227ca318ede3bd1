/* Ledger arithmetic: integers of 1e-8, products in 128 bits, one rounding, half-even.
 *
 * Everything works on magnitudes, for half-even is symmetric about zero, and the sign is put back
 * at the end. */
#include "core/base/base.h"

#include <math.h>

typedef unsigned __int128 wide;

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

static qb_status signed_result(uint64_t quotient, bool negative, int64_t *out)
{
    if (quotient > INT64_MAX)
        return QB_OVERFLOW;
    *out = negative ? -(int64_t)quotient : (int64_t)quotient;
    return QB_OK;
}

/* value / divisor, half-even, for a constant even divisor with 2^shift <= divisor < 2^62 and a
 * value below divisor x 2^63; reciprocal is floor(2^(64 + shift) / divisor).
 *
 * The library's 128-bit division takes 3 ns where the processor divides fast and ten times that
 * where it does not. Here the value's 64 leading bits times the reciprocal give the quotient or
 * up to two less: the bits cut off are worth less than one, so is the reciprocal's own error, and
 * so is the final cut. The remainder, taken modulo 2^64, says which; which is as good as random,
 * so it is not worth a branch. Half the divisor goes in first: then the floor is the rounding, but
 * for a tie, which shows as no remainder. */
static inline uint64_t divide_rounded(wide value, unsigned shift, uint64_t divisor,
                                      uint64_t reciprocal)
{
    value += divisor / 2;
    uint64_t leading = (uint64_t)(value >> shift);
    uint64_t quotient = (uint64_t)(((wide)leading * reciprocal) >> 64);
    uint64_t remainder = (uint64_t)value - quotient * divisor;
    quotient += (uint64_t)(remainder >= divisor) + (remainder >= 2 * divisor);
    if (__builtin_expect((uint64_t)value == quotient * divisor, 0))
        quotient &= ~UINT64_C(1);
    return quotient;
}

#define ONE_SHIFT 26 /* 2^26 <= 1e8 */
#define ONE_RECIPROCAL ((uint64_t)(((wide)1 << (64 + ONE_SHIFT)) / (uint64_t)QB_ONE))
#define ONE_SQUARED ((uint64_t)QB_ONE * (uint64_t)QB_ONE)
#define ONE_SQUARED_SHIFT 53 /* 2^53 <= 1e16 */
#define ONE_SQUARED_RECIPROCAL ((uint64_t)(((wide)1 << (64 + ONE_SQUARED_SHIFT)) / ONE_SQUARED))

qb_status qb_notional(qb_price price, qb_quantity quantity, qb_money *out)
{
    wide product = (wide)magnitude(price.raw) * magnitude(quantity.raw);
    if (product >= (wide)QB_ONE << 63)
        return QB_OVERFLOW;
    uint64_t cost = divide_rounded(product, ONE_SHIFT, QB_ONE, ONE_RECIPROCAL);
    return signed_result(cost, (price.raw ^ quantity.raw) < 0, &out->raw);
}

qb_status qb_notional_at_rate(qb_price price, qb_quantity quantity, qb_rate rate, qb_money *out)
{
    wide product = (wide)magnitude(price.raw) * magnitude(quantity.raw);
    uint64_t factor = magnitude(rate.raw);
    wide upper = (wide)(uint64_t)(product >> 64) * factor;
    if (upper >> ONE_SQUARED_SHIFT)
        return QB_OVERFLOW;
    wide lower = (wide)(uint64_t)product * factor;
    /* Below 2^117 + 2^127: the sum cannot wrap. */
    product = (upper << 64) + lower;
    if (product >= (wide)ONE_SQUARED << 63)
        return QB_OVERFLOW;
    uint64_t cost = divide_rounded(product, ONE_SQUARED_SHIFT, ONE_SQUARED, ONE_SQUARED_RECIPROCAL);
    return signed_result(cost, (price.raw ^ quantity.raw ^ rate.raw) < 0, &out->raw);
}

/* Adds the rounding of remainder / divisor to the quotient, half-even. The remainder is below the
 * divisor, and twice the divisor fits. */
static uint64_t round_half_even(uint64_t quotient, uint64_t remainder, uint64_t divisor)
{
    uint64_t twice = remainder * 2;
    return quotient + (twice > divisor || (twice == divisor && (quotient & 1)));
}

qb_status qb_muldiv(int64_t amount, int64_t numerator, int64_t denominator, int64_t *out)
{
    if (denominator <= 0)
        return QB_OUT_OF_RANGE;
    uint64_t divisor = (uint64_t)denominator;
    wide product = (wide)magnitude(amount) * magnitude(numerator);
    if ((uint64_t)(product >> 64) >= divisor)
        return QB_OVERFLOW; /* the quotient needs more than 64 bits */
    uint64_t quotient = (uint64_t)(product / divisor);
    uint64_t remainder = (uint64_t)product - quotient * divisor;
    if (quotient > INT64_MAX)
        return QB_OVERFLOW;
    quotient = round_half_even(quotient, remainder, divisor);
    return signed_result(quotient, (amount ^ numerator) < 0, out);
}

/* ---- from and to double ------------------------------------------------------------------- */

/* value = mantissa x 2^exponent with a 53-bit mantissa; times 1e8 that has at most 80 bits. */
static qb_status raw_of_large(double value, int64_t *out_raw)
{
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    if (exponent > 37)
        return QB_OVERFLOW; /* 2^37 is 137 billion */
    wide product = (wide)(uint64_t)ldexp(fraction, 53) * (uint64_t)QB_ONE;
    /* The fast path took what is below 2^51 units, which is above 2^24: 53 - exponent is 16..28. */
    unsigned shift = (unsigned)(53 - exponent);
    uint64_t quotient = (uint64_t)(product >> shift);
    uint64_t remainder = (uint64_t)product & ((UINT64_C(1) << shift) - 1);
    return signed_result(round_half_even(quotient, remainder, UINT64_C(1) << shift), value < 0,
                         out_raw);
}

qb_status qb_raw_from_double_exactly(double value, int64_t *out_raw)
{
    if (!isfinite(value))
        return QB_NOT_FINITE;
    double product = value * (double)QB_ONE;
    if (!(fabs(product) < 0x1p51))
        return raw_of_large(value, out_raw);

    int64_t nearest = llrint(product);
    double above = product - (double)nearest;
    /* What the product lost by rounding, exactly. */
    double lost = fma(value, (double)QB_ONE, -product);
    if (above == 0.5 && lost > 0)
        nearest++;
    else if (above == -0.5 && lost < 0)
        nearest--;
    *out_raw = nearest;
    return QB_OK;
}

/* ---- text --------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Appends one decimal digit; false when the amount leaves int64. */
static bool push_digit(uint64_t *amount, unsigned digit)
{
    if (*amount > ((uint64_t)INT64_MAX - digit) / 10)
        return false;
    *amount = *amount * 10 + digit;
    return true;
}

qb_status qb_raw_from_text(const char *text, size_t length, int64_t *out_raw)
{
    size_t at = 0;
    bool negative = length > 0 && text[0] == '-';
    at += negative;

    uint64_t amount = 0;
    bool fits = true;
    size_t digits_from = at;
    for (; at < length && is_digit(text[at]); at++)
        fits = fits && push_digit(&amount, (unsigned)(text[at] - '0'));
    if (at == digits_from)
        return QB_BAD_FORMAT;

    int decimals = 0;
    if (at < length && text[at] == '.') {
        size_t decimals_from = ++at;
        for (; at < length && is_digit(text[at]); at++) {
            if (decimals < 8)
                fits = fits && push_digit(&amount, (unsigned)(text[at] - '0'));
            else if (text[at] != '0')
                return QB_BAD_FORMAT;
            decimals += decimals < 8;
        }
        if (at == decimals_from)
            return QB_BAD_FORMAT;
    }
    if (at != length)
        return QB_BAD_FORMAT;
    for (; decimals < 8; decimals++)
        fits = fits && push_digit(&amount, 0);
    return fits ? signed_result(amount, negative, out_raw) : QB_OVERFLOW;
}

char *qb_raw_to_text(int64_t raw, char buffer[QB_RAW_TEXT])
{
    uint64_t whole = magnitude(raw) / (uint64_t)QB_ONE;
    uint64_t part = magnitude(raw) % (uint64_t)QB_ONE;

    char reversed[QB_RAW_TEXT];
    size_t count = 0;
    for (int place = 0; place < 8; place++, part /= 10) {
        if (count > 0 || part % 10 != 0)
            reversed[count++] = (char)('0' + part % 10);
    }
    if (count > 0)
        reversed[count++] = '.';
    do
        reversed[count++] = (char)('0' + whole % 10);
    while ((whole /= 10) != 0);
    if (raw < 0)
        reversed[count++] = '-';

    char *end = buffer;
    while (count > 0)
        *end++ = reversed[--count];
    *end = '\0';
    return buffer;
}
