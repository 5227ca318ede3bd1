/* The client over HTTP/2, which every vendor speaks: what HTTP/1.1 was tested for in http_test.c, in
 * front of the same service. Skipped where there is no nghttpx. */
#include "front.h"
#include "lab.h"
#include "platform/clock.h"

#include "core/base/base.h"

#include <string.h>

typedef struct stage {
    lab lab;
    front *front;
    char *ca;
} stage;

/* FALSE: the test is skipped. */
static gboolean stage_start(stage *self, http_options *options)
{
    *self = (stage){.ca = lab_file("ca.pem")};
    options->ca_file = self->ca;
    lab_start(&self->lab, options, &lab_service);
    self->front = front_new(fake_base(self->lab.server));
    if (self->front == NULL) {
        g_test_skip("there is no nghttpx (Debian package nghttp2-proxy)");
        lab_end(&self->lab);
        g_free(self->ca);
        return FALSE;
    }
    self->lab.base = front_base(self->front);
    return TRUE;
}

static void stage_end(stage *self)
{
    lab_end(&self->lab);
    front_free(self->front);
    g_free(self->ca);
}

static void check_body(const lab *lab, const char *want, gsize length)
{
    g_assert_no_error(lab->error);
    g_assert_cmpmem(g_bytes_get_data(lab->answer->body, NULL), g_bytes_get_size(lab->answer->body),
                    want, length);
}

/* Ten requests one after another: one connection, all of them over h2. */
static void test_one_connection(void)
{
    stage stage;
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "{\"a\":1}"}};
    const http_field headers[] = {{"Authorization", "Token sesame-open", TRUE}, {NULL}};
    const http_field query[] = {{"symbol", "BRK B&x=1"}, {NULL}};
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/x", answers, 1);
    for (int i = 0; i < 10; i++) {
        lab_get(&stage.lab,
                &(http_request){.service = "fake",
                                .base = stage.lab.base,
                                .path = "/x",
                                .query = query,
                                .headers = headers},
                NULL);
        check_body(&stage.lab, "{\"a\":1}", 7);
        g_assert_cmpstr(stage.lab.answer->content_type, ==, "application/json");
    }
    g_assert_cmpstr(fake_header(stage.lab.server, "authorization"), ==, "Token sesame-open");
    g_assert_cmpstr(fake_query(stage.lab.server), ==, "symbol=BRK%20B%26x%3D1");
    g_auto(GStrv) lines = front_finish(stage.front);
    g_assert_cmpint(g_strv_length(lines), ==, 10);
    g_assert_true(g_str_has_suffix(lines[0], " h2 200"));
    for (int i = 1; i < 10; i++)
        g_assert_cmpstr(lines[i], ==, lines[0]);
    stage_end(&stage);
}

static void test_status(void)
{
    static const struct {
        guint status;
        http_class class;
        guint requests;
    } cases[] = {
        {204, HTTP_FINE, 1}, {302, HTTP_BAD_REQUEST, 1}, {401, HTTP_AUTH, 1},
        {403, HTTP_PLAN, 1}, {404, HTTP_NOT_FOUND, 1},
    };
    stage stage;
    http_options options = lab_options();
    if (!stage_start(&stage, &options))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const fake_answer answers[] = {
            {cases[i].status, "", .headers = {"Location", "https://127.0.0.1:1/elsewhere"}}};
        g_autofree char *path = g_strdup_printf("/%u", cases[i].status);
        fake_script(stage.lab.server, path, answers, 1);
        lab_get_path(&stage.lab, path);
        g_assert_cmpint(stage.lab.verdict.class, ==, cases[i].class);
        g_assert_cmpint(fake_count(stage.lab.server, path), ==, cases[i].requests);
        if (cases[i].class != HTTP_FINE)
            g_assert_error(stage.lab.error, FAILURE, FAILURE_PROVIDER);
    }
    stage_end(&stage);
}

static void test_storm(void)
{
    stage stage;
    http_options options = lab_options();
    const fake_answer answers[] = {{503, ""}};
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/x", answers, 1);
    lab_get_path(&stage.lab, "/x");
    g_assert_error(stage.lab.error, FAILURE, FAILURE_PROVIDER);
    g_assert_cmpint(stage.lab.verdict.class, ==, HTTP_SERVER);
    g_assert_cmpint(fake_count(stage.lab.server, "/x"), ==, HTTP_ATTEMPTS);
    stage_end(&stage);
}

