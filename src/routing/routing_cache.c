/*-------------------------------------------------------------------------
 *
 * routing_cache.c
 *		Rules, queues and policies as each backend holds them.
 *
 * The tables are read with one scan each into a private memory context when
 * the first decision of a backend needs them, and again after they changed.
 * Triggers on the tables send a relcache invalidation; the callback
 * only clears the valid flag and touches no catalog.  A superseded cache is
 * handed to the transaction, because an outer trigger may still be using it:
 * it goes away when the transaction ends.
 *
 * The scan uses the latest snapshot, not the transaction's: what is cached
 * must not be older than the invalidation that was consumed before, also in a
 * REPEATABLE READ transaction.  Rows of our own that are rolled back send their
 * invalidation again, so they do not stay.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "core/compat.h"
#include "core/core.h"
#include "routing/routing_inner.h"

const char *const st_tier_names[ST_NUM_TIERS] = {
	"self_service", "assisted", "senior", "priority"
};

const char *const st_outcome_names[ST_NUM_OUTCOMES] = {
	"auto", "assist", "human", "abstain", "failed"
};

static StRouting *routing = NULL;
static MemoryContext routing_cxt = NULL;
static bool routing_valid = false;
static Oid	queue_relid = InvalidOid;
static Oid	rule_relid = InvalidOid;
static Oid	signal_relid = InvalidOid;
static Oid	sensitive_relid = InvalidOid;

static void routing_forget(Datum arg, Oid relid);

PG_FUNCTION_INFO_V1(st_routing_changed);
PG_FUNCTION_INFO_V1(st_routing_rule_stamp);

void
st_routing_init(void)
{
	st_on_relation_change(routing_forget, (Datum) 0);
}

/* The relcache callback: no catalog access here. */
static void
routing_forget(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == queue_relid || relid == rule_relid ||
		relid == signal_relid || relid == sensitive_relid)
		routing_valid = false;
}

/* A column of type triage.tier, by its label: the OIDs differ between databases. */
StTier
st_routing_scan_tier(StTableScan *s, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(s, column, &isnull);
	char	   *label;

	if (isnull)
		return ST_TIER_NONE;
	label = DatumGetCString(DirectFunctionCall1(enum_out, value));
	for (int i = 0; i < ST_NUM_TIERS; i++)
	{
		if (strcmp(label, st_tier_names[i]) == 0)
			return (StTier) i;
	}

	/* a tier of a later version of the extension: the most human one we know */
	return ST_TIER_PRIORITY;
}

