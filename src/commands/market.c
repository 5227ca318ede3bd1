#include "commands/market-private.h"

#include <string.h>

market *market_open(const settings *settings, GError **error)
{
    const char *path = settings_get(settings, "QUANTBOT_INSTRUMENTS");
    const gboolean named = settings_source(settings, "QUANTBOT_INSTRUMENTS") != SETTING_DEFAULT;
    instruments *instruments = instruments_load(path, named, error);
    if (instruments == NULL)
        return NULL;
    market *self = g_new0(market, 1);
    self->instruments = instruments;
    self->data_dir = g_strdup(settings_data_dir(settings));
    self->cache = cache_new(settings_data_dir(settings), instruments_calendars(instruments));
    return self;
}

void market_free(market *self)
{
    if (self == NULL)
        return;
    cache_free(self->cache);
    instruments_free(self->instruments);
    g_free(self->data_dir);
    g_free(self);
}

/* ---- symbols -------------------------------------------------------------------------------- */

/* What a text means as a symbol of that class (-1: as an alias); a miss is no failure. */
static gboolean find_meant(const market *self, const char *typed, int asset, int interval,
                           cache_key *out, gboolean *out_found, GError **error)
{
    char symbol[QB_SYMBOL_SIZE];
    int meant;
    g_autoptr(GError) missing = NULL;
    *out_found = FALSE;
    if (!instruments_symbol(self->instruments, typed, asset, symbol, &meant) || meant < 0)
        return TRUE;
    *out_found = cache_find(self->cache, symbol, meant, interval, out, &missing);
    if (*out_found || g_error_matches(missing, FAILURE, FAILURE_MISSING))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&missing));
    return FALSE;
}

gboolean market_find(const market *self, const char *typed, int asset, int interval, cache_key *out,
                     GError **error)
{
    gboolean found = FALSE;
    g_autoptr(GError) missing = NULL;
    if (!find_meant(self, typed, asset, interval, out, &found, error))
        return FALSE;
    if (found || cache_find(self->cache, typed, asset, interval, out, &missing))
        return TRUE;
    /* BRK/B could be a coin, and only when there is none, is it a share. */
    if (asset < 0 && g_error_matches(missing, FAILURE, FAILURE_MISSING) &&
        !find_meant(self, typed, QB_EQUITY, interval, out, &found, error))
        return FALSE;
    if (!found)
        g_propagate_error(error, g_steal_pointer(&missing));
    return found;
}

gboolean market_means(const market *self, const char *typed, const cache_key *key)
{
    char symbol[QB_SYMBOL_SIZE];
    int asset;
    if (instruments_symbol(self->instruments, typed, (int)key->asset, symbol, &asset) &&
        strcmp(symbol, key->symbol) == 0)
        return TRUE;
    return qb_symbol_normalise(typed, key->asset, symbol) == QB_OK &&
           strcmp(symbol, key->symbol) == 0;
}

/* ---- calendars ------------------------------------------------------------------------------ */

const qb_calendar *market_calendar(const market *self, const char *flag, const char *name,
                                   GError **error)
{
    const qb_calendars *calendars = instruments_calendars(self->instruments);
    const qb_calendar *calendar = qb_calendars_find(calendars, name);
    if (calendar != NULL)
        return calendar;
    g_autoptr(GString) known = g_string_new("XNYS, 24/7, weekdays");
    for (gsize i = 0; i < calendars->count; i++)
        if (qb_calendar_find(qb_calendar_name(calendars->items[i])) == NULL)
            g_string_append_printf(known, ", %s", qb_calendar_name(calendars->items[i]));
    g_autofree char *quoted = failure_quote(name, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: %s is no known calendar (expected %s, or a section [calendar NAME] of "
                "instruments.ini)",
                flag, quoted, known->str);
    return NULL;
}

/* ---- tickers that were another company's ---------------------------------------------------- */

char *market_reuse_note(const qb_instrument *instrument, const int64_t *ts_us, gsize count)
{
    gsize before = 0;
    if (instrument->since <= -QB_CALENDAR_DAYS)
        return NULL;
    const gint64 since_us = (gint64)instrument->since * QB_DAY_US;
    while (before < count && ts_us[before] < since_us)
        before++;
    if (before == 0)
        return NULL;
    char date[QB_TIME_TEXT];
    return g_strdup_printf("%s: bars before %s are another company's (%" G_GSIZE_FORMAT " of them)",
                           instrument->symbol, qb_date_to_text(instrument->since, date), before);
}

char *market_stored_reuse_note(const market *self, const cache_key *key)
{
    qb_instrument instrument;
    cache_entry entry;
    qb_series bars = {0};
    char *note = NULL;
    if (!instruments_get(self->instruments, key->symbol, key->asset, key->interval, &instrument,
                         NULL) ||
        instrument.since <= -QB_CALENDAR_DAYS || !cache_stat(self->cache, key, &entry, NULL) ||
        entry.first_us >= instrument.since * QB_DAY_US)
        return NULL;
    if (cache_read(self->cache, key, INT64_MIN, instrument.since * QB_DAY_US, CACHE_CLOSE, &bars,
                   NULL, NULL))
        note = market_reuse_note(&instrument, bars.ts_us, bars.count);
    qb_series_clear(&bars);
    return note;
}
