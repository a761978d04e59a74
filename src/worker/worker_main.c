/*-------------------------------------------------------------------------
 *
 * worker_main.c
 *		One process a database: runs tasks when they are due or when somebody
 *		has woken it, and sleeps in between, with no transaction, snapshot or
 *		lock but the advisory one that makes it the only one.
 *
 * Each turn is a transaction: look whether the extension is there still and the
 * worker wanted, take the task that has been due longest, run it, note what came
 * of it.  An ERROR ends the turn, is noted in another transaction, and puts the
 * task off; the others go on.  So a task that has much to do, which does a batch
 * each turn, lets the others have theirs.
 *
 * It leaves with exit code 0, for good, when there is nothing for it to do here
 * (the extension is dropped, somebody stopped it), and with 1 otherwise, so that
 * it is started again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/procsignal.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "core/compat.h"
#include "worker/worker_inner.h"

/*
 * Without shared memory nobody can tell us of a database that is being dropped:
 * DROP DATABASE waits five seconds for others to leave.
 */
#define POLL_INTERVAL	(2 * USECS_PER_SEC)

/* No sleep is longer. */
#define LONGEST_SLEEP	(60 * USECS_PER_SEC)

/* So often is looked whether a restore has ended. */
#define HOLD_POLL		(2 * USECS_PER_SEC)

typedef enum Looked
{
	LOOKED_GO_ON,
	LOOKED_HOLD,				/* a restore is going on */
	LOOKED_GONE,
	LOOKED_UNWANTED,
	LOOKED_DROPPING				/* somebody waits for us to leave the database */
} Looked;

static StWorkerStart here;
static MemoryContext list_cxt = NULL;
static StTaskList *list = NULL;
static uint64 list_generation = 0;
static bool database_is_gone = false;
static emit_log_hook_type next_emit_log = NULL;

#pragma GCC visibility push(default)
extern void st_worker_main(Datum arg);
#pragma GCC visibility pop

/* ---- a database that is no more ---- */

/* While connecting: notices that the database does not exist, and keeps quiet about it. */
static void
note_missing_database(ErrorData *edata)
{
	if (edata->elevel == FATAL && edata->sqlerrcode == ERRCODE_UNDEFINED_DATABASE)
	{
		database_is_gone = true;
		edata->output_to_server = false;
	}
	if (next_emit_log)
		next_emit_log(edata);
}

/*
 * The last thing at exit, after shared memory was left: a FATAL error means
 * exit code 1, after which the postmaster would start us again and again.
 */
static void
leave_missing_database(int code, Datum arg)
{
	if (database_is_gone)
		_exit(0);
}

/* ---- settings ---- */

/*
 * What users set for their sessions, or for the server, must not end a task; a
 * lock that somebody holds is not waited for long, also so that who drops the
 * extension never finds itself in a deadlock with us.
 */
static void
override_settings(void)
{
	static const char *const settings[][2] = {
		{"statement_timeout", "0"}, {"lock_timeout", "800ms"},
		{"idle_in_transaction_session_timeout", "0"}, {"transaction_timeout", "0"},
		{"search_path", "pg_catalog, pg_temp"}, {"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"}, {"default_transaction_deferrable", "off"},
		{"session_replication_role", "origin"}, {"row_security", "on"}, {"application_name", ST_WORKER_NAME},
		{"deadlock_timeout", "100ms"},
	};

	for (int i = 0; i < lengthof(settings); i++)
	{
		if (GetConfigOption(settings[i][0], true, false) != NULL)
			SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	}
}

/* ---- a turn ---- */

static StTask *
task_of(StTaskList *of, const char *name)
{
	for (int i = 0; i < of->n; i++)
	{
		if (strcmp(of->tasks[i].name, name) == 0)
			return &of->tasks[i];
	}
	return NULL;
}

