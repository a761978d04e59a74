/*-------------------------------------------------------------------------
 *
 * pipeline_backlog_decide.c
 *		Deferred mode: decides noted tickets of one table.
 *
 * Tickets are locked FOR SHARE before they are read, as in a backfill: who
 * changes a ticket then waits, and notes it once more afterwards.  Rows that are
 * being changed are not waited for; their tickets are tried again later.  Of a
 * ticket that is gone the note is dropped.  A ticket that has been decided
 * meanwhile, by hand or by a backfill, is left alone, unless it changed since.
 *
 * Tickets are read as the owner of their table in a security-restricted
 * operation, as VACUUM reads them: output functions of the user's types run
 * with the rights of whoever owns the table and no others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_backlog.h"

static StStatement find_tickets_table = {
	"SELECT tickets FROM triage.source WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

/* One index lookup a ticket: see find_missing of backfill. */
static StStatement find_decisions = {
	"SELECT (SELECT d.decided_at FROM triage.decision d"
	" WHERE d.tenant_id OPERATOR(pg_catalog.=) t.tenant_id AND d.source_id OPERATOR(pg_catalog.=) $1"
	" AND d.ticket_key OPERATOR(pg_catalog.=) t.ticket_key)"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) WITH ORDINALITY"
	" AS t (tenant_id, ticket_key, i) ORDER BY t.i",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}, true, NULL
};

/* st_text_compare: the order of the collation "C". */
int
st_text_compare(const text *a, const text *b)
{
	int			la = VARSIZE_ANY_EXHDR(a);
	int			lb = VARSIZE_ANY_EXHDR(b);
	int			c = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(la, lb));

	return c != 0 ? c : la - lb;
}

/* Orders tickets of a source. */
int
st_noted_compare(const StNoted *a, const StNoted *b)
{
	int			c = st_text_compare(a->key, b->key);

	return c != 0 ? c : st_text_compare(a->tenant, b->tenant);
}

static int
by_ticket(const void *pa, const void *pb)
{
	return st_noted_compare(*(StNoted *const *) pa, *(StNoted *const *) pb);
}

/* ---- reading the tickets of one table ---- */

