/* Dividends and splits derived from adjusted closes: by hand after both rules, and on real columns
 * against the dividends and splits that their sources state. */
#include "../metrics/columns.h"
#include "core/market/market.h"
#include "price_file.h"
#include "symbols_2021.h"
#include "tap.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ACTIONS_MAX 400

/* ---- by hand ------------------------------------------------------------------------------ */

typedef struct derivation {
    qb_action actions[8];
    qb_unexplained unexplained[8];
    qb_derived derived;
} derivation;

static void derive(derivation *out, const double *close, const double *adjusted, size_t count,
                   double step, qb_adjust_rule rule)
{
    int64_t ts_us[16];
    for (size_t i = 0; i < count; i++)
        ts_us[i] = (int64_t)i * QB_DAY_US;
    double *prices = (double *)close;
    const qb_series series = {
        .ts_us = ts_us,
        .open = prices,
        .high = prices,
        .low = prices,
        .close = prices,
        .count = count,
    };
    out->derived = (qb_derived){
        .actions = out->actions,
        .unexplained = out->unexplained,
        .capacity = COUNT_OF(out->actions),
        .rule = rule,
    };
    CHECK_OK(qb_actions_derive(&series, adjusted, step, &out->derived));
}

/* 0.50 goes ex on row 2: CRSP multiplies what is before by 1 - 0.50/100, Alpha Vantage by
 * 99 / (99 + 0.50). */
static void both_rules(void)
{
    static const double close[] = {98.0, 100.0, 99.0, 101.0};
    double crsp[4], vantage[4];
    for (size_t i = 0; i < 4; i++) {
        crsp[i] = close[i] * (i < 2 ? 1.0 - 0.50 / 100.0 : 1.0);
        vantage[i] = close[i] * (i < 2 ? 99.0 / 99.5 : 1.0);
    }
    derivation got;
    derive(&got, close, crsp, 4, 0.0, QB_ADJUST_UNKNOWN);
    CHECK_INT(got.derived.rule, QB_ADJUST_PREVIOUS_CLOSE);
    CHECK_INT(got.derived.action_count, 1);
    CHECK_INT(got.actions[0].row, 2);
    CHECK_INT(got.actions[0].ts_us, 2 * QB_DAY_US);
    CHECK_NEAR(got.actions[0].dividend, 0.50, 0.0);
    CHECK_NEAR(got.actions[0].split_factor, 1.0, 0.0);
    derive(&got, close, vantage, 4, 0.0, QB_ADJUST_UNKNOWN);
    CHECK_INT(got.derived.rule, QB_ADJUST_EX_CLOSE);
    CHECK_INT(got.derived.action_count, 1);
    CHECK_NEAR(got.actions[0].dividend, 0.50, 0.0);
    /* Told the wrong rule, it obeys: 100 (1 - 99/99.5). */
    derive(&got, close, vantage, 4, 0.0, QB_ADJUST_PREVIOUS_CLOSE);
    CHECK_INT(got.derived.rule, QB_ADJUST_PREVIOUS_CLOSE);
    CHECK_NEAR(got.actions[0].dividend, 0.502513, 1e-6);
}

