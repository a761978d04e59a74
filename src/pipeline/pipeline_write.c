/*-------------------------------------------------------------------------
 *
 * pipeline_write.c
 *		Writing decisions: straight into heap and indexes where that is safe,
 *		by SPI where it is not.
 *
 * Decisions are gathered and written some hundreds at a time, with one WAL
 * record a page.  The primary key is inserted in the mode that reports a
 * possible duplicate and never throws or waits (UNIQUE_CHECK_PARTIAL); what it
 * reports is taken back and goes the slow way (pipeline_replace.c), which waits
 * for whoever has the other row and keeps the old decision in the history.  No
 * subtransaction is needed for that.
 *
 * The fast way does not run what the executor would run on triage.decision: so
 * it is taken only while that is a plain table with the columns that we know,
 * without triggers, check constraints and row-level security that binds its
 * owner, and while Citus, where rows written this way would be lost, is not
 * installed.  This is looked at again whenever the table's relcache entry
 * changes.
 *
 * Locks: ROW EXCLUSIVE on triage.decision until the end of the transaction, as
 * INSERT takes it.  Nothing here runs anything of the user's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "core/compat.h"
#include "core/core.h"
#include "escalation/escalation.h"
#include "pipeline/pipeline_inner.h"

/* A batch ends at so many decisions or bytes of theirs. */
#define BATCH_ROWS		500
#define BATCH_BYTES		(256 * 1024)

const char *const st_decision_columns[ST_NUM_DECISION_COLUMNS] = {
	"tenant_id", "source_id", "ticket_key", "revision", "decided_at", "outcome",
	"tier", "queue_id", "priority", "rule_id", "rule_version", "reasons",
	"customer", "channel", "segment", "language", "status", "ticket_priority",
	"assigned_agent", "created_at", "subject_length", "body_length", "truncated",
	"intent", "intent_confidence", "intent_margin", "in_scope", "model_name",
	"model_version"
};

/* triage.decision as it is; found out anew after an invalidation. */
static struct
{
	bool		valid;
	Oid			relid;
	bool		direct;			/* may be written straight */
	AttrNumber	attnum[ST_NUM_DECISION_COLUMNS];
	Oid			outcome[ST_NUM_OUTCOMES];
	Oid			tier[ST_NUM_TIERS];
}			target;

struct StWriter
{
	StWriteMode mode;
	const char *why;
	MemoryContext cxt;			/* the writer's own */
	MemoryContext batch_cxt;	/* what the decisions of a batch point to */
	TimestampTz now;
	int64		written;

	int			n;				/* decisions gathered */
	int			allocated;
	StDecided  *decided;

	Relation	rel;			/* NULL until the first batch, and when
								 * replacing */
	bool		direct;			/* past the executor */
	EState	   *estate;
	ResultRelInfo *rri;
	int			nslots;
	TupleTableSlot **slots;
};

/* The relcache callback: no catalog access here. */
static void
target_forget(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == target.relid)
		target.valid = false;
}

void
st_write_init(void)
{
	CacheRegisterRelcacheCallback(target_forget, (Datum) 0);
}

static Oid
enum_value(Oid type, const char *label)
{
	Oid			value = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
										ObjectIdGetDatum(type), CStringGetDatum(label));

	if (!OidIsValid(value))
		elog(ERROR, "type %u has no value \"%s\"", type, label);
	return value;
}

/* Whether rows may be written past the executor: see the head of this file. */
static bool
may_write_directly(Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	int			live = 0;

	for (int i = 0; i < tupdesc->natts; i++)
		live += TupleDescAttr(tupdesc, i)->attisdropped ? 0 : 1;

	return rel->rd_rel->relkind == RELKIND_RELATION &&
		!rel->rd_rel->relispartition &&
		rel->trigdesc == NULL &&
		!rel->rd_rel->relforcerowsecurity &&
		live == ST_NUM_DECISION_COLUMNS &&
		(tupdesc->constr == NULL ||
		 (tupdesc->constr->num_check == 0 && !tupdesc->constr->has_generated_stored)) &&
		!OidIsValid(get_extension_oid("citus", true));
}

