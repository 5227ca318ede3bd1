/* One pass: the bucket that is being filled is a bar, the stretch of time it holds, and how many
 * fine bars went into it. Fine bars come in ascending order, so a bar that opens at or after the
 * end of the bucket closes it for good. Where buckets start is not worked out here a second time:
 * a stamp is proposed and qb_bar_times says whether the calendar has a bar there, and when. */
#include "core/market/market.h"

#include <math.h>

typedef struct bucket {
    qb_bar bar;
    double bid, ask;
    int64_t open_us, known_us;
    int64_t first_us; /* stamp of its first fine bar */
    size_t members;   /* 0: none is being filled */
} bucket;

typedef struct resampling {
    const qb_calendar *calendar;
    qb_interval from, to;
    int64_t known_until_us;
    bucket bucket;
    qb_series out;
    qb_resampled report;
} resampling;

/* ---- where a bucket starts ---------------------------------------------------------------- */

/* The date of the session in which trading goes on at that instant. A session may open on the
 * evening before its date. */
static bool session_date(const qb_calendar *calendar, int64_t instant_us, int32_t *out)
{
    int32_t date = qb_calendar_date(calendar, instant_us);
    for (int32_t tried = date - 1; tried <= date + 1; tried++) {
        qb_session session;
        if (qb_calendar_session(calendar, tried, &session) && session.open_us <= instant_us &&
            instant_us < session.close_us) {
            *out = tried;
            return true;
        }
    }
    return false;
}

static int64_t floor_to(int64_t value, int64_t length)
{
    int64_t rest = value % length;
    return value - rest - (rest < 0 ? length : 0);
}

/* The stamp of the coarse bar that holds an instant of trading. */
static bool bucket_stamp(const resampling *self, int64_t fine_us, int64_t open_us, int64_t *out)
{
    int32_t date = qb_date_from_us(fine_us);
    if (self->to < QB_1D) {
        int64_t offset_us = qb_calendar_offset_us(self->calendar, open_us);
        *out = floor_to(open_us + offset_us, qb_interval_us(self->to)) - offset_us;
        return true;
    }
    if (self->from < QB_1D && !session_date(self->calendar, open_us, &date))
        return false;
    *out = (date - (self->to == QB_1W ? qb_weekday(date) : 0)) * QB_DAY_US;
    return true;
}

static bool start_bucket(resampling *self, int64_t fine_us, int64_t open_us)
{
    qb_bar_time times;
    int64_t ts_us;
    if (!bucket_stamp(self, fine_us, open_us, &ts_us) ||
        !qb_bar_times(self->calendar, self->to, ts_us, &times) || open_us < times.open_us ||
        open_us >= times.known_us)
        return false;
    self->bucket = (bucket){
        .bar.ts_us = ts_us,
        .open_us = times.open_us,
        .known_us = times.known_us,
        .first_us = fine_us,
    };
    return true;
}

/* ---- filling it --------------------------------------------------------------------------- */

/* What went before, in shares of after the split. */
static void apply_split(qb_bar *bar, double factor)
{
    bar->open /= factor;
    bar->high /= factor;
    bar->low /= factor;
    bar->close /= factor;
    bar->volume *= factor;
    bar->dividend /= factor;
    bar->split_factor *= factor;
}

static void add_bar(bucket *self, const qb_bar *fine, double bid, double ask)
{
    qb_bar *bar = &self->bar;
    if (self->members == 0) {
        int64_t ts_us = bar->ts_us;
        *bar = *fine;
        bar->ts_us = ts_us;
    } else {
        if (fine->split_factor != 1)
            apply_split(bar, fine->split_factor);
        bar->high = fine->high > bar->high ? fine->high : bar->high;
        bar->low = fine->low < bar->low ? fine->low : bar->low;
        bar->close = fine->close;
        bar->volume += fine->volume; /* NaN, unknown, stays so */
        bar->dividend += fine->dividend;
        bar->flags |= fine->flags;
    }
    self->bid = bid;
    self->ask = ask;
    self->members++;
}

/* ---- closing it --------------------------------------------------------------------------- */

