/*-------------------------------------------------------------------------
 *
 * lexicon_phrase.c
 *		Phrases as people write them: their normal form and their units.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>

#include "lib/stringinfo.h"

#include "core/compat.h"
#include "understanding/lexicon_inner.h"

/* Whether accents may be missing in texts of the language; "" is all of them. */
bool
st_lex_language_folds(const char *language)
{
	for (int i = 0; i < st_lex_nunfolded; i++)
	{
		if (strcmp(st_lex_unfolded[i], language) == 0)
			return false;
	}
	return true;
}

/* The letter without its accents, as tools/lexicon has it. */
static uint32
plain_point(uint32 c)
{
	UChar		decomposed[16];
	int32_t		length;
	int32_t		next = 0;
	UChar32		base;
	UErrorCode	status = U_ZERO_ERROR;
	const UNormalizer2 *nfd;
	UScriptCode script;

	switch (c)
	{
		case 0x131:
			return 'i';
		case 0x142:
			return 'l';
		case 0x111:
			return 'd';
		case 0xF8:
			return 'o';
	}
	if (c < 0xC0 || c >= 0x2000)
		return c;
	nfd = unorm2_getNFDInstance(&status);
	if (U_FAILURE(status))
		return c;
	length = unorm2_getRawDecomposition(nfd, (UChar32) c, decomposed, lengthof(decomposed), &status);
	if (U_FAILURE(status) || length <= 0)
		return c;
	U16_NEXT(decomposed, next, length, base);
	while (next < length)
	{
		UChar32		mark;

		U16_NEXT(decomposed, next, length, mark);
		if (u_charType(mark) != U_NON_SPACING_MARK)
			return c;
	}
	script = uscript_getScript(base, &status);
	if (U_FAILURE(status) ||
		(script != USCRIPT_LATIN && script != USCRIPT_GREEK && script != USCRIPT_CYRILLIC))
		return c;
	/* letters with two accents lose one after the other */
	return (uint32) base == c ? c : plain_point((uint32) base);
}

/*
 * st_lex_units
 *		Fills units, of which there is room for ST_LEX_MAX_UNITS, with those of
 *		a phrase in normal form; returns how many, 0 when there are more.
 */
int
st_lex_units(const char *phrase, int length, bool folds, StLexUnit *units)
{
	int			n = 0;
	int			at = 0;

	while (at < length)
	{
		StLexUnit  *unit;
		uint32		c;
		int			next = st_lex_next_point(phrase, at, length, &c);
		bool		is_symbol = true;

		if (c == ' ')
		{
			at = next;
			continue;
		}
		if (n == ST_LEX_MAX_UNITS)
			return 0;
		unit = &units[n++];
		unit->how = ST_LEX_WORD;
		unit->npoints = 0;
		unit->hash = ST_LEX_HASH_SEED;
		unit->plain = ST_LEX_HASH_SEED;
		if (st_lex_is_complex(c))
		{
			unit->hash = unit->plain = st_lex_hash(unit->hash, c);
			at = next;
			continue;
		}
		while (at < length)
		{
			next = st_lex_next_point(phrase, at, length, &c);
			if (c == ' ' || st_lex_is_complex(c))
				break;
			if (c == '*' && !is_symbol)
				unit->how = ST_LEX_STEM;
			else
			{
				if (c >= 0x80 || isalnum(c) || c == '#')
					is_symbol = false;
				c = st_lex_same(c);
				if (c != 0)
				{
					unit->hash = st_lex_hash(unit->hash, c);
					unit->plain = st_lex_hash(unit->plain, folds ? plain_point(c) : c);
					unit->npoints++;
				}
			}
			at = next;
		}
	}
	return n;
}

/*
 * append_unit
 *		Appends one normalised token; blanks stand between what has no script
 *		without spaces.
 */
