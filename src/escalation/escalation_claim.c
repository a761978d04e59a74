/*-------------------------------------------------------------------------
 *
 * escalation_claim.c
 *		triage.claim_escalations: the next escalations for a worker.
 *
 * The next are the first of the index (rank, escalation_id), or of that which
 * begins with the queue, that are due and that nobody holds or is taking.  A
 * lease that ran out holds nobody: such an escalation is claimed like one that
 * waits, whether or not somebody has tended the queue.
 *
 * At the head of the index lie entries of escalations that are finished, until
 * vacuum removes them, which it cannot while an old snapshot is held, and those
 * that are held; stepping over them is what a claim would spend its time on.  So
 * each backend remembers, for a queue, behind which entry its last claim was
 * found, and how long it took to get there from the start.  Its next claims begin
 * there, for so long that looks from the start take little of its time; where
 * little lies at the head, every claim looks from the start.  Escalations that
 * were queued since then and come before that place are found through the primary
 * key, whose newest entries are read first.  What comes back (a retry, a lease
 * that ran out, a claim that was rolled back) is found by the next look from the
 * start.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/instrument.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"

PG_FUNCTION_INFO_V1(st_claim_escalations);

#define MAX_BATCH		1000
#define MAX_PLACES		1000
#define MAX_WORKER		200		/* bytes of a worker's name */

/* From how many pages on a place is remembered, and how much of the time is for looks. */
#define CHEAP_PAGES		32
#define LOOK_SHARE		20
#define MAX_HOLD		(60 * USECS_PER_SEC)

/* Transactions commit in another order than they take numbers: so far back. */
#define LATE_NUMBERS	32

typedef struct Place
{
	int32		queue_id;		/* 0: any; the key */
	bool		valid;
	TimestampTz rank;			/* of the entry behind which to look */
	int64		id;
	int64		newest;			/* number of the newest escalation seen */
	TimestampTz look_again;		/* from the start */
} Place;

static HTAB *places = NULL;

typedef struct Claim
{
	StDesk		desk;
	Relation	next;
	int32		queue_id;
	text	   *worker;
	int64		token;
	TimestampTz until;
	int			batch;
	int			n;				/* claimed so far */
	ReturnSetInfo *result;
	Place	   *place;
	TimestampTz rank;			/* of the last row looked at */
	int64		id;
	StRow		row;
} Claim;

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		st_escalations_from_the_start();
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		st_escalations_from_the_start();
}

/* Forgets where claims of this backend go on: something comes back. */
void
st_escalations_from_the_start(void)
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
find_place(int32 queue_id)
{
	static bool registered = false;
	Place	   *place;
	bool		found;

	if (places != NULL && hash_get_num_entries(places) > MAX_PLACES)
	{
		hash_destroy(places);
		places = NULL;
	}
	if (places == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(int32),.entrysize = sizeof(Place),.hcxt = TopMemoryContext};

		places = hash_create("support_triage escalation claims", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		if (!registered)
		{
			RegisterXactCallback(at_transaction_end, NULL);
			RegisterSubXactCallback(at_subtransaction_end, NULL);
			registered = true;
		}
	}
	place = hash_search(places, &queue_id, HASH_ENTER, &found);
	if (!found)
		place->valid = false;
	return place;
}

static int64
pages_read(void)
{
	return pgBufferUsage.shared_blks_hit + pgBufferUsage.shared_blks_read;
}

/* Whether a row may be claimed now; one whose lease ran out may. */
static bool
is_free(const Claim *claim, const StRow *row)
{
	if (!st_row_is_seen(row))
		return false;
	if (DatumGetObjectId(row->values[ST_COL_STATUS]) == claim->desk.claimed)
		return !row->isnull[ST_COL_LEASE] &&
			DatumGetTimestampTz(row->values[ST_COL_LEASE]) <= claim->desk.now;
	return DatumGetTimestampTz(row->values[ST_COL_DUE]) <= claim->desk.now;
}

