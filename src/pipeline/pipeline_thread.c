/*-------------------------------------------------------------------------
 *
 * pipeline_thread.c
 *		A message of a ticket's thread is written: the ticket's clocks move, and
 *		what was answered without a person goes to one.
 *
 * triage.attach_messages puts a row-level trigger on the messages table (not on
 * a view, which can have none).  What the message says is not read here, only
 * who wrote it, when, and to which ticket.  A ticket that waits in the backlog
 * has no clocks: its messages are kept and caught up with once it is decided.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Messages that are caught up with in one call, and days that others are kept. */
#define MAX_CAUGHT_UP	1000
#define KEPT_DAYS		7

PG_FUNCTION_INFO_V1(st_message_inserted);

static void *load_message_sources(void);

static StConfigCache cache = {
	.tables = {"message_source"},
	.load = load_message_sources,
};

typedef struct MessageSources
{
	int			n;
	StMessages *messages;
} MessageSources;

static StStatement stored_decision = {
	"SELECT sla_policy_id, priority, outcome::pg_catalog.text FROM triage.decision"
	" WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2"
	" AND ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement keep_message = {
	"INSERT INTO triage.early_message (source_id, tenant_id, ticket_key, author, arrived_at, noted_at)"
	" VALUES ($1, $2, $3, $4::triage.author_kind, $5, $6)",
	6, {INT4OID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}, false, NULL
};

static StStatement take_kept = {
	"SELECT m.message_no, m.source_id, m.tenant_id, m.ticket_key,"
	" pg_catalog.array_position(pg_catalog.enum_range(NULL::triage.author_kind), m.author) OPERATOR(pg_catalog.-) 1,"
	" m.arrived_at, COALESCE((s.options OPERATOR(pg_catalog.->>) 'assign')::pg_catalog.bool, true)"
	" FROM triage.early_message m"
	" JOIN triage.decision d ON d.tenant_id OPERATOR(pg_catalog.=) m.tenant_id"
	" AND d.source_id OPERATOR(pg_catalog.=) m.source_id AND d.ticket_key OPERATOR(pg_catalog.=) m.ticket_key"
	" LEFT JOIN triage.source s ON s.source_id OPERATOR(pg_catalog.=) m.source_id"
	" ORDER BY m.arrived_at, m.message_no LIMIT " CppAsString2(MAX_CAUGHT_UP) " FOR UPDATE OF m SKIP LOCKED",
	0, {0}, true, NULL
};

static StStatement drop_kept = {
	"DELETE FROM triage.early_message WHERE message_no OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, false, NULL
};

/* Of what is old, neither what waits with its ticket nor what is next to be caught up with. */
static StStatement forget_kept = {
	"DELETE FROM triage.early_message m WHERE m.noted_at OPERATOR(pg_catalog.<) $1"
	" AND NOT EXISTS (SELECT FROM triage.backlog_note n WHERE n.source_id OPERATOR(pg_catalog.=) m.source_id)"
	" AND NOT EXISTS (SELECT FROM triage.decision d WHERE d.tenant_id OPERATOR(pg_catalog.=) m.tenant_id"
	" AND d.source_id OPERATOR(pg_catalog.=) m.source_id AND d.ticket_key OPERATOR(pg_catalog.=) m.ticket_key)",
	1, {TIMESTAMPTZOID}, true, NULL
};

void
st_thread_init(void)
{
	st_config_cache_init(&cache);
}

static void *
load_message_sources(void)
{
	MessageSources *all = palloc0(sizeof(MessageSources));
	StTableScan scan;

	st_scan_begin(&scan, cache.relids[0]);
	while (st_scan_next(&scan))
	{
		if (all->n % 8 == 0)
			all->messages = all->n == 0 ? palloc(8 * sizeof(StMessages)) :
				repalloc(all->messages, (all->n + 8) * sizeof(StMessages));
		st_messages_read(&scan, &all->messages[all->n++]);
	}
	st_scan_end(&scan);
	return all;
}

