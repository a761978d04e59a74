/*-------------------------------------------------------------------------
 *
 * model_counts.c
 *		Scoring and explaining models of the kind "counts".
 *
 * Features come in the order of the reader "letters": at each place of a word
 * the sequences that end there, the shortest first.  A model has every shorter
 * sequence of one that it has, so the first that it has not ends the search at
 * that place.  The record of two letters stands for the second alone too.
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

/* Where the records of a model are. */
typedef struct Records
{
	const uint32 *directory;
	const uint8 *records;
	uint32		mask;
	uint32		size;
	uint32		width;
} Records;

static Records
records_of(const StWeightsHeader *head)
{
	const StCounts *counts = st_counts_of(head);
	Records		r;

	r.directory = st_counts_directory(counts);
	r.records = st_counts_records(counts);
	r.mask = counts->nbuckets - 1;
	r.size = counts->size;
	r.width = head->width;
	return r;
}

/*
 * find_record
 *		Returns the record of a feature, less its mark, or NULL.  Damaged records
 *		end a bucket early; nothing is read beyond the records.
 */
static inline const uint8 *
find_record(const Records *r, uint32 hash)
{
	uint32		mixed = murmurhash32(hash);
	uint32		from = r->directory[mixed & r->mask];
	uint32		to = r->directory[(mixed & r->mask) + 1];
	const uint8 *p = r->records + from;
	const uint8 *end = r->records + to;

	if (unlikely(from > to || to > r->size))
		return NULL;
	while (p + 3 <= end)
	{
		const uint8 *next = p + 3 + (p[2] == ST_COUNTS_DENSE ? r->width : 2 * p[2]);

		if (unlikely(next > end))
			return NULL;
		if ((p[0] | p[1] << 8) == mixed >> 16)
			return p + 2;
		p = next;
	}
	return NULL;
}

/*
 * next_record
 *		Returns the record that counts for feature *i, or NULL; steps over the
 *		next feature where its record stands for both.  missing is the order
 *		from which on there is nothing at this place.
 */
static inline const uint8 *
next_record(const Records *r, const uint32 *hashes, int n, int *i, int *missing)
{
	int			order = ST_LETTERS_ORDER_OF(hashes[*i]);
	const uint8 *record;

	if (order <= 1)
	{
		*missing = ST_LETTERS_ORDER + 1;
		if (order == 1 && *i + 1 < n && ST_LETTERS_ORDER_OF(hashes[*i + 1]) == 2)
		{
			record = find_record(r, hashes[*i + 1]);
			if (record != NULL)
			{
				(*i)++;
				return record;
			}
			*missing = 2;
		}
		return find_record(r, hashes[*i]);
	}
	if (order >= *missing)
		return NULL;
	record = find_record(r, hashes[*i]);
	if (record == NULL)
		*missing = order;
	return record;
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
	Records		r = records_of(head);
	uint32		nlabels = head->nlabels;
	int16		sums[MOST_WIDTH] = {0};
	int32		totals[MOST_WIDTH] = {0};
	int			summed = 0;
	int			known = 0;
	int			missing = ST_LETTERS_ORDER + 1;

	for (int i = 0; i < n; i++)
	{
		const uint8 *record;

		if (i + AHEAD_DIRECTORY < n)
			__builtin_prefetch(&r.directory[murmurhash32(hashes[i + AHEAD_DIRECTORY]) & r.mask]);
		if (i + AHEAD_RECORDS < n)
			__builtin_prefetch(r.records +
							   r.directory[murmurhash32(hashes[i + AHEAD_RECORDS]) & r.mask]);

		record = next_record(&r, hashes, n, &i, &missing);
		if (record == NULL)
			continue;
		known++;
		if (record[0] == ST_COUNTS_DENSE)
			add_dense(sums, (const int8 *) record + 1, r.width);
		else
			for (int j = 0; j < record[0]; j++)
			{
				uint8		label = record[1 + 2 * j];

				if (likely(label < nlabels))
					sums[label] += (int8) record[2 + 2 * j];
			}
		if (++summed == MOST_SUMMED)
		{
			for (uint32 j = 0; j < r.width; j++)
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
	Records		r = records_of(w->header);
	int			missing = ST_LETTERS_ORDER + 1;

	for (int i = 0; i < features->n; i++)
	{
		const uint8 *record = next_record(&r, features->hashes, features->n, &i, &missing);
		int			weight = 0;

		if (record == NULL)
			continue;
		if (record[0] == ST_COUNTS_DENSE)
			weight = (int8) record[1 + label];
		else
			for (int j = 0; j < record[0]; j++)
				if (record[1 + 2 * j] == label)
					weight += (int8) record[2 + 2 * j];
		by_token[features->tokens[i]] += weight * (double) w->header->unit;
	}
}
