/* The gap ledger: holes against a slow count of every stamp, words against a slow list of every
 * day, the file against damage. */
#include "fixture.h"

#include "cache/ledger-private.h"

#include <jansson.h>
#include <string.h>

#define DAY QB_DAY_US

/* ---- helpers -------------------------------------------------------------------------------- */

static cache_gap word_of(cache_gap_state state, const char *from, const char *to, const char *why)
{
    cache_gap word = {.from_us = at(from),
                      .to_us = at(to),
                      .state = state,
                      .who = "test",
                      .said_us = at("2024-01-02T03:04:05Z")};
    g_strlcpy(word.why, why, sizeof word.why);
    return word;
}

static gsize say(fixture *self, const cache_key *key, cache_gap word)
{
    g_autoptr(GError) error = NULL;
    gsize bars = 12345;
    cache_gap_say(self->cache, key, NULL, &word, &bars, &error);
    g_assert_no_error(error);
    return bars;
}

static char *day_text(gint64 ts_us, char text[QB_TIME_TEXT])
{
    qb_time_to_text(ts_us, text);
    if (ts_us % DAY == 0)
        text[10] = '\0';
    return text;
}

/* "2020-03-10..2020-03-11 1 unknown": first missing, first after, bars, state, a '*' outside. */
static char *text_of(const GArray *gaps)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < gaps->len; i++) {
        const cache_gap *gap = &g_array_index(gaps, cache_gap, i);
        char from[QB_TIME_TEXT], to[QB_TIME_TEXT];
        g_string_append_printf(text, "%s%s..%s %" G_GSIZE_FORMAT " %s%s", i > 0 ? ", " : "",
                               day_text(gap->from_us, from), day_text(gap->to_us, to), gap->bars,
                               cache_gap_state_text(gap->state), gap->outside ? "*" : "");
    }
    return g_string_free(text, FALSE);
}

static char *gaps_text(fixture *self, const cache_key *key)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) gaps = cache_gaps(self->cache, key, &error);
    g_assert_no_error(error);
    return text_of(gaps);
}

static char *missing_text(fixture *self, const cache_key *key, const char *from, const char *to)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) gaps = cache_missing(self->cache, key, NULL, at(from), at(to), &error);
    g_assert_no_error(error);
    return text_of(gaps);
}

#define assert_gaps(self, key, want)                   \
    do {                                               \
        g_autofree char *got = gaps_text((self), key); \
        g_assert_cmpstr(got, ==, (want));              \
    } while (0)
#define assert_missing(self, key, from, to, want)                       \
    do {                                                                \
        g_autofree char *got = missing_text((self), (key), from, (to)); \
        g_assert_cmpstr(got, ==, (want));                               \
    } while (0)

/* ---- holes ---------------------------------------------------------------------------------- */

/* By a calendar of 2020: 10 March is a Tuesday; April has 21 sessions (Good Friday is the 10th);
 * 1 May is a Friday, 4 May a Monday, 25 May Memorial Day. */
