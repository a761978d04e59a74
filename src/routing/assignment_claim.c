/*-------------------------------------------------------------------------
 *
 * assignment_claim.c
 *		triage.claim_ticket: the next ticket for an agent who asks for one.
 *
 * The best ticket is the first of the index (queue_id, rank, waiting_id) that
 * the agent may take and nobody else is taking.  At the head of that index lie
 * the entries of tickets that have gone, and tickets that this agent cannot
 * take; stepping over them is what a claim would spend its time on.  So each
 * backend remembers, for an agent and a queue, behind which entry the last
 * claim was found, and what it had cost to get there from the start.  The next
 * claims begin there, until as many have done so, or as much time has passed,
 * as makes another look from the start cheap in comparison; where little lies
 * at the head every claim looks from the start.  A look that finds nothing
 * behind the entry is repeated from the start, too.
 *
 * Nothing is written, and no lock taken, before there is a ticket to take.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/instrument.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_scan.h"

PG_FUNCTION_INFO_V1(st_claim_ticket);

#define MAX_BATCH		1000
#define MAX_PLACES		1000

/* From how many pages on it pays to remember a place, and how long for. */
#define CHEAP_PAGES		32
#define PAGES_A_CLAIM	2
#define USECS_A_PAGE	100
#define MAX_USECS		USECS_PER_SEC

typedef struct Place
{
	struct
	{
		int32		agent_id;
		int32		queue_id;
	}			key;
	bool		valid;
	TimestampTz rank;			/* of the entry behind which to look */
	int64		waiting_id;
	int64		pages;			/* what the way there cost from the start */
	int			claims;			/* since then */
	TimestampTz looked_at;		/* from the start */
} Place;

static HTAB *places = NULL;

/* What the queues of an agent that have the same position are read with. */
typedef struct Claim
{
	StFloor    *floor;
	StWorker	worker;
	int			nscans;
	StQueueScan *scans;
	Place	  **places;			/* of each scan */
	StWaiting  *rows;			/* the next that the agent may take */
	bool	   *have;
	bool	   *from_start;
	int64	   *pages;			/* what the way to the first one cost */
} Claim;

static int64
pages_read(void)
{
	return pgBufferUsage.shared_blks_hit + pgBufferUsage.shared_blks_read;
}

/* What was claimed and rolled back must be found again. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		st_claims_from_the_start();
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		st_claims_from_the_start();
}

/* See assignment_inner.h. */
void
st_claims_from_the_start(void)
{
	HASH_SEQ_STATUS status;
	Place	   *place;

	if (places == NULL || hash_get_num_entries(places) == 0)
		return;
	hash_seq_init(&status, places);
	while ((place = hash_seq_search(&status)) != NULL)
		place->valid = false;
}

static Place *
find_place(int32 agent_id, int32 queue_id)
{
	Place		wanted = {.key = {agent_id, queue_id}};
	static bool registered = false;
	Place	   *place;
	bool		found;

	if (places == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(wanted.key),.entrysize = sizeof(Place),.hcxt = TopMemoryContext};

		places = hash_create("support_triage claims", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		if (!registered)
		{
			RegisterXactCallback(at_transaction_end, NULL);
			RegisterSubXactCallback(at_subtransaction_end, NULL);
			registered = true;
		}
	}
	place = hash_search(places, &wanted.key, HASH_ENTER, &found);
	if (!found)
		place->valid = false;
	return place;
}

/* Whether the next look begins behind the place. */
static bool
place_holds(const Place *place)
{
	return place->valid && place->claims * PAGES_A_CLAIM < place->pages &&
		!TimestampDifferenceExceeds(place->looked_at, GetCurrentTimestamp(),
									(int) (Min(place->pages * USECS_A_PAGE, MAX_USECS) / 1000 + 1));
}

/* The next ticket of a queue that the agent may take, whatever others do. */
static void
advance(Claim *claim, int i)
{
	const StAgent *agent = claim->worker.agent;
	const StQueueWait *queue = st_queue_wait(claim->scans[i].queue_id);

	claim->have[i] = false;
	while (st_queue_scan_next(&claim->scans[i], &claim->rows[i]))
	{
		StWaiting  *row = &claim->rows[i];
		StNeeds		needs;

		if (!st_caller_sees_tenant(row->tenant_id))
			continue;
		st_needs_read(&needs, row);
		if (st_agent_match(agent, row, &needs, queue, claim->floor->now, NULL, NULL) == ST_MATCH &&
			st_worker_has_room(claim->floor, &claim->worker, row))
		{
			claim->have[i] = true;
			return;
		}
	}
}

