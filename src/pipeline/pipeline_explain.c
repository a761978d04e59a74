/*-------------------------------------------------------------------------
 *
 * pipeline_explain.c
 *		triage.explain_decision: why a ticket is where it is.
 *
 * Shows the decision as it is stored with its facts, and beside it what the same
 * version of the model makes of the ticket now, rule by rule, with the evidence
 * (pipeline_evidence.c).  Where model or rules have changed since, "changed" says
 * so.  The ticket is read as the caller; our own tables are
 * read as the owner of schema triage, about that ticket alone.
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
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

PG_FUNCTION_INFO_V1(st_explain_decision);

static StStatement stored_decision = {
	"SELECT pg_catalog.jsonb_build_object('revision', d.revision, 'decided_at', d.decided_at,"
	" 'outcome', d.outcome, 'tier', d.tier, 'queue', q.name, 'priority', d.priority,"
	" 'rule', r.name, 'rule_version', d.rule_version, 'rules', ARRAY(SELECT a.name FROM"
	" pg_catalog.unnest(d.rules) WITH ORDINALITY AS u (rule_id, n) JOIN triage.routing_rule a"
	" ON a.rule_id OPERATOR(pg_catalog.=) u.rule_id ORDER BY u.n), 'tags', d.tags, 'skills', d.skills,"
	" 'sla_policy', (SELECT p.name FROM triage.sla_policy p WHERE p.policy_id OPERATOR(pg_catalog.=) d.sla_policy_id),"
	" 'automation_blocked', d.automation_blocked, 'reasons', d.reasons, 'intent', d.intent,"
	" 'intent_confidence', d.intent_confidence, 'model', d.model_name,"
	" 'model_version', d.model_version,"
	" 'facts', pg_catalog.to_jsonb(triage.decision_facts(d)))::pg_catalog.text,"
	" d.model_version, d.decided_at, ARRAY(SELECT CASE WHEN a.rule_id IS NULL THEN 'a rule that applied is gone'"
	" ELSE pg_catalog.format('version %s of rule %s applied, it is at %s now', u.version, a.name, a.version) END"
	" FROM ROWS FROM (pg_catalog.unnest(d.rules), pg_catalog.unnest(d.rule_versions)) WITH ORDINALITY"
	" AS u (rule_id, version, n) LEFT JOIN triage.routing_rule a ON a.rule_id OPERATOR(pg_catalog.=) u.rule_id"
	" WHERE a.version IS NULL OR a.version OPERATOR(pg_catalog.<>) u.version ORDER BY u.n), d.complexity_history"
	" FROM triage.decision d LEFT JOIN triage.queue q ON q.queue_id OPERATOR(pg_catalog.=) d.queue_id"
	" LEFT JOIN triage.routing_rule r ON r.rule_id OPERATOR(pg_catalog.=) d.rule_id"
	" WHERE d.tenant_id OPERATOR(pg_catalog.=) $1 AND d.source_id OPERATOR(pg_catalog.=) $2"
	" AND d.ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static void
put_text(StringInfo out, const char *name, const text *value)
{
	appendStringInfo(out, ", \"%s\": ", name);
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, text_to_cstring(value));
}

static int
int_of_row(int column, bool *isnull)
{
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull));
}

/* What the history of the intent added to the complexity, in words. */
static const char *
added(float4 history)
{
	return ST_IS_KNOWN(history) ? psprintf("%+.2f", history) : "nothing";
}

/*
 * What is not as it was when the ticket was decided; rules are a text[] of what
 * is to be said of those that applied, NULL without a decision, and history is
 * what was added to the complexity then.
 */
static void
put_changes(StringInfo out, ArrayType *rules, int model_version, int active_version, float4 history, const StFacts *now)
{
	Datum	   *said;
	int			nsaid;

	appendStringInfoChar(out, '[');
	if (rules == NULL)
		escape_json(out, "the ticket has no decision; see triage.backfill");
	else
	{
		const char *separator = "";

		if (model_version != 0 && active_version != 0 && model_version != active_version)
		{
			escape_json(out, psprintf("version %d of the model decided, %d is active", model_version, active_version));
			separator = ", ";
		}
		if (strcmp(added(history), added(now->complexity_history)) != 0)
		{
			appendStringInfoString(out, separator);
			escape_json(out, psprintf("the history of the intent added %s to the complexity, now it adds %s",
									  added(history), added(now->complexity_history)));
			separator = ", ";
		}
		deconstruct_array(rules, TEXTOID, -1, false, TYPALIGN_INT, &said, NULL, &nsaid);
		for (int i = 0; i < nsaid; i++)
		{
			appendStringInfoString(out, separator);
			escape_json(out, TextDatumGetCString(said[i]));
			separator = ", ";
		}
	}
	appendStringInfoChar(out, ']');
}