static void test_retry_after(void)
{
    stage stage;
    http_options options = lab_options();
    const fake_answer answers[] = {{429, "", .headers = {"Retry-After", "1"}}, {200, "[]"}};
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/x", answers, 2);
    const gint64 start_us = clock_monotonic_us();
    lab_get_path(&stage.lab, "/x");
    check_body(&stage.lab, "[]", 2);
    g_assert_cmpint(clock_monotonic_us() - start_us, >=, 990000);
    g_assert_cmpint(fake_count(stage.lab.server, "/x"), ==, 2);
    stage_end(&stage);
}

/* Neither an answer that never comes nor one that never ends outlasts its deadline, and the next
 * request is not held up by what is left of it. */
static void test_hang_and_drip(void)
{
    static const fake_answer hang[] = {{.status = 200, .hang = TRUE}};
    static const fake_answer drip[] = {
        {200, "0123456789012345678901234567890123456789", .drip_ms = 50}};
    static const fake_answer fine[] = {{200, "[]"}};
    const fake_answer *const both[] = {hang, drip};
    stage stage;
    http_options options = lab_options();
    options.read_us = 60 * QB_SECOND_US; /* which would end all requests of the connection */
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/fine", fine, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        fake_script(stage.lab.server, "/x", both[i], 1);
        lab_get_path(&stage.lab, "/x");
        g_assert_error(stage.lab.error, FAILURE, FAILURE_PROVIDER);
        g_assert_nonnull(strstr(stage.lab.error->message, "no whole answer in time"));
        g_assert_cmpint(fake_count(stage.lab.server, "/x"), ==, HTTP_ATTEMPTS);
        http_free(stage.lab.client); /* its breaker is open by now */
        stage.lab.client = http_new(&options, NULL);
        g_assert_true(http_add_service(stage.lab.client, &lab_service, NULL));
        lab_get_path(&stage.lab, "/fine");
        check_body(&stage.lab, "[]", 2);
    }
    stage_end(&stage);
}

/* The deadline of connecting ends with the connection, not with the answer: one that takes five
 * times as long is waited for, on a new connection and on one that is already there. */
static void test_connect_deadline(void)
{
    static const fake_answer slow[] = {{200, "0123456789", .drip_ms = 50}};
    stage stage;
    http_options options = lab_options();
    options.connect_us = QB_SECOND_US / 4;
    options.exchange_us = 20 * QB_SECOND_US;
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/x", slow, 1);
    for (int i = 0; i < 2; i++) {
        const gint64 start_us = clock_monotonic_us();
        lab_get_path(&stage.lab, "/x");
        check_body(&stage.lab, "0123456789", 10);
        g_assert_cmpint(clock_monotonic_us() - start_us, >, options.connect_us);
        g_assert_cmpint(fake_count(stage.lab.server, "/x"), ==, i + 1);
    }
    stage_end(&stage);
}

/* Half a body and then the end, and no answer at all. */
static void test_cut(void)
{
    static const fake_answer reset[] = {{.status = 200, .reset = TRUE}, {200, "[]"}};
    static const fake_answer half[] = {{200, "[1,2", .short_body = TRUE}, {200, "[]"}};
    const fake_answer *const both[] = {reset, half};
    stage stage;
    http_options options = lab_options();
    if (!stage_start(&stage, &options))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        fake_script(stage.lab.server, "/x", both[i], 2);
        lab_get_path(&stage.lab, "/x");
        check_body(&stage.lab, "[]", 2);
    }
    stage_end(&stage);
}

/* ---- bodies --------------------------------------------------------------------------------- */

static void test_gzip(void)
{
    stage stage;
    http_options options = lab_options();
    gsize packed_length;
    g_autofree guchar *packed = lab_gzip((const guchar *)"[1,2,3]", 7, &packed_length);
    const fake_answer answers[] = {
        {200, (const char *)packed, packed_length, .headers = {"Content-Encoding", "gzip"}}};
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/x", answers, 1);
    lab_get_path(&stage.lab, "/x");
    check_body(&stage.lab, "[1,2,3]", 7);
    g_assert_nonnull(strstr(fake_header(stage.lab.server, "accept-encoding"), "gzip"));
    stage_end(&stage);
}

