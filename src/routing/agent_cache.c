/*-------------------------------------------------------------------------
 *
 * agent_cache.c
 *		Agents and how tickets wait in queues, as each backend holds them.
 *
 * What people enter changes rarely and is read whole; what changes with each
 * ticket (load, presence) is never held here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"
#include "sla/sla.h"

#define DEFAULT_AGEING	10.0f

typedef struct Weight
{
	text	   *channel;
	int16		units;
} Weight;

typedef struct Queues
{
	int			n;
	StQueueWait *queues;
	int			nweights;
	Weight	   *weights;
} Queues;

static void *load_staff(void);
static void *load_queues(void);

static StConfigCache staff_cache = {
	.tables = {"agent", "agent_skill", "agent_queue", "agent_channel", "agent_shift", "agent_leave"},
	.load = load_staff,
};
static StConfigCache queue_cache = {
	.tables = {"queue", "queue_policy", "channel_weight"},
	.load = load_queues,
};

static void *
cached(StConfigCache *cache)
{
	static bool initialised = false;

	if (!initialised)
	{
		st_config_cache_init(&staff_cache);
		st_config_cache_init(&queue_cache);
		initialised = true;
	}
	return st_config_cache_get(cache);
}

/* Room for one more of n elements: arrays grow by doubling. */
static void *
grow(void *array, int n, size_t size)
{
	if (array == NULL)
		return palloc(4 * size);
	if (n >= 4 && (n & (n - 1)) == 0)
		return repalloc(array, 2 * n * size);
	return array;
}

/* An interval column in microseconds, a month being 30 days; -1 for NULL. */
static int64
scan_interval(StTableScan *scan, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(scan, column, &isnull);
	Interval   *interval;

	if (isnull)
		return -1;
	interval = DatumGetIntervalP(value);
	return interval->time + ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY;
}

/* ---- queues ---- */

static StQueueWait *
find_queue(Queues *q, const char *name)
{
	for (int i = 0; name != NULL && i < q->n; i++)
	{
		if (strcmp(q->queues[i].name, name) == 0)
			return &q->queues[i];
	}
	return NULL;
}

static void *
load_queues(void)
{
	Queues	   *q = palloc0(sizeof(Queues));
	StTableScan scan;

	st_scan_begin(&scan, queue_cache.relids[0]);
	while (st_scan_next(&scan))
	{
		q->queues = grow(q->queues, q->n, sizeof(StQueueWait));
		q->queues[q->n++] = (StQueueWait)
		{
			.queue_id = st_scan_int32(&scan, "queue_id", 0),
				.name = st_scan_cstring(&scan, "name"),
				.ageing = DEFAULT_AGEING,
				.max_wait = -1,
				.language_after = -1
		};
	}
	st_scan_end(&scan);

	st_scan_begin(&scan, queue_cache.relids[1]);
	while (st_scan_next(&scan))
	{
		StQueueWait *queue = find_queue(q, st_scan_cstring(&scan, "queue"));
		StQueueWait *overflow = find_queue(q, st_scan_cstring(&scan, "overflow_queue"));
		bool		isnull;

		if (queue == NULL)
			continue;
		queue->ageing = DatumGetFloat4(st_scan_value(&scan, "ageing", &isnull));
		queue->max_wait = scan_interval(&scan, "max_wait");
		queue->overflow = overflow == NULL ? 0 : overflow->queue_id;
		queue->language_after = scan_interval(&scan, "language_after");
	}
	st_scan_end(&scan);

	st_scan_begin(&scan, queue_cache.relids[2]);
	while (st_scan_next(&scan))
	{
		bool		isnull;

		q->weights = grow(q->weights, q->nweights, sizeof(Weight));
		q->weights[q->nweights++] = (Weight)
		{
			st_scan_text(&scan, "channel"), DatumGetInt16(st_scan_value(&scan, "units", &isnull))
		};
	}
	st_scan_end(&scan);
	return q;
}

/* All queues there are. */
const StQueueWait *
st_queue_waits(int *n)
{
	Queues	   *q = cached(&queue_cache);

	*n = q->n;
	return q->queues;
}

/* How tickets wait in a queue; NULL when there is no such queue. */
const StQueueWait *
st_queue_wait(int32 queue_id)
{
	Queues	   *q = cached(&queue_cache);

	for (int i = 0; i < q->n; i++)
	{
		if (q->queues[i].queue_id == queue_id)
			return &q->queues[i];
	}
	return NULL;
}

/* The queue of a name; throws when there is none, naming those that there are. */
const StQueueWait *
st_queue_wait_by_name(const char *name)
{
	Queues	   *q = cached(&queue_cache);
	StQueueWait *found = find_queue(q, name);
	StringInfoData names;

	if (found != NULL)
		return found;

	initStringInfo(&names);
	for (int i = 0; i < Min(q->n, 20); i++)
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "", q->queues[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("queue \"%s\" does not exist", name),
			 q->n > 0 ? errhint("There are: %s.", names.data) :
			 errhint("Insert queues into triage.queue.")));
	return NULL;
}

