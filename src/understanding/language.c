/*-------------------------------------------------------------------------
 *
 * language.c
 *		The language of a document.
 *
 * The script says which languages there are to choose from, and where there is
 * one only, that is the answer.  Otherwise the model "language" adds up what the
 * letters of the document say of each.  How sure that is depends on how many
 * letters there are: the sums are divided by a temperature that grows with them,
 * found on text that the model was not trained on.  What the requester wrote
 * before shifts the odds by a fixed amount, which decides short text and does
 * not matter in long.
 *
 * Sentences are judged one by one too.  Where some of them are, with confidence,
 * in another language than the rest, the document is mixed and its language is
 * that of most of its letters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "core/compat.h"
#include "model/model.h"
#include "understanding/language_inner.h"

/* More labels than this a model of the user's own may have, but not for us. */
#define MOST_LANGUAGES	255

/* Sentences that are judged, at the most. */
#define MOST_PARTS		64

/*
 * So many letters are read at a time, until it is clear what language they are;
 * fewer at first where it may well be the document's.
 */
#define CHUNK_LETTERS	24
#define FIRST_LETTERS	16
#define CLEAR			0.9995

/* The temperature for n letters is this times the root of n. */
#define TEMPERATURE		0.5

/* What is less probable than the best by more than this power of e is not. */
#define NEGLIGIBLE		(-12.0f)

/*
 * What a letter or border adds to the best language's sum: in words of the
 * language nearly always more than the first, in gibberish about the second.
 */
#define SENSE			11.2
#define NONSENSE		10.2

/* Fewer letters must be surer. */
#define FEW_LETTERS		6

/* What the requester's earlier tickets weigh against not knowing. */
#define PRIOR_DOUBT		2.0

/* A part in another language counts from so many letters, so sure, and so large. */
#define PART_LETTERS	24
#define PART_SURE		0.95
#define PART_SHARE		0.15
#define PART_ENOUGH		60

/* The share of kana in Japanese; less is Chinese with a name in it. */
#define KANA_SHARE		0.1

typedef struct Part
{
	int			letters;
	int			words;
	float		sums[MOST_LANGUAGES];
} Part;

typedef struct Judge
{
	StReading  *reading;
	bool	   *skip;			/* of each token, whether it is no prose */
	uint8	   *scripts;		/* its StScript, none where skipped */
	StScript	script;			/* of most letters */
	int			letters;		/* of that script, outside of what is skipped */
	int			foreign;		/* of other scripts */
	int			foreign_words;
	int			kana;
	StModel    *model;
	int			nlabels;
	int			ncandidates;
	uint8		candidates[MOST_LANGUAGES]; /* labels */
	float		priors[MOST_LANGUAGES]; /* of each candidate, logarithms */
	float		sums[MOST_LANGUAGES];
	float		best_prob;		/* what judge_sums made probable */
} Judge;

/* The script of a token: that of its first letter that has one. */
static StScript
token_script(const StTokens *tokens, int t)
{
	const StToken *token = &tokens->tokens[t];

	if (token->kind != ST_TOKEN_WORD)
		return ST_SCRIPT_NONE;
	for (int i = 0; i < token->length; i++)
	{
		StScript	script = st_script_of(tokens->points[token->first + i]);

		if (script != ST_SCRIPT_NONE)
			return script;
	}
	return ST_SCRIPT_NONE;
}

/*
 * count_scripts
 *		Finds the script of most letters.  A letter of Chinese, Japanese or
 *		Korean says as much as two others.
 */
