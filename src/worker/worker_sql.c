/*-------------------------------------------------------------------------
 *
 * worker_sql.c
 *		triage.worker, which says whether a worker is wanted and where it is;
 *		starting and stopping it.
 *
 * What is asked for happens at commit: a worker that was started earlier would
 * not see the extension of a transaction that creates it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "worker/worker_inner.h"

PG_FUNCTION_INFO_V1(st_worker_changed);
PG_FUNCTION_INFO_V1(st_start_worker);
PG_FUNCTION_INFO_V1(st_stop_worker);
PG_FUNCTION_INFO_V1(st_wake_worker_sql);

/* For so long nothing must be seen of a restore. */
#define QUIET_TIME	(5 * USECS_PER_SEC)

static void *load_row(void);

static StConfigCache row_cache = {.tables = {"worker", NULL},.load = load_row};

/* For the end of this transaction. */
static bool callback_is_set = false;
static bool ask_at_commit = false;
static bool start_at_commit = false;

/* ---- the row ---- */

static void *
load_row(void)
{
	StWorkerRow *row = palloc0(sizeof(StWorkerRow));
	StTableScan s;

	st_scan_begin(&s, row_cache.relids[0]);
	while (st_scan_next(&s))
	{
		row->exists = true;
		row->wanted = st_scan_bool(&s, "wanted");
		row->restoring = st_scan_int32(&s, "restored_by", 0) != 0;
		row->pid = st_scan_int32(&s, "pid", 0);
		row->procno = st_scan_int32(&s, "procno", -1);
	}
	st_scan_end(&s);
	return row;
}

/* triage.worker as last committed; in a transaction. */
const StWorkerRow *
st_worker_row(void)
{
	return st_config_cache_get(&row_cache);
}

/* Runs a statement of ours as the owner of schema triage; returns how many rows. */
static uint64
run_as_owner(const char *sql, int nargs, Oid *types, Datum *values)
{
	Oid			caller;
	int			context;
	uint64		n;

	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(st_extension_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0);
	n = SPI_processed;
	SPI_finish();
	PopActiveSnapshot();
	SetUserIdAndSecContext(caller, context);
	return n;
}

/* Notes in triage.worker that the worker is this process. */
void
st_worker_row_here(void)
{
	Oid			types[] = {INT4OID, INT4OID};
	Datum		values[] = {Int32GetDatum(MyProcPid), Int32GetDatum(st_my_proc_number())};

	run_as_owner("INSERT INTO triage.worker AS w (pid, procno, started_at) VALUES ($1, $2, pg_catalog.now())"
				 " ON CONFLICT (single) DO UPDATE SET pid = excluded.pid, procno = excluded.procno,"
				 " started_at = excluded.started_at",
				 2, types, values);
}

/*
 * st_worker_held_back
 *		Whether a restore that brought the extension into this database goes on.
 *		That it has ended is believed when nothing was seen of it for a while,
 *		because a restore by several sessions has moments without any.
 */
bool
st_worker_held_back(void)
{
	Oid			type = TIMESTAMPTZOID;
	Datum		value = TimestampTzGetDatum(GetCurrentTimestamp() - QUIET_TIME);

	if (run_as_owner("SELECT FROM pg_catalog.pg_stat_activity a, triage.worker w"
					 " WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
					 " AND (a.application_name OPERATOR(pg_catalog.=) 'pg_restore'"
					 " OR a.pid OPERATOR(pg_catalog.=) w.restored_by"
					 " AND a.backend_start OPERATOR(pg_catalog.=) w.restored_by_since)",
					 0, NULL, NULL) > 0)
		run_as_owner("UPDATE triage.worker SET quiet_since = NULL WHERE quiet_since IS NOT NULL", 0, NULL, NULL);
	else if (run_as_owner("UPDATE triage.worker SET quiet_since = pg_catalog.clock_timestamp() WHERE quiet_since IS NULL",
						  0, NULL, NULL) == 0)
		return run_as_owner("UPDATE triage.worker SET restored_by = NULL, restored_by_since = NULL, quiet_since = NULL"
							" WHERE quiet_since OPERATOR(pg_catalog.<=) $1",
							1, &type, &value) == 0;
	return true;
}

/* ---- at commit ---- */

static void
start_now(void)
{
	StWorkerStart start = {MyDatabaseId, -1};
	BackgroundWorker worker;

	st_worker_describe(&worker, &start);
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no worker could be started"),
				 errhint("Raise max_worker_processes, then call triage.start_worker() again.")));
}

/* What was not committed is not asked for. */
static void
at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		ask_at_commit = start_at_commit = false;
}

/*
 * st_worker_do_asked
 *		After a commit that was to wake the worker: starts one, or has the
 *		launcher look, if the transaction asked for it.
 */
void
st_worker_do_asked(void)
{
	bool		ask = ask_at_commit;
	bool		start = start_at_commit;

	ask_at_commit = start_at_commit = false;
	if (ask)
		st_launcher_ask(MyDatabaseId);
	if (start && !st_worker_has_launcher())
		start_now();
}

/* Along with st_wake_worker. */
static void
do_at_commit(bool ask, bool start)
{
	if (!callback_is_set)
	{
		RegisterXactCallback(at_end, NULL);
		callback_is_set = true;
	}
	ask_at_commit |= ask;
	start_at_commit |= start;
}

/* From _PG_init. */
void
st_worker_sql_init(void)
{
	st_config_cache_init(&row_cache);
}

/* ---- for SQL ---- */

/*
 * triage.worker_changed(): AFTER trigger of triage.worker and triage.task.  The
 * worker looks at once, and a launcher whether there is to be one.
 */
Datum
st_worker_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", "triage.worker_changed")));
	CacheInvalidateRelcache(trigdata->tg_relation);
	st_wake_worker();
	do_at_commit(true, false);
	return PointerGetDatum(NULL);
}

/* Notes whether a worker is wanted. */
static void
want(bool wanted)
{
	Oid			type = BOOLOID;
	Datum		value = BoolGetDatum(wanted);

	run_as_owner("INSERT INTO triage.worker AS w (wanted) VALUES ($1)"
				 " ON CONFLICT (single) DO UPDATE SET wanted = excluded.wanted", 1, &type, &value);
}

/* triage.start_worker() */
Datum
st_start_worker(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("triage.start_worker()");
	want(true);
	st_wake_worker();
	do_at_commit(true, true);
	PG_RETURN_VOID();
}

/* triage.stop_worker() */
Datum
st_stop_worker(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("triage.stop_worker()");
	want(false);
	PG_RETURN_VOID();
}

/* triage.wake_worker() */
Datum
st_wake_worker_sql(PG_FUNCTION_ARGS)
{
	st_wake_worker();
	PG_RETURN_VOID();
}