static void test_holes(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-02-03"), at("2020-03-10"), DAY, 100));
    merge_bars(self, &key, bars_between(at("2020-03-11"), at("2020-03-31"), DAY, 138));
    merge_bars(self, &key, bars_between(at("2020-05-04"), at("2020-05-22"), DAY, 160));
    merge_bars(self, &key, bars_between(at("2020-05-26"), at("2020-06-02"), DAY, 180));
    /* 31 March, all of April and 1 May are one hole; the 22nd is a Friday; a weekend is none. */
    assert_gaps(self, &key,
                "2020-03-10..2020-03-11 1 unknown, 2020-03-31..2020-05-04 23 unknown, "
                "2020-05-22..2020-05-26 1 unknown");
    /* A bar on a Saturday fills nothing and parts nothing: 21 and 22 May are one hole. */
    const cache_key other = key_of(QB_EQUITY, "X", QB_1D);
    merge_bars(self, &other, bars_between(at("2020-05-19"), at("2020-05-21"), DAY, 10));
    merge_bars(self, &other, bars_between(at("2020-05-23"), at("2020-05-24"), DAY, 10));
    merge_bars(self, &other, bars_between(at("2020-05-27"), at("2020-05-28"), DAY, 10));
    assert_gaps(self, &other, "2020-05-21..2020-05-27 3 unknown");
    g_autoptr(GError) error = NULL;
    const cache_key none = key_of(QB_EQUITY, "NONE", QB_1D);
    g_assert_null(cache_gaps(self->cache, &none, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
}

/* Of a download of 2020 into a series that has February and April. */
static void test_missing(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-02-01"), at("2020-03-01"), DAY, 100));
    merge_bars(self, &key, bars_between(at("2020-04-01"), at("2020-05-01"), DAY, 100));
    assert_missing(self, &key, "2020-01-01", "2021-01-01",
                   "2020-01-01..2020-02-01 31 unknown*, 2020-03-01..2020-04-01 31 unknown, "
                   "2020-05-01..2021-01-01 245 unknown*");
    assert_missing(self, &key, "2020-02-10", "2020-03-11", "2020-03-01..2020-03-11 10 unknown");
    assert_missing(self, &key, "2020-04-10", "2020-04-20", "");
    assert_missing(self, &key, "2020-04-20", "2020-04-10", "");
    /* Before the listing there was nothing, and 10 to 19 March the exchange was down. */
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_EMPTY, "2019-06-01", "2020-02-01", "")), ==,
                     245);
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_CLOSED, "2020-03-10", "2020-03-20", "")), ==,
                     10);
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_RETRY, "2020-03-30", "2020-05-03", "")), ==,
                     4);
    assert_missing(self, &key, "2020-01-01", "2020-06-01",
                   "2020-03-01..2020-03-10 9 unknown, 2020-03-20..2020-03-30 10 unknown, "
                   "2020-03-30..2020-04-01 2 to-retry, 2020-05-01..2020-05-03 2 to-retry*, "
                   "2020-05-03..2020-06-01 29 unknown*");
    assert_gaps(self, &key,
                "2019-06-01..2020-02-01 245 confirmed-empty*, 2020-03-01..2020-03-10 9 unknown, "
                "2020-03-10..2020-03-20 10 market-closed, 2020-03-20..2020-03-30 10 unknown, "
                "2020-03-30..2020-04-01 2 to-retry, 2020-05-01..2020-05-03 2 to-retry*");
}

static void test_nothing_stored(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "NEW", QB_1D);
    /* 1 and 20 January 2020 are holidays: 21 sessions. */
    assert_missing(self, &key, "2020-01-01", "2020-02-01", "2020-01-02..2020-02-01 21 unknown*");
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) gaps = cache_missing(self->cache, &key, qb_calendar_find("24/7"),
                                           at("2020-01-01"), at("2020-02-01"), &error);
    g_assert_no_error(error);
    g_autofree char *text = text_of(gaps);
    g_assert_cmpstr(text, ==, "2020-01-01..2020-02-01 31 unknown*");
    /* A source that knows no such symbol is not asked again; the symbol is not listed. */
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_EMPTY, "2020-01-01", "2020-02-01", "404")),
                     ==, 21);
    assert_missing(self, &key, "2019-12-30", "2020-02-04",
                   "2019-12-30..2020-01-02 2 unknown*, 2020-02-03..2020-02-04 1 unknown*");
    g_autoptr(GArray) keys = cache_keys(self->cache, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(keys->len, ==, 0);
}

