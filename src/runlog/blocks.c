/* Lowest and highest of each stretch of the equity, as picture.c reads them. */
#include "runlog/writer.h"

static gboolean put_block(const runlog_writer *self, rows *row, guint size, guint first,
                          GError **error)
{
    const guint end = MIN(first + size, self->points->len);
    const runlog_point *points = (const runlog_point *)self->points->data;
    const runlog_point *low = &points[first], *high = low;
    for (guint i = first; i < end; i++) {
        low = points[i].equity_e8 < low->equity_e8 ? &points[i] : low;
        high = points[i].equity_e8 > high->equity_e8 ? &points[i] : high;
    }
    rows_text(row, self->id);
    rows_integer(row, size);
    rows_integer(row, first / size + 1);
    rows_stamp(row, points[first].ts_us);
    rows_stamp(row, points[end - 1].ts_us);
    rows_stamp(row, low->ts_us);
    rows_integer(row, low->equity_e8);
    rows_stamp(row, high->ts_us);
    rows_integer(row, high->equity_e8);
    return rows_next(row, error);
}

gboolean put_blocks(const runlog_writer *self, rows *row, GError **error)
{
    static const guint sizes[] = {RUNLOG_BLOCK_FINE, RUNLOG_BLOCK_COARSE};
    for (gsize k = 0; k < G_N_ELEMENTS(sizes); k++)
        for (guint i = 0; i < self->points->len; i += sizes[k])
            if (!put_block(self, row, sizes[k], i, error))
                return FALSE;
    return TRUE;
}