static const StMessages *
messages_for(int32 source_id)
{
	MessageSources *all = st_config_cache_get(&cache);

	for (int i = 0; i < all->n; i++)
	{
		if (all->messages[i].source_id == source_id)
			return &all->messages[i];
	}
	return NULL;
}

/* Finds the columns of a message, as those of a ticket; false when one is gone. */
static bool
resolve(const StMessages *messages, Relation rel, StSource *columns, StColumn *author)
{
	static const StMessageRole roles[] = {ST_MESSAGE_TICKET, ST_MESSAGE_TENANT, ST_MESSAGE_CREATED_AT};
	static const StRole as[] = {ST_ROLE_ID, ST_ROLE_TENANT, ST_ROLE_CREATED_AT};

	memset(columns, 0, sizeof(*columns));
	memset(author, 0, sizeof(*author));
	for (int i = 0; i < lengthof(roles); i++)
	{
		if (messages->name[roles[i]] != NULL &&
			!st_resolve_column(&columns->column[as[i]], rel, messages->name[roles[i]], CurrentMemoryContext))
			return false;
	}
	return messages->name[ST_MESSAGE_AUTHOR_KIND] == NULL ||
		st_resolve_column(author, rel, messages->name[ST_MESSAGE_AUTHOR_KIND], CurrentMemoryContext);
}

/*
 * Moves the clocks of a ticket.  One that was answered without a person and is
 * written to again by its customer waits for one: a human is always reachable.
 * Returns whether the ticket has a decision; without one nothing happens.  Needs
 * SPI_connect and the owner's identity.
 */
static bool
move_clocks(StClockTicket *ticket, StAuthorKind author, TimestampTz at, bool assign)
{
	Datum		key[3] = {
		PointerGetDatum(ticket->tenant_id), Int32GetDatum(ticket->source_id), PointerGetDatum(ticket->ticket_key)
	};
	HeapTuple	tuple;
	TupleDesc	tupdesc;
	bool		isnull;
	bool		automated;

	st_statement_run(&stored_decision, key, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		return false;
	tuple = SPI_tuptable->vals[0];
	tupdesc = SPI_tuptable->tupdesc;
	ticket->policy_id = DatumGetInt32(SPI_getbinval(tuple, tupdesc, 1, &isnull));
	ticket->priority = DatumGetInt16(SPI_getbinval(tuple, tupdesc, 2, &isnull));
	automated = strcmp(SPI_getvalue(tuple, tupdesc, 3), st_outcome_names[ST_OUTCOME_AUTO]) == 0;
	st_clocks_message(ticket, author, at);
	if (automated && author == ST_AUTHOR_CUSTOMER && assign)
		st_wait_as_decided(ticket->tenant_id, ticket->source_id, ticket->ticket_key, true);
	return true;
}

/* A message of a ticket; of one that waits to be decided it is kept until then. */
static void
message_arrived(const StSource *source, StClockTicket *ticket, StAuthorKind author, TimestampTz at)
{
	SPI_connect();
	if (!move_clocks(ticket, author, at, source->options.assign) && source->options.deferred)
	{
		Datum		values[6] = {
			Int32GetDatum(ticket->source_id), PointerGetDatum(ticket->tenant_id),
			PointerGetDatum(ticket->ticket_key), CStringGetTextDatum(st_author_names[author]),
			TimestampTzGetDatum(at), TimestampTzGetDatum(st_now())
		};

		st_statement_run(&keep_message, values, NULL, SPI_OK_INSERT);
	}
	SPI_finish();
}

/* A message that was kept. */
typedef struct Kept
{
	StClockTicket ticket;
	StAuthorKind author;
	TimestampTz at;
	bool		assign;
} Kept;

static void
move_clocks_late(void *arg)
{
	Kept	   *kept = arg;

	(void) move_clocks(&kept->ticket, kept->author, kept->at, kept->assign);
}

/*
 * st_thread_catch_up
 *		Moves the clocks of tickets that have been decided by what was written in
 *		their threads before, at most MAX_CAUGHT_UP messages a call, and forgets
 *		what is old and of no ticket that waits.  A message that cannot move them
 *		is dropped with a warning: it must not keep the backlog from being
 *		decided.  Needs SPI_connect.
 */
void
st_thread_catch_up(void)
{
	Datum		values[1] = {TimestampTzGetDatum(st_now() - KEPT_DAYS * USECS_PER_DAY)};
	StIdentity	caller;
	SPITupleTable *rows;
	uint64		n;

	st_become_owner(&caller);
	st_statement_run(&take_kept, NULL, NULL, SPI_OK_SELECT);
	rows = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		HeapTuple	tuple = rows->vals[i];
		TupleDesc	desc = rows->tupdesc;
		bool		isnull;
		Datum		number[1] = {SPI_getbinval(tuple, desc, 1, &isnull)};
		Kept		kept = {
			.ticket.source_id = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull)),
			.ticket.tenant_id = DatumGetTextPP(SPI_getbinval(tuple, desc, 3, &isnull)),
			.ticket.ticket_key = DatumGetTextPP(SPI_getbinval(tuple, desc, 4, &isnull)),
			.author = DatumGetInt32(SPI_getbinval(tuple, desc, 5, &isnull)),
			.at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 6, &isnull)),
			.assign = DatumGetBool(SPI_getbinval(tuple, desc, 7, &isnull))
		};
		char	   *why;

		CHECK_FOR_INTERRUPTS();
		if (!st_guarded(move_clocks_late, &kept, &why))
			ereport(WARNING,
					(errmsg("a message of ticket \"%s\" moved no clocks", text_to_cstring(kept.ticket.ticket_key)),
					 errdetail("%s", why)));
		st_statement_run(&drop_kept, number, NULL, SPI_OK_DELETE);
	}
	SPI_freetuptable(rows);
	st_statement_run(&forget_kept, values, NULL, SPI_OK_DELETE);
	st_become_caller(&caller);
}

