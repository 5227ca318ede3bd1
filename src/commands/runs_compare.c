#include "commands/difference-private.h"
#include "commands/sheet-private.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static const char about[] = "Sets two logged runs beside each other: parameters that differ, "
                            "ratios and their differences,\n"
                            "trades that one run alone has or that differ in exit, quantity, price "
                            "or profit, and the first\n"
                            "fill and the first equity at which they part. Exit 0: the results are "
                            "the same. 1: they differ.\n"
                            "\n"
                            "Examples:\n"
                            "  quantbot runs compare 0192f3c8 last\n"
                            "  quantbot runs compare 0192f3c8 0192f3d1 --json\n";

#define PARAMS_SHOWN 40u
#define TRADES_SHOWN 10u
static const char *const letters[2] = {"A", "B"};

/* ---- text ----------------------------------------------------------------------------------- */

static void print_sides(const difference *self, const report_style *style)
{
    for (int side = 0; side < 2; side++) {
        const runlog_summary *run = self->sides[side].run;
        g_autofree char *strategy = log_strategy_text(run);
        g_autofree char *universe = log_universe_text(run);
        g_autofree char *line = g_strdup_printf("%s, %s on %s", run->id, strategy, universe);
        g_autofree char *clean = failure_path(line);
        g_autofree char *lead = g_strdup_printf("%-10s", letters[side]);
        command_print_wrapped(lead, clean, style->width);
    }
    putchar('\n');
}

static void print_params(const difference *self, const report_style *style)
{
    const guint count = self->params->len;
    if (self->data_files > 0)
        printf("Data files that differ or that one run alone has read: %u\n\n", self->data_files);
    if (count == 0) {
        printf("Given the same parameters.\n\n");
        return;
    }
    g_autoptr(report_table) table = report_table_new("Given");
    report_table_column(table, "parameter", REPORT_LEFT, 0);
    report_table_column(table, "A", REPORT_LEFT, 0);
    report_table_column(table, "B", REPORT_LEFT, 0);
    for (guint i = 0; i < MIN(count, PARAMS_SHOWN); i++) {
        const difference_param *param = g_ptr_array_index(self->params, i);
        const char *const cells[] = {param->name, param->values[0] ? param->values[0] : "-",
                                     param->values[1] ? param->values[1] : "-"};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    if (count > PARAMS_SHOWN)
        printf("and %u more (--json has all)\n", count - PARAMS_SHOWN);
    putchar('\n');
}

/* B less A, in the ratio's own words. */
static char *change_text(const qb_kpi_info *info, const qb_ratio *a, const qb_ratio *b)
{
    const qb_ratio change = {b->value - a->value, NULL};
    if (a->undefined != NULL || b->undefined != NULL)
        return g_strdup("-");
    /* What is counted up may fall as well. */
    if (info->unit == QB_KPI_PERIODS)
        return g_strdup_printf("%.0f", change.value);
    return report_ratio_text(info, &change);
}

static void add_equity(report_table *table, const difference *self)
{
    const double a = self->sides[0].kpis.end, b = self->sides[1].kpis.end;
    g_autofree char *first = report_money_text(a), *second = report_money_text(b);
    g_autofree char *change = report_money_text(b - a);
    const char *const cells[] = {"Final equity", first, second, change};
    report_table_row(table, cells);
}

static void print_ratios(const difference *self, const report_style *style)
{
    g_autoptr(report_table) table = report_table_new("Ratios");
    report_table_column(table, "", REPORT_LEFT, 0);
    report_table_column(table, "A", REPORT_RIGHT, 0);
    report_table_column(table, "B", REPORT_RIGHT, 0);
    report_table_column(table, "B less A", REPORT_RIGHT, 0);
    add_equity(table, self);
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        const qb_ratio *a = qb_kpi_of(&self->sides[0].kpis, info);
        const qb_ratio *b = qb_kpi_of(&self->sides[1].kpis, info);
        if (a->undefined != NULL && b->undefined != NULL)
            continue;
        g_autofree char *first = report_ratio_text(info, a), *second = report_ratio_text(info, b);
        g_autofree char *change = change_text(info, a, b);
        const char *const cells[] = {info->title, first, second, change};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
}

static void add_trade(report_table *table, const char *where, const runlog_trade *trade)
{
    char quantity[QB_RAW_TEXT];
    g_autofree char *entry = log_time_text(trade->entry_us), *exit = log_time_text(trade->exit_us);
    g_autofree char *in = report_money_text(qb_raw_to_double(trade->entry_price_e8));
    g_autofree char *out = report_money_text(qb_raw_to_double(trade->exit_price_e8));
    g_autofree char *profit = report_money_text(qb_raw_to_double(trade->profit_e8));
    const char *const cells[] = {where,
                                 trade->symbol,
                                 trade->is_short ? "short" : "long",
                                 qb_raw_to_text(trade->qty_e8, quantity),
                                 entry,
                                 exit,
                                 in,
                                 out,
                                 profit};
    report_table_row(table, cells);
}

static const runlog_trade *trade_of(const difference *self, int side, guint index)
{
    return &g_array_index(self->sides[side].trades, runlog_trade, index);
}

static report_table *trade_table(const char *title)
{
    report_table *table = report_table_new(title);
    report_table_column(table, "run", REPORT_LEFT, 0);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "side", REPORT_LEFT, 4);
    report_table_column(table, "units", REPORT_RIGHT, 1);
    report_table_column(table, "entry", REPORT_RIGHT, 0);
    report_table_column(table, "exit", REPORT_RIGHT, 2);
    report_table_column(table, "in at", REPORT_RIGHT, 3);
    report_table_column(table, "out at", REPORT_RIGHT, 3);
    report_table_column(table, "profit", REPORT_RIGHT, 0);
    return table;
}

