/*-------------------------------------------------------------------------
 *
 * sla_sql.c
 *		Business time as SQL functions, and the checks of calendars as they are
 *		written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "sla/sla.h"

PG_FUNCTION_INFO_V1(st_business_deadline_sql);
PG_FUNCTION_INFO_V1(st_business_elapsed_sql);
PG_FUNCTION_INFO_V1(st_calendar_check);
PG_FUNCTION_INFO_V1(st_calendar_hours_check);

static StCalendar *
calendar_argument(FunctionCallInfo fcinfo)
{
	return st_calendar_get(text_to_cstring(PG_GETARG_TEXT_PP(0)), false);
}

/* An interval as microseconds; throws for one whose length depends on the date. */
static int64
duration_argument(const Interval *duration)
{
	if (duration->month != 0 || duration->day != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a business duration must be given in hours, minutes and seconds"),
				 errdetail("Days and months have no fixed length in business time."),
				 errhint("Write '40 hours' for five days of eight hours.")));
	if (duration->time < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a business duration must not be negative")));
	return duration->time;
}

/* triage.business_deadline(calendar, start, duration) */
Datum
st_business_deadline_sql(PG_FUNCTION_ARGS)
{
	StCalendar *calendar = calendar_argument(fcinfo);

	PG_RETURN_TIMESTAMPTZ(st_business_deadline(calendar, PG_GETARG_TIMESTAMPTZ(1),
											   duration_argument(PG_GETARG_INTERVAL_P(2))));
}

/* triage.business_elapsed(calendar, from_, until) */
Datum
st_business_elapsed_sql(PG_FUNCTION_ARGS)
{
	StCalendar *calendar = calendar_argument(fcinfo);
	Interval   *elapsed = palloc0(sizeof(Interval));

	elapsed->time = st_business_elapsed(calendar, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2));
	PG_RETURN_INTERVAL_P(elapsed);
}

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", name)));
	return (TriggerData *) fcinfo->context;
}

static HeapTuple
new_row(const TriggerData *trigdata)
{
	return TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple :
		trigdata->tg_trigtuple;
}

/* A column of the new row, or of the deleted one, as text. */
static char *
new_text(const TriggerData *trigdata, const char *column)
{
	bool		isnull;
	Datum		value = heap_getattr(new_row(trigdata),
									 st_attnum(RelationGetRelid(trigdata->tg_relation), column),
									 RelationGetDescr(trigdata->tg_relation), &isnull);

	return isnull ? NULL : text_to_cstring(DatumGetTextPP(value));
}

/* Refuses to delete a calendar by which clocks are counted. */
static void
refuse_if_in_use(const char *calendar)
{
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(calendar);

	SPI_connect();
	if (SPI_execute_with_args("SELECT FROM triage.sla_clock WHERE calendar OPERATOR(pg_catalog.=) $1"
							  " AND state OPERATOR(pg_catalog.=) ANY ('{running,paused}')",
							  1, &type, &value, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read clocks");
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("clocks that run are counted by calendar \"%s\"", calendar),
				 errhint("Give their policies another calendar first.")));
	SPI_finish();
}

/*
 * triage.calendar_check(): BEFORE trigger of triage.calendar: the server knows
 * the time zone, and what clocks are counted by stays.
 */
Datum
st_calendar_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_data(fcinfo, "triage.calendar_check");
	char	   *zone_name = new_text(trigdata, "time_zone");
	pg_tz	   *zone = zone_name == NULL ? NULL : pg_tzset(zone_name);

	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
	{
		refuse_if_in_use(new_text(trigdata, "name"));
		return PointerGetDatum(trigdata->tg_trigtuple);
	}
	if (zone_name != NULL && (zone == NULL || !pg_tz_acceptable(zone)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is not known to this server", zone_name),
				 errhint("See pg_timezone_names for those that are, such as Europe/Berlin.")));
	return PointerGetDatum(new_row(trigdata));
}

/*
 * triage.calendar_hours_check(): AFTER trigger of triage.calendar_hours: no two
 * openings of a calendar overlap.  Whoever else changes the calendar's hours
 * waits for this transaction.
 */
Datum
st_calendar_hours_check(PG_FUNCTION_ARGS)
{
	static const char *const lock_sql =
	"SELECT FROM triage.calendar WHERE name OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE";
	static const char *const overlap_sql =
	"WITH hours AS ("
	"    SELECT h.*, pg_catalog.date_part('epoch', opens) + (weekday - 1) * 86400 AS first,"
	"           pg_catalog.date_part('epoch', closes) + (weekday - 1 + CASE WHEN closes <= opens THEN 1 ELSE 0 END) * 86400 AS last"
	"    FROM triage.calendar_hours h WHERE calendar = $1)"
	"SELECT pg_catalog.format('weekday %s, %s to %s', a.weekday, a.opens, a.closes),"
	"       pg_catalog.format('weekday %s, %s to %s', b.weekday, b.opens, b.closes) "
	"FROM hours a JOIN hours b ON (a.weekday, a.opens) < (b.weekday, b.opens)"
	"     AND (a.first < b.last AND b.first < a.last OR b.last > 604800 AND a.first < b.last - 604800) "
	"ORDER BY a.weekday, a.opens LIMIT 1";
	TriggerData *trigdata = trigger_data(fcinfo, "triage.calendar_hours_check");
	char	   *calendar = new_text(trigdata, "calendar");
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(calendar);

	SPI_connect();
	if (SPI_execute_with_args(lock_sql, 1, &type, &value, NULL, false, 0) != SPI_OK_SELECT ||
		SPI_execute_with_args(overlap_sql, 1, &type, &value, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read opening hours");
	if (SPI_processed > 0)
	{
		char	   *first = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		char	   *second = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);

		ereport(ERROR,
				(errcode(ERRCODE_EXCLUSION_VIOLATION),
				 errmsg("opening hours of calendar \"%s\" overlap", calendar),
				 errdetail("These do: %s; and %s.", first, second)));
	}
	SPI_finish();
	return PointerGetDatum(NULL);
}
