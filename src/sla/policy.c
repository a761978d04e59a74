/*-------------------------------------------------------------------------
 *
 * policy.c
 *		Policies, their targets and the meaning of statuses as each backend
 *		holds them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/core.h"
#include "sla/sla_inner.h"

const char *const st_metric_names[ST_NUM_METRICS] = {
	"first_reply", "next_reply", "periodic_update", "requester_wait", "agent_work", "resolution"
};

const char *const st_phase_names[ST_NUM_PHASES] = {
	"open", "pending", "on_hold", "solved"
};

/* Statuses by their usual names, in lower case, blanks and hyphens as underscores. */
static const struct
{
	const char *status;
	StPhase		phase;
}			usual_statuses[] = {
	{"awaiting_customer", ST_PHASE_PENDING},
	{"cancelled", ST_PHASE_SOLVED},
	{"canceled", ST_PHASE_SOLVED},
	{"closed", ST_PHASE_SOLVED},
	{"completed", ST_PHASE_SOLVED},
	{"deferred", ST_PHASE_ON_HOLD},
	{"done", ST_PHASE_SOLVED},
	{"fixed", ST_PHASE_SOLVED},
	{"hold", ST_PHASE_ON_HOLD},
	{"on_hold", ST_PHASE_ON_HOLD},
	{"onhold", ST_PHASE_ON_HOLD},
	{"paused", ST_PHASE_ON_HOLD},
	{"pending", ST_PHASE_PENDING},
	{"resolved", ST_PHASE_SOLVED},
	{"snoozed", ST_PHASE_ON_HOLD},
	{"solved", ST_PHASE_SOLVED},
	{"waiting", ST_PHASE_PENDING},
	{"waiting_for_customer", ST_PHASE_PENDING},
	{"waiting_on_customer", ST_PHASE_PENDING},
};

/* Where a clock stands still unless its target says otherwise. */
static const uint8 usual_pauses[ST_NUM_METRICS] = {
	[ST_PERIODIC_UPDATE] = 1 << ST_PHASE_PENDING,
	[ST_REQUESTER_WAIT] = 1 << ST_PHASE_PENDING,
	[ST_AGENT_WORK] = 1 << ST_PHASE_PENDING | 1 << ST_PHASE_ON_HOLD,
};

typedef struct StatusPhase
{
	char	   *status;
	StPhase		phase;
} StatusPhase;

typedef struct Policies
{
	StPolicy  **policies;
	int			n;
	StatusPhase *statuses;
	int			nstatuses;
} Policies;

static void *load_policies(void);

static StConfigCache cache = {
	.tables = {"sla_policy", "sla_target", "status_phase"},
	.load = load_policies,
};

void
st_policy_init(void)
{
	st_config_cache_init(&cache);
}

/* An enum column, by its label: the OIDs differ between databases. */
static int
enum_index(Datum value, const char *const *names, int n)
{
	char	   *label = DatumGetCString(DirectFunctionCall1(enum_out, value));

	for (int i = 0; i < n; i++)
	{
		if (strcmp(label, names[i]) == 0)
			return i;
	}
	elog(ERROR, "unknown enum value \"%s\"", label);
	return 0;
}

/* An array of phases as bits. */
static uint8
phase_bits(Datum array)
{
	ArrayType  *phases = DatumGetArrayTypeP(array);
	Datum	   *values;
	bool	   *nulls;
	int			n;
	uint8		bits = 0;

	deconstruct_array(phases, ARR_ELEMTYPE(phases), sizeof(Oid), true, TYPALIGN_INT, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			bits |= 1 << enum_index(values[i], st_phase_names, ST_NUM_PHASES);
	}
	return bits;
}

static int
compare_policies(const void *a, const void *b)
{
	const StPolicy *pa = *(const StPolicy *const *) a;
	const StPolicy *pb = *(const StPolicy *const *) b;

	if (pa->position != pb->position)
		return pa->position < pb->position ? -1 : 1;
	return pa->policy_id < pb->policy_id ? -1 : 1;
}

