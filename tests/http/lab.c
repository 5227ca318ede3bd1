#include "lab.h"

#include "core/base/base.h"

#include <string.h>
#include <zlib.h>

const http_service lab_service = {.name = "fake"};

static void on_waiting(const char *service, gint64 until_us, const char *why, gpointer data)
{
    g_assert_cmpstr(service, ==, "fake");
    g_assert_cmpint(until_us, >, 0);
    g_assert_cmpint(strlen(why), >, 0);
    ((lab *)data)->waits++;
}

http_options lab_options(void)
{
    return (http_options){.user_agent = "quantbot-test/1",
                          .connect_us = QB_SECOND_US,
                          .read_us = QB_SECOND_US,
                          .exchange_us = QB_SECOND_US / 2,
                          .wait_us = 2 * QB_SECOND_US,
                          .backoff_us = 1000,
                          .seed = 7};
}

void lab_start_tls(lab *self, const http_options *options, const http_service *service,
                   const char *cert)
{
    *self = (lab){.server = fake_new(cert)};
    self->base = fake_base(self->server);
    self->client = http_new(options, &self->error);
    g_assert_no_error(self->error);
    g_assert_true(http_add_service(self->client, service, &self->error));
    http_on_waiting(self->client, on_waiting, self);
}

void lab_start(lab *self, const http_options *options, const http_service *service)
{
    lab_start_tls(self, options, service, NULL);
}

static void forget(lab *self)
{
    g_clear_pointer(&self->answer, http_answer_free);
    g_clear_error(&self->error);
    self->done = FALSE;
}

void lab_end(lab *self)
{
    forget(self);
    http_free(self->client);
    fake_free(self->server);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    lab *self = data;
    self->answer = http_get_finish(self->client, result, &self->verdict, &self->error);
    self->done = TRUE;
}

void lab_get(lab *self, const http_request *request, GCancellable *cancellable)
{
    forget(self);
    http_get_async(self->client, request, cancellable, on_done, self);
    while (!self->done)
        g_main_context_iteration(NULL, TRUE);
}

void lab_get_path(lab *self, const char *path)
{
    lab_get(self, &(http_request){.service = "fake", .base = self->base, .path = path}, NULL);
}

char *lab_file(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "http", "tls", name, NULL);
}

guchar *lab_gzip(const guchar *text, gsize length, gsize *out_length)
{
    z_stream stream = {0};
    guchar *packed = g_malloc(length / 2 + 1024);
    g_assert_cmpint(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
    stream.next_in = (guchar *)text;
    stream.avail_in = (guint)length;
    stream.next_out = packed;
    stream.avail_out = (guint)(length / 2 + 1024);
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    *out_length = stream.total_out;
    deflateEnd(&stream);
    return packed;
}

guint lab_descriptors(void)
{
    guint count = 0;
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    while (g_dir_read_name(dir) != NULL)
        count++;
    return count;
}
