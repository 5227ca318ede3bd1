#include "commands/metrics-private.h"

#include <math.h>
#include <string.h>

gboolean metrics_as_parse(const char *text, qb_dialect *out, GError **error)
{
    if (qb_dialect_from_text(text, out) == QB_OK)
        return TRUE;
    g_autofree char *quoted = failure_quote(text, -1);
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = 0; i < QB_DIALECT_COUNT; i++)
        g_string_append_printf(names, "%s%s",
                               i == 0                      ? ""
                               : i + 1 == QB_DIALECT_COUNT ? " or "
                                                           : ", ",
                               qb_dialect_text((qb_dialect)i));
    g_set_error(error, FAILURE, FAILURE_USAGE, "--metrics-as: %s is no tool (expected %s)", quoted,
                names->str);
    return FALSE;
}

gboolean metrics_as_of_curve(qb_dialect dialect, const qb_kpi_input *input, double years,
                             metrics_as *out, GError **error)
{
    out->note = NULL;
    const qb_status status = qb_dialect_compute(dialect, input, years, &out->sheet);
    return status == QB_OK || failure_from_status(error, status, qb_dialect_text(dialect));
}

/* ---- a run as the tool samples it ---------------------------------------------------------- */

/* Arrays that a resampled input borrows. */
typedef struct sampled {
    gint64 *full_us, *ts_us;
    double *equity, *price;
    qb_trade_result *trades;
} sampled;

static void sampled_clear(sampled *self)
{
    g_free(self->full_us);
    g_free(self->ts_us);
    g_free(self->equity);
    g_free(self->price);
    g_free(self->trades);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sampled, sampled_clear)

/* The stamp of the bar in which something was filled: an opening belongs to the bar that is known
 * after it, a close to the one known then. */
static gint64 bar_of(const qb_curve *bars, gint64 at_us, gboolean at_close)
{
    gsize low = 0, high = bars->count - 1;
    while (low < high) {
        const gsize middle = (low + high) / 2;
        if (bars->ts_us[middle] > at_us || (at_close && bars->ts_us[middle] == at_us))
            high = middle;
        else
            low = middle + 1;
    }
    return bars->ts_us[low];
}

/* Without E_0, and each stamp within the day that its bar closes. */
static qb_kpi_input from_first_bar(const qb_kpi_input *input, gboolean at_close, sampled *out)
{
    qb_kpi_input changed = *input;
    const qb_curve bars = {input->full.ts_us + 1, input->full.value + 1, input->full.count - 1};
    out->full_us = g_new(gint64, bars.count);
    for (gsize i = 0; i < bars.count; i++)
        out->full_us[i] = bars.ts_us[i] - 1;
    out->trades = g_new(qb_trade_result, input->trade_count + 1);
    for (gsize i = 0; i < input->trade_count; i++) {
        out->trades[i] = input->trades[i];
        out->trades[i].entry_us = bar_of(&bars, input->trades[i].entry_us, at_close) - 1;
        out->trades[i].exit_us = bar_of(&bars, input->trades[i].exit_us, at_close) - 1;
    }
    changed.full = (qb_curve){(const int64_t *)out->full_us, bars.value, bars.count};
    changed.trades = out->trades;
    qb_curve *const curves[] = {&changed.periods, &changed.benchmark};
    for (gsize i = 0; i < G_N_ELEMENTS(curves); i++)
        if (curves[i]->count > 0)
            *curves[i] = (qb_curve){curves[i]->ts_us + 1, curves[i]->value + 1,
                                    curves[i]->count - 1};
    return changed;
}

/* What was known at the midnight that ends each day, from the end of the first day on. */
static qb_kpi_input at_midnights(const qb_kpi_input *input, sampled *out)
{
    qb_kpi_input changed = *input;
    const qb_curve *periods = &input->periods;
    const int32_t first = qb_date_from_us(periods->ts_us[1] - 1);
    const int32_t last = qb_date_from_us(periods->ts_us[periods->count - 1] - 1);
    const gsize count = (gsize)(last - first) + 1;
    out->ts_us = g_new(gint64, count);
    out->equity = g_new(double, count);
    out->price = g_new(double, count);
    gsize at = 0;
    for (gsize i = 0; i < count; i++) {
        out->ts_us[i] = (first + 1 + (gint64)i) * QB_DAY_US;
        while (at + 1 < periods->count && periods->ts_us[at + 1] <= out->ts_us[i])
            at++;
        out->equity[i] = periods->value[at];
        out->price[i] = input->benchmark.count > 0 ? input->benchmark.value[at] : NAN;
    }
    changed.periods = (qb_curve){(const int64_t *)out->ts_us, out->equity, count};
    if (input->benchmark.count > 0)
        changed.benchmark = (qb_curve){(const int64_t *)out->ts_us, out->price, count};
    /* The start is the midnight before the first bar. */
    out->full_us = g_new(gint64, input->full.count);
    memcpy(out->full_us, input->full.ts_us, input->full.count * sizeof(gint64));
    out->full_us[0] = MAX(out->full_us[0], first * QB_DAY_US);
    changed.full.ts_us = (const int64_t *)out->full_us;
    return changed;
}

gboolean metrics_as_of_run(qb_dialect dialect, const qb_kpi_input *input, gboolean at_close,
                           metrics_as *out, GError **error)
{
    static const qb_trade_result none;
    g_auto(sampled) arrays = {0};
    qb_kpi_input changed = *input;
    const char *note = NULL;
    /* A run knows its trades, be there none. */
    if (changed.trades == NULL)
        changed.trades = &none;
    if (dialect == QB_DIALECT_BACKTESTING && input->full.count > 1) {
        changed = from_first_bar(&changed, at_close, &arrays);
        note = "The run is sampled as that tool does: from the first bar's close on.";
    } else if (dialect == QB_DIALECT_LEAN && input->periods.count > 1) {
        changed = at_midnights(&changed, &arrays);
        note = "The run is sampled as that tool does: at every midnight, weekends too, without the "
               "first day.";
    }
    if (!metrics_as_of_curve(dialect, &changed, 0, out, error))
        return FALSE;
    out->note = note;
    return TRUE;
}

/* ---- showing ------------------------------------------------------------------------------- */

void metrics_as_print(const metrics_as *self, const qb_kpis *ours, const report_style *style)
{
    report_dialect_print(&self->sheet, ours, self->note, style, stdout);
}

char *metrics_as_json(const metrics_as *self, const qb_kpis *ours)
{
    g_autofree char *figures = report_dialect_json(&self->sheet, ours, self->note);
    return g_strdup_printf(",\"metrics_as\":%s", figures);
}
