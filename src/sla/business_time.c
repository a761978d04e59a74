/*-------------------------------------------------------------------------
 *
 * business_time.c
 *		How much of a time is business time, and when so much of it is over.
 *
 * An instant is open when the calendar's wall clock then shows a time that lies
 * in its opening hours and in no closure.  That one definition covers daylight
 * saving without special cases: an hour that the clocks skip is not there, an
 * hour that they show twice counts twice.
 *
 * Open time since an epoch is a function of wall-clock time that is known in
 * closed form: whole weeks times a week's open time, the part of the present
 * week, less what closures took.  Between two changes of the clocks, wall-clock
 * time and time differ by a constant; so open time up to each change is kept in
 * a table, and elapsed time as well as deadlines take a few binary searches,
 * however far apart the ends are.
 *
 * The deadline is the first instant by which the business time has passed: the
 * end of Friday, not the start of Monday.  So elapsed(start, deadline(start,
 * d)) = d, to the microsecond.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "core/core.h"
#include "sla/calendar.h"

/* The Monday from which weeks are counted: 2000-01-03. */
#define FIRST_MONDAY	(2 * USECS_PER_DAY)

static int64
floor_divide(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

/* Open time of the week up to a time of the week. */
static int64
week_open(const StCalendar *calendar, int64 time)
{
	int			low = 0;
	int			high = calendar->nopenings;

	/* the last opening that starts before it */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (calendar->openings[middle].start < time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	return calendar->openings[low - 1].before +
		Min(time, calendar->openings[low - 1].end) - calendar->openings[low - 1].start;
}

/* Open time since the first Monday (negative before it), closures left aside. */
static int64
weekly_open(const StCalendar *calendar, int64 wall)
{
	int64		weeks = floor_divide(wall - FIRST_MONDAY, ST_USECS_PER_WEEK);

	return weeks * calendar->week +
		week_open(calendar, wall - FIRST_MONDAY - weeks * ST_USECS_PER_WEEK);
}

/* The first wall-clock instant at which weekly_open is so much. */
static int64
weekly_instant(const StCalendar *calendar, int64 open)
{
	int64		weeks = floor_divide(open - 1, calendar->week);
	int64		rest = open - weeks * calendar->week;	/* 1 .. a week's */
	int			low = 0;
	int			high = calendar->nopenings - 1;

	/* the last opening with less than the rest before it */
	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (calendar->openings[middle].before < rest)
			low = middle;
		else
			high = middle - 1;
	}
	return FIRST_MONDAY + weeks * ST_USECS_PER_WEEK +
		calendar->openings[low].start + rest - calendar->openings[low].before;
}

/* How many closures start before a wall-clock instant. */
static int
closures_before(const StCalendar *calendar, int64 wall)
{
	int			low = 0;
	int			high = calendar->nclosures;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (calendar->closures[middle].start < wall)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * st_wall_open
 *		Open time since the first Monday up to a wall-clock instant.  While a
 *		calendar is loaded it is asked about instants that no closure known so
 *		far reaches beyond.
 */
int64
st_wall_open(const StCalendar *calendar, int64 wall)
{
	int			n = closures_before(calendar, wall);
	const StClosure *last;

	if (n == 0)
		return weekly_open(calendar, wall);
	last = &calendar->closures[n - 1];
	if (wall <= last->end)
		return last->open;
	return weekly_open(calendar, wall) - last->removed;
}

/* The first wall-clock instant at which st_wall_open is so much. */
static int64
wall_instant(const StCalendar *calendar, int64 open)
{
	int			low = 0;
	int			high = calendar->nclosures;

	/* closures with less open time before them */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (calendar->closures[middle].open < open)
			low = middle + 1;
		else
			high = middle;
	}
	return weekly_instant(calendar,
						  open + (low > 0 ? calendar->closures[low - 1].removed : 0));
}

/* The segment that an instant lies in; throws when there is none. */
static const StSegment *
segment_of(StCalendar *calendar, TimestampTz at)
{
	int			low = 0;
	int			high;

	st_calendar_prepare(calendar);
	if (TIMESTAMP_NOT_FINITE(at) || at < calendar->segments[0].start ||
		at >= calendar->segments[calendar->nsegments - 1].start)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("calendar \"%s\" does not cover %s", calendar->name, timestamptz_to_str(at)),
				 errdetail("Calendars cover the years %d to %d.",
						   ST_CALENDAR_FIRST_YEAR, ST_CALENDAR_LAST_YEAR - 1)));

	high = calendar->nsegments - 2;
	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (calendar->segments[middle].start <= at)
			low = middle;
		else
			high = middle - 1;
	}
	return &calendar->segments[low];
}

