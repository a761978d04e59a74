/*-------------------------------------------------------------------------
 *
 * escalation_policy.c
 *		How escalations are tried again, ladders, the order of the queue, and
 *		how long history is kept, as each backend holds them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"

typedef struct Queue
{
	int32		queue_id;
	char	   *name;
} Queue;

typedef struct Policies
{
	int			n;
	StEscalationPolicy *policies;	/* the last has the cause '' */
	int			nqueues;
	Queue	   *queues;
	int64		turn;
	TimestampTz began_at;
	bool		any_cool_down;
	float4		ageing;			/* points an hour */
	int64		retention;		/* microseconds */
} Policies;

static void *load(void);

static StConfigCache cache = {
	.tables = {"escalation_policy", "escalation_step", "escalation_turn", "queue", "escalation_settings"},
	.load = load
};

#define DEFAULT_AGEING		10.0f
#define DEFAULT_RETENTION	(90 * USECS_PER_DAY)

/* See escalation.h. */
void
st_escalation_init(void)
{
	st_config_cache_init(&cache);
}

/* How long finished escalations are kept, in microseconds. */
int64
st_escalation_retention(void)
{
	return ((Policies *) st_config_cache_get(&cache))->retention;
}

/* An interval in microseconds; months have 30 days. */
int64
st_interval_usecs(const Interval *interval)
{
	return interval->time + ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY;
}

/* What escalations are ordered by: when due, less an hour for so many points. */
TimestampTz
st_escalation_rank(TimestampTz due, int priority)
{
	Policies   *p = st_config_cache_get(&cache);

	if (TIMESTAMP_NOT_FINITE(due))
		return due;
	return due - (int64) rint((double) priority / p->ageing * USECS_PER_HOUR);
}

static int64
scan_usecs(StTableScan *s, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(s, column, &isnull);

	return isnull ? 0 : st_interval_usecs(DatumGetIntervalP(value));
}

static StEscalationPolicy *
find(Policies *p, const char *cause)
{
	for (int i = 0; i < p->n; i++)
	{
		if (strcmp(p->policies[i].cause, cause) == 0)
			return &p->policies[i];
	}
	return NULL;
}

static StEscalationPolicy *
add(Policies *p, char *cause)
{
	StEscalationPolicy *policy;

	p->policies = p->n == 0 ? palloc(sizeof(StEscalationPolicy)) :
		repalloc(p->policies, (p->n + 1) * sizeof(StEscalationPolicy));
	policy = &p->policies[p->n++];
	memset(policy, 0, sizeof(*policy));
	policy->cause = cause;
	policy->max_attempts = -1;
	return policy;
}

static int32
queue_by_name(const Policies *p, const char *name)
{
	for (int i = 0; i < p->nqueues; i++)
	{
		if (strcmp(p->queues[i].name, name) == 0)
			return p->queues[i].queue_id;
	}
	return 0;
}

static void
load_queues(Policies *p)
{
	StTableScan s;

	st_scan_begin(&s, cache.relids[3]);
	while (st_scan_next(&s))
	{
		p->queues = p->nqueues == 0 ? palloc(sizeof(Queue)) :
			repalloc(p->queues, (p->nqueues + 1) * sizeof(Queue));
		p->queues[p->nqueues].queue_id = st_scan_int32(&s, "queue_id", 0);
		p->queues[p->nqueues++].name = st_scan_cstring(&s, "name");
	}
	st_scan_end(&s);
}

static void
load_policies(Policies *p)
{
	StTableScan s;

	st_scan_begin(&s, cache.relids[0]);
	while (st_scan_next(&s))
	{
		StEscalationPolicy *policy = add(p, st_scan_cstring(&s, "cause"));

		policy->max_attempts = st_scan_int32(&s, "max_attempts", 1);
		policy->retry_after = scan_usecs(&s, "retry_after");
		policy->retry_max = scan_usecs(&s, "retry_max");
		policy->cool_down = scan_usecs(&s, "cool_down");
		p->any_cool_down |= policy->cool_down > 0;
	}
	st_scan_end(&s);
	if (find(p, "") == NULL)
	{
		StEscalationPolicy *policy = add(p, pstrdup(""));

		policy->max_attempts = 5;
		policy->retry_after = 30 * USECS_PER_SEC;
		policy->retry_max = USECS_PER_HOUR;
	}
}

