/* data compare: what is shown. */
#include "commands/compare-private.h"
#include "core/trading/trading.h"

#include <math.h>
#include <string.h>

/* ---- words ---------------------------------------------------------------------------------- */

static const char *name_of(const compare_plan *plan, qb_which which)
{
    return which == QB_FIRST ? "the first" : which == QB_SECOND ? "the second" : "both";
}

/* "7:1" where the factor, or one over it, is that of a split; else NULL. Caller frees. */
static char *split_text(double factor)
{
    qb_split split;
    const double shares = factor < 1 ? 1 / factor : factor;
    /* Cents leave the factor open by a part in a thousand. */
    for (int old = 1; old <= 4; old++) {
        const double fresh = round(shares * old);
        if (fabs(shares * old / fresh - 1) < 5e-4 && fresh > old && fresh <= 100 &&
            qb_split_from_factor(fresh / old, &split) == QB_OK)
            return g_strdup_printf("%.0f:%d", fresh, old);
    }
    return NULL;
}

static char *adjustment_words(const qb_difference *item)
{
    g_autofree char *split = split_text(item->factor);
    if (split != NULL)
        return g_strdup_printf("a split of %s, in the prices of %s only", split,
                               item->factor < 1 ? "the second" : "the first");
    return g_strdup_printf("dividends, in the prices of %s only",
                           item->factor < 1 ? "the second" : "the first");
}

static char *volume_words(const qb_difference *item)
{
    if (item->which != QB_NEITHER)
        return g_strdup_printf("%s counts money, the other one shares or coins",
                               item->which == QB_FIRST ? "the first" : "the second");
    const double factor = item->factor < 1 ? 1 / item->factor : item->factor;
    if (fabs(factor / 100 - 1) < 0.02)
        return g_strdup("lots of a hundred in one");
    if (fabs(factor / 1000 - 1) < 0.02)
        return g_strdup("thousands in one");
    return g_strdup("other units, or volumes of one adjusted for splits");
}

static char *words_of(const compare_plan *plan, const qb_difference *item)
{
    switch (item->cause) {
    case QB_CAUSE_ADJUSTMENT:
        return adjustment_words(item);
    case QB_CAUSE_CURRENCY:
        return g_strdup_printf("another currency or instrument: %.6g to %.6g", item->factor,
                               item->last_factor);
    case QB_CAUSE_OTHER_HOUR:
        return g_strdup_printf("days of the second end about %.0f h %s", fabs(item->hours),
                               item->hours > 0 ? "later" : "earlier");
    case QB_CAUSE_OTHER_CLOSE:
        return g_strdup("only closes: an auction, or trades after hours");
    case QB_CAUSE_OTHER_MARKET:
        return g_strdup("another exchange, or all of them");
    case QB_CAUSE_BAD_TICK:
        return g_strdup_printf("%s of %s is far from its neighbours", item->field,
                               name_of(plan, item->which));
    case QB_CAUSE_SESSION:
        return g_strdup_printf("outside sessions, not in %s", name_of(plan, item->which));
    case QB_CAUSE_MISSING:
        return g_strdup_printf("not in %s", name_of(plan, item->which));
    case QB_CAUSE_VOLUME_UNITS:
        return volume_words(item);
    default:
        return g_strdup_printf("%s differs", item->field);
    }
}

static char *ratio_text(double factor)
{
    return isfinite(factor) ? g_strdup_printf("%.6f", factor) : g_strdup("");
}

static char *value_text(double value)
{
    return isfinite(value) ? g_strdup_printf("%.10g", value) : g_strdup("");
}

/* ---- table ---------------------------------------------------------------------------------- */

static report_tone tone_of(qb_cause cause)
{
    if (cause == QB_CAUSE_BAD_TICK || cause == QB_CAUSE_ADJUSTMENT || cause == QB_CAUSE_CURRENCY)
        return REPORT_BAD;
    return cause == QB_CAUSE_UNEXPLAINED ? REPORT_DIM : REPORT_PLAIN;
}

static void add_row(report_table *table, const compare_plan *plan, const qb_difference *item)
{
    g_autofree char *from = data_stamp_text(item->from_us, plan->key.interval);
    g_autofree char *to = data_stamp_text(item->to_us, plan->key.interval);
    g_autofree char *bars = g_strdup_printf("%" G_GSIZE_FORMAT, item->rows);
    g_autofree char *ratio = ratio_text(item->factor);
    g_autofree char *first = value_text(item->first), *second = value_text(item->second);
    g_autofree char *words = words_of(plan, item);
    const char *const cells[] = {from,   item->to_us != item->from_us ? to : "",
                                 bars,   qb_cause_text(item->cause),
                                 ratio,  first,
                                 second, words};
    report_table_row(table, cells);
    report_table_tone(table, 3, tone_of(item->cause));
}

