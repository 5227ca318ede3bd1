#include "macro_rows.h"

#include <string.h>

cache_key gdp_key(void)
{
    return key_of(QB_MACRO, "GDPC1", QB_1Q);
}

cache_provenance macro_provenance(void)
{
    return provenance_of(NULL);
}

void add_row(macro_series *rows, gint64 ts_us, double value, gint64 known_from_us)
{
    const gsize count = rows->count + 1;
    rows->ts_us = g_renew(gint64, rows->ts_us, count);
    rows->value = g_renew(double, rows->value, count);
    rows->known_from_us = g_renew(gint64, rows->known_from_us, count);
    rows->known_to_us = g_renew(gint64, rows->known_to_us, count);
    rows->ts_us[rows->count] = ts_us;
    rows->value[rows->count] = value;
    rows->known_from_us[rows->count] = known_from_us;
    rows->known_to_us[rows->count] = STILL;
    rows->count = count;
}

void add(macro_series *rows, const char *ts, double value, const char *known_from)
{
    add_row(rows, at(ts), value, at(known_from));
}

/* "2020-01-01=1.5@2020-04-30..2020-07-01 ..." */
char *text_of(const macro_series *rows)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < rows->count; i++) {
        char ts[QB_TIME_TEXT], from[QB_TIME_TEXT], to[QB_TIME_TEXT] = "";
        qb_date_to_text(qb_date_from_us(rows->ts_us[i]), ts);
        qb_date_to_text(qb_date_from_us(rows->known_from_us[i]), from);
        if (rows->known_to_us[i] != STILL)
            qb_date_to_text(qb_date_from_us(rows->known_to_us[i]), to);
        g_string_append_printf(text, "%s%s=%g@%s..%s", i > 0 ? " " : "", ts, rows->value[i], from,
                               to);
    }
    return g_string_free(text, FALSE);
}

cache_change merge_rows(fixture *self, const cache_key *key, const macro_series *rows)
{
    const cache_provenance from = macro_provenance();
    cache_change change = {0};
    g_autoptr(GError) error = NULL;
    cache_macro_merge(self->cache, key, rows, &from, &change, &error);
    g_assert_no_error(error);
    return change;
}

macro_series read_rows(fixture *self, const cache_key *key)
{
    macro_series rows = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    cache_macro_read(self->cache, key, G_MININT64, G_MAXINT64, &rows, hashes, &error);
    g_assert_no_error(error);
    return rows;
}

macro_series one(const char *ts, double value, const char *known_from)
{
    macro_series rows = {0};
    add(&rows, ts, value, known_from);
    return rows;
}

void assert_merge_fails(fixture *self, const cache_key *key, macro_series rows, int code,
                        const char *part)
{
    const cache_provenance from = macro_provenance();
    cache_change change;
    g_autoptr(GError) error = NULL;
    g_assert_false(cache_macro_merge(self->cache, key, &rows, &from, &change, &error));
    g_assert_error(error, FAILURE, code);
    assert_contains(error->message, part);
    macro_series_clear(&rows);
}
