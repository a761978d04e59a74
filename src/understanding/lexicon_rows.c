/*-------------------------------------------------------------------------
 *
 * lexicon_rows.c
 *		What users add to the lexicon: triage.lexicon, as each backend holds it.
 *
 * The table is read with one scan when phrases are first looked for, and again
 * after its triggers have invalidated its relcache entry; see routing_cache.c
 * for why the latest snapshot is used and why what is superseded lives on until
 * the transaction ends.  On a standby the invalidation arrives with the commit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "understanding/lexicon_inner.h"

/* More rows than this are not read. */
#define MAX_ROWS	200000

/* In bytes; less than every support_triage.max_document_bytes. */
#define MAX_PHRASE	250

const char *const st_lex_kind_names[ST_NUM_PHRASE_KINDS] = {
	"sentiment", "intensifier", "negation", "contrast", "polite",
	"anger", "joy", "optimism", "sadness",
	"deadline", "outage", "money", "safety", "soon",
	"human", "topic", "request"
};

static StLexUser *lexicon = NULL;
static MemoryContext lexicon_cxt = NULL;
static bool lexicon_valid = false;
static Oid	lexicon_relid = InvalidOid;

PG_FUNCTION_INFO_V1(st_lexicon_check);
PG_FUNCTION_INFO_V1(st_lexicon_changed);

/* The relcache callback: no catalog access here. */
static void
lexicon_forget(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == lexicon_relid)
		lexicon_valid = false;
}

/* See understanding.h. */
void
st_lexicon_init(void)
{
	st_on_relation_change(lexicon_forget, (Datum) 0);
}

/*
 * st_lex_kind_of
 *		Returns the kind of a name, or -1; for "topic.NAME" sets *topic to NAME,
 *		else to NULL.
 */
