/*-------------------------------------------------------------------------
 *
 * escalation_rows.c
 *		Rows of triage.escalation, read, changed and removed without the
 *		executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"

static const char *const column_names[ST_COLUMNS] = {
	"escalation_id", "tenant_id", "source_id", "ticket_key", "cause", "reason", "priority", "queue_id",
	"created_at", "due_at", "rank", "status", "attempts", "leases_run_out", "level", "step_at",
	"acknowledged_by", "acknowledged_at", "lease_token", "claimed_by", "claimed_at", "lease_until", "log"
};

/* What the catalogs say of the table; looked up again when it is another. */
static struct
{
	Oid			relid;
	Oid			key;
	Oid			waiting;
	Oid			claimed;
	AttrNumber	attnums[ST_COLUMNS];
}			layout;

static void
look_up(Oid relid)
{
	Oid			type = st_type_oid("escalation_status");

	layout.relid = InvalidOid;
	layout.key = st_relation_oid("escalation_pkey", false);
	layout.waiting = st_enum_oid(type, "waiting");
	layout.claimed = st_enum_oid(type, "claimed");
	for (int i = 0; i < ST_COLUMNS; i++)
		layout.attnums[i] = st_attnum(relid, column_names[i]);
	layout.relid = relid;
}

/* Opens the queue and takes a snapshot; throws when the extension is damaged. */
void
st_desk_open(StDesk *desk)
{
	Oid			relid = st_relation_oid("escalation", false);

	memset(desk, 0, sizeof(*desk));
	if (layout.relid != relid)
		look_up(relid);
	desk->now = st_now();
	desk->rel = table_open(relid, RowExclusiveLock);
	desk->key = index_open(layout.key, RowExclusiveLock);
	desk->in = table_slot_create(desk->rel, NULL);
	desk->waiting = layout.waiting;
	desk->claimed = layout.claimed;

	/* so that a statement may finish what it claims */
	CommandCounterIncrement();
	desk->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

static void
close_target(StTarget *target)
{
	if (target->rri != NULL)
		ExecCloseIndices(target->rri);
	if (target->slot != NULL)
		ExecDropSingleTupleTableSlot(target->slot);
	if (target->rel != NULL)
		table_close(target->rel, NoLock);
}

/* Closes what was opened; locks stay until the end of the transaction. */
void
st_desk_close(StDesk *desk)
{
	UnregisterSnapshot(desk->snapshot);
	desk->open.rel = NULL;
	close_target(&desk->open);
	close_target(&desk->history);
	close_target(&desk->dead);
	if (desk->estate != NULL)
		FreeExecutorState(desk->estate);
	ExecDropSingleTupleTableSlot(desk->in);
	index_close(desk->key, NoLock);
	table_close(desk->rel, NoLock);
}

/* Takes a new snapshot: what others committed since, and what we wrote. */
void
st_desk_refresh(StDesk *desk)
{
	UnregisterSnapshot(desk->snapshot);
	CommandCounterIncrement();
	desk->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

/* One of the desk's tables, with a slot to write from; opened at first use. */
StTarget *
st_desk_target(StDesk *desk, StTarget *target, const char *relname)
{
	if (target->slot != NULL)
		return target;
	if (target == &desk->open)
		target->rel = desk->rel;
	else
		target->rel = table_open(st_relation_oid(relname, false), RowExclusiveLock);
	target->slot = table_slot_create(target->rel, NULL);
	return target;
}

/*
 * st_desk_index
 *		Enters a row that was written into the indexes.  Returns those that it
 *		may conflict with, without throwing.
 */
List *
st_desk_index(StDesk *desk, StTarget *target, TupleTableSlot *slot)
{
	if (desk->estate == NULL)
		desk->estate = CreateExecutorState();
	if (target->rri == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(desk->estate->es_query_cxt);

		target->rri = makeNode(ResultRelInfo);
		InitResultRelInfo(target->rri, target->rel, 1, NULL, 0);
		ExecOpenIndices(target->rri, false);
		MemoryContextSwitchTo(old);
	}
	ResetPerTupleExprContext(desk->estate);
	slot->tts_tableOid = RelationGetRelid(target->rel);
	return st_exec_insert_index_tuples(target->rri, slot, desk->estate);
}

/* The number of a column in the table; only after st_desk_open. */
AttrNumber
st_row_attnum(StColumn column)
{
	return layout.attnums[column];
}

/* A row from a slot, into which it points. */
void
st_row_read(StRow *row, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	row->tid = slot->tts_tid;
	for (int i = 0; i < ST_COLUMNS; i++)
	{
		row->values[i] = slot->tts_values[layout.attnums[i] - 1];
		row->isnull[i] = slot->tts_isnull[layout.attnums[i] - 1];
	}
}

/* A slot from a row, whose values it copies. */
void
st_row_fill(const StRow *row, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < ST_COLUMNS; i++)
	{
		slot->tts_values[layout.attnums[i] - 1] = row->values[i];
		slot->tts_isnull[layout.attnums[i] - 1] = row->isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
}

/* Finds an open escalation: *row points into desk->in.  False when there is none. */
bool
st_desk_find(StDesk *desk, int64 id, StRow *row)
{
	IndexScanDesc scan = st_index_beginscan(desk->rel, desk->key, desk->snapshot, 1);
	ScanKeyData key;
	bool		found;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid, InvalidOid, F_INT8EQ,
						   Int64GetDatum(id));
	index_rescan(scan, &key, 1, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, desk->in);
	if (found)
		st_row_read(row, desk->in);
	index_endscan(scan);
	return found;
}

/*
 * st_row_is_seen
 *		Whether the caller may see a row's tenant.  Functions of the queue run as
 *		the owner, whom no policy binds.
 */
bool
st_row_is_seen(const StRow *row)
{
	return st_caller_sees_tenant(DatumGetTextPP(row->values[ST_COL_TENANT]));
}

/*
 * st_desk_update
 *		Writes the changed row, whose values then are in desk->open.slot.  False
 *		when it is not as it was read any more, or, without wait, somebody else
 *		is at it.
 */
bool
st_desk_update(StDesk *desk, StRow *row, bool wait)
{
	StTarget   *target = st_desk_target(desk, &desk->open, NULL);
	ItemPointerData tid = row->tid;
	TM_FailureData failure;
	LockTupleMode mode;
	StUpdateIndexes indexes;
	TM_Result	result;

	st_row_fill(row, target->slot);
	target->slot->tts_tableOid = RelationGetRelid(desk->rel);
	result = table_tuple_update(desk->rel, &tid, target->slot, GetCurrentCommandId(true), desk->snapshot,
								InvalidSnapshot, wait, &failure, &mode, &indexes);
	if (result != TM_Ok)
		return false;
	if (st_update_needs_indexes(indexes))
		st_desk_index(desk, target, target->slot);
	return true;
}

/* Removes a row; false as above. */
bool
st_desk_delete(StDesk *desk, const StRow *row, bool wait)
{
	ItemPointerData tid = row->tid;
	TM_FailureData failure;

	return table_tuple_delete(desk->rel, &tid, GetCurrentCommandId(true), desk->snapshot,
							  InvalidSnapshot, wait, &failure, false) == TM_Ok;
}
