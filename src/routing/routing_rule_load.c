/*-------------------------------------------------------------------------
 *
 * routing_rule_load.c
 *		Rules from rows: those of triage.routing_rule for the cache, and those
 *		that somebody proposes.
 *
 * A row of the table was checked when it was written.  What is wrong with it
 * all the same (a function that it calls has gone) makes the rule a broken one,
 * which counts as failed whenever it is tried, and stops nothing.  What is wrong
 * with a proposed rule is thrown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/routing_inner.h"
#include "sla/sla.h"

PG_FUNCTION_INFO_V1(st_routing_rule_check);

/* A column of the row by its name; NULL when there is no such column. */
static Datum
field(TupleTableSlot *slot, const char *name, bool *isnull)
{
	int			attnum = SPI_fnumber(slot->tts_tupleDescriptor, name);

	*isnull = true;
	return attnum <= 0 ? (Datum) 0 : slot_getattr(slot, attnum, isnull);
}

static text *
text_field(TupleTableSlot *slot, const char *name)
{
	bool		isnull;
	Datum		value = field(slot, name, &isnull);

	return isnull ? NULL : DatumGetTextPCopy(value);
}

static char *
cstring_field(TupleTableSlot *slot, const char *name)
{
	bool		isnull;
	Datum		value = field(slot, name, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static int32
int_field(TupleTableSlot *slot, const char *name, int32 if_null)
{
	bool		isnull;
	Datum		value = field(slot, name, &isnull);

	return isnull ? if_null : DatumGetInt32(value);
}

static int16
short_field(TupleTableSlot *slot, const char *name, int16 if_null)
{
	bool		isnull;
	Datum		value = field(slot, name, &isnull);

	return isnull ? if_null : DatumGetInt16(value);
}

static bool
bool_field(TupleTableSlot *slot, const char *name, bool if_null)
{
	bool		isnull;
	Datum		value = field(slot, name, &isnull);

	return isnull ? if_null : DatumGetBool(value);
}

static TimestampTz
time_field(TupleTableSlot *slot, const char *name, TimestampTz if_null)
{
	bool		isnull;
	Datum		value = field(slot, name, &isnull);

	return isnull ? if_null : DatumGetTimestampTz(value);
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

/* FNV-1a of the name: which tickets a partial rollout takes is the rule's own. */
static uint64
name_hash(const char *name)
{
	uint64		hash = UINT64CONST(0xcbf29ce484222325);

	for (const char *p = name; *p != '\0'; p++)
		hash = (hash ^ (unsigned char) *p) * UINT64CONST(0x100000001b3);
	return hash;
}

/* Skills that are read where errors are caught. */
typedef struct Fallible
{
	StRule	   *rule;
	Jsonb	   *skills;
	MemoryContext cxt;
} Fallible;

static void
read_skills(void *arg)
{
	Fallible   *f = arg;
	MemoryContext old = MemoryContextSwitchTo(f->cxt);

	f->rule->skills = palloc(ST_MAX_SKILLS * sizeof(StSkillNeed));
	f->rule->nskills = st_skill_needs_read(f->skills, f->rule->skills, false);
	MemoryContextSwitchTo(old);
}

static void
read_tags(TupleTableSlot *slot, StRule *rule)
{
	bool		isnull;
	Datum		value = field(slot, "tags", &isnull);
	Datum	   *tags;
	bool	   *nulls;
	int			n;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &tags, &nulls, &n);
	rule->tags = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			rule->tags[rule->ntags++] = TextDatumGetCString(tags[i]);
	}
}

static int32
find_policy(const char *name)
{
	int			n;
	const StPolicy *const *policies = st_policies(&n);

	for (int i = 0; i < n; i++)
	{
		if (strcmp(st_policy_name(policies[i]), name) == 0)
			return st_policy_id(policies[i]);
	}
	return 0;
}

/* The queue of a name, or NULL. */
const StQueue *
st_routing_find_queue(const StRouting *routing, const char *name)
{
	for (int i = 0; i < routing->nqueues; i++)
	{
		if (strcmp(routing->queues[i].name, name) == 0)
			return &routing->queues[i];
	}
	return NULL;
}

/* Makes in *routing what conditions need, in the current context. */
void
st_rule_prepare(StRouting *routing)
{
	routing->nrules = 0;
	routing->facts = st_facts_tupdesc();
	routing->slot = MakeSingleTupleTableSlot(routing->facts, &TTSOpsVirtual);
	routing->econtext = CreateStandaloneExprContext();
	routing->econtext->ecxt_scantuple = routing->slot;
	routing->uses_clock = false;
}

static void
out_of_range(const char *rule, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s of rule \"%s\" is out of range", column, rule),
			 errhint("The columns of triage.routing_rule say what is allowed.")));
}

