/*-------------------------------------------------------------------------
 *
 * assignment_waiting.c
 *		Tickets begin and cease to wait for a person.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"
#include "routing/routing.h"

PG_FUNCTION_INFO_V1(st_enqueue_ticket);
PG_FUNCTION_INFO_V1(st_withdraw_ticket);
PG_FUNCTION_INFO_V1(st_forget_assignments);
PG_FUNCTION_INFO_V1(st_waiting_rank_sql);

struct StWaitingWriter
{
	StTableWriter *writer;
	MemoryContext scratch;
	TimestampTz now;
};

static StKept remove_one = {
	"DELETE FROM triage.waiting WHERE " ST_TICKET_IS("") " RETURNING queue_id",
	3, {TEXTOID, INT4OID, TEXTOID}
};

static StKept has_owner = {
	"SELECT FROM triage.assignment WHERE " ST_TICKET_IS("") " AND released_at IS NULL",
	3, {TEXTOID, INT4OID, TEXTOID}
};

static StKept waits_since = {
	"SELECT since, preferred_agent_id FROM triage.waiting WHERE " ST_TICKET_IS("") " FOR UPDATE",
	3, {TEXTOID, INT4OID, TEXTOID}
};

/* The loads first, in one order: see assignment_inner.h. */
static StKept forget_loads = {
	"UPDATE triage.agent_work l SET units = l.units OPERATOR(pg_catalog.-) s.units,"
	" tickets = l.tickets OPERATOR(pg_catalog.-) s.tickets"
	" FROM (SELECT a.agent_id, pg_catalog.sum(a.units)::pg_catalog.int4 AS units, pg_catalog.count(*)::pg_catalog.int4 AS tickets"
	" FROM triage.assignment a, ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (tenant_id, ticket_key)"
	" WHERE a.source_id OPERATOR(pg_catalog.=) $1 AND a.tenant_id OPERATOR(pg_catalog.=) t.tenant_id"
	" AND a.ticket_key OPERATOR(pg_catalog.=) t.ticket_key AND a.released_at IS NULL GROUP BY a.agent_id) s"
	" WHERE l.agent_id OPERATOR(pg_catalog.=) s.agent_id",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}
};

static StKept lock_loads = {
	"SELECT FROM triage.agent_work l WHERE l.agent_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	" SELECT a.agent_id FROM triage.assignment a, ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (tenant_id, ticket_key)"
	" WHERE a.source_id OPERATOR(pg_catalog.=) $1 AND a.tenant_id OPERATOR(pg_catalog.=) t.tenant_id"
	" AND a.ticket_key OPERATOR(pg_catalog.=) t.ticket_key AND a.released_at IS NULL))"
	" ORDER BY l.agent_id FOR NO KEY UPDATE",
	3, {INT4OID, TEXTARRAYOID, TEXTARRAYOID}
};

static StKept forget_assignments = {
	"DELETE FROM triage.assignment WHERE " ST_TICKET_IS(""),
	3, {TEXTOID, INT4OID, TEXTOID}
};

