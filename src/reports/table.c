/* A table keeps its texts; how wide each column is gets decided when it is printed, for the
 * window it is printed in. */
#include "reports/text-private.h"

#include <string.h>

#define GAP 2           /* blanks between columns */
#define TEXT_MINIMUM 12 /* text is cut down to this before anything else gives way */

typedef struct column {
    char *heading;
    report_align align;
    int priority;
    int cells; /* width of the widest cell */
} column;

typedef enum row_kind { ROW_CELLS, ROW_RULE, ROW_GAP } row_kind;

typedef struct row {
    row_kind kind;
    char **cells; /* as many as there were columns; NULL for a rule or gap */
    report_tone *tones;
} row;

struct report_table {
    char *title;
    GArray *columns; /* of column */
    GArray *rows;    /* of row */
};

static void clear_column(gpointer data)
{
    g_free(((column *)data)->heading);
}

static void clear_row(gpointer data)
{
    row *self = data;
    g_strfreev(self->cells);
    g_free(self->tones);
}

report_table *report_table_new(const char *title)
{
    report_table *self = g_new0(report_table, 1);
    self->title = title != NULL ? text_clean(title) : NULL;
    self->columns = g_array_new(FALSE, TRUE, sizeof(column));
    self->rows = g_array_new(FALSE, TRUE, sizeof(row));
    g_array_set_clear_func(self->columns, clear_column);
    g_array_set_clear_func(self->rows, clear_row);
    return self;
}

void report_table_free(report_table *self)
{
    if (self == NULL)
        return;
    g_free(self->title);
    g_array_unref(self->columns);
    g_array_unref(self->rows);
    g_free(self);
}

static column *column_at(const report_table *self, guint index)
{
    return &g_array_index(self->columns, column, index);
}

void report_table_column(report_table *self, const char *heading, report_align align, int priority)
{
    g_assert(self->rows->len == 0);
    const column added = {.heading = text_clean(heading != NULL ? heading : ""),
                          .align = align,
                          .priority = priority};
    g_array_append_val(self->columns, added);
}

void report_table_row(report_table *self, const char *const *cells)
{
    const guint count = self->columns->len;
    row added = {.cells = g_new0(char *, count + 1), .tones = g_new0(report_tone, count)};
    for (guint i = 0; i < count; i++) {
        added.cells[i] = text_clean(cells[i] != NULL ? cells[i] : "");
        column_at(self, i)->cells = MAX(column_at(self, i)->cells,
                                        report_text_width(added.cells[i]));
    }
    g_array_append_val(self->rows, added);
}

void report_table_tone(report_table *self, int index, report_tone tone)
{
    g_assert(self->rows->len > 0 && index >= 0 && (guint)index < self->columns->len);
    row *last = &g_array_index(self->rows, row, self->rows->len - 1);
    g_assert(last->kind == ROW_CELLS);
    last->tones[index] = tone;
}

static void add_mark(report_table *self, row_kind kind)
{
    const row added = {.kind = kind};
    g_array_append_val(self->rows, added);
}

void report_table_rule(report_table *self)
{
    add_mark(self, ROW_RULE);
}

void report_table_gap(report_table *self)
{
    add_mark(self, ROW_GAP);
}

/* ---- layout -------------------------------------------------------------------------------- */

/* Width of each column in this window; 0: not shown. */
typedef struct layout {
    int *width;
    guint count;
} layout;

static int natural_width(const column *c)
{
    return MAX(MAX(c->cells, report_text_width(c->heading)), 1);
}

/* Numbers stay whole, text and headings can be cut. */
static int least_width(const column *c)
{
    if (c->align == REPORT_RIGHT)
        return MAX(c->cells, 1);
    return MIN(natural_width(c), TEXT_MINIMUM);
}

/* Below this a column rather goes: a heading cut to "d..." over a number tells nobody anything. */
static int kept_width(const column *c)
{
    return c->align == REPORT_RIGHT ? natural_width(c) : least_width(c);
}

static int total_width(const layout *self)
{
    int total = 0;
    for (guint i = 0; i < self->count; i++)
        if (self->width[i] > 0)
            total += self->width[i] + (total > 0 ? GAP : 0);
    return total;
}

