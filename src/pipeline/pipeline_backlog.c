/*-------------------------------------------------------------------------
 *
 * pipeline_backlog.c
 *		Deferred mode, the trigger's half: a ticket is noted in triage.backlog
 *		and decided later (pipeline_backlog_decide.c).
 *
 * What is noted is the key and nothing of the text: the ticket is read when it
 * is decided, as it is then.  Entries are written straight into heap and
 * indexes some hundreds at a time where that is safe, else by SPI as the owner
 * of schema triage.
 *
 * Their identities grow with time: the sequence goes up by BATCH_ROWS, so that
 * one call of nextval serves a batch, and within it they are counted.
 *
 * An entry is of a new ticket, or of one that must be decided again.  Only the
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

/* Also the increment of the sequence. */
#define BATCH_ROWS	500

/* The columns of triage.backlog. */
enum
{
	COL_BACKLOG_ID,
	COL_NOTED_AT,
	COL_NEXT_TRY,
	COL_SOURCE_ID,
	COL_ATTEMPTS,
	COL_AGAIN,
	COL_TENANT_ID,
	COL_TICKET_KEY,
	COL_ERROR,
	NUM_COLUMNS
};

static const char *const backlog_columns[NUM_COLUMNS] = {
	"backlog_id", "noted_at", "next_try", "source_id", "attempts", "again",
	"tenant_id", "ticket_key", "error"
};

static StOwnTable target = {
	"backlog", backlog_columns, NUM_COLUMNS, NULL
};

static StStatement insert_entry = {
	"INSERT INTO triage.backlog (noted_at, source_id, attempts, again, tenant_id, ticket_key)"
	" VALUES ($1, $2, 0, $3, $4, $5)",
	5, {TIMESTAMPTZOID, INT4OID, BOOLOID, TEXTOID, TEXTOID}, false, NULL
};

static StStatement find_decision = {
	"SELECT FROM triage.decision WHERE tenant_id OPERATOR(pg_catalog.=) $1"
	" AND source_id OPERATOR(pg_catalog.=) $2 AND ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement forget_source = {
	"DELETE FROM triage.backlog WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, true, NULL
};

/* What others have locked is left to them. */
static StStatement forget_answered = {
	"DELETE FROM triage.backlog WHERE backlog_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	"SELECT o.backlog_id FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (tenant_id, ticket_key),"
	" LATERAL (SELECT b.backlog_id FROM triage.backlog b WHERE b.again"
	" AND b.source_id OPERATOR(pg_catalog.=) $1 AND b.ticket_key OPERATOR(pg_catalog.=) t.ticket_key"
	" AND b.tenant_id OPERATOR(pg_catalog.=) t.tenant_id FOR UPDATE SKIP LOCKED) AS o))",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}, true, NULL
};

struct StNoter
{
	StSource   *source;
	bool		again;
	TimestampTz now;
	MemoryContext cxt;			/* the noter's own */
	MemoryContext batch_cxt;	/* keys of a batch */
	Relation	rel;			/* NULL until the first ticket */
	bool		direct;			/* past the executor */
	StInserter	inserter;
	int			n;				/* entries gathered */
	int64		first_id;		/* of the batch */
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
		st_inserter_begin(&noter->inserter, noter->rel, BATCH_ROWS);
	MemoryContextSwitchTo(old);
}

/* One entry by SPI, as the owner. */
static void
note_by_spi(const StNoter *noter, text *tenant, text *key)
{
	Datum		values[5];
	StIdentity	caller;

	values[0] = TimestampTzGetDatum(noter->now);
	values[1] = Int32GetDatum(noter->source->source_id);
	values[2] = BoolGetDatum(noter->again);
	values[3] = PointerGetDatum(tenant);
	values[4] = PointerGetDatum(key);
	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	st_statement_run(&insert_entry, values, NULL, SPI_OK_INSERT);
	SPI_finish();
	st_become_caller(&caller);
}

static void
flush(StNoter *noter)
{
	int			nconflicts;

	if (noter->n == 0)
		return;
	(void) st_inserter_write(&noter->inserter, noter->n, &nconflicts);
	if (nconflicts > 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("triage.backlog has entries that its sequence has not given out yet"),
				 errhint("Set the sequence triage.backlog_backlog_id_seq beyond the greatest backlog_id.")));
	st_inserter_clear(&noter->inserter, noter->n);
	MemoryContextReset(noter->batch_cxt);
	noter->n = 0;
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
	TupleTableSlot *slot;
	text	   *tenant;
	text	   *key;

	st_read_key(noter->source, ticket, &tenant, &key);
	if (!st_key_is_usable(noter->source, tenant, key))
	{
		MemoryContextSwitchTo(old);
		return;
	}
	noter->any = true;
	if (noter->rel == NULL)
		open_target(noter);
	if (!noter->direct)
	{
		note_by_spi(noter, tenant, key);
		MemoryContextSwitchTo(old);
		MemoryContextReset(noter->batch_cxt);
		return;
	}

	if (noter->n == 0)
		noter->first_id = nextval_internal(st_relation_oid("backlog_backlog_id_seq", false), false);
	slot = st_inserter_slot(&noter->inserter, noter->n);
#define SET(column, datum) \
	(slot->tts_values[target.attnum[column] - 1] = (datum), slot->tts_isnull[target.attnum[column] - 1] = false)
	SET(COL_BACKLOG_ID, Int64GetDatum(noter->first_id + noter->n));
	SET(COL_NOTED_AT, TimestampTzGetDatum(noter->now));
	SET(COL_SOURCE_ID, Int32GetDatum(noter->source->source_id));
	SET(COL_ATTEMPTS, Int16GetDatum(0));
	SET(COL_AGAIN, BoolGetDatum(noter->again));
	SET(COL_TENANT_ID, PointerGetDatum(tenant));
	SET(COL_TICKET_KEY, PointerGetDatum(key));
#undef SET
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(old);
	if (++noter->n == BATCH_ROWS)
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

/* Removes the entries of a source. */
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
 *		Removes the committed entries that ask for tickets to be decided again:
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
