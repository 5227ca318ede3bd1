/* The keys of an instrument: how each is read, and laid over what was there before. */
#include "instruments/instruments-private.h"

#include <string.h>

#define ALIASES_LIMIT 64u

static gboolean read_raw(const char *text, gint64 minimum, gint64 maximum, int64_t *out)
{
    int64_t raw;
    if (qb_raw_from_text(text, strlen(text), &raw) != QB_OK || raw < minimum || raw > maximum)
        return FALSE;
    *out = raw;
    return TRUE;
}

/* ---- one reader a key ----------------------------------------------------------------------- */

static gboolean read_asset(facts *self, const char *text)
{
    return qb_asset_from_text(text, &self->values.asset) == QB_OK;
}

/* What a person may type: 1 to 23 printable characters without blanks. */
static gboolean is_alias(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c >= 0x7f || *c == '@')
            return FALSE;
    return strlen(text) < QB_SYMBOL_SIZE;
}

static gboolean read_aliases(facts *self, const char *text)
{
    g_auto(GStrv) items = ini_items(text);
    if (items == NULL || g_strv_length(items) > ALIASES_LIMIT)
        return FALSE;
    for (char **item = items; *item != NULL; item++) {
        if (!is_alias(*item))
            return FALSE;
        char *upper = g_ascii_strup(*item, -1);
        g_free(*item);
        *item = upper;
    }
    self->aliases_text = g_strjoinv(", ", items);
    self->aliases = g_steal_pointer(&items);
    return TRUE;
}

static gboolean read_currency(facts *self, const char *text)
{
    const gsize length = strlen(text);
    if (length < 3 || length >= sizeof self->values.currency ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != length)
        return FALSE;
    g_strlcpy(self->values.currency, text, sizeof self->values.currency);
    return TRUE;
}

static gboolean read_tick(facts *self, const char *text)
{
    if (g_ascii_strcasecmp(text, "none") == 0) {
        self->values.tick.raw = 0;
        return TRUE;
    }
    return read_raw(text, 1, 1000000 * QB_ONE, &self->values.tick.raw);
}

static gboolean read_lot(facts *self, const char *text)
{
    return read_raw(text, 1, 1000000 * QB_ONE, &self->values.lot.raw);
}

static gboolean read_price_decimals(facts *self, const char *text)
{
    if (text[0] < '0' || text[0] > '8' || text[1] != '\0')
        return FALSE;
    self->values.price_decimals = text[0] - '0';
    return TRUE;
}

static gboolean read_multiplier(facts *self, const char *text)
{
    return read_raw(text, 1, 1000000 * QB_ONE, &self->values.multiplier.raw);
}

static gboolean read_sector(facts *self, const char *text)
{
    for (const char *c = text; *c != '\0'; c = g_utf8_next_char(c))
        if (!g_unichar_isprint(g_utf8_get_char(c)))
            return FALSE;
    return *text != '\0' && g_strlcpy(self->values.sector, text, QB_SECTOR_SIZE) < QB_SECTOR_SIZE;
}

static gboolean read_since(facts *self, const char *text)
{
    int64_t us;
    if (strlen(text) != strlen("2020-01-31") || qb_time_from_text(text, 10, &us) != QB_OK)
        return FALSE;
    self->values.since = qb_date_from_us(us);
    return TRUE;
}

