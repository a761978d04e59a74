/*-------------------------------------------------------------------------
 *
 * model_examples.c
 *		Reads labelled examples from a query that the caller hands in.
 *
 * The query runs as the caller and with the caller's snapshot, and may change
 * nothing.  Its rows are consumed one by one as the executor produces them, so
 * that a million examples never are in memory as text; no parallel plan is
 * used, so that the rows come in the order that the query gives them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/dest.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"

#include "model/model_inner.h"

/* Where the executor sends the rows */
typedef struct ExampleReceiver
{
	DestReceiver pub;			/* MUST BE FIRST */
	StExampleConsumer consumer;
	void	   *arg;
	StExampleCounts *counts;
	FmgrInfo	output[2];		/* output functions of the columns, or */
	bool		is_text[2];		/* their bytes as they are */
	MemoryContext row_context;	/* reset after each row */
} ExampleReceiver;

/* Labels by their text */
typedef struct LabelEntry
{
	const char *text;			/* database encoding, ends with NUL */
	int			label;
	char		status;
} LabelEntry;

#define SH_PREFIX labeltable
#define SH_ELEMENT_TYPE LabelEntry
#define SH_KEY_TYPE const char *
#define SH_KEY text
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct StLabels
{
	MemoryContext context;
	labeltable_hash *table;
	const char **texts;			/* by label */
	int			n;
	int			allocated;
};

static SPIPlanPtr examples_prepare(const char *query);
static void receiver_startup(DestReceiver *self, int operation, TupleDesc desc);
static bool receiver_receive(TupleTableSlot *slot, DestReceiver *self);
static void receiver_consume(ExampleReceiver *receiver, const Datum *values, const bool *nulls);
static void receiver_nothing(DestReceiver *self);
static const char *receiver_bytes(ExampleReceiver *receiver, int column, Datum value, int *length);
static bool is_blank(const char *utf8, int length);

/*
 * st_examples_read
 *		Runs a query of (document, label) and hands each usable row to consumer,
 *		in a context that is reset after it; counts tells what was skipped.
 *		Throws for a query that is not one SELECT of two columns that changes
 *		nothing, and whatever the query or the consumer throws.
 */
void
st_examples_read(const char *query, StExampleConsumer consumer, void *arg,
				 StExampleCounts *counts)
{
	ExampleReceiver receiver = {0};
	SPIExecuteOptions options = {0};
	SPIPlanPtr	plan;
	int			rc;

	memset(counts, 0, sizeof(*counts));

	/* looked at in startup for what it sends; else like any other receiver */
	receiver.pub.mydest = DestTuplestore;
	receiver.pub.rStartup = receiver_startup;
	receiver.pub.receiveSlot = receiver_receive;
	receiver.pub.rShutdown = receiver_nothing;
	receiver.pub.rDestroy = receiver_nothing;
	receiver.consumer = consumer;
	receiver.arg = arg;
	receiver.counts = counts;
	receiver.row_context = AllocSetContextCreate(CurrentMemoryContext,
												 "support_triage example",
												 ALLOCSET_DEFAULT_SIZES);

	SPI_connect();
	plan = examples_prepare(query);
	options.read_only = true;
	options.dest = (DestReceiver *) &receiver;
	rc = SPI_execute_plan_extended(plan, &options);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan_extended returned %s", SPI_result_code_string(rc));
	SPI_finish();

	MemoryContextDelete(receiver.row_context);
}

/*
 * examples_prepare
 *		Returns a plan of the query, in SPI's memory.  Throws when it is not one
 *		SELECT of two columns that changes nothing.
 */
static SPIPlanPtr
examples_prepare(const char *query)
{
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);
	CachedPlanSource *source;
	Query	   *parsed;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare returned %s", SPI_result_code_string(SPI_result));

	if (list_length(SPI_plan_get_plan_sources(plan)) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the examples must be one query"),
				 errhint("Give one SELECT of a document and its label.")));

	source = linitial(SPI_plan_get_plan_sources(plan));
	parsed = list_length(source->query_list) == 1 ? linitial_node(Query, source->query_list) : NULL;
	if (parsed == NULL || parsed->commandType != CMD_SELECT || source->resultDesc == NULL ||
		parsed->hasModifyingCTE || parsed->rowMarks != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the examples must be a SELECT that changes and locks nothing"),
				 errhint("Give one SELECT of a document and its label.")));

	if (source->resultDesc->natts != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("the examples query returns %d column, not two",
							   "the examples query returns %d columns, not two",
							   source->resultDesc->natts, source->resultDesc->natts),
				 errhint("The first column must be the document, the second its label.")));

	return plan;
}

