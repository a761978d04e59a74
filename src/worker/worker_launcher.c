/*-------------------------------------------------------------------------
 *
 * worker_launcher.c
 *		One process a server, with shared_preload_libraries: starts a worker for
 *		each database that has the extension.
 *
 * Which databases have it can be seen only from inside, so a worker is started
 * in each and leaves at once where there is nothing for it.  The launcher looks
 * again when it is asked to (CREATE EXTENSION, CREATE DATABASE, a reload), and
 * every LOOK_INTERVAL.  A worker that died comes back after a pause that doubles
 * as long as it does not live.
 *
 * It is a background worker that starts when recovery has finished: never on a
 * standby, and at once after a promotion.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procsignal.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"
#include "utils/wait_event.h"

#include "core/compat.h"
#include "worker/worker_inner.h"

#define LOOK_INTERVAL		(5 * 60 * USECS_PER_SEC)
#define FIRST_PAUSE			USECS_PER_SEC
#define LONGEST_PAUSE		(60 * USECS_PER_SEC)

/* One that lived so long is not thought to die of its start. */
#define LONG_LIFE			(10 * USECS_PER_SEC)

/* Workers that are looking whether the extension is there, at a time. */
#define MAX_STARTING		2

typedef struct Entry
{
	Oid			database;
	NameData	name;
	bool		listed;			/* by the present settings and pg_database */
	BackgroundWorkerHandle *handle; /* NULL: none runs */
	int			slot;
	TimestampTz started;
	TimestampTz next_look;
	TimestampTz pause;
} Entry;

static char *databases_setting = NULL;
static List *entries = NIL;
static bool complained = false;

#pragma GCC visibility push(default)
extern void st_launcher_main(Datum arg);
#pragma GCC visibility pop

/* Splits the list of names; false when it is none. */
static bool
split_names(const char *setting, List **names)
{
	return SplitIdentifierString(pstrdup(setting), ',', names);
}

static bool
check_databases(char **newval, void **extra, GucSource source)
{
	List	   *names;

	if (split_names(*newval, &names))
		return true;
	GUC_check_errdetail("List syntax is invalid.");
	return false;
}

/*
 * st_worker_describe
 *		Fills in what the postmaster must know of a worker for a database.
 */
void
st_worker_describe(BackgroundWorker *worker, const StWorkerStart *start)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	snprintf(worker->bgw_library_name, sizeof(worker->bgw_library_name), ST_LIBRARY);
	snprintf(worker->bgw_function_name, sizeof(worker->bgw_function_name), "st_worker_main");
	snprintf(worker->bgw_type, sizeof(worker->bgw_type), ST_WORKER_NAME);
	snprintf(worker->bgw_name, sizeof(worker->bgw_name), "%s for database %u", ST_WORKER_NAME, start->database);
	worker->bgw_restart_time = start->slot < 0 ? 5 : BGW_NEVER_RESTART;
	worker->bgw_notify_pid = start->slot < 0 ? 0 : MyProcPid;
	memcpy(worker->bgw_extra, start, sizeof(*start));
}

static Entry *
entry_of(Oid database)
{
	ListCell   *cell;

	foreach(cell, entries)
	{
		Entry	   *entry = (Entry *) lfirst(cell);

		if (entry->database == database)
			return entry;
	}
	return NULL;
}

static bool
is_named(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp((char *) lfirst(cell), name) == 0)
			return true;
	}
	return names == NIL;
}

/* Brings the entries in line with pg_database and support_triage.databases. */
static void
list_databases(void)
{
	MemoryContext cxt = AllocSetContextCreate(TopMemoryContext, "support_triage launcher list", ALLOCSET_SMALL_SIZES);
	MemoryContext old;
	List	   *names = NIL;
	ListCell   *cell;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	foreach(cell, entries)
		((Entry *) lfirst(cell))->listed = false;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	old = MemoryContextSwitchTo(cxt);
	if (!split_names(databases_setting, &names))
		names = NIL;
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		Entry	   *entry;

		if (!form->datallowconn || form->datistemplate || !is_named(names, NameStr(form->datname)))
			continue;
		entry = entry_of(form->oid);
		if (entry == NULL)
		{
			MemoryContextSwitchTo(TopMemoryContext);
			entry = palloc0(sizeof(Entry));
			entry->database = form->oid;
			entry->slot = -1;
			entries = lappend(entries, entry);
			MemoryContextSwitchTo(cxt);
		}
		entry->name = form->datname;
		entry->listed = true;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	MemoryContextSwitchTo(old);
	CommitTransactionCommand();
	MemoryContextDelete(cxt);

	foreach(cell, entries)
	{
		Entry	   *entry = (Entry *) lfirst(cell);

		if (entry->listed)
			continue;
		if (entry->handle != NULL)
			TerminateBackgroundWorker(entry->handle);
		else
		{
			entries = foreach_delete_current(entries, cell);
			pfree(entry);
		}
	}
}

