/*-------------------------------------------------------------------------
 *
 * routing_rule_explain.c
 *		Every rule as it was tried on some facts, as JSON, and why no rule
 *		automates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

static void
put_text_json(StringInfo out, const text *value)
{
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, text_to_cstring(value));
}

static void
put_string_json(StringInfo out, const char *value)
{
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, value);
}

/* {"test": "channel", "wanted": "mail", "actual": "chat"} */
static void
put_failed_text(StringInfo out, const char *test, const text *wanted, const text *actual)
{
	appendStringInfo(out, ", \"failed_test\": {\"fact\": \"%s\", \"wanted\": ", test);
	put_text_json(out, wanted);
	appendStringInfoString(out, ", \"actual\": ");
	put_text_json(out, actual);
	appendStringInfoChar(out, '}');
}

static void
put_failed_time(StringInfo out, const char *test, TimestampTz wanted, TimestampTz actual)
{
	appendStringInfo(out, ", \"failed_test\": {\"fact\": \"%s\", \"wanted\": \"%s\"", test,
					 timestamptz_to_str(wanted));
	appendStringInfo(out, ", \"actual\": \"%s\"}", timestamptz_to_str(actual));
}

/* A fact as JSON: numbers and truths as themselves, all else as a string. */
static void
put_fact(StringInfo out, Oid type, Datum value)
{
	char		buf[FLOAT_SHORTEST_DECIMAL_LEN];
	Oid			output;
	bool		varlena;

	switch (type)
	{
		case FLOAT4OID:
			float_to_shortest_decimal_buf(DatumGetFloat4(value), buf);
			appendStringInfoString(out, buf);
			break;
		case INT4OID:
			appendStringInfo(out, "%d", DatumGetInt32(value));
			break;
		case BOOLOID:
			appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
			break;
		default:
			getTypeOutputInfo(type, &output, &varlena);
			escape_json(out, OidOutputFunctionCall(output, value));
	}
}

/* The condition, what it said, and the facts that it read. */
static void
put_condition(StringInfo out, StTrial *trial, const StRule *rule)
{
	char	   *why = NULL;
	StRule		alone = *rule;
	StRuleTest	failed;

	if (rule->condition == NULL)
		return;

	/* the condition by itself, whatever other tests say */
	alone.enabled = true;
	alone.valid_from = DT_NOBEGIN;
	alone.valid_until = DT_NOEND;
	alone.source_id = 0;
	alone.tenant = alone.channel = alone.segment = alone.language = alone.intent = NULL;
	alone.min_confidence = -1;
	alone.rollout = 100;
	trial->is_null = false;
	failed = st_rule_test_guarded(trial, &alone, &why);

	appendStringInfoString(out, ", \"condition\": ");
	escape_json(out, rule->condition);
	appendStringInfo(out, ", \"truth\": %s",
					 why != NULL || trial->is_null ? "null" : failed == ST_TEST_NONE ? "true" : "false");
	if (why != NULL)
	{
		appendStringInfoString(out, ", \"error\": ");
		escape_json(out, why);
	}
	if (rule->test == NULL)
		return;

	st_trial_store(trial);
	appendStringInfoString(out, ", \"facts\": {");
	for (int i = 0; i < rule->test->nfacts; i++)
	{
		int			at = rule->test->facts[i] - 1;
		Form_pg_attribute attr = TupleDescAttr(trial->routing->facts, at);

		appendStringInfoString(out, i == 0 ? "" : ", ");
		escape_json(out, NameStr(attr->attname));
		appendStringInfoString(out, ": ");
		if (trial->routing->slot->tts_isnull[at])
			appendStringInfoString(out, "null");
		else
			put_fact(out, attr->atttypid, trial->routing->slot->tts_values[at]);
	}
	appendStringInfoChar(out, '}');
}

static void
put_failed_test(StringInfo out, const StTrial *trial, const StRule *rule, StRuleTest failed)
{
	const StFacts *facts = trial->facts;

	switch (failed)
	{
		case ST_TEST_NONE:
		case ST_TEST_UNGUARDED:
			break;
		case ST_TEST_ENABLED:
			appendStringInfoString(out, ", \"failed_test\": {\"fact\": \"enabled\", \"wanted\": true, \"actual\": false}");
			break;
		case ST_TEST_VALID_FROM:
			put_failed_time(out, "valid_from", rule->valid_from, trial->now);
			break;
		case ST_TEST_VALID_UNTIL:
			put_failed_time(out, "valid_until", rule->valid_until, trial->now);
			break;
		case ST_TEST_SOURCE:
			appendStringInfo(out, ", \"failed_test\": {\"fact\": \"source_id\", \"wanted\": %d, \"actual\": %d}",
							 rule->source_id, facts->source_id);
			break;
		case ST_TEST_TENANT:
			put_failed_text(out, "tenant_id", rule->tenant, facts->tenant_id);
			break;
		case ST_TEST_CHANNEL:
			put_failed_text(out, "channel", rule->channel, facts->channel);
			break;
		case ST_TEST_SEGMENT:
			put_failed_text(out, "segment", rule->segment, facts->segment);
			break;
		case ST_TEST_LANGUAGE:
			put_failed_text(out, "language", rule->language, facts->language);
			break;
		case ST_TEST_INTENT:
			put_failed_text(out, "intent", rule->intent, facts->intent);
			break;
		case ST_TEST_IN_SCOPE:
			appendStringInfoString(out, ", \"failed_test\": {\"fact\": \"in_scope\", \"wanted\": true, \"actual\": false}");
			break;
		case ST_TEST_ROLLOUT:
			appendStringInfo(out, ", \"failed_test\": {\"fact\": \"rollout_percent\", \"wanted\": %d, \"actual\": %d}",
							 rule->rollout, st_rollout_bucket(rule, facts));
			break;
		case ST_TEST_CONDITION:
			appendStringInfoString(out, ", \"failed_test\": {\"fact\": \"condition\", \"wanted\": true, \"actual\": false}");
			break;
		case ST_TEST_CONFIDENCE:
			appendStringInfo(out, ", \"failed_test\": {\"fact\": \"intent_confidence\", \"wanted\": %s, \"actual\": %.6f}",
							 rule->threshold, facts->intent_confidence);
			break;
	}
}

