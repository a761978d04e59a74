/*-------------------------------------------------------------------------
 *
 * routing_policy.c
 *		triage.signal_policy and triage.sensitive_policy as rules and pipeline
 *		read them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "core/core.h"
#include "routing/routing_inner.h"

/* What holds when the row is gone: as it ships. */
static const StSignalPolicy shipped = {
	7 * USECS_PER_DAY, USECS_PER_DAY, 0.7f, 8, 0.6f, 0.3f, 0.8f, 0.8f, true
};

/* A window of time in microseconds: a month has 30 days, a day 24 hours. */
static int64
scan_window(StTableScan *s, const char *column)
{
	bool		isnull;
	Interval   *span = DatumGetIntervalP(st_scan_value(s, column, &isnull));

	return ((int64) span->month * DAYS_PER_MONTH + span->day) * USECS_PER_DAY + span->time;
}

static float4
scan_float(StTableScan *s, const char *column)
{
	bool		isnull;

	return DatumGetFloat4(st_scan_value(s, column, &isnull));
}

static void
load_signal_policy(StSignalPolicy *policy, Oid relid)
{
	StTableScan s;

	*policy = shipped;
	st_scan_begin(&s, relid);
	while (st_scan_next(&s))
	{
		policy->repeat_window = scan_window(&s, "repeat_window");
		policy->duplicate_window = scan_window(&s, "duplicate_window");
		policy->duplicate_similarity = scan_float(&s, "duplicate_similarity");
		policy->duplicate_words = st_scan_int32(&s, "duplicate_words", shipped.duplicate_words);
		policy->irony_conflict = scan_float(&s, "irony_conflict");
		policy->positive_conflict = scan_float(&s, "positive_conflict");
		policy->urgency_conflict = scan_float(&s, "urgency_conflict");
		policy->strong_emotion = scan_float(&s, "strong_emotion");
		policy->human_escalates = st_scan_bool(&s, "human_escalates");
	}
	st_scan_end(&s);
}

static void
load_topics(StRouting *routing, Oid relid)
{
	StTableScan s;
	int			allocated = 8;

	routing->topics = palloc(allocated * sizeof(StTopicPolicy));
	st_scan_begin(&s, relid);
	while (st_scan_next(&s))
	{
		StTopicPolicy *t;

		if (routing->ntopics == allocated)
		{
			allocated *= 2;
			routing->topics = repalloc(routing->topics, allocated * sizeof(StTopicPolicy));
		}
		t = &routing->topics[routing->ntopics++];
		t->topic = st_scan_cstring(&s, "topic");
		t->min_tier = st_routing_scan_tier(&s, "min_tier");
		t->min_priority = (int16) st_scan_int32(&s, "min_priority", ST_PRIORITY_MIN);
		t->escalates = st_scan_bool(&s, "escalates");
	}
	st_scan_end(&s);
}

/* Reads both tables into *routing, in the current context. */
void
st_routing_load_policies(StRouting *routing, Oid signal_relid, Oid sensitive_relid)
{
	load_signal_policy(&routing->policy, signal_relid);
	load_topics(routing, sensitive_relid);
}

/* See routing.h. */
const StSignalPolicy *
st_routing_policy(const StRouting *routing)
{
	return &routing->policy;
}
