/*-------------------------------------------------------------------------
 *
 * pii_chars.c
 *		A part of a document as the rules for personal data see it: one byte a
 *		character.
 *
 * The rules are written for ASCII.  What a character stands for in them is
 * found out with ICU once for each page of 256 code points and kept for the
 * life of the backend.  A part that is ASCII throughout is used as it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "understanding/pii_inner.h"

#define DIGIT	(PII_IS_DIGIT | PII_IS_WORD | PII_IS_HEX | PII_IS_TRIGGER | PII_IS_LOCAL | PII_IS_HOST)
#define ALPHA	(PII_IS_ALPHA | PII_IS_WORD | PII_IS_LOCAL | PII_IS_HOST)
#define HEX		(ALPHA | PII_IS_HEX)
#define W		(ALPHA | PII_IS_TRIGGER)

const uint8 st_pii_class[256] = {
	['0'] = DIGIT,['1'] = DIGIT,['2'] = DIGIT,['3'] = DIGIT,['4'] = DIGIT,
	['5'] = DIGIT,['6'] = DIGIT,['7'] = DIGIT,['8'] = DIGIT,['9'] = DIGIT,
	['A'] = HEX,['B'] = HEX,['C'] = HEX,['D'] = HEX,['E'] = HEX,['F'] = HEX,
	['G'] = ALPHA,['H'] = ALPHA,['I'] = ALPHA,['J'] = ALPHA,['K'] = ALPHA,
	['L'] = ALPHA,['M'] = ALPHA,['N'] = ALPHA,['O'] = ALPHA,['P'] = ALPHA,
	['Q'] = ALPHA,['R'] = ALPHA,['S'] = ALPHA,['T'] = ALPHA,['U'] = ALPHA,
	['V'] = ALPHA,['W'] = W,['X'] = ALPHA,['Y'] = ALPHA,['Z'] = ALPHA,
	['a'] = HEX,['b'] = HEX,['c'] = HEX,['d'] = HEX,['e'] = HEX,['f'] = HEX,
	['g'] = ALPHA,['h'] = ALPHA,['i'] = ALPHA,['j'] = ALPHA,['k'] = ALPHA,
	['l'] = ALPHA,['m'] = ALPHA,['n'] = ALPHA,['o'] = ALPHA,['p'] = ALPHA,
	['q'] = ALPHA,['r'] = ALPHA,['s'] = ALPHA,['t'] = ALPHA,['u'] = ALPHA,
	['v'] = ALPHA,['w'] = W,['x'] = ALPHA,['y'] = ALPHA,['z'] = ALPHA,
	['@'] = PII_IS_TRIGGER,[':'] = PII_IS_TRIGGER,
	['+'] = PII_IS_TRIGGER | PII_IS_LOCAL,['('] = PII_IS_TRIGGER,
	['.'] = PII_IS_LOCAL,['_'] = PII_IS_LOCAL,['%'] = PII_IS_LOCAL,
	['\''] = PII_IS_LOCAL,['-'] = PII_IS_LOCAL | PII_IS_HOST,
	[PII_LETTER] = PII_IS_WORD | PII_IS_LOCAL | PII_IS_HOST,
};

/* One byte a code point, see pii_inner.h. */
typedef struct PiiPage
{
	uint8		c[256];
} PiiPage;

static PiiPage *pages[0x110000 >> 8];

static uint8 *chars;
static int32 *offsets;
static int	chars_size;
static pg_wchar *wide;
static int	wide_size;
static bool wide_made;

/*
 * letter_char
 *		What a letter that is not ASCII is to the rules.
 */
