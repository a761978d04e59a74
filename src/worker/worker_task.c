/*-------------------------------------------------------------------------
 *
 * worker_task.c
 *		Tasks: reading triage.task, running one, planning the next run, and
 *		noting in triage.task_state what came of it.
 *
 * A task's function runs as the owner of schema triage, with the caller's
 * search_path pinned to pg_catalog, and never anything that somebody with less
 * rights could have put there: it belongs to the extension, or its owner is a
 * superuser or the extension's own.  Deferred triggers of what it wrote fire
 * before that identity is given up, or they would run as whoever drives the
 * task, which is a superuser's process.
 *
 * Two processes do not run one task at a time: an advisory lock of a class that
 * SQL cannot take, until the end of the transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "worker/worker_inner.h"

/* SQL takes advisory locks of classes 1 and 2; Citus has those from 4 on. */
#define LOCK_CLASS		0x5354

/* A task that failed waits so long, and twice as long each time again. */
#define FIRST_PAUSE		USECS_PER_SEC
#define LONGEST_PAUSE	(10 * 60 * USECS_PER_SEC)

/* One that says it has more to do and did nothing is not called in a circle. */
#define IDLE_PAUSE		USECS_PER_SEC

/* A run that changed nothing is noted so often at most, unless it was due. */
#define NOTE_INTERVAL	(60 * USECS_PER_SEC)

/*
 * A task that is woken again and again runs so often at most, and has the
 * processor a fifth of the time.
 */
#define WAKE_GAP		(5 * INT64CONST(1000))
#define REST			4

/* What is kept of an error's message. */
#define MAX_ERROR		2000

static void *load_tasks(void);

static StConfigCache task_cache = {.tables = {"task", NULL},.load = load_tasks};

static SPIPlanPtr state_plan = NULL;
static SPIPlanPtr note_plan = NULL;

/*
 * st_worker_lock_tag
 *		The tag of a lock of this room, in this database.
 */
void
st_worker_lock_tag(LOCKTAG *tag, uint32 kind, uint32 which)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, kind, which, LOCK_CLASS);
}

/* Whether the extension is in this database, with its schema. */
bool
st_extension_is_here(void)
{
	return OidIsValid(get_extension_oid(ST_LIBRARY, true)) && OidIsValid(st_relation_oid("task", true));
}

/* ---- the list ---- */

static int64
scan_interval(StTableScan *s, const char *column)
{
	bool		isnull;
	Interval   *span = DatumGetIntervalP(st_scan_value(s, column, &isnull));

	return ((int64) span->month * DAYS_PER_MONTH + span->day) * USECS_PER_DAY + span->time;
}

/* For the cache: triage.task as it is, in the current context. */
static void *
load_tasks(void)
{
	StTaskList *list = palloc0(sizeof(StTaskList));
	int			allocated = 16;
	StTableScan s;

	list->tasks = palloc0(allocated * sizeof(StTask));
	st_scan_begin(&s, task_cache.relids[0]);
	while (st_scan_next(&s))
	{
		StTask	   *task;

		if (list->n == allocated)
		{
			list->tasks = repalloc(list->tasks, 2 * allocated * sizeof(StTask));
			memset(list->tasks + allocated, 0, allocated * sizeof(StTask));
			allocated *= 2;
		}
		task = &list->tasks[list->n++];
		task->name = st_scan_cstring(&s, "name");
		task->function = st_scan_cstring(&s, "function");
		task->run_every = scan_interval(&s, "run_every");
		task->on_wake = st_scan_bool(&s, "on_wake");
		task->enabled = st_scan_bool(&s, "enabled");
	}
	st_scan_end(&s);
	return list;
}

/* From _PG_init. */
void
st_tasks_init(void)
{
	st_config_cache_init(&task_cache);
}

/* A number that is another when triage.task has changed.  In a transaction. */
uint64
st_tasks_generation(void)
{
	(void) st_config_cache_get(&task_cache);
	return task_cache.generation;
}

