/* Tiingo and CryptoCompare as one server, to be run beside the program: it answers from the market
 * of market.h by the range it is asked for, and keeps a line of every request.
 *
 *     vendors LOG [COUNT]    prints its port; ends with whoever started it
 *
 * After COUNT requests it takes more, but does not answer. */
#include "market.h"

#include <libsoup/soup.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static FILE *requests;
static gint64 count, most = G_MAXINT64;
static int asker;

static const char *field(GHashTable *query, const char *name)
{
    const char *value = query != NULL ? g_hash_table_lookup(query, name) : NULL;
    return value != NULL ? value : "";
}

static gint32 date_of(const char *text)
{
    int64_t us = 0;
    return qb_time_from_text(text, strlen(text), &us) == QB_OK ? qb_date_from_us(us) : 0;
}

/* One line: symbol, first and last day that were asked for, and who asked: keys end in "-NUMBER". */
static void note(const char *symbol, gint32 first, gint32 last)
{
    fprintf(requests, "%s %d %d %d\n", symbol, first, last, asker);
    fflush(requests);
}

static char *tiingo(const char *path, GHashTable *query)
{
    const gint32 first = date_of(field(query, "startDate")),
                 last = date_of(field(query, "endDate"));
    const gint64 now_us = g_get_real_time();
    g_auto(GStrv) parts = g_strsplit(path, "/", -1); /* "", "tiingo", "daily", SYMBOL, "prices" */
    if (strcmp(path, "/tiingo/crypto/prices") == 0) {
        note(field(query, "tickers"), first, last);
        return market_tiingo_crypto(field(query, "tickers"), first, last, now_us);
    }
    if (g_strv_length(parts) == 5 && strcmp(parts[2], "daily") == 0) {
        note(parts[3], first, last);
        return market_tiingo_daily(parts[3], first, last, now_us);
    }
    return NULL;
}

static char *cryptocompare(const char *path, GHashTable *query)
{
    const gint64 to = g_ascii_strtoll(field(query, "toTs"), NULL, 10);
    const gint64 limit = g_ascii_strtoll(field(query, "limit"), NULL, 10);
    if (strcmp(path, "/data/v2/histohour") != 0 || limit < 1 || limit > 2000)
        return NULL;
    g_autofree char *symbol = g_strconcat(field(query, "fsym"), field(query, "tsym"), NULL);
    note(symbol, (gint32)((to - limit * 3600) / 86400), (gint32)(to / 86400));
    return market_histohour(symbol, to, limit);
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    (void)server;
    (void)data;
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    const char *key = soup_message_headers_get_one(headers, "Authorization");
    const char *end = key != NULL ? strrchr(key, '-') : NULL;
    asker = end != NULL ? (int)g_ascii_strtoll(end + 1, NULL, 10) : 0;
    g_autofree char *body = g_str_has_prefix(path, "/data/") ? cryptocompare(path, query)
                                                             : tiingo(path, query);
    guint status = 200;
    if (key == NULL)
        status = 401;
    else if (body == NULL)
        status = 404;
    if (++count > most) {
        soup_server_message_pause(message);
        return;
    }
    const char *sent = status == 200 ? body : "{\"detail\":\"Not found.\"}";
    soup_server_message_set_status(message, status, NULL);
    soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, sent,
                                     strlen(sent));
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    requests = argc >= 2 ? fopen(argv[1], "a") : NULL;
    if (argc == 3)
        most = g_ascii_strtoll(argv[2], NULL, 10);
    if (requests == NULL)
        return 2;
    SoupServer *server = soup_server_new(NULL, NULL);
    soup_server_add_handler(server, NULL, on_request, NULL, NULL);
    if (!soup_server_listen_local(server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    GSList *uris = soup_server_get_uris(server);
    printf("%d\n", g_uri_get_port(uris->data));
    fflush(stdout);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    g_main_loop_run(loop);
    return 0;
}
