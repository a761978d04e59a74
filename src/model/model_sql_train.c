/*-------------------------------------------------------------------------
 *
 * model_sql_train.c
 *		triage.train: reads examples, trains, stores a version.
 *
 * Everything long (reading, training) happens without locks.  Then the name is
 * locked to the end of the transaction, the next number taken and the row
 * written as the owner of schema triage, so that two who train the same name
 * at once get two versions, the second waiting for the first's commit.  A
 * version's number is never given again (triage.model_dropped).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "model/model_inner.h"

/* Examples between two reports of progress */
#define EXAMPLES_PER_REPORT 256

/* One training */
typedef struct Training
{
	char	   *name;
	char	   *examples;		/* the query */
	Jsonb	   *options;
	StTrainOptions *parsed_options;
	StCorpus   *corpus;
	StLabels   *labels;			/* by first appearance */
	char	  **sorted_labels;	/* database encoding */
	int			nlabels;
	StExampleCounts counts;
	StTrained	trained;
	int			version;
	instr_time	start;
	double		seconds;
} Training;

/* A label on its way to its place */
typedef struct SortedLabel
{
	const char *text;			/* database encoding */
	char	   *utf8;
	int			old_label;
} SortedLabel;

StExamplesFilter st_examples_filter = NULL;

PG_FUNCTION_INFO_V1(st_train_sql);

static void train_read(Training *training);
static void train_consume(void *arg, const StDocument *document, const char *label, int length);
static void train_fit(Training *training);
static void train_report(void *arg, const char *phase, double fraction);
static int	compare_labels(const void *a, const void *b);
static void train_store(Training *training);
static void train_map(const Training *training);
static Datum number_or_null(double value, char *null);

/*
 * triage.train(model text, examples text, options jsonb)
 */
Datum
st_train_sql(PG_FUNCTION_ARGS)
{
	Training	training = {0};
	MemoryContext context;
	MemoryContext old;
	TupleDesc	desc;
	Datum		values[10];
	bool		nulls[10] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	st_need_arguments(fcinfo, 3);
	PreventCommandIfReadOnly("triage.train()");
	PreventCommandIfParallelMode("triage.train()");

	context = AllocSetContextCreate(CurrentMemoryContext, "support_triage training",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);

	INSTR_TIME_SET_CURRENT(training.start);
	training.name = st_store_check_name(PG_GETARG_TEXT_PP(0));
	training.examples = text_to_cstring(PG_GETARG_TEXT_PP(1));
	training.options = PG_GETARG_JSONB_P(2);
	training.parsed_options = st_train_options(training.options);
	training.corpus = st_corpus_begin(training.parsed_options);
	training.labels = st_labels_create();

	st_progress_begin(training.name);
	PG_TRY();
	{
		train_read(&training);
		train_fit(&training);
		st_progress_report("storing", -1, training.counts.used);
		train_store(&training);
	}
	PG_FINALLY();
	{
		st_progress_end();
	}
	PG_END_TRY();

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);

	values[0] = Int32GetDatum(training.version);
	values[1] = Int64GetDatum(training.trained.examples_used);
	values[2] = Int32GetDatum(training.nlabels);
	values[3] = Float8GetDatum(training.trained.metrics.accuracy);
	values[4] = Float8GetDatum(training.trained.metrics.macro_f1);
	values[5] = Float8GetDatum(training.trained.metrics.log_loss);
	values[6] = Float8GetDatum(training.trained.metrics.calibration_error);
	values[7] = Float8GetDatum(training.trained.metrics.out_of_scope_threshold);
	values[8] = Float8GetDatum(training.seconds);
	values[9] = Int64GetDatum(training.counts.without_document + training.counts.without_label);
	for (int i = 3; i < 9; i++)
		nulls[i] = isnan(DatumGetFloat8(values[i])) || isinf(DatumGetFloat8(values[i]));

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * train_read
 *		Runs the examples query into the corpus.  Throws when it gives nothing
 *		to train with.
 */
