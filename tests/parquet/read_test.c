/* Files of other programs: every fixture holds the table of make_fixtures.py, whose formulas are
 * repeated here, in another encoding, compression, page form or unit. */
#include "parquet/parquet.h"

#include <math.h>
#include <string.h>

#define ROWS 300

static char *fixture_path(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "parquet", "fixtures", name, NULL);
}

static GBytes *load(const char *name)
{
    g_autofree char *path = fixture_path(name);
    char *data;
    gsize size;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &data, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(data, size);
}

/* ---- the table ----------------------------------------------------------------------------- */

static double want_ts(gint64 i)
{
    return (double)(G_GINT64_CONSTANT(1580511600000000) + 60000000 * i +
                    G_GINT64_CONSTANT(3600000000) * (i / 100));
}
static double want_price(gint64 i)
{
    return 100.0 + (double)(i * 7919 % 4001) / 64.0;
}
static double want_cents(gint64 i)
{
    return (double)(i * i % 10007) / 100.0;
}
static double want_ratio(gint64 i)
{
    return (double)(i % 50) * 0.25;
}
static double want_count(gint64 i)
{
    return (double)(i * i * i - 1000 * i);
}
static double want_flags(gint64 i)
{
    return i % 3 == 0 ? NAN : (double)(i % 5 - 2);
}
static double want_volume(gint64 i)
{
    return i % 7 == 3 ? NAN : (double)i * 10.5;
}
static double want_empty(gint64 i)
{
    return NAN;
}
static double want_steady(gint64 i)
{
    return 1.0;
}
static double want_patchy(gint64 i)
{
    return i / 50 % 2 != 0 ? NAN : (double)i;
}
static double want_day(gint64 i)
{
    return (double)((18262 + i) * G_GINT64_CONSTANT(86400000000)); /* 18262: 2020-01-01 */
}
static double want_unsigned64(gint64 i)
{
    return (double)(i * G_GINT64_CONSTANT(1000000007));
}
static double want_unsigned32(gint64 i)
{
    return (double)(G_GINT64_CONSTANT(4000000000) + i);
}
static double want_signed16(gint64 i)
{
    return (double)(i - 150);
}
static double want_unsigned8(gint64 i)
{
    return (double)(i % 256);
}

/* want: the value of a row, NaN for null. All are whole or halves, so doubles hold them. */
typedef struct known_column {
    const char *name;
    parquet_type type;
    double (*want)(gint64 row);
} known_column;

static const known_column known[] = {
    {"ts", PARQUET_TIMESTAMP_US, want_ts},   {"price", PARQUET_DOUBLE, want_price},
    {"cents", PARQUET_DOUBLE, want_cents},   {"ratio", PARQUET_DOUBLE, want_ratio},
    {"count", PARQUET_INT64, want_count},    {"flags", PARQUET_INT32, want_flags},
    {"volume", PARQUET_DOUBLE, want_volume}, {"empty", PARQUET_DOUBLE, want_empty},
    {"steady", PARQUET_DOUBLE, want_steady}, {"patchy", PARQUET_DOUBLE, want_patchy},
};

static const known_column known_others[] = {
    {"text", PARQUET_OTHER, NULL},
    {"truth", PARQUET_OTHER, NULL},
    {"list", PARQUET_OTHER, NULL},
    {"pair", PARQUET_OTHER, NULL},
    {"money", PARQUET_OTHER, NULL},
    {"clock", PARQUET_OTHER, NULL},
    {"half", PARQUET_OTHER, NULL},
    {"nothing", PARQUET_INT32, want_empty},
    {"day", PARQUET_TIMESTAMP_US, want_day},
    {"unsigned64", PARQUET_INT64, want_unsigned64},
    {"unsigned32", PARQUET_INT64, want_unsigned32},
    {"signed16", PARQUET_INT32, want_signed16},
    {"unsigned8", PARQUET_INT32, want_unsigned8},
};

static double value_at(const parquet_column *column, gsize row)
{
    if (column->type == PARQUET_DOUBLE)
        return ((const double *)column->values)[row];
    if (column->type == PARQUET_INT32)
        return ((const gint32 *)column->values)[row];
    return (double)((const gint64 *)column->values)[row];
}

static void check_column(const parquet_table *table, const known_column *want, const char *file)
{
    const parquet_column *column = parquet_table_find(table, want->name);
    g_assert_nonnull(column);
    g_assert_cmpint(column->type, ==, want->type);
    if (want->type == PARQUET_OTHER) {
        g_assert_null(column->values);
        return;
    }
    for (gsize i = 0; i < ROWS; i++) {
        double expected = want->want((gint64)i), got = value_at(column, i);
        gboolean valid = column->valid == NULL || column->valid[i];
        if (isnan(expected) != !valid)
            g_error("%s: %s[%zu]: valid is %d", file, want->name, i, valid);
        if (valid && got != expected)
            g_error("%s: %s[%zu]: %.17g, expected %.17g", file, want->name, i, got, expected);
        if (!valid && !(column->type == PARQUET_DOUBLE ? isnan(got) : got == 0.0))
            g_error("%s: %s[%zu]: a null reads as %.17g", file, want->name, i, got);
    }
}

