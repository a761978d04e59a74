/*-------------------------------------------------------------------------
 *
 * text_chars.h
 *		What a code point is to the tokeniser, from ICU, remembered by page.
 *
 * Private to text/.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_TEXT_CHARS_H
#define ST_TEXT_CHARS_H

#include "postgres.h"

/* Classes of normalised code points. */
#define ST_CHAR_SPACE		0	/* ends a token, is none */
#define ST_CHAR_WORD		1	/* letter, mark, number */
#define ST_CHAR_COMPLEX		2	/* a letter of a script without spaces */
#define ST_CHAR_SYMBOL		3	/* a token of its own: emoji and their like */
#define ST_CHAR_CLASS_MASK	3

/* Flags of code points as they come. */
#define ST_CHAR_STARTS		4	/* normalisation never combines it with what
								 * is before */
#define ST_CHAR_ALONE		8	/* by itself it normalises to one code point,
								 * the fold */

typedef struct StCharPage
{
	uint32		fold[256];		/* NFKC case fold where ST_CHAR_ALONE */
	uint8		flags[256];
} StCharPage;

#define ST_CHAR_PAGES (0x110000 >> 8)

extern StCharPage *st_char_pages[ST_CHAR_PAGES];
extern StCharPage *st_char_page_make(uint32 page);

/* The page of a code point, made on first use. Throws when out of memory. */
static inline const StCharPage *
st_char_page(uint32 c)
{
	StCharPage *page = st_char_pages[c >> 8];

	return likely(page != NULL) ? page : st_char_page_make(c >> 8);
}

static inline uint8
st_char_flags(uint32 c)
{
	return st_char_page(c)->flags[c & 0xFF];
}

/* The ICU normaliser for NFKC case folding; throws when ICU has no data. */
extern const void *st_nfkc_casefold(void);

#endif							/* ST_TEXT_CHARS_H */
