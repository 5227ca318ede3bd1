#include "csv/csv-private.h"

#include <math.h>
#include <string.h>

#define NUMBER_LIMIT 64 /* characters */

/* Powers of ten that a double holds exactly. */
static const double exact_tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

typedef struct decimal {
    guint64 digits; /* without the point */
    int significant;
    int exponent; /* of ten */
    gboolean negative;
} decimal;

static gboolean is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *scan_digits(const char *at, const char *end, decimal *out, int *out_count)
{
    const char *start = at;
    for (; at < end && is_digit(*at); at++) {
        if (out->digits == 0 && *at == '0')
            continue; /* a leading zero is no significant digit */
        if (out->significant++ < 19)
            out->digits = out->digits * 10 + (guint64)(*at - '0');
    }
    *out_count = (int)(at - start);
    return at;
}

/* "e5", "E+05", "e-3" at *at, or nothing. */
static gboolean scan_exponent(const char **at, const char *end, int *out)
{
    *out = 0;
    if (*at == end || (**at != 'e' && **at != 'E'))
        return TRUE;
    const char *scan = *at + 1;
    gboolean negative = scan < end && *scan == '-';
    if (scan < end && (*scan == '-' || *scan == '+'))
        scan++;
    const char *start = scan;
    int value = 0;
    for (; scan < end && is_digit(*scan); scan++)
        value = MIN(value * 10 + (*scan - '0'), 9999);
    *at = scan;
    *out = negative ? -value : value;
    return scan > start;
}

static gboolean scan_decimal(const char *at, const char *end, decimal *out)
{
    *out = (decimal){0};
    out->negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    int whole, fraction = 0, exponent;
    at = scan_digits(at, end, out, &whole);
    if (at < end && *at == '.')
        at = scan_digits(at + 1, end, out, &fraction);
    if (whole + fraction == 0 || !scan_exponent(&at, end, &exponent))
        return FALSE;
    out->exponent = exponent - fraction;
    return at == end;
}

/* The slow and always exact way, in the C locale. */
static gboolean read_exactly(const char *text, gsize length, double *out)
{
    char copy[NUMBER_LIMIT + 1];
    memcpy(copy, text, length);
    copy[length] = '\0';
    double value = g_ascii_strtod(copy, NULL);
    if (!isfinite(value))
        return FALSE;
    *out = value;
    return TRUE;
}

/* Up to 2^53 the digits are a double without rounding, and so are the powers of ten up to 22: one
 * multiplication or division then rounds once, so to the nearest. Clinger, How to Read Floating
 * Point Numbers Accurately (1990). */
gboolean csv_number_scan(const char *text, gsize length, double *out)
{
    decimal number;
    if (length == 0 || length > NUMBER_LIMIT || !scan_decimal(text, text + length, &number))
        return FALSE;
    if (number.significant > 19 || number.digits > (G_GUINT64_CONSTANT(1) << 53) ||
        number.exponent > 22 || number.exponent < -22)
        return read_exactly(text, length, out);
    double value = (double)number.digits;
    if (number.exponent >= 0)
        value *= exact_tens[number.exponent];
    else
        value /= exact_tens[-number.exponent];
    *out = number.negative ? -value : value;
    return TRUE;
}

gboolean csv_number_scan_grouped(const char *text, gsize length, double *out)
{
    char plain[NUMBER_LIMIT];
    gsize used = 0, lead = 0, at = length > 0 && (*text == '-' || *text == '+') ? 1 : 0;
    if (length > NUMBER_LIMIT)
        return FALSE;
    memcpy(plain, text, at);
    used = at;
    for (; at < length && is_digit(text[at]); at++, lead++)
        plain[used++] = text[at];
    if (lead < 1 || lead > 3 || at == length || text[at] != ',')
        return FALSE;
    while (at < length && text[at] == ',') {
        if (length - at < 4 || !is_digit(text[at + 1]) || !is_digit(text[at + 2]) ||
            !is_digit(text[at + 3]))
            return FALSE;
        memcpy(plain + used, text + at + 1, 3);
        used += 3;
        at += 4;
    }
    if (at < length && text[at] != '.')
        return FALSE;
    memcpy(plain + used, text + at, length - at);
    return csv_number_scan(plain, used + length - at, out);
}

gboolean csv_number_scan_comma(const char *text, gsize length, double *out)
{
    char plain[NUMBER_LIMIT];
    if (length > NUMBER_LIMIT || memchr(text, '.', length) != NULL)
        return FALSE;
    memcpy(plain, text, length);
    char *comma = memchr(plain, ',', length);
    if (comma == NULL)
        return FALSE;
    *comma = '.';
    return csv_number_scan(plain, length, out);
}

gboolean csv_number_digits(const char *text, gsize length, int *out_significant, int *out_last)
{
    char plain[NUMBER_LIMIT];
    decimal number;
    if (length == 0 || length > NUMBER_LIMIT)
        return FALSE;
    memcpy(plain, text, length);
    char *comma = memchr(plain, ',', length);
    if (comma != NULL)
        *comma = '.';
    if (!scan_decimal(plain, plain + length, &number))
        return FALSE;
    *out_significant = number.significant;
    *out_last = number.exponent;
    return TRUE;
}
