/* The same run under the three models of filling: how far its figures depend on what happened within
 * its bars, which nobody knows.
 *
 * A trade is the same in two models when instrument, side and the moment of entry are; of several
 * such the first is the first's, and so on. */
#include "commands/commands-private.h"
#include "commands/run-private.h"
#include "reports/reports.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define MODELS 3
#define TRADES_SHOWN 10u
#define TRADES_LIMIT 1000u

/* A trade that is not the same everywhere. */
typedef struct flip {
    const runlog_trade *trades[MODELS]; /* NULL: there is none */
} flip;

struct run_band {
    const run_result *results[MODELS]; /* neutral, pessimistic, optimistic: as qb_fill_model */
    run_result *own[MODELS];           /* those that are ours to free */
    GArray *flips;                     /* of flip, by entry */
    guint all;                         /* different trades that some model has */
};

/* ---- trades -------------------------------------------------------------------------------- */

static int compare_trades(const runlog_trade *a, const runlog_trade *b)
{
    if (a->entry_us != b->entry_us)
        return a->entry_us < b->entry_us ? -1 : 1;
    const int symbols = strcmp(a->symbol, b->symbol);
    return symbols != 0 ? symbols : a->is_short - b->is_short;
}

static int compare_pointers(gconstpointer a, gconstpointer b)
{
    const runlog_trade *left = *(const runlog_trade *const *)a;
    const runlog_trade *right = *(const runlog_trade *const *)b;
    const int order = compare_trades(left, right);
    /* Those that are alike stay as they were. */
    return order != 0 ? order : (left > right) - (left < right);
}

static GPtrArray *sorted_trades(const run_result *result)
{
    GPtrArray *sorted = g_ptr_array_new();
    for (guint i = 0; i < result->closed->len; i++)
        g_ptr_array_add(sorted, &g_array_index(result->closed, runlog_trade, i));
    g_ptr_array_sort(sorted, compare_pointers);
    return sorted;
}

static int sign_of(const runlog_trade *trade)
{
    return (trade->profit_e8 > 0) - (trade->profit_e8 < 0);
}

static gboolean is_flip(const flip *item)
{
    for (int i = 1; i < MODELS; i++)
        if ((item->trades[i] == NULL) != (item->trades[0] == NULL) ||
            (item->trades[0] != NULL && sign_of(item->trades[i]) != sign_of(item->trades[0])))
            return TRUE;
    return FALSE;
}

/* The earliest trade that a list has left; NULL: none. */
static const runlog_trade *first_left(GPtrArray *const lists[MODELS], const guint next[MODELS])
{
    const runlog_trade *first = NULL;
    for (int i = 0; i < MODELS; i++) {
        const runlog_trade *head = next[i] < lists[i]->len ? lists[i]->pdata[next[i]] : NULL;
        if (head != NULL && (first == NULL || compare_trades(head, first) < 0))
            first = head;
    }
    return first;
}

static void find_flips(run_band *self)
{
    GPtrArray *lists[MODELS];
    guint next[MODELS] = {0};
    const runlog_trade *first;
    for (int i = 0; i < MODELS; i++)
        lists[i] = sorted_trades(self->results[i]);
    for (; (first = first_left(lists, next)) != NULL; self->all++) {
        flip item = {{NULL}};
        for (int i = 0; i < MODELS; i++)
            if (next[i] < lists[i]->len && compare_trades(lists[i]->pdata[next[i]], first) == 0)
                item.trades[i] = lists[i]->pdata[next[i]++];
        if (is_flip(&item))
            g_array_append_val(self->flips, item);
    }
    for (int i = 0; i < MODELS; i++)
        g_ptr_array_unref(lists[i]);
}

/* ---- running ------------------------------------------------------------------------------- */

run_band *run_band_new(const run_plan *plan, const run_bars *bars, const run_result *result,
                       GError **error)
{
    g_autoptr(run_band) self = g_new0(run_band, 1);
    self->flips = g_array_new(FALSE, FALSE, sizeof(flip));
    if (plan->fill_model != QB_NEUTRAL) {
        g_set_error(error, FAILURE, FAILURE_CONFIG,
                    "--fill-band: it runs all models around the neutral one (expected no "
                    "--fill-model beside it)");
        return NULL;
    }
    self->results[QB_NEUTRAL] = result;
    for (int i = QB_NEUTRAL + 1; i < MODELS; i++) {
        run_plan other = *plan; /* everything in it stays the plan's */
        other.fill_model = (qb_fill_model)i;
        other.check = FALSE;
        self->own[i] = run_execute(&other, bars, NULL, error);
        if (self->own[i] == NULL)
            return NULL;
        self->results[i] = self->own[i];
    }
    find_flips(self);
    return g_steal_pointer(&self);
}

void run_band_free(run_band *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < MODELS; i++)
        run_result_free(self->own[i]);
    g_clear_pointer(&self->flips, g_array_unref);
    g_free(self);
}

/* ---- figures ------------------------------------------------------------------------------- */

static const qb_ratio *ratio_of(const run_band *self, int model, const qb_kpi_info *info)
{
    return qb_kpi_of(&self->results[model]->kpis, info);
}

