/*-------------------------------------------------------------------------
 *
 * clock_ticket.c
 *		Clocks of tickets that are decided again, reopened without any, get
 *		another key, or are gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "core/core.h"
#include "sla/sla_inner.h"

typedef struct Kept
{
	const char *sql;
	int			nargs;
	Oid			types[5];
	SPIPlanPtr	plan;
} Kept;

static Kept forget_ticket = {
	"DELETE FROM triage.sla_clock WHERE tenant_id OPERATOR(pg_catalog.=) $1"
	" AND source_id OPERATOR(pg_catalog.=) $2 AND ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, NULL
};

static Kept forget_source = {
	"DELETE FROM triage.sla_clock WHERE source_id OPERATOR(pg_catalog.=) $1", 1, {INT4OID}, NULL
};

static Kept rekey = {
	"UPDATE triage.sla_clock SET tenant_id = $4, ticket_key = $5 WHERE tenant_id OPERATOR(pg_catalog.=) $1"
	" AND source_id OPERATOR(pg_catalog.=) $2 AND ticket_key OPERATOR(pg_catalog.=) $3",
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}, NULL
};

static void
run(Kept *kept, Datum *values)
{
	if (kept->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(kept->sql, kept->nargs, kept->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a statement on clocks: %s", SPI_result_code_string(SPI_result));
		kept->plan = plan;
	}
	if (SPI_execute_plan(kept->plan, values, NULL, false, 0) < 0)
		elog(ERROR, "could not write clocks");
}

/* Gives an open clock what a policy promises now; returns whether anything is another. */
static bool
promise_anew(StClock *clock, int32 policy_id, int16 priority, const StClockTicket *ticket,
			 const StPolicy *policy, const StTarget *target, StPhase phase, TimestampTz now)
{
	bool		same_calendar = clock->calendar == NULL || policy->calendar == NULL ?
	clock->calendar == policy->calendar : strcmp(clock->calendar, policy->calendar) == 0;
	bool		paused = (target->paused_in & 1 << phase) != 0;

	if (policy_id == policy->policy_id && priority == ticket->priority && same_calendar &&
		clock->target == target->target && clock->paused_in == target->paused_in)
		return false;

	clock->calendar = policy->calendar;
	clock->target = target->target;
	clock->paused_in = target->paused_in;
	clock->nwarnings = policy->nwarnings;
	clock->warn_at = policy->warn_at;
	clock->warned = Min(clock->warned, clock->nwarnings);
	if (paused)
		st_clock_pause(clock, now);
	else
		st_clock_run(clock, now);
	st_clock_schedule(clock);

	/* more time than it has used: it is not late any more */
	if (clock->breached_at != 0 && clock->due_at > now)
	{
		clock->breached_at = 0;
		st_clock_schedule(clock);
	}
	return true;
}

/*
 * A clock that ends with the ticket was cancelled although the ticket is open:
 * then by a decision that promised nothing, which this one does again.
 */
static bool
is_revived(const StClock *clock, const StTarget *target, StPhase phase)
{
	return clock->state == ST_CLOCK_CANCELLED && target != NULL && phase != ST_PHASE_SOLVED &&
		!st_metric_of_replies(clock->metric);
}

