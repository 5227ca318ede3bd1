/* Wishes, and what they will cost. */
#include "download/download-private.h"

#include <string.h>

#define ROUND_TRIP_US (QB_SECOND_US / 2)

const char *download_state_text(download_state state)
{
    static const char *const texts[] = {"ready", "running", "done", "refused", "failed"};
    return texts[state];
}

/* ---- the object ----------------------------------------------------------------------------- */

static GArray *ranges_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(download_range));
}

static void series_free(gpointer data)
{
    series *self = data;
    g_clear_error(&self->item.error);
    g_ptr_array_unref(self->item.notes);
    g_array_unref(self->item.wanted);
    g_array_unref(self->item.ranges);
    g_array_unref(self->actions);
    qb_series_clear(&self->fine);
    g_free(self->last_hash);
    g_clear_object(&self->stop);
    g_free(self);
}

download *download_new(const download_options *options, GError **error)
{
    g_autoptr(download) self = g_new0(download, 1);
    self->options = *options;
    self->http_options = *options->http;
    self->http_options.state_folder = g_strdup(options->http->state_folder);
    self->http_options.user_agent = g_strdup(options->http->user_agent);
    self->http_options.ca_file = g_strdup(options->http->ca_file);
    self->http_options.proxy = g_strdup(options->http->proxy);
    self->http_options.no_proxy = g_strdup(options->http->no_proxy);
    self->vendors = g_hash_table_new_full(NULL, NULL, NULL, vendor_free);
    self->items = g_ptr_array_new_with_free_func(series_free);
    if (self->options.parallel == 0)
        self->options.parallel = DOWNLOAD_PARALLEL;
    self->client = http_new(&self->http_options, error);
    return self->client != NULL ? g_steal_pointer(&self) : NULL;
}

void download_free(download *self)
{
    if (self == NULL)
        return;
    http_free(self->client);
    g_ptr_array_unref(self->items);
    g_hash_table_unref(self->vendors);
    const char *const texts[] = {self->http_options.state_folder, self->http_options.user_agent,
                                 self->http_options.ca_file, self->http_options.proxy,
                                 self->http_options.no_proxy};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free((char *)texts[i]);
    g_free(self);
}

const GPtrArray *download_items(const download *self)
{
    return self->items;
}

void series_note(series *self, const char *text)
{
    for (guint i = 0; i < self->item.notes->len; i++)
        if (strcmp(g_ptr_array_index(self->item.notes, i), text) == 0)
            return;
    g_ptr_array_add(self->item.notes, g_strdup(text));
}

/* ---- what the provider says ----------------------------------------------------------------- */

G_STATIC_ASSERT(CACHE_PROVIDER_SYMBOL_SIZE >= PROVIDER_SYMBOL_SIZE);

/* Under one symbol bars of one thing: what the user calls it at the provider is what those bars were
 * asked for by that are stored. */
static gboolean recall_symbol(series *self, GError **error)
{
    const provider *provider = self->job.provider;
    char *name = self->item.wish.vendor_symbol, stored[CACHE_PROVIDER_SYMBOL_SIZE];
    if (!cache_provider_symbol(self->owner->options.cache, &self->item.wish.key, provider->name,
                               stored, error))
        return FALSE;
    if (*stored == '\0' || strcmp(stored, name) == 0)
        return TRUE;
    if (*name == '\0') {
        g_strlcpy(name, stored, PROVIDER_SYMBOL_SIZE);
        return TRUE;
    }
    g_autofree char *wanted = failure_quote(name, -1), *there = failure_quote(stored, -1);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "what is stored is %s at %s, not %s (store that under a symbol of its own, or move "
                "what is stored away first)",
                there, provider->title, wanted);
    return FALSE;
}

static gboolean name_symbol(series *self, GError **error)
{
    provider_job *job = &self->job;
    char *name = self->item.wish.vendor_symbol;
    g_autofree char *why = NULL;
    if (*name != '\0' || job->provider->name_symbol(job->symbol, job->asset, name, &why)) {
        g_strlcpy(job->vendor_symbol, name, sizeof job->vendor_symbol);
        return TRUE;
    }
    *name = '\0';
    if (why != NULL)
        g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s", why);
    else
        g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s has no name for %s", job->provider->title,
                    job->symbol);
    return FALSE;
}