/* Months that miss nothing are not opened: their file may even be damaged. */
static void test_opens_little(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1H);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-02-10"), QB_HOUR_US, 100));
    merge_bars(self, &key, bars_between(at("2020-02-11"), at("2020-04-01"), QB_HOUR_US, 100));
    g_autofree char *january = file_path(self, "crypto/BTC-USD/1h/2020/2020-01.parquet");
    g_autofree char *february = file_path(self, "crypto/BTC-USD/1h/2020/2020-02.parquet");
    file_flip(january, 200);
    assert_gaps(self, &key, "2020-02-10..2020-02-11 24 unknown");
    file_flip(february, 60); /* in the stamps, which come first */
    g_autoptr(GError) error = NULL;
    g_assert_null(cache_gaps(self->cache, &key, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    assert_contains(error->message, "2020-02.parquet");
    assert_missing(self, &key, "2020-01-05", "2020-02-01", "");
}

/* ---- against a slow count ------------------------------------------------------------------- */

typedef struct slow {
    const qb_calendar *calendar;
    cache_key key;
    gint64 from_us, to_us, step_us;
    gboolean *stored;         /* one for each step */
    const cache_gap **spoken; /* the word that counts there, or NULL */
    gsize steps;
} slow;

static void slow_init(slow *self)
{
    self->steps = (gsize)((self->to_us - self->from_us) / self->step_us);
    self->stored = g_new0(gboolean, self->steps);
    self->spoken = g_new0(const cache_gap *, self->steps);
}

static gboolean slow_expected(const slow *self, gsize step)
{
    qb_bar_time times;
    return qb_bar_times(self->calendar, self->key.interval,
                        self->from_us + (gint64)step * self->step_us, &times);
}

/* Some runs of steps are stored, some rows where nothing is expected too. */
static void slow_store(slow *self, fixture *fixture, qb_random *random)
{
    qb_series bars = {0};
    for (gsize step = 0; step < self->steps;) {
        const gsize run = 1 +
                          qb_random_next(random) % (qb_random_next(random) % 40 == 0 ? 4000 : 30);
        const gboolean there = qb_random_next(random) % 3 != 0;
        for (gsize i = 0; i < run && step < self->steps; i++, step++) {
            const gint64 ts_us = self->from_us + (gint64)step * self->step_us;
            const gboolean odd = qb_random_next(random) % 50 == 0 &&
                                 qb_stamp_check(self->calendar, self->key.interval, ts_us) !=
                                     QB_STAMP_OFF_GRID;
            const gboolean wanted = odd || slow_expected(self, step);
            self->stored[step] = there && wanted;
            if (self->stored[step])
                add_bar(&bars, ts_us, 100, 1);
        }
    }
    cache_provenance provenance = provenance_of(qb_calendar_name(self->calendar));
    cache_change change;
    g_autoptr(GError) error = NULL;
    cache_merge(fixture->cache, &self->key, &bars, &provenance, &change, &error);
    g_assert_no_error(error);
    qb_series_clear(&bars);
}

static void slow_say(slow *self, fixture *fixture, const cache_gap *word)
{
    gsize bars = 0, want = 0;
    g_autoptr(GError) error = NULL;
    for (gsize step = 0; step < self->steps; step++) {
        const gint64 ts_us = self->from_us + (gint64)step * self->step_us;
        if (ts_us < word->from_us || ts_us >= word->to_us)
            continue;
        want += slow_expected(self, step) && !self->stored[step];
    }
    cache_gap_say(fixture->cache, &self->key, self->calendar, word, &bars, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bars, ==, want);
    for (gsize step = 0; want > 0 && step < self->steps; step++) {
        const gint64 ts_us = self->from_us + (gint64)step * self->step_us;
        if (ts_us >= word->from_us && ts_us < word->to_us)
            self->spoken[step] = word->state != CACHE_GAP_UNKNOWN ? word : NULL;
    }
}

static gboolean same_word(const cache_gap *a, const cache_gap *b)
{
    return a == b || (a != NULL && b != NULL && gap_words_same(a, b));
}

/* All gaps of [first, end) steps, one stamp at a time. */
static GArray *slow_gaps(const slow *self, gsize first, gsize end, gboolean outside)
{
    GArray *gaps = g_array_new(FALSE, TRUE, sizeof(cache_gap));
    const cache_gap *last_word = NULL;
    gboolean open = FALSE;
    for (gsize step = first; step < end; step++) {
        const gint64 ts_us = self->from_us + (gint64)step * self->step_us;
        if (!slow_expected(self, step))
            continue;
        cache_gap *gap = open ? &g_array_index(gaps, cache_gap, gaps->len - 1) : NULL;
        if (gap != NULL && (self->stored[step] || !same_word(last_word, self->spoken[step])))
            gap->to_us = ts_us;
        if (self->stored[step]) {
            open = FALSE;
        } else if (!open || !same_word(last_word, self->spoken[step])) {
            cache_gap new = self->spoken[step] != NULL ? *self->spoken[step] : (cache_gap){0};
            new.from_us = new.last_us = ts_us;
            new.bars = 1;
            new.outside = outside;
            last_word = self->spoken[step];
            g_array_append_val(gaps, new);
            open = TRUE;
        } else {
            gap->bars++;
            gap->last_us = ts_us;
        }
    }
    if (open)
        g_array_index(gaps, cache_gap, gaps->len - 1).to_us = self->from_us +
                                                              (gint64)end * self->step_us;
    return gaps;
}

/* `loose`: the end of the last gap before `end` is that of the range, or of the rows. */
static void assert_same(const GArray *got, const GArray *want)
{
    g_assert_cmpuint(got->len, ==, want->len);
    for (guint i = 0; i < got->len; i++) {
        const cache_gap *a = &g_array_index(got, cache_gap, i);
        const cache_gap *b = &g_array_index(want, cache_gap, i);
        g_assert_cmpint(a->from_us, ==, b->from_us);
        g_assert_cmpint(a->last_us, ==, b->last_us);
        g_assert_cmpuint(a->bars, ==, b->bars);
        g_assert_cmpint(a->outside, ==, b->outside);
        g_assert_true(gap_words_same(a, b));
        /* At the end of the stored rows a gap may end with the last row's stamp. */
        if (i + 1 < got->len)
            g_assert_cmpint(a->to_us, ==, b->to_us);
        g_assert_cmpint(a->to_us, >, a->last_us);
    }
}

static void compare(slow *self, fixture *fixture, gsize from, gsize to)
{
    gsize first = 0, end = self->steps;
    g_autoptr(GError) error = NULL;
    while (!self->stored[first])
        first++;
    while (!self->stored[end - 1])
        end--;
    g_autoptr(GArray) inside = cache_gaps(fixture->cache, &self->key, &error);
    g_assert_no_error(error);
    for (guint i = inside->len; i-- > 0;)
        if (g_array_index(inside, cache_gap, i).outside)
            g_array_remove_index(inside, i);
    g_autoptr(GArray) want = slow_gaps(self, first, end, FALSE);
    assert_same(inside, want);

    g_autoptr(GArray) got = cache_missing(fixture->cache, &self->key, self->calendar,
                                          self->from_us + (gint64)from * self->step_us,
                                          self->from_us + (gint64)to * self->step_us, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) asked = g_array_new(FALSE, TRUE, sizeof(cache_gap));
    const gsize cuts[] = {from, CLAMP(first, from, to), CLAMP(end, from, to), to};
    for (int part = 0; part < 3; part++) {
        g_autoptr(GArray) some = slow_gaps(self, cuts[part], cuts[part + 1], part != 1);
        for (guint i = 0; i < some->len; i++) {
            const cache_gap *gap = &g_array_index(some, cache_gap, i);
            if (gap->state == CACHE_GAP_UNKNOWN || gap->state == CACHE_GAP_RETRY)
                g_array_append_val(asked, *gap);
        }
    }
    g_assert_cmpuint(got->len, ==, asked->len);
    for (guint i = 0; i < got->len; i++) {
        const cache_gap *a = &g_array_index(got, cache_gap, i);
        const cache_gap *b = &g_array_index(asked, cache_gap, i);
        g_assert_cmpint(a->from_us, ==, b->from_us);
        g_assert_cmpint(a->last_us, ==, b->last_us);
        g_assert_cmpuint(a->bars, ==, b->bars);
        g_assert_true(gap_words_same(a, b));
    }
}

static void test_against_slow(fixture *self, gconstpointer unused)
{
    static const struct {
        const char *calendar;
        qb_asset asset;
        qb_interval interval;
        const char *from, *to;
    } cases[] = {
        {"24/7", QB_CRYPTO, QB_1M, "2020-02-20", "2020-04-05"},
        {"24/7", QB_CRYPTO, QB_4H, "2019-11-20", "2021-02-05"},
        {"24/7", QB_CRYPTO, QB_1D, "2010-01-20", "2021-02-05"},
        {"XNYS", QB_EQUITY, QB_1D, "2001-06-01", "2013-02-05"},
        {"XNYS", QB_EQUITY, QB_1W, "2001-06-04", "2013-02-04"},
        {"XNYS", QB_EQUITY, QB_1H, "2020-02-20", "2020-12-28"},
        {"XNYS", QB_EQUITY, QB_5M, "2020-10-20", "2020-12-28"},
        {"XNYS", QB_EQUITY, QB_4H, "2019-10-20", "2020-12-28"},
        {"weekdays", QB_FX, QB_30M, "2020-02-20", "2020-05-28"},
    };
    qb_random random = {7};
    cache_gap words[12];
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        slow slow = {.calendar = qb_calendar_find(cases[i].calendar),
                     .from_us = at(cases[i].from),
                     .to_us = at(cases[i].to),
                     /* New York's grid of four hours moves by one in summer. */
                     .step_us = MIN(qb_interval_us(cases[i].interval),
                                    cases[i].interval == QB_4H ? QB_HOUR_US : G_MAXINT64)};
        slow.key = key_of(cases[i].asset, cases[i].asset >= QB_CRYPTO ? "EUR-USD" : "SPY",
                          cases[i].interval);
        slow_init(&slow);
        slow_store(&slow, self, &random);
        compare(&slow, self, 0, slow.steps);
        for (gsize w = 0; w < G_N_ELEMENTS(words); w++) {
            const gsize from = qb_random_next(&random) % slow.steps;
            const gsize run = 1 + qb_random_next(&random) % (slow.steps / 3);
            const gsize to = MIN(from + run, slow.steps);
            words[w] = (cache_gap){.from_us = slow.from_us + (gint64)from * slow.step_us,
                                   .to_us = slow.from_us + (gint64)to * slow.step_us,
                                   .state = (cache_gap_state)(qb_random_next(&random) % 4),
                                   .who = "test",
                                   .said_us = at("2024-01-01")};
            g_snprintf(words[w].why, sizeof words[w].why, "%d", (int)(qb_random_next(&random) % 2));
            slow_say(&slow, self, &words[w]);
            compare(&slow, self, from, to);
            compare(&slow, self, to / 2, slow.steps);
        }
        g_free(slow.stored);
        g_free(slow.spoken);
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static void test_say(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/gaps.json");
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-11"), DAY, 100));
    merge_bars(self, &key, bars_between(at("2020-01-21"), at("2020-02-01"), DAY, 100));
    /* Of bars that are there nothing is kept. */
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_EMPTY, "2020-01-02", "2020-01-08", "")), ==,
                     0);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_EMPTY, "2020-01-05", "2020-01-25", "down")),
                     ==, 10);
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_RETRY, "2020-01-14", "2020-01-16", "")), ==,
                     2);
    assert_gaps(self, &key,
                "2020-01-11..2020-01-14 3 confirmed-empty, 2020-01-14..2020-01-16 2 to-retry, "
                "2020-01-16..2020-01-21 5 confirmed-empty");
    g_assert_cmpuint(say(self, &key, word_of(CACHE_GAP_UNKNOWN, "2020-01-15", "2020-01-18", "")),
                     ==, 3);
    assert_gaps(self, &key,
                "2020-01-11..2020-01-14 3 confirmed-empty, 2020-01-14..2020-01-15 1 to-retry, "
                "2020-01-15..2020-01-18 3 unknown, 2020-01-18..2020-01-21 3 confirmed-empty");
    /* The same word joins what it touches; verify knows the file. */
    say(self, &key, word_of(CACHE_GAP_EMPTY, "2020-01-14", "2020-01-18", "down"));
    assert_gaps(self, &key, "2020-01-11..2020-01-21 10 confirmed-empty");
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    g_assert_cmpstr(notes, ==, "");
    /* Bars came after all: the words count no more, and the next one drops them. */
    merge_bars(self, &key, bars_between(at("2020-01-11"), at("2020-01-21"), DAY, 100));
    assert_gaps(self, &key, "");
    say(self, &key, word_of(CACHE_GAP_CLOSED, "2020-03-01", "2020-03-02", "planned"));
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_null(strstr(text, "confirmed-empty"));
    assert_contains(text, "\"why\": \"planned\"");
    say(self, &key, word_of(CACHE_GAP_UNKNOWN, "2020-03-01", "2020-03-02", ""));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void test_say_refused(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    const cache_gap sound = word_of(CACHE_GAP_EMPTY, "2020-01-02", "2020-01-08", "");
    cache_gap wrong[8] = {sound, sound, sound, sound, sound, sound, sound, sound};
    wrong[0].to_us = wrong[0].from_us;
    wrong[1].from_us = G_MININT64;
    wrong[2].to_us = G_MAXINT64;
    wrong[3].to_us = wrong[3].said_us + 1; /* of the future */
    wrong[4].who[0] = '\0';
    memset(wrong[5].why, 'x', sizeof wrong[5].why); /* no end */
    g_strlcpy(wrong[6].why, "two\nlines", sizeof wrong[6].why);
    wrong[7].state = (cache_gap_state)4;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        gsize bars = 7;
        g_assert_false(cache_gap_say(self->cache, &key, NULL, &wrong[i], &bars, &error));
        g_assert_error(error, FAILURE, FAILURE_USAGE);
        g_assert_cmpuint(bars, ==, 7);
    }
    g_autofree char *folder = file_path(self, "");
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    cache_gap closed = sound; /* a closure can be known before */
    closed.state = CACHE_GAP_CLOSED;
    closed.to_us = closed.said_us + 30 * DAY;
    say(self, &key, closed);
}

