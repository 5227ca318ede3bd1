/* The same faults played to every vendor: what differs between them stands in one table. */
#include "workshop.h"

#include <string.h>

typedef struct vendor_case {
    const char *name, *path; /* of its first request */
    qb_asset asset;
    const char *symbol;
    qb_interval interval;
    const char *first, *last;
    http_class forbidden, missing; /* what 403 and 404 without words mean */
} vendor_case;

#define STOCK QB_EQUITY, "AAPL", QB_1D, "2018-01-02", "2018-01-31"
#define COIN QB_CRYPTO, "BTC-USD", QB_1H, "2020-01-01", "2020-01-02"
#define SERIES QB_MACRO, "GDP", QB_1Q, "2000-01-01", "2009-12-31"

static const vendor_case vendors[] = {
    {"polygon", "/v3/reference/splits", STOCK, HTTP_PLAN, HTTP_BAD_REQUEST},
    {"tiingo", "/tiingo/daily/AAPL/prices", STOCK, HTTP_PLAN, HTTP_NOT_FOUND},
    {"alphavantage", "/query", STOCK, HTTP_PLAN, HTTP_NOT_FOUND},
    {"coingecko", "/coins/bitcoin/ohlc/range", COIN, HTTP_RATE_LIMIT, HTTP_NOT_FOUND},
    {"cryptocompare", "/data/v2/histohour", COIN, HTTP_PLAN, HTTP_NOT_FOUND},
    {"fred", "/series/vintagedates", SERIES, HTTP_SERVER, HTTP_BAD_REQUEST},
    {"quandl", "/datatables/WIKI/PRICES.json", STOCK, HTTP_PLAN, HTTP_NOT_FOUND},
};

typedef enum meaning { SAME, FORBIDDEN, MISSING } meaning;

static const struct {
    const char *name;
    fake_answer answer;
    meaning meaning; /* SAME: class holds for all */
    http_class class;
} faults[] = {
    {"401", {401, ""}, SAME, HTTP_AUTH},
    {"403", {403, ""}, FORBIDDEN},
    {"404", {404, ""}, MISSING},
    {"429 for long", {429, "{}", .headers = {"Retry-After", "3600"}}, SAME, HTTP_RATE_LIMIT},
    {"500 for ever", {500, "<html>"}, SAME, HTTP_SERVER},
    {"a page", {200, "<html>maintenance</html>"}, SAME, HTTP_SERVER},
    {"nothing at all", {200, ""}, SAME, HTTP_SERVER},
    {"half an answer", {200, "{\"a\":[1,"}, SAME, HTTP_SERVER},
    {"another object", {200, "{\"a\":{}}"}, SAME, HTTP_SERVER},
    {"a number for an answer", {200, "42"}, SAME, HTTP_SERVER},
    {"a body cut short", {200, "{\"results\":[", .short_body = TRUE}, SAME, HTTP_NETWORK},
    {"a reset", {200, "", .reset = TRUE}, SAME, HTTP_NETWORK},
};

static http_class class_of(const vendor_case *vendor, gsize fault)
{
    switch (faults[fault].meaning) {
    case FORBIDDEN:
        return vendor->forbidden;
    case MISSING:
        return vendor->missing;
    default:
        return faults[fault].class;
    }
}

/* How many exchanges a class is worth: the last three are tried again, a rate limit of an hour or a
 * minute is not waited for, and an answer that cannot be read is asked for twice. */
static void assert_bounded(const char *what, http_class class, guint requests)
{
    const gboolean again = class == HTTP_SERVER || class == HTTP_NETWORK;
    /* libsoup itself repeats a GET whose connection turned out dead. */
    if (requests < 1 || requests > (again ? 2 * HTTP_ATTEMPTS : 1))
        g_error("%s: %u requests", what, requests);
}

static void play(const vendor_case *vendor, gsize fault)
{
    g_autoptr(workshop) self = workshop_new();
    g_autofree char *what = g_strdup_printf("%s: %s", vendor->name, faults[fault].name);
    const download_wish wish = workshop_wish(vendor->name, vendor->asset, vendor->symbol,
                                             vendor->interval, vendor->first, vendor->last);
    self->paid = TRUE; /* no budget is in the way */
    fake_script(self->fake, vendor->path, &faults[fault].answer, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    if (item->state != DOWNLOAD_FAILED)
        g_error("%s: %s", what, download_state_text(item->state));
    if (item->class != class_of(vendor, fault))
        g_error("%s: %s (expected %s): %s", what, http_class_text(item->class),
                http_class_text(class_of(vendor, fault)), item->error->message);
    g_assert_cmpuint(fake_count(self->fake, vendor->path), ==, fake_count(self->fake, NULL));
    assert_bounded(what, item->class, fake_count(self->fake, NULL));
    if (vendor->asset != QB_MACRO) {
        qb_series stored = workshop_stored(self, &wish);
        g_assert_cmpuint(stored.count, ==, 0);
        qb_series_clear(&stored);
    }
}

static void test_vendor(gconstpointer data)
{
    for (gsize fault = 0; fault < G_N_ELEMENTS(faults); fault++)
        play(data, fault);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(vendors); i++) {
        g_autofree char *path = g_strdup_printf("/download/vendors/%s", vendors[i].name);
        g_test_add_data_func(path, &vendors[i], test_vendor);
    }
    return g_test_run();
}
