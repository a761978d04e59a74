/*-------------------------------------------------------------------------
 *
 * model_kernel.c
 *		The inner loops of scoring and training.
 *
 * Plain C that the compiler turns into vector instructions, twice: for what
 * every x86-64 has and for AVX2, but for sums of bytes, which it does not turn
 * into what AVX2 has for them; the first call chooses, see core/processor.h.
 * Fused multiply-add is not asked for and sums run over a fixed number of partial sums, whatever the width of the
 * registers, so that both give the same bits.  exp is our own because libm's
 * differs between releases in the last place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "core/processor.h"

#ifdef ST_HAS_AVX2
#include <immintrin.h>
#endif

#include "model/model_kernel.h"

/* Products of 127 and 32767 that a 32-bit sum holds for certain. */
#define EXACT_ROWS 512

/* Rows that are asked for before they are needed. */
#define AHEAD 4

/* Eight floats; where registers are narrower the compiler uses two. */
typedef float Eight __attribute__((vector_size(32), aligned(32)));

#define EIGHTS(p) ((Eight *) __builtin_assume_aligned(p, 64))
#define CONST_EIGHTS(p) ((const Eight *) __builtin_assume_aligned(p, 64))

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

/*
 * bytes_sum_plain
 *		See st_bytes_sum.
 */
static void
bytes_sum_plain(float *y, int32 *work, int width,
				const int8 *const *rows, const int16 *factors, int n)
{
	float	   *restrict to = __builtin_assume_aligned(y, 64);
	int32	   *restrict sums = __builtin_assume_aligned(work, 64);
	Size		columns = (Size) width / ST_LANES * ST_LANES;

	for (int from = 0; from < n; from += EXACT_ROWS)
	{
		int			until = Min(n, from + EXACT_ROWS);

		for (Size i = 0; i < columns; i++)
			sums[i] = 0;
		for (int r = from; r < until; r++)
		{
			const int8 *restrict row = rows[r];
			int16		a = factors[r];

			for (Size i = 0; i < columns; i++)
				sums[i] += (int32) a * row[i];
		}
		for (Size i = 0; i < columns; i++)
			to[i] += (float) sums[i];
	}
}

#ifdef ST_HAS_AVX2

/* Sixteen bytes, widened to 16 bits each. */
__attribute__((target("avx2")))
static pg_attribute_always_inline __m256i
sixteen(const int8 *bytes)
{
	return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *) bytes));
}

/*
 * some_bytes_avx2
 *		Adds to y, from a column on, the sums of so many times 16 columns, which
 *		stay in registers, of no more rows than are exact.  One instruction adds the products of two rows,
 *		so rows are taken two at a time; it wants their columns side by side, and
 *		their sums lie apart until the end.
 */
__attribute__((target("avx2")))
static pg_attribute_always_inline void
some_bytes_avx2(float *y, const int8 *const *rows, const int16 *factors, int n,
				Size column, const int sixteens)
{
	__m256i		low[4];
	__m256i		high[4];

	for (int k = 0; k < sixteens; k++)
		low[k] = high[k] = _mm256_setzero_si256();
	for (int r = 0; r < n; r += 2)
	{
		bool		two = r + 1 < n;
		const int8 *a = rows[r] + column;
		const int8 *b = two ? rows[r + 1] + column : a;
		__m256i		factor = _mm256_set1_epi32((uint16) factors[r] |
											   (two ? (uint32) (uint16) factors[r + 1] << 16 : 0));

		for (int k = 0; k < sixteens; k++)
		{
			__m256i		x = sixteen(a + 16 * k);
			__m256i		z = sixteen(b + 16 * k);

			low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(_mm256_unpacklo_epi16(x, z), factor));
			high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(_mm256_unpackhi_epi16(x, z), factor));
		}
	}
	for (int k = 0; k < sixteens; k++)
	{
		Eight	   *to = EIGHTS(y + column) + 2 * k;

		to[0] += (Eight) _mm256_cvtepi32_ps(_mm256_permute2x128_si256(low[k], high[k], 0x20));
		to[1] += (Eight) _mm256_cvtepi32_ps(_mm256_permute2x128_si256(low[k], high[k], 0x31));
	}
}

