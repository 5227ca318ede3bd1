/* What a strategy declares, and the text of its parameters. */
#include "lab.h"

static size_t warmup(const double *params)
{
    return 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
}

static const char *const colours[] = {"red", "green", NULL};
static const char *const one_bad[] = {"red", "Green", NULL};
static const char *const none[] = {NULL};

static const qb_param sound_params[] = {
    {"count", QB_PARAM_INTEGER, 10, 1, 100, 1, NULL, "a count"},
    {"ratio", QB_PARAM_NUMBER, 0.5, -1, 1, 0.1, NULL, "a ratio"},
    {"colour", QB_PARAM_CHOICE, 0, 0, 1, 1, colours, "a choice"},
};

static qb_strategy sound(void)
{
    return (qb_strategy){
        .abi_version = QB_STRATEGY_ABI,
        .struct_size = sizeof(qb_strategy),
        .name = "sound",
        .summary = "",
        .params = sound_params,
        .param_count = 3,
        .warmup = warmup,
        .init = init,
        .on_bar = on_bar,
    };
}

static void built_in(void)
{
    const char *why = NULL;
    size_t count = 0;
    for (; strategies_builtin[count] != NULL; count++) {
        CHECK_OK(qb_strategy_check(strategies_builtin[count], &why));
        CHECK(strategies_find(strategies_builtin[count]->name) == strategies_builtin[count]);
    }
    CHECK(count >= 2);
    CHECK(strategies_find("no_such") == NULL);
}

static void refuse(qb_strategy strategy)
{
    const char *why = NULL;
    CHECK_INT(qb_strategy_check(&strategy, &why), QB_BAD_STRATEGY);
    CHECK(why != NULL && strlen(why) > 10);
}

static void checks(void)
{
    const char *why = NULL;
    qb_strategy strategy = sound();
    CHECK_OK(qb_strategy_check(&strategy, &why));
    CHECK_INT(qb_strategy_check(NULL, &why), QB_BAD_STRATEGY);
#define REFUSE(change)      \
    do {                    \
        strategy = sound(); \
        change;             \
        refuse(strategy);   \
    } while (0)
    REFUSE(strategy.abi_version = 2);
    REFUSE(strategy.struct_size = 8);
    REFUSE(strategy.name = "Sound");
    REFUSE(strategy.name = "");
    REFUSE(strategy.name = NULL);
    REFUSE(strategy.name = "a name that is far too long for anybody to type it ever on a phone");
    REFUSE(strategy.summary = NULL);
    REFUSE(strategy.warmup = NULL);
    REFUSE(strategy.init = NULL);
    REFUSE(strategy.on_bar = NULL);
    REFUSE(strategy.params = NULL);
    REFUSE(strategy.param_count = 1000);
#undef REFUSE
}

static void param_checks(void)
{
    static const qb_param broken[] = {
        {"Name", QB_PARAM_NUMBER, 0, 0, 1, 1, NULL, ""},
        {NULL, QB_PARAM_NUMBER, 0, 0, 1, 1, NULL, ""},
        {"type", (qb_param_type)7, 0, 0, 1, 1, NULL, ""},
        {"outside", QB_PARAM_NUMBER, 2, 0, 1, 1, NULL, ""},
        {"nan", QB_PARAM_NUMBER, NAN, 0, 1, 1, NULL, ""},
        {"endless", QB_PARAM_NUMBER, 0, 0, INFINITY, 1, NULL, ""},
        {"step", QB_PARAM_NUMBER, 0, 0, 1, -1, NULL, ""},
        {"broken", QB_PARAM_INTEGER, 0.5, 0, 1, 1, NULL, ""},
        {"help", QB_PARAM_NUMBER, 0, 0, 1, 1, NULL, NULL},
        {"no_choices", QB_PARAM_CHOICE, 0, 0, 1, 1, NULL, ""},
        {"no_choice", QB_PARAM_CHOICE, 0, 0, 0, 1, none, ""},
        {"odd_choice", QB_PARAM_CHOICE, 0, 0, 1, 1, one_bad, ""},
        {"range", QB_PARAM_CHOICE, 0, 0, 2, 1, colours, ""},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        qb_strategy strategy = sound();
        strategy.params = &broken[i];
        strategy.param_count = 1;
        refuse(strategy);
    }
    static const qb_param twice[] = {
        {"same", QB_PARAM_NUMBER, 0, 0, 1, 1, NULL, ""},
        {"same", QB_PARAM_NUMBER, 0, 0, 1, 1, NULL, ""},
    };
    qb_strategy strategy = sound();
    strategy.params = twice;
    strategy.param_count = 2;
    refuse(strategy);
}

