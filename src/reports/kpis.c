/* The table of ratios, and their JSON. Decimal points of one column stand under each other: a
 * number without " %" gets two blanks in its place where the window has room for them. */
#include "reports/text-private.h"

#include <math.h>

#define LABEL_MINIMUM 12
#define NAME_MINIMUM 8

/* What one print-out needs to know. */
typedef struct sheet {
    const report_run *runs;
    gsize count;
    const report_style *style;
    gboolean aligned;
    gboolean whole_names;
    gboolean meanings;
} sheet;

/* ---- cells --------------------------------------------------------------------------------- */

static char *pad_cell(const sheet *self, char *text, int blanks)
{
    if (!self->aligned)
        return text;
    char *padded = g_strdup_printf("%s%*s", text, blanks, "");
    g_free(text);
    return padded;
}

static char *ratio_cell(const sheet *self, const qb_kpi_info *info, const qb_kpis *kpis)
{
    const qb_ratio *ratio = qb_kpi_of(kpis, info);
    char *text = report_ratio_text(info, ratio);
    if (ratio->undefined != NULL || info->unit == QB_KPI_PERIODS)
        return pad_cell(self, text, 5); /* ".00 %" */
    return info->unit == QB_KPI_FRACTION ? text : pad_cell(self, text, 2);
}

static report_tone ratio_tone(const qb_kpi_info *info, const qb_kpis *kpis)
{
    const qb_ratio *ratio = qb_kpi_of(kpis, info);
    if (ratio->undefined != NULL)
        return REPORT_DIM;
    if (!info->more_is_better || ratio->value == 0)
        return REPORT_PLAIN;
    return ratio->value > 0 ? REPORT_GOOD : REPORT_BAD;
}

static char *date_text(gint64 instant_us)
{
    char text[QB_TIME_TEXT];
    return g_strdup(qb_date_to_text(qb_date_from_us(instant_us), text));
}

static char *days_text(gint64 span_us)
{
    const double days = (double)span_us / (double)QB_DAY_US;
    return g_strdup_printf(days < 10 && days != floor(days) ? "%.1f days" : "%.0f days", days);
}

static gboolean anyone_has(const sheet *self, const qb_kpi_info *info)
{
    for (gsize i = 0; i < self->count; i++)
        if (qb_kpi_of(self->runs[i].kpis, info)->undefined == NULL)
            return TRUE;
    return FALSE;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* A row of `make`'s texts; takes what it returns. Lines up on the right edge of the digits. */
static void add_row(const sheet *self, report_table *table, const char *label, const char *meaning,
                    char *(*make)(const sheet *self, const report_run *run))
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(cells, g_strdup(label));
    for (gsize i = 0; i < self->count; i++)
        g_ptr_array_add(cells, make(self, &self->runs[i]));
    if (self->meanings)
        g_ptr_array_add(cells, g_strdup(meaning));
    report_table_row(table, (const char *const *)cells->pdata);
    if (self->meanings)
        report_table_tone(table, (int)self->count + 1, REPORT_DIM);
}

static int run_width(const sheet *self, const report_run *run, gboolean whole);

static char *make_sparkline(const sheet *self, const report_run *run)
{
    return report_sparkline(run->equity.value, run->equity.count,
                            run->equity.count > 0 ? run_width(self, run, FALSE) : 0);
}

static char *make_end(const sheet *self, const report_run *run)
{
    return pad_cell(self, report_money_text(run->kpis->end), 2);
}

static char *make_trades(const sheet *self, const report_run *run)
{
    return pad_cell(self, g_strdup_printf("%" G_GSIZE_FORMAT, run->kpis->trades), 5);
}

static gboolean has_drawdown(const qb_kpis *kpis)
{
    return kpis->max_drawdown.undefined == NULL && kpis->max_drawdown.value > 0;
}

static char *make_peak(const sheet *self, const report_run *run)
{
    return has_drawdown(run->kpis) ? date_text(run->kpis->drawdown.peak_us) : g_strdup("-");
}

