/* What risk rules did in a logged run, as words and as JSON. */
#include "commands/log-private.h"

#include <math.h>

static const qb_risk_key *key_of(const char *rule)
{
    for (const qb_risk_key *key = qb_risk_keys; key->name != NULL; key++)
        if (g_str_equal(key->name, rule))
            return key;
    return NULL;
}

/* Four digits say enough of what was measured. Caller frees. */
static char *number_text(const qb_risk_key *key, double value)
{
    if (isnan(value))
        return g_strdup("-");
    if (key != NULL && g_str_equal(key->unit, "%"))
        return g_strdup_printf("%.4g%%", value * 100);
    return fabs(value) < 10000 ? g_strdup_printf("%.4g", value) : g_strdup_printf("%.0f", value);
}

/* "12.5% (10%)": what was found, and what is allowed. Caller frees. */
static char *figures_text(const runlog_risk *risk)
{
    const qb_risk_key *key = key_of(risk->rule);
    g_autofree char *value = number_text(key, risk->value), *limit = number_text(key, risk->limit);
    return g_strdup_printf("%s (%s)", value, limit);
}

/* "10 of 25"; nothing for the whole account. Caller frees. */
static char *units_text(const runlog_risk *risk)
{
    char asked[QB_RAW_TEXT], allowed[QB_RAW_TEXT];
    if (risk->symbol[0] == '\0')
        return g_strdup("");
    return g_strdup_printf("%s of %s", qb_raw_to_text(risk->allowed_e8, allowed),
                           qb_raw_to_text(risk->asked_e8, asked));
}

static char *more_text(const runlog_risk *risk)
{
    g_autofree char *until = risk->until_us != 0 ? log_time_text(risk->until_us) : NULL;
    GString *text = g_string_new(risk->what);
    if (risk->flatten)
        g_string_append_printf(text, "%sall is sold", text->len > 0 ? ", " : "");
    if (until != NULL)
        g_string_append_printf(text, "%suntil %s", text->len > 0 ? ", " : "", until);
    return g_string_free(text, FALSE);
}

static void add_row(report_table *table, const runlog_risk *risk)
{
    g_autofree char *time = log_time_text(risk->ts_us), *figures = figures_text(risk);
    g_autofree char *units = units_text(risk), *more = more_text(risk);
    const char *symbol = risk->symbol[0] != '\0' ? risk->symbol : "account";
    const char *const cells[] = {time, symbol, risk->rule, risk->action, figures, units, more};
    report_table_row(table, cells);
}

void log_risks_print(const GArray *risks, const report_style *style)
{
    if (risks->len == 0) {
        printf("No risk rule stood in the way of anything.\n\n");
        return;
    }
    g_autoptr(report_table) table = report_table_new("What risk rules did");
    report_table_column(table, "time", REPORT_LEFT, 0);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "rule", REPORT_LEFT, 0);
    report_table_column(table, "verdict", REPORT_LEFT, 0);
    report_table_column(table, "found (limit)", REPORT_RIGHT, 0);
    report_table_column(table, "units", REPORT_RIGHT, 2);
    report_table_column(table, "more", REPORT_LEFT, 3);
    for (guint i = 0; i < risks->len; i++)
        add_row(table, &g_array_index(risks, runlog_risk, i));
    report_table_print(table, style, stdout);
    putchar('\n');
}

static void put_number(GString *text, const char *key, double value)
{
    char number[32];
    g_string_append_printf(text, ",\"%s\":%s", key, report_json_number(value, number));
}

static void put_risk(GString *text, const runlog_risk *risk)
{
    g_string_append_c(text, '{');
    log_put_time(text, "time", risk->ts_us);
    log_put_text(text, "symbol", risk->symbol[0] != '\0' ? risk->symbol : NULL);
    log_put_text(text, "order", risk->order_id);
    log_put_text(text, "rule", risk->rule);
    log_put_text(text, "verdict", risk->action);
    put_number(text, "limit", risk->limit);
    put_number(text, "value", risk->value);
    log_put_amount(text, "asked", risk->asked_e8);
    log_put_amount(text, "allowed", risk->allowed_e8);
    if (risk->until_us != 0)
        log_put_time(text, "until", risk->until_us);
    g_string_append_printf(text, ",\"flatten\":%s", risk->flatten ? "true" : "false");
    log_put_text(text, "what", risk->what);
    g_string_append_c(text, '}');
}

void log_risks_put(GString *out, const GArray *risks)
{
    g_string_append(out, ",\"risk_events\":[");
    for (guint i = 0; i < risks->len; i++) {
        g_string_append(out, i > 0 ? "," : "");
        put_risk(out, &g_array_index(risks, runlog_risk, i));
    }
    g_string_append_c(out, ']');
}
