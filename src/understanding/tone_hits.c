/*-------------------------------------------------------------------------
 *
 * tone_hits.c
 *		The lexicon's signs of tone: those of the document's language, also where
 *		a word is drawn out ("soooo good").
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/tone.h"

/* Scratch above this many hits is not kept for the next document. */
#define KEEP_HITS (32 * 1024)

/* A guess of the language needs this many words and to lead by so much. */
#define LEAST_GUESS		1
#define GUESS_LEAD		1.01

/* What a word weighs that several languages share, where none of them is known. */
#define SHARED_WEIGHT	0.7f

static const char *const languages[] = {"en", "es", "fr", "de", "it", "pt", "ar", "hi"};

#define ENGLISH 0
#define HINDI	7

static StPhraseHit *drawn_hits = NULL;
static int	drawn_size = 0;
static StToneSign *signs = NULL;
static int	signs_size = 0;
static StTokens drawn;			/* a copy with drawn-out words written short */

/* st_tone_language: the index of a language whose words are read, or ST_TONE_OTHER */
int
st_tone_language(const char *code)
{
	if (code != NULL)
	{
		for (int i = 0; i < lengthof(languages); i++)
		{
			if (strcmp(languages[i], code) == 0)
				return i;
		}
	}
	return ST_TONE_OTHER;
}

/* st_tone_language_name: its code */
const char *
st_tone_language_name(int language)
{
	return language == ST_TONE_OTHER ? ST_LANGUAGE_UNKNOWN : languages[language];
}

/*
 * st_tone_reads
 *		Whether a hit is read in a document of the language.  Hindi is written
 *		with English words more often than not.
 */
bool
st_tone_reads(const StPhraseHit *hit, int language)
{
	if (hit->language[0] == '\0' || language == ST_TONE_OTHER)
		return true;
	return strcmp(hit->language, languages[language]) == 0 ||
		(language == HINDI && strcmp(hit->language, languages[ENGLISH]) == 0);
}

/* Makes drawn a copy of the tokens in which no letter stands more than keep times in a row. */
static void
shorten(const StTokens *tokens, const uint16 *marks, int keep)
{
	if (tokens->ntokens > drawn.tokens_size || tokens->npoints > drawn.points_size)
	{
		if (drawn.tokens != NULL)
			pfree(drawn.tokens);
		if (drawn.points != NULL)
			pfree(drawn.points);
		memset(&drawn, 0, sizeof(drawn));
		drawn.tokens = MemoryContextAllocHuge(TopMemoryContext,
											  sizeof(StToken) * (Size) (tokens->ntokens + 256));
		drawn.tokens_size = tokens->ntokens + 256;
		drawn.points = MemoryContextAllocHuge(TopMemoryContext,
											  sizeof(uint32) * (Size) (tokens->npoints + 1024));
		drawn.points_size = tokens->npoints + 1024;
	}
	drawn.ntokens = tokens->ntokens;
	drawn.npoints = tokens->npoints;
	drawn.sources = tokens->sources;
	memcpy(drawn.tokens, tokens->tokens, sizeof(StToken) * (Size) tokens->ntokens);
	memcpy(drawn.points, tokens->points, sizeof(uint32) * (Size) tokens->npoints);
	for (int t = 0; t < tokens->ntokens; t++)
	{
		StToken    *token = &drawn.tokens[t];
		uint32	   *points = drawn.points + token->first;
		int			n = 0;
		int			i = 0;

		if (!(marks[t] & ST_MARK_ELONGATED))
			continue;
		while (i < token->length)
		{
			int			run = 1;

			while (i + run < token->length && points[i + run] == points[i])
				run++;
			for (int j = 0; j < (run > 2 ? keep : run); j++)
				points[n++] = points[i];
			i += run;
		}
		token->length = n;
	}
}

static void
reserve_hits(int n)
{
	if (n > drawn_size || drawn_size > KEEP_HITS)
	{
		if (drawn_hits != NULL)
			pfree(drawn_hits);
		drawn_hits = NULL;
		drawn_size = 0;
		drawn_hits = MemoryContextAllocHuge(TopMemoryContext, sizeof(StPhraseHit) * (Size) (n + 256));
		drawn_size = n + 256;
	}
}

/* Whether a hit covers a word that was drawn out. */
static bool
is_drawn(const StPhraseHit *hit, const uint16 *marks)
{
	for (int t = hit->first; t <= hit->last; t++)
	{
		if (marks[t] & ST_MARK_ELONGATED)
			return true;
	}
	return false;
}

static int
by_first(const void *a, const void *b)
{
	const StPhraseHit *x = a;
	const StPhraseHit *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->language, y->language);
}

/*
 * st_tone_hits
 *		Fills out with the hits of the document.  Where words are drawn out, they
 *		are looked for with two and with one of each letter as well, and the
 *		document is read three times instead of once.
 */
