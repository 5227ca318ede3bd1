/* The client against a server that misbehaves by script, and the parts that need no server. */
#include "http/http-private.h"
#include "lab.h"
#include "platform/clock.h"
#include "platform/files.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- answers -------------------------------------------------------------------------------- */

static void test_fine(void)
{
    lab lab;
    const http_options options = lab_options();
    const fake_answer answers[] = {{200, "{\"a\":1}"}};
    const http_field query[] = {{"symbol", "BRK B&x=1"}, {"apikey", "sesame-open", TRUE}, {NULL}};
    const http_field headers[] = {{"Authorization", "Token sesame-open", TRUE}, {NULL}};
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/bars", answers, G_N_ELEMENTS(answers));
    const http_request request = {.service = "fake",
                                  .base = fake_base(lab.server),
                                  .path = "/bars",
                                  .query = query,
                                  .headers = headers};
    lab_get(&lab, &request, NULL);
    g_assert_no_error(lab.error);
    g_assert_cmpint(lab.verdict.class, ==, HTTP_FINE);
    g_assert_cmpint(lab.answer->status, ==, 200);
    g_assert_cmpmem(g_bytes_get_data(lab.answer->body, NULL), g_bytes_get_size(lab.answer->body),
                    "{\"a\":1}", 7);
    g_assert_cmpstr(lab.answer->content_type, ==, "application/json");
    g_assert_cmpstr(fake_query(lab.server), ==, "symbol=BRK%20B%26x%3D1&apikey=sesame-open");
    g_assert_cmpstr(fake_header(lab.server, "authorization"), ==, "Token sesame-open");
    g_assert_cmpstr(fake_header(lab.server, "user-agent"), ==, "quantbot-test/1");
    g_autofree char *text = http_request_text(&request);
    g_assert_null(strstr(text, "sesame"));
    g_assert_nonnull(strstr(text, "apikey=****"));
    lab_end(&lab);
}

/* Each status: its class, and how many requests it costs. */
static void test_status(void)
{
    static const struct {
        guint status;
        http_class class;
        guint requests;
    } cases[] = {
        {204, HTTP_FINE, 1},        {301, HTTP_BAD_REQUEST, 1}, {302, HTTP_BAD_REQUEST, 1},
        {307, HTTP_BAD_REQUEST, 1}, {400, HTTP_BAD_REQUEST, 1}, {401, HTTP_AUTH, 1},
        {403, HTTP_PLAN, 1},        {404, HTTP_NOT_FOUND, 1},   {422, HTTP_BAD_REQUEST, 1},
        {451, HTTP_PLAN, 1},        {500, HTTP_SERVER, 5},      {503, HTTP_SERVER, 5},
    };
    const http_options options = lab_options();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        lab lab;
        const fake_answer answers[] = {
            {cases[i].status, "", .headers = {"Location", "http://127.0.0.1:1/elsewhere"}}};
        lab_start(&lab, &options, &lab_service);
        fake_script(lab.server, "/x", answers, 1);
        lab_get_path(&lab, "/x");
        g_assert_cmpint(lab.verdict.class, ==, cases[i].class);
        g_assert_cmpint(fake_count(lab.server, NULL), ==, cases[i].requests);
        if (cases[i].class != HTTP_FINE)
            g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
        lab_end(&lab);
    }
}

static void test_trouble_then_fine(void)
{
    lab lab;
    const http_options options = lab_options();
    const fake_answer answers[] = {
        {503, "down"},
        {.reset = TRUE},
        {200, "half", .short_body = TRUE},
        {200, "[1]"},
    };
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/x", answers, G_N_ELEMENTS(answers));
    lab_get_path(&lab, "/x");
    g_assert_no_error(lab.error);
    g_assert_cmpint(fake_count(lab.server, "/x"), >=, 4); /* libsoup may repeat a reset GET */
    g_assert_cmpint(lab.waits, >=, 2);
    lab_end(&lab);
}

