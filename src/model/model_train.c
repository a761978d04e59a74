/*-------------------------------------------------------------------------
 *
 * model_train.c
 *		Training: try what there is on examples held out, keep what is better,
 *		train it on all, calibrate it by what was held out.
 *
 * What is held out is chosen by a hash of the document, so that a document that
 * occurs twice is on one side only.  A small set is cross-validated whole, a
 * large one holds out a tenth; of a very large one a sample decides what to
 * train and the tenth stays out of the final model, which it then calibrates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "model/model_counts.h"
#include "model/model_kernel.h"
#include "model/model_train.h"

/* Below this many examples every one is held out once. */
#define SMALL_SET		6000

/* Above this many a sample decides. */
#define LARGE_SET		50000
#define SAMPLE			20000

/* Held out at the most, and scores of held-out examples kept at the most. */
#define MOST_HELD		20000
#define MOST_SCORES		(64 * 1024 * 1024)

/* A hidden layer is not tried on fewer examples, or for more labels. */
#define LEAST_FOR_HIDDEN	100
#define MOST_LABELS_FOR_HIDDEN	2000

/* Weights of a linear model with more labels would not fit. */
#define MOST_LINEAR_WEIGHTS ((Size) 512 * 1024 * 1024)

static const double costs[] = {0.3, 1.0};

/*
 * A hidden layer must do better than the linear model, which is smaller and
 * faster, by this many standard errors, or else by so much less surprise.
 */
#define MEASURABLY		1.5
#define LESS_SURPRISE	0.02

/*
 * Of the in-scope text that "I don't know" may cost, the share that it may cost
 * for unknown words alone; the rest is for doubt between labels.
 */
#define UNKNOWN_SHARE	0.2

/* The examples as each kind of model reads them. */
typedef struct Views
{
	StExamples *linear;
	StExamples *hidden;
} Views;

typedef struct Plan
{
	int			folds;			/* parts that the examples are divided into */
	int			rounds;			/* parts that are held out, in turn */
	bool		sample;			/* examples are too many to train each attempt
								 * on */
} Plan;

typedef struct Held
{
	int			n;
	int			size;
	int		   *labels;
	float	   *known;			/* share of features that the model knows */
	bool	   *right;			/* whether the most probable label was that */
	float	   *scores;			/* logits, then probabilities; n × nlabels */
	double		temperature;
	double		least_known;
	StMetrics	metrics;
} Held;

/*
 * plan_for
 *		How the examples are divided.
 */
static Plan
plan_for(int n, int nlabels)
{
	Plan		plan;
	int			most = Max(100, Min(MOST_HELD, MOST_SCORES / nlabels));

	plan.sample = n > LARGE_SET;
	if (n < SMALL_SET)
	{
		plan.folds = Min(5, Max(2, n));
		plan.rounds = n <= most ? plan.folds : 1;
	}
	else
	{
		plan.folds = Max(10, (n + most - 1) / most);
		plan.rounds = 1;
	}
	return plan;
}

/*
 * divide
 *		Fills train and held with the numbers of the rows of a round; at most
 *		limit of train.
 */
static void
divide(const StExamples *e, const Plan *plan, int round, int limit,
	   int *train, int *ntrain, int *held, int *nheld)
{
	int			stride = 1;

	*ntrain = 0;
	*nheld = 0;
	if (e->n > limit)
		stride = e->n / limit;
	for (int i = 0; i < e->n; i++)
	{
		uint64		part = (e->prints[i] * UINT64CONST(0x9E3779B97F4A7C15) >> 20) % plan->folds;

		if (part == round)
			held[(*nheld)++] = i;
		else if ((e->prints[i] >> 44) % stride == 0)
			train[(*ntrain)++] = i;
	}
}

/*
 * st_network_logits
 *		Fills logits with the scores of one example; inner has the width of the
 *		network, logits nlabels, padded.
 */
void
st_network_logits(const StNetwork *net, const StExamples *e, int row,
				  float *inner, float *logits)
{
	Size		start = e->starts[row];

	memcpy(inner, net->bias, sizeof(float) * net->width);
	st_rows_sum(inner, net->matrix, net->width, e->ids + start, e->values + start,
				e->starts[row + 1] - start);
	if (net->hidden == 0)
	{
		memcpy(logits, inner, sizeof(float) * e->nlabels);
		return;
	}
	for (int h = 0; h < net->hidden; h++)
		inner[h] = Max(inner[h], 0.0f);
	for (int k = 0; k < e->nlabels; k++)
		logits[k] = net->output_bias[k] +
			st_dot(net->output + (Size) k * net->width, inner, net->width);
}

/*
 * add_scores
 *		Adds the network's scores of the held-out rows.
 */
