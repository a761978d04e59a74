/*-------------------------------------------------------------------------
 *
 * model_sql_eval.c
 *		triage.evaluate, triage.confusion and triage.explain: how good a model
 *		is, and why it says what it says.
 *
 * The version is settled when the call begins and asked for again for every
 * example, which costs nothing while triage.model does not change: the
 * examples query may run anything that opens other models.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/regproc.h"

#include "core/compat.h"
#include "model/model_inner.h"

/* Bins of the calibration error, and the least probability of a log loss */
#define CALIBRATION_BINS	15
#define LEAST_PROBABILITY	1e-15

/* How often a label was taken for another */
typedef struct ConfusionEntry
{
	uint64		key;			/* actual << 32 | predicted */
	int64		n;
	char		status;
} ConfusionEntry;

#define SH_PREFIX confusion
#define SH_ELEMENT_TYPE ConfusionEntry
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(tb, key) ((uint32) hash_combine64(0, key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* One call */
typedef struct Evaluation
{
	const char *name;
	int			version;
	int			nlabels;		/* of the model: labels below it are known */
	StLabels   *labels;			/* the model's, then those of the examples */
	confusion_hash *confusion;	/* pairs of labels */

	int64		correct;
	int64		known;			/* examples whose label the model knows */
	double		log_loss;		/* sum over these */
	int64		in_scope;
	int64		correct_in_scope;
	int64		bin_n[CALIBRATION_BINS];
	int64		bin_correct[CALIBRATION_BINS];
	double		bin_confidence[CALIBRATION_BINS];
	StExampleCounts counts;
} Evaluation;

PG_FUNCTION_INFO_V1(st_evaluate);
PG_FUNCTION_INFO_V1(st_confusion);
PG_FUNCTION_INFO_V1(st_explain);

static void evaluate(FunctionCallInfo fcinfo, Evaluation *e);
static void evaluate_consume(void *arg, const StDocument *document, const char *label, int length);
static double evaluate_macro_f1(const Evaluation *e, int *nlabels);
static double evaluate_calibration_error(const Evaluation *e);
static Datum ratio(double a, double b, bool *isnull);
static int	compare_confusion(const void *a, const void *b);
static Datum token_text(const StDocument *document, const char *bytes, int from, int to);
static int *character_offsets(const StDocument *document, int *n);

/*
 * st_need_arguments
 *		Throws when one of the first n arguments is NULL.
 */
void
st_need_arguments(FunctionCallInfo fcinfo, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of %s must not be NULL", i + 1,
							format_procedure_qualified(fcinfo->flinfo->fn_oid))));
	}
}

/*
 * evaluate
 *		Classifies the examples of a call (model, examples, version) with a
 *		version of a model and counts.  Throws when there are none.
 */
static void
evaluate(FunctionCallInfo fcinfo, Evaluation *e)
{
	StModel    *model;

	st_need_arguments(fcinfo, 2);
	memset(e, 0, sizeof(*e));
	AcceptInvalidationMessages();
	e->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	model = st_model_open(e->name, PG_ARGISNULL(2) ? ST_ACTIVE : st_store_check_version(PG_GETARG_INT32(2)));
	e->version = st_model_version(model);
	e->nlabels = st_model_nlabels(model);
	e->labels = st_labels_create();
	e->confusion = confusion_create(CurrentMemoryContext, 256, NULL);

	for (int i = 0; i < e->nlabels; i++)
	{
		char	   *label = TextDatumGetCString(st_model_label(model, i));

		if (st_labels_find(e->labels, label, strlen(label), true) != i)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("model \"%s\" version %d has the label \"%s\" twice",
							e->name, e->version, label)));
	}

	st_examples_read(text_to_cstring(PG_GETARG_TEXT_PP(1)), evaluate_consume, e, &e->counts);

	if (e->counts.used == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no examples to evaluate with"),
				 e->counts.rows == 0 ?
				 errdetail("The examples query returned no rows.") :
				 errdetail("Of " INT64_FORMAT " rows, " INT64_FORMAT " had no document and " INT64_FORMAT " no label.",
						   e->counts.rows, e->counts.without_document, e->counts.without_label)));
}

