/* What the texts of a run mean, one by one. */
#include "commands/run-private.h"

#include <string.h>

void run_value_problem_item(failures *problems, const run_texts *texts, const char *name,
                            const char *item, const char *expected)
{
    const char *place = g_hash_table_lookup(texts->places, name);
    g_autofree char *quoted = failure_quote(item, -1);
    g_autofree char *flag = g_strdup_printf("--%s", name);
    failures_add(problems, "%s: %s is not valid (expected %s)", place != NULL ? place : flag,
                 quoted, expected);
}

void run_value_problem(failures *problems, const run_texts *texts, const char *name,
                       const char *expected)
{
    const char *value = run_texts_get(texts, name);
    run_value_problem_item(problems, texts, name, value != NULL ? value : "", expected);
}

gint64 run_value_raw(failures *problems, const run_texts *texts, const char *name, gint64 minimum,
                     gint64 maximum, const char *expected)
{
    const char *text = run_texts_get(texts, name);
    int64_t raw = 0;
    if (qb_raw_from_text(text, strlen(text), &raw) != QB_OK || raw < minimum || raw > maximum)
        run_value_problem(problems, texts, name, expected);
    return raw;
}

qb_rate run_value_bps(failures *problems, const run_texts *texts, const char *name)
{
    const char *expected = "basis points from 0 to 10000, at most 4 decimals";
    const gint64 raw = run_value_raw(problems, texts, name, 0, 10000 * QB_ONE, expected);
    if (raw % 10000 != 0)
        run_value_problem(problems, texts, name, expected);
    return (qb_rate){raw / 10000};
}

/* FALSE: none, or not exact. */
static gboolean share_from_text(const char *text, gint64 maximum, gint64 *out)
{
    const gsize length = strlen(text);
    const gboolean percent = length > 0 && text[length - 1] == '%';
    int64_t raw;
    if (qb_raw_from_text(text, length - (percent ? 1 : 0), &raw) != QB_OK)
        return FALSE;
    if (percent && raw % 100 != 0)
        return FALSE;
    if (!percent && raw >= QB_ONE && !(raw == QB_ONE && maximum == QB_ONE))
        return FALSE;
    *out = percent ? raw / 100 : raw;
    return TRUE;
}

qb_rate run_value_share(failures *problems, const run_texts *texts, const char *name,
                        gint64 minimum, gint64 maximum, const char *expected)
{
    gint64 raw = 0;
    if (!share_from_text(run_texts_get(texts, name), maximum, &raw) || raw < minimum ||
        raw > maximum)
        run_value_problem(problems, texts, name, expected);
    return (qb_rate){raw};
}

qb_rate run_value_share_or_off(failures *problems, const run_texts *texts, const char *name,
                               gint64 maximum, const char *expected)
{
    if (g_ascii_strcasecmp(run_texts_get(texts, name), "off") == 0)
        return (qb_rate){0};
    return run_value_share(problems, texts, name, 1, maximum, expected);
}

gint64 run_value_day(failures *problems, const run_texts *texts, const char *name,
                     gboolean inclusive_end, gint64 standard)
{
    const char *text = run_texts_get(texts, name);
    int64_t at_us = standard;
    if (text == NULL)
        return standard;
    if (qb_time_from_text(text, strlen(text), &at_us) != QB_OK) {
        run_value_problem(problems, texts, name, "2020-01-31 or 2020-01-31T14:30:00Z");
        return standard;
    }
    if (inclusive_end)
        at_us += strlen(text) == strlen("2020-01-31") ? QB_DAY_US : 1;
    return at_us;
}

gboolean run_value_switch(failures *problems, const run_texts *texts, const char *name)
{
    const char *text = run_texts_get(texts, name);
    const gboolean on = g_ascii_strcasecmp(text, "yes") == 0;
    if (!on && g_ascii_strcasecmp(text, "no") != 0)
        run_value_problem(problems, texts, name, "yes or no");
    return on;
}
