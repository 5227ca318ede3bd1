/* data gaps: which bars are missing, and what is known about them? In: manifests, stamps and
 * words. Out: a table or JSON; with --say a word of the user, kept in the gap ledger. */
#include "commands/data-private.h"
#include "platform/clock.h"

#include <string.h>

#define SHOWN_GAPS 40

static const char about[] =
    "Shows the stretches of bars that the calendar expects and the cache does not have, from the\n"
    "first stored bar to the last, and what is known about each:\n"
    "  unknown          nobody said anything\n"
    "  confirmed-empty  the source has no such bars; they are not asked for again\n"
    "  market-closed    nobody traded, though the calendar does not say so\n"
    "  to-retry         to be asked for again\n"
    "Downloads say what they learn. You can, too: --say STATE with --from, --to (both included)\n"
    "and --why; --say unknown takes back what was said. A * marks words about bars before the\n"
    "first stored one or after the last. Times are UTC.\n"
    "\n"
    "Examples:\n"
    "  quantbot data gaps\n"
    "  quantbot data gaps btc --interval 1m --longest\n"
    "  quantbot data gaps --state unknown --json\n"
    "  quantbot data gaps SPY --say confirmed-empty --from 2010-04-01 --to 2010-04-01 \\\n"
    "      --why \"exchange was down\"\n";

typedef struct gaps_options {
    char *state, *say, *from, *to, *why;
    gboolean longest;
    int limit;
} gaps_options;

static void gaps_options_clear(gaps_options *self)
{
    char *texts[] = {self->state, self->say, self->from, self->to, self->why};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gaps_options, gaps_options_clear)

/* ---- what is shown -------------------------------------------------------------------------- */

typedef struct gaps_filter {
    gboolean by_state;
    cache_gap_state state;
    gboolean longest;
    gsize limit;
} gaps_filter;

static gboolean read_state(const char *flag, const char *text, cache_gap_state *out, GError **error)
{
    if (cache_gap_state_from_text(text, out))
        return TRUE;
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: %s (expected unknown, confirmed-empty, market-closed or to-retry)", flag,
                quoted);
    return FALSE;
}

static gboolean read_filter(const gaps_options *options, gboolean json, gaps_filter *out,
                            GError **error)
{
    *out = (gaps_filter){.longest = options->longest, .by_state = options->state != NULL};
    /* A terminal is flooded soon; a program takes what it is given. */
    const int standard = json ? 0 : SHOWN_GAPS;
    const int limit = options->limit >= 0 ? options->limit : standard;
    out->limit = limit > 0 ? (gsize)limit : G_MAXSIZE;
    return options->state == NULL || read_state("--state", options->state, &out->state, error);
}

static int compare_bars(gconstpointer a, gconstpointer b)
{
    const cache_gap *left = a, *right = b;
    if (left->bars != right->bars)
        return left->bars > right->bars ? -1 : 1;
    return left->from_us < right->from_us ? -1 : left->from_us > right->from_us;
}

/* Keeps what was asked for, in that order. */
static void apply_filter(const gaps_filter *filter, GArray *gaps)
{
    guint kept = 0;
    for (guint i = 0; filter->by_state && i < gaps->len; i++) {
        const cache_gap gap = g_array_index(gaps, cache_gap, i);
        if (gap.state == filter->state)
            g_array_index(gaps, cache_gap, kept++) = gap;
    }
    if (filter->by_state)
        g_array_set_size(gaps, kept);
    if (filter->longest)
        g_array_sort(gaps, compare_bars);
}

typedef struct gaps_count {
    gsize gaps, bars;
    gsize bars_by_state[CACHE_GAP_STATES];
} gaps_count;

/* Of the stored stretch: what lies outside is nobody's gap. */
static gaps_count count_gaps(const GArray *gaps)
{
    gaps_count count = {0};
    for (guint i = 0; i < gaps->len; i++) {
        const cache_gap *gap = &g_array_index(gaps, cache_gap, i);
        if (gap->outside)
            continue;
        count.gaps++;
        count.bars += gap->bars;
        count.bars_by_state[gap->state] += gap->bars;
    }
    return count;
}

/* ---- table ---------------------------------------------------------------------------------- */

static report_tone tone_of(cache_gap_state state)
{
    if (state == CACHE_GAP_UNKNOWN)
        return REPORT_BAD;
    return state == CACHE_GAP_RETRY ? REPORT_PLAIN : REPORT_DIM;
}

static void add_row(report_table *table, const cache_gap *gap, qb_interval interval)
{
    g_autofree char *from = data_stamp_text(gap->from_us, interval);
    g_autofree char *to = data_stamp_text(gap->last_us, interval);
    g_autofree char *bars = g_strdup_printf("%" G_GSIZE_FORMAT, gap->bars);
    g_autofree char *state = g_strconcat(cache_gap_state_text(gap->state), gap->outside ? " *" : "",
                                         NULL);
    g_autofree char *said = gap->state != CACHE_GAP_UNKNOWN ? data_stamp_text(gap->said_us, QB_1D)
                                                            : NULL;
    const char *const cells[] = {from, to, bars, state, gap->who, said, gap->why};
    report_table_row(table, cells);
    report_table_tone(table, 3, tone_of(gap->state));
}

