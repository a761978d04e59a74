/*-------------------------------------------------------------------------
 *
 * tone_marks.c
 *		What the writing itself says: capitals, "sooo", links and names, dots,
 *		quotation marks, emoticons of several parts.
 *
 * Tokens are folded and what stands between them is gone, so the document is
 * walked once beside its tokens.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uchar.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/tone.h"

/* Scratch above this many tokens is not kept for the next document. */
#define KEEP_TOKENS (128 * 1024)

/* What an emoticon that is no token weighs. */
#define EMOTICON_WEIGHT 2.0f

static uint16 *marks = NULL;
static int	marks_size = 0;

/* What is between two tokens. */
typedef struct Gap
{
	const unsigned char *start;
	const unsigned char *end;
	bool		blank;			/* there is a space or line end */
} Gap;

static void
reserve(int ntokens)
{
	if (ntokens <= marks_size && (marks_size <= KEEP_TOKENS || ntokens > KEEP_TOKENS))
		return;
	if (marks != NULL)
		pfree(marks);
	marks = NULL;
	marks_size = 0;
	marks = MemoryContextAllocHuge(TopMemoryContext,
								   sizeof(uint16) * (Size) Max(ntokens + ntokens / 2, 256));
	marks_size = Max(ntokens + ntokens / 2, 256);
}

/* Whether a token's code points have three of the same letter in a row. */
static inline bool
is_elongated(const uint32 *points, int length)
{
	for (int i = 2; i < length; i++)
	{
		if (points[i] == points[i - 1] && points[i] == points[i - 2] &&
			!(points[i] >= '0' && points[i] <= '9'))
			return true;
	}
	return false;
}

/*
 * emoticon_in
 *		The weight of an emoticon within a gap that the tokeniser does not know:
 *		":'(", "(:", "^_^", "-_-", ">:(".
 */
static float
emoticon_in(const Gap *gap)
{
	static const struct
	{
		const char *text;
		float		weight;
	}			known[] = {
		{":'(", -EMOTICON_WEIGHT}, {":'-(", -EMOTICON_WEIGHT}, {":')", EMOTICON_WEIGHT},
		{":[", -EMOTICON_WEIGHT}, {":]", EMOTICON_WEIGHT}, {"^^", EMOTICON_WEIGHT},
		{"^_^", EMOTICON_WEIGHT}, {"-_-", -EMOTICON_WEIGHT}, {">_<", -EMOTICON_WEIGHT},
		{">.<", -EMOTICON_WEIGHT}, {"(:", EMOTICON_WEIGHT}, {"(;", EMOTICON_WEIGHT},
		{"):", -EMOTICON_WEIGHT},
	};
	int			length = gap->end - gap->start;

	for (const unsigned char *p = gap->start; p + 1 < gap->end; p++)
	{
		/* none within a longer row of signs, such as a table's frame */
		if (*p == ' ' || *p >= 0x80 || (p > gap->start && p[-1] != ' ' && p[-1] != '>'))
			continue;
		for (int i = 0; i < lengthof(known); i++)
		{
			int			n = strlen(known[i].text);

			if (p + n <= gap->end && memcmp(p, known[i].text, n) == 0 &&
				(p + n == gap->end || p[n] <= ' ') &&
				(p > gap->start || length == n || known[i].text[0] != ')'))
				return known[i].weight;
		}
	}
	return 0;
}

/* Reads what is between two tokens, and before the first. */
static void
read_gap(Gap *gap, StToneMarks *out)
{
	int			dots = 0;
	bool		odd = false;

	gap->blank = gap->start == gap->end;
	if (gap->blank)
	{
		gap->blank = false;
		return;
	}
	for (const unsigned char *p = gap->start; p < gap->end; p++)
	{
		switch (*p)
		{
			case ' ':
			case '\n':
			case '\t':
			case '\r':
				gap->blank = true;
				break;
			case '.':
				dots++;
				break;
			case '"':
				out->nquotes++;
				break;
			case ':':
			case '^':
			case '_':
			case '(':
				odd = true;
				break;
			case 0xE2:
				/* U+2026, U+201C */
				if (p + 2 < gap->end && p[1] == 0x80 && p[2] == 0xA6)
					dots = 3;
				else if (p + 2 < gap->end && p[1] == 0x80 && p[2] == 0x9C)
					out->nquotes += 2;
				break;
			default:
				break;
		}
	}
	if (dots >= 2)
		out->ndots++;
	if (odd)
		out->emoticons += emoticon_in(gap);
}

