/* Live, with the judges themselves. QUANTBOT_PYTHON names a Python that has pyarrow, polars,
 * duckdb, pandas and numpy (judge.py), QUANTBOT_HYPARQUET a node_modules folder with hyparquet and
 * its compressors and writer (judge.mjs, run by node). Random tables go both ways; values travel
 * beside the files as raw numbers. QUANTBOT_INTEROP_TABLES: how many each way, by default 30. */
#include "parquet/parquet.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const char *const kinds[] = {"ts", "i64", "i32", "f64"};

static gsize width_of(parquet_type type)
{
    return type == PARQUET_INT32 ? sizeof(gint32) : sizeof(gint64);
}

static const char *table_count(void)
{
    const char *count = g_getenv("QUANTBOT_INTEROP_TABLES");
    return count != NULL ? count : "30";
}

typedef enum judge_kind { JUDGE_PYTHON, JUDGE_HYPARQUET } judge_kind;

/* What a judge needs from the environment; skips the test when that is not there. */
static const char *judge_home(judge_kind kind)
{
    const char *path = g_getenv(kind == JUDGE_PYTHON ? "QUANTBOT_PYTHON" : "QUANTBOT_HYPARQUET");
    if (path != NULL && *path != '\0')
        return path;
    g_test_skip(kind == JUDGE_PYTHON
                    ? "QUANTBOT_PYTHON is not set to a Python with pyarrow, polars and duckdb"
                    : "QUANTBOT_HYPARQUET is not set to a node_modules folder with hyparquet");
    return NULL;
}

static void judge(judge_kind kind, const char *what, const char *folder)
{
    g_autofree char *python = g_test_build_filename(G_TEST_DIST, "parquet", "judge.py", NULL);
    g_autofree char *node = g_test_build_filename(G_TEST_DIST, "parquet", "judge.mjs", NULL);
    const char *home = judge_home(kind);
    const char *by_python[] = {home, python, what, folder, table_count(), NULL};
    const char *by_node[] = {"node", node, home, what, folder, table_count(), NULL};
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    g_spawn_sync(NULL, (char **)(kind == JUDGE_PYTHON ? by_python : by_node), NULL,
                 G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors, &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("judge: %s%s", output, errors);
    g_test_message("%s", g_strstrip(output));
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_remove(path);
    }
    g_rmdir(folder);
}

/* ---- our files ----------------------------------------------------------------------------- */

static void fill_double(GRand *random, double *values, gsize rows)
{
    guint shape = g_rand_int(random) % 4;
    double price = 100.0;
    for (gsize i = 0; i < rows; i++) {
        price += (double)g_rand_int_range(random, -50, 51) / 100.0;
        guint64 bits = (guint64)g_rand_int(random) << 32 | g_rand_int(random);
        values[i] = shape == 0 ? price : shape == 1 ? floor(price) : 1.0;
        if (shape == 3)
            memcpy(&values[i], &bits, sizeof bits); /* NaNs, infinities and all */
    }
}

static void fill_integer(GRand *random, parquet_column *column, gsize rows)
{
    guint shift = (guint)g_rand_int_range(random, 0, 64);
    gboolean regular = column->type == PARQUET_TIMESTAMP_US && g_rand_boolean(random);
    for (gsize i = 0; i < rows; i++) {
        guint64 bits = (guint64)g_rand_int(random) << 32 | g_rand_int(random);
        gint64 value = (gint64)bits >> shift;
        if (regular)
            value = G_GINT64_CONSTANT(1577836800000000) + 60000000 * (gint64)i;
        else if (column->type == PARQUET_TIMESTAMP_US)
            value %= G_GINT64_CONSTANT(4000000000000000); /* what pandas can hold: year 2096 */
        if (column->type == PARQUET_INT32)
            ((gint32 *)column->values)[i] = (gint32)value;
        else
            ((gint64 *)column->values)[i] = value;
    }
}

static void fill_valid(GRand *random, guint8 *valid, gsize rows)
{
    guint shape = g_rand_int(random) % 5, stretch = (guint)g_rand_int_range(random, 1, 60);
    for (gsize i = 0; i < rows; i++) {
        const gboolean shapes[] = {FALSE, TRUE, i / stretch % 2 == 0,
                                   g_rand_int_range(random, 0, 100) < 3,
                                   g_rand_int_range(random, 0, 100) < 97};
        valid[i] = (guint8)shapes[shape];
    }
}

static parquet_table *random_table(GRand *random)
{
    static const gsize sizes[] = {0, 1, 3, 64, 1000, 4321, 44640, 70001};
    parquet_table *table = parquet_table_new(sizes[g_rand_int(random) % G_N_ELEMENTS(sizes)]);
    guint count = (guint)g_rand_int_range(random, 1, 9);
    for (guint i = 0; i < count; i++) {
        parquet_type type = i == 0 ? PARQUET_TIMESTAMP_US : (parquet_type)(g_rand_int(random) % 4);
        g_autofree char *name = i == 0 ? g_strdup("ts") : g_strdup_printf("%s_%u", kinds[type], i);
        parquet_column *column = parquet_table_add(table, name, type,
                                                   i > 0 && g_rand_boolean(random));
        if (type == PARQUET_DOUBLE)
            fill_double(random, column->values, table->rows);
        else
            fill_integer(random, column, table->rows);
        if (column->valid != NULL)
            fill_valid(random, column->valid, table->rows);
    }
    g_hash_table_insert(table->metadata, g_strdup("provider"), g_strdup("interop"));
    return table;
}

