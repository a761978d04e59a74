/*-------------------------------------------------------------------------
 *
 * pipeline_backlog_batch.c
 *		Deferred mode, the worker's half: triage.decide_backlog decides what
 *		triage.backlog has noted, a batch a call.
 *
 * A call takes entries in the order of arrival, locked so that others who call
 * at the same time take other entries (SKIP LOCKED), and decides them in the
 * caller's transaction: entries and decisions are gone and there together.
 *
 * The tickets of a table are decided in a subtransaction.  When it fails, it is
 * tried with each half, down to the one ticket that is to blame; that is tried
 * again alone, later and at most MAX_ATTEMPTS times, and then decided with
 * outcome failed.  Nobody who writes tickets can stop those behind them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_backlog.h"

#define DEFAULT_BATCH		500
#define MAX_BATCH			10000
#define MAX_ATTEMPTS		5
#define MAX_ERROR_BYTES		1000

/* Seconds until the next attempt, by how many there were. */
static const int retry_after[MAX_ATTEMPTS] = {0, 5, 30, 120, 600};

/* What cannot even be decided as failed: after so many seconds. */
#define HOPELESS_SECONDS	3600

PG_FUNCTION_INFO_V1(st_decide_backlog);
PG_FUNCTION_INFO_V1(st_decide_backlog_batch);

#define ENTRY_COLUMNS "backlog_id, source_id, again, attempts, noted_at, tenant_id, ticket_key"

static StStatement take_fresh = {
	"SELECT " ENTRY_COLUMNS " FROM triage.backlog WHERE next_try IS NULL"
	" ORDER BY backlog_id LIMIT $1 FOR UPDATE SKIP LOCKED",
	1, {INT8OID}, true, NULL
};

static StStatement take_due = {
	"SELECT " ENTRY_COLUMNS " FROM triage.backlog WHERE next_try OPERATOR(pg_catalog.<=) $2"
	" ORDER BY next_try LIMIT $1 FOR UPDATE SKIP LOCKED",
	2, {INT8OID, TIMESTAMPTZOID}, true, NULL
};

static StStatement note_failure = {
	"UPDATE triage.backlog SET attempts = $2, next_try = $3, error = $4"
	" WHERE backlog_id OPERATOR(pg_catalog.=) ANY ($1)",
	4, {INT8ARRAYOID, INT2OID, TIMESTAMPTZOID, TEXTOID}, true, NULL
};

static StStatement find_next_try = {
	"SELECT (SELECT pg_catalog.min(next_try) FROM triage.backlog WHERE next_try IS NOT NULL),"
	" EXISTS (SELECT FROM triage.backlog WHERE next_try IS NULL)",
	0, {0}, true, NULL
};

/* ---- entries ---- */

