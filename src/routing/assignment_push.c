/*-------------------------------------------------------------------------
 *
 * assignment_push.c
 *		Giving tickets to agents who are there, and telling who could take a
 *		ticket and who not, and why.
 *
 * Tickets of all queues are looked at in the order of their rank.  Each goes to
 * the agent who had it before, if they may take it; else to the one for whom
 * the queue comes first, who has most of what it needs (also of what no longer
 * counts), the greatest share of capacity left, and has been without a new
 * ticket for longest.  An agent whose load another session holds is passed over:
 * nobody waits for anybody here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_scan.h"

PG_FUNCTION_INFO_V1(st_assign_tickets_sql);
PG_FUNCTION_INFO_V1(st_ticket_agents);

#define MAX_BATCH		10000

/* Who is there, with what they have. */
typedef struct Crew
{
	StFloor    *floor;
	int			n;
	StWorker   *workers;
	bool	   *busy;			/* another session holds the load */
	int			roomy;			/* workers who have any room */
	HTAB	   *hopeless;		/* hashes of needs that nobody of them meets */
} Crew;

static void
gather(Crew *crew, StFloor *floor)
{
	HASHCTL		ctl = {.keysize = sizeof(uint64),.entrysize = sizeof(uint64),.hcxt = CurrentMemoryContext};
	StPresence *all;
	int			n;

	crew->floor = floor;
	crew->n = crew->roomy = 0;
	crew->hopeless = hash_create("support_triage hopeless", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	all = st_presence_all(floor->now, &n);
	crew->workers = palloc0(Max(1, n) * sizeof(StWorker));
	crew->busy = palloc0(Max(1, n) * sizeof(bool));
	for (int i = 0; i < n; i++)
	{
		const StAgent *agent = all[i].available ? st_agent_by_id(all[i].agent_id) : NULL;
		StWorker   *worker = &crew->workers[crew->n];

		if (agent == NULL || !agent->active || agent->nqueues == 0 ||
			st_agent_is_on_leave(agent, floor->now) || !st_agent_is_on_shift(agent, floor->now))
			continue;
		st_worker_init(floor, worker, agent);
		if (st_worker_spare(worker, floor->now) == 0)
			continue;
		crew->n++;
		crew->roomy++;
	}
}

static int32
queue_position(const StAgent *agent, int32 queue_id)
{
	for (int i = 0; i < agent->nqueues; i++)
	{
		if (agent->queues[i].queue_id == queue_id)
			return agent->queues[i].position;
	}
	return PG_INT32_MAX;
}

/* How one agent compares with another for a ticket. */
typedef struct Fit
{
	bool		preferred;
	int32		position;
	int			met;
	float8		share;
	TimestampTz last_at;
} Fit;

static bool
fits_better(const Fit *a, const Fit *b)
{
	if (a->preferred != b->preferred)
		return a->preferred;
	if (a->position != b->position)
		return a->position < b->position;
	if (a->met != b->met)
		return a->met > b->met;
	if (a->share != b->share)
		return a->share > b->share;
	return a->last_at < b->last_at;
}

/* The best of the crew for a ticket, -1 when nobody may take it. */
static int
choose(Crew *crew, const StWaiting *row, const StQueueWait *queue, Fit *best_fit)
{
	StNeeds		needs;
	int			best = -1;

	st_needs_read(&needs, row);
	for (int i = 0; i < crew->n; i++)
	{
		StWorker   *worker = &crew->workers[i];
		const StAgent *agent = worker->agent;
		int			spare = st_worker_spare(worker, crew->floor->now);
		Fit			fit;

		if (crew->busy[i] || spare == 0 ||
			st_agent_match(agent, row, &needs, queue, crew->floor->now, &fit.met, NULL) != ST_MATCH)
			continue;
		fit.preferred = agent->agent_id == row->preferred_agent_id;
		fit.position = queue_position(agent, row->queue_id);
		fit.share = (float8) spare / agent->capacity;
		fit.last_at = worker->load.last_assigned_at;
		if ((best < 0 || fits_better(&fit, best_fit)) && st_worker_has_room(crew->floor, worker, row))
		{
			best = i;
			*best_fit = fit;
		}
	}
	return best;
}

/*
 * Gives a ticket to the best agent there is; false when there is none, or it is
 * gone.  Where many tickets need what nobody has who is there, or has room, that
 * is found out once: nobody gets more room or skills meanwhile.  Not for needs
 * that waiting drops, because tickets have waited for different times.
 */
static bool
assign(Crew *crew, const StWaiting *row)
{
	const StQueueWait *queue = st_queue_wait(row->queue_id);
	bool		fixed = row->skill_drop_after == 0 && (queue == NULL || queue->language_after < 0);
	uint64		hash = fixed ? st_needs_hash(row) : 0;
	Fit			fit = {0};
	int			i;

	if (fixed && hash_search(crew->hopeless, &hash, HASH_FIND, NULL) != NULL)
		return false;
	while ((i = choose(crew, row, queue, &fit)) >= 0)
	{
		StWorker   *worker = &crew->workers[i];
		int			spare;

		if (!worker->load.locked)
		{
			if (!st_worker_lock(crew->floor, worker, LockWaitSkip))
			{
				crew->busy[i] = true;
				crew->roomy--;
				continue;
			}

			/* they may have more by now than we thought: choose again */
			if (st_worker_spare(worker, crew->floor->now) == 0)
				crew->roomy--;
			continue;
		}

		spare = st_worker_spare(worker, crew->floor->now);
		if (!st_waiting_take(crew->floor, row))
			return false;
		if (!st_assignment_write(crew->floor, row, worker->agent->agent_id,
								 psprintf("assigned: %s%d of %d units free",
										  fit.preferred ? "had it before, " : "", spare, worker->agent->capacity)))
			return false;
		st_worker_took(crew->floor, worker, row);
		if (st_worker_spare(worker, crew->floor->now) == 0)
			crew->roomy--;
		return true;
	}
	if (fixed)
		hash_search(crew->hopeless, &hash, HASH_ENTER, NULL);
	return false;
}

/* Whether anybody of the crew serves a queue. */
static bool
is_served(const Crew *crew, int32 queue_id)
{
	for (int i = 0; i < crew->n; i++)
	{
		if (st_agent_serves(crew->workers[i].agent, queue_id))
			return true;
	}
	return false;
}

/* See assignment.h. */
int
st_assign_tickets(int batch)
{
	const StQueueWait *queues;
	StQueueScan *scans;
	StWaiting  *rows;
	bool	   *have;
	MemoryContext scratch;
	StFloor		floor;
	Crew		crew;
	int			nqueues;
	int			nscans = 0;
	int			n = 0;

	SPI_connect();
	scratch = AllocSetContextCreate(CurrentMemoryContext, "support_triage assignment", ALLOCSET_DEFAULT_SIZES);
	st_floor_open(&floor);
	gather(&crew, &floor);
	queues = st_queue_waits(&nqueues);
	scans = palloc(Max(1, nqueues) * sizeof(StQueueScan));
	rows = palloc(Max(1, nqueues) * sizeof(StWaiting));
	have = palloc(Max(1, nqueues) * sizeof(bool));
	for (int i = 0; i < nqueues && crew.roomy > 0; i++)
	{
		if (!is_served(&crew, queues[i].queue_id))
			continue;
		st_queue_scan_begin(&scans[nscans], &floor, queues[i].queue_id, false, 0, 0);
		have[nscans] = st_queue_scan_next(&scans[nscans], &rows[nscans]);
		nscans++;
	}

	while (n < batch && crew.roomy > 0)
	{
		MemoryContext old;
		int			best = -1;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < nscans; i++)
		{
			if (have[i] && (best < 0 || rows[i].rank < rows[best].rank ||
							(rows[i].rank == rows[best].rank && rows[i].waiting_id < rows[best].waiting_id)))
				best = i;
		}
		if (best < 0)
			break;
		old = MemoryContextSwitchTo(scratch);
		n += assign(&crew, &rows[best]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		have[best] = st_queue_scan_next(&scans[best], &rows[best]);
	}

	for (int i = 0; i < nscans; i++)
		st_queue_scan_end(&scans[i]);
	for (int i = 0; i < crew.n; i++)
	{
		if (crew.workers[i].changed)
			st_load_write(&floor, &crew.workers[i].load);
	}
	st_floor_close(&floor);
	SPI_finish();
	return n;
}

/* triage.assign_tickets(batch) */
Datum
st_assign_tickets_sql(PG_FUNCTION_ARGS)
{
	int			batch = PG_GETARG_INT32(0);

	st_need_write("triage.assign_tickets()");
	if (batch < 1 || batch > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the batch must be from 1 to %d", MAX_BATCH)));
	st_need_rights("waiting", ACL_SELECT | ACL_DELETE);
	st_need_rights("assignment", ACL_SELECT | ACL_INSERT);
	st_need_rights("agent_work", ACL_SELECT | ACL_UPDATE);
	st_require_all_tenants("triage.assign_tickets()");
	PG_RETURN_INT32(st_assign_tickets(batch));
}

/* ---- triage.ticket_agents ---- */

/* Why an agent does not get a ticket now, for people; NULL when they may. */
static const char *
why_not(StFloor *floor, StWorker *worker, const StPresence *presence, const StWaiting *row,
		const StNeeds *needs, int *met)
{
	const StAgent *agent = worker->agent;
	const StQueueWait *queue = st_queue_wait(row->queue_id);
	const char *lacks = NULL;

	if (!agent->active)
		return "is not active";
	switch (st_agent_match(agent, row, needs, queue, floor->now, met, &lacks))
	{
		case ST_MATCH_NOT_QUEUE:
			return "does not serve the queue";
		case ST_MATCH_NOT_LANGUAGE:
			return psprintf("does not write %s", text_to_cstring(row->language));
		case ST_MATCH_NOT_SKILL:
			return psprintf("lacks %s", lacks);
		case ST_MATCH_NOT_CAPACITY:
			return psprintf("has a capacity of %d, and it takes %d", agent->capacity, row->units);
		case ST_MATCH:
			break;
	}
	if (!presence->known)
		return "has not said to be there";
	if (presence->expired || strcmp(presence->word, "lost") == 0)
		return "was not heard of for too long";
	if (!presence->available)
		return psprintf("is %s", presence->word);
	if (st_agent_is_on_leave(agent, floor->now))
		return "is on leave";
	if (!st_agent_is_on_shift(agent, floor->now))
		return "is off shift";
	if (floor->now < worker->load.ramp_until && worker->load.ramp_left <= 0)
		return "has just come back, and had enough for the first hour";
	if (st_worker_spare(worker, floor->now) < row->units)
		return psprintf("has %d of %d units left, and it takes %d", Max(0, agent->capacity - worker->load.units),
						agent->capacity, row->units);
	if (!st_worker_has_room(floor, worker, row))
		return psprintf("has as many tickets of channel %s as they may", text_to_cstring(row->channel));
	return NULL;
}

/* triage.ticket_agents(tenant_id, source_id, ticket_key): each agent, and why they do not get it */
Datum
st_ticket_agents(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const StStaff *staff = st_staff();
	TupleTableSlot *slot;
	StFloor		floor;
	StWaiting	row;
	StNeeds		needs;

	st_need_rights("waiting", ACL_SELECT);
	st_need_rights("assignment", ACL_SELECT);
	st_need_rights("agent_work", ACL_SELECT);
	st_require_tenant(PG_GETARG_TEXT_PP(0));
	InitMaterializedSRF(fcinfo, 0);
	st_floor_open(&floor);
	slot = table_slot_create(floor.waiting, NULL);
	if (!st_waiting_find(&floor, PG_GETARG_TEXT_PP(0), PG_GETARG_INT32(1), PG_GETARG_TEXT_PP(2), slot, &row))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("ticket \"%s\" does not wait", text_to_cstring(PG_GETARG_TEXT_PP(2))),
				 errhint("triage.assignment tells who has it.")));
	st_needs_read(&needs, &row);
	for (int i = 0; i < staff->n; i++)
	{
		StWorker	worker;
		StPresence	presence;
		Datum		values[5];
		bool		nulls[5] = {false};
		const char *why;
		int			met = 0;

		CHECK_FOR_INTERRUPTS();
		st_worker_init(&floor, &worker, &staff->agents[i]);
		SPI_connect();
		st_presence_read(worker.agent->agent_id, floor.now, &presence);
		SPI_finish();
		why = why_not(&floor, &worker, &presence, &row, &needs, &met);
		values[0] = CStringGetTextDatum(worker.agent->name);
		values[1] = BoolGetDatum(why == NULL);
		nulls[2] = why == NULL;
		values[2] = why == NULL ? (Datum) 0 : CStringGetTextDatum(why);
		values[3] = Int32GetDatum(Max(0, worker.agent->capacity - worker.load.units));
		values[4] = Int32GetDatum(worker.load.tickets);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	ExecDropSingleTupleTableSlot(slot);
	st_floor_close(&floor);
	return (Datum) 0;
}
