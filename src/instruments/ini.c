/* The lines of instruments.ini. GKeyFile tells no lines, takes a key twice in silence and merges
 * sections of one name, so the file is read here; there is nothing else to it. */
#include "instruments/instruments-private.h"

#include <string.h>

#define KEYS_LIMIT 32u /* of one section */
#define NAME_LIMIT 64u

typedef struct reader {
    const char *file;
    failures *problems;
    guint line;
    GPtrArray *sections;
    GHashTable *by_name;  /* name -> ini_section *, borrowed */
    ini_section *section; /* under way; NULL before the first and in one that is wrong */
    gboolean lost;        /* in a section that is wrong: its keys are nobody's */
} reader;

static void clear_pair(gpointer item)
{
    ini_pair *pair = item;
    g_free(pair->key);
    g_free(pair->value);
}

static void free_section(gpointer item)
{
    ini_section *section = item;
    g_free(section->name);
    g_array_unref(section->pairs);
    g_free(section);
}

static void complain(reader *self, const char *text, const char *complaint)
{
    g_autofree char *quoted = failure_quote(text, -1);
    failures_add(self->problems, "%s:%u: %s %s", self->file, self->line, quoted, complaint);
}

static void begin_section(reader *self, char *line)
{
    char *bracket = strchr(line, ']');
    self->section = NULL;
    self->lost = TRUE;
    if (bracket == NULL || bracket[1] != '\0') {
        complain(self, line, "is not a section (expected [name] alone on the line)");
        return;
    }
    *bracket = '\0';
    const char *name = g_strstrip(line + 1);
    const ini_section *earlier = g_hash_table_lookup(self->by_name, name);
    if (*name == '\0' || strlen(name) > NAME_LIMIT) {
        complain(self, name, "is not a section's name (expected a symbol, a class or calendar X)");
        return;
    }
    if (earlier != NULL) {
        g_autofree char *shown = failure_path(name);
        failures_add(self->problems, "%s:%u: [%s] stands a second time (first in line %u)",
                     self->file, self->line, shown, earlier->line);
        return;
    }
    if (self->sections->len >= INSTRUMENTS_LIMIT) {
        complain(self, name, "is one section too many");
        return;
    }
    ini_section *section = g_new0(ini_section, 1);
    *section = (ini_section){g_strdup(name), self->line,
                             g_array_new(FALSE, FALSE, sizeof(ini_pair))};
    g_array_set_clear_func(section->pairs, clear_pair);
    g_ptr_array_add(self->sections, section);
    g_hash_table_insert(self->by_name, section->name, section);
    self->section = section;
    self->lost = FALSE;
}

static void add_pair(reader *self, char *line)
{
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        complain(self, line, "is no line of this file (expected [section], key = value or # ...)");
        return;
    }
    *equals = '\0';
    const char *key = g_strstrip(line), *value = g_strstrip(equals + 1);
    if (self->lost)
        return;
    if (self->section == NULL) {
        complain(self, key, "stands before the first [section]");
        return;
    }
    for (guint i = 0; i < self->section->pairs->len; i++) {
        const ini_pair *earlier = &g_array_index(self->section->pairs, ini_pair, i);
        if (strcmp(earlier->key, key) != 0)
            continue;
        g_autofree char *quoted = failure_quote(key, -1);
        failures_add(self->problems, "%s:%u: %s is set a second time (first in line %u)",
                     self->file, self->line, quoted, earlier->line);
        return;
    }
    if (self->section->pairs->len >= KEYS_LIMIT) {
        complain(self, key, "is one key too many");
        return;
    }
    const ini_pair pair = {g_strdup(key), g_strdup(value), self->line};
    g_array_append_val(self->section->pairs, pair);
}

static void read_line(reader *self, const char *text, gsize length)
{
    self->line++;
    if (memchr(text, '\0', length) != NULL || !g_utf8_validate(text, (gssize)length, NULL)) {
        failures_add(self->problems, "%s:%u: the line is not UTF-8 text", self->file, self->line);
        return;
    }
    g_autofree char *copy = g_strndup(text, length);
    char *line = g_strstrip(copy);
    if (*line == '[')
        begin_section(self, line);
    else if (*line != '\0' && *line != '#' && *line != ';')
        add_pair(self, line);
}

GPtrArray *ini_read(const char *file, const char *text, gsize length, failures *problems)
{
    reader self = {.file = file, .problems = problems};
    const char *at = text, *end = text + length;
    if (length > INSTRUMENTS_FILE_LIMIT) {
        failures_add(problems, "%s: is too large (expected at most %u bytes)", file,
                     INSTRUMENTS_FILE_LIMIT);
        return NULL;
    }
    self.sections = g_ptr_array_new_with_free_func(free_section);
    self.by_name = g_hash_table_new(g_str_hash, g_str_equal);
    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        const char *stop = newline != NULL ? newline : end;
        read_line(&self, at, (gsize)(stop - at));
        at = newline != NULL ? newline + 1 : end;
    }
    g_hash_table_unref(self.by_name);
    return self.sections;
}

gboolean ini_complain(const ini_place *place, const ini_pair *pair, const char *expected)
{
    g_autofree char *quoted = failure_quote(pair->value, -1);
    failures_add(place->problems, "%s:%u: [%s] %s: %s is not valid (expected %s)", place->file,
                 pair->line, place->section, pair->key, quoted, expected);
    return FALSE;
}

char **ini_items(const char *text)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (char **item = items; *item != NULL; item++)
        if (*g_strstrip(*item) == '\0')
            return NULL;
    return *items != NULL ? g_steal_pointer(&items) : NULL;
}
