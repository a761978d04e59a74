/*-------------------------------------------------------------------------
 *
 * assignment_ticket.c
 *		What happens to tickets that have an owner: given back, solved,
 *		reopened; and to all those of an agent who is gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

PG_FUNCTION_INFO_V1(st_release_ticket);
PG_FUNCTION_INFO_V1(st_complete_ticket);
PG_FUNCTION_INFO_V1(st_reopen_ticket);
PG_FUNCTION_INFO_V1(st_release_agent);
PG_FUNCTION_INFO_V1(st_return_lost_tickets_sql);

/* What a ticket takes back to its queue, as read_row reads it. */
#define ROW_COLUMNS \
	" assignment_id, tenant_id, source_id, ticket_key, queue_id, rank, since, priority, units, channel," \
	" language, skills, skill_levels, skill_drop_after, agent_id"

#define CLOSE \
	"UPDATE triage.assignment SET released_at = GREATEST($4, assigned_at), released_why = $5 WHERE released_at IS NULL AND "

static StKept find_owner = {
	"SELECT agent_id FROM triage.assignment WHERE " ST_TICKET_IS("") " AND released_at IS NULL",
	3, {TEXTOID, INT4OID, TEXTOID}
};

static StKept close_one = {
	CLOSE ST_TICKET_IS("") " AND agent_id OPERATOR(pg_catalog.=) $6 RETURNING" ROW_COLUMNS,
	6, {TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, INT4OID}
};

static StKept close_all = {
	"UPDATE triage.assignment SET released_at = GREATEST($2, assigned_at), released_why = $3"
	" WHERE released_at IS NULL AND agent_id OPERATOR(pg_catalog.=) $1 RETURNING" ROW_COLUMNS,
	3, {INT4OID, TIMESTAMPTZOID, TEXTOID}
};

static StKept last_assignment = {
	"SELECT" ROW_COLUMNS " FROM triage.assignment WHERE " ST_TICKET_IS("")
	" ORDER BY assignment_id DESC LIMIT 1",
	3, {TEXTOID, INT4OID, TEXTOID}
};

static StKept does_wait = {
	"SELECT FROM triage.waiting WHERE " ST_TICKET_IS(""),
	3, {TEXTOID, INT4OID, TEXTOID}
};

static StKept lost_agents = {
	"SELECT p.agent_id FROM triage.agent_presence p"
	" WHERE p.presence OPERATOR(pg_catalog.=) ANY ('{available,away}'::triage.presence[])"
	" AND p.expires_at OPERATOR(pg_catalog.<=) $1 ORDER BY p.agent_id FOR UPDATE SKIP LOCKED",
	1, {TIMESTAMPTZOID}
};

static StKept set_lost = {
	"UPDATE triage.agent_presence SET presence = 'lost', since = expires_at WHERE agent_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}
};

