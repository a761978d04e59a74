/*-------------------------------------------------------------------------
 *
 * entities.c
 *		Things of the user's own that a text names: orders, products, contracts.
 *
 * What looks like one is a candidate; it is an entity when the user's table has
 * a row for it, and, where the kind has a column of requesters, when that row
 * is the requester's.  One query a kind asks for all of its candidates, whose
 * number is bounded.  A kind whose table cannot be asked is left out, with the
 * reason; the others are not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/tuplestore.h"

#include "core/compat.h"
#include "core/core.h"
#include "understanding/entities_inner.h"

/* Candidates of a document that are looked up, of each kind. */
#define MAX_MATCHES		32		/* by a pattern, of different text */
#define MAX_PLACES		256		/* and where they stand */
#define MAX_PHRASES		512		/* without one */

#define MAX_GAP			2		/* characters between the words of a phrase */

PG_FUNCTION_INFO_V1(st_entities_sql);

/* A place that may name an entity. */
typedef struct Candidate
{
	int			start;			/* bytes of the document */
	int			length;
	char	   *text;			/* as it is looked up */
	int			value;			/* which of the different texts it has */
} Candidate;

typedef struct Candidates
{
	Candidate  *place;
	int			n;
	int			most;
	int			nvalues;		/* different texts */
} Candidates;

/* What is asked of a kind, and the answer. */
typedef struct Question
{
	EntityKinds *all;
	EntityKind *kind;
	const char **texts;			/* the different ones */
	int			n;
	const char *requester;
	Datum		owner;			/* the requester in the column's type */
	Oid			run_as;			/* InvalidOid: the current user */

	bool	   *exists;
	text	  **values;			/* in the form of the column */
	int			at;				/* the one that is converted */
	Datum	   *datums;
	bool	   *valid;
} Question;

/* A step of answering a question. */
typedef struct Attempt
{
	void		(*function) (Question *question);
	Question   *question;
} Attempt;

static void
attempt_guarded(void *arg)
{
	Attempt    *attempt = arg;
	Oid			userid;
	int			sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	if (OidIsValid(attempt->question->run_as))
		SetUserIdAndSecContext(attempt->question->run_as,
							   sec_context | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_RESTRICTED_OPERATION);
	attempt->function(attempt->question);
	SetUserIdAndSecContext(userid, sec_context);
}

/*
 * attempt
 *		Runs a step as the role that the question says.  Returns whether it did
 *		not throw; else *why is what it threw, palloc'd.  Throws for cancel.
 */
static bool
attempt(void (*function) (Question *question), Question *question, char **why)
{
	Attempt		one = {function, question};

	return st_guarded(attempt_guarded, &one, why);
}

/*
 * add_place
 *		Adds characters [start, end) of a part as a candidate.  Returns false
 *		when there is no room for more.
 */
static bool
add_place(Candidates *candidates, const EntityKind *kind, const PiiText *text, int from, int start, int end)
{
	Candidate  *place;
	int			most = kind->pattern != NULL ? MAX_PLACES : MAX_PHRASES;
	char	   *t;

	if (candidates->n == most)
		return false;
	if (candidates->n == candidates->most)
	{
		candidates->most = candidates->most ? candidates->most * 2 : 16;
		candidates->place = candidates->place ?
			repalloc(candidates->place, sizeof(Candidate) * candidates->most) :
			palloc(sizeof(Candidate) * candidates->most);
	}
	t = st_pii_text(text, start, end);
	if (kind->letters == ENTITY_CASE_LOWER)
		t = str_tolower(t, strlen(t), DEFAULT_COLLATION_OID);
	else if (kind->letters == ENTITY_CASE_UPPER)
		t = str_toupper(t, strlen(t), DEFAULT_COLLATION_OID);

	place = &candidates->place[candidates->n++];
	place->start = from + pii_byte(text, start);
	place->length = from + st_pii_end_byte(text, end - 1) - place->start;
	place->text = t;
	return true;
}

