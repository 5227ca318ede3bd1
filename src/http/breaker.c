#include "http/http-private.h"

gint64 breaker_free_us(const breaker *self, gint64 now_us)
{
    if (self->open_until_us == 0)
        return now_us;
    if (self->trial)
        return MAX(self->open_until_us, now_us + QB_SECOND_US);
    return MAX(self->open_until_us, now_us);
}

void breaker_begin(breaker *self)
{
    if (self->open_until_us != 0)
        self->trial = TRUE;
}

void breaker_end(breaker *self, gboolean good, gint64 now_us)
{
    self->trial = FALSE;
    if (good) {
        *self = (breaker){0};
        return;
    }
    self->failures++;
    if (self->failures < BREAKER_FAILURES)
        return;
    self->pause_us = self->pause_us == 0 ? BREAKER_FIRST_US
                                         : MIN(2 * self->pause_us, BREAKER_LONGEST_US);
    self->open_until_us = now_us + self->pause_us;
}