static void test_hang_and_drip(void)
{
    const http_options options = lab_options();
    const fake_answer hang[] = {{.status = 200, .hang = TRUE}};
    const fake_answer drip[] = {{200, "0123456789012345678901234567890123456789", .drip_ms = 50}};
    const fake_answer *const both[] = {hang, drip};
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        lab lab;
        lab_start(&lab, &options, &lab_service);
        fake_script(lab.server, "/x", both[i], 1);
        const gint64 start_us = clock_monotonic_us();
        lab_get_path(&lab, "/x");
        g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
        g_assert_nonnull(strstr(lab.error->message, "no whole answer in time"));
        g_assert_cmpint(fake_count(lab.server, "/x"), ==, HTTP_ATTEMPTS);
        /* Five exchanges of half a second and small pauses: bounded, however slow this machine. */
        g_assert_cmpint(clock_monotonic_us() - start_us, <, 60 * QB_SECOND_US);
        lab_end(&lab);
    }
}

/* ---- bodies --------------------------------------------------------------------------------- */

static void test_too_long(void)
{
    lab lab;
    const http_options options = lab_options();
    g_autofree char *body = g_strnfill(100000, 'x');
    const fake_answer answers[] = {{200, body}};
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/x", answers, 1);
    lab_get(
        &lab,
        &(http_request){
            .service = "fake", .base = fake_base(lab.server), .path = "/x", .body_limit = 99999},
        NULL);
    g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
    g_assert_nonnull(strstr(lab.error->message, "longer than 99999 bytes"));
    g_assert_cmpint(fake_count(lab.server, "/x"), ==, 1);
    lab_end(&lab);
}

static void test_gzip_bomb(void)
{
    lab lab;
    const http_options options = lab_options();
    const gsize length = 30 * 1024 * 1024;
    gsize packed_length;
    g_autofree guchar *zeros = g_malloc0(length);
    g_autofree guchar *packed = lab_gzip(zeros, length, &packed_length);
    const fake_answer answers[] = {
        {200, (const char *)packed, packed_length, .headers = {"Content-Encoding", "gzip"}}};
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/x", answers, 1);
    lab_get_path(&lab, "/x");
    g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
    g_assert_nonnull(strstr(lab.error->message, "unpacks to more than 100 times"));
    g_assert_cmpint(fake_count(lab.server, "/x"), ==, 1);
    lab_end(&lab);
}

static void test_gzip(void)
{
    lab lab;
    const http_options options = lab_options();
    gsize packed_length;
    g_autofree guchar *packed = lab_gzip((const guchar *)"[1,2,3]", 7, &packed_length);
    const fake_answer answers[] = {
        {200, (const char *)packed, packed_length, .headers = {"Content-Encoding", "gzip"}}};
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/x", answers, 1);
    lab_get_path(&lab, "/x");
    g_assert_no_error(lab.error);
    g_assert_cmpmem(g_bytes_get_data(lab.answer->body, NULL), g_bytes_get_size(lab.answer->body),
                    "[1,2,3]", 7);
    lab_end(&lab);
}

/* ---- limits --------------------------------------------------------------------------------- */

static void test_retry_after(void)
{
    lab lab;
    const http_options options = lab_options();
    const fake_answer answers[] = {{429, "", .headers = {"Retry-After", "1"}}, {200, "[]"}};
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/x", answers, 2);
    const gint64 start_us = clock_monotonic_us();
    lab_get_path(&lab, "/x");
    g_assert_no_error(lab.error);
    g_assert_cmpint(clock_monotonic_us() - start_us, >=, 990000);
    g_assert_cmpint(fake_count(lab.server, "/x"), ==, 2);
    lab_end(&lab);
}

/* An hour is longer than anybody waits: one request, and a word when it goes on. */
static void test_retry_after_long(void)
{
    lab lab;
    const http_options options = lab_options();
    const fake_answer answers[] = {{429, "", .headers = {"Retry-After", "3600"}}};
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/x", answers, 1);
    lab_get_path(&lab, "/x");
    g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
    g_assert_nonnull(strstr(lab.error->message, "it goes on at 20"));
    g_assert_cmpint(lab.verdict.class, ==, HTTP_RATE_LIMIT);
    lab_get_path(&lab, "/x"); /* and it is remembered */
    g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
    g_assert_cmpint(fake_count(lab.server, "/x"), ==, 1);
    lab_end(&lab);
}

