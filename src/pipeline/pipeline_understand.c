/*-------------------------------------------------------------------------
 *
 * pipeline_understand.c
 *		From a ticket's text to facts: the intent, the signals of the text, and
 *		what the requester's earlier tickets and others' tell.
 *
 * The document is read once.  What a signal means alone is understanding/'s;
 * here is what only the database knows: languages that the requester wrote in
 * are a prior for short text, the same requester with the same intent is a
 * repeat contact, a ticket that says what another says is its duplicate.
 *
 * A ticket whose intent model cannot be had is understood all the same: who
 * asks for a person is heard while triage is broken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "pipeline/pipeline_inner.h"

/* Languages of earlier tickets, each once. */
static int
language_priors(const StPast *past, int n, StLanguagePrior *priors)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
	{
		int			j = 0;

		if (past[i].language[0] == '\0' || strcmp(past[i].language, ST_LANGUAGE_UNKNOWN) == 0)
			continue;
		while (j < count && strcmp(priors[j].code, past[i].language) != 0)
			j++;
		if (j == count)
		{
			priors[count].code = past[i].language;
			priors[count++].count = 0;
		}
		priors[j].count++;
	}
	return count;
}

/*
 * The one definition of repeat contact: earlier tickets of the same requester
 * with the same intent, both known, within the window of triage.signal_policy.
 */
static int
count_repeats(const StSignalPolicy *policy, const StTrace *trace, const StPast *past, int n)
{
	int			count = 0;

	if (n < 0 || trace->intent == 0)
		return -1;
	for (int i = 0; i < n; i++)
	{
		if (past[i].intent == trace->intent &&
			past[i].asked_at >= trace->asked_at - policy->repeat_window)
			count++;
	}
	return count;
}

/* Copies of names in the current context; NULL for none. */
static const char **
copy_names(const char *const *names, int n)
{
	const char **copies;

	if (n <= 0)
		return NULL;
	copies = palloc(n * sizeof(char *));
	for (int i = 0; i < n; i++)
		copies[i] = pstrdup(names[i]);
	return copies;
}

/* What was understood, as facts in the current context. */
static void
put_facts(const StUnderstanding *u, StFacts *facts)
{
	if (u->known & ST_SIGNAL_LANGUAGE)
	{
		if (facts->language == NULL)
		{
			facts->language = cstring_to_text(u->language.code);
			facts->language_confidence = u->language.confidence;
		}
		facts->script = pstrdup(u->language.script);
		facts->mixed_language = u->language.mixed ? ST_TRUE : ST_FALSE;
	}
	if (u->known & ST_SIGNAL_SENTIMENT)
	{
		facts->sentiment = u->sentiment.score;
		facts->sentiment_label = st_sentiment_names[u->sentiment.label];
		facts->sentiment_confidence = u->sentiment.confidence;
	}
	if (u->known & ST_SIGNAL_EMOTION)
	{
		facts->emotion = st_emotion_names[u->emotion.label];
		facts->emotion_confidence = u->emotion.confidence;
	}
	if (u->known & ST_SIGNAL_IRONY)
		facts->irony = u->irony;
	if (u->known & ST_SIGNAL_STATED)
	{
		facts->urgency = u->signals.urgency;
		facts->wants_human = u->signals.wants_human ? ST_TRUE : ST_FALSE;
		facts->ntopics = u->ntopics;
		facts->topics = copy_names(u->topics, u->ntopics);
	}
	if (u->known & ST_SIGNAL_COMPLEXITY)
		facts->complexity = u->complexity.score;
	if (u->known & ST_SIGNAL_PII)
	{
		facts->npii_kinds = u->npii_kinds;
		facts->pii_kinds = copy_names(u->pii_kinds, u->npii_kinds);
	}
}

/* Asks the intent model, of features that others read too where it can. */
static void
predict(StModel *model, StReading *reading, StFacts *facts, MemoryContext result_cxt)
{
	StFeatureReading read = {&reading->doc, false, reading->tokens, NULL};
	StPrediction prediction;
	MemoryContext old;

	if (strcmp(st_model_features(model), ST_FEATURES_TEXT) == 0)
		read.features = st_reading_features(reading);
	st_model_read(model, &read);
	st_model_predict_features(model, read.tokens, read.features, &prediction);

	old = MemoryContextSwitchTo(result_cxt);
	facts->intent = cstring_to_text(prediction.label_text);
	MemoryContextSwitchTo(old);
	facts->intent_confidence = prediction.confidence;
	facts->intent_margin = prediction.margin;
	facts->in_scope = prediction.in_scope;
}

