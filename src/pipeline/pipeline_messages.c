/*-------------------------------------------------------------------------
 *
 * pipeline_messages.c
 *		triage.attach_messages and triage.detach_messages: which table holds the
 *		messages of the tickets' threads.
 *
 * Only which table and which columns is kept, in triage.message_source; reading
 * the messages is done as whoever asks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

#define MAX_GUESSES 8
#define TRIGGER_NAME "support_triage_message"

static const char *const role_names[ST_NUM_MESSAGE_ROLES] = {
	"id", "ticket", "body", "author_kind", "created_at", "tenant"
};

/* The usual names of a role, best first. */
static const char *const usual_names[ST_NUM_MESSAGE_ROLES][MAX_GUESSES] = {
	{"id", "message_id", "comment_id", "number"},
	{"ticket_id", "ticket", "case_id", "issue_id", "conversation_id", "ticket_key", "ticket_number"},
	{"body", "message", "content", "text", "comment", "details"},
	{"author_kind", "author_type", "sender_type", "sender_kind", "sent_by", "direction", "role"},
	{"created_at", "created", "created_on", "sent_at", "received_at", "posted_at", "inserted_at"},
	{"tenant_id", "tenant"}
};

/* Who writes, in the usual words; case does not matter, and whoever is none of these is an agent. */
static const char *const usual_customers[] = {
	"customer", "requester", "end_user", "end-user", "enduser", "user", "client", "contact",
	"visitor", "inbound", "incoming", "in", "external"
};
static const char *const usual_bots[] = {
	"bot", "assistant", "ai", "automation", "automated", "auto", "autoresponder"
};
static const char *const usual_systems[] = {
	"system", "event", "note", "internal", "internal_note", "private", "private_note"
};

const char *const st_author_names[ST_NUM_AUTHORS] = {"customer", "agent", "bot", "system"};

PG_FUNCTION_INFO_V1(st_attach_messages);
PG_FUNCTION_INFO_V1(st_detach_messages);

static char *
json_string(const JsonbValue *v)
{
	return pnstrdup(v->val.string.val, v->val.string.len);
}

static int
find_role(const char *name)
{
	for (int i = 0; i < ST_NUM_MESSAGE_ROLES; i++)
	{
		if (strcmp(role_names[i], name) == 0)
			return i;
	}
	return -1;
}

/* Reads {"role": "column", ...}; a JSON null says that no column plays the role. */
static void
parse_columns(Jsonb *given, StMessages *messages, bool *named)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("columns must be a JSON object of roles and column names"),
				 errhint("For example: '{\"ticket\": \"case_no\", \"body\": \"words\"}'.")));

	it = JsonbIteratorInit(&given->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		char	   *name;
		int			role;

		if (token != WJB_KEY)
			continue;
		name = json_string(&v);
		role = find_role(name);
		if (role < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown column role \"%s\"", name),
					 errdetail("The roles of messages are: id, ticket, body, author_kind, created_at, tenant.")));
		token = JsonbIteratorNext(&it, &v, true);
		if (token != WJB_VALUE || (v.type != jbvString && v.type != jbvNull))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column role \"%s\" must name a column or be null", name)));
		if (named != NULL)
			named[role] = true;
		if (v.type == jbvString)
			messages->name[role] = json_string(&v);
	}
}

static int
find_author(const char *name)
{
	for (int i = 0; i < ST_NUM_AUTHORS; i++)
	{
		if (strcmp(st_author_names[i], name) == 0)
			return i;
	}
	return -1;
}

static void
set_words(StMessages *messages, StAuthorKind author, const char *const *words, int n)
{
	messages->nwords[author] = n;
	messages->words[author] = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
		messages->words[author][i] = unconstify(char *, words[i]);
}

/* Reads {"customer": ["word", ...], "bot": [...], ...}. */
static void
parse_options(Jsonb *given, StMessages *messages)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;

	set_words(messages, ST_AUTHOR_CUSTOMER, usual_customers, lengthof(usual_customers));
	set_words(messages, ST_AUTHOR_AGENT, NULL, 0);
	set_words(messages, ST_AUTHOR_BOT, usual_bots, lengthof(usual_bots));
	set_words(messages, ST_AUTHOR_SYSTEM, usual_systems, lengthof(usual_systems));

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object")));

	it = JsonbIteratorInit(&given->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		char	   *name;
		int			author;
		JsonbIterator *element;

		if (token != WJB_KEY)
			continue;
		name = json_string(&v);
		author = find_author(name);
		if (author < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown option \"%s\"", name),
					 errdetail("The options of messages are: customer, agent, bot, system.")));
		(void) JsonbIteratorNext(&it, &v, true);
		if (v.type != jbvBinary || !JsonContainerIsArray(v.val.binary.data))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" must be an array of values of author_kind", name)));
		set_words(messages, author, NULL, 0);
		messages->words[author] = palloc(Max(JsonContainerSize(v.val.binary.data), 1) * sizeof(char *));
		element = JsonbIteratorInit(v.val.binary.data);
		while ((token = JsonbIteratorNext(&element, &v, true)) != WJB_DONE)
		{
			if (token != WJB_ELEM)
				continue;
			if (v.type == jbvString)
				messages->words[author][messages->nwords[author]++] = json_string(&v);
			else if (v.type == jbvBool)
				messages->words[author][messages->nwords[author]++] = pstrdup(v.val.boolean ? "true" : "false");
			else
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" must be an array of values of author_kind", name)));
		}
	}
}