static void test_budget_over_restarts(void)
{
    static const http_limit limits[] = {{"day", 2}, {NULL, 0}};
    static const http_service service = {.name = "fake", .limits = limits};
    g_autofree char *folder = g_dir_make_tmp("quantbot-http-XXXXXX", NULL);
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[]"}};
    options.state_folder = folder;
    for (int round = 0; round < 3; round++) {
        lab lab;
        lab_start(&lab, &options, &service);
        fake_script(lab.server, "/x", answers, 1);
        lab_get_path(&lab, "/x");
        if (round < 2)
            g_assert_no_error(lab.error);
        else
            g_assert_error(lab.error, FAILURE, FAILURE_PROVIDER);
        g_assert_cmpint(fake_count(lab.server, NULL), ==, round < 2 ? 1 : 0);
        lab_end(&lab);
    }
    g_autofree char *state = g_build_filename(folder, "fake.json", NULL);
    g_autofree char *lock = g_build_filename(folder, ".fake.lock", NULL);
    g_assert_true(files_exists(state));
    g_remove(state);
    g_remove(lock);
    g_rmdir(folder);
}

static gboolean cancel(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static void test_cancel(void)
{
    const http_options options = lab_options();
    const fake_answer hang[] = {{.status = 200, .hang = TRUE}};
    const fake_answer wait[] = {{429, "", .headers = {"Retry-After", "1"}}};
    const fake_answer *const both[] = {hang, wait};
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        lab lab;
        g_autoptr(GCancellable) stop = g_cancellable_new();
        lab_start(&lab, &options, &lab_service);
        fake_script(lab.server, "/x", both[i], 1);
        g_timeout_add(50, cancel, stop);
        lab_get(&lab,
                &(http_request){.service = "fake", .base = fake_base(lab.server), .path = "/x"},
                stop);
        g_assert_error(lab.error, FAILURE, FAILURE_INTERRUPTED);
        g_assert_cmpint(fake_count(lab.server, "/x"), ==, 1);
        lab_end(&lab);
    }
}

/* ---- without a server ----------------------------------------------------------------------- */

static void test_hosts(void)
{
    static const char *const listed[] = {"api.example.com", "other.example.com:8443", NULL};
    static const struct {
        const char *base;
        gboolean plain, good;
    } cases[] = {
        {"https://api.example.com", FALSE, TRUE},
        {"https://api.example.com/v3", FALSE, TRUE},
        {"https://API.EXAMPLE.COM:443", FALSE, TRUE},
        {"https://other.example.com:8443", FALSE, TRUE},
        {"http://127.0.0.1:9", FALSE, TRUE},
        {"http://[::1]:9", FALSE, TRUE},
        {"http://localhost:9", FALSE, TRUE},
        {"http://api.example.com", TRUE, TRUE},
        {"http://api.example.com", FALSE, FALSE},
        {"https://other.example.com", FALSE, FALSE},
        {"https://api.example.com:444", FALSE, FALSE},
        {"https://api.example.com.evil.org", FALSE, FALSE},
        {"https://evil.org/api.example.com", FALSE, FALSE},
        {"https://user@api.example.com", FALSE, FALSE},
        {"https://api.example.com?x=1", FALSE, FALSE},
        {"https://127.0.0.1.evil.org", FALSE, FALSE},
        {"ftp://api.example.com", FALSE, FALSE},
        {"api.example.com", FALSE, FALSE},
        {"", FALSE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *host = NULL;
        const gboolean good = hosts_check(cases[i].base, listed, cases[i].plain, &host, &error);
        if (good != cases[i].good)
            g_error("%s: %s", cases[i].base, error != NULL ? error->message : "was taken");
        if (!good)
            g_assert_error(error, FAILURE, FAILURE_USAGE);
    }
}

/* At each step the plain count over every window. */
static void test_budget_property(void)
{
    static const http_limit limits[] = {
        {"second", 3}, {"minute", 20}, {"hour", 700}, {"minute", 50, TRUE}, {NULL, 0}};
    static const gint64 windows[] = {QB_SECOND_US, QB_MINUTE_US, QB_HOUR_US, QB_MINUTE_US};
    g_autoptr(GArray) when = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) cost = g_array_new(FALSE, FALSE, sizeof(guint));
    qb_random random = {11};
    budget budget;
    gint64 now_us = 1700000000 * QB_SECOND_US;
    budget_init(&budget, limits);
    for (int i = 0; i < 3000; i++) {
        const http_limit *which;
        const guint credits = 1 + (guint)(qb_random_unit(&random) * 5);
        now_us += (gint64)(qb_random_unit(&random) * 2e6);
        const gint64 free_us = budget_free_us(&budget, now_us, credits, &which);
        g_assert_cmpint(free_us, >=, now_us);
        g_assert_true((free_us == now_us) == (which == NULL));
        now_us = free_us;
        budget_use(&budget, now_us, credits);
        g_array_append_val(when, now_us);
        g_array_append_val(cost, credits);
        for (guint k = 0; k < 4; k++) {
            guint used = 0;
            for (gint j = (gint)when->len - 1; j >= 0; j--) {
                if (g_array_index(when, gint64, j) <= now_us - windows[k])
                    break;
                used += limits[k].credits ? g_array_index(cost, guint, j) : 1;
            }
            g_assert_cmpint(used, <=, limits[k].count);
        }
        if (i % 500 == 0) { /* as if another process went on */
            g_autofree char *text = budget_text(&budget, "fake");
            budget_clear(&budget);
            budget_init(&budget, limits);
            g_assert_true(budget_parse(&budget, text, strlen(text), now_us));
        }
    }
    budget_clear(&budget);
}

