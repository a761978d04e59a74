/*-------------------------------------------------------------------------
 *
 * model_counts.h
 *		Models of the kind "counts": sequences of letters, counted by label.
 *
 * Private to model/.
 *
 * Each label is a language model of its words: the probability of a letter
 * after those before it, interpolated from all orders.  Written as a chain of
 * corrections (what a sequence adds to what the shorter one said), its logarithm
 * is a sum over the sequences of the text, so a label's logit is a sum of
 * weights like any linear model's, and is explained like one.  A weight that is
 * not stored is 0: there the shorter sequence said it all.
 *
 * Stored after the sections of a linear model without features: StCounts, a
 * directory of buckets (nbuckets + 1 offsets into the records), the records.
 * A feature's bucket is the low bits of its mixed hash, its mark in the record
 * the high 16; nbuckets is at least 65536, so that both together are the whole
 * hash.  A record is the mark (2 bytes), the number of weights n (1 byte) and
 * n times label and weight (a byte each), or for n = ST_COUNTS_DENSE a weight
 * for each label (width bytes).  The records of a bucket are best found in order
 * of their n, the greatest first: what many labels know is asked for most.
 * Weights of a sequence of two letters contain those of the second alone, which
 * need not be looked up then.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_MODEL_COUNTS_H
#define ST_MODEL_COUNTS_H

#include "postgres.h"

#include "common/hashfn.h"

#include "model/model_file.h"
#include "model/model_train.h"

#define ST_COUNTS_LABELS	250 /* a label is a byte */
#define ST_COUNTS_DENSE		255
#define ST_COUNTS_BUCKETS	65536	/* at least */

typedef struct StCounts
{
	uint32		nbuckets;		/* a power of two */
	uint32		size;			/* of the records, in bytes */
} StCounts;

static inline const StCounts *
st_counts_of(const StWeightsHeader *head)
{
	return (const StCounts *) ((const char *) head + head->counts);
}

static inline const uint32 *
st_counts_directory(const StCounts *counts)
{
	return (const uint32 *) (counts + 1);
}

static inline const uint8 *
st_counts_records(const StCounts *counts)
{
	return (const uint8 *) (st_counts_directory(counts) + counts->nbuckets + 1);
}

/* One weight, before it is stored. */
typedef struct StCountsWeight
{
	uint32		hash;			/* of the feature */
	int16		label;
	float		weight;
} StCountsWeight;

/* model_counts_file.c */
extern bool st_counts_fit(const StWeightsHeader *head);
extern void *st_counts_build(const StWeightsSource *source, StCountsWeight *weights,
							 Size nweights, Size *size);

/* model_counts.c */
extern int	st_counts_totals(const StWeights *w, const uint32 *hashes, int n, int32 *totals);
extern void st_counts_logits(const StWeights *w, const int32 *totals, float *logits);
extern int	st_counts_sums(const StWeights *w, const uint32 *hashes, int n, float *logits);
extern void st_counts_explain(const StWeights *w, const StFeatures *features, int label,
							  double *by_token);

/* model_counts_corpus.c */
typedef struct StCountsCorpus StCountsCorpus;

extern StCountsCorpus *st_counts_begin(void);
extern void st_counts_add(StCountsCorpus *c, const StTokens *tokens, int label);

/* model_counts_train.c */
extern void st_counts_train(StCountsCorpus *c, const int *new_label, char **labels, int nlabels,
							const StTrainOptions *options, const StTeller *teller,
							StTrained *out);

#endif							/* ST_MODEL_COUNTS_H */
