/* Which defects of bars the cache takes, and how they are told. */
#include "cache/cache-private.h"

#include <math.h>

gboolean bars_unfit(qb_defect_kind kind)
{
    return qb_defect_is_fatal(kind) || kind == QB_DEFECT_OUT_OF_ORDER ||
           kind == QB_DEFECT_DUPLICATE;
}

gboolean bars_defects(const qb_series *bars, const qb_calendar *calendar, qb_interval interval,
                      qb_defects *out, GError **error)
{
    /* Counted first: sound bars, which most are, need no list. */
    qb_defects defects = {0};
    qb_status status = qb_validate(bars, calendar, interval, &defects);
    if (status == QB_OK && defects.count > 0) {
        const gsize count = defects.count;
        defects = (qb_defects){.items = g_try_new(qb_defect, count), .capacity = count};
        status = defects.items != NULL ? qb_validate(bars, calendar, interval, &defects)
                                       : QB_NO_MEMORY;
    }
    if (status == QB_OK) {
        *out = defects;
        return TRUE;
    }
    g_free(defects.items);
    return failure_from_status(error, status, "validation of bars");
}

char *defect_text(const qb_defect *defect, gsize row)
{
    char time[QB_TIME_TEXT], value[32] = "";
    if (!isnan(defect->value))
        g_snprintf(value, sizeof value, " %.10g", defect->value);
    return g_strdup_printf("row %" G_GSIZE_FORMAT ": %s%s: %s (%s)", row, defect->field, value,
                           qb_defect_text(defect->kind), qb_time_to_text(defect->ts_us, time));
}

gboolean bars_check(const qb_series *bars, const qb_calendar *calendar, qb_interval interval,
                    const char *name, GError **error)
{
    qb_defects defects;
    failures problems;
    if (!bars_defects(bars, calendar, interval, &defects, error))
        return FALSE;
    failures_init(&problems);
    for (gsize i = 0; i < defects.stored; i++) {
        if (!bars_unfit(defects.items[i].kind))
            continue;
        g_autofree char *text = defect_text(&defects.items[i], defects.items[i].row + 1);
        failures_add(&problems, "%s: %s", name, text);
    }
    g_free(defects.items);
    return failures_finish(&problems, FAILURE_BAD_DATA, error);
}
