/*-------------------------------------------------------------------------
 *
 * worker_tend.c
 *		Tasks that bring rooms together: deadlines that become escalations,
 *		waiting tickets that become somebody's.
 *
 * Each does a bounded part of the work and returns when it has more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "escalation/escalation.h"
#include "routing/assignment.h"
#include "worker/worker_inner.h"

PG_FUNCTION_INFO_V1(st_tend_clocks);
PG_FUNCTION_INFO_V1(st_tend_assignments);
PG_FUNCTION_INFO_V1(st_tend_queues);
PG_FUNCTION_INFO_V1(st_tend_waiting_alerts);

#define BATCH	1000

typedef struct Statement
{
	const char *sql;
	SPIPlanPtr	plan;
} Statement;

/* What is due, with the place of its ticket. */
static Statement due_clocks = {
	"SELECT c.tenant_id, c.source_id, c.ticket_key, c.metric::pg_catalog.text, c.event, c.percent, c.due_at,"
	" COALESCE(d.priority, 50::pg_catalog.int2), d.queue_id"
	" FROM triage.sla_check(1000) c LEFT JOIN triage.decision d ON d.tenant_id OPERATOR(pg_catalog.=) c.tenant_id"
	" AND d.source_id OPERATOR(pg_catalog.=) c.source_id AND d.ticket_key OPERATOR(pg_catalog.=) c.ticket_key"
	" ORDER BY c.source_id",
	NULL
};

static Statement next_clock = {
	"SELECT pg_catalog.min(next_event_at) FROM triage.sla_clock WHERE next_event_at IS NOT NULL", NULL
};

static Statement next_presence = {
	"SELECT pg_catalog.min(expires_at) FROM triage.agent_presence"
	" WHERE presence OPERATOR(pg_catalog.=) ANY ('{available,away}'::triage.presence[])", NULL
};

/* Runs a statement between SPI_connect and SPI_finish; returns how many rows. */
static uint64
run(Statement *statement)
{
	int			rc;

	if (statement->plan == NULL)
	{
		statement->plan = SPI_prepare(statement->sql, 0, NULL);
		if (statement->plan == NULL)
			elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(statement->plan);
	}
	rc = SPI_execute_plan(statement->plan, NULL, NULL, false, 0);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "a statement returned %s", SPI_result_code_string(rc));
	return SPI_processed;
}

static Datum
value(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

/* The instant that a statement gives; *isnull when it gives none. */
static Datum
instant(Statement *statement, bool *isnull)
{
	Datum		result = (Datum) 0;

	SPI_connect();
	*isnull = true;
	if (run(statement) > 0)
		result = value(0, 1, isnull);
	SPI_finish();
	return result;
}

/* "first_reply" for people. */
static char *
words(const char *label)
{
	char	   *result = pstrdup(label);

	for (char *c = result; *c != '\0'; c++)
	{
		if (*c == '_')
			*c = ' ';
	}
	return result;
}

/* Escalates what triage.sla_check() gives; how many it gave. */
static uint64
escalate_due(void)
{
	StEscalation *items;
	uint64		n;

	SPI_connect();
	n = run(&due_clocks);
	items = palloc(Max(1, n) * sizeof(StEscalation));
	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;
		char	   *metric = TextDatumGetCString(value(i, 4, &isnull));
		char	   *event = TextDatumGetCString(value(i, 5, &isnull));
		int16		percent = DatumGetInt16(value(i, 6, &isnull));
		char	   *due = pstrdup(timestamptz_to_str(DatumGetTimestampTz(value(i, 7, &isnull))));
		bool		breach = strcmp(event, "breach") == 0;

		items[i].tenant_id = DatumGetTextPP(value(i, 1, &isnull));
		items[i].source_id = DatumGetInt32(value(i, 2, &isnull));
		items[i].ticket_key = DatumGetTextPP(value(i, 3, &isnull));
		items[i].cause = psprintf("sla_%s:%s", event, metric);
		items[i].reason = breach ? psprintf("The deadline for %s, %s, is over.", words(metric), due) :
			psprintf("%d%% of the time for %s is used up; the deadline is %s.", percent, words(metric), due);
		items[i].priority = DatumGetInt16(value(i, 8, &isnull));
		items[i].queue_id = DatumGetInt32(value(i, 9, &isnull));
		if (isnull)
			items[i].queue_id = 0;
	}
	st_escalation_enqueue(items, (int) n);
	SPI_finish();
	return n;
}

/* triage.tend_clocks() */
Datum
st_tend_clocks(PG_FUNCTION_ARGS)
{
	bool		isnull;
	Datum		next;

	PreventCommandIfReadOnly("triage.tend_clocks()");
	escalate_due();
	next = instant(&next_clock, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(next);
}

/* triage.tend_assignments() */
Datum
st_tend_assignments(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("triage.tend_assignments()");
	if (st_assign_tickets(BATCH) == BATCH)
		PG_RETURN_TIMESTAMPTZ(st_now());
	PG_RETURN_NULL();
}

/* triage.tend_queues() */
Datum
st_tend_queues(PG_FUNCTION_ARGS)
{
	bool		isnull;
	Datum		next;
	int			returned;
	int			moved;

	PreventCommandIfReadOnly("triage.tend_queues()");
	returned = st_return_lost_tickets();
	moved = st_overflow_tickets(BATCH);
	if (moved == BATCH)
		PG_RETURN_TIMESTAMPTZ(st_now());
	/* somebody else may have them at once */
	if (returned + moved > 0)
		st_wake_worker();
	next = instant(&next_presence, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(next);
}

/* triage.tend_waiting_alerts() */
Datum
st_tend_waiting_alerts(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("triage.tend_waiting_alerts()");
	st_check_waiting();
	PG_RETURN_NULL();
}
