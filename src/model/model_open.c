/*-------------------------------------------------------------------------
 *
 * model_open.c
 *		An opened version of a model: its weights, through the shared mapping
 *		or else in memory of its own, its labels, and what it says of a
 *		document.
 *
 * Each has a memory context, which also holds its mapping: deleting the
 * context closes it.  Who opens and closes is model_cache.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "model/model_inner.h"

/* A version whose other Unicode was warned about */
typedef struct Warned
{
	char	   *name;
	int			version;
} Warned;

static List *warned = NIL;		/* of Warned, in TopMemoryContext */

static const void *model_private_copy(const bytea *weights);
static void model_warn_unicode(const StModel *model);

/*
 * st_model_load
 *		Opens the weights of a row, through the mapping when it is there, else
 *		from the row; those of a shipped model from its file.  The result is a
 *		child of context parent.  Returns NULL and *why (palloc'd) when they are
 *		damaged, or *missing (a file).  Throws what TOAST, files and lack of
 *		memory may; then nothing is left behind but memory of
 *		CurrentMemoryContext.
 */
StModel *
st_model_load(const char *name, const StModelRow *row, MemoryContext parent,
			  bool *missing, char **why)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "support_triage model",
												  ALLOCSET_SMALL_SIZES);
	const void *data;
	const char *reason = NULL;
	char	   *problem = NULL;
	StModel    *model;
	Size		size;

	MemoryContextSwitchTo(context);
	model = palloc0(sizeof(StModel));
	model->context = context;
	model->name = pstrdup(name);
	model->version = row->version;
	model->shipped = row->file != NULL;
	*missing = false;

	if (model->shipped)
	{
		data = st_shipped_open(row->file, &size, model->key.checksum, &model->mark,
							   missing, &problem);
		if (data == NULL)
			problem = psprintf("model \"%s\" cannot be read: %s", name, problem);
	}
	else
	{
		model->key = row->key;
		data = st_map_open(&row->key, &size);
	}
	if (data == NULL && !model->shipped)
	{
		uint8		checksum[ST_CHECKSUM_BYTES];
		bytea	   *weights;

		MemoryContextSwitchTo(caller);
		weights = st_store_weights(row);
		size = VARSIZE_ANY_EXHDR(weights);
		st_checksum(VARDATA_ANY(weights), size, checksum);
		if (memcmp(checksum, row->key.checksum, ST_CHECKSUM_BYTES) != 0)
			reason = "its weights do not match its checksum";
		else
		{
			bool		written = st_map_write(&row->key, VARDATA_ANY(weights), size);

			MemoryContextSwitchTo(context);
			if (written)
				data = st_map_open(&row->key, &size);
			if (data == NULL)
				data = model_private_copy(weights);
		}
	}
	MemoryContextSwitchTo(context);

	if (problem == NULL && reason == NULL &&
		(model->weights = st_weights_open(data, size, &reason)) != NULL &&
		!model->shipped && st_weights_nlabels(model->weights) != row->nlabels)
		reason = "it does not have as many labels as its weights";
	if (problem != NULL || reason != NULL)
	{
		MemoryContextSwitchTo(caller);
		*why = problem != NULL ? pstrdup(problem) :
			psprintf("model \"%s\" version %d is damaged: %s", name, row->version, reason);
		MemoryContextDelete(context);
		return NULL;
	}

	model->nlabels = st_weights_nlabels(model->weights);
	model->reader = st_weights_reader(model->weights);
	model->probs = palloc0(sizeof(float) * model->nlabels);
	model->scores = palloc0(sizeof(float) * model->nlabels);
	model->labels = palloc(sizeof(char *) * model->nlabels);
	model->label_datums = palloc(sizeof(Datum) * model->nlabels);
	for (int i = 0; i < model->nlabels; i++)
	{
		model->labels[i] = model->shipped ? st_shipped_label(model->weights, i) :
			TextDatumGetCString(row->labels[i]);
		model->label_datums[i] = CStringGetTextDatum(model->labels[i]);
	}
	MemoryContextSwitchTo(caller);

	if (!model->shipped)
		model_warn_unicode(model);
	MemoryContextSetParent(context, parent);
	return model;
}

/*
 * st_shipped_label
 *		Returns a label of shipped weights in the database's encoding, palloc'd.
 */
char *
st_shipped_label(const StWeights *weights, int i)
{
	const char *label = st_weights_label(weights, i);
	int			encoding = GetDatabaseEncoding();
	int			length;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return pstrdup(label);
	return st_convert(label, strlen(label), PG_UTF8, encoding, &length);
}

/*
 * model_private_copy
 *		Returns a copy of the weights in CurrentMemoryContext, aligned as a
 *		mapping is.
 */
static const void *
model_private_copy(const bytea *weights)
{
	Size		size = VARSIZE_ANY_EXHDR(weights);
	char	   *copy = MemoryContextAllocHuge(CurrentMemoryContext, size + 64);

	copy = (char *) TYPEALIGN(64, copy);
	memcpy(copy, VARDATA_ANY(weights), size);
	return copy;
}

/*
 * model_warn_unicode
 *		Says once a backend that a model is of other Unicode; parallel workers
 *		leave that to their leader.
 */
