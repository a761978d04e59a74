/*-------------------------------------------------------------------------
 *
 * language_prose.c
 *		Which words of a document are no prose: parts of addresses, paths, names
 *		in code, lines of code and of logs.
 *
 * They are of no language, or of English in a text of another.  The document is
 * walked once beside its tokens, by what blanks divide it into.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "core/compat.h"
#include "understanding/language_inner.h"

typedef struct Walk
{
	const StReading *reading;
	bool	   *skip;
	int			token;			/* the first that is not behind */
	int			line_token;		/* the line's first */
	bool		lines;			/* whole lines are looked at too */
} Walk;

static inline bool
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static inline bool
is_lower(unsigned char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/*
 * is_technical
 *		Whether a piece between blanks is no prose: an address, a path, a name
 *		with signs, inner dots or inner capitals, an option, markup.
 */
static bool
is_technical(const unsigned char *p, const unsigned char *end)
{
	int			dots = 0;
	int			humps = 0;

	if (*p == '@' || (end - p > 2 && p[0] == '-' && (p[1] == '-' || is_lower(p[1]))))
		return true;
	if (end - p > 4 && pg_strncasecmp((const char *) p, "www.", 4) == 0)
		return true;
	for (const unsigned char *q = p; q < end; q++)
	{
		bool		inner = q > p && q + 1 < end;

		if (is_lower(*q))
			continue;
		switch (*q)
		{
			case '_':
			case '\\':
			case '{':
			case '}':
			case '<':
			case '>':
			case '=':
			case '$':
			case '|':
			case '`':
				return true;
			case '@':
				if (inner && is_letter(q[1]))
					return true;
				break;
			case ':':
				if (inner && (q[1] == '/' || q[1] == ':' || is_digit(q[1])))
					return true;
				break;
			case '/':
				/* "and/or" is prose, "/usr/lib" and "a/b/c" are none */
				if (q == p && end - p > 1 && is_letter(q[1]))
					return true;
				dots += inner ? 1 : 0;
				break;
			case '.':
				if (inner && is_letter(q[-1]) && is_letter(q[1]))
					dots += is_lower(q[1]) ? 2 : 1;
				break;
			case '(':
				if (inner && is_letter(q[-1]) && (q[1] == ')' || is_letter(q[1])) &&
					q[1] != 's')
					return true;
				break;
			default:
				if (inner && is_lower(q[-1]) && is_upper(*q))
					humps++;
				break;
		}
	}
	return dots >= 2 || humps >= 2;
}

/*
 * skip_until
 *		Marks the tokens that begin before the given character, from the first
 *		one not behind; or only leaves them behind.
 */
static void
skip_until(Walk *walk, int character, bool skipped)
{
	const StTokens *tokens = walk->reading->tokens;

	while (walk->token < tokens->ntokens && tokens->tokens[walk->token].start < character)
		walk->skip[walk->token++] |= skipped;
}

/*
 * is_stamp
 *		Whether a piece is a date or a time of day, as logs begin with.
 */
static bool
is_stamp(const unsigned char *p, const unsigned char *end)
{
	int			digits = 0;
	int			signs = 0;

	for (; p < end; p++)
	{
		digits += is_digit(*p);
		signs += *p == '-' || *p == ':' || *p == '/' || *p == '.';
	}
	return digits >= 4 && signs >= 2;
}

/*
 * end_line
 *		Marks all of a line that is code or of a log.
 */
static void
end_line(Walk *walk, const unsigned char *start, const unsigned char *end, bool stamped)
{
	const unsigned char *last = end;

	if (!walk->lines)
		return;

	while (last > start && (last[-1] == ' ' || last[-1] == '\r' || last[-1] == '\t'))
		last--;
	if (last > start + 1 &&
		(stamped || last[-1] == ';' || last[-1] == '{' || last[-1] == '}'))
		for (int t = walk->line_token; t < walk->token; t++)
			walk->skip[t] = true;
	walk->line_token = walk->token;
}

/*
 * st_language_prose
 *		Fills skip, an element for each token; lines says whether lines of code
 *		and of logs are left out as a whole.
 */
void
st_language_prose(const StReading *reading, bool lines, bool *skip)
{
	const unsigned char *p = (const unsigned char *) reading->doc.data;
	const unsigned char *end = p + reading->doc.length;
	const unsigned char *line = p;
	Walk		walk = {.reading = reading,.skip = skip,.lines = lines};
	int			character = 0;
	int			pieces = 0;		/* of the line */
	bool		stamped = false;

	memset(skip, 0, sizeof(bool) * reading->tokens->ntokens);
	while (p < end)
	{
		const unsigned char *piece = p;

		if (*p <= ' ')
		{
			if (*p == '\n')
			{
				skip_until(&walk, character, false);
				end_line(&walk, line, p, stamped);
				line = p + 1;
				pieces = 0;
				stamped = false;
			}
			p++;
			character++;
			continue;
		}
		for (; p < end && *p > ' '; p++)
			character += reading->doc.by_bytes || (*p & 0xC0) != 0x80;

		/* a time after a date, or both in one, opens a line of a log */
		if (pieces < 2 && is_stamp(piece, p))
			stamped = stamped || pieces == 1 || *piece == '[' || p - piece >= 15;
		else if (pieces == 0)
			pieces = 2;
		pieces++;
		skip_until(&walk, character, is_technical(piece, p));
	}
	skip_until(&walk, character + 1, false);
	end_line(&walk, line, end, stamped);
}
