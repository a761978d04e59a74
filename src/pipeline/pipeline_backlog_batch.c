/*-------------------------------------------------------------------------
 *
 * pipeline_backlog_batch.c
 *		Deferred mode, the worker's half: triage.decide_backlog decides what
 *		was noted, a batch a call.
 *
 * A call takes notes in the order of arrival, locked so that others who call at
 * the same time take other notes (SKIP LOCKED), and decides their tickets in the
 * caller's transaction: notes are gone and decisions there together.
 *
 * The tickets of a table are decided in a subtransaction.  When it fails, it is
 * tried with each half, down to the one ticket that is to blame; that is tried
 * again alone, later and at most MAX_ATTEMPTS times, and then decided with
 * outcome failed.  Nobody who writes tickets can stop those behind them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_backlog.h"

#define DEFAULT_BATCH		500
#define MAX_BATCH			10000
#define MAX_ATTEMPTS		5
#define MAX_ERROR_BYTES		1000

/* Seconds until the next attempt, by how many there were. */
static const int retry_after[MAX_ATTEMPTS] = {0, 5, 30, 120, 600};

/* A row that somebody holds is tried again after so many seconds, or a quarter of its age. */
#define HELD_MIN_SECONDS	1
#define HELD_MAX_SECONDS	60

/* What cannot even be decided as failed: after so many seconds. */
#define HOPELESS_SECONDS	3600

PG_FUNCTION_INFO_V1(st_decide_backlog);
PG_FUNCTION_INFO_V1(st_decide_backlog_batch);

#define NOTE_COLUMNS "note_id, source_id, again, attempts, noted_at, tenant_id, ticket_keys"

static StStatement take_fresh = {
	"SELECT " NOTE_COLUMNS " FROM triage.backlog_note WHERE next_try IS NULL"
	" ORDER BY note_id FOR UPDATE SKIP LOCKED",
	0, {0}, true, NULL
};

static StStatement take_due = {
	"SELECT " NOTE_COLUMNS " FROM triage.backlog_note WHERE next_try OPERATOR(pg_catalog.<=) $1"
	" ORDER BY next_try FOR UPDATE SKIP LOCKED",
	1, {TIMESTAMPTZOID}, true, NULL
};

static StStatement delete_notes = {
	"DELETE FROM triage.backlog_note WHERE note_id OPERATOR(pg_catalog.=) ANY ($1)",
	1, {INT8ARRAYOID}, true, NULL
};

static StStatement put_back = {
	"INSERT INTO triage.backlog_note"
	" (noted_at, next_try, source_id, attempts, again, tenant_id, ticket_keys, error)"
	" VALUES ($1, $2, $3, $4, $5, $6, ARRAY[$7], $8)",
	8, {TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, INT2OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

static StStatement find_next_try = {
	"SELECT (SELECT pg_catalog.min(next_try) FROM triage.backlog_note WHERE next_try IS NOT NULL),"
	" EXISTS (SELECT FROM triage.backlog_note WHERE next_try IS NULL)",
	0, {0}, true, NULL
};

/* One call. */
typedef struct Batch
{
	MemoryContext cxt;			/* lives as long as the call */
	TimestampTz now;
	bool		full;			/* there may be more to do at once */
	int			nnotes;
	int			max_notes;
	Datum	   *note_ids;
	int			ntickets;
	int			max_tickets;
	StNoted   **tickets;
} Batch;

/* ---- notes ---- */

/* Adds the tickets of a note. */
static void
add_note(Batch *b, HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	int32		source_id = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull));
	bool		again = DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
	int16		attempts = DatumGetInt16(SPI_getbinval(tuple, desc, 4, &isnull));
	TimestampTz noted_at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 5, &isnull));
	text	   *tenant = DatumGetTextPCopy(SPI_getbinval(tuple, desc, 6, &isnull));
	Datum	   *keys;
	bool	   *nulls;
	int			n;

	if (b->nnotes == b->max_notes)
	{
		b->max_notes *= 2;
		b->note_ids = repalloc(b->note_ids, b->max_notes * sizeof(Datum));
	}
	b->note_ids[b->nnotes++] = SPI_getbinval(tuple, desc, 1, &isnull);

	deconstruct_array(DatumGetArrayTypePCopy(SPI_getbinval(tuple, desc, 7, &isnull)),
					  TEXTOID, -1, false, TYPALIGN_INT, &keys, &nulls, &n);
	while (b->ntickets + n > b->max_tickets)
	{
		b->max_tickets *= 2;
		b->tickets = repalloc(b->tickets, b->max_tickets * sizeof(StNoted *));
	}
	for (int i = 0; i < n; i++)
	{
		StNoted    *ticket;

		if (nulls[i])
			continue;
		ticket = palloc0(sizeof(StNoted));
		ticket->position = b->ntickets;
		ticket->source_id = source_id;
		ticket->again = again;
		ticket->attempts = attempts;
		ticket->noted_at = noted_at;
		ticket->tenant = tenant;
		ticket->key = DatumGetTextPP(keys[i]);
		ticket->notes = 1;
		b->tickets[b->ntickets++] = ticket;
	}
}