void
st_tone_hits(StReading *reading, const StToneMarks *marks, StToneHits *out)
{
	int			n;

	memset(out, 0, sizeof(*out));
	out->hits = st_reading_hits(reading, &out->nhits);
	if (marks->nelongated == 0)
		return;

	n = out->nhits;
	reserve_hits(n * 3 + marks->nelongated * 32);
	memcpy(drawn_hits, out->hits, sizeof(StPhraseHit) * (Size) n);
	for (int keep = 2; keep >= 1; keep--)
	{
		StReading	again = {.doc = reading->doc,.tokens = &drawn,.breaks = st_reading_breaks(reading)};
		const StPhraseHit *more;
		int			nmore;

		shorten(reading->tokens, marks->marks, keep);
		more = st_reading_hits(&again, &nmore);
		for (int i = 0; i < nmore && n < drawn_size; i++)
		{
			if (is_drawn(&more[i], marks->marks))
				drawn_hits[n++] = more[i];
		}
	}
	qsort(drawn_hits, n, sizeof(StPhraseHit), by_first);
	out->hits = drawn_hits;
	out->nhits = n;

	/* the reading's own were overwritten */
	reading->hits = NULL;
}

/*
 * st_tone_guess
 *		The language most of whose words are in the lexicon's hits, or
 *		ST_TONE_OTHER when none leads.
 */
int
st_tone_guess(const StToneHits *hits)
{
	int			counts[lengthof(languages)] = {0};
	int			ends[lengthof(languages)];
	int			best = 0;
	int			second = -1;

	memset(ends, -1, sizeof(ends));
	for (int i = 0; i < hits->nhits; i++)
	{
		const StPhraseHit *hit = &hits->hits[i];
		int			language = st_tone_language(hit->language);

		if (language < 0 || hit->last <= ends[language])
			continue;
		counts[language] += hit->last - Max(hit->first - 1, ends[language]);
		ends[language] = hit->last;
	}
	for (int i = 1; i < lengthof(languages); i++)
	{
		if (counts[i] > counts[best])
		{
			second = best;
			best = i;
		}
		else if (second < 0 || counts[i] > counts[second])
			second = i;
	}
	if (counts[best] >= LEAST_GUESS && counts[best] >= counts[second] * GUESS_LEAD)
		return best;
	return ST_TONE_OTHER;
}

/*
 * add_sign
 *		Adds the sentiment hits [from, to) of one place, which are of several
 *		languages: their mean.  Where no language is known, only what two of
 *		them agree on, or what is of all.
 */
static void
add_sign(StToneHits *out, int from, int to, int language)
{
	float		sum = 0;
	int			n = 0;
	int			positive = 0;
	bool		of_all = false;
	StToneSign *sign;

	for (int i = from; i < to; i++)
	{
		const StPhraseHit *hit = &out->hits[i];

		if (hit->kind != ST_PHRASE_SENTIMENT || hit->last != out->hits[from].last ||
			!st_tone_reads(hit, language))
			continue;
		sum += hit->weight;
		positive += hit->weight > 0;
		of_all |= hit->language[0] == '\0';
		n++;
	}
	if (n == 0)
		return;
	if (language == ST_TONE_OTHER && !of_all && (n < 2 || (positive > 0 && positive < n)))
		return;
	sign = &out->signs[out->nsigns++];
	sign->first = out->hits[from].first;
	sign->last = out->hits[from].last;
	sign->weight = sum / n * (language == ST_TONE_OTHER && !of_all ? SHARED_WEIGHT : 1.0f);
}

/*
 * st_tone_signs
 *		Fills out->signs: sentiment hits that are read in the language, one a
 *		place, none within a longer one; none of links and names.
 */
void
st_tone_signs(StToneHits *out, int language, const uint16 *marks)
{
	int			end = -1;		/* of the longest so far */

	if (out->nhits > signs_size || signs_size > KEEP_HITS)
	{
		if (signs != NULL)
			pfree(signs);
		signs = NULL;
		signs_size = 0;
		signs = MemoryContextAllocHuge(TopMemoryContext, sizeof(StToneSign) * (Size) (out->nhits + 256));
		signs_size = out->nhits + 256;
	}
	out->signs = signs;
	out->nsigns = 0;
	for (int i = 0; i < out->nhits;)
	{
		int			longest = -1;
		int			to = i;

		while (to < out->nhits && out->hits[to].first == out->hits[i].first)
		{
			const StPhraseHit *hit = &out->hits[to];

			if (hit->kind == ST_PHRASE_SENTIMENT && st_tone_reads(hit, language) &&
				hit->last > end && (longest < 0 || hit->last > out->hits[longest].last))
				longest = to;
			to++;
		}
		if (longest >= 0 && !(marks[out->hits[i].first] & ST_MARK_SKIPPED))
		{
			int			before = out->nsigns;

			/* hits of one place need not stand side by side: the longest first */
			add_sign(out, longest, to, language);
			if (out->nsigns > before)
				end = out->hits[longest].last;
		}
		i = to;
	}
}