static void
add_scores(Held *held, const StNetwork *net, const StExamples *e,
		   const int *rows, int nrows)
{
	float	   *inner = st_train_floats(net->width);
	float	   *logits = st_train_floats(ST_PAD(e->nlabels));

	for (int i = 0; i < nrows && held->n < held->size; i++)
	{
		st_network_logits(net, e, rows[i], inner, logits);
		memcpy(held->scores + (Size) held->n * e->nlabels, logits,
			   sizeof(float) * e->nlabels);
		held->known[held->n] = e->known[rows[i]];
		held->right[held->n] = st_most_probable(logits, e->nlabels) == e->labels[rows[i]];
		held->labels[held->n++] = e->labels[rows[i]];
	}
}

/*
 * judge
 *		Turns the scores into probabilities and the probabilities into figures.
 */
static void
judge(Held *held, int nlabels, const StTrainOptions *options)
{
	double		threshold;

	held->temperature = st_temperature(held->scores, held->labels, held->n, nlabels);
	for (int i = 0; i < held->n; i++)
	{
		float	   *row = held->scores + (Size) i * nlabels;

		for (int k = 0; k < nlabels; k++)
			row[k] /= (float) held->temperature;
		st_softmax(row, nlabels);
	}
	held->least_known = st_known_threshold(held->known, held->n,
										   options->reject * UNKNOWN_SHARE);
	threshold = st_entropy_threshold(held->scores, held->known, held->n, nlabels,
									 held->least_known, options->reject);
	st_metrics(held->scores, held->known, held->labels, held->n, nlabels,
			   threshold, held->least_known, &held->metrics);
}

static const StExamples *
view_for(const Views *views, const StAttempt *attempt)
{
	return attempt->hidden ? views->hidden : views->linear;
}

static StNetwork *
train_one(const StExamples *e, const int *rows, int nrows, const StAttempt *attempt,
		  const StTrainOptions *options, const StTeller *teller)
{
	if (attempt->hidden)
		return st_hidden_train(e, rows, nrows, options, teller);
	return st_linear_train(e, rows, nrows, attempt->cost, options, teller);
}

static Held *
held_create(int size, int nlabels)
{
	Held	   *held = palloc0(sizeof(Held));

	held->size = size;
	held->labels = st_train_alloc(sizeof(int) * Max(size, 1));
	held->known = st_train_floats(Max(size, 1));
	held->right = st_train_alloc(sizeof(bool) * Max(size, 1));
	held->scores = st_train_floats((Size) Max(size, 1) * nlabels);
	return held;
}

/*
 * is_behind
 *		Whether an attempt that is not through yet was right less often than its
 *		rival on the same examples.
 */
static bool
is_behind(const Held *held, const Held *rival)
{
	int			lead = 0;

	for (int i = 0; i < held->n; i++)
		lead += held->right[i] - rival->right[i];
	return lead < 0;
}

/*
 * try_out
 *		Returns what an attempt does on examples that it was not trained on, or
 *		NULL when its first round shows that it will not beat the rival, if any.
 */
