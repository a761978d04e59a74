/*-------------------------------------------------------------------------
 *
 * tone_models.c
 *		The models of sentiment, emotion and irony: shipped ones, or the user's
 *		own of the same name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/compat.h"
#include "understanding/tone.h"

/* A language that is not read by its words must be at least so sure. */
#define SURE_OF_OTHER	0.85f

/*
 * st_tone_reading
 *		The tone of a reading, palloc'd with it on first use and shared by all
 *		models that are made of it.
 */
const StToneReading *
st_tone_reading(StReading *reading, const char *language)
{
	if (language == NULL)
		language = ST_LANGUAGE_UNKNOWN;
	if (reading->tone != NULL && strcmp(reading->tone->language, language) == 0)
		return reading->tone;
	if (reading->tone == NULL)
		reading->tone = palloc(sizeof(StToneReading));
	strlcpy(reading->tone->language, language, sizeof(reading->tone->language));
	st_tone(reading, language, &reading->tone->tone);
	reading->tone->features = st_tone_features(reading, &reading->tone->tone, false, true);
	return reading->tone;
}

/*
 * st_tone_find_language
 *		The language of a reading for st_tone_reading: as st_language finds it,
 *		or "und" for a guess by the lexicon's words.  Hindi in Latin letters and
 *		slang look like anything: what is not surely another language is guessed.
 */
void
st_tone_find_language(StReading *reading, StLanguage *out)
{
	st_language(reading, NULL, 0, out);
	if (st_tone_language(out->code) == ST_TONE_OTHER && out->confidence < SURE_OF_OTHER)
		strlcpy(out->code, ST_LANGUAGE_UNKNOWN, sizeof(out->code));
}

/*
 * st_tone_model
 *		Opens a model by name and scores the document; NULL when there is no such
 *		model or it cannot be read.  *probs has its labels' probabilities.
 *		A model of another reader reads the document by itself.
 */
StModel *
st_tone_model(const char *name, StReading *reading, const char *language, const float **probs)
{
	char	   *why;
	StModel    *model = st_model_get(name, 0, &why);
	bool		in_scope;

	if (model == NULL)
		return NULL;
	if (strcmp(st_model_features(model), ST_FEATURES_TONE) == 0)
		*probs = st_model_score_features(model, reading->tokens,
										 st_tone_reading(reading, language)->features, &in_scope);
	else
		*probs = st_model_score(model, &reading->doc, &in_scope);
	return model;
}