/* One step on row 1, after which the factor is 1: what it is taken for. */
static void one_step(void)
{
    static const struct {
        const char *what;
        double close, next_close, factor; /* f before the step */
        double dividend, split;           /* 0, 1: unexplained */
    } cases[] = {
        {"2:1", 100, 50.5, 1.0 / 2, 0, 2},
        {"7:1 as sources write it", 645.57, 93.7, 1 / 7.000007, 0, 7},
        {"3:2 as sources write it", 60, 41, 1 / 1.4999993, 0, 1.5},
        {"1:20", 1.16, 18.08, 20, 0, 1.0 / 20},
        {"1:7 in six digits", 10, 70, 1 / 0.142857, 0, 1.0 / 7},
        {"50:1", 100, 2, 1.0 / 50, 0, 50},
        {"21:20, a stock dividend", 14.20, 14.15, 20.0 / 21, 0, 1.05},
        {"31:32", 30, 31, 32.0 / 31, 0, 31.0 / 32},
        {"2:1 while the price stays: dated wrongly", 56, 56, 1.0 / 2, 0, 1},
        {"2:1 while the price falls by a tenth", 56, 50, 1.0 / 2, 0, 1},
        {"a spin-off written as a split of 1.589", 86.01, 49.93, 1 / 1.589, 0, 1},
        {"a spin-off written as a split of 1.017", 58.56, 58.93, 1 / 1.017, 0, 1},
        {"half of the price in cash", 83, 41, 1 - 40.5 / 83, 0, 1},
        {"a tenth of the price in cash", 100, 91, 0.9, 0, 10.0 / 9},
        {"just below a tenth", 100, 91, 0.9003, 9.97, 1},
        {"above a tenth", 100, 88, 0.8837, 0, 1},
        {"a factor that falls", 11.84, 16.52, 1.342, 0, 1},
        {"a cent of a large price", 1500, 1500, 1 - 0.01 / 1500, 0.01, 1},
        {"five decimals", 23.38, 23.25, 1 - 0.18375 / 23.38, 0.18375, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const double close[] = {cases[i].close, cases[i].next_close, cases[i].next_close};
        const double adjusted[] = {cases[i].close * cases[i].factor, close[1], close[2]};
        bool explained = cases[i].dividend != 0.0 || cases[i].split != 1.0;
        derivation got;
        derive(&got, close, adjusted, 3, 0.0, QB_ADJUST_PREVIOUS_CLOSE);
        bool right = got.derived.action_count == explained &&
                     got.derived.unexplained_count == !explained;
        if (right && explained)
            right = fabs(got.actions[0].dividend - cases[i].dividend) < 1e-9 &&
                    fabs(got.actions[0].split_factor - cases[i].split) < 1e-9 &&
                    got.actions[0].row == 1;
        if (right && !explained)
            right = fabs(got.unexplained[0].ratio * cases[i].factor - 1.0) < 1e-9;
        if (!right)
            printf("# %s: %zu actions, dividend %.9g, split %.9g\n", cases[i].what,
                   got.derived.action_count, got.actions[0].dividend, got.actions[0].split_factor);
        CHECK(right);
    }
}

/* Adjusted closes in cents: 0.60 is known to a part in 120, so a dividend of 0.5 % before it is
 * hidden, and one of 3.2 % could as well be a split of 31:30. */
static void digits(void)
{
    static const double close[] = {77.62, 77.62, 77.62, 77.62};
    static const double hidden[] = {0.60, 0.60, 0.603, 0.603};
    derivation got;
    derive(&got, close, hidden, 4, 0.01, QB_ADJUST_UNKNOWN);
    CHECK_INT(got.derived.action_count + got.derived.unexplained_count, 0);
    CHECK_INT(got.derived.coarse_rows, 3);
    derive(&got, close, hidden, 4, 0.0001, QB_ADJUST_PREVIOUS_CLOSE);
    CHECK_INT(got.derived.action_count, 1);
    CHECK_INT(got.derived.coarse_rows, 0);

    /* 0.25 of 50.00: the cents of both adjusted closes leave a cent open. */
    static const double fifty[] = {50.0, 50.0, 50.0};
    static const double cents[] = {40.0, 40.2, 40.2};
    derive(&got, fifty, cents, 3, 0.01, QB_ADJUST_PREVIOUS_CLOSE);
    CHECK_INT(got.derived.action_count, 1);
    CHECK_NEAR(got.actions[0].dividend, 0.25, got.actions[0].error);
    CHECK(got.actions[0].error > 0.01 && got.actions[0].error < 0.03);

    static const double ratio[] = {48.39, 50.0, 50.0};
    derive(&got, fifty, ratio, 3, 0.01, QB_ADJUST_PREVIOUS_CLOSE);
    CHECK_INT(got.derived.action_count, 0);
    CHECK_INT(got.derived.unexplained_count, 1);
    CHECK_NEAR(got.unexplained[0].cash, 1.61, 1e-9);
}

/* A row without an adjusted close hides the day of what happened around it, and nothing else. */
static void gaps(void)
{
    static const double close[] = {100, 100, 100, 100, 100, 100};
    static const double adjusted[] = {NAN, 98, 0, 99, NAN, 99};
    derivation got;
    derive(&got, close, adjusted, 6, 0.0, QB_ADJUST_UNKNOWN);
    CHECK_INT(got.derived.action_count, 0);
    CHECK_INT(got.derived.unexplained_count, 1);
    CHECK_INT(got.unexplained[0].row, 3);
    static const double none[] = {NAN, INFINITY, -1, 0, NAN, NAN};
    derive(&got, close, none, 6, 0.0, QB_ADJUST_UNKNOWN);
    CHECK_INT(got.derived.action_count + got.derived.unexplained_count, 0);
    derive(&got, close, adjusted, 0, 0.0, QB_ADJUST_UNKNOWN);
    CHECK_INT(got.derived.action_count + got.derived.unexplained_count, 0);
}

static void limits(void)
{
    double close[] = {100, 100, 100, 100}, adjusted[] = {97, 98, 99, 100};
    int64_t ts_us[] = {0, 1, 2, 3};
    const qb_series series = {
        .ts_us = ts_us, .open = close, .high = close, .low = close, .close = close, .count = 4};
    qb_action first = {0};
    qb_derived out = {.actions = &first, .capacity = 1};
    CHECK_OK(qb_actions_derive(&series, adjusted, 0.0, &out));
    CHECK_INT(out.action_count, 3);
    CHECK_INT(first.row, 1);
    out = (qb_derived){.action_count = 7};
    static const double bad[] = {-0.01, NAN, INFINITY};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_INT(qb_actions_derive(&series, adjusted, bad[i], &out), QB_OUT_OF_RANGE);
    out.rule = (qb_adjust_rule)3;
    CHECK_INT(qb_actions_derive(&series, adjusted, 0.0, &out), QB_OUT_OF_RANGE);
    CHECK_INT(out.action_count, 7);
}

/* ---- 124 companies ------------------------------------------------------------------------ */

/* Steps of their adjusted closes that must not become dividends or splits; all others do, and as
 * their columns state. */
static const struct {
    const char *symbol, *date;
} not_explained[] = {
    /* Spin-offs and large distributions that the dividend column carries in cash. */
    {"AIG", "2011-01-20"}, /* warrants, 8.275 of 51.02 */
    {"CAG", "2016-11-10"},
    {"CTXS", "2017-02-01"},
    {"DISCA", "2008-09-18"},
    {"DISCA", "2014-08-07"}, /* a share of class C */
    {"DUK", "2007-01-03"},
    {"F", "2000-08-03"},
    {"FIS", "2008-07-03"},
    {"GOOGL", "2014-04-03"}, /* a share of class C */
    {"JCI", "2012-10-01"},
    {"KLAC", "2014-11-26"}, /* 16.50 of 84.18 */
    {"LYB", "2011-11-22"},  /* 4.75 of 34.51 */
    {"MDLZ", "2012-10-02"},
    {"MO", "2007-04-02"},
    {"MO", "2008-03-31"},
    {"MRO", "2011-07-01"},
    {"MSFT", "2004-11-15"}, /* 3.08 of 29.97, just above a tenth */
    {"MSI", "2004-12-03"},
    {"OKE", "2014-02-03"},
    {"PENN", "2013-11-04"},
    {"WMB", "2012-01-03"},
    {"YUM", "2016-11-01"},
    /* Large dividends without a step of the price: errors of the source. */
    {"FMC", "2019-02-22"},
    {"LYB", "2019-01-14"},
    {"MGM", "2004-05-18"},
    /* Spin-offs coded as odd splits. */
    {"DD", "2019-04-02"},   /* 1.487 */
    {"FMC", "2019-03-04"},  /* 1.153 */
    {"HSIC", "2019-02-08"}, /* 1.275 */
    {"JCI", "2016-09-06"},  /* 0.955 */
    {"LEN", "2017-11-09"},  /* 1.017 */
    {"PFE", "2020-11-17"},  /* 1.054 */
    /* A split, odd or not, and a dividend on one day. */
    {"JCI", "2007-07-02"},
    {"MET", "2017-08-07"},
    {"RTX", "2020-04-03"},
    {"SO", "2001-04-03"},
    {"YUM", "2002-06-18"},
    /* Listed three days before the price halves; and a merger that is not recorded at all. */
    {"TRMB", "2007-02-23"},
    {"TMUS", "2013-05-01"},
};

static bool is_unexplained(const char *symbol, int64_t ts_us)
{
    char text[QB_TIME_TEXT];
    qb_date_to_text(qb_date_from_us(ts_us), text);
    for (size_t i = 0; i < COUNT_OF(not_explained); i++)
        if (strcmp(not_explained[i].symbol, symbol) == 0 &&
            strcmp(not_explained[i].date, text) == 0)
            return true;
    return false;
}

static void complain(const char *what, const char *symbol, int64_t ts_us, const qb_action *action)
{
    char text[QB_TIME_TEXT];
    printf("# %s: %s %s dividend %.6g split %.6g\n", what, symbol,
           qb_date_to_text(qb_date_from_us(ts_us), text), action->dividend, action->split_factor);
    tap_failed++;
}

typedef struct tally {
    size_t actions, unexplained, dividends, splits;
} tally;

/* DISCK got a share of its own class for each: stated as a dividend of exactly its own price, and
 * as a step of exactly one half not to be told from a split. */
static bool is_split_stated_as_cash(const char *symbol, const qb_action *action)
{
    return strcmp(symbol, "DISCK") == 0 && action->split_factor == 2.0;
}

static void compare_company(const char *symbol, const price_file *file, const qb_derived *derived,
                            tally *tally)
{
    const qb_series *series = &file->series;
    size_t at = 0;
    for (size_t row = 0; row < series->count; row++) {
        const qb_action *action = at < derived->action_count && derived->actions[at].row == row
                                      ? &derived->actions[at++]
                                      : NULL;
        qb_action stated = {.dividend = file->dividend[row], .split_factor = file->split[row]};
        bool is_stated = row > 0 && (stated.dividend != 0.0 || stated.split_factor != 1.0);
        if (action == NULL) {
            if (is_stated && !is_unexplained(symbol, series->ts_us[row]))
                complain("missed", symbol, series->ts_us[row], &stated);
            continue;
        }
        /* The column shows four decimals. */
        bool same = fabs(action->dividend - stated.dividend) < 5.1e-5 &&
                    fabs(action->split_factor / stated.split_factor - 1.0) < 1e-5;
        if (!same && !is_split_stated_as_cash(symbol, action))
            complain("not as stated", symbol, series->ts_us[row], action);
        tally->dividends += action->dividend != 0.0;
        tally->splits += action->split_factor != 1.0;
    }
    for (size_t i = 0; i < derived->unexplained_count; i++)
        if (!is_unexplained(symbol, derived->unexplained[i].ts_us))
            complain("unexplained", symbol, derived->unexplained[i].ts_us,
                     &(qb_action){.dividend = derived->unexplained[i].cash,
                                  .split_factor = derived->unexplained[i].ratio});
    tally->actions += derived->action_count;
    tally->unexplained += derived->unexplained_count;
}

typedef struct room {
    qb_action actions[ACTIONS_MAX];
    qb_unexplained unexplained[ACTIONS_MAX];
} room;

static price_file read_company(const char *folder, const char *symbol)
{
    char path[64];
    snprintf(path, sizeof path, "data/equities/daily_adjusted/%s.csv", symbol);
    return price_file_read(folder, path, "date", PRICE_FILE_ACTIONS | PRICE_FILE_ADJUSTED);
}

static qb_derived derive_file(const price_file *file, double step, room *room)
{
    qb_derived derived = {
        .actions = room->actions,
        .unexplained = room->unexplained,
        .capacity = ACTIONS_MAX,
    };
    CHECK_OK(qb_actions_derive(&file->series, file->adjusted, step, &derived));
    CHECK(derived.action_count <= ACTIONS_MAX);
    return derived;
}

static void companies(void)
{
    const char *folder = tap_shared();
    if (folder == NULL)
        SKIP("no shared data");
    static room room;
    tally tally = {0};
    for (size_t i = 0; i < COUNT_OF(symbols_2021); i++) {
        price_file file = read_company(folder, symbols_2021[i]);
        qb_derived derived = derive_file(&file, 1e-12, &room);
        CHECK(derived.rule != QB_ADJUST_PREVIOUS_CLOSE); /* Alpha Vantage */
        CHECK_INT(derived.coarse_rows, 0);
        compare_company(symbols_2021[i], &file, &derived, &tally);
        price_file_clear(&file);
    }
    /* 7213 rows state something; TRMB's step is on none of them. */
    CHECK_INT(tally.actions, 7176);
    CHECK_INT(tally.unexplained, COUNT_OF(not_explained));
    CHECK_INT(tally.splits, 129 - 11 + 1);
    CHECK_INT(tally.dividends, tally.actions - tally.splits);
}

/* The same with adjusted closes rounded as other sources print them: fewer dividends, none false,
 * and each within the error that it states. Two spin-offs written as small ratios can then not be
 * told from dividends. */
static void fewer_digits(void)
{
    static const struct {
        double step;
        size_t least;
    } cases[] = {{1e-6, 7176}, {1e-4, 7170}, {1e-2, 7000}};
    const char *folder = tap_shared();
    if (folder == NULL)
        SKIP("no shared data");
    static room room;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        size_t count = 0;
        for (size_t i = 0; i < COUNT_OF(symbols_2021); i++) {
            const char *symbol = symbols_2021[i];
            price_file file = read_company(folder, symbol);
            for (size_t row = 0; row < file.series.count; row++)
                file.adjusted[row] = nearbyint(file.adjusted[row] / cases[c].step) * cases[c].step;
            qb_derived derived = derive_file(&file, cases[c].step, &room);
            count += derived.action_count;
            for (size_t a = 0; a < derived.action_count; a++) {
                const qb_action *action = &derived.actions[a];
                double off = fabs(action->dividend - file.dividend[action->row]);
                double ratio = action->split_factor / file.split[action->row];
                if ((off > action->error + 5.1e-5 || fabs(ratio - 1.0) > 1e-5) &&
                    !is_split_stated_as_cash(symbol, action) && strcmp(symbol, "LEN") != 0 &&
                    strcmp(symbol, "PFE") != 0)
                    complain("not as stated", symbol, action->ts_us, action);
            }
            price_file_clear(&file);
        }
        CHECK(count >= cases[c].least);
    }
}

