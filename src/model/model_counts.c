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
 * A model is larger than a processor's nearest memory, and a text asks for hundreds
 * of its records, so waiting for memory is most of the work.  Features are looked
 * up a block at a time: first the directory is asked for, for all of them, then
 * the records, and when they are searched many are there.  What is found is added
 * last, dense records apart from sparse ones.  Sums of integers do not depend on
 * the order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "model/model_counts.h"
#include "model/model_inner.h"
#include "model/model_kernel.h"

/* Sums of this many bytes fit 16 bits. */
#define MOST_SUMMED 250

/* Labels, padded: see ST_PAD. */
#define MOST_WIDTH ST_PAD(ST_COUNTS_LABELS)

StaticAssertDecl(MOST_WIDTH > PG_UINT8_MAX, "a label must be within the sums");

/* Two words of eight weights each: a whole block of labels, see ST_LANES. */
typedef uint64 Words __attribute__((vector_size(ST_LANES)));

/* Every second byte of a word. */
#define EVERY_SECOND UINT64CONST(0x00FF00FF00FF00FF)

/* What makes bytes with a sign bytes without, 128 greater. */
#define SIGNS UINT64CONST(0x8080808080808080)

/* Where the records of a model are. */
typedef struct Records
{
	const uint32 *directory;
	const uint8 *records;
	uint32		mask;
	uint32		size;
	uint32		width;
} Records;

/* Features of a text that are looked up together. */
typedef struct Block
{
	int			n;
	int			missing;		/* see next_record; carried from block to
								 * block */
	uint8		orders[MOST_SUMMED];
	uint32		mixed[MOST_SUMMED];
	uint32		from[MOST_SUMMED];	/* bounds of the buckets */
	uint32		to[MOST_SUMMED];
	int			ndense;
	int			nsparse;
	const uint8 *dense[MOST_SUMMED];	/* the records found, less their marks */
	const uint8 *sparse[MOST_SUMMED];
} Block;

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
 * search_bucket
 *		Returns the record of a feature with the given mixed hash in a bucket, less
 *		its mark, or NULL.  Damaged records end a bucket early; nothing is read
 *		beyond the records.
 */
