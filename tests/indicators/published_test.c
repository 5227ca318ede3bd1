/* Every indicator file of the shared data set, bar by bar to its printed digits.
 *
 * A case names the file, what we compute of which columns, and which of our outputs each of its
 * columns is. A value passes within half a unit of its last printed digit and 1e-9 of its size; a
 * program that computes in single precision has a unit and 1e-6, and what its formula magnifies. A
 * value there must be a value here and the other way round, unless the case says otherwise. */
#include "core/indicators/table.h"
#include "csv/csv.h"
#include "platform/files.h"

#include <math.h>
#include <string.h>

#define PAIR_LIMIT 8
#define SINGLE 1e-6 /* relative: what some sixteen single-precision operations cost */

typedef struct pair {
    const char *output, *column; /* ours, theirs */
    double slack;                /* more than half a unit of the last digit, absolute */
    double factor;               /* ours times this; 0: 1 */
} pair;

typedef struct published {
    const char *file, *input; /* below data/; input NULL: the same file */
    const char *indicator;
    const char *params[8];
    const char *close; /* the column that is the series; NULL: close */
    pair pairs[PAIR_LIMIT];
    gsize from;    /* first row that is compared; 0: all */
    gsize rows;    /* of the input; 0: all */
    gboolean more; /* we are defined earlier than they print */
    gsize later;   /* ours is written that many rows later */
    const char *second;
    gboolean single; /* the program computes in single precision and may cut digits off */
} published;

#define FULL "expected/indicators_full/"
#define SPY "equities/daily_reference/SPY_2017_2018_adjusted.csv"
#define TSLA "equities/daily_reference/TSLA_2017_2018.csv"
#define TTR "expected/indicators_ttr/"
#define TTRC "equities/daily_reference/TTRC_1985_2006.csv.gz"
#define LEAN "expected/indicators_spy_third_party/"
#define CHARTS "expected/indicators_stockcharts/"

#include "published_full.h"
#include "published_others.h"

/* ---- files --------------------------------------------------------------------------------- */

static char *shared_path(const char *name)
{
    return g_build_filename(g_getenv("QUANTBOT_SHARED"), "data", name, NULL);
}

static csv_table *read_table(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = shared_path(name);
    g_autoptr(GBytes) bytes = files_read(path, CSV_FILE_LIMIT, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) text = csv_inflate(bytes, name, &error);
    g_assert_no_error(error);
    csv_table *table = csv_table_parse(text, name, &error);
    g_assert_no_error(error);
    return table;
}

/* "" when blank or short. */
static char *cell(const csv_table *table, gsize row, int column)
{
    gsize length = 0;
    const char *text = csv_table_cell(table, row, column, &length);
    return g_strstrip(g_strndup(text, length));
}

static double number(const csv_table *table, gsize row, int column)
{
    g_autofree char *text = cell(table, row, column);
    double value = NAN;
    return csv_number_scan(text, strlen(text), &value) ? value : NAN;
}

/* NULL: no such column. Caller frees. */
static double *read_column(const csv_table *table, gsize rows, const char *name)
{
    const int column = csv_table_column(table, name);
    double *values = column < 0 ? NULL : g_new(double, rows);
    for (gsize i = 0; values != NULL && i < rows; i++)
        values[i] = number(table, i, column);
    return values;
}

/* Half a unit of the last digit of a printed number. */
static double half_unit(const char *text)
{
    const char *exponent = strpbrk(text, "eE");
    const char *point = strchr(text, '.');
    const gsize length = exponent != NULL ? (gsize)(exponent - text) : strlen(text);
    const double decimals = point != NULL ? (double)(length - (gsize)(point - text) - 1) : 0.0;
    const double power = exponent != NULL ? g_ascii_strtod(exponent + 1, NULL) : 0.0;
    return 0.5 * pow(10.0, power - decimals);
}

/* ---- one case ------------------------------------------------------------------------------ */

typedef struct columns {
    double *owned[6]; /* open high low close volume second */
    gint64 *ts_us;
    double *room;
    double *out[QB_OUTPUT_LIMIT];
    qb_columns in;
} columns;

