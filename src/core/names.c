/*-------------------------------------------------------------------------
 *
 * names.c
 *		OIDs of the extension's own objects, looked up by name in schema
 *		triage, never through search_path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "core/core.h"

/*
 * st_schema_oid
 *		Returns the OID of schema triage, InvalidOid when it is absent and
 *		missing_ok is given; throws otherwise.
 */
Oid
st_schema_oid(bool missing_ok)
{
	return get_namespace_oid(ST_SCHEMA, missing_ok);
}

/*
 * st_relation_oid
 *		Returns the OID of a table, index or view of schema triage; like
 *		st_schema_oid when it is absent.
 */
Oid
st_relation_oid(const char *relname, bool missing_ok)
{
	Oid			schema = st_schema_oid(missing_ok);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(relname, schema) : InvalidOid;

	if (!OidIsValid(relid) && !missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s.%s\" does not exist", ST_SCHEMA, relname),
				 errhint("The extension support_triage is damaged or older than its library; try ALTER EXTENSION support_triage UPDATE.")));
	return relid;
}

/*
 * st_type_oid
 *		Returns the OID of a type of schema triage; throws when it is absent.
 */
Oid
st_type_oid(const char *typname)
{
	Oid			typid = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
										CStringGetDatum(typname),
										ObjectIdGetDatum(st_schema_oid(false)));

	if (!OidIsValid(typid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type \"%s.%s\" does not exist", ST_SCHEMA, typname),
				 errhint("The extension support_triage is damaged or older than its library; try ALTER EXTENSION support_triage UPDATE.")));
	return typid;
}

/* st_enum_oid: the OID of a value of an enum type; throws when there is none. */
Oid
st_enum_oid(Oid type, const char *label)
{
	Oid			value = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
										ObjectIdGetDatum(type), CStringGetDatum(label));

	if (!OidIsValid(value))
		elog(ERROR, "type %u has no value \"%s\"", type, label);
	return value;
}

/*
 * st_extension_owner
 *		Returns the role that owns schema triage: what the extension writes on
 *		a user's behalf is written as this role.
 */
Oid
st_extension_owner(void)
{
	Oid			schema = st_schema_oid(false);
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * st_attnum
 *		Returns the number of a column of one of the extension's own tables;
 *		throws when it is absent.
 */
AttrNumber
st_attnum(Oid relid, const char *attname)
{
	AttrNumber	attnum = get_attnum(relid, attname);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\" does not exist", attname, get_rel_name(relid)),
				 errhint("The extension support_triage is damaged or older than its library; try ALTER EXTENSION support_triage UPDATE.")));
	return attnum;
}
