/* The room's front: what a file says, laid over the built-in defaults. */
#include "instruments/instruments-private.h"

#include "platform/files.h"

#include <string.h>

/* One section that is an instrument or a class. */
typedef struct entry {
    char *symbol; /* or the class's name */
    guint line;
    qb_asset asset;
    facts facts;
} entry;

struct instruments {
    char *file; /* escaped; NULL: none */
    facts classes[QB_ASSET_COUNT];
    GPtrArray *entries;  /* of entry *, in the order of the file */
    GPtrArray *symbols;  /* of char *, borrowed from them */
    GHashTable *index;   /* symbol -> entry *, borrowed */
    GHashTable *aliases; /* upper case -> entry *; keys borrowed */
    GHashTable *named;   /* calendar's name in upper case -> qb_calendar *, or NULL while wrong */
    GHashTable *origins; /* the same -> char * */
    GPtrArray *calendar_items; /* of qb_calendar * */
    qb_calendars calendars;
};

static void entry_free(gpointer item)
{
    entry *self = item;
    g_free(self->symbol);
    facts_clear(&self->facts);
    g_free(self);
}

static void calendar_free(gpointer calendar)
{
    qb_calendar_free(calendar);
}

static instruments *new_instruments(void)
{
    instruments *self = g_new0(instruments, 1);
    self->entries = g_ptr_array_new_with_free_func(entry_free);
    self->symbols = g_ptr_array_new();
    self->index = g_hash_table_new(g_str_hash, g_str_equal);
    self->aliases = g_hash_table_new(g_str_hash, g_str_equal);
    self->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->origins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->calendar_items = g_ptr_array_new_with_free_func(calendar_free);
    return self;
}

void instruments_free(instruments *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < QB_ASSET_COUNT; i++)
        facts_clear(&self->classes[i]);
    g_free(self->file);
    g_hash_table_unref(self->index);
    g_hash_table_unref(self->aliases);
    g_hash_table_unref(self->named);
    g_hash_table_unref(self->origins);
    g_ptr_array_unref(self->symbols);
    g_ptr_array_unref(self->entries);
    g_ptr_array_unref(self->calendar_items);
    g_free(self);
}

/* ---- calendars ------------------------------------------------------------------------------ */

static gboolean is_calendar_name(const char *name)
{
    const gsize length = strlen(name);
    return length > 0 && length < QB_CALENDAR_NAME_SIZE &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+") ==
               length;
}

static void add_calendar(instruments *self, const ini_section *section,
                         const calendar_source *source, const ini_place *place)
{
    g_autofree char *given = g_strstrip(g_strdup(section->name + strlen(CALENDAR_SECTION)));
    g_autofree char *name = g_ascii_strup(given, -1);
    if (!is_calendar_name(given)) {
        failures_add(place->problems,
                     "%s:%u: [%s] names no calendar (expected 1 to 15 letters, digits and / . _ - "
                     "+)",
                     place->file, section->line, place->section);
        return;
    }
    if (g_hash_table_contains(self->named, name)) {
        failures_add(place->problems, "%s:%u: [%s] stands a second time", place->file,
                     section->line, place->section);
        return;
    }
    char *origin = NULL;
    qb_calendar *calendar = calendar_make(section, given, source, place, &origin);
    if (calendar != NULL)
        g_ptr_array_add(self->calendar_items, calendar);
    g_hash_table_insert(self->origins, g_strdup(name), origin);
    g_hash_table_insert(self->named, g_steal_pointer(&name), calendar);
}

/* ---- instruments ---------------------------------------------------------------------------- */

/* Codes in which currencies and metals are quoted; two of them make a pair of fx. */
static gboolean is_currency_code(const char *text)
{
    static const char *const codes[] = {
        "AUD", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF",
        "IDR", "ILS", "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB",
        "SEK", "SGD", "THB", "TRY", "TWD", "USD", "XAG", "XAU", "XPD", "XPT", "ZAR"};
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (strcmp(codes[i], text) == 0)
            return TRUE;
    return FALSE;
}

/* The class that a stored symbol shows by itself. */
static gboolean class_of_symbol(const char *symbol, qb_asset *out)
{
    const char *dash = strchr(symbol, '-');
    if (dash == NULL) {
        *out = *symbol == '^' ? QB_INDEX : QB_EQUITY;
        return TRUE;
    }
    g_autofree char *base = g_strndup(symbol, (gsize)(dash - symbol));
    const char *quote = dash + 1;
    if (strchr(quote, '-') != NULL || strlen(quote) < 3)
        return FALSE;
    *out = is_currency_code(base) && is_currency_code(quote) ? QB_FX : QB_CRYPTO;
    return TRUE;
}

