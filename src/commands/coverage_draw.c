/* The heat map of data coverage: which months of which series are full, partly there, empty. */
#include "commands/coverage-private.h"
#include "platform/files.h"

#include <math.h>

static int month_number(const cache_month *month)
{
    return month->year * 12 + month->month - 1;
}

static const cache_month *month_at(const coverage *self, guint index)
{
    return &g_array_index(self->months, cache_month, index);
}

/* The months of all of them, as numbers from year 0. */
static void find_span(const GArray *all, int *out_first, int *out_last)
{
    *out_first = G_MAXINT;
    *out_last = G_MININT;
    for (guint i = 0; i < all->len; i++) {
        const coverage *one = &g_array_index(all, coverage, i);
        *out_first = MIN(*out_first, month_number(month_at(one, 0)));
        *out_last = MAX(*out_last, month_number(month_at(one, one->months->len - 1)));
    }
}

static void fill_shares(const coverage *self, int first, double *share, gsize months)
{
    for (gsize i = 0; i < months; i++)
        share[i] = NAN;
    for (guint i = 0; i < self->months->len; i++) {
        const cache_month *month = month_at(self, i);
        if (month->expected > 0)
            share[month_number(month) - first] = (double)month->present / (double)month->expected;
    }
}

static gboolean one_interval(const GArray *all)
{
    const qb_interval interval = g_array_index(all, coverage, 0).whole.key.interval;
    for (guint i = 1; i < all->len; i++)
        if (g_array_index(all, coverage, i).whole.key.interval != interval)
            return FALSE;
    return TRUE;
}

static char *label_of(const coverage *self, gboolean with_interval)
{
    return with_interval ? data_key_text(&self->whole.key, FALSE)
                         : g_strdup(self->whole.key.symbol);
}

static char *title_of(const GArray *all)
{
    const cache_key *first = &g_array_index(all, coverage, 0).whole.key;
    if (all->len == 1)
        return g_strdup_printf("%s %s, coverage by month", first->symbol,
                               qb_interval_text(first->interval));
    return g_strdup_printf("Coverage of %u series%s%s", all->len, one_interval(all) ? ", " : "",
                           one_interval(all) ? qb_interval_text(first->interval) : "");
}

/* "2010-01-04 to 2020-12-31, 98.7 % of 2769 expected bars, 36 missing, 10 of them known ..." */
static char *subtitle_of(const GArray *all)
{
    gint64 first_us = G_MAXINT64, last_us = G_MININT64;
    gsize expected = 0, present = 0, known = 0;
    for (guint i = 0; i < all->len; i++) {
        const coverage *one = &g_array_index(all, coverage, i);
        first_us = MIN(first_us, one->whole.first_us);
        last_us = MAX(last_us, one->whole.last_us);
        expected += one->whole.expected;
        present += one->whole.present;
        known += one->missing[CACHE_GAP_EMPTY] + one->missing[CACHE_GAP_CLOSED];
    }
    g_autofree char *from = data_stamp_text(first_us, QB_1D);
    g_autofree char *to = data_stamp_text(last_us, QB_1D);
    g_autofree char *share = data_coverage_text(present, expected);
    return g_strdup_printf("%s to %s, %s of %" G_GSIZE_FORMAT " expected bars, %" G_GSIZE_FORMAT
                           " missing, %" G_GSIZE_FORMAT " of them known to be so",
                           from, to, share, expected, expected - present, known);
}

gboolean coverage_draw(const GArray *all, const char *path, GError **error)
{
    int first, last;
    find_span(all, &first, &last);
    const gsize months = (gsize)(last - first + 1);
    g_autofree double *shares = g_new(double, months * all->len);
    g_autofree heatmap_row *rows = g_new0(heatmap_row, all->len);
    g_autoptr(GPtrArray) labels = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *title = title_of(all), *subtitle = subtitle_of(all);
    for (guint i = 0; i < all->len; i++) {
        const coverage *one = &g_array_index(all, coverage, i);
        g_ptr_array_add(labels, label_of(one, !one_interval(all)));
        fill_shares(one, first, shares + i * months, months);
        rows[i] = (heatmap_row){g_ptr_array_index(labels, i), shares + i * months};
    }
    const heatmap map = {.title = title,
                         .subtitle = subtitle,
                         .footer = "Stored bars of those that the calendar expects, from the "
                                   "first stored to the last.",
                         .first_year = first / 12,
                         .first_month = first % 12 + 1,
                         .months = months,
                         .rows = rows,
                         .row_count = all->len};
    g_autoptr(GBytes) png = heatmap_png(&map, error);
    gsize size;
    if (png == NULL)
        return FALSE;
    const void *bytes = g_bytes_get_data(png, &size);
    return files_replace(path, bytes, size, error);
}
