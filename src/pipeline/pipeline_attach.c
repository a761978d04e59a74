/*-------------------------------------------------------------------------
 *
 * pipeline_attach.c
 *		triage.attach and triage.detach: a tickets table gets its triggers and
 *		loses them.
 *
 * Whoever attaches a table must be allowed to create triggers on it.  The
 * triggers themselves are created as the owner of schema triage, because only
 * that role may execute their functions: somebody who could create such a
 * trigger alone could write decisions about another's tickets.
 *
 * SHARE ROW EXCLUSIVE on the tickets table until the end of the transaction,
 * as CREATE TRIGGER takes it: of two sessions attaching the table one waits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* In alphabetical order, which is that in which PostgreSQL fires triggers. */
static const char *const trigger_names[] = {
	"support_triage_delete",
	"support_triage_insert",
	"support_triage_truncate",
	"support_triage_update",
	"support_triage_update_moved"
};

/* Roles whose change decides a ticket again: its text, its key, what facts and rules depend on. */
static const StRole deciding_roles[] = {
	ST_ROLE_ID, ST_ROLE_TENANT, ST_ROLE_SUBJECT, ST_ROLE_BODY, ST_ROLE_CUSTOMER,
	ST_ROLE_CHANNEL, ST_ROLE_SEGMENT, ST_ROLE_LANGUAGE
};

/* Roles whose change moves clocks and whoever has the ticket. */
static const StRole moving_roles[] = {ST_ROLE_STATUS, ST_ROLE_ASSIGNED_AGENT};

PG_FUNCTION_INFO_V1(st_attach);
PG_FUNCTION_INFO_V1(st_detach);

/* Opens the tickets table for attaching; throws when it cannot be attached. */
static Relation
open_tickets(Oid tickets)
{
	Relation	rel = try_table_open(tickets, ShareRowExclusiveLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", tickets)));

	if (rel->rd_rel->relkind != RELKIND_RELATION &&
		rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", RelationGetRelationName(rel)),
				 errhint("Attach the table that the tickets are inserted into.")));
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("temporary table \"%s\" cannot be attached", RelationGetRelationName(rel)),
				 errdetail("Decisions would outlive its tickets.")));
	if (RelationGetNamespace(rel) == st_schema_oid(false) || IsCatalogNamespace(RelationGetNamespace(rel)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("table \"%s\" cannot be attached", RelationGetRelationName(rel)),
				 errdetail("It belongs to the system or to support_triage.")));
	if (pg_class_aclcheck(tickets, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", RelationGetRelationName(rel)),
				 errhint("Attaching and detaching a table need the right to create triggers on it.")));
	return rel;
}

static AttrNumber
column_number(Relation rel, const char *name)
{
	return name == NULL ? InvalidAttrNumber : get_attnum(RelationGetRelid(rel), name);
}

/*
 * Whether a unique index makes the key name one ticket: on the key alone or
 * with the tenant; on a partitioned table, where the partition key must be in
 * every unique index, also with other columns.
 */
static bool
key_is_unique(Relation rel, AttrNumber id, AttrNumber tenant)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;
	bool		unique = false;
	bool		partitioned = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || rel->rd_rel->relispartition;

	foreach(lc, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index index;
		bool		has_id = false;
		bool		has_other = false;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		if (index->indisunique && index->indisvalid &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
		{
			for (int i = 0; i < index->indnkeyatts; i++)
			{
				AttrNumber	attnum = index->indkey.values[i];

				if (attnum == id)
					has_id = true;
				else if (attnum == InvalidAttrNumber || attnum != tenant)
					has_other = true;
			}
			unique = unique || (has_id && (!has_other || partitioned));
		}
		ReleaseSysCache(tuple);
	}
	return unique;
}

/* Throws unless the key column can serve as a ticket's key. */
static void
check_key(Relation rel, const StColumns *columns)
{
	const char *name = columns->name[ST_ROLE_ID];
	AttrNumber	id = column_number(rel, name);
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), id - 1);
	Oid			typid = getBaseType(att->atttypid);
	char		category;
	bool		preferred;

	/* types whose text depends on no setting and which compare */
	get_type_category_preferred(typid, &category, &preferred);
	if ((typid == FLOAT4OID || typid == FLOAT8OID || typid == CASHOID ||
		 (category != TYPCATEGORY_NUMERIC && category != TYPCATEGORY_STRING &&
		  category != TYPCATEGORY_ENUM && typid != UUIDOID)) ||
		!OidIsValid(lookup_type_cache(typid, TYPECACHE_LT_OPR)->lt_opr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column \"%s\" of table \"%s\" cannot be the ticket's key",
						name, RelationGetRelationName(rel)),
				 errdetail("Its type is %s; a key is an integer, numeric, uuid, text or enum.",
						   format_type_be(att->atttypid))));

	if (!key_is_unique(rel, id, column_number(rel, columns->name[ST_ROLE_TENANT])))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of table \"%s\" does not name one ticket",
						name, RelationGetRelationName(rel)),
				 errdetail("There is no unique index on it alone."),
				 errhint("Add one: ALTER TABLE %s ADD UNIQUE (%s); or name another key column.",
						 st_table_name(RelationGetRelid(rel)), quote_identifier(name))));

	if (!att->attnotnull)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of table \"%s\" may be null",
						name, RelationGetRelationName(rel)),
				 errdetail("A ticket without a key cannot be triaged."),
				 errhint("Forbid it: ALTER TABLE %s ALTER %s SET NOT NULL.",
						 st_table_name(RelationGetRelid(rel)), quote_identifier(name))));
}

