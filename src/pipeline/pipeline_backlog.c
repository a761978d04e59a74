/*-------------------------------------------------------------------------
 *
 * pipeline_backlog.c
 *		Deferred mode, the trigger's half: a ticket is noted in triage.backlog
 *		and decided later (pipeline_backlog_decide.c).
 *
 * What is noted is the key and nothing of the text: the ticket is read when it
 * is decided, as it is then.  The tickets of a statement share rows of the table
 * (triage.backlog_note), NOTE_KEYS of one tenant in each: so a bulk load writes
 * a hundredth of the rows and index entries.  Rows are written straight into
 * heap and indexes where that is safe, else by SPI as the owner of schema triage.
 *
 * Their identities grow with time: the sequence goes up by GATHERED, so that one
 * call of nextval serves all that is gathered, and within it they are counted.
 *
 * A note is of new tickets, or of one that must be decided again.  Only the
 * latter are in an index by key: whoever has locked a ticket and read it as it
 * is now has answered all of them that are committed (st_backlog_answered).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* So many tickets are gathered; also the increment of the sequence. */
#define GATHERED	500

/* A note has at most so many tickets, and grows no more beyond so many bytes. */
#define NOTE_KEYS	100
#define NOTE_BYTES	1500

/* The columns of triage.backlog_note. */
enum
{
	COL_NOTE_ID,
	COL_NOTED_AT,
	COL_NEXT_TRY,
	COL_SOURCE_ID,
	COL_ATTEMPTS,
	COL_AGAIN,
	COL_TENANT_ID,
	COL_TICKET_KEYS,
	COL_ERROR,
	NUM_COLUMNS
};

static const char *const backlog_columns[NUM_COLUMNS] = {
	"note_id", "noted_at", "next_try", "source_id", "attempts", "again",
	"tenant_id", "ticket_keys", "error"
};

static StOwnTable target = {
	"backlog_note", backlog_columns, NUM_COLUMNS, NULL
};

static StStatement insert_note = {
	"INSERT INTO triage.backlog_note (noted_at, source_id, attempts, again, tenant_id, ticket_keys)"
	" VALUES ($1, $2, 0, $3, $4, $5)",
	5, {TIMESTAMPTZOID, INT4OID, BOOLOID, TEXTOID, TEXTARRAYOID}, false, NULL
};

static StStatement find_decision = {
	"SELECT FROM triage.decision WHERE tenant_id OPERATOR(pg_catalog.=) $1"
	" AND source_id OPERATOR(pg_catalog.=) $2 AND ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement forget_source = {
	"WITH early AS (DELETE FROM triage.early_message WHERE source_id OPERATOR(pg_catalog.=) $1)"
	" DELETE FROM triage.backlog_note WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, true, NULL
};

/* What others have locked is left to them. */
static StStatement forget_answered = {
	"DELETE FROM triage.backlog_note WHERE note_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	"SELECT o.note_id FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (tenant_id, ticket_key),"
	" LATERAL (SELECT b.note_id FROM triage.backlog_note b WHERE b.again"
	" AND b.source_id OPERATOR(pg_catalog.=) $1 AND b.ticket_keys[1] OPERATOR(pg_catalog.=) t.ticket_key"
	" AND b.tenant_id OPERATOR(pg_catalog.=) t.tenant_id FOR UPDATE SKIP LOCKED) AS o))",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}, true, NULL
};

/* A ticket that is gathered. */
typedef struct Gathered
{
	text	   *tenant;
	text	   *key;
	int			position;
} Gathered;

struct StNoter
{
	StSource   *source;
	bool		again;
	bool		by_tenant;		/* tickets have tenants */
	TimestampTz now;
	MemoryContext cxt;			/* the noter's own */
	MemoryContext batch_cxt;	/* what the gathered tickets point to */
	Relation	rel;			/* NULL until the first ticket */
	bool		direct;			/* past the executor */
	StInserter	inserter;
	int			n;				/* tickets gathered */
	int			allocated;
	Gathered   *tickets;
	bool		any;
};

void
st_backlog_init(void)
{
	st_own_table_init(&target);
}

/*
 * st_noter_begin
 *		Makes ready to note tickets of a source, new ones or such as are to be
 *		decided again.  Palloc'd in the current context, where all of it lives.
 */
