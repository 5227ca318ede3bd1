/* The canonical state of a run and its SHA-256: what must be equal when a run is made again.
 *
 * The hash is taken while the run goes on, over records in a fixed order, so that a million equity
 * points are neither kept nor sorted for it. An integer is 8 bytes, little-endian; a text is its
 * bytes and a zero. There are four streams, each with its own SHA-256:
 *
 *   orders  id instrument side reduce_only quantity filled submitted final, status, reason
 *           (each once, as it ended, by ascending id; what is still open comes last, open)
 *   fills   id order instrument ts quantity price reference fee bar_ts
 *   trades  instrument side entry exit quantity entry_price exit_price profit fees bars
 *   equity  at equity (of points with the same stamp the last: an opening that ruins the account
 *           overtakes the close that it shares its instant with)
 *
 * The state is SHA-256 over the text "quantbot state 1", then for each stream its count of records
 * and its digest (32 bytes), then cash, the count of positions, for each position quantity, cost
 * and mark, then the number of bytes of the KPIs' JSON and those bytes. Neither wall-clock stamps
 * nor the run's id are in it; ids are the row numbers from which the stored ids derive. */
#include "runlog/runlog-private.h"

#include <string.h>

#define STATE_TAG "quantbot state 1"
#define BLOCK_BYTES 8192
#define DIGEST_BYTES 32

typedef struct stream {
    GChecksum *sum;
    gint64 count;
    gsize used;
    guint8 block[BLOCK_BYTES];
} stream;

enum { ORDERS, FILLS, TRADES, EQUITY, STREAM_COUNT };

struct runlog_hasher {
    stream streams[STREAM_COUNT];
    /* Orders in order of id whose predecessors, or themselves, are still open. */
    GArray *waiting; /* of qb_order; [0] has id first_waiting */
    guint done;      /* of waiting, already in the stream */
    guint64 first_waiting;
    runlog_point latest; /* not yet in its stream: another of the same stamp replaces it */
    gboolean has_latest;
};

/* ---- streams -------------------------------------------------------------------------------- */

static void stream_init(stream *self)
{
    self->sum = g_checksum_new(G_CHECKSUM_SHA256);
    self->count = 0;
    self->used = 0;
}

static void flush(stream *self)
{
    g_checksum_update(self->sum, self->block, (gssize)self->used);
    self->used = 0;
}

static void put_bytes(stream *self, const void *bytes, gsize count)
{
    g_assert(count <= BLOCK_BYTES);
    if (count > BLOCK_BYTES - self->used)
        flush(self);
    memcpy(self->block + self->used, bytes, count);
    self->used += count;
}

static void put_integers(stream *self, const gint64 *values, gsize count)
{
    gint64 little[16];
    g_assert(count <= G_N_ELEMENTS(little));
    for (gsize i = 0; i < count; i++)
        little[i] = GINT64_TO_LE(values[i]);
    put_bytes(self, little, count * sizeof little[0]);
}

static void put_text(stream *self, const char *text)
{
    put_bytes(self, text, strlen(text) + 1);
}

static void put_order(stream *self, const qb_order *order)
{
    const gint64 values[] = {(gint64)order->id,   order->instrument,   order->side,
                             order->reduce_only,  order->quantity.raw, order->filled.raw,
                             order->submitted_us, order->final_us};
    put_integers(self, values, G_N_ELEMENTS(values));
    put_text(self, qb_order_status_text(order->status));
    put_text(self, qb_reason_text(order->reason));
    self->count++;
}

/* ---- listening ------------------------------------------------------------------------------ */

static void release_orders(runlog_hasher *self)
{
    GArray *waiting = self->waiting;
    while (self->done < waiting->len &&
           g_array_index(waiting, qb_order, self->done).status != QB_ORDER_OPEN)
        put_order(&self->streams[ORDERS], &g_array_index(waiting, qb_order, self->done++));
    /* Moving the rest down costs as much as it frees. */
    if (self->done > 0 && self->done * 2 >= waiting->len) {
        g_array_remove_range(waiting, 0, self->done);
        self->first_waiting += self->done;
        self->done = 0;
    }
}

static qb_status hash_order(void *object, const qb_order *order)
{
    runlog_hasher *self = object;
    g_assert(order->id >= self->first_waiting + self->done);
    const guint64 index = order->id - self->first_waiting;
    g_assert(index <= self->waiting->len); /* ids count up by one */
    if (index == self->waiting->len)
        g_array_append_val(self->waiting, *order);
    else
        g_array_index(self->waiting, qb_order, index) = *order;
    release_orders(self);
    return QB_OK;
}

