/*-------------------------------------------------------------------------
 *
 * pipeline_options.c
 *		What triage.attach is told: which column plays which role, and options.
 *
 * Columns that are not named are guessed from the usual names.  A guess that
 * fails says what the table has and shows the call to make.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "pipeline/pipeline_inner.h"

const char *const st_role_names[ST_NUM_ROLES] = {
	"id", "subject", "body", "customer", "channel", "segment", "language",
	"priority", "status", "assigned_agent", "created_at", "tenant"
};

#define MAX_GUESSES 9

/* The usual names of a role, best first. */
static const char *const usual_names[ST_NUM_ROLES][MAX_GUESSES] = {
	{"id", "ticket_id", "ticket_number", "case_id", "issue_id", "number", "ticket_key"},
	{"subject", "title", "summary", "headline"},
	{"body", "description", "content", "message", "text", "details", "question", "comment"},
	{"customer_id", "requester_id", "user_id", "customer", "requester", "contact_id", "account_id", "client_id"},
	{"channel", "source", "via", "origin"},
	{"segment", "customer_segment", "plan"},
	{"language", "lang", "locale"},
	{"priority", "severity"},
	{"status", "state"},
	{"assigned_agent", "assigned_to", "assignee_id", "assignee", "agent_id"},
	{"created_at", "created", "created_on", "opened_at", "submitted_at", "received_at", "inserted_at"},
	{"tenant_id", "tenant"}
};

/* Copy of a JSON string, zero-terminated. */
static char *
json_string(const JsonbValue *v)
{
	return pnstrdup(v->val.string.val, v->val.string.len);
}

static int
find_role(const char *name)
{
	for (int i = 0; i < ST_NUM_ROLES; i++)
	{
		if (strcmp(st_role_names[i], name) == 0)
			return i;
	}
	return -1;
}

static char *
list_of_roles(void)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < ST_NUM_ROLES; i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : ", ", st_role_names[i]);
	return list.data;
}

/*
 * st_columns_parse
 *		Reads {"role": "column", ...}; a JSON null says that no column plays
 *		the role.  named[role] tells which were given.  Throws for an unknown
 *		role and for a value that is no string.
 */
void
st_columns_parse(Jsonb *given, StColumns *columns, bool *named)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;

	memset(columns, 0, sizeof(*columns));
	if (named != NULL)
		memset(named, 0, ST_NUM_ROLES * sizeof(bool));

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("columns must be a JSON object of roles and column names"),
				 errhint("For example: '{\"id\": \"ticket_no\", \"body\": \"complaint\"}'.")));

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
					 errdetail("The roles are: %s.", list_of_roles())));

		token = JsonbIteratorNext(&it, &v, true);
		if (token != WJB_VALUE || (v.type != jbvString && v.type != jbvNull))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column role \"%s\" must name a column or be null", name)));
		if (named != NULL)
			named[role] = true;
		if (v.type == jbvString)
			columns->name[role] = json_string(&v);
	}
}

/* What the option understand may name.  What a text states is always read. */
static const struct
{
	const char *name;
	uint32		signal;
}			signals[] = {
	{"language", ST_SIGNAL_LANGUAGE},
	{"sentiment", ST_SIGNAL_SENTIMENT},
	{"emotion", ST_SIGNAL_EMOTION},
	{"irony", ST_SIGNAL_IRONY},
	{"complexity", ST_SIGNAL_COMPLEXITY},
	{"pii", ST_SIGNAL_PII},
	{"history", ST_WATCH_HISTORY},
	{"duplicates", ST_WATCH_DUPLICATES}
};

/* One of them by name; throws for another. */
static uint32
signal_named(const JsonbValue *v)
{
	StringInfoData list;

	for (int i = 0; v->type == jbvString && i < lengthof(signals); i++)
	{
		if (strcmp(signals[i].name, json_string(v)) == 0)
			return signals[i].signal;
	}

	initStringInfo(&list);
	for (int i = 0; i < lengthof(signals); i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : ", ", signals[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be true, false or an array of signals", "understand"),
			 errdetail("The signals are: %s.", list.data)));
}