/* The queue whose next ticket comes first; -1 when there is none. */
static int
first_of(const Claim *claim)
{
	int			best = -1;

	for (int i = 0; i < claim->nscans; i++)
	{
		const StWaiting *row = &claim->rows[i];

		if (claim->have[i] && (best < 0 || row->rank < claim->rows[best].rank ||
							   (row->rank == claim->rows[best].rank && row->waiting_id < claim->rows[best].waiting_id)))
			best = i;
	}
	return best;
}

/*
 * Locks the agent's load.  What was known of it, and of channels, is known anew.
 * False when the agent has no room left at all.
 */
static bool
lock_worker(Claim *claim)
{
	StWorker   *worker = &claim->worker;

	st_worker_lock(claim->floor, worker, LockWaitBlock);
	return st_worker_spare(worker, claim->floor->now) > 0;
}

/* Gives a ticket to the agent; false when another takes it, or it does not fit any more. */
static bool
take(Claim *claim, const StWaiting *row, const char *reason)
{
	if (!lock_worker(claim) || !st_worker_has_room(claim->floor, &claim->worker, row) ||
		!st_waiting_take(claim->floor, row))
		return false;

	/* a ticket that has an owner already does not wait: its row is gone now */
	if (!st_assignment_write(claim->floor, row, claim->worker.agent->agent_id, reason))
		return false;
	st_worker_took(claim->floor, &claim->worker, row);
	return true;
}

/* Where the next claim of this agent from this queue begins. */
static void
remember(Claim *claim, int i)
{
	Place	   *place = claim->places[i];

	if (claim->from_start[i])
	{
		place->pages = claim->pages[i];
		place->claims = 0;
		place->looked_at = GetCurrentTimestamp();
		place->valid = place->pages >= CHEAP_PAGES && claim->nscans == 1;
	}
	else
		place->claims++;
	place->rank = claim->rows[i].rank;
	place->waiting_id = claim->rows[i].waiting_id;
}

/* Opens the queues that an agent serves from first up to before after. */
static void
open_scans(Claim *claim, int first, int after, bool from_start)
{
	const StAgent *agent = claim->worker.agent;

	claim->nscans = after - first;
	for (int i = 0; i < claim->nscans; i++)
	{
		int32		queue_id = agent->queues[first + i].queue_id;
		Place	   *place = find_place(agent->agent_id, queue_id);
		int64		before = pages_read();

		claim->places[i] = place;
		claim->from_start[i] = from_start || !place_holds(place);
		st_queue_scan_begin(&claim->scans[i], claim->floor, queue_id, !claim->from_start[i],
							place->rank, place->waiting_id);
		advance(claim, i);
		claim->pages[i] = pages_read() - before;
	}
}

static void
close_scans(Claim *claim)
{
	for (int i = 0; i < claim->nscans; i++)
		st_queue_scan_end(&claim->scans[i]);
	claim->nscans = 0;
}

typedef void (*Taken) (const StWaiting *row, void *arg);

/* Tickets from queues of the same position; returns how many were taken. */
static int
claim_from(Claim *claim, int first, int after, int batch, Taken taken, void *arg)
{
	int			n = 0;
	bool		from_start = false;

	for (;;)
	{
		bool		whole = true;
		int			i;

		open_scans(claim, first, after, from_start);
		for (int s = 0; s < claim->nscans; s++)
			whole &= claim->from_start[s];
		while (n < batch && (i = first_of(claim)) >= 0)
		{
			CHECK_FOR_INTERRUPTS();
			if (take(claim, &claim->rows[i], "claimed"))
			{
				remember(claim, i);
				taken(&claim->rows[i], arg);
				n++;
			}
			else if (claim->worker.load.locked && st_worker_spare(&claim->worker, claim->floor->now) == 0)
				break;
			if (n < batch)
				advance(claim, i);
		}
		close_scans(claim);
		if (n > 0 || whole || (claim->worker.load.locked && st_worker_spare(&claim->worker, claim->floor->now) == 0))
			return n;
		from_start = true;
	}
}

