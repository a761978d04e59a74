/*-------------------------------------------------------------------------
 *
 * escalation_calls.c
 *		What the functions of the queue have in common: statements whose plans
 *		are kept, who may call what, and telling who listens.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"

#define CHANNEL "triage_escalation"

/* Runs a statement; throws what it throws.  Needs SPI_connect. */
void
st_escalation_run(StEscalationStatement *s, Datum *values, const char *nulls, int expected)
{
	int			rc;

	if (s->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(s->sql, s->nargs, s->argtypes,
											  s->plan_again ? CURSOR_OPT_CUSTOM_PLAN : 0);

		if (plan == NULL)
			elog(ERROR, "could not prepare a statement on the escalation queue: %s",
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		s->plan = plan;
	}

	rc = SPI_execute_plan(s->plan, values, nulls, false, 0);
	if (rc != expected)
		elog(ERROR, "a statement on the escalation queue returned %s",
			 SPI_result_code_string(rc));
}

/* Listeners are told once a transaction: equal notifications are merged. */
void
st_escalation_notify(void)
{
	Async_Notify(CHANNEL, "");
}

/*
 * st_escalation_need
 *		Throws where nothing can be written, and unless the current user has
 *		these rights on a table of ours: it is written past the executor.
 */
void
st_escalation_need(const char *function, const char *relname, uint64 rights)
{
	Oid			relid = st_relation_oid(relname, false);
	AclMode		wanted = (AclMode) rights;

	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
	if (pg_class_aclmask(relid, GetUserId(), wanted, ACLMASK_ALL) != wanted)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, relname);
}
