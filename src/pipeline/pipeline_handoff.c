/*-------------------------------------------------------------------------
 *
 * pipeline_handoff.c
 *		triage.handoff: all that whoever takes over a ticket should know.
 *
 * The ticket, its messages and related tickets are read as the caller: what
 * row-level security hides from them is not in the answer.  Our own tables are
 * read as the owner of schema triage, about this ticket alone, and about related
 * ones that the caller can see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

PG_FUNCTION_INFO_V1(st_handoff);

/* Related tickets that are looked at. */
#define MAX_RELATED		50

#define D_IS_1_2_3 \
	"d.tenant_id OPERATOR(pg_catalog.=) $1 AND d.source_id OPERATOR(pg_catalog.=) $2" \
	" AND d.ticket_key OPERATOR(pg_catalog.=) $3"

#define DECISION_OBJECT \
	"pg_catalog.jsonb_build_object('revision', d.revision, 'decided_at', d.decided_at, 'outcome', d.outcome," \
	" 'tier', d.tier, 'queue', q.name, 'priority', d.priority, 'intent', d.intent, 'reasons', d.reasons, 'tags', d.tags"

typedef struct Section
{
	const char *name;
	StStatement statement;
} Section;

/* What is known of the ticket itself: each gives one value of type text, or none. */
static Section sections[] = {
	{"decision", {
			"SELECT (" DECISION_OBJECT ", 'model', d.model_name, 'model_version', d.model_version,"
			" 'facts', pg_catalog.to_jsonb(triage.decision_facts(d))))::pg_catalog.text FROM triage.decision d"
			" LEFT JOIN triage.queue q ON q.queue_id OPERATOR(pg_catalog.=) d.queue_id WHERE " D_IS_1_2_3,
			3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
	}},
	{"history", {
			"SELECT COALESCE(pg_catalog.jsonb_agg(" DECISION_OBJECT ", 'replaced_at', d.replaced_at, 'replaced_why', d.replaced_why)"
			" ORDER BY d.revision), '[]')::pg_catalog.text FROM triage.decision_history d"
			" LEFT JOIN triage.queue q ON q.queue_id OPERATOR(pg_catalog.=) d.queue_id WHERE " D_IS_1_2_3,
			3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
	}},
	{"waiting", {
			"SELECT pg_catalog.jsonb_build_object('queue', q.name, 'since', d.since, 'priority', d.priority,"
			" 'skills', d.skills, 'preferred_agent', a.name)::pg_catalog.text FROM triage.waiting d"
			" LEFT JOIN triage.queue q ON q.queue_id OPERATOR(pg_catalog.=) d.queue_id"
			" LEFT JOIN triage.agent a ON a.agent_id OPERATOR(pg_catalog.=) d.preferred_agent_id WHERE " D_IS_1_2_3,
			3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
	}},
	{"assignments", {
			"SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('agent', a.name, 'assigned_at', d.assigned_at,"
			" 'reason', d.reason, 'released_at', d.released_at, 'released_why', d.released_why) ORDER BY d.assignment_id), '[]')::pg_catalog.text"
			" FROM triage.assignment d LEFT JOIN triage.agent a ON a.agent_id OPERATOR(pg_catalog.=) d.agent_id WHERE " D_IS_1_2_3,
			3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
	}},
	{"clocks", {
			"SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('metric', d.metric, 'cycle', d.cycle, 'policy', p.name,"
			" 'state', d.state, 'target', d.target, 'used', COALESCE(s.used, d.consumed),"
			" 'left', CASE WHEN s.used IS NOT NULL THEN d.target OPERATOR(pg_catalog.-) s.used END,"
			" 'due_at', d.due_at, 'late', d.breached_at IS NOT NULL OR COALESCE(s.breached, false), 'finished_at', d.finished_at)"
			" ORDER BY d.metric, d.cycle), '[]')::pg_catalog.text FROM triage.sla_clock d"
			" LEFT JOIN triage.sla_policy p ON p.policy_id OPERATOR(pg_catalog.=) d.policy_id"
			" LEFT JOIN triage.sla_status s ON s.tenant_id OPERATOR(pg_catalog.=) d.tenant_id AND s.source_id OPERATOR(pg_catalog.=) d.source_id"
			" AND s.ticket_key OPERATOR(pg_catalog.=) d.ticket_key AND s.metric OPERATOR(pg_catalog.=) d.metric AND s.cycle OPERATOR(pg_catalog.=) d.cycle"
			" WHERE " D_IS_1_2_3,
			3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
	}},
	{"escalations", {
			"SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('cause', d.cause, 'reason', d.reason, 'status', d.status,"
			" 'priority', d.priority, 'created_at', d.created_at) ORDER BY d.escalation_id), '[]')::pg_catalog.text"
			" FROM triage.escalation d WHERE " D_IS_1_2_3,
			3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
	}},
};

