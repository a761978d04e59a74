/*-------------------------------------------------------------------------
 *
 * pipeline_moved.c
 *		The tickets table says that a ticket is pending, solved, open again, or
 *		somebody's: its clocks follow, who has it, and what is noted of how long
 *		it took.
 *
 * The trigger is row-level, after UPDATE, and fires after the one that decides
 * again (triggers fire by name), so that a key that changed with the status is
 * the new one here.  A solved ticket has no owner and does not wait: the agent
 * has room again in the same transaction.  One that is reopened goes back to
 * the agent who had it when they are there and have room, else it waits.
 *
 * Locks: the ticket's row (the UPDATE's), rows of triage.sla_clock in the order
 * of their key, then those of assignment (assignment_inner.h of routing), then
 * that of triage.ticket_handling.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

PG_FUNCTION_INFO_V1(st_ticket_moved);

static StStatement stored_promise = {
	"SELECT sla_policy_id, priority FROM triage.decision"
	" WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3 AND sla_policy_id IS NOT NULL",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

/* What a row says of where its ticket stands. */
typedef struct Standing
{
	text	   *status;
	StPhase		phase;
	bool		has_agent;
} Standing;

static Standing
standing_of(StSource *source, TupleTableSlot *slot)
{
	Standing	s;

	s.status = st_column_text(&source->column[ST_ROLE_STATUS], slot);
	s.phase = s.status == NULL ? ST_PHASE_OPEN : st_status_phase(text_to_cstring(s.status));
	s.has_agent = st_names_agent(st_column_text(&source->column[ST_ROLE_ASSIGNED_AGENT], slot));
	return s;
}

/*
 * Moves the clocks of a ticket.  One that was solved already when it was decided
 * has none: they begin when it is reopened.  As the owner.
 */
static void
move_clocks(StClockTicket *ticket, StPhase before, StPhase after)
{
	Datum		key[3] = {
		PointerGetDatum(ticket->tenant_id), Int32GetDatum(ticket->source_id), PointerGetDatum(ticket->ticket_key)
	};
	TimestampTz now = st_now();

	SPI_connect();
	st_clocks_status(ticket, after, now);
	if (before == ST_PHASE_SOLVED)
	{
		st_statement_run(&stored_promise, key, NULL, SPI_OK_SELECT);
		if (SPI_processed == 1)
		{
			bool		isnull;

			ticket->policy_id = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
			ticket->priority = DatumGetInt16(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
			st_clocks_reopened(ticket, after, now);
		}
	}
	SPI_finish();
}

/* Who has the ticket, and whether it waits, after its row changed.  As the owner. */
static void
move_assignment(text *tenant, int32 source_id, text *key, const Standing *before, const Standing *after)
{
	char	   *agent;

	if (after->phase == ST_PHASE_SOLVED)
	{
		if (before->phase != ST_PHASE_SOLVED)
			st_ticket_complete(tenant, source_id, key, psprintf("status %s", text_to_cstring(after->status)));
	}
	else if (before->phase == ST_PHASE_SOLVED)
	{
		if (!st_ticket_reopen(tenant, source_id, key, "reopened", &agent) && !after->has_agent)
			st_wait_as_decided(tenant, source_id, key, false);
	}
	else if (after->has_agent && !before->has_agent)
		st_waiting_remove(tenant, source_id, key);
	else if (before->has_agent && !after->has_agent)
	{
		if (!st_ticket_release(tenant, source_id, key, "the ticket names no agent any more"))
			st_wait_as_decided(tenant, source_id, key, false);
	}
}

/* triage.ticket_moved(source_id): the status of a ticket changed, or who has it. */
Datum
st_ticket_moved(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	StSource   *source = st_trigger_source(fcinfo, "triage.ticket_moved", TRIGGER_EVENT_UPDATE);
	StClockTicket ticket;
	StIdentity	caller;
	Standing	before;
	Standing	after;

	if (source == NULL || !TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		return PointerGetDatum(NULL);

	memset(&ticket, 0, sizeof(ticket));
	ticket.source_id = source->source_id;
	st_read_key(source, trigdata->tg_newslot, &ticket.tenant_id, &ticket.ticket_key);
	if (ticket.ticket_key == NULL)
		return PointerGetDatum(NULL);
	before = standing_of(source, trigdata->tg_trigslot);
	after = standing_of(source, trigdata->tg_newslot);

	st_disturbances++;
	st_become_owner(&caller);
	if (before.phase != after.phase)
		move_clocks(&ticket, before.phase, after.phase);
	if (source->options.assign)
		move_assignment(ticket.tenant_id, ticket.source_id, ticket.ticket_key, &before, &after);
	if (before.phase != after.phase)
		st_handling_moved(ticket.tenant_id, ticket.source_id, ticket.ticket_key, before.phase, after.phase);
	st_become_caller(&caller);
	return PointerGetDatum(NULL);
}
