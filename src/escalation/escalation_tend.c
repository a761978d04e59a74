/*-------------------------------------------------------------------------
 *
 * escalation_tend.c
 *		What the queue needs from time to time: leases that ran out, ladders,
 *		and the partitions of its history.
 *
 * Leases and retries have no index, so that claims can be HOT updates: they are
 * found by reading the hot table, which is small.  Where it is not, it is read so
 * rarely that this takes little of the time; a claim takes what is free again
 * without waiting for that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"

PG_FUNCTION_INFO_V1(st_tend_escalations);
PG_FUNCTION_INFO_V1(st_escalation_rank_sql);

#define MAX_BATCH		1000
#define LOOK_SHARE		20
#define CHEAP_LOOK		5000	/* microseconds */
#define LOOK_AT_LEAST	(30 * USECS_PER_SEC)

#define TURNS_PER_RETENTION	6

static StEscalationStatement begin_turn = {
	"INSERT INTO triage.escalation_turn (turn, began_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
	2, {INT8OID, TIMESTAMPTZOID}, false, NULL
};

static StEscalationStatement turn_end = {
	"SELECT began_at FROM triage.escalation_turn WHERE turn OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, false, NULL
};

static StEscalationStatement forget_turns = {
	"DELETE FROM triage.escalation_turn WHERE turn OPERATOR(pg_catalog.<) $1",
	1, {INT8OID}, false, NULL
};

/* The earlier of two instants, of which DT_NOEND is none. */
static TimestampTz
earlier(TimestampTz a, TimestampTz b)
{
	return Min(a, b);
}

static const StEscalationPolicy *
policy_of(const StRow *row)
{
	text	   *cause = DatumGetTextPP(row->values[ST_COL_CAUSE]);

	return st_escalation_policy(VARDATA_ANY(cause), (int) VARSIZE_ANY_EXHDR(cause));
}

/* ---- leases and retries ---- */

/* What a reading of the table found. */
typedef struct Found
{
	int			n;
	int64		ids[MAX_BATCH]; /* of leases that ran out */
	bool		due;			/* a retry has become due */
	bool		any;			/* anything is open at all */
	TimestampTz next;
} Found;

static void
read_all(StDesk *desk, TimestampTz noticed_until, Found *found)
{
	TableScanDesc scan = table_beginscan(desk->rel, desk->snapshot, 0, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, desk->in))
	{
		bool		isnull;
		Datum		lease;
		TimestampTz until;

		CHECK_FOR_INTERRUPTS();
		found->any = true;
		lease = slot_getattr(desk->in, st_row_attnum(ST_COL_LEASE), &isnull);
		if (!isnull)
		{
			until = DatumGetTimestampTz(lease);
			if (until > desk->now)
				found->next = earlier(found->next, until);
			else if (found->n < MAX_BATCH)
				found->ids[found->n++] = DatumGetInt64(slot_getattr(desk->in, st_row_attnum(ST_COL_ID), &isnull));
			else
				found->next = desk->now;
			continue;
		}
		until = DatumGetTimestampTz(slot_getattr(desk->in, st_row_attnum(ST_COL_DUE), &isnull));
		if (until > desk->now)
			found->next = earlier(found->next, until);
		else if (until > noticed_until &&
				 DatumGetInt32(slot_getattr(desk->in, st_row_attnum(ST_COL_ATTEMPTS), &isnull)) > 0)
			found->due = true;
	}
	table_endscan(scan);
	ExecClearTuple(desk->in);
}