static Datum
text_array(Datum *values, int n)
{
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
keys_of(StNoted **tickets, int n)
{
	Datum	   *keys = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
		keys[i] = PointerGetDatum(tickets[i]->key);
	return text_array(keys, n);
}

static Datum
tenants_of(StNoted **tickets, int n)
{
	Datum	   *tenants = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
		tenants[i] = PointerGetDatum(tickets[i]->tenant);
	return text_array(tenants, n);
}

/*
 * Opens the table of a source.  NULL when the source or the table is gone;
 * *held is set, and NULL returned, when somebody keeps it locked.
 */
static Relation
open_tickets(int32 source_id, bool *held)
{
	Datum		values[1] = {Int32GetDatum(source_id)};
	StIdentity	caller;
	Relation	rel;
	Oid			relid = InvalidOid;
	bool		isnull;

	*held = false;
	st_become_owner(&caller);
	st_statement_run(&find_tickets_table, values, NULL, SPI_OK_SELECT);
	st_become_caller(&caller);
	if (SPI_processed == 1)
		relid = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	if (!OidIsValid(relid))
		return NULL;
	if (!ConditionalLockRelationOid(relid, RowShareLock))
	{
		*held = true;
		return NULL;
	}
	rel = try_table_open(relid, NoLock);
	if (rel == NULL)
		UnlockRelationOid(relid, RowShareLock);
	return rel;
}

/*
 * The mapped columns that are there, for a SELECT, and in *projected the source
 * as seen through its result.
 */
static char *
target_list(const StSource *source, StSource *projected)
{
	StringInfoData target;
	AttrNumber	n = 0;

	*projected = *source;
	initStringInfo(&target);
	for (int role = 0; role < ST_NUM_ROLES; role++)
	{
		if (source->column[role].attnum == 0)
			continue;
		appendStringInfo(&target, "%s%s", n == 0 ? "" : ", ", quote_identifier(source->columns.name[role]));
		projected->column[role].attnum = ++n;
	}
	return target.data;
}

/* Finds the ticket of a key among tickets sorted by it. */
static StNoted *
find_ticket(StNoted **sorted, int n, text *tenant, text *key)
{
	StNoted		wanted;
	StNoted    *pointer = &wanted;
	StNoted   **found;

	wanted.tenant = tenant;
	wanted.key = key;
	found = bsearch(&pointer, sorted, n, sizeof(StNoted *), by_ticket);
	return found == NULL ? NULL : *found;
}

/*
 * Reads rows of the tickets in sorted and sets their row.  With lock,
 * those that nobody holds, locked; the rows are returned and stay until
 * SPI_freetuptable.
 */
static SPITupleTable *
read_tickets(StSource *source, StSource *projected, StNoted **sorted, int n, bool lock)
{
	StringInfoData sql;
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1] = {keys_of(sorted, n)};
	TupleTableSlot *slot;
	SPITupleTable *rows;
	uint64		nrows;

	for (int i = 0; i < n; i++)
		sorted[i]->row = -1;
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s FROM %s WHERE ", target_list(source, projected), st_table_name(source->tickets));
	st_key_any_condition(&sql, source->columns.name[ST_ROLE_ID], source->column[ST_ROLE_ID].typid, 1);
	if (lock)
		appendStringInfoString(&sql, " FOR SHARE SKIP LOCKED");
	if (SPI_execute_with_args(sql.data, 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read tickets");
	rows = SPI_tuptable;
	nrows = SPI_processed;

	slot = MakeSingleTupleTableSlot(rows->tupdesc, &TTSOpsHeapTuple);
	for (uint64 i = 0; i < nrows; i++)
	{
		text	   *tenant;
		text	   *key;
		StNoted    *e;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(rows->vals[i], slot, false);
		st_read_key(projected, slot, &tenant, &key);
		if (key != NULL && (e = find_ticket(sorted, n, tenant, key)) != NULL)
			e->row = (int) i;
	}
	ExecDropSingleTupleTableSlot(slot);
	return rows;
}

/* Looks which of the tickets have a decision. */
static void
look_for_decisions(int32 source_id, StNoted **tickets, int n)
{
	Datum		values[3] = {Int32GetDatum(source_id), tenants_of(tickets, n), keys_of(tickets, n)};
	StIdentity	caller;

	st_become_owner(&caller);
	st_statement_run(&find_decisions, values, NULL, SPI_OK_SELECT);
	st_become_caller(&caller);
	for (int i = 0; i < n && i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		at = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);

		tickets[i]->has_decision = !isnull;
		tickets[i]->decided_at = isnull ? 0 : DatumGetTimestampTz(at);
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Whether a ticket's decision must be replaced.  A decision from before a new
 * ticket was noted is of an earlier ticket of its key.
 */
static bool
decide_anew(const StNoted *e)
{
	return e->again || (e->has_decision && e->decided_at < e->noted_at);
}

static bool
is_answered(const StNoted *e)
{
	return !e->again && e->has_decision && e->decided_at >= e->noted_at;
}

/* ---- deciding ---- */

/* Decides those of the tickets that are to be decided anew, or the others. */
static void
decide_rows(StSource *projected, StNoted **tickets, int n, SPITupleTable *rows, bool anew, Oid owner)
{
	StReader	reader;
	StWriter   *writer;
	TupleTableSlot *slot;
	int			wanted = 0;

	for (int i = 0; i < n; i++)
		wanted += tickets[i]->row >= 0 && decide_anew(tickets[i]) == anew && !is_answered(tickets[i]);
	if (wanted == 0)
		return;

	writer = st_writer_begin(anew ? ST_WRITE_AGAIN : ST_WRITE_MISSING, "ticket changed");
	st_reader_begin(&reader, projected, writer);
	reader.again = anew;
	slot = MakeSingleTupleTableSlot(rows->tupdesc, &TTSOpsHeapTuple);
	for (int i = 0; i < n; i++)
	{
		StNoted    *e = tickets[i];
		StIdentity	caller;
		StDecided  *decided;
		MemoryContext old;
		bool		decidable;

		CHECK_FOR_INTERRUPTS();
		if (e->row < 0 || decide_anew(e) != anew || is_answered(e))
			continue;
		decided = st_writer_next(writer);
		old = MemoryContextSwitchTo(st_writer_context(writer));
		ExecStoreHeapTuple(rows->vals[e->row], slot, false);
		st_become_reader(owner, &caller);
		decidable = st_decide(&reader, slot, decided);
		st_become_caller(&caller);
		MemoryContextSwitchTo(old);
		if (decidable)
			st_writer_add(writer);
	}
	ExecDropSingleTupleTableSlot(slot);
	st_reader_end(&reader);
	(void) st_writer_end(writer);
}

/* Removes notes that ask for these tickets to be decided again. */
static void
tell_answered(int32 source_id, StNoted **tickets, int n)
{
	Datum	   *tenants = palloc(Max(n, 1) * sizeof(Datum));
	Datum	   *keys = palloc(Max(n, 1) * sizeof(Datum));
	int			m = 0;

	for (int i = 0; i < n; i++)
	{
		if (tickets[i]->row < 0 || is_answered(tickets[i]))
			continue;
		tenants[m] = PointerGetDatum(tickets[i]->tenant);
		keys[m++] = PointerGetDatum(tickets[i]->key);
	}
	st_backlog_answered(source_id, tenants, keys, m);
}

static void
set_fate(StNoted **tickets, int n, StNotedFate fate)
{
	for (int i = 0; i < n; i++)
		tickets[i]->fate = fate;
}

/* Of tickets that could not be locked: those that are there are held. */
static void
look_for_held(StSource *source, Oid owner, StNoted **tickets, int n)
{
	StSource	projected;
	StIdentity	caller;

	if (n == 0)
		return;
	qsort(tickets, n, sizeof(StNoted *), by_ticket);
	st_become_reader(owner, &caller);
	SPI_freetuptable(read_tickets(source, &projected, tickets, n, false));
	st_become_caller(&caller);
	for (int i = 0; i < n; i++)
	{
		if (tickets[i]->row >= 0)
			tickets[i]->fate = ST_NOTED_HELD;
	}
}

/*
 * st_noted_decide
 *		Decides tickets of one source and sets their fate: done or held.  Throws
 *		whatever goes wrong.  Needs SPI_connect.
 */
void
st_noted_decide(StNoted **tickets, int n)
{
	int32		source_id = tickets[0]->source_id;
	bool		held;
	Relation	rel = open_tickets(source_id, &held);
	StNoted   **sorted;
	StSource   *source;
	StSource	projected;
	SPITupleTable *rows;
	StIdentity	caller;
	int			nmissing = 0;

	set_fate(tickets, n, held ? ST_NOTED_HELD : ST_NOTED_DONE);
	source = rel == NULL ? NULL : st_source_for(source_id, rel);
	if (source == NULL)
	{
		/* held, or there is no such table any more and its tickets are gone */
		if (rel != NULL)
			table_close(rel, NoLock);
		return;
	}
	if (source->key_broken)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s", source->broken)));

	sorted = palloc(n * sizeof(StNoted *));
	memcpy(sorted, tickets, n * sizeof(StNoted *));
	qsort(sorted, n, sizeof(StNoted *), by_ticket);

	st_disturbances++;
	st_become_reader(rel->rd_rel->relowner, &caller);
	rows = read_tickets(source, &projected, sorted, n, true);
	st_become_caller(&caller);

	/* out-of-line values need a snapshot, and so does taking rows back */
	PushActiveSnapshot(GetTransactionSnapshot());
	look_for_decisions(source_id, tickets, n);
	decide_rows(&projected, tickets, n, rows, false, rel->rd_rel->relowner);
	decide_rows(&projected, tickets, n, rows, true, rel->rd_rel->relowner);
	tell_answered(source_id, tickets, n);
	PopActiveSnapshot();
	SPI_freetuptable(rows);

	for (int i = 0; i < n; i++)
	{
		if (tickets[i]->row < 0)
			sorted[nmissing++] = tickets[i];
	}
	look_for_held(source, rel->rd_rel->relowner, sorted, nmissing);
	table_close(rel, NoLock);
}

/*
 * st_noted_give_up
 *		Decides a ticket with outcome failed.
 */
void
st_noted_give_up(StNoted *ticket, const char *why)
{
	StWriter   *writer;
	StDecided  *decided;
	MemoryContext old;

	look_for_decisions(ticket->source_id, &ticket, 1);
	writer = st_writer_begin(decide_anew(ticket) ? ST_WRITE_AGAIN : ST_WRITE_MISSING, "ticket changed");
	decided = st_writer_next(writer);
	old = MemoryContextSwitchTo(st_writer_context(writer));
	st_facts_clear(&decided->facts);
	memset(&decided->trace, 0, sizeof(decided->trace));
	decided->facts.source_id = ticket->source_id;
	decided->facts.tenant_id = ticket->tenant;
	decided->facts.ticket_key = ticket->key;
	decided->facts.failure = psprintf("given up after %d attempts: %s", ticket->attempts + 1, why);
	st_routing_decide(st_routing_current(), &decided->facts, &decided->decision);
	MemoryContextSwitchTo(old);
	st_writer_add(writer);
	(void) st_writer_end(writer);
	ticket->fate = ST_NOTED_DONE;
}
