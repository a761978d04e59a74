/*-------------------------------------------------------------------------
 *
 * routing_match.c
 *		From facts to a decision: rules in their order, until one stops.
 *
 * Each rule that holds applies.  Of what rules set once (queue, tier, priority,
 * policy) the first to set it has its way, as the special comes before the
 * general; tags, skills, escalations and what forbids automation add up.
 *
 * No catalog access, no error but lack of memory: a condition that throws counts
 * as false, and the decision says so.  Two things are not left to rules: nothing
 * is automated but what the automation policy of the intent allows
 * (routing_tier.c), and what must go to people whatever it is about does
 * (routing_caution.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

/* Reasons that are added after the rules were tried, at most. */
#define ROOM_FOR_REASONS	8

/* A ticket has at most so many tags. */
#define MAX_TAGS	64

/* What the rules that applied have set so far. */
typedef struct Walk
{
	StTrial		trial;
	StDecision *decision;
	int			at;				/* the next rule */
	const StQueue *queue;
	StTier		tier;
	int			priority;
	bool		placed;			/* a rule stopped, or set queue or tier */
	StRuleRef  *rules;			/* own copies, once several rules add */
	const char **tags;
	StSkillNeed *skills;
	int			rules_allocated;
	int32	   *failed;
} Walk;

/* Adds a reason unless the room is needed for what decides and forbids. */
static void
lesser_reason(StDecision *decision, const char *reason)
{
	if (decision->nreasons < ST_MAX_REASONS - ROOM_FOR_REASONS)
		st_routing_reason(decision, reason);
}

static void
add_rule(Walk *walk, const StRule *rule)
{
	StDecision *d = walk->decision;

	if (d->nrules == 0)
		d->rules = &rule->self;
	else
	{
		if (walk->rules == NULL)
		{
			walk->rules_allocated = 4;
			walk->rules = palloc(walk->rules_allocated * sizeof(StRuleRef));
			walk->rules[0] = d->rules[0];
		}
		else if (d->nrules == walk->rules_allocated)
		{
			walk->rules_allocated *= 2;
			walk->rules = repalloc(walk->rules, walk->rules_allocated * sizeof(StRuleRef));
		}
		walk->rules[d->nrules] = rule->self;
		d->rules = walk->rules;
	}
	d->nrules++;
	d->rule_id = rule->rule_id;
	d->rule_version = rule->version;
	d->rule_name = rule->name;
}

static void
add_tags(Walk *walk, const StRule *rule)
{
	StDecision *d = walk->decision;

	if (d->ntags == 0)
	{
		d->tags = rule->tags;
		d->ntags = Min(rule->ntags, MAX_TAGS);
		return;
	}
	if (walk->tags == NULL)
	{
		walk->tags = palloc(MAX_TAGS * sizeof(char *));
		memcpy(walk->tags, d->tags, d->ntags * sizeof(char *));
		d->tags = walk->tags;
	}
	for (int i = 0; i < rule->ntags && d->ntags < MAX_TAGS; i++)
	{
		bool		known = false;

		for (int j = 0; j < d->ntags && !known; j++)
			known = strcmp(d->tags[j], rule->tags[i]) == 0;
		if (!known)
			walk->tags[d->ntags++] = rule->tags[i];
	}
}

/*
 * A skill that an earlier rule named stays as that rule has it.  One rule may
 * name a skill twice: a high level that drops, and a lower one that does not.
 */
static void
add_skills(Walk *walk, const StRule *rule)
{
	StDecision *d = walk->decision;
	int			earlier = d->nskills;

	if (d->nskills == 0)
	{
		d->skills = rule->skills;
		d->nskills = rule->nskills;
		return;
	}
	if (walk->skills == NULL)
	{
		walk->skills = palloc(ST_MAX_SKILLS * sizeof(StSkillNeed));
		memcpy(walk->skills, d->skills, d->nskills * sizeof(StSkillNeed));
		d->skills = walk->skills;
	}
	for (int i = 0; i < rule->nskills && d->nskills < ST_MAX_SKILLS; i++)
	{
		bool		known = false;

		for (int j = 0; j < earlier && !known; j++)
			known = strcmp(d->skills[j].skill, rule->skills[i].skill) == 0;
		if (!known)
			walk->skills[d->nskills++] = rule->skills[i];
	}
}

