/*-------------------------------------------------------------------------
 *
 * model_hidden.c
 *		The model with one hidden layer: features → rectified units → labels.
 *
 * Stochastic gradient descent on the cross entropy, one example at a time, with
 * a step for each feature and each label that shrinks as its gradients add up
 * (AdaGrad: Duchi, Hazan and Singer, JMLR 2011; one sum a row, so that rare
 * features learn as fast as common ones) and falls linearly to nothing.  Half
 * of an example's features and a tenth of the units are left out at random each
 * time (dropout: Srivastava and others, JMLR 2014), which on short questions is
 * worth two points of accuracy over the linear model.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "model/model_kernel.h"
#include "model/model_train.h"

/* Found by cross-validation on short questions. */
#define FEATURE_DROPOUT		0.5
#define UNIT_DROPOUT		0.1
#define RATE				0.035f
#define FIRST_WEIGHTS		0.1f

/* Gradients of labels below this change nothing that can be seen. */
#define SMALL_GRADIENT		1e-4f

/* Examples are gone through this often, or so often that this many are seen. */
#define USUAL_EPOCHS		15
#define MOST_EPOCHS			40
#define LEAST_EPOCHS		3
#define LEAST_STEPS			60000
#define MOST_STEPS			500000

typedef struct Descent
{
	StNetwork  *net;
	int			nlabels;
	int			output_width;
	float	   *row_squares;	/* sums of squared gradients, one a feature */
	float	   *label_squares;
	uint32	   *ids;			/* features left in */
	float	   *values;
	float	   *sums;			/* before rectification */
	float	   *units;			/* after it and dropout */
	float	   *mask;
	float	   *unit_gradient;
	float	   *logits;
	pg_prng_state random;
} Descent;

/*
 * normal
 *		A number from the standard normal distribution.
 */
static float
normal(pg_prng_state *random)
{
	double		u = 1.0 - pg_prng_double(random);
	double		v = pg_prng_double(random);

	return (float) (sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v));
}

/*
 * begin
 *		A network with random weights and room for training it.
 */
