#include "commands/log-private.h"
#include "commands/metrics-private.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Shows one logged run: what it was given, its ratios, its last trades and what it\n"
    "held at the end. It is named by its id, the first characters of it, or last.\n"
    "\n"
    "Examples:\n"
    "  quantbot runs show last\n"
    "  quantbot runs show 0193580f-1a2b --trades 20\n"
    "  quantbot runs show last --risk\n"
    "  quantbot runs show last --metrics-as freqtrade\n"
    "  quantbot runs show last --json\n";

#define TRADES_DEFAULT 5
#define TRADES_MAXIMUM 1000000
/* A curve of more points is not worth the time its sparkline takes to read. */
#define CURVE_LIMIT 200000
#define LABEL_WIDTH 10

typedef struct shown_run {
    const runlog_summary *run;
    GArray *trades;       /* of runlog_trade */
    GArray *positions;    /* of runlog_position */
    GArray *risks;        /* of runlog_risk; NULL: not asked for */
    GArray *times;        /* of gint64, with equity: the curve */
    GArray *equity;       /* of double */
    const metrics_as *as; /* another tool's figures in place of ours; NULL: ours */
} shown_run;

/* ---- loading -------------------------------------------------------------------------------- */

static gboolean load_curve(runlog *log, shown_run *out, GError **error)
{
    out->times = g_array_new(FALSE, FALSE, sizeof(gint64));
    out->equity = g_array_new(FALSE, FALSE, sizeof(double));
    if (out->run->equity_points > CURVE_LIMIT)
        return TRUE;
    g_autoptr(GArray) points = runlog_equity(log, out->run->id, error);
    if (points == NULL)
        return FALSE;
    for (guint i = 0; i < points->len; i++) {
        const runlog_point *point = &g_array_index(points, runlog_point, i);
        const double value = qb_raw_to_double(point->equity_e8);
        g_array_append_val(out->times, point->ts_us);
        g_array_append_val(out->equity, value);
    }
    return TRUE;
}

static gboolean load(runlog *log, guint trades, gboolean curve, shown_run *out, GError **error)
{
    out->trades = runlog_trades(log, out->run->id, trades, error);
    if (out->trades == NULL)
        return FALSE;
    out->positions = runlog_positions(log, out->run->id, error);
    return out->positions != NULL && (!curve || load_curve(log, out, error));
}

static void clear(shown_run *self)
{
    g_clear_pointer(&self->trades, g_array_unref);
    g_clear_pointer(&self->positions, g_array_unref);
    g_clear_pointer(&self->risks, g_array_unref);
    g_clear_pointer(&self->times, g_array_unref);
    g_clear_pointer(&self->equity, g_array_unref);
}

/* ---- text ----------------------------------------------------------------------------------- */

/* "Label     text", the text broken under itself. */
static void print_field(const char *label, const char *text, const report_style *style)
{
    int column = LABEL_WIDTH;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    printf("%-*s", LABEL_WIDTH, label);
    for (char **word = words; *word != NULL; word++) {
        const int width = report_text_width(*word);
        if (word != words && column + 1 + width > style->width) {
            printf("\n%*s", LABEL_WIDTH, "");
            column = LABEL_WIDTH;
        } else if (word != words) {
            putchar(' ');
            column++;
        }
        g_autofree char *clean = failure_path(*word);
        fputs(clean, stdout);
        column += width;
    }
    putchar('\n');
}

/* "fast=20 slow=50"; strings without quotes, other values as JSON. */
static char *pairs_text(const json_t *object, const char *except)
{
    const char *key;
    json_t *value;
    GString *text = g_string_new(NULL);
    json_object_foreach((json_t *)object, key, value)
    {
        if (g_strcmp0(key, except) == 0 || json_is_null(value))
            continue;
        char *encoded = json_is_string(value)
                            ? NULL
                            : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", key,
                               encoded != NULL ? encoded : json_string_value(value));
        free(encoded);
    }
    return g_string_free(text, FALSE);
}

