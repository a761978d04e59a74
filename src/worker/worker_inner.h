/*-------------------------------------------------------------------------
 *
 * worker_inner.h
 *		What the files of this room share.
 *
 * worker_shared.c		who runs where (shared memory), waking
 * worker_launcher.c	one process a server: a worker for each database
 * worker_main.c		one process a database: runs tasks when they are due
 * worker_task.c		a task: reading the list, running one, what came of it
 * worker_tend.c		tasks that bring rooms together
 * worker_tick.c		CALL triage.tick(): the same from any session
 * worker_hooks.c		databases that are dropped, extensions too
 * worker_sql.c			start_worker, stop_worker and triggers
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_WORKER_INNER_H
#define ST_WORKER_INNER_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "utils/elog.h"

#include "core/core.h"

#define ST_LAUNCHER_NAME	"support_triage launcher"
#define ST_WORKER_NAME		"support_triage worker"
#define ST_LIBRARY			"support_triage"

/* ---- worker_shared.c ---- */

/* Databases that have a worker at the same time. */
#define ST_MAX_WORKERS	128

typedef enum StWorkerState
{
	ST_WORKER_STARTING,
	ST_WORKER_RUNNING,
	ST_WORKER_NO_EXTENSION,		/* has left: there is nothing for it */
	ST_WORKER_NOT_WANTED		/* has left: somebody stopped it */
} StWorkerState;

/* What a worker is told when it is started. */
typedef struct StWorkerStart
{
	Oid			database;
	int			slot;			/* -1: by triage.start_worker() */
} StWorkerStart;

/* Databases that the launcher was asked to look at. */
typedef struct StAsked
{
	bool		all;
	int			n;
	Oid			databases[16];
} StAsked;

extern bool st_worker_has_launcher(void);
extern void st_shared_init(void) pg_attribute_cold;

extern void st_launcher_attach(void);
extern void st_launcher_ask(Oid database);
extern void st_launcher_asked(StAsked *asked);
extern bool st_launcher_held(Oid database);

extern int	st_slot_reserve(Oid database);
extern void st_slot_release(int slot);
extern StWorkerState st_slot_state(int slot);
extern void st_slot_set_state(int slot, StWorkerState state);
extern void st_slot_attach(int slot);
extern bool st_worker_woken(void);

extern bool st_worker_send_away(Oid database);
extern void st_worker_may_return(Oid database);

/* ---- worker_launcher.c ---- */
extern void st_launcher_init(void) pg_attribute_cold;
extern void st_worker_describe(BackgroundWorker *worker, const StWorkerStart *start);

/* ---- worker_hooks.c ---- */
extern void st_hooks_init(void) pg_attribute_cold;

/* ---- worker_sql.c ---- */

/* The row of triage.worker. */
typedef struct StWorkerRow
{
	bool		exists;
	bool		wanted;
	bool		restoring;
	int			pid;
	int			procno;
} StWorkerRow;

extern void st_worker_sql_init(void) pg_attribute_cold;
extern const StWorkerRow *st_worker_row(void);
extern void st_worker_row_here(void);
extern bool st_worker_held_back(void);
extern void st_worker_do_asked(void);

/* ---- worker_task.c ---- */

typedef struct StTask
{
	char	   *name;
	char	   *function;
	int64		run_every;		/* microseconds */
	bool		on_wake;
	bool		enabled;

	/* what is known of its runs */
	int64		took;			/* the last run, in microseconds */
	TimestampTz rests_until;	/* no wake makes it run before */
	TimestampTz due;
	TimestampTz stored_due;		/* as triage.task_state has it; 0: no row */
	TimestampTz stored_at;		/* when that row was written, by us */
	int			failures;
} StTask;

typedef struct StTaskList
{
	int			n;
	StTask	   *tasks;
} StTaskList;

/* What came of a run. */
typedef struct StTaskRun
{
	TimestampTz started;		/* by the system's clock, as all of these */
	TimestampTz finished;
	TimestampTz next;			/* when it wants to run again; DT_NOEND: it
								 * did not say */
	bool		at_once;		/* it has more to do now */
	const char *error;			/* NULL: none */
} StTaskRun;

extern void st_tasks_init(void) pg_attribute_cold;
extern uint64 st_tasks_generation(void);
extern StTaskList *st_tasks_read(MemoryContext cxt);
extern bool st_task_lock(const StTask *task);
extern void st_task_call(const StTask *task, StTaskRun *run);
extern void st_task_plan(StTask *task, const StTaskRun *run);
extern bool st_task_is_to_be_recorded(const StTask *task, const StTaskRun *run);
extern void st_task_record(StTask *task, const StTaskRun *run);
extern char *st_task_error(ErrorData *error);

extern bool st_extension_is_here(void);
extern void st_worker_lock_tag(LOCKTAG *tag, uint32 kind, uint32 which);

#define ST_LOCK_WORKER	0		/* kinds of locks */
#define ST_LOCK_TASK	1

#endif							/* ST_WORKER_INNER_H */
