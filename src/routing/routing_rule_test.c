/*-------------------------------------------------------------------------
 *
 * routing_rule_test.c
 *		Whether a rule holds for some facts.
 *
 * The simple tests compare bytes.  A condition is evaluated over a row of facts
 * that is made when the first condition is reached.  One that may throw is
 * evaluated in a subtransaction, which is begun when the first of them is
 * reached and lasts for the rules after it: what consists of comparisons alone,
 * as most conditions do, needs none.
 *
 * triage.now() in a condition is the decision's clock, not that of the session
 * that explains or replays the decision.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

/* Makes ready to try the rules of *routing on some facts. */
void
st_trial_begin(StTrial *trial, const StRouting *routing, const StFacts *facts)
{
	trial->routing = routing;
	trial->facts = facts;
	trial->now = facts->now != 0 ? facts->now : st_now();
	trial->stored = false;
	trial->guarded = false;
	trial->is_null = false;
	ResetExprContext(routing->econtext);
}

/* Puts the facts into the slot, once. */
void
st_trial_store(StTrial *trial)
{
	MemoryContext old;

	if (trial->stored)
		return;
	old = MemoryContextSwitchTo(trial->routing->econtext->ecxt_per_tuple_memory);
	st_facts_store(trial->routing->slot, trial->facts);
	MemoryContextSwitchTo(old);
	trial->stored = true;
}

/*
 * st_trial_guarded
 *		Runs a function in which conditions may throw.  Returns false when one
 *		did, with the message in *why.
 */
bool
st_trial_guarded(StTrial *trial, StGuarded function, void *arg, char **why)
{
	TimestampTz before;
	volatile bool done = false;

	trial->guarded = true;
	if (!trial->routing->uses_clock)
		done = st_guarded(function, arg, why);
	else
	{
		before = st_clock_borrow(trial->now);
		PG_TRY();
		{
			done = st_guarded(function, arg, why);
		}
		PG_FINALLY();
		{
			st_clock_borrow(before);
		}
		PG_END_TRY();
	}
	trial->guarded = false;
	return done;
}

bool
st_rule_text_equal(const text *wanted, const text *actual)
{
	Size		len;

	if (actual == NULL)
		return false;
	len = VARSIZE_ANY_EXHDR(wanted);
	return len == VARSIZE_ANY_EXHDR(actual) &&
		memcmp(VARDATA_ANY(wanted), VARDATA_ANY(actual), len) == 0;
}

static uint64
hash_more(uint64 hash, const text *t)
{
	const char *data = VARDATA_ANY(t);
	Size		len = VARSIZE_ANY_EXHDR(t);

	for (Size i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) data[i]) * UINT64CONST(0x100000001b3);
	return (hash ^ 0xff) * UINT64CONST(0x100000001b3);
}

/*
 * st_rollout_bucket
 *		0 to 99, by the ticket and the rule's name: the same on every machine,
 *		and however often the ticket is decided.
 */
int
st_rollout_bucket(const StRule *rule, const StFacts *facts)
{
	uint64		hash = hash_more(hash_more(rule->rollout_seed, facts->tenant_id), facts->ticket_key);

	hash ^= (uint32) facts->source_id;

	/* the end of splitmix64: every bit of the key counts in every bit */
	hash = (hash ^ (hash >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	hash = (hash ^ (hash >> 27)) * UINT64CONST(0x94d049bb133111eb);
	hash ^= hash >> 31;
	return (int) (hash % 100);
}

/*
 * st_rule_test
 *		Returns the first test that failed.  They are in the order of which is
 *		the more telling: one that fails for confidence alone is a near miss.
 *		Throws what a condition throws; unless the trial is guarded, such a
 *		condition is not tried but ST_TEST_UNGUARDED returned.
 */
StRuleTest
st_rule_test(StTrial *trial, const StRule *rule)
{
	const StFacts *facts = trial->facts;

	if (!rule->enabled)
		return ST_TEST_ENABLED;
	if (trial->now < rule->valid_from)
		return ST_TEST_VALID_FROM;
	if (trial->now >= rule->valid_until)
		return ST_TEST_VALID_UNTIL;
	if (rule->source_id != 0 && rule->source_id != facts->source_id)
		return ST_TEST_SOURCE;
	if (rule->tenant != NULL && !st_rule_text_equal(rule->tenant, facts->tenant_id))
		return ST_TEST_TENANT;
	if (rule->channel != NULL && !st_rule_text_equal(rule->channel, facts->channel))
		return ST_TEST_CHANNEL;
	if (rule->segment != NULL && !st_rule_text_equal(rule->segment, facts->segment))
		return ST_TEST_SEGMENT;
	if (rule->language != NULL && !st_rule_text_equal(rule->language, facts->language))
		return ST_TEST_LANGUAGE;
	if (rule->intent != NULL && !st_rule_text_equal(rule->intent, facts->intent))
		return ST_TEST_INTENT;
	if ((rule->intent != NULL || rule->min_confidence >= 0) && !facts->in_scope)
		return ST_TEST_IN_SCOPE;
	if (rule->rollout < 100 && st_rollout_bucket(rule, facts) >= rule->rollout)
		return ST_TEST_ROLLOUT;
	if (rule->test != NULL || rule->broken != NULL)
	{
		if (!trial->guarded && (rule->broken != NULL || rule->test->may_throw))
			return ST_TEST_UNGUARDED;
		if (rule->broken != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg_internal("%s", rule->broken)));
		st_trial_store(trial);
		if (!st_condition_holds(rule->test, trial->routing->econtext, &trial->is_null))
			return ST_TEST_CONDITION;
	}
	if (facts->intent_confidence < rule->min_confidence)
		return ST_TEST_CONFIDENCE;
	return ST_TEST_NONE;
}

typedef struct OneTest
{
	StTrial    *trial;
	const StRule *rule;
	StRuleTest	failed;
} OneTest;

static void
test_one(void *arg)
{
	OneTest    *one = arg;

	one->failed = st_rule_test(one->trial, one->rule);
}

/* The same with errors caught: *why is then the message, and the condition has failed. */
StRuleTest
st_rule_test_guarded(StTrial *trial, const StRule *rule, char **why)
{
	OneTest		one = {trial, rule, ST_TEST_NONE};

	*why = NULL;
	one.failed = st_rule_test(trial, rule);
	if (one.failed == ST_TEST_UNGUARDED && !st_trial_guarded(trial, test_one, &one, why))
		return ST_TEST_CONDITION;
	return one.failed;
}
