/*-------------------------------------------------------------------------
 *
 * pipeline_gone.c
 *		triage.forget_gone_tickets(), a task of the worker: removes what was
 *		derived from tickets that are gone without a trigger having seen them go.
 *
 * A DELETE fires a trigger, and so does a TRUNCATE of the attached table.  That
 * of one partition, its DROP and its DETACH fire none, nor does the DROP of the
 * attached table.  They are told afterwards by the storage: the relations that a
 * table consists of and their files.  As long as all that was there is there,
 * there is nothing to do.  Once something is not, all decisions of the table are
 * looked through in the order of their key, so many a call; a VACUUM FULL, which
 * writes a new file, costs a look that finds nothing.  A table that is gone loses
 * everything, at last its row in triage.source.
 *
 * Nobody is waited for with locks held that others want: decisions and then
 * tickets are read without locks, and a decision is removed only if it is still
 * the very row that was read: who inserts a ticket of its key anew replaces that
 * row.  What could not be had for that reason makes for another look.
 *
 * Tickets are read as the owner of their table in a security-restricted
 * operation, as in deferred mode.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

PG_FUNCTION_INFO_V1(st_forget_gone_tickets);

/* A call looks at so many decisions. */
#define BATCH			1000

/* A table that cannot be looked through is tried again after so many microseconds. */
#define ERROR_PAUSE		USECS_PER_HOUR

/* The state of each table, as triage.ticket_storage keeps it. */
static StStatement note_sources = {
	"INSERT INTO triage.ticket_storage (source_id) SELECT s.source_id FROM triage.source s"
	" WHERE NOT EXISTS (SELECT FROM triage.ticket_storage t WHERE t.source_id OPERATOR(pg_catalog.=) s.source_id)"
	" ON CONFLICT DO NOTHING",
	0, {0}, true, NULL
};

static StStatement find_sources = {
	"SELECT s.source_id, s.tickets::pg_catalog.oid, s.detached_at IS NULL, t.storage, t.wanted, t.looking,"
	" t.after_tenant, t.after_key, t.left_out, t.error"
	" FROM triage.source s JOIN triage.ticket_storage t ON t.source_id OPERATOR(pg_catalog.=) s.source_id"
	" WHERE t.next_try IS NULL OR t.next_try OPERATOR(pg_catalog.<=) $1"
	" ORDER BY s.source_id",
	1, {TIMESTAMPTZOID}, true, NULL
};

static StStatement store = {
	"UPDATE triage.ticket_storage SET storage = $2, wanted = $3, looking = $4, after_tenant = $5, after_key = $6,"
	" left_out = $7, removed = removed OPERATOR(pg_catalog.+) $8, error = NULL, next_try = NULL"
	" WHERE source_id OPERATOR(pg_catalog.=) $1",
	8, {INT4OID, INT8ARRAYOID, BOOLOID, INT8ARRAYOID, TEXTOID, TEXTOID, BOOLOID, INT8OID}, false, NULL
};

static StStatement store_error = {
	"UPDATE triage.ticket_storage SET error = $2, next_try = $3 WHERE source_id OPERATOR(pg_catalog.=) $1",
	3, {INT4OID, TEXTOID, TIMESTAMPTZOID}, false, NULL
};

