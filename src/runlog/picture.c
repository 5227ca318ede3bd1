/* Reads for pictures and sums, as fast at ten million points as at a thousand. Equity comes from
 * blocks, the lowest and highest of each 64 or 1,024 points, and from the points themselves only where
 * there are none: at the window's edges, behind the last block, in runs that had none written. */
#include "runlog/queries.h"
#include "runlog/runlog-private.h"

#include <string.h>

/* ---- thinning ------------------------------------------------------------------------------- */

typedef struct thinner {
    GArray *out; /* of runlog_point */
    gint64 from_us, until_us;
    guint width;
    gint64 column; /* of low and high; -1: none yet */
    runlog_point low, high;
} thinner;

static gint64 column_of(const thinner *self, gint64 at_us)
{
    const double span = (double)(self->until_us - self->from_us) + 1;
    return (gint64)((double)(at_us - self->from_us) / span * self->width);
}

static void flush(thinner *self)
{
    if (self->column < 0)
        return;
    const gboolean low_first = self->low.ts_us <= self->high.ts_us;
    const runlog_point first = low_first ? self->low : self->high;
    const runlog_point second = low_first ? self->high : self->low;
    g_array_append_val(self->out, first);
    if (second.ts_us != first.ts_us)
        g_array_append_val(self->out, second);
}

static void take(thinner *self, runlog_point point)
{
    const gint64 column = column_of(self, point.ts_us);
    if (column != self->column) {
        flush(self);
        self->column = column;
        self->low = self->high = point;
        return;
    }
    if (point.equity_e8 < self->low.equity_e8)
        self->low = point;
    if (point.equity_e8 > self->high.equity_e8)
        self->high = point;
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean take_points(runlog *self, const char *run_id, gint64 from_us, gint64 until_us,
                            thinner *thinner, GError **error)
{
    gboolean row = FALSE;
    const value values[] = {value_text(run_id), value_stamp(from_us), value_stamp(until_us)};
    if (from_us > until_us)
        return TRUE;
    g_autoptr(cursor) answer = cursor_open(self, &queries.equity_window, values, 3, error);
    if (answer == NULL)
        return FALSE;
    while (cursor_next(answer, &row, error)) {
        int64_t raw = 0;
        if (!row)
            return TRUE;
        if (!cursor_is_none(answer, 1))
            raw = cursor_integer(answer, 1);
        else if (qb_raw_from_double(cursor_number(answer, 2), &raw) != QB_OK)
            continue;
        take(thinner, (runlog_point){cursor_stamp(answer, 0), raw});
    }
    return FALSE;
}

typedef struct block {
    gint64 first_us, last_us;
    runlog_point low, high;
} block;

/* The blocks that lie in the window whole. */
static GArray *read_blocks(runlog *self, const char *run_id, const thinner *window, gint64 size,
                           GError **error)
{
    gboolean present = FALSE, row = FALSE;
    const value values[] = {value_text(run_id), value_stamp(window->from_us),
                            value_stamp(window->until_us), value_integer(size)};
    g_autoptr(GArray) blocks = g_array_new(FALSE, FALSE, sizeof(block));
    if (!backend_has_table(self, "equity_blocks", &present, error))
        return NULL;
    if (!present)
        return g_steal_pointer(&blocks); /* a reader of an older log */
    g_autoptr(cursor) answer = cursor_open(self, &queries.equity_blocks, values, 4, error);
    if (answer == NULL)
        return NULL;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&blocks);
        const block one = {cursor_stamp(answer, 0),
                           cursor_stamp(answer, 1),
                           {cursor_stamp(answer, 2), cursor_integer(answer, 3)},
                           {cursor_stamp(answer, 4), cursor_integer(answer, 5)}};
        g_array_append_val(blocks, one);
    }
    return NULL;
}

/* The finest blocks of which the window does not hold too many; NULL in *out where the points
 * themselves are few enough. */
#define POINTS_FEW 20 /* coarse blocks */
#define FINE_FEW 1280