/*
 * st_message_author
 *		Who an author_kind, as text, is.  Messages that do not say are taken as
 *		the requester's.  Who is named nowhere is an agent, unless the words for
 *		agents are given: then a system.
 */
StAuthorKind
st_message_author(const StMessages *messages, const char *author_kind)
{
	if (author_kind == NULL)
		return ST_AUTHOR_CUSTOMER;
	for (int author = 0; author < ST_NUM_AUTHORS; author++)
	{
		for (int i = 0; i < messages->nwords[author]; i++)
		{
			if (pg_strcasecmp(messages->words[author][i], author_kind) == 0)
				return author;
		}
	}
	return messages->nwords[ST_AUTHOR_AGENT] == 0 ? ST_AUTHOR_AGENT : ST_AUTHOR_SYSTEM;
}

bool
st_message_is_customers(const StMessages *messages, const char *author_kind)
{
	return st_message_author(messages, author_kind) == ST_AUTHOR_CUSTOMER;
}

/* Checks the columns that were named and guesses the others. */
static void
guess_columns(Relation rel, StMessages *messages, const bool *named)
{
	for (int role = 0; role < ST_NUM_MESSAGE_ROLES; role++)
	{
		const char *name = messages->name[role];
		Form_pg_attribute att;

		for (int i = 0; !named[role] && i < MAX_GUESSES && usual_names[role][i] != NULL; i++)
		{
			att = st_find_column(rel, usual_names[role][i], true);
			if (att == NULL || (role == ST_MESSAGE_CREATED_AT && !st_column_is_time(att->atttypid)))
				continue;
			messages->name[role] = pstrdup(NameStr(att->attname));
			break;
		}
		if (name == NULL)
			continue;

		att = st_find_column(rel, name, false);
		if (att == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of table \"%s\" does not exist", name, RelationGetRelationName(rel)),
					 errdetail("The columns are: %s.", st_list_of_columns(rel))));
		if (role == ST_MESSAGE_CREATED_AT && !st_column_is_time(att->atttypid))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of table \"%s\" cannot tell when a message was written",
							name, RelationGetRelationName(rel)),
					 errdetail("It must be of type timestamp with time zone, timestamp or date.")));
	}

	for (int role = ST_MESSAGE_TICKET; role <= ST_MESSAGE_BODY; role++)
	{
		if (messages->name[role] == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg(role == ST_MESSAGE_TICKET ?
							"cannot tell which column of table \"%s\" names the ticket" :
							"cannot tell which column of table \"%s\" holds the message", RelationGetRelationName(rel)),
					 errdetail("The columns are: %s.", st_list_of_columns(rel)),
					 errhint("Name it: SELECT triage.attach_messages(%s, '{\"%s\": \"...\"}').",
							 st_table_literal(rel), role_names[role])));
	}
	if (messages->name[ST_MESSAGE_CREATED_AT] == NULL && messages->name[ST_MESSAGE_ID] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("cannot tell in which order the messages of table \"%s\" were written",
						RelationGetRelationName(rel)),
				 errdetail("The columns are: %s.", st_list_of_columns(rel)),
				 errhint("Name the column: SELECT triage.attach_messages(%s, '{\"created_at\": \"...\"}').",
						 st_table_literal(rel))));
}

/*
 * The attached table whose tickets the messages are of: what the foreign key of
 * their ticket column says, else the only one that is attached.
 */
