/*-------------------------------------------------------------------------
 *
 * escalation_finish.c
 *		What a worker does with an escalation that it holds: complete, fail,
 *		release or extend it.
 *
 * Who holds an escalation is told by the lease token that the claim gave, or, for
 * who does not give it, by the worker's name.  A lease that ran out is still a
 * holding until somebody else claims the escalation or the queue is tended: work
 * that was done a little late need not be done again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"

PG_FUNCTION_INFO_V1(st_complete_escalation);
PG_FUNCTION_INFO_V1(st_complete_escalations);
PG_FUNCTION_INFO_V1(st_fail_escalation);
PG_FUNCTION_INFO_V1(st_release_escalation);
PG_FUNCTION_INFO_V1(st_extend_escalation);
PG_FUNCTION_INFO_V1(st_require_escalation);

#define MAX_OUTCOME		10000	/* bytes */

static StEscalationStatement find_finished = {
	"SELECT tenant_id, status::pg_catalog.text, coalesce(finished_by, '') FROM triage.escalation_history"
	" WHERE escalation_id OPERATOR(pg_catalog.=) $1 LIMIT 1",
	1, {INT8OID}, false, NULL
};

static StEscalationStatement find_dead = {
	"SELECT tenant_id, died_at FROM triage.escalation_dead WHERE escalation_id OPERATOR(pg_catalog.=) $1",
	1, {INT8OID}, false, NULL
};

/* Who acts. */
typedef struct Holder
{
	text	   *worker;
	bool		has_token;
	int64		token;
} Holder;

st_noreturn static void
does_not_exist(int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("escalation " INT64_FORMAT " does not exist", id)));
}

/* Whether the caller may see the tenant in the first column of what SPI found. */
static bool
tenant_is_seen(void)
{
	bool		isnull;

	return st_caller_sees_tenant(DatumGetTextPP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)));
}

/* Throws, saying where an escalation is that is not open. */
void
st_escalation_not_open(int64 id)
{
	Datum		value = Int64GetDatum(id);
	bool		isnull;

	SPI_connect();
	st_escalation_run(&find_dead, &value, NULL, SPI_OK_SELECT);
	if (SPI_processed > 0 && tenant_is_seen())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("escalation " INT64_FORMAT " was given up", id),
				 errdetail("It is among the dead letters since %s.",
						   timestamptz_to_str(DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull)))),
				 errhint("Put it back by triage.requeue_escalation, or end it by triage.cancel_escalation.")));
	st_escalation_run(&find_finished, &value, NULL, SPI_OK_SELECT);
	if (SPI_processed > 0 && tenant_is_seen())
	{
		char	   *status = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
		char	   *by = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);

		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("escalation " INT64_FORMAT " is finished", id),
				 by[0] == '\0' ? errdetail("It was %s.", strcmp(status, "done") == 0 ? "done" : "cancelled") :
				 strcmp(status, "done") == 0 ? errdetail("It was done by \"%s\".", by) :
				 errdetail("It was cancelled by \"%s\".", by)));
	}
	does_not_exist(id);
}

/* Throws, saying who does hold it. */
static void
not_held(StDesk *desk, const StRow *row, const Holder *holder)
{
	int64		id = DatumGetInt64(row->values[ST_COL_ID]);
	char	   *by = row->isnull[ST_COL_CLAIMED_BY] ? NULL : TextDatumGetCString(row->values[ST_COL_CLAIMED_BY]);
	bool		held = DatumGetObjectId(row->values[ST_COL_STATUS]) == desk->claimed;
	bool		same = by != NULL && strcmp(by, text_to_cstring(holder->worker)) == 0;

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("worker \"%s\" does not hold escalation " INT64_FORMAT, text_to_cstring(holder->worker), id),
			 !held ? errdetail("Nobody holds it: it was never claimed, or its lease ran out.") :
			 same ? errdetail("It was claimed again since: the lease token is another.") :
			 errdetail("It is held by \"%s\" until %s.", by,
					   timestamptz_to_str(DatumGetTimestampTz(row->values[ST_COL_LEASE]))),
			 errhint("Do nothing for it any more; what triage.claim_escalations returns is yours.")));
}