/* Takes and locks at most limit entries, appending to entries; returns how many. */
static int
take(StBacklog *b, StStatement *statement, int limit, StNoted *entries)
{
	Datum		values[2] = {Int64GetDatum(limit), TimestampTzGetDatum(b->now)};
	StIdentity	caller;
	int			n;

	if (limit <= 0)
		return 0;
	st_become_owner(&caller);
	st_statement_run(statement, values, NULL, SPI_OK_SELECT);
	st_become_caller(&caller);
	n = (int) SPI_processed;
	for (int i = 0; i < n; i++)
	{
		StNoted    *e = &entries[i];
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		memset(e, 0, sizeof(*e));
		e->id = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
		e->source_id = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull));
		e->again = DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
		e->attempts = DatumGetInt16(SPI_getbinval(tuple, desc, 4, &isnull));
		e->noted_at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 5, &isnull));
		e->tenant = DatumGetTextPCopy(SPI_getbinval(tuple, desc, 6, &isnull));
		e->key = DatumGetTextPCopy(SPI_getbinval(tuple, desc, 7, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
	return n;
}

static int
by_source_and_ticket(const void *pa, const void *pb)
{
	const StNoted *a = *(StNoted *const *) pa;
	const StNoted *b = *(StNoted *const *) pb;
	int			c;

	if (a->source_id != b->source_id)
		return a->source_id < b->source_id ? -1 : 1;
	c = st_backlog_compare(a, b);
	if (c != 0)
		return c;
	return a->id < b->id ? -1 : a->id > b->id;
}

static int
by_source_and_arrival(const void *pa, const void *pb)
{
	const StNoted *a = *(StNoted *const *) pa;
	const StNoted *b = *(StNoted *const *) pb;

	if (a->source_id != b->source_id)
		return a->source_id < b->source_id ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/*
 * Puts the tickets of a batch in order: by source, and within it by arrival.
 * Returns an array of the entries that stand for a ticket.
 */
static StNoted **
tickets_of(StNoted *entries, int n, int *ntickets)
{
	StNoted   **tickets = palloc(Max(n, 1) * sizeof(StNoted *));
	StNoted    *last = NULL;
	int			m = 0;

	for (int i = 0; i < n; i++)
		tickets[i] = &entries[i];
	qsort(tickets, n, sizeof(StNoted *), by_source_and_ticket);
	for (int i = 0; i < n; i++)
	{
		StNoted    *e = tickets[i];

		if (m > 0 && tickets[m - 1]->source_id == e->source_id && st_backlog_compare(tickets[m - 1], e) == 0)
		{
			last->next = e;
			tickets[m - 1]->again |= e->again;
			tickets[m - 1]->attempts = Max(tickets[m - 1]->attempts, e->attempts);
		}
		else
			tickets[m++] = e;
		last = e;
	}
	qsort(tickets, m, sizeof(StNoted *), by_source_and_arrival);
	*ntickets = m;
	return tickets;
}

/* ---- failures ---- */

/* Whether an error is the statement's or the server's, not a ticket's. */
static bool
is_everybodys(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_INSUFFICIENT_RESOURCES ||
		(category == ERRCODE_TRANSACTION_ROLLBACK && IsolationUsesXactSnapshot());
}

/* Whether it comes from others who are at work, and will pass. */
static bool
is_passing(int sqlerrcode)
{
	return ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_TRANSACTION_ROLLBACK ||
		sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

/* Something to be done in a subtransaction; returns entries removed. */
typedef int (*Deed) (StBacklog *b, StNoted **tickets, int n, const char *why);

static int
decide_deed(StBacklog *b, StNoted **tickets, int n, const char *why)
{
	return st_backlog_decide(b, tickets, n);
}

/*
 * Does something in a subtransaction.  Returns NULL, or what was wrong, in the
 * call's context.  Throws what is not the tickets' fault.
 */
static ErrorData *
attempt(StBacklog *b, Deed deed, StNoted **tickets, int n, const char *why)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext cxt = AllocSetContextCreate(b->cxt, "support_triage backlog batch", ALLOCSET_DEFAULT_SIZES);
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		int			removed = deed(b, tickets, n, why);

		ReleaseCurrentSubTransaction();
		b->removed += removed;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(b->cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (is_everybodys(error->sqlerrcode))
			ReThrowError(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	CurrentResourceOwner = owner;
	MemoryContextDelete(cxt);
	return error;
}

/* One ticket could not be decided: again later, or never. */
static void
fail(StBacklog *b, StNoted *e, ErrorData *error)
{
	Datum		values[4];
	StIdentity	caller;
	int			count;
	int			attempts = e->attempts + 1;
	int			wait;
	char	   *why = pstrdup(error->message == NULL ? "unknown error" : error->message);

	if (is_passing(error->sqlerrcode))
	{
		st_backlog_postpone(b, &e, 1);
		return;
	}
	why[pg_mbcliplen(why, strlen(why), MAX_ERROR_BYTES)] = '\0';
	if (attempts >= MAX_ATTEMPTS)
	{
		error = attempt(b, st_backlog_give_up, &e, 1, why);
		if (error == NULL)
			return;
		attempts = MAX_ATTEMPTS;
		wait = HOPELESS_SECONDS;
	}
	else
		wait = retry_after[attempts];

	values[0] = st_backlog_identities(&e, 1, &count);
	values[1] = Int16GetDatum(attempts);
	values[2] = TimestampTzGetDatum(b->now + wait * USECS_PER_SEC);
	values[3] = CStringGetTextDatum(why);
	st_become_owner(&caller);
	st_statement_run(&note_failure, values, NULL, SPI_OK_UPDATE);
	st_become_caller(&caller);
}

/* Decides tickets of one source; of those that fail at once each half, down to one. */
static void
try_tickets(StBacklog *b, StNoted **tickets, int n)
{
	ErrorData  *error;

	CHECK_FOR_INTERRUPTS();
	error = attempt(b, decide_deed, tickets, n, NULL);
	if (error == NULL)
		return;
	if (n == 1)
		fail(b, tickets[0], error);
	else
	{
		try_tickets(b, tickets, n / 2);
		try_tickets(b, tickets + n / 2, n - n / 2);
	}
	FreeErrorData(error);
}

/* Decides at most batch_size entries.  Needs SPI_connect. */
static void
decide_batch(StBacklog *b, int batch_size)
{
	StNoted    *entries = palloc(batch_size * sizeof(StNoted));
	int			due = take(b, &take_due, Max(batch_size / 2, 1), entries);
	int			fresh = take(b, &take_fresh, batch_size - due, entries + due);
	int			n;
	StNoted   **tickets = tickets_of(entries, due + fresh, &n);

	b->more = due == Max(batch_size / 2, 1) || (due + fresh == batch_size);
	for (int i = 0; i < n;)
	{
		int			end = i + 1;

		/* one that failed before is tried alone */
		if (tickets[i]->attempts == 0)
		{
			while (end < n && tickets[end]->source_id == tickets[i]->source_id && tickets[end]->attempts == 0)
				end++;
		}
		try_tickets(b, tickets + i, end - i);
		i = end;
	}
}

static void
begin_call(StBacklog *b, const char *command)
{
	PreventCommandIfReadOnly(command);
	memset(b, 0, sizeof(*b));
	b->now = st_now();
	SPI_connect();
	b->cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage backlog", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(b->cxt);
}

/* triage.decide_backlog() */
Datum
st_decide_backlog(PG_FUNCTION_ARGS)
{
	StBacklog	b;
	TimestampTz next;
	bool		any = true;

	begin_call(&b, "triage.decide_backlog()");
	decide_batch(&b, DEFAULT_BATCH);
	next = b.now;
	if (!b.more)
	{
		StIdentity	caller;
		bool		none;
		bool		isnull;
		Datum		value;

		st_become_owner(&caller);
		st_statement_run(&find_next_try, NULL, NULL, SPI_OK_SELECT);
		st_become_caller(&caller);
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &none);
		any = !none;
		if (any)
			next = DatumGetTimestampTz(value);

		/* came this very moment, or others are at it: look again soon */
		if (DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull)))
		{
			TimestampTz soon = b.now + USECS_PER_SEC;

			next = any ? Min(next, soon) : soon;
			any = true;
		}
	}
	SPI_finish();
	if (!any)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(next);
}

/* triage.decide_backlog(batch_size) */
Datum
st_decide_backlog_batch(PG_FUNCTION_ARGS)
{
	int			batch_size = PG_GETARG_INT32(0);
	StBacklog	b;

	if (batch_size < 1 || batch_size > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_size must be between 1 and %d", MAX_BATCH)));
	begin_call(&b, "triage.decide_backlog()");
	decide_batch(&b, batch_size);
	SPI_finish();
	PG_RETURN_INT64(b.removed);
}
