/*-------------------------------------------------------------------------
 *
 * model_kernel.c
 *		The inner loops of scoring and training.
 *
 * Plain C that the compiler turns into vector instructions, twice: for what
 * every x86-64 has and for AVX2; the loader chooses.  Fused multiply-add is not
 * asked for and sums run over ST_LANES partial sums whatever the width of the
 * registers, so that both give the same bits.  exp is our own because libm's
 * differs between releases in the last place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "model/model_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
#define ST_VECTOR __attribute__((target_clones("avx2", "default")))
#else
#define ST_VECTOR
#endif

/* Products of 127 and 32767 that a 32-bit sum holds for certain. */
#define EXACT_ROWS 512

#define ALIGNED(p) __builtin_assume_aligned(p, 64)

ST_VECTOR void
st_axpy(float *y, const float *x, float a, int n)
{
	float	   *restrict to = ALIGNED(y);
	const float *restrict from = ALIGNED(x);

	for (int i = 0; i < n; i += ST_LANES)
		for (int l = 0; l < ST_LANES; l++)
			to[i + l] += a * from[i + l];
}

ST_VECTOR float
st_dot(const float *x, const float *y, int n)
{
	const float *restrict a = ALIGNED(x);
	const float *restrict b = ALIGNED(y);
	float		sums[ST_LANES] = {0};

	for (int i = 0; i < n; i += ST_LANES)
		for (int l = 0; l < ST_LANES; l++)
			sums[l] += a[i + l] * b[i + l];

	for (int half = ST_LANES / 2; half > 0; half /= 2)
		for (int l = 0; l < half; l++)
			sums[l] += sums[l + half];
	return sums[0];
}

ST_VECTOR void
st_rows_sum(float *y, const float *matrix, int width,
			const uint32 *ids, const float *values, int n)
{
	float	   *restrict to = ALIGNED(y);

	for (int r = 0; r < n; r++)
	{
		const float *restrict row = ALIGNED(matrix + (Size) ids[r] * width);
		float		a = values[r];

		if (r + 2 < n)
			__builtin_prefetch(matrix + (Size) ids[r + 2] * width);
		for (int i = 0; i < width; i += ST_LANES)
			for (int l = 0; l < ST_LANES; l++)
				to[i + l] += a * row[i + l];
	}
}

ST_VECTOR void
st_rows_update(float *matrix, int width,
			   const uint32 *ids, const float *values, int n,
			   const float *x)
{
	const float *restrict from = ALIGNED(x);

	for (int r = 0; r < n; r++)
	{
		float	   *restrict row = ALIGNED(matrix + (Size) ids[r] * width);
		float		a = values[r];

		for (int i = 0; i < width; i += ST_LANES)
			for (int l = 0; l < ST_LANES; l++)
				row[i + l] += a * from[i + l];
	}
}

ST_VECTOR void
st_bytes_sum(float *y, int32 *work, int width,
			 const int8 *const *rows, const int16 *factors, int n)
{
	float	   *restrict to = ALIGNED(y);
	int32	   *restrict sums = ALIGNED(work);

	for (int from = 0; from < n; from += EXACT_ROWS)
	{
		int			until = Min(n, from + EXACT_ROWS);

		for (int i = 0; i < width; i++)
			sums[i] = 0;
		for (int r = from; r < until; r++)
		{
			const int8 *restrict row = rows[r];
			int32		a = factors[r];

			for (int i = 0; i < width; i += ST_LANES)
				for (int l = 0; l < ST_LANES; l++)
					sums[i + l] += a * row[i + l];
		}
		for (int i = 0; i < width; i++)
			to[i] += (float) sums[i];
	}
}

/*
 * exp_inline
 *		exp for x <= 88, to about 1e-7 of its value: 2^n by the exponent's bits,
 *		the rest by a polynomial (Cephes' expf).
 */
static inline float
exp_inline(float x)
{
	float		n;
	float		r;
	float		p;
	union
	{
		int32		i;
		float		f;
	}			power;

	x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
	n = x * 1.44269504f;
	n = (float) (int32) (n + (n < 0 ? -0.5f : 0.5f));
	r = x - n * 0.693359375f;
	r = r - n * -2.12194440e-4f;
	p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1.0f;
	power.i = ((int32) n + 127) << 23;
	return p * power.f;
}

float
st_expf(float x)
{
	return exp_inline(x);
}

ST_VECTOR float
st_softmax(float *logits, int n)
{
	float		largest = logits[0];
	float		sum = 0;

	for (int i = 1; i < n; i++)
		largest = logits[i] > largest ? logits[i] : largest;
	for (int i = 0; i < n; i++)
		logits[i] = exp_inline(logits[i] - largest);
	for (int i = 0; i < n; i++)
		sum += logits[i];
	for (int i = 0; i < n; i++)
		logits[i] /= sum;
	return largest + logf(sum);
}