static void
begin(Descent *d, const StExamples *e, int hidden, int seed, Size longest)
{
	StNetwork  *net = palloc0(sizeof(StNetwork));
	int			width = ST_PAD(hidden);
	Size		n = (Size) e->nfeatures * width;

	pg_prng_seed(&d->random, seed);
	d->net = net;
	d->nlabels = e->nlabels;
	d->output_width = ST_PAD(e->nlabels);
	net->hidden = hidden;
	net->width = width;
	net->matrix = st_train_floats(n);
	net->bias = st_train_floats(width);
	net->output = st_train_floats((Size) e->nlabels * width);
	net->output_bias = st_train_floats(d->output_width);

	for (Size f = 0; f < e->nfeatures; f++)
	{
		for (int h = 0; h < hidden; h++)
		{
			/* a cheap near-normal: the sum of four uniform numbers */
			uint64		bits = pg_prng_uint64(&d->random);
			int			sum = (int) (bits & 0xFFFF) + (int) (bits >> 16 & 0xFFFF) +
			(int) (bits >> 32 & 0xFFFF) + (int) (bits >> 48);

			net->matrix[f * width + h] = FIRST_WEIGHTS * (sum - 131070) / 37837.2f;
		}
		if (f % 256 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	for (int k = 0; k < e->nlabels; k++)
		for (int h = 0; h < hidden; h++)
			net->output[(Size) k * width + h] =
				normal(&d->random) * 0.5f * sqrtf(2.0f / hidden);

	d->row_squares = st_train_floats(e->nfeatures);
	d->label_squares = st_train_floats(e->nlabels);
	d->ids = st_train_alloc(sizeof(uint32) * Max(longest, 1));
	d->values = st_train_floats(Max(longest, 1));
	d->sums = st_train_floats(width);
	d->units = st_train_floats(width);
	d->mask = st_train_floats(width);
	d->unit_gradient = st_train_floats(width);
	d->logits = st_train_floats(d->output_width);
}

/*
 * thin_out
 *		Fills ids and values with the features of a row that are left in;
 *		returns how many.
 */
static int
thin_out(Descent *d, const StExamples *e, int row)
{
	const uint32 threshold = FEATURE_DROPOUT * 65536;
	uint64		bits = 0;
	float		squares = 0;
	float		scale;
	int			n = 0;
	int			kept;

	for (Size i = e->starts[row]; i < e->starts[row + 1]; i++)
	{
		if ((i - e->starts[row]) % 4 == 0)
			bits = pg_prng_uint64(&d->random);
		/* no branch that half of the time is not foreseen */
		kept = (bits & 0xFFFF) >= threshold;
		d->ids[n] = e->ids[i];
		d->values[n] = e->values[i];
		squares += kept * e->values[i] * e->values[i];
		n += kept;
		bits >>= 16;
	}
	scale = squares > 0 ? 1.0f / sqrtf(squares) : 0;
	for (int i = 0; i < n; i++)
		d->values[i] *= scale;
	return n;
}

/*
 * forward
 *		From the features left in to the softmax of the labels.
 */
static void
forward(Descent *d, int n)
{
	const StNetwork *net = d->net;
	const uint32 threshold = UNIT_DROPOUT * 65536;
	const float keep = 1.0 / (1.0 - UNIT_DROPOUT);
	uint64		bits = 0;

	memcpy(d->sums, net->bias, sizeof(float) * net->width);
	st_rows_sum(d->sums, net->matrix, net->width, d->ids, d->values, n);
	for (int h = 0; h < net->hidden; h++)
	{
		if (h % 4 == 0)
			bits = pg_prng_uint64(&d->random);
		d->mask[h] = keep * ((d->sums[h] > 0) & ((bits & 0xFFFF) >= threshold));
		d->units[h] = d->sums[h] * d->mask[h];
		bits >>= 16;
	}
	for (int k = 0; k < d->nlabels; k++)
		d->logits[k] = net->output_bias[k] +
			st_dot(net->output + (Size) k * net->width, d->units, net->width);
	st_softmax(d->logits, d->nlabels);
}

/*
 * backward
 *		Moves the weights against the gradient.
 */
static void
backward(Descent *d, int n, int label, float rate)
{
	StNetwork  *net = d->net;
	float		unit_square = st_dot(d->units, d->units, net->width) / net->hidden;
	float		square;

	memset(d->unit_gradient, 0, sizeof(float) * net->width);
	for (int k = 0; k < d->nlabels; k++)
	{
		float		gradient = d->logits[k] - (k == label ? 1.0f : 0.0f);
		float	   *row = net->output + (Size) k * net->width;

		if (fabsf(gradient) < SMALL_GRADIENT)
			continue;
		st_axpy(d->unit_gradient, row, gradient, net->width);
		d->label_squares[k] += gradient * gradient * unit_square;
		st_axpy(row, d->units,
				-rate * gradient / sqrtf(d->label_squares[k] + 1e-6f), net->width);
		net->output_bias[k] -= rate * 0.1f * gradient;
	}

	for (int h = 0; h < net->hidden; h++)
		d->unit_gradient[h] *= d->mask[h];
	st_axpy(net->bias, d->unit_gradient, -rate * 0.1f, net->width);
	square = st_dot(d->unit_gradient, d->unit_gradient, net->width) / net->hidden;
	if (square == 0)
		return;

	for (int i = 0; i < n; i++)
	{
		float	   *sum = &d->row_squares[d->ids[i]];

		*sum += d->values[i] * d->values[i] * square;
		d->values[i] *= -rate / sqrtf(*sum + 1e-8f);
	}
	st_rows_update(net->matrix, net->width, d->ids, d->values, n, d->unit_gradient);
}

/*
 * epochs_for
 *		How often the examples are gone through: small sets more often, large
 *		ones less.
 */
static int
epochs_for(const StTrainOptions *options, int nrows)
{
	if (options->epochs > 0)
		return options->epochs;
	if (nrows * (int64) USUAL_EPOCHS < LEAST_STEPS)
		return Min(MOST_EPOCHS, LEAST_STEPS / Max(nrows, 1));
	return Max(LEAST_EPOCHS, Min(USUAL_EPOCHS, MOST_STEPS / nrows));
}

/*
 * st_hidden_train
 *		Returns a model with a hidden layer of the given rows.  Throws only for
 *		cancel and lack of memory.
 */
StNetwork *
st_hidden_train(const StExamples *e, const int *rows, int nrows,
				const StTrainOptions *options, const StTeller *teller)
{
	Descent		d = {0};
	int			epochs = epochs_for(options, nrows);
	double		steps = (double) epochs * nrows;
	double		done = 0;
	int		   *order = st_train_alloc(sizeof(int) * Max(nrows, 1));
	Size		longest = 0;

	for (int i = 0; i < nrows; i++)
	{
		order[i] = rows[i];
		longest = Max(longest, e->starts[rows[i] + 1] - e->starts[rows[i]]);
	}
	begin(&d, e, options->hidden, options->seed, longest);

	for (int epoch = 0; epoch < epochs; epoch++)
	{
		st_shuffle(order, nrows, &d.random);
		for (int i = 0; i < nrows; i++, done++)
		{
			int			n = thin_out(&d, e, order[i]);

			if (n > 0)
			{
				forward(&d, n);
				backward(&d, n, e->labels[order[i]], RATE * (float) (1.0 - done / steps));
			}
			if (i % 64 == 0)
			{
				CHECK_FOR_INTERRUPTS();
				if (i % 1024 == 0 && teller->progress)
					teller->progress(teller->arg, teller->phase, done / steps);
			}
		}
	}
	return d.net;
}
