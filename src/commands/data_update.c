/* data update: what the cache holds, brought up to the last bar that is over. */
#include "commands/fetch-private.h"
#include "platform/clock.h"

#include <string.h>

static const char about[] = "Asks each stored series' own provider for the bars since the last "
                            "stored one. The last few are\n"
                            "asked for again with them: corrections are taken over, and prices "
                            "that were adjusted anew are\n"
                            "noticed. Series that were imported or resampled are left alone. Holes "
                            "further back are for data\n"
                            "crypto and data equities with --start.\n"
                            "\n"
                            "Examples:\n"
                            "  quantbot data update\n"
                            "  quantbot data update spy,btc --interval 1d\n"
                            "  quantbot data update --asset crypto --json\n";

/* FALSE: its bars come from no provider. */
static gboolean read_wish(const data_query *query, const cache_entry *entry, download_wish *wish)
{
    const cache_key *key = &entry->key;
    *wish = (download_wish){.provider = providers_find(entry->provider), .key = *key};
    if (wish->provider == NULL)
        return FALSE;
    wish->to_us = clock_now_us();
    wish->from_us = entry->first_us;
    if (key->asset == QB_MACRO)
        return TRUE;
    wish->again = DOWNLOAD_AGAIN;
    wish->from_us = entry->last_us - 2 * DOWNLOAD_AGAIN * qb_interval_us(key->interval);
    wish->calendar = qb_calendars_find(cache_calendars(query->cache), entry->calendar);
    return wish->calendar != NULL;
}

/* Those that cannot be told are printed as errors. */
static int add_series(fetch *fetch, const data_query *query)
{
    int exit_code = 0;
    for (guint i = 0; i < query->keys->len; i++) {
        const cache_key *key = &g_array_index(query->keys, cache_key, i);
        GError *error = NULL;
        cache_entry entry;
        download_wish wish;
        if (!cache_stat(query->cache, key, &entry, &error)) {
            if (g_error_matches(error, FAILURE, FAILURE_MISSING))
                g_clear_error(&error);
            else
                exit_code = command_fail(error);
        } else if (!read_wish(query, &entry, &wish)) {
            g_autofree char *name = data_key_text(key, TRUE);
            if (!query->all)
                command_warn("%s: comes from \"%s\", which is no provider: left alone", name,
                             entry.provider);
        } else if (!fetch_add(fetch, &wish, &error)) {
            return command_fail(error);
        }
    }
    return exit_code;
}

int command_data_update(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    g_auto(fetch) fetch = {0};
    g_autofree char *wait = NULL;
    gboolean paid = FALSE;
    GError *error = NULL;
    int exit_code = 0;
    const GOptionEntry more[] = {
        {"wait", 0, 0, G_OPTION_ARG_STRING, &wait, "The longest wait for a provider's limits (15m)",
         "DURATION"},
        {"paid", 0, 0, G_OPTION_ARG_NONE, &paid,
         "The keys' plans are paid ones: the free tiers' limits do not hold", NULL},
        {NULL},
    };
    if (!data_query_read_more(argc, argv, about, more, &query, &exit_code))
        return exit_code;
    fetch.settings = g_steal_pointer(&query.settings);
    fetch.market = g_steal_pointer(&query.market);
    fetch.json = query.json;
    if (!fetch_open(&fetch, wait, paid, &error))
        return command_fail(error);
    exit_code = add_series(&fetch, &query);
    const int run_code = fetch_run(&fetch);
    return run_code != 0 ? run_code : exit_code;
}
