/*-------------------------------------------------------------------------
 *
 * clock_sql.c
 *		Clocks by hand: for teams whose statuses and messages are not in an
 *		attached table, and for trying policies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "sla/sla_inner.h"

PG_FUNCTION_INFO_V1(st_sla_policy_for);
PG_FUNCTION_INFO_V1(st_start_clocks);
PG_FUNCTION_INFO_V1(st_clocks_status_sql);
PG_FUNCTION_INFO_V1(st_clocks_message_sql);

static void
need_arguments(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d must not be null", i + 1)));
	}
}

/* The first policy that is for these facts, or NULL. */
static const StPolicy *
policy_for(HeapTupleHeader facts)
{
	TupleDesc	tupdesc = lookup_rowtype_tupdesc_copy(st_type_oid("facts"), -1);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsHeapTuple);
	ExprContext *econtext = CreateStandaloneExprContext();
	const StPolicy *found = NULL;
	const StPolicy *const *policies;
	HeapTupleData tuple;
	int			n;

	tuple.t_len = HeapTupleHeaderGetDatumLength(facts);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = facts;
	ExecStoreHeapTuple(&tuple, slot, false);
	econtext->ecxt_scantuple = slot;

	policies = st_policies(&n);
	for (int i = 0; i < n && found == NULL; i++)
	{
		if (st_policy_holds(policies[i], econtext))
			found = policies[i];
	}
	FreeExprContext(econtext, true);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/* triage.sla_policy_for(facts): the name of the policy, NULL when there is none */
Datum
st_sla_policy_for(PG_FUNCTION_ARGS)
{
	const StPolicy *policy = policy_for(PG_GETARG_HEAPTUPLEHEADER(0));

	if (policy == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(policy->name));
}

static void
ticket_arguments(FunctionCallInfo fcinfo, StClockTicket *ticket)
{
	memset(ticket, 0, sizeof(*ticket));
	ticket->tenant_id = PG_GETARG_TEXT_PP(0);
	ticket->source_id = PG_GETARG_INT32(1);
	ticket->ticket_key = PG_GETARG_TEXT_PP(2);
}

/* An argument that is a value of one of our enums. */
static int
enum_argument(FunctionCallInfo fcinfo, int arg, const char *const *names, int n)
{
	char	   *label = DatumGetCString(DirectFunctionCall1(enum_out, PG_GETARG_DATUM(arg)));

	for (int i = 0; i < n; i++)
	{
		if (strcmp(label, names[i]) == 0)
			return i;
	}
	elog(ERROR, "unknown enum value \"%s\"", label);
	return 0;
}

/*
 * triage.start_clocks(tenant_id, source_id, ticket_key, facts, priority, status, at):
 * the name of the policy whose clocks it started, NULL when there is none.
 */
Datum
st_start_clocks(PG_FUNCTION_ARGS)
{
	StClockTicket ticket;
	const StPolicy *policy;
	StTableWriter *writer;
	char	   *status = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));

	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i) && i != 5)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d must not be null", i + 1)));
	}
	ticket_arguments(fcinfo, &ticket);
	ticket.priority = PG_GETARG_INT16(4);
	policy = policy_for(PG_GETARG_HEAPTUPLEHEADER(3));
	if (policy == NULL)
		PG_RETURN_NULL();

	writer = st_clock_writer_begin();
	st_clocks_start(writer, policy, &ticket, PG_GETARG_TIMESTAMPTZ(6), st_status_phase(status), false);
	st_table_writer_end(writer);
	PG_RETURN_TEXT_P(cstring_to_text(policy->name));
}

/* triage.clocks_status(tenant_id, source_id, ticket_key, status, at) */
Datum
st_clocks_status_sql(PG_FUNCTION_ARGS)
{
	StClockTicket ticket;

	need_arguments(fcinfo);
	ticket_arguments(fcinfo, &ticket);
	SPI_connect();
	st_clocks_status(&ticket, st_status_phase(text_to_cstring(PG_GETARG_TEXT_PP(3))),
					 PG_GETARG_TIMESTAMPTZ(4));
	SPI_finish();
	PG_RETURN_VOID();
}

/* triage.clocks_message(tenant_id, source_id, ticket_key, author, at) */
Datum
st_clocks_message_sql(PG_FUNCTION_ARGS)
{
	static const char *const authors[] = {"customer", "agent", "bot", "system"};
	StClockTicket ticket;

	need_arguments(fcinfo);
	ticket_arguments(fcinfo, &ticket);
	SPI_connect();
	st_clocks_message(&ticket, enum_argument(fcinfo, 3, authors, lengthof(authors)),
					  PG_GETARG_TIMESTAMPTZ(4));
	SPI_finish();
	PG_RETURN_VOID();
}
