/*-------------------------------------------------------------------------
 *
 * model_store.c
 *		Rows of triage.model: finding them, fetching their weights, and what is
 *		written on a user's behalf.
 *
 * Models are configuration, so they are read as the system catalogs are: by a
 * scan of the primary key's index with a catalog snapshot (the newest that is
 * committed, and what this transaction did), without SPI, permission checks or
 * row security.  What gates them is EXECUTE on the functions.
 *
 * Rows are written through SPI as the owner of schema triage, with search_path
 * pinned, because the caller's could name operators of their own.
 *
 * Locking: whoever gives a version its number, activates or drops one first
 * takes an exclusive lock on the name (an object lock of triage.model's class,
 * see st_store_lock_name) and keeps it to the end of the transaction.  Readers
 * take no lock but AccessShareLock on the table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_enum.h"
#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "core/core.h"
#include "model/model_inner.h"

/* How many names a hint lists */
#define ST_HINT_NAMES 20

/* Pages up to which a table is read without its index */
#define SMALL_TABLE 16

/* A scan over rows of triage.model or triage.model_dropped */
typedef struct ModelScan
{
	Relation	rel;
	SysScanDesc scan;
	TupleDesc	desc;
} ModelScan;

static int	column_number(const ModelScan *scan, const char *name);
static void scan_begin(ModelScan *scan, const char *table, const char *name,
					   bool ordered);
static HeapTuple scan_next(ModelScan *scan);
static void scan_end(ModelScan *scan);
static Datum column(const ModelScan *scan, HeapTuple tuple, const char *name);
static Oid	weights_value_id(Datum weights);
static bool row_key(const ModelScan *scan, HeapTuple tuple, StMapKey *key);

/*
 * st_store_relid
 *		Returns the OID of triage.model; see st_relation_oid.
 */
Oid
st_store_relid(bool missing_ok)
{
	return st_relation_oid("model", missing_ok);
}

/*
 * column_number
 *		Returns the number of a column; throws when it is absent.
 */
static int
column_number(const ModelScan *scan, const char *name)
{
	int			attnum = SPI_fnumber(scan->desc, name);

	return attnum > 0 ? attnum : st_attnum(RelationGetRelid(scan->rel), name);
}

/*
 * scan_begin
 *		Starts a scan over the rows of a name in triage.model or
 *		triage.model_dropped, over all rows when name is NULL; in order of name
 *		and version where that is asked for.  Throws when the table is absent.
 *
 * The key is compared in the collation that the index is ordered by.  Opening
 * the index costs a new connection more than reading a small table as it is.
 */
static void
scan_begin(ModelScan *scan, const char *table, const char *name, bool ordered)
{
	ScanKeyData key;
	Oid			index = InvalidOid;
	int			nkeys = 0;

	scan->rel = table_open(st_relation_oid(table, false), AccessShareLock);
	scan->desc = RelationGetDescr(scan->rel);

	if (name != NULL)
	{
		ScanKeyEntryInitialize(&key, 0, column_number(scan, "name"),
							   BTEqualStrategyNumber, InvalidOid, DEFAULT_COLLATION_OID,
							   F_TEXTEQ, CStringGetTextDatum(name));
		nkeys = 1;
	}
	if (ordered || RelationGetNumberOfBlocks(scan->rel) > SMALL_TABLE)
		index = st_relation_oid(psprintf("%s_pkey", table), true);
	scan->scan = systable_beginscan(scan->rel, index, OidIsValid(index), NULL, nkeys, &key);
}

/* scan_next: the next row, valid until the one after it, or NULL */
static HeapTuple
scan_next(ModelScan *scan)
{
	CHECK_FOR_INTERRUPTS();
	return systable_getnext(scan->scan);
}

/* scan_end: ends the scan; the lock is released with it */
static void
scan_end(ModelScan *scan)
{
	systable_endscan(scan->scan);
	table_close(scan->rel, AccessShareLock);
}

/*
 * column_or_null
 *		Returns a column of a row by its name; it points into the row.
 */
