#include "commands/commands-private.h"
#include "commands/explain-private.h"
#include "commands/log-private.h"
#include "reports/reports.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Why there was, or was not, an order of an instrument at a moment of a logged run: each stage\n"
    "from the warm-up to the fill, and the first that said no. Everything is read from the run "
    "log.\n"
    "A date means the last bar known on that day, a time the last bar known by then.\n"
    "\n"
    "Examples:\n"
    "  quantbot explain --run last --symbol AAPL --time 2017-06-05\n"
    "  quantbot explain --run 0192f3c8 --symbol btc --time 2021-05-19T13:00:00Z --json\n";

/* ---- text ---------------------------------------------------------------------------------- */

static void print_stages(const explanation *self, const report_style *style)
{
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "stage", REPORT_LEFT, 0);
    report_table_column(table, "verdict", REPORT_LEFT, 0);
    report_table_column(table, "what", REPORT_LEFT, 1);
    for (int i = 0; i < EXPLAIN_STAGES; i++) {
        const char *text = self->stages[i].text;
        const char *const cells[] = {explain_stage_text((explain_stage)i),
                                     explain_verdict_text(self->stages[i].verdict),
                                     text != NULL ? text : ""};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
}

static void print_orders(const explanation *self, const report_style *style)
{
    if (self->orders->len == 0)
        return;
    g_autoptr(report_table) table = report_table_new("Orders of that moment");
    report_table_column(table, "order", REPORT_LEFT, 0);
    report_table_column(table, "for", REPORT_LEFT, 2);
    report_table_column(table, "side", REPORT_LEFT, 0);
    report_table_column(table, "type", REPORT_LEFT, 0);
    report_table_column(table, "filled", REPORT_RIGHT, 0);
    report_table_column(table, "of", REPORT_RIGHT, 0);
    report_table_column(table, "end", REPORT_LEFT, 0);
    report_table_column(table, "why", REPORT_LEFT, 1);
    for (guint i = 0; i < self->orders->len; i++) {
        const runlog_order *order = g_array_index(self->orders, explain_order, i).order;
        char filled[QB_RAW_TEXT], quantity[QB_RAW_TEXT];
        const char *number = strrchr(order->id, ':');
        const char *const cells[] = {number != NULL ? number + 1 : order->id,
                                     order->purpose,
                                     order->is_sell ? "sell" : "buy",
                                     order->type,
                                     qb_raw_to_text(order->filled_e8, filled),
                                     qb_raw_to_text(order->qty_e8, quantity),
                                     order->status,
                                     order->reason};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
}

static void print_explanation(const explanation *self)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    const runlog_decision *decision = &g_array_index(self->decisions, runlog_decision,
                                                     self->decisions->len - 1);
    g_autofree char *when = log_time_text(self->at_us);
    g_autofree char *first = log_time_text(decision->first_us);
    g_autofree char *last = log_time_text(decision->last_us);
    g_autofree char *head = g_strdup_printf("%s in run %s (%s), the bar known at %s UTC",
                                            self->symbol, self->run, self->strategy, when);
    command_print_wrapped("", head, style.width);
    if (decision->bars > 1) {
        g_autofree char *stretch = g_strdup_printf(
            "The same on %" G_GINT64_FORMAT " bars, %s to %s.", decision->bars, first, last);
        command_print_wrapped("", stretch, style.width);
    }
    putchar('\n');
    print_stages(self, &style);
    print_orders(self, &style);
    g_autoptr(GArray) risks = g_array_new(FALSE, FALSE, sizeof(runlog_risk));
    for (guint i = 0; i < self->risks->len; i++)
        if (explain_concerns(self, &g_array_index(self->risks, runlog_risk, i)))
            g_array_append_val(risks, g_array_index(self->risks, runlog_risk, i));
    if (risks->len > 0)
        log_risks_print(risks, &style);
    command_print_wrapped("", self->sentence, style.width);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && *text != '\0' ? json_string(text) : json_null();
}

/* Exact decimals as texts would not be numbers; 1e-8 units divided are the nearest doubles. */
static json_t *amount(gint64 raw)
{
    return raw != 0 ? json_real(qb_raw_to_double(raw)) : json_null();
}

static json_t *moment(gint64 at_us)
{
    char text[QB_TIME_TEXT];
    return at_us != 0 ? json_string(qb_time_to_text(at_us, text)) : json_null();
}

static json_t *decision_json(const runlog_decision *decision)
{
    return json_pack("{s:o, s:o, s:I, s:o, s:s, s:o, s:o, s:o}", "first",
                     moment(decision->first_us), "last", moment(decision->last_us), "bars",
                     (json_int_t)decision->bars, "signal", number(decision->signal), "stage",
                     decision->stage, "reason", text_or_null(decision->reason), "filter",
                     text_or_null(decision->filter), "order", text_or_null(decision->order_id));
}

static json_t *fills_json(const GArray *fills)
{
    json_t *all = json_array();
    for (guint i = 0; i < fills->len; i++) {
        const runlog_fill *fill = &g_array_index(fills, runlog_fill, i);
        json_array_append_new(all, json_pack("{s:o, s:o, s:o, s:o, s:o}", "time",
                                             moment(fill->ts_us), "units", amount(fill->qty_e8),
                                             "price", amount(fill->price_e8), "fee",
                                             number(qb_raw_to_double(fill->fee_e8)), "reference",
                                             amount(fill->reference_e8)));
    }
    return all;
}