static gboolean read_fee_preset(facts *self, const char *text)
{
    self->fees = qb_fee_preset_find(text);
    return self->fees != NULL;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct {
    const char *key;
    gboolean (*read)(facts *self, const char *text);
    const char *expected;
    gboolean of_class; /* may stand in a class's section */
} keys[FACT_COUNT] = {
    [FACT_ASSET] = {"asset", read_asset, "equity, index, crypto or fx", FALSE},
    [FACT_ALIASES] = {"aliases", read_aliases,
                      "names parted by commas, each of at most 23 characters without blanks",
                      FALSE},
    [FACT_CURRENCY] = {"currency", read_currency, "3 to 7 capital letters such as USD", TRUE},
    [FACT_CALENDAR] = {"calendar", NULL,
                       "XNYS, 24/7, weekdays or a section [calendar NAME] of this file", TRUE},
    [FACT_TICK] = {"tick", read_tick, "a price increment from 0.00000001 to 1000000, or none",
                   TRUE},
    [FACT_LOT] = {"lot", read_lot, "a quantity from 0.00000001 to 1000000", TRUE},
    [FACT_PRICE_DECIMALS] = {"price_decimals", read_price_decimals, "0 to 8", TRUE},
    [FACT_MULTIPLIER] = {"multiplier", read_multiplier, "a number from 0.00000001 to 1000000",
                         TRUE},
    [FACT_SECTOR] = {"sector", read_sector, "a text of at most 39 bytes", FALSE},
    [FACT_SINCE] = {"since", read_since, "a date such as 2012-05-18", FALSE},
    [FACT_FEE_PRESET] = {"fee_preset", read_fee_preset, "a name of quantbot fees list", TRUE},
};

fact fact_from_key(const char *key)
{
    for (int i = 0; i < FACT_COUNT; i++)
        if (strcmp(key, keys[i].key) == 0)
            return (fact)i;
    return FACT_COUNT;
}

static gboolean complain_of_key(const ini_pair *pair, gboolean class_only, const ini_place *place)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (int i = 0; i < FACT_COUNT; i++)
        if (keys[i].of_class || !class_only)
            g_string_append_printf(known, "%s%s", known->len > 0 ? " " : "", keys[i].key);
    g_autofree char *key = failure_quote(pair->key, -1);
    failures_add(place->problems, "%s:%u: [%s] %s is no key of %s (expected %s)", place->file,
                 pair->line, place->section, key, class_only ? "a class" : "an instrument",
                 known->str);
    return FALSE;
}

/* Of the file, or built in; NULL for one whose own section is wrong. */
static gboolean read_calendar(facts *self, const char *text, const GHashTable *calendars)
{
    g_autofree char *name = g_ascii_strup(text, -1);
    gpointer found = NULL;
    if (g_hash_table_lookup_extended((GHashTable *)calendars, name, NULL, &found))
        self->values.calendar = found;
    else
        self->values.calendar = qb_calendar_find(text);
    return found != NULL || self->values.calendar != NULL ||
           g_hash_table_contains((GHashTable *)calendars, name);
}

gboolean facts_read(facts *self, const ini_pair *pair, gboolean class_only,
                    const GHashTable *calendars, const ini_place *place)
{
    const fact key = fact_from_key(pair->key);
    if (key == FACT_COUNT || (class_only && !keys[key].of_class))
        return complain_of_key(pair, class_only, place);
    const gboolean good = key == FACT_CALENDAR ? read_calendar(self, pair->value, calendars)
                                               : keys[key].read(self, pair->value);
    if (!good)
        return ini_complain(place, pair, keys[key].expected);
    self->set[key] = TRUE;
    return TRUE;
}

void facts_apply(const facts *self, qb_instrument *instrument)
{
    const qb_instrument *values = &self->values;
    if (self->set[FACT_CURRENCY])
        g_strlcpy(instrument->currency, values->currency, sizeof instrument->currency);
    if (self->set[FACT_CALENDAR])
        instrument->calendar = values->calendar;
    if (self->set[FACT_TICK])
        instrument->tick = values->tick;
    if (self->set[FACT_LOT])
        instrument->lot = values->lot;
    if (self->set[FACT_PRICE_DECIMALS])
        instrument->price_decimals = values->price_decimals;
    if (self->set[FACT_MULTIPLIER])
        instrument->multiplier = values->multiplier;
    if (self->set[FACT_SECTOR])
        g_strlcpy(instrument->sector, values->sector, sizeof instrument->sector);
    if (self->set[FACT_SINCE])
        instrument->since = values->since;
}

void facts_clear(facts *self)
{
    g_clear_pointer(&self->aliases, g_strfreev);
    g_clear_pointer(&self->aliases_text, g_free);
}
