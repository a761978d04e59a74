/*-------------------------------------------------------------------------
 *
 * routing_match.c
 *		From facts to a decision: the first rule whose tests all hold.
 *
 * Pure computation over the cached rules: no catalog access, no error but
 * lack of memory.  Three things are not left to rules: nothing is automated
 * unless a rule says self_service and the prediction is in scope and confident
 * enough; what the model does not know goes to people; and so does what must
 * not be automated whatever it is about (routing_caution.c).
 *
 * Reasons are stored with the decision and read by people and programs; they
 * are ASCII around names of the user's, because the database's encoding may
 * know no other sign.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

/* Reasons that are added after the rules were tried, at most. */
#define ROOM_FOR_REASONS	5

/* The first test of a rule that failed. */
typedef enum Test
{
	TEST_NONE,					/* all hold */
	TEST_ENABLED,
	TEST_CHANNEL,
	TEST_SEGMENT,
	TEST_LANGUAGE,
	TEST_INTENT,
	TEST_IN_SCOPE,
	TEST_CONFIDENCE
} Test;

static inline bool
text_equal(const text *wanted, const text *actual)
{
	Size		len;

	if (actual == NULL)
		return false;
	len = VARSIZE_ANY_EXHDR(wanted);
	return len == VARSIZE_ANY_EXHDR(actual) &&
		memcmp(VARDATA_ANY(wanted), VARDATA_ANY(actual), len) == 0;
}

/*
 * Tests in the order of which is the more telling when it fails: one that
 * fails for confidence alone is a near miss and becomes a reason.
 */
static inline Test
rule_test(const StRule *rule, const StFacts *facts)
{
	if (!rule->enabled)
		return TEST_ENABLED;
	if (rule->channel != NULL && !text_equal(rule->channel, facts->channel))
		return TEST_CHANNEL;
	if (rule->segment != NULL && !text_equal(rule->segment, facts->segment))
		return TEST_SEGMENT;
	if (rule->language != NULL && !text_equal(rule->language, facts->language))
		return TEST_LANGUAGE;
	if (rule->intent != NULL && !text_equal(rule->intent, facts->intent))
		return TEST_INTENT;
	if (rule->intent != NULL || rule->min_confidence >= 0)
	{
		if (!facts->in_scope)
			return TEST_IN_SCOPE;
		if (facts->intent_confidence < rule->min_confidence)
			return TEST_CONFIDENCE;
	}
	return TEST_NONE;
}

/*
 * Writes a probability with so many digits after the point, rounded down: a
 * confidence below a threshold never reads as if it had reached it.  Returns
 * the end; buf needs 10 bytes.
 */
static char *
write_probability(char *buf, float4 value, int digits)
{
	int			scale = 1;
	int			n;

	for (int i = 0; i < digits; i++)
		scale *= 10;
	n = (int) (value * (double) scale + 1e-4);
	n = Max(0, Min(n, scale));
	*buf++ = '0' + n / scale;
	*buf++ = '.';
	n %= scale;
	for (int i = digits - 1; i >= 0; i--)
	{
		buf[i] = '0' + n % 10;
		n /= 10;
	}
	buf += digits;
	*buf = '\0';
	return buf;
}

static inline char *
put(char *to, const char *from, Size len)
{
	memcpy(to, from, len);
	return to + len;
}

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

/* "rule refunds matched: intent refund_request, confidence 0.93 >= 0.80" */
static char *
rule_reason(const StRule *rule, const StFacts *facts, bool matched)
{
	Size		name_len = strlen(rule->name);
	Size		intent_len = facts->intent == NULL ? 0 : VARSIZE_ANY_EXHDR(facts->intent);
	Size		threshold_len = rule->threshold == NULL ? 0 : strlen(rule->threshold);
	char	   *reason = palloc(name_len + intent_len + threshold_len + 128);
	char	   *p = reason;

	p = PUT(p, "rule ");
	p = put(p, rule->name, name_len);
	p = matched ? PUT(p, " matched") : PUT(p, " not matched");
	if (facts->intent != NULL && (rule->intent != NULL || rule->min_confidence >= 0))
	{
		p = PUT(p, ": intent ");
		p = put(p, VARDATA_ANY(facts->intent), intent_len);
		p = PUT(p, ", confidence ");
		p = write_probability(p, facts->intent_confidence, rule->digits);
		if (rule->threshold != NULL)
		{
			p = matched ? PUT(p, " >= ") : PUT(p, " < ");
			p = put(p, rule->threshold, threshold_len);
		}
	}
	*p = '\0';
	return reason;
}

/* A number from 0 to 1 with two digits after the point, palloc'd. */
char *
st_routing_probability(float4 value)
{
	char	   *buf = palloc(10);

	write_probability(buf, value, 2);
	return buf;
}

/* "intent not in scope: nearest is refund_request, confidence 0.31" */
static char *
scope_reason(const StFacts *facts)
{
	char		probability[16];

	if (facts->intent == NULL)
		return pstrdup("the ticket has no text");
	write_probability(probability, facts->intent_confidence, 2);
	return psprintf("intent not in scope: nearest is %.*s, confidence %s",
					(int) VARSIZE_ANY_EXHDR(facts->intent), VARDATA_ANY(facts->intent),
					probability);
}