static uint8
letter_char(UChar32 point, UScriptCode script, USpoofChecker *spoof)
{
	const UNormalizer2 *nfd;
	UErrorCode	status = U_ZERO_ERROR;
	UChar		units[16];
	UChar32		base = point;
	int32_t		n;

	/* a Latin letter with an accent */
	nfd = unorm2_getNFDInstance(&status);
	if (U_SUCCESS(status))
	{
		n = unorm2_getDecomposition(nfd, point, units, lengthof(units), &status);
		if (U_SUCCESS(status) && n > 0)
			U16_GET(units, 0, 0, n, base);
	}
	if (base < 0x80)
		return (uint8) base;

	/* one without a decomposition */
	switch (point)
	{
		case 0x00D8:
			return 'O';
		case 0x00F8:
			return 'o';
		case 0x0110:
			return 'D';
		case 0x0111:
			return 'd';
		case 0x0131:
			return 'i';
		case 0x0141:
			return 'L';
		case 0x0142:
			return 'l';
		default:
			break;
	}

	/* one that looks like a Latin letter: "httр" with a Cyrillic er */
	if (spoof != NULL && (script == USCRIPT_CYRILLIC || script == USCRIPT_GREEK))
	{
		UChar		source[2];
		int32_t		length = 0;

		U16_APPEND_UNSAFE(source, length, base);
		status = U_ZERO_ERROR;
		n = uspoof_getSkeleton(spoof, 0, source, length, units, lengthof(units), &status);
		if (U_SUCCESS(status) && n == 1 && units[0] < 0x80 &&
			(st_pii_class[units[0]] & PII_IS_ALPHA))
			return (uint8) units[0];
	}

	switch (script)
	{
		case USCRIPT_HAN:
		case USCRIPT_HIRAGANA:
		case USCRIPT_KATAKANA:
		case USCRIPT_HANGUL:
		case USCRIPT_BOPOMOFO:
		case USCRIPT_THAI:
		case USCRIPT_LAO:
		case USCRIPT_KHMER:
		case USCRIPT_MYANMAR:
			return PII_WIDE;
		default:
			return PII_LETTER;
	}
}

/*
 * compatible_char
 *		The ASCII character that a character is another form of (full-width,
 *		small, of a mathematical alphabet), or 0.
 */
static uint8
compatible_char(UChar32 point)
{
	const UNormalizer2 *nfkc;
	UErrorCode	status = U_ZERO_ERROR;
	UChar		units[20];
	int32_t		n;

	switch (u_getIntPropertyValue(point, UCHAR_DECOMPOSITION_TYPE))
	{
		case U_DT_WIDE:
		case U_DT_NARROW:
		case U_DT_FONT:
		case U_DT_SMALL:
		case U_DT_COMPAT:
			break;
		default:
			return 0;
	}
	nfkc = unorm2_getNFKCInstance(&status);
	if (U_FAILURE(status))
		return 0;
	n = unorm2_getDecomposition(nfkc, point, units, lengthof(units), &status);
	return U_SUCCESS(status) && n == 1 && units[0] > ' ' && units[0] < 0x7F ? (uint8) units[0] : 0;
}

/*
 * point_char
 *		What a code point that is not ASCII is to the rules.
 */
static uint8
point_char(UChar32 point, USpoofChecker *spoof)
{
	UErrorCode	status = U_ZERO_ERROR;
	int8_t		type = u_charType(point);
	int32_t		digit = u_charDigitValue(point);
	uint8		compatible;

	if (point == 0x85 || type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR)
		return '\n';
	if (digit >= 0)
		return '0' + digit;
	if (u_isUWhiteSpace(point))
		return ' ';
	if (u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
		type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR)
		return PII_DROP;

	switch (point)
	{
		case 0x2018:
		case 0x2019:
			return '\'';
		case 0x201C:
		case 0x201D:
			return '"';
		case 0x2043:			/* hyphen bullet */
		case 0x2212:			/* minus */
		case 0x30FC:			/* typed for a dash in Japanese numbers */
		case 0xFF70:
			return '-';
		case 0x2044:
		case 0x2215:
			return '/';
		case 0x301C:			/* stands for "to" */
		case 0x3030:
			return PII_OTHER;
		default:
			break;
	}
	if (type == U_DASH_PUNCTUATION)
		return '-';
	if (type == U_CURRENCY_SYMBOL)
		return PII_MONEY;
	compatible = compatible_char(point);
	if (compatible != 0)
		return compatible;
	if (u_isalpha(point) || type == U_COMBINING_SPACING_MARK)
		return letter_char(point, uscript_getScript(point, &status), spoof);
	return PII_OTHER;
}

/*
 * page_make
 *		Fills and returns a page; it lives as long as the backend.  Throws when
 *		out of memory.
 */
