/*-------------------------------------------------------------------------
 *
 * assignment_load.c
 *		What agents have: one narrow row each, whose lock whoever gives or
 *		takes a ticket holds until the end of the transaction.  So two sessions
 *		cannot exceed an agent's capacity.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

enum
{
	COL_AGENT_ID, COL_UNITS, COL_TICKETS, COL_RAMP_LEFT, COL_RAMP_UNTIL, COL_LAST_ASSIGNED_AT, NUM_COLUMNS
};

static const char *const columns[NUM_COLUMNS] = {
	"agent_id", "units", "tickets", "ramp_left", "ramp_until", "last_assigned_at"
};

static StKept insert_load = {
	"INSERT INTO triage.agent_work (agent_id) SELECT a.agent_id FROM triage.agent a"
	" WHERE a.agent_id OPERATOR(pg_catalog.=) $1 ON CONFLICT DO NOTHING",
	1, {INT4OID}
};

static Datum
column_value(TupleTableSlot *slot, int column)
{
	bool		isnull;

	return slot_getattr(slot, st_attnum(slot->tts_tableOid, columns[column]), &isnull);
}

static void
read_slot(StLoad *load, TupleTableSlot *slot)
{
	load->exists = true;
	load->tid = slot->tts_tid;
	load->units = DatumGetInt32(column_value(slot, COL_UNITS));
	load->tickets = DatumGetInt32(column_value(slot, COL_TICKETS));
	load->ramp_left = DatumGetInt32(column_value(slot, COL_RAMP_LEFT));
	load->ramp_until = DatumGetTimestampTz(column_value(slot, COL_RAMP_UNTIL));
	load->last_assigned_at = DatumGetTimestampTz(column_value(slot, COL_LAST_ASSIGNED_AT));
}

/*
 * st_load_read
 *		What an agent has, without a lock; who has no row yet has nothing.
 */
void
st_load_read(StFloor *floor, int32 agent_id, StLoad *load)
{
	IndexScanDesc scan = st_index_beginscan(floor->load, floor->load_key, floor->snapshot, 1);
	ScanKeyData key;

	memset(load, 0, sizeof(*load));
	load->agent_id = agent_id;
	load->ramp_until = load->last_assigned_at = DT_NOBEGIN;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid, InvalidOid, F_INT4EQ,
						   Int32GetDatum(agent_id));
	index_rescan(scan, &key, 1, NULL, 0);
	if (index_getnext_slot(scan, ForwardScanDirection, floor->load_slot))
		read_slot(load, floor->load_slot);
	index_endscan(scan);
}

/*
 * st_load_lock
 *		Locks an agent's row and reads it as it is then; makes it when there is
 *		none, because triggers were off when the agent came.  False when
 *		somebody holds it and wait says not to wait.  Throws when the agent is
 *		gone.
 */
bool
st_load_lock(StFloor *floor, StLoad *load, LockWaitPolicy wait)
{
	int32		agent_id = load->agent_id;
	const StAgent *agent = st_agent_by_id(agent_id);

	for (int tries = 0; tries < 3; tries++)
	{
		TM_FailureData failure;
		TM_Result	result;

		if (!load->exists)
		{
			Datum		value = Int32GetDatum(agent_id);

			SPI_connect();
			st_kept_run(&insert_load, &value, NULL);
			SPI_finish();
			st_floor_refresh(floor);
			st_load_read(floor, agent_id, load);
			if (!load->exists)
				break;
		}

		result = table_tuple_lock(floor->load, &load->tid, floor->snapshot, floor->load_slot,
								  GetCurrentCommandId(false), LockTupleNoKeyExclusive, wait,
								  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
		if (result == TM_Ok)
		{
			read_slot(load, floor->load_slot);
			load->locked = true;
			return true;
		}
		if (result == TM_WouldBlock)
			return false;

		/* gone, or changed by ourselves since: look again */
		st_floor_refresh(floor);
		st_load_read(floor, agent_id, load);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("agent \"%s\" does not exist any more", agent == NULL ? "" : agent->name)));
	return false;
}

/* Index entries of a row that did not fit on its page. */
static void
insert_index_entries(Relation rel, TupleTableSlot *slot)
{
	EState	   *estate = CreateExecutorState();
	ResultRelInfo *rri = makeNode(ResultRelInfo);

	InitResultRelInfo(rri, rel, 1, NULL, 0);
	ExecOpenIndices(rri, false);
	(void) st_exec_insert_index_tuples(rri, slot, estate);
	ExecCloseIndices(rri);
	FreeExecutorState(estate);
}

