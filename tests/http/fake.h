/* A service that answers by script: each path has answers that come one after another, the last of
 * them for ever. It runs in this thread's main loop, on a free port of 127.0.0.1. */
#ifndef TESTS_HTTP_FAKE_H
#define TESTS_HTTP_FAKE_H

#include <libsoup/soup.h>

typedef struct fake_answer {
    guint status;
    const char *body;       /* NULL: none */
    gsize length;           /* of body; 0: to its NUL */
    const char *type;       /* NULL: application/json */
    const char *headers[6]; /* name, value, ..., NULL */
    guint drip_ms;          /* a byte at a time, that far apart */
    gboolean hang;          /* never answers */
    gboolean reset;         /* closes the connection instead */
    gboolean short_body;    /* promises more bytes than it sends */
} fake_answer;

typedef struct fake fake;
/* cert: PEM file with key, or NULL for plain HTTP. */
fake *fake_new(const char *cert);
void fake_free(fake *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fake, fake_free)
/* "http://127.0.0.1:PORT"; borrowed. */
const char *fake_base(const fake *self);
/* The answers are borrowed. path NULL: every path that has none of its own. */
void fake_script(fake *self, const char *path, const fake_answer *answers, guint count);
/* As if it were new: no script, no request. */
void fake_forget(fake *self);
/* How many requests came for that path (NULL: any). */
guint fake_count(const fake *self, const char *path);
/* From how many ports they came. */
guint fake_connections(const fake *self);
/* The newest request's header or query, or NULL; borrowed. */
const char *fake_header(const fake *self, const char *name);
const char *fake_query(const fake *self);

#endif
