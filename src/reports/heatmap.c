/* Coverage as a picture: one series as years by months, many as lines by months.
 *
 * Colours run from blue (all there) over pale to orange and red (nothing there), which eyes that
 * confuse red and green tell apart; a cell without any bar also bears a stroke, so that it shows
 * in grey. Only what misses no bar at all is full blue, also after joining. */
#include "reports/draw-private.h"
#include "reports/reports.h"

#include <math.h>

#define HEATMAP_WIDTH 1200
#define HEATMAP_ROWS 100000u
#define HEATMAP_MONTHS 120000u
#define MARGIN 40.0
#define HEAD 152.0 /* down to the first line */
#define FOOT 64.0
#define LABEL_WIDTH 230.0
#define LABEL_GAP 10.0

/* ---- colours ------------------------------------------------------------------------------- */

typedef struct share_class {
    double least; /* shares from here on */
    const char *label;
    colour fill;
    gboolean dark; /* light text on it */
} share_class;

/* The first that fits. */
static const share_class classes[] = {
    {1.00, "complete", {0.09, 0.36, 0.63}, TRUE},
    {0.99, "99 % and more", {0.43, 0.68, 0.87}, FALSE},
    {0.90, "90 %", {0.80, 0.89, 0.95}, FALSE},
    {0.50, "50 %", {0.99, 0.85, 0.60}, FALSE},
    {1e-300, "less", {0.96, 0.62, 0.22}, FALSE},
    {-INFINITY, "nothing", {0.80, 0.24, 0.08}, TRUE},
};
#define NOTHING (G_N_ELEMENTS(classes) - 1)
static const colour unexpected = {0.93, 0.93, 0.94};

static gsize class_of(double share)
{
    gsize i = 0;
    while (i < NOTHING && !(share >= classes[i].least))
        i++;
    return i;
}

/* ---- cells --------------------------------------------------------------------------------- */

/* What is drawn: lines of columns, each the mean of the months that it joins. Months are counted
 * from year 0. */
typedef struct grid {
    gboolean single; /* lines are years and columns the months of a year */
    gsize columns, lines;
    gsize months_joined, lines_joined; /* in one column, in one line */
    gint64 first_column;               /* its first month / months_joined */
    double *share;                     /* [lines * columns], NaN: nothing expected */
    double left, top, cell_width, cell_height;
} grid;

/* Whole years hold whole columns, so that a year begins where a column does. */
static gsize join_months(gsize months, gsize most)
{
    static const gsize widths[] = {1, 2, 3, 4, 6, 12};
    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++)
        if (months / widths[i] + 2 <= most || (widths[i] == 1 && months <= most))
            return widths[i];
    return (months / MAX(most - 2, 1) / 12 + 1) * 12;
}

static void grid_init_single(grid *self, const heatmap *map)
{
    const gint64 last = (gint64)map->first_month - 1 + (gint64)map->months - 1;
    const gsize years = (gsize)(last / 12) + 1;
    self->lines_joined = (years + 119) / 120;
    self->lines = (years + self->lines_joined - 1) / self->lines_joined;
    self->columns = 12;
    self->months_joined = 1;
    self->cell_height = CLAMP(floor(720.0 / (double)self->lines), 12, 26);
}

static void grid_init_many(grid *self, const heatmap *map, double plot_width)
{
    const gint64 first = (gint64)map->first_year * 12 + map->first_month - 1;
    self->lines_joined = (map->row_count + 499) / 500;
    self->lines = (map->row_count + self->lines_joined - 1) / self->lines_joined;
    self->months_joined = join_months(map->months, (gsize)(plot_width / 3));
    const gint64 joined = (gint64)self->months_joined;
    self->first_column = first / joined;
    self->columns = (gsize)((first + (gint64)map->months - 1) / joined - self->first_column) + 1;
    self->cell_height = CLAMP(floor(900.0 / (double)self->lines), 5, 22);
}

