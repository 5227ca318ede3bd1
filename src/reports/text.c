#include "reports/text-private.h"

#include <string.h>

#define NO_BREAK_SPACE 0xa0 /* keeps "12.3 %" together where words are wrapped */

/* Characters that change direction or are not printed: a name must not rearrange its line. */
static gboolean is_hostile(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0x061c || c == 0x200e || c == 0x200f || c == 0x2028 ||
           c == 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0xfeff || !g_unichar_isdefined(c);
}

char *text_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    for (const char *c = valid; *c != '\0'; c = g_utf8_next_char(c)) {
        const gunichar character = g_utf8_get_char(c);
        if (character == '\t' || character == '\n')
            g_string_append_c(out, ' ');
        else if (is_hostile(character))
            g_string_append_c(out, '?');
        else
            g_string_append_unichar(out, character);
    }
    return g_string_free(out, FALSE);
}

static int character_width(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

int report_text_width(const char *text)
{
    int width = 0;
    for (const char *c = text; *c != '\0'; c = g_utf8_next_char(c))
        width += character_width(g_utf8_get_char(c));
    return width;
}

static void append_characters(GString *out, const char *text, int width, gboolean unicode)
{
    for (const char *c = text; *c != '\0'; c = g_utf8_next_char(c)) {
        const gunichar character = g_utf8_get_char(c);
        const int columns = character_width(character);
        if (columns > width)
            return;
        width -= columns;
        if (character == NO_BREAK_SPACE)
            g_string_append_c(out, ' ');
        else if (unicode || character < 0x80)
            g_string_append_unichar(out, character);
        else
            for (int i = 0; i < columns; i++)
                g_string_append_c(out, '?');
    }
}

char *text_fit(const char *text, int width, const report_style *style)
{
    GString *out = g_string_new(NULL);
    if (report_text_width(text) <= width) {
        append_characters(out, text, width, style->unicode);
        return g_string_free(out, FALSE);
    }
    const char *mark = style->unicode ? "…" : "~";
    append_characters(out, text, width - 1, style->unicode);
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append(out, mark);
    return g_string_free(out, FALSE);
}

void text_print(const char *text, report_tone tone, const report_style *style, FILE *stream)
{
    static const char *const codes[] = {
        [REPORT_GOOD] = "32", [REPORT_BAD] = "31", [REPORT_DIM] = "2", [REPORT_STRONG] = "1"};
    if (style->colour && tone != REPORT_PLAIN && *text != '\0')
        fprintf(stream, "\033[%sm%s\033[0m", codes[tone], text);
    else
        fputs(text, stream);
}

void text_rule(int width, const report_style *style, FILE *stream)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (int i = 0; i < width; i++)
        g_string_append(line, style->unicode ? "─" : "-");
    text_print(line->str, REPORT_DIM, style, stream);
    fputc('\n', stream);
}

void report_text_print(const char *text, int indent, report_tone tone, const report_style *style,
                       FILE *stream)
{
    const int room = MAX(style->width - indent, 1);
    g_autofree char *clean = text_clean(text);
    g_auto(GStrv) words = g_strsplit(clean, " ", -1);
    g_autoptr(GString) line = g_string_new(NULL);
    for (char **word = words;; word++) {
        const int used = report_text_width(line->str);
        if (*word != NULL && (used == 0 || used + 1 + report_text_width(*word) <= room)) {
            if (used > 0)
                g_string_append_c(line, ' ');
            g_string_append(line, *word);
            continue;
        }
        if (used > 0) {
            g_autofree char *fitted = text_fit(line->str, room, style);
            fprintf(stream, "%*s", indent, "");
            text_print(fitted, tone, style, stream);
            fputc('\n', stream);
        }
        if (*word == NULL)
            return;
        g_string_assign(line, *word);
    }
}
