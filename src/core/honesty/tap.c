/* Stands between the engine and a strategy: passes everything on, and writes down what is asked.
 * A strategy has only its context to look at, so a context of ours, whose host is ours, is all that
 * it takes; the engine's own is what the calls are passed on with. */
#include "core/honesty/honesty-private.h"

#include <assert.h>
#include <stddef.h>

#define BLOCK_CALLS 256u

/* ---- notes ---------------------------------------------------------------------------------- */

qb_status notes_init(notes *notes, uint32_t instrument_count)
{
    *notes = (struct notes){.count = instrument_count, .full_us = INT64_MAX};
    notes->first = qb_arena_alloc(&notes->arena, instrument_count, sizeof *notes->first);
    notes->last = qb_arena_alloc(&notes->arena, instrument_count, sizeof *notes->last);
    notes->wish = qb_arena_alloc(&notes->arena, instrument_count, sizeof *notes->wish);
    if (notes->first == NULL || notes->last == NULL || notes->wish == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < instrument_count; i++)
        notes->wish[i] = NAN;
    return QB_OK;
}

void notes_clear(notes *notes)
{
    qb_arena_clear(&notes->arena);
    *notes = (struct notes){0};
}

static void note(notes *notes, uint32_t instrument, call call)
{
    if (instrument >= notes->count || call.at_us >= notes->full_us)
        return;
    if (notes->left == 0 && notes->calls < NOTES_MAX) {
        notes->block = qb_arena_alloc(&notes->arena, BLOCK_CALLS, sizeof *notes->block);
        notes->left = notes->block != NULL ? BLOCK_CALLS : 0;
    }
    if (notes->left == 0) {
        notes->full_us = call.at_us;
        return;
    }
    struct call *mine = notes->block++;
    notes->left--;
    notes->calls++;
    *mine = call;
    mine->next = NULL;
    if (notes->last[instrument] != NULL)
        notes->last[instrument]->next = mine;
    else
        notes->first[instrument] = mine;
    notes->last[instrument] = mine;
}

/* ---- the clock ------------------------------------------------------------------------------ */

static size_t find_instant(const base *base, int64_t at_us)
{
    size_t low = 0, high = base->instant_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (base->instants[middle] < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t bend_unbend(const bend *bend, const base *base, int64_t at_us)
{
    at_us -= bend->shift_us;
    if (bend->lag == 0)
        return at_us;
    size_t index = find_instant(base, at_us);
    return index >= bend->lag ? base->instants[index - bend->lag] : INT64_MIN;
}

/* ---- the host ------------------------------------------------------------------------------- */

static tap *tap_of(const qb_context *context)
{
    return (tap *)((char *)context - offsetof(tap, context));
}

static call call_now(const tap *tap, call_kind kind, double value)
{
    return (call){
        .at_us = bend_unbend(&tap->bend, tap->base, tap->real->now_us),
        .value = value,
        .kind = (uint8_t)kind,
        .after_fill = tap->telling,
    };
}

static bool is_quiet(const tap *tap)
{
    return tap->real->now_us < tap->bend.quiet_until_us;
}

static bool same_double(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void tap_signal(const qb_context *context, uint32_t instrument, double strength)
{
    tap *tap = tap_of(context);
    if (instrument < tap->notes->count && !same_double(strength, tap->notes->wish[instrument])) {
        tap->notes->wish[instrument] = strength;
        note(tap->notes, instrument, call_now(tap, CALL_SIGNAL, strength));
    }
    if (!is_quiet(tap))
        tap->real->host->signal(tap->real, instrument, strength);
}

static void note_size(tap *tap, call_kind kind, uint32_t instrument, qb_side side, qb_size size)
{
    call call = call_now(tap, kind, size.amount * (double)side);
    call.size_kind = (uint8_t)size.kind;
    note(tap->notes, instrument, call);
}

static uint64_t tap_target(const qb_context *context, uint32_t instrument, qb_side side,
                           qb_size size)
{
    tap *tap = tap_of(context);
    if (instrument < tap->notes->count)
        tap->notes->wish[instrument] = NAN; /* a later signal is a new wish */
    note_size(tap, CALL_TARGET, instrument, side, size);
    return is_quiet(tap) ? 0 : tap->real->host->target(tap->real, instrument, side, size);
}

static uint64_t tap_order(const qb_context *context, uint32_t instrument, qb_side side,
                          qb_size size)
{
    tap *tap = tap_of(context);
    note_size(tap, CALL_ORDER, instrument, side, size);
    return is_quiet(tap) ? 0 : tap->real->host->order(tap->real, instrument, side, size);
}

static void add_exit(call *call, const qb_exit *exit)
{
    if (exit->kind == QB_EXIT_PRICE || exit->kind == QB_EXIT_DISTANCE)
        call->prices[2] += exit->amount;
    else if (exit->kind == QB_EXIT_FRACTION)
        call->fractions += exit->amount;
}

static uint64_t tap_submit(const qb_context *context, const qb_order_request *request)
{
    tap *tap = tap_of(context);
    call call = call_now(tap, CALL_SUBMIT, request->size.amount * (double)request->side);
    call.size_kind = (uint8_t)request->size.kind;
    call.type = (uint8_t)request->type;
    call.prices[0] = request->limit;
    call.prices[1] = request->stop;
    add_exit(&call, &request->trail);
    add_exit(&call, &request->take_profit);
    add_exit(&call, &request->stop_loss);
    add_exit(&call, &request->trailing_stop);
    note(tap->notes, request->instrument, call);
    return is_quiet(tap) ? 0 : tap->real->host->submit(tap->real, request);
}

static bool tap_cancel(const qb_context *context, uint64_t order)
{
    tap *tap = tap_of(context);
    note(tap->notes, tap->instrument, call_now(tap, CALL_CANCEL, 0.0));
    return !is_quiet(tap) && tap->real->host->cancel(tap->real, order);
}

static double tap_position(const qb_context *context, uint32_t instrument)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->position(real, instrument);
}

static double tap_equity(const qb_context *context)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->equity(real);
}

static double tap_cash(const qb_context *context)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->cash(real);
}

