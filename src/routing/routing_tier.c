/*-------------------------------------------------------------------------
 *
 * routing_tier.c
 *		Which tier a ticket gets, and whether it is automated.
 *
 * A tier that a rule names counts before all, but self_service not in an
 * emergency.  Else the facts give one, by the
 * thresholds of triage.tier_policy, and the queue's own is the least: simple is
 * self_service, moderate assisted, complex or emotional senior, an emergency or
 * an escalation priority.
 *
 * self_service stands only where the automation policy of the intent has a
 * threshold for the version of the model that predicted, and the confidence
 * reaches it; else it becomes assisted.  routing_caution.c comes afterwards and
 * has the last word.
 *
 * Pure computation, like routing_match.c: no catalog access, no error but lack
 * of memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/json.h"

#include "core/compat.h"
#include "routing/routing_tier.h"

/* Why the facts give the tier that they give. */
typedef struct Cause
{
	StTier		tier;
	const char *what;			/* the fact; NULL: nothing in particular */
	float4		value;
	const char *sign;
	float4		limit;
} Cause;

static inline bool
is_distressed(const StFacts *facts)
{
	return facts->emotion != NULL &&
		(strcmp(facts->emotion, "anger") == 0 || strcmp(facts->emotion, "sadness") == 0);
}

/*
 * tier_of_facts
 *		The tier that the policy gives, and the strongest cause of it.
 *		Comparisons with what is not known are false.
 */
static Cause
tier_of_facts(const StTierPolicy *p, const StFacts *facts, bool escalated)
{
	Cause		cause = {ST_TIER_ASSISTED, NULL, 0, NULL, 0};
	bool		sure = facts->in_scope && facts->intent_confidence >= p->sure_from;
	bool		human = facts->wants_human == ST_TRUE;

#define RAISE(to, name, is, compared, with) \
	do { \
		if (cause.tier < (to)) \
		{ \
			cause.tier = (to); \
			cause.what = (name); \
			cause.value = (is); \
			cause.sign = (compared); \
			cause.limit = (with); \
		} \
	} while (0)

	if (facts->urgency >= p->emergency_from)
		RAISE(ST_TIER_PRIORITY, "urgency", facts->urgency, ">=", p->emergency_from);
	if (facts->complexity >= p->complex_from)
		RAISE(ST_TIER_SENIOR, "complexity", facts->complexity, ">=", p->complex_from);
	if (is_distressed(facts) && facts->emotion_confidence >= p->emotion_from &&
		(facts->sentiment <= p->emotion_sentiment || p->emotion_sentiment >= 1))
		RAISE(ST_TIER_SENIOR, facts->emotion, facts->emotion_confidence, ">=", p->emotion_from);
	if (facts->sentiment <= p->dismay_sentiment)
		RAISE(ST_TIER_SENIOR, "sentiment", facts->sentiment, "<=", p->dismay_sentiment);
	if (escalated)
		RAISE(p->escalation_tier, "escalated by a rule", 0, NULL, 0);
	if (human)
		RAISE(p->human_tier, "asks for a person", 0, NULL, 0);
	if (!sure)
	{
		if (facts->in_scope)
			RAISE(p->unsure_tier, "confidence", facts->intent_confidence, "<", p->sure_from);
		else
			RAISE(p->unsure_tier, "intent not in scope", 0, NULL, 0);
	}
#undef RAISE

	if (cause.tier == ST_TIER_ASSISTED && sure && !human && !escalated && facts->complexity < p->simple_below &&
		!(facts->urgency >= p->urgent_from))
	{
		cause.tier = ST_TIER_SELF_SERVICE;
		cause.what = "complexity";
		cause.value = facts->complexity;
		cause.sign = "<";
		cause.limit = p->simple_below;
	}
	return cause;
}

/* Whether a rule escalates; what topics and wishes escalate is not counted. */
static bool
escalated_by_rule(const StDecision *decision)
{
	for (int i = 0; i < decision->nescalations; i++)
	{
		if (strncmp(decision->escalations[i].cause, "rule:", 5) == 0)
			return true;
	}
	return false;
}

