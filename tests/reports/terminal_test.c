/* What a terminal shows: texts by hand, properties over all window widths, and print-outs against
 * the files in snapshots/ (our own output, looked at once; QUANTBOT_SNAPSHOTS=write renews). */
#include "reports/reports.h"

#include "../metrics/vectors.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SNAPSHOT_LIMIT 100000

/* ---- texts --------------------------------------------------------------------------------- */

static void test_money(void)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {
        {0, "0.00"},
        {-0.0, "0.00"},
        {0.004, "0.00"},
        {-0.004, "0.00"},
        {-0.006, "-0.01"},
        {999.994, "999.99"},
        {999.999, "1,000.00"},
        {1234.5, "1,234.50"},
        {-1234567.891, "-1,234,567.89"},
        {131962.06, "131,962.06"},
        {99999999999.25, "99,999,999,999.25"},
        {1e15, "1e+15"},
        {-2.5e20, "-2.5e+20"},
        {NAN, "-"},
        {INFINITY, "-"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = report_money_text(cases[i].value);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
}

static void test_ratio(void)
{
    static const struct {
        qb_kpi_unit unit;
        double value;
        const char *want;
    } cases[] = {
        {QB_KPI_FRACTION, 0.12312968, "12.31 %"},   {QB_KPI_FRACTION, -0.0936, "-9.36 %"},
        {QB_KPI_FRACTION, 10.012498, "1,001.25 %"}, {QB_KPI_FRACTION, -0.00001, "0.00 %"},
        {QB_KPI_NUMBER, 0.981531, "0.98"},          {QB_KPI_NUMBER, -12.345, "-12.35"},
        {QB_KPI_MONEY, 649.3627, "649.36"},         {QB_KPI_PERIODS, 714.6, "715"},
        {QB_KPI_PERIODS, 12000, "12,000"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const qb_kpi_info info = {.unit = cases[i].unit};
        g_autofree char *text = report_ratio_text(&info, &(qb_ratio){cases[i].value, NULL});
        g_assert_cmpstr(text, ==, cases[i].want);
    }
    g_autofree char *none = report_ratio_text(&(qb_kpi_info){.unit = QB_KPI_NUMBER},
                                              &(qb_ratio){NAN, "no trade"});
    g_assert_cmpstr(none, ==, "-");
}

/* Quotes as RFC 4180 has them; what a spreadsheet would run (OWASP, CSV Injection) is text. */
static void test_csv_field(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"SPY", "SPY"},
        {"^SPX", "^SPX"},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""},
        {"a\nb", "\"a\nb\""},
        {"=1+1", "\"'=1+1\""},
        {"+1", "\"'+1\""},
        {"-1", "\"'-1\""},
        {"@SUM(A1)", "\"'@SUM(A1)\""},
        {"\t=1", "\"'\t=1\""},
        {"a=1", "a=1"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) line = g_string_new(NULL);
        report_csv_field(line, cases[i].text);
        g_assert_cmpstr(line->str, ==, cases[i].want);
    }
}

/* The quick way and printf's agree on every shape of number. */
static void test_short_numbers(void)
{
    GRand *random = g_rand_new_with_seed(15);
    for (int i = 0; i < 200000; i++) {
        const int digits = g_rand_int_range(random, 0, 17);
        double value = floor(g_rand_double(random) * pow(10, digits)) /
                       pow(10, g_rand_int_range(random, 0, 12));
        value = i % 7 == 0 ? g_rand_double(random) : i % 2 == 0 ? -value : value;
        if (value == 0)
            continue;
        char quick[32], slow[32];
        for (int precision = 15; precision <= 17; precision++) {
            g_snprintf(slow, sizeof slow, "%.*g", precision, value);
            if (g_ascii_strtod(slow, NULL) == value)
                break;
        }
        g_assert_cmpstr(report_json_number(value, quick), ==, slow);
    }
    g_rand_free(random);
}

