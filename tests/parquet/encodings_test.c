/* The encodings by themselves: the worked examples of the format's own text (parquet-format,
 * Encodings.md), every bit width, and inputs that lie. */
#include "parquet/parquet-private.h"

#include <string.h>

#define FAULT(call, text) g_assert_cmpstr((call), ==, (text))
#define FINE(call) FAULT(call, NULL)

/* "The numbers 1 through 7 using bit width 3" and 0 before them: 88 c6 fa. */
static void test_packed_example(void)
{
    static const guint8 in[] = {3, 1 << 1 | 1, 0x88, 0xc6, 0xfa};
    static const guint32 entries[] = {10, 11, 12, 13, 14, 15, 16, 17};
    guint32 out[8];
    FINE(dictionary_decode(in, sizeof in, 8, 4, entries, 8, out));
    g_assert_cmpmem(out, sizeof out, entries, sizeof entries);
    FAULT(dictionary_decode(in, sizeof in, 8, 4, entries, 7, out),
          "has an index beyond its dictionary");
    FAULT(dictionary_decode(in, sizeof in - 1, 8, 4, entries, 8, out),
          "has fewer bytes than its values need");
}

/* Indices of no bits: a packed group and a run that take no bytes of their own. */
static void test_no_bits(void)
{
    static const guint8 packed[] = {0, 2 << 1 | 1}, run[] = {0, 9 << 1};
    static const guint8 endless[] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
    static const guint64 entry = 42;
    guint64 out[16] = {0};
    FINE(dictionary_decode(packed, sizeof packed, 9, 8, &entry, 1, out));
    g_assert_cmpuint(out[8], ==, 42);
    FINE(dictionary_decode(run, sizeof run, 9, 8, &entry, 1, out + 7));
    g_assert_cmpuint(out[15], ==, 42);
    FAULT(dictionary_decode(packed, sizeof packed, 9, 8, &entry, 0, out),
          "has an index beyond its dictionary");
    FAULT(dictionary_decode(endless, sizeof endless, 9, 8, &entry, 1, out),
          "has fewer bytes than its values need");
    FINE(dictionary_decode(packed, 0, 0, 8, NULL, 0, out));
}

/* Blocks of 8 in the text's examples are below what the format now allows (128), so the numbers
 * are the text's and the blocks ours: first 1, minimum delta 1, all widths 0. */
static void test_delta_examples(void)
{
    static const guint8 steps[] = {0x80, 1, 4, 5, 1 << 1, 1 << 1, 0, 0, 0, 0};
    static const gint64 want_steps[] = {1, 2, 3, 4, 5};
    /* 7 5 3 1 2 3 4 5: deltas -2 -2 -2 1 1 1 1, minimum -2, relative 0 0 0 3 3 3 3: two bits. */
    static const guint8 turns[] = {0x80, 1,    4,    8, 7 << 1, 3, 2, 0, 0,
                                   0,    0xc0, 0x3f, 0, 0,      0, 0, 0, 0};
    static const gint64 want_turns[] = {7, 5, 3, 1, 2, 3, 4, 5};
    gint64 out[8];
    FINE(delta_decode(steps, sizeof steps, 5, 8, out));
    g_assert_cmpmem(out, sizeof want_steps, want_steps, sizeof want_steps);
    FINE(delta_decode(turns, sizeof turns, 8, 8, out));
    g_assert_cmpmem(out, sizeof want_turns, want_turns, sizeof want_turns);
    g_autoptr(GByteArray) made = g_byte_array_new();
    delta_encode(want_turns, 8, 8, made);
    g_assert_cmpmem(made->data, made->len, turns, sizeof turns);
    for (gsize size = 0; size < sizeof turns; size++)
        g_assert_nonnull(delta_decode(turns, size, 8, 8, out));
}

static void test_delta_lies(void)
{
    static const struct {
        const char *name, *fault;
        guint8 in[12];
        gsize size;
    } cases[] = {
        {"no block", "has delta blocks of a size that the format forbids", {0, 4, 5, 2}, 4},
        {"block of 64", "has delta blocks of a size that the format forbids", {64, 1, 5, 2}, 4},
        {"no miniblocks",
         "has delta blocks of a size that the format forbids",
         {0x80, 1, 0, 5, 2},
         5},
        {"miniblocks of 16",
         "has delta blocks of a size that the format forbids",
         {0x80, 1, 8, 5, 2},
         5},
        {"block of 2^21",
         "has delta blocks of a size that the format forbids",
         {0x80, 0x80, 0x80, 1, 4, 5, 2},
         7},
        {"other count",
         "has another number of values inside than its header says",
         {0x80, 1, 4, 6, 2, 2, 0, 0, 0, 0},
         10},
        {"65 bits", "has fewer bytes than its values need", {0x80, 1, 4, 5, 2, 2, 65, 0, 0, 0}, 10},
    };
    gint64 out[8];
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        FAULT(delta_decode(cases[i].in, cases[i].size, 5, 8, out), cases[i].fault);
}

/* Values that force each width in turn, in both column widths. */
static void test_delta_widths(void)
{
    GRand *random = g_rand_new_with_seed(1);
    for (guint bits = 0; bits <= 64; bits++)
        for (guint width = 4; width <= 8; width += 4) {
            gint64 wide[300], back[300];
            gint32 narrow[300];
            for (gsize i = 0; i < 300; i++) {
                guint64 word = (guint64)g_rand_int(random) << 32 | g_rand_int(random);
                wide[i] = bits == 0 ? 5 : (gint64)(word >> (64 - bits));
                narrow[i] = (gint32)wide[i];
            }
            const void *values = width == 8 ? (void *)wide : (void *)narrow;
            g_autoptr(GByteArray) made = g_byte_array_new();
            delta_encode(values, 300, width, made);
            /* An allocation of the exact size, so that a sanitizer sees one byte too many. */
            g_autofree guint8 *in = g_memdup2(made->data, made->len);
            FINE(delta_decode(in, made->len, 300, width, back));
            g_assert_cmpmem(back, 300 * width, values, 300 * width);
        }
    g_rand_free(random);
}

