/* nghttpx before a fake service: TLS and HTTP/2 towards the client, as the vendors' own front ends
 * speak them. */
#ifndef TESTS_HTTP_FRONT_H
#define TESTS_HTTP_FRONT_H

#include <gio/gio.h>

typedef struct front front;
/* backend: "http://127.0.0.1:PORT". NULL where there is no nghttpx, and the test is skipped. */
front *front_new(const char *backend);
void front_free(front *self);
/* "https://127.0.0.1:PORT"; borrowed. */
const char *front_base(const front *self);
/* Ends it, and returns a line for each request that it answered: "PORT ALPN STATUS". */
char **front_finish(front *self);

#endif