static void
target_load(void)
{
	Relation	rel;

	target.relid = st_relation_oid("decision", false);
	target.valid = true;
	PG_TRY();
	{
		Oid			outcome = st_type_oid("outcome");
		Oid			tier = st_type_oid("tier");

		rel = table_open(target.relid, RowExclusiveLock);
		for (int i = 0; i < ST_NUM_DECISION_COLUMNS; i++)
			target.attnum[i] = st_attnum(target.relid, st_decision_columns[i]);
		for (int i = 0; i < ST_NUM_OUTCOMES; i++)
			target.outcome[i] = enum_value(outcome, st_outcome_names[i]);
		for (int i = 0; i < ST_NUM_TIERS; i++)
			target.tier[i] = enum_value(tier, st_tier_names[i]);
		target.direct = may_write_directly(rel);
		table_close(rel, NoLock);
	}
	PG_CATCH();
	{
		target.valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/*
 * st_writer_begin
 *		Returns a writer, palloc'd in the current context; nothing is written
 *		before there is a batch.  "why" goes into the history of what is
 *		replaced and must live as long as the writer.
 */
StWriter *
st_writer_begin(StWriteMode mode, const char *why)
{
	StWriter   *writer = palloc0(sizeof(StWriter));

	writer->mode = mode;
	writer->why = why;
	writer->cxt = CurrentMemoryContext;
	writer->batch_cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage decisions",
											  ALLOCSET_DEFAULT_SIZES);
	writer->now = st_now();
	return writer;
}

/* Where what a decision points to must be allocated. */
MemoryContext
st_writer_context(StWriter *writer)
{
	return writer->batch_cxt;
}

/* Returns where the next decision is to be put; st_writer_add then takes it. */
StDecided *
st_writer_next(StWriter *writer)
{
	if (writer->n == writer->allocated)
	{
		int			allocated = writer->allocated == 0 ? 1 : Min(writer->allocated * 8, BATCH_ROWS);

		if (writer->decided == NULL)
			writer->decided = MemoryContextAlloc(writer->cxt, allocated * sizeof(StDecided));
		else
			writer->decided = repalloc(writer->decided, allocated * sizeof(StDecided));
		writer->allocated = allocated;
	}
	return &writer->decided[writer->n];
}

/* Reasons as text[], built in place: there is one for each ticket. */
static Datum
reasons_array(const StDecision *decision)
{
	Size		size = ARR_OVERHEAD_NONULLS(1);
	ArrayType  *array;
	char	   *p;

	for (int i = 0; i < decision->nreasons; i++)
		size += INTALIGN(VARHDRSZ + strlen(decision->reasons[i]));

	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = TEXTOID;
	ARR_DIMS(array)[0] = decision->nreasons;
	ARR_LBOUND(array)[0] = 1;

	p = ARR_DATA_PTR(array);
	for (int i = 0; i < decision->nreasons; i++)
	{
		Size		length = strlen(decision->reasons[i]);

		SET_VARSIZE(p, VARHDRSZ + length);
		memcpy(VARDATA(p), decision->reasons[i], length);
		p += INTALIGN(VARHDRSZ + length);
	}
	return PointerGetDatum(array);
}

/*
 * st_decision_values
 *		The values of a row of triage.decision, in the order of
 *		StDecisionColumn; outcome and tier are their numbers, for the caller to
 *		replace.  They point into *decided and the current context.
 */
void
st_decision_values(const StDecided *decided, TimestampTz now, Datum *values, bool *nulls)
{
	const StFacts *f = &decided->facts;
	const StDecision *d = &decided->decision;
	bool		predicted = f->intent != NULL;

#define SET(column, datum) \
	(values[column] = (datum), nulls[column] = false)
#define SET_IF(column, condition, datum) \
	((nulls[column] = !(condition)) ? (values[column] = (Datum) 0) : (values[column] = (datum)))

	SET(ST_COL_TENANT_ID, PointerGetDatum(f->tenant_id));
	SET(ST_COL_SOURCE_ID, Int32GetDatum(f->source_id));
	SET(ST_COL_TICKET_KEY, PointerGetDatum(f->ticket_key));
	SET(ST_COL_REVISION, Int32GetDatum(1));
	SET(ST_COL_DECIDED_AT, TimestampTzGetDatum(now));
	SET(ST_COL_OUTCOME, Int32GetDatum(d->outcome));
	SET(ST_COL_TIER, Int32GetDatum(d->tier));
	SET_IF(ST_COL_QUEUE_ID, d->queue_id != 0, Int32GetDatum(d->queue_id));
	SET(ST_COL_PRIORITY, Int16GetDatum(d->priority));
	SET_IF(ST_COL_RULE_ID, d->rule_id != 0, Int32GetDatum(d->rule_id));
	SET_IF(ST_COL_RULE_VERSION, d->rule_id != 0, Int32GetDatum(d->rule_version));
	SET(ST_COL_REASONS, reasons_array(d));
	SET_IF(ST_COL_CUSTOMER, f->customer != NULL, PointerGetDatum(f->customer));
	SET_IF(ST_COL_CHANNEL, f->channel != NULL, PointerGetDatum(f->channel));
	SET_IF(ST_COL_SEGMENT, f->segment != NULL, PointerGetDatum(f->segment));
	SET_IF(ST_COL_LANGUAGE, f->language != NULL, PointerGetDatum(f->language));
	SET_IF(ST_COL_STATUS, f->status != NULL, PointerGetDatum(f->status));
	SET_IF(ST_COL_TICKET_PRIORITY, f->ticket_priority != NULL, PointerGetDatum(f->ticket_priority));
	SET_IF(ST_COL_ASSIGNED_AGENT, f->assigned_agent != NULL, PointerGetDatum(f->assigned_agent));
	SET_IF(ST_COL_CREATED_AT, f->has_created_at, TimestampTzGetDatum(f->created_at));
	SET_IF(ST_COL_SUBJECT_LENGTH, f->subject_length >= 0, Int32GetDatum(f->subject_length));
	SET_IF(ST_COL_BODY_LENGTH, f->body_length >= 0, Int32GetDatum(f->body_length));
	SET(ST_COL_TRUNCATED, BoolGetDatum(f->truncated));
	SET_IF(ST_COL_INTENT, predicted, PointerGetDatum(f->intent));
	SET_IF(ST_COL_INTENT_CONFIDENCE, predicted, Float4GetDatum(f->intent_confidence));
	SET_IF(ST_COL_INTENT_MARGIN, predicted, Float4GetDatum(f->intent_margin));
	SET_IF(ST_COL_IN_SCOPE, predicted, BoolGetDatum(f->in_scope));
	SET_IF(ST_COL_MODEL_NAME, f->model_name != NULL, PointerGetDatum(f->model_name));
	SET_IF(ST_COL_MODEL_VERSION, f->model_name != NULL, Int32GetDatum(f->model_version));
}

/*
 * Opens the table and its indexes, once a writer, if it may be written
 * directly.  What we know of it is looked at after it is locked: from then on
 * it does not change.
 */
static void
open_target(StWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(writer->cxt);

	if (!target.valid)
		target_load();
	writer->rel = table_open(target.relid, RowExclusiveLock);
	while (!target.valid)
		target_load();

	writer->direct = target.direct;
	if (writer->direct)
	{
		writer->estate = CreateExecutorState();
		writer->rri = makeNode(ResultRelInfo);
		InitResultRelInfo(writer->rri, writer->rel, 1, NULL, 0);
		ExecOpenIndices(writer->rri, false);
		writer->slots = palloc0(BATCH_ROWS * sizeof(TupleTableSlot *));
	}
	MemoryContextSwitchTo(old);
}

static TupleTableSlot *
get_slot(StWriter *writer, int i)
{
	if (i >= writer->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(writer->cxt);

		writer->slots[writer->nslots++] = table_slot_create(writer->rel, NULL);
		MemoryContextSwitchTo(old);
	}
	return writer->slots[i];
}

/* Puts one decision into a slot of the table. */
static void
fill_slot(StWriter *writer, const StDecided *decided, TupleTableSlot *slot)
{
	Datum		values[ST_NUM_DECISION_COLUMNS];
	bool		nulls[ST_NUM_DECISION_COLUMNS];

	st_decision_values(decided, writer->now, values, nulls);
	values[ST_COL_OUTCOME] = ObjectIdGetDatum(target.outcome[decided->decision.outcome]);
	values[ST_COL_TIER] = ObjectIdGetDatum(target.tier[decided->decision.tier]);

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < ST_NUM_DECISION_COLUMNS; i++)
	{
		int			at = target.attnum[i] - 1;

		slot->tts_values[at] = values[i];
		slot->tts_isnull[at] = nulls[i];
	}
	ExecStoreVirtualTuple(slot);
}