/* evaluate_consume: one example of the query */
static void
evaluate_consume(void *arg, const StDocument *document, const char *label, int length)
{
	Evaluation *e = arg;
	StModel    *model = st_model_open(e->name, st_store_check_version(e->version));
	int			actual = st_labels_find(e->labels, label, length, true);
	StPrediction prediction;
	ConfusionEntry *pair;
	bool		correct;
	bool		found;
	int			bin;

	if (st_model_nlabels(model) != e->nlabels)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" version %d was changed meanwhile", e->name, e->version)));
	if (actual >= e->nlabels + ST_MAX_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are more than %d labels that the model does not know", ST_MAX_LABELS),
				 errhint("The first column must be the document, the second its label.")));

	st_model_predict(model, document, &prediction);

	correct = prediction.label == actual;
	e->correct += correct;
	e->in_scope += prediction.in_scope;
	e->correct_in_scope += prediction.in_scope && correct;
	if (actual < e->nlabels)
	{
		e->known++;
		e->log_loss -= log(Max(st_model_probs(model)[actual], LEAST_PROBABILITY));
	}

	bin = Max(0, Min(CALIBRATION_BINS - 1, (int) (prediction.confidence * CALIBRATION_BINS)));
	e->bin_n[bin]++;
	e->bin_correct[bin] += correct;
	e->bin_confidence[bin] += prediction.confidence;

	pair = confusion_insert(e->confusion, ((uint64) actual << 32) | prediction.label, &found);
	pair->n = found ? pair->n + 1 : 1;
}

/*
 * evaluate_macro_f1
 *		Returns the mean F1 of the labels that occur, as an example's or as an
 *		answer, and how many labels the examples have.
 */
static double
evaluate_macro_f1(const Evaluation *e, int *nlabels)
{
	int			n = st_labels_count(e->labels);
	int64	   *both = palloc0(sizeof(int64) * n);	/* right answers */
	int64	   *actual = palloc0(sizeof(int64) * n);
	int64	   *predicted = palloc0(sizeof(int64) * n);
	confusion_iterator iterator;
	ConfusionEntry *pair;
	double		sum = 0;
	int			occur = 0;

	confusion_start_iterate(e->confusion, &iterator);
	while ((pair = confusion_iterate(e->confusion, &iterator)) != NULL)
	{
		int			a = pair->key >> 32;
		int			p = pair->key & 0xffffffff;

		actual[a] += pair->n;
		predicted[p] += pair->n;
		if (a == p)
			both[a] += pair->n;
	}

	*nlabels = 0;
	for (int i = 0; i < n; i++)
	{
		*nlabels += actual[i] > 0;
		if (actual[i] + predicted[i] == 0)
			continue;
		occur++;
		sum += 2.0 * both[i] / (actual[i] + predicted[i]);
	}
	return sum / occur;
}

/*
 * evaluate_calibration_error
 *		Returns how far confidence and accuracy are apart, in the mean over
 *		equal bins of confidence weighted by their examples.
 */
static double
evaluate_calibration_error(const Evaluation *e)
{
	double		sum = 0;

	for (int i = 0; i < CALIBRATION_BINS; i++)
		sum += fabs(e->bin_confidence[i] - e->bin_correct[i]);
	return sum / e->counts.used;
}

/* ratio: a / b as float8, NULL when b is 0 */
static Datum
ratio(double a, double b, bool *isnull)
{
	*isnull = b == 0;
	return Float8GetDatum(*isnull ? 0 : a / b);
}

/*
 * triage.evaluate(model text, examples text, version int)
 */
