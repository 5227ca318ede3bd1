#include "commands/explain-private.h"
#include "commands/log-private.h"

#include <math.h>
#include <string.h>

static const char *const stage_texts[EXPLAIN_STAGES] = {
    "warm-up", "signal", "filter", "sizing", "gate", "risk", "order", "fill",
};

const char *explain_stage_text(explain_stage stage)
{
    return stage_texts[stage];
}

const char *explain_verdict_text(explain_verdict verdict)
{
    static const char *const texts[] = {"yes", "no", "not reached"};
    return texts[verdict];
}

/* ---- words --------------------------------------------------------------------------------- */

static const struct {
    qb_reason reason;
    explain_stage stage; /* that says no with it, of an order refused at once */
    const char *text;
} reasons[] = {
    {QB_REASON_WARMUP, EXPLAIN_WARMUP, "the strategy's indicators had not settled"},
    {QB_REASON_BELOW_LOT, EXPLAIN_SIZING, "the size rounds down to nothing"},
    {QB_REASON_BAD_SIZE, EXPLAIN_SIZING, "the size is none"},
    {QB_REASON_CASH, EXPLAIN_GATE, "there was not enough equity for the exposure"},
    {QB_REASON_BAD_PRICE, EXPLAIN_GATE, "a price is none"},
    {QB_REASON_BAD_ORDER, EXPLAIN_GATE, "the order's parts do not go together"},
    {QB_REASON_TOO_MANY, EXPLAIN_GATE, "more orders were open than a run allows"},
    {QB_REASON_REDUCE_ONLY, EXPLAIN_GATE, "there was nothing left to reduce"},
    {QB_REASON_RISK, EXPLAIN_RISK, "a risk rule refused it"},
    {QB_REASON_HALTED, EXPLAIN_RISK, "a risk rule had closed the gate"},
    {QB_REASON_REPLACED, EXPLAIN_FILL, "a newer target took its place"},
    {QB_REASON_NO_DATA, EXPLAIN_FILL, "the bars that were expected did not come"},
    {QB_REASON_END_OF_DATA, EXPLAIN_FILL, "the run ended first"},
    {QB_REASON_BANKRUPT, EXPLAIN_FILL, "the account was bankrupt"},
    {QB_REASON_TIME, EXPLAIN_FILL, "its time in force was over"},
    {QB_REASON_NOT_FILLED, EXPLAIN_FILL, "it was not, or not all, to be had at the first price"},
    {QB_REASON_OCO, EXPLAIN_FILL, "another one of its group filled"},
    {QB_REASON_PARENT, EXPLAIN_FILL, "its parent ended without a fill"},
    {QB_REASON_CLOSED, EXPLAIN_FILL, "the position that it protects was closed"},
    {QB_REASON_ASKED, EXPLAIN_FILL, "it was asked to be cancelled"},
    {QB_REASON_MARGIN, EXPLAIN_FILL, "equity was below maintenance"},
};

static const char *reason_text(const char *reason)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (strcmp(qb_reason_text(reasons[i].reason), reason) == 0)
            return reasons[i].text;
    return reason;
}

static explain_stage reason_stage(const char *reason, explain_stage other)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (strcmp(qb_reason_text(reasons[i].reason), reason) == 0)
            return reasons[i].stage;
    return other;
}

/* ---- reading ------------------------------------------------------------------------------- */

static gboolean means(const char *typed, const char *symbol)
{
    char normal[QB_SYMBOL_SIZE];
    if (g_ascii_strcasecmp(typed, symbol) == 0)
        return TRUE;
    for (int asset = 0; asset < QB_ANY_ASSET_COUNT; asset++)
        if (qb_symbol_normalise(typed, (qb_asset)asset, normal) == QB_OK &&
            strcmp(normal, symbol) == 0)
            return TRUE;
    return FALSE;
}

static char *find_symbol(const runlog_summary *run, const char *typed, GError **error)
{
    g_auto(GStrv) universe = g_strsplit(run->universe, ",", -1);
    for (char **symbol = universe; *symbol != NULL; symbol++)
        if (means(typed, *symbol))
            return g_strdup(*symbol);
    g_autofree char *quoted = failure_quote(typed, -1);
    g_autofree char *known = log_universe_text(run);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--symbol: %s is not in that run (expected one of %s)", quoted, known);
    return NULL;
}

static const runlog_decision *decision_of(const explanation *self)
{
    return &g_array_index(self->decisions, runlog_decision, self->decisions->len - 1);
}

static void clear_order(void *row)
{
    g_clear_pointer(&((explain_order *)row)->fills, g_array_unref);
}

static gboolean add_order(runlog *log, explanation *self, const runlog_order *order, GError **error)
{
    const explain_order item = {order, runlog_fills_of(log, self->run, order->id, error)};
    if (item.fills == NULL)
        return FALSE;
    g_array_append_val(self->orders, item);
    return TRUE;
}