static Datum
column_or_null(const ModelScan *scan, HeapTuple tuple, const char *name, bool *isnull)
{
	return heap_getattr(tuple, column_number(scan, name), scan->desc, isnull);
}

/*
 * column
 *		The same of a column that is not NULL; throws when it is.
 */
static Datum
column(const ModelScan *scan, HeapTuple tuple, const char *name)
{
	bool		isnull;
	Datum		value = column_or_null(scan, tuple, name, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("column \"%s\" of a row of triage.model is NULL", name)));
	return value;
}

/*
 * weights_value_id
 *		Returns the number under which TOAST keeps the weights, which changes
 *		whenever they are written; InvalidOid when they are kept in the row.
 */
static Oid
weights_value_id(Datum weights)
{
	struct varatt_external pointer;

	if (!VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(weights)))
		return InvalidOid;
	VARATT_EXTERNAL_GET_POINTER(pointer, (struct varlena *) DatumGetPointer(weights));
	return pointer.va_valueid;
}

/*
 * row_file
 *		Returns the file that holds the weights of a shipped model, palloc'd;
 *		NULL when they are in the row.
 */
static char *
row_file(const ModelScan *scan, HeapTuple tuple)
{
	bool		isnull;
	Datum		file = column_or_null(scan, tuple, "file", &isnull);

	return isnull ? NULL : TextDatumGetCString(file);
}

/*
 * row_key
 *		Tells which mapping belongs to a row; returns false when the row's
 *		checksum is no SHA-256 in hexadecimal, or its weights are in a file.
 */
static bool
row_key(const ModelScan *scan, HeapTuple tuple, StMapKey *key)
{
	char	   *hex = TextDatumGetCString(column(scan, tuple, "checksum"));
	bool		isnull;
	Datum		weights = column_or_null(scan, tuple, "weights", &isnull);

	if (isnull)
		return false;
	key->value_id = weights_value_id(weights);
	if (strlen(hex) != ST_CHECKSUM_BYTES * 2 ||
		strspn(hex, "0123456789abcdef") != ST_CHECKSUM_BYTES * 2)
		return false;
	hex_decode(hex, ST_CHECKSUM_BYTES * 2, (char *) key->checksum);
	return true;
}

/*
 * st_store_row_key
 *		row_key for a trigger, which has the row already.
 */
bool
st_store_row_key(Relation rel, HeapTuple tuple, StMapKey *key)
{
	ModelScan	row = {.rel = rel,.desc = RelationGetDescr(rel)};

	return row_key(&row, tuple, key);
}

/*
 * status_is_active
 *		Whether a triage.model_status is "active".
 */
static bool
status_is_active(Oid status)
{
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(status));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for enum value %u", status);
	result = strcmp(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel), "active") == 0;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * st_store_find
 *		Finds a version of a model, the active one for ST_ACTIVE, the shipped
 *		one for ST_SHIPPED.  Returns whether there is one; *row is palloc'd in
 *		CurrentMemoryContext.
 */
bool
st_store_find(const char *name, int version, StModelRow *row)
{
	ModelScan	scan;
	HeapTuple	tuple;
	bool		found = false;

	scan_begin(&scan, "model", name, false);
	while (!found && (tuple = scan_next(&scan)) != NULL)
	{
		int			this_version = DatumGetInt32(column(&scan, tuple, "version"));
		bool		is_active = status_is_active(DatumGetObjectId(column(&scan, tuple, "status")));

		if (version == ST_ACTIVE ? !is_active : this_version != st_number_of(version))
			continue;

		found = true;
		tuple = heap_copytuple(tuple);	/* outlives the scan */
		row->version = this_version;
		row->active = is_active;
		row->file = row_file(&scan, tuple);
		row->labels = NULL;
		row->nlabels = 0;
		if (row->file != NULL)
			break;
		row->key_valid = row_key(&scan, tuple, &row->key);
		row->weights = column(&scan, tuple, "weights");
		deconstruct_array(DatumGetArrayTypePCopy(column(&scan, tuple, "labels")),
						  TEXTOID, -1, false, TYPALIGN_INT,
						  &row->labels, NULL, &row->nlabels);
	}
	scan_end(&scan);

	return found;
}