static void print_only(const difference *self, int side, const report_style *style)
{
    const GArray *only = self->only[side];
    if (only->len == 0)
        return;
    g_autofree char *title =
        g_strdup_printf("Trades that only %s has: %u%s", letters[side], only->len,
                        only->len > TRADES_SHOWN ? ", of which the first" : "");
    g_autoptr(report_table) table = trade_table(title);
    for (guint i = 0; i < MIN(only->len, TRADES_SHOWN); i++)
        add_trade(table, letters[side], trade_of(self, side, g_array_index(only, guint, i)));
    report_table_print(table, style, stdout);
    putchar('\n');
}

static void print_changed(const difference *self, const report_style *style)
{
    const guint count = self->changed->len;
    if (count == 0)
        return;
    g_autofree char *title = g_strdup_printf("Trades with the same entry that differ: %u%s", count,
                                             count > TRADES_SHOWN ? ", of which the first" : "");
    g_autoptr(report_table) table = trade_table(title);
    for (guint i = 0; i < MIN(count, TRADES_SHOWN); i++) {
        const difference_pair *pair = &g_array_index(self->changed, difference_pair, i);
        for (int side = 0; side < 2; side++)
            add_trade(table, letters[side], trade_of(self, side, pair->index[side]));
        if (i + 1 < MIN(count, TRADES_SHOWN))
            report_table_gap(table);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
}

static char *fill_text(const difference_side *side, guint index)
{
    char time[QB_TIME_TEXT], quantity[QB_RAW_TEXT], price[QB_RAW_TEXT];
    if (index >= side->fills->len)
        return g_strdup("none");
    const difference_fill *fill = &g_array_index(side->fills, difference_fill, index);
    return g_strdup_printf("%s %s %s at %s on %s", fill->qty_e8 < 0 ? "sold" : "bought",
                           qb_raw_to_text(ABS(fill->qty_e8), quantity), fill->symbol,
                           qb_raw_to_text(fill->price_e8, price),
                           qb_time_to_text(fill->ts_us, time));
}

static char *point_text(const difference_side *side, guint index)
{
    char time[QB_TIME_TEXT];
    if (index >= side->points->len)
        return g_strdup("none");
    const runlog_point *point = &g_array_index(side->points, runlog_point, index);
    g_autofree char *equity = report_money_text(qb_raw_to_double(point->equity_e8));
    return g_strdup_printf("%s on %s", equity, qb_time_to_text(point->ts_us, time));
}

static void print_parting(const char *lead, char *(*text)(const difference_side *, guint),
                          const difference *self, guint index, const report_style *style)
{
    g_autofree char *a = text(&self->sides[0], index), *b = text(&self->sides[1], index);
    g_autofree char *line = g_strdup_printf("number %u: A %s, B %s", index + 1, a, b);
    command_print_wrapped(lead, line, style->width);
}

static void print_text(const difference *self)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    print_sides(self, &style);
    print_params(self, &style);
    print_ratios(self, &style);
    print_only(self, 0, &style);
    print_only(self, 1, &style);
    print_changed(self, &style);
    if (self->same_trades > 0)
        printf("Trades the same in both: %u\n", self->same_trades);
    if (self->fills_part)
        print_parting("First fill that differs    ", fill_text, self, self->first_fill, &style);
    if (self->points_part)
        print_parting("First equity that differs  ", point_text, self, self->first_point, &style);
    printf("%s\n", difference_is_none(self)
                       ? "The same: fills, trades, equity and ratios are equal."
                       : "Different.");
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void put_number(GString *text, const char *key, double value)
{
    char number[32];
    g_string_append_printf(text, ",\"%s\":%s", key, report_json_number(value, number));
}

static void put_params(GString *text, const difference *self)
{
    g_string_append(text, ",\"parameters\":[");
    for (guint i = 0; i < self->params->len; i++) {
        const difference_param *param = g_ptr_array_index(self->params, i);
        g_string_append(text, i > 0 ? ",{" : "{");
        log_put_text(text, "name", param->name);
        log_put_text(text, "a", param->values[0]);
        log_put_text(text, "b", param->values[1]);
        g_string_append_c(text, '}');
    }
    g_string_append_printf(text, "],\"data_files\":%u", self->data_files);
}

static void put_ratios(GString *text, const difference *self)
{
    g_string_append(text, ",\"ratios\":[");
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        const double a = qb_kpi_of(&self->sides[0].kpis, info)->value;
        const double b = qb_kpi_of(&self->sides[1].kpis, info)->value;
        g_string_append_printf(text, "%s{\"key\":\"%s\"", i > 0 ? "," : "", info->key);
        put_number(text, "a", a);
        put_number(text, "b", b);
        put_number(text, "difference", b - a);
        g_string_append_c(text, '}');
    }
    g_string_append_c(text, ']');
}

