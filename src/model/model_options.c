/*-------------------------------------------------------------------------
 *
 * model_options.c
 *		The options of triage.train.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "model/model_train.h"

/* An option that is a number, and where it goes. */
typedef struct NumberOption
{
	const char *name;
	double		least;
	double		most;
	bool		whole;
	size_t		offset;
} NumberOption;

static const NumberOption number_options[] = {
	{"hidden", 16, 1024, true, offsetof(StTrainOptions, hidden)},
	{"cost", 0.001, 1000, false, offsetof(StTrainOptions, cost)},
	{"epochs", 1, 1000, true, offsetof(StTrainOptions, epochs)},
	{"min_documents", 1, 1000, true, offsetof(StTrainOptions, min_documents)},
	{"max_kilobytes", 64, 1024 * 1024, true, offsetof(StTrainOptions, max_kilobytes)},
	{"reject", 0, 0.5, false, offsetof(StTrainOptions, reject)},
	{"seed", 0, INT_MAX, true, offsetof(StTrainOptions, seed)},
};

#define KNOWN_OPTIONS "kind, features, hidden, cost, epochs, min_documents, max_kilobytes, reject, seed"

/*
 * set_kind
 *		The option "kind"; throws for what is none.
 */
static void
set_kind(StTrainOptions *options, const char *kind)
{
	if (strcmp(kind, "auto") == 0)
		options->kind = ST_KIND_AUTO;
	else if (strcmp(kind, "linear") == 0)
		options->kind = ST_KIND_LINEAR;
	else if (strcmp(kind, "hidden") == 0)
		options->kind = ST_KIND_HIDDEN;
	else if (strcmp(kind, "counts") == 0)
		options->kind = ST_KIND_COUNTS;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for training option \"kind\": \"%s\"", kind),
				 errhint("It is one of auto, linear, hidden, counts.")));
}

/*
 * set_features
 *		The option "features": the name of a reader; throws for what is none.
 */
static void
set_features(StTrainOptions *options, const char *name)
{
	if (st_features_find(name) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for training option \"features\": \"%s\"", name),
				 errhint("It is one of %s.", st_features_names())));
	strlcpy(options->features, name, sizeof(options->features));
}

/*
 * set_number
 *		An option that is a number; throws when it is unknown or out of range.
 */
static void
set_number(StTrainOptions *options, const char *name, JsonbValue *value)
{
	for (int i = 0; i < lengthof(number_options); i++)
	{
		const NumberOption *option = &number_options[i];
		char	   *place = (char *) options + option->offset;
		double		number;

		if (strcmp(option->name, name) != 0)
			continue;
		if (value->type != jbvNumeric)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("training option \"%s\" must be a number", name)));
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8,
													NumericGetDatum(value->val.numeric)));
		if (!(number >= option->least && number <= option->most) ||
			(option->whole && number != floor(number)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("training option \"%s\" is out of range", name),
					 errhint("It is a %s from %g to %g.",
							 option->whole ? "whole number" : "number",
							 option->least, option->most)));
		if (option->whole)
			*(int *) place = (int) number;
		else
			*(double *) place = number;
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown training option \"%s\"", name),
			 errhint("The options are %s.", KNOWN_OPTIONS)));
}

/*
 * st_train_options
 *		Returns the options, palloc'd; throws for unknown or bad ones.
 */
StTrainOptions *
st_train_options(Jsonb *jsonb)
{
	StTrainOptions *options = palloc0(sizeof(StTrainOptions));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	options->kind = ST_KIND_AUTO;
	strlcpy(options->features, ST_FEATURES_TEXT, sizeof(options->features));
	options->hidden = 192;
	options->min_documents = 0;
	options->max_kilobytes = 7800;
	options->reject = 0.05;
	options->seed = 1;

	if (jsonb == NULL)
		return options;
	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("training options must be a JSON object"),
				 errhint("The options are %s.", KNOWN_OPTIONS)));

	it = JsonbIteratorInit(&jsonb->root);
	(void) JsonbIteratorNext(&it, &value, true);
	while ((token = JsonbIteratorNext(&it, &value, true)) == WJB_KEY)
	{
		char	   *name = pnstrdup(value.val.string.val, value.val.string.len);
		const char *word = "?";

		(void) JsonbIteratorNext(&it, &value, true);
		if (value.type == jbvString)
			word = pnstrdup(value.val.string.val, value.val.string.len);
		if (strcmp(name, "kind") == 0)
			set_kind(options, word);
		else if (strcmp(name, "features") == 0)
			set_features(options, word);
		else
			set_number(options, name, &value);
	}
	if (options->kind == ST_KIND_COUNTS &&
		strcmp(options->features, ST_FEATURES_LETTERS) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a model of kind \"counts\" cannot be made of features \"%s\"",
						options->features),
				 errhint("Set the training option \"features\" to \"%s\".",
						 ST_FEATURES_LETTERS)));
	return options;
}