/* ---- other sources ------------------------------------------------------------------------ */

/* Yahoo's columns of two companies, in six decimals and single precision, against the dividends
 * that Alpha Vantage states for the same days. */
static void yahoo(void)
{
    static const struct {
        const char *symbol, *path;
        size_t count;
    } cases[] = {
        {"NVDA", "data/equities/daily_yahoo/NVDA.csv", 9},
        {"ORCL", "data/equities/daily_yahoo/ORCL.csv", 22},
    };
    const char *folder = tap_shared();
    if (folder == NULL)
        SKIP("no shared data");
    static room room;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        price_file file = price_file_read(folder, cases[c].path, "date", PRICE_FILE_ADJUSTED);
        qb_derived derived = derive_file(&file, 1e-6, &room);
        CHECK_INT(derived.rule, QB_ADJUST_PREVIOUS_CLOSE);
        CHECK_INT(derived.action_count, cases[c].count);
        CHECK_INT(derived.unexplained_count, 0);
        price_file stated = read_company(folder, cases[c].symbol);
        size_t next = 0;
        int64_t last_us = file.series.ts_us[file.series.count - 1];
        for (size_t row = 0; row < stated.series.count && stated.series.ts_us[row] <= last_us;
             row++) {
            if (stated.dividend[row] == 0.0 || next == derived.action_count)
                continue;
            const qb_action *action = &derived.actions[next++];
            CHECK_INT(action->ts_us, stated.series.ts_us[row]);
            CHECK_NEAR(action->dividend, stated.dividend[row], 0.0);
        }
        CHECK_INT(next, derived.action_count);
        price_file_clear(&stated);
        price_file_clear(&file);
    }
}

