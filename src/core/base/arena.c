/* Chunks are a stack, the newest on top, and only that one is filled: what is left in the older
 * ones is given up. Each new chunk is as large as all before it together (within limits), so a
 * run that reserves its columns first lives in a handful of them. */
#include "core/base/base.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GUARDED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_GUARDED 1
#endif

/* To the address sanitizer a chunk is one block. So that it still sees who writes past the end of
 * an array, everything that was not given out is poisoned, and a line is left between blocks. */
#ifdef ARENA_GUARDED
#include <sanitizer/asan_interface.h>
#define ARENA_GAP ((size_t)64)
#define poison(memory, size) ASAN_POISON_MEMORY_REGION(memory, size)
#define unpoison(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define ARENA_GAP ((size_t)0)
#define poison(memory, size) ((void)0)
#define unpoison(memory, size) ((void)0)
#endif

#define ARENA_ALIGNMENT ((size_t)64) /* a cache line, and the widest vector register */
#define ARENA_CHUNK_MIN ((size_t)64 << 10)
#define ARENA_CHUNK_MAX ((size_t)64 << 20) /* of growth; a larger request gets what it needs */
/* No object may be larger than PTRDIFF_MAX; the rest is room for a chunk's own needs. */
#define ARENA_BLOCK_MAX ((size_t)PTRDIFF_MAX - 4096)

struct qb_arena_chunk {
    struct qb_arena_chunk *older;
    unsigned char *data; /* aligned, inside the same allocation */
    size_t size;         /* bytes at data */
};

static void *system_realloc(void *memory, size_t size)
{
    if (size == 0) {
        free(memory);
        return NULL;
    }
    return realloc(memory, size);
}

void *(*qb_realloc)(void *memory, size_t size) = system_realloc;

static bool arena_grow(qb_arena *arena, size_t needed)
{
    size_t size = arena->reserved;
    if (size < ARENA_CHUNK_MIN)
        size = ARENA_CHUNK_MIN;
    if (size > ARENA_CHUNK_MAX)
        size = ARENA_CHUNK_MAX;
    if (size < needed)
        size = needed;

    struct qb_arena_chunk *chunk = qb_realloc(NULL, sizeof *chunk + ARENA_ALIGNMENT - 1 + size);
    if (chunk == NULL)
        return false;

    uintptr_t start = (uintptr_t)(chunk + 1);
    size_t padding = (ARENA_ALIGNMENT - start % ARENA_ALIGNMENT) % ARENA_ALIGNMENT;
    *chunk = (struct qb_arena_chunk){
        .older = arena->chunks,
        .data = (unsigned char *)(chunk + 1) + padding,
        .size = size,
    };
    poison(chunk->data, chunk->size);
    arena->chunks = chunk;
    arena->used = 0;
    arena->reserved += size;
    return true;
}

/* *out_bytes is its size; what the system gave is not touched. */
static void *take(qb_arena *arena, size_t count, size_t size, size_t *out_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > ARENA_BLOCK_MAX)
        return NULL;
    size_t taken = (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT + ARENA_GAP;
    if (taken == 0)
        taken = ARENA_ALIGNMENT;

    if (arena->chunks == NULL || arena->chunks->size - arena->used < taken) {
        if (!arena_grow(arena, taken))
            return NULL;
    }
    unsigned char *memory = arena->chunks->data + arena->used;
    arena->used += taken;
    unpoison(memory, bytes);
    *out_bytes = bytes;
    return memory;
}

void *qb_arena_alloc(qb_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    void *memory = take(arena, count, size, &bytes);
    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

void *qb_arena_reserve(qb_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return take(arena, count, size, &bytes);
}

void qb_arena_clear(qb_arena *arena)
{
    for (struct qb_arena_chunk *chunk = arena->chunks; chunk != NULL;) {
        struct qb_arena_chunk *older = chunk->older;
        unpoison(chunk->data, chunk->size);
        qb_realloc(chunk, 0);
        chunk = older;
    }
    *arena = (qb_arena){0};
}
