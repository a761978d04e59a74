/*-------------------------------------------------------------------------
 *
 * pipeline_explain.c
 *		triage.explain_decision: why a ticket is where it is.
 *
 * Shows the decision as it is stored, and beside it what the same model makes
 * of the ticket now, rule by rule.  Where model or rules have changed since,
 * "changed" says so.  The ticket is read as the caller; our own tables are
 * read as the owner of schema triage, about that ticket alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* How many intents are shown. */
#define TOP_INTENTS		5

PG_FUNCTION_INFO_V1(st_explain_decision);

static StStatement stored_decision = {
	"SELECT pg_catalog.jsonb_build_object('revision', d.revision, 'decided_at', d.decided_at,"
	" 'outcome', d.outcome, 'tier', d.tier, 'queue', q.name, 'priority', d.priority,"
	" 'rule', r.name, 'rule_version', d.rule_version, 'reasons', d.reasons, 'intent', d.intent,"
	" 'intent_confidence', d.intent_confidence, 'model', d.model_name,"
	" 'model_version', d.model_version)::pg_catalog.text,"
	" d.model_version, d.rule_version, r.version, r.name"
	" FROM triage.decision d LEFT JOIN triage.queue q ON q.queue_id OPERATOR(pg_catalog.=) d.queue_id"
	" LEFT JOIN triage.routing_rule r ON r.rule_id OPERATOR(pg_catalog.=) d.rule_id"
	" WHERE d.tenant_id OPERATOR(pg_catalog.=) $1 AND d.source_id OPERATOR(pg_catalog.=) $2"
	" AND d.ticket_key OPERATOR(pg_catalog.=) $3",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement top_intents = {
	"SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('intent', c.label,"
	" 'confidence', c.confidence) ORDER BY c.confidence DESC)::pg_catalog.text"
	" FROM triage.classify_top($1, $2, $3) c",
	3, {TEXTOID, TEXTOID, INT4OID}, false, NULL
};

static StStatement contributions = {
	"SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('token', c.token, 'start', c.start,"
	" 'length', c.length, 'contribution', c.contribution) ORDER BY c.start, c.length)::pg_catalog.text"
	" FROM triage.explain($1, $2, $3) c",
	3, {TEXTOID, TEXTOID, TEXTOID}, false, NULL
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

static void
put_int_or_null(StringInfo out, const char *name, int value, bool isnull)
{
	if (isnull)
		appendStringInfo(out, ", \"%s\": null", name);
	else
		appendStringInfo(out, ", \"%s\": %d", name, value);
}

/* The facts, as triage.facts names them. */
static void
put_facts(StringInfo out, const StFacts *f)
{
	appendStringInfo(out, "{\"source_id\": %d", f->source_id);
	put_text(out, "tenant_id", f->tenant_id);
	put_text(out, "ticket_key", f->ticket_key);
	put_text(out, "customer", f->customer);
	put_text(out, "channel", f->channel);
	put_text(out, "segment", f->segment);
	put_text(out, "language", f->language);
	put_text(out, "status", f->status);
	put_text(out, "ticket_priority", f->ticket_priority);
	put_text(out, "assigned_agent", f->assigned_agent);
	if (f->has_created_at)
	{
		char		buf[MAXDATELEN + 1];

		JsonEncodeDateTime(buf, TimestampTzGetDatum(f->created_at), TIMESTAMPTZOID, NULL);
		appendStringInfo(out, ", \"created_at\": \"%s\"", buf);
	}
	else
		appendStringInfoString(out, ", \"created_at\": null");
	put_int_or_null(out, "subject_length", f->subject_length, f->subject_length < 0);
	put_int_or_null(out, "body_length", f->body_length, f->body_length < 0);
	appendStringInfo(out, ", \"truncated\": %s", f->truncated ? "true" : "false");
	put_text(out, "intent", f->intent);
	if (f->intent == NULL)
		appendStringInfoString(out, ", \"intent_confidence\": null, \"intent_margin\": null, \"in_scope\": null");
	else
		appendStringInfo(out, ", \"intent_confidence\": %.6f, \"intent_margin\": %.6f, \"in_scope\": %s",
						 f->intent_confidence, f->intent_margin, f->in_scope ? "true" : "false");
	put_text(out, "model_name", f->model_name);
	put_int_or_null(out, "model_version", f->model_version, f->model_name == NULL);
	if (f->failure != NULL)
	{
		appendStringInfoString(out, ", \"failure\": ");
		escape_json(out, f->failure);
	}
	appendStringInfoChar(out, '}');
}

/*
 * The document as text of the database: a character that its encoding does not
 * know (cleaning decodes HTML) becomes a question mark.
 */
static text *
document_text(const StDocument *doc)
{
	int			encoding = GetDatabaseEncoding();
	StringInfoData out;
	int			at = 0;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return cstring_to_text_with_len(doc->data, doc->length);

	initStringInfo(&out);
	while (at < doc->length)
	{
		const unsigned char *c = (const unsigned char *) doc->data + at;
		int			length = Min(pg_utf_mblen(c), doc->length - at);

		if (length == 1)
			appendStringInfoChar(&out, *c);
		else
		{
			Oid			proc = FindDefaultConversionProc(PG_UTF8, encoding);
			unsigned char buf[16];

			memset(buf, 0, sizeof(buf));
			if (OidIsValid(proc) &&
				pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding, unconstify(unsigned char *, c),
											  length, buf, sizeof(buf), true) == length)
				appendStringInfoString(&out, (char *) buf);
			else
				appendStringInfoChar(&out, '?');
		}
		at += length;
	}
	return cstring_to_text_with_len(out.data, out.len);
}

/* Runs a statement that gives one value of type text; NULL when it gives none. */
static char *
one_text(StStatement *statement, Datum *values, const char *nulls)
{
	st_statement_run(statement, values, nulls, SPI_OK_SELECT);
	return SPI_processed == 1 ? SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1) : NULL;
}

