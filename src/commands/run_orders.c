/* A list of orders in place of a strategy: its file, its instruments, its bars.
 *
 * An order is to be in force at the first opening at or after its time, and never earlier. It is
 * submitted at the close of the bar before that opening; which bars there are is asked of the same
 * feed that the engine gets, of which only the stamps count here. With --fill-at close a market order
 * is submitted at, and filled with, the first close at or after its time.
 *
 * The text of a list goes into the run's row, up to STORED_LIMIT; of a longer one only the hash. */
#include "commands/orders-private.h"
#include "commands/run-private.h"
#include "csv/csv.h"
#include "platform/files.h"

#include <string.h>

#define STORED_LIMIT (1024u * 1024u)
#define NOTES_LIMIT 5u
#define AT_FIRST_CLOSE INT64_MIN
#define NEVER INT64_MAX
#define LONGEST_BREAK 400 /* days without a session */

struct run_orders {
    char *path, *hash;
    GBytes *text;
    GStringChunk *words;
    GArray *rows;         /* of order_row */
    guint32 *instruments; /* [rows] */
    guint64 *groups;      /* [rows] */
    GArray *listed;       /* of qb_listed_order, once the bars are known */
    qb_order_list list;
    GPtrArray *notes; /* of char * */
    guint early, late;
};

/* ---- the file ------------------------------------------------------------------------------ */

static GBytes *read_text(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, ORDERS_FILE_LIMIT, error);
    g_autoptr(GBytes) text = bytes != NULL ? csv_inflate(bytes, path, error) : NULL;
    if (text == NULL)
        return NULL;
    gsize size;
    const char *data = g_bytes_get_data(text, &size);
    g_autofree char *shown = failure_path(path);
    if (size <= ORDERS_FILE_LIMIT && g_utf8_validate_len(data, size, NULL))
        return g_steal_pointer(&text);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: %s", shown,
                size > ORDERS_FILE_LIMIT ? "more than 16 MiB" : "not UTF-8");
    return NULL;
}

/* What the row of a stored run keeps, else the file that it names. */
static GBytes *find_text(const run_texts *texts, GError **error)
{
    const char *path = run_texts_get(texts, "orders");
    const json_t *csv = json_object_get(texts->orders, "csv");
    if (json_is_string(csv))
        return g_bytes_new(json_string_value(csv), json_string_length(csv));
    GBytes *text = read_text(path, error);
    const char *hash = json_string_value(json_object_get(texts->orders, "sha256"));
    g_autofree char *now = text != NULL && hash != NULL
                               ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, text)
                               : NULL;
    if (now == NULL || strcmp(now, hash) == 0)
        return text;
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "%s: has changed since the run (SHA-256 %.12s, run used %.12s)", path, now, hash);
    g_bytes_unref(text);
    return NULL;
}

/* As a symbol list: what the file names, once each. */
static char *symbols_of(const run_orders *self)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < self->rows->len; i++) {
        const char *symbol = g_array_index(self->rows, order_row, i).symbol;
        if (g_hash_table_add(seen, (gpointer)symbol))
            g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", symbol);
    }
    return g_string_free(text, FALSE);
}

gboolean run_orders_load(run_texts *texts, run_orders **out, GError **error)
{
    const char *path = run_texts_get(texts, "orders");
    const char *strategy = g_hash_table_lookup(texts->values, "strategy");
    if (path == NULL)
        return TRUE;
    if (strategy != NULL && strcmp(strategy, "orders") != 0) {
        g_set_error(error, FAILURE, FAILURE_CONFIG,
                    "--orders: it stands in place of a strategy (give it or --strategy)");
        return FALSE;
    }
    GBytes *text = find_text(texts, error);
    if (text == NULL)
        return FALSE;
    g_autoptr(run_orders) self = g_new0(run_orders, 1);
    self->path = g_strdup(path);
    self->text = text;
    self->hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, text);
    self->words = g_string_chunk_new(4096);
    self->listed = g_array_new(FALSE, TRUE, sizeof(qb_listed_order));
    self->notes = g_ptr_array_new_with_free_func(g_free);
    self->rows = orders_read(text, path, self->words, error);
    if (self->rows == NULL)
        return FALSE;
    if (run_texts_get(texts, "symbols") == NULL) {
        g_autofree char *symbols = symbols_of(self);
        run_texts_set(texts, "symbols", symbols, "--orders");
    }
    run_texts_set(texts, "strategy", "orders", "--orders");
    *out = g_steal_pointer(&self);
    return TRUE;
}

