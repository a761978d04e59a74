/*-------------------------------------------------------------------------
 *
 * worker_shared.c
 *		Who runs where, and waking the worker of a database.
 *
 * With shared_preload_libraries there is a piece of shared memory: where the
 * launcher is, what it is asked to look at, and a slot for each database's
 * worker.  One spinlock guards it all but the flag that wakes a worker, which
 * is set and taken atomically.  A process that dies badly has the postmaster
 * make all of it anew.
 *
 * Without, a worker notes its process in triage.worker, sessions read it as
 * they read settings, and wake it with the signal of NOTIFY.  In either case
 * the wake leaves a flag besides setting the latch: the latch alone would be
 * lost when the worker waits for something else, as a row's lock, in the middle
 * of a task.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procsignal.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "core/compat.h"
#include "worker/worker_inner.h"

/* For so long the launcher keeps away from a database that is being dropped. */
#define HOLD_TIME		(60 * USECS_PER_SEC)
#define MAX_HOLDS		16

/* So long a worker is waited for that was sent away. */
#define LEAVE_TIME		(5 * USECS_PER_SEC)

typedef struct Slot
{
	Oid			database;		/* InvalidOid: free */
	StWorkerState state;
	int			pid;			/* 0: not there (yet) */
	int			procno;
	pg_atomic_uint32 woken;
} Slot;

typedef struct Hold
{
	Oid			database;		/* InvalidOid: free */
	TimestampTz until;
} Hold;

typedef struct Shared
{
	slock_t		mutex;
	int			launcher_pid;	/* 0: none */
	int			launcher_procno;
	StAsked		asked;
	Hold		holds[MAX_HOLDS];
	Slot		slots[ST_MAX_WORKERS];
} Shared;

static Shared *shared = NULL;
static shmem_request_hook_type next_request = NULL;
static shmem_startup_hook_type next_startup = NULL;

/* In a worker: its slot, and whether this process is one. */
static Slot *my_slot = NULL;

/* In any session: the slot of its database's worker when last looked for. */
static Slot *seen_slot = NULL;
static StWorkerRow found;

/* Whether the server was started with us, so that a launcher is there. */
bool
st_worker_has_launcher(void)
{
	return shared != NULL;
}

static void
request(void)
{
	if (next_request)
		next_request();
	RequestAddinShmemSpace(MAXALIGN(sizeof(Shared)));
}

static void
startup(void)
{
	bool		is_there;

	if (next_startup)
		next_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("support_triage worker", sizeof(Shared), &is_there);
	if (!is_there)
	{
		memset(shared, 0, sizeof(Shared));
		SpinLockInit(&shared->mutex);
		for (int i = 0; i < ST_MAX_WORKERS; i++)
			pg_atomic_init_u32(&shared->slots[i].woken, 0);
	}
	LWLockRelease(AddinShmemInitLock);
}

static void
set_latch(int procno)
{
	SetLatch(&ProcGlobal->allProcs[procno].procLatch);
}

/* ---- the launcher ---- */

static void
launcher_leaves(int code, Datum arg)
{
	SpinLockAcquire(&shared->mutex);
	shared->launcher_pid = 0;
	SpinLockRelease(&shared->mutex);
}

/* This process is the launcher. */
void
st_launcher_attach(void)
{
	SpinLockAcquire(&shared->mutex);
	shared->launcher_pid = MyProcPid;
	shared->launcher_procno = st_my_proc_number();
	SpinLockRelease(&shared->mutex);
	before_shmem_exit(launcher_leaves, (Datum) 0);
}

static void
wake_launcher(void)
{
	int			pid;
	int			procno;

	SpinLockAcquire(&shared->mutex);
	pid = shared->launcher_pid;
	procno = shared->launcher_procno;
	SpinLockRelease(&shared->mutex);
	if (pid != 0)
		set_latch(procno);
}

/* Has the launcher look at a database, InvalidOid for all; nothing without one. */
void
st_launcher_ask(Oid database)
{
	StAsked    *asked;

	if (shared == NULL)
		return;
	asked = &shared->asked;
	SpinLockAcquire(&shared->mutex);
	if (database == InvalidOid || asked->n == lengthof(asked->databases))
		asked->all = true;
	else
	{
		asked->databases[asked->n] = database;
		asked->n++;
	}
	SpinLockRelease(&shared->mutex);
	wake_launcher();
}

/* What the launcher was asked for since it asked this. */
void
st_launcher_asked(StAsked *asked)
{
	SpinLockAcquire(&shared->mutex);
	*asked = shared->asked;
	shared->asked.n = 0;
	shared->asked.all = false;
	SpinLockRelease(&shared->mutex);
}

/* Whether a database is to be left alone for the moment. */
bool
st_launcher_held(Oid database)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		held = false;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < MAX_HOLDS; i++)
		held |= shared->holds[i].database == database && shared->holds[i].until > now;
	SpinLockRelease(&shared->mutex);
	return held;
}

/* ---- slots ---- */

/* A slot for a worker that is to be started; -1 when all are taken. */
int
st_slot_reserve(Oid database)
{
	int			slot = -1;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < ST_MAX_WORKERS && slot < 0; i++)
	{
		if (shared->slots[i].database != InvalidOid)
			continue;
		slot = i;
		shared->slots[i].database = database;
		shared->slots[i].state = ST_WORKER_STARTING;
		shared->slots[i].pid = 0;
	}
	SpinLockRelease(&shared->mutex);
	return slot;
}

