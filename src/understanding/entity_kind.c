/*-------------------------------------------------------------------------
 *
 * entity_kind.c
 *		triage.entity_kind as each backend holds it, how its tables are asked,
 *		and the check of its rows.
 *
 * A row names a table by OID and its columns by name.  What the columns are and
 * the plan of the query are found out when a kind is first looked up, and again
 * after its table changed in any way (a relcache invalidation): a renamed
 * table is followed, and a column that is gone is an error of that kind alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_index.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "core/core.h"
#include "understanding/entities_inner.h"

#define MAX_WORDS	5

PG_FUNCTION_INFO_V1(st_entity_kind_check);

static void *load(void);

static StConfigCache cache = {.tables = {"entity_kind"},.load = load};

/* A row; strings are palloc'd, NULL for NULL. */
typedef struct EntityRow
{
	char	   *name;
	Oid			relid;
	char	   *key;
	char	   *requester;
	char	   *pattern;
	char	   *letters;
	int			max_words;
	bool		enabled;
} EntityRow;

/* A table of ours changed: what is known of it is found out anew. */
static void
table_changed(Datum unused, Oid relid)
{
	EntityKinds *all = cache.valid ? cache.content : NULL;

	for (int i = 0; all != NULL && i < all->n; i++)
	{
		if (relid == InvalidOid || all->kind[i].relid == relid)
			all->kind[i].ready = false;
	}
}

/* st_entities_init: has this backend hear of changes */
void
st_entities_init(void)
{
	st_config_cache_init(&cache);
	st_on_relation_change(table_changed, (Datum) 0);
}

static char *
name_column(Relation rel, HeapTuple tuple, const char *name)
{
	bool		isnull;
	Datum		value = st_row_value(rel, tuple, name, &isnull);

	return isnull ? NULL : pstrdup(NameStr(*DatumGetName(value)));
}

/*
 * read_row
 *		Fills row from a tuple of triage.entity_kind.
 */
static void
read_row(Relation rel, HeapTuple tuple, EntityRow *row)
{
	bool		isnull;
	Datum		value;

	row->name = st_row_cstring(rel, tuple, "name");
	value = st_row_value(rel, tuple, "relation", &isnull);
	row->relid = isnull ? InvalidOid : DatumGetObjectId(value);
	row->key = name_column(rel, tuple, "key_column");
	row->requester = name_column(rel, tuple, "requester_column");
	row->pattern = st_row_cstring(rel, tuple, "pattern");
	row->letters = st_row_cstring(rel, tuple, "letter_case");
	value = st_row_value(rel, tuple, "max_words", &isnull);
	row->max_words = isnull ? 1 : DatumGetInt16(value);
	value = st_row_value(rel, tuple, "enabled", &isnull);
	row->enabled = !isnull && DatumGetBool(value);
}

/* letter_case: by the name that rows have */
static EntityCase
letter_case(const char *name)
{
	if (name != NULL && strcmp(name, "lower") == 0)
		return ENTITY_CASE_LOWER;
	if (name != NULL && strcmp(name, "upper") == 0)
		return ENTITY_CASE_UPPER;
	return ENTITY_CASE_SAME;
}

/* free_plans: the context of superseded kinds goes away */
static void
free_plans(void *arg)
{
	EntityKinds *all = arg;

	for (int i = 0; i < all->n; i++)
	{
		if (all->kind[i].plan != NULL)
			SPI_freeplan(all->kind[i].plan);
	}
}

static int
compare_kinds(const void *a, const void *b)
{
	return strcmp(((const EntityKind *) a)->name, ((const EntityKind *) b)->name);
}

/*
 * load
 *		Reads the table into the current context.
 */
