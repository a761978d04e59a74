/*-------------------------------------------------------------------------
 *
 * escalation_queue.c
 *		Queueing tickets that a person must see now, in the transaction that
 *		decided so.
 *
 * One open escalation for each ticket and cause is kept by a partial unique
 * index, so deciding twice, or in two sessions at once, queues once.  The
 * statements qualify every operator and name, so that nobody's search_path
 * decides what they mean; their plans are kept for the life of the backend.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/core.h"
#include "escalation/escalation.h"

#define CHANNEL "triage_escalation"

#define IS_OPEN \
	"status OPERATOR(pg_catalog.=) ANY ('{waiting,claimed}'::triage.escalation_status[])"

/* What the index escalation_open is on. */
#define ON_CONFLICT \
	" ON CONFLICT (tenant_id, source_id, ticket_key, cause) WHERE " IS_OPEN

/* A statement whose plan is kept. */
typedef struct Statement
{
	const char *sql;
	int			nargs;
	Oid			argtypes[8];
	bool		plan_again;		/* for each call, by the table's present size */
	SPIPlanPtr	plan;
} Statement;

static Statement insert_many = {
	"INSERT INTO triage.escalation"
	" (source_id, created_at, due_at, tenant_id, ticket_key, cause, reason, priority, queue_id)"
	" SELECT $1, $2, $2, e.tenant_id, e.ticket_key, e.cause, e.reason, e.priority, e.queue_id"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5),"
	" pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8))"
	" AS e (tenant_id, ticket_key, cause, reason, priority, queue_id)"
	ON_CONFLICT " DO NOTHING",
	8, {INT4OID, TIMESTAMPTZOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT2ARRAYOID, INT4ARRAYOID}, false, NULL
};

static Statement insert_one = {
	"INSERT INTO triage.escalation"
	" (source_id, created_at, due_at, tenant_id, ticket_key, cause, reason, priority, queue_id)"
	" VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8)"
	ON_CONFLICT " DO NOTHING RETURNING escalation_id",
	8, {INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT2OID, INT4OID}, false, NULL
};

