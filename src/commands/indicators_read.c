/* The columns that an indicator reads, out of CSV files. */
#include "commands/indicators-private.h"
#include "csv/csv.h"
#include "platform/files.h"

#include <math.h>
#include <string.h>

/* A stamp, then these; `second` is the close of another file. */
enum { STAMP, OPEN, HIGH, LOW, CLOSE, VOLUME, INPUTS };
static const struct input {
    const char *name;
    unsigned bit;
} inputs[INPUTS] = {
    [STAMP] = {"ts", QB_INPUT_TIME},     [OPEN] = {"open", QB_INPUT_OPEN},
    [HIGH] = {"high", QB_INPUT_HIGH},    [LOW] = {"low", QB_INPUT_LOW},
    [CLOSE] = {"close", QB_INPUT_CLOSE}, [VOLUME] = {"volume", QB_INPUT_VOLUME},
};
static const char *const stamp_names[] = {"ts", "date", "time", "timestamp", "datetime", NULL};

/* What may stand in for the close, and what it is made of. */
static const struct price {
    const char *name;
    unsigned bits;
} prices[] = {
    {"close", QB_INPUT_CLOSE},   {"open", QB_INPUT_OPEN},
    {"high", QB_INPUT_HIGH},     {"low", QB_INPUT_LOW},
    {"volume", QB_INPUT_VOLUME}, {"median", QB_INPUT_HIGH | QB_INPUT_LOW},
    {"typical", QB_INPUT_BARS},  {"average", QB_INPUT_OPEN | QB_INPUT_BARS},
};

void indicator_columns_clear(indicator_columns *self)
{
    g_clear_pointer(&self->stamps, g_ptr_array_unref);
    for (gsize i = 0; i < G_N_ELEMENTS(self->values); i++)
        g_clear_pointer(&self->values[i], g_free);
    g_clear_pointer(&self->ts_us, g_free);
    g_clear_pointer(&self->price, g_free);
}

/* ---- one table ----------------------------------------------------------------------------- */

static csv_table *open_table(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, CSV_FILE_LIMIT, error);
    g_autoptr(GBytes) text = bytes != NULL ? csv_inflate(bytes, path, error) : NULL;
    return text != NULL ? csv_table_parse(text, path, error) : NULL;
}

/* The value of `key` in "key=value,...", or NULL. Caller frees. */
static char *mapped(const char *map, const char *key)
{
    g_auto(GStrv) parts = g_strsplit(map != NULL ? map : "", ",", -1);
    for (char **part = parts; *part != NULL; part++) {
        const gsize length = strlen(key);
        if (strncmp(*part, key, length) == 0 && (*part)[length] == '=')
            return g_strdup(*part + length + 1);
    }
    return NULL;
}

static gboolean map_is_sound(const char *map, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(map != NULL ? map : "", ",", -1);
    for (char **part = parts; *part != NULL; part++) {
        gboolean known = FALSE;
        for (gsize i = 0; i < INPUTS; i++)
            known = known || (g_str_has_prefix(*part, inputs[i].name) &&
                              (*part)[strlen(inputs[i].name)] == '=');
        if (known)
            continue;
        g_autofree char *quoted = failure_quote(*part, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--columns: %s is not of the form close=NAME (keys: ts open high low close "
                    "volume)",
                    quoted);
        return FALSE;
    }
    return TRUE;
}

/* -1 and a problem when the table has no such column. */
static int find_column(const csv_table *table, const char *path, const char *map, gsize which,
                       failures *problems)
{
    g_autofree char *given = mapped(map, inputs[which].name);
    const char *const own[] = {given != NULL ? given : inputs[which].name, NULL};
    const char *const *names = which == STAMP && given == NULL ? stamp_names : own;
    for (const char *const *name = names; *name != NULL; name++)
        if (csv_table_column(table, *name) >= 0)
            return csv_table_column(table, *name);
    g_autofree char *quoted = failure_quote(own[0], -1);
    failures_add(problems, "%s: there is no column %s (--columns %s=NAME names another)", path,
                 quoted, inputs[which].name);
    return -1;
}

/* A blank volume is unknown. */
static double read_volume(const csv_table *table, gsize row, int column, failures *problems)
{
    gsize length = 0;
    double value = NAN;
    csv_table_cell(table, row, column, &length);
    if (length > 0)
        csv_table_number(table, row, column, problems, &value);
    return value;
}

static double *read_values(const csv_table *table, int column, gboolean volume, failures *problems)
{
    const gsize rows = csv_table_rows(table);
    double *values = g_new(double, MAX(rows, 1));
    for (gsize row = 0; row < rows; row++) {
        values[row] = NAN;
        if (volume)
            values[row] = read_volume(table, row, column, problems);
        else
            csv_table_number(table, row, column, problems, &values[row]);
    }
    return values;
}

static GPtrArray *read_stamps(const csv_table *table, int column)
{
    GPtrArray *stamps = g_ptr_array_new_with_free_func(g_free);
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        gsize length = 0;
        const char *text = csv_table_cell(table, row, column, &length);
        g_ptr_array_add(stamps, g_strndup(text, length));
    }
    return stamps;
}