static Oid
guess_tickets(Relation rel, const StMessages *messages)
{
	AttrNumber	ticket = get_attnum(RelationGetRelid(rel), messages->name[ST_MESSAGE_TICKET]);
	ListCell   *lc;

	foreach(lc, RelationGetFKeyList(rel))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);

		for (int i = 0; i < fk->nkeys; i++)
		{
			if (fk->conkey[i] == ticket && st_source_find(fk->confrelid, true) != 0)
				return fk->confrelid;
		}
	}

	if (SPI_execute("SELECT tickets FROM triage.source WHERE detached_at IS NULL LIMIT 2", true, 2) == SPI_OK_SELECT &&
		SPI_processed == 1)
	{
		bool		isnull;

		return DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot tell which table has the tickets of table \"%s\"", RelationGetRelationName(rel)),
			 errdetail("Column \"%s\" has no foreign key to an attached table.", messages->name[ST_MESSAGE_TICKET]),
			 errhint("Name it: SELECT triage.attach_messages(%s, tickets => '...').", st_table_literal(rel))));
}

/* Throws unless the ticket column can hold the tickets' keys. */
static void
check_ticket_column(Relation rel, const StMessages *messages, Oid tickets, int32 source_id)
{
	Relation	ticket_rel = table_open(tickets, AccessShareLock);
	StSource   *source = st_source_for(source_id, ticket_rel);
	Form_pg_attribute att = st_find_column(rel, messages->name[ST_MESSAGE_TICKET], false);
	Oid			mine = getBaseType(att->atttypid);
	Oid			theirs = source->column[ST_ROLE_ID].typid;

	if (source->broken != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s", source->broken)));
	if (TypeCategory(mine) != TypeCategory(theirs) ||
		!OidIsValid(lookup_type_cache(mine, TYPECACHE_EQ_OPR)->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" cannot name tickets of table \"%s\"",
						messages->name[ST_MESSAGE_TICKET], RelationGetRelationName(rel),
						RelationGetRelationName(ticket_rel)),
				 errdetail("Its type is %s, that of the tickets' key is %s.",
						   format_type_be(att->atttypid), format_type_be(theirs))));
	table_close(ticket_rel, NoLock);
}