int
st_lex_kind_of(const char *name, const char **topic)
{
	*topic = NULL;
	if (strncmp(name, "topic.", 6) == 0)
	{
		int			length = strlen(name + 6);

		if (length == 0 || length >= NAMEDATALEN || name[6] < 'a' || name[6] > 'z')
			return -1;
		if (strspn(name + 6, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
			return -1;
		*topic = name + 6;
		return ST_PHRASE_TOPIC;
	}
	for (int i = 0; i < ST_NUM_PHRASE_KINDS; i++)
	{
		if (i != ST_PHRASE_TOPIC && strcmp(name, st_lex_kind_names[i]) == 0)
			return i;
	}
	return -1;
}

/* The least and the greatest weight of a kind. */
static void
weight_range(int kind, float *low, float *high)
{
	*low = 0;
	*high = 1;
	if (kind == ST_PHRASE_SENTIMENT)
	{
		*low = -4;
		*high = 4;
	}
	else if (kind == ST_PHRASE_INTENSIFIER || kind == ST_PHRASE_SOON)
		*low = -1;
}

/* Text of the database as UTF-8, palloc'd; NULL when it is too long. */
static char *
phrase_utf8(text *value)
{
	StDocument	doc;

	if (VARSIZE_ANY_EXHDR(value) > MAX_PHRASE)
		return NULL;
	st_document_read(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &doc);
	return doc.truncated ? NULL : pnstrdup(doc.data, doc.length);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* A row before its topic has a number. */
typedef struct RawRow
{
	StLexRow	row;
	char	   *topic;			/* NULL: none */
} RawRow;

/*
 * read_rows
 *		Returns the rows of triage.lexicon, in the current context.  What no
 *		constraint of today would let in is left out.
 */
static RawRow *
read_rows(Oid relid, int *n)
{
	Relation	rel = table_open(relid, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetCatalogSnapshot(relid));
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	AttrNumber	at_language = st_attnum(relid, "language");
	AttrNumber	at_phrase = st_attnum(relid, "phrase");
	AttrNumber	at_kind = st_attnum(relid, "kind");
	AttrNumber	at_weight = st_attnum(relid, "weight");
	RawRow	   *rows = NULL;
	int			size = 0;

	*n = 0;
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull[4];
		Datum		language = slot_getattr(slot, at_language, &isnull[0]);
		Datum		phrase = slot_getattr(slot, at_phrase, &isnull[1]);
		Datum		kind = slot_getattr(slot, at_kind, &isnull[2]);
		Datum		weight = slot_getattr(slot, at_weight, &isnull[3]);
		const char *topic;
		char	   *name;
		RawRow	   *raw;

		CHECK_FOR_INTERRUPTS();
		if (isnull[0] || isnull[1] || isnull[2])
			continue;
		if (*n >= MAX_ROWS)
		{
			ereport(WARNING,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("triage.lexicon has more than %d rows; the rest is not read", MAX_ROWS)));
			break;
		}
		if (*n >= size)
		{
			size = size ? size * 2 : 64;
			rows = rows ? repalloc_huge(rows, sizeof(RawRow) * (Size) size) : palloc(sizeof(RawRow) * size);
		}
		raw = &rows[*n];
		memset(raw, 0, sizeof(*raw));
		raw->row.topic = -1;
		raw->row.phrase = phrase_utf8(DatumGetTextPP(phrase));
		raw->row.kind = st_lex_kind_of(TextDatumGetCString(kind), &topic);
		raw->topic = topic ? pstrdup(topic) : NULL;
		name = TextDatumGetCString(language);
		if (raw->row.phrase == NULL || raw->row.kind < 0 || strlen(name) >= sizeof(raw->row.language))
			continue;
		strlcpy(raw->row.language, name, sizeof(raw->row.language));
		raw->row.blocks = isnull[3];
		raw->row.weight = isnull[3] ? 0 : DatumGetFloat4(weight);
		(*n)++;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return rows;
}

/* Numbers the topics: ours, then those of the rows by name; there may be ST_MAX_TOPICS. */
static void
number_topics(StLexUser *user, RawRow *raw, int n)
{
	char	  **names = palloc(sizeof(char *) * Max(n, 1));
	int			nnames = 0;

	user->topics = palloc(sizeof(char *) * ST_MAX_TOPICS);
	for (user->ntopics = 0; user->ntopics < st_lex_ntopics; user->ntopics++)
		user->topics[user->ntopics] = pstrdup(st_lex_topics[user->ntopics]);
	for (int i = 0; i < n; i++)
	{
		for (int t = 0; raw[i].topic != NULL && raw[i].row.topic < 0 && t < st_lex_ntopics; t++)
		{
			if (strcmp(raw[i].topic, st_lex_topics[t]) == 0)
				raw[i].row.topic = t;
		}
		if (raw[i].topic != NULL && raw[i].row.topic < 0)
			names[nnames++] = raw[i].topic;
	}
	qsort(names, nnames, sizeof(char *), compare_names);
	for (int i = 0; i < nnames; i++)
	{
		if (user->ntopics < ST_MAX_TOPICS && (i == 0 || strcmp(names[i], names[i - 1]) != 0))
			user->topics[user->ntopics++] = pstrdup(names[i]);
	}
	for (int i = 0; i < n; i++)
	{
		char	  **found;

		if (raw[i].topic == NULL || raw[i].row.topic >= 0)
			continue;
		found = bsearch(&raw[i].topic, user->topics + st_lex_ntopics, user->ntopics - st_lex_ntopics,
						sizeof(char *), compare_names);
		if (found != NULL)
			raw[i].row.topic = found - user->topics;
	}
	pfree(names);
}

/* Reads the table into a new lexicon, in the current context. */
static StLexUser *
load_lexicon(Oid relid)
{
	StLexUser  *user = palloc0(sizeof(StLexUser));
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "support_triage lexicon rows",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	StLexRow   *rows;
	RawRow	   *raw = NULL;
	int			nraw = 0;
	int			nrows = 0;

	if (OidIsValid(relid))
		raw = read_rows(relid, &nraw);
	MemoryContextSwitchTo(old);
	number_topics(user, raw, nraw);

	rows = MemoryContextAllocHuge(work, sizeof(StLexRow) * (Size) Max(nraw, 1));
	for (int i = 0; i < nraw; i++)
	{
		/* a topic beyond the last number is not looked for */
		if (raw[i].topic == NULL || raw[i].row.topic >= 0)
			rows[nrows++] = raw[i].row;
	}
	st_lex_build(user, rows, nrows);
	MemoryContextDelete(work);
	return user;
}

/* See understanding.h. */
void
st_lexicon_prepare(void)
{
	MemoryContext cxt;
	MemoryContext old;
	StLexUser  *loaded;

	if (lexicon_valid)
		return;

	if (lexicon_cxt != NULL)
	{
		MemoryContextSetParent(lexicon_cxt, TopTransactionContext);
		lexicon_cxt = NULL;
		lexicon = NULL;
	}

	cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage lexicon",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);

	/* absent where the extension is older than its library */
	lexicon_relid = st_relation_oid("lexicon", true);

	/* what arrives while we read makes the result invalid at once */
	lexicon_valid = OidIsValid(lexicon_relid);
	PG_TRY();
	{
		loaded = load_lexicon(lexicon_relid);
	}
	PG_CATCH();
	{
		lexicon_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();

	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	lexicon_cxt = cxt;
	lexicon = loaded;
}

/* Of the last st_lexicon_prepare, which must have been called. */
const StLexUser *
st_lexicon_user(void)
{
	Assert(lexicon != NULL);
	return lexicon;
}

/* See understanding.h. */
const char *
st_topic_name(int16 topic)
{
	st_lexicon_prepare();
	return topic >= 0 && topic < lexicon->ntopics ? lexicon->topics[topic] : NULL;
}

/* See understanding.h. */
int
st_topic_count(void)
{
	st_lexicon_prepare();
	return lexicon->ntopics;
}

/* See understanding.h. */
const char *
st_hit_kind_name(const StPhraseHit *hit)
{
	const char *topic;

	if (hit->kind != ST_PHRASE_TOPIC)
		return st_lex_kind_names[hit->kind];
	topic = st_topic_name(hit->topic);
	return psprintf("topic.%s", topic ? topic : "");
}

/* The value of a column of the row that a trigger sees. */
static Datum
new_value(TriggerData *trigdata, HeapTuple tuple, const char *column, int *attnum, bool *isnull)
{
	*attnum = st_attnum(RelationGetRelid(trigdata->tg_relation), column);
	return heap_getattr(tuple, *attnum, RelationGetDescr(trigdata->tg_relation), isnull);
}

/*
 * triage.lexicon_check(): BEFORE INSERT OR UPDATE row trigger of triage.lexicon.
 * Returns the row with its phrase in normal form.  Throws when the kind, the
 * weight or the phrase is none.
 */
Datum
st_lexicon_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	int			attnum;
	int			phrase_attnum;
	bool		isnull;
	bool		phrase_isnull;
	Datum		phrase;
	Datum		value;
	int			kind = -1;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a BEFORE row trigger", "triage.lexicon_check")));
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;

	value = new_value(trigdata, tuple, "kind", &attnum, &isnull);
	if (!isnull)
	{
		char	   *name = TextDatumGetCString(value);
		const char *topic;

		kind = st_lex_kind_of(name, &topic);
		if (kind < 0)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("there is no kind of phrase \"%s\"", name),
					 errhint("Kinds are sentiment, intensifier, negation, contrast, polite, anger, joy, optimism, sadness, deadline, outage, money, safety, soon, human, request, and topic.NAME, where NAME is made of lower-case letters, digits and underscores.")));
	}
	value = new_value(trigdata, tuple, "weight", &attnum, &isnull);
	if (!isnull && kind >= 0)
	{
		float		weight = DatumGetFloat4(value);
		float		low;
		float		high;

		weight_range(kind, &low, &high);
		if (!(weight >= low && weight <= high))
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("the weight of a phrase of kind \"%s\" must be from %g to %g, or NULL",
							st_lex_kind_names[kind], low, high),
					 errhint("NULL means that the phrase is no sign of this kind.")));
	}

	phrase = new_value(trigdata, tuple, "phrase", &phrase_attnum, &phrase_isnull);
	if (!phrase_isnull)
	{
		text	   *written = DatumGetTextPP(phrase);
		char	   *utf8 = phrase_utf8(written);
		const char *complaint = "is too long";
		char	   *normal = utf8 ? st_lex_normalize(utf8, &complaint) : NULL;
		int			length;

		if (normal == NULL || strlen(normal) > MAX_PHRASE)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("the phrase \"%s\" %s", text_to_cstring(written), complaint ? complaint : "is too long"),
					 errhint("A phrase is up to %d words of letters, numbers, emoji or emoticons, %d bytes at most; \"*\" after a word stands for any ending and \"#\" for digits.",
							 ST_LEX_MAX_WORDS, MAX_PHRASE)));
		length = strlen(normal);
		if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII)
			normal = st_convert(normal, length, PG_UTF8, GetDatabaseEncoding(), &length);
		phrase = PointerGetDatum(cstring_to_text_with_len(normal, length));
		tuple = heap_modify_tuple_by_cols(tuple, RelationGetDescr(trigdata->tg_relation), 1,
										  &phrase_attnum, &phrase, &phrase_isnull);
	}
	return PointerGetDatum(tuple);
}

/*
 * triage.lexicon_changed(): AFTER trigger of triage.lexicon.  Every backend
 * reads the table anew once the change is committed.
 */
Datum
st_lexicon_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", "triage.lexicon_changed")));

	CacheInvalidateRelcache(trigdata->tg_relation);
	return PointerGetDatum(NULL);
}
