#include "openapi.h"

#include <string.h>

/* ---- references ----------------------------------------------------------------------------- */

/* The object that {"$ref": "#/a/b"} stands for, or itself. */
static const json_t *resolve(const json_t *document, const json_t *object)
{
    const char *reference = json_string_value(json_object_get(object, "$ref"));
    if (reference == NULL)
        return object;
    g_auto(GStrv) steps = g_strsplit(reference, "/", -1);
    const json_t *at = document;
    for (char **step = steps + 1; *steps != NULL && *step != NULL; step++)
        at = json_object_get(at, *step);
    return at;
}

/* ---- values --------------------------------------------------------------------------------- */

static gboolean in_enum(const json_t *list, const char *value)
{
    size_t index;
    const json_t *item;
    if (list == NULL)
        return TRUE;
    json_array_foreach(list, index, item)
    {
        g_autofree char *number = json_is_integer(item) ? g_strdup_printf("%" JSON_INTEGER_FORMAT,
                                                                          json_integer_value(item))
                                                        : NULL;
        const char *text = json_is_boolean(item) ? (json_is_true(item) ? "true" : "false")
                           : number != NULL      ? number
                                                 : json_string_value(item);
        if (text != NULL && strcmp(text, value) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean in_bounds(const json_t *schema, double value)
{
    const json_t *least = json_object_get(schema, "minimum");
    const json_t *most = json_object_get(schema, "maximum");
    return (least == NULL || value >= json_number_value(least)) &&
           (most == NULL || value <= json_number_value(most));
}

/* NULL or what is wrong (static). */
static const char *check_number(const json_t *schema, const char *value, gboolean whole)
{
    char *end;
    const double number = g_ascii_strtod(value, &end);
    if (*value == '\0' || *end != '\0' || (whole && strpbrk(value, ".eE") != NULL))
        return whole ? "not an integer" : "not a number";
    return in_bounds(schema, number) ? NULL : "out of bounds";
}

static const char *check_value(const json_t *document, const json_t *given, const char *value);

static const char *check_list(const json_t *document, const json_t *schema, const char *value)
{
    g_auto(GStrv) items = g_strsplit(value, ",", -1);
    const char *wrong = NULL;
    for (char **item = items; *item != NULL && wrong == NULL; item++)
        wrong = check_value(document, json_object_get(schema, "items"), *item);
    return wrong;
}

static const char *check_value(const json_t *document, const json_t *given, const char *value)
{
    const json_t *schema = resolve(document, given);
    const char *type = json_string_value(json_object_get(schema, "type"));
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    if (!in_enum(json_object_get(schema, "enum"), value))
        return "not one of its enum";
    if (pattern != NULL && !g_regex_match_simple(pattern, value, 0, 0))
        return "against its pattern";
    if (g_strcmp0(type, "integer") == 0)
        return check_number(schema, value, TRUE);
    if (g_strcmp0(type, "number") == 0)
        return check_number(schema, value, FALSE);
    if (g_strcmp0(type, "boolean") == 0)
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0 ? NULL : "not a boolean";
    if (g_strcmp0(type, "array") == 0)
        return check_list(document, schema, value);
    return NULL;
}

/* ---- paths ---------------------------------------------------------------------------------- */

static gboolean is_place(const char *segment)
{
    return segment[0] == '{' && g_str_has_suffix(segment, "}");
}

/* How many literal segments fit; -1: the template is another path. */
static int fit(const char *template, const char *path)
{
    g_auto(GStrv) wanted = g_strsplit(template, "/", -1);
    g_auto(GStrv) given = g_strsplit(path, "/", -1);
    int literals = 0;
    if (g_strv_length(wanted) != g_strv_length(given))
        return -1;
    for (guint i = 0; wanted[i] != NULL; i++) {
        if (is_place(wanted[i]) ? *given[i] == '\0' : strcmp(wanted[i], given[i]) != 0)
            return -1;
        literals += !is_place(wanted[i]);
    }
    return literals;
}

/* What stands in the path for {name}; caller frees. */
static char *path_value(const char *template, const char *path, const char *name)
{
    g_auto(GStrv) wanted = g_strsplit(template, "/", -1);
    g_auto(GStrv) given = g_strsplit(path, "/", -1);
    g_autofree char *place = g_strdup_printf("{%s}", name);
    for (guint i = 0; wanted[i] != NULL; i++)
        if (strcmp(wanted[i], place) == 0)
            return g_uri_unescape_string(given[i], NULL);
    return NULL;
}

static const char *query_value(const provider_request *request, const char *name)
{
    for (guint i = 0; i < request->query_count; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

/* ---- one operation -------------------------------------------------------------------------- */

typedef struct operation {
    const json_t *document, *item;
    const char *template;
    const provider_request *request;
    gboolean following;
} operation;

static char *check_parameter(const operation *of, const json_t *parameter)
{
    const char *name = json_string_value(json_object_get(parameter, "name"));
    const char *in = json_string_value(json_object_get(parameter, "in"));
    const gboolean path = g_strcmp0(in, "path") == 0;
    g_autofree char *place = path ? path_value(of->template, of->request->path, name) : NULL;
    const char *value = path ? place : query_value(of->request, name);
    if (!path && (g_strcmp0(in, "query") != 0 || of->following))
        return NULL;
    if (value == NULL && json_is_true(json_object_get(parameter, "required")))
        return g_strdup_printf("%s: %s is required", of->template, name);
    if (value == NULL)
        return NULL;
    const char *wrong = check_value(of->document, json_object_get(parameter, "schema"), value);
    return wrong != NULL ? g_strdup_printf("%s: %s=%s is %s", of->template, name, value, wrong)
                         : NULL;
}

static char *check_parameters(const operation *of, const json_t *list, GHashTable *known)
{
    size_t index;
    const json_t *item;
    json_array_foreach(list, index, item)
    {
        const json_t *parameter = resolve(of->document, item);
        const char *name = json_string_value(json_object_get(parameter, "name"));
        g_hash_table_add(known, g_strdup(name));
        char *wrong = check_parameter(of, parameter);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static char *check_operation(const operation *of)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const json_t *get = json_object_get(of->item, "get");
    if (get == NULL)
        return g_strdup_printf("%s: has no GET", of->template);
    char *wrong = check_parameters(of, json_object_get(of->item, "parameters"), known);
    if (wrong == NULL)
        wrong = check_parameters(of, json_object_get(get, "parameters"), known);
    for (guint i = 0; wrong == NULL && !of->following && i < of->request->query_count; i++)
        if (!g_hash_table_contains(known, of->request->query[i].name))
            wrong = g_strdup_printf("%s: knows no %s", of->template, of->request->query[i].name);
    return wrong;
}

char *openapi_check(const json_t *document, const provider_request *request, gboolean following)
{
    const json_t *paths = json_object_get(document, "paths");
    const char *template;
    json_t *item;
    int best = -1;
    char *wrong = g_strdup_printf("%s: no such path", request->path);
    json_object_foreach((json_t *)paths, template, item)
        best = MAX(best, fit(template, request->path));
    json_object_foreach((json_t *)paths, template, item)
    {
        if (best < 0 || wrong == NULL || fit(template, request->path) != best)
            continue;
        const operation of = {document, item, template, request, following};
        g_free(wrong);
        wrong = check_operation(&of);
    }
    return wrong;
}
