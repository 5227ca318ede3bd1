/* What a ratio is, and what other tools make of it: words from core/metrics/lessons.c, figures of
 * the user's curve or of the example. */
#include "commands/kpi-private.h"
#include "commands/metrics-private.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define LABEL_WIDTH 11
#define VALUE_WIDTH 10
#define SAME 1e-12 /* relative: what rounding leaves */

/* A curve and what ours and every tool make of it. */
typedef struct figures {
    kpi_curves curves; /* of files; unused with the example */
    qb_kpi_example example;
    qb_kpi_input input;
    qb_kpis ours;
    qb_dialect_sheet sheets[QB_DIALECT_COUNT];
} figures;

/* ---- names --------------------------------------------------------------------------------- */

/* "Max drawdown", "max-drawdown" and "MAX_DRAWDOWN" are one. Caller frees. */
static char *plain_name(const char *text)
{
    char *plain = g_ascii_strdown(text, -1);
    for (char *c = plain; *c != '\0'; c++)
        if (*c == '-' || *c == ' ')
            *c = '_';
    return plain;
}

static const qb_kpi_info *find_ratio(const char *name)
{
    g_autofree char *plain = plain_name(name);
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        g_autofree char *title = plain_name(qb_kpi_table[i].title);
        if (g_str_equal(plain, qb_kpi_table[i].key) || g_str_equal(plain, title))
            return &qb_kpi_table[i];
    }
    return NULL;
}

/* A figure that only others print ("kelly", "Omega"): its key, or NULL. */
static const char *find_foreign(const figures *figures, const char *name)
{
    g_autofree char *plain = plain_name(name);
    for (int d = 0; d < QB_DIALECT_COUNT; d++)
        for (gsize i = 0; i < figures->sheets[d].count; i++) {
            const qb_dialect_kpi *kpi = &figures->sheets[d].kpis[i];
            g_autofree char *title = plain_name(kpi->title);
            if (g_str_equal(plain, kpi->key) || g_str_equal(plain, title))
                return kpi->key;
        }
    return NULL;
}

/* NULL when nothing is near: more than a third of the letters would have to change. */
static const char *nearest_name(const figures *figures, const char *name)
{
    g_autofree char *plain = plain_name(name);
    const char *nearest = NULL;
    guint best = (guint)MIN(strlen(plain), 60) / 3 + 1;
    for (gsize i = 0; strlen(plain) < 60 && i < qb_kpi_table_count; i++) {
        const guint away = command_distance(plain, qb_kpi_table[i].key);
        if (away < best) {
            best = away;
            nearest = qb_kpi_table[i].key;
        }
    }
    for (int d = 0; strlen(plain) < 60 && d < QB_DIALECT_COUNT; d++)
        for (gsize i = 0; i < figures->sheets[d].count; i++) {
            const guint away = command_distance(plain, figures->sheets[d].kpis[i].key);
            if (away < best) {
                best = away;
                nearest = figures->sheets[d].kpis[i].key;
            }
        }
    return nearest;
}

/* ---- figures ------------------------------------------------------------------------------- */

static gboolean compute(const kpi_flags *flags, figures *out, GError **error)
{
    kpi_curves_init(&out->curves);
    qb_kpi_example_fill(&out->example);
    out->input = qb_kpi_example_input(&out->example);
    if (flags->equity != NULL) {
        if (!kpi_curves_read(flags, &out->curves, error))
            return FALSE;
        out->input = out->curves.input;
    } else if (flags->periods_text != NULL) {
        out->input.periods_per_year = flags->periods_per_year;
    }
    out->input.risk_free = flags->risk_free;
    const qb_status status = qb_kpis_compute(&out->input, &out->ours);
    if (status != QB_OK)
        return failure_from_status(error, status, "ratios");
    for (int d = 0; d < QB_DIALECT_COUNT; d++) {
        metrics_as as;
        if (!metrics_as_of_curve((qb_dialect)d, &out->input, flags->periods_per_year, &as, error))
            return FALSE;
        out->sheets[d] = as.sheet;
    }
    return TRUE;
}

static const qb_dialect_kpi *figure_of(const figures *figures, int dialect, const char *key,
                                       const char *like)
{
    const qb_dialect_kpi *kpi = qb_dialect_find(&figures->sheets[dialect], key);
    return kpi == NULL && like != NULL ? qb_dialect_find(&figures->sheets[dialect], like) : kpi;
}

