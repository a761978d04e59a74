/*-------------------------------------------------------------------------
 *
 * agent_presence.c
 *		Who is there: heartbeats, what agents say, and coming back.
 *
 * A presence that has an end and is past it counts as not being there from
 * that moment on; the tick then makes it "lost" and returns the tickets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

PG_FUNCTION_INFO_V1(st_agent_heartbeat);
PG_FUNCTION_INFO_V1(st_set_presence);

#define PRESENCE_COLUMNS "p.agent_id, p.presence::pg_catalog.text, p.since, p.expires_at"

static StKept read_one = {
	"SELECT " PRESENCE_COLUMNS " FROM triage.agent_presence p WHERE p.agent_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}
};

static StKept read_all = {
	"SELECT " PRESENCE_COLUMNS " FROM triage.agent_presence p"
};

static StKept lock_one = {
	"SELECT " PRESENCE_COLUMNS " FROM triage.agent_presence p WHERE p.agent_id OPERATOR(pg_catalog.=) $1 FOR UPDATE",
	1, {INT4OID}
};

static StKept insert_one = {
	"INSERT INTO triage.agent_presence (agent_id, presence, since, seen_at)"
	" VALUES ($1, 'lost', $2, $2) ON CONFLICT DO NOTHING",
	2, {INT4OID, TIMESTAMPTZOID}
};

static StKept update_one = {
	"UPDATE triage.agent_presence SET presence = $2::triage.presence, since = $3, seen_at = $4, expires_at = $5"
	" WHERE agent_id OPERATOR(pg_catalog.=) $1",
	5, {INT4OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
};

/* A row of what the last statement gave. */
static void
read_row(int i, TimestampTz now, StPresence *presence)
{
	bool		isnull;
	TimestampTz expires_at;

	presence->agent_id = DatumGetInt32(st_kept_value(i, 1, &isnull));
	strlcpy(presence->word, TextDatumGetCString(st_kept_value(i, 2, &isnull)), sizeof(presence->word));
	presence->known = true;
	presence->since = DatumGetTimestampTz(st_kept_value(i, 3, &isnull));
	expires_at = DatumGetTimestampTz(st_kept_value(i, 4, &isnull));
	presence->expired = !isnull && expires_at <= now && strcmp(presence->word, "offline") != 0 &&
		strcmp(presence->word, "lost") != 0;
	if (presence->expired)
		presence->since = expires_at;
	presence->available = !presence->expired && strcmp(presence->word, "available") == 0;
}

/* Whether an agent is there; between SPI_connect and SPI_finish. */
void
st_presence_read(int32 agent_id, TimestampTz now, StPresence *presence)
{
	Datum		value = Int32GetDatum(agent_id);

	memset(presence, 0, sizeof(*presence));
	presence->agent_id = agent_id;
	if (st_kept_run(&read_one, &value, NULL) > 0)
		read_row(0, now, presence);
}

/* All who have ever said that they are there; palloc'd in SPI's context. */
StPresence *
st_presence_all(TimestampTz now, int *n)
{
	StPresence *all;

	*n = (int) st_kept_run(&read_all, NULL, NULL);
	all = palloc0(Max(1, *n) * sizeof(StPresence));
	for (int i = 0; i < *n; i++)
		read_row(i, now, &all[i]);
	return all;
}

/* Whether an agent could be given a ticket now, room apart; between SPI_connect and SPI_finish. */
bool
st_agent_is_there(const StAgent *agent, TimestampTz now)
{
	StPresence	presence;

	if (!agent->active || st_agent_is_on_leave(agent, now) || !st_agent_is_on_shift(agent, now))
		return false;
	st_presence_read(agent->agent_id, now, &presence);
	return presence.available;
}

/* Back after a long absence: only so many tickets in the first hour. */
static void
ramp_in(const StAgent *agent, TimestampTz now)
{
	StFloor		floor;
	StLoad		load;

	st_floor_open(&floor);
	st_load_read(&floor, agent->agent_id, &load);
	st_load_lock(&floor, &load, LockWaitBlock);
	load.ramp_left = agent->ramp_in;
	load.ramp_until = now + USECS_PER_HOUR;
	st_load_write(&floor, &load);
	st_floor_close(&floor);
}

/*
 * Writes what an agent is from now on: word NULL is a heartbeat, which makes
 * available who was not there without saying so, and leaves others what they are.
 */
static void
say(const StAgent *agent, const char *word, const Interval *expires_in)
{
	TimestampTz now = st_now();
	StPresence	before;
	Datum		values[5] = {Int32GetDatum(agent->agent_id), TimestampTzGetDatum(now)};
	char		nulls[] = "     ";
	bool		is_new;

	SPI_connect();
	is_new = st_kept_run(&insert_one, values, NULL) > 0;
	if (st_kept_run(&lock_one, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("agent \"%s\" does not exist", agent->name)));
	memset(&before, 0, sizeof(before));
	read_row(0, now, &before);

	if (word == NULL)
		word = before.expired || strcmp(before.word, "lost") == 0 ? "available" : before.word;
	values[1] = CStringGetTextDatum(word);
	values[2] = TimestampTzGetDatum(before.expired || strcmp(before.word, word) != 0 ? now : before.since);
	values[3] = TimestampTzGetDatum(now);
	if (expires_in == NULL || strcmp(word, "offline") == 0)
		nulls[4] = 'n';
	else
		values[4] = DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now),
										IntervalPGetDatum(unconstify(Interval *, expires_in)));
	st_kept_run(&update_one, values, nulls);

	if (strcmp(word, "available") == 0 && !before.available && agent->ramp_in >= 0 &&
		(is_new || now - before.since >= agent->ramp_after))
		ramp_in(agent, now);
	SPI_finish();
}

static const Interval *
expiry_argument(FunctionCallInfo fcinfo, int arg)
{
	const Interval *interval;

	if (PG_ARGISNULL(arg))
		return NULL;
	interval = PG_GETARG_INTERVAL_P(arg);
	if (interval->time + (interval->month * (int64) DAYS_PER_MONTH + interval->day) * USECS_PER_DAY <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a presence must expire in the future"),
				 errhint("Give the time after which an agent who is not heard of counts as gone, such as '2 minutes'.")));
	return interval;
}

static const StAgent *
agent_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the agent must not be null")));
	return st_agent_need(text_to_cstring(PG_GETARG_TEXT_PP(0)));
}

/* triage.agent_heartbeat(agent, expires_in) */
Datum
st_agent_heartbeat(PG_FUNCTION_ARGS)
{
	const StAgent *agent = agent_argument(fcinfo);

	st_need_write("triage.agent_heartbeat()");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the expiry of a heartbeat must not be null"),
				 errhint("triage.set_presence sets one that does not expire.")));
	say(agent, NULL, expiry_argument(fcinfo, 1));
	PG_RETURN_VOID();
}

/* triage.set_presence(agent, presence, expires_in) */
Datum
st_set_presence(PG_FUNCTION_ARGS)
{
	const StAgent *agent = agent_argument(fcinfo);
	char	   *word;

	st_need_write("triage.set_presence()");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the presence must not be null")));
	word = DatumGetCString(DirectFunctionCall1(enum_out, PG_GETARG_DATUM(1)));
	if (strcmp(word, "lost") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an agent cannot be set to \"lost\""),
				 errhint("That is what becomes of a presence that expires; say available, away or offline.")));
	say(agent, word, expiry_argument(fcinfo, 2));
	st_wake_worker();
	PG_RETURN_VOID();
}
