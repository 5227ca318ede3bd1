/* A layer under SQLite that counts what changes a file and, at a chosen one, fails or kills. */
#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include <sqlite3.h>

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_KILL,     /* SIGKILL to this process, before the call */
    FAULT_TORN,     /* half of the write, then SIGKILL */
    FAULT_FULL,     /* SQLITE_FULL from this call on */
    FAULT_IO_ONCE,  /* an I/O error, this call only */
    FAULT_IO_ALWAYS /* from this call on */
} fault_kind;

/* Becomes SQLite's default VFS; call once. */
void fault_vfs_install(void);
/* Arms a fault at the at-th mutation (write, sync, truncate, delete) from now, 1 the first. */
void fault_vfs_arm(fault_kind kind, int at);
/* Mutations since the fault was armed. */
int fault_vfs_count(void);

#endif
