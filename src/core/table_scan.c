/*-------------------------------------------------------------------------
 *
 * table_scan.c
 *		Reading one of the extension's own tables from front to back, with its
 *		columns by name.
 *
 * Settings tables are small and are read whole into a backend's cache (see
 * config_cache.c).  Columns go by name, so that a library meets a table of
 * another version without harm.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/core.h"

/*
 * st_scan_begin
 *		Starts to read a table under a snapshot taken now, as catalogs are
 *		read, not the transaction's: what is cached must not be older than the
 *		invalidation that was consumed before, also in a REPEATABLE READ
 *		transaction.  (GetLatestSnapshot is refused in a parallel plan.)  Throws
 *		when the table is gone.
 */
void
st_scan_begin(StTableScan *scan, Oid relid)
{
	scan->rel = table_open(relid, AccessShareLock);
	scan->snapshot = RegisterSnapshot(GetCatalogSnapshot(relid));
	scan->scan = table_beginscan(scan->rel, scan->snapshot, 0, NULL);
	scan->slot = table_slot_create(scan->rel, NULL);
}

/* Returns false after the last row. */
bool
st_scan_next(StTableScan *scan)
{
	CHECK_FOR_INTERRUPTS();
	return table_scan_getnextslot(scan->scan, ForwardScanDirection, scan->slot);
}

void
st_scan_end(StTableScan *scan)
{
	ExecDropSingleTupleTableSlot(scan->slot);
	table_endscan(scan->scan);
	UnregisterSnapshot(scan->snapshot);
	table_close(scan->rel, AccessShareLock);
}

/* The value of a column in the present row; it lives until the next. */
Datum
st_scan_value(StTableScan *scan, const char *column, bool *isnull)
{
	return slot_getattr(scan->slot, st_attnum(RelationGetRelid(scan->rel), column), isnull);
}

/* A text column, detoasted and palloc'd; NULL for NULL. */
text *
st_scan_text(StTableScan *scan, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(scan, column, &isnull);

	return isnull ? NULL : DatumGetTextPCopy(value);
}

/* The same as a C string. */
char *
st_scan_cstring(StTableScan *scan, const char *column)
{
	text	   *value = st_scan_text(scan, column);

	return value == NULL ? NULL : text_to_cstring(value);
}

int32
st_scan_int32(StTableScan *scan, const char *column, int32 if_null)
{
	bool		isnull;
	Datum		value = st_scan_value(scan, column, &isnull);

	return isnull ? if_null : DatumGetInt32(value);
}

/* NULL is false. */
bool
st_scan_bool(StTableScan *scan, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(scan, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* The value of a column in a row that a trigger has; it is in the row. */
Datum
st_row_value(Relation rel, HeapTuple row, const char *column, bool *isnull)
{
	return heap_getattr(row, st_attnum(RelationGetRelid(rel), column), RelationGetDescr(rel), isnull);
}

/* The same of a text column, palloc'd; NULL for NULL. */
char *
st_row_cstring(Relation rel, HeapTuple row, const char *column)
{
	bool		isnull;
	Datum		value = st_row_value(rel, row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}
