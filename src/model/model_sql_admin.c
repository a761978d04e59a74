/*-------------------------------------------------------------------------
 *
 * model_sql_admin.c
 *		triage.activate and triage.drop_model.
 *
 * Both are ordinary updates of triage.model under the lock on the name: they
 * take effect at commit, can be rolled back, and reach every backend, of
 * standbys too, by the table's triggers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "model/model_inner.h"

PG_FUNCTION_INFO_V1(st_activate);
PG_FUNCTION_INFO_V1(st_drop_model);

/*
 * triage.activate(model text, version int)
 *
 * A version that cannot be read is refused, so that a mistake does not stop
 * the triage of tickets.
 */
Datum
st_activate(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TEXTOID, INT4OID};
	Datum		values[2];
	char	   *name;
	int			version;

	st_need_arguments(fcinfo, 2);
	PreventCommandIfReadOnly("triage.activate()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	version = st_store_check_version(PG_GETARG_INT32(1));

	st_store_lock_name(name);
	(void) st_model_open(name, version);

	values[0] = CStringGetTextDatum(name);
	values[1] = Int32GetDatum(version);
	SPI_connect();
	st_store_execute("UPDATE triage.model SET status = 'retired'"
					 " WHERE name = $1 AND status = 'active' AND version <> $2",
					 2, types, values, NULL);
	st_store_execute("UPDATE triage.model SET status = 'active'"
					 " WHERE name = $1 AND version = $2 AND status <> 'active'",
					 2, types, values, NULL);
	SPI_finish();

	PG_RETURN_VOID();
}

/*
 * triage.drop_model(model text, version int)
 *
 * All versions when version is NULL.  The active one of several is refused:
 * tickets would come to people for want of a model.
 */
Datum
st_drop_model(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TEXTOID, INT4OID};
	Datum		values[2];
	char		nulls[3] = "  ";
	StModelRow	row = {0};
	char	   *name;
	uint64		dropped;

	st_need_arguments(fcinfo, 1);
	PreventCommandIfReadOnly("triage.drop_model()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	st_store_lock_name(name);
	if (PG_ARGISNULL(1))
	{
		nulls[1] = 'n';
		if (st_store_versions(name) == NULL)
			st_store_throw_missing(name, 0);
	}
	else
	{
		int			version = st_store_check_version(PG_GETARG_INT32(1));

		if (!st_store_find(name, version, &row))
			st_store_throw_missing(name, version);
		if (row.active && strchr(st_store_versions(name), ',') != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("version %d of model \"%s\" is active", row.version, name),
					 errhint("Make another version active with triage.activate() first, or drop all versions with triage.drop_model(model).")));
	}

	values[0] = CStringGetTextDatum(name);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	SPI_connect();
	dropped = st_store_execute("DELETE FROM triage.model WHERE name = $1 AND ($2 IS NULL OR version = $2)",
							   2, types, values, nulls);
	SPI_finish();

	PG_RETURN_INT32((int32) dropped);
}