/* triage.message_inserted(source_id): somebody wrote in a ticket's thread. */
Datum
st_message_inserted(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const StMessages *messages;
	const StSource *source;
	StSource	columns;
	StColumn	author;
	StClockTicket ticket;
	StIdentity	caller;
	TimestampTz now = st_now();
	TimestampTz at;
	text	   *kind;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		trigdata->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as an AFTER INSERT trigger of a row, with the source_id", "triage.message_inserted"),
				 errhint("triage.attach_messages creates the trigger.")));

	memset(&ticket, 0, sizeof(ticket));
	ticket.source_id = pg_strtoint32(trigdata->tg_trigger->tgargs[0]);
	messages = messages_for(ticket.source_id);
	if (messages == NULL || !resolve(messages, trigdata->tg_relation, &columns, &author))
	{
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("messages of table \"%s\" move no clocks", RelationGetRelationName(trigdata->tg_relation)),
				 errdetail("They are not attached, or a column that was attached does not exist."),
				 errhint("Attach the messages again with triage.attach_messages.")));
		return PointerGetDatum(NULL);
	}

	st_read_key(&columns, trigdata->tg_trigslot, &ticket.tenant_id, &ticket.ticket_key);
	if (ticket.ticket_key == NULL)
		return PointerGetDatum(NULL);
	kind = st_column_text(&author, trigdata->tg_trigslot);
	if (!st_column_time(&columns.column[ST_ROLE_CREATED_AT], trigdata->tg_trigslot, &at) || at > now ||
		TIMESTAMP_NOT_FINITE(at))
		at = now;

	/* through the wrong table for its columns: only the options are looked at */
	source = st_source_for(ticket.source_id, trigdata->tg_relation);
	if (source != NULL && source->attached)
	{
		st_disturbances++;
		st_become_owner(&caller);
		message_arrived(source, &ticket, st_message_author(messages, kind == NULL ? NULL : text_to_cstring(kind)), at);
		st_become_caller(&caller);
	}
	return PointerGetDatum(NULL);
}