static void put_only(GString *text, const difference *self, int side, const char *key)
{
    g_string_append_printf(text, ",\"%s\":[", key);
    for (guint i = 0; i < self->only[side]->len; i++) {
        const guint index = g_array_index(self->only[side], guint, i);
        g_string_append(text, i > 0 ? "," : "");
        sheet_put_trade(text, trade_of(self, side, index), index + 1);
    }
    g_string_append_c(text, ']');
}

static void put_changed(GString *text, const difference *self)
{
    g_string_append(text, ",\"differ\":[");
    for (guint i = 0; i < self->changed->len; i++) {
        const difference_pair *pair = &g_array_index(self->changed, difference_pair, i);
        const struct {
            gboolean differs;
            const char *name;
        } fields[] = {{pair->exit, "exit"},
                      {pair->quantity, "quantity"},
                      {pair->price, "price"},
                      {pair->profit, "profit"}};
        gsize told = 0;
        g_string_append(text, i > 0 ? ",{\"in\":[" : "{\"in\":[");
        for (gsize k = 0; k < G_N_ELEMENTS(fields); k++)
            if (fields[k].differs)
                g_string_append_printf(text, "%s\"%s\"", told++ > 0 ? "," : "", fields[k].name);
        g_string_append(text, "],\"a\":");
        sheet_put_trade(text, trade_of(self, 0, pair->index[0]), pair->index[0] + 1);
        g_string_append(text, ",\"b\":");
        sheet_put_trade(text, trade_of(self, 1, pair->index[1]), pair->index[1] + 1);
        g_string_append_c(text, '}');
    }
    g_string_append_c(text, ']');
}

static void put_fill(GString *text, const difference_side *side, guint index)
{
    if (index >= side->fills->len) {
        g_string_append(text, "null");
        return;
    }
    const difference_fill *fill = &g_array_index(side->fills, difference_fill, index);
    g_string_append_c(text, '{');
    log_put_time(text, "ts", fill->ts_us);
    log_put_text(text, "symbol", fill->symbol);
    log_put_amount(text, "quantity", fill->qty_e8);
    log_put_amount(text, "price", fill->price_e8);
    log_put_amount(text, "commission", fill->fee_e8);
    g_string_append_c(text, '}');
}

static void put_point(GString *text, const difference_side *side, guint index)
{
    if (index >= side->points->len) {
        g_string_append(text, "null");
        return;
    }
    const runlog_point *point = &g_array_index(side->points, runlog_point, index);
    g_string_append_c(text, '{');
    log_put_time(text, "ts", point->ts_us);
    log_put_amount(text, "equity", point->equity_e8);
    g_string_append_c(text, '}');
}

static void put_parting(GString *text, const char *key, gboolean parts, guint index,
                        void (*put)(GString *, const difference_side *, guint),
                        const difference *self)
{
    g_string_append_printf(text, ",\"%s\":", key);
    if (!parts) {
        g_string_append(text, "null");
        return;
    }
    g_string_append_printf(text, "{\"number\":%u,\"a\":", index + 1);
    put(text, &self->sides[0], index);
    g_string_append(text, ",\"b\":");
    put(text, &self->sides[1], index);
    g_string_append_c(text, '}');
}

static void print_json(const difference *self)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "a", self->sides[0].run->id);
    log_put_text(text, "b", self->sides[1].run->id);
    g_string_append_printf(text, ",\"same\":%s", difference_is_none(self) ? "true" : "false");
    put_params(text, self);
    put_ratios(text, self);
    g_string_append_printf(text, ",\"trades\":{\"same\":%u", self->same_trades);
    put_only(text, self, 0, "only_a");
    put_only(text, self, 1, "only_b");
    put_changed(text, self);
    g_string_append_c(text, '}');
    put_parting(text, "first_fill", self->fills_part, self->first_fill, put_fill, self);
    put_parting(text, "first_equity", self->points_part, self->first_point, put_point, self);
    printf("%s}\n", text->str);
}

/* ---- command -------------------------------------------------------------------------------- */

int command_runs_compare(int argc, char **argv)
{
    gboolean json = FALSE;
    int exit_code = 0;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "A B", about, entries, &exit_code))
        return exit_code;
    if (argc != 3)
        return command_usage("runs compare",
                             "which two runs? (ids of quantbot runs list, their first characters, "
                             "or last)");
    g_autoptr(runlog) log = log_open_readonly(&exit_code);
    if (log == NULL)
        return exit_code;
    const char *const ids[2] = {argv[1], argv[2]};
    g_auto(difference) found = {0};
    if (!difference_read(log, ids, &found, &error))
        return command_fail(error);
    if (json)
        print_json(&found);
    else
        print_text(&found);
    return difference_is_none(&found) ? 0 : FAILURE_NO;
}