static int
int_of_row(int column, bool *isnull)
{
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull));
}

/* What is not as it was when the ticket was decided. */
static void
put_changes(StringInfo out, bool decided, int model_version, int active_version,
			const char *rule, int rule_version, int rule_version_now)
{
	const char *separator = "";
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfoChar(out, '[');
	if (!decided)
	{
		escape_json(out, "the ticket has no decision; see triage.backfill");
		separator = ", ";
	}
	if (decided && model_version != 0 && active_version != 0 && model_version != active_version)
	{
		appendStringInfo(&s, "version %d of the model decided, %d is active", model_version, active_version);
		appendStringInfoString(out, separator);
		escape_json(out, s.data);
		separator = ", ";
	}
	if (decided && rule_version != 0 && rule_version_now != rule_version)
	{
		resetStringInfo(&s);
		if (rule == NULL)
			appendStringInfoString(&s, "the rule that decided is gone");
		else
			appendStringInfo(&s, "version %d of rule %s decided, it is at %d now",
							 rule_version, rule, rule_version_now);
		appendStringInfoString(out, separator);
		escape_json(out, s.data);
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
	char	   *rule = NULL;
	int			model_version = 0;
	int			active_version;
	int			rule_version = 0;
	int			rule_version_now = 0;
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

	st_disturbances++;
	st_become_owner(&caller);
	values[0] = PointerGetDatum(now.facts.tenant_id);
	values[1] = Int32GetDatum(now.facts.source_id);
	values[2] = PointerGetDatum(now.facts.ticket_key);
	stored = one_text(&stored_decision, values, NULL);
	if (stored != NULL)
	{
		bool		isnull;

		model_version = int_of_row(2, &isnull);
		model_version = isnull ? 0 : model_version;
		rule_version = int_of_row(3, &isnull);
		rule_version = isnull ? 0 : rule_version;
		rule_version_now = int_of_row(4, &isnull);
		rule_version_now = isnull ? 0 : rule_version_now;
		rule = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5);
	}
	st_become_caller(&caller);

	/* the model that decided, if it is still there */
	if (model_version != 0 && model_version != active_version)
	{
		char	   *ignored = NULL;
		StModel    *model = st_model_get(projected.options.intent_model, model_version, &ignored);

		if (model != NULL)
		{
			reader.model = model;
			reader.model_version = model_version;
			reader.disturbances = st_disturbances;
			st_decide(&reader, slot, &now);
			st_read_document(&reader, slot, &now.facts, &doc);
		}
	}

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"table\": ");
	escape_json(&out, st_table_name(source->tickets));
	put_text(&out, "ticket_key", now.facts.ticket_key);
	put_text(&out, "tenant_id", now.facts.tenant_id);
	appendStringInfo(&out, ", \"decision\": %s, \"facts\": ", stored == NULL ? "null" : stored);
	put_facts(&out, &now.facts);

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

	appendStringInfoString(&out, "}, \"changed\": ");
	put_changes(&out, stored != NULL, model_version, active_version, rule, rule_version, rule_version_now);

	/* what the model's own functions say of it, which know the active version */
	if (now.facts.intent != NULL && active_version != 0)
	{
		char	   *json;

		values[0] = CStringGetTextDatum(projected.options.intent_model);
		values[1] = PointerGetDatum(document_text(&doc));
		st_disturbances++;
		st_become_owner(&caller);
		values[2] = Int32GetDatum(TOP_INTENTS);
		json = one_text(&top_intents, values, NULL);
		appendStringInfo(&out, ", \"explained_version\": %d, \"intents\": %s",
						 active_version, json == NULL ? "[]" : json);

		/* another version may not know the label that was decided on */
		values[2] = PointerGetDatum(now.facts.intent);
		json = one_text(&contributions, values,
						now.facts.model_version == active_version ? NULL : "  n");
		appendStringInfo(&out, ", \"contributions\": %s", json == NULL ? "[]" : json);
		st_become_caller(&caller);
	}
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