static gboolean choose_blocks(runlog *self, const char *run_id, const thinner *window, GArray **out,
                              GError **error)
{
    g_autoptr(GArray) blocks = read_blocks(self, run_id, window, RUNLOG_BLOCK_COARSE, error);
    if (blocks == NULL)
        return FALSE;
    const guint count = blocks->len;
    *out = NULL;
    if (count < POINTS_FEW)
        return TRUE;
    *out = count > FINE_FEW ? g_steal_pointer(&blocks)
                            : read_blocks(self, run_id, window, RUNLOG_BLOCK_FINE, error);
    return *out != NULL;
}

static gboolean take_window(runlog *self, const char *run_id, thinner *window, GError **error)
{
    g_autoptr(GArray) blocks = NULL;
    if (!choose_blocks(self, run_id, window, &blocks, error))
        return FALSE;
    if (blocks == NULL || blocks->len == 0)
        return take_points(self, run_id, window->from_us, window->until_us, window, error);
    const block *first = &g_array_index(blocks, block, 0);
    const block *last = &g_array_index(blocks, block, blocks->len - 1);
    if (!take_points(self, run_id, window->from_us, first->first_us - 1, window, error))
        return FALSE;
    for (guint i = 0; i < blocks->len; i++) {
        const block *one = &g_array_index(blocks, block, i);
        const gboolean low_first = one->low.ts_us <= one->high.ts_us;
        take(window, low_first ? one->low : one->high);
        take(window, low_first ? one->high : one->low);
    }
    return take_points(self, run_id, last->last_us + 1, window->until_us, window, error);
}

static gboolean find_ends(runlog *self, const char *run_id, thinner *window, GError **error)
{
    gboolean row = FALSE;
    const value run = value_text(run_id);
    g_autoptr(cursor) answer = cursor_open(self, &queries.equity_ends, &run, 1, error);
    if (answer == NULL || !cursor_next(answer, &row, error))
        return FALSE;
    window->from_us = MAX(window->from_us, row ? cursor_stamp(answer, 0) : 0);
    if (window->until_us == 0 || window->until_us > cursor_stamp(answer, 1))
        window->until_us = row ? cursor_stamp(answer, 1) : 0;
    return TRUE;
}

GArray *runlog_equity_thinned(runlog *self, const char *run_id, gint64 from_us, gint64 until_us,
                              guint width, GError **error)
{
    thinner window = {g_array_new(FALSE, FALSE, sizeof(runlog_point)),
                      from_us,
                      until_us,
                      MAX(width, 1),
                      -1,
                      {0},
                      {0}};
    if (!find_ends(self, run_id, &window, error) || !take_window(self, run_id, &window, error)) {
        g_array_unref(window.out);
        return NULL;
    }
    flush(&window);
    return window.out;
}

/* ---- profits -------------------------------------------------------------------------------- */

static void add_day(GArray *out, const char *day, runlog_period period, const cursor *row)
{
    runlog_profit *last = out->len > 0 ? &g_array_index(out, runlog_profit, out->len - 1) : NULL;
    if (last == NULL || strncmp(last->period, day, (gsize)period) != 0) {
        runlog_profit fresh = {{0}, 0, 0, 0};
        g_strlcpy(fresh.period, day, (gsize)period + 1);
        g_array_append_val(out, fresh);
        last = &g_array_index(out, runlog_profit, out->len - 1);
    }
    last->trades += cursor_integer(row, 1);
    last->profit_e8 += cursor_integer(row, 2);
    last->fees_e8 += cursor_integer(row, 3);
}

GArray *runlog_profits(runlog *self, const char *run_id, runlog_period period, GError **error)
{
    gint64 version = 0;
    gboolean row = FALSE;
    const value run = value_text(run_id);
    g_autoptr(GArray) profits = g_array_new(FALSE, FALSE, sizeof(runlog_profit));
    if (!schema_version_get(self, &version, error))
        return NULL;
    if (version < QUERIES_TRADES_LATER_SINCE)
        return g_steal_pointer(&profits);
    g_autoptr(cursor) answer = cursor_open(self, &queries.profits, &run, 1, error);
    if (answer == NULL)
        return NULL;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&profits);
        add_day(profits, cursor_text(answer, 0), period, answer);
    }
    return NULL;
}
