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
 *					something done
 *		log			0.7 for one line that a machine wrote, 1 for three
 *		items		items of lists or steps / 8, at most 1
 *		codes		words that mix letters and digits, such as numbers of products
 *					and versions, / 6, at most 1
 *
 *		score = 1 - (1 - 0.60 length) (1 - 0.45 asks) (1 - 0.35 log)
 *					(1 - 0.20 items) (1 - 0.15 codes)
 *
 * so that it never falls when a part grows.  What tickets of the intent were
 * like enters by st_complexity_with_history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"

#include "core/compat.h"
#include "understanding/complexity.h"

/* So many earlier tickets count as much as the text. */
#define HISTORY_HALF	20

/* The most that history may count beside the text. */
#define MOST_HISTORY	0.7f

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

/* See understanding.h. */
void
st_complexity(StReading *reading, StComplexity *out)
{
	const StTokens *tokens = reading->tokens;
	const uint8 *breaks = st_reading_breaks(reading);
	const StPhraseHit *hits;
	int			nhits;
	int			hit = 0;
	int			codes = 0;
	bool		wants = false;	/* in the present sentence */
	bool		asks = false;
	int			marks = 0;
	StLines		lines;
	float		length;
	float		many;
	float		log;
	float		items;

	memset(out, 0, sizeof(*out));
	hits = st_reading_hits(reading, &nhits);
	st_read_lines(&reading->doc, &lines);

	for (int t = 0; t <= tokens->ntokens; t++)
	{
		const StToken *token = t < tokens->ntokens ? &tokens->tokens[t] : NULL;
		bool		is_mark = token != NULL && token->kind == ST_TOKEN_SYMBOL && token->length == 1 &&
		(tokens->points[token->first] == '?' || tokens->points[token->first] == '!');

		/* a sentence ends before this token, or with the marks before it */
		if (token == NULL || breaks[t] == ST_BREAK_SENTENCE || (marks > 0 && !is_mark))
		{
			out->questions += asks && out->questions < PG_INT16_MAX;
			out->requests += wants && out->requests < PG_INT16_MAX;
			out->asks += (asks || wants) && out->asks < PG_INT16_MAX;
			asks = wants = false;
			marks = 0;
		}
		if (token == NULL)
			break;
		if (is_mark)
		{
			if (is_within_word(tokens, t))
				continue;
			marks++;
			if (tokens->points[token->first] == '?')
				asks = true;
		}
		else if (token->kind == ST_TOKEN_WORD)
		{
			out->words++;
			codes += is_code(tokens, token);
		}
		while (hit < nhits && hits[hit].first <= t)
		{
			if (hits[hit].kind == ST_PHRASE_REQUEST && hits[hit].weight >= 0.5f)
				wants = true;
			hit++;
		}
	}
	out->questions = Min(out->questions + lines.questions, PG_INT16_MAX);
	out->asks = Min(Max(out->asks, out->questions), PG_INT16_MAX);
	out->items = Min(lines.items, PG_INT16_MAX);
	out->codes = Min(codes, PG_INT16_MAX);
	out->has_log = lines.logs > 0;

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

	if (tickets <= 0)
		return text;

	share = MOST_HISTORY * tickets / (tickets + HISTORY_HALF);
	return (1 - share) * text +share * Min(Max(history, 0), 1);
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