/* What the constraints of the table would say of a proposed rule. */
static void
check_proposed(const StRule *rule, const char *queue)
{
	if (queue != NULL && rule->queue == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("queue \"%s\" of rule \"%s\" does not exist", queue, rule->name)));
	if (rule->sla_policy != NULL && rule->sla_policy_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("policy \"%s\" of rule \"%s\" does not exist", rule->sla_policy, rule->name)));
	if (rule->priority > ST_PRIORITY_MAX || rule->priority < -1)
		out_of_range(rule->name, "priority");
	if (rule->threshold != NULL && !(rule->min_confidence >= 0 && rule->min_confidence <= 1))
		out_of_range(rule->name, "min_confidence");
	if (rule->rollout < 0 || rule->rollout > 100)
		out_of_range(rule->name, "rollout_percent");
}

/*
 * st_rule_read
 *		Reads a row with the columns of triage.routing_rule into *rule, in the
 *		current context; columns that it lacks are as their defaults.  If strict,
 *		throws what is wrong with it.
 */
void
st_rule_read(StRouting *routing, TupleTableSlot *slot, bool strict, StRule *rule)
{
	Fallible	fallible = {.rule = rule,.cxt = CurrentMemoryContext};
	char	   *queue = cstring_field(slot, "queue");
	Datum		value;
	bool		isnull;

	memset(rule, 0, sizeof(*rule));
	rule->rule_id = int_field(slot, "rule_id", 0);
	rule->position = int_field(slot, "position", 0);
	rule->version = int_field(slot, "version", 1);
	rule->self.rule_id = rule->rule_id;
	rule->self.version = rule->version;
	rule->name = cstring_field(slot, "name");
	if (rule->name == NULL)
		rule->name = psprintf("at %d", rule->position);
	rule->enabled = bool_field(slot, "enabled", true);

	rule->valid_from = time_field(slot, "valid_from", DT_NOBEGIN);
	rule->valid_until = time_field(slot, "valid_until", DT_NOEND);
	rule->source_id = int_field(slot, "source_id", 0);
	rule->tenant = text_field(slot, "tenant");
	rule->rollout = short_field(slot, "rollout_percent", 100);
	rule->rollout_seed = name_hash(rule->name);

	rule->intent = text_field(slot, "intent");
	rule->channel = text_field(slot, "channel");
	rule->segment = text_field(slot, "segment");
	rule->language = text_field(slot, "language");
	value = field(slot, "min_confidence", &isnull);
	rule->min_confidence = isnull ? -1 : DatumGetFloat4(value);
	rule->digits = 2;
	if (!isnull)
		write_threshold(rule);
	rule->condition = cstring_field(slot, "condition");

	rule->queue = queue == NULL ? NULL : st_routing_find_queue(routing, queue);
	value = field(slot, "tier", &isnull);
	rule->tier = isnull ? ST_TIER_NONE : st_routing_tier(value);
	rule->priority = short_field(slot, "priority", -1);
	rule->escalate_reason = cstring_field(slot, "escalate_reason");
	rule->sla_policy = cstring_field(slot, "sla_policy");
	if (rule->sla_policy != NULL)
		rule->sla_policy_id = find_policy(rule->sla_policy);
	rule->block_automation = bool_field(slot, "block_automation", false);
	rule->stop = bool_field(slot, "stop", true);
	read_tags(slot, rule);

	value = field(slot, "skills", &isnull);
	if (!isnull)
		fallible.skills = DatumGetJsonbPCopy(value);
	if (strict)
	{
		check_proposed(rule, queue);
		if (fallible.skills != NULL)
			read_skills(&fallible);
		if (rule->condition != NULL)
			rule->test = st_condition_compile(rule->condition, routing->facts);
	}
	else
	{
		if (rule->condition != NULL)
			rule->test = st_condition_compile_soft(rule->condition, routing->facts, &rule->broken);
		if (fallible.skills != NULL && !st_guarded(read_skills, &fallible, &rule->broken))
			rule->test = NULL;
	}
	if (rule->test != NULL && rule->test->uses_clock)
		routing->uses_clock = true;
}

static int
compare_rules(const void *a, const void *b)
{
	const StRule *ra = a;
	const StRule *rb = b;

	if (ra->position != rb->position)
		return ra->position < rb->position ? -1 : 1;
	return ra->rule_id < rb->rule_id ? -1 : ra->rule_id > rb->rule_id;
}

/* Puts the rules into the order in which they are tried. */
void
st_rules_sort(StRouting *routing)
{
	qsort(routing->rules, routing->nrules, sizeof(StRule), compare_rules);
}

/*
 * triage.routing_rule_check(): BEFORE row trigger of triage.routing_rule.
 * Refuses a condition that is none and malformed skills; an UPDATE raises the
 * version and notes who and when.
 */
Datum
st_routing_rule_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	char	   *condition;
	Datum		skills;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a BEFORE row trigger", "triage.routing_rule_check")));

	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	condition = st_row_cstring(trigdata->tg_relation, tuple, "condition");
	if (condition != NULL)
		(void) st_condition_compile(condition, st_facts_tupdesc());
	skills = st_row_value(trigdata->tg_relation, tuple, "skills", &isnull);
	if (!isnull)
	{
		StSkillNeed needs[ST_MAX_SKILLS];

		(void) st_skill_needs_read(DatumGetJsonbP(skills), needs, false);
	}
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? st_stamped_row(trigdata) : tuple);
}
