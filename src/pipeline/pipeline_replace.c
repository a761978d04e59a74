/*-------------------------------------------------------------------------
 *
 * pipeline_replace.c
 *		The slow way to write a decision: through SPI, keeping in the history
 *		what it replaces; and removing what was derived from tickets that are
 *		gone.
 *
 * The row that is there is locked first, so of two sessions that decide a
 * ticket at once one waits, and the history has what each replaced.  Every
 * statement is one that Citus can send to one shard.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/core.h"
#include "escalation/escalation.h"
#include "pipeline/pipeline_inner.h"

static StStatement lock_decision = {
	"SELECT outcome::pg_catalog.text, status FROM triage.decision WHERE " ST_KEY_IS_1_2_3 " FOR UPDATE",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement forget_decision = {
	"DELETE FROM triage.decision WHERE " ST_KEY_IS_1_2_3 " RETURNING revision",
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement forget_history = {
	"DELETE FROM triage.decision_history WHERE " ST_KEY_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement forget_signature = {
	"DELETE FROM triage.ticket_signature WHERE " ST_KEY_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement forget_handling = {
	"DELETE FROM triage.ticket_handling WHERE " ST_KEY_IS_1_2_3,
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement rekey_handling = {
	"UPDATE triage.ticket_handling SET tenant_id = $4, ticket_key = $5 WHERE " ST_KEY_IS_1_2_3,
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

static StStatement rekey_signature = {
	"UPDATE triage.ticket_signature SET tenant_id = $4, ticket_key = $5 WHERE " ST_KEY_IS_1_2_3,
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

/*
 * The duplicates of a ticket: their links are cut, or follow it to another key.
 * Two statements, because a join would be planned by statistics that a young
 * table does not have.
 */
#define RELINK(key, similarity) \
	"UPDATE triage.decision SET duplicate_of = " key similarity \
	" WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND source_id OPERATOR(pg_catalog.=) $2" \
	" AND duplicate_of OPERATOR(pg_catalog.=) $3 RETURNING ticket_key"

static StStatement relink_signature = {
	"UPDATE triage.ticket_signature SET duplicate_of = $4 WHERE " ST_KEY_IS_1_2_3,
	4, {TEXTOID, INT4OID, TEXTOID, TEXTOID}, false, NULL
};

static StStatement forget_duplicates = {
	RELINK("NULL", ", duplicate_similarity = NULL"),
	3, {TEXTOID, INT4OID, TEXTOID}, false, NULL
};

static StStatement rekey_duplicates = {
	RELINK("$4", ""),
	4, {TEXTOID, INT4OID, TEXTOID, TEXTOID}, false, NULL
};