static const ini_pair *find_pair(const ini_section *section, const char *key)
{
    for (guint i = 0; i < section->pairs->len; i++) {
        const ini_pair *pair = &g_array_index(section->pairs, ini_pair, i);
        if (strcmp(pair->key, key) == 0)
            return pair;
    }
    return NULL;
}

static gboolean read_class(const ini_section *section, const ini_place *place, qb_asset *out)
{
    const ini_pair *pair = find_pair(section, "asset");
    if (pair != NULL) /* a text that is none is told with the other keys */
        return qb_asset_from_text(pair->value, out) == QB_OK;
    if (class_of_symbol(section->name, out))
        return TRUE;
    failures_add(place->problems,
                 "%s:%u: [%s] does not tell its class (expected asset = equity, index, crypto or "
                 "fx)",
                 place->file, section->line, place->section);
    return FALSE;
}

static gboolean check_symbol(const ini_section *section, qb_asset asset, const ini_place *place)
{
    char symbol[QB_SYMBOL_SIZE];
    if (qb_symbol_normalise(section->name, asset, symbol) != QB_OK)
        failures_add(place->problems,
                     "%s:%u: [%s] is no symbol of asset %s (expected a symbol, equity, index, "
                     "crypto, fx or calendar NAME)",
                     place->file, section->line, place->section, qb_asset_text(asset));
    else if (strcmp(symbol, section->name) != 0)
        failures_add(place->problems, "%s:%u: [%s] is not how it is stored (expected [%s])",
                     place->file, section->line, place->section, symbol);
    else
        return TRUE;
    return FALSE;
}

/* A pair is priced in its quote. */
static void check_currency(const entry *entry, const ini_section *section, const ini_place *place)
{
    qb_instrument standard;
    if (!entry->facts.set[FACT_CURRENCY] || (entry->asset != QB_CRYPTO && entry->asset != QB_FX) ||
        qb_instrument_default(entry->symbol, entry->asset, QB_1D, &standard) != QB_OK ||
        strcmp(standard.currency, entry->facts.values.currency) == 0)
        return;
    g_autofree char *expected = g_strdup_printf("%s, in which it is quoted", standard.currency);
    ini_complain(place, find_pair(section, "currency"), expected);
}

static void read_facts(const instruments *self, const ini_section *section, gboolean class_only,
                       const ini_place *place, facts *out)
{
    for (guint i = 0; i < section->pairs->len; i++)
        facts_read(out, &g_array_index(section->pairs, ini_pair, i), class_only, self->named,
                   place);
}

static void add_class(instruments *self, const ini_section *section, qb_asset asset,
                      const ini_place *place)
{
    facts *facts = &self->classes[asset];
    read_facts(self, section, TRUE, place, facts);
    if (facts->set[FACT_CURRENCY] && (asset == QB_CRYPTO || asset == QB_FX))
        ini_complain(place, find_pair(section, "currency"),
                     "no currency here: each pair has its quote's");
}

static void add_instrument(instruments *self, const ini_section *section, const ini_place *place)
{
    entry *added = g_new0(entry, 1);
    added->symbol = g_strdup(section->name);
    added->line = section->line;
    g_ptr_array_add(self->entries, added);
    read_facts(self, section, FALSE, place, &added->facts);
    if (!read_class(section, place, &added->asset) || !check_symbol(section, added->asset, place))
        return;
    check_currency(added, section, place);
    g_ptr_array_add(self->symbols, added->symbol);
    g_hash_table_insert(self->index, added->symbol, added);
}

static void add_section(instruments *self, const ini_section *section, failures *problems)
{
    g_autofree char *shown = failure_path(section->name);
    const ini_place place = {self->file, shown, problems};
    for (int i = 0; i < QB_ASSET_COUNT; i++)
        if (strcmp(section->name, qb_asset_text((qb_asset)i)) == 0) {
            add_class(self, section, (qb_asset)i, &place);
            return;
        }
    add_instrument(self, section, &place);
}

