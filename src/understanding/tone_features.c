/*-------------------------------------------------------------------------
 *
 * tone_features.c
 *		The reader "tone": the numbers of a document's tone cut into steps, and
 *		its words, letters and neighbours.
 *
 * A number becomes one feature for each step that it has reached, so that a
 * linear model can follow any curve.  These features are the same in every
 * language: what is learned of English ratings counts in all of them.  Words and
 * pairs of neighbours are features of their language, and a word in the scope of
 * a negation is another than the word by itself.
 *
 * The hashes are part of models that name this reader: what changes them, or the
 * numbers, makes such models anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/tone.h"

/* A step counts as a feature that was found twice. */
#define STEP_REPEATS	2

/* Of a long document the words at its end are read. */
#define MOST_WORDS		256

#define MAX_STEPS		20

/* Letters in a row within a word and its borders, and how far into it they are read. */
#define LETTERS			4
#define MOST_LETTERS	32

/* Features of a word at the most. */
#define PER_WORD		(2 + MOST_LETTERS)

/* Kinds of the hashes: steps weigh more than words, and words more than pairs. */
#define KIND_STEP		ST_FEATURE_WORD
#define KIND_WORD		ST_FEATURE_CHARS
#define KIND_LETTERS	ST_FEATURE_CHARS
#define KIND_PAIR		ST_FEATURE_PAIR

typedef struct Steps
{
	StToneValue value;
	bool		with_sign;		/* also together with the sign of the whole */
	int			n;
	float		steps[MAX_STEPS];	/* below 0: reached from above */
} Steps;

static const Steps all_steps[] = {
	{ST_TONE_COMPOUND, false, 20,
		{-.9f, -.8f, -.7f, -.6f, -.5f, -.4f, -.3f, -.2f, -.1f, -.02f,
	.02f, .1f, .2f, .3f, .4f, .5f, .6f, .7f, .8f, .9f}},
	{ST_TONE_SHARP, false, 10, {-.9f, -.7f, -.5f, -.25f, -.02f, .02f, .25f, .5f, .7f, .9f}},
	{ST_TONE_GOOD, false, 7, {.01f, 1, 2, 3, 4.5f, 6.5f, 9}},
	{ST_TONE_BAD, false, 7, {.01f, 1, 2, 3, 4.5f, 6.5f, 9}},
	{ST_TONE_BEST, false, 6, {.7f, 1.3f, 2, 2.6f, 3.2f, 4}},
	{ST_TONE_WORST, false, 6, {-4, -3.2f, -2.6f, -2, -1.3f, -.7f}},
	{ST_TONE_MEAN, false, 8, {-2.5f, -1.8f, -1, -.3f, .3f, 1, 1.8f, 2.5f}},
	{ST_TONE_FIRST, false, 6, {-3, -1.5f, -.1f, .1f, 1.5f, 3}},
	{ST_TONE_LAST, false, 6, {-3, -1.5f, -.1f, .1f, 1.5f, 3}},
	{ST_TONE_BEFORE_BUT, false, 4, {-1.5f, -.1f, .1f, 1.5f}},
	{ST_TONE_AFTER_BUT, false, 4, {-1.5f, -.1f, .1f, 1.5f}},
	{ST_TONE_NOT_GOOD, false, 3, {.01f, 1.5f, 3}},
	{ST_TONE_NOT_BAD, false, 2, {.01f, 1.5f}},
	{ST_TONE_EMOJI, false, 5, {-2.1f, -.1f, .1f, 2.1f, 5}},
	{ST_TONE_COURTESY, false, 2, {.5f, 1.5f}},
	{ST_TONE_EXCLAMATIONS, true, 3, {.5f, 1.5f, 2.5f}},
	{ST_TONE_QUESTIONS, true, 2, {.5f, 1.5f}},
	{ST_TONE_ELONGATED, true, 2, {.5f, 1.5f}},
	{ST_TONE_CAPITALS, true, 3, {.5f, 2.5f, 6}},
	{ST_TONE_SHOUTS, true, 1, {.5f}},
	{ST_TONE_LENGTH, false, 6, {1.8f, 2.4f, 3, 3.5f, 4.2f, 5}},
	{ST_TONE_NEGATIONS, false, 3, {.5f, 1.5f, 2.5f}},
	{ST_TONE_BUTS, true, 1, {.5f}},
	{ST_TONE_LINKS, true, 1, {.5f}},
	{ST_TONE_MENTIONS, false, 1, {.5f}},
	{ST_TONE_HASHTAGS, false, 3, {.5f, 1.5f, 3.5f}},
	{ST_TONE_POLITE, false, 2, {.5f, 2.5f}},
	{ST_TONE_DOTS, true, 1, {.5f}},
	{ST_TONE_QUOTED, true, 1, {1.5f}},
	{ST_TONE_CLASHES, false, 1, {.5f}},
	{ST_TONE_HYPERBOLE, false, 2, {.5f, 1.5f}},
	{ST_TONE_ANGER, false, 5, {.2f, .7f, 1.3f, 2.2f, 3.5f}},
	{ST_TONE_JOY, false, 5, {.2f, .7f, 1.3f, 2.2f, 3.5f}},
	{ST_TONE_OPTIMISM, false, 5, {.2f, .7f, 1.3f, 2.2f, 3.5f}},
	{ST_TONE_SADNESS, false, 5, {.2f, .7f, 1.3f, 2.2f, 3.5f}},
};