static void print_config(const runlog_summary *run, const report_style *style)
{
    json_auto_t *params = log_json_object(run->params);
    const json_t *config = json_object_get(params, "config");
    g_autofree char *strategy = log_strategy_text(run);
    g_autofree char *values = pairs_text(json_object_get(params, "params"), NULL);
    g_autofree char *with = g_strdup_printf("%s %s", strategy, values);
    g_autofree char *rest = config != NULL ? pairs_text(config, "strategy") : NULL;
    const gsize files = json_object_size(json_object_get(params, "data"));
    const char *version = json_string_value(json_object_get(params, "version"));
    print_field("Strategy", g_strchomp(with), style);
    if (rest != NULL)
        print_field("Given", rest, style);
    if (rest == NULL && run->params != NULL)
        print_field("Given", run->params, style);
    if (files > 0 || version != NULL)
        printf("%-*squantbot %s; %" G_GSIZE_FORMAT
               " data files, named with their hashes in --json\n",
               LABEL_WIDTH, "Made by", version != NULL ? version : "-", files);
}

static char *lasted_text(const runlog_summary *run)
{
    g_autofree char *started = log_time_text(run->started_us);
    if (run->ended_us == 0)
        return g_strdup_printf("%s UTC, not ended", started);
    const double seconds = (double)(run->ended_us - run->started_us) / 1e6;
    if (seconds < 1)
        return g_strdup_printf("%s UTC, took %.0f ms", started, seconds * 1000);
    return g_strdup_printf("%s UTC, took %.1f s", started, seconds);
}

static void print_head(const runlog_summary *run, const report_style *style)
{
    g_autofree char *lasted = lasted_text(run);
    g_autofree char *orders = log_count_text(run->orders);
    g_autofree char *fills = log_count_text(run->fills);
    g_autofree char *trades = log_count_text(run->trades);
    g_autofree char *points = log_count_text(run->equity_points);
    g_autofree char *rows = g_strdup_printf(
        "%s orders, %s fills, %s closed trades, %s equity points", orders, fills, trades, points);
    print_field("Run", run->id, style);
    print_field("Mode", run->mode != NULL ? run->mode : "-", style);
    print_field("Started", lasted, style);
    print_field("Universe", run->universe != NULL ? run->universe : "-", style);
    print_config(run, style);
    print_field("Rows", rows, style);
    print_field("State", run->state_hash != NULL ? run->state_hash : "-", style);
    putchar('\n');
}

static void print_ratios(const shown_run *shown, const report_style *style)
{
    qb_kpis kpis;
    json_auto_t *json = log_json_object(shown->run->kpis);
    g_autofree char *strategy = log_strategy_text(shown->run);
    if (json == NULL) {
        printf("No ratios are stored.\n\n");
        return;
    }
    log_kpis_read(json, &kpis);
    if (shown->as != NULL) {
        metrics_as_print(shown->as, &kpis, style);
        putchar('\n');
        return;
    }
    const report_run column = {.name = strategy,
                               .kpis = &kpis,
                               .equity = {(const int64_t *)shown->times->data,
                                          (const double *)shown->equity->data, shown->equity->len}};
    report_kpis_print(&column, 1, style, stdout);
    putchar('\n');
}

/* Bars of a day or longer: the day says it all. */
static gboolean is_daily(const runlog_summary *run)
{
    json_auto_t *params = log_json_object(run->params);
    const char *interval =
        json_string_value(json_object_get(json_object_get(params, "config"), "interval"));
    return g_strcmp0(interval, "1d") == 0 || g_strcmp0(interval, "1w") == 0;
}

static char *trade_time_text(gint64 instant_us, gboolean daily)
{
    char *text = log_time_text(instant_us);
    if (daily && strlen(text) > 10)
        text[10] = '\0';
    return text;
}