static int
compare_targets(const void *a, const void *b)
{
	const StTarget *ta = a;
	const StTarget *tb = b;

	if (ta->metric != tb->metric)
		return ta->metric < tb->metric ? -1 : 1;
	return tb->min_priority - ta->min_priority;
}

static void
load_policy_rows(Policies *all)
{
	TupleDesc	facts = lookup_rowtype_tupdesc_copy(st_type_oid("facts"), -1);
	StTableScan scan;
	int			allocated = 8;

	all->policies = palloc(allocated * sizeof(StPolicy *));
	st_scan_begin(&scan, cache.relids[0]);
	while (st_scan_next(&scan))
	{
		StPolicy   *policy = palloc0(sizeof(StPolicy));
		char	   *condition = st_scan_cstring(&scan, "condition");
		bool		isnull;
		ArrayType  *warnings = DatumGetArrayTypePCopy(st_scan_value(&scan, "warn_at", &isnull));

		policy->policy_id = st_scan_int32(&scan, "policy_id", 0);
		policy->version = st_scan_int32(&scan, "version", 1);
		policy->position = st_scan_int32(&scan, "position", 0);
		policy->name = st_scan_cstring(&scan, "name");
		policy->enabled = st_scan_bool(&scan, "enabled");
		policy->calendar = st_scan_cstring(&scan, "calendar");
		policy->nwarnings = ArrayGetNItems(ARR_NDIM(warnings), ARR_DIMS(warnings));
		policy->warn_at = (int16 *) ARR_DATA_PTR(warnings);
		policy->words = condition;
		if (condition != NULL)
			policy->condition = st_condition_compile_soft(condition, facts, &policy->broken);

		if (all->n == allocated)
		{
			allocated *= 2;
			all->policies = repalloc(all->policies, allocated * sizeof(StPolicy *));
		}
		all->policies[all->n++] = policy;
	}
	st_scan_end(&scan);
}

static StPolicy *
find_policy(const Policies *all, int32 policy_id)
{
	for (int i = 0; i < all->n; i++)
	{
		if (all->policies[i]->policy_id == policy_id)
			return all->policies[i];
	}
	return NULL;
}

static void
load_targets(Policies *all)
{
	StTableScan scan;

	st_scan_begin(&scan, cache.relids[1]);
	while (st_scan_next(&scan))
	{
		StPolicy   *policy = find_policy(all, st_scan_int32(&scan, "policy_id", 0));
		StTarget   *target;
		bool		isnull;
		Datum		value;

		if (policy == NULL)
			continue;
		if (policy->ntargets % 8 == 0)
			policy->targets = policy->ntargets == 0 ? palloc(8 * sizeof(StTarget)) :
				repalloc(policy->targets, (policy->ntargets + 8) * sizeof(StTarget));
		target = &policy->targets[policy->ntargets++];
		target->metric = enum_index(st_scan_value(&scan, "metric", &isnull), st_metric_names, ST_NUM_METRICS);
		target->min_priority = DatumGetInt16(st_scan_value(&scan, "min_priority", &isnull));
		value = st_scan_value(&scan, "target", &isnull);
		target->target = isnull ? 0 : DatumGetIntervalP(value)->time;
		value = st_scan_value(&scan, "paused_in", &isnull);
		target->paused_in = isnull ? usual_pauses[target->metric] : phase_bits(value);
	}
	st_scan_end(&scan);

	for (int i = 0; i < all->n; i++)
	{
		if (all->policies[i]->ntargets > 1)
			qsort(all->policies[i]->targets, all->policies[i]->ntargets, sizeof(StTarget), compare_targets);
	}
}

static void
load_statuses(Policies *all)
{
	StTableScan scan;
	int			allocated = 16;

	all->statuses = palloc(allocated * sizeof(StatusPhase));
	st_scan_begin(&scan, cache.relids[2]);
	while (st_scan_next(&scan))
	{
		bool		isnull;

		if (all->nstatuses == allocated)
		{
			allocated *= 2;
			all->statuses = repalloc(all->statuses, allocated * sizeof(StatusPhase));
		}
		all->statuses[all->nstatuses].status = st_scan_cstring(&scan, "status");
		all->statuses[all->nstatuses++].phase =
			enum_index(st_scan_value(&scan, "phase", &isnull), st_phase_names, ST_NUM_PHASES);
	}
	st_scan_end(&scan);
}

