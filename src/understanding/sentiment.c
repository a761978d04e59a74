/*-------------------------------------------------------------------------
 *
 * sentiment.c
 *		How pleased or displeased a document sounds.
 *
 * The model "sentiment" that is shipped has the labels negative and positive and
 * was trained on mixtures of both in proportion to what people rated, which
 * makes the difference of its scores an estimate of the rating; what people
 * would say on either side of it is spread as its errors were on texts that it
 * had not seen.  A model of the user's own with labels of sentiment is read by
 * its probabilities.  Without any model the lexicon alone answers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "understanding/tone.h"

PG_FUNCTION_INFO_V1(st_sentiment_sql);

#define MODEL_NAME	"sentiment"

/* Where a label ends and the next begins; very negative to very positive. */
static const float bounds[] = {-0.55f, -0.15f, 0.22f, 0.6f};

/*
 * Spread of ratings around the estimate: where the words are read, where the
 * language was guessed, and where only signs that languages share are read.
 */
#define SPREAD			0.25f
#define SPREAD_GUESSED	0.3f
#define SPREAD_OTHER	0.45f

const char *const st_sentiment_names[] = {
	"very_negative", "negative", "neutral", "positive", "very_positive"
};

#define NLABELS lengthof(st_sentiment_names)

/* Probability that a rating is below a bound. */
static inline double
below(double bound, double score, double spread)
{
	return 0.5 * erfc((score - bound) / (spread * 1.41421356237));
}

/*
 * from_score
 *		The label that the score falls in; its confidence is the share of ratings
 *		that would fall there too.
 */
static void
from_score(float score, float spread, StSentiment *out)
{
	int			label = 0;
	double		low;
	double		high;

	while (label < lengthof(bounds) && score > bounds[label])
		label++;
	low = label > 0 ? below(bounds[label - 1], score, spread) : 0;
	high = label < lengthof(bounds) ? below(bounds[label], score, spread) : 1;
	out->score = Max(-1.0f, Min(1.0f, score));
	out->label = (StSentimentLabel) label;
	out->confidence = (float) (high - low);
}

/* The sentiment that a label names, or -1. */
static int
label_value(const StModel *model, int label)
{
	for (int i = 0; i < NLABELS; i++)
	{
		if (strcmp(st_model_label_text(model, label), st_sentiment_names[i]) == 0)
			return i;
	}
	return -1;
}

/*
 * from_probs
 *		A model of more labels than negative and positive: the most probable, and
 *		the mean of all.  False when no label is one of sentiment.
 */
static bool
from_probs(const StModel *model, const float *probs, StSentiment *out)
{
	double		mean = 0;
	double		known = 0;
	int			best = -1;

	for (int i = 0; i < st_model_nlabels(model); i++)
	{
		int			value = label_value(model, i);

		if (value < 0)
			continue;
		known += probs[i];
		mean += probs[i] * (value - ST_NEUTRAL) / 2.0;
		if (best < 0 || probs[i] > probs[best])
			best = i;
	}
	if (best < 0 || known <= 0)
		return false;
	out->score = (float) (mean / known);
	out->label = (StSentimentLabel) label_value(model, best);
	out->confidence = (float) (probs[best] / known);
	return true;
}

/* See understanding.h. */
void
st_sentiment(StReading *reading, const char *language, StSentiment *out)
{
	const StToneReading *read = st_tone_reading(reading, language);
	const float *probs;
	float		spread = read->tone.language == ST_TONE_OTHER ? SPREAD_OTHER :
		read->tone.guessed ? SPREAD_GUESSED : SPREAD;
	StModel    *model;

	if (reading->tokens->ntokens == 0 && read->tone.nsigns == 0)
	{
		from_score(0, SPREAD_OTHER, out);
		return;
	}
	model = st_tone_model(MODEL_NAME, reading, language, &probs);
	if (model != NULL && st_model_nlabels(model) == 2 &&
		label_value(model, 0) == ST_NEGATIVE && label_value(model, 1) == ST_POSITIVE)
	{
		const float *scores = st_model_scores(model);

		from_score((scores[1] - scores[0]) * 0.5f * st_model_temperature(model), spread, out);
	}
	else if (model == NULL || !from_probs(model, probs, out))
		from_score(read->tone.values[ST_TONE_COMPOUND] * 0.8f, SPREAD_OTHER, out);
}

/* triage.sentiment(document, language) */
Datum
st_sentiment_sql(PG_FUNCTION_ARGS)
{
	StDocument	doc;
	StReading	reading;
	StSentiment sentiment;
	char	   *language = NULL;
	text	   *document;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		language = text_to_cstring(PG_GETARG_TEXT_PP(1));
	document = PG_GETARG_TEXT_PP(0);
	st_document_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), &doc);
	st_reading_begin(&reading, &doc);
	st_sentiment(&reading, language, &sentiment);

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Float4GetDatum(sentiment.score);
	values[1] = CStringGetTextDatum(st_sentiment_names[sentiment.label]);
	values[2] = Float4GetDatum(sentiment.confidence);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