static void test_json_number(void)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {131962.06, "131962.06"},
        {1e22, "1e+22"},
        {5e-324, "4.94065645841247e-324"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    char text[32];
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(report_json_number(cases[i].value, text), ==, cases[i].want);
    qb_random random = {7};
    for (int i = 0; i < 100000; i++) {
        const guint64 bits = qb_random_next(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            g_assert_true(strtod(report_json_number(value, text), NULL) == value);
    }
}

static void test_sparkline(void)
{
    static const double rising[] = {1, 2, 3, 4, 5, 6, 7, 8}, flat[] = {5, 5, 5},
                        holed[] = {0, NAN, 7};
    static const struct {
        const double *values;
        gsize count;
        int width;
        const char *want;
    } cases[] = {
        {rising, 8, 8, "▁▂▃▄▅▆▇█"}, {rising, 8, 4, "▁▃▆█"}, /* means 1.5 3.5 5.5 7.5 */
        {rising, 2, 4, "▁▁██"},     {flat, 3, 3, "▅▅▅"},    {holed, 3, 3, "▁ █"},
        {rising, 0, 3, "   "},      {rising, 8, 0, ""},     {rising, 1, 2, "▅▅"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = report_sparkline(cases[i].values, cases[i].count, cases[i].width);
        g_assert_cmpstr(line, ==, cases[i].want);
        g_assert_cmpint(report_text_width(line), ==, cases[i].width);
    }
}

static void test_width(void)
{
    g_assert_cmpint(report_text_width(""), ==, 0);
    g_assert_cmpint(report_text_width("abc"), ==, 3);
    g_assert_cmpint(report_text_width("é"), ==, 1);
    g_assert_cmpint(report_text_width("e\u0301"), ==, 1); /* a combining accent */
    g_assert_cmpint(report_text_width("日本"), ==, 4);
    g_assert_cmpint(report_text_width("▁█"), ==, 2);
}

/* ---- printing ------------------------------------------------------------------------------ */

typedef void (*printer)(const report_style *style, FILE *stream);

static char *print_with(printer print, const report_style *style)
{
    char *memory = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&memory, &size);
    print(style, stream);
    fclose(stream);
    char *text = g_strndup(memory, size);
    free(memory);
    return text;
}

static char *print_at(printer print, int width, gboolean colour, gboolean unicode)
{
    const report_style style = {.width = width, .colour = colour, .unicode = unicode};
    return print_with(print, &style);
}

typedef struct two_runs {
    vectors v;
    qb_kpis strategy, benchmark;
} two_runs;

static void fill_runs(two_runs *out)
{
    vectors_fill(&out->v);
    qb_kpi_input input = vectors_input(&out->v);
    g_assert_cmpint(qb_kpis_compute(&input, &out->strategy), ==, QB_OK);
    input.periods.value = out->v.price;
    input.benchmark.count = 0;
    input.trade_count = 0;
    g_assert_cmpint(qb_kpis_compute(&input, &out->benchmark), ==, QB_OK);
}

static void print_two_runs(const report_style *style, FILE *stream)
{
    static two_runs runs;
    fill_runs(&runs);
    const report_run columns[] = {
        {"sma_cross", &runs.strategy, {runs.v.ts_us, runs.v.equity, VECTOR_POINTS}},
        {"buy_and_hold", &runs.benchmark, {runs.v.ts_us, runs.v.price, VECTOR_POINTS}},
    };
    report_kpis_print(columns, 2, style, stream);
}

static void print_many_runs(const report_style *style, FILE *stream)
{
    static two_runs runs;
    fill_runs(&runs);
    report_run columns[7];
    for (int i = 0; i < 7; i++)
        columns[i] = (report_run){.name = "sma_cross with a long name",
                                  .kpis = i % 2 ? &runs.benchmark : &runs.strategy};
    report_kpis_print(columns, 7, style, stream);
}

static void print_empty_run(const report_style *style, FILE *stream)
{
    qb_kpis kpis;
    g_assert_cmpint(qb_kpis_compute(&(qb_kpi_input){.traded = NAN}, &kpis), ==, QB_OK);
    const report_run run = {.name = "nothing", .kpis = &kpis};
    report_kpis_print(&run, 1, style, stream);
    report_kpis_print(&run, 0, style, stream);
}

static void print_list(const report_style *style, FILE *stream)
{
    g_autoptr(report_table) table = report_table_new("Runs of this week, newest first");
    report_table_column(table, "run", REPORT_LEFT, 0);
    report_table_column(table, "strategy", REPORT_LEFT, 1);
    report_table_column(table, "return", REPORT_RIGHT, 0);
    report_table_column(table, "Sharpe", REPORT_RIGHT, 2);
    report_table_column(table, "started", REPORT_LEFT, 4);
    report_table_column(table, "universe", REPORT_LEFT, 3);
    report_table_row(table, (const char *[]){"0192f3a1", "sma_cross 20/50 long", "31.96 %", "0.98",
                                             "2024-12-05 14:31", "AAPL, MSFT, BTC-USD"});
    report_table_tone(table, 2, REPORT_GOOD);
    report_table_row(table, (const char *[]){"0192f3a0", "buy_and_hold", "-17.24 %", "-0.54",
                                             "2024-12-05 14:30", "日経 225 index"});
    report_table_tone(table, 2, REPORT_BAD);
    report_table_gap(table);
    report_table_row(table, (const char *[]){"0192f39f", NULL, "-", NULL, NULL, "SPY"});
    report_table_tone(table, 2, REPORT_DIM);
    report_table_rule(table);
    report_table_row(table, (const char *[]){"3 runs", NULL, "7.36 %", NULL, NULL, NULL});
    report_table_print(table, style, stream);
}

/* More columns of priority 0 than a window can hold. */
static void print_crowd(const report_style *style, FILE *stream)
{
    g_autoptr(report_table) table = report_table_new(NULL);
    const char *cells[16];
    for (int i = 0; i < 16; i++) {
        report_table_column(table, i % 2 ? "heading" : "", i % 3 ? REPORT_RIGHT : REPORT_LEFT, 0);
        cells[i] = i % 4 ? "1,234.56" : "日本語の文字";
    }
    report_table_row(table, cells);
    report_table_print(table, style, stream);
}

static const struct {
    const char *name;
    printer print;
} printers[] = {{"runs", print_two_runs},
                {"many", print_many_runs},
                {"empty", print_empty_run},
                {"list", print_list},
                {"crowd", print_crowd}};

/* The text without colour codes. */
static char *without_colour(const char *text)
{
    g_autoptr(GRegex) codes = g_regex_new("\033\\[[0-9]+m", 0, 0, NULL);
    return g_regex_replace_literal(codes, text, -1, 0, "", 0, NULL);
}

static void check_lines(const char *text, int width)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (report_text_width(*line) > width)
            g_error("%d columns in a window of %d: \"%s\"", report_text_width(*line), width, *line);
        g_assert_false(g_str_has_suffix(*line, " "));
    }
}

