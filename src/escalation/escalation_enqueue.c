/*-------------------------------------------------------------------------
 *
 * escalation_enqueue.c
 *		Queueing tickets that a person must see now, in the transaction that
 *		decided so.
 *
 * One open escalation for each ticket and cause is kept by a unique index, so
 * deciding twice, or in two sessions at once, queues once.  What is open already
 * is seen by a look into that index; where many are queued at once and the first
 * of them are all new, the index tells when it refuses the entry.  The rest is
 * written many rows at once; an entry that may conflict after all (it was not
 * looked for, or another session queues the same and has not committed) is taken
 * back and tried again by a statement that waits for the other: what that one
 * rolls back must not be lost.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"
#include "routing/routing.h"

PG_FUNCTION_INFO_V1(st_enqueue_escalation);
PG_FUNCTION_INFO_V1(st_enqueue_escalations);

#define BATCH_ROWS		500
#define MAX_TEXT		10000	/* bytes of a reason by hand */

/* Of many, the first so many are looked for; the rest if one of them is open. */
#define LOOKED_FOR		32

static StEscalationStatement insert_waiting = {
	"INSERT INTO triage.escalation (tenant_id, source_id, ticket_key, cause, reason, priority, queue_id,"
	" created_at, due_at, rank, step_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)"
	" ON CONFLICT (ticket_key, tenant_id, source_id, cause) DO NOTHING RETURNING escalation_id",
	10, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, INT2OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID},
	false, NULL
};

/* The youngest that was finished since $5. */
static StEscalationStatement cooling = {
	"SELECT escalation_id FROM triage.escalation_history"
	" WHERE ticket_key OPERATOR(pg_catalog.=) $3 AND tenant_id OPERATOR(pg_catalog.=) $1"
	" AND source_id OPERATOR(pg_catalog.=) $2 AND cause OPERATOR(pg_catalog.=) $4"
	" AND finished_at OPERATOR(pg_catalog.>) $5 ORDER BY finished_at DESC LIMIT 1",
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TIMESTAMPTZOID}, false, NULL
};

/* One call. */
typedef struct Enqueue
{
	StDesk		desk;
	Relation	unique;			/* escalation_open */
	IndexScanDesc scan;
	Oid			sequence;
	int			nslots;
	TupleTableSlot *slots[BATCH_ROWS];
	TupleDesc	shape;			/* see st_batch_slot */
	int64		ids[BATCH_ROWS];
	const StEscalation *items[BATCH_ROWS];
	StRow		row;
	bool		ladder;			/* something has one */
	bool		met;			/* some were open already */
	int			queued;
} Enqueue;

/* The row of an item, but for its number. */
static void
make_row(Enqueue *e, const StEscalation *item, text *cause, StRow *row)
{
	const StEscalationPolicy *policy = st_escalation_policy(item->cause, (int) strlen(item->cause));
	TimestampTz now = e->desk.now;

	memset(row->isnull, true, sizeof(row->isnull));
	memset(row->values, 0, sizeof(row->values));
	st_row_set(row, ST_COL_TENANT, PointerGetDatum(item->tenant_id));
	st_row_set(row, ST_COL_SOURCE, Int32GetDatum(item->source_id));
	st_row_set(row, ST_COL_TICKET, PointerGetDatum(item->ticket_key));
	st_row_set(row, ST_COL_CAUSE, PointerGetDatum(cause));
	st_row_set(row, ST_COL_REASON, CStringGetTextDatum(item->reason));
	st_row_set(row, ST_COL_PRIORITY, Int16GetDatum(item->priority));
	if (item->queue_id != 0)
		st_row_set(row, ST_COL_QUEUE, Int32GetDatum(item->queue_id));
	st_row_set(row, ST_COL_CREATED, TimestampTzGetDatum(now));
	st_row_set(row, ST_COL_DUE, TimestampTzGetDatum(now));
	st_row_set(row, ST_COL_RANK, TimestampTzGetDatum(st_escalation_rank(now, item->priority)));
	st_row_set(row, ST_COL_STATUS, ObjectIdGetDatum(e->desk.waiting));
	st_row_set(row, ST_COL_ATTEMPTS, Int32GetDatum(0));
	st_row_set(row, ST_COL_RUN_OUT, Int32GetDatum(0));
	st_row_set(row, ST_COL_LEVEL, Int16GetDatum(0));
	if (policy->nsteps > 0)
	{
		st_row_set(row, ST_COL_STEP_AT, TimestampTzGetDatum(now + policy->steps[0].after));
		e->ladder = true;
	}
}

