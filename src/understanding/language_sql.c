/*-------------------------------------------------------------------------
 *
 * language_sql.c
 *		triage.language.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "understanding/understanding.h"

PG_FUNCTION_INFO_V1(st_language_sql);

/*
 * st_language_sql
 *		triage.language(document): what the requester wrote of it is read.
 */
Datum
st_language_sql(PG_FUNCTION_ARGS)
{
	text	   *document = PG_GETARG_TEXT_PP(0);
	StDocument	doc;
	StReading	reading;
	StLanguage	language;
	TupleDesc	desc;
	Datum		values[4];
	bool		nulls[4] = {false};
	int			length;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	st_document_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), &doc);
	doc.data = st_clean(doc.data, doc.length, &length);
	doc.length = length;
	st_reading_begin(&reading, &doc);
	st_language(&reading, NULL, 0, &language);

	values[0] = CStringGetTextDatum(language.code);
	values[1] = Float4GetDatum(language.confidence);
	values[2] = CStringGetTextDatum(language.script);
	values[3] = BoolGetDatum(language.mixed);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
