/* The simple moving average against what other programs have stored of theirs. */
#include "core/indicators/indicators.h"
#include "run.h"

/* Theirs are doubles summed in another order. */
#define TOLERANCE 1e-9

/* Blank cells are bars before the average is defined. */
static void check_sma(const double *close, const double *want, size_t count, size_t period)
{
    double *ring = calloc(period, sizeof *ring);
    size_t defined = 0;
    qb_sma sma;
    qb_sma_init(&sma, ring, period);
    for (size_t i = 0; i < count; i++) {
        qb_sma_add(&sma, close[i]);
        CHECK_INT(qb_sma_ready(&sma), !isnan(want[i]));
        if (!qb_sma_ready(&sma) || isnan(want[i]))
            continue;
        CHECK_NEAR(qb_sma_value(&sma), want[i], TOLERANCE);
        defined++;
    }
    CHECK_INT(defined, count - period + 1);
    free(ring);
}

typedef struct sma_files {
    const char *bars, *values, *column;
    size_t period, rows; /* rows: 0 for as many as there are bars */
} sma_files;

static void check_files(const char *folder, const sma_files *of)
{
    columns *bars = columns_read(folder, of->bars), *values = columns_read(folder, of->values);
    double *close = columns_numbers(bars, "close"), *want = columns_numbers(values, of->column);
    int64_t *bar_us = columns_times(bars, "date"), *value_us = columns_times(values, "date");
    const size_t rows = of->rows != 0 ? of->rows : columns_rows(bars);
    CHECK_INT(columns_rows(values), rows);
    if (columns_rows(values) == rows && columns_rows(bars) >= rows) {
        CHECK(memcmp(bar_us, value_us, rows * sizeof *bar_us) == 0);
        check_sma(close, want, rows, of->period);
    }
    free(close);
    free(want);
    free(bar_us);
    free(value_us);
    columns_free(bars);
    columns_free(values);
}

static void stock_indicators_clone(void)
{
    const sma_files files = {.bars = "stock_indicators_sma20.csv",
                             .values = "stock_indicators_sma20.csv",
                             .column = "sma20",
                             .period = 20,
                             .rows = 60};
    check_files(golden_own(), &files);
}

/* The row of the manifest names the period and the bars. */
static void stock_indicators(void)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    json_t *manifest = golden_json(folder, "expected/indicators_full/MANIFEST.json");
    size_t i, found = 0;
    json_t *row;
    json_array_foreach(json_object_get(manifest, "indicators"), i, row)
    {
        if (strcmp(golden_text(row, "file"), "sma.csv.gz") != 0)
            continue;
        const sma_files files = {
            .bars = golden_text(row, "input"),
            .values = "expected/indicators_full/sma.csv",
            .column = "sma",
            .period = (size_t)strtoul(golden_text(row, "arguments_in_test"), NULL, 10),
        };
        check_files(folder, &files);
        found++;
    }
    CHECK_INT(found, 1);
    json_decref(manifest);
}

/* MANIFEST.json: "close, n 10", the first 250 rows. */
static void ttr(void)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    const sma_files files = {.bars = "equities/daily_reference/TTRC_1985_2006.csv",
                             .values = "expected/indicators_ttr/SMA.csv",
                             .column = "SMA",
                             .period = 10,
                             .rows = 250};
    check_files(folder, &files);
}

static const tap_case cases[] = {
    {"/golden/sma/stock-indicators-60-bars", stock_indicators_clone},
    {"/golden/sma/stock-indicators", stock_indicators},
    {"/golden/sma/ttr", ttr},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
