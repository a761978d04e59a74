/*-------------------------------------------------------------------------
 *
 * text_tokens.h
 *		A document as tokens of normalised code points, and as hashed features.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_TEXT_TOKENS_H
#define ST_TEXT_TOKENS_H

#include "text/text.h"

typedef enum StTokenKind
{
	ST_TOKEN_WORD,				/* letters, marks, numbers */
	ST_TOKEN_SYMBOL				/* one emoji, emoticon, '!' or '?' */
} StTokenKind;

typedef struct StToken
{
	int32		first;			/* index of its first code point */
	int32		length;			/* in normalised code points */
	int32		start;			/* characters of the document before it */
	int32		source_length;	/* in characters of the document */
	StTokenKind kind;
} StToken;

typedef struct StTokens
{
	uint32	   *points;			/* normalised code points of all tokens */
	int32	   *sources;		/* for each, the document's character it is
								 * from */
	int			npoints;
	int			points_size;
	StToken    *tokens;
	int			ntokens;
	int			tokens_size;
} StTokens;

/*
 * Kinds of features; the kind is the low two bits of a feature's hash.
 */
#define ST_FEATURE_WORD		0	/* one token */
#define ST_FEATURE_BIGRAM	1	/* two neighbours, in order */
#define ST_FEATURE_PAIR		2	/* two tokens at most ST_PAIR_DISTANCE apart,
								 * in any order */
#define ST_FEATURE_CHARS	3	/* 3 to 5 characters within a token and its
								 * borders */
#define ST_FEATURE_KIND(hash) ((hash) & 3)

/* A finaliser of 64 bits (the one of MurmurHash3, public domain). */
static inline uint64
st_mix64(uint64 h)
{
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return h;
}

/* The feature of a kind that 64 bits of a hash stand for. */
static inline uint32
st_feature(uint64 h, int kind)
{
	return ((uint32) (st_mix64(h) >> 32) & ~3U) | kind;
}

/* Whether a feature is of one token alone: of kind 0 or 3, a word or characters. */
#define ST_FEATURE_IS_SINGLE(hash) ((((hash) ^ (hash) >> 1) & 1) == 0)

#define ST_PAIR_DISTANCE 3

/* Characters of one token that are read for ST_FEATURE_CHARS. */
#define ST_CHARS_PER_TOKEN 48

typedef struct StFeatures
{
	uint32	   *hashes;			/* in order of appearance, repeated as they
								 * repeat */
	int32	   *tokens;			/* the later token of each, only when asked
								 * for */
	int32	   *partners;		/* the earlier one of bigrams and pairs, else
								 * the same */
	int			n;
	int			ntwice;			/* the first of them appear twice each and are
								 * here once; 0 with origins */
	int			size;
	int			origins_size;
} StFeatures;

extern StTokens *st_tokenize(const StDocument *doc);
extern StFeatures *st_features(const StTokens *tokens, bool origins);

/* ---- sequences of letters (text_letters.c) ---- */

/* The longest sequence; a feature's order, its length, is in its hash. */
#define ST_LETTERS_ORDER		5
#define ST_LETTERS_ORDER_MASK	7
#define ST_LETTERS_ORDER_OF(hash) ((hash) & ST_LETTERS_ORDER_MASK)

/* Letters of one word that are read, and its features at the most. */
#define ST_LETTERS_WORD			48
#define ST_LETTERS_MOST			(1 + (ST_LETTERS_WORD + 1) * ST_LETTERS_ORDER)

extern StFeatures *st_letters(const StTokens *tokens, const bool *skip, bool origins);
extern int	st_letters_word(const uint32 *points, int npoints, uint32 *hashes);

#endif							/* ST_TEXT_TOKENS_H */
