/* Every file of bars or closes of the shared data, against what data/INVENTORY.csv says of it: the
 * inventory was measured by other people's program, over the text of the files. Clean files must
 * be clean, and the others show what it lists, no more and no less. A file that is in the
 * inventory and in no family below fails the test.
 *
 * Where its words mean something else than ours, the test recomputes theirs from our bars:
 * - gaps and missing_intervals count every step longer than the interval, nights, weekends and
 *   pauses of the market too. Ours count what the calendar expects.
 * - missing_sessions counts dates without a row. A row that we refuse is no bar of ours, so there
 *   we miss one more.
 * - zero_volume counts rows of the file, ours bars; they differ where stamps are doubled. */
#include "csv/csv.h"
#include "platform/files.h"

#include <math.h>
#include <string.h>

/* NULL when the shared data is not there: the test is skipped. */
static GBytes *load(const char *path)
{
    const char *root = g_getenv("QUANTBOT_SHARED");
    g_autofree char *file = g_build_filename(root != NULL ? root : ".", "data", path, NULL);
    if (root == NULL || !files_exists(file)) {
        g_test_skip("no shared data (QUANTBOT_SHARED)");
        return NULL;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = files_read(file, CSV_FILE_LIMIT, &error);
    g_assert_no_error(error);
    GBytes *text = csv_inflate(bytes, path, &error);
    g_assert_no_error(error);
    return text;
}

/* ---- families ------------------------------------------------------------------------------- */

#define QUOTES                                                                             \
    "open=bid_open,high=bid_high,low=bid_low,close=bid_close,bid=bid_close,ask=ask_close," \
    "volume=none"
#define CLOSES "open=close,high=close,low=close"

typedef struct family {
    const char *prefix, *suffix; /* of the path; suffix NULL: any */
    guint files;
    const char *not_bars; /* why it is not read; or NULL */
    csv_bars_options options;
    const char *calendar; /* NULL: the asset's */
    const char *note;     /* that even sound files get, and the only one; or NULL */
} family;

#define EQUITY(step) .options = {.asset = QB_EQUITY, .interval = step}
#define INDEX(step) .options = {.asset = QB_INDEX, .interval = step}
#define COIN(step) .options = {.asset = QB_CRYPTO, .interval = step}
#define QUOTE(step) .options = {.asset = QB_FX, .interval = step, .map = QUOTES}

/* The first that fits counts. */
static const family families[] = {
    {"calendars/", NULL, 6, "sessions"},
    {"reference_data/", NULL, 1, "instruments"},
    {"expected/", NULL, 0, "results"},
    {"messy/", NULL, 12, "tests/csv/messy_test.c"},
    {"macro/VIX_daily", NULL, 1, INDEX(QB_1D)},
    {"macro/", NULL, 31, "macro series"},
    {"equities/corporate_actions/", NULL, 33, "factors and names"},
    {"equities/reference/", NULL, 3, "constituents"},
    {"equities/panel", NULL, 1, "by symbol, below"},
    {"equities/daily_raw_2004_2014/dividends", NULL, 1, "dividends, below"},
    {"equities/daily_raw_2004_2014/splits", NULL, 1, "splits, below"},
    {"equities/daily_", NULL, 159, EQUITY(QB_1D)},
    {"equities/sector_etf_close/", NULL, 5,
     .options = {.asset = QB_EQUITY, .interval = QB_1D, .map = CLOSES}},
    {"equities/hourly_raw/", NULL, 7,
     .options = {.asset = QB_EQUITY, .interval = QB_1H, .extended = TRUE},
     .note = "is outside the regular session"},
    {"equities/minute_raw/", "_quote.csv.gz", 5,
     .options = {.asset = QB_EQUITY, .interval = QB_1M, .extended = TRUE, .map = QUOTES},
     .note = "is outside the regular session"},
    {"equities/minute_r", NULL, 6,
     .options = {.asset = QB_EQUITY, .interval = QB_1M, .extended = TRUE},
     .note = "is outside the regular session"},
    {"index/", "_monthly_2006.csv", 1, "no interval of bars"},
    {"index/", "_weekly_2006.csv", 1, INDEX(QB_1W), .note = "moved to the Monday"},
    {"index/EURO", NULL, 2, INDEX(QB_1D), .calendar = "weekdays"},
    {"index/", NULL, 1, INDEX(QB_1D)},
    {"crypto/ticks_binance/", NULL, 1, "trades"},
    {"crypto/perp_xrpusdt/", "funding_rate.csv", 1, "rates"},
    {"crypto/perp_xrpusdt/", "_8h_mark.csv", 1, COIN(QB_4H), .note = "the closest 8h"},
    {"crypto/perp_xrpusdt/", NULL, 2, COIN(QB_1H)},
    {"crypto/daily/", NULL, 3, COIN(QB_1D)},
    {"crypto/hourly/", NULL, 2, COIN(QB_1H)},
    {"crypto/minute_", NULL, 9, COIN(QB_1M)},
    {"crypto/candles_", "_5m.csv.gz", 6, COIN(QB_5M)},
    {"crypto/candles_", "_1m.csv.gz", 1, COIN(QB_1M)},
    {"fx/minute_fxcm_2013_02/", NULL, 2, .options = {.asset = QB_FX, .interval = QB_1M},
     .note = "has no session"},
    {"fx/minute_", NULL, 2, QUOTE(QB_1M), .note = "has no session"},
    {"fx/hourly_", NULL, 1, QUOTE(QB_1H), .note = "has no session"},
    {"fx/daily_", NULL, 3, QUOTE(QB_1D), .note = "has no session"},
    {"futures/FESX", NULL, 1,
     .options = {.asset = QB_INDEX, .interval = QB_1M, .stamp_close = TRUE},
     .calendar = "weekdays"},
    {"futures/", NULL, 1, INDEX(QB_1M), .calendar = "weekdays", .note = "has no session"},
    {"returns/", "_close.csv.gz", 3, "closes side by side, below"},
    {"returns/", NULL, 4, "returns"},
};

static const family *family_of(const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
        if (g_str_has_prefix(path, families[i].prefix) &&
            (families[i].suffix == NULL || g_str_has_suffix(path, families[i].suffix)))
            return &families[i];
    g_error("%s is of no family", path);
}

static csv_bars_options options_of(const family *family)
{
    csv_bars_options options = family->options;
    options.skip_bad = TRUE;
    options.calendar = family->calendar != NULL ? qb_calendar_find(family->calendar)
                                                : qb_calendar_default(options.asset);
    return options;
}

/* ---- the inventory -------------------------------------------------------------------------- */

typedef struct facts {
    char *path, *rows, *first, *last, *text;
} facts;

static void facts_clear(facts *self)
{
    g_free(self->path);
    g_free(self->rows);
    g_free(self->first);
    g_free(self->last);
    g_free(self->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(facts, facts_clear)

static char *cell_text(const csv_table *table, gsize row, const char *column)
{
    gsize length;
    const char *text = csv_table_cell(table, row, csv_table_column(table, column), &length);
    return g_strndup(text, length);
}

static void facts_read(const csv_table *table, gsize row, facts *out)
{
    out->path = cell_text(table, row, "file");
    out->rows = cell_text(table, row, "rows");
    out->first = cell_text(table, row, "first");
    out->last = cell_text(table, row, "last");
    out->text = cell_text(table, row, "measured_facts_and_defects");
}

/* What stands after "NAME=" up to the next "; ", or NULL. */
static char *fact_text(const facts *self, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(self->text, "; ", -1);
    g_autofree char *key = g_strconcat(name, "=", NULL);
    for (char **part = parts; *part != NULL; part++)
        if (g_str_has_prefix(*part, key))
            return g_strdup(*part + strlen(key));
    return NULL;
}

/* The number after "NAME="; 0 when it is not named. */
static gsize fact(const facts *self, const char *name)
{
    g_autofree char *text = fact_text(self, name);
    return text != NULL ? (gsize)g_ascii_strtoull(text, NULL, 10) : 0;
}

/* ---- what was read -------------------------------------------------------------------------- */

typedef struct reading {
    const char *path;
    csv_bars_options options;
    qb_series series;
    csv_bars_report report;
} reading;

static void reading_clear(reading *self)
{
    qb_series_clear(&self->series);
    csv_bars_report_clear(&self->report);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(reading, reading_clear)

static void read_bars(GBytes *text, reading *self)
{
    g_autoptr(GError) error = NULL;
    csv_read_bars(text, self->path, &self->options, &self->series, &self->report, &error);
    g_assert_no_error(error);
}

/* Nothing that core calls unfit may come out of the reader. */
static void check_sound(const reading *self)
{
    qb_defects defects = {0};
    qb_status status = qb_validate(&self->series, self->options.calendar, self->options.interval,
                                   &defects);
    g_assert_cmpint(status, ==, QB_OK);
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++)
        if (qb_defect_is_fatal(kind) || kind == QB_DEFECT_OUT_OF_ORDER ||
            kind == QB_DEFECT_DUPLICATE)
            g_assert_cmpuint(defects.by_kind[kind], ==, 0);
    g_assert_cmpuint(defects.by_kind[QB_DEFECT_NON_SESSION], ==, self->report.non_session);
    g_assert_cmpuint(defects.by_kind[QB_DEFECT_OUTSIDE_SESSION], ==, self->report.outside_session);
}

static void expect(const reading *self, const char *what, gsize got, gsize want)
{
    if (got != want)
        g_error("%s: %s: %" G_GSIZE_FORMAT ", inventory %" G_GSIZE_FORMAT, self->path, what, got,
                want);
}

static void expect_text(const reading *self, const char *what, const char *got, const char *want)
{
    if (!g_str_has_prefix(got, want))
        g_error("%s: %s: %s, inventory %s", self->path, what, got, want);
}

/* The inventory has the stamps of the file, we those of the bars' opens. */
static gint64 file_stamp(const reading *self, gsize row)
{
    gint64 us = self->series.ts_us[row];
    return self->options.stamp_close ? us + qb_interval_us(self->options.interval) : us;
}

static void check_range(const reading *self, const facts *want)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    if (self->options.interval == QB_1W) /* moved to Monday */
        return;
    qb_time_to_text(file_stamp(self, 0), first);
    qb_time_to_text(file_stamp(self, self->series.count - 1), last);
    expect_text(self, "first", first, want->first);
    expect_text(self, "last", last, want->last);
}

static void check_rows(const reading *self, const facts *want)
{
    const csv_bars_report *report = &self->report;
    expect(self, "rows", report->rows, (gsize)g_ascii_strtoull(want->rows, NULL, 10));
    expect(self, "rows accounted for", report->kept + report->skipped_bad + report->duplicates,
           report->rows);
    expect(self, "bars", self->series.count, report->kept);
    expect(self, "duplicates", report->duplicates, fact(want, "dup_ts"));
    expect(self, "out of order", report->moved, fact(want, "out_of_order"));
    expect(self, "high", report->faults[CSV_FAULT_HIGH], fact(want, "high<open/close"));
    expect(self, "low", report->faults[CSV_FAULT_LOW], fact(want, "low>open/close"));
    expect(self, "blank", report->faults[CSV_FAULT_NO_PRICE],
           fact(want, "blank_or_nonnumeric_ohlc"));
    expect(self, "not positive", report->faults[CSV_FAULT_NOT_POSITIVE],
           fact(want, "nonpositive_ohlc"));
    expect(self, "other faults",
           report->faults[CSV_FAULT_STAMP] + report->faults[CSV_FAULT_OFF_GRID] +
               report->faults[CSV_FAULT_OTHER],
           0);
    check_range(self, want);
}

/* ---- sessions and gaps ---------------------------------------------------------------------- */

/* From the first date on that the calendar vouches for: the list that the inventory used starts
 * in 1990 too. */
static gsize missing_bars(const reading *self)
{
    const qb_series *series = &self->series;
    gsize first = 0, present = 0;
    qb_bar_time times;
    while (!qb_calendar_covers(self->options.calendar, qb_date_from_us(series->ts_us[first])))
        first++;
    for (gsize i = first; i < series->count; i++)
        present += qb_bar_times(self->options.calendar, self->options.interval, series->ts_us[i],
                                &times);
    gsize expected = qb_expected_bars(self->options.calendar, self->options.interval,
                                      series->ts_us[first], series->ts_us[series->count - 1] + 1);
    g_assert_cmpuint(present, <=, expected);
    return expected - present;
}

#define LIST_END_US (G_GINT64_CONSTANT(1673568000) * QB_SECOND_US) /* 2023-01-13 */

/* Up to the last session of the list that the inventory used. */
static gsize days_without_session(const reading *self)
{
    gsize count = 0;
    for (gsize i = 0; i < self->series.count && self->series.ts_us[i] <= LIST_END_US; i++)
        count += qb_stamp_check(self->options.calendar, QB_1D, self->series.ts_us[i]) ==
                 QB_STAMP_NO_SESSION;
    return count;
}

/* "3 (2004-12-01;2004-12-02...": the dates that are told really have no bar. */
static void check_missing_dates(const reading *self, const facts *want)
{
    g_autofree char *listed = fact_text(want, "missing_sessions");
    const char *open = listed != NULL ? strchr(listed, '(') : NULL;
    if (open == NULL)
        return;
    g_auto(GStrv) dates = g_strsplit_set(open + 1, ";)", -1);
    for (char **date = dates; *date != NULL && strlen(*date) >= 10; date++) {
        gint64 us;
        g_autofree char *day = g_strndup(*date, 10);
        g_assert_cmpint(qb_time_from_text(day, strlen(day), &us), ==, QB_OK);
        gsize row = qb_series_lower_bound(&self->series, us);
        g_assert_true(row == self->series.count || self->series.ts_us[row] != us);
        g_assert_cmpint(qb_stamp_check(self->options.calendar, QB_1D, us), ==, QB_STAMP_FITS);
    }
}

/* Measured against the sessions of New York only. */
static void check_sessions(const reading *self, const facts *want)
{
    if (self->options.interval != QB_1D || self->options.calendar != qb_calendar_find("XNYS"))
        return;
    expect(self, "days without a session", days_without_session(self),
           fact(want, "non_session_days"));
    expect(self, "missing sessions", missing_bars(self),
           fact(want, "missing_sessions") + self->report.skipped_bad);
    check_missing_dates(self, want);
}

static char *span_text(gint64 us)
{
    gint64 days = us / QB_DAY_US, second = us % QB_DAY_US / QB_SECOND_US;
    g_autofree char *clock = g_strdup_printf("%d:%02d:%02d", (int)(second / 3600),
                                             (int)(second / 60 % 60), (int)(second % 60));
    if (days == 0)
        return g_steal_pointer(&clock);
    return g_strdup_printf("%d day%s, %s", (int)days, days == 1 ? "" : "s", clock);
}

static char *longest_text(const reading *self, gsize row)
{
    char after[QB_TIME_TEXT];
    const gint64 *ts_us = self->series.ts_us;
    g_autofree char *span = span_text(ts_us[row + 1] - ts_us[row]);
    qb_time_to_text(file_stamp(self, row), after);
    after[10] = ' ';
    after[19] = '\0';
    return g_strdup_printf("%s after %s", span, after);
}

static gboolean has_gaps(const reading *self)
{
    return self->options.asset == QB_CRYPTO || self->options.interval < QB_1D;
}

static void check_gaps(const reading *self, const facts *want)
{
    const qb_series *series = &self->series;
    const gint64 step = qb_interval_us(self->options.interval);
    gsize gaps = 0, missing = 0, longest = 0;
    if (!has_gaps(self) || self->report.skipped_bad > 0 || strstr(self->path, "_8h_") != NULL)
        return;
    for (gsize i = 0; i + 1 < series->count; i++) {
        gint64 span = series->ts_us[i + 1] - series->ts_us[i];
        gaps += span > step;
        missing += (gsize)((span - 1) / step);
        if (span > series->ts_us[longest + 1] - series->ts_us[longest])
            longest = i;
    }
    expect(self, "gaps", gaps, fact(want, "gaps"));
    expect(self, "missing intervals", missing, fact(want, "missing_intervals"));
    if (self->options.asset == QB_CRYPTO) /* always open: here their words mean what ours do */
        expect(self, "missing bars", missing_bars(self), missing);
    g_autofree char *listed = fact_text(want, "longest_gap");
    if (listed == NULL)
        return;
    g_autofree char *text = longest_text(self, longest);
    expect_text(self, "longest gap", text, listed);
}

/* ---- values --------------------------------------------------------------------------------- */

static gsize zero_volumes_of_file(const char *path)
{
    g_autoptr(GBytes) text = load(path);
    g_autoptr(csv_table) table = csv_table_parse(text, path, NULL);
    failures problems;
    gsize count = 0;
    failures_init(&problems);
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        double volume;
        gboolean good = csv_table_number(table, row, csv_table_column(table, "volume"), &problems,
                                         &volume);
        count += good && volume == 0;
    }
    g_assert_true(failures_finish(&problems, FAILURE_BAD_DATA, NULL));
    return count;
}

static void check_volume(const reading *self, const facts *want)
{
    const double *volume = self->series.volume;
    gsize zero = 0, unknown = 0;
    for (gsize i = 0; i < self->series.count; i++) {
        zero += volume != NULL && volume[i] == 0;
        unknown += volume == NULL || isnan(volume[i]);
    }
    if (self->report.duplicates > 0)
        zero = zero_volumes_of_file(self->path);
    gboolean always = strstr(want->text, "volume=always 0") != NULL;
    expect(self, "zero volume", zero, always ? self->series.count : fact(want, "zero_volume"));
    if (fact(want, "blank_volume") > 0)
        expect(self, "blank volume", unknown, fact(want, "blank_volume"));
}

/* The largest step of the closes, "-85.5% at 2014-06-09"; listed from 30 % on. */
static void check_move(const reading *self, const facts *want)
{
    const qb_series *series = &self->series;
    g_autofree char *listed = fact_text(want, "max_close_move");
    gsize most = 0;
    double move = 0;
    if (self->report.skipped_bad > 0 || self->report.duplicates > 0)
        return;
    for (gsize i = 1; i < series->count; i++) {
        double step = series->close[i] / series->close[i - 1] - 1;
        if (fabs(step) > fabs(move)) {
            move = step;
            most = i;
        }
    }
    if (listed == NULL) {
        g_assert_cmpfloat(fabs(move), <=, 0.3);
        return;
    }
    char stamp[QB_TIME_TEXT];
    qb_time_to_text(file_stamp(self, most), stamp);
    if (self->options.interval == QB_1D)
        stamp[10] = '\0';
    g_autofree char *text = g_strdup_printf("%+.1f%% at %s", 100 * move, stamp);
    expect_text(self, "largest move", text, listed);
}

/* "2000-06-21x2.0;2005-02-28x2.0" */
static char *splits_text(const qb_series *series)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; series->split_factor != NULL && i < series->count; i++) {
        char date[QB_TIME_TEXT];
        if (series->split_factor[i] == 1)
            continue;
        qb_date_to_text(qb_date_from_us(series->ts_us[i]), date);
        g_string_append_printf(text, "%s%sx%.12g", text->len > 0 ? ";" : "", date,
                               series->split_factor[i]);
    }
    return g_string_free(text, FALSE);
}