/* Whether the calendar expects more fine bars in the bucket than went into it. */
static bool is_partial(const resampling *self)
{
    const bucket *bucket = &self->bucket;
    int64_t length_us = qb_interval_us(self->from);
    /* Daily bars are labels; intraday ones may be stamped before the open that they hold. */
    int64_t first_us = bucket->bar.ts_us, end_us = first_us + qb_interval_us(self->to);
    if (self->from < QB_1D) {
        first_us = bucket->open_us - length_us + 1;
        end_us = bucket->known_us;
        /* From the first on there is one at every step: spares most bars the question below. */
        if (bucket->first_us <= bucket->open_us &&
            bucket->first_us + (int64_t)bucket->members * length_us >= end_us)
            return false;
    }
    return qb_expected_bars(self->calendar, self->from, first_us, end_us) > bucket->members;
}

static bool put_quote(qb_series *series, double **column, double value)
{
    if (*column == NULL && isnan(value))
        return true;
    if (*column == NULL) {
        *column = qb_realloc(NULL, series->capacity * sizeof(double));
        if (*column == NULL)
            return false;
        for (size_t i = 0; i < series->count; i++)
            (*column)[i] = NAN;
    }
    (*column)[series->count - 1] = value;
    return true;
}

static qb_status close_bucket(resampling *self)
{
    bucket *bucket = &self->bucket;
    if (bucket->members == 0)
        return QB_OK;
    if (bucket->known_us > self->known_until_us) {
        self->report.unfinished += bucket->members;
        return QB_OK;
    }
    qb_status status = qb_series_append(&self->out, &bucket->bar);
    if (status != QB_OK)
        return status;
    if (!put_quote(&self->out, &self->out.bid, bucket->bid) ||
        !put_quote(&self->out, &self->out.ask, bucket->ask))
        return QB_NO_MEMORY;
    self->report.used += bucket->members;
    self->report.partial += is_partial(self);
    return QB_OK;
}

/* ---- the pass ----------------------------------------------------------------------------- */

static qb_status add_row(resampling *self, const qb_series *fine, size_t row,
                         qb_session_cursor *cursor)
{
    int64_t ts_us = fine->ts_us[row];
    qb_bar_time times;
    if (!qb_bar_times_next(self->calendar, self->from, ts_us, cursor, &times)) {
        self->report.no_session++;
        return QB_OK;
    }
    if (self->bucket.members == 0 || times.open_us >= self->bucket.known_us) {
        qb_status status = close_bucket(self);
        if (status != QB_OK)
            return status;
        self->bucket.members = 0;
        if (!start_bucket(self, ts_us, times.open_us)) {
            self->report.no_session++;
            return QB_OK;
        }
    }
    qb_bar bar = qb_series_bar(fine, row);
    add_bar(&self->bucket, &bar, fine->bid != NULL ? fine->bid[row] : NAN,
            fine->ask != NULL ? fine->ask[row] : NAN);
    return QB_OK;
}

static qb_status resample_rows(resampling *self, const qb_series *fine)
{
    qb_session_cursor cursor = {0};
    for (size_t row = 0; row < fine->count; row++) {
        if (row > 0 && fine->ts_us[row] <= fine->ts_us[row - 1])
            return QB_OUT_OF_ORDER;
        qb_status status = add_row(self, fine, row, &cursor);
        if (status != QB_OK)
            return status;
    }
    return close_bucket(self);
}

qb_status qb_resample(const qb_series *fine, qb_interval from, qb_interval to,
                      const qb_calendar *calendar, int64_t known_until_us, qb_series *out,
                      qb_resampled *out_report)
{
    if ((unsigned)from >= QB_INTERVAL_COUNT || (unsigned)to >= QB_INTERVAL_COUNT || to <= from)
        return QB_OUT_OF_RANGE;
    resampling work = {
        .calendar = calendar, .from = from, .to = to, .known_until_us = known_until_us};
    qb_status status = resample_rows(&work, fine);
    if (status != QB_OK) {
        qb_series_clear(&work.out);
        return status;
    }
    *out = work.out;
    *out_report = work.report;
    return QB_OK;
}
