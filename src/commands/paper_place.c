/* Where control is, and how a paper command fails. */
#include "commands/journals-private.h"
#include "commands/paper-private.h"
#include "platform/files.h"

#include <string.h>

#define ENV_FILE ".env"
#define ENV_LIMIT (1024u * 1024u)
#define DATA_DIR "QUANTBOT_DATA_DIR"

/* ---- settings ------------------------------------------------------------------------------- */

static gboolean speaks_of_data_dir(const char *line)
{
    while (g_ascii_isspace(*line))
        line++;
    if (g_str_has_prefix(line, "export "))
        line += strlen("export ");
    while (g_ascii_isspace(*line))
        line++;
    if (!g_str_has_prefix(line, DATA_DIR))
        return FALSE;
    line += strlen(DATA_DIR);
    while (g_ascii_isspace(*line))
        line++;
    return *line == '=';
}

/* The file with every other line empty, so that numbers in messages stay. */
static char *data_dir_lines(GError **error)
{
    gsize size = 0;
    if (!files_exists(ENV_FILE))
        return g_strdup("");
    g_autoptr(GBytes) bytes = files_read(ENV_FILE, ENV_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strndup(data != NULL ? data : "", size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (!speaks_of_data_dir(*line))
            (*line)[0] = '\0';
    return g_strjoinv("\n", lines);
}

/* As settings_load finds the folder: the environment goes over the file. */
static settings *data_dir_only(GError **error)
{
    const char *value = g_getenv(DATA_DIR);
    const gboolean given = value != NULL && *value != '\0';
    g_autofree char *entry = given ? g_strconcat(DATA_DIR "=", value, NULL) : NULL;
    const char *const environment[] = {entry, NULL};
    g_autofree char *text = given ? g_strdup("") : data_dir_lines(error);
    if (text == NULL)
        return NULL;
    return settings_parse(ENV_FILE, text, strlen(text), environment, NULL, error);
}

static settings *load(GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    settings *loaded = settings_load(ENV_FILE, FALSE, warnings, &failure);
    for (guint i = 0; i < warnings->len; i++)
        command_warn("%s", (char *)g_ptr_array_index(warnings, i));
    if (loaded != NULL)
        return loaded;
    command_warn("%s", failure->message);
    loaded = data_dir_only(error);
    if (loaded != NULL)
        command_warn("of the settings only " DATA_DIR " was read");
    return loaded;
}

gboolean paper_place_find(paper_place *out, int *out_exit)
{
    GError *error = NULL;
    settings *settings = load(&error);
    if (settings == NULL) {
        *out_exit = command_fail(error);
        return FALSE;
    }
    *out = (paper_place){settings, journals_control_path(settings)};
    return TRUE;
}

void paper_place_clear(paper_place *self)
{
    g_clear_pointer(&self->settings, settings_free);
    g_clear_pointer(&self->control, g_free);
}

control *paper_open_readonly(const paper_place *place, GError **error)
{
    return files_exists(place->control) ? control_open_readonly(place->control, error) : NULL;
}

/* ---- failing -------------------------------------------------------------------------------- */

/* Only when no connection is open: what this process holds is not looked for. */
static void name_holder(const paper_place *place, GError **error)
{
    g_autofree char *index = g_strconcat(place->control, "-shm", NULL);
    const char *const paths[] = {index, place->control, NULL};
    const gint64 holder = files_lock_holder(paths);
    if (holder > 0) {
        g_autofree char *more = g_strdup_printf(
            "\nprocess %" G_GINT64_FORMAT " holds it: wait for that one, or end it", holder);
        g_autofree char *text = g_strconcat((*error)->message, more, NULL);
        g_free((*error)->message);
        (*error)->message = g_steal_pointer(&text);
    }
}

int paper_fail(const paper_place *place, GError *error)
{
    if (g_error_matches(error, FAILURE, FAILURE_LOCKED))
        name_holder(place, &error);
    return command_fail(error);
}

int paper_fail_unread(const paper_place *place, GError *error)
{
    const int code = paper_fail(place, error);
    GError *meaning =
        g_error_new(FAILURE, code,
                    "control cannot be read, which means that every run is halted (one of another"
                    " user or a newer program only if that cannot read it either)");
    return command_fail(meaning);
}
