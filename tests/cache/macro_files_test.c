/* Files of macro series: what is in them, what others make of them, damage, dying writers. */
#include "injection.h"
#include "macro_rows.h"

#include "parquet/parquet.h"
#include "platform/files.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define DAY QB_DAY_US

/* ---- files ---------------------------------------------------------------------------------- */

static void test_file(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = one("2020-01-01", 10, "2020-04-30");
    add(&rows, "2020-01-01", NAN, "2020-07-30");
    rows.basis = MACRO_STATED;
    merge_rows(self, &key, &rows);
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = files_read(path, 1 << 20, &error);
    g_assert_no_error(error);
    g_autoptr(parquet_table) table = parquet_read(bytes, path, NULL, &error);
    g_assert_no_error(error);
    const char *const names[] = {"ts", "value", "known_from", "known_to"};
    g_assert_cmpuint(table->columns->len, ==, G_N_ELEMENTS(names));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const parquet_column *column = g_ptr_array_index(table->columns, i);
        g_assert_cmpstr(column->name, ==, names[i]);
        g_assert_cmpint(column->type, ==, i == 1 ? PARQUET_DOUBLE : PARQUET_TIMESTAMP_US);
    }
    const parquet_column *ends = parquet_table_find(table, "known_to");
    g_assert_cmpint(ends->valid[0], ==, 1);
    g_assert_cmpint(((const gint64 *)ends->values)[0], ==, at("2020-07-30"));
    g_assert_cmpint(ends->valid[1], ==, 0);
    g_assert_cmpint(parquet_table_find(table, "value")->valid[1], ==, 0);
    const char *const facts[][2] = {
        {"schema_version", "1"},  {"asset", "macro"},
        {"symbol", "GDPC1"},      {"interval", "1q"},
        {"provider", "test"},     {"fetched_at", "2024-01-02T03:04:05Z"},
        {"known_from", "stated"}, {"source_hash", macro_provenance().source_hash},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
        g_assert_cmpstr(g_hash_table_lookup(table->metadata, facts[i][0]), ==, facts[i][1]);
    g_assert_null(g_hash_table_lookup(table->metadata, "adjustment"));
    macro_series_clear(&rows);
}

