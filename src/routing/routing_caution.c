/*-------------------------------------------------------------------------
 *
 * routing_caution.c
 *		What no rule may overrule: tickets that must go to people.
 *
 * A ticket that asks for a person, touches a sensitive topic, whose signals
 * conflict, or that shows strong anger or sadness is never automated; a topic
 * may also demand a tier, a priority and an escalation.  The constraint
 * decision_automation_is_safe of triage.decision holds the first three for
 * whoever else writes decisions.
 *
 * What "conflict" means is written here alone (st_signals_conflict).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

/* A topic without a row: people, at least assisted, at once. */
static const StTopicPolicy unlisted = {NULL, ST_TIER_ASSISTED, ST_PRIORITY_MIN, true};

/* See routing.h. */
void
st_facts_clear(StFacts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->subject_length = -1;
	facts->body_length = -1;
	facts->language_confidence = ST_UNKNOWN;
	facts->mixed_language = ST_NOT_KNOWN;
	facts->sentiment = ST_UNKNOWN;
	facts->sentiment_confidence = ST_UNKNOWN;
	facts->emotion_confidence = ST_UNKNOWN;
	facts->irony = ST_UNKNOWN;
	facts->signals_conflict = ST_NOT_KNOWN;
	facts->urgency = ST_UNKNOWN;
	facts->wants_human = ST_NOT_KNOWN;
	facts->ntopics = -1;
	facts->complexity = ST_UNKNOWN;
	facts->complexity_history = ST_UNKNOWN;
	facts->npii_kinds = -1;
	facts->duplicate_similarity = ST_UNKNOWN;
	facts->repeat_contact = -1;
}

/* Anger or sadness; of which probability is the caller's to ask. */
static bool
is_distressed(const StFacts *facts)
{
	return facts->emotion != NULL &&
		(strcmp(facts->emotion, "anger") == 0 || strcmp(facts->emotion, "sadness") == 0);
}

/*
 * st_signals_conflict
 *		Irony; or kind words in a ticket that gives no cause for them: the same
 *		requester came with it before, it is urgent, or it is angry or sad
 *		rather than not.  Comparisons with what is not known are false.
 */
StTruth
st_signals_conflict(const StSignalPolicy *policy, const StFacts *facts)
{
	if (!ST_IS_KNOWN(facts->irony) && !ST_IS_KNOWN(facts->sentiment))
		return ST_NOT_KNOWN;

	if (facts->irony >= policy->irony_conflict)
		return ST_TRUE;
	if (facts->sentiment >= policy->positive_conflict &&
		(facts->repeat_contact > 0 ||
		 facts->urgency >= policy->urgency_conflict ||
		 (is_distressed(facts) && facts->emotion_confidence >= 0.5f)))
		return ST_TRUE;
	return ST_FALSE;
}

/* See routing.h. */
bool
st_decision_is_safe(const StFacts *facts, const StDecision *decision)
{
	return decision->outcome != ST_OUTCOME_AUTO ||
		(!decision->automation_blocked && facts->in_scope &&
		 facts->intent_confidence >= decision->automation_threshold &&
		 facts->wants_human != ST_TRUE && facts->signals_conflict != ST_TRUE && facts->ntopics <= 0);
}

/* Adds a reason while there is room. */
void
st_routing_reason(StDecision *decision, const char *reason)
{
	if (decision->nreasons < ST_MAX_REASONS)
		decision->reasons[decision->nreasons++] = reason;
}

/* Asks for an escalation while there is room. */
void
st_routing_escalate(StDecision *decision, const char *cause, const char *reason, int16 priority)
{
	if (decision->nescalations < ST_MAX_ESCALATIONS)
	{
		StEscalate *e = &decision->escalations[decision->nescalations++];

		e->cause = cause;
		e->reason = reason;
		e->priority = priority;
	}
}

static const StTopicPolicy *
find_topic(const StRouting *routing, const char *topic)
{
	for (int i = 0; i < routing->ntopics; i++)
	{
		if (strcmp(routing->topics[i].topic, topic) == 0)
			return &routing->topics[i];
	}
	return &unlisted;
}

/* "legal, press", palloc'd */
static char *
topic_list(const StFacts *facts)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < facts->ntopics; i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : ", ", facts->topics[i]);
	return list.data;
}

