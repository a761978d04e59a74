/*-------------------------------------------------------------------------
 *
 * pipeline_owner.c
 *		Writing our tables on behalf of whoever inserts a ticket.
 *
 * Decisions are written as the owner of schema triage, so that nobody needs a
 * right on it.  An error restores the caller's identity by itself, with the
 * end of the (sub)transaction.  While the identity is worn nothing of the
 * user's may run: every statement qualifies its operators, functions and
 * tables, and values were made before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"

#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Takes a role's identity; *saved is for st_become_caller. */
void
st_become(Oid userid, StIdentity *saved)
{
	GetUserIdAndSecContext(&saved->userid, &saved->sec_context);
	SetUserIdAndSecContext(userid, saved->sec_context | SECURITY_LOCAL_USERID_CHANGE);
}

/* Takes the identity of the owner of schema triage. */
void
st_become_owner(StIdentity *saved)
{
	st_become(st_extension_owner(), saved);
}

/*
 * Takes the identity in which the tickets of a table are read for no one in
 * particular: its owner's, in a security-restricted operation, as VACUUM reads
 * tables.
 */
void
st_become_reader(Oid owner, StIdentity *saved)
{
	GetUserIdAndSecContext(&saved->userid, &saved->sec_context);
	SetUserIdAndSecContext(owner, saved->sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
}

void
st_become_caller(const StIdentity *saved)
{
	SetUserIdAndSecContext(saved->userid, saved->sec_context);
}

/* Plans a statement, once a backend.  Needs SPI_connect. */
static void
prepare(StStatement *statement)
{
	SPIPlanPtr	plan;

	if (statement->plan != NULL)
		return;
	plan = SPI_prepare_cursor(statement->sql, statement->nargs, statement->argtypes,
							  statement->plan_again ? CURSOR_OPT_CUSTOM_PLAN : 0);
	if (plan == NULL)
		elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	statement->plan = plan;
}

/*
 * st_statement_run
 *		Runs a statement between SPI_connect and SPI_finish, keeping its plan.
 *		Throws what it throws; the result is where SPI leaves it.
 */
void
st_statement_run(StStatement *statement, Datum *values, const char *nulls, int expected)
{
	int			rc;

	prepare(statement);
	rc = SPI_execute_plan(statement->plan, values, nulls, false, 0);
	if (rc != expected)
		elog(ERROR, "a statement returned %s", SPI_result_code_string(rc));
}

/* st_statement_open: the same, for results that are fetched one by one. */
Portal
st_statement_open(StStatement *statement, Datum *values, const char *nulls)
{
	prepare(statement);
	return SPI_cursor_open(NULL, statement->plan, values, nulls, false);
}

/* Runs a statement that gives one value of type text; NULL when it gives none. */
char *
st_statement_text(StStatement *statement, Datum *values, const char *nulls)
{
	st_statement_run(statement, values, nulls, SPI_OK_SELECT);
	return SPI_processed == 1 ? SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1) : NULL;
}