/* See sla.h. */
void
st_clocks_decided(const StClockTicket *ticket, const StPolicy *policy, TimestampTz created_at, StPhase phase)
{
	TimestampTz now = st_now();
	StClockRow *rows;
	int			n;
	bool		has[ST_NUM_METRICS] = {false};
	bool		answered = false;
	StTableWriter *writer = NULL;

	rows = st_clock_lock(ticket, &n);
	for (int i = 0; i < n; i++)
	{
		StClock    *clock = &rows[i].clock;
		const StTarget *target = policy == NULL ? NULL :
		st_policy_target(policy, clock->metric, ticket->priority);

		has[clock->metric] = true;
		answered |= !st_metric_at_creation(clock->metric);
		if (is_revived(clock, target, phase))
		{
			TimestampTz since = clock->finished_at;

			clock->state = ST_CLOCK_PAUSED;
			clock->finished_at = 0;
			if ((target->paused_in & 1 << phase) == 0)
				st_clock_run(clock, since);
			promise_anew(clock, 0, 0, ticket, policy, target, phase, now);
			st_clock_store_promise(ticket, clock, policy);
		}
		else if (clock->state == ST_CLOCK_MET || clock->state == ST_CLOCK_CANCELLED)
			continue;
		else if (target == NULL)
		{
			st_clock_finish(clock, ST_CLOCK_CANCELLED, now);
			st_clock_store(ticket, clock);
		}
		else if (promise_anew(clock, rows[i].ticket.policy_id, rows[i].ticket.priority, ticket, policy, target, phase, now))
			st_clock_store_promise(ticket, clock, policy);
	}

	/* what was not promised before counts from the beginning all the same */
	if (policy == NULL || phase == ST_PHASE_SOLVED)
		return;
	created_at = st_clock_creation(created_at, now);
	for (int i = 0; i < n; i++)
	{
		if (st_metric_at_creation(rows[i].clock.metric))
			created_at = Min(created_at, rows[i].clock.started_at);
	}
	for (int i = 0; i < ST_NUM_METRICS; i++)
	{
		const StTarget *target = has[i] || !st_metric_at_creation(i) || (answered && i == ST_FIRST_REPLY) ?
		NULL : st_policy_target(policy, i, ticket->priority);
		StClock		clock;

		if (target == NULL)
			continue;
		if (writer == NULL)
			writer = st_clock_writer_begin();
		st_clock_begin(&clock, policy, target, 1, created_at, phase);
		st_clock_add(writer, ticket, policy, &clock);
	}
	if (writer != NULL)
		st_table_writer_end(writer);
}

/*
 * st_clocks_reopened
 *		See sla.h.  What was never promised to a ticket that was solved when it
 *		was decided begins now.  A first reply is not owed: as with a ticket
 *		that was solved without one, that clock is cancelled.
 */
void
st_clocks_reopened(const StClockTicket *ticket, StPhase phase, TimestampTz at)
{
	const StPolicy *policy = st_policy_by_id(ticket->policy_id);
	StTableWriter *writer = NULL;
	StClockRow *rows;
	bool		has[ST_NUM_METRICS] = {false};
	int			n;

	if (policy == NULL || phase == ST_PHASE_SOLVED)
		return;
	rows = st_clock_lock(ticket, &n);
	for (int i = 0; i < n; i++)
		has[rows[i].clock.metric] = true;
	for (int i = 0; i < ST_NUM_METRICS; i++)
	{
		const StTarget *target = has[i] || !st_metric_at_creation(i) ? NULL :
		st_policy_target(policy, i, ticket->priority);
		StClock		clock;

		if (target == NULL)
			continue;
		if (writer == NULL)
			writer = st_clock_writer_begin();
		st_clock_begin(&clock, policy, target, 1, at, phase);
		if (st_metric_of_replies(i))
			st_clock_finish(&clock, ST_CLOCK_CANCELLED, at);
		st_clock_add(writer, ticket, policy, &clock);
	}
	if (writer != NULL)
		st_table_writer_end(writer);
}

/*
 * st_clocks_forget
 *		See sla.h.  One statement a ticket: a join would be planned by
 *		statistics that a young table does not have.
 */
void
st_clocks_forget(int32 source_id, Datum tenants, Datum keys)
{
	Datum		values[3] = {0, Int32GetDatum(source_id), 0};
	Datum	   *tenant;
	Datum	   *key;
	int			ntenants;
	int			nkeys;

	deconstruct_array(DatumGetArrayTypeP(tenants), TEXTOID, -1, false, TYPALIGN_INT, &tenant, NULL, &ntenants);
	deconstruct_array(DatumGetArrayTypeP(keys), TEXTOID, -1, false, TYPALIGN_INT, &key, NULL, &nkeys);
	SPI_connect();
	for (int i = 0; i < Min(ntenants, nkeys); i++)
	{
		CHECK_FOR_INTERRUPTS();
		values[0] = tenant[i];
		values[2] = key[i];
		run(&forget_ticket, values);
	}
	SPI_finish();
}

/* See sla.h. */
void
st_clocks_forget_source(int32 source_id)
{
	Datum		values[1] = {Int32GetDatum(source_id)};

	SPI_connect();
	run(&forget_source, values);
	SPI_finish();
}

/* See sla.h. */
void
st_clocks_rekey(int32 source_id, text *old_tenant, text *old_key, text *new_tenant, text *new_key)
{
	Datum		values[5] = {
		PointerGetDatum(old_tenant), Int32GetDatum(source_id), PointerGetDatum(old_key),
		PointerGetDatum(new_tenant), PointerGetDatum(new_key)
	};

	SPI_connect();
	run(&rekey, values);
	SPI_finish();
}