/* The one that the decision names goes first. */
static gboolean read_orders(runlog *log, explanation *self, GError **error)
{
    const char *own = decision_of(self)->order_id;
    self->order_rows = runlog_orders_at(log, self->run, self->symbol, self->at_us, error);
    if (self->order_rows == NULL)
        return FALSE;
    for (int others = 0; others < 2; others++)
        for (guint i = 0; i < self->order_rows->len; i++) {
            const runlog_order *order = &g_array_index(self->order_rows, runlog_order, i);
            if ((g_strcmp0(order->id, own) != 0) == others && !add_order(log, self, order, error))
                return FALSE;
        }
    return TRUE;
}

gboolean explain_concerns(const explanation *self, const runlog_risk *risk)
{
    for (guint i = 0; i < self->orders->len; i++)
        if (g_strcmp0(g_array_index(self->orders, explain_order, i).order->id, risk->order_id) == 0)
            return TRUE;
    return risk->ts_us == self->at_us &&
           (risk->symbol[0] == '\0' || strcmp(risk->symbol, self->symbol) == 0);
}

/* ---- stages -------------------------------------------------------------------------------- */

/* That stage says this; those before it have said yes, those after it are not reached. */
static void G_GNUC_PRINTF(4, 5)
    settle(explanation *self, explain_stage stage, gboolean no, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_free(self->stages[stage].text);
    self->stages[stage].text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (!no)
        return;
    self->first_no = stage;
    for (int i = 0; i < EXPLAIN_STAGES; i++)
        self->stages[i].verdict = i < (int)stage    ? EXPLAIN_YES
                                  : i == (int)stage ? EXPLAIN_NO
                                                    : EXPLAIN_NOT_REACHED;
}

static char *figure(double value)
{
    return isnan(value) ? g_strdup("nothing") : g_strdup_printf("%.8g", value);
}

static void say_sizing(explanation *self, const runlog_order *order)
{
    char units[QB_RAW_TEXT];
    const gboolean weight = strcmp(order->size_kind, "weight") == 0;
    g_autofree char *amount = figure(weight ? order->size_amount * 100 : order->size_amount);
    settle(self, EXPLAIN_SIZING, FALSE, "%s%s is %s units", amount,
           weight                                  ? "% of equity"
           : strcmp(order->size_kind, "cash") == 0 ? " of cash"
                                                   : " units",
           qb_raw_to_text(order->qty_e8, units));
}

/* What rules did to orders of this moment without refusing them. */
static void say_risk(explanation *self)
{
    for (guint i = 0; i < self->risks->len; i++) {
        const runlog_risk *risk = &g_array_index(self->risks, runlog_risk, i);
        char asked[QB_RAW_TEXT], allowed[QB_RAW_TEXT];
        if (!explain_concerns(self, risk) || risk->order_id == NULL ||
            risk->allowed_e8 >= risk->asked_e8)
            continue;
        settle(self, EXPLAIN_RISK, FALSE, "%s cut %s units to %s", risk->rule,
               qb_raw_to_text(risk->asked_e8, asked), qb_raw_to_text(risk->allowed_e8, allowed));
        return;
    }
}

static void say_order(explanation *self, const runlog_order *order)
{
    char units[QB_RAW_TEXT], price[QB_RAW_TEXT];
    g_autoptr(GString) text = g_string_new(order->is_sell ? "sell " : "buy ");
    g_string_append_printf(text, "%s %s", qb_raw_to_text(order->qty_e8, units), order->type);
    if (order->stop_e8 > 0)
        g_string_append_printf(text, " at %s", qb_raw_to_text(order->stop_e8, price));
    if (order->limit_e8 > 0)
        g_string_append_printf(text, ", limit %s", qb_raw_to_text(order->limit_e8, price));
    settle(self, EXPLAIN_ORDER, FALSE, "%s%s%s%s", text->str, *order->tif != '\0' ? ", " : "",
           order->tif, order->reduce_only ? ", reduce-only" : "");
}

static void say_refusal(explanation *self, const char *reason, const runlog_order *order,
                        explain_stage other)
{
    const explain_stage stage = reason_stage(reason, other);
    if (order == NULL || order->risk_rule[0] == '\0') {
        settle(self, stage, TRUE, "%s (%s)", reason_text(reason), reason);
        return;
    }
    g_autofree char *limit = figure(order->risk_limit), *value = figure(order->risk_value);
    settle(self, stage, TRUE, "the rule %s refused it: %s found, %s allowed", order->risk_rule,
           value, limit);
}

