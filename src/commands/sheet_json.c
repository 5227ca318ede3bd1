/* A result as JSON. */
#include "commands/log-private.h"
#include "commands/sheet-private.h"

#include <math.h>

static void put_key(GString *text, const char *key)
{
    const char last = text->len > 0 ? text->str[text->len - 1] : '{';
    g_string_append_printf(text, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", key);
}

static void put_number(GString *text, const char *key, double value)
{
    char number[32];
    put_key(text, key);
    g_string_append(text, report_json_number(value, number));
}

static void put_ratio(GString *text, const char *key, const qb_ratio *ratio)
{
    put_number(text, key, ratio->value);
}

/* ---- trades --------------------------------------------------------------------------------- */

void sheet_put_trade(GString *text, const runlog_trade *trade, guint number)
{
    char date[QB_TIME_TEXT];
    g_string_append_c(text, '{');
    log_put_count(text, "number", number);
    log_put_text(text, "symbol", trade->symbol);
    log_put_text(text, "side", trade->is_short ? "short" : "long");
    log_put_text(text, "strategy", trade->strategy[0] != '\0' ? trade->strategy : NULL);
    log_put_time(text, "entry", trade->entry_us);
    log_put_time(text, "exit", trade->exit_us);
    log_put_text(text, "exit_date",
                 trade->exit_date != INT32_MIN ? qb_date_to_text(trade->exit_date, date) : NULL);
    log_put_text(text, "entry_reason", trade->entry_reason[0] != '\0' ? trade->entry_reason : NULL);
    log_put_text(text, "exit_reason", trade->exit_reason[0] != '\0' ? trade->exit_reason : NULL);
    log_put_amount(text, "quantity", trade->qty_e8);
    log_put_amount(text, "entry_price", trade->entry_price_e8);
    log_put_amount(text, "exit_price", trade->exit_price_e8);
    log_put_amount(text, "profit", trade->profit_e8);
    log_put_amount(text, "fees", trade->fees_e8);
    put_number(text, "return", trade->return_fraction);
    put_number(text, "mae", trade->adverse);
    put_number(text, "mfe", trade->favourable);
    log_put_count(text, "bars", trade->bars);
    g_string_append_c(text, '}');
}

static void put_trades(GString *text, const GArray *trades, guint limit)
{
    const guint first = trades->len > limit ? trades->len - limit : 0;
    put_key(text, "trade_list");
    g_string_append_c(text, '[');
    for (guint i = first; i < trades->len; i++) {
        g_string_append(text, i > first ? "," : "");
        sheet_put_trade(text, &g_array_index(trades, runlog_trade, i), i + 1);
    }
    g_string_append_c(text, ']');
}

static void put_group(GString *text, const char *name, const qb_trade_group *group)
{
    g_string_append_c(text, '{');
    log_put_text(text, "key", name);
    log_put_count(text, "trades", (gint64)group->count);
    log_put_count(text, "wins", (gint64)group->wins);
    log_put_count(text, "losses", (gint64)group->losses);
    put_number(text, "profit", group->profit);
    put_ratio(text, "share", &group->share);
    put_ratio(text, "win_rate", &group->win_rate);
    put_ratio(text, "profit_factor", &group->profit_factor);
    put_ratio(text, "expectancy", &group->expectancy);
    put_ratio(text, "expectancy_fraction", &group->expectancy_fraction);
    put_number(text, "fees", group->fees);
    put_number(text, "best", group->best);
    put_number(text, "worst", group->worst);
    log_put_count(text, "bars", (gint64)group->bars);
    g_string_append_c(text, '}');
}

static void put_breakdown(GString *text, const sheet_trades *trades, qb_trade_key key)
{
    qb_trade_group *groups = NULL;
    gsize count = 0;
    put_key(text, qb_trade_key_text(key));
    g_string_append_c(text, '[');
    if (qb_trades_by(trades->items, trades->count, key, &groups, &count) != QB_OK)
        count = 0;
    for (gsize i = 0; i < count; i++) {
        g_autofree char *name = sheet_key_text(trades, key, groups[i].key);
        g_string_append(text, i > 0 ? "," : "");
        put_group(text, name, &groups[i]);
    }
    g_string_append_c(text, ']');
    qb_realloc(groups, 0);
}

/* ---- summary -------------------------------------------------------------------------------- */

static void put_spread(GString *text, const char *key, const qb_spread *spread)
{
    put_key(text, key);
    g_string_append_c(text, '{');
    put_number(text, "least", spread->least);
    put_number(text, "quarter", spread->quarter);
    put_number(text, "median", spread->median);
    put_number(text, "three_quarters", spread->three_quarters);
    put_number(text, "most", spread->most);
    put_number(text, "mean", spread->mean);
    g_string_append_c(text, '}');
}

static void put_summary(GString *text, const sheet_trades *trades)
{
    qb_trade_summary summary;
    if (qb_trades_summarise(trades->items, trades->count, &summary) != QB_OK)
        return;
    put_key(text, "trade_summary");
    g_string_append_c(text, '{');
    log_put_count(text, "longest_wins", (gint64)summary.longest_wins);
    log_put_count(text, "longest_losses", (gint64)summary.longest_losses);
    log_put_count(text, "best", trades->count > 0 ? (gint64)summary.best + 1 : 0);
    log_put_count(text, "worst", trades->count > 0 ? (gint64)summary.worst + 1 : 0);
    put_ratio(text, "average_win", &summary.average_win);
    put_ratio(text, "average_loss", &summary.average_loss);
    put_ratio(text, "payoff", &summary.payoff);
    put_ratio(text, "captured", &summary.captured);
    put_spread(text, "mae", &summary.adverse);
    put_spread(text, "mae_of_winners", &summary.winners_adverse);
    put_spread(text, "mfe", &summary.favourable);
    put_spread(text, "held_days", &summary.held_days);
    put_spread(text, "held_bars", &summary.held_bars);
    g_string_append_c(text, '}');
}

void sheet_put_json(GString *text, const result_sheet *sheet, const sheet_wish *wish)
{
    const char *key;
    json_t *value;
    g_auto(sheet_trades) trades = sheet_trades_of(sheet->trades);
    json_object_foreach(sheet->rest, key, value)
    {
        char *encoded = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        put_key(text, key);
        g_string_append(text, encoded != NULL ? encoded : "null");
        free(encoded);
    }
    put_summary(text, &trades);
    put_key(text, "breakdown");
    g_string_append_c(text, '{');
    for (int i = 0; i < QB_TRADE_KEY_COUNT; i++)
        put_breakdown(text, &trades, (qb_trade_key)i);
    g_string_append_c(text, '}');
    put_trades(text, sheet->trades, wish->limit > 0 ? (guint)wish->limit : SHEET_TRADES_JSON);
}
