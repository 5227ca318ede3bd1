/* The tables of a result on a terminal. */
#include "commands/commands-private.h"
#include "commands/log-private.h"
#include "commands/sheet-private.h"

#include <math.h>
#include <string.h>

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "-";
}

static report_tone tone_of(double value)
{
    return value < 0 ? REPORT_BAD : value > 0 ? REPORT_GOOD : REPORT_PLAIN;
}

/* ---- head ----------------------------------------------------------------------------------- */

/* The first one follows a colon. */
static void add_money(GString *line, const json_t *money, const char *key, const char *words)
{
    const double value = number_of(money, key);
    if (!(fabs(value) >= 0.005))
        return;
    g_autofree char *text = report_money_text(value);
    g_string_append_printf(line, "%s %s %s", strchr(line->str, ':') != NULL ? "," : ":", text,
                           words);
}

static void print_money(const json_t *money, const report_style *style)
{
    g_autofree char *start = report_money_text(number_of(money, "start"));
    g_autofree char *end = report_money_text(number_of(money, "end"));
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%s became %s", start, end);
    add_money(line, money, "deposits", "paid in");
    add_money(line, money, "fees", "in fees");
    add_money(line, money, "slippage", "in slippage");
    add_money(line, money, "borrow", "for borrowing");
    add_money(line, money, "interest", "in interest");
    add_money(line, money, "dividends", "of dividends");
    command_print_wrapped("Money     ", line->str, style->width);
}

static void add_extreme(GString *line, const result_sheet *sheet, const char *word, gsize index)
{
    const runlog_trade *trade = &g_array_index(sheet->trades, runlog_trade, index);
    char date[QB_TIME_TEXT];
    g_autofree char *profit = report_money_text(qb_raw_to_double(trade->profit_e8));
    g_string_append_printf(line, ", %s %s (%s, %s)", word, profit, trade->symbol,
                           qb_date_to_text(qb_date_from_us(trade->exit_us), date));
}

static void print_trades_line(const result_sheet *sheet, const report_style *style)
{
    g_auto(sheet_trades) trades = sheet_trades_of(sheet->trades);
    const qb_trade_group all = qb_trades_together(trades.items, trades.count);
    g_autoptr(GString) line = g_string_new(NULL);
    qb_trade_summary summary;
    if (all.count == 0 || qb_trades_summarise(trades.items, trades.count, &summary) != QB_OK) {
        command_print_wrapped("Trades    ", "none was closed", style->width);
        return;
    }
    g_string_append_printf(line, "%zu closed, %zu won, %zu lost", all.count, all.wins, all.losses);
    add_extreme(line, sheet, "best", summary.best);
    add_extreme(line, sheet, "worst", summary.worst);
    g_string_append_printf(line, ", at most %zu lost in a row", summary.longest_losses);
    if (summary.held_days.median >= 1)
        g_string_append_printf(line, ", held %.3g days in the median", summary.held_days.median);
    else
        g_string_append_printf(line, ", held %.0f minutes in the median",
                               summary.held_days.median * 24 * 60);
    command_print_wrapped("Trades    ", line->str, style->width);
}

void sheet_print_head(const result_sheet *sheet, const report_style *style)
{
    const json_t *money = json_object_get(sheet->rest, "money");
    if (money == NULL)
        return;
    print_money(money, style);
    print_trades_line(sheet, style);
    putchar('\n');
}

/* ---- the doctor ----------------------------------------------------------------------------- */

/* Each sentence begins a line under the lead. */
static void print_texts(const char *lead, const json_t *array, const char *key,
                        const report_style *style)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        const char *text = key != NULL ? text_of(item, key) : json_string_value(item);
        command_print_wrapped(i == 0 ? lead : "          ", text != NULL ? text : "-",
                              style->width);
    }
}

void sheet_print_doctor(const result_sheet *sheet, const report_style *style)
{
    print_texts("Doctor    ", json_object_get(sheet->rest, "doctor"), "text", style);
    print_texts("Notes     ", json_object_get(sheet->rest, "notes"), NULL, style);
}

/* ---- trades --------------------------------------------------------------------------------- */

static char *time_text(gint64 instant_us, gboolean daily)
{
    char *text = log_time_text(instant_us);
    if (daily && strlen(text) > 10)
        text[10] = '\0';
    return text;
}

