/* data verify: is what the cache holds sound? In: every byte of the chosen series. Out: one line
 * for each problem and each note, a summary, and exit code 1 when there is a problem. */
#include "commands/data-private.h"

#include <string.h>

static const char about[] =
    "Holds each file against the manifest (length, SHA-256), against its own page checksums, and\n"
    "each bar against the calendar and the rules of a bar. Problems are damage and impossible\n"
    "bars; notes are facts to know, such as bars on days without a session. Exit code 1 when\n"
    "there is a problem. Nothing is changed.\n"
    "\n"
    "Examples:\n"
    "  quantbot data verify\n"
    "  quantbot data verify spy btc --interval 1d\n"
    "  quantbot data verify --asset equity --json\n";

static void findings_init(cache_findings *self)
{
    *self = (cache_findings){0};
    self->problems = g_ptr_array_new_with_free_func(g_free);
    self->notes = g_ptr_array_new_with_free_func(g_free);
}

static void findings_clear(cache_findings *self)
{
    g_ptr_array_unref(self->problems);
    g_ptr_array_unref(self->notes);
}

static void print_text(const cache_findings *findings)
{
    for (guint i = 0; i < findings->problems->len; i++)
        printf("%s\n", (const char *)g_ptr_array_index(findings->problems, i));
    for (guint i = 0; i < findings->notes->len; i++)
        printf("note: %s\n", (const char *)g_ptr_array_index(findings->notes, i));
}

static json_t *findings_json(const cache_key *key, const cache_findings *findings)
{
    json_t *object = data_key_json(key);
    json_object_set_new(object, "files", json_integer((json_int_t)findings->files));
    json_object_set_new(object, "rows", json_integer((json_int_t)findings->rows));
    json_object_set_new(object, "problem_count", json_integer((json_int_t)findings->problem_count));
    json_object_set_new(object, "problems", data_lines_json(findings->problems));
    json_object_set_new(object, "notes", data_lines_json(findings->notes));
    return object;
}

/* Sums of all series; series is the JSON array, or NULL to print text as it comes. */
typedef struct totals {
    gsize files, rows, problems;
    json_t *series;
} totals;

static gboolean verify_one(cache *cache, const cache_key *key, totals *sum, GError **error)
{
    cache_findings findings;
    findings_init(&findings);
    const gboolean ok = cache_verify(cache, key, &findings, error);
    if (ok && sum->series != NULL)
        json_array_append_new(sum->series, findings_json(key, &findings));
    else if (ok)
        print_text(&findings);
    sum->files += findings.files;
    sum->rows += findings.rows;
    sum->problems += findings.problem_count;
    findings_clear(&findings);
    return ok;
}

static void print_summary(guint series, const totals *sum)
{
    printf("%u series, %" G_GSIZE_FORMAT " file%s, %" G_GSIZE_FORMAT " row%s verified", series,
           sum->files, sum->files == 1 ? "" : "s", sum->rows, sum->rows == 1 ? "" : "s");
    if (sum->problems > 0)
        printf(", %" G_GSIZE_FORMAT " problem%s", sum->problems, sum->problems == 1 ? "" : "s");
    putchar('\n');
}

static void print_json(const totals *sum)
{
    json_auto_t *root = json_object();
    json_object_set(root, "series", sum->series);
    json_object_set_new(root, "files", json_integer((json_int_t)sum->files));
    json_object_set_new(root, "rows", json_integer((json_int_t)sum->rows));
    json_object_set_new(root, "problem_count", json_integer((json_int_t)sum->problems));
    data_print_json(root);
}

static int verify_all(cache *cache, const GArray *keys, gboolean json)
{
    json_auto_t *series = json ? json_array() : NULL;
    totals sum = {.series = series};
    for (guint i = 0; i < keys->len; i++) {
        GError *error = NULL;
        if (!verify_one(cache, &g_array_index(keys, cache_key, i), &sum, &error))
            return command_fail(error);
    }
    if (json)
        print_json(&sum);
    else
        print_summary(keys->len, &sum);
    return sum.problems > 0 ? FAILURE_NO : 0;
}

int command_data_verify(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    int exit_code = 0;
    if (!data_query_read(argc, argv, about, &query, &exit_code))
        return exit_code;
    return verify_all(query.cache, query.keys, query.json);
}
