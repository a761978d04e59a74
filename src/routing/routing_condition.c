/*-------------------------------------------------------------------------
 *
 * routing_condition.c
 *		Conditions over triage.facts, by hand: triage.test_condition.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "core/condition.h"
#include "routing/routing.h"

PG_FUNCTION_INFO_V1(st_test_condition);

/* What test_condition keeps between calls. */
typedef struct Tested
{
	MemoryContext cxt;
	char	   *text;
	TupleDesc	tupdesc;
	StCondition *condition;
	TupleTableSlot *slot;
	ExprContext *econtext;
} Tested;

/*
 * triage.test_condition(condition, facts): what a condition says of some facts;
 * NULL is not true.  Throws what is wrong with it and what it throws.
 */
Datum
st_test_condition(PG_FUNCTION_ARGS)
{
	text	   *condition = PG_GETARG_TEXT_PP(0);
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(1);
	Tested	   *tested = fcinfo->flinfo->fn_extra;
	HeapTupleData tuple;
	Datum		value;
	bool		is_null;

	if (tested == NULL || strlen(tested->text) != VARSIZE_ANY_EXHDR(condition) ||
		memcmp(tested->text, VARDATA_ANY(condition), VARSIZE_ANY_EXHDR(condition)) != 0)
	{
		MemoryContext cxt = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "support_triage condition",
												  ALLOCSET_SMALL_SIZES);
		MemoryContext old = MemoryContextSwitchTo(cxt);

		if (tested != NULL)
			MemoryContextDelete(tested->cxt);
		fcinfo->flinfo->fn_extra = NULL;
		tested = palloc(sizeof(Tested));
		tested->cxt = cxt;
		tested->text = text_to_cstring(condition);
		tested->tupdesc = st_facts_tupdesc();
		tested->condition = st_condition_compile(tested->text, tested->tupdesc);
		tested->slot = MakeSingleTupleTableSlot(tested->tupdesc, &TTSOpsHeapTuple);
		tested->econtext = CreateStandaloneExprContext();
		tested->econtext->ecxt_scantuple = tested->slot;
		MemoryContextSwitchTo(old);
		fcinfo->flinfo->fn_extra = tested;
	}

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	ExecStoreHeapTuple(&tuple, tested->slot, false);
	value = BoolGetDatum(st_condition_holds(tested->condition, tested->econtext, &is_null));
	ExecClearTuple(tested->slot);
	ResetExprContext(tested->econtext);
	if (is_null)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(value);
}
