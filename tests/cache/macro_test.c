/* Macro series: vintages, what was known when, what is refused. */
#include "macro_rows.h"

#include <gio/gio.h>
#include <math.h>
#include <string.h>

#define DAY QB_DAY_US

/* ---- vintages ------------------------------------------------------------------------------- */

static void test_vintages(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series first = {0}, second = {0};
    add(&first, "2020-01-01", 10, "2020-04-30");
    add(&first, "2020-01-01", 11, "2020-07-30");
    add(&first, "2020-04-01", 20, "2020-07-30");
    first.basis = MACRO_GIVEN;
    cache_change change = merge_rows(self, &key, &first);
    g_assert_cmpuint(change.added, ==, 3);
    g_assert_cmpuint(change.files_written, ==, 2);
    assert_rows(self, &key,
                "2020-01-01=10@2020-04-30..2020-07-30 2020-01-01=11@2020-07-30.. "
                "2020-04-01=20@2020-07-30..");
    /* One between the two, one later, one as it is, one that the later fetch corrects. */
    add(&second, "2020-01-01", 10.5, "2020-05-29");
    add(&second, "2020-01-01", 11, "2020-07-30");
    add(&second, "2020-01-01", 12, "2021-07-30");
    add(&second, "2020-04-01", 21, "2020-07-30");
    second.basis = MACRO_ASSUMED;
    change = merge_rows(self, &key, &second);
    g_assert_cmpuint(change.added, ==, 2);
    g_assert_cmpuint(change.changed, ==, 1);
    g_assert_cmpuint(change.unchanged, ==, 1);
    assert_rows(self, &key,
                "2020-01-01=10@2020-04-30..2020-05-29 2020-01-01=10.5@2020-05-29..2020-07-30 "
                "2020-01-01=11@2020-07-30..2021-07-30 2020-01-01=12@2021-07-30.. "
                "2020-04-01=21@2020-07-30..");
    macro_series all = read_rows(self, &key);
    g_autofree char *basis = macro_basis_text(all.basis);
    g_assert_cmpstr(basis, ==, "given assumed");
    /* The same again changes nothing and writes nothing. */
    change = merge_rows(self, &key, &second);
    g_assert_cmpuint(change.files_written, ==, 0);
    g_assert_cmpuint(change.unchanged, ==, 4);
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    g_assert_cmpstr(notes, ==, "");
    macro_series_clear(&all);
    macro_series_clear(&first);
    macro_series_clear(&second);
}

static void test_withdrawn(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = {0}, known = {0};
    add(&rows, "2020-01-01", 10, "2020-04-30");
    add(&rows, "2020-01-01", NAN, "2020-06-30");
    add(&rows, "2020-04-01", 20, "2020-07-30");
    rows.known_to_us[2] = at("2020-08-30"); /* its source gave it up */
    merge_rows(self, &key, &rows);
    macro_series stored = read_rows(self, &key);
    g_assert_cmpuint(stored.count, ==, 3);
    g_assert_true(isnan(stored.value[1]));
    g_assert_cmpint(stored.known_to_us[2], ==, at("2020-08-30"));
    g_assert_true(macro_series_as_of(&stored, at("2020-08-29"), &known));
    g_assert_cmpuint(known.count, ==, 2);
    macro_series_clear(&known);
    g_assert_true(macro_series_as_of(&stored, at("2020-08-30"), &known));
    g_assert_cmpuint(known.count, ==, 1);
    macro_series_clear(&known);
    macro_series_clear(&stored);
    macro_series_clear(&rows);
}

/* ---- tables without vintages ---------------------------------------------------------------- */

static char *news(const macro_series *stored, macro_series rows, guint basis, const char *now,
                  gsize want_known)
{
    macro_series out = {0};
    gsize known = 0;
    rows.basis = basis;
    g_assert_true(macro_series_news(stored, &rows, at(now), &out, &known));
    g_assert_cmpuint(known, ==, want_known);
    char *text = text_of(&out);
    macro_series_clear(&out);
    macro_series_clear(&rows);
    return text;
}