static void
append_unit(StringInfo out, const StTokens *tokens, const StToken *token, bool glue)
{
	const uint32 *points = &tokens->points[token->first];

	if (out->len > 0 && !glue && !st_lex_is_complex(points[0]))
	{
		uint32		before;
		int			at = out->len - 1;

		while (at > 0 && ((unsigned char) out->data[at] & 0xC0) == 0x80)
			at--;
		st_lex_next_point(out->data, at, out->len, &before);
		if (!st_lex_is_complex(before))
			appendStringInfoChar(out, ' ');
	}
	for (int i = 0; i < token->length; i++)
	{
		unsigned char utf8[4];

		unicode_to_utf8(points[i], utf8);
		appendBinaryStringInfo(out, (char *) utf8, pg_utf_mblen(utf8));
	}
}

/*
 * st_lex_normalize
 *		Returns a user's phrase, UTF-8, in normal form, palloc'd; or NULL with a
 *		complaint, a sentence's end ("has no word").  Throws only for lack of
 *		memory.
 */
char *
st_lex_normalize(const char *phrase, const char **complaint)
{
	StringInfoData out;
	StLexUnit	units[ST_LEX_MAX_UNITS];
	int			length = strlen(phrase);
	int			at = 0;
	int			nunits;
	int			nwords = 0;

	*complaint = NULL;
	if (length > 1000)
	{
		*complaint = "is longer than 1000 bytes";
		return NULL;
	}
	initStringInfo(&out);
	while (at < length)
	{
		StDocument	piece = {.by_bytes = false};
		StTokens   *tokens;
		int			from;
		bool		glue = at > 0 && phrase[at - 1] == '#';

		/* a digit sign stays: it is no character of any token */
		if (phrase[at] == '#')
		{
			if (at > 0 && !isspace((unsigned char) phrase[at - 1]))
				appendStringInfoChar(&out, '#');
			else
				appendStringInfoString(&out, out.len > 0 ? " #" : "#");
			at++;
			continue;
		}
		if (isspace((unsigned char) phrase[at]))
		{
			at++;
			continue;
		}
		from = at;
		while (at < length && phrase[at] != '#' && !isspace((unsigned char) phrase[at]))
			at++;
		piece.data = phrase + from;
		piece.length = at - from;
		for (int i = from; i + 1 < at; i++)
		{
			/* but for emoticons, such as ":*" */
			if (phrase[i] == '*' && (i == from || strchr(":;=-", phrase[i - 1]) == NULL))
			{
				*complaint = "has \"*\" within a word";
				return NULL;
			}
		}
		tokens = st_tokenize(&piece);
		for (int t = 0; t < tokens->ntokens; t++)
			append_unit(&out, tokens, &tokens->tokens[t], glue && t == 0);

		if (phrase[at - 1] == '*' &&
			!(tokens->ntokens > 0 && tokens->tokens[tokens->ntokens - 1].kind == ST_TOKEN_SYMBOL))
		{
			if (tokens->ntokens == 0 && !(glue && at - from == 1))
			{
				*complaint = "has no word before \"*\"";
				return NULL;
			}
			if (tokens->ntokens > 0 &&
				st_lex_is_complex(tokens->points[tokens->npoints - 1]))
			{
				*complaint = "has \"*\" after a script without spaces, where a phrase is found within words anyway";
				return NULL;
			}
			appendStringInfoChar(&out, '*');
		}
	}

	if (out.len == 0)
	{
		*complaint = "has no word";
		return NULL;
	}
	nunits = st_lex_units(out.data, out.len, true, units);
	for (int i = 0; i < nunits; i++)
	{
		if (units[i].how == ST_LEX_STEM && (units[i].npoints < 1 || units[i].npoints > ST_LEX_MAX_STEM))
		{
			*complaint = "has a word that is too long before \"*\"";
			return NULL;
		}
	}
	for (int i = 0; i < out.len; i++)
		nwords += out.data[i] == ' ';
	if (nunits == 0 || nwords >= ST_LEX_MAX_WORDS)
	{
		*complaint = "is too long";
		return NULL;
	}
	return out.data;
}