/* How a token is written. */
static uint16
read_word(const unsigned char *p, const unsigned char *end, StToneMarks *out)
{
	int			upper = 0;
	int			letters = 0;
	bool		lower = false;

	while (p < end && !lower)
	{
		if (*p < 0x80)
		{
			if (*p >= 'A' && *p <= 'Z')
				upper++, letters++;
			else if (*p >= 'a' && *p <= 'z')
				lower = true;
			p++;
		}
		else
		{
			uint32		c = utf8_to_unicode(p);

			if (u_isUUppercase((UChar32) c))
				upper++;
			else if (u_isUAlphabetic((UChar32) c))
				lower = true;
			letters++;
			p += pg_utf_mblen(p);
		}
	}
	if (lower || letters > 0)
		out->nalphabetic++;
	if (lower || upper < 2)
		return 0;
	out->ncapitals++;
	return ST_MARK_CAPITALS;
}

/* Whether a token is a given word, in ASCII. */
static inline bool
token_is(const StTokens *tokens, const StToken *token, const char *word, int length)
{
	if (token->length != length)
		return false;
	for (int i = 0; i < length; i++)
	{
		if (tokens->points[token->first + i] != (uint32) word[i])
			return false;
	}
	return true;
}

/* Whether an address of the web begins with a token. */
static inline bool
begins_link(const StTokens *tokens, const StToken *token)
{
	return token_is(tokens, token, "http", 4) || token_is(tokens, token, "https", 5) ||
		token_is(tokens, token, "www", 3);
}

/*
 * st_tone_marks
 *		Fills out; its marks are valid until the next call.  Throws only for
 *		lack of memory and cancel.
 */
void
st_tone_marks(StReading *reading, StToneMarks *out)
{
	const StTokens *tokens = reading->tokens;
	const unsigned char *p = (const unsigned char *) reading->doc.data;
	const unsigned char *end = p + reading->doc.length;
	int			at = 0;			/* characters before p */
	bool		in_link = false;	/* until a blank */

	memset(out, 0, sizeof(*out));
	reserve(tokens->ntokens);
	out->marks = marks;
	for (int t = 0; t <= tokens->ntokens; t++)
	{
		const StToken *token = t < tokens->ntokens ? &tokens->tokens[t] : NULL;
		Gap			gap = {.start = p};
		uint16		mark = 0;

		while (p < end && (token == NULL || at < token->start))
		{
			p += *p < 0x80 || reading->doc.by_bytes ? 1 : pg_utf_mblen(p);
			at++;
		}
		gap.end = Min(p, end);
		read_gap(&gap, out);
		if (token == NULL)
			break;

		if (gap.blank || t == 0)
			in_link = false;
		if (gap.end > gap.start && gap.end[-1] == '#')
			out->nhashtags++;
		if (gap.end > gap.start && gap.end[-1] == '@' &&
			(gap.end - 1 == gap.start || gap.end[-2] <= ' ' || gap.end[-2] == '.'))
		{
			out->nmentions++;
			in_link = true;
		}

		gap.start = p;
		while (p < end && at < token->start + token->source_length)
		{
			p += *p < 0x80 || reading->doc.by_bytes ? 1 : pg_utf_mblen(p);
			at++;
		}
		if (token->kind == ST_TOKEN_WORD)
		{
			if (!in_link && begins_link(tokens, token))
			{
				out->nlinks++;
				in_link = true;
			}
			if (in_link)
				mark |= ST_MARK_SKIPPED;
			else
			{
				mark |= read_word(gap.start, Min(p, end), out);
				if (is_elongated(tokens->points + token->first, Min(token->length, 64)))
				{
					mark |= ST_MARK_ELONGATED;
					out->nelongated++;
				}
			}
		}
		else
			in_link = false;
		marks[t] = mark;
		if (t % 4096 == 4095)
			CHECK_FOR_INTERRUPTS();
	}
}
