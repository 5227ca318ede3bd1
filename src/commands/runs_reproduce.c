#include "commands/log-private.h"
#include "commands/run-private.h"

#include <string.h>

static const char about[] =
    "Makes a logged run again from its row alone and compares the canonical state: orders, fills,\n"
    "trades, equity, positions, cash and ratios. Exit 0: equal. 1: it ended differently. 5: the\n"
    "data or calendars are not the ones that the run used; the first that differs is named.\n"
    "\n"
    "Examples:\n"
    "  quantbot runs reproduce last\n"
    "  quantbot runs reproduce 0192f3c8\n";

/* Other data would be another run. Both lists are "FILE SHA256", in the order of reading. */
static gboolean check_data(const GPtrArray *wanted, const GPtrArray *used, GError **error)
{
    g_autoptr(GHashTable) now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < used->len; i++) {
        char **words = g_strsplit(g_ptr_array_index(used, i), " ", 2);
        g_hash_table_insert(now, words[0], words[1]);
        g_free(words);
    }
    for (guint i = 0; i < wanted->len; i++) {
        g_auto(GStrv) words = g_strsplit(g_ptr_array_index(wanted, i), " ", 2);
        const char *hash = g_hash_table_lookup(now, words[0]);
        if (g_strcmp0(hash, words[1]) == 0)
            continue;
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s: %s since the run (SHA-256 %.12s, run used %.12s)", words[0],
                    hash != NULL ? "has changed" : "is gone", hash ? hash : "none", words[1]);
        return FALSE;
    }
    /* A file may be read twice, as an instrument and as the benchmark; it is one file. */
    if (g_hash_table_size(now) != wanted->len) {
        g_set_error(error, FAILURE, FAILURE_MISSING, "the cache has %u files where the run used %u",
                    g_hash_table_size(now), wanted->len);
        return FALSE;
    }
    return TRUE;
}

static gboolean reproduce(const settings *settings, const char *id, gboolean json,
                          gboolean *out_equal, GError **error)
{
    g_autoptr(runlog) log = log_open(settings, FALSE, error);
    if (log == NULL)
        return FALSE;
    runlog_summary *run = runlog_find(log, id, error);
    if (run == NULL)
        return FALSE;
    gboolean ok = FALSE;
    g_autoptr(GPtrArray) hashes = NULL;
    g_autoptr(run_texts) texts = run_texts_from_json(run->params, &hashes, error);
    g_autoptr(market) market = texts != NULL ? market_open(settings, error) : NULL;
    g_autoptr(run_plan) plan = market != NULL ? run_plan_new(texts, market, error) : NULL;
    g_autoptr(run_bars) bars = plan != NULL ? run_bars_load(plan, market->cache, error) : NULL;
    g_autoptr(run_result) result = NULL;
    if (bars != NULL && check_data(hashes, bars->hashes, error) &&
        run_facts_check(texts->facts, plan, bars, error))
        result = run_execute(plan, bars, NULL, error);
    if (result != NULL) {
        ok = TRUE;
        *out_equal = g_strcmp0(run->state_hash, result->state_hash) == 0;
        if (json)
            printf("{\"run\":\"%s\",\"equal\":%s,\"logged\":\"%s\",\"now\":\"%s\"}\n", run->id,
                   *out_equal ? "true" : "false", run->state_hash ? run->state_hash : "",
                   result->state_hash);
        else
            printf("%s\n  logged  %s\n  now     %s\n%s\n", run->id,
                   run->state_hash ? run->state_hash : "none", result->state_hash,
                   *out_equal ? "Reproduced: the same orders, fills, equity and ratios."
                              : "Different: this program does not end as that run did.");
    }
    runlog_summary_free(run);
    return ok;
}

int command_runs_reproduce(int argc, char **argv)
{
    gboolean json = FALSE, equal = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "As JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, "ID|last", about, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage("runs reproduce", "give one run (an id, its first letters, or last)");
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    GError *error = NULL;
    if (!reproduce(settings, argv[1], json, &equal, &error))
        return command_fail(error);
    return equal ? 0 : FAILURE_NO;
}
