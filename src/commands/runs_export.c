#include "commands/export-private.h"
#include "commands/log-private.h"
#include "commands/rows-private.h"
#include "platform/files.h"

#include <string.h>

static const char about[] =
    "Writes the rows of a logged run for other programs, a file each in a folder: equity, trades,\n"
    "fills, orders, decisions. Columns have the run log's names and order; stamps are UTC. Beside "
    "an\n"
    "amount stands the exact integer of 1e-8 (qty, qty_e8). A file that is there stays unless\n"
    "--force is given.\n"
    "\n"
    "Examples:\n"
    "  quantbot runs export last --output out\n"
    "  quantbot runs export 0192f3c8 --what trades,equity --format parquet --output out --force\n";

#define VIEWS_MAX 16

typedef struct export_wish {
    char *format_text, *what, *output;
    gboolean force, json;
    rows_format format;
    const runlog_view *views[VIEWS_MAX];
    guint view_count;
} export_wish;

static void export_wish_clear(export_wish *self)
{
    g_free(self->format_text);
    g_free(self->what);
    g_free(self->output);
}

/* ---- what is asked -------------------------------------------------------------------------- */

static gboolean add_view(export_wish *self, const runlog_view *view)
{
    for (guint i = 0; i < self->view_count; i++)
        if (self->views[i] == view)
            return FALSE;
    if (view == NULL || self->view_count == VIEWS_MAX)
        return FALSE;
    self->views[self->view_count++] = view;
    return TRUE;
}

static gboolean read_what(export_wish *self, int *out_exit)
{
    if (self->what == NULL) {
        for (guint i = 0; runlog_view_at(i) != NULL; i++)
            add_view(self, runlog_view_at(i));
        return TRUE;
    }
    g_auto(GStrv) names = g_strsplit(self->what, ",", -1);
    for (char **name = names; *name != NULL; name++) {
        if (add_view(self, runlog_view_find(g_strstrip(*name))))
            continue;
        g_autofree char *quoted = failure_quote(*name, -1);
        *out_exit = command_usage("runs export",
                                  "--what: %s (expected equity, trades, fills, orders or "
                                  "decisions, each once)",
                                  quoted);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_wish(export_wish *self, int argc, int *out_exit)
{
    if (argc != 2)
        *out_exit = command_usage("runs export",
                                  "which run? (an id of quantbot runs list, or last)");
    else if (self->output == NULL || *self->output == '\0')
        *out_exit = command_usage("runs export", "--output: which folder?");
    else if (self->format_text != NULL &&
             !rows_format_from_text(self->format_text, &self->format)) {
        g_autofree char *quoted = failure_quote(self->format_text, -1);
        *out_exit = command_usage("runs export", "--format: %s (expected csv, json or parquet)",
                                  quoted);
    } else
        return read_what(self, out_exit);
    return FALSE;
}

/* ---- writing -------------------------------------------------------------------------------- */

static char *path_of(const export_wish *wish, guint index)
{
    g_autofree char *name = g_strdup_printf("%s.%s", wish->views[index]->name,
                                            rows_format_text(wish->format));
    return g_build_filename(wish->output, name, NULL);
}

/* None is written where one may not be. */
static gboolean write_all(const export_wish *wish, runlog *log, const char *run_id,
                          rows_file files[VIEWS_MAX], GError **error)
{
    for (guint i = 0; i < wish->view_count; i++) {
        g_autofree char *path = path_of(wish, i);
        if (!export_may_write(path, wish->force, error))
            return FALSE;
    }
    if (!files_make_folder(wish->output, error))
        return FALSE;
    for (guint i = 0; i < wish->view_count; i++) {
        g_autofree char *path = path_of(wish, i);
        if (!rows_export(log, wish->views[i], run_id, wish->format, path, wish->force, &files[i],
                         error))
            return FALSE;
    }
    return TRUE;
}

static void print_lines(const export_wish *wish, const rows_file files[VIEWS_MAX])
{
    for (guint i = 0; i < wish->view_count; i++) {
        g_autofree char *path = failure_path(files[i].path);
        g_autofree char *size = g_format_size_full(files[i].bytes, G_FORMAT_SIZE_IEC_UNITS);
        printf("%s: %" G_GSIZE_FORMAT " rows to %s (%s)\n", wish->views[i]->name, files[i].rows,
               path, size);
    }
}

static void print_json(const export_wish *wish, const char *run_id,
                       const rows_file files[VIEWS_MAX])
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "run", run_id);
    log_put_text(text, "format", rows_format_text(wish->format));
    g_string_append(text, ",\"files\":[");
    for (guint i = 0; i < wish->view_count; i++) {
        g_autofree char *path = failure_path(files[i].path);
        g_string_append(text, i > 0 ? ",{" : "{");
        log_put_text(text, "what", wish->views[i]->name);
        log_put_text(text, "file", path);
        log_put_count(text, "rows", (gint64)files[i].rows);
        log_put_count(text, "bytes", (gint64)files[i].bytes);
        log_put_text(text, "sha256", files[i].sha256);
        g_string_append_c(text, '}');
    }
    printf("%s]}\n", text->str);
}

static int export_run(const export_wish *wish, const char *id)
{
    int exit_code = 0;
    GError *error = NULL;
    rows_file files[VIEWS_MAX] = {0};
    g_autoptr(runlog) log = log_open_readonly(&exit_code);
    if (log == NULL)
        return exit_code;
    g_autoptr(runlog_summary) run = runlog_find(log, id, &error);
    if (run == NULL)
        return command_fail(error);
    const gboolean ok = write_all(wish, log, run->id, files, &error);
    if (ok && wish->json)
        print_json(wish, run->id, files);
    else if (ok)
        print_lines(wish, files);
    for (guint i = 0; i < wish->view_count; i++)
        rows_file_clear(&files[i]);
    return ok ? 0 : command_fail(error);
}

int command_runs_export(int argc, char **argv)
{
    export_wish wish = {.format = ROWS_CSV};
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &wish.format_text, "csv (default), json or parquet",
         "FORMAT"},
        {"what", 0, 0, G_OPTION_ARG_STRING, &wish.what,
         "equity, trades, fills, orders, decisions (default: all)", "NAME,..."},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &wish.output, "The folder to write to", "DIR"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &wish.force, "Replace files that are there", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &wish.json, "What was written, as JSON", NULL},
        {NULL},
    };
    if (command_options(&argc, &argv, "ID|last", about, entries, &exit_code) &&
        read_wish(&wish, argc, &exit_code))
        exit_code = export_run(&wish, argv[1]);
    export_wish_clear(&wish);
    return exit_code;
}
