/* A strategy that plays a script through the host, a listener that checks each event, and the
 * comparison with the reference. */
#include "duel.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct engine_order {
    qb_order order;
    int told, ends;
    int64_t filled;
    size_t action;
    ref_role role;
} engine_order;

/* The engine's side. One run at a time: a strategy has no other way to its script. */
static struct side {
    const ref_case *play;
    uint64_t ids[FILLS_ACTIONS]; /* what the host returned */
    engine_order orders[REF_ORDERS];
    size_t order_count;
    size_t asking; /* the action whose orders are told now; SIZE_MAX: none */
    qb_fill fills[REF_FILLS];
    size_t fill_count;
    ref_point points[FILLS_INSTANTS];
    size_t instants;
    const qb_portfolio *portfolio;
    char why[400];
} side;

static ref_point reference_points[FILLS_INSTANTS];
static ref_result reference;

__attribute__((format(printf, 1, 2))) static void fault(const char *format, ...)
{
    if (side.why[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(side.why, sizeof side.why, format, arguments);
    va_end(arguments);
}

/* ---- the strategy ------------------------------------------------------------------------- */

static size_t player_warmup(const double *params)
{
    (void)params;
    return 1;
}

static qb_status player_init(const qb_setup *setup, void **out_state)
{
    (void)setup;
    *out_state = NULL;
    return QB_OK;
}

static void play(const qb_context *context, size_t which)
{
    const qb_host *host = context->host;
    const ref_action *action = &side.play->actions[which];
    const qb_order_request *request = &action->request;
    side.asking = which;
    switch (action->verb) {
    case REF_SUBMIT:
        side.ids[which] = host->submit(context, request);
        break;
    case REF_ORDER:
        side.ids[which] = host->order(context, request->instrument, request->side, request->size);
        break;
    case REF_TARGET:
        side.ids[which] = host->target(context, request->instrument, request->side, request->size);
        break;
    case REF_SIGNAL:
        host->signal(context, request->instrument, request->size.amount * (double)request->side);
        break;
    case REF_CANCEL:
        if (side.ids[action->of] != 0 &&
            context->history[request->instrument].total > 0) /* as other requests are heard */
            host->cancel(context, side.ids[action->of]);
        break;
    }
    side.asking = SIZE_MAX;
}

static void player_on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    for (size_t i = 0; i < side.play->action_count; i++) {
        const ref_action *action = &side.play->actions[i];
        if (action->fill == 0 && action->at_us == context->now_us && action->asker == instrument)
            play(context, i);
    }
}

static void player_on_fill(void *state, const qb_context *context, const qb_fill *fill)
{
    (void)state;
    for (size_t i = 0; i < side.play->action_count; i++)
        if (side.play->actions[i].fill == fill->id)
            play(context, i);
}

static const qb_strategy player = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "player",
    .summary = "Plays a script",
    .warmup = player_warmup,
    .init = player_init,
    .on_bar = player_on_bar,
    .on_fill = player_on_fill,
};

/* ---- the listener ------------------------------------------------------------------------- */

static void check_ledger(const char *after)
{
    if (side.portfolio != NULL && qb_portfolio_check(side.portfolio) != QB_OK)
        fault("the ledger is broken after %s", after);
}

static engine_order *order_of(uint64_t id)
{
    if (id == 0 || id > side.order_count + 1 || id > REF_ORDERS) {
        fault("order id %llu is out of turn", (unsigned long long)id);
        return NULL;
    }
    if (id == side.order_count + 1)
        side.orders[side.order_count++] = (engine_order){.action = side.asking};
    return &side.orders[id - 1];
}

static qb_status take_order(void *self, const qb_order *order)
{
    (void)self;
    check_ledger("an order");
    engine_order *known = order_of(order->id);
    if (known == NULL)
        return QB_OK;
    known->order = *order;
    known->told++;
    if (order->status == QB_ORDER_OPEN && known->told > 1)
        fault("order %llu was opened twice", (unsigned long long)order->id);
    if (order->status != QB_ORDER_OPEN && known->ends++ > 0)
        fault("order %llu ended twice", (unsigned long long)order->id);
    if (order->status != QB_ORDER_OPEN && order->filled.raw != known->filled)
        fault("fills of order %llu do not add up", (unsigned long long)order->id);
    return QB_OK;
}