/*
 * Writes the batch straight into heap and indexes.  Returns the positions of
 * those that may have a decision already, and takes their rows back.
 */
static int *
write_directly(StWriter *writer, int *nconflicts)
{
	CommandId	cid = GetCurrentCommandId(true);
	int		   *conflicts = NULL;
	int			n = 0;

	for (int i = 0; i < writer->n; i++)
		fill_slot(writer, &writer->decided[i], get_slot(writer, i));

	if (writer->n == 1)
		table_tuple_insert(writer->rel, writer->slots[0], cid, 0, NULL);
	else
		table_multi_insert(writer->rel, writer->slots, writer->n, cid, 0, NULL);

	for (int i = 0; i < writer->n; i++)
	{
		List	   *duplicates;

		CHECK_FOR_INTERRUPTS();
		ResetPerTupleExprContext(writer->estate);
		writer->slots[i]->tts_tableOid = target.relid;
		duplicates = st_exec_insert_index_tuples(writer->rri, writer->slots[i], writer->estate);
		if (duplicates != NIL)
		{
			if (conflicts == NULL)
				conflicts = palloc(writer->n * sizeof(int));
			conflicts[n++] = i;
			list_free(duplicates);
		}
	}

	if (n > 0)
	{
		/* our own rows are visible to a delete only after the command */
		CommandCounterIncrement();
		for (int i = 0; i < n; i++)
			simple_table_tuple_delete(writer->rel, &writer->slots[conflicts[i]]->tts_tid,
									  GetActiveSnapshot());
		CommandCounterIncrement();
	}
	*nconflicts = n;
	return conflicts;
}