static void print_count(const gaps_count *count)
{
    const char *mark = ": ";
    if (count->gaps == 0) {
        printf("No bars are missing.\n");
        return;
    }
    printf("%" G_GSIZE_FORMAT " gap%s, %" G_GSIZE_FORMAT " bar%s", count->gaps,
           count->gaps == 1 ? "" : "s", count->bars, count->bars == 1 ? "" : "s");
    for (int state = 0; state < CACHE_GAP_STATES; state++) {
        if (count->bars_by_state[state] == 0)
            continue;
        printf("%s%" G_GSIZE_FORMAT " %s", mark, count->bars_by_state[state],
               cache_gap_state_text((cache_gap_state)state));
        mark = ", ";
    }
    putchar('\n');
}

static void print_gaps(const cache_key *key, const GArray *gaps, const gaps_filter *filter,
                       const gaps_count *count)
{
    const report_style style = report_style_of(1);
    const guint shown = (guint)MIN((gsize)gaps->len, filter->limit);
    g_autofree char *title = data_key_text(key, TRUE);
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, "from", REPORT_LEFT, 0);
    report_table_column(table, "to", REPORT_LEFT, 1);
    report_table_column(table, "bars", REPORT_RIGHT, 0);
    report_table_column(table, "state", REPORT_LEFT, 0);
    report_table_column(table, "who", REPORT_LEFT, 2);
    report_table_column(table, "said", REPORT_LEFT, 3);
    report_table_column(table, "why", REPORT_LEFT, 2);
    for (guint i = 0; i < shown; i++)
        add_row(table, &g_array_index(gaps, cache_gap, i), key->interval);
    if (shown > 0)
        report_table_print(table, &style, stdout);
    else
        report_text_print(title, 0, REPORT_STRONG, &style, stdout);
    if (gaps->len > shown)
        printf("... and %u more%s\n", gaps->len - shown,
               filter->longest ? " (--limit 0 shows all)"
                               : " (--longest shows the longest first, --limit 0 all)");
    print_count(count);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *gap_json(const cache_gap *gap)
{
    json_t *object = json_object();
    json_object_set_new(object, "from", data_time_json(gap->from_us));
    json_object_set_new(object, "last", data_time_json(gap->last_us));
    json_object_set_new(object, "to", data_time_json(gap->to_us));
    json_object_set_new(object, "bars", json_integer((json_int_t)gap->bars));
    json_object_set_new(object, "outside", json_boolean(gap->outside));
    json_object_set_new(object, "state", json_string(cache_gap_state_text(gap->state)));
    if (gap->state == CACHE_GAP_UNKNOWN)
        return object;
    json_object_set_new(object, "who", json_string(gap->who));
    json_object_set_new(object, "said_at", data_time_json(gap->said_us));
    json_object_set_new(object, "why", json_string(gap->why));
    return object;
}

static json_t *series_json(const cache_key *key, const GArray *gaps, const gaps_filter *filter,
                           const gaps_count *count)
{
    json_t *object = data_key_json(key), *list = json_array(), *bars = json_object();
    for (guint i = 0; i < gaps->len && i < filter->limit; i++)
        json_array_append_new(list, gap_json(&g_array_index(gaps, cache_gap, i)));
    for (int state = 0; state < CACHE_GAP_STATES; state++)
        json_object_set_new(bars, cache_gap_state_text((cache_gap_state)state),
                            json_integer((json_int_t)count->bars_by_state[state]));
    json_object_set_new(object, "gap_count", json_integer((json_int_t)count->gaps));
    json_object_set_new(object, "bar_count", json_integer((json_int_t)count->bars));
    json_object_set_new(object, "bars", bars);
    json_object_set_new(object, "gaps", list);
    return object;
}

/* Series that cannot be told are printed as errors. Returns the exit code. */
static int show_all(const data_query *query, const gaps_filter *filter)
{
    json_auto_t *root = json_object();
    json_t *series = json_array();
    int exit_code = 0;
    gboolean first = TRUE;
    json_object_set_new(root, "series", series);
    for (guint i = 0; i < query->keys->len; i++) {
        GError *error = NULL;
        const cache_key *key = &g_array_index(query->keys, cache_key, i);
        g_autoptr(GArray) gaps = cache_gaps(query->cache, key, &error);
        if (gaps == NULL && g_error_matches(error, FAILURE, FAILURE_MISSING)) {
            g_clear_error(&error); /* a first import ended before its first file */
            continue;
        }
        if (gaps == NULL) {
            exit_code = command_fail(error);
            continue;
        }
        const gaps_count count = count_gaps(gaps);
        const guint all = gaps->len;
        apply_filter(filter, gaps);
        if (query->json) {
            json_array_append_new(series, series_json(key, gaps, filter, &count));
        } else if (all > 0 || query->keys->len == 1) { /* of many, those that miss something */
            printf("%s", first ? "" : "\n");
            print_gaps(key, gaps, filter, &count);
            first = FALSE;
        }
    }
    if (query->json)
        data_print_json(root);
    else if (first)
        printf("No bars are missing in %u series.\n", query->keys->len);
    return exit_code;
}

