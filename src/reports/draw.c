#include "reports/draw-private.h"

#include <math.h>

const colour draw_paper = {1.00, 1.00, 1.00};
const colour draw_ink = {0.10, 0.13, 0.18};
const colour draw_faint_ink = {0.42, 0.46, 0.52};
const colour draw_grid = {0.91, 0.92, 0.94};

/* ---- text ---------------------------------------------------------------------------------- */

void draw_colour(cairo_t *cairo, colour c, double alpha)
{
    cairo_set_source_rgba(cairo, c.red, c.green, c.blue, alpha);
}

static void set_text(const pen *pen, const char *text, double pixels, gboolean bold)
{
    PangoFontDescription *font = pango_font_description_from_string("DejaVu Sans");
    pango_font_description_set_absolute_size(font, pixels * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(pen->layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(pen->layout, text, -1);
}

double draw_text(const pen *pen, double x, double y, double align, const char *text, double pixels,
                 gboolean bold, colour c)
{
    int width, height;
    set_text(pen, text, pixels, bold);
    pango_layout_get_pixel_size(pen->layout, &width, &height);
    draw_colour(pen->cairo, c, 1.0);
    cairo_move_to(pen->cairo, round(x - width * align), round(y - height / 2.0));
    pango_cairo_show_layout(pen->cairo, pen->layout);
    return width;
}

double draw_text_width(const pen *pen, const char *text, double pixels, gboolean bold)
{
    int width;
    set_text(pen, text, pixels, bold);
    pango_layout_get_pixel_size(pen->layout, &width, NULL);
    return width;
}

/* ---- pictures ------------------------------------------------------------------------------ */

picture picture_new(int width, int height)
{
    picture self = {.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)};
    self.pen.cairo = cairo_create(self.surface);
    self.pen.layout = pango_cairo_create_layout(self.pen.cairo);
    return self;
}

void picture_free(picture *self)
{
    g_object_unref(self->pen.layout);
    cairo_destroy(self->pen.cairo);
    cairo_surface_destroy(self->surface);
    *self = (picture){0};
}

static cairo_status_t append_png(void *closure, const unsigned char *bytes, unsigned int count)
{
    g_byte_array_append(closure, bytes, count);
    return CAIRO_STATUS_SUCCESS;
}

GBytes *picture_png(picture *self, GError **error)
{
    g_autoptr(GByteArray) png = g_byte_array_new();
    const cairo_status_t status = cairo_surface_write_to_png_stream(self->surface, append_png, png);
    picture_free(self);
    if (status != CAIRO_STATUS_SUCCESS) {
        g_set_error(error, FAILURE, FAILURE_INTERNAL, "picture: %s",
                    cairo_status_to_string(status));
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&png));
}
