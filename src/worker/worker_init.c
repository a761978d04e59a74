/*-------------------------------------------------------------------------
 *
 * worker_init.c
 *		What this room does when the library is loaded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "worker/worker.h"
#include "worker/worker_inner.h"

void
st_worker_room_init(void)
{
	st_worker_sql_init();
	st_tasks_init();
	st_shared_init();
	st_launcher_init();
	st_hooks_init();
}
