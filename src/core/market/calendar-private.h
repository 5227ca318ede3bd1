/* What the calendar tells the grids beside its sessions. */
#ifndef QB_CALENDAR_PRIVATE_H
#define QB_CALENDAR_PRIVATE_H

#include "core/market/market.h"

/* Where every week is the same and every session a UTC day: 7, or 5 from Monday; 0 elsewhere. */
int qb_calendar_days_a_week(const qb_calendar *calendar);

/* When the calendar's date begins on its own wall clock. */
int64_t qb_calendar_midnight_us(const qb_calendar *calendar, int32_t date);

#endif
