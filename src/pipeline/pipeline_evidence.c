/*-------------------------------------------------------------------------
 *
 * pipeline_evidence.c
 *		What explain_decision shows of a ticket: its facts, and where in the text
 *		each comes from.
 *
 * Positions are characters, from 1, of the document that was read: the subject,
 * a line feed and the cleaned body.  Of personal data kind and place are shown,
 * never the value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "pipeline/pipeline_inner.h"

/* How many intents, phrases and places of personal data are shown. */
#define TOP_INTENTS	5
#define MAX_SPANS	200

/* A document whose characters are walked through once, forwards. */
typedef struct Walk
{
	const StDocument *doc;
	int			byte;
	int			character;
} Walk;

static void
walk_to(Walk *walk, int character)
{
	if (character < walk->character)
		walk->byte = walk->character = 0;
	while (walk->character < character && walk->byte < walk->doc->length)
	{
		walk->byte += walk->doc->by_bytes ? 1 :
			pg_utf_mblen((const unsigned char *) walk->doc->data + walk->byte);
		walk->character++;
	}
	walk->byte = Min(walk->byte, walk->doc->length);
}

/* The characters before a byte. */
static int
character_at(Walk *walk, int byte)
{
	if (byte < walk->byte)
		walk->byte = walk->character = 0;
	while (walk->byte < byte && walk->byte < walk->doc->length)
		walk_to(walk, walk->character + 1);
	return walk->character;
}

/* UTF-8 as a JSON string in the database's encoding. */
static void
put_utf8(StringInfo out, const char *utf8, int length)
{
	int			encoding = GetDatabaseEncoding();
	char	   *text;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		text = pnstrdup(utf8, length);
	else
	{
		text = st_convert(utf8, length, PG_UTF8, encoding, &length);
		text = pnstrdup(text, length);
	}
	escape_json(out, text);
	pfree(text);
}

/* The document's words from one character on, as a JSON string. */
static void
put_words(StringInfo out, Walk *walk, int start, int length)
{
	int			from;

	walk_to(walk, start);
	from = walk->byte;
	walk_to(walk, start + length);
	put_utf8(out, walk->doc->data + from, walk->byte - from);
}

/* One value of a column of triage.decision. */
static void
put_value(StringInfo out, Oid type, Datum value)
{
	switch (type)
	{
		case TEXTOID:
			escape_json(out, TextDatumGetCString(value));
			break;
		case INT4OID:
			appendStringInfo(out, "%d", DatumGetInt32(value));
			break;
		case FLOAT4OID:
			appendStringInfo(out, "%.6f", DatumGetFloat4(value));
			break;
		case BOOLOID:
			appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
			break;
		case TIMESTAMPTZOID:
			{
				char		buf[MAXDATELEN + 1];

				JsonEncodeDateTime(buf, value, TIMESTAMPTZOID, NULL);
				appendStringInfo(out, "\"%s\"", buf);
				break;
			}
		case TEXTARRAYOID:
			{
				Datum	   *elements;
				int			n;

				deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
								  &elements, NULL, &n);
				appendStringInfoChar(out, '[');
				for (int i = 0; i < n; i++)
				{
					appendStringInfoString(out, i == 0 ? "" : ", ");
					escape_json(out, TextDatumGetCString(elements[i]));
				}
				appendStringInfoChar(out, ']');
				break;
			}
		case JSONBOID:
			{
				Jsonb	   *jsonb = DatumGetJsonbP(value);

				(void) JsonbToCString(out, &jsonb->root, VARSIZE(jsonb));
				break;
			}
		default:
			elog(ERROR, "a fact has an unexpected type");
	}
}

/*
 * st_put_facts
 *		Appends the facts as a JSON object, as triage.facts names them, and why
 *		the ticket could not be read if it could not.
 */
void
st_put_facts(StringInfo out, const StDecided *decided)
{
	Datum		values[ST_NUM_DECISION_COLUMNS];
	bool		nulls[ST_NUM_DECISION_COLUMNS];
	const char *separator = "{";

	st_decision_values(decided, 0, values, nulls);
	for (int i = 0; i < ST_NUM_DECISION_COLUMNS; i++)
	{
		if (!ST_COLUMN_IS_FACT(i))
			continue;
		appendStringInfo(out, "%s\"%s\": ", separator, st_decision_columns[i]);
		if (nulls[i])
			appendStringInfoString(out, "null");
		else
			put_value(out, st_decision_types[i], values[i]);
		separator = ", ";
	}
	if (decided->facts.failure != NULL)
	{
		appendStringInfoString(out, ", \"failure\": ");
		escape_json(out, decided->facts.failure);
	}
	appendStringInfoChar(out, '}');
}

