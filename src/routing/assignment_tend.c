/*-------------------------------------------------------------------------
 *
 * assignment_tend.c
 *		What queues need from time to time: tickets that waited too long
 *		overflow, and leads are told of what nobody can take.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

PG_FUNCTION_INFO_V1(st_overflow_tickets_sql);
PG_FUNCTION_INFO_V1(st_check_waiting_sql);

#define MAX_BATCH	100000

#define NOBODY		"nobody_can_take"
#define TOO_LONG	"waits_too_long"

static StKept raise_alert = {
	"INSERT INTO triage.alert (kind, subject, detail, raised_at) VALUES ($1, $2, $3, $4)"
	" ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO NOTHING",
	4, {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}
};

static StKept resolve_alert = {
	"UPDATE triage.alert SET resolved_at = GREATEST($3, raised_at) WHERE kind OPERATOR(pg_catalog.=) $1"
	" AND subject OPERATOR(pg_catalog.=) $2 AND resolved_at IS NULL",
	3, {TEXTOID, TEXTOID, TIMESTAMPTZOID}
};

/* Those whose subject is no longer among the given ones. */
static StKept resolve_others = {
	"UPDATE triage.alert SET resolved_at = GREATEST($3, raised_at) WHERE kind OPERATOR(pg_catalog.=) $1"
	" AND subject OPERATOR(pg_catalog.<>) ALL ($2) AND resolved_at IS NULL",
	3, {TEXTOID, TEXTARRAYOID, TIMESTAMPTZOID}
};

/*
 * Which tickets overflow.  Those that have waited so long in a queue have a rank
 * before its limit, so that the index finds them; those that another session
 * is taking wait for the next time.
 */
static StKept overflow = {
	"WITH late AS MATERIALIZED (SELECT w.ctid FROM triage.waiting w WHERE w.queue_id OPERATOR(pg_catalog.=) $1"
	" AND w.rank OPERATOR(pg_catalog.<=) $3 AND w.queued_at OPERATOR(pg_catalog.<=) $3"
	" ORDER BY w.rank, w.waiting_id LIMIT $6 FOR UPDATE SKIP LOCKED)"
	" UPDATE triage.waiting w SET queue_id = $2, queued_at = $4,"
	" rank = triage.waiting_rank(w.since, w.priority, $5)"
	" FROM late WHERE w.ctid OPERATOR(pg_catalog.=) late.ctid"
	" RETURNING w.queue_id, w.units, w.channel, w.language, w.skills, w.skill_levels, w.skill_drop_after",
	6, {INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, FLOAT4OID, INT8OID}
};

static StKept waits_too_long = {
	"SELECT pg_catalog.count(*), pg_catalog.min(w.queued_at) FROM triage.waiting w WHERE w.queue_id OPERATOR(pg_catalog.=) $1"
	" AND w.rank OPERATOR(pg_catalog.<=) $2 AND w.queued_at OPERATOR(pg_catalog.<=) $2",
	2, {INT4OID, TIMESTAMPTZOID}
};

static StKept all_needs = {
	"SELECT DISTINCT w.queue_id, w.units, w.channel, w.language, w.skills, w.skill_levels, w.skill_drop_after"
	" FROM triage.waiting w"
};

/* See assignment.h. */
bool
st_alert_raise(const char *kind, const char *subject, const char *detail)
{
	Datum		values[4] = {
		CStringGetTextDatum(kind), CStringGetTextDatum(subject), CStringGetTextDatum(detail),
		TimestampTzGetDatum(st_now())
	};
	bool		raised;

	SPI_connect();
	raised = st_kept_run(&raise_alert, values, NULL) > 0;
	SPI_finish();
	return raised;
}

/* See assignment.h. */
bool
st_alert_resolve(const char *kind, const char *subject)
{
	Datum		values[3] = {
		CStringGetTextDatum(kind), CStringGetTextDatum(subject), TimestampTzGetDatum(st_now())
	};
	bool		resolved;

	SPI_connect();
	resolved = st_kept_run(&resolve_alert, values, NULL) > 0;
	SPI_finish();
	return resolved;
}

/* A row of queue_id, units, channel, language and skills; it points into SPI's memory. */
static void
read_needs(SPITupleTable *table, int i, StWaiting *row)
{
	Datum		values[7];
	bool		isnull;

	memset(row, 0, sizeof(*row));
	for (int c = 0; c < 7; c++)
	{
		values[c] = SPI_getbinval(table->vals[i], table->tupdesc, c + 1, &isnull);
		if (isnull)
			values[c] = (Datum) 0;
	}
	row->queue_id = DatumGetInt32(values[0]);
	row->units = DatumGetInt16(values[1]);
	row->channel = values[2] == 0 ? NULL : DatumGetTextPP(values[2]);
	row->language = values[3] == 0 ? NULL : DatumGetTextPP(values[3]);
	row->skills = values[4];
	row->skill_levels = values[5];
	row->skill_drop_after = values[6];
}