static void test_news(fixture *self, gconstpointer unused)
{
    macro_series none = {0}, stored = {0};
    add(&stored, "2020-01-01", 10, "2020-04-30");
    add(&stored, "2020-01-01", 11, "2020-07-30");
    stored.known_to_us[0] = at("2020-07-30");
    const struct {
        const char *what;
        const macro_series *stored;
        macro_series rows;
        guint basis;
        gsize known;
        const char *want;
    } cases[] = {
        {"nothing stored", &none, one("2020-01-01", 10, "2022-01-01"), MACRO_IMPORTED, 0,
         "2020-01-01=10@2022-01-01.."},
        {"as known", &stored, one("2020-01-01", 11, "2022-01-01"), MACRO_IMPORTED, 1, ""},
        {"revised", &stored, one("2020-01-01", 12, "2022-01-01"), MACRO_IMPORTED, 0,
         "2020-01-01=12@2022-01-01.."},
        {"another period", &stored, one("2020-04-01", 11, "2022-01-01"), MACRO_IMPORTED, 0,
         "2020-04-01=11@2022-01-01.."},
        {"stated, as known then", &stored, one("2020-01-01", 10, "2020-05-01"), MACRO_STATED, 1,
         ""},
        {"stated, otherwise", &stored, one("2020-01-01", 11, "2020-05-01"), MACRO_STATED, 0,
         "2020-01-01=11@2020-05-01.."},
        {"assumed, first", &none, one("2020-01-01", 10, "2020-05-15"), MACRO_ASSUMED, 0,
         "2020-01-01=10@2020-05-15.."},
        {"assumed, known earlier", &stored, one("2020-01-01", 11, "2020-05-15"), MACRO_ASSUMED, 1,
         ""},
        /* At the assumed time stands what was published first, not what it became. */
        {"assumed, earlier than all", &stored, one("2020-01-01", 11, "2020-04-10"), MACRO_ASSUMED,
         0, "2020-01-01=10@2020-04-10.."},
        {"assumed, revised", &stored, one("2020-01-01", 12, "2020-05-15"), MACRO_ASSUMED, 0,
         "2020-01-01=12@2022-01-01.."},
        {"assumed, both", &stored, one("2020-01-01", 12, "2020-04-10"), MACRO_ASSUMED, 0,
         "2020-01-01=10@2020-04-10.. 2020-01-01=12@2022-01-01.."},
        {"assumed, in the future", &none, one("2021-10-01", 1, "2022-02-15"), MACRO_ASSUMED, 0,
         "2021-10-01=1@2022-01-01.."},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].what);
        g_autofree char *text = news(cases[i].stored, cases[i].rows, cases[i].basis, "2022-01-01",
                                     cases[i].known);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
    macro_series_clear(&stored);
}

/* ---- properties ----------------------------------------------------------------------------- */

/* Facts in no order: what was published of period p at time k. */
typedef struct fact {
    gint64 ts_us, known_from_us;
    double value;
} fact;

#define PERIODS 12
#define FACTS 120

static int compare_facts(gconstpointer a, gconstpointer b)
{
    const fact *x = a, *y = b;
    if (x->ts_us != y->ts_us)
        return x->ts_us < y->ts_us ? -1 : 1;
    return (x->known_from_us > y->known_from_us) - (x->known_from_us < y->known_from_us);
}

static gboolean is_there(const GArray *facts, gint64 ts_us, gint64 known_from_us)
{
    for (guint i = 0; i < facts->len; i++) {
        const fact *one_fact = &g_array_index(facts, fact, i);
        if (one_fact->ts_us == ts_us && one_fact->known_from_us == known_from_us)
            return TRUE;
    }
    return FALSE;
}

static GArray *random_facts(GRand *random)
{
    GArray *facts = g_array_new(FALSE, FALSE, sizeof(fact));
    while (facts->len < FACTS) {
        const gint64 ts_us = (18262 + 31 * g_rand_int_range(random, 0, PERIODS)) * DAY;
        const fact next = {ts_us, ts_us + g_rand_int_range(random, 30, 90) * DAY,
                           g_rand_int_range(random, 0, 5)};
        if (!is_there(facts, ts_us, next.known_from_us))
            g_array_append_val(facts, next);
    }
    return facts;
}

/* What of a period was published last up to then; NULL: nothing. The slow plain meaning. */
static const fact *latest(const GArray *facts, gint64 ts_us, gint64 at_us)
{
    const fact *found = NULL;
    for (guint i = 0; i < facts->len; i++) {
        const fact *next = &g_array_index(facts, fact, i);
        if (next->ts_us == ts_us && next->known_from_us <= at_us &&
            (found == NULL || next->known_from_us > found->known_from_us))
            found = next;
    }
    return found;
}

