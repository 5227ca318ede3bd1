#include "relay.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINKS_MAX 8
#define SOCKET_NAME ".s.PGSQL.5432"
#define PROTOCOL_3 196608

typedef struct link_ends {
    int client, server; /* -1: none */
    gboolean begun;     /* the first message, which has no type, is through */
    gboolean silent;
    GByteArray *held; /* of the client, less than a message */
} link_ends;

struct relay {
    server *to;
    char *folder, *path;
    int listener;
    link_ends links[LINKS_MAX];
    relay_plan plan;
    int count;
    gboolean done; /* the fault was */
    /* of relay_start */
    GThread *thread;
    int stop[2];
};

/* ---- sockets -------------------------------------------------------------------------------- */

static struct sockaddr_un address_of(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/" SOCKET_NAME, folder);
    return address;
}

relay *relay_new(server *server)
{
    relay *self = g_new0(relay, 1);
    self->to = server;
    self->folder = g_dir_make_tmp("qbrelay-XXXXXX", NULL);
    g_assert_nonnull(self->folder);
    const struct sockaddr_un address = address_of(self->folder);
    self->path = g_strdup(address.sun_path);
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(self->listener, (const struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(self->listener, LINKS_MAX), ==, 0);
    for (int i = 0; i < LINKS_MAX; i++)
        self->links[i] = (link_ends){-1, -1, FALSE, FALSE, g_byte_array_new()};
    return self;
}

static void close_link(link_ends *link)
{
    if (link->client >= 0)
        close(link->client);
    if (link->server >= 0)
        close(link->server);
    link->client = link->server = -1;
}

void relay_free(relay *self)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        close_link(&self->links[i]);
        g_byte_array_unref(self->links[i].held);
    }
    close(self->listener);
    g_unlink(self->path);
    g_rmdir(self->folder);
    g_free(self->folder);
    g_free(self->path);
    g_free(self);
}

const runlog_server *relay_place(relay *self, const char *schema, const char *options)
{
    return server_place_via(self->to, schema, self->folder, options);
}

static void take_client(relay *self)
{
    const struct sockaddr_un address = address_of(server_folder(self->to));
    link_ends *free_one = NULL;
    for (int i = 0; i < LINKS_MAX && free_one == NULL; i++)
        if (self->links[i].client < 0)
            free_one = &self->links[i];
    g_assert_nonnull(free_one);
    free_one->client = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
    free_one->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    free_one->begun = free_one->silent = FALSE;
    g_byte_array_set_size(free_one->held, 0);
    /* where the server is away the client is, as it were, refused */
    if (connect(free_one->server, (const struct sockaddr *)&address, sizeof address) != 0)
        close_link(free_one);
}

static gboolean send_all(int to, const guint8 *bytes, gsize size)
{
    while (size > 0) {
        const gssize sent = send(to, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return FALSE;
        bytes += sent;
        size -= (gsize)sent;
    }
    return TRUE;
}

/* Until the server has closed its end: it has done all that it will of this link. */
static void let_end(int server)
{
    char bytes[4096];
    shutdown(server, SHUT_WR);
    for (gssize got = 1; got > 0 || (got < 0 && errno == EINTR);)
        got = recv(server, bytes, sizeof bytes, 0);
}

/* ---- the fault ------------------------------------------------------------------------------ */

static void kill_client(const link_ends *link)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    g_assert_cmpint(getsockopt(link->client, SOL_SOCKET, SO_PEERCRED, &peer, &size), ==, 0);
    g_assert_cmpint(peer.pid, !=, getpid());
    kill(peer.pid, SIGKILL);
}

static void strike(relay *self, link_ends *link)
{
    self->done = TRUE;
    if (self->plan.fault == RELAY_SILENT) {
        link->silent = TRUE;
        return;
    }
    if (self->plan.fault == RELAY_KILL)
        kill_client(link);
    let_end(link->server);
    if (self->plan.then != NULL)
        self->plan.then(self->plan.data);
    close_link(link);
}

static guint32 big_endian(const guint8 *bytes)
{
    return (guint32)bytes[0] << 24 | (guint32)bytes[1] << 16 | (guint32)bytes[2] << 8 | bytes[3];
}

