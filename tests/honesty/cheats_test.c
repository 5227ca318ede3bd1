/* Strategies that cheat on purpose, compiled as a user's would be, are caught by the check that is
 * meant for them; bars that cheat are caught as well; and what is built in passes. */
#include "program.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- a folder with bars, and with their future ----------------------------------------------- */

static void copy_file(const program *self, const char *from, const char *to)
{
    g_autofree char *source = program_source(from);
    g_autofree char *target = g_build_filename(self->folder, to, NULL);
    g_autofree char *text = NULL;
    gsize size;
    GError *error = NULL;
    g_file_get_contents(source, &text, &size, &error);
    g_assert_no_error(error);
    g_file_set_contents(target, text, (gssize)size, &error);
    g_assert_no_error(error);
}

static program *market_new(void)
{
    program *self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d", "--calendar", "XNYS");
    copy_file(self, "samples/AAPL-2013-2018.csv", "oracle.csv");
    copy_file(self, "tests/honesty/cheats/oracle.h", "oracle.h");
    return self;
}

/* The verdict of one check of the last --json output: caller frees. */
static char *verdict_of(json_t *root, const char *check)
{
    json_t *checks = json_object_get(root, "checks");
    for (gsize i = 0; i < json_array_size(checks); i++) {
        json_t *row = json_array_get(checks, i);
        if (g_strcmp0(json_string_value(json_object_get(row, "check")), check) == 0)
            return g_strdup(json_string_value(json_object_get(row, "verdict")));
    }
    g_error("no check %s", check);
}

static const char *const own_checks[] = {"repeat", "prefixes", "future", "delayed",
                                         "dates",  "levels",   "warmup"};

/* ---- cheats ---------------------------------------------------------------------------------- */

typedef struct cheat {
    const char *name;
    const char *caught;   /* by these, and no others; "+" at the end: by others too */
    gboolean in_backtest; /* the short form sees it already */
} cheat;

static const cheat cheats[] = {
    {"future_bar", "dates", FALSE},
    {"future_by_clock", "delayed,dates", FALSE},
    {"centred_window", "dates", FALSE},
    {"full_sample", "levels", FALSE},
    {"highest_ever", "repeat,prefixes+", TRUE},
    {"last_run", "repeat,prefixes+", TRUE},
    {"adjusted_prices", "dates", FALSE},
    {"unclosed_bar", "dates", FALSE},
    {"price_lookup", "levels", FALSE},
    {"row_lookup", "warmup", FALSE},
    {"hindsight_dates", "dates", FALSE},
    {"hindsight_rows", "warmup", FALSE},
    {"wall_clock", "repeat,prefixes+", TRUE},
    {"own_dice", "repeat,prefixes+", TRUE},
    {"unsettled", "warmup", FALSE},
    {"beyond_count", "warmup", FALSE},
};

static gboolean names(const char *list, const char *check)
{
    g_autofree char *bare = g_strdelimit(g_strdup(list), "+", ',');
    g_auto(GStrv) words = g_strsplit(bare, ",", -1);
    return g_strv_contains((const char *const *)words, check);
}

static void compare(const cheat *cheat, json_t *root)
{
    for (gsize i = 0; i < G_N_ELEMENTS(own_checks); i++) {
        g_autofree char *verdict = verdict_of(root, own_checks[i]);
        const gboolean failed = strcmp(verdict, "failed") == 0;
        const gboolean wanted = names(cheat->caught, own_checks[i]);
        if (failed != wanted && !(failed && g_str_has_suffix(cheat->caught, "+")))
            g_error("%s: %s %s", cheat->name, own_checks[i], verdict);
    }
}

/* Where a check failed it says so: an instrument of the run, and a bar of it. */
static void check_places(json_t *root)
{
    json_t *checks = json_object_get(root, "checks");
    for (gsize i = 0; i < G_N_ELEMENTS(own_checks); i++) {
        json_t *row = json_array_get(checks, i);
        if (g_strcmp0(json_string_value(json_object_get(row, "verdict")), "failed") != 0)
            continue;
        const char *at = json_string_value(json_object_get(row, "known_at"));
        g_assert_cmpstr(json_string_value(json_object_get(row, "symbol")), ==, "AAPL");
        g_assert_nonnull(at);
        g_assert_cmpstr(at, >=, "2013-05-13T20:00:00Z");
        g_assert_cmpstr(at, <=, "2018-05-11T20:00:00Z");
        g_assert_nonnull(json_string_value(json_object_get(row, "why")));
    }
}

