/*-------------------------------------------------------------------------
 *
 * pipeline_table.c
 *		Our own tables, read and written past the executor.
 *
 * Rows go straight into heap and indexes, some hundreds at a time, with one WAL
 * record a page.  The primary key is inserted in the mode that reports a
 * possible duplicate and never throws or waits (UNIQUE_CHECK_PARTIAL); what it
 * reports is taken back and is the caller's to write the slow way.  No
 * subtransaction is needed for that.
 *
 * This does not run what the executor would run: so a table is written this way
 * only while it is a plain one with the columns that we know, without triggers,
 * check constraints but the one that its writer sees to, and row-level security
 * that binds its owner, and while Citus, where rows written this way would be
 * lost, is not installed.  This is looked at again whenever the table's relcache
 * entry changes.
 *
 * Rows are found through an index as they are now: those of other transactions
 * once they are committed, those of our own at once, even of this very command.
 * Such a scan waits for nobody and takes no lock on rows or predicates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* The relcache callback: no catalog access here. */
static void
forget(Datum arg, Oid relid)
{
	StOwnTable *table = (StOwnTable *) DatumGetPointer(arg);

	if (relid == InvalidOid || relid == table->relid)
		table->valid = false;
}

/* st_own_table_init: once a backend. */
void
st_own_table_init(StOwnTable *table)
{
	st_on_relation_change(forget, PointerGetDatum(table));
}

/* Whether rows may be written past the executor: see the head of this file. */
static bool
may_write_directly(const StOwnTable *table, Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	TupleConstr *constr = tupdesc->constr;
	int			live = 0;
	int			checks = constr == NULL ? 0 : constr->num_check;

	for (int i = 0; i < tupdesc->natts; i++)
		live += TupleDescAttr(tupdesc, i)->attisdropped ? 0 : 1;
	if (checks == 1 && table->constraint != NULL && strcmp(constr->check[0].ccname, table->constraint) == 0)
		checks = 0;

	return !rel->rd_rel->relispartition &&
		rel->trigdesc == NULL &&
		!rel->rd_rel->relforcerowsecurity &&
		live == table->ncolumns &&
		checks == 0 &&
		(constr == NULL || !constr->has_generated_stored);
}

