/*-------------------------------------------------------------------------
 *
 * text_clean.h
 *		What the files text_clean*.c share; nobody else includes it.
 *
 * Cleaning goes through four steps, each linear in the document:
 *
 *	text_clean_html.c	decides whether the document is HTML and turns it into
 *						text, remembering quote containers and where each piece
 *						came from
 *	text_clean_match.c	folds the text and finds all known phrases in one pass
 *	text_clean_rules.c	decides for each line whether the requester wrote it
 *	text_clean.c		puts the kept lines together
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_TEXT_CLEAN_H
#define ST_TEXT_CLEAN_H

#include "postgres.h"

#include "text/text.h"

/* text [text_start, the next piece's text_start) came from the source span */
typedef struct CleanPiece
{
	int			text_start;
	int			source_start;
	int			source_length;
} CleanPiece;

typedef enum CleanRangeKind
{
	RANGE_QUOTE,				/* blockquote and its kin */
	RANGE_SOFT_QUOTE,			/* a quote unless it turns out to be a forward */
	RANGE_SIGNATURE,
	RANGE_TAIL					/* a quote that reaches to the end */
} CleanRangeKind;

typedef struct CleanRange
{
	int			start;			/* offsets in the text */
	int			end;
	CleanRangeKind kind;
} CleanRange;

/* What is known about a phrase (text_clean_phrases.c). */
typedef enum PhraseKind
{
	PHRASE_WROTE,				/* "wrote" of an attribution */
	PHRASE_ORIGINAL,			/* "original message": a reply follows */
	PHRASE_FORWARD,				/* "forwarded message" */
	PHRASE_BANNER,				/* "please type your reply above this line" */
	PHRASE_SENT,				/* "sent from" at the start of a line */
	PHRASE_SENT_END,			/* the same at its end */
	PHRASE_DEVICE,				/* what mail is sent from */
	PHRASE_LEGAL,				/* two different ones make a disclaimer */
	PHRASE_FOOTER,				/* one is enough */
	PHRASE_CLOSING				/* "kind regards" */
} PhraseKind;

/*
 * Texts are arrays within, not pointers: a thousand pointers would have to be
 * set, in memory of its own, by each process that loads the library.
 */
#define ST_CLEAN_PHRASE_BYTES	92
#define ST_CLEAN_LABEL_BYTES	28

/* 0, or what does not compile where a text is too long. */
#define ST_CLEAN_TOO_LONG(text, bytes) (0 * sizeof(char[1 - 2 * (sizeof(text) > (bytes))]))

typedef struct CleanPhrase
{
	char text[	ST_CLEAN_PHRASE_BYTES];
	PhraseKind	kind;
} CleanPhrase;

/* Labels of mail headers (text_clean_labels.c). */
typedef enum HeaderLabel
{
	LABEL_NONE = 0,
	LABEL_FROM = 1,
	LABEL_SENT = 2,
	LABEL_TO = 4,
	LABEL_SUBJECT = 8,
	LABEL_OTHER = 16
} HeaderLabel;

typedef struct CleanLabel
{
	char text[	ST_CLEAN_LABEL_BYTES];
	HeaderLabel label;
} CleanLabel;

extern const CleanPhrase st_clean_phrases[];
extern const int st_clean_phrase_count;
extern const CleanLabel st_clean_labels[];
extern const int st_clean_label_count;
extern const char *const st_clean_starters[];
extern const int st_clean_starter_count;
extern const char *const st_clean_image_words[];
extern const int st_clean_image_word_count;

typedef struct CleanHit
{
	int			position;		/* in the folded text */
	int			phrase;			/* index into st_clean_phrases */
	int			length;			/* folded */
} CleanHit;

typedef enum LineKind
{
	LINE_KEEP,
	LINE_DROP
} LineKind;

/* What a line is the beginning of. */
typedef enum LineMark
{
	MARK_NONE,
	MARK_ATTRIBUTION,
	MARK_HEADER,
	MARK_ORIGINAL,
	MARK_FORWARD,
	MARK_BANNER
} LineMark;