static gboolean is_asked_for(const compare_plan *plan, const qb_difference *item)
{
    return plan->cause < 0 || (int)item->cause == plan->cause;
}

/* What is shown, by time: where there is more than the limit, the unexplained stands back. */
typedef struct choice {
    gsize others, unexplained; /* that may still be shown */
    gsize left_out;
} choice;

static choice choose(const compare_plan *plan, const qb_comparison *comparison)
{
    choice self = {.others = plan->limit};
    gsize others = 0;
    for (gsize i = 0; i < comparison->count; i++)
        others += is_asked_for(plan, &comparison->items[i]) &&
                  comparison->items[i].cause != QB_CAUSE_UNEXPLAINED;
    self.unexplained = plan->limit > others ? plan->limit - others : 0;
    return self;
}

static gboolean choice_takes(choice *self, const compare_plan *plan, const qb_difference *item)
{
    gsize *room = item->cause == QB_CAUSE_UNEXPLAINED ? &self->unexplained : &self->others;
    if (!is_asked_for(plan, item))
        return FALSE;
    if (*room == 0) {
        self->left_out++;
        return FALSE;
    }
    (*room)--;
    return TRUE;
}

static gsize print_differences(const compare_plan *plan, const qb_comparison *comparison,
                               const report_style *style)
{
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "from", REPORT_LEFT, 0);
    report_table_column(table, "to", REPORT_LEFT, 0);
    report_table_column(table, "bars", REPORT_RIGHT, 0);
    report_table_column(table, "cause", REPORT_LEFT, 0);
    report_table_column(table, "ratio", REPORT_RIGHT, 0);
    report_table_column(table, "first", REPORT_RIGHT, 2);
    report_table_column(table, "second", REPORT_RIGHT, 2);
    report_table_column(table, "probably", REPORT_LEFT, 1);
    choice choice = choose(plan, comparison);
    gsize shown = 0;
    for (gsize i = 0; i < comparison->count; i++) {
        if (!choice_takes(&choice, plan, &comparison->items[i]))
            continue;
        add_row(table, plan, &comparison->items[i]);
        shown++;
    }
    if (shown > 0)
        report_table_print(table, style, stdout);
    return choice.left_out;
}

static void print_side(const char *which, const compare_side *side, const report_style *style)
{
    g_autofree char *text = g_strdup_printf(
        "%s: %s%s%s, %s, %" G_GSIZE_FORMAT " bars", which, side->name,
        side->provider != NULL ? " of " : "", side->provider != NULL ? side->provider : "",
        cache_adjustment_text(side->adjustment), side->series.count);
    report_text_print(text, 0, REPORT_PLAIN, style, stdout);
}

static void print_counts(const compare_plan *plan, const qb_comparison *comparison)
{
    for (int cause = 0; cause < QB_CAUSE_COUNT; cause++) {
        if (comparison->by_cause[cause] == 0 || (plan->cause >= 0 && plan->cause != cause))
            continue;
        printf("  %-13s %6" G_GSIZE_FORMAT " x, %" G_GSIZE_FORMAT " bars\n",
               qb_cause_text((qb_cause)cause), comparison->by_cause[cause],
               comparison->rows_of_cause[cause]);
    }
}

static void print_summary(const compare_plan *plan, const qb_comparison *comparison,
                          const report_style *style)
{
    if (comparison->from_us > comparison->to_us) {
        report_text_print("They cover no time in common.", 0, REPORT_BAD, style, stdout);
        return;
    }
    g_autofree char *from = data_stamp_text(comparison->from_us, plan->key.interval);
    g_autofree char *to = data_stamp_text(comparison->to_us, plan->key.interval);
    g_autofree char *text =
        g_strdup_printf("%s to %s: %" G_GSIZE_FORMAT " bars in both, %" G_GSIZE_FORMAT
                        " of them equal within %g %%; %" G_GSIZE_FORMAT
                        " only in the first, %" G_GSIZE_FORMAT " only in the second.",
                        from, to, comparison->shared, comparison->agreeing, plan->tolerance * 100,
                        comparison->only_first, comparison->only_second);
    report_text_print(text, 0, REPORT_PLAIN, style, stdout);
    if (comparison->usual > 0)
        printf("Closes usually differ by %.2f %%.\n", comparison->usual * 100);
    if (comparison->unfit > 0)
        printf("%" G_GSIZE_FORMAT " bars have no sound prices in one and were left out.\n",
               comparison->unfit);
}

