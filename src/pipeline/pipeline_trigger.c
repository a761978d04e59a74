/*-------------------------------------------------------------------------
 *
 * pipeline_trigger.c
 *		The triggers of attached tables.
 *
 * INSERT is decided by a statement-level trigger that reads the transition
 * table; on partitioned tables by a row-level one, because a statement trigger
 * of the parent does not fire for a row that is inserted into a partition.
 * UPDATE is row-level with a WHEN clause on the mapped columns, DELETE like
 * INSERT, TRUNCATE statement-level.
 *
 * A trigger's only argument is the source_id: the relation that it fires for
 * may be a partition, or a shard of another name and OID.
 *
 * Whoever inserts a ticket may have no right on schema triage.  Values are
 * read as them, and then written as the owner of the schema.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Keys of deleted tickets are removed so many at a time. */
#define FORGET_BATCH	1000

PG_FUNCTION_INFO_V1(st_ticket_inserted);
PG_FUNCTION_INFO_V1(st_ticket_updated);
PG_FUNCTION_INFO_V1(st_ticket_deleted);
PG_FUNCTION_INFO_V1(st_ticket_truncated);

/*
 * st_trigger_source
 *		Checks how a trigger function is called and returns the source of its
 *		argument; NULL, with a warning, when the tickets cannot be triaged at
 *		all.
 */
StSource *
st_trigger_source(FunctionCallInfo fcinfo, const char *function, int event)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	StSource   *source;
	int32		source_id;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		(trigdata->tg_event & TRIGGER_EVENT_OPMASK) != event)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as an AFTER trigger of its own event", function),
				 errhint("triage.attach creates the triggers.")));
	if (trigdata->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must have one argument, the source_id", function)));

	source_id = pg_strtoint32(trigdata->tg_trigger->tgargs[0]);
	source = st_source_for(source_id, trigdata->tg_relation);
	if (source == NULL)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("tickets of table \"%s\" are not triaged: there is no source %d",
						RelationGetRelationName(trigdata->tg_relation), source_id),
				 errhint("Attach the table again with triage.attach, then call triage.backfill.")));
	else if (source->key_broken)
	{
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("tickets of table \"%s\" are not triaged: %s",
						RelationGetRelationName(trigdata->tg_relation), source->broken),
				 errhint("Attach the table again with triage.attach, then call triage.backfill.")));
		source = NULL;
	}
	return source;
}

/* Decides the ticket in a slot. */
static void
decide_slot(StReader *reader, StWriter *writer, TupleTableSlot *slot)
{
	StDecided  *decided = st_writer_next(writer);
	MemoryContext old = MemoryContextSwitchTo(st_writer_context(writer));
	bool		decidable = st_decide(reader, slot, decided);

	MemoryContextSwitchTo(old);
	if (decidable)
		st_writer_add(writer);
}

/*
 * Walks a transition table.  Each trigger reads with a pointer of its own,
 * because others read the same table.
 */
typedef struct Transition
{
	Tuplestorestate *store;
	int			pointer;
	TupleTableSlot *slot;
	MemoryContext cxt;			/* what comes back from disk is put here */
} Transition;

static void
transition_begin(Transition *t, Tuplestorestate *store, Relation rel)
{
	t->store = store;
	t->cxt = CurrentMemoryContext;
	t->pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(store, t->pointer);
	tuplestore_rescan(store);
	t->slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsMinimalTuple);
}

static bool
transition_next(Transition *t)
{
	MemoryContext old = MemoryContextSwitchTo(t->cxt);
	bool		found;

	CHECK_FOR_INTERRUPTS();
	tuplestore_select_read_pointer(t->store, t->pointer);
	found = tuplestore_gettupleslot(t->store, true, false, t->slot);
	MemoryContextSwitchTo(old);
	return found;
}

static void
transition_end(Transition *t)
{
	ExecDropSingleTupleTableSlot(t->slot);
}

/* In deferred mode: notes what a statement inserted. */
static void
note_inserted(StSource *source, TriggerData *trigdata)
{
	if (TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		st_note_ticket(source, trigdata->tg_trigslot, st_ticket_has_decision(source, trigdata->tg_trigslot));
	else
	{
		StNoter    *noter = st_noter_begin(source, false);
		Transition	t;

		transition_begin(&t, trigdata->tg_newtable, trigdata->tg_relation);
		while (transition_next(&t))
			st_noter_add(noter, t.slot);
		transition_end(&t);
		st_noter_end(noter);
	}
}

/* triage.ticket_inserted(source_id): decides what a statement inserted. */
Datum
st_ticket_inserted(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	StSource   *source = st_trigger_source(fcinfo, "triage.ticket_inserted", TRIGGER_EVENT_INSERT);
	StReader	reader;
	StWriter   *writer;

	if (source == NULL)
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) &&
		(trigdata->tg_newtable == NULL || tuplestore_tuple_count(trigdata->tg_newtable) == 0))
		return PointerGetDatum(NULL);

	if (source->options.deferred)
	{
		note_inserted(source, trigdata);
		return PointerGetDatum(NULL);
	}

	writer = st_writer_begin(ST_WRITE_NEW, "ticket inserted again");
	st_reader_begin(&reader, source, writer);
	if (TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		decide_slot(&reader, writer, trigdata->tg_trigslot);
	else
	{
		Transition	t;

		transition_begin(&t, trigdata->tg_newtable, trigdata->tg_relation);
		while (transition_next(&t))
			decide_slot(&reader, writer, t.slot);
		transition_end(&t);
	}
	st_reader_end(&reader);
	st_writer_end(writer);

	return PointerGetDatum(NULL);
}