static void test_budget_damage(void)
{
    static const http_limit limits[] = {{"hour", 5}, {NULL, 0}};
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"schema\":2}",
        "{\"schema\":1,\"blocked_until_us\":0}",
        "{\"schema\":1,\"blocked_until_us\":0,\"limits\":{\"hour\":[[1]]}}",
        "{\"schema\":1,\"blocked_until_us\":0,\"limits\":{\"hour\":[[5,1],[4,1]]}}",
    };
    const gint64 now_us = 1700000000 * QB_SECOND_US;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        const http_limit *which;
        budget budget;
        budget_init(&budget, limits);
        g_assert_false(budget_parse(&budget, texts[i], strlen(texts[i]), now_us));
        g_assert_cmpint(budget_free_us(&budget, now_us, 1, &which), ==, now_us + QB_HOUR_US);
        budget_clear(&budget);
    }
}

/* A day of nothing but errors costs a service at most a request a minute, and far fewer later. */
static void test_breaker_storm(void)
{
    breaker breaker = {0};
    gint64 now_us = 0;
    guint sent = 0, first_hour = 0;
    while (now_us < 24 * QB_HOUR_US) {
        now_us = breaker_free_us(&breaker, now_us);
        breaker_begin(&breaker);
        breaker_end(&breaker, FALSE, now_us);
        sent++;
        first_hour += now_us < QB_HOUR_US;
    }
    g_assert_cmpint(first_hour, <=, BREAKER_FAILURES + 10);
    g_assert_cmpint(sent, <=, 24 * 60);
    breaker_begin(&breaker);
    breaker_end(&breaker, TRUE, now_us);
    g_assert_cmpint(breaker_free_us(&breaker, now_us), ==, now_us);
}