static StStatement stored_original = {
	"SELECT d.duplicate_of FROM triage.decision d WHERE " D_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

/*
 * Tickets that have to do with it: its original, its duplicates and those of
 * the same original, and others of the same requester, newest first.
 */
static StStatement related = {
	"SELECT r.ticket_key, pg_catalog.min(r.relation COLLATE pg_catalog.\"C\"), r.o FROM ("
	" SELECT 'duplicate of' AS relation, d.ticket_key, pg_catalog.jsonb_build_object('intent', d.intent, 'created_at', d.created_at,"
	" 'outcome', d.outcome, 'tier', d.tier)::pg_catalog.text AS o, COALESCE(d.created_at, d.decided_at) AS at FROM triage.decision d"
	" WHERE " D_IS_1_2_3 " AND $3 OPERATOR(pg_catalog.<>) $5"
	" UNION ALL SELECT 'duplicate', d.ticket_key, pg_catalog.jsonb_build_object('intent', d.intent, 'created_at', d.created_at,"
	" 'outcome', d.outcome, 'tier', d.tier)::pg_catalog.text, COALESCE(d.created_at, d.decided_at) FROM triage.decision d"
	" WHERE d.tenant_id OPERATOR(pg_catalog.=) $1 AND d.source_id OPERATOR(pg_catalog.=) $2"
	" AND d.duplicate_of OPERATOR(pg_catalog.=) ANY (ARRAY[$3, $5]) AND d.ticket_key OPERATOR(pg_catalog.<>) $5"
	" UNION ALL SELECT 'same requester', d.ticket_key, pg_catalog.jsonb_build_object('intent', d.intent, 'created_at', d.created_at,"
	" 'outcome', d.outcome, 'tier', d.tier)::pg_catalog.text, COALESCE(d.created_at, d.decided_at) FROM triage.decision d"
	" WHERE pg_catalog.hashtextextended(d.customer COLLATE pg_catalog.\"C\", pg_catalog.hashtextextended(d.tenant_id, d.source_id::pg_catalog.int8))"
	" OPERATOR(pg_catalog.=) pg_catalog.hashtextextended($4 COLLATE pg_catalog.\"C\", pg_catalog.hashtextextended($1 COLLATE pg_catalog.\"C\", $2::pg_catalog.int8))"
	" AND d.customer OPERATOR(pg_catalog.=) $4 AND d.tenant_id OPERATOR(pg_catalog.=) $1 AND d.source_id OPERATOR(pg_catalog.=) $2"
	" AND d.ticket_key OPERATOR(pg_catalog.<>) $5) r"
	" GROUP BY r.ticket_key, r.o, r.at ORDER BY r.at DESC LIMIT " CppAsString2(MAX_RELATED),
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

typedef struct Related
{
	text	   *key;
	char	   *relation;
	char	   *object;			/* of JSON */
	bool		visible;
	char	   *status;			/* NULL: none */
} Related;

/* Reads those candidates of the tickets table that the caller sees, and their statuses. */
static void
look_at_related(StSource *source, const StFacts *facts, Related *found, int n)
{
	StringInfoData sql;
	StSource	projected = *source;
	Datum	   *keys = palloc(Max(n, 1) * sizeof(Datum));
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1];
	TupleTableSlot *slot;

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
		keys[i] = PointerGetDatum(found[i].key);
	values[0] = PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s FROM %s WHERE ", st_ticket_target(source, &projected), st_table_name(source->tickets));
	st_key_any_condition(&sql, source->columns.name[ST_ROLE_ID], source->column[ST_ROLE_ID].typid, 1);
	st_disturbances++;
	if (SPI_execute_with_args(sql.data, 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read related tickets");
	slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		text	   *tenant;
		text	   *key;
		text	   *status;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(SPI_tuptable->vals[row], slot, false);
		st_read_key(&projected, slot, &tenant, &key);
		if (key == NULL || !st_same_text(tenant, facts->tenant_id))
			continue;
		status = st_column_text(&projected.column[ST_ROLE_STATUS], slot);
		for (int i = 0; i < n; i++)
		{
			if (!st_same_text(found[i].key, key))
				continue;
			found[i].visible = true;
			found[i].status = status == NULL ? NULL : text_to_cstring(status);
		}
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* Appends related tickets; those of the same requester only while they are open. */
static void
put_related(StringInfo out, StSource *source, const StFacts *facts)
{
	Datum		values[5] = {
		PointerGetDatum(facts->tenant_id), Int32GetDatum(facts->source_id), PointerGetDatum(facts->ticket_key),
		PointerGetDatum(facts->customer), PointerGetDatum(facts->ticket_key)
	};
	char	   *original;
	char		nulls[] = "     ";
	StIdentity	caller;
	Related    *found;
	const char *separator = "";
	int			n;

	nulls[3] = facts->customer == NULL ? 'n' : ' ';
	st_disturbances++;
	st_become_owner(&caller);
	original = st_statement_text(&stored_original, values, NULL);
	if (original != NULL)
		values[2] = CStringGetTextDatum(original);
	st_statement_run(&related, values, nulls, SPI_OK_SELECT);
	n = (int) SPI_processed;
	found = palloc0(Max(n, 1) * sizeof(Related));
	for (int i = 0; i < n; i++)
	{
		bool		isnull;

		found[i].key = DatumGetTextPCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		found[i].relation = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		found[i].object = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3);
	}
	st_become_caller(&caller);
	look_at_related(source, facts, found, n);

	appendStringInfoString(out, ", \"related\": [");
	for (int i = 0; i < n; i++)
	{
		if (!found[i].visible ||
			(strcmp(found[i].relation, "same requester") == 0 && st_status_phase(found[i].status) == ST_PHASE_SOLVED))
			continue;
		appendStringInfo(out, "%s{\"ticket_key\": ", separator);
		escape_json(out, text_to_cstring(found[i].key));
		appendStringInfo(out, ", \"relation\": \"%s\", \"status\": ", found[i].relation);
		if (found[i].status == NULL)
			appendStringInfoString(out, "null");
		else
			escape_json(out, found[i].status);
		appendStringInfo(out, ", \"decided\": %s}", found[i].object);
		separator = ", ";
	}
	appendStringInfoChar(out, ']');
}

/* triage.handoff(tickets, ticket_key, tenant) */
Datum
st_handoff(PG_FUNCTION_ARGS)
{
	text	   *tenant = PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2);
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext old;
	Relation	rel;
	StSource   *source;
	StSource	projected;
	TupleTableSlot *slot;
	StReader	reader;
	StDecided	now;
	StIdentity	caller;
	StringInfoData out;
	Datum		values[3];
	Datum		result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();

	rel = table_open(PG_GETARG_OID(0), AccessShareLock);
	source = st_source_for(st_source_get(PG_GETARG_OID(0)), rel);
	SPI_connect();
	slot = st_ticket_fetch(source, &projected, tenant, PG_GETARG_TEXT_PP(1), false);
	projected.options.raise = false;
	projected.options.understand = ST_SIGNAL_STATED;

	/* everything that is read of the ticket is read as the caller */
	st_reader_begin(&reader, &projected, NULL);
	reader.again = true;
	st_decide(&reader, slot, &now);
	st_require_tenant(now.facts.tenant_id);

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"table\": ");
	escape_json(&out, st_table_name(source->tickets));
	appendStringInfoString(&out, ", \"ticket_key\": ");
	escape_json(&out, text_to_cstring(now.facts.ticket_key));
	appendStringInfoString(&out, ", \"tenant_id\": ");
	escape_json(&out, text_to_cstring(now.facts.tenant_id));
	appendStringInfoString(&out, ", \"status\": ");
	if (now.facts.status == NULL)
		appendStringInfoString(&out, "null");
	else
		escape_json(&out, text_to_cstring(now.facts.status));
	appendStringInfoString(&out, ", \"entities\": ");
	if (now.facts.entities == NULL)
		appendStringInfoString(&out, "null");
	else
	{
		Jsonb	   *entities = (Jsonb *) now.facts.entities;

		(void) JsonbToCString(&out, &entities->root, VARSIZE(entities));
	}

	values[0] = PointerGetDatum(now.facts.tenant_id);
	values[1] = Int32GetDatum(now.facts.source_id);
	values[2] = PointerGetDatum(now.facts.ticket_key);
	st_disturbances++;
	st_become_owner(&caller);
	for (int i = 0; i < lengthof(sections); i++)
	{
		char	   *section = st_statement_text(&sections[i].statement, values, NULL);

		appendStringInfo(&out, ", \"%s\": %s", sections[i].name, section == NULL ? "null" : section);
	}
	st_become_caller(&caller);

	st_put_thread(&out, source, &reader, slot, &now);
	put_related(&out, source, &now.facts);
	appendStringInfoChar(&out, '}');

	old = MemoryContextSwitchTo(outer);
	result = DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
	MemoryContextSwitchTo(old);

	ExecDropSingleTupleTableSlot(slot);
	st_reader_end(&reader);
	SPI_finish();
	table_close(rel, NoLock);
	PG_RETURN_DATUM(result);
}