/*
 * Takes and locks notes until there are limit tickets.  Returns whether there
 * may be more notes.
 */
static bool
take(Batch *b, StStatement *statement, int limit)
{
	Datum		values[1] = {TimestampTzGetDatum(b->now)};
	StIdentity	caller;
	Portal		portal;
	bool		more = true;

	st_become_owner(&caller);
	portal = st_statement_open(statement, values, NULL);
	while (b->ntickets < limit && more)
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, 1);
		more = SPI_processed == 1;
		if (more)
			add_note(b, SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	st_become_caller(&caller);
	return more;
}

static int
by_source_and_ticket(const void *pa, const void *pb)
{
	const StNoted *a = *(StNoted *const *) pa;
	const StNoted *b = *(StNoted *const *) pb;
	int			c;

	if (a->source_id != b->source_id)
		return a->source_id < b->source_id ? -1 : 1;
	c = st_noted_compare(a, b);
	if (c != 0)
		return c;
	return a->position < b->position ? -1 : a->position > b->position;
}

static int
by_source_and_arrival(const void *pa, const void *pb)
{
	const StNoted *a = *(StNoted *const *) pa;
	const StNoted *b = *(StNoted *const *) pb;

	if (a->source_id != b->source_id)
		return a->source_id < b->source_id ? -1 : 1;
	return a->position < b->position ? -1 : a->position > b->position;
}

/*
 * Puts the tickets in order, by source and within it by arrival, and lets one
 * stand for all notes of the same ticket.
 */
static void
arrange(Batch *b)
{
	StNoted   **tickets = b->tickets;
	int			n = 0;

	qsort(tickets, b->ntickets, sizeof(StNoted *), by_source_and_ticket);
	for (int i = 0; i < b->ntickets; i++)
	{
		StNoted    *ticket = tickets[i];
		StNoted    *last = n == 0 ? NULL : tickets[n - 1];

		if (last != NULL && last->source_id == ticket->source_id && st_noted_compare(last, ticket) == 0)
		{
			last->again |= ticket->again;
			last->attempts = Max(last->attempts, ticket->attempts);
			last->noted_at = Max(last->noted_at, ticket->noted_at);
			last->notes++;
		}
		else
			tickets[n++] = ticket;
	}
	b->ntickets = n;
	qsort(tickets, n, sizeof(StNoted *), by_source_and_arrival);
}

/* Notes a ticket once more, for later. */
static void
note_again(const StNoted *ticket)
{
	Datum		values[8];
	char		nulls[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};

	values[0] = TimestampTzGetDatum(ticket->noted_at);
	values[1] = TimestampTzGetDatum(ticket->next_try);
	values[2] = Int32GetDatum(ticket->source_id);
	values[3] = Int16GetDatum(ticket->attempts);
	values[4] = BoolGetDatum(ticket->again);
	values[5] = PointerGetDatum(ticket->tenant);
	values[6] = PointerGetDatum(ticket->key);
	values[7] = (Datum) 0;
	if (ticket->error != NULL)
		values[7] = CStringGetTextDatum(ticket->error);
	else
		nulls[7] = 'n';
	st_statement_run(&put_back, values, nulls, SPI_OK_INSERT);
}

/*
 * Removes the notes that were taken, and notes anew what is to be tried again.
 * Returns how many tickets were dealt with, each as often as it was noted.
 */
