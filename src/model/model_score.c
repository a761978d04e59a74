/*-------------------------------------------------------------------------
 *
 * model_score.c
 *		From a document to probabilities, and back to the tokens that made them.
 *
 * A document's features are looked up; those the model knows are counted; the
 * row of each is added with the weight (1 + ln count) × value, and the sum
 * divided by the document's length, the root of the weights' squares.  The sum
 * of bytes is exact in integers, so its order does not matter.
 *
 * "I don't know" is the entropy of the probabilities beyond a threshold, a share
 * of known features (words and their parts) below another, or a document without
 * a word: a lone "?" tells nothing, however sure the sums are.
 *
 * The scratch belongs to the backend and is used again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "model/model_counts.h"
#include "model/model_file.h"
#include "model/model_inner.h"
#include "model/model_kernel.h"
#include "text/text_tokens.h"

/* Scratch above this many bytes is not kept for the next document. */
#define KEEP_BYTES (160 * 1024)

/* Bytes of it that a feature takes, rounded up. */
#define SCRATCH_EACH 20

/* How many features ahead their slots are asked for. */
#define AHEAD 32

/* What fewer appearances weigh is at hand. */
#define FEW_REPEATS 16

typedef struct Scratch
{
	uint32	   *ids;			/* of the document's features that the model
								 * knows */
	int			ntwice;			/* of ids, the first, which appear twice each */
	uint32	   *known;			/* the same, each once */
	int			nknown;
	int			single;			/* features of one token, with repeats */
	int			single_known;	/* of these, known */
	const int8 **rows;
	int16	   *factors;
	int			size;			/* of known, rows and factors */
	float	   *inner;			/* width floats, aligned */
	int32	   *work;
	float	   *output;			/* output_width floats, aligned */
	int			inner_size;
	int			output_size;
	float		repeats[FEW_REPEATS];	/* what so many appearances weigh */
} Scratch;

static Scratch scratch;
static MemoryContext scratch_context;

/*
 * Of each of a model's features, its appearances; all 0 between documents.  What
 * the models in use do not need is never touched and takes no memory.
 */
static uint8 counts[ST_MOST_FEATURES];

/*
 * aligned_floats
 *		Returns zeroed memory for n numbers of 4 bytes at a multiple of 64.
 */
static void *
aligned_floats(int n)
{
	char	   *p = MemoryContextAllocZero(scratch_context, sizeof(float) * n + 64);

	return (void *) TYPEALIGN(64, p);
}

/*
 * release
 *		Frees an array of the scratch, if there is one, and forgets it.
 */
static void
release(void **array)
{
	if (*array)
		pfree(*array);
	*array = NULL;
}

/*
 * reserve
 *		Makes the scratch large enough for a document with nfeatures features
 *		and for the model.
 */
static void
reserve(const StWeightsHeader *head, int nfeatures)
{
	if (scratch_context == NULL)
		scratch_context = AllocSetContextCreate(TopMemoryContext,
												"support_triage score",
												ALLOCSET_DEFAULT_SIZES);
	if (scratch.size > KEEP_BYTES / SCRATCH_EACH && nfeatures < KEEP_BYTES / SCRATCH_EACH / 2)
	{
		MemoryContextReset(scratch_context);
		memset(&scratch, 0, sizeof(scratch));
	}
	if (nfeatures > scratch.size || scratch.size == 0)
	{
		int			size = pg_nextpower2_32(Max(nfeatures, 512));

		release((void **) &scratch.ids);
		release((void **) &scratch.known);
		release((void **) &scratch.rows);
		release((void **) &scratch.factors);
		scratch.size = 0;
		scratch.ids = MemoryContextAllocHuge(scratch_context, sizeof(uint32) * size);
		scratch.known = MemoryContextAllocHuge(scratch_context, sizeof(uint32) * size);
		scratch.rows = MemoryContextAllocHuge(scratch_context, sizeof(int8 *) * size);
		scratch.factors = MemoryContextAllocHuge(scratch_context, sizeof(int16) * size);
		scratch.size = size;
		for (int count = 1; count < FEW_REPEATS; count++)
			scratch.repeats[count] = 1.0f + logf((float) count);
	}
	if (head->width > scratch.inner_size)
	{
		scratch.inner = aligned_floats(head->width);
		scratch.work = aligned_floats(head->width);
		scratch.inner_size = head->width;
	}
	if (head->output_width > scratch.output_size)
	{
		scratch.output = aligned_floats(head->output_width);
		scratch.output_size = head->output_width;
	}
}

