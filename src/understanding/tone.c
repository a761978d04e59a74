/*-------------------------------------------------------------------------
 *
 * tone.c
 *		From the lexicon's signs and what stands around them to numbers.
 *
 * A sign counts with its weight; more after an intensifier, in capitals or drawn
 * out; turned round in the scope of a negation ("not good" is bad, "not bad" is
 * a little good, "not the worst" is nothing); less before "but" and more after
 * it; less where it is courtesy or asked for; and in a document of several
 * paragraphs the more the later it comes, because the last is what the writer
 * wants now.  All passes are linear in the document.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/tone.h"

/* A negation reaches this many tokens, within its sentence. */
#define NEGATION_SCOPE		4

/* An intensifier reaches this many tokens; farther ones less. */
#define INTENSIFIER_REACH	3
static const float intensifier_reach[INTENSIFIER_REACH] = {1.0f, 0.8f, 0.6f};

#define CAPITALS_AMPLIFY	0.25f
#define ELONGATED_AMPLIFY	0.2f
#define COURTESY_FACTOR		0.45f
#define QUESTION_FACTOR		0.7f
#define BEFORE_BUT_FACTOR	0.6f
#define AFTER_BUT_FACTOR	1.3f

/* What is negated: good is bad, bad is a little good, the worst is nothing. */
#define NOT_GOOD_FACTOR		0.7f
#define NOT_GOOD_MOST		2.2f
#define NOT_BAD_FACTOR		0.35f
#define NOT_BAD_MOST		0.8f
#define NOT_WORST			(-2.9f)

/* In several paragraphs, what the first and the last sign count. */
#define FIRST_FACTOR		0.7f
#define LAST_FACTOR			1.3f

/* At least so many words in capitals, and this share, are shouted. */
#define LEAST_SHOUTED		3
#define SHOUTED_SHARE		0.6

#define COMPOUND_SOFT		15.0f
#define COMPOUND_SHARP		3.0f

#define KEEP_TOKENS			(64 * 1024)

/* Of each token: the intensifier that ends there; until scopes are known, the negation. */
static float *amplify = NULL;
static int	amplify_size = 0;

typedef struct ToneReader
{
	StReading  *reading;
	StToneMarks marks;
	StToneHits	hits;
	const uint8 *breaks;
	int			language;
	bool		shouted;
	bool		paragraphs;
	StTone	   *out;
} ToneReader;

/* Whether a sentence begins with this token. */
static inline bool
begins_sentence(const ToneReader *r, int t)
{
	const StTokens *tokens = r->reading->tokens;
	const StToken *before;

	if (t == 0 || r->breaks[t] >= ST_BREAK_SENTENCE)
		return true;
	before = &tokens->tokens[t - 1];
	return before->kind == ST_TOKEN_SYMBOL && tokens->tokens[t].kind == ST_TOKEN_WORD &&
		(tokens->points[before->first] == '!' || tokens->points[before->first] == '?');
}

static inline bool
is_symbol(const StTokens *tokens, int t, uint32 point)
{
	return tokens->tokens[t].kind == ST_TOKEN_SYMBOL &&
		tokens->points[tokens->tokens[t].first] == point;
}

static void
reserve(int ntokens)
{
	if (ntokens > amplify_size || (amplify_size > KEEP_TOKENS && ntokens <= KEEP_TOKENS))
	{
		int			size = Max(ntokens + ntokens / 2, 256);

		if (amplify != NULL)
			pfree(amplify);
		amplify = NULL;
		amplify_size = 0;
		amplify = MemoryContextAllocHuge(TopMemoryContext, sizeof(float) * (Size) size);
		amplify_size = size;
	}
	memset(amplify, 0, sizeof(float) * (Size) ntokens);
}

/*
 * mark_hits
 *		Marks what stands around signs: negations, "but", courtesy,
 *		intensifiers; those within a longer sentiment phrase are part of it.
 */
