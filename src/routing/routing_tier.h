/*-------------------------------------------------------------------------
 *
 * routing_tier.h
 *		Tiers and automation, as the files of routing/ share them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ROUTING_TIER_H
#define ST_ROUTING_TIER_H

#include "routing/routing_inner.h"

typedef struct StTiers StTiers;

/* triage.tier_policy */
typedef struct StTierPolicy
{
	text	   *channel;		/* NULL: any */
	text	   *segment;
	float4		simple_below;
	float4		complex_from;
	float4		sure_from;
	float4		urgent_from;
	float4		emergency_from;
	float4		emotion_from;
	float4		emotion_sentiment;
	float4		dismay_sentiment;
	StTier		unsure_tier;
	StTier		human_tier;
	StTier		escalation_tier;
} StTierPolicy;

/* triage.automation_threshold */
typedef struct StThreshold
{
	int32		policy_id;
	text	   *model_name;
	int32		model_version;
	float4		threshold;		/* not known: nothing is automated */
	float4		load;
	char	   *why;
} StThreshold;

/* triage.automation_policy */
typedef struct StAutomation
{
	int32		policy_id;
	text	   *intent;
	text	   *channel;		/* NULL: any */
	text	   *segment;
	bool		enabled;
	float4		review_share;
	bool		has_costs;
	float8		cost_wrong_automatic;
	float8		cost_wrong_queue;
	float8		cost_person;	/* before load */
	float4		load_price;
	const StThreshold *thresholds;
	int			nthresholds;
} StAutomation;

/* ---- what a backend keeps (routing_tier_cache.c) ---- */

struct StTiers
{
	int			npolicies;
	StTierPolicy *policies;		/* the more specific first */
	int			nautomations;
	StAutomation *automations;	/* by intent, then the more specific first */
	int			nthresholds;
	StThreshold *thresholds;	/* by policy */
};

extern const StTierPolicy *st_tier_policy(const StTiers *tiers, const StFacts *facts);
extern const StAutomation *st_automation_policy(const StTiers *tiers, const StFacts *facts);
extern const StThreshold *st_automation_threshold(const StAutomation *automation, const StFacts *facts);

/* ---- the error that evidence proves (routing_automation_bound.c) ---- */

extern double st_binomial_at_most(int64 k, int64 n, double p);
extern double st_error_bound(int64 errors, int64 n, double certainty);

#endif							/* ST_ROUTING_TIER_H */
