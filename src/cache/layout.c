/* Where things are. A symbol's folder bears its plain name (SPY, BRK.B, BTC-USD, ^GSPC). Stored
 * symbols have upper case only, so names stay different where a file system ignores case; a final
 * dot, which some drop, is written %2E, and % stands in no symbol. */
#include "cache/ledger-private.h"

#include "platform/files.h"

#include <glib/gstdio.h>
#include <string.h>

#define MANIFEST_NAME "manifest.json"

/* ---- months --------------------------------------------------------------------------------- */

month_id month_of(gint64 ts_us)
{
    qb_civil civil = qb_civil_from_date(qb_date_from_us(ts_us));
    return (month_id){civil.year, civil.month};
}

gint64 month_start_us(month_id id)
{
    return qb_date_from_civil((qb_civil){id.year, id.month, 1}) * QB_DAY_US;
}

gint64 month_end_us(month_id id)
{
    return month_start_us(id.month == 12 ? (month_id){id.year + 1, 1}
                                         : (month_id){id.year, id.month + 1});
}

int month_compare(month_id a, month_id b)
{
    return a.year != b.year ? a.year - b.year : a.month - b.month;
}

char *month_name(month_id id)
{
    return g_strdup_printf("%04d/%04d-%02d.parquet", id.year, id.year, id.month);
}

/* count digits at text, or -1. */
static int digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!g_ascii_isdigit(text[i]))
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

gboolean month_from_name(const char *name, month_id *out)
{
    const gsize length = strlen("2020/2020-03.parquet");
    if (strlen(name) != length || name[4] != '/' || name[9] != '-' ||
        strcmp(name + 12, ".parquet") != 0)
        return FALSE;
    const int folder = digits(name, 4), year = digits(name + 5, 4), month = digits(name + 10, 2);
    if (year < 1000 || year != folder || month < 1 || month > 12)
        return FALSE;
    *out = (month_id){year, month};
    return TRUE;
}

/* ---- folders -------------------------------------------------------------------------------- */

static gboolean symbol_is_stored_form(const char *symbol, qb_asset asset)
{
    char normal[QB_SYMBOL_SIZE];
    return memchr(symbol, '\0', QB_SYMBOL_SIZE) != NULL &&
           qb_symbol_normalise(symbol, asset, normal) == QB_OK && strcmp(symbol, normal) == 0;
}

static char *symbol_folder(const char *symbol)
{
    const gsize length = strlen(symbol);
    if (length > 0 && symbol[length - 1] == '.')
        return g_strdup_printf("%.*s%%2E", (int)length - 1, symbol);
    return g_strdup(symbol);
}

/* The symbol of a folder name; FALSE for a name that we would not give. */
static gboolean symbol_of_folder(const char *name, qb_asset asset, char out[QB_SYMBOL_SIZE])
{
    g_autofree char *symbol = g_strdup(name);
    if (g_str_has_suffix(symbol, "%2E")) {
        symbol[strlen(symbol) - 2] = '\0';
        symbol[strlen(symbol) - 1] = '.';
    }
    if (strlen(symbol) >= QB_SYMBOL_SIZE)
        return FALSE;
    char padded[QB_SYMBOL_SIZE] = "";
    g_strlcpy(padded, symbol, sizeof padded);
    g_autofree char *folder = symbol_folder(padded);
    if (!symbol_is_stored_form(padded, asset) || strcmp(folder, name) != 0)
        return FALSE;
    g_strlcpy(out, padded, QB_SYMBOL_SIZE);
    return TRUE;
}

/* Bars and values have some intervals in common and some of their own: from first to before end. */
static void intervals_of(qb_asset asset, int *out_first, int *out_end)
{
    *out_first = asset == QB_MACRO ? QB_1D : 0;
    *out_end = asset == QB_MACRO ? QB_MACRO_INTERVAL_COUNT : QB_INTERVAL_COUNT;
}

static gboolean has_interval(const cache_key *key)
{
    int first, end;
    intervals_of(key->asset, &first, &end);
    return (int)key->interval >= first && (int)key->interval < end;
}

char *layout_folder(const cache *self, const cache_key *key, GError **error)
{
    if ((unsigned)key->asset >= QB_ANY_ASSET_COUNT || !has_interval(key)) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "interval: there is none such (expected 1m 5m 15m 30m 1h 4h 1d 1w of bars, "
                    "1d 1w 1mo 1q 1y of macro series)");
        return NULL;
    }
    if (!symbol_is_stored_form(key->symbol, key->asset)) {
        g_autofree char *quoted = failure_quote(key->symbol,
                                                (gssize)strnlen(key->symbol, QB_SYMBOL_SIZE));
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "symbol: %s is not in stored form (expected letters A-Z, digits and .^_-)",
                    quoted);
        return NULL;
    }
    g_autofree char *symbol = symbol_folder(key->symbol);
    return g_build_filename(self->root, qb_asset_text(key->asset), symbol,
                            qb_interval_text(key->interval), NULL);
}

const char *layout_relative(const cache *self, const char *path)
{
    const gsize length = strlen(self->root);
    return strncmp(path, self->root, length) == 0 && path[length] == '/' ? path + length + 1 : path;
}

