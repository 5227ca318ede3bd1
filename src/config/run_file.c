/* GKeyFile reads the values; it tells no line numbers, takes a key twice in silence and shares
 * names between groups of one name. So each line is looked at here first: what is wrong is reported
 * with its line, and only a text that is sound goes to GKeyFile. */
#include "config/config-private.h"

#include "platform/files.h"

#include <string.h>

#define RUN_FILE_LIMIT (1024u * 1024u)
#define KEYS_LIMIT 10000u

typedef struct run_key {
    char *group, *key;
    guint line;
    gboolean asked;
    char *value; /* once asked for */
} run_key;

struct run_file {
    char *name; /* escaped */
    GKeyFile *values;
    GPtrArray *keys;       /* of run_key *, in the order of the file */
    GHashTable *index;     /* "group\nkey" -> run_key *, borrowed */
    GHashTable *asked;     /* "group\nkey" of everything asked for, present or not */
    GPtrArray *asked_keys; /* the same as run_key *, for nearest names */
};

static void run_key_free(gpointer data)
{
    run_key *key = data;
    g_free(key->group);
    g_free(key->key);
    g_free(key->value);
    g_free(key);
}

static char *index_of(const char *group, const char *key)
{
    return g_strdup_printf("%s\n%s", group, key);
}

static run_key *find_key(const run_file *self, const char *group, const char *key)
{
    g_autofree char *index = index_of(group, key);
    return g_hash_table_lookup(self->index, index);
}

/* ---- looking at the lines ------------------------------------------------------------------- */

typedef struct line_scan {
    run_file *file;
    GString *clean; /* for GKeyFile: comments that begin with ; made its own */
    char *group;    /* NULL before the first */
    guint number;
    failures problems;
} line_scan;

static void problem(line_scan *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void problem(line_scan *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    failures_add(&self->problems, "%s:%u: %s", self->file->name, self->number, text);
}

static gboolean is_name(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr("_-.", *c) == NULL)
            return FALSE;
    return *text != '\0' && strlen(text) <= 64;
}

static void scan_group(line_scan *self, const char *line)
{
    gsize length = strlen(line);
    g_autofree char *group = g_strndup(line + 1, length - 1);
    char *bracket = strchr(group, ']');
    if (bracket == NULL || bracket[1] != '\0') {
        g_autofree char *shown = failure_quote(line, -1);
        problem(self, "%s is not a group (expected [name] alone on the line)", shown);
        return;
    }
    *bracket = '\0';
    g_strstrip(group);
    if (!is_name(group)) {
        g_autofree char *shown = failure_quote(group, -1);
        problem(self, "%s is not a group's name (expected letters, digits, _ - .)", shown);
        return;
    }
    g_free(self->group);
    self->group = g_steal_pointer(&group);
    g_string_append_printf(self->clean, "[%s]\n", self->group);
}

static void scan_pair(line_scan *self, const char *line)
{
    const char *equals = strchr(line, '=');
    if (equals == NULL) {
        g_autofree char *shown = failure_quote(line, -1);
        problem(self, "%s is not a line of a run file (expected [group], key=value or # comment)",
                shown);
        return;
    }
    g_autofree char *key = g_strstrip(g_strndup(line, (gsize)(equals - line)));
    g_autofree char *shown = failure_quote(key, -1);
    g_autofree char *value = g_strstrip(g_strdup(equals + 1));
    if (!is_name(key)) {
        problem(self, "%s is not a key (expected letters, digits, _ - .)", shown);
        return;
    }
    if (self->group == NULL) {
        problem(self, "%s stands before the first [group]", shown);
        return;
    }
    const run_key *earlier = find_key(self->file, self->group, key);
    if (earlier != NULL) {
        problem(self, "[%s] %s: is set a second time (first in line %u)", self->group, key,
                earlier->line);
        return;
    }
    if (self->file->keys->len >= KEYS_LIMIT) {
        problem(self, "more than %u keys", KEYS_LIMIT);
        return;
    }
    run_key *added = g_new0(run_key, 1);
    *added = (run_key){g_strdup(self->group), g_strdup(key), self->number, FALSE, NULL};
    g_ptr_array_add(self->file->keys, added);
    g_hash_table_insert(self->file->index, index_of(self->group, key), added);
    g_string_append_printf(self->clean, "%s=%s\n", key, value);
}

/* line is a copy that may be changed. */
static void scan_line(line_scan *self, char *line, gsize length)
{
    if (strlen(line) != length || !g_utf8_validate(line, (gssize)length, NULL)) {
        problem(self, "the line is not UTF-8 text");
        return;
    }
    g_strstrip(line);
    if (*line == '[')
        scan_group(self, line);
    else if (*line != '\0' && *line != '#' && *line != ';')
        scan_pair(self, line);
}