static void add_trade(report_table *table, const runlog_trade *trade, guint number, gboolean daily)
{
    char quantity[QB_RAW_TEXT], place[16], bars[24];
    g_autofree char *entry = time_text(trade->entry_us, daily);
    g_autofree char *exit = time_text(trade->exit_us, daily);
    g_autofree char *entry_price = report_money_text(qb_raw_to_double(trade->entry_price_e8));
    g_autofree char *exit_price = report_money_text(qb_raw_to_double(trade->exit_price_e8));
    g_autofree char *profit = report_money_text(qb_raw_to_double(trade->profit_e8));
    g_autofree char *fees = report_money_text(qb_raw_to_double(trade->fees_e8));
    g_autofree char *gain = sheet_percent_text(trade->return_fraction);
    g_autofree char *adverse = report_money_text(trade->adverse);
    g_autofree char *favourable = report_money_text(trade->favourable);
    g_snprintf(place, sizeof place, "%u", number);
    g_snprintf(bars, sizeof bars, "%" G_GINT64_FORMAT, trade->bars);
    const char *const cells[] = {place,
                                 trade->symbol,
                                 trade->is_short ? "short" : "long",
                                 qb_raw_to_text(trade->qty_e8, quantity),
                                 entry,
                                 exit,
                                 entry_price,
                                 exit_price,
                                 profit,
                                 gain,
                                 trade->exit_reason,
                                 bars,
                                 adverse,
                                 favourable,
                                 fees,
                                 trade->entry_reason,
                                 trade->strategy};
    report_table_row(table, cells);
    const report_tone tone = trade->profit_e8 < 0 ? REPORT_BAD : REPORT_GOOD;
    report_table_tone(table, 8, tone);
    report_table_tone(table, 9, tone);
}

static void print_trades(const result_sheet *sheet, const sheet_wish *wish,
                         const report_style *style)
{
    const guint count = sheet->trades->len;
    const guint limit = wish->limit > 0 ? (guint)wish->limit : SHEET_TRADES_STANDARD;
    const guint first = count > limit ? count - limit : 0;
    if (count == 0)
        return; /* the line above the ratios says so */
    g_autofree char *title = first > 0 ? g_strdup_printf("Last %u of %u trades", limit, count)
                                       : g_strdup("Trades");
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, "#", REPORT_RIGHT, 3);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "side", REPORT_LEFT, 4);
    report_table_column(table, "units", REPORT_RIGHT, 5);
    /* To the right, since numbers are not cut; they are of one width anyway. */
    report_table_column(table, "entry", REPORT_RIGHT, 2);
    report_table_column(table, "exit", REPORT_RIGHT, 0);
    report_table_column(table, "in at", REPORT_RIGHT, 5);
    report_table_column(table, "out at", REPORT_RIGHT, 5);
    report_table_column(table, "profit", REPORT_RIGHT, 0);
    report_table_column(table, "return", REPORT_RIGHT, 0);
    report_table_column(table, "why out", REPORT_LEFT, 1);
    report_table_column(table, "bars", REPORT_RIGHT, 6);
    report_table_column(table, "MAE", REPORT_RIGHT, 7);
    report_table_column(table, "MFE", REPORT_RIGHT, 7);
    report_table_column(table, "fees", REPORT_RIGHT, 8);
    report_table_column(table, "why in", REPORT_LEFT, 9);
    report_table_column(table, "strategy", REPORT_LEFT, 10);
    for (guint i = first; i < count; i++)
        add_trade(table, &g_array_index(sheet->trades, runlog_trade, i), i + 1, sheet->daily);
    report_table_print(table, style, stdout);
    putchar('\n');
}

/* ---- breakdowns ----------------------------------------------------------------------------- */

static char *factor_text(const qb_ratio *ratio)
{
    return ratio->undefined != NULL ? g_strdup("-") : g_strdup_printf("%.2f", ratio->value);
}

static void add_group(report_table *table, const char *name, const qb_trade_group *group)
{
    g_autofree char *count = log_count_text((gint64)group->count);
    g_autofree char *won = sheet_percent_text(group->win_rate.value);
    g_autofree char *profit = report_money_text(group->profit);
    g_autofree char *share = sheet_percent_text(group->share.value);
    g_autofree char *factor = factor_text(&group->profit_factor);
    g_autofree char *expectancy = report_money_text(group->expectancy.value);
    g_autofree char *average = sheet_percent_text(group->expectancy_fraction.value);
    g_autofree char *fees = report_money_text(group->fees);
    g_autofree char *best = report_money_text(group->best);
    g_autofree char *worst = report_money_text(group->worst);
    const char *const cells[] = {name,       count,   won,  profit, share, factor,
                                 expectancy, average, fees, best,   worst};
    report_table_row(table, cells);
    report_table_tone(table, 3, tone_of(group->profit));
}

