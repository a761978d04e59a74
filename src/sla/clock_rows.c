/*-------------------------------------------------------------------------
 *
 * clock_rows.c
 *		Clocks as rows of triage.sla_clock: those of a new ticket, and what
 *		statuses, messages and time do to them.
 *
 * Whoever moves a ticket's clocks locks its rows first, in the order of the
 * primary key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "core/core.h"
#include "sla/sla_inner.h"

/* Columns of triage.sla_clock, in the order in which values are handed on. */
enum
{
	COL_TENANT_ID, COL_SOURCE_ID, COL_TICKET_KEY, COL_METRIC, COL_CYCLE, COL_POLICY_ID,
	COL_POLICY_VERSION, COL_CALENDAR, COL_PRIORITY, COL_TARGET, COL_WARN_AT, COL_PAUSED_IN,
	COL_STATE, COL_STARTED_AT, COL_RUNNING_SINCE, COL_CONSUMED, COL_DUE_AT, COL_WARNED,
	COL_NEXT_EVENT_AT, COL_BREACHED_AT, COL_FINISHED_AT, NUM_COLUMNS
};

static const char *const columns[NUM_COLUMNS] = {
	"tenant_id", "source_id", "ticket_key", "metric", "cycle", "policy_id",
	"policy_version", "calendar", "priority", "target", "warn_at", "paused_in",
	"state", "started_at", "running_since", "consumed", "due_at", "warned",
	"next_event_at", "breached_at", "finished_at"
};

/* OIDs of our enums' values; the type tells whether they are of this database. */
static struct
{
	Oid			metric_type;
	Oid			metric[ST_NUM_METRICS];
	Oid			state[ST_NUM_CLOCK_STATES];
	Oid			phase_type;
	Oid			phase[ST_NUM_PHASES];
}			enums;

static void
load_enums(void)
{
	Oid			metric_type = st_type_oid("sla_metric");
	Oid			state_type;

	if (metric_type == enums.metric_type)
		return;
	state_type = st_type_oid("clock_state");
	enums.phase_type = st_type_oid("ticket_phase");
	for (int i = 0; i < ST_NUM_METRICS; i++)
		enums.metric[i] = st_enum_oid(metric_type, st_metric_names[i]);
	for (int i = 0; i < ST_NUM_CLOCK_STATES; i++)
		enums.state[i] = st_enum_oid(state_type, st_clock_state_names[i]);
	for (int i = 0; i < ST_NUM_PHASES; i++)
		enums.phase[i] = st_enum_oid(enums.phase_type, st_phase_names[i]);
	enums.metric_type = metric_type;
}

/* A metric whose clock begins with the ticket. */
bool
st_metric_at_creation(StMetric metric)
{
	return metric != ST_NEXT_REPLY && metric != ST_PERIODIC_UPDATE;
}

/* An interval of so many microseconds, palloc'd. */
Datum
st_interval_datum(int64 microseconds)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = microseconds;
	return IntervalPGetDatum(interval);
}

static Datum
phases_datum(uint8 bits)
{
	Datum		values[ST_NUM_PHASES];
	int			n = 0;

	for (int i = 0; i < ST_NUM_PHASES; i++)
	{
		if (bits & 1 << i)
			values[n++] = ObjectIdGetDatum(enums.phase[i]);
	}
	return PointerGetDatum(construct_array(values, n, enums.phase_type, sizeof(Oid), true, TYPALIGN_INT));
}

