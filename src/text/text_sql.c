/*-------------------------------------------------------------------------
 *
 * text_sql.c
 *		triage.clean, triage.normalize and triage.tokenize.
 *
 * None of them throws for any document: what cannot be said in the database's
 * encoding becomes '?'.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "core/compat.h"
#include "text/text.h"
#include "text/text_chars.h"
#include "text/text_tokens.h"

PG_FUNCTION_INFO_V1(st_clean_sql);
PG_FUNCTION_INFO_V1(st_normalize_sql);
PG_FUNCTION_INFO_V1(st_tokenize_sql);

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
		char	   *utf8 = st_convert(bytes, length, encoding, PG_UTF8, &length);

		cleaned = st_clean(utf8, length, &length);
		cleaned = st_convert(cleaned, length, PG_UTF8, encoding, &length);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(cleaned, length));
}

/*
 * utf16_to_text
 *		Returns UTF-16 as text in the database's encoding.
 */
static text *
utf16_to_text(const UChar *units, int nunits)
{
	int32_t		size = nunits * 3 + 1;
	char	   *utf8 = palloc(size);
	int32_t		length = 0;
	int			encoding = GetDatabaseEncoding();
	UErrorCode	status = U_ZERO_ERROR;

	u_strToUTF8(utf8, size, &length, units, nunits, &status);
	if (U_FAILURE(status))
		elog(ERROR, "could not convert from UTF-16: %s", u_errorName(status));
	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
	{
		int			converted;

		utf8 = st_convert(utf8, length, PG_UTF8, encoding, &converted);
		length = converted;
	}
	return cstring_to_text_with_len(utf8, length);
}

/* triage.normalize(document) */
Datum
st_normalize_sql(PG_FUNCTION_ARGS)
{
	text	   *bytes = PG_GETARG_TEXT_PP(0);
	StDocument	document;
	UChar	   *source;
	UChar	   *folded;
	int32_t		source_length = 0;
	int32_t		folded_length;
	UErrorCode	status = U_ZERO_ERROR;

	st_document_read(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &document);
	source = palloc(sizeof(UChar) * (document.length + 1));
	u_strFromUTF8(source, document.length + 1, &source_length,
				  document.data, document.length, &status);
	if (U_FAILURE(status))
		elog(ERROR, "could not convert to UTF-16: %s", u_errorName(status));

	/* the length is found first: a code point may become eighteen */
	folded_length = unorm2_normalize(st_nfkc_casefold(), source, source_length,
									 NULL, 0, &status);
	folded = palloc(sizeof(UChar) * (folded_length + 1));
	status = U_ZERO_ERROR;
	unorm2_normalize(st_nfkc_casefold(), source, source_length,
					 folded, folded_length + 1, &status);
	if (U_FAILURE(status))
		elog(ERROR, "could not normalise: %s", u_errorName(status));

	PG_RETURN_TEXT_P(utf16_to_text(folded, folded_length));
}

/*
 * token_text
 *		A token's normalised text in the database's encoding.
 */
static text *
token_text(const StTokens *tokens, const StToken *token)
{
	UChar	   *units = palloc(sizeof(UChar) * token->length * 2);
	int			n = 0;

	for (int i = 0; i < token->length; i++)
		U16_APPEND_UNSAFE(units, n, (UChar32) tokens->points[token->first + i]);
	return utf16_to_text(units, n);
}

/* triage.tokenize(document) */
Datum
st_tokenize_sql(PG_FUNCTION_ARGS)
{
	text	   *bytes = PG_GETARG_TEXT_PP(0);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	StDocument	document;
	StTokens   *tokens;

	InitMaterializedSRF(fcinfo, 0);
	st_document_read(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &document);
	tokens = st_tokenize(&document);
	for (int t = 0; t < tokens->ntokens; t++)
	{
		const StToken *token = &tokens->tokens[t];
		Datum		values[4];
		bool		nulls[4] = {false, false, false, false};

		values[0] = Int32GetDatum(token->start + 1);
		values[1] = Int32GetDatum(token->source_length);
		values[2] = PointerGetDatum(token_text(tokens, token));
		values[3] = CStringGetTextDatum(token->kind == ST_TOKEN_SYMBOL ? "symbol" : "word");
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}
