/* Instants as the contract writes them. */
#include "runlog/runlog-private.h"

#include <string.h>

static void put_digits(char *at, int count, gint64 value)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
}

static gboolean set_date(stamp *self, int32_t date)
{
    const qb_civil civil = qb_civil_from_date(date);
    if (civil.year < 1000 || civil.year > 9999)
        return FALSE;
    memcpy(self->text, "0000-00-00 00:00:00.000000", STAMP_SIZE + 1);
    put_digits(self->text, 4, civil.year);
    put_digits(self->text + 5, 2, civil.month);
    put_digits(self->text + 8, 2, civil.day);
    self->day_us = date * QB_DAY_US;
    self->known = TRUE;
    return TRUE;
}

gboolean stamp_set(stamp *self, gint64 instant_us)
{
    if (!self->known || instant_us < self->day_us || instant_us - self->day_us >= QB_DAY_US)
        if (!set_date(self, qb_date_from_us(instant_us)))
            return FALSE;
    const gint64 within_us = instant_us - self->day_us;
    const gint64 second = within_us / QB_SECOND_US;
    put_digits(self->text + 11, 2, second / 3600);
    put_digits(self->text + 14, 2, second / 60 % 60);
    put_digits(self->text + 17, 2, second % 60);
    put_digits(self->text + 20, 6, within_us % QB_SECOND_US);
    return TRUE;
}

gint64 stamp_read(const char *text)
{
    int64_t instant_us = 0;
    if (text == NULL || qb_time_from_text(text, strlen(text), &instant_us) != QB_OK)
        return 0;
    return instant_us;
}
