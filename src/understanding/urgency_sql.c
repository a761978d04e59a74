/*-------------------------------------------------------------------------
 *
 * urgency_sql.c
 *		triage.urgency, triage.wants_human and triage.sensitive_topics.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "understanding/understanding.h"

PG_FUNCTION_INFO_V1(st_urgency_sql);
PG_FUNCTION_INFO_V1(st_wants_human_sql);
PG_FUNCTION_INFO_V1(st_sensitive_topics_sql);

/* The signals of the functions' arguments: document, language. */
static void
read_signals(FunctionCallInfo fcinfo, StSignals *signals)
{
	text	   *document = PG_GETARG_TEXT_PP(0);
	char	   *language = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	StDocument	doc;
	StReading	reading;

	st_document_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), &doc);
	st_reading_begin(&reading, &doc);
	st_signals(&reading, language, signals);
}

/* triage.urgency(document, language) */
Datum
st_urgency_sql(PG_FUNCTION_ARGS)
{
	StSignals	signals;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	read_signals(fcinfo, &signals);
	PG_RETURN_FLOAT4(signals.urgency);
}

/* triage.wants_human(document, language) */
Datum
st_wants_human_sql(PG_FUNCTION_ARGS)
{
	StSignals	signals;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	read_signals(fcinfo, &signals);
	PG_RETURN_BOOL(signals.wants_human);
}

/* triage.sensitive_topics(document, language) */
Datum
st_sensitive_topics_sql(PG_FUNCTION_ARGS)
{
	StSignals	signals;
	Datum		names[ST_MAX_TOPICS];
	int			n = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	read_signals(fcinfo, &signals);
	for (int t = 0; t < ST_MAX_TOPICS; t++)
	{
		const char *name = (signals.topics >> t) & 1 ? st_topic_name(t) : NULL;

		/* names are ASCII */
		if (name != NULL)
			names[n++] = CStringGetTextDatum(name);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}
