/*-------------------------------------------------------------------------
 *
 * config_cache.c
 *		What a backend keeps of the settings tables.
 *
 * A room declares an StConfigCache: the tables that it reads and a function
 * that reads them into the current memory context.  The first use in a backend
 * loads, and so does the first one after a change: the tables have the trigger
 * triage.configuration_changed, which sends a relcache invalidation, and the
 * callback only clears a flag and touches no catalog.  A superseded content is
 * handed to the transaction, because an outer trigger may still be using it.
 * Rows of our own that are rolled back send their invalidation again, so what
 * was read of them does not stay.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"

PG_FUNCTION_INFO_V1(st_configuration_changed);

/* The relcache callback: no catalog access here. */
static void
forget(Datum arg, Oid relid)
{
	StConfigCache *cache = (StConfigCache *) DatumGetPointer(arg);

	if (relid == InvalidOid)
		cache->valid = false;
	for (int i = 0; i < cache->ntables; i++)
	{
		if (relid == cache->relids[i])
			cache->valid = false;
	}
}

/* st_config_cache_init: once a backend, from a room's init. */
void
st_config_cache_init(StConfigCache *cache)
{
	while (cache->ntables < ST_CONFIG_MAX_TABLES && cache->tables[cache->ntables] != NULL)
		cache->ntables++;
	st_on_relation_change(forget, PointerGetDatum(cache));
}

/*
 * st_config_cache_get
 *		Returns what the cache's load function returned; valid until the end of
 *		the transaction.  Throws what loading throws.
 */
void *
st_config_cache_get(StConfigCache *cache)
{
	MemoryContext cxt;
	MemoryContext old;
	void	   *loaded;

	if (likely(cache->valid))
		return cache->content;

	if (cache->cxt != NULL)
	{
		MemoryContextSetParent(cache->cxt, TopTransactionContext);
		cache->cxt = NULL;
		cache->content = NULL;
	}

	cxt = AllocSetContextCreate(CurrentMemoryContext, "support_triage settings",
								ALLOCSET_SMALL_SIZES);
	MemoryContextCopyAndSetIdentifier(cxt, cache->tables[0]);
	old = MemoryContextSwitchTo(cxt);
	for (int i = 0; i < cache->ntables; i++)
		cache->relids[i] = st_relation_oid(cache->tables[i], false);

	/* what arrives while we read makes the result invalid at once */
	cache->valid = true;
	PG_TRY();
	{
		loaded = cache->load();
	}
	PG_CATCH();
	{
		cache->valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();

	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	cache->cxt = cxt;
	cache->content = loaded;
	cache->generation++;
	return loaded;
}

/*
 * triage.configuration_changed(): AFTER trigger of settings tables.  Every
 * backend reads them anew once the change is committed.
 */
Datum
st_configuration_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" must be called as a trigger", "triage.configuration_changed")));

	CacheInvalidateRelcache(trigdata->tg_relation);
	return PointerGetDatum(NULL);
}

/*
 * st_stamped_row
 *		For a BEFORE UPDATE row trigger of a table with the columns version,
 *		changed_at and changed_by: returns the new row with the next version,
 *		and who changed it when.
 */
HeapTuple
st_stamped_row(TriggerData *trigdata)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	Oid			relid = RelationGetRelid(trigdata->tg_relation);
	int			attnums[3] = {
		st_attnum(relid, "version"), st_attnum(relid, "changed_at"), st_attnum(relid, "changed_by")
	};
	Datum		values[3];
	bool		nulls[3] = {false, false, false};
	NameData	who;
	bool		isnull;

	values[0] = Int32GetDatum(DatumGetInt32(heap_getattr(trigdata->tg_trigtuple, attnums[0],
														 tupdesc, &isnull)) + 1);
	values[1] = TimestampTzGetDatum(st_now());
	namestrcpy(&who, GetUserNameFromId(GetSessionUserId(), false));
	values[2] = NameGetDatum(&who);

	return heap_modify_tuple_by_cols(trigdata->tg_newtuple, tupdesc, 3, attnums, values, nulls);
}
