/* The members' contexts are copies of the engine's, each with a host of its own that finds its
 * member behind it. Positions are kept in units of the history (units of the day divided by the
 * splits so far), so that a split does not change them. */
#include "core/engine/group.h"

#include <math.h>
#include <string.h>

const char *qb_conflict_text(qb_conflict conflict)
{
    static const char *const texts[] = {"sum", "veto", "priority"};
    return (unsigned)conflict <= QB_CONFLICT_PRIORITY ? texts[conflict] : "unknown";
}

qb_status qb_conflict_from_text(const char *text, qb_conflict *out)
{
    for (int i = QB_CONFLICT_SUM; i <= QB_CONFLICT_PRIORITY; i++)
        if (strcmp(text, qb_conflict_text((qb_conflict)i)) == 0) {
            *out = (qb_conflict)i;
            return QB_OK;
        }
    return QB_BAD_FORMAT;
}

/* What a member has of one instrument. */
typedef struct holding {
    double units; /* of the history, signed: what its own orders have filled */
    double cost;  /* average, per unit of the history; 0 when flat */
    double wish;  /* the strength last acted upon; NaN: none */
} holding;

typedef struct seat {
    qb_context context; /* first: the member's view */
    struct group_run *run;
    const qb_group_member *member;
    uint32_t number;
    void *state;
    bool ready;        /* init has succeeded, clear is due */
    holding *holdings; /* [instrument_count] */
} seat;

typedef struct group_run {
    const qb_group *group;
    const qb_context *engine; /* of the call under way */
    seat *seats;              /* [group->count] */
    qb_size size;
    qb_sma regime;
    uint64_t regime_total; /* bars of its instrument that it has seen */
} group_run;

static seat *seat_of(const qb_context *context)
{
    return (seat *)context;
}

/* ---- regime and conflicts ------------------------------------------------------------------ */

static void see_regime(group_run *run)
{
    const qb_group *group = run->group;
    if (!group->has_regime)
        return;
    const qb_history *history = &run->engine->history[group->regime_instrument];
    if (history->total == run->regime_total)
        return;
    run->regime_total = history->total;
    qb_sma_add(&run->regime, history->close[history->count - 1]);
}

static bool is_bear(const group_run *run)
{
    return run->group->has_regime && qb_sma_ready(&run->regime) &&
           !(qb_close_now(run->engine, run->group->regime_instrument) > qb_sma_value(&run->regime));
}

static uint32_t rank_of(const group_run *run, const seat *seat)
{
    return is_bear(run) ? seat->member->bear_rank : seat->member->bull_rank;
}

/* What forbids that member to open on that side, or NULL. */
static const char *conflict_of(const group_run *run, const seat *seat, uint32_t instrument,
                               double side)
{
    const uint32_t rank = rank_of(run, seat);
    if (rank == QB_GROUP_NO_RANK)
        return "regime";
    for (uint32_t i = 0; i < run->group->count; i++) {
        const struct seat *other = &run->seats[i];
        const double held = other->holdings[instrument].units;
        if (other == seat || held == 0.0)
            continue;
        if (run->group->conflict == QB_CONFLICT_VETO && held * side < 0.0)
            return "veto";
        if (run->group->conflict == QB_CONFLICT_PRIORITY && rank_of(run, other) < rank)
            return "priority";
    }
    return NULL;
}

/* ---- carrying out -------------------------------------------------------------------------- */

static double units_of_day(const group_run *run, uint32_t instrument, double units)
{
    return units * run->engine->host->factor(run->engine, instrument);
}

static uint64_t send(const seat *seat, uint32_t instrument, qb_side side, qb_size size)
{
    const qb_context *engine = seat->run->engine;
    engine->host->owner(engine, seat->number);
    return engine->host->order(engine, instrument, side, size);
}

static uint64_t close_holding(const seat *seat, uint32_t instrument)
{
    const double units = seat->holdings[instrument].units;
    if (units == 0.0)
        return 0;
    return send(seat, instrument, units > 0.0 ? QB_SELL : QB_BUY,
                qb_size_units(fabs(units_of_day(seat->run, instrument, units))));
}

/* The lower ranks make room before a higher one opens. */
static void make_room(const group_run *run, const seat *seat, uint32_t instrument)
{
    if (run->group->conflict != QB_CONFLICT_PRIORITY)
        return;
    for (uint32_t i = 0; i < run->group->count; i++) {
        struct seat *other = &run->seats[i];
        if (other == seat || other->holdings[instrument].units == 0.0)
            continue;
        close_holding(other, instrument);
        other->holdings[instrument].wish = NAN;
    }
}

