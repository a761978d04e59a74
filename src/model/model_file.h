/*-------------------------------------------------------------------------
 *
 * model_file.h
 *		The weights as they are stored: one block of bytes that is read in place.
 *
 * Private to model/.  Sections begin at multiples of 64 bytes, in the byte
 * order of the server, which the magic number tells.
 *
 * A feature's value is what one appearance of it weighs before the document's
 * length is taken out: its kind's weight times its inverse document frequency.
 * A model is linear (a row has one byte a label) or has one hidden layer (a row
 * has one byte a hidden unit, the output layer is in floats).  A row's bytes
 * times its factor are its weights.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_MODEL_FILE_H
#define ST_MODEL_FILE_H

#include "postgres.h"

#include "model/model.h"

#define ST_WEIGHTS_MAGIC	0x53544D57	/* "STMW" */

/* Raise it when features, their hashes or the layout change. */
#define ST_WEIGHTS_FORMAT	2

/* Features that a model may have, whatever its size. */
#define ST_MOST_FEATURES	(512 * 1024)

/* More appearances of a feature in a document weigh as so many. */
#define ST_MOST_REPEATS		PG_UINT8_MAX

typedef struct StWeightsHeader
{
	uint32		magic;
	uint32		format;
	uint64		size;			/* of the whole, in bytes */
	uint32		nlabels;
	uint32		nfeatures;
	uint32		nslots;			/* a power of two */
	uint32		hidden;			/* units of the hidden layer; 0: linear */
	uint32		width;			/* bytes of a row: hidden or nlabels, padded */
	uint32		output_width;	/* nlabels, padded */
	float		unit;			/* what a factor of 1 stands for */
	float		temperature;	/* divides the logits */
	float		scope_threshold;	/* largest entropy, in nats, that is in
									 * scope */
	float		least_known;	/* smallest share of known features that is */
	uint64		labels;			/* offsets of the sections */
	uint64		slots;
	uint64		features;		/* ST_FEATURE_BYTES(width) each */
	uint64		bias;			/* floats: width */
	uint64		output;			/* floats: hidden × output_width */
	uint64		output_bias;	/* floats: output_width */
	char		unicode[40];
	char		reader[ST_FEATURES_NAME];	/* of the features; empty: "text" */
	uint64		counts;			/* offset, see model_counts.h; 0: none */
} StWeightsHeader;

/*
 * Features are found by a hash table of buckets, half a cache line each; id is
 * 1 + the feature's, 0 free.  What finds its bucket full goes to the next one
 * that is not, and the last id of each bucket that it passed has ST_SLOT_FULL,
 * so that next to nothing is looked for in two buckets.
 */
#define ST_BUCKET_SLOTS	4

typedef struct StBucket
{
	uint32		hash[ST_BUCKET_SLOTS];
	uint32		id[ST_BUCKET_SLOTS];
} StBucket;

#define ST_SLOT_FULL	(1U << 31)

/* What is known of a feature, and its row: read together, they lie together. */
typedef struct StFeatureWeights
{
	float		value;
	float		factor;			/* of its row, in units, for one appearance */
	int8		row[FLEXIBLE_ARRAY_MEMBER]; /* width bytes */
} StFeatureWeights;

#define ST_FEATURE_BYTES(width) (offsetof(StFeatureWeights, row) + (Size) (width))

struct StWeights
{
	const StWeightsHeader *header;
	StFeatureReader reader;
	const char **labels;
	const StBucket *buckets;
	const char *features;
	Size		feature_bytes;
	const float *bias;
	const float *output;
	const float *output_bias;
};

/* What training hands over to be stored. */
typedef struct StWeightsSource
{
	const char *reader;			/* name of the features' reader */
	int			nlabels;
	char	  **labels;			/* UTF-8 */
	int			nfeatures;
	const uint32 *hashes;
	const float *values;
	int			hidden;			/* 0: linear */
	int			width;			/* of a row of matrix */
	const float *matrix;		/* nfeatures × width */
	const float *bias;			/* width */
	const float *output;		/* nlabels × width, a row a label; NULL:
								 * linear */
	const float *output_bias;
	float		temperature;
	float		scope_threshold;
	float		least_known;
} StWeightsSource;

extern void *st_weights_build(const StWeightsSource *source, Size *size);
extern Size st_weights_size(int nlabels, int nfeatures, int hidden);

/*
 * The bucket to look at first for a hash, whose low two bits are the kind of
 * feature and tell little.
 */
static inline uint32
st_bucket_of(uint32 hash, uint32 nslots)
{
	return (hash >> 2) & (nslots / ST_BUCKET_SLOTS - 1);
}

static inline const StFeatureWeights *
st_feature_weights(const struct StWeights *w, uint32 id)
{
	return (const StFeatureWeights *) (w->features + id * w->feature_bytes);
}

#endif							/* ST_MODEL_FILE_H */