/* The cell of a month of a row. */
static gsize cell_at(const grid *self, const heatmap *map, gsize row, gsize month)
{
    const gsize of_year = (gsize)map->first_month - 1 + month;
    if (self->single)
        return of_year / 12 / self->lines_joined * 12 + of_year % 12;
    const gint64 at = (gint64)map->first_year * 12 + (gint64)of_year;
    return row / self->lines_joined * self->columns +
           (gsize)(at / (gint64)self->months_joined - self->first_column);
}

static void grid_fill(grid *self, const heatmap *map)
{
    const gsize count = self->lines * self->columns;
    g_autofree gsize *added = g_new0(gsize, count);
    self->share = g_new0(double, count);
    for (gsize row = 0; row < map->row_count; row++) {
        for (gsize month = 0; month < map->months; month++) {
            const double share = map->rows[row].share[month];
            const gsize cell = cell_at(self, map, row, month);
            if (isnan(share))
                continue;
            self->share[cell] += share;
            added[cell]++;
        }
    }
    for (gsize i = 0; i < count; i++)
        self->share[i] = added[i] > 0 ? self->share[i] / (double)added[i] : NAN;
}

/* ---- labels -------------------------------------------------------------------------------- */

/* Caller frees. */
static char *line_label(const grid *self, const heatmap *map, gsize line)
{
    const gsize first = line * self->lines_joined;
    if (self->single && self->lines_joined == 1)
        return g_strdup_printf("%d", map->first_year + (int)first);
    if (self->single)
        return g_strdup_printf("%d-%d", map->first_year + (int)first,
                               map->first_year + (int)(first + self->lines_joined) - 1);
    const gsize last = MIN(first + self->lines_joined, map->row_count) - 1;
    if (last == first)
        return g_strdup(map->rows[first].label);
    return g_strdup_printf("%s - %s", map->rows[first].label, map->rows[last].label);
}

/* Cut at the end until it fits. */
static void fit_label(const pen *pen, char *label, double pixels)
{
    if (draw_text_width(pen, label, pixels, FALSE) <= LABEL_WIDTH)
        return;
    for (glong length = g_utf8_strlen(label, -1) - 1; length > 0; length--) {
        *g_utf8_offset_to_pointer(label, length) = '\0';
        if (draw_text_width(pen, label, pixels, FALSE) <= LABEL_WIDTH)
            return;
    }
}

static double label_pixels(const grid *self)
{
    return self->cell_height >= 16 ? 13 : 11;
}

static double widest_label(const grid *self, const heatmap *map, const pen *pen)
{
    double widest = 0;
    for (gsize line = 0; line < self->lines; line++) {
        g_autofree char *label = line_label(self, map, line);
        widest = fmax(widest, draw_text_width(pen, label, label_pixels(self), FALSE));
    }
    return fmin(ceil(widest), LABEL_WIDTH);
}

static void draw_line_labels(const grid *self, const heatmap *map, const pen *pen)
{
    const double pixels = label_pixels(self);
    const gsize step = (gsize)ceil((pixels + 2) / self->cell_height);
    for (gsize line = 0; line < self->lines; line += step) {
        g_autofree char *label = line_label(self, map, line);
        fit_label(pen, label, pixels);
        draw_text(pen, self->left - LABEL_GAP, self->top + ((double)line + 0.5) * self->cell_height,
                  1, label, pixels, FALSE, draw_faint_ink);
    }
}

static void draw_month_names(const grid *self, const pen *pen)
{
    static const char *const names[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int month = 0; month < 12; month++)
        draw_text(pen, self->left + (month + 0.5) * self->cell_width, self->top - 14, 0.5,
                  names[month], 13, FALSE, draw_faint_ink);
}