/* Reads the list anew when triage.task has changed; tasks that run on a wake are due. */
static void
renew_list(void)
{
	MemoryContext cxt;
	StTaskList *read;

	if (list != NULL && list_generation == st_tasks_generation())
		return;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage tasks", ALLOCSET_SMALL_SIZES);
	read = st_tasks_read(cxt);
	for (int i = 0; i < read->n; i++)
	{
		StTask	   *task = &read->tasks[i];
		StTask	   *before = list == NULL ? NULL : task_of(list, task->name);

		if (before != NULL)
		{
			task->due = Min(before->due, before->due - before->run_every + task->run_every);
			task->stored_at = before->stored_at;
			task->rests_until = before->rests_until;
			task->took = before->took;
		}
		else if (task->on_wake)
			task->due = 0;
	}
	MemoryContextSetParent(cxt, TopMemoryContext);
	if (list_cxt != NULL)
		MemoryContextDelete(list_cxt);
	list_cxt = cxt;
	list = read;
	list_generation = st_tasks_generation();
}

/* Whether somebody holds the database so that nobody may be connected. */
static bool
database_is_being_dropped(void)
{
	LOCKTAG		tag;

	if (st_worker_has_launcher())
		return false;
	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, false);
	return false;
}

/* Whether there is a reason to go on; the list is new then.  In a transaction. */
static Looked
look(void)
{
	const StWorkerRow *row;

	if (database_is_being_dropped())
		return LOOKED_DROPPING;
	if (!st_extension_is_here())
		return LOOKED_GONE;
	row = st_worker_row();
	if (row->exists && !row->wanted)
		return LOOKED_UNWANTED;
	if (row->restoring && st_worker_held_back())
		return LOOKED_HOLD;
	renew_list();
	return LOOKED_GO_ON;
}

/* Leaves for good, or until it is started again. */
static void
leave(Looked why)
{
	CommitTransactionCommand();
	if (why == LOOKED_DROPPING)
		proc_exit(1);
	st_slot_set_state(here.slot, why == LOOKED_GONE ? ST_WORKER_NO_EXTENSION : ST_WORKER_NOT_WANTED);
	proc_exit(0);
}

static void
begin(const char *activity)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	debug_query_string = activity;
	pgstat_report_activity(STATE_RUNNING, activity);
}

static void
end(void)
{
	CommitTransactionCommand();
	pgstat_report_stat(true);
	debug_query_string = NULL;
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * Takes the error that was thrown, ends its transaction, and says it in the log.
 * The message is in cxt.
 */
static const char *
catch_error(MemoryContext cxt, const char *doing)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ErrorData  *error = CopyErrorData();
	const char *text = st_task_error(error);

	MemoryContextSwitchTo(old);
	HOLD_INTERRUPTS();
	errcontext("%s", doing);
	EmitErrorReport();
	AbortCurrentTransaction();
	FlushErrorState();
	RESUME_INTERRUPTS();
	debug_query_string = NULL;
	pgstat_report_activity(STATE_IDLE, NULL);
	return text;
}

/* Notes a failed run, in a transaction of its own; when that fails too, the log has it. */
static void
record_failure(StTask *task, const StTaskRun *run)
{
	PG_TRY();
	{
		begin("noting a task that failed");
		PushActiveSnapshot(GetTransactionSnapshot());
		if (look() == LOOKED_GO_ON && (task = task_of(list, task->name)) != NULL)
			st_task_record(task, run);
		PopActiveSnapshot();
		end();
	}
	PG_CATCH();
	{
		(void) catch_error(CurrentMemoryContext, "while noting that a task failed");
	}
	PG_END_TRY();
}

/* The task that has been due longest, of several the shortest; NULL when none is. */
static StTask *
next_task(TimestampTz now)
{
	StTask	   *next = NULL;

	for (int i = 0; i < list->n; i++)
	{
		StTask	   *task = &list->tasks[i];

		if (task->enabled && task->due <= now &&
			(next == NULL || task->due < next->due || (task->due == next->due && task->took < next->took)))
			next = task;
	}
	return next;
}

/*
 * One turn; returns how long to sleep afterwards, 0 when a task was run.
 */
