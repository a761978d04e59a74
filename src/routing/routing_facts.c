/*-------------------------------------------------------------------------
 *
 * routing_facts.c
 *		Facts as a row of triage.facts, as conditions see them.
 *
 * The attributes of the type are in the order of the function below; a type of
 * a later version has more at its end, which are NULL here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "core/core.h"
#include "routing/routing_inner.h"

/* The row type triage.facts, copied into the current context. */
TupleDesc
st_facts_tupdesc(void)
{
	return lookup_rowtype_tupdesc_copy(st_type_oid("facts"), -1);
}

/* See routing.h. */
TupleTableSlot *
st_facts_slot(void)
{
	return MakeSingleTupleTableSlot(st_facts_tupdesc(), &TTSOpsVirtual);
}

/* Strings as text[], built in place: there may be several for each ticket. */
static Datum
text_array(const char *const *strings, int n)
{
	Datum	   *texts = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		texts[i] = CStringGetTextDatum(strings[i]);
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* See routing.h. */
void
st_facts_store(TupleTableSlot *slot, const StFacts *facts)
{
	Datum	   *values = slot->tts_values;
	bool	   *nulls = slot->tts_isnull;
	int			natts = slot->tts_tupleDescriptor->natts;
	bool		predicted = facts->intent != NULL;
	int			i = 0;

	ExecClearTuple(slot);
	memset(nulls, true, natts * sizeof(bool));

#define PUT_IF(condition, datum) \
	do { \
		if (i < natts && (condition)) \
		{ \
			values[i] = (datum); \
			nulls[i] = false; \
		} \
		i++; \
	} while (0)
#define PUT_TEXT(t)		PUT_IF((t) != NULL, PointerGetDatum(t))
#define PUT_STRING(s)	PUT_IF((s) != NULL, CStringGetTextDatum(s))
#define PUT_FLOAT(f)	PUT_IF(ST_IS_KNOWN(f), Float4GetDatum(f))
#define PUT_TRUTH(t)	PUT_IF((t) != ST_NOT_KNOWN, BoolGetDatum((t) == ST_TRUE))

	PUT_TEXT(facts->tenant_id);
	PUT_IF(true, Int32GetDatum(facts->source_id));
	PUT_TEXT(facts->ticket_key);
	PUT_TEXT(facts->customer);
	PUT_TEXT(facts->channel);
	PUT_TEXT(facts->segment);
	PUT_TEXT(facts->language);
	PUT_TEXT(facts->status);
	PUT_TEXT(facts->ticket_priority);
	PUT_TEXT(facts->assigned_agent);
	PUT_IF(facts->has_created_at, TimestampTzGetDatum(facts->created_at));
	PUT_IF(facts->subject_length >= 0, Int32GetDatum(facts->subject_length));
	PUT_IF(facts->body_length >= 0, Int32GetDatum(facts->body_length));
	PUT_IF(true, BoolGetDatum(facts->truncated));
	PUT_TEXT(facts->intent);
	PUT_IF(predicted, Float4GetDatum(facts->intent_confidence));
	PUT_IF(predicted, Float4GetDatum(facts->intent_margin));
	PUT_IF(predicted, BoolGetDatum(facts->in_scope));
	PUT_TEXT(facts->model_name);
	PUT_IF(facts->model_name != NULL, Int32GetDatum(facts->model_version));
	PUT_FLOAT(facts->language_confidence);
	PUT_STRING(facts->script);
	PUT_TRUTH(facts->mixed_language);
	PUT_FLOAT(facts->sentiment);
	PUT_STRING(facts->sentiment_label);
	PUT_FLOAT(facts->sentiment_confidence);
	PUT_STRING(facts->emotion);
	PUT_FLOAT(facts->emotion_confidence);
	PUT_FLOAT(facts->irony);
	PUT_TRUTH(facts->signals_conflict);
	PUT_FLOAT(facts->urgency);
	PUT_TRUTH(facts->wants_human);
	PUT_IF(facts->ntopics >= 0, text_array(facts->topics, facts->ntopics));
	PUT_FLOAT(facts->complexity);
	PUT_IF(facts->npii_kinds >= 0, text_array(facts->pii_kinds, facts->npii_kinds));
	PUT_TEXT(facts->duplicate_of);
	PUT_IF(facts->duplicate_of != NULL, Float4GetDatum(facts->duplicate_similarity));
	PUT_IF(facts->repeat_contact >= 0, Int32GetDatum(facts->repeat_contact));
	PUT_IF(facts->entities != NULL, PointerGetDatum(facts->entities));
	PUT_FLOAT(facts->complexity_history);

	ExecStoreVirtualTuple(slot);
}

/* The texts of an array, sorted as they are stored; -1 for NULL. */
static int
read_array(Datum value, bool isnull, const char ***strings)
{
	Datum	   *texts;
	bool	   *nulls;
	int			n;
	int			kept = 0;

	if (isnull)
		return -1;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &n);
	*strings = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			(*strings)[kept++] = TextDatumGetCString(texts[i]);
	}
	return kept;
}

