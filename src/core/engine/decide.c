/* Decisions, stored as runs of equal outcomes.
 *
 * While a bar is decided its instrument has one outcome, which starts as "warm-up" or "no
 * signal" and is replaced by what the strategy's wishes come to. Nothing that touched an order is
 * lost: an outcome overtaken on the same bar, or one outside a bar of its instrument (a wish made
 * while another instrument's bar or a fill was handled), is sunk at once with bars 0. */
#include "core/engine/engine-private.h"

const char *qb_stage_text(qb_stage stage)
{
    switch (stage) {
    case QB_STAGE_WARMUP:
        return "warmup";
    case QB_STAGE_NO_SIGNAL:
        return "no-signal";
    case QB_STAGE_HELD:
        return "held";
    case QB_STAGE_FILTERED:
        return "filtered";
    case QB_STAGE_REFUSED:
        return "refused";
    case QB_STAGE_ORDERED:
        return "ordered";
    }
    return "unknown";
}

static bool touches_order(const outcome *outcome)
{
    return outcome->stage == QB_STAGE_ORDERED || outcome->stage == QB_STAGE_REFUSED;
}

static void sink_decision(qb_engine *engine, const qb_decision *decision)
{
    if (engine->sink.decision != NULL && engine->status == QB_OK)
        engine_heard(engine, engine->sink.decision(engine->sink.self, decision));
}

static qb_decision decision_of(uint32_t instrument, const outcome *outcome, int64_t at_us,
                               uint64_t bars)
{
    return (qb_decision){
        .instrument = instrument,
        .first_us = at_us,
        .last_us = at_us,
        .bars = bars,
        .signal = outcome->signal,
        .stage = outcome->stage,
        .reason = outcome->reason,
        .order_id = outcome->order_id,
        .filter = outcome->filter,
    };
}

/* Between runs the stage is one that no bar can join. */
static void flush_run(qb_engine *engine, instrument_state *state)
{
    if (state->run.bars > 0)
        sink_decision(engine, &state->run);
    state->run.bars = 0;
    state->run.stage = QB_STAGE_ORDERED;
}

static void sink_alone(qb_engine *engine, uint32_t instrument, const outcome *outcome)
{
    flush_run(engine, &engine->states[instrument]);
    const qb_decision decision = decision_of(instrument, outcome, engine->context.now_us, 0);
    sink_decision(engine, &decision);
}

void decide_note(qb_engine *engine, uint32_t instrument, const outcome *outcome)
{
    instrument_state *state = &engine->states[instrument];
    if (state->closed_us != engine->context.now_us || engine->telling) {
        if (touches_order(outcome))
            sink_alone(engine, instrument, outcome);
        return;
    }
    if (touches_order(&state->outcome)) {
        if (!touches_order(outcome))
            return;
        sink_alone(engine, instrument, &state->outcome);
    }
    state->outcome = *outcome;
}

/* Fills in what the common bar leaves out. */
static outcome complete(const qb_engine *engine, const instrument_state *state)
{
    outcome outcome = state->outcome;
    if (outcome.stage > QB_STAGE_HELD)
        return outcome;
    outcome.order_id = 0;
    outcome.filter = NULL;
    outcome.signal = outcome.stage == QB_STAGE_HELD ? state->wish : NAN;
    outcome.reason = outcome.stage == QB_STAGE_HELD     ? QB_REASON_UNCHANGED
                     : outcome.stage == QB_STAGE_WARMUP ? QB_REASON_WARMUP
                     : engine->totals.disabled          ? QB_REASON_DISABLED
                                                        : QB_REASON_NONE;
    return outcome;
}

static bool same_signal(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool joins(const qb_decision *run, const outcome *outcome)
{
    return run->bars > 0 && !touches_order(outcome) && outcome->stage == run->stage &&
           outcome->reason == run->reason && outcome->filter == run->filter &&
           same_signal(outcome->signal, run->signal);
}

void decide_record_other(qb_engine *engine, instrument_state *state)
{
    const outcome outcome = complete(engine, state);
    if (joins(&state->run, &outcome)) {
        state->run.last_us = engine->context.now_us;
        state->run.bars++;
        return;
    }
    flush_run(engine, state);
    uint32_t instrument = (uint32_t)(state - engine->states);
    state->run = decision_of(instrument, &outcome, engine->context.now_us, 1);
}

void decide_flush(qb_engine *engine)
{
    for (uint32_t i = 0; i < engine->context.instrument_count; i++)
        flush_run(engine, &engine->states[i]);
}
