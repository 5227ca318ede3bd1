/* A case as the instants of a run, and as a text for people. */
#include "cases.h"

#include <math.h>
#include <string.h>

/* ---- instants ----------------------------------------------------------------------------- */

static qb_closed_bar closed_of(const fills_bar *bar, uint32_t instrument)
{
    return (qb_closed_bar){
        .instrument = instrument,
        .bars_missed = bar->missed,
        .bar = bar->bar,
        .bid = bar->close_bid,
        .ask = bar->close_ask,
        .details = bar->detail_count > 0 ? bar->details : NULL,
        .detail_count = bar->detail_count,
    };
}

static qb_opening opening_of(const fills_bar *bar, uint32_t instrument)
{
    return (qb_opening){
        .instrument = instrument,
        .bars_missed = bar->missed,
        .price = bar->bar.open,
        .volume = bar->bar.volume,
        .bar_ts_us = bar->bar.ts_us,
        .dividend = bar->bar.dividend,
        .split_factor = bar->bar.split_factor,
        .flags = bar->bar.flags,
        .bid = bar->bid,
        .ask = bar->ask,
    };
}

void fills_case_play(fills_case *self, ref_case *out)
{
    static qb_instant instants[FILLS_INSTANTS];
    static qb_closed_bar bars[FILLS_INSTANTS];
    static qb_opening openings[FILLS_INSTANTS];
    size_t opened[REF_INSTRUMENTS] = {0}, closed[REF_INSTRUMENTS] = {0};
    size_t count = 0, bar_count = 0, opening_count = 0;
    for (;;) {
        int64_t at_us = INT64_MAX;
        for (uint32_t i = 0; i < self->config.instrument_count; i++) {
            if (closed[i] < opened[i] && self->bars[i][closed[i]].known_us < at_us)
                at_us = self->bars[i][closed[i]].known_us;
            if (opened[i] < self->bar_count[i] && self->bars[i][opened[i]].open_us < at_us)
                at_us = self->bars[i][opened[i]].open_us;
        }
        if (at_us == INT64_MAX)
            break;
        qb_instant *instant = &instants[count++];
        *instant = (qb_instant){
            .at_us = at_us, .bars = &bars[bar_count], .openings = &openings[opening_count]};
        for (uint32_t i = 0; i < self->config.instrument_count; i++) {
            if (closed[i] < opened[i] && self->bars[i][closed[i]].known_us == at_us) {
                bars[bar_count++] = closed_of(&self->bars[i][closed[i]++], i);
                instant->bar_count++;
            }
            if (opened[i] < self->bar_count[i] && self->bars[i][opened[i]].open_us == at_us) {
                openings[opening_count++] = opening_of(&self->bars[i][opened[i]++], i);
                instant->opening_count++;
            }
        }
    }
    *out = (ref_case){
        .config = self->config,
        .instants = instants,
        .instant_count = count,
        .actions = self->actions,
        .action_count = self->action_count,
    };
    /* The case may have been copied. */
    out->config.instruments = self->instruments;
    if (self->config.instrument_costs != NULL)
        out->config.instrument_costs = self->costs;
    out->config.deposits = self->deposits;
    out->config.holdings = self->holdings;
}

/* ---- a script to read --------------------------------------------------------------------- */

static const char *amount(int64_t raw)
{
    static char texts[8][QB_RAW_TEXT];
    static unsigned next;
    return qb_raw_to_text(raw, texts[next++ % 8]);
}

static const char *when(int64_t at_us)
{
    static char texts[4][QB_TIME_TEXT];
    static unsigned next;
    return qb_time_to_text(at_us, texts[next++ % 4]);
}

static const char *const size_kinds[] = {"units", "cash", "of equity"};

static void print_costs(const qb_costs *costs, FILE *out)
{
    fprintf(out,
            "# fee %s + %s a unit, least %s, most %s, maker less %s, sales %s + %s;"
            " slippage %s, cap %s, impact %d x %s\n",
            amount(costs->fee_rate.raw), amount(costs->fee_per_unit.raw),
            amount(costs->fee_minimum.raw), amount(costs->fee_cap.raw),
            amount(costs->maker_discount.raw), amount(costs->sell_rate.raw),
            amount(costs->sell_per_unit.raw), amount(costs->slippage.raw),
            amount(costs->volume_cap.raw), (int)costs->impact, amount(costs->impact_rate.raw));
}

static void print_config(const fills_case *self, FILE *out)
{
    const qb_engine_config *config = &self->config;
    fprintf(out, "# seed %llu (%s): cash %s, leverage %s, %s, fill at %s, patience %u\n",
            (unsigned long long)self->seed, self->family, amount(config->cash.raw),
            amount(config->leverage.raw), qb_fill_model_text(config->fill_model),
            qb_fill_at_text(config->fill_at), config->patience);
    fprintf(out, "# a signal is %.10g %s%s\n", config->size.amount, size_kinds[config->size.kind],
            config->size.when == QB_SIZE_AT_FILL ? " at the fill" : "");
    if (config->instrument_costs == NULL)
        print_costs(&config->costs, out);
    if (config->borrow.raw != 0 || config->interest.raw != 0)
        fprintf(out, "# borrow %s, interest %s\n", amount(config->borrow.raw),
                amount(config->interest.raw));
    if (!config->maintenance_off)
        fprintf(out, "# maintenance %s\n", amount(config->maintenance.raw));
    for (size_t i = 0; i < config->deposit_count; i++)
        fprintf(out, "# deposit %s: %s\n", when(self->deposits[i].at_us),
                amount(self->deposits[i].amount.raw));
    for (size_t i = 0; i < config->holding_count; i++)
        fprintf(out, "# holds %s of %s at %s\n", amount(self->holdings[i].quantity.raw),
                self->instruments[self->holdings[i].instrument].symbol,
                amount(self->holdings[i].price.raw));
}