static Statement find_open = {
	"SELECT escalation_id FROM triage.escalation"
	" WHERE source_id OPERATOR(pg_catalog.=) $1 AND tenant_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3 AND cause OPERATOR(pg_catalog.=) $4"
	" AND " IS_OPEN,
	4, {INT4OID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

/*
 * One index lookup a ticket, planned by the table's present size.  The status
 * is tested once more, because somebody may be closing it.
 */
static Statement forget_many = {
	"DELETE FROM triage.escalation WHERE " IS_OPEN
	" AND escalation_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	"SELECT o.escalation_id FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (tenant_id, ticket_key),"
	" LATERAL (SELECT e.escalation_id FROM triage.escalation e"
	" WHERE e.source_id OPERATOR(pg_catalog.=) $1 AND e.tenant_id OPERATOR(pg_catalog.=) t.tenant_id"
	" AND e.ticket_key OPERATOR(pg_catalog.=) t.ticket_key AND e." IS_OPEN " OFFSET 0) AS o))",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}, true, NULL
};

static Statement forget_source = {
	"DELETE FROM triage.escalation WHERE source_id OPERATOR(pg_catalog.=) $1"
	" AND ($2 OR " IS_OPEN ")",
	2, {INT4OID, BOOLOID}, false, NULL
};

static Statement rekey = {
	"UPDATE triage.escalation SET tenant_id = $4, ticket_key = $5"
	" WHERE source_id OPERATOR(pg_catalog.=) $1 AND tenant_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3",
	5, {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

/* Runs a statement; throws what it throws.  Needs SPI_connect. */
static void
run(Statement *s, Datum *values, const char *nulls, int expected)
{
	int			rc;

	if (s->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(s->sql, s->nargs, s->argtypes,
											  s->plan_again ? CURSOR_OPT_CUSTOM_PLAN : 0);

		if (plan == NULL)
			elog(ERROR, "could not prepare a statement on the escalation queue: %s",
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		s->plan = plan;
	}

	rc = SPI_execute_plan(s->plan, values, nulls, false, 0);
	if (rc != expected)
		elog(ERROR, "a statement on the escalation queue returned %s",
			 SPI_result_code_string(rc));
}

/* Listeners are told once a transaction: equal notifications are merged. */
static void
notify(void)
{
	Async_Notify(CHANNEL, "");
}

static Datum
text_array(Datum *values, int n)
{
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* See escalation.h. */
int
st_escalation_enqueue(const StEscalation *items, int n)
{
	Datum	   *tenants;
	Datum	   *keys;
	Datum	   *causes;
	Datum	   *reasons;
	Datum	   *priorities;
	Datum	   *queues;
	bool	   *queue_nulls;
	Datum		values[8];
	int			dims[1];
	int			lbs[1] = {1};
	int			queued = 0;
	int			from = 0;

	if (n == 0)
		return 0;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	tenants = palloc(n * sizeof(Datum));
	keys = palloc(n * sizeof(Datum));
	causes = palloc(n * sizeof(Datum));
	reasons = palloc(n * sizeof(Datum));
	priorities = palloc(n * sizeof(Datum));
	queues = palloc(n * sizeof(Datum));
	queue_nulls = palloc(n * sizeof(bool));

	/* the items of one source together: there is rarely another */
	while (from < n)
	{
		int			count = 0;

		while (from + count < n && items[from + count].source_id == items[from].source_id)
		{
			const StEscalation *e = &items[from + count];

			tenants[count] = PointerGetDatum(e->tenant_id);
			keys[count] = PointerGetDatum(e->ticket_key);
			causes[count] = CStringGetTextDatum(e->cause);
			reasons[count] = CStringGetTextDatum(e->reason);
			priorities[count] = Int16GetDatum(e->priority);
			queues[count] = Int32GetDatum(e->queue_id);
			queue_nulls[count] = e->queue_id == 0;
			count++;
		}

		values[0] = Int32GetDatum(items[from].source_id);
		values[1] = TimestampTzGetDatum(st_now());
		values[2] = text_array(tenants, count);
		values[3] = text_array(keys, count);
		values[4] = text_array(causes, count);
		values[5] = text_array(reasons, count);
		values[6] = PointerGetDatum(construct_array(priorities, count, INT2OID, 2, true, TYPALIGN_SHORT));
		dims[0] = count;
		values[7] = PointerGetDatum(construct_md_array(queues, queue_nulls, 1, dims, lbs,
													   INT4OID, 4, true, TYPALIGN_INT));
		run(&insert_many, values, NULL, SPI_OK_INSERT);
		queued += (int) SPI_processed;
		from += count;
	}
	SPI_finish();

	if (queued > 0)
		notify();
	return queued;
}

/* See escalation.h. */
int64
st_escalation_enqueue_one(const StEscalation *e)
{
	Datum		values[8];
	char		nulls[8];
	int64		id = 0;
	bool		isnull;
	bool		queued = false;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	memset(nulls, ' ', sizeof(nulls));
	values[0] = Int32GetDatum(e->source_id);
	values[1] = TimestampTzGetDatum(st_now());
	values[2] = PointerGetDatum(e->tenant_id);
	values[3] = PointerGetDatum(e->ticket_key);
	values[4] = CStringGetTextDatum(e->cause);
	values[5] = CStringGetTextDatum(e->reason);
	values[6] = Int16GetDatum(e->priority);
	values[7] = Int32GetDatum(e->queue_id);
	if (e->queue_id == 0)
		nulls[7] = 'n';

	/* the open one may be closed between the two statements: then once more */
	while (id == 0)
	{
		CHECK_FOR_INTERRUPTS();
		run(&insert_one, values, nulls, SPI_OK_INSERT_RETURNING);
		if (SPI_processed == 1)
			queued = true;
		else
		{
			Datum		find[4] = {values[0], values[2], values[3], values[4]};

			run(&find_open, find, NULL, SPI_OK_SELECT);
		}
		if (SPI_processed == 1)
			id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();

	if (queued)
		notify();
	return id;
}

/* See escalation.h. */
void
st_escalation_forget(int32 source_id, Datum tenants, Datum keys)
{
	Datum		values[3] = {Int32GetDatum(source_id), tenants, keys};

	SPI_connect();
	run(&forget_many, values, NULL, SPI_OK_DELETE);
	SPI_finish();
}

/* See escalation.h. */
void
st_escalation_forget_source(int32 source_id, bool closed_too)
{
	Datum		values[2] = {Int32GetDatum(source_id), BoolGetDatum(closed_too)};

	SPI_connect();
	run(&forget_source, values, NULL, SPI_OK_DELETE);
	SPI_finish();
}

/* See escalation.h. */
void
st_escalation_rekey(int32 source_id, text *old_tenant, text *old_key,
					text *new_tenant, text *new_key)
{
	Datum		values[5] = {
		Int32GetDatum(source_id),
		PointerGetDatum(old_tenant), PointerGetDatum(old_key),
		PointerGetDatum(new_tenant), PointerGetDatum(new_key)
	};

	SPI_connect();
	run(&rekey, values, NULL, SPI_OK_UPDATE);
	SPI_finish();
}