static const struct {
    const char *text, *why; /* NULL: taken */
    size_t which;
    double value;
} texts[] = {
    {"count=20", NULL, 0, 20},
    {"count=2e1", NULL, 0, 20},
    {"ratio=-0.25", NULL, 1, -0.25},
    {"ratio=1", NULL, 1, 1},
    {"colour=green", NULL, 2, 1},
    {"count", "not of the form name=value", 0, 0},
    {"=3", "not one of its parameters", 0, 0},
    {"coun=3", "not one of its parameters", 0, 0},
    {"counts=3", "not one of its parameters", 0, 0},
    {"count=", "not a number", 0, 0},
    {"count=0x10", "not a number", 0, 0},
    {"count= 3", "not a number", 0, 0},
    {"count=+3", "not a number", 0, 0},
    {"ratio=nan", "not a number", 0, 0},
    {"ratio=.5", "not a number", 0, 0},
    {"ratio=1e999", "not a finite number", 0, 0},
    {"count=3.5", "not a whole number", 0, 0},
    {"count=0", "outside its range", 0, 0},
    {"count=101", "outside its range", 0, 0},
    {"colour=blue", "not one of the choices", 0, 0},
    {"colour=1", "not one of the choices", 0, 0},
};

static void params_from_text(void)
{
    const qb_strategy strategy = sound();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double params[3] = {-7, -7, -7};
        size_t bad = 99;
        const char *why = NULL;
        int failed = tap_failed;
        qb_status status = qb_params_from_text(&strategy, &texts[i].text, 1, params, &bad, &why);
        if (texts[i].why == NULL) {
            CHECK_OK(status);
            for (size_t k = 0; k < 3; k++)
                CHECK_NEAR(params[k],
                           k == texts[i].which ? texts[i].value : sound_params[k].standard, 0.0);
        } else {
            CHECK_INT(status, QB_BAD_STRATEGY);
            CHECK_INT(bad, 0);
            CHECK_TEXT(why, texts[i].why);
            CHECK_NEAR(params[0], -7, 0.0);
        }
        if (tap_failed != failed)
            printf("# in: %s\n", texts[i].text);
    }
}

static void params_together(void)
{
    const qb_strategy *cross = strategies_find("sma_cross");
    double params[4];
    size_t bad = 0;
    const char *why = NULL;
    const char *twice[] = {"fast=5", "fast=6"}, *crossed[] = {"fast=60", "side=both"};
    CHECK_INT(qb_params_from_text(cross, twice, 2, params, &bad, &why), QB_BAD_STRATEGY);
    CHECK_INT(bad, 1);
    CHECK_TEXT(why, "given twice");
    CHECK_INT(qb_params_from_text(cross, crossed, 2, params, &bad, &why), QB_BAD_STRATEGY);
    CHECK_INT(bad, 2); /* no single text is at fault */
    CHECK_TEXT(why, "fast must be less than slow");
    CHECK_OK(qb_params_from_text(cross, NULL, 0, params, &bad, &why));
    CHECK_OK(qb_params_from_text(strategies_find("buy_and_hold"), NULL, 0, NULL, &bad, &why));
}

