#include "core/market/market.h"

#include <string.h>

static const struct {
    const char *text;
    int64_t length_us;
} intervals[QB_MACRO_INTERVAL_COUNT] = {
    [QB_1M] = {"1m", QB_MINUTE_US},
    [QB_5M] = {"5m", 5 * QB_MINUTE_US},
    [QB_15M] = {"15m", 15 * QB_MINUTE_US},
    [QB_30M] = {"30m", 30 * QB_MINUTE_US},
    [QB_1H] = {"1h", QB_HOUR_US},
    [QB_4H] = {"4h", 4 * QB_HOUR_US},
    [QB_1D] = {"1d", QB_DAY_US},
    [QB_1W] = {"1w", 7 * QB_DAY_US},
    [QB_1MO] = {"1mo", 0},
    [QB_1Q] = {"1q", 0},
    [QB_1Y] = {"1y", 0},
};

const char *qb_interval_text(qb_interval interval)
{
    return intervals[interval].text;
}

static qb_status find_interval(const char *text, int from, int to, qb_interval *out)
{
    for (int i = from; i < to; i++) {
        if (strcmp(text, intervals[i].text) == 0) {
            *out = (qb_interval)i;
            return QB_OK;
        }
    }
    return QB_BAD_FORMAT;
}

qb_status qb_interval_from_text(const char *text, qb_interval *out)
{
    return find_interval(text, 0, QB_INTERVAL_COUNT, out);
}

qb_status qb_macro_interval_from_text(const char *text, qb_interval *out)
{
    return find_interval(text, QB_1D, QB_MACRO_INTERVAL_COUNT, out);
}

int64_t qb_interval_us(qb_interval interval)
{
    return intervals[interval].length_us;
}

int64_t qb_period_end_us(qb_interval interval, int64_t start_us)
{
    int32_t months = interval == QB_1MO ? 1 : interval == QB_1Q ? 3 : interval == QB_1Y ? 12 : 0;
    if (months == 0)
        return start_us + qb_interval_us(interval);
    qb_civil civil = qb_civil_from_date(qb_date_from_us(start_us));
    int32_t month = civil.month - 1 + months;
    civil.year += month / 12;
    civil.month = month % 12 + 1;
    civil.day = 1;
    return qb_date_from_civil(civil) * QB_DAY_US;
}