/*
 * What the text names of the user's own tables, as {"kind": ["value", ...]},
 * in result_cxt; left NULL where there are no kinds.  The tables are read as
 * the owner of the tickets table; which could not be is noted.
 */
static void
find_entities(StReader *reader, const StDocument *doc, StDecided *decided, MemoryContext result_cxt)
{
	StFacts    *facts = &decided->facts;
	char	   *failures;
	int			n;
	StEntity   *entities;
	JsonbParseState *state = NULL;
	MemoryContext old;

	if (!st_entities_wanted() || !OidIsValid(reader->owner))
		return;
	st_disturbances++;
	entities = st_entities(doc, facts->customer == NULL ? NULL : text_to_cstring(facts->customer),
						   reader->owner, &n, &failures);

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue	v;
		bool		first = true;

		for (int j = 0; j < i && first; j++)
			first = strcmp(entities[j].kind, entities[i].kind) != 0;
		if (!first)
			continue;
		v.type = jbvString;
		v.val.string.val = unconstify(char *, entities[i].kind);
		v.val.string.len = strlen(entities[i].kind);
		pushJsonbValue(&state, WJB_KEY, &v);
		pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		for (int j = i; j < n; j++)
		{
			bool		repeated = strcmp(entities[j].kind, entities[i].kind) != 0;

			for (int k = i; k < j && !repeated; k++)
				repeated = strcmp(entities[k].kind, entities[i].kind) == 0 &&
					st_same_text(entities[k].value, entities[j].value);
			if (repeated)
				continue;
			v.val.string.val = VARDATA_ANY(entities[j].value);
			v.val.string.len = VARSIZE_ANY_EXHDR(entities[j].value);
			pushJsonbValue(&state, WJB_ELEM, &v);
		}
		pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	}

	old = MemoryContextSwitchTo(result_cxt);
	facts->entities = (struct varlena *) JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	if (failures != NULL)
		decided->note = pstrdup(failures);
	MemoryContextSwitchTo(old);
}

/*
 * st_read_ticket
 *		Fills the facts that the ticket's text gives, and its trace.  Results
 *		are in the current context.  A ticket without any text gives none.
 */
void
st_read_ticket(StReader *reader, TupleTableSlot *slot, StDecided *decided)
{
	MemoryContext result_cxt = MemoryContextSwitchTo(reader->row_cxt);
	StFacts    *facts = &decided->facts;
	uint32		wanted = reader->source->options.understand;
	StDocument	doc;

	st_read_document(reader, slot, facts, &doc);
	if (facts->failure == NULL)
	{
		facts->model_name = reader->model_name;
		facts->model_version = reader->model_version;
	}
	if (!st_is_blank(doc.data, doc.length))
	{
		StReading	reading;
		StUnderstanding u;
		StPast		past[ST_MAX_PAST];
		StLanguagePrior priors[ST_MAX_PAST];
		int			npast = -1;
		int			npriors = 0;

		st_reading_begin(&reading, &doc);
		st_trace_begin(reader, facts, &decided->trace);

		if (reader->model != NULL)
		{
			predict(reader->model, &reading, facts, result_cxt);
			if (facts->in_scope)
				decided->trace.intent = st_trace_intent(facts->intent);
		}

		if (wanted & ST_WATCH_HISTORY)
		{
			npast = st_history_read(reader, decided, past);
			npriors = language_priors(past, npast, priors);
			facts->repeat_contact = count_repeats(st_routing_policy(reader->routing), &decided->trace, past, npast);
		}
		if (wanted & ST_WATCH_DUPLICATES)
		{
			st_similar_sign(reader, &reading, decided);
			MemoryContextSwitchTo(result_cxt);
			st_similar_find(reader, decided);
			MemoryContextSwitchTo(reader->row_cxt);
		}

		st_understand(&reading, wanted & ST_SIGNALS_ALL,
					  facts->language == NULL ? NULL : text_to_cstring(facts->language),
					  priors, npriors, &u);
		MemoryContextSwitchTo(result_cxt);
		put_facts(&u, facts);
		if (wanted & ST_WATCH_HISTORY)
			st_effort_add(&decided->trace, facts);
		facts->signals_conflict = st_signals_conflict(st_routing_policy(reader->routing), facts);
		MemoryContextSwitchTo(reader->row_cxt);
		find_entities(reader, &reading.doc, decided, result_cxt);
	}
	MemoryContextSwitchTo(result_cxt);
	MemoryContextReset(reader->row_cxt);
}