/* See assignment.h. */
int
st_overflow_tickets(int batch)
{
	TimestampTz now = st_now();
	const StQueueWait *queues;
	int			nqueues;
	int			moved = 0;

	SPI_connect();
	queues = st_queue_waits(&nqueues);
	for (int i = 0; i < nqueues && moved < batch; i++)
	{
		const StQueueWait *to = st_queue_wait(queues[i].overflow);
		Datum		values[6];
		SPITupleTable *table;
		int			n;

		if (queues[i].max_wait < 0 || to == NULL)
			continue;
		values[0] = Int32GetDatum(queues[i].queue_id);
		values[1] = Int32GetDatum(to->queue_id);
		values[2] = TimestampTzGetDatum(now - queues[i].max_wait);
		values[3] = TimestampTzGetDatum(now);
		values[4] = Float4GetDatum(to->ageing);
		values[5] = Int64GetDatum(batch - moved);
		n = (int) st_kept_run(&overflow, values, NULL);
		table = SPI_tuptable;
		for (int t = 0; t < n; t++)
		{
			StWaiting	row;

			CHECK_FOR_INTERRUPTS();
			read_needs(table, t, &row);
			st_alert_unless_somebody_could(&row);
		}
		SPI_freetuptable(table);
		moved += n;
	}
	SPI_finish();
	if (moved > 0)
		st_claims_from_the_start();
	return moved;
}

/* Tickets that wait longer than a queue allows that has nowhere else to send them. */
static int
check_long_waits(TimestampTz now)
{
	const StQueueWait *queues;
	int			nqueues;
	int			raised = 0;

	queues = st_queue_waits(&nqueues);
	for (int i = 0; i < nqueues; i++)
	{
		char	   *subject = psprintf("queue \"%s\"", queues[i].name);
		Datum		values[2] = {
			Int32GetDatum(queues[i].queue_id), TimestampTzGetDatum(now - Max(0, queues[i].max_wait))
		};
		int64		n = 0;
		bool		isnull;

		if (queues[i].max_wait >= 0 && queues[i].overflow == 0)
		{
			st_kept_run(&waits_too_long, values, NULL);
			n = DatumGetInt64(st_kept_value(0, 1, &isnull));
		}
		if (n == 0)
			st_alert_resolve(TOO_LONG, subject);
		else
			raised += st_alert_raise(TOO_LONG, subject,
									 psprintf(INT64_FORMAT " tickets wait longer than the queue allows, the first since %s.", n,
											  timestamptz_to_str(DatumGetTimestampTz(st_kept_value(0, 2, &isnull)))));
	}
	return raised;
}

/*
 * st_check_waiting
 *		Raises the alerts that hold now and resolves those that do not any
 *		more; how many it raised.  Reads all that waits.
 */
int
st_check_waiting(void)
{
	TimestampTz now = st_now();
	SPITupleTable *table;
	ArrayBuildState *subjects = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	Datum		values[3];
	int			raised = 0;
	int			n;

	SPI_connect();
	n = (int) st_kept_run(&all_needs, NULL, NULL);
	table = SPI_tuptable;
	for (int i = 0; i < n; i++)
	{
		StWaiting	row;
		char	   *subject;

		CHECK_FOR_INTERRUPTS();
		read_needs(table, i, &row);
		if (st_anybody_could(&row))
			continue;
		subject = st_needs_words(&row);
		raised += st_alert_raise(NOBODY, subject, st_why_nobody(&row));
		subjects = accumArrayResult(subjects, CStringGetTextDatum(subject), false, TEXTOID, CurrentMemoryContext);
	}
	values[0] = CStringGetTextDatum(NOBODY);
	values[1] = makeArrayResult(subjects, CurrentMemoryContext);
	values[2] = TimestampTzGetDatum(now);
	st_kept_run(&resolve_others, values, NULL);
	raised += check_long_waits(now);
	SPI_finish();
	return raised;
}

/* triage.overflow_tickets(batch) */
Datum
st_overflow_tickets_sql(PG_FUNCTION_ARGS)
{
	int			batch = PG_GETARG_INT32(0);

	st_need_write("triage.overflow_tickets()");
	st_require_all_tenants("triage.overflow_tickets()");
	if (batch < 1 || batch > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the batch must be from 1 to %d", MAX_BATCH)));
	PG_RETURN_INT32(st_overflow_tickets(batch));
}

/* triage.check_waiting() */
Datum
st_check_waiting_sql(PG_FUNCTION_ARGS)
{
	st_need_write("triage.check_waiting()");
	st_require_all_tenants("triage.check_waiting()");
	PG_RETURN_INT32(st_check_waiting());
}
