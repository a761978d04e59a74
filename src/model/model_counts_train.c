/*-------------------------------------------------------------------------
 *
 * model_counts_train.c
 *		Training of models of the kind "counts".
 *
 * Label by label: count its words, make its sequences of letters and take the
 * weights of those that are kept.  So the memory is that of the largest label,
 * and of all weights.  Then the documents held out are judged.
 *
 * A label whose letters no other label uses is known by them and gets few
 * sequences.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "model/model_counts_train.h"
#include "model/model_kernel.h"

/* Of the documents held out, so many are looked at. */
#define MOST_HELD		20000

/* Bytes of the stored model for a weight, measured; sequences come on top. */
#define BYTES_PER_WEIGHT 4.2

/* A sequence of two letters, and its second alone. */
typedef struct Two
{
	uint32		both;
	uint32		second;
} Two;

/* Weights of all labels, and sequences of two letters, growing. */
typedef struct Weights
{
	StCountsWeight *list;
	Size		n;
	Size		size;
	Two		   *twos;
	Size		ntwos;
	Size		twos_size;
} Weights;

/* Appends a weight to the list. */
static void
add_weight(Weights *weights, uint32 hash, int label, double weight)
{
	StCountsWeight *one;

	if (weights->n == weights->size)
	{
		weights->size *= 2;
		weights->list = repalloc_huge(weights->list, sizeof(StCountsWeight) * weights->size);
	}
	one = &weights->list[weights->n++];
	one->hash = hash;
	one->label = label;
	one->weight = weight;
}

/* Appends a sequence of two letters. */
static void
add_two(Weights *weights, uint32 both, uint32 second)
{
	if (weights->ntwos == weights->twos_size)
	{
		weights->twos_size *= 2;
		weights->twos = repalloc_huge(weights->twos, sizeof(Two) * weights->twos_size);
	}
	weights->twos[weights->ntwos].both = both;
	weights->twos[weights->ntwos++].second = second;
}

/* Orders by the second letter, then by both. */
static int
by_second(const void *a, const void *b)
{
	const Two  *x = a;
	const Two  *y = b;

	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return x->both < y->both ? -1 : x->both > y->both;
}

/* Orders by the feature, then by the label. */
static int
by_hash(const void *a, const void *b)
{
	const StCountsWeight *x = a;
	const StCountsWeight *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->label - y->label;
}

/*
 * include_seconds
 *		Adds to the weights of sequences of two letters those of the second
 *		alone.
 */
