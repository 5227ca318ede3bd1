/* One tool's figures, ours beside them, and why they differ. In a wide window the reason stands in
 * the row, in a narrow one below the table. */
#include "reports/text-private.h"

#include <math.h>

#define REASON_INDENT 2
#define NAMED_MISSING 5 /* more figures than these are counted, not named */

static char *figure_text(const qb_dialect_kpi *kpi, double value)
{
    if (isinf(value))
        return g_strdup(value > 0 ? "inf" : "-inf");
    g_autofree char *number = NULL;
    switch (kpi->unit) {
    case QB_KPI_MONEY:
        return text_number(value, 2);
    case QB_KPI_COUNT:
        return text_number(value, 0);
    case QB_KPI_DAYS:
        number = text_number(value, value == floor(value) ? 0 : 1);
        return g_strconcat(number, " days", NULL);
    default:
        if (!kpi->percent)
            return text_number(value, 4);
        number = text_number(100 * value, 2);
        return g_strconcat(number, " %", NULL);
    }
}

char *report_dialect_text(const qb_dialect_kpi *kpi)
{
    if (kpi->missing)
        return g_strdup("-");
    return isnan(kpi->ratio.value) ? g_strdup("nan") : figure_text(kpi, kpi->ratio.value);
}

/* Our ratio of the same idea; NULL: there is none. */
static const qb_ratio *our_ratio(const qb_dialect_kpi *kpi, const qb_kpis *ours)
{
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        if (g_str_equal(qb_kpi_table[i].key, kpi->key))
            return qb_kpi_of(ours, &qb_kpi_table[i]);
    return NULL;
}

static char *our_text(const qb_dialect_kpi *kpi, const qb_kpis *ours)
{
    const qb_ratio *ratio = our_ratio(kpi, ours);
    if (ratio == NULL)
        return g_strdup("");
    return ratio->undefined != NULL ? g_strdup("-") : figure_text(kpi, ratio->value);
}

/* Of four decimals or two and a per cent sign the points stand under each other; money has two.
 * Takes the text. */
static char *cell_of(const qb_dialect_kpi *kpi, char *text)
{
    if (kpi->unit != QB_KPI_MONEY)
        return text;
    char *padded = g_strconcat(text, "  ", NULL);
    g_free(text);
    return padded;
}

/* ---- terminal ------------------------------------------------------------------------------ */

static int width_of(const qb_dialect_sheet *sheet, const qb_kpis *ours)
{
    int title = 0, theirs = report_text_width(qb_dialect_text(sheet->dialect)), mine = 4, why = 0;
    for (gsize i = 0; i < sheet->count; i++) {
        const qb_dialect_kpi *kpi = &sheet->kpis[i];
        g_autofree char *value = cell_of(kpi, report_dialect_text(kpi));
        g_autofree char *own = cell_of(kpi, our_text(kpi, ours));
        title = MAX(title, report_text_width(kpi->title));
        theirs = MAX(theirs, report_text_width(value));
        mine = MAX(mine, report_text_width(own));
        why = MAX(why, kpi->differs != NULL ? report_text_width(kpi->differs) : 0);
    }
    return title + theirs + mine + why + 6;
}

static void add_figure(report_table *table, const qb_dialect_kpi *kpi, const qb_kpis *ours,
                       gboolean reasons)
{
    g_autofree char *value = cell_of(kpi, report_dialect_text(kpi));
    g_autofree char *own = cell_of(kpi, our_text(kpi, ours));
    const char *const cells[] = {kpi->title, value, own, kpi->differs};
    report_table_row(table, cells);
    if (kpi->missing || isnan(kpi->ratio.value))
        report_table_tone(table, 1, REPORT_DIM);
    report_table_tone(table, 2, REPORT_DIM);
    if (reasons)
        report_table_tone(table, 3, REPORT_DIM);
}

/* Of the figures that we have too and that came out another. */
static void print_reasons(const qb_dialect_sheet *sheet, const qb_kpis *ours,
                          const report_style *style, FILE *stream)
{
    gboolean any = FALSE;
    for (gsize i = 0; i < sheet->count; i++) {
        const qb_dialect_kpi *kpi = &sheet->kpis[i];
        g_autofree char *value = report_dialect_text(kpi), *own = our_text(kpi, ours);
        if (kpi->differs == NULL || kpi->missing || *own == '\0' || g_str_equal(value, own))
            continue;
        if (!any)
            report_text_print("Why they differ", 0, REPORT_STRONG, style, stream);
        any = TRUE;
        g_autofree char *line = g_strdup_printf("%s: %s", kpi->title, kpi->differs);
        report_text_print(line, REASON_INDENT, REPORT_DIM, style, stream);
    }
    if (any)
        fputc('\n', stream);
}