/* The text's example: three floats AA BB CC DD, 00 11 22 33, A3 B4 C5 D6. */
static void test_split_example(void)
{
    static const guint8 in[] = {0xaa, 0x00, 0xa3, 0xbb, 0x11, 0xb4,
                                0xcc, 0x22, 0xc5, 0xdd, 0x33, 0xd6};
    static const guint8 want[] = {0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x11,
                                  0x22, 0x33, 0xa3, 0xb4, 0xc5, 0xd6};
    guint32 out[3];
    FINE(split_decode(in, sizeof in, 3, 4, out));
    g_assert_cmpmem(out, sizeof out, want, sizeof want);
    g_assert_nonnull(split_decode(in, sizeof in - 1, 3, 4, out));
    g_assert_nonnull(split_decode(in, sizeof in, 2, 4, out));
}

/* The fast joiner of sixteen against the plain loop of the format's definition. */
static void test_split_joins(void)
{
    GRand *random = g_rand_new_with_seed(2);
    for (gsize count = 0; count < 100; count++) {
        double values[100], back[100];
        for (gsize i = 0; i < count; i++) {
            guint64 word = (guint64)g_rand_int(random) << 32 | g_rand_int(random);
            memcpy(&values[i], &word, sizeof word);
        }
        g_autoptr(GByteArray) made = g_byte_array_new();
        split_encode(values, count, made);
        g_autofree guint8 *in = g_memdup2(made->data, made->len);
        for (gsize i = 0; i < count; i++)
            for (gsize k = 0; k < 8; k++)
                g_assert_cmpuint(in[k * count + i], ==, ((guint8 *)&values[i])[k]);
        FINE(split_decode(in, made->len, count, 8, back));
        if (count > 0)
            g_assert_cmpmem(back, count * 8, values, count * 8);
    }
    g_rand_free(random);
}

static void test_levels(void)
{
    static const guint8 two[] = {4 << 1, 2}, early[] = {4 << 1, 1};
    guint8 out[8];
    gsize valid = 99;
    FAULT(levels_decode(two, sizeof two, 4, out, &valid), "has a level above 1");
    FAULT(levels_decode(early, sizeof early, 5, out, &valid), "has levels that end too early");
    FAULT(levels_decode(NULL, 0, 1, out, &valid), "has levels that end too early");
    g_assert_cmpuint(valid, ==, 99);
    FINE(levels_decode(NULL, 0, 0, out, &valid));
    g_assert_cmpuint(valid, ==, 0);
}

/* ---- the compact protocol ------------------------------------------------------------------ */

/* Lists in lists: one byte each, so depth costs nothing to write. */
static void test_thrift_depth(void)
{
    guint8 nested[200];
    memset(nested, 1 << 4 | THRIFT_LIST, sizeof nested);
    nested[sizeof nested - 1] = THRIFT_BYTE; /* an empty list */
    thrift_field field = {.id = 1, .type = THRIFT_LIST};
    thrift_in deep = {.bytes = nested, .size = sizeof nested};
    thrift_skip(&deep, &field);
    g_assert_cmpstr(deep.fault, ==, "is nested too deeply");
    thrift_in shallow = {.bytes = nested + sizeof nested - 20, .size = 20};
    thrift_skip(&shallow, &field);
    g_assert_null(shallow.fault);
    g_assert_cmpuint(shallow.at, ==, 20);
}

static void test_thrift_integers(void)
{
    static const gint64 values[] = {0,  -1,         1,          63,         -64,
                                    64, G_MAXINT32, G_MININT32, G_MAXINT64, G_MININT64};
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        thrift_put_varint(bytes, thrift_to_zigzag(values[i]));
        thrift_in in = {.bytes = bytes->data, .size = bytes->len};
        thrift_field field = {.type = THRIFT_I64};
        g_assert_cmpint(thrift_int(&in, &field), ==, values[i]);
        g_assert_null(in.fault);
        thrift_in narrow = {.bytes = bytes->data, .size = bytes->len};
        field.type = THRIFT_I32;
        thrift_int(&narrow, &field);
        g_assert_true((narrow.fault == NULL) == (values[i] == (gint32)values[i]));
    }
    static const guint8 endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2};
    thrift_in in = {.bytes = endless, .size = sizeof endless};
    g_assert_cmpuint(thrift_varint(&in), ==, 0);
    g_assert_cmpstr(in.fault, ==, "has an integer of more than 64 bits");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parquet/dictionary/example", test_packed_example);
    g_test_add_func("/parquet/dictionary/no-bits", test_no_bits);
    g_test_add_func("/parquet/delta/examples", test_delta_examples);
    g_test_add_func("/parquet/delta/lies", test_delta_lies);
    g_test_add_func("/parquet/delta/widths", test_delta_widths);
    g_test_add_func("/parquet/split/example", test_split_example);
    g_test_add_func("/parquet/split/joins", test_split_joins);
    g_test_add_func("/parquet/levels", test_levels);
    g_test_add_func("/parquet/thrift/depth", test_thrift_depth);
    g_test_add_func("/parquet/thrift/integers", test_thrift_integers);
    return g_test_run();
}