static void
mark_hits(ToneReader *r)
{
	uint16	   *marks = r->marks.marks;
	const StToneHits *hits = &r->hits;
	int			ntokens = r->reading->tokens->ntokens;
	int			negations = 0;

	for (int i = 0; i < hits->nsigns; i++)
	{
		const StToneSign *sign = &hits->signs[i];

		if (sign->last > sign->first)
			for (int t = sign->first; t <= sign->last; t++)
				marks[t] |= ST_MARK_PHRASE;
	}
	for (int i = 0; i < hits->nhits; i++)
	{
		const StPhraseHit *hit = &hits->hits[i];

		if (!st_tone_reads(hit, r->language) || (marks[hit->first] & ST_MARK_SKIPPED))
			continue;
		switch (hit->kind)
		{
			case ST_PHRASE_NEGATION:
				if (marks[hit->first] & ST_MARK_PHRASE)
				{
					/* the phrase has its own weight, its words are negated */
					for (int t = hit->last + 1; t < ntokens && t <= hit->last + NEGATION_SCOPE &&
						 (marks[t] & ST_MARK_PHRASE); t++)
						marks[t] |= ST_MARK_NEGATED;
				}
				else
				{
					marks[hit->last] |= ST_MARK_NEGATION;
					amplify[hit->last] = hit->weight;
					negations++;
				}
				break;
			case ST_PHRASE_CONTRAST:
				marks[hit->first] |= ST_MARK_CONTRAST;
				break;
			case ST_PHRASE_POLITE:
				if (!(marks[hit->first] & ST_MARK_COURTESY))
					r->out->values[ST_TONE_POLITE] += 1;
				for (int t = hit->first; t <= hit->last; t++)
					marks[t] |= hit->last >= hit->first + 2 ? ST_MARK_COURTESY | ST_MARK_FORMULA : ST_MARK_COURTESY;
				break;
			case ST_PHRASE_INTENSIFIER:
				if (!(marks[hit->last] & ST_MARK_PHRASE))
					amplify[hit->last] = hit->weight;
				break;
			default:
				break;
		}
	}
	r->out->values[ST_TONE_NEGATIONS] = negations;
}

/*
 * mark_scopes
 *		Marks the tokens that a negation reaches: up to NEGATION_SCOPE of them
 *		times its weight ("no" is about the next words only), not beyond "but" or the end of the sentence, and beyond a comma only at
 *		once.
 */
static void
mark_scopes(ToneReader *r)
{
	uint16	   *marks = r->marks.marks;
	int			left = 0;
	int			scope = 0;

	for (int t = 0; t < r->reading->tokens->ntokens; t++)
	{
		if (begins_sentence(r, t) || (marks[t] & ST_MARK_CONTRAST) ||
			(r->breaks[t] == ST_BREAK_CLAUSE && left < scope))
			left = 0;
		if (left > 0)
		{
			marks[t] |= ST_MARK_NEGATED;
			left--;
		}
		if (marks[t] & ST_MARK_NEGATION)
		{
			left = Max(1, (int) (NEGATION_SCOPE * amplify[t] + 0.5f));
			amplify[t] = 0;
			scope = left;
		}
	}
}

/* What a sign is multiplied with for the intensifiers before it and how it is written. */
static float
amplification(const ToneReader *r, const StToneSign *sign)
{
	const uint16 *marks = r->marks.marks;
	float		by = 1.0f;
	bool		capitals = false;
	bool		elongated = false;

	for (int d = 0; d < INTENSIFIER_REACH && sign->first - d > 0; d++)
	{
		if (begins_sentence(r, sign->first - d))
			break;
		by += amplify[sign->first - d - 1] * intensifier_reach[d];
	}
	for (int t = sign->first; t <= sign->last; t++)
	{
		capitals |= (marks[t] & ST_MARK_CAPITALS) != 0;
		elongated |= (marks[t] & ST_MARK_ELONGATED) != 0;
	}
	if (capitals && !r->shouted)
		by += CAPITALS_AMPLIFY;
	if (elongated)
		by += ELONGATED_AMPLIFY;
	return Max(by, 0.2f);
}

/* The bounds of the sentence that a sign stands in, and what is in it. */
typedef struct Sentence
{
	int			first;
	int			end;			/* token after it */
	int			but;			/* its last "but", or -1 */
	bool		question;
} Sentence;

static void
read_sentence(const ToneReader *r, int first, Sentence *s)
{
	const StTokens *tokens = r->reading->tokens;

	s->first = first;
	s->but = -1;
	s->question = false;
	for (s->end = first; s->end < tokens->ntokens; s->end++)
	{
		if (s->end > first && begins_sentence(r, s->end))
			break;
		if ((r->marks.marks[s->end] & ST_MARK_CONTRAST) && s->end > first)
			s->but = s->end;
		if (is_symbol(tokens, s->end, '?'))
			s->question = true;
	}
}

/*
 * weigh
 *		What a sign adds; counts what it is.
 */
