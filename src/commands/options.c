#include "commands/commands-private.h"

#include "platform/files.h"
#include "platform/log.h"

#include <stdio.h>
#include <string.h>

static void print_lines(const char *kind, const char *text)
{
    g_autofree char *clean = log_redact(text);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        fprintf(stderr, "quantbot: %s: %s\n", kind, *line);
}

int command_fail(GError *error)
{
    int code = error->domain == FAILURE ? error->code : FAILURE_INTERNAL;
    print_lines("error", error->message);
    g_error_free(error);
    return code;
}

int command_usage(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    print_lines("error", text);
    fprintf(stderr, "quantbot: try: %s%s --help\n",
            g_str_has_prefix(name, "quantbot ") ? "" : "quantbot ", name);
    return FAILURE_USAGE;
}

void command_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    print_lines("warning", text);
}

gboolean command_options(int *argc, char ***argv, const char *arguments, const char *about,
                         const GOptionEntry *entries, int *out_exit)
{
    g_autoptr(GOptionContext) context = g_option_context_new(arguments);
    gboolean help = FALSE;
    const GOptionEntry help_entry[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL},
        {NULL},
    };
    /* The help option is ours, so that a command never leaves through exit(). */
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_description(context, about);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, help_entry, NULL);

    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup((*argv)[0]);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        g_autofree char *said = failure_line(error->message);
        *out_exit = command_usage(name, "%s", said);
        return FALSE;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        *out_exit = 0;
        return FALSE;
    }
    return TRUE;
}

static guint minimum(guint a, guint b, guint c)
{
    return MIN(MIN(a, b), c);
}

guint command_distance(const char *a, const char *b)
{
    const gsize length = strlen(b);
    g_autofree guint *row = g_new(guint, length + 1);
    for (guint i = 0; i <= length; i++)
        row[i] = i;
    for (guint i = 0; a[i] != '\0'; i++) {
        guint diagonal = row[0];
        row[0] = i + 1;
        for (guint k = 0; k < length; k++) {
            const guint above = row[k + 1];
            row[k + 1] = minimum(above + 1, row[k] + 1, diagonal + (a[i] != b[k]));
            diagonal = above;
        }
    }
    return row[length];
}

void command_print_wrapped(const char *lead, const char *text, int width)
{
    const int indent = (int)strlen(lead);
    int column = indent;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    fputs(lead, stdout);
    for (char **word = words; *word != NULL; word++) {
        const int length = (int)g_utf8_strlen(*word, -1);
        if (word != words && column + 1 + length > width) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (word != words) {
            putchar(' ');
            column++;
        }
        fputs(*word, stdout);
        column += length;
    }
    putchar('\n');
}

settings *command_settings(int *out_exit)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;
    settings *loaded = settings_load(".env", FALSE, warnings, &error);
    for (guint i = 0; i < warnings->len; i++)
        command_warn("%s", (char *)g_ptr_array_index(warnings, i));
    if (loaded == NULL)
        *out_exit = command_fail(error);
    return loaded;
}

gboolean command_time(const char *flag, const char *text, gint64 *out_us, GError **error)
{
    if (qb_time_from_text(text, strlen(text), out_us) == QB_OK)
        return TRUE;
    g_autofree char *value = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: %s is not a date (expected 2020-01-31 or 2020-01-31T14:30:00Z)", flag, value);
    return FALSE;
}

#define SYMBOLS_LIMIT 10000u
#define SYMBOLS_FILE_LIMIT (1024u * 1024u)

static gboolean add_symbol(GPtrArray *symbols, GHashTable *seen, const char *text, GError **error)
{
    g_autofree char *symbol = g_strstrip(g_strdup(text));
    if (*symbol == '\0' || g_hash_table_contains(seen, symbol))
        return TRUE;
    if (symbols->len >= SYMBOLS_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "more than %u symbols", SYMBOLS_LIMIT);
        return FALSE;
    }
    g_ptr_array_add(symbols, symbol);
    g_hash_table_add(seen, g_steal_pointer(&symbol));
    return TRUE;
}

char **command_symbols(const char *text, GError **error)
{
    g_autoptr(GPtrArray) symbols = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(GStrv) items = NULL;

    if (text[0] == '@') {
        g_autoptr(GBytes) bytes = files_read(text + 1, SYMBOLS_FILE_LIMIT, error);
        if (bytes == NULL)
            return NULL;
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        g_autofree char *content = g_strndup(data ? data : "", size);
        items = g_strsplit(content, "\n", -1);
        for (char **item = items; *item != NULL; item++) {
            char *comment = strchr(*item, '#');
            if (comment != NULL)
                *comment = '\0';
        }
    } else {
        items = g_strsplit(text, ",", -1);
    }
    for (char **item = items; *item != NULL; item++)
        if (!add_symbol(symbols, seen, *item, error))
            return NULL;
    if (symbols->len == 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "no symbols in %s", text);
        return NULL;
    }
    g_ptr_array_add(symbols, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&symbols), FALSE);
}
