/*-------------------------------------------------------------------------
 *
 * clock_time.c
 *		Clocks as time passes and as promises change: what is due, and
 *		deadlines computed anew when a policy or a calendar is another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "sla/sla_inner.h"

PG_FUNCTION_INFO_V1(st_sla_check);
PG_FUNCTION_INFO_V1(st_sla_recompute);
PG_FUNCTION_INFO_V1(st_sla_policy_check);

/* Clocks that are computed anew at a time. */
#define BATCH	1000

/*
 * triage.sla_check(batch): gives the warnings and breaches that are due, once
 * each, the oldest first.  Clocks that another session moves are left for the
 * next call.
 */
Datum
st_sla_check(PG_FUNCTION_ARGS)
{
	static const char *const events[] = {NULL, "warning", "breach"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32		batch = PG_GETARG_INT32(0);
	TimestampTz now = st_now();
	Oid			types[] = {TIMESTAMPTZOID, INT4OID};
	Datum		values[] = {TimestampTzGetDatum(now), Int32GetDatum(batch)};
	StClockRow *rows;
	int			n;

	if (batch < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch must be at least 1")));
	InitMaterializedSRF(fcinfo, 0);

	SPI_connect();
	rows = st_clock_rows("next_event_at OPERATOR(pg_catalog.<=) $1",
						 "ORDER BY next_event_at LIMIT $2 FOR UPDATE SKIP LOCKED",
						 2, types, values, &n);
	for (int i = 0; i < n; i++)
	{
		StClockRow *row = &rows[i];
		int16		percent = 0;
		StClockEvent event = st_clock_look(&row->clock, now, &percent);
		Datum		out[8];
		bool		nulls[8] = {false};

		st_clock_store(&row->ticket, &row->clock);
		if (event == ST_CLOCK_NOTHING)
			continue;
		out[0] = PointerGetDatum(row->ticket.tenant_id);
		out[1] = Int32GetDatum(row->ticket.source_id);
		out[2] = PointerGetDatum(row->ticket.ticket_key);
		out[3] = DirectFunctionCall3(enum_in, CStringGetDatum(st_metric_names[row->clock.metric]),
									 ObjectIdGetDatum(st_type_oid("sla_metric")), Int32GetDatum(-1));
		out[4] = Int32GetDatum(row->clock.cycle);
		out[5] = CStringGetTextDatum(events[event]);
		out[6] = Int16GetDatum(event == ST_CLOCK_BREACH ? 100 : percent);
		out[7] = TimestampTzGetDatum(row->clock.due_at);
		tuplestore_putvalues(result->setResult, result->setDesc, out, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}

/* ---- promises that change ---- */

/*
 * Computes the clocks of a policy, or of a calendar, anew that have not ended.
 * What a clock consumed before its last pause stays as it was counted.
 */
static void
recompute(const char *condition, Oid type, Datum value)
{
	char	   *where = psprintf("%s AND state OPERATOR(pg_catalog.=) ANY ('{running,paused}')"
								 " AND (tenant_id, source_id, ticket_key, metric, cycle) OPERATOR(pg_catalog.>) ($2, $3, $4, $5::triage.sla_metric, $6)",
								 condition);
	Oid			types[] = {type, TEXTOID, INT4OID, TEXTOID, TEXTOID, INT4OID};
	Datum		values[6] = {value, CStringGetTextDatum(""), Int32GetDatum(0), CStringGetTextDatum(""),
	CStringGetTextDatum(st_metric_names[0]), Int32GetDatum(0)};
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage clocks",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext outer = CurrentMemoryContext;
	int			n;

	do
	{
		StClockRow *rows;
		MemoryContext old = MemoryContextSwitchTo(cxt);

		CHECK_FOR_INTERRUPTS();
		rows = st_clock_rows(where, "ORDER BY tenant_id, source_id, ticket_key, metric, cycle"
							 " LIMIT " CppAsString2(BATCH) " FOR UPDATE", 6, types, values, &n);
		for (int i = 0; i < n; i++)
		{
			StClock    *clock = &rows[i].clock;
			const StPolicy *policy = st_policy_by_id(rows[i].ticket.policy_id);

			if (policy != NULL)
			{
				const StTarget *target = st_policy_target(policy, clock->metric, rows[i].ticket.priority);

				clock->calendar = policy->calendar;
				if (target == NULL)
					st_clock_finish(clock, ST_CLOCK_CANCELLED, st_now());
				else
					clock->target = target->target;
			}
			st_clock_schedule(clock);
			if (clock->state == ST_CLOCK_RUNNING && clock->due_at == 0)
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("calendar \"%s\" has no opening hours but clocks that run", clock->calendar),
						 errhint("Give it other hours, or its policies another calendar, in the same transaction.")));
			st_clock_store(&rows[i].ticket, clock);
		}
		MemoryContextSwitchTo(outer);
		if (n > 0)
		{
			values[1] = PointerGetDatum(PG_DETOAST_DATUM_COPY(PointerGetDatum(rows[n - 1].ticket.tenant_id)));
			values[2] = Int32GetDatum(rows[n - 1].ticket.source_id);
			values[3] = PointerGetDatum(PG_DETOAST_DATUM_COPY(PointerGetDatum(rows[n - 1].ticket.ticket_key)));
			values[4] = CStringGetTextDatum(st_metric_names[rows[n - 1].clock.metric]);
			values[5] = Int32GetDatum(rows[n - 1].clock.cycle);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	} while (n == BATCH);
	MemoryContextDelete(cxt);
}

/* What this transaction computed anew, with nothing but that written since. */
static struct
{
	TransactionId transaction;
	CommandId	command;
	List	   *done;			/* "calendar:name" or "policy:id" */
}			recomputed;

static bool
is_recomputed(const char *what)
{
	ListCell   *cell;

	if (recomputed.transaction != GetTopTransactionIdIfAny() || recomputed.command != GetCurrentCommandId(false))
		return false;
	foreach(cell, recomputed.done)
	{
		if (strcmp(lfirst(cell), what) == 0)
			return true;
	}
	return false;
}

static void
note_recomputed(const char *what, CommandId before)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

	if (recomputed.transaction != GetTopTransactionIdIfAny() || recomputed.command != before)
		recomputed.done = NIL;
	recomputed.done = lappend(recomputed.done, pstrdup(what));
	CommandCounterIncrement();
	recomputed.transaction = GetTopTransactionIdIfAny();
	recomputed.command = GetCurrentCommandId(false);
	MemoryContextSwitchTo(old);
}

/*
 * triage.sla_recompute(): deferred trigger of policies, targets and calendars.
 * Many changed rows of one calendar are one change.
 */
Datum
st_sla_recompute(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	CommandId	before = GetCurrentCommandId(false);
	HeapTuple	tuple;
	Relation	rel;
	const char *column;
	char	   *value;
	char	   *what;
	bool		of_policy;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", "triage.sla_recompute")));
	rel = trigdata->tg_relation;
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;

	of_policy = strncmp(RelationGetRelationName(rel), "sla_", 4) == 0;
	column = of_policy ? "policy_id" :
		strcmp(RelationGetRelationName(rel), "calendar") == 0 ? "name" : "calendar";
	value = SPI_getvalue(tuple, RelationGetDescr(rel), st_attnum(RelationGetRelid(rel), column));
	what = psprintf("%s:%s", of_policy ? "policy" : "calendar", value);
	if (is_recomputed(what))
		return PointerGetDatum(NULL);

	SPI_connect();
	if (of_policy)
		recompute("policy_id OPERATOR(pg_catalog.=) $1", INT4OID, Int32GetDatum(pg_strtoint32(value)));
	else
		recompute("calendar OPERATOR(pg_catalog.=) $1", TEXTOID, CStringGetTextDatum(value));
	SPI_finish();
	note_recomputed(what, before);
	return PointerGetDatum(NULL);
}

/*
 * triage.sla_policy_check(): BEFORE trigger of triage.sla_policy.  Refuses a
 * condition that is none and warnings that are no rising percentages; an UPDATE
 * raises the version and notes who and when.
 */
Datum
st_sla_policy_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	TupleDesc	tupdesc;
	Oid			relid;
	Datum		value;
	bool		isnull;
	ArrayType  *warnings;
	int			nwarnings;
	int16	   *warn_at;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a BEFORE trigger", "triage.sla_policy_check")));
	relid = RelationGetRelid(trigdata->tg_relation);
	tupdesc = RelationGetDescr(trigdata->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;

	value = heap_getattr(tuple, st_attnum(relid, "condition"), tupdesc, &isnull);
	if (!isnull)
		(void) st_condition_compile(TextDatumGetCString(value),
									lookup_rowtype_tupdesc_copy(st_type_oid("facts"), -1));

	value = heap_getattr(tuple, st_attnum(relid, "warn_at"), tupdesc, &isnull);
	if (!isnull)
	{
		warnings = DatumGetArrayTypeP(value);
		nwarnings = ArrayGetNItems(ARR_NDIM(warnings), ARR_DIMS(warnings));
		warn_at = (int16 *) ARR_DATA_PTR(warnings);
		for (int i = 0; i < nwarnings; i++)
		{
			if (ARR_HASNULL(warnings) || warn_at[i] < 1 || warn_at[i] > 99 ||
				(i > 0 && warn_at[i] <= warn_at[i - 1]))
				ereport(ERROR,
						(errcode(ERRCODE_CHECK_VIOLATION),
						 errmsg("warn_at must be rising percentages from 1 to 99"),
						 errhint("For example: '{50,75,90}'; '{}' warns of nothing.")));
		}
	}
	if (!TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		return PointerGetDatum(tuple);
	return PointerGetDatum(st_stamped_row(trigdata));
}