static void
load_queues(StRouting *r)
{
	StTableScan s;
	int			allocated = 8;

	r->queues = palloc(allocated * sizeof(StQueue));
	st_scan_begin(&s, queue_relid);
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

static const StQueue *
find_queue(const StRouting *r, const char *name)
{
	for (int i = 0; i < r->nqueues; i++)
	{
		if (strcmp(r->queues[i].name, name) == 0)
			return &r->queues[i];
	}
	return NULL;
}

static int
compare_rules(const void *a, const void *b)
{
	const StRule *ra = a;
	const StRule *rb = b;

	if (ra->position != rb->position)
		return ra->position < rb->position ? -1 : 1;
	return ra->rule_id < rb->rule_id ? -1 : 1;
}

/*
 * Keeps the threshold as people wrote it (0.8, 0.805), with two digits after
 * the point at least, so that reasons compare numbers of the same precision.
 */
static void
write_threshold(StRule *rule)
{
	char		buf[32];
	int			digits;

	for (digits = 2; digits < 6; digits++)
	{
		snprintf(buf, sizeof(buf), "%.*f", digits, rule->min_confidence);
		if ((float4) strtod(buf, NULL) == rule->min_confidence)
			break;
	}
	rule->digits = digits;
	rule->threshold = psprintf("%.*f", digits, rule->min_confidence);
}

static void
load_rules(StRouting *r)
{
	StTableScan s;
	int			allocated = 16;

	r->rules = palloc(allocated * sizeof(StRule));
	st_scan_begin(&s, rule_relid);
	while (st_scan_next(&s))
	{
		StRule	   *rule;
		char	   *queue;
		Datum		value;
		bool		isnull;

		if (r->nrules == allocated)
		{
			allocated *= 2;
			r->rules = repalloc(r->rules, allocated * sizeof(StRule));
		}
		rule = &r->rules[r->nrules++];
		rule->rule_id = st_scan_int32(&s, "rule_id", 0);
		rule->position = st_scan_int32(&s, "position", 0);
		rule->version = st_scan_int32(&s, "version", 1);
		rule->self.rule_id = rule->rule_id;
		rule->self.version = rule->version;
		rule->name = st_scan_cstring(&s, "name");
		rule->enabled = st_scan_bool(&s, "enabled");
		rule->intent = st_scan_text(&s, "intent");
		rule->channel = st_scan_text(&s, "channel");
		rule->segment = st_scan_text(&s, "segment");
		rule->language = st_scan_text(&s, "language");
		rule->escalate_reason = st_scan_cstring(&s, "escalate_reason");

		value = st_scan_value(&s, "min_confidence", &isnull);
		rule->min_confidence = isnull ? -1 : DatumGetFloat4(value);
		rule->threshold = NULL;
		rule->digits = 2;
		if (!isnull)
			write_threshold(rule);

		value = st_scan_value(&s, "priority", &isnull);
		rule->priority = isnull ? ST_PRIORITY_DEFAULT : DatumGetInt16(value);

		queue = st_scan_cstring(&s, "queue");
		rule->queue = queue == NULL ? NULL : find_queue(r, queue);
		if (rule->queue == NULL)
			rule->queue = r->default_queue;

		rule->tier = st_routing_scan_tier(&s, "tier");
		if (rule->tier == ST_TIER_NONE && rule->queue != NULL)
			rule->tier = rule->queue->tier;
		if (rule->tier == ST_TIER_NONE)
			rule->tier = ST_TIER_ASSISTED;
	}
	st_scan_end(&s);

	qsort(r->rules, r->nrules, sizeof(StRule), compare_rules);
}

/* See routing.h. */
StRouting *
st_routing_current(void)
{
	MemoryContext cxt;
	MemoryContext old;
	StRouting  *loaded;

	if (routing_valid)
		return routing;

	if (routing_cxt != NULL)
	{
		MemoryContextSetParent(routing_cxt, TopTransactionContext);
		routing_cxt = NULL;
		routing = NULL;
	}

	cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage rules",
								ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(cxt);

	queue_relid = st_relation_oid("queue", false);
	rule_relid = st_relation_oid("routing_rule", false);
	signal_relid = st_relation_oid("signal_policy", false);
	sensitive_relid = st_relation_oid("sensitive_policy", false);

	/* what arrives while we read makes the result invalid at once */
	routing_valid = true;
	PG_TRY();
	{
		loaded = palloc0(sizeof(StRouting));
		load_queues(loaded);
		load_rules(loaded);
		st_routing_load_policies(loaded, signal_relid, sensitive_relid);
	}
	PG_CATCH();
	{
		routing_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();

	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	routing_cxt = cxt;
	routing = loaded;
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

/*
 * triage.routing_changed(): AFTER trigger on these tables.  Every backend
 * reads the rules anew once the change is committed.
 */
Datum
st_routing_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", "triage.routing_changed")));

	CacheInvalidateRelcache(trigdata->tg_relation);
	return PointerGetDatum(NULL);
}

/*
 * triage.routing_rule_stamp(): BEFORE UPDATE row trigger.  Returns the new row
 * with the next version and who changed it when.
 */
Datum
st_routing_rule_stamp(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TupleDesc	tupdesc;
	Oid			relid;
	int			attnums[3];
	Datum		values[3];
	bool		nulls[3] = {false, false, false};
	NameData	who;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a BEFORE UPDATE trigger", "triage.routing_rule_stamp")));

	tupdesc = RelationGetDescr(trigdata->tg_relation);
	relid = RelationGetRelid(trigdata->tg_relation);
	attnums[0] = st_attnum(relid, "version");
	attnums[1] = st_attnum(relid, "changed_at");
	attnums[2] = st_attnum(relid, "changed_by");

	values[0] = Int32GetDatum(DatumGetInt32(heap_getattr(trigdata->tg_trigtuple, attnums[0],
														 tupdesc, &isnull)) + 1);
	values[1] = TimestampTzGetDatum(st_now());
	namestrcpy(&who, GetUserNameFromId(GetSessionUserId(), false));
	values[2] = NameGetDatum(&who);

	return PointerGetDatum(heap_modify_tuple_by_cols(trigdata->tg_newtuple, tupdesc, 3,
													 attnums, values, nulls));
}