void compare_print_table(const compare_plan *plan, const qb_comparison *comparison)
{
    const report_style style = report_style_of(1);
    print_side("first ", &plan->first, &style);
    print_side("second", &plan->second, &style);
    print_summary(plan, comparison, &style);
    if (comparison->count == 0) {
        if (comparison->from_us <= comparison->to_us)
            printf("No differences.\n");
        return;
    }
    print_counts(plan, comparison);
    printf("\n");
    const gsize left = print_differences(plan, comparison, &style);
    if (left > 0)
        printf("and %" G_GSIZE_FORMAT " more; --limit 0 shows all, --cause one kind\n", left);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static const char *which_text(qb_which which)
{
    return which == QB_FIRST ? "first" : which == QB_SECOND ? "second" : NULL;
}

static json_t *item_json(const compare_plan *plan, const qb_difference *item)
{
    g_autofree char *words = words_of(plan, item);
    json_t *object = json_object();
    json_object_set_new(object, "cause", json_string(qb_cause_text(item->cause)));
    json_object_set_new(object, "from", data_time_json(item->from_us));
    json_object_set_new(object, "to", data_time_json(item->to_us));
    json_object_set_new(object, "bars", json_integer((json_int_t)item->rows));
    json_object_set_new(object, "field", json_string(item->field));
    json_object_set_new(object, "which",
                        which_text(item->which) != NULL ? json_string(which_text(item->which))
                                                        : json_null());
    json_object_set_new(object, "first", number(item->first));
    json_object_set_new(object, "second", number(item->second));
    json_object_set_new(object, "ratio", number(item->factor));
    if (item->cause == QB_CAUSE_CURRENCY)
        json_object_set_new(object, "last_ratio", number(item->last_factor));
    if (item->cause == QB_CAUSE_OTHER_HOUR)
        json_object_set_new(object, "hours", number(item->hours));
    json_object_set_new(object, "probably", json_string(words));
    return object;
}

static json_t *side_json(const compare_side *side)
{
    return json_pack("{s:s, s:s?, s:s, s:I}", "name", side->name, "provider", side->provider,
                     "adjustment", cache_adjustment_text(side->adjustment), "bars",
                     (json_int_t)side->series.count);
}

static json_t *causes_json(const qb_comparison *comparison)
{
    json_t *object = json_object();
    for (int cause = 0; cause < QB_CAUSE_COUNT; cause++)
        if (comparison->by_cause[cause] > 0)
            json_object_set_new(object, qb_cause_text((qb_cause)cause),
                                json_integer((json_int_t)comparison->by_cause[cause]));
    return object;
}

void compare_print_json(const compare_plan *plan, const qb_comparison *comparison)
{
    json_auto_t *root = data_key_json(&plan->key);
    json_t *items = json_array();
    const gboolean common = comparison->from_us <= comparison->to_us;
    json_object_set_new(root, "first", side_json(&plan->first));
    json_object_set_new(root, "second", side_json(&plan->second));
    json_object_set_new(root, "tolerance", json_real(plan->tolerance));
    json_object_set_new(root, "from", common ? data_time_json(comparison->from_us) : json_null());
    json_object_set_new(root, "to", common ? data_time_json(comparison->to_us) : json_null());
    json_object_set_new(root, "shared", json_integer((json_int_t)comparison->shared));
    json_object_set_new(root, "equal", json_integer((json_int_t)comparison->agreeing));
    json_object_set_new(root, "only_first", json_integer((json_int_t)comparison->only_first));
    json_object_set_new(root, "only_second", json_integer((json_int_t)comparison->only_second));
    json_object_set_new(root, "unfit", json_integer((json_int_t)comparison->unfit));
    json_object_set_new(root, "usual_distance", number(comparison->usual));
    json_object_set_new(root, "volume_ratio", number(comparison->volume_ratio));
    json_object_set_new(root, "causes", causes_json(comparison));
    choice choice = choose(plan, comparison);
    for (gsize i = 0; i < comparison->count; i++)
        if (choice_takes(&choice, plan, &comparison->items[i]))
            json_array_append_new(items, item_json(plan, &comparison->items[i]));
    json_object_set_new(root, "differences", items);
    data_print_json(root);
}