static float
weigh(ToneReader *r, const StToneSign *sign, const Sentence *sentence)
{
	const uint16 *marks = r->marks.marks;
	float	   *values = r->out->values;
	float		by = amplification(r, sign);
	float		v = sign->weight * by;
	bool		courtesy = true;

	if (sign->weight > 0 && by > 1.2f)
		values[ST_TONE_HYPERBOLE] += 1;
	for (int t = sign->first; t <= sign->last; t++)
		courtesy &= (marks[t] & ST_MARK_COURTESY) != 0;
	if (courtesy && v > 0)
	{
		values[ST_TONE_COURTESY] += 1;
		v *= COURTESY_FACTOR;
	}
	if (marks[sign->first] & ST_MARK_NEGATED)
	{
		if (v > 0)
		{
			v = -Min(v * NOT_GOOD_FACTOR, NOT_GOOD_MOST);
			values[ST_TONE_NOT_GOOD] -= v;
		}
		else
		{
			v = sign->weight <= NOT_WORST ? 0 : Min(-sign->weight * NOT_BAD_FACTOR, NOT_BAD_MOST);
			values[ST_TONE_NOT_BAD] += Max(v, 0.1f);
		}
	}
	if (sentence->question && v > 0)
		v *= QUESTION_FACTOR;
	if (sentence->but >= 0)
		v *= sign->first < sentence->but ? BEFORE_BUT_FACTOR : AFTER_BUT_FACTOR;
	if (r->paragraphs)
		v *= FIRST_FACTOR + (LAST_FACTOR - FIRST_FACTOR) *
			((float) sign->first / Max(r->reading->tokens->ntokens, 1));
	return v;
}

/*
 * sum_signs
 *		Goes through the signs sentence by sentence.
 */
static void
sum_signs(ToneReader *r)
{
	const StTokens *tokens = r->reading->tokens;
	const StToneHits *hits = &r->hits;
	float	   *values = r->out->values;
	int			last_but = -1;
	int			i = 0;
	int			said = 0;
	float		sum;

	for (int t = tokens->ntokens - 1; t > 0 && last_but < 0; t--)
	{
		if (r->marks.marks[t] & ST_MARK_CONTRAST)
			last_but = t;
	}
	for (int t = 0; t < tokens->ntokens;)
	{
		Sentence	sentence;
		float		good = 0;
		float		bad = 0;

		read_sentence(r, t, &sentence);
		for (; i < hits->nsigns && hits->signs[i].first < sentence.end; i++)
		{
			const StToneSign *sign = &hits->signs[i];
			float		v = weigh(r, sign, &sentence);

			said++;
			if (v > 0)
				good += v;
			else
				bad -= v;
			values[ST_TONE_BEST] = Max(values[ST_TONE_BEST], v);
			values[ST_TONE_WORST] = Min(values[ST_TONE_WORST], v);
			if (last_but >= 0)
				values[sign->first > last_but ? ST_TONE_AFTER_BUT : ST_TONE_BEFORE_BUT] += v;
			if (tokens->tokens[sign->first].kind == ST_TOKEN_SYMBOL)
				values[ST_TONE_EMOJI] += v;
		}
		values[ST_TONE_GOOD] += good;
		values[ST_TONE_BAD] += bad;
		if (good > 0.5f && bad > 0.5f)
			values[ST_TONE_CLASHES] += 1;
		if (t == 0)
			values[ST_TONE_FIRST] = good - bad;
		if (sentence.end >= tokens->ntokens)
			values[ST_TONE_LAST] = good - bad;
		t = sentence.end;
		CHECK_FOR_INTERRUPTS();
	}
	if (r->marks.emoticons != 0)
	{
		values[ST_TONE_EMOJI] += r->marks.emoticons;
		values[r->marks.emoticons > 0 ? ST_TONE_GOOD : ST_TONE_BAD] += fabsf(r->marks.emoticons);
		values[ST_TONE_BEST] = Max(values[ST_TONE_BEST], r->marks.emoticons);
		values[ST_TONE_WORST] = Min(values[ST_TONE_WORST], r->marks.emoticons);
		said++;
	}
	sum = values[ST_TONE_GOOD] - values[ST_TONE_BAD];
	values[ST_TONE_COMPOUND] = sum / sqrtf(sum * sum + COMPOUND_SOFT);
	values[ST_TONE_SHARP] = sum / sqrtf(sum * sum + COMPOUND_SHARP);
	values[ST_TONE_MEAN] = sum / Max(said, 1);
	r->out->nsigns = said;
}