/* What the gate has let through is within the margin to the last digit, as the ledger has it: with the
 * instrument at the fill's price. */
static void check_margin(const qb_fill *fill)
{
    const qb_engine_config *config = &side.play->config;
    const qb_position *held = &side.portfolio->positions[fill->instrument];
    if (held->quantity.raw == 0 || (held->quantity.raw > 0) != (fill->quantity.raw > 0))
        return;
    const qb_instrument *instrument = &config->instruments[fill->instrument];
    int64_t value = ref_value(ref_unit(instrument, fill->price.raw), held->quantity.raw);
    wide exposure = 0, equity = side.portfolio->cash.raw;
    for (uint32_t i = 0; i < config->instrument_count; i++) {
        int64_t of_this = i == fill->instrument ? value : side.portfolio->positions[i].value.raw;
        exposure += llabs(of_this);
        equity += of_this;
    }
    if (exposure * QB_ONE > equity * config->leverage.raw)
        fault("fill %llu is beyond the margin", (unsigned long long)fill->id);
}

static qb_status take_fill(void *self, const qb_fill *fill)
{
    (void)self;
    check_ledger("a fill");
    if (side.portfolio != NULL)
        check_margin(fill);
    engine_order *order = order_of(fill->order_id);
    if (order != NULL) {
        order->filled += llabs(fill->quantity.raw);
        if (order->ends > 0 || order->told == 0)
            fault("a fill of order %llu, which is not open", (unsigned long long)fill->order_id);
    }
    if (side.fill_count < REF_FILLS)
        side.fills[side.fill_count++] = *fill;
    return QB_OK;
}

static qb_status take_trade(void *self, const qb_trade *trade)
{
    (void)self;
    (void)trade;
    check_ledger("a trade");
    return QB_OK;
}

static qb_status take_equity(void *self, int64_t at_us, qb_money equity)
{
    (void)self;
    (void)at_us;
    (void)equity;
    check_ledger("an equity");
    return QB_OK;
}

static qb_status new_engine(const ref_case *play, qb_engine **out)
{
    side.play = play;
    side.order_count = side.fill_count = side.instants = 0;
    side.portfolio = NULL;
    side.asking = SIZE_MAX;
    memset(side.ids, 0, sizeof side.ids);
    qb_engine_config config = play->config;
    config.strategy = &player;
    const qb_sink sink = {
        .order = take_order, .fill = take_fill, .trade = take_trade, .equity = take_equity};
    qb_status status = qb_engine_new(&config, &sink, out);
    if (status == QB_OK)
        side.portfolio = qb_engine_portfolio(*out);
    return status;
}

static void end_engine(qb_engine *engine, qb_status status)
{
    if (status == QB_OK)
        status = qb_engine_finish(engine);
    if (status != QB_OK)
        fault("the engine says: %s", qb_status_text(status));
    side.portfolio = NULL;
    qb_engine_free(engine);
}

static void run_engine(const ref_case *play)
{
    qb_engine *engine = NULL;
    qb_engine_totals totals = {0};
    qb_status status = new_engine(play, &engine);
    for (size_t i = 0; i < play->instant_count && status == QB_OK && !totals.bankrupt; i++) {
        status = qb_engine_step(engine, &play->instants[i]);
        check_ledger("an instant");
        qb_money equity = {0};
        if (qb_portfolio_equity(side.portfolio, &equity) != QB_OK)
            fault("equity has overflown");
        side.points[side.instants++] = (ref_point){side.portfolio->cash.raw, equity.raw};
        qb_engine_totals_get(engine, &totals);
    }
    end_engine(engine, status);
}

/* ---- the same bars as a series ------------------------------------------------------------- */

