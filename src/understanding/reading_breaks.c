/*-------------------------------------------------------------------------
 *
 * reading_breaks.c
 *		What stands between the tokens of a reading: where a clause, a line or a
 *		sentence ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/understanding.h"

/* Scratch above this many tokens is not kept for the next document. */
#define KEEP_TOKENS (128 * 1024)

/* What is between two tokens, as it is read. */
typedef struct Gap
{
	uint8		strength;
	int			lines;
	bool		after_point;	/* the last character was a full stop */
	bool		after_blank;
	bool		after_line;		/* nothing but blanks since a line end */
} Gap;

/* The strength of a character that is not ASCII. */
static uint8
wide_strength(uint32 c)
{
	switch (c)
	{
		case 0x3002:			/* full stops, question and exclamation marks */
		case 0xFF0E:
		case 0xFF61:
		case 0xFF01:
		case 0xFF1F:
		case 0x0964:
		case 0x0965:
		case 0x061F:
		case 0x06D4:
		case 0x2026:
		case 0x203C:
		case 0x2049:
		case 0x1362:
		case 0x0589:
		case 0x2022:			/* bullets */
		case 0x25CF:
		case 0x25AA:
		case 0xA1:				/* Spanish: opens a sentence */
		case 0xBF:
			return ST_BREAK_SENTENCE;
		case 0x3001:			/* commas, colons, brackets, dashes */
		case 0xFF0C:
		case 0xFF1B:
		case 0xFF1A:
		case 0xFF08:
		case 0xFF09:
		case 0x060C:
		case 0x061B:
		case 0x2013:
		case 0x2014:
			return ST_BREAK_CLAUSE;
		default:
			return ST_BREAK_NONE;
	}
}

/* Adds one character of ASCII to the gap; next is the one after it or 0. */
static inline void
add_ascii(Gap *gap, unsigned char c, unsigned char next, bool after_initial)
{
	uint8		strength = ST_BREAK_NONE;

	switch (c)
	{
		case '\n':
			gap->lines++;
			strength = gap->lines > 1 ? ST_BREAK_SENTENCE : ST_BREAK_LINE;
			gap->after_line = true;
			gap->after_blank = true;
			gap->strength = Max(gap->strength, strength);
			return;
		case ' ':
		case '\t':
		case '\r':
			gap->after_blank = true;
			return;
		case '.':
			/* not within "example.com", nor after a letter alone ("p. m.") */
			if ((next == 0 || next <= ' ' || next == '"' || next == ')' || next == '.') && !after_initial)
				strength = ST_BREAK_SENTENCE;
			break;
		case ',':
		case ':':
			if (next <= ' ')
				strength = ST_BREAK_CLAUSE;
			break;
		case ';':
		case '(':
		case ')':
		case '[':
		case ']':
		case '|':
			strength = ST_BREAK_CLAUSE;
			break;
		case '-':
		case '*':
		case '+':
			/* an item of a list, or a dash */
			if (gap->after_line && next == ' ')
				strength = ST_BREAK_SENTENCE;
			else if (c == '-' && gap->after_blank && (next == ' ' || next == '-'))
				strength = ST_BREAK_CLAUSE;
			break;
		default:
			break;
	}
	gap->after_line = false;
	gap->after_blank = false;
	gap->strength = Max(gap->strength, strength);
}

/*
 * st_reading_breaks
 *		Returns the break before each token; see understanding.h.  Throws only
 *		for lack of memory.
 */
const uint8 *
st_reading_breaks(StReading *reading)
{
	static uint8 *breaks = NULL;
	static int	size = 0;
	const StTokens *tokens = reading->tokens;
	const unsigned char *p = (const unsigned char *) reading->doc.data;
	const unsigned char *end = p + reading->doc.length;
	int			at = 0;			/* characters before p */

	if (reading->breaks != NULL)
		return reading->breaks;
	if (tokens->ntokens > size || (size > KEEP_TOKENS && tokens->ntokens <= KEEP_TOKENS))
	{
		int			wanted = Max(tokens->ntokens + tokens->ntokens / 2, 256);

		if (breaks != NULL)
			pfree(breaks);
		breaks = NULL;
		size = 0;
		breaks = MemoryContextAllocHuge(TopMemoryContext, wanted);
		size = wanted;
	}
	for (int t = 0; t < tokens->ntokens; t++)
	{
		const StToken *token = &tokens->tokens[t];
		int			token_end = token->start + token->source_length;
		Gap			gap = {.after_line = t == 0,.after_blank = t == 0};
		bool		after_initial = t > 0 && tokens->tokens[t - 1].length == 1 &&
		tokens->tokens[t - 1].kind == ST_TOKEN_WORD &&
		tokens->points[tokens->tokens[t - 1].first] > 0x39;

		while (at < token->start && p < end)
		{
			if (*p < 0x80)
			{
				add_ascii(&gap, *p, p + 1 < end ? p[1] : 0, after_initial);
				p++;
				at++;
			}
			else
			{
				int			bytes = pg_utf_mblen(p);
				uint8		strength = wide_strength(utf8_to_unicode(p));

				gap.strength = Max(gap.strength, strength);
				gap.after_line = false;
				gap.after_blank = false;
				p += bytes;
				at += reading->doc.by_bytes ? bytes : 1;
			}
		}
		breaks[t] = t == 0 ? ST_BREAK_SENTENCE : gap.strength;
		while (at < token_end && p < end)
		{
			int			bytes = *p < 0x80 ? 1 : pg_utf_mblen(p);

			p += bytes;
			at += reading->doc.by_bytes ? bytes : 1;
		}
	}
	return reading->breaks = breaks != NULL ? breaks : (const uint8 *) "";
}
