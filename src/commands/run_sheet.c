/* What is stored of a result beside its ratios: the JSON that sheet-private.h calls the rest. */
#include "commands/log-private.h"
#include "commands/run-private.h"
#include "commands/sheet-private.h"

#include <math.h>

double run_result_costs(const run_result *result)
{
    const qb_engine_totals *totals = &result->totals;
    return qb_raw_to_double(totals->fees.raw) + qb_raw_to_double(totals->borrow.raw) +
           qb_raw_to_double(totals->interest.raw) + fmax(result->slippage, 0);
}

double run_result_earned(const run_result *result)
{
    const qb_engine_totals *totals = &result->totals;
    return qb_raw_to_double(totals->equity.raw) - result->kpis.start -
           qb_raw_to_double(totals->deposits.raw) + run_result_costs(result);
}

/* ---- pieces --------------------------------------------------------------------------------- */

static void put_key(GString *text, const char *key)
{
    const char last = text->str[text->len - 1];
    g_string_append_printf(text, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", key);
}

static void put_number(GString *text, const char *key, double value)
{
    char number[32];
    put_key(text, key);
    g_string_append(text, report_json_number(value, number));
}

static void put_money(GString *text, const run_result *result)
{
    const qb_engine_totals *totals = &result->totals;
    put_key(text, "money");
    g_string_append_c(text, '{');
    put_number(text, "start", result->kpis.start);
    log_put_amount(text, "end", totals->equity.raw);
    log_put_amount(text, "deposits", totals->deposits.raw);
    log_put_amount(text, "realised", totals->realised.raw);
    log_put_amount(text, "unrealised", totals->unrealised.raw);
    log_put_amount(text, "fees", totals->fees.raw);
    put_number(text, "slippage", result->slippage);
    log_put_amount(text, "borrow", totals->borrow.raw);
    log_put_amount(text, "interest", totals->interest.raw);
    log_put_amount(text, "dividends", totals->dividends.raw);
    log_put_amount(text, "in_lieu", totals->in_lieu.raw);
    log_put_amount(text, "traded", totals->traded.raw);
    put_number(text, "earned_before_costs", run_result_earned(result));
    put_number(text, "costs", run_result_costs(result));
    g_string_append_c(text, '}');
}

/* ---- months --------------------------------------------------------------------------------- */

/* A period that ends at midnight belongs to the day that ends there. */
static GArray *months_of(const run_plan *plan, const run_result *result)
{
    const qb_calendar *calendar = run_plan_calendar(plan);
    const qb_kpi_input input = run_result_input(plan, result);
    const gsize count = input.periods.count;
    g_autofree int32_t *dates = g_new(int32_t, count + 1);
    for (gsize i = 0; i < count; i++)
        dates[i] = qb_calendar_date(calendar, input.periods.ts_us[i] - 1);
    GArray *months = g_array_new(FALSE, FALSE, sizeof(qb_month_return));
    g_array_set_size(months, (guint)qb_month_returns(&input.periods, dates, NULL, 0));
    qb_month_returns(&input.periods, dates, (qb_month_return *)(void *)months->data, months->len);
    return months;
}

static void put_months(GString *text, const GArray *months)
{
    const qb_month_return *all = (const qb_month_return *)(const void *)months->data;
    put_key(text, "months");
    g_string_append_c(text, '[');
    for (guint i = 0; i < months->len; i++) {
        g_string_append_printf(text, "%s{\"month\":\"%04d-%02d\"", i > 0 ? "," : "",
                               (int)all[i].year, (int)all[i].month);
        put_number(text, "return", all[i].value);
        g_string_append_c(text, '}');
    }
    g_string_append(text, "],\"years\":[");
    for (guint i = 0; i < months->len; i++) {
        if (i > 0 && all[i].year == all[i - 1].year)
            continue;
        g_string_append_printf(text, "%s{\"year\":%d", i > 0 ? "," : "", (int)all[i].year);
        put_number(text, "return", qb_year_return(all, months->len, all[i].year));
        g_string_append_c(text, '}');
    }
    g_string_append_c(text, ']');
}

/* ---- drawdowns ------------------------------------------------------------------------------ */

static void put_drawdown(GString *text, const qb_drawdown *drawdown)
{
    g_string_append_c(text, '{');
    put_number(text, "depth", drawdown->depth);
    log_put_time(text, "peak", drawdown->peak_us);
    log_put_time(text, "trough", drawdown->trough_us);
    log_put_time(text, "recovery", drawdown->recovery_us);
    put_number(text, "days_down",
               (double)(drawdown->trough_us - drawdown->peak_us) / (double)QB_DAY_US);
    put_number(text, "days", (double)drawdown->longest_us / (double)QB_DAY_US);
    g_string_append_c(text, '}');
}

static void put_drawdowns(GString *text, const run_result *result)
{
    qb_drawdown deepest[SHEET_DRAWDOWNS_STORED];
    const qb_curve curve = run_result_curve(result);
    const gsize count = result->kpis.max_drawdown.undefined == NULL
                            ? qb_drawdowns(&curve, deepest, SHEET_DRAWDOWNS_STORED)
                            : 0;
    put_key(text, "drawdowns");
    g_string_append_c(text, '[');
    for (gsize i = 0; i < count; i++) {
        g_string_append(text, i > 0 ? "," : "");
        put_drawdown(text, &deepest[i]);
    }
    g_string_append_c(text, ']');
}

/* ---- intervals ------------------------------------------------------------------------------ */

static void put_range(GString *text, const char *key, const qb_range *range)
{
    char low[32], high[32];
    put_key(text, key);
    if (range->undefined != NULL)
        g_string_append(text, "null");
    else
        g_string_append_printf(text, "[%s,%s]", report_json_number(range->low, low),
                               report_json_number(range->high, high));
}

static void put_intervals(GString *text, const qb_bootstrap *intervals)
{
    put_key(text, "intervals");
    g_string_append_c(text, '{');
    put_number(text, "level", intervals->level);
    log_put_count(text, "courses", (gint64)intervals->replicates);
    log_put_count(text, "returns", (gint64)intervals->returns);
    put_number(text, "mean_block", intervals->mean_block);
    put_range(text, "sharpe", &intervals->sharpe);
    put_range(text, "cagr", &intervals->cagr);
    put_range(text, "max_drawdown", &intervals->max_drawdown);
    log_put_text(text, "undefined", intervals->sharpe.undefined);
    g_string_append_c(text, '}');
}

/* ---- the doctor ----------------------------------------------------------------------------- */

static void begin_item(GString *text, const char *kind, const char *severity, const char *words)
{
    g_string_append(text, text->str[text->len - 1] == '[' ? "{" : ",{");
    log_put_text(text, "kind", kind);
    log_put_text(text, "severity", severity);
    log_put_text(text, "text", words);
}

static void put_symptom(GString *text, const run_plan *plan, const run_result *result,
                        const qb_symptom *symptom)
{
    g_autofree char *words = run_doctor_text(plan, result, symptom);
    begin_item(text, qb_symptom_text(symptom->kind), qb_grade_text(symptom->grade), words);
    put_number(text, "value", symptom->value);
    put_number(text, "threshold", symptom->threshold);
    if (symptom->fills > 0)
        log_put_count(text, "fills", (gint64)symptom->fills);
    if (symptom->kind == QB_SYMPTOM_ONE_MONTH)
        g_string_append_printf(text, ",\"month\":\"%04d-%02d\"", (int)symptom->month.year,
                               (int)symptom->month.month);
    if (symptom->kind == QB_SYMPTOM_ONE_INSTRUMENT)
        log_put_text(text, "symbol", g_ptr_array_index(result->names, symptom->instrument));
    if (symptom->kind == QB_SYMPTOM_LARGE_FILLS)
        log_put_text(text, "symbol", plan->symbols[symptom->instrument]);
    if (symptom->trades > 0) {
        log_put_count(text, "trade_count", (gint64)symptom->trades);
        g_string_append(text, ",\"trades\":[");
        for (gsize i = 0; i < MIN(symptom->trades, QB_SYMPTOM_SHOWN); i++)
            g_string_append_printf(text, "%s%zu", i > 0 ? "," : "", symptom->shown[i] + 1);
        g_string_append_c(text, ']');
    }
    g_string_append_c(text, '}');
}

static gboolean examine(const run_result *result, const sheet_trades *trades, const GArray *months,
                        qb_symptom out[QB_SYMPTOM_COUNT], gsize *out_count, GError **error)
{
    const qb_doctor_input input = {
        .trades = trades->items,
        .trade_count = trades->count,
        .months = (const qb_month_return *)(const void *)months->data,
        .month_count = months->len,
        .earned = run_result_earned(result),
        .costs = run_result_costs(result),
        .large_fills = result->large_fills,
        .late_fills = result->late_fills,
        .idle_fills = result->idle_fills,
        .largest_share = result->largest_share,
        .largest_instrument = result->largest_instrument,
        .intervals = &result->intervals,
    };
    const qb_status status = qb_doctor_examine(&input, out, out_count);
    return status == QB_OK || failure_from_status(error, status, "the doctor");
}

static void put_doctor(GString *text, const run_plan *plan, const run_result *result,
                       const run_notes *notes, const qb_symptom *symptoms, gsize count)
{
    gboolean told = FALSE;
    put_key(text, "doctor");
    g_string_append_c(text, '[');
    for (guint i = 0; i < notes->warnings->len; i++) {
        begin_item(text, g_ptr_array_index(notes->kinds, i), "warning",
                   g_ptr_array_index(notes->warnings, i));
        g_string_append_c(text, '}');
    }
    for (gsize i = 0; i < count; i++) {
        put_symptom(text, plan, result, &symptoms[i]);
        told |= symptoms[i].kind == QB_SYMPTOM_NO_EDGE;
    }
    if (!told) {
        g_autofree char *words = run_doctor_interval(result);
        begin_item(text, "interval", "note", words);
        g_string_append_c(text, '}');
    }
    g_string_append_c(text, ']');
}

static void put_texts(GString *text, const char *key, const GPtrArray *lines)
{
    json_t *array = json_array();
    for (guint i = 0; i < lines->len; i++)
        json_array_append_new(array, json_string(g_ptr_array_index(lines, i)));
    char *written = json_dumps(array, JSON_COMPACT);
    put_key(text, key);
    g_string_append(text, written);
    free(written);
    json_decref(array);
}

/* ---- all ------------------------------------------------------------------------------------ */

gboolean run_result_describe(const run_plan *plan, const run_bars *bars, run_result *result,
                             GError **error)
{
    const qb_kpi_input input = run_result_input(plan, result);
    const qb_status status = qb_bootstrap_run(&input.periods, input.periods_per_year,
                                              input.risk_free, plan->seed, QB_BOOTSTRAP_REPLICATES,
                                              QB_BOOTSTRAP_LEVEL, &result->intervals);
    if (status != QB_OK)
        return failure_from_status(error, status, "intervals");
    g_autoptr(GArray) months = months_of(plan, result);
    g_auto(sheet_trades) trades = sheet_trades_of(result->closed);
    g_auto(run_notes) notes = run_notes_of(plan, bars, result);
    qb_symptom symptoms[QB_SYMPTOM_COUNT];
    gsize count = 0;
    result->names = g_ptr_array_ref(trades.names);
    if (!examine(result, &trades, months, symptoms, &count, error))
        return FALSE;
    GString *text = g_string_new("{");
    put_money(text, result);
    put_months(text, months);
    put_drawdowns(text, result);
    put_intervals(text, &result->intervals);
    put_doctor(text, plan, result, &notes, symptoms, count);
    put_texts(text, "warnings", notes.warnings);
    put_texts(text, "notes", notes.notes);
    g_string_append_c(text, '}');
    result->rest_json = g_string_free(text, FALSE);
    return TRUE;
}
