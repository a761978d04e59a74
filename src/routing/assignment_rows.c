/*-------------------------------------------------------------------------
 *
 * assignment_rows.c
 *		Rows of triage.waiting and triage.assignment, read and written without
 *		the executor.
 *
 * A claim is many times a second and touches three rows.  Tables are read under
 * the latest snapshot, not the transaction's: who has what is a matter of locks
 * and of the present, also in a REPEATABLE READ transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

/* Columns of the two tables, in the order in which values are handed on. */
static const char *const waiting_columns[] = {
	"waiting_id", "tenant_id", "source_id", "ticket_key", "queue_id", "rank", "since", "queued_at",
	"priority", "units", "channel", "language", "preferred_agent_id", "skills", "skill_levels",
	"skill_drop_after"
};

static const char *const assignment_columns[] = {
	"assignment_id", "tenant_id", "source_id", "ticket_key", "agent_id", "assigned_at", "released_at",
	"reason", "released_why", "queue_id", "rank", "since", "priority", "units", "channel", "language",
	"skills", "skill_levels", "skill_drop_after"
};

/* Where the columns of waiting are; by the table, because databases may differ. */
static struct
{
	Oid			relid;
	AttrNumber	attnums[lengthof(waiting_columns)];
}			layout;

/* Opens the tables and takes a snapshot. */
void
st_floor_open(StFloor *floor)
{
	memset(floor, 0, sizeof(*floor));
	floor->now = st_now();
	floor->waiting = table_open(st_relation_oid("waiting", false), RowExclusiveLock);
	floor->next = index_open(st_relation_oid("waiting_next", false), RowExclusiveLock);
	floor->load = table_open(st_relation_oid("agent_work", false), RowExclusiveLock);
	floor->load_key = index_open(st_relation_oid("agent_work_pkey", false), RowExclusiveLock);
	floor->load_slot = table_slot_create(floor->load, NULL);
	floor->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

void
st_floor_close(StFloor *floor)
{
	UnregisterSnapshot(floor->snapshot);
	ExecDropSingleTupleTableSlot(floor->load_slot);
	index_close(floor->load_key, NoLock);
	table_close(floor->load, NoLock);
	index_close(floor->next, NoLock);
	table_close(floor->waiting, NoLock);
}

/* Takes a new snapshot: what others committed since, and what we wrote. */
void
st_floor_refresh(StFloor *floor)
{
	UnregisterSnapshot(floor->snapshot);
	CommandCounterIncrement();
	floor->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

/* Two texts, NULL for none, byte for byte. */
bool
st_texts_match(const text *a, const text *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* A row of triage.waiting from a slot, into which it points. */
void
st_waiting_read(StWaiting *row, TupleTableSlot *slot)
{
	Oid			relid = slot->tts_tableOid;
	bool		isnull;

	if (layout.relid != relid)
	{
		for (int i = 0; i < lengthof(waiting_columns); i++)
			layout.attnums[i] = st_attnum(relid, waiting_columns[i]);
		layout.relid = relid;
	}

#define VALUE(i) slot_getattr(slot, layout.attnums[i], &isnull)
#define TEXT_OR_NULL(field, i) \
	do { Datum datum_ = VALUE(i); row->field = isnull ? NULL : DatumGetTextPP(datum_); } while (0)
#define DATUM_OR_ZERO(field, i) \
	do { Datum datum_ = VALUE(i); row->field = isnull ? (Datum) 0 : datum_; } while (0)

	row->tid = slot->tts_tid;
	row->waiting_id = DatumGetInt64(VALUE(0));
	row->tenant_id = DatumGetTextPP(VALUE(1));
	row->source_id = DatumGetInt32(VALUE(2));
	row->ticket_key = DatumGetTextPP(VALUE(3));
	row->queue_id = DatumGetInt32(VALUE(4));
	row->rank = DatumGetTimestampTz(VALUE(5));
	row->since = DatumGetTimestampTz(VALUE(6));
	row->queued_at = DatumGetTimestampTz(VALUE(7));
	row->priority = DatumGetInt16(VALUE(8));
	row->units = DatumGetInt16(VALUE(9));
	TEXT_OR_NULL(channel, 10);
	TEXT_OR_NULL(language, 11);
	row->preferred_agent_id = DatumGetInt32(VALUE(12));
	if (isnull)
		row->preferred_agent_id = 0;
	DATUM_OR_ZERO(skills, 13);
	DATUM_OR_ZERO(skill_levels, 14);
	DATUM_OR_ZERO(skill_drop_after, 15);
}

/*
 * st_waiting_take
 *		Deletes a row of triage.waiting; false when somebody else is at it, or
 *		it is gone.  Never waits.
 */
bool
st_waiting_take(StFloor *floor, const StWaiting *row)
{
	ItemPointerData tid = row->tid;
	TM_FailureData failure;
	TM_Result	result = table_tuple_delete(floor->waiting, &tid, GetCurrentCommandId(true), floor->snapshot,
											InvalidSnapshot, false, &failure, false);

	return result == TM_Ok;
}

/* Finds a ticket that waits: *row points into the slot.  False when it does not. */
bool
st_waiting_find(StFloor *floor, text *tenant_id, int32 source_id, text *ticket_key,
				TupleTableSlot *slot, StWaiting *row)
{
	Relation	index = index_open(st_relation_oid("waiting_pkey", false), AccessShareLock);
	IndexScanDesc scan = st_index_beginscan(floor->waiting, index, floor->snapshot, 3);
	ScanKeyData keys[3];
	bool		found;

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID,
						   F_TEXTEQ, PointerGetDatum(tenant_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, InvalidOid,
						   F_INT4EQ, Int32GetDatum(source_id));
	ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID,
						   F_TEXTEQ, PointerGetDatum(ticket_key));
	index_rescan(scan, keys, 3, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	if (found)
		st_waiting_read(row, slot);
	index_endscan(scan);
	index_close(index, AccessShareLock);
	return found;
}

/* A writer of triage.waiting: see st_waiting_write. */
StTableWriter *
st_waiting_table_writer(void)
{
	return st_table_writer_begin("waiting", waiting_columns, lengthof(waiting_columns));
}

/* The number of a new stay in a queue. */
int64
st_waiting_next_id(void)
{
	return nextval_internal(st_relation_oid("waiting_waiting_id_seq", false), false);
}

/* Puts a row into a writer of triage.waiting. */
void
st_waiting_write(StTableWriter *writer, const StWaiting *row)
{
	Datum		values[] = {
		Int64GetDatum(row->waiting_id), PointerGetDatum(row->tenant_id), Int32GetDatum(row->source_id),
		PointerGetDatum(row->ticket_key), Int32GetDatum(row->queue_id), TimestampTzGetDatum(row->rank),
		TimestampTzGetDatum(row->since), TimestampTzGetDatum(row->queued_at), Int16GetDatum(row->priority),
		Int16GetDatum(row->units), PointerGetDatum(row->channel), PointerGetDatum(row->language),
		Int32GetDatum(row->preferred_agent_id), row->skills, row->skill_levels, row->skill_drop_after
	};
	bool		nulls[lengthof(waiting_columns)] = {false};

	nulls[10] = row->channel == NULL;
	nulls[11] = row->language == NULL;
	nulls[12] = row->preferred_agent_id == 0;
	nulls[13] = row->skills == 0;
	nulls[14] = row->skill_levels == 0;
	nulls[15] = row->skill_drop_after == 0;
	st_table_writer_add(writer, values, nulls);
}

/*
 * st_waiting_rank
 *		What tickets of a queue are ordered by: since when they wait, less an
 *		hour for so many points of priority.
 */
TimestampTz
st_waiting_rank(TimestampTz since, int16 priority, float4 ageing)
{
	return since - (int64) rint((double) priority / ageing * USECS_PER_HOUR);
}

/*
 * st_assignment_write
 *		Makes an agent the owner of a ticket.  False when it has one already,
 *		which a unique index sees to.
 */
bool
st_assignment_write(StFloor *floor, const StWaiting *row, int32 agent_id, const char *reason)
{
	StTableWriter *writer = st_table_writer_begin("assignment", assignment_columns, lengthof(assignment_columns));
	Datum		values[] = {
		Int64GetDatum(row->waiting_id), PointerGetDatum(row->tenant_id), Int32GetDatum(row->source_id),
		PointerGetDatum(row->ticket_key), Int32GetDatum(agent_id), TimestampTzGetDatum(floor->now), (Datum) 0,
		CStringGetTextDatum(reason), (Datum) 0, Int32GetDatum(row->queue_id), TimestampTzGetDatum(row->rank),
		TimestampTzGetDatum(row->since), Int16GetDatum(row->priority), Int16GetDatum(row->units),
		PointerGetDatum(row->channel), PointerGetDatum(row->language), row->skills, row->skill_levels,
		row->skill_drop_after
	};
	bool		nulls[lengthof(assignment_columns)] = {false};

	nulls[6] = nulls[8] = true;
	nulls[14] = row->channel == NULL;
	nulls[15] = row->language == NULL;
	nulls[16] = row->skills == 0;
	nulls[17] = row->skill_levels == 0;
	nulls[18] = row->skill_drop_after == 0;
	st_table_writer_add(writer, values, nulls);
	return st_table_writer_end(writer) == 1;
}

/* How many tickets of a channel an agent has; exact for who holds the lock of their load. */
int
st_assignment_count(StFloor *floor, int32 agent_id, const text *channel)
{
	Relation	rel = table_open(st_relation_oid("assignment", false), AccessShareLock);
	Relation	index = index_open(st_relation_oid("assignment_agent", false), AccessShareLock);
	AttrNumber	attnum = st_attnum(RelationGetRelid(rel), "channel");
	IndexScanDesc scan = st_index_beginscan(rel, index, floor->snapshot, 1);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	ScanKeyData key;
	int			n = 0;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid, InvalidOid, F_INT4EQ,
						   Int32GetDatum(agent_id));
	index_rescan(scan, &key, 1, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, attnum, &isnull);

		if (!isnull && st_texts_match(DatumGetTextPP(value), channel))
			n++;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
	return n;
}