/* A length of 100,000 goes through a limit of as many bytes and not of one less, packed or not. */
static void test_body_limit(void)
{
    stage stage;
    http_options options = lab_options();
    gsize packed_length;
    g_autofree char *body = g_strnfill(100000, 'x');
    g_autofree guchar *packed = lab_gzip((const guchar *)body, 100000, &packed_length);
    const fake_answer answers[] = {
        {200, body},
        {200, (const char *)packed, packed_length, .headers = {"Content-Encoding", "gzip"}}};
    if (!stage_start(&stage, &options))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        http_request request = {
            .service = "fake", .base = stage.lab.base, .path = "/x", .body_limit = 100000};
        fake_script(stage.lab.server, "/x", &answers[i], 1);
        lab_get(&stage.lab, &request, NULL);
        check_body(&stage.lab, body, 100000);
        request.body_limit--;
        lab_get(&stage.lab, &request, NULL);
        g_assert_error(stage.lab.error, FAILURE, FAILURE_PROVIDER);
        g_assert_nonnull(strstr(stage.lab.error->message, "longer than 99999 bytes"));
        g_assert_cmpint(fake_count(stage.lab.server, "/x"), ==, 2);
    }
    stage_end(&stage);
}

/* 30 MiB of noise are no bomb and of zeros are one: what came in is counted in both. */
static void test_gzip_bomb(void)
{
    const gsize length = 30 * 1024 * 1024;
    stage stage;
    http_options options = lab_options();
    gsize packed_length;
    g_autofree guchar *zeros = g_malloc0(length);
    g_autofree guchar *packed = lab_gzip(zeros, length, &packed_length);
    const fake_answer bomb[] = {
        {200, (const char *)packed, packed_length, .headers = {"Content-Encoding", "gzip"}}};
    const fake_answer plain[] = {{200, (const char *)zeros, length}};
    options.exchange_us = 60 * QB_SECOND_US;
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/bomb", bomb, 1);
    lab_get_path(&stage.lab, "/bomb");
    g_assert_error(stage.lab.error, FAILURE, FAILURE_PROVIDER);
    g_assert_nonnull(strstr(stage.lab.error->message, "unpacks to more than 100 times"));
    g_assert_cmpint(fake_count(stage.lab.server, "/bomb"), ==, 1);
    fake_script(stage.lab.server, "/plain", plain, 1);
    lab_get_path(&stage.lab, "/plain");
    check_body(&stage.lab, (const char *)zeros, length);
    stage_end(&stage);
}

/* ---- many ----------------------------------------------------------------------------------- */

typedef struct crowd {
    http *client;
    guint left, fine, interrupted;
} crowd;

static void on_one_of_crowd(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    crowd *self = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(http_answer) answer = http_get_finish(self->client, result, NULL, &error);
    self->left--;
    self->fine += answer != NULL;
    self->interrupted += g_error_matches(error, FAILURE, FAILURE_INTERRUPTED);
}

static void send_crowd(crowd *self, const lab *lab, guint count, const char *path,
                       GCancellable *stop)
{
    *self = (crowd){.client = lab->client, .left = count};
    for (guint i = 0; i < count; i++)
        http_get_async(lab->client,
                       &(http_request){.service = "fake", .base = lab->base, .path = path}, stop,
                       on_one_of_crowd, self);
}

static void await_crowd(crowd *self)
{
    while (self->left > 0)
        g_main_context_iteration(NULL, TRUE);
}

static void test_crowd(void)
{
    stage stage;
    crowd crowd;
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[]"}};
    options.exchange_us = options.connect_us = 60 * QB_SECOND_US;
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/x", answers, 1);
    send_crowd(&crowd, &stage.lab, 50, "/x", NULL);
    await_crowd(&crowd);
    g_assert_cmpint(crowd.fine, ==, 50);
    g_assert_cmpint(fake_count(stage.lab.server, "/x"), ==, 50);
    stage_end(&stage);
}

