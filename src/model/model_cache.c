/*-------------------------------------------------------------------------
 *
 * model_cache.c
 *		The models that this backend has opened: from a name to weights that
 *		are ready to score, in a few nanoseconds when nothing has changed.
 *
 * A slot is what was asked for (a name and a version, ST_ACTIVE, ST_SHIPPED);
 * it refers to an opened version, or remembers why there is none.  Slots live
 * until the cache is emptied; opened versions are shared between slots.
 *
 * Validity.  st_model_epoch moves whenever triage.model may have changed:
 * the relcache callback moves it and does nothing else, as it must not touch
 * catalogs.  A slot is good while its own epoch is the present one; else the
 * row is looked up again, and when it still is of the same weights the opened
 * version is kept.  The epoch is taken after the table was locked and before
 * it is read, so that a change during the reading makes the slot stale again.
 * A transaction that aborts fires the callback for its own changes, and moves
 * the epoch once more to be sure.
 *
 * Ownership.  When no slot refers to an opened version (model_open.c) any more,
 * it is kept until the end of the transaction, so that what st_model_get
 * returned stays valid for as long.
 *
 * What may throw (catalogs, TOAST, files) is in slot_load.  st_model_get runs
 * it in a subtransaction; parallel workers cannot start one and throw.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/core.h"
#include "model/model_inner.h"

/* The cache is emptied before it would hold more than this many slots */
#define ST_CACHE_SLOTS 4096

/* A slot that nobody asked for in this time, and after a change, lets go */
#define ST_CACHE_IDLE_MS (10 * 60 * 1000)

/* Nobody tells when a file that was missing or damaged is good: look again */
#define ST_CACHE_RETRY_MS (10 * 1000)

typedef struct ModelSlot
{
	char	   *name;
	int			version;
	uint64		epoch;			/* good while equal to st_model_epoch */
	StModel    *model;			/* or NULL and: */
	char	   *why;			/* a sentence */
	bool		missing;		/* there is no such row */
	bool		shipped;		/* what there is, is a file */
	bool		no_file;		/* which is missing */
	TimestampTz looked_up;		/* start of the statement that did */
} ModelSlot;

/* Slots by name and version */
typedef struct SlotKey
{
	const char *name;
	int			version;
} SlotKey;

typedef struct SlotEntry
{
	SlotKey		key;
	ModelSlot  *slot;
	char		status;
} SlotEntry;

#define SH_PREFIX slottable
#define SH_ELEMENT_TYPE SlotEntry
#define SH_KEY_TYPE SlotKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) \
	(hash_bytes((const unsigned char *) (key).name, strlen((key).name)) ^ (uint32) (key).version)
#define SH_EQUAL(tb, a, b) ((a).version == (b).version && strcmp((a).name, (b).name) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

uint64		st_model_epoch = 1;

static Oid	model_relid = InvalidOid;	/* as the callback knows it */
static MemoryContext cache_context = NULL;	/* parent of all models */
static MemoryContext slots_context = NULL;	/* slots and their table */
static slottable_hash *slots = NULL;
static ModelSlot *last_slot = NULL; /* the one used last */
static StModel *dead = NULL;	/* to be closed at the end of the transaction */

static inline bool slot_is_good(const ModelSlot *slot);
static ModelSlot *slot_find(const char *name, int version);
static void slot_load(ModelSlot *slot);
static bool slot_load_softly(ModelSlot *slot, char **why);
static void slot_set(ModelSlot *slot, StModel *model, const char *why);
static StModel *model_find_open(const char *name, const StModelRow *row);
static void model_release(StModel *model);
static void cache_release_idle(TimestampTz now);
static void cache_empty(void);
static void cache_invalidate(Datum arg, Oid relid);
static void cache_xact(XactEvent event, void *arg);

/* st_model_init: called once when the library is loaded */
void
st_model_init(void)
{
	st_features_init();
	st_map_init();
	st_progress_init();
	st_on_relation_change(cache_invalidate, (Datum) 0);
	RegisterXactCallback(cache_xact, NULL);
}

/*
 * st_model_get: see model.h
 */