/* A tick where a year begins, and its number where there is room. */
static void draw_years(const grid *self, const pen *pen)
{
    double free_from = self->left;
    cairo_set_line_width(pen->cairo, 1.0);
    for (gsize column = 0; column < self->columns; column++) {
        const gint64 month = (self->first_column + (gint64)column) * (gint64)self->months_joined;
        if (column > 0 && month % 12 != 0)
            continue;
        char text[16];
        g_snprintf(text, sizeof text, "%d", (int)(month / 12));
        const double x = floor(self->left + (double)column * self->cell_width) + 0.5;
        const double width = draw_text_width(pen, text, 13, FALSE);
        /* A first year that is all but over gives way to the next one. */
        const gboolean crowded =
            column == 0 && month % 12 != 0 &&
            self->cell_width * (double)(12 - month % 12) / (double)self->months_joined < width + 12;
        if (x < free_from || crowded)
            continue;
        draw_colour(pen->cairo, draw_faint_ink, 0.6);
        cairo_move_to(pen->cairo, x, self->top - 6);
        cairo_line_to(pen->cairo, x, self->top - 1);
        cairo_stroke(pen->cairo);
        draw_text(pen, x, self->top - 15, 0, text, 13, FALSE, draw_faint_ink);
        free_from = x + width + 12;
    }
}

/* ---- drawing ------------------------------------------------------------------------------- */

static void fill_rectangle(cairo_t *cairo, double x, double y, double width, double height,
                           colour c)
{
    draw_colour(cairo, c, 1.0);
    cairo_rectangle(cairo, x, y, width, height);
    cairo_fill(cairo);
}

static void draw_swatch(const pen *pen, double x, double y, double width, double height,
                        double share)
{
    if (isnan(share)) {
        fill_rectangle(pen->cairo, x, y, width, height, unexpected);
        return;
    }
    const gsize i = class_of(share);
    fill_rectangle(pen->cairo, x, y, width, height, classes[i].fill);
    if (i != NOTHING || width < 8 || height < 8)
        return;
    draw_colour(pen->cairo, draw_paper, 0.75);
    cairo_set_line_width(pen->cairo, 1.2);
    cairo_move_to(pen->cairo, x + 2, y + height - 2);
    cairo_line_to(pen->cairo, x + fmin(width, height) - 2, y + height - fmin(width, height) + 2);
    cairo_stroke(pen->cairo);
}

/* In cells of years by months: "97.3 %" where bars are missing, rounded down. */
static void draw_share(const grid *self, const pen *pen, double x, double y, double share)
{
    char text[16];
    if (!self->single || isnan(share) || share >= 1 || share <= 0)
        return;
    g_snprintf(text, sizeof text, "%.1f %%", floor(share * 1000) / 10);
    draw_text(pen, x + self->cell_width / 2, y + self->cell_height / 2, 0.5, text,
              self->cell_height >= 18 ? 12 : 10, FALSE,
              classes[class_of(share)].dark ? draw_paper : draw_ink);
}

/* Columns fill the width, so they differ by a pixel; edges lie on whole ones. */
static double column_left(const grid *self, gsize column)
{
    return floor(self->left + (double)column * self->cell_width);
}

static void draw_cells(const grid *self, const pen *pen)
{
    const double gap_x = self->cell_width >= 6 ? 1 : 0, gap_y = self->cell_height >= 4 ? 1 : 0;
    for (gsize line = 0; line < self->lines; line++) {
        for (gsize column = 0; column < self->columns; column++) {
            const double share = self->share[line * self->columns + column];
            const double x = column_left(self, column);
            const double y = self->top + (double)line * self->cell_height;
            draw_swatch(pen, x, y, column_left(self, column + 1) - x - gap_x,
                        self->cell_height - gap_y, share);
            draw_share(self, pen, x, y, share);
        }
    }
}

static void draw_legend(const pen *pen, double right)
{
    double x = MARGIN;
    for (gsize i = 0; i <= G_N_ELEMENTS(classes); i++) {
        const gboolean last = i == G_N_ELEMENTS(classes);
        const char *label = last ? "not expected" : classes[i].label;
        const double share = last ? NAN : fmax(classes[i].least, 0);
        if (x + 22 + draw_text_width(pen, label, 13, FALSE) > right)
            return;
        draw_swatch(pen, x, 96, 14, 14, share);
        x += 22;
        x += draw_text(pen, x, 103, 0, label, 13, FALSE, draw_faint_ink) + 22;
    }
}

