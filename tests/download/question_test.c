/* Questions that store nothing, asked of a service that answers by script. Answers are made up in
 * the vendors' shapes. */
#include "workshop.h"

#include <string.h>

static gboolean ask(workshop *self, const char *provider, provider_ask what, qb_asset asset,
                    const char *text, provider_page *page, http_class *class, GError **error)
{
    const download_asked asked = {providers_find(provider), what, asset, text};
    workshop_plan(self, NULL, 0);
    provider_page_init(page);
    return download_question(self->download, &asked, page, class, error);
}

static void test_price(void)
{
    g_autoptr(workshop) self = workshop_new();
    g_auto(provider_page) page = {0};
    g_autoptr(GError) error = NULL;
    http_class class;
    fake_script(self->fake, "/iex/",
                &(fake_answer){200, "[{\"ticker\":\"BRK-B\",\"tngoLast\":412.5,"
                                    "\"timestamp\":\"2026-03-03T20:00:00+00:00\"}]"},
                1);
    g_assert_true(ask(self, "tiingo", PROVIDER_LATEST, QB_EQUITY, "BRK.B", &page, &class, &error));
    g_assert_cmpfloat(page.price, ==, 412.5);
    g_assert_cmpint(page.price_us, ==, workshop_us("2026-03-03T20:00:00Z"));
    g_assert_cmpstr(fake_query(self->fake), ==, "tickers=BRK-B");
}

static void test_search(void)
{
    g_autoptr(workshop) self = workshop_new();
    g_auto(provider_page) page = {0};
    g_autoptr(GError) error = NULL;
    http_class class;
    fake_script(self->fake, "/coins/markets",
                &(fake_answer){200, "[{\"id\":\"pepe\",\"symbol\":\"pepe\",\"name\":\"Pepe\"},"
                                    "{\"id\":\"pepe-2\",\"symbol\":\"pepe\",\"name\":\"Pepe 2\"}]"},
                1);
    g_assert_true(
        ask(self, "coingecko", PROVIDER_SEARCH, QB_CRYPTO, "PEPE", &page, &class, &error));
    g_assert_cmpint(page.matches->len, ==, 2);
    g_assert_nonnull(strstr(fake_query(self->fake), "symbols=pepe"));
}

static void test_key(void)
{
    static const struct {
        guint status;
        const char *body;
        http_class class;
    } cases[] = {
        {200, "{\"ticker\":\"SPY\",\"name\":\"SPDR\"}", HTTP_FINE},
        {401, "{\"detail\":\"Invalid token.\"}", HTTP_AUTH},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(workshop) self = workshop_new();
        g_auto(provider_page) page = {0};
        g_autoptr(GError) error = NULL;
        http_class class;
        const fake_answer answer = {cases[i].status, cases[i].body};
        fake_script(self->fake, "/tiingo/daily/SPY", &answer, 1);
        const gboolean good = ask(self, "tiingo", PROVIDER_KEY, QB_EQUITY, "", &page, &class,
                                  &error);
        g_assert_true(good == (cases[i].class == HTTP_FINE));
        g_assert_cmpint(class, ==, cases[i].class);
        if (!good)
            g_assert_null(strstr(error->message, WORKSHOP_KEY));
    }
}

/* What cannot be asked costs no request. */
static void test_refused(void)
{
    g_autoptr(workshop) self = workshop_new();
    static const struct {
        const char *provider;
        provider_ask ask;
        qb_asset asset;
        const char *text;
    } cases[] = {
        {"fred", PROVIDER_LATEST, QB_MACRO, "GDP"},
        {"quandl", PROVIDER_LATEST, QB_EQUITY, "AAPL"},
        {"coingecko", PROVIDER_LATEST, QB_CRYPTO, "PEPE-USD"},
        {"cryptocompare", PROVIDER_SEARCH, QB_CRYPTO, "btc"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(provider_page) page = {0};
        g_autoptr(GError) error = NULL;
        http_class class;
        g_assert_false(ask(self, cases[i].provider, cases[i].ask, cases[i].asset, cases[i].text,
                           &page, &class, &error));
        g_assert_error(error, FAILURE, FAILURE_PROVIDER);
        g_assert_cmpuint(fake_count(self->fake, NULL), ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/download/question/price", test_price);
    g_test_add_func("/download/question/search", test_search);
    g_test_add_func("/download/question/key", test_key);
    g_test_add_func("/download/question/refused", test_refused);
    return g_test_run();
}