/* What has no order of its own stands by its profit. */
static int compare_profit(const void *a, const void *b)
{
    const double x = ((const qb_trade_group *)a)->profit, y = ((const qb_trade_group *)b)->profit;
    return (x < y) - (x > y);
}

static gboolean has_order(qb_trade_key key)
{
    return key == QB_BY_WEEKDAY || key == QB_BY_MONTH || key == QB_BY_YEAR || key == QB_BY_SIDE;
}

static void print_groups(const result_sheet *sheet, qb_trade_key key, const report_style *style)
{
    g_auto(sheet_trades) trades = sheet_trades_of(sheet->trades);
    qb_trade_group *groups = NULL;
    gsize count = 0;
    if (qb_trades_by(trades.items, trades.count, key, &groups, &count) != QB_OK || count == 0)
        return;
    if (!has_order(key))
        qsort(groups, count, sizeof *groups, compare_profit);
    g_autofree char *title = g_strdup_printf(
        "Trades by %s%s", qb_trade_key_text(key),
        key == QB_BY_WEEKDAY || key == QB_BY_MONTH || key == QB_BY_YEAR ? " of their exit" : "");
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, qb_trade_key_text(key), REPORT_LEFT, 0);
    report_table_column(table, "trades", REPORT_RIGHT, 0);
    report_table_column(table, "won", REPORT_RIGHT, 1);
    report_table_column(table, "profit", REPORT_RIGHT, 0);
    report_table_column(table, "share", REPORT_RIGHT, 2);
    report_table_column(table, "factor", REPORT_RIGHT, 3);
    report_table_column(table, "a trade", REPORT_RIGHT, 4);
    report_table_column(table, "return", REPORT_RIGHT, 5);
    report_table_column(table, "fees", REPORT_RIGHT, 6);
    report_table_column(table, "best", REPORT_RIGHT, 7);
    report_table_column(table, "worst", REPORT_RIGHT, 7);
    for (gsize i = 0; i < count; i++) {
        g_autofree char *name = sheet_key_text(&trades, key, groups[i].key);
        add_group(table, name, &groups[i]);
    }
    const qb_trade_group all = qb_trades_together(trades.items, trades.count);
    report_table_rule(table);
    add_group(table, "all", &all);
    report_table_print(table, style, stdout);
    putchar('\n');
    qb_realloc(groups, 0);
}

/* ---- months --------------------------------------------------------------------------------- */

/* "2024-03" */
static gboolean month_of(const json_t *item, int *out_year, int *out_month)
{
    const char *text = text_of(item, "month");
    const char *dash = strrchr(text, '-');
    if (dash == NULL || dash == text)
        return FALSE;
    *out_year = (int)g_ascii_strtoll(text, NULL, 10);
    *out_month = (int)g_ascii_strtoll(dash + 1, NULL, 10);
    return *out_month >= 1 && *out_month <= 12;
}

static char *tight_percent(double fraction)
{
    if (!isfinite(fraction))
        return g_strdup("");
    const double percent = round(fraction * 1e3) / 10;
    return g_strdup_printf("%.1f", percent == 0 ? 0 : percent);
}

#define MONTH_CELLS 14 /* year, twelve months, the year's return */

static void add_year(report_table *table, int year, const double months[12], double whole)
{
    char *cells[MONTH_CELLS];
    cells[0] = g_strdup_printf("%d", year);
    for (int i = 0; i < 12; i++)
        cells[1 + i] = tight_percent(months[i]);
    cells[13] = tight_percent(whole);
    report_table_row(table, (const char *const *)cells);
    for (int i = 0; i < 12; i++)
        report_table_tone(table, 1 + i, isfinite(months[i]) ? tone_of(months[i]) : REPORT_PLAIN);
    report_table_tone(table, 13, isfinite(whole) ? tone_of(whole) : REPORT_PLAIN);
    for (int i = 0; i < MONTH_CELLS; i++)
        g_free(cells[i]);
}