/*
 * bytes_sum_avx2
 *		See st_bytes_sum: the same numbers, as they are whole.  Needs no work.
 */
__attribute__((target("avx2")))
static void
bytes_sum_avx2(float *y, int32 *work, int width,
			   const int8 *const *rows, const int16 *factors, int n)
{
	for (int from = 0; from < n; from += EXACT_ROWS)
	{
		int			some = Min(n - from, EXACT_ROWS);
		Size		column = 0;

		for (; column + 64 <= (Size) width; column += 64)
			some_bytes_avx2(y, rows + from, factors + from, some, column, 4);
		if (column + 32 <= (Size) width)
		{
			some_bytes_avx2(y, rows + from, factors + from, some, column, 2);
			column += 32;
		}
		if (column < (Size) width)
			some_bytes_avx2(y, rows + from, factors + from, some, column, 1);
	}
}
#endif

#define LOOP(name) name##_plain
#define LOOP_TARGET
#include "model/model_kernel_loops.h"
#undef LOOP
#undef LOOP_TARGET

#ifdef ST_HAS_AVX2
#define LOOP(name) name##_avx2
#define LOOP_TARGET __attribute__((target("avx2")))
#include "model/model_kernel_loops.h"
#undef LOOP
#undef LOOP_TARGET
#endif

/* The loops for one set of instructions */
typedef struct Loops
{
	void		(*axpy) (float *y, const float *x, float a, int n);
	float		(*dot) (const float *x, const float *y, int n);
	void		(*rows_sum) (float *y, const float *matrix, int width,
							 const uint32 *ids, const float *values, int n);
	void		(*rows_update) (float *matrix, int width,
								const uint32 *ids, const float *values, int n,
								const float *x);
	void		(*bytes_sum) (float *y, int32 *work, int width,
							  const int8 *const *rows, const int16 *factors, int n);
	float		(*softmax) (float *logits, int n);
} Loops;

static const Loops plain_loops = {
	axpy_plain, dot_plain, rows_sum_plain, rows_update_plain, bytes_sum_plain, softmax_plain
};

#ifdef ST_HAS_AVX2
static const Loops avx2_loops = {
	axpy_avx2, dot_avx2, rows_sum_avx2, rows_update_avx2, bytes_sum_avx2, softmax_avx2
};
#endif

static const Loops *chosen = NULL;

/* loops: those that this processor has */
static inline const Loops *
loops(void)
{
	if (unlikely(chosen == NULL))
	{
		chosen = &plain_loops;
#ifdef ST_HAS_AVX2
		if (ST_HAS_AVX2())
			chosen = &avx2_loops;
#endif
	}
	return chosen;
}

void
st_axpy(float *y, const float *x, float a, int n)
{
	loops()->axpy(y, x, a, n);
}

float
st_dot(const float *x, const float *y, int n)
{
	return loops()->dot(x, y, n);
}

void
st_rows_sum(float *y, const float *matrix, int width,
			const uint32 *ids, const float *values, int n)
{
	loops()->rows_sum(y, matrix, width, ids, values, n);
}

void
st_rows_update(float *matrix, int width,
			   const uint32 *ids, const float *values, int n,
			   const float *x)
{
	loops()->rows_update(matrix, width, ids, values, n, x);
}

void
st_bytes_sum(float *y, int32 *work, int width,
			 const int8 *const *rows, const int16 *factors, int n)
{
	loops()->bytes_sum(y, work, width, rows, factors, n);
}

float
st_softmax(float *logits, int n)
{
	return loops()->softmax(logits, n);
}
