#include "material.h"

#include "../core/price_file.h"
#include "../metrics/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Raw days of shares, raw minutes of a share and of a coin. */
static const struct {
    const char *path, *time;
    material kind;
} shared[] = {
    {"data/equities/daily_raw/AIG.csv.gz", "date", {"daily", true, QB_1D, 0.01, {0}}},
    {"data/equities/daily_raw/IBM.csv.gz", "date", {"daily", true, QB_1D, 0.01, {0}}},
    {"data/equities/minute_raw/AAPL_2014-06_trade.csv.gz",
     "ts",
     {"minutes", true, QB_1M, 0.01, {0}}},
    {"data/crypto/minute_coinbase_days/LTCUSD.csv.gz", "ts", {"minutes", false, QB_1M, 0.01, {0}}},
};
enum { SHARED_COUNT = sizeof shared / sizeof *shared };

static const material *sample(void)
{
    static material kept = {"sample", true, QB_1D, 0.01, {0}};
    const char *source = getenv("QUANTBOT_SOURCE");
    if (kept.series.count == 0 && source != NULL) {
        columns *file = columns_read(source, "samples/AAPL-2013-2018.csv");
        kept.series = (qb_series){
            .ts_us = columns_times(file, "Date"),
            .open = columns_numbers(file, "Open"),
            .high = columns_numbers(file, "High"),
            .low = columns_numbers(file, "Low"),
            .close = columns_numbers(file, "Close"),
            .volume = columns_numbers(file, "Volume"),
            .count = columns_rows(file),
        };
        columns_free(file);
    }
    return kept.series.count > 0 ? &kept : NULL;
}

static const material *of_shared(size_t which)
{
    static material kept[SHARED_COUNT];
    const char *folder = getenv("QUANTBOT_SHARED");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "", shared[which].path);
    if (folder == NULL || access(path, R_OK) != 0)
        return sample();
    if (kept[which].series.count == 0) {
        kept[which] = shared[which].kind;
        kept[which].series = price_file_read(folder, shared[which].path, shared[which].time,
                                             PRICE_FILE_VOLUME)
                                 .series;
    }
    return &kept[which];
}

const material *material_for(uint64_t seed)
{
    switch (seed % 10) {
    case 7:
        return sample();
    case 8:
        return of_shared(seed / 10 % 2);
    case 9:
        return of_shared(2 + seed / 10 % 2);
    default:
        return NULL;
    }
}