static Datum
copied(int i, int column, int length, bool *isnull)
{
	Datum		value = st_kept_value(i, column, isnull);

	return *isnull ? (Datum) 0 : length == 0 ? value : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

/* A row of ROW_COLUMNS as one that waits, copied into the current context. */
static int32
read_row(int i, TimestampTz now, StWaiting *row)
{
	bool		isnull;

	memset(row, 0, sizeof(*row));
	row->waiting_id = DatumGetInt64(st_kept_value(i, 1, &isnull));
	row->tenant_id = (text *) DatumGetPointer(copied(i, 2, -1, &isnull));
	row->source_id = DatumGetInt32(st_kept_value(i, 3, &isnull));
	row->ticket_key = (text *) DatumGetPointer(copied(i, 4, -1, &isnull));
	row->queue_id = DatumGetInt32(st_kept_value(i, 5, &isnull));
	row->rank = DatumGetTimestampTz(st_kept_value(i, 6, &isnull));
	row->since = DatumGetTimestampTz(st_kept_value(i, 7, &isnull));
	row->queued_at = now;
	row->priority = DatumGetInt16(st_kept_value(i, 8, &isnull));
	row->units = DatumGetInt16(st_kept_value(i, 9, &isnull));
	row->channel = (text *) DatumGetPointer(copied(i, 10, -1, &isnull));
	row->language = (text *) DatumGetPointer(copied(i, 11, -1, &isnull));
	row->skills = copied(i, 12, -1, &isnull);
	row->skill_levels = copied(i, 13, -1, &isnull);
	row->skill_drop_after = copied(i, 14, -1, &isnull);
	return DatumGetInt32(st_kept_value(i, 15, &isnull));
}

static void
give_back(StLoad *load, const StWaiting *row)
{
	load->units = Max(0, load->units - row->units);
	load->tickets = Max(0, load->tickets - 1);
}

/* A ticket waits again, in its old place: before those of the same rank, which have a number before its new one. */
static void
wait_again(StTableWriter *writer, StWaiting *row)
{
	row->waiting_id = st_waiting_next_id();
	row->rank--;
	st_waiting_write(writer, row);
	st_alert_unless_somebody_could(row);
}

/*
 * Takes a ticket from its owner: *row is what it takes back to its queue.
 * Returns the number of the agent, 0 when it had no owner.  Between SPI_connect
 * and SPI_finish.
 */
static int32
close_ownership(Datum *key, const char *why, StWaiting *row)
{
	for (int tries = 0; tries < 10; tries++)
	{
		Datum		values[6] = {
			key[0], key[1], key[2], TimestampTzGetDatum(st_now()), CStringGetTextDatum(why)
		};
		StFloor		floor;
		StLoad		load;
		int32		agent_id;
		bool		isnull;
		bool		closed;

		CHECK_FOR_INTERRUPTS();
		if (st_kept_run(&find_owner, key, NULL) == 0)
			return 0;
		agent_id = DatumGetInt32(st_kept_value(0, 1, &isnull));
		values[5] = Int32GetDatum(agent_id);

		/* the load first: see assignment_inner.h */
		st_floor_open(&floor);
		st_load_read(&floor, agent_id, &load);
		if (load.exists)
			st_load_lock(&floor, &load, LockWaitBlock);
		closed = st_kept_run(&close_one, values, NULL) > 0;
		if (closed)
		{
			read_row(0, st_now(), row);
			give_back(&load, row);
			if (load.exists)
				st_load_write(&floor, &load);
		}
		st_floor_close(&floor);
		if (closed)
			return agent_id;
	}
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the ticket changes hands too often")));
	return 0;
}

/* See assignment.h. */
bool
st_ticket_release(text *tenant_id, int32 source_id, text *ticket_key, const char *why)
{
	Datum		key[3] = {PointerGetDatum(tenant_id), Int32GetDatum(source_id), PointerGetDatum(ticket_key)};
	StWaiting	row;
	bool		had;

	SPI_connect();
	had = close_ownership(key, why, &row) != 0;
	if (had)
	{
		StTableWriter *writer = st_waiting_table_writer();

		wait_again(writer, &row);
		st_table_writer_end(writer);
	}
	SPI_finish();
	st_claims_from_the_start();
	if (had)
		st_wake_worker();
	return had;
}

/* See assignment.h. */
bool
st_ticket_complete(text *tenant_id, int32 source_id, text *ticket_key, const char *why)
{
	Datum		key[3] = {PointerGetDatum(tenant_id), Int32GetDatum(source_id), PointerGetDatum(ticket_key)};
	StWaiting	row;
	bool		waited = false;
	bool		had = false;

	/*
	 * it may be claimed or given back while we look: then we waited for that,
	 * and look again
	 */
	for (int tries = 0; tries < 2 && !waited && !had; tries++)
	{
		SPI_connect();
		had = close_ownership(key, why, &row) != 0;
		SPI_finish();
		waited = st_waiting_remove(tenant_id, source_id, ticket_key);
	}
	if (had)
		st_wake_worker();
	return waited || had;
}

/* Gives a reopened ticket to the agent who had it, when they are there and have room. */
static bool
give_to(const StAgent *agent, const StWaiting *row, const char *why)
{
	StFloor		floor;
	StWorker	worker;
	bool		given = false;

	if (!st_agent_is_there(agent, st_now()))
		return false;
	st_floor_open(&floor);
	st_worker_init(&floor, &worker, agent);
	st_worker_lock(&floor, &worker, LockWaitBlock);
	if (st_worker_has_room(&floor, &worker, row) &&
		st_assignment_write(&floor, row, agent->agent_id, psprintf("%s: had it before", why)))
	{
		st_worker_took(&floor, &worker, row);
		st_load_write(&floor, &worker.load);
		given = true;
	}
	st_floor_close(&floor);
	return given;
}

/* See assignment.h. */
bool
st_ticket_reopen(text *tenant_id, int32 source_id, text *ticket_key, const char *why, char **agent_name)
{
	Datum		key[3] = {PointerGetDatum(tenant_id), Int32GetDatum(source_id), PointerGetDatum(ticket_key)};
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz now = st_now();
	const StQueueWait *queue;
	const StAgent *agent;
	StWaiting	row;
	bool		isnull;
	bool		known = true;

	*agent_name = NULL;
	SPI_connect();
	if (st_kept_run(&find_owner, key, NULL) > 0)
	{
		agent = st_agent_by_id(DatumGetInt32(st_kept_value(0, 1, &isnull)));
		if (agent != NULL)
			*agent_name = MemoryContextStrdup(caller, agent->name);
	}
	else if (st_kept_run(&does_wait, key, NULL) > 0)
		;
	else if (st_kept_run(&last_assignment, key, NULL) == 0)
		known = false;
	else
	{
		agent = st_agent_by_id(read_row(0, now, &row));
		queue = st_queue_wait(row.queue_id);
		row.waiting_id = st_waiting_next_id();
		row.since = now;
		row.rank = st_waiting_rank(now, row.priority, queue == NULL ? 10 : queue->ageing);
		if (agent != NULL && give_to(agent, &row, why))
			*agent_name = MemoryContextStrdup(caller, agent->name);
		else
		{
			StTableWriter *writer = st_waiting_table_writer();

			if (agent != NULL && agent->active)
				row.preferred_agent_id = agent->agent_id;
			st_waiting_write(writer, &row);
			st_table_writer_end(writer);
			st_alert_unless_somebody_could(&row);
		}
	}
	SPI_finish();
	st_claims_from_the_start();
	return known;
}

/*
 * st_agent_release_all
 *		Returns all tickets of an agent to their queues; how many there were.
 *		Between SPI_connect and SPI_finish.
 */
int
st_agent_release_all(const StAgent *agent, const char *why)
{
	TimestampTz now = st_now();
	Datum		values[3] = {
		Int32GetDatum(agent->agent_id), TimestampTzGetDatum(now), CStringGetTextDatum(why)
	};
	StFloor		floor;
	StLoad		load;
	StWaiting  *rows;
	int			n;

	st_floor_open(&floor);
	st_load_read(&floor, agent->agent_id, &load);
	if (!load.exists)
	{
		st_floor_close(&floor);
		return 0;
	}
	st_load_lock(&floor, &load, LockWaitBlock);
	n = (int) st_kept_run(&close_all, values, NULL);
	rows = palloc(Max(1, n) * sizeof(StWaiting));
	for (int i = 0; i < n; i++)
		read_row(i, now, &rows[i]);
	if (n > 0)
	{
		StTableWriter *writer = st_waiting_table_writer();

		for (int i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			give_back(&load, &rows[i]);
			wait_again(writer, &rows[i]);
		}
		st_table_writer_end(writer);
		st_load_write(&floor, &load);
	}
	st_floor_close(&floor);
	st_claims_from_the_start();
	return n;
}

/* See assignment.h. */
int
st_return_lost_tickets(void)
{
	Datum		now = TimestampTzGetDatum(st_now());
	int32	   *lost;
	int			nlost;
	int			n = 0;

	SPI_connect();
	nlost = (int) st_kept_run(&lost_agents, &now, NULL);
	lost = palloc(Max(1, nlost) * sizeof(int32));
	for (int i = 0; i < nlost; i++)
	{
		bool		isnull;

		lost[i] = DatumGetInt32(st_kept_value(i, 1, &isnull));
	}
	for (int i = 0; i < nlost; i++)
	{
		const StAgent *agent = st_agent_by_id(lost[i]);
		Datum		value = Int32GetDatum(lost[i]);

		st_kept_run(&set_lost, &value, NULL);
		if (agent != NULL)
			n += st_agent_release_all(agent, "the agent was not heard of");
	}
	SPI_finish();
	return n;
}

/* ---- as SQL functions ---- */

static void
need_ticket(FunctionCallInfo fcinfo, const char *function)
{
	static const char *const names[] = {"tenant", "source", "ticket key", "reason"};

	st_need_write(function);
	for (int i = 0; i < 4; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the %s must not be null", names[i])));
	}
	st_need_rights("agent_work", ACL_SELECT | ACL_UPDATE);
	st_need_rights("assignment", ACL_SELECT | ACL_UPDATE);
	st_need_rights("waiting", ACL_SELECT | ACL_INSERT | ACL_DELETE);
	st_require_tenant(PG_GETARG_TEXT_PP(0));
}

/* triage.release_ticket(tenant_id, source_id, ticket_key, why) */
Datum
st_release_ticket(PG_FUNCTION_ARGS)
{
	need_ticket(fcinfo, "triage.release_ticket()");
	if (!st_ticket_release(PG_GETARG_TEXT_PP(0), PG_GETARG_INT32(1), PG_GETARG_TEXT_PP(2),
						   text_to_cstring(PG_GETARG_TEXT_PP(3))))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("ticket \"%s\" has no owner", text_to_cstring(PG_GETARG_TEXT_PP(2))),
				 errhint("triage.assignment has those that have one: the rows without released_at.")));
	PG_RETURN_VOID();
}

