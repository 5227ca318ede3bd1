#include "runlog/libpq.h"

#include "platform/failure.h"

#include <dlfcn.h>

#define LIBRARY "libpq.so.5"

static gboolean find(void *library, const char *name, void *out_function, GError **error)
{
    void *const found = dlsym(library, name);
    if (found == NULL) {
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    LIBRARY ": too old, without %s (expected PostgreSQL's client of version 14 or "
                            "newer)",
                    name);
        return FALSE;
    }
    *(void **)out_function = found;
    return TRUE;
}

#define LIBPQ_FIND(name) found = found && find(library, #name, &functions.name, error);

const libpq *libpq_load(GError **error)
{
    static libpq functions;
    static gboolean loaded;
    if (loaded)
        return &functions;
    void *const library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    LIBRARY ": cannot be loaded (PostgreSQL's client library; on Debian and Ubuntu "
                            "the package libpq5)");
        return NULL;
    }
    gboolean found = TRUE;
    LIBPQ_FUNCTIONS(LIBPQ_FIND)
    loaded = found;
    return found ? &functions : NULL;
}