/* ---- saying --------------------------------------------------------------------------------- */

/* Both ends are included: a date to its end, a time with the bar that is stamped so. */
static gboolean read_range(const gaps_options *options, cache_gap *word, GError **error)
{
    if (options->from == NULL || options->to == NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--say needs --from and --to");
        return FALSE;
    }
    if (!command_time("--from", options->from, &word->from_us, error) ||
        !command_time("--to", options->to, &word->to_us, error))
        return FALSE;
    word->to_us += strlen(options->to) == strlen("2020-01-31") ? QB_DAY_US : 1;
    if (word->from_us < word->to_us)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE, "--to: %s is before --from", options->to);
    return FALSE;
}

static gboolean read_word(const gaps_options *options, cache_gap *word, GError **error)
{
    *word = (cache_gap){.who = "user", .said_us = clock_now_us()};
    if (!read_state("--say", options->say, &word->state, error) ||
        !read_range(options, word, error))
        return FALSE;
    if (options->why != NULL &&
        g_strlcpy(word->why, options->why, sizeof word->why) >= sizeof word->why) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--why: is too long (expected at most %d bytes)",
                    (int)sizeof word->why - 1);
        return FALSE;
    }
    /* Today is not over: what is said of it is said of now. */
    if (word->state != CACHE_GAP_CLOSED && word->from_us < word->said_us)
        word->to_us = MIN(word->to_us, word->said_us);
    return TRUE;
}

static void print_said(const cache_key *key, const cache_gap *word, gsize bars, gboolean json)
{
    if (json) {
        json_auto_t *root = data_key_json(key);
        json_object_set_new(root, "from", data_time_json(word->from_us));
        json_object_set_new(root, "to", data_time_json(word->to_us));
        json_object_set_new(root, "state", json_string(cache_gap_state_text(word->state)));
        json_object_set_new(root, "bars", json_integer((json_int_t)bars));
        data_print_json(root);
        return;
    }
    g_autofree char *name = data_key_text(key, TRUE);
    printf("%s: %" G_GSIZE_FORMAT " missing bar%s: %s\n", name, bars, bars == 1 ? "" : "s",
           cache_gap_state_text(word->state));
}

static gboolean say(const data_query *query, const gaps_options *options, GError **error)
{
    cache_gap word;
    gsize bars = 0;
    if (!read_word(options, &word, error))
        return FALSE;
    if (query->all || query->keys->len != 1) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--say is about one series (%u are meant; name a symbol, --asset and "
                    "--interval)",
                    query->keys->len);
        return FALSE;
    }
    const cache_key *key = &g_array_index(query->keys, cache_key, 0);
    if (!cache_gap_say(query->cache, key, NULL, &word, &bars, error))
        return FALSE;
    if (bars == 0) {
        g_set_error(error, FAILURE, FAILURE_NO, "%s %s: no expected bar is missing from %s to %s",
                    key->symbol, qb_interval_text(key->interval), options->from, options->to);
        return FALSE;
    }
    print_said(key, &word, bars, query->json);
    return TRUE;
}

int command_data_gaps(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    g_auto(gaps_options) options = {.limit = -1};
    gaps_filter filter;
    GError *error = NULL;
    int exit_code = 0;
    const GOptionEntry more[] = {
        {"state", 0, 0, G_OPTION_ARG_STRING, &options.state, "Only gaps in this state", "STATE"},
        {"longest", 0, 0, G_OPTION_ARG_NONE, &options.longest, "The longest first", NULL},
        {"limit", 0, 0, G_OPTION_ARG_INT, &options.limit,
         "At most so many lines of each series, 0 all (40; all with --json)", "N"},
        {"say", 0, 0, G_OPTION_ARG_STRING, &options.say, "Say this of missing bars", "STATE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.from, "of the bars from here", "DATE"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.to, "up to here, included", "DATE"},
        {"why", 0, 0, G_OPTION_ARG_STRING, &options.why, "for this reason", "TEXT"},
        {NULL},
    };
    if (!data_query_read_more(argc, argv, about, more, &query, &exit_code) ||
        !data_query_bars_only(&query, &exit_code))
        return exit_code;
    if (options.say != NULL)
        return say(&query, &options, &error) ? 0 : command_fail(error);
    if (options.from != NULL || options.to != NULL || options.why != NULL)
        return command_usage("data gaps", "--from, --to and --why belong to --say");
    if (!read_filter(&options, query.json, &filter, &error))
        return command_fail(error);
    return show_all(&query, &filter);
}