static json_t *order_json(const explain_order *item)
{
    const runlog_order *order = item->order;
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id", order->id, "side",
                               order->is_sell ? "sell" : "buy", "type", text_or_null(order->type),
                               "time_in_force", text_or_null(order->tif), "units",
                               number(qb_raw_to_double(order->qty_e8)), "filled",
                               number(qb_raw_to_double(order->filled_e8)), "limit",
                               amount(order->limit_e8), "stop", amount(order->stop_e8));
    json_object_set_new(object, "reduce_only", json_boolean(order->reduce_only));
    json_object_set_new(object, "for", text_or_null(order->purpose));
    json_object_set_new(object, "strategy", text_or_null(order->strategy));
    json_object_set_new(object, "parent", text_or_null(order->parent));
    json_object_set_new(object, "size_kind", json_string(order->size_kind));
    json_object_set_new(object, "size", number(order->size_amount));
    json_object_set_new(object, "status", json_string(order->status));
    json_object_set_new(object, "reason", text_or_null(order->reason));
    json_object_set_new(object, "submitted", moment(order->ts_us));
    json_object_set_new(object, "ended", moment(order->final_us));
    json_object_set_new(object, "risk_rule", text_or_null(order->risk_rule));
    json_object_set_new(object, "risk_limit", number(order->risk_limit));
    json_object_set_new(object, "risk_value", number(order->risk_value));
    json_object_set_new(object, "fills", fills_json(item->fills));
    return object;
}

static json_t *risks_json(const explanation *self)
{
    json_t *all = json_array();
    for (guint i = 0; i < self->risks->len; i++) {
        const runlog_risk *risk = &g_array_index(self->risks, runlog_risk, i);
        if (explain_concerns(self, risk))
            json_array_append_new(all,
                                  json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "rule",
                                            risk->rule, "action", risk->action, "limit",
                                            number(risk->limit), "found", number(risk->value),
                                            "asked", number(qb_raw_to_double(risk->asked_e8)),
                                            "allowed", number(qb_raw_to_double(risk->allowed_e8)),
                                            "order", text_or_null(risk->order_id)));
    }
    return all;
}

static void print_json(const explanation *self)
{
    json_t *decisions = json_array(), *stages = json_array(), *orders = json_array();
    for (guint i = 0; i < self->decisions->len; i++)
        json_array_append_new(decisions,
                              decision_json(&g_array_index(self->decisions, runlog_decision, i)));
    for (int i = 0; i < EXPLAIN_STAGES; i++)
        json_array_append_new(stages, json_pack("{s:s, s:s, s:o}", "stage",
                                                explain_stage_text((explain_stage)i), "verdict",
                                                explain_verdict_text(self->stages[i].verdict),
                                                "text", text_or_null(self->stages[i].text)));
    for (guint i = 0; i < self->orders->len; i++)
        json_array_append_new(orders, order_json(&g_array_index(self->orders, explain_order, i)));
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "run", self->run, "strategy",
        self->strategy, "symbol", self->symbol, "known", moment(self->at_us), "decisions",
        decisions, "stages", stages, "orders", orders, "risk_events", risks_json(self), "first_no",
        self->first_no < EXPLAIN_STAGES ? json_string(explain_stage_text(self->first_no))
                                        : json_null(),
        "sentence", self->sentence);
    g_autofree char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    printf("%s\n", text);
    json_decref(root);
}

/* ---- the command --------------------------------------------------------------------------- */

/* A date ends with its day: what closes at midnight still belongs to it. */
static gboolean read_time(const char *text, gint64 *out_us, GError **error)
{
    if (!command_time("--time", text, out_us, error))
        return FALSE;
    if (strlen(text) == strlen("2020-01-31"))
        *out_us += QB_DAY_US;
    return TRUE;
}

static gboolean run_explain(const char *id, const char *symbol, const char *time, gboolean json,
                            const settings *settings, GError **error)
{
    gint64 at_us = 0;
    if (!read_time(time, &at_us, error))
        return FALSE;
    g_autoptr(runlog) log = log_open(settings, FALSE, error);
    g_autoptr(runlog_summary) run = log != NULL ? runlog_find(log, id, error) : NULL;
    g_autoptr(explanation) found = run != NULL ? explain(log, run, symbol, at_us, error) : NULL;
    if (found == NULL)
        return FALSE;
    if (json)
        print_json(found);
    else
        print_explanation(found);
    return TRUE;
}

int command_explain(int argc, char **argv)
{
    g_autofree char *id = NULL, *symbol = NULL, *time = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"run", 0, 0, G_OPTION_ARG_STRING, &id, "The run: an id, its first letters, or last",
         "ID|last"},
        {"symbol", 0, 0, G_OPTION_ARG_STRING, &symbol, "One of the run's instruments", "SYMBOL"},
        {"time", 0, 0, G_OPTION_ARG_STRING, &time, "When: a date or a time", "TIME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "As JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("explain", "unexpected \"%s\"", argv[1]);
    if (symbol == NULL || time == NULL)
        return command_usage("explain", "give --symbol and --time (and --run, else the last run)");
    g_autoptr(settings) settings = command_settings(&exit_code);
    GError *error = NULL;
    if (settings == NULL)
        return exit_code;
    if (!run_explain(id != NULL ? id : "last", symbol, time, json, settings, &error))
        return command_fail(error);
    return 0;
}