/*
 * next_unit
 *		Finds the next word at or after character *start, or one character of a
 *		script without blanks; returns what it counts, or 0.
 */
static int
next_unit(const PiiText *text, int *start, int *end)
{
	int			i = *start;

	while (i < text->n && !pii_is(text, i, PII_IS_WORD) && text->c[i] != PII_WIDE)
		i++;
	*start = i;
	if (i == text->n)
		return 0;
	if (text->c[i] == PII_WIDE)
	{
		*end = i + 1;
		return 1;
	}
	while (pii_is(text, i, PII_IS_WORD))
		i++;
	*end = i;
	return 2;
}

/* Whether [start, end) may stand between the words of a phrase. */
static bool
is_gap(const PiiText *text, int start, int end)
{
	if (end - start > MAX_GAP)
		return false;
	for (int i = start; i < end; i++)
	{
		if (strchr(" '-./&+_", text->c[i]) == NULL)
			return false;
	}
	return true;
}

/*
 * find_phrases
 *		Adds each run of up to the kind's number of words, two characters of a
 *		script without blanks counting as one.
 */
static void
find_phrases(Candidates *candidates, const EntityKind *kind, const PiiText *text, int from)
{
	int			first = 0;
	int			first_end = 0;

	while (next_unit(text, &first, &first_end) > 0)
	{
		int			start = first;
		int			end = first_end;
		int			before = first;
		int			words = 0;
		int			counts;

		CHECK_FOR_INTERRUPTS();
		while ((counts = next_unit(text, &start, &end)) > 0 &&
			   (words += counts) <= 2 * kind->max_words && is_gap(text, before, start))
		{
			if (!add_place(candidates, kind, text, from, first, end))
				return;
			before = end;
			start = end;
		}
		first = first_end;
	}
}

/*
 * find_candidates
 *		Fills candidates of each kind from the document.
 */
static void
find_candidates(const EntityKinds *all, const StDocument *doc, Candidates *candidates)
{
	PiiScan		scan = {0};
	int			again;

	for (int from = 0; from < doc->length; from = again)
	{
		PiiText text;
		int			end = st_pii_part(doc, from, &again);

		again = end;			/* what is cut in two is none */
		st_pii_fold(doc->data + from, end - from, &text);
		scan.text = &text;
		scan.first = from == 0;
		scan.last = end == doc->length;
		for (int i = 0; i < all->n; i++)
		{
			const EntityKind *kind = &all->kind[i];
			int			place = 0;
			int			start;
			int			stop;

			if (kind->pattern == NULL)
				find_phrases(&candidates[i], kind, &text, from);
			else
			{
				while (st_pii_next_match(&scan, kind->pattern, true, &place, &start, &stop) &&
					   add_place(&candidates[i], kind, &text, from, start, stop))
					;
			}
		}
	}
}

/* By place, the longest first. */
static int
compare_places(const void *a, const void *b)
{
	const Candidate *ca = a;
	const Candidate *cb = b;

	return ca->start != cb->start ? ca->start - cb->start : cb->length - ca->length;
}

/*
 * different_texts
 *		Returns the different texts of candidates, the first ones of the
 *		document, and notes for each candidate which it has, -1 for one too many.
 */
static const char **
different_texts(Candidates *candidates, int most)
{
	const char **texts = palloc(sizeof(char *) * candidates->n);
	uint32	   *hashes = palloc(sizeof(uint32) * candidates->n);
	int			n = 0;

	for (int i = 0; i < candidates->n; i++)
	{
		Candidate  *place = &candidates->place[i];
		int			length = strlen(place->text);
		uint32		hash = hash_bytes((const unsigned char *) place->text, length);
		int			k = 0;

		while (k < n && (hashes[k] != hash || strcmp(texts[k], place->text) != 0))
			k++;
		if (k == n && n < most)
		{
			texts[n] = place->text;
			hashes[n++] = hash;
		}
		place->value = k < n ? k : -1;
	}
	candidates->nvalues = n;
	return texts;
}

