/*-------------------------------------------------------------------------
 *
 * assignment_statement.c
 *		Statements of assignment whose plans are kept, and who may run what.
 *
 * Functions of assignment read and write tables as the caller.  Where they do
 * so past the executor, the caller's rights are tested here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/rls.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

/*
 * st_kept_run
 *		Runs a statement between SPI_connect and SPI_finish; returns how many
 *		rows it touched or gave, which are then in SPI_tuptable.
 */
uint64
st_kept_run(StKept *kept, Datum *values, const char *nulls)
{
	int			rc;

	if (kept->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(kept->sql, kept->nargs, kept->argtypes);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a statement of assignment: %s",
				 SPI_result_code_string(SPI_result));
		kept->plan = plan;
	}
	rc = SPI_execute_plan(kept->plan, values, nulls, false, 0);
	if (rc < 0)
		elog(ERROR, "a statement of assignment returned %s", SPI_result_code_string(rc));
	return SPI_processed;
}

/* A value of what the last statement gave. */
Datum
st_kept_value(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

/* Throws unless the current user has these rights on a table of ours. */
void
st_need_rights(const char *relname, AclMode rights)
{
	Oid			relid = st_relation_oid(relname, false);
	AclResult	result = pg_class_aclmask(relid, GetUserId(), rights, ACLMASK_ALL) == rights ?
	ACLCHECK_OK : ACLCHECK_NO_PRIV;

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_TABLE, relname);
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security keeps you from assigning tickets"),
				 errdetail("Policies on \"%s.%s\" bind you.", ST_SCHEMA, relname)));
}

/* Throws where nothing can be written; function is its name for people. */
void
st_need_write(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
}
