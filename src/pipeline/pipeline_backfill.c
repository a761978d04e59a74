/*-------------------------------------------------------------------------
 *
 * pipeline_backfill.c
 *		CALL triage.backfill: decides the tickets that have no decision, or a
 *		failed one (pipeline_retry.c).
 *
 * Walks the table in the order of its key, a batch a transaction, so that it
 * can be cancelled at any moment and called again: what is decided is passed
 * over.  A batch is three queries: the next keys, which of them have no
 * decision or a failed one, and those rows.
 *
 * The rows are locked FOR SHARE before they are read: whoever changes a ticket
 * then waits for the batch, and decides it again afterwards.  Rows that are
 * being changed are not waited for while others are held, because their
 * triggers may want a decision that this batch has written: they are skipped,
 * and decided one a transaction at the end.  Inside a transaction block, where
 * everything stays locked, they are left out and counted in a notice.
 *
 * Tickets are read as the caller, who needs SELECT and UPDATE on the table;
 * decisions are looked up and written as the owner of schema triage.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

#define MAX_BATCH_SIZE	10000

PG_FUNCTION_INFO_V1(st_backfill);

/*
 * One index lookup a key, planned by the table's present size: an anti-join
 * would be planned by statistics that a young table does not have.
 */
static StStatement find_missing = {
	"SELECT f.ticket_key, f.failed FROM (SELECT t.ticket_key,"
	" (SELECT d.outcome OPERATOR(pg_catalog.=) 'failed'::triage.outcome FROM triage.decision d"
	" WHERE d.tenant_id OPERATOR(pg_catalog.=) t.tenant_id AND d.source_id OPERATOR(pg_catalog.=) $1"
	" AND d.ticket_key OPERATOR(pg_catalog.=) t.ticket_key) AS failed"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (tenant_id, ticket_key) OFFSET 0) f"
	" WHERE f.failed IS NOT FALSE",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}, true, NULL
};

typedef struct Backfill
{
	Oid			tickets;
	int			batch_size;
	bool		escalate;
	bool		atomic;			/* inside a transaction block: no commits */
	MemoryContext cxt;			/* lives as long as the call */
	text	   *after;			/* the last key that was passed; NULL: none */
	List	   *skipped;		/* keys (text) whose rows were locked */
	int64		decided;
	int64		failed;
	int64		failed_again;
} Backfill;

/* Keys and tenants of a batch, as text. */
typedef struct Keys
{
	int			n;
	Datum	   *keys;
	Datum	   *tenants;
} Keys;