static void *
load(void)
{
	EntityKinds *all = palloc0(sizeof(EntityKinds));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	int			size = 0;
	bool		pushed = false;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;

	all->context = CurrentMemoryContext;

	/* long values are read under a snapshot */
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	rel = table_open(cache.relids[0], AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		EntityRow	row;
		EntityKind *kind;
		char	   *why;

		CHECK_FOR_INTERRUPTS();
		read_row(rel, tuple, &row);
		if (!row.enabled)
			continue;
		if (all->n == size)
		{
			size = size ? size * 2 : 4;
			all->kind = all->kind ? repalloc(all->kind, sizeof(EntityKind) * size) :
				palloc(sizeof(EntityKind) * size);
		}
		kind = &all->kind[all->n];
		memset(kind, 0, sizeof(*kind));
		kind->name = row.name;
		kind->relid = row.relid;
		kind->key = row.key;
		kind->requester = row.requester;
		kind->letters = letter_case(row.letters);
		kind->max_words = Min(Max(row.max_words, 1), MAX_WORDS);
		if (row.pattern != NULL)
		{
			kind->pattern = st_pii_compile(row.pattern, strlen(row.pattern), &why);
			if (kind->pattern == NULL)
			{
				ereport(WARNING,
						(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
						 errmsg("the pattern of entities of kind \"%s\" is not used: %s", row.name, why)));
				continue;
			}
		}
		all->n++;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (pushed)
		PopActiveSnapshot();

	if (all->n > 1)
		qsort(all->kind, all->n, sizeof(EntityKind), compare_kinds);
	callback->func = free_plans;
	callback->arg = all;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return all;
}

/*
 * st_entity_kinds
 *		Returns the kinds that are enabled; valid until the end of the
 *		transaction.  Throws what reading the table throws.
 */
EntityKinds *
st_entity_kinds(void)
{
	return st_config_cache_get(&cache);
}

/*
 * find_column
 *		Fills column with what is known of a table's column.  Throws when it is
 *		not there, or cannot be looked up by.
 */
static AttrNumber
find_column(Oid relid, const char *name, EntityColumn *col)
{
	AttrNumber	attnum = get_attnum(relid, name);
	HeapTuple	tuple;
	Form_pg_attribute attribute;
	TypeCacheEntry *type;
	Oid			function;
	Oid			collation;
	bool		varlena;

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist", name, get_rel_name(relid))));
	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for attribute %d of relation %u", attnum, relid);
	attribute = (Form_pg_attribute) GETSTRUCT(tuple);
	memset(col, 0, sizeof(*col));

	/* by the type below a domain: its constraints are its owner's code */
	col->type = getBaseType(attribute->atttypid);
	collation = attribute->attcollation;
	ReleaseSysCache(tuple);

	col->array = get_array_type(col->type);
	type = lookup_type_cache(col->type, TYPECACHE_EQ_OPR);
	if (!OidIsValid(col->array) || !OidIsValid(type->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" has type %s, which cannot be looked up by",
						name, get_rel_name(relid), format_type_be(col->type))));
	get_typlenbyvalalign(col->type, &col->length, &col->by_value, &col->align);
	getTypeInputInfo(col->type, &function, &col->ioparam);
	fmgr_info(function, &col->input);
	getTypeOutputInfo(col->type, &function, &varlena);
	fmgr_info(function, &col->output);

	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(type->eq_opr));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", type->eq_opr);
	col->equals = psprintf("%s.%s",
						   quote_identifier(get_namespace_name(((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace)),
						   NameStr(((Form_pg_operator) GETSTRUCT(tuple))->oprname));
	ReleaseSysCache(tuple);

	col->collate = "";
	if (OidIsValid(collation))
	{
		Oid			schema = InvalidOid;

		tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for collation %u", collation);
		schema = ((Form_pg_collation) GETSTRUCT(tuple))->collnamespace;
		col->collate = psprintf(" COLLATE %s",
								quote_qualified_identifier(get_namespace_name(schema), get_collation_name(collation)));
		ReleaseSysCache(tuple);
	}
	return attnum;
}

/*
 * find_table
 *		Throws when a relation is gone or is none that is looked up in: a view
 *		or a foreign table would run what others wrote.
 */
static void
find_table(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (relkind == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("its table does not exist any more")));
	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_MATVIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table or materialized view", get_rel_name(relid))));
}

/*
 * forget_table
 *		Frees what is known of a kind's table.
 */
static void
forget_table(EntityKind *kind)
{
	SPIPlanPtr	plan = kind->plan;
	MemoryContext context = kind->context;

	kind->ready = false;
	kind->plan = NULL;
	kind->context = NULL;
	if (plan != NULL)
		SPI_freeplan(plan);
	if (context != NULL)
		MemoryContextDelete(context);
}

/*
 * st_entity_prepare
 *		Finds out about a kind's columns and plans its query, unless that is
 *		done.  Called within SPI.  Throws when the table or a column cannot be
 *		looked up.
 *
 * The query tells the places in $1 of the values that there is a row for.
 */
