/* The server of vendors.c, run beside a test; QUANTBOT_VENDORS names it. */
#ifndef TESTS_DOWNLOAD_BESIDE_H
#define TESTS_DOWNLOAD_BESIDE_H

#include <glib.h>

/* Returns its port. log: where it notes requests. most: after so many it falls silent; NULL:
 * never. */
int beside_start(const char *log, const char *most, GPid *out_process);
void beside_stop(GPid process);
/* Text for .env: a key and that address for every vendor. Caller frees. */
char *beside_settings(int port);

#endif
