#include "injection.h"

#include "platform/files.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

injection_plan injection;

static int inject(const char *what, const char *path)
{
    (void)what;
    (void)path;
    injection.countdown--;
    if (injection.countdown > 0 || (injection.countdown < 0 && !injection.forever))
        return 0;
    injection.happened = TRUE;
    if (injection.kill)
        kill(getpid(), SIGKILL);
    if (injection.instead != NULL)
        injection.instead(injection.data);
    return injection.fault;
}

void injection_begin(injection_plan plan)
{
    injection = plan;
    injection.happened = FALSE;
    files_before_mutation = inject;
}

void injection_end(void)
{
    files_before_mutation = NULL;
}

gboolean injection_die(int at_call, int (*work)(void *), void *data)
{
    const pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        injection_begin((injection_plan){.countdown = at_call, .kill = TRUE});
        _exit(work(data));
    }
    int status = 0;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    if (WIFEXITED(status))
        g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    else
        g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    return WIFSIGNALED(status);
}
