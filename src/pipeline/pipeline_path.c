/*-------------------------------------------------------------------------
 *
 * pipeline_path.c
 *		triage.sentiment_path: how the tone of a ticket's thread moved; and for
 *		triage.handoff what the thread says.
 *
 * The ticket's own text comes first, then its messages in order.  Only what the
 * requester wrote is scored: agents are polite for a living.  The mood of the
 * thread so far counts the last message of the requester as much as all before
 * it together; the slope is that of the line through their scores, a message.
 *
 * Ticket and messages are read as the caller.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Of a longer thread the newest messages are read. */
#define MAX_MESSAGES	1000

/* What the requester was told is shown of so many messages, so many bytes of each. */
#define MAX_TOLD		20
#define MAX_TOLD_BYTES	1000

#define PATH_COLUMNS	9

PG_FUNCTION_INFO_V1(st_sentiment_path);

typedef struct Path
{
	ReturnSetInfo *rsinfo;
	StringInfo	json;			/* not NULL: rows go here, as objects */
	List	   *told;			/* then also what the requester was told */
	MemoryContext cxt;			/* reset for each message */
	const char *language;		/* of the ticket, or NULL */
	int			position;

	/* of the requester's scores so far */
	int			n;
	double		mood;
	double		sum;
	double		sum_at;			/* of position among them times score */
} Path;

/* A time as JSON. */
static void
put_time(StringInfo out, bool known, TimestampTz at)
{
	char		buf[MAXDATELEN + 1];

	if (!known)
	{
		appendStringInfoString(out, "null");
		return;
	}
	JsonEncodeDateTime(buf, TimestampTzGetDatum(at), TIMESTAMPTZOID, NULL);
	appendStringInfo(out, "\"%s\"", buf);
}

/* Slope of the least-squares line through n scores at 1, 2, ... n. */
static double
slope_of(const Path *path)
{
	double		n = path->n;
	double		mean = (n + 1) / 2;

	return (path->sum_at - mean * path->sum) / (n * (n * n - 1) / 12);
}

/* A row as a JSON object. */
static void
put_object(Path *path, const Datum *values, const bool *nulls)
{
	StringInfo	out = path->json;

	appendStringInfo(out, "%s{\"position\": %d, \"at\": ", path->position == 1 ? "" : ", ", path->position);
	put_time(out, !nulls[1], DatumGetTimestampTz(values[1]));
	appendStringInfoString(out, ", \"author_kind\": ");
	if (nulls[2])
		appendStringInfoString(out, "null");
	else
		escape_json(out, TextDatumGetCString(values[2]));
	appendStringInfo(out, ", \"by_customer\": %s", DatumGetBool(values[3]) ? "true" : "false");
	if (!nulls[4])
		appendStringInfo(out, ", \"score\": %.4f, \"label\": \"%s\", \"mood\": %.4f", DatumGetFloat4(values[4]),
						 TextDatumGetCString(values[5]), DatumGetFloat4(values[7]));
	if (!nulls[8])
		appendStringInfo(out, ", \"slope\": %.4f", DatumGetFloat4(values[8]));
	appendStringInfoChar(out, '}');
}

/* Notes what an agent or a bot wrote; of a long thread the newest stay. */
static void
note_told(Path *path, const char *body, StAuthorKind author, bool has_at, TimestampTz at)
{
	StringInfo	one;
	int			length;

	if (path->json == NULL || body == NULL || (author != ST_AUTHOR_AGENT && author != ST_AUTHOR_BOT))
		return;
	one = makeStringInfo();
	length = pg_mbcliplen(body, strlen(body), MAX_TOLD_BYTES);
	appendStringInfo(one, "{\"by\": \"%s\", \"at\": ", author == ST_AUTHOR_AGENT ? "agent" : "bot");
	put_time(one, has_at, at);
	appendStringInfoString(one, ", \"text\": ");
	escape_json(one, pnstrdup(body, length));
	appendStringInfo(one, ", \"whole\": %s}", body[length] == '\0' ? "true" : "false");
	path->told = lappend(path->told, one->data);
	if (list_length(path->told) > MAX_TOLD)
		path->told = list_delete_first(path->told);
}