void
st_entity_prepare(EntityKinds *all, EntityKind *kind)
{
	MemoryContext old;
	StringInfoData sql;
	Oid			types[2];
	SPIPlanPtr	plan;

	if (kind->ready)
		return;
	forget_table(kind);

	/* what arrives while we look makes it out of date at once */
	kind->ready = true;
	kind->context = AllocSetContextCreate(all->context, "support_triage entities", ALLOCSET_SMALL_SIZES);
	PG_TRY();
	{
		old = MemoryContextSwitchTo(kind->context);
		find_table(kind->relid);
		(void) find_column(kind->relid, kind->key, &kind->key_column);
		if (kind->requester != NULL)
			(void) find_column(kind->relid, kind->requester, &kind->requester_column);
		MemoryContextSwitchTo(old);

		initStringInfo(&sql);
		appendStringInfo(&sql,
						 "SELECT c.o FROM pg_catalog.unnest($1) WITH ORDINALITY AS c(v, o)"
						 " WHERE EXISTS (SELECT FROM %s k WHERE k.%s OPERATOR(%s) c.v%s",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(kind->relid)),
													get_rel_name(kind->relid)),
						 quote_identifier(kind->key), kind->key_column.equals, kind->key_column.collate);
		if (kind->requester != NULL)
			appendStringInfo(&sql, " AND k.%s OPERATOR(%s) $2%s",
							 quote_identifier(kind->requester), kind->requester_column.equals,
							 kind->requester_column.collate);
		appendStringInfoChar(&sql, ')');

		types[0] = kind->key_column.array;
		types[1] = kind->requester_column.type;
		plan = SPI_prepare_cursor(sql.data, kind->requester != NULL ? 2 : 1, types,
								  CURSOR_OPT_GENERIC_PLAN);
		if (plan == NULL)
			elog(ERROR, "could not prepare a query of entities: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		kind->plan = plan;
	}
	PG_CATCH();
	{
		forget_table(kind);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* Throws when the current user may not read a column. */
static void
check_right(Oid relid, AttrNumber attnum)
{
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck(relid, attnum, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
}

/*
 * has_index
 *		Whether an index finds rows of a table by this column.
 */
static bool
has_index(Oid relid, AttrNumber attnum)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	bool		found = false;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		found |= index->indisvalid && index->indkey.values[0] == attnum &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	relation_close(rel, AccessShareLock);
	return found;
}

/*
 * check_table
 *		Throws when entities could not be looked up as a row says.
 */
static void
check_table(const EntityRow *row)
{
	EntityColumn col;
	AttrNumber	attnum;

	find_table(row->relid);
	attnum = find_column(row->relid, row->key, &col);
	check_right(row->relid, attnum);
	if (row->pattern == NULL && TypeCategory(col.type) != TYPCATEGORY_STRING)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entity kind \"%s\" needs a pattern", row->name),
				 errdetail("Column \"%s\" has type %s; words are looked up in columns of strings only.",
						   row->key, format_type_be(col.type))));
	if (!has_index(row->relid, attnum))
		ereport(NOTICE,
				(errmsg("there is no index on column \"%s\" of \"%s\"", row->key, get_rel_name(row->relid)),
				 errdetail("Every ticket with a candidate of kind \"%s\" would read the whole table.", row->name)));
	if (row->requester != NULL)
	{
		attnum = find_column(row->relid, row->requester, &col);
		check_right(row->relid, attnum);
	}
}

/*
 * triage.entity_kind_check(): BEFORE INSERT OR UPDATE row trigger.  Throws for
 * a row that could not be used, but while a dump is restored: what was once
 * written must come back.
 */
Datum
st_entity_kind_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	EntityRow	row;
	PiiPattern *compiled;
	char	   *why;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a BEFORE row trigger", "triage.entity_kind_check")));

	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	read_row(trigdata->tg_relation, tuple, &row);

	/* what the table's own constraints refuse is left to them */
	if (row.name == NULL || !OidIsValid(row.relid) || row.key == NULL || !check_function_bodies)
		return PointerGetDatum(tuple);

	if (row.pattern != NULL)
	{
		compiled = st_pii_compile(row.pattern, strlen(row.pattern), &why);
		if (compiled == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
					 errmsg("invalid regular expression: %s", why),
					 errdetail("It is the pattern of entity kind \"%s\": %s", row.name, row.pattern)));
		else if (st_pii_has_backrefs(compiled))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
					 errmsg("the pattern of entity kind \"%s\" has a back-reference", row.name),
					 errdetail("The time that back-references take is not bounded.")));
		else if (st_pii_matches_nothing(compiled))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
					 errmsg("the pattern of entity kind \"%s\" matches the empty string", row.name)));
	}
	if (row.enabled)
		check_table(&row);
	return PointerGetDatum(tuple);
}