/* ---- instruments --------------------------------------------------------------------------- */

/* A group is of one instrument: the same word elsewhere is another one. */
static guint64 group_number(GHashTable *known, guint32 instrument, const char *group)
{
    char *key = g_strdup_printf("%u %s", instrument, group);
    const guint64 next = g_hash_table_size(known) + 1;
    const gpointer found = g_hash_table_lookup(known, key);
    if (found == NULL) {
        g_hash_table_insert(known, key, GSIZE_TO_POINTER(next));
        return next;
    }
    g_free(key);
    return GPOINTER_TO_SIZE(found);
}

static guint32 find_instrument(const run_plan *plan, const market *market, const char *symbol)
{
    for (guint32 i = 0; i < plan->count; i++)
        if (market_means(market, symbol, &plan->keys[i]))
            return i;
    return plan->count;
}

gboolean run_orders_join(run_plan *plan, const market *market, GError **error)
{
    run_orders *self = plan->orders;
    failures problems;
    failures_init(&problems);
    if (self == NULL)
        return failures_finish(&problems, FAILURE_BAD_DATA, error);
    g_autofree char *path = failure_path(self->path);
    g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->instruments = g_new0(guint32, self->rows->len);
    self->groups = g_new0(guint64, self->rows->len);
    for (guint i = 0; i < self->rows->len; i++) {
        const order_row *row = &g_array_index(self->rows, order_row, i);
        self->instruments[i] = find_instrument(plan, market, row->symbol);
        if (self->instruments[i] == plan->count) {
            g_autofree char *quoted = failure_quote(row->symbol, -1);
            failures_add(&problems,
                         "%s:%" G_GSIZE_FORMAT ": symbol: %s (expected one of --symbols)", path,
                         row->line, quoted);
        }
        if (row->group != NULL)
            self->groups[i] = group_number(groups, self->instruments[i], row->group);
    }
    plan->name = g_strdup("orders");
    plan->strategy = &self->list.strategy;
    plan->params = NULL;
    if (qb_order_list_init(&self->list) != QB_OK)
        failures_add(&problems, "%s: no list of orders", path);
    return failures_finish(&problems, FAILURE_BAD_DATA, error);
}

/* ---- bars ---------------------------------------------------------------------------------- */

/* A row and when it is submitted. */
typedef struct placing {
    guint index;     /* of the row */
    gint64 time_us;  /* from which it is to be in force */
    gint64 after_us; /* NEVER: there is no such bar */
    gint64 begin_us; /* the opening, or the close, from which it is in force */
    gboolean at_close;
} placing;

