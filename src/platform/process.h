/* What a process does to keep its secrets to itself. */
#ifndef PLATFORM_PROCESS_H
#define PLATFORM_PROCESS_H

/* No core file, no debugger of the same user (PR_SET_DUMPABLE): memory with keys stays here.
 * Does nothing in sanitizer builds, whose leak check is such a debugger. */
void process_protect(void);
/* Unsets an environment variable and erases its bytes, which /proc/PID/environ shows as long as
 * the process lives. Pointers from getenv dangle then. Not while other threads read it. */
void process_wipe_environment(const char *name);

#endif