/* Finds an escalation that the holder holds; throws otherwise. */
static void
find_held(StDesk *desk, int64 id, const Holder *holder, StRow *row)
{
	bool		held;
	text	   *by;

	if (!st_desk_find(desk, id, row))
		st_escalation_not_open(id);
	if (!st_row_is_seen(row))
		does_not_exist(id);
	by = st_row_text(row, ST_COL_CLAIMED_BY);
	held = DatumGetObjectId(row->values[ST_COL_STATUS]) == desk->claimed && by != NULL &&
		VARSIZE_ANY_EXHDR(by) == VARSIZE_ANY_EXHDR(holder->worker) &&
		memcmp(VARDATA_ANY(by), VARDATA_ANY(holder->worker), VARSIZE_ANY_EXHDR(by)) == 0 &&
		(!holder->has_token || DatumGetInt64(row->values[ST_COL_TOKEN]) == holder->token);
	if (!held)
		not_held(desk, row, holder);
}

static void
need_arguments(FunctionCallInfo fcinfo, const char *what)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s and worker must not be null", what)));
}

static Holder
holder_of(FunctionCallInfo fcinfo, int token)
{
	Holder		holder;

	holder.worker = st_escalation_worker(PG_GETARG_TEXT_PP(1));
	holder.has_token = !PG_ARGISNULL(token);
	holder.token = holder.has_token ? PG_GETARG_INT64(token) : 0;
	return holder;
}

static text *
outcome_of(FunctionCallInfo fcinfo, int arg)
{
	text	   *outcome = PG_ARGISNULL(arg) ? NULL : PG_GETARG_TEXT_PP(arg);

	if (outcome != NULL && VARSIZE_ANY_EXHDR(outcome) > MAX_OUTCOME)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the outcome of an escalation is longer than %d bytes", MAX_OUTCOME)));
	return outcome;
}

/* Each try again waits for who was at the row and then sees what they did. */
static void
complete(StDesk *desk, int64 id, const Holder *holder, text *outcome)
{
	StRow		row;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		find_held(desk, id, holder, &row);
		if (st_desk_delete(desk, &row, true))
			break;
		st_desk_refresh(desk);
	}
	st_history_write(desk, &row, "done", text_to_cstring(holder->worker), outcome);
}

/* triage.complete_escalation(escalation_id, worker, outcome, lease_token) */
Datum
st_complete_escalation(PG_FUNCTION_ARGS)
{
	StDesk		desk;
	Holder		holder;
	text	   *outcome;

	need_arguments(fcinfo, "escalation_id");
	st_escalation_need("triage.complete_escalation()", "escalation", ACL_SELECT | ACL_DELETE);
	st_escalation_need("triage.complete_escalation()", "escalation_history", ACL_INSERT);
	holder = holder_of(fcinfo, 3);
	outcome = outcome_of(fcinfo, 2);
	st_desk_open(&desk);
	complete(&desk, PG_GETARG_INT64(0), &holder, outcome);
	st_desk_close(&desk);
	PG_RETURN_VOID();
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = DatumGetInt64(*(const Datum *) a);
	int64		y = DatumGetInt64(*(const Datum *) b);

	return x < y ? -1 : x > y ? 1 : 0;
}

/* triage.complete_escalations(escalation_ids, worker, outcome, lease_token) */
Datum
st_complete_escalations(PG_FUNCTION_ARGS)
{
	StDesk		desk;
	Holder		holder;
	text	   *outcome;
	ArrayType  *array;
	Datum	   *ids;
	int			n;

	need_arguments(fcinfo, "escalation_ids");
	st_escalation_need("triage.complete_escalations()", "escalation", ACL_SELECT | ACL_DELETE);
	st_escalation_need("triage.complete_escalations()", "escalation_history", ACL_INSERT);
	array = PG_GETARG_ARRAYTYPE_P(0);
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("escalation_ids must have one dimension and no nulls")));
	deconstruct_array(array, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &ids, NULL, &n);
	qsort(ids, n, sizeof(Datum), compare_ids);
	holder = holder_of(fcinfo, 3);
	outcome = outcome_of(fcinfo, 2);
	st_desk_open(&desk);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || ids[i] != ids[i - 1])
			complete(&desk, DatumGetInt64(ids[i]), &holder, outcome);
	}
	st_desk_close(&desk);
	PG_RETURN_INT32(n);
}