/*
 * bucket_id
 *		Returns what a bucket has of a hash: 1 + the number of the feature, 0 for
 *		nothing.  No branch depends on which.
 */
static inline uint32
bucket_id(const StBucket *bucket, uint32 hash)
{
#ifdef __GNUC__
	typedef uint32 Four __attribute__((vector_size(16)));
	typedef uint64 Two __attribute__((vector_size(16)));
	const		Four *four = (const Four *) bucket;
	Two			found = (Two) ((four[0] == hash) & four[1]);
	uint64		either = found[0] | found[1];

	return (uint32) (either | either >> 32) & ~ST_SLOT_FULL;
#else
	uint32		id = 0;

	for (int s = 0; s < ST_BUCKET_SLOTS; s++)
		id |= bucket->hash[s] == hash ? bucket->id[s] : 0;
	return id & ~ST_SLOT_FULL;
#endif
}

/*
 * search_on
 *		Whether a feature that a bucket does not have (id 0) may lie in the next.
 */
static inline bool
search_on(const StBucket *bucket, uint32 id)
{
	return (bucket->id[ST_BUCKET_SLOTS - 1] & (id - 1) & ST_SLOT_FULL) != 0;
}

/*
 * find_feature
 *		Returns 1 + the number of a feature, or 0 when the model does not know it.
 */
static uint32
find_feature(const StWeights *w, uint32 hash)
{
	uint32		mask = w->header->nslots / ST_BUCKET_SLOTS - 1;
	uint32		b = st_bucket_of(hash, w->header->nslots);

	for (uint32 tries = 0; tries <= mask; tries++, b = (b + 1) & mask)
	{
		uint32		id = bucket_id(&w->buckets[b], hash);

		if (!search_on(&w->buckets[b], id))
			return id;
	}
	return 0;
}

/*
 * find_features
 *		Fills scratch.ids with the numbers of the features that the model knows,
 *		in order of appearance, repeated as they repeat; returns how many.  Slots
 *		are asked for ahead, and hardly a branch depends on what is found, so that
 *		the processor waits for many at once.
 */
static int
find_features(const StWeights *w, const StFeatures *features)
{
	const StBucket *restrict buckets = w->buckets;
	const uint32 *restrict hashes = features->hashes;
	uint32		nslots = w->header->nslots;
	uint32		nfeatures = w->header->nfeatures;
	int			n = features->n;
	uint32	   *restrict ids = scratch.ids;
	int			found = 0;
	int			single = 0;
	int			single_known = 0;

	/* first those that appear twice each, then the others */
	for (int i = 0, times = 2; times > 0; times--)
	{
		int			end = times == 2 ? features->ntwice : n;

		for (; i < end; i++)
		{
			uint32		hash = hashes[i];
			const StBucket *bucket = &buckets[st_bucket_of(hash, nslots)];
			uint32		id = bucket_id(bucket, hash);
			bool		is_single = ST_FEATURE_IS_SINGLE(hash);
			bool		is_known;

			__builtin_prefetch(&buckets[st_bucket_of(hashes[Min(i + AHEAD, n - 1)], nslots)]);

			if (unlikely(search_on(bucket, id)))
				id = find_feature(w, hash);
			is_known = id - 1 < nfeatures;	/* of 0, the greatest number */
			ids[found] = id - 1;
			found += is_known;
			single += is_single;
			single_known += is_single & is_known;
		}
		if (times == 2)
		{
			scratch.ntwice = found;
			single *= 2;
			single_known *= 2;
		}
	}
	scratch.single = single;
	scratch.single_known = single_known;
	return found;
}

/*
 * count_known
 *		Fills scratch.known with the first n features of scratch.ids, each once,
 *		in order of first appearance, and counts with how often they appear.
 *		Features are numbered by how many documents have them, so the counts of
 *		most lie close together.  No branch depends on them.
 */
static void
count_known(const StWeights *w, int n)
{
	const uint32 *restrict ids = scratch.ids;
	uint32	   *restrict known = scratch.known;
	const char *features = w->features;
	Size		feature_bytes = w->feature_bytes;
	int			ntwice = scratch.ntwice;
	int			nknown = 0;

	for (int i = 0; i < n; i++)
	{
		uint32		id = ids[i];
		uint32		count = counts[id];

		__builtin_prefetch(features + id * feature_bytes);
		__builtin_prefetch(features + (id + 1) * feature_bytes - 1);

		known[nknown] = id;
		nknown += count == 0;
		count += 1 + (i < ntwice);
		counts[id] = Min(count, ST_MOST_REPEATS);
	}
	scratch.nknown = nknown;
}

