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

/* value / divisor, half-even; divisor <= INT64_MAX. QB_OVERFLOW from 2^63 on.
 *
 * The unsigned 128-bit division of the compiler's library is one division instruction here, for
 * the quotient fits 64 bits: 3 ns with all around it. A reciprocal by multiplication was tried
 * and took as long. */
static inline qb_status divide_half_even(wide value, uint64_t divisor, bool negative, int64_t *out)
{
    if (value >= (wide)divisor << 63)
        return QB_OVERFLOW;
    uint64_t quotient = value >> 64 == 0 ? (uint64_t)value / divisor : (uint64_t)(value / divisor);
    uint64_t twice = ((uint64_t)value - quotient * divisor) * 2;
    quotient += twice > divisor || (twice == divisor && (quotient & 1));
    return signed_result(quotient, negative, out);
}

qb_status qb_notional_of_fraction(qb_price price, qb_quantity quantity, qb_money *out)
{
    wide product = (wide)magnitude(price.raw) * magnitude(quantity.raw);
    return divide_half_even(product, QB_ONE, (price.raw ^ quantity.raw) < 0, &out->raw);
}

/* Of whole units, as far as the product fits 64 bits: it takes one division by a constant. */
static bool fits_short(uint64_t price, uint64_t quantity, uint64_t rate, uint64_t *out)
{
    uint64_t units = quantity / (uint64_t)QB_ONE;
    return units * (uint64_t)QB_ONE == quantity && !__builtin_mul_overflow(price, units, out) &&
           !__builtin_mul_overflow(*out, rate, out);
}

qb_status qb_notional_at_rate(qb_price price, qb_quantity quantity, qb_rate rate, qb_money *out)
{
    bool negative = (price.raw ^ quantity.raw ^ rate.raw) < 0;
    uint64_t factor = magnitude(rate.raw), little;
    if (fits_short(magnitude(price.raw), magnitude(quantity.raw), factor, &little))
        return divide_half_even(little, QB_ONE, negative, &out->raw);
    wide product = (wide)magnitude(price.raw) * magnitude(quantity.raw);
    wide upper = (wide)(uint64_t)(product >> 64) * factor;
    if (upper >> 53)
        return QB_OVERFLOW; /* from 2^117 on, and 2^63 x 1e16 is less */
    product = (upper << 64) + (wide)(uint64_t)product * factor; /* below 2^117 + 2^127 */
    return divide_half_even(product, (uint64_t)QB_ONE * (uint64_t)QB_ONE, negative, &out->raw);
}

qb_status qb_muldiv(int64_t amount, int64_t numerator, int64_t denominator, int64_t *out)
{
    if (denominator <= 0)
        return QB_OUT_OF_RANGE;
    wide product = (wide)magnitude(amount) * magnitude(numerator);
    return divide_half_even(product, (uint64_t)denominator, (amount ^ numerator) < 0, out);
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
    return divide_half_even(product, UINT64_C(1) << (53 - exponent), value < 0, out_raw);
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