/* The open escalation of a ticket and cause; 0 when there is none. */
static int64
find_open(Enqueue *e, const StEscalation *item, text *cause)
{
	ScanKeyData keys[4];
	int64		id = 0;

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   PointerGetDatum(item->ticket_key));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   PointerGetDatum(item->tenant_id));
	ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid, InvalidOid, F_INT4EQ,
						   Int32GetDatum(item->source_id));
	ScanKeyEntryInitialize(&keys[3], 0, 4, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   PointerGetDatum(cause));
	index_rescan(e->scan, keys, 4, NULL, 0);
	if (index_getnext_slot(e->scan, ForwardScanDirection, e->desk.in))
	{
		bool		isnull;

		id = DatumGetInt64(slot_getattr(e->desk.in, st_row_attnum(ST_COL_ID), &isnull));
	}
	ExecClearTuple(e->desk.in);
	return id;
}

/* An escalation that is too fresh to escalate again; 0 when there is none. */
static int64
find_cooling(Enqueue *e, const StEscalation *item, text *cause)
{
	int64		cool_down;
	int64		id = 0;
	Datum		values[5];
	bool		isnull;

	if (!st_escalation_any_cool_down())
		return 0;
	cool_down = st_escalation_policy(item->cause, (int) strlen(item->cause))->cool_down;
	if (cool_down <= 0)
		return 0;
	values[0] = PointerGetDatum(item->tenant_id);
	values[1] = Int32GetDatum(item->source_id);
	values[2] = PointerGetDatum(item->ticket_key);
	values[3] = PointerGetDatum(cause);
	values[4] = TimestampTzGetDatum(e->desk.now - cool_down);
	SPI_connect();
	st_escalation_run(&cooling, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 1)
		id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return id;
}

static void
begin_look(Enqueue *e)
{
	e->scan = st_index_beginscan(e->desk.rel, e->unique, e->desk.snapshot, 4);
}

static void
begin(Enqueue *e)
{
	st_desk_open(&e->desk);
	e->unique = index_open(st_relation_oid("escalation_open", false), RowExclusiveLock);
	e->sequence = st_relation_oid("escalation_escalation_id_seq", false);
	e->nslots = 0;
	e->shape = NULL;
	e->ladder = false;
	e->met = false;
	e->queued = 0;
	begin_look(e);
}

/* Closes everything, and tells who has to know of what is new. */
static void
end(Enqueue *e)
{
	for (int i = 0; i < e->nslots; i++)
		ExecDropSingleTupleTableSlot(e->slots[i]);
	index_endscan(e->scan);
	index_close(e->unique, NoLock);
	st_desk_close(&e->desk);
	if (e->queued > 0)
		st_escalation_notify();
	if (e->ladder)
		st_wake_worker();
}

/*
 * By the statement that waits for who may be queueing the same.  Returns the
 * number of the new row, or that of the one that is there.
 */
static int64
insert_patiently(Enqueue *e, const StEscalation *item, text *cause)
{
	static const StColumn from[10] = {
		ST_COL_TENANT, ST_COL_SOURCE, ST_COL_TICKET, ST_COL_CAUSE, ST_COL_REASON, ST_COL_PRIORITY,
		ST_COL_QUEUE, ST_COL_CREATED, ST_COL_RANK, ST_COL_STEP_AT
	};
	Datum		values[10];
	char		nulls[10];
	int64		id = 0;

	make_row(e, item, cause, &e->row);
	for (int i = 0; i < 10; i++)
	{
		values[i] = e->row.values[from[i]];
		nulls[i] = e->row.isnull[from[i]] ? 'n' : ' ';
	}

	/*
	 * the open one may be finished between the statement and our look: then
	 * once more
	 */
	while (id == 0)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		SPI_connect();
		st_escalation_run(&insert_waiting, values, nulls, SPI_OK_INSERT_RETURNING);
		if (SPI_processed == 1)
		{
			id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
			e->queued++;
		}
		SPI_finish();
		if (id == 0)
		{
			index_endscan(e->scan);
			st_desk_refresh(&e->desk);
			begin_look(e);
			id = find_open(e, item, cause);
		}
	}
	return id;
}

