/*-------------------------------------------------------------------------
 *
 * model_counts_grams.c
 *		The sequences of letters of a label, and what they weigh.
 *
 * Sequences are counted, and the counts made probabilities, each order smoothed
 * by the shorter one.  Kept are those that change most of what the shorter one
 * said; what the others had is given back to it (as n-gram language models are
 * pruned and renormalised).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"

#include "model/model_counts_train.h"

/*
 * The logarithm of the probability that a letter has which the label never met,
 * and how many letters it weighs; what a shorter sequence weighs against what was
 * counted, for a label of a million letters, and how that grows.
 */
#define UNSEEN			(-14.0)
#define UNSEEN_WEIGHT	10.0
#define SHORTER_WEIGHT	60.0
#define SHORTER_GROWS	0.3
#define SHORTER_LEAST	2.0

/*
 * gram_of
 *		Returns the index of a sequence, which is added when it is new.
 */
static int
gram_of(StGrams *g, uint32 hash, int before, int shorter)
{
	uint32		p = murmurhash32(hash) & (g->nplaces - 1);
	StGram	   *gram;

	while (g->places[p] != 0)
	{
		if (g->grams[g->places[p] - 1].hash == hash)
			return g->places[p] - 1;
		p = (p + 1) & (g->nplaces - 1);
	}
	if (g->n == g->size)
	{
		g->size *= 2;
		g->grams = repalloc_huge(g->grams, sizeof(StGram) * (Size) g->size);
	}
	gram = &g->grams[g->n];
	memset(gram, 0, sizeof(StGram));
	gram->hash = hash;
	gram->before = before;
	gram->shorter = shorter;
	g->places[p] = ++g->n;
	if ((uint32) g->n * 2 > g->nplaces)
	{
		pfree(g->places);
		g->nplaces *= 2;
		g->places = MemoryContextAllocExtended(CurrentMemoryContext,
											   sizeof(int32) * (Size) g->nplaces,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		for (int i = 0; i < g->n; i++)
		{
			p = murmurhash32(g->grams[i].hash) & (g->nplaces - 1);
			while (g->places[p] != 0)
				p = (p + 1) & (g->nplaces - 1);
			g->places[p] = i + 1;
		}
	}
	return g->n - 1;
}

/*
 * count_grams
 *		Counts the sequences of all words.  What a sequence refers to has a
 *		smaller index.
 */
static void
count_grams(StGrams *g, StCountsWord **words, int nwords)
{
	uint32		hashes[ST_LETTERS_MOST];

	g->size = 64 * 1024;
	g->n = 0;
	g->letters = 0;
	g->grams = palloc_extended(sizeof(StGram) * (Size) g->size, MCXT_ALLOC_HUGE);
	g->nplaces = 128 * 1024;
	g->places = palloc0(sizeof(int32) * (Size) g->nplaces);

	for (int w = 0; w < nwords; w++)
	{
		int			n = st_counts_word_features(words[w]->bytes, hashes);
		int			last[ST_LETTERS_ORDER + 1] = {0};	/* of the place before */
		int			here[ST_LETTERS_ORDER + 1] = {0};

		for (int i = 0; i < n; i++)
		{
			int			k = ST_LETTERS_ORDER_OF(hashes[i]);
			int			at;

			if (k == 1)
				memcpy(last, here, sizeof(here));
			at = gram_of(g, hashes[i], k > 1 ? last[k - 1] : -1, k > 1 ? here[k - 1] : -1);
			g->grams[at].count += words[w]->count;
			here[k == 0 ? 1 : k] = at;
			if (k == 1)
				g->letters += words[w]->count;
		}
		if ((w & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/* Orders floats, the greatest first. */
static int
descending(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return x > y ? -1 : x < y;
}

/*
 * make_probabilities
 *		Gives each sequence the probability of its last letter after the others,
 *		and says which are kept.
 */
static void
make_probabilities(StGrams *g, int most)
{
	double		weight = Max(SHORTER_LEAST,
							 SHORTER_WEIGHT * pow(g->letters / 1e6, SHORTER_GROWS));
	float	   *benefits = palloc_extended(sizeof(float) * (Size) Max(g->n, 1), MCXT_ALLOC_HUGE);
	float		least = 0;
	int			n = 0;

	for (int i = 0; i < g->n; i++)
	{
		StGram	   *gram = &g->grams[i];
		int			order = ST_LETTERS_ORDER_OF(gram->hash);

		if (order == 1)
		{
			gram->log_p = log((gram->count + UNSEEN_WEIGHT * exp(UNSEEN)) /
							  (g->letters + UNSEEN_WEIGHT));
			gram->kept = true;
		}
		else if (order > 1)
		{
			const StGram *shorter = &g->grams[gram->shorter];

			gram->log_p = log((gram->count + weight * exp(shorter->log_p)) /
							  (g->grams[gram->before].count + weight));
			gram->benefit = gram->count / g->letters * fabs(gram->log_p - shorter->log_p);
			benefits[n++] = gram->benefit;
		}
	}
	if (n > most)
	{
		qsort(benefits, n, sizeof(float), descending);
		least = benefits[most];
	}
	for (int i = 0; i < g->n; i++)
		if (ST_LETTERS_ORDER_OF(g->grams[i].hash) > 1)
			g->grams[i].kept = g->grams[i].benefit > least;
	pfree(benefits);
}

/* The logarithm of a sequence's probability as the kept ones make it. */
static double
kept_log_p(const StGrams *g, int i)
{
	double		sum = 0;

	while (!g->grams[i].kept)
	{
		sum += g->grams[g->grams[i].before].log_back;
		i = g->grams[i].shorter;
	}
	return sum + g->grams[i].log_p;
}

/*
 * share_rest
 *		Lets the probabilities of each order, kept and not, sum to 1.
 */
static void
share_rest(StGrams *g)
{
	for (int order = 2; order <= ST_LETTERS_ORDER; order++)
	{
		for (int i = 0; i < g->n; i++)
		{
			const StGram *gram = &g->grams[i];

			if (ST_LETTERS_ORDER_OF(gram->hash) != order || !gram->kept)
				continue;
			g->grams[gram->before].kept_p += exp(gram->log_p);
			g->grams[gram->before].kept_shorter_p += exp(kept_log_p(g, gram->shorter));
		}
		for (int i = 0; i < g->n; i++)
		{
			StGram	   *gram = &g->grams[i];
			int			length = Max(ST_LETTERS_ORDER_OF(gram->hash), 1);

			if (length == order - 1 && gram->kept_p > 0)
				gram->log_back = log(Max(1e-4, 1 - gram->kept_p) /
									 Max(1e-4, 1 - gram->kept_shorter_p));
		}
	}
}

/*
 * st_grams_make
 *		Makes the sequences of a label of its words, in the current context, and
 *		keeps about so many of those of two letters and more.
 */
void
st_grams_make(StGrams *g, StCountsWord **words, int nwords, int most)
{
	count_grams(g, words, nwords);
	make_probabilities(g, most);
	share_rest(g);
}

/*
 * st_gram_weight
 *		What a sequence weighs: what it corrects of the shorter one, when it is
 *		kept, and what it says of letters after it.
 */
double
st_gram_weight(const StGrams *g, int i)
{
	const StGram *gram = &g->grams[i];
	int			order = ST_LETTERS_ORDER_OF(gram->hash);
	double		weight = gram->log_back;

	if (order == 1)
		weight += gram->log_p - UNSEEN;
	else if (order > 1 && gram->kept)
		weight += gram->log_p - g->grams[gram->before].log_back -
			kept_log_p(g, gram->shorter);
	return weight;
}