/* What a rule that matched makes of the decision. */
static void
apply_rule(Walk *walk, const StRule *rule)
{
	StDecision *d = walk->decision;

	if (rule->stop)
		st_routing_reason(d, st_rule_reason(&walk->trial, rule, true));
	else
		lesser_reason(d, st_rule_reason(&walk->trial, rule, true));

	add_rule(walk, rule);
	if (rule->ntags > 0)
		add_tags(walk, rule);
	if (rule->nskills > 0)
		add_skills(walk, rule);
	if (rule->queue != NULL && walk->queue == NULL)
		walk->queue = rule->queue;
	if (rule->tier != ST_TIER_NONE && walk->tier == ST_TIER_NONE)
		walk->tier = rule->tier;
	if (rule->priority >= 0 && walk->priority < 0)
		walk->priority = rule->priority;
	if (rule->sla_policy_id != 0 && d->sla_policy_id == 0)
	{
		d->sla_policy_id = rule->sla_policy_id;
		d->sla_policy = rule->sla_policy;
	}
	if (rule->block_automation)
	{
		d->automation_blocked = true;
		lesser_reason(d, psprintf("rule %s: never automated", rule->name));
	}

	/* without a priority of its own: that of the ticket, see finish */
	if (rule->escalate_reason != NULL)
		st_routing_escalate(d, psprintf("rule:%s", rule->name), rule->escalate_reason, rule->priority);
	walk->placed |= rule->stop || rule->queue != NULL || rule->tier != ST_TIER_NONE;
}

/*
 * Tries rules from walk->at on.  Returns false at a rule whose condition may
 * throw while errors are not caught.
 */
static bool
walk_on(Walk *walk)
{
	const StRouting *routing = walk->trial.routing;

	for (; walk->at < routing->nrules; walk->at++)
	{
		const StRule *rule = &routing->rules[walk->at];
		StRuleTest	failed = st_rule_test(&walk->trial, rule);

		if (failed == ST_TEST_UNGUARDED)
			return false;
		if (failed == ST_TEST_CONFIDENCE)
			lesser_reason(walk->decision, st_rule_reason(&walk->trial, rule, false));
		if (failed != ST_TEST_NONE)
			continue;
		apply_rule(walk, rule);
		if (rule->stop)
			walk->at = routing->nrules;
	}
	return true;
}

static void
walk_guarded(void *arg)
{
	walk_on((Walk *) arg);
}

/* The rule at walk->at has thrown. */
static void
note_failure(Walk *walk, const char *why)
{
	const StRouting *routing = walk->trial.routing;
	const StRule *rule = &routing->rules[walk->at];
	StDecision *d = walk->decision;

	if (walk->failed == NULL)
		walk->failed = palloc(routing->nrules * sizeof(int32));
	walk->failed[d->nfailed++] = rule->rule_id;
	d->failed_rules = walk->failed;
	lesser_reason(d, psprintf("rule %s failed: %s", rule->name, why));

	/* what was meant to keep machines off keeps them off when nobody can say */
	if (rule->block_automation)
	{
		d->automation_blocked = true;
		lesser_reason(d, psprintf("rule %s: never automated while it fails", rule->name));
	}
}

/* What the rules have set, or else what holds without them. */
static void
finish(Walk *walk)
{
	StDecision *d = walk->decision;

	if (walk->queue != NULL)
		d->queue_id = walk->queue->queue_id;
	if (walk->tier != ST_TIER_NONE)
	{
		d->tier = walk->tier;
		d->tier_by_rule = true;
	}
	if (walk->priority >= 0)
		d->priority = walk->priority;
	for (int i = 0; i < d->nescalations; i++)
	{
		if (d->escalations[i].priority < 0)
			d->escalations[i].priority = d->priority;
	}
	if (d->nrules == 0)
		st_routing_reason(d, "no rule matched");
}

/* See routing.h. */
void
st_routing_decide(const StRouting *routing, const StFacts *facts, StDecision *decision)
{
	Walk		walk = {.decision = decision,.tier = ST_TIER_NONE,.priority = -1};

	memset(decision, 0, offsetof(StDecision, escalations));
	decision->tier = ST_TIER_ASSISTED;
	decision->outcome = ST_OUTCOME_HUMAN;
	decision->queue_id = routing->default_queue ? routing->default_queue->queue_id : 0;
	decision->priority = ST_PRIORITY_DEFAULT;
	decision->automation_threshold = ST_UNKNOWN;
	decision->nreasons = 0;

	if (facts->failure != NULL)
	{
		st_routing_reason(decision, psprintf("failed: %s", facts->failure));
		st_routing_caution(routing, facts, decision);
		decision->outcome = ST_OUTCOME_FAILED;
		return;
	}

	if (!facts->in_scope)
		st_routing_reason(decision, st_scope_reason(facts));

	st_trial_begin(&walk.trial, routing, facts);
	if (!walk_on(&walk))
	{
		char	   *why;

		while (!st_trial_guarded(&walk.trial, walk_guarded, &walk, &why))
		{
			note_failure(&walk, why);
			walk.at++;
		}
	}
	finish(&walk);
	st_routing_settle_tier(routing, facts, walk.placed, decision);
	if (st_routing_caution(routing, facts, decision))
		decision->outcome = ST_OUTCOME_HUMAN;
}