/* A file as others write it: no known_to, a further column, no metadata. */
static void write_foreign(const char *path, gboolean with_ends)
{
    g_autoptr(parquet_table) table = parquet_table_new(2);
    parquet_column *column = parquet_table_add(table, "known_from", PARQUET_TIMESTAMP_US, TRUE);
    ((gint64 *)column->values)[0] = at("2020-04-30");
    ((gint64 *)column->values)[1] = at("2020-07-30");
    memset(column->valid, 1, 2);
    column = parquet_table_add(table, "ts", PARQUET_TIMESTAMP_US, FALSE);
    ((gint64 *)column->values)[0] = ((gint64 *)column->values)[1] = at("2020-01-01");
    column = parquet_table_add(table, "value", PARQUET_INT32, FALSE);
    ((gint32 *)column->values)[0] = 10;
    ((gint32 *)column->values)[1] = 11;
    parquet_table_add(table, "note", PARQUET_INT64, FALSE);
    if (with_ends) {
        column = parquet_table_add(table, "known_to", PARQUET_TIMESTAMP_US, FALSE);
        ((gint64 *)column->values)[0] = at("2020-07-30");
        ((gint64 *)column->values)[1] = at("2020-09-30");
    }
    /* Its 31st byte lies within a character. */
    g_hash_table_insert(table->metadata, g_strdup("provider"),
                        g_strdup("Zentralbank f\u00fcr die ganze W\u00fc\u00fcste"));
    g_autoptr(GBytes) bytes = parquet_write(table, NULL);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

static void test_foreign(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    write_foreign(path, FALSE);
    macro_series stored = read_rows(self, &key);
    g_assert_cmpuint(stored.count, ==, 2);
    g_assert_cmpint(stored.known_to_us[0], ==, at("2020-07-30"));
    g_assert_cmpint(stored.known_to_us[1], ==, STILL);
    macro_series known = {0};
    g_assert_true(macro_series_as_of(&stored, at("2020-08-01"), &known));
    g_assert_cmpuint(known.count, ==, 1);
    g_assert_cmpfloat(known.value[0], ==, 11);
    macro_series_clear(&known);
    macro_series_clear(&stored);
    write_foreign(path, TRUE);
    macro_series rows = one("2020-01-01", 12, "2020-08-30");
    g_assert_cmpuint(merge_rows(self, &key, &rows).added, ==, 1);
    assert_rows(self, &key,
                "2020-01-01=10@2020-04-30..2020-07-30 2020-01-01=11@2020-07-30..2020-08-30 "
                "2020-01-01=12@2020-08-30..");
    g_autofree char *copy = g_strconcat(path, ".foreign-1", NULL);
    g_assert_true(g_file_test(copy, G_FILE_TEST_EXISTS)); /* it had a column of its own */
    macro_series_clear(&rows);
}

/* What fix does with it: the manifest is made, its own columns and all stay. */
static void test_adopted(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    const cache_fix_how how = {.adjustment = CACHE_UNKNOWN, .now_us = at("2024-01-01")};
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    g_autofree char *wrong = file_path(self, "macro/GDPC1/1q/2020/2020-04.parquet");
    g_autoptr(GPtrArray)
        repairs = g_ptr_array_new_with_free_func((GDestroyNotify)cache_repair_free);
    g_autoptr(GError) error = NULL;
    cache_entry entry;
    write_foreign(path, TRUE);
    write_foreign(wrong, TRUE); /* stamps of another month */
    g_assert_true(cache_fix(self->cache, &key, &how, repairs, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(repairs->len, ==, 3);
    static const char *const actions[] = {"adopted", "left", "rebuilt"};
    for (guint i = 0; i < repairs->len; i++) {
        const cache_repair *repair = g_ptr_array_index(repairs, i);
        g_assert_cmpstr(repair->action, ==, actions[i]);
    }
    g_assert_cmpint(g_remove(wrong), ==, 0);
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    g_assert_cmpstr(notes, ==, "");
    g_assert_true(cache_stat(self->cache, &key, &entry, &error));
    g_assert_cmpstr(entry.provider, ==, "foreign");
    assert_rows(self, &key,
                "2020-01-01=10@2020-04-30..2020-07-30 2020-01-01=11@2020-07-30..2020-09-30");
}

/* ---- damage --------------------------------------------------------------------------------- */

static gboolean equal_rows(const macro_series *a, const macro_series *b)
{
    gboolean equal = a->count == b->count;
    for (gsize i = 0; equal && i < a->count; i++)
        equal = a->ts_us[i] == b->ts_us[i] && a->value[i] == b->value[i] &&
                a->known_from_us[i] == b->known_from_us[i] &&
                a->known_to_us[i] == b->known_to_us[i];
    return equal;
}

/* All bits of every byte of a file: found when hashes are asked for, and without them an error or
 * the same values. */
static void test_flips(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = {0};
    for (int i = 0; i < 9; i++)
        add_row(&rows, at("2020-01-01"), 100 + i * 1.7, at("2020-04-30") + i * 91 * DAY);
    merge_rows(self, &key, &rows);
    macro_series sound = read_rows(self, &key);
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    g_autofree char *bytes = NULL;
    gsize size, silent = 0;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    for (gsize i = 0; i < size * 8; i++) {
        macro_series got = {0};
        g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL, quick = NULL;
        bytes[i / 8] ^= (char)(1 << i % 8);
        g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
        g_assert_false(
            cache_macro_read(self->cache, &key, G_MININT64, G_MAXINT64, &got, hashes, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        assert_contains(error->message, path);
        if (cache_macro_read(self->cache, &key, G_MININT64, G_MAXINT64, &got, NULL, &quick)) {
            g_assert_true(equal_rows(&got, &sound));
            silent++;
        }
        macro_series_clear(&got);
        bytes[i / 8] ^= (char)(1 << i % 8);
    }
    g_test_message("%" G_GSIZE_FORMAT " flips, %" G_GSIZE_FORMAT " harmless without the hash",
                   size * 8, silent);
    for (gsize length = 0; length < size; length++) {
        macro_series got = {0};
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
        g_assert_false(
            cache_macro_read(self->cache, &key, G_MININT64, G_MAXINT64, &got, NULL, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    }
    macro_series_clear(&sound);
    macro_series_clear(&rows);
}

static void test_damaged_month(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = one("2020-01-01", 10, "2020-04-30"), later = {0};
    add(&rows, "2020-01-01", 11, "2020-07-30");
    merge_rows(self, &key, &rows);
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    file_flip(path, 60);
    g_autofree char *problems = verify_text(self, &key, NULL);
    assert_contains(problems, "2020-01.parquet");
    add(&later, "2020-01-01", 12, "2020-08-30");
    assert_merge_fails(self, &key, later, FAILURE_BAD_DATA,
                       "import all 2 rows of that month again");
    g_assert_cmpuint(merge_rows(self, &key, &rows).moved_aside, ==, 1);
    assert_rows(self, &key, "2020-01-01=10@2020-04-30..2020-07-30 2020-01-01=11@2020-07-30..");
    macro_series_clear(&rows);
}

/* ---- a writer that dies --------------------------------------------------------------------- */

/* Four quarters; the merge revises two of them, adds one, and leaves one as it is. */
static macro_series rows_before(void)
{
    macro_series rows = {0};
    add(&rows, "2020-01-01", 10, "2020-04-30");
    add(&rows, "2020-04-01", 20, "2020-07-30");
    add(&rows, "2020-07-01", 30, "2020-10-29");
    return rows;
}

static macro_series rows_merged(void)
{
    macro_series rows = {0};
    add(&rows, "2020-04-01", 21, "2020-10-29");
    add(&rows, "2020-07-01", 31, "2021-01-28");
    add(&rows, "2020-10-01", 40, "2021-01-28");
    return rows;
}

static int merge_in_child(void *data)
{
    fixture *self = data;
    const cache_key key = gdp_key();
    const cache_provenance from = macro_provenance();
    macro_series rows = rows_merged();
    cache_change change;
    return cache_macro_merge(self->cache, &key, &rows, &from, &change, NULL) ? 0 : 1;
}

/* Each quarter old or new. */
static void assert_old_or_new(fixture *self, gboolean was_empty)
{
    static const char *const old[] = {"2020-01-01=10@2020-04-30..", "2020-04-01=20@2020-07-30..",
                                      "2020-07-01=30@2020-10-29..", ""};
    static const char *const new[] = {
        "2020-01-01=10@2020-04-30..",
        "2020-04-01=20@2020-07-30..2020-10-29 2020-04-01=21@2020-10-29..",
        "2020-07-01=30@2020-10-29..2021-01-28 2020-07-01=31@2021-01-28..",
        "2020-10-01=40@2021-01-28.."};
    static const char *const only_new[] = {"", "2020-04-01=21@2020-10-29..",
                                           "2020-07-01=31@2021-01-28..",
                                           "2020-10-01=40@2021-01-28.."};
    static const char *const quarters[] = {"2020-01-01", "2020-04-01", "2020-07-01", "2020-10-01",
                                           "2021-01-01"};
    const cache_key key = gdp_key();
    for (int q = 0; q < 4; q++) {
        macro_series got = {0};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
        if (!cache_macro_read(self->cache, &key, at(quarters[q]), at(quarters[q + 1]), &got, hashes,
                              &error))
            g_assert_error(error, FAILURE, FAILURE_MISSING);
        g_autofree char *text = text_of(&got);
        if (strcmp(text, was_empty ? "" : old[q]) != 0)
            g_assert_cmpstr(text, ==, was_empty ? only_new[q] : new[q]);
        macro_series_clear(&got);
    }
}

static void kill_everywhere(fixture *self, gboolean empty)
{
    const cache_key key = gdp_key();
    macro_series before = rows_before(), merged = rows_merged();
    int calls = 0;
    for (gboolean killed = TRUE; killed;) {
        calls++;
        if (!empty)
            merge_rows(self, &key, &before);
        killed = injection_die(calls, merge_in_child, self);
        assert_old_or_new(self, empty);
        /* The next writer completes and settles. */
        merge_rows(self, &key, &merged);
        g_autofree char *notes = NULL;
        g_autofree char *problems = verify_text(self, &key, &notes);
        g_assert_cmpstr(problems, ==, "");
        g_assert_cmpstr(notes, ==, "");
        macro_series all = read_rows(self, &key);
        g_assert_cmpuint(all.count, ==, empty ? 3 : 6);
        macro_series_clear(&all);
        fixture_tear_down(self, NULL);
        fixture_set_up(self, NULL);
    }
    g_test_message("%d mutating calls", calls - 1);
    g_assert_cmpint(calls, >, 20);
    macro_series_clear(&before);
    macro_series_clear(&merged);
}

static void test_kill(fixture *self, gconstpointer unused)
{
    kill_everywhere(self, FALSE);
    kill_everywhere(self, TRUE);
}

/* ---- others' readers and writers ------------------------------------------------------------ */

static gboolean run_judge(const char *what, const char *folder)
{
    const char *python = g_getenv("QUANTBOT_PYTHON");
    if (python == NULL || *python == '\0') {
        g_test_skip("QUANTBOT_PYTHON is not set to a Python with pyarrow, polars and duckdb");
        return FALSE;
    }
    g_autofree char *script = g_test_build_filename(G_TEST_DIST, "cache", "macro_judge.py", NULL);
    const char *arguments[] = {python, script, what, folder, NULL};
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors,
                 &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("macro_judge.py: %s%s", output, errors);
    return TRUE;
}

static void test_interop(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = one("2020-01-01", 10, "2020-04-30");
    add(&rows, "2020-01-01", 11.25, "2020-07-30");
    add(&rows, "2020-04-01", 20, "2020-07-30");
    add(&rows, "2020-04-01", NAN, "2020-08-30");
    merge_rows(self, &key, &rows);
    macro_series_clear(&rows);
    g_autofree char *ours = file_path(self, "macro/GDPC1/1q");
    if (!run_judge("read", ours))
        return;
    static const char *const writers[] = {"PANDAS", "POLARS", "DUCKDB"};
    g_autofree char *theirs = file_path(self, "macro");
    g_assert_true(run_judge("write", theirs));
    for (gsize i = 0; i < G_N_ELEMENTS(writers); i++) {
        const cache_key written = key_of(QB_MACRO, writers[i], QB_1MO);
        macro_series got = read_rows(self, &written);
        g_autofree char *text = text_of(&got);
        g_assert_cmpstr(text, ==,
                        "2021-03-01=1.5@2021-04-10..2021-05-10 2021-03-01=1.75@2021-05-10..");
        macro_series_clear(&got);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/macro/file", test_file);
    ADD("/macro/foreign", test_foreign);
    ADD("/macro/adopted", test_adopted);
    ADD("/macro/flips", test_flips);
    ADD("/macro/damaged-month", test_damaged_month);
    ADD("/macro/kill", test_kill);
    ADD("/macro/interop", test_interop);
    return g_test_run();
}