static void print_bar(const fills_bar *bar, FILE *out)
{
    fprintf(out, "#   %s .. %s  o %.10g h %.10g l %.10g c %.10g v %.10g", when(bar->open_us),
            when(bar->known_us), bar->bar.open, bar->bar.high, bar->bar.low, bar->bar.close,
            bar->bar.volume);
    if (bar->missed > 0)
        fprintf(out, ", %u missed before", bar->missed);
    if (bar->bar.flags != 0)
        fprintf(out, ", flags %d", bar->bar.flags);
    if (bar->bar.split_factor != 1.0)
        fprintf(out, ", split %.10g", bar->bar.split_factor);
    if (bar->bar.dividend != 0.0)
        fprintf(out, ", dividend %.10g", bar->bar.dividend);
    if (bar->bid > 0)
        fprintf(out, ", quoted %.10g-%.10g, at the close %.10g-%.10g", bar->bid, bar->ask,
                bar->close_bid, bar->close_ask);
    fprintf(out, "\n");
    for (size_t i = 0; i < bar->detail_count; i++) {
        const qb_bar *finer = &bar->details[i];
        fprintf(out, "#     %s o %.10g h %.10g l %.10g c %.10g v %.10g\n", when(finer->ts_us),
                finer->open, finer->high, finer->low, finer->close, finer->volume);
    }
}

static void print_exit(const char *name, const qb_exit *exit, FILE *out)
{
    static const char *kinds[] = {"", " at ", " away by ", " away by share "};
    if (exit->kind != QB_EXIT_NONE)
        fprintf(out, ", %s%s%.10g", name, kinds[exit->kind], exit->amount);
}

static void print_request(const fills_case *self, const ref_action *action, FILE *out)
{
    const qb_order_request *request = &action->request;
    fprintf(out, "%s%s %s %.10g %s%s", request->reduce_only ? "reduce-only " : "",
            request->side == QB_BUY ? "buy" : "sell", self->instruments[request->instrument].symbol,
            request->size.amount, size_kinds[request->size.kind],
            request->size.when == QB_SIZE_AT_FILL ? " at the fill" : "");
    if (action->verb == REF_SIGNAL)
        fprintf(out, ", of the size of a signal");
    if (action->verb != REF_SUBMIT)
        return;
    fprintf(out, "%s, %s %s", request->raw_prices ? "" : " (prices of the history)",
            qb_order_type_text(request->type), qb_time_in_force_text(request->time_in_force));
    if (request->limit != 0.0)
        fprintf(out, ", limit %.10g", request->limit);
    if (request->stop != 0.0)
        fprintf(out, ", stop %.10g", request->stop);
    print_exit("trail", &request->trail, out);
    if (request->time_in_force == QB_GTD)
        fprintf(out, ", until %s", when(request->good_until_us));
    if (request->group != 0)
        fprintf(out, ", group %llu", (unsigned long long)request->group);
    print_exit("take-profit", &request->take_profit, out);
    print_exit("stop-loss", &request->stop_loss, out);
    print_exit("trailing-stop", &request->trailing_stop, out);
    if (request->time_stop_bars > 0)
        fprintf(out, ", time stop %u bars", request->time_stop_bars);
}

void fills_case_print(const fills_case *self, FILE *out)
{
    print_config(self, out);
    for (uint32_t i = 0; i < self->config.instrument_count; i++) {
        const qb_instrument *instrument = &self->instruments[i];
        fprintf(out, "# %s: %s %s, tick %s, lot %s, decimals %d, multiplier %s\n",
                instrument->symbol, qb_calendar_name(instrument->calendar),
                qb_interval_text(instrument->interval), amount(instrument->tick.raw),
                amount(instrument->lot.raw), instrument->price_decimals,
                amount(instrument->multiplier.raw));
        if (self->config.instrument_costs != NULL)
            print_costs(&self->costs[i], out);
        for (size_t b = 0; b < self->bar_count[i]; b++)
            print_bar(&self->bars[i][b], out);
    }
    for (size_t i = 0; i < self->action_count; i++) {
        const ref_action *action = &self->actions[i];
        static const char *verbs[] = {"submit", "order", "target", "signal", "cancel"};
        if (action->fill != 0)
            fprintf(out, "# [%zu] after fill %llu: %s ", i, (unsigned long long)action->fill,
                    verbs[action->verb]);
        else
            fprintf(out, "# [%zu] %s (%s's bar) %s ", i, when(action->at_us),
                    self->instruments[action->asker].symbol, verbs[action->verb]);
        if (action->verb == REF_CANCEL)
            fprintf(out, "[%zu]", action->of);
        else
            print_request(self, action, out);
        fprintf(out, "\n");
    }
}
