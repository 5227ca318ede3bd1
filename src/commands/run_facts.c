/* What a run took its instruments to be: stored in its row, so that it can be made again when
 * instruments.ini has changed. Calendars are known by name and a hash of the sessions used. */
#include "commands/run-private.h"

#include <string.h>

#define SESSIONS_BEFORE 14 /* days before the first bar where the starting close is looked for */

/* ---- sessions ------------------------------------------------------------------------------- */

/* Daily and weekly stamps are labels, not instants. */
static int32_t bar_date(const qb_instrument *instrument, gint64 ts_us)
{
    return instrument->interval >= QB_1D ? qb_date_from_us(ts_us)
                                         : qb_calendar_date(instrument->calendar, ts_us);
}

/* SHA-256 over "date open close break_start break_end offset" of each session that a run over
 * these bars can meet. What a calendar says of other times does not matter. */
static char *sessions_hash(const qb_instrument *instrument, const qb_series *series)
{
    const qb_calendar *calendar = instrument->calendar;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    const int32_t first = bar_date(instrument, series->ts_us[0]) - SESSIONS_BEFORE;
    const int32_t last = bar_date(instrument, series->ts_us[series->count - 1]) +
                         (instrument->interval == QB_1W ? 6 : 0);
    for (int32_t date = first; date <= last; date++) {
        qb_session session;
        if (!qb_calendar_session(calendar, date, &session))
            continue;
        const gint64 offset_us = qb_calendar_offset_us(calendar, session.open_us);
        g_autofree char *line = g_strdup_printf(
            "%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
            " %" G_GINT64_FORMAT "\n",
            date, (gint64)session.open_us, (gint64)session.close_us, (gint64)session.break_start_us,
            (gint64)session.break_end_us, offset_us);
        g_checksum_update(sum, (const guchar *)line, -1);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- to JSON -------------------------------------------------------------------------------- */

static json_t *raw_json(gint64 raw)
{
    char text[QB_RAW_TEXT];
    return json_string(qb_raw_to_text(raw, text));
}

static json_t *facts_json(const qb_instrument *instrument, const qb_series *series)
{
    g_autofree char *sessions = sessions_hash(instrument, series);
    json_t *facts = json_object();
    json_object_set_new(facts, "symbol", json_string(instrument->symbol));
    json_object_set_new(facts, "asset", json_string(qb_asset_text(instrument->asset)));
    json_object_set_new(facts, "interval", json_string(qb_interval_text(instrument->interval)));
    json_object_set_new(facts, "currency", json_string(instrument->currency));
    json_object_set_new(facts, "tick", raw_json(instrument->tick.raw));
    json_object_set_new(facts, "lot", raw_json(instrument->lot.raw));
    json_object_set_new(facts, "price_decimals", json_integer(instrument->price_decimals));
    json_object_set_new(facts, "multiplier", raw_json(instrument->multiplier.raw));
    json_object_set_new(facts, "sector", json_string(instrument->sector));
    if (instrument->since != INT32_MIN) {
        char since[QB_TIME_TEXT];
        json_object_set_new(facts, "since", json_string(qb_date_to_text(instrument->since, since)));
    }
    json_object_set_new(facts, "calendar", json_string(qb_calendar_name(instrument->calendar)));
    json_object_set_new(facts, "sessions", json_string(sessions));
    return facts;
}

json_t *run_facts_to_json(const run_plan *plan, const run_bars *bars)
{
    json_t *all = json_array();
    for (guint32 i = 0; i < plan->count; i++) {
        json_t *facts = facts_json(&plan->instruments[i], &bars->series[i]);
        if (plan->instrument_costs != NULL)
            json_object_set_new(facts, "fees", run_costs_to_json(&plan->instrument_costs[i]));
        json_array_append_new(all, facts);
    }
    return all;
}

/* ---- and back ------------------------------------------------------------------------------- */

static gboolean same_text(const json_t *facts, const char *key, const char *text)
{
    return g_strcmp0(json_string_value(json_object_get(facts, key)), text) == 0;
}

static const json_t *find_facts(const json_t *all, const char *symbol, qb_asset asset,
                                qb_interval interval)
{
    for (gsize i = 0; i < json_array_size(all); i++) {
        const json_t *facts = json_array_get(all, i);
        if (same_text(facts, "symbol", symbol) && same_text(facts, "asset", qb_asset_text(asset)) &&
            same_text(facts, "interval", qb_interval_text(interval)))
            return facts;
    }
    return NULL;
}

static gboolean read_raw(const json_t *facts, const char *key, gint64 minimum, int64_t *out)
{
    const char *text = json_string_value(json_object_get(facts, key));
    return text != NULL && qb_raw_from_text(text, strlen(text), out) == QB_OK && *out >= minimum;
}

static gboolean read_text(const json_t *facts, const char *key, char *out, gsize size)
{
    const char *text = json_string_value(json_object_get(facts, key));
    return text != NULL && g_strlcpy(out, text, size) < size;
}

static gboolean read_since(const json_t *facts, int32_t *out)
{
    const char *text = json_string_value(json_object_get(facts, "since"));
    int64_t us;
    if (text == NULL)
        return TRUE;
    if (qb_time_from_text(text, strlen(text), &us) != QB_OK)
        return FALSE;
    *out = qb_date_from_us(us);
    return TRUE;
}

static gboolean read_facts(const json_t *facts, const qb_calendars *calendars, qb_instrument *out,
                           GError **error)
{
    const json_int_t decimals = json_integer_value(json_object_get(facts, "price_decimals"));
    const char *calendar = json_string_value(json_object_get(facts, "calendar"));
    if (!read_raw(facts, "tick", 0, &out->tick.raw) || !read_raw(facts, "lot", 1, &out->lot.raw) ||
        !read_raw(facts, "multiplier", 1, &out->multiplier.raw) || decimals < 0 || decimals > 8 ||
        !read_text(facts, "currency", out->currency, sizeof out->currency) ||
        !read_text(facts, "sector", out->sector, sizeof out->sector) ||
        !read_since(facts, &out->since) || calendar == NULL) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: the run's stored instrument cannot be read", out->symbol);
        return FALSE;
    }
    out->price_decimals = (int)decimals;
    out->calendar = qb_calendars_find(calendars, calendar);
    if (out->calendar != NULL)
        return TRUE;
    g_autofree char *quoted = failure_quote(calendar, -1);
    g_set_error(error, FAILURE, FAILURE_CONFIG,
                "%s: the run used the calendar %s, which is unknown here (expected its section "
                "[calendar NAME] in instruments.ini)",
                out->symbol, quoted);
    return FALSE;
}

gboolean run_facts_get(const json_t *all, const qb_calendars *calendars, const cache_key *key,
                       qb_instrument *out, GError **error)
{
    const json_t *facts = find_facts(all, key->symbol, key->asset, key->interval);
    qb_instrument instrument;
    if (facts == NULL ||
        qb_instrument_default(key->symbol, key->asset, key->interval, &instrument) != QB_OK) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: the run has stored nothing about it",
                    key->symbol);
        return FALSE;
    }
    if (!read_facts(facts, calendars, &instrument, error))
        return FALSE;
    *out = instrument;
    return TRUE;
}

gboolean run_facts_fees(const json_t *all, const qb_instrument *instrument, qb_costs *costs)
{
    const json_t *facts = find_facts(all, instrument->symbol, instrument->asset,
                                     instrument->interval);
    return run_costs_from_json(json_object_get(facts, "fees"), costs);
}

gboolean run_facts_check(const json_t *all, const run_plan *plan, const run_bars *bars,
                         GError **error)
{
    for (guint32 i = 0; all != NULL && i < plan->count; i++) {
        const qb_instrument *instrument = &plan->instruments[i];
        const json_t *facts = find_facts(all, instrument->symbol, instrument->asset,
                                         instrument->interval);
        g_autofree char *now = sessions_hash(instrument, &bars->series[i]);
        const char *then = json_string_value(json_object_get(facts, "sessions"));
        if (facts == NULL || g_strcmp0(then, now) == 0)
            continue;
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s: the calendar %s has other sessions than the run used (SHA-256 %.12s, run "
                    "used %.12s); see quantbot calendar show %s",
                    instrument->symbol, qb_calendar_name(instrument->calendar), now,
                    then != NULL ? then : "none", qb_calendar_name(instrument->calendar));
        return FALSE;
    }
    return TRUE;
}