static char *make_trough(const sheet *self, const report_run *run)
{
    return has_drawdown(run->kpis) ? date_text(run->kpis->drawdown.trough_us) : g_strdup("-");
}

static char *make_recovery(const sheet *self, const report_run *run)
{
    if (!has_drawdown(run->kpis))
        return g_strdup("-");
    const gint64 recovery_us = run->kpis->drawdown.recovery_us;
    return recovery_us != 0 ? date_text(recovery_us) : g_strdup("not yet");
}

static char *make_longest(const sheet *self, const report_run *run)
{
    return has_drawdown(run->kpis) ? days_text(run->kpis->drawdown.longest_us) : g_strdup("-");
}

static void add_ratio(const sheet *self, report_table *table, const qb_kpi_info *info)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(cells, g_strdup(info->title));
    for (gsize i = 0; i < self->count; i++)
        g_ptr_array_add(cells, ratio_cell(self, info, self->runs[i].kpis));
    if (self->meanings)
        g_ptr_array_add(cells, g_strdup(info->meaning));
    report_table_row(table, (const char *const *)cells->pdata);
    for (gsize i = 0; i < self->count; i++)
        report_table_tone(table, (int)i + 1, ratio_tone(info, self->runs[i].kpis));
    if (self->meanings)
        report_table_tone(table, (int)self->count + 1, REPORT_DIM);
}

/* Rows that stand in a group besides its ratios. */
static void begin_group(const sheet *self, report_table *table, qb_kpi_group group)
{
    if (group == QB_KPI_RETURN) {
        gboolean curves = FALSE;
        for (gsize i = 0; i < self->count; i++)
            curves |= self->runs[i].equity.count > 0;
        if (curves && self->style->unicode)
            add_row(self, table, "Equity", "from start to end", make_sparkline);
        add_row(self, table, "Final equity", "cash and positions at the last close", make_end);
    } else if (group == QB_KPI_TRADES) {
        add_row(self, table, "Closed trades", "flat to flat, per instrument", make_trades);
    }
}

static void end_group(const sheet *self, report_table *table, qb_kpi_group group)
{
    gboolean any = FALSE;
    for (gsize i = 0; i < self->count; i++)
        any |= has_drawdown(self->runs[i].kpis);
    if (group != QB_KPI_RISK || !any)
        return;
    report_table_gap(table);
    add_row(self, table, "Drawdown from", "last day at the peak", make_peak);
    add_row(self, table, "Lowest on", "day of the deepest point", make_trough);
    add_row(self, table, "Recovered on", "first day at the old peak again", make_recovery);
    add_row(self, table, "Under water", "longest time between two peaks", make_longest);
}

/* NULL when no run has any ratio. */
static report_table *build(const sheet *self)
{
    report_table *table = report_table_new(NULL);
    report_table_column(table, "", REPORT_LEFT, 0);
    for (gsize i = 0; i < self->count; i++) {
        const report_run *run = &self->runs[i];
        const int room = self->whole_names ? REPORT_WIDTH_MAX : run_width(self, run, FALSE);
        g_autofree char *name = text_clean(run->name);
        g_autofree char *fitted = text_fit(name, MAX(room, NAME_MINIMUM), self->style);
        report_table_column(table, fitted, REPORT_RIGHT, 0);
    }
    if (self->meanings)
        report_table_column(table, "what it is", REPORT_LEFT, 1);

    int group = -1;
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        if (!anyone_has(self, info))
            continue;
        if ((int)info->group != group) {
            if (group >= 0) {
                end_group(self, table, (qb_kpi_group)group);
                report_table_gap(table);
            }
            group = (int)info->group;
            begin_group(self, table, info->group);
        }
        add_ratio(self, table, info);
    }
    if (group >= 0)
        end_group(self, table, (qb_kpi_group)group);
    if (group >= 0)
        return table;
    report_table_free(table);
    return NULL;
}

/* ---- widths -------------------------------------------------------------------------------- */