static void
model_warn_unicode(const StModel *model)
{
	MemoryContext old;
	ListCell   *cell;
	Warned	   *entry;

	if (IsParallelWorker() ||
		strcmp(st_weights_unicode(model->weights), st_unicode_now()) == 0)
		return;
	foreach(cell, warned)
	{
		entry = lfirst(cell);
		if (entry->version == model->version && strcmp(entry->name, model->name) == 0)
			return;
	}

	old = MemoryContextSwitchTo(TopMemoryContext);
	entry = palloc(sizeof(Warned));
	entry->name = pstrdup(model->name);
	entry->version = model->version;
	warned = lappend(warned, entry);
	MemoryContextSwitchTo(old);

	ereport(WARNING,
			(errmsg("model \"%s\" version %d was trained with %s, this server has %s",
					model->name, model->version,
					st_weights_unicode(model->weights), st_unicode_now()),
			 errhint("Some characters may be read differently; train it again when convenient.")));
}

/*
 * st_model_is
 *		Whether an opened version still is what a row describes.
 */
bool
st_model_is(const StModel *model, const StModelRow *row)
{
	if (model->version != row->version || model->shipped != (row->file != NULL))
		return false;
	if (model->shipped)
		return st_shipped_is(row->file, &model->mark);
	if (
		model->key.value_id != row->key.value_id ||
		memcmp(model->key.checksum, row->key.checksum, ST_CHECKSUM_BYTES) != 0 ||
		model->nlabels != row->nlabels)
		return false;

	for (int i = 0; i < model->nlabels; i++)
	{
		if (strcmp(model->labels[i], TextDatumGetCString(row->labels[i])) != 0)
			return false;
	}
	return true;
}

/* st_model_close: gives back all that an opened version holds */
void
st_model_close(StModel *model)
{
	MemoryContextDelete(model->context);
}

/* st_model_name, st_model_version: what a model is */
const char *
st_model_name(const StModel *model)
{
	return model->name;
}

int
st_model_version(const StModel *model)
{
	return model->version;
}

/* st_model_features: the name of the reader that gives its features */
const char *
st_model_features(const StModel *model)
{
	return st_weights_features(model->weights);
}

/*
 * st_model_nlabels, st_model_label, st_model_label_text, st_model_weights: what
 * it holds
 */
int
st_model_nlabels(const StModel *model)
{
	return model->nlabels;
}

Datum
st_model_label(const StModel *model, int label)
{
	return model->label_datums[label];
}

/* See model.h. */
StContribution *
st_model_explain(const StModel *model, const StDocument *doc, int label, int *n, double *score)
{
	return st_weights_explain(st_model_weights(model), doc, label, n, score);
}

const char *
st_model_label_text(const StModel *model, int label)
{
	return model->labels[label];
}

const StWeights *
st_model_weights(const StModel *model)
{
	return model->weights;
}

/*
 * st_model_find_label
 *		Returns the index of a label (database encoding), -1 when the model
 *		does not know it.
 */
int
st_model_find_label(const StModel *model, const char *label, int length)
{
	for (int i = 0; i < model->nlabels; i++)
	{
		if (strlen(model->labels[i]) == length && memcmp(model->labels[i], label, length) == 0)
			return i;
	}
	return -1;
}

/* st_model_read: see model.h */
void
st_model_read(const StModel *model, StFeatureReading *reading)
{
	model->reader(reading);
}

/* st_model_score_features: see model.h */
const float *
st_model_score_features(StModel *model, const StTokens *tokens,
						const StFeatures *features, bool *in_scope)
{
	st_weights_score(model->weights, tokens, features, model->scores, model->probs, in_scope);
	return model->probs;
}

/* st_model_score: see model.h */
const float *
st_model_score(StModel *model, const StDocument *doc, bool *in_scope)
{
	StFeatureReading reading = {.doc = doc};

	model->reader(&reading);
	return st_model_score_features(model, reading.tokens, reading.features, in_scope);
}

/* st_model_probs, st_model_scores, st_model_temperature: see model.h */
const float *
st_model_probs(const StModel *model)
{
	return model->probs;
}

const float *
st_model_scores(const StModel *model)
{
	return model->scores;
}

float
st_model_temperature(const StModel *model)
{
	return st_weights_temperature(model->weights);
}

/* st_model_predict: see model.h */
void
st_model_predict(StModel *model, const StDocument *doc, StPrediction *out)
{
	StFeatureReading reading = {.doc = doc};

	model->reader(&reading);
	st_model_predict_features(model, reading.tokens, reading.features, out);
}

/* st_model_predict_features: see model.h */
void
st_model_predict_features(StModel *model, const StTokens *tokens,
						  const StFeatures *features, StPrediction *out)
{
	const float *probs = st_model_score_features(model, tokens, features, &out->in_scope);
	float		second = 0;
	int			best = 0;

	for (int i = 1; i < model->nlabels; i++)
	{
		if (probs[i] > probs[best])
		{
			second = probs[best];
			best = i;
		}
		else if (probs[i] > second)
			second = probs[i];
	}

	out->label = best;
	out->label_text = model->labels[best];
	out->confidence = probs[best];
	out->margin = probs[best] - second;
}