/* What was joined; NULL when nothing was. Caller frees. */
static char *joined_text(const grid *self)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (self->months_joined > 1)
        g_string_append_printf(text, "One column is %" G_GSIZE_FORMAT " months. ",
                               self->months_joined);
    if (self->lines_joined > 1)
        g_string_append_printf(text, "One line is %" G_GSIZE_FORMAT " %s. ", self->lines_joined,
                               self->single ? "years" : "series");
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static void draw(const grid *self, const heatmap *map, const pen *pen, int width, int height)
{
    g_autofree char *joined = joined_text(self);
    draw_colour(pen->cairo, draw_paper, 1.0);
    cairo_paint(pen->cairo);
    draw_text(pen, MARGIN, 42, 0, map->title, 27, TRUE, draw_ink);
    if (map->subtitle != NULL)
        draw_text(pen, MARGIN, 72, 0, map->subtitle, 14, FALSE, draw_faint_ink);
    draw_legend(pen, width - MARGIN);
    draw_line_labels(self, map, pen);
    if (self->single)
        draw_month_names(self, pen);
    else
        draw_years(self, pen);
    draw_cells(self, pen);
    if (joined != NULL)
        draw_text(pen, MARGIN, height - 42, 0, joined, 12, TRUE, draw_ink);
    if (map->footer != NULL)
        draw_text(pen, MARGIN, height - 20, 0, map->footer, 12, FALSE, draw_faint_ink);
    draw_text(pen, width - MARGIN, height - 20, 1, "quantbot", 12, TRUE, draw_faint_ink);
}

/* ---- the picture --------------------------------------------------------------------------- */

static gboolean check(const heatmap *map, int width, GError **error)
{
    if (width < 480 || width > PICTURE_SIDE_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "a heat map %d wide (expected 480 to %d)", width,
                    PICTURE_SIDE_LIMIT);
        return FALSE;
    }
    if (map->row_count == 0 || map->row_count > HEATMAP_ROWS || map->months == 0 ||
        map->months > HEATMAP_MONTHS || map->first_month < 1 || map->first_month > 12 ||
        map->first_year < 0 || map->first_year > 9999) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "a heat map needs 1 to %u rows and 1 to %u months", HEATMAP_ROWS,
                    HEATMAP_MONTHS);
        return FALSE;
    }
    return TRUE;
}

/* Labels decide what is left for cells, so text is measured on a surface of its own. */
static void lay_out(grid *self, const heatmap *map, int width)
{
    picture scratch = picture_new(1, 1);
    const double most = width - 2 * MARGIN - LABEL_GAP;
    self->single = map->row_count == 1;
    if (self->single)
        grid_init_single(self, map);
    else
        grid_init_many(self, map, most - LABEL_WIDTH);
    const double labels = widest_label(self, map, &scratch.pen);
    if (!self->single) /* again, with the room that short labels leave */
        grid_init_many(self, map, most - labels);
    self->left = MARGIN + labels + LABEL_GAP;
    self->top = HEAD;
    self->cell_width = CLAMP((most - labels) / (double)self->columns, 1, self->single ? 90 : 40);
    picture_free(&scratch);
}

GBytes *heatmap_png(const heatmap *map, GError **error)
{
    const int width = map->width > 0 ? map->width : HEATMAP_WIDTH;
    grid grid = {0};
    if (!check(map, width, error))
        return NULL;
    lay_out(&grid, map, width);
    grid_fill(&grid, map);
    const int height = (int)(HEAD + (double)grid.lines * grid.cell_height + FOOT);
    picture picture = picture_new(width, height);
    draw(&grid, map, &picture.pen, width, height);
    g_free(grid.share);
    return picture_png(&picture, error);
}
