#include "commands/commands.h"

#include <stddef.h>

const command commands_table[] = {
    {NULL, NULL, NULL, NULL},
};
