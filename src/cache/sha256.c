/* SHA-256 of files. Every file of a logged run is hashed, five years of minutes are some 40 MB,
 * and GLib's portable code takes 2 ms for each, three times as long; so where the processor has the instructions for
 * it (most since 2017) they are used, else GLib. FIPS 180-4; the order of the state's words is
 * that of the SHA256RNDS2 instruction (Intel SDM, volume 2). */
#include "cache/cache-private.h"

#include <string.h>

static void portable_sha256(const guint8 *bytes, gsize size, char out[CACHE_SHA256_SIZE])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    for (gsize at = 0; at < size;) {
        const gsize part = MIN(size - at, (gsize)1 << 30); /* its length is a gssize */
        g_checksum_update(checksum, bytes + at, (gssize)part);
        at += part;
    }
    g_strlcpy(out, g_checksum_get_string(checksum), CACHE_SHA256_SIZE);
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))
#define BLOCK 64

static const guint32 round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static gboolean processor_has_sha(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & (1u << 29)) == 0)
        return FALSE;
    return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

/* Four rounds with message words w. */
SHA_TARGET static inline void four_rounds(__m128i *abef, __m128i *cdgh, __m128i w, int group)
{
    const __m128i k = _mm_load_si128((const __m128i *)(const void *)(round_constants + 4 * group));
    __m128i sum = _mm_add_epi32(w, k);
    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
    sum = _mm_shuffle_epi32(sum, 0x0e);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, sum);
}

/* The next four message words from the last sixteen, oldest first. */
SHA_TARGET static inline __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
    const __m128i middle = _mm_alignr_epi8(w3, w2, 4);
    return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), middle), w3);
}

SHA_TARGET static inline __m128i load_words(const guint8 *at)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), big_endian);
}

SHA_TARGET static void add_blocks(guint32 state[8], const guint8 *bytes, gsize blocks)
{
    /* Words a..d and e..h become a,b,e,f and c,d,g,h. */
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    low = _mm_shuffle_epi32(low, 0xb1);
    high = _mm_shuffle_epi32(high, 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8);
    __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);

    for (; blocks > 0; blocks--, bytes += BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w0 = load_words(bytes), w1 = load_words(bytes + 16);
        __m128i w2 = load_words(bytes + 32), w3 = load_words(bytes + 48);
        for (int group = 0;; group += 4) {
            four_rounds(&abef, &cdgh, w0, group);
            four_rounds(&abef, &cdgh, w1, group + 1);
            four_rounds(&abef, &cdgh, w2, group + 2);
            four_rounds(&abef, &cdgh, w3, group + 3);
            if (group == 12)
                break;
            w0 = next_words(w0, w1, w2, w3);
            w1 = next_words(w1, w2, w3, w0);
            w2 = next_words(w2, w3, w0, w1);
            w3 = next_words(w3, w0, w1, w2);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

static void fast_sha256(const guint8 *bytes, gsize size, char out[CACHE_SHA256_SIZE])
{
    guint32 state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const gsize whole = size / BLOCK, rest = size % BLOCK;
    add_blocks(state, bytes, whole);

    /* Padding: 0x80, zeros, the length in bits as a big-endian 64-bit number. */
    guint8 last[2 * BLOCK] = {0};
    const gsize blocks = rest < BLOCK - 8 ? 1 : 2;
    if (rest > 0)
        memcpy(last, bytes + whole * BLOCK, rest);
    last[rest] = 0x80;
    const guint64 bits = GUINT64_TO_BE((guint64)size * 8);
    memcpy(last + blocks * BLOCK - 8, &bits, 8);
    add_blocks(state, last, blocks);

    for (int i = 0; i < 64; i++)
        out[i] = "0123456789abcdef"[(state[i / 8] >> (28 - 4 * (i % 8))) & 15];
    out[64] = '\0';
}
#else
static gboolean processor_has_sha(void)
{
    return FALSE;
}

static void fast_sha256(const guint8 *bytes, gsize size, char out[CACHE_SHA256_SIZE])
{
    portable_sha256(bytes, size, out);
}
#endif

/* Asked once: CPUID leaves the guest of a virtual machine, which costs more than a small file. */
static gboolean use_fast(void)
{
    static gsize answer = 0;
    if (g_once_init_enter(&answer))
        g_once_init_leave(&answer, processor_has_sha() ? 2 : 1);
    return answer == 2;
}

void sha256_text(GBytes *bytes, char out[CACHE_SHA256_SIZE])
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    if (use_fast())
        fast_sha256(data, size, out);
    else
        portable_sha256(data, size, out);
}