/* Tickets that the agent had before they were reopened; returns how many were taken. */
static int
claim_preferred(Claim *claim, int batch, Taken taken, void *arg)
{
	StPreferredScan scan;
	StWaiting	row;
	int			n = 0;

	st_preferred_scan_begin(&scan, claim->floor, claim->worker.agent->agent_id);
	while (n < batch && st_preferred_scan_next(&scan, &row))
	{
		if (st_worker_has_room(claim->floor, &claim->worker, &row) &&
			take(claim, &row, "claimed: had it before"))
		{
			taken(&row, arg);
			n++;
		}
	}
	st_preferred_scan_end(&scan);
	return n;
}

/*
 * Gives an agent up to batch tickets, telling of each.  Returns how many.
 */
static int
claim_tickets(const StAgent *agent, int batch, Taken taken, void *arg)
{
	Claim	   *claim = palloc0(sizeof(Claim));
	StFloor		floor;
	int			n = 0;

	st_floor_open(&floor);
	claim->floor = &floor;
	claim->scans = palloc0(Max(1, agent->nqueues) * sizeof(StQueueScan));
	claim->places = palloc(Max(1, agent->nqueues) * sizeof(Place *));
	claim->rows = palloc(Max(1, agent->nqueues) * sizeof(StWaiting));
	claim->have = palloc(Max(1, agent->nqueues) * sizeof(bool));
	claim->pages = palloc(Max(1, agent->nqueues) * sizeof(int64));
	claim->from_start = palloc(Max(1, agent->nqueues) * sizeof(bool));
	if (places != NULL && hash_get_num_entries(places) > MAX_PLACES)
	{
		hash_destroy(places);
		places = NULL;
	}

	st_worker_init(&floor, &claim->worker, agent);
	if (st_worker_spare(&claim->worker, floor.now) > 0)
	{
		n = claim_preferred(claim, batch, taken, arg);
		for (int first = 0, after; first < agent->nqueues && n < batch; first = after)
		{
			after = first + 1;
			while (after < agent->nqueues && agent->queues[after].position == agent->queues[first].position)
				after++;
			n += claim_from(claim, first, after, batch - n, taken, arg);
		}
	}
	if (claim->worker.changed)
		st_load_write(&floor, &claim->worker.load);
	st_floor_close(&floor);
	return n;
}

/* ---- triage.claim_ticket ---- */

static void
emit(const StWaiting *row, void *arg)
{
	ReturnSetInfo *result = arg;
	const StQueueWait *queue = st_queue_wait(row->queue_id);
	Datum		values[9] = {
		PointerGetDatum(row->tenant_id), Int32GetDatum(row->source_id), PointerGetDatum(row->ticket_key),
		(Datum) 0, Int16GetDatum(row->priority), TimestampTzGetDatum(row->since),
		PointerGetDatum(row->channel), PointerGetDatum(row->language), Int16GetDatum(row->units)
	};
	bool		nulls[9] = {false};

	if (queue == NULL)
		nulls[3] = true;
	else
		values[3] = CStringGetTextDatum(queue->name);
	nulls[6] = row->channel == NULL;
	nulls[7] = row->language == NULL;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Throws when an agent must not get tickets. */
static void
refuse_absent(const StAgent *agent)
{
	StPresence	presence;

	if (!agent->active)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("agent \"%s\" is not active", agent->name),
				 errhint("Set triage.agent.active to have tickets go to them.")));
	SPI_connect();
	st_presence_read(agent->agent_id, st_now(), &presence);
	SPI_finish();
	if (presence.known && !presence.available)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 presence.expired || strcmp(presence.word, "lost") == 0 ?
				 errmsg("agent \"%s\" was not heard of for too long", agent->name) :
				 errmsg("agent \"%s\" is %s", agent->name, presence.word),
				 errhint("Call triage.agent_heartbeat, or triage.set_presence to be available.")));
}

/* triage.claim_ticket(agent, batch) */
Datum
st_claim_ticket(PG_FUNCTION_ARGS)
{
	const StAgent *agent;
	int			batch;

	st_need_write("triage.claim_ticket()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the agent and the batch must not be null")));
	batch = PG_GETARG_INT32(1);
	if (batch < 1 || batch > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the batch must be from 1 to %d", MAX_BATCH)));
	st_need_rights("waiting", ACL_SELECT | ACL_DELETE);
	st_need_rights("assignment", ACL_SELECT | ACL_INSERT);
	st_need_rights("agent_work", ACL_SELECT | ACL_UPDATE);

	agent = st_agent_need(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	refuse_absent(agent);
	InitMaterializedSRF(fcinfo, 0);
	claim_tickets(agent, batch, emit, fcinfo->resultinfo);
	return (Datum) 0;
}