/* true: all; false: none but what is stated; an array: those. */
static uint32
parse_signals(Jsonb *given)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;
	JsonbValue *value = getKeyJsonValueFromContainer(&given->root, "understand", strlen("understand"), &v);
	uint32		wanted = ST_SIGNAL_STATED;

	if (value->type == jbvBool)
	{
		for (int i = 0; i < lengthof(signals) && value->val.boolean; i++)
			wanted |= signals[i].signal;
		return wanted;
	}
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return signal_named(value);

	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			wanted |= signal_named(&v);
	}
	return wanted;
}

/*
 * st_options_parse
 *		Reads the options of triage.attach, with their defaults.  Throws for an
 *		unknown option and for a value that it cannot have.
 */
void
st_options_parse(Jsonb *given, StOptions *options)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;

	options->intent_model = pstrdup("intent");
	options->raise = false;
	options->clean = true;
	options->assign = true;
	options->deferred = false;
	options->understand = ST_SIGNALS_ALL | ST_WATCH_HISTORY | ST_WATCH_DUPLICATES;

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object")));

	it = JsonbIteratorInit(&given->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		char	   *name;
		char	   *value = NULL;

		if (token != WJB_KEY)
			continue;
		name = json_string(&v);
		(void) JsonbIteratorNext(&it, &v, true);
		if (v.type == jbvString)
			value = json_string(&v);

		if (strcmp(name, "intent_model") == 0)
		{
			if (value == NULL || value[0] == '\0')
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" must be the name of a model", name)));
			options->intent_model = value;
		}
		else if (strcmp(name, "on_error") == 0)
		{
			if (value == NULL || (strcmp(value, "decide") != 0 && strcmp(value, "raise") != 0))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" must be \"decide\" or \"raise\"", name),
						 errdetail("With \"decide\" a ticket that cannot be triaged gets a decision with outcome failed; with \"raise\" its INSERT fails.")));
			options->raise = strcmp(value, "raise") == 0;
		}
		else if (strcmp(name, "clean") == 0 || strcmp(name, "assign") == 0)
		{
			if (v.type != jbvBool)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" must be true or false", name)));
			if (strcmp(name, "clean") == 0)
				options->clean = v.val.boolean;
			else
				options->assign = v.val.boolean;
		}
		else if (strcmp(name, "understand") == 0)
			options->understand = parse_signals(given);
		else if (strcmp(name, "mode") == 0)
		{
			if (value == NULL || (strcmp(value, "immediate") != 0 && strcmp(value, "deferred") != 0))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("option \"%s\" must be \"immediate\" or \"deferred\"", name),
						 errdetail("With \"immediate\" a ticket is decided in the transaction that inserts it; with \"deferred\" it is noted in triage.backlog and decided by the worker.")));
			options->deferred = strcmp(value, "deferred") == 0;
		}
		else
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown option \"%s\"", name),
					 errdetail("The options are: intent_model, on_error, clean, understand, assign, mode.")));
	}
	if (options->raise && options->deferred)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("on_error \"raise\" and mode \"deferred\" exclude each other"),
				 errdetail("A ticket that is decided later cannot make its INSERT fail.")));
}

/* Whether a column of this type can tell when a ticket was created. */
bool
st_column_is_time(Oid typid)
{
	typid = getBaseType(typid);
	return typid == TIMESTAMPTZOID || typid == TIMESTAMPOID || typid == DATEOID;
}

/* The table's own columns, for people. */
char *
st_list_of_columns(Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (!att->attisdropped)
			appendStringInfo(&list, "%s%s", list.len == 0 ? "" : ", ",
							 quote_identifier(NameStr(att->attname)));
	}
	return list.data;
}

/* The table's name as it goes into a call: 'public.tickets'. */
char *
st_table_literal(Relation rel)
{
	return quote_literal_cstr(quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
														 RelationGetRelationName(rel)));
}