/* Adds what triage.task_state knows. */
static void
read_states(StTaskList *list)
{
	SPI_connect();
	if (state_plan == NULL)
	{
		state_plan = SPI_prepare("SELECT task, next_due, failures FROM triage.task_state", 0, NULL);
		SPI_keepplan(state_plan);
	}
	SPI_execute_plan(state_plan, NULL, NULL, false, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		bool		isnull;
		TimestampTz due = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
		int32		failures = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3, &isnull));

		for (int t = 0; t < list->n; t++)
		{
			if (strcmp(list->tasks[t].name, name) != 0)
				continue;
			list->tasks[t].due = list->tasks[t].stored_due = due;
			list->tasks[t].failures = failures;
		}
	}
	SPI_finish();
}

/*
 * st_tasks_read
 *		All tasks with what is known of their runs, in a context.  In a
 *		transaction with a snapshot.
 */
StTaskList *
st_tasks_read(MemoryContext cxt)
{
	const StTaskList *kept = st_config_cache_get(&task_cache);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	StTaskList *list = palloc(sizeof(StTaskList));

	list->n = kept->n;
	list->tasks = palloc((kept->n + 1) * sizeof(StTask));
	memcpy(list->tasks, kept->tasks, kept->n * sizeof(StTask));
	for (int i = 0; i < list->n; i++)
	{
		list->tasks[i].name = pstrdup(list->tasks[i].name);
		list->tasks[i].function = pstrdup(list->tasks[i].function);
	}
	MemoryContextSwitchTo(old);
	read_states(list);
	return list;
}

/* ---- running ---- */

/* Takes the task for this transaction; false when another process has it. */
bool
st_task_lock(const StTask *task)
{
	LOCKTAG		tag;

	st_worker_lock_tag(&tag, ST_LOCK_TASK,
					   DatumGetUInt32(hash_any((const unsigned char *) task->name, strlen(task->name))));
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* The function of a task; throws when there is none that may run. */
static Oid
function_of(const StTask *task)
{
	Oid			function = DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(task->function)));
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		fits;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function \"%s\" does not exist", task->function)));
	form = (Form_pg_proc) GETSTRUCT(tuple);
	owner = form->proowner;
	fits = form->pronargs == 0 && form->prorettype == TIMESTAMPTZOID && !form->proretset &&
		form->prokind == PROKIND_FUNCTION;
	ReleaseSysCache(tuple);
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("function \"%s\" is no task", task->function),
				 errdetail("A task is a function without arguments that returns timestamp with time zone.")));
	if (getExtensionOfObject(ProcedureRelationId, function) != get_extension_oid(ST_LIBRARY, false) &&
		owner != st_extension_owner() && !superuser_arg(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function \"%s\" may not run as a task", task->function),
				 errdetail("Tasks run with the rights of the owner of schema triage, but the function belongs to \"%s\".",
						   GetUserNameFromId(owner, true)),
				 errhint("Have a superuser or the owner of schema triage own the function.")));
	return function;
}

/*
 * st_task_call
 *		Runs a task's function in the present transaction and notes when it
 *		started, finished and wants to run again.  Throws what the function
 *		throws.
 */