static parquet_table *read_fixture(const char *file)
{
    g_autoptr(GBytes) bytes = load(file);
    g_autoptr(GError) error = NULL;
    parquet_table *table = parquet_read(bytes, file, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(table->rows, ==, ROWS);
    return table;
}

static void test_fixture(gconstpointer data)
{
    const char *file = data;
    g_autoptr(parquet_table) table = read_fixture(file);
    gboolean int96 = strstr(file, "int96") != NULL;
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (!(i == 0 && int96)) /* deprecated for ten years, and no number */
            check_column(table, &known[i], file);
    }
    if (int96)
        g_assert_cmpint(parquet_table_find(table, "ts")->type, ==, PARQUET_OTHER);
    if (strstr(file, "others") == NULL)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(known_others); i++)
        check_column(table, &known_others[i], file);
}

/* The same through the caller's memory, as doubles. */
static void test_fixture_into(gconstpointer data)
{
    const char *file = data;
    g_autoptr(GBytes) bytes = load(file);
    g_autoptr(parquet_reader) reader = parquet_reader_new();
    g_autoptr(GError) error = NULL;
    double values[4][ROWS];
    guint8 valid[ROWS];
    parquet_target targets[] = {
        {.name = "count", .type = PARQUET_DOUBLE, .values = values[0]},
        {.name = "flags", .type = PARQUET_DOUBLE, .values = values[1], .valid = valid},
        {.name = "ratio", .type = PARQUET_DOUBLE, .values = values[2]},
        {.name = "absent", .type = PARQUET_DOUBLE, .values = values[3]},
    };
    gsize rows = 0;
    gboolean read = parquet_reader_read(reader, bytes, file, targets, G_N_ELEMENTS(targets), ROWS,
                                        &rows, &error);
    g_assert_no_error(error);
    g_assert_true(read);
    g_assert_cmpuint(rows, ==, ROWS);
    g_assert_true(targets[0].found && targets[1].found && targets[2].found);
    g_assert_false(targets[3].found);
    g_assert_cmpuint(targets[1].nulls, ==, 100);
    for (gint64 i = 0; i < ROWS; i++) {
        g_assert_cmpfloat(values[0][i], ==, want_count(i));
        g_assert_cmpint(valid[i], ==, !isnan(want_flags(i)));
        g_assert_true(valid[i] ? values[1][i] == want_flags(i) : isnan(values[1][i]));
        g_assert_cmpfloat(values[2][i], ==, want_ratio(i));
    }
    g_assert_false(parquet_reader_read(reader, bytes, file, targets, 1, ROWS - 1, &rows, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
}

/* ---- choices and refusals ------------------------------------------------------------------ */

static void test_chosen_columns(void)
{
    g_autoptr(GBytes) bytes = load("pyarrow-others.parquet");
    const char *names[] = {"cents", "text", "absent", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(parquet_table) table = parquet_read(bytes, "some", names, &error);
    g_assert_no_error(error);
    check_column(table, &known[2], "some");
    g_assert_null(parquet_table_find(table, "price")->values);
    g_assert_null(parquet_table_find(table, "text")->values);
    g_assert_null(parquet_table_find(table, "absent"));
    g_autoptr(parquet_table) footer = NULL;
    g_assert_true(parquet_read_footer(bytes, "some", &footer, NULL));
    g_assert_cmpuint(footer->rows, ==, ROWS);
    g_assert_cmpuint(footer->columns->len, ==, table->columns->len);
    g_assert_true(g_str_has_prefix(footer->created_by, "parquet-cpp"));
}

static void refuse_target(const char *column, parquet_type type, const char *expected)
{
    g_autoptr(GBytes) bytes = load("pyarrow-others.parquet");
    g_autoptr(parquet_reader) reader = parquet_reader_new();
    g_autoptr(GError) error = NULL;
    gint64 values[ROWS];
    gsize rows;
    parquet_target target = {.name = column, .type = type, .values = values};
    g_assert_false(
        parquet_reader_read(reader, bytes, "f.parquet", &target, 1, ROWS, &rows, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    if (strstr(error->message, expected) == NULL)
        g_error("\"%s\" lacks \"%s\"", error->message, expected);
}

static void test_wrong_types(void)
{
    refuse_target("text", PARQUET_DOUBLE, "column \"text\": is not a column of numbers");
    refuse_target("count", PARQUET_TIMESTAMP_US, "is not a column of timestamps");
    refuse_target("price", PARQUET_INT64, "is not a column of numbers");
    refuse_target("unsigned32", PARQUET_INT32, "beyond 32 bits");
    refuse_target("ts", PARQUET_DOUBLE, "is not a column of numbers");
}

/* A checksum that another program wrote is believed no less. */
static void test_foreign_checksum(void)
{
    g_autoptr(GBytes) bytes = load("pyarrow-none-v1-plain.parquet");
    gsize size;
    g_autofree guint8 *data = g_memdup2(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    size = g_bytes_get_size(bytes);
    data[1000] ^= 1; /* in the values of ts */
    g_autoptr(GBytes) flipped = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_assert_null(parquet_read(flipped, "f.parquet", NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    g_assert_nonnull(strstr(error->message, "does not match its checksum"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = fixture_path(".");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, ".parquet"))
            g_ptr_array_add(names, g_strdup(name));
    g_assert_cmpuint(names->len, >=, 41);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *test = g_strdup_printf("/parquet/fixture/%s", (char *)names->pdata[i]);
        g_autofree char *into = g_strdup_printf("/parquet/into/%s", (char *)names->pdata[i]);
        g_test_add_data_func(test, names->pdata[i], test_fixture);
        g_test_add_data_func(into, names->pdata[i], test_fixture_into);
    }
    g_test_add_func("/parquet/chosen-columns", test_chosen_columns);
    g_test_add_func("/parquet/wrong-types", test_wrong_types);
    g_test_add_func("/parquet/foreign-checksum", test_foreign_checksum);
    return g_test_run();
}
