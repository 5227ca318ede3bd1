/* Words and JSON of the commands on the run log. */
#include "commands/log-private.h"

#include <math.h>
#include <string.h>

#define ID_WIDTH 13

/* ---- words ---------------------------------------------------------------------------------- */

static char *time_text(gint64 instant_us, gsize length)
{
    char text[QB_TIME_TEXT];
    if (instant_us == 0)
        return g_strdup("-");
    qb_time_to_text(instant_us, text);
    text[strlen("2024-01-31")] = ' ';
    return g_strndup(text, length);
}

char *log_time_text(gint64 instant_us)
{
    return time_text(instant_us, strlen("2024-01-31 14:30"));
}

char *log_second_text(gint64 instant_us)
{
    return time_text(instant_us, strlen("2024-01-31 14:30:00"));
}

char *log_universe_text(const runlog_summary *run)
{
    if (run->universe == NULL || *run->universe == '\0')
        return g_strdup("-");
    g_auto(GStrv) symbols = g_strsplit(run->universe, ",", -1);
    const guint count = g_strv_length(symbols);
    for (guint i = 0; i < count; i++)
        g_strstrip(symbols[i]);
    if (count == 1)
        return g_strdup(symbols[0]);
    if (count == 2)
        return g_strdup_printf("%s, %s", symbols[0], symbols[1]);
    return g_strdup_printf("%s +%u", symbols[0], count - 1);
}

char *log_strategy_text(const runlog_summary *run)
{
    json_auto_t *params = log_json_object(run->params);
    const char *name = json_string_value(json_object_get(params, "strategy"));
    if (name == NULL)
        name = json_string_value(json_object_get(json_object_get(params, "config"), "strategy"));
    return g_strdup(name != NULL ? name : "-");
}

int log_id_width(const GPtrArray *runs)
{
    gsize width = ID_WIDTH;
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < runs->len; i++)
        g_ptr_array_add(ids, ((const runlog_summary *)runs->pdata[i])->id);
    for (guint i = 0; i < ids->len; i++)
        for (guint k = 0; k < i; k++)
            while (width < strlen(ids->pdata[i]) &&
                   strncmp(ids->pdata[i], ids->pdata[k], width) == 0)
                width++;
    return (int)width;
}

/* Tables cut text before numbers, so the ids, all of one width, are given as numbers are; the
 * blanks keep the heading at the left. */
void log_id_column(report_table *table, int id_width)
{
    g_autofree char *heading = g_strdup_printf("%-*s", id_width, "run");
    report_table_column(table, heading, REPORT_RIGHT, 0);
}

char *log_count_text(gint64 count)
{
    g_autofree char *money = report_money_text((double)count);
    char *point = strchr(money, '.');
    if (point != NULL)
        *point = '\0';
    return g_steal_pointer(&money);
}

/* ---- ratios --------------------------------------------------------------------------------- */

json_t *log_json_object(const char *text)
{
    json_t *json = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

static double number_or_nan(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static gsize count_of(const json_t *object, const char *key)
{
    const double value = number_or_nan(object, key);
    return value >= 0 && value < 9e15 ? (gsize)value : 0;
}

static gint64 time_of(const json_t *object, const char *key)
{
    int64_t instant_us = 0;
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || qb_time_from_text(text, strlen(text), &instant_us) != QB_OK)
        return 0;
    return instant_us;
}

static void read_drawdown(const json_t *json, qb_drawdown *out)
{
    const json_t *drawdown = json_object_get(json, "drawdown");
    const double longest_days = number_or_nan(drawdown, "longest_days");
    out->peak_us = time_of(drawdown, "peak");
    out->trough_us = time_of(drawdown, "trough");
    out->recovery_us = time_of(drawdown, "recovery");
    out->longest_us = longest_days >= 0 && longest_days < 1e6
                          ? (gint64)(longest_days * (double)QB_DAY_US)
                          : 0;
}

void log_kpis_read(const json_t *json, qb_kpis *out)
{
    const json_t *reasons = json_object_get(json, "undefined");
    memset(out, 0, sizeof *out);
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        qb_ratio *ratio = (qb_ratio *)((char *)out + info->offset);
        const char *reason = json_string_value(json_object_get(reasons, info->key));
        ratio->value = number_or_nan(json, info->key);
        if (isnan(ratio->value))
            ratio->undefined = reason != NULL ? reason : "not stored";
    }
    read_drawdown(json, &out->drawdown);
    out->drawdown.depth = out->max_drawdown.value;
    out->start_us = time_of(json, "start");
    out->end_us = time_of(json, "end");
    out->start = number_or_nan(json, "start_equity");
    out->end = number_or_nan(json, "end_equity");
    out->periods = count_of(json, "periods");
    out->periods_per_year = number_or_nan(json, "periods_per_year");
    out->risk_free = number_or_nan(json, "risk_free");
    out->trades = count_of(json, "trades");
}

const qb_kpi_info *log_kpi_named(const char *key)
{
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        if (strcmp(qb_kpi_table[i].key, key) == 0)
            return &qb_kpi_table[i];
    g_assert_not_reached();
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void put_key(GString *out, const char *key)
{
    if (out->len > 0 && strchr("{[", out->str[out->len - 1]) == NULL)
        g_string_append_c(out, ',');
    g_string_append_printf(out, "\"%s\":", key);
}

void log_put_text(GString *out, const char *key, const char *text)
{
    json_auto_t *value = text != NULL ? json_string(text) : NULL;
    char *encoded = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    put_key(out, key);
    g_string_append(out, encoded != NULL ? encoded : "null");
    free(encoded);
}

void log_put_time(GString *out, const char *key, gint64 instant_us)
{
    char text[QB_TIME_TEXT];
    log_put_text(out, key, instant_us != 0 ? qb_time_to_text(instant_us, text) : NULL);
}

void log_put_count(GString *out, const char *key, gint64 count)
{
    put_key(out, key);
    g_string_append_printf(out, "%" G_GINT64_FORMAT, count);
}

void log_put_flag(GString *out, const char *key, gboolean value)
{
    put_key(out, key);
    g_string_append(out, value ? "true" : "false");
}

void log_put_json(GString *out, const char *key, const char *text)
{
    json_auto_t *json = log_json_object(text);
    put_key(out, key);
    g_string_append(out, json != NULL ? text : "null");
}

void log_put_amount(GString *out, const char *key, gint64 raw)
{
    char text[QB_RAW_TEXT];
    put_key(out, key);
    g_string_append(out, qb_raw_to_text(raw, text));
}

void log_put_run(GString *out, const runlog_summary *run)
{
    g_autofree char *strategy = log_strategy_text(run);
    log_put_text(out, "id", run->id);
    log_put_text(out, "mode", run->mode);
    log_put_time(out, "started_at", run->started_us);
    log_put_time(out, "ended_at", run->ended_us);
    log_put_text(out, "universe", run->universe);
    log_put_text(out, "strategy", strcmp(strategy, "-") != 0 ? strategy : NULL);
    log_put_count(out, "orders", run->orders);
    log_put_count(out, "fills", run->fills);
    log_put_count(out, "trades", run->trades);
    log_put_count(out, "equity_points", run->equity_points);
    log_put_text(out, "state_hash", run->state_hash);
    log_put_json(out, "kpis", run->kpis);
}
