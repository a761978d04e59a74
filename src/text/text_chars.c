/*-------------------------------------------------------------------------
 *
 * text_chars.c
 *		What a code point is to the tokeniser.
 *
 * ICU is exact and slow for a question that is asked for every character of
 * every ticket, so its answers are kept: a page of 256 code points is filled
 * the first time that one of them is met (about 30 µs) and stays for the life
 * of the backend.  English needs one page, most languages two or three.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>

#include "utils/memutils.h"

#include "text/text_chars.h"

StCharPage *st_char_pages[ST_CHAR_PAGES];

/*
 * st_nfkc_casefold
 *		Returns ICU's NFKC_Casefold normaliser, a singleton of ICU's that is
 *		not to be closed.  Throws when ICU cannot load it.
 */
const void *
st_nfkc_casefold(void)
{
	static const UNormalizer2 *normalizer = NULL;

	if (normalizer == NULL)
	{
		UErrorCode	status = U_ZERO_ERROR;

		normalizer = unorm2_getNFKCCasefoldInstance(&status);
		if (U_FAILURE(status))
		{
			normalizer = NULL;
			ereport(ERROR,
					(errcode(ERRCODE_SYSTEM_ERROR),
					 errmsg("could not load the ICU normaliser: %s", u_errorName(status))));
		}
	}
	return normalizer;
}

/*
 * script_without_spaces
 *		Whether words of the code point's script are found by ICU's dictionary.
 */
static bool
script_without_spaces(UChar32 c)
{
	UErrorCode	status = U_ZERO_ERROR;

	switch (uscript_getScript(c, &status))
	{
		case USCRIPT_HAN:
		case USCRIPT_HIRAGANA:
		case USCRIPT_KATAKANA:
		case USCRIPT_THAI:
		case USCRIPT_LAO:
		case USCRIPT_KHMER:
		case USCRIPT_MYANMAR:
			return true;
		default:
			/* the prolonged sound mark is shared by two scripts */
			return c == 0x30FC;
	}
}

/*
 * char_class
 *		Returns the class of a normalised code point.
 */
static uint8
char_class(UChar32 c)
{
	switch (u_charType(c))
	{
		case U_UPPERCASE_LETTER:
		case U_LOWERCASE_LETTER:
		case U_TITLECASE_LETTER:
		case U_MODIFIER_LETTER:
		case U_OTHER_LETTER:
		case U_NON_SPACING_MARK:
		case U_ENCLOSING_MARK:
		case U_COMBINING_SPACING_MARK:
		case U_DECIMAL_DIGIT_NUMBER:
		case U_LETTER_NUMBER:
		case U_OTHER_NUMBER:
			return script_without_spaces(c) ? ST_CHAR_COMPLEX : ST_CHAR_WORD;
		case U_OTHER_SYMBOL:
			/* what normalisation could not read is no symbol */
			return c == 0xFFFD ? ST_CHAR_SPACE : ST_CHAR_SYMBOL;
		default:
			return ST_CHAR_SPACE;
	}
}

/*
 * st_char_page_make
 *		Fills and returns a page; it lives as long as the backend.  Throws when
 *		out of memory.
 */
StCharPage *
st_char_page_make(uint32 number)
{
	const UNormalizer2 *normalizer = st_nfkc_casefold();
	StCharPage *page = MemoryContextAllocZero(TopMemoryContext, sizeof(StCharPage));

	for (int i = 0; i < 256; i++)
	{
		UChar32		c = (UChar32) (number << 8 | i);
		UChar		source[2];
		UChar		folded[32];
		int32_t		source_length = 0;
		int32_t		folded_length;
		UBool		is_error = false;
		UErrorCode	status = U_ZERO_ERROR;
		uint8		flags = char_class(c);

		if (unorm2_hasBoundaryBefore(normalizer, c))
			flags |= ST_CHAR_STARTS;

		U16_APPEND(source, source_length, 2, c, is_error);
		folded_length = unorm2_normalize(normalizer, source, source_length,
										 folded, lengthof(folded), &status);
		if (!is_error && U_SUCCESS(status) && folded_length > 0)
		{
			UChar32		fold;
			int32_t		next = 0;

			U16_NEXT(folded, next, folded_length, fold);
			if (next == folded_length)
			{
				page->fold[i] = (uint32) fold;
				flags |= ST_CHAR_ALONE;
			}
		}
		page->flags[i] = flags;
	}

	st_char_pages[number] = page;
	return page;
}
