/*-------------------------------------------------------------------------
 *
 * model_sql_shipped.c
 *		triage.refresh_models: brings what triage.model lists of the shipped
 *		models up to date with the extension's files.
 *
 * The install script calls it, so do the scripts of ALTER EXTENSION UPDATE, and
 * so may who replaced files by hand.  A shipped model is a row of version 0
 * without weights; beside each file lies another with what is to be known of it
 * (options, metrics, provenance), as JSON.  Nothing of it is dumped: a
 * restore's CREATE EXTENSION lists what is there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "core/compat.h"
#include "core/core.h"
#include "model/model_inner.h"

/* What is told of a model has no more bytes than this */
#define LARGEST_CARD (1024 * 1024)

PG_FUNCTION_INFO_V1(st_refresh_models);

static List *list_files(void);
static int	compare_files(const ListCell *a, const ListCell *b);
static char *name_of_file(const char *file);
static const char *refresh_softly(const char *file);
static const char *refresh(const char *file);
static char *read_card(const char *file);
static void to_ascii(char *json);
static void remove_others(List *files, ReturnSetInfo *rsinfo);
static void tell(ReturnSetInfo *rsinfo, const char *name, const char *change);

/*
 * triage.refresh_models()
 *
 * A file that is no good is left out with a warning: CREATE EXTENSION must not
 * fail for it.
 */
Datum
st_refresh_models(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *files;
	ListCell   *cell;

	PreventCommandIfReadOnly("triage.refresh_models()");
	PreventCommandIfParallelMode("triage.refresh_models()");
	InitMaterializedSRF(fcinfo, 0);

	files = list_files();
	foreach(cell, files)
		tell(rsinfo, name_of_file(lfirst(cell)), refresh_softly(lfirst(cell)));
	remove_others(files, rsinfo);

	/* files may have changed where rows did not */
	CacheInvalidateRelcacheByRelid(st_store_relid(false));

	return (Datum) 0;
}

/* tell: one row of the result */
static void
tell(ReturnSetInfo *rsinfo, const char *name, const char *change)
{
	Datum		values[2] = {CStringGetTextDatum(name), CStringGetTextDatum(change)};
	bool		nulls[2] = {false, false};

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * list_files
 *		Returns the names of the shipped weights, sorted, palloc'd.
 */
static List *
list_files(void)
{
	char	   *directory = st_shipped_directory();
	DIR		   *dir = AllocateDir(directory);
	List	   *files = NIL;
	struct dirent *entry;

	while ((entry = ReadDir(dir, directory)) != NULL)
	{
		char	   *name = name_of_file(entry->d_name);

		if (name != NULL)
			files = lappend(files, pstrdup(entry->d_name));
	}
	FreeDir(dir);
	list_sort(files, compare_files);
	return files;
}

static int
compare_files(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* name_of_file: the model that a file is of, palloc'd; NULL: of none */
static char *
name_of_file(const char *file)
{
	int			length = strlen(file);
	int			prefix = strlen(ST_SHIPPED_PREFIX);
	int			suffix = strlen(ST_SHIPPED_SUFFIX);
	int			name = length - prefix - suffix;

	if (name < 1 || name > ST_MAX_NAME_BYTES ||
		strncmp(file, ST_SHIPPED_PREFIX, prefix) != 0 ||
		strcmp(file + length - suffix, ST_SHIPPED_SUFFIX) != 0)
		return NULL;
	return pnstrdup(file + prefix, name);
}

/* A file, and what was done with it. */
typedef struct Refresh
{
	const char *file;
	const char *change;
} Refresh;

static void
refresh_guarded(void *arg)
{
	Refresh    *one = arg;

	one->change = refresh(one->file);
}

/*
 * refresh_softly
 *		refresh, with a warning for an error other than cancel and lack of
 *		memory.  Returns what was done.
 */
static const char *
refresh_softly(const char *file)
{
	Refresh		one = {file, "left out"};
	ErrorData  *error;

	if (!st_guarded_error(refresh_guarded, &one, &error))
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("shipped model \"%s\" is left out: %s", name_of_file(file), error->message),
				 errhint("Install the files of support_triage again, then call triage.refresh_models().")));
	return one.change;
}

/*
 * refresh
 *		Brings the row of a file up to date.  Returns what was done; throws when
 *		the file or what lies beside it is no good.
 */
