/*-------------------------------------------------------------------------
 *
 * assignment_scan.h
 *		Reading tickets that wait in the order in which they are taken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ASSIGNMENT_SCAN_H
#define ST_ASSIGNMENT_SCAN_H

#include "access/skey.h"

#include "routing/assignment_inner.h"

/* A queue, the best ticket first, perhaps from behind an entry on. */
typedef struct StQueueScan
{
	int32		queue_id;
	Snapshot	snapshot;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	ScanKeyData behind[2];
} StQueueScan;

extern void st_queue_scan_begin(StQueueScan *scan, StFloor *floor, int32 queue_id, bool behind,
								TimestampTz rank, int64 waiting_id);
extern bool st_queue_scan_next(StQueueScan *scan, StWaiting *row);
extern void st_queue_scan_end(StQueueScan *scan);

/* The tickets that an agent is preferred for. */
typedef struct StPreferredScan
{
	Relation	index;
	Snapshot	snapshot;
	IndexScanDesc scan;
	TupleTableSlot *slot;
} StPreferredScan;

extern void st_preferred_scan_begin(StPreferredScan *scan, StFloor *floor, int32 agent_id);
extern bool st_preferred_scan_next(StPreferredScan *scan, StWaiting *row);
extern void st_preferred_scan_end(StPreferredScan *scan);

#endif							/* ST_ASSIGNMENT_SCAN_H */
