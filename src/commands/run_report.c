#include "commands/commands-private.h"
#include "commands/run-private.h"
#include "platform/files.h"
#include "reports/reports.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- words for a run ----------------------------------------------------------------------- */

static void add_param_text(const char *name, const qb_param *param, const char *value,
                           gpointer data)
{
    GString *text = data;
    g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", name, value);
}

static char *params_text(const run_plan *plan)
{
    GString *text = g_string_new(NULL);
    run_plan_each_param(plan, add_param_text, text);
    return g_string_free(text, FALSE);
}

static char *universe_text(const run_plan *plan)
{
    if (plan->count <= 5)
        return g_strjoinv(", ", plan->symbols);
    return g_strdup_printf("%s, %s, %s and %u more", plan->symbols[0], plan->symbols[1],
                           plan->symbols[2], plan->count - 3);
}

static void add_fees(const run_plan *plan, GString *text)
{
    const qb_costs *costs = &plan->costs;
    g_string_append_printf(text, "fee %s bps", run_texts_get(plan->texts, "fee-bps"));
    if (costs->maker_discount.raw > 0)
        g_string_append_printf(text, " (makers %s)", run_texts_get(plan->texts, "fee-maker-bps"));
    if (costs->fee_per_unit.raw > 0)
        g_string_append_printf(text, " + %s a unit", run_texts_get(plan->texts, "fee-per-unit"));
    if (costs->fee_minimum.raw > 0)
        g_string_append_printf(text, " (at least %s)", run_texts_get(plan->texts, "fee-minimum"));
    if (costs->fee_cap.raw > 0)
        g_string_append_printf(text, " (at most %s)", run_texts_get(plan->texts, "fee-cap"));
    if (costs->sell_rate.raw > 0)
        g_string_append_printf(text, ", sales %s bps", run_texts_get(plan->texts, "sell-fee-bps"));
    if (costs->sell_per_unit.raw > 0)
        g_string_append_printf(text, " + %s a unit sold",
                               run_texts_get(plan->texts, "sell-fee-per-unit"));
}

static char *costs_text(const run_plan *plan)
{
    const char *cap = run_texts_get(plan->texts, "volume-cap");
    GString *text = g_string_new(NULL);
    add_fees(plan, text);
    g_string_append_printf(text, ", slippage %s bps", run_texts_get(plan->texts, "slippage-bps"));
    if (plan->costs.impact != QB_IMPACT_NONE)
        g_string_append_printf(text, ", impact %s", run_texts_get(plan->texts, "impact"));
    g_string_append_printf(text, ", fills at the %s",
                           plan->fill_at == QB_FILL_NEXT_OPEN    ? "next open"
                           : plan->fill_at == QB_FILL_NEXT_CLOSE ? "next close"
                                                                 : "close that decided");
    if (plan->fill_model != QB_NEUTRAL)
        g_string_append_printf(text, " (%s)", qb_fill_model_text(plan->fill_model));
    if (plan->costs.volume_cap.raw > 0)
        g_string_append_printf(text, ", at most %s of a bar's volume", cap);
    if (plan->borrow.raw > 0)
        g_string_append_printf(text, ", borrow %s a year", run_texts_get(plan->texts, "borrow"));
    if (plan->interest.raw > 0)
        g_string_append_printf(text, ", interest %s a year",
                               run_texts_get(plan->texts, "margin-interest"));
    return g_string_free(text, FALSE);
}

static char *period_text(const run_result *result)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    /* A bar known at midnight closed on the day before. */
    return g_strdup_printf("%s to %s",
                           qb_date_to_text(qb_date_from_us(result->totals.first_us - 1), first),
                           qb_date_to_text(qb_date_from_us(result->totals.last_us - 1), last));
}

/* ---- terminal ------------------------------------------------------------------------------ */

