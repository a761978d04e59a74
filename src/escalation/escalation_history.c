/*-------------------------------------------------------------------------
 *
 * escalation_history.c
 *		What is finished or given up, and what befell an escalation before.
 *
 * Rows go straight into the partition of triage.escalation_history whose turn it
 * is: its only constraint is the number of the partition, which is what it is
 * chosen by.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "escalation/escalation_inner.h"

#define MAX_MESSAGE		10000	/* bytes */

/* What history and dead letters take over as it is, and from which column. */
static const struct
{
	const char *name;
	StColumn	from;
}			taken_over[] = {
	{"escalation_id", ST_COL_ID},
	{"tenant_id", ST_COL_TENANT},
	{"source_id", ST_COL_SOURCE},
	{"ticket_key", ST_COL_TICKET},
	{"cause", ST_COL_CAUSE},
	{"reason", ST_COL_REASON},
	{"priority", ST_COL_PRIORITY},
	{"queue_id", ST_COL_QUEUE},
	{"created_at", ST_COL_CREATED},
	{"attempts", ST_COL_ATTEMPTS},
	{"leases_run_out", ST_COL_RUN_OUT},
	{"level", ST_COL_LEVEL},
	{"acknowledged_by", ST_COL_ACK_BY},
	{"acknowledged_at", ST_COL_ACK_AT},
	{"claimed_by", ST_COL_CLAIMED_BY},
	{"claimed_at", ST_COL_CLAIMED_AT},
	{"log", ST_COL_LOG}
};

#define TAKEN_OVER lengthof(taken_over)

typedef struct Layout
{
	Oid			relid;
	AttrNumber	attnums[TAKEN_OVER];
	AttrNumber	own[5];			/* columns of its own, in a fixed order */
	Oid			done;
	Oid			cancelled;
} Layout;

static Layout history_layout;
static Layout dead_layout;

static void
look_up(Layout *layout, Oid relid, const char *const *own, int nown)
{
	if (layout->relid == relid)
		return;
	layout->relid = InvalidOid;
	for (int i = 0; i < TAKEN_OVER; i++)
		layout->attnums[i] = st_attnum(relid, taken_over[i].name);
	for (int i = 0; i < nown; i++)
		layout->own[i] = st_attnum(relid, own[i]);
	layout->done = st_enum_oid(st_type_oid("escalation_status"), "done");
	layout->cancelled = st_enum_oid(st_type_oid("escalation_status"), "cancelled");
	layout->relid = relid;
}

static void
set(TupleTableSlot *slot, AttrNumber attnum, Datum value)
{
	slot->tts_values[attnum - 1] = value;
	slot->tts_isnull[attnum - 1] = false;
}

static void
begin_row(const Layout *layout, const StRow *row, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < TAKEN_OVER; i++)
	{
		slot->tts_values[layout->attnums[i] - 1] = row->values[taken_over[i].from];
		slot->tts_isnull[layout->attnums[i] - 1] = row->isnull[taken_over[i].from];
	}
}

static void
write_row(StDesk *desk, StTarget *target)
{
	ExecStoreVirtualTuple(target->slot);
	table_tuple_insert(target->rel, target->slot, GetCurrentCommandId(true), 0, NULL);
	st_desk_index(desk, target, target->slot);
}

/* A finished escalation; status is done or cancelled, by and outcome may be NULL. */
void
st_history_write(StDesk *desk, const StRow *row, const char *status, const char *by, text *outcome)
{
	static const char *const own[] = {"slot", "finished_at", "status", "finished_by", "outcome"};
	int			number = (int) (st_escalation_turn(NULL) % ST_HISTORY_PARTITIONS);
	char		relname[NAMEDATALEN];
	StTarget   *target;
	TupleTableSlot *slot;

	snprintf(relname, sizeof(relname), "escalation_history_%d", number);
	target = st_desk_target(desk, &desk->history, relname);
	look_up(&history_layout, RelationGetRelid(target->rel), own, lengthof(own));
	slot = target->slot;
	begin_row(&history_layout, row, slot);
	set(slot, history_layout.own[0], Int16GetDatum(number));
	set(slot, history_layout.own[1], TimestampTzGetDatum(desk->now));
	set(slot, history_layout.own[2],
		ObjectIdGetDatum(strcmp(status, "done") == 0 ? history_layout.done : history_layout.cancelled));
	if (by != NULL)
		set(slot, history_layout.own[3], CStringGetTextDatum(by));
	if (outcome != NULL)
		set(slot, history_layout.own[4], PointerGetDatum(outcome));
	write_row(desk, target);
}

