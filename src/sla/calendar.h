/*-------------------------------------------------------------------------
 *
 * calendar.h
 *		A calendar as a backend holds it.  Private to sla/.
 *
 * Times of day and of the week are wall-clock time: microseconds since Monday
 * 00:00.  Wall-clock instants are microseconds since 2000-01-01 00:00 as the
 * calendar's clocks show them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_CALENDAR_H
#define ST_CALENDAR_H

#include "postgres.h"

#include "pgtime.h"

#include "sla/sla.h"

#define ST_USECS_PER_WEEK	(7 * USECS_PER_DAY)

/* Years that calendars cover, first day of each. */
#define ST_CALENDAR_FIRST_YEAR	1900
#define ST_CALENDAR_LAST_YEAR	2300

/* Part of the week that is open; disjoint and in order. */
typedef struct StOpening
{
	int64		start;
	int64		end;
	int64		before;			/* open time of the week before it */
} StOpening;

/* Wall-clock time that is closed whatever the week says; disjoint and in order. */
typedef struct StClosure
{
	int64		start;
	int64		end;
	int64		open;			/* open time of the epoch up to its start,
								 * less closures: the same at its end */
	int64		removed;		/* open time that it and those before it take */
} StClosure;

/* A time in which the clocks' distance from UTC stays the same. */
typedef struct StSegment
{
	TimestampTz start;
	int64		offset;			/* wall clock less UTC */
	int64		open;			/* open time of all segments before it */
} StSegment;

struct StCalendar
{
	char	   *name;
	char	   *zone_name;
	pg_tz	   *zone;
	MemoryContext cxt;

	StOpening  *openings;
	int			nopenings;
	int64		week;			/* open time of a week */
	StClosure  *closures;
	int			nclosures;

	StSegment  *segments;		/* made on first use; the last one only ends
								 * the one before */
	int			nsegments;
};

extern int64 st_wall_open(const StCalendar *calendar, int64 wall);
extern void st_calendar_prepare(StCalendar *calendar);

#endif							/* ST_CALENDAR_H */
