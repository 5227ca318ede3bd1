/* What the pictures share: colours, texts, and the way from a surface to PNG bytes. */
#ifndef REPORTS_DRAW_PRIVATE_H
#define REPORTS_DRAW_PRIVATE_H

#include "platform/failure.h"

#include <pango/pangocairo.h>

#define PICTURE_SIDE_LIMIT 10000

typedef struct colour {
    double red, green, blue;
} colour;

extern const colour draw_paper, draw_ink, draw_faint_ink, draw_grid;

typedef struct pen {
    cairo_t *cairo;
    PangoLayout *layout; /* one for all texts */
} pen;

void draw_colour(cairo_t *cairo, colour c, double alpha);
/* align 0: x is the left edge, 0.5 the middle, 1 the right edge. y is the middle of the line.
 * Returns the width. */
double draw_text(const pen *pen, double x, double y, double align, const char *text, double pixels,
                 gboolean bold, colour c);
double draw_text_width(const pen *pen, const char *text, double pixels, gboolean bold);

/* Width and height in pixels, 1..PICTURE_SIDE_LIMIT. */
typedef struct picture {
    cairo_surface_t *surface;
    pen pen;
} picture;
picture picture_new(int width, int height);
void picture_free(picture *self);
/* PNG bytes; frees the picture in any case. FAILURE_INTERNAL. */
GBytes *picture_png(picture *self, GError **error);

#endif