static Datum
warnings_datum(const StClock *clock)
{
	Datum	   *values = palloc(Max(1, clock->nwarnings) * sizeof(Datum));

	for (int i = 0; i < clock->nwarnings; i++)
		values[i] = Int16GetDatum(clock->warn_at[i]);
	return PointerGetDatum(construct_array(values, clock->nwarnings, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
}

/* The values of a clock's row; they point into *ticket and the current context. */
static void
clock_values(const StClock *clock, const StClockTicket *ticket, const StPolicy *policy,
			 Datum *values, bool *nulls)
{
	bool		running = clock->state == ST_CLOCK_RUNNING;

#define SET(column, datum) \
	(values[column] = (datum), nulls[column] = false)
#define SET_IF(column, condition, datum) \
	((nulls[column] = !(condition)) ? (values[column] = (Datum) 0) : (values[column] = (datum)))

	SET(COL_TENANT_ID, PointerGetDatum(ticket->tenant_id));
	SET(COL_SOURCE_ID, Int32GetDatum(ticket->source_id));
	SET(COL_TICKET_KEY, PointerGetDatum(ticket->ticket_key));
	SET(COL_METRIC, ObjectIdGetDatum(enums.metric[clock->metric]));
	SET(COL_CYCLE, Int32GetDatum(clock->cycle));
	SET(COL_POLICY_ID, Int32GetDatum(policy->policy_id));
	SET(COL_POLICY_VERSION, Int32GetDatum(policy->version));
	SET_IF(COL_CALENDAR, clock->calendar != NULL, CStringGetTextDatum(clock->calendar));
	SET(COL_PRIORITY, Int16GetDatum(ticket->priority));
	SET(COL_TARGET, st_interval_datum(clock->target));
	SET(COL_WARN_AT, warnings_datum(clock));
	SET(COL_PAUSED_IN, phases_datum(clock->paused_in));
	SET(COL_STATE, ObjectIdGetDatum(enums.state[clock->state]));
	SET(COL_STARTED_AT, TimestampTzGetDatum(clock->started_at));
	SET_IF(COL_RUNNING_SINCE, running, TimestampTzGetDatum(clock->running_since));
	SET(COL_CONSUMED, st_interval_datum(clock->consumed));
	SET_IF(COL_DUE_AT, clock->due_at != 0, TimestampTzGetDatum(clock->due_at));
	SET(COL_WARNED, Int16GetDatum(clock->warned));
	SET_IF(COL_NEXT_EVENT_AT, clock->next_event_at != 0, TimestampTzGetDatum(clock->next_event_at));
	SET_IF(COL_BREACHED_AT, clock->breached_at != 0, TimestampTzGetDatum(clock->breached_at));
	SET_IF(COL_FINISHED_AT, clock->finished_at != 0, TimestampTzGetDatum(clock->finished_at));
}

/* See sla.h. */
StTableWriter *
st_clock_writer_begin(void)
{
	load_enums();
	st_wake_worker();
	return st_table_writer_begin("sla_clock", columns, NUM_COLUMNS);
}

/* A time of creation that cannot be, before 1970 or more than a day ahead, is taken for now. */
TimestampTz
st_clock_creation(TimestampTz created_at, TimestampTz now)
{
	if (TIMESTAMP_NOT_FINITE(created_at) || created_at < SetEpochTimestamp() ||
		created_at > now + USECS_PER_DAY)
		return now;
	return created_at;
}

/* Puts a clock's row into a writer. */
void
st_clock_add(StTableWriter *writer, const StClockTicket *ticket, const StPolicy *policy, const StClock *clock)
{
	Datum		values[NUM_COLUMNS];
	bool		nulls[NUM_COLUMNS];

	clock_values(clock, ticket, policy, values, nulls);
	st_table_writer_add(writer, values, nulls);
}

/*
 * st_clocks_start
 *		Puts the clocks of a new ticket into a writer: those that begin with the
 *		ticket.  A ticket that is solved already has none.  Of one from the past,
 *		which came before anything was promised, a clock that would be late
 *		already is left out.
 */
void
st_clocks_start(StTableWriter *writer, const StPolicy *policy, const StClockTicket *ticket,
				TimestampTz created_at, StPhase phase, bool past)
{
	TimestampTz now = st_now();

	if (phase == ST_PHASE_SOLVED)
		return;
	created_at = st_clock_creation(created_at, now);
	for (int i = 0; i < ST_NUM_METRICS; i++)
	{
		const StTarget *target = st_metric_at_creation(i) ? st_policy_target(policy, i, ticket->priority) : NULL;
		StClock		clock;

		if (target == NULL)
			continue;
		st_clock_begin(&clock, policy, target, 1, created_at, phase);
		if (!past || clock.due_at == 0 || clock.due_at > now)
			st_clock_add(writer, ticket, policy, &clock);
	}
}

/* ---- moving clocks ---- */

#define TICKET_IS "tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2" \
	" AND ticket_key OPERATOR(pg_catalog.=) $3"
#define CLOCK_IS TICKET_IS " AND metric OPERATOR(pg_catalog.=) $4::triage.sla_metric" \
	" AND cycle OPERATOR(pg_catalog.=) $5"

static Datum
column_value(HeapTuple tuple, TupleDesc tupdesc, const char *name, bool *isnull)
{
	return SPI_getbinval(tuple, tupdesc, SPI_fnumber(tupdesc, name), isnull);
}

static int
column_enum(HeapTuple tuple, TupleDesc tupdesc, const char *name, const Oid *oids, int n)
{
	bool		isnull;
	Oid			value = DatumGetObjectId(column_value(tuple, tupdesc, name, &isnull));

	for (int i = 0; i < n; i++)
	{
		if (oids[i] == value)
			return i;
	}
	elog(ERROR, "unknown value of \"%s\"", name);
	return 0;
}

static TimestampTz
column_time(HeapTuple tuple, TupleDesc tupdesc, const char *name)
{
	bool		isnull;
	Datum		value = column_value(tuple, tupdesc, name, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

static int64
column_interval(HeapTuple tuple, TupleDesc tupdesc, const char *name)
{
	bool		isnull;

	return DatumGetIntervalP(column_value(tuple, tupdesc, name, &isnull))->time;
}

static void
read_clock(HeapTuple tuple, TupleDesc tupdesc, StClock *clock)
{
	bool		isnull;
	Datum		value;
	ArrayType  *array;
	Datum	   *phases;
	int			n;

	memset(clock, 0, sizeof(*clock));
	clock->metric = column_enum(tuple, tupdesc, "metric", enums.metric, ST_NUM_METRICS);
	clock->state = column_enum(tuple, tupdesc, "state", enums.state, ST_NUM_CLOCK_STATES);
	clock->cycle = DatumGetInt32(column_value(tuple, tupdesc, "cycle", &isnull));
	value = column_value(tuple, tupdesc, "calendar", &isnull);
	clock->calendar = isnull ? NULL : TextDatumGetCString(value);
	clock->target = column_interval(tuple, tupdesc, "target");
	clock->consumed = column_interval(tuple, tupdesc, "consumed");
	clock->started_at = column_time(tuple, tupdesc, "started_at");
	clock->running_since = column_time(tuple, tupdesc, "running_since");
	clock->due_at = column_time(tuple, tupdesc, "due_at");
	clock->next_event_at = column_time(tuple, tupdesc, "next_event_at");
	clock->breached_at = column_time(tuple, tupdesc, "breached_at");
	clock->finished_at = column_time(tuple, tupdesc, "finished_at");
	clock->warned = DatumGetInt16(column_value(tuple, tupdesc, "warned", &isnull));

	array = DatumGetArrayTypePCopy(column_value(tuple, tupdesc, "warn_at", &isnull));
	clock->nwarnings = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	clock->warn_at = (int16 *) ARR_DATA_PTR(array);

	array = DatumGetArrayTypeP(column_value(tuple, tupdesc, "paused_in", &isnull));
	deconstruct_array(array, enums.phase_type, sizeof(Oid), true, TYPALIGN_INT, &phases, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		for (int p = 0; p < ST_NUM_PHASES; p++)
		{
			if (enums.phase[p] == DatumGetObjectId(phases[i]))
				clock->paused_in |= 1 << p;
		}
	}
}

/* The rows that a SELECT has just given, palloc'd. */
static StClockRow *
read_rows(int *n)
{
	StClockRow *rows;

	*n = SPI_processed;
	rows = palloc(Max(1, *n) * sizeof(StClockRow));
	for (int i = 0; i < *n; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	tupdesc = SPI_tuptable->tupdesc;
		StClockTicket *ticket = &rows[i].ticket;
		bool		isnull;

		ticket->tenant_id = DatumGetTextPCopy(column_value(tuple, tupdesc, "tenant_id", &isnull));
		ticket->source_id = DatumGetInt32(column_value(tuple, tupdesc, "source_id", &isnull));
		ticket->ticket_key = DatumGetTextPCopy(column_value(tuple, tupdesc, "ticket_key", &isnull));
		ticket->priority = DatumGetInt16(column_value(tuple, tupdesc, "priority", &isnull));
		ticket->policy_id = DatumGetInt32(column_value(tuple, tupdesc, "policy_id", &isnull));
		read_clock(tuple, tupdesc, &rows[i].clock);
	}
	SPI_freetuptable(SPI_tuptable);
	return rows;
}

/* See sla_inner.h. */
StClockRow *
st_clock_rows(const char *condition, const char *tail, int nargs, Oid *types, Datum *values, int *n)
{
	char	   *sql = psprintf("SELECT * FROM triage.sla_clock WHERE %s %s", condition, tail);

	load_enums();
	if (SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read clocks");
	return read_rows(n);
}

/* Runs a statement whose plan is kept for the life of the backend. */
static void
run_kept(SPIPlanPtr *plan, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls, int expected)
{
	if (*plan == NULL)
	{
		SPIPlanPtr	made = SPI_prepare(sql, nargs, types);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare a statement on clocks: %s", SPI_result_code_string(SPI_result));
		*plan = made;
	}
	if (SPI_execute_plan(*plan, values, nulls, false, 0) != expected)
		elog(ERROR, "could not read or write clocks");
}

/* The clocks of a ticket, locked, palloc'd; between SPI_connect and SPI_finish. */
StClockRow *
st_clock_lock(const StClockTicket *ticket, int *n)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[] = {PointerGetDatum(ticket->tenant_id), Int32GetDatum(ticket->source_id),
	PointerGetDatum(ticket->ticket_key)};

	load_enums();
	run_kept(&plan, "SELECT * FROM triage.sla_clock WHERE " TICKET_IS " ORDER BY metric, cycle FOR UPDATE",
			 3, types, values, NULL, SPI_OK_SELECT);
	return read_rows(n);
}

/* Writes what changed of a clock; between SPI_connect and SPI_finish. */
void
st_clock_store(const StClockTicket *ticket, const StClock *clock)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID,
		INTERVALOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	INT2OID, INTERVALOID, TEXTOID};
	bool		running = clock->state == ST_CLOCK_RUNNING;
	Datum		values[] = {
		PointerGetDatum(ticket->tenant_id), Int32GetDatum(ticket->source_id),
		PointerGetDatum(ticket->ticket_key), CStringGetTextDatum(st_metric_names[clock->metric]),
		Int32GetDatum(clock->cycle), CStringGetTextDatum(st_clock_state_names[clock->state]),
		TimestampTzGetDatum(clock->running_since), st_interval_datum(clock->consumed),
		TimestampTzGetDatum(clock->due_at), TimestampTzGetDatum(clock->next_event_at),
		TimestampTzGetDatum(clock->breached_at), TimestampTzGetDatum(clock->finished_at),
		Int16GetDatum(clock->warned), st_interval_datum(clock->target),
		clock->calendar != NULL ? CStringGetTextDatum(clock->calendar) : (Datum) 0
	};
	static SPIPlanPtr plan = NULL;
	char		nulls[] = "               ";

	nulls[6] = running ? ' ' : 'n';
	nulls[8] = clock->due_at != 0 ? ' ' : 'n';
	nulls[9] = clock->next_event_at != 0 ? ' ' : 'n';
	nulls[10] = clock->breached_at != 0 ? ' ' : 'n';
	nulls[11] = clock->finished_at != 0 ? ' ' : 'n';
	nulls[14] = clock->calendar != NULL ? ' ' : 'n';
	st_wake_worker();
	run_kept(&plan, "UPDATE triage.sla_clock SET state = $6::triage.clock_state,"
			 " running_since = $7, consumed = $8, due_at = $9, next_event_at = $10,"
			 " breached_at = $11, finished_at = $12, warned = $13,"
			 " target = $14, calendar = $15 WHERE " CLOCK_IS,
			 lengthof(types), types, values, nulls, SPI_OK_UPDATE);
}

/* Writes which policy a clock is of now, and what it takes from it. */
void
st_clock_store_promise(const StClockTicket *ticket, const StClock *clock, const StPolicy *policy)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, TEXTOID, INT4OID, INT4OID, INT4OID, INT2OID, INT2ARRAYOID,
	get_array_type(enums.phase_type)};
	Datum		values[] = {
		PointerGetDatum(ticket->tenant_id), Int32GetDatum(ticket->source_id),
		PointerGetDatum(ticket->ticket_key), CStringGetTextDatum(st_metric_names[clock->metric]),
		Int32GetDatum(clock->cycle), Int32GetDatum(policy->policy_id), Int32GetDatum(policy->version),
		Int16GetDatum(ticket->priority), warnings_datum(clock), phases_datum(clock->paused_in)
	};

	run_kept(&plan, "UPDATE triage.sla_clock SET policy_id = $6, policy_version = $7, priority = $8,"
			 " warn_at = $9, paused_in = $10 WHERE " CLOCK_IS,
			 lengthof(types), types, values, NULL, SPI_OK_UPDATE);
	st_clock_store(ticket, clock);
}