static bool is_a_series(const fills_case *play)
{
    bool plain = play->config.instrument_count == 1 && play->config.deposit_count == 0;
    for (size_t b = 0; b < play->bar_count[0] && plain; b++)
        plain = play->bars[0][b].detail_count == 0 && play->bars[0][b].bid == 0.0;
    return plain;
}

static bool same_fill(const qb_fill *a, const qb_fill *b)
{
    return a->order_id == b->order_id && a->ts_us == b->ts_us && a->bar_ts_us == b->bar_ts_us &&
           a->quantity.raw == b->quantity.raw && a->price.raw == b->price.raw &&
           a->reference.raw == b->reference.raw && a->fee.raw == b->fee.raw && a->maker == b->maker;
}

static bool same_order(const qb_order *a, const qb_order *b)
{
    return a->status == b->status && a->reason == b->reason && a->final_us == b->final_us &&
           a->filled.raw == b->filled.raw && a->quantity.raw == b->quantity.raw;
}

/* A feed makes the same instants of a series, and skips through quiet stretches of it. */
static void run_series(const fills_case *play, const ref_case *script)
{
    static struct side stepped;
    stepped = side;
    qb_series series = {0};
    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    qb_status status = QB_OK;
    for (size_t b = 0; b < play->bar_count[0] && status == QB_OK; b++)
        status = qb_series_append(&series, &play->bars[0][b].bar);
    if (status == QB_OK)
        status = qb_series_feed_new(script->config.instruments, &series, 1, &feed);
    if (status == QB_OK)
        status = new_engine(script, &engine);
    if (status == QB_OK) {
        qb_feed source = qb_series_feed_as_feed(feed);
        status = qb_engine_run(engine, &source);
    }
    end_engine(engine, status);
    qb_series_feed_free(feed);
    qb_series_clear(&series);
    bool same = side.fill_count == stepped.fill_count && side.order_count == stepped.order_count;
    for (size_t i = 0; i < stepped.fill_count && same; i++)
        same = same_fill(&side.fills[i], &stepped.fills[i]);
    for (size_t i = 0; i < stepped.order_count && same; i++)
        same = same_order(&side.orders[i].order, &stepped.orders[i].order);
    if (!same)
        fault("as a series the run is another one");
    memcpy(stepped.why, side.why, sizeof stepped.why);
    side = stepped;
}

/* ---- which order is which ------------------------------------------------------------------ */

static ref_role role_of(const qb_order *order)
{
    switch (order->purpose) {
    case QB_FOR_TAKE_PROFIT:
        return REF_TAKE_PROFIT;
    case QB_FOR_STOP_LOSS:
        return REF_STOP_LOSS;
    case QB_FOR_TRAILING_STOP:
        return REF_TRAILING;
    case QB_FOR_TIME_STOP:
        return REF_TIME_STOP;
    case QB_FOR_MARGIN:
        return REF_FORCED;
    default:
        return REF_SELF;
    }
}

/* An action's first order is the one asked for; a second of its own opens what that one closed. */
static void name_orders(void)
{
    bool made[FILLS_ACTIONS] = {false};
    for (size_t i = 0; i < side.order_count; i++) {
        engine_order *order = &side.orders[i];
        order->role = role_of(&order->order);
        if (order->role == REF_FORCED) {
            order->action = order->order.instrument;
        } else if (order->order.parent >= 1 && order->order.parent <= side.order_count) {
            order->action = side.orders[order->order.parent - 1].action;
        } else if (order->action < FILLS_ACTIONS) {
            order->role = made[order->action] ? REF_OPENER : REF_SELF;
            made[order->action] = true;
        }
    }
}

static const char *role_text(ref_role role)
{
    static const char *texts[] = {"",          " opener",    " take-profit", " stop-loss",
                                  " trailing", " time stop", " forced"};
    return texts[role];
}

static const char *amount(int64_t raw)
{
    static char texts[16][QB_RAW_TEXT];
    static unsigned next;
    return qb_raw_to_text(raw, texts[next++ % 16]);
}

static const char *when(int64_t at_us)
{
    static char texts[4][QB_TIME_TEXT];
    static unsigned next;
    return qb_time_to_text(at_us, texts[next++ % 4]);
}

