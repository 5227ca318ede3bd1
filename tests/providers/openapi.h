/* What a vendor's OpenAPI document says of one request: enough of the standard to check paths and
 * query parameters. */
#ifndef TESTS_PROVIDERS_OPENAPI_H
#define TESTS_PROVIDERS_OPENAPI_H

#include "providers/providers.h"

#include <jansson.h>

/* NULL when the document allows GET of that path with that query, else why not; caller frees.
 * Where several templates fit a path, those with most literal segments count, and one of them must
 * allow it. following: a cursor's page, whose path the vendor gave: its query is not looked at. */
char *openapi_check(const json_t *document, const provider_request *request, gboolean following);

#endif
