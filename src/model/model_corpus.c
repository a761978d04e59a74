/*-------------------------------------------------------------------------
 *
 * model_corpus.c
 *		From documents to a sparse matrix of examples.
 *
 * A million documents do not stay in memory as text: what is kept of each are
 * the hashes of its features, in a temporary file, while a table counts in how
 * many documents each feature is.  When the last document is read, the features
 * worth keeping are known and the file is read again.
 *
 * The table of features is kept below a bound by dropping, whenever it is
 * reached, those met only once (lossy counting: what is dropped is too rare to
 * be kept in the end).
 *
 * The examples are sorted by a hash of their content, so that training does not
 * depend on the order in which a query happens to return its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "model/model_counts.h"
#include "model/model_kernel.h"
#include "model/model_train.h"
#include "text/text_tokens.h"

/* Weights of the kinds of features (ST_FEATURE_…), found by measurement. */
static const float kind_weights[4] = {2.5f, 1.0f, 0.5f, 1.0f};

/* From this many examples on, a feature of one document tells nothing. */
#define ENOUGH_EXAMPLES 200

/* Features that the table may hold before the rarest are dropped. */
#define MAX_COUNTED (8 * 1024 * 1024)

typedef struct Counted
{
	uint32		hash;
	char		status;
	int32		documents;
	int32		id;				/* once chosen, else -1 */
} Counted;

#define SH_PREFIX counted
#define SH_ELEMENT_TYPE Counted
#define SH_KEY_TYPE uint32
#define SH_KEY hash
#define SH_HASH_KEY(tb, key) murmurhash32(key)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Record
{
	int32		label;
	int32		nfeatures;
	uint64		print;			/* hash of the document's features */
} Record;

struct StCorpus
{
	MemoryContext context;
	StFeatureReader reader;
	struct StCountsCorpus *counts;	/* kind "counts": has it all */
	counted_hash *counted;
	BufFile    *file;
	int64		nexamples;
	int64		nkept;			/* features of all documents together */
	int32		rare;			/* features of so few documents were dropped */
	uint32	   *hashes;			/* of the document at hand, unique */
	uint8	   *repeats;
	int32	   *places;
	int			size;
	int			min_documents;
	const int  *new_label;
	int			nlabels;
};

/*
 * st_train_alloc
 *		Returns memory of any size, zeroed, 64-byte aligned, in the current
 *		context; it is freed with the context only.
 */
