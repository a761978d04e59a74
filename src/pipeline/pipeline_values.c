/*-------------------------------------------------------------------------
 *
 * pipeline_values.c
 *		The columns of triage.decision, and a decided ticket as their values.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "pipeline/pipeline_inner.h"

const char *const st_decision_columns[ST_NUM_DECISION_COLUMNS] = {
	"tenant_id", "source_id", "ticket_key", "revision", "decided_at",
	"outcome", "tier", "queue_id", "priority", "rule_id", "rule_version",
	"rules", "rule_versions", "failed_rules", "tags", "skills",
	"skill_levels", "skill_drop_after", "sla_policy_id",
	"automation_blocked", "automation_threshold", "reasons", "customer", "channel", "segment", "language", "status",
	"ticket_priority", "assigned_agent", "created_at", "subject_length",
	"body_length", "truncated", "intent", "intent_confidence",
	"intent_margin", "in_scope", "model_name", "model_version",
	"language_confidence", "script", "mixed_language", "sentiment",
	"sentiment_label", "sentiment_confidence", "emotion",
	"emotion_confidence", "irony", "signals_conflict", "urgency",
	"wants_human", "sensitive_topics", "complexity", "pii_kinds",
	"duplicate_of", "duplicate_similarity", "repeat_contact", "entities",
	"complexity_history"
};

/* As parameters of a statement; outcome and tier by their names. */
const Oid	st_decision_types[ST_NUM_DECISION_COLUMNS] = {
	TEXTOID, INT4OID, TEXTOID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID,
	INT4OID, INT2OID, INT4OID, INT4OID, INT4ARRAYOID, INT4ARRAYOID,
	INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT2ARRAYOID, INTERVALARRAYOID,
	INT4OID, BOOLOID, FLOAT4OID, TEXTARRAYOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INT4OID,
	INT4OID, BOOLOID, TEXTOID, FLOAT4OID, FLOAT4OID, BOOLOID, TEXTOID,
	INT4OID, FLOAT4OID, TEXTOID, BOOLOID, FLOAT4OID, TEXTOID, FLOAT4OID,
	TEXTOID, FLOAT4OID, FLOAT4OID, BOOLOID, FLOAT4OID, BOOLOID, TEXTARRAYOID,
	FLOAT4OID, TEXTARRAYOID, TEXTOID, FLOAT4OID, INT4OID, JSONBOID, FLOAT4OID
};

/* Strings as text[], built in place: there are several for each ticket. */
static Datum
text_array(const char *const *strings, int n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1);
	ArrayType  *array;
	char	   *p;

	if (n == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));

	for (int i = 0; i < n; i++)
		size += INTALIGN(VARHDRSZ + strlen(strings[i]));

	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = TEXTOID;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;

	p = ARR_DATA_PTR(array);
	for (int i = 0; i < n; i++)
	{
		Size		length = strlen(strings[i]);

		SET_VARSIZE(p, VARHDRSZ + length);
		memcpy(VARDATA(p), strings[i], length);
		p += INTALIGN(VARHDRSZ + length);
	}
	return PointerGetDatum(array);
}

/* What the rules that applied say of a decision; most decisions have little of it. */
static void
put_rules(const StDecision *d, Datum *values, bool *nulls)
{
	Datum	   *elements = palloc(Max(d->nrules, d->nfailed) * sizeof(Datum));

	if (d->nrules > 0)
	{
		for (int i = 0; i < d->nrules; i++)
			elements[i] = Int32GetDatum(d->rules[i].rule_id);
		values[ST_COL_RULES] = PointerGetDatum(construct_array(elements, d->nrules, INT4OID, 4, true, TYPALIGN_INT));
		nulls[ST_COL_RULES] = false;
		for (int i = 0; i < d->nrules; i++)
			elements[i] = Int32GetDatum(d->rules[i].version);
		values[ST_COL_RULE_VERSIONS] = PointerGetDatum(construct_array(elements, d->nrules, INT4OID, 4, true, TYPALIGN_INT));
		nulls[ST_COL_RULE_VERSIONS] = false;
	}
	if (d->nfailed > 0)
	{
		for (int i = 0; i < d->nfailed; i++)
			elements[i] = Int32GetDatum(d->failed_rules[i]);
		values[ST_COL_FAILED_RULES] = PointerGetDatum(construct_array(elements, d->nfailed, INT4OID, 4, true, TYPALIGN_INT));
		nulls[ST_COL_FAILED_RULES] = false;
	}
}

