/*-------------------------------------------------------------------------
 *
 * text_clean_sql.c
 *		triage.clean(document).
 *
 * Converts between the database encoding and UTF-8 itself, with the
 * no-error form of PostgreSQL's conversion, because cleaning must not throw:
 * a character that has no equivalent becomes '?'.  In an SQL_ASCII database
 * bytes are taken as they are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "text/text.h"

/* Room that is always left: a conversion must never stop for want of it. */
#define ROOM	64

PG_FUNCTION_INFO_V1(st_clean_sql);

/*
 * convert
 *		Returns bytes in another encoding, palloc'd, and their length.  What
 *		cannot be converted becomes '?'.  Throws only for lack of memory, or
 *		when the server has no such conversion at all.
 */
static char *
convert(const char *bytes, int length, int from, int to, int *out_length)
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
														  (unsigned char *) bytes + done,
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

/* triage.clean(document) */
Datum
st_clean_sql(PG_FUNCTION_ARGS)
{
	text	   *document = PG_GETARG_TEXT_PP(0);
	char	   *bytes = VARDATA_ANY(document);
	int			length = VARSIZE_ANY_EXHDR(document);
	int			encoding = GetDatabaseEncoding();
	char	   *cleaned;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		cleaned = st_clean(bytes, length, &length);
	else
	{
		char	   *utf8 = convert(bytes, length, encoding, PG_UTF8, &length);

		cleaned = st_clean(utf8, length, &length);
		cleaned = convert(cleaned, length, PG_UTF8, encoding, &length);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(cleaned, length));
}
