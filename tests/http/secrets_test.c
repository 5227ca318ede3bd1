/* A key is in no log line and in no error, whatever the service and the network do with it. Nobody
 * has registered it: that it is marked as secret in the request is enough. */
#include "front.h"
#include "lab.h"
#include "platform/log.h"

#include "core/base/base.h"

#include <glib/gstdio.h>
#include <string.h>

/* Characters that a URL and a text in JSON write differently. */
#define KEY "Zq7-key/with+odd\"signs&Zq7"
#define TOKEN "Xy9TokenOfTheHeaderXy9"

typedef struct protocol {
    lab lab;
    char *folder, *log;
    GString *errors;
} protocol;

static void start(protocol *self, const http_options *options)
{
    g_autoptr(GError) error = NULL;
    *self = (protocol){.folder = g_dir_make_tmp("quantbot-secrets-XXXXXX", NULL)};
    self->log = g_build_filename(self->folder, "log", NULL);
    self->errors = g_string_new(NULL);
    log_forget_secrets();
    log_set_level(LOG_DEBUG);
    g_assert_true(log_open_file(self->log, 1 << 20, 1, &error));
    lab_start(&self->lab, options, &lab_service);
}

/* How much of a key is in a text: the length of the longest of its beginnings. */
static gsize found(const char *text, const char *key)
{
    for (gsize length = strlen(key); length >= 4; length--) {
        g_autofree char *part = g_strndup(key, length);
        if (strstr(text, part) != NULL)
            return length;
    }
    return 0;
}

static void check_absent(const char *text, const char *where)
{
    static const char *const keys[] = {KEY, TOKEN};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *percent = g_uri_escape_string(keys[i], NULL, FALSE);
        g_autofree char *base64 = g_base64_encode((const guchar *)keys[i], strlen(keys[i]) / 3 * 3);
        const char *const forms[] = {keys[i], percent, base64};
        for (gsize k = 0; k < G_N_ELEMENTS(forms); k++)
            if (found(text, forms[k]) > 0)
                g_error("%s: %zu characters of \"%s\" in: %s", where, found(text, forms[k]),
                        forms[k], text);
    }
}

static void finish(protocol *self)
{
    g_autofree char *log = NULL;
    lab_end(&self->lab);
    log_flush();
    log_close_file();
    log_set_level(LOG_INFO);
    log_forget_secrets();
    g_assert_true(g_file_get_contents(self->log, &log, NULL, NULL));
    g_assert_nonnull(strstr(log, "fake GET ")); /* there is something to find it in */
    check_absent(log, "log");
    check_absent(self->errors->str, "errors");
    g_remove(self->log);
    g_rmdir(self->folder);
    g_string_free(self->errors, TRUE);
    g_free(self->log);
    g_free(self->folder);
}

/* Judges as vendors have them: the service's words quoted, and printed as they are. */
static void quote(const http_answer *answer, gpointer data, http_verdict *out)
{
    (void)data;
    http_judge_status(answer, out);
    gsize length;
    const char *text = g_bytes_get_data(answer->body, &length);
    if (length > 0 && out->class != HTTP_FINE)
        http_verdict_quote(out, out->class, text, (gssize)length);
}

static void print(const http_answer *answer, gpointer data, http_verdict *out)
{
    (void)data;
    http_judge_status(answer, out);
    gsize length;
    const char *text = g_bytes_get_data(answer->body, &length);
    if (length > 0 && out->class != HTTP_FINE)
        http_verdict_set(out, out->class, "%.*s", (int)length, text);
}

static void ask(protocol *self, const char *path, gsize body_limit)
{
    static const http_field query[] = {{"symbol", "SPY"}, {"apikey", KEY, TRUE}, {NULL}};
    static const http_field headers[] = {{"Authorization", "Token " TOKEN, TRUE}, {NULL}};
    void (*const judges[])(const http_answer *, gpointer, http_verdict *) = {NULL, quote, print};
    for (gsize i = 0; i < G_N_ELEMENTS(judges); i++) {
        lab_get(&self->lab,
                &(http_request){.service = "fake",
                                .base = self->lab.base,
                                .path = path,
                                .query = query,
                                .headers = headers,
                                .body_limit = body_limit,
                                .judge = judges[i]},
                NULL);
        g_string_append_printf(self->errors, "%s\n%s\n", self->lab.verdict.words,
                               self->lab.error != NULL ? self->lab.error->message : "");
    }
}

/* A text that ends in a cut through the middle of the key: after 80 characters, and after 200. */
static char *echo_at(gsize length)
{
    g_autofree char *before = g_strnfill(length - 10, '.');
    return g_strconcat(before, KEY, " ", TOKEN, NULL);
}

