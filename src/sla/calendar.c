/*-------------------------------------------------------------------------
 *
 * calendar.c
 *		Calendars as each backend holds them.
 *
 * Opening hours become disjoint parts of a week, holidays become disjoint
 * wall-clock intervals with the open time before them; touching hours (to
 * midnight, from midnight) become one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

#include "core/core.h"
#include "sla/calendar.h"
#include "sla/sla_inner.h"

/* All calendars, by name. */
typedef struct Calendars
{
	StCalendar **calendars;
	int			n;
	StCalendar *always;			/* around the clock */
} Calendars;

/* A row of calendar_hours or calendar_holiday. */
typedef struct Row
{
	char	   *calendar;
	int64		start;
	int64		end;
} Row;

typedef struct Rows
{
	Row		   *rows;
	int			n;
	int			allocated;
} Rows;

static void *load_calendars(void);

static StConfigCache cache = {
	.tables = {"calendar", "calendar_hours", "calendar_holiday"},
	.load = load_calendars,
};

void
st_sla_init(void)
{
	st_config_cache_init(&cache);
	st_policy_init();
}

static void
add_row(Rows *rows, char *calendar, int64 start, int64 end)
{
	Row		   *row;

	if (rows->n == rows->allocated)
	{
		rows->allocated = Max(16, rows->allocated * 2);
		rows->rows = rows->rows == NULL ? palloc(rows->allocated * sizeof(Row)) :
			repalloc(rows->rows, rows->allocated * sizeof(Row));
	}
	row = &rows->rows[rows->n++];
	row->calendar = calendar;
	row->start = start;
	row->end = end;
}

static int
compare_rows(const void *a, const void *b)
{
	const Row  *ra = a;
	const Row  *rb = b;
	int			order = strcmp(ra->calendar, rb->calendar);

	if (order != 0)
		return order;
	return (ra->start > rb->start) - (ra->start < rb->start);
}

static TimeADT
scan_time(StTableScan *scan, const char *column)
{
	bool		isnull;

	return DatumGetTimeADT(st_scan_value(scan, column, &isnull));
}

/* Opening hours as parts of the week; those over its end become two. */
static void
load_hours(Rows *rows)
{
	StTableScan scan;

	st_scan_begin(&scan, cache.relids[1]);
	while (st_scan_next(&scan))
	{
		char	   *calendar = st_scan_cstring(&scan, "calendar");
		int64		day = (st_scan_int32(&scan, "weekday", 1) - 1) * USECS_PER_DAY;
		int64		start = day + scan_time(&scan, "opens");
		int64		end = day + scan_time(&scan, "closes");

		if (end <= start)
			end += USECS_PER_DAY;
		add_row(rows, calendar, start, Min(end, ST_USECS_PER_WEEK));
		if (end > ST_USECS_PER_WEEK)
			add_row(rows, calendar, 0, end - ST_USECS_PER_WEEK);
	}
	st_scan_end(&scan);
}

/* Holidays as wall-clock intervals; infinite dates close nothing. */
static void
load_holidays(Rows *rows)
{
	StTableScan scan;

	st_scan_begin(&scan, cache.relids[2]);
	while (st_scan_next(&scan))
	{
		char	   *calendar = st_scan_cstring(&scan, "calendar");
		bool		isnull;
		DateADT		day = DatumGetDateADT(st_scan_value(&scan, "day", &isnull));

		if (DATE_NOT_FINITE(day))
			continue;
		add_row(rows, calendar,
				day * USECS_PER_DAY + scan_time(&scan, "closed_from"),
				day * USECS_PER_DAY + scan_time(&scan, "closed_until"));
	}
	st_scan_end(&scan);
}

/* The rows of one calendar: *first is where to look, and after it where to go on. */
static Row *
rows_of(const Rows *rows, int *first, const char *calendar, int *n)
{
	Row		   *found;
	int			i = *first;

	while (i < rows->n && strcmp(rows->rows[i].calendar, calendar) < 0)
		i++;
	found = rows->rows + i;
	*n = 0;
	while (i < rows->n && strcmp(rows->rows[i].calendar, calendar) == 0)
	{
		i++;
		(*n)++;
	}
	*first = i;
	return found;
}

static void
fill_openings(StCalendar *calendar, const Row *rows, int n)
{
	calendar->openings = palloc0(Max(n, 1) * sizeof(StOpening));
	for (int i = 0; i < n; i++)
	{
		StOpening  *last = calendar->nopenings > 0 ? &calendar->openings[calendar->nopenings - 1] : NULL;

		if (last != NULL && rows[i].start <= last->end)
			last->end = Max(last->end, rows[i].end);
		else
		{
			calendar->openings[calendar->nopenings].start = rows[i].start;
			calendar->openings[calendar->nopenings++].end = rows[i].end;
		}
	}
	for (int i = 0; i < calendar->nopenings; i++)
	{
		calendar->openings[i].before = calendar->week;
		calendar->week += calendar->openings[i].end - calendar->openings[i].start;
	}
}