/* ---- text ---------------------------------------------------------------------------------- */

/* "Formula    (m - rf / N) ...", broken under itself. */
static void print_field(const char *label, const char *text, const report_style *style)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    int column = LABEL_WIDTH;
    printf("%-*s", LABEL_WIDTH, label);
    for (char **word = words; *word != NULL; word++) {
        const int width = report_text_width(*word);
        if (word != words && column + 1 + width > style->width) {
            printf("\n%*s", LABEL_WIDTH, "");
            column = LABEL_WIDTH;
        } else if (word != words) {
            putchar(' ');
            column++;
        }
        fputs(*word, stdout);
        column += width;
    }
    putchar('\n');
}

/* Ours written as the tools' are, four decimals or per cents. */
static char *our_text(const figures *figures, const qb_kpi_info *info)
{
    const qb_dialect_kpi same = {.unit = info->unit,
                                 .percent = info->unit == QB_KPI_FRACTION,
                                 .ratio = *qb_kpi_of(&figures->ours, info)};
    return same.ratio.undefined != NULL || info->unit == QB_KPI_PERIODS
               ? report_ratio_text(info, &same.ratio)
               : report_dialect_text(&same);
}

/* A figure under another key than asked for (CAGR for CAGR by count) may be the same after all. */
static const char *what_differs(const figures *figures, const char *key, const qb_dialect_kpi *kpi)
{
    if (kpi == NULL)
        return "it has no such figure";
    if (kpi->missing)
        return kpi->ratio.undefined;
    const qb_kpi_info *info = find_ratio(key);
    const double ours = info != NULL ? qb_kpi_of(&figures->ours, info)->value : NAN;
    if (!g_str_equal(kpi->key, key) && fabs(kpi->ratio.value - ours) <= SAME * fabs(ours))
        return "the same";
    return kpi->differs != NULL ? kpi->differs : "the same";
}

static void add_tool(report_table *table, const char *tool, const char *title, const char *years,
                     const char *value, const char *reason, gboolean wide)
{
    const char *const cells[] = {tool, title, years, value, reason};
    report_table_row(table, cells);
    if (wide)
        report_table_tone(table, 4, REPORT_DIM);
}

static int reasons_width(const figures *figures, const char *key, const char *like)
{
    int title = 0, value = 0, reason = 0;
    for (int d = 0; d < QB_DIALECT_COUNT; d++) {
        const qb_dialect_kpi *kpi = figure_of(figures, d, key, like);
        g_autofree char *text = kpi != NULL ? report_dialect_text(kpi) : g_strdup("-");
        title = MAX(title, kpi != NULL ? report_text_width(kpi->title) : 0);
        value = MAX(value, report_text_width(text));
        reason = MAX(reason, report_text_width(what_differs(figures, key, kpi)));
    }
    return (int)strlen("backtesting.py") + title + 3 + value + reason + 8;
}

static void print_reasons(const figures *figures, const char *key, const char *like,
                          const report_style *style)
{
    for (int d = 0; d < QB_DIALECT_COUNT; d++) {
        const qb_dialect_kpi *kpi = figure_of(figures, d, key, like);
        const char *reason = what_differs(figures, key, kpi);
        g_autofree char *line = g_strdup_printf("%s: %s", qb_dialect_text((qb_dialect)d), reason);
        if (kpi != NULL && !g_str_equal(reason, "the same"))
            report_text_print(line, 2, REPORT_DIM, style, stdout);
    }
    putchar('\n');
}

/* One row a tool; in a narrow window the reasons follow below. info NULL: we have no such ratio. */
static void print_tools(const figures *figures, const qb_kpi_info *info, const char *key,
                        const char *like, const report_style *style)
{
    const gboolean wide = reasons_width(figures, key, like) <= style->width;
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "tool", REPORT_LEFT, 0);
    report_table_column(table, "as it prints it", REPORT_LEFT, 1);
    report_table_column(table, "N", REPORT_RIGHT, 2);
    report_table_column(table, "value", REPORT_RIGHT, 0);
    if (wide)
        report_table_column(table, "what it does differently", REPORT_LEFT, 1);
    if (info != NULL) {
        g_autofree char *years = g_strdup_printf("%g", figures->ours.periods_per_year);
        g_autofree char *value = our_text(figures, info);
        add_tool(table, "quantbot", info->title, years, value,
                 qb_kpi_of(&figures->ours, info)->undefined, wide);
    }
    for (int d = 0; d < QB_DIALECT_COUNT; d++) {
        const qb_dialect_kpi *kpi = figure_of(figures, d, key, like);
        g_autofree char *years = g_strdup_printf("%g", figures->sheets[d].periods_per_year);
        g_autofree char *value = kpi != NULL ? report_dialect_text(kpi) : g_strdup("-");
        add_tool(table, qb_dialect_text((qb_dialect)d), kpi != NULL ? kpi->title : "",
                 kpi != NULL ? years : "", value, what_differs(figures, key, kpi), wide);
    }
    report_table_print(table, style, stdout);
    putchar('\n');
    if (!wide)
        print_reasons(figures, key, like, style);
}

