#include "tap.h"

#include <unistd.h>

int tap_failed;
const char *tap_skipped;

void tap_check(int ok, const char *file, int line, const char *text)
{
    if (ok)
        return;
    tap_failed++;
    printf("# %s:%d: not true: %s\n", file, line, text);
}

void tap_check_int(long long got, long long want, const char *file, int line, const char *text)
{
    if (got == want)
        return;
    tap_failed++;
    printf("# %s:%d: %s is %lld, want %lld\n", file, line, text, got, want);
}

void tap_check_text(const char *got, const char *want, const char *file, int line, const char *text)
{
    if (got != NULL && want != NULL && strcmp(got, want) == 0)
        return;
    tap_failed++;
    printf("# %s:%d: %s is \"%s\", want \"%s\"\n", file, line, text, got ? got : "(null)",
           want ? want : "(null)");
}

void tap_check_near(double got, double want, double tolerance, const char *file, int line,
                    const char *text)
{
    if (isnan(want) ? isnan(got) : fabs(got - want) <= tolerance)
        return;
    tap_failed++;
    printf("# %s:%d: %s is %.17g, want %.17g within %g\n", file, line, text, got, want, tolerance);
}

int tap_run(const tap_case *cases, size_t count)
{
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("TAP version 13\n1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        tap_failed = 0;
        tap_skipped = NULL;
        cases[i].run();
        printf("%s %zu - %s", tap_failed ? "not ok" : "ok", i + 1, cases[i].name);
        if (!tap_failed && tap_skipped != NULL)
            printf(" # SKIP %s", tap_skipped);
        printf("\n");
        failed += tap_failed != 0;
    }
    return failed != 0;
}

const char *tap_shared(void)
{
    const char *folder = getenv("QUANTBOT_SHARED");
    return folder != NULL && access(folder, R_OK) == 0 ? folder : NULL;
}
