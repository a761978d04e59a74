/*-------------------------------------------------------------------------
 *
 * escalation_inner.h
 *		What the files of the escalation queue share.
 *
 * Open escalations are rows of triage.escalation, which is read and written
 * without the executor: a claim is one index scan and one HOT update a row.
 * Rows are read under the latest snapshot, not the transaction's: who holds what
 * is a matter of locks and of the present, also in a REPEATABLE READ
 * transaction.
 *
 * A claim never waits for a row.  What acts on one escalation waits for who is
 * at it and then looks again.  Nobody who holds a row waits for another's but
 * who acts on several: those do it in the order of their numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ESCALATION_INNER_H
#define ST_ESCALATION_INNER_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "core/compat.h"
#include "core/core.h"
#include "escalation/escalation.h"

/* ---- rows (escalation_rows.c) ---- */

/* Columns of triage.escalation, in the order in which values are handed on. */
typedef enum StColumn
{
	ST_COL_ID,
	ST_COL_TENANT,
	ST_COL_SOURCE,
	ST_COL_TICKET,
	ST_COL_CAUSE,
	ST_COL_REASON,
	ST_COL_PRIORITY,
	ST_COL_QUEUE,
	ST_COL_CREATED,
	ST_COL_DUE,
	ST_COL_RANK,
	ST_COL_STATUS,
	ST_COL_ATTEMPTS,
	ST_COL_RUN_OUT,
	ST_COL_LEVEL,
	ST_COL_STEP_AT,
	ST_COL_ACK_BY,
	ST_COL_ACK_AT,
	ST_COL_TOKEN,
	ST_COL_CLAIMED_BY,
	ST_COL_CLAIMED_AT,
	ST_COL_LEASE,
	ST_COL_LOG
} StColumn;

#define ST_COLUMNS (ST_COL_LOG + 1)

/* A row; what it points to is in the slot that it was read from. */
typedef struct StRow
{
	ItemPointerData tid;
	Datum		values[ST_COLUMNS];
	bool		isnull[ST_COLUMNS];
} StRow;

/* A table with its indexes, to write into; opened at first use. */
typedef struct StTarget
{
	Relation	rel;
	ResultRelInfo *rri;
	TupleTableSlot *slot;
} StTarget;

/* The queue, opened for a call. */
typedef struct StDesk
{
	TimestampTz now;
	Snapshot	snapshot;
	Relation	rel;
	Relation	key;			/* escalation_pkey */
	TupleTableSlot *in;
	EState	   *estate;
	StTarget	open;
	StTarget	history;
	StTarget	dead;
	Oid			waiting;		/* values of triage.escalation_status */
	Oid			claimed;
} StDesk;

extern void st_desk_open(StDesk *desk);
extern void st_desk_close(StDesk *desk);
extern void st_desk_refresh(StDesk *desk);
extern StTarget *st_desk_target(StDesk *desk, StTarget *target, const char *relname);
extern List *st_desk_index(StDesk *desk, StTarget *target, TupleTableSlot *slot);
extern AttrNumber st_row_attnum(StColumn column);
extern void st_row_read(StRow *row, TupleTableSlot *slot);
extern void st_row_fill(const StRow *row, TupleTableSlot *slot);
extern bool st_desk_find(StDesk *desk, int64 id, StRow *row);
extern bool st_row_is_seen(const StRow *row);
extern bool st_desk_update(StDesk *desk, StRow *row, bool wait);
extern bool st_desk_delete(StDesk *desk, const StRow *row, bool wait);

#define st_row_set(row, column, value) \
	((row)->isnull[column] = false, (row)->values[column] = (value))
#define st_row_set_null(row, column) \
	((row)->isnull[column] = true, (row)->values[column] = (Datum) 0)
#define st_row_text(row, column) \
	((row)->isnull[column] ? NULL : DatumGetTextPP((row)->values[column]))

/* ---- what is finished (escalation_history.c) ---- */

#define ST_HISTORY_PARTITIONS	8

extern void st_history_write(StDesk *desk, const StRow *row, const char *status, const char *by,
							 text *outcome);
extern void st_dead_write(StDesk *desk, const StRow *row, text *why);
extern void st_log_step(StDesk *desk, StRow *row, int level);
extern void st_log_add(StDesk *desk, StRow *row, const char *what, const char *by, text *message);

/* ---- policies (escalation_policy.c) ---- */

typedef struct StLadderStep
{
	int64		after;			/* microseconds */
	int			priority;		/* negative: as it was */
	int32		queue_id;		/* 0: as it was */
	char	   *reason;			/* NULL: as it was */
} StLadderStep;

typedef struct StEscalationPolicy
{
	char	   *cause;
	int			max_attempts;
	int64		retry_after;	/* microseconds */
	int64		retry_max;
	int64		cool_down;
	int			nsteps;
	StLadderStep *steps;
} StEscalationPolicy;

/* Valid until the end of the transaction. */
extern const StEscalationPolicy *st_escalation_policy(const char *cause, int length);
extern bool st_escalation_any_cool_down(void);
extern int32 st_escalation_queue(const char *name);
extern int64 st_escalation_turn(TimestampTz *began_at);
extern TimestampTz st_escalation_rank(TimestampTz due, int priority);
extern int64 st_interval_usecs(const Interval *interval);
extern int64 st_escalation_retention(void);

/* ---- claims (escalation_claim.c) ---- */

extern void st_escalations_from_the_start(void);
extern TimestampTz st_escalation_lease_end(TimestampTz now, const Interval *lease);
extern text *st_escalation_worker(text *worker);

/* ---- endings (escalation_finish.c) ---- */

st_noreturn extern void st_escalation_not_open(int64 id);
extern bool st_escalation_lease_ran_out(StDesk *desk, StRow *row, const StEscalationPolicy *policy);

/* ---- what all need (escalation_calls.c) ---- */

typedef struct StEscalationStatement
{
	const char *sql;
	int			nargs;
	Oid			argtypes[10];
	bool		plan_again;		/* for each call, by the table's present size */
	struct _SPI_plan *plan;
} StEscalationStatement;

extern void st_escalation_run(StEscalationStatement *s, Datum *values, const char *nulls, int expected);
extern void st_escalation_notify(void);
extern void st_escalation_need(const char *function, const char *relname, uint64 rights);

#endif							/* ST_ESCALATION_INNER_H */
