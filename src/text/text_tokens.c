/*-------------------------------------------------------------------------
 *
 * text_tokens.c
 *		From a document to tokens of normalised code points.
 *
 * Text is read one code point at a time.  Where normalisation (NFKC case
 * folding, Unicode Standard Annex #15) of a code point does not depend on its
 * neighbours, which is nearly everywhere, its fold is looked up; where it may
 * (combining marks, Hangul jamo, ligatures), the run up to the next boundary is
 * normalised by ICU.  What is left are letters, marks and numbers, which form
 * tokens; an apostrophe between two of them is dropped ("don't" is "dont");
 * symbols, such as emoji, are tokens of their own, and so are emoticons and
 * question and exclamation marks, which tell moods apart; all else ends a token.
 * Runs of scripts that write no spaces are divided by ICU's dictionaries.
 *
 * All memory is a scratch of the backend's that grows to the longest document
 * met and is used again: nothing is allocated for a document of usual length.
 * A result is therefore valid until the next call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/ubrk.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "text/text_chars.h"
#include "text/text_tokens.h"

/* A run that normalisation must see whole is cut here: no language is hurt. */
#define MAX_RUN_UNITS 128

/* Scratch above this many code points is not kept for the next document. */
#define KEEP_POINTS (128 * 1024)

typedef struct Reader
{
	StTokens   *out;
	int			token_first;	/* first point of the open token, or -1 */
	bool		token_complex;	/* the open token is of a script without
								 * spaces */
} Reader;

static StTokens scratch;
static MemoryContext scratch_context;
static UBreakIterator *word_breaker;
static UChar *run_units;		/* UTF-16 of a run without spaces */
static int32 *run_points;		/* point of each unit */
static int	run_size;

/*
 * ascii_fold
 *		For ASCII: the folded letter or digit, or 0 for what ends a token.
 */
static const uint8 ascii_fold[128] = {
	['0'] = '0',['1'] = '1',['2'] = '2',['3'] = '3',['4'] = '4',
	['5'] = '5',['6'] = '6',['7'] = '7',['8'] = '8',['9'] = '9',
	['A'] = 'a',['B'] = 'b',['C'] = 'c',['D'] = 'd',['E'] = 'e',
	['F'] = 'f',['G'] = 'g',['H'] = 'h',['I'] = 'i',['J'] = 'j',
	['K'] = 'k',['L'] = 'l',['M'] = 'm',['N'] = 'n',['O'] = 'o',
	['P'] = 'p',['Q'] = 'q',['R'] = 'r',['S'] = 's',['T'] = 't',
	['U'] = 'u',['V'] = 'v',['W'] = 'w',['X'] = 'x',['Y'] = 'y',
	['Z'] = 'z',
	['a'] = 'a',['b'] = 'b',['c'] = 'c',['d'] = 'd',['e'] = 'e',
	['f'] = 'f',['g'] = 'g',['h'] = 'h',['i'] = 'i',['j'] = 'j',
	['k'] = 'k',['l'] = 'l',['m'] = 'm',['n'] = 'n',['o'] = 'o',
	['p'] = 'p',['q'] = 'q',['r'] = 'r',['s'] = 's',['t'] = 't',
	['u'] = 'u',['v'] = 'v',['w'] = 'w',['x'] = 'x',['y'] = 'y',
	['z'] = 'z',
};

/*
 * utf8_next
 *		Returns the code point at p, which must be valid UTF-8, and its bytes.
 */