/*
 * triage.ticket_updated(source_id): decides a changed ticket again, and moves
 * what was derived when the key changed.  The old key may have been taken over
 * by another row of the same statement: then nothing is moved away from it.
 */
Datum
st_ticket_updated(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	StSource   *source = st_trigger_source(fcinfo, "triage.ticket_updated", TRIGGER_EVENT_UPDATE);
	StReader	reader;
	StWriter   *writer;
	text	   *old_tenant;
	text	   *old_key;
	text	   *new_tenant;
	text	   *new_key;

	if (source == NULL || !TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		return PointerGetDatum(NULL);

	st_read_key(source, trigdata->tg_trigslot, &old_tenant, &old_key);
	st_read_key(source, trigdata->tg_newslot, &new_tenant, &new_key);
	if (old_key != NULL && new_key != NULL &&
		!(st_same_text(old_tenant, new_tenant) && st_same_text(old_key, new_key)) &&
		!st_ticket_is_live(source, old_tenant, old_key))
		st_rekey_ticket(source->source_id, old_tenant, old_key, new_tenant, new_key);

	if (source->options.deferred)
	{
		st_note_ticket(source, trigdata->tg_newslot, true);
		return PointerGetDatum(NULL);
	}

	writer = st_writer_begin(ST_WRITE_AGAIN, "ticket changed");
	st_reader_begin(&reader, source, writer);
	reader.again = true;
	decide_slot(&reader, writer, trigdata->tg_newslot);
	st_reader_end(&reader);
	st_writer_end(writer);

	return PointerGetDatum(NULL);
}

/*
 * triage.ticket_deleted(source_id): removes what was derived from deleted
 * tickets.  A row that an UPDATE moves to another partition is deleted from
 * the first: it is still there, so its history stays.
 */
Datum
st_ticket_deleted(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	StSource   *source = st_trigger_source(fcinfo, "triage.ticket_deleted", TRIGGER_EVENT_DELETE);
	text	   *tenant;
	text	   *key;

	if (source == NULL)
		return PointerGetDatum(NULL);

	if (TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
	{
		Datum		tenant_datum;
		Datum		key_datum;

		st_read_key(source, trigdata->tg_trigslot, &tenant, &key);
		if (key == NULL || st_ticket_is_live(source, tenant, key))
			return PointerGetDatum(NULL);
		tenant_datum = PointerGetDatum(tenant);
		key_datum = PointerGetDatum(key);
		st_forget_tickets(source->source_id, &tenant_datum, &key_datum, 1);
	}
	else if (trigdata->tg_oldtable != NULL)
	{
		MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage deleted tickets",
												  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = CurrentMemoryContext;
		Datum	   *tenants = palloc(FORGET_BATCH * sizeof(Datum));
		Datum	   *keys = palloc(FORGET_BATCH * sizeof(Datum));
		Transition	t;
		bool		more = true;

		transition_begin(&t, trigdata->tg_oldtable, trigdata->tg_relation);
		while (more)
		{
			int			n = 0;

			MemoryContextSwitchTo(cxt);
			while (n < FORGET_BATCH && (more = transition_next(&t)))
			{
				st_read_key(source, t.slot, &tenant, &key);
				if (key == NULL)
					continue;
				tenants[n] = PointerGetDatum(tenant);
				keys[n] = PointerGetDatum(key);
				n++;
			}
			st_forget_tickets(source->source_id, tenants, keys, n);
			MemoryContextSwitchTo(old);
			MemoryContextReset(cxt);
		}
		transition_end(&t);
		MemoryContextDelete(cxt);
	}

	return PointerGetDatum(NULL);
}

/* triage.ticket_truncated(source_id): removes what was derived from all tickets. */
Datum
st_ticket_truncated(PG_FUNCTION_ARGS)
{
	StSource   *source = st_trigger_source(fcinfo, "triage.ticket_truncated", TRIGGER_EVENT_TRUNCATE);

	if (source != NULL)
		st_forget_source(source->source_id, false);
	return PointerGetDatum(NULL);
}