StModel *
st_model_get(const char *name, int version, char **why)
{
	ModelSlot  *slot = last_slot;

	if (slot == NULL || !slot_is_good(slot) ||
		slot->version != version || strcmp(slot->name, name) != 0)
	{
		slot = slot_find(name, version);
		if (!slot_is_good(slot) && !slot_load_softly(slot, why))
			return NULL;
		last_slot = slot;
	}

	if (slot->model == NULL)
		*why = pstrdup(slot->why);
	return slot->model;
}

/*
 * st_model_open: see model_inner.h
 */
StModel *
st_model_open(const char *name, int version)
{
	ModelSlot  *slot = last_slot;

	if (slot == NULL || !slot_is_good(slot) ||
		slot->version != version || strcmp(slot->name, name) != 0)
	{
		slot = slot_find(name, version);
		if (!slot_is_good(slot))
			slot_load(slot);
		last_slot = slot;
	}

	if (slot->model == NULL)
	{
		if (slot->missing)
			st_store_throw_missing(name, version);
		ereport(ERROR,
				(errcode(slot->no_file ? ERRCODE_UNDEFINED_FILE : ERRCODE_DATA_CORRUPTED),
				 errmsg_internal("%s", slot->why),
				 slot->shipped ?
				 errhint("Install the files of support_triage again, or train a model of this name with triage.train() and make it active with triage.activate().") :
				 errhint("Drop this version with triage.drop_model() and train again, or restore its row of triage.model.")));
	}
	return slot->model;
}

/*
 * slot_is_good
 *		Whether a slot tells what is.
 */
static inline bool
slot_is_good(const ModelSlot *slot)
{
	if (slot->epoch != st_model_epoch)
		return false;
	return likely(slot->model != NULL) || !slot->shipped ||
		!TimestampDifferenceExceeds(slot->looked_up, GetCurrentStatementStartTimestamp(),
									ST_CACHE_RETRY_MS);
}

/*
 * slot_find
 *		Returns the slot of a name and version, a new one when there is none;
 *		whether it is good is for the caller to see.
 */
static ModelSlot *
slot_find(const char *name, int version)
{
	SlotKey		key = {name, version};
	SlotEntry  *entry;
	ModelSlot  *slot;
	bool		found;

	if (slots != NULL && slots->members >= ST_CACHE_SLOTS && slottable_lookup(slots, key) == NULL)
		cache_empty();

	if (slots == NULL)
	{
		if (cache_context == NULL)
			cache_context = AllocSetContextCreate(CacheMemoryContext,
												  "support_triage models",
												  ALLOCSET_SMALL_SIZES);
		if (slots_context == NULL)
			slots_context = AllocSetContextCreate(cache_context,
												  "support_triage slots",
												  ALLOCSET_SMALL_SIZES);
		slots = slottable_create(slots_context, 16, NULL);
	}

	entry = slottable_lookup(slots, key);
	if (entry != NULL)
		return entry->slot;

	slot = MemoryContextAllocZero(slots_context, sizeof(ModelSlot));
	slot->name = MemoryContextStrdup(slots_context, name);
	slot->version = version;
	key.name = slot->name;
	entry = slottable_insert(slots, key, &found);
	entry->slot = slot;
	return slot;
}

/*
 * slot_load
 *		Makes a slot good: looks up its row and opens its weights.  Throws what
 *		catalogs, TOAST and lack of memory may; a model that is missing or
 *		damaged is a result.
 */
static void
slot_load(ModelSlot *slot)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "support_triage loading",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	bool		pushed = false;
	StModelRow	row;
	StModel    *model = NULL;
	char	   *why = NULL;
	uint64		epoch;

	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}

	/* locking reads the invalidations that are due, then the epoch counts */
	model_relid = st_store_relid(false);
	LockRelationOid(model_relid, AccessShareLock);
	epoch = st_model_epoch;

	slot->missing = !st_store_find(slot->name, slot->version, &row);
	slot->shipped = !slot->missing && row.file != NULL;
	slot->no_file = false;
	if (slot->missing)
		why = st_store_missing(slot->name, slot->version);
	else if (!slot->shipped && !row.key_valid)
		why = psprintf("model \"%s\" version %d is damaged: its checksum is not that of any weights",
					   slot->name, row.version);
	else
	{
		model = model_find_open(slot->name, &row);
		if (model == NULL)
			model = st_model_load(slot->name, &row, cache_context, &slot->no_file, &why);
	}
	slot_set(slot, model, why);
	slot->epoch = epoch;
	slot->looked_up = GetCurrentStatementStartTimestamp();
	cache_release_idle(slot->looked_up);

	UnlockRelationOid(model_relid, AccessShareLock);
	if (pushed)
		PopActiveSnapshot();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

