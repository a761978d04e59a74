/*-------------------------------------------------------------------------
 *
 * model_sql.c
 *		triage.classify and triage.classify_top.
 *
 * classify is called for every row of large queries.  What does not change
 * between two calls is kept in fn_extra: the name as it was last given, the
 * model it stood for, the row type.  A model is asked for again only when
 * st_model_epoch has moved, and no memory is allocated but for the result.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "core/core.h"
#include "model/model_inner.h"

/* In fn_extra of classify */
typedef struct ClassifyState
{
	StModel    *model;			/* good while epoch is the present one */
	uint64		epoch;
	int			name_length;
	char		name[ST_MAX_NAME_BYTES + 1];
	TupleDesc	desc;			/* of triage.prediction, blessed */
} ClassifyState;

/* A label and how probable it is */
typedef struct RankedLabel
{
	int			label;
	float		probability;
} RankedLabel;

PG_FUNCTION_INFO_V1(st_classify);
PG_FUNCTION_INFO_V1(st_classify_top);

static ClassifyState *classify_state(FmgrInfo *flinfo);
static void classify_open(ClassifyState *state, const text *name);
static int	compare_ranked(const void *a, const void *b);

/*
 * triage.classify(model text, document text)
 */
Datum
st_classify(PG_FUNCTION_ARGS)
{
	ClassifyState *state = fcinfo->flinfo->fn_extra;
	text	   *name = PG_GETARG_TEXT_PP(0);
	StDocument	document;
	StPrediction prediction;
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};
	HeapTuple	tuple;

	if (state == NULL)
		state = classify_state(fcinfo->flinfo);
	if (state->epoch != st_model_epoch ||
		state->name_length != VARSIZE_ANY_EXHDR(name) ||
		memcmp(state->name, VARDATA_ANY(name), state->name_length) != 0)
		classify_open(state, name);

	(void) st_read_argument(PG_GETARG_DATUM(1), &document);
	st_model_predict(state->model, &document, &prediction);

	values[0] = st_model_label(state->model, prediction.label);
	values[1] = Float4GetDatum(prediction.confidence);
	values[2] = Float4GetDatum(prediction.margin);
	values[3] = BoolGetDatum(prediction.in_scope);
	tuple = heap_form_tuple(state->desc, values, nulls);

	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}

/*
 * st_read_argument
 *		Reads a document from a text value that is not NULL; returns the bytes
 *		that it was read from, which may be in the value.  Of one that is stored
 *		compressed or out of line, no more is fetched than is read.
 */
const char *
st_read_argument(Datum value, StDocument *document)
{
	struct varlena *stored = (struct varlena *) DatumGetPointer(value);
	int			limit = st_max_document_bytes + MAX_MULTIBYTE_CHAR_LEN;
	text	   *bytes;

	/* what is cut off here is cut off there too, and said to be */
	if (VARATT_IS_EXTENDED(stored) && !VARATT_IS_SHORT(stored) &&
		toast_raw_datum_size(value) > limit + VARHDRSZ)
		bytes = DatumGetTextPSlice(value, 0, limit);
	else
		bytes = DatumGetTextPP(value);

	st_document_read(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), document);
	return VARDATA_ANY(bytes);
}

/*
 * classify_state
 *		Makes fn_extra, not yet of any model.
 *
 * Once a query, so that one in a long transaction sees what was committed
 * before it began, too: nothing else would read invalidations there.
 */
static ClassifyState *
classify_state(FmgrInfo *flinfo)
{
	MemoryContext old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	ClassifyState *state = palloc0(sizeof(ClassifyState));
	Oid			type = get_fn_expr_rettype(flinfo);

	if (!OidIsValid(type))
		type = st_type_oid("prediction");
	state->desc = lookup_rowtype_tupdesc_copy(type, -1);
	if (state->desc->natts != 4)
		elog(ERROR, "type triage.prediction is not as it was installed");
	flinfo->fn_extra = state;
	AcceptInvalidationMessages();
	MemoryContextSwitchTo(old);
	return state;
}

/*
 * classify_open
 *		Has the state refer to the active version of a model.  Throws when there
 *		is none; then the state is of no model.
 */
static void
classify_open(ClassifyState *state, const text *name)
{
	char	   *string = text_to_cstring(name);
	uint64		epoch;

	state->epoch = 0;
	if (strlen(string) > ST_MAX_NAME_BYTES)
		st_store_throw_missing(string, 0);

	/* taken before: should opening move the epoch, the next call asks again */
	epoch = st_model_epoch;
	state->model = st_model_open(string, 0);
	state->name_length = strlen(string);
	memcpy(state->name, string, state->name_length);
	state->epoch = epoch;
	pfree(string);
}

/*
 * triage.classify_top(model text, document text, k int)
 */
Datum
st_classify_top(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			k = PG_GETARG_INT32(2);
	StModel    *model;
	StDocument	document;
	RankedLabel *ranked;
	const float *probs;
	bool		in_scope;
	int			nlabels;

	if (k < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of labels must be at least 1")));

	InitMaterializedSRF(fcinfo, 0);

	AcceptInvalidationMessages();
	model = st_model_open(name, 0);
	(void) st_read_argument(PG_GETARG_DATUM(1), &document);
	probs = st_model_score(model, &document, &in_scope);

	nlabels = st_model_nlabels(model);
	ranked = palloc(sizeof(RankedLabel) * nlabels);
	for (int i = 0; i < nlabels; i++)
	{
		ranked[i].label = i;
		ranked[i].probability = probs[i];
	}
	qsort(ranked, nlabels, sizeof(RankedLabel), compare_ranked);

	for (int i = 0; i < Min(k, nlabels); i++)
	{
		float		next = i + 1 < nlabels ? ranked[i + 1].probability : 0;
		Datum		values[4];
		bool		nulls[4] = {false, false, false, false};

		values[0] = st_model_label(model, ranked[i].label);
		values[1] = Float4GetDatum(ranked[i].probability);
		values[2] = Float4GetDatum(ranked[i].probability - next);
		values[3] = BoolGetDatum(in_scope);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}

	return (Datum) 0;
}

/* compare_ranked: more probable first, then by the label's number */
static int
compare_ranked(const void *a, const void *b)
{
	const RankedLabel *x = a;
	const RankedLabel *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	return x->label - y->label;
}