/* After all sections, since an alias may not be another instrument's symbol. */
static void add_aliases(instruments *self, failures *problems)
{
    for (guint i = 0; i < self->entries->len; i++) {
        entry *entry = g_ptr_array_index(self->entries, i);
        if (g_hash_table_lookup(self->index, entry->symbol) != entry)
            continue; /* its name is a problem already */
        for (char **alias = entry->facts.aliases; alias != NULL && *alias != NULL; alias++) {
            const struct entry *other = g_hash_table_lookup(self->index, *alias);
            if (other == NULL)
                other = g_hash_table_lookup(self->aliases, *alias);
            if (other == NULL)
                g_hash_table_insert(self->aliases, *alias, entry);
            else if (other != entry)
                failures_add(problems, "%s:%u: [%s] aliases: %s means [%s] already (line %u)",
                             self->file, entry->line, entry->symbol, *alias, other->symbol,
                             other->line);
        }
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean is_calendar_section(const ini_section *section)
{
    return g_str_has_prefix(section->name, CALENDAR_SECTION);
}

static void read_sections(instruments *self, const GPtrArray *sections,
                          const calendar_source *source, failures *problems)
{
    for (guint i = 0; i < sections->len; i++) {
        const ini_section *section = g_ptr_array_index(sections, i);
        g_autofree char *shown = failure_path(section->name);
        const ini_place place = {self->file, shown, problems};
        if (is_calendar_section(section))
            add_calendar(self, section, source, &place);
    }
    for (guint i = 0; i < sections->len; i++)
        if (!is_calendar_section(g_ptr_array_index(sections, i)))
            add_section(self, g_ptr_array_index(sections, i), problems);
    add_aliases(self, problems);
}

instruments *instruments_parse(const char *file_name, const char *text, gsize length,
                               instruments_reader read, gpointer data, GError **error)
{
    g_autoptr(instruments) self = new_instruments();
    g_autofree char *folder = g_path_get_dirname(file_name);
    g_autoptr(GError) unread = NULL;
    failures problems, csv;
    failures_init(&problems);
    failures_init(&csv);
    self->file = failure_path(file_name);
    const calendar_source source = {read, data, folder, &csv, &unread};
    g_autoptr(GPtrArray) sections = ini_read(self->file, text, length, &problems);
    if (sections != NULL)
        read_sections(self, sections, &source, &problems);
    self->calendars.items = (const qb_calendar *const *)self->calendar_items->pdata;
    self->calendars.count = self->calendar_items->len;
    const gboolean sound = failures_finish(&problems, FAILURE_CONFIG, error);
    /* Which file is told first does not matter, as long as one of the two is. */
    const gboolean complete = failures_finish(&csv, FAILURE_BAD_DATA, sound ? error : NULL);
    if (sound && complete && unread != NULL)
        g_propagate_error(error, g_steal_pointer(&unread));
    else if (sound && complete)
        return g_steal_pointer(&self);
    return NULL;
}

static GBytes *read_file(gpointer data, const char *path, GError **error)
{
    return files_read(path, INSTRUMENTS_CSV_LIMIT, error);
}

instruments *instruments_load(const char *path, gboolean must_exist, GError **error)
{
    if (!must_exist && !files_exists(path))
        return new_instruments();
    g_autoptr(GBytes) bytes = files_read(path, INSTRUMENTS_FILE_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return instruments_parse(path, size > 0 ? text : "", size, read_file, NULL, error);
}

/* ---- asking --------------------------------------------------------------------------------- */

const char *instruments_file(const instruments *self)
{
    return self->file;
}

const qb_calendars *instruments_calendars(const instruments *self)
{
    return &self->calendars;
}

const char *instruments_calendar_origin(const instruments *self, const char *name)
{
    g_autofree char *upper = g_ascii_strup(name, -1);
    const char *origin = g_hash_table_lookup(self->origins, upper);
    if (origin != NULL)
        return origin;
    return qb_calendar_find(name) != NULL ? "built-in" : NULL;
}

/* BRK-B and BRK/B: a ticker of letters, and the one letter of its class. */
static gboolean is_share_class(const char *text)
{
    const gsize letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return letters >= 1 && letters <= 5 && (text[letters] == '-' || text[letters] == '/') &&
           g_ascii_isupper(text[letters + 1]) && text[letters + 2] == '\0';
}

static gboolean find_alias(const instruments *self, const char *text, int asset,
                           char out_symbol[QB_SYMBOL_SIZE], int *out_asset)
{
    const entry *entry = g_hash_table_lookup(self->aliases, text);
    if (entry == NULL || (asset >= 0 && entry->asset != (qb_asset)asset))
        return FALSE;
    g_strlcpy(out_symbol, entry->symbol, QB_SYMBOL_SIZE);
    *out_asset = (int)entry->asset;
    return TRUE;
}

static gboolean is_any_symbol(const char *text)
{
    char symbol[QB_SYMBOL_SIZE];
    for (int i = 0; i < QB_ASSET_COUNT; i++)
        if (qb_symbol_normalise(text, (qb_asset)i, symbol) == QB_OK)
            return TRUE;
    return FALSE;
}

gboolean instruments_symbol(const instruments *self, const char *text, int asset,
                            char out_symbol[QB_SYMBOL_SIZE], int *out_asset)
{
    char upper[QB_SYMBOL_SIZE], symbol[QB_SYMBOL_SIZE];
    if (strlen(text) >= QB_SYMBOL_SIZE)
        return FALSE;
    for (gsize i = 0; i <= strlen(text); i++)
        upper[i] = g_ascii_toupper(text[i]);
    if (find_alias(self, upper, asset, out_symbol, out_asset))
        return TRUE;
    if (asset == QB_EQUITY && is_share_class(upper))
        *strpbrk(upper, "-/") = '.';
    if (asset < 0 ? !is_any_symbol(upper)
                  : qb_symbol_normalise(upper, (qb_asset)asset, symbol) != QB_OK)
        return FALSE;
    if (asset >= 0 && find_alias(self, symbol, asset, out_symbol, out_asset))
        return TRUE;
    g_strlcpy(out_symbol, asset < 0 ? upper : symbol, QB_SYMBOL_SIZE);
    *out_asset = asset;
    return TRUE;
}

gboolean instruments_get(const instruments *self, const char *symbol, qb_asset asset,
                         qb_interval interval, qb_instrument *out, GError **error)
{
    const entry *entry = g_hash_table_lookup(self->index, symbol);
    qb_instrument instrument;
    if (qb_instrument_default(symbol, asset, interval, &instrument) != QB_OK) {
        g_autofree char *quoted = failure_quote(symbol, -1);
        g_set_error(error, FAILURE, FAILURE_CONFIG,
                    "%s is no symbol of asset %s that can be traded", quoted, qb_asset_text(asset));
        return FALSE;
    }
    if (entry != NULL && entry->asset != asset) {
        g_set_error(error, FAILURE, FAILURE_CONFIG,
                    "%s:%u: [%s] is of asset %s (expected asset = %s, as which it is stored)",
                    self->file, entry->line, entry->symbol, qb_asset_text(entry->asset),
                    qb_asset_text(asset));
        return FALSE;
    }
    if (asset == QB_EQUITY)
        instrument.since = instruments_reused_since(instrument.symbol);
    facts_apply(&self->classes[asset], &instrument);
    if (entry != NULL)
        facts_apply(&entry->facts, &instrument);
    instrument.calendar = qb_calendars_find(&self->calendars,
                                            qb_calendar_name(instrument.calendar));
    *out = instrument;
    return TRUE;
}

const char *instruments_source(const instruments *self, const char *symbol, qb_asset asset,
                               const char *key)
{
    const entry *entry = g_hash_table_lookup(self->index, symbol);
    const fact fact = fact_from_key(key);
    if (fact == FACT_COUNT || asset >= QB_ASSET_COUNT)
        return "built-in";
    if (entry != NULL && entry->asset == asset && entry->facts.set[fact])
        return entry->symbol;
    return self->classes[asset].set[fact] ? qb_asset_text(asset) : "built-in";
}

const qb_fee_preset *instruments_fees(const instruments *self, const char *symbol, qb_asset asset)
{
    const entry *entry = g_hash_table_lookup(self->index, symbol);
    if (entry != NULL && entry->asset == asset && entry->facts.set[FACT_FEE_PRESET])
        return entry->facts.fees;
    return self->classes[asset].fees;
}

const GPtrArray *instruments_symbols(const instruments *self)
{
    return self->symbols;
}

qb_asset instruments_asset(const instruments *self, const char *symbol)
{
    const entry *entry = g_hash_table_lookup(self->index, symbol);
    return entry != NULL ? entry->asset : QB_EQUITY;
}

const char *instruments_aliases(const instruments *self, const char *symbol)
{
    const entry *entry = g_hash_table_lookup(self->index, symbol);
    return entry != NULL ? entry->facts.aliases_text : NULL;
}