/* A message with its head of `head` bytes. */
static gboolean is_counted(const relay *self, const guint8 *message, gsize size, gsize head)
{
    const relay_plan *plan = &self->plan;
    const gsize length = plan->begins != NULL ? strlen(plan->begins) : 0;
    if (plan->type != 0 && (head == 4 || message[0] != (guint8)plan->type))
        return FALSE;
    /* a statement comes after its name, which is empty: none is prepared by name */
    if (plan->type == 'P')
        head++;
    return length == 0 ||
           (size >= head + length && memcmp(message + head, plan->begins, length) == 0);
}

/* FALSE: the link is no more, or says no more. */
static gboolean pass_message(relay *self, link_ends *link, const guint8 *message, gsize size,
                             gsize head)
{
    const gboolean struck = is_counted(self, message, size, head) &&
                            ++self->count == self->plan.at && self->plan.fault != RELAY_NONE &&
                            !self->done;
    if ((!struck || self->plan.after) && !send_all(link->server, message, size)) {
        close_link(link);
        return FALSE;
    }
    if (struck)
        strike(self, link);
    return !struck;
}

static void pass_messages(relay *self, link_ends *link)
{
    for (;;) {
        const guint8 *bytes = link->held->data;
        const gsize head = link->begun ? 5 : 4; /* its type, and the size of all but that */
        if (link->held->len < head)
            return;
        const gsize size = big_endian(bytes + head - 4) + head - 4;
        if (link->held->len < size)
            return;
        /* a request for encryption or a cancel is no beginning */
        if (!link->begun && big_endian(bytes + 4) == PROTOCOL_3)
            link->begun = TRUE;
        if (!pass_message(self, link, bytes, size, head))
            return;
        g_byte_array_remove_range(link->held, 0, (guint)size);
    }
}

/* ---- relaying ------------------------------------------------------------------------------- */

static void from_client(relay *self, link_ends *link)
{
    guint8 bytes[65536];
    const gssize got = recv(link->client, bytes, sizeof bytes, 0);
    if (got <= 0) {
        let_end(link->server);
        close_link(link);
        return;
    }
    g_byte_array_append(link->held, bytes, (guint)got);
    pass_messages(self, link);
}

static void from_server(link_ends *link)
{
    guint8 bytes[65536];
    const gssize got = recv(link->server, bytes, sizeof bytes, 0);
    if (got <= 0 || !send_all(link->client, bytes, (gsize)got))
        close_link(link);
}

static void move_bytes(relay *self, link_ends *link, const struct pollfd ends[2])
{
    if (link->client < 0)
        return;
    if (link->silent) { /* until the client gives up */
        if (ends[0].revents & (POLLHUP | POLLERR)) {
            let_end(link->server);
            close_link(link);
        }
        return;
    }
    if (ends[1].revents != 0)
        from_server(link);
    if (link->client >= 0 && ends[0].revents != 0)
        from_client(self, link);
}

int relay_serve(relay *self, const relay_plan *plan, int stop)
{
    self->plan = *plan;
    self->count = 0;
    self->done = FALSE;
    for (;;) {
        struct pollfd all[2 + 2 * LINKS_MAX] = {{stop, POLLIN, 0}, {self->listener, POLLIN, 0}};
        for (int i = 0; i < LINKS_MAX; i++) {
            const short events = self->links[i].silent ? 0 : POLLIN;
            all[2 + 2 * i] = (struct pollfd){self->links[i].client, events, 0};
            all[3 + 2 * i] = (struct pollfd){self->links[i].server, events, 0};
        }
        if (poll(all, G_N_ELEMENTS(all), -1) < 0)
            continue;
        for (int i = 0; i < LINKS_MAX; i++)
            move_bytes(self, &self->links[i], &all[2 + 2 * i]);
        if (all[1].revents != 0)
            take_client(self);
        else if (all[0].revents != 0)
            break;
    }
    for (int i = 0; i < LINKS_MAX; i++) {
        if (self->links[i].client >= 0)
            let_end(self->links[i].server);
        close_link(&self->links[i]);
    }
    return self->count;
}

static gpointer serve_in_thread(gpointer data)
{
    relay *self = data;
    const relay_plan plan = self->plan;
    return GINT_TO_POINTER(relay_serve(self, &plan, self->stop[0]));
}

void relay_start(relay *self, const relay_plan *plan)
{
    self->plan = *plan;
    g_assert_cmpint(pipe(self->stop), ==, 0);
    self->thread = g_thread_new("relay", serve_in_thread, self);
}

int relay_stop(relay *self)
{
    close(self->stop[1]);
    const int count = GPOINTER_TO_INT(g_thread_join(self->thread));
    close(self->stop[0]);
    return count;
}