static StStatement remove_source = {
	"DELETE FROM triage.source WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

/* The next decisions of a tenant's tickets; and the next tenant. */
#define NEXT_DECISIONS(comparison) \
	"SELECT ticket_key, xmin::pg_catalog.text FROM triage.decision WHERE tenant_id OPERATOR(pg_catalog.=) $1" \
	" AND source_id OPERATOR(pg_catalog.=) $2 AND ticket_key OPERATOR(pg_catalog." comparison ") $3" \
	" ORDER BY ticket_key LIMIT $4"

static StStatement first_decisions = {
	NEXT_DECISIONS(">="), 4, {TEXTOID, INT4OID, TEXTOID, INT8OID}, true, NULL
};

static StStatement next_decisions = {
	NEXT_DECISIONS(">"), 4, {TEXTOID, INT4OID, TEXTOID, INT8OID}, true, NULL
};

static StStatement next_tenant = {
	"SELECT tenant_id FROM triage.decision WHERE tenant_id OPERATOR(pg_catalog.>) $1 ORDER BY tenant_id LIMIT 1",
	1, {TEXTOID}, true, NULL
};

static StStatement lock_unchanged = {
	"SELECT FROM triage.decision WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3 AND xmin::pg_catalog.text OPERATOR(pg_catalog.=) $4"
	" FOR UPDATE SKIP LOCKED",
	4, {TEXTOID, INT4OID, TEXTOID, TEXTOID}, false, NULL
};

/* Only whether decisions are in a local table is asked of this. */
static const char *const decision_columns[] = {"tenant_id", "source_id", "ticket_key"};

static StOwnTable decisions = {
	.name = "decision",
	.columns = decision_columns,
	.ncolumns = lengthof(decision_columns)
};

/* A decision that was read. */
typedef struct Seen
{
	text	   *tenant;
	text	   *key;
	Datum		version;		/* its xmin, as text */
	bool		is_there;		/* its ticket */
} Seen;

/* An attached table, and how far it was looked through. */
typedef struct Place
{
	int32		source_id;
	Oid			tickets;
	bool		attached;
	ArrayType  *storage;		/* when its tickets were all looked at last;
								 * NULL: not known */
	bool		wanted;			/* somebody asks for a look */
	ArrayType  *looking;		/* when the look that goes on began; NULL:
								 * none does */
	text	   *tenant;			/* the last decision that was looked at */
	text	   *key;
	bool		left_out;		/* decisions that others were at work on */
	bool		had_error;

	/* this call */
	int			budget;			/* decisions that may still be looked at */
	int64		removed;
} Place;

/* ---- looking ---- */

/*
 * Reads the next decisions of the table, as many as the budget allows, and moves
 * on; *n is 0 behind the last.  As the owner.
 */
static Seen *
read_decisions(Place *p, int *n)
{
	Seen	   *seen = palloc(Max(p->budget, 1) * sizeof(Seen));
	bool		first = p->tenant == NULL;

	*n = 0;
	if (first)
		p->tenant = p->key = cstring_to_text("");
	while (p->budget > 0)
	{
		Datum		values[4] = {
			PointerGetDatum(p->tenant), Int32GetDatum(p->source_id), PointerGetDatum(p->key), Int64GetDatum(p->budget)
		};
		text	   *tenant = p->tenant;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		st_statement_run(first ? &first_decisions : &next_decisions, values, NULL, SPI_OK_SELECT);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			Seen	   *s = &seen[(*n)++];

			s->tenant = tenant;
			s->key = p->key = DatumGetTextPCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
			s->version = PointerGetDatum(DatumGetTextPCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
																		 2, &isnull)));
			s->is_there = false;
		}
		p->budget -= (int) SPI_processed;
		SPI_freetuptable(SPI_tuptable);
		if (p->budget == 0)
			break;

		/* a tenant without decisions of this table costs one, too */
		st_statement_run(&next_tenant, values, NULL, SPI_OK_SELECT);
		if (SPI_processed == 0)
			break;
		p->tenant = DatumGetTextPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		p->key = cstring_to_text("");
		first = true;
		p->budget--;
		SPI_freetuptable(SPI_tuptable);
	}
	return seen;
}

/* The order in which decisions are read. */
static int
by_ticket(const void *pa, const void *pb)
{
	const Seen *a = pa;
	const Seen *b = pb;
	int			c = st_text_compare(a->tenant, b->tenant);

	return c != 0 ? c : st_text_compare(a->key, b->key);
}

/* Sets of each decision whether its ticket is there. */
static void
look_for_tickets(StSource *source, Oid owner, Seen *seen, int n)
{
	const char *tenant = source->columns.name[ST_ROLE_TENANT];
	StSource	projected = *source;
	StringInfoData sql;
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1];
	Datum	   *keys = palloc(n * sizeof(Datum));
	TupleTableSlot *slot;
	StIdentity	caller;

	for (int i = 0; i < n; i++)
		keys[i] = PointerGetDatum(seen[i].key);
	values[0] = PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s", quote_identifier(source->columns.name[ST_ROLE_ID]));
	if (tenant != NULL)
		appendStringInfo(&sql, ", %s", quote_identifier(tenant));
	appendStringInfo(&sql, " FROM %s WHERE ", st_table_name(source->tickets));
	st_key_any_condition(&sql, source->columns.name[ST_ROLE_ID], source->column[ST_ROLE_ID].typid, 1);
	projected.column[ST_ROLE_ID].attnum = 1;
	projected.column[ST_ROLE_TENANT].attnum = tenant == NULL ? 0 : 2;

	st_become_reader(owner, &caller);
	if (SPI_execute_with_args(sql.data, 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read tickets");
	slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Seen		wanted = {NULL};
		Seen	   *found;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
		st_read_key(&projected, slot, &wanted.tenant, &wanted.key);
		if (wanted.key != NULL && (found = bsearch(&wanted, seen, n, sizeof(Seen), by_ticket)) != NULL)
			found->is_there = true;
	}
	ExecDropSingleTupleTableSlot(slot);
	SPI_freetuptable(SPI_tuptable);
	st_become_caller(&caller);
}