static void print_curve(const kpi_flags *flags, const figures *figures, const report_style *style)
{
    char from[QB_TIME_TEXT], to[QB_TIME_TEXT];
    const qb_kpis *ours = &figures->ours;
    qb_date_to_text(qb_date_from_us(ours->start_us), from);
    qb_date_to_text(qb_date_from_us(ours->end_us), to);
    g_autofree char *name = flags->equity != NULL ? failure_path(flags->equity) : NULL;
    g_autofree char *line =
        name != NULL
            ? g_strdup_printf("Values of %s: %s to %s, %zu returns, risk-free %g %%.", name, from,
                              to, ours->periods, 100 * ours->risk_free)
            : g_strdup_printf("Values of a made-up curve: %s to %s, %zu returns, risk-free "
                              "%g %% (--equity FILE.csv takes yours).",
                              from, to, ours->periods, 100 * ours->risk_free);
    report_text_print(line, 0, REPORT_DIM, style, stdout);
}

static void print_ratio(const kpi_flags *flags, const figures *figures, const qb_kpi_info *info)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    const qb_kpi_lesson *lesson = qb_kpi_lesson_of(info->key);
    report_text_print(info->title, 0, REPORT_STRONG, &style, stdout);
    print_field("Formula", lesson->formula, &style);
    print_field("Made of", lesson->enters, &style);
    print_field("Undefined", lesson->undefined, &style);
    print_field("Source", lesson->source, &style);
    putchar('\n');
    print_tools(figures, info, info->key, lesson->like, &style);
    print_curve(flags, figures, &style);
}

static void print_foreign(const kpi_flags *flags, const figures *figures, const char *key)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autofree char *line =
        g_strdup_printf("%s is none of quantbot's ratios; other tools print it.", key);
    report_text_print(line, 0, REPORT_PLAIN, &style, stdout);
    putchar('\n');
    print_tools(figures, NULL, key, NULL, &style);
    print_curve(flags, figures, &style);
}

/* Names are not cut, so they are given as numbers are; the blanks keep them at the left. */
static void print_list(const kpi_flags *flags, const figures *figures)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    int names = 0, meanings = 0;
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        names = MAX(names, (int)strlen(qb_kpi_table[i].key));
        meanings = MAX(meanings, report_text_width(qb_kpi_table[i].meaning));
    }
    const gboolean values = names + meanings + VALUE_WIDTH + 4 <= style.width;
    g_autofree char *heading = g_strdup_printf("%-*s", names, "name");
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, heading, REPORT_RIGHT, 0);
    report_table_column(table, "what it is", REPORT_LEFT, 0);
    if (values)
        report_table_column(table, "value", REPORT_RIGHT, 1);
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        g_autofree char *name = g_strdup_printf("%-*s", names, info->key);
        g_autofree char *value = our_text(figures, info);
        const char *const cells[] = {name, info->meaning, value};
        if (i > 0 && info->group != qb_kpi_table[i - 1].group)
            report_table_gap(table);
        report_table_row(table, cells);
        if (values)
            report_table_tone(table, 2, REPORT_DIM);
    }
    report_table_print(table, &style, stdout);
    putchar('\n');
    if (values)
        print_curve(flags, figures, &style);
    report_text_print("quantbot kpi explain NAME: formula, source, and what other tools do.", 0,
                      REPORT_DIM, &style, stdout);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *tool_json(const figures *figures, int dialect, const char *key,
                         const qb_dialect_kpi *kpi)
{
    if (kpi == NULL)
        return json_null();
    g_autofree char *text = report_dialect_text(kpi);
    const char *reason = what_differs(figures, key, kpi);
    return json_pack("{s:s, s:s, s:f, s:o, s:s, s:s?, s:s?}", "title", kpi->title, "version",
                     qb_dialect_version((qb_dialect)dialect), "periods_per_year",
                     figures->sheets[dialect].periods_per_year, "value",
                     number_or_null(kpi->ratio.value), "text", text, "missing",
                     kpi->missing ? reason : NULL, "differs",
                     kpi->missing || g_str_equal(reason, "the same") ? NULL : reason);
}