static gboolean is_link(const char *path)
{
    GStatBuf info;
    return g_lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

static gboolean is_folder(const char *path)
{
    GStatBuf info;
    return g_lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static gboolean fail_link(const char *path, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s: is a symbolic link (links inside the cache are not followed)", path);
    return FALSE;
}

gboolean layout_check_links(const cache *self, const char *path, GError **error)
{
    g_autofree char *part = g_strdup(path);
    const gsize root = strlen(self->root);
    while (strlen(part) > root) {
        if (is_link(part))
            return fail_link(part, error);
        char *slash = strrchr(part, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
    }
    return TRUE;
}

/* The sorted names in a folder and what they are; an absent folder has none. */
static GArray *list_entries(const char *folder, GError **error)
{
    g_autoptr(GError) reason = NULL;
    GArray *entries = files_entries(folder, &reason);
    if (entries != NULL)
        return entries;
    if (g_error_matches(reason, FAILURE, FAILURE_MISSING))
        return g_array_new(FALSE, FALSE, sizeof(files_entry));
    g_propagate_error(error, g_steal_pointer(&reason));
    return NULL;
}

static gboolean fail_link_in(const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return fail_link(path, error);
}

GArray *layout_intervals(const cache *self, qb_asset asset, const char *symbol, GError **error)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, TRUE, sizeof(cache_key));
    int first, end;
    intervals_of(asset, &first, &end);
    for (int interval = first; interval < end; interval++) {
        cache_key key = {.asset = asset, .interval = (qb_interval)interval};
        g_strlcpy(key.symbol, symbol, sizeof key.symbol);
        g_autofree char *folder = layout_folder(self, &key, error);
        if (folder == NULL)
            return NULL;
        if (is_link(folder)) {
            fail_link(folder, error);
            return NULL;
        }
        if (is_folder(folder))
            g_array_append_val(keys, key);
    }
    return g_steal_pointer(&keys);
}

static int compare_symbols(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean add_asset(const cache *self, qb_asset asset, GArray *keys, GError **error)
{
    g_autofree char *folder = g_build_filename(self->root, qb_asset_text(asset), NULL);
    g_autoptr(GArray) entries = list_entries(folder, error);
    if (entries == NULL)
        return FALSE;
    g_autoptr(GPtrArray) symbols = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < entries->len; i++) {
        const files_entry *entry = &g_array_index(entries, files_entry, i);
        char symbol[QB_SYMBOL_SIZE];
        if (symbol_of_folder(entry->name, asset, symbol) &&
            (entry->kind == FILES_FOLDER || entry->kind == FILES_LINK))
            g_ptr_array_add(symbols, g_strdup(symbol));
    }
    g_ptr_array_sort(symbols, compare_symbols);
    for (guint i = 0; i < symbols->len; i++) {
        g_autoptr(GArray)
            found = layout_intervals(self, asset, g_ptr_array_index(symbols, i), error);
        if (found == NULL)
            return FALSE;
        g_array_append_vals(keys, found->data, found->len);
    }
    return TRUE;
}

GArray *layout_keys(const cache *self, GError **error)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, TRUE, sizeof(cache_key));
    for (int asset = 0; asset < QB_ANY_ASSET_COUNT; asset++)
        if (!add_asset(self, (qb_asset)asset, keys, error))
            return NULL;
    return g_steal_pointer(&keys);
}

static void add_stranger(GPtrArray *strangers, const char *name)
{
    if (strangers != NULL)
        g_ptr_array_add(strangers, g_strdup(name));
}

static gboolean add_year(const char *folder, const char *year, GArray *months, GPtrArray *strangers,
                         GError **error)
{
    g_autofree char *path = g_build_filename(folder, year, NULL);
    g_autoptr(GArray) entries = list_entries(path, error);
    if (entries == NULL)
        return FALSE;
    for (guint i = 0; i < entries->len; i++) {
        const files_entry *entry = &g_array_index(entries, files_entry, i);
        month_id id;
        char name[64];
        const int length = g_snprintf(name, sizeof name, "%s/%s", year, entry->name);
        if (length >= (int)sizeof name || !month_from_name(name, &id)) {
            g_autofree char *whole = g_strdup_printf("%s/%s", year, entry->name);
            add_stranger(strangers, whole);
            continue;
        }
        if (entry->kind == FILES_LINK)
            return fail_link_in(path, entry->name, error);
        g_array_append_val(months, id);
    }
    return TRUE;
}

GArray *layout_months(const char *folder, GPtrArray *strangers, GError **error)
{
    g_autoptr(GArray) months = g_array_new(FALSE, FALSE, sizeof(month_id));
    g_autoptr(GArray) entries = list_entries(folder, error);
    if (entries == NULL)
        return NULL;
    for (guint i = 0; i < entries->len; i++) {
        const files_entry *entry = &g_array_index(entries, files_entry, i);
        const gboolean year = strlen(entry->name) == 4 && digits(entry->name, 4) >= 1000;
        if (year && entry->kind == FILES_LINK) {
            fail_link_in(folder, entry->name, error);
            return NULL;
        }
        if (year && entry->kind == FILES_FOLDER) {
            if (!add_year(folder, entry->name, months, strangers, error))
                return NULL;
        } else if (strcmp(entry->name, MANIFEST_NAME) != 0 &&
                   strcmp(entry->name, GAP_WORDS_NAME) != 0) {
            add_stranger(strangers, entry->name);
        }
    }
    return g_steal_pointer(&months);
}