/* Every day's word in a plain array. */
static void test_put(fixture *self, gconstpointer unused)
{
    enum { DAYS = 60 };
    qb_random random = {3};
    for (int round = 0; round < 200; round++) {
        g_autoptr(GArray) words = g_array_new(FALSE, TRUE, sizeof(cache_gap));
        cache_gap days[DAYS] = {0};
        for (int i = 0; i < 20; i++) {
            cache_gap word = {.who = "test",
                              .state = (cache_gap_state)(qb_random_next(&random) % 4)};
            word.from_us = (gint64)(qb_random_next(&random) % DAYS);
            word.to_us = word.from_us + 1 + (gint64)(qb_random_next(&random) % 20);
            word.to_us = MIN(word.to_us, DAYS);
            for (gint64 day = word.from_us; day < word.to_us; day++)
                days[day] = word.state != CACHE_GAP_UNKNOWN ? word : (cache_gap){0};
            GArray *next = gap_words_put(words, &word);
            g_array_unref(words);
            words = next;
            gint64 end = 0;
            for (guint w = 0; w < words->len; w++) {
                const cache_gap *part = &g_array_index(words, cache_gap, w);
                g_assert_cmpint(part->from_us, >=, end);
                g_assert_cmpint(part->to_us, >, part->from_us);
                if (w > 0 && part->from_us == end) /* neighbours that say the same are joined */
                    g_assert_false(gap_words_same(part, part - 1));
                for (; end < part->from_us; end++)
                    g_assert_cmpint(days[end].state, ==, CACHE_GAP_UNKNOWN);
                for (; end < part->to_us; end++)
                    g_assert_cmpint(days[end].state, ==, part->state);
            }
            for (; end < DAYS; end++)
                g_assert_cmpint(days[end].state, ==, CACHE_GAP_UNKNOWN);
        }
    }
}