/* A number with two digits after the point, rounded towards what is not reached. */
static char *
write_value(char *buf, Size size, const Cause *cause)
{
	double		scaled = cause->value * 100.0;

	scaled = strcmp(cause->sign, "<") == 0 || strcmp(cause->sign, ">=") == 0 ? floor(scaled + 1e-4) : ceil(scaled - 1e-4);
	snprintf(buf, size, "%.2f", scaled / 100.0 + 0.0);
	return buf;
}

/* "complexity 0.81 >= 0.6 (history added +0.12)", palloc'd */
static char *
cause_text(const Cause *cause, const StFacts *facts)
{
	char		value[32];
	char		added[32] = "";

	if (cause->sign == NULL)
		return pstrdup(cause->what);
	if (ST_IS_KNOWN(facts->complexity_history) && strcmp(cause->what, "complexity") == 0)
		snprintf(added, sizeof(added), " (history added %+.2f)", facts->complexity_history);
	return psprintf("%s %s %s %g%s", cause->what, write_value(value, sizeof(value), cause), cause->sign, cause->limit, added);
}

/*
 * compared
 *		"0.92 < 0.925": a confidence and its threshold with as many digits as the
 *		threshold has, two at least; the confidence is rounded down, so that it
 *		never seems to reach what it does not.  palloc'd.
 */
static char *
compared(float4 confidence, const char *sign, float4 threshold)
{
	char		limit[32];
	double		scale = 100;
	int			digits;

	for (digits = 2; digits < 6; digits++)
	{
		snprintf(limit, sizeof(limit), "%.*f", digits, threshold);
		if ((float4) strtod(limit, NULL) == threshold)
			break;
		scale *= 10;
	}
	return psprintf("confidence %.*f %s %s", digits, floor(confidence * scale + 1e-4) / scale, sign, limit);
}

/*
 * in_review
 *		Whether a ticket is of the share that people see although it could be
 *		automated: by a hash of its key, so that it is the same each time.
 */
static bool
in_review(const StAutomation *automation, const StFacts *facts)
{
	uint64		h;

	if (!(automation->review_share > 0))
		return false;
	h = hash_bytes_extended((const unsigned char *) VARDATA_ANY(facts->ticket_key),
							VARSIZE_ANY_EXHDR(facts->ticket_key), facts->source_id);
	h = hash_bytes_extended((const unsigned char *) VARDATA_ANY(facts->tenant_id),
							VARSIZE_ANY_EXHDR(facts->tenant_id), h);
	return (h >> 11) * (1.0 / (UINT64CONST(1) << 53)) < automation->review_share;
}

/*
 * refusal
 *		Returns why the automation policy does not let these facts be automated,
 *		palloc'd, or NULL when it does, with *used set to the threshold.
 *		*listed tells whether the intent has a policy.
 */
static char *
refusal(const StTiers *tiers, const StFacts *facts, bool *listed, float4 *used)
{
	const StAutomation *automation = st_automation_policy(tiers, facts);
	const StThreshold *solved;

	*listed = automation != NULL;
	if (automation == NULL)
		return psprintf("intent %.*s has no automation policy",
						facts->intent == NULL ? 0 : (int) VARSIZE_ANY_EXHDR(facts->intent),
						facts->intent == NULL ? "" : VARDATA_ANY(facts->intent));
	if (!automation->enabled)
		return psprintf("automation policy %d is switched off", automation->policy_id);
	solved = st_automation_threshold(automation, facts);
	if (solved == NULL)
		return psprintf("automation policy %d has no threshold for version %d of the model",
						automation->policy_id, facts->model_version);
	if (!ST_IS_KNOWN(solved->threshold))
		return psprintf("automation policy %d: %s", automation->policy_id, solved->why);
	if (!(facts->intent_confidence >= solved->threshold))
		return compared(facts->intent_confidence, "<", solved->threshold);
	if (in_review(automation, facts))
		return psprintf("kept for review, one of %.0f", 1 / automation->review_share);
	*used = solved->threshold;
	return NULL;
}

