/*-------------------------------------------------------------------------
 *
 * assignment_source.c
 *		What the tickets table does to tickets that wait or have an owner: they
 *		are decided again, get another key, or go with all others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

static StKept does_wait = {
	"SELECT FROM triage.waiting WHERE " ST_TICKET_IS(""),
	3, {TEXTOID, INT4OID, TEXTOID}
};

static StKept had_owner = {
	"SELECT FROM triage.assignment WHERE " ST_TICKET_IS("") " LIMIT 1",
	3, {TEXTOID, INT4OID, TEXTOID}
};

static StKept rekey_waiting = {
	"UPDATE triage.waiting SET tenant_id = $4, ticket_key = $5 WHERE " ST_TICKET_IS(""),
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}
};

static StKept rekey_assignments = {
	"UPDATE triage.assignment SET tenant_id = $4, ticket_key = $5 WHERE " ST_TICKET_IS(""),
	5, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}
};

static StKept lock_source_work = {
	"SELECT FROM triage.agent_work l WHERE l.agent_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	" SELECT a.agent_id FROM triage.assignment a"
	" WHERE a.source_id OPERATOR(pg_catalog.=) $1 AND a.released_at IS NULL))"
	" ORDER BY l.agent_id FOR NO KEY UPDATE",
	1, {INT4OID}
};

static StKept forget_source_work = {
	"UPDATE triage.agent_work l SET units = l.units OPERATOR(pg_catalog.-) s.units,"
	" tickets = l.tickets OPERATOR(pg_catalog.-) s.tickets"
	" FROM (SELECT a.agent_id, pg_catalog.sum(a.units)::pg_catalog.int4 AS units, pg_catalog.count(*)::pg_catalog.int4 AS tickets"
	" FROM triage.assignment a WHERE a.source_id OPERATOR(pg_catalog.=) $1 AND a.released_at IS NULL"
	" GROUP BY a.agent_id) s WHERE l.agent_id OPERATOR(pg_catalog.=) s.agent_id",
	1, {INT4OID}
};

static StKept forget_source_assignments = {
	"DELETE FROM triage.assignment WHERE source_id OPERATOR(pg_catalog.=) $1", 1, {INT4OID}
};

static StKept forget_source_waiting = {
	"DELETE FROM triage.waiting WHERE source_id OPERATOR(pg_catalog.=) $1", 1, {INT4OID}
};

/* See assignment.h. */
bool
st_waiting_decided_again(const StWaitingTicket *ticket)
{
	Datum		key[3] = {
		PointerGetDatum(ticket->tenant_id), Int32GetDatum(ticket->source_id), PointerGetDatum(ticket->ticket_key)
	};
	bool		finished;

	SPI_connect();
	finished = st_kept_run(&does_wait, key, NULL) == 0 && st_kept_run(&had_owner, key, NULL) > 0;
	SPI_finish();
	return !finished && st_waiting_put(ticket);
}

/* See assignment.h. */
void
st_assignment_rekey(int32 source_id, text *old_tenant, text *old_key, text *new_tenant, text *new_key)
{
	Datum		values[5] = {
		PointerGetDatum(old_tenant), Int32GetDatum(source_id), PointerGetDatum(old_key),
		PointerGetDatum(new_tenant), PointerGetDatum(new_key)
	};

	SPI_connect();
	st_kept_run(&rekey_waiting, values, NULL);
	st_kept_run(&rekey_assignments, values, NULL);
	SPI_finish();
}

/* See assignment.h. */
void
st_assignment_forget_source(int32 source_id)
{
	Datum		values[1] = {Int32GetDatum(source_id)};

	SPI_connect();
	st_kept_run(&lock_source_work, values, NULL);
	st_kept_run(&forget_source_work, values, NULL);
	st_kept_run(&forget_source_assignments, values, NULL);
	st_kept_run(&forget_source_waiting, values, NULL);
	SPI_finish();
}
