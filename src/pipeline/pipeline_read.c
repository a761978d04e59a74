/*-------------------------------------------------------------------------
 *
 * pipeline_read.c
 *		From a ticket's row to facts and a decision: what triggers, backfill and
 *		explanation share.
 *
 * Reads columns as whoever runs the statement: output functions of the user's
 * types never run as the owner of schema triage.  What cannot be read is a
 * failure by value; only the option on_error => raise makes an error of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* Raised whenever we run SPI: what st_model_get gave may be gone then. */
uint64		st_disturbances = 0;

/* Room to see that a value is too long without fetching all of it. */
#define SLICE_SLACK	8

static text *
make_text(const char *data, int length)
{
	return cstring_to_text_with_len(data, length);
}

/* Opens the intent model, or notes why not. */
static void
open_model(StReader *reader)
{
	reader->disturbances = st_disturbances;
	reader->failure = NULL;
	reader->model = st_model_get(reader->source->options.intent_model, 0, &reader->failure);
	if (reader->model == NULL && reader->failure == NULL)
		reader->failure = psprintf("model \"%s\" cannot be used", reader->source->options.intent_model);
	reader->model_version = reader->model == NULL ? 0 : st_model_version(reader->model);
}

/*
 * st_reader_begin
 *		Makes ready to decide tickets of a source.  Everything is in the
 *		current context, which must live as long as the reader.  Of a statement
 *		that writes what it decides the writer is given: its tickets see each
 *		other.
 */
void
st_reader_begin(StReader *reader, StSource *source, StWriter *writer)
{
	reader->source = source;
	reader->routing = st_routing_current();
	st_understand_prepare();
	reader->now = st_now();
	reader->again = false;
	reader->writer = writer;
	reader->history = NULL;
	reader->similar = NULL;
	reader->cxt = CurrentMemoryContext;
	reader->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage document",
											ALLOCSET_DEFAULT_SIZES);
	reader->owner = st_table_owner(source->tickets);
	reader->model_name = cstring_to_text(source->options.intent_model);
	open_model(reader);
}

void
st_reader_end(StReader *reader)
{
	if (reader->history != NULL)
		st_history_end(reader->history);
	if (reader->similar != NULL)
		st_similar_end(reader->similar);
	MemoryContextDelete(reader->row_cxt);
}