/* What a rule that matched makes of the decision. */
static void
apply_rule(const StRule *rule, const StFacts *facts, StDecision *decision)
{
	st_routing_reason(decision, rule_reason(rule, facts, true));
	decision->queue_id = rule->queue ? rule->queue->queue_id : 0;
	decision->tier = rule->tier;
	decision->priority = rule->priority;
	decision->rule_id = rule->rule_id;
	decision->rule_version = rule->version;
	decision->rule_name = rule->name;
	decision->tier_by_rule = true;
	decision->nrules = 1;
	decision->rules = &rule->self;
	if (rule->escalate_reason != NULL)
		st_routing_escalate(decision, psprintf("rule:%s", rule->name), rule->escalate_reason, rule->priority);

	if (!facts->in_scope)
	{
		decision->outcome = ST_OUTCOME_ABSTAIN;

		/* cannot be: a rule of this tier has a threshold, by constraint */
		if (decision->tier == ST_TIER_SELF_SERVICE)
			decision->tier = ST_TIER_ASSISTED;
	}
	else if (rule->tier == ST_TIER_SELF_SERVICE)
	{
		if (rule->min_confidence >= 0)
			decision->outcome = ST_OUTCOME_AUTO;
		else
			decision->tier = ST_TIER_ASSISTED;
	}
	else if (rule->tier == ST_TIER_ASSISTED)
		decision->outcome = ST_OUTCOME_ASSIST;
}

/* See routing.h. */
void
st_routing_decide(const StRouting *routing, const StFacts *facts, StDecision *decision)
{
	const StRule *rule = NULL;

	memset(decision, 0, offsetof(StDecision, escalations));
	decision->tier = ST_TIER_ASSISTED;
	decision->outcome = ST_OUTCOME_HUMAN;
	decision->queue_id = routing->default_queue ? routing->default_queue->queue_id : 0;
	decision->priority = ST_PRIORITY_DEFAULT;
	decision->nreasons = 0;

	if (facts->failure != NULL)
	{
		st_routing_reason(decision, psprintf("failed: %s", facts->failure));
		st_routing_caution(routing, facts, decision);
		decision->outcome = ST_OUTCOME_FAILED;
		return;
	}

	if (!facts->in_scope)
		st_routing_reason(decision, scope_reason(facts));

	for (int i = 0; i < routing->nrules; i++)
	{
		Test		failed = rule_test(&routing->rules[i], facts);

		if (failed == TEST_NONE)
		{
			rule = &routing->rules[i];
			break;
		}

		/* room is kept for what decides and for what forbids */
		if (failed == TEST_CONFIDENCE && decision->nreasons < ST_MAX_REASONS - ROOM_FOR_REASONS)
			st_routing_reason(decision, rule_reason(&routing->rules[i], facts, false));
	}

	if (rule == NULL)
	{
		st_routing_reason(decision, "no rule matched");
		if (!facts->in_scope)
			decision->outcome = ST_OUTCOME_ABSTAIN;
	}
	else
		apply_rule(rule, facts, decision);

	if (st_routing_caution(routing, facts, decision))
		decision->outcome = ST_OUTCOME_HUMAN;
}

static void
put_text_json(StringInfo out, const text *value)
{
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, text_to_cstring(value));
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

/* See routing.h. */
void
st_routing_explain(const StRouting *routing, const StFacts *facts, StringInfo out)
{
	bool		decided = facts->failure != NULL;

	appendStringInfoChar(out, '[');
	for (int i = 0; i < routing->nrules; i++)
	{
		const StRule *rule = &routing->rules[i];
		Test		failed = rule_test(rule, facts);

		appendStringInfo(out, "%s{\"rule\": ", i == 0 ? "" : ", ");
		escape_json(out, rule->name);
		appendStringInfo(out, ", \"position\": %d, \"version\": %d, \"matches\": %s",
						 rule->position, rule->version, failed == TEST_NONE ? "true" : "false");
		if (rule->threshold != NULL)
			appendStringInfo(out, ", \"min_confidence\": %s", rule->threshold);
		appendStringInfo(out, ", \"tier\": \"%s\", \"queue\": ", st_tier_names[rule->tier]);
		if (rule->queue == NULL)
			appendStringInfoString(out, "null");
		else
			escape_json(out, rule->queue->name);

		switch (failed)
		{
			case TEST_NONE:
				appendStringInfo(out, ", \"decides\": %s", decided ? "false" : "true");
				decided = true;
				break;
			case TEST_ENABLED:
				appendStringInfoString(out, ", \"failed_test\": {\"fact\": \"enabled\", \"wanted\": true, \"actual\": false}");
				break;
			case TEST_CHANNEL:
				put_failed_text(out, "channel", rule->channel, facts->channel);
				break;
			case TEST_SEGMENT:
				put_failed_text(out, "segment", rule->segment, facts->segment);
				break;
			case TEST_LANGUAGE:
				put_failed_text(out, "language", rule->language, facts->language);
				break;
			case TEST_INTENT:
				put_failed_text(out, "intent", rule->intent, facts->intent);
				break;
			case TEST_IN_SCOPE:
				appendStringInfoString(out, ", \"failed_test\": {\"fact\": \"in_scope\", \"wanted\": true, \"actual\": false}");
				break;
			case TEST_CONFIDENCE:
				appendStringInfo(out, ", \"failed_test\": {\"fact\": \"intent_confidence\", \"wanted\": %s, \"actual\": %.6f}",
								 rule->threshold, facts->intent_confidence);
				break;
		}
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
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
		return scope_reason(facts);

	for (int i = 0; i < routing->nrules; i++)
	{
		const StRule *rule = &routing->rules[i];

		if (!rule->enabled || rule->tier != ST_TIER_SELF_SERVICE ||
			!text_equal(rule->intent, facts->intent))
			continue;
		switch (rule_test(rule, facts))
		{
			case TEST_NONE:
				return psprintf("rule %s decided before rule %s", decision->rule_name, rule->name);
			case TEST_CONFIDENCE:
				return rule_reason(rule, facts, false);
			default:
				return psprintf("rule %s is for other tickets of this intent", rule->name);
		}
	}
	return pstrdup("no rule with tier self_service names this intent");
}
