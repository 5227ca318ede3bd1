/* The sections [calendar NAME]: a list of sessions from a CSV, changes to it, or changes to a
 * built-in calendar. */
#include "instruments/instruments-private.h"

#include <string.h>

#define CHANGES_LIMIT 10000u

typedef struct calendar_section {
    const ini_pair *sessions, *zone, *periods, *closed, *early; /* NULL: absent */
} calendar_section;

/* ---- keys ----------------------------------------------------------------------------------- */

static gboolean find_pairs(const ini_section *section, const ini_place *place,
                           calendar_section *out)
{
    const struct {
        const char *key;
        const ini_pair **pair;
    } keys[] = {{"sessions", &out->sessions},
                {"zone", &out->zone},
                {"periods", &out->periods},
                {"closed", &out->closed},
                {"early", &out->early}};
    gboolean good = TRUE;
    for (guint i = 0; i < section->pairs->len; i++) {
        const ini_pair *pair = &g_array_index(section->pairs, ini_pair, i);
        gsize k = 0;
        while (k < G_N_ELEMENTS(keys) && strcmp(keys[k].key, pair->key) != 0)
            k++;
        if (k < G_N_ELEMENTS(keys)) {
            *keys[k].pair = pair;
            continue;
        }
        g_autofree char *key = failure_quote(pair->key, -1);
        failures_add(place->problems,
                     "%s:%u: [%s] %s is no key of a calendar (expected sessions zone periods "
                     "closed early)",
                     place->file, pair->line, place->section, key);
        good = FALSE;
    }
    return good;
}

static gboolean need_sessions(const ini_pair *pair, const ini_place *place)
{
    failures_add(place->problems, "%s:%u: [%s] %s: belongs to a list (expected sessions = FILE)",
                 place->file, pair->line, place->section, pair->key);
    return FALSE;
}

/* Which keys may stand together. */
static gboolean check_keys(const calendar_section *keys, const ini_section *section,
                           const char *name, const ini_place *place)
{
    if (keys->sessions != NULL)
        return TRUE;
    if (keys->zone != NULL)
        return need_sessions(keys->zone, place);
    if (keys->periods != NULL)
        return need_sessions(keys->periods, place);
    if (qb_calendar_find(name) != NULL && (keys->closed != NULL || keys->early != NULL))
        return TRUE;
    failures_add(place->problems, "%s:%u: [%s] %s (expected %s)", place->file, section->line,
                 place->section,
                 qb_calendar_find(name) != NULL ? "changes nothing"
                                                : "is no built-in calendar, and has no sessions",
                 qb_calendar_find(name) != NULL ? "closed = DATE, early = DATE TIME or sessions"
                                                : "sessions = FILE");
    return FALSE;
}

static GTimeZone *read_zone(const ini_pair *pair, const ini_place *place)
{
    const char *name = pair != NULL ? pair->value : "UTC";
    const gboolean plain =
        *name != '\0' && *name != '/' && strstr(name, "..") == NULL && strlen(name) <= 64 &&
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/:") ==
            strlen(name);
    GTimeZone *zone = plain ? g_time_zone_new_identifier(name) : NULL;
    if (zone == NULL)
        ini_complain(place, pair, "a time zone such as UTC or Europe/London");
    return zone;
}

static gboolean read_periods(const ini_pair *pair, const ini_place *place, int *out)
{
    char *end = NULL;
    *out = 252;
    if (pair == NULL)
        return TRUE;
    const gint64 periods = g_ascii_strtoll(pair->value, &end, 10);
    if (*pair->value < '1' || *pair->value > '9' || *end != '\0' || periods > 366)
        return ini_complain(place, pair, "sessions a year, 1 to 366");
    *out = (int)periods;
    return TRUE;
}

/* ---- changes -------------------------------------------------------------------------------- */

static gboolean read_date(const char *text, gsize length, int32_t *out)
{
    int64_t us;
    if (length != strlen("2020-01-31") || qb_time_from_text(text, length, &us) != QB_OK)
        return FALSE;
    *out = qb_date_from_us(us);
    return TRUE;
}

/* "2027-07-02 13:00" */
static gboolean read_early(const char *text, qb_session_change *out)
{
    int64_t us;
    const gsize length = strlen("2020-01-31 13:00");
    if (strlen(text) != length || qb_time_from_text(text, length, &us) != QB_OK)
        return FALSE;
    out->date = qb_date_from_us(us);
    out->close_minute = (int32_t)((us - out->date * QB_DAY_US) / QB_MINUTE_US);
    return out->close_minute > 0;
}

static gboolean read_changes(const ini_pair *pair, gboolean early, const ini_place *place,
                             GArray *changes)
{
    const char *expected = early ? "dates and times such as 2027-07-02 13:00, parted by commas"
                                 : "dates such as 2027-01-09, parted by commas";
    if (pair == NULL)
        return TRUE;
    g_auto(GStrv) items = ini_items(pair->value);
    if (items == NULL || changes->len + g_strv_length(items) > CHANGES_LIMIT)
        return ini_complain(place, pair, expected);
    for (char **item = items; *item != NULL; item++) {
        qb_session_change change = {0};
        if (!(early ? read_early(*item, &change) : read_date(*item, strlen(*item), &change.date)))
            return ini_complain(place, pair, expected);
        g_array_append_val(changes, change);
    }
    return TRUE;
}