/* Columns that the run's numbers need, and with `whole` its name too. */
static int run_width(const sheet *self, const report_run *run, gboolean whole)
{
    int width = whole ? report_text_width(run->name) : 0;
    static char *(*const makers[])(const sheet *, const report_run *) = {
        make_end, make_trades, make_peak, make_trough, make_recovery, make_longest};
    for (gsize i = 0; i < G_N_ELEMENTS(makers); i++) {
        g_autofree char *text = makers[i](self, run);
        width = MAX(width, report_text_width(text));
    }
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        g_autofree char *text = ratio_cell(self, &qb_kpi_table[i], run->kpis);
        width = MAX(width, report_text_width(text));
    }
    return width;
}

static int label_width(void)
{
    int width = 0;
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        width = MAX(width, report_text_width(qb_kpi_table[i].title));
    return width;
}

static int meaning_width(void)
{
    int width = 0;
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        width = MAX(width, report_text_width(qb_kpi_table[i].meaning));
    return width;
}

static int runs_width(const sheet *self, gboolean whole)
{
    int width = 0;
    for (gsize i = 0; i < self->count; i++)
        width += 2 + run_width(self, &self->runs[i], whole);
    return width;
}

/* As many runs from the first on as fit beside each other, at least one. */
static gsize runs_that_fit(const report_run *runs, gsize count, const report_style *style)
{
    sheet band = {.runs = runs, .count = 1, .style = style};
    while (band.count < count) {
        band.count++;
        if (LABEL_MINIMUM + runs_width(&band, FALSE) > style->width)
            return band.count - 1;
    }
    return band.count;
}

/* The more room, the more of it: first names in full, then decimal points in line, then what each
 * ratio is. */
static sheet sheet_for(const report_run *runs, gsize count, const report_style *style)
{
    sheet self = {.runs = runs, .count = count, .style = style};
    const int labels = label_width();
    self.whole_names = labels + runs_width(&self, TRUE) <= style->width;
    self.aligned = TRUE;
    self.aligned = labels + runs_width(&self, TRUE) <= style->width;
    self.meanings = self.aligned &&
                    labels + runs_width(&self, TRUE) + 2 + meaning_width() <= style->width;
    return self;
}

/* ---- notes --------------------------------------------------------------------------------- */

static void print_note(const sheet *self, FILE *stream, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void print_note(const sheet *self, FILE *stream, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report_text_print(text, 0, REPORT_DIM, self->style, stream);
}

static void print_basis(const sheet *self, FILE *stream)
{
    const qb_kpis *kpis = self->runs[0].kpis;
    if (kpis->periods == 0)
        return;
    g_autofree char *from = date_text(kpis->start_us), *to = date_text(kpis->end_us);
    g_autofree char *rate = report_ratio_text(&(qb_kpi_info){.unit = QB_KPI_FRACTION},
                                              &(qb_ratio){kpis->risk_free, NULL});
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "N = %g a year, risk-free %s.", kpis->periods_per_year, rate);
    g_string_replace(text, " = ", "\u00a0=\u00a0", 0);
    g_string_replace(text, " %", "\u00a0%", 0);
    print_note(self, stream, "%s to %s, %" G_GSIZE_FORMAT " periods, %s", from, to, kpis->periods,
               text->str);
}

/* "Alpha, Beta (no benchmark); SQN (no closed trade)": what this run lacks, one reason after the
 * other; of ratios that no run has, or of those that another has. */
static char *reasons_text(const sheet *self, const report_run *run, gboolean by_all)
{
    g_autoptr(GPtrArray) whys = g_ptr_array_new();
    g_autoptr(GPtrArray) titles = g_ptr_array_new();
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        const char *why = qb_kpi_of(run->kpis, info)->undefined;
        if (why == NULL || by_all == anyone_has(self, info))
            continue;
        guint known;
        if (!g_ptr_array_find_with_equal_func(whys, why, g_str_equal, &known)) {
            g_ptr_array_add(whys, (gpointer)why);
            g_ptr_array_add(titles, g_string_new(info->title));
        } else {
            g_string_append_printf(g_ptr_array_index(titles, known), ", %s", info->title);
        }
    }
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < whys->len; i++) {
        GString *list = g_ptr_array_index(titles, i);
        g_string_append_printf(text, "%s%s (%s)", i > 0 ? "; " : "", list->str,
                               (const char *)g_ptr_array_index(whys, i));
        g_string_free(list, TRUE);
    }
    return g_string_free(text, FALSE);
}

