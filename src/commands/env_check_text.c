/* The summary of env check on a terminal: a mark, a name, a text that is wrapped. */
#include "commands/env_check.h"

#include "reports/reports.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_COLUMNS 14
#define INDENT 2
#define WIDTH_MAX 100
#define WIDTH_MIN 32
#define WIDTH_OF_COLUMNS 60

static const struct {
    const char *unicode, *ascii, *colour;
} marks[] = {
    [MARK_OK] = {"✓", "+", "\033[32m"},
    [MARK_OFF] = {"·", "-", "\033[2m"},
    [MARK_WARN] = {"!", "!", "\033[33m"},
    [MARK_BAD] = {"✗", "x", "\033[31m"},
};

static const char *paint(const report_style *style, const char *colour)
{
    return style->colour ? colour : "";
}

/* Bytes of text that fill one line of `room` characters: up to a blank, else cut. */
static gsize line_bytes(const char *text, glong room)
{
    if (g_utf8_strlen(text, -1) <= room)
        return strlen(text);
    const char *end = g_utf8_offset_to_pointer(text, room);
    for (const char *c = end; c > text; c--)
        if (*c == ' ')
            return (gsize)(c - text);
    return (gsize)(end - text);
}

/* Wraps text into the columns from `left` on; the first line is begun already. */
static void print_wrapped(const char *text, int left, const report_style *style)
{
    glong room = CLAMP(style->width, WIDTH_MIN, WIDTH_MAX) - left;
    for (;;) {
        gsize bytes = line_bytes(text, room);
        printf("%.*s\n", (int)bytes, text);
        text += bytes;
        text += strspn(text, " ");
        if (*text == '\0')
            return;
        printf("%*s", left, "");
    }
}

/* Name and text side by side, or in a narrow window behind each other. */
static void print_row(const check_row *row, const report_style *style)
{
    printf("%*s%s%s%s ", INDENT, "", paint(style, marks[row->mark].colour),
           style->unicode ? marks[row->mark].unicode : marks[row->mark].ascii,
           paint(style, "\033[0m"));
    if (style->width < WIDTH_OF_COLUMNS) {
        g_autofree char *text = g_strdup_printf("%s: %s", row->name, row->text);
        print_wrapped(text, INDENT + 2, style);
        return;
    }
    printf("%-*s ", NAME_COLUMNS, row->name);
    print_wrapped(row->text, INDENT + 3 + NAME_COLUMNS, style);
}

static void print_rows(const check *self, const report_style *style)
{
    const char *section = NULL;
    for (guint i = 0; i < self->rows->len; i++) {
        const check_row *row = &g_array_index(self->rows, check_row, i);
        if (g_strcmp0(section, row->section) != 0)
            printf("%s%s%s%s\n", section ? "\n" : "", paint(style, "\033[1m"), row->section,
                   paint(style, "\033[0m"));
        section = row->section;
        print_row(row, style);
    }
}

void check_print_text(const check *self, guint setting_warnings)
{
    report_style style = report_style_of(STDOUT_FILENO);
    print_rows(self, &style);
    if (setting_warnings > 0)
        printf("\n%sWarnings%s\n", paint(&style, "\033[1m"), paint(&style, "\033[0m"));
    for (guint i = 0; i < setting_warnings; i++) {
        printf("%*s%s!%s ", INDENT, "", paint(&style, marks[MARK_WARN].colour),
               paint(&style, "\033[0m"));
        print_wrapped(g_ptr_array_index(self->warnings, i), INDENT + 2, &style);
    }
    if (self->database_error == NULL)
        printf("\n%sDB OK (%s)%s\n", paint(&style, marks[MARK_OK].colour),
               self->on_server ? "postgresql" : "sqlite", paint(&style, "\033[0m"));
}
