/* A client and a service that answers by script, and what their tests ask of them again and
 * again. */
#ifndef TESTS_HTTP_LAB_H
#define TESTS_HTTP_LAB_H

#include "fake.h"
#include "http/http.h"

typedef struct lab {
    fake *server;
    http *client;
    const char *base; /* of the server, or of what stands before it; borrowed */
    guint waits;      /* that the client told of */
    gboolean done;    /* of the newest request, as are the following */
    http_answer *answer;
    http_verdict verdict;
    GError *error;
} lab;

/* "fake", without limits. */
extern const http_service lab_service;
/* Deadlines, waits and pauses that a test can bear. */
http_options lab_options(void);
/* A server without TLS; stops the test when the client cannot be made. */
void lab_start(lab *self, const http_options *options, const http_service *service);
/* The same with a PEM file (lab_file) for TLS. */
void lab_start_tls(lab *self, const http_options *options, const http_service *service,
                   const char *cert);
void lab_end(lab *self);
/* One request, until its end. */
void lab_get(lab *self, const http_request *request, GCancellable *cancellable);
void lab_get_path(lab *self, const char *path);
/* tests/http/tls/NAME, absolute; caller frees. */
char *lab_file(const char *name);
/* Packed as gzip does; caller frees. */
guchar *lab_gzip(const guchar *text, gsize length, gsize *out_length);
/* That this process has open. */
guint lab_descriptors(void);

#endif