/* Returns whether there is something to claim that was not there before. */
static bool
tend_leases(StDesk *desk, bool *any, TimestampTz *next)
{
	static TimestampTz noticed_until = DT_NOBEGIN;
	static TimestampTz not_before = DT_NOBEGIN;
	TimestampTz began = GetCurrentTimestamp();
	Found	   *found;
	bool		free_again;
	int64		took;

	*any = true;
	if (began < not_before)
	{
		*next = earlier(*next, desk->now + (not_before - began));
		return false;
	}

	found = palloc0(sizeof(Found));
	found->next = DT_NOEND;
	read_all(desk, noticed_until, found);
	noticed_until = desk->now;
	took = GetCurrentTimestamp() - began;
	not_before = took < CHEAP_LOOK ? DT_NOBEGIN : began + took * LOOK_SHARE;

	free_again = found->due;
	for (int i = 0; i < found->n; i++)
	{
		StRow		row;

		CHECK_FOR_INTERRUPTS();
		if (!st_desk_find(desk, found->ids[i], &row) ||
			DatumGetObjectId(row.values[ST_COL_STATUS]) != desk->claimed ||
			row.isnull[ST_COL_LEASE] || DatumGetTimestampTz(row.values[ST_COL_LEASE]) > desk->now)
			continue;
		if (!st_escalation_lease_ran_out(desk, &row, policy_of(&row)))
			free_again |= st_desk_update(desk, &row, false);
	}
	*any = found->any;
	*next = earlier(*next, found->next);
	pfree(found);
	return free_again;
}

/* ---- ladders ---- */

/*
 * One step further, unless it was acknowledged or is held: *stepped.  False when
 * somebody else is at the row.
 */
static bool
step_up(StDesk *desk, StRow *row, bool *stepped, TimestampTz *next)
{
	const StEscalationPolicy *policy = policy_of(row);
	int			level = DatumGetInt16(row->values[ST_COL_LEVEL]);
	const StLadderStep *step = level < policy->nsteps ? &policy->steps[level] : NULL;
	bool		up = false;

	if (step == NULL || !row->isnull[ST_COL_ACK_AT])
		st_row_set_null(row, ST_COL_STEP_AT);
	else if (DatumGetObjectId(row->values[ST_COL_STATUS]) == desk->claimed &&
			 !row->isnull[ST_COL_LEASE] && DatumGetTimestampTz(row->values[ST_COL_LEASE]) > desk->now)
		st_row_set(row, ST_COL_STEP_AT, row->values[ST_COL_LEASE]);
	else
	{
		up = true;
		st_log_step(desk, row, level + 1);
		st_row_set(row, ST_COL_LEVEL, Int16GetDatum(level + 1));
		if (step->priority >= 0)
		{
			st_row_set(row, ST_COL_PRIORITY, Int16GetDatum(step->priority));
			st_row_set(row, ST_COL_RANK,
					   TimestampTzGetDatum(st_escalation_rank(DatumGetTimestampTz(row->values[ST_COL_DUE]), step->priority)));
		}
		if (step->queue_id != 0)
			st_row_set(row, ST_COL_QUEUE, Int32GetDatum(step->queue_id));
		if (step->reason != NULL)
			st_row_set(row, ST_COL_REASON, CStringGetTextDatum(step->reason));
		if (level + 1 < policy->nsteps)
			st_row_set(row, ST_COL_STEP_AT, TimestampTzGetDatum(desk->now + policy->steps[level + 1].after));
		else
			st_row_set_null(row, ST_COL_STEP_AT);
	}
	if (!st_desk_update(desk, row, false))
		return false;
	*stepped |= up;
	if (!row->isnull[ST_COL_STEP_AT])
		*next = earlier(*next, DatumGetTimestampTz(row->values[ST_COL_STEP_AT]));
	return true;
}

/* Returns whether something went a step further. */
static bool
tend_ladders(StDesk *desk, TimestampTz *next)
{
	Relation	index = index_open(st_relation_oid("escalation_step_due", false), RowExclusiveLock);
	IndexScanDesc scan;
	bool		stepped = false;
	int			n = 0;

	st_desk_refresh(desk);
	scan = st_index_beginscan(desk->rel, index, desk->snapshot, 0);
	index_rescan(scan, NULL, 0, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, desk->in))
	{
		StRow		row;
		TimestampTz due;

		CHECK_FOR_INTERRUPTS();
		st_row_read(&row, desk->in);
		due = DatumGetTimestampTz(row.values[ST_COL_STEP_AT]);
		if (due > desk->now || n == MAX_BATCH)
		{
			*next = earlier(*next, Max(due, desk->now));
			break;
		}
		n++;
		if (!step_up(desk, &row, &stepped, next))
			*next = earlier(*next, desk->now + USECS_PER_SEC);
	}
	index_endscan(scan);
	index_close(index, NoLock);
	ExecClearTuple(desk->in);
	return stepped;
}