/* What a rule sets beside queue and tier. */
static void
put_sets(StringInfo out, const StRule *rule)
{
	if (rule->priority >= 0)
		appendStringInfo(out, ", \"priority\": %d", rule->priority);
	if (rule->sla_policy != NULL)
	{
		appendStringInfoString(out, ", \"sla_policy\": ");
		escape_json(out, rule->sla_policy);
	}
	if (rule->ntags > 0)
	{
		appendStringInfoString(out, ", \"tags\": [");
		for (int i = 0; i < rule->ntags; i++)
		{
			appendStringInfoString(out, i == 0 ? "" : ", ");
			escape_json(out, rule->tags[i]);
		}
		appendStringInfoChar(out, ']');
	}
	if (rule->nskills > 0)
	{
		appendStringInfoString(out, ", \"skills\": [");
		for (int i = 0; i < rule->nskills; i++)
		{
			appendStringInfoString(out, i == 0 ? "{\"skill\": " : ", {\"skill\": ");
			escape_json(out, rule->skills[i].skill);
			appendStringInfo(out, ", \"level\": %d}", rule->skills[i].level);
		}
		appendStringInfoChar(out, ']');
	}
	if (rule->escalate_reason != NULL)
	{
		appendStringInfoString(out, ", \"escalate_reason\": ");
		escape_json(out, rule->escalate_reason);
	}
	if (rule->block_automation)
		appendStringInfoString(out, ", \"block_automation\": true");
}

/* See routing.h. */
void
st_routing_explain(const StRouting *routing, const StFacts *facts, StringInfo out)
{
	bool		decided = facts->failure != NULL;
	StTrial		trial;

	st_trial_begin(&trial, routing, facts);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < routing->nrules; i++)
	{
		const StRule *rule = &routing->rules[i];
		const StQueue *queue = rule->queue != NULL || !rule->stop ? rule->queue : routing->default_queue;
		char	   *why;
		StRuleTest	failed = st_rule_test_guarded(&trial, rule, &why);
		bool		matches = failed == ST_TEST_NONE;

		appendStringInfo(out, "%s{\"rule\": ", i == 0 ? "" : ", ");
		escape_json(out, rule->name);
		appendStringInfo(out, ", \"position\": %d, \"version\": %d, \"tried\": %s, \"matches\": %s",
						 rule->position, rule->version, decided ? "false" : "true", matches ? "true" : "false");
		if (rule->threshold != NULL)
			appendStringInfo(out, ", \"min_confidence\": %s", rule->threshold);
		if (rule->tier != ST_TIER_NONE)
			appendStringInfo(out, ", \"tier\": \"%s\"", st_tier_names[rule->tier]);
		if (queue != NULL || rule->stop)
		{
			appendStringInfoString(out, ", \"queue\": ");
			put_string_json(out, queue == NULL ? NULL : queue->name);
		}
		put_sets(out, rule);
		put_condition(out, &trial, rule);
		put_failed_test(out, &trial, rule, failed);
		if (matches)
		{
			if (!decided)
				appendStringInfoString(out, ", \"applies\": true");
			appendStringInfo(out, ", \"decides\": %s", decided || !rule->stop ? "false" : "true");
			decided |= rule->stop;
		}
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

static const StRule *
find_rule(const StRouting *routing, int32 rule_id)
{
	for (int i = 0; i < routing->nrules; i++)
	{
		if (routing->rules[i].rule_id == rule_id)
			return &routing->rules[i];
	}
	return NULL;
}

/* Which rule forbids to automate: one that applied, or failed. */
static char *
blocked_reason(const StRouting *routing, const StDecision *decision)
{
	const StRule *rule;

	for (int i = 0; i < decision->nrules; i++)
	{
		rule = find_rule(routing, decision->rules[i].rule_id);
		if (rule != NULL && rule->block_automation)
			return psprintf("rule %s: never automated", rule->name);
	}
	for (int i = 0; i < decision->nfailed; i++)
	{
		rule = find_rule(routing, decision->failed_rules[i]);
		if (rule != NULL && rule->block_automation)
			return psprintf("rule %s: never automated while it fails", rule->name);
	}
	return pstrdup("a rule forbids it");
}

/* See routing.h. */
char *
st_routing_why_not_automated(const StRouting *routing, const StFacts *facts,
							 const StDecision *decision)
{
	char	   *forbidden;

	if (decision->outcome == ST_OUTCOME_AUTO)
		return NULL;
	if (facts->failure != NULL)
		return pstrdup("triage failed");
	forbidden = st_routing_forbids(routing, facts);
	if (forbidden != NULL)
		return forbidden;
	if (!facts->in_scope)
		return st_scope_reason(facts);
	if (decision->automation_blocked)
		return blocked_reason(routing, decision);

	return st_routing_automation_refused(routing, facts, decision);
}
