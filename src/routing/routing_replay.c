/*-------------------------------------------------------------------------
 *
 * routing_replay.c
 *		Rules on facts that are stored or given: triage.replay_routing,
 *		triage.try_rules.
 *
 * A replay reads decisions through a cursor as the caller, so that row-level
 * security holds, and decides each anew by its facts, with the same code that
 * decides a ticket.  It counts by where a decision was and where it would be;
 * what it keeps grows with the number of such pairs alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

PG_FUNCTION_INFO_V1(st_try_rules);
PG_FUNCTION_INFO_V1(st_replay_routing);

#define FETCH_ROWS		500
#define MAX_EXAMPLES	5
#define MAX_PROPOSED	10000

/* A place; all bytes are compared. */
typedef struct Place
{
	int32		queue_id;
	int16		tier;
	int16		outcome;
} Place;

typedef struct Way
{
	Place		from;
	Place		to;
} Way;

typedef struct WayCount
{
	Way			way;			/* MUST BE FIRST */
	int64		decisions;
	int			nexamples;
	StringInfo	examples;		/* a JSON array without its end */
} WayCount;

typedef struct Replay
{
	StRouting  *routing;		/* the rules that are tried */
	const StRouting *present;
	MemoryContext cxt;
	HTAB	   *ways;
	int			nfacts;			/* columns that are facts, the first ones */
	Oid			tiers[ST_NUM_TIERS];
	Oid			outcomes[ST_NUM_OUTCOMES];
} Replay;

/* Columns of the query after the facts. */
enum
{
	DECIDED_AT,
	OUTCOME,
	TIER,
	QUEUE_ID,
	RULE_ID,
	FIRST_REASON
};

/* ---- proposed rules ---- */

static void
refuse_what_is_no_array_of_objects(Jsonb *rules)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	bool		good = JB_ROOT_IS_ARRAY(rules) && !JB_ROOT_IS_SCALAR(rules);

	if (good)
	{
		it = JsonbIteratorInit(&rules->root);
		while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		{
			if (token == WJB_ELEM)
				good &= value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data);
		}
	}
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rules must be an array of objects"),
				 errhint("For example: [{\"name\": \"vips\", \"segment\": \"vip\", \"queue\": \"seniors\"}]")));
	if (JB_ROOT_COUNT(rules) > MAX_PROPOSED)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there can be %d rules at most", MAX_PROPOSED)));
}

static void
refuse_unknown_columns(Datum rules)
{
	Oid			types[1] = {JSONBOID};

	if (SPI_execute_with_args("SELECT k FROM pg_catalog.jsonb_array_elements($1) AS e (rule),"
							  " LATERAL pg_catalog.jsonb_object_keys(e.rule) AS k"
							  " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a"
							  " WHERE a.attrelid OPERATOR(pg_catalog.=) 'triage.routing_rule'::pg_catalog.regclass"
							  " AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped"
							  " AND a.attname OPERATOR(pg_catalog.=) k) LIMIT 1",
							  1, types, &rules, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the rules");
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("a rule has no column \"%s\"",
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
				 errhint("Rules are objects with the columns of triage.routing_rule.")));
}

static void
show_rule(void *arg)
{
	errcontext("proposed rule %d", *(int *) arg);
}

/*
 * The present settings with other rules, in the current context.  A rule without
 * a position has its place in the array.
 */
static StRouting *
read_proposed(const StRouting *present, Jsonb *rules)
{
	StRouting  *routing = palloc(sizeof(StRouting));
	Oid			types[1] = {JSONBOID};
	Datum		value = JsonbPGetDatum(rules);
	TupleTableSlot *slot;
	ErrorContextCallback callback;
	int			position;
	int			n;
	int			at;

	refuse_what_is_no_array_of_objects(rules);
	refuse_unknown_columns(value);

	if (SPI_execute_with_args("SELECT * FROM pg_catalog.jsonb_populate_recordset(NULL::triage.routing_rule, $1)",
							  1, types, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the rules");
	n = (int) SPI_processed;
	position = SPI_fnumber(SPI_tuptable->tupdesc, "position");

	*routing = *present;
	st_rule_prepare(routing);
	routing->rules = palloc(Max(n, 1) * sizeof(StRule));
	slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);

	callback.callback = show_rule;
	callback.arg = &at;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	for (int i = 0; i < n; i++)
	{
		StRule	   *rule = &routing->rules[i];
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		at = i + 1;
		ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
		st_rule_read(routing, slot, true, rule);
		(void) SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, position, &isnull);
		if (isnull)
			rule->position = at;
		rule->rule_id = rule->self.rule_id = at;
		routing->nrules++;
	}
	error_context_stack = callback.previous;
	ExecDropSingleTupleTableSlot(slot);
	st_rules_sort(routing);
	return routing;
}

/* ---- counting ---- */

static int
enum_index(Oid value, const Oid *values, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (values[i] == value)
			return i;
	}
	return 0;
}

