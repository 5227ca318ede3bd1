/* data show: the rows of one stored series. In: the cache. Out: a table, or JSON. */
#include "commands/show-private.h"

#include <math.h>

static const char about[] =
    "Shows rows of a stored series as they are stored: bars, or the values of a macro series as\n"
    "they are known now. --as-of shows what was known at that instant (a bare date: 00:00 UTC),\n"
    "--vintages every version of one period's value.\n"
    "\n"
    "Examples:\n"
    "  quantbot data show spy --tail 5\n"
    "  quantbot data show btc --interval 1h --start 2024-01-01 --end 2024-01-02\n"
    "  quantbot data show GDPC1 --as-of 2009-01-15 --tail 4\n"
    "  quantbot data show GDPC1 --vintages 2008-10-01 --json\n";

/* ---- what the files of this command share --------------------------------------------------- */

void show_window(const show_options *options, gsize all, gsize *out_first, gsize *out_count)
{
    const gsize most = options->head > 0   ? options->head
                       : options->tail > 0 ? options->tail
                       : options->json     ? all
                                           : SHOW_ROWS;
    *out_count = MIN(most, all);
    *out_first = options->head > 0 ? 0 : all - *out_count;
}

void show_left_out(gsize shown, gsize all)
{
    if (shown < all)
        printf("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
               " rows; see --head, --tail, --start, --end\n",
               shown, all);
}

char *show_time(gint64 us, gboolean clock)
{
    char text[QB_TIME_TEXT];
    if (!clock && us % QB_DAY_US == 0)
        return g_strdup(qb_date_to_text(qb_date_from_us(us), text));
    qb_time_to_text(us, text);
    text[10] = ' ';
    text[16] = '\0';
    return g_strdup(text);
}

char *show_number(double value)
{
    char text[32];
    return g_strdup(isnan(value) ? "-" : report_json_number(value, text));
}

static void add_member(GString *row, const char *name, const char *text)
{
    g_string_append_printf(row, "%s\"%s\": %s", row->len > 0 ? ", " : "", name, text);
}

void show_add_number(GString *row, const char *name, double value)
{
    char text[32];
    add_member(row, name, report_json_number(value, text));
}

void show_add_time(GString *row, const char *name, gint64 us)
{
    char text[QB_TIME_TEXT];
    g_autofree char *quoted = us == G_MAXINT64
                                  ? g_strdup("null")
                                  : g_strdup_printf("\"%s\"", qb_time_to_text(us, text));
    add_member(row, name, quoted);
}

void show_print_members(const json_t *head)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)head, name, value)
    {
        printf("  \"%s\": ", name);
        json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
        printf(",\n");
    }
}

void show_print_rows(const char *name, const GPtrArray *rows)
{
    printf("  \"%s\": [", name);
    for (guint i = 0; i < rows->len; i++)
        printf("%s\n    {%s}", i > 0 ? "," : "", (const char *)g_ptr_array_index(rows, i));
    printf("%s]", rows->len > 0 ? "\n  " : "");
}

void show_print_json(const json_t *head, const GPtrArray *rows)
{
    printf("{\n");
    show_print_members(head);
    show_print_rows("rows", rows);
    printf("\n}\n");
}

/* ---- options -------------------------------------------------------------------------------- */

typedef struct show_flags {
    char *start, *end, *as_of, *vintages;
    int head, tail;
} show_flags;

static void show_flags_clear(show_flags *self)
{
    g_free(self->start);
    g_free(self->end);
    g_free(self->as_of);
    g_free(self->vintages);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(show_flags, show_flags_clear)

static gboolean read_time(const char *flag, const char *text, gint64 *out_us, GError **error)
{
    return text == NULL || command_time(flag, text, out_us, error);
}

static gboolean read_rows(const show_flags *flags, show_options *out, GError **error)
{
    if (flags->head < 0 || flags->tail < 0 || (flags->head > 0 && flags->tail > 0)) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--head, --tail: expected one of them, and a number of rows from 1");
        return FALSE;
    }
    out->head = (gsize)flags->head;
    out->tail = (gsize)flags->tail;
    return TRUE;
}

static gboolean read_options(const show_flags *flags, const data_query *query, show_options *out,
                             GError **error)
{
    *out = (show_options){.from_us = G_MININT64,
                          .to_us = G_MAXINT64,
                          .as_of_us = G_MAXINT64 - 1,
                          .as_of = flags->as_of != NULL,
                          .vintages = flags->vintages != NULL,
                          .json = query->json};
    if (!read_rows(flags, out, error) ||
        !read_time("--start", flags->start, &out->from_us, error) ||
        !read_time("--end", flags->end, &out->to_us, error) ||
        !read_time("--as-of", flags->as_of, &out->as_of_us, error) ||
        !read_time("--vintages", flags->vintages, &out->period_us, error))
        return FALSE;
    if (flags->end != NULL && out->to_us % QB_DAY_US == 0)
        out->to_us += QB_DAY_US; /* the last day is part of it */
    return TRUE;
}

/* The one series that is meant. */
static gboolean check_one(const data_query *query, const show_options *options, GError **error)
{
    const cache_key *key = &g_array_index(query->keys, cache_key, 0);
    if (query->all || query->keys->len != 1) {
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint i = 0; !query->all && i < MIN(query->keys->len, 8); i++) {
            const cache_key *one = &g_array_index(query->keys, cache_key, i);
            g_string_append_printf(names, "%s%s %s %s", i > 0 ? ", " : ": ",
                                   qb_asset_text(one->asset), one->symbol,
                                   qb_interval_text(one->interval));
        }
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "symbol: expected one series%s (--asset and --interval say which)", names->str);
        return FALSE;
    }
    if (key->asset != QB_MACRO && (options->as_of || options->vintages)) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: %s has bars, which have no vintages (expected a macro series)",
                    options->as_of ? "--as-of" : "--vintages", key->symbol);
        return FALSE;
    }
    return TRUE;
}

int command_data_show(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    g_auto(show_flags) flags = {0};
    show_options options;
    GError *error = NULL;
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"start", 0, 0, G_OPTION_ARG_STRING, &flags.start, "From this day on", "DATE"},
        {"end", 0, 0, G_OPTION_ARG_STRING, &flags.end, "To this day, or before this time", "DATE"},
        {"head", 0, 0, G_OPTION_ARG_INT, &flags.head, "The first N rows", "N"},
        {"tail", 0, 0, G_OPTION_ARG_INT, &flags.tail, "The last N rows (20 by default)", "N"},
        {"as-of", 0, 0, G_OPTION_ARG_STRING, &flags.as_of, "Values as they were known at that time",
         "DATE"},
        {"vintages", 0, 0, G_OPTION_ARG_STRING, &flags.vintages,
         "Every version of that period's value", "DATE"},
        {NULL},
    };
    if (!data_query_read_more(argc, argv, about, entries, &query, &exit_code))
        return exit_code;
    if (!read_options(&flags, &query, &options, &error) || !check_one(&query, &options, &error))
        return command_fail(error);
    const cache_key *key = &g_array_index(query.keys, cache_key, 0);
    const gboolean ok = key->asset == QB_MACRO ? show_values(query.cache, key, &options, &error)
                                               : show_bars(query.cache, key, &options, &error);
    return ok ? 0 : command_fail(error);
}
