#include "commands/strategy-private.h"
#include "strategies/strategies.h"

#include <stdio.h>

loaded_strategy *strategy_load(const char *path, const char *data_dir, GError **error)
{
    g_autofree char *said = NULL;
    loaded_strategy *loaded = loader_load(path, data_dir, &said, error);
    const char *text = loaded != NULL ? loaded->said : said;
    if (text != NULL)
        fputs(text, stderr);
    return loaded;
}

const qb_strategy *strategy_find(const char *text, const char *data_dir,
                                 loaded_strategy **out_loaded, GError **error)
{
    if (loader_is_file(text)) {
        *out_loaded = strategy_load(text, data_dir, error);
        return *out_loaded != NULL ? (*out_loaded)->strategy : NULL;
    }
    const qb_strategy *strategy = strategies_find(text);
    if (strategy == NULL) {
        g_autofree char *name = failure_quote(text, -1);
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "no strategy %s (quantbot strategy list names them; a file is given as "
                    "./NAME.c)",
                    name);
    }
    return strategy;
}
