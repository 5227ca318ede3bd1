/* Folders that tests make for themselves. */
#ifndef SCRATCH_H
#define SCRATCH_H

/* Removes it with all in it; links are removed and not followed. What cannot be removed stays. */
void scratch_remove(const char *folder);

#endif
