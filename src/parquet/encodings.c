/* The bytes inside pages. Source: "Parquet encoding definitions", parquet-format Encodings.md.
 * Every decoder fills exactly count values or says what is wrong; it never reads past size. */
#include "parquet/parquet-private.h"

#include <string.h>

#define SHORT "has fewer bytes than its values need"

static guint64 load64(const guint8 *at)
{
    guint64 value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void store(void *out, gsize index, guint width, guint64 value)
{
    if (width == 8)
        ((guint64 *)out)[index] = value;
    else
        ((guint32 *)out)[index] = (guint32)value;
}

/* ---- bit-packed numbers -------------------------------------------------------------------- */

#define PACK 32u /* numbers unpacked at a time; they fill a whole number of bytes */

/* PACK numbers of `bits` each, lowest bit first. Reads 8 bytes past the numbers. */
static void unpack_padded(const guint8 *in, guint bits, guint64 *out)
{
    guint64 mask = bits == 64 ? G_MAXUINT64 : (G_GUINT64_CONSTANT(1) << bits) - 1;
    for (guint i = 0; i < PACK; i++) {
        guint bit = i * bits, shift = bit & 7;
        guint64 value = load64(in + bit / 8) >> shift;
        if (shift + bits > 64)
            value |= (guint64)in[bit / 8 + 8] << (64 - shift);
        out[i] = value & mask;
    }
}

/* As many of PACK numbers as `size` bytes hold; the others are not to be used. */
static void unpack(const guint8 *in, gsize size, guint bits, guint64 *out)
{
    guint8 padded[PACK * 8 + 8];
    gsize needed = PACK / 8 * bits;
    if (size < needed + 8) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, in, MIN(size, needed));
        in = padded;
    }
    unpack_padded(in, bits, out);
}

/* ---- runs: RLE and bit-packing mixed, for levels and dictionary indices -------------------- */

typedef struct repeat {
    gsize count;
    gboolean packed;
    guint64 value;         /* of each, when not packed */
    const guint8 *numbers; /* packed */
    gsize size;
} repeat;

static gboolean next_run(thrift_in *in, guint bits, repeat *out)
{
    guint64 head = thrift_varint(in);
    gsize rest = in->size - in->at;
    *out = (repeat){.packed = head & 1, .numbers = in->bytes + in->at};
    if (out->packed) {
        /* Indices of no bits take no bytes: there only the overflow is to be kept out. */
        if (head >> 1 > (bits > 0 ? rest / bits : G_MAXUINT32))
            thrift_fail(in, SHORT);
        out->count = (gsize)(head >> 1) * 8;
        out->size = (gsize)(head >> 1) * bits;
    } else {
        out->count = (gsize)(head >> 1);
        out->size = (bits + 7) / 8;
        if (out->size > rest)
            thrift_fail(in, SHORT);
        for (gsize i = 0; i < out->size && in->fault == NULL; i++)
            out->value |= (guint64)out->numbers[i] << (8 * i);
    }
    if (in->fault != NULL)
        return FALSE;
    in->at += out->size;
    return TRUE;
}

static gsize expand_levels(const guint8 *bits, gsize count, guint8 *out)
{
    gsize ones = 0;
    for (gsize i = 0; i < count; i++) {
        out[i] = bits[i / 8] >> (i & 7) & 1;
        ones += out[i];
    }
    return ones;
}

const char *levels_decode(const guint8 *in, gsize size, gsize count, guint8 *out, gsize *out_valid)
{
    thrift_in runs = {.bytes = in, .size = size};
    gsize valid = 0;
    for (gsize done = 0; done < count;) {
        repeat run;
        if (!next_run(&runs, 1, &run))
            return "has levels that end too early";
        gsize n = MIN(run.count, count - done);
        if (run.value > 1)
            return "has a level above 1";
        if (run.packed) {
            valid += expand_levels(run.numbers, n, out + done);
        } else {
            memset(out + done, (int)run.value, n);
            valid += run.value * n;
        }
        done += n;
    }
    *out_valid = valid;
    return NULL;
}

