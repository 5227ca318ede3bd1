/* Two series side by side: the bars that both have, what each rule says about them, in order. */
#include "core/market/compare-private.h"

#include <math.h>
#include <stdlib.h>

const char *const qb_price_names[QB_PRICES] = {"open", "high", "low", "close"};

const char *qb_cause_text(qb_cause cause)
{
    static const char *const texts[QB_CAUSE_COUNT] = {
        [QB_CAUSE_ADJUSTMENT] = "adjustment",     [QB_CAUSE_CURRENCY] = "currency",
        [QB_CAUSE_OTHER_HOUR] = "other-hour",     [QB_CAUSE_OTHER_CLOSE] = "other-close",
        [QB_CAUSE_OTHER_MARKET] = "other-market", [QB_CAUSE_BAD_TICK] = "bad-tick",
        [QB_CAUSE_SESSION] = "session",           [QB_CAUSE_MISSING] = "missing",
        [QB_CAUSE_VOLUME_UNITS] = "volume-units", [QB_CAUSE_UNEXPLAINED] = "unexplained",
    };
    return (unsigned)cause < QB_CAUSE_COUNT ? texts[cause] : "?";
}

/* ---- the bars of both ----------------------------------------------------------------------- */

const double *qb_match_column(const qb_series *series, int price)
{
    const double *const columns[QB_PRICES] = {series->open, series->high, series->low,
                                              series->close};
    return columns[price];
}

int64_t qb_match_stamp(const qb_match *self, size_t place)
{
    return self->first->ts_us[self->first_rows[place]];
}

static bool is_ascending(const qb_series *series)
{
    for (size_t row = 1; row < series->count; row++)
        if (series->ts_us[row] <= series->ts_us[row - 1])
            return false;
    return true;
}

static bool is_fit(const qb_series *series, size_t row)
{
    for (int price = 0; price < QB_PRICES; price++) {
        const double value = qb_match_column(series, price)[row];
        if (!(value > 0) || !isfinite(value))
            return false;
    }
    return true;
}

/* Fills the rows when there is room for them; returns how many places there are. */
static size_t join(const qb_series *first, const qb_series *second, size_t *first_rows,
                   size_t *second_rows, size_t *out_unfit)
{
    size_t count = 0;
    *out_unfit = 0;
    for (size_t a = 0, b = 0; a < first->count && b < second->count;) {
        if (first->ts_us[a] != second->ts_us[b]) {
            if (first->ts_us[a] < second->ts_us[b])
                a++;
            else
                b++;
            continue;
        }
        if (!is_fit(first, a) || !is_fit(second, b)) {
            (*out_unfit)++;
        } else {
            if (first_rows != NULL) {
                first_rows[count] = a;
                second_rows[count] = b;
            }
            count++;
        }
        a++;
        b++;
    }
    return count;
}

static void free_match(qb_match *self)
{
    qb_realloc(self->first_rows, 0);
    qb_realloc(self->second_rows, 0);
    for (int price = 0; price < QB_PRICES; price++)
        qb_realloc(self->apart[price], 0);
    qb_realloc(self->level, 0);
    qb_realloc(self->ratio, 0);
    qb_realloc(self->moves, 0);
    qb_realloc(self->spare, 0);
    qb_realloc(self->marks, 0);
}

static bool make_match(qb_match *self)
{
    const size_t numbers = (self->count + 1) * sizeof(double);
    bool good = true;
    for (int price = 0; price < QB_PRICES; price++)
        good = (self->apart[price] = qb_realloc(NULL, numbers)) != NULL && good;
    self->level = qb_realloc(NULL, numbers);
    self->ratio = qb_realloc(NULL, numbers);
    self->moves = qb_realloc(NULL, numbers);
    self->spare = qb_realloc(NULL, numbers);
    self->marks = qb_realloc(NULL, self->count + 1);
    self->first_rows = qb_realloc(NULL, (self->count + 1) * sizeof *self->first_rows);
    self->second_rows = qb_realloc(NULL, (self->count + 1) * sizeof *self->second_rows);
    return good && self->level != NULL && self->ratio != NULL && self->moves != NULL &&
           self->spare != NULL && self->marks != NULL && self->first_rows != NULL &&
           self->second_rows != NULL;
}

static double log_ratio(const qb_match *self, int price, size_t place)
{
    return log(qb_match_column(self->second, price)[self->second_rows[place]] /
               qb_match_column(self->first, price)[self->first_rows[place]]);
}