/* The time until the next try, shortened at random by up to a half. */
static int64
backoff(const StEscalationPolicy *policy, int attempts)
{
	int64		wait = policy->retry_after;

	for (int i = 1; i < attempts && wait < policy->retry_max; i++)
		wait *= 2;
	wait = Min(wait, policy->retry_max);
	return wait - (int64) (wait / 2 * pg_prng_double(&pg_global_prng_state));
}

static const StEscalationPolicy *
policy_of(const StRow *row)
{
	text	   *cause = DatumGetTextPP(row->values[ST_COL_CAUSE]);

	return st_escalation_policy(VARDATA_ANY(cause), (int) VARSIZE_ANY_EXHDR(cause));
}

/* Nobody holds it any more; it is due at the given time. */
static void
back_to_wait(StDesk *desk, StRow *row, TimestampTz due)
{
	st_row_set(row, ST_COL_STATUS, ObjectIdGetDatum(desk->waiting));
	st_row_set(row, ST_COL_DUE, TimestampTzGetDatum(due));
	st_row_set(row, ST_COL_RANK,
			   TimestampTzGetDatum(st_escalation_rank(due, DatumGetInt16(row->values[ST_COL_PRIORITY]))));
	st_row_set_null(row, ST_COL_TOKEN);
	st_row_set_null(row, ST_COL_LEASE);
}

/*
 * st_escalation_lease_ran_out
 *		A row that was claimed by who let the lease run out waits again; the
 *		caller writes it.  True when that was the last attempt: then the
 *		escalation has been given up, or somebody else is at it.
 */
bool
st_escalation_lease_ran_out(StDesk *desk, StRow *row, const StEscalationPolicy *policy)
{
	char	   *by = row->isnull[ST_COL_CLAIMED_BY] ? NULL : TextDatumGetCString(row->values[ST_COL_CLAIMED_BY]);

	st_log_add(desk, row, "lease_ran_out", by, NULL);
	st_row_set(row, ST_COL_RUN_OUT, Int32GetDatum(DatumGetInt32(row->values[ST_COL_RUN_OUT]) + 1));
	if (DatumGetInt32(row->values[ST_COL_ATTEMPTS]) < policy->max_attempts)
	{
		TimestampTz due = DatumGetTimestampTz(row->values[ST_COL_DUE]);

		back_to_wait(desk, row, due);
		return false;
	}
	if (st_desk_delete(desk, row, false))
	{
		st_log_add(desk, row, "died", NULL, NULL);
		st_dead_write(desk, row, cstring_to_text("the last lease ran out"));
	}
	return true;
}

/* triage.fail_escalation(escalation_id, worker, error, retry_after, lease_token) */
Datum
st_fail_escalation(PG_FUNCTION_ARGS)
{
	StDesk		desk;
	Holder		holder;
	StRow		row;
	text	   *error;
	int64		after = -1;
	TimestampTz due = 0;
	bool		dead;

	need_arguments(fcinfo, "escalation_id");
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the error must not be null"),
				 errhint("Say why it failed; triage.release_escalation gives back what did not.")));
	st_escalation_need("triage.fail_escalation()", "escalation", ACL_SELECT | ACL_UPDATE | ACL_DELETE);
	st_escalation_need("triage.fail_escalation()", "escalation_dead", ACL_INSERT);
	holder = holder_of(fcinfo, 4);
	error = PG_GETARG_TEXT_PP(2);
	if (!PG_ARGISNULL(3))
	{
		after = st_interval_usecs(PG_GETARG_INTERVAL_P(3));
		if (after < 0 || after > 365 * USECS_PER_DAY)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("retry_after must be between 0 and 365 days")));
	}

	st_desk_open(&desk);
	for (;;)
	{
		const StEscalationPolicy *policy;

		CHECK_FOR_INTERRUPTS();
		find_held(&desk, PG_GETARG_INT64(0), &holder, &row);
		policy = policy_of(&row);
		dead = DatumGetInt32(row.values[ST_COL_ATTEMPTS]) >= policy->max_attempts;
		st_log_add(&desk, &row, "failed", text_to_cstring(holder.worker), error);
		if (dead)
		{
			if (!st_desk_delete(&desk, &row, true))
			{
				st_desk_refresh(&desk);
				continue;
			}
			st_log_add(&desk, &row, "died", NULL, NULL);
			st_dead_write(&desk, &row, error);
			break;
		}
		due = desk.now + (after >= 0 ? after : backoff(policy, DatumGetInt32(row.values[ST_COL_ATTEMPTS])));
		back_to_wait(&desk, &row, due);
		if (st_desk_update(&desk, &row, true))
			break;
		st_desk_refresh(&desk);
	}
	st_desk_close(&desk);
	st_escalations_from_the_start();
	if (dead)
		PG_RETURN_NULL();
	if (due <= desk.now)
		st_escalation_notify();
	else
		st_wake_worker();
	PG_RETURN_TIMESTAMPTZ(due);
}

