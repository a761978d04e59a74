/*-------------------------------------------------------------------------
 *
 * pipeline_clocks.c
 *		Which service level a decided ticket has, and its clocks.
 *
 * The policy is that which a rule named, else the first whose condition holds.
 * It is chosen for a batch of decisions just before they are written, because
 * conditions may throw: the whole batch is tested in one subtransaction, and
 * only after an error is it gone on with behind the policy that threw.  Such a
 * policy counts as not for the ticket, and the ticket's reasons say so.
 *
 * Clocks of new decisions are written with them, past the executor; those of
 * tickets that are decided again are moved one by one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Decisions for which policies are looked for. */
typedef struct Choosing
{
	StDecided  *decided;
	int			n;
	const StPolicy *const *policies;
	int			npolicies;
	TupleTableSlot *slot;
	ExprContext *econtext;
	int			at;				/* the ticket */
	int			policy;			/* and the policy that is being tested */
} Choosing;

/* Goes on where *c is; throws what conditions throw. */
static void
choose_rest(void *arg)
{
	Choosing   *c = arg;

	for (; c->at < c->n; c->at++, c->policy = 0)
	{
		StDecided  *d = &c->decided[c->at];

		CHECK_FOR_INTERRUPTS();
		if (d->policy != NULL)
			continue;
		st_facts_store(c->slot, &d->facts);
		ResetExprContext(c->econtext);
		for (; c->policy < c->npolicies; c->policy++)
		{
			if (st_policy_holds(c->policies[c->policy], c->econtext))
			{
				d->policy = c->policies[c->policy];
				break;
			}
		}
	}
}

/* The condition of a policy threw: the ticket's reasons say so. */
static void
note_failure(StDecided *d, const StPolicy *policy, const char *why)
{
	if (d->decision.nreasons < ST_MAX_REASONS)
		d->decision.reasons[d->decision.nreasons++] =
			psprintf("SLA policy %s could not be tested: %s", st_policy_name(policy), why);
}

/* Tests conditions, each at most once a ticket, whatever they throw. */
static void
choose_by_conditions(Choosing *c)
{
	c->slot = st_facts_slot();
	c->econtext = CreateStandaloneExprContext();
	c->econtext->ecxt_scantuple = c->slot;
	c->at = c->policy = 0;
	while (c->at < c->n)
	{
		char	   *why;

		if (st_guarded(choose_rest, c, &why))
			break;
		note_failure(&c->decided[c->at], c->policies[c->policy], why);
		c->policy++;
	}
	FreeExprContext(c->econtext, true);
	ExecDropSingleTupleTableSlot(c->slot);
}

/*
 * st_policies_choose
 *		Sets the policy and the phase of decided tickets.  What it allocates is
 *		in the current context; policies are valid until the end of the
 *		transaction.
 */
void
st_policies_choose(StDecided *decided, int n)
{
	Choosing	c;
	const StPolicy *unconditional = NULL;
	bool		tests = false;

	memset(&c, 0, sizeof(c));
	c.decided = decided;
	c.n = n;
	c.policies = st_policies(&c.npolicies);
	for (int i = 0; i < c.npolicies && unconditional == NULL; i++)
	{
		if (st_policy_tests(c.policies[i]))
			tests = true;
		else if (st_policy_enabled(c.policies[i]) && st_policy_broken(c.policies[i]) == NULL)
			unconditional = c.policies[i];
	}

	for (int i = 0; i < n; i++)
	{
		StDecided  *d = &decided[i];

		d->phase = d->facts.status == NULL ? ST_PHASE_OPEN : st_status_phase(text_to_cstring(d->facts.status));
		d->policy = NULL;
		if (d->decision.sla_policy != NULL)
			d->policy = st_policy_by_name(d->decision.sla_policy);
		if (d->policy == NULL && !tests)
			d->policy = unconditional;
	}
	if (tests)
		choose_by_conditions(&c);
	for (int i = 0; i < n; i++)
		decided[i].decision.sla_policy_id = decided[i].policy == NULL ? 0 : st_policy_id(decided[i].policy);
}

static void
clock_ticket(const StDecided *d, StClockTicket *ticket)
{
	ticket->tenant_id = d->facts.tenant_id;
	ticket->source_id = d->facts.source_id;
	ticket->ticket_key = d->facts.ticket_key;
	ticket->priority = d->decision.priority;
	ticket->policy_id = d->decision.sla_policy_id;
}

/* When its clocks begin. */
static TimestampTz
begins_at(const StDecided *d)
{
	return d->facts.has_created_at ? d->facts.created_at : st_now();
}

/* ---- what follows decisions ---- */

void
st_follow_begin(StFollow *follow)
{
	memset(follow, 0, sizeof(*follow));
	follow->cxt = CurrentMemoryContext;
}

/*
 * st_follow_new
 *		Starts the clocks of tickets that were decided for the first time, and
 *		puts those that need a person to wait.
 */
void
st_follow_new(StFollow *follow, const StDecided *const *decided, int n)
{
	StIdentity	caller;

	st_become_owner(&caller);
	for (int i = 0; i < n; i++)
	{
		const StDecided *d = decided[i];
		bool		known = !follow->past || d->has_status;

		if (d->policy != NULL && d->phase != ST_PHASE_SOLVED && known)
		{
			StClockTicket ticket;

			if (follow->clocks == NULL)
			{
				MemoryContext old = MemoryContextSwitchTo(follow->cxt);

				follow->clocks = st_clock_writer_begin();
				MemoryContextSwitchTo(old);
			}
			clock_ticket(d, &ticket);
			st_clocks_start(follow->clocks, d->policy, &ticket, begins_at(d), d->phase, follow->past);
		}
		if (known && st_decided_waits(d))
			st_follow_wait(follow, d);
	}
	st_become_caller(&caller);
}

/*
 * st_follow_again
 *		Moves the clocks of a ticket that was decided again, and where it waits.
 *		One that was solved when it was decided before and is open now has been
 *		reopened.
 */
void
st_follow_again(const StDecided *d, const StReplaced *old)
{
	StClockTicket ticket;
	StIdentity	caller;

	st_disturbances++;
	st_become_owner(&caller);
	clock_ticket(d, &ticket);
	SPI_connect();
	if (old->solved)
		st_clocks_reopened(&ticket, d->phase, st_now());
	st_clocks_decided(&ticket, d->policy, begins_at(d), d->phase);
	SPI_finish();
	st_wait_again(d, old->automated);
	st_become_caller(&caller);
}

/* Writes what is left. */
void
st_follow_end(StFollow *follow)
{
	StIdentity	caller;

	if (follow->clocks == NULL && follow->waiting == NULL)
		return;
	st_become_owner(&caller);
	if (follow->clocks != NULL)
		st_table_writer_end(follow->clocks);
	if (follow->waiting != NULL)
		st_waiting_writer_end(follow->waiting);
	st_become_caller(&caller);
}
