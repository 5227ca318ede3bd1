#include "platform/process.h"

#include <glib.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define USER_RECORD_BYTES 16384

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

void process_protect(void)
{
    if (SANITIZED)
        return;
    /* Lowering a limit and clearing the flag cannot fail for the process itself. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Printable characters only. */
static gboolean is_plain(const char *name)
{
    if (*name == '\0' || !g_utf8_validate(name, -1, NULL))
        return FALSE;
    for (; *name != '\0'; name = g_utf8_next_char(name))
        if (!g_unichar_isprint(g_utf8_get_char(name)))
            return FALSE;
    return TRUE;
}

char *process_user(void)
{
    char buffer[USER_RECORD_BYTES];
    struct passwd record, *found = NULL;
    const uid_t user = getuid();
    if (getpwuid_r(user, &record, buffer, sizeof buffer, &found) == 0 && found != NULL &&
        is_plain(found->pw_name))
        return g_strdup(found->pw_name);
    return g_strdup_printf("#%lu", (unsigned long)user);
}

void process_wipe_environment(const char *name)
{
    gsize length = strlen(name);
    /* All of them: a name may stand there twice, and unsetenv would drop the second unerased. */
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            explicit_bzero(*entry + length + 1, strlen(*entry + length + 1));
    unsetenv(name);
}
