/*-------------------------------------------------------------------------
 *
 * pipeline_history.c
 *		What a requester wrote before: languages that they write in, and how
 *		often they came with the same thing.
 *
 * Earlier decisions are found through the index decision_requester, newest
 * first and at most ST_MAX_PAST of them, so that a requester of a million
 * tickets costs no more than one of twenty.  "Earlier" is by the time that the
 * ticket was created (else decided), so a backfill counts as the triggers would
 * have.  What the same statement has decided and not yet written is looked at
 * in memory.
 *
 * Nothing is serialised: of two sessions that decide tickets of one requester
 * at once, neither sees the other's before it is committed.  Where decisions are
 * not a local table (Citus), there is no history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Rows that are looked at, so that equal hashes of others end too. */
#define MAX_ROWS	(2 * ST_MAX_PAST)

typedef enum Column
{
	COL_TENANT_ID,
	COL_SOURCE_ID,
	COL_TICKET_KEY,
	COL_CUSTOMER,
	COL_LANGUAGE,
	COL_CREATED_AT,
	COL_DECIDED_AT,
	COL_INTENT,
	COL_IN_SCOPE
} Column;

#define NUM_COLUMNS	(COL_IN_SCOPE + 1)

static const char *const columns[NUM_COLUMNS] = {
	"tenant_id", "source_id", "ticket_key", "customer", "language", "created_at",
	"decided_at", "intent", "in_scope"
};

static StOwnTable decisions = {"decision", columns, NUM_COLUMNS};

struct StHistory
{
	Relation	rel;
	bool		usable;
	StProbe		probe;
};

/* What the index decision_requester is on. */
static int64
requester_hash(const StFacts *facts)
{
	Datum		hash = DirectFunctionCall2Coll(hashtextextended, C_COLLATION_OID,
											   PointerGetDatum(facts->tenant_id),
											   Int64GetDatum((int64) facts->source_id));

	return DatumGetInt64(DirectFunctionCall2Coll(hashtextextended, C_COLLATION_OID,
												 PointerGetDatum(facts->customer), hash));
}

/* Hash of an intent; never 0, which is none. */
uint64
st_trace_intent(const text *intent)
{
	return hash_bytes_extended((const unsigned char *) VARDATA_ANY(intent),
							   VARSIZE_ANY_EXHDR(intent), 0) | 1;
}

/*
 * st_trace_begin
 *		Fills what others' tickets are compared with, but for intent and
 *		signature.  A ticket that does not say when it was created was when it
 *		was decided first.
 */
void
st_trace_begin(StReader *reader, const StFacts *facts, StTrace *trace)
{
	memset(trace, 0, sizeof(*trace));
	if (facts->has_created_at && !TIMESTAMP_NOT_FINITE(facts->created_at))
		trace->asked_at = facts->created_at;
	else if (!reader->again || !st_similar_asked_at(reader, facts, &trace->asked_at))
		trace->asked_at = reader->now;
	trace->has_requester = facts->customer != NULL;
	if (trace->has_requester)
		trace->requester = requester_hash(facts);
}

static StHistory *
history_begin(StReader *reader)
{
	MemoryContext old = MemoryContextSwitchTo(reader->cxt);
	StHistory  *history = palloc0(sizeof(StHistory));
	static bool registered = false;

	if (!registered)
	{
		st_own_table_init(&decisions);
		registered = true;
	}
	history->rel = st_own_table_open(&decisions, AccessShareLock);
	history->usable = decisions.local &&
		st_probe_begin(&history->probe, history->rel, "decision_requester", 2);
	if (history->usable)
	{
		ScanKeyInit(&history->probe.keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, (Datum) 0);
		ScanKeyInit(&history->probe.keys[1], 2, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE, (Datum) 0);
	}
	MemoryContextSwitchTo(old);
	return history;
}

void
st_history_end(StHistory *history)
{
	if (history->usable)
		st_probe_end(&history->probe);
	table_close(history->rel, NoLock);
}

static inline Datum
value_of(TupleTableSlot *slot, Column column, bool *isnull)
{
	return slot_getattr(slot, decisions.attnum[column], isnull);
}