static StStatement forget_source_signatures = {
	"DELETE FROM triage.ticket_signature WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

static StStatement forget_source_handling = {
	"DELETE FROM triage.ticket_handling WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

static StStatement forget_source_decisions = {
	"DELETE FROM triage.decision WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

static StStatement forget_source_history = {
	"DELETE FROM triage.decision_history WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

static StStatement rekey_decision = {
	"UPDATE triage.decision SET tenant_id = $4, ticket_key = $5 WHERE " ST_KEY_IS_1_2_3,
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

static StStatement rekey_history = {
	"UPDATE triage.decision_history SET tenant_id = $4, ticket_key = $5 WHERE " ST_KEY_IS_1_2_3,
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

/* Statements made from the list of columns, once a backend. */
static SPIPlanPtr insert_plan = NULL;
static SPIPlanPtr update_plan = NULL;
static SPIPlanPtr history_plan = NULL;

/* "$7", with the cast that a column of our own enum types needs */
static void
put_parameter(StringInfo sql, int column)
{
	appendStringInfo(sql, "$%d", column + 1);
	if (column == ST_COL_OUTCOME)
		appendStringInfoString(sql, "::triage.outcome");
	else if (column == ST_COL_TIER)
		appendStringInfoString(sql, "::triage.tier");
}

static void
put_columns(StringInfo sql)
{
	for (int i = 0; i < ST_NUM_DECISION_COLUMNS; i++)
		appendStringInfo(sql, "%s%s", i == 0 ? "" : ", ", st_decision_columns[i]);
}

static SPIPlanPtr
keep(const char *sql, int nargs, const Oid *types)
{
	SPIPlanPtr	plan = SPI_prepare(sql, nargs, unconstify(Oid *, types));

	if (plan == NULL)
		elog(ERROR, "could not prepare a statement on decisions: %s",
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	return plan;
}

/* Makes the plans.  Needs SPI_connect. */
static void
prepare(void)
{
	static const Oid history_types[5] = {TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID, TEXTOID};
	StringInfoData sql;

	initStringInfo(&sql);
	if (insert_plan == NULL)
	{
		appendStringInfoString(&sql, "INSERT INTO triage.decision (");
		put_columns(&sql);
		appendStringInfoString(&sql, ") VALUES (");
		for (int i = 0; i < ST_NUM_DECISION_COLUMNS; i++)
		{
			appendStringInfoString(&sql, i == 0 ? "" : ", ");
			put_parameter(&sql, i);
		}
		appendStringInfoString(&sql, ") ON CONFLICT (tenant_id, source_id, ticket_key) DO NOTHING");
		insert_plan = keep(sql.data, ST_NUM_DECISION_COLUMNS, st_decision_types);
	}
	if (update_plan == NULL)
	{
		resetStringInfo(&sql);
		appendStringInfoString(&sql, "UPDATE triage.decision SET revision = revision OPERATOR(pg_catalog.+) $4");
		for (int i = ST_COL_REVISION + 1; i < ST_NUM_DECISION_COLUMNS; i++)
		{
			appendStringInfo(&sql, ", %s = ", st_decision_columns[i]);
			put_parameter(&sql, i);
		}
		appendStringInfoString(&sql, " WHERE " ST_KEY_IS_1_2_3);
		update_plan = keep(sql.data, ST_NUM_DECISION_COLUMNS, st_decision_types);
	}
	if (history_plan == NULL)
	{
		resetStringInfo(&sql);
		appendStringInfoString(&sql, "INSERT INTO triage.decision_history (");
		put_columns(&sql);
		appendStringInfoString(&sql, ", replaced_at, replaced_why) SELECT ");
		put_columns(&sql);
		appendStringInfoString(&sql, ", $4, $5 FROM triage.decision WHERE " ST_KEY_IS_1_2_3
							   " ON CONFLICT DO NOTHING");
		history_plan = keep(sql.data, 5, history_types);
	}
	pfree(sql.data);
}

static void
run(SPIPlanPtr plan, Datum *values, const char *nulls, int expected)
{
	int			rc = SPI_execute_plan(plan, values, nulls, false, 0);

	if (rc != expected)
		elog(ERROR, "a statement on decisions returned %s", SPI_result_code_string(rc));
}

/*
 * st_replace_decision
 *		Writes a decision of a ticket that has one or may have one, and keeps
 *		the old one in the history; in mode ST_WRITE_MISSING leaves the old one
 *		alone.  Returns what became of it, and fills *old when one was replaced.
 *		Waits for a session that is deciding the same ticket.
 */
StWritten
st_replace_decision(const StDecided *decided, StWriteMode mode, const char *why, StReplaced *old)
{
	Datum		values[ST_NUM_DECISION_COLUMNS];
	bool		isnull[ST_NUM_DECISION_COLUMNS];
	char		nulls[ST_NUM_DECISION_COLUMNS];
	Datum		history[5];
	StIdentity	caller;
	TimestampTz now = st_now();
	StWritten	written = ST_WRITTEN_NOT;

	st_decision_values(decided, now, values, isnull);
	values[ST_COL_OUTCOME] = CStringGetTextDatum(st_outcome_names[decided->decision.outcome]);
	values[ST_COL_TIER] = CStringGetTextDatum(st_tier_names[decided->decision.tier]);
	for (int i = 0; i < ST_NUM_DECISION_COLUMNS; i++)
		nulls[i] = isnull[i] ? 'n' : ' ';
	memcpy(history, values, 3 * sizeof(Datum));
	history[3] = TimestampTzGetDatum(now);
	history[4] = CStringGetTextDatum(why);

	st_disturbances++;
	st_become_owner(&caller);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	prepare();

	while (written == ST_WRITTEN_NOT)
	{
		bool		exists = false;

		CHECK_FOR_INTERRUPTS();

		/* most tickets that come here to be new are, with triggers or Citus */
		if (mode != ST_WRITE_AGAIN)
		{
			run(insert_plan, values, nulls, SPI_OK_INSERT);
			if (SPI_processed == 1)
			{
				written = ST_WRITTEN_FIRST;
				break;
			}
			if (mode == ST_WRITE_MISSING)
				break;
		}

		st_statement_run(&lock_decision, values, NULL, SPI_OK_SELECT);
		exists = SPI_processed == 1;
		if (exists)
		{
			char	   *status = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);

			old->automated = strcmp(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
									st_outcome_names[ST_OUTCOME_AUTO]) == 0;
			old->solved = status != NULL && st_status_phase(status) == ST_PHASE_SOLVED;
			run(history_plan, history, NULL, SPI_OK_INSERT);
			run(update_plan, values, nulls, SPI_OK_UPDATE);
			if (SPI_processed == 1)
				written = ST_WRITTEN_AGAIN;
		}
		else if (mode == ST_WRITE_AGAIN)
		{
			/* an undecided ticket that changed */
			run(insert_plan, values, nulls, SPI_OK_INSERT);
			if (SPI_processed == 1)
				written = ST_WRITTEN_FIRST;
		}
	}

	SPI_finish();
	if (written != ST_WRITTEN_NOT)
		st_similar_replace(decided);
	st_become_caller(&caller);
	return written;
}

/*
 * Cuts the links of a ticket's duplicates, or has them follow it to another key
 * of the same tenant (not NULL).  Between SPI_connect and SPI_finish.
 */
static void
relink_duplicates(Datum tenant, int32 source_id, Datum key, text *new_key)
{
	Datum		values[4] = {tenant, Int32GetDatum(source_id), key, PointerGetDatum(new_key)};
	SPITupleTable *linked;
	uint64		n;

	st_statement_run(new_key == NULL ? &forget_duplicates : &rekey_duplicates, values, NULL, SPI_OK_UPDATE_RETURNING);
	linked = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		values[2] = SPI_getbinval(linked->vals[i], linked->tupdesc, 1, &isnull);
		st_statement_run(&relink_signature, values, new_key == NULL ? "   n" : NULL, SPI_OK_UPDATE);
	}
	SPI_freetuptable(linked);
}

/*
 * st_forget_tickets
 *		Removes decisions, history, signatures, handling, clocks, assignments and
 *		open escalations of tickets that are gone, and the links of their
 *		duplicates.
 *		One statement a ticket: a join would be planned by statistics that a
 *		young table does not have.
 */
void
st_forget_tickets(int32 source_id, Datum *tenants, Datum *keys, int n)
{
	Datum		values[3];
	Datum		tenant_array;
	Datum		key_array;
	StIdentity	caller;

	if (n == 0)
		return;

	tenant_array = PointerGetDatum(construct_array(tenants, n, TEXTOID, -1, false, TYPALIGN_INT));
	key_array = PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));
	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	values[1] = Int32GetDatum(source_id);
	for (int i = 0; i < n; i++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		values[0] = tenants[i];
		values[2] = keys[i];
		st_statement_run(&forget_decision, values, NULL, SPI_OK_DELETE_RETURNING);

		/* a first decision has replaced none */
		if (SPI_processed != 1 ||
			DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) > 1)
			st_statement_run(&forget_history, values, NULL, SPI_OK_DELETE);
		SPI_freetuptable(SPI_tuptable);
		st_statement_run(&forget_signature, values, NULL, SPI_OK_DELETE);
		st_statement_run(&forget_handling, values, NULL, SPI_OK_DELETE);
		relink_duplicates(tenants[i], source_id, keys[i], NULL);
	}
	SPI_finish();
	st_clocks_forget(source_id, tenant_array, key_array);
	st_assignment_forget(source_id, tenant_array, key_array);
	st_escalation_forget(source_id, tenant_array, key_array);
	st_become_caller(&caller);
}

/* The same for all tickets of a source; with everything, closed escalations too. */
void
st_forget_source(int32 source_id, bool everything)
{
	Datum		values[1] = {Int32GetDatum(source_id)};
	StIdentity	caller;

	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	st_statement_run(&forget_source_decisions, values, NULL, SPI_OK_DELETE);
	st_statement_run(&forget_source_history, values, NULL, SPI_OK_DELETE);
	st_statement_run(&forget_source_signatures, values, NULL, SPI_OK_DELETE);
	st_statement_run(&forget_source_handling, values, NULL, SPI_OK_DELETE);
	SPI_finish();
	st_clocks_forget_source(source_id);
	st_assignment_forget_source(source_id);
	st_escalation_forget_source(source_id, everything);
	st_backlog_forget_source(source_id);
	st_become_caller(&caller);
}

/*
 * st_rekey_ticket
 *		A ticket got another key or tenant: what was derived goes with it,
 *		unless the new key has a decision of its own already; then what belongs
 *		to the old key is removed.  What may be left of an earlier ticket of the
 *		new key is removed as well.
 */
void
st_rekey_ticket(int32 source_id, text *old_tenant, text *old_key,
				text *new_tenant, text *new_key)
{
	Datum		values[5];
	Datum		old_tenant_datum = PointerGetDatum(old_tenant);
	Datum		old_key_datum = PointerGetDatum(old_key);
	Datum		new_tenant_datum = PointerGetDatum(new_tenant);
	Datum		new_key_datum = PointerGetDatum(new_key);
	StIdentity	caller;
	bool		taken;

	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();

	values[0] = PointerGetDatum(new_tenant);
	values[1] = Int32GetDatum(source_id);
	values[2] = PointerGetDatum(new_key);
	st_statement_run(&lock_decision, values, NULL, SPI_OK_SELECT);
	taken = SPI_processed > 0;

	if (!taken)
	{
		st_forget_tickets(source_id, &new_tenant_datum, &new_key_datum, 1);
		values[0] = old_tenant_datum;
		values[2] = old_key_datum;
		values[3] = PointerGetDatum(new_tenant);
		values[4] = PointerGetDatum(new_key);
		st_statement_run(&rekey_decision, values, NULL, SPI_OK_UPDATE);
		st_statement_run(&rekey_history, values, NULL, SPI_OK_UPDATE);
		st_statement_run(&rekey_signature, values, NULL, SPI_OK_UPDATE);
		st_statement_run(&rekey_handling, values, NULL, SPI_OK_UPDATE);
		relink_duplicates(old_tenant_datum, source_id, old_key_datum,
						  st_same_text(old_tenant, new_tenant) ? new_key : NULL);
	}
	SPI_finish();

	if (!taken)
	{
		st_clocks_rekey(source_id, old_tenant, old_key, new_tenant, new_key);
		st_assignment_rekey(source_id, old_tenant, old_key, new_tenant, new_key);
		st_escalation_rekey(source_id, old_tenant, old_key, new_tenant, new_key);
	}
	st_become_caller(&caller);

	if (taken)
		st_forget_tickets(source_id, &old_tenant_datum, &old_key_datum, 1);
}
