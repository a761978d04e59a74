/*-------------------------------------------------------------------------
 *
 * lexicon_sql.c
 *		triage.lexicon_hits and triage.lexicon_shipped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "core/compat.h"
#include "understanding/lexicon_inner.h"

PG_FUNCTION_INFO_V1(st_lexicon_hits_sql);
PG_FUNCTION_INFO_V1(st_lexicon_shipped_sql);

/* UTF-8 as text in the database's encoding. */
static text *
text_from_utf8(const char *utf8, int length)
{
	int			encoding = GetDatabaseEncoding();

	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
		utf8 = st_convert(utf8, length, PG_UTF8, encoding, &length);
	return cstring_to_text_with_len(utf8, length);
}

/* Returns the byte after n more characters from byte at. */
static int
skip_characters(const StDocument *doc, int at, int n)
{
	if (doc->by_bytes)
		return Min(at + n, doc->length);
	while (n-- > 0 && at < doc->length)
		at += pg_utf_mblen((const unsigned char *) doc->data + at);
	return Min(at, doc->length);
}

/* triage.lexicon_hits(document, language) */
Datum
st_lexicon_hits_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *language = NULL;
	text	   *document;
	StDocument	doc;
	StReading	reading;
	const StPhraseHit *hits;
	int			nhits;
	int			character = 0;
	int			byte = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	if (!PG_ARGISNULL(1))
		language = text_to_cstring(PG_GETARG_TEXT_PP(1));
	document = PG_GETARG_TEXT_PP(0);
	st_document_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), &doc);
	st_reading_begin(&reading, &doc);
	hits = st_reading_hits(&reading, &nhits);
	for (int i = 0; i < nhits; i++)
	{
		const StPhraseHit *hit = &hits[i];
		Datum		values[7];
		bool		nulls[7] = {false};
		char	   *phrase;

		if (!st_hit_is_of(hit, language))
			continue;
		byte = skip_characters(&doc, byte, hit->start - character);
		character = hit->start;
		phrase = st_hit_phrase(hit);
		values[0] = Int32GetDatum(hit->start + 1);
		values[1] = Int32GetDatum(hit->length);
		values[2] = PointerGetDatum(text_from_utf8(doc.data + byte,
												   skip_characters(&doc, byte, hit->length) - byte));
		values[3] = PointerGetDatum(text_from_utf8(phrase, strlen(phrase)));
		values[4] = CStringGetTextDatum(st_hit_kind_name(hit));
		values[5] = CStringGetTextDatum(hit->language);
		values[6] = Float4GetDatum(hit->weight);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}

/* triage.lexicon_shipped() */
Datum
st_lexicon_shipped_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < st_lex_nentries; i++)
	{
		const StLexEntry *entry = &st_lex_entries[i];
		const StLexGroup *group = &st_lex_groups[ST_LEX_GROUP(entry)];
		Datum		values[4];
		bool		nulls[4] = {false};
		char	   *kind;

		if (group->kind == ST_LEX_KIND_CLASS)
			kind = psprintf("@%s", st_lex_classes[group->topic]);
		else if (group->kind == ST_PHRASE_TOPIC)
			kind = psprintf("topic.%s", st_lex_topics[group->topic]);
		else
			kind = pstrdup(st_lex_kind_names[group->kind]);
		values[0] = CStringGetTextDatum(group->language);
		values[1] = PointerGetDatum(text_from_utf8(st_lex_text + entry->text, entry->length));
		values[2] = CStringGetTextDatum(kind);
		values[3] = Float4GetDatum(entry->weight);
		nulls[3] = (entry->group & ST_LEX_BLOCKS) != 0;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}