/* The three columns of a ticket's needs; nothing where it has none. */
static void
set_skills(StWaiting *row, int n, const StSkillNeed *needs)
{
	Datum		skills[ST_MAX_SKILLS];
	Datum		levels[ST_MAX_SKILLS];
	Datum		drops[ST_MAX_SKILLS];
	bool		drop_nulls[ST_MAX_SKILLS];
	int			dims[1] = {n};
	int			lbs[1] = {1};
	bool		drops_any = false;

	row->skills = row->skill_levels = row->skill_drop_after = 0;
	if (n == 0)
		return;
	if (n > ST_MAX_SKILLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a ticket can need %d skills at most", ST_MAX_SKILLS)));
	for (int i = 0; i < n; i++)
	{
		Interval   *after = palloc0(sizeof(Interval));

		after->time = needs[i].drop_after;
		skills[i] = CStringGetTextDatum(needs[i].skill);
		levels[i] = Int16GetDatum(needs[i].level);
		drops[i] = IntervalPGetDatum(after);
		drop_nulls[i] = needs[i].drop_after < 0;
		drops_any |= !drop_nulls[i];
	}
	row->skills = PointerGetDatum(construct_array(skills, n, TEXTOID, -1, false, TYPALIGN_INT));
	row->skill_levels = PointerGetDatum(construct_array(levels, n, INT2OID, 2, true, TYPALIGN_SHORT));
	if (drops_any)
		row->skill_drop_after = PointerGetDatum(construct_md_array(drops, drop_nulls, 1, dims, lbs, INTERVALOID,
																   sizeof(Interval), false, TYPALIGN_DOUBLE));
}

/* The row of a ticket that begins to wait; a queue that is gone has the defaults. */
static void
make_row(const StWaitingTicket *ticket, TimestampTz now, StWaiting *row)
{
	const StQueueWait *queue = st_queue_wait(ticket->queue_id);

	memset(row, 0, sizeof(*row));
	row->waiting_id = st_waiting_next_id();
	row->tenant_id = ticket->tenant_id;
	row->source_id = ticket->source_id;
	row->ticket_key = ticket->ticket_key;
	row->queue_id = ticket->queue_id;
	row->since = ticket->since == 0 || TIMESTAMP_NOT_FINITE(ticket->since) || ticket->since > now ||
		ticket->since < SetEpochTimestamp() ? now : ticket->since;
	row->queued_at = now;
	row->priority = Max(ST_PRIORITY_MIN, Min(ST_PRIORITY_MAX, ticket->priority));
	row->rank = st_waiting_rank(row->since, row->priority, queue == NULL ? 10 : queue->ageing);
	row->units = st_channel_units(ticket->channel);
	row->channel = ticket->channel;
	row->language = ticket->language;
	set_skills(row, ticket->nskills, ticket->skills);
}

/* See assignment.h. */
StWaitingWriter *
st_waiting_writer_begin(void)
{
	StWaitingWriter *w = palloc(sizeof(StWaitingWriter));

	w->writer = st_waiting_table_writer();
	w->scratch = AllocSetContextCreate(CurrentMemoryContext, "support_triage waiting", ALLOCSET_SMALL_SIZES);
	w->now = st_now();
	return w;
}

/* See assignment.h. */
void
st_waiting_add(StWaitingWriter *w, const StWaitingTicket *ticket)
{
	MemoryContext old = MemoryContextSwitchTo(w->scratch);
	StWaiting	row;

	MemoryContextReset(w->scratch);
	make_row(ticket, w->now, &row);
	st_waiting_write(w->writer, &row);
	st_alert_unless_somebody_could(&row);
	MemoryContextSwitchTo(old);
}

/* See assignment.h. */
int64
st_waiting_writer_end(StWaitingWriter *w)
{
	int64		n = st_table_writer_end(w->writer);

	MemoryContextDelete(w->scratch);
	pfree(w);
	st_claims_from_the_start();
	if (n > 0)
		st_wake_worker();
	return n;
}

/* See assignment.h. */
bool
st_waiting_put(const StWaitingTicket *ticket)
{
	TimestampTz now = st_now();
	Datum		key[3] = {
		PointerGetDatum(ticket->tenant_id), Int32GetDatum(ticket->source_id), PointerGetDatum(ticket->ticket_key)
	};
	bool		waits = false;

	SPI_connect();
	for (int tries = 0; tries < 10 && !waits && st_kept_run(&has_owner, key, NULL) == 0; tries++)
	{
		StTableWriter *writer;
		StWaiting	row;

		CHECK_FOR_INTERRUPTS();
		make_row(ticket, now, &row);
		if (st_kept_run(&waits_since, key, NULL) > 0)
		{
			const StQueueWait *queue = st_queue_wait(ticket->queue_id);
			bool		isnull;

			row.since = DatumGetTimestampTz(st_kept_value(0, 1, &isnull));
			row.preferred_agent_id = DatumGetInt32(st_kept_value(0, 2, &isnull));
			if (isnull)
				row.preferred_agent_id = 0;
			row.rank = st_waiting_rank(row.since, row.priority, queue == NULL ? 10 : queue->ageing);
			st_kept_run(&remove_one, key, NULL);
		}
		writer = st_waiting_table_writer();
		st_waiting_write(writer, &row);

		/* 0: another session has put it, so we look again */
		waits = st_table_writer_end(writer) > 0;
		if (!waits)
			continue;
		CommandCounterIncrement();

		/* claimed between our looking for an owner and our writing */
		if (st_kept_run(&has_owner, key, NULL) > 0)
		{
			st_kept_run(&remove_one, key, NULL);
			waits = false;
			break;
		}
		st_alert_unless_somebody_could(&row);
	}
	SPI_finish();
	st_claims_from_the_start();
	if (waits)
		st_wake_worker();
	return waits;
}

/* See assignment.h. */
bool
st_waiting_remove(text *tenant_id, int32 source_id, text *ticket_key)
{
	Datum		key[3] = {PointerGetDatum(tenant_id), Int32GetDatum(source_id), PointerGetDatum(ticket_key)};
	bool		removed;

	SPI_connect();
	removed = st_kept_run(&remove_one, key, NULL) > 0;
	SPI_finish();
	return removed;
}

/*
 * st_assignment_forget
 *		See assignment.h.  One statement a ticket: a join would be planned by
 *		statistics that a young table does not have.  Tickets cease to wait
 *		first: what somebody is claiming just now has an owner afterwards.
 */
void
st_assignment_forget(int32 source_id, Datum tenants, Datum keys)
{
	Datum		values[3] = {0, Int32GetDatum(source_id), 0};
	Datum	   *tenant;
	Datum	   *key;
	Datum	   *owned[2];
	int			n;
	int			nkeys;
	int			nowned = 0;

	deconstruct_array(DatumGetArrayTypeP(tenants), TEXTOID, -1, false, TYPALIGN_INT, &tenant, NULL, &n);
	deconstruct_array(DatumGetArrayTypeP(keys), TEXTOID, -1, false, TYPALIGN_INT, &key, NULL, &nkeys);
	n = Min(n, nkeys);
	owned[0] = palloc(Max(n, 1) * sizeof(Datum));
	owned[1] = palloc(Max(n, 1) * sizeof(Datum));

	SPI_connect();
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		values[0] = tenant[i];
		values[2] = key[i];
		st_kept_run(&remove_one, values, NULL);
		if (st_kept_run(&has_owner, values, NULL) == 0)
			continue;
		owned[0][nowned] = tenant[i];
		owned[1][nowned++] = key[i];
	}
	if (nowned > 0)
	{
		Datum		loads[3] = {
			values[1],
			PointerGetDatum(construct_array(owned[0], nowned, TEXTOID, -1, false, TYPALIGN_INT)),
			PointerGetDatum(construct_array(owned[1], nowned, TEXTOID, -1, false, TYPALIGN_INT))
		};

		st_kept_run(&lock_loads, loads, NULL);
		st_kept_run(&forget_loads, loads, NULL);
	}
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		values[0] = tenant[i];
		values[2] = key[i];
		st_kept_run(&forget_assignments, values, NULL);
	}
	SPI_finish();
}

