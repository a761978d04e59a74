/*-------------------------------------------------------------------------
 *
 * routing_inner.h
 *		What the files of routing/ share.  Other rooms include routing.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ROUTING_INNER_H
#define ST_ROUTING_INNER_H

#include "core/condition.h"
#include "core/core.h"
#include "routing/routing.h"

typedef struct StQueue
{
	int32		queue_id;
	char	   *name;
	StTier		tier;			/* ST_TIER_NONE: not set */
	bool		is_default;
} StQueue;

typedef struct StRule
{
	int32		rule_id;
	int32		position;
	int32		version;
	StRuleRef	self;			/* rule_id and version */
	char	   *name;
	bool		enabled;

	/* when and for which tickets it holds */
	TimestampTz valid_from;		/* DT_NOBEGIN: always has */
	TimestampTz valid_until;	/* exclusive; DT_NOEND: always will */
	int32		source_id;		/* 0: all */
	text	   *tenant;			/* NULL: all */
	int			rollout;		/* percent of the tickets */
	uint64		rollout_seed;

	/* tests; NULL or negative: none */
	text	   *intent;
	float4		min_confidence;
	text	   *channel;
	text	   *segment;
	text	   *language;
	char	   *condition;
	StCondition *test;			/* NULL: no condition, or broken */
	char	   *broken;			/* why it does not compile any more */

	/* what it sets */
	const StQueue *queue;		/* NULL: not set */
	StTier		tier;			/* ST_TIER_NONE: not set */
	int16		priority;		/* -1: not set */
	char	   *escalate_reason;
	int			ntags;
	const char **tags;
	int			nskills;
	StSkillNeed *skills;
	int32		sla_policy_id;	/* 0: not set */
	char	   *sla_policy;
	bool		block_automation;
	bool		stop;			/* no later rule is tried */

	char	   *threshold;		/* min_confidence as people wrote it */
	int			digits;			/* and its digits after the point, 2 at least */
} StRule;

/* triage.sensitive_policy */
typedef struct StTopicPolicy
{
	char	   *topic;
	StTier		min_tier;
	int16		min_priority;
	bool		escalates;
} StTopicPolicy;

struct StRouting
{
	int			nrules;
	StRule	   *rules;			/* by position */
	int			nqueues;
	StQueue    *queues;
	const StQueue *default_queue;	/* NULL: none */
	StSignalPolicy policy;
	int			ntopics;
	StTopicPolicy *topics;
	TupleDesc	facts;			/* triage.facts */
	TupleTableSlot *slot;		/* the facts that conditions look at */
	ExprContext *econtext;
	bool		uses_clock;		/* a condition asks triage.now() */
	const struct StTiers *tiers;	/* NULL: as they are now */
};

/* ---- the cache (routing_cache.c) ---- */

extern StTier st_routing_tier(Datum value);
extern StTier st_routing_scan_tier(StTableScan *s, const char *column);

/* ---- rules from rows (routing_rule_load.c) ---- */

extern const StQueue *st_routing_find_queue(const StRouting *routing, const char *name);
extern void st_rule_prepare(StRouting *routing);
extern void st_rule_read(StRouting *routing, TupleTableSlot *slot, bool strict, StRule *rule);
extern void st_rules_sort(StRouting *routing);

/* ---- whether a rule holds (routing_rule_test.c) ---- */

/* The first test of a rule that failed. */
typedef enum StRuleTest
{
	ST_TEST_NONE,				/* all hold */
	ST_TEST_ENABLED,
	ST_TEST_VALID_FROM,
	ST_TEST_VALID_UNTIL,
	ST_TEST_SOURCE,
	ST_TEST_TENANT,
	ST_TEST_CHANNEL,
	ST_TEST_SEGMENT,
	ST_TEST_LANGUAGE,
	ST_TEST_INTENT,
	ST_TEST_IN_SCOPE,
	ST_TEST_ROLLOUT,
	ST_TEST_CONDITION,
	ST_TEST_CONFIDENCE,
	ST_TEST_UNGUARDED			/* not tried: the condition may throw */
} StRuleTest;

/* Some facts on their way through the rules. */
typedef struct StTrial
{
	const StRouting *routing;
	const StFacts *facts;
	TimestampTz now;
	bool		stored;			/* the facts are in routing->slot */
	bool		guarded;		/* errors are caught */
	bool		is_null;		/* what the last condition said */
} StTrial;

extern void st_trial_begin(StTrial *trial, const StRouting *routing, const StFacts *facts);
extern bool st_trial_guarded(StTrial *trial, StGuarded function, void *arg, char **why);
extern StRuleTest st_rule_test(StTrial *trial, const StRule *rule);
extern StRuleTest st_rule_test_guarded(StTrial *trial, const StRule *rule, char **why);
extern void st_trial_store(StTrial *trial);
extern int	st_rollout_bucket(const StRule *rule, const StFacts *facts);
extern bool st_rule_text_equal(const text *wanted, const text *actual);

/* ---- reasons (routing_rule_reason.c) ---- */

extern char *st_rule_reason(StTrial *trial, const StRule *rule, bool matched);
extern char *st_scope_reason(const StFacts *facts);

/* ---- policies (routing_policy.c) ---- */

extern void st_routing_load_policies(StRouting *routing, Oid signal_relid, Oid sensitive_relid);

/* ---- what rules may not overrule (routing_caution.c) ---- */

extern void st_routing_reason(StDecision *decision, const char *reason);
extern void st_routing_escalate(StDecision *decision, const char *cause, const char *reason, int16 priority);
extern char *st_routing_probability(float4 value);
extern bool st_routing_caution(const StRouting *routing, const StFacts *facts, StDecision *decision);
extern char *st_routing_forbids(const StRouting *routing, const StFacts *facts);

/* ---- tiers and automation (routing_tier.c, routing_tier_cache.c) ---- */

extern void st_routing_tier_init(void) pg_attribute_cold;

/* The policies and thresholds of now; valid until the end of the transaction. */
extern const struct StTiers *st_tiers_current(void);
extern void st_routing_settle_tier(const StRouting *routing, const StFacts *facts, bool placed,
								   StDecision *decision);
extern char *st_routing_automation_refused(const StRouting *routing, const StFacts *facts,
										   const StDecision *decision);

#endif							/* ST_ROUTING_INNER_H */