/* ---- the comparison ----------------------------------------------------------------------- */

static void compare_fill(size_t i)
{
    const qb_fill *got = &side.fills[i];
    const ref_fill *want = &reference.fills[i];
    const engine_order *order = &side.orders[got->order_id - 1];
    const ref_order *wanted = &reference.orders[want->order];
    bool same_order = order->action == wanted->action && order->role == wanted->role;
    if (!same_order || got->ts_us != want->ts_us || got->quantity.raw != want->quantity)
        fault("fill %zu: [%zu]%s %s at %s, wanted [%zu]%s %s at %s", i, order->action,
              role_text(order->role), amount(got->quantity.raw), when(got->ts_us), wanted->action,
              role_text(wanted->role), amount(want->quantity), when(want->ts_us));
    else if (got->price.raw != want->price || got->reference.raw != want->reference ||
             got->fee.raw != want->fee || got->maker != want->maker ||
             got->bar_ts_us != want->bar_ts_us)
        fault("fill %zu of [%zu]%s: price %s (of %s), fee %s%s; wanted %s (of %s), fee %s%s", i,
              order->action, role_text(order->role), amount(got->price.raw),
              amount(got->reference.raw), amount(got->fee.raw), got->maker ? ", maker" : "",
              amount(want->price), amount(want->reference), amount(want->fee),
              want->maker ? ", maker" : "");
}

static const engine_order *partner(const ref_order *wanted, size_t nth)
{
    for (size_t i = 0; i < side.order_count; i++)
        if (side.orders[i].action == wanted->action && side.orders[i].role == wanted->role &&
            nth-- == 0)
            return &side.orders[i];
    return NULL;
}

static void compare_order(size_t which)
{
    const ref_order *want = &reference.orders[which];
    size_t nth = 0;
    for (size_t i = 0; i < which; i++)
        nth += reference.orders[i].action == want->action && reference.orders[i].role == want->role;
    const engine_order *got = partner(want, nth);
    if (got == NULL) {
        fault("order [%zu]%s is not there", want->action, role_text(want->role));
        return;
    }
    const qb_order *order = &got->order;
    if (got->ends != 1)
        fault("order [%zu]%s has %d ends", want->action, role_text(want->role), got->ends);
    if (order->status != want->status || order->reason != want->reason ||
        order->final_us != want->final_us || order->filled.raw != want->filled)
        fault("order [%zu]%s: %s (%s) with %s at %s, wanted %s (%s) with %s at %s", want->action,
              role_text(want->role), qb_order_status_text(order->status),
              qb_reason_text(order->reason), amount(order->filled.raw), when(order->final_us),
              qb_order_status_text(want->status), qb_reason_text(want->reason),
              amount(want->filled), when(want->final_us));
}

static void compare_points(void)
{
    for (size_t i = 0; i < side.instants && i < reference.instants; i++)
        if (side.points[i].cash != reference_points[i].cash ||
            side.points[i].equity != reference_points[i].equity) {
            fault("after %s: cash %s, equity %s; wanted %s, %s", when(side.play->instants[i].at_us),
                  amount(side.points[i].cash), amount(side.points[i].equity),
                  amount(reference_points[i].cash), amount(reference_points[i].equity));
            return;
        }
    if (side.instants != reference.instants)
        fault("%zu instants, wanted %zu", side.instants, reference.instants);
}

/* ---- what must hold without any reference --------------------------------------------------- */

static const fills_bar *bar_of(const fills_case *play, const qb_fill *fill)
{
    const fills_bar *bars = play->bars[fill->instrument];
    for (size_t b = 0; b < play->bar_count[fill->instrument]; b++) {
        if (bars[b].bar.ts_us == fill->bar_ts_us)
            return &bars[b];
        for (size_t i = 0; i < bars[b].detail_count; i++)
            if (bars[b].details[i].ts_us == fill->bar_ts_us)
                return &bars[b];
    }
    return NULL;
}

