/*-------------------------------------------------------------------------
 *
 * pipeline_config.c
 *		Attached tables as each backend holds them.
 *
 * One entry for each source and relation that a trigger was fired for: the
 * attached table, its partitions, on Citus its shards.  Columns are found by
 * name, because their numbers differ between partitions.  An entry is dropped
 * when triage.source changes (a trigger sends a relcache invalidation) or when
 * the relation's own columns do; the callback only clears flags.  A superseded
 * entry is handed to the transaction, because an outer trigger may still be
 * using it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

typedef struct EntryKey
{
	int32		source_id;
	Oid			relid;
} EntryKey;

typedef struct Entry
{
	EntryKey	key;			/* must be first */
	bool		valid;
	MemoryContext cxt;
	StSource   *source;			/* NULL: there is no such source */
} Entry;

static HTAB *entries = NULL;
static Oid	source_relid = InvalidOid;

PG_FUNCTION_INFO_V1(st_source_changed);

/* The relcache callback: no catalog access here. */
static void
config_forget(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	Entry	   *entry;

	if (entries == NULL)
		return;
	hash_seq_init(&status, entries);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (relid == InvalidOid || relid == source_relid || relid == entry->key.relid)
			entry->valid = false;
	}
}

void
st_config_init(void)
{
	st_on_relation_change(config_forget, (Datum) 0);
}

/* Finds out how the text of a column is had; false when there is no such column. */
bool
st_resolve_column(StColumn *column, Relation rel, const char *name, MemoryContext cxt)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);
		Oid			output;
		bool		isvarlena;

		if (att->attisdropped || strcmp(NameStr(att->attname), name) != 0)
			continue;

		column->attnum = att->attnum;
		column->typid = getBaseType(att->atttypid);
		switch (column->typid)
		{
			case TEXTOID:
			case VARCHAROID:
				column->kind = ST_KIND_TEXT;
				break;
			case INT2OID:
				column->kind = ST_KIND_INT2;
				break;
			case INT4OID:
				column->kind = ST_KIND_INT4;
				break;
			case INT8OID:
				column->kind = ST_KIND_INT8;
				break;
			default:
				column->kind = ST_KIND_OTHER;
				break;
		}
		getTypeOutputInfo(column->typid, &output, &isvarlena);
		fmgr_info_cxt(output, &column->output, cxt);
		return true;
	}
	return false;
}

/* Reads a row of triage.source; false when there is none. */
static bool
read_source(StSource *source, int32 source_id)
{
	Relation	rel = table_open(source_relid, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	AttrNumber	id = st_attnum(source_relid, "source_id");
	bool		found = false;

	while (!found && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;

		if (DatumGetInt32(slot_getattr(slot, id, &isnull)) != source_id)
			continue;
		found = true;
		source->source_id = source_id;
		source->tickets = DatumGetObjectId(slot_getattr(slot, st_attnum(source_relid, "tickets"), &isnull));
		st_columns_parse(DatumGetJsonbPCopy(slot_getattr(slot, st_attnum(source_relid, "columns"), &isnull)),
						 &source->columns, NULL);
		st_options_parse(DatumGetJsonbPCopy(slot_getattr(slot, st_attnum(source_relid, "options"), &isnull)),
						 &source->options);
		(void) slot_getattr(slot, st_attnum(source_relid, "detached_at"), &isnull);
		source->attached = isnull;
	}

	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

static void
load_entry(Entry *entry, Relation rel, MemoryContext cxt)
{
	StSource   *source = palloc0(sizeof(StSource));

	source_relid = st_relation_oid("source", false);
	entry->source = NULL;
	if (!read_source(source, entry->key.source_id))
		return;

	source->relid = entry->key.relid;
	for (int role = 0; role < ST_NUM_ROLES; role++)
	{
		char	   *name = source->columns.name[role];

		if (name == NULL || st_resolve_column(&source->column[role], rel, name, cxt))
			continue;
		if (source->broken == NULL)
			source->broken = psprintf("column \"%s\" (%s) of table \"%s\" does not exist; attach the table again",
									  name, st_role_names[role], RelationGetRelationName(rel));
		if (role == ST_ROLE_ID || role == ST_ROLE_TENANT)
			source->key_broken = true;
	}
	if (source->broken == NULL && source->column[ST_ROLE_CREATED_AT].attnum != 0 &&
		!st_column_is_time(source->column[ST_ROLE_CREATED_AT].typid))
		source->broken = psprintf("column \"%s\" (%s) of table \"%s\" is not a time; attach the table again",
								  source->columns.name[ST_ROLE_CREATED_AT],
								  st_role_names[ST_ROLE_CREATED_AT], RelationGetRelationName(rel));
	entry->source = source;
}

/*
 * st_source_for
 *		Returns a source as seen through a relation, or NULL when there is no
 *		such source; valid until the end of the transaction.  Throws only what
 *		reading our own table throws.
 */
StSource *
st_source_for(int32 source_id, Relation rel)
{
	EntryKey	key;
	Entry	   *entry;
	bool		found;
	MemoryContext cxt;
	MemoryContext old;

	if (entries == NULL)
	{
		HASHCTL		ctl;

		ctl.keysize = sizeof(EntryKey);
		ctl.entrysize = sizeof(Entry);
		ctl.hcxt = CacheMemoryContext;
		entries = hash_create("support_triage sources", 16, &ctl,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}

	key.source_id = source_id;
	key.relid = RelationGetRelid(rel);
	entry = hash_search(entries, &key, HASH_ENTER, &found);
	if (found && entry->valid)
		return entry->source;

	if (found && entry->cxt != NULL)
		MemoryContextSetParent(entry->cxt, TopTransactionContext);
	entry->cxt = NULL;
	entry->source = NULL;

	cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage source",
								ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(cxt);

	/* what arrives while we read makes the result invalid at once */
	entry->valid = true;
	PG_TRY();
	{
		load_entry(entry, rel, cxt);
	}
	PG_CATCH();
	{
		entry->valid = false;
		entry->source = NULL;
		PG_RE_THROW();
	}
	PG_END_TRY();

	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	entry->cxt = cxt;
	return entry->source;
}

/*
 * st_source_find
 *		Returns the identity of an attached table, 0 when it is not attached
 *		(or, unless attached_only, never was).
 */
int32
st_source_find(Oid tickets, bool attached_only)
{
	Oid			relid = st_relation_oid("source", false);
	Relation	rel = table_open(relid, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	int32		found = 0;

	while (found == 0 && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;

		if (DatumGetObjectId(slot_getattr(slot, st_attnum(relid, "tickets"), &isnull)) != tickets)
			continue;
		(void) slot_getattr(slot, st_attnum(relid, "detached_at"), &isnull);
		if (isnull || !attached_only)
			found = DatumGetInt32(slot_getattr(slot, st_attnum(relid, "source_id"), &isnull));
	}

	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

/* The same, but throws when the table is not attached. */
int32
st_source_get(Oid tickets)
{
	int32		source_id = st_source_find(tickets, true);

	if (source_id == 0)
	{
		char	   *name = get_rel_name(tickets);

		if (name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", tickets)));
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not attached", name),
				 errhint("Attach it: SELECT triage.attach(%s).",
						 quote_literal_cstr(quote_qualified_identifier(get_namespace_name(get_rel_namespace(tickets)),
																	   name)))));
	}
	return source_id;
}

/* triage.source_changed(): AFTER trigger on triage.source. */
Datum
st_source_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", "triage.source_changed")));

	CacheInvalidateRelcache(trigdata->tg_relation);
	return PointerGetDatum(NULL);
}
