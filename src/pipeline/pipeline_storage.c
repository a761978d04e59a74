/*-------------------------------------------------------------------------
 *
 * pipeline_storage.c
 *		What a table consists of, as triage.ticket_storage keeps it: by this
 *		pipeline_gone.c tells that a partition was dropped, detached or truncated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "pipeline/pipeline_inner.h"

static int
by_value(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * st_storage_of
 *		The relations of a table and their files, each as one number, sorted,
 *		palloc'd.  Takes no locks: what comes or goes meanwhile is seen the next
 *		time.
 */
ArrayType *
st_storage_of(Oid tickets)
{
	List	   *parts = find_all_inheritors(tickets, NoLock, NULL);
	int64	   *numbers = palloc(list_length(parts) * sizeof(int64));
	Datum	   *values = palloc(list_length(parts) * sizeof(Datum));
	ListCell   *lc;
	int			n = 0;

	foreach(lc, parts)
	{
		HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(lc)));

		CHECK_FOR_INTERRUPTS();
		if (!HeapTupleIsValid(tuple))
			continue;
		numbers[n++] = (int64) ((uint64) lfirst_oid(lc) << 32 | ((Form_pg_class) GETSTRUCT(tuple))->relfilenode);
		ReleaseSysCache(tuple);
	}
	qsort(numbers, n, sizeof(int64), by_value);
	for (int i = 0; i < n; i++)
		values[i] = Int64GetDatum(numbers[i]);
	return construct_array(values, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static Datum *
numbers_of(ArrayType *array, int *n)
{
	Datum	   *values;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, NULL, n);
	return values;
}

/* st_storage_lost: whether something that was there then is not there now. */
bool
st_storage_lost(ArrayType *then, ArrayType *now)
{
	int			nthen;
	int			nnow;
	Datum	   *a = numbers_of(then, &nthen);
	Datum	   *b = numbers_of(now, &nnow);
	int			j = 0;

	for (int i = 0; i < nthen; i++)
	{
		while (j < nnow && DatumGetInt64(b[j]) < DatumGetInt64(a[i]))
			j++;
		if (j == nnow || DatumGetInt64(b[j]) != DatumGetInt64(a[i]))
			return true;
	}
	return false;
}

/* st_storage_same: whether both are the same. */
bool
st_storage_same(ArrayType *a, ArrayType *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}