static void check_actions(const reading *self, const facts *want)
{
    const qb_series *series = &self->series;
    gsize dividends = 0;
    for (gsize i = 0; series->dividend != NULL && i < series->count; i++)
        dividends += series->dividend[i] > 0;
    expect(self, "dividends", dividends, fact(want, "dividends"));
    g_autofree char *got = splits_text(series);
    g_autofree char *listed = fact_text(want, "splits");
    g_autoptr(GString) plain = g_string_new(listed != NULL ? listed : "");
    g_string_append_c(plain, ';');
    g_string_replace(plain, ".0;", ";", 0);
    g_string_truncate(plain, plain->len - 1);
    if (strcmp(got, plain->str) != 0)
        g_error("%s: splits: %s, inventory %s", self->path, got, plain->str);
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* Files without a fact to tell are read without a word. */
static void check_quiet(const reading *self, const family *family)
{
    const csv_bars_report *report = &self->report;
    gsize told = report->skipped_bad + report->duplicates + report->moved;
    for (guint i = 0; told == 0 && i < report->notes->len; i++) {
        const char *text = g_ptr_array_index(report->notes, i);
        gboolean known = (report->non_session > 0 && strstr(text, "without a session")) ||
                         (report->non_session > 0 && strstr(text, "has no session")) ||
                         (report->outside_session > 0 && strstr(text, "regular session")) ||
                         (report->forward_filled > 0 && strstr(text, "close before")) ||
                         (family->note != NULL && strstr(text, family->note));
        if (!known)
            g_error("%s: %s", self->path, text);
    }
}

static void check_file(const family *family, const facts *want)
{
    g_auto(reading) self = {.path = want->path, .options = options_of(family)};
    g_autoptr(GBytes) text = load(want->path);
    read_bars(text, &self);
    check_rows(&self, want);
    check_sessions(&self, want);
    check_gaps(&self, want);
    check_volume(&self, want);
    check_move(&self, want);
    check_actions(&self, want);
    check_sound(&self);
    check_quiet(&self, family);
    g_test_message("%s: %" G_GSIZE_FORMAT " bars, %" G_GSIZE_FORMAT " left out, %" G_GSIZE_FORMAT
                   " filled forward",
                   want->path, self.series.count, self.report.skipped_bad,
                   self.report.forward_filled);
}

static csv_table *load_inventory(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = load("INVENTORY.csv");
    csv_table *table = bytes != NULL ? csv_table_parse(bytes, "INVENTORY.csv", &error) : NULL;
    g_assert_no_error(error);
    return table;
}

static void test_files(void)
{
    g_autoptr(csv_table) table = load_inventory();
    guint found[G_N_ELEMENTS(families)] = {0};
    if (table == NULL)
        return;
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        g_auto(facts) want = {0};
        facts_read(table, row, &want);
        const family *family = family_of(want.path);
        found[family - families]++;
        if (family->not_bars == NULL)
            check_file(family, &want);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
        if (families[i].files > 0 && found[i] != families[i].files)
            g_error("%s: %u files, expected %u", families[i].prefix, found[i], families[i].files);
}

/* ---- files of many symbols ------------------------------------------------------------------ */

#define PANEL "equities/panel_2020_2021.csv.gz"

/* The panel cut by its second column: symbol to text with the header. */
static GHashTable *cut_panel(GBytes *text)
{
    GHashTable *parts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gsize length;
    const char *at = g_bytes_get_data(text, &length), *end = at + length;
    const char *header_end = memchr(at, '\n', length);
    g_autofree char *header = g_strndup(at, (gsize)(header_end + 1 - at));
    for (at = header_end + 1; at < end;) {
        const char *line_end = memchr(at, '\n', (gsize)(end - at));
        const char *from = strchr(at, ',') + 1, *to = strchr(from, ',');
        g_autofree char *symbol = g_strndup(from, (gsize)(to - from));
        GString *part = g_hash_table_lookup(parts, symbol);
        if (part == NULL)
            g_hash_table_insert(parts, g_strdup(symbol), part = g_string_new(header));
        g_string_append_len(part, at, line_end + 1 - at);
        at = line_end + 1;
    }
    return parts;
}

static void same_bars(const qb_series *a, const qb_series *b)
{
    g_assert_cmpuint(a->count, ==, b->count);
    for (gsize i = 0; i < a->count; i++) {
        qb_bar left = qb_series_bar(a, i), right = qb_series_bar(b, i);
        g_assert_cmpint(left.ts_us, ==, right.ts_us);
        g_assert_true(left.open == right.open && left.high == right.high && left.low == right.low &&
                      left.close == right.close && left.volume == right.volume &&
                      left.dividend == right.dividend && left.split_factor == right.split_factor);
    }
}

static gsize check_part(GBytes *whole, const char *symbol, const GString *part, gboolean compare)
{
    g_autoptr(GBytes) text = g_bytes_new(part->str, part->len);
    csv_bars_options options = {.asset = QB_EQUITY,
                                .interval = QB_1D,
                                .calendar = qb_calendar_default(QB_EQUITY),
                                .symbol = symbol,
                                .skip_bad = TRUE};
    g_auto(reading) self = {.path = PANEL, .options = options};
    read_bars(text, &self);
    check_sound(&self);
    expect(&self, symbol, self.report.kept, self.report.rows);
    expect(&self, symbol, self.report.non_session + self.report.moved, 0);
    if (compare) {
        g_auto(reading) other = {.path = PANEL, .options = options};
        read_bars(whole, &other);
        same_bars(&self.series, &other.series);
        expect(&other, symbol, other.report.rows + other.report.other_symbols, 142246);
    }
    return self.report.rows;
}

/* 434 symbols, 142,246 rows; a few of them also through the whole file, as a user reads it. */
static void test_panel(void)
{
    g_autoptr(GBytes) text = load(PANEL);
    if (text == NULL)
        return;
    g_autoptr(GHashTable) parts = cut_panel(text);
    GHashTableIter iter;
    gpointer symbol, part;
    gsize rows = 0;
    g_hash_table_iter_init(&iter, parts);
    while (g_hash_table_iter_next(&iter, &symbol, &part)) {
        gboolean compare = strcmp(symbol, "A") == 0 || strcmp(symbol, "BRK.B") == 0 ||
                           strcmp(symbol, "AAPL") == 0 || strcmp(symbol, "ZTS") == 0;
        rows += check_part(text, symbol, part, compare);
        g_string_free(part, TRUE);
    }
    g_assert_cmpuint(g_hash_table_size(parts), ==, 434);
    g_assert_cmpuint(rows, ==, 142246);
}

/* ---- closes side by side -------------------------------------------------------------------- */

static gsize blanks_of(const csv_table *table, int column)
{
    gsize count = 0, length;
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        csv_table_cell(table, row, column, &length);
        count += length == 0;
    }
    return count;
}