/* Throws unless the intent model is there. */
static void
check_model(const char *name)
{
	char	   *why = NULL;

	if (st_model_get(name, 0, &why) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table cannot be attached without its intent model"),
				 errdetail_internal("%s", why == NULL ? name : why),
				 errhint("Train it: SELECT * FROM triage.train(%s, 'SELECT text, label FROM ...'); or name another with the option intent_model.",
						 quote_literal_cstr(name))));
}

static void
run_utility(const char *sql)
{
	int			rc = SPI_execute(sql, false, 0);

	if (rc != SPI_OK_UTILITY)
		elog(ERROR, "\"%s\" returned %s", sql, SPI_result_code_string(rc));
}

static bool
has_trigger(Oid relid, const char *name)
{
	return OidIsValid(get_trigger_oid(relid, name, true));
}

/* Drops our triggers, if they are there.  Needs SPI_connect and the owner's identity. */
static void
drop_triggers(Oid tickets)
{
	for (int i = 0; i < lengthof(trigger_names); i++)
	{
		if (has_trigger(tickets, trigger_names[i]))
			run_utility(psprintf("DROP TRIGGER %s ON %s", trigger_names[i], st_table_name(tickets)));
	}
}

/* Whether values of a type are compared by an operator of pg_catalog. */
static bool
has_own_equality(Oid typid)
{
	Oid			opr = lookup_type_cache(typid, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple;
	bool		own;

	if (!OidIsValid(opr))
		return false;
	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(opr));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", opr);
	own = ((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace == PG_CATALOG_NAMESPACE;
	ReleaseSysCache(tuple);
	return own;
}

/*
 * Appends OLD.c IS DISTINCT FROM NEW.c for the columns of these roles; as text
 * where the type knows no equality (json), or one of its own.
 */
static void
put_when_clause(StringInfo sql, Relation rel, const StColumns *columns, const StRole *roles, int nroles)
{
	const char *separator = "";

	for (int i = 0; i < nroles; i++)
	{
		const char *name = columns->name[roles[i]];
		Form_pg_attribute att;
		const char *cast;

		if (name == NULL)
			continue;
		att = TupleDescAttr(RelationGetDescr(rel), column_number(rel, name) - 1);
		cast = has_own_equality(att->atttypid) ? "" : "::pg_catalog.text";
		appendStringInfo(sql, "%sOLD.%s%s IS DISTINCT FROM NEW.%s%s", separator,
						 quote_identifier(name), cast, quote_identifier(name), cast);
		separator = " OR ";
	}
}

/*
 * Creates our triggers.  Needs SPI_connect and the owner's identity.  A trigger's
 * condition keeps the operators that are found now: they are pg_catalog's.
 */
static void
create_triggers(Relation rel, int32 source_id, const StColumns *columns)
{
	const char *table = st_table_name(RelationGetRelid(rel));
	bool		by_row = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || rel->rd_rel->relispartition;
	StringInfoData sql;
	int			nest = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "CREATE TRIGGER support_triage_insert AFTER INSERT ON %s%s"
					 " EXECUTE FUNCTION triage.ticket_inserted(%d)", table,
					 by_row ? " FOR EACH ROW" : " REFERENCING NEW TABLE AS support_triage_new FOR EACH STATEMENT",
					 source_id);
	run_utility(sql.data);

	resetStringInfo(&sql);
	appendStringInfo(&sql,
					 "CREATE TRIGGER support_triage_delete AFTER DELETE ON %s%s"
					 " EXECUTE FUNCTION triage.ticket_deleted(%d)", table,
					 by_row ? " FOR EACH ROW" : " REFERENCING OLD TABLE AS support_triage_old FOR EACH STATEMENT",
					 source_id);
	run_utility(sql.data);

	resetStringInfo(&sql);
	appendStringInfo(&sql,
					 "CREATE TRIGGER support_triage_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT"
					 " EXECUTE FUNCTION triage.ticket_truncated(%d)", table, source_id);
	run_utility(sql.data);

	resetStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TRIGGER support_triage_update AFTER UPDATE ON %s FOR EACH ROW WHEN (", table);
	put_when_clause(&sql, rel, columns, deciding_roles, lengthof(deciding_roles));
	appendStringInfo(&sql, ") EXECUTE FUNCTION triage.ticket_updated(%d)", source_id);
	run_utility(sql.data);

	if (columns->name[ST_ROLE_STATUS] != NULL || columns->name[ST_ROLE_ASSIGNED_AGENT] != NULL)
	{
		resetStringInfo(&sql);
		appendStringInfo(&sql, "CREATE TRIGGER support_triage_update_moved AFTER UPDATE ON %s FOR EACH ROW WHEN (", table);
		put_when_clause(&sql, rel, columns, moving_roles, lengthof(moving_roles));
		appendStringInfo(&sql, ") EXECUTE FUNCTION triage.ticket_moved(%d)", source_id);
		run_utility(sql.data);
	}
	AtEOXact_GUC(true, nest);
}

/*
 * Has all tickets looked at once: some may have gone while the table was
 * detached.  See pipeline_gone.c.
 */
static void
want_look(int32 source_id)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(source_id)};

	if (SPI_execute_with_args("INSERT INTO triage.ticket_storage AS t (source_id, wanted) VALUES ($1, true)"
							  " ON CONFLICT (source_id) DO UPDATE SET wanted = true, error = NULL, next_try = NULL",
							  1, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write triage.ticket_storage");
}

/* Writes the row of triage.source and returns its identity. */
static int32
write_source(Oid tickets, Jsonb *columns, Jsonb *options, Oid caller)
{
	static const char *const sql =
	"INSERT INTO triage.source (tickets, columns, options, attached_at, attached_by)"
	" VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (tickets) DO UPDATE SET columns = excluded.columns, options = excluded.options,"
	" attached_at = excluded.attached_at, attached_by = excluded.attached_by, detached_at = NULL"
	" RETURNING source_id";
	Oid			types[5] = {REGCLASSOID, JSONBOID, JSONBOID, TIMESTAMPTZOID, NAMEOID};
	Datum		values[5];
	NameData	who;
	bool		isnull;

	namestrcpy(&who, GetUserNameFromId(caller, false));
	values[0] = ObjectIdGetDatum(tickets);
	values[1] = JsonbPGetDatum(columns);
	values[2] = JsonbPGetDatum(options);
	values[3] = TimestampTzGetDatum(st_now());
	values[4] = NameGetDatum(&who);
	if (SPI_execute_with_args(sql, 5, types, values, NULL, false, 0) != SPI_OK_INSERT_RETURNING ||
		SPI_processed != 1)
		elog(ERROR, "could not write triage.source");
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * triage.attach(tickets, columns, options): attaches a table, or attaches it
 * anew with other columns and options.  Returns the columns as they were found.
 */
Datum
st_attach(PG_FUNCTION_ARGS)
{
	Oid			tickets = PG_GETARG_OID(0);
	Jsonb	   *given = PG_GETARG_JSONB_P(1);
	Jsonb	   *options_given = PG_GETARG_JSONB_P(2);
	Relation	rel = open_tickets(tickets);
	StColumns	columns;
	bool		named[ST_NUM_ROLES];
	StOptions	options;
	Jsonb	   *found;
	StIdentity	caller;
	int32		source_id;

	st_columns_parse(given, &columns, named);
	st_options_parse(options_given, &options);
	st_columns_guess(rel, &columns, named);
	check_key(rel, &columns);
	check_model(options.intent_model);
	found = st_columns_to_jsonb(&columns);

	st_disturbances++;
	st_become_owner(&caller);
	st_routing_ensure_default_queue();
	SPI_connect();
	source_id = write_source(tickets, found, options_given, caller.userid);
	want_look(source_id);
	drop_triggers(tickets);
	create_triggers(rel, source_id, &columns);
	SPI_finish();
	st_become_caller(&caller);

	table_close(rel, NoLock);
	PG_RETURN_JSONB_P(found);
}

/*
 * triage.detach(tickets, purge): drops the triggers.  Decisions stay, unless
 * they are to be purged with everything else about the table.
 */
Datum
st_detach(PG_FUNCTION_ARGS)
{
	Oid			tickets = PG_GETARG_OID(0);
	bool		purge = PG_GETARG_BOOL(1);
	Relation	rel = open_tickets(tickets);
	Oid			types[2] = {INT4OID, TIMESTAMPTZOID};
	Datum		values[2];
	StMessages	messages;
	StIdentity	caller;
	int32		source_id = st_source_find(tickets, false);

	/* what was detached before may still be purged */
	if (!purge || source_id == 0)
		source_id = st_source_get(tickets);

	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	drop_triggers(tickets);
	if (purge && st_messages_of(source_id, &messages))
		st_messages_drop_trigger(messages.messages);
	values[0] = Int32GetDatum(source_id);
	values[1] = TimestampTzGetDatum(st_now());
	if (SPI_execute_with_args(purge ?
							  "DELETE FROM triage.source WHERE source_id OPERATOR(pg_catalog.=) $1" :
							  "UPDATE triage.source SET detached_at = $2 WHERE source_id OPERATOR(pg_catalog.=) $1",
							  2, types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not write triage.source");
	SPI_finish();
	st_become_caller(&caller);

	if (purge)
		st_forget_source(source_id, true);
	table_close(rel, NoLock);
	PG_RETURN_VOID();
}
