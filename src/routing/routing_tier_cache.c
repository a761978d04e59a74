/*-------------------------------------------------------------------------
 *
 * routing_tier_cache.c
 *		The policies of tiers and automation, and the solved thresholds, as each
 *		backend holds them, and which of them is for a ticket.
 *
 * Of the rows that are for a ticket's channel and segment the most specific
 * counts: that of both, that of the channel, that of the segment, that of
 * neither.  The arrays are sorted so that it is the first that fits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "core/compat.h"
#include "core/core.h"
#include "routing/routing_tier.h"

static void *load_tiers(void);

static StConfigCache cache = {
	.tables = {"tier_policy", "automation_policy", "automation_threshold", NULL},
	.load = load_tiers
};

/* What holds when the row for all is gone: as it ships. */
static const StTierPolicy shipped = {
	NULL, NULL, 0.25f, 0.6f, 0.5f, 0.6f, 0.9f, 0.7f, -0.5f, -0.7f,
	ST_TIER_ASSISTED, ST_TIER_ASSISTED, ST_TIER_PRIORITY
};

void
st_routing_tier_init(void)
{
	st_config_cache_init(&cache);
}

/* See routing_inner.h. */
const StTiers *
st_tiers_current(void)
{
	return st_config_cache_get(&cache);
}

static int
compare_texts(const text *a, const text *b)
{
	int			la = VARSIZE_ANY_EXHDR(a);
	int			lb = VARSIZE_ANY_EXHDR(b);
	int			c = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(la, lb));

	return c != 0 ? c : (la > lb) - (la < lb);
}

static inline bool
text_equal(const text *wanted, const text *actual)
{
	return actual != NULL && compare_texts(wanted, actual) == 0;
}

/* How specific a row is: a channel says more than a segment. */
static inline int
specificity(const text *channel, const text *segment)
{
	return (channel != NULL ? 2 : 0) + (segment != NULL ? 1 : 0);
}

static inline bool
is_for(const text *channel, const text *segment, const StFacts *facts)
{
	return (channel == NULL || text_equal(channel, facts->channel)) &&
		(segment == NULL || text_equal(segment, facts->segment));
}

static int
compare_policies(const void *a, const void *b)
{
	const StTierPolicy *pa = a;
	const StTierPolicy *pb = b;

	return specificity(pb->channel, pb->segment) - specificity(pa->channel, pa->segment);
}

static int
compare_automations(const void *a, const void *b)
{
	const StAutomation *pa = a;
	const StAutomation *pb = b;
	int			c = compare_texts(pa->intent, pb->intent);

	return c != 0 ? c : specificity(pb->channel, pb->segment) - specificity(pa->channel, pa->segment);
}

static int
compare_thresholds(const void *a, const void *b)
{
	const StThreshold *ta = a;
	const StThreshold *tb = b;

	return (ta->policy_id > tb->policy_id) - (ta->policy_id < tb->policy_id);
}

/* A column of type real; not known for NULL. */
static float4
scan_float(StTableScan *s, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(s, column, &isnull);

	return isnull ? ST_UNKNOWN : DatumGetFloat4(value);
}

/* A column of type double precision; 0 for NULL, and *is_known is cleared. */
static float8
scan_double(StTableScan *s, const char *column, bool *is_known)
{
	bool		isnull;
	Datum		value = st_scan_value(s, column, &isnull);

	if (isnull)
		*is_known = false;
	return isnull ? 0 : DatumGetFloat8(value);
}

/* Room for one more element of an array that doubles. */
static void *
grown(void *array, int n, int *allocated, Size size)
{
	if (n < *allocated)
		return array;
	*allocated *= 2;
	return repalloc_huge(array, *allocated * size);
}

static void
load_policies(StTiers *t, Oid relid)
{
	StTableScan s;
	int			allocated = 4;

	t->policies = palloc(allocated * sizeof(StTierPolicy));
	st_scan_begin(&s, relid);
	while (st_scan_next(&s))
	{
		StTierPolicy *p;

		t->policies = grown(t->policies, t->npolicies, &allocated, sizeof(StTierPolicy));
		p = &t->policies[t->npolicies++];
		p->channel = st_scan_text(&s, "channel");
		p->segment = st_scan_text(&s, "segment");
		p->simple_below = scan_float(&s, "simple_below");
		p->complex_from = scan_float(&s, "complex_from");
		p->sure_from = scan_float(&s, "sure_from");
		p->urgent_from = scan_float(&s, "urgent_from");
		p->emergency_from = scan_float(&s, "emergency_from");
		p->emotion_from = scan_float(&s, "emotion_from");
		p->emotion_sentiment = scan_float(&s, "emotion_sentiment");
		p->dismay_sentiment = scan_float(&s, "dismay_sentiment");
		p->unsure_tier = st_routing_scan_tier(&s, "unsure_tier");
		p->human_tier = st_routing_scan_tier(&s, "human_tier");
		p->escalation_tier = st_routing_scan_tier(&s, "escalation_tier");
	}
	st_scan_end(&s);
	qsort(t->policies, t->npolicies, sizeof(StTierPolicy), compare_policies);
}