static void assert_known(const macro_series *stored, const GArray *facts, gint64 at_us)
{
    macro_series known = {0};
    gsize row = 0;
    g_assert_true(macro_series_as_of(stored, at_us, &known));
    for (int p = 0; p < PERIODS; p++) {
        const gint64 ts_us = (18262 + 31 * p) * DAY;
        const fact *want = latest(facts, ts_us, at_us);
        if (want == NULL)
            continue;
        g_assert_cmpuint(row, <, known.count);
        g_assert_cmpint(known.ts_us[row], ==, ts_us);
        g_assert_cmpfloat(known.value[row], ==, want->value);
        g_assert_cmpint(known.known_from_us[row], <=, at_us);
        g_assert_cmpint(known.known_to_us[row], >, at_us);
        row++;
    }
    g_assert_cmpuint(row, ==, known.count);
    macro_series_clear(&known);
}

/* Merged in batches of any order, the series is the same, and knows at no time what comes later. */
static void test_any_order(fixture *self, gconstpointer unused)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(31);
    const cache_key key = key_of(QB_MACRO, "X", QB_1MO);
    for (int trial = 0; trial < 12; trial++) {
        g_autoptr(GArray) facts = random_facts(random);
        for (guint done = 0; done < FACTS;) {
            const guint wish = (guint)g_rand_int_range(random, 1, 60);
            const guint count = MIN(wish, FACTS - done);
            g_autoptr(GArray) batch = g_array_new(FALSE, FALSE, sizeof(fact));
            macro_series rows = {0};
            g_array_append_vals(batch, &g_array_index(facts, fact, done), count);
            g_array_sort(batch, compare_facts);
            for (guint i = 0; i < count; i++) {
                const fact *next = &g_array_index(batch, fact, i);
                add_row(&rows, next->ts_us, next->value, next->known_from_us);
            }
            merge_rows(self, &key, &rows);
            macro_series_clear(&rows);
            done += count;
        }
        macro_series stored = read_rows(self, &key);
        g_assert_cmpuint(stored.count, ==, FACTS);
        for (int day = 0; day < 31 * PERIODS + 100; day += 3)
            assert_known(&stored, facts, (18262 + day) * DAY);
        macro_series_clear(&stored);
        fixture_tear_down(self, NULL);
        fixture_set_up(self, NULL);
    }
}

/* ---- GDP, as it was known ------------------------------------------------------------------- */

/* The text of a gzip file of the shared folder, or NULL with a skipped test. */
static char *shared_text(const char *name)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    if (shared == NULL || *shared == '\0') {
        g_test_skip("QUANTBOT_SHARED is not set");
        return NULL;
    }
    g_autofree char *path = g_build_filename(shared, name, NULL);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GFileInputStream) raw = g_file_read(file, NULL, NULL);
    if (raw == NULL) {
        g_test_skip("the shared folder has no such file");
        return NULL;
    }
    g_autoptr(GConverter)
        unzip = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    g_autoptr(GInputStream) text = g_converter_input_stream_new(G_INPUT_STREAM(raw), unzip);
    g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
    g_assert_cmpint(g_output_stream_splice(memory, text, G_OUTPUT_STREAM_SPLICE_NONE, NULL, NULL),
                    >, 0);
    g_assert_true(g_output_stream_write_all(memory, "", 1, NULL, NULL, NULL));
    g_assert_true(g_output_stream_close(memory, NULL, NULL));
    return g_memory_output_stream_steal_data(G_MEMORY_OUTPUT_STREAM(memory));
}

static GArray *gdp_facts(const char *text)
{
    GArray *facts = g_array_new(FALSE, FALSE, sizeof(fact));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines + 1; *lines != NULL && *line != NULL; line++) {
        g_auto(GStrv) cells = g_strsplit(g_strchomp(*line), ",", -1);
        if (g_strv_length(cells) != 3)
            continue;
        const fact next = {at(cells[0]), at(cells[1]), g_ascii_strtod(cells[2], NULL)};
        g_array_append_val(facts, next);
    }
    return facts;
}

/* The file cut off after the vintage: its rows of that vintage or before, the last of each
 * quarter. Keyed by text, with nothing of the program in it. */
