/*-------------------------------------------------------------------------
 *
 * pipeline_manual.c
 *		What people ask for one ticket: decide it again, escalate it.
 *
 * The ticket is read as the caller: who cannot see it cannot do either.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "escalation/escalation.h"
#include "pipeline/pipeline_inner.h"

PG_FUNCTION_INFO_V1(st_decide_again);
PG_FUNCTION_INFO_V1(st_escalate);

static StStatement find_place = {
	"SELECT queue_id, priority FROM triage.decision"
	" WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

/*
 * triage.decide_again(tickets, ticket_key, tenant): decides a ticket anew with
 * the present model and rules and returns the outcome.  Locks the ticket's row
 * against changes until the end of the transaction.
 */
Datum
st_decide_again(PG_FUNCTION_ARGS)
{
	Oid			tickets;
	text	   *key;
	text	   *tenant = PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2);
	Relation	rel;
	StSource   *source;
	StSource	projected;
	TupleTableSlot *slot;
	StReader	reader;
	StWriter   *writer;
	StDecided  *decided;
	StOutcome	outcome;
	Datum		tenant_datum;
	Datum		key_datum;
	MemoryContext old;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	tickets = PG_GETARG_OID(0);
	key = PG_GETARG_TEXT_PP(1);

	source = NULL;
	rel = table_open(tickets, RowShareLock);
	source = st_source_for(st_source_get(tickets), rel);

	SPI_connect();
	slot = st_ticket_fetch(source, &projected, tenant, key, true);

	writer = st_writer_begin(ST_WRITE_AGAIN, "decided again");
	st_reader_begin(&reader, &projected, writer);
	reader.again = true;
	decided = st_writer_next(writer);
	old = MemoryContextSwitchTo(st_writer_context(writer));
	if (!st_decide(&reader, slot, decided))
		elog(ERROR, "a ticket that was found by its key has none");
	MemoryContextSwitchTo(old);
	outcome = decided->decision.outcome;
	st_require_tenant(decided->facts.tenant_id);
	tenant_datum = PointerGetDatum(decided->facts.tenant_id);
	key_datum = PointerGetDatum(decided->facts.ticket_key);
	st_backlog_answered(source->source_id, &tenant_datum, &key_datum, 1);
	st_writer_add(writer);
	st_reader_end(&reader);
	st_writer_end(writer);

	ExecDropSingleTupleTableSlot(slot);
	SPI_finish();
	table_close(rel, NoLock);

	PG_RETURN_DATUM(DirectFunctionCall2(enum_in, CStringGetDatum(st_outcome_names[outcome]),
										ObjectIdGetDatum(st_type_oid("outcome"))));
}

/*
 * triage.escalate(tickets, ticket_key, reason, cause, priority, tenant): queues
 * a ticket for a person and returns the escalation's identity; that of the open
 * one when ticket and cause are queued already.
 */
Datum
st_escalate(PG_FUNCTION_ARGS)
{
	Oid			tickets;
	text	   *key;
	text	   *tenant = PG_ARGISNULL(5) ? NULL : PG_GETARG_TEXT_PP(5);
	Relation	rel;
	StSource   *source;
	StSource	projected;
	TupleTableSlot *slot;
	StEscalation item;
	StIdentity	caller;
	Datum		values[3];
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext old;
	int64		id;

	for (int i = 0; i < 4; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("tickets, ticket_key, reason and cause must not be null")));
	}
	tickets = PG_GETARG_OID(0);
	key = PG_GETARG_TEXT_PP(1);
	item.reason = text_to_cstring(PG_GETARG_TEXT_PP(2));
	item.cause = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (item.cause[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the cause of an escalation must not be empty")));
	if (!PG_ARGISNULL(4) && (PG_GETARG_INT32(4) < ST_PRIORITY_MIN || PG_GETARG_INT32(4) > ST_PRIORITY_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("priority must be between %d and %d", ST_PRIORITY_MIN, ST_PRIORITY_MAX)));

	rel = table_open(tickets, AccessShareLock);
	source = st_source_for(st_source_get(tickets), rel);
	item.source_id = source->source_id;
	item.priority = ST_PRIORITY_DEFAULT;
	item.queue_id = 0;

	SPI_connect();
	slot = st_ticket_fetch(source, &projected, tenant, key, false);
	old = MemoryContextSwitchTo(outer);
	st_read_key(&projected, slot, &item.tenant_id, &item.ticket_key);
	MemoryContextSwitchTo(old);
	ExecDropSingleTupleTableSlot(slot);
	st_require_tenant(item.tenant_id);

	st_become_owner(&caller);
	values[0] = PointerGetDatum(item.tenant_id);
	values[1] = Int32GetDatum(item.source_id);
	values[2] = PointerGetDatum(item.ticket_key);
	st_statement_run(&find_place, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 1)
	{
		bool		isnull;
		Datum		queue = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		item.queue_id = isnull ? 0 : DatumGetInt32(queue);
		item.priority = DatumGetInt16(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	}
	if (!PG_ARGISNULL(4))
		item.priority = PG_GETARG_INT32(4);
	SPI_finish();
	id = st_escalation_enqueue_one(&item);
	st_become_caller(&caller);

	table_close(rel, NoLock);
	PG_RETURN_INT64(id);
}