/* The skills that a ticket needs, as three arrays. */
static void
put_skills(const StDecision *d, Datum *values, bool *nulls)
{
	const char *skills[ST_MAX_SKILLS];
	Datum		levels[ST_MAX_SKILLS];
	Datum		drops[ST_MAX_SKILLS];
	bool		never[ST_MAX_SKILLS];
	Interval   *spans = palloc0(d->nskills * sizeof(Interval));
	int			dims[1] = {d->nskills};
	int			lbs[1] = {1};

	for (int i = 0; i < d->nskills; i++)
	{
		skills[i] = d->skills[i].skill;
		levels[i] = Int16GetDatum(d->skills[i].level);
		spans[i].time = d->skills[i].drop_after;
		drops[i] = IntervalPGetDatum(&spans[i]);
		never[i] = d->skills[i].drop_after < 0;
	}
	values[ST_COL_SKILLS] = text_array(skills, d->nskills);
	values[ST_COL_SKILL_LEVELS] = PointerGetDatum(construct_array(levels, d->nskills, INT2OID, 2, true, TYPALIGN_SHORT));
	values[ST_COL_SKILL_DROP_AFTER] = PointerGetDatum(construct_md_array(drops, never, 1, dims, lbs, INTERVALOID,
																		 sizeof(Interval), false, TYPALIGN_DOUBLE));
	nulls[ST_COL_SKILLS] = nulls[ST_COL_SKILL_LEVELS] = nulls[ST_COL_SKILL_DROP_AFTER] = false;
}

/*
 * st_decision_values
 *		The values of a row of triage.decision, in the order of
 *		StDecisionColumn; outcome and tier are their numbers, for the caller to
 *		replace.  They point into *decided and the current context.
 */