/*
 * st_store_weights
 *		Returns the weights of a row, palloc'd.  Throws for TOAST that is
 *		damaged.  Needs an active snapshot, so that the row cannot be vacuumed
 *		away meanwhile.
 */
bytea *
st_store_weights(const StModelRow *row)
{
	return DatumGetByteaPCopy(row->weights);
}

/*
 * st_store_last_version
 *		Returns the highest version of a name that is or was, 0 when there is
 *		none.  The caller holds the lock on the name.
 */
int
st_store_last_version(const char *name)
{
	ModelScan	scan;
	HeapTuple	tuple;
	int			last = 0;

	scan_begin(&scan, "model", name, false);
	while ((tuple = scan_next(&scan)) != NULL)
		last = Max(last, DatumGetInt32(column(&scan, tuple, "version")));
	scan_end(&scan);

	scan_begin(&scan, "model_dropped", name, false);
	while ((tuple = scan_next(&scan)) != NULL)
		last = Max(last, DatumGetInt32(column(&scan, tuple, "version")));
	scan_end(&scan);

	return last;
}

/*
 * st_store_models
 *		Returns the names of the models there are, quoted and separated by
 *		commas, palloc'd; NULL when there is none.
 */
char *
st_store_models(void)
{
	StringInfoData out;
	ModelScan	scan;
	HeapTuple	tuple;
	char	   *last = NULL;
	int			n = 0;

	initStringInfo(&out);
	scan_begin(&scan, "model", NULL, true);
	while ((tuple = scan_next(&scan)) != NULL)
	{
		char	   *name = TextDatumGetCString(column(&scan, tuple, "name"));

		if (last != NULL && strcmp(name, last) == 0)
			continue;
		last = name;
		if (n++ == ST_HINT_NAMES)
		{
			appendStringInfoString(&out, " and others");
			break;
		}
		appendStringInfo(&out, "%s\"%s\"", n > 1 ? ", " : "", name);
	}
	scan_end(&scan);

	return n == 0 ? NULL : out.data;
}

/*
 * st_store_versions
 *		Returns the versions of a model, separated by commas, palloc'd; NULL
 *		when there is none.
 */
char *
st_store_versions(const char *name)
{
	StringInfoData out;
	ModelScan	scan;
	HeapTuple	tuple;
	int			n = 0;

	initStringInfo(&out);
	scan_begin(&scan, "model", name, true);
	while ((tuple = scan_next(&scan)) != NULL)
	{
		if (n++ == ST_HINT_NAMES)
		{
			appendStringInfoString(&out, " and others");
			break;
		}
		appendStringInfo(&out, "%s%d", n > 1 ? ", " : "",
						 DatumGetInt32(column(&scan, tuple, "version")));
	}
	scan_end(&scan);

	return n == 0 ? NULL : out.data;
}

/*
 * st_store_files_in_use
 *		Returns the keys of all mappings that rows of triage.model name
 *		(StMapKey *, palloc'd); rows with a malformed checksum have none, nor
 *		have shipped models.
 */
List *
st_store_files_in_use(void)
{
	List	   *keys = NIL;
	ModelScan	scan;
	HeapTuple	tuple;

	scan_begin(&scan, "model", NULL, false);
	while ((tuple = scan_next(&scan)) != NULL)
	{
		StMapKey   *key = palloc(sizeof(StMapKey));

		if (row_key(&scan, tuple, key))
			keys = lappend(keys, key);
	}
	scan_end(&scan);

	return keys;
}

/*
 * st_store_missing
 *		Returns a sentence, palloc'd, about what is not there: the model, the
 *		version, or an active version of it.
 */
char *
st_store_missing(const char *name, int version)
{
	if (st_store_versions(name) == NULL)
		return psprintf("model \"%s\" does not exist", name);
	if (version == ST_ACTIVE)
		return psprintf("model \"%s\" has no active version", name);
	return psprintf("model \"%s\" has no version %d", name, st_number_of(version));
}