static void test_every_width(gconstpointer data)
{
    const printer print = printers[GPOINTER_TO_SIZE(data)].print;
    for (int width = REPORT_WIDTH_MIN; width <= 200; width++) {
        g_autofree char *plain = print_at(print, width, FALSE, TRUE);
        g_autofree char *coloured = print_at(print, width, TRUE, TRUE);
        g_autofree char *bare = without_colour(coloured);
        g_autofree char *ascii = print_at(print, width, FALSE, FALSE);
        check_lines(plain, width);
        check_lines(ascii, width);
        g_assert_null(strchr(plain, '\033'));
        g_assert_cmpstr(plain, ==, bare);
        for (const char *c = ascii; *c != '\0'; c++)
            g_assert_true(*c == '\n' || (*c >= ' ' && *c < 127));
    }
}

static void test_numbers_stay_whole(void)
{
    static const char *const numbers[] = {"131,962.06", "82.76",  "31.96 %", "-17.24 %", "0.98",
                                          "2024-08-14", "649.36", "715",     "658 days"};
    for (int width = REPORT_WIDTH_MIN + 5; width <= 200; width++) {
        g_autofree char *text = print_at(print_two_runs, width, FALSE, TRUE);
        for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
            g_assert_nonnull(strstr(text, numbers[i]));
    }
}

static void test_columns_go_by_priority(void)
{
    /* from the first to the last to go */
    static const char *const cells[] = {"2024-12-05", "AAPL", "0.98", "sma_cross"};
    int shown_before = 0;
    for (int width = REPORT_WIDTH_MIN; width <= 120; width++) {
        g_autofree char *text = print_at(print_list, width, FALSE, TRUE);
        int shown = 0;
        for (gsize i = 0; i < G_N_ELEMENTS(cells); i++) {
            const gboolean here = strstr(text, cells[i]) != NULL;
            g_assert_true(here || shown == 0); /* none that ranks lower is here without it */
            shown += here;
        }
        g_assert_nonnull(strstr(text, "31.96 %"));
        g_assert_cmpint(shown, >=, shown_before);
        shown_before = shown;
    }
    g_assert_cmpint(shown_before, ==, 4);
}

static void test_wide_windows_explain(void)
{
    g_autofree char *narrow = print_at(print_two_runs, 80, FALSE, TRUE);
    g_autofree char *wide = print_at(print_two_runs, 100, FALSE, TRUE);
    g_assert_null(strstr(narrow, "CAGR / max drawdown"));
    g_assert_nonnull(strstr(wide, "CAGR / max drawdown"));
}

static void test_no_run_is_lost(void)
{
    static const int widths[] = {20, 40, 80, 200};
    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
        g_autofree char *text = print_at(print_many_runs, widths[i], FALSE, TRUE);
        int found = 0;
        for (const char *c = text; (c = strstr(c, "131,962.06")) != NULL; c++)
            found++;
        g_assert_cmpint(found, ==, 4);
    }
}

