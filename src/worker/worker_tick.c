/*-------------------------------------------------------------------------
 *
 * worker_tick.c
 *		CALL triage.tick(): runs the tasks that are due, for any scheduler, where
 *		there is no worker.
 *
 * Each run commits by itself, unless the call is inside a transaction block.  An
 * ERROR rolls back its task alone, by a subtransaction, is noted and given as a
 * warning.  Beside a worker it does no harm: a task that another process runs is
 * passed over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "worker/worker_inner.h"

PG_FUNCTION_INFO_V1(st_tick);

/* A call ends after so many runs of a task that always has more to do. */
#define MAX_ROUNDS	1000

typedef struct Tick
{
	bool		atomic;
	MemoryContext cxt;			/* lives as long as the call */
	StTaskList *list;
	bool	   *done;			/* a flag a task */
} Tick;

/* The error that was thrown inside a subtransaction, as text in the call's memory. */
static const char *
catch_error(Tick *tick)
{
	ErrorData  *error;

	MemoryContextSwitchTo(tick->cxt);
	error = CopyErrorData();
	FlushErrorState();
	return st_task_error(error);
}

/* Runs the task in a subtransaction; its error is in *run. */
static void
run_task(Tick *tick, StTask *task, StTaskRun *run)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	TimestampTz started = GetCurrentTimestamp();

	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		st_task_call(task, run);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		const char *error = catch_error(tick);

		RollbackAndReleaseCurrentSubTransaction();
		memset(run, 0, sizeof(*run));
		run->started = started;
		run->finished = GetCurrentTimestamp();
		run->error = error;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
}

/* Commits; what fails only then, as a deferred constraint, is noted too. */
static void
commit(Tick *tick, StTask *task, StTaskRun *run)
{
	if (tick->atomic)
		return;
	PG_TRY();
	{
		SPI_commit();
	}
	PG_CATCH();
	{
		/* a new transaction has begun */
		run->error = catch_error(tick);
		run->finished = GetCurrentTimestamp();
		st_task_plan(task, run);
	}
	PG_END_TRY();
	if (run->error != NULL && task->stored_at != run->finished)
	{
		st_task_record(task, run);
		SPI_commit();
	}
}

/* One run of a task that is due; whether it has more to do. */
static bool
one_run(Tick *tick, StTask *task)
{
	StTaskRun	run;

	if (!st_task_lock(task))
		return false;
	run_task(tick, task, &run);
	st_task_plan(task, &run);
	if (run.error != NULL || st_task_is_to_be_recorded(task, &run))
		st_task_record(task, &run);
	commit(tick, task, &run);
	if (run.error != NULL)
		ereport(WARNING,
				(errmsg("task \"%s\" failed: %s", task->name, run.error),
				 errdetail("It is tried again in %.0f seconds.", (task->due - run.finished) / 1e6)));
	return run.at_once;
}

/* triage.tick(max_time) */
Datum
st_tick(PG_FUNCTION_ARGS)
{
	CallContext *call = fcinfo->context != NULL && IsA(fcinfo->context, CallContext) ?
	(CallContext *) fcinfo->context : NULL;
	Interval   *max_time = PG_ARGISNULL(0) ? NULL : PG_GETARG_INTERVAL_P(0);
	TimestampTz start = GetCurrentTimestamp();
	TimestampTz give_up;
	Tick		tick;
	bool		more = true;

	if (max_time == NULL || max_time->time <= 0 || max_time->day != 0 || max_time->month != 0 ||
		max_time->time > USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_time must be more than nothing and at most 24 hours")));
	PreventCommandIfReadOnly("CALL triage.tick()");
	give_up = start + max_time->time;
	tick.atomic = call == NULL || call->atomic;

	SPI_connect_ext(tick.atomic ? 0 : SPI_OPT_NONATOMIC);
	tick.cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage tick", ALLOCSET_DEFAULT_SIZES);
	PushActiveSnapshot(GetTransactionSnapshot());
	if (st_worker_row()->restoring && st_worker_held_back())
	{
		PopActiveSnapshot();
		SPI_finish();
		ereport(NOTICE,
				(errmsg("no task is run while a restore goes on in this database")));
		PG_RETURN_VOID();
	}
	tick.list = st_tasks_read(tick.cxt);
	PopActiveSnapshot();
	tick.done = MemoryContextAllocZero(tick.cxt, (tick.list->n + 1) * sizeof(bool));

	/* nobody wakes a tick: what a wake would run is looked at each time */
	for (int i = 0; i < tick.list->n; i++)
	{
		StTask	   *task = &tick.list->tasks[i];

		tick.done[i] = !task->enabled || (task->due > start && !(task->on_wake && task->failures == 0));
	}
	for (int round = 0; more && round < MAX_ROUNDS && GetCurrentTimestamp() < give_up; round++)
	{
		more = false;
		for (int i = 0; i < tick.list->n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (tick.done[i])
				continue;
			tick.done[i] = !one_run(&tick, &tick.list->tasks[i]);
			more |= !tick.done[i];
		}
	}
	SPI_finish();
	PG_RETURN_VOID();
}
