/* Our own files: back as they were, to the bit; the same bytes each time; and, damaged in any
 * byte or cut at any length, never read as another table. */
#include "parquet/parquet.h"

#include <math.h>
#include <string.h>

static gsize width_of(const parquet_column *column)
{
    return column->type == PARQUET_INT32 ? sizeof(gint32) : sizeof(gint64);
}

static GBytes *must_write(const parquet_table *table)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = parquet_write(table, &error);
    g_assert_no_error(error);
    return bytes;
}

static gboolean is_valid(const parquet_column *column, gsize row)
{
    return !column->optional || column->valid == NULL || column->valid[row] != 0;
}

/* Bits of the values that are there, and what stands for a null. */
static gboolean same_column(const parquet_column *want, const parquet_column *got, gsize rows)
{
    if (strcmp(want->name, got->name) != 0 || want->type != got->type ||
        want->optional != got->optional)
        return FALSE;
    gsize width = width_of(want);
    for (gsize i = 0; i < rows; i++) {
        const guint8 *value = (const guint8 *)got->values + i * width;
        static const guint8 zero[8];
        if (is_valid(want, i) != is_valid(got, i))
            return FALSE;
        if (is_valid(want, i)) {
            if (memcmp((const guint8 *)want->values + i * width, value, width) != 0)
                return FALSE;
        } else if (want->type == PARQUET_DOUBLE ? !isnan(((const double *)got->values)[i])
                                                : memcmp(value, zero, width) != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean same_metadata(GHashTable *want, GHashTable *got)
{
    GHashTableIter pairs;
    gpointer key, value;
    if (g_hash_table_size(want) != g_hash_table_size(got))
        return FALSE;
    g_hash_table_iter_init(&pairs, want);
    while (g_hash_table_iter_next(&pairs, &key, &value))
        if (g_strcmp0(g_hash_table_lookup(got, key), value) != 0)
            return FALSE;
    return TRUE;
}

static gboolean same_table(const parquet_table *want, const parquet_table *got)
{
    if (want->rows != got->rows || want->columns->len != got->columns->len ||
        !same_metadata(want->metadata, got->metadata))
        return FALSE;
    for (guint i = 0; i < want->columns->len; i++)
        if (!same_column(want->columns->pdata[i], got->columns->pdata[i], want->rows))
            return FALSE;
    return TRUE;
}

static void check_round_trip(const parquet_table *table)
{
    g_autoptr(GBytes) bytes = must_write(table);
    g_autoptr(GBytes) again = must_write(table);
    g_assert_true(g_bytes_equal(bytes, again));
    g_autoptr(GError) error = NULL;
    g_autoptr(parquet_table) got = parquet_read(bytes, "own", NULL, &error);
    g_assert_no_error(error);
    g_assert_true(same_table(table, got));
}

/* ---- round trips --------------------------------------------------------------------------- */

static void set_all(parquet_column *column, gsize rows, guint8 (*valid)(gsize row))
{
    for (gsize i = 0; i < rows; i++)
        column->valid[i] = valid(i);
}
static guint8 never(gsize row)
{
    return 0;
}
static guint8 always(gsize row)
{
    return 1;
}
static guint8 third(gsize row)
{
    return row % 3 == 0;
}
static guint8 stretches(gsize row)
{
    return row / 37 % 2 == 0;
}
static guint8 mixed(gsize row)
{
    return (row * 2654435761u >> 7 & 7) != 0 || row / 100 % 3 == 0;
}
static guint8 last_only(gsize row)
{
    return row % 1000 == 999;
}

static guint8 (*const patterns[])(gsize) = {never, always, third, stretches, mixed, last_only};

static parquet_table *make_table(gsize rows)
{
    static const parquet_type types[] = {PARQUET_TIMESTAMP_US, PARQUET_INT64, PARQUET_INT32,
                                         PARQUET_DOUBLE};
    parquet_table *table = parquet_table_new(rows);
    GRand *random = g_rand_new_with_seed((guint32)rows + 1);
    for (guint type = 0; type < G_N_ELEMENTS(types); type++)
        for (guint pattern = 0; pattern <= G_N_ELEMENTS(patterns); pattern++) {
            g_autofree char *name = g_strdup_printf("column %u %u", type, pattern);
            gboolean optional = pattern < G_N_ELEMENTS(patterns);
            parquet_column *column = parquet_table_add(table, name, types[type], optional);
            guint32 *words = column->values;
            guint shift = (guint)g_rand_int_range(random, 0, 32);
            for (gsize i = 0; i < rows * width_of(column) / 4; i++)
                words[i] = g_rand_int(random) >> shift;
            if (optional)
                set_all(column, rows, patterns[pattern]);
        }
    g_rand_free(random);
    g_hash_table_insert(table->metadata, g_strdup("provider"), g_strdup("test \303\251"));
    g_hash_table_insert(table->metadata, g_strdup("empty"), g_strdup(""));
    return table;
}

static void test_sizes(void)
{
    static const gsize sizes[] = {0,   1,   2,   7,   8,    9,     31,    32,    33,     127,
                                  128, 129, 130, 257, 1000, 65535, 65536, 65537, 140000, 15};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(parquet_table) table = make_table(sizes[i]);
        check_round_trip(table);
    }
}

static void test_extreme_numbers(void)
{
    static const gint64 integers[] = {G_MININT64, G_MAXINT64, 0,          -1, 1,
                                      G_MAXINT64, G_MININT64, G_MININT64, 5,  G_MAXINT64};
    static const gint32 shorts[] = {G_MININT32, G_MAXINT32, 0, -1, 1,
                                    G_MAXINT32, G_MININT32, 7, 7,  -7};
    static const guint64 doubles[] = {0x7ff8000000000000,
                                      0x7ff0000000000001,
                                      0xfff8000000000123, /* NaNs keep their bits */
                                      0x8000000000000000,
                                      0x7ff0000000000000,
                                      0xfff0000000000000,
                                      1,
                                      0x7fefffffffffffff,
                                      0x3ff0000000000000,
                                      0};
    g_autoptr(parquet_table) table = parquet_table_new(10);
    memcpy(parquet_table_add(table, "ts", PARQUET_TIMESTAMP_US, FALSE)->values, integers,
           sizeof integers);
    memcpy(parquet_table_add(table, "i64", PARQUET_INT64, FALSE)->values, integers,
           sizeof integers);
    memcpy(parquet_table_add(table, "i32", PARQUET_INT32, FALSE)->values, shorts, sizeof shorts);
    memcpy(parquet_table_add(table, "f64", PARQUET_DOUBLE, FALSE)->values, doubles, sizeof doubles);
    check_round_trip(table);
}

/* A regular month must stay small: constant steps, constants and nulls cost nearly nothing. */
static void test_compact(void)
{
    gsize rows = 44640;
    g_autoptr(parquet_table) table = parquet_table_new(rows);
    gint64 *stamps = parquet_table_add(table, "ts", PARQUET_TIMESTAMP_US, FALSE)->values;
    for (gsize i = 0; i < rows; i++)
        stamps[i] = G_GINT64_CONSTANT(1577836800000000) + 60000000 * (gint64)i;
    parquet_table_add(table, "bid", PARQUET_DOUBLE, TRUE);
    parquet_table_add(table, "flags", PARQUET_INT32, TRUE);
    parquet_table_add(table, "dividend", PARQUET_DOUBLE, FALSE);
    g_autoptr(GBytes) bytes = must_write(table);
    g_assert_cmpuint(g_bytes_get_size(bytes), <, 2048);
    check_round_trip(table);
}

/* A column that is declared optional and has no valid bytes: every row has a value. */
static void test_optional_without_valid(void)
{
    g_autoptr(parquet_table) table = make_table(100);
    for (guint i = 0; i < table->columns->len; i++)
        g_clear_pointer(&((parquet_column *)table->columns->pdata[i])->valid, g_free);
    check_round_trip(table);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void refuse_table(const parquet_table *table, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(parquet_write(table, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    if (strstr(error->message, expected) == NULL)
        g_error("\"%s\" lacks \"%s\"", error->message, expected);
}

static void test_tables_without_a_file(void)
{
    g_autoptr(parquet_table) none = parquet_table_new(1);
    refuse_table(none, "1 rows of 0 columns");
    g_autoptr(parquet_table) nameless = parquet_table_new(1);
    parquet_table_add(nameless, "", PARQUET_DOUBLE, FALSE);
    refuse_table(nameless, "has no name");
    g_autoptr(parquet_table) twice = parquet_table_new(1);
    parquet_table_add(twice, "a", PARQUET_DOUBLE, FALSE);
    parquet_table_add(twice, "a", PARQUET_DOUBLE, FALSE);
    refuse_table(twice, "column \"a\" is there twice");
    g_autoptr(parquet_table) other = parquet_table_new(1);
    parquet_table_add(other, "a", PARQUET_OTHER, FALSE);
    refuse_table(other, "has no numbers");
    g_autoptr(parquet_table) text = parquet_table_new(1);
    parquet_table_add(text, "a", PARQUET_DOUBLE, FALSE);
    g_hash_table_insert(text->metadata, g_strdup("key"), g_strdup("\xff"));
    refuse_table(text, "metadata \"key\" is not UTF-8");
    g_autoptr(parquet_table) bomb = parquet_table_new(4000000);
    parquet_table_add(bomb, "a", PARQUET_DOUBLE, TRUE);
    refuse_table(bomb, "would look like a bomb");
}

/* ---- damage -------------------------------------------------------------------------------- */

typedef struct damage_count {
    guint tried, equal;
} damage_count;

static void check_damaged(const parquet_table *want, const guint8 *data, gsize size, gsize at,
                          damage_count *count)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(parquet_table) got = parquet_read(bytes, "damaged", NULL, &error);
    count->tried++;
    if (got == NULL) {
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        g_assert_true(g_str_has_prefix(error->message, "damaged:"));
        return;
    }
    count->equal++;
    if (!same_table(want, got))
        g_error("damage at byte %zu of %zu reads as another table", at, size);
}

static parquet_table *small_table(void)
{
    gsize rows = 40;
    parquet_table *table = parquet_table_new(rows);
    gint64 *stamps = parquet_table_add(table, "ts", PARQUET_TIMESTAMP_US, FALSE)->values;
    double *close = parquet_table_add(table, "close", PARQUET_DOUBLE, FALSE)->values;
    parquet_column *volume = parquet_table_add(table, "volume", PARQUET_DOUBLE, TRUE);
    parquet_column *flags = parquet_table_add(table, "flags", PARQUET_INT32, TRUE);
    parquet_table_add(table, "bid", PARQUET_DOUBLE, TRUE);
    for (gsize i = 0; i < rows; i++) {
        stamps[i] = G_GINT64_CONSTANT(1577836800000000) + 86400000000 * (gint64)(i + i / 5 * 2);
        close[i] = 100.0 + (double)(i * 37 % 101) / 100.0;
        ((double *)volume->values)[i] = (double)(i * 1000 + i % 7);
        volume->valid[i] = i % 9 != 4;
        ((gint32 *)flags->values)[i] = (gint32)(i % 4);
        flags->valid[i] = i % 2;
    }
    g_hash_table_insert(table->metadata, g_strdup("adjustment"), g_strdup("split"));
    g_hash_table_insert(table->metadata, g_strdup("schema"), g_strdup("1"));
    return table;
}

/* Each bit of each byte (with -m slow: each other value of each byte, and each pair of
 * neighbours inverted); each truncation; each byte left out; each byte doubled. */
static void test_damage(void)
{
    g_autoptr(parquet_table) table = small_table();
    g_autoptr(GBytes) bytes = must_write(table);
    gsize size;
    const guint8 *whole = g_bytes_get_data(bytes, &size);
    g_autofree guint8 *data = g_malloc(size + 1);
    damage_count count = {0};
    memcpy(data, whole, size);
    for (gsize at = 0; at < size; at++) {
        for (guint change = 1; change < 256; change++) {
            if (!g_test_slow() && (change & (change - 1)) != 0 && change != 255)
                continue;
            data[at] = (guint8)(whole[at] ^ change);
            check_damaged(table, data, size, at, &count);
        }
        data[at] = whole[at];
        if (at + 1 < size) {
            data[at] ^= 0xff, data[at + 1] ^= 0xff;
            check_damaged(table, data, size, at, &count);
            data[at] ^= 0xff, data[at + 1] ^= 0xff;
        }
    }
    for (gsize length = 0; length < size; length++)
        check_damaged(table, data, length, length, &count);
    for (gsize at = 0; at < size; at++) {
        memcpy(data + at, whole + at + 1, size - at - 1);
        check_damaged(table, data, size - 1, at, &count);
        memcpy(data + at, whole + at, size - at);
        memmove(data + at + 1, whole + at, size - at);
        check_damaged(table, data, size + 1, at, &count);
        memcpy(data + at, whole + at, size - at);
    }
    g_test_message("%u damaged files, %u harmless", count.tried, count.equal);
    g_assert_cmpuint(count.equal, ==, 0);
}

/* The last four bytes of the magic may also stand inside the data. */
static void test_other_bytes(void)
{
    static const char *const others[] = {"",
                                         "PAR1",
                                         "PAR1PAR1",
                                         "PAR1\0\0\0\0PAR1",
                                         "PAR1\377\377\377\377PAR1",
                                         "ts,close\n2020-01-01,1\n"};
    static const gsize sizes[] = {0, 4, 8, 12, 12, 22};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new_static(others[i], sizes[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(parquet_table) table = NULL;
        g_assert_null(parquet_read(bytes, "other", NULL, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        g_assert_false(parquet_read_footer(bytes, "other", &table, NULL));
    }
}

/* ---- texts ---------------------------------------------------------------------------------- */

static parquet_table *table_with_texts(const char *third)
{
    parquet_table *table = parquet_table_new(3);
    gint64 *numbers = parquet_table_add(table, "number", PARQUET_INT64, FALSE)->values;
    parquet_column *names = parquet_table_add(table, "name", PARQUET_TEXT, TRUE);
    char **all = parquet_table_add(table, "all", PARQUET_TEXT, FALSE)->values;
    for (int i = 0; i < 3; i++) {
        numbers[i] = 7 * i;
        names->valid[i] = i != 1;
    }
    ((char **)names->values)[0] = g_strdup("\303\274ber");
    ((char **)names->values)[2] = g_strdup(third);
    all[0] = g_strdup("a"); /* the others are empty */
    return table;
}

/* Bytes of the format's text: PLAIN is each text after its length in four bytes. Reading skips them;
 * commands' export test has pyarrow as the judge of what was written. */
static void test_texts(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(parquet_table) table = table_with_texts("");
    g_autoptr(GBytes) bytes = must_write(table);
    g_autoptr(GBytes) again = must_write(table);
    g_assert_true(g_bytes_equal(bytes, again));
    g_autoptr(parquet_table) got = parquet_read(bytes, "texts", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(got->rows, ==, 3);
    g_assert_cmpint(parquet_table_find(got, "name")->type, ==, PARQUET_OTHER);
    g_assert_null(parquet_table_find(got, "all")->values);
    g_assert_cmpint(((const gint64 *)parquet_table_find(got, "number")->values)[2], ==, 14);

    g_autoptr(parquet_table) wrong = table_with_texts("\377");
    g_assert_null(parquet_write(wrong, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_assert_nonnull(strstr(error->message, "\"name\" has a text that is not UTF-8"));

    g_clear_error(&error);
    g_autoptr(parquet_table) none = parquet_table_new(0);
    parquet_table_add(none, "name", PARQUET_TEXT, TRUE);
    g_autoptr(GBytes) empty = must_write(none);
    g_autoptr(parquet_table) nothing = parquet_read(empty, "none", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(nothing->rows, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parquet/write/sizes", test_sizes);
    g_test_add_func("/parquet/write/extreme-numbers", test_extreme_numbers);
    g_test_add_func("/parquet/write/compact", test_compact);
    g_test_add_func("/parquet/write/optional-without-valid", test_optional_without_valid);
    g_test_add_func("/parquet/write/tables-without-a-file", test_tables_without_a_file);
    g_test_add_func("/parquet/damage/own-file", test_damage);
    g_test_add_func("/parquet/damage/other-bytes", test_other_bytes);
    g_test_add_func("/parquet/write/texts", test_texts);
    return g_test_run();
}