static double tap_random(const qb_context *context)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->random(real);
}

static void tap_filtered(const qb_context *context, uint32_t instrument, double strength,
                         const char *filter)
{
    const qb_context *real = tap_of(context)->real;
    real->host->filtered(real, instrument, strength, filter);
}

static double tap_macro(const qb_context *context, uint32_t series)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->macro(real, series);
}

static void tap_owner(const qb_context *context, uint32_t owner)
{
    const qb_context *real = tap_of(context)->real;
    real->host->owner(real, owner);
}

static double tap_value(const qb_context *context, uint32_t instrument)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->value(real, instrument);
}

static double tap_entry(const qb_context *context, uint32_t instrument)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->entry(real, instrument);
}

static double tap_factor(const qb_context *context, uint32_t instrument)
{
    const qb_context *real = tap_of(context)->real;
    return real->host->factor(real, instrument);
}

static const qb_host tap_host = {
    .struct_size = sizeof(qb_host),
    .signal = tap_signal,
    .target = tap_target,
    .order = tap_order,
    .position = tap_position,
    .equity = tap_equity,
    .cash = tap_cash,
    .random = tap_random,
    .submit = tap_submit,
    .cancel = tap_cancel,
    .filtered = tap_filtered,
    .macro = tap_macro,
    .owner = tap_owner,
    .value = tap_value,
    .entry = tap_entry,
    .factor = tap_factor,
};
/* A function that joins the host has to join this table too. */
static_assert(offsetof(qb_host, factor) + sizeof(void (*)(void)) == sizeof(qb_host),
              "the tap passes on every function of the host");

/* ---- the strategy --------------------------------------------------------------------------- */

/* The strategy behind is set up as if it were alone: by its own struct. */
typedef struct inner_setup {
    qb_setup base; /* first */
    const qb_setup *outer;
} inner_setup;

static void *inner_alloc(const qb_setup *setup, size_t count, size_t size)
{
    const qb_setup *outer = ((const inner_setup *)setup)->outer;
    return outer->alloc(outer, count, size);
}

static qb_status tap_strategy_init(const qb_setup *setup, void **out_state)
{
    tap *tap = (struct tap *)setup->strategy; /* `shown` is its first member */
    inner_setup inner = {.base = *setup, .outer = setup};
    inner.base.alloc = inner_alloc;
    inner.base.strategy = tap->inner;
    *out_state = tap;
    return tap->inner->init(&inner.base, &tap->state);
}

/* Everything but the host is as the engine says now. */
static const qb_context *tap_look(tap *tap, const qb_context *real)
{
    tap->real = real;
    tap->context = *real;
    tap->context.host = &tap_host;
    return &tap->context;
}

static void tap_on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    tap *tap = state;
    tap->instrument = instrument;
    tap->inner->on_bar(tap->state, tap_look(tap, context), instrument);
}

static void tap_on_fill(void *state, const qb_context *context, const qb_fill *fill)
{
    tap *tap = state;
    tap->instrument = fill->instrument;
    tap->telling = true;
    tap->inner->on_fill(tap->state, tap_look(tap, context), fill);
    tap->telling = false;
}

static void tap_clear(void *state)
{
    tap *tap = state;
    tap->inner->clear(tap->state);
}

void tap_init(tap *tap, const qb_strategy *inner, notes *notes, const base *base, const bend *bend)
{
    *tap = (struct tap){
        .shown = *inner,
        .inner = inner,
        .notes = notes,
        .base = base,
        .bend = *bend,
    };
    tap->shown.init = tap_strategy_init;
    tap->shown.on_bar = tap_on_bar;
    tap->shown.on_fill = inner->on_fill != NULL ? tap_on_fill : NULL;
    tap->shown.clear = inner->clear != NULL ? tap_clear : NULL;
}
