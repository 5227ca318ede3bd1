/* What a user may set. The standard values are those of the earlier bot. */
#include "desk.h"

static const qb_risk_key *key_named(const char *name, size_t *out_place)
{
    for (size_t i = 0; qb_risk_keys[i].name != NULL; i++)
        if (strcmp(qb_risk_keys[i].name, name) == 0) {
            *out_place = i;
            return &qb_risk_keys[i];
        }
    CHECK_TEXT("no key", name);
    exit(1);
}

static double value_of(const qb_risk_config *config, const char *name)
{
    size_t place;
    key_named(name, &place);
    return config->values[place];
}

static void test_standard(void)
{
    static const struct {
        const char *name;
        double value; /* NaN: off */
    } rows[] = {
        {"per-trade", 0.01},   {"atr-size", NAN},      {"atr-bars", 14},        {"kelly", 0.25},
        {"kelly-days", 60},    {"volatility", 0.12},   {"volatility-days", 20}, {"gross", 2},
        {"single-name", 0.10}, {"sector", 0.30},       {"crypto", 0.50},        {"adv", 0.05},
        {"adv-days", 20},      {"minimum-value", NAN}, {"drawdown", 0.20},      {"day-stop", 0.06},
        {"week-stop", 0.10},   {"day-trades", NAN},    {"cool-down", NAN},      {"order-rate", NAN},
        {"trailing", NAN},     {"time-stop", 5},       {"take-profit", 1.75},   {"stop-loss", 1}};
    qb_risk_config config;
    qb_risk_config_standard(&config);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_NEAR(value_of(&config, rows[i].name), rows[i].value, 0);
    CHECK(!qb_risk_config_is_off(&config));
    qb_risk_config_off(&config);
    CHECK(qb_risk_config_is_off(&config));
}

static void test_table(void)
{
    bool has_limit[QB_RISK_RULE_COUNT] = {false};
    for (const qb_risk_key *key = qb_risk_keys; key->name != NULL; key++) {
        CHECK(key->standard >= key->minimum && key->standard <= key->maximum);
        CHECK(key->help != NULL && key->unit != NULL);
        CHECK(!key->in_standard || key->is_limit);
        if (key->is_limit) {
            CHECK(!has_limit[key->rule]);
            has_limit[key->rule] = true;
            CHECK_TEXT(qb_risk_rule_text(key->rule), key->name);
        }
    }
    for (int rule = QB_RISK_NONE + 1; rule < QB_RISK_RULE_COUNT; rule++)
        CHECK(has_limit[rule]);
    CHECK_TEXT(qb_risk_rule_text(QB_RISK_NONE), "none");
}

static void test_texts(void)
{
    static const struct {
        const char *text, *name;
        qb_status status;
        double value;
    } cases[] = {
        {"drawdown=20%", "drawdown", QB_OK, 0.2},
        {"drawdown=0.15", "drawdown", QB_OK, 0.15},
        {"drawdown=on", "drawdown", QB_OK, 0.2},
        {"drawdown=off", "drawdown", QB_OK, NAN},
        {"drawdown=15", "drawdown", QB_OUT_OF_RANGE, 0.3},
        {"drawdown=0", "drawdown", QB_OUT_OF_RANGE, 0.3},
        {"drawdown=", "drawdown", QB_BAD_FORMAT, 0.3},
        {"drawdown", "drawdown", QB_BAD_FORMAT, 0.3},
        {"drawdown=nan", "drawdown", QB_BAD_FORMAT, 0.3},
        {"drawdown=-5%", "drawdown", QB_OUT_OF_RANGE, 0.3},
        {"drawdowns=5%", "drawdown", QB_NOT_FOUND, 0.3},
        {"draw=5%", "drawdown", QB_NOT_FOUND, 0.3},
        {"gross=150%", "gross", QB_OK, 1.5},
        {"time-stop=10", "time-stop", QB_OK, 10},
        {"time-stop=2.5", "time-stop", QB_BAD_FORMAT, NAN},
        {"time-stop=10%", "time-stop", QB_BAD_FORMAT, NAN},
        {"atr-bars=20", "atr-bars", QB_OK, 20},
        {"atr-bars=off", "atr-bars", QB_BAD_FORMAT, 14},
        {"triple-barrier=on", "take-profit", QB_OK, 1.75},
        {"triple-barrier=on", "time-stop", QB_OK, 5},
        {"triple-barrier=2", "take-profit", QB_BAD_FORMAT, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qb_risk_config config;
        const char *why = NULL;
        qb_risk_config_off(&config);
        CHECK_OK(qb_risk_config_set(&config, "drawdown=30%", &why));
        CHECK_INT(qb_risk_config_set(&config, cases[i].text, &why), cases[i].status);
        CHECK((why != NULL) == (cases[i].status != QB_OK));
        CHECK_NEAR(value_of(&config, cases[i].name), cases[i].value, 0);
    }
}

static void test_value_texts(void)
{
    static const struct {
        const char *name;
        double value;
        const char *want;
    } cases[] = {
        {"drawdown", 0.2, "20%"},      {"drawdown", NAN, "off"}, {"per-trade", 0.0125, "1.25%"},
        {"take-profit", 1.75, "1.75"}, {"gross", 2, "2"},        {"atr-bars", 14, "14"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t place;
        char buffer[QB_RISK_VALUE_TEXT];
        const qb_risk_key *key = key_named(cases[i].name, &place);
        CHECK_TEXT(qb_risk_value_to_text(key, cases[i].value, buffer), cases[i].want);
    }
}

static void test_ranges_are_checked(void)
{
    desk desk = {0};
    size_t place;
    desk_open(&desk, "");
    key_named("gross", &place);
    static const double bad[] = {0, -1, 101, INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        desk.config.values[place] = bad[i];
        CHECK_INT(qb_risk_new(&desk.config, desk.instruments, 1, &desk.arena, &desk.risk),
                  QB_OUT_OF_RANGE);
    }
    desk.config.values[place] = NAN;
    key_named("atr-bars", &place);
    desk.config.values[place] = NAN; /* of rows that are no limit it is no value */
    CHECK_INT(qb_risk_new(&desk.config, desk.instruments, 1, &desk.arena, &desk.risk),
              QB_OUT_OF_RANGE);
    desk.config.values[place] = 14.5;
    CHECK_INT(qb_risk_new(&desk.config, desk.instruments, 1, &desk.arena, &desk.risk),
              QB_OUT_OF_RANGE);
    desk_close(&desk);
}

int main(void)
{
    static const tap_case cases[] = {
        {"/risk/keys/standard", test_standard},
        {"/risk/keys/table", test_table},
        {"/risk/keys/texts", test_texts},
        {"/risk/keys/values as text", test_value_texts},
        {"/risk/keys/ranges are checked", test_ranges_are_checked},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
