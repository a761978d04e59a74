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

	ExecStoreVirtualTuple(slot);
}