/*
 * find_known
 *		Fills scratch.known with the features that the model knows, and counts
 *		them.
 */
static void
find_known(const StWeights *w, const StFeatures *features)
{
	count_known(w, find_features(w, features));
}

/*
 * inner_sums
 *		Fills scratch.inner with the sums of the rows, the document's length
 *		taken out and the bias added, and empties counts; returns what one
 *		unit of a factor weighs after that (0 for a document of which the model
 *		knows nothing).
 */
static float
inner_sums(const StWeights *w)
{
	const StWeightsHeader *head = w->header;
	const uint32 *restrict known = scratch.known;
	const int8 **restrict rows = scratch.rows;
	int16	   *restrict factors = scratch.factors;
	int			nknown = scratch.nknown;
	float		squares = 0;
	float		scale;

	for (int i = 0; i < nknown; i++)
	{
		const StFeatureWeights *feature = st_feature_weights(w, known[i]);
		int			count = counts[known[i]];
		float		repeats = count < FEW_REPEATS ? scratch.repeats[count] : 1.0f + logf((float) count);
		float		weight = repeats * feature->value;
		float		factor = repeats * feature->factor;

		squares += weight * weight;
		counts[known[i]] = 0;
		rows[i] = feature->row;
		factors[i] = (int16) lrintf(Min(factor, 32767.0f));
	}
	scale = squares > 0 ? head->unit / sqrtf(squares) : 0;

	memset(scratch.inner, 0, sizeof(float) * head->width);
	st_bytes_sum(scratch.inner, scratch.work, head->width,
				 rows, factors, nknown);
	for (uint32 i = 0; i < head->width; i++)
		scratch.inner[i] = scratch.inner[i] * scale + w->bias[i];
	return scale;
}

/*
 * output_sums
 *		Returns the logits of all labels: for a model with a hidden layer, what
 *		its active units say.
 */
static float *
output_sums(const StWeights *w)
{
	const StWeightsHeader *head = w->header;

	if (head->hidden == 0)
		return scratch.inner;

	memcpy(scratch.output, w->output_bias, sizeof(float) * head->output_width);
	for (uint32 h = 0; h < head->hidden; h++)
		if (scratch.inner[h] > 0)
			st_axpy(scratch.output, w->output + (Size) h * head->output_width,
					scratch.inner[h], head->output_width);
	return scratch.output;
}

/*
 * has_words
 *		Whether there is anything but symbols; a reader that leaves no tokens
 *		finds features in words only.
 */
static bool
has_words(const StTokens *tokens)
{
	if (tokens == NULL)
		return true;
	for (int t = 0; t < tokens->ntokens; t++)
		if (tokens->tokens[t].kind == ST_TOKEN_WORD)
			return true;
	return false;
}

/*
 * st_weights_sums
 *		Returns the logit of each label, in scratch.  Throws only for cancel and
 *		lack of memory.
 */
const float *
st_weights_sums(const StWeights *w, const StFeatures *features)
{
	reserve(w->header, features->n);
	if (w->header->counts != 0)
	{
		scratch.single = features->n;
		scratch.single_known = st_counts_sums(w, features->hashes, features->n, scratch.inner);
		return scratch.inner;
	}
	find_known(w, features);
	inner_sums(w);
	return output_sums(w);
}

/*
 * st_weights_score
 *		Fills scores with the logit of each label divided by the temperature,
 *		probs with their softmax, the calibrated probabilities.  tokens may be
 *		NULL.  Throws only for cancel and lack of memory.
 */
void
st_weights_score(const StWeights *w, const StTokens *tokens, const StFeatures *features,
				 float *scores, float *probs, bool *in_scope)
{
	const StWeightsHeader *head = w->header;
	const float *logits = st_weights_sums(w, features);
	float		entropy = 0;
	float		inverse = 1.0f / head->temperature;

	for (uint32 k = 0; k < head->nlabels; k++)
		probs[k] = scores[k] = logits[k] * inverse;
	st_softmax(probs, head->nlabels);

	/* what is as good as impossible adds nothing worth a logarithm */
	for (uint32 k = 0; k < head->nlabels; k++)
		if (probs[k] > 1e-6f)
			entropy -= probs[k] * logf(probs[k]);

	*in_scope = entropy <= head->scope_threshold && has_words(tokens) &&
		scratch.single_known > 0 &&
		scratch.single_known >= head->least_known * scratch.single;
}