static GHashTable *cut_file(const GArray *facts, gint64 at_us)
{
    GHashTable *last = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (guint i = 0; i < facts->len; i++) {
        const fact *next = &g_array_index(facts, fact, i);
        const fact *old = g_hash_table_lookup(last, &next->ts_us);
        if (next->known_from_us <= at_us &&
            (old == NULL || old->known_from_us < next->known_from_us))
            g_hash_table_insert(last, g_memdup2(&next->ts_us, sizeof next->ts_us), (gpointer)next);
    }
    return last;
}

static gsize check_vintage(const macro_series *stored, const GArray *facts, gint64 at_us)
{
    macro_series known = {0};
    g_autoptr(GHashTable) want = cut_file(facts, at_us);
    g_assert_true(macro_series_as_of(stored, at_us, &known));
    g_assert_cmpuint(known.count, ==, g_hash_table_size(want));
    for (gsize i = 0; i < known.count; i++) {
        const fact *expected = g_hash_table_lookup(want, &known.ts_us[i]);
        g_assert_nonnull(expected);
        g_assert_cmpfloat(known.value[i], ==, expected->value);
        g_assert_cmpint(known.known_from_us[i], ==, expected->known_from_us);
        g_assert_cmpint(known.known_from_us[i], <=, at_us);
        g_assert_true(i == 0 || known.ts_us[i] > known.ts_us[i - 1]);
    }
    const gsize count = known.count;
    macro_series_clear(&known);
    return count;
}

static void test_gdp(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    g_autofree char *text = shared_text("data/macro/vintages/GDP_US_vintages.csv.gz");
    if (text == NULL)
        return;
    g_autoptr(GArray) facts = gdp_facts(text);
    g_assert_cmpuint(facts->len, ==, 12015); /* INVENTORY.csv of the shared folder */
    g_autoptr(GArray) sorted = g_array_copy(facts);
    macro_series rows = {0};
    g_array_sort(sorted, compare_facts);
    for (guint i = 0; i < sorted->len; i++) {
        const fact *next = &g_array_index(sorted, fact, i);
        add_row(&rows, next->ts_us, next->value, next->known_from_us);
    }
    g_assert_cmpuint(merge_rows(self, &key, &rows).added, ==, 12015);
    macro_series stored = read_rows(self, &key);
    gsize checked = 0, vintages = 0;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < facts->len; i++) {
        const fact *next = &g_array_index(facts, fact, i);
        if (!g_hash_table_add(seen, (gpointer)&next->known_from_us))
            continue;
        vintages++;
        checked += check_vintage(&stored, facts, next->known_from_us);
        checked += check_vintage(&stored, facts, next->known_from_us - 1);
        checked += check_vintage(&stored, facts, next->known_from_us + 45 * DAY);
    }
    g_test_message("%" G_GSIZE_FORMAT " vintages, %" G_GSIZE_FORMAT " values compared", vintages,
                   checked);
    g_assert_cmpuint(vintages, ==, 89);
    macro_series_clear(&stored);
    macro_series_clear(&rows);
}

/* ---- what is refused ------------------------------------------------------------------------ */

static macro_series two(const char *ts, double value, const char *known_from)
{
    macro_series rows = one("2020-04-01", 1, "2020-07-30");
    add(&rows, ts, value, known_from);
    return rows;
}

static void test_bad_rows(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    assert_merge_fails(self, &key, two("2020-01-01", 1, "2020-04-30"), FAILURE_BAD_DATA,
                       "row 2: 2020-01-01T00:00:00Z, known from 2020-04-30T00:00:00Z: an "
                       "observation before the one above");
    assert_merge_fails(self, &key, two("2020-04-01", 2, "2020-07-30"), FAILURE_BAD_DATA,
                       "the same observation and known_from as above");
    assert_merge_fails(self, &key, two("2020-04-01", 2, "2020-07-29"), FAILURE_BAD_DATA,
                       "known before the vintage above");
    assert_merge_fails(self, &key, two("2020-07-01", INFINITY, "2020-10-30"), FAILURE_BAD_DATA,
                       "infinite");
    assert_merge_fails(self, &key, two("2020-07-01", 1, "2020-06-30"), FAILURE_BAD_DATA,
                       "known before its period began");
    macro_series ended = one("2020-01-01", 1, "2020-04-30");
    ended.known_to_us[0] = at("2020-04-30");
    assert_merge_fails(self, &key, ended, FAILURE_BAD_DATA, "known_to is not after known_from");
    g_autoptr(GArray) keys = cache_keys(self->cache, NULL);
    g_assert_cmpuint(keys->len, ==, 0);
}