/* triage.explain_decision(tickets, ticket_key, tenant) */
Datum
st_explain_decision(PG_FUNCTION_ARGS)
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
	StDocument	doc = {"", 0, false};
	StIdentity	caller;
	StringInfoData out;
	Datum		values[3];
	char	   *stored;
	char	   *why;
	ArrayType  *rules = NULL;
	int			model_version = 0;
	int			active_version;
	float4		history = ST_UNKNOWN;
	const char *queue;
	Datum		result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();

	rel = table_open(PG_GETARG_OID(0), AccessShareLock);
	source = st_source_for(st_source_get(PG_GETARG_OID(0)), rel);
	SPI_connect();
	slot = st_ticket_fetch(source, &projected, tenant, PG_GETARG_TEXT_PP(1), false);
	projected.options.raise = false;

	/* everything that is read of the ticket is read as the caller */
	st_reader_begin(&reader, &projected, NULL);
	reader.again = true;
	active_version = reader.model_version;
	st_decide(&reader, slot, &now);
	st_read_document(&reader, slot, &now.facts, &doc);
	st_require_tenant(now.facts.tenant_id);

	st_disturbances++;
	st_become_owner(&caller);
	values[0] = PointerGetDatum(now.facts.tenant_id);
	values[1] = Int32GetDatum(now.facts.source_id);
	values[2] = PointerGetDatum(now.facts.ticket_key);
	stored = st_statement_text(&stored_decision, values, NULL);
	if (stored != NULL)
	{
		bool		isnull;

		model_version = int_of_row(2, &isnull);
		model_version = isnull ? 0 : model_version;
		reader.now = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
		rules = DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull));
		history = DatumGetFloat4(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5, &isnull));
		history = isnull ? ST_UNKNOWN : history;
	}
	st_become_caller(&caller);

	/* by the model that decided, if it is still there, and as of then */
	if (stored != NULL)
	{
		if (model_version != 0 && model_version != active_version)
		{
			char	   *ignored = NULL;
			StModel    *model = st_model_get(projected.options.intent_model, model_version, &ignored);

			if (model != NULL)
			{
				reader.model = model;
				reader.model_version = model_version;
			}
		}
		reader.disturbances = st_disturbances;
		st_decide(&reader, slot, &now);
		st_read_document(&reader, slot, &now.facts, &doc);
	}

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"table\": ");
	escape_json(&out, st_table_name(source->tickets));
	put_text(&out, "ticket_key", now.facts.ticket_key);
	put_text(&out, "tenant_id", now.facts.tenant_id);
	appendStringInfo(&out, ", \"decision\": %s, \"facts\": ", stored == NULL ? "null" : stored);
	st_put_facts(&out, &now);

	appendStringInfo(&out, ", \"now\": {\"outcome\": \"%s\", \"tier\": \"%s\", \"queue\": ",
					 st_outcome_names[now.decision.outcome], st_tier_names[now.decision.tier]);
	queue = st_routing_queue_name(reader.routing, now.decision.queue_id);
	if (queue == NULL)
		appendStringInfoString(&out, "null");
	else
		escape_json(&out, queue);
	appendStringInfoString(&out, ", \"rule\": ");
	if (now.decision.rule_name == NULL)
		appendStringInfoString(&out, "null");
	else
		escape_json(&out, now.decision.rule_name);
	appendStringInfo(&out, ", \"priority\": %d}", now.decision.priority);

	appendStringInfoString(&out, ", \"rules\": ");
	st_routing_explain(reader.routing, &now.facts, &out);

	why = st_routing_why_not_automated(reader.routing, &now.facts, &now.decision);
	appendStringInfo(&out, ", \"automation\": {\"allowed\": %s, \"why_not\": ",
					 why == NULL ? "true" : "false");
	if (why == NULL)
		appendStringInfoString(&out, "null");
	else
		escape_json(&out, why);

	appendStringInfoString(&out, "}, \"tier\": ");
	st_routing_explain_tier(reader.routing, &now.facts, &now.decision, &out);
	st_put_considered(&out, &now);
	appendStringInfoString(&out, ", \"changed\": ");
	put_changes(&out, rules, model_version, active_version, history, &now.facts);

	st_put_evidence(&out, &reader, &now, &doc);
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