/* ---- by hand ---- */

static void
bad_skills(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the skills that a ticket needs are not well-formed"),
			 errdetail("%s", detail),
			 errhint("Write [{\"skill\": \"tax\", \"level\": 5, \"drop_after\": \"30 minutes\"}]; level and drop_after may be left out.")));
}

static bool
skill_exists(const char *skill)
{
	static StKept kept = {
		"SELECT FROM triage.skill WHERE name OPERATOR(pg_catalog.=) $1", 1, {TEXTOID}
	};
	Datum		value = CStringGetTextDatum(skill);
	bool		exists;

	SPI_connect();
	exists = st_kept_run(&kept, &value, NULL) > 0;
	SPI_finish();
	return exists;
}

/* An object of the array of skills. */
static void
read_need(JsonbContainer *object, StSkillNeed *need, bool must_exist)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbValue	key;
	JsonbValue	value;

	need->skill = NULL;
	need->level = ST_SKILL_LEVEL_MIN;
	need->drop_after = -1;
	for (JsonbIteratorToken token = JsonbIteratorNext(&it, &key, true); token != WJB_DONE;
		 token = JsonbIteratorNext(&it, &key, true))
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(key.val.string.val, key.val.string.len);
		JsonbIteratorNext(&it, &value, true);
		if (strcmp(name, "skill") == 0 && value.type == jbvString)
			need->skill = pnstrdup(value.val.string.val, value.val.string.len);
		else if (strcmp(name, "level") == 0 && value.type == jbvNumeric)
		{
			double		level = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value.val.numeric)));

			if (!(level >= ST_SKILL_LEVEL_MIN && level <= ST_SKILL_LEVEL_MAX) || level != rint(level))
				bad_skills("A level is a whole number from 1 to 10.");
			need->level = (int16) level;
		}
		else if (strcmp(name, "drop_after") == 0 && value.type == jbvString)
		{
			char	   *after = pnstrdup(value.val.string.val, value.val.string.len);
			Interval   *interval = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(after),
																		 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));

			need->drop_after = interval->time +
				((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY;
			if (need->drop_after < 0)
				bad_skills("A time after which a skill is dropped cannot be negative.");
		}
		else if (strcmp(name, "drop_after") != 0 || value.type != jbvNull)
			bad_skills(psprintf("\"%s\" is not known, or of the wrong type.", name));
	}
	if (need->skill == NULL)
		bad_skills("An element has no \"skill\".");
	if (must_exist && !skill_exists(need->skill))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("skill \"%s\" does not exist", need->skill),
				 errhint("Insert it into triage.skill, and into triage.agent_skill for those who have it.")));
}

