/*-------------------------------------------------------------------------
 *
 * model_counts.c
 *		Scoring and explaining models of the kind "counts".
 *
 * Features come in the order of the reader "letters": at each place of a word
 * the sequences that end there, the shortest first.  A model has every shorter
 * sequence of one that it has, so the first that it has not ends the search at
 * that place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "model/model_counts.h"
#include "model/model_inner.h"
#include "model/model_kernel.h"

/* Sums of this many weights of a byte fit 16 bits. */
#define MOST_SUMMED 250

/* Labels, padded: see ST_PAD. */
#define MOST_WIDTH ST_PAD(ST_COUNTS_LABELS)

/* How far ahead memory is asked for: the directory first, then the records. */
#define AHEAD_DIRECTORY	20
#define AHEAD_RECORDS	10

/*
 * find_record
 *		Returns the record of a feature, less its mark, or NULL.  Damaged records
 *		end a bucket early; nothing is read beyond the records.
 */
static inline const uint8 *
find_record(const uint32 *directory, const uint8 *records, uint32 mask, uint32 width,
			uint32 size, uint32 mixed)
{
	uint32		from = directory[mixed & mask];
	uint32		to = directory[(mixed & mask) + 1];
	const uint8 *p = records + from;
	const uint8 *end = records + to;

	if (unlikely(from > to || to > size))
		return NULL;
	while (p + 3 <= end)
	{
		const uint8 *next = p + 3 + (p[2] == ST_COUNTS_DENSE ? width : 2 * p[2]);

		if (unlikely(next > end))
			return NULL;
		if ((p[0] | p[1] << 8) == mixed >> 16)
			return p + 2;
		p = next;
	}
	return NULL;
}

/*
 * add_dense
 *		Adds a weight for each label.
 */
static inline void
add_dense(int16 *restrict sums, const int8 *restrict weights, uint32 width)
{
	for (uint32 j = 0; j < width; j++)
		sums[j] += weights[j];
}

/*
 * st_counts_sums
 *		Fills logits, which has nlabels floats, with the sums of the features'
 *		weights; returns how many features the model knows.
 */
int
st_counts_sums(const StWeights *w, const uint32 *hashes, int n, float *logits)
{
	const StWeightsHeader *head = w->header;
	const StCounts *counts = st_counts_of(head);
	const uint32 *directory = st_counts_directory(counts);
	const uint8 *records = st_counts_records(counts);
	uint32		mask = counts->nbuckets - 1;
	uint32		size = counts->size;
	uint32		width = head->width;
	uint32		nlabels = head->nlabels;
	int16		sums[MOST_WIDTH] = {0};
	int32		totals[MOST_WIDTH] = {0};
	int			summed = 0;
	int			known = 0;
	int			missing = ST_LETTERS_ORDER + 1;

	for (int i = 0; i < n; i++)
	{
		int			order = ST_LETTERS_ORDER_OF(hashes[i]);
		const uint8 *record;

		if (i + AHEAD_DIRECTORY < n)
			__builtin_prefetch(&directory[murmurhash32(hashes[i + AHEAD_DIRECTORY]) & mask]);
		if (i + AHEAD_RECORDS < n)
			__builtin_prefetch(records + directory[murmurhash32(hashes[i + AHEAD_RECORDS]) & mask]);
		if (order <= 1)
			missing = ST_LETTERS_ORDER + 1;
		else if (order > missing)
			continue;

		record = find_record(directory, records, mask, width, size, murmurhash32(hashes[i]));
		if (record == NULL)
		{
			if (order > 0)
				missing = order;
			continue;
		}
		known++;
		if (record[0] == ST_COUNTS_DENSE)
			add_dense(sums, (const int8 *) record + 1, width);
		else
			for (int j = 0; j < record[0]; j++)
			{
				uint8		label = record[1 + 2 * j];

				if (likely(label < nlabels))
					sums[label] += (int8) record[2 + 2 * j];
			}
		if (++summed == MOST_SUMMED)
		{
			for (uint32 j = 0; j < width; j++)
			{
				totals[j] += sums[j];
				sums[j] = 0;
			}
			summed = 0;
			CHECK_FOR_INTERRUPTS();
		}
	}
	for (uint32 j = 0; j < nlabels; j++)
		logits[j] = (totals[j] + sums[j]) * head->unit + w->bias[j];
	return known;
}

/*
 * st_counts_explain
 *		Adds to by_token what each token's features add to a label's logit.
 */
void
st_counts_explain(const StWeights *w, const StFeatures *features, int label, double *by_token)
{
	const StWeightsHeader *head = w->header;
	const StCounts *counts = st_counts_of(head);
	int			missing = ST_LETTERS_ORDER + 1;

	for (int i = 0; i < features->n; i++)
	{
		int			order = ST_LETTERS_ORDER_OF(features->hashes[i]);
		const uint8 *record;
		int			weight = 0;

		if (order <= 1)
			missing = ST_LETTERS_ORDER + 1;
		else if (order > missing)
			continue;
		record = find_record(st_counts_directory(counts), st_counts_records(counts),
							 counts->nbuckets - 1, head->width, counts->size,
							 murmurhash32(features->hashes[i]));
		if (record == NULL)
		{
			if (order > 0)
				missing = order;
			continue;
		}
		if (record[0] == ST_COUNTS_DENSE)
			weight = (int8) record[1 + label];
		else
			for (int j = 0; j < record[0]; j++)
				if (record[1 + 2 * j] == label)
					weight += (int8) record[2 + 2 * j];
		by_token[features->tokens[i]] += weight * (double) head->unit;
	}
}