/* The most probable intents, and what each word gave to the first. */
static void
put_intents(StringInfo out, StModel *model, const StDocument *doc)
{
	int			nlabels = st_model_nlabels(model);
	bool	   *shown = palloc0(nlabels * sizeof(bool));
	const float *probs;
	StContribution *contributions;
	Walk		walk = {doc, 0, 0};
	bool		in_scope;
	double		score;
	int			best = 0;
	int			n;

	appendStringInfo(out, ", \"explained_version\": %d, \"intents\": [", st_model_version(model));
	probs = st_model_score(model, doc, &in_scope);
	for (int i = 0; i < Min(TOP_INTENTS, nlabels); i++)
	{
		int			next = -1;

		for (int k = 0; k < nlabels; k++)
		{
			if (!shown[k] && (next < 0 || probs[k] > probs[next]))
				next = k;
		}
		shown[next] = true;
		best = i == 0 ? next : best;
		appendStringInfo(out, "%s{\"intent\": ", i == 0 ? "" : ", ");
		escape_json(out, st_model_label_text(model, next));
		appendStringInfo(out, ", \"confidence\": %.6f}", probs[next]);
	}

	appendStringInfoString(out, "], \"contributions\": [");
	contributions = st_model_explain(model, doc, best, &n, &score);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(out, "%s{\"start\": %d, \"length\": %d, \"contribution\": %.6f, \"token\": ",
						 i == 0 ? "" : ", ", contributions[i].start, contributions[i].length,
						 contributions[i].contribution);
		if (contributions[i].length == 0)
			appendStringInfoString(out, "null");
		else
			put_words(out, &walk, contributions[i].start - 1, contributions[i].length);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

/* Words and phrases that a lexicon knows, in the language that was read. */
static void
put_phrases(StringInfo out, StReading *reading, const char *language)
{
	Walk		walk = {&reading->doc, 0, 0};
	const StPhraseHit *hits;
	int			nhits;
	int			shown = 0;

	hits = st_reading_hits(reading, &nhits);
	appendStringInfoString(out, "\"phrases\": [");
	for (int i = 0; i < nhits && shown < MAX_SPANS; i++)
	{
		if (!st_hit_is_of(&hits[i], language))
			continue;
		appendStringInfo(out, "%s{\"start\": %d, \"length\": %d, \"weight\": %.6g, \"kind\": ",
						 shown++ == 0 ? "" : ", ", hits[i].start + 1, hits[i].length, hits[i].weight);
		put_utf8(out, st_hit_kind_name(&hits[i]), strlen(st_hit_kind_name(&hits[i])));
		appendStringInfoString(out, ", \"text\": ");
		put_words(out, &walk, hits[i].start, hits[i].length);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

static void
put_pii(StringInfo out, const StDocument *doc)
{
	Walk		walk = {doc, 0, 0};
	int			n;
	StPiiSpan  *spans;

	spans = st_find_pii(doc, NULL, 0, &n);
	appendStringInfoString(out, ", \"pii\": [");
	for (int i = 0; i < Min(n, MAX_SPANS); i++)
	{
		int			start = character_at(&walk, spans[i].start);

		appendStringInfo(out, "%s{\"kind\": ", i == 0 ? "" : ", ");
		escape_json(out, spans[i].kind);
		appendStringInfo(out, ", \"start\": %d, \"length\": %d, \"confidence\": %.6g}", start + 1,
						 character_at(&walk, spans[i].start + spans[i].length) - start, spans[i].confidence);
	}
	appendStringInfoChar(out, ']');
}

/* What the history of the intent added to the complexity of the text, and why. */
static void
put_effort(StringInfo out, const StDecided *decided)
{
	const StFacts *facts = &decided->facts;
	const StEffort *effort = NULL;

	if (ST_IS_KNOWN(facts->complexity_history))
		effort = st_effort_of(facts->tenant_id, facts->intent, decided->trace.intent);
	if (effort == NULL)
	{
		appendStringInfoString(out, "null");
		return;
	}
	appendStringInfo(out, "{\"said\": \"history added %+.2f\", \"added\": %.6f, \"rank\": %.6g, \"tickets\": " INT64_FORMAT
					 ", \"reopen_rate\": %.6g, \"minutes\": ",
					 facts->complexity_history, facts->complexity_history, effort->history, effort->tickets,
					 effort->reopen_rate);
	if (ST_IS_KNOWN(effort->minutes))
		appendStringInfo(out, "%.6g}", effort->minutes);
	else
		appendStringInfoString(out, "null}");
}

/*
 * st_put_evidence
 *		Appends what the facts of a decided ticket come from, as members of a
 *		JSON object.  A ticket without text has none.
 */
void
st_put_evidence(StringInfo out, StReader *reader, const StDecided *decided, const StDocument *doc)
{
	StReading	reading;
	StUnderstanding u;

	if (st_is_blank(doc->data, doc->length))
		return;
	if (decided->facts.intent != NULL)
		put_intents(out, reader->model, doc);

	st_reading_begin(&reading, doc);
	st_understand(&reading, reader->source->options.understand & (ST_SIGNAL_LANGUAGE | ST_SIGNAL_COMPLEXITY),
				  decided->facts.language == NULL ? NULL : text_to_cstring(decided->facts.language), NULL, 0, &u);
	appendStringInfoString(out, ", \"evidence\": {");
	put_phrases(out, &reading, u.read_as);
	if (reader->source->options.understand & ST_SIGNAL_PII)
		put_pii(out, doc);
	if (u.known & ST_SIGNAL_COMPLEXITY)
	{
		appendStringInfo(out, ", \"complexity\": {\"questions\": %d, \"requests\": %d, \"words\": %d, \"has_log\": %s, \"text\": %.6f, \"history\": ",
						 u.complexity.questions, u.complexity.requests, u.complexity.words,
						 u.complexity.has_log ? "true" : "false", u.complexity.score);
		put_effort(out, decided);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, '}');
}
