#include "commands/difference-private.h"

#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

/* The columns of the view "fills". */
enum { FILL_TS = 3, FILL_SYMBOL = 4, FILL_QUANTITY = 8, FILL_PRICE = 9, FILL_FEE = 10 };

static gboolean add_fill(const runlog_cell *cells, gpointer data, GError **error)
{
    difference_fill fill = {.ts_us = cells[FILL_TS].integer,
                            .qty_e8 = cells[FILL_QUANTITY].integer,
                            .price_e8 = cells[FILL_PRICE].integer,
                            .fee_e8 = cells[FILL_FEE].integer};
    g_strlcpy(fill.symbol, cells[FILL_SYMBOL].text != NULL ? cells[FILL_SYMBOL].text : "",
              sizeof fill.symbol);
    g_array_append_val((GArray *)data, fill);
    return TRUE;
}

static gboolean read_side(runlog *log, const char *id, difference_side *out, GError **error)
{
    out->run = runlog_find(log, id, error);
    if (out->run == NULL)
        return FALSE;
    out->trades = runlog_trades(log, out->run->id, 0, error);
    out->points = out->trades != NULL ? runlog_equity(log, out->run->id, error) : NULL;
    if (out->points == NULL)
        return FALSE;
    out->fills = g_array_new(FALSE, FALSE, sizeof(difference_fill));
    out->stored = log_json_object(out->run->kpis);
    log_kpis_read(out->stored, &out->kpis);
    return runlog_view_read(log, runlog_view_find("fills"), out->run->id, add_fill, out->fills,
                            error);
}

static void clear_side(difference_side *self)
{
    g_clear_pointer(&self->run, runlog_summary_free);
    g_clear_pointer(&self->trades, g_array_unref);
    g_clear_pointer(&self->fills, g_array_unref);
    g_clear_pointer(&self->points, g_array_unref);
    g_clear_pointer(&self->stored, json_decref);
}

/* ---- parameters ----------------------------------------------------------------------------- */

static char *value_text(const json_t *value)
{
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    char *encoded = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) | JSON_COMPACT);
    char *text = g_strdup(encoded);
    free(encoded);
    return text;
}

static char *joined(const char *path, const char *name)
{
    return *path != '\0' ? g_strdup_printf("%s.%s", path, name) : g_strdup(name);
}

/* Every value under its path: {"config":{"cash":"1"}} is config.cash. */
static void flatten(const json_t *json, const char *path, GHashTable *out)
{
    const char *key;
    json_t *value;
    if (json_is_object(json)) {
        json_object_foreach((json_t *)json, key, value)
        {
            g_autofree char *below = joined(path, key);
            flatten(value, below, out);
        }
        return;
    }
    for (size_t i = 0; json_is_array(json) && i < json_array_size(json); i++) {
        g_autofree char *number = g_strdup_printf("%zu", i + 1);
        g_autofree char *below = joined(path, number);
        flatten(json_array_get(json, i), below, out);
    }
    if (!json_is_array(json) && !json_is_null(json))
        g_hash_table_insert(out, g_strdup(path), value_text(json));
}

static GHashTable *flat_params(const runlog_summary *run)
{
    GHashTable *flat = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    json_auto_t *params = log_json_object(run->params);
    if (params != NULL)
        flatten(params, "", flat);
    else if (run->params != NULL)
        g_hash_table_insert(flat, g_strdup("params"), g_strdup(run->params));
    return flat;
}

static void free_param(gpointer data)
{
    difference_param *self = data;
    g_free(self->name);
    g_free(self->values[0]);
    g_free(self->values[1]);
    g_free(self);
}

static gint compare_params(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const difference_param *const *)a)->name,
                  (*(const difference_param *const *)b)->name);
}

/* Of the data only how many files: hashes say nothing to a reader. */
static void add_param(difference *self, const char *name, const char *a, const char *b)
{
    if (g_strcmp0(a, b) == 0)
        return;
    if (g_str_has_prefix(name, "data.")) {
        self->data_files++;
        return;
    }
    difference_param *param = g_new0(difference_param, 1);
    param->name = g_strdup(name);
    param->values[0] = g_strdup(a);
    param->values[1] = g_strdup(b);
    g_ptr_array_add(self->params, param);
}

static void compare_given(difference *self)
{
    g_autoptr(GHashTable) a = flat_params(self->sides[0].run);
    g_autoptr(GHashTable) b = flat_params(self->sides[1].run);
    GHashTableIter each;
    gpointer name, value;
    g_hash_table_iter_init(&each, a);
    while (g_hash_table_iter_next(&each, &name, &value))
        add_param(self, name, value, g_hash_table_lookup(b, name));
    g_hash_table_iter_init(&each, b);
    while (g_hash_table_iter_next(&each, &name, &value))
        if (!g_hash_table_contains(a, name))
            add_param(self, name, NULL, value);
    g_ptr_array_sort(self->params, compare_params);
}

/* ---- trades --------------------------------------------------------------------------------- */

static const runlog_trade *trade_at(const difference *self, int side, guint index)
{
    return &g_array_index(self->sides[side].trades, runlog_trade, index);
}

/* By instrument, entry and side; trades of equal keys meet in the order of their ends. */
static int compare_keys(const runlog_trade *a, const runlog_trade *b)
{
    const int symbol = strcmp(a->symbol, b->symbol);
    if (symbol != 0)
        return symbol;
    if (a->entry_us != b->entry_us)
        return a->entry_us < b->entry_us ? -1 : 1;
    return a->is_short - b->is_short;
}

