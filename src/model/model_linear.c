/*-------------------------------------------------------------------------
 *
 * model_linear.c
 *		The linear model: for each label a hyperplane between its documents and
 *		all others, by L2-regularised squared hinge loss.
 *
 * Solved in the dual, one example at a time (Hsieh, Chang, Lin, Keerthi and
 * Sundararajan, "A dual coordinate descent method for large-scale linear SVM",
 * ICML 2008), for all labels in step: the row of a feature holds the weights of
 * all labels side by side, so that what the published method does one label
 * after the other is one pass of vector instructions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "model/model_kernel.h"
#include "model/model_train.h"

/* Passes over the examples at the most. */
#define MAX_PASSES 15

/* A pass that moves the multipliers less than this, on average, is the last. */
#define SMALL_STEP 0.05f

/*
 * The same where the cost was asked for: to the end, because labels that
 * contradict each other, as mixtures of them do, are settled slowly.
 */
#define MANY_PASSES 80
#define TINY_STEP 0.001f

/* What the bias counts as a feature. */
#define BIAS_VALUE 1.0f

/*
 * st_shuffle
 *		Puts rows in random order.
 */
void
st_shuffle(int *rows, int n, pg_prng_state *random)
{
	for (int i = n - 1; i > 0; i--)
	{
		int			j = (int) pg_prng_uint64_range(random, 0, i);
		int			row = rows[i];

		rows[i] = rows[j];
		rows[j] = row;
	}
}

/*
 * step
 *		Moves the multipliers of one example to their best values, given those
 *		of all others.  Fills change with what that adds to the weights of a
 *		feature of value 1; returns the sum of the moves.
 */
static float
step(const float *scores, float *multipliers, float *change,
	 int label, int nlabels, float cost)
{
	float		diagonal = 0.5f / cost;
	float		curvature = 1.0f + BIAS_VALUE * BIAS_VALUE + diagonal;
	float		moved = 0;

	for (int k = 0; k < nlabels; k++)
	{
		float		sign = k == label ? 1.0f : -1.0f;
		float		gradient = 1.0f - sign * scores[k] - multipliers[k] * diagonal;
		float		multiplier = multipliers[k] + gradient / curvature;

		multiplier = Max(multiplier, 0.0f);
		change[k] = (multiplier - multipliers[k]) * sign;
		moved += fabsf(multiplier - multipliers[k]);
		multipliers[k] = multiplier;
	}
	return moved;
}

/*
 * st_linear_train
 *		Returns a linear model of the given rows.  cost is LIBLINEAR's C.
 *		Throws only for cancel and lack of memory.
 */
StNetwork *
st_linear_train(const StExamples *e, const int *rows, int nrows, double cost,
				const StTrainOptions *options, const StTeller *teller)
{
	StNetwork  *net = palloc0(sizeof(StNetwork));
	int			width = ST_PAD(e->nlabels);
	int		   *order = st_train_alloc(sizeof(int) * Max(nrows, 1));
	float	   *multipliers = st_train_floats((Size) nrows * width);
	float	   *scores = st_train_floats(width);
	float	   *change = st_train_floats(width);
	pg_prng_state random;
	int			passes = options->cost > 0 ? MANY_PASSES : MAX_PASSES;
	float		small = options->cost > 0 ? TINY_STEP : SMALL_STEP;

	net->width = width;
	net->matrix = st_train_floats((Size) e->nfeatures * width);
	net->bias = st_train_floats(width);

	pg_prng_seed(&random, options->seed);
	for (int i = 0; i < nrows; i++)
		order[i] = i;

	for (int pass = 0; pass < passes; pass++)
	{
		double		moved = 0;

		st_shuffle(order, nrows, &random);
		for (int i = 0; i < nrows; i++)
		{
			int			row = rows[order[i]];
			Size		start = e->starts[row];
			int			length = e->starts[row + 1] - start;
			float		m;

			memcpy(scores, net->bias, sizeof(float) * width);
			st_rows_sum(scores, net->matrix, width,
						e->ids + start, e->values + start, length);
			m = step(scores, multipliers + (Size) order[i] * width, change,
					 e->labels[row], e->nlabels, cost);
			moved += m;
			if (m > 1e-6f)
			{
				st_rows_update(net->matrix, width,
							   e->ids + start, e->values + start, length, change);
				st_axpy(net->bias, change, BIAS_VALUE, width);
			}
			if (i % 64 == 0)
				CHECK_FOR_INTERRUPTS();
		}
		if (teller->progress)
			teller->progress(teller->arg, teller->phase, (pass + 1.0) / passes);
		if (moved < small * nrows)
			break;
	}
	return net;
}