static gboolean check(series *self, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    provider_job *job = &self->job;
    if (!name_symbol(self, error))
        return FALSE;
    if (job->provider->check != NULL && !job->provider->check(job, notes, error))
        return FALSE;
    for (guint i = 0; i < notes->len; i++)
        series_note(self, g_ptr_array_index(notes, i));
    return TRUE;
}

static void fill_job(series *self)
{
    const download_wish *wish = &self->item.wish;
    const download_options *options = &self->owner->options;
    self->job = (provider_job){
        .provider = wish->provider,
        .ask = wish->key.asset == QB_MACRO ? PROVIDER_VALUES : PROVIDER_BARS,
        .asset = wish->key.asset,
        .interval = wish->key.interval,
        .calendar = wish->calendar,
        .from_us = wish->from_us,
        .to_us = MIN(wish->to_us, options->now_us),
        .now_us = options->now_us,
        .extended = wish->extended,
        .key = self->vendor->key,
        .paid = options->paid,
        .base = self->vendor->base,
    };
    g_strlcpy(self->job.symbol, wish->key.symbol, sizeof self->job.symbol);
    if (self->job.ask == PROVIDER_BARS)
        self->job.to_us = MIN(
            self->job.to_us, ranges_closed_us(wish->calendar, wish->key.interval, options->now_us));
}

/* ---- what the cache says -------------------------------------------------------------------- */

static cache_adjustment adjustment_of(const provider *provider)
{
    return provider->full_adjusted    ? CACHE_FULL
           : provider->split_adjusted ? CACHE_SPLIT
                                      : CACHE_RAW;
}

/* What the merge would refuse is refused before it costs a request. */
static gboolean check_stored(series *self, GError **error)
{
    const download_wish *wish = &self->item.wish;
    cache *cache = self->owner->options.cache;
    cache_entry entry;
    g_autoptr(GError) missing = NULL;
    const cache_adjustment adjustment = adjustment_of(wish->provider);
    if (!cache_stat(cache, &wish->key, &entry, &missing)) {
        if (g_error_matches(missing, FAILURE, FAILURE_MISSING))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&missing));
        return FALSE;
    }
    if (!cache_check_origin(cache, &wish->key, wish->provider->name, error))
        return FALSE;
    if (entry.adjustment != adjustment) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s %s: the stored bars are \"%s\", those of %s \"%s\" (one series has one "
                    "adjustment; move its folder away first, or ask another provider)",
                    wish->key.symbol, qb_interval_text(wish->key.interval),
                    cache_adjustment_text(entry.adjustment), wish->provider->title,
                    cache_adjustment_text(adjustment));
        return FALSE;
    }
    if (strcmp(entry.calendar, qb_calendar_name(wish->calendar)) != 0) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s %s: the stored bars follow the calendar \"%s\", the instrument \"%s\" (one "
                    "series has one calendar)",
                    wish->key.symbol, qb_interval_text(wish->key.interval), entry.calendar,
                    qb_calendar_name(wish->calendar));
        return FALSE;
    }
    return TRUE;
}

/* Bars of a gap that lie in the range. */
static gsize bars_within(const series *self, const cache_gap *gap, download_range *out)
{
    const provider_job *job = &self->job;
    *out = (download_range){MAX(gap->from_us, job->from_us), MIN(gap->to_us, job->to_us)};
    if (out->from_us >= out->to_us)
        return 0;
    if (gap->from_us >= job->from_us && gap->to_us <= job->to_us)
        return gap->bars;
    return qb_expected_bars(job->calendar, job->interval, out->from_us, out->to_us);
}

/* What another source was found not to have may be had here; what the user said holds. */
static gboolean is_other_source(const series *self, const cache_gap *gap)
{
    return gap->state == CACHE_GAP_EMPTY && strcmp(gap->who, self->job.provider->name) != 0 &&
           providers_find(gap->who) != NULL;
}