static inline const uint8 *
search_bucket(const Records *r, uint32 mixed, uint32 from, uint32 to)
{
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
 * find_record
 *		Returns the record of a feature, less its mark, or NULL.
 */
static inline const uint8 *
find_record(const Records *r, uint32 mixed)
{
	uint32		bucket = mixed & r->mask;

	return search_bucket(r, mixed, r->directory[bucket], r->directory[bucket + 1]);
}

/*
 * begin_block
 *		Fills a block with the features from *i on and asks for their records.
 *		One of one letter waits until it is known that there is none of two.
 */
static void
begin_block(const Records *r, const uint32 *hashes, int n, int *i, Block *block)
{
	int			m = 0;

	for (; *i < n && m < MOST_SUMMED; (*i)++, m++)
	{
		block->orders[m] = ST_LETTERS_ORDER_OF(hashes[*i]);
		block->mixed[m] = murmurhash32(hashes[*i]);
		if (block->orders[m] != 1)
			__builtin_prefetch(&r->directory[block->mixed[m] & r->mask]);
	}
	/* one letter and two belong together */
	if (*i < n && block->orders[m - 1] == 1)
	{
		(*i)--;
		m--;
	}
	block->n = m;
	for (int j = 0; j < m; j++)
	{
		uint32		bucket = block->mixed[j] & r->mask;

		if (block->orders[j] == 1)
			continue;
		block->from[j] = r->directory[bucket];
		block->to[j] = r->directory[bucket + 1];
		__builtin_prefetch(r->records + block->from[j]);
	}
}

/*
 * next_record
 *		Returns the record that counts for feature *j of a block, or NULL; steps
 *		over the next feature where its record stands for both.  block->missing is
 *		the order from which on there is nothing at this place.
 */
static inline const uint8 *
next_record(const Records *r, Block *block, int *j)
{
	int			order = block->orders[*j];
	const uint8 *record;

	if (order <= 1)
	{
		block->missing = ST_LETTERS_ORDER + 1;
		if (order == 1 && *j + 1 < block->n && block->orders[*j + 1] == 2)
		{
			record = search_bucket(r, block->mixed[*j + 1],
								   block->from[*j + 1], block->to[*j + 1]);
			if (record != NULL)
			{
				(*j)++;
				return record;
			}
			block->missing = 2;
		}
		return find_record(r, block->mixed[*j]);
	}
	if (order >= block->missing)
		return NULL;
	record = search_bucket(r, block->mixed[*j], block->from[*j], block->to[*j]);
	if (record == NULL)
		block->missing = order;
	return record;
}

/*
 * add_word
 *		Adds to totals eight sums: the lanes of 16 bits of two words.
 */
static inline void
add_word(int32 *totals, uint64 low, uint64 high, int32 bias)
{
	uint16		lows[4];
	uint16		highs[4];

	memcpy(lows, &low, sizeof(lows));
	memcpy(highs, &high, sizeof(highs));
	for (int k = 0; k < 4; k++)
	{
#ifdef WORDS_BIGENDIAN
		totals[2 * k] += highs[k] - bias;
		totals[2 * k + 1] += lows[k] - bias;
#else
		totals[2 * k] += lows[k] - bias;
		totals[2 * k + 1] += highs[k] - bias;
#endif
	}
}

/*
 * add_dense
 *		Adds to totals the weights of the block's dense records, eight to a word:
 *		the bytes, made positive, in lanes of 16 bits that do not overflow.
 */
static void
add_dense(int32 *totals, const Block *block, uint32 width)
{
	int32		bias = 128 * block->ndense;

	for (uint32 first = 0; first < width; first += ST_LANES)
	{
		Words		low = {0};
		Words		high = {0};

		for (int j = 0; j < block->ndense; j++)
		{
			Words		words;

			memcpy(&words, block->dense[j] + 1 + first, sizeof(words));
			words ^= SIGNS;
			low += words & EVERY_SECOND;
			high += words >> 8 & EVERY_SECOND;
		}
		add_word(totals + first, low[0], high[0], bias);
		add_word(totals + first + 8, low[1], high[1], bias);
	}
}

/*
 * add_sparse
 *		Adds to totals the weights of the block's sparse records.  Labels that a
 *		damaged record names beyond the last are within totals and not used.
 */
static void
add_sparse(int32 *totals, const Block *block)
{
	for (int j = 0; j < block->nsparse; j++)
	{
		const uint8 *record = block->sparse[j];
		const uint8 *end = record + 1 + 2 * record[0];

		for (const uint8 *p = record + 1; p < end; p += 2)
			totals[p[0]] += (int8) p[1];
	}
}

/*
 * st_counts_totals
 *		Adds to totals, which has ST_PAD(ST_COUNTS_LABELS) numbers, the features'
 *		weights; returns how many features the model knows.
 */
int
st_counts_totals(const StWeights *w, const uint32 *hashes, int n, int32 *totals)
{
	Records		r = records_of(w->header);
	int			known = 0;
	Block		block;

	block.missing = ST_LETTERS_ORDER + 1;
	for (int i = 0; i < n;)
	{
		begin_block(&r, hashes, n, &i, &block);
		block.ndense = 0;
		block.nsparse = 0;
		for (int j = 0; j < block.n; j++)
		{
			const uint8 *record = next_record(&r, &block, &j);
			bool		dense;

			if (record == NULL)
				continue;
			dense = record[0] == ST_COUNTS_DENSE;
			block.dense[block.ndense] = record;
			block.ndense += dense;
			block.sparse[block.nsparse] = record;
			block.nsparse += !dense;
		}
		known += block.ndense + block.nsparse;
		add_dense(totals, &block, r.width);
		add_sparse(totals, &block);
		CHECK_FOR_INTERRUPTS();
	}
	return known;
}

/*
 * st_counts_logits
 *		Fills logits, which has nlabels floats, with what totals stand for.
 */
void
st_counts_logits(const StWeights *w, const int32 *totals, float *logits)
{
	const StWeightsHeader *head = w->header;

	for (uint32 j = 0; j < head->nlabels; j++)
		logits[j] = totals[j] * head->unit + w->bias[j];
}

/*
 * st_counts_sums
 *		Fills logits, which has nlabels floats, with the sums of the features'
 *		weights; returns how many features the model knows.
 */
int
st_counts_sums(const StWeights *w, const uint32 *hashes, int n, float *logits)
{
	int32		totals[MOST_WIDTH] = {0};
	int			known = st_counts_totals(w, hashes, n, totals);

	st_counts_logits(w, totals, logits);
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
	Block		block;

	block.missing = ST_LETTERS_ORDER + 1;
	for (int i = 0, first = 0; i < features->n; first = i)
	{
		begin_block(&r, features->hashes, features->n, &i, &block);
		for (int j = 0; j < block.n; j++)
		{
			const uint8 *record = next_record(&r, &block, &j);
			int			weight = 0;

			if (record == NULL)
				continue;
			if (record[0] == ST_COUNTS_DENSE)
				weight = (int8) record[1 + label];
			else
				for (int k = 0; k < record[0]; k++)
					if (record[1 + 2 * k] == label)
						weight += (int8) record[2 + 2 * k];
			by_token[features->tokens[first + j]] += weight * (double) w->header->unit;
		}
		CHECK_FOR_INTERRUPTS();
	}
}