static void
include_seconds(Weights *weights)
{
	Size		n = weights->n;
	Size		from = 0;

	qsort(weights->twos, weights->ntwos, sizeof(Two), by_second);
	qsort(weights->list, n, sizeof(StCountsWeight), by_hash);
	for (Size i = 0; i < weights->ntwos; i++)
	{
		const Two  *two = &weights->twos[i];

		if (i > 0 && by_second(two, two - 1) == 0)
			continue;
		while (from < n && weights->list[from].hash < two->second)
			from++;
		for (Size j = from; j < n && weights->list[j].hash == two->second; j++)
			add_weight(weights, two->both, weights->list[j].label, weights->list[j].weight);
		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/*
 * add_weights
 *		Adds what the sequences of a label weigh: those that are kept, those
 *		that say something of letters after them, and what finds these.
 */
static void
add_weights(Weights *weights, StGrams *g, int label)
{
	for (int i = g->n - 1; i >= 0; i--)
	{
		const StGram *gram = &g->grams[i];

		if (gram->kept || gram->log_back != 0 || gram->needed)
		{
			add_weight(weights, gram->hash, label, st_gram_weight(g, i));
			if (gram->shorter >= 0)
				g->grams[gram->shorter].needed = true;
			if (ST_LETTERS_ORDER_OF(gram->hash) == 2)
				add_two(weights, gram->hash, g->grams[gram->shorter].hash);
		}
	}
}

/*
 * judge
 *		Finds the temperature and the figures by the documents held out.
 */
static void
judge(StCountsCorpus *c, const int *new_label, const void *blob, Size size, int nlabels,
	  const StTrainOptions *options, double *temperature, StMetrics *metrics)
{
	const char *why;
	StWeights  *w = st_weights_open(blob, size, &why);
	int			most = Min(c->nheld, MOST_HELD);
	float	   *scores = st_train_floats((Size) Max(most, 1) * nlabels);
	float	   *known = st_train_floats(Max(most, 1));
	int		   *labels = st_train_alloc(sizeof(int) * Max(most, 1));
	StCountsHashes hashes = {0};
	int			n = 0;
	double		threshold;

	if (w == NULL)
		elog(ERROR, "trained weights cannot be opened: %s", why);
	st_rewind_examples(c->held);
	while (n < most)
	{
		labels[n] = new_label[st_counts_next_held(c, &hashes)];
		known[n] = st_counts_sums(w, hashes.list, hashes.n, scores + (Size) n * nlabels) > 0;
		n++;
		CHECK_FOR_INTERRUPTS();
	}
	*temperature = st_temperature(scores, labels, n, nlabels);
	for (int i = 0; i < n; i++)
	{
		float	   *row = scores + (Size) i * nlabels;

		for (int k = 0; k < nlabels; k++)
			row[k] /= (float) *temperature;
		st_softmax(row, nlabels);
	}
	threshold = st_entropy_threshold(scores, known, n, nlabels, 0, options->reject);
	st_metrics(scores, known, labels, n, nlabels, threshold, 0, metrics);
}

/*
 * st_counts_train
 *		Trains on a corpus.  out->blob is palloc'd in the current context.
 *		Throws for cancel, lack of memory and temporary files.
 */
void
st_counts_train(StCountsCorpus *c, const int *new_label, char **labels, int nlabels,
				const StTrainOptions *options, const StTeller *teller, StTrained *out)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "support_triage training",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext label_context;
	StWeightsSource source = {0};
	StWeightsHeader *head;
	Weights		weights = {0};
	double		budget = options->max_kilobytes * 1024.0 / BYTES_PER_WEIGHT;
	double		shares = 0;
	double	   *share;
	double		temperature = 1;

	MemoryContextSwitchTo(context);
	label_context = AllocSetContextCreate(context, "support_triage training label",
										  ALLOCSET_DEFAULT_SIZES);
	weights.size = 1024 * 1024;
	weights.list = palloc_extended(sizeof(StCountsWeight) * weights.size, MCXT_ALLOC_HUGE);
	weights.twos_size = 64 * 1024;
	weights.twos = palloc_extended(sizeof(Two) * weights.twos_size, MCXT_ALLOC_HUGE);
	share = palloc0(sizeof(double) * Max(c->nlabels, 1));
	for (int i = 0; i < c->nlabels; i++)
		if (c->labels[i].file != NULL)
			shares += share[i] = st_counts_share(c, i);

	for (int i = 0; i < c->nlabels; i++)
	{
		StGrams		g;
		StCountsWord **words;
		int			nwords;

		if (c->labels[i].file == NULL)
			continue;
		teller->progress(teller->arg, "training", (double) i / c->nlabels);
		MemoryContextSwitchTo(label_context);
		words = st_counts_words(&c->labels[i], &nwords);
		st_grams_make(&g, words, nwords, (int) Min(budget * share[i] / shares, 1e9));
		MemoryContextSwitchTo(context);
		add_weights(&weights, &g, new_label[i]);
		MemoryContextReset(label_context);
		CHECK_FOR_INTERRUPTS();
	}

	include_seconds(&weights);

	source.reader = options->features;
	source.nlabels = nlabels;
	source.labels = labels;
	source.width = ST_PAD(nlabels);
	source.bias = st_train_floats(source.width);
	source.temperature = 1;
	source.scope_threshold = 1e6;

	MemoryContextSwitchTo(result_context);
	out->blob = st_counts_build(&source, weights.list, weights.n, &out->size);
	MemoryContextSwitchTo(context);
	judge(c, new_label, out->blob, out->size, nlabels, options, &temperature, &out->metrics);
	head = out->blob;
	head->temperature = temperature;
	head->scope_threshold = out->metrics.out_of_scope_threshold;
	out->examples_used = c->nexamples;
	st_counts_end(c);
	MemoryContextSwitchTo(result_context);
	MemoryContextDelete(context);
}