void *
st_train_alloc(Size size)
{
	char	   *p = MemoryContextAllocExtended(CurrentMemoryContext, size + 64,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	return (void *) TYPEALIGN(64, p);
}

float *
st_train_floats(Size n)
{
	return st_train_alloc(mul_size(sizeof(float), n));
}

/*
 * st_corpus_begin
 *		Returns an empty corpus in the current context.
 */
StCorpus *
st_corpus_begin(const StTrainOptions *options)
{
	StCorpus   *c = palloc0(sizeof(StCorpus));

	c->context = CurrentMemoryContext;
	c->reader = st_features_find(options->features);
	if (options->kind == ST_KIND_COUNTS)
	{
		c->counts = st_counts_begin();
		return c;
	}
	c->counted = counted_create(c->context, 64 * 1024, NULL);
	c->file = BufFileCreateTemp(false);
	return c;
}

/*
 * forget_rare
 *		Drops the features of fewest documents from the table.
 */
static void
forget_rare(StCorpus *c)
{
	counted_hash *kept = counted_create(c->context, c->counted->members / 2, NULL);
	counted_iterator i;
	Counted    *entry;

	c->rare++;
	counted_start_iterate(c->counted, &i);
	while ((entry = counted_iterate(c->counted, &i)) != NULL)
	{
		bool		found;

		if (entry->documents > c->rare)
			counted_insert(kept, entry->hash, &found)->documents = entry->documents;
	}
	counted_destroy(c->counted);
	c->counted = kept;
}

/*
 * st_rewind_examples
 *		Goes back to the beginning of a temporary file of examples, or throws.
 */
void
st_rewind_examples(BufFile *file)
{
	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind a temporary file of examples: %m")));
}

/*
 * unique_features
 *		Fills the corpus' arrays with the document's features, each once, and
 *		its repeats; returns how many.
 */
static int
unique_features(StCorpus *c, const StFeatures *features)
{
	uint32		mask = pg_nextpower2_32(Max(features->n, 16) * 2) - 1;
	int			n = 0;

	if (features->n > c->size)
	{
		int			size = pg_nextpower2_32(Max(features->n, 1024));

		if (c->hashes)
		{
			pfree(c->hashes);
			pfree(c->repeats);
			pfree(c->places);
		}
		c->hashes = MemoryContextAllocHuge(c->context, sizeof(uint32) * size);
		c->repeats = MemoryContextAllocHuge(c->context, size);
		c->places = MemoryContextAllocHuge(c->context, sizeof(int32) * size * 2);
		c->size = size;
	}
	memset(c->places, 0, sizeof(int32) * (mask + 1));

	for (int i = 0; i < features->n; i++)
	{
		uint32		hash = features->hashes[i];
		uint32		p = (hash >> 2) & mask;

		while (c->places[p] != 0 && c->hashes[c->places[p] - 1] != hash)
			p = (p + 1) & mask;
		if (c->places[p] != 0)
		{
			uint8	   *repeats = &c->repeats[c->places[p] - 1];

			if (*repeats < ST_MOST_REPEATS)
				(*repeats)++;
		}
		else
		{
			c->hashes[n] = hash;
			c->repeats[n] = 1;
			c->places[p] = ++n;
		}
	}
	return n;
}

/*
 * st_corpus_add
 *		Adds an example.  Throws for cancel, lack of memory and when the
 *		temporary file cannot be written.
 */
void
st_corpus_add(StCorpus *c, const StDocument *doc, int label)
{
	StFeatureReading reading = {.doc = doc};
	Record		record = {.label = label};

	if (c->counts != NULL)
	{
		st_counts_add(c->counts, st_tokenize(doc), label);
		return;
	}
	c->reader(&reading);
	record.nfeatures = unique_features(c, reading.features);
	record.print = hash_bytes_extended((const unsigned char *) c->hashes,
									   sizeof(uint32) * record.nfeatures, 0);
	for (int i = 0; i < record.nfeatures; i++)
	{
		bool		found;
		Counted    *entry = counted_insert(c->counted, c->hashes[i], &found);

		entry->documents = found ? entry->documents + 1 : 1 + c->rare;
	}
	if (c->counted->members > MAX_COUNTED)
		forget_rare(c);

	BufFileWrite(c->file, &record, sizeof(record));
	BufFileWrite(c->file, c->hashes, sizeof(uint32) * record.nfeatures);
	BufFileWrite(c->file, c->repeats, record.nfeatures);
	c->nexamples++;
	c->nkept += record.nfeatures;
}

/*
 * st_corpus_relabel
 *		The examples of label i become those of new_label[i], which must stay.
 */
void
st_corpus_relabel(StCorpus *c, const int *new_label, int nlabels)
{
	c->new_label = new_label;
	c->nlabels = nlabels;
}

/*
 * st_corpus_counts
 *		The corpus as models of the kind "counts" need it, NULL for others, and
 *		the final numbers of its labels.
 */
struct StCountsCorpus *
st_corpus_counts(StCorpus *c, const int **new_label)
{
	*new_label = c->new_label;
	return c->counts;
}

/*
 * by_documents
 *		Sorts features: those of most documents first, then by hash.
 */
static int
by_documents(const void *a, const void *b)
{
	const Counted *x = a;
	const Counted *y = b;

	if (x->documents != y->documents)
		return x->documents > y->documents ? -1 : 1;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/*
 * st_most_features
 *		Returns how many features a model of the given shape may have to be as
 *		small as asked for.
 */
int
st_most_features(int nlabels, int hidden, const StTrainOptions *options)
{
	int			limit = ST_MOST_FEATURES;

	while (limit > 1024 &&
		   st_weights_size(nlabels, limit, hidden) > (Size) options->max_kilobytes * 1024)
		limit -= limit / 64;
	return limit;
}

/*
 * choose_features
 *		Gives numbers to the features that the model will have and records
 *		their values; the rest of the table gets -1.
 */
static void
choose_features(StCorpus *c, StExamples *e, const StTrainOptions *options)
{
	counted_iterator i;
	Counted    *entry;
	Counted    *candidates;
	Size		n = 0;
	int			limit = st_most_features(e->nlabels, options->kind == ST_KIND_HIDDEN
										 ? options->hidden : 0, options);

	candidates = MemoryContextAllocHuge(CurrentMemoryContext,
										sizeof(Counted) * Max(c->counted->members, 1));
	counted_start_iterate(c->counted, &i);
	while ((entry = counted_iterate(c->counted, &i)) != NULL)
	{
		entry->id = -1;
		if (entry->documents >= c->min_documents)
			candidates[n++] = *entry;
	}
	qsort(candidates, n, sizeof(Counted), by_documents);

	e->nfeatures = Min(n, limit);
	e->hashes = palloc_extended(sizeof(uint32) * Max(e->nfeatures, 1), MCXT_ALLOC_HUGE);
	e->feature_values = palloc_extended(sizeof(float) * Max(e->nfeatures, 1), MCXT_ALLOC_HUGE);
	for (int f = 0; f < e->nfeatures; f++)
	{
		entry = counted_lookup(c->counted, candidates[f].hash);
		entry->id = f;
		e->hashes[f] = entry->hash;
		e->feature_values[f] = kind_weights[ST_FEATURE_KIND(entry->hash)] *
			(float) (log((1.0 + c->nexamples) / (1.0 + entry->documents)) + 1.0);
	}
	pfree(candidates);
}

/*
 * read_exactly
 *		Reads from the temporary file; throws when it is shorter than written.
 */
static void
read_exactly(BufFile *file, void *data, Size size)
{
	if (size > 0)
		st_buffile_read_exact(file, data, size);
}

typedef struct Place
{
	uint64		print;
	int			label;
	int			row;
} Place;

static int
by_content(const void *a, const void *b)
{
	const Place *x = a;
	const Place *y = b;

	if (x->print != y->print)
		return x->print < y->print ? -1 : 1;
	return x->label - y->label;
}

/*
 * sorted_by_content
 *		Returns the examples in an order that depends on their content alone.
 */
static StExamples *
sorted_by_content(StExamples *e)
{
	StExamples *sorted = palloc(sizeof(StExamples));
	Place	   *places = palloc_extended(sizeof(Place) * Max(e->n, 1), MCXT_ALLOC_HUGE);
	Size		nnz = e->starts[e->n];
	Size		at = 0;

	for (int i = 0; i < e->n; i++)
	{
		places[i].print = e->prints[i];
		places[i].label = e->labels[i];
		places[i].row = i;
	}
	qsort(places, e->n, sizeof(Place), by_content);

	*sorted = *e;
	sorted->labels = st_train_alloc(sizeof(int) * e->n);
	sorted->prints = st_train_alloc(sizeof(uint64) * e->n);
	sorted->starts = st_train_alloc(sizeof(Size) * (e->n + 1));
	sorted->known = st_train_floats(e->n);
	sorted->known_to_first = st_train_floats(e->n);
	sorted->ids = st_train_alloc(sizeof(uint32) * nnz);
	sorted->values = st_train_alloc(sizeof(float) * nnz);
	for (int i = 0; i < e->n; i++)
	{
		int			row = places[i].row;
		Size		length = e->starts[row + 1] - e->starts[row];

		sorted->labels[i] = places[i].label;
		sorted->prints[i] = places[i].print;
		sorted->known[i] = e->known[row];
		sorted->known_to_first[i] = e->known_to_first[row];
		sorted->starts[i] = at;
		memcpy(sorted->ids + at, e->ids + e->starts[row], sizeof(uint32) * length);
		memcpy(sorted->values + at, e->values + e->starts[row], sizeof(float) * length);
		at += length;
	}
	sorted->starts[e->n] = at;
	pfree(places);
	return sorted;
}

/*
 * st_examples_first
 *		Returns the same examples with the first features only, those of most
 *		documents; what it was given when there are no more.
 */
StExamples *
st_examples_first(StExamples *e, int nfeatures)
{
	StExamples *first;
	Size		at = 0;

	if (nfeatures >= e->nfeatures)
		return e;
	first = palloc(sizeof(StExamples));
	*first = *e;
	first->nfeatures = nfeatures;
	first->known = e->known_to_first;
	first->starts = st_train_alloc(sizeof(Size) * (e->n + 1));
	first->ids = st_train_alloc(sizeof(uint32) * e->starts[e->n]);
	first->values = st_train_floats(e->starts[e->n]);
	for (int row = 0; row < e->n; row++)
	{
		double		squares = 0;

		first->starts[row] = at;
		for (Size i = e->starts[row]; i < e->starts[row + 1]; i++)
		{
			if (e->ids[i] >= nfeatures)
				continue;
			first->ids[at] = e->ids[i];
			first->values[at++] = e->values[i];
			squares += (double) e->values[i] * e->values[i];
		}
		for (Size i = first->starts[row]; i < at; i++)
			first->values[i] /= (float) sqrt(squares);
	}
	first->starts[e->n] = at;
	return first;
}

/*
 * st_corpus_examples
 *		Returns the examples as a matrix in the current context and closes the
 *		corpus' file.  nfirst is what st_examples_first will be asked for.  Throws for cancel and lack of memory.
 */
StExamples *
st_corpus_examples(StCorpus *c, int nlabels, int nfirst,
				   const StTrainOptions *options)
{
	StExamples *e = palloc0(sizeof(StExamples));
	Size		at = 0;

	if (c->nexamples > INT_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many examples to train on"),
				 errhint("Use a query that returns a sample of them.")));
	e->n = c->nexamples;
	c->min_documents = options->min_documents;
	if (c->min_documents == 0)
		c->min_documents = c->nexamples < ENOUGH_EXAMPLES ? 1 : 2;
	e->nlabels = nlabels;
	choose_features(c, e, options);

	e->labels = st_train_alloc(sizeof(int) * e->n);
	e->prints = st_train_alloc(sizeof(uint64) * e->n);
	e->starts = st_train_alloc(sizeof(Size) * (e->n + 1));
	e->ids = st_train_alloc(sizeof(uint32) * c->nkept);
	e->values = st_train_alloc(sizeof(float) * c->nkept);
	e->known = st_train_floats(e->n);
	e->known_to_first = st_train_floats(e->n);

	st_rewind_examples(c->file);
	for (int row = 0; row < e->n; row++)
	{
		Record		record;
		double		squares = 0;
		int			single = 0;
		int			known = 0;
		int			known_to_first = 0;

		read_exactly(c->file, &record, sizeof(record));
		read_exactly(c->file, c->hashes, sizeof(uint32) * record.nfeatures);
		read_exactly(c->file, c->repeats, record.nfeatures);
		e->labels[row] = c->new_label ? c->new_label[record.label] : record.label;
		e->prints[row] = record.print;
		e->starts[row] = at;
		for (int i = 0; i < record.nfeatures; i++)
		{
			Counted    *entry = counted_lookup(c->counted, c->hashes[i]);
			float		value;

			if (ST_FEATURE_IS_SINGLE(c->hashes[i]))
			{
				/* what only this document has would be unknown, were it new */
				bool		others = entry != NULL && entry->id >= 0 &&
				entry->documents > c->min_documents;

				single += c->repeats[i];
				known += others ? c->repeats[i] : 0;
				known_to_first += others && entry->id < nfirst ? c->repeats[i] : 0;
			}
			if (entry == NULL || entry->id < 0)
				continue;
			value = e->feature_values[entry->id] *
				(1.0f + logf((float) c->repeats[i]));
			e->ids[at] = entry->id;
			e->values[at++] = value;
			squares += (double) value * value;
		}
		for (Size i = e->starts[row]; i < at; i++)
			e->values[i] /= (float) sqrt(squares);
		e->known[row] = single > 0 ? (float) known / single : 0;
		e->known_to_first[row] = single > 0 ? (float) known_to_first / single : 0;
		CHECK_FOR_INTERRUPTS();
	}
	e->starts[e->n] = at;

	BufFileClose(c->file);
	counted_destroy(c->counted);
	return sorted_by_content(e);
}