/* ---- both files ---------------------------------------------------------------------------- */

static gboolean read_table(const char *path, const char *map, unsigned wanted,
                           indicator_columns *out, GError **error)
{
    g_autoptr(csv_table) table = open_table(path, error);
    if (table == NULL)
        return FALSE;
    failures problems;
    failures_init(&problems);
    const int stamp = find_column(table, path, map, STAMP, &problems);
    if (stamp >= 0)
        out->stamps = read_stamps(table, stamp);
    for (gsize i = OPEN; i < INPUTS; i++) {
        if (!(wanted & inputs[i].bit))
            continue;
        const int column = find_column(table, path, map, i, &problems);
        if (column >= 0)
            out->values[i] = read_values(table, column, i == VOLUME, &problems);
    }
    if (stamp >= 0 && (wanted & QB_INPUT_TIME)) {
        out->ts_us = g_new0(gint64, MAX(csv_table_rows(table), 1));
        for (gsize row = 0; row < csv_table_rows(table); row++)
            csv_table_time(table, row, stamp, &problems, &out->ts_us[row]);
    }
    if (problems.count == 0 && csv_table_rows(table) == 0)
        failures_add(&problems, "%s: there are no rows", path);
    return failures_finish(&problems, FAILURE_BAD_DATA, error);
}

/* The closes of the second file, whose stamps must be those of the first, row by row. */
static gboolean read_second(const indicator_source *source, indicator_columns *out, GError **error)
{
    g_auto(indicator_columns) other = {0};
    if (!read_table(source->second, source->map, QB_INPUT_CLOSE, &other, error))
        return FALSE;
    for (guint i = 0; i < MAX(out->stamps->len, other.stamps->len); i++) {
        const char *first = i < out->stamps->len ? out->stamps->pdata[i] : "nothing";
        const char *second = i < other.stamps->len ? other.stamps->pdata[i] : "nothing";
        if (g_str_equal(first, second))
            continue;
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: row %u: %s stands where %s has %s (the two must have the same stamps)",
                    source->second, i + 1, second, source->path, first);
        return FALSE;
    }
    out->values[INPUTS] = g_steal_pointer(&other.values[CLOSE]);
    return TRUE;
}

static const struct price *find_price(const char *name, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(prices); i++)
        if (g_str_equal(prices[i].name, name))
            return &prices[i];
    g_autofree char *quoted = failure_quote(name, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--price: %s is none (expected close, open, high, low, volume, median, typical or "
                "average)",
                quoted);
    return NULL;
}

/* Mean of the columns that the price is made of. */
static void make_price(const struct price *price, indicator_columns *out)
{
    out->price = g_new(double, MAX(out->in.count, 1));
    for (gsize row = 0; row < out->in.count; row++) {
        double sum = 0, parts = 0;
        for (gsize i = OPEN; i < INPUTS; i++)
            if (price->bits & inputs[i].bit) {
                sum += out->values[i][row];
                parts++;
            }
        out->price[row] = sum / parts;
    }
}

gboolean indicator_columns_read(const indicator_source *source, const qb_indicator *indicator,
                                indicator_columns *out, GError **error)
{
    const unsigned wanted = indicator->inputs;
    const struct price *price = find_price(source->price != NULL ? source->price : "close", error);
    if (price == NULL || !map_is_sound(source->map, error))
        return FALSE;
    const gboolean replaced = price != &prices[0];
    if (replaced && (wanted & ~(unsigned)QB_INPUT_SECOND) != QB_INPUT_CLOSE) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--price: %s does not read one series, but the bars as they are",
                    indicator->name);
        return FALSE;
    }
    if (((wanted & QB_INPUT_SECOND) != 0) != (source->second != NULL)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--second: %s reads %s", indicator->name,
                    source->second != NULL ? "one series only" : "a second series: give its file");
        return FALSE;
    }
    if (!read_table(source->path, source->map, replaced ? price->bits : wanted, out, error) ||
        (source->second != NULL && !read_second(source, out, error)))
        return FALSE;
    out->in = (qb_columns){.ts_us = out->ts_us,
                           .open = out->values[OPEN],
                           .high = out->values[HIGH],
                           .low = out->values[LOW],
                           .close = out->values[CLOSE],
                           .volume = out->values[VOLUME],
                           .second = out->values[INPUTS],
                           .count = out->stamps->len};
    if (replaced) {
        make_price(price, out);
        out->in.close = out->price;
    }
    return TRUE;
}