static void test_cheat(gconstpointer data)
{
    const cheat *cheat = data;
    program *self = market_new();
    g_autofree char *from = g_strdup_printf("tests/honesty/cheats/%s.c", cheat->name);
    g_autofree char *file = g_strdup_printf("./%s.c", cheat->name);
    copy_file(self, from, file);
    program_expect(self, 1, "strategy", "check", file, "--symbols", "AAPL", "--json");
    g_assert_cmpstr(self->err, ==, ""); /* they compile without a warning */
    json_t *root = program_json(self);
    g_assert_true(json_is_false(json_object_get(root, "honest")));
    compare(cheat, root);
    check_places(root);
    json_decref(root);

    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", file, "--json");
    root = program_json(self);
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(root, "check"), "verdict")),
                    ==, cheat->in_backtest ? "failed" : "passed");
    json_decref(root);
    program_free(self);
}

/* The first wrong decision: the sample closes at 64.962860, 63.408573, 61.264286, 62.082859 on 13
 * to 16 May 2013. 28 years away its table begins later, so what it knows there is nothing: on 15
 * May, known at 20:00 UTC, it goes long for the rise of the 16th, and with other dates does not. */
static void test_first_place(void)
{
    program *self = market_new();
    copy_file(self, "tests/honesty/cheats/future_bar.c", "future_bar.c");
    program_expect(self, 1, "strategy", "check", "./future_bar.c", "--symbols", "AAPL");
    g_autofree char *flat = g_strdelimit(g_strdup(self->out), "\n", ' ');
    g_auto(GStrv) words = g_strsplit(flat, " ", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0')
            g_string_append_printf(text, "%s ", *word);
    if (strstr(text->str, "dates failed it knows what happened on these dates. AAPL, "
                          "2013-05-15T20:00:00Z: 1 in the run, 0 here ") == NULL)
        g_error("%s", text->str);
    program_free(self);
}

/* ---- bars that cheat ------------------------------------------------------------------------- */

static char *check_bars(program *self, const char *check, const char *symbol)
{
    program_run(self, "strategy", "check", "sma_cross", "--symbols", symbol, "--json", NULL);
    json_t *root = program_json(self);
    char *verdict = verdict_of(root, check);
    json_decref(root);
    return verdict;
}

static void test_adjusted(void)
{
    program *self = market_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    g_autofree char *split = check_bars(self, "adjusted", "AAPL");
    g_assert_cmpstr(split, ==, "passed"); /* sma_cross does not decide by the level */
    program_expect(self, 0, "data", "import", sample, "--symbol", "FULL", "--asset", "equity",
                   "--interval", "1d", "--calendar", "XNYS", "--adjustment", "full");
    g_autofree char *full = check_bars(self, "adjusted", "FULL");
    g_assert_cmpstr(full, ==, "failed");
    g_assert_cmpint(self->exit_code, ==, 1);
    program_expect(self, 0, "strategy", "check", "sma_cross", "--symbols", "FULL", "--allow",
                   "adjusted");
    copy_file(self, "tests/honesty/cheats/full_sample.c", "full_sample.c");
    program_expect(self, 1, "strategy", "check", "./full_sample.c", "--symbols", "AAPL", "--json");
    json_t *root = program_json(self);
    g_autofree char *by_level = verdict_of(root, "adjusted");
    g_assert_cmpstr(by_level, ==, "failed");
    json_decref(root);
    program_free(self);
}

/* Daily bars around the clock: the one of a day that is still under way. */
static void test_unfinished(void)
{
    program *self = program_new();
    g_autoptr(GString) text = g_string_new("date,open,high,low,close,volume\n");
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    for (int i = 400; i >= 0; i--) {
        g_autoptr(GDateTime) day = g_date_time_add_days(now, -i);
        g_autofree char *date = g_date_time_format(day, "%Y-%m-%d");
        const int price = 100 + i * 7 % 13;
        g_string_append_printf(text, "%s,%d,%d,%d,%d,1000\n", date, price, price + 2, price - 2,
                               price + i % 3 - 1);
    }
    program_write(self, "coin.csv", text->str);
    program_expect(self, 0, "data", "import", "coin.csv", "--symbol", "COIN-USD", "--asset",
                   "crypto", "--interval", "1d");
    g_autofree char *today = check_bars(self, "unfinished", "COIN-USD");
    g_assert_cmpstr(today, ==, "failed");
    g_autoptr(GDateTime) before = g_date_time_add_days(now, -1);
    g_autofree char *end = g_date_time_format(before, "%Y-%m-%d");
    program_expect(self, 0, "strategy", "check", "sma_cross", "--symbols", "COIN-USD", "--end",
                   end);
    program_free(self);
}

/* Hours of an exchange; in the middle third they are stamped as if it stood two zones further west. */
static void test_stamps(void)
{
    program *self = program_new();
    g_autoptr(GString) text = g_string_new("ts,open,high,low,close,volume\n");
    g_autoptr(GDateTime) first = g_date_time_new_utc(2022, 6, 6, 13, 0, 0.0); /* 09:00, a Monday */
    for (int day = 0, days = 0; days < 60; day++) {
        if (day % 7 >= 5)
            continue;
        for (int hour = 0; hour < 7; hour++) {
            const int early = days >= 20 && days < 40 ? 2 : 0;
            g_autoptr(GDateTime) date = g_date_time_add_days(first, day);
            g_autoptr(GDateTime) at = g_date_time_add_hours(date, hour - early);
            g_autofree char *stamp = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
            const int price = 100 + (days * 7 + hour) * 5 % 17;
            g_string_append_printf(text, "%s,%d,%d,%d,%d,%d\n", stamp, price, price + 2, price - 2,
                                   price + hour % 3 - 1, 1000 + hour * 10);
        }
        days++;
    }
    program_write(self, "hours.csv", text->str);
    program_expect(self, 0, "data", "import", "hours.csv", "--symbol", "HOURS", "--asset", "equity",
                   "--interval", "1h", "--calendar", "XNYS", "--extended");
    g_autofree char *verdict = check_bars(self, "stamps", "HOURS");
    g_assert_cmpstr(verdict, ==, "failed");
    g_assert_cmpint(self->exit_code, ==, 1);
    program_free(self);
}

/* ---- those that do not cheat ----------------------------------------------------------------- */

static void test_built_in(void)
{
    program *self = market_new();
    program_expect(self, 0, "strategy", "list", "--json");
    json_t *list = program_json(self);
    for (gsize i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(list, i), "name"));
        const int got = program_run(self, "strategy", "check", name, "--symbols", "AAPL", "--json",
                                    NULL);
        if (got == 4 && strstr(self->err, "breaks its contract") != NULL)
            continue; /* pairs need two instruments */
        json_t *root = program_json(self);
        /* A rule that asked for nothing here cannot be judged; honesty_test has other bars. */
        if (got != 0)
            for (gsize k = 0; k < G_N_ELEMENTS(own_checks); k++) {
                g_autofree char *verdict = verdict_of(root, own_checks[k]);
                if (strcmp(verdict, "undecided") != 0)
                    g_error("%s: %s %s\n%s", name, own_checks[k], verdict, self->out);
            }
        json_decref(root);
    }
    json_decref(list);
    program_free(self);
}