static void scan_lines(line_scan *self, const char *text, gsize length)
{
    const char *at = text, *end = text + length;
    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        const char *line_end = newline != NULL ? newline : end;
        gsize size = (gsize)(line_end - at);
        g_autofree char *line = g_malloc(size + 1);
        memcpy(line, at, size);
        line[size] = '\0';
        self->number++;
        scan_line(self, line, size);
        at = newline != NULL ? newline + 1 : end;
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

static run_file *run_file_new(const char *file_name)
{
    run_file *self = g_new0(run_file, 1);
    self->name = failure_path(file_name);
    self->values = g_key_file_new();
    self->keys = g_ptr_array_new_with_free_func(run_key_free);
    self->index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->asked_keys = g_ptr_array_new_with_free_func(run_key_free);
    return self;
}

run_file *run_file_parse(const char *file_name, const char *text, gsize length, GError **error)
{
    g_autoptr(run_file) self = run_file_new(file_name);
    g_autoptr(GString) clean = g_string_new(NULL);
    line_scan scan = {.file = self, .clean = clean};
    if (length > RUN_FILE_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: is too large (expected at most %u bytes)",
                    self->name, RUN_FILE_LIMIT);
        return NULL;
    }
    failures_init(&scan.problems);
    scan_lines(&scan, text, length);
    g_free(scan.group);
    if (!failures_finish(&scan.problems, FAILURE_CONFIG, error))
        return NULL;

    g_autoptr(GError) reason = NULL;
    if (clean->len > 0 && !g_key_file_load_from_data(self->values, clean->str, clean->len,
                                                     G_KEY_FILE_NONE, &reason)) {
        g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: %s", self->name, reason->message);
        return NULL;
    }
    return g_steal_pointer(&self);
}

run_file *run_file_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, RUN_FILE_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    return run_file_parse(path, size > 0 ? data : "", size, error);
}

void run_file_free(run_file *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_key_file_unref(self->values);
    g_hash_table_unref(self->index);
    g_hash_table_unref(self->asked);
    g_ptr_array_unref(self->keys);
    g_ptr_array_unref(self->asked_keys);
    g_free(self);
}

/* ---- asking --------------------------------------------------------------------------------- */

const char *run_file_get(run_file *self, const char *group, const char *key)
{
    g_autofree char *index = index_of(group, key);
    run_key *found = g_hash_table_lookup(self->index, index);
    if (g_hash_table_add(self->asked, g_steal_pointer(&index))) {
        run_key *asked = g_new0(run_key, 1);
        *asked = (run_key){g_strdup(group), g_strdup(key), 0, TRUE, NULL};
        g_ptr_array_add(self->asked_keys, asked);
    }
    if (found == NULL)
        return NULL;
    if (!found->asked) {
        found->asked = TRUE;
        found->value = g_key_file_get_value(self->values, group, key, NULL);
    }
    return found->value;
}

char **run_file_keys(run_file *self, const char *group)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < self->keys->len; i++) {
        run_key *key = g_ptr_array_index(self->keys, i);
        if (strcmp(key->group, group) != 0)
            continue;
        run_file_get(self, group, key->key);
        g_ptr_array_add(names, g_strdup(key->key));
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

/* The nearest key asked for in this group; where the group is unknown as a whole, "[group]". */
static char *nearest_asked(const run_file *self, const run_key *stranger)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    for (guint i = 0; i < self->asked_keys->len; i++) {
        const run_key *asked = g_ptr_array_index(self->asked_keys, i);
        g_ptr_array_add(groups, asked->group);
        if (strcmp(asked->group, stranger->group) == 0)
            g_ptr_array_add(keys, asked->key);
    }
    const char *key = nearest_name(stranger->key, (const char *const *)keys->pdata, keys->len);
    if (key != NULL)
        return g_strdup(key);
    const char *group = nearest_name(stranger->group, (const char *const *)groups->pdata,
                                     groups->len);
    return group != NULL ? g_strdup_printf("[%s]", group) : NULL;
}

gboolean run_file_finish(run_file *self, GError **error)
{
    failures problems;
    failures_init(&problems);
    for (guint i = 0; i < self->keys->len; i++) {
        const run_key *key = g_ptr_array_index(self->keys, i);
        if (key->asked)
            continue;
        g_autofree char *nearest = nearest_asked(self, key);
        if (nearest != NULL)
            failures_add(&problems, "%s:%u: [%s] %s: is no known key (nearest known: %s)",
                         self->name, key->line, key->group, key->key, nearest);
        else
            failures_add(&problems, "%s:%u: [%s] %s: is no known key", self->name, key->line,
                         key->group, key->key);
    }
    return failures_finish(&problems, FAILURE_CONFIG, error);
}

char *run_file_place(const run_file *self, const char *group, const char *key)
{
    const run_key *found = find_key(self, group, key);
    return found != NULL ? g_strdup_printf("%s:%u", self->name, found->line) : g_strdup(self->name);
}