static void
count_scripts(Judge *j)
{
	const StTokens *tokens = j->reading->tokens;
	int			letters[ST_NUM_SCRIPTS] = {0};
	int			words[ST_NUM_SCRIPTS] = {0};
	int			most = 0;

	j->kana = 0;
	j->script = ST_SCRIPT_NONE;
	j->foreign = 0;
	j->foreign_words = 0;
	for (int t = 0; t < tokens->ntokens; t++)
	{
		StScript	script = j->skip[t] ? ST_SCRIPT_NONE : token_script(tokens, t);

		j->scripts[t] = script;
		if (script == ST_SCRIPT_NONE)
			continue;
		letters[script] += tokens->tokens[t].length;
		words[script]++;
		if (script == ST_SCRIPT_HAN)
			for (int i = 0; i < tokens->tokens[t].length; i++)
				j->kana += st_is_kana(tokens->points[tokens->tokens[t].first + i]);
	}
	for (int s = 1; s < ST_NUM_SCRIPTS; s++)
	{
		int			weight = letters[s] * (s == ST_SCRIPT_HAN || s == ST_SCRIPT_HANGUL ? 2 : 1);

		if (weight > most)
		{
			most = weight;
			j->script = s;
		}
	}
	j->letters = j->script == ST_SCRIPT_NONE ? 0 : letters[j->script];
	for (int s = 1; s < ST_NUM_SCRIPTS; s++)
		if (s != j->script)
		{
			j->foreign += letters[s];
			j->foreign_words += words[s];
		}
}

/*
 * choose_candidates
 *		Says which of the model's languages are possible: written in the script
 *		and wanted.
 */
static void
choose_candidates(Judge *j)
{
	const char *not = "";

	if (j->script == ST_SCRIPT_HAN && j->kana > 0)
		not = j->kana > KANA_SHARE * j->letters ? "zh" : "ja";
	j->ncandidates = 0;
	for (int k = 0; k < j->nlabels; k++)
	{
		const char *code = st_model_label_text(j->model, k);

		if ((st_scripts_of(code) >> j->script & 1) != 0 && st_language_wanted(code) &&
			(*not == '\0' || strcmp(code, not) != 0))
			j->candidates[j->ncandidates++] = k;
	}
}

/*
 * set_priors
 *		The logarithms of what is expected of each candidate before it is read.
 */
static void
set_priors(Judge *j, const StLanguagePrior *priors, int npriors)
{
	int			total = 0;

	memset(j->priors, 0, sizeof(float) * j->ncandidates);
	for (int i = 0; i < npriors; i++)
		total += Max(priors[i].count, 0);
	if (total == 0)
		return;
	for (int c = 0; c < j->ncandidates; c++)
	{
		const char *code = st_model_label_text(j->model, j->candidates[c]);
		double		count = PRIOR_DOUBT / j->ncandidates;

		for (int i = 0; i < npriors; i++)
			if (strcmp(priors[i].code, code) == 0)
				count += Max(priors[i].count, 0);
		j->priors[c] = log(count / (total + PRIOR_DOUBT));
	}
}

/*
 * judge_sums
 *		Returns the candidate that sums, of so many letters, make most probable,
 *		its probability in best_prob; -1 when there is none.
 */
static int
judge_sums(Judge *j, const float *sums, int letters)
{
	float		inverse = 1 / (TEMPERATURE * sqrtf(Max(letters, 1)));
	float		scores[MOST_LANGUAGES];
	float		total = 0;
	int			best = 0;

	for (int c = 0; c < j->ncandidates; c++)
	{
		scores[c] = sums[j->candidates[c]] * inverse + j->priors[c];
		if (scores[c] > scores[best])
			best = c;
	}
	for (int c = 0; c < j->ncandidates; c++)
		if (scores[c] - scores[best] > NEGLIGIBLE)
			total += expf(scores[c] - scores[best]);
	if (total == 0)
		return -1;
	j->best_prob = 1 / total;
	return j->candidates[best];
}

/*
 * read_words
 *		Adds the words from token *t on to the part, until it has grown by so
 *		many letters or *t is last.
 */
static void
read_words(Judge *j, int *t, int last, int letters, Part *part)
{
	const StTokens *tokens = j->reading->tokens;
	const float *sums;
	int			most = part->letters + letters;

	st_model_begin_words(j->model);
	for (; *t < last && part->letters < most; (*t)++)
	{
		const StToken *token = &tokens->tokens[*t];

		if (j->scripts[*t] == j->script &&
			st_model_add_word(j->model, tokens->points + token->first, token->length))
		{
			part->letters += token->length;
			part->words++;
		}
	}
	sums = st_model_words_sums(j->model);
	if (sums == NULL)
		return;
	for (int k = 0; k < j->nlabels; k++)
		part->sums[k] += sums[k];
}

