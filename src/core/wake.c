/*-------------------------------------------------------------------------
 *
 * wake.c
 *		Waking this database's worker when a transaction that made work for it
 *		has committed.
 *
 * Every room may make such work, and the worker is the highest of them: it says
 * how it is found and woken (st_on_wake), the rooms below only ask for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "core/core.h"

static void (*find_worker) (void) = NULL;
static void (*wake_found_worker) (void) = NULL;
static bool callback_is_set = false;
static bool wake_at_commit = false;
static bool wake_after_locks = false;

/*
 * at_end
 *		The end of a transaction.  A parallel worker's is not the end of the
 *		whole, and a prepared one is not committed yet: its work is found when
 *		the worker looks by itself.
 */
static void
at_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			break;
		case XACT_EVENT_COMMIT:
			wake_after_locks = wake_at_commit;
			wake_at_commit = false;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			wake_at_commit = false;
			break;
	}
}

/*
 * after_locks
 *		The last step of a commit.  Before it, invalidations of what the
 *		transaction changed are not sent, and its locks are held: the worker
 *		would come too early.
 */
static void
after_locks(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *arg)
{
	if (wake_after_locks && phase == RESOURCE_RELEASE_AFTER_LOCKS && is_top_level)
	{
		wake_after_locks = false;
		wake_found_worker();
	}
}

/*
 * st_on_wake
 *		Says how the worker is woken: find is called inside a transaction that
 *		asks for it, once, and may throw; wake after that transaction's commit,
 *		outside of any transaction, and must not throw.
 */
void
st_on_wake(void (*find) (void), void (*wake) (void))
{
	find_worker = find;
	wake_found_worker = wake;
}

/*
 * st_wake_worker
 *		Has the worker of this database look for work as soon as the running
 *		transaction has committed.  Cheap, and cheaper still from the second
 *		time in a transaction on.  After the rollback of a subtransaction the
 *		worker looks in vain, which does no harm.
 */
void
st_wake_worker(void)
{
	if (wake_at_commit || find_worker == NULL)
		return;
	if (!callback_is_set)
	{
		RegisterXactCallback(at_end, NULL);
		RegisterResourceReleaseCallback(after_locks, NULL);
		callback_is_set = true;
	}
	find_worker();
	wake_at_commit = true;
}