/* A live user column by name, or NULL; case matters only when fold is false. */
Form_pg_attribute
st_find_column(Relation rel, const char *name, bool fold)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (att->attisdropped)
			continue;
		if (fold ? pg_strcasecmp(NameStr(att->attname), name) == 0
			: strcmp(NameStr(att->attname), name) == 0)
			return att;
	}
	return NULL;
}

/* The column of a one-column primary key, palloc'd, or NULL. */
char *
st_primary_key_column(Relation rel)
{
	Bitmapset  *key = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_PRIMARY_KEY);
	AttrNumber	attnum;

	if (bms_membership(key) != BMS_SINGLETON)
		return NULL;
	attnum = bms_singleton_member(key) + FirstLowInvalidHeapAttributeNumber;
	return pstrdup(NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname));
}

static void
check_column(Relation rel, StRole role, const char *name)
{
	Form_pg_attribute att = st_find_column(rel, name, false);

	if (att == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist",
						name, RelationGetRelationName(rel)),
				 errdetail("The columns are: %s.", st_list_of_columns(rel))));
	if (att->attgenerated == 'v')
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column \"%s\" of table \"%s\" is a virtual generated column",
						name, RelationGetRelationName(rel)),
				 errhint("A trigger does not see its value; use a stored generated column.")));
	if (role == ST_ROLE_CREATED_AT && !st_column_is_time(att->atttypid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" cannot tell when a ticket was created",
						name, RelationGetRelationName(rel)),
				 errdetail("It must be of type timestamp with time zone, timestamp or date.")));
}

/*
 * st_columns_guess
 *		Checks the columns that were named and guesses the others.  Throws when
 *		the key, or both subject and body, cannot be told.
 */
void
st_columns_guess(Relation rel, StColumns *columns, const bool *named)
{
	for (int role = 0; role < ST_NUM_ROLES; role++)
	{
		if (named[role])
		{
			if (columns->name[role] != NULL)
				check_column(rel, role, columns->name[role]);
			continue;
		}

		for (int i = 0; i < MAX_GUESSES && usual_names[role][i] != NULL; i++)
		{
			Form_pg_attribute att = st_find_column(rel, usual_names[role][i], true);

			if (att == NULL || att->attgenerated == 'v')
				continue;
			if (role == ST_ROLE_CREATED_AT && !st_column_is_time(att->atttypid))
				continue;
			columns->name[role] = pstrdup(NameStr(att->attname));
			break;
		}
	}

	if (columns->name[ST_ROLE_ID] == NULL && !named[ST_ROLE_ID])
		columns->name[ST_ROLE_ID] = st_primary_key_column(rel);

	if (columns->name[ST_ROLE_ID] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("cannot tell which column of table \"%s\" is the ticket's key",
						RelationGetRelationName(rel)),
				 errdetail("The columns are: %s.", st_list_of_columns(rel)),
				 errhint("Name it: SELECT triage.attach(%s, '{\"id\": \"...\"}').", st_table_literal(rel))));

	if (columns->name[ST_ROLE_SUBJECT] == NULL && columns->name[ST_ROLE_BODY] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("cannot tell which column of table \"%s\" holds the ticket's text",
						RelationGetRelationName(rel)),
				 errdetail("The columns are: %s.", st_list_of_columns(rel)),
				 errhint("Name it: SELECT triage.attach(%s, '{\"id\": %s, \"body\": \"...\"}').",
						 st_table_literal(rel), psprintf("\"%s\"", columns->name[ST_ROLE_ID]))));
}

/* The mapping as it is stored, without the roles that no column plays. */
Jsonb *
st_columns_to_jsonb(const StColumns *columns)
{
	JsonbParseState *state = NULL;
	JsonbValue	v;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int role = 0; role < ST_NUM_ROLES; role++)
	{
		if (columns->name[role] == NULL)
			continue;
		v.type = jbvString;
		v.val.string.val = unconstify(char *, st_role_names[role]);
		v.val.string.len = strlen(st_role_names[role]);
		pushJsonbValue(&state, WJB_KEY, &v);
		v.val.string.val = columns->name[role];
		v.val.string.len = strlen(columns->name[role]);
		pushJsonbValue(&state, WJB_VALUE, &v);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