/*
 * read_part
 *		Reads a part from its first token on until it is clear what language it
 *		is in, sooner where it may well be the document's, main (-1: not known).
 *		Returns its language, -1 when there is none; its probability is in
 *		best_prob.
 */
static int
read_part(Judge *j, int first, int last, int main, Part *part)
{
	int			t = first;
	int			best = -1;

	part->letters = 0;
	part->words = 0;
	memset(part->sums, 0, sizeof(float) * j->nlabels);
	while (t < last)
	{
		int			before = part->letters;

		read_words(j, &t, last, main >= 0 && before == 0 ? FIRST_LETTERS : CHUNK_LETTERS, part);
		if (part->letters == before)
			break;
		best = judge_sums(j, part->sums, part->letters);
		if (best < 0 || j->best_prob >= CLEAR || (best == main && j->best_prob >= 0.5f))
			break;
		CHECK_FOR_INTERRUPTS();
	}
	return best;
}

/*
 * next_sentence
 *		The token before which the sentence that begins at first ends.
 */
static int
next_sentence(const Judge *j, const uint8 *breaks, int first)
{
	const StTokens *tokens = j->reading->tokens;
	int			t = first + 1;

	while (t < tokens->ntokens && breaks[t] < ST_BREAK_SENTENCE &&
		   tokens->tokens[t - 1].kind == ST_TOKEN_WORD)
		t++;
	return t;
}

/*
 * next_part
 *		The token before which the part that begins at first ends: a sentence,
 *		with those after it as long as it is short.  Sets its letters.
 */
static int
next_part(const Judge *j, const uint8 *breaks, int first, int *letters)
{
	const StTokens *tokens = j->reading->tokens;
	int			t = first;

	*letters = 0;
	do
	{
		int			next = next_sentence(j, breaks, t);

		for (; t < next; t++)
			if (tokens->tokens[t].kind == ST_TOKEN_WORD && !j->skip[t])
				*letters += tokens->tokens[t].length;
	} while (*letters < PART_LETTERS && t < tokens->ntokens);
	return t;
}

/*
 * judge_parts
 *		Adds up the document and judges its parts; returns its language and how
 *		sure that is, and whether parts of it are in another.
 */
static int
judge_parts(Judge *j, float *confidence, bool *mixed)
{
	const uint8 *breaks = st_reading_breaks(j->reading);
	int			ntokens = j->reading->tokens->ntokens;
	int			by_language[MOST_LANGUAGES] = {0};
	int			letters = 0;
	int			words = 0;
	int			all = 0;
	int			sure = 0;
	int			nparts = 0;
	int			best = -1;
	int			main = -1;
	int			most = -1;
	Part		part;

	memset(j->sums, 0, sizeof(float) * j->nlabels);
	for (int t = 0; t < ntokens && nparts < MOST_PARTS; nparts++)
	{
		int			part_letters;
		int			next = next_part(j, breaks, t, &part_letters);
		int			which = read_part(j, t, next, main, &part);

		t = next;
		if (which < 0)
			continue;
		for (int k = 0; k < j->nlabels; k++)
			j->sums[k] += part.sums[k];
		letters += part.letters;
		words += part.words;
		all += part_letters;
		if (which == main || (part.letters >= PART_LETTERS && j->best_prob >= PART_SURE))
		{
			by_language[which] += part_letters;
			sure += part_letters;
		}
		best = judge_sums(j, j->sums, letters);
		main = j->best_prob >= CLEAR ? best : -1;
	}
	if (best < 0 || letters == 0)
		return -1;
	*confidence = j->best_prob;

	/* gibberish is like nothing */
	if (j->script != ST_SCRIPT_HAN)
	{
		double		sense = j->sums[best] / (letters + words);

		if (sense < SENSE)
			*confidence *= Max(0, (sense - NONSENSE) / (SENSE - NONSENSE));
	}

	for (int k = 0; k < j->nlabels; k++)
		if (by_language[k] > 0 && (most < 0 || by_language[k] > by_language[most]))
			most = k;
	if (most >= 0 && sure - by_language[most] >= PART_LETTERS &&
		(sure - by_language[most] >= PART_SHARE * all ||
		 sure - by_language[most] >= PART_ENOUGH))
	{
		*mixed = true;
		best = most;
		*confidence = (float) by_language[most] / sure;
	}
	return best;
}