static qb_size share_of(const seat *seat, qb_size size)
{
    if (size.kind != QB_SIZE_UNITS || size.amount != 0.0)
        size.amount *= seat->member->share;
    return size;
}

/* False, and recorded, when another member stands in the way of opening on that side. */
static bool may_open(const seat *seat, uint32_t instrument, double side)
{
    const group_run *run = seat->run;
    const char *conflict = conflict_of(run, seat, instrument, side);
    if (conflict != NULL) {
        run->engine->host->filtered(run->engine, instrument, side, conflict);
        return false;
    }
    make_room(run, seat, instrument);
    return true;
}

/* What a size comes to in units of the day at the last known price, fees not counted. */
static double units_for(const seat *seat, uint32_t instrument, qb_size size)
{
    const qb_context *engine = seat->run->engine;
    if (size.kind == QB_SIZE_UNITS)
        return size.amount;
    const double price = qb_close_now(engine, instrument) /
                         engine->host->factor(engine, instrument);
    const double money = size.kind == QB_SIZE_CASH ? size.amount
                                                   : size.amount * engine->host->equity(engine);
    return money / price;
}

/* Brings the member's own position to that size on that side. From flat it is an order of just
 * that size; crossing zero closes first; else it is the difference, as far as it can be told. */
static uint64_t bring_to(const seat *seat, uint32_t instrument, qb_side side, qb_size size)
{
    const double held = seat->holdings[instrument].units;
    uint64_t first = 0;
    if (size.amount == 0.0)
        return close_holding(seat, instrument);
    if (held * side < 0.0)
        first = close_holding(seat, instrument);
    if (held * side <= 0.0) {
        if (!may_open(seat, instrument, side))
            return first;
        const uint64_t order = send(seat, instrument, side, size);
        return first != 0 ? first : order;
    }
    const double change = units_for(seat, instrument, size) -
                          fabs(units_of_day(seat->run, instrument, held));
    if (change > 0.0 && !may_open(seat, instrument, side))
        return 0;
    const qb_side toward = change > 0.0 ? side : (qb_side)-side;
    return change != 0.0 ? send(seat, instrument, toward, qb_size_units(fabs(change))) : 0;
}

/* ---- the members' host --------------------------------------------------------------------- */

static void member_signal(const qb_context *context, uint32_t instrument, double strength)
{
    seat *seat = seat_of(context);
    if (instrument >= context->instrument_count || seat->holdings[instrument].wish == strength)
        return;
    const qb_context *engine = seat->run->engine;
    if (!(strength >= -1.0 && strength <= 1.0)) {
        engine->host->signal(engine, instrument, strength); /* disables, and says why */
        return;
    }
    /* Before the group's warm-up is over the engine refuses it, and it has not been acted upon. */
    const bool settled = (double)context->history[instrument].total >= seat->run->group->params[0];
    seat->holdings[instrument].wish = settled ? strength : NAN;
    const qb_size size = share_of(seat, qb_size_scaled(seat->run->size, fabs(strength)));
    bring_to(seat, instrument, strength < 0.0 ? QB_SELL : QB_BUY, size);
}

static uint64_t member_target(const qb_context *context, uint32_t instrument, qb_side side,
                              qb_size size)
{
    seat *seat = seat_of(context);
    if (instrument >= context->instrument_count)
        return 0;
    seat->holdings[instrument].wish = NAN;
    return bring_to(seat, instrument, side, share_of(seat, size));
}

static uint64_t member_order(const qb_context *context, uint32_t instrument, qb_side side,
                             qb_size size)
{
    const seat *seat = seat_of(context);
    if (instrument >= context->instrument_count)
        return 0;
    const bool opens = seat->holdings[instrument].units * side >= 0.0;
    if (opens && !may_open(seat, instrument, side))
        return 0;
    return send(seat, instrument, side, opens ? share_of(seat, size) : size);
}

