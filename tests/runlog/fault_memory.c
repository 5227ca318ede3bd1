#include "fault_memory.h"

#include <sqlite3.h>
#include <stddef.h>

static sqlite3_mem_methods real_memory;
static int armed_at, count;

static void *failing_malloc(int size)
{
    return ++count == armed_at ? NULL : real_memory.xMalloc(size);
}

static void *failing_realloc(void *memory, int size)
{
    return ++count == armed_at ? NULL : real_memory.xRealloc(memory, size);
}

void fault_memory_install(void)
{
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    sqlite3_mem_methods failing = real_memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
    sqlite3_initialize();
}

void fault_memory_arm(int at)
{
    armed_at = at;
    count = 0;
}

int fault_memory_count(void)
{
    return count;
}
