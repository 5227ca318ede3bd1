/* What the files of this room share. */
#ifndef PLATFORM_PRIVATE_H
#define PLATFORM_PRIVATE_H

#include <glib.h>

typedef enum escape_style {
    ESCAPE_LINE,   /* for a log line: backslashes and quotes stay as they are */
    ESCAPE_QUOTED, /* for the inside of double quotes: those two are escaped as well */
} escape_style;

/* Appends text so that it can neither end its line nor steer a terminal: control characters
 * become \n, \t or \x1b, bidi controls and line separators \u202e, bytes that are not UTF-8
 * \xff. Stops before more than max_characters are appended; returns the bytes consumed. */
gsize platform_escape(GString *out, const char *text, gsize length, gsize max_characters,
                      escape_style style);

#endif
