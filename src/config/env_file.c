/* The .env format: one NAME=value per line.
 *
 *   export NAME = value   # a comment begins with # after a blank
 *   NAME='taken as it is, but \' and \\'
 *   NAME="with \n \t \" \\ and other escapes"
 *
 * UTF-8 with or without byte order mark, LF or CRLF. A value stays on its line, and $NAME is not
 * expanded: what a shell or Docker would make of it differs from one to the next. */
#include "config/config-private.h"

#include <string.h>

typedef struct env_reader {
    guint number;
    env_line_func on_line;
    env_problem_func on_problem;
    gpointer user;
} env_reader;

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static void problem(const env_reader *reader, const char *message)
{
    reader->on_problem(reader->number, message, reader->user);
}

/* The character that an escape stands for, or NUL when it is none. */
static char escaped(char c)
{
    static const char from[] = "nrtabfv\\\"'$`", to[] = "\n\r\t\a\b\f\v\\\"'$`";
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    return found != NULL ? to[found - from] : '\0';
}

/* Reads a quoted value whose opening quote is at *at; *at ends behind the closing one. FALSE when
 * there is none. */
static gboolean read_quoted(const char **at, const char *end, GString *out)
{
    char quote = *(*at)++;
    while (*at < end) {
        char c = *(*at)++;
        if (c == quote)
            return TRUE;
        if (c == '\\' && *at < end) {
            char next = **at;
            char plain = quote == '"' || next == '\'' || next == '\\' ? escaped(next) : '\0';
            if (plain != '\0') {
                c = plain;
                (*at)++;
            }
        }
        g_string_append_c(out, c);
    }
    return FALSE;
}

/* Up to a # that follows a blank; blanks at the end are not part of it. `begin` follows blanks or
 * the equals sign, so a # right there is a comment only after a blank. */
static void read_bare(const char *begin, const char *end, GString *out)
{
    for (const char *c = begin; c < end; c++)
        if (*c == '#' && is_blank(c[-1]))
            end = c;
    while (end > begin && is_blank(end[-1]))
        end--;
    g_string_append_len(out, begin, end - begin);
}

/* NULL, or what is wrong with the value that begins behind the equals sign. */
static const char *read_value(const char *at, const char *end, GString *out, gboolean *literal)
{
    at = skip_blanks(at, end);
    *literal = at < end && *at == '\'';
    if (at >= end)
        return NULL;
    if (*at != '"' && *at != '\'') {
        read_bare(at, end, out);
        return NULL;
    }
    if (!read_quoted(&at, end, out))
        return "the quote is not closed (expected the value on one line)";
    const char *rest = skip_blanks(at, end);
    if (rest < end && (*rest != '#' || rest == at))
        return "text after the closing quote (expected nothing, or a comment after a blank)";
    return NULL;
}

static const char *skip_export(const char *at, const char *end)
{
    static const char word[] = "export";
    gsize length = sizeof word - 1;
    if ((gsize)(end - at) > length && memcmp(at, word, length) == 0 && is_blank(at[length]))
        return skip_blanks(at + length, end);
    return at;
}

static const char *skip_name(const char *at, const char *end)
{
    if (at < end && g_ascii_isdigit(*at))
        return at;
    while (at < end && (g_ascii_isalnum(*at) || *at == '_'))
        at++;
    return at;
}

static void read_line(env_reader *reader, const char *begin, const char *end)
{
    const char *at = skip_blanks(begin, end);
    if (at == end || *at == '#')
        return;
    if ((gsize)(end - begin) > ENV_LINE_LIMIT) {
        problem(reader, "the line is too long (expected at most 65536 bytes)");
        return;
    }
    if (memchr(begin, '\0', (gsize)(end - begin)) || !g_utf8_validate(begin, end - begin, NULL)) {
        problem(reader, "the line is not UTF-8 text");
        return;
    }
    const char *name = skip_export(at, end);
    const char *name_end = skip_name(name, end);
    const char *equals = skip_blanks(name_end, end);
    if (name_end == name || equals == end || *equals != '=') {
        problem(reader, "the line is not a setting (expected NAME=value)");
        return;
    }
    g_autofree char *name_text = g_strndup(name, (gsize)(name_end - name));
    g_autoptr(GString) value = g_string_new(NULL);
    gboolean literal = FALSE;
    const char *wrong = read_value(equals + 1, end, value, &literal);
    if (wrong != NULL) {
        g_autofree char *shown = failure_path(name_text);
        g_autofree char *message = g_strdup_printf("%s: %s", shown, wrong);
        problem(reader, message);
    } else {
        reader->on_line(&(env_line){name_text, value->str, reader->number, literal}, reader->user);
    }
    explicit_bzero(value->str, value->len);
}

void env_file_parse(const char *text, gsize length, env_line_func on_line,
                    env_problem_func on_problem, gpointer user)
{
    env_reader reader = {0, on_line, on_problem, user};
    const char *at = text, *end = text + length;

    if (length > ENV_FILE_LIMIT) {
        problem(&reader, "is too large (expected at most 1048576 bytes)");
        return;
    }
    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        const char *line_end = newline != NULL ? newline : end;
        const char *next = newline != NULL ? newline + 1 : end;
        while (line_end > at && line_end[-1] == '\r')
            line_end--;
        reader.number++;
        read_line(&reader, at, line_end);
        at = next;
    }
}
