/*-------------------------------------------------------------------------
 *
 * model_features.c
 *		The readers that make features of documents, by name.
 *
 * What a model is made of is not for this room to know: languages are told by
 * letters, moods by words and what a lexicon says of them.  So the rooms that
 * know register a reader, and a model keeps its name with its weights.  The one
 * of words, pairs and characters is registered here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "model/model_inner.h"

#define MAX_READERS 16

typedef struct NamedReader
{
	const char *name;
	StFeatureReader reader;
} NamedReader;

static NamedReader readers[MAX_READERS];
static int	nreaders = 0;

/*
 * read_text
 *		The reader "text": what st_features gives.
 */
static void
read_text(StFeatureReading *reading)
{
	if (reading->tokens == NULL)
		reading->tokens = st_tokenize(reading->doc);
	if (reading->features == NULL || reading->origins)
		reading->features = st_features(reading->tokens, reading->origins);
}

/*
 * read_letters
 *		The reader "letters": what st_letters gives.
 */
static void
read_letters(StFeatureReading *reading)
{
	if (reading->tokens == NULL)
		reading->tokens = st_tokenize(reading->doc);
	reading->features = st_letters(reading->tokens, NULL, reading->origins);
}

/* st_features_init: part of st_model_init */
void
st_features_init(void)
{
	st_register_features(ST_FEATURES_TEXT, read_text);
	st_register_features(ST_FEATURES_LETTERS, read_letters);
}

/*
 * st_register_features
 *		Makes a reader known; name must live as long as the process.
 */
void
st_register_features(const char *name, StFeatureReader reader)
{
	if (nreaders == MAX_READERS || strlen(name) >= ST_FEATURES_NAME ||
		st_features_find(name) != NULL)
		elog(ERROR, "features \"%s\" cannot be registered", name);
	readers[nreaders].name = name;
	readers[nreaders].reader = reader;
	nreaders++;
}

/* st_features_find: the reader of that name, NULL when there is none */
StFeatureReader
st_features_find(const char *name)
{
	for (int i = 0; i < nreaders; i++)
	{
		if (strcmp(readers[i].name, name) == 0)
			return readers[i].reader;
	}
	return NULL;
}

/* st_features_names: those there are, separated by commas, palloc'd */
char *
st_features_names(void)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < nreaders; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "", readers[i].name);
	return out.data;
}
