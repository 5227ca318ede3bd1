/* The table of vendors, and what all of them are asked and answer with. */
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

/* In the order in which a provider is preferred where several have a key. */
const provider *const providers_table[] = {
    &provider_polygon,       &provider_tiingo, &provider_alphavantage, &provider_coingecko,
    &provider_cryptocompare, &provider_fred,   &provider_quandl,       NULL,
};

const provider *providers_find(const char *name)
{
    for (const provider *const *at = providers_table; *at != NULL; at++)
        if (g_ascii_strcasecmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}

/* ---- words ---------------------------------------------------------------------------------- */

static const char *const ask_texts[PROVIDER_ASK_COUNT] = {
    [PROVIDER_BARS] = "bars",     [PROVIDER_VALUES] = "values", [PROVIDER_LATEST] = "latest",
    [PROVIDER_SEARCH] = "search", [PROVIDER_KEY] = "key",
};

const char *provider_ask_text(provider_ask ask)
{
    return ask_texts[ask];
}

const char *provider_refusal_text(provider_refusal refusal)
{
    static const char *const texts[PROVIDER_REFUSAL_COUNT] = {
        [PROVIDER_UNFINISHED] = "unfinished",
        [PROVIDER_FUTURE] = "in the future",
        [PROVIDER_OUTSIDE] = "outside the range",
        [PROVIDER_OFF_SESSION] = "outside the session",
        [PROVIDER_DUPLICATE] = "duplicate",
        [PROVIDER_NOT_FINITE] = "without a price",
        [PROVIDER_IMPOSSIBLE] = "impossible",
        [PROVIDER_OFF_GRID] = "off the grid",
        [PROVIDER_OTHER_SYMBOL] = "of another symbol",
        [PROVIDER_EMPTY_ROW] = "empty",
    };
    return texts[refusal];
}

/* ---- requests ------------------------------------------------------------------------------- */

void provider_request_path(provider_request *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_free(self->path);
    self->path = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

static void add_query(provider_request *self, const char *name, char *value, gboolean secret)
{
    g_assert(self->query_count < PROVIDER_FIELDS);
    self->query[self->query_count++] = (http_field){g_strdup(name), value, secret};
}

void provider_request_query(provider_request *self, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_query(self, name, g_strdup_vprintf(format, arguments), FALSE);
    va_end(arguments);
}

void provider_request_key_query(provider_request *self, const char *name, const char *key)
{
    add_query(self, name, g_strdup(key), TRUE);
}

void provider_request_key_header(provider_request *self, const char *name, const char *format, ...)
{
    va_list arguments;
    g_assert(self->header_count + 1 < G_N_ELEMENTS(self->headers));
    va_start(arguments, format);
    self->headers[self->header_count++] = (http_field){g_strdup(name),
                                                       g_strdup_vprintf(format, arguments), TRUE};
    va_end(arguments);
}

static void clear_fields(http_field *fields, guint count)
{
    for (guint i = 0; i < count; i++) {
        char *value = (char *)fields[i].value;
        if (fields[i].secret)
            explicit_bzero(value, strlen(value));
        g_free((char *)fields[i].name);
        g_free(value);
    }
}

void provider_request_clear(provider_request *self)
{
    clear_fields(self->query, self->query_count);
    clear_fields(self->headers, self->header_count);
    g_free(self->path);
    *self = (provider_request){0};
}

/* ---- pages ---------------------------------------------------------------------------------- */

void provider_page_init(provider_page *self)
{
    *self = (provider_page){
        .actions = g_array_new(FALSE, FALSE, sizeof(provider_action)),
        .values = g_array_new(FALSE, FALSE, sizeof(provider_value)),
        .matches = g_array_new(FALSE, FALSE, sizeof(provider_match)),
        .price = NAN,
        .notes = g_ptr_array_new_with_free_func(g_free),
    };
}

void provider_page_clear(provider_page *self)
{
    qb_series_clear(&self->bars);
    g_clear_pointer(&self->actions, g_array_unref);
    g_clear_pointer(&self->values, g_array_unref);
    g_clear_pointer(&self->matches, g_array_unref);
    g_clear_pointer(&self->notes, g_ptr_array_unref);
}

void provider_note(provider_page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(page->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

gboolean provider_expect(gboolean found, const char *title, const char *member, GError **error)
{
    if (!found)
        g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s: an answer without \"%s\"", title,
                    member);
    return found;
}

/* ---- what every vendor checks first --------------------------------------------------------- */

/* "1m 5m 1d": the intervals of a set. Caller frees. */
static char *interval_list(unsigned intervals)
{
    GString *list = g_string_new(NULL);
    for (int i = 0; i < QB_MACRO_INTERVAL_COUNT; i++)
        if ((intervals & (1u << i)) != 0)
            g_string_append_printf(list, "%s%s", list->len > 0 ? " " : "",
                                   qb_interval_text((qb_interval)i));
    return g_string_free(list, FALSE);
}

static gboolean fail(const provider *about, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static gboolean fail(const provider *about, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s %s", about->title, text);
    return FALSE;
}

gboolean provider_check_basics(const provider_job *job, GError **error)
{
    const provider *about = job->provider;
    if (about->key_needed && job->key == NULL) {
        g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: %s is not set (keys are had at %s)",
                    about->title, about->key_setting, about->register_at);
        return FALSE;
    }
    if ((about->asks & (1u << job->ask)) == 0)
        return fail(about, error, "has no %s", provider_ask_text(job->ask));
    if (job->ask == PROVIDER_KEY)
        return TRUE;
    if ((about->assets & (1u << job->asset)) == 0)
        return fail(about, error, "has no %s", qb_asset_text(job->asset));
    if ((job->ask == PROVIDER_BARS || job->ask == PROVIDER_VALUES) &&
        (about->intervals & (1u << job->interval)) == 0) {
        g_autofree char *list = interval_list(about->intervals);
        return fail(about, error, "has no interval %s (it has %s)", qb_interval_text(job->interval),
                    list);
    }
    return TRUE;
}