/* A line that is not blank. */
typedef struct CleanLine
{
	int			start;			/* in the text, with its indentation */
	int			end;			/* without trailing blanks and line end */
	int			fold_start;
	int			fold_end;
	int			first_hit;		/* its hits go up to the next line's */
	uint8		kind;			/* LineKind */
	uint8		mark;			/* LineMark */
	uint8		mark_lines;		/* lines that the mark covers */
	uint8		label;			/* HeaderLabel */
	uint8		depth;			/* number of '>' it begins with */
	bool		blank_before;
	bool		quoted;			/* in an HTML quote */
	bool		tail;			/* in an HTML quote that reaches to the end */
} CleanLine;

typedef struct CleanDocument
{
	/* text: the source itself, or made from it */
	const char *text;
	int			length;
	bool		html;
	bool		want_pieces;
	CleanPiece *pieces;			/* NULL when the text is the source */
	int			npieces;
	int			maxpieces;
	CleanRange *ranges;
	int			nranges;
	int			maxranges;

	CleanLine  *lines;			/* one more than nlines, as an end mark */
	int			nlines;
	int			maxlines;

	char	   *folded;			/* all lines, joined by single spaces */
	int			folded_length;
	int			folded_size;
	CleanHit   *hits;
	int			nhits;
	int			maxhits;
} CleanDocument;

/* text_clean.c */
extern void *st_clean_grow(void *array, int used, int *allocated, Size width);

/* text_clean_html.c, text_clean_detect.c, text_clean_entities.c */
typedef enum HtmlMode
{
	HTML_NONE,					/* no markup */
	HTML_ENTITIES,				/* no markup but entities */
	HTML_LINES,					/* markup in text with lines of its own */
	HTML_FRAGMENT,				/* markup makes the lines */
	HTML_DOCUMENT				/* the same, and unknown tags are tags */
} HtmlMode;

typedef struct HtmlTag
{
	const char *attributes;
	const char *end;			/* after '>' */
	int			element;		/* index into the elements, -1 unknown */
	bool		closing;
	bool		namespaced;		/* <o:p> */
	bool		attributes_empty;
} HtmlTag;

/* classes of elements */
#define ELEMENT_INLINE		0x01
#define ELEMENT_BLOCK		0x02
#define ELEMENT_PARAGRAPH	0x04
#define ELEMENT_BREAK		0x08
#define ELEMENT_CELL		0x10
#define ELEMENT_RAW			0x20	/* content is no text */
#define ELEMENT_VOID		0x40
#define ELEMENT_PAGE		0x80	/* only whole pages have it */

extern bool st_html_tag(const char *s, const char *end, HtmlTag *tag);
extern int	st_html_element(const char *name, int length);
extern int	st_html_element_class(int element);
extern const char *st_html_element_name(int element);
extern HtmlMode st_html_detect(const char *s, int length);
extern int	st_html_entity(const char *s, const char *end, uint32 *codepoint);
extern void st_html_to_text(CleanDocument *doc, const char *source, int length, HtmlMode mode);

/* text_clean_match.c */
extern int	st_clean_fold(const char *s, const char *end, char *to);
extern void st_clean_read_lines(CleanDocument *doc);
extern int	st_clean_label(const char *folded, int length);
extern bool st_clean_starts(const char *folded, int length);
extern int	st_clean_placeholder(const char *s, const char *end);

/* The folded text of a line, and its length. */
static inline const char *
st_clean_folded(const CleanDocument *doc, int i, int *length)
{
	*length = doc->lines[i].fold_end - doc->lines[i].fold_start;
	return doc->folded + doc->lines[i].fold_start;
}

/* Drops the lines [first, last]. */
static inline void
st_clean_drop(CleanDocument *doc, int first, int last)
{
	int			i;

	for (i = first; i <= last && i < doc->nlines; i++)
		doc->lines[i].kind = LINE_DROP;
}

/* Number of words of folded text. */
static inline int
st_clean_words(const char *s, int length)
{
	int			words = 0;
	int			i;

	for (i = 0; i < length; i++)
		words += (s[i] != ' ' && (i == 0 || s[i - 1] == ' '));
	return words;
}

/* text_clean_rules.c, text_clean_replies.c, text_clean_leftovers.c */
extern void st_clean_drop_leftovers(CleanDocument *doc);
extern void st_clean_find_replies(CleanDocument *doc);
extern void st_clean_drop_lines(CleanDocument *doc);

#endif							/* ST_TEXT_CLEAN_H */
