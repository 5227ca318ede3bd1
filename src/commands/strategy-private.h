/* Strategies as a user names them: built in, or in a file of their own. */
#ifndef COMMANDS_STRATEGY_PRIVATE_H
#define COMMANDS_STRATEGY_PRIVATE_H

#include "loader/loader.h"

/* Loads a file; what the compiler said goes to standard error as it is. Errors as loader_load. */
loaded_strategy *strategy_load(const char *path, const char *data_dir, GError **error);
/* By name or file. *out_loaded owns a file's texts and stays NULL for one that is built in.
 * FAILURE_MISSING for a name that is none; else as strategy_load. */
const qb_strategy *strategy_find(const char *text, const char *data_dir,
                                 loaded_strategy **out_loaded, GError **error);

#endif
