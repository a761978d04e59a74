/*-------------------------------------------------------------------------
 *
 * assignment_scan.c
 *		Reading tickets that wait in the order in which they are taken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_scan.h"

/*
 * st_queue_scan_begin
 *		Starts to read a queue in the order of (rank, waiting_id): all of it, or
 *		what comes behind the given entry.  *scan must not move until the end.
 */
void
st_queue_scan_begin(StQueueScan *scan, StFloor *floor, int32 queue_id, bool behind,
					TimestampTz rank, int64 waiting_id)
{
	ScanKeyData keys[2];

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid, InvalidOid, F_INT4EQ,
						   Int32GetDatum(queue_id));

	/* (rank, waiting_id) > (..., ...), as the executor hands it to the index */
	ScanKeyEntryInitialize(&scan->behind[0], SK_ROW_MEMBER, 2, BTGreaterStrategyNumber, InvalidOid, InvalidOid,
						   F_TIMESTAMPTZ_CMP, TimestampTzGetDatum(rank));
	ScanKeyEntryInitialize(&scan->behind[1], SK_ROW_MEMBER | SK_ROW_END, 3, BTGreaterStrategyNumber, InvalidOid,
						   InvalidOid, F_BTINT8CMP, Int64GetDatum(waiting_id));
	MemSet(&keys[1], 0, sizeof(ScanKeyData));
	keys[1].sk_flags = SK_ROW_HEADER;
	keys[1].sk_attno = 2;
	keys[1].sk_strategy = BTGreaterStrategyNumber;
	keys[1].sk_argument = PointerGetDatum(scan->behind);

	scan->queue_id = queue_id;
	scan->snapshot = RegisterSnapshot(floor->snapshot);
	scan->slot = table_slot_create(floor->waiting, NULL);
	scan->scan = st_index_beginscan(floor->waiting, floor->next, scan->snapshot, behind ? 2 : 1);
	index_rescan(scan->scan, keys, behind ? 2 : 1, NULL, 0);
}

/* The next ticket; *row holds until the one after it is asked for. */
bool
st_queue_scan_next(StQueueScan *scan, StWaiting *row)
{
	CHECK_FOR_INTERRUPTS();
	if (!index_getnext_slot(scan->scan, ForwardScanDirection, scan->slot))
		return false;
	st_waiting_read(row, scan->slot);
	return true;
}

void
st_queue_scan_end(StQueueScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
	UnregisterSnapshot(scan->snapshot);
}

/* Starts to read the tickets that an agent is preferred for, in no order. */
void
st_preferred_scan_begin(StPreferredScan *scan, StFloor *floor, int32 agent_id)
{
	ScanKeyData key;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid, InvalidOid, F_INT4EQ,
						   Int32GetDatum(agent_id));
	scan->index = index_open(st_relation_oid("waiting_preferred", false), AccessShareLock);
	scan->snapshot = RegisterSnapshot(floor->snapshot);
	scan->slot = table_slot_create(floor->waiting, NULL);
	scan->scan = st_index_beginscan(floor->waiting, scan->index, scan->snapshot, 1);
	index_rescan(scan->scan, &key, 1, NULL, 0);
}

bool
st_preferred_scan_next(StPreferredScan *scan, StWaiting *row)
{
	CHECK_FOR_INTERRUPTS();
	if (!index_getnext_slot(scan->scan, ForwardScanDirection, scan->slot))
		return false;
	st_waiting_read(row, scan->slot);
	return true;
}

void
st_preferred_scan_end(StPreferredScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
	UnregisterSnapshot(scan->snapshot);
	index_close(scan->index, AccessShareLock);
}
