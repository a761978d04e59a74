/*-------------------------------------------------------------------------
 *
 * pii_inner.h
 *		What the files pii*.c share.  Other rooms include understanding.h.
 *
 *	pii_chars.c		a part of a document as one byte a character: what each is
 *					to the rules, whatever form it was written in
 *	pii_words.c		words that tell what a number is, and names of months
 *	pii_scan.c		one pass over these bytes that calls the rules, and what is
 *					done where findings overlap
 *	pii_address.c	e-mail, web and IP addresses, IBAN
 *	pii_number.c	runs of digit groups: cards, US social security numbers
 *	pii_phone.c		telephone numbers
 *	pii_date.c		calendar dates
 *	pii_check.c		checksums
 *	pii_kind.c		triage.pii_kind as each backend holds it
 *	pii_pattern.c	patterns of triage.pii_kind, by PostgreSQL's regex engine
 *	pii_sql.c		the SQL functions
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_PII_INNER_H
#define ST_PII_INNER_H

#include "postgres.h"

#include "regex/regex.h"

#include "understanding/understanding.h"

/* The kinds that are found without a row, in the order of st_pii_builtin_names. */
typedef enum PiiBuiltin
{
	PII_EMAIL,
	PII_PHONE,
	PII_CREDIT_CARD,
	PII_IBAN,
	PII_IP_ADDRESS,
	PII_URL,
	PII_US_SSN,
	PII_DATE
} PiiBuiltin;

#define PII_NUM_BUILTIN	8

extern const char *const st_pii_builtin_names[PII_NUM_BUILTIN];

#define PII_DEFAULT_THRESHOLD	0.5f

/* What context does to the confidence of a finding. */
#define PII_CONTEXT_FOR			0.4f
#define PII_CONTEXT_AGAINST		0.35f
#define PII_MOST_CONFIDENCE		0.99f

/* ---- characters (pii_chars.c) ---- */

/*
 * A document is read in parts of this many bytes, cut where nothing is likely
 * to be cut in two.  A part is one byte a character: ASCII stands for itself
 * and for what is written for it (full-width forms, digits of any script,
 * dashes, blanks, letters with accents, letters that look like Latin ones),
 * all else is one of these.  Invisible characters and marks are left out.
 */
#define PII_PART_BYTES	65536
#define PII_OVERLAP_BYTES	512 /* of parts that had to be cut anywhere */

#define PII_LETTER		0x80	/* of a script that separates words */
#define PII_WIDE		0x81	/* of one that does not: ends what is before */
#define PII_MONEY		0x82	/* a currency sign */
#define PII_OTHER		0x83
#define PII_DROP		0x84	/* never in a part */

typedef struct PiiText
{
	const uint8 *c;
	int			n;				/* characters */
	const int32 *at;			/* byte of data where each begins, n + 1 of
								 * them; NULL: the same as the character */
	const char *data;			/* the part, UTF-8 */
	int			length;			/* in bytes */
} PiiText;

/* Properties of the bytes of a part. */
#define PII_IS_DIGIT	0x01
#define PII_IS_ALPHA	0x02	/* an ASCII letter */
#define PII_IS_WORD		0x04	/* a digit or any letter but PII_WIDE */
#define PII_IS_HEX		0x08
#define PII_IS_TRIGGER	0x10	/* the scanner looks closer */
#define PII_IS_LOCAL	0x20	/* may stand in an e-mail address before the @ */
#define PII_IS_HOST		0x40	/* may stand in a host name, but for its dots */

extern const uint8 st_pii_class[256];

/* The character at i; a line break where there is none. */
static inline uint8
pii_char(const PiiText *text, int i)
{
	return i >= 0 && i < text->n ? text->c[i] : '\n';
}

static inline bool
pii_is(const PiiText *text, int i, uint8 class)
{
	return (st_pii_class[pii_char(text, i)] & class) != 0;
}