static Jsonb *
columns_to_jsonb(const StMessages *messages)
{
	JsonbParseState *state = NULL;
	JsonbValue	v;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	v.type = jbvString;
	for (int role = 0; role < ST_NUM_MESSAGE_ROLES; role++)
	{
		if (messages->name[role] == NULL)
			continue;
		v.val.string.val = unconstify(char *, role_names[role]);
		v.val.string.len = strlen(role_names[role]);
		pushJsonbValue(&state, WJB_KEY, &v);
		v.val.string.val = messages->name[role];
		v.val.string.len = strlen(messages->name[role]);
		pushJsonbValue(&state, WJB_VALUE, &v);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Opens a table of messages; throws when it cannot be one, or is not the caller's to attach. */
static Relation
open_messages(Oid messages)
{
	Relation	rel = try_relation_open(messages, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", messages)));
	if (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE &&
		rel->rd_rel->relkind != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table or view", RelationGetRelationName(rel))));
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("temporary table \"%s\" cannot be attached", RelationGetRelationName(rel))));
	if (pg_class_aclcheck(messages, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", RelationGetRelationName(rel)),
				 errhint("Attaching and detaching a table need the right to create triggers on it.")));
	return rel;
}

/* Removes a row; returns whether there was one.  Needs SPI_connect and the owner's identity. */
static bool
forget_messages(Oid messages)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		values[1] = {ObjectIdGetDatum(messages)};

	if (SPI_execute_with_args("DELETE FROM triage.message_source WHERE messages OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not write triage.message_source");
	return SPI_processed > 0;
}

/*
 * st_messages_drop_trigger
 *		Drops our trigger of a messages table, if it is there.  Needs SPI_connect
 *		and the owner's identity.
 */
void
st_messages_drop_trigger(Oid messages)
{
	if (get_rel_name(messages) != NULL &&
		OidIsValid(get_trigger_oid(messages, TRIGGER_NAME, true)) &&
		SPI_execute(psprintf("DROP TRIGGER " TRIGGER_NAME " ON %s", st_table_name(messages)), false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not drop a trigger");
}

/*
 * Has messages move the clocks of their tickets; those that are read through a
 * view do not.  Needs SPI_connect and the owner's identity.
 */
static void
put_trigger(Relation rel, int32 source_id)
{
	if (rel->rd_rel->relkind == RELKIND_VIEW)
	{
		ereport(NOTICE,
				(errmsg("messages of view \"%s\" move no clocks", RelationGetRelationName(rel)),
				 errhint("Call triage.clocks_message where they are written.")));
		return;
	}
	st_messages_drop_trigger(RelationGetRelid(rel));
	if (SPI_execute(psprintf("CREATE TRIGGER " TRIGGER_NAME " AFTER INSERT ON %s FOR EACH ROW"
							 " EXECUTE FUNCTION triage.message_inserted(%d)",
							 st_table_name(RelationGetRelid(rel)), source_id), false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not create a trigger");
}

/*
 * triage.attach_messages(messages, columns, tickets, options): notes which
 * table holds the messages of an attached table's tickets.  Returns the columns
 * as they were found.
 */
Datum
st_attach_messages(PG_FUNCTION_ARGS)
{
	static const char *const sql =
	"INSERT INTO triage.message_source (messages, source_id, columns, options, attached_at, attached_by)"
	" VALUES ($1, $2, $3, $4, $5, $6)"
	" ON CONFLICT (messages) DO UPDATE SET source_id = excluded.source_id, columns = excluded.columns,"
	" options = excluded.options, attached_at = excluded.attached_at, attached_by = excluded.attached_by";
	Oid			types[6] = {REGCLASSOID, INT4OID, JSONBOID, JSONBOID, TIMESTAMPTZOID, NAMEOID};
	Datum		values[6];
	Relation	rel;
	StMessages	messages = {InvalidOid};
	StMessages	other;
	bool		named[ST_NUM_MESSAGE_ROLES] = {false};
	StIdentity	caller;
	Oid			tickets;
	int32		source_id;
	Jsonb	   *found;
	NameData	who;

	for (int i = 0; i < 4; i++)
	{
		if (i != 2 && PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("messages, columns and options must not be null")));
	}
	messages.messages = PG_GETARG_OID(0);
	rel = open_messages(messages.messages);
	parse_columns(PG_GETARG_JSONB_P(1), &messages, named);
	parse_options(PG_GETARG_JSONB_P(3), &messages);
	guess_columns(rel, &messages, named);
	found = columns_to_jsonb(&messages);

	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	tickets = PG_ARGISNULL(2) ? guess_tickets(rel, &messages) : PG_GETARG_OID(2);
	source_id = st_source_get(tickets);
	check_ticket_column(rel, &messages, tickets, source_id);

	if (st_messages_of(source_id, &other) && other.messages != messages.messages)
	{
		if (get_rel_name(other.messages) == NULL)
			forget_messages(other.messages);
		else
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("table \"%s\" has its messages in table \"%s\" already",
							get_rel_name(tickets), get_rel_name(other.messages)),
					 errhint("Detach that one with triage.detach_messages, or attach a view of both.")));
	}

	namestrcpy(&who, GetUserNameFromId(caller.userid, false));
	values[0] = ObjectIdGetDatum(messages.messages);
	values[1] = Int32GetDatum(source_id);
	values[2] = JsonbPGetDatum(found);
	values[3] = PG_GETARG_DATUM(3);
	values[4] = TimestampTzGetDatum(st_now());
	values[5] = NameGetDatum(&who);
	if (SPI_execute_with_args(sql, 6, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write triage.message_source");
	put_trigger(rel, source_id);
	SPI_finish();
	st_become_caller(&caller);

	relation_close(rel, NoLock);
	PG_RETURN_JSONB_P(found);
}

/* triage.detach_messages(messages): forgets a table of messages. */
Datum
st_detach_messages(PG_FUNCTION_ARGS)
{
	Relation	rel = open_messages(PG_GETARG_OID(0));
	StIdentity	caller;

	st_disturbances++;
	st_become_owner(&caller);
	SPI_connect();
	st_messages_drop_trigger(PG_GETARG_OID(0));
	if (!forget_messages(PG_GETARG_OID(0)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no attached messages", RelationGetRelationName(rel))));
	SPI_finish();
	st_become_caller(&caller);
	relation_close(rel, NoLock);
	PG_RETURN_VOID();
}

/* Fills *found, palloc'd, from a row of triage.message_source. */
void
st_messages_read(StTableScan *scan, StMessages *found)
{
	bool		isnull;

	memset(found, 0, sizeof(*found));
	found->source_id = st_scan_int32(scan, "source_id", 0);
	found->messages = DatumGetObjectId(st_scan_value(scan, "messages", &isnull));
	parse_columns(DatumGetJsonbPCopy(st_scan_value(scan, "columns", &isnull)), found, NULL);
	parse_options(DatumGetJsonbPCopy(st_scan_value(scan, "options", &isnull)), found);
}

/*
 * st_messages_of
 *		Fills *found, palloc'd, with the messages table of a source; false when
 *		it has none.
 */
bool
st_messages_of(int32 source_id, StMessages *found)
{
	StTableScan scan;
	bool		any = false;

	memset(found, 0, sizeof(*found));
	st_scan_begin(&scan, st_relation_oid("message_source", false));
	while (!any && st_scan_next(&scan))
	{
		if (st_scan_int32(&scan, "source_id", 0) != source_id)
			continue;
		any = true;
		st_messages_read(&scan, found);
	}
	st_scan_end(&scan);
	return any;
}