static void param_texts(void)
{
    char buffer[32], small[4];
    CHECK_TEXT(qb_param_to_text(&sound_params[0], 20, buffer, sizeof buffer), "20");
    CHECK_TEXT(qb_param_to_text(&sound_params[1], 0.1, buffer, sizeof buffer), "0.1");
    CHECK_TEXT(qb_param_to_text(&sound_params[1], 1.0 / 3.0, buffer, sizeof buffer),
               "0.3333333333333333");
    CHECK_TEXT(qb_param_to_text(&sound_params[2], 1, buffer, sizeof buffer), "green");
    CHECK_TEXT(qb_param_to_text(&sound_params[2], 1, small, sizeof small), "gre");
    /* What is written reads back equal. */
    const qb_strategy strategy = sound();
    qb_random random = {3};
    for (int i = 0; i < 1000; i++) {
        char text[64];
        double value = 2.0 * qb_random_unit(&random) - 1.0, params[3];
        size_t bad;
        const char *why, *texts_given[] = {text};
        snprintf(text, sizeof text, "ratio=%s",
                 qb_param_to_text(&sound_params[1], value, buffer, sizeof buffer));
        CHECK_OK(qb_params_from_text(&strategy, texts_given, 1, params, &bad, &why));
        CHECK_NEAR(params[1], value, 0.0);
    }
}

/* ---- sma_cross ---------------------------------------------------------------------------- */

/* Against the average of two, a close is above when it rose, below when it fell, and equal when
 * it stood still. Signals by hand from the definitions; 9 stands for none yet. */
static const double closes[] = {10, 11, 11, 12, 12, 11, 11, 12, 11, 12};
static const struct {
    double trigger, side;
    int signals[10];
} crossings[] = {
    /*      -  up  =  up  =  dn   =  up  dn  up */
    {0, 0, {9, 1, 0, 1, 0, 0, 0, 1, 0, 1}},   /* state, long */
    {0, 1, {9, 1, 0, 1, 0, -1, 0, 1, -1, 1}}, /* state, both */
    {1, 0, {9, 9, 0, 0, 0, 0, 0, 0, 0, 1}},   /* cross: a tie in between hides it */
    {1, 1, {9, 9, 0, 0, 0, 0, 0, 0, -1, 1}},
    {2, 0, {9, 9, 0, 0, 0, 0, 0, 1, 0, 1}}, /* sign: ties are looked through */
    {2, 1, {9, 9, 0, 0, 0, -1, -1, 1, -1, 1}},
};

static void sma_cross_triggers(void)
{
    qb_instrument coin = lab_coin(QB_1D);
    qb_series series = {0};
    for (int day = 0; day < 10; day++)
        lab_day(&series, day, closes[day], closes[day]);
    for (size_t i = 0; i < sizeof crossings / sizeof *crossings; i++) {
        const double params[] = {1, 2, crossings[i].trigger, crossings[i].side};
        qb_engine_config config = lab_config(&coin, 1);
        config.strategy = strategies_find("sma_cross");
        config.params = params;
        lab lab = lab_run(&config, &series);
        size_t bar = 0, differ = 0;
        for (size_t k = 0; k < lab.decision_count; k++)
            for (uint64_t n = 0; n < lab.decisions[k].bars && bar < 10; n++, bar++) {
                int want = crossings[i].signals[bar];
                double got = lab.decisions[k].signal;
                differ += want == 9 ? !isnan(got) : got != (double)want;
            }
        CHECK_INT(bar, 10);
        CHECK_INT(differ, 0);
        if (differ > 0)
            printf("# in row %zu\n", i);
        lab_clear(&lab);
    }
    qb_series_clear(&series);
}

static const tap_case cases[] = {
    {"/engine/strategy/built-in", built_in},
    {"/engine/strategy/checks", checks},
    {"/engine/strategy/param-checks", param_checks},
    {"/engine/strategy/params-from-text", params_from_text},
    {"/engine/strategy/params-together", params_together},
    {"/engine/strategy/param-texts", param_texts},
    {"/engine/strategy/sma-cross-triggers", sma_cross_triggers},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