/*
 * st_skill_needs_read
 *		Reads the skills that a ticket needs into needs, which has room for
 *		ST_MAX_SKILLS, with strings palloc'd, and returns how many.  Throws when
 *		the array is not well-formed and, if must_exist, for an unknown skill.
 */
int
st_skill_needs_read(Jsonb *skills, StSkillNeed *needs, bool must_exist)
{
	JsonbIterator *it;
	JsonbValue	value;
	JsonbIteratorToken token;
	int			n = 0;

	if (!JB_ROOT_IS_ARRAY(skills) || JB_ROOT_IS_SCALAR(skills))
		bad_skills("They are no array.");
	if (JB_ROOT_COUNT(skills) > ST_MAX_SKILLS)
		bad_skills(psprintf("A ticket can need %d at most.", ST_MAX_SKILLS));
	it = JsonbIteratorInit(&skills->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			bad_skills("An element is no object.");
		read_need(value.val.binary.data, &needs[n++], must_exist);
	}
	return n;
}

/*
 * triage.enqueue_ticket(tenant_id, source_id, ticket_key, queue, priority, channel, language, skills, since):
 * whether it waits; false for one that has an owner
 */
Datum
st_enqueue_ticket(PG_FUNCTION_ARGS)
{
	StSkillNeed needs[ST_MAX_SKILLS];
	StWaitingTicket ticket;
	int			priority;

	st_need_write("triage.enqueue_ticket()");
	for (int i = 0; i < 5; i++)
	{
		static const char *const names[] = {"tenant", "source", "ticket key", "queue", "priority"};

		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the %s must not be null", names[i])));
	}
	priority = PG_GETARG_INT32(4);
	if (priority < ST_PRIORITY_MIN || priority > ST_PRIORITY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("priority %d is out of range", priority),
				 errhint("A priority is from 0 (can wait) to 100 (at once).")));
	st_need_rights("waiting", ACL_SELECT | ACL_INSERT | ACL_DELETE);
	st_require_tenant(PG_GETARG_TEXT_PP(0));

	memset(&ticket, 0, sizeof(ticket));
	ticket.tenant_id = PG_GETARG_TEXT_PP(0);
	ticket.source_id = PG_GETARG_INT32(1);
	ticket.ticket_key = PG_GETARG_TEXT_PP(2);
	ticket.queue_id = st_queue_wait_by_name(text_to_cstring(PG_GETARG_TEXT_PP(3)))->queue_id;
	ticket.priority = (int16) priority;
	ticket.channel = PG_ARGISNULL(5) ? NULL : PG_GETARG_TEXT_PP(5);
	ticket.language = PG_ARGISNULL(6) ? NULL : PG_GETARG_TEXT_PP(6);
	if (!PG_ARGISNULL(7))
		ticket.nskills = st_skill_needs_read(PG_GETARG_JSONB_P(7), needs, true);
	ticket.skills = needs;
	ticket.since = PG_ARGISNULL(8) ? 0 : PG_GETARG_TIMESTAMPTZ(8);
	PG_RETURN_BOOL(st_waiting_put(&ticket));
}

/* triage.withdraw_ticket(tenant_id, source_id, ticket_key): whether it waited */
Datum
st_withdraw_ticket(PG_FUNCTION_ARGS)
{
	st_need_write("triage.withdraw_ticket()");
	st_require_tenant(PG_GETARG_TEXT_PP(0));
	PG_RETURN_BOOL(st_waiting_remove(PG_GETARG_TEXT_PP(0), PG_GETARG_INT32(1), PG_GETARG_TEXT_PP(2)));
}

/* triage.forget_assignments(source_id, tenants, ticket_keys) */
Datum
st_forget_assignments(PG_FUNCTION_ARGS)
{
	st_need_write("triage.forget_assignments()");
	st_require_all_tenants("triage.forget_assignments()");
	st_assignment_forget(PG_GETARG_INT32(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2));
	PG_RETURN_VOID();
}

/* triage.waiting_rank(since, priority, ageing) */
Datum
st_waiting_rank_sql(PG_FUNCTION_ARGS)
{
	TimestampTz since = PG_GETARG_TIMESTAMPTZ(0);
	float4		ageing = PG_GETARG_FLOAT4(2);

	if (!(ageing >= 0.01f))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ageing must be 0.01 points an hour or more")));
	if (TIMESTAMP_NOT_FINITE(since))
		PG_RETURN_TIMESTAMPTZ(since);
	PG_RETURN_TIMESTAMPTZ(st_waiting_rank(since, (int16) Max(ST_PRIORITY_MIN, Min(ST_PRIORITY_MAX, PG_GETARG_INT32(1))), ageing));
}