void
st_task_call(const StTask *task, StTaskRun *run)
{
	int			nest = NewGUCNestLevel();
	ConstraintsSetStmt *now = makeNode(ConstraintsSetStmt);
	Oid			caller;
	int			context;
	FmgrInfo	flinfo;
	Datum		next;

	LOCAL_FCINFO(fcinfo, 0);

	memset(run, 0, sizeof(*run));
	run->started = GetCurrentTimestamp();
	run->next = DT_NOEND;
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(st_extension_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	PushActiveSnapshot(GetTransactionSnapshot());

	fmgr_info(function_of(task), &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 0, InvalidOid, NULL, NULL);
	next = FunctionCallInvoke(fcinfo);
	if (!fcinfo->isnull)
		run->next = DatumGetTimestampTz(next);

	PopActiveSnapshot();
	AfterTriggerSetState(now);
	AtEOXact_GUC(true, nest);
	SetUserIdAndSecContext(caller, context);

	/* by the clock that the rooms go by, which may be set */
	run->finished = GetCurrentTimestamp();
	if (!TIMESTAMP_NOT_FINITE(run->next))
	{
		run->at_once = run->next <= st_now() && TransactionIdIsValid(GetTopTransactionIdIfAny());
		run->next += run->started - st_now();
	}
	else if (TIMESTAMP_IS_NOBEGIN(run->next))
		run->next = run->started;
}

/* A time, doubled for each time that something failed before. */
static int64
doubled(int64 pause, int failures, int64 longest)
{
	for (int i = 1; i < failures && pause < longest; i++)
		pause *= 2;
	return Min(pause, longest);
}

/*
 * st_task_plan
 *		When the task is due again.
 */
void
st_task_plan(StTask *task, const StTaskRun *run)
{
	task->took = run->finished - run->started;
	task->rests_until = run->finished + Max(WAKE_GAP, REST * task->took);
	task->failures = run->error == NULL ? 0 : task->failures + 1;
	if (run->error != NULL)
		task->due = run->finished + doubled(FIRST_PAUSE, task->failures, LONGEST_PAUSE);
	else if (run->at_once)
		task->due = run->finished;
	else if (run->next <= run->started)
		task->due = run->finished + Min(IDLE_PAUSE, task->run_every);
	else
		task->due = Min(run->next, run->started + task->run_every);
}

/* ---- what came of it ---- */

/*
 * st_task_is_to_be_recorded
 *		Whether a run is worth a row: wakes that found nothing are not, as long
 *		as the row does not say that the task is late.  After st_task_plan.
 */
bool
st_task_is_to_be_recorded(const StTask *task, const StTaskRun *run)
{
	return run->error != NULL || task->stored_due <= run->finished || task->due < task->stored_due ||
		run->finished - task->stored_at >= NOTE_INTERVAL || TransactionIdIsValid(GetTopTransactionIdIfAny());
}

/*
 * st_task_record
 *		Writes the row of triage.task_state.  In a transaction.
 */
void
st_task_record(StTask *task, const StTaskRun *run)
{
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT4OID, TIMESTAMPTZOID};
	Datum		values[] = {
		CStringGetTextDatum(task->name), TimestampTzGetDatum(run->started), TimestampTzGetDatum(run->finished),
		run->error == NULL ? (Datum) 0 : CStringGetTextDatum(run->error), Int32GetDatum(task->failures),
		TimestampTzGetDatum(task->due)
	};
	char		nulls[] = {' ', ' ', ' ', run->error == NULL ? 'n' : ' ', ' ', ' '};
	Oid			caller;
	int			context;

	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(st_extension_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	if (note_plan == NULL)
	{
		/* a task that was removed meanwhile has no row */
		note_plan = SPI_prepare("INSERT INTO triage.task_state AS s"
								" (task, last_started, last_finished, last_duration, last_error, last_error_at, failures, runs, next_due)"
								" SELECT t.name, $2, $3, $3 OPERATOR(pg_catalog.-) $2, $4,"
								" CASE WHEN $4 IS NOT NULL THEN $3 END, $5, 1, $6"
								" FROM triage.task t WHERE t.name OPERATOR(pg_catalog.=) $1"
								" ON CONFLICT (task) DO UPDATE SET last_started = excluded.last_started,"
								" last_finished = excluded.last_finished, last_duration = excluded.last_duration,"
								" last_error = COALESCE(excluded.last_error, s.last_error),"
								" last_error_at = COALESCE(excluded.last_error_at, s.last_error_at),"
								" failures = excluded.failures, runs = s.runs OPERATOR(pg_catalog.+) 1, next_due = excluded.next_due",
								lengthof(types), types);
		if (note_plan == NULL)
			elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(note_plan);
	}
	SPI_execute_plan(note_plan, values, nulls, false, 0);
	SPI_finish();
	PopActiveSnapshot();
	SetUserIdAndSecContext(caller, context);
	task->stored_due = task->due;
	task->stored_at = run->finished;
}

/* What is kept of an error: message and detail, cut where a character ends. */
char *
st_task_error(ErrorData *error)
{
	char	   *text = psprintf("%s%s%s", error->message == NULL ? "unknown error" : error->message,
								error->detail == NULL ? "" : "\n", error->detail == NULL ? "" : error->detail);
	int			length = strlen(text);

	if (length > MAX_ERROR)
		text[pg_mbcliplen(text, length, MAX_ERROR)] = '\0';
	return text;
}