static gboolean cancel(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

/* At once, whatever the timeout of a read: before the connection stands, while answers are awaited, and while they drip. */
static void test_cancel(void)
{
    static const fake_answer hang[] = {{.status = 200, .hang = TRUE}};
    static const fake_answer drip[] = {
        {200, "0123456789012345678901234567890123456789", .drip_ms = 20}};
    static const fake_answer fine[] = {{200, "[]"}};
    static const struct {
        const fake_answer *answer;
        guint after_ms;
    } cases[] = {{fine, 0}, {hang, 1}, {hang, 100}, {drip, 100}, {drip, 300}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        stage stage;
        crowd crowd;
        http_options options = lab_options();
        g_autoptr(GCancellable) stop = g_cancellable_new();
        options.exchange_us = options.connect_us = options.read_us = 60 * QB_SECOND_US;
        if (!stage_start(&stage, &options))
            return;
        fake_script(stage.lab.server, "/x", cases[i].answer, 1);
        fake_script(stage.lab.server, "/fine", fine, 1);
        send_crowd(&crowd, &stage.lab, 10, "/x", stop);
        if (cases[i].after_ms == 0)
            g_cancellable_cancel(stop);
        else
            g_timeout_add(cases[i].after_ms, cancel, stop);
        const gint64 start_us = clock_monotonic_us();
        await_crowd(&crowd);
        g_assert_cmpint(clock_monotonic_us() - start_us, <, 5 * QB_SECOND_US);
        g_assert_cmpint(crowd.interrupted, ==, 10);
        lab_get_path(&stage.lab, "/fine"); /* the connection is none the worse */
        check_body(&stage.lab, "[]", 2);
        stage_end(&stage);
    }
}

/* Freed with requests under way, each in another place: every callback has run. */
static void test_free(void)
{
    static const fake_answer hang[] = {{.status = 200, .hang = TRUE}};
    static const fake_answer drip[] = {
        {200, "0123456789012345678901234567890123456789", .drip_ms = 20}};
    static const struct {
        const fake_answer *answer;
        guint arrived; /* requests, before it is freed */
    } cases[] = {{hang, 0}, {hang, 1}, {hang, 20}, {drip, 10}, {drip, 20}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        stage stage;
        crowd crowd;
        http_options options = lab_options();
        options.exchange_us = options.connect_us = options.read_us = 60 * QB_SECOND_US;
        if (!stage_start(&stage, &options))
            return;
        fake_script(stage.lab.server, "/x", cases[i].answer, 1);
        send_crowd(&crowd, &stage.lab, 20, "/x", NULL);
        while (fake_count(stage.lab.server, "/x") < cases[i].arrived)
            g_main_context_iteration(NULL, TRUE);
        const gint64 start_us = clock_monotonic_us();
        http_free(g_steal_pointer(&stage.lab.client));
        g_assert_cmpint(clock_monotonic_us() - start_us, <, 5 * QB_SECOND_US);
        g_assert_cmpint(crowd.left, ==, 0);
        g_assert_cmpint(crowd.interrupted, ==, 20);
        stage_end(&stage);
    }
}

static void test_descriptors(void)
{
    stage stage;
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[]"}};
    options.exchange_us = 60 * QB_SECOND_US;
    if (!stage_start(&stage, &options))
        return;
    fake_script(stage.lab.server, "/x", answers, 1);
    lab_get_path(&stage.lab, "/x");
    const guint before = lab_descriptors();
    for (int i = 0; i < 300; i++)
        lab_get_path(&stage.lab, "/x");
    g_assert_cmpint(lab_descriptors(), <=, before + 8);
    stage_end(&stage);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http2/one-connection", test_one_connection);
    g_test_add_func("/http2/status", test_status);
    g_test_add_func("/http2/storm", test_storm);
    g_test_add_func("/http2/retry-after", test_retry_after);
    g_test_add_func("/http2/hang-and-drip", test_hang_and_drip);
    g_test_add_func("/http2/connect-deadline", test_connect_deadline);
    g_test_add_func("/http2/cut", test_cut);
    g_test_add_func("/http2/gzip", test_gzip);
    g_test_add_func("/http2/body-limit", test_body_limit);
    g_test_add_func("/http2/gzip-bomb", test_gzip_bomb);
    g_test_add_func("/http2/crowd", test_crowd);
    g_test_add_func("/http2/cancel", test_cancel);
    g_test_add_func("/http2/free", test_free);
    g_test_add_func("/http2/descriptors", test_descriptors);
    return g_test_run();
}
