/* Cuts text into rows and fields: RFC 4180 quotes (a quoted field may hold separators, doubled
 * quotes and line ends), lines ended by LF, CR LF or CR, blanks around a field cut off. Rows are
 * walked over, not kept, so that a file of any length needs one row of memory. */
#include "csv/csv-private.h"

#include <string.h>

static gboolean row_error(const csv_rows *rows, GError **error, const char *why)
{
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s:%" G_GSIZE_FORMAT ": %s", rows->name,
                rows->line, why);
    return FALSE;
}

static gboolean is_blank(const csv_rows *rows, char c)
{
    return c == ' ' || (c == '\t' && rows->separator != '\t');
}

static const char *skip_blanks(const csv_rows *rows, const char *at, const char *limit)
{
    while (at < limit && is_blank(rows, *at))
        at++;
    return at;
}

static const char *read_plain(const csv_rows *rows, const char *at, const char *limit,
                              csv_field *field)
{
    const char *start = at;
    while (at < limit && *at != rows->separator && *at != '\n' && *at != '\r')
        at++;
    const char *stop = at;
    while (stop > start && is_blank(rows, stop[-1]))
        stop--;
    *field = (csv_field){.text = start, .length = (guint32)(stop - start)};
    return at;
}

/* Line ends inside quotes count for the line numbers of the rows below. */
static void count_lines(csv_rows *rows, const char *at, const char *stop)
{
    for (; at < stop; at++)
        if (*at == '\n' || (*at == '\r' && !(at + 1 < stop && at[1] == '\n')))
            rows->next_line++;
}

/* Doubled quotes become one. The scratch holds a whole row, and each field only shrinks. */
static void make_plain(csv_rows *rows, csv_field *field)
{
    char *out = rows->scratch + rows->scratch_used;
    guint32 used = 0;
    for (guint32 i = 0; i < field->length; i++) {
        out[used++] = field->text[i];
        if (field->text[i] == '"')
            i++;
    }
    *field = (csv_field){.text = out, .length = used, .quoted = 1, .copied = 1};
    rows->scratch_used += used;
}

/* at stands after the opening quote. NULL when the quote is not closed before limit. */
static const char *read_quoted(csv_rows *rows, const char *at, const char *limit, csv_field *field)
{
    const char *start = at;
    gboolean doubled = FALSE;
    for (;;) {
        at = memchr(at, '"', (gsize)(limit - at));
        if (at == NULL)
            return NULL;
        if (at + 1 >= limit || at[1] != '"')
            break;
        doubled = TRUE;
        at += 2;
    }
    count_lines(rows, start, at);
    *field = (csv_field){.text = start, .length = (guint32)(at - start), .quoted = 1};
    if (doubled)
        make_plain(rows, field);
    return skip_blanks(rows, at + 1, limit);
}

static gboolean read_row(csv_rows *rows, GError **error)
{
    const char *at = rows->at;
    const char *limit = rows->end - at > (gssize)CSV_LINE_LIMIT ? at + CSV_LINE_LIMIT : rows->end;
    rows->line = rows->next_line;
    rows->count = 0;
    rows->scratch_used = 0;
    for (;;) {
        if (rows->count == CSV_COLUMN_LIMIT)
            return row_error(rows, error, "more than 512 columns");
        csv_field *field = &rows->fields[rows->count++];
        at = skip_blanks(rows, at, limit);
        if (at < limit && *at == '"') {
            at = read_quoted(rows, at + 1, limit, field);
            if (at == NULL)
                return row_error(rows, error, "a quote (\") is opened and not closed");
        } else {
            at = read_plain(rows, at, limit, field);
        }
        if (at == rows->end)
            break;
        if (at == limit)
            return row_error(rows, error, "the row is longer than 65536 bytes");
        if (*at == rows->separator) {
            at++;
            continue;
        }
        if (*at != '\n' && *at != '\r')
            return row_error(rows, error, "text follows a closing quote (\")");
        at += *at == '\r' && at + 1 < rows->end && at[1] == '\n' ? 2 : 1;
        rows->next_line++;
        break;
    }
    rows->at = at;
    return TRUE;
}