/* From this length a run costs less than the packed groups it replaces. */
#define RUN_MINIMUM 16u

static gsize run_length(const guint8 *levels, gsize count)
{
    gsize length = 1;
    while (length < count && !levels[length] == !levels[0])
        length++;
    return length;
}

static void put_packed(const guint8 *levels, gsize count, GByteArray *out)
{
    gsize groups = (count + 7) / 8;
    thrift_put_varint(out, groups << 1 | 1);
    for (gsize group = 0; group < groups; group++) {
        guint8 bits = 0;
        for (gsize i = 0; i < 8 && group * 8 + i < count; i++)
            bits |= (guint8)((levels[group * 8 + i] != 0) << i);
        g_byte_array_append(out, &bits, 1);
    }
}

void levels_encode(const guint8 *levels, gsize count, GByteArray *out)
{
    for (gsize at = 0; at < count;) {
        gsize length = run_length(levels + at, count - at);
        if (length >= RUN_MINIMUM || at + length == count) {
            guint8 level = levels[at] != 0;
            thrift_put_varint(out, length << 1);
            g_byte_array_append(out, &level, 1);
            at += length;
            continue;
        }
        gsize start = at;
        do
            at += 8;
        while (at < count && run_length(levels + at, count - at) < RUN_MINIMUM);
        at = MIN(at, count);
        put_packed(levels + start, at - start, out);
    }
}

/* ---- plain and dictionary ------------------------------------------------------------------ */

const char *plain_decode(const guint8 *in, gsize size, gsize count, guint width, void *out)
{
    if (size / width < count)
        return SHORT;
    if (count > 0)
        memcpy(out, in, count * width);
    return NULL;
}

static guint64 entry_at(const void *entries, guint width, guint64 index)
{
    return width == 8 ? ((const guint64 *)entries)[index] : ((const guint32 *)entries)[index];
}

const char *dictionary_decode(const guint8 *in, gsize size, gsize count, guint width,
                              const void *entries, gsize entry_count, void *out)
{
    if (count == 0)
        return NULL;
    if (size == 0 || in[0] > 32)
        return "has no index width from 0 to 32 bits";
    guint bits = in[0];
    thrift_in runs = {.bytes = in + 1, .size = size - 1};
    for (gsize done = 0; done < count;) {
        repeat run;
        if (!next_run(&runs, bits, &run))
            return SHORT;
        gsize n = MIN(run.count, count - done);
        for (gsize i = 0; i < n;) {
            guint64 indices[PACK];
            gsize m = MIN(PACK, n - i);
            if (run.packed) {
                gsize used = i / 8 * bits;
                unpack(run.numbers + used, run.size - used, bits, indices);
            }
            for (gsize k = 0; k < m; k++, i++) {
                guint64 index = run.packed ? indices[k] : run.value;
                if (index >= entry_count)
                    return "has an index beyond its dictionary";
                store(out, done + i, width, entry_at(entries, width, index));
            }
        }
        done += n;
    }
    return NULL;
}

/* ---- byte stream split --------------------------------------------------------------------- */

typedef guint8 lanes __attribute__((vector_size(16)));