/*
 * name_script
 *		The script's code; of Japanese and Korean, which mix scripts, their own.
 */
static void
name_script(const Judge *j, StLanguage *out)
{
	strlcpy(out->script, st_script_name(j->script), sizeof(out->script));
	if (j->script == ST_SCRIPT_HAN && j->kana > KANA_SHARE * j->letters)
		strlcpy(out->script, "Jpan", sizeof(out->script));
}

/*
 * is_unsure
 *		Whether the answer is better withheld.  Where parts are in different
 *		languages each of them is sure.
 */
static bool
is_unsure(const Judge *j, const StLanguage *found, bool parts)
{
	double		least = st_language_confidence;

	if (parts || least == 0)
		return false;
	if (j->letters < FEW_LETTERS && st_script_language(j->script) == NULL)
		least = 1 - (1 - least) * j->letters / FEW_LETTERS;
	return found->confidence < least;
}

/*
 * st_language
 *		The language of a reading; see understanding.h.
 */
void
st_language(StReading *reading, const StLanguagePrior *priors, int npriors, StLanguage *out)
{
	Judge		j;
	char	   *why;
	const char *only;
	bool		parts = false;

	j.reading = reading;
	strlcpy(out->code, ST_LANGUAGE_UNKNOWN, sizeof(out->code));
	out->confidence = 0;
	out->mixed = false;

	j.skip = palloc_extended(2 * sizeof(bool) * Max(reading->tokens->ntokens, 1), MCXT_ALLOC_HUGE);
	j.scripts = (uint8 *) j.skip + reading->tokens->ntokens;
	st_language_prose(reading, true, j.skip);
	count_scripts(&j);
	if (j.letters == 0)
	{
		st_language_prose(reading, false, j.skip);
		count_scripts(&j);
	}
	name_script(&j, out);
	if (j.letters == 0)
	{
		pfree(j.skip);
		return;
	}

	only = st_script_language(j.script);
	if (only != NULL)
	{
		if (st_language_wanted(only))
		{
			strlcpy(out->code, only, sizeof(out->code));
			out->confidence = 1.0f - 0.3f / j.letters;
		}
	}
	else if ((j.model = st_model_get(ST_LANGUAGE_MODEL, 0, &why)) != NULL &&
			 strcmp(st_model_features(j.model), ST_FEATURES_LETTERS) == 0 &&
			 (j.nlabels = st_model_nlabels(j.model)) <= MOST_LANGUAGES)
	{
		int			best;

		choose_candidates(&j);
		set_priors(&j, priors, npriors);
		best = judge_parts(&j, &out->confidence, &parts);
		out->mixed = parts;
		if (best >= 0)
			strlcpy(out->code, st_model_label_text(j.model, best), sizeof(out->code));
	}
	pfree(j.skip);

	/* a name or two in another script do not make a document mixed */
	if (j.foreign_words >= 4 && j.foreign >= PART_LETTERS &&
		j.foreign >= PART_SHARE * (j.letters + j.foreign))
		out->mixed = true;
	if (is_unsure(&j, out, parts))
		strlcpy(out->code, ST_LANGUAGE_UNKNOWN, sizeof(out->code));
}

/* st_language_init: part of st_understanding_init */
void
st_language_init(void)
{
	st_language_settings_init();
}