static PiiPage *
page_make(uint32 number)
{
	PiiPage    *page = MemoryContextAlloc(TopMemoryContext, sizeof(PiiPage));
	UErrorCode	status = U_ZERO_ERROR;
	USpoofChecker *spoof = NULL;

	/* Greek and Cyrillic */
	if (number >= 0x03 && number <= 0x05)
		spoof = uspoof_open(&status);
	if (U_FAILURE(status))
		spoof = NULL;
	for (int i = 0; i < 256; i++)
	{
		UChar32		point = (UChar32) (number << 8 | i);

		page->c[i] = point < 0x80 ? point : point_char(point, spoof);
	}
	if (spoof != NULL)
		uspoof_close(spoof);
	pages[number] = page;
	return page;
}

static inline uint8
fold_point(uint32 point)
{
	PiiPage    *page = pages[point >> 8];

	if (unlikely(page == NULL))
		page = page_make(point >> 8);
	return page->c[point & 0xFF];
}

/*
 * utf8_point
 *		Returns the code point at p, which must be valid UTF-8, and its bytes.
 */
static inline uint32
utf8_point(const unsigned char *p, int *bytes)
{
	if (p[0] < 0x80)
	{
		*bytes = 1;
		return p[0];
	}
	*bytes = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	return utf8_to_unicode(p);
}

/*
 * is_mark
 *		Whether a code point belongs to the character before it.
 */
static bool
is_mark(uint32 point)
{
	int8_t		type = u_charType((UChar32) point);

	return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK;
}

/*
 * cut_before
 *		Returns the last place before byte most, of those after least, where a
 *		text of few blanks may be cut, or else any character.
 */
static int
cut_before(const char *p, int most, int least)
{
	for (int i = most - 1; i > least; i--)
	{
		if (p[i] != '\0' && strchr(" ,;<>\"|{}[]\t", p[i]) != NULL)
			return i;
	}
	while (most > 0 && ((unsigned char) p[most] & 0xC0) == 0x80)
		most--;
	return most;
}

/*
 * st_pii_part
 *		Returns where the part of a document that begins at byte from ends: at
 *		its end, or else in the second half of PII_PART_BYTES after a line or a
 *		word.  Where there is no such place it may end in the middle of
 *		something: then *again is where the next part should begin, else the
 *		same.
 */
int
st_pii_part(const StDocument *doc, int from, int *again)
{
	const char *p = doc->data + from;
	int			most = PII_PART_BYTES;
	int			blank = 0;
	int			end;

	*again = doc->length;
	if (doc->length - from <= most)
		return doc->length;

	for (int i = most - 1; i > most / 2; i--)
	{
		if (p[i - 1] == '\n')
		{
			*again = from + i;
			return *again;
		}
		if (blank == 0 && p[i] == ' ' &&
			!(st_pii_class[(unsigned char) p[i - 1]] & PII_IS_DIGIT) &&
			(st_pii_class[(unsigned char) p[i + 1]] & PII_IS_ALPHA))
			blank = i;
	}
	if (blank > 0)
	{
		*again = from + blank;
		return *again;
	}

	end = cut_before(p, most, most / 2);
	*again = from + cut_before(p, end - PII_OVERLAP_BYTES, end - 2 * PII_OVERLAP_BYTES);
	return from + end;
}

/*
 * st_pii_fold
 *		Makes a part of a document ready for the rules.  The result points into
 *		the part and into scratch memory: it is valid until the next call.
 *		Throws only when out of memory.
 */
void
st_pii_fold(const char *data, int length, PiiText *text)
{
	const unsigned char *p = (const unsigned char *) data;
	const unsigned char *end = p + length;
	unsigned char high = 0;
	int			n = 0;

	wide_made = false;
	text->data = data;
	text->length = length;

	for (int i = 0; i < length; i++)
		high |= p[i];
	if (high < 0x80)
	{
		text->c = p;
		text->n = length;
		text->at = NULL;
		return;
	}

	if (length + 1 > chars_size)
	{
		int			size = Max(length + 1, 4096);

		chars = chars ? repalloc(chars, size) : MemoryContextAlloc(TopMemoryContext, size);
		offsets = offsets ? repalloc(offsets, size * sizeof(int32)) :
			MemoryContextAlloc(TopMemoryContext, size * sizeof(int32));
		chars_size = size;
	}
	while (p < end)
	{
		int			bytes;
		uint8		c = fold_point(utf8_point(p, &bytes));

		if (likely(c != PII_DROP))
		{
			chars[n] = c;
			offsets[n++] = p - (const unsigned char *) data;
		}
		p += bytes;
	}
	offsets[n] = length;
	text->c = chars;
	text->n = n;
	text->at = offsets;
}

