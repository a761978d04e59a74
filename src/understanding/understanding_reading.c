/*-------------------------------------------------------------------------
 *
 * understanding_reading.c
 *		A document, read once for all signals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/understanding.h"

/*
 * st_reading_begin
 *		Tokenises the document.  All of a reading is palloc'd in the current
 *		context and freed with it.  Throws only for lack of memory and cancel.
 */
void
st_reading_begin(StReading *reading, const StDocument *doc)
{
	memset(reading, 0, sizeof(*reading));
	reading->doc = *doc;
	reading->tokens = st_tokenize(doc);
}

/* The features that text models are made of, computed once. */
const StFeatures *
st_reading_features(StReading *reading)
{
	if (reading->features == NULL)
		reading->features = st_features(reading->tokens, false);
	return reading->features;
}
