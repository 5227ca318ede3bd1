#include "commands/log-private.h"
#include "commands/metrics-private.h"
#include "commands/sheet-private.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Shows one logged run: what it was given, its money and ratios, its last trades, what it\n"
    "held at the end, and what speaks against it. It is named by its id, the first characters of\n"
    "it, or last. The tables are those of backtest.\n"
    "\n"
    "Examples:\n"
    "  quantbot runs show last\n"
    "  quantbot runs show 0193580f-1a2b --trades 50 --by exit,weekday\n"
    "  quantbot runs show last --monthly --drawdowns\n"
    "  quantbot runs show last --risk\n"
    "  quantbot runs show last --metrics-as freqtrade\n"
    "  quantbot runs show last --json\n";

#define TRADES_DEFAULT 5
/* A curve of more points is not worth the time its sparkline takes to read. */
#define CURVE_LIMIT 200000
#define LABEL_WIDTH 10

typedef struct shown_run {
    const runlog_summary *run;
    GArray *trades;       /* of runlog_trade, all */
    result_sheet sheet;   /* of them, and what is stored beside the ratios */
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

/* Bars of a day or longer: the day says it all. */
static gboolean is_daily(const runlog_summary *run)
{
    json_auto_t *params = log_json_object(run->params);
    const char *interval =
        json_string_value(json_object_get(json_object_get(params, "config"), "interval"));
    return g_strcmp0(interval, "1d") == 0 || g_strcmp0(interval, "1w") == 0;
}

static gboolean load(runlog *log, gboolean curve, shown_run *out, GError **error)
{
    g_autofree char *rest = NULL;
    out->trades = runlog_trades(log, out->run->id, 0, error);
    if (out->trades == NULL || !runlog_result_get(log, out->run->id, &rest, error))
        return FALSE;
    out->sheet = result_sheet_of(out->trades, rest, is_daily(out->run));
    out->positions = runlog_positions(log, out->run->id, error);
    return out->positions != NULL && (!curve || load_curve(log, out, error));
}

static void clear(shown_run *self)
{
    result_sheet_clear(&self->sheet);
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

static void print_text(const shown_run *shown, const sheet_wish *wish)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    print_head(shown->run, &style);
    sheet_print_head(&shown->sheet, &style);
    print_ratios(shown, &style);
    sheet_print_tables(&shown->sheet, wish, &style);
    print_positions(shown, &style);
    if (shown->risks != NULL)
        log_risks_print(shown->risks, &style);
    sheet_print_doctor(&shown->sheet, &style);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void put_position(GString *text, const runlog_position *held)
{
    g_string_append_c(text, '{');
    log_put_text(text, "symbol", held->symbol);
    log_put_amount(text, "quantity", held->qty_e8);
    log_put_amount(text, "cost", held->cost_e8);
    log_put_amount(text, "mark", held->mark_e8);
    g_string_append_c(text, '}');
}

static void print_json(const shown_run *shown, const sheet_wish *wish)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_run(text, shown->run);
    log_put_json(text, "params", shown->run->params);
    sheet_put_json(text, &shown->sheet, wish);
    g_string_append(text, ",\"positions\":[");
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

static int show(runlog *log, const char *id, const sheet_wish *wish, const char *tool,
                gboolean risk, gboolean json)
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
    const gboolean loaded =
        load(log, !json && tool == NULL, &shown, &error) && load_risks(log, risk, &shown, &error) &&
        (tool == NULL || metrics_as_of_log(dialect, log, run, &figures, &error));
    if (loaded && json)
        print_json(&shown, wish);
    else if (loaded)
        print_text(&shown, wish);
    clear(&shown);
    return loaded ? 0 : command_fail(error);
}

static int show_asked(int argc, char **argv, sheet_wish *wish, const char *tool, gboolean risk,
                      gboolean json)
{
    int exit_code = 0;
    if (argc != 2)
        return command_usage("runs show", "which run? (an id of quantbot runs list, or last)");
    if (!sheet_wish_check(wish, "runs show", &exit_code))
        return exit_code;
    /* Where no table is asked for, the last few trades. */
    if (!wish->trades && wish->key_count == 0 && !wish->monthly && wish->drawdowns == 0) {
        wish->trades = !json;
        wish->limit = json ? 0 : TRADES_DEFAULT;
    }
    g_autoptr(runlog) log = log_open_readonly(&exit_code);
    return log != NULL ? show(log, argv[1], wish, tool, risk, json) : exit_code;
}

int command_runs_show(int argc, char **argv)
{
    gboolean json = FALSE, risk = FALSE;
    g_autofree char *tool = NULL;
    sheet_wish wish = {0};
    int exit_code = 0;
    GOptionEntry entries[SHEET_ENTRIES + 4] = {
        METRICS_AS_ENTRY(&tool),
        {"risk", 0, 0, G_OPTION_ARG_NONE, &risk, "What risk rules refused, cut and stopped", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
    };
    sheet_wish_entries(&wish, entries + 3);
    if (command_options(&argc, &argv, "ID|last", about, entries, &exit_code))
        exit_code = show_asked(argc, argv, &wish, tool, risk, json);
    sheet_wish_clear(&wish);
    return exit_code;
}
