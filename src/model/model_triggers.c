/*-------------------------------------------------------------------------
 *
 * model_triggers.c
 *		The triggers of triage.model: every backend looks again after a change,
 *		numbers of dropped versions are kept, an own version takes the place of
 *		the shipped one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/inval.h"
#include "utils/rel.h"

#include "core/compat.h"
#include "model/model_inner.h"

PG_FUNCTION_INFO_V1(st_model_changed);
PG_FUNCTION_INFO_V1(st_model_gone);
PG_FUNCTION_INFO_V1(st_model_replaced);

/* check_trigger: throws when a function was not called as a trigger */
static void
check_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function can only be called as a trigger")));
}

/*
 * name_and_version
 *		Fills values with these two columns of a row; they point into it.
 */
static void
name_and_version(TriggerData *trigger, Datum *values)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	bool		isnull;

	values[0] = SPI_getbinval(trigger->tg_trigtuple, desc, SPI_fnumber(desc, "name"), &isnull);
	values[1] = SPI_getbinval(trigger->tg_trigtuple, desc, SPI_fnumber(desc, "version"), &isnull);
}

/*
 * st_model_changed
 *		Statement trigger of triage.model: every backend, of standbys too, will
 *		look again after commit, and this one at once.
 */
Datum
st_model_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	check_trigger(fcinfo);

	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}

/*
 * st_model_gone
 *		Trigger of triage.model, after each row's DELETE and before TRUNCATE:
 *		keeps the number of the version from being given again and has the
 *		mapping removed at commit.
 */
Datum
st_model_gone(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	check_trigger(fcinfo);

	SPI_connect();
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
	{
		Oid			types[2] = {TEXTOID, INT4OID};
		Datum		values[2];
		StMapKey	key;

		if (st_store_row_key(trigger->tg_relation, trigger->tg_trigtuple, &key))
			st_map_forget_at_commit(&key);

		name_and_version(trigger, values);
		st_store_execute("INSERT INTO triage.model_dropped (name, version) SELECT $1, $2 WHERE $2 > 0 ON CONFLICT DO NOTHING",
						 2, types, values, NULL);
	}
	else
	{
		st_map_forget_all_at_commit();
		st_store_execute("INSERT INTO triage.model_dropped (name, version) SELECT name, version FROM triage.model WHERE version > 0 ON CONFLICT DO NOTHING",
						 0, NULL, NULL, NULL);
	}
	SPI_finish();

	return PointerGetDatum(trigger->tg_trigtuple);
}

/*
 * st_model_replaced
 *		Trigger of triage.model before a row's INSERT: where it is an active
 *		version, the shipped one of the same name, active so far, retires.  So
 *		a dump, which has the own versions only, can be restored.
 */
Datum
st_model_replaced(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Oid			types[2] = {TEXTOID, INT4OID};
	Datum		values[2];

	check_trigger(fcinfo);

	name_and_version(trigger, values);
	if (DatumGetInt32(values[1]) > 0)
	{
		SPI_connect();
		st_store_execute("UPDATE triage.model SET status = 'retired' WHERE name = $1 AND version = 0 AND status = 'active'",
						 1, types, values, NULL);
		SPI_finish();
	}

	return PointerGetDatum(trigger->tg_trigtuple);
}