static const char *
rule_name(const StRouting *routing, int32 rule_id)
{
	for (int i = 0; i < routing->nrules; i++)
	{
		if (routing->rules[i].rule_id == rule_id)
			return routing->rules[i].name;
	}
	return NULL;
}

static void
put_name(StringInfo out, const char *key, const char *name)
{
	appendStringInfo(out, ", \"%s\": ", key);
	if (name == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, name);
}

static void
add_example(Replay *replay, WayCount *count, const StFacts *facts, const StDecision *decision, int32 rule_id)
{
	MemoryContext old = MemoryContextSwitchTo(replay->cxt);

	if (count->examples == NULL)
		count->examples = makeStringInfo();
	appendStringInfo(count->examples, "%s{\"source_id\": %d", count->nexamples++ == 0 ? "[" : ", ", facts->source_id);
	put_name(count->examples, "tenant_id", text_to_cstring(facts->tenant_id));
	put_name(count->examples, "ticket_key", text_to_cstring(facts->ticket_key));
	put_name(count->examples, "rule_then", rule_name(replay->present, rule_id));
	put_name(count->examples, "rule_now", decision->rule_name);
	appendStringInfoChar(count->examples, '}');
	MemoryContextSwitchTo(old);
}

/* Decides one stored decision anew; what is allocated is the caller's to reset. */
static void
replay_one(Replay *replay, TupleTableSlot *slot)
{
	StFacts		facts;
	StDecision	decision;
	Way			way;
	WayCount   *count;
	Datum	   *values = slot->tts_values + replay->nfacts;
	bool	   *nulls = slot->tts_isnull + replay->nfacts;
	bool		found;

	st_facts_read(slot, &facts);
	facts.now = DatumGetTimestampTz(values[DECIDED_AT]);

	memset(&way, 0, sizeof(way));
	way.from.queue_id = nulls[QUEUE_ID] ? 0 : DatumGetInt32(values[QUEUE_ID]);
	way.from.tier = enum_index(DatumGetObjectId(values[TIER]), replay->tiers, ST_NUM_TIERS);
	way.from.outcome = enum_index(DatumGetObjectId(values[OUTCOME]), replay->outcomes, ST_NUM_OUTCOMES);

	/* a ticket that could not be read could not be read by other rules either */
	if (way.from.outcome == ST_OUTCOME_FAILED)
		facts.failure = nulls[FIRST_REASON] ? "" : TextDatumGetCString(values[FIRST_REASON]);

	st_routing_decide(replay->routing, &facts, &decision);
	way.to.queue_id = decision.queue_id;
	way.to.tier = decision.tier;
	way.to.outcome = decision.outcome;

	count = hash_search(replay->ways, &way, HASH_ENTER, &found);
	if (!found)
	{
		count->decisions = 0;
		count->nexamples = 0;
		count->examples = NULL;
	}
	count->decisions++;
	if (count->nexamples < MAX_EXAMPLES && memcmp(&way.from, &way.to, sizeof(Place)) != 0)
		add_example(replay, count, &facts, &decision, nulls[RULE_ID] ? 0 : DatumGetInt32(values[RULE_ID]));
}

