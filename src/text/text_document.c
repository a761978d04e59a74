/*-------------------------------------------------------------------------
 *
 * text_document.c
 *		From bytes of the database's encoding to a document: valid UTF-8 of a
 *		bounded length.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "text/text.h"

/* Room that is always left: a conversion must never stop for want of it. */
#define ROOM	64

int			st_max_document_bytes = 65536;

/*
 * st_text_init
 *		Defines the settings of this room.
 */
void
st_text_init(void)
{
	DefineCustomIntVariable("support_triage.max_document_bytes",
							"Longest part of a document that is read.",
							"What is longer is cut at a character, and the result says so.",
							&st_max_document_bytes,
							65536, 256, 64 * 1024 * 1024,
							PGC_USERSET,
							GUC_UNIT_BYTE,
							NULL, NULL, NULL);
}

/*
 * utf8_cut
 *		Returns the largest length up to limit that ends at a character.
 */
static int
utf8_cut(const char *bytes, int length, int limit)
{
	if (length <= limit)
		return length;
	while (limit > 0 && ((unsigned char) bytes[limit] & 0xC0) == 0x80)
		limit--;
	return limit;
}

/*
 * read_sql_ascii
 *		In a database without an encoding: what is UTF-8 is taken as such; any
 *		other byte becomes a space, so that offsets stay those of the original.
 */
static void
read_sql_ascii(const char *bytes, int length, int most, StDocument *doc)
{
	int			limit = Min(length, most);
	char	   *copy = NULL;
	int			i = 0;

	while (i < limit)
	{
		int			size;

		if (!IS_HIGHBIT_SET(bytes[i]) && bytes[i] != '\0')
		{
			i++;
			continue;
		}
		size = pg_utf_mblen((const unsigned char *) bytes + i);
		if (bytes[i] != '\0' && i + size <= length &&
			pg_utf8_islegal((const unsigned char *) bytes + i, size))
		{
			if (i + size > limit)
				break;
			i += size;
			continue;
		}
		if (copy == NULL)
		{
			copy = palloc(limit);
			memcpy(copy, bytes, limit);
		}
		copy[i++] = ' ';
	}
	doc->data = copy ? copy : bytes;
	doc->length = i;
	doc->truncated = i < length;
	doc->by_bytes = true;
}

/*
 * st_convert
 *		Returns bytes in another encoding, palloc'd, and their length.  What
 *		cannot be converted becomes '?'.  Throws only for lack of memory, or
 *		when the server has no such conversion at all.
 */
char *
st_convert(const char *bytes, int length, int from, int to, int *out_length)
{
	Oid			procedure = FindDefaultConversionProc(from, to);
	int			maximum = pg_encoding_max_length(to);
	Size		size = (Size) length * Max(maximum, 1) + ROOM;
	char	   *out;
	int			done = 0;
	int			written = 0;

	if (!OidIsValid(procedure))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("there is no conversion from %s to %s",
						pg_encoding_to_char(from), pg_encoding_to_char(to))));
	if (size > MaxAllocSize)
		size = MaxAllocSize;
	out = palloc(size);
	while (done < length && written + ROOM / 2 < size)
	{
		int			taken = pg_do_encoding_conversion_buf(procedure, from, to,
														  (unsigned char *) unconstify(char *, bytes) + done,
														  length - done,
														  (unsigned char *) out + written,
														  (int) (size - written),
														  true);

		done += taken;
		written += strlen(out + written);
		if (done < length && taken == 0)
		{
			int			step = pg_encoding_mblen(from, bytes + done);

			out[written++] = '?';
			done += Min(Max(step, 1), length - done);
		}
		CHECK_FOR_INTERRUPTS();
	}
	*out_length = written;
	return out;
}

/*
 * read_other
 *		From any other encoding, by PostgreSQL's conversion.
 */
static void
read_other(const char *bytes, int length, int most, StDocument *doc)
{
	int			limit = pg_mbcliplen(bytes, length, Min(length, most));
	int			converted;

	doc->data = st_convert(bytes, limit, GetDatabaseEncoding(), PG_UTF8, &converted);
	doc->length = utf8_cut(doc->data, converted, most);
	doc->truncated = limit < length || doc->length < converted;
	doc->by_bytes = false;
}

/*
 * st_document_read_upto
 *		Fills doc from bytes in the database's encoding, at most limit of them,
 *		for functions that must not depend on a setting.  Where they need not
 *		change, doc points into them; else into memory of the current context.
 *		Throws only for lack of memory.
 */
void
st_document_read_upto(const char *bytes, int length, int limit, StDocument *doc)
{
	switch (GetDatabaseEncoding())
	{
		case PG_UTF8:
			doc->data = bytes;
			doc->length = utf8_cut(bytes, length, limit);
			doc->truncated = doc->length < length;
			doc->by_bytes = false;
			break;
		case PG_SQL_ASCII:
			read_sql_ascii(bytes, length, limit, doc);
			break;
		default:
			read_other(bytes, length, limit, doc);
	}
}

/* st_document_read: at most support_triage.max_document_bytes of them */
void
st_document_read(const char *bytes, int length, StDocument *doc)
{
	st_document_read_upto(bytes, length, st_max_document_bytes, doc);
}

/* st_document_read_all: the same, however long the document is */
void
st_document_read_all(const char *bytes, int length, StDocument *doc)
{
	st_document_read_upto(bytes, length, INT_MAX, doc);
}

/* st_document_characters: characters of the original in bytes [from, to) */
int
st_document_characters(const StDocument *doc, int from, int to)
{
	int			n = 0;

	if (doc->by_bytes)
		return to - from;
	for (int i = from; i < to; i++)
		n += ((unsigned char) doc->data[i] & 0xC0) != 0x80;
	return n;
}