static void
train_read(Training *training)
{
	StExampleCounts *counts = &training->counts;

	st_examples_read(training->examples, train_consume, training, counts);
	training->nlabels = st_labels_count(training->labels);

	if (counts->used == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no examples to train with"),
				 counts->rows == 0 ?
				 errdetail("The examples query returned no rows.") :
				 errdetail("Of " INT64_FORMAT " rows, " INT64_FORMAT " had no document and " INT64_FORMAT " no label.",
						   counts->rows, counts->without_document, counts->without_label)));
	if (training->nlabels == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is only one label to train with"),
				 errdetail("All " INT64_FORMAT " examples have the label \"%s\".",
						   counts->used, st_labels_text(training->labels, 0)),
				 errhint("Give examples of at least two labels.")));
}

/* train_consume: one example of the query */
static void
train_consume(void *arg, const StDocument *document, const char *label, int length)
{
	Training   *training = arg;
	StDocument	filtered;
	int			number = st_labels_find(training->labels, label, length, true);

	if (number >= ST_MAX_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are more than %d labels", ST_MAX_LABELS),
				 errhint("The first column must be the document, the second its label.")));

	if (st_examples_filter != NULL)
	{
		st_examples_filter(document, &filtered);
		document = &filtered;
	}
	st_corpus_add(training->corpus, document, number);
	if (training->counts.used % EXAMPLES_PER_REPORT == 0)
		st_progress_report("reading examples", -1, training->counts.used);
}

/*
 * train_fit
 *		Puts the labels in an order that does not depend on that of the rows,
 *		and trains.
 */
static void
train_fit(Training *training)
{
	int			n = training->nlabels;
	SortedLabel *sorted = palloc(sizeof(SortedLabel) * n);
	int		   *new_label = palloc(sizeof(int) * n);
	char	  **utf8 = palloc(sizeof(char *) * n);

	for (int i = 0; i < n; i++)
	{
		StDocument	read;

		sorted[i].text = st_labels_text(training->labels, i);
		st_document_read(sorted[i].text, strlen(sorted[i].text), &read);
		sorted[i].utf8 = pnstrdup(read.data, read.length);
		sorted[i].old_label = i;
	}
	qsort(sorted, n, sizeof(SortedLabel), compare_labels);

	training->sorted_labels = palloc(sizeof(char *) * n);
	for (int i = 0; i < n; i++)
	{
		training->sorted_labels[i] = pstrdup(sorted[i].text);
		utf8[i] = sorted[i].utf8;
		new_label[sorted[i].old_label] = i;
	}

	st_corpus_relabel(training->corpus, new_label, n);
	st_train(training->corpus, utf8, n, training->parsed_options,
			 train_report, training, &training->trained);
}

/* train_report: the trainer's progress */
static void
train_report(void *arg, const char *phase, double fraction)
{
	Training   *training = arg;

	CHECK_FOR_INTERRUPTS();
	st_progress_report(phase, fraction, training->counts.used);
}

/* compare_labels: by their UTF-8, then by what they were made of */
static int
compare_labels(const void *a, const void *b)
{
	const SortedLabel *x = a;
	const SortedLabel *y = b;
	int			order = strcmp(x->utf8, y->utf8);

	return order != 0 ? order : strcmp(x->text, y->text);
}

/*
 * train_store
 *		Writes the version's row, active when it is the first of its name, and
 *		its mapping.
 */
