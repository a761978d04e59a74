/*-------------------------------------------------------------------------
 *
 * model_words.c
 *		Sums of words, added one after the other, for models of letters.
 *
 * What the letters of a word add to the sums of a "counts" model is the same
 * wherever it stands, and most words of a ticket are among the few thousand that
 * are in all tickets.  So the sums of the words seen last are kept: a word found
 * there is added in one go, instead of looking up each sequence of its letters
 * in megabytes of records.  They are sums of integers, so the answer is the same
 * to the bit.
 *
 * They live and go with the opened model: some 400 kB for seventy languages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "model/model_counts.h"
#include "model/model_inner.h"
#include "model/model_kernel.h"

/* Sets of two places each; a word can lie in either place of one set. */
#define NSETS		1024
#define PLACES		2

/* Letters of a word that is kept, at most. */
#define KEY_LETTERS	15

/*
 * A word's letters, code points of 16 bits, 0 behind the last, and before them
 * how many they are: 0 where no word is kept.
 */
typedef struct Key
{
	uint16		letters[KEY_LETTERS + 1];
} Key;

StaticAssertDecl(sizeof(Key) == 4 * sizeof(uint64), "keys are compared by words of 64 bits");

/* Sums of 16 bits must hold all that a word that is kept can add. */
StaticAssertDecl((KEY_LETTERS + 1) * ST_LETTERS_ORDER * 128 <= PG_INT16_MAX,
				 "the sums of a word must fit");

struct StWordSums
{
	uint32		width;			/* sums of a word */
	uint8		latest[NSETS];	/* the place that was used last */
	Key			keys[NSETS * PLACES];
	int16	   *kept;			/* width sums for each key */

	/* what was added */
	int			nwords;
	int32		totals[ST_PAD(ST_COUNTS_LABELS)];

	/* the same for models of another kind: features */
	StFeatures	features;
};

/*
 * make_key
 *		Fills in the key of a word and returns its set, or -1 for a word that is
 *		not kept: a long one, or one of rare letters.
 */
static inline int
make_key(const uint32 *points, int npoints, Key *key)
{
	uint64		h = npoints;
	uint32		all = 0;

	if (npoints < 1 || npoints > KEY_LETTERS)
		return -1;
	memset(key, 0, sizeof(*key));
	key->letters[0] = npoints;
	for (int i = 0; i < npoints; i++)
	{
		all |= points[i];
		key->letters[i + 1] = points[i];
		h = (h ^ points[i]) * UINT64CONST(0x9E3779B97F4A7C15);
	}
	return all > PG_UINT16_MAX ? -1 : (int) (h >> 40) % NSETS;
}

static inline bool
same_key(const Key *a, const Key *b)
{
	uint64		x[4];
	uint64		y[4];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

/*
 * add_kept
 *		Adds the sums of a word that is kept.
 */
static inline void
add_kept(StWordSums *s, const int16 *kept)
{
	for (uint32 first = 0; first < s->width; first += ST_LANES)
		for (int k = 0; k < ST_LANES; k++)
			s->totals[first + k] += kept[first + k];
}

/*
 * add_counts
 *		Adds a word to the totals of a "counts" model; returns whether it is one.
 */
static bool
add_counts(StWordSums *s, const StWeights *w, const uint32 *points, int npoints)
{
	uint32		hashes[ST_LETTERS_MOST];
	int32		totals[ST_PAD(ST_COUNTS_LABELS)];
	Key			key;
	int			set = make_key(points, npoints, &key);
	int			place = 0;
	int			n;

	if (set >= 0)
	{
		for (int i = 0; i < PLACES; i++)
			if (same_key(&s->keys[set * PLACES + i], &key))
			{
				s->latest[set] = i;
				add_kept(s, s->kept + (Size) (set * PLACES + i) * s->width);
				return true;
			}
		place = set * PLACES + (s->latest[set] ^ 1);
	}

	n = st_letters_word(points, npoints, hashes);
	if (n == 0)
		return false;
	memset(totals, 0, sizeof(totals));
	st_counts_totals(w, hashes, n, totals);
	for (uint32 k = 0; k < s->width; k++)
		s->totals[k] += totals[k];
	if (set >= 0)
	{
		s->latest[set] ^= 1;
		s->keys[place] = key;
		for (uint32 k = 0; k < s->width; k++)
			s->kept[(Size) place * s->width + k] = totals[k];
	}
	return true;
}

/*
 * add_features
 *		Adds a word to the features of a model of another kind; returns whether
 *		it is one.
 */
static bool
add_features(StWordSums *s, MemoryContext context, const uint32 *points, int npoints)
{
	StFeatures *f = &s->features;
	int			n;

	if (f->n + ST_LETTERS_MOST > f->size)
	{
		int			size = Max(f->size * 2, 4 * ST_LETTERS_MOST);

		f->hashes = f->hashes ? repalloc_huge(f->hashes, sizeof(uint32) * (Size) size)
			: MemoryContextAlloc(context, sizeof(uint32) * size);
		f->size = size;
	}
	n = st_letters_word(points, npoints, f->hashes + f->n);
	f->n += n;
	return n > 0;
}

/*
 * st_model_begin_words
 *		Forgets the words that were added; see model.h.
 */
void
st_model_begin_words(StModel *model)
{
	StWordSums *s = model->words;

	if (s == NULL)
	{
		uint32		width = st_weights_counts_width(model->weights);

		s = MemoryContextAllocZero(model->context, sizeof(StWordSums));
		s->width = width;
		s->kept = MemoryContextAlloc(model->context, sizeof(int16) * NSETS * PLACES * Max(width, 1));
		model->words = s;
	}
	s->nwords = 0;
	s->features.n = 0;
	memset(s->totals, 0, sizeof(int32) * s->width);
}

/*
 * st_model_add_word
 *		Adds a word and returns whether it is one; see model.h.
 */
bool
st_model_add_word(StModel *model, const uint32 *points, int npoints)
{
	StWordSums *s = model->words;
	bool		is_word;

	if (s->width > 0)
		is_word = add_counts(s, model->weights, points, npoints);
	else
		is_word = add_features(s, model->context, points, npoints);
	s->nwords += is_word;
	return is_word;
}

/*
 * st_model_words_sums
 *		Returns the logits of the words that were added; see model.h.
 */
const float *
st_model_words_sums(StModel *model)
{
	StWordSums *s = model->words;

	if (s->nwords == 0)
		return NULL;
	if (s->width == 0)
		return st_weights_sums(model->weights, &s->features);
	st_counts_logits(model->weights, s->totals, model->scores);
	return model->scores;
}
