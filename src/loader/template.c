/* What `strategy new` writes: example.c under another name. */
#include "loader/loader-private.h"

#include <string.h>

#define NAME_LIMIT 64
#define EXAMPLE_NAME "my_idea"

gboolean loader_is_name(const char *name)
{
    const gsize length = strlen(name);
    return length > 0 && length <= NAME_LIMIT && g_ascii_islower(name[0]) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

char *loader_template(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(loader_example, EXAMPLE_NAME, -1);
    return g_strjoinv(name, parts);
}