/* triage.complete_ticket(tenant_id, source_id, ticket_key, why) */
Datum
st_complete_ticket(PG_FUNCTION_ARGS)
{
	need_ticket(fcinfo, "triage.complete_ticket()");
	PG_RETURN_BOOL(st_ticket_complete(PG_GETARG_TEXT_PP(0), PG_GETARG_INT32(1), PG_GETARG_TEXT_PP(2),
									  text_to_cstring(PG_GETARG_TEXT_PP(3))));
}

/* triage.reopen_ticket(tenant_id, source_id, ticket_key, why): the agent who got it; NULL: it waits */
Datum
st_reopen_ticket(PG_FUNCTION_ARGS)
{
	char	   *agent;

	need_ticket(fcinfo, "triage.reopen_ticket()");
	st_need_rights("assignment", ACL_INSERT);
	if (!st_ticket_reopen(PG_GETARG_TEXT_PP(0), PG_GETARG_INT32(1), PG_GETARG_TEXT_PP(2),
						  text_to_cstring(PG_GETARG_TEXT_PP(3)), &agent))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("ticket \"%s\" never had an owner", text_to_cstring(PG_GETARG_TEXT_PP(2))),
				 errhint("triage.enqueue_ticket puts a ticket into a queue.")));
	if (agent == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(agent));
}

/* triage.release_agent(agent, why): how many tickets */
Datum
st_release_agent(PG_FUNCTION_ARGS)
{
	const StAgent *agent;
	int			n;

	st_need_write("triage.release_agent()");
	st_require_all_tenants("triage.release_agent()");
	st_need_rights("agent_work", ACL_SELECT | ACL_UPDATE);
	st_need_rights("waiting", ACL_INSERT);
	agent = st_agent_need(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	SPI_connect();
	n = st_agent_release_all(agent, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	SPI_finish();
	PG_RETURN_INT32(n);
}

/* triage.return_lost_tickets() */
Datum
st_return_lost_tickets_sql(PG_FUNCTION_ARGS)
{
	st_need_write("triage.return_lost_tickets()");
	st_require_all_tenants("triage.return_lost_tickets()");
	st_need_rights("agent_work", ACL_SELECT | ACL_UPDATE);
	st_need_rights("waiting", ACL_INSERT);
	PG_RETURN_INT32(st_return_lost_tickets());
}