static void test_wrong_kind(fixture *self, gconstpointer unused)
{
    const cache_key bars_key = key_of(QB_EQUITY, "GDPC1", QB_1D), key = gdp_key();
    const cache_provenance from = provenance_of("XNYS");
    assert_merge_fails(self, &bars_key, one("2020-01-01", 1, "2020-04-30"), FAILURE_USAGE,
                       "equity GDPC1: holds bars (expected a macro series of values)");
    g_autoptr(GError) error = NULL;
    qb_series bars = bars_between(at("2020-01-02"), at("2020-01-03"), DAY, 1);
    cache_change change;
    g_assert_false(cache_merge(self->cache, &key, &bars, &from, &change, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    assert_contains(error->message, "macro GDPC1: holds values with vintages");
    qb_series_clear(&bars);
    g_autofree char *unread = read_fails(self, &key, FAILURE_USAGE);
    assert_contains(unread, "expected a series of bars");
    /* Intervals of the other kind. */
    cache_key monthly = key_of(QB_EQUITY, "SPY", QB_1MO), hourly = key_of(QB_MACRO, "X", QB_1H);
    g_clear_error(&error);
    g_assert_false(cache_read(self->cache, &monthly, 0, 1, CACHE_ALL, &bars, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    assert_merge_fails(self, &hourly, one("2020-01-01", 1, "2020-04-30"), FAILURE_USAGE,
                       "1d 1w 1mo 1q 1y of macro series");
}

/* ---- what is stored ------------------------------------------------------------------------- */

static void test_found(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key(), share = key_of(QB_EQUITY, "GDP", QB_1D);
    const cache_key same_name = key_of(QB_MACRO, "GDP", QB_1Q);
    cache_key found;
    cache_entry entry;
    g_autoptr(GError) error = NULL;
    macro_series rows = one("2020-01-01", 1, "2020-04-30");
    add(&rows, "2021-10-01", 2, "2022-01-28");
    merge_rows(self, &key, &rows);
    merge_rows(self, &same_name, &rows);
    merge_bars(self, &share, bars_between(at("2020-01-02"), at("2020-01-03"), DAY, 1));
    g_autoptr(GArray) keys = cache_keys(self->cache, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(keys->len, ==, 3);
    g_assert_true(cache_stat(self->cache, &key, &entry, &error));
    g_assert_cmpuint(entry.rows, ==, 2);
    g_assert_cmpuint(entry.files, ==, 2);
    g_assert_cmpuint(entry.expected + entry.present, ==, 0);
    g_assert_cmpint(entry.last_us, ==, at("2021-10-01"));
    g_assert_cmpstr(entry.calendar, ==, "");
    /* A share goes before a series of its name, unless that is asked for. */
    g_assert_true(cache_find(self->cache, "gdp", -1, -1, &found, &error));
    g_assert_cmpint(found.asset, ==, QB_EQUITY);
    g_assert_true(cache_find(self->cache, "gdp", QB_MACRO, -1, &found, &error));
    g_assert_cmpint(found.interval, ==, QB_1Q);
    g_assert_true(cache_find(self->cache, "gdpc1", -1, -1, &found, &error));
    g_assert_cmpint(found.asset, ==, QB_MACRO);
    g_autoptr(GArray) months = cache_coverage(self->cache, &key, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(months->len, ==, 22);
    g_assert_cmpuint(g_array_index(months, cache_month, 0).rows, ==, 1);
    g_assert_cmpuint(g_array_index(months, cache_month, 0).expected, ==, 0);
    macro_series_clear(&rows);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/macro/vintages", test_vintages);
    ADD("/macro/withdrawn", test_withdrawn);
    ADD("/macro/news", test_news);
    ADD("/macro/any-order", test_any_order);
    ADD("/macro/gdp", test_gdp);
    ADD("/macro/bad-rows", test_bad_rows);
    ADD("/macro/wrong-kind", test_wrong_kind);
    ADD("/macro/found", test_found);
    return g_test_run();
}
