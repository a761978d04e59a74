/*-------------------------------------------------------------------------
 *
 * model_calibrate.c
 *		From scores of held-out examples to honest probabilities, to the
 *		threshold of "I don't know", and to the figures of a model.
 *
 * Temperature scaling (Guo, Pleiss, Sun and Weinberger, "On calibration of
 * modern neural networks", ICML 2017): one number that divides all logits,
 * chosen so that the held-out labels are least surprising.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "model/model_kernel.h"
#include "model/model_train.h"

#define CALIBRATION_BINS 15

/*
 * surprise
 *		The mean negative log likelihood at a temperature.
 */
static double
surprise(const float *logits, const int *labels, int n, int nlabels,
		 double temperature, float *work)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
	{
		const float *row = logits + (Size) i * nlabels;

		for (int k = 0; k < nlabels; k++)
			work[k] = row[k] / (float) temperature;
		sum += st_softmax(work, nlabels) - row[labels[i]] / temperature;
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return sum / n;
}

/*
 * st_temperature
 *		Returns the temperature at which the labels are least surprising, by
 *		golden section over its logarithm; 1 when there are no examples.
 */
double
st_temperature(const float *logits, const int *labels, int n, int nlabels)
{
	const double golden = (sqrt(5.0) - 1.0) / 2.0;
	double		low = log(0.02);
	double		high = log(20.0);
	double		a = high - golden * (high - low);
	double		b = low + golden * (high - low);
	float	   *work = st_train_floats(nlabels);
	double		fa;
	double		fb;

	if (n == 0)
		return 1.0;
	fa = surprise(logits, labels, n, nlabels, exp(a), work);
	fb = surprise(logits, labels, n, nlabels, exp(b), work);
	while (high - low > 0.005)
	{
		if (fa < fb)
		{
			high = b;
			b = a;
			fb = fa;
			a = high - golden * (high - low);
			fa = surprise(logits, labels, n, nlabels, exp(a), work);
		}
		else
		{
			low = a;
			a = b;
			fa = fb;
			b = low + golden * (high - low);
			fb = surprise(logits, labels, n, nlabels, exp(b), work);
		}
	}
	return exp((low + high) / 2.0);
}

/*
 * entropy
 *		Of one row of probabilities, in nats.
 */
static float
entropy(const float *probs, int nlabels)
{
	float		sum = 0;

	for (int k = 0; k < nlabels; k++)
		if (probs[k] > 1e-6f)
			sum -= probs[k] * logf(probs[k]);
	return sum;
}

static int
by_value(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return x < y ? -1 : x > y;
}

/*
 * st_known_threshold
 *		Returns the share of known features that the given share of examples
 *		stays below; never more than a third, so that text is not refused for
 *		the new words in it.
 */
double
st_known_threshold(const float *known, int n, double reject)
{
	float	   *sorted = st_train_floats(Max(n, 1));

	if (n == 0)
		return 0;
	memcpy(sorted, known, sizeof(float) * n);
	qsort(sorted, n, sizeof(float), by_value);
	return Min(1.0 / 3.0, sorted[Min(n - 1, (int) (n * reject))]);
}

/*
 * st_entropy_threshold
 *		Returns the entropy beyond which an example is refused, so that the given
 *		share of in-scope examples is, those with too many unknown features
 *		among them.
 */
double
st_entropy_threshold(const float *probs, const float *known, int n, int nlabels,
					 double least_known, double reject)
{
	float	   *entropies = st_train_floats(Max(n, 1));
	int			place = (int) ceil(n * (1.0 - reject)) - 1;

	if (n == 0)
		return log((double) nlabels);
	for (int i = 0; i < n; i++)
		entropies[i] = known[i] < least_known ? FLT_MAX
			: entropy(probs + (Size) i * nlabels, nlabels);
	qsort(entropies, n, sizeof(float), by_value);
	return Min(entropies[Max(0, Min(n - 1, place))], log((double) nlabels));
}

/*
 * macro_f1
 *		The mean over labels, of those that occur or were predicted, of the
 *		harmonic mean of precision and recall.
 */
static double
macro_f1(const int64 *actual, const int64 *predicted, const int64 *right, int nlabels)
{
	double		sum = 0;
	int			n = 0;

	for (int k = 0; k < nlabels; k++)
	{
		if (actual[k] + predicted[k] == 0)
			continue;
		sum += 2.0 * right[k] / (actual[k] + predicted[k]);
		n++;
	}
	return n > 0 ? sum / n : 0;
}

/*
 * st_most_probable
 *		The label with the largest probability; the first of equals.
 */
int
st_most_probable(const float *probs, int nlabels)
{
	int			best = 0;

	for (int k = 1; k < nlabels; k++)
		if (probs[k] > probs[best])
			best = k;
	return best;
}

/*
 * st_metrics
 *		Fills metrics from calibrated probabilities of examples whose labels are
 *		known.  known is the share of each one's features that the model knows;
 *		see st_weights_score for what is in scope.  Calibration error is
 *		the mean difference of confidence and accuracy over 15 bins of equal
 *		width, weighted by their counts.
 */
void
st_metrics(const float *probs, const float *known, const int *labels,
		   int n, int nlabels, double entropy_threshold,
		   double known_threshold, StMetrics *metrics)
{
	int64	   *actual = palloc0(sizeof(int64) * nlabels);
	int64	   *predicted = palloc0(sizeof(int64) * nlabels);
	int64	   *right = palloc0(sizeof(int64) * nlabels);
	double		bins[CALIBRATION_BINS] = {0};
	int64		nright = 0;
	int64		nin_scope = 0;
	int64		nright_in_scope = 0;
	double		loss = 0;
	double		error = 0;

	for (int i = 0; i < n; i++)
	{
		const float *row = probs + (Size) i * nlabels;
		int			best = st_most_probable(row, nlabels);
		bool		hit;

		hit = best == labels[i];
		predicted[best]++;
		actual[labels[i]]++;
		if (hit)
			right[best]++;
		nright += hit;
		if (known[i] >= known_threshold && entropy(row, nlabels) <= entropy_threshold)
		{
			nin_scope++;
			nright_in_scope += hit;
		}
		loss -= log(Max(row[labels[i]], 1e-9f));
		bins[Min(CALIBRATION_BINS - 1, (int) (row[best] * CALIBRATION_BINS))] +=
			row[best] - hit;
	}
	for (int b = 0; b < CALIBRATION_BINS; b++)
		error += fabs(bins[b]);

	metrics->n = n;
	metrics->accuracy = n ? (double) nright / n : 0;
	metrics->macro_f1 = macro_f1(actual, predicted, right, nlabels);
	metrics->log_loss = n ? loss / n : 0;
	metrics->calibration_error = n ? error / n : 0;
	metrics->coverage = n ? (double) nin_scope / n : 0;
	metrics->accuracy_in_scope = nin_scope ? (double) nright_in_scope / nin_scope : 0;
	metrics->out_of_scope_threshold = entropy_threshold;
	pfree(actual);
	pfree(predicted);
	pfree(right);
}