/* prepare: has the kind ready; see st_entity_prepare */
static void
prepare(Question *question)
{
	SPI_connect();
	st_entity_prepare(question->all, question->kind);
	SPI_finish();
}

/* convert_requester: to the type of the column of requesters */
static void
convert_requester(Question *question)
{
	EntityColumn *col = &question->kind->requester_column;

	question->owner = InputFunctionCall(&col->input, unconstify(char *, question->requester),
										col->ioparam, -1);
}

/* convert: one candidate's text to the type of the column */
static void
convert(Question *question)
{
	EntityColumn *col = &question->kind->key_column;
	Datum		value = InputFunctionCall(&col->input, unconstify(char *, question->texts[question->at]),
										  col->ioparam, -1);

	question->datums[question->at] = value;
	question->values[question->at] = cstring_to_text(OutputFunctionCall(&col->output, value));
	question->valid[question->at] = true;
}

/*
 * ask
 *		Asks the table which of the candidates there are.
 */
static void
ask(Question *question)
{
	EntityKind *kind = question->kind;
	EntityColumn *col = &kind->key_column;
	Datum	   *datums = palloc(sizeof(Datum) * question->n);
	int		   *places = palloc(sizeof(int) * question->n);
	int			n = 0;
	Datum		arguments[2];
	int			rc;

	for (int i = 0; i < question->n; i++)
	{
		if (question->valid[i])
		{
			datums[n] = question->datums[i];
			places[n++] = i;
		}
	}
	arguments[0] = PointerGetDatum(construct_array(datums, n, col->type, col->length,
												   col->by_value, col->align));
	arguments[1] = question->owner;

	/* policies are code of the table's owner, who is not whom we run as */
	if (OidIsValid(question->run_as) && check_enable_rls(kind->relid, question->run_as, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security of \"%s\" would apply to \"%s\"",
						get_rel_name(kind->relid), GetUserNameFromId(question->run_as, false))));

	SPI_connect();
	rc = SPI_execute_plan(kind->plan, arguments, NULL, true, 0);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "a query of entities returned %s", SPI_result_code_string(rc));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		int64		place = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i],
														SPI_tuptable->tupdesc, 1, &isnull));

		if (!isnull && place >= 1 && place <= n)
			question->exists[places[place - 1]] = true;
	}
	SPI_finish();
}

/*
 * is_text
 *		Whether any text is a value of the column, so that conversion never
 *		fails.
 */
static bool
is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

/*
 * look_up
 *		Answers a question.  Returns false, with *why, when the table could not
 *		be asked.
 */
static bool
look_up(Question *question, char **why)
{
	EntityKind *kind = question->kind;
	bool		any = false;
	char	   *unused;

	/* again when the table changed while we asked */
	for (int tries = 0; tries < 2; tries++)
	{
		if (!kind->ready && !attempt(prepare, question, why))
			return false;

		/* what is no value of the type is in no row */
		for (question->at = 0; question->at < question->n; question->at++)
		{
			question->valid[question->at] = false;
			if (is_text(kind->key_column.type))
				convert(question);
			else
				(void) attempt(convert, question, &unused);
			any |= question->valid[question->at];
		}
		if (!any || (kind->requester != NULL && !attempt(convert_requester, question, &unused)))
			return true;
		if (!attempt(ask, question, why))
			return false;
		if (kind->ready)
			break;
	}
	return true;
}

/*
 * take_answer
 *		Appends the entities of a kind: of places that overlap the longest.
 */