/* Removes what was derived from those whose ticket is not there.  As the owner. */
static void
forget_missing(Place *p, const Seen *seen, int n)
{
	Datum	   *tenants = palloc(n * sizeof(Datum));
	Datum	   *keys = palloc(n * sizeof(Datum));
	int			m = 0;

	for (int i = 0; i < n; i++)
	{
		Datum		values[4] = {
			PointerGetDatum(seen[i].tenant), Int32GetDatum(p->source_id), PointerGetDatum(seen[i].key), seen[i].version
		};

		CHECK_FOR_INTERRUPTS();
		if (seen[i].is_there)
			continue;
		st_statement_run(&lock_unchanged, values, NULL, SPI_OK_SELECT);
		if (SPI_processed == 0)
		{
			p->left_out = true;
			continue;
		}
		tenants[m] = values[0];
		keys[m++] = values[2];
	}
	st_forget_tickets(p->source_id, tenants, keys, m);
	p->removed += m;
}

/* Stores how far the look came. */
static void
store_place(const Place *p)
{
	Datum		values[8] = {
		Int32GetDatum(p->source_id), PointerGetDatum(p->storage), BoolGetDatum(p->wanted), PointerGetDatum(p->looking),
		PointerGetDatum(p->tenant), PointerGetDatum(p->key), BoolGetDatum(p->left_out), Int64GetDatum(p->removed)
	};
	char		nulls[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};

	nulls[1] = p->storage == NULL ? 'n' : ' ';
	nulls[3] = p->looking == NULL ? 'n' : ' ';
	nulls[4] = nulls[5] = p->looking == NULL ? 'n' : ' ';
	st_statement_run(&store, values, nulls, SPI_OK_UPDATE);
}

/* The table is gone: removes what is left of it, at last that it was attached. */
static void
forget_dropped(Place *p)
{
	StMessages	messages;
	Datum		values[1] = {Int32GetDatum(p->source_id)};
	int			n;
	Seen	   *seen;

	/* from the beginning, whatever look may have been going on */
	if (p->looking == NULL || ArrayGetNItems(ARR_NDIM(p->looking), ARR_DIMS(p->looking)) > 0)
	{
		p->looking = construct_empty_array(INT8OID);
		p->tenant = p->key = NULL;
		p->left_out = false;
	}
	seen = read_decisions(p, &n);
	forget_missing(p, seen, n);
	if (p->budget == 0)
	{
		store_place(p);
		return;
	}
	if (p->left_out)
	{
		p->looking = NULL;
		store_place(p);
		return;
	}
	st_forget_source(p->source_id, false);
	if (st_messages_of(p->source_id, &messages))
		st_messages_drop_trigger(messages.messages);
	st_statement_run(&remove_source, values, NULL, SPI_OK_DELETE);
	ereport(LOG,
			(errmsg("attached table with OID %u does not exist any more: everything about its tickets was removed",
					p->tickets),
			 errdetail("It was source %d.", p->source_id)));
}

/* The table is there: looks through it if there is cause. */
static void
forget_missing_of(Place *p, Relation rel)
{
	ArrayType  *present = st_storage_of(p->tickets);
	StSource   *source = st_source_for(p->source_id, rel);
	int			n;
	Seen	   *seen;

	/* the triggers say so too */
	if (source == NULL || source->key_broken)
		return;

	if (p->looking == NULL)
	{
		if (!p->wanted && (p->storage == NULL || !st_storage_lost(p->storage, present)))
		{
			if (p->storage == NULL || p->had_error || !st_storage_same(p->storage, present))
			{
				p->storage = present;
				store_place(p);
			}
			return;
		}
		p->looking = present;
		p->tenant = p->key = NULL;
		p->left_out = false;
	}

	seen = read_decisions(p, &n);
	if (n > 0)
	{
		look_for_tickets(source, rel->rd_rel->relowner, seen, n);
		forget_missing(p, seen, n);
	}
	if (p->budget > 0)
	{
		/*
		 * the end: unless something was left out, this is what the next look
		 * goes by
		 */
		if (!p->left_out)
		{
			p->storage = p->looking;
			p->wanted = false;
		}
		p->looking = NULL;
	}
	store_place(p);
}

