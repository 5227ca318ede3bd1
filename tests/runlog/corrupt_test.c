/* Damaged pages: whatever page it is, it is told, by the name of the file or of the server and
 * table, or what is read is what was written. */
#include "program.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define RUN "run-1"
#define STEPS 1500
#define EVERY 4

/* ---- SQLite --------------------------------------------------------------------------------- */

#define PAGE 4096

typedef struct damage {
    const char *name;
    gsize from, size; /* within a page */
    guint8 byte;
    /* Keys that have become none are in order for SQLite, which has no checksums: what they led to
     * is not found. Only a look at the whole file, db status --deep, tells. */
    gboolean deep;
} damage;

static const damage damages[] = {
    {"garbage", 0, PAGE, 0xa5, FALSE},
    {"zeroes", 0, PAGE, 0, FALSE},
    {"head", 0, 8, 0xa5, FALSE},
    {"cells", 8, 64, 0xa5, FALSE},
    {"rear half", PAGE / 2, PAGE / 2, 0xa5, FALSE},
    {"rear half of zeroes", PAGE / 2, PAGE / 2, 0, TRUE},
};

/* Database File Format, 1.6: what a b-tree's page begins with. */
static const char *kind_of(const char *page, gsize number)
{
    switch ((guint8)page[number == 1 ? 100 : 0]) {
    case 2:
        return "index interior";
    case 5:
        return "table interior";
    case 10:
        return "index leaf";
    case 13:
        return "table leaf";
    default:
        return "overflow or free";
    }
}

/* Everything that can be read of a log, and whether it could. */
typedef struct reading {
    char *text;
    GError *error;
} reading;