static void measure(qb_match *self)
{
    for (size_t place = 0; place < self->count; place++) {
        self->ratio[place] = log_ratio(self, QB_CLOSE, place);
        self->marks[place] = 0;
        self->moves[place] = 0;
        if (place > 0)
            self->moves[place] = log(self->first->close[self->first_rows[place]] /
                                     self->first->close[self->first_rows[place - 1]]);
    }
    qb_levels(self->ratio, self->count, self->level);
    for (int price = 0; price < QB_PRICES; price++)
        for (size_t place = 0; place < self->count; place++)
            self->apart[price][place] = log_ratio(self, price, place) - self->level[place];
}

/* ---- what was found ------------------------------------------------------------------------- */

void qb_match_add(qb_match *self, const qb_difference *difference)
{
    if (self->item_count == self->item_room) {
        const size_t room = self->item_room == 0 ? 64 : 2 * self->item_room;
        qb_difference *items = qb_realloc(self->items, room * sizeof *items);
        if (items == NULL) {
            self->no_memory = true;
            return;
        }
        self->items = items;
        self->item_room = room;
    }
    self->items[self->item_count++] = *difference;
}

qb_difference qb_match_item(const qb_match *self, qb_cause cause, int price, size_t from, size_t to)
{
    const double first = qb_match_column(self->first, price)[self->first_rows[from]];
    const double second = qb_match_column(self->second, price)[self->second_rows[from]];
    return (qb_difference){
        .cause = cause,
        .from_us = qb_match_stamp(self, from),
        .to_us = qb_match_stamp(self, to),
        .rows = to - from + 1,
        .field = qb_price_names[price],
        .first = first,
        .second = second,
        .factor = second / first,
        .last_factor = second / first,
    };
}

/* By time; of one time the longer stretch first, then by cause. */
static int compare_items(const void *left, const void *right)
{
    const qb_difference *a = left, *b = right;
    if (a->from_us != b->from_us)
        return a->from_us < b->from_us ? -1 : 1;
    if (a->rows != b->rows)
        return a->rows > b->rows ? -1 : 1;
    return (int)a->cause - (int)b->cause;
}

static void count_agreeing(const qb_match *self, qb_comparison *out)
{
    for (size_t place = 0; place < self->count; place++) {
        bool agrees = true;
        for (int price = 0; price < QB_PRICES && agrees; price++)
            agrees = fabs(log_ratio(self, price, place)) <= self->how->tolerance;
        out->agreeing += agrees;
    }
}

static void count_items(const qb_match *self, qb_comparison *out)
{
    out->items = self->items;
    out->count = self->item_count;
    for (size_t i = 0; i < out->count; i++) {
        out->by_cause[out->items[i].cause]++;
        out->rows_of_cause[out->items[i].cause] += out->items[i].rows;
    }
}

/* ---- entry ---------------------------------------------------------------------------------- */

static void find_common_range(const qb_series *first, const qb_series *second, qb_comparison *out)
{
    out->from_us = INT64_MAX;
    out->to_us = INT64_MIN;
    if (first->count == 0 || second->count == 0)
        return;
    const int64_t last_of_first = first->ts_us[first->count - 1];
    const int64_t last_of_second = second->ts_us[second->count - 1];
    out->from_us = first->ts_us[0] > second->ts_us[0] ? first->ts_us[0] : second->ts_us[0];
    out->to_us = last_of_first < last_of_second ? last_of_first : last_of_second;
}

static void apply_rules(qb_match *self, qb_comparison *out)
{
    measure(self);
    qb_match_stretches(self);
    qb_match_usual(self);
    qb_match_single(self);
    qb_match_volume(self, &out->volume_ratio);
    qb_match_absent(self, &out->only_first, &out->only_second);
    out->usual = self->usual[QB_CLOSE];
    out->shared = self->count;
    count_agreeing(self, out);
    if (self->item_count > 0)
        qsort(self->items, self->item_count, sizeof *self->items, compare_items);
    count_items(self, out);
}

qb_status qb_compare(const qb_series *first, const qb_series *second, const qb_compare_how *how,
                     qb_comparison *out)
{
    if (!(how->tolerance > 0 && how->tolerance < 1))
        return QB_OUT_OF_RANGE;
    if (!is_ascending(first) || !is_ascending(second))
        return QB_OUT_OF_ORDER;
    qb_comparison result = {.volume_ratio = (double)NAN};
    qb_match match = {.first = first, .second = second, .how = how};
    match.count = join(first, second, NULL, NULL, &result.unfit);
    find_common_range(first, second, &result);
    bool good = make_match(&match);
    if (good) {
        join(first, second, match.first_rows, match.second_rows, &result.unfit);
        apply_rules(&match, &result);
        good = !match.no_memory;
    }
    free_match(&match);
    if (!good) {
        qb_realloc(match.items, 0);
        return QB_NO_MEMORY;
    }
    *out = result;
    return QB_OK;
}

void qb_comparison_clear(qb_comparison *comparison)
{
    qb_realloc(comparison->items, 0);
    *comparison = (qb_comparison){0};
}
