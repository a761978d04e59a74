/*-------------------------------------------------------------------------
 *
 * pipeline_considered.c
 *		What explain_decision shows beside the rules: policies, queues and agents
 *		that were considered and why not, and the clocks.
 *
 * Policies are tested on the facts that are explained, each for itself.  Our own
 * tables are read as the owner of schema triage, about this ticket alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

#define D_IS_1_2_3 \
	"d.tenant_id OPERATOR(pg_catalog.=) $1 AND d.source_id OPERATOR(pg_catalog.=) $2" \
	" AND d.ticket_key OPERATOR(pg_catalog.=) $3"

static StStatement clocks = {
	"SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('metric', d.metric, 'cycle', d.cycle, 'policy', p.name,"
	" 'policy_version', d.policy_version, 'calendar', d.calendar, 'priority', d.priority, 'state', d.state, 'target', d.target,"
	" 'paused_in', d.paused_in, 'started_at', d.started_at, 'running_since', d.running_since, 'consumed', d.consumed,"
	" 'due_at', d.due_at, 'breached_at', d.breached_at, 'finished_at', d.finished_at) ORDER BY d.metric, d.cycle), '[]')::pg_catalog.text"
	" FROM triage.sla_clock d LEFT JOIN triage.sla_policy p ON p.policy_id OPERATOR(pg_catalog.=) d.policy_id WHERE " D_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement queues = {
	"SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('queue', q.name, 'default', q.is_default,"
	" 'decides', COALESCE(q.queue_id OPERATOR(pg_catalog.=) d.queue_id, false),"
	" 'waits_here', COALESCE(q.queue_id OPERATOR(pg_catalog.=) w.queue_id, false), 'why_not', CASE"
	" WHEN q.queue_id OPERATOR(pg_catalog.=) d.queue_id THEN NULL"
	" WHEN q.queue_id OPERATOR(pg_catalog.=) w.queue_id THEN 'the ticket overflowed or was moved here'"
	" WHEN d.queue_id IS NULL THEN 'the ticket has no decision'"
	" WHEN q.is_default THEN 'a rule named another queue'"
	" ELSE 'no rule that applied names it' END,"
	" 'waiting', (SELECT pg_catalog.count(*) FROM triage.waiting o WHERE o.queue_id OPERATOR(pg_catalog.=) q.queue_id),"
	" 'agents', (SELECT pg_catalog.count(*) FROM triage.agent_queue s WHERE s.queue OPERATOR(pg_catalog.=) q.name))"
	" ORDER BY q.queue_id), '[]')::pg_catalog.text FROM triage.queue q"
	" LEFT JOIN triage.decision d ON " D_IS_1_2_3
	" LEFT JOIN triage.waiting w ON w.tenant_id OPERATOR(pg_catalog.=) $1 AND w.source_id OPERATOR(pg_catalog.=) $2"
	" AND w.ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement waiting = {
	"SELECT pg_catalog.jsonb_build_object('since', d.since, 'queued_at', d.queued_at, 'rank', d.rank, 'units', d.units, 'skills', d.skills,"
	" 'skill_levels', d.skill_levels, 'language', d.language, 'channel', d.channel)::pg_catalog.text FROM triage.waiting d WHERE " D_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement agents = {
	"SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('agent', x.agent, 'may_take', x.may_take, 'why_not', x.why_not,"
	" 'units_free', x.units_free, 'tickets', x.tickets))::pg_catalog.text"
	" FROM triage.waiting d CROSS JOIN LATERAL triage.ticket_agents(d.tenant_id, d.source_id, d.ticket_key) x WHERE " D_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement owner = {
	"SELECT pg_catalog.jsonb_build_object('agent', a.name, 'since', d.assigned_at, 'reason', d.reason, 'until', d.released_at,"
	" 'released_why', d.released_why)::pg_catalog.text FROM triage.assignment d"
	" LEFT JOIN triage.agent a ON a.agent_id OPERATOR(pg_catalog.=) d.agent_id WHERE " D_IS_1_2_3
	" ORDER BY d.assignment_id DESC LIMIT 1",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static void
put_string(StringInfo out, const char *value)
{
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, value);
}

typedef struct Testing
{
	const StPolicy *policy;
	ExprContext *econtext;
	bool		holds;
} Testing;

static void
test_policy(void *arg)
{
	Testing    *t = arg;

	t->holds = st_policy_holds(t->policy, t->econtext);
}

/* Each policy, whether it is for the ticket, and why not. */
static void
put_policies(StringInfo out, const StDecided *decided)
{
	int			n;
	const StPolicy *const *policies = st_policies(&n);
	ExprContext *econtext = CreateStandaloneExprContext();
	TupleTableSlot *slot = st_facts_slot();
	const StPolicy *named = decided->decision.sla_policy == NULL ? NULL : st_policy_by_name(decided->decision.sla_policy);
	const StPolicy *chosen = named;

	st_facts_store(slot, &decided->facts);
	econtext->ecxt_scantuple = slot;

	appendStringInfoString(out, ", \"policies\": [");
	for (int i = 0; i < n; i++)
	{
		Testing		t = {policies[i], econtext, false};
		char	   *threw = NULL;
		char	   *why_not = NULL;

		CHECK_FOR_INTERRUPTS();
		if (!st_policy_enabled(policies[i]))
			why_not = "it is disabled";
		else if (st_policy_broken(policies[i]) != NULL)
			why_not = psprintf("its condition is not valid any more: %s", st_policy_broken(policies[i]));
		else if (!st_guarded(test_policy, &t, &threw))
			why_not = psprintf("its condition threw an error: %s", threw);
		else if (!t.holds)
			why_not = "its condition is not true";
		if (chosen == NULL && t.holds)
			chosen = policies[i];
		if (policies[i] == chosen)
			why_not = NULL;
		else if (why_not == NULL)
			why_not = named != NULL ? "a rule named another policy" : "one before it is for the ticket";

		appendStringInfo(out, "%s{\"policy\": ", i == 0 ? "" : ", ");
		escape_json(out, st_policy_name(policies[i]));
		appendStringInfoString(out, ", \"condition\": ");
		put_string(out, st_policy_condition(policies[i]));
		appendStringInfo(out, ", \"holds\": %s, \"decides\": %s, \"why_not\": ", t.holds ? "true" : "false",
						 policies[i] == chosen ? "true" : "false");
		put_string(out, why_not);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
	FreeExprContext(econtext, true);
	ExecDropSingleTupleTableSlot(slot);
}

/* Why a ticket that nobody has does not wait. */
static const char *
why_not_waiting(const StDecided *decided, bool had_owner)
{
	if (!decided->assign)
		return "its table is attached without assignment";
	if (had_owner)
		return "it was completed";
	if (decided->facts.status != NULL && st_status_phase(text_to_cstring(decided->facts.status)) == ST_PHASE_SOLVED)
		return "its status says that it is solved";
	if (st_names_agent(decided->facts.assigned_agent))
		return "the ticket names an agent itself";
	if (decided->decision.outcome == ST_OUTCOME_AUTO)
		return "it is answered without a person";
	return "it was withdrawn or completed, or is from before its table was attached";
}

/*
 * st_put_considered
 *		Appends policies, clocks, queues and agents as members of a JSON object.
 *		Between SPI_connect and SPI_finish.
 */
void
st_put_considered(StringInfo out, const StDecided *decided)
{
	Datum		key[3] = {
		PointerGetDatum(decided->facts.tenant_id), Int32GetDatum(decided->facts.source_id),
		PointerGetDatum(decided->facts.ticket_key)
	};
	StIdentity	caller;
	char	   *place;
	char	   *person;
	char	   *candidates;

	put_policies(out, decided);

	st_disturbances++;
	st_become_owner(&caller);
	appendStringInfo(out, ", \"clocks\": %s", st_statement_text(&clocks, key, NULL));
	appendStringInfo(out, ", \"queues\": %s", st_statement_text(&queues, key, NULL));
	place = st_statement_text(&waiting, key, NULL);
	person = st_statement_text(&owner, key, NULL);

	/* it takes locks that a standby has not */
	candidates = place == NULL || RecoveryInProgress() ? NULL : st_statement_text(&agents, key, NULL);
	st_become_caller(&caller);

	appendStringInfo(out, ", \"assignment\": {\"waiting\": %s, \"last_owner\": %s, \"agents\": %s, \"why_not_waiting\": ",
					 place == NULL ? "null" : place, person == NULL ? "null" : person, candidates == NULL ? "[]" : candidates);
	if (place != NULL)
		appendStringInfoString(out, "null}");
	else
	{
		bool		has_owner = person != NULL && strstr(person, "\"until\": null") != NULL;

		escape_json(out, has_owner ? "somebody has it" : why_not_waiting(decided, person != NULL));
		appendStringInfoChar(out, '}');
	}
}