/* Queues what the batch escalates. */
static void
escalate(StWriter *writer)
{
	StEscalation *items = NULL;
	StIdentity	caller;
	int			n = 0;

	for (int i = 0; i < writer->n; i++)
	{
		const StFacts *f = &writer->decided[i].facts;
		const StDecision *d = &writer->decided[i].decision;

		if (d->escalate_reason == NULL)
			continue;
		if (items == NULL)
			items = palloc(writer->n * sizeof(StEscalation));
		items[n].tenant_id = f->tenant_id;
		items[n].source_id = f->source_id;
		items[n].ticket_key = f->ticket_key;
		items[n].cause = psprintf("rule:%s", d->rule_name);
		items[n].reason = d->escalate_reason;
		items[n].priority = d->priority;
		items[n].queue_id = d->queue_id;
		n++;
	}
	if (n == 0)
		return;

	st_disturbances++;
	st_become_owner(&caller);
	st_escalation_enqueue(items, n);
	st_become_caller(&caller);
}

static void
replace_one(StWriter *writer, int i)
{
	StDecided  *decided = &writer->decided[i];

	/* a ticket that was left alone escalates nothing */
	if (st_replace_decision(decided, writer->mode, writer->why))
		writer->written++;
	else
		decided->decision.escalate_reason = NULL;
}

/* Writes the batch and makes ready for the next. */
static void
flush(StWriter *writer)
{
	MemoryContext old;

	if (writer->n == 0)
		return;

	old = MemoryContextSwitchTo(writer->batch_cxt);
	if (writer->rel == NULL && writer->mode != ST_WRITE_AGAIN)
		open_target(writer);

	if (!writer->direct)
	{
		for (int i = 0; i < writer->n; i++)
			replace_one(writer, i);
	}
	else
	{
		int			nconflicts;
		int		   *conflicts = write_directly(writer, &nconflicts);

		writer->written += writer->n - nconflicts;
		for (int i = 0; i < nconflicts; i++)
			replace_one(writer, conflicts[i]);
	}

	escalate(writer);

	for (int i = 0; i < writer->nslots && i < writer->n; i++)
		ExecClearTuple(writer->slots[i]);
	MemoryContextSwitchTo(old);
	MemoryContextReset(writer->batch_cxt);
	writer->n = 0;
}

/* Takes the decision that st_writer_next gave room for. */
void
st_writer_add(StWriter *writer)
{
	writer->n++;
	if (writer->n == BATCH_ROWS ||
		MemoryContextMemAllocated(writer->batch_cxt, false) > BATCH_BYTES)
		flush(writer);
}

/*
 * st_writer_end
 *		Writes what is left, closes the table and returns how many decisions
 *		were written.
 */
int64
st_writer_end(StWriter *writer)
{
	flush(writer);
	if (writer->direct)
	{
		for (int i = 0; i < writer->nslots; i++)
			ExecDropSingleTupleTableSlot(writer->slots[i]);
		ExecCloseIndices(writer->rri);
		FreeExecutorState(writer->estate);
	}
	if (writer->rel != NULL)
		table_close(writer->rel, NoLock);
	MemoryContextDelete(writer->batch_cxt);
	return writer->written;
}
