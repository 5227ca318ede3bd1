/* Macro series as a run's strategies see them: the value of the latest period that had one at that
 * moment, as it was published then, not as it was revised later.
 *
 * Vintages are turned into steps once: from then on, that value. A period whose value was withdrawn,
 * or published as missing, counts as having none, and the one before it shows again. */
#include "commands/commands-private.h"
#include "commands/run-private.h"

#include <math.h>

#define MACROS_MAX 64u

typedef struct step {
    gint64 from_us;
    double value; /* NaN: none */
} step;

struct run_macro {
    GArray *steps; /* of step, ascending */
    guint basis;   /* set of MACRO_* */
};

/* ---- steps --------------------------------------------------------------------------------- */

/* A row begins or ends to be what is known of its period. */
typedef struct news {
    gint64 at_us;
    gsize row;
    gboolean ends;
} news;

static int compare_news(gconstpointer a, gconstpointer b)
{
    const news *left = a, *right = b;
    if (left->at_us != right->at_us)
        return left->at_us < right->at_us ? -1 : 1;
    if (left->ends != right->ends)
        return left->ends ? -1 : 1; /* a vintage makes room for its successor */
    return (left->row > right->row) - (left->row < right->row);
}

static GArray *news_of(const macro_series *series)
{
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(news), (guint)series->count * 2);
    for (gsize i = 0; i < series->count; i++) {
        const news begin = {series->known_from_us[i], i, FALSE};
        const news end = {series->known_to_us[i], i, TRUE};
        if (isnan(series->value[i]))
            continue;
        g_array_append_val(all, begin);
        if (end.at_us != INT64_MAX)
            g_array_append_val(all, end);
    }
    g_array_sort(all, compare_news);
    return all;
}

/* The period of each row, counted from 0. */
static gsize *periods_of(const macro_series *series)
{
    gsize *periods = g_new0(gsize, series->count + 1);
    for (gsize i = 1; i < series->count; i++)
        periods[i] = periods[i - 1] + (series->ts_us[i] != series->ts_us[i - 1]);
    return periods;
}

static void add_step(GArray *steps, gint64 from_us, double value)
{
    const step next = {from_us, value};
    const double last = steps->len > 0 ? g_array_index(steps, step, steps->len - 1).value : NAN;
    if (last != value && !(isnan(last) && isnan(value)))
        g_array_append_val(steps, next);
}

static GArray *steps_of(const macro_series *series)
{
    g_autoptr(GArray) all = news_of(series);
    g_autofree gsize *periods = periods_of(series);
    g_autofree gsize *known = g_new0(gsize, series->count + 1); /* period: its row + 1; 0: none */
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(step));
    gsize latest = 0; /* no later period has a value */
    for (guint i = 0; i < all->len; i++) {
        const news *item = &g_array_index(all, news, i);
        const gsize period = periods[item->row];
        if (!item->ends)
            known[period] = item->row + 1;
        else if (known[period] == item->row + 1)
            known[period] = 0;
        if (!item->ends && period > latest)
            latest = period;
        if (i + 1 < all->len && g_array_index(all, news, i + 1).at_us == item->at_us)
            continue;
        while (latest > 0 && known[latest] == 0)
            latest--;
        add_step(steps, item->at_us, known[latest] > 0 ? series->value[known[latest] - 1] : NAN);
    }
    return steps;
}

static double value_at(void *self, int64_t at_us)
{
    const GArray *steps = ((const run_macro *)self)->steps;
    guint low = 0, high = steps->len; /* the first step after at_us */
    while (low < high) {
        const guint middle = low + (high - low) / 2;
        if (g_array_index(steps, step, middle).from_us <= at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? g_array_index(steps, step, low - 1).value : NAN;
}

/* ---- finding and loading ------------------------------------------------------------------- */

gboolean run_macros_find(const run_texts *texts, const market *market, run_plan *plan,
                         GError **error)
{
    const char *list = run_texts_get(texts, "macro");
    if (list == NULL)
        return TRUE;
    g_auto(GStrv) names = command_symbols(list, error);
    if (names == NULL)
        return FALSE;
    const guint count = g_strv_length(names);
    if (count > MACROS_MAX) {
        g_set_error(error, FAILURE, FAILURE_CONFIG, "--macro: %u series (at most %u)", count,
                    MACROS_MAX);
        return FALSE;
    }
    plan->macros = g_new0(cache_key, count);
    for (; plan->macro_count < count; plan->macro_count++)
        if (!market_find(market, names[plan->macro_count], QB_MACRO, -1,
                         &plan->macros[plan->macro_count], error)) {
            g_prefix_error(error, "--macro: ");
            return FALSE;
        }
    return TRUE;
}

gboolean run_macros_load(const run_plan *plan, cache *cache, run_bars *bars, GError **error)
{
    bars->macros = g_new0(run_macro, plan->macro_count);
    bars->macro_feeds = g_new0(qb_macro_feed, plan->macro_count);
    for (guint32 i = 0; i < plan->macro_count; i++) {
        macro_series series = {0};
        if (!cache_macro_read(cache, &plan->macros[i], INT64_MIN, INT64_MAX, &series, bars->hashes,
                              error))
            return FALSE;
        bars->macros[i].steps = steps_of(&series);
        bars->macros[i].basis = series.basis;
        bars->macro_feeds[i] = (qb_macro_feed){.self = &bars->macros[i], .at = value_at};
        bars->macro_count = i + 1;
        macro_series_clear(&series);
    }
    return TRUE;
}

/* What is not known for certain of when values became known. */
void run_macros_notes(const run_plan *plan, const run_bars *bars, GPtrArray *notes)
{
    for (guint32 i = 0; i < bars->macro_count; i++) {
        const guint basis = bars->macros[i].basis;
        if ((basis & (MACRO_ASSUMED | MACRO_IMPORTED)) != 0)
            g_ptr_array_add(notes,
                            g_strdup_printf("%s: when its values became known is %s",
                                            plan->macros[i].symbol,
                                            (basis & MACRO_ASSUMED) != 0
                                                ? "assumed, at least in part"
                                                : "the moment of their import, at least in part"));
    }
}

void run_macros_free(run_bars *bars)
{
    for (guint32 i = 0; i < bars->macro_count; i++)
        g_array_unref(bars->macros[i].steps);
    g_free(bars->macros);
    g_free(bars->macro_feeds);
}
