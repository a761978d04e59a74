/*-------------------------------------------------------------------------
 *
 * model_kernel.h
 *		The inner loops of scoring and training.
 *
 * Private to model/.  Vectors are 64-byte aligned and padded to a multiple of
 * ST_LANES with zeros.  Every function sums in an order that does not depend on
 * the width of the machine's registers, so that two servers agree to the bit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_MODEL_KERNEL_H
#define ST_MODEL_KERNEL_H

#include "postgres.h"

#define ST_LANES 16
#define ST_PAD(n) (((n) + ST_LANES - 1) / ST_LANES * ST_LANES)

/* y += a x */
extern void st_axpy(float *y, const float *x, float a, int n);

/* x . y */
extern float st_dot(const float *x, const float *y, int n);

/* y += sum over i of values[i] * row ids[i] of the matrix */
extern void st_rows_sum(float *y, const float *matrix, int width,
						const uint32 *ids, const float *values, int n);

/* row ids[i] += values[i] * x, for all i */
extern void st_rows_update(float *matrix, int width,
						   const uint32 *ids, const float *values, int n,
						   const float *x);

/* y += sum over i of factors[i] * rows[i], exactly, in 32-bit integers */
extern void st_bytes_sum(float *y, int32 *work, int width,
						 const int8 *const *rows, const int16 *factors, int n);

/* replaces logits by their softmax; returns the log of the divisor */
extern float st_softmax(float *logits, int n);

#endif							/* ST_MODEL_KERNEL_H */