static char *
topic_reason(const StFacts *facts)
{
	return psprintf("sensitive topic%s %s: never automated", facts->ntopics > 1 ? "s" : "", topic_list(facts));
}

/* "signals conflict (irony 0.72, sentiment 0.55, ...): never automated" */
static char *
conflict_reason(const StRouting *routing, const StFacts *facts)
{
	const StSignalPolicy *policy = &routing->policy;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "signals conflict (");
	if (facts->irony >= policy->irony_conflict)
		appendStringInfo(&out, "irony %s >= %s", st_routing_probability(facts->irony),
						 st_routing_probability(policy->irony_conflict));
	else
	{
		appendStringInfo(&out, "sentiment %s", st_routing_probability(facts->sentiment));
		if (facts->repeat_contact > 0)
			appendStringInfo(&out, ", repeat contact %d", facts->repeat_contact);
		if (facts->urgency >= policy->urgency_conflict)
			appendStringInfo(&out, ", urgency %s", st_routing_probability(facts->urgency));
		if (is_distressed(facts))
			appendStringInfo(&out, ", %s %s", facts->emotion, st_routing_probability(facts->emotion_confidence));
	}
	appendStringInfoString(&out, "): never automated");
	return out.data;
}

static bool
has_strong_emotion(const StRouting *routing, const StFacts *facts)
{
	return is_distressed(facts) && facts->emotion_confidence >= routing->policy.strong_emotion;
}

static char *
emotion_reason(const StRouting *routing, const StFacts *facts)
{
	return psprintf("strong %s (%s >= %s): never automated", facts->emotion,
					st_routing_probability(facts->emotion_confidence),
					st_routing_probability(routing->policy.strong_emotion));
}

#define HUMAN_REASON "asks for a person: never automated"

/*
 * st_routing_forbids
 *		Returns the first reason why these facts are never automated, palloc'd,
 *		or NULL.
 */
char *
st_routing_forbids(const StRouting *routing, const StFacts *facts)
{
	if (facts->ntopics > 0)
		return topic_reason(facts);
	if (facts->wants_human == ST_TRUE)
		return pstrdup(HUMAN_REASON);
	if (facts->signals_conflict == ST_TRUE)
		return conflict_reason(routing, facts);
	if (has_strong_emotion(routing, facts))
		return emotion_reason(routing, facts);
	return NULL;
}

/*
 * st_routing_caution
 *		After the rules: raises what they gave to what the facts demand, with
 *		reasons and escalations.  Returns whether automation is forbidden.
 */
bool
st_routing_caution(const StRouting *routing, const StFacts *facts, StDecision *decision)
{
	bool		human = facts->wants_human == ST_TRUE;
	bool		conflict = facts->signals_conflict == ST_TRUE;
	bool		emotion = has_strong_emotion(routing, facts);

	if (likely(facts->ntopics <= 0 && !human && !conflict && !emotion))
		return false;

	if (facts->ntopics > 0)
	{
		st_routing_reason(decision, topic_reason(facts));
		for (int i = 0; i < facts->ntopics; i++)
		{
			const StTopicPolicy *t = find_topic(routing, facts->topics[i]);

			decision->tier = Max(decision->tier, t->min_tier);
			decision->priority = Max(decision->priority, t->min_priority);
			if (t->escalates)
				st_routing_escalate(decision, psprintf("topic:%s", facts->topics[i]),
									psprintf("sensitive topic: %s", facts->topics[i]), t->min_priority);
		}
	}
	if (human)
	{
		st_routing_reason(decision, HUMAN_REASON);
		if (routing->policy.human_escalates)
			st_routing_escalate(decision, "wants_human", "asks for a person", ST_PRIORITY_MIN);
	}
	if (conflict)
		st_routing_reason(decision, conflict_reason(routing, facts));
	if (emotion)
		st_routing_reason(decision, emotion_reason(routing, facts));

	/* who takes it finds the most urgent first */
	for (int i = 0; i < decision->nescalations; i++)
		decision->escalations[i].priority = Max(decision->escalations[i].priority, decision->priority);
	decision->tier = Max(decision->tier, ST_TIER_ASSISTED);
	return true;
}