/* A metric that replies are promised by: it ends with the ticket. */
bool
st_metric_of_replies(StMetric metric)
{
	return metric == ST_FIRST_REPLY || metric == ST_NEXT_REPLY || metric == ST_PERIODIC_UPDATE;
}

/*
 * st_clocks_status
 *		The ticket's phase became another: clocks stand still, run on or end;
 *		those that a solved ticket ended run on when it is reopened, except those
 *		of replies.
 */
void
st_clocks_status(const StClockTicket *ticket, StPhase phase, TimestampTz at)
{
	int			n;
	StClockRow *rows = st_clock_lock(ticket, &n);

	for (int i = 0; i < n; i++)
	{
		StClock    *clock = &rows[i].clock;
		StClock		before = *clock;
		bool		ended = clock->state == ST_CLOCK_MET || clock->state == ST_CLOCK_CANCELLED;

		if (phase == ST_PHASE_SOLVED)
		{
			if (!ended)
				st_clock_finish(clock, st_metric_of_replies(clock->metric) ? ST_CLOCK_CANCELLED : ST_CLOCK_MET, at);
		}
		else if (ended && st_metric_of_replies(clock->metric))
			continue;
		else if (clock->paused_in & 1 << phase)
		{
			if (ended)
			{
				clock->state = ST_CLOCK_PAUSED;
				clock->finished_at = 0;
			}
			st_clock_pause(clock, at);
		}
		else
			st_clock_run(clock, at);

		if (clock->state != before.state)
			st_clock_store(ticket, clock);
	}
}