/* triage.release_escalation(escalation_id, worker, lease_token) */
Datum
st_release_escalation(PG_FUNCTION_ARGS)
{
	StDesk		desk;
	Holder		holder;
	StRow		row;

	need_arguments(fcinfo, "escalation_id");
	st_escalation_need("triage.release_escalation()", "escalation", ACL_SELECT | ACL_UPDATE);
	holder = holder_of(fcinfo, 2);
	st_desk_open(&desk);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		find_held(&desk, PG_GETARG_INT64(0), &holder, &row);
		st_row_set(&row, ST_COL_ATTEMPTS, Int32GetDatum(Max(0, DatumGetInt32(row.values[ST_COL_ATTEMPTS]) - 1)));
		back_to_wait(&desk, &row, DatumGetTimestampTz(row.values[ST_COL_DUE]));
		if (st_desk_update(&desk, &row, true))
			break;
		st_desk_refresh(&desk);
	}
	st_desk_close(&desk);
	st_escalations_from_the_start();
	st_escalation_notify();
	PG_RETURN_VOID();
}

/* triage.extend_escalation(escalation_id, worker, lease, lease_token) */
Datum
st_extend_escalation(PG_FUNCTION_ARGS)
{
	StDesk		desk;
	Holder		holder;
	StRow		row;
	TimestampTz until;

	need_arguments(fcinfo, "escalation_id");
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the lease must not be null")));
	st_escalation_need("triage.extend_escalation()", "escalation", ACL_SELECT | ACL_UPDATE);
	holder = holder_of(fcinfo, 3);
	st_desk_open(&desk);
	until = st_escalation_lease_end(desk.now, PG_GETARG_INTERVAL_P(2));
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		find_held(&desk, PG_GETARG_INT64(0), &holder, &row);
		st_row_set(&row, ST_COL_LEASE, TimestampTzGetDatum(until));
		if (st_desk_update(&desk, &row, true))
			break;
		st_desk_refresh(&desk);
	}
	st_desk_close(&desk);
	PG_RETURN_TIMESTAMPTZ(until);
}

/* triage.require_escalation(escalation_id): throws unless the caller may see its ticket */
Datum
st_require_escalation(PG_FUNCTION_ARGS)
{
	static StEscalationStatement find = {
		"SELECT tenant_id FROM triage.escalation WHERE escalation_id OPERATOR(pg_catalog.=) $1"
		" UNION ALL SELECT tenant_id FROM triage.escalation_dead WHERE escalation_id OPERATOR(pg_catalog.=) $1",
		1, {INT8OID}, false, NULL
	};
	Datum		value = PG_GETARG_DATUM(0);

	SPI_connect();
	st_escalation_run(&find, &value, NULL, SPI_OK_SELECT);
	if (SPI_processed > 0 && !tenant_is_seen())
		does_not_exist(PG_GETARG_INT64(0));
	SPI_finish();
	PG_RETURN_VOID();
}