/* receiver_startup: learns how the columns become text */
static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	ExampleReceiver *receiver = (ExampleReceiver *) self;

	for (int i = 0; i < 2; i++)
	{
		Oid			type = getBaseType(TupleDescAttr(desc, i)->atttypid);
		Oid			function;
		bool		varlena;

		receiver->is_text[i] = type == TEXTOID || type == VARCHAROID;
		if (receiver->is_text[i])
			continue;
		getTypeOutputInfo(TupleDescAttr(desc, i)->atttypid, &function, &varlena);
		fmgr_info(function, &receiver->output[i]);
	}
}

/* receiver_nothing: there is nothing to shut down or destroy */
static void
receiver_nothing(DestReceiver *self)
{
}

/* receiver_receive: one row of the query; returns that more are wanted */
static bool
receiver_receive(TupleTableSlot *slot, DestReceiver *self)
{
	ExampleReceiver *receiver = (ExampleReceiver *) self;
	MemoryContext old;

	CHECK_FOR_INTERRUPTS();
	slot_getallattrs(slot);

	old = MemoryContextSwitchTo(receiver->row_context);
	receiver_consume(receiver, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(old);
	MemoryContextReset(receiver->row_context);
	return true;
}

/* receiver_consume: counts a row, and hands it on when it can be used */
static void
receiver_consume(ExampleReceiver *receiver, const Datum *values, const bool *nulls)
{
	StDocument	document = {0};
	StDocument	label = {0};
	const char *bytes = NULL;
	int			length = 0;

	receiver->counts->rows++;

	if (!nulls[0])
	{
		bytes = receiver_bytes(receiver, 0, values[0], &length);
		st_document_read(bytes, length, &document);
	}
	if (is_blank(document.data, document.length))
	{
		receiver->counts->without_document++;
		return;
	}

	if (!nulls[1])
	{
		bytes = receiver_bytes(receiver, 1, values[1], &length);
		st_document_read(bytes, Min(length, ST_MAX_LABEL_BYTES), &label);
	}
	if (is_blank(label.data, label.length))
	{
		receiver->counts->without_label++;
		return;
	}

	if (length > ST_MAX_LABEL_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a label must not be longer than %d bytes", ST_MAX_LABEL_BYTES),
				 errhint("The first column must be the document, the second its label.")));

	receiver->counts->used++;
	receiver->consumer(receiver->arg, &document, bytes, length);
}

/* receiver_bytes: the text of a value that is not NULL, in the row's context */
static const char *
receiver_bytes(ExampleReceiver *receiver, int column, Datum value, int *length)
{
	char	   *result;

	if (receiver->is_text[column])
	{
		text	   *t = DatumGetTextPP(value);

		*length = VARSIZE_ANY_EXHDR(t);
		return VARDATA_ANY(t);
	}

	result = OutputFunctionCall(&receiver->output[column], value);
	*length = strlen(result);
	return result;
}

/* is_blank: whether nothing would be seen of a text */
static bool
is_blank(const char *utf8, int length)
{
	int			i = 0;

	while (i < length)
	{
		UChar32		c;

		U8_NEXT_OR_FFFD(utf8, i, length, c);
		if (!u_isUWhiteSpace(c) && !u_iscntrl(c) &&
			!u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			return false;
	}
	return true;
}

/* st_labels_create: an empty set, in CurrentMemoryContext */
StLabels *
st_labels_create(void)
{
	StLabels   *labels = palloc0(sizeof(StLabels));

	labels->context = CurrentMemoryContext;
	labels->table = labeltable_create(CurrentMemoryContext, 64, NULL);
	labels->allocated = 64;
	labels->texts = palloc(sizeof(char *) * labels->allocated);
	return labels;
}

/*
 * st_labels_find
 *		Returns the number of a label, counted from 0 by first appearance; one
 *		that is not there is added, or -1 is returned when add is false.
 */
int
st_labels_find(StLabels *labels, const char *text, int length, bool add)
{
	char		key[ST_MAX_LABEL_BYTES + 1];
	LabelEntry *entry;
	bool		found;

	if (length > ST_MAX_LABEL_BYTES)
		elog(ERROR, "label of %d bytes is too long", length);
	memcpy(key, text, length);
	key[length] = '\0';

	entry = labeltable_lookup(labels->table, key);
	if (entry != NULL)
		return entry->label;
	if (!add)
		return -1;

	if (labels->n == labels->allocated)
	{
		labels->allocated *= 2;
		labels->texts = repalloc(labels->texts, sizeof(char *) * labels->allocated);
	}
	labels->texts[labels->n] = MemoryContextStrdup(labels->context, key);
	entry = labeltable_insert(labels->table, labels->texts[labels->n], &found);
	entry->label = labels->n;
	return labels->n++;
}

/* st_labels_count, st_labels_text: how many there are, and which */
int
st_labels_count(const StLabels *labels)
{
	return labels->n;
}

const char *
st_labels_text(const StLabels *labels, int label)
{
	return labels->texts[label];
}