static inline uint8
pii_lower(uint8 c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Byte of the part where character i begins. */
static inline int
pii_byte(const PiiText *text, int i)
{
	return text->at ? text->at[i] : i;
}

extern int	st_pii_part(const StDocument *doc, int from, int *again);
extern void st_pii_fold(const char *data, int length, PiiText *text);
extern int	st_pii_end_byte(const PiiText *text, int last);
extern uint32 st_pii_point(const PiiText *text, int i);
extern const pg_wchar *st_pii_wide(const PiiText *text);
extern char *st_pii_text(const PiiText *text, int start, int end);

/* ---- words (pii_words.c) ---- */

/* What a word says about a number near it. */
#define PII_WORD_PHONE		0x0001
#define PII_WORD_CARD		0x0002
#define PII_WORD_IP			0x0004
#define PII_WORD_VERSION	0x0008
#define PII_WORD_ID			0x0010	/* orders, parcels, serial numbers */
#define PII_WORD_STREET		0x0020
#define PII_WORD_SSN		0x0040
#define PII_WORD_DATE		0x0080
#define PII_WORD_AMOUNT		0x0100
#define PII_WORD_IBAN		0x0200
#define PII_WORD_OF			0x0400	/* between the parts of a date */

/* What a month is called. */
#define PII_MONTH_SHORT		0x10	/* an abbreviation */
#define PII_MONTH_DOUBTFUL	0x20	/* also another word: needs a year */
#define PII_MONTH(m)		((m) & 0x0F)

typedef struct PiiWord
{
	int			start;
	int			end;
	uint64		hash;
	uint16		says;			/* PII_WORD_* */
	uint8		month;			/* 1 to 12 and PII_MONTH_*; 0: none */
} PiiWord;

extern uint64 st_pii_hash_utf8(const char *word, int length);
extern bool st_pii_word_before(const PiiText *text, int i, int least, PiiWord *word);
extern bool st_pii_word_after(const PiiText *text, int i, int most, PiiWord *word);

/* ---- kinds (pii_kind.c, pii_pattern.c) ---- */

typedef bool (*PiiChecksum) (const uint8 *c, int n);

typedef struct PiiPattern
{
	regex_t		regex;
	bool		broken;			/* failed once: not tried again */
} PiiPattern;

typedef struct PiiKind
{
	const char *name;
	bool		enabled;
	float		threshold;
	PiiPattern *pattern;		/* NULL: none */
	PiiPattern *allow;			/* what is never of this kind; NULL: none */
	PiiChecksum checksum;		/* NULL: none */
	uint64	   *words;			/* of context, sorted */
	int			nwords;
} PiiKind;

typedef struct PiiKinds
{
	int			n;
	PiiKind    *kind;			/* the built-in ones first */
	PiiPattern *allow;			/* what is of no kind; NULL: none */
	bool		patterns;		/* some enabled kind has a pattern */
	bool		allows;			/* some kind has an allow-list */
} PiiKinds;

extern void st_pii_kinds_init(void) pg_attribute_cold;
extern const PiiKinds *st_pii_kinds(void);
extern int	st_pii_find_kind(const PiiKinds *kinds, const char *name);
extern char *st_pii_kind_names(const PiiKinds *kinds);

extern PiiPattern *st_pii_compile(const char *utf8_or_server, int length, char **why);
extern bool st_pii_has_backrefs(const PiiPattern *pattern);
extern bool st_pii_matches_nothing(PiiPattern *pattern);

/* ---- checksums (pii_check.c) ---- */

extern bool st_pii_luhn(const uint8 *c, int n);
extern bool st_pii_iban(const uint8 *c, int n);
extern int	st_pii_iban_length(const uint8 *country);
extern bool st_pii_checksum(const char *name, PiiChecksum *checksum);
extern const char st_pii_checksum_names[];

/* ---- the scanner (pii_scan.c) and its rules ---- */

typedef struct PiiFound
{
	int			start;			/* characters of the part */
	int			end;
	int			kind;
	float		confidence;
} PiiFound;

typedef struct PiiScan
{
	const PiiText *text;
	const PiiKinds *kinds;
	bool		first;			/* the part begins the document */
	bool		last;			/* the part ends it */
	bool		skip_urls;		/* what is inside of one is not looked at */
	int			url_end;		/* end of the last one */
	int			cut_at;			/* where a run of groups was cut */
	char		cut_sep;		/* and what joined them */
	PiiFound   *found;
	int			nfound;
	int			found_size;
} PiiScan;

extern void st_pii_found(PiiScan *scan, int kind, int start, int end, float confidence);

/* What the words around a finding say. */
typedef struct PiiContext
{
	bool		is;				/* it is of this kind */
	bool		against;		/* the words just before say it is not */
	bool		street;			/* an address goes on after it */
} PiiContext;

extern PiiContext st_pii_context(const PiiScan *scan, int kind, int start, int end);
extern bool st_pii_attached_before(const PiiText *text, int start, PiiWord *word);
extern bool st_pii_attached_after(const PiiText *text, int end, PiiWord *word);

/* Each returns the character after what it read, more than i. */
extern int	st_pii_email(PiiScan *scan, int i);
extern int	st_pii_colon(PiiScan *scan, int i);
extern int	st_pii_www(PiiScan *scan, int i);
extern int	st_pii_ipv4(PiiScan *scan, int i);
extern int	st_pii_iban_at(PiiScan *scan, int i);
extern int	st_pii_number(PiiScan *scan, int i);

/* Digits and what joins them to the group before. */
typedef struct PiiGroup
{
	int			start;
	int			end;
	int			ndigits;
	char		sep;			/* '-', '.', '/', ' ', or '(' when there are
								 * only parentheses; 0: the first */
	bool		spaced;			/* blanks on both sides of sep: another number
								 * may begin */
	bool		open;			/* "(" before it */
	bool		close;			/* ")" after it */
} PiiGroup;

#define PII_MAX_GROUPS		64	/* read at once */
#define PII_MOST_TAKEN		8	/* by a rule */
#define PII_MAX_DIGITS		19	/* of a group */

typedef struct PiiRun
{
	PiiGroup	group[PII_MAX_GROUPS];
	int			n;
	bool		plus;			/* "+" before the first */
	bool		joined;			/* it goes on a number that was cut */
	bool		part;			/* there are more groups before or after */
	bool		cut;			/* after */
	int			end;			/* where to go on */
} PiiRun;

extern bool st_pii_is_border(const PiiRun *run, int g);
extern int	st_pii_date(PiiScan *scan, const PiiRun *run, int g, int *end);
extern void st_pii_phones(PiiScan *scan, const PiiRun *run, int from, int to);
extern bool st_pii_next_match(const PiiScan *scan, PiiPattern *pattern, bool held,
							  int *from, int *start, int *end);
extern void st_pii_patterns(PiiScan *scan);
extern void st_pii_allow(PiiScan *scan, PiiPattern *allow, int kind);

#endif							/* ST_PII_INNER_H */