static void check_fill(const fills_case *play, const qb_fill *fill)
{
    const fills_bar *bar = bar_of(play, fill);
    const qb_order *order = &side.orders[fill->order_id - 1].order;
    if (bar == NULL || (bar->bar.flags & (QB_BAR_REPAIRED | QB_BAR_SYNTHETIC)) != 0) {
        fault("fill %llu stands on a bar that is none", (unsigned long long)fill->id);
        return;
    }
    double low = bar->bar.low, high = bar->bar.high;
    if (bar->bid > 0) {
        low = fmin(low, fmin(bar->bid, bar->close_bid));
        high = fmax(high, fmax(bar->ask, bar->close_ask));
    }
    double reference_price = (double)fill->reference.raw / 1e8;
    bool limit = order->type == QB_LIMIT || order->type == QB_STOP_LIMIT;
    /* A pessimist's limit within a step of the open is filled there, and not at the open. */
    bool own_limit = play->config.fill_model == QB_PESSIMISTIC && limit;
    if (!own_limit && (reference_price < low - 1e-8 || reference_price > high + 1e-8))
        fault("fill %llu is outside its bar", (unsigned long long)fill->id);
    bool splits = false; /* limits were other ones before */
    for (size_t b = 0; b < play->bar_count[fill->instrument]; b++)
        splits = splits || play->bars[fill->instrument][b].bar.split_factor != 1.0;
    bool fixed = order->parent == 0 && !splits; /* else its limit may have been another one */
    if (limit && fixed &&
        (order->side > 0 ? fill->price.raw > order->limit.raw : fill->price.raw < order->limit.raw))
        fault("fill %llu is worse than its limit", (unsigned long long)fill->id);
}

static void check_volume(const fills_case *play, const qb_fill *fill)
{
    const fills_bar *bar = bar_of(play, fill);
    const qb_costs *costs = play->config.instrument_costs != NULL ? &play->costs[fill->instrument]
                                                                  : &play->config.costs;
    if (bar == NULL || costs->volume_cap.raw == 0 || !(bar->bar.volume > 0) ||
        bar->detail_count > 0 || play->config.fill_model == QB_OPTIMISTIC)
        return;
    double taken = 0.0, cap = bar->bar.volume * (double)costs->volume_cap.raw / 1e8;
    for (size_t i = 0; i < side.fill_count; i++)
        if (side.fills[i].instrument == fill->instrument &&
            side.fills[i].bar_ts_us == fill->bar_ts_us)
            taken += fabs((double)side.fills[i].quantity.raw) / 1e8;
    if (taken > cap + 1e-7)
        fault("more than the cap was had of the bar of fill %llu", (unsigned long long)fill->id);
}

bool duel_run(fills_case *play, duel *out)
{
    ref_case script;
    fills_case_play(play, &script);
    side.why[0] = '\0';
    run_engine(&script);
    bool series = is_a_series(play);
    if (series)
        run_series(play, &script);
    name_orders();
    ref_run(&script, reference_points, &reference);
    *out = (duel){.orders = side.order_count, .fills = side.fill_count, .series = series};
    for (size_t i = 0; i < side.fill_count && i < reference.fill_count; i++)
        compare_fill(i);
    for (size_t i = 0; i < reference.order_count; i++)
        compare_order(i);
    if (side.fill_count != reference.fill_count)
        fault("%zu fills, wanted %zu", side.fill_count, reference.fill_count);
    if (side.order_count != reference.order_count)
        fault("%zu orders, wanted %zu", side.order_count, reference.order_count);
    compare_points();
    for (size_t i = 0; i < side.fill_count; i++) {
        check_fill(play, &side.fills[i]);
        check_volume(play, &side.fills[i]);
        out->makers += side.fills[i].maker;
    }
    for (size_t i = 0; i < side.order_count; i++) {
        out->states[side.orders[i].order.status]++;
        out->reasons[side.orders[i].order.reason]++;
    }
    if (reference.full)
        fault("the case is too large for its tables");
    memcpy(out->why, side.why, sizeof out->why);
    return side.why[0] == '\0';
}

/* ---- as little as still fails ---------------------------------------------------------------- */

static char kind[5]; /* how the text of the fault begins that is being cut down */

