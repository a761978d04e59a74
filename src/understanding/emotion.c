/*-------------------------------------------------------------------------
 *
 * emotion.c
 *		What a writer feels, and whether they mean the opposite of what they say:
 *		signals, not verdicts.
 *
 * The models "emotion" and "irony" are shipped; the user's own of these names
 * take their place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "understanding/tone.h"

PG_FUNCTION_INFO_V1(st_emotion_sql);
PG_FUNCTION_INFO_V1(st_irony_sql);

#define EMOTION_MODEL	"emotion"
#define IRONY_MODEL		"irony"
#define IRONIC			"ironic"

/* Without a model: what the words' sum must reach to be an emotion at all. */
#define LEAST_EMOTION	0.5f

const char *const st_emotion_names[] = {
	"anger", "joy", "optimism", "sadness", "neutral"
};

#define NLABELS lengthof(st_emotion_names)

/* By the lexicon alone. */
static void
from_words(const StTone *tone, StEmotion *out)
{
	float		sum = LEAST_EMOTION;

	out->label = ST_CALM;
	out->confidence = LEAST_EMOTION;
	for (int i = 0; i < NLABELS - 1; i++)
	{
		float		v = tone->values[ST_TONE_ANGER + i];

		sum += v;
		if (v > out->confidence)
		{
			out->label = (StEmotionLabel) i;
			out->confidence = v;
		}
	}
	out->confidence /= sum;
}

/* See understanding.h. */
void
st_emotion(StReading *reading, const char *language, StEmotion *out)
{
	const StToneReading *read = st_tone_reading(reading, language);
	const float *probs;
	double		known = 0;
	StModel    *model;

	out->label = ST_CALM;
	out->confidence = 0;
	model = st_tone_model(EMOTION_MODEL, reading, language, &probs);
	if (model != NULL)
	{
		for (int i = 0; i < NLABELS; i++)
		{
			int			label = st_model_find_label(model, st_emotion_names[i],
													strlen(st_emotion_names[i]));

			if (label < 0)
				continue;
			known += probs[label];
			if (probs[label] > out->confidence)
			{
				out->label = (StEmotionLabel) i;
				out->confidence = probs[label];
			}
		}
	}
	if (known > 0)
		out->confidence = (float) (out->confidence / known);
	else
		from_words(&read->tone, out);
}

/* See understanding.h. 0 without a model. */
float
st_irony(StReading *reading, const char *language)
{
	const float *probs;
	StModel    *model = st_tone_model(IRONY_MODEL, reading, language, &probs);
	int			label = model ? st_model_find_label(model, IRONIC, strlen(IRONIC)) : -1;

	return label < 0 || reading->tokens->ntokens == 0 ? 0 : probs[label];
}

/* triage.emotion(document) */
Datum
st_emotion_sql(PG_FUNCTION_ARGS)
{
	text	   *document = PG_GETARG_TEXT_PP(0);
	StDocument	doc;
	StReading	reading;
	StLanguage	language;
	StEmotion	emotion;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	st_document_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), &doc);
	st_reading_begin(&reading, &doc);
	st_tone_find_language(&reading, &language);
	st_emotion(&reading, language.code, &emotion);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(st_emotion_names[emotion.label]);
	values[1] = Float4GetDatum(emotion.confidence);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* triage.irony(document) */
Datum
st_irony_sql(PG_FUNCTION_ARGS)
{
	text	   *document = PG_GETARG_TEXT_PP(0);
	StDocument	doc;
	StReading	reading;
	StLanguage	language;

	st_document_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), &doc);
	st_reading_begin(&reading, &doc);
	st_tone_find_language(&reading, &language);
	PG_RETURN_FLOAT4(st_irony(&reading, language.code));
}
