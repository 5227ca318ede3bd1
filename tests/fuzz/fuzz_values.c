/* Any bytes are a table of statistics, or an error with a message. The first byte chooses the
 * options; what was read is in order, each period and vintage once. */
#include "csv/csv.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const char *const maps[] = {NULL, NULL, "ts=1,value=2", "known_from=none", "ts=2,=x"};
static const char *const filters[] = {NULL, NULL, NULL, "location=USA", "2=A,3=b"};

static void check_values(const csv_values *values)
{
    const csv_value *above = NULL;
    g_assert_cmpint(values->interval, >=, QB_1D);
    g_assert_cmpint(values->interval, <, QB_MACRO_INTERVAL_COUNT);
    g_assert_cmpuint(values->withdrawn, <=, values->blanks);
    for (guint i = 0; i < values->items->len; i++) {
        const csv_value *value = &g_array_index(values->items, csv_value, i);
        const gboolean same = above != NULL && above->ts_us == value->ts_us;
        g_assert_true(above == NULL || above->ts_us < value->ts_us ||
                      (same && above->known_from_us < value->known_from_us));
        g_assert_cmpint(value->ts_us % QB_DAY_US, ==, 0);
        g_assert_false(isinf(value->value));
        /* Withdrawn is only what had a value. */
        g_assert_true(!isnan(value->value) || (same && !isnan(above->value)));
        g_assert_true(values->vintages == (value->known_from_us != CSV_NOT_TOLD));
        g_assert_cmpint(qb_period_end_us(values->interval, value->ts_us), >, value->ts_us);
        above = value;
    }
}

static void check_error(const GError *error)
{
    g_assert_true(error != NULL && error->domain == FAILURE);
    g_assert_true(error->code == FAILURE_BAD_DATA || error->code == FAILURE_USAGE);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    for (const char *at = error->message; *at != '\0'; at++)
        g_assert_true((guchar)*at >= 0x20 || *at == '\n');
}

static void read_series(const csv_table *table, const char *name, const csv_values_options *options)
{
    csv_values values = {0};
    g_autoptr(GError) error = NULL;
    if (csv_read_values(table, name, options, &values, &error))
        check_values(&values);
    else
        check_error(error);
    csv_values_clear(&values);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    if (size < 1)
        return 0;
    const guint8 choice = data[0];
    const csv_values_options options = {
        .interval = choice % 2 == 0 ? QB_MACRO_INTERVAL_COUNT : QB_1D + (choice >> 1) % 5,
        .map = maps[(choice >> 3) % G_N_ELEMENTS(maps)],
        .where = filters[(choice >> 2) % G_N_ELEMENTS(filters)],
        .stamp_last = (choice & 0x40) != 0,
        .known_time_us = (choice & 0x80) != 0 ? QB_HOUR_US : 0,
    };
    g_autoptr(GError) error = NULL, problem = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
    g_autoptr(csv_table) table = csv_table_parse(bytes, "fuzz.csv", &error);
    if (table == NULL) {
        check_error(error);
        return 0;
    }
    g_auto(GStrv) names = csv_values_names(table, &options, &problem);
    if (names == NULL)
        check_error(problem);
    for (guint i = 0; names != NULL && names[i] != NULL && i < 4; i++)
        read_series(table, names[i], &options);
    return 0;
}