/* Writes the rows that were gathered; ids becomes what they have in the end. */
static void
flush(Enqueue *e, int n)
{
	StTarget   *target = st_desk_target(&e->desk, &e->desk.open, NULL);
	CommandId	cid;

	if (n == 0)
		return;
	cid = GetCurrentCommandId(true);
	if (n == 1)
		table_tuple_insert(e->desk.rel, e->slots[0], cid, 0, NULL);
	else
		table_multi_insert(e->desk.rel, e->slots, n, cid, 0, NULL);
	e->queued += n;
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (st_desk_index(&e->desk, target, e->slots[i]) == NIL)
			continue;

		/* our own row is visible to a delete only after the command */
		CommandCounterIncrement();
		simple_table_tuple_delete(e->desk.rel, &e->slots[i]->tts_tid, GetActiveSnapshot());
		CommandCounterIncrement();
		e->queued--;
		e->met = true;
		e->ids[i] = insert_patiently(e, e->items[i], cstring_to_text(e->items[i]->cause));
	}
	for (int i = 0; i < n; i++)
		ExecClearTuple(e->slots[i]);
}

/* Queues items; ids, where given, becomes the number of each. */
static int
enqueue(const StEscalation *items, int n, int64 *ids)
{
	Enqueue    *e = palloc(sizeof(Enqueue));
	int			places[BATCH_ROWS];
	int			gathered = 0;
	int			queued;

	if (n == 0)
		return 0;
	begin(e);
	for (int i = 0; i < n; i++)
	{
		text	   *cause = cstring_to_text(items[i].cause);
		int64		id = 0;

		CHECK_FOR_INTERRUPTS();
		if (i < LOOKED_FOR || e->met || st_escalation_any_cool_down())
		{
			id = find_open(e, &items[i], cause);
			e->met |= id != 0;
		}
		if (id == 0)
			id = find_cooling(e, &items[i], cause);
		if (ids != NULL)
			ids[i] = id;
		if (id == 0)
		{
			if (gathered == e->nslots)
			{
				e->slots[e->nslots] = st_batch_slot(e->desk.rel, e->nslots, &e->shape);
				e->nslots++;
			}
			make_row(e, &items[i], cause, &e->row);
			e->ids[gathered] = nextval_internal(e->sequence, false);
			e->items[gathered] = &items[i];
			places[gathered] = i;
			st_row_set(&e->row, ST_COL_ID, Int64GetDatum(e->ids[gathered]));
			st_row_fill(&e->row, e->slots[gathered]);
			pfree(DatumGetPointer(e->row.values[ST_COL_REASON]));
			gathered++;
		}
		pfree(cause);
		if (gathered == BATCH_ROWS || (i == n - 1 && gathered > 0))
		{
			flush(e, gathered);
			for (int j = 0; j < gathered && ids != NULL; j++)
				ids[places[j]] = e->ids[j];
			gathered = 0;
		}
	}
	queued = e->queued;
	end(e);
	pfree(e);
	return queued;
}

/* See escalation.h. */
int
st_escalation_enqueue(const StEscalation *items, int n)
{
	return enqueue(items, n, NULL);
}

/* See escalation.h. */
int64
st_escalation_enqueue_one(const StEscalation *item)
{
	int64		id;

	enqueue(item, 1, &id);
	return id;
}

/* ---- by hand ---- */