static columns read_columns(const published *test)
{
    static const char *const names[] = {"open", "high", "low", "close", "volume"};
    columns self = {.owned = {NULL}};
    g_autoptr(csv_table) table = read_table(test->input != NULL ? test->input : test->file);
    const gsize rows = test->rows != 0 ? test->rows : csv_table_rows(table);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *name = i == 3 && test->close != NULL ? test->close : names[i];
        if (g_str_equal(name, "typical"))
            continue;
        self.owned[i] = read_column(table, rows, name);
    }
    if (test->close != NULL && g_str_equal(test->close, "typical")) {
        self.owned[3] = read_column(table, rows, "close");
        for (gsize i = 0; i < rows; i++)
            self.owned[3][i] = (self.owned[1][i] + self.owned[2][i] + self.owned[3][i]) / 3;
    }
    if (test->second != NULL) {
        g_autoptr(csv_table) other = read_table(test->second);
        self.owned[5] = read_column(other, rows, "close");
    }
    for (gsize k = 0; test->single && k < G_N_ELEMENTS(self.owned); k++)
        for (gsize i = 0; self.owned[k] != NULL && i < rows; i++)
            self.owned[k][i] = (double)(float)self.owned[k][i];
    self.in = (qb_columns){.open = self.owned[0],
                           .high = self.owned[1],
                           .low = self.owned[2],
                           .close = self.owned[3],
                           .volume = self.owned[4],
                           .second = self.owned[5],
                           .count = rows};
    return self;
}

static void columns_free(columns *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(self->owned); i++)
        g_free(self->owned[i]);
    for (gsize i = 0; i < QB_OUTPUT_LIMIT; i++)
        g_free(self->out[i]);
    g_free(self->room);
}

static void compute(const published *test, columns *self, const qb_indicator *indicator)
{
    double params[QB_PARAM_LIMIT];
    gsize texts = 0, bad = 0;
    while (texts < G_N_ELEMENTS(test->params) && test->params[texts] != NULL)
        texts++;
    const char *problem = qb_params_parse(indicator->params, indicator->param_count, test->params,
                                          texts, params, &bad);
    g_assert_cmpstr(problem, ==, NULL);
    self->room = g_new(double, indicator->room != NULL ? indicator->room(params) : 0);
    for (gsize k = 0; k < qb_indicator_outputs(indicator); k++)
        self->out[k] = g_new(double, self->in.count);
    qb_indicator_compute(indicator, &self->in, params, self->room, self->out);
}

static const double *find_output(const columns *self, const qb_indicator *indicator,
                                 const char *name)
{
    for (gsize k = 0; indicator->outputs[k] != NULL; k++)
        if (g_str_equal(indicator->outputs[k], name))
            return self->out[k];
    g_error("%s has no output %s", indicator->name, name);
}

static void compare(const published *test, const columns *self, const csv_table *table,
                    const double *ours, const pair *pair)
{
    const int column = csv_table_column(table, pair->column);
    const gsize rows = MIN(self->in.count, csv_table_rows(table));
    gsize compared = 0, wrong = 0;
    g_assert_cmpint(column, >=, 0);
    for (gsize i = test->from; i + test->later < rows; i++) {
        g_autofree char *text = cell(table, i, column);
        const double want = number(table, i, column);
        const double got = ours[i + test->later] * (pair->factor != 0 ? pair->factor : 1);
        const double unit = (test->single ? 2.0 : 1.0) * half_unit(text);
        const double rounding = test->single ? SINGLE : 1e-9;
        const double allowed = unit + rounding * fmax(1.0, fabs(want)) + pair->slack;
        compared += !isnan(want);
        if (isnan(want) ? (isnan(got) || test->more) : fabs(got - want) <= allowed)
            continue;
        if (wrong++ < 3)
            g_test_message("%s %s row %" G_GSIZE_FORMAT ": %s is %.12g, want %s", test->file,
                           pair->column, i, pair->output, got, text);
    }
    if (wrong > 0 || compared == 0) {
        g_test_message("%s %s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " wrong", test->file,
                       pair->column, wrong, compared);
        g_test_fail();
    }
}

static void test_published(gconstpointer data)
{
    const published *test = data;
    if (g_getenv("QUANTBOT_SHARED") == NULL ||
        !g_file_test(g_getenv("QUANTBOT_SHARED"), G_FILE_TEST_IS_DIR)) {
        g_test_skip("QUANTBOT_SHARED names no data folder");
        return;
    }
    const qb_indicator *indicator = qb_indicator_find(test->indicator);
    g_assert_nonnull(indicator);
    columns self = read_columns(test);
    g_autoptr(csv_table) table = read_table(test->file);
    compute(test, &self, indicator);
    for (gsize i = 0; i < PAIR_LIMIT && test->pairs[i].output != NULL; i++)
        compare(test, &self, table, find_output(&self, indicator, test->pairs[i].output),
                &test->pairs[i]);
    columns_free(&self);
}

static void add(const published *tests, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("/indicators/published/%s/%s#%" G_GSIZE_FORMAT,
                                                tests[i].file, tests[i].indicator, i);
        g_test_add_data_func(path, &tests[i], test_published);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add(full_cases, G_N_ELEMENTS(full_cases));
    add(other_cases, G_N_ELEMENTS(other_cases));
    return g_test_run();
}