static int64
settle(Batch *b)
{
	Datum		values[1];
	StIdentity	caller;
	int64		done = 0;

	if (b->nnotes == 0)
		return 0;
	values[0] = PointerGetDatum(construct_array(b->note_ids, b->nnotes, INT8OID, sizeof(int64),
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	st_become_owner(&caller);
	st_statement_run(&delete_notes, values, NULL, SPI_OK_DELETE);
	for (int i = 0; i < b->ntickets; i++)
	{
		StNoted    *ticket = b->tickets[i];

		if (ticket->fate == ST_NOTED_DONE)
		{
			done += ticket->notes;
			continue;
		}
		if (ticket->fate == ST_NOTED_HELD)
		{
			int64		wait = (b->now - ticket->noted_at) / 4;

			wait = Max(wait, HELD_MIN_SECONDS * USECS_PER_SEC);
			ticket->next_try = b->now + Min(wait, HELD_MAX_SECONDS * USECS_PER_SEC);
		}
		note_again(ticket);
	}
	st_become_caller(&caller);
	return done;
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

/*
 * Decides tickets of one source in a subtransaction; with why, decides the one
 * that there is as failed.  Returns NULL, or what was wrong, in the call's
 * context.  Throws what is not the tickets' fault.
 */
static ErrorData *
attempt(Batch *b, StNoted **tickets, int n, const char *why)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext cxt = AllocSetContextCreate(b->cxt, "support_triage noted tickets", ALLOCSET_DEFAULT_SIZES);
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		if (why == NULL)
			st_noted_decide(tickets, n);
		else
			st_noted_give_up(tickets[0], why);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(b->cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	CurrentResourceOwner = owner;
	MemoryContextDelete(cxt);
	if (error != NULL && is_everybodys(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/* One ticket could not be decided: again later, or never. */
static void
fail(Batch *b, StNoted *ticket, const ErrorData *error)
{
	char	   *why;
	int			wait;

	if (is_passing(error->sqlerrcode))
	{
		ticket->fate = ST_NOTED_HELD;
		return;
	}
	why = pstrdup(error->message == NULL ? "unknown error" : error->message);
	why[pg_mbcliplen(why, strlen(why), MAX_ERROR_BYTES)] = '\0';
	if (ticket->attempts + 1 < MAX_ATTEMPTS)
		wait = retry_after[++ticket->attempts];
	else if (attempt(b, &ticket, 1, why) == NULL)
		return;
	else
	{
		ticket->attempts = MAX_ATTEMPTS;
		wait = HOPELESS_SECONDS;
	}
	ticket->fate = ST_NOTED_FAILED;
	ticket->next_try = b->now + wait * USECS_PER_SEC;
	ticket->error = why;
}

/* Decides tickets of one source; when that fails, each half, down to one. */
static void
try_tickets(Batch *b, StNoted **tickets, int n)
{
	ErrorData  *error;

	CHECK_FOR_INTERRUPTS();
	error = attempt(b, tickets, n, NULL);
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

/*
 * Decides about batch_size tickets; returns how many were dealt with.  Needs
 * SPI_connect.
 */
static int64
decide_batch(Batch *b, int batch_size)
{
	MemoryContext old = CurrentMemoryContext;
	int64		done;

	PreventCommandIfReadOnly("triage.decide_backlog()");
	memset(b, 0, sizeof(*b));
	b->now = st_now();
	b->cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage backlog", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(b->cxt);
	b->max_notes = 16;
	b->note_ids = palloc(b->max_notes * sizeof(Datum));
	b->max_tickets = 128;
	b->tickets = palloc(b->max_tickets * sizeof(StNoted *));

	/* what failed before must not keep new tickets waiting */
	b->full = take(b, &take_due, Max(batch_size / 2, 1));
	b->full |= take(b, &take_fresh, batch_size);
	arrange(b);

	for (int i = 0; i < b->ntickets;)
	{
		StNoted   **tickets = b->tickets + i;
		int			n = 1;

		/* one that failed before is tried alone */
		if (tickets[0]->attempts == 0)
		{
			while (i + n < b->ntickets && tickets[n]->source_id == tickets[0]->source_id &&
				   tickets[n]->attempts == 0)
				n++;
		}
		try_tickets(b, tickets, n);
		i += n;
	}
	done = settle(b);
	st_thread_catch_up();
	MemoryContextSwitchTo(old);
	return done;
}

/* triage.decide_backlog() */
Datum
st_decide_backlog(PG_FUNCTION_ARGS)
{
	Batch		b;
	TimestampTz next;
	bool		any = true;

	SPI_connect();
	(void) decide_batch(&b, DEFAULT_BATCH);
	next = b.now;
	if (!b.full)
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
	Batch		b;
	int64		done;

	if (batch_size < 1 || batch_size > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_size must be between 1 and %d", MAX_BATCH)));
	SPI_connect();
	done = decide_batch(&b, batch_size);
	SPI_finish();
	PG_RETURN_INT64(done);
}
