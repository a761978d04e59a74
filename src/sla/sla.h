/*-------------------------------------------------------------------------
 *
 * sla.h
 *		Calendars and business time, as other rooms use them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_SLA_H
#define ST_SLA_H

#include "postgres.h"

#include "datatype/timestamp.h"

extern void st_sla_init(void);

typedef struct StCalendar StCalendar;

/*
 * The calendar of a name; valid until the end of the transaction.  NULL when
 * there is none and missing_ok; throws otherwise, naming those that there are.
 */
extern StCalendar *st_calendar_get(const char *name, bool missing_ok);

/*
 * Business time; see business_time.c.  Both throw for a calendar that is never
 * open and for what lies beyond the years that calendars cover.
 */
extern TimestampTz st_business_deadline(StCalendar *calendar, TimestampTz start, int64 duration);
extern int64 st_business_elapsed(StCalendar *calendar, TimestampTz from, TimestampTz until);

#endif							/* ST_SLA_H */
