/* Reading goes in passes, so that one read reports everything and shows no secret: collect what
 * each source says, read secret files, make secrets known to the redactor, and only then check
 * values and write messages. */
#include "config/config-private.h"

#include "platform/files.h"
#include "platform/log.h"
#include "platform/process.h"

#include <string.h>
#include <unistd.h>

#define WARNINGS_LIMIT 100u
#define PROBLEMS_KEPT 1000u
#define SECRET_FILE_LIMIT (64u * 1024u)
#define ENVIRONMENT_LINE G_MAXUINT
#define OWN_PREFIX "QUANTBOT_"
#define FILE_SUFFIX "_FILE"

/* ---- reading one source --------------------------------------------------------------------- */

/* What one source says of one setting. */
typedef struct candidate {
    char *value; /* NULL: nothing */
    char *place; /* ".env:3", "environment" */
    guint line;
    setting_source source;
} candidate;

/* In the order in which they are believed. */
enum { LAYER_ENVIRONMENT, LAYER_FILE, LAYERS };

/* Problems are collected in the order of passes and reported in the order of lines. */
typedef struct problem {
    guint line;   /* of .env; ENVIRONMENT_LINE behind all of them */
    guint number; /* in order of discovery */
    char *text;
} problem;

typedef struct reading {
    const char *file_name;      /* escaped, for messages */
    candidate *plain[LAYERS];   /* NAME */
    candidate *pointer[LAYERS]; /* NAME_FILE: the file's name, later its content */
    GArray *problems;           /* of problem, the first PROBLEMS_KEPT found */
    guint problem_count;
    GPtrArray *warnings; /* may be NULL */
    guint warning_count;
} reading;

