/*-------------------------------------------------------------------------
 *
 * pipeline_path.c
 *		triage.sentiment_path: how the tone of a ticket's thread moved.
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
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Of a longer thread the newest messages are read. */
#define MAX_MESSAGES	1000

#define PATH_COLUMNS	9

PG_FUNCTION_INFO_V1(st_sentiment_path);

typedef struct Path
{
	ReturnSetInfo *rsinfo;
	MemoryContext cxt;			/* reset for each message */
	const char *language;		/* of the ticket, or NULL */
	int			position;

	/* of the requester's scores so far */
	int			n;
	double		mood;
	double		sum;
	double		sum_at;			/* of position among them times score */
} Path;

/* Slope of the least-squares line through n scores at 1, 2, ... n. */
static double
slope_of(const Path *path)
{
	double		n = path->n;
	double		mean = (n + 1) / 2;

	return (path->sum_at - mean * path->sum) / (n * (n * n - 1) / 12);
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
	tuplestore_putvalues(path->rsinfo->setResult, path->rsinfo->setDesc, values, nulls);
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
	}
	SPI_freetuptable(rows);
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
	StDocument	doc;
	StMessages	messages;
	Path		path;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;

	memset(&path, 0, sizeof(path));
	path.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	rel = table_open(PG_GETARG_OID(0), AccessShareLock);
	source = st_source_for(st_source_get(PG_GETARG_OID(0)), rel);
	SPI_connect();
	path.cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage message", ALLOCSET_DEFAULT_SIZES);
	slot = st_ticket_fetch(source, &projected, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2),
						   PG_GETARG_TEXT_PP(1), false);
	projected.options.raise = false;
	projected.options.understand = ST_SIGNAL_STATED;

	st_reader_begin(&reader, &projected, NULL);
	st_decide(&reader, slot, &decided);
	st_read_document(&reader, slot, &decided.facts, &doc);
	if (decided.facts.language != NULL)
		path.language = text_to_cstring(decided.facts.language);
	put_message(&path, &doc, decided.facts.has_created_at, decided.facts.created_at, NULL, true);
	st_reader_end(&reader);
	ExecDropSingleTupleTableSlot(slot);

	if (st_messages_of(source->source_id, &messages))
		read_messages(&path, &messages, &decided.facts, source->options.clean);
	SPI_finish();
	table_close(rel, NoLock);
	return (Datum) 0;
}