/*
 * label_weights
 *		Returns, palloc'd, the weights with which the sums of scratch.inner make
 *		the given label's logit: of the active units, or for a linear model the
 *		label alone.
 */
static float *
label_weights(const StWeights *w, int label)
{
	const StWeightsHeader *head = w->header;
	float	   *weights = palloc0(sizeof(float) * head->width);

	if (head->hidden == 0)
		weights[label] = 1;
	else
		for (uint32 h = 0; h < head->hidden; h++)
			weights[h] = scratch.inner[h] > 0
				? w->output[(Size) h * head->output_width + label] : 0;
	return weights;
}

/*
 * explain_sums
 *		Adds to by_token what each token gave to the label's logit; the first is
 *		that of the document as a whole, with the bias.
 */
static void
explain_sums(const StWeights *w, const StFeatures *features, int label, double *by_token)
{
	const StWeightsHeader *head = w->header;
	Size		nfeatures = Max(head->nfeatures, 1);
	double	   *by_feature = palloc_extended(sizeof(double) * nfeatures, MCXT_ALLOC_HUGE);
	int		   *appearances = palloc_extended(sizeof(int) * nfeatures,
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	float	   *weights;
	double		bias = 0;
	float		scale;

	reserve(head, features->n);
	find_known(w, features);
	scale = inner_sums(w);
	weights = label_weights(w, label);

	if (head->hidden)
		bias = w->output_bias[label];
	for (uint32 i = 0; i < head->width; i++)
		bias += (double) weights[i] * w->bias[i];

	for (int i = 0; i < scratch.nknown; i++)
	{
		double		sum = 0;

		for (uint32 j = 0; j < head->width; j++)
			sum += (double) weights[j] * scratch.rows[i][j];
		by_feature[scratch.known[i]] = sum * scratch.factors[i] * scale;
		CHECK_FOR_INTERRUPTS();
	}

	/* each appearance has its share of the whole */
	by_token[0] += bias;
	for (int i = 0; i < features->n; i++)
	{
		uint32		id = find_feature(w, features->hashes[i]) - 1;

		if (id < head->nfeatures)
			appearances[id]++;
	}
	for (int i = 0; i < features->n; i++)
	{
		uint32		id = find_feature(w, features->hashes[i]) - 1;
		double		share;

		if (id >= head->nfeatures)
			continue;
		share = by_feature[id] / appearances[id];
		by_token[features->tokens[i] + 1] += share / 2;
		by_token[features->partners[i] + 1] += share / 2;
	}
	pfree(by_feature);
	pfree(appearances);
}

/*
 * st_weights_explain
 *		Returns, palloc'd, what each token gave to the label's score (its logit
 *		divided by the temperature), in order of appearance, the bias first with
 *		length 0.  A network of rectified units is linear in its input once it is
 *		known which are active, so the contributions sum to the score.  What a
 *		feature of two tokens gives is shared between them; what one of no token
 *		gives is told with the bias.
 */
StContribution *
st_weights_explain(const StWeights *w, const StDocument *doc, int label,
				   int *n, double *score)
{
	const StWeightsHeader *head = w->header;
	StFeatureReading reading = {.doc = doc,.origins = true};
	const StTokens *tokens;
	const StFeatures *features;
	StContribution *result;
	double	   *by_token;
	double		inverse = 1.0 / head->temperature;

	w->reader(&reading);
	tokens = reading.tokens;
	features = reading.features;

	by_token = palloc0(sizeof(double) * (tokens->ntokens + 1));
	if (head->counts != 0)
	{
		by_token[0] = w->bias[label];
		st_counts_explain(w, features, label, by_token + 1);
	}
	else
		explain_sums(w, features, label, by_token);

	result = palloc(sizeof(StContribution) * (tokens->ntokens + 1));
	result[0].start = 0;
	result[0].length = 0;
	result[0].contribution = by_token[0] * inverse;
	*score = result[0].contribution;
	for (int t = 0; t < tokens->ntokens; t++)
	{
		result[t + 1].start = tokens->tokens[t].start + 1;
		result[t + 1].length = tokens->tokens[t].source_length;
		result[t + 1].contribution = by_token[t + 1] * inverse;
		*score += result[t + 1].contribution;
	}
	*n = tokens->ntokens + 1;

	pfree(by_token);
	return result;
}