static int compare_changes(const void *a, const void *b)
{
    const qb_session_change *left = a, *right = b;
    return (left->date > right->date) - (left->date < right->date);
}

static gboolean collect_changes(const calendar_section *keys, const ini_place *place,
                                GArray *changes)
{
    const gboolean closed = read_changes(keys->closed, FALSE, place, changes);
    if (!read_changes(keys->early, TRUE, place, changes) || !closed)
        return FALSE;
    g_array_sort(changes, compare_changes);
    for (guint i = 1; i < changes->len; i++) {
        const qb_session_change *change = &g_array_index(changes, qb_session_change, i);
        char date[QB_TIME_TEXT];
        if (change->date != change[-1].date)
            continue;
        const ini_pair *pair = keys->early != NULL ? keys->early : keys->closed;
        failures_add(place->problems, "%s:%u: [%s] %s: %s is changed twice", place->file,
                     pair->line, place->section, pair->key, qb_date_to_text(change->date, date));
        return FALSE;
    }
    return TRUE;
}

/* The first early close that is none: not after the open of its session. */
static void complain_of_early(const qb_calendar *base, const GArray *changes, const ini_pair *early,
                              const ini_place *place)
{
    for (guint i = 0; i < changes->len; i++) {
        const qb_session_change *change = &g_array_index(changes, qb_session_change, i);
        qb_calendar *made = NULL;
        char date[QB_TIME_TEXT];
        if (change->close_minute == 0)
            continue;
        if (qb_calendar_amend(base, change, 1, &made) == QB_OK) {
            qb_calendar_free(made);
            continue;
        }
        failures_add(place->problems,
                     "%s:%u: [%s] early: %s %02d:%02d is not within that session (expected a time "
                     "after its open)",
                     place->file, early->line, place->section, qb_date_to_text(change->date, date),
                     change->close_minute / 60, change->close_minute % 60);
        return;
    }
    failures_add(place->problems, "%s:%u: [%s] closed: no session is left", place->file,
                 early->line, place->section);
}

static qb_calendar *amend(const qb_calendar *base, const calendar_section *keys,
                          const GArray *changes, const ini_place *place)
{
    qb_calendar *calendar = NULL;
    const qb_status status = qb_calendar_amend(base, (const qb_session_change *)changes->data,
                                               changes->len, &calendar);
    if (status == QB_NO_MEMORY)
        failures_add(place->problems, "[%s]: %s", place->section, qb_status_text(status));
    else if (status != QB_OK)
        complain_of_early(base, changes, keys->early != NULL ? keys->early : keys->closed, place);
    return calendar;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static qb_calendar *make_list(const calendar_section *keys, const char *name,
                              const calendar_source *source, GTimeZone *zone, int periods)
{
    g_autofree char *path = g_path_is_absolute(keys->sessions->value)
                                ? g_strdup(keys->sessions->value)
                                : g_build_filename(source->folder, keys->sessions->value, NULL);
    g_autofree char *file = failure_path(path);
    GError **unread = source->unread != NULL && *source->unread == NULL ? source->unread : NULL;
    g_autoptr(GBytes) bytes = source->read(source->data, path, unread);
    session_list list = {0};
    if (bytes == NULL || !session_list_read(bytes, file, zone, &list, source->csv, unread))
        return NULL;
    qb_calendar *calendar = NULL;
    const qb_status status = qb_calendar_new(name, (const qb_session *)list.sessions->data,
                                             (const int64_t *)list.offsets->data,
                                             list.sessions->len, periods, &calendar);
    if (status != QB_OK)
        failures_add(source->csv, "%s: %s", file, qb_status_text(status));
    session_list_clear(&list);
    return calendar;
}

static char *origin_text(const calendar_section *keys, const GArray *changes)
{
    g_autofree char *base = keys->sessions != NULL ? failure_path(keys->sessions->value)
                                                   : g_strdup("built-in");
    if (changes->len == 0)
        return g_steal_pointer(&base);
    return g_strdup_printf("%s, %u date%s changed", base, changes->len,
                           changes->len == 1 ? "" : "s");
}

qb_calendar *calendar_make(const ini_section *section, const char *name,
                           const calendar_source *source, const ini_place *place, char **out_origin)
{
    calendar_section keys = {0};
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(qb_session_change));
    int periods;
    gboolean good = find_pairs(section, place, &keys);
    good = good && check_keys(&keys, section, name, place);
    good = collect_changes(&keys, place, changes) && good;
    good = read_periods(keys.periods, place, &periods) && good;
    g_autoptr(GTimeZone) zone = read_zone(keys.zone, place);
    if (!good || zone == NULL)
        return NULL;
    if (keys.sessions == NULL) {
        *out_origin = origin_text(&keys, changes);
        return amend(qb_calendar_find(name), &keys, changes, place);
    }
    qb_calendar *list = make_list(&keys, name, source, zone, periods);
    if (list != NULL && changes->len > 0) {
        qb_calendar *amended = amend(list, &keys, changes, place);
        qb_calendar_free(list);
        list = amended;
    }
    if (list != NULL)
        *out_origin = origin_text(&keys, changes);
    return list;
}
