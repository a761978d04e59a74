/*-------------------------------------------------------------------------
 *
 * pipeline_write.c
 *		Writing decisions: straight into heap and indexes where that is safe,
 *		by SPI where it is not.
 *
 * Decisions are gathered and written some hundreds at a time, straight into the
 * table where that is safe (pipeline_table.c).  Whose key is there already goes
 * the slow way (pipeline_replace.c), which waits for whoever has the other row
 * and keeps the old decision in the history.
 *
 * Locks: ROW EXCLUSIVE on triage.decision until the end of the transaction, as
 * INSERT takes it.  Nothing here runs anything of the user's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_enum.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "core/compat.h"
#include "core/core.h"
#include "escalation/escalation.h"
#include "pipeline/pipeline_inner.h"

/* A batch ends at so many decisions or bytes of theirs. */
#define BATCH_ROWS		500
#define BATCH_BYTES		(256 * 1024)

static StOwnTable target = {
	"decision", st_decision_columns, ST_NUM_DECISION_COLUMNS, "decision_automation_is_safe"
};

/* The values of our enums, as they were when the table was found out last. */
static struct
{
	uint64		generation;
	Oid			outcome[ST_NUM_OUTCOMES];
	Oid			tier[ST_NUM_TIERS];
}			enums;

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
	StMark	   *marks;			/* theirs */

	Relation	rel;			/* NULL until the first batch, and when
								 * replacing */
	bool		direct;			/* past the executor */
	StInserter	inserter;
	StFollow	follow;
};

void
st_write_init(void)
{
	st_own_table_init(&target);
	st_similar_init();
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

static void
load_enums(void)
{
	Oid			outcome = st_type_oid("outcome");
	Oid			tier = st_type_oid("tier");

	for (int i = 0; i < ST_NUM_OUTCOMES; i++)
		enums.outcome[i] = enum_value(outcome, st_outcome_names[i]);
	for (int i = 0; i < ST_NUM_TIERS; i++)
		enums.tier[i] = enum_value(tier, st_tier_names[i]);
	enums.generation = target.generation;
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
	st_follow_begin(&writer->follow);
	return writer;
}

/* Its tickets came long ago: see st_follow_new and st_clocks_start. */
void
st_writer_of_the_past(StWriter *writer)
{
	writer->follow.past = true;
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
		{
			writer->decided = MemoryContextAlloc(writer->cxt, allocated * sizeof(StDecided));
			writer->marks = MemoryContextAlloc(writer->cxt, allocated * sizeof(StMark));
		}
		else
		{
			writer->decided = repalloc(writer->decided, allocated * sizeof(StDecided));
			writer->marks = repalloc(writer->marks, allocated * sizeof(StMark));
		}
		writer->allocated = allocated;
	}
	return &writer->decided[writer->n];
}

/* Those that were gathered and are not in the table yet, and the mark of each. */
const StDecided *
st_writer_pending(const StWriter *writer, const StMark **marks, int *n)
{
	*n = writer->n;
	*marks = writer->marks;
	return writer->decided;
}