static uint64_t member_submit(const qb_context *context, const qb_order_request *request)
{
    const seat *seat = seat_of(context);
    const qb_context *engine = seat->run->engine;
    qb_order_request scaled = {0};
    const size_t known = request->struct_size < sizeof scaled ? request->struct_size
                                                              : sizeof scaled;
    memcpy(&scaled, request, known);
    scaled.struct_size = sizeof scaled;
    if (scaled.instrument >= context->instrument_count)
        return 0;
    const bool opens = !scaled.reduce_only &&
                       seat->holdings[scaled.instrument].units * scaled.side >= 0.0;
    if (opens && !may_open(seat, scaled.instrument, scaled.side))
        return 0;
    if (opens)
        scaled.size = share_of(seat, scaled.size);
    engine->host->owner(engine, seat->number);
    return engine->host->submit(engine, &scaled);
}

static bool member_cancel(const qb_context *context, uint64_t order)
{
    const qb_context *engine = seat_of(context)->run->engine;
    return engine->host->cancel(engine, order);
}

static double member_position(const qb_context *context, uint32_t instrument)
{
    const seat *seat = seat_of(context);
    if (instrument >= context->instrument_count)
        return 0.0;
    return units_of_day(seat->run, instrument, seat->holdings[instrument].units);
}

static double member_value(const qb_context *context, uint32_t instrument)
{
    const seat *seat = seat_of(context);
    if (instrument >= context->instrument_count || context->history[instrument].count == 0)
        return 0.0;
    return seat->holdings[instrument].units * qb_close_now(context, instrument);
}

static double member_entry(const qb_context *context, uint32_t instrument)
{
    return instrument < context->instrument_count ? seat_of(context)->holdings[instrument].cost
                                                  : 0.0;
}

static double member_equity(const qb_context *context)
{
    const seat *seat = seat_of(context);
    return seat->run->engine->host->equity(seat->run->engine);
}

static double member_cash(const qb_context *context)
{
    const seat *seat = seat_of(context);
    return seat->run->engine->host->cash(seat->run->engine);
}

static double member_random(const qb_context *context)
{
    const seat *seat = seat_of(context);
    return seat->run->engine->host->random(seat->run->engine);
}

static double member_macro(const qb_context *context, uint32_t series)
{
    const seat *seat = seat_of(context);
    return seat->run->engine->host->macro(seat->run->engine, series);
}

static double member_factor(const qb_context *context, uint32_t instrument)
{
    const seat *seat = seat_of(context);
    return seat->run->engine->host->factor(seat->run->engine, instrument);
}

static void member_filtered(const qb_context *context, uint32_t instrument, double strength,
                            const char *filter)
{
    const seat *seat = seat_of(context);
    seat->run->engine->host->filtered(seat->run->engine, instrument, strength, filter);
}

/* A member that is itself a group numbers its own: here all of them are this member. */
static void member_owner(const qb_context *context, uint32_t owner)
{
}

static const qb_host member_host = {
    .struct_size = sizeof(qb_host),
    .signal = member_signal,
    .target = member_target,
    .order = member_order,
    .position = member_position,
    .equity = member_equity,
    .cash = member_cash,
    .random = member_random,
    .submit = member_submit,
    .cancel = member_cancel,
    .filtered = member_filtered,
    .macro = member_macro,
    .owner = member_owner,
    .value = member_value,
    .entry = member_entry,
    .factor = member_factor,
};

/* ---- the group as a strategy --------------------------------------------------------------- */

/* The engine finds its arena behind its own struct, so a member's memory is asked for there. */
struct lent_setup {
    qb_setup base; /* first */
    const qb_setup *lender;
};

static void *lent_alloc(const qb_setup *setup, size_t count, size_t size)
{
    const qb_setup *lender = ((const struct lent_setup *)setup)->lender;
    return lender->alloc(lender, count, size);
}

static qb_status seat_init(const qb_setup *setup, group_run *run, uint32_t number)
{
    seat *seat = &run->seats[number];
    seat->run = run;
    seat->member = &run->group->members[number];
    seat->number = number;
    seat->holdings = setup->alloc(setup, setup->instrument_count, sizeof *seat->holdings);
    if (seat->holdings == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++)
        seat->holdings[i].wish = NAN;
    struct lent_setup lent = {.base = *setup, .lender = setup};
    lent.base.alloc = lent_alloc;
    lent.base.params = seat->member->params;
    lent.base.strategy = seat->member->strategy;
    const qb_status status = seat->member->strategy->init(&lent.base, &seat->state);
    seat->ready = status == QB_OK;
    return status;
}

static void group_clear(void *state)
{
    group_run *run = state;
    for (uint32_t i = 0; i < run->group->count; i++) {
        const seat *seat = &run->seats[i];
        if (seat->ready && seat->member->strategy->clear != NULL)
            seat->member->strategy->clear(seat->state);
    }
}