void run_report_print(const run_plan *plan, const run_bars *bars, const run_result *result,
                      const run_plan *beside_plan, const run_result *beside, const metrics_as *as,
                      const run_band *band, const sheet_wish *wish, const char *log)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autofree char *universe = universe_text(plan);
    g_autofree char *period = period_text(result);
    g_autofree char *params = params_text(plan);
    g_autofree char *costs = costs_text(plan);
    g_autofree char *cash = report_money_text(qb_raw_to_double(plan->cash.raw));
    g_autofree char *line = g_strdup_printf(
        "%s, %s, %" G_GUINT64_FORMAT " bars of %s (%s)", universe, period, result->totals.bars,
        qb_interval_text(plan->keys[0].interval), qb_calendar_name(plan->instruments[0].calendar));
    g_autofree char *strategy = g_strdup_printf("%s%s%s", plan->name, *params ? " " : "", params);
    g_autofree char *terms = g_strdup_printf("%s in cash; %s", cash, costs);
    command_print_wrapped("Universe  ", line, style.width);
    command_print_wrapped("Strategy  ", strategy, style.width);
    command_print_wrapped("Terms     ", terms, style.width);
    g_auto(result_sheet)
        sheet = result_sheet_of(result->closed, result->rest_json, plan->keys[0].interval >= QB_1D);
    sheet_print_head(&sheet, &style);
    const report_run runs[] = {
        {plan->name, &result->kpis, run_result_curve(result)},
        {beside_plan != NULL ? beside_plan->name : "", beside ? &beside->kpis : NULL,
         beside != NULL ? run_result_curve(beside) : (qb_curve){0}},
    };
    if (as != NULL)
        metrics_as_print(as, &result->kpis, &style);
    else
        report_kpis_print(runs, beside != NULL ? 2 : 1, &style, stdout);
    putchar('\n');
    if (band != NULL)
        run_band_print(band);
    sheet_print_tables(&sheet, wish, &style);
    sheet_print_doctor(&sheet, &style);
    if (result->checked) {
        g_autofree char *check = run_check_text(plan, &result->honesty);
        command_print_wrapped("Check     ", check, style.width);
    }
    if (result->id != NULL) {
        g_autofree char *logged = g_strdup_printf("%s in %s", result->id, log);
        command_print_wrapped("Run       ", logged, style.width);
    }
    command_print_wrapped("          ", "Simulated results, no advice.", style.width);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_number(GString *text, const char *name, gint64 raw)
{
    char number[QB_RAW_TEXT];
    g_string_append_printf(text, "\"%s\":%s,", name, qb_raw_to_text(raw, number));
}

static void add_param_json(const char *name, const qb_param *param, const char *value,
                           gpointer data)
{
    GString *text = data;
    const char *quote = param->type == QB_PARAM_CHOICE ? "\"" : "";
    g_string_append_printf(text, "%s\"%s\":%s%s%s", text->str[text->len - 1] == '{' ? "" : ",",
                           name, quote, value, quote);
}

static void add_result(GString *text, const run_plan *plan, const run_result *result)
{
    const qb_engine_totals *totals = &result->totals;
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    g_string_append_printf(text, "{\"run\":");
    if (result->id != NULL)
        g_string_append_printf(text, "\"%s\",", result->id);
    else
        g_string_append(text, "null,");
    g_string_append_printf(text, "\"strategy\":\"%s\",\"params\":{", plan->name);
    run_plan_each_param(plan, add_param_json, text);
    g_string_append(text, "},\"symbols\":[");
    for (guint32 i = 0; i < plan->count; i++)
        g_string_append_printf(text, "%s\"%s\"", i > 0 ? "," : "", plan->symbols[i]);
    g_string_append_printf(text, "],\"first\":\"%s\",\"last\":\"%s\",",
                           qb_time_to_text(totals->first_us, first),
                           qb_time_to_text(totals->last_us, last));
    g_string_append_printf(text,
                           "\"bars\":%" G_GUINT64_FORMAT ",\"skipped_bars\":%" G_GUINT64_FORMAT
                           ",\"unpriced_bars\":%" G_GUINT64_FORMAT ",\"orders\":%" G_GUINT64_FORMAT
                           ",\"fills\":%" G_GUINT64_FORMAT ",\"trades\":%" G_GUINT64_FORMAT
                           ",\"rejected\":%" G_GUINT64_FORMAT ",\"expired\":%" G_GUINT64_FORMAT
                           ",\"cancelled\":%" G_GUINT64_FORMAT ",",
                           totals->bars, result->skipped_bars, result->unpriced_bars,
                           totals->orders, totals->fills, totals->trades, totals->rejected,
                           totals->expired, totals->cancelled);
    add_number(text, "cash", totals->cash.raw);
    add_number(text, "equity", totals->equity.raw);
    add_number(text, "fees", totals->fees.raw);
    add_number(text, "deposits", totals->deposits.raw);
    add_number(text, "borrow", totals->borrow.raw);
    add_number(text, "interest", totals->interest.raw);
    add_number(text, "dividends", totals->dividends.raw);
    add_number(text, "in_lieu", totals->in_lieu.raw);
    add_number(text, "realised", totals->realised.raw);
    add_number(text, "unrealised", totals->unrealised.raw);
    g_string_append_printf(text, "\"bankrupt\":%s,\"kpis\":%s,\"state_hash\":\"%s\"",
                           totals->bankrupt ? "true" : "false", result->kpis_json,
                           result->state_hash);
}