/* Whether a text column is these bytes. */
static bool
column_is(TupleTableSlot *slot, Column column, const text *wanted)
{
	bool		isnull;
	Datum		value = value_of(slot, column, &isnull);

	return !isnull && st_same_text(DatumGetTextPP(value), wanted);
}

static void
set_language(StPast *past, const text *language)
{
	int			length = language == NULL ? 0 : VARSIZE_ANY_EXHDR(language);

	if (length >= sizeof(past->language))
		length = 0;
	memcpy(past->language, length == 0 ? "" : VARDATA_ANY(language), length);
	past->language[length] = '\0';
}

/* Takes a row of triage.decision; false when it is not the requester's, or the ticket itself. */
static bool
read_row(TupleTableSlot *slot, const StFacts *facts, StPast *past)
{
	bool		isnull;
	bool		undated;
	Datum		value;

	if (DatumGetInt32(value_of(slot, COL_SOURCE_ID, &isnull)) != facts->source_id ||
		!column_is(slot, COL_TENANT_ID, facts->tenant_id) ||
		!column_is(slot, COL_CUSTOMER, facts->customer) ||
		column_is(slot, COL_TICKET_KEY, facts->ticket_key))
		return false;

	value = value_of(slot, COL_CREATED_AT, &undated);
	past->asked_at = DatumGetTimestampTz(undated ? value_of(slot, COL_DECIDED_AT, &isnull) : value);
	value = value_of(slot, COL_LANGUAGE, &isnull);
	set_language(past, isnull ? NULL : DatumGetTextPP(value));

	past->intent = 0;
	value = value_of(slot, COL_IN_SCOPE, &isnull);
	if (!isnull && DatumGetBool(value))
	{
		value = value_of(slot, COL_INTENT, &isnull);
		if (!isnull)
			past->intent = st_trace_intent(DatumGetTextPP(value));
	}
	return true;
}

/* Those of this statement that are not in the table yet, newest first. */
static int
read_pending(StReader *reader, const StDecided *decided, StPast *past)
{
	const StDecided *pending;
	const StMark *marks;
	int			count;
	int			n = 0;

	if (reader->writer == NULL)
		return 0;
	pending = st_writer_pending(reader->writer, &marks, &count);
	for (int i = count - 1; i >= 0 && n < ST_MAX_PAST; i--)
	{
		const StDecided *p = &pending[i];

		if (marks[i].requester != decided->trace.requester ||
			!p->trace.has_requester || p->trace.asked_at > decided->trace.asked_at ||
			!st_same_text(p->facts.tenant_id, decided->facts.tenant_id) ||
			!st_same_text(p->facts.customer, decided->facts.customer) ||
			st_same_text(p->facts.ticket_key, decided->facts.ticket_key))
			continue;
		past[n].asked_at = p->trace.asked_at;
		past[n].intent = p->trace.intent;
		set_language(&past[n], p->facts.language);
		n++;
	}
	return n;
}

/*
 * st_history_read
 *		Fills past, which has room for ST_MAX_PAST, with the requester's earlier
 *		tickets and returns how many; -1 when that cannot be known.
 */
int
st_history_read(StReader *reader, const StDecided *decided, StPast *past)
{
	StHistory  *history;
	int			rows = 0;
	int			n;

	if (!decided->trace.has_requester)
		return -1;
	if (reader->history == NULL)
		reader->history = history_begin(reader);
	history = reader->history;
	if (!history->usable)
		return -1;

	n = read_pending(reader, decided, past);
	history->probe.keys[0].sk_argument = Int64GetDatum(decided->trace.requester);
	history->probe.keys[1].sk_argument = TimestampTzGetDatum(decided->trace.asked_at);
	st_probe_start(&history->probe);
	while (n < ST_MAX_PAST && rows++ < MAX_ROWS &&
		   st_probe_next(&history->probe, BackwardScanDirection))
	{
		CHECK_FOR_INTERRUPTS();
		if (read_row(history->probe.slot, &decided->facts, &past[n]))
			n++;
	}
	st_probe_stop(&history->probe);
	return n;
}