/* Scratch above this many features is not kept for the next document. */
#define KEEP_FEATURES (16 * 1024)

static StFeatures scratch;

/* Makes room for so many features. */
static void
reserve(int n, bool origins)
{
	StFeatures *out = &scratch;

	if (n > out->size || (out->size > KEEP_FEATURES && n <= KEEP_FEATURES))
	{
		if (out->hashes != NULL)
			pfree(out->hashes);
		out->hashes = NULL;
		out->size = 0;
		out->hashes = MemoryContextAllocHuge(TopMemoryContext, sizeof(uint32) * (Size) (n + 256));
		out->size = n + 256;
	}
	if (origins && out->origins_size < out->size)
	{
		if (out->tokens != NULL)
			pfree(out->tokens);
		if (out->partners != NULL)
			pfree(out->partners);
		out->tokens = NULL;
		out->partners = NULL;
		out->origins_size = 0;
		out->tokens = MemoryContextAllocHuge(TopMemoryContext, sizeof(int32) * (Size) out->size);
		out->partners = MemoryContextAllocHuge(TopMemoryContext, sizeof(int32) * (Size) out->size);
		out->origins_size = out->size;
	}
	out->n = 0;
}

/* Adds a feature; origins as of StFeatures. */
static inline void
add(uint32 hash, int token, int partner, bool origins)
{
	if (origins)
	{
		scratch.tokens[scratch.n] = token;
		scratch.partners[scratch.n] = partner;
	}
	scratch.hashes[scratch.n++] = hash;
}

/* Adds a step so many times. */
static inline void
add_step(uint64 h, int times, bool origins)
{
	uint32		hash = st_feature(h, KIND_STEP);

	for (int i = 0; i < times; i++)
		add(hash, -1, -1, origins);
}

/* Adds the steps that the values have reached. */
static void
add_steps(const StTone *tone, int times, bool origins)
{
	const float *values = tone->values;
	int			sign = values[ST_TONE_COMPOUND] > .02f ? 1 : values[ST_TONE_COMPOUND] < -.02f ? 2 : 0;
	int			good = 0;
	int			bad = 0;
	int			strongest = 0;

	for (int i = 0; i < lengthof(all_steps); i++)
	{
		const Steps *s = &all_steps[i];
		float		v = values[s->value];

		if (v == 0)
			continue;
		for (int j = 0; j < s->n; j++)
		{
			uint64		h = (uint64) (s->value + 1) * 1000 + j;

			if (s->steps[j] < 0 ? v >= s->steps[j] : v <= s->steps[j])
				continue;
			add_step(h, times, origins);
			if (s->with_sign)
				add_step(h * 10 + sign + 1000000, times, origins);
		}
	}

	/* how much good and how much bad together */
	for (int j = 0; j < 3; j++)
	{
		static const float steps[] = {.01f, 2, 4};

		good += values[ST_TONE_GOOD] > steps[j];
		bad += values[ST_TONE_BAD] > steps[j];
	}
	add_step(2000000 + good * 10 + bad, times, origins);

	/* the emotion that the words say most of, if any */
	for (int e = 1; e < 4; e++)
	{
		if (values[ST_TONE_ANGER + e] > values[ST_TONE_ANGER + strongest])
			strongest = e;
	}
	add_step(2001000 + (values[ST_TONE_ANGER + strongest] > 0 ? strongest : 9), times, origins);
}