/* Adds a row: of a message of the requester its text is scored. */
static void
put_message(Path *path, const StDocument *doc, bool has_at, TimestampTz at, const char *author_kind,
			bool by_customer)
{
	MemoryContext old = MemoryContextSwitchTo(path->cxt);
	Datum		values[PATH_COLUMNS] = {0};
	bool		nulls[PATH_COLUMNS];

	memset(nulls, true, sizeof(nulls));
#define SET(column, datum) (values[column] = (datum), nulls[column] = false)
	SET(0, Int32GetDatum(++path->position));
	if (has_at)
		SET(1, TimestampTzGetDatum(at));
	if (author_kind != NULL)
		SET(2, CStringGetTextDatum(author_kind));
	SET(3, BoolGetDatum(by_customer));

	if (by_customer && !st_is_blank(doc->data, doc->length))
	{
		StReading	reading;
		StUnderstanding u;

		st_reading_begin(&reading, doc);
		st_understand(&reading, ST_SIGNAL_LANGUAGE | ST_SIGNAL_SENTIMENT, path->language, NULL, 0, &u);
		if (u.known & ST_SIGNAL_SENTIMENT)
		{
			double		score = u.sentiment.score;

			path->n++;
			path->sum += score;
			path->sum_at += path->n * score;
			path->mood = path->n == 1 ? score : (path->mood + score) / 2;
			SET(4, Float4GetDatum(u.sentiment.score));
			SET(5, CStringGetTextDatum(st_sentiment_names[u.sentiment.label]));
			SET(6, Float4GetDatum(u.sentiment.confidence));
			SET(7, Float4GetDatum((float4) path->mood));
			if (path->n > 1)
				SET(8, Float4GetDatum((float4) slope_of(path)));
		}
	}
#undef SET
	if (path->json == NULL)
		tuplestore_putvalues(path->rsinfo->setResult, path->rsinfo->setDesc, values, nulls);
	else
		put_object(path, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(path->cxt);
}

/* One column of the query for messages, as a type; NULL where there is none. */
static void
put_column(StringInfo sql, const char *name, const char *type)
{
	if (name == NULL)
		appendStringInfo(sql, "NULL::pg_catalog.%s", type);
	else
		appendStringInfo(sql, "%s::pg_catalog.%s", quote_identifier(name), type);
}

/* A type's base, for a comparison with a key that is text. */
static Oid
column_type(Oid relid, const char *name)
{
	AttrNumber	attnum = get_attnum(relid, name);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", name, get_rel_name(relid)),
				 errhint("Attach the messages again with triage.attach_messages.")));
	return getBaseType(get_atttype(relid, attnum));
}

/* Reads the messages of a ticket, oldest first.  Needs SPI_connect. */
static void
read_messages(Path *path, const StMessages *m, const StFacts *facts, bool clean)
{
	StringInfoData sql;
	StringInfoData order;
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2] = {PointerGetDatum(facts->ticket_key), PointerGetDatum(facts->tenant_id)};
	bool		by_tenant = m->name[ST_MESSAGE_TENANT] != NULL && VARSIZE_ANY_EXHDR(facts->tenant_id) > 0;
	SPITupleTable *rows;
	uint64		n;

	if (get_rel_name(m->messages) == NULL)
		return;

	initStringInfo(&order);
	for (int i = 0; i < 2; i++)
	{
		const char *name = m->name[i == 0 ? ST_MESSAGE_CREATED_AT : ST_MESSAGE_ID];

		if (name != NULL)
			appendStringInfo(&order, "%s%s DESC", order.len == 0 ? "" : ", ", quote_identifier(name));
	}

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	put_column(&sql, m->name[ST_MESSAGE_BODY], "text");
	appendStringInfoString(&sql, ", ");
	put_column(&sql, m->name[ST_MESSAGE_AUTHOR_KIND], "text");
	appendStringInfoString(&sql, ", ");
	put_column(&sql, m->name[ST_MESSAGE_CREATED_AT], "timestamptz");
	appendStringInfo(&sql, " FROM %s WHERE ", st_table_name(m->messages));
	st_key_condition(&sql, m->name[ST_MESSAGE_TICKET], column_type(m->messages, m->name[ST_MESSAGE_TICKET]), '=', 1);
	if (by_tenant)
	{
		appendStringInfoString(&sql, " AND ");
		st_key_condition(&sql, m->name[ST_MESSAGE_TENANT], column_type(m->messages, m->name[ST_MESSAGE_TENANT]), '=', 2);
	}
	appendStringInfo(&sql, " ORDER BY %s LIMIT %d", order.data, MAX_MESSAGES);

	st_disturbances++;
	if (SPI_execute_with_args(sql.data, by_tenant ? 2 : 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read messages");
	rows = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = n; i > 0; i--)
	{
		char	   *body = SPI_getvalue(rows->vals[i - 1], rows->tupdesc, 1);
		char	   *author = SPI_getvalue(rows->vals[i - 1], rows->tupdesc, 2);
		StDocument	doc = {"", 0, false, false};
		bool		undated;
		Datum		at = SPI_getbinval(rows->vals[i - 1], rows->tupdesc, 3, &undated);

		CHECK_FOR_INTERRUPTS();
		if (body != NULL)
			st_document_read(body, strlen(body), &doc);
		if (clean && doc.length > 0)
			doc.data = st_clean(doc.data, doc.length, &doc.length);
		put_message(path, &doc, !undated, undated ? 0 : DatumGetTimestampTz(at), author,
					st_message_is_customers(m, author));
		note_told(path, body, st_message_author(m, author), !undated, undated ? 0 : DatumGetTimestampTz(at));
	}
	SPI_freetuptable(rows);
}