/* The shown column that goes first: the highest priority number, of equals the rightmost. */
static int first_to_go(const report_table *table, const layout *self, int above)
{
    int found = -1;
    for (guint i = 0; i < self->count; i++)
        if (self->width[i] > 0 && column_at(table, i)->priority > above &&
            (found < 0 ||
             column_at(table, i)->priority >= column_at(table, (guint)found)->priority))
            found = (int)i;
    return found;
}

/* The column with most to give: text before headings over numbers. -1: none. */
static int most_slack(const report_table *table, const layout *self, gboolean to_the_bone)
{
    int found = -1, most = 0;
    for (guint i = 0; i < self->count; i++) {
        const column *c = column_at(table, i);
        if (self->width[i] == 0)
            continue;
        const int least = to_the_bone ? 1 : least_width(c);
        const int slack = self->width[i] - least;
        const int weight = slack > 0 && c->align == REPORT_LEFT ? slack + REPORT_WIDTH_MAX : slack;
        if (weight > most) {
            most = weight;
            found = (int)i;
        }
    }
    return found;
}

static void shrink(const report_table *table, layout *self, int width, gboolean to_the_bone)
{
    int index;
    while (total_width(self) > width && (index = most_slack(table, self, to_the_bone)) >= 0)
        self->width[index]--;
}

static layout lay_out(const report_table *table, int width)
{
    layout self = {g_new0(int, table->columns->len + 1), table->columns->len};
    int index;
    for (guint i = 0; i < self.count; i++)
        self.width[i] = kept_width(column_at(table, i));
    while (total_width(&self) > width && (index = first_to_go(table, &self, 0)) >= 0)
        self.width[index] = 0;
    for (guint i = 0; i < self.count; i++)
        if (self.width[i] > 0)
            self.width[i] = natural_width(column_at(table, i));
    shrink(table, &self, width, FALSE);
    shrink(table, &self, width, TRUE);
    /* More columns of priority 0 than the window has places. */
    while (total_width(&self) > width && (index = first_to_go(table, &self, -1)) >= 0)
        self.width[index] = 0;
    return self;
}

/* ---- printing ------------------------------------------------------------------------------ */

/* Blanks are held back until something follows them, so that no line ends in any. */
static void print_cells(const report_table *table, const layout *layout, char *const *cells,
                        const report_tone *tones, report_tone all, const report_style *style,
                        FILE *stream)
{
    int pending = 0;
    gboolean first = TRUE;
    for (guint i = 0; i < layout->count; i++) {
        const int width = layout->width[i];
        if (width == 0)
            continue;
        g_autofree char *text = text_fit(cells[i], width, style);
        const int blanks = width - report_text_width(text);
        const gboolean right = column_at(table, i)->align == REPORT_RIGHT;
        pending += (first ? 0 : GAP) + (right ? blanks : 0);
        first = FALSE;
        const gsize length = strlen(g_strchomp(text));
        if (length > 0) {
            fprintf(stream, "%*s", pending, "");
            text_print(text, tones != NULL ? tones[i] : all, style, stream);
            pending = 0;
        }
        const int used = report_text_width(text) + (right ? blanks : 0);
        pending += length > 0 ? width - used : width - (right ? blanks : 0);
    }
    fputc('\n', stream);
}

static void print_headings(const report_table *table, const layout *layout,
                           const report_style *style, FILE *stream)
{
    g_autoptr(GPtrArray) headings = g_ptr_array_new();
    gboolean any = FALSE;
    for (guint i = 0; i < layout->count; i++) {
        char *heading = column_at(table, i)->heading;
        any |= layout->width[i] > 0 && *heading != '\0';
        g_ptr_array_add(headings, heading);
    }
    if (!any)
        return;
    print_cells(table, layout, (char *const *)headings->pdata, NULL, REPORT_STRONG, style, stream);
    text_rule(total_width(layout), style, stream);
}

void report_table_print(const report_table *table, const report_style *style, FILE *stream)
{
    const layout layout = lay_out(table, style->width);
    if (table->title != NULL)
        report_text_print(table->title, 0, REPORT_STRONG, style, stream);
    print_headings(table, &layout, style, stream);
    for (guint i = 0; i < table->rows->len; i++) {
        const row *r = &g_array_index(table->rows, row, i);
        if (r->kind == ROW_RULE)
            text_rule(total_width(&layout), style, stream);
        else if (r->kind == ROW_GAP)
            fputc('\n', stream);
        else
            print_cells(table, &layout, r->cells, r->tones, REPORT_PLAIN, style, stream);
    }
    g_free(layout.width);
}