static void add_trade(report_table *table, const runlog_trade *trade, gboolean daily)
{
    g_autofree char *entry = trade_time_text(trade->entry_us, daily);
    g_autofree char *exit = trade_time_text(trade->exit_us, daily);
    g_autofree char *entry_price = report_money_text(qb_raw_to_double(trade->entry_price_e8));
    g_autofree char *exit_price = report_money_text(qb_raw_to_double(trade->exit_price_e8));
    g_autofree char *profit = report_money_text(qb_raw_to_double(trade->profit_e8));
    g_autofree char *gain = g_strdup_printf("%.2f %%", 100 * trade->return_fraction);
    char quantity[QB_RAW_TEXT];
    const char *const cells[] = {trade->symbol,
                                 trade->is_short ? "short" : "long",
                                 qb_raw_to_text(trade->qty_e8, quantity),
                                 entry,
                                 exit,
                                 entry_price,
                                 exit_price,
                                 profit,
                                 gain};
    report_table_row(table, cells);
    const report_tone tone = trade->profit_e8 < 0 ? REPORT_BAD : REPORT_GOOD;
    report_table_tone(table, 7, tone);
    report_table_tone(table, 8, tone);
}

static void print_trades(const shown_run *shown, const report_style *style)
{
    if (shown->trades->len == 0)
        return;
    g_autofree char *title = shown->trades->len < shown->run->trades
                                 ? g_strdup_printf("Last %u trades", shown->trades->len)
                                 : g_strdup("Trades");
    const gboolean daily = is_daily(shown->run);
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "side", REPORT_LEFT, 3);
    report_table_column(table, "units", REPORT_RIGHT, 4);
    /* To the right, since numbers are not cut; they are of one width anyway. */
    report_table_column(table, "entry", REPORT_RIGHT, 2);
    report_table_column(table, "exit", REPORT_RIGHT, 0);
    report_table_column(table, "in at", REPORT_RIGHT, 1);
    report_table_column(table, "out at", REPORT_RIGHT, 1);
    report_table_column(table, "profit", REPORT_RIGHT, 0);
    report_table_column(table, "return", REPORT_RIGHT, 0);
    for (guint i = 0; i < shown->trades->len; i++)
        add_trade(table, &g_array_index(shown->trades, runlog_trade, i), daily);
    report_table_print(table, style, stdout);
    putchar('\n');
}

static void print_positions(const shown_run *shown, const report_style *style)
{
    if (shown->positions->len == 0)
        return;
    g_autoptr(report_table) table = report_table_new("Held at the end");
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "units", REPORT_RIGHT, 0);
    report_table_column(table, "cost", REPORT_RIGHT, 0);
    report_table_column(table, "last price", REPORT_RIGHT, 0);
    for (guint i = 0; i < shown->positions->len; i++) {
        const runlog_position *held = &g_array_index(shown->positions, runlog_position, i);
        g_autofree char *cost = report_money_text(qb_raw_to_double(held->cost_e8));
        g_autofree char *mark = report_money_text(qb_raw_to_double(held->mark_e8));
        char quantity[QB_RAW_TEXT];
        const char *const cells[] = {held->symbol, qb_raw_to_text(held->qty_e8, quantity), cost,
                                     mark};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
}

static void print_text(const shown_run *shown)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    print_head(shown->run, &style);
    print_ratios(shown, &style);
    print_trades(shown, &style);
    print_positions(shown, &style);
    if (shown->risks != NULL)
        log_risks_print(shown->risks, &style);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void put_trade(GString *text, const runlog_trade *trade)
{
    char number[32];
    g_string_append_c(text, '{');
    log_put_text(text, "symbol", trade->symbol);
    log_put_text(text, "side", trade->is_short ? "short" : "long");
    log_put_time(text, "entry", trade->entry_us);
    log_put_time(text, "exit", trade->exit_us);
    log_put_amount(text, "quantity", trade->qty_e8);
    log_put_amount(text, "entry_price", trade->entry_price_e8);
    log_put_amount(text, "exit_price", trade->exit_price_e8);
    log_put_amount(text, "profit", trade->profit_e8);
    log_put_amount(text, "fees", trade->fees_e8);
    log_put_count(text, "bars", trade->bars);
    g_string_append_printf(text, ",\"return\":%s}",
                           report_json_number(trade->return_fraction, number));
}