static inline uint32
utf8_next(const unsigned char *p, int *bytes)
{
	if (p[0] < 0x80)
	{
		*bytes = 1;
		return p[0];
	}
	if (p[0] < 0xE0)
	{
		*bytes = 2;
		return (uint32) (p[0] & 0x1F) << 6 | (p[1] & 0x3F);
	}
	if (p[0] < 0xF0)
	{
		*bytes = 3;
		return (uint32) (p[0] & 0x0F) << 12 | (uint32) (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
	}
	*bytes = 4;
	return (uint32) (p[0] & 0x07) << 18 | (uint32) (p[1] & 0x3F) << 12 |
		(uint32) (p[2] & 0x3F) << 6 | (p[3] & 0x3F);
}

/*
 * scratch_alloc
 *		Allocates or enlarges an array of the scratch.
 */
static void *
scratch_alloc(void *old, Size size)
{
	if (scratch_context == NULL)
		scratch_context = AllocSetContextCreate(TopMemoryContext,
												"support_triage text",
												ALLOCSET_DEFAULT_SIZES);
	return old ? repalloc_huge(old, size) : MemoryContextAllocHuge(scratch_context, size);
}

/*
 * reserve_points
 *		Makes room for more code points.
 */
static inline void
reserve_points(StTokens *out, int more)
{
	if (unlikely(out->npoints + more > out->points_size))
	{
		int			size = Max(out->points_size * 2, out->npoints + more + 512);

		out->points = scratch_alloc(out->points, sizeof(uint32) * (Size) size);
		out->sources = scratch_alloc(out->sources, sizeof(int32) * (Size) size);
		out->points_size = size;
	}
}

/*
 * add_token
 *		Records points [first, end) as a token whose text ends before character
 *		source_end of the document.
 */
static inline void
add_token(StTokens *out, int first, int end, int source_end, StTokenKind kind)
{
	StToken    *token;

	if (unlikely(out->ntokens >= out->tokens_size))
	{
		int			size = out->tokens_size ? out->tokens_size * 2 : 128;

		out->tokens = scratch_alloc(out->tokens, sizeof(StToken) * (Size) size);
		out->tokens_size = size;
	}
	token = &out->tokens[out->ntokens++];
	token->first = first;
	token->length = end - first;
	token->start = out->sources[first];
	token->source_length = source_end - out->sources[first];
	token->kind = kind;
}

/*
 * end_of_source
 *		Returns the character of the document after that of the given point.
 */
static inline int
end_of_source(const StTokens *out, int point)
{
	return out->sources[point] + 1;
}

/*
 * add_complex_tokens
 *		Divides points [first, end) into words by ICU's dictionaries.  When ICU
 *		cannot, the run stays one token: a worse answer, but an answer.
 */
static void
add_complex_tokens(StTokens *out, int first, int end)
{
	UErrorCode	status = U_ZERO_ERROR;
	int			units = 0;
	int			from = 0;

	if ((end - first) * 2 > run_size)
	{
		run_size = Max((end - first) * 2, 256);
		run_units = scratch_alloc(run_units, sizeof(UChar) * (Size) run_size);
		run_points = scratch_alloc(run_points, sizeof(int32) * (Size) (run_size + 1));
	}
	for (int i = first; i < end; i++)
	{
		int			before = units;

		U16_APPEND_UNSAFE(run_units, units, (UChar32) out->points[i]);
		for (int u = before; u < units; u++)
			run_points[u] = i;
	}
	run_points[units] = end;

	if (word_breaker == NULL)
		word_breaker = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
	if (U_SUCCESS(status))
		ubrk_setText(word_breaker, run_units, units, &status);
	if (U_FAILURE(status))
	{
		add_token(out, first, end, end_of_source(out, end - 1), ST_TOKEN_WORD);
		return;
	}

	ubrk_first(word_breaker);
	for (;;)
	{
		int32_t		to = ubrk_next(word_breaker);
		int			last;

		if (to == UBRK_DONE || to > units)
			break;
		last = run_points[to];
		if (last > run_points[from])
			add_token(out, run_points[from], last,
					  end_of_source(out, last - 1), ST_TOKEN_WORD);
		from = to;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * close_token
 *		Ends the open token, if any.
 */
static inline void
close_token(Reader *reader)
{
	StTokens   *out = reader->out;
	int			first = reader->token_first;

	if (first < 0)
		return;
	if (unlikely(reader->token_complex))
		add_complex_tokens(out, first, out->npoints);
	else
		add_token(out, first, out->npoints,
				  end_of_source(out, out->npoints - 1), ST_TOKEN_WORD);
	reader->token_first = -1;
}

/*
 * take_point
 *		Adds one normalised code point that comes from the given character.
 */
static inline void
take_point(Reader *reader, uint32 point, int source)
{
	StTokens   *out = reader->out;
	uint8		class = st_char_flags(point) & ST_CHAR_CLASS_MASK;

	if (class == ST_CHAR_SPACE)
	{
		close_token(reader);
		return;
	}

	if (reader->token_first >= 0 &&
		(class == ST_CHAR_SYMBOL || reader->token_complex != (class == ST_CHAR_COMPLEX)))
		close_token(reader);

	reserve_points(out, 1);
	out->points[out->npoints] = point;
	out->sources[out->npoints] = source;
	if (class == ST_CHAR_SYMBOL)
	{
		out->npoints++;
		add_token(out, out->npoints - 1, out->npoints, source + 1, ST_TOKEN_SYMBOL);
		return;
	}
	if (reader->token_first < 0)
	{
		reader->token_first = out->npoints;
		reader->token_complex = class == ST_CHAR_COMPLEX;
	}
	out->npoints++;
}

/*
 * take_run
 *		Normalises by ICU a run that starts at p: one code point and those after
 *		it that may combine with it.  Returns the bytes of the run and sets the
 *		number of its characters.  Its points all come from its first character,
 *		but for the last, which comes from its last.
 */
static int
take_run(Reader *reader, const unsigned char *p, const unsigned char *end,
		 int source, bool by_bytes, int *characters)
{
	UChar		run[MAX_RUN_UNITS];
	UChar		folded[MAX_RUN_UNITS * 18];
	int32_t		units = 0;
	int32_t		folded_units;
	int32_t		next = 0;
	const unsigned char *start = p;
	UErrorCode	status = U_ZERO_ERROR;

	*characters = 0;
	while (p < end && units < MAX_RUN_UNITS - 2)
	{
		int			bytes;
		uint32		c = utf8_next(p, &bytes);

		if (p > start && (st_char_flags(c) & ST_CHAR_STARTS))
			break;
		U16_APPEND_UNSAFE(run, units, (UChar32) c);
		p += bytes;
		*characters += by_bytes ? bytes : 1;
	}

	folded_units = unorm2_normalize(st_nfkc_casefold(), run, units,
									folded, lengthof(folded), &status);
	if (U_FAILURE(status))
	{
		close_token(reader);
		return p - start;
	}
	while (next < folded_units)
	{
		UChar32		c;

		U16_NEXT(folded, next, folded_units, c);
		take_point(reader, (uint32) c,
				   next < folded_units ? source : source + *characters - 1);
	}
	return p - start;
}

/*
 * symbol_length
 *		Returns the bytes of the question mark, exclamation mark or emoticon at
 *		p, 0 when there is none.
 */
static int
symbol_length(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *mouth = p + 1;

	if (*p == '!' || *p == '?')
		return 1;
	if (*p != ':' && *p != ';' && *p != '=' && *p != '<')
		return 0;
	if (mouth < end && *mouth == '-')
		mouth++;
	if (mouth >= end || strchr(*p == '<' ? "3" : ")(DPp|*/\\", *mouth) == NULL)
		return 0;

	/* "http://", "C:\\temp", "a<30" */
	if (mouth + 1 < end && *mouth != ')' && *mouth != '(' &&
		(mouth[1] >= 0x80 || ascii_fold[mouth[1]] != 0 ||
		 mouth[1] == '/' || mouth[1] == '\\'))
		return 0;
	return mouth + 1 - p;
}

/*
 * take_symbol
 *		Adds the bytes at p as a token of their own.
 */
static void
take_symbol(Reader *reader, const unsigned char *p, int length, int source)
{
	StTokens   *out = reader->out;

	close_token(reader);
	reserve_points(out, length);
	for (int i = 0; i < length; i++)
	{
		out->points[out->npoints + i] = p[i];
		out->sources[out->npoints + i] = source + i;
	}
	out->npoints += length;
	add_token(out, out->npoints - length, out->npoints, source + length, ST_TOKEN_SYMBOL);
}

/*
 * joins_letters
 *		Whether an apostrophe at p stands between two letters.
 */
static inline bool
joins_letters(const Reader *reader, const unsigned char *next, const unsigned char *end)
{
	int			bytes;

	if (reader->token_first < 0 || reader->token_complex || next >= end)
		return false;
	if (*next < 0x80)
		return ascii_fold[*next] != 0;
	return (st_char_flags(utf8_next(next, &bytes)) & ST_CHAR_CLASS_MASK) == ST_CHAR_WORD;
}

/*
 * st_tokenize
 *		Returns the document's tokens, valid until the next call.  Throws only
 *		for lack of memory, for cancel, and when ICU has no data at all.
 */
StTokens *
st_tokenize(const StDocument *doc)
{
	const unsigned char *p = (const unsigned char *) doc->data;
	const unsigned char *end = p + doc->length;
	StTokens   *out = &scratch;
	Reader		reader = {.out = out,.token_first = -1};
	int			source = 0;

	if (out->points_size > KEEP_POINTS && doc->length < KEEP_POINTS)
	{
		MemoryContextReset(scratch_context);
		memset(out, 0, sizeof(*out));
		run_units = NULL;
		run_points = NULL;
		run_size = 0;
	}
	out->npoints = 0;
	out->ntokens = 0;
	reserve_points(out, Min(doc->length, KEEP_POINTS));

	while (p < end)
	{
		uint32		c;
		int			bytes;
		uint8		flags;
		bool		alone;

		if (*p < 0x80)
		{
			uint32		folded = ascii_fold[*p];

			/* a mark may follow: then the letter is not alone */
			if (likely(p + 1 >= end || p[1] < 0x80 ||
					   (st_char_flags(utf8_next(p + 1, &bytes)) & ST_CHAR_STARTS)))
			{
				if (folded)
				{
					if (unlikely(reader.token_complex && reader.token_first >= 0))
						close_token(&reader);
					if (reader.token_first < 0)
					{
						reader.token_first = out->npoints;
						reader.token_complex = false;
					}
					reserve_points(out, 1);
					out->points[out->npoints] = folded;
					out->sources[out->npoints++] = source;
				}
				else if (!(*p == '\'' && joins_letters(&reader, p + 1, end)))
				{
					int			length = symbol_length(p, end);

					if (length > 0)
					{
						take_symbol(&reader, p, length, source);
						p += length;
						source += length;
						continue;
					}
					close_token(&reader);
				}
				p++;
				source++;
				continue;
			}
			c = *p;
			bytes = 1;
			flags = st_char_flags(c);
			alone = false;
		}
		else
		{
			int			unused;

			c = utf8_next(p, &bytes);
			flags = st_char_flags(c);
			alone = p + bytes >= end || p[bytes] < 0x80 ||
				(st_char_flags(utf8_next(p + bytes, &unused)) & ST_CHAR_STARTS);
		}

		if (c == 0x2019 && joins_letters(&reader, p + bytes, end))
		{
			p += bytes;
			source += doc->by_bytes ? bytes : 1;
		}
		else if (alone && (flags & ST_CHAR_ALONE))
		{
			take_point(&reader, st_char_page(c)->fold[c & 0xFF], source);
			p += bytes;
			source += doc->by_bytes ? bytes : 1;
		}
		else
		{
			int			characters;

			p += take_run(&reader, p, end, source, doc->by_bytes, &characters);
			source += characters;
		}
	}
	close_token(&reader);

	return out;
}
