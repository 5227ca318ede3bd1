/* Plans and accounts for programs. */
#include "commands/fetch-private.h"
#include "platform/log.h"

static void set_count(json_t *object, const char *name, gsize count)
{
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

static json_t *range_json(const download_range *range)
{
    json_t *object = json_object();
    json_object_set_new(object, "from", data_time_json(range->from_us));
    json_object_set_new(object, "to", data_time_json(range->to_us));
    return object;
}

static json_t *plan_json(const download_item *item)
{
    json_t *object = json_object(), *ranges = json_array();
    for (guint i = 0; i < item->ranges->len; i++)
        json_array_append_new(ranges, range_json(&g_array_index(item->ranges, download_range, i)));
    set_count(object, "expected", item->expected);
    set_count(object, "stored", item->stored);
    set_count(object, "known_empty", item->known);
    set_count(object, "missing", item->missing);
    set_count(object, "requests", item->requests);
    set_count(object, "credits", item->credits);
    json_object_set_new(object, "ranges", ranges);
    return object;
}

static json_t *refused_json(const download_item *item)
{
    json_t *object = json_object();
    for (int i = 0; i < PROVIDER_REFUSAL_COUNT; i++)
        if (item->refused[i] > 0)
            set_count(object, provider_refusal_text((provider_refusal)i), item->refused[i]);
    return object;
}

static json_t *defects_json(const download_item *item)
{
    json_t *object = json_object();
    for (int i = 0; i < QB_DEFECT_KIND_COUNT; i++)
        if (item->defects[i] > 0)
            set_count(object, qb_defect_text((qb_defect_kind)i), item->defects[i]);
    return object;
}

static json_t *account_json(const download_item *item)
{
    json_t *object = json_object();
    set_count(object, "answers", item->answers);
    set_count(object, "rows", item->rows);
    json_object_set_new(object, "refused", refused_json(item));
    json_object_set_new(object, "defects", defects_json(item));
    set_count(object, "added", item->change.added);
    set_count(object, "changed", item->change.changed);
    set_count(object, "unchanged", item->change.unchanged);
    set_count(object, "left_as_stored", item->left_stored);
    set_count(object, "confirmed_empty", item->empty);
    set_count(object, "files_written", item->change.files_written);
    return object;
}

static json_t *stored_json(const fetch *self, const cache_key *key)
{
    cache_entry entry;
    gsize missing[CACHE_GAP_STATES] = {0};
    if (!cache_stat(self->market->cache, key, &entry, NULL))
        return json_null();
    json_t *object = json_object();
    set_count(object, "rows", entry.rows);
    json_object_set_new(object, "first", data_time_json(entry.first_us));
    json_object_set_new(object, "last", data_time_json(entry.last_us));
    if (key->asset == QB_MACRO)
        return object;
    set_count(object, "expected", entry.expected);
    set_count(object, "present", entry.present);
    json_object_set_new(object, "coverage", data_coverage_json(entry.present, entry.expected));
    if (!cache_gap_counts(self->market->cache, &entry, missing, NULL))
        return object;
    json_t *gaps = json_object();
    for (int state = 0; state < CACHE_GAP_STATES; state++)
        set_count(gaps, cache_gap_state_text((cache_gap_state)state), missing[state]);
    json_object_set_new(object, "missing", gaps);
    return object;
}

static json_t *error_json(const download_item *item)
{
    if (item->error == NULL)
        return json_null();
    g_autofree char *text = log_redact(item->error->message);
    const char *class = item->class != HTTP_FINE ? http_class_text(item->class) : NULL;
    return json_pack("{s:s?, s:i, s:s}", "class", class, "exit_code", item->error->code, "message",
                     text);
}

static json_t *item_json(const fetch *self, const download_item *item, gboolean account)
{
    json_t *object = data_key_json(&item->wish.key);
    json_object_set_new(object, "provider", json_string(item->wish.provider->name));
    json_object_set_new(object, "provider_symbol", json_string(item->wish.vendor_symbol));
    json_object_set_new(object, "from", data_time_json(item->from_us));
    json_object_set_new(object, "to", data_time_json(item->to_us));
    json_object_set_new(object, "state", json_string(download_state_text(item->state)));
    json_object_set_new(object, "error", error_json(item));
    json_object_set_new(object, "notes", data_lines_json(item->notes));
    json_object_set_new(object, "plan", plan_json(item));
    if (!account)
        return object;
    json_object_set_new(object, "account", account_json(item));
    json_object_set_new(object, "cache", stored_json(self, &item->wish.key));
    return object;
}

static json_t *use_json(const http_budget_use *use)
{
    return json_pack("{s:s, s:b, s:i, s:i}", "unit", use->limit->unit, "credits",
                     use->limit->credits, "count", (int)use->limit->count, "used", (int)use->used);
}

static json_t *forecast_json(const download_forecast *forecast)
{
    json_t *object = json_object(), *limits = json_array();
    for (guint i = 0; i < forecast->budget->len; i++)
        json_array_append_new(limits,
                              use_json(&g_array_index(forecast->budget, http_budget_use, i)));
    json_object_set_new(object, "provider", json_string(forecast->provider->name));
    json_object_set_new(object, "free_tier", json_string(forecast->provider->free_tier));
    set_count(object, "series", forecast->series);
    set_count(object, "requests", forecast->requests);
    set_count(object, "credits", forecast->credits);
    json_object_set_new(object, "seconds_at_most",
                        json_integer(forecast->duration_us / QB_SECOND_US + 1));
    json_object_set_new(object, "limits", limits);
    return object;
}

gboolean fetch_print_json(fetch *self, gboolean account, GError **error)
{
    const GPtrArray *items = download_items(self->download);
    json_auto_t *root = json_object();
    json_t *series = json_array(), *providers = json_array();
    g_autoptr(GArray) forecasts = download_forecasts(self->download, error);
    json_object_set_new(root, "series", series);
    json_object_set_new(root, "providers", providers);
    if (forecasts == NULL)
        return FALSE;
    for (guint i = 0; i < items->len; i++)
        json_array_append_new(series, item_json(self, g_ptr_array_index(items, i), account));
    for (guint i = 0; i < forecasts->len; i++)
        json_array_append_new(providers,
                              forecast_json(&g_array_index(forecasts, download_forecast, i)));
    data_print_json(root);
    return TRUE;
}
