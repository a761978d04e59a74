/*-------------------------------------------------------------------------
 *
 * pii_kind.c
 *		triage.pii_kind as each backend holds it, and the check of its rows.
 *
 * The table is read when a backend first looks for personal data and after it
 * changed (core/config_cache.c), as catalogs are, with the newest committed
 * state: that is possible in parallel workers too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"
#include "understanding/pii_inner.h"

#define MAX_NAME	63

/* The row whose allow-list holds for all kinds. */
#define ALL_KINDS	"*"

PG_FUNCTION_INFO_V1(st_pii_kind_check);

static void *load(void);

static StConfigCache cache = {.tables = {"pii_kind"},.load = load};

/* A row; strings are palloc'd, NULL for NULL. */
typedef struct KindRow
{
	char	   *name;
	char	   *pattern;
	char	   *checksum;
	char	   *allow;
	ArrayType  *context;
	float		threshold;
	bool		enabled;
} KindRow;

/* st_pii_kinds_init: has this backend hear of changes */
void
st_pii_kinds_init(void)
{
	st_config_cache_init(&cache);
}

/*
 * read_row
 *		Fills row from a tuple of triage.pii_kind.
 */
static void
read_row(Relation rel, HeapTuple tuple, KindRow *row)
{
	bool		isnull;
	Datum		value;

	row->name = st_row_cstring(rel, tuple, "name");
	row->pattern = st_row_cstring(rel, tuple, "pattern");
	row->checksum = st_row_cstring(rel, tuple, "checksum");
	row->allow = st_row_cstring(rel, tuple, "allow");
	value = st_row_value(rel, tuple, "context", &isnull);
	row->context = isnull ? NULL : DatumGetArrayTypePCopy(value);
	value = st_row_value(rel, tuple, "threshold", &isnull);
	row->threshold = isnull ? PII_DEFAULT_THRESHOLD : DatumGetFloat4(value);
	value = st_row_value(rel, tuple, "enabled", &isnull);
	row->enabled = isnull || DatumGetBool(value);
}

/*
 * row_words
 *		Returns the context words of a row, with none for NULLs.
 */
static char **
row_words(const KindRow *row, int *n)
{
	Datum	   *values;
	bool	   *nulls;
	char	  **words;

	*n = 0;
	if (row->context == NULL)
		return NULL;
	deconstruct_array(row->context, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, n);
	words = palloc(sizeof(char *) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		words[i] = nulls[i] ? NULL : TextDatumGetCString(values[i]);
	return words;
}

/* compare_hashes, compare_kinds: for qsort */
static int
compare_hashes(const void *a, const void *b)
{
	uint64		ha = *(const uint64 *) a;
	uint64		hb = *(const uint64 *) b;

	return ha < hb ? -1 : ha > hb;
}

static int
compare_kinds(const void *a, const void *b)
{
	return strcmp(((const PiiKind *) a)->name, ((const PiiKind *) b)->name);
}

/*
 * compile
 *		A pattern of a row, or NULL; one that this server cannot compile is left
 *		out with a warning.
 */
static PiiPattern *
compile(const KindRow *row, const char *pattern)
{
	char	   *why;
	PiiPattern *compiled;

	if (pattern == NULL)
		return NULL;
	compiled = st_pii_compile(pattern, strlen(pattern), &why);
	if (compiled == NULL)
		ereport(WARNING,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("a pattern of personal data of kind \"%s\" is not used: %s", row->name, why)));
	return compiled;
}

/*
 * builtin_kind
 *		The number of a built-in kind, or -1.
 */
static int
builtin_kind(const char *name)
{
	for (int i = 0; i < PII_NUM_BUILTIN; i++)
	{
		if (strcmp(st_pii_builtin_names[i], name) == 0)
			return i;
	}
	return -1;
}

/*
 * take_row
 *		Adds a row to the kinds.
 */
static void
take_row(PiiKinds *to, const KindRow *row)
{
	int			builtin = builtin_kind(row->name);
	PiiKind    *kind;
	char	  **words;

	if (strcmp(row->name, ALL_KINDS) == 0)
	{
		if (row->enabled)
			to->allow = compile(row, row->allow);
		return;
	}
	if (builtin >= 0)
		kind = &to->kind[builtin];
	else
	{
		to->kind = repalloc(to->kind, sizeof(PiiKind) * (to->n + 1));
		kind = &to->kind[to->n++];
		memset(kind, 0, sizeof(*kind));
		kind->name = row->name;
	}
	kind->enabled = row->enabled;
	kind->threshold = row->threshold;
	kind->pattern = compile(row, row->pattern);
	kind->allow = compile(row, row->allow);
	if (row->checksum != NULL)
		(void) st_pii_checksum(row->checksum, &kind->checksum);

	words = row_words(row, &kind->nwords);
	kind->words = palloc(sizeof(uint64) * Max(kind->nwords, 1));
	for (int i = 0; i < kind->nwords; i++)
	{
		StDocument	word;

		st_document_read(words[i] ? words[i] : "", words[i] ? strlen(words[i]) : 0, &word);
		kind->words[i] = st_pii_hash_utf8(word.data, word.length);
	}
	qsort(kind->words, kind->nwords, sizeof(uint64), compare_hashes);
	if (kind->enabled && kind->pattern != NULL)
		to->patterns = true;
	if (kind->allow != NULL)
		to->allows = true;
}

/*
 * load
 *		Reads the table into the current context.
 */
