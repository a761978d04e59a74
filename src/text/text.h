/*-------------------------------------------------------------------------
 *
 * text.h
 *		Reading text: encoding, cleaning, normalisation, tokens.
 *
 * Everything here is pure: no catalog access, no SPI.  Documents are UTF-8
 * (st_document_read converts from the database encoding) and hostile.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_TEXT_H
#define ST_TEXT_H

#include "postgres.h"

extern void st_text_init(void) pg_attribute_cold;

/* support_triage.max_document_bytes */
extern int	st_max_document_bytes;

/*
 * A document ready to be read: valid UTF-8, at most max_document_bytes long,
 * cut at a character.  data may point into the caller's bytes or to palloc'd
 * memory of the current context.
 */
typedef struct StDocument
{
	const char *data;
	int			length;			/* bytes */
	bool		truncated;		/* the original was longer */
	bool		by_bytes;		/* a character of the database is a byte */
} StDocument;

/*
 * From bytes in the database encoding.  Never throws for bad bytes: in an
 * SQL_ASCII database what is no valid UTF-8 is read as a space.
 */
extern void st_document_read(const char *bytes, int length, StDocument *doc);

/* The same with a limit of its own instead of the setting's. */
extern void st_document_read_upto(const char *bytes, int length, int limit, StDocument *doc);

/* The same without a limit, for what must see all of a document. */
extern void st_document_read_all(const char *bytes, int length, StDocument *doc);

/* Characters of the original in bytes [from, to) of a document. */
extern int	st_document_characters(const StDocument *doc, int from, int to);

/*
 * Bytes in another encoding, palloc'd.  What cannot be converted becomes '?'.
 * Throws only for lack of memory, or when the server has no such conversion.
 */
extern char *st_convert(const char *bytes, int length, int from, int to, int *out_length);

/* Bytes of a document: start is 0-based. */
typedef struct StSpan
{
	int			start;
	int			length;
} StSpan;

/*
 * A cleaned document and where it came from.  spans are the kept parts of the
 * original, in order and disjoint; span i is found at data[offsets[i]].  A
 * span of length 0 stands for a line break that the cleaner put in.  Where the
 * lengths here and there are equal, bytes correspond one to one; where they
 * differ (a decoded entity), the whole corresponds to the whole.
 */
typedef struct StCleanText
{
	char	   *data;			/* palloc'd, NUL-terminated */
	int			length;
	StSpan	   *spans;
	int		   *offsets;
	int			nspans;
} StCleanText;

/*
 * st_clean: what the requester wrote, without quoted replies, signatures,
 * disclaimers and HTML.  UTF-8 in, palloc'd UTF-8 out; never throws but for
 * memory and query cancel.  See text_clean.c.
 *
 * st_clean_spans does the same and tells where each part came from, for rooms
 * that show evidence (explanations, personal data) in the original;
 * st_clean_original maps a byte offset of the cleaned text to the original.
 */
extern char *st_clean(const char *utf8, int length, int *out_length);
extern void st_clean_spans(const char *utf8, int length, StCleanText *out);
extern int	st_clean_original(const StCleanText *clean, int offset);

#endif							/* ST_TEXT_H */