static lanes load_lanes(const guint8 *at)
{
    lanes value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline lanes low(lanes a, lanes b)
{
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

static inline lanes high(lanes a, lanes b)
{
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                   31);
}

/* Planes k and k + 4 interleaved. Eight planes seen as a matrix of bytes: the step rotates the
 * bits of a byte's place by one, so three steps bring the plane's number down to the bottom. */
#define INTERLEAVE(from, to)                                                                       \
    to[0] = low(from[0], from[4]), to[1] = high(from[0], from[4]), to[2] = low(from[1], from[5]),  \
    to[3] = high(from[1], from[5]), to[4] = low(from[2], from[6]), to[5] = high(from[2], from[6]), \
    to[6] = low(from[3], from[7]), to[7] = high(from[3], from[7])

static inline void join_16(const guint8 *in, gsize stride, guint8 *out)
{
    lanes a[8] = {load_lanes(in),
                  load_lanes(in + stride),
                  load_lanes(in + 2 * stride),
                  load_lanes(in + 3 * stride),
                  load_lanes(in + 4 * stride),
                  load_lanes(in + 5 * stride),
                  load_lanes(in + 6 * stride),
                  load_lanes(in + 7 * stride)};
    lanes b[8];
    INTERLEAVE(a, b);
    INTERLEAVE(b, a);
    INTERLEAVE(a, b);
    memcpy(out, b, sizeof b);
}

const char *split_decode(const guint8 *in, gsize size, gsize count, guint width, void *out)
{
    if (size != count * width)
        return "has another number of bytes than its values need";
    gsize i = 0;
    guint8 *bytes = out;
    for (; width == 8 && i + 16 <= count; i += 16)
        join_16(in + i, count, bytes + i * 8);
    for (; i < count; i++)
        for (guint k = 0; k < width; k++)
            bytes[i * width + k] = in[k * count + i];
    return NULL;
}

void split_encode(const double *values, gsize count, GByteArray *out)
{
    guint start = out->len;
    g_byte_array_set_size(out, start + (guint)(count * sizeof *values));
    guint8 *planes = out->data + start;
    for (gsize i = 0; i < count; i++) {
        guint64 bits = load64((const guint8 *)&values[i]);
        for (guint k = 0; k < 8; k++)
            planes[k * count + i] = (guint8)(bits >> (8 * k));
    }
}

/* ---- delta --------------------------------------------------------------------------------- */

#define DELTA_BLOCK 128u
#define DELTA_MINIBLOCKS 4u
#define DELTA_BLOCK_LIMIT (1u << 20)

typedef struct delta_state {
    void *out;
    gsize done, count;
    guint width;
    guint64 last; /* arithmetic wraps, as the format says */
} delta_state;

/* A regular series: one step again and again. */
static void delta_steps(delta_state *state, gsize n, guint64 step)
{
    guint64 last = state->last;
    if (state->width == 8) {
        guint64 *out = (guint64 *)state->out + state->done;
        for (gsize i = 0; i < n; i++)
            out[i] = last + (i + 1) * step;
    } else {
        guint32 *out = (guint32 *)state->out + state->done;
        for (gsize i = 0; i < n; i++)
            out[i] = (guint32)(last + (i + 1) * step);
    }
    state->last = last + n * step;
    state->done += n;
}

static const char *delta_miniblock(thrift_in *in, delta_state *state, gsize values, guint bits,
                                   guint64 minimum)
{
    gsize size = values / 8 * bits, n = MIN(values, state->count - state->done);
    if (bits > 64 || size > in->size - in->at)
        return SHORT;
    const guint8 *numbers = in->bytes + in->at;
    in->at += size;
    if (bits == 0) {
        delta_steps(state, n, minimum);
        return NULL;
    }
    for (gsize i = 0; i < n; i += PACK) {
        guint64 deltas[PACK];
        gsize used = i / 8 * bits;
        unpack(numbers + used, size - used, bits, deltas);
        for (gsize k = 0; k < MIN(PACK, n - i); k++) {
            state->last += minimum + deltas[k];
            store(state->out, state->done++, state->width, state->last);
        }
    }
    return NULL;
}

static const char *delta_block(thrift_in *in, delta_state *state, gsize miniblocks, gsize values)
{
    guint64 minimum = (guint64)thrift_zigzag(thrift_varint(in));
    if (in->fault != NULL || miniblocks > in->size - in->at)
        return SHORT;
    const guint8 *bits = in->bytes + in->at;
    in->at += miniblocks;
    for (gsize i = 0; i < miniblocks && state->done < state->count; i++) {
        const char *fault = delta_miniblock(in, state, values, bits[i], minimum);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

const char *delta_decode(const guint8 *in, gsize size, gsize count, guint width, void *out)
{
    if (count == 0)
        return NULL;
    thrift_in bytes = {.bytes = in, .size = size};
    guint64 block = thrift_varint(&bytes);
    guint64 miniblocks = thrift_varint(&bytes);
    guint64 total = thrift_varint(&bytes);
    guint64 first = (guint64)thrift_zigzag(thrift_varint(&bytes));
    if (bytes.fault != NULL)
        return SHORT;
    if (block == 0 || block > DELTA_BLOCK_LIMIT || block % 128 != 0 || miniblocks == 0 ||
        miniblocks > block / PACK || block % (miniblocks * PACK) != 0)
        return "has delta blocks of a size that the format forbids";
    if (total != count)
        return "has another number of values inside than its header says";
    delta_state state = {.out = out, .count = count, .width = width, .last = first};
    store(out, state.done++, width, first);
    while (state.done < count) {
        const char *fault = delta_block(&bytes, &state, miniblocks, block / miniblocks);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static void put_bits(GByteArray *out, const guint64 *values, gsize count, guint bits)
{
    unsigned __int128 pending = 0;
    guint held = 0;
    for (gsize i = 0; i < count; i++) {
        pending |= (unsigned __int128)values[i] << held;
        held += bits;
        for (; held >= 8; held -= 8, pending >>= 8) {
            guint8 byte = (guint8)pending;
            g_byte_array_append(out, &byte, 1);
        }
    }
}

static guint bits_of(guint64 value)
{
    return value == 0 ? 0 : 64 - (guint)__builtin_clzll(value);
}

static gint64 delta_value(const void *values, guint width, gsize index)
{
    return width == 8 ? ((const gint64 *)values)[index] : ((const gint32 *)values)[index];
}

/* Differences wrap within the column's own width, as other readers expect. */
static gint64 delta_between(const void *values, guint width, gsize index)
{
    guint64 difference = (guint64)delta_value(values, width, index) -
                         (guint64)delta_value(values, width, index - 1);
    return width == 8 ? (gint64)difference : (gint32)(guint32)difference;
}

static void put_block(const void *values, guint width, gsize first, gsize n, GByteArray *out)
{
    guint64 deltas[DELTA_BLOCK] = {0};
    const gsize each = DELTA_BLOCK / DELTA_MINIBLOCKS;
    gint64 minimum = G_MAXINT64;
    for (gsize i = 0; i < n; i++)
        minimum = MIN(minimum, delta_between(values, width, first + i));
    for (gsize i = 0; i < n; i++)
        deltas[i] = (guint64)delta_between(values, width, first + i) - (guint64)minimum;
    thrift_put_varint(out, thrift_to_zigzag(minimum));
    guint8 bits[DELTA_MINIBLOCKS] = {0};
    for (gsize i = 0; i < n; i++)
        bits[i / each] = (guint8)MAX(bits[i / each], bits_of(deltas[i]));
    g_byte_array_append(out, bits, sizeof bits);
    for (gsize i = 0; i * each < n; i++)
        put_bits(out, deltas + i * each, each, bits[i]);
}

void delta_encode(const void *values, gsize count, guint width, GByteArray *out)
{
    thrift_put_varint(out, DELTA_BLOCK);
    thrift_put_varint(out, DELTA_MINIBLOCKS);
    thrift_put_varint(out, count);
    thrift_put_varint(out, thrift_to_zigzag(count > 0 ? delta_value(values, width, 0) : 0));
    for (gsize at = 1; at < count; at += DELTA_BLOCK)
        put_block(values, width, at, MIN(DELTA_BLOCK, count - at), out);
}
