#include "published.h"

#include "columns.h"
#include "tap.h"

json_t *published_load(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/data/expected/%s", tap_shared(), name);
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        printf("Bail out! %s: %s\n", path, error.text);
        exit(1);
    }
    return root;
}

columns *published_returns(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "data/returns/%s", name);
    return columns_read(tap_shared(), path);
}

void published_curve_free(published_curve *self)
{
    free(self->ts_us);
    free(self->value);
}

published_curve published_curve_of_returns(const double *returns, const int64_t *ts_us,
                                           size_t count)
{
    published_curve out = {malloc((count + 1) * sizeof *out.ts_us),
                           malloc((count + 1) * sizeof *out.value), 0};
    for (size_t i = 0; i < count; i++) {
        if (isnan(returns[i]))
            continue;
        const int64_t now_us = ts_us != NULL ? ts_us[i] : (int64_t)(i + 1) * QB_DAY_US;
        if (out.count == 0) {
            out.ts_us[0] = now_us - QB_DAY_US;
            out.value[out.count++] = 1;
        }
        out.ts_us[out.count] = now_us;
        out.value[out.count] = out.value[out.count - 1] * (1 + returns[i]);
        out.count++;
    }
    return out;
}

void published_close(double got, double want, double relative, const char *what)
{
    const int before = tap_failed;
    CHECK_NEAR(got, want, relative * fmax(1, fabs(want)));
    if (tap_failed != before)
        printf("# %s\n", what);
}

void published_decimals(double got, double want, int decimals, const char *what)
{
    const int before = tap_failed;
    CHECK_NEAR(got, want, 0.50001 * pow(10, -decimals));
    if (tap_failed != before)
        printf("# %s\n", what);
}

double published_number(const json_t *value)
{
    if (json_is_number(value))
        return json_number_value(value);
    const char *text = json_string_value(value);
    return strcmp(text, "nan") == 0 ? NAN : strcmp(text, "inf") == 0 ? INFINITY : -INFINITY;
}

published_series published_series_of(const json_t *root, const json_t *given)
{
    if (json_is_string(given))
        given = json_object_get(json_object_get(root, "series"), json_string_value(given) + 1);
    const json_t *values = json_object_get(given, "series");
    if (values == NULL)
        values = json_object_iter_value(json_object_iter(json_object_get(given, "frame")));
    published_series out = {.count = json_array_size(values)};
    int64_t first_us = 0;
    const char *date = json_string_value(json_object_get(given, "first_date"));
    if (date != NULL)
        CHECK_OK(qb_time_from_text(date, strlen(date), &first_us));
    CHECK(out.count <= 1024);
    for (size_t i = 0; i < out.count; i++) {
        out.value[i] = published_number(json_array_get(values, i));
        out.ts_us[i] = first_us + (int64_t)i * QB_DAY_US;
    }
    return out;
}

void published_keep_common(published_series *a, published_series *b)
{
    size_t kept = 0;
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->ts_us[i] < b->ts_us[j])
            i++;
        else if (a->ts_us[i] > b->ts_us[j])
            j++;
        else {
            if (!isnan(a->value[i]) && !isnan(b->value[j])) {
                a->value[kept] = a->value[i];
                a->ts_us[kept] = b->ts_us[kept] = a->ts_us[i];
                b->value[kept++] = b->value[j];
            }
            i++, j++;
        }
    }
    a->count = b->count = kept;
}

double published_periods(const json_t *test)
{
    const char *period = json_string_value(json_object_get(test, "period"));
    if (period == NULL || strcmp(period, "daily") == 0)
        return 252;
    return strcmp(period, "weekly") == 0 ? 52 : strcmp(period, "monthly") == 0 ? 12 : 1;
}

qb_trade_result *published_trades(const char *run, size_t *out_count)
{
    char path[256];
    snprintf(path, sizeof path, "data/expected/backtest_runs/%s_trades.csv", run);
    columns *table = columns_read(tap_shared(), path);
    int64_t *entry_us = columns_times(table, "entry_ts"),
            *exit_us = columns_times(table, "exit_ts");
    double *profit = columns_numbers(table, "pnl");
    double *fraction = columns_numbers(table, "return_fraction");
    *out_count = columns_rows(table);
    qb_trade_result *trades = malloc((*out_count + 1) * sizeof *trades);
    for (size_t i = 0; i < *out_count; i++)
        trades[i] = (qb_trade_result){entry_us[i], exit_us[i], profit[i], fraction[i]};
    free(entry_us);
    free(exit_us);
    free(profit);
    free(fraction);
    columns_free(table);
    return trades;
}

published_curve published_equity(const char *run)
{
    char path[256];
    snprintf(path, sizeof path, "data/expected/backtest_runs/%s_equity.csv", run);
    columns *table = columns_read(tap_shared(), path);
    published_curve out = {columns_times(table, "ts"), columns_numbers(table, "equity"),
                           columns_rows(table)};
    columns_free(table);
    return out;
}

int64_t published_duration_us(const char *text)
{
    int days = 0, hours = 0, minutes = 0;
    CHECK(sscanf(text, "%d days %d:%d", &days, &hours, &minutes) == 3);
    return days * QB_DAY_US + hours * QB_HOUR_US + minutes * QB_MINUTE_US;
}

published_curve published_real_curve(const char *input)
{
    char file[128], name[32], from[16], to[16];
    int64_t from_us = INT64_MIN, to_us = INT64_MAX;
    CHECK(sscanf(input, "returns/%127[^ ,]", file) == 1);
    columns *table = published_returns(file);
    if (sscanf(input, "%*s column %31[^,]", name) == 1) {
        published_curve out = {columns_times(table, "date"), columns_numbers(table, name),
                               columns_rows(table)};
        columns_free(table);
        return out;
    }
    if (sscanf(input, "%*s %10[0-9-]..%10[0-9-] only", from, to) == 2) {
        CHECK_OK(qb_time_from_text(from, strlen(from), &from_us));
        CHECK_OK(qb_time_from_text(to, strlen(to), &to_us));
    }
    int64_t *ts_us = columns_times(table, "date");
    double *returns = columns_numbers(table, "return");
    for (size_t i = 0; i < columns_rows(table); i++)
        if (ts_us[i] < from_us || ts_us[i] > to_us)
            returns[i] = NAN;
    published_curve out = published_curve_of_returns(returns, ts_us, columns_rows(table));
    free(ts_us);
    free(returns);
    columns_free(table);
    return out;
}