static void warn(reading *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void warn(reading *self, const char *format, ...)
{
    if (self->warnings == NULL || self->warning_count++ >= WARNINGS_LIMIT)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(self->warnings, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static void problem_clear(gpointer item)
{
    g_free(((problem *)item)->text);
}

static void refuse(reading *self, guint line, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void refuse(reading *self, guint line, const char *format, ...)
{
    if (self->problem_count++ >= PROBLEMS_KEPT)
        return;
    va_list arguments;
    va_start(arguments, format);
    problem found = {line, self->problems->len, g_strdup_vprintf(format, arguments)};
    va_end(arguments);
    g_array_append_val(self->problems, found);
}

static int by_line(gconstpointer a, gconstpointer b)
{
    const problem *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static gboolean report(reading *self, GError **error)
{
    failures lines;
    failures_init(&lines);
    g_array_sort(self->problems, by_line);
    for (guint i = 0; i < self->problems->len; i++)
        failures_add(&lines, "%s", g_array_index(self->problems, problem, i).text);
    lines.count = self->problem_count;
    return failures_finish(&lines, FAILURE_CONFIG, error);
}

static void candidate_set(candidate *self, const char *value, char *place, guint line,
                          setting_source source)
{
    erase_text(self->value);
    g_free(self->place);
    *self = (candidate){g_strstrip(g_strdup(value)), place, line, source};
}

/* Where NAME or NAME_FILE of a known setting belongs, else NULL. */
static candidate *find_candidate(reading *self, int layer, const char *name)
{
    gsize length = strlen(name);
    gssize row = table_find(name, length);
    if (row >= 0)
        return &self->plain[layer][row];
    if (!g_str_has_suffix(name, FILE_SUFFIX))
        return NULL;
    row = table_find(name, length - strlen(FILE_SUFFIX));
    return row >= 0 && settings_table[row].secret ? &self->pointer[layer][row] : NULL;
}

static void on_file_line(const env_line *line, gpointer user)
{
    reading *self = user;
    candidate *found = find_candidate(self, LAYER_FILE, line->name);
    g_autofree char *name = failure_path(line->name);
    g_autofree char *place = g_strdup_printf("%s:%u", self->file_name, line->number);
    if (found == NULL) {
        if (g_str_has_prefix(line->name, OWN_PREFIX))
            refuse(self, line->number, "%s: %s: unknown setting (nearest known: %s)", place, name,
                   table_nearest(line->name));
        else
            warn(self, "%s: %s: unknown setting, ignored (nearest known: %s)", place, name,
                 table_nearest(line->name));
        return;
    }
    if (found->value != NULL)
        warn(self, "%s: %s: also set at %s; the later one counts", place, name, found->place);
    if (!line->literal && strstr(line->value, "${") != NULL)
        warn(self, "%s: %s: ${...} is not expanded, it is taken as written", place, name);
    candidate_set(found, line->value, g_steal_pointer(&place), line->number, SETTING_FILE);
}

static void on_file_problem(guint number, const char *message, gpointer user)
{
    reading *self = user;
    if (number == 0)
        refuse(self, 0, "%s: %s", self->file_name, message);
    else
        refuse(self, number, "%s:%u: %s", self->file_name, number, message);
}

static void read_environment(reading *self, const char *const *environment)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        if (equals == NULL || equals == *environment)
            continue;
        g_autofree char *name = g_strndup(*environment, (gsize)(equals - *environment));
        candidate *found = find_candidate(self, LAYER_ENVIRONMENT, name);
        if (found == NULL) {
            g_autofree char *shown = failure_path(name);
            if (g_str_has_prefix(name, OWN_PREFIX))
                refuse(self, ENVIRONMENT_LINE,
                       "environment: %s: unknown setting (nearest known: %s)", shown,
                       table_nearest(name));
        } else if (found->value == NULL) { /* getenv takes the first of two, and so do we */
            candidate_set(found, equals + 1, g_strdup("environment"), ENVIRONMENT_LINE,
                          SETTING_ENVIRONMENT);
        }
    }
}

/* ---- secret files --------------------------------------------------------------------------- */

static gboolean is_set(const candidate *self)
{
    return self->value != NULL && *self->value != '\0';
}

static gboolean in_prod(const reading *self)
{
    gssize row = table_find("APP_ENV", strlen("APP_ENV"));
    for (int layer = 0; layer < LAYERS; layer++)
        if (is_set(&self->plain[layer][row]))
            return g_ascii_strcasecmp(self->plain[layer][row].value, "prod") == 0;
    return FALSE;
}

static void check_readers(reading *self, guint line, const char *path, const char *message)
{
    if (!files_readable_by_others(path))
        return;
    if (in_prod(self))
        refuse(self, line, "%s: others may read it (expected mode 600 with APP_ENV prod)", message);
    else
        warn(self, "%s: others may read it; chmod 600 would keep it yours", message);
}

/* Whoever writes the secret itself behind NAME_FILE must not see it in a message: a name is shown
 * when it looks like a path or is that of a file. */
static gboolean is_path(const char *name)
{
    return name[0] == '/' || name[0] == '.' || files_exists(name);
}

/* Replaces the name of a file by what it holds. */
static void read_secret_file(reading *self, const setting_info *info, candidate *pointer)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup(pointer->value);
    g_autofree char *shown = failure_path(path);
    g_autofree char *setting = g_strdup_printf("%s: %s" FILE_SUFFIX, pointer->place, info->name);
    g_autofree char *message = g_strdup_printf("%s: %s", setting, shown);
    g_autoptr(GBytes) bytes = files_read(path, SECRET_FILE_LIMIT, &error);
    candidate_set(pointer, "", g_strdup(message), pointer->line, SETTING_SECRET_FILE);
    if (bytes == NULL) {
        refuse(self, pointer->line, "%s: %s", setting,
               is_path(path) ? error->message : "there is no file of that name");
        return;
    }
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    if (size > 0 && memchr(data, '\0', size) != NULL) {
        refuse(self, pointer->line, "%s: is not text (expected the secret on one line)", message);
        return;
    }
    g_autofree char *text = g_strndup(size > 0 ? data : "", size);
    check_readers(self, pointer->line, path, message);
    candidate_set(pointer, text, g_steal_pointer(&message), pointer->line, SETTING_SECRET_FILE);
    explicit_bzero(text, size);
    if (!is_set(pointer))
        warn(self, "%s: is empty, treated as unset", pointer->place);
}

static void read_secret_files(reading *self)
{
    for (int layer = 0; layer < LAYERS; layer++)
        for (gsize row = 0; row < settings_table_count; row++) {
            candidate *plain = &self->plain[layer][row], *pointer = &self->pointer[layer][row];
            const setting_info *info = &settings_table[row];
            if (!is_set(pointer))
                continue;
            if (is_set(plain)) {
                refuse(self, pointer->line,
                       "%s: %s" FILE_SUFFIX ": %s is set as well (expected one of the two)",
                       pointer->place, info->name, info->name);
                candidate_set(pointer, "", g_strdup(""), pointer->line, SETTING_SECRET_FILE);
                continue;
            }
            read_secret_file(self, info, pointer);
        }
}

/* ---- secrets -------------------------------------------------------------------------------- */

static void register_part(url_part part)
{
    g_autofree char *decoded = url_decode(part);
    if (part.text == NULL)
        return;
    char *raw = g_strndup(part.text, part.length);
    log_register_secret(raw);
    if (decoded != NULL)
        log_register_secret(decoded);
    erase_text(raw);
}

/* libpq also takes the password from the query. */
static void register_query(url_part query)
{
    static const char key[] = "password=";
    if (query.text == NULL)
        return;
    for (const char *at = query.text, *end = at + query.length; at < end;) {
        gsize length = strcspn(at, "&#");
        if (g_ascii_strncasecmp(at, key, sizeof key - 1) == 0)
            register_part((url_part){at + sizeof key - 1, length - (sizeof key - 1)});
        else if (length > 12 && g_ascii_strncasecmp(at, "sslpassword=", 12) == 0)
            register_part((url_part){at + 12, length - 12});
        at += length + 1;
    }
}

/* The passwords of libpq's "key=value" form, and decoded ones. */
static void register_parameters(const char *value)
{
    settings_database *server = database_parse(value);
    for (gsize i = 0; server != NULL && server->keywords[i] != NULL; i++)
        if (g_str_has_suffix(server->keywords[i], "password"))
            log_register_secret(server->values[i]);
    database_free(server);
}

/* The whole, and the parts that appear on their own: a password in an error of libpq, a webhook's
 * token in a path. A form that cannot be taken apart may hold a password before its last @. */
static void register_secret(const setting_info *info, const char *value)
{
    url_parts url;
    if (info->type == SETTING_DATABASE_URL && g_ascii_strncasecmp(value, "sqlite", 6) == 0)
        return;
    log_register_secret(value);
    const char *authority = strstr(value, "://"), *sign = strrchr(value, '@');
    if (authority != NULL && sign > authority) {
        const char *colon = memchr(authority + 3, ':', (gsize)(sign - authority - 3));
        if (colon != NULL)
            register_part((url_part){colon + 1, (gsize)(sign - colon - 1)});
    }
    if (info->type != SETTING_URL && info->type != SETTING_DATABASE_URL)
        return;
    if (info->type == SETTING_DATABASE_URL)
        register_parameters(value);
    if (!url_split(value, &url))
        return;
    register_part(url.password);
    register_query(url.query);
    if (info->type == SETTING_URL && url.path.length > 0) {
        register_part(url.path);
        const char *slash = memrchr(url.path.text, '/', url.path.length);
        gsize before = (gsize)(slash + 1 - url.path.text);
        register_part((url_part){slash + 1, url.path.length - before});
    }
}

static void register_secrets(const reading *self)
{
    for (int layer = 0; layer < LAYERS; layer++)
        for (gsize row = 0; row < settings_table_count; row++) {
            const setting_info *info = &settings_table[row];
            const candidate *both[] = {&self->plain[layer][row], &self->pointer[layer][row]};
            for (gsize i = 0; info->secret && i < G_N_ELEMENTS(both); i++)
                if (is_set(both[i]) && !value_is_placeholder(info, both[i]->value))
                    register_secret(info, both[i]->value);
        }
}

/* ---- choosing and checking ------------------------------------------------------------------ */

/* A key sent in the clear is a key given away. */
static void warn_of_plain_http(reading *self, const setting_info *info, const candidate *chosen)
{
    url_parts url;
    if (info->type == SETTING_URL && url_split(chosen->value, &url) &&
        url_part_is(url.scheme, "http") && !url_host_is_loopback(url.host))
        warn(self, "%s: %s: http is not encrypted; keys would be sent in the clear", chosen->place,
             info->name);
}

/* The first candidate that says something; placeholders say nothing, once with a warning. */
static const candidate *choose(reading *self, gsize row)
{
    const setting_info *info = &settings_table[row];
    for (int layer = 0; layer < LAYERS; layer++) {
        const candidate *both[] = {&self->plain[layer][row], &self->pointer[layer][row]};
        for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
            if (!is_set(both[i]))
                continue;
            if (!value_is_placeholder(info, both[i]->value))
                return both[i];
            warn(self, "%s: %s: holds a placeholder, treated as unset", both[i]->place, info->name);
        }
    }
    return NULL;
}

static void check_row(reading *self, gsize row, setting_entry *out)
{
    const setting_info *info = &settings_table[row];
    const candidate *chosen = choose(self, row);
    g_autofree char *expected = NULL;
    if (chosen == NULL)
        return;
    if (!value_check(info, chosen->value, &out->value, &expected)) {
        g_autofree char *text = value_problem(info, chosen->value, expected);
        refuse(self, chosen->line, "%s: %s: %s", chosen->place, info->name, text);
        return;
    }
    out->source = chosen->source;
    warn_of_plain_http(self, info, chosen);
}

static gboolean file_holds_secret(const reading *self)
{
    for (gsize row = 0; row < settings_table_count; row++) {
        const candidate *plain = &self->plain[LAYER_FILE][row];
        if (settings_table[row].secret && is_set(plain) &&
            !value_is_placeholder(&settings_table[row], plain->value))
            return TRUE;
    }
    return FALSE;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void reading_init(reading *self, const char *file_name, GPtrArray *warnings)
{
    *self = (reading){.file_name = file_name, .warnings = warnings};
    self->problems = g_array_new(FALSE, FALSE, sizeof(problem));
    g_array_set_clear_func(self->problems, problem_clear);
    for (int layer = 0; layer < LAYERS; layer++) {
        self->plain[layer] = g_new0(candidate, settings_table_count);
        self->pointer[layer] = g_new0(candidate, settings_table_count);
    }
}

static void candidates_free(candidate *candidates)
{
    for (gsize i = 0; i < settings_table_count; i++) {
        erase_text(candidates[i].value);
        g_free(candidates[i].place);
    }
    g_free(candidates);
}

static void reading_clear(reading *self)
{
    for (int layer = 0; layer < LAYERS; layer++) {
        candidates_free(self->plain[layer]);
        candidates_free(self->pointer[layer]);
    }
    g_array_unref(self->problems);
}

/* Checks all rows and ends the reading's problems. */
static settings *reading_finish(reading *self, GError **error)
{
    settings *result = settings_new();
    for (gsize row = 0; row < settings_table_count; row++)
        check_row(self, row, &result->entries[row]);
    if (self->warning_count > WARNINGS_LIMIT)
        g_ptr_array_add(self->warnings, g_strdup_printf("... and %u more warnings",
                                                        self->warning_count - WARNINGS_LIMIT));
    if (!report(self, error)) {
        settings_free(result);
        return NULL;
    }
    settings_derive(result);
    return result;
}

settings *settings_parse(const char *file_name, const char *text, gsize length,
                         const char *const *environment, GPtrArray *warnings, GError **error)
{
    reading self;
    g_autofree char *shown = failure_path(file_name);
    reading_init(&self, shown, warnings);
    env_file_parse(text, length, on_file_line, on_file_problem, &self);
    read_environment(&self, environment);
    read_secret_files(&self);
    settings *result = reading_finish(&self, error);
    reading_clear(&self);
    return result;
}

static void wipe_environment(void)
{
    for (gsize row = 0; row < settings_table_count; row++)
        if (settings_table[row].secret)
            process_wipe_environment(settings_table[row].name);
}

/* FALSE only when the file is there and cannot be read, or must be there and is not. */
static gboolean read_env_file(const char *path, gboolean must_exist, GBytes **out, GError **error)
{
    GError *reason = NULL;
    *out = files_read(path, ENV_FILE_LIMIT, &reason);
    if (*out != NULL)
        return TRUE;
    if (!must_exist && g_error_matches(reason, FAILURE, FAILURE_MISSING)) {
        g_error_free(reason);
        return TRUE;
    }
    g_propagate_error(error, reason);
    return FALSE;
}

settings *settings_load(const char *env_path, gboolean must_exist, GPtrArray *warnings,
                        GError **error)
{
    reading self;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *shown = failure_path(env_path);
    process_protect();
    reading_init(&self, shown, warnings);
    read_environment(&self, (const char *const *)environ);
    gboolean readable = read_env_file(env_path, must_exist, &bytes, error);
    if (bytes != NULL) {
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        env_file_parse(data, size, on_file_line, on_file_problem, &self);
    }
    read_secret_files(&self);
    register_secrets(&self);
    wipe_environment();
    if (bytes != NULL && file_holds_secret(&self))
        check_readers(&self, 0, env_path, shown);

    settings *result = reading_finish(&self, readable ? error : NULL);
    reading_clear(&self);
    if (!readable)
        g_clear_pointer(&result, settings_free);
    log_level level;
    if (result != NULL && log_level_from_text(settings_get(result, "LOG_LEVEL"), &level))
        log_set_level(level);
    return result;
}
