/*-------------------------------------------------------------------------
 *
 * routing_inner.h
 *		What the files of routing/ share.  Other rooms include routing.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ROUTING_INNER_H
#define ST_ROUTING_INNER_H

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
	char	   *name;
	bool		enabled;

	/* tests; NULL or negative: none */
	text	   *intent;
	float4		min_confidence;
	text	   *channel;
	text	   *segment;
	text	   *language;

	/* what it sets, with the queue's tier and the defaults filled in */
	const StQueue *queue;		/* NULL: there is no queue at all */
	StTier		tier;
	int16		priority;
	char	   *escalate_reason;

	char	   *threshold;		/* min_confidence as people wrote it */
	int			digits;			/* and its digits after the point, 2 at least */
	StRuleRef	self;			/* rule_id and version */
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
};

/* ---- the cache (routing_cache.c) ---- */

extern StTier st_routing_scan_tier(StTableScan *s, const char *column);

/* ---- policies (routing_policy.c) ---- */

extern void st_routing_load_policies(StRouting *routing, Oid signal_relid, Oid sensitive_relid);

/* ---- what rules may not overrule (routing_caution.c) ---- */

extern void st_routing_reason(StDecision *decision, const char *reason);
extern void st_routing_escalate(StDecision *decision, const char *cause, const char *reason, int16 priority);
extern char *st_routing_probability(float4 value);
extern bool st_routing_caution(const StRouting *routing, const StFacts *facts, StDecision *decision);
extern char *st_routing_forbids(const StRouting *routing, const StFacts *facts);

#endif							/* ST_ROUTING_INNER_H */