static qb_status group_init(const qb_setup *setup, void **out_state)
{
    const qb_group *group = (const qb_group *)setup->strategy; /* its first member */
    if (group->has_regime && group->regime_instrument >= setup->instrument_count)
        return QB_OUT_OF_RANGE;
    group_run *run = setup->alloc(setup, 1, sizeof *run);
    seat *seats = setup->alloc(setup, group->count, sizeof *seats);
    double *ring = group->has_regime ? setup->alloc(setup, group->regime_period, sizeof *ring)
                                     : NULL;
    if (run == NULL || seats == NULL || (group->has_regime && ring == NULL))
        return QB_NO_MEMORY;
    *run = (group_run){.group = group, .seats = seats, .size = setup->size};
    if (group->has_regime)
        qb_sma_init(&run->regime, ring, group->regime_period);
    for (uint32_t i = 0; i < group->count; i++) {
        const qb_status status = seat_init(setup, run, i);
        if (status != QB_OK) {
            group_clear(run);
            return status;
        }
    }
    *out_state = run;
    return QB_OK;
}

static const qb_context *view(group_run *run, seat *seat, const qb_context *context)
{
    run->engine = context;
    seat->context = *context;
    seat->context.host = &member_host;
    return &seat->context;
}

static void group_on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    group_run *run = state;
    run->engine = context;
    see_regime(run);
    for (uint32_t i = 0; i < run->group->count; i++) {
        seat *seat = &run->seats[i];
        seat->member->strategy->on_bar(seat->state, view(run, seat, context), instrument);
    }
}

/* Average cost, as the ledger has it; what crosses zero begins anew at the fill. */
static void book(holding *holding, double units, double price)
{
    const double before = holding->units, after = before + units;
    if (before * units >= 0.0)
        holding->cost = (holding->cost * before + price * units) / after;
    else if (after * before < 0.0)
        holding->cost = price;
    holding->units = after;
    /* Below half of the smallest unit of the ledger nothing is left. */
    if (fabs(holding->units) < 0.5e-8)
        *holding = (struct holding){.wish = holding->wish};
}

static void group_on_fill(void *state, const qb_context *context, const qb_fill *fill)
{
    group_run *run = state;
    if (fill->owner >= run->group->count)
        return;
    seat *seat = &run->seats[fill->owner];
    const double factor = context->host->factor(context, fill->instrument);
    book(&seat->holdings[fill->instrument], qb_raw_to_double(fill->quantity.raw) / factor,
         qb_raw_to_double(fill->price.raw) * factor);
    const qb_strategy *strategy = seat->member->strategy;
    if (strategy->on_fill != NULL)
        strategy->on_fill(seat->state, view(run, seat, context), fill);
}

static bool member_is_sound(const qb_group_member *member)
{
    return member->share > 0.0 && member->share <= 1.0 &&
           (member->params != NULL || member->strategy->param_count == 0);
}

static const qb_param group_params[] = {
    QB_INTEGER("warmup", 1, 1, 1 << 24, 1, "The longest warm-up of the members"),
};

static size_t group_warmup(const double *params)
{
    return (size_t)params[0];
}

qb_status qb_group_init(qb_group *group, const char **out_why)
{
    size_t warmup = group->has_regime ? group->regime_period : 1;
    if (group->count == 0 || group->count > QB_GROUP_MEMBERS_MAX || warmup == 0)
        return QB_OUT_OF_RANGE;
    for (uint32_t i = 0; i < group->count; i++) {
        const qb_group_member *member = &group->members[i];
        if (!member_is_sound(member))
            return QB_OUT_OF_RANGE;
        const qb_status status = qb_strategy_check(member->strategy, out_why);
        if (status != QB_OK)
            return status;
        const size_t own = member->strategy->warmup(member->params);
        warmup = own > warmup ? own : warmup;
    }
    group->params[0] = (double)warmup;
    group->strategy = (qb_strategy){
        .abi_version = QB_STRATEGY_ABI,
        .struct_size = sizeof(qb_strategy),
        .name = "group",
        .summary = "Several strategies in one account",
        .params = group_params,
        .param_count = 1,
        .warmup = group_warmup,
        .init = group_init,
        .on_bar = group_on_bar,
        .on_fill = group_on_fill,
        .clear = group_clear,
    };
    return QB_OK;
}
