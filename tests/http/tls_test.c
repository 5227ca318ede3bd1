/* The client over TLS: whom it believes, and that it asks nobody twice whom it does not believe. */
#include "http/http-private.h"
#include "lab.h"

#include <string.h>

static void test_believed(void)
{
    g_autofree char *ca = lab_file("ca.pem"), *cert = lab_file("server.pem");
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[1]"}};
    lab lab;
    options.ca_file = ca;
    lab_start_tls(&lab, &options, &lab_service, cert);
    fake_script(lab.server, "/x", answers, 1);
    lab_get_path(&lab, "/x");
    g_assert_no_error(lab.error);
    g_assert_cmpmem(g_bytes_get_data(lab.answer->body, NULL), g_bytes_get_size(lab.answer->body),
                    "[1]", 3);
    lab_end(&lab);
}

/* Both names of the certificate, which stands for 127.0.0.1 and localhost. */
static void test_by_name(void)
{
    g_autofree char *ca = lab_file("ca.pem"), *cert = lab_file("server.pem");
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[1]"}};
    lab lab;
    options.ca_file = ca;
    lab_start_tls(&lab, &options, &lab_service, cert);
    fake_script(lab.server, "/x", answers, 1);
    g_autofree char *base = g_strdup_printf("https://localhost%s", strrchr(lab.base, ':'));
    lab.base = base;
    lab_get_path(&lab, "/x");
    g_assert_no_error(lab.error);
    lab_end(&lab);
}

/* Nothing is asked, and nobody is called a second time: the attempt was the only one. */
static void check_refused(const char *ca_name, const char *cert_name, const char *words)
{
    g_autofree char *ca = ca_name != NULL ? lab_file(ca_name) : NULL, *cert = lab_file(cert_name);
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[1]"}};
    lab lab;
    options.ca_file = ca;
    lab_start_tls(&lab, &options, &lab_service, cert);
    fake_script(lab.server, "/x", answers, 1);
    lab_get_path(&lab, "/x");
    g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
    g_assert_cmpint(lab.verdict.class, ==, HTTP_NETWORK);
    g_assert_cmpint(lab.waits, ==, 0);
    g_assert_null(strstr(lab.error->message, "times)"));
    g_assert_nonnull(strstr(lab.error->message, words));
    g_assert_cmpint(fake_count(lab.server, NULL), ==, 0);
    lab_end(&lab);
}

static void test_refused(void)
{
    static const struct {
        const char *ca, *cert, *words;
    } cases[] = {
        {"stranger.pem", "server.pem", "signed by nobody whom we trust"},
        {NULL, "server.pem", "signed by nobody whom we trust"}, /* by the system's authorities */
        {"ca.pem", "elsewhere.pem", "another host's"},
        {"ca.pem", "expired.pem", "has expired"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check_refused(cases[i].ca, cases[i].cert, cases[i].words);
}

/* Plain HTTP where TLS was asked for is no answer either. */
static void test_no_tls(void)
{
    http_options options = lab_options();
    lab lab;
    lab_start(&lab, &options, &lab_service);
    g_autofree char *base = g_strdup_printf("https://127.0.0.1%s", strrchr(lab.base, ':'));
    lab.base = base;
    lab_get_path(&lab, "/x");
    g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
    g_test_message("%s", lab.error->message);
    g_assert_cmpint(lab.verdict.class, ==, HTTP_NETWORK);
    g_assert_cmpint(fake_count(lab.server, NULL), ==, 0);
    lab_end(&lab);
}

static void test_authorities(void)
{
    http_options options = lab_options();
    g_autoptr(GError) error = NULL;
    options.ca_file = "/nonexistent/ca.pem";
    g_assert_null(http_new(&options, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_assert_nonnull(strstr(error->message, "/nonexistent/ca.pem"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/tls/believed", test_believed);
    g_test_add_func("/http/tls/by-name", test_by_name);
    g_test_add_func("/http/tls/refused", test_refused);
    g_test_add_func("/http/tls/no-tls", test_no_tls);
    g_test_add_func("/http/tls/authorities", test_authorities);
    return g_test_run();
}
