/*-------------------------------------------------------------------------
 *
 * similarity.c
 *		How alike two documents are, and a sketch that finds like ones through
 *		an index.
 *
 * A document is the set of its neighbouring word pairs, with its borders as
 * words of their own: "reset my password" is {^ reset, reset my, my password,
 * password $}.  Likeness is the share of pairs that two documents have in
 * common (the resemblance of A. Broder, On the resemblance and containment of
 * documents, 1997).  Pairs tell order apart, and what two strangers' tickets
 * share by using one language is little; changing one word of n changes two
 * pairs of n + 1.  Symbols are left out: how loudly something is said does not
 * make it another thing.
 *
 * The sketch (MinHash) keeps for each of 64 hash functions the low 16 bits of
 * the least hash of any pair: of two documents each lane is equal with the
 * probability of their likeness (and 2^-16 more), so the share of equal lanes
 * estimates it with a standard deviation of at most 1/16.  The low bits are
 * those of b-bit minwise hashing (Li and Koenig 2010): the high ones of a least
 * hash are nearly always zero.
 *
 * Hashes depend on nothing but the normalised code points: the same on every
 * server with the same version of Unicode.  What changes them makes signatures
 * that were stored useless.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/processor.h"
#include "understanding/understanding.h"

/* Stands for the border of a document. */
#define BORDER UINT64CONST(0x5851F42D4C957F2D)

/* Pairs that are put into the sketch together. */
#define PAIRS_AT_ONCE 256

/* Lanes that stay in registers meanwhile. */
#define LANES_AT_ONCE 32

static uint32 multiplier[ST_SIGNATURE_LANES];
static uint32 addend[ST_SIGNATURE_LANES];

/* The hash functions: h -> multiplier * h + addend, modulo 2^32. */
static void
make_lanes(void)
{
	for (int i = 0; i < ST_SIGNATURE_LANES; i++)
	{
		uint64		h = st_mix64(UINT64CONST(0x9E3779B97F4A7C15) * (i + 1));

		multiplier[i] = (uint32) h | 1;
		addend[i] = (uint32) (h >> 32);
	}
}

static inline uint64
word_hash(const StTokens *tokens, const StToken *token)
{
	const uint32 *points = tokens->points + token->first;
	uint64		h = UINT64CONST(0x2545F4914F6CDD1D);

	for (int i = 0; i < token->length; i++)
		h = (h ^ points[i]) * UINT64CONST(0x9E3779B97F4A7C15);
	return h ^ (h >> 29);
}

static inline uint64
pair_hash(uint64 before, uint64 word)
{
	return st_mix64(before * UINT64CONST(0xD6E8FEB86659FD93) + word);
}

/*
 * lower_lanes
 *		Puts the hashes of pairs into the sketch: the least of each lane.  Plain C
 *		that the compiler turns into vector instructions.
 */
static pg_attribute_always_inline void
lower_lanes(uint32 *restrict least, const uint32 *restrict hashes, int n)
{
	for (int from = 0; from < ST_SIGNATURE_LANES; from += LANES_AT_ONCE)
	{
		uint32		some[LANES_AT_ONCE];

		memcpy(some, least + from, sizeof(some));
		for (int p = 0; p < n; p++)
			for (int i = 0; i < LANES_AT_ONCE; i++)
			{
				uint32		v = hashes[p] * multiplier[from + i] + addend[from + i];

				some[i] = Min(some[i], v);
			}
		memcpy(least + from, some, sizeof(some));
	}
}

#ifdef ST_HAS_AVX2
__attribute__((target("avx2")))
static void
lower_lanes_avx2(uint32 *least, const uint32 *hashes, int n)
{
	lower_lanes(least, hashes, n);
}
#endif

static void
lower_lanes_plain(uint32 *least, const uint32 *hashes, int n)
{
	lower_lanes(least, hashes, n);
}

/* Puts pairs into the sketch. */
static void
put_pairs(uint32 *least, const uint32 *hashes, int n)
{
#ifdef ST_HAS_AVX2
	if (ST_HAS_AVX2())
	{
		lower_lanes_avx2(least, hashes, n);
		return;
	}
#endif
	lower_lanes_plain(least, hashes, n);
}

/* The hash of two neighbours, as lanes take it. */
static inline uint32
short_hash(uint64 before, uint64 word)
{
	uint64		pair = pair_hash(before, word);

	return (uint32) (pair ^ (pair >> 32));
}