/* Whether two texts are the same bytes. */
bool
st_same_text(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* Text of an integer, palloc'd. */
static text *
integer_text(int64 value)
{
	char		buf[MAXINT8LEN + 1];

	return make_text(buf, pg_lltoa(value, buf));
}

/*
 * st_column_text
 *		Text of a column in the current context, not toasted; NULL for
 *		NULL and for a role that no column plays.
 */
text *
st_column_text(StColumn *column, TupleTableSlot *slot)
{
	Datum		value;
	bool		isnull;

	if (column->attnum == 0)
		return NULL;
	value = slot_getattr(slot, column->attnum, &isnull);
	if (isnull)
		return NULL;

	switch (column->kind)
	{
		case ST_KIND_TEXT:
			{
				struct varlena *v = (struct varlena *) DatumGetPointer(value);
				Size		size;

				if (VARATT_IS_EXTERNAL(v) || VARATT_IS_COMPRESSED(v))
					return (text *) pg_detoast_datum(v);
				size = VARSIZE_ANY(v);
				return (text *) memcpy(palloc(size), v, size);
			}
		case ST_KIND_INT2:
			return integer_text(DatumGetInt16(value));
		case ST_KIND_INT4:
			return integer_text(DatumGetInt32(value));
		case ST_KIND_INT8:
			return integer_text(DatumGetInt64(value));
		case ST_KIND_OTHER:
			{
				char	   *s = OutputFunctionCall(&column->output, value);
				text	   *result;

				/* char(n) is padded; as text it is not */
				if (column->typid == BPCHAROID)
				{
					int			length = strlen(s);

					while (length > 0 && s[length - 1] == ' ')
						length--;
					s[length] = '\0';
				}
				result = cstring_to_text(s);
				pfree(s);
				return result;
			}
	}
	return NULL;
}

/*
 * Bytes of a text column of which at most limit are needed, in the current
 * context or in the slot; *length is how many there are, *whole how many the
 * column has.  False for NULL.
 */
static bool
column_bytes(StColumn *column, TupleTableSlot *slot, int limit,
			 const char **data, int *length, int *whole)
{
	Datum		value;
	bool		isnull;
	text	   *t;

	if (column->attnum == 0)
		return false;

	if (column->kind == ST_KIND_TEXT)
	{
		struct varlena *v;

		value = slot_getattr(slot, column->attnum, &isnull);
		if (isnull)
			return false;
		v = (struct varlena *) DatumGetPointer(value);
		*whole = (int) (toast_raw_datum_size(value) - VARHDRSZ);
		if (VARATT_IS_EXTERNAL(v) || VARATT_IS_COMPRESSED(v))
			v = pg_detoast_datum_slice(v, 0, limit);
		*data = VARDATA_ANY(v);
		*length = Min((int) VARSIZE_ANY_EXHDR(v), limit);
		return true;
	}

	t = st_column_text(column, slot);
	if (t == NULL)
		return false;
	*data = VARDATA_ANY(t);
	*whole = VARSIZE_ANY_EXHDR(t);
	*length = Min(*whole, limit);
	return true;
}

/* Whether there is nothing but ASCII white space. */
bool
st_is_blank(const char *data, int length)
{
	for (int i = 0; i < length; i++)
	{
		char		c = data[i];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v')
			return false;
	}
	return true;
}

/*
 * st_read_key
 *		Sets *tenant and *key, palloc'd in the current context; *key is NULL
 *		when the column is.
 */
void
st_read_key(StSource *source, TupleTableSlot *slot, text **tenant, text **key)
{
	*key = st_column_text(&source->column[ST_ROLE_ID], slot);
	*tenant = st_column_text(&source->column[ST_ROLE_TENANT], slot);
	if (*tenant == NULL)
		*tenant = make_text("", 0);
}

/* Whether a ticket can be named by these; warns when it cannot. */
bool
st_key_is_usable(const StSource *source, const text *tenant, const text *key)
{
	if (key == NULL)
	{
		ereport(WARNING,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("a ticket without a key is not triaged"),
				 errdetail("Column \"%s\" is null.", source->columns.name[ST_ROLE_ID])));
		return false;
	}
	if (VARSIZE_ANY_EXHDR(key) + VARSIZE_ANY_EXHDR(tenant) > ST_MAX_KEY_BYTES)
	{
		ereport(WARNING,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a ticket whose key is longer than %d bytes is not triaged", ST_MAX_KEY_BYTES)));
		return false;
	}
	return true;
}

/*
 * st_read_document
 *		Makes the text that the model reads: the subject, a line feed, the body
 *		as cleaned.  A body that cleaning leaves nothing of is read as it is:
 *		a forwarded mail is all the ticket says.  Fills the lengths in *facts.
 *		What it allocates is in the current context.
 */
void
st_read_document(StReader *reader, TupleTableSlot *slot, StFacts *facts, StDocument *doc)
{
	StSource   *source = reader->source;
	int			limit = st_max_document_bytes;
	StDocument	subject = {"", 0, false, false};
	StDocument	body = {"", 0, false, false};
	const char *data;
	int			length;
	int			whole;
	char	   *joined;

	facts->subject_length = -1;
	facts->body_length = -1;

	if (column_bytes(&source->column[ST_ROLE_SUBJECT], slot, limit + SLICE_SLACK,
					 &data, &length, &whole))
	{
		facts->subject_length = whole;
		st_document_read(data, length, &subject);
	}
	if (column_bytes(&source->column[ST_ROLE_BODY], slot, limit + SLICE_SLACK,
					 &data, &length, &whole))
	{
		facts->body_length = whole;
		st_document_read(data, length, &body);
		if (source->options.clean && body.length > 0)
		{
			int			clean_length;
			char	   *clean = st_clean(body.data, body.length, &clean_length);

			if (!st_is_blank(clean, clean_length))
			{
				body.data = clean;
				body.length = clean_length;
			}
		}
	}

	if (subject.length == 0)
		*doc = body;
	else if (body.length == 0)
		*doc = subject;
	else
	{
		length = subject.length + 1 + body.length;
		joined = palloc(length + 1);
		memcpy(joined, subject.data, subject.length);
		joined[subject.length] = '\n';
		memcpy(joined + subject.length + 1, body.data, body.length);
		joined[length] = '\0';
		doc->data = joined;
		doc->length = length;
		doc->by_bytes = subject.by_bytes;
	}
	doc->truncated = subject.truncated || body.truncated;
	if (doc->length > limit)
	{
		doc->length = pg_encoding_mbcliplen(PG_UTF8, doc->data, doc->length, limit);
		doc->truncated = true;
	}
	facts->truncated = doc->truncated;
}

/*
 * st_column_time
 *		Sets *at to the time in a column; false when it is NULL, no time, or
 *		cannot be held.
 */
bool
st_column_time(const StColumn *column, TupleTableSlot *slot, TimestampTz *at)
{
	Datum		value;
	bool		isnull;
	int			overflow = 0;

	if (column->attnum == 0)
		return false;
	value = slot_getattr(slot, column->attnum, &isnull);
	if (isnull)
		return false;

	switch (column->typid)
	{
		case TIMESTAMPTZOID:
			*at = DatumGetTimestampTz(value);
			break;
		case TIMESTAMPOID:
			*at = timestamp2timestamptz_opt_overflow(DatumGetTimestamp(value), &overflow);
			break;
		case DATEOID:
			*at = date2timestamptz_opt_overflow(DatumGetDateADT(value), &overflow);
			break;
		default:
			return false;
	}
	return overflow == 0;
}

/*
 * st_decide
 *		Fills *decided for one ticket, allocating in the current context.  Returns false, with a warning, when the ticket cannot be
 *		named (its key is NULL or too long).  Throws for a failure when the
 *		source says so, and what the output function of a column's type throws.
 */
bool
st_decide(StReader *reader, TupleTableSlot *slot, StDecided *decided)
{
	StSource   *source = reader->source;
	StFacts    *facts = &decided->facts;

	if (reader->disturbances != st_disturbances)
	{
		MemoryContext old = MemoryContextSwitchTo(reader->cxt);

		st_understand_prepare();
		open_model(reader);
		MemoryContextSwitchTo(old);
	}

	st_facts_clear(facts);
	memset(&decided->trace, 0, sizeof(decided->trace));
	decided->assign = source->options.assign;
	decided->has_status = source->column[ST_ROLE_STATUS].attnum != 0;
	decided->policy = NULL;
	decided->note = NULL;
	facts->source_id = source->source_id;
	facts->now = reader->now;

	st_read_key(source, slot, &facts->tenant_id, &facts->ticket_key);
	if (!st_key_is_usable(source, facts->tenant_id, facts->ticket_key))
		return false;

	if (source->broken != NULL)
		facts->failure = source->broken;
	else
	{
		facts->customer = st_column_text(&source->column[ST_ROLE_CUSTOMER], slot);
		facts->channel = st_column_text(&source->column[ST_ROLE_CHANNEL], slot);
		facts->segment = st_column_text(&source->column[ST_ROLE_SEGMENT], slot);
		facts->language = st_column_text(&source->column[ST_ROLE_LANGUAGE], slot);
		facts->status = st_column_text(&source->column[ST_ROLE_STATUS], slot);
		facts->ticket_priority = st_column_text(&source->column[ST_ROLE_PRIORITY], slot);
		facts->assigned_agent = st_column_text(&source->column[ST_ROLE_ASSIGNED_AGENT], slot);
		facts->has_created_at = st_column_time(&source->column[ST_ROLE_CREATED_AT], slot, &facts->created_at);

		if (reader->model == NULL)
			facts->failure = reader->failure;
		st_read_ticket(reader, slot, decided);
	}

	if (facts->failure != NULL && source->options.raise)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("ticket \"%s\" could not be triaged", text_to_cstring(facts->ticket_key)),
				 errdetail_internal("%s", facts->failure),
				 errhint("The table is attached with on_error => raise.")));

	st_routing_decide(reader->routing, facts, &decided->decision);
	if (decided->note != NULL && decided->decision.nreasons < ST_MAX_REASONS)
		decided->decision.reasons[decided->decision.nreasons++] = decided->note;
	return true;
}
