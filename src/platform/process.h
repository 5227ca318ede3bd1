/* Who runs this process, and what it does to keep its secrets to itself. */
#ifndef PLATFORM_PROCESS_H
#define PLATFORM_PROCESS_H

/* The real user's name out of the user database, whatever the environment says; "#1000" where it has
 * none, or none that is one line of UTF-8. Caller frees (g_free). */
char *process_user(void);

/* No core file, no debugger of the same user (PR_SET_DUMPABLE): memory with keys stays here.
 * Does nothing in sanitizer builds, whose leak check is such a debugger. */
void process_protect(void);
/* Unsets an environment variable and erases its bytes, which /proc/PID/environ shows as long as
 * the process lives. Pointers from getenv dangle then. Not while other threads read it. */
void process_wipe_environment(const char *name);

#endif