static void say_fills(explanation *self, const explain_order *item)
{
    const runlog_order *order = item->order;
    char filled[QB_RAW_TEXT], quantity[QB_RAW_TEXT], price[QB_RAW_TEXT];
    g_autofree char *when = log_time_text(order->final_us);
    if (item->fills->len > 0 && strcmp(order->status, "filled") == 0) {
        const runlog_fill *first = &g_array_index(item->fills, runlog_fill, 0);
        settle(self, EXPLAIN_FILL, FALSE, "%s units in %u fill%s, the first at %s; done %s",
               qb_raw_to_text(order->filled_e8, filled), item->fills->len,
               item->fills->len > 1 ? "s" : "", qb_raw_to_text(first->price_e8, price), when);
        return;
    }
    settle(self, EXPLAIN_FILL, TRUE, "%s %s with %s of %s units: %s (%s)", order->status, when,
           qb_raw_to_text(order->filled_e8, filled), qb_raw_to_text(order->qty_e8, quantity),
           reason_text(order->reason), order->reason);
}

static void judge_order(explanation *self, const char *reason)
{
    const explain_order *item = self->orders->len > 0
                                    ? &g_array_index(self->orders, explain_order, 0)
                                    : NULL;
    if (item == NULL) {
        say_refusal(self, reason, NULL, EXPLAIN_GATE);
        return;
    }
    const runlog_order *order = item->order;
    say_sizing(self, order);
    say_risk(self);
    say_order(self, order);
    if (strcmp(order->status, "rejected") == 0)
        say_refusal(self, order->reason, order, EXPLAIN_GATE);
    else
        say_fills(self, item);
}

static void judge(explanation *self)
{
    const runlog_decision *decision = decision_of(self);
    g_autofree char *signal = figure(decision->signal);
    self->first_no = EXPLAIN_STAGES;
    if (!isnan(decision->signal))
        settle(self, EXPLAIN_SIGNAL, FALSE, "wished %s", signal);
    if (strcmp(decision->stage, "warmup") == 0)
        settle(self, EXPLAIN_WARMUP, TRUE, "the strategy's indicators had not settled");
    else if (strcmp(decision->stage, "no-signal") == 0)
        settle(self, EXPLAIN_SIGNAL, TRUE, "%s",
               strcmp(decision->reason, "disabled") == 0
                   ? "the strategy had given a size that is none and was asked no more"
                   : "the strategy wished nothing");
    else if (strcmp(decision->stage, "held") == 0)
        settle(self, EXPLAIN_SIGNAL, TRUE,
               "the strategy wished %s as before: that had been acted upon", signal);
    else if (strcmp(decision->stage, "filtered") == 0)
        settle(self, EXPLAIN_FILTER, TRUE, "the filter %s stood in the way of %s",
               decision->filter != NULL ? decision->filter : "of the strategy", signal);
    else
        judge_order(self, decision->reason);
}

static void conclude(explanation *self)
{
    if (self->first_no < EXPLAIN_STAGES)
        self->sentence = g_strdup_printf("The first to say no was the %s: %s.",
                                         explain_stage_text(self->first_no),
                                         self->stages[self->first_no].text);
    else
        self->sentence = g_strdup_printf("Nothing said no: %s.",
                                         self->stages[EXPLAIN_FILL].text != NULL
                                             ? self->stages[EXPLAIN_FILL].text
                                             : "the order was made");
}

explanation *explain(runlog *log, const runlog_summary *run, const char *symbol, gint64 at_us,
                     GError **error)
{
    g_autoptr(explanation) self = g_new0(explanation, 1);
    self->run = g_strdup(run->id);
    self->strategy = log_strategy_text(run);
    self->orders = g_array_new(FALSE, FALSE, sizeof(explain_order));
    g_array_set_clear_func(self->orders, clear_order);
    self->symbol = find_symbol(run, symbol, error);
    if (self->symbol == NULL)
        return NULL;
    self->decisions = runlog_decisions_at(log, run->id, self->symbol, at_us, &self->at_us, error);
    if (self->decisions == NULL)
        return NULL;
    if (self->decisions->len == 0) {
        g_autofree char *when = log_time_text(at_us);
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s: no bar of the run was known by %s (quantbot runs show tells its days)",
                    self->symbol, when);
        return NULL;
    }
    self->risks = runlog_risks(log, run->id, 0, error);
    if (self->risks == NULL || !read_orders(log, self, error))
        return NULL;
    judge(self);
    conclude(self);
    return g_steal_pointer(&self);
}

void explanation_free(explanation *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < EXPLAIN_STAGES; i++)
        g_free(self->stages[i].text);
    g_clear_pointer(&self->orders, g_array_unref);
    g_clear_pointer(&self->decisions, g_array_unref);
    g_clear_pointer(&self->order_rows, g_array_unref);
    g_clear_pointer(&self->risks, g_array_unref);
    g_free(self->run);
    g_free(self->symbol);
    g_free(self->strategy);
    g_free(self->sentence);
    g_free(self);
}