static StEntity *
take_answer(StEntity *entities, int *n, int *size, const Question *question, Candidates *candidates)
{
	int			end = -1;

	qsort(candidates->place, candidates->n, sizeof(Candidate), compare_places);
	for (int i = 0; i < candidates->n; i++)
	{
		const Candidate *place = &candidates->place[i];
		StEntity   *entity;

		if (place->value < 0 || !question->exists[place->value] || place->start < end)
			continue;
		end = place->start + place->length;
		if (*n == *size)
		{
			*size = *size ? *size * 2 : 8;
			entities = entities ? repalloc(entities, sizeof(StEntity) * *size) :
				palloc(sizeof(StEntity) * *size);
		}
		entity = &entities[(*n)++];
		entity->kind = question->kind->name;
		entity->start = place->start;
		entity->length = place->length;
		entity->value = question->values[place->value];
	}
	return entities;
}

static int
compare_entities(const void *a, const void *b)
{
	const StEntity *ea = a;
	const StEntity *eb = b;

	if (ea->start != eb->start)
		return ea->start - eb->start;
	if (ea->length != eb->length)
		return eb->length - ea->length;
	return strcmp(ea->kind, eb->kind);
}

/*
 * st_entities
 *		See understanding.h.
 */
StEntity *
st_entities(const StDocument *doc, const char *requester, Oid run_as, int *n, char **failures)
{
	EntityKinds *all = st_entity_kinds();
	Candidates *candidates;
	StEntity   *entities = NULL;
	StringInfoData failed;
	int			size = 0;

	*n = 0;
	*failures = NULL;
	if (all->n == 0)
		return NULL;

	initStringInfo(&failed);
	candidates = palloc0(sizeof(Candidates) * all->n);
	find_candidates(all, doc, candidates);
	for (int i = 0; i < all->n; i++)
	{
		Question	question = {.all = all,.kind = &all->kind[i],.requester = requester,.run_as = run_as};
		char	   *why;

		/* what must belong to someone belongs to nobody who is not known */
		if (candidates[i].n == 0 || (question.kind->requester != NULL && requester == NULL))
			continue;
		question.texts = different_texts(&candidates[i],
										 question.kind->pattern != NULL ? MAX_MATCHES : MAX_PHRASES);
		question.n = candidates[i].nvalues;
		question.exists = palloc0(sizeof(bool) * question.n);
		question.valid = palloc0(sizeof(bool) * question.n);
		question.values = palloc0(sizeof(text *) * question.n);
		question.datums = palloc0(sizeof(Datum) * question.n);
		if (look_up(&question, &why))
			entities = take_answer(entities, n, &size, &question, &candidates[i]);
		else
			appendStringInfo(&failed, "%sentity kind \"%s\" is left out: %s",
							 failed.len > 0 ? "\n" : "", question.kind->name, why);
	}
	if (*n > 1)
		qsort(entities, *n, sizeof(StEntity), compare_entities);
	if (failed.len > 0)
		*failures = failed.data;
	return entities;
}

/* Whether any kind of entity is looked for. */
bool
st_entities_wanted(void)
{
	return st_entity_kinds()->n > 0;
}

/* triage.entities(document, requester) */
Datum
st_entities_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	text	   *bytes;
	char	   *requester = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	StDocument	document;
	StEntity   *entities;
	char	   *failures;
	int			n;
	int			read = 0;
	int			before = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	bytes = PG_GETARG_TEXT_PP(0);
	st_document_read(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &document);
	entities = st_entities(&document, requester, InvalidOid, &n, &failures);
	if (failures != NULL)
		ereport(WARNING, (errmsg_internal("%s", failures)));
	for (int i = 0; i < n; i++)
	{
		const StEntity *entity = &entities[i];
		Datum		values[4];
		bool		nulls[4] = {false, false, false, false};

		before += st_document_characters(&document, read, entity->start);
		read = entity->start;
		values[0] = CStringGetTextDatum(entity->kind);
		values[1] = Int32GetDatum(before + 1);
		values[2] = Int32GetDatum(st_document_characters(&document, entity->start,
														 entity->start + entity->length));
		values[3] = PointerGetDatum(entity->value);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