/* Reads all decisions of the time through a cursor, as the caller. */
static void
replay_all(Replay *replay, Datum since, Datum until)
{
	TupleDesc	facts = replay->routing->facts;
	MemoryContext batch = AllocSetContextCreate(replay->cxt, "support_triage replay", ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *slot = NULL;
	StringInfoData sql;
	Oid			types[2] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[2] = {since, until};
	Portal		portal;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i < facts->natts; i++)
		appendStringInfo(&sql, "%s, ", quote_identifier(NameStr(TupleDescAttr(facts, i)->attname)));
	appendStringInfoString(&sql, "decided_at, outcome, tier, queue_id, rule_id, reasons[1]"
						   " FROM triage.decision WHERE decided_at OPERATOR(pg_catalog.>=) $1"
						   " AND decided_at OPERATOR(pg_catalog.<) $2");
	replay->nfacts = facts->natts;

	portal = SPI_cursor_open_with_args(NULL, sql.data, 2, types, values, NULL, true, CURSOR_OPT_NO_SCROLL);
	for (;;)
	{
		MemoryContext old;

		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		if (slot == NULL)
			slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(SPI_tuptable->tupdesc), &TTSOpsHeapTuple);
		old = MemoryContextSwitchTo(batch);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			CHECK_FOR_INTERRUPTS();
			ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
			replay_one(replay, slot);
		}
		ExecClearTuple(slot);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	if (slot != NULL)
		ExecDropSingleTupleTableSlot(slot);
}

static bool
has_moved(const WayCount *count)
{
	return memcmp(&count->way.from, &count->way.to, sizeof(Place)) != 0;
}

/* Those that moved first, then by number, then by place. */
static int
compare_counts(const void *a, const void *b)
{
	const WayCount *ca = *(const WayCount *const *) a;
	const WayCount *cb = *(const WayCount *const *) b;

	if (has_moved(ca) != has_moved(cb))
		return has_moved(ca) ? -1 : 1;
	if (ca->decisions != cb->decisions)
		return ca->decisions > cb->decisions ? -1 : 1;
	return memcmp(&ca->way, &cb->way, sizeof(Way));
}

static void
put_place(const Replay *replay, const Place *place, Datum *values, bool *nulls)
{
	const char *queue = st_routing_queue_name(replay->present, place->queue_id);

	nulls[0] = queue == NULL;
	if (queue != NULL)
		values[0] = CStringGetTextDatum(queue);
	values[1] = ObjectIdGetDatum(replay->tiers[place->tier]);
	values[2] = ObjectIdGetDatum(replay->outcomes[place->outcome]);
}

