/*-------------------------------------------------------------------------
 *
 * model_triggers.c
 *		The triggers of triage.model: rows are checked, every backend looks
 *		again after a change, numbers of dropped versions are kept, an own
 *		version takes the place of the shipped one.
 *
 * Rows are checked here and not by constraints, because every new connection
 * that uses a model opens the table, and reading its constraints would take a
 * twentieth of the time to the first answer.
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
PG_FUNCTION_INFO_V1(st_model_checked);

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
 * column_of
 *		Returns a column of a row of the trigger's table; it points into the row.
 */
static Datum
column_of(TriggerData *trigger, HeapTuple tuple, const char *name, bool *isnull)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	return SPI_getbinval(tuple, desc, SPI_fnumber(desc, name), isnull);
}

/* status_of: a row's status as text; "" when it is NULL */
static const char *
status_of(TriggerData *trigger, HeapTuple row)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	char	   *status = SPI_getvalue(row, desc, SPI_fnumber(desc, "status"));

	return status == NULL ? "" : status;
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
		bool		isnull;

		if (st_store_row_key(trigger->tg_relation, trigger->tg_trigtuple, &key))
			st_map_forget_at_commit(&key);

		values[0] = column_of(trigger, trigger->tg_trigtuple, "name", &isnull);
		values[1] = column_of(trigger, trigger->tg_trigtuple, "version", &isnull);
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
 * st_model_checked
 *		Trigger of triage.model before a row's INSERT or UPDATE: throws for one
 *		that cannot be.  Where an active version comes, the shipped one of the
 *		same name, active so far, retires, so that a dump, which has the own
 *		versions only, can be restored.
 */
Datum
st_model_checked(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HeapTuple	row;
	Oid			type = TEXTOID;
	Datum		name;
	Datum		version;
	bool		no_name;
	bool		no_version;
	bool		no_weights;
	bool		no_file;

	check_trigger(fcinfo);

	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	name = column_of(trigger, row, "name", &no_name);
	version = column_of(trigger, row, "version", &no_version);
	(void) column_of(trigger, row, "weights", &no_weights);
	(void) column_of(trigger, row, "file", &no_file);
	if (no_name || no_version)
		return PointerGetDatum(row);	/* NOT NULL will say so */

	pfree(st_store_check_name(DatumGetTextPP(name)));
	(void) st_store_check_version(DatumGetInt32(version));
	if (DatumGetInt32(version) == 0 ? no_file || !no_weights : !no_file || no_weights)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("version 0 of a model has its weights in a file, all others have them in the row")));

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && DatumGetInt32(version) > 0 &&
		strcmp(status_of(trigger, row), "active") == 0)
	{
		SPI_connect();
		st_store_execute("UPDATE triage.model SET status = 'retired' WHERE name = $1 AND version = 0 AND status = 'active'",
						 1, &type, &name, NULL);
		SPI_finish();
	}

	return PointerGetDatum(row);
}