StNoter *
st_noter_begin(StSource *source, bool again)
{
	StNoter    *noter = palloc0(sizeof(StNoter));

	noter->source = source;
	noter->again = again;
	noter->by_tenant = source->column[ST_ROLE_TENANT].attnum != 0;
	noter->now = st_now();
	noter->cxt = CurrentMemoryContext;
	noter->batch_cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage noted tickets",
											 ALLOCSET_DEFAULT_SIZES);
	return noter;
}

static void
open_target(StNoter *noter)
{
	MemoryContext old = MemoryContextSwitchTo(noter->cxt);

	noter->rel = st_own_table_open(&target, RowExclusiveLock);
	noter->direct = target.direct;
	if (noter->direct)
		st_inserter_begin(&noter->inserter, noter->rel, GATHERED);
	MemoryContextSwitchTo(old);
}

/* A note by SPI, as the owner. */
static void
note_by_spi(const StNoter *noter, text *tenant, Datum keys)
{
	Datum		values[5];
	StIdentity	caller;

	values[0] = TimestampTzGetDatum(noter->now);
	values[1] = Int32GetDatum(noter->source->source_id);
	values[2] = BoolGetDatum(noter->again);
	values[3] = PointerGetDatum(tenant);
	values[4] = keys;
	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	st_statement_run(&insert_note, values, NULL, SPI_OK_INSERT);
	SPI_finish();
	st_become_caller(&caller);
}

/* Tickets of one tenant stay in the order in which they came. */
static int
by_tenant(const void *pa, const void *pb)
{
	const Gathered *a = pa;
	const Gathered *b = pb;
	int			la = VARSIZE_ANY_EXHDR(a->tenant);
	int			lb = VARSIZE_ANY_EXHDR(b->tenant);
	int			c = memcmp(VARDATA_ANY(a->tenant), VARDATA_ANY(b->tenant), Min(la, lb));

	if (c != 0)
		return c;
	return la != lb ? la - lb : a->position - b->position;
}

/* Puts a note into the next slot. */
static void
fill_slot(StNoter *noter, int i, int64 id, text *tenant, Datum keys)
{
	TupleTableSlot *slot = st_inserter_slot(&noter->inserter, i);

#define SET(column, datum) \
	(slot->tts_values[target.attnum[column] - 1] = (datum), slot->tts_isnull[target.attnum[column] - 1] = false)
	SET(COL_NOTE_ID, Int64GetDatum(id));
	SET(COL_NOTED_AT, TimestampTzGetDatum(noter->now));
	SET(COL_SOURCE_ID, Int32GetDatum(noter->source->source_id));
	SET(COL_ATTEMPTS, Int16GetDatum(0));
	SET(COL_AGAIN, BoolGetDatum(noter->again));
	SET(COL_TENANT_ID, PointerGetDatum(tenant));
	SET(COL_TICKET_KEYS, keys);
#undef SET
	ExecStoreVirtualTuple(slot);
}

/* Writes what was gathered. */
static void
flush(StNoter *noter)
{
	MemoryContext old = MemoryContextSwitchTo(noter->batch_cxt);
	Datum		keys[NOTE_KEYS];
	int64		first_id = 0;
	int			nnotes = 0;
	int			nconflicts = 0;

	if (noter->n > 0 && noter->rel == NULL)
		open_target(noter);
	if (noter->n > 0 && noter->direct)
		first_id = nextval_internal(st_relation_oid("backlog_note_note_id_seq", false), false);
	if (noter->by_tenant && noter->n > 1)
		qsort(noter->tickets, noter->n, sizeof(Gathered), by_tenant);

	for (int i = 0; i < noter->n;)
	{
		text	   *tenant = noter->tickets[i].tenant;
		Size		bytes = 0;
		Datum		array;
		int			n = 0;

		do
		{
			keys[n++] = PointerGetDatum(noter->tickets[i].key);
			bytes += VARSIZE_ANY(noter->tickets[i].key);
			i++;
		} while (n < NOTE_KEYS && bytes < NOTE_BYTES && i < noter->n &&
				 (!noter->by_tenant || st_same_text(tenant, noter->tickets[i].tenant)));
		array = PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));
		if (noter->direct)
		{
			fill_slot(noter, nnotes, first_id + nnotes, tenant, array);
			nnotes++;
		}
		else
			note_by_spi(noter, tenant, array);
	}
	if (nnotes > 0)
	{
		(void) st_inserter_write(&noter->inserter, nnotes, &nconflicts);
		if (nconflicts > 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNIQUE_VIOLATION),
					 errmsg("triage.backlog_note has notes that its sequence has not given out yet"),
					 errhint("Set the sequence triage.backlog_note_note_id_seq beyond the greatest note_id.")));
		st_inserter_clear(&noter->inserter, nnotes);
	}
	noter->n = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(noter->batch_cxt);
}