/* The least tier of a queue's tickets; self_service for one that says nothing. */
static StTier
queue_tier(const StRouting *routing, int32 queue_id)
{
	for (int i = 0; i < routing->nqueues; i++)
	{
		if (routing->queues[i].queue_id == queue_id && routing->queues[i].tier != ST_TIER_NONE)
			return routing->queues[i].tier;
	}
	return ST_TIER_SELF_SERVICE;
}

static inline const StTiers *
tiers_of(const StRouting *routing)
{
	return routing->tiers != NULL ? routing->tiers : st_tiers_current();
}

/*
 * st_routing_settle_tier
 *		After the rules and before caution: settles tier, outcome and threshold.
 *		decision->tier counts when tier_by_rule is set; placed tells whether a
 *		rule has said where the ticket belongs.
 */
void
st_routing_settle_tier(const StRouting *routing, const StFacts *facts, bool placed, StDecision *decision)
{
	const StTiers *tiers = tiers_of(routing);
	const StTierPolicy *policy = st_tier_policy(tiers, facts);
	bool		ruled = decision->tier_by_rule;
	StTier		queued = queue_tier(routing, decision->queue_id);

	decision->automation_threshold = ST_UNKNOWN;

	/* no rule has a machine answer an emergency */
	if (ruled && decision->tier == ST_TIER_SELF_SERVICE && facts->urgency >= policy->emergency_from)
		ruled = false;

	if (!ruled)
	{
		Cause		cause = tier_of_facts(policy, facts, escalated_by_rule(decision));

		decision->tier = Max(cause.tier, queued);
		if (cause.tier >= ST_TIER_SENIOR && cause.tier >= queued)
			st_routing_reason(decision, psprintf("tier %s: %s", st_tier_names[cause.tier], cause_text(&cause, facts)));
	}

	if (decision->tier == ST_TIER_SELF_SERVICE)
	{
		decision->tier = ST_TIER_ASSISTED;
		if (facts->in_scope && !decision->automation_blocked && st_routing_forbids(routing, facts) == NULL)
		{
			float4		used = ST_UNKNOWN;
			bool		listed;
			char	   *refused = refusal(tiers, facts, &listed, &used);

			if (refused == NULL)
			{
				decision->tier = ST_TIER_SELF_SERVICE;
				decision->automation_threshold = used;
				st_routing_reason(decision, psprintf("automated: %s", compared(facts->intent_confidence, ">=", used)));
			}
			else if (ruled || listed)
				st_routing_reason(decision, psprintf("not automated: %s", refused));
		}
	}

	if (!facts->in_scope)
		decision->outcome = ST_OUTCOME_ABSTAIN;
	else if (decision->tier == ST_TIER_SELF_SERVICE)
		decision->outcome = ST_OUTCOME_AUTO;
	else if (placed && decision->tier == ST_TIER_ASSISTED)
		decision->outcome = ST_OUTCOME_ASSIST;
	else
		decision->outcome = ST_OUTCOME_HUMAN;
}

/*
 * st_routing_automation_refused
 *		Returns why the tier or the automation policy keeps these facts from
 *		being automated, palloc'd; for whom nothing else does.
 */
char *
st_routing_automation_refused(const StRouting *routing, const StFacts *facts, const StDecision *decision)
{
	const StTiers *tiers = tiers_of(routing);
	const StTierPolicy *policy = st_tier_policy(tiers, facts);
	StTier		queued = queue_tier(routing, decision->queue_id);
	float4		used = ST_UNKNOWN;
	bool		listed;
	char	   *refused = refusal(tiers, facts, &listed, &used);
	Cause		cause;

	if (refused != NULL)
		return refused;
	cause = tier_of_facts(policy, facts, escalated_by_rule(decision));
	if (decision->tier_by_rule && !(facts->urgency >= policy->emergency_from))
		return pstrdup("a rule names another tier");
	if (cause.tier > ST_TIER_ASSISTED)
		return psprintf("tier %s: %s", st_tier_names[cause.tier], cause_text(&cause, facts));
	if (queued > ST_TIER_SELF_SERVICE)
		return psprintf("the queue is of tier %s", st_tier_names[queued]);
	return pstrdup("the ticket is not simple");
}

