/*-------------------------------------------------------------------------
 *
 * complexity.c
 *		How much work a text promises.
 *
 * The score is made of five parts, each from 0 to 1 and none of them falling when
 * its count grows:
 *
 *		length		log2(1 + words / 25) / 6, at most 1: 25 words are 0.17, 100
 *					are 0.39, 1575 are 1
 *		asks		1 - 1 / (1 + 0.6 * (asks - 1)): one is 0, two are 0.38, four
 *					are 0.64; asks are the sentences that ask a question or want
 *					something done, each counted once however often it is said
 *		log			0.7 for one line that a machine wrote, 1 for three
 *		items		items of lists or steps / 8, at most 1
 *		codes		words that mix letters and digits, such as numbers of products
 *					and versions, / 6, at most 1
 *
 *		score = 1 - (1 - 0.60 length) (1 - 0.45 asks) (1 - 0.35 log)
 *					(1 - 0.20 items) (1 - 0.15 codes)
 *
 * so that it never falls when a part grows.  What machines wrote is no prose: of a
 * log only that it is there counts, not its words.  What tickets of the intent were
 * like enters by st_complexity_with_history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"

#include "core/compat.h"
#include "understanding/complexity.h"

/* So many earlier tickets count half. */
#define HISTORY_HALF	20

/* What lies between the intents that are least and most work, of many tickets. */
#define HISTORY_SPREAD	0.7f

/* So many sentences that ask are told from each other; a power of two. */
#define SENTENCES	64

/* The sentence that is being read, and those that asked before it. */
typedef struct Sentences
{
	bool		asks;
	bool		wants;
	int			marks;			/* '!' and '?' at its end */
	uint32		hash;			/* of its words, 0 before the first */
	uint32		seen[SENTENCES];
	int			nseen;
} Sentences;

PG_FUNCTION_INFO_V1(st_complexity_sql);
PG_FUNCTION_INFO_V1(st_complexity_parts_sql);
PG_FUNCTION_INFO_V1(st_complexity_with_history_sql);

/* Whether the word mixes letters and digits. */
static bool
is_code(const StTokens *tokens, const StToken *token)
{
	bool		has_digit = false;
	bool		has_letter = false;

	if (token->length < 3 || token->length > 32)
		return false;
	for (int i = 0; i < token->length; i++)
	{
		uint32		c = tokens->points[token->first + i];

		if (c >= '0' && c <= '9')
			has_digit = true;
		else if (c >= 'a' && c <= 'z')
			has_letter = true;
		else
			return false;
	}
	return has_digit && has_letter;
}

/* Whether the question mark stands within an address: "a.example/?b=c". */
static bool
is_within_word(const StTokens *tokens, int t)
{
	const StToken *mark = &tokens->tokens[t];

	return t + 1 < tokens->ntokens && tokens->tokens[t + 1].kind == ST_TOKEN_WORD &&
		tokens->tokens[t + 1].start == mark->start + 1;
}

/* Whether these words asked before; remembers them. */
static bool
was_said(Sentences *s)
{
	int			n = Min(s->nseen, SENTENCES);

	for (int i = 0; i < n; i++)
	{
		if (s->seen[i] == s->hash)
			return true;
	}
	s->seen[s->nseen++ & (SENTENCES - 1)] = s->hash;
	return false;
}

static void
end_sentence(Sentences *s, StComplexity *out)
{
	if ((s->asks || s->wants) && s->hash != 0 && !was_said(s))
	{
		out->questions += s->asks && out->questions < PG_INT16_MAX;
		out->requests += s->wants && out->requests < PG_INT16_MAX;
		out->asks += out->asks < PG_INT16_MAX;
	}
	s->asks = s->wants = false;
	s->marks = 0;
	s->hash = 0;
}