static void
train_store(Training *training)
{
	static const char *sql =
	"INSERT INTO triage.model (name, version, status, labels, options, metrics, provenance,"
	" trained_by, trained_at, unicode_version, size_bytes, checksum, weights)"
	" VALUES ($1, $2, $25::triage.model_status, $3, $4,"
	" jsonb_build_object('examples', $5::bigint, 'accuracy', $6::float8, 'macro_f1', $7::float8,"
	"  'log_loss', $8::float8, 'calibration_error', $9::float8, 'coverage', $10::float8,"
	"  'accuracy_in_scope', $11::float8, 'out_of_scope_threshold', $12::float8),"
	" jsonb_build_object('examples_query', $13::text, 'rows', $14::bigint, 'examples', $15::bigint,"
	"  'without_document', $16::bigint, 'without_label', $17::bigint, 'seconds', $18::float8),"
	" $19, $20, $21, $22, $23, $24)";
	static Oid	types[25] = {
		TEXTOID, INT4OID, TEXTARRAYOID, JSONBOID,
		INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
		TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, FLOAT8OID,
		TEXTOID, TIMESTAMPTZOID, TEXTOID, INT8OID, TEXTOID, BYTEAOID, TEXTOID
	};
	StTrained  *trained = &training->trained;
	Datum		values[25];
	char		nulls[26];
	uint8		checksum[ST_CHECKSUM_BYTES];
	Datum	   *labels;
	bytea	   *weights;
	instr_time	now;

	if (trained->size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the weights of the model are larger than 1 GB"),
				 errhint("Train with fewer labels or fewer features.")));

	weights = palloc(trained->size + VARHDRSZ);
	SET_VARSIZE(weights, trained->size + VARHDRSZ);
	memcpy(VARDATA(weights), trained->blob, trained->size);
	st_checksum(trained->blob, trained->size, checksum);

	labels = palloc(sizeof(Datum) * training->nlabels);
	for (int i = 0; i < training->nlabels; i++)
		labels[i] = CStringGetTextDatum(training->sorted_labels[i]);

	st_store_lock_name(training->name);
	training->version = st_store_last_version(training->name) + 1;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, training->start);
	training->seconds = INSTR_TIME_GET_DOUBLE(now);

	memset(nulls, ' ', sizeof(nulls));
	values[0] = CStringGetTextDatum(training->name);
	values[1] = Int32GetDatum(training->version);
	values[2] = PointerGetDatum(construct_array(labels, training->nlabels, TEXTOID, -1, false, TYPALIGN_INT));
	values[3] = JsonbPGetDatum(training->options);
	values[4] = Int64GetDatum(trained->metrics.n);
	values[5] = number_or_null(trained->metrics.accuracy, &nulls[5]);
	values[6] = number_or_null(trained->metrics.macro_f1, &nulls[6]);
	values[7] = number_or_null(trained->metrics.log_loss, &nulls[7]);
	values[8] = number_or_null(trained->metrics.calibration_error, &nulls[8]);
	values[9] = number_or_null(trained->metrics.coverage, &nulls[9]);
	values[10] = number_or_null(trained->metrics.accuracy_in_scope, &nulls[10]);
	values[11] = number_or_null(trained->metrics.out_of_scope_threshold, &nulls[11]);
	values[12] = CStringGetTextDatum(training->examples);
	values[13] = Int64GetDatum(training->counts.rows);
	values[14] = Int64GetDatum(trained->examples_used);
	values[15] = Int64GetDatum(training->counts.without_document);
	values[16] = Int64GetDatum(training->counts.without_label);
	values[17] = Float8GetDatum(training->seconds);
	values[18] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	values[19] = TimestampTzGetDatum(st_now());
	values[20] = CStringGetTextDatum(st_unicode_now());
	values[21] = Int64GetDatum(trained->size);
	values[22] = CStringGetTextDatum(st_checksum_hex(checksum));
	values[23] = PointerGetDatum(weights);
	values[24] = CStringGetTextDatum(st_store_versions(training->name) == NULL ? "active" : "candidate");

	SPI_connect();
	st_store_execute(sql, 25, types, values, nulls);
	SPI_finish();

	train_map(training);
}

/*
 * train_map
 *		Writes the mapping of a version just stored, so that the first who uses
 *		it after commit finds it; if the transaction aborts it is garbage.
 */
static void
train_map(const Training *training)
{
	StModelRow	row;

	if (st_store_find(training->name, training->version, &row) && row.key_valid)
		(void) st_map_write(&row.key, training->trained.blob, training->trained.size);
}

/* number_or_null: a measure as float8, NULL (for SPI) when it has no value */
static Datum
number_or_null(double value, char *null)
{
	if (isnan(value) || isinf(value))
		*null = 'n';
	return Float8GetDatum(value);
}