static void *
load(void)
{
	PiiKinds   *loaded = palloc0(sizeof(PiiKinds));
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		pushed = false;

	loaded->n = PII_NUM_BUILTIN;
	loaded->kind = palloc0(sizeof(PiiKind) * PII_NUM_BUILTIN);
	for (int i = 0; i < PII_NUM_BUILTIN; i++)
	{
		loaded->kind[i].name = st_pii_builtin_names[i];
		loaded->kind[i].enabled = true;
		loaded->kind[i].threshold = PII_DEFAULT_THRESHOLD;
	}

	/* long values are read under a snapshot */
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	rel = table_open(cache.relids[0], AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		KindRow		row;

		CHECK_FOR_INTERRUPTS();
		read_row(rel, tuple, &row);
		take_row(loaded, &row);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (pushed)
		PopActiveSnapshot();

	qsort(loaded->kind + PII_NUM_BUILTIN, loaded->n - PII_NUM_BUILTIN, sizeof(PiiKind), compare_kinds);
	return loaded;
}

/*
 * st_pii_kinds
 *		Returns the present kinds; valid until the end of the transaction.
 *		Throws what reading the table throws, when it must be read.
 */
const PiiKinds *
st_pii_kinds(void)
{
	return st_config_cache_get(&cache);
}

/*
 * st_pii_find_kind
 *		The number of a kind, or -1.
 */
int
st_pii_find_kind(const PiiKinds *all, const char *name)
{
	for (int i = 0; i < all->n; i++)
	{
		if (strcmp(all->kind[i].name, name) == 0)
			return i;
	}
	return -1;
}

/*
 * st_pii_kind_names
 *		Returns the names of all kinds, palloc'd: "EMAIL, PHONE, ...".
 */
char *
st_pii_kind_names(const PiiKinds *all)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < all->n; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", all->kind[i].name);
	return names.data;
}

/* Throws when a name is not one that may stand in "<NAME>". */
static void
check_name(const char *name)
{
	bool		good = name[0] >= 'A' && name[0] <= 'Z' && strlen(name) <= MAX_NAME;

	for (int i = 0; name[i] != '\0' && good; i++)
		good = (name[i] >= 'A' && name[i] <= 'Z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_';
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a kind of personal data: \"%s\"", name),
				 errhint("A name has at most %d capital letters A to Z, digits and underscores, and begins with a letter: CUSTOMER_NUMBER.",
						 MAX_NAME)));
}

/* Throws when a pattern cannot be used. */
static void
check_pattern(const char *name, const char *what, const char *pattern)
{
	PiiPattern *compiled;
	char	   *why;

	if (pattern == NULL)
		return;
	compiled = st_pii_compile(pattern, strlen(pattern), &why);
	if (compiled == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("invalid regular expression: %s", why),
				 errdetail("It is the %s of kind \"%s\": %s", what, name, pattern)));
	else if (st_pii_has_backrefs(compiled))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("the %s of kind \"%s\" has a back-reference", what, name),
				 errdetail("The time that back-references take is not bounded.")));
	else if (st_pii_matches_nothing(compiled))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("the %s of kind \"%s\" matches the empty string", what, name)));
}

/* Throws when a context word is no single word. */
static void
check_words(const KindRow *row)
{
	int			n;
	char	  **words = row_words(row, &n);

	if (row->context != NULL && ARR_NDIM(row->context) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the context of kind \"%s\" must be a list of words", row->name)));
	for (int i = 0; i < n; i++)
	{
		PiiText		text;
		StDocument	document;
		bool		good = words[i] != NULL && words[i][0] != '\0';

		if (good)
		{
			st_document_read(words[i], strlen(words[i]), &document);
			st_pii_fold(document.data, document.length, &text);
			for (int k = 0; k < text.n && good; k++)
				good = pii_is(&text, k, PII_IS_WORD) || (text.c[k] == PII_WIDE && text.n == 2);
		}
		if (!good)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("context word \"%s\" of kind \"%s\" is not one word",
							words[i] ? words[i] : "NULL", row->name),
					 errhint("A context word has letters and digits only; in Chinese, Japanese, Korean and Thai it has two characters.")));
	}
}

/*
 * triage.pii_kind_check(): BEFORE INSERT OR UPDATE row trigger.  Throws for a
 * row that could not be used.
 */
Datum
st_pii_kind_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	KindRow		row;
	PiiChecksum checksum;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a BEFORE row trigger", "triage.pii_kind_check")));

	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	read_row(trigdata->tg_relation, tuple, &row);

	/*
	 * What the table's own constraints refuse is left to them; and what was
	 * once written must come back when a dump is restored.
	 */
	if (row.name == NULL || row.checksum == NULL || !check_function_bodies)
		return PointerGetDatum(tuple);

	if (strcmp(row.name, ALL_KINDS) == 0)
	{
		if (row.allow == NULL || row.pattern != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("kind \"*\" must have an allow-list and no pattern"),
					 errdetail("What its column allow matches is of no kind.")));
	}
	else
	{
		check_name(row.name);
		if (row.pattern == NULL && builtin_kind(row.name) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("kind \"%s\" needs a pattern", row.name),
					 errhint("Only kinds that are built in are found without one.")));
	}
	if (!st_pii_checksum(row.checksum, &checksum))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown checksum \"%s\" of kind \"%s\"", row.checksum, row.name),
				 errhint("It is one of %s.", st_pii_checksum_names)));
	if (checksum != NULL && row.pattern == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the checksum of kind \"%s\" needs a pattern", row.name),
				 errdetail("Kinds that are built in have checksums of their own.")));
	check_pattern(row.name, "pattern", row.pattern);
	check_pattern(row.name, "allow-list", row.allow);
	check_words(&row);
	return PointerGetDatum(tuple);
}