/* The ticket's own text and its messages, for a ticket that was decided without its signals. */
static void
read_path(Path *path, StSource *source, StReader *reader, TupleTableSlot *slot, StDecided *decided)
{
	StDocument	doc;
	StMessages	messages;

	path->cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage message", ALLOCSET_DEFAULT_SIZES);
	st_read_document(reader, slot, &decided->facts, &doc);
	if (decided->facts.language != NULL)
		path->language = text_to_cstring(decided->facts.language);
	put_message(path, &doc, decided->facts.has_created_at, decided->facts.created_at, NULL, true);
	if (st_messages_of(source->source_id, &messages))
		read_messages(path, &messages, &decided->facts, source->options.clean);
}

/*
 * st_put_thread
 *		Appends members of a JSON object: how the tone of a ticket's thread
 *		moved, and what its requester was told.  Between SPI_connect and
 *		SPI_finish; reads messages as the current user.
 */
void
st_put_thread(StringInfo out, StSource *source, StReader *reader, TupleTableSlot *slot, StDecided *decided)
{
	Path		path;
	ListCell   *lc;

	memset(&path, 0, sizeof(path));
	path.json = out;
	appendStringInfoString(out, ", \"sentiment_path\": [");
	read_path(&path, source, reader, slot, decided);
	appendStringInfoString(out, "], \"told\": [");
	foreach(lc, path.told)
	{
		appendStringInfo(out, "%s%s", lc == list_head(path.told) ? "" : ", ", (char *) lfirst(lc));
	}
	appendStringInfoChar(out, ']');
}

/* triage.sentiment_path(tickets, ticket_key, tenant) */
Datum
st_sentiment_path(PG_FUNCTION_ARGS)
{
	Relation	rel;
	StSource   *source;
	StSource	projected;
	TupleTableSlot *slot;
	StReader	reader;
	StDecided	decided;
	Path		path;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;

	memset(&path, 0, sizeof(path));
	path.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	rel = table_open(PG_GETARG_OID(0), AccessShareLock);
	source = st_source_for(st_source_get(PG_GETARG_OID(0)), rel);
	SPI_connect();
	slot = st_ticket_fetch(source, &projected, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2),
						   PG_GETARG_TEXT_PP(1), false);
	projected.options.raise = false;
	projected.options.understand = ST_SIGNAL_STATED;

	st_reader_begin(&reader, &projected, NULL);
	st_decide(&reader, slot, &decided);
	read_path(&path, source, &reader, slot, &decided);
	st_reader_end(&reader);
	ExecDropSingleTupleTableSlot(slot);
	SPI_finish();
	table_close(rel, NoLock);
	return (Datum) 0;
}
