/*-------------------------------------------------------------------------
 *
 * model_kernel_loops.h
 *		The inner loops, as a template: model_kernel.c includes it once for each
 *		set of instructions, with LOOP(name) the name of a function and
 *		LOOP_TARGET its attributes.
 *
 *-------------------------------------------------------------------------
 */

LOOP_TARGET static void
LOOP(axpy) (float *y, const float *x, float a, int n)
{
	Eight	   *to = EIGHTS(y);
	const		Eight *from = CONST_EIGHTS(x);

	for (Size i = 0; i < (Size) n / 8; i += 2)
	{
		to[i] += a * from[i];
		to[i + 1] += a * from[i + 1];
	}
}

LOOP_TARGET static float
LOOP(dot) (const float *x, const float *y, int n)
{
	const		Eight *a = CONST_EIGHTS(x);
	const		Eight *b = CONST_EIGHTS(y);
	Eight		even = {0};
	Eight		odd = {0};

	for (Size i = 0; i < (Size) n / 8; i += 2)
	{
		even += a[i] * b[i];
		odd += a[i + 1] * b[i + 1];
	}
	even += odd;
	return ((even[0] + even[4]) + (even[2] + even[6])) +
		((even[1] + even[5]) + (even[3] + even[7]));
}

LOOP_TARGET static void
LOOP(rows_sum) (float *y, const float *matrix, int width,
				const uint32 *ids, const float *values, int n)
{
	Size		from = 0;

	/* 64 columns at a time stay in registers */
	for (; from + 64 <= (Size) width; from += 64)
	{
		Eight	   *to = EIGHTS(y + from);
		Eight		sum0 = to[0];
		Eight		sum1 = to[1];
		Eight		sum2 = to[2];
		Eight		sum3 = to[3];
		Eight		sum4 = to[4];
		Eight		sum5 = to[5];
		Eight		sum6 = to[6];
		Eight		sum7 = to[7];

		for (int r = 0; r < n; r++)
		{
			const		Eight *row = CONST_EIGHTS(matrix + (Size) ids[r] * width + from);
			float		a = values[r];

			if (r + AHEAD < n)
			{
				const float *next = matrix + (Size) ids[r + AHEAD] * width + from;

				__builtin_prefetch(next);
				__builtin_prefetch(next + 16);
				__builtin_prefetch(next + 32);
				__builtin_prefetch(next + 48);
			}
			sum0 += a * row[0];
			sum1 += a * row[1];
			sum2 += a * row[2];
			sum3 += a * row[3];
			sum4 += a * row[4];
			sum5 += a * row[5];
			sum6 += a * row[6];
			sum7 += a * row[7];
		}
		to[0] = sum0;
		to[1] = sum1;
		to[2] = sum2;
		to[3] = sum3;
		to[4] = sum4;
		to[5] = sum5;
		to[6] = sum6;
		to[7] = sum7;
	}

	for (; from < (Size) width; from += 16)
	{
		Eight	   *to = EIGHTS(y + from);
		Eight		sum0 = to[0];
		Eight		sum1 = to[1];

		for (int r = 0; r < n; r++)
		{
			const		Eight *row = CONST_EIGHTS(matrix + (Size) ids[r] * width + from);
			float		a = values[r];

			sum0 += a * row[0];
			sum1 += a * row[1];
		}
		to[0] = sum0;
		to[1] = sum1;
	}
}

LOOP_TARGET static void
LOOP(rows_update) (float *matrix, int width,
				   const uint32 *ids, const float *values, int n,
				   const float *x)
{
	const		Eight *from = CONST_EIGHTS(x);

	for (int r = 0; r < n; r++)
	{
		Eight	   *row = EIGHTS(matrix + (Size) ids[r] * width);
		float		a = values[r];

		for (Size i = 0; i < (Size) width / 8; i += 2)
		{
			row[i] += a * from[i];
			row[i + 1] += a * from[i + 1];
		}
	}
}

LOOP_TARGET static float
LOOP(softmax) (float *logits, int n)
{
	float		largest = logits[0];
	float		sum = 0;

	Assert(n > 0);
	for (int i = 1; i < n; i++)
		largest = logits[i] > largest ? logits[i] : largest;
	for (int i = 0; i < n; i++)
		logits[i] = exp_inline(logits[i] - largest);
	for (int i = 0; i < n; i++)
		sum += logits[i];
	for (int i = 0; i < n; i++)
		logits[i] /= sum;
	/* at least 1, what the largest gives */
	return largest + logf(Max(sum, 1.0f));
}