/* Notices a worker that has gone: when to look again. */
static void
look_after(Entry *entry, TimestampTz now)
{
	StWorkerState state = st_slot_state(entry->slot);
	pid_t		pid;

	if (GetBackgroundWorkerPid(entry->handle, &pid) != BGWH_STOPPED)
		return;
	pfree(entry->handle);
	entry->handle = NULL;
	st_slot_release(entry->slot);
	entry->slot = -1;
	if (state == ST_WORKER_NO_EXTENSION || state == ST_WORKER_NOT_WANTED)
	{
		entry->pause = 0;
		entry->next_look = now + LOOK_INTERVAL;
		return;
	}
	if (entry->pause == 0 || now - entry->started > LONG_LIFE)
		entry->pause = FIRST_PAUSE;
	else
		entry->pause = Min(2 * entry->pause, LONGEST_PAUSE);
	entry->next_look = now + entry->pause;
}

/* Starts a worker; says once why it cannot. */
static void
start(Entry *entry, TimestampTz now)
{
	StWorkerStart start = {entry->database, st_slot_reserve(entry->database)};
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	BackgroundWorker worker;

	entry->next_look = now + LONGEST_PAUSE;
	if (start.slot >= 0)
	{
		st_worker_describe(&worker, &start);
		if (RegisterDynamicBackgroundWorker(&worker, &entry->handle))
		{
			entry->slot = start.slot;
			entry->started = now;
		}
		else
			st_slot_release(start.slot);
	}
	MemoryContextSwitchTo(old);
	if (entry->handle == NULL && !complained)
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("support_triage cannot start a worker for database \"%s\"", NameStr(entry->name)),
				 errhint("Raise max_worker_processes, or name fewer databases in support_triage.databases.")));
	complained |= entry->handle == NULL;
}

/* Looks at all databases; returns when to look next by itself. */
static TimestampTz
look_at_all(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = DT_NOEND;
	int			starting = 0;
	ListCell   *cell;

	foreach(cell, entries)
	{
		Entry	   *entry = (Entry *) lfirst(cell);

		if (entry->handle != NULL)
			look_after(entry, now);
		if (entry->handle != NULL && st_slot_state(entry->slot) == ST_WORKER_STARTING)
			starting++;
	}
	foreach(cell, entries)
	{
		Entry	   *entry = (Entry *) lfirst(cell);

		if (entry->handle != NULL || !entry->listed)
			continue;
		if (entry->next_look <= now && st_launcher_held(entry->database))
			entry->next_look = now + FIRST_PAUSE;
		if (entry->next_look <= now)
		{
			/* one that leaves the state of starting wakes us */
			if (starting >= MAX_STARTING)
				continue;
			start(entry, now);
			starting += entry->handle != NULL;
			if (entry->handle != NULL)
				continue;
		}
		next = Min(next, entry->next_look);
	}
	return next;
}

/* Makes those due that somebody asked for; whether there were any. */
static bool
take_requests(void)
{
	StAsked		asked;
	ListCell   *cell;

	st_launcher_asked(&asked);
	foreach(cell, entries)
	{
		Entry	   *entry = (Entry *) lfirst(cell);
		bool		is_asked = asked.all;

		for (int i = 0; i < asked.n; i++)
			is_asked |= asked.databases[i] == entry->database;
		if (is_asked)
			entry->next_look = 0;
	}
	return asked.all || asked.n > 0;
}

/* The launcher's process. */
void
st_launcher_main(Datum arg)
{
	TimestampTz next_list = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	st_launcher_attach();
	pgstat_report_appname(ST_LAUNCHER_NAME);

	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz next;

		ResetLatch(MyLatch);
		/* not 0, after which the postmaster would forget about us */
		if (ShutdownRequestPending)
			proc_exit(1);
		CHECK_FOR_INTERRUPTS();
		if (catchupInterruptPending)
			ProcessCatchupInterrupt();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			next_list = 0;
		}
		/* a database that was asked for may be new */
		if (take_requests() || now >= next_list)
		{
			list_databases();
			next_list = now + LOOK_INTERVAL;
		}
		next = Min(look_at_all(), next_list);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next), PG_WAIT_EXTENSION);
	}
}

/* From _PG_init: the settings, and the launcher itself. */
void
st_launcher_init(void)
{
	BackgroundWorker worker;

	/*
	 * nobody but the launcher reads it: who does not name it is spared
	 * defining it
	 */
	if (!process_shared_preload_libraries_in_progress &&
		GetConfigOption("support_triage.databases", true, false) == NULL)
		return;
	DefineCustomStringVariable("support_triage.databases",
							   "Names the databases that get a worker.",
							   "A list of names; empty means all that have the extension.",
							   &databases_setting,
							   "",
							   PGC_SIGHUP,
							   GUC_LIST_INPUT,
							   check_databases, NULL, NULL);
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), ST_LIBRARY);
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "st_launcher_main");
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), ST_LAUNCHER_NAME);
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), ST_LAUNCHER_NAME);
	RegisterBackgroundWorker(&worker);
}
