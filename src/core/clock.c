/*-------------------------------------------------------------------------
 *
 * clock.c
 *		The one clock.  Every room asks st_now(), never the system, so that a
 *		test can set the present and a replay can run in the past.
 *
 * support_triage.clock holds a timestamp with time zone; empty means the start
 * of the current transaction.  It is for superusers, because deadlines and
 * decisions are stamped with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"

static char *clock_setting = NULL;
static TimestampTz borrowed = 0;

PG_FUNCTION_INFO_V1(st_now_sql);

void
st_core_init(void)
{
	DefineCustomStringVariable("support_triage.clock",
							   "Sets the present for support_triage, for tests and replays.",
							   "A timestamp with time zone; empty means the start of the current transaction.",
							   &clock_setting,
							   "",
							   PGC_SUSET,
							   0,
							   NULL, NULL, NULL);
}

/*
 * st_now
 *		Returns the set clock, or the start of the current transaction.
 *		Throws when support_triage.clock holds something that is no timestamp.
 */
TimestampTz
st_now(void)
{
	if (borrowed != 0)
		return borrowed;
	if (clock_setting == NULL || clock_setting[0] == '\0')
		return GetCurrentTransactionStartTimestamp();

	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
												   CStringGetDatum(clock_setting),
												   ObjectIdGetDatum(InvalidOid),
												   Int32GetDatum(-1)));
}

/*
 * st_clock_borrow
 *		Has st_now() return this, or with 0 what it returns by itself.  Returns
 *		what was borrowed before, for the caller to give back, also when
 *		something is thrown.
 */
TimestampTz
st_clock_borrow(TimestampTz now)
{
	TimestampTz before = borrowed;

	borrowed = now;
	return before;
}

/* triage.now() */
Datum
st_now_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(st_now());
}