/* Units of capacity that a ticket of a channel takes. */
int16
st_channel_units(text *channel)
{
	Queues	   *q = cached(&queue_cache);

	for (int i = 0; channel != NULL && i < q->nweights; i++)
	{
		if (st_texts_match(channel, q->weights[i].channel))
			return q->weights[i].units;
	}
	return 1;
}

/* ---- agents ---- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const StAgent *) a)->name, ((const StAgent *) b)->name);
}

static int
compare_ids(const void *a, const void *b)
{
	int32		ia = (*(StAgent *const *) a)->agent_id;
	int32		ib = (*(StAgent *const *) b)->agent_id;

	return (ia > ib) - (ia < ib);
}

static int
compare_positions(const void *a, const void *b)
{
	const StAgentQueue *qa = a;
	const StAgentQueue *qb = b;

	if (qa->position != qb->position)
		return qa->position < qb->position ? -1 : 1;
	return (qa->queue_id > qb->queue_id) - (qa->queue_id < qb->queue_id);
}

static StAgent *
find_agent(StStaff *staff, const char *name)
{
	StAgent		key = {.name = unconstify(char *, name)};

	return staff->n == 0 ? NULL :
		bsearch(&key, staff->agents, staff->n, sizeof(StAgent), compare_names);
}

static void
load_languages(StTableScan *scan, StAgent *agent)
{
	bool		isnull;
	Datum		value = st_scan_value(scan, "languages", &isnull);
	Datum	   *elements;

	agent->nlanguages = -1;
	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypePCopy(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, &agent->nlanguages);
	agent->languages = palloc(Max(1, agent->nlanguages) * sizeof(char *));
	for (int i = 0; i < agent->nlanguages; i++)
		agent->languages[i] = TextDatumGetCString(elements[i]);
}

static void
load_agents(StStaff *staff)
{
	StTableScan scan;

	st_scan_begin(&scan, staff_cache.relids[0]);
	while (st_scan_next(&scan))
	{
		StAgent    *agent;

		staff->agents = grow(staff->agents, staff->n, sizeof(StAgent));
		agent = &staff->agents[staff->n++];
		memset(agent, 0, sizeof(StAgent));
		agent->agent_id = st_scan_int32(&scan, "agent_id", 0);
		agent->name = st_scan_cstring(&scan, "name");
		agent->active = st_scan_bool(&scan, "active");
		agent->capacity = st_scan_int32(&scan, "capacity", 0);
		agent->ramp_in = st_scan_int32(&scan, "ramp_in", -1);
		agent->ramp_after = scan_interval(&scan, "ramp_after");
		load_languages(&scan, agent);
	}
	st_scan_end(&scan);
	qsort(staff->agents, staff->n, sizeof(StAgent), compare_names);

	staff->by_id = palloc(Max(1, staff->n) * sizeof(StAgent *));
	for (int i = 0; i < staff->n; i++)
		staff->by_id[i] = &staff->agents[i];
	qsort(staff->by_id, staff->n, sizeof(StAgent *), compare_ids);
}

/* A range as half-open span; false when it is empty. */
static bool
read_span(TypeCacheEntry *type, RangeType *range, StSpan *span)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	if (empty)
		return false;
	span->from = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
	span->until = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	if (!lower.inclusive && !TIMESTAMP_NOT_FINITE(span->from))
		span->from++;
	if (upper.inclusive && !TIMESTAMP_NOT_FINITE(span->until))
		span->until++;
	return true;
}

static void
load_shift(StTableScan *scan, StAgent *agent)
{
	char	   *calendar = st_scan_cstring(scan, "calendar");
	bool		isnull;
	Datum		value = st_scan_value(scan, "shifts", &isnull);

	agent->has_shift = true;
	if (calendar != NULL)
	{
		agent->calendars = grow(agent->calendars, agent->ncalendars, sizeof(char *));
		agent->calendars[agent->ncalendars++] = calendar;
	}
	if (!isnull)
	{
		TypeCacheEntry *type = lookup_type_cache(TSTZMULTIRANGEOID, TYPECACHE_MULTIRANGE_INFO)->rngtype;
		RangeType **ranges;
		int32		n;

		multirange_deserialize(type, DatumGetMultirangeTypeP(value), &n, &ranges);
		for (int i = 0; i < n; i++)
		{
			agent->shifts = grow(agent->shifts, agent->nshifts, sizeof(StSpan));
			if (read_span(type, ranges[i], &agent->shifts[agent->nshifts]))
				agent->nshifts++;
		}
	}
}