/*
 * st_signature
 *		Fills *out with the sketch of a document and returns how many words it
 *		has.  Linear; throws only for cancel.
 */
int
st_signature(StReading *reading, StSignature *out)
{
	const StTokens *tokens = reading->tokens;
	uint32		least[ST_SIGNATURE_LANES];
	uint32		hashes[PAIRS_AT_ONCE + 1];	/* and the one at the end */
	uint64		before = BORDER;
	int			words = 0;
	int			n = 0;

	if (unlikely(multiplier[0] == 0))
		make_lanes();
	memset(least, 0xFF, sizeof(least));
	memset(out, 0, sizeof(*out));

	for (int t = 0; t < tokens->ntokens; t++)
	{
		uint64		h;

		if (tokens->tokens[t].kind != ST_TOKEN_WORD)
			continue;
		if (n == PAIRS_AT_ONCE)
		{
			put_pairs(least, hashes, n);
			n = 0;
			CHECK_FOR_INTERRUPTS();
		}
		h = word_hash(tokens, &tokens->tokens[t]);
		hashes[n++] = short_hash(before, h);
		before = h;
		words++;
	}
	if (words == 0)
		return 0;
	hashes[n++] = short_hash(before, BORDER);
	put_pairs(least, hashes, n);
	for (int i = 0; i < ST_SIGNATURE_LANES; i++)
		out->lane[i] = (uint16) least[i];
	return words;
}

static bool
is_empty(const StSignature *s)
{
	for (int i = 0; i < ST_SIGNATURE_LANES; i++)
	{
		if (s->lane[i] != 0)
			return false;
	}
	return true;
}

/*
 * st_signature_similarity
 *		The share of equal lanes: an estimate of the likeness, 0 to 1; 0 when
 *		either has nothing to compare.
 */
float
st_signature_similarity(const StSignature *a, const StSignature *b)
{
	int			equal = 0;

	for (int i = 0; i < ST_SIGNATURE_LANES; i++)
		equal += a->lane[i] == b->lane[i];
	if (equal == ST_SIGNATURE_LANES && is_empty(a))
		return 0;
	return equal / (float) ST_SIGNATURE_LANES;
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64		ha = *(const uint64 *) a;
	uint64		hb = *(const uint64 *) b;

	return ha < hb ? -1 : ha > hb;
}

/* The pairs of a document, sorted and each once; palloc'd. */
static uint64 *
pairs_of(const StDocument *doc, int *n)
{
	StReading	reading;
	uint64	   *pairs;
	uint64		before = BORDER;
	int			count = 0;
	int			distinct = 0;

	st_reading_begin(&reading, doc);
	pairs = MemoryContextAllocHuge(CurrentMemoryContext,
								   sizeof(uint64) * ((Size) reading.tokens->ntokens + 1));
	for (int t = 0; t < reading.tokens->ntokens; t++)
	{
		uint64		h;

		if (reading.tokens->tokens[t].kind != ST_TOKEN_WORD)
			continue;
		h = word_hash(reading.tokens, &reading.tokens->tokens[t]);
		pairs[count++] = pair_hash(before, h);
		before = h;
	}
	if (count > 0)
		pairs[count++] = pair_hash(before, BORDER);

	qsort(pairs, count, sizeof(uint64), compare_hashes);
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || pairs[i] != pairs[i - 1])
			pairs[distinct++] = pairs[i];
	}
	*n = distinct;
	return pairs;
}

/*
 * st_similarity
 *		How alike two documents are, 0 to 1, counted and not estimated.
 *		Documents without words are alike when they are the same.
 */
float
st_similarity(const StDocument *a, const StDocument *b)
{
	int			na;
	int			nb;
	int			i = 0;
	int			j = 0;
	int			common = 0;
	uint64	   *pa;
	uint64	   *pb;

	if (a->length == b->length && memcmp(a->data, b->data, a->length) == 0)
		return 1;
	pa = pairs_of(a, &na);
	pb = pairs_of(b, &nb);
	while (i < na && j < nb)
	{
		if (pa[i] == pb[j])
		{
			common++;
			i++;
			j++;
		}
		else if (pa[i] < pb[j])
			i++;
		else
			j++;
	}
	pfree(pa);
	pfree(pb);
	return na + nb == 0 ? 0 : common / (float) (na + nb - common);
}