static void *
load_policies(void)
{
	Policies   *all = palloc0(sizeof(Policies));

	load_policy_rows(all);
	load_targets(all);
	load_statuses(all);
	qsort(all->policies, all->n, sizeof(StPolicy *), compare_policies);
	return all;
}

/* See sla.h. */
const StPolicy *const *
st_policies(int *n)
{
	Policies   *all = st_config_cache_get(&cache);

	*n = all->n;
	return (const StPolicy *const *) all->policies;
}

/* See sla.h. */
bool
st_policy_holds(const StPolicy *policy, ExprContext *econtext)
{
	bool		is_null;

	if (!policy->enabled || policy->broken != NULL)
		return false;
	return policy->condition == NULL || st_condition_holds(policy->condition, econtext, &is_null);
}

/* See sla.h. */
bool
st_policy_tests(const StPolicy *policy)
{
	return policy->enabled && policy->broken == NULL && policy->condition != NULL;
}

/* The enabled policy of a name, or NULL. */
const StPolicy *
st_policy_by_name(const char *name)
{
	Policies   *all = st_config_cache_get(&cache);

	for (int i = 0; i < all->n; i++)
	{
		if (all->policies[i]->enabled && strcmp(all->policies[i]->name, name) == 0)
			return all->policies[i];
	}
	return NULL;
}

/* Why the condition of a policy cannot be evaluated; NULL when it can. */
const char *
st_policy_broken(const StPolicy *policy)
{
	return policy->broken;
}

bool
st_policy_enabled(const StPolicy *policy)
{
	return policy->enabled;
}

/* The text of its condition, or NULL. */
const char *
st_policy_condition(const StPolicy *policy)
{
	return policy->words;
}

int32
st_policy_id(const StPolicy *policy)
{
	return policy->policy_id;
}

const char *
st_policy_name(const StPolicy *policy)
{
	return policy->name;
}

/* The policy of an id, or NULL when it is gone. */
const StPolicy *
st_policy_by_id(int32 policy_id)
{
	return find_policy(st_config_cache_get(&cache), policy_id);
}

/* See sla.h. */
int64
st_policy_elapsed(int32 policy_id, TimestampTz from, TimestampTz until)
{
	const StPolicy *policy = st_policy_by_id(policy_id);
	StCalendar *calendar = policy == NULL || policy->calendar == NULL ? NULL : st_calendar_get(policy->calendar, true);

	if (calendar == NULL || !st_calendar_is_ever_open(calendar))
		return until - from;
	return st_business_elapsed(calendar, from, until);
}

/*
 * st_policy_target
 *		Returns what a policy promises for a metric and a priority, or NULL when
 *		that is nothing.
 */
const StTarget *
st_policy_target(const StPolicy *policy, StMetric metric, int16 priority)
{
	for (int i = 0; i < policy->ntargets; i++)
	{
		const StTarget *target = &policy->targets[i];

		if (target->metric == metric && priority >= target->min_priority)
			return target->target > 0 ? target : NULL;
	}
	return NULL;
}

/* See sla.h. */
StPhase
st_status_phase(const char *status)
{
	Policies   *all = st_config_cache_get(&cache);
	char		folded[32];
	int			length = 0;

	if (status == NULL)
		return ST_PHASE_OPEN;
	for (int i = 0; i < all->nstatuses; i++)
	{
		if (strcmp(all->statuses[i].status, status) == 0)
			return all->statuses[i].phase;
	}

	for (const char *p = status; *p != '\0' && length < sizeof(folded) - 1; p++)
		folded[length++] = *p == ' ' || *p == '-' ? '_' : pg_ascii_tolower(*p);
	folded[length] = '\0';
	for (int i = 0; i < lengthof(usual_statuses); i++)
	{
		if (strcmp(usual_statuses[i].status, folded) == 0)
			return usual_statuses[i].phase;
	}
	return ST_PHASE_OPEN;
}