static void ask_echoes(protocol *self)
{
    g_autofree char *percent = g_uri_escape_string(KEY, NULL, FALSE);
    g_autofree char *url = g_strdup_printf("no plan for /x?symbol=SPY&apikey=%s", percent);
    g_autofree char *base64 = g_base64_encode((const guchar *)"Token " TOKEN, strlen(TOKEN) + 6);
    g_autofree char *at_80 = echo_at(80), *at_200 = echo_at(200);
    const char *const bodies[] = {"the key " KEY " is not known to us",
                                  "{\"error\":\"" TOKEN " has expired\"}",
                                  "{\"error\":\"Zq7-key\\/with+odd\\\"signs&Zq7 has expired\"}",
                                  url,
                                  base64,
                                  at_80,
                                  at_200};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        const fake_answer answers[] = {{401, bodies[i]}};
        fake_script(self->lab.server, "/echo", answers, 1);
        ask(self, "/echo", 0);
    }
}

static void ask_all(protocol *self)
{
    static const fake_answer fine[] = {{200, "[\"" KEY "\"]"}};
    static const fake_answer redirect[] = {
        {302, "", .headers = {"Location", "http://127.0.0.1:1/x?apikey=" TOKEN}}};
    static const fake_answer cut[] = {{200, "[1", .reset = TRUE}};
    static const fake_answer half[] = {{200, "[1", .short_body = TRUE}};
    static const fake_answer garbage[] = {{200, TOKEN, .headers = {"Content-Encoding", "gzip"}}};
    static const fake_answer missing[] = {{404, KEY, .type = TOKEN}};
    const struct {
        const char *path;
        const fake_answer *answer;
        gsize body_limit;
    } cases[] = {{"/fine", fine, 0},       {"/redirect", redirect, 0}, {"/cut", cut, 0},
                 {"/half", half, 0},       {"/garbage", garbage, 0},   {"/long", fine, 3},
                 {"/missing", missing, 0}, {"/never-heard", NULL, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].answer != NULL)
            fake_script(self->lab.server, cases[i].path, cases[i].answer, 1);
        ask(self, cases[i].path, cases[i].body_limit);
    }
}

static void test_http1(void)
{
    protocol stage;
    const http_options options = lab_options();
    start(&stage, &options);
    ask_echoes(&stage);
    ask_all(&stage);
    finish(&stage);
}

/* Rate limits, storms and waits have words of their own. */
static void test_trouble(void)
{
    static const fake_answer hang[] = {{.status = 200, .hang = TRUE}};
    static const fake_answer limit[] = {{429, KEY, .headers = {"Retry-After", "3600"}}};
    static const fake_answer storm[] = {{503, KEY " " TOKEN}};
    static const fake_answer *const all[] = {hang, limit, storm};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        protocol stage;
        http_options options = lab_options();
        options.exchange_us = QB_SECOND_US / 10;
        start(&stage, &options);
        fake_script(stage.lab.server, "/x", all[i], 1);
        ask(&stage, "/x", 0);
        finish(&stage);
    }
}

static void test_nobody(void)
{
    protocol stage;
    const http_options options = lab_options();
    start(&stage, &options);
    stage.lab.base = "http://127.0.0.1:1"; /* nobody listens there */
    ask(&stage, "/x", 0);
    finish(&stage);
}

static void test_http2(void)
{
    protocol stage;
    g_autofree char *ca = lab_file("ca.pem");
    http_options options = lab_options();
    options.ca_file = ca;
    start(&stage, &options);
    front *front = front_new(fake_base(stage.lab.server));
    if (front != NULL) {
        stage.lab.base = front_base(front);
        ask_echoes(&stage);
        ask_all(&stage);
    } else {
        ask(&stage, "/x", 0);
        g_test_skip("there is no nghttpx (Debian package nghttp2-proxy)");
    }
    finish(&stage);
    front_free(front);
}

static void test_proxy(void)
{
    static const char *const proxies[] = {"http//me:" TOKEN "@proxy", "me:" TOKEN "@proxy:3128",
                                          "http://me:" TOKEN "@"};
    for (gsize i = 0; i < G_N_ELEMENTS(proxies); i++) {
        g_autoptr(GError) error = NULL;
        http_options options = lab_options();
        options.proxy = proxies[i];
        g_autoptr(http) client = http_new(&options, &error);
        g_assert_null(client);
        g_assert_error(error, FAILURE, FAILURE_USAGE);
        check_absent(error->message, proxies[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/secrets/http1", test_http1);
    g_test_add_func("/http/secrets/trouble", test_trouble);
    g_test_add_func("/http/secrets/nobody", test_nobody);
    g_test_add_func("/http/secrets/http2", test_http2);
    g_test_add_func("/http/secrets/proxy", test_proxy);
    return g_test_run();
}