/* Everybody asks on a bar that is there, about an instrument that has had one. */
static bool makes_sense(const fills_case *play)
{
    for (size_t i = 0; i < play->action_count; i++) {
        const ref_action *action = &play->actions[i];
        bool asked = action->fill != 0;
        for (size_t b = 0; b < play->bar_count[action->asker]; b++)
            asked = asked || play->bars[action->asker][b].known_us == action->at_us;
        uint32_t of = action->request.instrument;
        if (!asked || play->bar_count[of] == 0 ||
            (action->fill == 0 && play->bars[of][0].known_us > action->at_us))
            return false;
    }
    return true;
}

static bool fails(fills_case *play)
{
    duel result;
    return makes_sense(play) && !duel_run(play, &result) &&
           strncmp(result.why, kind, sizeof kind - 1) == 0;
}

static void drop_action(fills_case *play, size_t which)
{
    size_t kept = 0;
    for (size_t i = 0; i < play->action_count; i++) {
        ref_action action = play->actions[i];
        bool of_it = action.verb == REF_CANCEL && action.of == which;
        if (i == which || of_it)
            continue;
        if (action.verb == REF_CANCEL && action.of > which)
            action.of--;
        play->actions[kept++] = action;
    }
    play->action_count = kept;
}

static void plainer(fills_case *play, int way)
{
    qb_engine_config *config = &play->config;
    qb_costs *costs = &config->costs;
    switch (way) {
    case 0:
        config->instrument_costs = NULL;
        break;
    case 1:
        *costs = (qb_costs){.volume_cap = costs->volume_cap, .slippage = costs->slippage};
        break;
    case 2:
        costs->slippage.raw = 0;
        break;
    case 3:
        costs->volume_cap.raw = 0;
        break;
    case 4:
        config->deposit_count = config->holding_count = 0;
        break;
    case 5:
        config->borrow.raw = config->interest.raw = 0;
        break;
    case 6:
        config->maintenance_off = true;
        break;
    case 7:
        config->leverage.raw = 10 * QB_ONE;
        break;
    case 8:
        config->fill_model = QB_NEUTRAL;
        break;
    case 9:
        config->fill_at = QB_FILL_NEXT_OPEN;
        break;
    case 10:
        config->patience = 9;
        break;
    case 11: /* the instrument that nobody needs */
        if (config->instrument_count > 1)
            config->instrument_count--;
        for (size_t i = play->action_count; i-- > 0;)
            if (play->actions[i].asker >= config->instrument_count ||
                play->actions[i].request.instrument >= config->instrument_count)
                drop_action(play, i);
        break;
    default:
        for (uint32_t i = 0; i < config->instrument_count; i++)
            for (size_t b = 0; b < play->bar_count[i]; b++) {
                fills_bar *bar = &play->bars[i][b];
                if (way == 12)
                    bar->bid = bar->ask = bar->close_bid = bar->close_ask = 0.0;
                else if (way == 13)
                    bar->detail_count = 0;
                else if (way == 14)
                    bar->bar.volume = NAN;
                else if (way == 15)
                    bar->bar.dividend = 0.0;
                else if (way == 16)
                    bar->missed = 0;
                else
                    bar->bar.flags = 0;
            }
    }
}
enum { PLAINER_WAYS = 18 };

static void plainer_request(fills_case *play, size_t which, int way)
{
    qb_order_request *request = &play->actions[which].request;
    switch (way) {
    case 0:
        request->take_profit = (qb_exit){0};
        break;
    case 1:
        request->stop_loss = (qb_exit){0};
        break;
    case 2:
        request->trailing_stop = (qb_exit){0};
        break;
    case 3:
        request->time_stop_bars = 0;
        break;
    case 4:
        request->group = 0;
        break;
    default:
        request->time_in_force = QB_GTC;
    }
}

static bool keep_if_fails(fills_case *play, const fills_case *cut)
{
    static fills_case tried;
    tried = *cut;
    if (memcmp(play, &tried, sizeof tried) == 0 || !fails(&tried))
        return false;
    *play = tried;
    return true;
}

