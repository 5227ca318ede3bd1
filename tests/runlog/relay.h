/* Stands between clients and the PostgreSQL server's socket, and at a chosen message of a client
 * lets something happen: the client is killed, the link is cut, nothing is said any more. Messages
 * are those of the protocol (PostgreSQL, "Message Formats"), so a fault has the same place in every
 * run of a test. */
#ifndef RELAY_H
#define RELAY_H

#include "server.h"

typedef enum relay_fault {
    RELAY_NONE,
    RELAY_KILL, /* SIGKILL to the process at the other end */
    RELAY_CUT,
    RELAY_SILENT, /* the link stays, and nothing comes or goes on it any more */
} relay_fault;

typedef struct relay_plan {
    relay_fault fault;
    char type;          /* of the messages that are counted, 'Q' 'd' ...; 0: any, the first too */
    const char *begins; /* and what their text begins with; NULL: anything */
    int at;             /* which of them, from 1 */
    gboolean
        after; /* it reaches the server, and its answer nobody; else the server never sees it */
    /* Called at the fault, when the server has ended that link's work; NULL: nothing. */
    void (*then)(gpointer data);
    gpointer data;
} relay_plan;

typedef struct relay relay;
relay *relay_new(server *server);
void relay_free(relay *self);
/* The server by way of it; options as in server_place_via. */
const runlog_server *relay_place(relay *self, const char *schema, const char *options);
/* Relays until the writing end of the pipe `stop` is closed; one fault at most. Returns how many of
 * the counted messages there were. */
int relay_serve(relay *self, const relay_plan *plan, int stop);

/* The same in a thread of its own, from relay_start to relay_stop. plan is borrowed. */
void relay_start(relay *self, const relay_plan *plan);
int relay_stop(relay *self);

#endif
