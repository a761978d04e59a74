/*-------------------------------------------------------------------------
 *
 * routing_inner.h
 *		What the files of routing/ share.  Other rooms include routing.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ROUTING_INNER_H
#define ST_ROUTING_INNER_H

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
} StRule;

struct StRouting
{
	int			nrules;
	StRule	   *rules;			/* by position */
	int			nqueues;
	StQueue    *queues;
	const StQueue *default_queue;	/* NULL: none */
};

#endif							/* ST_ROUTING_INNER_H */