static void want(series *self, const download_range *range)
{
    const provider *provider = self->job.provider;
    const gboolean adjusted = provider->full_adjusted || provider->split_adjusted;
    const guint again = MAX(self->item.wish.again, adjusted ? DOWNLOAD_AGAIN : 0);
    /* Twice as long as the bars are, for nights and weekends. */
    const gint64 back_us = 2 * (gint64)again * qb_interval_us(self->job.interval);
    const download_range wider = {MAX(range->from_us - back_us, self->job.from_us), range->to_us};
    g_array_append_val(self->item.wanted, wider);
}

static gboolean add_missing(series *self, GError **error)
{
    const provider_job *job = &self->job;
    download_item *item = &self->item;
    download_range range;
    g_autoptr(GArray) gaps = cache_missing(self->owner->options.cache, &item->wish.key,
                                           job->calendar, job->from_us, job->to_us, error);
    for (guint i = 0; gaps != NULL && i < gaps->len; i++) {
        item->missing += bars_within(self, &g_array_index(gaps, cache_gap, i), &range);
        want(self, &range);
    }
    return gaps != NULL;
}

static gboolean add_known(series *self, GError **error)
{
    download_item *item = &self->item;
    g_autoptr(GError) missing = NULL;
    g_autoptr(GArray) gaps = cache_gaps(self->owner->options.cache, &item->wish.key, &missing);
    if (gaps == NULL && !g_error_matches(missing, FAILURE, FAILURE_MISSING)) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return FALSE;
    }
    for (guint i = 0; gaps != NULL && i < gaps->len; i++) {
        const cache_gap *gap = &g_array_index(gaps, cache_gap, i);
        download_range range;
        const gsize bars = bars_within(self, gap, &range);
        if (bars == 0 || (gap->state != CACHE_GAP_EMPTY && gap->state != CACHE_GAP_CLOSED))
            continue;
        if (is_other_source(self, gap)) {
            item->missing += bars;
            want(self, &range);
        } else {
            item->known += bars;
        }
    }
    return TRUE;
}

static void count_bars(series *self)
{
    download_item *item = &self->item;
    cache_entry entry;
    item->expected = qb_expected_bars(self->job.calendar, self->job.interval, self->job.from_us,
                                      self->job.to_us);
    const gsize open = MIN(item->missing + item->known, item->expected);
    /* Of a series of which nothing is stored there may be words, which cache_gaps does not tell. */
    if (cache_stat(self->owner->options.cache, &item->wish.key, &entry, NULL))
        item->stored = item->expected - open;
    else
        item->known += item->expected - open;
}

static gboolean find_missing(series *self, GError **error)
{
    download_item *item = &self->item;
    g_array_set_size(item->wanted, 0);
    item->missing = item->known = 0;
    if (self->job.from_us >= self->job.to_us)
        return TRUE;
    if (self->job.ask == PROVIDER_VALUES) {
        /* Any of them may have been revised since. */
        g_array_append_vals(item->wanted, &(download_range){self->job.from_us, self->job.to_us}, 1);
        return TRUE;
    }
    if (!add_missing(self, error) || !add_known(self, error))
        return FALSE;
    count_bars(self);
    ranges_unite(item->wanted);
    return TRUE;
}

/* ---- the plan ------------------------------------------------------------------------------- */

static void estimate(series *self)
{
    download_item *item = &self->item;
    g_array_unref(item->ranges);
    item->ranges = ranges_join(item->wanted, &self->job);
    for (guint i = 0; i < item->ranges->len; i++) {
        const download_range *range = &g_array_index(item->ranges, download_range, i);
        provider_job part = self->job;
        part.from_us = range->from_us;
        part.to_us = range->to_us;
        item->requests += part.provider->estimate(&part);
    }
    item->credits = item->requests;
}

/* A refusal of what is all there already is none. */
static gboolean plan(series *self, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    if (!recall_symbol(self, error))
        return FALSE;
    const gboolean possible = check(self, &refusal);
    if (self->job.ask == PROVIDER_BARS && !check_stored(self, error))
        return FALSE;
    if (!find_missing(self, error))
        return FALSE;
    if (!possible && self->item.wanted->len > 0) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        return FALSE;
    }
    self->item.from_us = self->job.from_us;
    self->item.to_us = self->job.to_us;
    estimate(self);
    return TRUE;
}

