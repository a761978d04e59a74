/*-------------------------------------------------------------------------
 *
 * pii_sql.c
 *		triage.find_pii and triage.redact, and redaction of what is kept.
 *
 * Both read the whole document, however long: what is handed out as redacted
 * has no part that nobody looked at.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

#include "core/compat.h"
#include "model/model.h"
#include "understanding/pii_inner.h"

PG_FUNCTION_INFO_V1(st_find_pii_sql);
PG_FUNCTION_INFO_V1(st_redact_sql);

bool		st_redact_stored_text = true;

static void filter_example(const StDocument *in, StDocument *out);

/* st_pii_init: defines the setting, and has training see redacted text */
void
st_pii_init(void)
{
	DefineCustomBoolVariable("support_triage.redact_stored_text",
							 "Keeps personal data out of models and of text that is stored.",
							 "When on, training reads redacted examples, and excerpts of tickets are stored redacted.",
							 &st_redact_stored_text,
							 true,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);
	st_pii_kinds_init();
	st_examples_filter = filter_example;
}

/*
 * server_text
 *		Bytes of a document in the database's encoding.
 */
static text *
server_text(const char *utf8, int length)
{
	int			encoding = GetDatabaseEncoding();

	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
		utf8 = st_convert(utf8, length, PG_UTF8, encoding, &length);
	return cstring_to_text_with_len(utf8, length);
}

/* triage.find_pii(document) */
Datum
st_find_pii_sql(PG_FUNCTION_ARGS)
{
	text	   *bytes = PG_GETARG_TEXT_PP(0);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	StDocument	document;
	StPiiSpan  *spans;
	int			n;
	int			read = 0;
	int			before = 0;

	InitMaterializedSRF(fcinfo, 0);
	st_document_read_all(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &document);
	spans = st_find_pii(&document, NULL, 0, &n);
	for (int i = 0; i < n; i++)
	{
		const StPiiSpan *span = &spans[i];
		Datum		values[5];
		bool		nulls[5] = {false, false, false, false, false};
		text	   *value = server_text(document.data + span->start, span->length);

		before += st_document_characters(&document, read, span->start);
		read = span->start;
		values[0] = CStringGetTextDatum(span->kind);
		values[1] = Int32GetDatum(before + 1);
		values[2] = Int32GetDatum(st_document_characters(&document, span->start, span->start + span->length));
		values[3] = PointerGetDatum(value);
		values[4] = Float4GetDatum(span->confidence);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		pfree(DatumGetPointer(values[0]));
		pfree(value);
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}

/*
 * replace
 *		Returns bytes with each span as "<KIND>", palloc'd.
 */
static char *
replace(const char *bytes, int length, const StPiiSpan *spans, int n, int *out_length)
{
	StringInfoData out;
	int			done = 0;

	initStringInfo(&out);
	for (int i = 0; i < n; i++)
	{
		appendBinaryStringInfo(&out, bytes + done, spans[i].start - done);
		appendStringInfo(&out, "<%s>", spans[i].kind);
		done = spans[i].start + spans[i].length;
	}
	appendBinaryStringInfo(&out, bytes + done, length - done);
	*out_length = out.len;
	return out.data;
}

/*
 * st_redact
 *		Returns a document with each piece of personal data as "<KIND>", in
 *		UTF-8, palloc'd, ending with NUL.  Throws what st_find_pii throws.
 */
char *
st_redact(const StDocument *doc, const char *const *kinds, int nkinds, int *length)
{
	int			n;
	StPiiSpan  *spans = st_find_pii(doc, kinds, nkinds, &n);

	return replace(doc->data, doc->length, spans, n, length);
}

/*
 * st_text_to_store
 *		The form of a document in which any of it may be stored: redacted, when
 *		support_triage.redact_stored_text is on.  Memory and errors as st_redact.
 */
char *
st_text_to_store(const StDocument *doc, int *length)
{
	if (st_redact_stored_text)
		return st_redact(doc, NULL, 0, length);
	*length = doc->length;
	return pnstrdup(doc->data, doc->length);
}

/*
 * kinds_argument
 *		The names in an array of kinds; throws for what is no kind.
 */
static char **
kinds_argument(ArrayType *array, int *n)
{
	const PiiKinds *all = st_pii_kinds();
	Datum	   *values;
	bool	   *nulls;
	char	  **names;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, n);
	names = palloc(sizeof(char *) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a kind of personal data must not be null")));
		names[i] = TextDatumGetCString(values[i]);
		if (st_pii_find_kind(all, names[i]) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("there is no kind of personal data \"%s\"", names[i]),
					 errhint("The kinds are %s.", st_pii_kind_names(all))));
	}
	return names;
}

/* triage.redact(document, kinds) */
Datum
st_redact_sql(PG_FUNCTION_ARGS)
{
	text	   *bytes;
	char	  **kinds = NULL;
	int			nkinds = 0;
	StDocument	document;
	StPiiSpan  *spans;
	char	   *redacted;
	int			length;
	int			n;
	int			encoding = GetDatabaseEncoding();

	if (!PG_ARGISNULL(1))
		kinds = kinds_argument(PG_GETARG_ARRAYTYPE_P(1), &nkinds);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();

	bytes = PG_GETARG_TEXT_PP(0);
	st_document_read_all(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &document);
	spans = st_find_pii(&document, (const char *const *) kinds, nkinds, &n);
	if (n == 0)
		PG_RETURN_TEXT_P(bytes);

	/* where bytes correspond, those that are no text stay as they are */
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
	{
		redacted = replace(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), spans, n, &length);
		PG_RETURN_TEXT_P(cstring_to_text_with_len(redacted, length));
	}
	redacted = replace(document.data, document.length, spans, n, &length);
	PG_RETURN_TEXT_P(server_text(redacted, length));
}

/*
 * filter_example
 *		What training reads of an example: each piece of personal data as one
 *		word of its own ("piiemail"), which no document has by chance.  Palloc'd
 *		where it differs.
 */
static void
filter_example(const StDocument *in, StDocument *out)
{
	StPiiSpan  *spans;
	StringInfoData text;
	int			done = 0;
	int			n;

	*out = *in;
	if (!st_redact_stored_text)
		return;
	spans = st_find_pii(in, NULL, 0, &n);
	if (n == 0)
		return;

	initStringInfo(&text);
	for (int i = 0; i < n; i++)
	{
		appendBinaryStringInfo(&text, in->data + done, spans[i].start - done);
		appendStringInfoString(&text, " pii");
		for (const char *c = spans[i].kind; *c != '\0'; c++)
		{
			if (*c != '_')
				appendStringInfoChar(&text, pii_lower((uint8) *c));
		}
		appendStringInfoChar(&text, ' ');
		done = spans[i].start + spans[i].length;
	}
	appendBinaryStringInfo(&text, in->data + done, in->length - done);
	out->data = text.data;
	out->length = text.len;
}