static report_table *month_table(void)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    report_table *table = report_table_new("Returns by month, %");
    report_table_column(table, "year", REPORT_RIGHT, 0);
    for (int i = 0; i < 12; i++)
        report_table_column(table, names[i], REPORT_RIGHT, 0);
    report_table_column(table, "year", REPORT_RIGHT, 0);
    return table;
}

/* Twelve months beside each other need that much; else each stands in a line of its own. */
#define MONTHS_WIDE 80

static void print_months_long(const json_t *months, const report_style *style)
{
    g_autoptr(report_table) table = report_table_new("Returns by month, %");
    report_table_column(table, "month", REPORT_LEFT, 0);
    report_table_column(table, "return", REPORT_RIGHT, 0);
    for (size_t i = 0; i < json_array_size(months); i++) {
        const json_t *item = json_array_get(months, i);
        const double value = number_of(item, "return");
        g_autofree char *text = sheet_percent_text(value);
        const char *const cells[] = {text_of(item, "month"), text};
        report_table_row(table, cells);
        report_table_tone(table, 1, tone_of(value));
    }
    report_table_print(table, style, stdout);
}

static void print_months_wide(const json_t *all, const report_style *style)
{
    g_autoptr(report_table) table = month_table();
    const json_t *months = json_object_get(all, "months");
    const json_t *years = json_object_get(all, "years");
    size_t next = 0;
    for (size_t i = 0; i < json_array_size(years); i++) {
        const json_t *whole = json_array_get(years, i);
        const int wanted = (int)number_of(whole, "year");
        double row[12];
        int year = 0, month = 0;
        for (int k = 0; k < 12; k++)
            row[k] = NAN;
        while (next < json_array_size(months) &&
               month_of(json_array_get(months, next), &year, &month) && year == wanted)
            row[month - 1] = number_of(json_array_get(months, next++), "return");
        add_year(table, wanted, row, number_of(whole, "return"));
    }
    report_table_print(table, style, stdout);
}

static void print_months(const result_sheet *sheet, const report_style *style)
{
    const json_t *months = json_object_get(sheet->rest, "months");
    if (json_array_size(months) == 0)
        printf("No month is stored.\n");
    else if (style->width >= MONTHS_WIDE)
        print_months_wide(sheet->rest, style);
    else
        print_months_long(months, style);
    putchar('\n');
}

/* ---- drawdowns ------------------------------------------------------------------------------ */

static char *day_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? g_strndup(text, 10) : g_strdup("not yet");
}

static void print_drawdowns(const result_sheet *sheet, int limit, const report_style *style)
{
    const json_t *all = json_object_get(sheet->rest, "drawdowns");
    if (json_array_size(all) == 0) {
        printf("No drawdown.\n\n");
        return;
    }
    g_autoptr(report_table) table = report_table_new("Deepest drawdowns");
    report_table_column(table, "depth", REPORT_RIGHT, 0);
    report_table_column(table, "peak", REPORT_LEFT, 0);
    report_table_column(table, "trough", REPORT_LEFT, 1);
    report_table_column(table, "recovery", REPORT_LEFT, 0);
    report_table_column(table, "days down", REPORT_RIGHT, 3);
    report_table_column(table, "days under water", REPORT_RIGHT, 2);
    for (size_t i = 0; i < MIN(json_array_size(all), (size_t)limit); i++) {
        const json_t *item = json_array_get(all, i);
        g_autofree char *depth = sheet_percent_text(number_of(item, "depth"));
        g_autofree char *peak = day_text(item, "peak");
        g_autofree char *trough = day_text(item, "trough");
        g_autofree char *recovery = day_text(item, "recovery");
        g_autofree char *down = g_strdup_printf("%.1f", number_of(item, "days_down"));
        g_autofree char *days = g_strdup_printf("%.1f", number_of(item, "days"));
        const char *const cells[] = {depth, peak, trough, recovery, down, days};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
}

void sheet_print_tables(const result_sheet *sheet, const sheet_wish *wish,
                        const report_style *style)
{
    if (wish->trades)
        print_trades(sheet, wish, style);
    for (guint i = 0; i < wish->key_count; i++)
        print_groups(sheet, wish->keys[i], style);
    if (wish->monthly)
        print_months(sheet, style);
    if (wish->drawdowns > 0)
        print_drawdowns(sheet, wish->drawdowns, style);
}