gboolean download_add(download *self, const download_wish *wish, GError **error)
{
    if (self->items->len >= DOWNLOAD_SERIES_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "more than %u series", DOWNLOAD_SERIES_LIMIT);
        return FALSE;
    }
    series *added = g_new0(series, 1);
    added->owner = self;
    added->item.wish = *wish;
    added->item.from_us = wish->from_us;
    added->item.to_us = wish->to_us;
    added->item.notes = g_ptr_array_new_with_free_func(g_free);
    added->item.wanted = ranges_new();
    added->item.ranges = ranges_new();
    added->actions = g_array_new(FALSE, FALSE, sizeof(found_action));
    added->vendor = vendor_of(self, wish->provider);
    fill_job(added);
    if (!plan(added, &added->item.error))
        added->item.state = DOWNLOAD_REFUSED;
    else
        added->item.state = added->item.ranges->len > 0 ? DOWNLOAD_READY : DOWNLOAD_DONE;
    g_ptr_array_add(self->items, added);
    return TRUE;
}

/* ---- what it costs -------------------------------------------------------------------------- */

static gint64 unit_us(const char *unit)
{
    static const struct {
        const char *unit;
        gint64 length_us;
    } units[] = {
        {"second", QB_SECOND_US}, {"minute", QB_MINUTE_US},  {"hour", QB_HOUR_US},
        {"day", QB_DAY_US},       {"month", 31 * QB_DAY_US},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (strcmp(units[i].unit, unit) == 0)
            return units[i].length_us;
    return 0;
}

/* Each window that a limit lacks room for has to pass. */
static gint64 waiting_us(const http_budget_use *use, guint requests, guint credits)
{
    const guint count = use->limit->count;
    const guint64 cost = use->limit->credits ? credits : requests;
    const guint64 total = use->used + cost;
    if (total <= count)
        return 0;
    return (gint64)((total - count + count - 1) / count) * unit_us(use->limit->unit);
}

static void add_duration(download_forecast *self)
{
    self->duration_us = self->requests * ROUND_TRIP_US;
    for (guint i = 0; i < self->budget->len; i++)
        self->duration_us = MAX(self->duration_us,
                                waiting_us(&g_array_index(self->budget, http_budget_use, i),
                                           self->requests, self->credits));
}

static void forecast_clear(gpointer item)
{
    g_array_unref(((download_forecast *)item)->budget);
}

static download_forecast *forecast_of(GArray *all, const provider *provider)
{
    for (guint i = 0; i < all->len; i++)
        if (g_array_index(all, download_forecast, i).provider == provider)
            return &g_array_index(all, download_forecast, i);
    g_array_append_vals(all, &(download_forecast){.provider = provider}, 1);
    return &g_array_index(all, download_forecast, all->len - 1);
}

GArray *download_forecasts(download *self, GError **error)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(download_forecast));
    for (guint i = 0; i < self->items->len; i++) {
        const series *one = g_ptr_array_index(self->items, i);
        if (one->item.state == DOWNLOAD_REFUSED || one->item.requests == 0)
            continue;
        download_forecast *forecast = forecast_of(all, one->item.wish.provider);
        forecast->series++;
        forecast->requests += one->item.requests;
        forecast->credits += one->item.credits;
    }
    for (guint i = 0; i < all->len; i++) {
        download_forecast *forecast = &g_array_index(all, download_forecast, i);
        vendor *vendor = vendor_of(self, forecast->provider);
        http *client = vendor_client(self, vendor, error);
        forecast->budget = client != NULL ? http_budget(client, vendor->service.name, error) : NULL;
        if (forecast->budget == NULL) {
            while (i-- > 0)
                forecast_clear(&g_array_index(all, download_forecast, i));
            g_array_unref(all);
            return NULL;
        }
        add_duration(forecast);
    }
    g_array_set_clear_func(all, forecast_clear);
    return all;
}