static gint64 day_us(const qb_calendar *calendar, const order_moment *moment, gboolean end)
{
    const gint64 date_us = moment->at_us + (end ? QB_DAY_US : 0);
    return moment->is_date ? date_us - qb_calendar_offset_us(calendar, date_us) : moment->at_us;
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    const placing *left = a, *right = b;
    if (left->time_us != right->time_us)
        return left->time_us < right->time_us ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static int compare_submissions(gconstpointer a, gconstpointer b)
{
    const placing *left = a, *right = b;
    if (left->after_us != right->after_us)
        return left->after_us < right->after_us ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

/* Those of one instrument, by time. */
static GArray *placings_of(const run_orders *self, const run_plan *plan, guint32 instrument)
{
    GArray *placings = g_array_new(FALSE, TRUE, sizeof(placing));
    for (guint i = 0; i < self->rows->len; i++) {
        const order_row *row = &g_array_index(self->rows, order_row, i);
        const placing item = {
            .index = i,
            .time_us = day_us(plan->instruments[instrument].calendar, &row->time, FALSE),
            .after_us = NEVER,
            .at_close = plan->fill_at == QB_FILL_CLOSE && row->cancels == QB_LISTED_NONE &&
                        row->request.type == QB_MARKET,
        };
        if (self->instruments[i] == instrument)
            g_array_append_val(placings, item);
    }
    g_array_sort(placings, compare_times);
    return placings;
}

/* Those of a kind whose time has come are submitted then. *next: the first that has not. */
static void place_until(GArray *placings, gboolean at_close, gint64 now_us, gint64 after_us,
                        guint *next)
{
    for (; *next < placings->len; (*next)++) {
        placing *item = &g_array_index(placings, placing, *next);
        if (item->time_us > now_us)
            return;
        if (item->at_close == at_close) {
            item->after_us = after_us;
            item->begin_us = now_us;
        }
    }
}

static gboolean place(const run_plan *plan, const run_bars *bars, guint32 instrument,
                      GArray *placings, GError **error)
{
    qb_series_feed *feed = NULL;
    const qb_status status = qb_series_feed_new(&plan->instruments[instrument],
                                                &bars->series[instrument], 1, &feed);
    if (status != QB_OK)
        return failure_from_status(error, status, "orders");
    const qb_feed source = qb_series_feed_as_feed(feed);
    gint64 closed_us = AT_FIRST_CLOSE;
    guint opening = 0, closing = 0;
    qb_instant instant;
    while ((opening < placings->len || closing < placings->len) &&
           source.next(source.self, &instant)) {
        if (instant.bar_count > 0) {
            closed_us = instant.at_us;
            place_until(placings, TRUE, closed_us, closed_us, &closing);
        }
        if (instant.opening_count > 0)
            place_until(placings, FALSE, instant.at_us, closed_us, &opening);
    }
    qb_series_feed_free(feed);
    return TRUE;
}

static void note(run_orders *self, const placing *item)
{
    const order_row *row = &g_array_index(self->rows, order_row, item->index);
    guint *count = item->after_us == NEVER ? &self->late : &self->early;
    g_autofree char *path = failure_path(self->path);
    if ((*count)++ < NOTES_LIMIT)
        g_ptr_array_add(self->notes,
                        g_strdup_printf("%s:%" G_GSIZE_FORMAT ": %s", path, row->line,
                                        item->after_us == NEVER
                                            ? "no bar opens at or after its time: it was not "
                                              "submitted"
                                            : "there is no bar before its time: it was submitted "
                                              "at the close of the first"));
}

static void note_rest(run_orders *self)
{
    if (self->early > NOTES_LIMIT)
        g_ptr_array_add(self->notes,
                        g_strdup_printf("%u more orders were submitted at the close of "
                                        "the first bar",
                                        self->early - NOTES_LIMIT));
    if (self->late > NOTES_LIMIT)
        g_ptr_array_add(self->notes,
                        g_strdup_printf("%u more orders were not submitted: no bar opens at or "
                                        "after their times",
                                        self->late - NOTES_LIMIT));
}

/* A cancellation comes no earlier than what it cancels, and not at all without it. */
static void bind_cancellations(const run_orders *self, GArray *all)
{
    g_autofree gint64 *after_us = g_new0(gint64, self->rows->len);
    for (guint i = 0; i < all->len; i++)
        after_us[g_array_index(all, placing, i).index] = g_array_index(all, placing, i).after_us;
    for (guint i = 0; i < all->len; i++) {
        placing *item = &g_array_index(all, placing, i);
        const guint32 cancels = g_array_index(self->rows, order_row, item->index).cancels;
        if (cancels != QB_LISTED_NONE)
            item->after_us = MAX(item->after_us, after_us[cancels]);
    }
}

/* The end of the session under way, else of the next one. */
static gint64 session_end_us(const qb_calendar *calendar, gint64 at_us)
{
    const gint32 date = qb_calendar_date(calendar, at_us) - 1;
    qb_session session;
    for (gint32 day = 0; day <= LONGEST_BREAK; day++)
        if (qb_calendar_session(calendar, date + day, &session) && session.close_us > at_us)
            return session.close_us;
    return NEVER;
}

/* A DAY order is for the session in which it begins to be in force. Where bars are missing before
 * it is submitted in an earlier one, and has to be told when it ends. */
static void set_life(const order_row *row, const placing *item, const qb_calendar *calendar,
                     qb_order_request *request)
{
    if (row->has_until)
        request->good_until_us = day_us(calendar, &row->until, row->until.is_date);
    if (request->time_in_force != QB_DAY || item->after_us == AT_FIRST_CLOSE ||
        session_end_us(calendar, item->after_us) > item->begin_us)
        return;
    request->time_in_force = QB_GTD;
    request->good_until_us = session_end_us(calendar, item->begin_us);
}

static void list(run_orders *self, const run_plan *plan, const GArray *all)
{
    g_autofree guint32 *places = g_new0(guint32, self->rows->len);
    for (guint i = 0; i < all->len; i++) {
        const placing *item = &g_array_index(all, placing, i);
        const order_row *row = &g_array_index(self->rows, order_row, item->index);
        const guint32 instrument = self->instruments[item->index];
        if (item->after_us == NEVER)
            break;
        qb_listed_order order = {
            .after_us = item->after_us, .request = row->request, .cancels = QB_LISTED_NONE};
        order.request.instrument = instrument;
        order.request.group = self->groups[item->index];
        order.request.size.when = plan->size.when;
        set_life(row, item, plan->instruments[instrument].calendar, &order.request);
        if (row->cancels != QB_LISTED_NONE)
            order.cancels = places[row->cancels];
        places[item->index] = self->listed->len;
        g_array_append_val(self->listed, order);
    }
    self->list.orders = (const qb_listed_order *)self->listed->data;
    self->list.count = self->listed->len;
}

gboolean run_orders_place(const run_plan *plan, const run_bars *bars, GError **error)
{
    run_orders *self = plan->orders;
    if (self == NULL)
        return TRUE;
    g_array_set_size(self->listed, 0);
    g_ptr_array_set_size(self->notes, 0);
    self->early = self->late = 0;
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(placing));
    for (guint32 i = 0; i < plan->count; i++) {
        g_autoptr(GArray) placings = placings_of(self, plan, i);
        if (!place(plan, bars, i, placings, error))
            return FALSE;
        g_array_append_vals(all, placings->data, placings->len);
    }
    bind_cancellations(self, all);
    g_array_sort(all, compare_times);
    for (guint i = 0; i < all->len; i++) {
        const placing *item = &g_array_index(all, placing, i);
        if (item->after_us == NEVER || item->after_us == AT_FIRST_CLOSE)
            note(self, item);
    }
    note_rest(self);
    g_array_sort(all, compare_submissions);
    list(self, plan, all);
    const qb_status status = qb_order_list_init(&self->list);
    return status == QB_OK || failure_from_status(error, status, "orders");
}

/* ---- words --------------------------------------------------------------------------------- */

const GPtrArray *run_orders_notes(const run_orders *self)
{
    return self->notes;
}

json_t *run_orders_to_json(const run_orders *self)
{
    gsize size;
    const char *text = g_bytes_get_data(self->text, &size);
    json_t *object = json_pack("{s:s, s:i}", "sha256", self->hash, "rows", (int)self->rows->len);
    if (size <= STORED_LIMIT)
        json_object_set_new(object, "csv", json_stringn(text, size));
    return object;
}

void run_orders_free(run_orders *self)
{
    if (self == NULL)
        return;
    g_free(self->path);
    g_free(self->hash);
    g_free(self->instruments);
    g_free(self->groups);
    g_clear_pointer(&self->text, g_bytes_unref);
    g_clear_pointer(&self->words, g_string_chunk_free);
    g_clear_pointer(&self->rows, g_array_unref);
    g_clear_pointer(&self->listed, g_array_unref);
    g_clear_pointer(&self->notes, g_ptr_array_unref);
    g_free(self);
}