/* ---- the file ------------------------------------------------------------------------------- */

static GArray *some_words(void)
{
    GArray *words = g_array_new(FALSE, TRUE, sizeof(cache_gap));
    const cache_gap two[] = {
        word_of(CACHE_GAP_EMPTY, "2010-04-01", "2010-04-02", "exchange was \"down\""),
        word_of(CACHE_GAP_RETRY, "2010-05-01T10:00:00.5Z", "2012-01-01", "tr\303\244ge")};
    g_array_append_vals(words, two, G_N_ELEMENTS(two));
    return words;
}

static void assert_same_words(const GArray *a, const GArray *b)
{
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++) {
        const cache_gap *x = &g_array_index(a, cache_gap, i), *y = &g_array_index(b, cache_gap, i);
        g_assert_true(gap_words_same(x, y));
        g_assert_cmpint(x->from_us, ==, y->from_us);
        g_assert_cmpint(x->to_us, ==, y->to_us);
    }
}

/* Any flipped bit and any truncation is found, or changes nothing that is said. */
static void test_damage(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    g_autoptr(GArray) words = some_words();
    g_autofree char *text = gap_words_text(words, &key);
    const gsize length = strlen(text);
    gsize harmless = 0;
    g_autoptr(GArray) back = gap_words_parse("gaps.json", &key, text, length, NULL);
    assert_same_words(words, back);
    for (gsize i = 0; i < length * 8; i++) {
        g_autofree char *damaged = g_memdup2(text, length);
        damaged[i / 8] ^= (char)(1 << i % 8);
        g_autoptr(GArray) read = gap_words_parse("gaps.json", &key, damaged, length, NULL);
        if (read != NULL)
            assert_same_words(words, read);
        harmless += read != NULL;
    }
    g_assert_cmpuint(harmless, <, length); /* blanks that became other blanks */
    for (gsize i = 0; i + 1 < length; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(gap_words_parse("gaps.json", &key, text, i, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    }
}

/* A hash that fits what the text says. */
static void seal(char **text)
{
    json_auto_t *root = json_loads(*text, 0, NULL);
    g_assert_nonnull(root);
    json_object_del(root, "sha256");
    g_autofree char *content = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
    json_object_set_new(root, "sha256", json_string(hash));
    g_free(*text);
    *text = json_dumps(root, 0);
}

/* What a program with a bug could write, or a person who knows how. */
static void test_strict(fixture *self, gconstpointer unused)
{
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"\"schema\": 1", "\"schema\": 2", "schema: \"2\" (expected 1; a newer program"},
        {"\"SPY\"", "\"QQQ\"", "symbol: "},
        {"2010-04-02T", "2010-04-01T", "words.0.to: "},
        {"2012-01-01T", "9999-12-31T", NULL},
        {"2010-05-01T10", "2010-03-01T10", "words.1.from: "},
        {"to-retry", "unknown", "words.1.state: "},
        {"\"test\"", "\"\"", "words.0.who, why: "},
        {"\\\"down\\\"", "do\\u0007wn", "words.0.who, why: "},
        {"\"said_at\"", "\"said\"", "words.0.said_at: is missing"},
        {"2010-04-01T00:00:00Z", "yesterday", "words.0.from: "},
        {"\"words\": [", "\"words\": 1, \"others\": [", "words: "},
    };
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    g_autoptr(GArray) words = some_words();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = gap_words_text(words, &key);
        const char *at = strstr(text, cases[i].from);
        g_assert_nonnull(at);
        g_autofree char *head = g_strndup(text, (gsize)(at - text));
        char *changed = g_strconcat(head, cases[i].to, at + strlen(cases[i].from), NULL);
        seal(&changed);
        g_autoptr(GArray)
            read = gap_words_parse("gaps.json", &key, changed, strlen(changed), &error);
        g_free(changed);
        g_assert_cmpint(read != NULL, ==, cases[i].message == NULL);
        if (read == NULL) {
            g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
            assert_contains(error->message, cases[i].message);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/cache/gaps/holes", test_holes);
    ADD("/cache/gaps/missing", test_missing);
    ADD("/cache/gaps/nothing-stored", test_nothing_stored);
    ADD("/cache/gaps/opens-little", test_opens_little);
    ADD("/cache/gaps/against-slow", test_against_slow);
    ADD("/cache/gaps/say", test_say);
    ADD("/cache/gaps/say-refused", test_say_refused);
    ADD("/cache/gaps/put", test_put);
    ADD("/cache/gaps/damage", test_damage);
    ADD("/cache/gaps/strict", test_strict);
    return g_test_run();
}
