/*-------------------------------------------------------------------------
 *
 * pipeline_handling.c
 *		How long a ticket was worked on, and how often it was opened again:
 *		triage.ticket_handling.
 *
 * Told by two things that are known anyway: from when to when agents had the
 * ticket (triage.assignment), and when its status said that nobody could work on
 * it, pending or on hold.  The latter is noted as the status changes; when the
 * ticket is solved the one is taken from the other, in the business time of its
 * service level.  Opened again, it has no handle time until it is solved again:
 * a ticket counts once, with all its time.
 *
 * The ticket's row is locked by the UPDATE that brought the status, so nobody
 * else is at the row here.  Nothing that a clock or a calendar says is an error:
 * the status of the ticket changes all the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* So many pauses are kept apart; later ones make the last one longer. */
#define MAX_PAUSES	100

#define NOTE(columns, values) \
	"INSERT INTO triage.ticket_handling AS h (tenant_id, source_id, ticket_key, " columns ")" \
	" VALUES ($1, $2, $3, " values ") ON CONFLICT (tenant_id, source_id, ticket_key) DO UPDATE SET "

/* A span as a multirange; empty when the clock was set back in between. */
#define SPAN(from, until) \
	"pg_catalog.tstzmultirange(pg_catalog.tstzrange(" from ", GREATEST(" from ", " until ")))"

/* It is open or, since $4, paused; $5: 1 when it was solved before. */
static StStatement note_open = {
	NOTE("paused_since, reopened", "$4, $5")
	"paused_since = $4, reopened = h.reopened OPERATOR(pg_catalog.+) $5, solved_at = NULL, intent = NULL, minutes = NULL",
	5, {TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID, INT4OID}, false, NULL
};

/* A pause ends at $4.  One whose begin was not seen is from before the first change. */
static StStatement note_resumed = {
	NOTE("paused", SPAN("'-infinity'::pg_catalog.timestamptz", "$4"))
	"paused_since = NULL, paused = CASE WHEN h.paused_since IS NULL THEN h.paused"
	" WHEN (SELECT pg_catalog.count(*) FROM pg_catalog.unnest(h.paused)) OPERATOR(pg_catalog.<) " CppAsString2(MAX_PAUSES)
	" THEN h.paused OPERATOR(pg_catalog.+) " SPAN("h.paused_since", "$4")
	" ELSE h.paused OPERATOR(pg_catalog.+) " SPAN("pg_catalog.upper(h.paused)", "$4") " END",
	4, {TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID}, false, NULL
};

static StStatement note_solved = {
	NOTE("solved_at, intent, minutes", "$4, $5, $6")
	"paused_since = NULL, solved_at = $4, intent = $5, minutes = $6",
	6, {TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, FLOAT4OID}, false, NULL
};

static StStatement stored_decision = {
	"SELECT CASE WHEN in_scope THEN intent END, sla_policy_id FROM triage.decision WHERE " ST_KEY_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

/* When agents had it until $4, less pauses; NULL when none ever did. */
static StStatement worked = {
	"SELECT pg_catalog.range_agg(pg_catalog.tstzrange(assigned_at, GREATEST(assigned_at, COALESCE(released_at, $4))))"
	" OPERATOR(pg_catalog.-) COALESCE((SELECT paused FROM triage.ticket_handling WHERE " ST_KEY_IS_1_2_3 "), '{}')"
	" FROM triage.assignment WHERE " ST_KEY_IS_1_2_3,
	4, {TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID}, false, NULL
};

/* One value of the only row that a statement gave; NULL when it gave none. */
static Datum
value_of(int column, bool *isnull)
{
	*isnull = true;
	if (SPI_processed != 1)
		return (Datum) 0;
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

/* How long these spans are, in microseconds, as the policy counts (0: none). */
static int64
length_of(MultirangeType *spans, int32 policy_id)
{
	TypeCacheEntry *type = lookup_type_cache(TSTZMULTIRANGEOID, TYPECACHE_MULTIRANGE_INFO)->rngtype;
	RangeType **ranges;
	int32		n;
	int64		length = 0;

	multirange_deserialize(type, spans, &n, &ranges);
	for (int i = 0; i < n; i++)
	{
		RangeBound	lower;
		RangeBound	upper;
		bool		empty;

		range_deserialize(type, ranges[i], &lower, &upper, &empty);
		length += st_policy_elapsed(policy_id, DatumGetTimestampTz(lower.val), DatumGetTimestampTz(upper.val));
	}
	return length;
}

/* The ticket is solved: what it was, and how long that took. */
static void
note_effort(Datum *key, TimestampTz now)
{
	Datum		values[6] = {key[0], key[1], key[2], TimestampTzGetDatum(now)};
	char		nulls[6] = {' ', ' ', ' ', ' ', 'n', 'n'};
	int32		policy_id;
	Datum		value;
	bool		isnull;

	st_statement_run(&stored_decision, key, NULL, SPI_OK_SELECT);
	values[4] = value_of(1, &isnull);
	nulls[4] = isnull ? 'n' : ' ';
	value = value_of(2, &isnull);
	policy_id = isnull ? 0 : DatumGetInt32(value);

	st_statement_run(&worked, values, NULL, SPI_OK_SELECT);
	value = value_of(1, &isnull);
	if (!isnull)
	{
		values[5] = Float4GetDatum((float4) (length_of(DatumGetMultirangeTypeP(value), policy_id) / (double) USECS_PER_MINUTE));
		nulls[5] = ' ';
	}
	st_statement_run(&note_solved, values, nulls, SPI_OK_INSERT);
}

static bool
is_pause(StPhase phase)
{
	return phase == ST_PHASE_PENDING || phase == ST_PHASE_ON_HOLD;
}

/*
 * st_handling_moved
 *		Notes that the status of a ticket is of another phase, after clocks and
 *		assignment have followed it.  As the owner.
 */
void
st_handling_moved(text *tenant_id, int32 source_id, text *ticket_key, StPhase before, StPhase after)
{
	TimestampTz now = st_now();
	Datum		key[5] = {
		PointerGetDatum(tenant_id), Int32GetDatum(source_id), PointerGetDatum(ticket_key),
		TimestampTzGetDatum(now), Int32GetDatum(before == ST_PHASE_SOLVED ? 1 : 0)
	};

	if (is_pause(before) && is_pause(after))
		return;
	SPI_connect();
	if (is_pause(before))
		st_statement_run(&note_resumed, key, NULL, SPI_OK_INSERT);
	if (after == ST_PHASE_SOLVED)
		note_effort(key, now);
	else if (is_pause(after) || before == ST_PHASE_SOLVED)
		st_statement_run(&note_open, key, is_pause(after) ? NULL : "   n ", SPI_OK_INSERT);
	SPI_finish();
}