/* Opens the table and its indexes, once a writer, if it may be written directly. */
static void
open_target(StWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(writer->cxt);

	writer->rel = st_own_table_open(&target, RowExclusiveLock);
	writer->direct = target.direct;
	if (writer->direct)
	{
		if (enums.generation != target.generation)
			load_enums();
		st_inserter_begin(&writer->inserter, writer->rel, BATCH_ROWS);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Puts one decision into a slot of the table, and sees to the constraint that
 * nobody else looks at on this way.
 */
static void
fill_slot(StWriter *writer, const StDecided *decided, TupleTableSlot *slot)
{
	Datum		values[ST_NUM_DECISION_COLUMNS];
	bool		nulls[ST_NUM_DECISION_COLUMNS];

	if (!st_decision_is_safe(&decided->facts, &decided->decision))
		elog(ERROR, "a ticket that must not be automated was");

	st_decision_values(decided, writer->now, values, nulls);
	values[ST_COL_OUTCOME] = ObjectIdGetDatum(enums.outcome[decided->decision.outcome]);
	values[ST_COL_TIER] = ObjectIdGetDatum(enums.tier[decided->decision.tier]);

	for (int i = 0; i < ST_NUM_DECISION_COLUMNS; i++)
	{
		int			at = target.attnum[i] - 1;

		slot->tts_values[at] = values[i];
		slot->tts_isnull[at] = nulls[i];
	}
	ExecStoreVirtualTuple(slot);
}

/*
 * Writes the batch straight into heap and indexes, and what follows from what
 * was written: signatures, clocks, waiting.  Returns the positions of those that may have a decision
 * already; nothing is written of them.
 */
static int *
write_directly(StWriter *writer, int *nconflicts)
{
	const StDecided **written = palloc(writer->n * sizeof(StDecided *));
	int		   *conflicts;
	int			n = 0;

	for (int i = 0; i < writer->n; i++)
		fill_slot(writer, &writer->decided[i], st_inserter_slot(&writer->inserter, i));
	conflicts = st_inserter_write(&writer->inserter, writer->n, nconflicts);

	for (int i = 0, c = 0; i < writer->n; i++)
	{
		if (c < *nconflicts && conflicts[c] == i)
			c++;
		else
			written[n++] = &writer->decided[i];
	}
	st_similar_write(written, n);
	st_follow_new(&writer->follow, written, n);
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
		n += writer->decided[i].decision.nescalations;
	if (n == 0)
		return;

	items = palloc(n * sizeof(StEscalation));
	n = 0;
	for (int i = 0; i < writer->n; i++)
	{
		const StFacts *f = &writer->decided[i].facts;
		const StDecision *d = &writer->decided[i].decision;

		for (int j = 0; j < d->nescalations; j++)
		{
			items[n].tenant_id = f->tenant_id;
			items[n].source_id = f->source_id;
			items[n].ticket_key = f->ticket_key;
			items[n].cause = d->escalations[j].cause;
			items[n].reason = d->escalations[j].reason;
			items[n].priority = d->escalations[j].priority;
			items[n].queue_id = d->queue_id;
			n++;
		}
	}

	st_disturbances++;
	st_become_owner(&caller);
	st_escalation_enqueue(items, n);
	st_become_caller(&caller);
}

static void
replace_one(StWriter *writer, int i)
{
	StDecided  *decided = &writer->decided[i];
	const StDecided *one = decided;
	StReplaced	old = {false, false};

	switch (st_replace_decision(decided, writer->mode, writer->why, &old))
	{
		case ST_WRITTEN_FIRST:
			writer->written++;
			st_follow_new(&writer->follow, &one, 1);
			break;
		case ST_WRITTEN_AGAIN:
			writer->written++;
			st_follow_again(decided, &old);
			break;
		case ST_WRITTEN_NOT:

			/* a ticket that was left alone escalates nothing */
			decided->decision.nescalations = 0;
			break;
	}
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
	st_policies_choose(writer->decided, writer->n);

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

	if (writer->direct)
		st_inserter_clear(&writer->inserter, writer->n);
	MemoryContextSwitchTo(old);
	MemoryContextReset(writer->batch_cxt);
	writer->n = 0;
}

/* Takes the decision that st_writer_next gave room for. */
void
st_writer_add(StWriter *writer)
{
	const StTrace *trace = &writer->decided[writer->n].trace;
	StMark	   *mark = &writer->marks[writer->n];

	mark->requester = trace->requester;
	memcpy(mark->band, trace->band, sizeof(mark->band));
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
	st_follow_end(&writer->follow);
	if (writer->direct)
		st_inserter_end(&writer->inserter);
	if (writer->rel != NULL)
		table_close(writer->rel, NoLock);
	MemoryContextDelete(writer->batch_cxt);
	return writer->written;
}