/* The steps in their order; one that is missing ends the ladder. */
static void
load_steps(Policies *p)
{
	StTableScan s;

	st_scan_begin(&s, cache.relids[1]);
	while (st_scan_next(&s))
	{
		char	   *cause = st_scan_cstring(&s, "cause");
		StEscalationPolicy *policy = find(p, cause);
		bool		isnull;
		int			step = DatumGetInt16(st_scan_value(&s, "step", &isnull));
		char	   *queue = st_scan_cstring(&s, "queue");
		Datum		priority;

		if (policy == NULL)
			policy = add(p, cause);
		if (step > policy->nsteps)
		{
			policy->steps = policy->nsteps == 0 ? palloc0(step * sizeof(StLadderStep)) :
				repalloc(policy->steps, step * sizeof(StLadderStep));
			memset(policy->steps + policy->nsteps, 0, (step - policy->nsteps) * sizeof(StLadderStep));
			policy->nsteps = step;
		}
		policy->steps[step - 1].after = scan_usecs(&s, "after");
		priority = st_scan_value(&s, "priority", &isnull);
		policy->steps[step - 1].priority = isnull ? -1 : DatumGetInt16(priority);
		policy->steps[step - 1].queue_id = queue == NULL ? 0 : queue_by_name(p, queue);
		policy->steps[step - 1].reason = st_scan_cstring(&s, "reason");
	}
	st_scan_end(&s);
	for (int i = 0; i < p->n; i++)
	{
		int			n = 0;

		while (n < p->policies[i].nsteps && p->policies[i].steps[n].after > 0)
			n++;
		p->policies[i].nsteps = n;
	}
}

static void
load_turn(Policies *p)
{
	StTableScan s;

	p->began_at = DT_NOBEGIN;
	p->turn = -1;
	st_scan_begin(&s, cache.relids[2]);
	while (st_scan_next(&s))
	{
		bool		isnull;
		int64		turn = DatumGetInt64(st_scan_value(&s, "turn", &isnull));

		if (turn > p->turn)
		{
			p->turn = turn;
			p->began_at = DatumGetTimestampTz(st_scan_value(&s, "began_at", &isnull));
		}
	}
	st_scan_end(&s);
	p->turn = Max(p->turn, 0);
}

static void
load_settings(Policies *p)
{
	StTableScan s;

	p->ageing = DEFAULT_AGEING;
	p->retention = DEFAULT_RETENTION;
	st_scan_begin(&s, cache.relids[4]);
	while (st_scan_next(&s))
	{
		bool		isnull;

		p->ageing = DatumGetFloat4(st_scan_value(&s, "ageing", &isnull));
		p->retention = scan_usecs(&s, "retention");
	}
	st_scan_end(&s);
}

/* The kind of a cause up to its colon; 0 when it has none. */
static int
kind_length(const char *cause, int length)
{
	const char *colon = memchr(cause, ':', length);

	return colon == NULL ? 0 : (int) (colon - cause) + 1;
}

/* What a row of one table leaves out is taken from the next that is less particular. */
static void
fill_in(Policies *p)
{
	for (int round = 0; round < 2; round++)
	{
		for (int i = 0; i < p->n; i++)
		{
			StEscalationPolicy *policy = &p->policies[i];
			int			length = (int) strlen(policy->cause);
			int			kind = kind_length(policy->cause, length);
			bool		whole = kind != length;
			StEscalationPolicy *from = NULL;

			/*
			 * kinds in the first round, so that whole causes can take from
			 * them
			 */
			if (length == 0 || whole != (round == 1))
				continue;
			if (whole && kind > 0)
				from = find(p, pnstrdup(policy->cause, kind));
			if (from == NULL)
				from = find(p, "");
			if (policy->max_attempts < 0)
			{
				policy->max_attempts = from->max_attempts;
				policy->retry_after = from->retry_after;
				policy->retry_max = from->retry_max;
				policy->cool_down = from->cool_down;
			}
			if (policy->nsteps == 0)
			{
				policy->nsteps = from->nsteps;
				policy->steps = from->steps;
			}
		}
	}
}

static void *
load(void)
{
	Policies   *p = palloc0(sizeof(Policies));

	load_queues(p);
	load_policies(p);
	load_steps(p);
	fill_in(p);
	load_turn(p);
	load_settings(p);
	return p;
}

/* The policy of a cause, with its ladder. */
const StEscalationPolicy *
st_escalation_policy(const char *cause, int length)
{
	Policies   *p = st_config_cache_get(&cache);
	int			kind = kind_length(cause, length);
	StEscalationPolicy *of_kind = NULL;
	StEscalationPolicy *of_all = NULL;

	for (int i = 0; i < p->n; i++)
	{
		StEscalationPolicy *policy = &p->policies[i];
		int			n = (int) strlen(policy->cause);

		if (n == length && memcmp(policy->cause, cause, n) == 0)
			return policy;
		if (n == 0)
			of_all = policy;
		else if (n == kind && memcmp(policy->cause, cause, n) == 0)
			of_kind = policy;
	}
	return of_kind != NULL ? of_kind : of_all;
}

/* Whether any policy has a cool-down at all. */
bool
st_escalation_any_cool_down(void)
{
	return ((Policies *) st_config_cache_get(&cache))->any_cool_down;
}

/* A queue by its name; throws when there is none. */
int32
st_escalation_queue(const char *name)
{
	int32		queue_id = queue_by_name(st_config_cache_get(&cache), name);

	if (queue_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("queue \"%s\" does not exist", name),
				 errhint("Insert it into triage.queue.")));
	return queue_id;
}

/* The present turn of the history, and when it began. */
int64
st_escalation_turn(TimestampTz *began_at)
{
	Policies   *p = st_config_cache_get(&cache);

	if (began_at != NULL)
		*began_at = p->began_at;
	return p->turn;
}