/* Writes the row that st_load_lock has locked. */
void
st_load_write(StFloor *floor, StLoad *load)
{
	Datum		values[NUM_COLUMNS] = {
		Int32GetDatum(load->agent_id), Int32GetDatum(load->units), Int32GetDatum(load->tickets), Int32GetDatum(load->ramp_left),
		TimestampTzGetDatum(load->ramp_until), TimestampTzGetDatum(load->last_assigned_at)
	};
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(floor->load), &TTSOpsVirtual);
	TM_FailureData failure;
	LockTupleMode mode;
	StUpdateIndexes needs_indexes;
	TM_Result	result;

	Assert(load->locked);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < NUM_COLUMNS; i++)
	{
		AttrNumber	attnum = st_attnum(RelationGetRelid(floor->load), columns[i]);

		slot->tts_values[attnum - 1] = values[i];
		slot->tts_isnull[attnum - 1] = false;
	}
	ExecStoreVirtualTuple(slot);

	result = table_tuple_update(floor->load, &load->tid, slot, GetCurrentCommandId(true), floor->snapshot,
								InvalidSnapshot, true, &failure, &mode, &needs_indexes);
	if (result != TM_Ok)
		elog(ERROR, "could not write the load of agent %d", load->agent_id);
	if (st_update_needs_indexes(needs_indexes))
		insert_index_entries(floor->load, slot);
	load->tid = slot->tts_tid;
	ExecDropSingleTupleTableSlot(slot);
	CommandCounterIncrement();
}

/* An agent to whom tickets are to be given, with what they have as far as is seen without a lock. */
void
st_worker_init(StFloor *floor, StWorker *worker, const StAgent *agent)
{
	worker->agent = agent;
	worker->changed = false;
	worker->channel_tickets = palloc(Max(1, agent->nchannels) * sizeof(int));
	memset(worker->channel_tickets, -1, agent->nchannels * sizeof(int));
	st_load_read(floor, agent->agent_id, &worker->load);
}

/*
 * st_worker_lock
 *		Locks an agent's load; what was known of it, and of channels, is known
 *		anew.  Like st_load_lock.
 */
bool
st_worker_lock(StFloor *floor, StWorker *worker, LockWaitPolicy wait)
{
	if (worker->load.locked)
		return true;
	if (!st_load_lock(floor, &worker->load, wait))
		return false;
	if (worker->agent->nchannels > 0)
	{
		st_floor_refresh(floor);
		memset(worker->channel_tickets, -1, worker->agent->nchannels * sizeof(int));
	}
	return true;
}

/* Units of capacity that an agent has left for new work; 0 while ramping in forbids more. */
int
st_worker_spare(const StWorker *worker, TimestampTz now)
{
	const StLoad *load = &worker->load;

	if (now < load->ramp_until && load->ramp_left <= 0)
		return 0;
	return Max(0, worker->agent->capacity - load->units);
}

/* Whether a ticket fits beside what an agent has. */
bool
st_worker_has_room(StFloor *floor, StWorker *worker, const StWaiting *row)
{
	const StAgent *agent = worker->agent;
	int			channel;

	if (row->units > st_worker_spare(worker, floor->now))
		return false;
	channel = st_agent_channel(agent, row->channel);
	if (channel < 0)
		return true;
	if (worker->channel_tickets[channel] < 0)
		worker->channel_tickets[channel] = st_assignment_count(floor, agent->agent_id, row->channel);
	return worker->channel_tickets[channel] < agent->channels[channel].max_tickets;
}

/* An agent took a ticket: the load is to be written before the end. */
void
st_worker_took(StFloor *floor, StWorker *worker, const StWaiting *row)
{
	StLoad	   *load = &worker->load;
	int			channel = st_agent_channel(worker->agent, row->channel);

	load->units += row->units;
	load->tickets++;
	if (floor->now < load->ramp_until)
		load->ramp_left--;
	load->last_assigned_at = floor->now;
	if (channel >= 0 && worker->channel_tickets[channel] >= 0)
		worker->channel_tickets[channel]++;
	worker->changed = true;
}
