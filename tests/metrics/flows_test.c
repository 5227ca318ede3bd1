/* Deposits and withdrawals are no gains: time-weighted returns, worked by hand. */
#include "core/metrics/metrics.h"
#include "tap.h"

#define DAY(n) ((n)*QB_DAY_US)

/* A quarter in which money came and went, each flow valued when it happened:
 *   100,000 grows to 105,000 (+5 %); 20,000 come in; 125,000 grow to 127,500 (+2 %);
 *   7,500 go out; 120,000 fall to 114,000 (-5 %).
 * 1.05 x 1.02 x 0.95 - 1 = 1.745 %, where the money itself has grown by 14 %. */
static const int64_t stamps[] = {DAY(0), DAY(10), DAY(20), DAY(30), DAY(60), DAY(90)};
static const double money[] = {100000, 104000, 125500, 127000, 120500, 114000};
static const qb_curve_flow flows[] = {{DAY(15), 105000, 125000}, {DAY(60), 127500, 120000}};
/* After the first flow x 0.84, after the second x 0.84 x 1.0625 = 0.8925 */
static const double weighted[] = {100000, 104000, 105420, 106680, 107546.25, 101745};
#define COUNT (sizeof stamps / sizeof *stamps)

static void by_hand(void)
{
    const qb_curve curve = {stamps, money, COUNT};
    double got[COUNT];
    CHECK_OK(qb_curve_time_weighted(&curve, flows, 2, got));
    for (size_t i = 0; i < COUNT; i++)
        CHECK_NEAR(got[i], weighted[i], 1e-9);
    CHECK_NEAR(got[COUNT - 1] / got[0] - 1.0, 1.05 * 1.02 * 0.95 - 1.0, 1e-15);
}

static void ratios(void)
{
    double values[COUNT];
    const qb_curve curve = {stamps, money, COUNT};
    CHECK_OK(qb_curve_time_weighted(&curve, flows, 2, values));
    const qb_kpi_input input = {
        .periods = {stamps, values, COUNT},
        .full = {stamps, values, COUNT},
        .money = curve,
        .periods_per_year = 252,
        .traded = 345500, /* three times the mean equity in money, 691,000 / 6 */
    };
    qb_kpis kpis;
    CHECK_OK(qb_kpis_compute(&input, &kpis));
    CHECK_NEAR(kpis.total_return.value, 0.01745, 1e-12);
    CHECK_NEAR(kpis.cagr.value, pow(1.01745, 365.25 / 90.0) - 1.0, 1e-12);
    /* From 107,546.25 to 101,745: the withdrawal is no loss. */
    CHECK_NEAR(kpis.max_drawdown.value, (107546.25 - 101745.0) / 107546.25, 1e-12);
    /* Money stays money. */
    CHECK_NEAR(kpis.start, 100000, 0.0);
    CHECK_NEAR(kpis.end, 114000, 0.0);
    CHECK_NEAR(kpis.turnover.value, 3.0 * 365.25 / 90.0, 1e-12);
}

/* Two at one instant are one after the other; one before the first point counts for all of it. */
static void together(void)
{
    static const int64_t at[] = {DAY(1), DAY(2)};
    static const double value[] = {300, 330};
    static const qb_curve_flow twice[] = {{DAY(1), 100, 150}, {DAY(1), 150, 300}};
    double got[2];
    const qb_curve curve = {at, value, 2};
    CHECK_OK(qb_curve_time_weighted(&curve, twice, 2, got));
    CHECK_NEAR(got[0], 100.0, 1e-12);
    CHECK_NEAR(got[1], 110.0, 1e-12);
}

static void without_flows(void)
{
    const qb_curve curve = {stamps, money, COUNT};
    double got[COUNT];
    CHECK_OK(qb_curve_time_weighted(&curve, NULL, 0, got));
    CHECK_INT(memcmp(got, money, sizeof money), 0);
    const qb_kpi_input plain = {.periods = curve, .periods_per_year = 252, .traded = 1};
    qb_kpi_input same = plain;
    same.money = curve;
    qb_kpis a, b;
    CHECK_OK(qb_kpis_compute(&plain, &a));
    CHECK_OK(qb_kpis_compute(&same, &b));
    CHECK_NEAR(a.total_return.value, b.total_return.value, 0.0);
    CHECK_NEAR(a.turnover.value, b.turnover.value, 0.0);
    CHECK_NEAR(a.sharpe.value, b.sharpe.value, 0.0);
    CHECK_NEAR(a.end, b.end, 0.0);
}

static void refused(void)
{
    const qb_curve curve = {stamps, money, COUNT};
    double got[COUNT];
    static const qb_curve_flow unsound[] = {{DAY(1), 0, 100},
                                            {DAY(1), 100, 0},
                                            {DAY(1), -1, 100},
                                            {DAY(1), NAN, 100},
                                            {DAY(1), 100, INFINITY}};
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
        CHECK_INT(qb_curve_time_weighted(&curve, &unsound[i], 1, got), QB_OUT_OF_RANGE);
    static const qb_curve_flow backwards[] = {{DAY(2), 1, 2}, {DAY(1), 1, 2}};
    CHECK_INT(qb_curve_time_weighted(&curve, backwards, 2, got), QB_OUT_OF_ORDER);
}

static const tap_case cases[] = {
    {"/metrics/flows/by-hand", by_hand},   {"/metrics/flows/ratios", ratios},
    {"/metrics/flows/together", together}, {"/metrics/flows/without", without_flows},
    {"/metrics/flows/refused", refused},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
