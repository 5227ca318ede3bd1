/* Real small disks and read-only ones, in a mount namespace of this process and what it starts:
 * nothing of it is seen outside, and it ends with them. */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <glib.h>

/* Once, before threads and servers. FALSE where the machine does not permit it, with a reason
 * (static). */
gboolean mounts_begin(const char **out_why);
/* A disk of so many bytes on that folder, of its owner. */
void mounts_small(const char *folder, gsize bytes);
/* The folder as it is, but nothing can be written. */
void mounts_read_only(const char *folder);
/* Takes either away again. */
void mounts_end(const char *folder);

/* A file that fills the disk up to about `left` bytes; removing it makes room. */
void mounts_fill(const char *folder, gsize left);
void mounts_make_room(const char *folder);

#endif