/* Open time of the calendar's years up to an instant of a segment. */
static int64
open_until(const StCalendar *calendar, const StSegment *segment, TimestampTz at)
{
	return segment->open + st_wall_open(calendar, at + segment->offset) -
		st_wall_open(calendar, segment->start + segment->offset);
}

/*
 * st_business_elapsed
 *		Returns the open microseconds of [from, until); negative when until is
 *		before from.  Throws for what calendars do not cover.
 */
int64
st_business_elapsed(StCalendar *calendar, TimestampTz from, TimestampTz until)
{
	return open_until(calendar, segment_of(calendar, until), until) -
		open_until(calendar, segment_of(calendar, from), from);
}

/*
 * st_business_deadline
 *		Returns the first instant from start on by which so many open
 *		microseconds have passed; start itself for 0.  Throws for a calendar
 *		that is never open and when the deadline lies beyond what calendars cover.
 */
TimestampTz
st_business_deadline(StCalendar *calendar, TimestampTz start, int64 duration)
{
	const StSegment *segment = segment_of(calendar, start);
	int64		target;
	int			low;
	int			high = calendar->nsegments - 1;

	Assert(duration >= 0);
	if (duration == 0)
		return start;
	if (calendar->week == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("calendar \"%s\" is never open", calendar->name),
				 errhint("Insert its opening hours into triage.calendar_hours.")));

	if (pg_add_s64_overflow(open_until(calendar, segment, start), duration, &target) ||
		target > calendar->segments[high].open)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("deadline is out of range"),
				 errdetail("Calendar \"%s\" covers the years %d to %d.", calendar->name,
						   ST_CALENDAR_FIRST_YEAR, ST_CALENDAR_LAST_YEAR - 1)));

	/* the last segment with less than that before it; it is rarely far */
	low = segment - calendar->segments;
	while (low + 1 < high)
	{
		int			middle = (low + high) / 2;

		if (calendar->segments[middle].open < target)
			low = middle;
		else
			high = middle;
	}
	segment = &calendar->segments[low];
	return wall_instant(calendar,
						target - segment->open +
						st_wall_open(calendar, segment->start + segment->offset)) - segment->offset;
}

/* Where year begins in UTC. */
static TimestampTz
year_start(int year)
{
	return (TimestampTz) (date2j(year, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

static pg_time_t
to_pg_time(TimestampTz at)
{
	return floor_divide(at, USECS_PER_SEC) +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

/*
 * st_calendar_prepare
 *		Makes the calendar's segments from the changes of its time zone.
 */
void
st_calendar_prepare(StCalendar *calendar)
{
	TimestampTz start = year_start(ST_CALENDAR_FIRST_YEAR);
	TimestampTz end = year_start(ST_CALENDAR_LAST_YEAR);
	int			allocated = 64;
	StSegment  *segments;
	int64		open = 0;
	int			n = 0;

	if (calendar->segments != NULL)
		return;

	segments = MemoryContextAlloc(calendar->cxt, allocated * sizeof(StSegment));
	while (start < end)
	{
		pg_time_t	at = to_pg_time(start);
		pg_time_t	change;
		long		before;
		long		after;
		int			before_dst;
		int			after_dst;
		TimestampTz next = end;
		int			found = pg_next_dst_boundary(&at, &before, &before_dst, &change,
												 &after, &after_dst, calendar->zone);

		if (found < 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
					 errmsg("time zone \"%s\" does not cover the years of calendars", calendar->zone_name)));
		if (found > 0)
			next = Min(end, (TimestampTz) (change - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY) * USECS_PER_SEC);
		Assert(next > start);

		if (n + 1 >= allocated)
		{
			allocated *= 2;
			segments = repalloc(segments, allocated * sizeof(StSegment));
		}
		segments[n].start = start;
		segments[n].offset = (int64) before * USECS_PER_SEC;
		segments[n].open = open;
		if (calendar->week > 0)
			open += st_wall_open(calendar, next + segments[n].offset) -
				st_wall_open(calendar, start + segments[n].offset);
		n++;
		start = next;
	}
	segments[n].start = end;
	segments[n].offset = segments[n - 1].offset;
	segments[n].open = open;
	calendar->nsegments = n + 1;
	calendar->segments = segments;
}