static gint compare_indices(gconstpointer a, gconstpointer b, gpointer trades)
{
    const guint x = *(const guint *)a, y = *(const guint *)b;
    const int order = compare_keys(&g_array_index((GArray *)trades, runlog_trade, x),
                                   &g_array_index((GArray *)trades, runlog_trade, y));
    return order != 0 ? order : x < y ? -1 : x > y;
}

static guint *sorted_indices(GArray *trades)
{
    guint *order = g_new(guint, trades->len + 1);
    for (guint i = 0; i < trades->len; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)trades->len, sizeof *order, compare_indices, trades);
    return order;
}

static void pair_up(difference *self, guint a, guint b)
{
    const runlog_trade *x = trade_at(self, 0, a), *y = trade_at(self, 1, b);
    const difference_pair pair = {
        .index = {a, b},
        .exit = x->exit_us != y->exit_us,
        .quantity = x->qty_e8 != y->qty_e8,
        .price = x->entry_price_e8 != y->entry_price_e8 || x->exit_price_e8 != y->exit_price_e8,
        .profit = x->profit_e8 != y->profit_e8,
    };
    if (pair.exit || pair.quantity || pair.price || pair.profit)
        g_array_append_val(self->changed, pair);
    else
        self->same_trades++;
}

static gint compare_numbers(gconstpointer a, gconstpointer b)
{
    const guint x = *(const guint *)a, y = *(const guint *)b;
    return x < y ? -1 : x > y;
}

static gint compare_pairs(gconstpointer a, gconstpointer b)
{
    return compare_numbers(((const difference_pair *)a)->index,
                           ((const difference_pair *)b)->index);
}

static void compare_trades(difference *self)
{
    GArray *const trades[2] = {self->sides[0].trades, self->sides[1].trades};
    g_autofree guint *a = sorted_indices(trades[0]), *b = sorted_indices(trades[1]);
    guint i = 0, k = 0;
    while (i < trades[0]->len || k < trades[1]->len) {
        const int order = i == trades[0]->len ? 1
                          : k == trades[1]->len
                              ? -1
                              : compare_keys(trade_at(self, 0, a[i]), trade_at(self, 1, b[k]));
        if (order == 0)
            pair_up(self, a[i++], b[k++]);
        else if (order < 0)
            g_array_append_val(self->only[0], a[i++]);
        else
            g_array_append_val(self->only[1], b[k++]);
    }
    /* Back into the order in which they ended. */
    g_array_sort(self->only[0], compare_numbers);
    g_array_sort(self->only[1], compare_numbers);
    g_array_sort(self->changed, compare_pairs);
}

/* ---- where they part ------------------------------------------------------------------------ */

static gboolean same_fill(const difference_fill *a, const difference_fill *b)
{
    return a->ts_us == b->ts_us && a->qty_e8 == b->qty_e8 && a->price_e8 == b->price_e8 &&
           a->fee_e8 == b->fee_e8 && strcmp(a->symbol, b->symbol) == 0;
}

static void compare_fills(difference *self)
{
    const GArray *a = self->sides[0].fills, *b = self->sides[1].fills;
    guint i = 0;
    while (i < MIN(a->len, b->len) &&
           same_fill(&g_array_index(a, difference_fill, i), &g_array_index(b, difference_fill, i)))
        i++;
    self->first_fill = i;
    self->fills_part = i < MAX(a->len, b->len);
}

/* An instant that one run alone has is a difference there. */
static void compare_points(difference *self)
{
    const GArray *a = self->sides[0].points, *b = self->sides[1].points;
    guint i = 0;
    while (i < MIN(a->len, b->len)) {
        const runlog_point *x = &g_array_index(a, runlog_point, i);
        const runlog_point *y = &g_array_index(b, runlog_point, i);
        if (x->ts_us != y->ts_us || x->equity_e8 != y->equity_e8)
            break;
        i++;
    }
    self->first_point = i;
    self->points_part = i < MAX(a->len, b->len);
}

gboolean difference_read(runlog *log, const char *const ids[2], difference *out, GError **error)
{
    difference self = {0};
    for (int side = 0; side < 2; side++) {
        if (!read_side(log, ids[side], &self.sides[side], error)) {
            difference_clear(&self);
            return FALSE;
        }
        self.only[side] = g_array_new(FALSE, FALSE, sizeof(guint));
    }
    self.params = g_ptr_array_new_with_free_func(free_param);
    self.changed = g_array_new(FALSE, FALSE, sizeof(difference_pair));
    compare_given(&self);
    compare_trades(&self);
    compare_fills(&self);
    compare_points(&self);
    self.ratios_same = g_strcmp0(self.sides[0].run->kpis, self.sides[1].run->kpis) == 0;
    *out = self;
    return TRUE;
}

gboolean difference_is_none(const difference *self)
{
    return !self->fills_part && !self->points_part && self->ratios_same &&
           self->changed->len == 0 && self->only[0]->len == 0 && self->only[1]->len == 0;
}

void difference_clear(difference *self)
{
    for (int side = 0; side < 2; side++) {
        clear_side(&self->sides[side]);
        g_clear_pointer(&self->only[side], g_array_unref);
    }
    g_clear_pointer(&self->params, g_ptr_array_unref);
    g_clear_pointer(&self->changed, g_array_unref);
}
