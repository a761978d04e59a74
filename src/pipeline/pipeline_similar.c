/*-------------------------------------------------------------------------
 *
 * pipeline_similar.c
 *		Near-duplicates: tickets that say nearly the same as an earlier one.
 *
 * Each ticket leaves its signature in triage.ticket_signature, with three hashes
 * of three of its lanes each: tickets that are alike share one of them at least
 * (of those with a likeness of 0.9, 98 in 100; of 0.8, 88; of 0.7, 72; of 0.2, 2;
 * and of several earlier ones one is enough).  A B-tree on each hash finds the
 * newest of those first.  A GIN index would find all of them, which in a storm of
 * equal alerts is too many to look at; here it is at most MAX_CANDIDATES.
 *
 * A ticket is linked to the original: where the one that was found is itself a
 * duplicate, to what that one is linked to, if it is alike too.  Nothing is
 * merged.  Another requester's ticket counts within one window and only when
 * there are words enough; the requester's own within another, see
 * triage.signal_policy.
 *
 * Only earlier tickets of the same table and tenant are found, those of the same
 * statement among them; of two sessions that write duplicates at once neither
 * sees the other's before it is committed, and both stay originals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Tickets that are compared, at most. */
#define MAX_CANDIDATES	20

/* Lanes that make a band. */
#define LANES_A_BAND	3

typedef enum Column
{
	COL_TENANT_ID,
	COL_SOURCE_ID,
	COL_TICKET_KEY,
	COL_ASKED_AT,
	COL_REQUESTER,
	COL_DUPLICATE_OF,
	COL_SIGNATURE,
	COL_BAND_1,
	COL_BAND_2,
	COL_BAND_3
} Column;

#define NUM_COLUMNS	(COL_BAND_3 + 1)

static const char *const columns[NUM_COLUMNS] = {
	"tenant_id", "source_id", "ticket_key", "asked_at", "requester", "duplicate_of",
	"signature", "band_1", "band_2", "band_3"
};

static const char *const band_indexes[ST_NUM_BANDS] = {
	"ticket_signature_band_1", "ticket_signature_band_2", "ticket_signature_band_3"
};

static StOwnTable signatures = {"ticket_signature", columns, NUM_COLUMNS};

