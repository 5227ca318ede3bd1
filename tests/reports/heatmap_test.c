/* The heat map of coverage, looked at pixel by pixel. */
#include "reports/reports.h"

#include <fontconfig/fontconfig.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

typedef struct pixels {
    cairo_surface_t *surface;
    int width, height;
} pixels;

typedef struct png_reader {
    const guint8 *bytes;
    gsize size, at;
} png_reader;

static cairo_status_t read_png(void *closure, unsigned char *into, unsigned int count)
{
    png_reader *reader = closure;
    if (count > reader->size - reader->at)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(into, reader->bytes + reader->at, count);
    reader->at += count;
    return CAIRO_STATUS_SUCCESS;
}

static pixels decode(GBytes *png)
{
    png_reader reader = {0};
    reader.bytes = g_bytes_get_data(png, &reader.size);
    pixels self = {.surface = cairo_image_surface_create_from_png_stream(read_png, &reader)};
    g_assert_cmpint(cairo_surface_status(self.surface), ==, CAIRO_STATUS_SUCCESS);
    self.width = cairo_image_surface_get_width(self.surface);
    self.height = cairo_image_surface_get_height(self.surface);
    return self;
}

static guint32 pixel(const pixels *self, int x, int y)
{
    const guint8 *row = cairo_image_surface_get_data(self->surface) +
                        (gsize)cairo_image_surface_get_stride(self->surface) * (gsize)y;
    guint32 value;
    memcpy(&value, row + (gsize)x * 4, sizeof value);
    return value & 0xffffff;
}

static int red(guint32 value)
{
    return (int)(value >> 16);
}

static int blue(guint32 value)
{
    return (int)(value & 255);
}

/* A map of rows that all have `share`, but the one cell. */
static pixels draw(gsize rows, gsize months, int width, double share, gsize row, gsize month,
                   double other)
{
    g_autoptr(GError) error = NULL;
    g_autofree heatmap_row *list = g_new0(heatmap_row, rows);
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < rows; i++) {
        double *shares = g_new(double, months);
        char *label = g_strdup_printf("SYM%03" G_GSIZE_FORMAT, i);
        for (gsize m = 0; m < months; m++)
            shares[m] = i == row && m == month ? other : share;
        g_ptr_array_add(owned, shares);
        g_ptr_array_add(owned, label);
        list[i] = (heatmap_row){label, shares};
    }
    const heatmap map = {.title = "Coverage",
                         .subtitle = "by month",
                         .footer = "From manifests.",
                         .first_year = 2001,
                         .first_month = 4,
                         .months = months,
                         .rows = list,
                         .row_count = rows,
                         .width = width};
    g_autoptr(GBytes) png = heatmap_png(&map, &error);
    g_assert_no_error(error);
    return decode(png);
}

typedef struct area {
    int left, top, right, bottom; /* of what differs, inclusive */
} area;

static area difference(const pixels *a, const pixels *b)
{
    area found = {G_MAXINT, G_MAXINT, -1, -1};
    g_assert_cmpint(a->width, ==, b->width);
    g_assert_cmpint(a->height, ==, b->height);
    for (int y = 0; y < a->height; y++) {
        for (int x = 0; x < a->width; x++) {
            if (pixel(a, x, y) == pixel(b, x, y))
                continue;
            found.left = MIN(found.left, x);
            found.right = MAX(found.right, x);
            found.top = MIN(found.top, y);
            found.bottom = MAX(found.bottom, y);
        }
    }
    return found;
}

/* One month goes from full to empty: one cell changes from blue to red, and nothing else. */
static void check_cell(gsize rows, gsize months, gsize row, gsize month, area *out)
{
    pixels full = draw(rows, months, 0, 1, row, month, 1);
    pixels empty = draw(rows, months, 0, 1, row, month, 0);
    const area cell = difference(&full, &empty);
    g_assert_cmpint(cell.right, >=, cell.left);
    /* Away from the stroke, which leads from the lower left up. */
    const guint32 before = pixel(&full, cell.right, cell.bottom);
    const guint32 after = pixel(&empty, cell.right, cell.bottom);
    g_assert_cmpint(blue(before), >, red(before) + 80);
    g_assert_cmpint(red(after), >, blue(after) + 80);
    for (int y = cell.top; y <= cell.bottom; y++)
        for (int x = cell.left; x <= cell.right; x++)
            g_assert_cmphex(pixel(&full, x, y), ==, before);
    *out = cell;
    cairo_surface_destroy(full.surface);
    cairo_surface_destroy(empty.surface);
}