/* An escalation that is given up. */
void
st_dead_write(StDesk *desk, const StRow *row, text *why)
{
	static const char *const own[] = {"died_at", "why"};
	StTarget   *target = st_desk_target(desk, &desk->dead, "escalation_dead");

	look_up(&dead_layout, RelationGetRelid(target->rel), own, lengthof(own));
	begin_row(&dead_layout, row, target->slot);
	set(target->slot, dead_layout.own[0], TimestampTzGetDatum(desk->now));
	set(target->slot, dead_layout.own[1], PointerGetDatum(why));
	write_row(desk, target);
}

static void
push_key(JsonbParseState **state, const char *name)
{
	JsonbValue	v;

	v.type = jbvString;
	v.val.string.val = unconstify(char *, name);
	v.val.string.len = (int) strlen(name);
	pushJsonbValue(state, WJB_KEY, &v);
}

static void
push_text(JsonbParseState **state, const char *name, const char *value, int length)
{
	JsonbValue	v;

	push_key(state, name);
	v.type = jbvString;
	v.val.string.val = unconstify(char *, value);
	v.val.string.len = length;
	pushJsonbValue(state, WJB_VALUE, &v);
}

static void
push_int(JsonbParseState **state, const char *name, int64 value)
{
	JsonbValue	v;

	push_key(state, name);
	v.type = jbvNumeric;
	v.val.numeric = int64_to_numeric(value);
	pushJsonbValue(state, WJB_VALUE, &v);
}

static void
begin_entry(StDesk *desk, JsonbParseState **state, const char *what)
{
	char		at[MAXDATELEN + 1];
	char	   *copy;

	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	JsonEncodeDateTime(at, TimestampTzGetDatum(desk->now), TIMESTAMPTZOID, NULL);
	copy = pstrdup(at);
	push_text(state, "at", copy, (int) strlen(copy));
	push_text(state, "what", what, (int) strlen(what));
}

static void
end_entry(JsonbParseState **state, StRow *row)
{
	Jsonb	   *entry;

	pushJsonbValue(state, WJB_END_OBJECT, NULL);
	entry = JsonbValueToJsonb(pushJsonbValue(state, WJB_END_ARRAY, NULL));
	if (row->isnull[ST_COL_LOG])
		st_row_set(row, ST_COL_LOG, JsonbPGetDatum(entry));
	else
		st_row_set(row, ST_COL_LOG, DirectFunctionCall2(jsonb_concat, row->values[ST_COL_LOG],
														JsonbPGetDatum(entry)));
}

/* Adds to the log of a row; by and message may be NULL.  Long messages are cut. */
void
st_log_add(StDesk *desk, StRow *row, const char *what, const char *by, text *message)
{
	JsonbParseState *state = NULL;

	begin_entry(desk, &state, what);
	if (by != NULL)
		push_text(&state, "by", by, (int) strlen(by));
	if (message != NULL)
	{
		int			length = (int) VARSIZE_ANY_EXHDR(message);

		if (length > MAX_MESSAGE)
			length = pg_mbcliplen(VARDATA_ANY(message), length, MAX_MESSAGE);
		push_text(&state, "text", VARDATA_ANY(message), length);
	}
	end_entry(&state, row);
}

/* Adds a step of its ladder to the log of a row, with what the row has before it. */
void
st_log_step(StDesk *desk, StRow *row, int level)
{
	JsonbParseState *state = NULL;
	text	   *reason = DatumGetTextPP(row->values[ST_COL_REASON]);

	begin_entry(desk, &state, "stepped_up");
	push_int(&state, "level", level);
	push_int(&state, "priority", DatumGetInt16(row->values[ST_COL_PRIORITY]));
	if (!row->isnull[ST_COL_QUEUE])
		push_int(&state, "queue_id", DatumGetInt32(row->values[ST_COL_QUEUE]));
	push_text(&state, "reason", VARDATA_ANY(reason), (int) VARSIZE_ANY_EXHDR(reason));
	end_entry(&state, row);
}
