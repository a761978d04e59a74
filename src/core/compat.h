/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between PostgreSQL releases, and the only place where
 *		PG_VERSION_NUM is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_COMPAT_H
#define ST_COMPAT_H

#include "fmgr.h"
#include "storage/buffile.h"

#if PG_VERSION_NUM < 150000
#error "support_triage needs PostgreSQL 15 or newer"
#endif

/* 16 took VARDATA and its kin out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * What the server looks up in the library is visible, all else hidden
 * (-fvisibility=hidden).  From 16 on PG_FUNCTION_INFO_V1 sees to the first.
 */
#if PG_VERSION_NUM < 160000
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
_Pragma("GCC visibility push(default)") \
extern Datum funcname(PG_FUNCTION_ARGS); \
extern const Pg_finfo_record *CppConcat(pg_finfo_, funcname) (void); \
const Pg_finfo_record * \
CppConcat(pg_finfo_, funcname) (void) \
{ \
	static const Pg_finfo_record my_finfo = {1}; \
	return &my_finfo; \
} \
_Pragma("GCC visibility pop") \
extern int	no_such_variable
#endif

/* Reading a temporary file: 16 has a function that throws on a short read. */

static inline void
st_buffile_read_exact(BufFile *file, void *data, size_t size)
{
#if PG_VERSION_NUM >= 160000
	BufFileReadExact(file, data, size);
#else
	if (BufFileRead(file, data, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from a temporary file")));
#endif
}

/* 16 added "only summarizing indexes" as the last argument. */
#if PG_VERSION_NUM >= 160000
#define st_exec_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples(rri, slot, estate, false, true, NULL, NIL, false)
#else
#define st_exec_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples(rri, slot, estate, false, true, NULL, NIL)
#endif

/* 16 tells which indexes an updated row needs: none for a HOT update. */
#if PG_VERSION_NUM >= 160000
#define StUpdateIndexes TU_UpdateIndexes
#define st_update_needs_indexes(u) ((u) != TU_None)
#else
#define StUpdateIndexes bool
#define st_update_needs_indexes(u) (u)
#endif

/* 18 counts what index scans do. */
#if PG_VERSION_NUM >= 180000
#define st_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define st_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* 17 counts processes by one number; -1 stands for any. */
#define ST_ANY_BACKEND (-1)
#if PG_VERSION_NUM >= 170000
#define st_my_proc_number() MyProcNumber
#else
#define st_my_proc_number() (MyProc->pgprocno)
#endif

/* 16 has one function for who owns what. */
#if PG_VERSION_NUM >= 160000
#define st_owns_database(database, role) object_ownercheck(DatabaseRelationId, database, role)
#else
#define st_owns_database(database, role) pg_database_ownercheck(database, role)
#endif

/* 16 keeps what a setting's check hook made with the settings themselves. */
#if PG_VERSION_NUM >= 160000
#define st_guc_malloc(size) guc_malloc(LOG, size)
#define st_guc_free(pointer) guc_free(pointer)
#else
#define st_guc_malloc(size) malloc(size)
#define st_guc_free(pointer) free(pointer)
#endif

/* Before a function that does not return; 18 has another word for it. */
#if PG_VERSION_NUM >= 180000
#define st_noreturn pg_noreturn
#else
#define st_noreturn pg_attribute_noreturn()
#endif

#endif							/* ST_COMPAT_H */
