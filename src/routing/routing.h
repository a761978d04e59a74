/*-------------------------------------------------------------------------
 *
 * routing.h
 *		From facts to a place: what the pipeline tells routing, what routing
 *		answers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ROUTING_H
#define ST_ROUTING_H

#include "postgres.h"

#include <math.h>

#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "routing/assignment.h"

/* In the order of the SQL enums. */
typedef enum StTier
{
	ST_TIER_SELF_SERVICE,
	ST_TIER_ASSISTED,
	ST_TIER_SENIOR,
	ST_TIER_PRIORITY
} StTier;

#define ST_NUM_TIERS	4
#define ST_TIER_NONE	((StTier) -1)

typedef enum StOutcome
{
	ST_OUTCOME_AUTO,
	ST_OUTCOME_ASSIST,
	ST_OUTCOME_HUMAN,
	ST_OUTCOME_ABSTAIN,
	ST_OUTCOME_FAILED
} StOutcome;

#define ST_NUM_OUTCOMES	5

extern const char *const st_tier_names[ST_NUM_TIERS];
extern const char *const st_outcome_names[ST_NUM_OUTCOMES];

/* Priorities of tickets and escalations: 0 can wait, 100 is at once. */
#define ST_PRIORITY_MIN		0
#define ST_PRIORITY_MAX		100
#define ST_PRIORITY_DEFAULT	50

/* A fact that is true, false, or was not computed (SQL's NULL). */
typedef enum StTruth
{
	ST_FALSE,
	ST_TRUE,
	ST_NOT_KNOWN
} StTruth;

/* The same for a number. */
#define ST_UNKNOWN		((float4) NAN)
#define ST_IS_KNOWN(f)	(!isnan(f))

/* How many earlier tickets of a requester are looked at, and counted, at most. */
#define ST_MAX_PAST		20

/*
 * Everything known about a ticket, as triage.facts.  Strings are in the
 * database encoding and not toasted; NULL is SQL's NULL.  st_facts_clear makes
 * one of which nothing is known.
 */
typedef struct StFacts
{
	text	   *tenant_id;		/* never NULL */
	int32		source_id;
	text	   *ticket_key;		/* never NULL */
	text	   *customer;
	text	   *channel;
	text	   *segment;
	text	   *language;
	text	   *status;
	text	   *ticket_priority;
	text	   *assigned_agent;
	bool		has_created_at;
	TimestampTz created_at;
	int32		subject_length; /* bytes; -1: no subject */
	int32		body_length;	/* bytes; -1: no body */
	bool		truncated;
	text	   *intent;			/* NULL: nothing was predicted */
	float4		intent_confidence;
	float4		intent_margin;
	bool		in_scope;
	text	   *model_name;		/* NULL: no model */
	int32		model_version;
	float4		language_confidence;
	const char *script;			/* NULL: not computed; so below */
	StTruth		mixed_language;
	float4		sentiment;
	const char *sentiment_label;
	float4		sentiment_confidence;
	const char *emotion;
	float4		emotion_confidence;
	float4		irony;
	StTruth		signals_conflict;
	float4		urgency;
	StTruth		wants_human;
	int			ntopics;		/* -1: not computed */
	const char **topics;		/* sorted */
	float4		complexity;
	float4		complexity_history; /* what of it tickets of the intent added */
	int			npii_kinds;		/* -1: not computed */
	const char **pii_kinds;		/* sorted */
	text	   *duplicate_of;
	float4		duplicate_similarity;
	int32		repeat_contact; /* -1: cannot be known */
	struct varlena *entities;	/* jsonb */
	const char *failure;		/* not NULL: why the ticket could not be read */
	TimestampTz now;			/* the decision's clock; 0: st_now() */
} StFacts;

extern void st_facts_clear(StFacts *facts);

/*
 * Facts as a row of triage.facts, for conditions: st_facts_slot makes a slot in
 * the current context, to be dropped with ExecDropSingleTupleTableSlot;
 * st_facts_store puts facts into it, which must live as long as they are looked
 * at, with what it allocates in the current context.
 */
extern TupleDesc st_facts_tupdesc(void);
extern TupleTableSlot *st_facts_slot(void);
extern void st_facts_store(TupleTableSlot *slot, const StFacts *facts);

/*
 * st_facts_read
 *		The other way: fills *facts from a slot whose first columns are the
 *		attributes of triage.facts.  They point into the slot and the current
 *		context.
 */