static void test_single(void)
{
    area april, may, next_april;
    check_cell(1, 30, 0, 0, &april);
    check_cell(1, 30, 0, 1, &may);
    check_cell(1, 30, 0, 12, &next_april);
    /* Months stand beside each other, years below each other. */
    g_assert_cmpint(may.left, >, april.right);
    g_assert_cmpint(may.top, ==, april.top);
    g_assert_cmpint(next_april.left, ==, april.left);
    g_assert_cmpint(next_april.top, >, april.bottom);
}

static void test_many(void)
{
    area one, right, below;
    check_cell(12, 48, 3, 5, &one);
    check_cell(12, 48, 3, 6, &right);
    check_cell(12, 48, 4, 5, &below);
    g_assert_cmpint(right.left, >, one.right);
    g_assert_cmpint(right.top, ==, one.top);
    g_assert_cmpint(below.left, ==, one.left);
    g_assert_cmpint(below.top, >, one.bottom);
}

/* A hole of one month in one series shows, however much is joined. */
static void test_joined(void)
{
    static const struct {
        gsize rows, months;
        int width;
    } cases[] = {{1300, 24, 0}, {3, 5000, 600}, {1, 12 * 500, 0}, {1100, 3000, 480}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gsize row = cases[i].rows / 2, month = cases[i].months / 2;
        pixels full = draw(cases[i].rows, cases[i].months, cases[i].width, 1, row, month, 1);
        pixels hole = draw(cases[i].rows, cases[i].months, cases[i].width, 1, row, month, 0);
        const area cell = difference(&full, &hole);
        g_assert_cmpint(cell.right, >=, cell.left);
        g_assert_cmpint(cell.right - cell.left, <, 100);
        g_assert_cmpint(full.height, <, 4000);
        g_assert_cmpint(full.width, ==, cases[i].width > 0 ? cases[i].width : 1200);
        cairo_surface_destroy(full.surface);
        cairo_surface_destroy(hole.surface);
    }
}

/* Shares that differ by less than a pixel of anything still fall into their own classes. */
static void test_classes(void)
{
    static const double shares[] = {1, 0.9999, 0.98, 0.89, 0.49, 0, NAN};
    guint32 seen[G_N_ELEMENTS(shares)];
    for (gsize i = 0; i < G_N_ELEMENTS(shares); i++) {
        pixels map = draw(2, 12, 0, shares[i], 0, 0, shares[i]);
        area cell;
        check_cell(2, 12, 1, 5, &cell);
        seen[i] = pixel(&map, cell.right, cell.bottom);
        for (gsize k = 0; k < i; k++)
            g_assert_cmphex(seen[i], !=, seen[k]);
        cairo_surface_destroy(map.surface);
    }
}

static void test_refused(void)
{
    const double share = 1;
    const heatmap_row row = {"X", &share};
    const heatmap sound = {.title = "T",
                           .first_year = 2000,
                           .first_month = 1,
                           .months = 1,
                           .rows = &row,
                           .row_count = 1};
    heatmap wrong[] = {sound, sound, sound, sound};
    wrong[0].width = 100;
    wrong[1].months = 0;
    wrong[2].row_count = 0;
    wrong[3].first_month = 13;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(heatmap_png(&wrong[i], &error));
        const int want = i == 0 ? FAILURE_USAGE : FAILURE_BAD_DATA;
        g_assert_error(error, FAILURE, want);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reports/heatmap/single", test_single);
    g_test_add_func("/reports/heatmap/many", test_many);
    g_test_add_func("/reports/heatmap/joined", test_joined);
    g_test_add_func("/reports/heatmap/classes", test_classes);
    g_test_add_func("/reports/heatmap/refused", test_refused);
    const int failed = g_test_run();
    pango_cairo_font_map_set_default(NULL);
    FcFini(); /* what fontconfig keeps is no leak of ours */
    return failed;
}
