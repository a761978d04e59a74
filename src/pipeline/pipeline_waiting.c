/*-------------------------------------------------------------------------
 *
 * pipeline_waiting.c
 *		Decided tickets wait for a person: where, and whether at all.
 *
 * A ticket waits when a person must see it, its table is attached with
 * assignment, it is not solved, and nobody has it: a ticket whose own column
 * names an agent was given to them elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

static StStatement stored_place = {
	"SELECT queue_id, priority, channel, language, skills, skill_levels, skill_drop_after FROM triage.decision"
	" WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

/* Whether a column for an agent names one. */
bool
st_names_agent(const text *agent)
{
	return agent != NULL && !st_is_blank(VARDATA_ANY(agent), VARSIZE_ANY_EXHDR(agent));
}

/* Whether a decided ticket is to wait for a person. */
bool
st_decided_waits(const StDecided *d)
{
	return d->assign && d->decision.outcome != ST_OUTCOME_AUTO && d->decision.queue_id != 0 &&
		d->phase != ST_PHASE_SOLVED && !st_names_agent(d->facts.assigned_agent);
}

static void
waiting_ticket(const StDecided *d, StWaitingTicket *ticket)
{
	memset(ticket, 0, sizeof(*ticket));
	ticket->tenant_id = d->facts.tenant_id;
	ticket->source_id = d->facts.source_id;
	ticket->ticket_key = d->facts.ticket_key;
	ticket->queue_id = d->decision.queue_id;
	ticket->priority = d->decision.priority;
	ticket->since = d->facts.has_created_at ? d->facts.created_at : 0;
	ticket->channel = d->facts.channel;
	ticket->language = d->facts.language;
	ticket->nskills = d->decision.nskills;
	ticket->skills = d->decision.skills;
}

/* Puts a ticket that was decided for the first time to wait.  As the owner. */
void
st_follow_wait(StFollow *follow, const StDecided *d)
{
	StWaitingTicket ticket;

	if (follow->waiting == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(follow->cxt);

		follow->waiting = st_waiting_writer_begin();
		MemoryContextSwitchTo(old);
	}
	waiting_ticket(d, &ticket);
	st_waiting_add(follow->waiting, &ticket);
}

/*
 * st_wait_again
 *		A ticket was decided again: it waits where it belongs now, or no longer.
 *		Whoever has it keeps it.  What was automated before and waits came back,
 *		and is not sent away a second time.  As the owner.
 */
void
st_wait_again(const StDecided *d, bool was_automated)
{
	StWaitingTicket ticket;

	waiting_ticket(d, &ticket);
	if (st_decided_waits(d))
		st_waiting_decided_again(&ticket);
	else if (d->assign && !(was_automated && d->decision.outcome == ST_OUTCOME_AUTO))
		st_waiting_remove(ticket.tenant_id, ticket.source_id, ticket.ticket_key);
}

/* The skills of a decision as it is stored; *n may be 0. */
static StSkillNeed *
stored_skills(TupleDesc tupdesc, HeapTuple tuple, int *n)
{
	StSkillNeed *needs = palloc0(ST_MAX_SKILLS * sizeof(StSkillNeed));
	Datum	   *skills;
	Datum	   *levels;
	Datum	   *drops;
	bool	   *nulls;
	bool		isnull[3];
	Datum		values[3];
	int			nlevels;
	int			ndrops;

	*n = 0;
	for (int i = 0; i < 3; i++)
		values[i] = SPI_getbinval(tuple, tupdesc, 5 + i, &isnull[i]);
	if (isnull[0] || isnull[1])
		return needs;
	deconstruct_array(DatumGetArrayTypeP(values[0]), TEXTOID, -1, false, TYPALIGN_INT, &skills, NULL, n);
	deconstruct_array(DatumGetArrayTypeP(values[1]), INT2OID, 2, true, TYPALIGN_SHORT, &levels, NULL, &nlevels);
	ndrops = 0;
	if (!isnull[2])
		deconstruct_array(DatumGetArrayTypeP(values[2]), INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE,
						  &drops, &nulls, &ndrops);
	*n = Min(Min(*n, nlevels), ST_MAX_SKILLS);
	for (int i = 0; i < *n; i++)
	{
		needs[i].skill = TextDatumGetCString(skills[i]);
		needs[i].level = DatumGetInt16(levels[i]);
		needs[i].drop_after = i < ndrops && !nulls[i] ? DatumGetIntervalP(drops[i])->time : -1;
	}
	return needs;
}

/*
 * st_wait_as_decided
 *		Puts a ticket to wait by the decision that is stored, whatever its
 *		outcome: what was automated and came back is for people.  With
 *		unless_done, one that had an owner and waits no longer is left alone.
 *		Returns whether it waits; false for a ticket without a decision.  As the
 *		owner.
 */
bool
st_wait_as_decided(text *tenant_id, int32 source_id, text *ticket_key, bool unless_done)
{
	Datum		key[3] = {PointerGetDatum(tenant_id), Int32GetDatum(source_id), PointerGetDatum(ticket_key)};
	StWaitingTicket ticket;
	bool		isnull;
	bool		waits = false;

	SPI_connect();
	st_statement_run(&stored_place, key, NULL, SPI_OK_SELECT);
	if (SPI_processed == 1)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];
		TupleDesc	tupdesc = SPI_tuptable->tupdesc;
		Datum		value;

		memset(&ticket, 0, sizeof(ticket));
		ticket.tenant_id = tenant_id;
		ticket.source_id = source_id;
		ticket.ticket_key = ticket_key;
		ticket.queue_id = DatumGetInt32(SPI_getbinval(tuple, tupdesc, 1, &isnull));
		if (!isnull)
		{
			ticket.priority = DatumGetInt16(SPI_getbinval(tuple, tupdesc, 2, &isnull));
			value = SPI_getbinval(tuple, tupdesc, 3, &isnull);
			ticket.channel = isnull ? NULL : DatumGetTextPP(value);
			value = SPI_getbinval(tuple, tupdesc, 4, &isnull);
			ticket.language = isnull ? NULL : DatumGetTextPP(value);
			ticket.skills = stored_skills(tupdesc, tuple, &ticket.nskills);
			waits = unless_done ? st_waiting_decided_again(&ticket) : st_waiting_put(&ticket);
		}
	}
	SPI_finish();
	return waits;
}
