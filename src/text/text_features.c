/*-------------------------------------------------------------------------
 *
 * text_features.c
 *		From tokens to hashed n-gram features.
 *
 * Four kinds, chosen by measurement on short questions and on long noisy
 * tickets: words; ordered pairs of neighbours; unordered pairs of words at most
 * three apart, which carry what a reordered sentence keeps; and 3 to 5
 * characters within a word and its borders, which carry stems and survive
 * typing errors.  Longer and shorter character n-grams and word triples added
 * time and no accuracy.
 *
 * A feature is known by 32 bits of hash; the low two are its kind.  The hashes
 * are part of the model format: what changes them must raise ST_WEIGHTS_FORMAT.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "text/text_tokens.h"

/* At most this many features a token: word, bigram, pairs, characters. */
#define MAX_PER_TOKEN (2 + ST_PAIR_DISTANCE + 3 * (ST_CHARS_PER_TOKEN + 2))

/* Scratch above this many features is not kept for the next document. */
#define KEEP_FEATURES (64 * 1024)

#define BORDER ((uint64) ' ')

static StFeatures scratch;
static uint64 *word_hashes;
static int	word_hashes_size;

/*
 * word_hash
 *		The hash of a token's code points.
 */
static inline uint64
word_hash(const uint32 *points, int length)
{
	uint64		h = UINT64CONST(0x2545F4914F6CDD1D);

	for (int i = 0; i < length; i++)
		h = (h ^ points[i]) * UINT64CONST(0x9E3779B97F4A7C15);
	return h ^ (h >> 29);
}

/*
 * reserve
 *		Makes room for more features and their origins.
 */
static void
reserve(StFeatures *out, int more, bool origins)
{
	if (out->n + more > out->size)
	{
		int			size = Max(out->size * 2, out->n + more + 1024);

		out->hashes = out->hashes
			? repalloc_huge(out->hashes, sizeof(uint32) * (Size) size)
			: MemoryContextAllocHuge(TopMemoryContext, sizeof(uint32) * (Size) size);
		out->size = size;
	}
	if (origins && out->origins_size < out->size)
	{
		Size		bytes = sizeof(int32) * (Size) out->size;

		out->tokens = out->tokens ? repalloc_huge(out->tokens, bytes)
			: MemoryContextAllocHuge(TopMemoryContext, bytes);
		out->partners = out->partners ? repalloc_huge(out->partners, bytes)
			: MemoryContextAllocHuge(TopMemoryContext, bytes);
		out->origins_size = out->size;
	}
}

/*
 * release
 *		Gives back the scratch after an unusually long document.
 */
static void
release(StFeatures *out)
{
	pfree(out->hashes);
	if (out->tokens)
	{
		pfree(out->tokens);
		pfree(out->partners);
	}
	memset(out, 0, sizeof(*out));
	pfree(word_hashes);
	word_hashes = NULL;
	word_hashes_size = 0;
}

/*
 * character_features
 *		Writes the hashes of 3 to 5 characters within a token; returns how many.
 *		Three code points of 21 bits fit a word, so that hashing is mixing.
 */
static inline int
character_features(const uint32 *points, int length, uint32 *out)
{
	int			n = 0;
	int			read = Min(length, ST_CHARS_PER_TOKEN);
	uint64		a = BORDER;
	uint64		b = points[0];

	for (int i = 1; i <= read; i++)
	{
		uint64		c = i < length ? points[i] : BORDER;
		uint64		three = a | b << 21 | c << 42;

		out[n++] = st_feature(three, ST_FEATURE_CHARS);
		if (i < length)
		{
			uint64		d = i + 1 < length ? points[i + 1] : BORDER;
			uint64		four = st_mix64(three) + d;

			out[n++] = st_feature(four, ST_FEATURE_CHARS);
			if (i + 1 < length)
				out[n++] = st_feature(st_mix64(four) + (i + 2 < length ? points[i + 2] : BORDER),
									  ST_FEATURE_CHARS);
		}
		a = b;
		b = c;
	}
	return n;
}

/*
 * st_features
 *		Returns the features of tokens in order of appearance, valid until the
 *		next call; with origins also the tokens that each is made of.  Throws
 *		only for lack of memory and for cancel.
 */
StFeatures *
st_features(const StTokens *tokens, bool origins)
{
	StFeatures *out = &scratch;

	if (out->size > KEEP_FEATURES && tokens->npoints < KEEP_FEATURES / 8)
		release(out);
	if (tokens->ntokens > word_hashes_size)
	{
		word_hashes_size = Max(tokens->ntokens, 256);
		if (word_hashes)
			pfree(word_hashes);
		word_hashes = NULL;
		word_hashes = MemoryContextAllocHuge(TopMemoryContext,
											 sizeof(uint64) * (Size) word_hashes_size);
	}

	out->n = 0;
	for (int t = 0; t < tokens->ntokens; t++)
	{
		const StToken *token = &tokens->tokens[t];
		uint64		h = word_hash(tokens->points + token->first, token->length);
		int			from;

		if (unlikely(out->n + MAX_PER_TOKEN > out->size ||
					 (origins && out->origins_size < out->size)))
		{
			reserve(out, MAX_PER_TOKEN, origins);
			CHECK_FOR_INTERRUPTS();
		}

		from = out->n;
		word_hashes[t] = h;
		out->hashes[out->n++] = st_feature(h, ST_FEATURE_WORD);
		out->hashes[out->n++] =
			st_feature((t > 0 ? word_hashes[t - 1] : BORDER) * UINT64CONST(0xD6E8FEB86659FD93) + h,
					   ST_FEATURE_BIGRAM);
		for (int d = 1; d <= ST_PAIR_DISTANCE && d <= t; d++)
		{
			uint64		g = word_hashes[t - d];

			out->hashes[out->n++] =
				st_feature(Min(g, h) * UINT64CONST(0xA0761D6478BD642F) + Max(g, h),
						   ST_FEATURE_PAIR);
		}
		out->n += character_features(tokens->points + token->first, token->length,
									 out->hashes + out->n);
		if (origins)
		{
			for (int i = from; i < out->n; i++)
			{
				out->tokens[i] = t;
				out->partners[i] = t;
			}
			if (t > 0)
				out->partners[from + 1] = t - 1;
			for (int d = 1; d <= ST_PAIR_DISTANCE && d <= t; d++)
				out->partners[from + 1 + d] = t - d;
		}
	}
	return out;
}
