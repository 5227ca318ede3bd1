/* Coverage when the calendar learns of a closure after bars were stored. */
#include "fixture.h"

#include "cache/cache-private.h"

#include <string.h>

#define DAY QB_DAY_US

/* XNYS with one date closed, under its own name. */
static qb_calendar *amended(const char *date)
{
    const qb_session_change change = {.date = (int32_t)(at(date) / DAY)};
    qb_calendar *calendar = NULL;
    g_assert_cmpint(qb_calendar_amend(qb_calendar_find("XNYS"), &change, 1, &calendar), ==, QB_OK);
    return calendar;
}

static cache_entry stat_under(fixture *self, const cache_key *key, const qb_calendar *calendar,
                              gsize out_march[2])
{
    g_autoptr(GError) error = NULL;
    const qb_calendars calendars = {&calendar, calendar != NULL ? 1 : 0};
    g_autoptr(cache) cache = cache_new(self->folder, &calendars);
    cache_entry whole = {0};
    g_autoptr(GArray) months = cache_coverage(cache, key, &whole, &error);
    g_assert_no_error(error);
    gsize expected = 0, present = 0;
    for (guint i = 0; i < months->len; i++) {
        const cache_month *month = &g_array_index(months, cache_month, i);
        g_assert_cmpuint(month->present, <=, month->expected);
        expected += month->expected;
        present += month->present;
        if (month->month == 3) {
            out_march[0] = month->present;
            out_march[1] = month->expected;
        }
    }
    g_assert_cmpuint(whole.expected, ==, expected);
    g_assert_cmpuint(whole.present, ==, present);
    return whole;
}

/* March 2020 has 22 sessions. The 10th becomes a holiday: a bar of that day is a bar on no session,
 * and neither counts as coverage nor hides that the 11th is missing. */
static void test_new_closure(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    qb_calendar *calendar = amended("2020-03-10");
    const qb_calendars calendars = {(const qb_calendar *const *)&calendar, 1};
    gsize march[2];
    merge_bars(self, &key, bars_between(at("2020-02-03"), at("2020-03-11"), DAY, 100));
    merge_bars(self, &key, bars_between(at("2020-03-12"), at("2020-05-01"), DAY, 100));
    stat_under(self, &key, NULL, march);
    g_assert_cmpuint(march[0], ==, 21);
    g_assert_cmpuint(march[1], ==, 22);
    stat_under(self, &key, calendar, march);
    g_assert_cmpuint(march[0], ==, 20);
    g_assert_cmpuint(march[1], ==, 21);

    g_autoptr(GError) error = NULL;
    g_autoptr(cache) cache = cache_new(self->folder, &calendars);
    g_autoptr(GArray) gaps = cache_gaps(cache, &key, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(gaps->len, ==, 1);
    g_assert_cmpint(g_array_index(gaps, cache_gap, 0).from_us, ==, at("2020-03-11"));
    qb_calendar_free(calendar);
}

/* The other way round: it was stored as closed and is a session now. */
static void test_closure_taken_back(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    qb_calendar *calendar = amended("2020-03-10");
    const qb_calendars calendars = {(const qb_calendar *const *)&calendar, 1};
    gsize march[2];
    cache_free(self->cache);
    self->cache = cache_new(self->folder, &calendars);
    merge_bars(self, &key, bars_between(at("2020-02-03"), at("2020-03-10"), DAY, 100));
    merge_bars(self, &key, bars_between(at("2020-03-11"), at("2020-05-01"), DAY, 100));
    stat_under(self, &key, calendar, march);
    g_assert_cmpuint(march[0], ==, 21);
    g_assert_cmpuint(march[1], ==, 21);
    stat_under(self, &key, NULL, march);
    g_assert_cmpuint(march[0], ==, 21);
    g_assert_cmpuint(march[1], ==, 22);
    cache_free(self->cache);
    self->cache = cache_new(self->folder, NULL);
    qb_calendar_free(calendar);
}

/* A manifest of an earlier program does not say what was expected, and has no hash. */
static void test_not_recorded(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    qb_calendar *calendar = amended("2020-03-10");
    g_autofree char *path = file_path(self, "equity/SPY/1d/manifest.json");
    g_autofree char *text = NULL;
    gsize march[2];
    merge_bars(self, &key, bars_between(at("2020-02-03"), at("2020-05-01"), DAY, 100));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(GRegex) line =
        g_regex_new("\\n +\"expected\": [0-9]+,|\\n  \"sha256\": \"[0-9a-f]+\",", 0, 0, NULL);
    g_autofree char *without = g_regex_replace(line, text, -1, 0, "", 0, NULL);
    g_assert_cmpuint(strlen(without), <, strlen(text));
    g_assert_true(g_file_set_contents(path, without, -1, NULL));
    stat_under(self, &key, NULL, march);
    g_assert_cmpuint(march[0], ==, 22);
    stat_under(self, &key, calendar, march);
    g_assert_cmpuint(march[0], ==, 21);
    g_assert_cmpuint(march[1], ==, 21);
    qb_calendar_free(calendar);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/cache/coverage/new-closure", test_new_closure);
    ADD("/cache/coverage/closure-taken-back", test_closure_taken_back);
    ADD("/cache/coverage/not-recorded", test_not_recorded);
    return g_test_run();
}