/*
 * st_noter_add
 *		Notes the ticket in a slot.  One that cannot be named is left out, with
 *		a warning.
 */
void
st_noter_add(StNoter *noter, TupleTableSlot *ticket)
{
	MemoryContext old = MemoryContextSwitchTo(noter->batch_cxt);
	Gathered   *g;

	if (noter->n == noter->allocated)
	{
		noter->allocated = noter->allocated == 0 ? 1 : GATHERED;
		noter->tickets = noter->tickets == NULL ?
			MemoryContextAlloc(noter->cxt, noter->allocated * sizeof(Gathered)) :
			repalloc(noter->tickets, noter->allocated * sizeof(Gathered));
	}
	g = &noter->tickets[noter->n];
	st_read_key(noter->source, ticket, &g->tenant, &g->key);
	g->position = noter->n;
	MemoryContextSwitchTo(old);
	if (!st_key_is_usable(noter->source, g->tenant, g->key))
		return;
	noter->any = true;
	if (++noter->n == GATHERED)
		flush(noter);
}

/* Writes what is left, closes the table and tells the worker. */
void
st_noter_end(StNoter *noter)
{
	flush(noter);
	if (noter->direct)
		st_inserter_end(&noter->inserter);
	if (noter->rel != NULL)
		table_close(noter->rel, NoLock);
	MemoryContextDelete(noter->batch_cxt);
	if (noter->any)
		st_wake_worker();
}

/* Notes one ticket. */
void
st_note_ticket(StSource *source, TupleTableSlot *ticket, bool again)
{
	StNoter    *noter = st_noter_begin(source, again);

	st_noter_add(noter, ticket);
	st_noter_end(noter);
}

/*
 * st_ticket_has_decision
 *		Whether the ticket in a slot has a decision: a row that an UPDATE moves
 *		to another partition is inserted there and has one.
 */
bool
st_ticket_has_decision(StSource *source, TupleTableSlot *ticket)
{
	text	   *tenant;
	text	   *key;
	Datum		values[3];
	StIdentity	caller;
	bool		found;

	st_read_key(source, ticket, &tenant, &key);
	if (key == NULL)
		return false;
	values[0] = PointerGetDatum(tenant);
	values[1] = Int32GetDatum(source->source_id);
	values[2] = PointerGetDatum(key);
	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	st_statement_run(&find_decision, values, NULL, SPI_OK_SELECT);
	found = SPI_processed > 0;
	SPI_finish();
	st_become_caller(&caller);
	return found;
}

/* Removes the notes of a source, and what was written to tickets that wait. */
void
st_backlog_forget_source(int32 source_id)
{
	Datum		values[1] = {Int32GetDatum(source_id)};
	StIdentity	caller;

	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	st_statement_run(&forget_source, values, NULL, SPI_OK_DELETE);
	SPI_finish();
	st_become_caller(&caller);
}

/*
 * st_backlog_answered
 *		Removes the committed notes that ask for tickets to be decided again:
 *		the caller has locked their rows against changes and has decided them as
 *		they are now.
 */
void
st_backlog_answered(int32 source_id, Datum *tenants, Datum *keys, int n)
{
	Datum		values[3];
	StIdentity	caller;

	if (n == 0)
		return;
	values[0] = Int32GetDatum(source_id);
	values[1] = PointerGetDatum(construct_array(tenants, n, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));
	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	st_statement_run(&forget_answered, values, NULL, SPI_OK_DELETE);
	SPI_finish();
	st_become_caller(&caller);
}