static Held *
try_out(const StExamples *e, const Plan *plan, const StAttempt *attempt,
		const Held *rival, const StTrainOptions *options, const StTeller *teller)
{
	int			most = Max(100, Min(MOST_HELD, MOST_SCORES / e->nlabels));
	Held	   *held = held_create(Min(e->n, most), e->nlabels);
	MemoryContext round_context = AllocSetContextCreate(CurrentMemoryContext,
														"support_triage training round",
														ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	for (int round = 0; round < plan->rounds; round++)
	{
		int		   *rows;
		int		   *out;
		int			nrows;
		int			nout;

		old = MemoryContextSwitchTo(round_context);
		rows = st_train_alloc(sizeof(int) * e->n);
		out = st_train_alloc(sizeof(int) * e->n);
		divide(e, plan, round, plan->sample ? SAMPLE : e->n, rows, &nrows, out, &nout);
		if (nrows > 0 && nout > 0)
			add_scores(held, train_one(e, rows, nrows, attempt, options, teller),
					   e, out, nout);
		MemoryContextSwitchTo(old);
		MemoryContextReset(round_context);
		if (round == 0 && rival != NULL && is_behind(held, rival))
		{
			MemoryContextDelete(round_context);
			return NULL;
		}
	}
	old = MemoryContextSwitchTo(round_context);
	judge(held, e->nlabels, options);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(round_context);
	return held;
}

/*
 * is_better
 *		Whether held-out examples, the same for both, speak for the first attempt
 *		over the second, which stands unless it is beaten by the given number of
 *		standard errors of the difference (McNemar's test), or is wrong more
 *		often and much more surprised.
 */
static bool
is_better(const Held *a, const Held *b, double errors)
{
	int			only_a = 0;
	int			only_b = 0;

	for (int i = 0; i < a->n; i++)
	{
		only_a += a->right[i] && !b->right[i];
		only_b += b->right[i] && !a->right[i];
	}
	if (only_a == only_b && errors == 0)
		return a->metrics.log_loss < b->metrics.log_loss;
	if (only_a > only_b && a->metrics.log_loss + LESS_SURPRISE < b->metrics.log_loss)
		return true;
	return only_a - only_b > errors * sqrt(only_a + only_b);
}

/*
 * choose
 *		Tries what the options allow and returns the better on held-out
 *		examples, with its figures.
 */
static StAttempt
choose(const Views *views, const Plan *plan, const StTrainOptions *options,
	   StTeller *teller, Held **best)
{
	const StExamples *e = views->linear;
	StAttempt	attempts[lengthof(costs) + 1];
	StAttempt	chosen = {0};
	int			n = 0;
	bool		linear_fits = (Size) (e->nfeatures + e->n) * ST_PAD(e->nlabels) <= MOST_LINEAR_WEIGHTS;

	if (options->kind != ST_KIND_HIDDEN && (linear_fits || options->kind == ST_KIND_LINEAR))
	{
		const double given[] = {options->cost};
		const double *tried = options->cost > 0 ? given : costs;
		int			ntried = options->cost > 0 ? 1 : lengthof(costs);

		for (int i = 0; i < ntried; i++)
		{
			memset(&attempts[n], 0, sizeof(StAttempt));
			attempts[n++].cost = tried[i];
		}
	}
	if (options->kind == ST_KIND_HIDDEN || n == 0 ||
		(options->kind == ST_KIND_AUTO && e->n >= LEAST_FOR_HIDDEN &&
		 e->nlabels <= MOST_LABELS_FOR_HIDDEN))
		attempts[n++] = (StAttempt)
	{
		true, 0
	};

	/* the hidden layer, slowest to train, comes last */
	teller->phase = "comparing";
	*best = NULL;
	for (int i = 0; i < n; i++)
	{
		Held	   *held = try_out(view_for(views, &attempts[i]), plan, &attempts[i],
								   attempts[i].hidden ? *best : NULL, options, teller);

		if (held == NULL)
			continue;
		if (*best == NULL || is_better(held, *best, attempts[i].hidden ? MEASURABLY : 0))
		{
			*best = held;
			chosen = attempts[i];
		}
	}
	return chosen;
}

/*
 * st_train
 *		Trains on a corpus, which it closes.  out->blob is palloc'd in the
 *		current context.  Throws for cancel, lack of memory and temporary files.
 */
void
st_train(StCorpus *c, char **labels_utf8, int nlabels, const StTrainOptions *options,
		 StProgress progress, void *arg, StTrained *out)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "support_triage training",
												  ALLOCSET_DEFAULT_SIZES);
	StTeller	teller = {progress, arg, "reading"};
	StWeightsSource source = {0};
	const StExamples *e;
	Views		views;
	StNetwork  *net;
	StAttempt	chosen;
	Held	   *held;
	Plan		plan;
	int		   *rows;
	int		   *rest;
	int			nrows;
	int			nrest;
	int			nfirst;

	if (options->kind == ST_KIND_COUNTS)
	{
		const int  *new_label;
		StCountsCorpus *counts = st_corpus_counts(c, &new_label);

		st_counts_train(counts, new_label, labels_utf8, nlabels, options, &teller, out);
		MemoryContextDelete(context);
		return;
	}
	MemoryContextSwitchTo(context);
	nfirst = st_most_features(nlabels, options->hidden, options);
	views.linear = st_corpus_examples(c, nlabels, nfirst, options);
	views.hidden = st_examples_first(views.linear, nfirst);
	plan = plan_for(views.linear->n, nlabels);
	chosen = choose(&views, &plan, options, &teller, &held);
	e = view_for(&views, &chosen);

	teller.phase = "training";
	rows = st_train_alloc(sizeof(int) * e->n);
	rest = st_train_alloc(sizeof(int) * e->n);
	divide(e, &plan, plan.sample ? 0 : -1, e->n, rows, &nrows, rest, &nrest);
	net = train_one(e, rows, nrows, &chosen, options, &teller);
	if (plan.sample)
	{
		held = held_create(nrest, nlabels);
		add_scores(held, net, e, rest, nrest);
		judge(held, nlabels, options);
	}

	source.reader = options->features;
	source.nlabels = nlabels;
	source.labels = labels_utf8;
	source.nfeatures = e->nfeatures;
	source.hashes = e->hashes;
	source.values = e->feature_values;
	source.hidden = net->hidden;
	source.width = net->width;
	source.matrix = net->matrix;
	source.bias = net->bias;
	source.output = net->output;
	source.output_bias = net->output_bias;
	source.temperature = held->temperature;
	source.scope_threshold = held->metrics.out_of_scope_threshold;
	source.least_known = held->least_known;

	MemoryContextSwitchTo(result_context);
	out->blob = st_weights_build(&source, &out->size);
	out->metrics = held->metrics;
	out->examples_used = e->n;
	MemoryContextDelete(context);
}