static void reading_clear(reading *self)
{
    g_free(self->text);
    g_clear_error(&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(reading, reading_clear)

static void add_points(GString *text, const GArray *points)
{
    for (guint i = 0; points != NULL && i < points->len; i++) {
        const runlog_point *point = &g_array_index(points, runlog_point, i);
        g_string_append_printf(text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", point->ts_us,
                               point->equity_e8);
    }
}

static gboolean read_all(runlog *log, GString *text, GError **error)
{
    g_autoptr(runlog_summary) run = runlog_find(log, RUN, error);
    if (run == NULL)
        return FALSE;
    g_string_append_printf(text, "%s %s %s\n", run->params, run->kpis, run->state_hash);
    g_autoptr(GArray) points = runlog_equity(log, RUN, error);
    if (points == NULL)
        return FALSE;
    add_points(text, points);
    g_autoptr(GArray) thin = runlog_equity_thinned(log, RUN, 0, 0, 50, error);
    if (thin == NULL)
        return FALSE;
    add_points(text, thin);
    g_autoptr(GArray) profits = runlog_profits(log, RUN, RUNLOG_BY_DAY, error);
    if (profits == NULL)
        return FALSE;
    for (guint i = 0; i < profits->len; i++)
        g_string_append_printf(text, "%" G_GINT64_FORMAT "\n",
                               g_array_index(profits, runlog_profit, i).profit_e8);
    g_autofree char *digest = runlog_digest(log, RUN, error);
    g_string_append(text, digest != NULL ? digest : "");
    return digest != NULL;
}

static reading read_log(const char *path)
{
    reading got = {0};
    GString *text = g_string_new(NULL);
    g_autoptr(runlog) log = runlog_open_readonly(path, &got.error);
    if (log != NULL)
        read_all(log, text, &got.error);
    got.text = g_string_free(text, FALSE);
    return got;
}

/* What db status --deep says. */
static gboolean is_sound(const char *path)
{
    gboolean looked = FALSE;
    g_autoptr(runlog) log = runlog_open_readonly(path, NULL);
    const gboolean sound = log != NULL && runlog_check(log, &looked, NULL);
    return sound && looked;
}

typedef struct tally {
    guint told, harmless, deep;
} tally;

/* One page damaged in one way. */
static void try_damage(const home *self, const char *bytes, gsize size, gsize number,
                       const damage *damage, const char *want, tally *tally)
{
    g_autofree char *path = g_build_filename(self->folder.folder, "damaged.db", NULL);
    g_autofree char *copy = g_memdup2(bytes, size);
    const char *kind = kind_of(copy + (number - 1) * PAGE, number);
    memset(copy + (number - 1) * PAGE + damage->from, damage->byte, damage->size);
    g_assert_true(g_file_set_contents(path, copy, (gssize)size, NULL));
    g_auto(reading) got = read_log(path);
    if (got.error == NULL && strcmp(got.text, want) == 0) {
        tally->harmless++;
        return;
    }
    if (got.error == NULL || got.error->code == FAILURE_MISSING) {
        if (!damage->deep || is_sound(path))
            g_error("page %d (%s), %s: %s", (int)number, kind, damage->name,
                    got.error != NULL ? got.error->message : "other data");
        tally->deep++;
        return;
    }
    tally->told++;
    if (got.error->code != FAILURE_DATABASE || strstr(got.error->message, path) == NULL ||
        (strstr(got.error->message, "damaged") == NULL &&
         strstr(got.error->message, "not a SQLite database") == NULL))
        g_error("page %d (%s), %s: %d %s", (int)number, kind, damage->name, got.error->code,
                got.error->message);
}

static void test_pages(home *self, gconstpointer unused)
{
    g_autofree char *bytes = NULL;
    gsize size = 0;
    tally tally = {0};
    runlog *log = home_open(self);
    sample_log(log, RUN, "backtest", SAMPLE_START_US, STEPS, EVERY);
    sample_log(log, "gone", "backtest", SAMPLE_START_US, STEPS, EVERY);
    runlog_free(log);
    g_auto(reading) whole = read_log(self->folder.path);
    g_assert_no_error(whole.error);
    g_assert_true(g_file_get_contents(self->folder.path, &bytes, &size, NULL));
    const gsize pages = size / PAGE, step = g_test_slow() ? 1 : 7;
    for (gsize number = 1; number <= pages; number += step)
        for (gsize i = 0; i < G_N_ELEMENTS(damages); i++)
            try_damage(self, bytes, size, number, &damages[i], whole.text, &tally);
    g_test_message("%d pages, each %d.: %u told, %u read as written, %u told by a deep look only",
                   (int)pages, (int)step, tally.told, tally.harmless, tally.deep);
    /* Half of the file is the other run's, and some of each page is free. */
    g_assert_cmpuint(tally.told, >, tally.harmless / 2);
}

/* The way back that the message names. */
static void test_remedy(home *self, gconstpointer unused)
{
    g_autofree char *bytes = NULL, *junk = g_strnfill(PAGE, 'x');
    g_autofree char *copy = g_build_filename(self->folder.folder, "copy.db", NULL);
    gsize size = 0;
    runlog *log = home_open(self);
    sample_log(log, RUN, "backtest", SAMPLE_START_US, 20, 2);
    runlog_free(log);
    g_autofree char *backup = g_strconcat("db backup ", copy, NULL);
    g_auto(answer) copied = program_do(self, backup);
    g_assert_cmpint(copied.code, ==, 0);
    /* every page but the first, which holds the schema */
    g_assert_true(g_file_get_contents(self->folder.path, &bytes, &size, NULL));
    for (gsize at = PAGE; at < size; at += PAGE)
        memcpy(bytes + at, junk, PAGE);
    g_assert_true(g_file_set_contents(self->folder.path, bytes, (gssize)size, NULL));
    const char *const says[] = {self->folder.path, "damaged", "restore a copy",
                                "move the file away and run: quantbot db init", NULL};
    program_fails(self, "runs list", 8, says);
    program_fails(self, "db init", 8, says);
    g_autofree char *away = g_strconcat(self->folder.path, ".away", NULL);
    g_autofree char *restore = g_strconcat("db restore ", copy, NULL);
    g_assert_cmpint(g_rename(self->folder.path, away), ==, 0);
    g_auto(answer) init = program_do(self, "db init");
    g_assert_cmpint(init.code, ==, 0);
    g_auto(answer) restored = program_do(self, restore);
    g_assert_cmpint(restored.code, ==, 0);
    home_expect_runs(self, 1, 1, 20, "restored");
}

/* ---- PostgreSQL ----------------------------------------------------------------------------- */

/* Swaps some bytes in the middle of a file's first block for their complements: twice is
 * nothing. */
static void spoil(const char *path)
{
    char bytes[64];
    FILE *file = g_fopen(path, "r+b");
    g_assert_nonnull(file);
    g_assert_cmpint(fseek(file, 4000, SEEK_SET), ==, 0);
    g_assert_cmpuint(fread(bytes, 1, sizeof bytes, file), ==, sizeof bytes);
    for (gsize i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)~bytes[i];
    g_assert_cmpint(fseek(file, 4000, SEEK_SET), ==, 0);
    g_assert_cmpuint(fwrite(bytes, 1, sizeof bytes, file), ==, sizeof bytes);
    fclose(file);
}

/* While the server does not run, for it keeps pages in memory. */
static void spoil_at_rest(const char *path)
{
    server_stop(homes_server(), "fast");
    spoil(path);
    server_go_on(homes_server());
}

static void test_checksum(home *self, gconstpointer name)
{
    static const char *const says[] = {"invalid page in block 0", "the server's data are damaged",
                                       "restore a backup", NULL};
    GError *error = NULL;
    runlog *log = home_open(self);
    sample_log(log, RUN, "backtest", SAMPLE_START_US, STEPS, EVERY);
    runlog_free(log);
    g_autofree char *path = server_file_of(homes_server(), self->schema, name);
    spoil_at_rest(path);
    g_autoptr(runlog) reader = home_try(self, FALSE, &error);
    g_assert_no_error(error);
    g_autofree char *none = runlog_digest(reader, RUN, &error);
    g_assert_null(none);
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_nonnull(strstr(error->message, SERVER_NAME));
    g_assert_nonnull(strstr(error->message, name));
    for (const char *const *text = says; *text != NULL; text++)
        g_assert_nonnull(strstr(error->message, *text));
    g_clear_error(&error);
    if (strcmp(name, "runs") == 0)
        program_fails(self, "runs list", 8, says);
    spoil_at_rest(path);
    g_autoptr(runlog) again = home_open(self);
    g_autofree char *digest = runlog_digest(again, RUN, &error);
    g_assert_no_error(error);
    g_assert_nonnull(digest);
    home_expect_runs(self, 1, 1, STEPS, "put right");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const char *const tables[] = {"runs", "orders", "trades", "equity_points"};
    homes_add_to(RUNLOG_SQLITE, "corrupt/pages", test_pages, NULL);
    homes_add_to(RUNLOG_SQLITE, "corrupt/remedy", test_remedy, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *test = g_strconcat("corrupt/", tables[i], NULL);
        homes_add_to(RUNLOG_POSTGRES, test, test_checksum, tables[i]);
    }
    return homes_run();
}