/*
 * sum_emotions
 *		Adds the emotions' words; negated joy is a little sadness, other
 *		negated emotions are none.
 */
static void
sum_emotions(ToneReader *r)
{
	const uint16 *marks = r->marks.marks;
	float	   *values = r->out->values;

	for (int i = 0; i < r->hits.nhits; i++)
	{
		const StPhraseHit *hit = &r->hits.hits[i];
		bool		negated;

		if (hit->kind < ST_PHRASE_ANGER || hit->kind > ST_PHRASE_SADNESS ||
			!st_tone_reads(hit, r->language) ||
			(r->language == ST_TONE_OTHER && hit->language[0] != '\0') ||
			(marks[hit->first] & ST_MARK_SKIPPED))
			continue;
		negated = (marks[hit->first] & ST_MARK_NEGATED) != 0;
		if (negated && hit->kind == ST_PHRASE_JOY)
			values[ST_TONE_SADNESS] += hit->weight * 0.5f;
		else if (negated)
			values[ST_TONE_ANGER + hit->kind - ST_PHRASE_ANGER] += hit->weight * 0.3f;
		else
			values[ST_TONE_ANGER + hit->kind - ST_PHRASE_ANGER] += hit->weight;
	}
}

/* Counts what needs no lexicon. */
static void
count_marks(ToneReader *r)
{
	const StTokens *tokens = r->reading->tokens;
	float	   *values = r->out->values;
	int			buts = 0;

	for (int t = 0; t < tokens->ntokens; t++)
	{
		if (tokens->tokens[t].kind == ST_TOKEN_SYMBOL)
		{
			uint32		point = tokens->points[tokens->tokens[t].first];

			values[ST_TONE_EXCLAMATIONS] += point == '!';
			values[ST_TONE_QUESTIONS] += point == '?';
		}
		buts += (r->marks.marks[t] & ST_MARK_CONTRAST) != 0;
	}
	values[ST_TONE_BUTS] = buts;
	values[ST_TONE_ELONGATED] = r->marks.nelongated;
	values[ST_TONE_CAPITALS] = r->marks.ncapitals;
	values[ST_TONE_SHOUTS] = r->shouted;
	values[ST_TONE_LENGTH] = logf(1.0f + tokens->ntokens);
	values[ST_TONE_LINKS] = r->marks.nlinks;
	values[ST_TONE_MENTIONS] = r->marks.nmentions;
	values[ST_TONE_HASHTAGS] = r->marks.nhashtags;
	values[ST_TONE_DOTS] = r->marks.ndots;
	values[ST_TONE_QUOTED] = r->marks.nquotes;
}

/* Whether a blank line divides the document. */
static bool
has_paragraphs(const StDocument *doc)
{
	const char *p = doc->data;
	const char *end = p + doc->length;

	while ((p = memchr(p, '\n', end - p)) != NULL)
	{
		p++;
		if (p < end && *p == '\r')
			p++;
		if (p < end && *p == '\n')
			return true;
	}
	return false;
}

/*
 * st_tone
 *		Reads a document's tone.  language is a code, or NULL or "und" for a
 *		guess by the lexicon's words.  Throws only for lack of memory, cancel and
 *		what st_reading_hits throws.
 */
void
st_tone(StReading *reading, const char *language, StTone *out)
{
	ToneReader	r = {.reading = reading,.out = out};

	memset(out, 0, sizeof(*out));
	r.breaks = st_reading_breaks(reading);
	reserve(reading->tokens->ntokens);
	st_tone_marks(reading, &r.marks);
	st_tone_hits(reading, &r.marks, &r.hits);
	r.language = st_tone_language(language);
	if (language == NULL || strcmp(language, ST_LANGUAGE_UNKNOWN) == 0)
	{
		r.language = st_tone_guess(&r.hits);
		out->guessed = true;
	}
	r.shouted = r.marks.ncapitals >= LEAST_SHOUTED &&
		r.marks.ncapitals > r.marks.nalphabetic * SHOUTED_SHARE;
	r.paragraphs = has_paragraphs(&reading->doc);
	out->marks = r.marks.marks;
	out->language = r.language;

	st_tone_signs(&r.hits, r.language, r.marks.marks);
	mark_hits(&r);
	mark_scopes(&r);
	sum_signs(&r);
	sum_emotions(&r);
	count_marks(&r);
}