/* Looks after one table; throws what is wrong with it.  As the owner. */
static void
look_after(void *arg)
{
	Place	   *p = arg;
	Relation	rel;

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(p->tickets)))
	{
		forget_dropped(p);
		return;
	}
	if (!p->attached || !ConditionalLockRelationOid(p->tickets, AccessShareLock))
		return;
	rel = try_table_open(p->tickets, NoLock);
	if (rel == NULL)
	{
		UnlockRelationOid(p->tickets, AccessShareLock);
		return;
	}
	forget_missing_of(p, rel);
	table_close(rel, NoLock);
}

/* ---- the task ---- */

static text *
text_value(HeapTuple tuple, TupleDesc tupdesc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, tupdesc, column, &isnull);

	return isnull ? NULL : DatumGetTextPCopy(value);
}

static ArrayType *
array_value(HeapTuple tuple, TupleDesc tupdesc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, tupdesc, column, &isnull);

	return isnull ? NULL : DatumGetArrayTypePCopy(value);
}

/* All tables that are due, palloc'd. */
static Place *
read_places(int *n)
{
	Datum		values[1] = {TimestampTzGetDatum(st_now())};
	Place	   *places;

	st_statement_run(&note_sources, NULL, NULL, SPI_OK_INSERT);
	st_statement_run(&find_sources, values, NULL, SPI_OK_SELECT);
	*n = (int) SPI_processed;
	places = palloc0(Max(*n, 1) * sizeof(Place));
	for (int i = 0; i < *n; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	tupdesc = SPI_tuptable->tupdesc;
		Place	   *p = &places[i];
		bool		isnull;

		p->source_id = DatumGetInt32(SPI_getbinval(tuple, tupdesc, 1, &isnull));
		p->tickets = DatumGetObjectId(SPI_getbinval(tuple, tupdesc, 2, &isnull));
		p->attached = DatumGetBool(SPI_getbinval(tuple, tupdesc, 3, &isnull));
		p->storage = array_value(tuple, tupdesc, 4);
		p->wanted = DatumGetBool(SPI_getbinval(tuple, tupdesc, 5, &isnull));
		p->looking = array_value(tuple, tupdesc, 6);
		p->tenant = text_value(tuple, tupdesc, 7);
		p->key = text_value(tuple, tupdesc, 8);
		p->left_out = DatumGetBool(SPI_getbinval(tuple, tupdesc, 9, &isnull));
		(void) SPI_getbinval(tuple, tupdesc, 10, &isnull);
		p->had_error = !isnull;
	}
	SPI_freetuptable(SPI_tuptable);
	return places;
}

/* Notes why a table could not be looked through; nothing when others were merely at work. */
static void
note_error(const Place *p, const ErrorData *error)
{
	Datum		values[3] = {
		Int32GetDatum(p->source_id),
		CStringGetTextDatum(error->message == NULL ? "unknown error" : error->message),
		TimestampTzGetDatum(st_now() + ERROR_PAUSE)
	};

	if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE &&
		ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_TRANSACTION_ROLLBACK)
		st_statement_run(&store_error, values, NULL, SPI_OK_UPDATE);
}

/* triage.forget_gone_tickets() */
Datum
st_forget_gone_tickets(PG_FUNCTION_ARGS)
{
	static bool known = false;
	StIdentity	caller;
	Relation	rel;
	bool		local;
	bool		more = false;
	int			budget = BATCH;

	PreventCommandIfReadOnly("triage.forget_gone_tickets()");

	/* one at a time, and without a lock on rows each minute */
	if (!ConditionalLockRelationOid(st_relation_oid("ticket_storage", false), ShareUpdateExclusiveLock))
		PG_RETURN_NULL();
	if (!known)
		st_own_table_init(&decisions);
	known = true;
	rel = st_own_table_open(&decisions, AccessShareLock);
	local = decisions.local;
	table_close(rel, AccessShareLock);
	if (!local)
		PG_RETURN_NULL();

	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	{
		int			n;
		Place	   *places = read_places(&n);

		for (int i = 0; i < n; i++)
		{
			Place	   *p = &places[i];
			ErrorData  *error;

			CHECK_FOR_INTERRUPTS();
			p->budget = budget;
			if (st_guarded_error(look_after, p, &error))
				budget = p->budget;
			else
				note_error(p, error);
			if (budget == 0)
			{
				more = true;
				break;
			}
		}
	}
	SPI_finish();
	st_become_caller(&caller);
	if (!more)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(st_now());
}
