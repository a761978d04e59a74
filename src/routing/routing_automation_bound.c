/*-------------------------------------------------------------------------
 *
 * routing_automation_bound.c
 *		How wrong automatic answers may be at most, given what was seen of them,
 *		and the lowest threshold on the confidence that evidence allows.
 *
 * The error among answers of a confidence of t or more is an unknown share; of n
 * such answers k were wrong.  The exact binomial tail P(Bin(n, a) <= k) is a
 * p-value for "the share is above a", and its inversion the upper limit of
 * Clopper and Pearson (1934).  Thresholds are tested on a grid that is fixed
 * beforehand, from the most confident down, so that the chance of accepting any
 * that is not good enough is at most 1 - certainty: fixed-sequence testing as in
 * "Learn then Test" (Angelopoulos, Bates, Candes, Jordan and Lei, 2021).  The
 * sequence may begin anew where evidence has doubled, the first with half of the
 * allowance and the others with the rest (the fallback procedure of Wiens, 2003): a lone
 * mistake among the most confident answers does not hide thousands of good
 * ones.
 *
 * Where a sequence begins depends on how many answers there are, not on which
 * were right.  That keeps the guarantee as long as answers of less confidence
 * are not right more often, which is what a calibrated confidence is.
 *
 * Nothing here reads a table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "routing/routing_tier.h"

/* From the most confident down; the least that is asked for is added. */
static const float4 grid[] = {
	0.999f, 0.998f, 0.995f, 0.99f, 0.985f, 0.98f, 0.97f, 0.96f, 0.95f, 0.925f,
	0.9f, 0.875f, 0.85f, 0.825f, 0.8f, 0.75f, 0.7f, 0.65f, 0.6f, 0.55f, 0.5f,
	0.45f, 0.4f, 0.35f, 0.3f, 0.25f, 0.2f, 0.15f, 0.1f, 0.05f
};

/* How often a sequence may begin. */
#define MAX_STARTS	4

/* One prediction and whether it was right. */
typedef struct Seen
{
	float4		confidence;
	bool		wrong;
} Seen;

/* What was found. */
typedef struct Solved
{
	bool		found;
	float4		threshold;
	int			n;				/* answers at the threshold or above, else at
								 * the limit that came closest */
	int			errors;
	double		level;			/* of the test that was passed, or of the best */
	int			needed;			/* so many are needed at least */
} Solved;

PG_FUNCTION_INFO_V1(st_error_bound_sql);
PG_FUNCTION_INFO_V1(st_solve_threshold);

/*
 * The continued fraction of the regularised incomplete beta function, by
 * Lentz's method: converges in some sqrt(max(a, b)) steps where x < (a + 1) /
 * (a + b + 2).
 */
static double
beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double		c = 1;
	double		d = 1 - (a + b) * x / (a + 1);
	double		h;

	if (fabs(d) < tiny)
		d = tiny;
	d = 1 / d;
	h = d;
	for (int m = 1; m <= 100000; m++)
	{
		double		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double		odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double		step;

		d = 1 + even * d;
		c = 1 + even / c;
		if (fabs(d) < tiny)
			d = tiny;
		if (fabs(c) < tiny)
			c = tiny;
		d = 1 / d;
		h *= d * c;

		d = 1 + odd * d;
		c = 1 + odd / c;
		if (fabs(d) < tiny)
			d = tiny;
		if (fabs(c) < tiny)
			c = tiny;
		d = 1 / d;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-14)
			break;
	}
	return h;
}

/* The regularised incomplete beta function. */
static double
incomplete_beta(double a, double b, double x)
{
	double		front;

	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return Min(1.0, front * beta_fraction(a, b, x) / a);
	return Max(0.0, 1 - front * beta_fraction(b, a, 1 - x) / b);
}

