/*-------------------------------------------------------------------------
 *
 * guarded.c
 *		Running what may throw without failing with it.
 *
 * What users configured, or a file that was damaged, must not fail the work of
 * others: the function runs in a subtransaction, which is undone when it throws.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "core/core.h"

/*
 * st_guarded_error
 *		Runs a function in a subtransaction, in the current memory context.
 *		Returns false when it threw, with what it threw in *error, palloc'd;
 *		throws on what is no fault of the function: a cancelled query, the
 *		server going down, lack of memory or disk.
 */
bool
st_guarded_error(StGuarded function, void *arg, ErrorData **error)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		function(arg);
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		*error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY((*error)->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION ||
			ERRCODE_TO_CATEGORY((*error)->sqlerrcode) == ERRCODE_INSUFFICIENT_RESOURCES)
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return done;
}

/*
 * st_guarded
 *		The same for callers who need but the message.
 */
bool
st_guarded(StGuarded function, void *arg, char **why)
{
	ErrorData  *error;

	if (st_guarded_error(function, arg, &error))
		return true;
	*why = error->message;
	return false;
}