static void put_position(GString *text, const runlog_position *held)
{
    g_string_append_c(text, '{');
    log_put_text(text, "symbol", held->symbol);
    log_put_amount(text, "quantity", held->qty_e8);
    log_put_amount(text, "cost", held->cost_e8);
    log_put_amount(text, "mark", held->mark_e8);
    g_string_append_c(text, '}');
}

static void print_json(const shown_run *shown)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_run(text, shown->run);
    log_put_json(text, "params", shown->run->params);
    g_string_append(text, ",\"last_trades\":[");
    for (guint i = 0; i < shown->trades->len; i++) {
        g_string_append(text, i > 0 ? "," : "");
        put_trade(text, &g_array_index(shown->trades, runlog_trade, i));
    }
    g_string_append(text, "],\"positions\":[");
    for (guint i = 0; i < shown->positions->len; i++) {
        g_string_append(text, i > 0 ? "," : "");
        put_position(text, &g_array_index(shown->positions, runlog_position, i));
    }
    g_string_append_c(text, ']');
    if (shown->risks != NULL)
        log_risks_put(text, shown->risks);
    if (shown->as != NULL) {
        json_auto_t *stored = log_json_object(shown->run->kpis);
        qb_kpis kpis;
        log_kpis_read(stored, &kpis);
        g_autofree char *figures = metrics_as_json(shown->as, &kpis);
        g_string_append(text, figures);
    }
    printf("%s}\n", text->str);
}

/* ---- command -------------------------------------------------------------------------------- */

static gboolean load_risks(runlog *log, gboolean risk, shown_run *out, GError **error)
{
    if (risk)
        out->risks = runlog_risks(log, out->run->id, 0, error);
    return !risk || out->risks != NULL;
}

static int show(runlog *log, const char *id, guint trades, const char *tool, gboolean risk,
                gboolean json)
{
    qb_dialect dialect = QB_DIALECT_COUNT;
    metrics_as figures;
    GError *error = NULL;
    if (tool != NULL && !metrics_as_parse(tool, &dialect, &error))
        return command_fail(error);
    g_autoptr(runlog_summary) run = runlog_find(log, id, &error);
    if (run == NULL)
        return command_fail(error);
    shown_run shown = {.run = run, .as = tool != NULL ? &figures : NULL};
    const gboolean loaded = load(log, trades, !json && tool == NULL, &shown, &error) &&
                            load_risks(log, risk, &shown, &error) &&
                            (tool == NULL ||
                             metrics_as_of_log(dialect, log, run, &figures, &error));
    if (loaded && json)
        print_json(&shown);
    else if (loaded)
        print_text(&shown);
    clear(&shown);
    return loaded ? 0 : command_fail(error);
}

int command_runs_show(int argc, char **argv)
{
    gboolean json = FALSE, risk = FALSE;
    g_autofree char *tool = NULL;
    int trades = TRADES_DEFAULT, exit_code = 0;
    const GOptionEntry entries[] = {
        METRICS_AS_ENTRY(&tool),
        {"trades", 0, 0, G_OPTION_ARG_INT, &trades, "The last N trades (default: 5)", "N"},
        {"risk", 0, 0, G_OPTION_ARG_NONE, &risk, "What risk rules refused, cut and stopped", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "ID|last", about, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage("runs show", "which run? (an id of quantbot runs list, or last)");
    if (trades < 1 || trades > TRADES_MAXIMUM)
        return command_usage("runs show", "--trades: %d (expected 1 to %d)", trades,
                             TRADES_MAXIMUM);
    g_autoptr(runlog) log = log_open_readonly(&exit_code);
    if (log == NULL)
        return exit_code;
    return show(log, argv[1], (guint)trades, tool, risk, json);
}
