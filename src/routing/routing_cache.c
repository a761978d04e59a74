/*-------------------------------------------------------------------------
 *
 * routing_cache.c
 *		Rules, queues and policies as each backend holds them.
 *
 * Read when the first decision of a backend needs them, and again after they
 * changed: see core/config_cache.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "core/core.h"
#include "routing/routing_inner.h"

const char *const st_tier_names[ST_NUM_TIERS] = {
	"self_service", "assisted", "senior", "priority"
};

const char *const st_outcome_names[ST_NUM_OUTCOMES] = {
	"auto", "assist", "human", "abstain", "failed"
};

enum
{
	QUEUE,
	ROUTING_RULE,
	SIGNAL_POLICY,
	SENSITIVE_POLICY
};

static void *load_routing(void);

/* sla_policy: rules name policies */
static StConfigCache cache = {
	.tables = {"queue", "routing_rule", "signal_policy", "sensitive_policy", "sla_policy"},
	.load = load_routing,
};

void
st_routing_init(void)
{
	st_config_cache_init(&cache);
	st_routing_tier_init();
}

/* A value of type triage.tier, by its label: the OIDs differ between databases. */
StTier
st_routing_tier(Datum value)
{
	char	   *label = DatumGetCString(DirectFunctionCall1(enum_out, value));

	for (int i = 0; i < ST_NUM_TIERS; i++)
	{
		if (strcmp(label, st_tier_names[i]) == 0)
			return (StTier) i;
	}

	/* a tier of a later version of the extension: the most human one we know */
	return ST_TIER_PRIORITY;
}

/* The same of a column of the present row. */
StTier
st_routing_scan_tier(StTableScan *s, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(s, column, &isnull);

	return isnull ? ST_TIER_NONE : st_routing_tier(value);
}

static void
load_queues(StRouting *r)
{
	StTableScan s;
	int			allocated = 8;

	r->queues = palloc(allocated * sizeof(StQueue));
	st_scan_begin(&s, cache.relids[QUEUE]);
	while (st_scan_next(&s))
	{
		StQueue    *q;

		if (r->nqueues == allocated)
		{
			allocated *= 2;
			r->queues = repalloc(r->queues, allocated * sizeof(StQueue));
		}
		q = &r->queues[r->nqueues++];
		q->queue_id = st_scan_int32(&s, "queue_id", 0);
		q->name = st_scan_cstring(&s, "name");
		q->tier = st_routing_scan_tier(&s, "tier");
		q->is_default = st_scan_bool(&s, "is_default");
	}
	st_scan_end(&s);

	for (int i = 0; i < r->nqueues; i++)
	{
		if (r->queues[i].is_default)
			r->default_queue = &r->queues[i];
	}
}

static void
load_rules(StRouting *r)
{
	StTableScan s;
	int			allocated = 16;

	st_rule_prepare(r);
	r->rules = palloc(allocated * sizeof(StRule));
	st_scan_begin(&s, cache.relids[ROUTING_RULE]);
	while (st_scan_next(&s))
	{
		if (r->nrules == allocated)
		{
			allocated *= 2;
			r->rules = repalloc(r->rules, allocated * sizeof(StRule));
		}
		st_rule_read(r, s.slot, false, &r->rules[r->nrules]);
		r->nrules++;
	}
	st_scan_end(&s);
	st_rules_sort(r);
}

static void *
load_routing(void)
{
	StRouting  *loaded = palloc0(sizeof(StRouting));

	load_queues(loaded);
	load_rules(loaded);
	st_routing_load_policies(loaded, cache.relids[SIGNAL_POLICY], cache.relids[SENSITIVE_POLICY]);
	return loaded;
}

/* See routing.h. */
StRouting *
st_routing_current(void)
{
	StRouting  *routing = st_config_cache_get(&cache);

	routing->tiers = st_tiers_current();
	return routing;
}

/* See routing.h. */
const char *
st_routing_queue_name(const StRouting *r, int32 queue_id)
{
	for (int i = 0; i < r->nqueues; i++)
	{
		if (r->queues[i].queue_id == queue_id)
			return r->queues[i].name;
	}
	return NULL;
}

/* See routing.h. */
void
st_routing_ensure_default_queue(void)
{
	SPI_connect();
	if (SPI_execute("INSERT INTO triage.queue (name, description, is_default)"
					" SELECT 'triage', 'Tickets that no rule sends elsewhere', true"
					" WHERE NOT EXISTS (SELECT FROM triage.queue WHERE is_default)"
					" ON CONFLICT DO NOTHING",
					false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not create the default queue");
	SPI_finish();
}
