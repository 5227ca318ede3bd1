#include "allocations.h"

static struct {
    void *(*before)(void *memory, size_t size);
    int until_failure, held, made;
    bool failed;
} state;

static void *counting_realloc(void *memory, size_t size)
{
    if (size == 0) {
        state.held -= memory != NULL;
        free(memory);
        return NULL;
    }
    state.made++;
    if (state.until_failure-- == 0) {
        state.failed = true;
        return NULL;
    }
    void *moved = realloc(memory, size);
    if (moved != NULL)
        state.held += memory == NULL;
    return moved;
}

void allocations_begin(int failing)
{
    state.before = qb_realloc;
    state.until_failure = failing;
    state.held = 0;
    state.made = 0;
    state.failed = false;
    qb_realloc = counting_realloc;
}

int allocations_end(void)
{
    qb_realloc = state.before;
    return state.held;
}

int allocations_made(void)
{
    return state.made;
}

bool allocations_failed(void)
{
    return state.failed;
}