static void
load_thresholds(StTiers *t, Oid relid)
{
	StTableScan s;
	int			allocated = 8;

	t->thresholds = palloc(allocated * sizeof(StThreshold));
	st_scan_begin(&s, relid);
	while (st_scan_next(&s))
	{
		StThreshold *h;

		t->thresholds = grown(t->thresholds, t->nthresholds, &allocated, sizeof(StThreshold));
		h = &t->thresholds[t->nthresholds++];
		h->policy_id = st_scan_int32(&s, "policy_id", 0);
		h->model_name = st_scan_text(&s, "model_name");
		h->model_version = st_scan_int32(&s, "model_version", -1);
		h->threshold = scan_float(&s, "threshold");
		h->load = scan_float(&s, "load");
		h->why = st_scan_cstring(&s, "why");
	}
	st_scan_end(&s);
	qsort(t->thresholds, t->nthresholds, sizeof(StThreshold), compare_thresholds);
}

/* The thresholds of a policy lie together. */
static void
find_thresholds(StTiers *t, StAutomation *a)
{
	int			low = 0;
	int			high = t->nthresholds;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (t->thresholds[middle].policy_id < a->policy_id)
			low = middle + 1;
		else
			high = middle;
	}
	a->thresholds = &t->thresholds[low];
	a->nthresholds = 0;
	while (low + a->nthresholds < t->nthresholds &&
		   t->thresholds[low + a->nthresholds].policy_id == a->policy_id)
		a->nthresholds++;
}

static void
load_automations(StTiers *t, Oid relid)
{
	StTableScan s;
	int			allocated = 8;

	t->automations = palloc(allocated * sizeof(StAutomation));
	st_scan_begin(&s, relid);
	while (st_scan_next(&s))
	{
		StAutomation *a;

		t->automations = grown(t->automations, t->nautomations, &allocated, sizeof(StAutomation));
		a = &t->automations[t->nautomations++];
		a->policy_id = st_scan_int32(&s, "policy_id", 0);
		a->intent = st_scan_text(&s, "intent");
		a->channel = st_scan_text(&s, "channel");
		a->segment = st_scan_text(&s, "segment");
		a->enabled = st_scan_bool(&s, "enabled");
		a->review_share = scan_float(&s, "review_share");
		a->load_price = scan_float(&s, "load_price");
		a->has_costs = true;
		a->cost_wrong_automatic = scan_double(&s, "cost_wrong_automatic", &a->has_costs);
		a->cost_wrong_queue = scan_double(&s, "cost_wrong_queue", &a->has_costs);
		a->cost_person = scan_double(&s, "cost_human_minute", &a->has_costs) *
			scan_double(&s, "human_minutes", &a->has_costs);
		find_thresholds(t, a);
	}
	st_scan_end(&s);
	qsort(t->automations, t->nautomations, sizeof(StAutomation), compare_automations);
}

/* Reads the three tables into the current context. */
static void *
load_tiers(void)
{
	StTiers    *t = palloc0(sizeof(StTiers));

	load_policies(t, cache.relids[0]);
	load_thresholds(t, cache.relids[2]);
	load_automations(t, cache.relids[1]);
	return t;
}

/* st_tier_policy: the row that is for these facts. */
const StTierPolicy *
st_tier_policy(const StTiers *tiers, const StFacts *facts)
{
	for (int i = 0; i < tiers->npolicies; i++)
	{
		if (is_for(tiers->policies[i].channel, tiers->policies[i].segment, facts))
			return &tiers->policies[i];
	}
	return &shipped;
}

/*
 * st_automation_policy
 *		Returns the row that is for these facts, or NULL: the intent is never
 *		automated.
 */
const StAutomation *
st_automation_policy(const StTiers *tiers, const StFacts *facts)
{
	int			low = 0;
	int			high = tiers->nautomations;

	if (facts->intent == NULL)
		return NULL;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (compare_texts(tiers->automations[middle].intent, facts->intent) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < tiers->nautomations && text_equal(tiers->automations[low].intent, facts->intent); low++)
	{
		if (is_for(tiers->automations[low].channel, tiers->automations[low].segment, facts))
			return &tiers->automations[low];
	}
	return NULL;
}

/*
 * st_automation_threshold
 *		Returns what was solved for the version of the model that predicted, or
 *		NULL: a threshold of another version is of no use.
 */
const StThreshold *
st_automation_threshold(const StAutomation *automation, const StFacts *facts)
{
	if (facts->model_name == NULL)
		return NULL;
	for (int i = 0; i < automation->nthresholds; i++)
	{
		const StThreshold *h = &automation->thresholds[i];

		if (h->model_version == facts->model_version && text_equal(h->model_name, facts->model_name))
			return h;
	}
	return NULL;
}
