/*-------------------------------------------------------------------------
 *
 * text_letters.c
 *		From tokens to the sequences of letters that languages are told by.
 *
 * A word is read with its two borders.  At each letter and at the closing
 * border end a sequence of 1, 2, ... ST_LETTERS_ORDER letters, as far as the
 * word reaches back; the opening border by itself comes first, with order 0.
 * So the features of a word are in order of the places where they end, and of
 * length within each: the feature before one of order k > 1 is the same less
 * its first letter, and the one of order k - 1 of the place before is the same
 * less its last, which is what training by counts needs to know.
 *
 * Numbers, symbols and words with digits are left out, and so are the points
 * of Arabic and Hebrew, which most writers leave out too.
 *
 * A feature is known by 32 bits of hash; the low three are its order.  The
 * hashes are part of the model format, see text_features.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "text/text_tokens.h"

/* Scratch above this many features is not kept for the next document. */
#define KEEP_FEATURES (64 * 1024)

#define OPENS	0x110000		/* borders: no code points */
#define CLOSES	0x110001

static StFeatures scratch;

/* A finaliser of 64 bits (the one of MurmurHash3, public domain), half used. */
static inline uint32
finish(uint64 h, int order)
{
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	return ((uint32) (h >> 32) & ~(uint32) ST_LETTERS_ORDER_MASK) | order;
}

/* Letters of Chinese and Japanese: words of two tell as much as they can. */
static inline bool
is_han_or_kana(uint32 c)
{
	return c >= 0x3005 && ((c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
						   (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF));
}

/* Vowel points and the lengthening stroke of Arabic, points of Hebrew. */
static inline bool
is_point(uint32 c)
{
	return c >= 0x591 && ((c <= 0x5C7 && c != 0x5BE) || c == 0x640 ||
						  (c >= 0x64B && c <= 0x65F) || c == 0x670);
}

static inline bool
is_digit(uint32 c)
{
	return (c >= '0' && c <= '9') || (c >= 0x660 && c <= 0x669) ||
		(c >= 0x6F0 && c <= 0x6F9) || (c >= 0x966 && c <= 0x96F) ||
		(c >= 0x9E6 && c <= 0x9EF);
}

/*
 * st_letters_word
 *		Fills hashes with the features of one word and returns how many, at most
 *		ST_LETTERS_MOST; 0 for what is no word.  Of a very long word only the
 *		beginning is read.
 */
int
st_letters_word(const uint32 *points, int npoints, uint32 *hashes)
{
	uint32		word[ST_LETTERS_WORD + 2];
	int			length = 1;
	int			longest = ST_LETTERS_ORDER;
	int			n = 0;

	word[0] = OPENS;
	for (int i = 0; i < npoints && length <= ST_LETTERS_WORD; i++)
	{
		if (is_digit(points[i]))
			return 0;
		if (is_point(points[i]))
			continue;
		if (is_han_or_kana(points[i]))
			longest = 2;
		word[length++] = points[i];
	}
	if (length == 1)
		return 0;
	word[length++] = CLOSES;

	hashes[n++] = finish((uint64) OPENS * UINT64CONST(0x9E3779B97F4A7C15), 0);
	for (int end = 1; end < length; end++)
	{
		uint64		h = UINT64CONST(0x2545F4914F6CDD1D);
		int			most = Min(longest, end + 1);

		for (int k = 1; k <= most; k++)
		{
			h = (h ^ word[end - k + 1]) * UINT64CONST(0x9E3779B97F4A7C15);
			hashes[n++] = finish(h, k);
		}
	}
	return n;
}

/*
 * st_letters
 *		Returns the features of the tokens that are words, valid until the next
 *		call; with origins, tokens[i] and partners[i] are the token of feature i.
 *		skip, if given, says of each token whether it is left out.  Throws only
 *		for lack of memory and cancel.
 */
StFeatures *
st_letters(const StTokens *tokens, const bool *skip, bool origins)
{
	StFeatures *out = &scratch;

	if (out->size > KEEP_FEATURES && tokens->npoints < KEEP_FEATURES / ST_LETTERS_ORDER)
	{
		pfree(out->hashes);
		if (out->tokens)
		{
			pfree(out->tokens);
			pfree(out->partners);
		}
		memset(out, 0, sizeof(*out));
	}
	out->n = 0;
	for (int t = 0; t < tokens->ntokens; t++)
	{
		const StToken *token = &tokens->tokens[t];
		int			first = out->n;

		if (token->kind != ST_TOKEN_WORD || (skip != NULL && skip[t]))
			continue;
		if (out->n + ST_LETTERS_MOST > out->size || (origins && out->origins_size < out->size))
		{
			int			size = Max(out->size, 4096);

			while (size < out->n + ST_LETTERS_MOST)
				size *= 2;
			out->hashes = out->hashes
				? repalloc_huge(out->hashes, sizeof(uint32) * (Size) size)
				: MemoryContextAllocHuge(TopMemoryContext, sizeof(uint32) * (Size) size);
			out->size = size;
			if (origins)
			{
				Size		bytes = sizeof(int32) * (Size) size;

				out->tokens = out->tokens ? repalloc_huge(out->tokens, bytes)
					: MemoryContextAllocHuge(TopMemoryContext, bytes);
				out->partners = out->partners ? repalloc_huge(out->partners, bytes)
					: MemoryContextAllocHuge(TopMemoryContext, bytes);
				out->origins_size = size;
			}
			CHECK_FOR_INTERRUPTS();
		}
		out->n += st_letters_word(tokens->points + token->first, token->length,
								  out->hashes + out->n);
		if (origins)
			for (int i = first; i < out->n; i++)
				out->tokens[i] = out->partners[i] = t;
	}
	return out;
}