/* slot_load, in the subtransaction's own memory, so that an error leaves nothing */
static void
slot_load_guarded(void *arg)
{
	MemoryContextSwitchTo(CurTransactionContext);
	slot_load(arg);
}

/*
 * slot_load_softly
 *		slot_load, but returns false and *why for an error (other than cancel
 *		and lack of memory), which is not remembered: the next one tries again.
 */
static bool
slot_load_softly(ModelSlot *slot, char **why)
{
	if (IsInParallelMode())
	{
		slot_load(slot);
		return true;
	}
	return st_guarded(slot_load_guarded, slot, why);
}

/* slot_set: gives a slot its model, or why there is none (copied) */
static void
slot_set(ModelSlot *slot, StModel *model, const char *why)
{
	char	   *copy = why == NULL ? NULL : MemoryContextStrdup(slots_context, why);

	if (slot->why != NULL)
		pfree(slot->why);
	slot->why = copy;

	if (slot->model == model)
		return;
	if (slot->model != NULL)
		model_release(slot->model);
	slot->model = model;
	if (model != NULL)
		model->slots++;
}

/*
 * model_find_open
 *		Returns the opened version that a row describes, or NULL.
 *
 * A version is referred to by the slot of its number, of the active one, or
 * both.
 */
static StModel *
model_find_open(const char *name, const StModelRow *row)
{
	int			versions[2] = {ST_ACTIVE, row->file != NULL ? ST_SHIPPED : row->version};

	for (int i = 0; i < 2; i++)
	{
		SlotKey		key = {name, versions[i]};
		SlotEntry  *entry = slottable_lookup(slots, key);
		StModel    *model = entry == NULL ? NULL : entry->slot->model;

		if (model != NULL && st_model_is(model, row))
			return model;
	}
	return NULL;
}

/* model_release: one slot less; the last leaves it to the transaction's end */
static void
model_release(StModel *model)
{
	if (--model->slots > 0)
		return;
	model->next_dead = dead;
	dead = model;
}

/*
 * cache_release_idle
 *		Lets go of models that nobody asks for any more, such as dropped ones.
 *
 * A slot in use is looked up after each change, so that one which is not good
 * and was looked up long ago is idle.
 */
static void
cache_release_idle(TimestampTz now)
{
	slottable_iterator iterator;
	SlotEntry  *entry;

	slottable_start_iterate(slots, &iterator);
	while ((entry = slottable_iterate(slots, &iterator)) != NULL)
	{
		ModelSlot  *slot = entry->slot;

		if (slot->model != NULL && slot->epoch != st_model_epoch &&
			TimestampDifferenceExceeds(slot->looked_up, now, ST_CACHE_IDLE_MS))
			slot_set(slot, NULL, NULL);
	}
}

/* cache_empty: forgets all slots */
static void
cache_empty(void)
{
	slottable_iterator iterator;
	SlotEntry  *entry;

	slottable_start_iterate(slots, &iterator);
	while ((entry = slottable_iterate(slots, &iterator)) != NULL)
	{
		if (entry->slot->model != NULL)
			model_release(entry->slot->model);
	}
	MemoryContextReset(slots_context);
	slots = NULL;
	last_slot = NULL;
	st_model_epoch++;
}

/* cache_invalidate: relcache callback; catalogs must not be touched here */
static void
cache_invalidate(Datum arg, Oid relid)
{
	if (relid == model_relid || !OidIsValid(relid) || !OidIsValid(model_relid))
		st_model_epoch++;
}

/* cache_xact: closes what no slot refers to; after an abort looks again */
static void
cache_xact(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			st_model_epoch++;
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;
	}

	if (dead != NULL)
		st_model_epoch++;		/* nobody may go on using these */
	while (dead != NULL)
	{
		StModel    *model = dead;

		dead = model->next_dead;
		st_model_close(model);
	}
}
