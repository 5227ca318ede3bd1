#include "reports/text-private.h"

#include <math.h>
#include <string.h>

#define PLAIN_LIMIT 1e15 /* beyond it cents are not exact, and digits only make noise */

char *text_number(double value, int decimals)
{
    char plain[64];
    if (fabs(value) >= PLAIN_LIMIT)
        return g_strdup(g_ascii_formatd(plain, sizeof plain, "%.6g", value));
    char format[8];
    g_snprintf(format, sizeof format, "%%.%df", decimals);
    g_ascii_formatd(plain, sizeof plain, format, fabs(value));
    const gboolean negative = value < 0 && strpbrk(plain, "123456789") != NULL;
    const gsize whole = strcspn(plain, ".");
    GString *out = g_string_new(negative ? "-" : NULL);
    for (gsize i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            g_string_append_c(out, ',');
        g_string_append_c(out, plain[i]);
    }
    g_string_append(out, plain + whole);
    return g_string_free(out, FALSE);
}

char *report_money_text(double value)
{
    return isfinite(value) ? text_number(value, 2) : g_strdup("-");
}

char *report_ratio_text(const qb_kpi_info *info, const qb_ratio *ratio)
{
    if (ratio->undefined != NULL || !isfinite(ratio->value))
        return g_strdup("-");
    if (info->unit == QB_KPI_PERIODS)
        return text_number(ceil(ratio->value), 0);
    if (info->unit != QB_KPI_FRACTION)
        return text_number(ratio->value, 2);
    g_autofree char *percent = text_number(100 * ratio->value, 2);
    return g_strconcat(percent, " %", NULL);
}

/* Prices have few decimals, and a double that is n / 10^d for an n of at most 15 digits has no
 * shorter text: what "%.15g" finds in ten times the time. Those it writes with an exponent, or with
 * more decimals, are left to it. */
static gboolean short_decimal(double value, char buffer[32])
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    const double size = fabs(value);
    if (size >= 1e15 || size < 1e-3)
        return FALSE;
    for (guint decimals = 0; decimals < G_N_ELEMENTS(powers); decimals++) {
        const double scaled = size * powers[decimals];
        if (scaled >= 1e15)
            return FALSE;
        const gint64 digits = llrint(scaled);
        if ((double)digits / powers[decimals] != size)
            continue;
        const gint64 one = (gint64)powers[decimals];
        const char *sign = value < 0 ? "-" : "";
        if (decimals == 0)
            g_snprintf(buffer, 32, "%s%" G_GINT64_FORMAT, sign, digits);
        else
            g_snprintf(buffer, 32, "%s%" G_GINT64_FORMAT ".%0*" G_GINT64_FORMAT, sign, digits / one,
                       (int)decimals, digits % one);
        return TRUE;
    }
    return FALSE;
}

char *report_json_number(double value, char buffer[32])
{
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
    if (!isfinite(value)) {
        g_strlcpy(buffer, "null", 32);
        return buffer;
    }
    if (value == 0) {
        g_strlcpy(buffer, "0", 32); /* -0 too */
        return buffer;
    }
    if (short_decimal(value, buffer))
        return buffer;
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(buffer, 32, formats[i], value);
        if (g_ascii_strtod(buffer, NULL) == value)
            break;
    }
    return buffer;
}

/* ---- sparkline ----------------------------------------------------------------------------- */

static double mean_of(const double *values, gsize from, gsize to)
{
    double total = 0;
    for (gsize i = from; i < to; i++)
        total += values[i];
    return total / (double)(to - from);
}

char *report_sparkline(const double *values, gsize count, int width)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const int levels = (int)G_N_ELEMENTS(blocks);
    if (width <= 0)
        return g_strdup("");
    GString *out = g_string_new(NULL);
    g_autofree double *share = g_new(double, (gsize)width);
    double low = INFINITY, high = -INFINITY;
    for (gsize i = 0; i < (gsize)width; i++) {
        const gsize from = i * count / (gsize)width;
        const gsize to = MAX((i + 1) * count / (gsize)width, from + 1);
        share[i] = count > 0 ? mean_of(values, from, to) : NAN;
        if (isfinite(share[i])) {
            low = fmin(low, share[i]);
            high = fmax(high, share[i]);
        }
    }
    for (gsize i = 0; i < (gsize)width; i++) {
        if (!isfinite(share[i])) {
            g_string_append_c(out, ' ');
            continue;
        }
        const double place = high > low ? (share[i] - low) / (high - low) : 0.5;
        g_string_append(out, blocks[MIN((int)(place * levels), levels - 1)]);
    }
    return g_string_free(out, FALSE);
}

void report_csv_field(GString *line, const char *text)
{
    const gboolean formula = *text != '\0' && strchr("=+-@\t\r", *text) != NULL;
    if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
        g_string_append(line, text);
        return;
    }
    g_string_append(line, formula ? "\"'" : "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"')
            g_string_append_c(line, '"');
        g_string_append_c(line, *text);
    }
    g_string_append_c(line, '"');
}
