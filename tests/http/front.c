#include "front.h"
#include "lab.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

struct front {
    GSubprocess *process;
    char *base;
};

/* It does not outlive a test that dies. */
static void on_child(gpointer data)
{
    (void)data;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static char *find_program(void)
{
    char *path = g_find_program_in_path("nghttpx");
    if (path == NULL && g_file_test("/usr/sbin/nghttpx", G_FILE_TEST_IS_EXECUTABLE))
        path = g_strdup("/usr/sbin/nghttpx");
    return path;
}

/* A port that was free a moment ago: nghttpx cannot choose one itself. */
static guint16 free_port(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    const guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, &error);
    g_assert_no_error(error);
    g_socket_listener_close(listener);
    return port;
}

/* It says when it listens; its end of the pipe closes when it could not. */
static gboolean is_listening(GSubprocess *process)
{
    g_autoptr(GDataInputStream)
        lines = g_data_input_stream_new(g_subprocess_get_stderr_pipe(process));
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(lines), FALSE);
    for (;;) {
        g_autofree char *line = g_data_input_stream_read_line(lines, NULL, NULL, NULL);
        if (line == NULL)
            return FALSE;
        g_test_message("%s", line);
        if (strstr(line, "Listening on ") != NULL)
            return TRUE;
    }
}

static GSubprocess *start(const char *program, const char *backend, guint16 port)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pem = lab_file("server.pem");
    g_autofree char *front = g_strdup_printf("--frontend=127.0.0.1,%u", port);
    g_autofree char *back = g_strdup_printf("--backend=127.0.0.1,%s", strrchr(backend, ':') + 1);
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_subprocess_launcher_set_child_setup(launcher, on_child, NULL, NULL);
    const char *const arguments[] = {program,
                                     "--conf=/dev/null",
                                     "--single-process",
                                     "--single-thread",
                                     "--no-ocsp",
                                     "--accesslog-file=/dev/stdout",
                                     "--accesslog-format=$remote_port $alpn $status",
                                     front,
                                     back,
                                     pem,
                                     pem,
                                     NULL};
    GSubprocess *process = g_subprocess_launcher_spawnv(launcher, arguments, &error);
    g_assert_no_error(error);
    return process;
}

front *front_new(const char *backend)
{
    g_autofree char *program = find_program();
    if (program == NULL)
        return NULL;
    front *self = g_new0(front, 1);
    for (int tries = 0; tries < 10; tries++) {
        const guint16 port = free_port();
        self->process = start(program, backend, port);
        if (is_listening(self->process)) {
            self->base = g_strdup_printf("https://127.0.0.1:%u", port);
            return self;
        }
        g_subprocess_force_exit(self->process);
        g_clear_object(&self->process);
    }
    g_error("nghttpx does not listen");
}

const char *front_base(const front *self)
{
    return self->base;
}

char **front_finish(front *self)
{
    g_autofree char *text = NULL;
    g_subprocess_send_signal(self->process, SIGTERM);
    g_subprocess_communicate_utf8(self->process, NULL, NULL, &text, NULL, NULL);
    g_strchomp(text);
    return g_strsplit(text, "\n", -1);
}

void front_free(front *self)
{
    if (self == NULL)
        return;
    g_subprocess_force_exit(self->process);
    g_subprocess_wait(self->process, NULL, NULL);
    g_object_unref(self->process);
    g_free(self->base);
    g_free(self);
}
