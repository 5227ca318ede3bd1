/* Macro series: vintages, what was known when, files and their damage. */
#include "fixture.h"

#include "parquet/parquet.h"
#include "platform/files.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY QB_DAY_US
#define STILL G_MAXINT64

/* ---- series --------------------------------------------------------------------------------- */

static cache_key gdp_key(void)
{
    return key_of(QB_MACRO, "GDPC1", QB_1Q);
}

static cache_provenance provenance(void)
{
    cache_provenance given = provenance_of(NULL);
    return given;
}

static void add_row(macro_series *rows, gint64 ts_us, double value, gint64 known_from_us)
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

static void add(macro_series *rows, const char *ts, double value, const char *known_from)
{
    add_row(rows, at(ts), value, at(known_from));
}

/* "2020-01-01=1.5@2020-04-30..2020-07-01 ..." */
static char *text_of(const macro_series *rows)
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

static cache_change merge_rows(fixture *self, const cache_key *key, const macro_series *rows)
{
    const cache_provenance from = provenance();
    cache_change change = {0};
    g_autoptr(GError) error = NULL;
    cache_macro_merge(self->cache, key, rows, &from, &change, &error);
    g_assert_no_error(error);
    return change;
}

static macro_series read_rows(fixture *self, const cache_key *key)
{
    macro_series rows = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    cache_macro_read(self->cache, key, G_MININT64, G_MAXINT64, &rows, hashes, &error);
    g_assert_no_error(error);
    return rows;
}

#define assert_rows(self, key, want)                        \
    do {                                                    \
        macro_series assert_got = read_rows((self), (key)); \
        char *assert_text = text_of(&assert_got);           \
        g_assert_cmpstr(assert_text, ==, (want));           \
        g_free(assert_text);                                \
        macro_series_clear(&assert_got);                    \
    } while (0)

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

