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

extern void st_text_init(void);

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

/*
 * st_clean: what the requester wrote, without quoted replies, signatures,
 * disclaimers and HTML.  UTF-8 in, palloc'd UTF-8 out; never throws but for
 * memory.  See text_clean.c.
 */
extern char *st_clean(const char *utf8, int length, int *out_length);

#endif							/* ST_TEXT_H */
