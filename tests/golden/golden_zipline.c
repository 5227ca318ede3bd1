/* zipline's buyapple over the bars of its own files. */
#include "buyapple.h"

/* 2014, with the split as that program's file has it: the ratio of the prices. */
static qb_series apple(const char *folder)
{
    qb_series all = golden_series(folder, "equities/daily_raw_2004_2014/AAPL.csv", "date");
    columns *file = columns_read(folder, "equities/daily_raw_2004_2014/splits.csv");
    int64_t *dates = columns_times(file, "effective_date");
    double *ratios = columns_numbers(file, "ratio");
    qb_series part = {0};
    const size_t end = qb_series_lower_bound(&all, golden_time(BUYAPPLE_TO));
    for (size_t i = qb_series_lower_bound(&all, golden_time(BUYAPPLE_FROM)); i < end; i++) {
        qb_bar bar = qb_series_bar(&all, i);
        for (size_t k = 0; k < columns_rows(file); k++)
            if (dates[k] == bar.ts_us)
                bar.split_factor = 1.0 / ratios[k];
        CHECK_OK(qb_series_append(&part, &bar));
    }
    free(dates);
    free(ratios);
    columns_free(file);
    qb_series_clear(&all);
    return part;
}

static void buyapple(void)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    qb_series series = apple(folder);
    golden_run run = buyapple_run(&series);
    buyapple_check(&run, folder, NULL);
    golden_run_clear(&run);
    qb_series_clear(&series);
}

static const tap_case cases[] = {
    {"/golden/zipline/buyapple", buyapple},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