void
st_decision_values(const StDecided *decided, TimestampTz now, Datum *values, bool *nulls)
{
	const StFacts *f = &decided->facts;
	const StDecision *d = &decided->decision;
	bool		predicted = f->intent != NULL;

#define SET(column, datum) \
	(values[column] = (datum), nulls[column] = false)
#define SET_IF(column, condition, datum) \
	((nulls[column] = !(condition)) ? (values[column] = (Datum) 0) : (values[column] = (datum)))

	SET(ST_COL_TENANT_ID, PointerGetDatum(f->tenant_id));
	SET(ST_COL_SOURCE_ID, Int32GetDatum(f->source_id));
	SET(ST_COL_TICKET_KEY, PointerGetDatum(f->ticket_key));
	SET(ST_COL_REVISION, Int32GetDatum(1));
	SET(ST_COL_DECIDED_AT, TimestampTzGetDatum(now));
	SET(ST_COL_OUTCOME, Int32GetDatum(d->outcome));
	SET(ST_COL_TIER, Int32GetDatum(d->tier));
	SET_IF(ST_COL_QUEUE_ID, d->queue_id != 0, Int32GetDatum(d->queue_id));
	SET(ST_COL_PRIORITY, Int16GetDatum(d->priority));
	SET_IF(ST_COL_RULE_ID, d->rule_id != 0, Int32GetDatum(d->rule_id));
	SET_IF(ST_COL_RULE_VERSION, d->rule_id != 0, Int32GetDatum(d->rule_version));
	for (int i = ST_COL_RULES; i <= ST_COL_SKILL_DROP_AFTER; i++)
	{
		values[i] = (Datum) 0;
		nulls[i] = true;
	}
	if (d->nrules > 0 || d->nfailed > 0)
		put_rules(d, values, nulls);
	if (d->ntags > 0)
		SET(ST_COL_TAGS, text_array(d->tags, d->ntags));
	if (d->nskills > 0)
		put_skills(d, values, nulls);
	SET_IF(ST_COL_SLA_POLICY_ID, d->sla_policy_id != 0, Int32GetDatum(d->sla_policy_id));
	SET(ST_COL_AUTOMATION_BLOCKED, BoolGetDatum(d->automation_blocked));
	SET_IF(ST_COL_AUTOMATION_THRESHOLD, ST_IS_KNOWN(d->automation_threshold), Float4GetDatum(d->automation_threshold));
	SET(ST_COL_REASONS, text_array(d->reasons, d->nreasons));
	SET_IF(ST_COL_CUSTOMER, f->customer != NULL, PointerGetDatum(f->customer));
	SET_IF(ST_COL_CHANNEL, f->channel != NULL, PointerGetDatum(f->channel));
	SET_IF(ST_COL_SEGMENT, f->segment != NULL, PointerGetDatum(f->segment));
	SET_IF(ST_COL_LANGUAGE, f->language != NULL, PointerGetDatum(f->language));
	SET_IF(ST_COL_STATUS, f->status != NULL, PointerGetDatum(f->status));
	SET_IF(ST_COL_TICKET_PRIORITY, f->ticket_priority != NULL, PointerGetDatum(f->ticket_priority));
	SET_IF(ST_COL_ASSIGNED_AGENT, f->assigned_agent != NULL, PointerGetDatum(f->assigned_agent));
	SET_IF(ST_COL_CREATED_AT, f->has_created_at, TimestampTzGetDatum(f->created_at));
	SET_IF(ST_COL_SUBJECT_LENGTH, f->subject_length >= 0, Int32GetDatum(f->subject_length));
	SET_IF(ST_COL_BODY_LENGTH, f->body_length >= 0, Int32GetDatum(f->body_length));
	SET(ST_COL_TRUNCATED, BoolGetDatum(f->truncated));
	SET_IF(ST_COL_INTENT, predicted, PointerGetDatum(f->intent));
	SET_IF(ST_COL_INTENT_CONFIDENCE, predicted, Float4GetDatum(f->intent_confidence));
	SET_IF(ST_COL_INTENT_MARGIN, predicted, Float4GetDatum(f->intent_margin));
	SET_IF(ST_COL_IN_SCOPE, predicted, BoolGetDatum(f->in_scope));
	SET_IF(ST_COL_MODEL_NAME, f->model_name != NULL, PointerGetDatum(f->model_name));
	SET_IF(ST_COL_MODEL_VERSION, f->model_name != NULL, Int32GetDatum(f->model_version));
	SET_IF(ST_COL_LANGUAGE_CONFIDENCE, ST_IS_KNOWN(f->language_confidence), Float4GetDatum(f->language_confidence));
	SET_IF(ST_COL_SCRIPT, f->script != NULL, CStringGetTextDatum(f->script));
	SET_IF(ST_COL_MIXED_LANGUAGE, f->mixed_language != ST_NOT_KNOWN, BoolGetDatum(f->mixed_language == ST_TRUE));
	SET_IF(ST_COL_SENTIMENT, ST_IS_KNOWN(f->sentiment), Float4GetDatum(f->sentiment));
	SET_IF(ST_COL_SENTIMENT_LABEL, f->sentiment_label != NULL, CStringGetTextDatum(f->sentiment_label));
	SET_IF(ST_COL_SENTIMENT_CONFIDENCE, ST_IS_KNOWN(f->sentiment_confidence), Float4GetDatum(f->sentiment_confidence));
	SET_IF(ST_COL_EMOTION, f->emotion != NULL, CStringGetTextDatum(f->emotion));
	SET_IF(ST_COL_EMOTION_CONFIDENCE, ST_IS_KNOWN(f->emotion_confidence), Float4GetDatum(f->emotion_confidence));
	SET_IF(ST_COL_IRONY, ST_IS_KNOWN(f->irony), Float4GetDatum(f->irony));
	SET_IF(ST_COL_SIGNALS_CONFLICT, f->signals_conflict != ST_NOT_KNOWN, BoolGetDatum(f->signals_conflict == ST_TRUE));
	SET_IF(ST_COL_URGENCY, ST_IS_KNOWN(f->urgency), Float4GetDatum(f->urgency));
	SET_IF(ST_COL_WANTS_HUMAN, f->wants_human != ST_NOT_KNOWN, BoolGetDatum(f->wants_human == ST_TRUE));
	SET_IF(ST_COL_SENSITIVE_TOPICS, f->ntopics >= 0, text_array(f->topics, f->ntopics));
	SET_IF(ST_COL_COMPLEXITY, ST_IS_KNOWN(f->complexity), Float4GetDatum(f->complexity));
	SET_IF(ST_COL_PII_KINDS, f->npii_kinds >= 0, text_array(f->pii_kinds, f->npii_kinds));
	SET_IF(ST_COL_DUPLICATE_OF, f->duplicate_of != NULL, PointerGetDatum(f->duplicate_of));
	SET_IF(ST_COL_DUPLICATE_SIMILARITY, f->duplicate_of != NULL, Float4GetDatum(f->duplicate_similarity));
	SET_IF(ST_COL_REPEAT_CONTACT, f->repeat_contact >= 0, Int32GetDatum(f->repeat_contact));
	SET_IF(ST_COL_ENTITIES, f->entities != NULL, PointerGetDatum(f->entities));
	SET_IF(ST_COL_COMPLEXITY_HISTORY, ST_IS_KNOWN(f->complexity_history), Float4GetDatum(f->complexity_history));
}