void run_report_json(const run_plan *plan, const run_bars *bars, const run_result *result,
                     const run_plan *beside_plan, const run_result *beside, const metrics_as *as,
                     const run_band *band, const sheet_wish *wish)
{
    g_auto(result_sheet)
        sheet = result_sheet_of(result->closed, result->rest_json, plan->keys[0].interval >= QB_1D);
    g_autoptr(GString) text = g_string_new(NULL);
    add_result(text, plan, result);
    sheet_put_json(text, &sheet, wish);
    if (result->checked) {
        json_t *check = run_check_json(plan, &result->honesty);
        g_autofree char *written = json_dumps(check, JSON_COMPACT);
        json_decref(check);
        g_string_append_printf(text, ",\"check\":%s", written);
    }
    if (beside != NULL) {
        g_string_append(text, ",\"beside\":");
        add_result(text, beside_plan, beside);
        g_string_append(text, "}");
    }
    if (band != NULL)
        run_band_put_json(text, band);
    g_autofree char *figures = as != NULL ? metrics_as_json(as, &result->kpis) : NULL;
    g_string_append(text, figures != NULL ? figures : "");
    g_string_append(text, "}\n");
    fputs(text->str, stdout);
}

/* ---- chart --------------------------------------------------------------------------------- */

static char *fact(const run_result *result, const char *key)
{
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        if (strcmp(qb_kpi_table[i].key, key) == 0)
            return report_ratio_text(
                &qb_kpi_table[i],
                (const qb_ratio *)((const char *)&result->kpis + qb_kpi_table[i].offset));
    g_assert_not_reached();
}

gboolean run_report_chart(const run_plan *plan, const run_result *result,
                          const run_plan *beside_plan, const run_result *beside, const char *path,
                          GError **error)
{
    static const char *const shown[][2] = {
        {"Total return", "total_return"},
        {"CAGR", "cagr"},
        {"Sharpe", "sharpe"},
        {"Sortino", "sortino"},
        {"Max drawdown", "max_drawdown"},
        {"Volatility", "volatility"},
        {"Win rate", "win_rate"},
    };
    g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < G_N_ELEMENTS(shown); i++) {
        g_ptr_array_add(facts, g_strdup(shown[i][0]));
        g_ptr_array_add(facts, fact(result, shown[i][1]));
    }
    g_ptr_array_add(facts, g_strdup("Trades"));
    g_ptr_array_add(facts, g_strdup_printf("%" G_GUINT64_FORMAT, result->totals.trades));
    g_ptr_array_add(facts, NULL);

    g_autofree char *universe = universe_text(plan);
    g_autofree char *params = params_text(plan);
    g_autofree char *period = period_text(result);
    g_autofree char *costs = costs_text(plan);
    g_autofree char *title = g_strdup_printf("%s  \u00b7  %s", universe, plan->name);
    g_autofree char *subtitle = g_strdup_printf("%s%s%s  \u00b7  %s", params,
                                                *params ? "  \u00b7  " : "", period, costs);
    const chart chart = {
        .title = title,
        .subtitle = subtitle,
        .footer = "Simulated results, no advice.",
        .equity = {plan->name, run_result_curve(result)},
        .benchmark = {beside_plan ? beside_plan->name : NULL,
                      beside ? run_result_curve(beside) : (qb_curve){0}},
        .facts = (const char *const *)facts->pdata,
    };
    g_autoptr(GBytes) png = chart_png(&chart, error);
    if (png == NULL)
        return FALSE;
    gsize size;
    const void *bytes = g_bytes_get_data(png, &size);
    return files_replace(path, bytes, size, error);
}