static void
fill_closures(StCalendar *calendar, const Row *rows, int n)
{
	int			filled = 0;

	calendar->closures = palloc0(Max(n, 1) * sizeof(StClosure));
	for (int i = 0; i < n; i++)
	{
		StClosure  *last = filled > 0 ? &calendar->closures[filled - 1] : NULL;

		if (last != NULL && rows[i].start <= last->end)
			last->end = Max(last->end, rows[i].end);
		else
		{
			calendar->closures[filled].start = rows[i].start;
			calendar->closures[filled++].end = rows[i].end;
		}
	}

	/* each is asked about with those before it in place */
	for (int i = 0; i < filled; i++)
	{
		StClosure  *closure = &calendar->closures[i];
		int64		open_at_end;

		calendar->nclosures = i;
		closure->open = st_wall_open(calendar, closure->start);
		open_at_end = st_wall_open(calendar, closure->end);
		closure->removed = (i > 0 ? calendar->closures[i - 1].removed : 0) +
			open_at_end - closure->open;
	}
	calendar->nclosures = filled;
}

static int
compare_calendars(const void *a, const void *b)
{
	return strcmp((*(StCalendar *const *) a)->name, (*(StCalendar *const *) b)->name);
}

static void *
load_calendars(void)
{
	static const Row whole_week = {"", 0, ST_USECS_PER_WEEK};
	Calendars  *all = palloc0(sizeof(Calendars));
	StTableScan scan;
	Rows		hours = {0};
	Rows		holidays = {0};
	int			allocated = 8;
	int			next_hours = 0;
	int			next_holidays = 0;

	all->calendars = palloc(allocated * sizeof(StCalendar *));
	st_scan_begin(&scan, cache.relids[0]);
	while (st_scan_next(&scan))
	{
		StCalendar *calendar = palloc0(sizeof(StCalendar));

		calendar->name = st_scan_cstring(&scan, "name");
		calendar->zone_name = st_scan_cstring(&scan, "time_zone");
		calendar->zone = pg_tzset(calendar->zone_name);
		calendar->cxt = CurrentMemoryContext;
		if (all->n == allocated)
		{
			allocated *= 2;
			all->calendars = repalloc(all->calendars, allocated * sizeof(StCalendar *));
		}
		all->calendars[all->n++] = calendar;
	}
	st_scan_end(&scan);
	qsort(all->calendars, all->n, sizeof(StCalendar *), compare_calendars);

	load_hours(&hours);
	load_holidays(&holidays);
	if (hours.n > 0)
		qsort(hours.rows, hours.n, sizeof(Row), compare_rows);
	if (holidays.n > 0)
		qsort(holidays.rows, holidays.n, sizeof(Row), compare_rows);

	all->always = palloc0(sizeof(StCalendar));
	all->always->name = "";
	all->always->zone_name = "GMT";
	all->always->zone = pg_tzset("GMT");
	all->always->cxt = CurrentMemoryContext;
	fill_openings(all->always, &whole_week, 1);

	for (int i = 0; i < all->n; i++)
	{
		StCalendar *calendar = all->calendars[i];
		Row		   *rows;
		int			n;

		rows = rows_of(&hours, &next_hours, calendar->name, &n);
		fill_openings(calendar, rows, n);
		rows = rows_of(&holidays, &next_holidays, calendar->name, &n);
		fill_closures(calendar, rows, n);
	}
	return all;
}

/* The names there are, for a message; "none" when there are none. */
static char *
calendar_names(const Calendars *all)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < all->n && i < 20; i++)
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "", all->calendars[i]->name);
	if (all->n > 20)
		appendStringInfo(&names, " and %d more", all->n - 20);
	return all->n > 0 ? names.data : "none";
}

/* See sla.h. */
StCalendar *
st_calendar_get(const char *name, bool missing_ok)
{
	Calendars  *all = st_config_cache_get(&cache);
	StCalendar	key = {.name = unconstify(char *, name)};
	StCalendar *wanted = &key;
	StCalendar **found = NULL;

	if (name == NULL)
		return all->always;
	if (all->n > 0)
		found = bsearch(&wanted, all->calendars, all->n, sizeof(StCalendar *), compare_calendars);
	if (found == NULL)
	{
		if (missing_ok)
			return NULL;
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("calendar \"%s\" does not exist", name),
				 errdetail("Calendars there are: %s.", calendar_names(all)),
				 errhint("Insert it into triage.calendar and its opening hours into triage.calendar_hours.")));
	}
	if ((*found)->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of calendar \"%s\" is not known to this server",
						(*found)->zone_name, name),
				 errhint("See pg_timezone_names for those that are.")));
	return *found;
}

/* Whether a calendar has opening hours at all; closures are left aside. */
bool
st_calendar_is_ever_open(const StCalendar *calendar)
{
	return calendar->week > 0;
}