static void add_missing(GString *text, const GPtrArray *titles, const char *why)
{
    if (titles->len == 0)
        return;
    g_string_append(text, text->len > 0 ? "; " : "");
    for (guint i = 0; titles->len <= NAMED_MISSING && i < titles->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (char *)titles->pdata[i]);
    if (titles->len > NAMED_MISSING)
        g_string_append_printf(text, "%u figures", titles->len);
    g_string_append_printf(text, " (%s)", why);
}

/* "Alpha, Beta (no benchmark); 6 figures (no trades given)"; empty when all are known. */
static char *missing_text(const qb_dialect_sheet *sheet)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) titles = g_ptr_array_new();
    const char *why = NULL;
    for (gsize i = 0; i < sheet->count; i++) {
        const qb_dialect_kpi *kpi = &sheet->kpis[i];
        if (!kpi->missing)
            continue;
        if (why != NULL && !g_str_equal(why, kpi->ratio.undefined)) {
            add_missing(text, titles, why);
            g_ptr_array_set_size(titles, 0);
        }
        g_ptr_array_add(titles, (gpointer)kpi->title);
        why = kpi->ratio.undefined;
    }
    add_missing(text, titles, why);
    return g_string_free(text, FALSE);
}

static void print_notes(const qb_dialect_sheet *sheet, const qb_kpis *ours, const char *note,
                        const report_style *style, FILE *stream)
{
    const char *name = qb_dialect_text(sheet->dialect);
    g_autofree char *missing = missing_text(sheet);
    g_autofree char *basis = g_strdup_printf("It takes N\u00a0=\u00a0%g a year, ours %g.%s%s",
                                             sheet->periods_per_year, ours->periods_per_year,
                                             note != NULL ? " " : "", note != NULL ? note : "");
    g_autofree char *manner = g_strdup_printf("%s %s.", name, qb_dialect_manner(sheet->dialect));
    report_text_print(manner, 0, REPORT_DIM, style, stream);
    report_text_print(basis, 0, REPORT_DIM, style, stream);
    if (*missing != '\0') {
        g_autofree char *line = g_strdup_printf("Not known: %s.", missing);
        report_text_print(line, 0, REPORT_DIM, style, stream);
    }
}

void report_dialect_print(const qb_dialect_sheet *sheet, const qb_kpis *ours, const char *note,
                          const report_style *style, FILE *stream)
{
    const char *name = qb_dialect_text(sheet->dialect);
    const gboolean wide = width_of(sheet, ours) <= style->width;
    g_autofree char *title = g_strdup_printf("As %s %s would print them", name,
                                             qb_dialect_version(sheet->dialect));
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, "", REPORT_LEFT, 0);
    report_table_column(table, name, REPORT_RIGHT, 0);
    report_table_column(table, "ours", REPORT_RIGHT, 0);
    if (wide)
        report_table_column(table, "why they differ", REPORT_LEFT, 1);
    for (gsize i = 0; i < sheet->count; i++)
        add_figure(table, &sheet->kpis[i], ours, wide);
    report_table_print(table, style, stream);
    fputc('\n', stream);
    if (!wide)
        print_reasons(sheet, ours, style, stream);
    print_notes(sheet, ours, note, style, stream);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_text(GString *out, const char *key, const char *text)
{
    g_string_append_printf(out, "\"%s\":", key);
    if (text == NULL) {
        g_string_append(out, "null,");
        return;
    }
    g_string_append_c(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
    g_string_append(out, "\",");
}

static void add_number(GString *out, const char *key, double value)
{
    char number[32];
    g_string_append_printf(out, "\"%s\":%s,", key, report_json_number(value, number));
}

static void add_figure_json(GString *out, const qb_dialect_kpi *kpi, const qb_kpis *ours)
{
    const qb_ratio *own = our_ratio(kpi, ours);
    g_autofree char *prints = report_dialect_text(kpi);
    g_string_append_printf(out, "\"%s\":{", kpi->key);
    add_text(out, "title", kpi->title);
    add_number(out, "value", kpi->ratio.value);
    add_text(out, "text", prints);
    add_text(out, "missing", kpi->missing ? kpi->ratio.undefined : NULL);
    add_number(out, "ours", own != NULL ? own->value : NAN);
    add_text(out, "differs", kpi->differs);
    out->str[out->len - 1] = '}';
    g_string_append_c(out, ',');
}

char *report_dialect_json(const qb_dialect_sheet *sheet, const qb_kpis *ours, const char *note)
{
    GString *out = g_string_new("{");
    add_text(out, "tool", qb_dialect_text(sheet->dialect));
    add_text(out, "version", qb_dialect_version(sheet->dialect));
    add_number(out, "periods_per_year", sheet->periods_per_year);
    add_text(out, "manner", qb_dialect_manner(sheet->dialect));
    add_text(out, "note", note);
    g_string_append(out, "\"figures\":{");
    for (gsize i = 0; i < sheet->count; i++)
        add_figure_json(out, &sheet->kpis[i], ours);
    out->str[out->len - 1] = '}';
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}
