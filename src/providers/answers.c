/* Answers of the shapes that several vendors have: one object, one price, lists of symbols, and
 * those of which only the status counts. */
#include "providers/providers-private.h"

#include <string.h>

gboolean provider_end(provider_step *step)
{
    step->page++;
    step->over = TRUE;
    return TRUE;
}

gboolean provider_walk(const provider_job *job, GBytes *body, scan_member_reader read,
                       gpointer data, GError **error)
{
    scan at;
    scan_init_bytes(&at, body);
    scan_members(&at, read, data);
    scan_finish(&at);
    return !scan_failed(&at, job->provider->title, error);
}

gboolean provider_parse_anything(const provider_job *job, provider_step *step, GBytes *body,
                                 provider_page *page, GError **error)
{
    scan at;
    scan_init_bytes(&at, body);
    scan_skip(&at);
    scan_finish(&at);
    return !scan_failed(&at, job->provider->title, error) && provider_end(step);
}

void provider_price(provider_page *page, double price, gint64 at_us, provider_price_kind kind)
{
    if (!(price > 0))
        return;
    page->rows = MAX(page->rows, 1);
    page->price = price;
    page->price_us = at_us;
    page->price_kind = kind;
}

/* ---- symbols -------------------------------------------------------------------------------- */

typedef struct match_reading {
    const provider_match_members *members;
    provider_match match;
} match_reading;

static gboolean is_named(const scan_text *key, const char *name)
{
    return name != NULL && scan_text_is(key, name);
}

static void read_member(scan *at, const scan_text *key, gpointer data)
{
    match_reading *self = data;
    const provider_match_members *members = self->members;
    provider_match *match = &self->match;
    if (is_named(key, members->symbol))
        scan_text_into(at, match->vendor_symbol, sizeof match->vendor_symbol);
    else if (is_named(key, members->name))
        scan_text_into(at, match->name, sizeof match->name);
    else if (is_named(key, members->kind) || is_named(key, members->other_kind))
        scan_text_into(at, match->kind, sizeof match->kind);
    else if (is_named(key, members->currency))
        scan_text_into(at, match->currency, sizeof match->currency);
    else if (is_named(key, members->first))
        provider_read_time(at, &match->first_us);
    else if (is_named(key, members->last))
        provider_read_time(at, &match->last_us);
    else
        scan_skip(at);
}

void provider_match_take(provider_page *page, const provider_match *match)
{
    page->rows++;
    if (*match->vendor_symbol != '\0')
        g_array_append_vals(page->matches, match, 1);
}

void provider_match_read(scan *at, const provider_match_members *members, provider_page *page)
{
    match_reading one = {.members = members};
    scan_members(at, read_member, &one);
    if (at->fault == NULL)
        provider_match_take(page, &one.match);
}

void provider_matches_read(scan *at, const provider_match_members *members, provider_page *page)
{
    if (!scan_enter_array(at))
        return;
    while (scan_element(at))
        provider_match_read(at, members, page);
}

/* ---- cells ---------------------------------------------------------------------------------- */

void provider_csv_text(const csv_table *table, gsize row, const char *column, char *into,
                       gsize size)
{
    gsize length;
    const int index = csv_table_column(table, column);
    if (index < 0)
        return;
    const char *cell = csv_table_cell(table, row, index, &length);
    g_autofree char *plain = g_strndup(cell, length);
    g_strlcpy(into, plain, size);
}