/* LEAN's factor files: adjusted = raw x price_factor x split_factor of the first row dated at or
 * after the bar; cash per share = reference_price (1 - price_factor / the next row's), paid on the
 * first session after the row. What is derived from the product must be those. */
typedef struct factors {
    int64_t *ts_us;
    double *price, *split, *reference;
    size_t count;
} factors;

static factors read_factors(const char *folder, const char *path)
{
    columns *file = columns_read(folder, path);
    factors out = {
        .ts_us = columns_times(file, "date"),
        .price = columns_numbers(file, "price_factor"),
        .split = columns_numbers(file, "split_factor"),
        .reference = columns_numbers(file, "reference_price"),
        .count = columns_rows(file),
    };
    columns_free(file);
    return out;
}

static size_t factor_row(const factors *factors, int64_t ts_us)
{
    size_t row = 0;
    while (row + 1 < factors->count && factors->ts_us[row] < ts_us)
        row++;
    return row;
}

static void check_factors(const char *folder, const char *symbol, size_t *dividends, size_t *splits,
                          size_t *unexplained)
{
    char path[80];
    snprintf(path, sizeof path, "data/equities/daily_raw/%s.csv", symbol);
    price_file file = price_file_read(folder, path, "date", 0);
    snprintf(path, sizeof path, "data/equities/corporate_actions/factor_files/%s.csv", symbol);
    factors factors = read_factors(folder, path);
    size_t count = file.series.count;
    file.adjusted = calloc(count, sizeof *file.adjusted);
    for (size_t row = 0; row < count; row++) {
        size_t at = factor_row(&factors, file.series.ts_us[row]);
        file.adjusted[row] = file.series.close[row] * factors.price[at] * factors.split[at];
    }
    static room room;
    qb_derived derived = derive_file(&file, 0.0, &room);
    *unexplained += derived.unexplained_count;
    for (size_t i = 0; i < derived.unexplained_count; i++)
        CHECK_INT(derived.unexplained[i].ts_us, 14994 * QB_DAY_US); /* AIG 2011-01-20, warrants */
    for (size_t i = 0; i < derived.action_count; i++) {
        const qb_action *action = &derived.actions[i];
        size_t before = factor_row(&factors, file.series.ts_us[action->row - 1]);
        size_t after = factor_row(&factors, action->ts_us);
        double reference = file.series.close[action->row - 1];
        CHECK_NEAR(action->split_factor, factors.split[after] / factors.split[before], 1e-5);
        CHECK_NEAR(action->dividend,
                   reference * (1.0 - factors.price[before] / factors.price[after]), 2e-6);
        *dividends += action->dividend != 0.0;
        *splits += action->split_factor != 1.0;
    }
    free(factors.ts_us);
    free(factors.price);
    free(factors.split);
    free(factors.reference);
    price_file_clear(&file);
}

static void factor_files(void)
{
    const char *folder = tap_shared();
    if (folder == NULL)
        SKIP("no shared data");
    static const char *const symbols[] = {"SPY", "IWM", "AIG"};
    size_t dividends = 0, splits = 0, unexplained = 0;
    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        check_factors(folder, symbols[i], &dividends, &splits, &unexplained);
    CHECK_INT(dividends, 254); /* the files hold 94 + 86 + 75 steps, one of them the warrants */
    CHECK_INT(unexplained, 1);
    CHECK_INT(splits, 5); /* AIG 1998 1999 2000 2009, IWM 2005 */
}

int main(void)
{
    static const tap_case cases[] = {
        {"/market/actions/both-rules", both_rules},
        {"/market/actions/one-step", one_step},
        {"/market/actions/digits", digits},
        {"/market/actions/gaps", gaps},
        {"/market/actions/limits", limits},
        {"/market/actions/companies", companies},
        {"/market/actions/fewer-digits", fewer_digits},
        {"/market/actions/yahoo", yahoo},
        {"/market/actions/factor-files", factor_files},
    };
    return tap_run(cases, COUNT_OF(cases));
}
