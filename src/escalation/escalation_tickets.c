/*-------------------------------------------------------------------------
 *
 * escalation_tickets.c
 *		What happens to the escalations of tickets that are gone, or have
 *		another key.
 *
 * The statements qualify every operator and name, so that nobody's search_path
 * decides what they mean; their plans are kept for the life of the backend.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "escalation/escalation_inner.h"

#define TICKET_IS \
	"ticket_key OPERATOR(pg_catalog.=) $3 AND tenant_id OPERATOR(pg_catalog.=) $2" \
	" AND source_id OPERATOR(pg_catalog.=) $1"

#define GIVEN_TICKETS \
	"ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (tenant_id, ticket_key)"

#define OF_TICKET(alias) \
	alias ".source_id OPERATOR(pg_catalog.=) $1 AND " alias ".tenant_id OPERATOR(pg_catalog.=) t.tenant_id" \
	" AND " alias ".ticket_key OPERATOR(pg_catalog.=) t.ticket_key"

/* One index lookup a ticket, planned by the table's present size. */
static StEscalationStatement forget_open = {
	"DELETE FROM triage.escalation WHERE escalation_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	"SELECT o.escalation_id FROM " GIVEN_TICKETS ","
	" LATERAL (SELECT e.escalation_id FROM triage.escalation e WHERE " OF_TICKET("e") " OFFSET 0) AS o))",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}, true, NULL
};

static StEscalationStatement forget_dead = {
	"DELETE FROM triage.escalation_dead WHERE escalation_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	"SELECT o.escalation_id FROM " GIVEN_TICKETS ","
	" LATERAL (SELECT e.escalation_id FROM triage.escalation_dead e WHERE " OF_TICKET("e") " OFFSET 0) AS o))",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}, true, NULL
};

static StEscalationStatement forget_source_open = {
	"DELETE FROM triage.escalation WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

static StEscalationStatement forget_source_dead = {
	"DELETE FROM triage.escalation_dead WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

static StEscalationStatement forget_source_history = {
	"DELETE FROM triage.escalation_history WHERE source_id OPERATOR(pg_catalog.=) $1",
	1, {INT4OID}, false, NULL
};

static StEscalationStatement rekey_open = {
	"UPDATE triage.escalation SET tenant_id = $4, ticket_key = $5 WHERE " TICKET_IS,
	5, {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

static StEscalationStatement rekey_dead = {
	"UPDATE triage.escalation_dead SET tenant_id = $4, ticket_key = $5 WHERE " TICKET_IS,
	5, {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

static StEscalationStatement rekey_history = {
	"UPDATE triage.escalation_history SET tenant_id = $4, ticket_key = $5 WHERE " TICKET_IS,
	5, {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}, false, NULL
};

/* See escalation.h. */
void
st_escalation_forget(int32 source_id, Datum tenants, Datum keys)
{
	Datum		values[3] = {Int32GetDatum(source_id), tenants, keys};

	SPI_connect();
	st_escalation_run(&forget_open, values, NULL, SPI_OK_DELETE);
	st_escalation_run(&forget_dead, values, NULL, SPI_OK_DELETE);
	SPI_finish();
}

/* See escalation.h. */
void
st_escalation_forget_source(int32 source_id, bool closed_too)
{
	Datum		values[1] = {Int32GetDatum(source_id)};

	SPI_connect();
	st_escalation_run(&forget_source_open, values, NULL, SPI_OK_DELETE);
	st_escalation_run(&forget_source_dead, values, NULL, SPI_OK_DELETE);
	if (closed_too)
		st_escalation_run(&forget_source_history, values, NULL, SPI_OK_DELETE);
	SPI_finish();
}

/* See escalation.h. */
void
st_escalation_rekey(int32 source_id, text *old_tenant, text *old_key,
					text *new_tenant, text *new_key)
{
	Datum		values[5] = {
		Int32GetDatum(source_id),
		PointerGetDatum(old_tenant), PointerGetDatum(old_key),
		PointerGetDatum(new_tenant), PointerGetDatum(new_key)
	};

	SPI_connect();
	st_escalation_run(&rekey_open, values, NULL, SPI_OK_UPDATE);
	st_escalation_run(&rekey_dead, values, NULL, SPI_OK_UPDATE);
	st_escalation_run(&rekey_history, values, NULL, SPI_OK_UPDATE);
	SPI_finish();
}