static const char *
refresh(const char *file)
{
	static const char *update =
	"UPDATE triage.model SET (labels, options, metrics, provenance, trained_at, unicode_version, size_bytes, checksum, file)"
	" = ($2, $3::jsonb->'options', $3::jsonb->'metrics', $3::jsonb->'provenance',"
	"    ($3::jsonb->>'trained_at')::timestamptz, $4, $5, $6, $7)"
	" WHERE name = $1 AND version = 0"
	" AND (labels, options, metrics, provenance, trained_at, unicode_version, size_bytes, checksum, file)"
	" IS DISTINCT FROM ($2, $3::jsonb->'options', $3::jsonb->'metrics', $3::jsonb->'provenance',"
	"    ($3::jsonb->>'trained_at')::timestamptz, $4, $5, $6, $7)";
	static const char *insert =
	"INSERT INTO triage.model (name, version, status, labels, options, metrics, provenance,"
	" trained_by, trained_at, unicode_version, size_bytes, checksum, file)"
	" SELECT $1, 0,"
	" CASE WHEN EXISTS (SELECT FROM triage.model WHERE name = $1 AND status = 'active')"
	"  THEN 'candidate' ELSE 'active' END::triage.model_status,"
	" $2, $3::jsonb->'options', $3::jsonb->'metrics', $3::jsonb->'provenance',"
	" 'support_triage', ($3::jsonb->>'trained_at')::timestamptz, $4, $5, $6, $7"
	" WHERE NOT EXISTS (SELECT FROM triage.model WHERE name = $1 AND version = 0)";
	static Oid	types[7] = {TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "support_triage shipped model",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	const char *change = "unchanged";
	const char *reason;
	char	   *why = NULL;
	char	   *name = name_of_file(file);
	uint8		checksum[ST_CHECKSUM_BYTES];
	StFileMark	mark;
	StWeights  *weights = NULL;
	Datum		values[7];
	Datum	   *labels;
	Size		size;
	const void *data;
	bool		missing;
	int			nlabels;

	data = st_shipped_open(file, &size, checksum, &mark, &missing, &why);
	if (data != NULL && (weights = st_weights_open(data, size, &reason)) == NULL)
		why = pstrdup(reason);
	if (weights == NULL)
		ereport(ERROR,
				(errcode(missing ? ERRCODE_UNDEFINED_FILE : ERRCODE_DATA_CORRUPTED),
				 errmsg_internal("%s", why)));

	nlabels = st_weights_nlabels(weights);
	labels = palloc(sizeof(Datum) * nlabels);
	for (int i = 0; i < nlabels; i++)
		labels[i] = CStringGetTextDatum(st_shipped_label(weights, i));

	values[0] = CStringGetTextDatum(name);
	values[1] = PointerGetDatum(construct_array(labels, nlabels, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = CStringGetTextDatum(read_card(file));
	values[3] = CStringGetTextDatum(st_weights_unicode(weights));
	values[4] = Int64GetDatum(size);
	values[5] = CStringGetTextDatum(st_checksum_hex(checksum));
	values[6] = CStringGetTextDatum(file);

	st_store_lock_name(name);
	SPI_connect();
	if (st_store_execute(update, 7, types, values, NULL) > 0)
		change = "updated";
	else if (st_store_execute(insert, 7, types, values, NULL) > 0)
		change = "added";
	SPI_finish();

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return change;
}

/*
 * read_card
 *		Returns what is to be known of a file, JSON, palloc'd.  Throws when it
 *		is not there or too long.
 */
static char *
read_card(const char *file)
{
	int			stem = strlen(file) - strlen(ST_SHIPPED_SUFFIX);
	char	   *path = psprintf("%s/%.*s.json", st_shipped_directory(), stem, file);
	FILE	   *stream = AllocateFile(path, "r");
	char	   *card = palloc(LARGEST_CARD + 1);
	Size		length;

	if (stream == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
	length = fread(card, 1, LARGEST_CARD + 1, stream);
	if (ferror(stream) || length > LARGEST_CARD)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("could not read file \"%s\"", path)));
	FreeFile(stream);
	card[length] = '\0';
	if (GetDatabaseEncoding() != PG_UTF8)
		to_ascii(card);
	return card;
}

/*
 * to_ascii
 *		Has JSON hold a question mark for each character that another encoding
 *		than UTF-8 may not have, escaped or not: what is told must not keep a
 *		model from being listed.
 */
static void
to_ascii(char *json)
{
	char	   *to = json;

	for (const char *from = json; *from != '\0'; from++)
	{
		unsigned int code;

		if (IS_HIGHBIT_SET(*from))
			*to++ = '?';
		else if (*from == '\\' && from[1] == 'u' &&
				 sscanf(from + 2, "%4x", &code) == 1 && code > 0x7F)
		{
			*to++ = '?';
			from += Min(5, strlen(from) - 1);
		}
		else
		{
			*to++ = *from;
			if (*from == '\\' && from[1] != '\0')
				*to++ = *++from;
		}
	}
	*to = '\0';
}

/*
 * remove_others
 *		Removes rows of shipped models whose file is no longer there.
 */
static void
remove_others(List *files, ReturnSetInfo *rsinfo)
{
	Oid			type = TEXTARRAYOID;
	Datum	   *names = palloc(sizeof(Datum) * Max(list_length(files), 1));
	StOwner		saved;
	Datum		array;

	for (int i = 0; i < list_length(files); i++)
		names[i] = CStringGetTextDatum(list_nth(files, i));
	array = PointerGetDatum(construct_array(names, list_length(files), TEXTOID, -1, false, TYPALIGN_INT));

	SPI_connect();
	st_store_as_owner(&saved);
	if (SPI_execute_with_args("DELETE FROM triage.model WHERE version = 0 AND file <> ALL ($1) RETURNING name",
							  1, &type, &array, NULL, false, 0) != SPI_OK_DELETE_RETURNING)
		elog(ERROR, "could not remove shipped models");
	st_store_as_caller(&saved);
	for (uint64 i = 0; i < SPI_processed; i++)
		tell(rsinfo, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1), "removed");
	SPI_finish();
}