static void test_retry_after_texts(void)
{
    const gint64 now_us = 1700000000 * QB_SECOND_US; /* Tue, 14 Nov 2023 22:13:20 GMT */
    static const struct {
        const char *text;
        gint64 wait_s;
    } cases[] = {
        {"0", 0},
        {"7", 7},
        {" 120 ", 120},
        {"999999999999", 86400},
        {"-1", -1},
        {"1.5", -1},
        {"soon", -1},
        {"", -1},
        {"Tue, 14 Nov 2023 22:14:20 GMT", 60},
        {"Tue, 14 Nov 2023 22:00:00 GMT", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gint64 wait_us = verdict_retry_after(cases[i].text, now_us);
        g_assert_cmpint(wait_us, ==, cases[i].wait_s < 0 ? -1 : cases[i].wait_s * QB_SECOND_US);
    }
    g_assert_cmpint(verdict_retry_after(NULL, now_us), ==, -1);
}

static void test_descriptors(void)
{
    lab lab;
    const http_options options = lab_options();
    const fake_answer answers[] = {{200, "[]"}};
    lab_start(&lab, &options, &lab_service);
    fake_script(lab.server, "/x", answers, 1);
    lab_get_path(&lab, "/x");
    const guint before = lab_descriptors();
    for (int i = 0; i < 300; i++)
        lab_get_path(&lab, "/x");
    g_assert_cmpint(lab_descriptors(), <=, before + 8);
    lab_end(&lab);
}

/* Kept-alive connections are used again, and those that a service closes are not missed. */
static void test_connections(void)
{
    static const fake_answer kept[] = {{200, "[]", .headers = {"Connection", "keep-alive"}}};
    static const fake_answer closed[] = {{200, "[]"}};
    static const struct {
        const fake_answer *answer;
        guint connections;
    } cases[] = {{kept, 1}, {closed, 10}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        lab lab;
        const http_options options = lab_options();
        lab_start(&lab, &options, &lab_service);
        fake_script(lab.server, "/x", cases[i].answer, 1);
        for (int k = 0; k < 10; k++) {
            lab_get_path(&lab, "/x");
            g_assert_no_error(lab.error);
        }
        g_assert_cmpint(fake_connections(lab.server), ==, cases[i].connections);
        lab_end(&lab);
    }
}

static void on_interrupted(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    g_autoptr(GError) error = NULL;
    g_assert_null(http_get_finish(NULL, result, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_INTERRUPTED);
    (*(guint *)data)++;
}

/* Freed while requests are sent, awaited, read and held back: every callback has run, soon. */
static void test_free(void)
{
    static const fake_answer hang[] = {{.status = 200, .hang = TRUE}};
    static const fake_answer drip[] = {
        {200, "0123456789012345678901234567890123456789", .drip_ms = 20}};
    static const fake_answer wait[] = {{429, "", .headers = {"Retry-After", "60"}}};
    static const struct {
        const fake_answer *answer;
        guint arrived;
    } cases[] = {{hang, 0}, {hang, 1}, {hang, 10}, {drip, 10}, {wait, 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        lab lab;
        guint ended = 0;
        http_options options = lab_options();
        options.connect_us = options.read_us = options.exchange_us = 60 * QB_SECOND_US;
        options.wait_us = 600 * QB_SECOND_US;
        lab_start(&lab, &options, &lab_service);
        fake_script(lab.server, "/x", cases[i].answer, 1);
        for (int k = 0; k < 20; k++)
            http_get_async(lab.client,
                           &(http_request){.service = "fake", .base = lab.base, .path = "/x"}, NULL,
                           on_interrupted, &ended);
        while (fake_count(lab.server, "/x") < cases[i].arrived)
            g_main_context_iteration(NULL, TRUE);
        const gint64 start_us = clock_monotonic_us();
        http_free(g_steal_pointer(&lab.client));
        g_assert_cmpint(ended, ==, 20);
        g_assert_cmpint(clock_monotonic_us() - start_us, <, 5 * QB_SECOND_US);
        lab_end(&lab);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/answer/fine", test_fine);
    g_test_add_func("/http/answer/status", test_status);
    g_test_add_func("/http/answer/trouble-then-fine", test_trouble_then_fine);
    g_test_add_func("/http/answer/hang-and-drip", test_hang_and_drip);
    g_test_add_func("/http/body/too-long", test_too_long);
    g_test_add_func("/http/body/gzip", test_gzip);
    g_test_add_func("/http/body/gzip-bomb", test_gzip_bomb);
    g_test_add_func("/http/limit/retry-after", test_retry_after);
    g_test_add_func("/http/limit/retry-after-long", test_retry_after_long);
    g_test_add_func("/http/limit/budget-over-restarts", test_budget_over_restarts);
    g_test_add_func("/http/cancel", test_cancel);
    g_test_add_func("/http/connections", test_connections);
    g_test_add_func("/http/free", test_free);
    g_test_add_func("/http/hosts", test_hosts);
    g_test_add_func("/http/budget/property", test_budget_property);
    g_test_add_func("/http/budget/damage", test_budget_damage);
    g_test_add_func("/http/breaker/storm", test_breaker_storm);
    g_test_add_func("/http/retry-after/texts", test_retry_after_texts);
    g_test_add_func("/http/descriptors", test_descriptors);
    return g_test_run();
}