/* See understanding.h. */
void
st_complexity(StReading *reading, StComplexity *out)
{
	const StTokens *tokens = reading->tokens;
	const uint8 *breaks = st_reading_breaks(reading);
	const StPhraseHit *hits;
	int			nhits;
	int			hit = 0;
	int			part = 0;
	int			codes = 0;
	Sentences	sentences;
	StLines		lines;
	float		length;
	float		many;
	float		log;
	float		items;

	memset(out, 0, sizeof(*out));
	sentences.asks = sentences.wants = false;
	sentences.marks = sentences.nseen = 0;
	sentences.hash = 0;
	hits = st_reading_hits(reading, &nhits);
	st_read_lines(&reading->doc, &lines);

	for (int t = 0; t < tokens->ntokens; t++)
	{
		const StToken *token = &tokens->tokens[t];
		bool		is_mark = token->kind == ST_TOKEN_SYMBOL && token->length == 1 &&
		(tokens->points[token->first] == '?' || tokens->points[token->first] == '!');

		/* a sentence ends before this token, or with the marks before it */
		if (breaks[t] == ST_BREAK_SENTENCE || (sentences.marks > 0 && !is_mark))
			end_sentence(&sentences, out);

		while (part < lines.nparts && lines.parts[part].end <= token->start)
			part++;
		if (part < lines.nparts && lines.parts[part].start <= token->start)
		{
			/*
			 * a log: no prose, and what surrounds it are sentences of their
			 * own
			 */
			end_sentence(&sentences, out);
			while (hit < nhits && hits[hit].first <= t)
				hit++;
			continue;
		}

		if (is_mark)
		{
			if (is_within_word(tokens, t))
				continue;
			sentences.marks++;
			if (tokens->points[token->first] == '?')
				sentences.asks = true;
		}
		else if (token->kind == ST_TOKEN_WORD)
		{
			out->words++;
			codes += is_code(tokens, token);
			for (int i = 0; i < token->length; i++)
				sentences.hash = hash_combine(sentences.hash, tokens->points[token->first + i]);
			sentences.hash = hash_combine(sentences.hash, ' ');
		}
		while (hit < nhits && hits[hit].first <= t)
		{
			if (hits[hit].kind == ST_PHRASE_REQUEST && hits[hit].weight >= 0.5f)
				sentences.wants = true;
			hit++;
		}
	}
	end_sentence(&sentences, out);

	out->questions = Min(out->questions + lines.questions, PG_INT16_MAX);
	out->asks = Min(Max(out->asks, out->questions), PG_INT16_MAX);
	out->items = Min(lines.items, PG_INT16_MAX);
	out->codes = Min(codes, PG_INT16_MAX);
	out->has_log = lines.logs > 0;
	if (lines.parts != NULL)
		pfree(lines.parts);

	length = Min(log2f(1 + out->words / 25.0f) / 6, 1);
	many = out->asks > 1 ? 1 - 1 / (1 + 0.6f * (out->asks - 1)) : 0;
	log = lines.logs == 0 ? 0 : Min(0.55f + 0.15f * lines.logs, 1);
	items = Min(out->items / 8.0f, 1);
	out->score = 1 - (1 - 0.60f * length) * (1 - 0.45f * many) * (1 - 0.35f * log) *
		(1 - 0.20f * items) * (1 - 0.15f * Min(out->codes / 6.0f, 1));
}

/* See understanding.h. */
float
st_complexity_with_history(float text, float history, int64 tickets)
{
	float		share;

	if (tickets <= 0 || isnan(history))
		return text;

	share = (float) tickets / ((float) tickets + HISTORY_HALF);
	text	  +=HISTORY_SPREAD * share * (Min(Max(history, 0), 1) - 0.5f);

	return Min(Max(text, 0), 1);
}

static void
read_complexity(text *document, StComplexity *complexity)
{
	StDocument	doc;
	StReading	reading;

	st_document_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), &doc);
	st_reading_begin(&reading, &doc);
	st_complexity(&reading, complexity);
}

/* triage.complexity(document) */
Datum
st_complexity_sql(PG_FUNCTION_ARGS)
{
	StComplexity complexity;

	read_complexity(PG_GETARG_TEXT_PP(0), &complexity);
	PG_RETURN_FLOAT4(complexity.score);
}

/* triage.complexity_parts(document) */
Datum
st_complexity_parts_sql(PG_FUNCTION_ARGS)
{
	StComplexity complexity;
	TupleDesc	tupdesc;
	Datum		values[8];
	bool		nulls[8] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	read_complexity(PG_GETARG_TEXT_PP(0), &complexity);
	values[0] = Float4GetDatum(complexity.score);
	values[1] = Int32GetDatum(complexity.words);
	values[2] = Int32GetDatum(complexity.questions);
	values[3] = Int32GetDatum(complexity.requests);
	values[4] = Int32GetDatum(complexity.asks);
	values[5] = Int32GetDatum(complexity.items);
	values[6] = Int32GetDatum(complexity.codes);
	values[7] = BoolGetDatum(complexity.has_log);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/* triage.complexity_with_history(complexity, history, tickets) */
Datum
st_complexity_with_history_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT4(st_complexity_with_history(PG_GETARG_FLOAT4(0), PG_GETARG_FLOAT4(1),
												PG_GETARG_INT64(2)));
}
