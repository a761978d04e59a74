/*-------------------------------------------------------------------------
 *
 * pipeline_ticket.c
 *		Asking the tickets table about one ticket, by its key as text.
 *
 * The key is turned into the column's own type, so that the table's index
 * serves.  Operators of built-in types are named with their schema; those of a
 * user's type are found as the type's default equality.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* The name of a table as it goes into a query. */
char *
st_table_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name);
}

/* The owner of a table; InvalidOid when it is gone. */
Oid
st_table_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* An operator of a type, "<", "=" or the like by number, as OPERATOR(schema.name). */
static char *
operator_name(Oid opr)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(opr));
	Form_pg_operator form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", opr);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	name = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
					NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
}

/* A type's name as it goes into a cast: pg_catalog.bpchar, not "character". */
static char *
type_name(Oid typid)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(typid));
	Form_pg_type form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", typid);
	form = (Form_pg_type) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->typnamespace), NameStr(form->typname));
	ReleaseSysCache(tuple);
	return name;
}

/*
 * st_key_condition
 *		Appends "column = $n::type" (or <, > by the type's default order) for a
 *		parameter of type text.
 */
void
st_key_condition(StringInfo sql, const char *column, Oid typid, char comparison, int parameter)
{
	TypeCacheEntry *type = lookup_type_cache(typid, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
	Oid			opr = comparison == '=' ? type->eq_opr :
	comparison == '<' ? type->lt_opr : type->gt_opr;

	if (!OidIsValid(opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s of column \"%s\" has no operator \"%c\"",
						format_type_be(typid), column, comparison)));
	appendStringInfo(sql, "%s %s $%d::%s", quote_identifier(column), operator_name(opr),
					 parameter, type_name(typid));
}

/* Appends "column = ANY ($n::type[])" for a parameter of type text[]. */
void
st_key_any_condition(StringInfo sql, const char *column, Oid typid, int parameter)
{
	Oid			opr = lookup_type_cache(typid, TYPECACHE_EQ_OPR)->eq_opr;

	appendStringInfo(sql, "%s %s ANY ($%d::%s)", quote_identifier(column), operator_name(opr),
					 parameter, type_name(get_array_type(typid)));
}

/* The conditions that single out a ticket: $1 its key, $2 its tenant. */
static void
put_conditions(StringInfo sql, StSource *source, const text *tenant)
{
	const char *column = source->columns.name[ST_ROLE_TENANT];

	st_key_condition(sql, source->columns.name[ST_ROLE_ID], source->column[ST_ROLE_ID].typid, '=', 1);
	if (column == NULL || tenant == NULL)
		return;
	appendStringInfoString(sql, " AND ");
	if (VARSIZE_ANY_EXHDR(tenant) > 0)
		st_key_condition(sql, column, source->column[ST_ROLE_TENANT].typid, '=', 2);
	else
		appendStringInfo(sql, "COALESCE(%s::pg_catalog.text, '') OPERATOR(pg_catalog.=) ''",
						 quote_identifier(column));
}

/*
 * ticket_select
 *		Runs SELECT target for one ticket as the current user, between
 *		SPI_connect and SPI_finish; tenant may be NULL for any.  Returns how many
 *		rows there are, two at most; they are in SPI_tuptable.
 */
static int
ticket_select(StSource *source, const text *tenant, const text *key,
			  const char *target, const char *tail)
{
	StringInfoData sql;
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2];
	int			nargs = 1;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s FROM %s WHERE ", target, st_table_name(source->tickets));
	put_conditions(&sql, source, tenant);
	appendStringInfo(&sql, " LIMIT 2%s", tail);

	values[0] = PointerGetDatum(key);
	if (tenant != NULL && VARSIZE_ANY_EXHDR(tenant) > 0 && source->columns.name[ST_ROLE_TENANT] != NULL)
		values[nargs++] = PointerGetDatum(tenant);

	st_disturbances++;
	if (SPI_execute_with_args(sql.data, nargs, types, values, NULL, false, 2) != SPI_OK_SELECT)
		elog(ERROR, "could not read a ticket");
	return (int) SPI_processed;
}

/*
 * st_ticket_is_live
 *		Whether the table has a ticket of this key now.  Asks as the table's
 *		owner, as foreign keys do: whoever changes a ticket may not be allowed
 *		to read others.
 */
bool
st_ticket_is_live(StSource *source, const text *tenant, const text *key)
{
	Relation	rel = table_open(source->tickets, AccessShareLock);
	StIdentity	caller;
	bool		live;

	GetUserIdAndSecContext(&caller.userid, &caller.sec_context);
	SetUserIdAndSecContext(rel->rd_rel->relowner,
						   caller.sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	SPI_connect();
	live = ticket_select(source, tenant, key, "1", "") > 0;
	SPI_finish();
	st_become_caller(&caller);
	table_close(rel, NoLock);
	return live;
}

/*
 * st_ticket_target
 *		Returns the list of mapped columns for a SELECT, and in *projected the
 *		source as seen through its result.  Throws when a mapped column is gone.
 */
char *
st_ticket_target(const StSource *source, StSource *projected)
{
	StringInfoData target;
	AttrNumber	n = 0;

	if (source->broken != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s", source->broken)));

	*projected = *source;
	initStringInfo(&target);
	for (int role = 0; role < ST_NUM_ROLES; role++)
	{
		if (source->columns.name[role] == NULL)
			continue;
		appendStringInfo(&target, "%s%s", n == 0 ? "" : ", ",
						 quote_identifier(source->columns.name[role]));
		projected->column[role].attnum = ++n;
	}
	return target.data;
}

/*
 * st_lock_tickets
 *		Locks FOR SHARE and reads the tickets of these keys (text[]) as the
 *		current user, or without wait those of them that nobody is changing;
 *		between SPI_connect and SPI_finish.  Returns how many; the rows are in
 *		SPI_tuptable, and *projected is the source as seen through them.
 */
uint64
st_lock_tickets(StSource *source, Datum keys, bool wait, StSource *projected)
{
	StringInfoData sql;
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1] = {keys};
	char	   *target = st_ticket_target(source, projected);

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s FROM %s WHERE ", target, st_table_name(source->tickets));
	st_key_any_condition(&sql, source->columns.name[ST_ROLE_ID], source->column[ST_ROLE_ID].typid, 1);
	appendStringInfo(&sql, " FOR SHARE%s", wait ? "" : " SKIP LOCKED");
	if (SPI_execute_with_args(sql.data, 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read tickets");
	return SPI_processed;
}

/*
 * st_ticket_fetch
 *		Reads one ticket as the current user, between SPI_connect and
 *		SPI_finish.  Returns it in a slot that the caller drops; throws when
 *		there is none that the user can see, or several.
 */
TupleTableSlot *
st_ticket_fetch(StSource *source, StSource *projected, const text *tenant, const text *key,
				bool for_share)
{
	char	   *target = st_ticket_target(source, projected);
	TupleTableSlot *slot;
	int			n = ticket_select(source, tenant, key, target, for_share ? " FOR SHARE" : "");

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("ticket \"%s\" of table \"%s\" does not exist",
						text_to_cstring(key), get_rel_name(source->tickets))));
	if (n > 1)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("key \"%s\" names several tickets of table \"%s\"",
						text_to_cstring(key), get_rel_name(source->tickets)),
				 errhint("Name the tenant as well.")));

	slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
	ExecStoreHeapTuple(SPI_tuptable->vals[0], slot, false);
	return slot;
}