static void
put_number(StringInfo out, const char *name, float4 value)
{
	if (ST_IS_KNOWN(value))
		appendStringInfo(out, ", \"%s\": %g", name, value);
	else
		appendStringInfo(out, ", \"%s\": null", name);
}

/*
 * put_costs
 *		What the alternatives cost for this ticket, as its policy says and its
 *		confidence gives: a machine that is wrong with probability 1 - p, and a
 *		person who gets the ticket under the wrong intent with the same.
 */
static void
put_costs(StringInfo out, const StAutomation *automation, const StThreshold *solved, const StFacts *facts)
{
	double		wrong = 1.0 - facts->intent_confidence;
	double		person = automation->cost_person * (1.0 + automation->load_price * (solved == NULL ? 0 : solved->load));

	appendStringInfo(out, ", \"costs\": {\"automatic\": %.6g, \"person\": %.6g}",
					 wrong * automation->cost_wrong_automatic, person + wrong * automation->cost_wrong_queue);
}

/*
 * st_routing_explain_tier
 *		Appends a JSON object: the tier that facts alone give, and why, that of
 *		the queue, whether a rule named one, the limits compared with, and what
 *		was solved for automation.
 */
void
st_routing_explain_tier(const StRouting *routing, const StFacts *facts, const StDecision *decision, StringInfo out)
{
	const StTiers *tiers = tiers_of(routing);
	const StTierPolicy *p = st_tier_policy(tiers, facts);
	Cause		cause = tier_of_facts(p, facts, escalated_by_rule(decision));
	StTier		queued = queue_tier(routing, decision->queue_id);
	const StAutomation *automation = st_automation_policy(tiers, facts);

	appendStringInfo(out, "{\"by_facts\": \"%s\", \"because\": ", st_tier_names[cause.tier]);
	if (cause.what == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, cause_text(&cause, facts));
	appendStringInfo(out, ", \"by_rule\": %s, \"queue\": ", decision->tier_by_rule ? "true" : "false");
	if (queued == ST_TIER_SELF_SERVICE)
		appendStringInfoString(out, "null");
	else
		escape_json(out, st_tier_names[queued]);
	appendStringInfoString(out, ", \"policy\": {\"for\": ");
	escape_json(out, p->channel != NULL && p->segment != NULL ? "channel and segment" :
				p->channel != NULL ? "channel" : p->segment != NULL ? "segment" : "all");
	put_number(out, "simple_below", p->simple_below);
	put_number(out, "complex_from", p->complex_from);
	put_number(out, "sure_from", p->sure_from);
	put_number(out, "urgent_from", p->urgent_from);
	put_number(out, "emergency_from", p->emergency_from);
	put_number(out, "emotion_from", p->emotion_from);
	put_number(out, "emotion_sentiment", p->emotion_sentiment);
	put_number(out, "dismay_sentiment", p->dismay_sentiment);
	appendStringInfoString(out, "}, \"automation\": ");
	if (automation == NULL)
		appendStringInfoString(out, "null");
	else
	{
		const StThreshold *solved = st_automation_threshold(automation, facts);

		appendStringInfo(out, "{\"policy_id\": %d, \"enabled\": %s", automation->policy_id,
						 automation->enabled ? "true" : "false");
		put_number(out, "threshold", solved == NULL ? ST_UNKNOWN : solved->threshold);
		appendStringInfoString(out, ", \"why\": ");
		if (solved == NULL)
			appendStringInfoString(out, "null");
		else
			escape_json(out, solved->why);
		if (automation->has_costs)
			put_costs(out, automation, solved, facts);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, '}');
}
