/* What the files of data parse share. */
#ifndef COMMANDS_PARSE_PRIVATE_H
#define COMMANDS_PARSE_PRIVATE_H

#include "commands/show-private.h"
#include "providers/providers.h"

/* A saved answer, what it was read as, and what came of it. */
typedef struct parsed {
    provider_job job;
    guint kind;       /* index into the provider's */
    gboolean ranged;  /* --start or --end was given */
    gboolean assumed; /* no --symbol: job.symbol stands in for one */
    guint status;
    http_verdict verdict;
    provider_step step; /* after it */
    provider_page page; /* of a fine answer */
    GError *error;      /* why a fine answer could not be read; NULL */
} parsed;

/* To standard output. Nothing that was registered as a secret is in it. */
void parse_report_text(const parsed *of);
void parse_report_json(const parsed *of);

#endif