extern void st_facts_read(TupleTableSlot *slot, StFacts *facts);

#define ST_MAX_REASONS		20
#define ST_MAX_ESCALATIONS	8

/* Why a person must see the ticket at once. */
typedef struct StEscalate
{
	const char *cause;
	const char *reason;
	int16		priority;
} StEscalate;

/* A rule in the form that it had. */
typedef struct StRuleRef
{
	int32		rule_id;
	int32		version;
} StRuleRef;

/*
 * What a decision points to is in the context that was current when it was
 * made, or lives as long as the rules.
 */
typedef struct StDecision
{
	StTier		tier;
	StOutcome	outcome;
	int32		queue_id;		/* 0: no queue at all */
	int16		priority;
	int32		rule_id;		/* the last that applied; 0: no rule matched */
	int32		rule_version;
	const char *rule_name;		/* NULL: no rule matched */
	bool		tier_by_rule;	/* a rule named the tier */
	bool		automation_blocked; /* a rule forbids to automate */
	float4		automation_threshold;	/* that was reached; not known: the
										 * outcome is not auto */
	int32		sla_policy_id;	/* 0: no rule named one */
	const char *sla_policy;		/* its name; NULL: no rule named one */
	int			ntags;
	const char *const *tags;
	int			nskills;		/* ST_MAX_SKILLS at most */
	const StSkillNeed *skills;
	int			nrules;			/* those that applied, in order */
	const StRuleRef *rules;
	int			nfailed;		/* those whose condition threw */
	const int32 *failed_rules;
	int			nescalations;
	StEscalate	escalations[ST_MAX_ESCALATIONS];
	int			nreasons;
	const char *reasons[ST_MAX_REASONS];
} StDecision;

/* triage.signal_policy: how signals are judged. */
typedef struct StSignalPolicy
{
	int64		repeat_window;	/* microseconds */
	int64		duplicate_window;
	float4		duplicate_similarity;
	int32		duplicate_words;
	float4		irony_conflict;
	float4		positive_conflict;
	float4		urgency_conflict;
	float4		strong_emotion;
	bool		human_escalates;
} StSignalPolicy;

typedef struct StRouting StRouting;

extern void st_routing_init(void) pg_attribute_cold;

/*
 * st_routing_current
 *		Returns the present rules and queues; valid until the end of the
 *		transaction.  Reads the tables when they changed.
 */
extern StRouting *st_routing_current(void);

extern const StSignalPolicy *st_routing_policy(const StRouting *routing);

/*
 * st_signals_conflict
 *		Whether tone and situation disagree, from the other facts.
 */
extern StTruth st_signals_conflict(const StSignalPolicy *policy, const StFacts *facts);

/*
 * st_decision_is_safe
 *		What the constraint decision_automation_is_safe of triage.decision
 *		demands: nothing is automated that facts forbid to be.
 */
extern bool st_decision_is_safe(const StFacts *facts, const StDecision *decision);

/*
 * st_routing_decide
 *		Fills *decision for these facts.  Never throws but for lack of memory;
 *		what it allocates is in the current context or lives as long as the
 *		rules.
 */
extern void st_routing_decide(const StRouting *routing, const StFacts *facts,
							  StDecision *decision);

/*
 * st_routing_explain
 *		Appends a JSON array to *out: each rule in order, whether it was tried,
 *		the first test that failed, and what its condition said of which facts.
 */
extern void st_routing_explain(const StRouting *routing, const StFacts *facts,
							   StringInfo out);

/*
 * st_routing_explain_tier
 *		Appends a JSON object to *out: what gave the tier, the limits compared
 *		with, and what was solved for the automation of the intent.
 */
extern void st_routing_explain_tier(const StRouting *routing, const StFacts *facts,
									const StDecision *decision, StringInfo out);

/*
 * st_routing_why_not_automated
 *		Returns why a person must answer, palloc'd, or NULL when none must.
 */
extern char *st_routing_why_not_automated(const StRouting *routing, const StFacts *facts,
										  const StDecision *decision);

/* Name of a queue, or NULL; lives as long as the rules. */
extern const char *st_routing_queue_name(const StRouting *routing, int32 queue_id);

/*
 * st_routing_ensure_default_queue
 *		Creates the default queue when there is none.  Writes as the current
 *		user: the caller has taken the owner's identity.
 */
extern void st_routing_ensure_default_queue(void);

#endif							/* ST_ROUTING_H */