static Datum
array_of(Datum *values, int n)
{
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Reads the next keys, at most limit.  Where a key is unique only with its
 * tenant, all rows of the last key may not fit: then that key is left for the
 * next batch, or, when there is no other, the batch grows.  Sets *last.
 */
static Keys
next_keys(Backfill *b, StSource *source, bool *last)
{
	Keys		result;
	int			limit = b->batch_size;
	const char *key = source->columns.name[ST_ROLE_ID];
	const char *tenant = source->columns.name[ST_ROLE_TENANT];
	Oid			types[1] = {TEXTOID};
	Datum		values[1];

	for (;;)
	{
		StringInfoData sql;
		int			n;

		initStringInfo(&sql);
		appendStringInfo(&sql, "SELECT %s", quote_identifier(key));
		if (tenant != NULL)
			appendStringInfo(&sql, ", %s", quote_identifier(tenant));
		appendStringInfo(&sql, " FROM %s", st_table_name(source->tickets));
		if (b->after != NULL)
		{
			appendStringInfoString(&sql, " WHERE ");
			st_key_condition(&sql, key, source->column[ST_ROLE_ID].typid, '>', 1);
			values[0] = PointerGetDatum(b->after);
		}
		appendStringInfo(&sql, " ORDER BY %s LIMIT %d", quote_identifier(key), limit);

		if (SPI_execute_with_args(sql.data, b->after == NULL ? 0 : 1, types, values, NULL,
								  false, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not read the next tickets");
		n = (int) SPI_processed;
		*last = n < limit;

		result.n = 0;
		result.keys = palloc(Max(n, 1) * sizeof(Datum));
		result.tenants = palloc(Max(n, 1) * sizeof(Datum));
		if (n > 0)
		{
			TupleTableSlot *slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
			StSource	projected = *source;

			projected.column[ST_ROLE_ID].attnum = 1;
			projected.column[ST_ROLE_TENANT].attnum = tenant == NULL ? 0 : 2;
			for (int i = 0; i < n; i++)
			{
				text	   *t;
				text	   *k;

				ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
				st_read_key(&projected, slot, &t, &k);
				if (k == NULL)
					continue;
				result.keys[result.n] = PointerGetDatum(k);
				result.tenants[result.n] = PointerGetDatum(t);
				result.n++;
			}
			ExecDropSingleTupleTableSlot(slot);
		}
		SPI_freetuptable(SPI_tuptable);

		if (*last || result.n == 0)
			return result;

		/* leave the last key to the next batch unless it is the only one */
		{
			text	   *k = DatumGetTextPP(result.keys[result.n - 1]);
			int			keep = result.n;

			if (tenant == NULL && get_rel_relkind(source->tickets) != RELKIND_PARTITIONED_TABLE)
				return result;
			while (keep > 0 && st_same_text(k, DatumGetTextPP(result.keys[keep - 1])))
				keep--;
			if (keep > 0)
			{
				result.n = keep;
				return result;
			}
			limit = (limit > MAX_BATCH_SIZE) ? limit : limit * 2;
			if (limit > MAX_BATCH_SIZE)
				return result;
		}
	}
}

/*
 * Keeps of the keys those whose ticket has no decision; those whose ticket has
 * a failed one are put into *failed.
 */
static Keys
missing_keys(StSource *source, Keys all, Keys *failed)
{
	Keys		result;
	Datum		values[3];
	StIdentity	caller;

	result.n = 0;
	result.keys = palloc(Max(all.n, 1) * sizeof(Datum));
	result.tenants = NULL;
	failed->n = 0;
	failed->keys = palloc(Max(all.n, 1) * sizeof(Datum));
	failed->tenants = NULL;

	values[0] = Int32GetDatum(source->source_id);
	values[1] = array_of(all.tenants, all.n);
	values[2] = array_of(all.keys, all.n);
	st_become_owner(&caller);
	st_statement_run(&find_missing, values, NULL, SPI_OK_SELECT);
	st_become_caller(&caller);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		missing;
		bool		isnull;
		Datum		key = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
		Keys	   *kind;

		(void) SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &missing);
		kind = missing ? &result : failed;
		kind->keys[kind->n++] = PointerGetDatum(DatumGetTextPCopy(key));
	}
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/* Notes keys whose rows were not among those that could be locked. */
static void
note_skipped(Backfill *b, Keys wanted, StSource *projected, SPITupleTable *rows, uint64 nrows)
{
	TupleTableSlot *slot;
	bool	   *seen = palloc0(wanted.n * sizeof(bool));
	int			at = 0;

	/* both are in the order of the query's keys only by luck: compare all */
	slot = MakeSingleTupleTableSlot(rows->tupdesc, &TTSOpsHeapTuple);
	for (uint64 i = 0; i < nrows; i++)
	{
		text	   *tenant;
		text	   *key;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(rows->vals[i], slot, false);
		st_read_key(projected, slot, &tenant, &key);
		for (int j = 0; j < wanted.n && key != NULL; j++)
		{
			int			k = (at + j) % wanted.n;

			if (st_same_text(key, DatumGetTextPP(wanted.keys[k])))
			{
				seen[k] = true;
				at = k + 1;
				break;
			}
		}
	}
	ExecDropSingleTupleTableSlot(slot);

	for (int j = 0; j < wanted.n; j++)
	{
		if (!seen[j])
		{
			MemoryContext old = MemoryContextSwitchTo(b->cxt);

			b->skipped = lappend(b->skipped, DatumGetTextPCopy(wanted.keys[j]));
			MemoryContextSwitchTo(old);
		}
	}
}

/* Locks, reads, decides and writes the tickets of these keys. */
static void
decide_keys(Backfill *b, StSource *source, Keys keys, bool wait)
{
	StSource	projected;
	StReader	reader;
	StWriter   *writer;
	TupleTableSlot *slot;
	SPITupleTable *rows;
	uint64		nrows;

	if (keys.n == 0)
		return;

	nrows = st_lock_tickets(source, array_of(keys.keys, keys.n), wait, &projected);
	rows = SPI_tuptable;
	if (!wait && nrows < keys.n)
		note_skipped(b, keys, &projected, rows, nrows);

	/* out-of-line values need a snapshot, and so does taking rows back */
	PushActiveSnapshot(GetTransactionSnapshot());
	writer = st_writer_begin(ST_WRITE_MISSING, "backfill");
	st_writer_of_the_past(writer);
	st_reader_begin(&reader, &projected, writer);
	slot = MakeSingleTupleTableSlot(rows->tupdesc, &TTSOpsHeapTuple);
	for (uint64 i = 0; i < nrows; i++)
	{
		StDecided  *decided = st_writer_next(writer);
		MemoryContext old = MemoryContextSwitchTo(st_writer_context(writer));
		bool		decidable;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(rows->vals[i], slot, false);
		decidable = st_decide(&reader, slot, decided);
		MemoryContextSwitchTo(old);
		if (!decidable)
			continue;
		if (!b->escalate)
			decided->decision.nescalations = 0;
		if (decided->decision.outcome == ST_OUTCOME_FAILED)
			b->failed++;
		st_writer_add(writer);
	}
	ExecDropSingleTupleTableSlot(slot);
	st_reader_end(&reader);
	b->decided += st_writer_end(writer);
	PopActiveSnapshot();
	SPI_freetuptable(rows);
}

/* The source as it is in this transaction; throws when it is not attached. */
static StSource *
open_source(Backfill *b, Relation *rel)
{
	StSource   *source;

	*rel = table_open(b->tickets, RowShareLock);
	source = st_source_for(st_source_get(b->tickets), *rel);
	if (source->broken != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s", source->broken)));
	return source;
}

static void
end_batch(Backfill *b, Relation rel)
{
	table_close(rel, NoLock);
	if (!b->atomic)
		SPI_commit();
}

/* Decides one batch; false after the last. */
static bool
one_batch(Backfill *b)
{
	MemoryContext cxt = AllocSetContextCreate(b->cxt, "support_triage backfill batch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Relation	rel;
	StSource   *source = open_source(b, &rel);
	bool		last;
	Keys		keys = next_keys(b, source, &last);

	if (keys.n > 0)
	{
		text	   *after = b->after;
		Keys		failed;

		MemoryContextSwitchTo(b->cxt);
		b->after = DatumGetTextPCopy(keys.keys[keys.n - 1]);
		if (after != NULL)
			pfree(after);
		MemoryContextSwitchTo(cxt);
		decide_keys(b, source, missing_keys(source, keys, &failed), false);
		b->decided += st_retry_failed(source, failed.keys, failed.n, b->escalate, &b->failed_again);
	}
	MemoryContextSwitchTo(old);
	end_batch(b, rel);
	MemoryContextDelete(cxt);
	return !last;
}

/* Decides a ticket whose row was locked, waiting for it. */
static void
one_skipped(Backfill *b, text *key)
{
	MemoryContext cxt = AllocSetContextCreate(b->cxt, "support_triage backfill batch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Relation	rel;
	StSource   *source = open_source(b, &rel);
	Datum		datum = PointerGetDatum(key);
	Keys		keys = {1, &datum, NULL};

	decide_keys(b, source, keys, true);
	MemoryContextSwitchTo(old);
	end_batch(b, rel);
	MemoryContextDelete(cxt);
}

/* CALL triage.backfill(tickets, batch_size, escalate, decided) */
Datum
st_backfill(PG_FUNCTION_ARGS)
{
	Backfill	b;
	CallContext *call = (fcinfo->context && IsA(fcinfo->context, CallContext)) ?
	(CallContext *) fcinfo->context : NULL;
	TupleDesc	tupdesc;
	Datum		values[1];
	bool		nulls[1] = {false};
	MemoryContext outer = CurrentMemoryContext;
	ListCell   *lc;
	HeapTuple	result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("tickets, batch_size and escalate must not be null")));

	memset(&b, 0, sizeof(b));
	b.tickets = PG_GETARG_OID(0);
	b.batch_size = PG_GETARG_INT32(1);
	b.escalate = PG_GETARG_BOOL(2);
	b.atomic = call == NULL || call->atomic;
	if (b.batch_size < 1 || b.batch_size > MAX_BATCH_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_size must be between 1 and %d", MAX_BATCH_SIZE)));
	PreventCommandIfReadOnly("CALL triage.backfill()");
	st_source_get(b.tickets);
	if (pg_class_aclcheck(b.tickets, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", get_rel_name(b.tickets)),
				 errhint("Backfilling a table needs the right to create triggers on it.")));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	SPI_connect_ext(b.atomic ? 0 : SPI_OPT_NONATOMIC);
	b.cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage backfill",
								  ALLOCSET_DEFAULT_SIZES);
	while (one_batch(&b))
		CHECK_FOR_INTERRUPTS();
	if (!b.atomic)
	{
		foreach(lc, b.skipped)
		{
			CHECK_FOR_INTERRUPTS();
			one_skipped(&b, (text *) lfirst(lc));
		}
	}
	else if (b.skipped != NIL)
		ereport(NOTICE,
				(errmsg_plural("%d ticket is being changed by others and was left out",
							   "%d tickets are being changed by others and were left out",
							   list_length(b.skipped), list_length(b.skipped)),
				 errhint("Call triage.backfill outside a transaction block, where it can wait for them.")));
	SPI_finish();

	if (b.failed > 0)
		ereport(NOTICE,
				(errmsg("%lld of the decided tickets have outcome failed", (long long) b.failed),
				 errhint("See reasons in triage.decision.")));
	if (b.failed_again > 0)
		ereport(NOTICE,
				(errmsg_plural("%lld ticket with outcome failed was tried again and failed again",
							   "%lld tickets with outcome failed were tried again and failed again",
							   (unsigned long) b.failed_again, (long long) b.failed_again),
				 errhint("See reasons in triage.decision.")));

	MemoryContextSwitchTo(outer);
	values[0] = Int64GetDatum(b.decided);
	result = heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(result));
}