static void must_store(const char *path, gconstpointer data, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_file_set_contents(path, data, (gssize)size, &error);
    g_assert_no_error(error);
}

static void store_values(const char *stem, const parquet_table *table)
{
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = table->columns->pdata[i];
        gsize width = width_of(column->type);
        g_autofree guint8 *valid = g_malloc(table->rows + 1);
        memset(valid, 1, table->rows);
        if (column->valid != NULL)
            memcpy(valid, column->valid, table->rows);
        g_autofree char *base = g_strdup_printf("%s.%s.%s", stem, column->name,
                                                kinds[column->type]);
        g_autofree char *values_path = g_strconcat(base, ".bin", NULL);
        g_autofree char *valid_path = g_strconcat(base, ".valid", NULL);
        must_store(values_path, column->values, table->rows * width);
        must_store(valid_path, valid, table->rows);
    }
}

static void test_they_read(gconstpointer data)
{
    const judge_kind kind = (judge_kind)GPOINTER_TO_INT(data);
    if (judge_home(kind) == NULL)
        return;
    g_autofree char *folder = g_dir_make_tmp("quantbot-interop-XXXXXX", NULL);
    GRand *random = g_rand_new_with_seed(7);
    gint64 count = g_ascii_strtoll(table_count(), NULL, 10);
    for (gint64 i = 0; i < count; i++) {
        g_autoptr(parquet_table) table = random_table(random);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = parquet_write(table, &error);
        g_assert_no_error(error);
        g_autofree char *stem = g_strdup_printf("%s/%03" G_GINT64_FORMAT, folder, i);
        g_autofree char *path = g_strconcat(stem, ".parquet", NULL);
        must_store(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        store_values(stem, table);
    }
    g_rand_free(random);
    judge(kind, "read", folder);
    remove_folder(folder);
}

/* ---- their files --------------------------------------------------------------------------- */

static GBytes *must_load(const char *path)
{
    char *data;
    gsize size;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &data, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(data, size);
}

static void check_values(const char *stem, const parquet_table *table, const parquet_column *column)
{
    g_autofree char *base = g_strdup_printf("%s.%s.%s", stem, column->name, kinds[column->type]);
    g_autofree char *values_path = g_strconcat(base, ".bin", NULL);
    g_autofree char *valid_path = g_strconcat(base, ".valid", NULL);
    g_autoptr(GBytes) values = must_load(values_path);
    g_autoptr(GBytes) valid = must_load(valid_path);
    gsize width = width_of(column->type);
    const guint8 *want = g_bytes_get_data(values, NULL), *here = g_bytes_get_data(valid, NULL);
    g_assert_cmpuint(g_bytes_get_size(values), ==, table->rows * width);
    for (gsize i = 0; i < table->rows; i++) {
        if (here[i] != (column->valid == NULL || column->valid[i] != 0))
            g_error("%s[%zu]: a null is no null", base, i);
        if (here[i] && memcmp((guint8 *)column->values + i * width, want + i * width, width) != 0)
            g_error("%s[%zu]: another number", base, i);
    }
}

static void test_we_read(gconstpointer data)
{
    const judge_kind kind = (judge_kind)GPOINTER_TO_INT(data);
    if (judge_home(kind) == NULL)
        return;
    g_autofree char *folder = g_dir_make_tmp("quantbot-interop-XXXXXX", NULL);
    judge(kind, "write", folder);
    gint64 count = g_ascii_strtoll(table_count(), NULL, 10);
    for (gint64 i = 0; i < count; i++) {
        g_autofree char *stem = g_strdup_printf("%s/%03" G_GINT64_FORMAT, folder, i);
        g_autofree char *path = g_strconcat(stem, ".parquet", NULL);
        g_autoptr(GBytes) bytes = must_load(path);
        g_autoptr(GError) error = NULL;
        g_autoptr(parquet_table) table = parquet_read(bytes, path, NULL, &error);
        g_assert_no_error(error);
        for (guint k = 0; k < table->columns->len; k++)
            check_values(stem, table, table->columns->pdata[k]);
    }
    remove_folder(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gconstpointer hyparquet = GINT_TO_POINTER(JUDGE_HYPARQUET);
    g_test_add_data_func("/parquet/interop/they-read-ours", NULL, test_they_read);
    g_test_add_data_func("/parquet/interop/we-read-theirs", NULL, test_we_read);
    g_test_add_data_func("/parquet/interop/hyparquet-reads-ours", hyparquet, test_they_read);
    g_test_add_data_func("/parquet/interop/we-read-hyparquet", hyparquet, test_we_read);
    return g_test_run();
}