static int64
turn(MemoryContext cxt)
{
	volatile bool running = false;
	StTask	   *volatile task = NULL;
	StTaskRun	run;
	volatile int64 sleep = LONGEST_SLEEP;

	memset(&run, 0, sizeof(run));
	PG_TRY();
	{
		TimestampTz now = GetCurrentTimestamp();
		Looked		looked;

		begin("looking for tasks");
		PushActiveSnapshot(GetTransactionSnapshot());
		looked = look();
		PopActiveSnapshot();
		if (looked == LOOKED_HOLD)
			sleep = HOLD_POLL;
		else if (looked != LOOKED_GO_ON)
			leave(looked);
		else if ((task = next_task(now)) == NULL)
		{
			for (int i = 0; i < list->n; i++)
			{
				if (list->tasks[i].enabled)
					sleep = Min(sleep, Max(1, list->tasks[i].due - now));
			}
			if (!st_worker_has_launcher())
				sleep = Min(sleep, POLL_INTERVAL);
		}
		else if (!st_task_lock(task))
		{
			/* a tick has it */
			task->due = now + USECS_PER_SEC;
			sleep = 0;
		}
		else
		{
			const char *activity = MemoryContextStrdup(cxt, psprintf("SELECT %s", task->function));

			sleep = 0;
			debug_query_string = activity;
			pgstat_report_activity(STATE_RUNNING, activity);
			run.started = now;
			running = true;
			st_task_call(task, &run);
			st_task_plan(task, &run);
			if (st_task_is_to_be_recorded(task, &run))
				st_task_record(task, &run);
		}
		end();
	}
	PG_CATCH();
	{
		const char *error = catch_error(cxt, running ? task->name : "looking for tasks");

		if (running)
		{
			run.error = error;
			run.finished = GetCurrentTimestamp();
			st_task_plan(task, &run);
			record_failure(task, &run);
			sleep = 0;
		}
		else
			sleep = USECS_PER_SEC;
	}
	PG_END_TRY();
	return sleep;
}

/* ---- the process ---- */

static void
sleep_for(int64 pause)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 (pause + 999) / 1000, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
}

/* What the outside may want between two turns. */
static void
take_interrupts(void)
{
	/* quietly: nothing was interrupted */
	if (ProcDiePending)
		proc_exit(1);
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
	if (catchupInterruptPending)
		ProcessCatchupInterrupt();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* Connects, and becomes the only worker of the database; leaves otherwise. */
static void
arrive(void)
{
	LOCKTAG		tag;
	Looked		looked;

	next_emit_log = emit_log_hook;
	emit_log_hook = note_missing_database;
	on_proc_exit(leave_missing_database, (Datum) 0);
	BackgroundWorkerInitializeConnectionByOid(here.database, InvalidOid, 0);
	emit_log_hook = next_emit_log;

	st_slot_attach(here.slot);
	if (here.slot >= 0 && st_launcher_held(here.database))
		proc_exit(1);
	override_settings();

	begin("starting");
	PushActiveSnapshot(GetTransactionSnapshot());
	looked = look();
	PopActiveSnapshot();
	if (looked == LOOKED_HOLD)
		looked = LOOKED_GO_ON;
	if (looked != LOOKED_GO_ON)
		leave(looked);
	st_worker_lock_tag(&tag, ST_LOCK_WORKER, 0);
	if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
	{
		CommitTransactionCommand();
		proc_exit(here.slot < 0 ? 0 : 1);
	}
	st_worker_row_here();
	ereport(LOG,
			(errmsg("support_triage worker is at work in database \"%s\"", get_database_name(here.database)),
			 errhidestmt(true)));
	end();
	st_slot_set_state(here.slot, ST_WORKER_RUNNING);
}

/*
 * Takes note of having been woken: tasks that run on a wake are due, after the
 * rest that each is given.  One that failed is left alone until its pause is
 * over.
 */
static bool
take_wake(void)
{
	TimestampTz now;

	if (list == NULL || !st_worker_woken())
		return false;
	now = GetCurrentTimestamp();
	for (int i = 0; i < list->n; i++)
	{
		StTask	   *task = &list->tasks[i];

		if (task->on_wake && task->failures == 0)
			task->due = Min(task->due, Max(now, task->rests_until));
	}
	return true;
}

/* The process of a worker. */
void
st_worker_main(Datum arg)
{
	MemoryContext cxt;

	memcpy(&here, MyBgworkerEntry->bgw_extra, sizeof(here));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	arrive();

	cxt = AllocSetContextCreate(TopMemoryContext, "support_triage turn", ALLOCSET_SMALL_SIZES);
	for (;;)
	{
		int64		pause;

		take_interrupts();
		pause = turn(cxt);
		MemoryContextReset(cxt);

		/*
		 * the latch may have been reset by who waited in a turn: ask what it
		 * stood for
		 */
		if (!take_wake() && pause > 0 && !ConfigReloadPending)
			sleep_for(pause);
	}
}