/* Probability that of n tries with chance p at most k succeed. */
double
st_binomial_at_most(int64 k, int64 n, double p)
{
	if (k >= n || p <= 0)
		return 1;
	if (k < 0 || p >= 1)
		return 0;
	return incomplete_beta((double) (n - k), (double) k + 1, 1 - p);
}

/*
 * st_error_bound
 *		Clopper and Pearson's upper limit of a share of which errors of n were
 *		seen; 1 when nothing was.
 */
double
st_error_bound(int64 errors, int64 n, double certainty)
{
	double		low = 0;
	double		high = 1;

	if (errors >= n)
		return 1;
	for (int i = 0; i < 60; i++)
	{
		double		middle = (low + high) / 2;

		if (st_binomial_at_most(errors, n, middle) > 1 - certainty)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* So many answers without a mistake are needed. */
static int
least_evidence(double accepted, double level)
{
	double		n = ceil(log(level) / log1p(-accepted) - 1e-9);

	return n < 1 ? 1 : n > INT_MAX / 2 ? INT_MAX / 2 : (int) n;
}

static int
compare_seen(const void *a, const void *b)
{
	float4		ca = ((const Seen *) a)->confidence;
	float4		cb = ((const Seen *) b)->confidence;

	return (ca < cb) - (ca > cb);
}

/*
 * plan_starts
 *		Returns how many sequences can begin with n answers in all: one more each
 *		time that evidence has doubled.  *start is set to how many answers the
 *		first needs.
 */
static int
plan_starts(int n, double accepted, double allowed, int min_evidence, int *start)
{
	int			starts;

	for (starts = MAX_STARTS; starts > 1; starts--)
	{
		*start = Max(least_evidence(accepted, allowed / 2), min_evidence);
		if ((int64) *start << (starts - 1) <= n)
			return starts;
	}
	*start = Max(least_evidence(accepted, allowed), min_evidence);
	return starts;
}

/*
 * solve
 *		seen is sorted, the most confident first.  lowest is the least threshold
 *		that may come out.
 */
static void
solve(const Seen *seen, int n, double accepted, double certainty, float4 lowest, int min_evidence, Solved *out)
{
	double		allowed = 1 - certainty;
	int			start;
	int			starts = plan_starts(n, accepted, allowed, min_evidence, &start);
	double		share = starts > 1 ? allowed / 2 : allowed;
	double		later = starts > 1 ? allowed / 2 / (starts - 1) : 0;
	double		carried = 0;
	double		best = 2;		/* the least p-value of those tested */
	int			at = 0;
	int			errors = 0;
	int			last_n = 0;

	memset(out, 0, sizeof(*out));
	out->level = allowed;
	out->needed = start;

	for (int g = 0; g <= lengthof(grid); g++)
	{
		float4		t = g < lengthof(grid) ? grid[g] : lowest;
		double		level = carried;
		double		p;

		if (t < lowest)
			t = lowest;
		while (at < n && seen[at].confidence >= t)
			errors += seen[at++].wrong;

		/* a lower threshold without more evidence is no gain */
		if (at > last_n)
		{
			last_n = at;
			while (starts > 0 && at >= start)
			{
				level += share;
				start = start > INT_MAX / 2 ? INT_MAX : start * 2;
				share = later;
				starts--;
			}
			p = st_binomial_at_most(errors, at, accepted);
			if (level > 0 && p <= level)
			{
				out->found = true;
				out->threshold = t;
				carried = level;
			}
			else
				carried = 0;

			/* without a threshold, what came closest; untested, all there is */
			if (carried > 0 || (!out->found && (level > 0 ? p < best : best > 1)))
			{
				if (level > 0)
				{
					best = p;
					out->level = level;
				}
				out->n = at;
				out->errors = errors;
			}
		}
		if (t <= lowest)
			break;
	}
}

/* "2.5 %" */
static char *
percent(double share)
{
	return psprintf("%.*f %%", share < 0.1 ? 1 : 0, share * 100);
}

/* What was found, in words; palloc'd. */
static char *
why(const Solved *s, int seen, double accepted, double certainty, double bound)
{
	if (seen == 0)
		return psprintf("no evidence: %d answers at least are needed", s->needed);
	if (s->found)
		return psprintf("%d answers at %g or above were seen, %d of them wrong: at most %s are, with certainty %g",
						s->n, s->threshold, s->errors, percent(bound), certainty);
	if (s->n < s->needed)
		return psprintf("too little evidence: %d of the %d answers that are needed at least", s->n, s->needed);
	return psprintf("too many errors: of the %d most confident answers %d were wrong, up to %s may be, accepted are %s",
					s->n, s->errors, percent(bound), percent(accepted));
}

/* triage.error_bound(errors, answers, certainty) */
Datum
st_error_bound_sql(PG_FUNCTION_ARGS)
{
	int32		errors = PG_GETARG_INT32(0);
	int32		n = PG_GETARG_INT32(1);
	float8		certainty = PG_GETARG_FLOAT8(2);

	if (errors < 0 || n < 0 || errors > n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d errors of %d answers cannot be", errors, n)));
	if (!(certainty > 0 && certainty < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a certainty must be above 0 and below 1")));
	PG_RETURN_FLOAT8(st_error_bound(errors, n, certainty));
}

/* Reads the two arrays; NULLs and lengths that differ are errors. */
static Seen *
read_arrays(ArrayType *confidences, ArrayType *corrects, int *n)
{
	Datum	   *c;
	Datum	   *r;
	bool	   *cnull;
	bool	   *rnull;
	int			nr;
	Seen	   *seen;

	deconstruct_array(confidences, FLOAT4OID, 4, true, TYPALIGN_INT, &c, &cnull, n);
	deconstruct_array(corrects, BOOLOID, 1, true, TYPALIGN_CHAR, &r, &rnull, &nr);
	if (*n != nr)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there are %d confidences and %d answers", *n, nr)));
	seen = palloc(Max(*n, 1) * sizeof(Seen));
	for (int i = 0; i < *n; i++)
	{
		if (cnull[i] || rnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("evidence must not be NULL")));
		seen[i].confidence = DatumGetFloat4(c[i]);
		seen[i].wrong = !DatumGetBool(r[i]);
		if (!(seen[i].confidence >= 0 && seen[i].confidence <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a confidence must be from 0 to 1")));
	}
	return seen;
}

/*
 * triage.solve_threshold(confidences, correct, accepted_error, certainty,
 * min_confidence, min_evidence)
 */
Datum
st_solve_threshold(PG_FUNCTION_ARGS)
{
	float8		accepted = PG_GETARG_FLOAT8(2);
	float8		certainty = PG_GETARG_FLOAT8(3);
	float4		lowest = PG_GETARG_FLOAT4(4);
	int32		min_evidence = PG_GETARG_INT32(5);
	TupleDesc	desc;
	Seen	   *seen;
	int			n;
	Solved		s;
	double		bound;
	Datum		values[5];
	bool		nulls[5] = {false, false, false, false, false};

	if (!(accepted > 0 && accepted < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an accepted error must be above 0 and below 1")));
	if (!(certainty > 0 && certainty < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a certainty must be above 0 and below 1")));
	if (!(lowest >= 0 && lowest <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a confidence must be from 0 to 1")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	seen = read_arrays(PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1), &n);
	qsort(seen, n, sizeof(Seen), compare_seen);
	solve(seen, n, accepted, certainty, lowest, Max(min_evidence, 1), &s);
	bound = st_error_bound(s.errors, s.n, 1 - s.level);

	values[0] = Float4GetDatum(s.threshold);
	nulls[0] = !s.found;
	values[1] = Int32GetDatum(s.n);
	values[2] = Int32GetDatum(s.errors);
	values[3] = Float4GetDatum((float4) bound);
	nulls[3] = s.n == 0;
	values[4] = CStringGetTextDatum(why(&s, n, accepted, certainty, bound));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
