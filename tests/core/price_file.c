#include "price_file.h"

#include "../metrics/columns.h"

#include <stdlib.h>

price_file price_file_read(const char *folder, const char *path, const char *time, int wanted)
{
    columns *file = columns_read(folder, path);
    price_file out = {
        .series =
            {
                .ts_us = columns_times(file, time),
                .open = columns_numbers(file, "open"),
                .high = columns_numbers(file, "high"),
                .low = columns_numbers(file, "low"),
                .close = columns_numbers(file, "close"),
                .count = columns_rows(file),
            },
    };
    if (wanted & PRICE_FILE_VOLUME)
        out.series.volume = columns_numbers(file, "volume");
    if (wanted & PRICE_FILE_ACTIONS) {
        out.dividend = columns_numbers(file, "dividend");
        out.split = columns_numbers(file, "split");
    }
    if (wanted & PRICE_FILE_ADJUSTED)
        out.adjusted = columns_numbers(file, "adj_close");
    columns_free(file);
    return out;
}

void price_file_clear(price_file *self)
{
    free(self->series.ts_us);
    free(self->series.open);
    free(self->series.high);
    free(self->series.low);
    free(self->series.close);
    free(self->series.volume);
    free(self->dividend);
    free(self->split);
    free(self->adjusted);
}
