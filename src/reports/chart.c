/* The chart of a run: facts in the head, equity above, drawdown below, one time axis.
 *
 * Long curves are reduced to the lowest and highest value of each pixel column before they are
 * drawn, so no spike is lost and a million points cost what a thousand do. */
#include "reports/axis-private.h"
#include "reports/draw-private.h"
#include "reports/reports.h"

#include <math.h>
#include <string.h>

#define CHART_WIDTH 1200
#define CHART_HEIGHT 675
#define LOG_SCALE_RATIO 8.0 /* max / min from which a linear axis hides the early years */

static const colour strategy_blue = {0.05, 0.38, 0.78};
static const colour benchmark_grey = {0.60, 0.56, 0.50};
static const colour drawdown_red = {0.82, 0.22, 0.24};

typedef struct panel {
    double left, top, width, height; /* pixels */
    gint64 first_us, last_us;
    double low, high; /* values at the bottom and the top */
    gboolean log_scale;
} panel;

typedef struct column {
    double low, high, last;
    gboolean used;
} column;

/* ---- scales -------------------------------------------------------------------------------- */

static double x_of(const panel *p, double at_us)
{
    const double span = (double)(p->last_us - p->first_us);
    return p->left + p->width * (span > 0 ? (at_us - (double)p->first_us) / span : 0.5);
}

static double y_of(const panel *p, double value)
{
    const double share = p->log_scale ? (log(value) - log(p->low)) / (log(p->high) - log(p->low))
                                      : (value - p->low) / (p->high - p->low);
    return p->top + p->height * (1.0 - share);
}