Datum
st_evaluate(PG_FUNCTION_ARGS)
{
	Evaluation	e;
	TupleDesc	desc;
	Datum		values[11];
	bool		nulls[11] = {0};
	int			nlabels;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	evaluate(fcinfo, &e);

	values[0] = Int32GetDatum(e.version);
	values[1] = Int64GetDatum(e.counts.used);
	values[3] = ratio(e.correct, e.counts.used, &nulls[3]);
	values[4] = Float8GetDatum(evaluate_macro_f1(&e, &nlabels));
	values[2] = Int32GetDatum(nlabels);
	values[5] = ratio(e.log_loss, e.known, &nulls[5]);
	values[6] = Float8GetDatum(evaluate_calibration_error(&e));
	values[7] = ratio(e.in_scope, e.counts.used, &nulls[7]);
	values[8] = ratio(e.correct_in_scope, e.in_scope, &nulls[8]);
	values[9] = Int64GetDatum(e.counts.used - e.known);
	values[10] = Int64GetDatum(e.counts.without_document + e.counts.without_label);

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * triage.confusion(model text, examples text, version int)
 */
Datum
st_confusion(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Evaluation	e;
	ConfusionEntry *pairs;
	confusion_iterator iterator;
	ConfusionEntry *pair;
	int			n = 0;

	InitMaterializedSRF(fcinfo, 0);
	evaluate(fcinfo, &e);

	pairs = palloc(sizeof(ConfusionEntry) * e.confusion->members);
	confusion_start_iterate(e.confusion, &iterator);
	while ((pair = confusion_iterate(e.confusion, &iterator)) != NULL)
		pairs[n++] = *pair;
	qsort(pairs, n, sizeof(ConfusionEntry), compare_confusion);

	for (int i = 0; i < n; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		CHECK_FOR_INTERRUPTS();
		values[0] = CStringGetTextDatum(st_labels_text(e.labels, pairs[i].key >> 32));
		values[1] = CStringGetTextDatum(st_labels_text(e.labels, pairs[i].key & 0xffffffff));
		values[2] = Int64GetDatum(pairs[i].n);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}

	return (Datum) 0;
}

/* compare_confusion: by the labels' numbers */
static int
compare_confusion(const void *a, const void *b)
{
	uint64		x = ((const ConfusionEntry *) a)->key;
	uint64		y = ((const ConfusionEntry *) b)->key;

	return x < y ? -1 : x > y;
}

/*
 * triage.explain(model text, document text, label text)
 */
Datum
st_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	StModel    *model;
	StDocument	document;
	StPrediction prediction;
	StContribution *contributions;
	double		score;
	const char *bytes;
	int		   *offsets;
	int			characters;
	int			label;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;

	AcceptInvalidationMessages();
	model = st_model_open(text_to_cstring(PG_GETARG_TEXT_PP(0)), 0);
	bytes = st_read_argument(PG_GETARG_DATUM(1), &document);

	if (PG_ARGISNULL(2))
	{
		st_model_predict(model, &document, &prediction);
		label = prediction.label;
	}
	else
	{
		char	   *wanted = text_to_cstring(PG_GETARG_TEXT_PP(2));

		label = st_model_find_label(model, wanted, strlen(wanted));
		if (label < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("model \"%s\" has no label \"%s\"", st_model_name(model), wanted),
					 errhint("Its labels are in column labels of triage.model_overview.")));
	}

	contributions = st_weights_explain(st_model_weights(model), &document, label, &n, &score);
	offsets = character_offsets(&document, &characters);

	for (int i = 0; i < n; i++)
	{
		StContribution *c = &contributions[i];
		Datum		values[4];
		bool		nulls[4] = {false, false, false, false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(c->start);
		values[1] = Int32GetDatum(c->length);
		nulls[2] = c->length <= 0 || c->start < 1 || c->start - 1 + c->length > characters;
		if (!nulls[2])
			values[2] = token_text(&document, bytes, offsets[c->start - 1],
								   offsets[c->start - 1 + c->length]);
		values[3] = Float4GetDatum((float4) c->contribution);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}

	return (Datum) 0;
}

/*
 * token_text
 *		Returns the part of a document from one byte up to another as text, in
 *		the database's encoding.
 *
 * Where a character is a byte, it is taken from the original bytes, as the
 * document has none of those that are not UTF-8.
 */
static Datum
token_text(const StDocument *document, const char *bytes, int from, int to)
{
	const char *token = document->data + from;
	char	   *converted;

	if (document->by_bytes)
		return PointerGetDatum(cstring_to_text_with_len(bytes + from, to - from));

	converted = pg_any_to_server(token, to - from, PG_UTF8);
	return converted == token ?
		PointerGetDatum(cstring_to_text_with_len(token, to - from)) :
		CStringGetTextDatum(converted);
}

/*
 * character_offsets
 *		Returns where each character of a document begins, in bytes, and after
 *		the last one where it ends; palloc'd.
 */
static int *
character_offsets(const StDocument *document, int *n)
{
	int		   *offsets = palloc_extended(sizeof(int) * ((Size) document->length + 1), MCXT_ALLOC_HUGE);
	int			i = 0;

	*n = 0;
	while (i < document->length)
	{
		offsets[(*n)++] = i;
		i += document->by_bytes ? 1 :
			pg_utf_mblen((const unsigned char *) document->data + i);
	}
	offsets[*n] = document->length;
	return offsets;
}