static macro_series one(const char *ts, double value, const char *known_from)
{
    macro_series rows = {0};
    add(&rows, ts, value, known_from);
    return rows;
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

static void assert_merge_fails(fixture *self, const cache_key *key, macro_series rows, int code,
                               const char *part)
{
    const cache_provenance from = provenance();
    cache_change change;
    g_autoptr(GError) error = NULL;
    g_assert_false(cache_macro_merge(self->cache, key, &rows, &from, &change, &error));
    g_assert_error(error, FAILURE, code);
    assert_contains(error->message, part);
    macro_series_clear(&rows);
}

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

/* ---- files ---------------------------------------------------------------------------------- */

static void test_file(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = one("2020-01-01", 10, "2020-04-30");
    add(&rows, "2020-01-01", NAN, "2020-07-30");
    rows.basis = MACRO_STATED;
    merge_rows(self, &key, &rows);
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = files_read(path, 1 << 20, &error);
    g_assert_no_error(error);
    g_autoptr(parquet_table) table = parquet_read(bytes, path, NULL, &error);
    g_assert_no_error(error);
    const char *const names[] = {"ts", "value", "known_from", "known_to"};
    g_assert_cmpuint(table->columns->len, ==, G_N_ELEMENTS(names));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const parquet_column *column = g_ptr_array_index(table->columns, i);
        g_assert_cmpstr(column->name, ==, names[i]);
        g_assert_cmpint(column->type, ==, i == 1 ? PARQUET_DOUBLE : PARQUET_TIMESTAMP_US);
    }
    const parquet_column *ends = parquet_table_find(table, "known_to");
    g_assert_cmpint(ends->valid[0], ==, 1);
    g_assert_cmpint(((const gint64 *)ends->values)[0], ==, at("2020-07-30"));
    g_assert_cmpint(ends->valid[1], ==, 0);
    g_assert_cmpint(parquet_table_find(table, "value")->valid[1], ==, 0);
    const char *const facts[][2] = {
        {"schema_version", "1"},  {"asset", "macro"},
        {"symbol", "GDPC1"},      {"interval", "1q"},
        {"provider", "test"},     {"fetched_at", "2024-01-02T03:04:05Z"},
        {"known_from", "stated"}, {"source_hash", provenance().source_hash},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
        g_assert_cmpstr(g_hash_table_lookup(table->metadata, facts[i][0]), ==, facts[i][1]);
    g_assert_null(g_hash_table_lookup(table->metadata, "adjustment"));
    macro_series_clear(&rows);
}

/* A file as others write it: no known_to, a further column, no metadata. */
static void write_foreign(const char *path, gboolean with_ends)
{
    g_autoptr(parquet_table) table = parquet_table_new(2);
    parquet_column *column = parquet_table_add(table, "known_from", PARQUET_TIMESTAMP_US, TRUE);
    ((gint64 *)column->values)[0] = at("2020-04-30");
    ((gint64 *)column->values)[1] = at("2020-07-30");
    memset(column->valid, 1, 2);
    column = parquet_table_add(table, "ts", PARQUET_TIMESTAMP_US, FALSE);
    ((gint64 *)column->values)[0] = ((gint64 *)column->values)[1] = at("2020-01-01");
    column = parquet_table_add(table, "value", PARQUET_INT32, FALSE);
    ((gint32 *)column->values)[0] = 10;
    ((gint32 *)column->values)[1] = 11;
    parquet_table_add(table, "note", PARQUET_INT64, FALSE);
    if (with_ends) {
        column = parquet_table_add(table, "known_to", PARQUET_TIMESTAMP_US, FALSE);
        ((gint64 *)column->values)[0] = at("2020-07-30");
        ((gint64 *)column->values)[1] = at("2020-09-30");
    }
    g_autoptr(GBytes) bytes = parquet_write(table, NULL);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

static void test_foreign(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    write_foreign(path, FALSE);
    macro_series stored = read_rows(self, &key);
    g_assert_cmpuint(stored.count, ==, 2);
    g_assert_cmpint(stored.known_to_us[0], ==, at("2020-07-30"));
    g_assert_cmpint(stored.known_to_us[1], ==, STILL);
    macro_series known = {0};
    g_assert_true(macro_series_as_of(&stored, at("2020-08-01"), &known));
    g_assert_cmpuint(known.count, ==, 1);
    g_assert_cmpfloat(known.value[0], ==, 11);
    macro_series_clear(&known);
    macro_series_clear(&stored);
    write_foreign(path, TRUE);
    macro_series rows = one("2020-01-01", 12, "2020-08-30");
    g_assert_cmpuint(merge_rows(self, &key, &rows).added, ==, 1);
    assert_rows(self, &key,
                "2020-01-01=10@2020-04-30..2020-07-30 2020-01-01=11@2020-07-30..2020-08-30 "
                "2020-01-01=12@2020-08-30..");
    g_autofree char *copy = g_strconcat(path, ".foreign-1", NULL);
    g_assert_true(g_file_test(copy, G_FILE_TEST_EXISTS)); /* it had a column of its own */
    macro_series_clear(&rows);
}

/* ---- damage --------------------------------------------------------------------------------- */

static gboolean equal_rows(const macro_series *a, const macro_series *b)
{
    gboolean equal = a->count == b->count;
    for (gsize i = 0; equal && i < a->count; i++)
        equal = a->ts_us[i] == b->ts_us[i] && a->value[i] == b->value[i] &&
                a->known_from_us[i] == b->known_from_us[i] &&
                a->known_to_us[i] == b->known_to_us[i];
    return equal;
}

/* All bits of every byte of a file: found when hashes are asked for, and without them an error or
 * the same values. */
static void test_flips(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = {0};
    for (int i = 0; i < 9; i++)
        add_row(&rows, at("2020-01-01"), 100 + i * 1.7, at("2020-04-30") + i * 91 * DAY);
    merge_rows(self, &key, &rows);
    macro_series sound = read_rows(self, &key);
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    g_autofree char *bytes = NULL;
    gsize size, silent = 0;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    for (gsize i = 0; i < size * 8; i++) {
        macro_series got = {0};
        g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL, quick = NULL;
        bytes[i / 8] ^= (char)(1 << i % 8);
        g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
        g_assert_false(
            cache_macro_read(self->cache, &key, G_MININT64, G_MAXINT64, &got, hashes, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        assert_contains(error->message, path);
        if (cache_macro_read(self->cache, &key, G_MININT64, G_MAXINT64, &got, NULL, &quick)) {
            g_assert_true(equal_rows(&got, &sound));
            silent++;
        }
        macro_series_clear(&got);
        bytes[i / 8] ^= (char)(1 << i % 8);
    }
    g_test_message("%" G_GSIZE_FORMAT " flips, %" G_GSIZE_FORMAT " harmless without the hash",
                   size * 8, silent);
    for (gsize length = 0; length < size; length++) {
        macro_series got = {0};
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
        g_assert_false(
            cache_macro_read(self->cache, &key, G_MININT64, G_MAXINT64, &got, NULL, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    }
    macro_series_clear(&sound);
    macro_series_clear(&rows);
}

static void test_damaged_month(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = one("2020-01-01", 10, "2020-04-30"), later = {0};
    add(&rows, "2020-01-01", 11, "2020-07-30");
    merge_rows(self, &key, &rows);
    g_autofree char *path = file_path(self, "macro/GDPC1/1q/2020/2020-01.parquet");
    file_flip(path, 60);
    g_autofree char *problems = verify_text(self, &key, NULL);
    assert_contains(problems, "2020-01.parquet");
    add(&later, "2020-01-01", 12, "2020-08-30");
    assert_merge_fails(self, &key, later, FAILURE_BAD_DATA,
                       "import all 2 rows of that month again");
    g_assert_cmpuint(merge_rows(self, &key, &rows).moved_aside, ==, 1);
    assert_rows(self, &key, "2020-01-01=10@2020-04-30..2020-07-30 2020-01-01=11@2020-07-30..");
    macro_series_clear(&rows);
}

/* ---- a writer that dies --------------------------------------------------------------------- */

static int calls_left;

static int die_later(const char *what, const char *path)
{
    (void)what;
    (void)path;
    if (--calls_left == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

/* Four quarters; the merge revises two of them, adds one, and leaves one as it is. */
static macro_series rows_before(void)
{
    macro_series rows = {0};
    add(&rows, "2020-01-01", 10, "2020-04-30");
    add(&rows, "2020-04-01", 20, "2020-07-30");
    add(&rows, "2020-07-01", 30, "2020-10-29");
    return rows;
}

static macro_series rows_merged(void)
{
    macro_series rows = {0};
    add(&rows, "2020-04-01", 21, "2020-10-29");
    add(&rows, "2020-07-01", 31, "2021-01-28");
    add(&rows, "2020-10-01", 40, "2021-01-28");
    return rows;
}

static gboolean merge_and_die(fixture *self, int at_call)
{
    const pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        const cache_key key = gdp_key();
        const cache_provenance from = provenance();
        macro_series rows = rows_merged();
        cache_change change;
        calls_left = at_call;
        files_before_mutation = die_later;
        _exit(cache_macro_merge(self->cache, &key, &rows, &from, &change, NULL) ? 0 : 1);
    }
    int status = 0;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

/* Each quarter old or new. */
static void assert_old_or_new(fixture *self, gboolean was_empty)
{
    static const char *const old[] = {"2020-01-01=10@2020-04-30..", "2020-04-01=20@2020-07-30..",
                                      "2020-07-01=30@2020-10-29..", ""};
    static const char *const new[] = {
        "2020-01-01=10@2020-04-30..",
        "2020-04-01=20@2020-07-30..2020-10-29 2020-04-01=21@2020-10-29..",
        "2020-07-01=30@2020-10-29..2021-01-28 2020-07-01=31@2021-01-28..",
        "2020-10-01=40@2021-01-28.."};
    static const char *const only_new[] = {"", "2020-04-01=21@2020-10-29..",
                                           "2020-07-01=31@2021-01-28..",
                                           "2020-10-01=40@2021-01-28.."};
    static const char *const quarters[] = {"2020-01-01", "2020-04-01", "2020-07-01", "2020-10-01",
                                           "2021-01-01"};
    const cache_key key = gdp_key();
    for (int q = 0; q < 4; q++) {
        macro_series got = {0};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
        if (!cache_macro_read(self->cache, &key, at(quarters[q]), at(quarters[q + 1]), &got, hashes,
                              &error))
            g_assert_error(error, FAILURE, FAILURE_MISSING);
        g_autofree char *text = text_of(&got);
        if (strcmp(text, was_empty ? "" : old[q]) != 0)
            g_assert_cmpstr(text, ==, was_empty ? only_new[q] : new[q]);
        macro_series_clear(&got);
    }
}

static void kill_everywhere(fixture *self, gboolean empty)
{
    const cache_key key = gdp_key();
    macro_series before = rows_before(), merged = rows_merged();
    int calls = 0;
    for (gboolean killed = TRUE; killed;) {
        calls++;
        if (!empty)
            merge_rows(self, &key, &before);
        killed = merge_and_die(self, calls);
        assert_old_or_new(self, empty);
        /* The next writer completes and settles. */
        merge_rows(self, &key, &merged);
        g_autofree char *notes = NULL;
        g_autofree char *problems = verify_text(self, &key, &notes);
        g_assert_cmpstr(problems, ==, "");
        g_assert_cmpstr(notes, ==, "");
        macro_series all = read_rows(self, &key);
        g_assert_cmpuint(all.count, ==, empty ? 3 : 6);
        macro_series_clear(&all);
        fixture_tear_down(self, NULL);
        fixture_set_up(self, NULL);
    }
    g_test_message("%d mutating calls", calls - 1);
    g_assert_cmpint(calls, >, 20);
    macro_series_clear(&before);
    macro_series_clear(&merged);
}

static void test_kill(fixture *self, gconstpointer unused)
{
    kill_everywhere(self, FALSE);
    kill_everywhere(self, TRUE);
}

/* ---- others' readers and writers ------------------------------------------------------------ */

static gboolean run_judge(const char *what, const char *folder)
{
    const char *python = g_getenv("QUANTBOT_PYTHON");
    if (python == NULL || *python == '\0') {
        g_test_skip("QUANTBOT_PYTHON is not set to a Python with pyarrow, polars and duckdb");
        return FALSE;
    }
    g_autofree char *script = g_test_build_filename(G_TEST_DIST, "cache", "macro_judge.py", NULL);
    const char *arguments[] = {python, script, what, folder, NULL};
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors,
                 &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("macro_judge.py: %s%s", output, errors);
    return TRUE;
}

static void test_interop(fixture *self, gconstpointer unused)
{
    const cache_key key = gdp_key();
    macro_series rows = one("2020-01-01", 10, "2020-04-30");
    add(&rows, "2020-01-01", 11.25, "2020-07-30");
    add(&rows, "2020-04-01", 20, "2020-07-30");
    add(&rows, "2020-04-01", NAN, "2020-08-30");
    merge_rows(self, &key, &rows);
    macro_series_clear(&rows);
    g_autofree char *ours = file_path(self, "macro/GDPC1/1q");
    if (!run_judge("read", ours))
        return;
    static const char *const writers[] = {"PANDAS", "POLARS", "DUCKDB"};
    g_autofree char *theirs = file_path(self, "macro");
    g_assert_true(run_judge("write", theirs));
    for (gsize i = 0; i < G_N_ELEMENTS(writers); i++) {
        const cache_key written = key_of(QB_MACRO, writers[i], QB_1MO);
        macro_series got = read_rows(self, &written);
        g_autofree char *text = text_of(&got);
        g_assert_cmpstr(text, ==,
                        "2021-03-01=1.5@2021-04-10..2021-05-10 2021-03-01=1.75@2021-05-10..");
        macro_series_clear(&got);
    }
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
    ADD("/macro/file", test_file);
    ADD("/macro/foreign", test_foreign);
    ADD("/macro/flips", test_flips);
    ADD("/macro/damaged-month", test_damaged_month);
    ADD("/macro/kill", test_kill);
    ADD("/macro/interop", test_interop);
    return g_test_run();
}