static void check_close(GBytes *text, const csv_table *table, const char *path, int column,
                        const char *name)
{
    g_autofree char *map = g_strdup_printf("open=%d,high=%d,low=%d,close=%d,symbol=none",
                                           column + 1, column + 1, column + 1, column + 1);
    csv_bars_options options = {.asset = QB_EQUITY,
                                .interval = QB_1D,
                                .calendar = qb_calendar_default(QB_EQUITY),
                                .map = map,
                                .skip_bad = TRUE};
    g_auto(reading) self = {.path = path, .options = options};
    read_bars(text, &self);
    check_sound(&self);
    expect(&self, name, self.report.rows, csv_table_rows(table));
    expect(&self, name, self.report.skipped_bad, blanks_of(table, column));
    expect(&self, name, self.report.faults[CSV_FAULT_NO_PRICE], self.report.skipped_bad);
    expect(&self, name, self.report.kept, self.report.rows - self.report.skipped_bad);
    expect(&self, name, self.report.non_session + self.report.moved, 0);
    for (gsize i = 0; i < self.series.count; i++)
        g_assert_cmpint(self.series.flags[i], ==, QB_BAR_SAMPLED);
}

/* Rows by INVENTORY.csv; columns counted by head -1. A blank means that the stock did not exist
 * yet, and is left out as such. */
