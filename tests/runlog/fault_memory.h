/* SQLite's memory, of which a chosen allocation fails. */
#ifndef FAULT_MEMORY_H
#define FAULT_MEMORY_H

/* Once, before this process has used SQLite. fault_vfs_install comes after it. */
void fault_memory_install(void);
/* The at-th allocation from now fails, 1 the first; 0: none does. */
void fault_memory_arm(int at);
/* Allocations since. */
int fault_memory_count(void);

#endif