static void test_template(void)
{
    program *self = market_new();
    program_expect(self, 0, "strategy", "new", "mine");
    program_expect(self, 0, "strategy", "check", "./mine.c", "--symbols", "AAPL", "--cuts", "all");
    program_free(self);
}

static void test_flags(void)
{
    program *self = market_new();
    program_expect(self, 2, "strategy", "check", "--symbols", "AAPL");
    program_expect(self, 2, "strategy", "check", "sma_cross", "--symbols", "AAPL", "--cuts", "0");
    program_expect(self, 2, "strategy", "check", "sma_cross", "--symbols", "AAPL", "--allow", "it");
    program_expect(self, 3, "strategy", "check", "no_such", "--symbols", "AAPL");
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--json", "--no-check");
    json_t *root = program_json(self);
    g_assert_null(json_object_get(root, "check"));
    json_decref(root);
    program_free(self);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cheats); i++) {
        g_autofree char *path = g_strdup_printf("/cheats/%s", cheats[i].name);
        g_test_add_data_func(path, &cheats[i], test_cheat);
    }
    g_test_add_func("/cheats/first-place", test_first_place);
    g_test_add_func("/bars/adjusted", test_adjusted);
    g_test_add_func("/bars/unfinished", test_unfinished);
    g_test_add_func("/bars/stamps", test_stamps);
    g_test_add_func("/honest/built-in", test_built_in);
    g_test_add_func("/honest/template", test_template);
    g_test_add_func("/honest/flags", test_flags);
    return g_test_run();
}
