/*-------------------------------------------------------------------------
 *
 * pipeline_retry.c
 *		Tickets whose decision has outcome failed, tried again by a backfill:
 *		what was wrong may have been put right.
 *
 * Each is tried once a call.  What fails again keeps the decision that it has, so
 * that calling again and again fills no history.  They are tried in a
 * subtransaction, and when that fails in halves, down to the one to blame: a
 * ticket that no attempt can decide does not stop the others.  Those that others
 * are changing are left for the next call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

static StStatement has_failed = {
	"SELECT FROM triage.decision WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3 AND outcome OPERATOR(pg_catalog.=) 'failed'::triage.outcome",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

/* Some of them. */
typedef struct Retry
{
	StSource   *source;
	Datum	   *keys;
	int			n;
	bool		escalate;
	int64		decided;		/* of them, now */
	int64		failed;			/* once more */
} Retry;

/* Whether the decision of a ticket is still a failed one. */
static bool
is_failed(StSource *projected, TupleTableSlot *slot)
{
	text	   *tenant;
	text	   *key;
	Datum		values[3];
	StIdentity	caller;
	bool		failed;

	st_read_key(projected, slot, &tenant, &key);
	if (key == NULL)
		return false;
	values[0] = PointerGetDatum(tenant);
	values[1] = Int32GetDatum(projected->source_id);
	values[2] = PointerGetDatum(key);
	st_become_owner(&caller);
	st_statement_run(&has_failed, values, NULL, SPI_OK_SELECT);
	failed = SPI_processed > 0;
	SPI_freetuptable(SPI_tuptable);
	st_become_caller(&caller);
	return failed;
}

/* Decides them again; throws what is wrong with any of them. */
static void
retry_all(void *arg)
{
	Retry	   *r = arg;
	StSource	projected;
	Datum		keys = PointerGetDatum(construct_array(r->keys, r->n, TEXTOID, -1, false, TYPALIGN_INT));
	uint64		nrows = st_lock_tickets(r->source, keys, false, &projected);
	SPITupleTable *rows = SPI_tuptable;
	StWriter   *writer;
	StReader	reader;
	TupleTableSlot *slot;

	r->decided = r->failed = 0;
	PushActiveSnapshot(GetTransactionSnapshot());
	writer = st_writer_begin(ST_WRITE_AGAIN, "had failed");
	st_writer_of_the_past(writer);
	st_reader_begin(&reader, &projected, writer);
	reader.again = true;
	slot = MakeSingleTupleTableSlot(rows->tupdesc, &TTSOpsHeapTuple);
	for (uint64 i = 0; i < nrows; i++)
	{
		StDecided  *decided;
		MemoryContext old;
		bool		decidable;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(rows->vals[i], slot, false);
		if (!is_failed(&projected, slot))
			continue;
		decided = st_writer_next(writer);
		old = MemoryContextSwitchTo(st_writer_context(writer));
		decidable = st_decide(&reader, slot, decided);
		MemoryContextSwitchTo(old);
		if (!decidable)
			continue;
		if (decided->decision.outcome == ST_OUTCOME_FAILED)
		{
			r->failed++;
			continue;
		}
		if (!r->escalate)
			decided->decision.nescalations = 0;
		st_writer_add(writer);
	}
	ExecDropSingleTupleTableSlot(slot);
	st_reader_end(&reader);
	r->decided = st_writer_end(writer);
	PopActiveSnapshot();
	SPI_freetuptable(rows);
}

/*
 * st_retry_failed
 *		Tries tickets of these keys (text) that have a failed decision, as the
 *		current user, between SPI_connect and SPI_finish.  Returns how many have
 *		another now, and adds to *failed how many have not.
 */
int64
st_retry_failed(StSource *source, Datum *keys, int n, bool escalate, int64 *failed)
{
	Retry		r = {source, keys, n, escalate, 0, 0};
	char	   *why;

	CHECK_FOR_INTERRUPTS();
	if (n == 0)
		return 0;
	if (st_guarded(retry_all, &r, &why))
	{
		*failed += r.failed;
		return r.decided;
	}
	if (n == 1)
	{
		(*failed)++;
		return 0;
	}
	return st_retry_failed(source, keys, n / 2, escalate, failed) +
		st_retry_failed(source, keys + n / 2, n - n / 2, escalate, failed);
}