/* See routing.h. */
void
st_facts_read(TupleTableSlot *slot, StFacts *facts)
{
	Datum	   *values = slot->tts_values;
	bool	   *nulls = slot->tts_isnull;
	int			i = 0;

	slot_getallattrs(slot);
	st_facts_clear(facts);

#define NEXT_IF(target, conversion) \
	do { \
		if (!nulls[i]) \
			(target) = conversion(values[i]); \
		i++; \
	} while (0)
#define NEXT_TEXT(target)	NEXT_IF(target, DatumGetTextPP)
#define NEXT_STRING(target)	NEXT_IF(target, TextDatumGetCString)
#define NEXT_INT(target)	NEXT_IF(target, DatumGetInt32)
#define NEXT_FLOAT(target)	NEXT_IF(target, DatumGetFloat4)
#define TRUTH(value)		(DatumGetBool(value) ? ST_TRUE : ST_FALSE)
#define NEXT_TRUTH(target)	NEXT_IF(target, TRUTH)

	NEXT_TEXT(facts->tenant_id);
	if (facts->tenant_id == NULL)
		facts->tenant_id = cstring_to_text("");
	NEXT_INT(facts->source_id);
	NEXT_TEXT(facts->ticket_key);
	if (facts->ticket_key == NULL)
		facts->ticket_key = cstring_to_text("");
	NEXT_TEXT(facts->customer);
	NEXT_TEXT(facts->channel);
	NEXT_TEXT(facts->segment);
	NEXT_TEXT(facts->language);
	NEXT_TEXT(facts->status);
	NEXT_TEXT(facts->ticket_priority);
	NEXT_TEXT(facts->assigned_agent);
	facts->has_created_at = !nulls[i];
	NEXT_IF(facts->created_at, DatumGetTimestampTz);
	NEXT_INT(facts->subject_length);
	NEXT_INT(facts->body_length);
	NEXT_IF(facts->truncated, DatumGetBool);
	NEXT_TEXT(facts->intent);
	NEXT_FLOAT(facts->intent_confidence);
	NEXT_FLOAT(facts->intent_margin);
	NEXT_IF(facts->in_scope, DatumGetBool);
	NEXT_TEXT(facts->model_name);
	NEXT_INT(facts->model_version);
	NEXT_FLOAT(facts->language_confidence);
	NEXT_STRING(facts->script);
	NEXT_TRUTH(facts->mixed_language);
	NEXT_FLOAT(facts->sentiment);
	NEXT_STRING(facts->sentiment_label);
	NEXT_FLOAT(facts->sentiment_confidence);
	NEXT_STRING(facts->emotion);
	NEXT_FLOAT(facts->emotion_confidence);
	NEXT_FLOAT(facts->irony);
	NEXT_TRUTH(facts->signals_conflict);
	NEXT_FLOAT(facts->urgency);
	NEXT_TRUTH(facts->wants_human);
	facts->ntopics = read_array(values[i], nulls[i], &facts->topics);
	i++;
	NEXT_FLOAT(facts->complexity);
	facts->npii_kinds = read_array(values[i], nulls[i], &facts->pii_kinds);
	i++;
	NEXT_TEXT(facts->duplicate_of);
	NEXT_FLOAT(facts->duplicate_similarity);
	NEXT_INT(facts->repeat_contact);
	NEXT_IF(facts->entities, PG_DETOAST_DATUM);
	NEXT_FLOAT(facts->complexity_history);

	/* without an intent there is nothing in scope */
	if (facts->intent == NULL)
		facts->in_scope = false;
}