gboolean csv_rows_next(csv_rows *rows, GError **error)
{
    while (rows->at < rows->end) {
        if (!read_row(rows, error))
            return FALSE;
        if (rows->count > 1 || rows->fields[0].length > 0)
            return TRUE;
    }
    return FALSE;
}

csv_rows *csv_rows_new(const char *text, gsize length, const csv_layout *layout, const char *name)
{
    csv_rows *rows = g_malloc(sizeof *rows);
    rows->name = name;
    rows->at = text + layout->offset;
    rows->end = text + length;
    rows->line = rows->next_line = layout->line;
    rows->separator = layout->separator;
    rows->count = 0;
    rows->scratch_used = 0;
    return rows;
}

void csv_rows_free(csv_rows *rows)
{
    g_free(rows);
}

gboolean csv_text_is(const char *text, gsize length, const char *word)
{
    return strlen(word) == length && g_ascii_strncasecmp(text, word, length) == 0;
}

/* ---- layout --------------------------------------------------------------------------------- */

#define SAMPLE 40 /* rows at the head that are looked at */

typedef struct sample {
    guint count;
    guint fields[SAMPLE];
    gsize offset[SAMPLE],
        line[SAMPLE]; /* where the text of the row or blank lines before it start */
    guint common;     /* the number of fields that most rows have, the larger one of two */
    guint agree;      /* rows that have it */
} sample;

static guint rows_with(const sample *rows, guint fields)
{
    guint agree = 0;
    for (guint i = 0; i < rows->count; i++)
        agree += rows->fields[i] == fields;
    return agree;
}

static void take_sample(const char *text, gsize length, const csv_layout *layout, sample *out)
{
    g_autoptr(csv_rows) rows = csv_rows_new(text, length, layout, "");
    *out = (sample){0};
    while (out->count < SAMPLE) {
        const char *from = rows->at;
        gsize line = rows->next_line;
        /* What cannot be cut here is reported when the rows are read in earnest. */
        if (!csv_rows_next(rows, NULL))
            break;
        out->offset[out->count] = (gsize)(from - text);
        out->line[out->count] = line;
        out->fields[out->count++] = rows->count;
    }
    for (guint i = 0; i < out->count; i++) {
        guint agree = rows_with(out, out->fields[i]);
        if (agree > out->agree || (agree == out->agree && out->fields[i] > out->common)) {
            out->agree = agree;
            out->common = out->fields[i];
        }
    }
}

/* Banner lines have fewer fields than the rows below. A header may have one less: writers that
 * end each row with a separator leave the last column without a name. */
static guint first_row(const sample *rows)
{
    for (guint i = 0; i < rows->count; i++)
        if (rows->fields[i] >= rows->common ||
            (rows->common >= 4 && rows->fields[i] == rows->common - 1))
            return i;
    return 0;
}

csv_layout csv_layout_find(const char *text, gsize length)
{
    gsize mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    csv_layout best = {.separator = ',', .offset = mark, .line = 1, .columns = 1};
    guint best_agree = 0;
    /* In "2020-01-31;1,5;2,5" both cut every row alike; the one that cuts more, then the earlier
     * of this list, is right. */
    for (const char *separator = "\t;,"; *separator != '\0'; separator++) {
        csv_layout layout = {.separator = *separator, .offset = mark, .line = 1};
        sample rows;
        take_sample(text, length, &layout, &rows);
        if (rows.common < 2 || rows.agree < best_agree ||
            (rows.agree == best_agree && rows.common <= best.columns))
            continue;
        guint first = first_row(&rows);
        best = (csv_layout){.separator = *separator,
                            .offset = rows.offset[first],
                            .line = rows.line[first],
                            .columns = rows.common};
        best_agree = rows.agree;
    }
    return best;
}