static void
put_counts(Replay *replay, ReturnSetInfo *result)
{
	long		n = hash_get_num_entries(replay->ways);
	WayCount  **counts = palloc(Max(n, 1) * sizeof(WayCount *));
	HASH_SEQ_STATUS status;
	WayCount   *count;

	hash_seq_init(&status, replay->ways);
	for (int i = 0; (count = hash_seq_search(&status)) != NULL; i++)
		counts[i] = count;
	qsort(counts, n, sizeof(WayCount *), compare_counts);

	for (int i = 0; i < n; i++)
	{
		Datum		values[9];
		bool		nulls[9] = {false};

		values[0] = BoolGetDatum(has_moved(counts[i]));
		put_place(replay, &counts[i]->way.from, &values[1], &nulls[1]);
		put_place(replay, &counts[i]->way.to, &values[4], &nulls[4]);
		values[7] = Int64GetDatum(counts[i]->decisions);
		nulls[8] = counts[i]->examples == NULL;
		if (!nulls[8])
		{
			appendStringInfoChar(counts[i]->examples, ']');
			values[8] = DirectFunctionCall1(jsonb_in, CStringGetDatum(counts[i]->examples->data));
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* triage.replay_routing(rules, since, until) */
Datum
st_replay_routing(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		since = PG_ARGISNULL(1) ? TimestampTzGetDatum(DT_NOBEGIN) : PG_GETARG_DATUM(1);
	Datum		until = PG_ARGISNULL(2) ? TimestampTzGetDatum(DT_NOEND) : PG_GETARG_DATUM(2);
	Replay		replay;
	HASHCTL		ctl;
	Oid			type;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	replay.cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage replay", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(replay.cxt);
	replay.present = st_routing_current();
	replay.routing = unconstify(StRouting *, replay.present);
	if (!PG_ARGISNULL(0))
		replay.routing = read_proposed(replay.present, PG_GETARG_JSONB_P(0));

	memset(&ctl, 0, sizeof(ctl));
	ctl.keysize = sizeof(Way);
	ctl.entrysize = sizeof(WayCount);
	ctl.hcxt = replay.cxt;
	replay.ways = hash_create("support_triage replay", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	type = st_type_oid("tier");
	for (int i = 0; i < ST_NUM_TIERS; i++)
		replay.tiers[i] = st_enum_oid(type, st_tier_names[i]);
	type = st_type_oid("outcome");
	for (int i = 0; i < ST_NUM_OUTCOMES; i++)
		replay.outcomes[i] = st_enum_oid(type, st_outcome_names[i]);

	replay_all(&replay, since, until);
	put_counts(&replay, result);
	SPI_finish();
	return (Datum) 0;
}

/* ---- one row of facts ---- */

static Datum
text_array(const char *const *strings, int n)
{
	Datum	   *texts = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		texts[i] = CStringGetTextDatum(strings[i]);
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* triage.try_rules(facts) */
Datum
st_try_rules(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	const StRouting *routing = st_routing_current();
	TupleTableSlot *slot = MakeSingleTupleTableSlot(st_facts_tupdesc(), &TTSOpsHeapTuple);
	HeapTupleData tuple;
	TupleDesc	tupdesc;
	StFacts		facts;
	StDecision	d;
	const char **names;
	const char *skills[ST_MAX_SKILLS];
	const char *causes[ST_MAX_ESCALATIONS];
	const char *queue;
	Datum		values[12];
	bool		nulls[12] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	ExecStoreHeapTuple(&tuple, slot, false);
	st_facts_read(slot, &facts);
	st_routing_decide(routing, &facts, &d);

	queue = st_routing_queue_name(routing, d.queue_id);
	names = palloc(Max(d.nrules, d.nfailed) * sizeof(char *));
	values[0] = ObjectIdGetDatum(st_enum_oid(st_type_oid("outcome"), st_outcome_names[d.outcome]));
	values[1] = ObjectIdGetDatum(st_enum_oid(st_type_oid("tier"), st_tier_names[d.tier]));
	nulls[2] = queue == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(queue);
	values[3] = Int16GetDatum(d.priority);
	for (int i = 0; i < d.nrules; i++)
		names[i] = rule_name(routing, d.rules[i].rule_id);
	values[4] = text_array(names, d.nrules);
	for (int i = 0; i < d.nfailed; i++)
		names[i] = rule_name(routing, d.failed_rules[i]);
	values[5] = text_array(names, d.nfailed);
	values[6] = text_array(d.tags, d.ntags);
	for (int i = 0; i < d.nskills; i++)
		skills[i] = d.skills[i].skill;
	values[7] = text_array(skills, d.nskills);
	nulls[8] = d.sla_policy == NULL;
	values[8] = nulls[8] ? (Datum) 0 : CStringGetTextDatum(d.sla_policy);
	values[9] = BoolGetDatum(d.automation_blocked);
	for (int i = 0; i < d.nescalations; i++)
		causes[i] = d.escalations[i].cause;
	values[10] = text_array(causes, d.nescalations);
	values[11] = text_array(d.reasons, d.nreasons);

	ExecDropSingleTupleTableSlot(slot);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