static bool shrink_once(fills_case *play)
{
    static fills_case cut;
    bool smaller = false;
    for (size_t i = play->action_count; i-- > 0;) {
        cut = *play;
        drop_action(&cut, i);
        smaller = keep_if_fails(play, &cut) || smaller;
    }
    for (size_t i = 0; i < play->action_count; i++)
        for (int way = 0; way < 6; way++) {
            cut = *play;
            plainer_request(&cut, i, way);
            smaller = keep_if_fails(play, &cut) || smaller;
        }
    for (int way = 0; way < PLAINER_WAYS; way++) {
        cut = *play;
        plainer(&cut, way);
        smaller = keep_if_fails(play, &cut) || smaller;
    }
    for (uint32_t i = 0; i < play->config.instrument_count; i++) {
        cut = *play;
        if (cut.bar_count[i] > 0)
            cut.bar_count[i]--;
        smaller = keep_if_fails(play, &cut) || smaller;
        cut = *play;
        if (cut.bar_count[i] > 0)
            memmove(&cut.bars[i][0], &cut.bars[i][1], --cut.bar_count[i] * sizeof cut.bars[i][0]);
        smaller = keep_if_fails(play, &cut) || smaller;
    }
    return smaller;
}

void duel_shrink(fills_case *play)
{
    duel result;
    if (duel_run(play, &result))
        return;
    memcpy(kind, result.why, sizeof kind - 1);
    while (shrink_once(play))
        ;
}

/* ---- both sides --------------------------------------------------------------------------- */

static void print_fills(FILE *out)
{
    size_t same = 0;
    for (; same < side.fill_count && same < reference.fill_count; same++) {
        side.why[0] = '\0';
        compare_fill(same);
        if (side.why[0] != '\0')
            break;
    }
    for (size_t i = 0; i < side.fill_count; i++) {
        const qb_fill *fill = &side.fills[i];
        const engine_order *order = &side.orders[fill->order_id - 1];
        fprintf(out, "# %s fill [%zu]%s %s %s at %s of %s, fee %s%s\n",
                i < same ? "both      " : "engine    ", order->action, role_text(order->role),
                when(fill->ts_us), amount(fill->quantity.raw), amount(fill->price.raw),
                amount(fill->reference.raw), amount(fill->fee.raw), fill->maker ? ", maker" : "");
    }
    for (size_t i = same; i < reference.fill_count; i++) {
        const ref_fill *fill = &reference.fills[i];
        const ref_order *order = &reference.orders[fill->order];
        fprintf(out, "# reference  fill [%zu]%s %s %s at %s of %s, fee %s%s\n", order->action,
                role_text(order->role), when(fill->ts_us), amount(fill->quantity),
                amount(fill->price), amount(fill->reference), amount(fill->fee),
                fill->maker ? ", maker" : "");
    }
}

static void print_orders(FILE *out)
{
    for (size_t i = 0; i < side.order_count; i++) {
        const engine_order *order = &side.orders[i];
        fprintf(out, "# engine     order [%zu]%s %s of %s: %s (%s) %s\n", order->action,
                role_text(order->role), amount(order->order.filled.raw),
                amount(order->order.quantity.raw), qb_order_status_text(order->order.status),
                qb_reason_text(order->order.reason), when(order->order.final_us));
    }
    for (size_t i = 0; i < reference.order_count; i++) {
        const ref_order *order = &reference.orders[i];
        side.why[0] = '\0';
        compare_order(i);
        if (side.why[0] != '\0')
            fprintf(out, "# reference  order [%zu]%s %s of %s: %s (%s) %s\n", order->action,
                    role_text(order->role), amount(order->filled), amount(order->quantity),
                    qb_order_status_text(order->status), qb_reason_text(order->reason),
                    when(order->final_us));
    }
}

void duel_print(fills_case *play, FILE *out)
{
    duel result;
    duel_run(play, &result);
    fprintf(out, "# %s\n", result.why[0] != '\0' ? result.why : "they agree");
    print_fills(out);
    print_orders(out);
}