static void
load(StOwnTable *table)
{
	Relation	rel;

	table->relid = st_relation_oid(table->name, false);
	table->valid = true;
	PG_TRY();
	{
		rel = table_open(table->relid, AccessShareLock);
		for (int i = 0; i < table->ncolumns; i++)
			table->attnum[i] = st_attnum(table->relid, table->columns[i]);
		table->local = rel->rd_rel->relkind == RELKIND_RELATION &&
			!OidIsValid(get_extension_oid("citus", true));
		table->direct = table->local && may_write_directly(table, rel);
		table->generation++;
		table_close(rel, NoLock);
	}
	PG_CATCH();
	{
		table->valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/*
 * st_own_table_open
 *		Opens the table.  What we know of it is looked at after it is locked:
 *		until the end of the transaction it does not change.
 */
Relation
st_own_table_open(StOwnTable *table, LOCKMODE lockmode)
{
	Relation	rel;

	if (!table->valid)
		load(table);
	rel = table_open(table->relid, lockmode);
	while (!table->valid)
		load(table);
	return rel;
}

/*
 * st_inserter_begin
 *		Makes ready to write at most max_rows at a time into an open table that
 *		may be written directly.  Everything is in the current context.
 */
void
st_inserter_begin(StInserter *inserter, Relation rel, int max_rows)
{
	inserter->rel = rel;
	inserter->cxt = CurrentMemoryContext;
	inserter->estate = CreateExecutorState();
	inserter->rri = makeNode(ResultRelInfo);
	InitResultRelInfo(inserter->rri, rel, 1, NULL, 0);
	ExecOpenIndices(inserter->rri, false);
	inserter->nslots = 0;
	inserter->shape = NULL;
	inserter->max_slots = max_rows;
	inserter->slots = palloc0(max_rows * sizeof(TupleTableSlot *));
}

/* The slot of row i, emptied and all of it NULL; slots are asked for in order. */
TupleTableSlot *
st_inserter_slot(StInserter *inserter, int i)
{
	TupleTableSlot *slot;

	if (i >= inserter->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(inserter->cxt);

		Assert(i < inserter->max_slots);
		inserter->slots[inserter->nslots] = st_batch_slot(inserter->rel, inserter->nslots, &inserter->shape);
		inserter->nslots++;
		MemoryContextSwitchTo(old);
	}
	slot = inserter->slots[i];
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	return slot;
}

/*
 * st_inserter_write
 *		Writes the first n slots straight into heap and indexes.  Returns the
 *		positions of those whose key may be there already, palloc'd, and takes
 *		their rows back.
 */
int *
st_inserter_write(StInserter *inserter, int n, int *nconflicts)
{
	CommandId	cid = GetCurrentCommandId(true);
	int		   *conflicts = NULL;
	int			count = 0;

	if (n == 1)
		table_tuple_insert(inserter->rel, inserter->slots[0], cid, 0, NULL);
	else
		table_multi_insert(inserter->rel, inserter->slots, n, cid, 0, NULL);

	for (int i = 0; i < n; i++)
	{
		List	   *duplicates;

		CHECK_FOR_INTERRUPTS();
		ResetPerTupleExprContext(inserter->estate);
		inserter->slots[i]->tts_tableOid = RelationGetRelid(inserter->rel);
		duplicates = st_exec_insert_index_tuples(inserter->rri, inserter->slots[i], inserter->estate);
		if (duplicates != NIL)
		{
			if (conflicts == NULL)
				conflicts = palloc(n * sizeof(int));
			conflicts[count++] = i;
			list_free(duplicates);
		}
	}

	if (count > 0)
	{
		/* our own rows are visible to a delete only after the command */
		CommandCounterIncrement();
		for (int i = 0; i < count; i++)
			simple_table_tuple_delete(inserter->rel, &inserter->slots[conflicts[i]]->tts_tid,
									  GetActiveSnapshot());
		CommandCounterIncrement();
	}
	*nconflicts = count;
	return conflicts;
}

/* Empties the first n slots: what they point to is about to go. */
void
st_inserter_clear(StInserter *inserter, int n)
{
	for (int i = 0; i < inserter->nslots && i < n; i++)
		ExecClearTuple(inserter->slots[i]);
}

/* Closes indexes and slots, not the table. */
void
st_inserter_end(StInserter *inserter)
{
	for (int i = 0; i < inserter->nslots; i++)
		ExecDropSingleTupleTableSlot(inserter->slots[i]);
	ExecCloseIndices(inserter->rri);
	FreeExecutorState(inserter->estate);
}

/*
 * st_probe_begin
 *		Makes ready to ask an index of an open table, of schema triage and given
 *		by name, with so many keys.  Returns false when the index is not there
 *		or cannot be used.  All that it needs is in the current context.
 */
bool
st_probe_begin(StProbe *probe, Relation heap, const char *index, int nkeys)
{
	Oid			oid = st_relation_oid(index, true);

	Assert(nkeys <= ST_PROBE_KEYS);
	memset(probe, 0, sizeof(*probe));
	if (!OidIsValid(oid))
		return false;
	probe->index = index_open(oid, AccessShareLock);
	if (!probe->index->rd_index->indisvalid || probe->index->rd_index->indrelid != RelationGetRelid(heap))
	{
		index_close(probe->index, NoLock);
		probe->index = NULL;
		return false;
	}
	probe->heap = heap;
	probe->cxt = CurrentMemoryContext;
	probe->nkeys = nkeys;
	probe->slot = table_slot_create(heap, NULL);
	probe->scan = st_index_beginscan(heap, probe->index, SnapshotSelf, nkeys);
	return true;
}

/*
 * Starts a search by probe->keys; until st_probe_stop it may hold a page of the
 * index pinned.
 */
void
st_probe_start(StProbe *probe)
{
	MemoryContext old = MemoryContextSwitchTo(probe->cxt);

	index_rescan(probe->scan, probe->keys, probe->nkeys, NULL, 0);
	MemoryContextSwitchTo(old);
}

/* Puts the next row into probe->slot; false when there is none. */
bool
st_probe_next(StProbe *probe, ScanDirection direction)
{
	MemoryContext old = MemoryContextSwitchTo(probe->cxt);
	bool		found = index_getnext_slot(probe->scan, direction, probe->slot);

	MemoryContextSwitchTo(old);
	return found;
}

void
st_probe_stop(StProbe *probe)
{
	ExecClearTuple(probe->slot);
	st_probe_start(probe);
}

void
st_probe_end(StProbe *probe)
{
	if (probe->index == NULL)
		return;
	index_endscan(probe->scan);
	ExecDropSingleTupleTableSlot(probe->slot);
	index_close(probe->index, NoLock);
	probe->index = NULL;
}
