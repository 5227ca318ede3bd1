/* How another tool's figures are shown. */
#include "reports/reports.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static void test_text(void)
{
    static const struct {
        qb_kpi_unit unit;
        bool percent, missing;
        double value;
        const char *want;
    } cases[] = {
        {QB_KPI_FRACTION, true, false, 0.14906414, "14.91 %"},
        {QB_KPI_FRACTION, false, false, 0.14906414, "0.1491"},
        {QB_KPI_NUMBER, false, false, -100, "-100.0000"},
        {QB_KPI_MONEY, false, false, 131962.059, "131,962.06"},
        {QB_KPI_COUNT, false, false, 1250, "1,250"},
        {QB_KPI_DAYS, false, false, 260, "260 days"},
        {QB_KPI_DAYS, false, false, 510.41666, "510.4 days"},
        {QB_KPI_NUMBER, false, false, INFINITY, "inf"},
        {QB_KPI_NUMBER, false, false, -INFINITY, "-inf"},
        {QB_KPI_NUMBER, false, false, NAN, "nan"},
        {QB_KPI_NUMBER, false, true, NAN, "-"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const qb_dialect_kpi kpi = {.unit = cases[i].unit,
                                    .percent = cases[i].percent,
                                    .missing = cases[i].missing,
                                    .ratio = {cases[i].value, NULL}};
        g_autofree char *text = report_dialect_text(&kpi);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
}

static char *printed(const qb_dialect_sheet *sheet, const qb_kpis *ours, const char *note,
                     int width)
{
    char *text = NULL;
    size_t size = 0;
    const report_style style = {.width = width, .unicode = TRUE};
    FILE *stream = open_memstream(&text, &size);
    report_dialect_print(sheet, ours, note, &style, stream);
    fclose(stream);
    return text;
}

/* The example, whole, with and without what some figures need. */
static void test_tables(void)
{
    g_autofree qb_kpi_example *example = g_new(qb_kpi_example, 1);
    qb_kpi_example_fill(example);
    for (int round = 0; round < 2 * QB_DIALECT_COUNT; round++) {
        qb_kpi_input input = qb_kpi_example_input(example);
        qb_dialect_sheet sheet;
        qb_kpis ours;
        if (round >= QB_DIALECT_COUNT) {
            input.benchmark = (qb_curve){0};
            input.trades = NULL;
            input.trade_count = 0;
        }
        g_assert_cmpint(qb_kpis_compute(&input, &ours), ==, QB_OK);
        g_assert_cmpint(
            qb_dialect_compute((qb_dialect)(round % QB_DIALECT_COUNT), &input, 0, &sheet), ==,
            QB_OK);
        for (int width = 40; width <= 160; width += 20) {
            char *text = printed(&sheet, &ours, "Note.", width);
            g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
            for (char **line = lines; *line != NULL; line++)
                g_assert_cmpint(report_text_width(*line), <=, width);
            g_assert_nonnull(strstr(text, "Note."));
            g_assert_true((strstr(text, "Not known") != NULL) == (round >= QB_DIALECT_COUNT));
            free(text);
        }
        g_autofree char *json = report_dialect_json(&sheet, &ours, NULL);
        json_t *parsed = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
        g_assert_nonnull(parsed);
        g_assert_true(json_is_null(json_object_get(parsed, "note")));
        g_assert_cmpint(json_object_size(json_object_get(parsed, "figures")), ==, sheet.count);
        json_decref(parsed);
    }
}

/* A reason is told once: in the row, or below where ours came out another. */
static void test_reasons(void)
{
    g_autofree qb_kpi_example *example = g_new(qb_kpi_example, 1);
    qb_kpi_example_fill(example);
    const qb_kpi_input input = qb_kpi_example_input(example);
    qb_dialect_sheet sheet;
    qb_kpis ours;
    g_assert_cmpint(qb_kpis_compute(&input, &ours), ==, QB_OK);
    g_assert_cmpint(qb_dialect_compute(QB_DIALECT_QUANTSTATS, &input, 0, &sheet), ==, QB_OK);
    char *wide = printed(&sheet, &ours, NULL, 140), *narrow = printed(&sheet, &ours, NULL, 60);
    g_assert_nonnull(strstr(wide, "why they differ"));
    g_assert_null(strstr(wide, "Why they differ"));
    g_assert_nonnull(strstr(narrow, "\nWhy they differ\n"));
    g_assert_nonnull(strstr(narrow, "  Alpha: arithmetic"));
    g_assert_null(strstr(narrow, "Sharpe: ")); /* the same with no risk-free rate */
    free(wide);
    free(narrow);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reports/dialects/text", test_text);
    g_test_add_func("/reports/dialects/tables", test_tables);
    g_test_add_func("/reports/dialects/reasons", test_reasons);
    return g_test_run();
}
