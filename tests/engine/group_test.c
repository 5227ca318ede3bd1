/* Several strategies in one account: whose orders, who goes first, who stands aside. */
#include "core/engine/group.h"
#include "lab.h"

/* ---- a member that wishes `side` on bars [from, to) ----------------------------------------- */

enum { FROM, TO, SIDE, PARAM_COUNT };

static const qb_param window_params[PARAM_COUNT] = {
    [FROM] = QB_INTEGER("from", 0, 0, 1000, 1, "First bar"),
    [TO] = QB_INTEGER("to", 1000, 0, 1000, 1, "Bar after the last"),
    [SIDE] = QB_NUMBER("side", 1, -1, 1, 1, "Strength"),
};

typedef struct window {
    double from, to, side;
    double *seen;
} window;

#define WINDOWS 4
#define BARS_SEEN 32
/* The position that each member was told of, by bar; they outlive the run's memory. */
static double seen[WINDOWS][BARS_SEEN];
static size_t window_count; /* of the run under way, in order of init */

static size_t window_warmup(const double *params)
{
    return 1;
}

static qb_status window_init(const qb_setup *setup, void **out_state)
{
    window *self = setup->alloc(setup, 1, sizeof *self);
    if (self == NULL)
        return QB_NO_MEMORY;
    self->from = setup->params[FROM];
    self->to = setup->params[TO];
    self->side = setup->params[SIDE];
    self->seen = seen[window_count++ % WINDOWS];
    *out_state = self;
    return QB_OK;
}

static void window_on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    window *self = state;
    const double bar = (double)lab_bar_index(context, instrument);
    if (bar < BARS_SEEN)
        self->seen[(size_t)bar] = context->host->position(context, instrument);
    const bool inside = bar >= self->from && bar < self->to;
    context->host->signal(context, instrument, inside ? self->side : 0.0);
}

static const qb_strategy window_strategy = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "window",
    .summary = "",
    .params = window_params,
    .param_count = PARAM_COUNT,
    .warmup = window_warmup,
    .init = window_init,
    .on_bar = window_on_bar,
};

static qb_group_member member(const double *params, uint32_t rank)
{
    return (qb_group_member){
        .strategy = &window_strategy,
        .params = params,
        .share = 1.0,
        .bull_rank = rank,
        .bear_rank = rank,
    };
}

static lab run(qb_group *group, const qb_series *series)
{
    const char *why = "";
    const qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    CHECK_OK(qb_group_init(group, &why));
    config.strategy = &group->strategy;
    config.params = group->params;
    window_count = 0;
    return lab_run(&config, series);
}

/* Fill number i: its day, units and owner. Stairs open at 10, 20, 30 ... */
static void check(const lab *lab, size_t i, int day, double units, uint32_t owner)
{
    lab_check_fill(lab, i, day, units, 10.0 * (day + 1));
    if (i < lab->fill_count)
        CHECK_INT(lab->fills[i].owner, owner);
}

/* ---- cases --------------------------------------------------------------------------------- */

static void alone_is_itself(void)
{
    qb_series series = lab_stairs(12);
    const double params[] = {2, 5, 1};
    const qb_group_member members[] = {member(params, 0)};
    qb_group group = {.members = members, .count = 1};
    lab grouped = run(&group, &series);

    const qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.strategy = &window_strategy;
    config.params = params;
    lab plain = lab_run(&config, &series);
    CHECK_INT(grouped.fill_count, plain.fill_count);
    CHECK_INT(grouped.totals.equity.raw, plain.totals.equity.raw);
    check(&grouped, 0, 3, 1, 0);
    check(&grouped, 1, 6, -1, 0);
    lab_clear(&grouped);
    lab_clear(&plain);
    qb_series_clear(&series);
}

