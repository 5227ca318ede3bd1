#include "http/http-private.h"

static http_field *copy_fields(const http_field *fields)
{
    gsize count = 0;
    while (fields != NULL && fields[count].name != NULL)
        count++;
    http_field *copy = g_new0(http_field, count + 1);
    for (gsize i = 0; i < count; i++)
        copy[i] = (http_field){g_strdup(fields[i].name), g_strdup(fields[i].value),
                               fields[i].secret};
    return copy;
}

static void free_fields(const http_field *fields)
{
    for (const http_field *field = fields; field->name != NULL; field++) {
        g_free((char *)field->name);
        g_free((char *)field->value);
    }
    g_free((http_field *)fields);
}

http_request *request_copy(const http_request *request)
{
    http_request *copy = g_memdup2(request, sizeof *request);
    copy->service = g_strdup(request->service);
    copy->base = g_strdup(request->base);
    copy->path = g_strdup(request->path);
    copy->query = copy_fields(request->query);
    copy->headers = copy_fields(request->headers);
    return copy;
}

void request_free(http_request *request)
{
    if (request == NULL)
        return;
    g_free((char *)request->service);
    g_free((char *)request->base);
    g_free((char *)request->path);
    free_fields(request->query);
    free_fields(request->headers);
    g_free(request);
}
