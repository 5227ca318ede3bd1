#include "reports/reports.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* COLUMNS first: whoever sets it by hand means it; a shell's own is not exported. */
static int width_of(int descriptor)
{
    const char *columns = variable("COLUMNS");
    gint64 width = columns != NULL ? g_ascii_strtoll(columns, NULL, 10) : 0;
    struct winsize window;
    if (width <= 0 && ioctl(descriptor, TIOCGWINSZ, &window) == 0)
        width = window.ws_col;
    if (width <= 0)
        width = WIDTH_DEFAULT;
    return (int)CLAMP(width, REPORT_WIDTH_MIN, REPORT_WIDTH_MAX);
}

/* As setlocale would choose, without its effect on how numbers are written. */
static gboolean locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = variable(names[i]);
        if (value != NULL)
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return FALSE;
}

report_style report_style_of(int descriptor)
{
    const char *term = variable("TERM");
    return (report_style){
        .width = width_of(descriptor),
        .colour = isatty(descriptor) && variable("NO_COLOR") == NULL && term != NULL &&
                  strcmp(term, "dumb") != 0,
        .unicode = locale_is_utf8(),
    };
}
