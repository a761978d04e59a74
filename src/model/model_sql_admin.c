/*-------------------------------------------------------------------------
 *
 * model_sql_admin.c
 *		triage.activate, triage.drop_model and triage.model_file.
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
PG_FUNCTION_INFO_V1(st_model_file);

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
	values[1] = Int32GetDatum(st_number_of(version));
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

/* refuse_shipped: throws because a model came with the extension */
static void
refuse_shipped(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("version 0 of model \"%s\" cannot be dropped", name),
			 errdetail("It came with the extension."),
			 errhint("To have another in its place, train one of this name with triage.train() and make it active with triage.activate().")));
}

/*
 * triage.drop_model(model text, version int)
 *
 * All versions when version is NULL, but for one that came with the extension,
 * which is then active.  The active one of several is refused: tickets would
 * come to people for want of a model.
 */
Datum
st_drop_model(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TEXTOID, INT4OID};
	Datum		values[2];
	char		nulls[3] = "  ";
	StModelRow	row = {0};
	char	   *name;
	char	   *versions;
	uint64		dropped;

	st_need_arguments(fcinfo, 1);
	PreventCommandIfReadOnly("triage.drop_model()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	st_store_lock_name(name);
	if (PG_ARGISNULL(1))
	{
		nulls[1] = 'n';
		versions = st_store_versions(name);
		if (versions == NULL)
			st_store_throw_missing(name, ST_ACTIVE);
		if (strcmp(versions, "0") == 0)
			refuse_shipped(name);
	}
	else
	{
		int			version = st_store_check_version(PG_GETARG_INT32(1));

		if (!st_store_find(name, version, &row))
			st_store_throw_missing(name, version);
		if (version == ST_SHIPPED)
			refuse_shipped(name);
		if (row.active && strchr(st_store_versions(name), ',') != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("version %d of model \"%s\" is active", row.version, name),
					 errhint("Make another version active with triage.activate() first, or drop all versions with triage.drop_model(model).")));
	}

	values[0] = CStringGetTextDatum(name);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	SPI_connect();
	dropped = st_store_execute("DELETE FROM triage.model WHERE name = $1 AND version > 0 AND ($2 IS NULL OR version = $2)",
							   2, types, values, nulls);
	if (PG_ARGISNULL(1))
		st_store_execute("UPDATE triage.model SET status = 'active'"
						 " WHERE name = $1 AND version = 0 AND status <> 'active'",
						 1, types, values, NULL);
	SPI_finish();

	PG_RETURN_INT32((int32) dropped);
}

/*
 * triage.model_file(model text, version int)
 */
Datum
st_model_file(PG_FUNCTION_ARGS)
{
	int			version = ST_ACTIVE;
	StModelRow	row;
	char	   *name;

	st_need_arguments(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		version = st_store_check_version(PG_GETARG_INT32(1));

	(void) st_model_open(name, version);	/* says what is wrong with it */
	if (!st_store_find(name, version, &row))
		st_store_throw_missing(name, version);
	if (row.file != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version 0 of model \"%s\" is a file already", name),
				 errdetail("It is file \"%s/%s\" of the server.", st_shipped_directory(), row.file)));

	PG_RETURN_BYTEA_P(st_shipped_make(st_store_weights(&row)));
}