static void print_reasons(const sheet *self, FILE *stream)
{
    g_autofree char *by_all = reasons_text(self, &self->runs[0], TRUE);
    if (*by_all != '\0')
        print_note(self, stream, "Undefined: %s.", by_all);
    for (gsize i = 0; i < self->count; i++) {
        g_autofree char *own = reasons_text(self, &self->runs[i], FALSE);
        if (*own != '\0')
            print_note(self, stream, "Undefined for %s: %s.", self->runs[i].name, own);
    }
}

void report_kpis_print(const report_run *runs, gsize count, const report_style *style, FILE *stream)
{
    for (gsize first = 0; first < count;) {
        const gsize fitting = runs_that_fit(runs + first, count - first, style);
        const sheet band = sheet_for(runs + first, fitting, style);
        g_autoptr(report_table) table = build(&band);
        if (table != NULL) {
            report_table_print(table, style, stream);
            fputc('\n', stream);
        }
        first += fitting;
    }
    if (count == 0)
        return;
    const sheet all = {.runs = runs, .count = count, .style = style};
    print_basis(&all, stream);
    print_reasons(&all, stream);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_number(GString *text, const char *key, double value)
{
    char number[32];
    g_string_append_printf(text, "\"%s\":%s,", key, report_json_number(value, number));
}

/* An instant, or null for one that never was. */
static void add_time(GString *text, const char *key, gint64 instant_us, gboolean known)
{
    char time[QB_TIME_TEXT];
    if (known)
        g_string_append_printf(text, "\"%s\":\"%s\",", key, qb_time_to_text(instant_us, time));
    else
        g_string_append_printf(text, "\"%s\":null,", key);
}

static void end_object(GString *text)
{
    if (text->str[text->len - 1] == ',')
        g_string_truncate(text, text->len - 1);
    g_string_append_c(text, '}');
}

char *report_kpis_json(const qb_kpis *kpis)
{
    GString *text = g_string_new("{");
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        add_number(text, qb_kpi_table[i].key, qb_kpi_of(kpis, &qb_kpi_table[i])->value);

    const gboolean drawn = has_drawdown(kpis);
    g_string_append(text, "\"drawdown\":{");
    add_time(text, "peak", kpis->drawdown.peak_us, drawn);
    add_time(text, "trough", kpis->drawdown.trough_us, drawn);
    add_time(text, "recovery", kpis->drawdown.recovery_us,
             drawn && kpis->drawdown.recovery_us != 0);
    add_number(text, "longest_days", (double)kpis->drawdown.longest_us / (double)QB_DAY_US);
    end_object(text);
    g_string_append_c(text, ',');

    add_time(text, "start", kpis->start_us, isfinite(kpis->start));
    add_time(text, "end", kpis->end_us, isfinite(kpis->start));
    add_number(text, "start_equity", kpis->start);
    add_number(text, "end_equity", kpis->end);
    add_number(text, "periods", (double)kpis->periods);
    add_number(text, "periods_per_year", kpis->periods_per_year);
    add_number(text, "risk_free", kpis->risk_free);
    add_number(text, "trades", (double)kpis->trades);

    g_string_append(text, "\"undefined\":{");
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const char *why = qb_kpi_of(kpis, &qb_kpi_table[i])->undefined;
        if (why != NULL)
            g_string_append_printf(text, "\"%s\":\"%s\",", qb_kpi_table[i].key, why);
    }
    end_object(text);
    end_object(text);
    return g_string_free(text, FALSE);
}