static void *
load_staff(void)
{
	StStaff    *staff = palloc0(sizeof(StStaff));
	Queues	   *queues = cached(&queue_cache);
	TypeCacheEntry *range_type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	StTableScan scan;

	load_agents(staff);
	for (int table = 1; table < staff_cache.ntables; table++)
	{
		st_scan_begin(&scan, staff_cache.relids[table]);
		while (st_scan_next(&scan))
		{
			StAgent    *agent = find_agent(staff, st_scan_cstring(&scan, "agent"));
			StQueueWait *queue;
			bool		isnull;

			if (agent == NULL)
				continue;
			switch (table)
			{
				case 1:
					agent->skills = grow(agent->skills, agent->nskills, sizeof(StAgentSkill));
					agent->skills[agent->nskills].skill = st_scan_cstring(&scan, "skill");
					agent->skills[agent->nskills++].level = DatumGetInt16(st_scan_value(&scan, "level", &isnull));
					break;
				case 2:
					queue = find_queue(queues, st_scan_cstring(&scan, "queue"));
					if (queue == NULL)
						break;
					agent->queues = grow(agent->queues, agent->nqueues, sizeof(StAgentQueue));
					agent->queues[agent->nqueues++] = (StAgentQueue)
					{
						queue->queue_id, st_scan_int32(&scan, "position", 1)
					};
					break;
				case 3:
					agent->channels = grow(agent->channels, agent->nchannels, sizeof(StAgentChannel));
					agent->channels[agent->nchannels++] = (StAgentChannel)
					{
						st_scan_cstring(&scan, "channel"), st_scan_int32(&scan, "max_tickets", 0)
					};
					break;
				case 4:
					load_shift(&scan, agent);
					break;
				default:
					agent->leaves = grow(agent->leaves, agent->nleaves, sizeof(StSpan));
					if (read_span(range_type, DatumGetRangeTypeP(st_scan_value(&scan, "during", &isnull)),
								  &agent->leaves[agent->nleaves]))
						agent->nleaves++;
			}
		}
		st_scan_end(&scan);
	}
	for (int i = 0; i < staff->n; i++)
		qsort(staff->agents[i].queues, staff->agents[i].nqueues, sizeof(StAgentQueue), compare_positions);
	return staff;
}

/* All agents there are. */
const StStaff *
st_staff(void)
{
	return cached(&staff_cache);
}

/* A number that changes whenever agents or queues were read anew. */
uint64
st_staff_generation(void)
{
	(void) cached(&staff_cache);
	(void) cached(&queue_cache);
	return staff_cache.generation << 32 | (queue_cache.generation & 0xffffffff);
}

/* The agent of a name, or NULL. */
const StAgent *
st_agent_by_name(const char *name)
{
	return find_agent(cached(&staff_cache), name);
}

/* The agent of a number, or NULL. */
const StAgent *
st_agent_by_id(int32 agent_id)
{
	const StStaff *staff = cached(&staff_cache);
	int			from = 0;
	int			until = staff->n;

	while (from < until)
	{
		int			middle = from + (until - from) / 2;

		if (staff->by_id[middle]->agent_id == agent_id)
			return staff->by_id[middle];
		if (staff->by_id[middle]->agent_id < agent_id)
			from = middle + 1;
		else
			until = middle;
	}
	return NULL;
}

/* The agent of a name; throws when there is none. */
const StAgent *
st_agent_need(const char *name)
{
	const StAgent *agent = st_agent_by_name(name);

	if (agent == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("agent \"%s\" does not exist", name),
				 st_staff()->n == 0 ? errhint("Insert agents into triage.agent.") :
				 errhint("triage.agent.name has those that there are.")));
	return agent;
}

bool
st_agent_serves(const StAgent *agent, int32 queue_id)
{
	for (int i = 0; i < agent->nqueues; i++)
	{
		if (agent->queues[i].queue_id == queue_id)
			return true;
	}
	return false;
}

static bool
in_spans(const StSpan *spans, int n, TimestampTz now)
{
	for (int i = 0; i < n; i++)
	{
		if (spans[i].from <= now && now < spans[i].until)
			return true;
	}
	return false;
}

/* Whether an agent works now by their shifts; without any they always do. */
bool
st_agent_is_on_shift(const StAgent *agent, TimestampTz now)
{
	if (!agent->has_shift || in_spans(agent->shifts, agent->nshifts, now))
		return true;
	for (int i = 0; i < agent->ncalendars; i++)
	{
		StCalendar *calendar = st_calendar_get(agent->calendars[i], true);

		if (calendar != NULL && st_business_elapsed(calendar, now, now + 1) > 0)
			return true;
	}
	return false;
}

bool
st_agent_is_on_leave(const StAgent *agent, TimestampTz now)
{
	return in_spans(agent->leaves, agent->nleaves, now);
}

/* Which of agent->channels a channel is; -1: it has no limit of its own. */
int
st_agent_channel(const StAgent *agent, const text *channel)
{
	for (int i = 0; channel != NULL && i < agent->nchannels; i++)
	{
		const char *other = agent->channels[i].channel;

		if (strlen(other) == VARSIZE_ANY_EXHDR(channel) &&
			memcmp(other, VARDATA_ANY(channel), VARSIZE_ANY_EXHDR(channel)) == 0)
			return i;
	}
	return -1;
}