static void test_hostile_text(void)
{
    g_autoptr(report_table) table = report_table_new("a\033[2Jb");
    report_table_column(table, "x\r\ny", REPORT_LEFT, 0);
    report_table_row(table, (const char *[]){"one\ttwo\nthree\033]0;title\007"});
    report_table_row(table, (const char *[]){"\xff\xfe bad, \u202e turned, \u2066 apart \x7f"});
    char *memory = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&memory, &size);
    const report_style style = {.width = 80, .unicode = TRUE};
    report_table_print(table, &style, stream);
    report_text_print("notes\033[1m and\a more", 4, REPORT_PLAIN, &style, stream);
    fclose(stream);
    for (const char *c = memory; *c != '\0'; c++)
        g_assert_true(*c == '\n' || (guchar)*c >= ' ');
    g_assert_null(strchr(memory, '\177'));
    g_assert_null(strstr(memory, "\u202e"));
    g_assert_null(strstr(memory, "\u2066"));
    g_assert_nonnull(strstr(memory, "one two three?]0;title?"));
    g_assert_true(g_utf8_validate(memory, -1, NULL));
    free(memory);
}

/* ---- style --------------------------------------------------------------------------------- */

static void with_environment(const char *const *pairs)
{
    static const char *const names[] = {"COLUMNS", "NO_COLOR", "TERM",
                                        "LC_ALL",  "LC_CTYPE", "LANG"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_unsetenv(names[i]);
    for (; pairs[0] != NULL; pairs += 2)
        g_setenv(pairs[0], pairs[1], TRUE);
}

static void test_style(void)
{
    int pipe_ends[2];
    g_assert_cmpint(pipe(pipe_ends), ==, 0);
    with_environment((const char *[]){"TERM", "xterm", NULL});
    report_style style = report_style_of(pipe_ends[1]);
    g_assert_cmpint(style.width, ==, 80);
    g_assert_false(style.colour);
    g_assert_false(style.unicode);
    with_environment((const char *[]){"COLUMNS", "132", "LANG", "de_DE.UTF-8", NULL});
    style = report_style_of(pipe_ends[1]);
    g_assert_cmpint(style.width, ==, 132);
    g_assert_true(style.unicode);
    with_environment((const char *[]){"COLUMNS", "3", "LC_ALL", "C", "LANG", "C.UTF-8", NULL});
    style = report_style_of(pipe_ends[1]);
    g_assert_cmpint(style.width, ==, REPORT_WIDTH_MIN);
    g_assert_false(style.unicode);
    with_environment((const char *[]){"COLUMNS", "wide", "LC_CTYPE", "C.utf8", NULL});
    style = report_style_of(pipe_ends[1]);
    g_assert_cmpint(style.width, ==, 80);
    g_assert_true(style.unicode);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

/* A terminal of our own, to see colours switched on and off. */
static void test_style_of_a_terminal(void)
{
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        g_test_skip("no pseudo terminal here");
        return;
    }
    with_environment((const char *[]){"TERM", "xterm", NULL});
    g_assert_true(report_style_of(terminal).colour);
    with_environment((const char *[]){"TERM", "xterm", "NO_COLOR", "1", NULL});
    g_assert_false(report_style_of(terminal).colour);
    with_environment((const char *[]){"TERM", "dumb", NULL});
    g_assert_false(report_style_of(terminal).colour);
    with_environment((const char *[]){NULL});
    g_assert_false(report_style_of(terminal).colour);
    close(terminal);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *parse(char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        g_error("%s in %s", error.text, text);
    g_free(text);
    return root;
}

static void test_json(void)
{
    static two_runs runs;
    fill_runs(&runs);
    json_t *root = parse(report_kpis_json(&runs.strategy));
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_ratio *ratio = qb_kpi_of(&runs.strategy, &qb_kpi_table[i]);
        const json_t *value = json_object_get(root, qb_kpi_table[i].key);
        const json_t *why = json_object_get(json_object_get(root, "undefined"),
                                            qb_kpi_table[i].key);
        if (ratio->undefined == NULL) {
            g_assert_true(json_number_value(value) == ratio->value);
            g_assert_null(why);
        } else {
            g_assert_true(json_is_null(value));
            g_assert_cmpstr(json_string_value(why), ==, ratio->undefined);
        }
    }
    const json_t *drawdown = json_object_get(root, "drawdown");
    g_assert_cmpstr(json_string_value(json_object_get(drawdown, "trough")), ==,
                    "2024-09-13T00:00:00Z");
    g_assert_true(json_is_null(json_object_get(drawdown, "recovery")));
    g_assert_cmpfloat(json_number_value(json_object_get(drawdown, "longest_days")), ==, 260);
    g_assert_cmpint(json_integer_value(json_object_get(root, "periods")), ==, 503);
    g_assert_cmpint(json_integer_value(json_object_get(root, "periods_per_year")), ==, 252);
    g_assert_cmpint(json_integer_value(json_object_get(root, "trades")), ==, 50);
    g_assert_cmpstr(json_string_value(json_object_get(root, "start")), ==, "2023-01-02T00:00:00Z");
    g_assert_cmpstr(json_string_value(json_object_get(root, "end")), ==, "2024-12-05T00:00:00Z");
    g_assert_true(json_number_value(json_object_get(root, "end_equity")) ==
                  runs.v.equity[VECTOR_POINTS - 1]);
    json_decref(root);
}

static void test_json_of_nothing(void)
{
    qb_kpis kpis;
    g_assert_cmpint(qb_kpis_compute(&(qb_kpi_input){.traded = NAN}, &kpis), ==, QB_OK);
    json_t *root = parse(report_kpis_json(&kpis));
    g_assert_cmpint(json_object_size(json_object_get(root, "undefined")), ==, qb_kpi_table_count);
    g_assert_true(json_is_null(json_object_get(root, "start")));
    json_decref(root);
}

/* ---- snapshots ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    printer print;
    int width;
    gboolean colour, unicode;
} snapshots[] = {
    {"runs-80.txt", print_two_runs, 80, FALSE, TRUE},
    {"runs-40.txt", print_two_runs, 40, FALSE, TRUE},
    {"runs-20.txt", print_two_runs, 20, FALSE, TRUE},
    {"runs-120.txt", print_two_runs, 120, FALSE, TRUE},
    {"runs-80-ascii.txt", print_two_runs, 80, FALSE, FALSE},
    {"runs-80-colour.txt", print_two_runs, 80, TRUE, TRUE},
    {"many-80.txt", print_many_runs, 80, FALSE, TRUE},
    {"empty-80.txt", print_empty_run, 80, FALSE, TRUE},
    {"list-40.txt", print_list, 40, FALSE, TRUE},
    {"list-80.txt", print_list, 80, FALSE, TRUE},
    {"list-120.txt", print_list, 120, FALSE, TRUE},
};

static void test_snapshot(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "reports", "snapshots",
                                                  snapshots[i].name, NULL);
    g_autofree char *got = print_at(snapshots[i].print, snapshots[i].width, snapshots[i].colour,
                                    snapshots[i].unicode);
    if (g_strcmp0(g_getenv("QUANTBOT_SNAPSHOTS"), "write") == 0) {
        g_assert_true(g_file_set_contents(path, got, -1, NULL));
        return;
    }
    g_autofree char *want = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &want, NULL, &error);
    g_assert_no_error(error);
    if (strcmp(got, want) != 0)
        g_test_message("%s differs; now it is:\n%s", path, got);
    g_assert_cmpstr(got, ==, want);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reports/text/money", test_money);
    g_test_add_func("/reports/text/ratio", test_ratio);
    g_test_add_func("/reports/text/json-number", test_json_number);
    g_test_add_func("/reports/text/short-numbers", test_short_numbers);
    g_test_add_func("/reports/text/csv-field", test_csv_field);
    g_test_add_func("/reports/text/sparkline", test_sparkline);
    g_test_add_func("/reports/text/width", test_width);
    g_test_add_func("/reports/text/hostile", test_hostile_text);
    for (gsize i = 0; i < G_N_ELEMENTS(printers); i++) {
        g_autofree char *name = g_strdup_printf("/reports/width/%s", printers[i].name);
        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_every_width);
    }
    g_test_add_func("/reports/width/numbers-stay-whole", test_numbers_stay_whole);
    g_test_add_func("/reports/width/priority", test_columns_go_by_priority);
    g_test_add_func("/reports/width/wide-explains", test_wide_windows_explain);
    g_test_add_func("/reports/width/no-run-is-lost", test_no_run_is_lost);
    g_test_add_func("/reports/style/pipe", test_style);
    g_test_add_func("/reports/style/terminal", test_style_of_a_terminal);
    g_test_add_func("/reports/json/run", test_json);
    g_test_add_func("/reports/json/nothing", test_json_of_nothing);
    for (gsize i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        g_autofree char *name = g_strdup_printf("/reports/snapshot/%s", snapshots[i].name);
        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_snapshot);
    }
    return g_test_run();
}
