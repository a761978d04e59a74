/*-------------------------------------------------------------------------
 *
 * invalidation.c
 *		Telling our caches that a relation changed.
 *
 * A backend has room for ten relcache callbacks, for all libraries together:
 * we take one and pass it on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/inval.h"

#include "core/core.h"

#define MAX_LISTENERS 32

static struct
{
	StRelationChanged function;
	Datum		arg;
}			listeners[MAX_LISTENERS];
static int	nlisteners = 0;

/* The relcache callback: no catalog access here, nor in those it calls. */
static void
relation_changed(Datum unused, Oid relid)
{
	for (int i = 0; i < nlisteners; i++)
		listeners[i].function(listeners[i].arg, relid);
}

/*
 * st_on_relation_change
 *		Has a function called whenever a relation's entry is invalidated
 *		(InvalidOid: all of them), for the life of the backend.  It may only set
 *		flags.
 */
void
st_on_relation_change(StRelationChanged function, Datum arg)
{
	if (nlisteners == 0)
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	if (nlisteners == MAX_LISTENERS)
		elog(ERROR, "too many listeners for changed relations");
	listeners[nlisteners].function = function;
	listeners[nlisteners++].arg = arg;
}