static void sum_keeps_books_apart(void)
{
    qb_series series = lab_stairs(12);
    const double a[] = {1, 6, 1}, b[] = {3, 8, 1};
    const qb_group_member members[] = {member(a, 0), member(b, 1)};
    qb_group group = {.members = members, .count = 2};
    lab lab = run(&group, &series);
    CHECK_INT(lab.fill_count, 4);
    check(&lab, 0, 2, 1, 0);
    check(&lab, 1, 4, 1, 1);
    check(&lab, 2, 7, -1, 0);
    check(&lab, 3, 9, -1, 1);
    /* On bar 5 the account has two; each is told of one. */
    CHECK_NEAR(seen[0][5], 1.0, 0.0);
    CHECK_NEAR(seen[1][5], 1.0, 0.0);
    CHECK_NEAR(seen[0][8], 0.0, 0.0);
    CHECK_NEAR(seen[1][8], 1.0, 0.0);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void opposite_sides_offset(void)
{
    qb_series series = lab_stairs(12);
    const double a[] = {1, 8, 1}, b[] = {3, 6, -1};
    const qb_group_member members[] = {member(a, 0), member(b, 1)};
    qb_group group = {.members = members, .count = 2};
    lab lab = run(&group, &series);
    CHECK_INT(lab.fill_count, 4);
    check(&lab, 1, 4, -1, 1);
    check(&lab, 2, 7, 1, 1);
    CHECK_NEAR(seen[1][5], -1.0, 0.0);
    lab_clear(&lab);

    group.conflict = QB_CONFLICT_VETO; /* b may not go against a */
    lab = run(&group, &series);
    CHECK_INT(lab.fill_count, 2);
    check(&lab, 0, 2, 1, 0);
    check(&lab, 1, 9, -1, 0);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void the_first_in_rank_has_it(void)
{
    qb_series series = lab_stairs(14);
    const double late[] = {1, 12, 1}, first[] = {4, 7, 1};
    const qb_group_member members[] = {member(late, 1), member(first, 0)};
    qb_group group = {.members = members, .count = 2, .conflict = QB_CONFLICT_PRIORITY};
    lab lab = run(&group, &series);
    /* Rank 1 opens on day 2, makes room on day 5 when rank 0 opens, and comes back once that has
     * left (day 8): its wish was dropped when it had to go. */
    check(&lab, 0, 2, 1, 0);
    check(&lab, 1, 5, -1, 0);
    check(&lab, 2, 5, 1, 1);
    check(&lab, 3, 8, -1, 1);
    CHECK(lab.fill_count >= 4);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void no_rank_opens_nothing(void)
{
    qb_series series = lab_stairs(12); /* closes rise: bull from the third bar on */
    const double a[] = {4, 8, 1}, b[] = {4, 8, 1};
    qb_group_member members[] = {member(a, 0), member(b, 0)};
    members[0].bull_rank = QB_GROUP_NO_RANK;
    members[1].bear_rank = QB_GROUP_NO_RANK;
    qb_group group = {.members = members, .count = 2, .has_regime = true, .regime_period = 3};
    lab lab = run(&group, &series);
    CHECK_INT(lab.fill_count, 2);
    check(&lab, 0, 5, 1, 1);
    check(&lab, 1, 9, -1, 1);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* A wish of the warm-up counts as new once that is over: the regime's five bars here. */
static void a_wish_outlives_the_warmup(void)
{
    qb_series series = lab_stairs(12);
    const double a[] = {0, 1000, 1};
    const qb_group_member members[] = {member(a, 0)};
    qb_group group = {.members = members, .count = 1, .has_regime = true, .regime_period = 5};
    lab lab = run(&group, &series);
    CHECK_INT(lab.fill_count, 1);
    check(&lab, 0, 5, 1, 0); /* decided at the close of the fifth bar, day 4 */
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void shares_scale(void)
{
    qb_series series = lab_stairs(8);
    const double a[] = {1, 5, 1};
    qb_group_member members[] = {member(a, 0), member(a, 1)};
    members[0].share = 0.75;
    members[1].share = 0.25;
    const char *why = "";
    const qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.size = (qb_size){.kind = QB_SIZE_UNITS, .amount = 8};
    qb_group group = {.members = members, .count = 2};
    CHECK_OK(qb_group_init(&group, &why));
    config.strategy = &group.strategy;
    config.params = group.params;
    lab lab = lab_run(&config, &series);
    check(&lab, 0, 2, 6, 0);
    check(&lab, 1, 2, 2, 1);
    check(&lab, 2, 6, -6, 0);
    check(&lab, 3, 6, -2, 1);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void a_split_leaves_books_right(void)
{
    qb_series series = {0};
    for (int day = 0; day < 10; day++) {
        const double price = day < 4 ? 100.0 : 50.0;
        qb_bar bar = {
            .ts_us = LAB_START + day * QB_DAY_US,
            .open = price,
            .high = price,
            .low = price,
            .close = price,
            .volume = NAN,
            .split_factor = day == 4 ? 2.0 : 1.0,
        };
        CHECK_OK(qb_series_append(&series, &bar));
    }
    const double a[] = {1, 7, 1};
    const qb_group_member members[] = {member(a, 0)};
    qb_group group = {.members = members, .count = 1};
    lab lab = run(&group, &series);
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 0, 2, 1, 100);
    lab_check_fill(&lab, 1, 8, -2, 50); /* all of it, in units of the day */
    CHECK_NEAR(seen[0][3], 1.0, 0.0);
    CHECK_NEAR(seen[0][5], 2.0, 0.0);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void what_is_none_is_refused(void)
{
    const char *why = "";
    const double params[] = {0, 10, 1};
    qb_group_member members[QB_GROUP_MEMBERS_MAX + 1];
    for (size_t i = 0; i <= QB_GROUP_MEMBERS_MAX; i++)
        members[i] = member(params, 0);
    qb_group group = {.members = members, .count = 0};
    CHECK_INT(qb_group_init(&group, &why), QB_OUT_OF_RANGE);
    group.count = QB_GROUP_MEMBERS_MAX + 1;
    CHECK_INT(qb_group_init(&group, &why), QB_OUT_OF_RANGE);
    group.count = 1;
    members[0].share = 0.0;
    CHECK_INT(qb_group_init(&group, &why), QB_OUT_OF_RANGE);
    members[0].share = NAN;
    CHECK_INT(qb_group_init(&group, &why), QB_OUT_OF_RANGE);
    members[0].share = 1.0;
    group.has_regime = true;
    CHECK_INT(qb_group_init(&group, &why), QB_OUT_OF_RANGE);
    qb_conflict conflict;
    CHECK_OK(qb_conflict_from_text("veto", &conflict));
    CHECK_INT(conflict, QB_CONFLICT_VETO);
    CHECK_INT(qb_conflict_from_text("both", &conflict), QB_BAD_FORMAT);
}

static const tap_case cases[] = {
    {"/engine/group/alone-is-itself", alone_is_itself},
    {"/engine/group/sum-keeps-books-apart", sum_keeps_books_apart},
    {"/engine/group/opposite-sides-offset", opposite_sides_offset},
    {"/engine/group/the-first-in-rank-has-it", the_first_in_rank_has_it},
    {"/engine/group/no-rank-opens-nothing", no_rank_opens_nothing},
    {"/engine/group/a-wish-outlives-the-warmup", a_wish_outlives_the_warmup},
    {"/engine/group/shares-scale", shares_scale},
    {"/engine/group/a-split-leaves-books-right", a_split_leaves_books_right},
    {"/engine/group/what-is-none-is-refused", what_is_none_is_refused},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