/* By the launcher, when it knows that the worker is gone. */
void
st_slot_release(int slot)
{
	SpinLockAcquire(&shared->mutex);
	shared->slots[slot].database = InvalidOid;
	shared->slots[slot].pid = 0;
	SpinLockRelease(&shared->mutex);
}

StWorkerState
st_slot_state(int slot)
{
	return *(volatile StWorkerState *) &shared->slots[slot].state;
}

/* By the worker; the launcher is told. */
void
st_slot_set_state(int slot, StWorkerState state)
{
	if (slot < 0)
		return;
	SpinLockAcquire(&shared->mutex);
	shared->slots[slot].state = state;
	SpinLockRelease(&shared->mutex);
	wake_launcher();
}

static void
worker_leaves(int code, Datum arg)
{
	SpinLockAcquire(&shared->mutex);
	my_slot->pid = 0;
	SpinLockRelease(&shared->mutex);
}

/* This process is the worker of a slot, or of none. */
void
st_slot_attach(int slot)
{
	if (slot < 0)
		return;
	my_slot = &shared->slots[slot];
	pg_atomic_write_u32(&my_slot->woken, 0);
	SpinLockAcquire(&shared->mutex);
	my_slot->procno = st_my_proc_number();
	my_slot->pid = MyProcPid;
	SpinLockRelease(&shared->mutex);
	before_shmem_exit(worker_leaves, (Datum) 0);
}

/* In a worker: whether somebody has woken it since the last call. */
bool
st_worker_woken(void)
{
	bool		woken = notifyInterruptPending;

	notifyInterruptPending = false;
	if (my_slot != NULL)
		woken |= pg_atomic_exchange_u32(&my_slot->woken, 0) != 0;
	return woken;
}

/* ---- waking, as core asks for it ---- */

/*
 * The slot whose worker is in this database, NULL when there is none.  It is
 * read without the lock: whoever comes too late wakes a process that does
 * nothing about it.
 */
static Slot *
slot_of_database(void)
{
	if (seen_slot != NULL && seen_slot->database == MyDatabaseId)
		return seen_slot;
	seen_slot = NULL;
	for (int i = 0; i < ST_MAX_WORKERS && seen_slot == NULL; i++)
	{
		if (shared->slots[i].database == MyDatabaseId)
			seen_slot = &shared->slots[i];
	}
	return seen_slot;
}

/* In the transaction: without shared memory, where the worker says that it is. */
static void
find(void)
{
	if (shared == NULL)
		found = *st_worker_row();
}

/* After the commit; throws nothing. */
static void
wake(void)
{
	st_worker_do_asked();
	if (shared != NULL)
	{
		Slot	   *slot = slot_of_database();

		if (slot != NULL && pg_atomic_exchange_u32(&slot->woken, 1) == 0 && slot->pid != 0)
			set_latch(slot->procno);
	}
	else if (found.pid != 0 && found.procno >= 0 && found.procno < ProcGlobal->allProcCount)
	{
		PGPROC	   *proc = &ProcGlobal->allProcs[found.procno];

		/* the row may speak of another life of the server, or of a template */
		if (proc->pid == found.pid && proc->databaseId == MyDatabaseId)
			SendProcSignal(found.pid, PROCSIG_NOTIFY_INTERRUPT, ST_ANY_BACKEND);
	}
}

/* ---- databases that nobody may be connected to ---- */

/* The process of a database's worker; 0 when there is none. */
static int
pid_in(Oid database)
{
	int			pid = 0;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < ST_MAX_WORKERS; i++)
	{
		if (shared->slots[i].database == database)
			pid = shared->slots[i].pid;
	}
	SpinLockRelease(&shared->mutex);
	return pid;
}

/* Whether the worker of a database is away, with the launcher told to leave it so. */
bool
st_worker_send_away(Oid database)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz give_up = now + LEAVE_TIME;
	int			free = -1;
	int			pid;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < MAX_HOLDS; i++)
	{
		if (shared->holds[i].database == database || shared->holds[i].until <= now)
			free = i;
	}
	if (free >= 0)
	{
		shared->holds[free].database = database;
		shared->holds[free].until = now + HOLD_TIME;
	}
	SpinLockRelease(&shared->mutex);

	while ((pid = pid_in(database)) != 0)
	{
		/* each time: it may have begun to run only now */
		kill(pid, SIGTERM);
		if (GetCurrentTimestamp() > give_up)
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/* The end of the hold; the launcher looks whether the database is there still. */
void
st_worker_may_return(Oid database)
{
	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < MAX_HOLDS; i++)
	{
		if (shared->holds[i].database == database)
			shared->holds[i].until = 0;
	}
	SpinLockRelease(&shared->mutex);
	st_launcher_ask(database);
}

/* From _PG_init. */
void
st_shared_init(void)
{
	st_on_wake(find, wake);
	if (!process_shared_preload_libraries_in_progress)
		return;
	next_request = shmem_request_hook;
	shmem_request_hook = request;
	next_startup = shmem_startup_hook;
	shmem_startup_hook = startup;
}