static void test_closes(void)
{
    static const struct {
        const char *path;
        guint rows;
        const char *first, *last; /* names of columns */
        int columns;
    } files[] = {
        {"returns/ffn_AAPL_MSFT_C_close.csv.gz", 2517, "AAPL", "C", 3},
        {"returns/factors_dataset_adj_close.csv.gz", 2264, "MTUM", "VLUE", 5},
        {"returns/sp500_dataset_adj_close.csv.gz", 8313, "AAPL", "XOM", 20},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GBytes) text = load(files[i].path);
        if (text == NULL)
            return;
        g_autoptr(csv_table) table = csv_table_parse(text, files[i].path, NULL);
        g_assert_cmpuint(csv_table_rows(table), ==, files[i].rows);
        g_assert_cmpint(csv_table_column(table, files[i].first), ==, 1);
        g_assert_cmpint(csv_table_column(table, files[i].last), ==, files[i].columns);
        for (int column = 1; column <= files[i].columns; column++)
            check_close(text, table, files[i].path, column, files[i].last);
    }
}

/* ---- events --------------------------------------------------------------------------------- */

/* Counts and dates of INVENTORY.csv; the two symbols stand in one file. */
static void test_events(void)
{
    static const struct {
        const char *path, *symbol, *first, *last;
        guint count, others;
    } files[] = {
        {"equities/daily_raw_2004_2014/splits.csv", "AAPL", "2005-02-28", "2014-06-09", 2, 0},
        {"equities/daily_raw_2004_2014/dividends.csv", "AAPL", "2012-08-09", "2014-11-06", 10, 5},
        {"equities/daily_raw_2004_2014/dividends.csv", "DELL", "2012-09-27", "2013-09-27", 5, 10},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GBytes) text = load(files[i].path);
        if (text == NULL)
            return;
        csv_actions got = {0};
        const csv_actions_options options = {.calendar = qb_calendar_default(QB_EQUITY),
                                             .asset = QB_EQUITY,
                                             .symbol = files[i].symbol};
        g_autoptr(GError) error = NULL;
        csv_read_actions(text, files[i].path, &options, &got, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(got.items->len, ==, files[i].count);
        g_assert_cmpuint(got.other_symbols, ==, files[i].others);
        char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
        qb_date_to_text(g_array_index(got.items, csv_action, 0).date, first);
        qb_date_to_text(g_array_index(got.items, csv_action, got.items->len - 1).date, last);
        g_assert_cmpstr(first, ==, files[i].first);
        g_assert_cmpstr(last, ==, files[i].last);
        csv_actions_clear(&got);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/inventory/files", test_files);
    g_test_add_func("/csv/inventory/panel", test_panel);
    g_test_add_func("/csv/inventory/closes", test_closes);
    g_test_add_func("/csv/inventory/events", test_events);
    return g_test_run();
}
