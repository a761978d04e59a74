/*-------------------------------------------------------------------------
 *
 * model_kernel.c
 *		The inner loops of scoring and training.
 *
 * Plain C that the compiler turns into vector instructions, twice: for what
 * every x86-64 has and for AVX2; the first call chooses.  Not the loader: what
 * compilers offer for that asks the processor when the library is loaded, which
 * costs each new connection of a virtual machine more than its first document,
 * whereas the C library knows already.  Fused multiply-add is not asked for and
 * sums run over a fixed number of partial sums, whatever the width of the
 * registers, so that both give the same bits.  exp is our own because libm's
 * differs between releases in the last place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define ST_HAS_AVX2() CPU_FEATURE_ACTIVE(AVX2)
#endif
#endif
#if defined(__x86_64__) && !defined(ST_HAS_AVX2)
#define ST_HAS_AVX2() (__builtin_cpu_init(), __builtin_cpu_supports("avx2"))
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