/* Takes a row; false when somebody else was quicker, or it is given up. */
static bool
take(Claim *claim, StRow *row)
{
	StDesk	   *desk = &claim->desk;

	if (DatumGetObjectId(row->values[ST_COL_STATUS]) == desk->claimed)
	{
		text	   *cause = DatumGetTextPP(row->values[ST_COL_CAUSE]);

		/* true: it was the last lease that the policy allows */
		if (st_escalation_lease_ran_out(desk, row, st_escalation_policy(VARDATA_ANY(cause), (int) VARSIZE_ANY_EXHDR(cause))))
			return false;
	}
	st_row_set(row, ST_COL_STATUS, ObjectIdGetDatum(desk->claimed));
	st_row_set(row, ST_COL_ATTEMPTS, Int32GetDatum(DatumGetInt32(row->values[ST_COL_ATTEMPTS]) + 1));
	st_row_set(row, ST_COL_TOKEN, Int64GetDatum(claim->token));
	st_row_set(row, ST_COL_CLAIMED_BY, PointerGetDatum(claim->worker));
	st_row_set(row, ST_COL_CLAIMED_AT, TimestampTzGetDatum(desk->now));
	st_row_set(row, ST_COL_LEASE, TimestampTzGetDatum(claim->until));
	if (!st_desk_update(desk, row, false))
		return false;
	tuplestore_puttupleslot(claim->result->setResult, desk->open.slot);
	claim->n++;
	return true;
}

/* Starts to read the queue in its order: all of it, or what comes behind the place. */
static IndexScanDesc
begin_scan(Claim *claim, bool behind, ScanKeyData *members)
{
	ScanKeyData keys[2];
	int			nkeys = 0;
	int			first = claim->queue_id != 0 ? 2 : 1;
	IndexScanDesc scan;

	if (claim->queue_id != 0)
		ScanKeyEntryInitialize(&keys[nkeys++], 0, 1, BTEqualStrategyNumber, InvalidOid, InvalidOid, F_INT4EQ,
							   Int32GetDatum(claim->queue_id));
	if (behind)
	{
		/*
		 * (rank, escalation_id) > (..., ...), as the executor hands it to the
		 * index
		 */
		ScanKeyEntryInitialize(&members[0], SK_ROW_MEMBER, first, BTGreaterStrategyNumber, InvalidOid,
							   InvalidOid, F_TIMESTAMPTZ_CMP, TimestampTzGetDatum(claim->place->rank));
		ScanKeyEntryInitialize(&members[1], SK_ROW_MEMBER | SK_ROW_END, first + 1, BTGreaterStrategyNumber,
							   InvalidOid, InvalidOid, F_BTINT8CMP, Int64GetDatum(claim->place->id));
		MemSet(&keys[nkeys], 0, sizeof(ScanKeyData));
		keys[nkeys].sk_flags = SK_ROW_HEADER;
		keys[nkeys].sk_attno = first;
		keys[nkeys].sk_strategy = BTGreaterStrategyNumber;
		keys[nkeys++].sk_argument = PointerGetDatum(members);
	}
	scan = st_index_beginscan(claim->desk.rel, claim->next, claim->desk.snapshot, nkeys);
	index_rescan(scan, keys, nkeys, NULL, 0);
	return scan;
}

/* The number of the newest escalation, 0 when there is none. */
static int64
newest_number(Claim *claim)
{
	IndexScanDesc scan = st_index_beginscan(claim->desk.rel, claim->desk.key, SnapshotAny, 0);
	int64		newest = 0;
	ItemPointer tid;

	scan->xs_want_itup = true;
	index_rescan(scan, NULL, 0, NULL, 0);
	tid = index_getnext_tid(scan, BackwardScanDirection);
	if (tid != NULL && scan->xs_itup != NULL)
	{
		bool		isnull;

		newest = DatumGetInt64(index_getattr(scan->xs_itup, 1, RelationGetDescr(claim->desk.key), &isnull));
	}
	index_endscan(scan);
	return newest;
}

/* Claims what the scan gives; what it cost to the first one is told. */
static void
claim_scanned(Claim *claim, bool behind, int64 *pages)
{
	ScanKeyData members[2];
	IndexScanDesc scan = begin_scan(claim, behind, members);
	int64		before = pages_read();

	*pages = -1;
	while (claim->n < claim->batch && index_getnext_slot(scan, ForwardScanDirection, claim->desk.in))
	{
		StRow	   *row = &claim->row;
		TimestampTz rank;
		int64		id;

		CHECK_FOR_INTERRUPTS();
		st_row_read(row, claim->desk.in);
		if (!is_free(claim, row))
			continue;
		rank = DatumGetTimestampTz(row->values[ST_COL_RANK]);
		id = DatumGetInt64(row->values[ST_COL_ID]);
		if (*pages < 0)
			*pages = pages_read() - before;
		if (take(claim, row))
		{
			claim->rank = rank;
			claim->id = id;
		}
	}
	if (*pages < 0)
		*pages = pages_read() - before;
	index_endscan(scan);
}

