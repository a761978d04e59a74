/*-------------------------------------------------------------------------
 *
 * routing_automation.c
 *		What a given version of a model predicts of a document, for evidence.
 *
 * triage.classify speaks for the active version; evidence is wanted of a
 * candidate before it becomes that, so that automation does not pause.  The
 * document is cleaned as the pipeline cleans a ticket.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/inval.h"

#include "core/compat.h"
#include "core/core.h"
#include "model/model.h"
#include "routing/routing_tier.h"

PG_FUNCTION_INFO_V1(st_predict_version);
PG_FUNCTION_INFO_V1(st_automation_due);

/*
 * triage.predict_version(model, version, document): intent, confidence,
 * in_scope, and the version; version 0 may be a shipped model, NULL is the active
 * one.  Throws when there is no such version.
 */
Datum
st_predict_version(PG_FUNCTION_ARGS)
{
	char	   *name;
	char	   *why = NULL;
	text	   *bytes;
	StModel    *model;
	StDocument	document;
	char	   *clean;
	int			clean_length;
	StPrediction prediction;
	TupleDesc	desc;
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	model = st_model_get(name, PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1), &why);
	if (model == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s", why)));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	bytes = PG_GETARG_TEXT_PP(2);
	st_document_read(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &document);
	clean = st_clean(document.data, document.length, &clean_length);

	/* one of which nothing is left is read as it is */
	if (clean_length > 0)
	{
		document.data = clean;
		document.length = clean_length;
	}
	st_model_predict(model, &document, &prediction);

	values[0] = CStringGetTextDatum(prediction.label_text);
	values[1] = Float4GetDatum(prediction.confidence);
	values[2] = BoolGetDatum(prediction.in_scope);
	values[3] = Int32GetDatum(st_model_version(model));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * triage.automation_due(): AFTER trigger of what thresholds are solved from; the
 * worker looks at them once the change is committed.
 */
Datum
st_automation_due(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", "triage.automation_due")));

	st_wake_worker();
	return PointerGetDatum(NULL);
}