/* The hash of a word in which no letter counts more than twice in a row. */
static inline uint64
word_hash(const uint32 *points, int length)
{
	uint64		h = UINT64CONST(0x2545F4914F6CDD1D);

	for (int i = 0; i < length; i++)
	{
		if (i >= 2 && points[i] == points[i - 1] && points[i] == points[i - 2])
			continue;
		h = (h ^ points[i]) * UINT64CONST(0x9E3779B97F4A7C15);
	}
	return h ^ (h >> 29);
}

/*
 * add_letters
 *		Adds each row of LETTERS letters within a word and its borders, the same
 *		in every language: what languages share is learned for all.
 */
static void
add_letters(const uint32 *points, int length, int token, bool origins)
{
	int			n = Min(length, MOST_LETTERS);
	uint64		row = ' ';		/* three letters of 21 bits */
	uint64		older = 0;		/* the one before them */

	for (int i = 0; i <= n; i++)
	{
		uint32		c = i < length ? points[i] : ' ';

		older = row >> 42 & 0x1FFFFF;
		row = row << 21 | c;
		if (i >= LETTERS - 2)
			add(st_feature(row * UINT64CONST(0x9E3779B97F4A7C15) + older, KIND_LETTERS),
				token, token, origins);
	}
}

/* Adds the words, their letters, and neighbours. */
static void
add_words(const StTokens *tokens, const StTone *tone, bool origins)
{
	uint64		salt = (uint64) (tone->language + 2) * UINT64CONST(0xD6E8FEB86659FD93);
	uint64		before = 0;
	int			before_token = -1;

	for (int t = Max(0, tokens->ntokens - MOST_WORDS); t < tokens->ntokens; t++)
	{
		const StToken *token = &tokens->tokens[t];
		const uint32 *points = tokens->points + token->first;
		uint64		h;

		if (tone->marks[t] & ST_MARK_SKIPPED)
			continue;
		h = word_hash(points, token->length);
		if (token->kind == ST_TOKEN_WORD)
			h += salt;
		if (tone->marks[t] & ST_MARK_FORMULA)
			h ^= UINT64CONST(0xC2B2AE3D27D4EB4F);
		else if (token->kind == ST_TOKEN_WORD && !(tone->marks[t] & ST_MARK_NEGATED))
			add_letters(points, token->length, t, origins);
		if (tone->marks[t] & ST_MARK_NEGATED)
			h ^= UINT64CONST(0xA0761D6478BD642F);
		add(st_feature(h, KIND_WORD), t, t, origins);
		if (before_token >= 0)
			add(st_feature(before * UINT64CONST(0xE7037ED1A0B428DB) + h, KIND_PAIR), t,
				before_token, origins);
		before = h;
		before_token = t;
	}
}

/*
 * st_tone_features
 *		Returns the features of a tone that was read, valid until the next call.
 *		With twice, for who counts by ntwice, each step is there once.
 */
const StFeatures *
st_tone_features(const StReading *reading, const StTone *tone, bool origins, bool twice)
{
	reserve(STEP_REPEATS * 2 * (lengthof(all_steps) * MAX_STEPS + 2) +
			PER_WORD * Min(reading->tokens->ntokens, MOST_WORDS), origins);
	add_steps(tone, twice ? 1 : STEP_REPEATS, origins);
	scratch.ntwice = twice ? scratch.n : 0;
	add_words(reading->tokens, tone, origins);
	return &scratch;
}

/* The reader "tone": the language is what its words look like. */
static void
read_tone(StFeatureReading *wanted)
{
	StReading	reading = {.doc = *wanted->doc};
	StTone		tone;

	if (wanted->tokens == NULL)
		wanted->tokens = st_tokenize(wanted->doc);
	reading.tokens = unconstify(StTokens *, wanted->tokens);
	st_tone(&reading, NULL, &tone);
	wanted->features = st_tone_features(&reading, &tone, wanted->origins, false);
}

/* st_tone_init: part of st_understanding_init */
void
st_tone_init(void)
{
	st_register_features(ST_FEATURES_TONE, read_tone);
}
