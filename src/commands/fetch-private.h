/* What the commands that download share: wishes from a command line, a run that is watched, and
 * what is told of it. */
#ifndef COMMANDS_FETCH_PRIVATE_H
#define COMMANDS_FETCH_PRIVATE_H

#include "commands/data-private.h"
#include "download/download.h"

/* What `data crypto`, `data equities` and `data macro` differ in. */
typedef struct fetch_class {
    const char *name; /* "crypto": the verb, and the preference of providers */
    qb_asset asset;
    const char *about;
} fetch_class;
extern const fetch_class fetch_crypto, fetch_equities, fetch_macro;
/* By name; NULL. */
const fetch_class *fetch_class_find(const char *name);

/* By name; FAILURE_USAGE that lists them. */
const provider *fetch_provider_named(const char *name, GError **error);
/* The one named, else (NULL) the preferred one of the class that has a key; FAILURE_CONFIG when none
 * has. */
const provider *fetch_provider(const settings *settings, const fetch_class *class, const char *name,
                               GError **error);

typedef struct fetch_options {
    char *provider, *symbols, *start, *end, *interval, *wait;
    gboolean extended, paid, json;
} fetch_options;
void fetch_options_clear(fetch_options *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(fetch_options, fetch_options_clear)

/* Settings, cache and a download that is being planned. */
typedef struct fetch {
    settings *settings;
    market *market;
    download *download;
    gboolean json;
} fetch;
void fetch_clear(fetch *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(fetch, fetch_clear)

/* fetch.c: the download itself, with budgets below DATA/runtime and the environment's proxy;
 * self's settings and market are there. FAILURE_USAGE for a --wait that is no duration. */
gboolean fetch_open(fetch *self, const char *wait, gboolean paid, GError **error);
/* Adds a wish unless it is there. */
gboolean fetch_add(fetch *self, const download_wish *wish, GError **error);
/* Options of a command, and the wishes that they are. plan: the class is the first argument, else
 * it is given. FALSE: *out_exit. */
gboolean fetch_read(int argc, char **argv, const fetch_class *class, const char *about,
                    fetch *out_fetch, int *out_exit);
/* Carries it out, watched on standard error, and prints the account. Returns the exit code. */
int fetch_run(fetch *self);
int fetch_command(int argc, char **argv, const fetch_class *class);

/* fetch_progress.c: bars on a terminal, else a line for each series as it ends or has to wait. */
typedef struct fetch_progress fetch_progress;
fetch_progress *fetch_progress_new(const download *download);
void fetch_progress_changed(const download *download, const download_item *item, gpointer self);
void fetch_progress_free(fetch_progress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fetch_progress, fetch_progress_free)

/* fetch_report.c */
gboolean fetch_print_plan(fetch *self, GError **error);
/* "Tiingo: 14 requests, some 7 s" on standard error. */
gboolean fetch_print_forecast(fetch *self, GError **error);
void fetch_print_account(fetch *self);
/* Refusals and failures, each with its series, on standard error. */
void fetch_print_errors(const fetch *self);
/* fetch_json.c: the plan, or plan and account. */
gboolean fetch_print_json(fetch *self, gboolean account, GError **error);
/* "some 40 s", "up to 3 h 20 min". Caller frees. */
char *fetch_duration_text(gint64 duration_us);

#endif