static StStatement forget_one = {
	"DELETE FROM triage.ticket_signature WHERE " ST_KEY_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement write_one = {
	"INSERT INTO triage.ticket_signature (tenant_id, source_id, ticket_key, asked_at, requester,"
	" duplicate_of, signature, band_1, band_2, band_3)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	" ON CONFLICT (ticket_key, source_id, tenant_id) DO UPDATE SET asked_at = excluded.asked_at,"
	" requester = excluded.requester, duplicate_of = excluded.duplicate_of,"
	" signature = excluded.signature, band_1 = excluded.band_1, band_2 = excluded.band_2,"
	" band_3 = excluded.band_3",
	10, {TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID, INT8OID, TEXTOID, INT8ARRAYOID,
	INT8OID, INT8OID, INT8OID}, false, NULL
};

/* What is open for looking. */
struct StSimilar
{
	Relation	rel;
	bool		usable;
	StProbe		band[ST_NUM_BANDS];
	StProbe		key;			/* by primary key */
};

/* One that may be the original; text points to where it was found. */
typedef struct Candidate
{
	const text *key;
	const text *original;		/* what it is linked to, or NULL */
	float4		similarity;
} Candidate;

void
st_similar_init(void)
{
	st_own_table_init(&signatures);
}

/*
 * st_similar_sign
 *		Fills the signature of a ticket that is compared with others, and its
 *		bands.  Short text is compared with the requester's own only: so theirs
 *		is in its bands.
 */
void
st_similar_sign(StReader *reader, StReading *reading, StDecided *decided)
{
	StTrace    *trace = &decided->trace;
	int			words = st_signature(reading, &trace->signature);
	uint64		seed;

	if (words < st_routing_policy(reader->routing)->duplicate_words)
	{
		if (words == 0 || !trace->has_requester)
			return;
		seed = hash_combine64(1, (uint64) trace->requester);
	}
	else
		seed = hash_combine64((uint64) decided->facts.source_id,
							  hash_bytes_extended((const unsigned char *) VARDATA_ANY(decided->facts.tenant_id),
												  VARSIZE_ANY_EXHDR(decided->facts.tenant_id), 0));
	trace->words = words;
	for (int i = 0; i < ST_NUM_BANDS; i++)
		trace->band[i] = (int64) hash_bytes_extended((const unsigned char *) &trace->signature.lane[i * LANES_A_BAND],
													 LANES_A_BAND * sizeof(uint16), seed + i);
}

static StSimilar *
similar_begin(StReader *reader)
{
	MemoryContext old = MemoryContextSwitchTo(reader->cxt);
	StSimilar  *similar = palloc0(sizeof(StSimilar));

	similar->rel = st_own_table_open(&signatures, AccessShareLock);
	similar->usable = signatures.local;
	for (int i = 0; i < ST_NUM_BANDS && similar->usable; i++)
	{
		StProbe    *probe = &similar->band[i];

		similar->usable = st_probe_begin(probe, similar->rel, band_indexes[i], 3);
		ScanKeyInit(&probe->keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, (Datum) 0);
		ScanKeyInit(&probe->keys[1], 2, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE, (Datum) 0);
		ScanKeyInit(&probe->keys[2], 2, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE, (Datum) 0);
	}
	MemoryContextSwitchTo(old);
	return similar;
}

void
st_similar_end(StSimilar *similar)
{
	for (int i = 0; i < ST_NUM_BANDS; i++)
		st_probe_end(&similar->band[i]);
	st_probe_end(&similar->key);
	table_close(similar->rel, NoLock);
}

/* The beginning of a window that ends at a moment; not before time began. */
static TimestampTz
window_start(TimestampTz at, int64 window)
{
	return at < MIN_TIMESTAMP + window ? MIN_TIMESTAMP : at - window;
}

/* How alike two tickets are if the earlier one counts; else less than 0. */
static float4
compare(const StSignalPolicy *policy, const StTrace *mine, TimestampTz asked_at,
		bool has_requester, int64 requester, const StSignature *signature)
{
	bool		own = has_requester && mine->has_requester && requester == mine->requester;
	float4		similarity;

	if (asked_at > mine->asked_at)
		return -1;
	if (!(own && asked_at >= window_start(mine->asked_at, policy->repeat_window)) &&
		!(mine->words >= policy->duplicate_words &&
		  asked_at >= window_start(mine->asked_at, policy->duplicate_window)))
		return -1;
	similarity = st_signature_similarity(&mine->signature, signature);
	return similarity >= policy->duplicate_similarity ? similarity : -1;
}

/* The same for a ticket of this statement. */
static float4
compare_pending(const StSignalPolicy *policy, const StDecided *mine, const StDecided *theirs)
{
	if (st_same_text(mine->facts.ticket_key, theirs->facts.ticket_key) ||
		!st_same_text(mine->facts.tenant_id, theirs->facts.tenant_id))
		return -1;
	return compare(policy, &mine->trace, theirs->trace.asked_at, theirs->trace.has_requester,
				   theirs->trace.requester, &theirs->trace.signature);
}

static inline Datum
value_of(TupleTableSlot *slot, Column column, bool *isnull)
{
	return slot_getattr(slot, signatures.attnum[column], isnull);
}

static const text *
text_of(TupleTableSlot *slot, Column column)
{
	bool		isnull;
	Datum		value = value_of(slot, column, &isnull);

	return isnull ? NULL : DatumGetTextPP(value);
}

/* The same for a row of the table. */
static float4
compare_row(const StSignalPolicy *policy, const StDecided *mine, TupleTableSlot *slot)
{
	StSignature signature;
	TimestampTz asked_at;
	int64		requester;
	const text *original;
	bool		isnull;

	if (DatumGetInt32(value_of(slot, COL_SOURCE_ID, &isnull)) != mine->facts.source_id ||
		!st_same_text(text_of(slot, COL_TENANT_ID), mine->facts.tenant_id) ||
		st_same_text(text_of(slot, COL_TICKET_KEY), mine->facts.ticket_key))
		return -1;

	/* whoever is linked to this ticket is no original of it */
	original = text_of(slot, COL_DUPLICATE_OF);
	if (original != NULL && st_same_text(original, mine->facts.ticket_key))
		return -1;

	if (!st_signature_from_datum(value_of(slot, COL_SIGNATURE, &isnull), &signature))
		return -1;
	asked_at = DatumGetTimestampTz(value_of(slot, COL_ASKED_AT, &isnull));
	requester = DatumGetInt64(value_of(slot, COL_REQUESTER, &isnull));
	return compare(policy, &mine->trace, asked_at, !isnull, requester, &signature);
}

static text *
copy_text(const text *t)
{
	Size		size = VARSIZE_ANY(t);

	return (text *) memcpy(palloc(size), t, size);
}

/* Keeps the better of two; what it points to is copied. */
static void
offer(Candidate *best, float4 similarity, const text *key, const text *original)
{
	if (similarity <= best->similarity)
		return;
	best->similarity = similarity;
	best->key = copy_text(key);
	best->original = original == NULL ? NULL : copy_text(original);
}

static inline bool
shares_band(const StMark *mark, const StTrace *trace)
{
	bool		shares = false;

	for (int i = 0; i < ST_NUM_BANDS; i++)
		shares |= mark->band[i] == trace->band[i];
	return shares;
}

/* Those of this statement that are not in the table yet, newest first. */
static void
look_at_pending(StReader *reader, const StSignalPolicy *policy, const StDecided *mine,
				Candidate *best, int *seen)
{
	const StDecided *pending;
	const StMark *marks;
	int			n;

	if (reader->writer == NULL)
		return;
	pending = st_writer_pending(reader->writer, &marks, &n);
	for (int i = n - 1; i >= 0 && *seen < MAX_CANDIDATES && best->similarity < 1; i--)
	{
		if (!shares_band(&marks[i], &mine->trace) || pending[i].trace.words == 0)
			continue;
		(*seen)++;
		offer(best, compare_pending(policy, mine, &pending[i]),
			  pending[i].facts.ticket_key, pending[i].facts.duplicate_of);
	}
}

static void
look_at_table(StSimilar *similar, const StSignalPolicy *policy, const StDecided *mine,
			  Candidate *best, int *seen)
{
	int64		window = mine->trace.has_requester
	? Max(policy->repeat_window, policy->duplicate_window) : policy->duplicate_window;
	Datum		from = TimestampTzGetDatum(window_start(mine->trace.asked_at, window));

	for (int i = 0; i < ST_NUM_BANDS; i++)
	{
		StProbe    *probe = &similar->band[i];

		if (*seen >= MAX_CANDIDATES || best->similarity >= 1)
			break;
		CHECK_FOR_INTERRUPTS();
		probe->keys[0].sk_argument = Int64GetDatum(mine->trace.band[i]);
		probe->keys[1].sk_argument = TimestampTzGetDatum(mine->trace.asked_at);
		probe->keys[2].sk_argument = from;
		st_probe_start(probe);
		while (*seen < MAX_CANDIDATES && best->similarity < 1 &&
			   st_probe_next(probe, BackwardScanDirection))
		{
			(*seen)++;
			offer(best, compare_row(policy, mine, probe->slot),
				  text_of(probe->slot, COL_TICKET_KEY), text_of(probe->slot, COL_DUPLICATE_OF));
		}
		st_probe_stop(probe);
	}
}

/* Puts the row of a key into similar->key, for st_probe_stop to let go; false when there is none. */
static bool
find_key(StReader *reader, const text *tenant, int32 source_id, const text *key)
{
	StSimilar  *similar = reader->similar;
	StProbe    *probe = &similar->key;

	if (probe->index == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(reader->cxt);
		bool		begun = st_probe_begin(probe, similar->rel, "ticket_signature_pkey", 3);

		MemoryContextSwitchTo(old);
		if (!begun)
			return false;
	}
	ScanKeyEntryInitialize(&probe->keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   probe->index->rd_indcollation[0], F_TEXTEQ, PointerGetDatum(key));
	ScanKeyInit(&probe->keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(source_id));
	ScanKeyEntryInitialize(&probe->keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid,
						   probe->index->rd_indcollation[2], F_TEXTEQ, PointerGetDatum(tenant));
	st_probe_start(probe);
	if (st_probe_next(probe, ForwardScanDirection))
		return true;
	st_probe_stop(probe);
	return false;
}

/*
 * st_similar_asked_at
 *		When a ticket that is decided again was asked; false when that is not
 *		known.
 */
bool
st_similar_asked_at(StReader *reader, const StFacts *facts, TimestampTz *asked_at)
{
	bool		isnull;

	if (reader->similar == NULL)
		reader->similar = similar_begin(reader);
	if (!reader->similar->usable ||
		!find_key(reader, facts->tenant_id, facts->source_id, facts->ticket_key))
		return false;
	*asked_at = DatumGetTimestampTz(value_of(reader->similar->key.slot, COL_ASKED_AT, &isnull));
	st_probe_stop(&reader->similar->key);
	return true;
}

/* How alike the ticket with this key is, if it counts; else less than 0. */
static float4
compare_original(StReader *reader, const StSignalPolicy *policy, const StDecided *mine, const text *key)
{
	StSimilar  *similar = reader->similar;
	const StDecided *pending;
	const StMark *marks;
	float4		similarity;
	int			n = 0;

	if (reader->writer != NULL)
		pending = st_writer_pending(reader->writer, &marks, &n);
	for (int i = 0; i < n; i++)
	{
		if (pending[i].trace.words > 0 && st_same_text(pending[i].facts.ticket_key, key) &&
			st_same_text(pending[i].facts.tenant_id, mine->facts.tenant_id))
			return compare_pending(policy, mine, &pending[i]);
	}

	if (!find_key(reader, mine->facts.tenant_id, mine->facts.source_id, key))
		return -1;
	similarity = compare_row(policy, mine, similar->key.slot);
	st_probe_stop(&similar->key);
	return similarity;
}

/*
 * st_similar_find
 *		Sets duplicate_of and duplicate_similarity of a ticket that has a
 *		signature, when there is an earlier one that says nearly the same.
 *		Allocates in the current context.
 */
void
st_similar_find(StReader *reader, StDecided *decided)
{
	const StSignalPolicy *policy = st_routing_policy(reader->routing);
	Candidate	best = {NULL, NULL, -1};
	int			seen = 0;

	if (decided->trace.words == 0)
		return;
	if (reader->similar == NULL)
		reader->similar = similar_begin(reader);
	if (!reader->similar->usable)
		return;

	look_at_pending(reader, policy, decided, &best, &seen);
	look_at_table(reader->similar, policy, decided, &best, &seen);
	if (best.key == NULL)
		return;

	if (best.original != NULL && !st_same_text(best.original, decided->facts.ticket_key))
	{
		float4		similarity = compare_original(reader, policy, decided, best.original);

		if (similarity >= 0)
		{
			best.key = best.original;
			best.similarity = similarity;
		}
	}
	decided->facts.duplicate_of = copy_text(best.key);
	decided->facts.duplicate_similarity = best.similarity;
}

/* The values of a row. */
static void
row_values(const StDecided *decided, Datum *values, bool *nulls)
{
	const StFacts *f = &decided->facts;
	const StTrace *t = &decided->trace;

	memset(nulls, false, NUM_COLUMNS * sizeof(bool));
	values[COL_TENANT_ID] = PointerGetDatum(f->tenant_id);
	values[COL_SOURCE_ID] = Int32GetDatum(f->source_id);
	values[COL_TICKET_KEY] = PointerGetDatum(f->ticket_key);
	values[COL_ASKED_AT] = TimestampTzGetDatum(t->asked_at);
	values[COL_REQUESTER] = Int64GetDatum(t->requester);
	nulls[COL_REQUESTER] = !t->has_requester;
	values[COL_DUPLICATE_OF] = PointerGetDatum(f->duplicate_of);
	nulls[COL_DUPLICATE_OF] = f->duplicate_of == NULL;
	values[COL_SIGNATURE] = st_signature_datum(&t->signature);
	for (int i = 0; i < ST_NUM_BANDS; i++)
		values[COL_BAND_1 + i] = Int64GetDatum(t->band[i]);
}

/*
 * st_similar_write
 *		Writes the signatures of tickets that have just got their first
 *		decision.
 */
void
st_similar_write(const StDecided *const *decided, int n)
{
	const StDecided **signed_ones = palloc(Max(n, 1) * sizeof(StDecided *));
	int			count = 0;
	Relation	rel;
	int		   *conflicts = NULL;
	int			nconflicts = 0;
	StIdentity	caller;

	for (int i = 0; i < n; i++)
	{
		if (decided[i]->trace.words > 0)
			signed_ones[count++] = decided[i];
	}
	if (count == 0)
		return;

	rel = st_own_table_open(&signatures, RowExclusiveLock);
	if (signatures.direct)
	{
		StInserter	inserter;

		st_inserter_begin(&inserter, rel, count);
		for (int i = 0; i < count; i++)
		{
			TupleTableSlot *slot = st_inserter_slot(&inserter, i);
			Datum		values[NUM_COLUMNS];
			bool		nulls[NUM_COLUMNS];

			row_values(signed_ones[i], values, nulls);
			for (int j = 0; j < NUM_COLUMNS; j++)
			{
				slot->tts_values[signatures.attnum[j] - 1] = values[j];
				slot->tts_isnull[signatures.attnum[j] - 1] = nulls[j];
			}
			ExecStoreVirtualTuple(slot);
		}
		conflicts = st_inserter_write(&inserter, count, &nconflicts);
		st_inserter_end(&inserter);
	}
	table_close(rel, NoLock);

	/* left over from a decision that somebody deleted */
	if (nconflicts > 0 || !signatures.direct)
	{
		st_become_owner(&caller);
		if (!signatures.direct)
		{
			for (int i = 0; i < count; i++)
				st_similar_replace(signed_ones[i]);
		}
		for (int i = 0; i < nconflicts; i++)
			st_similar_replace(signed_ones[conflicts[i]]);
		st_become_caller(&caller);
	}
}

/*
 * st_similar_replace
 *		Writes the signature of a ticket that may have one, or removes it when
 *		there is nothing to compare any more.  The caller has taken the owner's
 *		identity.
 */
void
st_similar_replace(const StDecided *decided)
{
	Datum		values[NUM_COLUMNS];
	bool		isnull[NUM_COLUMNS];
	char		nulls[NUM_COLUMNS];

	row_values(decided, values, isnull);
	for (int i = 0; i < NUM_COLUMNS; i++)
		nulls[i] = isnull[i] ? 'n' : ' ';
	st_disturbances++;
	SPI_connect();
	if (decided->trace.words > 0)
		st_statement_run(&write_one, values, nulls, SPI_OK_INSERT);
	else
		st_statement_run(&forget_one, values, NULL, SPI_OK_DELETE);
	SPI_finish();
}