/* ---- history ---- */

/* Empties the partition of a turn; false when somebody is reading it. */
static bool
empty_partition(int64 turn)
{
	char	   *relname = psprintf("escalation_history_%d", (int) (turn % ST_HISTORY_PARTITIONS));
	Oid			relid = st_relation_oid(relname, false);
	Relation	rel;
	bool		empty;

	rel = table_open(relid, AccessShareLock);
	empty = RelationGetNumberOfBlocks(rel) == 0;
	table_close(rel, AccessShareLock);
	if (empty)
		return true;
	if (!ConditionalLockRelationOid(relid, AccessExclusiveLock))
		return false;
	if (SPI_execute(psprintf("TRUNCATE ONLY triage.%s", relname), false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not empty \"%s\"", relname);
	return true;
}

/* When a turn ended; DT_NOBEGIN when there was none. */
static TimestampTz
ended_at(int64 turn)
{
	Datum		value = Int64GetDatum(turn + 1);
	bool		isnull;

	st_escalation_run(&turn_end, &value, NULL, SPI_OK_SELECT);
	if (turn < 0 || SPI_processed == 0)
		return DT_NOBEGIN;
	return DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
tend_history(TimestampTz now, TimestampTz *next)
{
	int64		retention = st_escalation_retention();
	int64		width = retention / TURNS_PER_RETENTION;
	TimestampTz began_at;
	int64		turn = st_escalation_turn(&began_at);
	Datum		values[2];
	bool		room = true;

	SPI_connect();
	for (int64 old = Max(0, turn - ST_HISTORY_PARTITIONS + 1); old < turn; old++)
	{
		TimestampTz drop_at = ended_at(old);

		if (!TIMESTAMP_IS_NOBEGIN(drop_at))
			drop_at += retention;
		if (drop_at > now)
			*next = earlier(*next, drop_at);
		else if (!empty_partition(old))
			*next = earlier(*next, now + USECS_PER_MINUTE);
		else
			continue;
		if ((turn + 1 - old) % ST_HISTORY_PARTITIONS == 0)
			room = false;
	}

	if (TIMESTAMP_IS_NOBEGIN(began_at) || (now >= began_at + width && room))
	{
		values[0] = Int64GetDatum(TIMESTAMP_IS_NOBEGIN(began_at) ? turn : turn + 1);
		values[1] = TimestampTzGetDatum(now);
		st_escalation_run(&begin_turn, values, NULL, SPI_OK_INSERT);
		values[0] = Int64GetDatum(turn - 2 * ST_HISTORY_PARTITIONS);
		st_escalation_run(&forget_turns, values, NULL, SPI_OK_DELETE);
		began_at = now;
	}
	if (began_at + width > now)
		*next = earlier(*next, began_at + width);
	SPI_finish();
}

/* triage.tend_escalations(): when there is work again */
Datum
st_tend_escalations(PG_FUNCTION_ARGS)
{
	StDesk		desk;
	TimestampTz now;
	TimestampTz next = DT_NOEND;
	bool		any;
	bool		news;

	st_escalation_need("triage.tend_escalations()", "escalation", ACL_SELECT | ACL_UPDATE | ACL_DELETE);
	st_escalation_need("triage.tend_escalations()", "escalation_dead", ACL_INSERT);
	st_desk_open(&desk);
	now = desk.now;
	news = tend_leases(&desk, &any, &next);
	news |= tend_ladders(&desk, &next);
	st_desk_close(&desk);
	tend_history(now, &next);
	if (news)
	{
		st_escalations_from_the_start();
		st_escalation_notify();
	}

	/* claims do not wake the worker for the end of their leases */
	if (any)
		next = earlier(next, now + LOOK_AT_LEAST);
	if (TIMESTAMP_IS_NOEND(next))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(next);
}

/* triage.escalation_rank(due_at, priority) */
Datum
st_escalation_rank_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(st_escalation_rank(PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_INT32(1)));
}