static qb_status hash_fill(void *object, const qb_fill *fill)
{
    stream *stream = &((runlog_hasher *)object)->streams[FILLS];
    const gint64 values[] = {(gint64)fill->id,    (gint64)fill->order_id, fill->instrument,
                             fill->ts_us,         fill->quantity.raw,     fill->price.raw,
                             fill->reference.raw, fill->fee.raw,          fill->bar_ts_us};
    put_integers(stream, values, G_N_ELEMENTS(values));
    stream->count++;
    return QB_OK;
}

static qb_status hash_trade(void *object, const qb_trade *trade)
{
    stream *stream = &((runlog_hasher *)object)->streams[TRADES];
    const gint64 values[] = {trade->instrument,     trade->side,         trade->entry_us,
                             trade->exit_us,        trade->quantity.raw, trade->entry_price.raw,
                             trade->exit_price.raw, trade->profit.raw,   trade->fees.raw,
                             (gint64)trade->bars};
    put_integers(stream, values, G_N_ELEMENTS(values));
    stream->count++;
    return QB_OK;
}

static void put_point(stream *self, const runlog_point *point)
{
    const gint64 values[] = {point->ts_us, point->equity_e8};
    put_integers(self, values, G_N_ELEMENTS(values));
    self->count++;
}

static qb_status hash_equity(void *object, int64_t at_us, qb_money equity)
{
    runlog_hasher *self = object;
    if (self->has_latest && self->latest.ts_us != at_us)
        put_point(&self->streams[EQUITY], &self->latest);
    self->latest = (runlog_point){at_us, equity.raw};
    self->has_latest = TRUE;
    return QB_OK;
}

runlog_hasher *runlog_hasher_new(void)
{
    runlog_hasher *self = g_new(runlog_hasher, 1);
    for (int i = 0; i < STREAM_COUNT; i++)
        stream_init(&self->streams[i]);
    self->waiting = g_array_new(FALSE, FALSE, sizeof(qb_order));
    self->done = 0;
    self->first_waiting = 1;
    self->has_latest = FALSE;
    return self;
}

qb_sink runlog_hasher_sink(runlog_hasher *self)
{
    return (qb_sink){.self = self,
                     .order = hash_order,
                     .fill = hash_fill,
                     .trade = hash_trade,
                     .equity = hash_equity};
}

void runlog_hasher_free(runlog_hasher *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < STREAM_COUNT; i++)
        g_checksum_free(self->streams[i].sum);
    g_array_unref(self->waiting);
    g_free(self);
}

/* ---- the state ------------------------------------------------------------------------------ */

/* Works on a copy: the run may go on afterwards. */
static void put_stream(stream *state, const runlog_hasher *self, int which)
{
    stream *copy = g_new(stream, 1);
    const stream *source = &self->streams[which];
    guint8 digest[DIGEST_BYTES];
    gsize size = sizeof digest;
    *copy = *source;
    copy->sum = g_checksum_copy(source->sum);
    if (which == ORDERS)
        for (guint i = self->done; i < self->waiting->len; i++)
            put_order(copy, &g_array_index(self->waiting, qb_order, i));
    if (which == EQUITY && self->has_latest)
        put_point(copy, &self->latest);
    flush(copy);
    g_checksum_get_digest(copy->sum, digest, &size);
    put_integers(state, &copy->count, 1);
    put_bytes(state, digest, size);
    g_checksum_free(copy->sum);
    g_free(copy);
}

static void put_holdings(stream *state, const qb_portfolio *portfolio)
{
    const gint64 head[] = {portfolio->cash.raw, portfolio->count};
    put_integers(state, head, G_N_ELEMENTS(head));
    for (uint32_t i = 0; i < portfolio->count; i++) {
        const qb_position *position = &portfolio->positions[i];
        const gint64 values[] = {position->quantity.raw, position->cost.raw, position->mark.raw};
        put_integers(state, values, G_N_ELEMENTS(values));
    }
}

char *runlog_hasher_finish(runlog_hasher *self, const qb_portfolio *portfolio, const char *kpis)
{
    stream *state = g_new(stream, 1);
    const gint64 kpis_size = kpis != NULL ? (gint64)strlen(kpis) : 0;
    stream_init(state);
    put_bytes(state, STATE_TAG, strlen(STATE_TAG));
    for (int which = 0; which < STREAM_COUNT; which++)
        put_stream(state, self, which);
    put_holdings(state, portfolio);
    put_integers(state, &kpis_size, 1);
    flush(state);
    g_checksum_update(state->sum, (const guchar *)(kpis != NULL ? kpis : ""), (gssize)kpis_size);
    char *hex = g_strdup(g_checksum_get_string(state->sum));
    g_checksum_free(state->sum);
    g_free(state);
    return hex;
}