/* The least and the greatest of the defined ones; FALSE: none is. */
static gboolean range_of(const run_band *self, const qb_kpi_info *info, const qb_ratio **out_low,
                         const qb_ratio **out_high)
{
    *out_low = *out_high = NULL;
    for (int i = 0; i < MODELS; i++) {
        const qb_ratio *ratio = ratio_of(self, i, info);
        if (!isfinite(ratio->value))
            continue;
        if (*out_low == NULL || ratio->value < (*out_low)->value)
            *out_low = ratio;
        if (*out_high == NULL || ratio->value > (*out_high)->value)
            *out_high = ratio;
    }
    return *out_low != NULL;
}

static void print_figures(const run_band *self, const report_style *style)
{
    g_autoptr(report_table) table = report_table_new("Between the fill models");
    report_table_column(table, "", REPORT_LEFT, 0);
    report_table_column(table, "neutral", REPORT_RIGHT, 0);
    report_table_column(table, "low", REPORT_RIGHT, 0);
    report_table_column(table, "high", REPORT_RIGHT, 0);
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        const qb_ratio *low, *high;
        if (!range_of(self, info, &low, &high))
            continue;
        g_autofree char *neutral = report_ratio_text(info, ratio_of(self, QB_NEUTRAL, info));
        g_autofree char *least = report_ratio_text(info, low);
        g_autofree char *most = report_ratio_text(info, high);
        g_autofree char *from = g_strdup_printf("[%s ..", least);
        g_autofree char *to = g_strdup_printf("%s]", most);
        const char *const cells[] = {info->title, neutral, from, to};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
}

static char *profit_text(const runlog_trade *trade)
{
    return trade != NULL ? report_money_text(qb_raw_to_double(trade->profit_e8)) : g_strdup("none");
}

static const runlog_trade *any_of(const flip *item)
{
    int i = 0;
    while (item->trades[i] == NULL)
        i++;
    return item->trades[i];
}

static void print_flips(const run_band *self, const report_style *style)
{
    g_autofree char *title =
        g_strdup_printf("%u of %u trades exist, win or lose in one model and not in another",
                        self->flips->len, self->all);
    if (self->flips->len == 0) {
        command_print_wrapped("", title, style->width);
        putchar('\n');
        return;
    }
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, "entered", REPORT_LEFT, 0);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "side", REPORT_LEFT, 1);
    report_table_column(table, "neutral", REPORT_RIGHT, 0);
    report_table_column(table, "pessimistic", REPORT_RIGHT, 0);
    report_table_column(table, "optimistic", REPORT_RIGHT, 0);
    for (guint i = 0; i < MIN(self->flips->len, TRADES_SHOWN); i++) {
        const flip *item = &g_array_index(self->flips, flip, i);
        const runlog_trade *trade = any_of(item);
        char when[QB_TIME_TEXT];
        g_autofree char *neutral = profit_text(item->trades[QB_NEUTRAL]);
        g_autofree char *worse = profit_text(item->trades[QB_PESSIMISTIC]);
        g_autofree char *better = profit_text(item->trades[QB_OPTIMISTIC]);
        const char *const cells[] = {qb_time_to_text(trade->entry_us, when),
                                     trade->symbol,
                                     trade->is_short ? "short" : "long",
                                     neutral,
                                     worse,
                                     better};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
    if (self->flips->len > TRADES_SHOWN)
        printf("and %u more (--json has them)\n", self->flips->len - TRADES_SHOWN);
    putchar('\n');
}

void run_band_print(const run_band *self)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    print_figures(self, &style);
    print_flips(self, &style);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void put_ratio(GString *text, const char *key, const qb_ratio *ratio)
{
    char number[32];
    g_string_append_printf(text, "\"%s\":%s", key,
                           report_json_number(ratio != NULL ? ratio->value : NAN, number));
}

static void put_flip(GString *text, const flip *item)
{
    const runlog_trade *trade = any_of(item);
    char when[QB_TIME_TEXT];
    g_string_append_printf(text, "{\"symbol\":\"%s\",\"side\":\"%s\",\"entry\":\"%s\"",
                           trade->symbol, trade->is_short ? "short" : "long",
                           qb_time_to_text(trade->entry_us, when));
    for (int i = 0; i < MODELS; i++) {
        char profit[QB_RAW_TEXT];
        g_string_append_printf(
            text, ",\"%s\":%s", qb_fill_model_text((qb_fill_model)i),
            item->trades[i] != NULL ? qb_raw_to_text(item->trades[i]->profit_e8, profit) : "null");
    }
    g_string_append_c(text, '}');
}

void run_band_put_json(GString *text, const run_band *self)
{
    g_string_append(text, ",\"fill_band\":{\"kpis\":{");
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        const qb_ratio *low, *high;
        range_of(self, info, &low, &high);
        g_string_append_printf(text, "%s\"%s\":{", i > 0 ? "," : "", info->key);
        for (int model = 0; model < MODELS; model++) {
            put_ratio(text, qb_fill_model_text((qb_fill_model)model), ratio_of(self, model, info));
            g_string_append_c(text, ',');
        }
        put_ratio(text, "low", low);
        g_string_append_c(text, ',');
        put_ratio(text, "high", high);
        g_string_append_c(text, '}');
    }
    g_string_append_printf(text, "},\"trades\":%u,\"flip_count\":%u,\"flips\":[", self->all,
                           self->flips->len);
    for (guint i = 0; i < MIN(self->flips->len, TRADES_LIMIT); i++) {
        g_string_append(text, i > 0 ? "," : "");
        put_flip(text, &g_array_index(self->flips, flip, i));
    }
    g_string_append(text, "]}");
}