static void widen(double value, double *low, double *high)
{
    if (!isfinite(value))
        return;
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* Leaves air above and below, and never a range of nothing. */
static void pad_range(panel *p)
{
    if (!(p->low < p->high)) {
        const double margin = fmax(fabs(p->low) * 0.01, 1e-8);
        p->low -= margin;
        p->high += margin;
    }
    p->log_scale = p->low > 0 && p->high / p->low >= LOG_SCALE_RATIO;
    if (p->log_scale) {
        const double factor = pow(p->high / p->low, 0.04);
        p->low /= factor;
        p->high *= factor;
    } else {
        const double margin = (p->high - p->low) * 0.06;
        p->low -= margin;
        p->high += margin;
    }
}

/* ---- curves -------------------------------------------------------------------------------- */

static void reduce(const panel *p, const qb_curve *curve, double factor, column *columns,
                   int column_count)
{
    memset(columns, 0, sizeof *columns * (gsize)column_count);
    for (gsize i = 0; i < curve->count; i++) {
        const double value = curve->value[i] * factor;
        const double x = x_of(p, (double)curve->ts_us[i]) - p->left;
        const int k = CLAMP((int)x, 0, column_count - 1);
        if (!isfinite(value))
            continue;
        column *c = &columns[k];
        c->low = c->used ? fmin(c->low, value) : value;
        c->high = c->used ? fmax(c->high, value) : value;
        c->last = value;
        c->used = TRUE;
    }
}

static void trace(cairo_t *cairo, const panel *p, const column *columns, int column_count)
{
    gboolean started = FALSE;
    for (int k = 0; k < column_count; k++) {
        const column *c = &columns[k];
        if (!c->used)
            continue;
        const double x = p->left + k + 0.5;
        if (!started)
            cairo_move_to(cairo, x, y_of(p, c->last));
        started = TRUE;
        if (c->high > c->low) {
            cairo_line_to(cairo, x, y_of(p, c->high));
            cairo_line_to(cairo, x, y_of(p, c->low));
        }
        cairo_line_to(cairo, x, y_of(p, c->last));
    }
}

static void draw_curve(cairo_t *cairo, const panel *p, const column *columns, int column_count,
                       colour c, double line_width)
{
    cairo_new_path(cairo);
    trace(cairo, p, columns, column_count);
    draw_colour(cairo, c, 1.0);
    cairo_set_line_width(cairo, line_width);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(cairo);
}

/* Closes the traced path down (or up) to base_y. */
static void fill_curve(cairo_t *cairo, const panel *p, const column *columns, int column_count,
                       double base_y, cairo_pattern_t *pattern)
{
    int first = 0, last = column_count - 1;
    while (first < column_count && !columns[first].used)
        first++;
    while (last > first && !columns[last].used)
        last--;
    if (first == column_count)
        return;
    cairo_new_path(cairo);
    trace(cairo, p, columns, column_count);
    cairo_line_to(cairo, p->left + last + 0.5, base_y);
    cairo_line_to(cairo, p->left + first + 0.5, base_y);
    cairo_close_path(cairo);
    cairo_set_source(cairo, pattern);
    cairo_fill(cairo);
}

/* ---- parts --------------------------------------------------------------------------------- */

static void draw_value_axis(const pen *pen, const panel *p, const axis_tick *ticks, int count)
{
    cairo_set_line_width(pen->cairo, 1.0);
    for (int i = 0; i < count; i++) {
        const double y = floor(y_of(p, ticks[i].at)) + 0.5;
        draw_colour(pen->cairo, draw_grid, 1.0);
        cairo_move_to(pen->cairo, p->left, y);
        cairo_line_to(pen->cairo, p->left + p->width, y);
        cairo_stroke(pen->cairo);
        draw_text(pen, p->left - 10, y, 1.0, ticks[i].label, 13, FALSE, draw_faint_ink);
    }
}

static void draw_time_axis(const pen *pen, const panel *upper, const panel *lower)
{
    axis_tick ticks[AXIS_TICKS_LIMIT];
    const int count = axis_time_ticks(upper->first_us, upper->last_us, (int)(upper->width / 75),
                                      ticks);
    const double bottom = lower->top + lower->height;
    double free_from = upper->left - 30;
    cairo_set_line_width(pen->cairo, 1.0);
    for (int i = 0; i < count; i++) {
        const double x = floor(x_of(upper, ticks[i].at)) + 0.5;
        draw_colour(pen->cairo, draw_grid, 1.0);
        cairo_move_to(pen->cairo, x, upper->top);
        cairo_line_to(pen->cairo, x, upper->top + upper->height);
        cairo_move_to(pen->cairo, x, lower->top);
        cairo_line_to(pen->cairo, x, bottom);
        cairo_stroke(pen->cairo);
        const double width = draw_text_width(pen, ticks[i].label, 13, ticks[i].main);
        if (x - width / 2 < free_from)
            continue;
        draw_text(pen, x, bottom + 16, 0.5, ticks[i].label, 13, ticks[i].main,
                  ticks[i].main ? draw_ink : draw_faint_ink);
        free_from = x + width / 2 + 10;
    }
}

/* 195,856: whole units, a chart is no ledger. */
static char *value_text(double value)
{
    char *text = report_money_text(round(value));
    char *point = strchr(text, '.');
    if (point != NULL)
        *point = '\0';
    return text;
}

/* "Sharpe" small above "0.98": as many pairs as fit. */
static void draw_facts(const pen *pen, double left, double right, double y,
                       const char *const *facts)
{
    if (facts == NULL)
        return;
    double x = left;
    for (int i = 0; facts[i] != NULL && facts[i + 1] != NULL; i += 2) {
        const double width = fmax(draw_text_width(pen, facts[i], 13, FALSE),
                                  draw_text_width(pen, facts[i + 1], 21, TRUE));
        if (x + width > right)
            return;
        draw_text(pen, x, y, 0, facts[i], 13, FALSE, draw_faint_ink);
        draw_text(pen, x, y + 24, 0, facts[i + 1], 21, TRUE, draw_ink);
        x += width + 38;
    }
}

/* A line's name and last value at its right end; the second label keeps its distance. */
static void draw_end_labels(const pen *pen, const panel *p, const chart *chart, double factor)
{
    const qb_curve *equity = &chart->equity.curve, *benchmark = &chart->benchmark.curve;
    const double x = p->left + p->width + 10;
    const double equity_value = equity->value[equity->count - 1];
    double y = CLAMP(y_of(p, equity_value), p->top + 8, p->top + p->height - 24);
    double other_y = NAN;
    if (benchmark->count > 0) {
        const double value = benchmark->value[benchmark->count - 1] * factor;
        other_y = CLAMP(y_of(p, value), p->top + 8, p->top + p->height - 24);
        if (fabs(other_y - y) < 42) {
            const double middle = (other_y + y) / 2;
            const double way = equity_value >= value ? 21 : -21;
            y = middle - way;
            other_y = middle + way;
        }
        g_autofree char *text = value_text(value);
        draw_text(pen, x, other_y, 0, chart->benchmark.label, 13, TRUE, benchmark_grey);
        draw_text(pen, x, other_y + 17, 0, text, 13, FALSE, benchmark_grey);
    }
    g_autofree char *text = value_text(equity_value);
    draw_text(pen, x, y, 0, chart->equity.label, 13, TRUE, strategy_blue);
    draw_text(pen, x, y + 17, 0, text, 13, FALSE, strategy_blue);
}

static void draw_equity(const pen *pen, panel *p, const chart *chart, column *columns)
{
    const qb_curve *equity = &chart->equity.curve, *benchmark = &chart->benchmark.curve;
    const double factor = benchmark->count > 0 && benchmark->value[0] > 0
                              ? equity->value[0] / benchmark->value[0]
                              : 1.0;
    p->low = INFINITY;
    p->high = -INFINITY;
    for (gsize i = 0; i < equity->count; i++)
        widen(equity->value[i], &p->low, &p->high);
    for (gsize i = 0; i < benchmark->count; i++)
        widen(benchmark->value[i] * factor, &p->low, &p->high);
    pad_range(p);

    axis_tick ticks[AXIS_TICKS_LIMIT];
    const int wanted = MAX(2, (int)(p->height / 55));
    const int count = p->log_scale ? axis_log_ticks(p->low, p->high, wanted, ticks)
                                   : axis_value_ticks(p->low, p->high, wanted, ticks);
    draw_value_axis(pen, p, ticks, count);

    const int column_count = (int)p->width;
    if (benchmark->count > 0) {
        reduce(p, benchmark, factor, columns, column_count);
        draw_curve(pen->cairo, p, columns, column_count, benchmark_grey, 1.6);
    }
    reduce(p, equity, 1.0, columns, column_count);
    cairo_pattern_t *shade = cairo_pattern_create_linear(0, p->top, 0, p->top + p->height);
    cairo_pattern_add_color_stop_rgba(shade, 0, strategy_blue.red, strategy_blue.green,
                                      strategy_blue.blue, 0.16);
    cairo_pattern_add_color_stop_rgba(shade, 1, strategy_blue.red, strategy_blue.green,
                                      strategy_blue.blue, 0.0);
    fill_curve(pen->cairo, p, columns, column_count, p->top + p->height, shade);
    cairo_pattern_destroy(shade);
    draw_curve(pen->cairo, p, columns, column_count, strategy_blue, 2.2);
    draw_end_labels(pen, p, chart, factor);
    if (p->log_scale)
        draw_text(pen, p->left + 8, p->top + 10, 0, "log scale", 12, FALSE, draw_faint_ink);
}

static void draw_drawdown(const pen *pen, panel *p, const qb_curve *equity, double *depth,
                          column *columns)
{
    double peak = equity->value[0];
    p->low = 0;
    for (gsize i = 0; i < equity->count; i++) {
        peak = fmax(peak, equity->value[i]);
        depth[i] = peak > 0 ? equity->value[i] / peak - 1 : 0;
        p->low = fmin(p->low, depth[i]);
    }
    p->low = p->low < 0 ? p->low * 1.12 : -0.01;
    p->high = 0;

    axis_tick ticks[AXIS_TICKS_LIMIT];
    const int count = axis_value_ticks(p->low * 100, 0, 3, ticks);
    for (int i = 0; i < count; i++) {
        g_strlcat(ticks[i].label, " %", sizeof ticks[i].label);
        ticks[i].at /= 100;
    }
    draw_value_axis(pen, p, ticks, count);

    const qb_curve curve = {.ts_us = equity->ts_us, .value = depth, .count = equity->count};
    const int column_count = (int)p->width;
    reduce(p, &curve, 1.0, columns, column_count);
    cairo_pattern_t *shade = cairo_pattern_create_rgba(drawdown_red.red, drawdown_red.green,
                                                       drawdown_red.blue, 0.22);
    fill_curve(pen->cairo, p, columns, column_count, p->top, shade);
    cairo_pattern_destroy(shade);
    draw_curve(pen->cairo, p, columns, column_count, drawdown_red, 1.4);
    draw_text(pen, p->left + p->width + 10, p->top + 8, 0, "Drawdown", 13, TRUE, drawdown_red);
}

static double label_width(const pen *pen, const chart_line *line)
{
    if (line->curve.count == 0)
        return 0;
    g_autofree char *text = value_text(line->curve.value[line->curve.count - 1]);
    return fmax(draw_text_width(pen, line->label, 13, TRUE), draw_text_width(pen, text, 13, FALSE));
}

static void draw(const pen *pen, const chart *chart, int width, int height, double *depth,
                 column *columns)
{
    const double margin = 40;
    const double right =
        fmax(draw_text_width(pen, "Drawdown", 13, TRUE),
             fmax(label_width(pen, &chart->equity), label_width(pen, &chart->benchmark))) +
        10;
    const double head = 158, foot = 66, gap = 22;
    const double left = margin + 52, plot_width = floor(width - left - margin - right);
    const double plot_height = height - head - foot - gap;

    panel equity = {
        .left = left, .top = head, .width = plot_width, .height = floor(plot_height * 0.72)};
    equity.first_us = chart->equity.curve.ts_us[0];
    equity.last_us = chart->equity.curve.ts_us[chart->equity.curve.count - 1];
    panel drawdown = equity;
    drawdown.top = equity.top + equity.height + gap;
    drawdown.height = floor(plot_height * 0.28);

    draw_colour(pen->cairo, draw_paper, 1.0);
    cairo_paint(pen->cairo);
    draw_text(pen, margin, 42, 0, chart->title, 27, TRUE, draw_ink);
    if (chart->subtitle != NULL)
        draw_text(pen, margin, 72, 0, chart->subtitle, 14, FALSE, draw_faint_ink);
    draw_facts(pen, margin, width - margin, 102, chart->facts);
    draw_time_axis(pen, &equity, &drawdown);
    draw_equity(pen, &equity, chart, columns);
    draw_drawdown(pen, &drawdown, &chart->equity.curve, depth, columns);
    if (chart->footer != NULL)
        draw_text(pen, margin, height - 20, 0, chart->footer, 12, FALSE, draw_faint_ink);
    draw_text(pen, width - margin, height - 20, 1, "quantbot", 12, TRUE, draw_faint_ink);
}

GBytes *chart_png(const chart *chart, GError **error)
{
    const int width = chart->width > 0 ? chart->width : CHART_WIDTH;
    const int height = chart->height > 0 ? chart->height : CHART_HEIGHT;
    if (width < 480 || height < 320 || width > PICTURE_SIDE_LIMIT || height > PICTURE_SIDE_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "a chart of %d x %d (expected 480 x 320 to %d)",
                    width, height, PICTURE_SIDE_LIMIT);
        return NULL;
    }
    if (chart->equity.curve.count < 2) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "a chart needs at least 2 equity points");
        return NULL;
    }
    g_autofree double *depth = g_new(double, chart->equity.curve.count);
    g_autofree column *columns = g_new(column, (gsize)width);
    picture picture = picture_new(width, height);
    draw(&picture.pen, chart, width, height, depth, columns);
    return picture_png(&picture, error);
}