/* Begins the next cycle of a metric, if the ticket's policy promises it. */
static void
begin_cycle(const StClockTicket *ticket, StMetric metric, int32 cycle, TimestampTz at)
{
	StTableWriter *writer;
	const StPolicy *policy;
	const StTarget *target;
	StClock		clock;

	policy = st_policy_by_id(ticket->policy_id);
	target = policy == NULL ? NULL : st_policy_target(policy, metric, ticket->priority);
	if (target == NULL)
		return;

	st_clock_begin(&clock, policy, target, cycle, at, ST_PHASE_OPEN);
	writer = st_clock_writer_begin();
	st_clock_add(writer, ticket, policy, &clock);
	st_table_writer_end(writer);
}

/*
 * st_clocks_message
 *		Somebody wrote.  An agent's reply satisfies what was promised by reply
 *		and begins the time to the next update; a customer's message begins the
 *		time to the next reply, unless an earlier one waits for it.  Bots and
 *		systems neither satisfy nor begin anything.
 */
void
st_clocks_message(const StClockTicket *ticket, StAuthorKind author, TimestampTz at)
{
	StClockTicket whose = *ticket;
	StClockRow *rows;
	int			n;
	int32		cycles[ST_NUM_METRICS] = {0};
	bool		going[ST_NUM_METRICS] = {false};

	if (author == ST_AUTHOR_BOT || author == ST_AUTHOR_SYSTEM)
		return;

	rows = st_clock_lock(ticket, &n);
	if (n > 0 && whose.policy_id == 0)
	{
		whose.policy_id = rows[0].ticket.policy_id;
		whose.priority = rows[0].ticket.priority;
	}
	for (int i = 0; i < n; i++)
	{
		StClock    *clock = &rows[i].clock;
		bool		ended = clock->state == ST_CLOCK_MET || clock->state == ST_CLOCK_CANCELLED;

		cycles[clock->metric] = Max(cycles[clock->metric], clock->cycle);
		if (ended || !st_metric_of_replies(clock->metric))
			continue;
		if (author == ST_AUTHOR_AGENT)
		{
			st_clock_finish(clock, ST_CLOCK_MET, at);
			st_clock_store(ticket, clock);
		}
		else
			going[clock->metric] = true;
	}

	if (author == ST_AUTHOR_AGENT)
		begin_cycle(&whose, ST_PERIODIC_UPDATE, cycles[ST_PERIODIC_UPDATE] + 1, at);
	else if (!going[ST_FIRST_REPLY] && !going[ST_NEXT_REPLY])
		begin_cycle(&whose, ST_NEXT_REPLY, cycles[ST_NEXT_REPLY] + 1, at);
}