/*
 * st_pii_end_byte
 *		Returns the byte of the part after a character and its marks.
 */
int
st_pii_end_byte(const PiiText *text, int last)
{
	const unsigned char *data = (const unsigned char *) text->data;
	int			bytes;
	int			end;

	if (text->at == NULL)
		return last + 1;

	end = text->at[last];
	(void) utf8_point(data + end, &bytes);
	end += bytes;
	while (end < text->at[last + 1] && is_mark(utf8_point(data + end, &bytes)))
		end += bytes;
	return end;
}

/* st_pii_point: the code point that character i of a part is written with */
uint32
st_pii_point(const PiiText *text, int i)
{
	int			bytes;

	return utf8_point((const unsigned char *) text->data + pii_byte(text, i), &bytes);
}

/*
 * regex_point
 *		What the regex engine is given for character i: digits, punctuation and
 *		full-width forms in ASCII, letters as they are.
 */
static uint32
regex_point(const PiiText *text, int i)
{
	uint8		c = text->c[i];
	uint32		point;

	if (c < 0x80 && !(st_pii_class[c] & PII_IS_ALPHA))
		return c;
	point = st_pii_point(text, i);
	return c < 0x80 && point >= 0xFF00 ? c : point;
}

/*
 * st_pii_text
 *		Returns characters of a part in the server's encoding, palloc'd: digits,
 *		punctuation and blanks in ASCII, letters as they are.
 */
char *
st_pii_text(const PiiText *text, int start, int end)
{
	char	   *utf8 = palloc((Size) (end - start) * 4 + 1);
	int			encoding = GetDatabaseEncoding();
	int			length = 0;

	for (int i = start; i < end; i++)
	{
		unsigned char *to = (unsigned char *) utf8 + length;

		if (text->at == NULL)
			*to = text->c[i];
		else
			unicode_to_utf8(regex_point(text, i), to);
		length += pg_utf_mblen(to);
	}
	utf8[length] = '\0';
	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
	{
		utf8 = st_convert(utf8, length, PG_UTF8, encoding, &length);
		utf8[length] = '\0';
	}
	return utf8;
}

/*
 * to_server
 *		Turns code points into what the regex engine works on where the
 *		database's encoding is not Unicode.  Returns whether that is one for
 *		one, as it nearly always is; else they are left as they are.
 */
static bool
to_server(pg_wchar *points, int n)
{
	unsigned char *utf8 = palloc((Size) n * 4 + 1);
	pg_wchar   *converted;
	char	   *bytes;
	int			length = 0;
	bool		same;

	for (int i = 0; i < n; i++)
	{
		unicode_to_utf8(points[i], utf8 + length);
		length += pg_utf_mblen(utf8 + length);
	}
	bytes = st_convert((char *) utf8, length, PG_UTF8, GetDatabaseEncoding(), &length);
	converted = palloc(sizeof(pg_wchar) * (length + 1));
	same = pg_mb2wchar_with_len(bytes, converted, length) == n;
	if (same)
		memcpy(points, converted, sizeof(pg_wchar) * n);
	pfree(converted);
	pfree(bytes);
	pfree(utf8);
	return same;
}

/*
 * st_pii_wide
 *		Returns the part, a character each, for the regex engine; valid until
 *		the next part is folded.
 */
const pg_wchar *
st_pii_wide(const PiiText *text)
{
	int			encoding = GetDatabaseEncoding();

	if (wide_made)
		return wide;

	if (text->n + 1 > wide_size)
	{
		int			size = Max(text->n + 1, 4096);

		wide = wide ? repalloc(wide, size * sizeof(pg_wchar)) :
			MemoryContextAlloc(TopMemoryContext, size * sizeof(pg_wchar));
		wide_size = size;
	}
	for (int i = 0; i < text->n; i++)
		wide[i] = text->at ? regex_point(text, i) : text->c[i];
	if (text->at && encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
		(void) to_server(wide, text->n);
	wide_made = true;
	return wide;
}
