/* Budgets: how many requests a service has been sent, and when the next one fits.
 *
 * A window that slides is kept as its uses, oldest first. Vendors count in windows of their own,
 * sliding or fixed, which we cannot see: when no window of that length anywhere holds more than
 * `count`, neither does theirs. */
#include "http/http-private.h"

#include <jansson.h>
#include <string.h>

#define BUDGET_SCHEMA 1

/* ---- windows -------------------------------------------------------------------------------- */

static gint64 window_us(const http_limit *limit)
{
    static const struct {
        const char *unit;
        gint64 length_us;
    } units[] = {
        {"second", QB_SECOND_US},
        {"minute", QB_MINUTE_US},
        {"hour", QB_HOUR_US},
        {"day", QB_DAY_US},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (strcmp(limit->unit, units[i].unit) == 0)
            return units[i].length_us;
    return 0; /* a calendar month */
}

static gint64 month_start_us(gint64 at_us, int months_later)
{
    qb_civil civil = qb_civil_from_date(qb_date_from_us(at_us));
    const int month = civil.month - 1 + months_later;
    return qb_date_from_civil((qb_civil){civil.year + month / 12, month % 12 + 1, 1}) * QB_DAY_US;
}

/* Uses at or before this instant no longer count. */
static gint64 horizon_us(const http_limit *limit, gint64 now_us)
{
    const gint64 length_us = window_us(limit);
    return length_us > 0 ? now_us - length_us : month_start_us(now_us, 0) - 1;
}

/* When a use made at at_us stops counting. */
static gint64 expiry_us(const http_limit *limit, gint64 at_us)
{
    const gint64 length_us = window_us(limit);
    return length_us > 0 ? at_us + length_us : month_start_us(at_us, 1);
}

/* Uses closer than this share a slot, which bears the stamp of its latest. */
static gint64 slot_us(const http_limit *limit)
{
    const gint64 length_us = window_us(limit);
    if (length_us == 0)
        return QB_DAY_US;
    return limit->count <= BUDGET_SLOTS ? 0 : length_us / BUDGET_SLOTS;
}

/* ---- the object ----------------------------------------------------------------------------- */

void budget_init(budget *self, const http_limit *limits)
{
    *self = (budget){.limits = limits};
    while (limits != NULL && limits[self->count].count > 0) {
        g_assert(self->count < BUDGET_LIMITS);
        self->uses[self->count++] = g_array_new(FALSE, FALSE, sizeof(budget_slot));
    }
}

void budget_clear(budget *self)
{
    for (guint i = 0; i < self->count; i++)
        g_array_unref(self->uses[i]);
    *self = (budget){0};
}

guint budget_used(const budget *self, guint limit, gint64 now_us)
{
    const gint64 horizon = horizon_us(&self->limits[limit], now_us);
    const GArray *uses = self->uses[limit];
    guint used = 0;
    for (guint i = 0; i < uses->len; i++) {
        const budget_slot *slot = &g_array_index(uses, budget_slot, i);
        if (slot->at_us > horizon)
            used += slot->used;
    }
    return used;
}

/* When enough of the oldest uses have gone for cost more to fit. */
static gint64 limit_free_us(const budget *self, guint index, gint64 now_us, guint cost)
{
    const http_limit *limit = &self->limits[index];
    const GArray *uses = self->uses[index];
    const gint64 horizon = horizon_us(limit, now_us);
    guint used = budget_used(self, index, now_us);
    gint64 free_us = now_us;
    for (guint i = 0; i < uses->len && used > 0 && used + cost > limit->count; i++) {
        const budget_slot *slot = &g_array_index(uses, budget_slot, i);
        if (slot->at_us <= horizon)
            continue;
        used -= MIN(used, slot->used);
        free_us = expiry_us(limit, slot->at_us);
    }
    return MAX(free_us, now_us);
}

static guint cost_of(const http_limit *limit, guint credits)
{
    return limit->credits ? MAX(credits, 1) : 1;
}

gint64 budget_free_us(const budget *self, gint64 now_us, guint credits,
                      const http_limit **out_limit)
{
    gint64 free_us = MAX(now_us, self->blocked_until_us);
    *out_limit = NULL;
    for (guint i = 0; i < self->count; i++) {
        const gint64 at_us = limit_free_us(self, i, now_us, cost_of(&self->limits[i], credits));
        if (at_us > free_us) {
            free_us = at_us;
            *out_limit = &self->limits[i];
        }
    }
    return free_us;
}

static void forget_old(GArray *uses, gint64 horizon)
{
    guint old = 0;
    while (old < uses->len && g_array_index(uses, budget_slot, old).at_us <= horizon)
        old++;
    if (old > 0)
        g_array_remove_range(uses, 0, old);
}

void budget_use(budget *self, gint64 now_us, guint credits)
{
    for (guint i = 0; i < self->count; i++) {
        const http_limit *limit = &self->limits[i];
        GArray *uses = self->uses[i];
        const guint cost = cost_of(limit, credits);
        forget_old(uses, horizon_us(limit, now_us));
        budget_slot *last = uses->len > 0 ? &g_array_index(uses, budget_slot, uses->len - 1) : NULL;
        const gint64 slot = slot_us(limit);
        if (last != NULL && slot > 0 && now_us / slot == last->at_us / slot) {
            last->at_us = MAX(last->at_us, now_us);
            last->used += cost;
        } else {
            g_array_append_vals(uses, &(budget_slot){now_us, cost}, 1);
        }
    }
}

/* ---- text ----------------------------------------------------------------------------------- */

char *budget_text(const budget *self, const char *service)
{
    json_auto_t *root = json_pack("{s:i, s:s, s:I}", "schema", BUDGET_SCHEMA, "service", service,
                                  "blocked_until_us", (json_int_t)self->blocked_until_us);
    json_t *limits = json_object();
    for (guint i = 0; i < self->count; i++) {
        json_t *uses = json_array();
        for (guint k = 0; k < self->uses[i]->len; k++) {
            const budget_slot *slot = &g_array_index(self->uses[i], budget_slot, k);
            json_array_append_new(uses,
                                  json_pack("[I, i]", (json_int_t)slot->at_us, (int)slot->used));
        }
        g_autofree char *name = g_strdup_printf("%s%s", self->limits[i].credits ? "credits/" : "",
                                                self->limits[i].unit);
        json_object_set_new(limits, name, uses);
    }
    json_object_set_new(root, "limits", limits);
    char *text = json_dumps(root, JSON_COMPACT);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

static gboolean read_uses(const json_t *array, gint64 now_us, GArray *into)
{
    gint64 above = G_MININT64;
    for (gsize i = 0; i < json_array_size(array); i++) {
        const json_t *pair = json_array_get(array, i);
        const json_t *at = json_array_get(pair, 0), *used = json_array_get(pair, 1);
        if (!json_is_integer(at) || !json_is_integer(used) || json_integer_value(used) < 1 ||
            json_integer_value(used) > G_MAXINT || json_integer_value(at) < above)
            return FALSE;
        /* A clock that was put back leaves stamps in the future; they count as used now. */
        budget_slot slot = {MIN(json_integer_value(at), now_us), (guint)json_integer_value(used)};
        above = json_integer_value(at);
        g_array_append_val(into, slot);
    }
    return json_is_array(array);
}

static gboolean read_all(budget *self, const json_t *root, gint64 now_us)
{
    const json_t *blocked = json_object_get(root, "blocked_until_us");
    const json_t *limits = json_object_get(root, "limits");
    if (json_integer_value(json_object_get(root, "schema")) != BUDGET_SCHEMA ||
        !json_is_integer(blocked) || !json_is_object(limits))
        return FALSE;
    /* No service is ever believed to refuse for more than a month. */
    self->blocked_until_us = CLAMP(json_integer_value(blocked), 0, now_us + 32 * QB_DAY_US);
    for (guint i = 0; i < self->count; i++) {
        g_autofree char *name = g_strdup_printf("%s%s", self->limits[i].credits ? "credits/" : "",
                                                self->limits[i].unit);
        const json_t *uses = json_object_get(limits, name);
        /* A limit that is new in this program starts fresh. */
        if (uses != NULL && !read_uses(uses, now_us, self->uses[i]))
            return FALSE;
    }
    return TRUE;
}

static void use_up(budget *self, gint64 now_us)
{
    for (guint i = 0; i < self->count; i++) {
        g_array_set_size(self->uses[i], 0);
        g_array_append_vals(self->uses[i], &(budget_slot){now_us, self->limits[i].count}, 1);
    }
}

gboolean budget_parse(budget *self, const char *text, gsize length, gint64 now_us)
{
    json_auto_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    for (guint i = 0; i < self->count; i++)
        g_array_set_size(self->uses[i], 0);
    self->blocked_until_us = 0;
    if (root != NULL && read_all(self, root, now_us))
        return TRUE;
    self->blocked_until_us = 0;
    use_up(self, now_us);
    return FALSE;
}