/*
 * st_store_throw_missing
 *		Throws st_store_missing with a hint that names what there is; never
 *		returns.
 */
void
st_store_throw_missing(const char *name, int version)
{
	char	   *versions = st_store_versions(name);
	char	   *models = versions == NULL ? st_store_models() : NULL;

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg_internal("%s", st_store_missing(name, version)),
			 versions != NULL ?
			 (version == ST_ACTIVE ?
			  errhint("Its versions are: %s. Make one active with triage.activate().", versions) :
			  errhint("Its versions are: %s.", versions)) :
			 models != NULL ?
			 errhint("There are: %s.", models) :
			 errhint("There are no models yet. Train one with triage.train().")));
}

/*
 * st_store_check_name
 *		Returns a model's name as a C string, palloc'd.  Throws when no model
 *		may have it.
 */
char *
st_store_check_name(const text *name)
{
	char	   *result = text_to_cstring(name);

	if (result[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the name of a model must not be empty")));
	if (strlen(result) > ST_MAX_NAME_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("the name of a model must not be longer than %d bytes",
						ST_MAX_NAME_BYTES)));
	return result;
}

/*
 * st_store_check_version
 *		Returns what stands for the version that a user named: its number, or
 *		ST_SHIPPED for 0.  Throws when there can be none such.
 */
int
st_store_check_version(int version)
{
	if (version < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the version of a model must not be negative")));
	return version == 0 ? ST_SHIPPED : version;
}

/*
 * st_store_lock_name
 *		Waits for and takes the lock on a name, to the end of the transaction.
 *
 * The lock is one on an object of class triage.model whose number is a hash of
 * the name: two names that collide wait for each other, nothing worse.
 */
void
st_store_lock_name(const char *name)
{
	LockDatabaseObject(st_store_relid(false),
					   hash_bytes((const unsigned char *) name, strlen(name)),
					   0, ExclusiveLock);
}

/*
 * st_store_as_owner
 *		Becomes the owner of schema triage, with a search_path that holds
 *		nothing of the caller's, until st_store_as_caller.  An error in between
 *		ends it too, at the end of the (sub)transaction.
 */
void
st_store_as_owner(StOwner *saved)
{
	GetUserIdAndSecContext(&saved->userid, &saved->sec_context);
	SetUserIdAndSecContext(st_extension_owner(),
						   saved->sec_context | SECURITY_LOCAL_USERID_CHANGE);
	saved->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* st_store_as_caller: undoes st_store_as_owner */
void
st_store_as_caller(const StOwner *saved)
{
	AtEOXact_GUC(false, saved->guc_level);
	SetUserIdAndSecContext(saved->userid, saved->sec_context);
}

/*
 * st_store_execute
 *		Runs one statement as the owner of schema triage; nulls as SPI wants
 *		them, or NULL.  Returns the number of rows.  The caller is connected to
 *		SPI.
 */
uint64
st_store_execute(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	StOwner		saved;
	int			rc;

	st_store_as_owner(&saved);
	rc = SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
	if (rc < 0)
		elog(ERROR, "SPI_execute_with_args returned %s", SPI_result_code_string(rc));
	st_store_as_caller(&saved);

	return SPI_processed;
}

/*
 * st_checksum
 *		Writes the SHA-256 of data to digest (ST_CHECKSUM_BYTES).
 */
void
st_checksum(const void *data, Size size, uint8 *digest)
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	if (ctx == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	if (pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, data, size) < 0 ||
		pg_cryptohash_final(ctx, digest, ST_CHECKSUM_BYTES) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(ctx));
	pg_cryptohash_free(ctx);
}

/* st_checksum_hex: a digest as hexadecimal, palloc'd */
char *
st_checksum_hex(const uint8 *digest)
{
	char	   *hex = palloc(ST_CHECKSUM_BYTES * 2 + 1);

	hex_encode((const char *) digest, ST_CHECKSUM_BYTES, hex);
	hex[ST_CHECKSUM_BYTES * 2] = '\0';
	return hex;
}