static void
check_item(const StEscalation *item, int priority)
{
	if (item->cause[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the cause of an escalation must not be empty")));
	if (strlen(item->reason) > MAX_TEXT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the reason of an escalation is longer than %d bytes", MAX_TEXT)));
	if (priority < ST_PRIORITY_MIN || priority > ST_PRIORITY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("priority must be between %d and %d", ST_PRIORITY_MIN, ST_PRIORITY_MAX)));
}

/*
 * Queues as the owner, for who may call the function and sees the tenants; an
 * error restores the caller's identity with the transaction.
 */
static int
enqueue_as_owner(const StEscalation *items, int n, int64 *ids)
{
	Oid			caller;
	int			context;
	int			queued;

	for (int i = 0; i < n; i++)
		st_require_tenant(items[i].tenant_id);
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(st_extension_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	queued = enqueue(items, n, ids);
	SetUserIdAndSecContext(caller, context);
	return queued;
}

/* triage.enqueue_escalation(tenant_id, source_id, ticket_key, cause, reason, priority, queue) */
Datum
st_enqueue_escalation(PG_FUNCTION_ARGS)
{
	StEscalation item;
	int64		id;

	PreventCommandIfReadOnly("triage.enqueue_escalation()");
	PreventCommandIfParallelMode("triage.enqueue_escalation()");
	for (int i = 0; i < 6; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("only the queue of an escalation may be null")));
	}
	item.tenant_id = PG_GETARG_TEXT_PP(0);
	item.source_id = PG_GETARG_INT32(1);
	item.ticket_key = PG_GETARG_TEXT_PP(2);
	item.cause = text_to_cstring(PG_GETARG_TEXT_PP(3));
	item.reason = text_to_cstring(PG_GETARG_TEXT_PP(4));
	check_item(&item, PG_GETARG_INT32(5));
	item.priority = (int16) PG_GETARG_INT32(5);
	item.queue_id = PG_ARGISNULL(6) ? 0 : st_escalation_queue(text_to_cstring(PG_GETARG_TEXT_PP(6)));
	enqueue_as_owner(&item, 1, &id);
	PG_RETURN_INT64(id);
}

static Datum *
elements(FunctionCallInfo fcinfo, int arg, Oid type, int length, bool byval, char align, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(arg);
	Datum	   *values;
	int			found;

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the arrays must have one dimension and no nulls")));
	deconstruct_array(array, type, length, byval, align, &values, NULL, &found);
	if (*n >= 0 && found != *n)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the arrays must have the same length")));
	*n = found;
	return values;
}

/* triage.enqueue_escalations(source_id, tenant_ids, ticket_keys, causes, reasons, priorities, queue) */
Datum
st_enqueue_escalations(PG_FUNCTION_ARGS)
{
	int			n = -1;
	Datum	   *tenants;
	Datum	   *keys;
	Datum	   *causes;
	Datum	   *reasons;
	Datum	   *priorities;
	StEscalation *items;
	int32		queue_id;

	PreventCommandIfReadOnly("triage.enqueue_escalations()");
	PreventCommandIfParallelMode("triage.enqueue_escalations()");
	for (int i = 0; i < 6; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("only the queue of an escalation may be null")));
	}
	tenants = elements(fcinfo, 1, TEXTOID, -1, false, TYPALIGN_INT, &n);
	keys = elements(fcinfo, 2, TEXTOID, -1, false, TYPALIGN_INT, &n);
	causes = elements(fcinfo, 3, TEXTOID, -1, false, TYPALIGN_INT, &n);
	reasons = elements(fcinfo, 4, TEXTOID, -1, false, TYPALIGN_INT, &n);
	priorities = elements(fcinfo, 5, INT4OID, 4, true, TYPALIGN_INT, &n);
	queue_id = PG_ARGISNULL(6) ? 0 : st_escalation_queue(text_to_cstring(PG_GETARG_TEXT_PP(6)));

	items = palloc(Max(n, 1) * sizeof(StEscalation));
	for (int i = 0; i < n; i++)
	{
		items[i].tenant_id = DatumGetTextPP(tenants[i]);
		items[i].source_id = PG_GETARG_INT32(0);
		items[i].ticket_key = DatumGetTextPP(keys[i]);
		items[i].cause = TextDatumGetCString(causes[i]);
		items[i].reason = TextDatumGetCString(reasons[i]);
		items[i].queue_id = queue_id;
		check_item(&items[i], DatumGetInt32(priorities[i]));
		items[i].priority = (int16) DatumGetInt32(priorities[i]);
	}
	PG_RETURN_INT32(enqueue_as_owner(items, n, NULL));
}