static json_t *tools_json(const figures *figures, const char *key, const char *like)
{
    json_t *tools = json_object();
    for (int d = 0; d < QB_DIALECT_COUNT; d++)
        json_object_set_new(tools, qb_dialect_text((qb_dialect)d),
                            tool_json(figures, d, key, figure_of(figures, d, key, like)));
    return tools;
}

static json_t *ratio_json(const figures *figures, const qb_kpi_info *info)
{
    const qb_kpi_lesson *lesson = qb_kpi_lesson_of(info->key);
    const qb_ratio *ratio = qb_kpi_of(&figures->ours, info);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s?, s:f, s:f, s:o}", "name", info->key, "title",
        info->title, "meaning", info->meaning, "formula", lesson->formula, "made_of",
        lesson->enters, "undefined_when", lesson->undefined, "source", lesson->source, "value",
        number_or_null(ratio->value), "undefined", ratio->undefined, "periods_per_year",
        figures->ours.periods_per_year, "risk_free", figures->ours.risk_free, "tools",
        tools_json(figures, info->key, lesson->like));
}

static void print_json(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
    puts(text);
    free(text);
    json_decref(json);
}

static void print_list_json(const figures *figures)
{
    json_t *list = json_array();
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        json_array_append_new(list, ratio_json(figures, &qb_kpi_table[i]));
    print_json(list);
}

/* ---- command ------------------------------------------------------------------------------- */

static const char about[] =
    "What a ratio is: formula, what enters, when it is undefined, source, and what other\n"
    "tools make of the same curve. Without a name, the list of them. The values are of a\n"
    "made-up curve, or of yours with --equity; its files are those of kpi compute.\n"
    "\n"
    "Examples:\n"
    "  quantbot kpi explain\n"
    "  quantbot kpi explain sharpe\n"
    "  quantbot kpi explain sortino --equity curve.csv --risk-free 0.02\n"
    "  quantbot kpi explain calmar --json\n";

static gboolean explain(const kpi_flags *flags, const char *name, figures *figures, GError **error)
{
    const qb_kpi_info *info = name != NULL ? find_ratio(name) : NULL;
    const char *foreign = name != NULL ? find_foreign(figures, name) : NULL;
    if (name == NULL && flags->json)
        print_list_json(figures);
    else if (name == NULL)
        print_list(flags, figures);
    else if (info != NULL && flags->json)
        print_json(ratio_json(figures, info));
    else if (info != NULL)
        print_ratio(flags, figures, info);
    else if (foreign != NULL && flags->json)
        print_json(json_pack("{s:s, s:n, s:o}", "name", foreign, "value", "tools",
                             tools_json(figures, foreign, NULL)));
    else if (foreign != NULL)
        print_foreign(flags, figures, foreign);
    else {
        const char *nearest = nearest_name(figures, name);
        g_autofree char *quoted = failure_quote(name, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s is no ratio (%s%s%s)", quoted,
                    nearest != NULL ? "did you mean " : "quantbot kpi explain lists them",
                    nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
        return FALSE;
    }
    return TRUE;
}

int command_kpi_explain(int argc, char **argv)
{
    g_auto(kpi_flags) flags = {0};
    const GOptionEntry entries[] = {
        KPI_FLAG_ENTRIES(&flags),
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    GError *error = NULL;
    if (!command_options(&argc, &argv, "[NAME]", about, entries, &exit_code))
        return exit_code;
    if (argc > 2)
        return command_usage("kpi explain", "unexpected \"%s\"", argv[2]);
    exit_code = kpi_flags_check(&flags, "kpi explain");
    if (exit_code != 0)
        return exit_code;
    g_autofree figures *figures = g_new0(struct figures, 1);
    if (!compute(&flags, figures, &error) ||
        !explain(&flags, argc > 1 ? argv[1] : NULL, figures, &error))
        exit_code = command_fail(error);
    kpi_curves_clear(&figures->curves);
    return exit_code;
}
