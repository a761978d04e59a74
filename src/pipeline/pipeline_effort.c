/*-------------------------------------------------------------------------
 *
 * pipeline_effort.c
 *		How much work tickets of an intent were: triage.intent_history as each
 *		backend holds it, and what of it enters a ticket's complexity.
 *
 * A table of open addressing, filled once and never full: a ticket costs one
 * look, and nothing where nothing has been learnt.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "core/core.h"
#include "pipeline/pipeline_inner.h"

/* The history of one intent of one tenant. */
typedef struct Entry
{
	uint64		hash;
	text	   *tenant;			/* NULL: nothing is here */
	text	   *intent;
	StEffort	effort;
} Entry;

typedef struct Efforts
{
	Entry	   *entries;
	uint64		mask;			/* their number less one; that is a power of
								 * two */
	int			n;				/* those that are used: half of them at most */
} Efforts;

static void *load_efforts(void);

static StConfigCache cache = {.tables = {"intent_history"},.load = load_efforts};

void
st_effort_init(void)
{
	st_config_cache_init(&cache);
}

static uint64
hash_of(const text *tenant, uint64 intent)
{
	return hash_combine64(intent, hash_bytes_extended((const unsigned char *) VARDATA_ANY(tenant),
													  VARSIZE_ANY_EXHDR(tenant), 0));
}

/* The place of an intent: its own or, when it is not there, a free one. */
static Entry *
place_of(const Efforts *all, uint64 hash, const text *tenant, const text *intent)
{
	uint64		at = hash & all->mask;

	while (all->entries[at].tenant != NULL &&
		   (all->entries[at].hash != hash || !st_same_text(all->entries[at].tenant, tenant) ||
			!st_same_text(all->entries[at].intent, intent)))
		at = (at + 1) & all->mask;
	return &all->entries[at];
}

/* A column of type real; not known for NULL. */
static float4
scan_float(StTableScan *scan, const char *column)
{
	bool		isnull;
	Datum		value = st_scan_value(scan, column, &isnull);

	return isnull ? ST_UNKNOWN : DatumGetFloat4(value);
}

/* Reads the rows that say how an intent ranks into the current context. */
static void *
load_efforts(void)
{
	Efforts    *all = palloc0(sizeof(Efforts));
	StTableScan scan;
	Entry	   *read;
	int			allocated = 64;

	read = palloc(allocated * sizeof(Entry));
	st_scan_begin(&scan, cache.relids[0]);
	while (st_scan_next(&scan))
	{
		Entry	   *e;
		bool		isnull;
		float4		history = scan_float(&scan, "history");

		if (!ST_IS_KNOWN(history))
			continue;
		if (all->n == allocated)
		{
			allocated *= 2;
			read = repalloc_huge(read, allocated * sizeof(Entry));
		}
		e = &read[all->n++];
		e->tenant = st_scan_text(&scan, "tenant_id");
		e->intent = st_scan_text(&scan, "intent");
		e->hash = hash_of(e->tenant, st_trace_intent(e->intent));
		e->effort.history = history;
		e->effort.tickets = DatumGetInt64(st_scan_value(&scan, "tickets", &isnull));
		e->effort.minutes = scan_float(&scan, "minutes");
		e->effort.reopen_rate = scan_float(&scan, "reopen_rate");
	}
	st_scan_end(&scan);

	if (all->n > 0)
	{
		Size		size = pg_nextpower2_64((uint64) all->n * 2);

		all->mask = size - 1;
		all->entries = MemoryContextAllocExtended(CurrentMemoryContext, size * sizeof(Entry),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		for (int i = 0; i < all->n; i++)
			*place_of(all, read[i].hash, read[i].tenant, read[i].intent) = read[i];
	}
	pfree(read);
	return all;
}

/*
 * st_effort_of
 *		Returns what tickets of an intent were like, NULL when that is not known;
 *		valid until the end of the transaction.  The intent's hash is that of
 *		st_trace_intent.
 */
const StEffort *
st_effort_of(const text *tenant, const text *intent, uint64 intent_hash)
{
	const Efforts *all = st_config_cache_get(&cache);
	Entry	   *e;

	if (all->n == 0)
		return NULL;
	e = place_of(all, hash_of(tenant, intent_hash), tenant, intent);
	return e->tenant == NULL ? NULL : &e->effort;
}

/*
 * st_effort_add
 *		Joins the complexity of a ticket's text with what tickets of its intent
 *		were like, if both are known.
 */
void
st_effort_add(const StTrace *trace, StFacts *facts)
{
	const StEffort *effort;
	float4		joined;

	if (trace->intent == 0 || !ST_IS_KNOWN(facts->complexity))
		return;
	effort = st_effort_of(facts->tenant_id, facts->intent, trace->intent);
	if (effort == NULL)
		return;
	joined = st_complexity_with_history(facts->complexity, effort->history, effort->tickets);
	facts->complexity_history = joined - facts->complexity;
	facts->complexity = joined;
}