/* What was queued since the last claim and comes before the place. */
static void
claim_newcomers(Claim *claim)
{
	Place	   *place = claim->place;
	IndexScanDesc scan = st_index_beginscan(claim->desk.rel, claim->desk.key, claim->desk.snapshot, 1);
	ScanKeyData key;
	int64		newest = place->newest;

	ScanKeyEntryInitialize(&key, 0, 1, BTGreaterStrategyNumber, InvalidOid, InvalidOid, F_INT8GT,
						   Int64GetDatum(place->newest - LATE_NUMBERS));
	index_rescan(scan, &key, 1, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, claim->desk.in))
	{
		StRow	   *row = &claim->row;
		TimestampTz rank;
		int64		id;

		CHECK_FOR_INTERRUPTS();
		st_row_read(row, claim->desk.in);
		id = DatumGetInt64(row->values[ST_COL_ID]);
		rank = DatumGetTimestampTz(row->values[ST_COL_RANK]);
		if (rank < place->rank && is_free(claim, row) &&
			(claim->queue_id == 0 || (!row->isnull[ST_COL_QUEUE] &&
									  DatumGetInt32(row->values[ST_COL_QUEUE]) == claim->queue_id)))
		{
			/* more than we can take: the next claim looks from the start */
			if (claim->n == claim->batch)
			{
				place->valid = false;
				break;
			}
			take(claim, row);
		}
		newest = Max(newest, id);
	}
	index_endscan(scan);
	place->newest = newest;
}

static void
claim_from_start(Claim *claim)
{
	Place	   *place = claim->place;
	TimestampTz began = GetCurrentTimestamp();
	int64		newest = newest_number(claim);
	int64		pages;

	place->valid = false;
	claim->id = 0;
	claim_scanned(claim, false, &pages);
	if (pages >= CHEAP_PAGES && claim->id != 0)
	{
		TimestampTz now = GetCurrentTimestamp();

		place->valid = true;
		place->rank = claim->rank;
		place->id = claim->id;
		place->newest = newest;
		place->look_again = now + Min((now - began) * LOOK_SHARE, MAX_HOLD);
	}
}

static void
claim(Claim *claim)
{
	Place	   *place = claim->place = find_place(claim->queue_id);
	int64		pages;

	if (place->valid && GetCurrentTimestamp() < place->look_again)
	{
		claim_newcomers(claim);
		claim->id = 0;
		if (claim->n < claim->batch)
			claim_scanned(claim, true, &pages);
		if (claim->id != 0)
		{
			place->rank = claim->rank;
			place->id = claim->id;
		}
		if (claim->n > 0)
			return;
	}
	claim_from_start(claim);
}

/* The end of a lease that begins now; throws when it is none. */
TimestampTz
st_escalation_lease_end(TimestampTz now, const Interval *lease)
{
	int64		usecs = st_interval_usecs(lease);

	if (usecs <= 0 || usecs > 30 * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a lease must be longer than nothing and no longer than 30 days")));
	return now + usecs;
}

/* The name of a worker; throws when it is none. */
text *
st_escalation_worker(text *worker)
{
	if (VARSIZE_ANY_EXHDR(worker) == 0 || VARSIZE_ANY_EXHDR(worker) > MAX_WORKER)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the name of a worker must have 1 to %d bytes", MAX_WORKER)));
	return worker;
}

/* A number that nobody guesses and that no other claim has. */
static int64
new_token(void)
{
	uint64		token = 0;

	if (!pg_strong_random(&token, sizeof(token)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	return (int64) (token >> 1) + (token < 2 ? 1 : 0);
}

/* triage.claim_escalations(worker, queue, batch, lease) */
Datum
st_claim_escalations(PG_FUNCTION_ARGS)
{
	Claim	   *c = palloc0(sizeof(Claim));

	st_escalation_need("triage.claim_escalations()", "escalation", ACL_SELECT | ACL_UPDATE);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("worker, batch and lease must not be null")));
	c->worker = st_escalation_worker(PG_GETARG_TEXT_PP(0));
	c->batch = PG_GETARG_INT32(2);
	if (c->batch < 1 || c->batch > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the batch must be from 1 to %d", MAX_BATCH)));
	if (!PG_ARGISNULL(1))
		c->queue_id = st_escalation_queue(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	c->token = new_token();

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	c->result = (ReturnSetInfo *) fcinfo->resultinfo;
	st_desk_open(&c->desk);
	c->until = st_escalation_lease_end(c->desk.now, PG_GETARG_INTERVAL_P(3));
	c->next = index_open(st_relation_oid(c->queue_id != 0 ? "escalation_next_in_queue" : "escalation_next", false),
						 RowExclusiveLock);
	claim(c);
	index_close(c->next, NoLock);
	st_desk_close(&c->desk);
	return (Datum) 0;
}
